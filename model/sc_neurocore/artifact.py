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
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import ScError, require
from .network import ConvLayer, DenseLayer, InputSpec, Layer, Network, PoolLayer
from .neurons import LifParams
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


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _self_hash(index: dict[str, Any]) -> str:
    body = {k: v for k, v in index.items() if k != "sha256"}
    return _sha256(json.dumps(body, sort_keys=True).encode())


def memory_text(layer: DenseLayer | ConvLayer, length: int) -> str:
    """Return the layer as a $readmemh file: one neuron (channel) a line, its weights, then its bias (A2)."""
    digits = -(-(log2_length(length) + 1) // 4)
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
            if isinstance(layer, PoolLayer):
                continue
            name = f"layer{k}.mem"
            text = memory_text(layer, network.length).encode()
            (temporary / name).write_bytes(text)
            index["layers"][k] |= {"file": name, "sha256": _sha256(text)}
        for name, content in (beside or {}).items():
            require(
                Path(name).name == name and not (temporary / name).exists() and name != INDEX,
                f"a file beside the network must have a plain name that is not in use, got {name!r}",
            )
            (temporary / name).write_bytes(content.encode() if isinstance(content, str) else content)
        index["sha256"] = _self_hash(index)
        (temporary / INDEX).write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")
        replace_folder(temporary, target)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return target


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ScError(f"{path}: cannot be read ({error.strerror})") from None


_ENTRIES = {
    "dense": {"type", "inputs", "neurons", "theta", "lif", "adder", "file", "sha256"},
    "conv": {"type", "input", "channels", "kernel", "stride", "padding", "theta", "file", "sha256"},
    "pool": {"type", "input", "kind", "size", "stride"},
}


def _codes(folder: Path, entry: dict[str, Any], length: int, wanted: tuple[int, int]) -> NDArray[np.int16]:
    """Read a layer's file: signed codes, a row a neuron or channel, the bias last."""
    file = str(entry["file"])
    path = folder / file
    require(Path(file).name == file, f"{folder / INDEX}: layer file must be a plain name, got {file!r}")
    data = _read(path)
    require(_sha256(data) == entry["sha256"], f"{path}: content differs from its sha256 in {INDEX}: altered or short")
    try:
        words = [[int(w, 16) for w in line.split()] for line in data.decode("ascii").splitlines()]
    except ValueError:
        raise ScError(f"{path}: words must be hexadecimal") from None
    require(
        len(words) == wanted[0] and all(len(row) == wanted[1] for row in words),
        f"{path}: must have {wanted[0]} lines of {wanted[1]} words",
    )
    table = np.array(words, dtype=np.int64)
    top = 2 * length - 1
    legal = (table >= 0) & (table <= top) & (table != length)
    worst = int(table[~legal][0]) if not legal.all() else 0
    require(legal.all(), f"{path}: words must be in [0, {top:x}] and not {length:x} (-0, A2), got {worst:x}")
    codes: NDArray[np.int16] = unpack_codes(table, length).astype(np.int16)
    return codes


def _layer(folder: Path, entry: dict[str, Any], length: int) -> Layer:
    kind = entry["type"]
    require(kind in _ENTRIES, f"{folder / INDEX}: layer type must be one of {', '.join(_ENTRIES)}, got {kind!r}")
    unknown = sorted(set(entry) - _ENTRIES[kind])
    require(not unknown, f"{folder / INDEX}: a layer has unknown entries: {', '.join(unknown)}")
    if kind == "pool":
        return PoolLayer(entry["kind"], entry["size"], tuple(entry["input"]), entry["stride"])
    if kind == "dense":
        codes = _codes(folder, entry, length, (entry["neurons"], entry["inputs"] + 1))
        lif, adder = _lif(folder, entry), entry.get("adder", "apc")
        return DenseLayer(weights=codes[:, :-1], bias=codes[:, -1], theta=entry["theta"], lif=lif, adder=adder)
    shape, kernel, channels = tuple(entry["input"]), tuple(entry["kernel"]), entry["channels"]
    require(
        len(shape) == 3 and len(kernel) == 2,
        f"{folder / INDEX}: a convolution needs three sizes of its input and two of its kernel, got {shape}, {kernel}",
    )
    high, wide = kernel
    codes = _codes(folder, entry, length, (channels, high * wide * shape[-1] + 1))
    weights = codes[:, :-1].reshape(channels, high, wide, shape[-1])
    return ConvLayer(weights, codes[:, -1], entry["theta"], shape, entry["stride"], entry["padding"])


def _lif(folder: Path, entry: dict[str, Any]) -> LifParams | None:
    if "lif" not in entry:
        return None
    names = set(LifParams.__dataclass_fields__)
    found = entry["lif"]
    require(
        isinstance(found, dict) and set(found) == names,
        f"{folder / INDEX}: lif must have exactly {', '.join(sorted(names))}, got {found!r}",
    )
    return LifParams(**found)


def _input(path: Path, entry: dict[str, Any]) -> InputSpec:
    unknown = sorted(set(entry) - {field.name for field in fields(InputSpec)})
    require(not unknown, f"{path}: input has unknown entries: {', '.join(unknown)}")
    wanted = {"dataset", "shape", "pool", "full_scale"}
    return InputSpec(**{name: entry[name] for name in (*wanted, *(set(entry) - wanted))})


def load(folder: str | os.PathLike[str]) -> Network:
    """Read a network back. Raises ScError naming the file that is missing, altered, or of another format or version."""
    root = Path(folder)
    path = root / INDEX
    require(root.is_dir(), f"{root}: no such folder; an artifact is a folder with {INDEX}")
    text = _read(path)
    try:
        index = json.loads(text)
    except ValueError:
        raise ScError(f"{path}: not valid JSON: altered or truncated") from None
    require(
        isinstance(index, dict) and index.get("format") == FORMAT,
        f"{path}: not a network artifact (format must be {FORMAT!r})",
    )
    version = index.get("version")
    require(version in (VERSION, VERSION_2), f"{path}: version must be {VERSION} or {VERSION_2}, got {version!r}")
    require(index.get("sha256") == _self_hash(index), f"{path}: content differs from its sha256: altered")
    try:
        log2_length(index["length"])  # first, since the words of every layer are checked against it
        network = Network(
            length=index["length"],
            layers=tuple(_layer(root, entry, index["length"]) for entry in index["layers"]),
            input=_input(path, index["input"]),
            theta_frac=index["theta_frac"],
            activation_source=index["sources"]["activation"],
            weight_source=index["sources"]["weight"],
            name=index["name"],
            info=index["info"],
        )
        wanted = _version(network)
        require(
            version == wanted, f"{path}: version must be {wanted} for this network's adders and inputs, got {version}"
        )
        return network
    except (KeyError, TypeError) as error:
        raise ScError(f"{path}: incomplete: {error}") from None
