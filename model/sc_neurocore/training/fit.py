"""Codes of a layer for the products that streams give: the nearest code to a weight is not the best one (A12).

F[X, W] of A11 misses X·W/L by an amount of its own for every X and W, and on short streams these errors, not those of
rounding, are most of what a conversion loses. So a neuron's codes are chosen together, for its S: by coordinate descent
each weight in turn takes the code near its own for which S, with the bias code that is then best, comes closest in mean
square to what the float layer asks for on calibration samples. That is the objective of Optimal Brain Compression
(Frantar, Singh and Alistarh 2022), layer by layer and without labels, with the exact table in the place of the product.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..jit import njit
from ..table import rows as table_rows

__all__ = ["fit_layer"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# How far a code goes in one visit, and how often each is visited.
_REACH, _SWEEPS = 3, 4
# What is held before any sample is seen: that the errors of a neuron's inputs are independent of each other. It weighs
# as much as this many samples for each input. So a few samples, which leave the codes open, are not fitted to the bit.
_PRIOR = 4
# Codes that stand for all of a layer's in what each input is expected to carry, with the weight of one sample.
_TYPICAL = 16
# Full scales that are tried, as shares of the one that is best for products without error, and rows to try them on: a
# narrower scale clips a few weights, and makes all other products greater beside their errors.
_SHARES = 2.0 ** np.arange(0.25, -2.25, -0.25)
_TRIAL_ROWS = 256


@dataclass(frozen=True, slots=True, eq=False)
class _Inputs:
    """What each input carries: values[i, : count[i]], the codes, ascending.

    place: where the code of each row is in `values`, (inputs, rows). seen: rows that have each code. likely: the
    probability of each. All but place and count: (inputs, most codes of an input).
    """

    values: Ints
    count: Ints
    place: Ints
    seen: Floats
    likely: Floats


def _inputs(x: Ints) -> _Inputs:
    rows, inputs = x.shape
    ordered = np.sort(x, axis=None)
    typical = ordered[(np.arange(_TYPICAL) * 2 + 1) * len(ordered) // (2 * _TYPICAL)]
    place, found = np.empty((inputs, rows), dtype=np.int64), []
    for i in range(inputs):
        values, where = np.unique(np.concatenate([x[:, i], typical]), return_inverse=True)
        place[i] = where[:rows]
        seen = np.bincount(where[:rows], minlength=len(values))
        likely = (seen + np.bincount(where[rows:], minlength=len(values)) / _TYPICAL) / (rows + 1)
        found.append((values, seen, likely))
    count = np.array([len(values) for values, _, _ in found])
    tables = [np.zeros((inputs, count.max()), dtype=kind) for kind in (np.int64, np.float64, np.float64)]
    for i, each in enumerate(found):
        for table, values in zip(tables, each, strict=True):
            table[i, : count[i]] = values
    return _Inputs(tables[0], count, place, tables[1], tables[2])


@njit(nogil=True)
def _bias(b: float, top: int) -> float:
    """Return the bias code nearest to b."""
    code: float = min(max(np.floor(b + 0.5), -top), top)
    return code


@njit(nogil=True)
def _descend(
    codes: Ints,
    bias: Floats,
    weights: Floats,
    targets: Floats,
    table: NDArray[np.int16],
    values: Ints,
    count: Ints,
    place: Ints,
    seen: Floats,
    likely: Floats,
    prior: float,
    reach: int,
    sweeps: int,
) -> float:
    """Improve codes (neurons, inputs), fill bias (neurons,); return the loss, summed over rows and neurons.

    weights (neurons, inputs) and targets (neurons, rows), what S should be, are in units of a code, not rounded.
    """
    neurons, inputs = codes.shape
    rows, top = place.shape[1], len(table) // 2
    slope, curve, step = np.empty(values.shape[1]), np.empty(values.shape[1]), np.empty(values.shape[1])
    loss = 0.0
    for j in range(neurons):
        r = -targets[j]  # S − target
        for i in range(inputs):
            now = table[top + codes[j, i]]
            for n in range(rows):
                r[n] += now[values[i, place[i, n]]]
        b = _bias(-r.sum() / rows, top)
        r += b
        total = r.sum()
        for _ in range(sweeps):
            changed = False
            for i in range(inputs):
                code, w = codes[j, i], weights[j, i] / (top + 1)
                now = table[top + code]
                # Where the product with code X changes by d, the loss does by (slope + curve · d) · d.
                slope[:] = 0
                for n in range(rows):
                    slope[place[i, n]] += 2 * r[n]
                mean = 0.0
                for k in range(count[i]):
                    error = now[values[i, k]] - values[i, k] * w
                    mean += likely[i, k] * error
                    slope[k] += 2 * prior * likely[i, k] * error
                    curve[k] = seen[i, k] + prior * likely[i, k]
                best, least = code, -1e-9 * rows
                for new in range(max(code - reach, -top), min(code + reach, top) + 1):
                    other = table[top + new]
                    change, moved, shift = 0.0, 0.0, 0.0
                    for k in range(count[i]):
                        d = float(other[values[i, k]] - now[values[i, k]])
                        change += d * (slope[k] + curve[k] * d)
                        moved += seen[i, k] * d
                        shift += likely[i, k] * d
                    # The bias follows the mean, where its code can; so the prior holds variances.
                    q = _bias(b - (total + moved) / rows, top) - b
                    change += q * (rows * q + 2 * (total + moved)) - prior * shift * (2 * mean + shift)
                    if change < least:
                        best, least = new, change
                if best != code:
                    changed = True
                    codes[j, i] = best
                    other = table[top + best]
                    for k in range(count[i]):
                        step[k] = other[values[i, k]] - now[values[i, k]]
                    for n in range(rows):
                        r[n] += step[place[i, n]]
                    q = _bias(b - r.sum() / rows, top) - b
                    b += q
                    r += q
                    total = r.sum()
            if not changed:
                break
        bias[j] = b
        loss += (r * r).sum()
        for i in range(inputs):
            now, w = table[top + codes[j, i]], weights[j, i] / (top + 1)
            mean, square = 0.0, 0.0
            for k in range(count[i]):
                error = now[values[i, k]] - values[i, k] * w
                mean += likely[i, k] * error
                square += likely[i, k] * error * error
            loss += prior * (square - mean * mean)
    return loss


def fit_layer(x: Ints, weights: Floats, sums: Floats, scale: float, length: int) -> tuple[float, Ints, Ints]:
    """Return the full scale w_s of a layer's weights, their signed codes (neurons, inputs), and bias codes (neurons,).

    x: codes of the inputs, (rows, inputs). weights: of the float layer, (neurons, inputs). sums: its outputs before the
    ReLU over x_s, (rows, neurons); S should be sums · L / w_s. scale: the w_s to start from.
    """
    top = length - 1
    every = np.arange(-top, length, dtype=np.int16)
    table = np.ascontiguousarray(table_rows(every[None], length)[0, :, : len(every)].T)  # row top + w, column X

    def fitted(part: Any, w_s: float, sweeps: int) -> tuple[float, Ints, Ints]:
        unit = w_s / length
        seen = _inputs(x[part])
        real = np.ascontiguousarray(weights / unit)
        codes = np.clip(np.rint(real), -top, top).astype(np.int64)
        bias = np.zeros(len(codes))
        loss = _descend(
            codes,
            bias,
            real,
            np.ascontiguousarray((sums[part] / unit).T),
            table,
            seen.values,
            seen.count,
            seen.place,
            seen.seen,
            seen.likely,
            float(_PRIOR * x.shape[1]),
            _REACH,
            sweeps,
        )
        return loss * unit**2, codes, bias.astype(np.int64)

    few = np.linspace(0, len(x) - 1, min(len(x), _TRIAL_ROWS)).astype(np.int64)
    tried = [scale * float(share) for share in _SHARES]
    losses = [fitted(few, w_s, 1)[0] for w_s in tried]
    best = tried[int(np.argmin(losses))]
    _, codes, bias = fitted(slice(None), best, _SWEEPS)
    return best, codes, bias
