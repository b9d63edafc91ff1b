"""Networks of every kind, their samples, and the oracle's answers to these.

What Hypothesis finds it shrinks: to few layers, few neurons, weights of 0 and 1, thresholds of 1.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

import oracle
from networks import random_network, random_temporal_network
from sc_neurocore import artifact
from sc_neurocore.hardware.conv_image import ConvConfig
from sc_neurocore.hardware.image import EngineConfig
from sc_neurocore.network import (
    READOUTS,
    ConvLayer,
    DenseLayer,
    Edge,
    InputSpec,
    Layer,
    Network,
    PoolLayer,
    Steps,
)
from sc_neurocore.neurons import Alif, ClockNeuron, Groups, Li, Lif, LifParams, Synaptic
from sc_neurocore.result import Result
from sc_neurocore.sources import registered

# How many times as many examples and images as in a run of all tests: `SC_EFFORT=20 pytest tests/test_differential.py`.
EFFORT = int(os.environ.get("SC_EFFORT", "1"))
LENGTHS = (4, 8, 16, 32, 64, 128, 256)
# One engine for all dense networks, and one of each length for all others: each is compiled once.
DENSE_ENGINE = EngineConfig(log2l=4, lanes=3, log2_entries=6, weight_aw=10, table_aw=4)
_CONV = ConvConfig(log2l=4, lanes=3, act_aw=12, acc_aw=11, weight_aw=14, table_aw=9, sum_w=16, pool=1)
CONV_ENGINES = {
    4: replace(_CONV, log2l=2, lanes=1),
    16: _CONV,
    64: replace(_CONV, log2l=6, lanes=4, sum_w=18),
    256: replace(_CONV, log2l=8, lanes=2, sum_w=20),
}
# Bits of work for the oracle in a layer: synapses × positions × L.
MOST = 1 << 18


@dataclass(frozen=True)
class Case:
    """A network and raw samples (n, *shape), which hold the least and the greatest raw value among others."""

    network: Network
    samples: NDArray[np.int64]

    @property
    def codes(self) -> NDArray[np.uint16]:
        return self.network.encode(self.samples)

    def __repr__(self) -> str:
        """Return the whole case as Python, for a failing example to be run again."""
        n = self.network
        layers = ", ".join(_text(layer) for layer in n.layers)
        network = f"Network({n.length}, ({layers},), {n.input!r}, {n.theta_frac}, weight_source={n.weight_source!r}"
        if n.steps is not None:
            edges = ", ".join(f"Edge({e.source}, {e.target}, {e.delay}, {e.weights.tolist()})" for e in n.steps.edges)
            network += f", steps=Steps({n.steps.count}, {n.steps.constant}, {n.steps.readout!r}, [{edges}])"
        network += ")"
        return f"Case({network}, np.array({self.samples.tolist()}))"


def _text(layer: Layer) -> str:
    fields = {name: getattr(layer, name) for name in layer.__slots__}
    shown = (f"{k}={v.tolist() if isinstance(v, np.ndarray) else v!r}" for k, v in fields.items())
    return f"{type(layer).__name__}({', '.join(shown)})"


def oracle_answers(case: Case) -> list[oracle.Answer]:
    """Return the oracle's answers to a case, by way of the artifact, which it reads, and of the raw samples."""
    with TemporaryDirectory() as folder:
        network = oracle.read(artifact.save(case.network, Path(folder) / "n"))
    if case.codes.ndim == 3:  # a vector for each step
        codes = [[network.encode(x.ravel().tolist()) for x in sample] for sample in case.samples]
    else:
        codes = [network.encode(sample.ravel().tolist()) for sample in case.samples]
    assert case.codes.tolist() == codes
    return [network.run(x) for x in codes]


