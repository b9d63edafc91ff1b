"""`compile`: make a neuron from equations. The module is not called `compile`, as a function of Python is.

Example:
    sc-neurocore compile izhikevich --out neuron --prove
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .. import names
from .output import say
from .parsing import Parser, Words, add

__all__ = ["arguments", "run"]


def arguments(parser: Parser) -> None:
    """Add the arguments of `compile`: a neuron that is built in, or a .toml file with equations (docs/equations.md)."""
    neurons = Words("a neuron", names.NEURON_MODELS, more=names.TOML, endings=(".toml",))
    add(parser, "neuron", type=neurons, metavar="NEURON", help=f"{neurons}, or a .toml file")
    add(parser, "--out", required=True, type=Path, metavar="DIR", help="folder of the neuron's files")
    add(parser, "--prove", action="store_true", help="run its proof, and write nothing if that fails")
    add(parser, "--area", action="store_true", help="count LUTs and flip-flops by synthesis")


def run(args: argparse.Namespace) -> Any:
    """Make a neuron from equations, and return what was written.

    Warnings go to standard error, one line each; with --json they are in the result too.
    """
    from ..compiler.command import compile_to

    row = compile_to(args.neuron, args.out, prove=args.prove, area=args.area, progress=say)
    for line in row["warnings"]:
        say(f"warning: {line}")
    return row if args.json else {key: value for key, value in row.items() if key != "warnings"}
