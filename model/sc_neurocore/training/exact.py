"""Floats that are the same on every processor: sums of whole numbers, which may be added in any order.

A matrix product in floats depends on the BLAS, the width of its vectors and the number of threads, because each adds in
another order and every addition rounds. A conversion must not: two people who convert one model must get one network.
So the factors are first rounded to a grid, multiples of a power of two, that is so coarse that a double holds every
partial sum, and so fine that nothing is lost beside the rounding to codes: with 3,072 inputs a step of the grid is 2⁻²⁰
of the greatest value. What is done to each value by itself, IEEE 754 defines to the last bit; torch keeps to that.
"""

from __future__ import annotations

from math import frexp, fsum
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..jit import njit
from ..threads import in_blocks
from .stages import PoolStage, WeightedStage

__all__ = ["exact_mean", "exact_pool", "exact_product", "mean_square", "on_grid"]

# Whole numbers up to 2⁵³ are doubles. One bit is left for the rounding of the factors.
_SUM_BITS = 52


def on_grid(values: Tensor, bits: int) -> Tensor:
    """Return finite values as doubles, rounded to multiples of a power of two, at most 2^bits of them in magnitude.

    >>> on_grid(torch.tensor([1.0, 0.3]), 5)
    tensor([1.0000, 0.3125], dtype=torch.float64)
    """
    real = values.detach().double().numpy()
    shift = bits - frexp(float(np.abs(real).max(initial=0.0)))[1]
    return torch.from_numpy(np.ldexp(np.rint(np.ldexp(real, shift)), -shift))


def exact_product(stage: WeightedStage, x: Tensor, w: Tensor, b: Tensor | None = None) -> Tensor:
    """Return w · x + b of the stage in doubles, (n, neurons): `WeightedStage.product` without its rounding."""
    bits = (_SUM_BITS - w[0].numel().bit_length()) // 2
    sums = stage.product(on_grid(x, bits), on_grid(w, bits))
    return sums if b is None else sums + stage.spread(b.detach().double())


def exact_pool(stage: PoolStage, x: Tensor) -> Tensor:
    """Return the pooled values in doubles, (n, neurons), not rounded to codes."""
    return stage.apply_pool(on_grid(x, _SUM_BITS - (stage.pool.size**2).bit_length()))


def exact_mean(stage: WeightedStage, values: Tensor) -> Tensor:
    """Return the mean of (n, neurons) for each channel: of multiples of 1/L, whose sums a double holds."""
    rows = values.double().reshape(-1, stage.channels)
    return rows.sum(dim=0) / len(rows)


@njit(nogil=True)
def _squares(out: NDArray[Any], got: NDArray[Any], wanted: NDArray[Any], unit: float, low: float, top: float) -> None:
    """Fill out (rows,) with Σ (clip(got · unit, low, top) − wanted)², in the order of the columns."""
    for n in range(len(got)):
        total = 0.0
        for k in range(got.shape[1]):
            error = min(max(got[n, k] * unit, low), top) - wanted[n, k]
            total += error * error
        out[n] = total


def mean_square(
    got: Tensor, unit: float, wanted: Tensor, *, low: float = -float("inf"), top: float = float("inf")
) -> float:
    """Return the mean of (clip(got · unit, low, top) − wanted)² over all entries, both of one shape (rows, columns)."""
    a, b = got.detach().contiguous().numpy(), wanted.detach().contiguous().numpy()
    rows = np.empty(len(a))

    def work(part: slice) -> None:
        _squares(rows[part], a[part], b[part], unit, low, top)

    in_blocks(work, len(rows), 1 + (1 << 16) // max(1, a.shape[1]))
    # Each row is added in one order, whatever the threads; the sum of the rows is rounded once.
    return fsum(rows) / a.size
