"""Fault injection: transient bit flips and stuck-at gates, on the stochastic datapath and on its binary peer.

It answers how many wrong bits a network survives, and how it compares with an ordinary integer network. In both
datapaths every synapse exists in space (A17, streaming). `FaultModel` says what is broken, and `run` runs a network
with these faults. The sites are:

=============  =====================================================  ==================================================
site           stochastic: each bit in each of the L clocks           binary: each bit of each word, once an inference
=============  =====================================================  ==================================================
activation     stream of an input line, at its driver                 code X of an input line, n + 1 bits
weight         weight stream at the gate of a synapse                 weight of a synapse, n bits and sign
product        output of the AND gate                                 output of the multiplier, 2n + 1 bits
accumulator    register of S, n + ⌈log₂(fan-in + 2)⌉ + 1 bits         S, 2n + 2 + ⌈log₂(fan-in + 2)⌉ bits
state          in steps: each bit of a neuron's state, once a step    none
=============  =====================================================  ==================================================

The binary peer is the plain integer network of A12, which has X·W for F[X, W] and thresholds θ·L. Its products are
magnitudes, whose direction the sign gives; its S is in two's complement. A flip in an accumulator of the stochastic
datapath stays until the window ends. A synapse whose weight is 0 has neither a gate nor a multiplier, and the bias (A7)
has no input line. Flips are independent of each other, also from image to image; stuck gates are the same for all
images. The same seed gives the same faults, whatever the block size or the number of threads.

A network in steps (A20) has the stochastic datapath only: its spikes are added as integers anyway. Each step is a
window of L clocks with the sites above, also where the input is constant. Layers have the lines of their edges' sources
beside their inputs, and each has its register of S. `state` is what lasts from step to step: of each neuron v, and i or
a (A21), with as many bits as the width, and the 8 bits of the rest that is left where neurons may be refractory. It may
be flipped between two steps, so not before the first one. The accumulators of scores are not covered.

Not covered are the sources and comparators, where one fault would affect many streams, and the v of neurons that make a
step in each clock (A13).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numba import prange
from numpy.typing import ArrayLike, NDArray

from .errors import require
from .jit import njit
from .kernels import Words, ctpop
from .network import DenseLayer, Network
from .neurons import ClockNeuron, WindowNeuron, window_if
from .neurons.sample import map_state
from .packed import pack
from .result import Result, sample_result
from .sources import log2_length
from .streams import encode

__all__ = ["DATAPATHS", "SITES", "STEPS_SITES", "FaultModel", "exposure", "flip_bits", "flip_words", "run", "stuck_at"]

#: The two datapaths, and the sites of faults in each.
DATAPATHS = ("stochastic", "binary")
SITES = ("activation", "weight", "product", "accumulator")
#: Those of networks in steps.
STEPS_SITES = (*SITES, "state")

_ALL = np.uint64(2**64 - 1)
_ONE = 1 << 53  # probabilities in units of 2⁻⁵³
_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31 = np.uint64(27), np.uint64(30), np.uint64(31)
_0, _1, _TOP = np.uint64(0), np.uint64(1), np.uint64(1 << 52)


def _check_rate(name: str, value: float) -> None:
    """Raise ScError unless the value is a probability."""
    number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    require(number and 0 <= value <= 1, f"{name} must be a probability in [0, 1], got {value!r}")


@dataclass(frozen=True, slots=True)
class FaultModel:
    """Rates of faults by site, and the seed that places them. Without arguments nothing is broken.

    The table of this module says what the bits of each site are, and how often each may flip. Stuck bits are product
    bits: outputs of AND gates, or bits of the outputs of multipliers.

    Attributes:
        activation_ber: Bit error rate of activations: the probability that a bit is flipped.
        weight_ber: Bit error rate of weights.
        product_ber: Bit error rate of products.
        accumulator_ber: Bit error rate of accumulators.
        stuck_at_0: Fraction of product bits that are always 0.
        stuck_at_1: Fraction of product bits that are always 1; the two fractions add up to at most 1.
        seed: 0 … 2⁶³ − 1.
        stuck_synapses: Whether the fractions are of synapses, so that all bits of a multiplier's output are stuck
            together. An AND gate has one output bit, so in the stochastic datapath the same gates are stuck either way.
        state_ber: Bit error rate of the neurons' states, which only networks in steps have.

    Raises:
        ScError: For anything else.

    Example:
        >>> FaultModel(product_ber=0.01).ber("product")
        0.01
    """

    activation_ber: float = 0.0
    weight_ber: float = 0.0
    product_ber: float = 0.0
    accumulator_ber: float = 0.0
    stuck_at_0: float = 0.0
    stuck_at_1: float = 0.0
    seed: int = 0
    stuck_synapses: bool = False
    state_ber: float = 0.0

    def __post_init__(self) -> None:
        for name in (f.name for f in fields(self) if f.name not in ("seed", "stuck_synapses")):
            _check_rate(name, getattr(self, name))
        both = self.stuck_at_0 + self.stuck_at_1
        require(both <= 1, f"stuck_at_0 + stuck_at_1 must be at most 1, got {both}")
        _check_seed(self.seed)
        whole = self.stuck_synapses
        require(isinstance(whole, (bool, np.bool_)), f"stuck_synapses must be True or False, got {whole!r}")

    def ber(self, site: str) -> float:
        """Return the bit error rate of a site; raises ScError for a name that is not in `STEPS_SITES`."""
        require(site in STEPS_SITES, f"site must be one of {', '.join(STEPS_SITES)}, got {site!r}")
        rate: float = getattr(self, f"{site}_ber")
        return rate


def _check_seed(seed: int) -> None:
    """Raise ScError unless the value is an integer in 0 … 2⁶³ − 1."""
    whole = isinstance(seed, (int, np.integer)) and not isinstance(seed, bool)
    require(whole and 0 <= seed < 1 << 63, f"seed must be an integer in [0, 2^63 - 1], got {seed!r}")


# --- random words: a function of a key and an index, so that no fault depends on the order of the work ---------------


def _key(seed: int, *place: int) -> np.uint64:
    """Return the 64-bit key of the random words of one place, such as a layer's weights."""
    return np.uint64(np.random.SeedSequence([int(seed), *place]).generate_state(1, np.uint64)[0])


