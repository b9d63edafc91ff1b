"""The documents' classes: equal to the network's arithmetic where they are one, unbiased where they are random."""

from __future__ import annotations

import doctest
import math
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sc_neurocore
from sc_neurocore import (
    BitstreamCurrentSource,
    BitstreamEncoder,
    BitstreamSpikeRecorder,
    BitstreamSynapse,
    LinearReadout,
    SCConv2DLayer,
    SCDenseLayer,
    SCEnsemble,
    ScError,
    SCReservoir,
    SCSequential,
    SharedSourceWarning,
    SilentNetworkWarning,
    StochasticAttention,
    StochasticLIFNeuron,
    StochasticSTDPSynapse,
    VectorizedSCLayer,
    backends,
    bitstream_to_probability,
    golden,
    lookup,
    packed,
    scc,
    streams,
)
from sc_neurocore.encoding import shares_source, source_numbers
from sc_neurocore.network import ConvLayer, DenseLayer, InputSpec, Network
from sc_neurocore.neurons import LifParams, LifState, lif_step, window_if

LIGHT = """
import sys, sc_neurocore
heavy = {"torch", "numba", "scipy", "numpy", "sklearn"} & set(sys.modules)
assert not heavy, heavy
from sc_neurocore import BitstreamEncoder, BitstreamSynapse, StochasticLIFNeuron, bitstream_to_probability
from sc_neurocore.layers.sc_dense_layer import SCDenseLayer
heavy = {"torch", "numba", "scipy", "sklearn"} & set(sys.modules)
assert not heavy, heavy
assert sc_neurocore.SCDenseLayer is SCDenseLayer
"""


def test_importing_the_package_imports_nothing_heavy() -> None:
    subprocess.run([sys.executable, "-c", LIGHT], check=True)


def test_every_public_name_is_there_and_no_other() -> None:
    for name in sc_neurocore.__all__:
        assert getattr(sc_neurocore, name) is not None
        assert name in dir(sc_neurocore)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        sc_neurocore.nothing  # noqa: B018
    from sc_neurocore import layers

    assert layers.VectorizedSCLayer is VectorizedSCLayer
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        layers.nothing  # noqa: B018


def test_the_page_of_the_classes_names_all_of_them_and_its_examples_run() -> None:
    pytest.importorskip("torch")
    page = Path(__file__).parents[1] / "docs" / "api.md"
    text = page.read_text(encoding="utf-8")
    for name in set(sc_neurocore.__all__) - {"MODES", "ScWarning"}:
        assert f"`{name}`" in text, name
    failed, tried = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert tried > 20
    assert failed == 0


# Encoding


@pytest.mark.parametrize("mode", ["counter", "vdc", "sobol:3", "lfsr:5"])
@pytest.mark.parametrize("x", [0.0, 0.3, 0.5, 1.0])
def test_encoders_give_the_streams_of_the_arithmetic(mode: str, x: float) -> None:
    encoder = BitstreamEncoder(length=64, mode=mode)
    bits = encoder.encode(x)
    assert bits.dtype == np.uint8
    assert np.array_equal(bits, streams.encode(math.floor(x * 64 + 0.5), 64, mode))
    assert np.array_equal(bits, encoder.encode(x))
    assert abs(bits.mean() - x) <= 1.5 / 64


def test_bernoulli_streams_are_unbiased_independent_and_repeatable() -> None:
    encoder = BitstreamEncoder(x_min=-2.0, x_max=2.0, length=4096, seed=3)
    streams_of_one = encoder.encode(np.full(200, 0.4))
    p = 0.6
    error = math.sqrt(p * (1 - p) / 4096)
    means = streams_of_one.mean(axis=1)
    assert abs(means.mean() - p) < 5 * error / math.sqrt(200)
    assert means.std() == pytest.approx(error, rel=0.25)  # of 200: five standard errors of a standard deviation
    # SCC of independent streams of p = 0.6: numerator of standard error p(1 − p)/√L, over p − p² or p² − (2p − 1).
    assert abs(scc(streams_of_one[0], streams_of_one[1])) < 5 * p * (1 - p) / 64 / 0.16
    encoder.reset()
    assert np.array_equal(encoder.encode(np.full(200, 0.4)), streams_of_one)
    assert encoder.decode(streams_of_one[0]) == pytest.approx(-2 + 4 * means[0])
    assert BitstreamEncoder(length=1000).encode(0.5).shape == (1000,)


def test_seeds_of_an_lfsr_and_of_none() -> None:
    assert np.array_equal(BitstreamEncoder(length=16, mode="lfsr", seed=4).encode(0.5), streams.encode(8, 16, "lfsr:5"))
    assert np.array_equal(BitstreamEncoder(length=16, mode="lfsr").encode(0.5), streams.encode(8, 16, "lfsr"))
    one = BitstreamEncoder()
    assert np.array_equal(BitstreamEncoder(seed=one.seed).encode(0.5), one.encode(0.5))
    assert not np.array_equal(BitstreamEncoder().encode(0.5), BitstreamEncoder().encode(0.5))


