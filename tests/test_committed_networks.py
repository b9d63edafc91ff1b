"""The committed networks are what their metadata says."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from sc_neurocore import artifact, data, golden, packed
from sc_neurocore.evaluate import evaluate
from sc_neurocore.hardware import estimate
from sc_neurocore.training import ConvSpikingNet, SpikingNet, SpikingRecipe, load_checkpoint, load_recipe, stream_encode

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
    for folder in (path for path in NETWORKS.iterdir() if path.is_dir()):
        assert sum(f.stat().st_size for f in folder.iterdir()) <= 1 << 20


def test_spiking_network_is_what_its_recipe_trained() -> None:
    """Metrics, config and export agree; golden gives the packed simulator's scores; model.pt is the float network."""
    folder = NETWORKS / "mnist-surrogate"
    network, recipe = artifact.load(folder), load_recipe("mnist-surrogate")
    info = network.info
    assert info["recipe_sha256"] == recipe.sha256
    assert load_recipe(folder / "config.toml").epochs == recipe.epochs
    assert network.shape == (784, 128, 128, 10, 10)
    assert all(layer.lif is not None for layer in network.layers[:-1])
    assert info["bit_true_test_accuracy"] >= 0.97
    rows = list(csv.DictReader((folder / "metrics.csv").read_text().splitlines()))
    assert len(rows) == recipe.epochs
    assert float(rows[info["chosen_epoch"] - 1]["validation_accuracy"]) == info["validation_accuracy"]
    model = SpikingNet(784, 128, 10, learn_beta=True, learn_threshold=True)
    assert load_checkpoint(folder / "model.pt", model) == info["chosen_float_epoch"]
    if not data.at_hand("mnist"):
        pytest.skip("MNIST is not at hand: set SC_NEUROCORE_DATA")
    part = data.load_part("mnist")
    codes = network.input.encode(part.x[:5], network.length)
    assert np.array_equal(golden.run(network, codes).scores, packed.run(network, codes).scores)
    exact = packed.run(network, network.input.encode(part.x, network.length)).classes
    floats = []
    with torch.no_grad():
        for x in torch.tensor(part.x.reshape(-1, 784) / 256, dtype=torch.float32).split(250):
            floats.append(model(stream_encode(x, network.length))[0].argmax(dim=1))
    classes = torch.cat(floats).numpy()
    assert (classes == part.y).mean() == pytest.approx(info["float_test_accuracy"], abs=2e-4)
    assert abs(int((classes != exact).sum()) - info["differing_test_predictions"]) <= 2


@pytest.mark.parametrize(
    ("name", "least", "most_clocks"), [("digits-spiking", 0.975, 1700), ("mnist-spiking", 0.98, 13000)]
)
def test_networks_in_steps_are_what_their_recipes_trained(name: str, least: float, most_clocks: int) -> None:
    """Metrics, config and export agree; golden gives the packed simulator's scores; the clocks are few."""
    folder = NETWORKS / name
    network, recipe = artifact.load(folder), load_recipe(name)
    info, steps = network.info, network.steps
    assert steps is not None
    assert isinstance(recipe, SpikingRecipe)
    assert (network.length, steps.count, steps.readout) == (recipe.length, recipe.steps, recipe.readout)
    assert steps.constant
    assert info["recipe_sha256"] == recipe.sha256
    assert info["bit_true_test_accuracy"] >= least
    assert replace(load_recipe(folder / "config.toml"), name=name, sha256=recipe.sha256) == recipe
    rows = list(csv.DictReader((folder / "metrics.csv").read_text().splitlines()))
    assert len(rows) == recipe.epochs
    assert float(rows[info["chosen_epoch"] - 1]["validation_accuracy"]) == info["validation_accuracy"]
    model = SpikingNet(network.input.size, recipe.hidden, 10, recipe.layers, recipe.beta)
    assert load_checkpoint(folder / "model.pt", model) == info["chosen_float_epoch"]
    if not data.at_hand(network.input.dataset):
        pytest.skip("MNIST is not at hand: set SC_NEUROCORE_DATA")
    codes = network.encode(data.load_part(network.input.dataset).x[:300])
    assert np.array_equal(golden.run(network, codes[:3]).scores, packed.run(network, codes[:3]).scores)
    assert estimate.clocks_of(network, codes, 4).mean() <= most_clocks


def test_stated_accuracy_is_the_convolutional_checkpoints() -> None:
    folder = NETWORKS / "mnist-conv-surrogate"
    facts, recipe = json.loads((folder / "result.json").read_text()), load_recipe("mnist-conv-surrogate")
    assert facts["recipe_sha256"] == recipe.sha256
    assert facts["float_test_accuracy"] >= 0.98
    model = ConvSpikingNet(learn_beta=True, learn_threshold=True)
    assert load_checkpoint(folder / "model.pt", model) == facts["chosen_float_epoch"]
    if not data.at_hand("mnist"):
        pytest.skip("MNIST is not at hand: set SC_NEUROCORE_DATA")
    part = data.load_part("mnist")
    right = 0
    with torch.no_grad():
        for first in range(0, 10_000, 250):
            x = torch.tensor(part.x[first : first + 250] / 256, dtype=torch.float32)[:, None]
            classes = model(x.expand(facts["steps"], *x.shape))[0].argmax(dim=1).numpy()
            right += int((classes == part.y[first : first + 250]).sum())
    # Another processor may sum in another order, and a potential lie on the other side of the threshold.
    assert right / 10_000 == pytest.approx(facts["float_test_accuracy"], abs=5e-4)
