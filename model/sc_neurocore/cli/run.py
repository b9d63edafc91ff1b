"""`run`: classify data on a board over its serial port, and compare every score.

The work is done by `hardware.board_run`; docs/host.md describes the result and each failure of the connection. A
virtual board (`virtual-board`) takes the place of a physical one, at the port that it prints.

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
    """Add the arguments of `run`.

    Args:
        parser: The parser of the command. The data and what scores are compared with are arguments that `evaluate` has
            too (`options.measured`).
    """
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

    Args:
        args: The parsed arguments.

    Returns:
        A `hardware.board_run.BoardRun`.

    Raises:
        ScError: The artifact or the data are bad, or the CSV file cannot be written.
        HostError: The port cannot be opened, or the board gives no valid answer. It is an ScError.
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
