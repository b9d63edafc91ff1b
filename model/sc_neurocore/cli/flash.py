"""`flash`: write a bitstream that `build` made to the board.

Example:
    sc-neurocore flash mine --board icebreaker
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .options import add_board
from .output import say
from .parsing import Parser, add, artifact_dir

__all__ = ["arguments", "run"]


def arguments(parser: Parser) -> None:
    """Add the arguments of `flash`."""
    add(parser, "build", type=Path, metavar="DIR2", help="folder that `build` wrote")
    add_board(parser)
    add(
        parser,
        "--image-only",
        action="store_true",
        help="write only the network's image, of a --boot-flash build",
    )
    add(parser, "--network", type=artifact_dir, metavar="NETWORK", help="artifact to write in place of the build's")


def run(args: argparse.Namespace) -> Any:
    """Write a bitstream to a board, and return what was written. With --image-only it is the network's image alone."""
    from ..hardware.flash import flash as flashed

    return flashed(args.build, args.board, image_only=args.image_only, network=args.network, progress=say)
