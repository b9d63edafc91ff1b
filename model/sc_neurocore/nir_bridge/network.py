"""`NirNetwork`: a NIR graph with a declared discretisation, which runs as a float reference."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks
from ..errors import ScError, require
from .discretisation import Discretisation, preset
from .graph import SPIKING, STATEFUL, Component, Graph, Node, components, graph_of
from .hdf5 import Tree, file_sha256, read_tree
from .steps import Floats, Memory, delay_steps, make_memory, pure
from .tree import tree_of

__all__ = ["NirNetwork", "Run", "from_nir"]

_WEIGHTS = frozenset({"weight", "bias", "scale"})


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What a run gave. outputs: by Output node, (T, batch, *shape). spikes: of every spiking neuron that was recorded;
    voltages: potentials of every recorded node with a state, after the step (before a late reset), same shapes."""

    outputs: Mapping[str, Floats]
    spikes: Mapping[str, Floats] = field(default_factory=dict)
    voltages: Mapping[str, Floats] = field(default_factory=dict)

    @property
    def output(self) -> Floats:
        """The values of the only Output, (T, batch, *shape)."""
        require(len(self.outputs) == 1, f"the network has {len(self.outputs)} outputs: take one of `outputs` by name")
        return next(iter(self.outputs.values()))


@dataclass(frozen=True, slots=True, eq=False)
class NirNetwork:
    """A checked graph and how it is stepped. Made by `from_nir`; immutable.

    rule: the discretisation; rules: of nodes that have their own. dtype: of the float reference. origin: what artifacts
    keep: file, sha256, framework. tree: the graph as it was read, for `to_nir`.
    """

    graph: Graph
    rule: Discretisation
    rules: Mapping[str, Discretisation]
    dtype: Any
    origin: Mapping[str, Any]
    tree: Tree
    order: tuple[Component, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "order", components(self.graph, self.rule.recurrence, self._waits))
        for node in self.graph.nodes.values():  # refuses what does not fit dt or dtype, before the first run
            if pure(node, self.rule_of(node.name), self.dtype) is None:
                self._memory(node, 0, 0)

    def _waits(self, node: Node) -> bool:
        return node.kind == "Delay" and bool((delay_steps(node, self.rule_of(node.name)) >= 1).all())

    def rule_of(self, name: str) -> Discretisation:
        """Return the discretisation of a node."""
        return self.rules.get(name, self.rule)

    def _memory(self, node: Node, batch: int, steps: int) -> Memory:
        return make_memory(node, self.rule_of(node.name), self.dtype, batch, steps)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Of the only Input, one sample in one step."""
        require(len(self.graph.inputs) == 1, f"the network has {len(self.graph.inputs)} inputs, not one")
        return self.graph.nodes[self.graph.inputs[0]].input_shape

    @property
    def delayed_edges(self) -> tuple[tuple[str, str], ...]:
        """The edges of cycles that carry the value of the step before."""
        late = set[tuple[str, str]]().union(*(c.late for c in self.order))
        return tuple(e for e in self.graph.edges if e in late and not self._waits(self.graph.nodes[e[1]]))

    def summary(self) -> dict[str, Any]:
        """Return what was read and how it is stepped, as plain values."""
        return {
            **self.origin,
            "nodes": {n.name: f"{n.kind} {n.input_shape} → {n.output_shape}" for n in self.graph.nodes.values()},
            **({"taken for granted": list(self.graph.notes)} if self.graph.notes else {}),
            "discretisation": str(self.rule),
            **({"of single nodes": {k: str(v) for k, v in self.rules.items()}} if self.rules else {}),
            "recurrent edges, a step late": [" → ".join(e) for e in self.delayed_edges],
            "precision": str(np.dtype(self.dtype)),
        }

    def run(
        self,
        x: ArrayLike | Mapping[str, ArrayLike],
        steps: int | None = None,
        *,
        record: Collection[str] | bool = (),
    ) -> Run:
        """Run from rest. x: (T, batch, *input_shape), finite, by name where there are several Inputs.

        steps: T for an x of shape (batch, *input_shape), which every step then gets: a constant current, as rate-coded
        networks take it. record: names of nodes whose spikes and voltages are kept, True: of all.
        Raises ScError for shapes that do not fit and for unknown names.
        """
        given = {name: checks.array(f"x of {name!r}", v) for name, v in x.items()} if isinstance(x, Mapping) else None
        if given is None:
            require(len(self.graph.inputs) == 1, f"x must be given by name: {', '.join(self.graph.inputs)}")
            given = {self.graph.inputs[0]: checks.array(f"x of {self.graph.inputs[0]!r}", x)}
        require(
            set(given) == set(self.graph.inputs),
            f"x must have exactly {', '.join(self.graph.inputs)}, got {', '.join(map(str, given))}",
        )
        listed = [record] if isinstance(record, str) else record or ()
        names = set(self.graph.nodes) if record is True else set(listed)  # type: ignore[arg-type]
        unknown = sorted(names - set(self.graph.nodes))
        require(not unknown, f"record must name nodes of the network, got {unknown}")
        values: dict[str, Floats] = {name: self._signal(name, a, steps) for name, a in given.items()}
        lengths = {a.shape[:2] for a in values.values()}
        require(len(lengths) == 1, f"all inputs must have the same T and batch, got {sorted(lengths)}")
        spikes: dict[str, Floats] = {}
        voltages: dict[str, Floats] = {}
        users = {name: len(self.graph.after(name)) for name in self.graph.nodes}
        for part in self.order:
            run = self._cycle if part.cyclic else self._single
            with np.errstate(over="ignore", invalid="ignore"):  # `_check_finite` says it by node
                run(part, values, names, voltages, lengths.copy().pop())
            # First all of the part: a node of a cycle may be what another one there was the last to need.
            for name in part.nodes:
                if name in names and self.graph.nodes[name].kind in SPIKING:
                    spikes[name] = values[name]
            for name in part.nodes:
                for before in self.graph.before(name):  # what nobody needs any more goes
                    users[before] -= 1
                    if not users[before] and before not in self.graph.outputs:
                        values.pop(before, None)
        return Run({name: values[name] for name in self.graph.outputs}, spikes, voltages)

    def _signal(self, name: str, a: NDArray[Any], steps: int | None) -> Floats:
        shape = self.graph.nodes[name].input_shape
        axes = ("T", "batch") if steps is None else ("batch",)
        fits = a.ndim == len(shape) + len(axes) and a.shape[len(axes) :] == shape and all(a.shape[: len(axes)])
        wanted = ", ".join([*axes, *map(str, shape)])
        require(fits, f"x of {name!r} must have shape ({wanted}), got {a.shape}")
        require(a.dtype.kind != "f" or np.isfinite(a).all(), f"x of {name!r} must be finite")
        values: Floats = a.astype(self.dtype, copy=False)
        if a.ndim and a.strides[0] == 0:  # the same in every step, without a copy
            values = np.broadcast_to(a[0].astype(self.dtype), a.shape)
        if steps is None:
            return values
        return np.broadcast_to(values, (checks.integer("steps", steps, 1), *values.shape))

    def _sum(self, name: str, values: Mapping[str, Floats]) -> Floats:
        before = self.graph.before(name)
        if not before:
            return values[name]
        total = values[before[0]]
        for other in before[1:]:
            total = total + values[other]
        return total

    def _check_finite(self, name: str, values: Floats, memory: Memory | None = None) -> None:
        """Refuse a run whose numbers left the range of its type: what follows would be silent, or nan."""
        constant = values.ndim > 1 and values.strides[0] == 0
        fine = np.isfinite(values[0] if constant else values).all() and (memory is None or np.isfinite(memory.v).all())
        require(
            fine,
            f"node {name!r} ({self.graph.nodes[name].kind}) gives values that are too great for "
            f"{np.dtype(self.dtype)}: check the weights and times of the file, or give dtype='float64'",
        )

    def _single(
        self, part: Component, values: dict[str, Floats], names: set[str], voltages: dict[str, Floats], size: Any
    ) -> None:
        """Run a node that is in no cycle over all steps."""
        (name,) = part.nodes
        node, x = self.graph.nodes[name], self._sum(name, values)
        steps, batch = size
        function = pure(node, self.rule_of(name), self.dtype)
        if function is not None:
            if steps > 1 and x.strides[0] == 0:
                values[name] = np.broadcast_to(function(x[0]), (steps, batch, *node.output_shape))
            else:
                y = function(x.reshape(-1, *node.input_shape))
                values[name] = y.reshape(steps, batch, *node.output_shape)
            self._check_finite(name, values[name])
            return
        memory = self._memory(node, batch, steps)
        out = np.empty((steps, batch, *node.output_shape), self.dtype)
        kept = np.empty_like(out) if name in names and node.kind in STATEFUL else None
        for t in range(steps):
            out[t] = memory.step(x[t])
            if kept is not None:
                kept[t] = memory.v
        self._check_finite(name, out, memory)
        values[name] = out
        if kept is not None:
            voltages[name] = kept

    def _cycle(
        self, part: Component, values: dict[str, Floats], names: set[str], voltages: dict[str, Floats], size: Any
    ) -> None:
        """Run the nodes of a cycle step by step."""
        steps, batch = size
        nodes = [self.graph.nodes[n] for n in part.nodes]
        members = set(part.nodes)
        functions = {n.name: pure(n, self.rule_of(n.name), self.dtype) for n in nodes}
        memories = {n.name: self._memory(n, batch, steps) for n in nodes if functions[n.name] is None}
        waiting = [n.name for n in nodes if self._waits(n)]
        before = {n.name: self.graph.before(n.name) for n in nodes}
        now = {n.name: np.zeros((batch, *n.output_shape), self.dtype) for n in nodes}
        outside = [n.name for n in nodes if any(m not in members for m in self.graph.after(n.name))]
        keep = {n for n in members if n in names or n in outside or n in self.graph.outputs}
        outs = {n: np.empty((steps, batch, *self.graph.nodes[n].output_shape), self.dtype) for n in keep}
        kept = {n: np.empty_like(outs[n]) for n in keep & names if self.graph.nodes[n].kind in STATEFUL}

        def arriving(name: str, t: int, last: Mapping[str, Floats]) -> Floats:
            total: Any = 0
            for source in before[name]:
                if source not in members:
                    total = total + values[source][t]
                elif (source, name) in part.late and name not in waiting:
                    total = total + last[source]
                else:
                    total = total + now[source]
            return np.broadcast_to(np.asarray(total, self.dtype), (batch, *self.graph.nodes[name].input_shape))

        for t in range(steps):
            last = dict(now)
            for name in part.nodes:
                function = functions[name]
                if name in waiting:
                    now[name] = memories[name].read()  # type: ignore[attr-defined]
                elif function is not None:
                    now[name] = function(arriving(name, t, last))
                else:
                    now[name] = memories[name].step(arriving(name, t, last))
            for name in waiting:
                memories[name].write(arriving(name, t, last))  # type: ignore[attr-defined]
                memories[name].advance()  # type: ignore[attr-defined]
            for name, out in outs.items():
                out[t] = now[name]
            for name, voltage in kept.items():
                voltage[t] = memories[name].v
        for name, out in outs.items():
            self._check_finite(name, out)
        for name, memory in memories.items():
            self._check_finite(name, memory.v)
        values.update(outs)
        voltages.update(kept)


def _dtype(graph: Graph, given: Any) -> Any:
    """Return the type to compute in: the widest of the weights, of the neurons where there are none."""
    if given is not None:
        found = np.dtype(given)
        require(found in (np.float32, np.float64), f"dtype must be float32 or float64, got {found}")
        return found.type
    weights: list[Any] = []
    others: list[Any] = []
    for node in graph.nodes.values():
        for name, value in node.params.items():
            if isinstance(value, np.ndarray) and value.dtype.kind == "f":
                (weights if name in _WEIGHTS else others).append(value.dtype)
    wide = any(d == np.float64 for d in weights or others)
    return np.float64 if wide else np.float32


def from_nir(
    source: str | os.PathLike[str] | Any,
    dt: float | None = None,
    *,
    framework: str | None = None,
    nodes: Mapping[str, Mapping[str, Any]] | None = None,
    input_shape: Sequence[int] | None = None,
    dtype: Any = None,
    **changes: Any,
) -> NirNetwork:
    """Return the network of a NIR file, or of a `nir.NIRGraph`.

    framework: whose discretisation to take, one of `PRESETS`: "snntorch", "norse", "spikingjelly", "sinabs",
    "rockpool", "lava-dl"; without one it is NIR's equations by forward Euler, dt = 1. dt, and any other field of
    `Discretisation` by name: in the place of the preset's. nodes: fields of single nodes, e.g.
    {"lif2": {"reset": "none"}}. input_shape: where the file's Input has a wrong one (Sinabs: with the time axis,
    Rockpool: with the batch axis); a batch axis of 1 and a Flatten that counts it are understood where the shapes chain
    only so, and the summary says it. dtype: of the float reference, float32 or float64 (default: as the weights).

    Raises ScError for anything that is missing, broken or not supported, naming the node, what is wrong and what is
    allowed. A file is read as data only: nothing in it is run, no link is followed, nothing is allocated unchecked.
    """
    rule = preset(framework, dt, changes)
    origin: dict[str, Any] = {"framework": framework or "nir"}
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        tree = read_tree(path)
        origin |= {"file": path.name, "file_sha256": file_sha256(path)}
        where = f"{path}: "
    else:
        tree, where = tree_of(source), ""
    try:
        graph = graph_of(tree, input_shape)
        own: dict[str, Discretisation] = {}
        for name, values in (nodes or {}).items():
            require(name in graph.nodes, f"nodes names {name!r}, the graph has {', '.join(graph.nodes)}")
            require("recurrence" not in values, "recurrence is of the whole graph, not of a single node")
            own[name] = rule.changed(**values)
        return NirNetwork(graph, rule, own, _dtype(graph, dtype), origin, tree)
    except ScError as error:
        raise ScError(f"{where}{error}") from None
