"""The committed networks are what their metadata says."""

from __future__ import annotations

from pathlib import Path

import pytest

from sc_neurocore import artifact, data
from sc_neurocore.evaluate import evaluate

NETWORKS = Path(__file__).resolve().parents[1] / "train" / "networks"
FOLDERS = sorted(path.parent for path in NETWORKS.glob("*/network.json"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_stated_accuracy_is_the_packed_simulators(folder: Path) -> None:
    network = artifact.load(folder)
    name = network.input.dataset
    if not data.at_hand(name):
        pytest.skip("MNIST is not at hand: set SC_NEUROCORE_DATA")
    result = evaluate(network, name, backend="packed", check="none")
    assert result.images == network.info["test_images"]
    assert result.accuracy == network.info["bit_true_test_accuracy"]


def test_digits_agree_with_the_float_network() -> None:
    network = artifact.load(NETWORKS / "digits")
    assert network.length == 32
    assert network.info["differing_test_predictions"] <= 2
    assert evaluate(network, "digits", backend="packed").accuracy >= 0.965


def test_committed_networks_are_small() -> None:
    assert FOLDERS
    for folder in FOLDERS:
        assert sum(f.stat().st_size for f in folder.iterdir()) <= 1 << 20