def _threshold(rate: float) -> np.uint64:
    """Return a probability in units of 2⁻⁵³."""
    return np.uint64(round(float(rate) * _ONE))


@njit(inline="always")
def _mix(z: np.uint64) -> np.uint64:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014): a bijection of 64-bit words."""
    z = (z ^ (z >> _S30)) * _M1
    z = (z ^ (z >> _S27)) * _M2
    return z ^ (z >> _S31)


@njit()
def _bernoulli(key: np.uint64, index: np.uint64, threshold: np.uint64, lanes: np.uint64) -> np.uint64:
    """Return a word whose bits in `lanes` are independently 1 with probability threshold · 2⁻⁵³, the others 0.

    Every lane compares a random fraction, drawn bit by bit from the top, with the probability, until all are decided.
    """
    if threshold > _TOP and threshold >= (_TOP << _1):
        return lanes
    state = _mix(key ^ _mix(index + _GAMMA))
    word, undecided, bit = _0, lanes, _TOP
    while undecided != _0 and bit != _0:  # noqa: PLR1714 (compiled)
        state += _GAMMA
        r = _mix(state)
        if threshold & bit != _0:
            word |= undecided & ~r
            undecided &= r
        else:
            undecided &= ~r
        bit >>= _1
    return word


@njit(parallel=True)
def _words(key: np.uint64, first: int, lanes: Words, threshold: np.uint64) -> Words:
    """Return the word of each index first, first + 1, …, one for each of `lanes`."""
    out = np.empty(lanes.size, dtype=np.uint64)
    for k in prange(lanes.size):
        out[k] = _bernoulli(key, np.uint64(first + k), threshold, lanes[k])
    return out


def _flips(key: np.uint64, first: int, lanes: Words, rate: float) -> Words:
    """Return words of the shape of `lanes`, in which each bit of `lanes` is 1 with probability `rate`."""
    return _words(key, first, np.ascontiguousarray(lanes).ravel(), _threshold(rate)).reshape(lanes.shape)


def _stuck(seed: int, place: int, lanes: Words, at_0: float, at_1: float) -> tuple[Words, Words]:
    """Return the bits stuck at 0 and those stuck at 1: disjoint, within lanes."""
    zeros = _flips(_key(seed, 4, place), 0, lanes, at_0)
    ones = _flips(_key(seed, 5, place), 0, lanes, at_1 / (1 - at_0) if at_0 < 1 else 0.0)
    return zeros, ones & ~zeros


# --- on any stream or word -------------------------------------------------------------------------------------------


def flip_bits(bits: ArrayLike, ber: float, seed: int = 0) -> NDArray[np.bool_]:
    """Return a copy of bits, each of which is flipped with probability `ber`.

    Args:
        bits: Bits of any shape.
        ber: Bit error rate, 0 … 1.
        seed: Which bits are flipped, 0 … 2⁶³ − 1.

    Raises:
        ScError: For a rate or a seed out of range.

    Example:
        >>> flip_bits([True, False], 1.0).tolist()
        [False, True]
    """
    _check_rate("ber", ber)
    _check_seed(seed)
    x: NDArray[np.bool_] = np.asarray(bits, dtype=bool)
    lanes = np.full(-(-x.size // 64), _ALL)
    flips = np.unpackbits(_flips(_key(seed, 6), 0, lanes, ber).astype("<u8").view(np.uint8), bitorder="little")
    out: NDArray[np.bool_] = x ^ flips[: x.size].astype(bool).reshape(x.shape)
    return out


def flip_words(words: ArrayLike, width: int, ber: float, seed: int = 0) -> NDArray[np.int64]:
    """Return a copy of unsigned words, each bit of which is flipped with probability `ber`.

    Args:
        words: Integers in 0 … 2^width − 1, any shape.
        width: Bits of a word, 1 … 62.
        ber: Bit error rate, 0 … 1.
        seed: Which bits are flipped, 0 … 2⁶³ − 1.

    Raises:
        ScError: For a width, a word, a rate or a seed out of range.

    Example:
        >>> flip_words([0, 5], 3, 1.0).tolist()
        [7, 2]
    """
    _check_rate("ber", ber)
    _check_seed(seed)
    require(1 <= width <= 62, f"width must be in [1, 62], got {width}")
    x = np.asarray(words)
    require(np.issubdtype(x.dtype, np.integer), f"words must be integers, got {x.dtype}")
    if x.size:
        low, high = int(x.min()), int(x.max())
        require(low >= 0 and high < 1 << width, f"words must be in [0, {(1 << width) - 1}], got {low} … {high}")
    lanes = np.full(x.shape, (1 << width) - 1, dtype=np.uint64)
    return x.astype(np.int64) ^ _flips(_key(seed, 7), 0, lanes, ber).astype(np.int64)


def stuck_at(bits: ArrayLike, at_0: float, at_1: float, seed: int = 0) -> NDArray[np.bool_]:
    """Return a copy of streams, a fraction of which is stuck at 0 or at 1 in all clocks.

    Args:
        bits: Streams; the last axis is time, and each stream of the other axes is the output of one gate.
        at_0: Fraction of streams that are always 0.
        at_1: Fraction of streams that are always 1; at_0 + at_1 is at most 1.
        seed: Which streams are stuck, 0 … 2⁶³ − 1.

    Raises:
        ScError: For a rate outside [0, 1], a sum above 1 or a bad seed.

    Example:
        >>> stuck_at([[True, False], [False, False]], 0.0, 1.0).tolist()
        [[True, True], [True, True]]
    """
    FaultModel(stuck_at_0=at_0, stuck_at_1=at_1, seed=seed)  # the same rules
    x = np.asarray(bits, dtype=bool)
    require(x.ndim, f"bits must have a last axis, time, got shape {x.shape}")
    zeros, ones = _stuck(seed, 0, np.ones(x.shape[:-1], dtype=np.uint64), at_0, at_1)
    out: NDArray[np.bool_] = (x | (ones > 0)[..., None]) & ~(zeros > 0)[..., None]
    return out


# --- the stochastic datapath -----------------------------------------------------------------------------------------


@njit(parallel=True, nogil=True)
def _clock_sums(
    x: Words,
    streams: Words,
    exists: Words,
    negative: Words,
    stuck: tuple[Words, Words],
    keys: tuple[np.uint64, np.uint64],
    thresholds: tuple[np.uint64, np.uint64],
    first: int,
) -> NDArray[np.int64]:
    """Return what each neuron adds at each clock, with faults, shape (images, L, neurons).

    Args:
        x: Bits of the inputs, those of a clock side by side, shape (images, L, words).
        streams: Bits of the weights' magnitudes, shape (L, neurons, words).
        exists: Which synapses exist, shape (neurons, words).
        negative: Which weights are negative, shape (neurons, words).
        stuck: Which gates are stuck at 0, and which at 1, each of shape (neurons, words).
        keys: Keys of the flips of weights and of products.
        thresholds: Their probabilities, in units of 2⁻⁵³.
        first: Index of image 0 among all images.
    """
    images, length, words = x.shape
    neurons = streams.shape[1]
    sums = np.zeros((images, length, neurons), dtype=np.int64)
    for i in prange(images):
        for t in range(length):
            for j in range(neurons):
                up, down = _0, _0
                for k in range(words):
                    index = np.uint64((((first + i) * length + t) * neurons + j) * words + k)
                    w = streams[t, j, k]
                    if thresholds[0] != _0:
                        w ^= _bernoulli(keys[0], index, thresholds[0], exists[j, k])
                    p = x[i, t, k] & w
                    if thresholds[1] != _0:
                        p ^= _bernoulli(keys[1], index, thresholds[1], exists[j, k])
                    p = (p | stuck[1][j, k]) & ~stuck[0][j, k]
                    up += ctpop(p & ~negative[j, k])
                    down += ctpop(p & negative[j, k])
                sums[i, t, j] = np.int64(up) - np.int64(down)
    return sums


def _stochastic_width(inputs: int, length: int) -> int:
    """Width of the register of S, as rtl/sc_stream_dense.v derives it from the number of inputs."""
    return log2_length(length) + (inputs + 1).bit_length() + 1


def _wrap(values: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    """Read the low `width` bits as two's complement."""
    low: NDArray[np.int64] = values & ((1 << width) - 1)
    return low - ((low >> width - 1) << width)


