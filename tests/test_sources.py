from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from sc_neurocore.errors import ScError
from sc_neurocore.paths import hdl_root
from sc_neurocore.sources import (
    LFSR_TAPS,
    LOG2L_MAX,
    LOG2L_MIN,
    SOBOL_DIMENSIONS,
    SOURCES,
    counter,
    lfsr,
    log2_length,
    registered,
    sobol,
    source,
    vdc,
)

LENGTHS = [1 << n for n in range(LOG2L_MIN, LOG2L_MAX + 1)]


@pytest.mark.parametrize("name", [name for known in registered() if known.once for name in known.every(LENGTHS[0])])
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


WIDTHS = range(3, 25)


def times_x(value: int, polynomial: int) -> int:
    """Multiply by x modulo a polynomial over GF(2), each given by its coefficients as bits."""
    value <<= 1
    return value ^ polynomial if value.bit_length() == polynomial.bit_length() else value


def power_of_x(exponent: int, polynomial: int) -> int:
    """Return x^exponent modulo a polynomial over GF(2), by squaring."""
    result = 1
    for digit in f"{exponent:b}":
        square = 0
        for k in range(result.bit_length()):
            square ^= (result >> k & 1) << 2 * k
        while square.bit_length() >= polynomial.bit_length():
            square ^= polynomial << square.bit_length() - polynomial.bit_length()
        result = times_x(square, polynomial) if digit == "1" else square
    return result


def prime_factors(n: int) -> set[int]:
    factors, p = set(), 2
    while p * p <= n:
        while n % p == 0:
            factors.add(p)
            n //= p
        p += 1
    return factors | ({n} - {1})


def test_there_are_taps_for_every_width() -> None:
    assert list(LFSR_TAPS) == list(WIDTHS)


@pytest.mark.parametrize("n", WIDTHS)
def test_the_tap_polynomial_is_primitive(n: int) -> None:
    """The order of x is 2^n - 1, which makes the polynomial primitive and the period of its LFSR maximal.

    An order of 2^n - 1 is only possible modulo an irreducible polynomial: modulo a reducible one of degree n there are
    fewer units than that.
    """
    taps = LFSR_TAPS[n]
    assert taps[0] == n
    assert list(taps) == sorted(set(taps), reverse=True)
    assert taps[-1] >= 1
    polynomial = sum(1 << k for k in (*taps, 0))
    order = (1 << n) - 1
    assert power_of_x(order, polynomial) == 1
    assert all(power_of_x(order // p, polynomial) != 1 for p in prime_factors(order))


def test_the_order_tells_a_polynomial_that_is_not_primitive() -> None:
    # x^4 + x^3 + x^2 + x + 1 is irreducible, of order 5; x^4 + x^2 + 1 is a square.
    assert power_of_x(5, 0b11111) == 1
    assert power_of_x(15 // 3, 0b11111) == 1
    assert power_of_x(15, 0b10101) != 1


def test_the_rtl_has_the_same_taps() -> None:
    text = (hdl_root() / "rtl" / "sc_lfsr_source.v").read_text()
    entries = re.findall(r"^ +(\d+): +taps = 24'h([0-9A-F]{6});", text, re.MULTILINE)
    table = {int(n): tuple(k for k in range(24, 0, -1) if int(h, 16) >> k - 1 & 1) for n, h in entries}
    assert len(entries) == len(WIDTHS)
    assert table == LFSR_TAPS


@pytest.mark.parametrize("n", [3, 4, 5, 8, 12, 16])
def test_lfsr_takes_every_value_but_0_once_a_period(n: int) -> None:
    length = 1 << n
    for seed in {1, 2, length // 2 + 1, length - 1}:
        r = lfsr(length, seed)
        assert (r[0], r[-1]) == (seed, seed)
        assert sorted(r[:-1].tolist()) == list(range(1, length))
        # What a code gives (A3).
        codes = np.arange(length + 1)
        ones = (codes[:, None] > r).sum(axis=1) if n < 16 else np.array([(x > r).sum() for x in (0, 1, length)])
        codes = codes if n < 16 else np.array([0, 1, length])
        assert np.array_equal(ones, np.maximum(codes - 1, 0) + (codes > seed))


@pytest.mark.parametrize("n", range(LOG2L_MIN, LOG2L_MAX + 1))
def test_sobol_equals_scipy(n: int) -> None:
    """SciPy has the direction numbers of Joe and Kuo too; its points come in the order of the Gray code."""
    qmc = pytest.importorskip("scipy.stats").qmc
    points = (qmc.Sobol(SOBOL_DIMENSIONS, scramble=False).random_base2(n) * (1 << n)).astype(np.int64)
    t = np.arange(1 << n)
    for dim in range(SOBOL_DIMENSIONS):
        assert np.array_equal(sobol(1 << n, dim)[t ^ t >> 1], points[:, dim])


def test_the_names_of_sources() -> None:
    assert np.array_equal(source("lfsr", 16), lfsr(16, 1))
    assert np.array_equal(source("lfsr:9", 16), lfsr(16, 9))
    assert np.array_equal(source("sobol:0", 64), vdc(64))
    assert np.array_equal(source("sobol:4", 64), sobol(64, 4))


def test_the_list_has_each_source_of_the_package() -> None:
    assert {"counter", "vdc", "lfsr[:seed]", "sobol:dim"} <= set(SOURCES)


@pytest.mark.parametrize(
    "name", ["", "sobol", "vdc:1", "counter:0", "lfsr:", "lfsr:-1", "lfsr:01", "lfsr:1:2", "VDC", "vdc\n", "no_such", 3]
)
def test_an_unknown_source_is_refused_with_the_list(name: str) -> None:
    with pytest.raises(ScError) as caught:
        source(name, 16)
    assert str(caught.value) == f"source must be one of {', '.join(SOURCES)}, got {name!r}"


@pytest.mark.parametrize(
    ("name", "length", "message"),
    [
        ("lfsr:0", 16, "seed must be in 1 to L minus 1, got 0 at L = 16"),
        ("lfsr:16", 16, "seed must be in 1 to L minus 1, got 16 at L = 16"),
        ("lfsr", 4, "length of an lfsr must be a power of two in [8, 16777216], got 4"),
        ("lfsr", 24, "length of an lfsr must be a power of two in [8, 16777216], got 24"),
        ("lfsr", 1 << 25, "length of an lfsr must be a power of two in [8, 16777216], got 33554432"),
        ("sobol:10", 16, "dim must be in 0 to 9, got 10"),
        ("sobol:1", 8192, "length must be a power of two in [4, 4096], got 8192"),
    ],
)
def test_a_bad_seed_dimension_or_length_is_refused(name: str, length: int, message: str) -> None:
    with pytest.raises(ScError) as caught:
        source(name, length)
    assert str(caught.value) == message


def test_the_page_of_the_arithmetic_lists_the_same_polynomials() -> None:
    page = (Path(__file__).resolve().parents[1] / "docs" / "arithmetic.md").read_text()
    rows = re.findall(r"\| (\d+) \| ((?:x\^\d+ \+ )+1) (?=\|)", page)
    listed = {int(n): tuple(map(int, re.findall(r"x\^(\d+)", text))) for n, text in rows}
    assert listed == LFSR_TAPS
    assert len(rows) == len(LFSR_TAPS) == 22
