"""A NIR file as a tree of plain values, read with distrust: h5py only, and nothing is allocated on a claim.

NIR files are HDF5. Refused by name are links that lead elsewhere (external, soft), storage outside the file, object
types other than strings, filters that are no part of HDF5 or h5py (they would be loaded as plug-ins), groups within
themselves or met twice, and arrays that claim more than their stored bytes can hold.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ScError, require

__all__ = ["MAX_BYTES", "MAX_OBJECTS", "Tree", "read_tree"]

Tree = dict[str, Any]

# Of all arrays of a file together, once they are in memory.
MAX_BYTES = 1 << 30
MAX_OBJECTS = 100_000
_MAX_DEPTH = 32
# Deflate packs at most 1032 to 1, LZF less.
_INFLATION = 1100
_COMPRESSORS = {1: "deflate", 32000: "LZF"}
_OTHER_FILTERS = {2: "shuffle", 3: "fletcher32"}


class _Reader:
    def __init__(self, h5py: Any, path: Path) -> None:
        self.h5py, self.path = h5py, path
        self.size = path.stat().st_size
        self.left, self.objects = MAX_BYTES, 0
        self.seen: set[Any] = set()

    def where(self, item: Any) -> str:
        return f"{self.path}: {item.name}"

    def group(self, group: Any, depth: int = 0) -> Tree:
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
        self.objects += 1
        require(self.objects <= MAX_OBJECTS, f"{self.path}: must have at most {MAX_OBJECTS} groups and arrays")
        info = self.h5py.h5o.get_info(item.id)
        mark = (info.fileno, info.addr)
        require(mark not in self.seen, f"{self.where(item)}: is met twice, as in a cycle: every group must lie once")
        self.seen.add(mark)

    def dataset(self, item: Any) -> Any:
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
        """Refuse an array that its stored bytes cannot hold, before anything is allocated for it."""
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
    return ", ".join([*_COMPRESSORS.values(), *_OTHER_FILTERS.values()])


def read_tree(path: str | os.PathLike[str]) -> Tree:
    """Return the content of a NIR file's group "node": groups as dicts, arrays as NumPy arrays, strings as str.

    Raises ScError naming the file, and the group or array, for whatever is missing, broken or refused (see the module).
    """
    try:
        import h5py
    except ImportError as error:
        raise ScError("NIR files need h5py: pip install sc-neurocore[nir]") from error
    file = Path(path)
    require(file.is_file(), f"{file}: no such file")
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
        raise ScError(f"{file}: cannot be read as HDF5, broken or truncated: {error}") from error
