"""`NirNetwork`: a NIR graph with a declared discretisation, which runs as a float reference.

The reference computes what the framework would compute on the same file (docs/nir.md compares the two). What is
converted to integers is measured against it.
"""

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
    """What a run gave. T is the number of steps, and the shapes are those of the nodes' outputs.

    Attributes:
        outputs: The values of each Output node by name, (T, batch, *shape).
        spikes: The spikes of every spiking node that was recorded, of the same shape; how many, where a step may have
            several.
        voltages: The potential of every recorded node with a state, after the step but before a late reset.
    """

    outputs: Mapping[str, Floats]
    spikes: Mapping[str, Floats] = field(default_factory=dict)
    voltages: Mapping[str, Floats] = field(default_factory=dict)

    @property
    def output(self) -> Floats:
        """The values of the only Output, (T, batch, *shape). Raises ScError where there are several."""
        require(len(self.outputs) == 1, f"the network has {len(self.outputs)} outputs: take one of `outputs` by name")
        return next(iter(self.outputs.values()))


@dataclass(frozen=True, slots=True, eq=False)
class NirNetwork:
    """A checked graph, and the rules by which it is stepped. `from_nir` makes it; it is immutable.

    Attributes:
        graph: Nodes with shapes, and edges.
        rule: The discretisation of the graph.
        rules: The discretisation of single nodes that have their own, by name.
        dtype: np.float32 or np.float64, in which the reference computes.
        origin: What artifacts keep of the origin: framework, and of a file its name and sha256.
        tree: The graph as it was read, for `to_nir`.
        order: The order in which nodes run; it follows from the graph and the rule.

    Raises:
        ScError: A cycle has neither state nor delay, or a parameter does not fit dt or dtype.
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
        """Return whether a node is a Delay of at least one step everywhere, so that it closes a cycle by itself."""
        return node.kind == "Delay" and bool((delay_steps(node, self.rule_of(node.name)) >= 1).all())

    def rule_of(self, name: str) -> Discretisation:
        """Return the discretisation of a node: its own, else that of the graph."""
        return self.rules.get(name, self.rule)

    def _memory(self, node: Node, batch: int, steps: int) -> Memory:
        """Return the state of a node at the start of a run."""
        return make_memory(node, self.rule_of(node.name), self.dtype, batch, steps)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one sample in one step at the only Input. Raises ScError where there are several."""
        require(len(self.graph.inputs) == 1, f"the network has {len(self.graph.inputs)} inputs, not one")
        return self.graph.nodes[self.graph.inputs[0]].input_shape

    @property
    def delayed_edges(self) -> tuple[tuple[str, str], ...]:
        """The edges of cycles that carry the value of the step before, without those into a Delay that waits itself."""
        late = set[tuple[str, str]]().union(*(c.late for c in self.order))
        return tuple(e for e in self.graph.edges if e in late and not self._waits(self.graph.nodes[e[1]]))

    def summary(self) -> dict[str, Any]:
        """Return what was read and how it is stepped, as plain values for the command line."""
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
        """Run from rest, and return the outputs of every step.

        Args:
            x: Finite inputs, (T, batch, *input_shape); a mapping by name where there are several Inputs.
            steps: T for an x of shape (batch, *input_shape), which then is the input of every step: a constant current,
                as rate-coded networks take it. None: x has a time axis.
            record: Names of the nodes whose spikes and voltages are kept; True for all.

        Returns:
            Outputs, and what was recorded.

        Raises:
            ScError: A shape does not fit, a name is unknown, or a value becomes too great for the dtype; the message
                names the node.

        Example:
            >>> from sc_neurocore.nir_bridge.graph import graph_of
            >>> lif = {"type": "LIF", "tau": np.array([2.0]), "r": np.array([2.0]), "v_leak": np.array([0.0]),
            ...        "v_threshold": np.array([1.5])}
            >>> ports = {"i": {"type": "Input", "shape": [1]}, "o": {"type": "Output", "shape": [1]}}
            >>> tree = {"type": "NIRGraph", "nodes": {**ports, "n": lif}, "edges": [["i", "n"], ["n", "o"]]}
            >>> net = NirNetwork(graph_of(tree), Discretisation(), {}, np.float32, {}, tree)
            >>> net.run(np.ones((1, 1)), steps=5).output.ravel().tolist()
            [0.0, 0.0, 1.0, 0.0, 0.0]
        """
        given = {name: checks.array(f"x of {name!r}", v) for name, v in x.items()} if isinstance(x, Mapping) else None
        if given is None:
            require(len(self.graph.inputs) == 1, f"x must be given by name: {', '.join(self.graph.inputs)}")
            given = {self.graph.inputs[0]: checks.array(f"x of {self.graph.inputs[0]!r}", x)}
        require(
            set(given) == set(self.graph.inputs),
            f"x must have exactly {', '.join(self.graph.inputs)}, got {', '.join(map(str, given))}",
        )
        names = self._recorded(record)
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
        """Return the input of a node as (T, batch, *shape) of the run's dtype, after checking its shape and values."""
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

    def _recorded(self, record: Any) -> set[str]:
        """Return the names that `record` gives; all nodes for True."""
        if record is True:
            return set(self.graph.nodes)
        listed = [record] if isinstance(record, str) else record or ()
        try:
            named = list(listed)
        except TypeError:
            named = [record]
        unknown = [name for name in named if not isinstance(name, str) or name not in self.graph.nodes]
        if unknown:
            known = checks.shown(", ".join(self.graph.nodes))[1:-1]
            raise ScError(
                f"record must name nodes of the network, got {checks.shown(unknown)}: they are {known}; True records "
                "all"
            )
        return set(named)

    def _sum(self, name: str, values: Mapping[str, Floats]) -> Floats:
        """Return what arrives at a node over all steps: the sum of its edges."""
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
        """Run a node that is in no cycle over all steps.

        Args:
            part: The component with this node.
            values: What each node gives, (T, batch, *shape); the node's own values are added.
            names: Nodes whose potentials are kept.
            voltages: Where these go.
            size: (T, batch).
        """
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
        """Run the nodes of a cycle step by step; the arguments are those of `_single`."""
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
            """Return the sum of a node's edges in step t; an edge that waits carries `last`, of the step before."""
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
    """Return the type to compute in: float64 if a weight is float64, else float32. Without weights the neurons decide.

    Args:
        graph: The graph.
        given: What the user wants, or None. Anything but float32 and float64 is refused.
    """
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

    A file is read as data only: nothing in it is run, no link is followed, and nothing is allocated unchecked.

    Args:
        source: The path of a file, or a graph.
        dt: Length of a step, in the unit of the file's times; default that of the framework.
        framework: Whose discretisation to take, a key of `PRESETS`: "snntorch", "norse", "spikingjelly", "sinabs",
            "rockpool" or "lava-dl". Without one it is NIR's equations by forward Euler, with dt = 1.
        nodes: Other fields of `Discretisation` for single nodes, such as {"lif2": {"reset": "none"}}.
        input_shape: The shape of the Input, where the file has a wrong one (Sinabs: with the time axis, Rockpool: with
            the batch axis). A batch axis of 1, and a Flatten that counts it, are understood where the shapes chain only
            so; the summary then says it.
        dtype: Of the float reference, float32 or float64; default as the weights.
        **changes: Other fields of `Discretisation` for the whole graph.

    Raises:
        ScError: Something is missing, broken or not supported. The message names the file and the node, what is wrong
            and what is allowed.
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
