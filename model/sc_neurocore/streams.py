"""Streams of bits and the gates on them (A4 … A6, A14 … A16), one function for each RTL module.

These functions are the bit-exact models of the Verilog modules, which have the same names with the prefix `sc_`. They
work on whole arrays: time is the last axis unless a docstring says otherwise. Simulators, tests and tutorials are built
from them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import ScError, require
from .sources import SourceLike, log2_length, sobol, source

__all__ = [
    "correlate",
    "decorrelate",
    "encode",
    "multiply",
    "multiply_bipolar",
    "mux_add",
    "mux_select",
    "pack_codes",
    "popcount",
    "product_table",
    "scc",
    "sng",
    "to_binary",
    "unpack_codes",
]


def _integers(name: str, values: ArrayLike, what: str) -> NDArray[Any]:
    """Return an array of integers; raises ScError, which calls the values `name`, for others."""
    array = np.asarray(values)
    if array.dtype.kind not in "iu" and array.size:
        raise ScError(f"{name} must be {what}, which are integers, got {array.item(0)!r}")
    return array


def _codes(name: str, values: ArrayLike, length: int | None = None) -> NDArray[Any]:
    """Return integer codes; the error for a probability names the functions that encode one."""
    array = np.asarray(values)
    if array.dtype.kind == "f" and array.size:
        n = "L" if length is None else length
        raise ScError(
            f"{name} must be integer codes, 0 … {n} for probabilities of 0 … 1, got {float(array.flat[0])!r}: "
            f"BitstreamEncoder(length={n}).encode(p) takes a probability, encoding.probability_codes makes codes of it"
        )
    return _integers(name, array, "codes")


def sng(x: ArrayLike, r: ArrayLike) -> NDArray[np.bool_]:
    """Return [x > r], elementwise: the stochastic number generator (A4, SNG). RTL: rtl/sc_sng.v.

    Args:
        x: Integer codes.
        r: Numbers of a source; its shape must broadcast with that of x.

    Raises:
        ScError: If x or r are not integers. A probability has to become a code first.

    Example:
        >>> sng(2, [0, 2, 1, 3]).tolist()
        [True, False, True, False]
    """
    return np.asarray(np.greater(_codes("x", x), _integers("r", r, "numbers of a source")))


def encode(x: ArrayLike, length: int, kind: SourceLike = "counter") -> NDArray[np.bool_]:
    """Return the stream of each code in one window, shape x.shape + (length,). RTL: rtl/sc_window_sng.v.

    Args:
        x: Integer codes. X in 0 … L stands for the probability X / L; from L on all bits are 1.
        length: L, a length that the source has.
        kind: The number source, in any form that `sources.source` takes.

    Raises:
        ScError: If x are not integers, or there is no such source. `BitstreamEncoder(length=L).encode(p)` takes a
            probability instead of a code.

    Example:
        >>> encode(3, 4).astype(int).tolist()
        [1, 1, 1, 0]
    """
    return sng(_codes("x", x, length)[..., None], source(kind, length))


def multiply(
    x: NDArray[np.bool_], w: NDArray[np.bool_], negative: ArrayLike
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the product bits x ∧ w in two groups: those that count +1 and those that count −1 (A5, multiply). RTL:
    rtl/sc_mul.v.

    Args:
        x: Bits of the activation.
        w: Bits of the weight's magnitude.
        negative: Whether the weight is negative; it broadcasts with the bits.

    Returns:
        (up, down): `up` is the product where the weight is not negative, `down` where it is.
    """
    product = x & w
    down = np.asarray(product & np.asarray(negative, dtype=bool))
    up: NDArray[np.bool_] = product & ~down
    return up, down


def popcount(bits: NDArray[np.bool_], axis: int = -1) -> NDArray[np.int64]:
    """Return the number of ones along `axis`: what a parallel counter adds (A6, add). RTL: rtl/sc_apc.v."""
    ones: NDArray[np.int64] = np.sum(bits, axis=axis, dtype=np.int64)
    return ones


