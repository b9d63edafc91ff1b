"""Why did accuracy drop? From float to hardware, stage by stage and layer by layer (docs/explain.md)."""

from .measure import explain
from .report import check_target, left_out, text, write
from .result import Explanation

__all__ = ["Explanation", "check_target", "explain", "left_out", "text", "write"]
