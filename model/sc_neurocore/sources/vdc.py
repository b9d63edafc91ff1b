"""The van der Corput sequence: the source of the weights, unless a network names another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .counter import counter
from .lengths import log2_length
from .registry import Module, Source, register

__all__ = ["vdc"]


def vdc(length: int) -> NDArray[np.int64]:
    """Return r(t) = t with its n bits in reverse order (van der Corput 1935). RTL: rtl/sc_vdc_source.v.

    Its first values are spread evenly over 0 … L − 1, however many of them one takes. So the first X bits of a weight's
    stream contain close to X · W / L ones, which makes the AND with a `counter` stream nearly exact (A11, exact table).

    Args:
        length: L = 2ⁿ, a power of two in 4 … 4096; raises ScError for another.

    Example:
        >>> vdc(8).tolist()
        [0, 4, 2, 6, 1, 5, 3, 7]
    """
    t = counter(length)
    r = np.zeros_like(t)
    for k in range(log2_length(length)):
        r = (r << 1) | ((t >> k) & 1)
    return r


register(Source("vdc", "t with its bits reversed (van der Corput)", vdc, module=Module("sc_vdc_source")))
