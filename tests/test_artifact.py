"""The artifact: what is saved is loaded, and anything else is refused by the name of its file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from networks import random_network, random_temporal_network
from sc_neurocore import artifact
from sc_neurocore.errors import ScError
from sc_neurocore.network import ConvLayer, InputSpec, Network
from strategies import mux_network


@pytest.fixture
def saved(small: Network, tmp_path: Path) -> Path:
    return artifact.save(small, tmp_path / "net")


def edit(folder: Path, change: Callable[[dict], object], *, resign: bool = True) -> None:
    """Change network.json, with its own sha256 made good again as a forger would, unless `resign` is False."""
    path = folder / artifact.INDEX
    index = json.loads(path.read_text())
    change(index)
    if resign:
        body = json.dumps({k: v for k, v in index.items() if k != "sha256"}, sort_keys=True)
        index["sha256"] = hashlib.sha256(body.encode()).hexdigest()
    path.write_text(json.dumps(index))


def refill(folder: Path, text: str, name: str = "layer0.mem") -> None:
    """Replace a memory file, with its sha256 made good again."""
    (folder / name).write_text(text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    edit(folder, lambda index: [e.update(sha256=digest) for e in index["layers"] if e["file"] == name])


@pytest.mark.parametrize("length", [4, 8, 16, 32, 256, 4096])
def test_round_trip(length: int, tmp_path: Path) -> None:
    network = random_network(np.random.default_rng(length), length, (7, 5, 3), theta_frac=6)
    assert artifact.load(artifact.save(network, tmp_path / "a" / "b")) == network


def test_round_trip_keeps_name_info_and_input(small: Network, tmp_path: Path) -> None:
    spec = InputSpec((2, 6), full_scale=1024, pool=2, dataset="mnist")
    network = Network(small.length, small.layers, spec, 3, name="β", info={"nested": {"a": [1, 2.5, None]}})
    back = artifact.load(artifact.save(network, tmp_path / "net"))
    assert (back.name, dict(back.info), back.input) == (network.name, dict(network.info), spec)
    assert back == network
    assert back.tag == network.tag


def test_files_are_text_with_sign_and_magnitude(saved: Path) -> None:
    assert sorted(p.name for p in saved.iterdir()) == ["layer0.mem", "layer1.mem", "network.json"]
    # L = 8: sign in bit 3; a neuron a line, the bias last; 0 is 0, never 8.
    assert (saved / "layer0.mem").read_text() == "1 a 7 5\n0 f 3 9\n"
    assert (saved / "layer1.mem").read_text() == "3 b 0\nf 0 7\n"
    assert not list(saved.parent.glob(".*"))


def test_save_replaces_an_artifact(small: Network, saved: Path) -> None:
    network = random_network(np.random.default_rng(0), 16, (4, 3))
    artifact.save(network, saved)
    assert artifact.load(saved) == network
    assert sorted(p.name for p in saved.iterdir()) == ["layer0.mem", "network.json"]
    assert [p.name for p in saved.parent.iterdir()] == ["net"]


def test_save_fills_an_empty_folder_and_no_other(small: Network, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert artifact.load(artifact.save(small, tmp_path / "empty")) == small
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("dear")
    (tmp_path / "file").write_text("x")
    for name in ("home", "file"):
        with pytest.raises(ScError, match=rf"{name} exists and is not a network artifact"):
            artifact.save(small, tmp_path / name)
    assert (tmp_path / "home" / "letter.txt").read_text() == "dear"
    assert (tmp_path / "file").read_text() == "x"


def test_files_beside_the_network_are_kept_and_replaced_with_it(small: Network, tmp_path: Path) -> None:
    folder = artifact.save(small, tmp_path / "net", beside={"notes.txt": "one\n", "state.bin": b"\0\xff"})
    assert artifact.load(folder) == small
    assert (folder / "notes.txt").read_text() == "one\n"
    assert (folder / "state.bin").read_bytes() == b"\0\xff"
    for name in ("network.json", "layer0.mem", "../out", "a/b", ""):
        with pytest.raises(ScError, match="a file beside the network must have a plain name that is not in use"):
            artifact.save(small, folder, beside={name: ""})
    assert (folder / "notes.txt").is_file()
    artifact.save(small, folder)
    assert not (folder / "notes.txt").exists()


@pytest.mark.parametrize("where", ["memory_text", "_self_hash", "replace_folder"])
def test_an_interrupted_save_leaves_the_old_artifact(
    where: str, small: Network, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    network = random_network(np.random.default_rng(0), 16, (4, 3))
    monkeypatch.setattr(artifact, where, interrupt)
    with pytest.raises(KeyboardInterrupt):
        artifact.save(network, saved)
    monkeypatch.undo()
    assert artifact.load(saved) == small
    assert [p.name for p in saved.parent.iterdir()] == ["net"]


Damage = Callable[[Path], object]
REFUSED: dict[str, tuple[Damage, str]] = {
    "no index": (lambda f: (f / "network.json").unlink(), r"network\.json: cannot be read \(No such file"),
    "no memory file": (lambda f: (f / "layer1.mem").unlink(), r"layer1\.mem: cannot be read \(No such file"),
    "memory file is a folder": (
        lambda f: [(f / "layer1.mem").unlink(), (f / "layer1.mem").mkdir()],
        r"layer1\.mem: cannot be read",
    ),
    "short memory file": (
        lambda f: (f / "layer0.mem").write_text("1 a 7 5\n"),
        r"layer0\.mem: content differs from its sha256 in network\.json: altered or short",
    ),
    "altered memory file": (
        lambda f: (f / "layer0.mem").write_text("1 a 7 5\n0 f 3 8\n"),
        r"layer0\.mem: content differs",
    ),
    "garbage behind the memory file": (
        lambda f: (f / "layer1.mem").open("a").write("0 0 0\n"),
        r"layer1\.mem: content differs",
    ),
    "truncated index": (
        lambda f: (f / "network.json").write_text((f / "network.json").read_text()[:200]),
        r"network\.json: not valid JSON: altered or truncated",
    ),
    "empty index": (lambda f: (f / "network.json").write_text(""), r"network\.json: not valid JSON"),
    "binary index": (
        lambda f: (f / "network.json").write_bytes(b"\xff\xfe\x00"),
        r"network\.json: not valid JSON",
    ),
    "garbage behind the index": (
        lambda f: (f / "network.json").open("a").write("{}"),
        r"network\.json: not valid JSON",
    ),
    "index is a list": (
        lambda f: (f / "network.json").write_text("[]"),
        r"network\.json: not a network artifact",
    ),
    "foreign format": (
        lambda f: edit(f, lambda i: i.update(format="onnx")),
        r"network\.json: not a network artifact \(format must be 'sc_neurocore\.network'\)",
    ),
    "foreign version": (
        lambda f: edit(f, lambda i: i.update(version=4)),
        r"network\.json: version must be 1, 2 or 3, got 4",
    ),
    "version of a network with MUX adders": (
        lambda f: edit(f, lambda i: i.update(version=2)),
        r"network\.json: version must be 1 for this network's adders, inputs and steps, got 2",
    ),
    "a MUX in a version without": (
        lambda f: edit(f, lambda i: i["layers"][0].update(adder="mux")),
        r"network\.json: version must be 2 for this network's adders, inputs and steps, got 1",
    ),
    "unknown adder": (
        lambda f: edit(f, lambda i: i["layers"][0].update(adder="or")),
        r"adder must be one of apc, mux, got 'or'",
    ),
    "no version": (
        lambda f: edit(f, lambda i: i.pop("version")),
        r"network\.json: version must be 1, 2 or 3, got None",
    ),
    "altered index": (
        lambda f: edit(f, lambda i: i["layers"][0].update(theta=41), resign=False),
        r"network\.json: content differs from its sha256: altered",
    ),
    "altered accuracy": (
        lambda f: edit(f, lambda i: i["info"].update(accuracy=0.99), resign=False),
        r"network\.json: content differs from its sha256: altered",
    ),
    "further key": (
        lambda f: edit(f, lambda i: i.update(more=1), resign=False),
        r"network\.json: content differs",
    ),
    # From here on the hashes are right: what a faulty writer, or a forger, would leave.
    "missing key": (lambda f: edit(f, lambda i: i.pop("input")), r"network\.json: incomplete: 'input'"),
    "layer without a file": (
        lambda f: edit(f, lambda i: i["layers"][0].pop("file")),
        r"network\.json: layers\[0\]: incomplete: 'file'",
    ),
    "wrong type": (lambda f: edit(f, lambda i: i.update(layers=3)), r"network\.json: layers must be a list, got 3"),
    "unknown layer": (
        lambda f: edit(f, lambda i: i["layers"][0].update(type="recurrent")),
        r"network\.json: layers\[0\]: layer type must be one of conv, dense, pool, got 'recurrent'",
    ),
    "path out of the folder": (
        lambda f: edit(f, lambda i: i["layers"][0].update(file="../layer0.mem")),
        r"network\.json: layers\[0\]: layer file must be a plain name, got '\.\./layer0\.mem'",
    ),
    "absolute path": (
        lambda f: edit(f, lambda i: i["layers"][0].update(file="/etc/passwd")),
        r"network\.json: layers\[0\]: layer file must be a plain name, got '/etc/passwd'",
    ),
    "parent folder": (
        lambda f: edit(f, lambda i: i["layers"][0].update(file="..")),
        r"network\.json: layers\[0\]: layer file must be a plain name, got '\.\.'",
    ),
    "row missing": (lambda f: refill(f, "1 a 7 5\n"), r"layer0\.mem: must have 2 lines of 4 words"),
    "word missing": (lambda f: refill(f, "1 a 7 5\n0 f 3\n"), r"layer0\.mem: must have 2 lines of 4 words"),
    "word too wide": (
        lambda f: refill(f, "1 a 7 5\n0 f 3 10\n"),
        r"layer0\.mem: words must be in \[0, f\] and not 8 \(-0, A2\), got 10",
    ),
    "negative word": (lambda f: refill(f, "1 a 7 5\n0 f 3 -1\n"), r"layer0\.mem: words must be hexadecimal"),
    "no hexadecimal word": (
        lambda f: refill(f, "1 a 7 5\n0 f 3 z\n"),
        r"layer0\.mem: words must be hexadecimal",
    ),
    "no ASCII": (lambda f: refill(f, "1 a 7 5\n0 f 3 é\n"), r"layer0\.mem: words must be hexadecimal"),
    "minus zero": (lambda f: refill(f, "1 a 7 5\n8 f 3 9\n"), r"layer0\.mem: words must be in .* got 8"),
    "shapes that do not chain": (
        lambda f: edit(f, lambda i: i["input"].update(shape=[4])),
        "layer 0 takes 3 inputs but gets 4",
    ),
    "a length that is no power of two": (
        lambda f: edit(f, lambda i: i.update(length=9)),
        r"length must be a power of two in \[4, 4096\], got 9",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_damaged_artifact_is_refused(case: str, saved: Path) -> None:
    damage, message = REFUSED[case]
    damage(saved)
    with pytest.raises(ScError, match=message):
        artifact.load(saved)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScError, match=r"nowhere: no such folder; an artifact is a folder with network\.json"):
        artifact.load(tmp_path / "nowhere")


def test_a_refusal_reads_as_one_line(saved: Path) -> None:
    (saved / "layer0.mem").unlink()
    with pytest.raises(ScError) as refusal:
        artifact.load(saved)
    assert "\n" not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_a_convolution_s_file_has_the_order_of_the_arithmetic_page(tmp_path: Path) -> None:
    """A2: a line a channel; kernel row, kernel column, channel in; then the bias, each W + s·L."""
    weights = np.arange(-18, 18).reshape(2, 2, 3, 3)  # channel out, kernel row, kernel column, channel in
    network = Network(32, (ConvLayer(weights, [5, -6], None, (2, 3, 3)),), InputSpec((2, 3, 3), 32))
    lines = (artifact.save(network, tmp_path / "net") / "layer0.mem").read_text().splitlines()
    for o, line in enumerate(lines):
        words = [int(word, 16) for word in line.split()]
        for a in range(2):
            for b in range(3):
                for c in range(3):
                    w = int(weights[o, a, b, c])
                    assert words[(a * 3 + b) * 3 + c] == abs(w) + 32 * (w < 0)
        assert words[18:] == [[5], [6 + 32]][o]
    assert len(lines) == 2
    assert artifact.load(tmp_path / "net") == network


def test_the_artifact_keeps_lif_parameters(tmp_path: Path) -> None:
    network = random_temporal_network(np.random.default_rng(5), 8, (4, 3, 2), "l")
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


def test_the_artifact_keeps_the_adder(tmp_path: Path) -> None:
    network = mux_network(np.random.default_rng(3), 8, (4, 3, 2), "w", "am")
    folder = artifact.save(network, tmp_path / "n")
    index = json.loads((folder / "network.json").read_text())
    assert index["version"] == 2
    assert ["adder" in entry for entry in index["layers"]] == [False, True]
    loaded = artifact.load(folder)
    assert loaded == network
    assert [layer.adder for layer in loaded.layers] == ["apc", "mux"]
    plain = replace(network, layers=tuple(replace(x, adder="apc") for x in network.layers))
    assert plain != network
    assert plain.tag != network.tag
    saved = artifact.save(plain, tmp_path / "p")
    assert json.loads((saved / "network.json").read_text())["version"] == 1  # as every reader knows it
    assert artifact.load(saved) == plain
