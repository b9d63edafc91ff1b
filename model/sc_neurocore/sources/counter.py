"""The counter: the source of the activations. A stream of code X is then X ones, followed by zeros."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .lengths import log2_length
from .registry import Module, Source, register

__all__ = ["counter"]


def counter(length: int) -> NDArray[np.int64]:
    """Return r(t) = t, int64, shape (length,). RTL: rtl/sc_counter_source.v.

    Args:
        length: L, a power of two in 4 … 4096; raises ScError for another.

    Example:
        >>> counter(4).tolist()
        [0, 1, 2, 3]
    """
    log2_length(length)
    return np.arange(length, dtype=np.int64)


register(Source("counter", "t itself", counter, module=Module("sc_counter_source")))
