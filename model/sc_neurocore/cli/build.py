"""`build`: make a bitstream for a board, or a streaming design for a bare part.

The design "engine" computes one layer after the other and runs on a board (`hardware.build`). The designs "stream" and
"folded" have a gate for every synapse and run on a part without a board (`hardware.stream_system_build`).

Example:
    sc-neurocore build mnist-small --board icebreaker --out mine
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .. import names
from ..errors import require
from .options import LANES, add_board
from .output import say
from .parsing import NETWORK, Numbers, Parser, Words, add, artifact_dir, positive, whole

__all__ = ["arguments", "run"]


def arguments(parser: Parser) -> None:
    """Add the arguments of `build`.

    Args:
        parser: The parser of the command. Some options belong to one design only, which their help texts say.
    """
    from ..hardware.parts import PARTS

    designs, parts = Words("design", ["engine", *names.DESIGNS]), Words("part", sorted(PARTS))
    widths = Numbers("data width", names.DATA_WIDTHS)
    add(parser, "network", type=artifact_dir, metavar="NETWORK", help=f"{NETWORK}: {artifact_dir}")
    add(parser, "--out", required=True, type=Path, metavar="BUILD", help="folder of the build")
    add(
        parser,
        "--design",
        default="engine",
        type=designs,
        metavar="DESIGN",
        help="engine: time-unrolled, on a board (default); stream, folded: in space, on a part; folded is the smaller",
    )
    add(
        parser,
        "--seed",
        type=whole,
        metavar="N",
        help="place-and-route seed (default: 1; on a part: the fastest of 1, 2, 3)",
    )
    add_board(parser, required=False, text="engine: {}, see fpga/README.md")
    add(parser, "--lanes", type=positive, metavar="N", help=f"engine: {LANES}")
    add(parser, "--mac", action="store_true", help="engine: integer multiply-accumulate instead of stochastic")
    add(
        parser,
        "--boot-flash",
        action="store_true",
        help="engine: the board loads the network from its flash after reset",
    )
    add(parser, "--part", type=parts, metavar="PART", help=f"stream, folded: {parts}")
    add(
        parser,
        "--data-width",
        type=widths,
        metavar="BITS",
        help=f"of an image word on a part: {widths} (default: 32)",
    )
    add(parser, "--scores", action="store_true", help="on a part: answer with the scores beside the class")


def run(args: argparse.Namespace) -> Any:
    """Build a bitstream, and return its figures as measured after place and route.

    It is checked first whether the options are for the design, before anything is imported that builds.

    Args:
        args: The parsed arguments. --board, --lanes, --mac and --boot-flash are for the design "engine"; --part,
            --data-width and --scores for "stream" and "folded".

    Returns:
        The result of `hardware.build.build`, or of `hardware.stream_system_build.build_system`.

    Raises:
        ScError: An option is not for the design, --board or --part is missing, or the build fails.
    """
    engine = {"--board": args.board, "--lanes": args.lanes, "--mac": args.mac or None}
    engine["--boot-flash"] = args.boot_flash or None
    space = {"--part": args.part, "--data-width": args.data_width, "--scores": args.scores or None}
    is_engine = args.design == "engine"
    given = [option for option, value in (space if is_engine else engine).items() if value is not None]
    require(not given, f"{', '.join(given)} is not for --design {args.design}")
    require(
        args.board if is_engine else args.part, f"--design {args.design} needs {'--board' if is_engine else '--part'}"
    )
    if is_engine:
        from ..hardware.build import build as on_board

        return on_board(
            args.network,
            args.board,
            args.out,
            lanes=args.lanes,
            mac=args.mac,
            seed=args.seed,
            boot_flash=args.boot_flash,
            progress=say,
        )
    from ..hardware.stream_system_build import SEEDS, build_system

    return build_system(
        args.network,
        args.part,
        args.out,
        design=args.design,
        data_width=args.data_width or 32,
        scores=args.scores,
        seeds=SEEDS if args.seed is None else (args.seed,),
        progress=say,
    )
