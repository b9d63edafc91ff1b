"""The command line: what scripts rely on, and what a user's mistakes look like."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sc_neurocore import artifact, evaluate
from sc_neurocore.cli import SCORES_DIFFER, main
from sc_neurocore.network import DenseLayer, InputSpec, Network

KEYS = ["network", "backend", "length", "images", "correct", "accuracy", "mismatches", "seconds"]


def network(classes: int = 3) -> Network:
    rng = np.random.default_rng(0)
    return Network(
        16,
        (
            DenseLayer(rng.integers(-15, 16, (6, 4)), rng.integers(-15, 16, 6), 100),
            DenseLayer(rng.integers(-15, 16, (classes, 6)), rng.integers(-15, 16, classes), None),
        ),
        InputSpec((4,), 256),
        name="tiny",
    )


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    return artifact.save(network(), tmp_path / "tiny")


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    path = tmp_path / "samples.npz"
    np.savez(path, x=rng.integers(0, 256, (20, 4), dtype=np.uint8), y=np.arange(20) % 3)
    return path


@pytest.mark.parametrize("backend", ["golden", "packed", "rtl"])
def test_evaluate_prints_the_promised_keys_first_and_agrees(
    backend: str, saved: Path, samples: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(saved), "--data", str(samples), "--backend", backend, "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert list(row)[: len(KEYS)] == KEYS
    assert (row["network"], row["backend"], row["length"], row["images"]) == ("tiny", backend, 16, 20)
    assert row["mismatches"] == 0
    assert row["accuracy"] == row["correct"] / 20


def test_evaluate_counts_mismatches_of_a_wrong_back_end(
    saved: Path, samples: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from sc_neurocore import backends

    right = backends.BACKENDS["packed"]

    def wrong(net, codes, progress):  # type: ignore[no-untyped-def]
        result = right(net, codes, progress)
        result.scores[3:5, 1] += 1
        return result

    monkeypatch.setitem(backends.BACKENDS, "packed", wrong)
    arguments = ["evaluate", str(saved), "--data", str(samples), "--json", "--limit", "10"]
    said = "scores differ: the back end packed gives 2 of 10 images other scores than the model that checks them."
    assert main(arguments) == SCORES_DIFFER == evaluate.SCORES_DIFFER == 4
    told = capsys.readouterr()
    row = json.loads(told.out)
    assert (row["mismatches"], row["exit_code"]) == (2, 4)
    assert row["error"].startswith(said)
    assert told.err.splitlines()[-1].startswith(f"sc-neurocore evaluate: {said}")
    assert main([word for word in arguments if word != "--json"]) == 4
    assert f"sc-neurocore evaluate: {said}" in capsys.readouterr().err
    assert main([*arguments, "--check", "none"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert row["mismatches"] is None
    assert "error" not in row


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["evaluate", "NET", "--data", "NPZ", "--backend", "verilog"], "must be one of golden, packed, lookup, rtl"),
        (["evaluate", "NET", "--data", "cifar"], "data set must be one of digits, mnist or the path of an .npz file"),
        (["evaluate", "NET", "--data", "NPZ", "--check", "some"], "check must be one of golden, packed, none"),
        (["evaluate", "NET", "--data", "NPZ", "--split", "some"], "split must be one of"),
        (["evaluate", "NET", "--data", "digits"], "takes shape (4,)"),
        (["evaluate", "NOWHERE", "--data", "NPZ"], "no such folder"),
        (["evaluate", "NET", "--data", "nowhere.npz"], "nowhere.npz"),
        (["estimate", "NET", "--board", "de10"], "icebreaker"),
        (["build", "NET", "--board", "de10", "--out", "OUT"], "icebreaker"),
        (["build", "NET", "--out", "OUT"], "--design engine needs --board"),
        (["build", "NET", "--out", "OUT", "--design", "tree"], "must be one of engine, stream, folded, got 'tree'"),
        (["build", "NET", "--out", "OUT", "--design", "stream"], "--design stream needs --part"),
        (
            ["build", "NET", "--out", "OUT", "--design", "stream", "--board", "icebreaker", "--mac"],
            "--board, --mac is not for --design stream",
        ),
        (["build", "NET", "--out", "OUT", "--board", "icebreaker", "--scores"], "--scores is not for --design engine"),
        (["build", "NET", "--out", "OUT", "--design", "stream", "--part", "xc7a35t"], "part must be one of lfe5u-25f"),
        (
            ["build", "NET", "--out", "OUT", "--design", "stream", "--part", "lfe5u-25f", "--data-width", "24"],
            "data width must be one of 8, 16, 32, 64, got 24",
        ),
        (["flash", "NET", "--board", "de10"], "icebreaker"),
        (["train", "cifar", "--out", "OUT"], "digits"),
        (["train", "--out", "OUT"], "either a recipe or --data"),
        (["train", "digits", "--out", "OUT", "--length", "12"], "power of two"),
        (["run", "NET", "--board", "icebreaker", "--port", "/dev/nowhere", "--data", "NPZ"], "/dev/nowhere"),
    ],
)
def test_mistakes_are_one_line_with_the_rule(
    arguments: list[str],
    expected: str,
    saved: Path,
    samples: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = {"NET": str(saved), "NPZ": str(samples), "NOWHERE": str(tmp_path / "x"), "OUT": str(tmp_path / "out")}
    assert main([names.get(a, a) for a in arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert expected in captured.err
    assert "Traceback" not in captured.err
    assert not (tmp_path / "out").exists()


def test_a_label_that_the_network_cannot_answer_is_refused(
    tmp_path: Path, samples: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    two = artifact.save(network(classes=2), tmp_path / "two")
    assert main(["evaluate", str(two), "--data", str(samples)]) == 2
    assert "labels up to 2" in capsys.readouterr().err


def test_an_altered_artifact_is_refused_by_file_name(
    saved: Path, samples: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    memory = saved / "layer1.mem"
    memory.write_text(memory.read_text().replace("0", "1", 1))
    for command in (["evaluate", "--data", str(samples)], ["estimate", "--board", "icebreaker"]):
        assert main([command[0], str(saved), *command[1:]]) == 2
        assert "layer1.mem" in capsys.readouterr().err


def test_importing_the_package_loads_neither_torch_nor_numba() -> None:
    code = "import sys, sc_neurocore, sc_neurocore.cli; print({'torch', 'numba', 'sklearn'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