@given(p=st.floats(0.02, 0.98), seed=st.integers(0, 99))
def test_a_stream_of_the_same_numbers_is_recognised(p: float, seed: int) -> None:
    r = source_numbers("bernoulli", 1024, seed)
    bits = streams.sng(round(p * 65536), r)
    assert shares_source(bits, r)
    assert not shares_source(bits, np.roll(r, 1))
    assert not shares_source(bits, source_numbers("bernoulli", 1024, seed + 1000))
    assert not shares_source(np.ones(1024), r)  # a constant tells nothing


def test_multipliers_that_share_their_source_warn() -> None:
    for mode, seed in (("bernoulli", 5), ("vdc", None), ("lfsr", 9)):
        pre = BitstreamEncoder(length=256, seed=seed, mode=mode).encode(0.5)
        synapse = BitstreamSynapse(0.0, 1.0, 256, 0.5, seed, mode=mode)
        with pytest.warns(SharedSourceWarning, match="pre_bits and the weight share"):
            product = synapse.apply(pre)
        assert scc(pre, synapse.weight_bits) == 1.0
        assert bitstream_to_probability(product) == min(pre.mean(), synapse.weight_bits.mean())
    with pytest.warns(SharedSourceWarning, match="'vdc'.*'sobol:0'"):
        VectorizedSCLayer(3, 2, 16, x_mode="vdc", w_mode="sobol:0")
    with pytest.warns(SharedSourceWarning, match="'counter'"):
        BitstreamCurrentSource([0.5], 0, 1, [0.5], 0, 1, 16, x_mode="counter", w_mode="counter")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for x_mode, w_mode in (
            ("counter", "vdc"),
            ("lfsr", "lfsr"),
            ("bernoulli", "bernoulli"),
            ("sobol:1", "sobol:2"),
        ):
            VectorizedSCLayer(3, 2, 16, seed=1, x_mode=x_mode, w_mode=w_mode)
        for seed in range(20):
            pre = BitstreamEncoder(length=256, seed=seed).encode(0.5)
            BitstreamSynapse(0.0, 1.0, 256, 0.5, seed + 100).apply(pre)


# Neuron and recorder


def test_the_neurons_order_of_steps_is_that_of_the_hardware(generator: np.random.Generator) -> None:
    # Without leak and noise nothing rounds: equal to A13, clock by clock, refractory clocks and hard reset included.
    params = LifParams(theta=100, leak_shift=0, reset_mode=1, v_reset=-20, refractory=3)
    neuron = StochasticLIFNeuron(
        v_threshold=100.0, v_reset=-20.0, v_rest=-20.0, tau_mem=math.inf, refractory_period=3, seed=0
    )
    assert neuron.equation.lif_params(frac_bits=0) == LifParams(
        theta=120, leak_shift=0, reset_mode=1, v_reset=0, refractory=3
    )
    state = LifState.start(params)
    for current in generator.integers(-20, 40, 400).tolist():
        state, spike = lif_step(state, current, params)
        assert neuron.step(current) == int(spike)
        assert neuron.get_state() == {"v": float(state.v), "refractory": int(state.rest)}


def test_the_nearest_hardware_neuron_has_nearly_the_rate() -> None:
    neuron = StochasticLIFNeuron(tau_mem=20.0, seed=0)
    params = neuron.equation.lif_params(frac_bits=12)
    assert (params.leak_mode, params.beta) == (1, 243)
    state, spikes = LifState.start(params), 0
    for _ in range(2000):
        state, spike = lif_step(state, round(0.08 * 4096), params)
        spikes += int(spike)
    assert spikes == sum(neuron.step(0.08) for _ in range(2000)) == 100
    with pytest.raises(ScError, match=r"noise_std must be 0 in hardware, got 0\.1"):
        StochasticLIFNeuron(noise_std=0.1).equation.lif_params()


def test_the_membrane_follows_its_closed_form() -> None:
    neuron = StochasticLIFNeuron(v_rest=0.3, v_reset=0.1, v_threshold=5.0, tau_mem=8.0, dt=0.5, resistance=2.0, seed=0)
    assert neuron.get_state()["v"] == 0.3
    neuron.step(0.0)
    assert neuron.get_state()["v"] == 0.3
    for n in range(1, 30):
        neuron.step(0.25)
        assert neuron.get_state()["v"] == pytest.approx(0.3 + 2 * 0.25 * 8 * (1 - (1 - 0.5 / 8) ** n))
    assert neuron.equation.steady_state(0.25) == pytest.approx(4.3)
    while not neuron.step(0.5):
        pass
    assert neuron.get_state()["v"] == 0.1


def test_the_noise_has_its_standard_deviation() -> None:
    neuron = StochasticLIFNeuron(tau_mem=1.0, dt=1.0, noise_std=0.2, v_threshold=1e9, seed=1)
    values = []
    for _ in range(4000):
        neuron.step(0.5)
        values.append(neuron.get_state()["v"])  # tau = dt: v = R·I·dt + noise, nothing of the step before
    assert np.mean(values) == pytest.approx(0.5, abs=5 * 0.2 / math.sqrt(4000))
    assert np.std(values) == pytest.approx(0.2, rel=5 / math.sqrt(8000))
    neuron.reset_state()
    neuron.step(0.5)
    assert neuron.get_state()["v"] == values[0]


