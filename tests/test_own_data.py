"""The user's own data from end to end: every kind of samples and labels trained on, evaluated, met again elsewhere."""

from __future__ import annotations

import json
import os
import re
import warnings
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hn

from sc_neurocore import artifact, data
from sc_neurocore.cli import main
from sc_neurocore.errors import DataWarning, ScError
from sc_neurocore.evaluate import evaluate, part_for
from sc_neurocore.explain import explain
from sc_neurocore.network import DenseLayer, InputSpec, Network
from sc_neurocore.own_data import npz as reader
from sc_neurocore.own_data import scale as scales
from sc_neurocore.own_data.split import by_groups

ROOT = Path(__file__).resolve().parents[1]
FAST = ["--epochs", "40", "--hidden", "16"]


def npz(folder: Path, name: str = "own.npz", **arrays: Any) -> Path:
    path = folder / name
    np.savez(path, **arrays)
    return path


def blobs(each: int = 100, classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Return signed samples of classes that a line tells apart, and their labels 0 … classes − 1, mixed."""
    rng = np.random.default_rng(3)
    y = np.tile(np.arange(classes), each)
    centres = 4 * np.array([[1, -1, 0, 1], [-1, 1, 1, 0], [0, 0, -1, -1]])[:classes]
    return centres[y] + rng.normal(0, 0.6, (len(y), 4)), y


def network(spec: InputSpec, **info: Any) -> Network:
    weights = np.arange(spec.size * 3).reshape(3, spec.size) % 5 - 2
    return Network(16, (DenseLayer(weights, np.zeros(3, int), None),), spec, name="net", info=info)


def trained(path: Path, out: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[dict[str, Any], str]:
    assert main(["train", "--data", str(path), "--out", str(out), "--json", *FAST, *options]) == 0
    said = capsys.readouterr()
    return json.loads(said.out), said.err


def evaluated(net: Path, path: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[dict[str, Any], str]:
    assert main(["evaluate", str(net), "--data", str(path), "--json", *options]) == 0
    said = capsys.readouterr()
    return json.loads(said.out), said.err


# --- from end to end --------------------------------------------------------------------------------------------------

X, Y = blobs()
NAMES = np.array(["wren", "kite", "rook"])  # not in their order
ORDER = np.random.default_rng(1).permutation(len(Y))


@pytest.mark.parametrize(
    ("arrays", "spec", "classes"),
    [
        ({"x": X.astype(np.float32), "y": NAMES[Y]}, "real values -", ["kite", "rook", "wren"]),
        ({"x": np.rint(X * 1000).astype(np.int16), "y": np.eye(3)[Y]}, "real values -", None),
        ({"x": (X > 0).astype(np.uint8), "y": 3 * Y.astype(np.int8) - 2}, "real values 0 … 1 in", ["-2", "1", "4"]),
        ({"x": X + 1000, "y": Y == 1}, "real values 99", None),
        (
            {
                "X_train": X[ORDER[:200]],
                "y_train": Y[ORDER[:200], None] + 1,
                "X_test": X[ORDER[200:]],
                "y_test": Y[ORDER[200:], None] + 1,
            },
            "real values -",
            ["1", "2", "3"],
        ),
        ({"x": (X - X.min()) / np.ptp(X), "y": Y, "group": np.arange(len(Y)) // 12}, None, None),
    ],
    ids=["strings", "one-hot", "binary", "bool labels", "published", "unit"],
)
def test_what_is_trained_is_what_is_evaluated(
    tmp_path: Path, arrays: dict[str, Any], spec: str | None, classes: list[str] | None, capsys: Any
) -> None:
    pytest.importorskip("torch")
    path = npz(tmp_path, **arrays)
    row, said = trained(path, tmp_path / "net", capsys)
    assert row["bit_true_test_accuracy"] >= 0.9, said
    assert row["classes"] == classes
    again, _ = evaluated(tmp_path / "net", path, capsys)
    assert (again["split"], again["mismatches"]) == ("test", 0)
    assert (again["accuracy"], again["images"]) == (row["bit_true_test_accuracy"], row["test_images"])
    assert said.splitlines()[-1].endswith(f"sc-neurocore evaluate {tmp_path / 'net'} --data {path}")
    if spec is not None:
        assert again["input"] == row["input"]
        assert row["input"].startswith(spec)
        assert f"input: {row['input']}" in said
    info = artifact.load(tmp_path / "net").info
    assert info.get("classes") == classes
    if classes is not None:
        assert list(again["classes"]) == classes
        assert sum(c["correct"] for c in again["classes"].values()) == again["correct"]
    assert main(["explain", str(tmp_path / "net"), "--data", str(path), "--split", "test"]) == 0
    report = capsys.readouterr().out
    assert classes is None or all(name in report for name in classes)
    assert spec is None or row["input"] in report
    # Any other file of such samples is put on the network's scale, not on one of its own.
    if "x" in arrays:
        few = npz(tmp_path, "few.npz", x=arrays["x"][:7], y=arrays["y"][:7])
        net, whole = artifact.load(tmp_path / "net"), part_for(artifact.load(tmp_path / "net"), path, "all")
        part = part_for(net, few, None)
        np.testing.assert_array_equal(part.x, whole.x[:7])
        np.testing.assert_array_equal(part.y, whole.y[:7])


def test_training_without_a_test_part_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    path = npz(tmp_path, x_train=X, y_train=Y, x_test=X)
    row, said = trained(path, tmp_path / "net", capsys)
    assert (row["bit_true_test_accuracy"], row["test_images"]) == (None, 0)
    assert "note: own.npz has no y_test: nothing is measured on its x_test" in said
    assert said.rstrip().endswith("--split validation")
    again, _ = evaluated(tmp_path / "net", path, capsys, "--split", "validation")
    assert again["accuracy"] == row["validation_accuracy"]
    assert main(["evaluate", str(tmp_path / "net"), "--data", str(path)]) == 2
    assert "y_test missing" in capsys.readouterr().err


def test_topologies_of_own_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    rng = np.random.default_rng(5)
    y = np.tile([0, 1], 20)
    x = rng.normal(0, 0.3, (40, 3, 6, 6))
    x[y == 1, 1, 2:4, 2:4] += 3
    path = npz(tmp_path, x=x, y=y)
    command = ["train", "--data", str(path), "--out", str(tmp_path / "net"), "--epochs", "3"]
    for options, message in (
        (["--hidden", "4c3,max2,8"], r"hidden layer 4c3 needs the order of the axes of samples of shape \(3, 6, 6\)"),
        (["--hidden", "4x3"], "hidden layers '4x3': a hidden layer must be a number of neurons, a convolution such as"),
        (["--hidden", "8,,4"], "hidden layers '8,,4': a hidden layer must be .*got ''"),
        (["--hidden", "0"], "a hidden layer has 1 to 65536 neurons, got '0'"),
        (["--hidden", "4c9", "--order", "chw"], r"hidden layer '4c9' behind .* = \(6, 6, 3\): a kernel of 9 must be"),
        (["--hidden", "max9", "--order", "hwc"], r"hidden layer 'max9' behind .* = \(3, 6, 6\): a kernel of height 9"),
        (["--hidden", "4c3s0"], "stride of 1 to 255, got '4c3s0'"),
        (["--order", "nchw"], "order must be one of hwc, chw, got 'nchw'"),
        (["--input-range", "3,3"], "input_range must be two finite numbers, the lower first"),
    ):
        assert main([*command, *options]) == 2
        assert re.search(message, capsys.readouterr().err), message
    assert main([*command, "--hidden", "4c3,max2,8", "--order", "chw", "--length", "16"]) == 0
    net = artifact.load(tmp_path / "net")
    assert (net.topology, net.length, net.input.order) == ("108-4c3-max2-8-2", 16, "chw")
    flat = npz(tmp_path, "flat.npz", x=x.reshape(40, -1), y=y)
    assert evaluate(net, path, split="all").correct == evaluate(net, flat, split="all").correct
    with pytest.raises(ScError, match=r"shape \(6, 6, 3\); own takes shape \(3, 6, 6\) in the order chw"):
        evaluate(net, npz(tmp_path, "hwc.npz", x=x.transpose(0, 2, 3, 1), y=y))
    assert main([*command, "--hidden", "none", "--input-range", "-1,1", "--restart"]) == 0
    net = artifact.load(tmp_path / "net")
    assert (net.topology, net.input.offset, net.input.full_scale, net.input.shift) == ("108-2", -(1 << 15), 1 << 16, 15)
    assert "outside of the network's input range and are clipped" in capsys.readouterr().err
    assert main(["train", "digits", "--hidden", "8", "--out", str(tmp_path / "other")]) == 2
    assert "--hidden is for train --data" in capsys.readouterr().err


def test_what_a_terminal_would_obey_in_a_name_is_printed_as_text(tmp_path: Path, capsys: Any) -> None:
    pytest.importorskip("torch")
    names = np.array(["a\x1b[2Jb", "two\nlines", "dög"])
    path, net = npz(tmp_path, x=X.astype(np.float32), y=names[Y]), str(tmp_path / "net")
    assert main(["train", "--data", str(path), "--out", net, *FAST]) == 0
    for command in (["evaluate", net, "--data", str(path)], ["explain", net, "--data", str(path)]):
        assert main(command) == 0
        said = capsys.readouterr()
        for name in ("a\\x1b[2Jb", "two\\nlines", "dög"):
            assert name in said.out
        assert "\x1b" not in said.out + said.err
    path.rename(tmp_path / "\x1b[2J.npz")
    assert main(["evaluate", net, "--data", str(tmp_path / "\x1b[2K.npz")]) == 2
    said = capsys.readouterr()
    assert "\\x1b[2K.npz" in said.err
    assert "\x1b" not in said.err
    row, _ = evaluated(Path(net), tmp_path / "\x1b[2J.npz", capsys)  # in JSON a name stays as it is
    assert list(row["classes"]) == sorted(names)


def test_the_page_on_own_data_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    pytest.importorskip("torch")
    page = (ROOT / "docs" / "data.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "docs/data.md", "exec"), {})
    commands = re.findall(r"^    \$ sc-neurocore (.*)$", page, re.MULTILINE)
    assert [command.split()[0] for command in commands] == ["train", "evaluate"]
    assert main([*commands[0].split(), "--epochs", "30"]) == 0
    stated = re.search(r"^    (birds: 8-32-16-3, .*)$", page, re.MULTILINE)
    assert stated is not None
    assert capsys.readouterr().err.splitlines()[-1] == stated[1]
    assert main([*commands[1].split(), "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert row["accuracy"] >= 0.9
    assert list(row["classes"]) == ["kite", "rook", "wren"]


# --- the scale --------------------------------------------------------------------------------------------------------

FLOATS = hn.arrays(
    np.float64,
    st.tuples(st.integers(2, 6), st.integers(1, 4)),
    elements=st.floats(-1e12, 1e12, allow_subnormal=False) | st.floats(-4, 1),
)
WHOLE = st.sampled_from(["int8", "int16", "int32", "int64", "uint16", "uint32", "uint64"]).flatmap(
    lambda kind: hn.arrays(np.dtype(kind), st.tuples(st.integers(2, 6), st.integers(1, 4)))
)


@settings(max_examples=150)
@given(FLOATS | WHOLE, st.sampled_from([4, 32, 256]))
def test_the_scale_of_the_training_part_is_exact_and_stored(x: np.ndarray, length: int) -> None:
    try:
        chosen = scales.choose(x, "x")
    except ScError as error:
        if not re.search("constant|all alike|subtract", str(error)):
            raise
        return
    spec = InputSpec(x.shape[1:], chosen.full_scale, offset=chosen.offset, shift=chosen.shift)
    raw, clipped = scales.raw_samples(x, spec, "x")
    assert clipped == 0
    # Each raw sample is the nearest step, by exact rational numbers; nothing of the training part is clipped.
    step = Fraction(2) ** -(chosen.shift if chosen.shift is not None else 16)
    for value, found in zip(x.ravel().tolist(), raw.ravel().tolist(), strict=True):
        if abs(Fraction(value) / step) < 1 << 52:
            assert abs(Fraction(value) - found * step) <= step / 2
    assert chosen.full_scale <= 1 << 16
    # From the integers of the artifact come the same codes.
    entry = json.loads(json.dumps(spec.content()))
    again = InputSpec(**{**entry, "shape": tuple(entry["shape"])})
    rebuilt, _ = scales.raw_samples(x, again, "x")
    np.testing.assert_array_equal(spec.encode(raw, length), again.encode(rebuilt, length))
    # A file of the same numbers in another dtype gives the same raw samples.
    wide, _ = scales.raw_samples(x.astype(np.longdouble), spec, "x")
    np.testing.assert_array_equal(wide, raw)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (np.array([[0], [255]], np.uint8), (256, 0, None)),
        (np.array([[0], [1]], np.uint8), (1, 0, 0)),
        (np.array([[False], [True]]), (1, 0, 0)),
        (np.array([[0], [1]], np.int64), (1, 0, 0)),
        (np.array([[-5], [1]], np.int8), (6, -5, 0)),
        (np.array([[3], [1000]], np.uint16), (1000, 0, 0)),
        (np.array([[1900], [2020]], np.int32), (120, 1900, 0)),
        (np.array([[-32768], [32767]], np.int16), (65535, -32768, 0)),
        (np.array([[0], [2**64 - 1]], np.uint64), (1 << 16, 0, -48)),
        (np.array([[0.0], [1.0]], np.float16), (1 << 16, 0, None)),
        (np.array([[-1e-16], [1 + 2.3e-16]]), (1 << 16, 0, None)),
        (np.array([[0], [1 + 1.2e-7]], np.float32), (1 << 16, 0, None)),
        (np.array([[-300.0], [60000.0]], np.float16), (60300, -300, 0)),
        (np.array([[-3.2], [1200.0]]), (38503, -103, 5)),
        (np.array([[-1.0], [1.0]]), (1 << 16, -(1 << 15), 15)),
    ],
)
def test_scales_by_dtype_and_range(x: np.ndarray, expected: tuple[int, int, int | None]) -> None:
    found = scales.choose(x, "x")
    assert (found.full_scale, found.offset, found.shift) == expected


@pytest.mark.parametrize(
    ("x", "spec", "trained_on", "message"),
    [
        (np.linspace(0, 1, 8), InputSpec((2,), 256), None, r"fractions such as 0\.14.* whole numbers 0 … 256: scale"),
        (np.arange(8) % 2 * 1.0, InputSpec((2,), 256), None, r"float64 in \[0, 1\], the network takes whole"),
        (np.arange(8) % 2 == 0, InputSpec((2,), 256), None, "is bool"),
        (np.arange(8) * 40, InputSpec((2,), 256), None, "holds 0 … 280, the network takes whole numbers 0 … 256"),
        (np.full(8, 2**64 - 1, np.uint64), InputSpec((2,), 256), None, "holds 18446744073709551615"),
        (np.arange(8, dtype=np.uint8), InputSpec((2,), 1 << 16), None, "uint8 up to 7, the network takes floats 0 … 1"),
        (np.arange(8) / 7, InputSpec((2,), 2000, offset=-1000, shift=0), "int16", "has fractions such as"),
        (np.arange(8) % 2 * 1.0, InputSpec((2,), 2000, offset=-1000, shift=0), "int16", r"float64 in \[0, 1\]"),
        (np.arange(8) * 99, InputSpec((2,), 256, offset=-128, shift=7), "float32", "is int64 in 0 … 693, the network"),
    ],
)
def test_samples_of_another_kind_are_refused(
    x: np.ndarray, spec: InputSpec, trained_on: str | None, message: str
) -> None:
    with pytest.raises(ScError, match=message):
        scales.raw_samples(x.reshape(4, 2), spec, "x", trained_on)


def test_samples_of_the_same_kind_are_taken_in_any_dtype() -> None:
    bytes_, unit = InputSpec((2,), 256), InputSpec((2,), 1 << 16)
    for kind in (np.uint8, np.int64, np.float64, np.uint64):
        assert scales.raw_samples(np.array([[0, 255]], kind), bytes_, "x")[0].tolist() == [[0, 255]]
    for kind, most in ((np.float64, 1 + 2e-16), (np.float32, 1 + 1.2e-7), (np.float16, 1)):
        raw, clipped = scales.raw_samples(np.array([[0, most]], kind), unit, "x")
        assert (raw.tolist(), clipped) == ([[0, 65536]], 0)
    assert scales.raw_samples(np.array([[False, True]]), unit, "x")[0].tolist() == [[0, 65536]]


def test_clipped_values_are_counted(tmp_path: Path) -> None:
    net = network(InputSpec((4,), 512, offset=-256, shift=7), samples="float64")
    x = np.linspace(-2, 2, 400).reshape(100, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert evaluate(net, npz(tmp_path, x=x, y=np.arange(100) % 3)).clipped == 0
        x[:1] = 5.0
        assert evaluate(net, npz(tmp_path, x=x, y=np.arange(100) % 3)).clipped == 0.01
    x[:20] = -5.0
    with pytest.warns(DataWarning, match=r"20\.0% of the values lie outside .* real values -2 … 2 in steps of 1/128"):
        found = evaluate(net, npz(tmp_path, x=x, y=np.arange(100) % 3))
    assert (found.clipped, found.input) == (0.2, "real values -2 … 2 in steps of 1/128, clipped outside")


def test_networks_of_before_take_the_same_files(tmp_path: Path) -> None:
    for x, spec in (
        (np.random.default_rng(1).integers(0, 256, (30, 4)).astype(np.uint8), InputSpec((4,), 256)),
        (np.random.default_rng(1).random((30, 4)).astype(np.float32), InputSpec((4,), 1 << 16)),
        (np.random.default_rng(1).integers(0, 256, (30, 2, 2)).astype(np.uint8), InputSpec((2, 2), 1024, pool=2)),
    ):
        part = part_for(network(spec), npz(tmp_path, x=x, y=np.arange(30) % 3), None)
        expected = x if x.dtype == np.uint8 else np.rint(x.astype(np.float64) * 65536)
        np.testing.assert_array_equal(part.x, expected)
        assert spec.content() == {"dataset": "custom", "shape": list(spec.shape)} | {
            "pool": spec.pool,
            "full_scale": spec.full_scale,
        }


# --- warnings that name the cause -------------------------------------------------------------------------------------


def warned(x: np.ndarray, length: int = 32, **change: Any) -> str:
    """Return the one warning on training samples x, "" for none."""
    spec = replace(scales.choose(x, "x").spec(x.shape[1:]), **change)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        scales.check_codes(x, spec, length, "x")
    assert len(caught) <= 1
    return str(caught[0].message) if caught else ""


def test_codes_that_say_nothing_are_warned_of() -> None:
    rng = np.random.default_rng(8)
    normal = rng.normal(0, 1, (500, 6))
    said = warned(rng.integers(0, 4, (50, 6)).astype(np.uint8))
    assert "nearly every input code is 0" in said
    assert said.endswith("the values are 0 … 3: train with their range, --input-range=0,3")
    assert "nearly every input code is 16" in warned(0.5 + normal * 1e-4)
    assert "nearly every input code is L = 32" in warned(1 - np.abs(normal) * 1e-4)
    said = warned(np.where(np.arange(3000).reshape(500, 6) == 77, 1e9, rng.random((500, 6))))
    assert re.search(r"a few values set the input range, real values 0 … 1\d+ .* lie in 0\.00\d+ … 0\.99\d+: ", said)
    said = warned(normal * [1, 1, 1, 1, 1, 1000])
    assert re.search("5 of 6 columns vary by less than one input code .L = 32., first column 0: .* standardise", said)
    assert "the threshold is 200: choose one between" in warned(
        rng.integers(0, 90, (50, 6)).astype(np.uint8), threshold=200
    )


def test_good_samples_are_not_warned_of() -> None:
    rng = np.random.default_rng(8)
    for x in (
        rng.integers(0, 2, (50, 6)).astype(np.uint8),
        rng.random((50, 6)),
        rng.normal(0, 1, (500, 6)),
        np.where(rng.random((500, 6)) < 0.02, 1.0, 0.0),
        np.hstack([rng.normal(0, 1, (500, 5)), np.full((500, 1), 3.0)]),
        np.where(rng.random((60, 8, 8)) < 0.8, 0, rng.integers(0, 256, (60, 8, 8))).astype(np.uint8),
    ):
        assert warned(x) == ""
    digits = pytest.importorskip("sklearn.datasets").load_digits()
    assert warned(digits.data) == ""
    assert warned((16 * digits.data.astype(int)).clip(0, 255).astype(np.uint8)) == ""


# --- labels -----------------------------------------------------------------------------------------------------------


def labels_for(net: Network, folder: Path, y: Any) -> list[int]:
    return part_for(net, npz(folder, x=np.zeros((len(y), 4), np.uint8), y=y), "all").y.tolist()  # type: ignore[no-any-return]


def test_labels_are_met_by_name(tmp_path: Path) -> None:
    named, plain = network(InputSpec((4,), 256), classes=["cat", "dog", "emu"]), network(InputSpec((4,), 256))
    assert labels_for(named, tmp_path, np.array(["emu", "cat"])) == [2, 0]
    assert labels_for(named, tmp_path, np.array([b"dog"])) == [1]
    assert labels_for(network(InputSpec((4,), 256), classes=["-1", "0", "7"]), tmp_path, np.array([7.0, -1])) == [2, 0]
    for y in (np.array([2, 0], np.uint64), np.array([2.0, 0.0]), np.array(["2", "0"]), np.eye(3, dtype=bool)[[2, 0]]):
        assert labels_for(plain, tmp_path, y) == [2, 0]
    assert labels_for(plain, tmp_path, np.array([True, False])) == [1, 0]
    for net, y, message in (
        (named, np.array(["cat", "cow"]), "own.npz: y has the label 'cow', which net does not know: .* cat, dog, emu"),
        (named, np.array([0, 1]), "the label 0, which net does not know"),
        (named, np.eye(3), "has one-hot labels, net has classes with names"),
        (plain, np.eye(4), "has one-hot labels of 4 columns, net has 3 classes"),
        (plain, np.array([3]), "has labels up to 3, net answers 0 … 2"),
        (plain, np.array([-1]), "has the label -1, net answers 0 … 2"),
        (plain, np.array([2**64 - 1], np.uint64), "has the label 18446744073709551615"),
        (network(InputSpec((4,), 256), classes=["a", "a", "b"]), np.array(["a"]), "must be 3 different names"),
        (network(InputSpec((4,), 256), classes="abc"), np.array(["a"]), "must be 3 different names"),
    ):
        with pytest.raises(ScError, match=message):
            labels_for(net, tmp_path, y)


def test_a_regression_target_is_refused_with_the_reason(tmp_path: Path) -> None:
    x = np.arange(8000).reshape(2000, 4)
    with pytest.raises(ScError, match=r"y has 2,000 distinct labels, at most 1,000 .* a quantity"):
        data.load(npz(tmp_path, x=x, y=np.arange(2000)))
    with pytest.raises(ScError, match=r"integers or texts, got float32 such as 0\.5: is it a quantity"):
        data.load(npz(tmp_path, x=x, y=np.arange(2000, dtype=np.float32) / 2))


def test_explain_has_a_row_for_each_class(tmp_path: Path) -> None:
    x = np.random.default_rng(2).integers(0, 256, (30, 4)).astype(np.uint8)
    net = network(
        InputSpec((4,), 256),
        classes=["cat", "dog", "emu"],
        scales=[{"weight": 1.0, "input": 1.0} | {"output": None, "excess": [0.0] * 3}],
    )
    found = explain(net, npz(tmp_path, x=x, y=np.array(["dog", "emu", "cat"] * 10)))
    assert [(c.name, c.samples) for c in found.classes] == [("cat", 10), ("dog", 10), ("emu", 10)]
    assert sum(c.correct["stream"] for c in found.classes) == found.stages[-1].correct
    assert sum(c.answers for c in found.classes) == 30
    assert "Classes: samples, right answers" in found.to_text()


# --- parts ------------------------------------------------------------------------------------------------------------


def test_published_parts_are_kept(tmp_path: Path) -> None:
    x = np.arange(240).reshape(60, 4)
    y = np.tile([1, 2], 30)
    whole = {"x_train": x[:40], "y_train": y[:40], "x_val": x[40:48], "y_val": y[40:48], "x_test": x[48:]}
    with pytest.warns(DataWarning, match=r"x_(val|test): 100\.0% of the values lie outside"):
        got = data.load(npz(tmp_path, **whole, y_test=y[48:]))
    assert [len(p) for p in (got.x_train, got.x_val, got.x_test)] == [40, 8, 12]
    np.testing.assert_array_equal(got.x_train, x[:40])
    np.testing.assert_array_equal(got.y_test, y[48:] - 1)
    assert (got.class_names, got.full_scale, got.offset) == (("1", "2"), 159, 0)
    # What lies outside of the training part's range is clipped.
    assert got.x_test.max() == 159
    del whole["x_val"], whole["y_val"]
    path = npz(tmp_path, **whole)
    got = data.load(path)
    assert [len(p) for p in (got.x_train, got.x_val, got.x_test)] == [32, 8, 0]
    assert sorted([*got.x_train[:, 0], *got.x_val[:, 0]]) == x[:40, 0].tolist()
    assert np.bincount(got.y_val).tolist() == [4, 4]
    with pytest.raises(ScError, match="y_test missing"):
        data.load_part(path, "all")
    assert len(data.load_part(path, "test", labelled=False).x) == 12
    assert len(data.load_part(path, labelled=False).x) == 52
    for change, message in (
        ({"y_train": y[:40] * 0}, "at least 2 classes"),
        ({"y_test": y[48:] + 5}, "y_test has the label 6, which the training part of .* does not know: .* are 1, 2"),
        ({"x_test": x[48:, :3], "y_test": y[48:]}, r"x_test has samples of shape \(3,\), .*x_train of \(4,\)"),
        ({"x_val": x[40:48]}, "y_val missing"),
        ({"group_train": np.arange(40) % 4, "group_test": np.arange(12) % 4 + 3}, "group 3 stands in two parts, train"),
    ):
        with pytest.raises(ScError, match=message):
            data.load(npz(tmp_path, "bad.npz", **whole | change), input_range=(0, 240))
    with pytest.raises(ScError, match="no training part: x_train and y_train missing"):
        data.load(npz(tmp_path, "bad.npz", x_test=x, y_test=y))


@settings(max_examples=25)
@given(st.integers(3, 14), st.integers(2, 4), st.integers(0, 10**6))
def test_no_group_stands_in_two_parts(groups: int, classes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    group = np.concatenate([np.full(rng.integers(classes, 20), g) for g in range(groups)])
    y = rng.integers(0, classes, len(group))
    y[:classes] = range(classes)
    parts = by_groups(y, group, (0.2, 0.2), "f: group", tuple(map(str, range(classes))))
    again = by_groups(y, group.astype(str), (0.2, 0.2), "f: group", tuple(map(str, range(classes))))
    assert groups > 10 or all(np.array_equal(a, b) for a, b in zip(parts, again, strict=True))
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(y)))
    seen = [set(group[p].tolist()) for p in parts]
    assert not any(a & b for a, b in ((seen[0], seen[1]), (seen[0], seen[2]), (seen[1], seen[2])))
    assert set(y[parts[-1]].tolist()) == set(y.tolist())


def test_groups_of_equal_size_are_split_as_samples_are(tmp_path: Path) -> None:
    y = np.tile(np.repeat([0, 1, 2], 4), 20)
    group = np.repeat([f"speaker {k:02}" for k in range(20)], 12)
    x = np.arange(240)[:, None] * np.ones((1, 2), np.uint8)  # names the row
    got = data.load(npz(tmp_path, x=x, y=y, groups=group), input_range=(0, 240))
    assert [np.bincount(p).tolist() for p in (got.y_train, got.y_val, got.y_test)] == [[48] * 3, [16] * 3, [16] * 3]
    speakers = [{group[i] for i in part[:, 0].tolist()} for part in (got.x_train, got.x_val, got.x_test)]
    assert sum(map(len, speakers)) == 20
    # A class that one group alone has is trained on; the file says what is missing elsewhere.
    got = data.load(npz(tmp_path, x=x, y=np.where(group == "speaker 07", 3, y), group=group), input_range=(0, 240))
    assert 3 in got.y_train
    assert any("too few groups have class 3: the test part is without it" in note for note in got.notes)
    with pytest.raises(ScError, match="the 3 groups cannot be split into 3 parts, class 1 would be missing"):
        data.load(npz(tmp_path, x=x[:30], y=np.arange(30) // 10, group=np.arange(30) // 10))


def test_arrays_that_are_not_used_are_named(tmp_path: Path) -> None:
    got = data.load(npz(tmp_path, x=X, y=Y, speaker=Y))
    assert got.notes == ("arrays of own.npz that are not used: 'speaker'",)


# --- files that nobody vouches for ------------------------------------------------------------------------------------


def member(header: str, content: bytes, version: tuple[int, int] = (1, 0)) -> bytes:
    text = header.encode() + b"\n"
    return b"\x93NUMPY" + bytes(version) + len(text).to_bytes(2, "little") + text + content


def packed(path: Path, members: Sequence[tuple[str, bytes]], how: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", how) as file:
        for name, content in members:
            file.writestr(name, content)
    return path


GOOD = member("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }", bytes(6))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "x is no array"),
        (GOOD[:-1], r"x must hold 6 bytes for its shape \(2, 3\), got 5: altered or torn"),
        (GOOD + b"\0", "x must hold 6 bytes .*got 7"),
        (member("{'descr': '|u1', 'fortran_order': False, 'shape': (1 << 40,), }", b""), "x is no array"),
        (member("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000, 3), }", b""), "x would take 24,000"),
        (
            member("{'descr': '<U0', 'fortran_order': False, 'shape': (1000000000000,), }", b""),
            "x holds <U0 of no bytes",
        ),
        (member("{'descr': '|u1', 'fortran_order': False, 'shape': (-2, -3), }", bytes(6)), "sizes must be at least 0"),
        (member("{'descr': '|O', 'fortran_order': False, 'shape': (2, 3), }", bytes(48)), "x holds Python objects"),
        (member("{" * 5000, b""), "x is no array"),
        (member("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }", bytes(6), (3, 0)), "format 3.0"),
    ],
)
def test_damaged_arrays_are_refused_by_name(tmp_path: Path, content: bytes, message: str) -> None:
    path = packed(tmp_path / "bad.npz", [("x.npy", content), ("y.npy", GOOD)])
    with pytest.raises(ScError, match=message) as caught:
        reader.read_arrays(path, ["x"])
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_damaged_archives_are_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "sum.npz", [("x.npy", GOOD)])
    path.write_bytes(path.read_bytes().replace(GOOD, GOOD[:-1] + b"\1"))
    with pytest.raises(ScError, match=r"sum\.npz is not a readable .*CRC"):
        reader.read_arrays(path, ["x"])
    with pytest.warns(UserWarning, match="Duplicate name"):
        packed(tmp_path / "twice.npz", [("x.npy", GOOD), ("x.npy", GOOD)])
    with pytest.raises(ScError, match="it holds 'x' twice"):
        data.load(tmp_path / "twice.npz")


def test_a_small_archive_of_a_huge_array_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(tmp_path / "bomb.npz", x=np.zeros((3000, 1000), np.uint8), y=np.arange(3000) % 3)
    monkeypatch.setattr(reader, "LIMIT", 1 << 20)
    with pytest.raises(ScError, match="x would take 3,000,000 bytes: at most 1,048,576 are read here"):
        data.load(tmp_path / "bomb.npz")


def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.npz")
    (tmp_path / "device.npz").symlink_to("/dev/zero")
    (tmp_path / "folder.npz").mkdir()
    (tmp_path / "loop.npz").symlink_to("loop.npz")
    net = network(InputSpec((4,), 256))
    for name in ("pipe", "device", "folder", "loop"):
        for call in (data.load, data.load_part, lambda path: evaluate(net, path)):
            with pytest.raises(ScError, match=rf"data file .*{name}\.npz"):
                call(tmp_path / f"{name}.npz")


@settings(max_examples=60)
@given(st.data())
def test_a_damaged_file_gives_one_line_or_the_samples(tmp_path_factory: Any, choose: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("mutations")
    content = bytearray(npz(folder, x=np.arange(60).reshape(15, 4).astype(np.uint8), y=np.arange(15) % 3).read_bytes())
    for _ in range(choose.draw(st.integers(1, 3))):
        content[choose.draw(st.integers(0, len(content) - 1))] = choose.draw(st.integers(0, 255))
    path = folder / "own.npz"
    path.write_bytes(content[: choose.draw(st.integers(0, len(content)))] if choose.draw(st.booleans()) else content)
    try:
        data.load(path)
        said = str(path)
    except ScError as error:
        said = str(error)
    assert str(path) in said
    assert "\n" not in said
