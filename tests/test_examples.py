"""The training scripts of examples/: each command of the documents, shortened; stopped and resumed; wrong arguments."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from sc_neurocore import artifact, data, packed

torch = pytest.importorskip("torch")

from sc_neurocore.training import ConvSpikingNet, SpikingNet, evaluate, load_checkpoint  # noqa: E402
from sc_neurocore.training.loops import named_device  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
#: As the documents give them, and what makes them short.
COMMANDS = (
    "examples/train_mnist.py --epochs 10",
    "examples/train_mnist.py --conv --epochs 10",
    "examples/train_mnist.py --conv --learn-beta --learn-threshold --epochs 20",
    "examples/mnist_surrogate/train.py --epochs 10 --device cpu",
)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def script(name: str) -> ModuleType:
    path = EXAMPLES / name
    spec = importlib.util.spec_from_file_location(name.removesuffix(".py").replace("/", "_"), path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_documents_runs_shortened(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, *arguments = shlex.split(command)
    conv = "--conv" in arguments
    if conv and not data.at_hand("mnist"):
        pytest.skip("MNIST is not at hand")
    arguments[arguments.index("--epochs") + 1] = "2"
    arguments += ["--out", str(tmp_path / "net"), "--json", "--limit", "40" if conv else "300"]
    arguments += ["--steps", "1"] if conv else ["--data", "digits"]
    assert script(name.removeprefix("examples/")).main(arguments) == 0
    said = capsys.readouterr()
    result = json.loads(said.out)
    assert re.search(r"^epoch 2 of 2: .*validation \d", said.err, re.MULTILINE)
    assert result["test_images"] == (40 if conv else 300)
    files = content(tmp_path / "net")
    info = json.loads(files.get("result.json", files.get("network.json", b"")))
    assert (info.get("limit") or info["info"]["limit"]) == result["test_images"]
    learned = "--learn-beta" in arguments or "surrogate" in name
    options: dict[str, Any] = {"learn_beta": learned, "learn_threshold": learned}
    model = ConvSpikingNet(**options) if conv else SpikingNet(64, 128, 10, **options)
    load_checkpoint(tmp_path / "net" / "model.pt", model)
    if "surrogate" in name:
        digits = data.load("digits")
        network = artifact.load(tmp_path / "net")
        codes = network.input.encode(digits.x_test[:300], network.length)
        right = (packed.run(network, codes).classes == digits.y_test[:300]).mean()
        assert result["bit_true_test_accuracy"] == right
    else:
        dataset = data.load("mnist" if conv else "digits")
        x = torch.tensor(dataset.x_test[: result["test_images"]] / np.float32(dataset.full_scale))
        y = torch.tensor(dataset.y_test[: result["test_images"]])
        x = x[:, None] if conv else x
        _, accuracy = evaluate(model, [(x, y)], result["steps"], flatten_input=not conv)
        assert result["float_test_accuracy"] == accuracy
    if not conv:
        assert result["float_test_accuracy"] > 0.15  # after six steps; chance is 0.1


@pytest.mark.parametrize("name", ["train_mnist.py", "mnist_surrogate/train.py"])
def test_a_stopped_script_goes_on_to_the_same_result(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main = script(name).main
    arguments = ["--data", "digits", "--epochs", "2", "--limit", "200"]
    assert main([*arguments, "--out", str(tmp_path / "whole")]) == 0
    table = capsys.readouterr().out
    assert re.search(r"^float test accuracy +\d+\.\d\d %$", table, re.MULTILINE)
    assert "None" not in table
    original, left = torch.optim.AdamW.step, 3  # an epoch has two steps

    def step(self: Any, *rest: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        return original(self, *rest)

    out = [*arguments, "--out", str(tmp_path / "net")]
    with monkeypatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", step)
        assert main(out) == 130
    assert "interrupted after epoch 1: the same command goes on from there" in capsys.readouterr().err
    assert not (tmp_path / "net").exists()
    assert main([*out, "--seed", "1"]) == 2  # another run's checkpoint
    assert "is of another run, with seed 0 instead of 1" in capsys.readouterr().err
    assert main(out) == 0
    assert "resuming after epoch 1" in capsys.readouterr().err
    assert content(tmp_path / "net") == content(tmp_path / "whole")


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("train_mnist.py", "--epochs 0", r"epochs must be a whole number in \[1, 1048576\], got 0"),
        ("train_mnist.py", "--steps 0", r"steps must be a whole number in \[1, 4096\], got 0"),
        ("train_mnist.py", "--surrogate relu", "surrogate must be one of atan, .*gaussian, got 'relu'"),
        ("train_mnist.py", "--limit 0", "limit must be a whole number of at least 1, got 0"),
        ("train_mnist.py", "--conv --data digits", r"takes images of 28 x 28, digits has samples of shape \(8, 8\)"),
        ("mnist_surrogate/train.py", "--epochs 0", "epochs must be at least 1, got 0"),
        ("mnist_surrogate/train.py", "--seed -1", r"seed must be a whole number in \[0, \d+\], got -1"),
    ],
)
def test_wrong_arguments_get_one_line(
    name: str, arguments: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--data", "digits", *arguments.split(), "--out", str(tmp_path / "net")]
    assert script(name).main(given) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert re.search(message, said.err.splitlines()[-1])
    assert "Traceback" not in said.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", ["--device tpu", "--data cifar", "--epochs many"])
def test_a_wrong_word_lists_what_there_is(arguments: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert script("train_mnist.py").main(arguments.split()) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    expected = r"cpu, cuda, got 'tpu'|digits, mnist, got 'cifar'|--epochs must be a whole number, got 'many'"
    assert re.search(expected, said)


def test_a_device_that_is_not_there_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    out = ["--data", "digits", "--device", "cuda", "--out", str(tmp_path / "net")]
    assert script("mnist_surrogate/train.py").main(out) == 2
    assert re.search(r"device 'cuda' is not available, this PyTorch .*: use 'cpu'$", capsys.readouterr().err.strip())
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert named_device("cuda") == torch.device("cuda")


def test_help_needs_no_torch() -> None:
    """`python examples/…` as a process of its own: from another folder, and quick, since nothing is trained."""
    code = (
        "import runpy, sys; sys.argv[1:] = ['--help']; sys.modules['torch'] = None; "
        "runpy.run_path({!r}, run_name='__main__')"
    )
    for name in ("train_mnist.py", "mnist_surrogate/train.py"):
        done = subprocess.run(
            [sys.executable, "-c", code.format(str(EXAMPLES / name))], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "--device {cpu,cuda}" in done.stdout


def test_the_page_lists_every_example_and_every_command() -> None:
    page = (EXAMPLES / "README.md").read_text()
    for path in EXAMPLES.rglob("*.py"):
        assert str(path.relative_to(ROOT)) in page
    for command in COMMANDS:
        assert f"python {command}" in page
