"""A NIR graph as a tree of plain values, the form that files have as well: {"type": "LIF", "tau": array, …}.

Both ways into this package, a file and a graph of the package `nir`, lead to such a tree, so that only one form has to
be checked. A graph is {"type": "NIRGraph", "nodes": {name: tree}, "edges": pairs of names}.

`NODES` lists the primitives of the specification (Pedersen et al. 2024; nir 1.0.8) with their fields. Nothing is lost
on the way to the package `nir` and back. This module imports `nir` only when a graph is made or taken.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ScError, require
from .hdf5 import MAX_OBJECTS, Tree

__all__ = ["NODES", "Fields", "check_fields", "to_graph", "tree_of", "write_tree"]

_MAX_DEPTH = 32


class Fields:
    """The fields of a primitive.

    Attributes:
        required: Names of the fields that a node must have, in the order of nir's constructor.
        optional: Names of the fields that it may have.
    """

    def __init__(self, required: str, optional: str = "") -> None:
        self.required, self.optional = tuple(required.split()), tuple(optional.split())

    @property
    def all(self) -> tuple[str, ...]:
        """Every field: the required ones, then the optional ones."""
        return (*self.required, *self.optional)


NODES: Mapping[str, Fields] = {
    "NIRGraph": Fields("nodes edges"),
    "Input": Fields("shape"),
    "Output": Fields("shape"),
    "Affine": Fields("weight bias"),
    "Linear": Fields("weight"),
    "Scale": Fields("scale"),
    "Conv1d": Fields("weight stride padding dilation groups bias", "input_shape"),
    "Conv2d": Fields("weight stride padding dilation groups bias", "input_shape"),
    "Flatten": Fields("start_dim end_dim", "input_type"),
    "SumPool2d": Fields("kernel_size stride padding"),
    "AvgPool2d": Fields("kernel_size stride padding"),
    "I": Fields("r"),
    "IF": Fields("r v_threshold", "v_reset"),
    "LI": Fields("tau r v_leak"),
    "LIF": Fields("tau r v_leak v_threshold", "v_reset"),
    "CubaLI": Fields("tau_syn tau_mem r v_leak", "w_in"),
    "CubaLIF": Fields("tau_syn tau_mem r v_leak v_threshold", "v_reset w_in"),
    "Delay": Fields("delay"),
    "Threshold": Fields("threshold"),
}

# What could stand in for types that other tools know and NIR, or this project, does not.
_INSTEAD = {
    "MaxPool2d": "AvgPool2d or SumPool2d, trained as such",
    "AvgPool1d": "Conv1d with equal weights",
    "BatchNorm2d": "its scale and shift folded into the Conv2d before it",
    "BatchNorm1d": "its scale and shift folded into the Affine before it",
    "Conv3d": "Conv2d over one axis less, or an Affine",
    "ConvTranspose2d": "an Affine with the same matrix",
    "Dropout": "nothing: it does nothing at inference",
    "Identity": "an edge",
    "ReLU": "IF with the subtract reset, whose rate is a ReLU",
    "ALIF": "LIF, or an equation of its own for the hardware",
    "AdEx": "LIF, or an equation of its own for the hardware",
    "Izhikevich": "LIF, or an equation of its own for the hardware",
    "LSTM": "CubaLIF with recurrent edges",
    "GRU": "CubaLIF with recurrent edges",
}


def check_fields(name: str, node: Any) -> str:
    """Return the type of a node, after checking the names of its fields.

    A field that is not known might change the meaning of the node, so it is refused and not skipped.

    Args:
        name: The name of the node, for messages.
        node: Its tree.

    Raises:
        ScError: The node has no type, one that is not supported, or missing or unknown fields. For a type that other
            tools have, the message says what could replace it.

    Example:
        >>> check_fields("a", {"type": "Scale", "scale": [2.0]})
        'Scale'
    """
    require(isinstance(node, Mapping), f"node {name!r} must be a group with a type, got an array")
    kind = node.get("type")
    split = "; a name with '/' becomes groups in a file: leave '/' out of the names of nodes" if kind is None else ""
    require(isinstance(kind, str), f"node {name!r} must have a type, a string, got {kind!r:.60}{split}")
    if kind not in NODES:
        instead = _INSTEAD.get(kind, f"one of {', '.join(k for k in NODES if k != 'NIRGraph')}")
        raise ScError(f"node {name!r} is of type {kind!r}, which is not supported: it could be replaced by {instead}")
    fields = NODES[kind]
    missing = [f for f in fields.required if f not in node]
    require(not missing, f"node {name!r} ({kind}) must have {', '.join(missing)}")
    known = {*fields.all, "type", "metadata"}
    unknown = sorted(set(node) - known)
    require(not unknown, f"node {name!r} ({kind}) has unknown fields, which might change its meaning: {unknown}")
    return str(kind)


def _nir() -> Any:
    """Return the package `nir`; raise ScError where it is not installed."""
    try:
        import nir
    except ImportError as error:
        raise ScError("graphs of the package nir need it: pip install nir h5py") from error
    return nir


def _plain(name: str, value: Any) -> Any:
    """Return a field of a nir node as an array or a string; a torch tensor is taken without importing torch."""
    if isinstance(value, str):
        return value
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    try:
        return np.array(value)  # a copy: what the caller does to the node later does not reach the network
    except (ValueError, TypeError, RuntimeError) as error:
        raise ScError(f"{name} must be an array: {error}") from None


class _Taker:
    """Turns a `nir.NIRGraph` into a tree, and counts nodes so that a graph without an end is refused.

    Attributes:
        nir: The package.
        count: Nodes taken so far.
        open: Ids of the graphs that are being taken; one that is met again contains itself.
    """

    def __init__(self, nir: Any) -> None:
        self.nir, self.count, self.open = nir, 0, set[int]()

    def metadata(self, name: str, values: Mapping[Any, Any], depth: int = 0) -> Tree:
        """Return a node's metadata as nested dicts of arrays and strings."""
        require(depth <= _MAX_DEPTH, f"{name} must nest at most {_MAX_DEPTH} deep")
        return {
            str(k): self.metadata(name, v, depth + 1) if isinstance(v, Mapping) else _plain(f"{k!r} in {name}", v)
            for k, v in values.items()
        }

    def node(self, name: str, node: Any, depth: int = 0) -> Tree:
        """Return the tree of a node, or of a graph with all its nodes; see `tree_of` for what is refused."""
        kind = type(node).__name__
        self.count += 1
        require(self.count <= MAX_OBJECTS, f"a graph must have at most {MAX_OBJECTS} nodes")
        require(isinstance(node, self.nir.NIRNode), f"node {name!r} must be a node of the package nir, got {kind}")
        if kind not in NODES:
            return {"type": kind}  # refused by `check_fields`, as in a file
        tree: Tree = {"type": kind}
        metadata = getattr(node, "metadata", None)
        if isinstance(metadata, Mapping) and metadata:
            tree["metadata"] = self.metadata(f"metadata of node {name!r}", metadata)
        if isinstance(node, self.nir.NIRGraph):
            require(depth <= _MAX_DEPTH, f"node {name!r}: graphs must nest at most {_MAX_DEPTH} deep")
            require(id(node) not in self.open, f"node {name!r}: a graph must not contain itself")
            self.open.add(id(node))
            tree["nodes"] = {str(k): self.node(str(k), v, depth + 1) for k, v in node.nodes.items()}
            self.open.discard(id(node))
            tree["edges"] = np.array([list(map(str, e)) for e in node.edges], dtype=object).reshape(-1, 2)
            return tree
        for field in NODES[kind].all:
            if field == "shape":
                types = node.input_type if kind == "Input" else node.output_type
                value = None if types is None else types["input" if kind == "Input" else "output"]
            elif field == "input_type":
                value = None if node.input_type is None else node.input_type["input"]
            else:
                value = getattr(node, field, None)
            if value is not None:
                tree[field] = _plain(f"{field} of node {name!r}", value)
        return tree


