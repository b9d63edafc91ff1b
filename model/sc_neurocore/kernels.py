"""The compiled kernels under the packed simulator: AND and popcount on 64-bit words, for batches.

The words of the weights lie neuron beside neuron, shape (words, lanes). Lanes are the neurons, rounded up to whole
vectors. One word of an input meets a whole row of weights: it is copied to all places of a vector and ANDed with the
row, and the ones are added to sums that stay in registers. Words of an input that are 0 are skipped, for each image its
own, without a branch in the loop. The rows are processed in tiles, which stay in the innermost cache while a group of
images passes.

*Signs.* The stream w of a negative weight is stored inverted, as ¬w, because its product counts −1 (A5, multiply):

    −Σₜ x(t) ∧ w(t) = Σₜ x(t) ∧ ¬w(t) − Σₜ x(t),

so, with w′ for the stored stream (w or ¬w),

    S = Σ popcount(x ∧ w′) − Σ over the negative weights of the ones of x.

The last sum needs one bit a weight, its sign. If n(i) is the number of ones of input i, it is
Σ_b 2^b · popcount(bit b of every n(i) ∧ signs). So the weights take (L + 1) / 8 bytes a synapse, and a sum takes
L + log₂ L + 1 products of bits. Separate rows for each sign would take 2L of both.

`_vector_loop` is the one loop that counts. It is written as LLVM instructions on vectors of 512 bits, which LLVM
translates to those of the machine: AVX-512, AVX2, NEON. Plain Numba loops reach half of its speed. Everything else is
Numba. Compiled code is cached. It runs in one thread; `threads` gives each thread its images.
"""

from __future__ import annotations

from collections import namedtuple
from dataclasses import astuple, fields
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from .jit import njit
from .neurons import Lif

__all__ = [
    "VECTOR_WORDS",
    "WORD",
    "Words",
    "clock_bits",
    "clock_sums",
    "clock_weights",
    "ctpop",
    "expand",
    "lif_spikes",
    "put_rows",
    "window_sums",
]

#: 64-bit words of packed bits.
Words = NDArray[np.uint64]

#: Bits of a word.
WORD = 64
VECTOR_WORDS = 8  # words of a vector
# Words of a tile of weights: 24 KiB, of the 32 KiB and more that an innermost data cache has.
_TILE = 3 << 10
# Images that pass a tile, or a clock, before the next one is read.
_GROUP = 64

_Lif = namedtuple("_Lif", [each.name for each in fields(Lif)])  # type: ignore[misc]  # Lif as compiled code can read it

# A word of ones.
_ALL = np.uint64(2**64 - 1)


