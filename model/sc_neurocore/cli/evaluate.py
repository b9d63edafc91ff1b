"""`evaluate`: measure accuracy, every score compared with another simulator."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from .. import names
from ..errors import require
from ..packages import require_packages
from ..progress import Progress
from .options import checking, measured
from .parsing import NETWORK, Parser, Words, add, artifact_dir

if TYPE_CHECKING:
    from ..backends import Backend

__all__ = ["arguments", "run"]


def arguments(parser: Parser) -> None:
    """Add the arguments of `evaluate`."""
    from ..hardware.boards import BOARDS, is_board_path

    backends = Words("backend", [*names.BACKENDS, "board"], renamed=names.RENAMED_BACKENDS)
    boards = Words("board", sorted(BOARDS), also=is_board_path)
    add(parser, "network", type=artifact_dir, metavar="NETWORK", help=f"{NETWORK}: {artifact_dir}")
    add(
        parser,
        "--backend",
        default="packed",
        type=backends,
        metavar="NAME",
        help=f"{backends}; virtual is a virtual board's serial port (default: packed)",
    )
    add(
        parser,
        "--board",
        type=boards,
        metavar="BOARD",
        help=f"back ends board and virtual: {boards} (default of virtual: icebreaker)",
    )
    add(parser, "--port", metavar="PORT", help="back end board: its serial port, e.g. /dev/ttyUSB1")
    measured(parser)


def run(args: argparse.Namespace) -> Any:
    """Measure a network."""
    needs = {"board": ("board", "port"), "virtual": ("board",)}.get(args.backend, ())
    for option in ("board", "port"):
        require(getattr(args, option) is None or option in needs, f"--{option} is not for --backend {args.backend}")
    require(args.backend != "board" or (args.board and args.port), "--backend board needs --board and --port")
    from .. import artifact
    from ..evaluate import evaluate as evaluated
    from ..evaluate import part_for

    network = artifact.load(args.network)

    def measure(runner: Backend | None = None) -> Any:
        return evaluated(
            network,
            args.data,
            backend=args.backend,
            limit=args.limit,
            split=args.split,
            check=args.check,
            runner=runner,
            progress=Progress(f"{args.backend} back end"),
            checking=checking(args.check),
        )

    if not needs:
        return measure()
    from ..hardware.boards import board
    from ..hardware.host import HostLink
    from ..hardware.virtual_board import DEFAULT_BOARD, PATIENCE, VirtualBoard

    require_packages("a serial port", "serial")  # before a simulator is compiled
    part_for(network, args.data, args.split)  # what is wrong with the data is told before the board is loaded
    with ExitStack() as stack:
        if args.backend == "virtual":
            virtual = stack.enter_context(VirtualBoard(network, args.board or DEFAULT_BOARD))
            link = HostLink.open(virtual.port, virtual.baud, timeout=PATIENCE)
        else:
            link = HostLink.open(args.port, board(args.board).baud)
        stack.enter_context(link)
        link.prepare(network, progress=Progress("loading", "words"))
        return measure(link.run)
