"""Arguments that several commands have, and texts that their help texts share."""

from __future__ import annotations

from .. import names
from ..progress import Progress
from .parsing import Parser, Words, add, data_set, positive

__all__ = ["DATA", "LANES", "ORDER", "SPLIT", "add_board", "checking", "measured"]

# DATA and LANES are help texts; SPLIT and ORDER are types of arguments, whose str() lists the allowed words.
DATA = f"{data_set}, or an .npz file, see docs/data.md"
SPLIT = Words("split", names.SPLITS)
ORDER = Words("order", names.ORDERS)
LANES = "neurons computed at a time (default: the board's)"


def measured(parser: Parser) -> None:
    """Add the arguments of a command that runs a network on data and compares every score."""
    add(parser, "--data", required=True, type=data_set, metavar="DATA", help=DATA)
    add(parser, "--limit", type=positive, metavar="N", help="only the first N images")
    add(parser, "--split", type=SPLIT, metavar="PART", help=f"{SPLIT} (default: test; a foreign .npz file: all)")
    checks = Words("check", names.CHECKS)
    add(
        parser,
        "--check",
        default="golden",
        type=checks,
        metavar="WITH",
        help=f"what every score is compared with: {checks} (default: golden)",
    )


def checking(check: str) -> Progress:
    """Return the display of progress for the simulator that scores are compared with.

    Args:
        check: The value of --check: "golden", "packed" or "none".
    """
    return Progress({"packed": "packed simulator, to compare"}.get(check, f"{check} model, to compare"))


def add_board(parser: Parser, *, required: bool = True, text: str = "{}") -> None:
    """Add --board to a parser.

    Args:
        parser: The parser of the command.
        required: Whether the command needs it.
        text: The help text, with {} in the place of the names of the boards.
    """
    boards = Words("board", names.boards(), also=names.is_board_path)
    add(parser, "--board", required=required, type=boards, metavar="BOARD", help=text.format(boards))