def _accumulate(
    sums: NDArray[np.int64], synapses: NDArray[Any], length: int, ber: float, key: np.uint64, first: int
) -> NDArray[np.int64]:
    """Return S from a register that starts at −L·m and counts sum(t) + m (A17), with flips of it in each clock.

    Args:
        sums: What each neuron adds at each clock, shape (images, L, neurons).
        synapses: Weights of a neuron and its bias, shape (neurons, inputs + 1).
        length: L.
        ber: Probability of a flip.
        key: Key of the flips.
        first: Index of image 0 among all images.
    """
    if ber == 0:
        return np.asarray(sums.sum(axis=1))
    width = _stochastic_width(synapses.shape[1] - 1, length)
    below = (synapses < 0).sum(axis=1)
    flips = _flips(key, first * sums[0].size, np.full(sums.shape, (1 << width) - 1, dtype=np.uint64), ber)
    register = np.broadcast_to(-length * below, (len(sums), len(below))).astype(np.int64)
    for t in range(length):
        register = _wrap((register ^ flips[:, t].astype(np.int64)) + sums[:, t] + below, width)
    return register


def _layers(network: Network) -> tuple[DenseLayer, ...]:
    """Return the network's layers; raises ScError if one of them is not dense."""
    return network.dense_layers("fault injection")


