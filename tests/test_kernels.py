"""Compiled kernels: sums of any streams, words of packed bits, and the same results on one thread and on many."""

from __future__ import annotations

import numpy as np
import pytest

from sc_neurocore import packed


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


def test_pack_puts_bit_k_of_a_row_into_bit_k_of_its_words(generator: np.random.Generator) -> None:
    for n in (1, 63, 64, 65, 200):
        bits = generator.random((3, n)) < 0.5
        words = packed.pack(bits)
        assert words.shape == (3, -(-n // 64))
        for row, packed_row in zip(bits, words.tolist(), strict=True):
            value = sum(w << 64 * k for k, w in enumerate(packed_row))
            assert value == sum(int(b) << k for k, b in enumerate(row))
