"""A network on disk: a folder of text files, refused by name if anything in it is not what was written.

`network.json` has the format's name and version, the behaviour, the scales and origin (info), the sha256 of each
memory file and one over itself. `layer<k>.mem` is a $readmemh file: one neuron a line, its weights and then its bias,
each as sign and magnitude (A2). A layer of `lif` neurons has their parameters under "lif", and theta null; readers from
before them refuse it, as a hidden layer without theta. A layer that adds by a MUX has "adder": "mux", binary
inputs have a "threshold", inputs of another order or range an "order", "offset" or "shift", convolutions are of type
"conv" (a line a channel: kernel row, kernel column, channel in, then the bias), pooling of type "pool", without a file:
such a network is of version 2, which readers from before it refuse; all others stay of version 1. Other files may lie
beside these, such as those that tell how a network was trained; no reader needs them.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import checks
from .errors import ScError, require
from .files import read_limited
from .network import InputSpec, Network
from .network_layers import KINDS, WeightedLayer
from .sources import log2_length
from .streams import pack_codes, unpack_codes

__all__ = [
    "FORMAT",
    "INDEX",
    "VERSION",
    "VERSION_2",
    "check_target",
    "load",
    "memory_text",
    "replace_folder",
    "save",
    "write_folder",
]

FORMAT = "sc_neurocore.network"
VERSION = 1
VERSION_2 = 2  # MUX adders, other inputs, convolutions: to leave them out would give other sums
INDEX = "network.json"
#: Bytes of an index, which has facts on the origin too.
INDEX_MAX = 1 << 25
# Neurons, inputs, channels and sides of a layer, and bytes of a memory file beyond its words.
_SIZE_MAX = 1 << 24
_SLACK = 4096


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _self_hash(index: dict[str, Any]) -> str:
    body = {k: v for k, v in index.items() if k != "sha256"}
    return _sha256(json.dumps(body, sort_keys=True).encode())


def _digits(length: int) -> int:
    """Return the digits of a word: those of 2L − 1."""
    return -(-(log2_length(length) + 1) // 4)


def memory_text(layer: WeightedLayer, length: int) -> str:
    """Return the layer as a $readmemh file: one neuron (channel) a line, its weights, then its bias (A2)."""
    digits = _digits(length)
    rows = pack_codes(layer.synapses, length)
    return "".join(" ".join(f"{w:0{digits}x}" for w in row) + "\n" for row in rows)


def replace_folder(temporary: Path, target: Path) -> None:
    """Put the finished folder `temporary` in the place of `target`, which is never seen half-written."""
    if target.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{target.name}-old-", dir=target.parent))
        os.replace(target, old / "old")
        try:
            os.replace(temporary, target)
        except BaseException:
            if not target.exists():
                os.replace(old / "old", target)
            raise
        shutil.rmtree(old)
    else:
        os.replace(temporary, target)


def check_target(folder: str | os.PathLike[str], index: str = INDEX) -> Path:
    """Return the absolute path of `folder` if `save` can write there: long work asks before it begins.

    index: a file of what may be replaced, a network artifact unless another is named.
    Raises ScError if it exists and is not an artifact (so that nothing else is ever overwritten), or cannot be made.
    """
    target = Path(folder).absolute()
    if target.exists() and not (target / index).is_file():
        why = "is not a network artifact" if index == INDEX else f"has no {index}"
        require(
            target.is_dir() and not any(target.iterdir()),
            f"{target} exists and {why}: choose an empty or new folder",
        )
    parent = target.parent
    while not parent.exists():
        parent = parent.parent
    require(parent.is_dir() and os.access(parent, os.W_OK), f"{target} cannot be created: {parent} is not writable")
    return target


def write_folder(target: Path, files: Mapping[str, str | bytes]) -> None:
    """Write a folder of these files, content by name, in the place of `target`, in one step."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        temporary.chmod(0o755)
        for name, content in files.items():
            (temporary / name).write_bytes(content.encode() if isinstance(content, str) else content)
        replace_folder(temporary, target)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _version(network: Network) -> int:
    spec = network.input
    later = spec.binary or spec.order is not None or spec.offset or spec.shift is not None
    return VERSION_2 if network.mux or later or not network.dense else VERSION


