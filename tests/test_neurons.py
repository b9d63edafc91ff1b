"""A8 and A9."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sc_neurocore.neurons import classify, window_if, window_if_step

SUMS = st.one_of(st.integers(-(1 << 24), 1 << 24), st.integers(-70000, 70000), st.integers(-20, 20))
THETAS = st.one_of(st.sampled_from([1, 2, 65535]), st.integers(1, 65535))
FRACS = st.integers(0, 15)
LENGTHS = st.sampled_from([1 << n for n in range(2, 10)])


@given(SUMS, THETAS, FRACS, LENGTHS)
def test_the_count_is_s_over_theta_rounded_half_up_and_clipped(
    s: int, theta: int, frac: int, length: int
) -> None:
    rounded = math.floor(Fraction(s * 2**frac, theta) + Fraction(1, 2))
    assert int(window_if(s, theta, frac, length)) == min(max(rounded, 0), length)


@given(st.lists(SUMS, min_size=1, max_size=9), THETAS, FRACS, LENGTHS)
def test_stepping_emits_the_count_as_ones_then_zeros(
    sums: list[int], theta: int, frac: int, length: int
) -> None:
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