def test_process_bitstream_is_step_by_step(generator: np.random.Generator) -> None:
    bits = generator.integers(0, 2, 300).astype(np.uint8)
    one, other = (StochasticLIFNeuron(tau_mem=10.0, noise_std=0.05, refractory_period=2, seed=4) for _ in range(2))
    spikes = one.process_bitstream(bits, input_scale=0.4)
    assert spikes.dtype == np.uint8
    assert spikes.tolist() == [other.step(0.4 * float(bit)) for bit in bits]
    assert 0 < spikes.sum() < 300


def test_the_recorder() -> None:
    recorder = BitstreamSpikeRecorder(dt_ms=0.5)
    assert recorder.firing_rate_hz() == 0.0
    assert recorder.isi_histogram()[0].sum() == 0
    for spike in [1, 0, 0, 1, 0, 1, 1, 0]:
        recorder.record(spike)
    assert recorder.as_array().tolist() == [1, 0, 0, 1, 0, 1, 1, 0]
    assert recorder.total_spikes() == 4
    assert recorder.firing_rate_hz() == 1000.0
    hist, edges = recorder.isi_histogram(bins=2)
    assert hist.tolist() == [1, 2]  # 0.5, 1.0 and 1.5 ms; the middle belongs to the upper half
    assert edges.tolist() == [0.5, 1.0, 1.5]
    recorder.reset()
    assert recorder.total_spikes() == 0


# Synapses and currents


@pytest.mark.parametrize("mode", ["vdc", "sobol:2", "lfsr:3"])
def test_a_synapse_is_an_and_gate(mode: str) -> None:
    pre = streams.encode(40, 64)
    synapse = BitstreamSynapse(-1.0, 1.0, 64, 0.25, mode=mode)
    assert np.array_equal(synapse.apply(pre), pre & streams.encode(40, 64, mode))
    synapse.update_weight(1.0)  # its code is 63, the greatest (A2)
    assert np.array_equal(synapse.apply(pre), pre & streams.encode(63, 64, mode))
    assert synapse.effective_weight_probability() == streams.encode(63, 64, mode).mean()


def stdp(interval: int, **options: float) -> float:
    """Return the weight change by a pair of spikes; interval: post − pre, in clocks."""
    synapse = StochasticSTDPSynapse(-1.0, 3.0, 64, 1.0, 0, **options)  # type: ignore[arg-type]
    for t in range(40):
        synapse.process_step(int(t == 20), int(t == 20 + interval))
    return synapse.w - 1.0


def test_stdp_depends_on_the_order_and_the_time_between() -> None:
    for interval in range(1, 6):
        share = 1 - (interval - 1) / 5
        assert stdp(interval) == pytest.approx(0.01 * 4 * share)
        assert stdp(-interval) == pytest.approx(-0.5 * 0.01 * 4 * share)
        assert stdp(interval, learning_rate=0.1, ltd_ratio=0.25) == pytest.approx(0.1 * 4 * share)
        assert stdp(-interval, learning_rate=0.1, ltd_ratio=0.25) == pytest.approx(-0.25 * 0.1 * 4 * share)
    assert [stdp(interval) for interval in (0, 6, -6)] == [0.0, 0.0, 0.0]
    assert stdp(9, window_size=10) == pytest.approx(0.01 * 4 * 0.2)


def test_stdp_stays_in_its_range_and_gates_by_the_weight() -> None:
    synapse = StochasticSTDPSynapse(0.0, 1.0, 16, 0.5, learning_rate=0.5, mode="vdc")
    weight = streams.encode(8, 16, "vdc")
    assert [synapse.process_step(1, 0) for _ in range(16)] == weight.astype(int).tolist()
    for _ in range(20):
        synapse.process_step(1, 0)
        synapse.process_step(0, 1)
    assert synapse.w == 1.0
    synapse.reset()
    for _ in range(20):
        synapse.process_step(0, 1)
        synapse.process_step(1, 0)
        synapse.reset()
    assert synapse.w == 0.0


def test_a_current_source_is_periodic_and_counts_as_a_network_does(generator: np.random.Generator) -> None:
    x, w = generator.integers(0, 33, 7), generator.integers(0, 32, 7)
    source = BitstreamCurrentSource(
        x / 32, 0, 1, w / 32, 0, 1, 32, y_min=1.0, y_max=8.0, x_mode="counter", w_mode="vdc"
    )
    network = Network(32, (DenseLayer(w[None], [0], None),), InputSpec((7,), 32))
    bits = streams.encode(x, 32).T
    counts = [int(s[0]) for s in golden.clock_sums(network.layers[0], bits, network)]
    trace = source.current_trace()
    assert trace.tolist() == [1.0 + count for count in counts]
    assert [source.step() for _ in range(80)] == np.tile(trace, 3)[:80].tolist()
    assert source.full_current_estimate() == pytest.approx(1 + golden.run(network, x[None]).scores[0, 0] / 32)
    source.reset()
    assert source.step() == trace[0]


