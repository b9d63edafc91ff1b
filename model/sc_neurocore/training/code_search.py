"""Codes of a layer for the products that streams give: the nearest code to a weight is not the best one (A12,
training).

F[X, W] of A11 (exact table) misses X·W/L by an amount of its own for every X and W. On short streams these errors, not
those of rounding, are most of what a conversion loses. So a neuron's codes are chosen together, for its window sum S.
By coordinate descent each weight in turn takes the code near its present one for which S comes closest, in mean square,
to what the float layer asks for on calibration samples. The bias code that is then best is chosen along with it. That
is the objective of Optimal Brain Compression (Frantar, Singh and Alistarh 2022), layer by layer and without labels,
with the exact table in place of the product.

*Cost.* A clock t adds one to F[X, W] where X > t and W > r(t); r is the number source of the weights, which takes each
number once. So a step from W to W + 1 adds one to the products of all X above the t at which r is W, and to no other.
What a step does to the loss is a sum over the rows whose X is above t. The sums for all t come from one pass over the
rows in the order of their codes, and rows where X is 0 are never visited. Neurons do not depend on each other: 16 of
them, the lanes, go through the inputs side by side as vectors, and such blocks of neurons run on all cores.

*One result.* The targets of S are rounded to a grid so fine that it changes nothing, and so coarse that a double holds
every sum of them over rows without rounding. So the order of adding, the width of vectors and the number of threads
change no code. Steps whose losses differ by no more than rounding does count as equal; the lowest code is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import frexp, fsum
from threading import Lock
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from ..jit import njit
from ..lookup import rows as table_rows
from ..sources import source
from ..threads import in_blocks

__all__ = ["fit_layer"]

Floats = NDArray[np.float64]
Ints = NDArray[Any]

# How far a code goes in one visit, and how often each is visited.
_REACH, _SWEEPS = 3, 4
# What is held before any sample is seen: that the errors of a neuron's inputs are independent of each other. It weighs
# as much as this many samples for each input. So a few samples, which leave the codes open, are not fitted to the bit.
_PRIOR = 4
# Codes that stand for all of a layer's in what each input is expected to carry, with the weight of one sample.
_TYPICAL = 16
# Full scales that are tried, as shares of the one that is best for products without error, on so many rows and
# neurons at most, evenly spaced: a narrower scale clips a few weights, and makes all other products greater beside
# their errors.
_SHARES = 2.0 ** np.arange(0.25, -2.25, -0.25)
_TRIAL = 256
# Neurons side by side, as vectors of 512 bits. 1,024 rows of them then stay in a second-level cache.
_VECTOR, _VECTORS = 8, 2
_VECTOR_NEURONS = _VECTOR * _VECTORS
# Bits of a sum over rows, of which three are added: a double holds 53.
_SUM_BITS = 51


@dataclass(frozen=True, slots=True, eq=False)
class _Inputs:
    """What each input of a layer carries: the rows of the calibration samples, and a distribution over its codes.

    The distribution p(X) is that of the samples, mixed with one of all inputs together (see `_TYPICAL`), so that an
    input that few samples use has an expectation too. It is stored times `unit`, so that all entries are whole numbers
    and sums of them are exact.

    Attributes:
        order: For each input the rows in the order of their codes, (inputs, rows).
        first: For each input and code where the rows of this code start in `order`, (inputs, L + 2).
        mean: Σ p · F[X, W] for the weight codes W = 0 … L − 1, (inputs, L).
        mixed: Σ p · X · F[X, W], (inputs, L).
        square: Σ p · F[X, W]², (inputs, L).
        x: Σ p · X, (inputs,).
        x_square: Σ p · X², (inputs,).
        unit: What the probabilities of an input add up to.
    """

    order: Ints
    first: Ints
    mean: Floats
    mixed: Floats
    square: Floats
    x: Floats
    x_square: Floats
    unit: float


def _inputs(x: Ints, f: Floats) -> _Inputs:
    """Return what the inputs carry.

    Args:
        x: Codes of the inputs, (rows, inputs), in 0 … L.
        f: The exact table F[X, W], (L + 1, L).
    """
    rows, inputs, length = *x.shape, f.shape[1]
    columns = np.ascontiguousarray(x.T)
    order = np.empty((inputs, rows), dtype=np.int32)
    seen = np.empty((inputs, length + 1), dtype=np.int32)
    for i, column in enumerate(columns):
        order[i] = np.argsort(column, kind="stable")
        seen[i] = np.bincount(column, minlength=length + 1)
    first = np.zeros((inputs, length + 2), dtype=np.int32)
    np.cumsum(seen, axis=1, out=first[:, 1:])
    # Evenly spaced quantiles of all codes of the layer.
    at = (np.arange(_TYPICAL) * 2 + 1) * x.size // (2 * _TYPICAL)
    typical = np.searchsorted(np.cumsum(seen.sum(axis=0)), at, side="right")
    p = (_TYPICAL * seen + np.bincount(typical, minlength=length + 1)).astype(np.float64)
    codes = np.arange(length + 1.0)
    # Sums of whole numbers below 2⁵³: BLAS may add them in any order.
    return _Inputs(
        order, first, p @ f, (p * codes) @ f, p @ f**2, p @ codes, p @ codes**2, float(_TYPICAL * (rows + 1))
    )


def _rows_loop(gather: bool) -> Any:
    """Return an intrinsic f(r, order, start, stop, lanes, k) for compiled code, which visits some rows of r as vectors.

    It is written in LLVM's intermediate representation, in which the 16 lanes of a row are two vectors of 8 doubles.
    The rows are order[start … stop − 1] of r, shape (rows, 16).

    Args:
        gather: If true, lanes[k] becomes lanes[k + 1] plus the sum of the rows. Otherwise lanes[k] is added to each of
            the rows.
    """

    def typed(context: Any, r: Any, order: Any, start: Any, stop: Any, lanes: Any, k: Any) -> Any:
        def codegen(context: Any, b: Any, signature: Any, args: Any) -> Any:
            i64 = ir.IntType(64)
            vector = ir.VectorType(ir.DoubleType(), _VECTOR)
            r_, order_, lanes_ = (context.make_array(signature.args[n])(context, b, args[n]) for n in (0, 1, 4))
            start, stop, k = args[2], args[3], args[5]

            def places(base: Any, row: Any) -> list[Any]:
                first = b.gep(base, [b.mul(row, ir.Constant(i64, _VECTOR_NEURONS))])
                at = [b.gep(first, [ir.Constant(i64, v * _VECTOR)]) for v in range(_VECTORS)]
                return [b.bitcast(place, vector.as_pointer()) for place in at]

            before = b.block
            head, body, after = (b.append_basic_block(name) for name in ("head", "body", "after"))
            given = places(lanes_.data, b.add(k, ir.Constant(i64, 1)) if gather else k)
            values = [b.load(place, align=8) for place in given]
            b.branch(head)

            b.position_at_end(head)
            m = b.phi(i64)
            m.add_incoming(start, before)
            totals = [b.phi(vector) for _ in range(_VECTORS)] if gather else []
            for total, value in zip(totals, values, strict=False):
                total.add_incoming(value, before)
            b.cbranch(b.icmp_signed("<", m, stop), body, after)

            b.position_at_end(body)
            row = b.sext(b.load(b.gep(order_.data, [m])), i64)
            for v, place in enumerate(places(r_.data, row)):
                if gather:
                    totals[v].add_incoming(b.fadd(totals[v], b.load(place, align=8)), body)
                else:
                    b.store(b.fadd(b.load(place, align=8), values[v]), place, align=8)
            m.add_incoming(b.add(m, ir.Constant(i64, 1)), body)
            b.branch(head)

            b.position_at_end(after)
            for total, place in zip(totals, places(lanes_.data, k), strict=False):
                b.store(total, place, align=8)
            return context.get_dummy_value()

        return types.void(r, order, types.int64, types.int64, lanes, types.int64), codegen

    return intrinsic(typed)


_gather, _scatter = _rows_loop(True), _rows_loop(False)


@njit(nogil=True)
def _bias(b: float, top: int) -> float:
    """Return the bias code nearest to b, in −top … top."""
    code: float = min(max(np.floor(b + 0.5), -top), top)
    return code


@njit(nogil=True)
def _change(
    r: Floats, order: Ints, first: Ints, numbers: Ints, step: Floats, old: Floats, code: Floats, least: int
) -> None:
    """Add to r what the products of one input change by when its codes change.

    Args:
        r: S − target, (rows, 16).
        order: The rows of this input in the order of their codes.
        first: Where the rows of each code start in `order`.
        numbers: The source of the weights, (L,).
        step: Scratch memory for one row, (1, 16).
        old: Codes of the input's weights before, (16,).
        code: Codes after.
        least: The least X whose product changes in any lane; rows below it are left out.
    """
    step[:] = 0.0
    for x in range(1, len(numbers) + 1):
        number = float(numbers[x - 1])
        for j in range(_VECTOR_NEURONS):
            more = (1.0 if code[j] > number else 0.0) - (1.0 if -code[j] > number else 0.0)
            less = (1.0 if old[j] > number else 0.0) - (1.0 if -old[j] > number else 0.0)
            step[0, j] += more - less
        if x >= least:
            _scatter(r, order, first[x], first[x + 1], step, 0)


@njit(nogil=True, error_model="numpy")
def _descend(
    codes: Ints,
    bias: Floats,
    losses: Floats,
    weights: Floats,
    targets: Floats,
    numbers: Ints,
    clock: Ints,
    order: Ints,
    first: Ints,
    mean: Floats,
    mixed: Floats,
    square: Floats,
    x_mean: Floats,
    x_square: Floats,
    unit: float,
    prior: float,
    reach: int,
    sweeps: int,
) -> None:
    """Improve the codes of at most 16 neurons by coordinate descent, and fill in their biases and losses.

    Each sweep visits every input. A lane whose codes did not move in a sweep is left alone afterwards.

    Args:
        codes: Signed codes, (neurons, inputs); the start, and the result.
        bias: Result, bias codes, (neurons,).
        losses: Result, squared errors of S over all rows plus the prior's part, (neurons,).
        weights: Real weights in units of the full scale, (neurons, inputs).
        targets: What S should be, (rows, neurons). It is replaced by what S is, without the bias.
        numbers: The source of the weights, (L,).
        clock: The clock at which the source is 0 … L − 1, (L,).
        order: See `_Inputs`, as the following ones.
        first: See `_Inputs`.
        mean: See `_Inputs`.
        mixed: See `_Inputs`.
        square: See `_Inputs`.
        x_mean: `_Inputs.x`.
        x_square: See `_Inputs`.
        unit: See `_Inputs`.
        prior: Weight of the expected variance of each input's error, in rows.
        reach: How far a code may move in one visit.
        sweeps: How often each weight is visited at most.
    """
    neurons, inputs = codes.shape
    rows, length = len(targets), len(numbers)
    top, little = length - 1, 1e-9 * rows
    r = np.zeros((rows, _VECTOR_NEURONS))  # S − target, without the bias
    above = np.zeros((length + 2, _VECTOR_NEURONS))  # sums of r over the rows whose code is X or more
    step, code, old = np.zeros((1, _VECTOR_NEURONS)), np.zeros(_VECTOR_NEURONS), np.zeros(_VECTOR_NEURONS)
    total, b = np.zeros(_VECTOR_NEURONS), np.zeros(_VECTOR_NEURONS)
    busy, moved = np.ones(_VECTOR_NEURONS, np.bool_), np.zeros(_VECTOR_NEURONS, np.bool_)
    changes, shifts = np.zeros(2 * reach + 1), np.zeros(2 * reach + 1)
    starts = np.zeros(reach, np.int64)
    least = 1  # the least X whose product changes in any lane
    # r starts as that of codes 0; then each input adds what its products change by from 0 to the first codes.
    for n in range(rows):
        for j in range(neurons):
            r[n, j] = -targets[n, j]
    for i in range(inputs):
        for j in range(neurons):
            code[j] = codes[j, i]
        _change(r, order[i], first[i], numbers, step, old, code, least)
    for n in range(rows):
        for j in range(neurons):
            total[j] += r[n, j]
    # The best bias takes the mean off.
    for j in range(neurons):
        b[j] = _bias(-total[j] / rows, top)
    for _ in range(sweeps):
        for j in range(neurons):
            moved[j] = False
        for i in range(inputs):
            place, bounds = order[i], first[i]
            # above[x]: Σ r over the rows whose code is x or more, for all steps of this input's weights.
            for x in range(length, 0, -1):
                _gather(r, place, bounds[x], bounds[x + 1], above, x)
            least = length + 1
            for j in range(neurons):
                now, w = np.int64(codes[j, i]), weights[j, i]
                old[j] = code[j] = now
                if not busy[j]:
                    continue
                size, sign = abs(now), 1.0 if now > 0 else -1.0
                m, error = sign * mean[i, size], (sign * mean[i, size] - w * x_mean[i]) / unit
                for up in (-1, 1):
                    slope, count, squares = 0.0, 0, 0
                    for far in range(1, reach + 1):
                        new, c = now + up * far, reach + up * far
                        changes[c] = np.inf
                        if abs(new) <= top:
                            # The product changes by `up` where X is `start` or more, as by the steps before this one.
                            passed = new if up < 0 else new - 1
                            start = clock[passed if passed >= 0 else -passed - 1] + 1
                            starts[far - 1] = start
                            n = rows - bounds[start]
                            slope += above[start, j] + n * b[j]
                            count += n
                            squares += n
                            for k in range(far - 1):
                                squares += 2 * (rows - bounds[max(start, starts[k])])
                            other, to = abs(new), 1.0 if new > 0 else -1.0
                            shift = (to * mean[i, other] - m) / unit
                            spread = square[i, other] - square[i, size]
                            spread -= 2 * w * (to * mixed[i, other] - sign * mixed[i, size])
                            # The bias follows the mean, where its code can; so the prior holds variances.
                            after = total[j] + rows * b[j] + up * count
                            q = _bias(b[j] - after / rows, top) - b[j]
                            shifts[c] = q
                            # Σ of the new (r + b)² less that of the old one, and what the prior changes by.
                            changes[c] = (
                                2 * up * slope
                                + squares
                                + q * (rows * q + 2 * after)
                                + prior * (spread / unit - shift * (2 * error + shift))
                            )
                best, change = reach, 0.0
                for c in range(2 * reach + 1):
                    if c != reach and changes[c] < change - little:
                        best, change = c, changes[c]
                if best != reach:
                    put = now + best - reach
                    code[j] = codes[j, i] = put
                    moved[j] = True
                    b[j] += shifts[best]
                    # Each code that is passed changes the products of all rows above its clock.
                    for level in range(int(min(now, put)), int(max(now, put))):
                        start = clock[level if level >= 0 else -level - 1] + 1
                        least = min(least, int(start))
                        total[j] += (rows - bounds[start]) * (1 if put > now else -1)
            if least <= length:
                _change(r, place, bounds, numbers, step, old, code, least)
        left = False
        for j in range(neurons):
            busy[j] = moved[j]
            left |= moved[j]
        if not left:
            break
    for j in range(neurons):
        bias[j] = b[j]
        loss = 0.0
        for n in range(rows):
            loss += (r[n, j] + b[j]) ** 2
            targets[n, j] += r[n, j]
        for i in range(inputs):
            size, w = abs(np.int64(codes[j, i])), weights[j, i]
            sign = 1.0 if codes[j, i] > 0 else -1.0
            error = (sign * mean[i, size] - w * x_mean[i]) / unit
            both = (square[i, size] - 2 * w * sign * mixed[i, size] + w * w * x_square[i]) / unit
            loss += prior * (both - error * error)
        losses[j] = loss


def fit_layer(
    x: Ints,
    weights: Floats,
    sums: Floats,
    scale: float,
    length: int,
    progress: Callable[[int], None] | None = None,
    got: Floats | None = None,
) -> tuple[float, NDArray[np.int64], NDArray[np.int64]]:
    """Choose the full scale, the weight codes and the bias codes of a layer for the products of streams (A12).

    First ten full scales are tried, each with one sweep over at most 256 rows and neurons. With the best one the codes
    are then fitted to all rows in four sweeps.

    Args:
        x: Codes of the inputs, (rows, inputs), in 0 … L.
        weights: Weights of the float layer, (neurons, inputs).
        sums: Outputs of the float layer before its ReLU, divided by x_s, (rows, neurons). S should be sums · L / w_s.
        scale: The w_s to start from.
        length: L.
        progress: Called with the number of weights whose work is done, from any thread, one call at a time.
        got: If given, it is filled with S of the codes without the bias, whole numbers, (rows, neurons).

    Returns:
        (w_s, signed weight codes (neurons, inputs), bias codes (neurons,)); the codes are int64 in −(L−1) … L−1.
    """
    top, inputs = length - 1, x.shape[1]
    numbers = source("vdc", length).astype(np.int64)
    clock = np.argsort(numbers)
    f = table_rows(np.arange(length, dtype=np.int16)[None], length)[0, :, :length].astype(np.float64)
    few, some = (np.linspace(0, n - 1, min(n, _TRIAL)).astype(np.int64) for n in (len(x), len(weights)))
    total = len(_SHARES) * len(few) * len(some) + _SWEEPS * len(x) * len(weights)
    done, lock = 0, Lock()

    def fitted(
        seen: _Inputs, real: Floats, wanted: Floats, w_s: float, sweeps: int, got: Floats | None = None
    ) -> tuple[float, Ints, Ints]:
        """Return loss, codes and biases for the full scale w_s; `real` are the weights, `wanted` the sums."""
        unit = w_s / length
        targets = wanted / unit
        # No sum over rows of S − target exceeds the bound; so a double holds it, on this grid, without rounding.
        bound = len(targets) * (float(np.abs(targets).max()) + (inputs + 1) * length)
        grid = _SUM_BITS - frexp(bound)[1]
        targets = np.ldexp(np.rint(np.ldexp(targets, grid)), -grid)
        real = real / unit
        codes = np.clip(np.rint(real), -top, top).astype(np.int16)
        real /= length
        bias, losses = np.zeros(len(codes)), np.zeros(len(codes))

        def work(block: slice) -> None:
            nonlocal done
            sums_of_block = np.ascontiguousarray(targets[:, block])
            _descend(
                codes[block],
                bias[block],
                losses[block],
                real[block],
                sums_of_block,
                numbers,
                clock,
                seen.order,
                seen.first,
                seen.mean,
                seen.mixed,
                seen.square,
                seen.x,
                seen.x_square,
                seen.unit,
                float(_PRIOR * inputs),
                _REACH,
                sweeps,
            )
            if got is not None:
                got[:, block] = sums_of_block
            if progress is not None:
                with lock:
                    done += sweeps * len(targets) * (block.stop - block.start)
                    progress(weights.size * done // total)

        in_blocks(work, len(codes), _VECTOR_NEURONS)
        return fsum(losses) * unit**2, codes, bias.astype(np.int64)

    seen = _inputs(x[few], f)
    tried = [scale * float(share) for share in _SHARES]
    losses = [fitted(seen, weights[some], sums[np.ix_(few, some)], w_s, 1)[0] for w_s in tried]
    best = tried[int(np.argmin(losses))]
    _, codes, bias = fitted(_inputs(x, f), weights, sums, best, _SWEEPS, got)
    return best, codes.astype(np.int64), bias
