"""Networks with `lif` layers: golden = packed = streaming RTL in every spike; the engine refuses them."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from networks import random_codes, random_network, random_temporal_network
from sc_neurocore import artifact, golden, packed
from sc_neurocore.backends import run
from sc_neurocore.errors import ScError
from sc_neurocore.hardware import stream_sim
from sc_neurocore.hardware.image import engine_config
from sc_neurocore.hardware.stream_builder import latency, period
from sc_neurocore.network import DenseLayer, InputSpec, Network
from sc_neurocore.neurons import LifParams
from strategies import assert_answers, oracle_answers, with_codes


@pytest.fixture(scope="module", autouse=True)
def _cache() -> None:
    """Simulators built by these tests are kept in build/, not in the user's cache."""
    if "SC_NEUROCORE_CACHE" not in os.environ:
        os.environ["SC_NEUROCORE_CACHE"] = str(Path(__file__).resolve().parents[1] / "build" / "cache")


CASES = [
    (8, (5, 4, 3), "l", 4, 1),
    (16, (12, 9, 7, 3), "ll", 4, 0),
    (16, (12, 9, 7, 6, 3), "lwl", 2, 1),
    (32, (6, 8, 5, 2), "wl", 0, 1),
]


@pytest.mark.parametrize(("length", "shape", "kinds", "theta_frac", "pipe"), CASES)
def test_streaming_rtl_golden_and_packed_equal_the_oracle(
    length: int, shape: tuple[int, ...], kinds: str, theta_frac: int, pipe: int
) -> None:
    """Back to back, one inference every L clocks, and with gaps; several sets of weights on one simulator."""
    first = random_temporal_network(np.random.default_rng(length), length, shape, kinds, theta_frac)
    assert period(first) == length
    fired = 0
    for seed in (0, 1, 2):
        random = np.random.default_rng([length, seed])
        weights = random_network(random, length, shape, theta_frac).layers
        layers = [replace(x, theta=y.theta, lif=y.lif) for x, y in zip(weights, first.layers, strict=True)]
        network = Network(length, tuple(layers), first.input, theta_frac)
        codes = random_codes(random, network, 12)
        result = stream_sim.run(network, codes, pipe=pipe, gap_seed=seed, spikes=True)
        answers = oracle_answers(with_codes(network, codes))
        for got in (result, golden.run(network, codes, spikes=True), packed.run(network, codes, spikes=True)):
            assert len(got.spikes) == len(kinds)
            assert_answers(got, answers)
        assert result.clocks is not None
        assert set(result.clocks.tolist()) == {latency(network, pipe)}
        fired += sum(int(c.sum()) for c in result.counts)
    assert fired > 0


def test_a_single_neuron_by_hand() -> None:
    """x = 1 1 1 0, w = 1 0 1 0 (code 2 of vdc 0 2 1 3), bias 0: current 16 at t = 0, 2; threshold 24, no leak."""
    lif = LifParams(theta=24, leak_shift=0)
    layers = (DenseLayer([[2]], [0], None, lif), DenseLayer([[3]], [-1], None))
    network = Network(4, layers, InputSpec((1,), 4))
    result = golden.run(network, [[3]], spikes=True)
    assert result.spikes[0][0, :, 0].astype(int).tolist() == [0, 0, 1, 0]  # v = 16, 16, 32 - 24, 8
    assert result.scores.tolist() == [[1 - 1]]  # w of 3 is 1 1 1 0 at t = 2: 1; the bias -1 once


def temporal() -> Network:
    return random_temporal_network(np.random.default_rng(5), 8, (4, 3, 2), "l")


def test_the_artifact_keeps_lif_parameters(tmp_path: Path) -> None:
    network = temporal()
    folder = artifact.save(network, tmp_path / "n")
    loaded = artifact.load(folder)
    assert loaded == network
    assert loaded.tag == network.tag
    assert loaded.layers[0].lif == network.layers[0].lif
    lif = network.layers[0].lif
    assert lif is not None
    other = replace(network.layers[0], lif=replace(lif, refractory=lif.refractory + 1))
    changed = replace(network, layers=(other, network.layers[1]))
    assert changed != network
    assert changed.tag != network.tag


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lif": {"theta": 1}}, r"network\.json: layers\[0\]: lif: incomplete: 'beta', 'leak_mode', .* of lif missing"),
        ({"lif": 7}, "lif must be an object, got 7"),
        ({"neuron": "izhikevich"}, "neuron must be an object, got 'izhikevich'"),
        ({"lif": {"theta": 1}, "neuron": {}}, "the kind of a neuron must be one of window_if, lif.*; got None"),
        ({"model": "izhikevich"}, "the layer has unknown entries: model"),
    ],
)
def test_a_damaged_artifact_is_refused(tmp_path: Path, change: dict[str, object], message: str) -> None:
    folder = artifact.save(temporal(), tmp_path / "n")
    index = json.loads((folder / "network.json").read_text())
    index["layers"][0] |= change
    index["sha256"] = artifact._self_hash(index)
    (folder / "network.json").write_text(json.dumps(index))
    with pytest.raises(ScError, match=message):
        artifact.load(folder)


def test_the_engine_refuses_lif_networks() -> None:
    network = temporal()
    with pytest.raises(ScError, match="window_if neurons only: a network with lif neurons needs a streaming design"):
        engine_config(network, 2)
    with pytest.raises(ScError, match="window_if neurons only"):
        run(network, [[0, 1, 2, 3]], "rtl")


def test_rules_of_lif_layers() -> None:
    lif = LifParams(theta=24)
    one = DenseLayer([[2]], [0], None)
    with pytest.raises(ScError, match="theta must be None where lif is given, got 3"):
        DenseLayer([[2]], [0], 3, lif)
    with pytest.raises(ScError, match="lif must be LifParams or None, got 24"):
        DenseLayer([[2]], [0], None, 24)  # type: ignore[arg-type]
    with pytest.raises(ScError, match="layer 0 is the readout: lif must be None"):
        Network(4, (DenseLayer([[2]], [0], None, lif),), InputSpec((1,), 4))
    with pytest.raises(ScError, match=r"layer 0 is hidden: it needs a theta in \[1, 65535\] or lif parameters"):
        Network(4, (one, one), InputSpec((1,), 4))
    narrow = DenseLayer([[1] * 8], [-1], None, LifParams(theta=24, width=8))
    with pytest.raises(ScError, match="a current of 8 synapses of one sign at theta_frac 4, 128, does not fit"):
        Network(4, (narrow, one), InputSpec((8,), 4))
    negative = DenseLayer([[-1] * 8], [1], None, LifParams(theta=24, width=8))
    assert Network(4, (negative, one), InputSpec((8,), 4)).temporal  # -128 is the least of 8 bits