def test_a_current_source_keeps_signs_of_affine_ranges(generator: np.random.Generator) -> None:
    x, w = generator.uniform(-2, 1, 20), generator.uniform(-1, 3, 20)
    exact = float(x @ w)
    source = BitstreamCurrentSource(x, -2, 1, w, -1, 3, 4096, x_mode="counter", w_mode="vdc")
    # 12 · 20 products, each with the excess of A11 at most and rounded codes.
    assert abs(source.dot_product_estimate() - exact) < 12 * 20 * 5 / 4096
    noisy = BitstreamCurrentSource(x, -2, 1, w, -1, 3, 1 << 14, seed=2)
    assert abs(noisy.dot_product_estimate() - exact) < 12 * 5 * math.sqrt(20 / 4) / 128


# SCDenseLayer


def test_two_dimensional_weights_are_a_dense_layer(generator: np.random.Generator) -> None:
    x, w = generator.random(6), generator.random((3, 6))
    options: dict[str, Any] = {"length": 64, "y_max": 0.5, "x_mode": "counter", "w_mode": "vdc"}
    layer = SCDenseLayer(3, x, w, 0, 1, 0, 1, base_seed=1, **options)
    layer.run(150)
    layer.run(50)
    trains = layer.get_spike_trains()
    assert trains.shape == (3, 200)
    for k in range(3):
        source = BitstreamCurrentSource(x, 0, 1, w[k], 0, 1, **options)
        neuron = StochasticLIFNeuron(seed=0)
        assert trains[k].tolist() == [neuron.step(source.step()) for _ in range(200)]
    summary = layer.summary()
    assert summary["n_neurons"] == 3
    assert [s["total_spikes"] for s in summary["stats"]] == trains.sum(axis=1).tolist()
    assert summary["stats"][1]["firing_rate_hz"] == pytest.approx(1000 * trains[1].sum() / 200)
    assert summary["avg_firing_rate_hz"] == pytest.approx(1000 * trains.mean())
    layer.reset()
    assert layer.get_spike_trains().shape == (3, 0)
    layer.run(200)
    assert np.array_equal(layer.get_spike_trains(), trains)


def test_neurons_of_one_current_differ_by_their_noise() -> None:
    layer = SCDenseLayer(5, [0.9] * 4, [0.9] * 4, 0, 1, 0, 1, dt_ms=0.5, neuron_params={"noise_std": 0.05}, base_seed=3)
    assert layer.equation.dt == 0.5
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layer.run(3000)
    trains = layer.get_spike_trains()
    assert len({row.tobytes() for row in trains}) == 5
    rates = [s["firing_rate_hz"] for s in layer.summary()["stats"]]
    # Mean current 0.081, tau 20: steady state 1.62, ISI 20·ln(1/(1 − 1/1.62)) = 19.2 ms, earlier by the noise.
    assert 45 < min(rates) < max(rates) < 65


def test_a_silent_layer_says_why() -> None:
    layer = SCDenseLayer(2, [1.0], [[1.0], [0.1]], 0, 1, 0, 1, neuron_params={"v_rest": 0.1}, base_seed=0)
    with pytest.warns(SilentNetworkWarning, match=r"1 of 2 neurons gave no spike in 300 steps.*above 0\.045"):
        layer.run(300)


# VectorizedSCLayer and chains


@given(
    length=st.sampled_from([4, 16, 64, 256]),
    sizes=st.tuples(st.integers(1, 9), st.integers(1, 7), st.integers(1, 5)),
    source=st.sampled_from(["vdc", "sobol:1", "sobol:4", "lfsr:3"]),
    theta=st.integers(1, 400),
    seed=st.integers(0, 10_000),
)
def test_a_chain_is_exactly_its_network(
    length: int, sizes: tuple[int, int, int], source: str, theta: int, seed: int
) -> None:
    if source.startswith("lfsr") and length < 8:
        source = "vdc"
    random = np.random.default_rng(seed)
    inputs, hidden, classes = sizes
    network = Network(
        length,
        (
            DenseLayer(
                random.integers(1 - length, length, (hidden, inputs)),
                random.integers(1 - length, length, hidden),
                theta,
            ),
            DenseLayer(
                random.integers(1 - length, length, (classes, hidden)),
                random.integers(1 - length, length, classes),
                None,
            ),
        ),
        InputSpec((inputs,), length),
        weight_source=source,
    )
    codes = random.integers(0, length + 1, (5, inputs))
    chain = SCSequential.from_network(network)
    exact = golden.run(network, codes)
    x = codes / length
    assert np.array_equal(chain.layers[0].forward(x) * length, exact.counts[0])
    assert np.array_equal(chain.scores(x) * length, exact.scores)
    assert np.array_equal(chain.predict(x), exact.classes)
    assert np.array_equal(chain.scores(x[0]) * length, exact.scores[0])
    assert chain.to_network() == network
    assert np.array_equal(lookup.run(network, codes).scores, packed.run(network, codes).scores)


def test_networks_with_a_bare_lfsr_start_at_one(generator: np.random.Generator) -> None:
    network = Network(
        16,
        (DenseLayer(generator.integers(-15, 16, (3, 4)), [1, -5, 9], None),),
        InputSpec((4,), 16),
        weight_source="lfsr",
    )
    codes = generator.integers(0, 17, (20, 4))
    chain = SCSequential.from_network(network)
    assert np.array_equal(chain.scores(codes / 16) * 16, golden.run(network, codes).scores)


