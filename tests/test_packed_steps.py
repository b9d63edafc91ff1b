"""Networks in steps by the packed simulator: equal to golden and oracle, whatever the threads and blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore import golden, packed, packed_steps
from sc_neurocore.errors import ScError
from sc_neurocore.network import DenseLayer, Edge, InputSpec, Network, Steps
from sc_neurocore.neurons import Lif
from sc_neurocore.result import Result
from strategies import EFFORT, Case, assert_answers, oracle_answers, step_cases


def assert_equal(a: Result, b: Result) -> None:
    assert np.array_equal(a.scores, b.scores)
    for name in ("counts", "spikes"):
        assert len(getattr(a, name)) == len(getattr(b, name))
        for x, y in zip(getattr(a, name), getattr(b, name), strict=True):
            assert np.array_equal(x, y)


@settings(max_examples=150 * EFFORT)
@given(step_cases())
def test_networks_in_steps(case: Case) -> None:
    answers = oracle_answers(case)
    assert_answers(packed.run(case.network, case.codes, spikes=True), answers)
    assert_answers(packed.run(case.network, case.codes, block=2), answers)


@settings(max_examples=60 * EFFORT)
@given(step_cases(most=80, lengths=(16, 64)), st.integers(1, 4))
def test_wider_networks_equal_the_golden_model(case: Case, block: int) -> None:
    """Layers of several vectors, beside one another."""
    wanted = golden.run(case.network, case.codes, spikes=True)
    assert_equal(packed.run(case.network, case.codes, block, spikes=True), wanted)


def layer(random: np.random.Generator, inputs: int, neurons: int, neuron: Any = None, most: int = 15) -> DenseLayer:
    weights = random.integers(-most, most + 1, (neurons, inputs))
    return DenseLayer(weights, random.integers(-most, most + 1, neurons), neuron=neuron)


def recurrent(neuron: Any, constant: bool = False, frac: int = 0, count: int = 6) -> Network:
    """Return 70-40-40-3 with edges forward, back, and from a layer to itself; the last has a delay longer than T."""
    random = np.random.default_rng(5)
    layers = (layer(random, 70, 40, neuron), layer(random, 40, 40, neuron), layer(random, 40, 3))
    edges = [
        Edge(source, target, delay, random.integers(-9, 10, (layers[target].neurons, 40)))
        for source, target, delay in ((0, 0, 1), (1, 0, 2), (0, 2, 3), (1, 1, 5), (0, 1, 200))
    ]
    return Network(16, layers, InputSpec((70,), 16), frac, steps=Steps(count, constant, edges=tuple(edges)))


def codes_of(network: Network, samples: int, rate: float, graded: bool) -> np.ndarray:
    random = np.random.default_rng(6)
    shape = (samples, *network.sample_shape)
    top = random.integers(1, 17, shape) if graded else np.full(shape, 16)
    return (top * (random.random(shape) < rate)).astype(np.uint16)


@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("graded", [False, True])
def test_results_do_not_depend_on_threads_or_blocks(
    monkeypatch: pytest.MonkeyPatch, constant: bool, graded: bool
) -> None:
    network = recurrent(Lif(theta=60, leak_shift=2), constant)
    codes = codes_of(network, 130, 0.2, graded)
    whole = packed.run(network, codes, spikes=True)
    assert 0 < whole.counts[1].mean() < 6
    assert_equal(Result(whole.scores[:4]), Result(golden.run(network, codes[:4]).scores))
    ready = packed.prepare(network)
    for block in (1, 7, 129, 1000):
        assert_equal(packed.run(network, codes, block, spikes=True, prepared=ready), whole)
    monkeypatch.setattr(packed_steps, "_SERIAL_STEPS", 1 << 30)
    assert_equal(packed.run(network, codes, spikes=True), whole)


def test_graded_codes_in_one_of_many_samples_are_noticed() -> None:
    network = recurrent(Lif(theta=60, leak_shift=2))
    codes = codes_of(network, 9, 0.2, graded=False)
    codes[5, 3, 69] = 7
    assert_equal(packed.run(network, codes, spikes=True), golden.run(network, codes, spikes=True))


@pytest.mark.parametrize("neuron", [Lif(theta=1 << 30, width=32, leak_shift=1), Lif(60000, 30, 1, 0, 255)])
def test_neurons_of_many_bits_run_in_wider_numbers(neuron: Lif) -> None:
    network = recurrent(neuron, frac=15)
    ready = packed.prepare(network)
    assert isinstance(ready, packed_steps.Prepared)
    assert ready.plan is not None
    assert ready.plan.theta.dtype == np.int64
    codes = codes_of(network, 5, 0.5, graded=False)
    assert_equal(packed.run(network, codes, spikes=True), golden.run(network, codes, spikes=True))


@pytest.mark.parametrize("constant", [False, True])
def test_neurons_that_are_not_compiled_run_by_their_own_step(constant: bool) -> None:
    from sc_neurocore.compiler.network_neuron import EquationNeuron

    neuron = EquationNeuron({"equations": "dv/dt = I - v/8", "threshold": "v > 0.5", "reset": "v = 0"}, shift=4)
    network = recurrent(neuron, constant)
    ready = packed.prepare(network)
    assert isinstance(ready, packed_steps.Prepared)
    assert ready.plan is None
    codes = codes_of(network, 5, 0.2, graded=True)
    found = packed.run(network, codes, block=3, spikes=True)
    assert_equal(found, golden.run(network, codes, spikes=True))
    assert found.counts[0].sum() > 0


@settings(max_examples=20)
@given(step_cases())
def test_the_way_without_compiled_neurons_gives_the_same(case: Case) -> None:
    ready = packed_steps.prepare(case.network)
    wanted = packed.run(case.network, case.codes, spikes=True, prepared=ready)
    plain = packed_steps.Prepared(ready.steps, ready.windows, None, ready.links, ready.bias)
    assert_equal(packed.run(case.network, case.codes, spikes=True, prepared=plain), wanted)


def test_a_code_out_of_range_is_refused_by_the_range_of_all() -> None:
    network = recurrent(Lif(theta=60))
    codes = codes_of(network, 200, 0.2, graded=False)
    codes[150, 2, 3] = 17
    for given_codes in (codes, codes.astype(np.int64)):
        with pytest.raises(ScError, match=r"input codes must be in \[0, 16\], got 0 … 17"):
            packed.run(network, given_codes)
    with pytest.raises(ScError, match=r"must have shape \(n, 6, 70\)"):
        packed.run(network, codes[:, :5])
    with pytest.raises(ScError, match="block must be at least 1, got 0"):
        packed.run(network, codes, 0)


def test_no_samples_give_no_scores() -> None:
    network = recurrent(Lif(theta=60))
    assert packed.run(network, np.zeros((0, 6, 70), np.uint16)).scores.shape == (0, 3)
