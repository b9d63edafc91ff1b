"""The packed simulator: the same streams as 64-bit words, AND and popcount in compiled code, images in parallel.

A neuron's synapses lie one after the other, L bits each, in one row of words: for L < 64 a word holds 64 / L synapses.
Weights of each sign have a row of their own, so that the sign steers which popcount is added (A5). A zero word of the
input is skipped. A convolution's positions are rows of their own, as images are. Numba compiles on the
first call and caches the result.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, prange, types
from numba.extending import intrinsic
from numpy.typing import ArrayLike, NDArray

from .network import ConvLayer, DenseLayer, Network, PoolLayer
from .neurons import LifState, lif_step, window_if
from .result import Result
from .streams import encode, mux_select

__all__ = ["clock_sums", "expand", "pack", "pool", "run", "window_sums"]

WORD = 64
# Codes that are gathered for the positions of convolutions at a time: bounds memory.
_FIELD_CODES = 1 << 23
# Below this many words (a fraction of a millisecond) threads cost more to wake than they save.
_SERIAL_WORDS = 1 << 19


def _ctpop_typed(typing_context: Any, word: Any) -> Any:
    """Population count of a uint64: LLVM's ctpop, a vector instruction where the machine has one."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        (value,) = args
        function = builder.module.declare_intrinsic("llvm.ctpop", [ir.IntType(64)])
        return builder.call(function, [value])

    return types.uint64(types.uint64), codegen


_ctpop: Any = intrinsic(_ctpop_typed)


