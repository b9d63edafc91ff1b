"""Synapses that multiply streams and learn by STDP, and the sources of current that they make."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sc_neurocore import BitstreamCurrentSource, BitstreamSynapse, StochasticSTDPSynapse, golden, streams
from sc_neurocore.errors import ScError
from sc_neurocore.network import DenseLayer, InputSpec, Network
from sc_neurocore.synapses import StdpRule, StochasticSTDPMatrix


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


SYNAPSE = BitstreamSynapse(0.0, 1.0, 16, seed=0)

BAD = [
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
]


@pytest.mark.parametrize(("call", "message"), BAD, ids=[message[:40] for _, message in BAD])
def test_bad_input_names_parameter_value_and_rule(call: Any, message: str) -> None:
    with pytest.raises(ScError, match=message):
        call()


@pytest.mark.parametrize("mode", ["vdc", "sobol:2", "lfsr"])
def test_a_matrix_is_a_synapse_for_each_input_and_neuron(mode: str, generator: np.random.Generator) -> None:
    neurons, inputs, length = 3, 5, 16
    w = generator.uniform(-1, 2, (neurons, inputs))
    rule = StdpRule(0.2, 3, 0.7)
    matrix = StochasticSTDPMatrix(w, -1.0, 2.0, length, rule=rule, mode=mode)
    single = [[StochasticSTDPSynapse(-1.0, 2.0, length, v, None, 0.2, 3, 0.7, mode=mode) for v in row] for row in w]
    for t in range(200):
        if t == 120:
            matrix.reset()
            for synapse in (s for row in single for s in row):
                synapse.reset()
        pre, post = generator.random(inputs) < 0.3, generator.random(neurons) < 0.2
        bits = matrix.process_step(pre, post)
        for j, row in enumerate(single):
            for i, synapse in enumerate(row):
                assert synapse.process_step(pre[i], post[j]) == bits[j, i]
                assert synapse.w == matrix.w[j, i]
    assert np.abs(matrix.w - w).min() > 0


def test_of_random_streams_each_input_has_its_own_which_the_seed_repeats() -> None:
    def bits(seed: int) -> np.ndarray:
        matrix = StochasticSTDPMatrix(np.full((2, 4), 0.5), 0.0, 1.0, 64, seed)
        return np.array([matrix.process_step([1] * 4, [0, 0]) for _ in range(64)])

    a = bits(1)
    assert np.array_equal(a, bits(1))
    assert not np.array_equal(a, bits(2))
    assert np.array_equal(a[:, 0], a[:, 1])
    assert len(np.unique(a[:, 0], axis=1).T) == 4


def test_bad_input_is_refused_by_name() -> None:
    with pytest.raises(ScError, match=r"w must be in \[0, 1\], got 1.5"):
        StochasticSTDPMatrix([[1.5]], 0.0, 1.0)
    matrix = StochasticSTDPMatrix([[0.5, 0.5]], 0.0, 1.0)
    with pytest.raises(ScError, match="pre_bits must have length 2"):
        matrix.process_step([1], [0])
    with pytest.raises(ScError, match="post_bits must be 0 and 1, got 2"):
        matrix.process_step([1, 0], [2])
    with pytest.raises(ScError, match="w must have shape"):
        matrix.w = [[0.5]]
    with pytest.raises(ScError, match="ltd_ratio must be"):
        StdpRule(ltd_ratio=-1.0)
