"""Training runs: stopped anywhere they end in the same artifact; other runs' checkpoints are refused."""

from __future__ import annotations

import csv
import json
import os
import pickle
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from little_recipes import SPARSE, SPIKING, silent, written
from little_recipes import STEPS as IN_STEPS
from sc_neurocore import artifact, data, golden, packed
from sc_neurocore.cli import main
from sc_neurocore.errors import ScError
from sc_neurocore.evaluate import evaluate
from sc_neurocore.network import InputSpec
from sc_neurocore.training import (
    ConvSpikingNet,
    SpikingNet,
    load_checkpoint,
    load_recipe,
    recipe_training,
    recipes,
    run_folder,
    stream_encode,
    train,
)
from sc_neurocore.training.surrogates import SURROGATES

DENSE = """
data = "digits"

[network]
hidden = [12]
length = 8

[training]
epochs = 8
float_epochs = 3
batch = 64
float_learning_rate = 0.02
learning_rate = 0.01
agreement = 0.5

[augment]
rotate = 5
shift = 0.5
"""

STEPS = 20  # of an epoch: 1221 training samples in batches of 64


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def stopped_at(step: int, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Interrupt the run in this step of the optimizer, counted from 0; return what lets runs pass again."""
    left = step
    original = torch.optim.AdamW.step

    def count(self: Any, *arguments: Any) -> Any:
        nonlocal left
        if left == 0:
            raise KeyboardInterrupt
        left -= 1
        return original(self, *arguments)

    monkeypatch.setattr(torch.optim.AdamW, "step", count)
    return lambda: monkeypatch.setattr(torch.optim.AdamW, "step", original)


# --- resume ---


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, bytes]]:
    """Return what a run that nothing interrupts writes, by recipe."""
    kept: dict[str, dict[str, bytes]] = {}

    def trained(text: str) -> dict[str, bytes]:
        if text not in kept:
            folder = tmp_path_factory.mktemp("whole")
            train(written(folder, text), folder / "net", progress=silent)
            kept[text] = content(folder / "net")
        return kept[text]

    return trained


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        pytest.param(DENSE, [STEPS + 7], id="float phase"),
        pytest.param(DENSE, [3 * STEPS], id="between the phases"),
        pytest.param(DENSE, [4 * STEPS + 3], id="streams"),
        pytest.param(DENSE, [7 * STEPS + 19], id="streams, with a best epoch"),
        pytest.param(DENSE, [STEPS, 2 * STEPS + 1, STEPS + 1], id="three times"),
        pytest.param(SPARSE, [2 * STEPS + 5], id="pruning"),
        pytest.param(SPARSE, [5 * STEPS + 5], id="pruned"),
        pytest.param(SPIKING, [STEPS + 5], id="spiking, float phase"),
        pytest.param(SPIKING, [2 * STEPS, STEPS + 1], id="spiking, between the phases, then streams"),
        pytest.param(IN_STEPS, [2 * STEPS, STEPS + 1], id="in steps, between the phases, then in the second"),
    ],
)
def test_an_interrupted_run_ends_in_the_same_bytes(
    text: str, steps: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: Any
) -> None:
    recipe, out = written(tmp_path, text), tmp_path / "net"
    for step in steps:
        pass_again = stopped_at(step, monkeypatch)
        with pytest.raises(KeyboardInterrupt, match="interrupted after epoch"):
            train(recipe, out, progress=silent)
        pass_again()
        assert not out.exists()
        # Between two calls of a program torch's own random numbers are anywhere.
        torch.rand(3)
    lines: list[str] = []
    train(recipe, out, progress=lines.append)
    assert any(re.search(r"resuming after epoch \d+ from .*net\.run/checkpoint\.pt", line) for line in lines)
    assert content(out) == whole(text)


def test_an_interrupted_last_step_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: Any) -> None:
    """Ctrl-C while the artifact takes its place: the old one stays, the same call writes the new one."""
    recipe, out = written(tmp_path, DENSE), tmp_path / "net"
    train(recipe, out, epochs=2, progress=silent)
    before = content(out)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(artifact, "replace_folder", interrupt)
        with pytest.raises(KeyboardInterrupt, match="interrupted after epoch 8"):
            train(recipe, out, progress=silent)
    assert content(out) == before
    train(recipe, out, progress=silent)
    assert content(out) == whole(DENSE)
    assert {path.name for path in tmp_path.iterdir()} == {"little.toml", "net", "net.run"}


def test_the_old_artifact_comes_back_if_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, old = tmp_path / "new", tmp_path / "old"
    for folder in (new, old):
        folder.mkdir()
        (folder / "file").write_text(folder.name)
    original = os.replace

    def interrupt(a: Path, b: Path) -> None:
        if a == new:
            raise KeyboardInterrupt
        original(a, b)

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        artifact.replace_folder(new, old)
    assert (old / "file").read_text() == "old"


def test_before_the_first_epoch_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = written(tmp_path, DENSE)
    stopped_at(3, monkeypatch)
    with pytest.raises(KeyboardInterrupt, match="before the end of the first epoch: nothing is kept"):
        train(recipe, tmp_path / "net", progress=silent)
    assert [path.name for path in tmp_path.iterdir()] == ["little.toml"]


def test_ctrl_c_and_kill_in_a_process(tmp_path: Path) -> None:
    """The command itself: SIGINT in the float phase, SIGKILL in the streams, then to the end; the same bytes."""
    recipe = written(
        tmp_path, DENSE.replace("epochs = 8", "epochs = 40").replace("float_epochs = 3", "float_epochs = 20")
    )
    out, metrics = tmp_path / "net", tmp_path / "net.run" / "metrics.csv"
    command = [sys.executable, "-m", "sc_neurocore.cli", "train", str(recipe), "--out", str(out)]
    environment = os.environ | {"PYTHONPATH": str(Path(recipe_training.__file__).parents[2])}

    def start() -> subprocess.Popen[str]:
        # Shells start background jobs with SIGINT ignored, and children inherit that.
        return subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
        )

    def stopped(rows: int, number: int) -> tuple[int, str]:
        process = start()
        while not metrics.is_file() or metrics.read_text().count("\n") <= rows:
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        process.send_signal(number)
        _, said = process.communicate()
        assert not out.exists()
        return process.returncode, said

    code, said = stopped(2, signal.SIGINT)
    assert code == 130
    *_, last = said.splitlines()
    assert re.fullmatch(
        r"sc-neurocore train: interrupted after epoch \d+: the same command goes on from there, --restart begins anew",
        last,
    )
    assert "Traceback" not in said
    assert stopped(25, signal.SIGKILL)[0] == -signal.SIGKILL
    process = start()
    _, said = process.communicate()
    assert process.returncode == 0
    assert "resuming after epoch" in said
    train(recipe, tmp_path / "whole", progress=silent)
    assert content(out) == content(tmp_path / "whole")
    assert {path.name for path in tmp_path.iterdir()} == {"little.toml", "net", "net.run", "whole", "whole.run"}
    assert all(path.name.startswith("events.") for path in (tmp_path / "net.run").iterdir())


def test_restart_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: Any) -> None:
    recipe, out = written(tmp_path, DENSE), tmp_path / "net"
    pass_again = stopped_at(2 * STEPS, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        train(recipe, out, seed=9, progress=silent)
    pass_again()
    lines: list[str] = []
    train(recipe, out, restart=True, progress=lines.append)
    assert not any("resuming" in line for line in lines)
    assert content(out) == whole(DENSE)


# --- refusal ---


@pytest.fixture
def waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Return the recipe and the target of a run that was stopped in its third epoch."""
    recipe = written(tmp_path, DENSE)
    pass_again = stopped_at(2 * STEPS + 1, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        train(recipe, tmp_path / "net", progress=silent)
    pass_again()
    return recipe, tmp_path / "net"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 1}, "seed 0 instead of 1"),
        ({"length": 16}, "length 8 instead of 16"),
        ({"epochs": 16}, "epochs 8 instead of 16, float_epochs 3 instead of 6"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(
    waiting: tuple[Path, Path], change: dict[str, int], message: str
) -> None:
    recipe, out = waiting
    before = (out.with_name("net.run") / "checkpoint.pt").read_bytes()
    with pytest.raises(ScError, match="is of another run") as refused:
        train(recipe, out, progress=silent, **change)
    text = str(refused.value)
    assert message in text
    assert text.endswith("choose another folder, or discard the checkpoint with --restart")
    assert (out.with_name("net.run") / "checkpoint.pt").read_bytes() == before


def test_a_checkpoint_of_another_recipe_torch_or_version_is_refused(
    waiting: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe, out = waiting
    recipe.write_text(DENSE.replace("learning_rate = 0.01", "learning_rate = 0.03"))
    assert main(["train", str(recipe), "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert "learning_rate 0.01 instead of 0.03" in said
    assert "Traceback" not in said
    recipe.write_text(DENSE)
    with monkeypatch.context() as patch:
        patch.setattr(torch, "__version__", "1.2.3")
        with pytest.raises(ScError, match=r"torch '\S+' instead of '1\.2\.3'"):
            train(recipe, out, progress=silent)
    with monkeypatch.context() as patch:
        patch.setattr(run_folder, "__version__", "0.0.0")
        with pytest.raises(ScError, match=r"sc_neurocore '\S+' instead of '0\.0\.0'"):
            train(recipe, out, progress=silent)


def test_a_checkpoint_of_other_data_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    x, y = rng.random((60, 9)), np.repeat(np.arange(3), 20)
    path = tmp_path / "own.npz"
    np.savez(path, x=x, y=y)
    stopped_at(30, monkeypatch)
    with pytest.raises(KeyboardInterrupt, match="after epoch"):
        train(path, tmp_path / "net", progress=silent)
    x[5, 5] = 1 - x[5, 5]
    np.savez(path, x=x, y=y)
    with pytest.raises(ScError, match=r"another run, with data_sha256 '[0-9a-f]{64}' instead of '[0-9a-f]{64}':"):
        train(path, tmp_path / "net", progress=silent)


class _Code:
    def __reduce__(self) -> Any:
        return (print, ("code was run",))


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_what_is_not_a_checkpoint_is_refused(waiting: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    recipe, out = waiting
    checkpoint = out.with_name("net.run") / "checkpoint.pt"
    good = checkpoint.read_bytes()
    torch.save({"format": "something else"}, checkpoint)
    with pytest.raises(ScError, match=r"is not a checkpoint of a training run .* --restart"):
        train(recipe, out, progress=silent)
    torch.save(_Code(), checkpoint)
    bad = [checkpoint.read_bytes(), pickle.dumps(_Code()), good[: len(good) // 2], b""]
    for content_ in bad:
        checkpoint.write_bytes(content_)
        with pytest.raises(
            ScError, match=r"checkpoint\.pt is not a checkpoint .* discard the checkpoint with --restart"
        ):
            train(recipe, out, progress=silent)
    assert "code was run" not in capsys.readouterr().out


def test_two_runs_do_not_share_a_folder(tmp_path: Path) -> None:
    recipe = written(tmp_path, DENSE)
    tried: list[str] = []

    def again(line: str) -> None:
        if not tried:
            tried.append(line)
            with pytest.raises(ScError, match=r"net\.run is in use by another training run"):
                train(recipe, tmp_path / "net", progress=silent)

    train(recipe, tmp_path / "net", epochs=2, progress=again)
    assert tried


def test_divergence_leaves_no_checkpoint(tmp_path: Path) -> None:
    """The user lowers the rate and starts again: a checkpoint of the run that diverged would be in the way."""
    recipe = load_recipe(written(tmp_path, DENSE)).changed(epochs=4)
    object.__setattr__(recipe, "float_learning_rate", float("inf"))
    with pytest.raises(ScError, match="diverged at float_learning_rate"):
        train(recipe, tmp_path / "net", progress=silent)
    train(written(tmp_path, DENSE), tmp_path / "net", epochs=4, progress=silent)


# --- what is kept ---


def test_metrics_have_a_row_for_each_epoch(whole: Any) -> None:
    rows = list(csv.DictReader(whole(DENSE)["metrics.csv"].decode().splitlines()))
    assert [row["epoch"] for row in rows] == [str(k) for k in range(1, 9)]
    assert [row["phase"] for row in rows] == ["float"] * 3 + ["streams"] * 5
    # The last quarter of the epochs through the streams, rounded, is measured.
    assert [bool(row["validation_accuracy"]) for row in rows] == [False] * 7 + [True]
    losses = [float(row["loss"]) for row in rows]
    assert losses[2] < losses[0]
    assert float(rows[0]["learning_rate"]) > float(rows[2]["learning_rate"]) == 0.0
    assert float(rows[-1]["learning_rate"]) == 0.0


def test_an_artifact_with_config_and_metrics_loads(tmp_path: Path, whole: Any) -> None:
    folder = tmp_path / "net"
    folder.mkdir()
    for name, written_ in whole(DENSE).items():
        (folder / name).write_bytes(written_)
    assert sorted(whole(DENSE)) == ["config.toml", "layer0.mem", "layer1.mem", "metrics.csv", "network.json"]
    network = artifact.load(folder)
    row = list(csv.DictReader((folder / "metrics.csv").read_text().splitlines()))[network.info["chosen_epoch"] - 1]
    assert float(row["validation_accuracy"]) == network.info["validation_accuracy"]


def test_the_config_is_a_recipe_that_trains_the_same_network(tmp_path: Path) -> None:
    train(written(tmp_path, DENSE), tmp_path / "a", seed=5, length=16, epochs=4, progress=silent)
    recipe = load_recipe(tmp_path / "a" / "config.toml")
    assert (recipe.seed, recipe.length, recipe.epochs, recipe.float_epochs) == (5, 16, 4, 1)
    train(recipe, tmp_path / "b", progress=silent)
    assert content(tmp_path / "a")["layer0.mem"] == content(tmp_path / "b")["layer0.mem"]
    # Into the same folder: all of it is replaced.
    train(written(tmp_path, DENSE), tmp_path / "a", epochs=5, progress=silent)
    assert (tmp_path / "a" / "metrics.csv").read_text().count("\n") == 6
    assert load_recipe(tmp_path / "a" / "config.toml").epochs == 5


# --- recipes of spiking cells ---


@pytest.mark.parametrize("name", ["start", "input_spec", "facts", "finish"])
def test_what_a_recipe_of_spiking_cells_does_not_take_is_refused(tmp_path: Path, name: str) -> None:
    value: Any = {"input_spec": InputSpec((64,), 16), "facts": {"from": "here"}, "finish": lambda network: network}
    with pytest.raises(ScError, match=f"is of spiking cells, which take no {name}"):
        train(written(tmp_path, SPIKING), tmp_path / "net", **{name: value.get(name, object())})
    assert not (tmp_path / "net").exists()


def test_a_spiking_network_runs_as_it_was_trained(tmp_path: Path, whole: Any) -> None:
    """What training measured through the streams is what golden and packed give; model.pt is the float network."""
    lines: list[str] = []
    result = train(written(tmp_path, SPIKING), tmp_path / "net", progress=lines.append)
    assert content(tmp_path / "net") == whole(SPIKING)
    network, digits = artifact.load(tmp_path / "net"), data.load("digits")
    assert network.shape == (64, 12, 10, 10)
    assert all(layer.lif is not None for layer in network.layers[:-1])
    val = packed.run(network, network.input.encode(digits.x_val, 8))
    rows = list(csv.DictReader((tmp_path / "net" / "metrics.csv").read_text().splitlines()))
    printed = float(rows[network.info["chosen_epoch"] - 1]["validation_accuracy"])
    assert printed == result.bit_true_validation_accuracy == (val.classes == digits.y_val).mean()
    assert printed == max(float(row["validation_accuracy"]) for row in rows if row["phase"] == "streams")
    codes = network.input.encode(digits.x_test, 8)
    classes = golden.run(network, codes).classes
    assert result.bit_true_test_accuracy == network.info["bit_true_test_accuracy"] == (classes == digits.y_test).mean()
    assert result.bit_true_test_accuracy > 0.5
    model = SpikingNet(64, 12, 10, n_layers=1, learn_beta=True, learn_threshold=True)
    assert load_checkpoint(tmp_path / "net" / "model.pt", model) == network.info["chosen_float_epoch"]
    bits = stream_encode(torch.tensor(digits.x_test.reshape(-1, 64) / 16, dtype=torch.float32), 8)
    with torch.no_grad():
        floats = model(bits)[0].argmax(dim=1).numpy()
    assert result.float_test_accuracy == (floats == digits.y_test).mean()
    assert result.differing_predictions == (floats != classes).sum()
    assert any(re.search(r"epoch 3 of 4: streams, .* streams phase done in \d+:\d\d$", line) for line in lines)


def test_a_network_in_steps_runs_as_it_was_trained(tmp_path: Path, whole: Any) -> None:
    """What training measured in steps is what golden gives, through `evaluate` too; model.pt takes codes as floats."""
    lines: list[str] = []
    result = train(written(tmp_path, IN_STEPS), tmp_path / "net", progress=lines.append)
    assert content(tmp_path / "net") == whole(IN_STEPS)
    network, digits = artifact.load(tmp_path / "net"), data.load("digits")
    assert network.shape == (64, 12, 10)
    assert network.steps is not None
    assert (network.length, network.steps.count, network.steps.readout) == (16, 5, "potentials")
    # The float cells learned β; the hardware has the nearest shifts.
    assert all(layer.neuron.leak_mode == 0 for layer in network.layers)
    val = golden.run(network, network.encode(digits.x_val))
    rows = list(csv.DictReader((tmp_path / "net" / "metrics.csv").read_text().splitlines()))
    printed = float(rows[network.info["chosen_epoch"] - 1]["validation_accuracy"])
    assert printed == result.bit_true_validation_accuracy == (val.classes == digits.y_val).mean()
    assert printed == max(float(row["validation_accuracy"]) for row in rows if row["phase"] == "steps")
    rate = val.counts[0].sum(axis=1).mean() / 5
    assert network.info["mean_active"][1] == pytest.approx(rate, abs=1e-4)
    assert evaluate(network, "digits", backend="packed").accuracy == result.bit_true_test_accuracy
    assert result.bit_true_test_accuracy is not None
    assert result.bit_true_test_accuracy > 0.5
    model = SpikingNet(64, 12, 10, n_layers=1, learn_beta=True, learn_threshold=True)
    assert load_checkpoint(tmp_path / "net" / "model.pt", model) == network.info["chosen_float_epoch"]
    x = torch.from_numpy(network.encode(digits.x_test).astype(np.float32)) / 16
    with torch.no_grad():
        floats = model(x.expand(5, *x.shape))[0].argmax(dim=1).numpy()
    assert result.float_test_accuracy == (floats == digits.y_test).mean()
    assert any(re.search(r"T = 5, L = 16", line) for line in lines)
    assert any(re.search(r"epoch 3 of 4: steps, .* steps phase done in \d+:\d\d$", line) for line in lines)


def test_networks_in_steps_train_on_the_cpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sc_neurocore.training.spiking_training.named_device", lambda name: torch.device("meta"))
    with pytest.raises(ScError, match="networks in steps train on the device cpu, got meta"):
        train(written(tmp_path, IN_STEPS), tmp_path / "net", device="cuda", progress=silent)


def conv_recipe(folder: Path, epochs: int = 2) -> Path:
    rng = np.random.default_rng(4)
    y = np.repeat(np.arange(2), 40)
    x = rng.integers(0, 60, (80, 28, 28)).astype(np.uint8)
    x[y == 1, 8:20, 8:20] += 150
    np.savez(folder / "own.npz", x=x, y=y)
    path = folder / "conv.toml"
    path.write_text(
        f"""
kind = "spiking"
data = "own.npz"
[network]
model = "ConvSpikingNet"
steps = 2
[training]
epochs = {epochs}
float_epochs = {epochs}
batch = 4
float_learning_rate = 0.003
[augment]
shift = 1
"""
    )
    return path


def test_a_convolutional_spiking_network_leaves_its_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = conv_recipe(tmp_path)
    result = train(recipe, tmp_path / "whole", progress=silent)
    assert (result.bit_true_test_accuracy, result.differing_predictions) == (None, None)
    assert result.float_test_accuracy >= 0.9
    pass_again = stopped_at(15, monkeypatch)
    with pytest.raises(KeyboardInterrupt, match="interrupted after epoch 1"):
        train(recipe, tmp_path / "net", progress=silent)
    pass_again()
    train(recipe, tmp_path / "net", progress=silent)
    files = content(tmp_path / "net")
    assert files == content(tmp_path / "whole")
    assert sorted(files) == ["config.toml", "metrics.csv", "model.pt", "result.json"]
    facts = json.loads(files["result.json"])
    own = data.load(tmp_path / "own.npz")
    model = ConvSpikingNet(2)
    load_checkpoint(tmp_path / "net" / "model.pt", model)
    x = torch.tensor(own.x_test / 256, dtype=torch.float32)[:, None].expand(2, -1, -1, -1, -1)
    with torch.no_grad():
        classes = model(x)[0].argmax(dim=1).numpy()
    assert facts["float_test_accuracy"] == result.float_test_accuracy == (classes == own.y_test).mean()
    # Again into the same folder; but nothing else is ever overwritten.
    train(conv_recipe(tmp_path, epochs=1), tmp_path / "net", progress=silent)
    assert (tmp_path / "net" / "metrics.csv").read_text().count("\n") == 2
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("")
    with pytest.raises(ScError, match=r"exists and has no result\.json: choose an empty or new folder"):
        train(recipe, tmp_path / "other", progress=silent)


def test_names_of_surrogates_are_those_there_are() -> None:
    """recipes.py needs no torch, so it has a list of its own."""
    assert tuple(SURROGATES) == recipes._SURROGATES


def test_images_of_another_size_are_refused(tmp_path: Path) -> None:
    text = SPIKING.replace('"SpikingNet"', '"ConvSpikingNet"').replace("float_epochs = 2", "float_epochs = 4")
    with pytest.raises(ScError, match=r"takes images of 28 x 28, digits has samples of shape \(8, 8\)"):
        train(written(tmp_path, text), tmp_path / "net", progress=silent)


def test_events_for_tensorboard_go_on_where_a_run_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    recipe = written(tmp_path, DENSE)
    pass_again = stopped_at(5 * STEPS, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        train(recipe, tmp_path / "net", progress=silent)
    pass_again()
    assert "net.run" in {path.name for path in tmp_path.iterdir()}
    train(recipe, tmp_path / "net", progress=silent)
    events = EventAccumulator(str(tmp_path / "net.run"))
    events.Reload()
    assert set(events.Tags()["scalars"]) == {"loss", "learning_rate", "validation_accuracy"}
    rows = list(csv.DictReader((tmp_path / "net" / "metrics.csv").read_text().splitlines()))
    loss = events.Scalars("loss")
    assert [event.step for event in loss] == list(range(1, 9))
    assert [event.value for event in loss] == pytest.approx([float(row["loss"]) for row in rows], rel=1e-6)


def test_without_tensorboard_a_line_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: Any) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    lines: list[str] = []
    train(written(tmp_path, DENSE), tmp_path / "net", progress=lines.append)
    assert sum("TensorBoard" in line for line in lines) == 1
    assert content(tmp_path / "net") == whole(DENSE)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["little.toml", "net"]


def test_lines_tell_the_time_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe_training, "_REPORT_SECONDS", 0.0)
    lines: list[str] = []
    train(written(tmp_path, DENSE), tmp_path / "net", progress=lines.append)
    epochs = [line for line in lines if line.startswith("epoch ")]
    assert len(epochs) == 8
    assert all(re.search(r"float phase done in \d+:\d\d$", line) for line in epochs[:3])
    assert all(re.search(r", \d+:\d\d left$", line) for line in epochs[3:])
    assert epochs[-1].endswith(" 0:00 left")
