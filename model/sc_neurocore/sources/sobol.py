"""Sobol sequences of ten dimensions (Joe and Kuo 2008).

The points of dimensions 0 and 1 fill the square evenly, so the two are good partners for a multiplication. MUX adders
use dimension 1 to select inputs (A17, streaming).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..checks import integer
from ..errors import require
from .counter import counter
from .lengths import log2_length
from .registry import Argument, Module, Source, register
from .vdc import vdc

__all__ = ["SOBOL_DIMENSIONS", "sobol"]

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
#: Number of dimensions: `sobol:0` … `sobol:9`.
SOBOL_DIMENSIONS = len(_JOE_KUO) + 1


def sobol(length: int, dim: int) -> NDArray[np.int64]:
    """Return one dimension of a Sobol sequence in natural binary order, 0 first (A3, number sources). RTL:
    rtl/sc_sobol_source.v.

    r(t) is the XOR of the direction numbers V[k] = m[k] · 2^(n−1−k) over the set bits k of t, where L = 2ⁿ and the m[k]
    are computed from the table of Joe and Kuo. Natural order is not Gray code order, in which many libraries list the
    points.

    Args:
        length: L, a power of two in 4 … 4096.
        dim: Dimension 0 … 9; dimension 0 is `vdc`.

    Returns:
        int64, shape (length,); each of 0 … L − 1 occurs once.

    Raises:
        ScError: For an illegal length or dimension.

    Example:
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


register(
    Source(
        "sobol",
        "a dimension of a Sobol sequence (Joe and Kuo 2008); dimension 0 is vdc",
        sobol,
        argument=Argument("dim", lambda length: range(SOBOL_DIMENSIONS)),
        module=Module("sc_sobol_source", lambda length, dim: {"DIM": dim}),
    )
)