@pytest.mark.parametrize("modes", [("counter", "vdc"), ("bernoulli", "bernoulli"), ("bernoulli", "vdc")])
def test_a_batch_is_its_samples_and_forward_repeats(modes: tuple[str, str], generator: np.random.Generator) -> None:
    layer = VectorizedSCLayer(11, 5, 64, seed=3, bias=[0.5, -0.5, 0, 1, -1], x_mode=modes[0], w_mode=modes[1])
    layer.weights = generator.uniform(-1, 1, (5, 11))
    x = generator.random((9, 11))
    rates = layer.forward(x)
    assert rates.shape == (9, 5)
    assert np.array_equal(rates, [layer.forward(one) for one in x])
    assert np.array_equal(rates, layer.forward(x))
    assert layer.forward(x[:0]).shape == (0, 5)
    assert layer.scores(x).min() < 0  # scores keep the sign that rates clip
    assert rates.min() == 0.0


def test_bernoulli_lanes_are_the_gates_of_the_streams(generator: np.random.Generator) -> None:
    layer = VectorizedSCLayer(6, 4, 50, seed=8, x_mode="bernoulli", w_mode="bernoulli")
    layer.weights = generator.uniform(-1, 1, (4, 6))
    x = generator.random(6)
    matrix = layer._matrix
    x_bits = streams.sng(np.floor(x * 65536 + 0.5).astype(int)[:, None], matrix._r_x)
    w_bits = streams.sng(np.abs(layer.codes)[..., None], matrix._r_w)
    up, down = streams.multiply(x_bits, w_bits, (layer.codes < 0)[..., None])
    assert np.array_equal(np.rint(layer.scores(x) * 50), (streams.popcount(up) - streams.popcount(down)).sum(axis=1))


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch, generator: np.random.Generator) -> None:
    from sc_neurocore import products, synapses
    from sc_neurocore.layers import sc_conv2d_layer

    x, image, w = generator.random((7, 6)), generator.random((5, 2, 4, 4)), generator.random((9, 6))

    def all_of_them() -> list[Any]:
        rates = [
            VectorizedSCLayer(6, 4, 32, seed=1, x_mode=mode, w_mode=w_mode).forward(x)
            for mode, w_mode in (("counter", "vdc"), ("bernoulli", "bernoulli"))
        ]
        source = SCDenseLayer(9, x[0], w, 0, 1, 0, 1, 32, y_max=1.0, base_seed=2)
        source.run(64)
        return [*rates, SCConv2DLayer(2, 3, 2, length=32, seed=1).forward(image), source.get_spike_trains()]

    whole = all_of_them()
    monkeypatch.setattr(products, "_BLOCK_BITS", 6 * 32 * 2)
    monkeypatch.setattr(synapses, "_BLOCK_BITS", 6 * 32 * 2)
    monkeypatch.setattr(sc_conv2d_layer, "_FIELD_CODES", 150)
    for one, other in zip(whole, all_of_them(), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize(("mode", "falls"), [("bernoulli", 0.5), ("vdc", 0.8)])
def test_errors_fall_with_the_length(mode: str, falls: float, generator: np.random.Generator) -> None:
    x, w = generator.random((40, 16)), generator.uniform(-1, 1, (30, 16))
    errors = []
    for length in (64, 1024):
        layer = VectorizedSCLayer(
            16, 30, length, seed=1, x_mode="bernoulli" if mode == "bernoulli" else "counter", w_mode=mode
        )
        layer.weights = w
        errors.append(np.sqrt(np.mean((layer.scores(x) - x @ w.T) ** 2)))
    slope = -math.log(errors[1] / errors[0]) / math.log(16)
    assert slope > falls - 0.1
    assert mode == "vdc" or slope < 0.6


def test_weights_take_effect_by_themselves() -> None:
    layer = VectorizedSCLayer(3, 2, 16, seed=0)
    assert layer.weights.shape == (2, 3)
    assert 0 < layer.weights.min() < layer.weights.max() < 1
    assert np.array_equal(VectorizedSCLayer(3, 2, 16, seed=0).weights, layer.weights)
    layer.weights -= 5.0  # a gradient step may leave the range
    for use in (layer._refresh_packed_weights, lambda: layer.forward([1.0] * 3), lambda: layer.codes):
        with pytest.raises(ScError, match=r"weights must be in \[-1, 1\], got -4\."):
            use()
    layer.weights = np.full((2, 3), 0.5)
    assert layer.codes.tolist() == [[8] * 3] * 2
    layer.weights[1] = -0.5  # in place: no setter is called
    assert layer.scores([1.0] * 3).tolist() == [1.5, -1.5]
    layer.weights[:] = np.nan
    with pytest.raises(ScError, match="weights must be finite, got nan"):
        layer.forward([1.0] * 3)
    layer.weights = np.ones((2, 3))
    layer._refresh_packed_weights()  # the documents' call
    assert layer.codes.tolist() == [[15] * 3] * 2
    assert layer.gain == pytest.approx(2 / 3)
    assert layer.forward([0.5, 0.5, 0.5]).tolist() == [1.0] * 2
    assert layer.forward([0.25, 0.25, 0.25]).tolist() == [0.5] * 2


# Convolution


def test_weights_of_a_convolution_take_effect_by_themselves() -> None:
    layer, image = SCConv2DLayer(1, 2, 2, length=16, gain=0.25, seed=0), np.full((1, 2, 2), 0.5)
    layer.weights = np.ones((2, 1, 2, 2))
    assert layer.forward(image).ravel().tolist() == [0.5, 0.5]
    layer.weights[1] = 0.0
    assert layer.forward(image).ravel().tolist() == [0.5, 0.0]
    assert layer.codes.tolist() == [[15] * 4, [0] * 4]
    layer.weights[1] = 2.0
    with pytest.raises(ScError, match=r"weights must be in \[-1, 1\], got 2\."):
        layer.forward(image)


@pytest.mark.parametrize(("kernel", "stride", "padding"), [(3, 1, 0), ((2, 3), 2, 1), (1, 1, 0)])
def test_a_convolution_is_exactly_its_network(
    kernel: int | tuple[int, int], stride: int, padding: int, generator: np.random.Generator
) -> None:
    length = 32
    layer = SCConv2DLayer(2, 3, kernel, stride, padding, length, gain=0.4, bias=[0.25, -0.5, 0.0], seed=1)
    layer.weights = generator.integers(1 - length, length, layer.weights.shape) / length
    codes = generator.integers(0, length + 1, (4, 2, 6, 7))
    rates = layer.forward(codes / length)
    taps = np.moveaxis(layer.weights * length, 1, 3).astype(int)
    conv = ConvLayer(taps, [8, -16, 0], layer.theta, (6, 7, 2), stride, padding)
    readout = DenseLayer(np.zeros((2, 84), dtype=int), [0, 0], None)
    network = Network(length, (readout,), InputSpec((84,), length))  # whose length and sources count here
    flat = codes.transpose(0, 2, 3, 1).reshape(4, -1)
    high, wide, _ = conv.output_shape
    for image, rate in zip(flat, rates, strict=True):
        s = golden.window(conv, image, network)
        counts = window_if(s, layer.theta, 4, length)
        assert np.array_equal(rate.transpose(1, 2, 0).reshape(-1) * length, counts)
        assert rate.shape == (3, high, wide)
    assert np.array_equal(layer.forward(codes[0] / length), rates[0])


# Attention


def test_attention_tends_to_that_of_floats(generator: np.random.Generator) -> None:
    q, k, v = generator.uniform(-2, 2, (4, 8)), generator.uniform(-2, 2, (6, 8)), generator.uniform(-2, 2, (6, 3))
    scores = q @ k.T
    weights = np.exp(scores / (math.sqrt(8) * 1.5))
    soft = weights / weights.sum(axis=1, keepdims=True) @ v
    positive = np.maximum(scores, 0)
    plain = positive / positive.sum(axis=1, keepdims=True) @ v
    for modes in ({}, {"x_mode": "bernoulli", "w_mode": "bernoulli", "seed": 3}):
        errors = []
        for length in (64, 4096):
            attention = StochasticAttention(8, 1.5, length, full_scale=2.0, **modes)  # type: ignore[arg-type]
            errors.append(
                (
                    np.abs(attention.forward_softmax(q, k, v) - soft).max(),
                    np.abs(attention.forward(q, k, v) - plain).max(),
                )
            )
        assert max(errors[1]) < 0.35
        assert errors[1][0] < errors[0][0] / 2
        assert errors[1][1] < errors[0][1] / 2
    batch = attention.forward(np.stack([q, q]), np.stack([k, k]), np.stack([v, v]))
    assert np.array_equal(batch, [attention.forward(q, k, v)] * 2)
    assert np.allclose(StochasticAttention(2).forward([[0.0, 0.0]], [[1.0, 1.0]] * 2, [[0.0], [0.5]]), 0.25, atol=0.01)


# Architectures


def test_progressive_precision_has_a_length_for_each_layer(generator: np.random.Generator) -> None:
    first, second = VectorizedSCLayer(8, 6, 512, seed=0), VectorizedSCLayer(6, 3, 512, seed=1)
    chain = SCSequential([first, second])
    progressive = chain.with_lengths([64, 512])
    assert progressive.lengths == (64, 512)
    x = generator.random((20, 8))
    hidden = first.replace(length=64).forward(x)
    assert np.array_equal(progressive.forward(x), second.forward(hidden))
    assert np.array_equal(hidden * 64, np.round(hidden * 64))
    with pytest.raises(ScError, match="a Network has one length: layer 1 has 512, not 64"):
        progressive.to_network()


def test_an_ensembles_noise_falls_as_the_root_of_its_size(generator: np.random.Generator) -> None:
    layer = VectorizedSCLayer(20, 40, 128, seed=5, gain=0.1, x_mode="bernoulli", w_mode="bernoulli")
    x = generator.random((10, 20))
    exact = x @ layer.weights.T
    errors = []
    for count in (1, 16):
        groups = [SCEnsemble(layer, range(100 * g, 100 * g + count)).scores(x) for g in range(6)]
        errors.append(np.sqrt(np.mean([(scores - exact) ** 2 for scores in groups])))
    # Streams are shared within a layer, so the 6 · 400 errors are worth fewer: 4 within 25 %.
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.25)
    with pytest.raises(ScError, match="all members would be equal"):
        SCEnsemble(VectorizedSCLayer(2, 2, 16), [1, 2])
    with pytest.raises(ScError, match="seeds must differ"):
        SCEnsemble(layer, [1, 1])