def _stochastic(network: Network, images: NDArray[np.uint16], faults: FaultModel, first: int) -> Result:
    """Run images through the stochastic datapath; `first` is the index of the first one, which places its faults."""
    length = network.length
    bits = np.moveaxis(encode(images, length, network.activation_source), -1, 1)
    counts: list[NDArray[np.int16]] = []
    for place, layer in enumerate(_layers(network)):
        synapses = layer.synapses.astype(np.int64)
        streams = np.moveaxis(encode(np.abs(synapses), length, network.weight_source), -1, 0)
        exists, negative = pack(synapses != 0), pack(synapses < 0)
        x = pack(np.concatenate([bits, np.ones((*bits.shape[:2], 1), dtype=bool)], axis=2))
        if faults.activation_ber:
            lines = pack(np.arange(layer.inputs + 1) < layer.inputs)  # all but the bias
            lanes = np.broadcast_to(lines, x.shape)
            x ^= _flips(_key(faults.seed, 0, place), first * x[0].size, lanes, faults.activation_ber)
        sums = _clock_sums(
            x,
            pack(streams),
            exists,
            negative,
            _stuck(faults.seed, place, exists, faults.stuck_at_0, faults.stuck_at_1),
            (_key(faults.seed, 1, place), _key(faults.seed, 2, place)),
            (_threshold(faults.weight_ber), _threshold(faults.product_ber)),
            first,
        )
        if isinstance(layer.neuron, ClockNeuron):
            state = layer.neuron.start((len(images), layer.neurons))
            bits = np.zeros(sums.shape, dtype=bool)
            for t in range(length):
                state, bits[:, t] = layer.neuron.step(state, sums[:, t] << network.theta_frac)
        else:
            key = _key(faults.seed, 3, place)
            s = _accumulate(sums, layer.synapses, length, faults.accumulator_ber, key, first)
            if layer.neuron is None:
                return Result(scores=s.astype(np.int32), counts=tuple(counts))
            assert isinstance(layer.neuron, WindowNeuron)
            emitted = layer.neuron.counts(s, network.theta_frac, length)
            bits = np.moveaxis(encode(emitted, length, network.activation_source), -1, 1)
        counts.append(bits.sum(axis=1).astype(np.int16))
    raise AssertionError("Network guarantees a readout layer")


