"""The folded streaming design equals the oracle and the golden model, inference by inference, at every fold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from networks import random_codes, random_network, random_temporal_network
from sc_neurocore import artifact, data, golden
from sc_neurocore.backends import run
from sc_neurocore.errors import ScError
from sc_neurocore.hardware import stream_fold, stream_sim
from sc_neurocore.network import DenseLayer, InputSpec, Network
from strategies import assert_answers, oracle_answers, with_codes

pytestmark = pytest.mark.usefixtures("kept_simulators")

SPARSE = Path(__file__).resolve().parents[1] / "train" / "networks" / "mnist-sparse"


def binary(network: Network) -> Network:
    """Return the network with binary inputs."""
    spec = InputSpec(network.input.shape, network.input.full_scale, threshold=1)
    return Network(network.length, network.layers, spec, network.theta_frac)


@pytest.mark.parametrize(
    ("length", "shape", "theta_frac", "fold", "two_valued"),
    [
        (4, (3, 1), 4, 2, False),
        (8, (20, 7, 6, 4), 4, (1, 4, 2), False),
        (8, (20, 7, 6, 4), 4, (2, 16, 1), True),
        (16, (9, 40, 3), 15, (4, 8), True),
        (64, (7, 5, 2), 0, (8, 1), False),
    ],
)
def test_folded_equals_the_oracle(
    length: int, shape: tuple[int, ...], theta_frac: int, fold: int | tuple[int, ...], two_valued: bool
) -> None:
    random = np.random.default_rng(length)
    network = random_network(random, length, shape, theta_frac)
    codes = random_codes(random, network, 24)
    if two_valued:
        network, codes = binary(network), (codes > length // 2) * length
    answers = oracle_answers(with_codes(network, codes))
    for gap_seed in (0, 5):
        got = stream_sim.run(network, codes, fold=fold, gap_seed=gap_seed)
        assert_answers(got, answers)
        assert got.clocks is not None
        assert set(got.clocks.tolist()) == {stream_fold.latency(network, fold)}


@pytest.mark.skipif(not data.at_hand("mnist"), reason="MNIST is not at hand")
def test_the_sparse_network_as_golden() -> None:
    network = artifact.load(SPARSE)
    codes = network.input.encode(data.load("mnist").x_test[:500], network.length)
    wanted, got = golden.run(network, codes), run(network, codes, "folded")
    assert np.array_equal(got.scores, wanted.scores)
    assert np.array_equal(got.counts[0], wanted.counts[0])


def small(weights: list[list[int]], *, two_valued: bool, length: int = 8) -> Network:
    layer = DenseLayer(np.array(weights), np.zeros(len(weights), dtype=np.int16), None)
    spec = InputSpec((len(weights[0]),), length, threshold=1 if two_valued else None)
    return Network(length, (layer,), spec)


def test_a_schedule_has_every_one_of_every_weight_exactly_once() -> None:
    random = np.random.default_rng(1)
    for two_valued in (False, True):
        network = small(random.integers(-7, 8, (5, 30)).tolist(), two_valued=two_valued)
        for fold in stream_fold.FOLDS:
            (layer,) = stream_fold.fold_layers(network, fold)
            assert layer.clocks == 8 * fold
            for neuron, weights in zip(layer.neurons, network.layers[0].weights.tolist(), strict=True):
                placed = np.zeros(30, dtype=int)
                for slot in neuron.slots:
                    used = [clock for gate in slot for clock in layer.selects[gate.select]]
                    assert len(used) == len(set(used)), "two gates of a counter input are enabled in one clock"
                    for gate in slot:
                        placed[gate.input] += (-1 if gate.inverted else 1) * len(layer.selects[gate.select])
                assert placed.tolist() == weights
                if two_valued:
                    assert len(neuron.slots) == -(-sum(map(abs, weights)) // layer.clocks)


def test_weights_of_zero_and_neurons_without_synapses_are_nowhere() -> None:
    network = small([[0, 3, 0], [0, 0, 0]], two_valued=True)
    (layer,) = stream_fold.fold_layers(network, 1)
    assert [neuron.slots for neuron in layer.neurons][1] == ()
    text = stream_fold.folded_text(network, name="top")
    assert "x0[1]" in text
    assert "x0[0]" not in text
    codes = np.array([[0, 0, 0], [8, 8, 8], [0, 8, 0]])
    assert stream_sim.run(network, codes, fold=1).scores.tolist() == [[0, 0], [3, 0], [3, 0]]


def test_refuses_what_it_cannot_hold() -> None:
    network = small([[1, 2]], two_valued=False)
    for fold in (0, 3, 32, (1, 1), ()):
        with pytest.raises(ScError, match=r"fold must be one of 1, 2, 4, 8, 16 for each of 1 layers, got"):
            stream_fold.fold_layers(network, fold)
    with pytest.raises(ScError, match="name must be a Verilog identifier, got '2x'"):
        stream_fold.folded_text(network, name="2x")
    temporal = random_temporal_network(np.random.default_rng(0), 8, (3, 2, 2), "l")
    with pytest.raises(ScError, match="window_if neurons or none, the network has lif neurons"):
        stream_fold.fold_layers(temporal)
    with pytest.raises(ScError, match="inputs are binary: codes must be 0 or 8"):
        stream_sim.run(small([[1, 2]], two_valued=True), [[3, 8]], fold=1)
    sobol = Network(8, network.layers, network.input, weight_source="sobol:1")
    with pytest.raises(ScError, match="take the source 'vdc', the network's take 'sobol:1'"):
        stream_fold.fold_layers(sobol)