def test_a_reservoir_remembers_and_a_linear_readout_reads_it() -> None:
    random = np.random.default_rng(2)
    u = random.random((600, 1))
    reservoir = SCReservoir(1, 60, length=1024, seed=1)
    states = reservoir.forward(u)
    assert states.shape == (600, 60)
    assert ((states == 0) | (states == 1)).mean() < 0.01
    scores = []
    for delay in (1, 3, 40):
        target = np.roll(u[:, 0], delay)
        readout = LinearReadout(1e-3).fit(states[50:450], target[50:450])
        residual = readout.predict(states[450:]) - target[450:]
        scores.append(1 - residual.var() / target[450:].var())
    assert scores[0] > 0.95
    assert scores[1] > 0.8
    assert scores[2] < 0.3  # a memory that fades
    batch = reservoir.forward(np.stack([u[:20], u[20:40]]))
    assert np.array_equal(batch[1], reservoir.forward(u[20:40]))
    assert np.array_equal(SCReservoir(1, 60, length=1024, seed=1).forward(u[:5]), states[:5])


def test_conversion_from_torch_keeps_signs_and_is_a_network() -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(3)
    model = torch.nn.Sequential(torch.nn.Linear(20, 30), torch.nn.ReLU(), torch.nn.Linear(30, 5))
    x = np.random.default_rng(1).random((400, 20))
    exact = model(torch.tensor(x, dtype=torch.float32)).detach().numpy()
    chain = sc_neurocore.convert_torch(model, x[:200], length=1024)
    assert min(layer.weights.min() for layer in chain.layers) < 0
    agree = (chain.predict(x[200:]) == exact[200:].argmax(axis=1)).mean()
    assert agree > 0.95
    network = chain.to_network()
    codes = np.floor(x[200:] * 1024 + 0.5).astype(int)
    assert np.array_equal(backends.run(network, codes, "packed").scores, chain.scores(x[200:]) * 1024)