def multiply_bipolar(x: NDArray[np.bool_], w: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return [x = w] (XNOR), the product of two bipolar streams (A16, bipolar). RTL: rtl/sc_mul_bipolar.v.

    Example:
        >>> multiply_bipolar(np.array([True, True, False]), np.array([True, False, False])).tolist()
        [True, False, True]
    """
    product: NDArray[np.bool_] = np.equal(np.asarray(x, dtype=bool), np.asarray(w, dtype=bool))
    return product


def mux_add(bits: NDArray[np.bool_], sel: ArrayLike) -> NDArray[np.bool_]:
    """Return o(t) = bits[sel(t), t]: a multiplexer as scaled adder of N streams (A16). RTL: rtl/sc_mux_add.v.

    The result stands for the mean of the N inputs if sel is uniform and independent of them.

    Args:
        bits: The streams, shape (N, L); N is a power of two in 2 … 4096.
        sel: The number of the selected stream at each clock, 0 … N − 1, shape (L,).

    Raises:
        ScError: For another N, or a sel out of range.

    Example:
        >>> mux_add(np.array([[True, True], [False, False]]), [0, 1]).tolist()
        [True, False]
    """
    x, chosen = np.asarray(bits, dtype=bool), np.asarray(sel, dtype=np.int64)
    shapes = f"bits must be (N, L) and sel (L,), got {x.shape}, {chosen.shape}"
    require(x.ndim == 2 and chosen.shape == x.shape[1:], shapes)
    n = x.shape[0]
    require(n in [1 << k for k in range(1, 13)], f"N must be a power of two in [2, 4096], got {n}")
    _require_in("sel", chosen, 0, n - 1)
    return x[chosen, np.arange(x.shape[1])]


def mux_select(synapses: int, length: int) -> tuple[int, NDArray[np.int64]]:
    """Return M and sel(t), t = 0 … L − 1, of a layer with MUX adders (A17, streaming). RTL: rtl/sc_stream_synapses.v.

    M is the number of slots of the multiplexer: the least power of two that holds all synapses. sel(t) are the upper
    bits of the number source `sobol:1`.

    Args:
        synapses: Synapses of a neuron, N, the bias included: 2 … 4096.
        length: L.

    Raises:
        ScError: For another N or an illegal length.

    Example:
        >>> mux_select(3, 8)
        (4, array([0, 2, 3, 1, 2, 0, 1, 3]))
    """
    require(2 <= synapses <= 4096, f"synapses must be in 2 to 4096, got {synapses}")
    k = (synapses - 1).bit_length()
    m = max(k, log2_length(length))
    return 1 << k, sobol(1 << m, 1)[:length] >> (m - k)


def to_binary(bits: NDArray[np.bool_], length: int, axis: int = -1) -> NDArray[np.int64]:
    """Return the number of ones along `axis`, at most `length`: a saturating counter (A14, back to binary).

    RTL: rtl/sc_counter.v.

    Args:
        bits: The streams; they may be longer than L, as when a stream repeats.
        length: L, at which the count stays: a power of two in 4 … 2²⁴; raises ScError for another.
        axis: The axis that is time.

    Example:
        >>> int(to_binary(np.ones(6, dtype=bool), 4))
        4
    """
    require(length in [1 << n for n in range(2, 25)], f"length must be a power of two in [4, 2^24], got {length}")
    return np.minimum(popcount(bits, axis), length)


def scc(x: NDArray[np.bool_], y: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the stochastic correlation (SCC) of two streams along the last axis (A15, correlation; Alaghi and Hayes
    2013).

    It tells whether an AND of the streams computes a product (0), the minimum (+1) or max(p_x + p_y − 1, 0) (−1).

    Args:
        x: Bits, shape (..., L) with L ≥ 1.
        y: Bits whose shape broadcasts with that of x.

    Returns:
        float64 in −1 … 1. It is 0 where the streams are uncorrelated and where one of them is constant.

    Raises:
        ScError: If the streams have no bits.

    Example:
        >>> a = np.array([1, 1, 0, 0], dtype=bool)
        >>> float(scc(a, a)), float(scc(a, ~a)), float(scc(a, np.array([1, 0, 1, 0], dtype=bool)))
        (1.0, -1.0, 0.0)
    """
    a, b = np.broadcast_arrays(np.asarray(x, dtype=bool), np.asarray(y, dtype=bool))
    length = a.shape[-1] if a.ndim else 0
    require(length, f"streams must have a last axis of at least 1 bit, got shapes {a.shape}, {b.shape}")
    # All in counts, times L², so that the sign of the numerator is exact.
    one, two, both = popcount(a), popcount(b), popcount(a & b)
    excess = both * length - one * two
    most = np.minimum(one, two) * length - one * two
    least = one * two - np.maximum(one + two - length, 0) * length
    scale = np.where(excess > 0, most, least)
    correlation: NDArray[np.float64] = excess / np.where(excess == 0, 1, scale)
    return correlation


def correlate(
    x: NDArray[np.bool_], y: NDArray[np.bool_], depth: int = 1
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return two streams after a correlator, which delays a lone one until it can pair (A15). RTL: rtl/sc_correlator.v.

    Correlated streams let an AND gate compute a minimum and an OR gate a maximum.

    Args:
        x: Bits; the last axis is time.
        y: Bits whose shape broadcasts with that of x.
        depth: How many lone ones it can hold, 1 … 64; raises ScError for another.

    Returns:
        The two output streams. Each keeps its number of ones, except for at most `depth` that are held at the end.

    Example:
        >>> a, b = correlate(np.array([1, 0, 0, 1], dtype=bool), np.array([0, 0, 1, 1], dtype=bool))
        >>> a.astype(int).tolist(), b.astype(int).tolist()
        ([0, 0, 1, 1], [0, 0, 1, 1])
    """
    require(1 <= depth <= 64, f"depth must be in 1 to 64, got {depth}")
    a, b = np.broadcast_arrays(np.asarray(x, dtype=bool), np.asarray(y, dtype=bool))
    out_a, out_b = a.copy(), b.copy()
    held = np.zeros(a.shape[:-1], dtype=np.int64)  # ones of x, or, negative, of y
    for t in range(a.shape[-1]):
        # +1: only x has a one at this clock; −1: only y has one; 0: both streams have the same bit.
        lone = a[..., t].astype(np.int64) - b[..., t]
        pairs = lone * held < 0  # the other stream's held one goes out with it
        waits = (lone != 0) & ~pairs & (np.abs(held) < depth)
        out_a[..., t] = (a[..., t] | pairs) & ~waits
        out_b[..., t] = (b[..., t] | pairs) & ~waits
        held = held + np.where(pairs | waits, lone, 0)
    return out_a, out_b


def decorrelate(bits: NDArray[np.bool_], addresses: ArrayLike, log2_depth: int) -> NDArray[np.bool_]:
    """Return a stream after a shuffle buffer, which delays its bits by random times (A15). RTL: rtl/sc_decorrelator.v.

    At each clock the bit that the buffer holds at the address is the output, and the stream's bit takes its place. At
    first the buffer holds zeros.

    Args:
        bits: Streams, shape (..., L).
        addresses: Numbers of a source, 0 … 2^log2_depth − 1, shape (L,).
        log2_depth: Log2 of the buffer's size, 1 … 8.

    Raises:
        ScError: For another depth, or an address out of range.

    Example:
        >>> decorrelate(np.array([1, 1, 0, 1], dtype=bool), [0, 1, 0, 1], 1).astype(int).tolist()
        [0, 0, 1, 1]
    """
    require(1 <= log2_depth <= 8, f"log2_depth must be in 1 to 8, got {log2_depth}")
    x, where = np.asarray(bits, dtype=bool), np.asarray(addresses, dtype=np.int64)
    require(where.shape == x.shape[-1:], f"addresses must have shape {x.shape[-1:]}, got {where.shape}")
    _require_in("addresses", where, 0, (1 << log2_depth) - 1)
    held = np.zeros((*x.shape[:-1], 1 << log2_depth), dtype=bool)
    out = np.empty_like(x)
    for t, address in enumerate(where):
        out[..., t] = held[..., address]
        # The old bit has been read above, so the order of these two lines matters.
        held[..., address] = x[..., t]
    return out


def _require_in(what: str, values: NDArray[np.int64], low: int, high: int) -> None:
    """Raise ScError unless all values are in low … high; the message calls them `what` and shows the worst one."""
    if values.size:
        least, greatest = int(values.min()), int(values.max())
        worst = least if least < low else greatest
        require(low <= worst <= high, f"{what} must be in [{low}, {high}], got {worst}")


def product_table(
    length: int, activation_source: SourceLike = "counter", weight_source: SourceLike = "vdc"
) -> NDArray[np.int64]:
    """Return F[X, W], the number of ones of x ∧ w in a window, for all pairs of codes (A11, exact table).

    Since all streams of a layer share their sources, the result of a multiplication depends on the two codes only. So a
    simulator can look products up instead of forming streams.

    Args:
        length: L.
        activation_source: Source of X, in any form that `sources.source` takes.
        weight_source: Source of W.

    Returns:
        int64, shape (length + 1, length), read-only; the row is X = 0 … L, the column W = 0 … L − 1.

    Example:
        >>> int(product_table(16)[8, 8])
        4
    """
    return _product_table(source(activation_source, length).tobytes(), source(weight_source, length).tobytes())


@lru_cache(maxsize=64)
def _product_table(activations: bytes, weights: bytes) -> NDArray[np.int64]:
    """Return F of two sources, given as the bytes of their numbers.

    The cache is keyed by the numbers and not by the names, because a name may be registered again with other numbers.
    """
    r_x, r_w = (np.frombuffer(numbers, dtype=np.int64) for numbers in (activations, weights))
    length = len(r_x)
    x = sng(np.arange(length + 1)[:, None], r_x).astype(np.int64)
    w = sng(np.arange(length)[:, None], r_w).astype(np.int64)
    table = x @ w.T
    table.setflags(write=False)
    return table


def pack_codes(codes: ArrayLike, length: int) -> NDArray[np.int64]:
    """Return signed weight codes as words of sign and magnitude, the sign in bit n (A2, codes).

    Args:
        codes: Integers in −(L − 1) … L − 1; raises ScError for others.
        length: L = 2ⁿ.

    Example:
        >>> pack_codes([3, -3, 0], 4).tolist()
        [3, 7, 0]
    """
    c = np.asarray(codes, dtype=np.int64)
    worst = int(c.flat[np.abs(c).argmax()]) if c.size else 0
    require(abs(worst) < length, f"weight codes must be in [{1 - length}, {length - 1}], got {worst}")
    return np.where(c < 0, length - c, c)


def unpack_codes(words: ArrayLike, length: int) -> NDArray[np.int64]:
    """Return the signed codes of words of sign and magnitude; the inverse of `pack_codes`.

    Example:
        >>> unpack_codes([3, 7, 0], 4).tolist()
        [3, -3, 0]
    """
    w = np.asarray(words, dtype=np.int64)
    return np.where(w & length, -(w & (length - 1)), w)
