"""`run`: classify data on a board over its serial port, and compare every score.

Example:
    sc-neurocore run mnist-small --board icebreaker --port /dev/ttyUSB1 --data mnist
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..progress import Progress
from .options import add_board, checking, measured
from .parsing import Parser, add, artifact_dir, number

__all__ = ["arguments", "run"]


def arguments(parser: Parser) -> None:
    """Add the arguments of `run`."""
    add(
        parser,
        "network",
        type=artifact_dir,
        metavar="NETWORK",
        help="artifact; loaded into the board if it holds another",
    )
    add_board(parser)
    add(
        parser,
        "--port",
        required=True,
        metavar="PORT",
        help="serial port, e.g. /dev/ttyUSB1, or that of a virtual board",
    )
    add(
        parser,
        "--load",
        action=argparse.BooleanOptionalAction,
        help="load the network in any case, or never (default: if the board holds another)",
    )
    add(parser, "--out", type=Path, metavar="FILE.csv", help="write class, name and scores of every image there")
    add(
        parser,
        "--clock",
        type=number,
        metavar="MHZ",
        help="the board's clock as built (default: its fastest)",
    )
    add(
        parser,
        "--timeout",
        type=number,
        default=2.0,
        metavar="S",
        help="give an answer up after S seconds of silence (default: 2)",
    )
    measured(parser)


def run(args: argparse.Namespace) -> Any:
    """Classify data on a board, and return accuracy, comparison and time.

    By default the network is loaded if the board holds another one; --load and --no-load decide otherwise.
    """
    from .. import artifact
    from ..hardware.board_run import run_on_board

    return run_on_board(
        artifact.load(args.network),
        args.data,
        args.board,
        args.port,
        load=args.load,
        limit=args.limit,
        split=args.split,
        check=args.check,
        out=args.out,
        clock_mhz=args.clock,
        timeout=args.timeout,
        progress=Progress("board"),
        loading=Progress("loading", "words"),
        checking=checking(args.check),
    )
