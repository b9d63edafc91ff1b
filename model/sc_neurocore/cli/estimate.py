"""`estimate`: resources and latency of a network on a board, before synthesis.

Example:
    sc-neurocore estimate mnist-small --board icebreaker
"""

from __future__ import annotations

import argparse
from typing import Any

from .options import LANES, add_board
from .parsing import NETWORK, Parser, add, artifact_dir, positive

__all__ = ["arguments", "run"]


def arguments(parser: Parser) -> None:
    """Add the arguments of `estimate`."""
    add(parser, "network", type=artifact_dir, metavar="NETWORK", help=f"{NETWORK}: {artifact_dir}")
    add_board(parser)
    add(parser, "--lanes", type=positive, metavar="N", help=LANES)


def run(args: argparse.Namespace) -> Any:
    """Return an estimate of area, clocks and Fmax. It takes seconds, where a build takes minutes."""
    from .. import artifact
    from ..hardware.estimate import estimate as estimated

    return estimated(artifact.load(args.network), args.board, lanes=args.lanes)