def save(network: Network, folder: str | os.PathLike[str], *, beside: Mapping[str, str | bytes] | None = None) -> Path:
    """Write `network` to `folder`, in one step: a reader sees the old content or the new, of all files.

    beside: more files for the folder, content by name.
    Raises ScError if `folder` exists and is not an artifact, so that nothing else is ever overwritten.
    """
    target = check_target(folder)
    version = _version(network)
    index: dict[str, Any] = {"format": FORMAT, "version": version, "name": network.name, **network.content()}
    index["info"] = dict(network.info)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        temporary.chmod(0o755)
        for k, layer in enumerate(network.layers):
            if not isinstance(layer, WeightedLayer):
                continue
            name = f"layer{k}.mem"
            words = memory_text(layer, network.length).encode()
            (temporary / name).write_bytes(words)
            index["layers"][k] |= {"file": name, "sha256": _sha256(words)}
        for name, content in (beside or {}).items():
            require(
                Path(name).name == name and not (temporary / name).exists() and name != INDEX,
                f"a file beside the network must have a plain name that is not in use, got {name!r}",
            )
            (temporary / name).write_bytes(content.encode() if isinstance(content, str) else content)
        index["sha256"] = _self_hash(index)
        text = json.dumps(index, indent=1) + "\n"
        require(
            len(text) <= INDEX_MAX, f"{target / INDEX}: info is too large: at most {INDEX_MAX} bytes, got {len(text)}"
        )
        (temporary / INDEX).write_text(text, encoding="utf-8")
        replace_folder(temporary, target)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return target


@contextmanager
def _named(where: object) -> Iterator[None]:
    """Put the file, or the place in it, before what a refusal says."""
    try:
        yield
    except ScError as error:
        raise ScError(f"{where}: {error}") from None


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ScError(f"{checks.shown(key)} stands twice in one object")
        found[key] = value
    return found


def _long(digits: str) -> int | float:
    return int(digits) if len(digits) < 400 else math.inf  # which no field takes; Python reads 4300 digits at most


def _parse(data: bytes) -> dict[str, Any]:
    """Return the content of the index: an artifact by its format, of a known version and the sha256 it states."""
    try:
        index: dict[str, Any] = json.loads(data.decode(), object_pairs_hook=_pairs, parse_int=_long)
    except ScError:
        raise
    except json.JSONDecodeError as error:
        raise ScError(f"not valid JSON: altered or truncated ({error.msg}, line {error.lineno})") from None
    except UnicodeDecodeError as error:
        raise ScError(f"not valid JSON: altered or truncated (byte {error.start} is not UTF-8)") from None
    except RecursionError:
        raise ScError(f"not valid: nested more than {checks.DEPTH_MAX} deep") from None
    require(
        isinstance(index, dict) and index.get("format") == FORMAT,
        f"not a network artifact (format must be {FORMAT!r})",
    )
    for key, value in index.items():
        checks.json_value(checks.shown(key)[1:-1], value)
    version = index.get("version")
    require(
        type(version) is int and version in (VERSION, VERSION_2),
        f"version must be {VERSION} or {VERSION_2}, got {checks.shown(version)}",
    )
    require(index.get("sha256") == _self_hash(index), "content differs from its sha256: altered")
    return index


_TOP = {"length", "theta_frac", "sources", "input", "layers"}
_HEAD = {"format", "version", "name", "info", "sha256"}
_INPUT = {"dataset", "shape", "pool", "full_scale"}
_INPUT_LATER = {"threshold", "order", "offset", "shift"}
_MEMORY = frozenset({"file", "sha256"})


def _integers(name: str, value: Any, count: int | None = None) -> tuple[int, ...]:
    rule = "a list of integers" if count is None else f"a list of {count} integers"
    return tuple(
        checks.integer(f"{name}[{k}]", v, 1, _SIZE_MAX) for k, v in enumerate(checks.sequence(name, value, rule, count))
    )


def _input(value: Any) -> InputSpec:
    spec = checks.entries("input", value, _INPUT, _INPUT_LATER)
    fields = {key: spec[key] for key in ("dataset", "full_scale", "pool")}
    later = {key: spec[key] for key in sorted(_INPUT_LATER) if key in spec}
    return InputSpec(shape=_integers("shape", spec["shape"]), **fields, **later)


