"""The packed simulator equals the golden model in every score and in every count of every hidden layer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from networks import random_codes, random_network
from sc_neurocore import golden, lookup, packed
from sc_neurocore.errors import ScError
from sc_neurocore.network import Network
from sc_neurocore.result import Result


def assert_equal(a: Result, b: Result) -> None:
    assert np.array_equal(a.scores, b.scores)
    assert len(a.counts) == len(b.counts)
    for x, y in zip(a.counts, b.counts, strict=True):
        assert np.array_equal(x, y)
    assert a.mismatches(b) == 0
    assert np.array_equal(a.classes, b.classes)


def test_what_was_prepared_once_serves_every_batch(generator: np.random.Generator) -> None:
    network = random_network(generator, 16, (20, 8, 3))
    codes = random_codes(generator, network, 9)
    for module in (packed, lookup):
        ready = module.prepare(network)
        for part in (codes, codes[:1], codes[4:]):
            assert_equal(module.run(network, part, prepared=ready), golden.run(network, part))


@pytest.mark.parametrize("weight_source", ["lfsr", "lfsr:5", "sobol:1", "sobol:7"])
@pytest.mark.parametrize("length", [8, 64])
def test_packed_equals_golden_with_other_weight_sources(weight_source: str, length: int) -> None:
    random = np.random.default_rng(length)
    network = replace(random_network(random, length, [20, 11, 5]), weight_source=weight_source)
    codes = random_codes(random, network, 20)
    assert_equal(packed.run(network, codes), golden.run(network, codes))


# With the bias: one synapse below, at and above a whole number of 64-bit words.
FAN_INS = [(4, n) for n in (14, 15, 16)] + [(16, n) for n in (2, 3, 4, 62, 63, 64)] + [(8, 7), (32, 1), (32, 2)]


@pytest.mark.numeric
@pytest.mark.parametrize(("length", "inputs"), FAN_INS)
def test_fan_ins_around_the_word_boundary(length: int, inputs: int) -> None:
    random = np.random.default_rng([length, inputs])
    network = random_network(random, length, (inputs, 9, 4))
    codes = random_codes(random, network, 20)
    assert_equal(packed.run(network, codes), golden.run(network, codes))


def test_blocks_do_not_change_the_result(generator: np.random.Generator) -> None:
    network = random_network(generator, 16, (20, 8, 3))
    codes = random_codes(generator, network, 25)
    whole = packed.run(network, codes)
    for block in (1, 7, 24, 25, 1000):
        assert_equal(packed.run(network, codes, block=block), whole)


def test_zero_inputs_leave_the_biases(small: Network) -> None:
    codes = np.zeros((2, 3), dtype=int)
    assert_equal(packed.run(small, codes), golden.run(small, codes))
    assert packed.run(small, np.zeros((0, 3), dtype=int)).scores.shape == (0, 2)


def test_bad_codes_are_refused(small: Network) -> None:
    with pytest.raises(ScError, match=r"input codes must be in \[0, 8\], got 0 … 9"):
        packed.run(small, [[0, 1, 9]])


@pytest.mark.parametrize("limit", [0, 1 << 62])
@pytest.mark.parametrize("length", [16, 128])
def test_kernels_on_one_thread_and_on_many_are_equal(monkeypatch: pytest.MonkeyPatch, length: int, limit: int) -> None:
    monkeypatch.setattr(packed, "SERIAL_WORDS", limit)
    random = np.random.default_rng(length)
    network = random_network(random, length, [30, 21, 5])
    codes = random_codes(random, network, 40)
    assert_equal(packed.run(network, codes), golden.run(network, codes))
