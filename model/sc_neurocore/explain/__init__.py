"""Why did accuracy drop? From float to hardware, stage by stage and layer by layer (docs/explain.md).

`explain` measures and returns an `Explanation`; `text` prints it, `write` writes it as a page. Before long work,
`check_target` says whether a folder can take the page, and `left_out` what the page will lack.
"""

from .measure import explain
from .report import check_target, left_out, text, write
from .result import Explanation

__all__ = ["Explanation", "check_target", "explain", "left_out", "text", "write"]
