"""Recipes: those of the source tree and of an installed package, changed ones, and refusals by file."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from little_recipes import RECIPE, SPIKING, STEPS, silent, written
from sc_neurocore.errors import ScError
from sc_neurocore.training import load_recipe, train
from sc_neurocore.training.recipes import recipe_names, recipe_text

ROOT = Path(__file__).resolve().parents[1]


def test_recipes_of_the_source_tree() -> None:
    assert {"digits", "mnist-small", "mnist-sparse", "own-data"} <= set(recipe_names())
    digits, mnist = load_recipe("digits"), load_recipe("mnist-small")
    assert (digits.data, digits.length) == ("digits", 32)
    assert (mnist.data, mnist.hidden, mnist.length, mnist.pool) == ("mnist", (128,), 16, 2)
    assert load_recipe(ROOT / "train" / "digits" / "recipe.toml") == digits
    # The digits network's words, n + 1 bits each, leave most of the UP5K's 120 kbit of block RAM free.
    sizes = (64, *digits.hidden, 10)
    words = sum((a + 1) * b for a, b in pairwise(sizes))
    assert words * 6 < 50_000


def test_recipe_changes_keep_the_share_of_float_epochs() -> None:
    recipe = load_recipe("mnist-small")
    short = recipe.changed(length=8, seed=5, epochs=12)
    assert (short.length, short.seed, short.epochs, short.float_epochs) == (8, 5, 12, 2)
    assert short.changed() == short
    assert recipe.changed(epochs=1).float_epochs == 0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("length = 8", "length = 12", "length must be a power of two"),
        ("length = 8", "length = 8.0", "length must be a whole number, got 8.0"),
        ("length = 8", "", "is incomplete: .*'length'"),
        ("hidden = [8]", "hidden = [8, 0]", "hidden must list the neurons"),
        ("hidden = [8]", "hidden = 8", "hidden must list the neurons"),
        ("epochs = 4", "epochs = 0", "epochs must be at least 1, got 0"),
        ("float_epochs = 2", "float_epochs = 4", r"float_epochs must be in \[0, epochs − 1\] = \[0, 3\], got 4"),
        ("batch = 64", "batch = 0", "batch must be at least 1"),
        ("batch = 64", "batchsize = 64", "not batchsize"),
        ("learning_rate = 0.01", "learning_rate = -1", r"learning_rate must be in \[0, 10\], got -1"),
        ("learning_rate = 0.01", "learning_rate = nan", r"learning_rate must be in \[0, 10\], got nan"),
        ("learning_rate = 0.01", 'learning_rate = "fast"', "learning_rate must be in"),
        ("seed = 4", "seed = -4", "seed must be in"),
        ("seed = 4", "seed = true", "seed must be a whole number, got True"),
        ("shift = 0.5", "shift = -0.5", "augment.shift must be in"),
        ("shift = 0.5", "flip = true", r"\[augment\] knows .*; not flip"),
        ("[augment]", "[augmentation]", "unknown entry augmentation"),
        ("[augment]\nshift = 0.5", "", None),
        ('data = "digits"', "data = 5", "data must be a string, got 5"),
        ('data = "digits"', 'network = 5\ndata = ""', "not valid TOML"),
        ("[network]", "[network", "not valid TOML"),
    ],
)
def test_recipe_refusals_name_the_file(tmp_path: Path, old: str, new: str, message: str | None) -> None:
    assert old in RECIPE
    path = written(tmp_path, RECIPE.replace(old, new, 1))
    if message is None:
        assert not load_recipe(path).augment.active
        return
    with pytest.raises(ScError, match=message) as caught:
        load_recipe(path)
    assert str(path) in str(caught.value)


def test_unknown_recipes(tmp_path: Path) -> None:
    with pytest.raises(ScError, match=r"recipe must be one of digits, .*mnist-.*got 'cifar'"):
        load_recipe("cifar")
    with pytest.raises(ScError, match="does not exist"):
        load_recipe(tmp_path / "absent.toml")
    with pytest.raises(ScError, match="names no data"):
        train("own-data", tmp_path / "out", progress=silent)


def test_recipes_of_an_installed_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sc_neurocore.training import recipes

    monkeypatch.setattr(recipes, "_SOURCE_TREE", tmp_path / "absent")
    monkeypatch.setattr(recipes, "_PACKAGED", tmp_path)
    written(tmp_path, RECIPE)
    assert recipe_names() == ("little",)
    assert load_recipe("little").length == 8


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('kind = "spiking"', 'kind = "analog"', "kind must be rate .* or spiking, got 'analog'"),
        ('"SpikingNet"', '"Transformer"', "model must be one of SpikingNet, ConvSpikingNet, got 'Transformer'"),
        ('"SpikingNet"', '"ConvSpikingNet"', "epochs must be float_epochs = 2 for ConvSpikingNet, got 4"),
        ("steps = 8", "steps = 0", r"steps must be a whole number in \[1, 4096\], got 0"),
        ("steps = 8", "steps = 25", "length must be a power of two .* got 25"),
        ("float_epochs = 2", "float_epochs = 5", r"float_epochs must be in \[1, epochs\] = \[1, 4\], got 5"),
        ("float_epochs = 2", "float_epochs = 0", r"float_epochs must be in \[1, epochs\] = \[1, 4\], got 0"),
        ("learn_beta = true", "learn_beta = 1", "learn_beta must be true or false, got 1"),
        ("learn_beta = true", "beta = 1.5", r"beta must be in \[0, 1\], got 1.5"),
        ("learn_beta = true", 'surrogate = "relu"', "surrogate must be one of atan, .* got 'relu'"),
        ("hidden = 12", "hidden = [12]", r"hidden must be a whole number in \[1, 65536\], got \[12\]"),
        ("hidden = 12", "pool = 2", r"\[network\] knows .*; not pool"),
        ("hidden = 12", "length = 12", "length must be a power of two .* got 12"),
        ("hidden = 12", "length = true", "length must be a whole number, got True"),
        ("hidden = 12", 'leak = "shift"', "leak is for networks in steps, which have a length, got 'shift' without"),
        ("hidden = 12", 'readout = "spikes"', "readout is for networks in steps, which have a length, got 'spikes'"),
        (
            "batch = 64",
            "batch = 64\nrate_cost = 0.1",
            "rate_cost is for networks in steps, which have a length, got 0.1 without",
        ),
        ("batch = 64", "", "is incomplete: .*batch"),
    ],
)
def test_spiking_recipes_are_checked(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in SPIKING
    with pytest.raises(ScError, match=message):
        load_recipe(written(tmp_path, SPIKING.replace(old, new)))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("length = 16", 'length = 16\nleak = "none"', "leak must be one of shift, factor, got 'none'"),
        ('"potentials"', '"sum"', "readout must be one of spikes, potentials, got 'sum'"),
        ("rate_cost = 0.1", "rate_cost = -1", r"rate_cost must be in \[0, 100\], got -1"),
        ("rate_cost = 0.1", 'rate_cost = "low"', r"rate_cost must be in \[0, 100\], got 'low'"),
        ('"SpikingNet"', '"ConvSpikingNet"', "epochs must be float_epochs = 2 for ConvSpikingNet, got 4"),
        ("steps = 5", "steps = 5000", r"steps must be a whole number in \[1, 4096\], got 5000"),
    ],
)
def test_recipes_of_networks_in_steps_are_checked(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in STEPS
    with pytest.raises(ScError, match=message):
        load_recipe(written(tmp_path, STEPS.replace(old, new)))


def test_recipes_of_networks_in_steps_have_defaults_and_change(tmp_path: Path) -> None:
    bare = load_recipe(written(tmp_path, SPIKING.replace("steps = 8", "steps = 5\nlength = 8")))
    assert (bare.leak, bare.readout, bare.rate_cost) == ("shift", "spikes", 0.0)
    recipe = load_recipe(written(tmp_path, STEPS))
    assert (recipe.readout, recipe.rate_cost) == ("potentials", 0.1)
    changed = recipe.changed(length=32, epochs=8)
    assert (changed.length, changed.steps, changed.epochs, changed.float_epochs) == (32, 5, 8, 4)
    short = recipe.changed(epochs=1)  # as of all recipes of spiking cells
    assert (short.epochs, short.float_epochs, short.streams) == (1, 1, 0)
    # A recipe of one window says nothing of them.
    assert not {"length", "leak", "readout", "rate_cost"} & set(
        re.findall(r"^\w+", recipe_text(load_recipe(written(tmp_path, SPIKING))), re.MULTILINE)
    )


def test_changed_spiking_recipes(tmp_path: Path) -> None:
    recipe = load_recipe(written(tmp_path, SPIKING))
    short = recipe.changed(epochs=1, seed=3, length=16)
    assert (short.epochs, short.float_epochs, short.seed, short.steps) == (1, 1, 3, 16)
    assert recipe.changed(epochs=8).float_epochs == 4


@pytest.mark.parametrize("name", [n for n in recipe_names() if n != "own-data"])
def test_every_recipe_survives_its_text(name: str, tmp_path: Path) -> None:
    recipe = load_recipe(name)
    path = tmp_path / "copy.toml"
    path.write_text(recipe_text(recipe))
    assert replace(load_recipe(path), name=recipe.name, sha256=recipe.sha256) == recipe
