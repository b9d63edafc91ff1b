"""Stream lengths (A1): powers of two, and the error for any other."""

from __future__ import annotations

from ..checks import as_integer, shown
from ..errors import require

__all__ = ["LOG2L_MAX", "LOG2L_MIN", "log2_in", "log2_length"]

LOG2L_MIN = 2
LOG2L_MAX = 12


def log2_in(length: int, low: int, high: int, what: str) -> int:
    """Return n of a length 2ⁿ with low ≤ n ≤ high; raises ScError, which calls the length `what`, for another."""
    rule = f"a power of two in [{1 << low}, {1 << high}], got {shown(length)}"
    whole = as_integer(length)
    require(whole is not None, f"{what} must be an integer, {rule}")
    require(whole in [1 << n for n in range(low, high + 1)], f"{what} must be {rule}")
    assert whole is not None
    return whole.bit_length() - 1


def log2_length(length: int) -> int:
    """Return n of L = 2ⁿ, for a legal stream length (A1).

    >>> log2_length(16)
    4
    """
    return log2_in(length, LOG2L_MIN, LOG2L_MAX, "length")
