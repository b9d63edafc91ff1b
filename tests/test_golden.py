"""The golden model against the formulas that it does not use: the exact table (A11) and the closed form (A8)."""

from __future__ import annotations

import numpy as np
import pytest

from networks import random_codes, random_network
from sc_neurocore import golden
from sc_neurocore.errors import ScError
from sc_neurocore.network import DenseLayer, InputSpec, Network
from sc_neurocore.neurons import LifParams, window_if
from sc_neurocore.streams import product_table


def by_table(network: Network, image: np.ndarray) -> tuple[list[int], list[list[int]]]:
    """Return scores and counts of one image, with a look-up for every synapse."""
    table, x, counts = product_table(network.length), [int(v) for v in image], []
    for layer in network.layers:
        sums = []
        for weights, bias in zip(layer.weights.tolist(), layer.bias.tolist(), strict=True):
            pairs = zip([*x, network.length], [*weights, bias], strict=True)
            sums.append(sum((1 if w > 0 else -1) * int(table[a, abs(w)]) for a, w in pairs))
        if layer.theta is None:
            return sums, counts
        x = [int(window_if(s, layer.theta, network.theta_frac, network.length)) for s in sums]
        counts.append(x)
    raise AssertionError


@pytest.mark.parametrize("length", [4, 8, 16, 32, 64, 256])
@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (7, 6, 4), (6, 1, 5, 3)])
def test_golden_equals_the_table_and_the_closed_form(length: int, shape: tuple[int, ...]) -> None:
    random = np.random.default_rng([length, *shape])
    network = random_network(random, length, shape, theta_frac=int(random.integers(0, 16)))
    codes = random_codes(random, network, 5)
    result = golden.run(network, codes)
    for n, image in enumerate(codes):
        scores, counts = by_table(network, image)
        assert result.scores[n].tolist() == scores
        assert [c[n].tolist() for c in result.counts] == counts


def test_a_bias_adds_its_code(small: Network) -> None:
    """A7: with all inputs 0 the first layer's sums are the biases."""
    layer = small.layers[0]
    assert golden.window(layer, np.zeros(3, dtype=np.int64), small).tolist() == layer.bias.tolist()


def test_spikes_come_clock_by_clock_ones_first(small: Network) -> None:
    spikes = np.array(list(golden.emit(np.array([-3, 0, 5, 1000]), 40, small)))
    assert spikes.shape == (8, 4)
    assert spikes.sum(axis=0).tolist() == window_if([-3, 0, 5, 1000], 40, 4, 8).tolist() == [0, 0, 2, 8]
    assert np.all(np.diff(spikes.astype(int), axis=0) <= 0)


def test_no_images_give_no_scores(small: Network) -> None:
    result = golden.run(small, np.zeros((0, 3), dtype=int))
    assert result.scores.shape == (0, 2)
    assert result.counts[0].shape == (0, 2)


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        ([[0, 1, 9]], r"input codes must be in \[0, 8\], got 0 … 9"),
        ([[0, -1, 8]], r"input codes must be in \[0, 8\], got -1 … 8"),
        ([[0, 1]], r"input codes must have shape \(n, 3\), got \(1, 2\)"),
        ([0, 1, 2], r"input codes must have shape \(n, 3\), got \(3,\)"),
        ([[0.5, 1.0, 2.0]], r"input codes must be integers, got float64: network\.encode"),
        ([[0.0, 1.0, 1.0]], r"input codes must be integers, got float64: .* \.astype\(int\)"),  # they may be fractions
        ([[0.0, 1.0, float("nan")]], "input codes must be integers, got float64"),
    ],
)
def test_bad_codes_are_refused(small: Network, codes: list, message: str) -> None:
    with pytest.raises(ScError, match=message):
        golden.run(small, codes)


def test_a_single_neuron_by_hand() -> None:
    """x = 1 1 1 0, w = 1 0 1 0 (code 2 of vdc 0 2 1 3), bias 0: current 16 at t = 0, 2; threshold 24, no leak."""
    lif = LifParams(theta=24, leak_shift=0)
    layers = (DenseLayer([[2]], [0], None, lif), DenseLayer([[3]], [-1], None))
    network = Network(4, layers, InputSpec((1,), 4))
    result = golden.run(network, [[3]], spikes=True)
    assert result.spikes[0][0, :, 0].astype(int).tolist() == [0, 0, 1, 0]  # v = 16, 16, 32 - 24, 8
    assert result.scores.tolist() == [[1 - 1]]  # w of 3 is 1 1 1 0 at t = 2: 1; the bias -1 once
