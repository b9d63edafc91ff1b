"""The packed simulator: the same streams as 64-bit words, AND and popcount in compiled code, images in parallel.

It counts every product bit, as the golden model does, but 64 of them in one operation. So it runs whole data sets, and
it also runs networks that the exact table does not cover, those with `lif` neurons or MUX adders.

How streams lie in words depends on the layer. Normally the synapses of a neuron lie one after the other, L bits each;
for L < 64 a word holds several of them. Where ones come at any clock (`lif` neurons, A17, streaming) the synapses of
one clock lie side by side instead. The positions of a convolution are rows of their own, as images are. A MUX masks the
bits of the inputs that it does not select. The loops that count are in `kernels`.

Networks in steps (A20) run in `packed_steps`, which `run` and `prepare` call.

Memory: the streams of the weights, (L + 1) / 8 bytes a synapse, and for each thread a block of images, whose size does
not grow with the network. Numba compiles on the first call and caches the result.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import kernels
from .errors import require
from .kernels import VECTOR_WORDS, WORD, Words, clock_bits, clock_sums, expand
from .network import Layer, Network, WeightedLayer
from .neurons import ClockNeuron, WindowNeuron
from .result import Result
from .sources import source
from .streams import encode, mux_select
from .threads import in_blocks

if TYPE_CHECKING:
    from . import packed_steps

__all__ = ["Prepared", "Weights", "Windows", "pack", "prepare", "run"]

# Words of a block of images, 2 MiB a thread; a single image may take more.
_BLOCK_WORDS = 1 << 18
# Below this many products of words (a fraction of a millisecond) threads cost more to start than they save.
SERIAL_WORDS = 1 << 20
# Neurons whose weights are formed at a time.
_ROWS = 64


def pack(bits: NDArray[np.bool_]) -> Words:
    """Pack rows of bits into 64-bit words; bit k of a row is bit k mod 64 of word ⌊k / 64⌋.

    Args:
        bits: Bits, shape (…, n).

    Returns:
        Words, shape (…, ⌈n / 64⌉); unused bits are 0.

    Example:
        >>> pack(np.array([[True, False, True]])).tolist()
        [[5]]
    """
    packed = np.packbits(bits, axis=-1, bitorder="little")
    padded = np.zeros((*bits.shape[:-1], -(-bits.shape[-1] // WORD) * 8), dtype=np.uint8)
    padded[..., : packed.shape[-1]] = packed
    return padded.view("<u8").astype(np.uint64, copy=False)


def _unpack(words: Words, n: int) -> NDArray[np.bool_]:
    """Return the first n bits of rows of words, (…, words) → (…, n)."""
    octets = words.astype("<u8", copy=False).view(np.uint8)
    return np.unpackbits(octets, axis=-1, count=n, bitorder="little").view(np.bool_)


def _words(*shape: int) -> Words:
    """Return an array of zero words that begins at a cache line, so that no vector crosses two lines."""
    size = int(np.prod(shape))
    raw = np.zeros(size + VECTOR_WORDS, dtype=np.uint64)
    start = -raw.ctypes.data // 8 % VECTOR_WORDS
    return raw[start : start + size].reshape(shape)


def _lanes(neurons: int) -> int:
    """Return the number of neurons, rounded up to whole vectors of the kernels."""
    return -(-neurons // VECTOR_WORDS) * VECTOR_WORDS


def _signs(negative: NDArray[np.bool_]) -> Words:
    """Return the signs (neurons, inputs) in the form that the kernels read: (⌈inputs / 64⌉, lanes), a bit an input."""
    signs = _words(-(-negative.shape[1] // WORD), _lanes(len(negative)))
    signs[:, : len(negative)] = pack(negative).T
    return signs


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """The packed streams of signed weights (neurons, inputs), and their sums with streams of inputs (A6, add).

    `kernels` explains why the streams of negative weights are stored inverted.

    Attributes:
        length: L.
        neurons: Number of rows of the weight matrix.
        words: The streams, shape (words, lanes), a lane for each neuron; inverted where the weight is negative.
        negative: The signs, shape (⌈inputs / 64⌉, lanes); shape (0, lanes) if no weight is negative.
    """

    length: int
    neurons: int
    words: Words
    negative: Words

    @classmethod
    def of_rows(cls, rows: Iterable[Words], negative: NDArray[np.bool_], length: int) -> Weights:
        """Return weights from packed streams that are already inverted where the weight is negative.

        Args:
            rows: Blocks of rows, shape (some neurons, words) each, in order. Only one block is in memory at a time.
            negative: Which weights are negative, shape (neurons, inputs).
            length: L.
        """
        neurons, inputs = negative.shape
        words, first = _words(-(-inputs * length // WORD), _lanes(neurons)), 0
        for some in rows:
            kernels.put_rows(words, some, first)
            first += len(some)
        return cls(length, neurons, words, _signs(negative if negative.any() else negative[:, :0]))

    @classmethod
    def of_codes(cls, codes: NDArray[Any], streams: Words, length: int) -> Weights:
        """Return weights of signed codes.

        Args:
            codes: Signed codes, shape (neurons, inputs).
            streams: The packed stream of each magnitude 0, 1, …, one a row.
            length: L.
        """
        inside = pack(np.ones((1, length), dtype=bool))
        # `inside` clears the bits behind the stream that the inversion has set.
        signed = np.concatenate([~streams[:0:-1] & inside, streams])  # of the codes …, −1, 0, 1, …
        zero = len(streams) - 1
        parts = (codes[k : k + _ROWS] for k in range(0, len(codes), _ROWS))
        return cls.of_rows((expand(p.astype(np.int64) + zero, signed, length) for p in parts), codes < 0, length)

    def sums(self, x: Words, ones: NDArray[Any]) -> NDArray[np.int64]:
        """Return the sums S of each image, shape (images, neurons).

        Args:
            x: The inputs' streams side by side, shape (images, words).
            ones: How many ones each of these streams has, shape (images, inputs).
        """
        numbers = np.ascontiguousarray(ones, dtype=np.uint32)
        s: NDArray[np.int64] = kernels.window_sums(x, numbers, self.words, self.negative, self.length, self.neurons)
        return s


def _seen(layer: WeightedLayer, network: Network) -> tuple[int, NDArray[np.bool_]]:
    """Return what a product bit counts, and at which clocks each synapse is counted.

    Returns:
        (one, seen): with a parallel counter 1 and all true; with a MUX the number of its slots, and for each synapse
        the clocks at which it is selected. `seen` has the shape (inputs + 1, L); the bias is the last row.
    """
    synapses = layer.fan_in + 1
    if layer.adder == "apc":
        return 1, np.ones((synapses, network.length), dtype=bool)
    slots, sel = mux_select(synapses, network.length)
    return slots, np.arange(synapses)[:, None] == sel


class Windows:
    """The sums of a layer whose inputs are `counter` streams of codes, computed window by window."""

    def __init__(self, layer: WeightedLayer, network: Network) -> None:
        self.layer, self.length = layer, network.length
        codes = layer.weights.reshape(len(layer.weights), -1)
        streams = pack(encode(np.arange(network.length), network.length, network.weight_source))
        self.weights = Weights.of_codes(codes, streams, network.length)
        self.one, seen = _seen(layer, network)
        self.bias = _bias(layer, network, seen[-1]).sum(axis=0, dtype=np.int64)
        self.seen = None
        if layer.adder == "mux":
            self.seen = pack(seen[:-1].reshape(1, -1))
            # Of a code's ones, which come first, those that the MUX selects.
            self.seen_before = np.concatenate([np.zeros((1, len(codes[0])), int), seen[:-1].T.cumsum(axis=0)])
        self.streams = pack(encode(np.arange(network.length + 1), network.length))
        fields = layer.fields()
        # A layer that reads all its inputs in their order needs no copy of them.
        whole = np.array_equal(fields, np.arange(layer.inputs)[None])
        self.fields = None if whole else fields
        positions = len(fields)
        self.words_per_image = positions * len(self.weights.words)
        self.products_per_image = positions * self.weights.words.size

    def sums(self, x: NDArray[np.uint16]) -> NDArray[np.int64]:
        """Return S, shape (images, neurons), of codes of shape (images, inputs)."""
        if self.fields is not None:  # the codes that each position takes, 0 outside
            padded = np.concatenate([x, np.zeros_like(x[:, :1])], axis=1)
            x = padded[:, self.fields].reshape(-1, self.fields.shape[1])
        bits, ones = expand(x, self.streams, self.length), x
        if self.seen is not None:
            bits &= self.seen
            ones = self.seen_before[x, np.arange(x.shape[1])]
        s: NDArray[np.int64] = (self.weights.sums(bits, ones) + self.bias) * self.one
        return s.reshape(-1, self.layer.neurons)


class _Clocks:
    """The sums or spikes of a layer with one position whose inputs have ones at any clock, computed by clock."""

    def __init__(self, layer: WeightedLayer, network: Network) -> None:
        self.layer, self.theta_frac = layer, network.theta_frac
        whole = np.array_equal(layer.fields(), np.arange(layer.inputs)[None])
        require(whole, f"layer {layer.label} takes spikes, or has neurons that do, so it must read all inputs in order")
        self.one, seen = _seen(layer, network)
        codes = layer.weights
        self.words = _words(network.length, -(-layer.inputs // WORD), _lanes(layer.neurons))
        r = source(network.weight_source, network.length)
        kernels.clock_weights(self.words, np.ascontiguousarray(codes.T), r)
        self.negative = _signs(codes < 0)
        self.bias = _bias(layer, network, seen[-1])
        self.seen = None if layer.adder == "apc" else pack(np.ascontiguousarray(seen[:-1].T))
        self.words_per_image = self.words.shape[0] * self.words.shape[1]
        self.products_per_image = self.words.size

    def _of(self, bits: Words) -> tuple[Words, Words, Words, NDArray[np.int8]]:
        """Return the arguments of `kernels.clock_sums`; a MUX hides the inputs that it does not select."""
        return bits if self.seen is None else bits & self.seen, self.words, self.negative, self.bias

    def sums(self, bits: Words) -> NDArray[np.int64]:
        """Return S, shape (images, neurons), of packed bits of shape (images, L, words)."""
        s: NDArray[np.int64] = clock_sums(*self._of(bits)) * self.one
        return s

    def spikes(self, bits: Words) -> tuple[Words, NDArray[np.int64]]:
        """Return the packed bits (images, L, words) and the counts (images, neurons) of the layer's neurons.

        A kind of neuron may have a compiled loop of its own, as `lif` has. For any other, its `step` is called at each
        clock.
        """
        neuron = self.layer.neuron
        assert isinstance(neuron, ClockNeuron)
        scale, clocks = self.one << self.theta_frac, self._of(bits)
        compiled = neuron.packed_spikes(clocks, scale)
        if compiled is not None:
            return compiled
        x, words, negative, bias = clocks
        found = np.zeros((len(x), x.shape[1], bias.shape[1]), dtype=bool)
        state = neuron.start((len(x), bias.shape[1]))
        for t in range(x.shape[1]):
            now = slice(t, t + 1)
            sums = clock_sums(np.ascontiguousarray(x[:, now]), words[now], negative, bias[now])
            state, found[:, t] = neuron.step(state, sums * scale)
        return pack(found), found.sum(axis=1, dtype=np.int64)


def _bias(layer: WeightedLayer, network: Network, seen: NDArray[np.bool_]) -> NDArray[np.int8]:
    """Return what the bias (A7) adds at each clock: −1, 0 or 1, shape (L, neurons).

    Args:
        layer: The layer.
        network: The network that it belongs to.
        seen: The clocks at which the bias is counted, shape (L,).
    """
    codes = layer.bias.astype(np.int64)
    bits = encode(np.abs(codes), network.length, network.weight_source) & seen
    return np.ascontiguousarray(bits.T, dtype=np.int8) * np.sign(codes).astype(np.int8)


#: A network in the form that `run` needs: for each layer its packed weights, or the layer itself if it has none; or a
#: network in steps.
Prepared: TypeAlias = "list[Layer | Windows | _Clocks] | packed_steps.Prepared"


def prepare(network: Network) -> Prepared:
    """Return the packed weights of a network. Pass them to `run` to pack only once for several runs."""
    if network.steps is not None:
        from . import packed_steps

        return packed_steps.prepare(network)
    steps: list[Layer | Windows | _Clocks] = []
    by_clock = False  # what a layer gets: codes, or bits that come in any order
    for layer in network.layers:
        if not isinstance(layer, WeightedLayer):
            steps.append(layer)
        elif by_clock or layer.temporal:
            steps.append(_Clocks(layer, network))
        else:
            steps.append(Windows(layer, network))
        by_clock = layer.temporal
    return steps


def run(
    network: Network, codes: ArrayLike, block: int = 1024, *, spikes: bool = False, prepared: Prepared | None = None
) -> Result:
    """Run the network on n images or samples.

    Args:
        network: The network.
        codes: Input codes, 0 … L, shape (n, inputs); (n, T, inputs) of a network in steps that is not constant.
        block: The greatest number of images that are expanded to bits at a time; it bounds memory.
        spikes: Whether the result keeps every bit of the hidden layers, and not only their counts.
        prepared: The network's packed weights from `prepare`, where they exist already.

    Returns:
        Scores and counts, and spikes where asked for; equal to those of the golden model.

    Raises:
        ScError: If the codes have a wrong shape or are out of range, or `block` is below 1.
    """
    if network.steps is not None:
        from . import packed_steps

        ready = packed_steps.prepare(network) if prepared is None else prepared
        assert isinstance(ready, packed_steps.Prepared)
        return packed_steps.run(network, codes, block, spikes=spikes, prepared=ready)
    images = network.check_codes(codes)
    require(block >= 1, f"block must be at least 1, got {block}")
    length, hidden = network.length, network.layers[:-1]
    scores = np.zeros((len(images), network.classes), dtype=np.int32)
    counts = tuple(np.zeros((len(images), x.neurons), dtype=np.int16) for x in hidden)
    kept = tuple(np.zeros((len(images), length, x.neurons), dtype=bool) for x in hidden if spikes)
    steps = prepare(network) if prepared is None else prepared
    assert isinstance(steps, list)

    def work(part: slice) -> None:
        x: NDArray[Any] = images[part]
        bits: Words | None = None  # where they come in any order; x is then their counts
        for k, (layer, step) in enumerate(zip(network.layers, steps, strict=True)):
            if isinstance(step, Layer):
                x = step.codes(x.astype(np.int64))
            elif isinstance(step, _Clocks) and layer.temporal:
                bits, x = step.spikes(clock_bits(x, length) if bits is None else bits)
            else:
                if isinstance(step, _Clocks):
                    assert bits is not None
                    s, bits = step.sums(bits), None
                else:
                    s = step.sums(x)
                if layer.neuron is None:
                    scores[part] = s
                    continue
                assert isinstance(layer.neuron, WindowNeuron)
                x = layer.neuron.counts(s, network.theta_frac, length)
            x = x.astype(np.uint16)
            counts[k][part] = x
            if spikes:
                kept[k][part] = np.moveaxis(encode(x, length), -1, 1) if bits is None else _unpack(bits, layer.neurons)

    # The layer with the most words an image decides how many images a block may have.
    most = max(step.neurons if isinstance(step, Layer) else step.words_per_image for step in steps)
    products = sum(0 if isinstance(step, Layer) else step.products_per_image for step in steps)
    in_blocks(work, len(images), min(block, _BLOCK_WORDS // most), serial=len(images) * products < SERIAL_WORDS)
    return Result(scores=scores, counts=counts, spikes=kept)
