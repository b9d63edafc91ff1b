"""A8, A9 and A13."""

from __future__ import annotations

import math
import re
from dataclasses import FrozenInstanceError
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc_neurocore.errors import ScError
from sc_neurocore.neurons import LifParams, LifState, classify, lif_step, window_if, window_if_step
from sc_neurocore.paths import hdl_root

SUMS = st.one_of(st.integers(-(1 << 24), 1 << 24), st.integers(-70000, 70000), st.integers(-20, 20))
THETAS = st.one_of(st.sampled_from([1, 2, 65535]), st.integers(1, 65535))
FRACS = st.integers(0, 15)
LENGTHS = st.sampled_from([1 << n for n in range(2, 10)])


@given(SUMS, THETAS, FRACS, LENGTHS)
def test_the_count_is_s_over_theta_rounded_half_up_and_clipped(s: int, theta: int, frac: int, length: int) -> None:
    rounded = math.floor(Fraction(s * 2**frac, theta) + Fraction(1, 2))
    assert int(window_if(s, theta, frac, length)) == min(max(rounded, 0), length)


@given(st.lists(SUMS, min_size=1, max_size=9), THETAS, FRACS, LENGTHS)
def test_stepping_emits_the_count_as_ones_then_zeros(sums: list[int], theta: int, frac: int, length: int) -> None:
    s = np.array(sums, dtype=np.int64)
    v = (s << (frac + 1)) - theta
    stream = np.zeros((length, len(s)), dtype=bool)
    for t in range(length):
        v, stream[t] = window_if_step(v, theta)
    counts = window_if(s, theta, frac, length)
    assert np.array_equal(stream, np.arange(length)[:, None] < counts)


def test_a_half_rounds_up() -> None:
    # theta = 2.0 with 4 fraction bits: 1 / 2, 3 / 2 and -1 / 2 lie half way.
    assert window_if([1, 3, -1], 32, 4, 16).tolist() == [1, 2, 0]


@given(st.lists(st.lists(st.integers(-3, 3), min_size=4, max_size=4), min_size=1, max_size=8))
def test_the_class_is_the_lowest_index_of_the_greatest_score(scores: list[list[int]]) -> None:
    assert classify(scores).tolist() == [row.index(max(row)) for row in scores]


@st.composite
def lif_params(draw: st.DrawFn) -> LifParams:
    width = draw(st.integers(4, 32))
    top = (1 << width - 1) - 1
    theta = draw(st.one_of(st.sampled_from([1, top]), st.integers(1, top)))
    return LifParams(
        theta=theta,
        width=width,
        leak_mode=draw(st.integers(0, 1)),
        leak_shift=draw(st.integers(0, width - 1)),
        beta=draw(st.one_of(st.sampled_from([0, 255]), st.integers(0, 255))),
        reset_mode=draw(st.integers(0, 1)),
        v_reset=draw(st.one_of(st.sampled_from([-top - 1, theta - 1]), st.integers(-top - 1, theta - 1))),
        refractory=draw(st.sampled_from([0, 1, 3])),
    )


def one_clock(v: int, rest: int, current: int, p: LifParams) -> tuple[int, int, bool]:
    """A13 in rationals and floors."""
    if rest:
        return v, rest - 1, False
    leaked = math.floor(Fraction(v * p.beta, 256)) if p.leak_mode else v - math.floor(Fraction(v, 2**p.leak_shift))
    if not p.leak_mode and p.leak_shift == 0:
        leaked = v
    u = max(-(2 ** (p.width - 1)), min(2 ** (p.width - 1) - 1, leaked + current))
    if u < p.theta:
        return u, 0, False
    return (p.v_reset if p.reset_mode else u - p.theta), p.refractory, True


@given(lif_params(), st.data())
def test_lif_is_a13_for_every_state_and_current(p: LifParams, data: st.DataObject) -> None:
    low, high = -p.v_max - 1, p.v_max
    values = st.one_of(st.sampled_from([low, high, 0, -1]), st.integers(low, high))
    cells = data.draw(st.lists(st.tuples(values, st.integers(0, 3), values), min_size=1, max_size=8))
    v, rest, current = (np.array(column, dtype=np.int64) for column in zip(*cells, strict=True))
    state, spike = lif_step(LifState(v, rest), current, p)
    wanted = [one_clock(*cell, p) for cell in cells]
    assert list(zip(state.v.tolist(), state.rest.tolist(), spike.tolist(), strict=True)) == wanted
    assert all(low <= x <= high for x in state.v.tolist())


def test_lif_starts_where_it_resets_to() -> None:
    assert LifState.start(LifParams(theta=10, v_reset=3), 2).v.tolist() == [0, 0]
    hard = LifState.start(LifParams(theta=10, reset_mode=1, v_reset=-3), (2, 1))
    assert hard.v.tolist() == [[-3], [-3]]
    assert hard.rest.tolist() == [[0], [0]]


def test_lif_rests_as_many_clocks_as_it_is_told() -> None:
    state, spikes = LifState.start(LifParams(theta=1)), []
    for _ in range(8):
        state, spike = lif_step(state, 1, LifParams(theta=1, refractory=2))
        spikes.append(bool(spike))
    assert spikes == [True, False, False] * 2 + [True, False]