def tree_of(graph: Any) -> Tree:
    """Return the tree of a `nir.NIRGraph`. Its arrays are copies.

    Raises:
        ScError: `graph` is something else, contains itself, is too large, or has a field that is no array.
    """
    nir = _nir()
    require(isinstance(graph, nir.NIRGraph), f"the graph must be a path or a nir.NIRGraph, got {type(graph).__name__}")
    return _Taker(nir).node("graph", graph)


def _scalar(value: Any) -> Any:
    """Return an array without axes as a NumPy scalar: nir cannot write the array."""
    return value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value


def to_graph(tree: Tree) -> Any:
    """Return the tree as a `nir.NIRGraph`.

    nir's own check of types is left out, because it refuses some valid convolutions.

    Raises:
        ScError: The package `nir` is not installed.
    """
    nir = _nir()
    values = {k: _scalar(v) for k, v in tree.items() if k not in ("type", "metadata")}
    metadata = dict(tree.get("metadata", {}))
    if tree["type"] == "NIRGraph":
        nodes = {name: to_graph(node) for name, node in values["nodes"].items()}
        edges = [(str(a), str(b)) for a, b in values["edges"]]
        return nir.NIRGraph(nodes, edges, metadata=metadata, type_check=False)
    make = getattr(nir, tree["type"])
    if tree["type"] in ("Input", "Output"):
        return make(values["shape"], metadata=metadata)
    if tree["type"] == "Flatten":
        values["input_type"] = {"input": values.get("input_type")}
    if tree["type"] in ("Conv1d", "Conv2d"):
        values.setdefault("input_shape", None)
    return make(**values, metadata=metadata)


def write_tree(tree: Tree, path: str | os.PathLike[str]) -> None:
    """Write the tree as a NIR file in one step: at any time the file is the whole old one or the whole new one.

    Args:
        tree: The tree of a graph.
        path: The file; its folder must exist.

    Raises:
        ScError: The file cannot be written, or the package `nir` is not installed.
    """
    nir = _nir()
    target = Path(path).absolute()
    require(target.parent.is_dir(), f"{target} cannot be written: {target.parent} is not a folder")
    require(not target.is_dir(), f"{target} cannot be written: it is a folder")
    try:
        with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as folder:
            new = Path(folder) / "new.nir"
            nir.write(new, to_graph(tree))
            os.replace(new, target)
    except OSError as error:
        raise ScError(f"{target} cannot be written: {error.strerror or error}") from error
