"""`doctor`: look over this machine."""

from __future__ import annotations

import argparse
from typing import Any

from .parsing import Parser

__all__ = ["arguments", "run"]


def arguments(parser: Parser) -> None:
    """`doctor` has none."""


def run(args: argparse.Namespace) -> Any:
    """Look over this machine."""
    from ..doctor import examine

    return examine()
