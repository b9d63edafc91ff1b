"""The counter: the source of the activations, whose streams have their ones first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .lengths import log2_length
from .registry import Module, Source, register

__all__ = ["counter"]


def counter(length: int) -> NDArray[np.int64]:
    """Return r(t) = t. RTL: rtl/sc_counter_source.v.

    >>> counter(4).tolist()
    [0, 1, 2, 3]
    """
    log2_length(length)
    return np.arange(length, dtype=np.int64)


register(Source("counter", "t itself", counter, module=Module("sc_counter_source")))
