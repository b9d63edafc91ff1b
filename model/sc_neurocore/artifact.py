"""A network on disk: a folder of text files, refused by name if anything in it is not what was written.

The folder holds `network.json`, the index, and a memory file `layer<k>.mem` for each layer with weights. The index has
the name and version of the format, the network's behaviour, its scales and origin (info), the SHA-256 of each memory
file and one over itself. A memory file is read by $readmemh: one neuron (or output channel) a line, its weights and
then its bias, each as sign and magnitude (A2, codes). docs/arithmetic.md lists every entry.

A network of version 1 has dense layers with parallel counters. A MUX adder, a convolution, pooling, or an input with a
threshold, an order, an offset or a shift makes it version 2, which older readers refuse. A network in steps (A20) is of
version 3; its edges have memory files `edge<k>.mem`, without biases. A layer of `lif` neurons has
their parameters under "lif" and a theta of null; readers from before them refuse it as a hidden layer without theta.

Other files may lie beside these, such as those that tell how a network was trained. No reader needs them.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
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
from .network_layers import KINDS, Layer, WeightedLayer
from .sources import log2_length
from .steps import Edge, Steps
from .streams import pack_codes, unpack_codes

__all__ = [
    "FORMAT",
    "INDEX",
    "VERSION",
    "VERSION_2",
    "VERSION_3",
    "check_target",
    "load",
    "memory_text",
    "replace_folder",
    "save",
    "write_folder",
]

#: The entry "format" of an index, its "version" for networks that every reader knows, and the version of the others.
FORMAT = "sc_neurocore.network"
VERSION = 1
VERSION_2 = 2  # MUX adders, other inputs, convolutions: to leave them out would give other sums
VERSION_3 = 3  # networks in steps
#: File name of the index.
INDEX = "network.json"
#: Greatest size of an index in bytes; it holds facts on the origin too.
INDEX_MAX = 1 << 25
# Greatest size that an index may state, and bytes that a memory file may have beyond its words.
_SIZE_MAX = 1 << 24
_SLACK = 4096


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _self_hash(index: dict[str, Any]) -> str:
    """Return the SHA-256 of the index without its own entry "sha256"."""
    body = {k: v for k, v in index.items() if k != "sha256"}
    return _sha256(json.dumps(body, sort_keys=True).encode())


def _digits(length: int) -> int:
    """Return the number of hexadecimal digits of a word of a memory file: as many as 2L − 1 needs."""
    return -(-(log2_length(length) + 1) // 4)


def memory_text(layer: WeightedLayer, length: int) -> str:
    """Return the layer as a $readmemh file (A2, memory files).

    Args:
        layer: A layer with weights.
        length: L.

    Returns:
        A line for each neuron (dense) or output channel (convolution): its weights, then its bias.

    Example:
        >>> from sc_neurocore.network_layers import DenseLayer
        >>> memory_text(DenseLayer([[3, -2], [0, 1]], [1, 0]), 4).splitlines()
        ['3 6 1', '0 1 0']
    """
    return _rows_text(layer.synapses, length)


def _rows_text(codes: NDArray[np.int16], length: int) -> str:
    """Return signed codes as a $readmemh file, a line for each row."""
    digits = _digits(length)
    rows = pack_codes(codes, length)
    return "".join(" ".join(f"{w:0{digits}x}" for w in row) + "\n" for row in rows)


def replace_folder(temporary: Path, target: Path) -> None:
    """Put the finished folder `temporary` in the place of `target`, which is never seen half-written.

    If the last step fails, an old `target` is put back.
    """
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
    """Return the absolute path of `folder` if `save` can write there. Long work asks this before it begins.

    Args:
        folder: The folder to write.
        index: A file that shows that an existing folder may be replaced; by default that of a network artifact.

    Raises:
        ScError: If the folder exists, is not empty and lacks that file, so that nothing else is ever overwritten; or if
            it cannot be made.
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
    """Write a folder in one step: a reader sees the old content or the new.

    Args:
        target: The folder; what is there is replaced.
        files: Content by file name; text is written in UTF-8.
    """
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
    """Return the version of the format that this network needs."""
    if network.steps is not None:
        return VERSION_3
    spec = network.input
    later = spec.binary or spec.order is not None or spec.offset or spec.shift is not None
    return VERSION_2 if network.mux or later or not network.dense else VERSION


