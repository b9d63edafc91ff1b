"""The van der Corput sequence: the source of the weights wherever nothing else is asked for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .counter import counter
from .lengths import log2_length
from .registry import Module, Source, register

__all__ = ["vdc"]


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


register(Source("vdc", "t with its bits reversed (van der Corput)", vdc, module=Module("sc_vdc_source")))