# --- networks in steps, on the stochastic datapath -------------------------------------------------------------------


def _synapses(network: Network, k: int) -> NDArray[np.int64]:
    """Return all synapses of layer k, (neurons, inputs + sources of edges + 1): its inputs, its edges, the bias."""
    steps, layer = network.steps, network.weighted[k]
    assert steps is not None
    return np.concatenate(
        [layer.weights, *(edge.weights for edge in steps.into(k)), layer.bias[:, None]], axis=1
    ).astype(np.int64)


def _state_bits(neuron: Any) -> dict[str, int]:
    """Return the bits of each state of `lif`, `li`, `synaptic` or `alif` neurons, by its name."""
    return {"v": neuron.width, "i": neuron.width, "a": neuron.width, "rest": 8 if neuron.refractory else 0}


def _states_bits(neuron: ClockNeuron, neurons: int) -> int:
    """Return the bits of all states of a layer's neurons."""
    bits = 0

    def count(name: str, values: NDArray[np.int64]) -> NDArray[np.int64]:
        nonlocal bits
        bits += _state_bits(neuron)[name] * values.size
        return values

    map_state(neuron.start((neurons,)), count)
    return bits


def _with_flips(neuron: ClockNeuron, state: Any, faults: FaultModel, place: tuple[int, int], first: int) -> Any:
    """Return a state with flips of its bits; `place`, layer and step, and the index of its first sample place them."""
    count = 0

    def flipped(name: str, values: NDArray[np.int64]) -> NDArray[np.int64]:
        nonlocal count
        count += 1
        width = _state_bits(neuron)[name]
        if width == 0:
            return values
        lanes = np.full(values.shape, (1 << width) - 1, dtype=np.uint64)
        key = _key(faults.seed, 8, *place, count)
        flips = _flips(key, first * values[0].size, lanes, faults.state_ber).astype(np.int64)
        # The rest is a number without a sign.
        return values ^ flips if name == "rest" else _wrap(values ^ flips, width)

    return map_state(state, flipped)


