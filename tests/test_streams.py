"""A2 and A4 ... A6, and the exact table of A11."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc_neurocore.encoding import probability_codes
from sc_neurocore.errors import ScError
from sc_neurocore.sources import source, vdc
from sc_neurocore.streams import (
    correlate,
    decorrelate,
    encode,
    multiply,
    multiply_bipolar,
    mux_add,
    pack_codes,
    popcount,
    product_table,
    scc,
    sng,
    to_binary,
    unpack_codes,
)

LENGTHS = [1 << n for n in range(2, 13)]


@pytest.mark.parametrize("kind", ["counter", "vdc", "sobol:1", "sobol:9"])
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


@pytest.mark.parametrize("p", [0.5, 1.0, [0.25, 0.75], np.float32(0.5)])
def test_a_probability_is_no_code(p: Any) -> None:
    """[0.5 > r(t)] would be one bit of the window, in silence: the error names what takes a probability."""
    first = np.asarray(p).flat[0]
    message = (
        rf"x must be integer codes, 0 … 16 for probabilities of 0 … 1, got {first}: "
        r"BitstreamEncoder\(length=16\)\.encode\(p\) takes a probability"
    )
    with pytest.raises(ScError, match=message):
        encode(p, 16)
    with pytest.raises(ScError, match="x must be integer codes, 0 … L"):
        sng(p, 3)
    with pytest.raises(ScError, match=r"r must be numbers of a source, which are integers, got 0\.5"):
        sng(3, 0.5)
    with pytest.raises(ScError, match="x must be codes, which are integers, got 'half'"):
        encode("half", 16)
    codes = probability_codes(p, "counter", 16)
    assert np.array_equal(encode(codes, 16).mean(axis=-1), np.asarray(p))


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


@pytest.mark.parametrize(("length", "bound"), [(4, "3/4"), (8, "9/8"), (16, "23/16"), (32, "57/32"), (256, "711/256")])
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


BITS = st.integers(1, 60).flatmap(
    lambda n: st.tuples(*[st.lists(st.booleans(), min_size=n, max_size=n)] * 2).map(lambda p: np.array(p, dtype=bool))
)


@given(st.integers(0, 64), st.integers(0, 64))
def test_the_bipolar_product_is_exact_for_streams_that_meet_every_pair(a: int, b: int) -> None:
    """A16: over L² clocks with every bit of x against every bit of w, XNOR is the product of 2p/L - 1."""
    x, w = np.arange(64) < a, np.arange(64) < b
    ones = int(popcount(multiply_bipolar(x[:, None], w[None, :]).ravel()))
    assert Fraction(2 * ones, 64**2) - 1 == (Fraction(2 * a, 64) - 1) * (Fraction(2 * b, 64) - 1)


@given(st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_mux_add_selects_one_stream_a_clock(log2n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    bits, sel = rng.random((1 << log2n, 50)) < 0.5, rng.integers(0, 1 << log2n, 50)
    assert mux_add(bits, sel).tolist() == [bool(bits[s][t]) for t, s in enumerate(sel)]


def test_mux_add_is_the_mean_where_the_selection_is_uniform_and_independent() -> None:
    # 4 inputs of 8 bits, each bit held while sel runs through all of them: exactly a quarter of the ones.
    bits = np.random.default_rng(3).random((4, 8)) < 0.5
    assert popcount(mux_add(np.repeat(bits, 4, axis=1), np.tile(np.arange(4), 8))) == popcount(bits.ravel())


@given(BITS)
def test_to_binary_counts_and_stays_at_the_length(streams: np.ndarray) -> None:
    ones = [sum(map(int, row)) for row in streams]
    assert to_binary(streams, 16).tolist() == [min(n, 16) for n in ones]
    assert to_binary(streams, 1 << 24).tolist() == ones


@given(BITS)
def test_scc_is_the_published_formula(streams: np.ndarray) -> None:
    x, y = streams
    n = len(x)
    px, py, both = Fraction(int(x.sum()), n), Fraction(int(y.sum()), n), Fraction(int((x & y).sum()), n)
    excess = both - px * py
    wanted = Fraction(0)
    if excess > 0:
        wanted = excess / (min(px, py) - px * py)
    elif excess < 0:
        wanted = excess / (px * py - max(px + py - 1, Fraction(0)))
    assert float(scc(x, y)) == pytest.approx(float(wanted), abs=1e-12)
    assert -1 <= wanted <= 1


def test_scc_at_its_ends_makes_and_the_minimum_the_product_and_the_excess() -> None:
    codes = np.arange(17)
    x, y = encode(codes, 16)[:, None], encode(codes, 16)[None, :]
    same, opposite = scc(x, y), scc(x, y[..., ::-1])
    varying = ((codes > 0) & (codes < 16))[:, None] & ((codes > 0) & (codes < 16))[None, :]
    assert np.all(same[varying] == 1)
    assert np.all(opposite[varying] == -1)
    assert np.all(same[~varying] == 0)
    assert np.array_equal(popcount(x & y), np.minimum(codes[:, None], codes))
    assert np.array_equal(popcount(x & y[..., ::-1]), np.maximum(codes[:, None] + codes - 16, 0))


@given(BITS, st.sampled_from([1, 2, 5, 64]))
def test_correlate_pairs_ones_and_keeps_all_but_those_it_holds(streams: np.ndarray, depth: int) -> None:
    x, y = streams
    held = 0  # a queue of lone ones, of x if positive
    wanted: list[tuple[bool, bool]] = []
    for a, b in zip(x.tolist(), y.tolist(), strict=True):
        if a == b:
            wanted.append((a, b))
        elif (a and held < 0) or (b and held > 0):
            wanted.append((True, True))
            held += 1 if a else -1
        elif abs(held) < depth:
            wanted.append((False, False))
            held += 1 if a else -1
        else:
            wanted.append((a, b))
    out = correlate(x, y, depth)
    assert list(zip(*(o.tolist() for o in out), strict=True)) == wanted
    kept = [int(s.sum()) - int(o.sum()) for s, o in zip(streams, out, strict=True)]
    assert kept == [max(held, 0), max(-held, 0)]


def test_correlate_takes_many_streams_at_once_and_raises_their_correlation() -> None:
    rng = np.random.default_rng(7)
    x, y = rng.random((20, 256)) < 0.5, rng.random((20, 256)) < 0.6
    a, b = correlate(x, y, 4)
    for k in range(20):
        one, other = correlate(x[k], y[k], 4)
        assert np.array_equal(a[k], one)
        assert np.array_equal(b[k], other)
    assert scc(a, b).min() > 0.8
    assert scc(x, y).max() < 0.3


@given(BITS, st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_decorrelate_gives_the_bit_that_last_came_to_the_address(streams: np.ndarray, k: int, seed: int) -> None:
    where = np.random.default_rng(seed).integers(0, 1 << k, streams.shape[1]).tolist()
    out = decorrelate(streams, where, k)
    for row, got in zip(streams.tolist(), out.tolist(), strict=True):
        for t, address in enumerate(where):
            before = [row[s] for s in range(t) if where[s] == address]
            assert got[t] == (before[-1] if before else False)
    held = popcount(streams) - popcount(out)
    assert np.all((held >= 0) & (held <= 1 << k))


def test_decorrelate_takes_the_correlation_from_equal_streams() -> None:
    # Variance of the estimate of SCC near 0 for p = 1/2: about 1 / L. Five standard deviations at L = 4096: 0.078.
    x = np.random.default_rng(11).random(4096) < 0.5
    shuffled = decorrelate(x, vdc(4096) >> 8, 4)
    assert scc(x, x) == 1
    assert abs(scc(x, shuffled)) < 0.078


STREAM = np.zeros((2, 4), dtype=bool)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mux_add(np.zeros((3, 4), dtype=bool), [0] * 4), r"N must be a power of two in \[2, 4096\], got 3"),
        (lambda: mux_add(np.zeros((1, 4), dtype=bool), [0] * 4), r"N must be a power of two in \[2, 4096\], got 1"),
        (lambda: mux_add(np.zeros((8192, 4), dtype=bool), [0] * 4), "N must be a power of two .*, got 8192"),
        (lambda: mux_add(STREAM, [0, 1, 2, 0]), r"sel must be in \[0, 1\], got 2"),
        (lambda: mux_add(STREAM, [0, 1, -1, 0]), r"sel must be in \[0, 1\], got -1"),
        (lambda: mux_add(STREAM, [0, 1]), r"bits must be \(N, L\) and sel \(L,\), got \(2, 4\), \(2,\)"),
        (lambda: to_binary(STREAM, 2), r"length must be a power of two in \[4, 2\^24\], got 2"),
        (lambda: to_binary(STREAM, 12), r"length must be a power of two in \[4, 2\^24\], got 12"),
        (lambda: to_binary(STREAM, 1 << 25), r"length must be a power of two in \[4, 2\^24\], got 33554432"),
        (lambda: correlate(STREAM, STREAM, 0), "depth must be in 1 to 64, got 0"),
        (lambda: correlate(STREAM, STREAM, 65), "depth must be in 1 to 64, got 65"),
        (lambda: decorrelate(STREAM, [0] * 4, 0), "log2_depth must be in 1 to 8, got 0"),
        (lambda: decorrelate(STREAM, [0] * 4, 9), "log2_depth must be in 1 to 8, got 9"),
        (lambda: decorrelate(STREAM, [0, 1, 2, 0], 1), r"addresses must be in \[0, 1\], got 2"),
        (lambda: decorrelate(STREAM, [0], 1), r"addresses must have shape \(4,\), got \(1,\)"),
        (lambda: scc(STREAM[:, :0], STREAM[:, :0]), "streams must have a last axis of at least 1 bit"),
    ],
)
def test_a_gate_refuses_bad_input_with_value_and_rule(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ScError, match=message):
        call()
