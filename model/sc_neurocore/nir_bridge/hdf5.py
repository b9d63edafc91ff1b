"""A NIR file as a tree of plain values, read with distrust: nothing is allocated because a file claims a size.

NIR files are HDF5, a format with many features that a graph does not need and that a harmful file could use. Refused,
by the name of the group or array, are: links that lead elsewhere (external, soft), storage outside the file, object
types other than strings, filters that belong neither to HDF5 nor to h5py (they would be loaded as plug-ins), groups
within themselves or met twice, and arrays that claim more than their stored bytes can hold.

Damaged metadata can make the HDF5 library itself loop for ever or crash: about one file in a thousand with a few random
bytes changed. So a child process reads the file, with limits of time and memory, and returns the arrays as an .npz.

`read_tree` is what other modules call. It starts the child, which runs `read_for_parent`; that calls `read_here`, which
does the reading. The result is a `Tree`: groups as dicts, by the names of what they hold.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ScError, require

__all__ = [
    "MAX_BYTES",
    "MAX_OBJECTS",
    "READ_SECONDS",
    "Tree",
    "file_sha256",
    "read_for_parent",
    "read_here",
    "read_tree",
]

Tree = dict[str, Any]

# Greatest size of all arrays of a file together, in memory: 1 GiB.
MAX_BYTES = 1 << 30
# Greatest number of groups and arrays of a file, or of nodes of a graph.
MAX_OBJECTS = 100_000
_MAX_DEPTH = 32
# Seconds that the child process may take.
READ_SECONDS = 60.0
_MEMORY = 4 * MAX_BYTES
# Greatest size of a file: all its arrays without compression, and what HDF5 needs around them.
_MOST_BYTES = 2 * MAX_BYTES
_CHILD = "import sys; from sc_neurocore.nir_bridge.hdf5 import read_for_parent; read_for_parent(sys.argv[1])"
_NEEDS_H5PY = "NIR files need h5py: pip install nir h5py"
# Deflate packs at most 1032 to 1, LZF less.
_INFLATION = 1100
_COMPRESSORS = {1: "deflate", 32000: "LZF"}
_OTHER_FILTERS = {2: "shuffle", 3: "fletcher32"}


class _Reader:
    """Reads the groups and arrays of one open file, and keeps account of what they claim.

    Attributes:
        h5py: The package.
        path: The file, for messages.
        size: Its size in bytes.
        left: Bytes that arrays may still claim.
        objects: Groups and arrays met so far.
        seen: Where in the file these lie; an object that is met again is refused.
    """

    def __init__(self, h5py: Any, path: Path) -> None:
        self.h5py, self.path = h5py, path
        self.size = path.stat().st_size
        self.left, self.objects = MAX_BYTES, 0
        self.seen: set[Any] = set()

    def where(self, item: Any) -> str:
        """Return the file and the path of a group or array in it, as messages begin."""
        return f"{self.path}: {item.name}"

    def group(self, group: Any, depth: int = 0) -> Tree:
        """Return a group as a dict, with everything in it.

        Args:
            group: The group of h5py.
            depth: The number of groups around it.

        Raises:
            ScError: It nests too deeply, or something in it is a link, is met twice, or is refused (`dataset`).
        """
        require(depth <= _MAX_DEPTH, f"{self.where(group)}: groups must nest at most {_MAX_DEPTH} deep")
        self._count(group)
        tree: Tree = {}
        for name in group:
            link = group.get(name, getlink=True)
            require(
                type(link) is self.h5py.HardLink,
                f"{self.where(group)}/{name}: must lie in this file, got a link of type {type(link).__name__}",
            )
            item = group[name]
            if isinstance(item, self.h5py.Group):
                tree[name] = self.group(item, depth + 1)
            else:
                require(isinstance(item, self.h5py.Dataset), f"{self.where(group)}/{name}: must be an array or a group")
                tree[name] = self.dataset(item)
        return tree

    def _count(self, item: Any) -> None:
        """Count a group or array; refuse one too many, and one that was met before.

        Two names may lead to the same object in HDF5, also to a group within itself, which would never end.
        """
        self.objects += 1
        require(self.objects <= MAX_OBJECTS, f"{self.path}: must have at most {MAX_OBJECTS} groups and arrays")
        info = self.h5py.h5o.get_info(item.id)
        mark = (info.fileno, info.addr)
        require(mark not in self.seen, f"{self.where(item)}: is met twice, as in a cycle: every group must lie once")
        self.seen.add(mark)

    def dataset(self, item: Any) -> Any:
        """Return an array of numbers, a string, or an array of strings (dtype object), after checking its size.

        Args:
            item: The array of h5py, of which only metadata was read so far.

        Raises:
            ScError: Its values are stored elsewhere, its type or shape is refused, or it claims too many bytes.
        """
        self._count(item)
        where = self.where(item)
        require(not item.is_virtual and not item.external, f"{where}: its values must be stored in this file")
        text = self.h5py.check_string_dtype(item.dtype)
        require(
            text is not None or (item.dtype.kind in "biuf" and item.dtype.itemsize <= 8),
            f"{where}: must be integers, floats of at most 64 bits or strings, got {item.dtype}",
        )
        require(item.shape is not None, f"{where}: must have a shape, got an empty dataspace")
        require(item.ndim <= 8, f"{where}: must have at most 8 axes, got {item.ndim}")
        self._check_size(where, item)
        values = item[()]
        if text is None:
            return values if isinstance(values, np.ndarray) else np.asarray(values)
        if isinstance(values, bytes):
            return values.decode("utf-8")
        flat = [v.decode("utf-8") if isinstance(v, bytes) else str(v) for v in np.asarray(values).ravel()]
        return np.array(flat, dtype=object).reshape(item.shape)

    def _check_size(self, where: str, item: Any) -> None:
        """Refuse an array that its stored bytes cannot hold, before anything is allocated for it.

        A small file could otherwise claim an array of any size. Compressed values may be `_INFLATION` times as many as
        the stored bytes, and no more than one compressor may have been applied. What is claimed is counted for the
        whole file, against `MAX_BYTES`.

        Args:
            where: File and path of the array, as messages begin.
            item: The array of h5py.

        Raises:
            ScError: Its filters are unknown, or its shape or its chunks claim too many bytes.
        """
        plan = item.id.get_create_plist()
        filters = [plan.get_filter(k)[0] for k in range(plan.get_nfilters())]
        unknown = [f for f in filters if f not in _COMPRESSORS and f not in _OTHER_FILTERS]
        require(not unknown, f"{where}: filters must be {_known_filters()}, got number {unknown[0] if unknown else 0}")
        packed = sum(f in _COMPRESSORS for f in filters)
        require(packed <= 1, f"{where}: must be compressed at most once, got {packed} compressors")
        count = 1
        for n in item.shape:
            count *= int(n)
        claimed, stored = count * item.dtype.itemsize, int(item.id.get_storage_size())
        require(stored <= self.size, f"{where}: claims {stored} stored bytes, the file has {self.size}")
        most = stored * (_INFLATION if packed else 1)
        require(claimed <= most, f"{where}: shape {item.shape} claims {claimed} bytes, {stored} are stored")
        if item.chunks is not None:
            chunk = item.dtype.itemsize
            for n in item.chunks:
                chunk *= int(n)
            require(
                chunk <= max(1 << 16, stored * _INFLATION),
                f"{where}: chunks {item.chunks} claim {chunk} bytes, {stored} are stored",
            )
        self.left -= claimed
        require(self.left >= 0, f"{where}: all arrays together must be at most {MAX_BYTES} bytes")


def _known_filters() -> str:
    """Return the names of the filters that are read."""
    return ", ".join([*_COMPRESSORS.values(), *_OTHER_FILTERS.values()])


def read_here(path: str | os.PathLike[str]) -> Tree:
    """Do what `read_tree` does, but in this process, without limits of time and memory.

    Raises:
        ScError: h5py is not installed, or the file is no HDF5, is broken, or holds something that is refused.
    """
    try:
        import h5py
    except ImportError as error:
        raise ScError(_NEEDS_H5PY) from error
    file = Path(path)
    try:
        with h5py.File(file, "r") as content:
            reader = _Reader(h5py, file)
            link = content.get("node", getlink=True)
            require(
                type(link) is h5py.HardLink and isinstance(content["node"], h5py.Group),
                f"{file}: not a NIR file (it must have a group 'node')",
            )
            return reader.group(content["node"])
    except ScError:
        raise
    # What libhdf5 and h5py say of a broken file depends on where it is broken.
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, UnicodeError, MemoryError) as error:
        other = "signature not found" in str(error)  # a file of another format
        rule = "; a NIR file is HDF5, as nir.write(FILE, graph) makes it, usually FILE.nir" if other else ""
        raise ScError(f"{file}: cannot be read as HDF5, broken or truncated: {error}{rule}") from error


def _pack(tree: Tree, arrays: list[NDArray[Any]]) -> dict[str, Any]:
    """Return the tree as JSON values: an array of numbers as its place in `arrays`, one of strings as a list.

    Args:
        tree: The tree.
        arrays: A list to which the arrays of numbers are appended.
    """
    packed: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            packed[name] = {"group": _pack(value, arrays)}
        elif isinstance(value, str):
            packed[name] = {"text": value}
        elif value.dtype == object:
            packed[name] = {"texts": value.ravel().tolist(), "shape": value.shape}
        else:
            packed[name] = {"array": len(arrays)}
            arrays.append(value)
    return packed


def _unpack(packed: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Tree:
    """Return the tree from what `_pack` made of it, and the arrays by the names "a0", "a1", …"""
    tree: Tree = {}
    for name, value in packed.items():
        if "group" in value:
            tree[name] = _unpack(value["group"], arrays)
        elif "text" in value:
            tree[name] = value["text"]
        elif "texts" in value:
            tree[name] = np.array(value["texts"], dtype=object).reshape(value["shape"])
        else:
            tree[name] = arrays[f"a{value['array']}"]
    return tree


def read_for_parent(path: str) -> None:
    """Read a file and write the result to standard output, in the child process that `read_tree` starts.

    The output is an .npz. Its array "answer" is JSON in bytes: the tree as `_pack` states it, or the message of an
    ScError.
    """
    with suppress(ImportError):  # not on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    arrays: list[NDArray[Any]] = []
    try:
        answer: dict[str, Any] = {"tree": _pack(read_here(path), arrays)}
    except ScError as error:
        answer = {"error": str(error)}
    text = np.frombuffer(json.dumps(answer).encode(), dtype=np.uint8)
    out = io.BytesIO()
    named: dict[str, Any] = {f"a{k}": a for k, a in enumerate(arrays)}
    np.savez(out, answer=text, **named)
    sys.stdout.buffer.write(out.getbuffer())


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file in hexadecimal digits. The file is read piece by piece, so it may be large."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def read_tree(path: str | os.PathLike[str]) -> Tree:
    """Return the content of the group "node" of a NIR file.

    Args:
        path: The file, whatever its ending is.

    Returns:
        Groups as dicts, arrays of numbers as NumPy arrays, strings as str, arrays of strings as arrays of dtype object.

    Raises:
        ScError: h5py is not installed; the file is missing, broken or too large; or something in it is refused (see the
            module). The message names the file, and the group or array.
    """
    require(find_spec("h5py") is not None, _NEEDS_H5PY)
    file = Path(path)
    require(file.exists() or file.is_symlink(), f"{file}: no such file")
    require(file.is_file(), f"{file}: no such file: it is a folder, a device, a pipe or a broken link")
    size = file.stat().st_size
    require(size <= _MOST_BYTES, f"{file}: must be at most {_MOST_BYTES} bytes, got {size}")
    package = str(Path(__file__).parents[2])
    where = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
    try:
        done = subprocess.run(
            [sys.executable, "-c", _CHILD, str(file)],
            capture_output=True,
            check=False,
            timeout=READ_SECONDS,
            env={**os.environ, "PYTHONPATH": where, "OPENBLAS_NUM_THREADS": "1"},
        )
    except subprocess.TimeoutExpired:
        raise ScError(f"{file}: broken: the HDF5 library did not come to an end in {READ_SECONDS:g} s") from None
    if done.returncode:
        last = (done.stderr.decode(errors="replace").strip().splitlines() or [""])[-1]
        raise ScError(f"{file}: broken: the HDF5 library failed with exit code {done.returncode} {last}".rstrip())
    with np.load(io.BytesIO(done.stdout), allow_pickle=False) as kept:
        answer = json.loads(kept["answer"].tobytes())
        require("error" not in answer, answer.get("error", ""))
        return _unpack(answer["tree"], {name: kept[name] for name in kept.files})
