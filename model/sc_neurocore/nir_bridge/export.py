"""Networks as NIR graphs, for other frameworks: one that came from NIR as it was, our own as far as NIR can state them.

NIR has no streams, so a graph of a `Network` holds the rates that its codes stand for. What NIR cannot state, such as L
and the number sources, is kept in the metadata of the graph; `network_of` reads it and gets the same `Network` back.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np

from ..errors import ScError, require
from ..network import InputSpec, Layer, Network
from ..network_layers import KINDS
from .graph import Node
from .hdf5 import Tree
from .network import NirNetwork
from .tree import to_graph, write_tree

__all__ = ["METADATA", "network_of", "to_nir"]

# Entry of the graph's metadata that holds, as JSON, all of a Network's behaviour but its weights.
METADATA = "sc_neurocore"


def _with_shapes(tree: Tree, shapes: Mapping[str, Node], path: str = "") -> Tree:
    """Return the tree with the shapes that nir.write needs where the file left them open."""
    if tree["type"] == "NIRGraph":
        nodes = {k: _with_shapes(v, shapes, f"{path}.{k}" if path else k) for k, v in tree["nodes"].items()}
        return {**tree, "nodes": nodes}
    shape = shapes[path].input_shape if path in shapes else None
    if shape is not None and tree["type"] in ("Conv1d", "Conv2d") and "input_shape" not in tree:
        return {**tree, "input_shape": shape[1] if tree["type"] == "Conv1d" else np.array(shape[1:])}
    if tree["type"] == "Flatten" and "input_type" not in tree:
        return {**tree, "input_type": np.array(shape)}
    return tree


def _neuron(layer: Layer, network: Network, shape: tuple[int, ...]) -> Tree:
    """Return the node of a layer's neurons.

    A rate is X / L, so the current of `window_if` neurons (A8, window neuron) is S / L. Their count c / L is the rate
    of an IF with the threshold θ / 2^f. The current of `lif` neurons is the mean sum of a clock, in units of 2^f (A17,
    streaming).

    Args:
        layer: A layer with neurons.
        network: Its network, for theta_frac, f.
        shape: The shape of the layer's output; NIR has a parameter for each neuron.
    """
    assert layer.neuron is not None
    node = layer.neuron.nir_node(network.theta_frac)
    return {k: v if k == "type" else np.full(shape, v, dtype=np.float64) for k, v in node.items()}


def _network_tree(network: Network) -> Tree:
    """Return the tree of a `Network`. Weights are codes / L, exact in double precision; the rest is in the metadata."""
    network.one_window("the export to NIR")
    h, w, c = network.input.output_shape
    images = h * w > 1
    shape: tuple[int, ...] = (c, h, w) if images else (c,)
    nodes: dict[str, Tree] = {"input": {"type": "Input", "shape": np.array(shape)}}
    before = network.input.output_shape
    length = network.length
    for k, layer in enumerate(network.layers):
        if layer.takes_vectors and (len(shape) > 1 or prod(before[:2]) > 1):
            first = np.array([before[2], *before[:2]])
            nodes[f"flatten{k}"] = {
                "type": "Flatten",
                "input_type": first,
                "start_dim": np.array(0),
                "end_dim": np.array(-1),
            }
        try:
            name, nodes_of_layer = layer.nir_node(length, before)
        except ScError as error:
            raise ScError(f"layer {k} {error}") from None
        nodes[f"{name}{k}"] = nodes_of_layer
        rows, columns, channels = layer.output_shape
        shape = (layer.neurons,) if layer.takes_vectors else (channels, rows, columns)
        if layer.neuron is not None:
            nodes[f"neurons{k}"] = _neuron(layer, network, shape)
        before = layer.output_shape
    nodes["output"] = {"type": "Output", "shape": np.array(shape)}
    names = list(nodes)
    edges = np.array(list(pairwise(names)), dtype=object)
    content = {**network.content(), "name": network.name, "tag": network.tag}
    return {"type": "NIRGraph", "nodes": nodes, "edges": edges, "metadata": {METADATA: json.dumps(content)}}


def network_of(network: NirNetwork) -> Network:
    """Return the `Network` that `to_nir` wrote, the same to the last bit.

    Weights and thresholds come from the graph. What NIR cannot state (length, sources, the scale of the input) comes
    from the metadata.

    Raises:
        ScError: The graph was not written by `to_nir` from a Network, its metadata is broken, or it was changed
            afterwards, so that its tag of 32 bits differs.
    """
    text = network.tree.get("metadata", {}).get(METADATA)
    text = text.item() if isinstance(text, np.ndarray) and text.size == 1 else text
    require(isinstance(text, str), "the graph was not written by to_nir from a Network: convert it")
    try:
        content = json.loads(str(text))
        spec, length = content["input"], content["length"]
        layers = [_layer(network, k, entry, length) for k, entry in enumerate(content["layers"])]
        found = Network(
            length=length,
            layers=tuple(layers),
            input=InputSpec(
                tuple(spec["shape"]), spec["full_scale"], spec["pool"], spec["dataset"], spec.get("threshold")
            ),
            theta_frac=content["theta_frac"],
            activation_source=content["sources"]["activation"],
            weight_source=content["sources"]["weight"],
            name=content["name"],
        )
    except (KeyError, TypeError, ValueError) as error:
        require(False, f"the graph's metadata {METADATA!r} is broken: {error}")
        raise
    require(found.tag == content["tag"], "the graph was changed after to_nir wrote it: its tag differs, convert it")
    return found


def _codes(values: Any, length: int) -> np.ndarray[Any, Any]:
    """Return values · L as codes, int16; raise ScError where they are no codes of this length."""
    exact = np.asarray(values, np.float64) * length
    codes = np.round(exact)
    require(
        bool((exact == codes).all() and (np.abs(codes) < length).all()),
        f"weights are no codes of this length: each times {length} must be a whole number",
    )
    return codes.astype(np.int16)


def _layer(network: NirNetwork, k: int, entry: Any, length: int) -> Layer:
    """Return layer k, from the nodes of the graph and the layer's entry in the metadata."""
    nodes, before = network.graph.nodes, (1, 1, entry.get("inputs", 0))
    if f"flatten{k}" in nodes:
        channels, height, width = nodes[f"flatten{k}"].input_shape
        before = (height, width, channels)
    p = next((nodes[name].params for name in (f"fc{k}", f"conv{k}") if name in nodes), None)
    weights, bias = (None, None) if p is None else (_codes(p["weight"], length), _codes(p["bias"], length))
    return KINDS[entry["type"]].of_nir(entry, weights, bias, before)