def save(network: Network, folder: str | os.PathLike[str], *, beside: Mapping[str, str | bytes] | None = None) -> Path:
    """Write the network to a folder in one step: a reader sees the old content of all files, or the new.

    Args:
        network: The network.
        folder: The folder; an artifact that exists there is replaced.
        beside: More files for the folder, content by plain file name.

    Returns:
        The absolute path of the folder.

    Raises:
        ScError: If `folder` exists and is not an artifact, so that nothing else is ever overwritten; if a name of
            `beside` is not plain or in use; if info is too large, or its class names are not one for each class.
    """
    target = check_target(folder)
    checks.class_names(network.info, network.classes, network.name)  # what `load` would not take
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
        for k, edge in enumerate(network.steps.edges if network.steps is not None else ()):
            name = f"edge{k}.mem"
            words = _rows_text(edge.weights, network.length).encode()
            (temporary / name).write_bytes(words)
            index["steps"]["edges"][k] |= {"file": name, "sha256": _sha256(words)}
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
    """Put the file, or the place in it, before the text of a ScError that the block raises."""
    try:
        yield
    except ScError as error:
        raise ScError(f"{where}: {error}") from None


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object as a dictionary; refuse a key that occurs twice, of which Python would keep the last."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ScError(f"{checks.shown(key)} stands twice in one object")
        found[key] = value
    return found


def _long(digits: str) -> int | float:
    """Return an integer of JSON; infinity for 400 digits and more, which every field refuses."""
    return int(digits) if len(digits) < 400 else math.inf  # which no field takes; Python reads 4300 digits at most


def _parse(data: bytes) -> dict[str, Any]:
    """Return the content of the index, after checking its format, its version and its own SHA-256."""
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
        type(version) is int and version in (VERSION, VERSION_2, VERSION_3),
        f"version must be {VERSION}, {VERSION_2} or {VERSION_3}, got {checks.shown(version)}",
    )
    require(index.get("sha256") == _self_hash(index), "content differs from its sha256: altered")
    return index


# Entries of the index and of its input; "later" ones were added to the format, and may be absent.
_TOP = {"length", "theta_frac", "sources", "input", "layers"}
_HEAD = {"format", "version", "name", "info", "sha256"}
_INPUT = {"dataset", "shape", "pool", "full_scale"}
_INPUT_LATER = {"threshold", "order", "offset", "shift"}
_MEMORY = frozenset({"file", "sha256"})


def _integers(name: str, value: Any, count: int | None = None) -> tuple[int, ...]:
    """Return a checked list of integers of the index, each 1 … 2²⁴; `count` is its length, where that is fixed."""
    rule = "a list of integers" if count is None else f"a list of {count} integers"
    return tuple(
        checks.integer(f"{name}[{k}]", v, 1, _SIZE_MAX) for k, v in enumerate(checks.sequence(name, value, rule, count))
    )


def _input(value: Any) -> InputSpec:
    """Return the InputSpec of the entry "input"."""
    spec = checks.entries("input", value, _INPUT, _INPUT_LATER)
    fields = {key: spec[key] for key in ("dataset", "full_scale", "pool")}
    later = {key: spec[key] for key in sorted(_INPUT_LATER) if key in spec}
    return InputSpec(shape=_integers("shape", spec["shape"]), **fields, **later)


