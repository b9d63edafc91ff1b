"""The linear feedback shift register (LFSR) of maximal length.

It is the usual source of other stochastic-computing designs, and is here to be compared with. Its numbers look random
and never include 0, so its streams are less exact than those of `vdc` (A3, number sources).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..checks import integer, shown
from ..errors import require
from .lengths import log2_in
from .registry import Argument, Module, Source, register

__all__ = ["LFSR_TAPS", "lfsr"]

# The bounds are those of the table below, wider than those of a stream length.
LFSR_LOG2L_MIN = 3
LFSR_LOG2L_MAX = 24

# A tap is the exponent k of a term x^k of a primitive polynomial; the constant 1 belongs to each. The RTL has the same
# table (rtl/sc_lfsr_source.v); tests/test_sources.py compares the two and the order of every polynomial.
LFSR_TAPS: dict[int, tuple[int, ...]] = {
    3: (3, 2),
    4: (4, 3),
    5: (5, 3),
    6: (6, 5),
    7: (7, 6),
    8: (8, 6, 5, 4),
    9: (9, 5),
    10: (10, 7),
    11: (11, 9),
    12: (12, 11, 10, 4),
    13: (13, 12, 11, 8),
    14: (14, 13, 12, 2),
    15: (15, 14),
    16: (16, 15, 13, 4),
    17: (17, 14),
    18: (18, 11),
    19: (19, 18, 17, 14),
    20: (20, 17),
    21: (21, 19),
    22: (22, 21),
    23: (23, 18),
    24: (24, 23, 22, 17),
}


def lfsr(length: int, seed: int = 1) -> NDArray[np.int64]:
    """Return the states of a linear feedback shift register of maximal length. RTL: rtl/sc_lfsr_source.v.

    Each state is the one before, shifted left by one bit; the new lowest bit is the parity of the bits that the
    polynomial taps. The period is length − 1, so the last value is the first one again.

    Args:
        length: A power of two in 2³ … 2²⁴.
        seed: r(0), 1 … length − 1.

    Returns:
        int64, shape (length,), values in 1 … length − 1.

    Raises:
        ScError: For another length or seed.

    Example:
        >>> lfsr(8).tolist()
        [1, 2, 5, 3, 7, 6, 4, 1]
    """
    n = log2_in(length, LFSR_LOG2L_MIN, LFSR_LOG2L_MAX, "length of an lfsr")
    seed = integer("seed", seed, 0)
    require(1 <= seed < length, f"seed must be in 1 to L minus 1, got {shown(seed)} at L = {length}")
    taps = sum(1 << tap - 1 for tap in LFSR_TAPS[n])
    r = np.empty(length, dtype=np.int64)
    state = int(seed)
    for t in range(length):
        r[t] = state
        state = (state << 1 | (state & taps).bit_count() & 1) & length - 1
    return r


register(
    Source(
        "lfsr",
        "states of a linear feedback shift register that starts from the seed",
        lfsr,
        argument=Argument(
            "seed",
            lambda length: range(1, length),
            default=1,
            from_seed=lambda seed, length: 1 + seed % (length - 1),
            rule="1 to L minus 1",
        ),
        log2_lengths=(LFSR_LOG2L_MIN, LFSR_LOG2L_MAX),
        noun="an lfsr",
        once=False,
        module=Module("sc_lfsr_source", lambda length, seed: {"SEED": seed}),
    )
)
