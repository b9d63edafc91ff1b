"""Number sources (A3 of docs/arithmetic.md): r(t) for t = 0 … L − 1, each value of 0 … L − 1 once per window."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .errors import require

__all__ = ["LOG2L_MAX", "LOG2L_MIN", "SOURCES", "counter", "log2_length", "source", "vdc"]

LOG2L_MIN = 2
LOG2L_MAX = 12


def log2_length(length: int) -> int:
    """Return n of L = 2ⁿ, for a legal stream length (A1).

    >>> log2_length(16)
    4
    """
    n = int(length).bit_length() - 1
    require(
        length == 1 << max(n, 0) and LOG2L_MIN <= n <= LOG2L_MAX,
        f"length must be a power of two in [{1 << LOG2L_MIN}, {1 << LOG2L_MAX}], got {length}",
    )
    return n


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


SOURCES: dict[str, Callable[[int], NDArray[np.int64]]] = {"counter": counter, "vdc": vdc}


def source(name: str, length: int) -> NDArray[np.int64]:
    """Return r(t) of the source called `name`; raises ScError for an unknown one."""
    require(name in SOURCES, f"source must be one of {', '.join(SOURCES)}, got {name!r}")
    return SOURCES[name](length)