@dataclass(frozen=True, slots=True)
class _Memory:
    """What the index says of a layer's file: its name and sha256, and the lines and words a line that it must have."""

    path: Path
    sha256: str
    rows: int
    columns: int

    def codes(self, length: int) -> NDArray[np.int16]:
        """Return the signed codes of the file, a row a neuron or channel, the bias last."""
        digits = _digits(length)
        words = self.rows * self.columns
        # Spaces and line ends may be written otherwise than `save` writes them, within reason.
        data = read_limited(self.path, words * (digits + 1) + self.rows + _SLACK, f"a layer of {words} words")
        with _named(self.path):
            require(_sha256(data) == self.sha256, f"content differs from its sha256 in {INDEX}: altered or short")
            return self._decoded(data, digits, length)

    def _decoded(self, data: bytes, digits: int, length: int) -> NDArray[np.int16]:
        require(not data.translate(None, b"0123456789abcdefABCDEF \t\r\n"), "words must be hexadecimal")
        lines = [line.split() for line in data.splitlines()]
        right = len(lines) == self.rows and all(len(line) == self.columns for line in lines)
        require(right, f"must have {self.rows} lines of {self.columns} words")
        top = 2 * length - 1
        rule = f"words must be in [0, {top:x}] and not {length:x} (-0, A2)"
        flat = [word for line in lines for word in line]
        if max(map(len, flat)) > digits:  # leading zeros apart
            long = [word for word in flat if len(word.lstrip(b"0")) > digits]
            require(not long, f"{rule}, got {checks.shown(long[0].decode())[1:-1] if long else ''}")
        table = np.array([int(word, 16) for word in flat], dtype=np.int64).reshape(self.rows, self.columns)
        legal = (table <= top) & (table != length)
        worst = int(table[~legal][0]) if not legal.all() else 0
        require(legal.all(), f"{rule}, got {worst:x}")
        codes: NDArray[np.int16] = unpack_codes(table, length).astype(np.int16)
        return codes


def _memory(folder: Path, entry: dict[str, Any]) -> _Memory | None:
    """Check the form of a layer's entry; return what it says of its file, None of a layer without weights."""
    if not isinstance(entry, dict):
        raise ScError(f"the layer must be an object, got {checks.shown(entry)}")
    kind = KINDS[checks.choice("layer type", entry.get("type"), KINDS)]
    if not issubclass(kind, WeightedLayer):
        checks.entries("the layer", entry, {"type", *kind.entries}, kind.optional)
        return None
    checks.entries("the layer", entry, {"type", *kind.entries, *_MEMORY}, kind.optional)
    file, digest = entry["file"], entry["sha256"]
    plain = isinstance(file, str) and Path(file).name == file and file != ".." and file.isprintable() and file
    require(plain, f"layer file must be a plain name, got {checks.shown(file)}")
    require(isinstance(digest, str), f"sha256 must be text, got {checks.shown(digest)}")
    rows, columns = kind.memory(entry)
    return _Memory(folder / file, digest, rows, columns)


def load(folder: str | os.PathLike[str]) -> Network:
    """Read a network back. Raises ScError naming the file that is missing, altered, or of another format or version.

    Whatever stands in the folder, no file is read that is not a regular one or larger than its content may be.
    """
    root = Path(folder)
    path = root / INDEX
    require(root.is_dir(), f"{root}: no such folder; an artifact is a folder with {INDEX}")
    data = read_limited(path, INDEX_MAX, f"an {INDEX} may be")
    with _named(path):
        index = checks.entries("the index", _parse(data), _TOP | _HEAD)
        log2_length(index["length"])  # first, since the words of every layer are checked against it
        entries = checks.sequence("layers", index["layers"], "a list")
        memories = []
        for k, entry in enumerate(entries):
            with _named(f"layers[{k}]"):
                memories.append(_memory(root, entry))
    tables = [None if memory is None else memory.codes(index["length"]) for memory in memories]
    with _named(path):
        layers = []
        for k, (entry, codes) in enumerate(zip(entries, tables, strict=True)):
            with _named(f"layers[{k}]"):
                layers.append(KINDS[entry["type"]].parse(entry, codes))
        sources = checks.entries("sources", index["sources"], {"activation", "weight"})
        with _named("input"):
            spec = _input(index["input"])
        network = Network(
            length=index["length"],
            layers=tuple(layers),
            input=spec,
            theta_frac=index["theta_frac"],
            activation_source=sources["activation"],
            weight_source=sources["weight"],
            name=index["name"],
            info=index["info"],
        )
        wanted, version = _version(network), index["version"]
        require(version == wanted, f"version must be {wanted} for this network's adders and inputs, got {version}")
    return network
