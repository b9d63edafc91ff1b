"""Floating point sums that are the same on every processor, because no addition in them rounds.

A matrix product in floats depends on the BLAS, the width of its vectors and the number of threads, because each adds in
another order and every addition rounds. A conversion must not depend on them: two people who convert one model must
get one network.

So the factors are first rounded to a grid, multiples of a power of two. The grid is so coarse that a double holds every
partial sum exactly, so the order of adding does not matter. It is also so fine that nothing is lost beside the rounding
to codes: with 3,072 inputs a step of the grid is 2⁻²⁰ of the greatest value. Operations on single values are defined by
IEEE 754 to the last bit, and torch follows it.
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

__all__ = ["exact_mean", "exact_pool", "exact_product", "mean_square", "on_grid", "row_errors"]

# Whole numbers up to 2⁵³ are doubles. One bit is left for the rounding of the factors.
_SUM_BITS = 52


def on_grid(values: Tensor, bits: int) -> Tensor:
    """Return finite values as doubles, rounded to a grid that is made for their greatest magnitude.

    Args:
        values: A tensor of finite numbers, on the CPU.
        bits: How fine the grid is. It consists of the multiples of 2^(e − bits), where 2^e is the least power of two
            above the greatest magnitude, so every value is a whole number of at most 2^bits steps.

    Returns:
        The rounded values, float64, without gradient.

    Example:
        >>> on_grid(torch.tensor([1.0, 0.3]), 5)
        tensor([1.0000, 0.3125], dtype=torch.float64)
    """
    real = values.detach().double().numpy()
    shift = bits - frexp(float(np.abs(real).max(initial=0.0)))[1]
    return torch.from_numpy(np.ldexp(np.rint(np.ldexp(real, shift)), -shift))


def exact_product(stage: WeightedStage, x: Tensor, w: Tensor, b: Tensor | None = None) -> Tensor:
    """Return w · x + b of a stage in doubles: `WeightedStage.product`, whose sums here do not round.

    Args:
        stage: The layer.
        x: Real values of the inputs, (n, inputs).
        w: Real weights, in the stage's own shape.
        b: Real biases, (channels,), or None.

    Returns:
        Sums, float64, (n, neurons). Only the factors are rounded, to the grid, and the addition of the bias.
    """
    # A product has twice the bits of its factors, and a sum of n products the bits of n more.
    bits = (_SUM_BITS - w[0].numel().bit_length()) // 2
    sums = stage.product(on_grid(x, bits), on_grid(w, bits))
    return sums if b is None else sums + stage.spread(b.detach().double())


def exact_pool(stage: PoolStage, x: Tensor) -> Tensor:
    """Return the pooled values of a stage, (n, neurons), as doubles that are not rounded to codes.

    A mean is a sum of size² values on the grid, divided once.
    """
    return stage.apply_pool(on_grid(x, _SUM_BITS - (stage.pool.size**2).bit_length()))


def exact_mean(stage: WeightedStage, values: Tensor) -> Tensor:
    """Return the mean of (n, neurons) over samples and positions, (channels,).

    The values must be multiples of 1/L, whose sums a double holds exactly.
    """
    rows = values.double().reshape(-1, stage.channels)
    return rows.sum(dim=0) / len(rows)


@njit(nogil=True)
def _squares(out: NDArray[Any], got: NDArray[Any], wanted: NDArray[Any], unit: float, low: float, top: float) -> None:
    """Fill `out` (rows,) with Σ (clip(got · unit, low, top) − wanted)² of each row, in the order of columns."""
    for n in range(len(got)):
        total = 0.0
        for k in range(got.shape[1]):
            error = min(max(got[n, k] * unit, low), top) - wanted[n, k]
            total += error * error
        out[n] = total


def row_errors(
    got: Tensor, unit: float, wanted: Tensor, *, low: float = -float("inf"), top: float = float("inf")
) -> NDArray[np.float64]:
    """Return Σ (clip(got · unit, low, top) − wanted)² of each row, added in a fixed order, (rows,).

    Args:
        got: Counts or sums in units of `unit`, (rows, columns).
        unit: The real value of one of them.
        wanted: The real values they should stand for, (rows, columns).
        low: Lower bound of the clip.
        top: Upper bound of the clip.
    """
    a, b = got.detach().contiguous().numpy(), wanted.detach().contiguous().numpy()
    rows = np.empty(len(a))

    def work(part: slice) -> None:
        _squares(rows[part], a[part], b[part], unit, low, top)

    in_blocks(work, len(rows), 1 + (1 << 16) // max(1, a.shape[1]))
    return rows


def mean_square(
    got: Tensor, unit: float, wanted: Tensor, *, low: float = -float("inf"), top: float = float("inf")
) -> float:
    """Return the mean of (clip(got · unit, low, top) − wanted)² over all entries, for the arguments of `row_errors`.

    Each row is added in a fixed order and the sum of the rows is rounded once, so the threads that share the work do
    not change the result.
    """
    return fsum(row_errors(got, unit, wanted, low=low, top=top)) / got.numel()
