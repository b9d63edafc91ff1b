"""Number sources (A3 of docs/arithmetic.md): r(t) for t = 0 … L − 1, by name or by function."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from .checks import as_integer, integer, shown
from .errors import ScError, require

__all__ = [
    "LFSR_TAPS",
    "LOG2L_MAX",
    "LOG2L_MIN",
    "SOBOL_DIMENSIONS",
    "SOURCES",
    "counter",
    "lfsr",
    "log2_length",
    "sobol",
    "source",
    "vdc",
]

LOG2L_MIN = 2
LOG2L_MAX = 12
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

# Joe and Kuo 2008, file new-joe-kuo-6.21201, their dimensions 2 … 10: the inner coefficients a of the primitive
# polynomial, whose degree is the number of the initial m that follow. Our dimension 0, their first, is `vdc`.
_JOE_KUO: tuple[tuple[int, tuple[int, ...]], ...] = (
    (0, (1,)),
    (1, (1, 3)),
    (1, (1, 3, 1)),
    (2, (1, 1, 1)),
    (1, (1, 1, 3, 3)),
    (4, (1, 3, 5, 13)),
    (2, (1, 1, 5, 5, 17)),
    (4, (1, 1, 5, 5, 5)),
    (7, (1, 1, 7, 11, 19)),
)
SOBOL_DIMENSIONS = len(_JOE_KUO) + 1

SOURCES = ("counter", "vdc", "lfsr[:seed]", "sobol:dim")


def _log2(length: int, low: int, high: int, what: str) -> int:
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
    return _log2(length, LOG2L_MIN, LOG2L_MAX, "length")


def counter(length: int) -> NDArray[np.int64]:
    """Return r(t) = t. RTL: rtl/sc_counter_source.v.

    >>> counter(4).tolist()
    [0, 1, 2, 3]
    """
    log2_length(length)
    return np.arange(length, dtype=np.int64)


def vdc(length: int) -> NDArray[np.int64]:
    """Return r(t) = t with its n bits reversed (van der Corput 1935). RTL: rtl/sc_vdc_source.v.

    >>> vdc(8).tolist()
    [0, 4, 2, 6, 1, 5, 3, 7]
    """
    t = counter(length)
    r = np.zeros_like(t)
    for k in range(log2_length(length)):
        r = (r << 1) | ((t >> k) & 1)
    return r


def lfsr(length: int, seed: int = 1) -> NDArray[np.int64]:
    """Return the states of a linear feedback shift register of maximal length. RTL: rtl/sc_lfsr_source.v.

    length: 2³ … 2²⁴. seed: r(0), 1 … length − 1. The period is length − 1, so the last value is the first one again.
    Raises ScError for any other length or seed.

    >>> lfsr(8).tolist()
    [1, 2, 5, 3, 7, 6, 4, 1]
    """
    n = _log2(length, LFSR_LOG2L_MIN, LFSR_LOG2L_MAX, "length of an lfsr")
    seed = integer("seed", seed, 0)
    require(1 <= seed < length, f"seed must be in 1 to L minus 1, got {shown(seed)} at L = {length}")
    taps = sum(1 << tap - 1 for tap in LFSR_TAPS[n])
    r = np.empty(length, dtype=np.int64)
    state = int(seed)
    for t in range(length):
        r[t] = state
        state = (state << 1 | (state & taps).bit_count() & 1) & length - 1
    return r


def sobol(length: int, dim: int) -> NDArray[np.int64]:
    """Return dimension `dim` of a Sobol sequence in natural order, 0 first (A3). RTL: rtl/sc_sobol_source.v.

    dim: 0 … 9; 0 is `vdc`. r(t) is the XOR of the direction numbers V[k] = m(k+1) · 2^(n−1−k) over the set bits k of t.
    Raises ScError for an illegal length or dimension.

    >>> sobol(8, 1).tolist()
    [0, 4, 6, 2, 5, 1, 3, 7]
    """
    n = log2_length(length)
    dim = integer("dim", dim, -1)
    require(0 <= dim < SOBOL_DIMENSIONS, f"dim must be in 0 to {SOBOL_DIMENSIONS - 1}, got {dim}")
    if dim == 0:
        return vdc(length)
    a, initial = _JOE_KUO[dim - 1]
    m, degree = list(initial), len(initial)
    while len(m) < n:  # Joe and Kuo, equation 3.6
        new = m[-degree] ^ m[-degree] << degree
        for j in range(1, degree):
            if a >> degree - 1 - j & 1:
                new ^= m[-j] << j
        m.append(new)
    t = counter(length)
    r = np.zeros_like(t)
    for k in range(n):
        r ^= (t >> k & 1) * (m[k] << n - 1 - k)
    return r


def source(name: str, length: int) -> NDArray[np.int64]:
    """Return r(t) of the source called `name`: "counter", "vdc", "lfsr", "lfsr:<seed>" or "sobol:<dim>".

    Raises ScError for another name, and for a length, seed or dimension that the source does not have.

    >>> source("sobol:1", 4).tolist()
    [0, 2, 3, 1]
    """
    pattern = r"(counter|vdc|lfsr|sobol)(?::(0|[1-9][0-9]{0,8}))?"
    found = re.fullmatch(pattern, name) if isinstance(name, str) else None
    kind, argument = (found[1], found[2]) if found else ("", None)
    if kind == "lfsr":
        return lfsr(length) if argument is None else lfsr(length, int(argument))
    if kind == "sobol" and argument is not None:
        return sobol(length, int(argument))
    if argument is None and kind == "counter":
        return counter(length)
    if argument is None and kind == "vdc":
        return vdc(length)
    raise ScError(f"source must be one of {', '.join(SOURCES)}, got {name!r}")
