"""A2 and A4 ... A6, and the exact table of A11."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc_neurocore.errors import ScError
from sc_neurocore.sources import SOURCES, source
from sc_neurocore.streams import encode, multiply, pack_codes, popcount, product_table, sng, unpack_codes

LENGTHS = [1 << n for n in range(2, 13)]


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize("length", LENGTHS)
def test_a_code_gives_exactly_as_many_ones(kind: str, length: int) -> None:
    step = max(1, length // 64)
    codes = np.unique(np.r_[0 : 2 * length : step, length - 1 : length + 2, 2 * length - 1])
    assert np.array_equal(popcount(encode(codes, length, kind)), np.minimum(codes, length))


@pytest.mark.parametrize("length", [4, 16, 256])
def test_the_counter_stream_is_ones_then_zeros(length: int) -> None:
    stream = encode(np.arange(length + 1), length)
    assert np.array_equal(stream, np.arange(length + 1)[:, None] > np.arange(length))


def test_sng_compares_strictly() -> None:
    assert sng([0, 1, 2, 3], 2).tolist() == [False, False, False, True]


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=70))
def test_multiply_ands_and_steers(bits: list[tuple[bool, bool, bool]]) -> None:
    x, w, s = (np.array(b, dtype=bool) for b in zip(*bits, strict=True))
    up, down = multiply(x, w, s)
    assert up.tolist() == [a and b and not c for a, b, c in bits]
    assert down.tolist() == [a and b and c for a, b, c in bits]


@given(st.integers(1, 5), st.integers(1, 200), st.integers(0, 2**32 - 1))
def test_popcount_counts_along_an_axis(rows: int, columns: int, seed: int) -> None:
    bits = np.random.default_rng(seed).random((rows, columns)) < 0.5
    assert popcount(bits).tolist() == [sum(map(int, row)) for row in bits]
    assert popcount(bits, axis=0).tolist() == [sum(map(int, column)) for column in bits.T]


def greatest_excess(length: int) -> Fraction:
    """Return max over X and W of F[X, W] - X·W / L, as measured for every L from 4 to 4096 by the test below."""
    n = length.bit_length() - 1
    return (3 * n + 1 - Fraction(-1, 2) ** n) / 9


@pytest.mark.parametrize("length", LENGTHS)
def test_the_table_never_falls_short_of_the_product_and_exceeds_it_by_a_known_bound(length: int) -> None:
    """A11: X·W / L <= F[X, W] <= X·W / L + (3n + 1 - (-1/2)^n) / 9, and both are reached."""
    r, w = source("vdc", length), np.arange(length, dtype=np.int64)
    row, least, greatest = np.zeros(length, dtype=np.int64), 0, 0
    for x in range(1, length + 1):
        row += w > r[x - 1]  # row is F[x, :], from its definition
        assert np.all(row <= np.minimum(x, w))
        excess = row * length - x * w  # times L
        least, greatest = min(least, int(excess.min())), max(greatest, int(excess.max()))
    assert np.array_equal(row, w)  # F[L, W] = W
    assert least == 0
    assert Fraction(greatest, length) == greatest_excess(length)


@pytest.mark.parametrize(
    ("length", "bound"), [(4, "3/4"), (8, "9/8"), (16, "23/16"), (32, "57/32"), (256, "711/256")]
)
def test_the_bound_in_numbers(length: int, bound: str) -> None:
    assert greatest_excess(length) == Fraction(bound)


@pytest.mark.parametrize("length", [4, 8, 16, 32, 64, 128, 256])
def test_product_table_counts_the_ands_of_the_streams(length: int) -> None:
    table = product_table(length)
    assert table.shape == (length + 1, length)
    x, w = encode(np.arange(length + 1), length, "counter"), encode(np.arange(length), length, "vdc")
    rng = np.random.default_rng(length)
    for a, b in zip(rng.integers(0, length + 1, 200), rng.integers(0, length, 200), strict=True):
        assert table[a, b] == popcount(x[a] & w[b]) == np.count_nonzero(source("vdc", length)[:a] < b)
    with pytest.raises(ValueError, match="read-only"):
        table[0, 0] = 1


@given(st.sampled_from(LENGTHS), st.data())
def test_sign_magnitude_round_trip_and_no_minus_zero(length: int, data: st.DataObject) -> None:
    codes = data.draw(st.lists(st.integers(1 - length, length - 1), min_size=1, max_size=50))
    words = pack_codes(codes, length)
    assert unpack_codes(words, length).tolist() == codes
    assert all(0 <= w < 2 * length and w != length for w in words)
    assert [bool(w & length) for w in words] == [c < 0 for c in codes]


@pytest.mark.parametrize("code", [16, -16, 40, -1000])
def test_a_weight_code_out_of_range_is_refused(code: int) -> None:
    with pytest.raises(ScError, match=rf"weight codes must be in \[-15, 15\], got {code}$"):
        pack_codes([0, code, 3], 16)


def test_minus_zero_reads_as_zero() -> None:
    assert unpack_codes([16], 16).tolist() == [0]
