from __future__ import annotations

import numpy as np
import pytest

from sc_neurocore.errors import ScError
from sc_neurocore.sources import LOG2L_MAX, LOG2L_MIN, SOURCES, counter, log2_length, source, vdc

LENGTHS = [1 << n for n in range(LOG2L_MIN, LOG2L_MAX + 1)]


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("length", LENGTHS)
def test_every_value_occurs_once_a_window(name: str, length: int) -> None:
    r = source(name, length)
    assert r.shape == (length,)
    assert sorted(r.tolist()) == list(range(length))


@pytest.mark.parametrize("length", LENGTHS)
def test_counter_counts_and_vdc_reverses_its_bits(length: int) -> None:
    n = log2_length(length)
    assert counter(length).tolist() == list(range(length))
    assert vdc(length).tolist() == [int(f"{t:0{n}b}"[::-1], 2) for t in range(length)]


@pytest.mark.parametrize("length", LENGTHS)
def test_vdc_is_its_own_inverse_and_fills_every_dyadic_interval_in_turn(length: int) -> None:
    r = vdc(length)
    assert np.array_equal(r[r], np.arange(length))
    # Any aligned run of 2^k clocks puts one value into each of 2^k equal intervals: what makes A11's error small.
    for k in range(log2_length(length) + 1):
        intervals = (r >> (log2_length(length) - k)).reshape(-1, 1 << k)
        assert np.array_equal(np.sort(intervals, axis=1), np.broadcast_to(np.arange(1 << k), intervals.shape))


@pytest.mark.parametrize("length", [-4, 0, 1, 2, 3, 6, 12, 1000, 8192, 4095])
def test_a_length_that_is_no_legal_power_of_two_is_refused(length: int) -> None:
    for call in (log2_length, counter, vdc):
        with pytest.raises(ScError, match=rf"length must be a power of two in \[4, 4096\], got {length}$"):
            call(length)


def test_an_unknown_source_is_refused_with_the_list() -> None:
    with pytest.raises(ScError, match="source must be one of counter, vdc, got 'lfsr'"):
        source("lfsr", 16)
