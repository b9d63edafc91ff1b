"""Artifacts that somebody else wrote: whatever stands in them, `load` gives a network or refuses by file and field.

Every value of every index is exchanged for others of all kinds, and every memory file is damaged in many ways, each
time with the checksums made good, as whoever wants to do harm would. What follows from odd values that are legal, as
facts in `info` are, is followed through the functions that read them.
"""

from __future__ import annotations

import copy
import hashlib
import json
import math
import os
import re
import socket
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from networks import random_codes, random_conv_network, random_network, random_temporal_network
from sc_neurocore import artifact, evaluate, golden, packed, reference
from sc_neurocore.cli import main
from sc_neurocore.errors import ScError
from sc_neurocore.explain import explain
from sc_neurocore.hardware.estimate import mean_clocks
from sc_neurocore.network import DenseLayer, InputSpec, Network
from sc_neurocore.neurons import LifParams

COMMITTED = Path(__file__).resolve().parents[1] / "train" / "networks"
INFO = {
    "scales": None,
    "mean_active": [2.5, 1.0],
    "data_sha256": "0" * 64,
    "seed": 7,
    "nir": {"version": "1.0", "a": []},
}


def _dense() -> Network:
    network = random_network(np.random.default_rng(1), 8, (4, 3, 2))
    scales = []
    value = 1.0
    for layer in network.layers:
        output = None if layer.theta is None else layer.theta * 0.5 * value / 16
        scales.append({"weight": 0.5, "input": value, "output": output, "excess": [0.25] * layer.neurons})
        value = output or value
    return Network(8, network.layers, network.input, info={**INFO, "scales": scales})


def _temporal() -> Network:
    lif = DenseLayer([[1, -2, 0], [3, 1, -1]], [0, 2], None, LifParams(theta=40), "mux")
    return Network(4, (lif, DenseLayer([[1, -3]], [2], None)), InputSpec((3,), 4), info={"mean_active": [1, 2]})


def _binary() -> Network:
    dense = random_network(np.random.default_rng(2), 16, (4, 2, 3))
    return Network(16, dense.layers, InputSpec((4, 4), 1020, 2, "custom", threshold=300))


SMALL: dict[str, Callable[[], Network]] = {
    "dense": _dense,
    "conv": lambda: random_conv_network(np.random.default_rng(3), 8, "cmad", (6, 5, 2)),
    "lif and mux": _temporal,
    "binary": _binary,
}


def signed(index: dict[str, Any]) -> str:
    """Return the text of an index with its own sha256 made good."""
    body = json.dumps({k: v for k, v in index.items() if k != "sha256"}, sort_keys=True)
    return json.dumps({**index, "sha256": hashlib.sha256(body.encode()).hexdigest()})


def answer(call: Callable[..., Any], *arguments: Any) -> Any:
    """Return what the call gives, or the text of its refusal, which is one line."""
    refusal = ""
    try:
        return call(*arguments)
    except ScError as error:
        refusal = str(error)
    assert "\n" not in refusal
    return refusal


