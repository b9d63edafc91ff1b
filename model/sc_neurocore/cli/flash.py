"""`flash`: write a bitstream that `build` made to the board.

The work is done by `hardware.flash`, which calls the first of the board's programmers that is installed.

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
    """Add the arguments of `flash`.

    Args:
        parser: The parser of the command.
    """
    add(parser, "build", type=Path, metavar="BUILD", help="folder that `build` wrote")
    add_board(parser)
    add(
        parser,
        "--image-only",
        action="store_true",
        help="write only the network's image, of a --boot-flash build",
    )
    add(parser, "--network", type=artifact_dir, metavar="NETWORK", help="artifact to write in place of the build's")


def run(args: argparse.Namespace) -> Any:
    """Write a bitstream to a board, and return what was written.

    A build with --boot-flash also has an image of its network, which the board loads after each reset. With
    --image-only only this image is written, and with --network that of another artifact.

    Args:
        args: The parsed arguments.

    Raises:
        ScError: The folder is no build for this board, or no programmer is installed, or it fails.
    """
    from ..hardware.flash import flash as flashed

    return flashed(args.build, args.board, image_only=args.image_only, network=args.network, progress=say)