def _ctpop(typing_context: Any, word: Any) -> Any:
    """Population count of a uint64: LLVM's ctpop."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        (value,) = args
        return builder.call(builder.module.declare_intrinsic("llvm.ctpop", [ir.IntType(64)]), [value])

    return types.uint64(types.uint64), codegen


ctpop: Any = intrinsic(_ctpop)


def _vector_loop(vectors: int) -> Any:
    """Return the innermost loop for blocks of `vectors` vectors, as an intrinsic that Numba code can call.

    The result f(sums, x, live, count, w, lane) adds, in `vectors` · VECTOR_WORDS lanes from `lane` on,

        sums[lane] += Σ popcount(x[k] ∧ w[k, lane])   over k = live[0], …, live[count − 1],

    where `live` lists the words of x that are not 0.
    """

    def typed(context: Any, sums: Any, x: Any, live: Any, count: Any, w: Any, lane: Any) -> Any:
        def codegen(context: Any, b: Any, signature: Any, args: Any) -> Any:
            i64, i32 = ir.IntType(64), ir.IntType(32)
            vector = ir.VectorType(i64, VECTOR_WORDS)
            undefined, lanes = (
                ir.Constant(vector, ir.Undefined),
                ir.Constant(ir.VectorType(i32, VECTOR_WORDS), [0] * VECTOR_WORDS),
            )
            popcount = b.module.declare_intrinsic(
                f"llvm.ctpop.v{VECTOR_WORDS}i64", (), ir.FunctionType(vector, [vector])
            )
            sums_, x_, live_, w_ = (context.make_array(signature.args[k])(context, b, args[k]) for k in (0, 1, 2, 4))
            count, lane = args[3], args[5]
            stride = b.extract_value(w_.shape, 1)

            def places(base: Any) -> list[Any]:
                at = [b.gep(base, [ir.Constant(i64, v * VECTOR_WORDS)]) for v in range(vectors)]
                return [b.bitcast(place, vector.as_pointer()) for place in at]

            before = b.block
            head, body, after = (b.append_basic_block(name) for name in ("head", "body", "after"))
            targets = places(b.gep(sums_.data, [lane]))
            starts = [b.load(place, align=8) for place in targets]
            b.branch(head)

            b.position_at_end(head)
            m = b.phi(i64)
            m.add_incoming(ir.Constant(i64, 0), before)
            totals = [b.phi(vector) for _ in range(vectors)]
            for total, start in zip(totals, starts, strict=True):
                total.add_incoming(start, before)
            b.cbranch(b.icmp_signed("<", m, count), body, after)

            b.position_at_end(body)
            k = b.load(b.gep(live_.data, [m]))
            one = b.insert_element(undefined, b.load(b.gep(x_.data, [k])), ir.Constant(i32, 0))
            word = b.shuffle_vector(one, undefined, lanes)
            row = b.gep(w_.data, [b.add(b.mul(k, stride), lane)])
            for total, place in zip(totals, places(row), strict=True):
                product = b.and_(word, b.load(place, align=8))
                total.add_incoming(b.add(total, b.call(popcount, [product])), body)
            m.add_incoming(b.add(m, ir.Constant(i64, 1)), body)
            b.branch(head)

            b.position_at_end(after)
            for total, place in zip(totals, targets, strict=True):
                b.store(total, place, align=8)
            return context.get_dummy_value()

        return types.void(sums, x, live, count, w, lane), codegen

    return intrinsic(typed)


# Four vectors of sums: their rows, ANDed and counted, fill the registers of AVX2 and hide the latency on AVX-512.
_products_4, _products_2, _products_1 = (_vector_loop(vectors) for vectors in (4, 2, 1))


@njit(nogil=True)
def _products(sums: Words, x: Words, live: NDArray[np.int64], count: int, w: Words) -> None:
    """Add Σ popcount(x[k] ∧ w[k]) over the live k to sums, shape (lanes,)."""
    lane, lanes = 0, len(sums)
    while lane + 4 * VECTOR_WORDS <= lanes:
        _products_4(sums, x, live, count, w, lane)
        lane += 4 * VECTOR_WORDS
    if lane + 2 * VECTOR_WORDS <= lanes:
        _products_2(sums, x, live, count, w, lane)
        lane += 2 * VECTOR_WORDS
    if lane < lanes:
        _products_1(sums, x, live, count, w, lane)


@njit(nogil=True)
def _find(x: Words, first: int, last: int, live: NDArray[np.int64]) -> int:
    """Write the indices of those words x[first … last − 1] that are not 0 to `live`, and return how many there are."""
    count = 0
    for k in range(first, last):
        live[count] = k
        # The index is written in any case and counted only if the word is not 0, so the loop has no branch.
        count += x[k] != 0
    return count


# --- streams and weights ---------------------------------------------------------------------------------------------


@njit(nogil=True)
def expand(codes: NDArray[Any], streams: Words, length: int) -> Words:
    """Return rows of codes as rows of packed streams, side by side without gaps.

    Args:
        codes: Codes, shape (rows, n).
        streams: The packed stream of each code, shape (codes, ⌈length / 64⌉).
        length: Bits of a stream; it divides 64, or 64 divides it.

    Returns:
        Words, shape (rows, ⌈n·length / 64⌉).
    """
    rows, n = codes.shape
    out = np.zeros((rows, (n * length + WORD - 1) // WORD), dtype=np.uint64)
    per_code = streams.shape[1]
    for i in range(rows):
        for j in range(n):
            code = codes[i, j]
            if length >= WORD:
                for k in range(per_code):
                    out[i, j * per_code + k] = streams[code, k]
            else:
                bit = j * length
                out[i, bit // WORD] |= streams[code, 0] << np.uint64(bit % WORD)
    return out


@njit(nogil=True)
def put_rows(w: Words, rows: Words, first: int) -> None:
    """Write rows of words, shape (neurons, words), to the lanes of w, shape (words, lanes), from lane `first` on."""
    for k in range(rows.shape[1]):
        for j in range(rows.shape[0]):
            w[k, first + j] = rows[j, k]


@njit(nogil=True)
def clock_weights(w: Words, codes: NDArray[np.int16], r: NDArray[np.int64]) -> None:
    """Fill w with the weights' bits, for layers that are computed clock by clock.

    Args:
        w: All 0 at first, shape (L, words, lanes); the inputs of a clock lie side by side in its words.
        codes: Signed codes, shape (inputs, neurons). The bits of negative codes are stored inverted.
        r: The numbers of the weight source, shape (L,).
    """
    inputs, neurons = codes.shape
    for t in range(len(r)):
        for i in range(inputs):
            row, bit = w[t, i // WORD], np.uint64(i % WORD)
            for j in range(neurons):
                code = np.int64(codes[i, j])
                row[j] |= np.uint64((abs(code) > r[t]) != (code < 0)) << bit


@njit(nogil=True)
def clock_bits(codes: NDArray[np.uint16], length: int) -> Words:
    """Return the `counter` streams of codes, arranged by clock.

    Args:
        codes: Codes in 0 … L, shape (images, n).
        length: L.

    Returns:
        Words, shape (images, L, ⌈n / 64⌉); the bits of a clock lie side by side.
    """
    images, n = codes.shape
    out = np.zeros((images, length, (n + WORD - 1) // WORD), dtype=np.uint64)
    for i in range(images):
        for j in range(n):
            bit = np.uint64(1) << np.uint64(j % WORD)
            for t in range(length):
                if t >= codes[i, j]:
                    break
                out[i, t, j // WORD] |= bit
    return out


# --- the sums of a window --------------------------------------------------------------------------------------------


@njit(nogil=True)
def _planes(ones: NDArray[Any], planes: Words) -> None:
    """Set planes[b] to bit b of each number, side by side in words: the form in which numbers meet the signs."""
    n = len(ones)
    for place in range(planes.shape[1]):
        some = ones[place * WORD : min((place + 1) * WORD, n)]
        for b in range(len(planes)):
            word = np.uint64(0)
            for i in range(len(some)):
                word |= ((np.uint64(some[i]) >> np.uint64(b)) & np.uint64(1)) << np.uint64(i)
            planes[b, place] = word


@njit(nogil=True)
def _take_negative(sums: Words, planes: Words, negative: Words, live: NDArray[np.int64]) -> None:
    """Set sums to minus the number of ones of all inputs that have a negative weight.

    It goes through the bits of these numbers from the highest to the lowest, and doubles the sums between two bits.
    """
    for b in range(len(planes) - 1, -1, -1):
        for j in range(len(sums)):
            sums[j] += sums[j]
        count = _find(planes[b], 0, planes.shape[1], live)
        _products(sums, planes[b], live, count, negative)
    for j in range(len(sums)):
        sums[j] = -sums[j]


@njit(nogil=True)
def window_sums(
    x: Words, ones: NDArray[np.uint32], w: Words, negative: Words, length: int, neurons: int
) -> NDArray[np.int64]:
    """Return the sums S of a window, int64, shape (images, neurons).

    Args:
        x: Streams of all inputs side by side, shape (images, words).
        ones: How many ones each stream has, at most L, shape (images, inputs).
        w: Streams of the weights, inverted where the weight is negative, shape (words, lanes).
        negative: Signs, a bit an input, shape (⌈inputs / 64⌉, lanes), or (0, lanes) if no weight is negative.
        length: L.
        neurons: How many of the lanes are neurons.
    """
    images, words = x.shape
    lanes, signs = w.shape[1], negative.shape[0]
    bits = 0
    while length >> bits:
        bits += 1
    # As many rows of weights as the innermost cache holds; every image of a group meets them before the next rows.
    tile = max(1, _TILE // lanes)
    out = np.empty((images, neurons), dtype=np.int64)
    # One plane for each bit of a number of ones, which is at most L.
    planes = np.empty((bits, signs), dtype=np.uint64)
    live = np.empty(max(tile, signs), dtype=np.int64)
    sums = np.empty((min(images, _GROUP), lanes), dtype=np.uint64)
    for first in range(0, images, _GROUP):
        last = min(first + _GROUP, images)
        sums[:] = 0
        if signs:
            for i in range(first, last):
                _planes(ones[i], planes)
                _take_negative(sums[i - first], planes, negative, live)
        for start in range(0, words, tile):
            stop = min(start + tile, words)
            for i in range(first, last):
                count = _find(x[i], start, stop, live)
                _products(sums[i - first], x[i], live, count, w)
        for i in range(first, last):
            for j in range(neurons):
                out[i, j] = np.int64(sums[i - first, j])
    return out


# --- clock by clock --------------------------------------------------------------------------------------------------


@njit(nogil=True)
def _clock(sums: Words, x: Words, w: Words, negative: Words, live: NDArray[np.int64]) -> None:
    """Set sums to what each neuron adds in one clock, without its bias."""
    count = _find(x, 0, len(x), live)
    sums[:] = 0
    _products(sums, x, live, count, negative)
    for j in range(len(sums)):
        sums[j] = -sums[j]
    _products(sums, x, live, count, w)


@njit(nogil=True)
def clock_sums(x: Words, w: Words, negative: Words, bias: NDArray[np.int8]) -> NDArray[np.int64]:
    """Return the sums S of inputs whose ones come at any clock, int64, shape (images, neurons).

    Args:
        x: Bits of the inputs, those of a clock side by side, shape (images, L, words).
        w: Bits of the weights, inverted where the weight is negative, shape (L, words, lanes).
        negative: Signs, a bit an input, shape (words, lanes).
        bias: What the bias adds at each clock, −1, 0 or 1, shape (L, neurons).
    """
    images, length, words = x.shape
    neurons = bias.shape[1]
    out = np.zeros((images, neurons), dtype=np.int64)
    sums, live = np.empty(w.shape[2], dtype=np.uint64), np.empty(words, dtype=np.int64)
    for first in range(0, images, _GROUP):
        for t in range(length):
            for i in range(first, min(first + _GROUP, images)):
                _clock(sums, x[i, t], w[t], negative, live)
                for j in range(neurons):
                    out[i, j] += np.int64(sums[j]) + bias[t, j]
    return out


@njit(nogil=True)
def _lif_step(
    v: NDArray[np.int64], rest: NDArray[np.int64], sums: Words, bias: NDArray[np.int8], scale: int, lif: Any
) -> None:
    """Advance the `lif` neurons of one image by one clock (A13, neuron `lif`); sums become their spikes, 0 or 1.

    It repeats `neurons.lif.lif_step` in compiled code. `v` is the membrane potential, `rest` the refractory counter.
    """
    high = (1 << (lif.width - 1)) - 1
    for j in range(len(bias)):
        if lif.leak_mode:
            u = v[j] * lif.beta >> 8
        elif lif.leak_shift:
            u = v[j] - (v[j] >> lif.leak_shift)
        else:
            u = v[j]
        u = min(max(u + (np.int64(sums[j]) + bias[j]) * scale, -high - 1), high)
        rests = rest[j] > 0
        fires = u >= lif.theta and not rests
        after = lif.v_reset if lif.reset_mode else u - lif.theta
        v[j] = v[j] if rests else (after if fires else u)
        rest[j] = rest[j] - 1 if rests else (lif.refractory if fires else 0)
        sums[j] = np.uint64(fires)


@njit(nogil=True)
def _lif_spikes(
    x: Words, w: Words, negative: Words, bias: NDArray[np.int8], scale: int, lif: Any
) -> tuple[Words, NDArray[np.int64]]:
    """Do the work of `lif_spikes`, compiled; `lif` is a named tuple of the parameters."""
    images, length, words = x.shape
    neurons = bias.shape[1]
    out = np.zeros((images, length, (neurons + WORD - 1) // WORD), dtype=np.uint64)
    counts = np.zeros((images, neurons), dtype=np.int64)
    sums, live = np.empty(w.shape[2], dtype=np.uint64), np.empty(words, dtype=np.int64)
    v, rest = np.empty((_GROUP, neurons), dtype=np.int64), np.empty((_GROUP, neurons), dtype=np.int64)
    for first in range(0, images, _GROUP):
        v[:], rest[:] = lif.v_reset if lif.reset_mode else 0, 0
        for t in range(length):
            for i in range(first, min(first + _GROUP, images)):
                _clock(sums, x[i, t], w[t], negative, live)
                _lif_step(v[i - first], rest[i - first], sums, bias[t], scale, lif)
                for j in range(neurons):
                    counts[i, j] += np.int64(sums[j])
                _planes(sums[:neurons], out[i, t : t + 1])
    return out, counts


def lif_spikes(
    x: Words, w: Words, negative: Words, bias: NDArray[np.int8], scale: int, params: Lif
) -> tuple[Words, NDArray[np.int64]]:
    """Return the spikes of `lif` neurons in one window (A13; A17, streaming), and their counts.

    Args:
        x: Bits of the inputs, as in `clock_sums`.
        w: Bits of the weights, as in `clock_sums`.
        negative: Signs, as in `clock_sums`.
        bias: What the bias adds at each clock, as in `clock_sums`.
        scale: The current for one unit of a sum.
        params: Parameters of the neurons.

    Returns:
        Packed spikes, shape (images, L, ⌈neurons / 64⌉), those of a clock side by side; counts, shape (images,
        neurons).
    """
    lif = _Lif(*astuple(params))
    out: tuple[Words, NDArray[np.int64]] = _lif_spikes(x, w, negative, bias, scale, lif)
    return out
