"""The streaming design equals the golden model and the engine, inference by inference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from networks import random_codes, random_network
from sc_neurocore import artifact, data, golden, packed
from sc_neurocore.backends import run
from sc_neurocore.errors import ScError
from sc_neurocore.hardware import rtl_sim, stream_sim
from sc_neurocore.hardware.stream_builder import latency
from sc_neurocore.network import DenseLayer, InputSpec, Network
from sc_neurocore.neurons import LifParams
from sc_neurocore.result import Result

pytestmark = pytest.mark.usefixtures("kept_simulators")

DIGITS = Path(__file__).resolve().parents[1] / "train" / "networks" / "digits"


def assert_equal(got: Result, wanted: Result) -> None:
    assert np.array_equal(got.scores, wanted.scores)
    assert len(got.counts) == len(wanted.counts)
    for x, y in zip(got.counts, wanted.counts, strict=True):
        assert np.array_equal(x, y)


@pytest.mark.parametrize(
    ("length", "shape", "theta_frac", "pipe"),
    [(4, (3, 1), 4, 1), (8, (5, 3, 2), 0, 0), (16, (20, 7, 6, 4), 4, 1), (64, (9, 40, 3), 15, 0)],
)
def test_stream_equals_golden(length: int, shape: tuple[int, ...], theta_frac: int, pipe: int) -> None:
    """Weights and inputs from several seeds on one simulator, back to back and with gaps."""
    first = random_network(np.random.default_rng(length), length, shape, theta_frac)
    for seed in (0, 1, 2):
        random = np.random.default_rng([length, seed])
        weights = random_network(random, length, shape, theta_frac).layers
        # The thresholds of the first network: its simulator serves all.
        layers = [DenseLayer(x.weights, x.bias, y.theta) for x, y in zip(weights, first.layers, strict=True)]
        network = Network(length, tuple(layers), first.input, theta_frac)
        codes = random_codes(random, network, 12)
        result = stream_sim.run(network, codes, pipe=pipe, gap_seed=seed)
        assert_equal(result, golden.run(network, codes))
        assert result.clocks is not None
        assert set(result.clocks.tolist()) == {latency(network, pipe)}


def test_every_digit_as_golden_and_the_engine() -> None:
    network = artifact.load(DIGITS)
    codes = network.input.encode(data.load_part("digits").x, network.length)
    assert len(codes) == 360
    result = run(network, codes, "stream")
    assert_equal(result, golden.run(network, codes))
    assert result.mismatches(rtl_sim.run(network, codes)) == 0
    assert result.mismatches(packed.run(network, codes)) == 0


def test_a_layer_of_more_synapses_than_a_loop_of_verilator_has_turns() -> None:
    """16,440 of them: as many generate blocks are refused, and code for each takes minutes. All neurons fire."""
    random = np.random.default_rng(7)
    weights = random.integers(-3, 8, (40, 410))
    layers = (
        DenseLayer(weights, random.integers(-7, 8, 40), None, LifParams(theta=2000)),
        DenseLayer(random.integers(-7, 8, (2, 40)), [1, -1], None),
    )
    network = Network(8, layers, InputSpec((410,), 8))
    assert layers[0].synapses.size > 1 << 14
    codes = random.integers(0, 9, (5, 410))
    wanted = packed.run(network, codes)
    assert 0 < wanted.counts[0].min() < wanted.counts[0].max() < 8
    assert_equal(stream_sim.run(network, codes), wanted)


def test_a_bad_weight_file_fails_the_run_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    network = random_network(np.random.default_rng(1), 4, (3, 1))
    write = stream_sim.write_weights

    def damaged(network: Network, folder: Path) -> object:
        paths = write(network, folder)
        paths[0].write_text("1 2\n")
        return paths

    monkeypatch.setattr(stream_sim, "write_weights", damaged)
    with pytest.raises(ScError, match=r"(?s)the streaming simulation failed.*layer0\.mem"):
        stream_sim.run(network, random_codes(np.random.default_rng(0), network, 3))