@dataclass(frozen=True, slots=True)
class _Memory:
    """What the index says about the memory file of a layer or an edge.

    Attributes:
        path: The file.
        sha256: The SHA-256 that its bytes must have.
        rows: The number of lines that it must have.
        columns: The number of words that each line must have.
        what: What errors call the owner of the file.
    """

    path: Path
    sha256: str
    rows: int
    columns: int
    what: str = "layer"

    @classmethod
    def of(cls, folder: Path, entry: Mapping[str, Any], rows: int, columns: int, what: str = "layer") -> _Memory:
        """Return what an entry says about its file, after checking the entries `file` and `sha256`."""
        file, digest = entry["file"], entry["sha256"]
        plain = isinstance(file, str) and Path(file).name == file and file != ".." and file.isprintable() and file
        require(plain, f"{what} file must be a plain name, got {checks.shown(file)}")
        require(isinstance(digest, str), f"sha256 must be text, got {checks.shown(digest)}")
        return cls(folder / file, digest, rows, columns, what)

    def codes(self, length: int) -> NDArray[np.int16]:
        """Return the signed codes of the file, a row for each neuron or channel, the bias last.

        Raises:
            ScError: If the file is missing, too large, altered, or not of the stated form.
        """
        digits = _digits(length)
        words = self.rows * self.columns
        # Spaces and line ends may be written otherwise than `save` writes them, within reason.
        data = read_limited(
            self.path,
            words * (digits + 1) + self.rows + _SLACK,
            f"{'an' if self.what == 'edge' else 'a'} {self.what} of {words} words",
        )
        with _named(self.path):
            require(_sha256(data) == self.sha256, f"content differs from its sha256 in {INDEX}: altered or short")
            return self._decoded(data, digits, length)

    def _decoded(self, data: bytes, digits: int, length: int) -> NDArray[np.int16]:
        """Return the codes of the file's bytes, checked word by word."""
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
    """Check the form of a layer's entry; return what it says about its file, or None for a layer without weights."""
    if not isinstance(entry, dict):
        raise ScError(f"the layer must be an object, got {checks.shown(entry)}")
    kind = KINDS[checks.choice("layer type", entry.get("type"), KINDS)]
    if not issubclass(kind, WeightedLayer):
        checks.entries("the layer", entry, {"type", *kind.entries}, kind.optional)
        return None
    checks.entries("the layer", entry, {"type", *kind.entries, *_MEMORY}, kind.optional)
    return _Memory.of(folder, entry, *kind.memory(entry))


def _steps(folder: Path, entry: Any, layers: Sequence[Layer], length: int) -> Steps:
    """Return the steps of the entry "steps" of an index, with the weights of the edges from their files."""
    found = checks.entries("steps", entry, {"count", "constant", "readout", "edges"})
    edges = []
    for k, one in enumerate(checks.sequence("edges", found["edges"], "a list")):
        with _named(f"edges[{k}]"):
            edge = checks.entries("the edge", one, {"source", "target", "delay", *_MEMORY})
            source, target = (checks.integer(end, edge[end], 0, len(layers) - 1) for end in ("source", "target"))
            memory = _Memory.of(folder, edge, layers[target].neurons, layers[source].neurons, "edge")
            edges.append(Edge(source, target, edge["delay"], memory.codes(length)))
    return Steps(found["count"], found["constant"], found["readout"], tuple(edges))


def load(folder: str | os.PathLike[str]) -> Network:
    """Read a network from its folder.

    Only regular files are read, and no more than their content may be in size, whatever the folder holds. So the
    content may come from a stranger.

    Args:
        folder: The folder that `save` wrote.

    Raises:
        ScError: If a file is missing, too large or altered, or of another format or version, or describes a network
            that is not legal. The message names the file and the entry.
    """
    root = Path(folder)
    path = root / INDEX
    require(root.is_dir(), f"{root}: no such folder; an artifact is a folder with {INDEX}")
    data = read_limited(path, INDEX_MAX, f"a {INDEX} may be")
    with _named(path):
        index = checks.entries("the index", _parse(data), _TOP | _HEAD, {"steps"})
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
        steps = None
        if "steps" in index:
            with _named("steps"):
                steps = _steps(root, index["steps"], layers, index["length"])
        network = Network(
            length=index["length"],
            layers=tuple(layers),
            input=spec,
            theta_frac=index["theta_frac"],
            activation_source=sources["activation"],
            weight_source=sources["weight"],
            name=index["name"],
            info=index["info"],
            steps=steps,
        )
        wanted, version = _version(network), index["version"]
        require(
            version == wanted, f"version must be {wanted} for this network's adders, inputs and steps, got {version}"
        )
        checks.class_names(network.info, network.classes, network.name)  # here the file is known
    return network
