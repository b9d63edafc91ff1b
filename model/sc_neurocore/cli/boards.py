"""The commands that make hardware of a network and talk to it: estimate, build, flash, run, virtual-board, hdl."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from .. import names
from ..errors import require
from ..progress import Progress
from .networks import checking, measured
from .output import say
from .parsing import NETWORK, Numbers, Parser, Words, add, artifact_dir, number, positive, whole

__all__ = [
    "build",
    "build_arguments",
    "estimate",
    "estimate_arguments",
    "flash",
    "flash_arguments",
    "hdl",
    "hdl_arguments",
    "run",
    "run_arguments",
    "virtual_board",
    "virtual_board_arguments",
]

LANES = "neurons computed at a time (default: the board's)"


def _boards() -> Words:
    from ..hardware.boards import BOARDS, is_board_path

    return Words("board", sorted(BOARDS), also=is_board_path)


def _board(parser: Parser, *, required: bool = True, text: str = "{}") -> None:
    boards = _boards()
    add(parser, "--board", required=required, type=boards, metavar="BOARD", help=text.format(boards))


def estimate_arguments(parser: Parser) -> None:
    """Add the arguments of `estimate`."""
    add(parser, "network", type=artifact_dir, metavar="NETWORK", help=f"{NETWORK}: {artifact_dir}")
    _board(parser)
    add(parser, "--lanes", type=positive, metavar="N", help=LANES)


def estimate(args: argparse.Namespace) -> Any:
    """Estimate a build."""
    from .. import artifact
    from ..hardware.estimate import estimate as run

    return run(artifact.load(args.network), args.board, lanes=args.lanes)


def build_arguments(parser: Parser) -> None:
    """Add the arguments of `build`."""
    from ..hardware.parts import PARTS

    designs, parts = Words("design", ["engine", *names.DESIGNS]), Words("part", sorted(PARTS))
    widths = Numbers("data width", names.DATA_WIDTHS)
    add(parser, "network", type=artifact_dir, metavar="NETWORK", help=f"{NETWORK}: {artifact_dir}")
    add(parser, "--out", required=True, type=Path, metavar="DIR2", help="folder of the build")
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
    _board(parser, required=False, text="engine: {}, see fpga/README.md")
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


def build(args: argparse.Namespace) -> Any:
    """Build a bitstream."""
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
    from ..hardware.system_build import SEEDS, build_system

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


def flash_arguments(parser: Parser) -> None:
    """Add the arguments of `flash`."""
    add(parser, "build", type=Path, metavar="DIR2", help="folder that `build` wrote")
    _board(parser)
    add(
        parser,
        "--image-only",
        action="store_true",
        help="write only the network's image, of a --boot-flash build",
    )
    add(parser, "--network", type=artifact_dir, metavar="NETWORK", help="artifact to write in place of the build's")


def flash(args: argparse.Namespace) -> Any:
    """Write a bitstream to a board."""
    from ..hardware.flash import flash as run

    return run(args.build, args.board, image_only=args.image_only, network=args.network, progress=say)


def run_arguments(parser: Parser) -> None:
    """Add the arguments of `run`."""
    add(
        parser,
        "network",
        type=artifact_dir,
        metavar="NETWORK",
        help="artifact; loaded into the board if it holds another",
    )
    _board(parser)
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
    """Classify data on a board."""
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


def virtual_board_arguments(parser: Parser) -> None:
    """Add the arguments of `virtual-board`."""
    add(
        parser,
        "network",
        nargs="?",
        type=artifact_dir,
        metavar="NETWORK",
        help="artifact: the board as `build` makes it",
    )
    add(
        parser,
        "--engine-of",
        type=artifact_dir,
        metavar="NETWORK",
        help="artifact: its engine, with nothing in its memories",
    )
    _board(parser, required=False, text="{} (default: icebreaker)")
    add(parser, "--lanes", type=positive, metavar="N", help=LANES)
    add(parser, "--mac", action="store_true", help="integer multiply-accumulate instead of stochastic")
    add(parser, "--clocks-per-bit", type=positive, default=4, metavar="N", help="at least 4 (default: 4, fast)")
    faults = parser.add_argument_group("faults of the line")
    add(faults, "--flip", type=number, default=0.0, metavar="P", help="probability that a bit is inverted")
    add(
        faults,
        "--noise",
        type=number,
        default=0.0,
        metavar="P",
        help="… that a random byte comes before one of an answer",
    )
    add(faults, "--before", type=whole, default=0, metavar="N", help="random bytes before each answer")
    add(faults, "--stall", type=whole, metavar="N", help="nothing more comes after N bytes of answers")
    add(faults, "--unplug", type=whole, metavar="N", help="the port is gone after N bytes of answers")
    add(faults, "--seed", type=whole, default=1, metavar="N", help="of what is random (default: 1)")


def virtual_board(args: argparse.Namespace) -> None:
    """Simulate a board behind a serial port."""
    require((args.network is None) != (args.engine_of is None), "virtual-board needs either a network or --engine-of")
    from .. import artifact
    from ..hardware.virtual_board import DEFAULT_BOARD, Faults, VirtualBoard

    faults = Faults(args.flip, args.noise, args.before, args.stall, args.unplug, args.seed)
    network = artifact.load(args.network or args.engine_of)
    name = args.board or DEFAULT_BOARD
    with VirtualBoard(
        network,
        name,
        lanes=args.lanes,
        mac=args.mac,
        empty=args.network is None,
        clocks_per_bit=args.clocks_per_bit,
        faults=faults,
    ) as board:
        row = {"port": board.port, "baud": board.baud, "board": board.board.name, "network": network.name}
        row["loaded"] = board.loaded
        print(json.dumps(row) if args.json else board.port, flush=True)
        holds = f"holds {network.name}" if board.loaded else "holds no network: a program must load one"
        print(f"{name} at {board.port}, {board.baud} baud, {holds}; Ctrl-C ends it", file=sys.stderr)
        try:
            code = board.wait()
        except KeyboardInterrupt:
            return
        require(code == 0, f"the virtual board failed with exit code {code}")
        print(f"{board.port} was unplugged", file=sys.stderr)


def hdl_arguments(parser: Parser) -> None:
    """Add the arguments of `hdl`."""
    add(parser, "--path", action="store_true", help="print nothing but the folder, for scripts")


def hdl(args: argparse.Namespace) -> Any:
    """Say where the hardware sources are."""
    from ..paths import hdl_root, rtl_files

    root = hdl_root()
    if args.path and not args.json:
        print(root)
        return None
    files = [str(path.relative_to(root)) for path in rtl_files()]
    row: dict[str, Any] = {"path": str(root), "rtl": files, "boards": "fpga", "fusesoc": "fusesoc.core"}
    if not args.json:
        row["rtl"] = f"{len(files)} modules in rtl, rtl/README.md says what each is for"
        row["boards"] = "tops, pins and constraints in fpga, see fpga/README.md"
    return row
