"""Why did accuracy drop? From float to hardware, stage by stage and layer by layer (docs/explain.md).

`explain` measures and returns an `Explanation`; for networks in steps `explain_steps` does, and returns a
`StepsExplanation`. `text` prints it, `write` writes it as a page. Before long work,
`check_target` says whether a folder can take the page, and `left_out` what the page will lack.
"""

from .measure import explain
from .report import check_target, left_out, text, write
from .result import Explanation
from .steps import explain_steps
from .steps_result import StepsExplanation

__all__ = [
    "Explanation",
    "StepsExplanation",
    "check_target",
    "explain",
    "explain_steps",
    "left_out",
    "text",
    "write",
]
