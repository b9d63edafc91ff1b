"""The back end that looks sums up: what it refuses, and sums and counts that are those of the golden model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from networks import random_codes, random_conv_network
from sc_neurocore import backends, golden, lookup, packed
from sc_neurocore.errors import ScError
from sc_neurocore.network import DenseLayer, InputSpec, Network, Steps
from sc_neurocore.neurons import LifParams
from sc_neurocore.streams import product_table


def test_the_table_refuses_what_is_no_function_of_codes() -> None:
    readout = DenseLayer(np.ones((2, 4), dtype=int), [0, 0], None)
    hidden = DenseLayer(np.ones((4, 4), dtype=int), [0] * 4, None, lif=LifParams(theta=5))
    codes = np.zeros((1, 4), int)
    with pytest.raises(ScError, match="has lif neurons"):
        backends.run(Network(8, (hidden, readout), InputSpec((4,), 1)), codes, "lookup")
    with pytest.raises(ScError, match="has MUX adders"):
        backends.run(Network(8, (replace(readout, adder="mux"),), InputSpec((4,), 1)), codes, "lookup")
    with pytest.raises(ScError, match="the exact table runs networks of one window: this one has steps"):
        lookup.run(Network(8, (hidden, readout), InputSpec((4,), 1), steps=Steps(3, constant=True)), codes)


@pytest.mark.parametrize("source", ["vdc", "sobol:3", "lfsr:5"])
@pytest.mark.parametrize("kinds", ["d", "cd", "cpd"])
def test_scores_and_counts_are_the_golden_ones(kinds: str, source: str) -> None:
    random = np.random.default_rng(len(kinds))
    network = replace(random_conv_network(random, 16, kinds, (6, 6, 2)), weight_source=source)
    codes = random_codes(random, network, 7)
    wanted, found = golden.run(network, codes), lookup.run(network, codes)
    assert np.array_equal(found.scores, wanted.scores)
    assert [c.tolist() for c in found.counts] == [c.tolist() for c in wanted.counts]


def test_a_row_of_the_table_is_the_ones_that_a_code_and_the_weights_share() -> None:
    weights = np.array([[3, -3, 0, 7, -7]], dtype=np.int16)
    table = lookup.rows(weights, 8)
    assert table.shape[:2] == (1, 9)
    for code in range(9):
        wanted = np.sign(weights[0]) * product_table(8)[code, np.abs(weights[0])]
        assert table[0, code, :5].tolist() == wanted.tolist()


def test_numbers_that_come_twice_make_products_up_to_the_length() -> None:
    """A product F[X, W] is at most W where a source gives each number once, but L where it gives 0 only."""
    length, inputs = 4096, 8
    readout = DenseLayer(np.ones((1, inputs), dtype=int), [0], None)
    network = Network(length, (readout,), InputSpec((inputs,), 1), weight_source=[0] * length)
    codes = np.full((1, inputs), length)
    wanted = golden.run(network, codes).scores
    assert wanted.tolist() == [[length * inputs]]
    assert lookup.run(network, codes).scores.tolist() == wanted.tolist()
    assert packed.run(network, codes).scores.tolist() == wanted.tolist()