# Bad input

ENCODER = BitstreamEncoder(length=16, seed=0)
SYNAPSE = BitstreamSynapse(0.0, 1.0, 16, seed=0)
LAYER = VectorizedSCLayer(3, 2, 16, seed=0)
BAD = [
    (lambda: BitstreamEncoder(1.0, 1.0), "x_min must be below x_max, got 1.0 and 1.0"),
    (lambda: BitstreamEncoder(length=0), r"length must be an integer in \[1, 16777216\], got 0"),
    (lambda: BitstreamEncoder(length=100, mode="vdc"), "mode 'vdc': length must be a power of two in .*, got 100"),
    (lambda: BitstreamEncoder(mode="noise"), "mode must be one of bernoulli, counter, .*, got 'noise'"),
    (lambda: BitstreamEncoder(mode="sobol:10"), "mode 'sobol:10': dim must be in 0 to 9, got 10"),
    (lambda: BitstreamEncoder(mode="vdc", seed=1), "seed must be None with mode 'vdc', which has none, got 1"),
    (lambda: BitstreamEncoder(seed=-1), "seed must be an integer, at least 0, got -1"),
    (lambda: BitstreamEncoder(seed=1.5), "seed must be an integer, at least 0, got 1.5"),  # type: ignore[arg-type]
    (lambda: ENCODER.encode(1.1), r"x must be in \[0, 1\], got 1\.1"),
    (lambda: ENCODER.encode(float("nan")), "x must be finite, got nan"),
    (lambda: ENCODER.encode("a"), "x must be real numbers, got dtype <U1"),
    (lambda: bitstream_to_probability([]), r"bits must be a stream of shape \(length,\), got \(0,\)"),
    (lambda: bitstream_to_probability([0, 2]), "bits must be 0 and 1, got 2"),
    (lambda: StochasticLIFNeuron(tau_mem=0.0), "tau_mem must be above 0, got 0.0"),
    (lambda: StochasticLIFNeuron(tau_mem=math.nan), "tau_mem must be a finite number, got nan"),
    (lambda: StochasticLIFNeuron(dt=30.0), "dt must be at most tau_mem, 20.0, got 30.0"),
    (lambda: StochasticLIFNeuron(v_reset=1.0), "v_reset must be below v_threshold, 1.0, got 1.0"),
    (lambda: StochasticLIFNeuron(noise_std=-1), "noise_std must be at least 0, got -1.0"),
    (lambda: StochasticLIFNeuron(refractory_period=1.5), "refractory_period must be .* got 1.5"),  # type: ignore[arg-type]
    (lambda: StochasticLIFNeuron().step(math.inf), "input_current must be a finite number, got inf"),
    (lambda: StochasticLIFNeuron().process_bitstream([[1]]), r"bits must be a stream of .*, got \(1, 1\)"),
    (lambda: BitstreamSpikeRecorder(0), "dt_ms must be above 0, got 0.0"),
    (lambda: BitstreamSpikeRecorder().record(2), "spike must be 0 or 1, got 2"),
    (lambda: BitstreamSynapse(0, 1, w=1.5), r"w must be in \[0, 1\], got 1\.5"),
    (lambda: SYNAPSE.apply([1, 0]), "pre_bits must have length 16, the synapse's, got 2"),
    (lambda: StochasticSTDPSynapse(0, 1, window_size=0), "window_size must be an integer, at least 1, got 0"),
    (lambda: StochasticSTDPSynapse(0, 1).process_step(1, 3), "post_bit must be 0 or 1, got 3"),
    (
        lambda: BitstreamCurrentSource([0.5, 0.5], 0, 1, [0.5], 0, 1),
        "weight_values must have one weight for each of the 2 x_inputs, got 1",
    ),
    (lambda: BitstreamCurrentSource([2.0], 0, 1, [0.5], 0, 1), r"x_inputs must be in \[0, 1\], got 2\.0"),
    (lambda: BitstreamCurrentSource([1.0], 0, 1, [0.5], 0, 1, y_max=-1), "y_min must be below y_max, got 0.0 and -1.0"),
    (
        lambda: SCDenseLayer(3, [1.0], [[0.5], [0.5]], 0, 1, 0, 1),
        r"weight_values must have shape \(n_inputs,\) or \(3, n_inputs\), got \(2, 1\)",
    ),
    (
        lambda: SCDenseLayer(1, [1.0], [0.5], 0, 1, 0, 1, neuron_params={"tau": 3}),
        "neuron_params must be of v_rest, .*, got 'tau'",
    ),
    (lambda: SCDenseLayer(1, [1.0], [0.5], 0, 1, 0, 1).run(0), "T must be an integer, at least 1, got 0"),
    (lambda: VectorizedSCLayer(0, 1), "n_inputs must be an integer .*, got 0"),
    (lambda: VectorizedSCLayer(2, 1, 100), "x_mode 'counter': length must be a power of two .*, got 100"),
    (lambda: VectorizedSCLayer(2, 1, gain=100.0), r"gain must be in \[0\.000244, 16\], got 100\.0"),
    (lambda: VectorizedSCLayer(2, 1, bias=[2.0]), r"bias must be in \[-1, 1\], got 2\.0"),
    (lambda: LAYER.forward([0.5, 0.5]), r"x must have shape \(3,\) or \(B, 3\), got \(2,\)"),
    (lambda: LAYER.forward([0.5, 0.5, -0.1]), r"x must be in \[0, 1\], got -0\.1"),
    (lambda: setattr(LAYER, "weights", np.zeros((3, 2))), r"weights must have shape \(2, 3\), got \(3, 2\)"),
    (lambda: setattr(LAYER, "weights", np.full((2, 3), np.nan)), "weights must be finite, got nan at index"),
    (lambda: LAYER.replace(n_inputs=3), "replace takes length, .*, got 'n_inputs'"),
    (lambda: SCConv2DLayer(1, 1, 3, padding=3), r"padding must be an integer in \[0, 2\], got 3"),
    (lambda: SCConv2DLayer(1, 1, 3).forward(np.zeros((1, 2, 2))), "image must be at least as large as the kernel"),
    (lambda: SCConv2DLayer(2, 1, 3).forward(np.zeros((1, 5, 5))), r"image must have shape \(2, H, W\) or"),
    (lambda: StochasticAttention(2, temperature=0), "temperature must be above 0, got 0"),
    (lambda: StochasticAttention(2).forward([[1.0]], [[1.0]], [[1.0]]), r"Q must have shape \(n, 2\) or"),
    (lambda: StochasticAttention(1).forward([[3.0]], [[1.0]], [[1.0]]), r"Q must be in \[-1, 1\], got 3\.0"),
    (lambda: StochasticAttention(1).forward([[1.0]], [[1.0]], [[1.0]] * 2), "V must have a row for each of the 1 keys"),
    (lambda: SCSequential([]), "layers must hold at least one layer, got none"),
    (lambda: SCSequential([LAYER, LAYER]), "layer 1 takes 3 inputs but gets 2: shapes must chain"),
    (lambda: SCReservoir(1, 10, spectral_radius=1.5), r"spectral_radius must be in \[0, 1\], got 1\.5"),
    (lambda: SCReservoir(1, 10, seed=0).forward([[2.0]]), r"u must be in \[0, 1\], got 2\.0"),
    (lambda: LinearReadout().predict([[1.0]]), "LinearReadout must be fitted first"),
]


@pytest.mark.parametrize(("call", "message"), BAD, ids=[message[:40] for _, message in BAD])
def test_bad_input_names_parameter_value_and_rule(call: Any, message: str) -> None:
    with pytest.raises(ScError, match=message):
        call()


def test_values_within_rounding_of_a_range_are_clipped() -> None:
    near = 1 + 2e-16 + 5e-10
    assert ENCODER.encode(near).tolist() == [1] * 16
    assert ENCODER.encode(-1e-10).tolist() == [0] * 16
    assert np.array_equal(LAYER.forward([near, -1e-10, 0.5]), LAYER.forward([1.0, 0.0, 0.5]))
    assert BitstreamSynapse(0.0, 1.0, w=near).w == 1.0
    with pytest.raises(ScError, match=r"got 1\.00000001"):
        ENCODER.encode(1 + 1e-8)