def _in_steps(network: Network, samples: NDArray[np.uint16], faults: FaultModel, first: int) -> Result:
    """Run samples of a network in steps; `first` is the index of the first one, which places its faults."""
    steps, length, n = network.steps, network.length, len(samples)
    assert steps is not None
    seed = faults.seed
    result = sample_result(network, n, spikes=False)
    synapses = [_synapses(network, k) for k in range(len(network.layers))]
    streams = [pack(np.moveaxis(encode(np.abs(w), length, network.weight_source), -1, 0)) for w in synapses]
    exists, negative = [pack(w != 0) for w in synapses], [pack(w < 0) for w in synapses]
    stuck = [_stuck(seed, k, gates, faults.stuck_at_0, faults.stuck_at_1) for k, gates in enumerate(exists)]
    neurons = [layer.neuron if isinstance(layer.neuron, ClockNeuron) else None for layer in network.layers]
    state = [x and x.start((n, layer.neurons)) for x, layer in zip(neurons, network.layers, strict=True)]
    fired: list[list[NDArray[np.bool_]]] = []
    for t in range(steps.count):
        fired.append([])
        codes = samples if steps.constant else samples[:, t]
        bits = np.moveaxis(encode(codes, length, network.activation_source), -1, 1)
        for k, neuron in enumerate(neurons):
            lines = [bits if k == 0 else _spikes(fired[t][k - 1], length)]
            for edge in steps.into(k):
                past = (
                    fired[t - edge.delay][edge.source]
                    if t >= edge.delay
                    else np.zeros((n, edge.weights.shape[1]), bool)
                )
                lines.append(_spikes(past, length))
            x = pack(np.concatenate([*lines, np.ones((n, length, 1), dtype=bool)], axis=2))
            if faults.activation_ber:
                all_lines = pack(np.arange(synapses[k].shape[1]) < synapses[k].shape[1] - 1)  # all but the bias
                lanes = np.broadcast_to(all_lines, x.shape)
                x ^= _flips(_key(seed, 0, k, t), first * x[0].size, lanes, faults.activation_ber)
            sums = _clock_sums(
                x,
                streams[k],
                exists[k],
                negative[k],
                stuck[k],
                (_key(seed, 1, k, t), _key(seed, 2, k, t)),
                (_threshold(faults.weight_ber), _threshold(faults.product_ber)),
                first,
            )
            s = _accumulate(sums, synapses[k], length, faults.accumulator_ber, _key(seed, 3, k, t), first)
            spike, u = np.zeros(s.shape, dtype=bool), None
            if neuron is not None:
                if t and faults.state_ber:
                    state[k] = _with_flips(neuron, state[k], faults, (k, t), first)
                state[k], spike, u = neuron.step_of_sample(state[k], s << network.theta_frac)
            fired[t].append(spike)
            if k < len(result.counts):
                result.counts[k][:] += spike
                continue
            added = {"sum": s, "spikes": spike}.get(steps.readout, u)
            assert added is not None
            result.scores[:] = added if steps.readout == "potential" else result.scores + added
    return result


def _spikes(fired: NDArray[np.bool_], length: int) -> NDArray[np.bool_]:
    """Return the streams of neurons that fired, (n, neurons): the code L, (n, L, neurons)."""
    return np.repeat(fired[:, None], length, axis=1)


# --- the binary datapath ---------------------------------------------------------------------------------------------


