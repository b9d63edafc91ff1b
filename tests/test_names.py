"""Names that the command line offers: those of the modules that they stand for, and networks of the source tree."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sc_neurocore import artifact, backends, data, evaluate, names, network
from sc_neurocore.cli import main
from sc_neurocore.compiler.neurons import NEURONS
from sc_neurocore.hardware import boards, stream_system
from sc_neurocore.names import network_folder, networks
from sc_neurocore.nir_bridge import PRESETS
from sc_neurocore.training import recipe_names

ROOT = Path(__file__).resolve().parents[1]


def test_the_words_are_those_of_their_homes() -> None:
    pytest.importorskip("torch")
    from sc_neurocore.nir_bridge import conversion
    from sc_neurocore.training.surrogates import SURROGATES

    assert tuple(backends.BACKENDS) == names.BACKENDS
    assert tuple(data.DATASETS) == names.DATASETS
    assert tuple(stream_system.DESIGNS) == names.DESIGNS
    assert tuple(PRESETS) == names.FRAMEWORKS
    assert tuple(NEURONS) == names.NEURON_MODELS
    assert tuple(SURROGATES) == names.SURROGATES
    assert tuple(names.recipe_files()) == recipe_names()
    assert (data.SPLITS, evaluate.CHECKS, network.ORDERS) == (names.SPLITS, names.CHECKS, names.ORDERS)
    assert (stream_system.DATA_WIDTHS, conversion.NEURONS) == (names.DATA_WIDTHS, names.NEURONS)


def test_boards_are_named_without_reading_their_descriptions(monkeypatch: pytest.MonkeyPatch) -> None:
    assert names.boards() == sorted(boards.BOARDS)
    monkeypatch.delitem(sys.modules, boards.__name__)
    assert names.boards() == sorted(boards.BOARDS)
    assert boards.__name__ not in sys.modules


def test_networks_go_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert networks() == sorted(p.parent.name for p in (ROOT / "train" / "networks").glob("*/network.json"))
    assert network_folder("digits") == ROOT / "train" / "networks" / "digits"
    monkeypatch.chdir(tmp_path)
    assert main(["estimate", "digits", "--board", "icebreaker", "--json"]) == 0
    # A folder of the user's own goes first, and a path is never a name.
    artifact.save(artifact.load(ROOT / "train" / "networks" / "mnist-small"), tmp_path / "digits")
    capsys.readouterr()
    assert main(["estimate", "digits", "--board", "icebreaker", "--json"]) == 0
    assert '"196-128-10"' in capsys.readouterr().out
    assert main(["estimate", "here/mnist-small", "--board", "icebreaker"]) == 2
    assert "here/mnist-small" in capsys.readouterr().err
    assert main(["estimate", "mnist-smal", "--board", "icebreaker"]) == 2
    assert "did you mean mnist-small" in capsys.readouterr().err
