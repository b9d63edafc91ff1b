"""The neurons of networks in steps (A21): each against the oracle's reading, their words for the engine, refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import oracle
from sc_neurocore.errors import ScError
from sc_neurocore.neurons import NEVER, Alif, ClockNeuron, CountIf, Groups, Li, Lif, Synaptic, neuron_of
from strategies import step_neurons

KINDS = ("lif", "li", "synaptic", "alif")


@settings(max_examples=300)
@given(st.data(), st.sampled_from(KINDS), st.integers(1, 3))
def test_each_kind_is_that_of_the_oracle(data: st.DataObject, kind: str, neurons: int) -> None:
    """With currents that are small, near the ends of the width, and far beyond them."""
    neuron = data.draw(step_neurons(neurons, [kind], 2, 16))
    width = neuron.potential_bits
    assert width is not None
    top = 1 << width - 1
    sizes = st.integers(-40, 40) | st.integers(-top - 2, top + 2) | st.integers(-(1 << 50), 1 << 50)
    currents = data.draw(st.lists(st.lists(sizes, min_size=neurons, max_size=neurons), min_size=1, max_size=12))
    entry = {"neurons": neurons, **neuron.describe()}
    others = oracle.step_neurons(entry)
    state = neuron.start((neurons,))
    for current in currents:
        state, spike, u = neuron.step_of_sample(state, np.array(current))
        assert u is not None
        wanted = [other.step(one) for other, one in zip(others, current, strict=True)]
        assert [*zip(spike.astype(int).tolist(), u.tolist(), strict=True)] == wanted


@settings(max_examples=100)
@given(st.data(), st.sampled_from(KINDS), st.integers(1, 5))
def test_a_description_gives_the_neuron_back(data: st.DataObject, kind: str, neurons: int) -> None:
    neuron = data.draw(step_neurons(neurons, [kind], 2, 16))
    assert neuron_of(neuron.describe()) == neuron


def test_a_step_without_a_current_beyond_the_width_is_that_of_lif() -> None:
    neuron = Lif(theta=60, width=8, leak_shift=2, refractory=1)
    one = two = neuron.start((50,))
    random = np.random.default_rng(1)
    for _ in range(40):
        current = random.integers(-128, 128, 50)
        one, spike = neuron.step(one, current)
        two, same, _ = neuron.step_of_sample(two, current)
        assert np.array_equal(spike, same)
        assert np.array_equal(one.v, two.v)
        assert np.array_equal(one.rest, two.rest)


def test_synaptic_goes_on_while_it_rests_and_alif_forgets() -> None:
    synaptic = Synaptic(theta=10, leak_shift=0, refractory=2, leak_shift_i=1)
    state = synaptic.start()
    seen = []
    for current in (16, 0, 8, 0):
        state, spike, u = synaptic.step_of_sample(state, np.array(current))
        seen.append((int(state.i), bool(spike), int(u)))
    # It fires in the first step, rests for two, in which i goes on; v stood at 16 − 10.
    assert seen == [(16, True, 16), (8, False, 6), (12, False, 6), (6, True, 12)]
    alif = Alif(theta=10, leak_shift=0, refractory=2, leak_shift_a=1, b=20)
    state, raised = alif.start(), []
    for current in (16, 0, 0, 6):
        state, spike, _ = alif.step_of_sample(state, np.array(current))
        raised.append((int(state.a), bool(spike)))
    assert raised == [(20, True), (10, False), (5, False), (3, False)]  # 6 + 6 is below 10 + 5


def test_the_words_of_the_engine() -> None:
    lif = Lif(theta=300, leak_shift=3, refractory=2)
    assert lif.engine_words() == [2 << 8 | 3, 300]
    factor = Lif(theta=300, leak_mode=1, beta=200, reset_mode=1, v_reset=-5)
    assert factor.engine_words() == [65531, 200, 300]
    assert Li(leak_shift=5).engine_words() == [5, NEVER]
    assert Li(leak_mode=1, beta=9).engine_words(reset_mode=1) == [0, 9, NEVER]
    assert Synaptic(300, leak_shift=3, leak_shift_i=2).engine_words() == [2, 3, 300]
    assert Synaptic(300, 16, 1, 0, 200, 1, -5, 7, 0, 100).engine_words() == [100, 65531, 7 << 8 | 200, 300]
    assert Alif(300, leak_shift_a=6, b=77).engine_words() == [6, 77, 4, 300]
    assert [x.engine_kind for x in (lif, Li(), Synaptic(1), Alif(1))] == [0, 0, 1, 2]


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: Lif(70000, 32).engine_words(), "takes a theta of 1 … 32767, got 70000"),
    (lambda: Lif(9, 32, reset_mode=1, v_reset=-40000).engine_words(), "takes a v_reset of -32768 … 32767, got -40000"),
    (lambda: Lif(9).engine_words(reset_mode=1), "reset_mode must be 1 in this engine, got 0"),
    (lambda: Alif(9, 32, b=70000).engine_words(), "takes a b of 0 … 65535, got 70000"),
    (lambda: Groups(((1, Lif(9)),)).engine_words(), "the engine of networks in steps has no groups neurons"),
    (lambda: Li(width=33), "width must be in 4 to 32, got 33"),
    (lambda: Li(leak_shift=16), "leak_shift must be in 0 to WIDTH minus 1, got 16"),
    (lambda: Li(leak_mode=2), "leak_mode must be 0 shift or 1 factor, got 2"),
    (lambda: Li(beta=256), "beta must be in 0 to 255, got 256"),
    (lambda: Li(width=8.0), r"width must be an integer of at most 64 bits, got 8\.0"),  # type: ignore[arg-type]
    (lambda: Synaptic(0), "theta must be in 1 to 32767, got 0"),
    (lambda: Synaptic(1, leak_shift_i=16), "leak_shift_i must be in 0 to WIDTH minus 1, got 16"),
    (lambda: Synaptic(1, beta_i=-1), "beta_i must be in 0 to 255, got -1"),
    (lambda: Alif(1, leak_shift_a=-1), "leak_shift_a must be in 0 to WIDTH minus 1, got -1"),
    (lambda: Alif(1, beta_a=256), "beta_a must be in 0 to 255, got 256"),
    (lambda: Alif(1, 8, b=128), "b must be in 0 to 127, got 128"),
    (lambda: Alif(1, b=-1), "b must be in 0 to 32767, got -1"),
    (lambda: Groups(()), "parts must have at least one"),
    (
        lambda: Groups(((0, Lif(1)),)),
        r"the number of neurons of parts\[0\] must be an integer in \[1, .*, got 0",
    ),
    (lambda: Groups((Lif(1),)), r"parts\[0\] must be \(number of neurons, neuron\), got Lif"),  # type: ignore[arg-type]
    (lambda: Groups(((1, CountIf(1)),)), r"parts\[0\] must be lif, li, synaptic or alif neurons, got CountIf"),  # type: ignore[arg-type]
    (lambda: Groups(((1, Groups(((1, Lif(1)),))),)), r"must be lif, li, synaptic or alif neurons, got groups neurons"),
    (lambda: Groups(((1, Lif(1)), (1, Li()))), r"alike in kind: parts\[0\] has 'lif', parts\[1\] 'li'"),
    (lambda: Groups(((1, Lif(1)), (1, Lif(1, 8)))), r"alike in width: parts\[0\] has 16, parts\[1\] 8"),
    (lambda: Groups(((1, Lif(1)), (1, Lif(1, leak_mode=1)))), "alike in leak_mode"),
    (lambda: Groups(((1, Lif(1)), (1, Lif(1, reset_mode=1)))), "alike in reset_mode"),
    (lambda: neuron_of({"neuron": {"kind": "groups", "parts": [{"neurons": 1}]}}), "'neuron' of parts.0. missing"),
    (
        lambda: neuron_of({"neuron": {"kind": "groups", "parts": [{"neurons": 1, "neuron": {"kind": "groups"}}]}}),
        "must be lif, li, synaptic or alif neurons, got groups neurons",
    ),
    (
        lambda: neuron_of({"neuron": {"kind": "groups", "parts": [{"neurons": 1, "neuron": {"kind": "window_if"}}]}}),
        "neuron",
    ),
]


@pytest.mark.parametrize("k", range(len(REFUSED)))
def test_what_breaks_a_rule_is_refused(k: int) -> None:
    call, message = REFUSED[k]
    with pytest.raises(ScError, match=message):
        call()


class Counter(ClockNeuron):
    """A neuron from outside: it fires at every third unit of current, of which it takes one a step."""

    kind = "counter_of_three"
    current_range = (0, 1)  # type: ignore[assignment]

    def start(self, shape: tuple[int, ...] = ()) -> Any:
        return np.zeros(shape, dtype=np.int64)

    def step(self, state: Any, current: Any) -> Any:
        assert set(np.unique(current)) <= {0, 1}
        full = state + current == 3
        return np.where(full, 0, state + current), full


def test_a_kind_from_outside_gets_currents_within_its_range_and_has_no_potential() -> None:
    neuron = Counter()
    state, spikes = neuron.start((2,)), []
    for _ in range(3):
        state, spike, u = neuron.step_of_sample(state, np.array([900, -5]))
        assert u is None
        spikes.append(spike.tolist())
    assert spikes == [[False, False], [False, False], [True, False]]
    assert neuron.potential_bits is None
    assert neuron.fires


def test_equations_take_a_current_limited_to_their_input() -> None:
    from sc_neurocore.compiler.network_neuron import EquationNeuron

    neuron = EquationNeuron({"equations": "dv/dt = I - v/8", "threshold": "v > 1", "reset": "v = 0"}, shift=3)
    low, high = neuron.current_range
    state, far = neuron.start((2,)), neuron.start((2,))
    (current,) = neuron.compiled.program.inputs
    state, _ = neuron.compiled.step(state, {current.name: np.array([current.low, current.high])})
    far, _, u = neuron.step_of_sample(far, np.array([low * 1000, high * 1000]))
    assert u is None
    assert all(np.array_equal(state.codes[name], far.codes[name]) for name in state.codes)