LIF_REFUSED: list[tuple[dict[str, object], str]] = [
    ({"width": 3}, "width must be in 4 to 32, got 3"),
    ({"width": 33}, "width must be in 4 to 32, got 33"),
    ({"leak_mode": 2}, "leak_mode must be 0 shift or 1 factor, got 2"),
    ({"leak_mode": -1}, "leak_mode must be 0 shift or 1 factor, got -1"),
    ({"leak_shift": -1}, "leak_shift must be in 0 to WIDTH minus 1, got -1"),
    ({"leak_shift": 16}, "leak_shift must be in 0 to WIDTH minus 1, got 16"),
    ({"reset_mode": 2}, "reset_mode must be 0 subtract or 1 to value, got 2"),
    ({"refractory": -1}, "refractory must be in 0 to 255, got -1"),
    ({"refractory": 256}, "refractory must be in 0 to 255, got 256"),
    ({"beta": -1}, "beta must be in 0 to 255, got -1"),
    ({"beta": 256}, "beta must be in 0 to 255, got 256"),
    ({"theta": 0}, "theta must be in 1 to 32767, got 0"),
    ({"theta": 32768}, "theta must be in 1 to 32767, got 32768"),
    ({"width": 8, "theta": 128}, "theta must be in 1 to 127, got 128"),
    ({"v_reset": 100}, "v_reset must be in -32768 to theta minus 1, got 100"),
    ({"v_reset": -32769}, "v_reset must be in -32768 to theta minus 1, got -32769"),
    ({"theta": 1.5}, "theta must be an integer of at most 64 bits, got 1.5"),
    ({"refractory": True}, "refractory must be an integer of at most 64 bits, got True"),
]


@pytest.mark.parametrize(("fields", "message"), LIF_REFUSED, ids=[m for _, m in LIF_REFUSED])
def test_lif_refuses_an_illegal_parameter(fields: dict[str, int], message: str) -> None:
    with pytest.raises(ScError) as caught:
        LifParams(**({"theta": 100} | fields))
    assert str(caught.value) == message


def test_the_rtl_has_the_same_rules_in_the_same_words() -> None:
    text = (hdl_root() / "rtl" / "sc_lif_step.v").read_text()
    names = {name.lower() for name in re.findall(r"(ERROR_\w+) u_", text)}
    ours = {m.partition(", got")[0] for _, m in LIF_REFUSED if " an int" not in m}
    ports = ("theta", "v_reset", "beta")
    assert names == {f"error_{rule.replace(' ', '_').lower()}" for rule in ours if not rule.startswith(ports)}


@pytest.mark.parametrize(
    ("current", "message"),
    [
        ([0, 32768], "current must be in -32768 to 32767, got 32768"),
        ([0, -32769], "current must be in -32768 to 32767, got -32769"),
        ([0.5], "current must be integers, got float64"),
    ],
)
def test_lif_refuses_a_current_that_does_not_fit(current: list[int], message: str) -> None:
    params = LifParams(theta=1)
    with pytest.raises(ScError, match=message):
        lif_step(LifState.start(params, len(current)), current, params)


def test_lif_parameters_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        LifParams(theta=1).theta = 2  # type: ignore[misc]


def test_the_page_of_the_arithmetic_says_what_the_modes_do() -> None:
    """The table of A13, evaluated row by row."""
    page = (Path(__file__).resolve().parents[1] / "docs" / "arithmetic.md").read_text()
    rows = {(a, int(n)): text for a, n, text in re.findall(r"\| `(\w+_mode)` \| ([01]), [^|]*\| (.*) \|", page)}
    assert set(rows) == {(name, value) for name in ("leak_mode", "reset_mode") for value in (0, 1)}
    for mode, code in ((0, "v − (v ≫ `leak_shift`)"), (1, "(v·`beta`) ≫ 8")):
        assert f"u = {code}" in rows["leak_mode", mode]
        rule = code.replace("−", "-").replace("≫", ">>").replace("·", "*").replace("`", "")
        for v in (-300, -1, 0, 5, 200):
            params = LifParams(theta=30000, leak_mode=mode, leak_shift=3, beta=77)
            state, _ = lif_step(LifState(np.array(v), np.array(0)), 0, params)
            assert state.v == eval(rule, {"v": v, "leak_shift": 3, "beta": 77})
    assert "0 means no leak" in rows["leak_mode", 0]
    assert lif_step(LifState(np.array(9), np.array(0)), 0, LifParams(theta=99, leak_shift=0))[0].v == 9
    for mode, start, after in ((0, 0, 40), (1, -7, -7)):
        params = LifParams(theta=60, leak_shift=0, reset_mode=mode, v_reset=-7)
        assert LifState.start(params).v == start
        state, spike = lif_step(LifState(np.array(90), np.array(0)), 10, params)
        assert bool(spike)
        assert state.v == after
    assert "v = u − θ" in rows["reset_mode", 0]
    assert "v = `v_reset`" in rows["reset_mode", 1]
