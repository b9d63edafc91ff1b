"""Stream lengths (A1, window): powers of two, and the error for any other."""

from __future__ import annotations

from ..checks import as_integer, shown
from ..errors import require

__all__ = ["LOG2L_MAX", "LOG2L_MIN", "log2_in", "log2_length"]

#: The least and the greatest n of a stream length L = 2ⁿ (A1).
LOG2L_MIN = 2
LOG2L_MAX = 12


def log2_in(length: int, low: int, high: int, what: str) -> int:
    """Return n of a length 2ⁿ within bounds.

    Args:
        length: The length; anything that Python accepts as an integer.
        low: The least legal n.
        high: The greatest legal n.
        what: What the error calls the length, such as "length of an lfsr".

    Raises:
        ScError: If the length is not an integer, not a power of two, or out of bounds.
    """
    rule = f"a power of two in [{1 << low}, {1 << high}], got {shown(length)}"
    whole = as_integer(length)
    require(whole is not None, f"{what} must be an integer, {rule}")
    require(whole in [1 << n for n in range(low, high + 1)], f"{what} must be {rule}")
    assert whole is not None
    return whole.bit_length() - 1


def log2_length(length: int) -> int:
    """Return n of a legal stream length L = 2ⁿ, 2 ≤ n ≤ 12 (A1); raises ScError for another.

    Example:
        >>> log2_length(16)
        4
    """
    return log2_in(length, LOG2L_MIN, LOG2L_MAX, "length")