def _spiking_tree(model: Any) -> Tree:
    """Return the tree of a `training.SpikingNet` of LIFCells and IFCells, for dt = 1 and the subtract reset.

    Raises:
        ScError: `model` is something else, or has other cells.
    """
    from ..training.bit_true_lif import cell_values
    from ..training.snn import SpikingNet

    require(
        isinstance(model, SpikingNet),
        f"the network must be a NirNetwork, a Network or a SpikingNet, got {type(model).__name__}",
    )
    nodes: dict[str, Tree] = {"input": {"type": "Input", "shape": np.array([model.n_input])}}
    for k, (linear, cell) in enumerate(model.layers()):
        kind = type(cell).__name__
        require(kind in ("LIFCell", "IFCell"), f"layer {k} has {kind}s: only LIFCell and IFCell are neurons of NIR")
        theta, beta = cell_values(cell)
        weight = linear.weight.detach().cpu().numpy()
        nodes[f"fc{k}"] = {"type": "Affine", "weight": weight, "bias": linear.bias.detach().cpu().numpy()}
        level, zero = np.full(len(weight), theta), np.zeros(len(weight))
        if beta == 1:
            nodes[f"neurons{k}"] = {"type": "IF", "r": np.ones(len(weight)), "v_threshold": level, "v_reset": zero}
            continue
        tau = np.full(len(weight), 1 / (1 - beta))
        nodes[f"neurons{k}"] = {
            "type": "LIF",
            "tau": tau,
            "r": tau,
            "v_leak": zero,
            "v_threshold": level,
            "v_reset": zero,
        }
    nodes["output"] = {"type": "Output", "shape": np.array([model.n_output])}
    names = list(nodes)
    return {
        "type": "NIRGraph",
        "nodes": nodes,
        "edges": np.array(list(pairwise(names)), dtype=object),
    }


def to_nir(network: Any, path: str | os.PathLike[str] | None = None) -> Any:
    """Return a `nir.NIRGraph` of a network, and write it to a file if a path is given.

    NIR states neither reset, comparator nor dt, and nothing of streams. A graph from a `Network` or a SpikingNet is
    meant for dt = 1 and the reset "subtract"; one from a Network is meant for the comparator ">=" as well.

    Args:
        network: A `NirNetwork`, which gives back the graph that it was made of, every array as it was. Or a `Network`:
            its weights become codes / L and its neurons IF or LIF, and `network_of` gets it back to the last bit. Or a
            `training.SpikingNet`.
        path: The file to write, in one step; None writes none.

    Raises:
        ScError: NIR has no node for a layer, the file cannot be written, or the package `nir` is not installed.
    """
    if isinstance(network, NirNetwork):
        tree = _with_shapes(network.tree, network.graph.nodes)
    else:
        tree = _network_tree(network) if isinstance(network, Network) else _spiking_tree(network)
    if path is not None:
        write_tree(tree, path)
    return to_graph(tree)