def assert_answers(result: Result, answers: Sequence[oracle.Answer]) -> None:
    """Scores, classes, the counts of every hidden layer and, where there are any, spikes are those of the oracle."""
    assert result.scores.tolist() == [a.scores for a in answers]
    assert result.classes.tolist() == [a.index for a in answers]
    hidden = len(answers[0].streams)
    # In steps the spikes of the readout's neurons come last, and have no counts.
    assert len(result.counts) in (hidden, hidden - 1)
    for k, counts in enumerate(result.counts):
        assert counts.tolist() == [a.counts[k] for a in answers], f"counts of layer {k}"
    assert len(result.spikes) in (0, hidden)
    for k, spikes in enumerate(result.spikes):
        assert spikes.transpose(0, 2, 1).astype(int).tolist() == [a.streams[k] for a in answers], f"spikes of layer {k}"


def integers(
    shape: tuple[int, ...], low: int, high: int, ends: Sequence[int], seeded: st.SearchStrategy[Any]
) -> st.SearchStrategy[NDArray[np.int64]]:
    """Return arrays: small ones of numbers drawn one by one, `ends` often, so that they shrink; `seeded` ones."""
    each = st.sampled_from(ends) | st.integers(low, high)
    return arrays(np.int64, shape, elements=each, fill=st.nothing()) | seeded if prod(shape) <= 24 else seeded


def codes_of(shape: tuple[int, ...], length: int) -> st.SearchStrategy[NDArray[np.int64]]:
    """Return signed codes of any density and size."""

    def random(seed: int, density: float, most: int) -> NDArray[np.int64]:
        generator = np.random.default_rng(seed)
        return generator.integers(-most, most + 1, shape) * (generator.random(shape) < density)

    top = length - 1
    seeded = st.builds(random, st.integers(0, 2**32 - 1), st.sampled_from([1.0, 0.5, 0.1]), st.integers(1, top))
    return integers(shape, -top, top, [0, 1, -1, top, -top], seeded)


@st.composite
def input_specs(draw: st.DrawFn, length: int) -> InputSpec:
    """Return an input of one to four axes, with every option that raw samples have."""
    axes = draw(st.integers(1, 4))
    pool, order = 1, None
    if axes == 1:
        shape = (draw(st.integers(1, 4) | st.integers(1, 130)),)
    else:
        shape = tuple(draw(st.integers(1, 6)) for _ in range(axes))
    if axes == 2:
        pool = draw(st.integers(1, 3))
        shape = tuple(size * pool for size in shape)
    if axes == 3:
        order = draw(st.sampled_from([None, "hwc", "chw"]))
    full_scale = draw(st.sampled_from([length, 1, 16, 256, 1024, 1 << 16, 1 << 24]) | st.integers(1, 1 << 24))
    return InputSpec(
        shape,
        full_scale,
        pool,
        threshold=draw(st.integers(1, full_scale)) if draw(st.integers(0, 4)) == 4 else None,
        order=order,
        offset=draw(st.just(0) | st.integers(-300, 300) | st.integers(-(1 << 53), 1 << 53)),
        shift=draw(st.none() | st.integers(-20, 20)),
    )


def samples_of(spec: InputSpec) -> st.SearchStrategy[NDArray[np.int64]]:
    """Return three raw samples."""
    shape = (3, *spec.shape)

    def random(seed: int, ends: float) -> NDArray[np.int64]:
        generator = np.random.default_rng(seed)
        value = generator.integers(spec.offset, spec.top + 1, shape)
        end = generator.choice([spec.offset, spec.top], shape)
        return np.where(generator.random(shape) < ends, end, value)

    seeded = st.builds(random, st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.5, 1.0]))
    return integers(shape, spec.offset, spec.top, [spec.offset, spec.top], seeded)


def often(usual: st.SearchStrategy[int], *others: st.SearchStrategy[int]) -> st.SearchStrategy[int]:
    """Return a strategy of `usual` in three draws of four."""
    return st.one_of(*[usual] * (3 * len(others)), *others)


@st.composite
def thetas(draw: st.DrawFn, fan_in: int, length: int, frac: int) -> int:
    """Return a threshold: an end of its range, any, or one that lets the counts of such a layer spread."""
    spread = max(1, min(65535, round(fan_in**0.5 * 2**frac)))
    return draw(often(st.integers(1, min(65535, 2 * spread)), st.sampled_from([1, 2, 65535]), st.integers(1, 65535)))


