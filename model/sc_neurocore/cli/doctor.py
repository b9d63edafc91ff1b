"""`doctor`: look at this machine, and say what is missing for which step."""

from __future__ import annotations

import argparse
from typing import Any

from .parsing import Parser

__all__ = ["arguments", "run"]


def arguments(parser: Parser) -> None:
    """Add nothing: `doctor` has no arguments of its own."""


def run(args: argparse.Namespace) -> Any:
    """Return what this machine has for each step; the exit code is 1 where something is missing."""
    from ..doctor import examine

    return examine()
