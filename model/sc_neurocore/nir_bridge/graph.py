"""A NIR tree as a flat, checked graph: nodes with shapes, edges, the order of a step, and the edges that wait a step.

Subgraphs are taken apart: their nodes are called "sub.node", and their Input and Output pass values on. Several edges
into one node add up. Every node must be reached from an Input, and every cycle must hold a node with a state or a
delay. `graph_of` does all but the order, which depends on the discretisation: `components`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ScError, require
from .hdf5 import Tree
from .tree import check_fields

__all__ = [
    "MAX_VALUES",
    "SPIKING",
    "STATEFUL",
    "WEIGHTED",
    "Component",
    "Graph",
    "Node",
    "Shape",
    "components",
    "graph_of",
]

Shape = tuple[int, ...]
Params = Mapping[str, Any]

# Greatest number of values that one node may hold for one sample.
MAX_VALUES = 1 << 24
_MAX_NODES, _MAX_EDGES = 10_000, 100_000
_MAX_DEPTH = 32
SPIKING = frozenset({"IF", "LIF", "CubaLIF"})
WEIGHTED = frozenset({"Affine", "Linear", "Conv1d", "Conv2d"})
STATEFUL = SPIKING | {"I", "LI", "CubaLI"}
# An Output whose shape follows from an Input's that was given.
_FREE = "free Output"
_TIMES = frozenset({"tau", "tau_syn", "tau_mem"})
# Fields that may be infinite: exporters write so for a neuron without a leak. `_params` adds r where there is a time.
_ENDLESS = _TIMES | {"w_in"}


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One primitive of NIR.

    Attributes:
        name: Its name; of a node in a subgraph with the names of the graphs around it, such as "sub.lif".
        kind: Its type, such as "LIF".
        params: Its fields as checked arrays, ints and tuples.
        input_shape: Shape of one sample in one step that arrives.
        output_shape: Shape of one sample in one step that leaves.
    """

    name: str
    kind: str
    params: Params
    input_shape: Shape
    output_shape: Shape


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """Nodes and edges, without subgraphs.

    Attributes:
        nodes: The nodes by name, in the order of the file.
        edges: Pairs (from, to) of names.
        inputs: Names of the outermost Input nodes.
        outputs: Names of the outermost Output nodes.
        notes: What was taken for granted where shapes do not chain as the file states them.
    """

    nodes: Mapping[str, Node]
    edges: tuple[tuple[str, str], ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    notes: tuple[str, ...] = ()
    _before: dict[str, list[str]] = field(init=False)
    _after: dict[str, list[str]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_before", {name: [] for name in self.nodes})
        object.__setattr__(self, "_after", {name: [] for name in self.nodes})
        for a, b in self.edges:
            self._after[a].append(b)
            self._before[b].append(a)

    def before(self, name: str) -> Sequence[str]:
        """Return the nodes with an edge to this one, in the order of the edges."""
        return self._before[name]

    def after(self, name: str) -> Sequence[str]:
        """Return the nodes with an edge from this one, in the order of the edges."""
        return self._after[name]


# Fields.


def _numbers(here: str, field: str, value: Any, endless: bool = False) -> NDArray[Any]:
    """Return a field as a read-only array of finite real numbers.

    Args:
        here: How a message begins.
        field: The name of the field, for messages.
        value: What the file has.
        endless: Allow plus infinity as well, see `_ENDLESS`.
    """
    a = np.asarray(value)
    require(a.dtype.kind in "biuf", f"{here}: {field} must be real numbers, got dtype {a.dtype}")
    require(a.size > 0, f"{here}: {field} must not be empty, got shape {a.shape}")
    fine = np.isfinite(a) | (a == np.inf) if endless else np.isfinite(a)
    if not fine.all():
        index = tuple(int(i) for i in np.argwhere(~fine)[0])
        raise ScError(f"{here}: {field} must be finite, got {a[index]} at index {index}")
    a = a.view()
    a.setflags(write=False)
    return a


def _whole(here: str, field: str, value: Any, low: int, high: int = 1 << 16) -> list[int]:
    """Return the whole numbers of a field with one axis, or of a single number, as a list; floats must be whole.

    Args:
        here: How a message begins.
        field: The name of the field, for messages.
        value: What the file has, 8 numbers at most.
        low: The least number that is allowed.
        high: The greatest one.
    """
    a = np.asarray(value)
    whole = a.dtype.kind in "iu" or (a.dtype.kind == "f" and np.isfinite(a).all() and (a == np.round(a)).all())
    require(whole and a.ndim <= 1 and 1 <= a.size <= 8, f"{here}: {field} must be whole numbers, got {value!r:.60}")
    found = [int(n) for n in a.reshape(-1)]
    require(all(low <= n <= high for n in found), f"{here}: {field} must be in [{low}, {high}], got {found}")
    return found


def _shape(here: str, field: str, value: Any) -> Shape:
    """Return a shape of sizes of at least 1, with at most `MAX_VALUES` values."""
    shape = tuple(_whole(here, field, value, 1, MAX_VALUES))
    require(prod(shape) <= MAX_VALUES, f"{here}: {field} {shape} must hold at most {MAX_VALUES} values")
    return shape


def _spread(here: str, field: str, value: Any, axes: int, low: int) -> tuple[int, ...]:
    """Return one number an axis from one for each or one for all."""
    found = _whole(here, field, value, low)
    require(len(found) in (1, axes), f"{here}: {field} must be one number or {axes}, got {found}")
    return tuple(found * axes) if len(found) == 1 else tuple(found)


def _conv_params(here: str, node: Tree, axes: int) -> Params:
    """Return the checked fields of a convolution over one or two axes; its padding becomes pairs (before, behind)."""
    weight = _numbers(here, "weight", node["weight"])
    require(
        weight.ndim == axes + 2,
        f"{here}: weight must have {axes + 2} axes (channels out, in, then the kernel), got shape {weight.shape}",
    )
    bias = _numbers(here, "bias", node["bias"])
    require(
        bias.size in (1, weight.shape[0]) and bias.ndim <= 1,
        f"{here}: bias must be one number for each of the {weight.shape[0]} channels, got shape {bias.shape}",
    )
    (groups,) = _spread(here, "groups", node["groups"], 1, 1)
    require(weight.shape[0] % groups == 0, f"{here}: groups must divide the {weight.shape[0]} channels, got {groups}")
    stride = _spread(here, "stride", node["stride"], axes, 1)
    dilation = _spread(here, "dilation", node["dilation"], axes, 1)
    reach = [d * (k - 1) for d, k in zip(dilation, weight.shape[2:], strict=True)]
    padding = node["padding"]
    if isinstance(padding, np.ndarray) and padding.dtype == object and padding.size == 1:
        padding = padding.item()
    if isinstance(padding, str):
        require(padding in ("same", "valid"), f"{here}: padding must be 'same', 'valid' or numbers, got {padding!r}")
        same = padding == "same"
        require(not same or set(stride) == {1}, f"{here}: padding 'same' needs stride 1, got {stride}")
        # As torch: of an odd total the greater half is behind.
        pads = tuple((r // 2, r - r // 2) if same else (0, 0) for r in reach)
    else:
        pads = tuple((p, p) for p in _spread(here, "padding", padding, axes, 0))
    params = {"weight": weight, "bias": bias, "groups": groups, "stride": stride, "dilation": dilation, "pads": pads}
    if "input_shape" in node:
        params["input_shape"] = _shape(here, "input_shape", node["input_shape"])
    return params


def _pool_params(here: str, node: Tree) -> Params:
    """Return the checked fields of a pooling: "kernel", "stride" and "pads", one entry for each of the two axes."""
    kernel = _spread(here, "kernel_size", node["kernel_size"], 2, 1)
    padding = _spread(here, "padding", node["padding"], 2, 0)
    require(
        all(2 * p <= k for p, k in zip(padding, kernel, strict=True)),
        f"{here}: padding must be at most half the kernel {kernel}, got {padding}",
    )
    pads = tuple((p, p) for p in padding)
    return {"kernel": kernel, "stride": _spread(here, "stride", node["stride"], 2, 1), "pads": pads}


def _spreads(shape: Shape, wanted: Shape) -> bool:
    """Return whether an array of `shape` broadcasts to `wanted`."""
    behind = wanted[len(wanted) - len(shape) :]
    return len(shape) <= len(wanted) and all(n in (1, m) for n, m in zip(shape, behind, strict=True))


def _params(here: str, kind: str, node: Tree) -> Params:
    """Return the checked fields of a node."""
    if kind in ("Input", "Output"):
        try:
            return {"shape": _shape(here, "shape", node["shape"])}
        except ScError as error:
            hint = ": input_shape=… (--input-shape N,N…) says which it has" if kind == "Input" else ""
            raise ScError(f"{error}{hint}") from None
    if kind in ("Conv1d", "Conv2d"):
        return _conv_params(here, node, int(kind[4]))
    if kind in ("SumPool2d", "AvgPool2d"):
        return _pool_params(here, node)
    if kind == "Flatten":
        start, end = (_whole(here, f, node[f], -8, 8)[0] for f in ("start_dim", "end_dim"))
        declared = node.get("input_type")
        known = {} if declared is None else {"input_shape": _shape(here, "input_type", declared)}
        return {"start_dim": start, "end_dim": end, **known}
    endless = _ENDLESS | ({"r"} if _TIMES & set(node) else set())
    params = {f: _numbers(here, f, v, f in endless) for f, v in node.items() if f not in ("type", "metadata")}
    if kind in ("Affine", "Linear"):
        weight = params["weight"]
        require(weight.ndim >= 2, f"{here}: weight must have at least 2 axes, got shape {weight.shape}")
        if kind == "Affine":
            wanted = weight.shape[:-1]
            shape = params["bias"].shape
            require(_spreads(shape, wanted), f"{here}: bias must have shape {wanted}, got {shape}")
    for time in sorted(_TIMES & set(params)):
        least = float(params[time].min())
        require(least > 0, f"{here}: {time} must be above 0, got {least:g}")
    if kind in SPIKING:
        params.setdefault("v_reset", np.zeros((), dtype=params["v_threshold"].dtype))
    if kind in ("CubaLI", "CubaLIF"):
        params.setdefault("w_in", np.ones((), dtype=params["v_leak"].dtype))
    if kind == "Delay":
        least = float(params["delay"].min())
        require(least >= 0, f"{here}: delay must be at least 0, got {least:g}")
    return params


# Shapes.


def _own_shape(params: Params) -> Shape:
    """Return the greatest shape of a neuron's parameters."""
    return max((a.shape for a in params.values()), key=lambda s: (len(s), prod(s)))


def _declared(kind: str, params: Params) -> Shape | None:
    """Return the shape of the input where the node itself says it."""
    if kind in ("Input", "Output"):
        return tuple(params["shape"])
    if kind in ("Affine", "Linear"):
        return (*params["weight"].shape[:-2], params["weight"].shape[-1])
    if kind in ("Conv1d", "Conv2d"):
        known = params.get("input_shape")
        return None if known is None else (params["weight"].shape[1] * params["groups"], *known)
    if kind == "Flatten":
        return params.get("input_shape")
    if kind in ("SumPool2d", "AvgPool2d"):
        return None
    own = _own_shape(params)
    return own if prod(own) > 1 else None


def _windows(here: str, sizes: Sequence[int], kernel: Sequence[int], params: Params) -> Shape:
    """Return the number of positions of a kernel on each axis: ⌊(size + padding − kernel) / stride⌋ + 1."""
    out = []
    for size, k, stride, (low, high) in zip(sizes, kernel, params["stride"], params["pads"], strict=True):
        room = size + low + high - k
        require(room >= 0, f"{here}: a kernel that spans {k} does not fit {size} values with padding {low} + {high}")
        out.append(room // stride + 1)
    return tuple(out)


def _core(shape: Sequence[int]) -> Shape:
    """Return a shape without the axes of 1 at its front."""
    ones = next((k for k, n in enumerate(shape) if n != 1), len(shape))
    return tuple(shape[ones:])


def _flat_shape(here: str, shape: Shape, params: Params, batch: bool) -> Shape:
    """Return the shape that a Flatten gives.

    Args:
        here: How a message begins.
        shape: The shape of its input, without a batch axis.
        params: Its fields; the axes from start_dim to end_dim become one.
        batch: Its axes count one for the batch, as those of torch do, so that axis 1 is the first one here.
    """
    start, end = (a - 1 if batch and a > 0 else a for a in (params["start_dim"], params["end_dim"]))
    axes = len(shape)
    require(
        -axes <= start < axes and -axes <= end < axes,
        f"{here}: start_dim and end_dim must be axes of {shape}, got {start} and {end}",
    )
    start, end = start % axes, end % axes
    require(start <= end, f"{here}: start_dim must be at most end_dim, got {start} and {end}")
    return (*shape[:start], prod(shape[start : end + 1]), *shape[end + 1 :])


def _output_shape(here: str, kind: str, params: Params, shape: Shape, batch: bool = False) -> Shape:
    """Return the shape of the output of a node for an input of `shape`.

    Args:
        here: How a message begins.
        kind: The type of the node.
        params: Its fields.
        shape: The shape that arrives.
        batch: See `_flat_shape`.

    Raises:
        ScError: The node does not take such an input.
    """
    if kind in ("Affine", "Linear"):
        wanted = _declared(kind, params)
        require(shape == wanted, f"{here} takes shape {wanted} but gets {shape}: shapes must chain")
        return tuple(params["weight"].shape[:-1])
    if kind in ("Conv1d", "Conv2d"):
        weight, groups = params["weight"], params["groups"]
        axes = weight.ndim - 2
        channels = weight.shape[1] * groups
        require(
            len(shape) == axes + 1 and shape[0] == channels,
            f"{here} takes {channels} channels and {axes} more axes but gets {shape}: shapes must chain",
        )
        known = params.get("input_shape")
        require(
            known is None or shape[1:] == tuple(known),
            f"{here}: input_shape says {known} but the input is {shape[1:]}",
        )
        spans = [d * (k - 1) + 1 for d, k in zip(params["dilation"], weight.shape[2:], strict=True)]
        return (weight.shape[0], *_windows(here, shape[1:], spans, params))
    if kind in ("SumPool2d", "AvgPool2d"):
        require(len(shape) == 3, f"{here} takes (channels, height, width) but gets {shape}")
        return (shape[0], *_windows(here, shape[1:], params["kernel"], params))
    if kind == "Flatten":
        known = params.get("input_shape")
        fits = known is None or _core(known) == _core(shape) or (batch and _core(known[1:]) == _core(shape))
        require(fits, f"{here}: input_type says {known} but the input is {shape}")
        return _flat_shape(here, shape, params, batch)
    if kind in ("Input", "Output"):
        wanted = tuple(params["shape"])  # axes of 1 at the front, as of a batch, are no difference
        require(_core(shape) == _core(wanted), f"{here} says shape {wanted} but gets {shape}: shapes must chain")
        return shape
    if kind == _FREE:
        return shape
    for name, a in params.items():
        require(
            a.size == 1 or _spreads(a.shape, shape),
            f"{here}: {name} has shape {a.shape}, which does not spread over its input {shape}",
        )
    return shape


# Taking subgraphs apart.


class _Flattener:
    """Takes subgraphs apart: collects the kinds, fields and edges of all nodes under their full names.

    Attributes:
        given: The shape that the user gave for the outermost Input, or None.
        kinds: Type of each node by full name.
        params: Checked fields of each node.
        edges: Pairs of full names.
    """

    def __init__(self, given: Shape | None = None) -> None:
        self.given = given  # in the place of the shape of outermost Inputs, which may be no shape at all
        self.kinds: dict[str, str] = {}
        self.params: dict[str, Params] = {}
        self.edges: list[tuple[str, str]] = []

    def graph(self, path: str, tree: Tree, depth: int = 0) -> tuple[dict[str, str], dict[str, str]]:
        """Take in a graph and the graphs within it; return its Inputs and its Outputs, full names by name.

        Args:
            path: The names of the graphs around it with a dot behind each, "" for the outermost.
            tree: The tree of the graph.
            depth: The number of graphs around it.
        """
        here = f"graph {path[:-1]!r}" if path else "the graph"
        require(depth <= _MAX_DEPTH, f"{here}: graphs must nest at most {_MAX_DEPTH} deep")
        nodes = tree["nodes"]
        require(isinstance(nodes, Mapping), f"{here}: nodes must be a group, got an array")
        inputs: dict[str, str] = {}
        outputs: dict[str, str] = {}
        inner: dict[str, tuple[dict[str, str], dict[str, str]]] = {}
        for name, node in nodes.items():
            full = path + name
            kind = check_fields(full, node)
            if kind == "NIRGraph":
                inner[name] = self.graph(f"{full}.", node, depth + 1)
                continue
            require(full not in self.kinds, f"{here}: two nodes are called {full!r}")
            require(len(self.kinds) < _MAX_NODES, f"a graph must have at most {_MAX_NODES} nodes")
            self.kinds[full] = kind
            if kind == "Input" and not path and self.given is not None:
                self.params[full] = {"shape": self.given}
            else:
                self.params[full] = _params(f"node {full!r} ({kind})", kind, node)
            if kind in ("Input", "Output"):
                (inputs if kind == "Input" else outputs)[name] = full
        require(inputs, f"{here} has no Input node")
        require(outputs, f"{here} has no Output node")
        for a, b in self._pairs(here, tree["edges"]):
            self.edges.append((self._end(here, a, nodes, inner, path, 1), self._end(here, b, nodes, inner, path, 0)))
        return inputs, outputs

    def _pairs(self, here: str, edges: Any) -> list[tuple[str, str]]:
        """Return the edges of a graph as pairs of names, after checking their form and that none is there twice."""
        a = np.asarray(edges, dtype=object)
        if a.size == 0:
            return []
        require(
            a.ndim == 2 and a.shape[1] == 2 and all(isinstance(e, str) for e in a.flat),
            f"{here}: edges must be pairs of names, got shape {a.shape}",
        )
        pairs = [(str(x), str(y)) for x, y in a]
        require(len(pairs) <= _MAX_EDGES, f"{here} must have at most {_MAX_EDGES} edges, got {len(pairs)}")
        twice = [p for p, n in Counter(pairs).items() if n > 1]
        require(not twice, f"{here}: the edge {' → '.join(twice[0]) if twice else ''} is there twice")
        return pairs

    def _end(
        self,
        here: str,
        name: str,
        nodes: Mapping[str, Any],
        inner: Mapping[str, tuple[dict[str, str], dict[str, str]]],
        path: str,
        side: int,
    ) -> str:
        """Return the full name of the node at one end of an edge. At a subgraph this is its Input or its Output.

        Args:
            here: How a message begins.
            name: The name that the edge has.
            nodes: The nodes of the graph.
            inner: Inputs and Outputs of the subgraphs, by name.
            path: See `graph`.
            side: 1 for the end that the edge leaves, 0 for the end that it reaches.
        """
        if name in nodes and name not in inner:
            return path + name
        sub, _, port = name.rpartition(".") if name not in inner else (name, "", "")
        require(sub in inner, f"{here}: an edge names {name!r}, but there is no such node")
        ports = inner[sub][side]
        kind = "Output" if side else "Input"
        if port:
            require(port in ports, f"{here}: an edge names {name!r}, but {sub!r} has no {kind} {port!r}")
            return ports[port]
        require(
            len(ports) == 1,
            f"{here}: an edge names {name!r}, which has {len(ports)} {kind} nodes: it must name one, as {name}.NAME",
        )
        return next(iter(ports.values()))


def _infer(flat: _Flattener, starts: Mapping[str, Shape], batch: bool = False) -> dict[str, tuple[Shape, Shape]]:
    """Return (input shape, output shape) of every node; every edge is checked.

    Args:
        flat: Nodes and edges.
        starts: The shape of each Input, from which the others follow.
        batch: See `_flat_shape`.

    Raises:
        ScError: Shapes do not chain, a node would hold too many values, or a node is reached from no Input.
    """
    shapes: dict[str, tuple[Shape, Shape]] = {}
    after: dict[str, list[str]] = {}
    for a, b in flat.edges:
        after.setdefault(a, []).append(b)
    todo = [(name, shape, "") for name, shape in starts.items()]
    while todo:
        name, shape, source = todo.pop()
        kind = flat.kinds[name]
        here = f"node {name!r} ({kind})" + (f", behind {source!r}," if source else "")
        if name in shapes:
            require(
                shapes[name][0] == shape,
                f"{here} gets shape {shape}, and {shapes[name][0]} by another edge: edges into one node add up",
            )
            continue
        if not source:
            shapes[name] = shape, shape
        else:
            shapes[name] = shape, _output_shape(here, kind, flat.params[name], shape, batch)
        most = max(prod(shapes[name][0]), prod(shapes[name][1]))
        require(most <= MAX_VALUES, f"{here} would hold {most} values, at most {MAX_VALUES} are allowed")
        todo += [(n, shapes[name][1], name) for n in after.get(name, ())]
    lost = [name for name in flat.kinds if name not in shapes]
    require(not lost, f"node {lost[0] if lost else ''!r} is reached from no Input: nothing would ever arrive there")
    return shapes


def _readings(
    flat: _Flattener, starts: Mapping[str, Shape], fixed: bool
) -> Iterator[tuple[dict[str, Shape], bool, str]]:
    """Yield what a file may mean by its shapes, the plain meaning first.

    Exporters write the shapes that torch has: Inputs with the batch as the first axis, Flattens that begin behind it.

    Args:
        flat: Nodes and edges.
        starts: The shape of each Input as the file states it.
        fixed: The user gave the shape of the Input, so it is not changed.

    Yields:
        The shapes of the Inputs; whether Flattens count a batch axis; and a sentence that says so, or "".
    """
    flattens = [n for n, k in flat.kinds.items() if k == "Flatten" and flat.params[n]["start_dim"] > 0]
    counted = f"start_dim of {', '.join(map(repr, flattens))} counts an axis for the batch, which samples have not"
    found = dict(starts)
    notes: list[str] = []
    yield found, False, ""
    while not fixed and any(len(s) > 1 and s[0] == 1 for s in found.values()):
        notes = [f"the first axis of {n!r}, {s}, is the batch" for n, s in starts.items() if len(s) > 1 and s[0] == 1]
        found = {n: s[1:] if len(s) > 1 and s[0] == 1 else s for n, s in found.items()}
        yield found, False, "; ".join(notes)
        if flattens:
            yield found, True, "; ".join([*notes, counted])
    if flattens:
        yield dict(starts), True, counted


def _shapes(
    flat: _Flattener, inputs: Iterable[str], fixed: bool
) -> tuple[dict[str, tuple[Shape, Shape]], tuple[str, ...]]:
    """Return the shapes of all nodes, by the first of `_readings` whose shapes chain, and what it takes for granted.

    Args:
        flat: Nodes and edges. After a failure its Outputs are changed.
        inputs: The Input nodes.
        fixed: See `_readings`.

    Raises:
        ScError: No reading chains. The message is about the plain one, with the `input_shape` that would help.
    """
    starts = {name: tuple(flat.params[name]["shape"]) for name in inputs}
    first: ScError | None = None
    for shapes, batch, note in _readings(flat, starts, fixed):
        try:
            return _infer(flat, shapes, batch), (note,) if note else ()
        except ScError as error:
            first = first or error
    assert first is not None
    hint = ""
    flat.kinds.update({name: _FREE for name, kind in flat.kinds.items() if kind == "Output"})  # they would follow
    for name, shape in starts.items():
        for batch in (False, True) if len(shape) > 1 else ():
            with suppress(ScError):
                _infer(flat, {**starts, name: shape[1:]}, batch)
                text = ",".join(map(str, shape[1:]))
                hint = f"; if the first axis of {name!r}, {shape}, is the batch or the time: input_shape=({text},), or "
                hint += f"--input-shape {text}"
    if not hint and "channels and" in str(first):
        sizes = "CHANNELS,WIDTH" if "channels and 1 more" in str(first) else "CHANNELS,HEIGHT,WIDTH"
        hint = f"; input_shape=… (--input-shape {sizes}) gives the Input another shape"
    raise ScError(f"{first}{hint}")


def graph_of(tree: Tree, input_shape: Sequence[int] | None = None) -> Graph:
    """Return the graph of a tree, checked: fields, names of edges, shapes.

    Args:
        tree: The tree of a NIRGraph.
        input_shape: The shape of the only Input, in place of what the file states; that of the only Output then
            follows. None: as the file states it.

    Raises:
        ScError: Something is missing or does not fit; the message names the node and what is wrong with it.

    Example:
        >>> nodes = {"i": {"type": "Input", "shape": [2]}, "s": {"type": "Scale", "scale": [3.0, 4.0]}}
        >>> nodes["o"] = {"type": "Output", "shape": [2]}
        >>> graph_of({"type": "NIRGraph", "nodes": nodes, "edges": [["i", "s"], ["s", "o"]]}).after("i")
        ['s']
    """
    kind = check_fields("graph", tree)
    require(kind == "NIRGraph", f"a NIR file must hold a graph, got a single {kind}")
    given = None if input_shape is None else _shape("from_nir", "input_shape", list(input_shape))
    flat = _Flattener(given)
    inputs, outputs = flat.graph("", tree)
    require(given is None or len(inputs) == 1, f"input_shape is for graphs with one Input, this one has {len(inputs)}")
    for name in inputs.values():
        into = [a for a, b in flat.edges if b == name]
        require(not into, f"node {name!r} (Input): no edge may lead to it, got one from {into[0] if into else ''!r}")
    for name in outputs.values():
        out = [b for a, b in flat.edges if a == name]
        require(not out, f"node {name!r} (Output): no edge may leave it, got one to {out[0] if out else ''!r}")
    if given is not None and len(outputs) == 1:
        flat.kinds[next(iter(outputs.values()))] = _FREE
    shapes, notes = _shapes(flat, inputs.values(), given is not None)
    nodes = {
        name: Node(name, "Output" if k == _FREE else k, flat.params[name], *shapes[name])
        for name, k in flat.kinds.items()
    }
    return Graph(nodes, tuple(flat.edges), tuple(inputs.values()), tuple(outputs.values()), notes)


# The order of a step.


@dataclass(frozen=True, slots=True, eq=False)
class Component:
    """Nodes that run together.

    Attributes:
        nodes: A single node, or those of a cycle in the order in which they run in each step.
        cyclic: Whether they are a cycle.
        late: Edges within the cycle that carry the value of the step before, or feed a Delay of at least one step.
    """

    nodes: tuple[str, ...]
    cyclic: bool
    late: frozenset[tuple[str, str]] = frozenset()


def _tarjan(names: Iterable[str], after: Callable[[str], Sequence[str]]) -> list[list[str]]:
    """Return the strongly connected components, sources first (Tarjan 1972, without recursion)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    on: set[str] = set()
    stack: list[str] = []
    found: list[list[str]] = []
    for root in names:
        if root in index:
            continue
        work = [(root, iter(after(root)))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on.add(root)
        while work:
            name, rest = work[-1]
            for n in rest:
                if n not in index:
                    index[n] = low[n] = len(index)
                    stack.append(n)
                    on.add(n)
                    work.append((n, iter(after(n))))
                    break
                if n in on:
                    low[name] = min(low[name], index[n])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == index[name]:
                    part = []
                    while True:
                        part.append(stack.pop())
                        on.discard(part[-1])
                        if part[-1] == name:
                            break
                    found.append(part)
    return found[::-1]


def _cycle(names: set[str], after: Mapping[str, list[str]]) -> list[str]:
    """Return some cycle within names, of which every node has a successor there."""
    path: dict[str, None] = {}
    name = next(iter(names))
    while name not in path:
        path[name] = None
        name = next(n for n in after[name] if n in names)
    found = list(path)
    return [*found[found.index(name) :], name]


def _back_edges(entries: list[str], names: list[str], after: Mapping[str, list[str]]) -> list[tuple[str, str]]:
    """Return the edges that close a cycle, by depth-first search.

    An edge closes a cycle if it leads to a node that the search has entered and not yet left.

    Args:
        entries: Nodes that the search begins with.
        names: All nodes.
        after: The successors of each node.
    """
    state: dict[str, int] = {}
    found = []
    for root in [*entries, *names]:
        if root in state:
            continue
        work = [(root, iter(after[root]))]
        state[root] = 1
        while work:
            name, rest = work[-1]
            for n in rest:
                if state.get(n) == 1:
                    found.append((name, n))
                elif n not in state:
                    state[n] = 1
                    work.append((n, iter(after[n])))
                    break
            else:
                work.pop()
                state[name] = 2
    return found


def components(graph: Graph, recurrence: str, waits: Callable[[Node], bool]) -> tuple[Component, ...]:
    """Return the components of a graph in the order in which they run.

    Nodes in no cycle run one after the other, each over all steps. Nodes of a cycle depend on each other, so they run
    together, step by step, and in every cycle some edge must carry the value of the step before.

    Args:
        graph: The graph.
        recurrence: Which edge of a cycle waits a step, "source" or "target"; see `Discretisation`.
        waits: Says whether a Delay is one of at least one step for all its values, so that it closes a cycle by itself.

    Returns:
        The components, sources first.

    Raises:
        ScError: A cycle has neither state nor delay.
    """
    before, after = graph.before, graph.after
    parts = []
    for part in _tarjan(graph.nodes, after):
        members = set(part)
        if len(part) == 1 and part[0] not in after(part[0]):
            parts.append(Component(tuple(part), cyclic=False))
            continue
        delays = {n for n in part if waits(graph.nodes[n])}
        late = {(a, d) for d in delays for a in before(d) if a in members}
        inner = {n: [m for m in after(n) if m in members and (n, m) not in late] for n in part}
        plain = [n for n in part if graph.nodes[n].kind not in STATEFUL]
        stateless = {n: [m for m in inner[n] if graph.nodes[m].kind not in STATEFUL] for n in plain}
        for loop in _tarjan(plain, stateless.__getitem__):
            if len(loop) > 1 or loop[0] in stateless[loop[0]]:
                path = " → ".join(_cycle(set(loop), stateless))
                raise ScError(f"a cycle without state or delay: {path}; a value cannot depend on itself in one step")
        names = [n for n in graph.nodes if n in members]
        entries = [n for n in names if any(m not in members for m in before(n))]
        for a, b in _back_edges(entries, names, inner):
            # "source": walk back from the back edge to the neuron that feeds it; the edges that leave this neuron wait.
            if recurrence == "target":
                late.add((a, b))
                continue
            todo, done = [(a, b)], set[tuple[str, str]]()
            while todo:
                edge = todo.pop()
                if edge in done:
                    continue
                done.add(edge)
                if graph.nodes[edge[0]].kind in STATEFUL:
                    late.add(edge)
                else:
                    todo += [(c, edge[0]) for c in before(edge[0]) if c in members and (c, edge[0]) not in late]
        # Without the edges that wait there is no cycle left, so that the members have an order within a step.
        left = {n: [m for m in inner[n] if (n, m) not in late] for n in part}
        order = _tarjan(names, left.__getitem__)
        assert all(len(p) == 1 for p in order)
        parts.append(Component(tuple(p[0] for p in order), cyclic=True, late=frozenset(late)))
    return tuple(parts)