@st.composite
def lifs(draw: st.DrawFn, most: int, frac: int) -> LifParams | None:
    """Return parameters of a `lif` layer with a current of at most `most` · 2^frac, or None: no width holds it."""
    least = max(4, (most << frac).bit_length() + 1)
    if least > 32:
        return None
    width = draw(st.integers(least, min(32, least + 2)) | st.integers(least, 32))
    top = (1 << width - 1) - 1
    theta = draw(often(st.integers(1, min(top, 3 << frac)), st.sampled_from([1, top]), st.integers(1, top)))
    return LifParams(
        theta=theta,
        width=width,
        leak_mode=draw(st.integers(0, 1)),
        leak_shift=draw(often(st.integers(0, 4), st.sampled_from([0, width - 1]))) % width,
        beta=draw(often(st.integers(200, 255), st.sampled_from([0, 255]), st.integers(0, 255))),
        reset_mode=draw(st.integers(0, 1)),
        v_reset=draw(st.sampled_from([0, theta - 1, -top - 1]) | st.integers(-top - 1, theta - 1)),
        refractory=draw(often(st.sampled_from([0, 1, 2]), st.integers(0, 255))),
    )


@st.composite
def dense_layers(
    draw: st.DrawFn, inputs: int, length: int, frac: int, kinds: str, *, last: bool, mux: bool
) -> DenseLayer:
    """Return a dense layer: by `kinds` of window_if ("w") or lif ("l") neurons, or the readout."""
    most = max(1, MOST // (inputs * length))
    neurons = draw(st.integers(1, min(3, most)) | st.integers(1, min(40, most)))
    weights, bias = draw(codes_of((neurons, inputs), length)), draw(codes_of((neurons,), length))
    adder = draw(st.sampled_from(["apc", "mux"])) if mux else "apc"
    if last:
        return DenseLayer(weights, bias, None, adder=adder)
    if draw(st.sampled_from(kinds)) == "l":
        current = 1 << inputs.bit_length() if adder == "mux" else inputs + 1
        lif = draw(lifs(current, frac))
        if lif is not None:
            return DenseLayer(weights, bias, None, lif, adder)
    return DenseLayer(weights, bias, draw(thetas(inputs, length, frac)), adder=adder)


@st.composite
def conv_layers(
    draw: st.DrawFn, shape: tuple[int, int, int], length: int, frac: int, *, last: bool
) -> ConvLayer | None:
    """Return a convolution, or None where one of this input would take too long."""
    padding = draw(st.integers(0, 2))
    kernel = tuple(draw(st.integers(1, min(5, size + 2 * padding))) for size in shape[:2])
    padding = min(padding, *(k - 1 for k in kernel))
    kernel = tuple(min(k, size + 2 * padding) for k, size in zip(kernel, shape[:2], strict=True))
    channels, stride = draw(st.integers(1, 3) | st.integers(1, 9)), draw(st.integers(1, 3))
    weights = (channels, *kernel, shape[2])
    if prod(weights) * prod(shape[:2]) * length > 4 * MOST:
        return None
    theta = None if last else draw(thetas(prod(weights[1:]), length, frac))
    bias = draw(codes_of((channels,), length))
    return ConvLayer(draw(codes_of(weights, length)), bias, theta, shape, stride, padding)


@st.composite
def pool_layers(draw: st.DrawFn, shape: tuple[int, int, int], frac: int) -> PoolLayer | None:
    """Return pooling, or None where its threshold would be beyond A2."""
    size, kind = draw(st.integers(1, min(3, *shape[:2]))), draw(st.sampled_from(["max", "mean"]))
    return None if size**2 << frac > 65535 else PoolLayer(kind, size, shape, draw(st.integers(0, 3)))


@st.composite
def cases(
    draw: st.DrawFn,
    *,
    lengths: Sequence[int] = LENGTHS,
    fracs: Sequence[int] = range(16),
    kinds: str = "wlcp",
    mux: bool = True,
    sources: Sequence[str] = tuple(known.name for known in registered() if known.name != "counter"),
) -> Case:
    """Return a network and samples. kinds: of layers, "w"indow_if or "l"if dense ones, "c"onvolution, "p"ooling."""
    length, frac = draw(st.sampled_from(lengths)), draw(st.sampled_from(fracs))
    spec = draw(input_specs(length))
    shape, layers = spec.output_shape, []
    counts = True  # what the layers so far give has the order of counts, ones first, which convolutions need
    depth = draw(st.integers(1, 4))
    for k in range(depth):
        last = k == depth - 1
        layer: Layer | None = None
        kind = draw(st.sampled_from("d" + "".join(x for x in kinds if x in "cp"))) if counts else "d"
        if kind == "c":
            layer = draw(conv_layers(shape, length, frac, last=last))
        elif kind == "p" and not last:
            layer = draw(pool_layers(shape, frac))
        if layer is None:
            dense = "".join(x for x in kinds if x in "wl")
            layer = draw(dense_layers(prod(shape), length, frac, dense, last=last, mux=mux))
        layers.append(layer)
        shape, counts = layer.output_shape, layer.lif is None
    kind = draw(st.sampled_from(sources))
    spelled = [name for known in registered() if known.name == kind for name in known.every(length)]
    # The selection of a MUX is sobol:1.
    spelled = [name for name in spelled if name != "sobol:1" or all(x.adder == "apc" for x in layers)]
    source = draw(st.sampled_from(spelled or ["vdc"]))
    return Case(Network(length, tuple(layers), spec, frac, weight_source=source), draw(samples_of(spec)))


@st.composite
def step_neurons(draw: st.DrawFn, neurons: int, kinds: Sequence[str], frac: int, length: int) -> ClockNeuron:
    """Return neurons of a network in steps (A21) that have about the right threshold for their currents, or not."""
    kind = draw(st.sampled_from(kinds))
    width, mode, reset = draw(often(st.integers(8, 16), st.integers(4, 32))), *(draw(st.integers(0, 1)) for _ in "lr")
    top, ends = (1 << width - 1) - 1, min((1 << width - 1) - 1, 3 * length << frac)

    def one() -> ClockNeuron:
        shift, beta = (
            often(st.integers(0, 4), st.sampled_from([0, width - 1])),
            often(st.integers(200, 255), st.sampled_from([0, 255]), st.integers(0, 255)),
        )

        def leak() -> tuple[int, int]:
            return draw(shift) % width, draw(beta)

        if kind == "li":
            return Li(width, mode, *leak())
        theta = draw(often(st.integers(1, ends), st.sampled_from([1, top]), st.integers(1, top)))
        v_reset = draw(st.sampled_from([0, theta - 1, -top - 1]) | st.integers(-top - 1, theta - 1))
        rest = draw(often(st.sampled_from([0, 1, 2]), st.integers(0, 255)))
        base = (theta, width, mode, *leak(), reset, v_reset, rest)
        if kind == "lif":
            return Lif(*base)
        if kind == "synaptic":
            return Synaptic(*base, *leak())
        return Alif(*base, *leak(), draw(st.integers(0, ends) | st.sampled_from([0, top])))

    if neurons == 1 or draw(st.booleans()):
        return one()
    cut = draw(st.integers(1, neurons - 1))
    return Groups(((cut, one()), (neurons - cut, one())))


@st.composite
def step_cases(
    draw: st.DrawFn,
    *,
    lengths: Sequence[int] = (4, 8, 16, 32, 64),
    kinds: Sequence[str] = ("lif", "synaptic", "alif"),
    most: int = 6,
    sources: Sequence[str] = ("vdc", "vdc", "lfsr", "sobol:3"),
) -> Case:
    """Return a network in steps (A20) and three samples.

    Every kind of neurons, readout and edge, and graded codes as well as spikes, occur. `most` bounds inputs and
    neurons of a layer.
    """
    length, frac, count = draw(st.sampled_from(lengths)), draw(st.integers(0, 6)), draw(st.integers(1, 8))
    depth, readout = draw(st.integers(1, 3)), draw(st.sampled_from(READOUTS))
    sizes = [draw(st.integers(1, most)) for _ in range(depth + 1)]
    layers = []
    for k, (inputs, neurons) in enumerate(pairwise(sizes)):
        neuron: ClockNeuron | None = None
        if k < depth - 1 or readout == "spikes":
            neuron = draw(step_neurons(neurons, kinds, frac, length))
        elif readout != "sum":
            neuron = draw(step_neurons(neurons, [*kinds, "li"], frac, length))
        codes = draw(codes_of((neurons, inputs + 1), length))
        layers.append(DenseLayer(codes[:, :-1], codes[:, -1], neuron=neuron))
    last = layers[-1].neuron
    if readout == "potentials" and isinstance(last, ClockNeuron) and last.potential_bits is not None:
        count = min(count, 1 << 32 - last.potential_bits)  # a score has 32 bits
    firing = [k for k, x in enumerate(layers) if isinstance(x.neuron, ClockNeuron) and x.neuron.fires]
    edges = []
    for _ in range(draw(st.integers(0, 3)) if firing else 0):
        source, target = draw(st.sampled_from(firing)), draw(st.integers(0, depth - 1))
        codes = draw(codes_of((layers[target].neurons, layers[source].neurons), length))
        edges.append(Edge(source, target, draw(often(st.integers(1, 3), st.integers(1, 255))), codes))
    steps = Steps(count, draw(st.booleans()), readout, tuple(edges))
    spec = InputSpec((sizes[0],), length, threshold=length if draw(st.booleans()) else None)
    source = "vdc" if length == 4 else draw(st.sampled_from(sources))  # there is no lfsr of 2 bits
    network = Network(length, tuple(layers), spec, frac, weight_source=source, steps=steps)
    shape = (3, *network.sample_shape)

    def random(seed: int, rate: float) -> NDArray[np.int64]:
        generator = np.random.default_rng(seed)
        return generator.integers(0, length + 1, shape) * (generator.random(shape) < rate)

    seeded = st.builds(random, st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.5, 1.0]))
    return Case(network, draw(integers(shape, 0, length, [0, length], seeded)))


