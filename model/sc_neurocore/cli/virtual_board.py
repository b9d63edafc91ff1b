"""`virtual-board`: simulate a board behind a serial port, until Ctrl-C.

A program that talks to a board can be tried without one: the simulation is the board's own top module in Verilator. The
options under "faults of the line" make the connection unreliable on purpose. docs/host.md describes both.

Example:
    sc-neurocore virtual-board mnist-small --board icebreaker
"""

from __future__ import annotations

import argparse
import json
import sys

from ..errors import require
from .options import LANES, add_board
from .parsing import Parser, add, artifact_dir, number, positive, whole

__all__ = ["arguments", "run"]


def arguments(parser: Parser) -> None:
    """Add the arguments of `virtual-board`.

    Args:
        parser: The parser of the command.
    """
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
    add_board(parser, required=False, text="{} (default: icebreaker)")
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


def run(args: argparse.Namespace) -> None:
    """Simulate a board, and print the name of its serial port as soon as it is there.

    The port goes to standard output, alone or with --json as one object, so that a script can read it. The simulation
    then runs until Ctrl-C, or until a fault has unplugged the port.

    Args:
        args: The parsed arguments. A network is in the memories as in the bitstream that `build` makes of it; with
            --engine-of the memories are empty, and a program must load a network first.

    Raises:
        ScError: Both or neither of a network and --engine-of are given, or the simulator fails.
    """
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