def pack(bits: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Pack rows of bits, shape (rows, n), into little-endian words, shape (rows, ⌈n / 64⌉), zero-filled.

    >>> pack(np.array([[True, False, True]])).tolist()
    [[5]]
    """
    rows, n = bits.shape
    words = -(-n // WORD)
    padded = np.zeros((rows, words * WORD), dtype=bool)
    padded[:, :n] = bits
    return np.packbits(padded, axis=1, bitorder="little").view("<u8").astype(np.uint64, copy=False)


def _expand(codes: NDArray[np.int64], streams: NDArray[np.uint64], length: int) -> NDArray[np.uint64]:
    rows, n = codes.shape
    out = np.zeros((rows, -(-n * length // WORD)), dtype=np.uint64)
    per_code = streams.shape[1]
    for i in prange(rows):
        for j in range(n):
            if length >= WORD:
                for k in range(per_code):
                    out[i, j * per_code + k] = streams[codes[i, j], k]
            else:
                bit = j * length
                out[i, bit // WORD] |= streams[codes[i, j], 0] << np.uint64(bit % WORD)
    return out


_expand_serial = njit(cache=True, nogil=True)(_expand)
_expand_parallel = njit(cache=True, nogil=True, parallel=True)(_expand)


def expand(codes: NDArray[np.int64], streams: NDArray[np.uint64], length: int) -> NDArray[np.uint64]:
    """Return rows of codes as rows of packed streams: shape (rows, n) → (rows, ⌈n·length / 64⌉).

    streams: the packed stream of each code, shape (codes, ⌈length / 64⌉).
    """
    small = codes.size * streams.shape[1] < _SERIAL_WORDS
    out: NDArray[np.uint64] = (_expand_serial if small else _expand_parallel)(codes, streams, length)
    return out


def _window_sums(
    x: NDArray[np.uint64], positive: NDArray[np.uint64], negative: NDArray[np.uint64]
) -> NDArray[np.int64]:
    images, words = x.shape
    neurons = positive.shape[0]
    sums = np.zeros((images, neurons), dtype=np.int64)
    for i in prange(images):
        live = np.empty(words, dtype=np.int64)
        count = 0
        for k in range(words):
            if x[i, k] != 0:
                live[count] = k
                count += 1
        for j in range(neurons):
            up = np.uint64(0)
            down = np.uint64(0)
            for m in range(count):
                k = live[m]
                up += _ctpop(x[i, k] & positive[j, k])
                down += _ctpop(x[i, k] & negative[j, k])
            sums[i, j] = np.int64(up) - np.int64(down)
    return sums


_window_sums_serial = njit(cache=True, nogil=True)(_window_sums)
_window_sums_parallel = njit(cache=True, nogil=True, parallel=True)(_window_sums)


def window_sums(x: NDArray[np.uint64], positive: NDArray[np.uint64], negative: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return S, shape (images, neurons); x: (images, words), positive and negative: (neurons, words)."""
    small = len(x) * positive.size < _SERIAL_WORDS
    sums: NDArray[np.int64] = (_window_sums_serial if small else _window_sums_parallel)(x, positive, negative)
    return sums


def _seen(layer: DenseLayer | ConvLayer, network: Network) -> tuple[int, NDArray[np.bool_]]:
    """Return what a one counts, and at which clocks each synapse counts, (inputs + 1, L): one a clock with a MUX."""
    synapses = layer.synapses.shape[1]
    if layer.adder == "apc":
        return 1, np.ones((synapses, network.length), dtype=bool)
    slots, sel = mux_select(synapses, network.length)
    return slots, np.arange(synapses)[:, None] == sel


def _fields(layer: ConvLayer, values: NDArray[Any]) -> NDArray[Any]:
    """Return the codes or bits that each position takes, 0 outside: (…, inputs) → (…, positions, fan-in)."""
    padded = np.concatenate([values, np.zeros_like(values[..., :1])], axis=-1)
    taken: NDArray[Any] = padded[..., layer.fields()]
    return taken


def pool(layer: PoolLayer, codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the codes that pooling gives (A19): (n, inputs) → (n, neurons)."""
    groups = codes[:, layer.groups()]
    if layer.kind == "max":
        greatest: NDArray[np.int64] = groups.max(axis=2)
        return greatest
    window = layer.size**2
    mean: NDArray[np.int64] = (2 * groups.sum(axis=2) + window) // (2 * window)
    return mean


def _weights(layer: DenseLayer | ConvLayer, network: Network) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    synapses = layer.synapses.astype(np.int64)
    streams = pack(encode(np.arange(network.length), network.length, network.weight_source))
    seen = pack(_seen(layer, network)[1].reshape(1, -1))
    return (
        expand(np.maximum(synapses, 0), streams, network.length) & seen,
        expand(np.maximum(-synapses, 0), streams, network.length) & seen,
    )


@njit(cache=True, parallel=True, nogil=True)
def clock_sums(x: NDArray[np.uint64], positive: NDArray[np.uint64], negative: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return what each neuron adds at each clock, shape (images, L, neurons).

    x: (images, L, words), the bits of a clock's synapses side by side; positive and negative: (L, neurons, words).
    """
    images, length, words = x.shape
    neurons = positive.shape[1]
    sums = np.zeros((images, length, neurons), dtype=np.int64)
    for i in prange(images):
        for t in range(length):
            for j in range(neurons):
                up = np.uint64(0)
                down = np.uint64(0)
                for k in range(words):
                    up += _ctpop(x[i, t, k] & positive[t, j, k])
                    down += _ctpop(x[i, t, k] & negative[t, j, k])
                sums[i, t, j] = np.int64(up) - np.int64(down)
    return sums


def _pack_last(bits: NDArray[np.bool_]) -> NDArray[np.uint64]:
    return pack(bits.reshape(-1, bits.shape[-1])).reshape(*bits.shape[:-1], -1)


def _layer_by_clock(layer: DenseLayer | ConvLayer, bits: NDArray[np.bool_], network: Network) -> NDArray[np.int64]:
    if isinstance(layer, ConvLayer):
        fields = np.moveaxis(_fields(layer, bits), 2, 1)
        images, positions, length, inputs = fields.shape
        one = DenseLayer(layer.synapses[:, :-1], layer.bias, layer.theta)
        sums = _layer_by_clock(one, fields.reshape(-1, length, inputs), network)
        sums = np.moveaxis(sums.reshape(images, positions, length, layer.channels), 1, 2)
        return np.ascontiguousarray(sums).reshape(images, length, layer.neurons)
    synapses = layer.synapses.astype(np.int64)
    scale, seen = _seen(layer, network)
    streams = np.moveaxis(encode(np.abs(synapses), network.length, network.weight_source) & seen, -1, 0)
    with_bias = np.concatenate([bits, np.ones((*bits.shape[:2], 1), dtype=bool)], axis=2)
    positive, negative = _pack_last(streams & (synapses > 0)), _pack_last(streams & (synapses < 0))
    return scale * clock_sums(_pack_last(with_bias), positive, negative)


def _run_by_clock(network: Network, images: NDArray[np.uint16], spikes: bool) -> Result:
    """Run a network whose layers pass bits on, not counts (A17)."""
    length = network.length
    bits = np.moveaxis(encode(images, length, network.activation_source), -1, 1)
    counts: list[NDArray[np.int16]] = []
    kept: list[NDArray[np.bool_]] = []
    for layer in network.layers:
        if isinstance(layer, PoolLayer):
            codes = pool(layer, bits.sum(axis=1))
            bits = np.moveaxis(encode(codes, length), -1, 1)
            counts.append(codes.astype(np.int16))
            if spikes:
                kept.append(bits)
            continue
        sums = _layer_by_clock(layer, bits, network)
        if layer.lif is not None:
            state = LifState.start(layer.lif, (len(images), layer.neurons))
            bits = np.zeros(sums.shape, dtype=bool)
            for t in range(length):
                state, bits[:, t] = lif_step(state, sums[:, t] << network.theta_frac, layer.lif)
        else:
            s = sums.sum(axis=1)
            if layer.theta is None:
                return Result(scores=s.astype(np.int32), counts=tuple(counts), spikes=tuple(kept))
            bits = np.moveaxis(encode(window_if(s, layer.theta, network.theta_frac, length), length), -1, 1)
        counts.append(bits.sum(axis=1).astype(np.int16))
        if spikes:
            kept.append(bits)
    raise AssertionError("Network guarantees a readout layer")


def run(network: Network, codes: ArrayLike, block: int = 1024, *, spikes: bool = False) -> Result:
    """Run n images, codes of shape (n, inputs) in 0 … L; `block` images are expanded to bits at a time.

    spikes: keep those of hidden layers. For that, and for `lif` neurons, sums are taken clock by clock.
    """
    images = network.check_codes(codes)
    if network.temporal or spikes:
        parts = [_run_by_clock(network, images[k : k + block], spikes) for k in range(0, max(1, len(images)), block)]
        return Result(
            scores=np.concatenate([p.scores for p in parts]),
            counts=tuple(np.concatenate(c) for c in zip(*(p.counts for p in parts), strict=True)),
            spikes=tuple(np.concatenate(c) for c in zip(*(p.spikes for p in parts), strict=True)),
        )
    length, hidden = network.length, network.layers[:-1]
    scores = np.zeros((len(images), network.classes), dtype=np.int32)
    counts = tuple(np.zeros((len(images), x.neurons), dtype=np.int16) for x in hidden)
    weights = [None if isinstance(layer, PoolLayer) else _weights(layer, network) for layer in network.layers]
    streams = pack(encode(np.arange(length + 1), length, network.activation_source))
    block = max(1, min(block, _FIELD_CODES // max(_field_codes(layer) for layer in network.layers)))
    for start in range(0, len(images), block):
        part = slice(start, start + block)
        x = images[part].astype(np.int64)
        for k, layer in enumerate(network.layers):
            synapses = weights[k]
            if isinstance(layer, PoolLayer):
                x = pool(layer, x)
            else:
                assert synapses is not None
                rows = _fields(layer, x).reshape(-1, layer.synapses.shape[1] - 1) if isinstance(layer, ConvLayer) else x
                with_bias = np.concatenate([rows, np.full((len(rows), 1), length)], axis=1)
                s = window_sums(expand(with_bias, streams, length), *synapses) * _seen(layer, network)[0]
                s = s.reshape(len(x), layer.neurons)
                if layer.theta is None:
                    scores[part] = s
                    continue
                x = window_if(s, layer.theta, network.theta_frac, length)
            counts[k][part] = x
    return Result(scores=scores, counts=counts)


def _field_codes(layer: DenseLayer | ConvLayer | PoolLayer) -> int:
    """Codes that one image's positions take from a layer's input."""
    if isinstance(layer, ConvLayer):
        return layer.neurons // layer.channels * int(layer.synapses.shape[1])
    if isinstance(layer, PoolLayer):
        return layer.neurons * layer.size * layer.size
    return layer.inputs