@njit(parallel=True, nogil=True)
def _products(
    x: NDArray[np.int64],
    weights: Words,
    stuck: tuple[Words, Words],
    keys: tuple[np.uint64, np.uint64],
    thresholds: tuple[np.uint64, np.uint64],
    n: int,
    first: int,
) -> NDArray[np.int64]:
    """Return the sums S of the binary datapath, with faults, shape (images, neurons).

    Args:
        x: Codes, shape (images, synapses).
        weights: Sign (bit n) and magnitude of each weight, 0 for a synapse that does not exist, shape (neurons,
            synapses).
        stuck: Which bits of the multipliers' outputs are stuck at 0, and which at 1, each of shape (neurons, synapses).
        keys: Keys of the flips of weights and of products.
        thresholds: Their probabilities, in units of 2⁻⁵³.
        n: log₂ L.
        first: Index of image 0 among all images.
    """
    images, synapses = x.shape
    neurons = weights.shape[0]
    w_bits, p_bits = n + 1, 2 * n + 1
    # As many synapses share a random word as it has room for.
    w_room, p_room = 64 // w_bits, 64 // p_bits
    w_words, p_words = -(-synapses // w_room), -(-synapses // p_room)
    w_mask, p_mask = np.uint64((1 << w_bits) - 1), np.uint64((1 << p_bits) - 1)
    magnitude, sign = np.uint64((1 << n) - 1), np.uint64(1 << n)
    sums = np.zeros((images, neurons), dtype=np.int64)
    for i in prange(images):
        for j in range(neurons):
            row = (first + i) * neurons + j
            s = np.int64(0)
            w_flips, p_flips = _0, _0
            for k in range(synapses):
                if thresholds[0] != _0:
                    w_flips >>= np.uint64(w_bits)
                    if k % w_room == 0:
                        w_flips = _bernoulli(keys[0], np.uint64(row * w_words + k // w_room), thresholds[0], _ALL)
                if thresholds[1] != _0:
                    p_flips >>= np.uint64(p_bits)
                    if k % p_room == 0:
                        p_flips = _bernoulli(keys[1], np.uint64(row * p_words + k // p_room), thresholds[1], _ALL)
                if weights[j, k] == _0:
                    continue
                w = weights[j, k] ^ (w_flips & w_mask)
                p = (np.uint64(x[i, k]) * (w & magnitude)) ^ (p_flips & p_mask)
                p = (p | stuck[1][j, k]) & ~stuck[0][j, k]
                if w & sign != _0:
                    s -= np.int64(p)
                else:
                    s += np.int64(p)
            sums[i, j] = s
    return sums


def _binary_width(layer: DenseLayer, length: int) -> int:
    """Width of S: holds the sum of products of any 2n + 1 bits."""
    return 2 * log2_length(length) + 1 + (layer.inputs + 1).bit_length() + 1


def _binary(network: Network, images: NDArray[np.uint16], faults: FaultModel, first: int) -> Result:
    """Run images through the binary datapath; `first` is the index of the first one, which places its faults."""
    length, n = network.length, log2_length(network.length)
    x = images.astype(np.int64)
    counts: list[NDArray[np.int16]] = []
    for place, layer in enumerate(_layers(network)):
        if faults.activation_ber:
            lanes = np.full(x.shape, (1 << n + 1) - 1, dtype=np.uint64)
            flips = _flips(_key(faults.seed, 0, place), first * layer.inputs, lanes, faults.activation_ber)
            x = x ^ flips.astype(np.int64)
        synapses = layer.synapses.astype(np.int64)
        word = (1 << 2 * n + 1) - 1  # of a multiplier's output
        one, times = (1, word) if faults.stuck_synapses else (word, 1)
        exists = np.where(synapses != 0, one, 0).astype(np.uint64)
        zeros, ones = _stuck(faults.seed, place, exists, faults.stuck_at_0, faults.stuck_at_1)
        s = _products(
            np.concatenate([x, np.full((len(x), 1), length)], axis=1),
            (np.abs(synapses) | (synapses < 0).astype(np.int64) << n).astype(np.uint64),
            (zeros * np.uint64(times), ones * np.uint64(times)),
            (_key(faults.seed, 1, place), _key(faults.seed, 2, place)),
            (_threshold(faults.weight_ber), _threshold(faults.product_ber)),
            n,
            first,
        )
        if faults.accumulator_ber:
            width = _binary_width(layer, length)
            lanes = np.full(s.shape, (1 << width) - 1, dtype=np.uint64)
            flips = _flips(_key(faults.seed, 3, place), first * layer.neurons, lanes, faults.accumulator_ber)
            s = _wrap(s ^ flips.astype(np.int64), width)
        if layer.theta is None:
            return Result(scores=s.astype(np.int32), counts=tuple(counts))
        x = window_if(s, layer.theta * length, network.theta_frac, length)
        counts.append(x.astype(np.int16))
    raise AssertionError("Network guarantees a readout layer")


# --- a network -------------------------------------------------------------------------------------------------------


def _check(network: Network, faults: FaultModel, datapath: str) -> None:
    """Raise ScError for an unknown datapath, or faults that the network's neurons do not have."""
    require(datapath in DATAPATHS, f"datapath must be one of {', '.join(DATAPATHS)}, got {datapath!r}")
    if network.steps is not None:
        _check_steps(network, faults, datapath)
        return
    require(
        faults.state_ber == 0,
        f"only networks in steps have a state that lasts: state_ber must be 0, got {faults.state_ber}",
    )
    other = network.other_neurons
    require(
        datapath == "stochastic" or other is None,
        f"{other} neurons are not in the binary datapath, which has window_if layers only",
    )
    require(
        not network.temporal or faults.accumulator_ber == 0,
        f"{other} neurons have no accumulator of S: accumulator_ber must be 0, got {faults.accumulator_ber}",
    )


def _check_steps(network: Network, faults: FaultModel, datapath: str) -> None:
    """Raise ScError for a datapath or faults that a network in steps does not have."""
    require(
        datapath == "stochastic",
        "networks in steps have no binary datapath: their spikes are added as integers anyway (A20)",
    )
    for layer in network.layers:
        own = layer.neuron
        members = own.members(layer.neurons) if isinstance(own, ClockNeuron) else ()
        for _, neuron in members:
            require(
                neuron.engine_kind is not None or faults.state_ber == 0,
                f"the states of {neuron.kind} neurons have formats of their own: state_ber must be 0, got "
                f"{faults.state_ber}",
            )


def _exposure_steps(network: Network) -> dict[str, int]:
    """Return the exposure of a network in steps."""
    steps, out = network.steps, dict.fromkeys(STEPS_SITES, 0)
    assert steps is not None
    for k, layer in enumerate(network.layers):
        synapses = _synapses(network, k)
        lines, exist = synapses.shape[1] - 1, int(np.count_nonzero(synapses))
        bits = (lines, exist, exist, layer.neurons * _stochastic_width(lines, network.length))
        for site, number in zip(SITES, bits, strict=True):
            out[site] += number * network.length * steps.count
        if isinstance(layer.neuron, ClockNeuron):
            out["state"] += _states_bits(layer.neuron, layer.neurons) * (steps.count - 1)
    return out


def exposure(network: Network, datapath: str = "stochastic") -> dict[str, int]:
    """Return how many bit flips each site can have in one inference: its bits, times the clocks in which each is used.

    Multiplied by a bit error rate, it is the expected number of flips in an inference.

    Args:
        network: The network.
        datapath: "stochastic" or "binary".

    Returns:
        The number for each name of `SITES`, of a network in steps for each of `STEPS_SITES`.

    Raises:
        ScError: For an unknown datapath, for a network of `lif` neurons, whose accumulators are not covered, and for
            one in steps with neurons from equations, whose states are not.
    """
    if network.steps is not None:
        _check(network, FaultModel(state_ber=1.0), datapath)
        return _exposure_steps(network)
    _check(network, FaultModel(accumulator_ber=1.0), datapath)
    n, out = log2_length(network.length), dict.fromkeys(SITES, 0)
    for layer in _layers(network):
        exist = int(np.count_nonzero(layer.synapses))
        if datapath == "stochastic":
            bits = (layer.inputs, exist, exist, layer.neurons * _stochastic_width(layer.inputs, network.length))
            clocks = network.length
        else:
            words = (layer.inputs * (n + 1), exist * (n + 1), exist * (2 * n + 1))
            bits, clocks = (*words, layer.neurons * _binary_width(layer, network.length)), 1
        for site, number in zip(SITES, bits, strict=True):
            out[site] += number * clocks
    return out


def run(
    network: Network,
    codes: ArrayLike,
    faults: FaultModel | None = None,
    datapath: str = "stochastic",
    block: int = 256,
) -> Result:
    """Run the network on n images, or samples of a network in steps, with faults.

    Without faults the stochastic datapath gives what every back end gives, and the binary one what the integer network
    of A12 gives.

    Args:
        network: The network, whose layers must be dense.
        codes: Input codes in 0 … L, shape (n, inputs), or of a network in steps as it takes them.
        faults: What is broken; None for nothing.
        datapath: "stochastic" or "binary".
        block: Number of images that are computed at a time; it has no effect on the result.

    Returns:
        Scores and, as counts, what each hidden neuron emits, before any flip on its line.

    Raises:
        ScError: For bad codes, an unknown datapath, layers that are not dense, `lif` neurons on the binary datapath or
            with accumulator_ber, sums of the binary datapath that do not fit 32 bits, networks in steps on the binary
            datapath, and a state_ber of networks without steps or of neurons from equations.
    """
    model = FaultModel() if faults is None else faults
    _check(network, model, datapath)
    images = network.check_codes(codes)
    require(block >= 1, f"block must be at least 1, got {block}")
    width = max(_binary_width(x, network.length) for x in _layers(network))
    require(datapath == "stochastic" or width <= 32, f"sums of the binary datapath must fit 32 bits, got {width}")
    step = _in_steps if network.steps is not None else _stochastic if datapath == "stochastic" else _binary
    parts = [step(network, images[k : k + block], model, k) for k in range(0, max(1, len(images)), block)]
    return Result(
        scores=np.concatenate([p.scores for p in parts]),
        counts=tuple(np.concatenate(c) for c in zip(*(p.counts for p in parts), strict=True)),
    )