def outcome(folder: Path) -> Network | str:
    """Load; return the network or the refusal, which must be one line and name a file of the folder."""
    found = answer(artifact.load, folder)
    if isinstance(found, str):
        assert f"{folder}{os.sep}" in found, found
        assert len(found) < len(str(folder)) + 400
    return found


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every value of an index; of long lists to the first and the last one."""
    if path:
        yield path
    keys: list[Any] = []
    if isinstance(value, dict):
        keys = list(value)
    elif isinstance(value, list):
        keys = sorted({0, len(value) - 1} & set(range(len(value))))
    for key in keys:
        yield from places(value[key], (*path, key))


def others(value: Any) -> list[Any]:
    """Return values of every kind, to stand in the place of `value`."""
    kinds = [None, True, False, 0, 1, -1, 3, 1 << 40, -(1 << 64), 10**400, 4.5, -0.5, 1e308, math.nan, math.inf]
    kinds += ["", "x", "\n", "\ud800", "a\0b", "../x", [], [1], [[]], {}, {"a": 1}, {"\ud800": 0}]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        kinds += [float(value), str(value), value + 1, -value, [value], value * 1000]
    elif isinstance(value, str):
        kinds += [value + "0", [value], value.upper(), "\u0661" + value]
    elif isinstance(value, (list, dict)):
        kinds += [str(value), [value], {"a": value}, list(value)[:-1]]
    return kinds


def put(index: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(index)
    at: Any = changed
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return changed


def _as_the_index_says(network: Network, index: dict[str, Any]) -> None:
    """Assert that nothing of an index that was taken was taken for something else: not 32.0 for 32, True for 1."""
    content = network.content()
    for key in ("length", "theta_frac", "sources"):
        assert json.dumps(content[key]) == json.dumps(index[key])
    assert dict(network.info) == index["info"]
    assert network.name == index["name"]
    assert index["input"].items() >= {k: v for k, v in content["input"].items() if k != "threshold"}.items()
    for made, entry in zip(content["layers"], index["layers"], strict=True):
        for key, value in made.items():
            if not (made["type"] == "pool" and key == "stride" and entry[key] == 0):
                assert json.dumps(value) == json.dumps(entry.get(key, value))


def _follow(network: Network) -> None:
    """Call what reads `info`: it answers, or refuses by name."""
    for call in (reference.scales, reference.parameters, lambda n: mean_clocks(n, 2)):
        answer(call, network)


@pytest.mark.parametrize("kind", SMALL)
def test_every_value_of_the_index_in_every_kind(kind: str, tmp_path: Path) -> None:
    network = SMALL[kind]()
    folder = artifact.save(network, tmp_path / "net")
    path = folder / "network.json"
    index = json.loads(path.read_text())
    codes = random_codes(np.random.default_rng(0), network, 3)
    loaded = refused = 0
    for where in places(index):
        if where == ("sha256",):
            continue
        value: Any = index
        for key in where:
            value = value[key]
        for other in others(value):
            changed = put(index, where, other)
            path.write_text(signed(changed))
            found = outcome(folder)
            if isinstance(found, str):
                refused += 1
                continue
            loaded += 1
            _as_the_index_says(found, changed)
            if where[0] == "info":
                _follow(found)
            elif found.input.size == codes.shape[1] and codes.max() <= found.length:
                assert golden.run(found, codes).mismatches(packed.run(found, codes)) == 0
    assert refused > 500
    assert loaded > 20  # facts, names and thresholds may be others


@pytest.mark.parametrize("name", ["digits", "mnist-conv", "mnist-sparse"])
def test_the_committed_networks_are_refused_or_load_as_their_index_says(name: str, tmp_path: Path) -> None:
    """Values that the network depends on; its memory files are read only where the index is in order."""
    folder = tmp_path / "net"
    folder.mkdir()
    for file in (COMMITTED / name).glob("layer*.mem"):
        (folder / file.name).symlink_to(file)
    index = json.loads((COMMITTED / name / "network.json").read_text())
    (folder / "network.json").write_text(signed(index))
    assert outcome(folder) == artifact.load(COMMITTED / name)
    for where in places({k: v for k, v in index.items() if k != "info"}):
        if where[0] not in ("layers", "input", "length", "theta_frac") or where[-1] in ("dataset", "sha256", "theta"):
            continue
        for other in (None, True, 2.0, "1", [], {}, math.nan, 10**400, -1):
            (folder / "network.json").write_text(signed(put(index, where, other)))
            found = outcome(folder)
            if isinstance(found, Network):
                _as_the_index_says(found, put(index, where, other))


@pytest.mark.parametrize("kind", SMALL)
def test_an_entry_less_and_an_entry_more(kind: str, tmp_path: Path) -> None:
    folder = artifact.save(SMALL[kind](), tmp_path / "net")
    index = json.loads((folder / "network.json").read_text())
    for where in [(), *places(index)]:
        if where[:1] == ("info",):
            continue
        value: Any = index
        for key in where:
            value = value[key]
        if not isinstance(value, dict):
            continue
        for name in [*value, "more"]:
            other = {k: v for k, v in value.items() if k != name} if name in value else {**value, name: 1}
            if not where and name == "sha256":
                continue
            (folder / "network.json").write_text(signed(put(index, where, other) if where else other))
            found = outcome(folder)
            if name in ("lif", "adder", "threshold"):  # optional, but they decide what the network is
                assert isinstance(found, str) or found != SMALL[kind]()
            else:
                assert isinstance(found, str)
                assert name in found or "format" in found


TEXTS: dict[str, tuple[Callable[[str], str | bytes], str]] = {
    "a key twice": (lambda t: t.replace('"length":', '"length": 8, "length":', 1), "'length' stands twice"),
    "nested 5,000 deep": (lambda t: t[:-1] + ', "x": ' + "[" * 5000 + "]" * 5000 + "}", "nested more than 64 deep"),
    "nested 300 deep": (lambda t: t[:-1] + ', "x": ' + "[" * 300 + "]" * 300 + "}", "nested more than 64 deep"),
    "objects 5,000 deep": (lambda t: '{"a":' * 5000 + t + "}" * 5000, "nested more than 64 deep"),
    "a number of 5,000 digits": (lambda t: t[:-1] + ', "x": ' + "7" * 5000 + "}", "x must be what JSON holds"),
    "1e999": (lambda t: t[:-1] + ', "x": 1e999}', "x must be what JSON holds"),
    "-Infinity": (lambda t: t[:-1] + ', "x": [1, -Infinity]}', r"x\[1\] must be what JSON holds"),
    "not UTF-8": (lambda t: t.encode() + b"\xff", r"not valid JSON.*is not UTF-8"),
    "UTF-16": (lambda t: t.encode("utf-16"), "not valid JSON"),
    "a byte order mark": (lambda t: b"\xef\xbb\xbf" + t.encode(), "not valid JSON"),
    "a NUL": (lambda t: t + "\0", "not valid JSON"),
    "a NUL in a string": (lambda t: t.replace('"dense"', '"den\0se"', 1), "not valid JSON"),
    "a number": (lambda t: "1", "not a network artifact"),
    "null": (lambda t: "null", "not a network artifact"),
}


@pytest.mark.parametrize("case", TEXTS)
def test_what_is_no_plain_json_is_refused(case: str, tmp_path: Path) -> None:
    folder = artifact.save(_dense(), tmp_path / "net")
    path = folder / "network.json"
    change, message = TEXTS[case]
    changed = change(json.dumps(json.loads(path.read_text())))
    path.write_bytes(changed if isinstance(changed, bytes) else changed.encode())
    with pytest.raises(ScError, match=rf"network\.json: .*{message}"):
        artifact.load(folder)
    outcome(folder)


def _refill(folder: Path, data: bytes) -> None:
    (folder / "layer0.mem").write_bytes(data)
    index = json.loads((folder / "network.json").read_text())
    index["layers"][0]["sha256"] = hashlib.sha256(data).hexdigest()
    (folder / "network.json").write_text(signed(index))


def test_memory_files_with_any_byte_changed(tmp_path: Path) -> None:
    """A file with a right sha256 holds other words of the layer, or is refused; the words are those of $readmemh."""
    network = random_network(np.random.default_rng(4), 32, (4, 3, 2))
    folder = artifact.save(network, tmp_path / "net")
    data = (folder / "layer0.mem").read_bytes()
    random = np.random.default_rng(5)
    pieces = [
        b"+",
        b"-",
        b"_",
        b"0x1",
        b"g",
        b"\0",
        b"\xff",
        b"\xc2\xa0",
        "\u0661".encode(),
        b"//",
        b"@0 ",
        b"x",
        b"\x0b",
        b"\x85",
    ]
    pieces += [b"0", b"f", b" ", b"\n", b"\r\n", b"\t", b"1 1", b"0" * 17, b"1" + b"0" * 16, b"8" * 5000, b""]
    loaded = 0
    for piece in pieces:
        for at in random.integers(0, len(data), 8):
            for changed in (data[:at] + piece + data[at:], data[:at] + piece + data[at + max(1, len(piece)) :]):
                _refill(folder, changed)
                found = outcome(folder)
                if isinstance(found, Network):
                    loaded += 1
                    words = [int(word, 16) for word in changed.decode("ascii").split()]
                    assert all(word.isalnum() for word in changed.split())
                    synapses = found.layers[0].synapses.reshape(-1)  # type: ignore[union-attr]
                    assert [abs(v) | 32 * (v < 0) for v in synapses.tolist()] == words
    assert loaded > 20


@pytest.mark.parametrize("length", [4, 16, 4096])
def test_a_word_of_seventeen_digits_is_refused_by_file(length: int, tmp_path: Path) -> None:
    folder = artifact.save(random_network(np.random.default_rng(6), length, (2, 2)), tmp_path / "net")
    word = (folder / "layer0.mem").read_bytes().split()[0]
    for wide in (b"1" * 17, b"1" + b"0" * 16, b"f" * 300):
        _refill(folder, (folder / "layer0.mem").read_bytes().replace(word, wide, 1))
        with pytest.raises(ScError, match=r"layer0\.mem: words must be in "):
            artifact.load(folder)


def test_an_info_too_large_to_be_read_back_is_not_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifact, "INDEX_MAX", 2000)
    with pytest.raises(ScError, match=r"network\.json: info is too large: at most 2000 bytes, got \d+"):
        artifact.save(Network(8, _dense().layers, _dense().input, info={"note": "x" * 2000}), tmp_path / "net")
    assert not (tmp_path / "net").exists()


@pytest.mark.parametrize("key", ["scales", "mean_active", "data_sha256", "nir"])
def test_commands_on_data_take_odd_facts_or_refuse_them(key: str, tmp_path: Path) -> None:
    network = _dense()
    samples = np.random.default_rng(0).integers(0, 9, (40, 4)).astype(np.uint8)
    samples[0] = 8
    data = tmp_path / "own.npz"
    np.savez(data, x=samples, y=np.arange(40) % 2)
    network = Network(8, network.layers, InputSpec((4,), 256), info=network.info)
    answered = 0
    for value in others(network.info[key])[::2]:
        try:
            odd = Network(8, network.layers, network.input, info={**network.info, key: value})
        except ScError:
            continue
        for call in (evaluate.evaluate, explain):
            answered += not isinstance(answer(partial(call, split="all"), odd, data), str)
        evaluate.evaluate(odd, data)
    assert answered > 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lif": {"theta": 1}}, r"network\.json: layers\[0\]: lif: incomplete: 'beta', 'leak_mode', .* of lif missing"),
        ({"lif": 7}, "lif must be an object, got 7"),
        ({"neuron": "izhikevich"}, "neuron must be an object, got 'izhikevich'"),
        ({"lif": {"theta": 1}, "neuron": {}}, "the kind of a neuron must be one of alif, .*, window_if.*; got None"),
        ({"model": "izhikevich"}, "the layer has unknown entries: model"),
    ],
)
def test_a_damaged_artifact_is_refused(tmp_path: Path, change: dict[str, object], message: str) -> None:
    folder = artifact.save(random_temporal_network(np.random.default_rng(5), 8, (4, 3, 2), "l"), tmp_path / "n")
    index = json.loads((folder / "network.json").read_text())
    index["layers"][0] |= change
    index["sha256"] = artifact._self_hash(index)
    (folder / "network.json").write_text(json.dumps(index))
    with pytest.raises(ScError, match=message):
        artifact.load(folder)


@pytest.mark.parametrize("names", [True, [], ["a"], ["a", "a"], [0, 1], {"a": 1}, ["a", None]])
def test_class_names_that_are_not_one_for_each_class_are_refused_by_file(names: object, tmp_path: Path) -> None:
    network = _dense()
    folder = artifact.save(network, tmp_path / "n")
    index = json.loads((folder / "network.json").read_text())
    index["info"]["classes"] = names
    (folder / "network.json").write_text(signed(index))
    with pytest.raises(ScError, match=rf"{folder}/network\.json: info classes of .* must be 2 different names"):
        artifact.load(folder)
    with pytest.raises(ScError, match=r"info classes of .* must be 2 different names"):
        artifact.save(Network(8, network.layers, network.input, info={"classes": names}), tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_scales_that_do_not_fit_are_refused_by_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    network = _dense()
    folder = artifact.save(Network(8, network.layers, network.input, info={"scales": [1, 2, 3]}), tmp_path / "n")
    assert main(["explain", str(folder), "--data", "digits"]) == 2
    assert f"{folder / artifact.INDEX}: info.scales of " in capsys.readouterr().err


@pytest.mark.parametrize(("entry", "value"), [("weight", 1e308), ("excess", [1e308, 0.0])])
def test_scales_that_floats_cannot_take_are_refused(entry: str, value: object) -> None:
    network = _dense()
    scales = [dict(scale) for scale in network.info["scales"]]
    scales[-1][entry] = value
    with pytest.raises(ScError, match=rf"info\.scales\[1\] of .*: {entry}\b.* must be (at most|in)"):
        reference.scales(Network(8, network.layers, network.input, info={"scales": scales}))


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        here = os.getcwd()
        os.chdir(path.parent)  # its name has at most 107 bytes
        try:
            made.bind(path.name)
        finally:
            os.chdir(here)


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)  # a hole: it takes no place on the disk


NO_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a device": (_device, "not a regular file but a device"),
    "a FIFO": (os.mkfifo, "not a regular file but a FIFO"),
    "a link to a FIFO": (
        lambda p: (os.mkfifo(p.with_suffix(".fifo")), p.symlink_to(p.with_suffix(".fifo"))),
        "not a regular file but a FIFO",
    ),
    "a folder": (Path.mkdir, "not a regular file but a folder"),
    "a socket": (_socket, "not a regular file but a socket"),
    "a terabyte": (_huge, r"larger than .*: at most \d+ bytes, got 1099511627776$"),
    "a link to nowhere": (lambda p: p.symlink_to("nowhere"), "cannot be read"),
    "a link to itself": (lambda p: p.symlink_to(p.name), "cannot be read"),
}


@pytest.mark.parametrize("name", ["layer0.mem", "network.json"])
@pytest.mark.parametrize("case", NO_FILES)
def test_what_is_no_file_of_that_size_is_neither_read_nor_waited_for(case: str, name: str, tmp_path: Path) -> None:
    folder = artifact.save(_dense(), tmp_path / "net")
    make, message = NO_FILES[case]
    (folder / name).unlink()
    make(folder / name)
    found: list[Network | str] = []
    thread = threading.Thread(target=lambda: found.append(outcome(folder)), daemon=True)
    thread.start()
    thread.join(60)  # against hanging
    assert found, "load still reads or waits"
    assert isinstance(found[0], str)
    assert f"{folder / name}: " in found[0]
    assert re.search(message, found[0])
