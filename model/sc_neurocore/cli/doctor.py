"""`doctor`: look at this machine, and say what is missing for which step.

The work is done by `sc_neurocore.doctor`, which needs none of the package's dependencies.
"""

from __future__ import annotations

import argparse
from typing import Any

from .parsing import Parser

__all__ = ["arguments", "run"]


def arguments(parser: Parser) -> None:
    """Add nothing: `doctor` has no arguments of its own."""


def run(args: argparse.Namespace) -> Any:
    """Return what this machine has for each step, a `doctor.Report`.

    The command ends with exit code 1 if training, the packed simulator or the RTL back end lacks something.
    """
    from ..doctor import examine

    return examine()