def with_codes(network: Network, codes: Any) -> Case:
    """Return a case whose raw samples are the codes, for networks that were made for codes."""
    spec = InputSpec(network.input.output_shape, network.length, threshold=network.input.threshold)
    case = Case(replace(network, input=spec), np.asarray(codes, dtype=np.int64).reshape(-1, *spec.shape))
    assert np.array_equal(case.codes, codes)
    return case


def dense_network(shape: Sequence[int], length: int = 8, seed: int = 0) -> Network:
    """Return a network of dense layers of this shape, inputs first, with codes of every size; a seed gives it again."""
    generator = np.random.default_rng(seed)
    layers = [
        DenseLayer(
            generator.integers(1 - length, length, (neurons, inputs)),
            generator.integers(1 - length, length, neurons),
            200 if k < len(shape) - 2 else None,
        )
        for k, (inputs, neurons) in enumerate(pairwise(shape))
    ]
    return Network(length, tuple(layers), InputSpec((shape[0],), full_scale=length))


def mux_network(random: np.random.Generator, length: int, shape: tuple[int, ...], kinds: str, adders: str) -> Network:
    """Return a network whose layers are lif or window_if by `kinds` and add by a MUX ("m") or not, by `adders`."""
    plain = random_temporal_network(random, length, shape, kinds)
    layers = []
    for layer, letter in zip(plain.layers, adders, strict=True):
        adder = "mux" if letter == "m" else "apc"
        # A clock's current is one synapse times the slots, which the parameters of a counter need not hold.
        lif = layer.lif and replace(layer.lif, width=max(layer.lif.width, 4 + 2 + layer.inputs.bit_length()))
        layers.append(replace(layer, lif=lif, adder=adder))
    return replace(plain, layers=tuple(layers))


def system_network() -> Network:
    return random_network(np.random.default_rng(4), 8, (16, 8, 4))
