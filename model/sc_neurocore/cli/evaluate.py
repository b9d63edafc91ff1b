"""`evaluate`: measure the accuracy of a network; every score is compared with another simulator's.

The work is done by `sc_neurocore.evaluate`; this module chooses what runs the network: a simulator in this process, a
virtual board, or a board.

Example:
    sc-neurocore evaluate mnist-small --data mnist --backend rtl
"""

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
    """Add the arguments of `evaluate`.

    Args:
        parser: The parser of the command. The data and what scores are compared with are arguments that `run` has too
            (`options.measured`).
    """
    backends = Words("backend", [*names.BACKENDS, "board"], renamed=names.RENAMED_BACKENDS)
    boards = Words("board", names.boards(), also=names.is_board_path)
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
    """Measure a network on data, and return accuracy and comparison.

    The back ends "board" and "virtual" answer over a serial port, the others within this process.

    Args:
        args: The parsed arguments. --board and --port are for the back end "board", --board for "virtual" as well.

    Returns:
        An `evaluate.Evaluation`. If scores differ, the command shows it, and ends with a line that says so and an exit
        code of its own (`evaluate.SCORES_DIFFER`).

    Raises:
        ScError: An option is not for the back end or is missing, or the network, the data or the board are not as
            needed.
    """
    needs = {"board": ("board", "port"), "virtual": ("board",)}.get(args.backend, ())
    for option in ("board", "port"):
        require(getattr(args, option) is None or option in needs, f"--{option} is not for --backend {args.backend}")
    require(args.backend != "board" or (args.board and args.port), "--backend board needs --board and --port")
    from .. import artifact
    from ..evaluate import evaluate as evaluated
    from ..evaluate import part_for

    network = artifact.load(args.network)

    def measure(runner: Backend | None = None) -> Any:
        """Evaluate the network; `runner` takes the place of the back end where that answers over a serial port."""
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
