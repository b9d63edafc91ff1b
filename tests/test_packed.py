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
from sc_neurocore.threads import in_blocks


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


@pytest.mark.numeric
@pytest.mark.parametrize("neurons", [1, 7, 8, 9, 24, 31, 33, 100])
@pytest.mark.parametrize("inputs", [1, 63, 64, 65])
def test_sums_of_arbitrary_streams(inputs: int, neurons: int, generator: np.random.Generator) -> None:
    """Streams of any bits and any length, as those of random sources are; lanes and signs beyond the last stay out."""
    for length in (1, 5, 64, 100, 130):
        x, w = (generator.random((rows, inputs, length)) < 0.4 for rows in (3, neurons))
        negative = generator.random((neurons, inputs)) < 0.5
        rows = packed.pack((w ^ negative[..., None]).reshape(neurons, -1))
        weights = packed.Weights.of_rows([rows[:2], rows[2:]], negative, length)
        sums = weights.sums(packed.pack(x.reshape(3, -1)), x.sum(axis=2))
        wanted = np.einsum("ail,jil,ji->aj", x.astype(int), w.astype(int), np.where(negative, -1, 1))
        assert np.array_equal(sums, wanted)


@pytest.mark.parametrize("block", [1, 3, 1000])
def test_an_exception_in_a_block_ends_the_run(block: int) -> None:
    done = []

    def work(part: slice) -> None:
        done.append(part)
        if part.stop >= 4:
            raise ScError("enough")

    with pytest.raises(ScError, match="enough"):
        in_blocks(work, 10, block)
    done.clear()
    in_blocks(done.append, 10, block)
    assert sorted(k for part in done for k in range(part.start, part.stop)) == list(range(10))


@pytest.mark.parametrize("limit", [0, 1 << 62])
@pytest.mark.parametrize("length", [16, 128])
def test_kernels_on_one_thread_and_on_many_are_equal(monkeypatch: pytest.MonkeyPatch, length: int, limit: int) -> None:
    monkeypatch.setattr(packed, "SERIAL_WORDS", limit)
    random = np.random.default_rng(length)
    network = random_network(random, length, [30, 21, 5])
    codes = random_codes(random, network, 40)
    assert_equal(packed.run(network, codes), golden.run(network, codes))


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


def test_pack_puts_bit_k_of_a_row_into_bit_k_of_its_words(generator: np.random.Generator) -> None:
    for n in (1, 63, 64, 65, 200):
        bits = generator.random((3, n)) < 0.5
        words = packed.pack(bits)
        assert words.shape == (3, -(-n // 64))
        for row, packed_row in zip(bits, words.tolist(), strict=True):
            value = sum(w << 64 * k for k, w in enumerate(packed_row))
            assert value == sum(int(b) << k for k, b in enumerate(row))


def test_bad_codes_are_refused(small: Network) -> None:
    with pytest.raises(ScError, match=r"input codes must be in \[0, 8\], got 0 … 9"):
        packed.run(small, [[0, 1, 9]])
