"""What a kind of neuron is: its place in an artifact, its arithmetic, its RTL.

There are two families, by what a neuron takes. A `WindowNeuron` takes the sum of a whole window and gives a count,
whose ones come in the next window. A `ClockNeuron` takes a current at each clock and says at that clock whether it
spikes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, fields, is_dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from .. import checks
from ..errors import ScError, require
from .rtl import RtlStep, StreamLayer

if TYPE_CHECKING:
    from ..kernels import Words

__all__ = [
    "NEURONS",
    "ClockNeuron",
    "Neuron",
    "PackedClocks",
    "RtlStep",
    "StreamLayer",
    "WindowNeuron",
    "neuron_of",
    "register",
]

#: What the packed simulator's loops over clocks take: bits, weights, signs, bias (`kernels.clock_sums`).
PackedClocks = tuple["Words", "Words", "Words", "NDArray[np.int8]"]

#: The kinds of neurons by name.
NEURONS: dict[str, type[Neuron]] = {}

_Kind = TypeVar("_Kind", bound="type[Neuron]")


def register(kind: _Kind) -> _Kind:
    """Make a class of neurons known under its `kind`, so that artifacts with it can be read; returns the class.

    To be used as a decorator. Raises ScError for a name that is no identifier in lower case, or that another class has.
    """
    name = checks.text("kind", getattr(kind, "kind", None))
    require(
        name.isidentifier() and name.isascii() and name == name.lower(),
        f"the kind of a neuron must be an identifier in lower case, got {name!r}",
    )
    other = NEURONS.get(name)
    # The same class once more, as after a reload, is no clash.
    same = other is None or (other.__module__, other.__qualname__) == (kind.__module__, kind.__qualname__)
    require(same, f"there is a kind of neuron {name!r} already: {other and other.__qualname__}")
    NEURONS[name] = kind
    return kind


class Neuron(ABC):
    """One kind of neuron, with its parameters; equal where they are equal, and immutable.

    A subclass sets `kind`, its name in artifacts, and `temporal`, and is decorated with `register`.
    """

    __slots__ = ()
    kind: ClassVar[str]
    #: Whether spikes come in any order within the window of their input, and not in the next one as a count.
    temporal: ClassVar[bool]
    #: The module of rtl/ that is one clock of such a neuron, state in and state out; "" where it is not in rtl/.
    step_module: ClassVar[str] = ""

    def parameters(self) -> dict[str, Any]:
        """Return what `parse` takes to make the same neuron again, as plain JSON values: a dataclass's fields."""
        return asdict(self) if is_dataclass(self) else {}

    @classmethod
    def parse(cls, entry: Any) -> Neuron:
        """Return the neuron of these `parameters`, read from a file; raises ScError for others."""
        wanted: list[str] = [each.name for each in fields(cls)] if is_dataclass(cls) else []
        return cls(**checks.entries("neuron", entry, wanted))

    def describe(self) -> dict[str, Any]:
        """Return what a layer's description says of its neurons."""
        return {"theta": None, "neuron": {"kind": self.kind, **self.parameters()}}

    @abstractmethod
    def spikes(self, sums: Iterable[NDArray[np.int64]], theta_frac: int, length: int) -> Iterator[NDArray[np.bool_]]:
        """Yield the spikes (neurons,) of each clock of a window, from what the layer adds at each clock of one."""

    def nir_node(self, theta_frac: int) -> dict[str, Any]:
        """Return the node of such neurons in a graph of NIR: its type, and the number that each parameter has.

        Raises ScError for what NIR cannot say.
        """
        raise ScError(f"NIR has no {self.kind} neurons")

    def stream_layer(self, theta_frac: int) -> StreamLayer:
        """Return the streaming layer of such neurons; raises ScError where there is none."""
        raise ScError(f"there is no streaming layer of {self.kind} neurons")


class WindowNeuron(Neuron):
    """A neuron that takes the sum S of a window, and gives a count c, 0 … L, in the next one."""

    __slots__ = ()
    temporal = False

    @abstractmethod
    def counts(self, s: NDArray[np.int64], theta_frac: int, length: int) -> NDArray[np.int64]:
        """Return the counts of the sums S, integers of any shape; S is in units of a bit, theta in 1 / 2^theta_frac."""

    def emit(self, s: NDArray[np.int64], theta_frac: int, length: int) -> Iterator[NDArray[np.bool_]]:
        """Yield the spikes of each clock after S: the ones come first, as the source `counter` has them (A8)."""
        c = self.counts(s, theta_frac, length)
        for t in range(length):
            yield t < c

    def spikes(self, sums: Iterable[NDArray[np.int64]], theta_frac: int, length: int) -> Iterator[NDArray[np.bool_]]:
        """Yield the spikes of the window after that of the sums."""
        total: NDArray[np.int64] = np.array(list(sums)).sum(axis=0)
        return self.emit(total, theta_frac, length)


class ClockNeuron(Neuron):
    """A neuron that takes a current at each clock, and spikes at that clock or not."""

    __slots__ = ()
    temporal = True

    @property
    @abstractmethod
    def current_range(self) -> tuple[int, int]:
        """The least and the greatest current of one clock that the neuron takes."""

    @property
    def current_rule(self) -> str:
        """What a current must fit, as an error says it."""
        low, high = self.current_range
        return f"the range {low} … {high} of its {self.kind} neurons"

    @abstractmethod
    def start(self, shape: tuple[int, ...] = ()) -> Any:
        """Return the state after rst of neurons of that shape."""

    @abstractmethod
    def step(self, state: Any, current: NDArray[np.int64]) -> tuple[Any, NDArray[np.bool_]]:
        """Advance by one clock: (state, current) → (state, spike); currents of the state's shape."""

    def spikes(self, sums: Iterable[NDArray[np.int64]], theta_frac: int, length: int) -> Iterator[NDArray[np.bool_]]:
        """Yield the spikes of the window itself: the current of a clock is its sum times 2^theta_frac (A17)."""
        state: Any = None
        for delta in sums:
            if state is None:
                state = self.start(delta.shape)
            state, spike = self.step(state, delta << theta_frac)
            yield spike

    def rtl_step(self) -> RtlStep:
        """Return the Verilog module of one clock, around which the streaming layer is made.

        Raises ScError where there is none.
        """
        raise ScError(f"there is no streaming layer of {self.kind} neurons")

    def stream_layer(self, theta_frac: int) -> StreamLayer:
        """Return the streaming layer of such neurons, made around `rtl_step`; raises ScError where there is none."""
        return self.rtl_step().stream_layer(theta_frac)

    def packed_spikes(self, clocks: PackedClocks, scale: int) -> tuple[Words, NDArray[np.int64]] | None:
        """Return the spikes of packed inputs, a word for 64 neurons, and their counts (images, neurons).

        None, unless a kind has a compiled loop of its own: the packed simulator then calls `step` at each clock.
        clocks: as `kernels.clock_sums` takes them. scale: the current of one unit of a sum.
        """
        return None


def neuron_of(entry: Mapping[str, Any]) -> Neuron | None:
    """Return the neuron that a layer's description has (`Neuron.describe`), None of a readout.

    Raises ScError for a kind that is not known, or parameters that it does not take.
    """
    if "neuron" not in entry and "lif" not in entry:
        return None if entry.get("theta") is None else NEURONS["window_if"].parse(entry["theta"])
    what = "neuron" if "neuron" in entry else "lif"
    theta = entry.get("theta")
    require(theta is None, f"theta must be None where {what} is given, got {checks.shown(theta)}")
    kind, rest = "lif", entry[what]
    if what == "neuron":
        require(isinstance(rest, dict), f"neuron must be an object, got {checks.shown(rest)}")
        rest = dict(rest)
        kind = rest.pop("kind", None)
        if kind == "equations":  # imported on demand, since most networks have none
            import_module("sc_neurocore.compiler.network_neuron")
        known = f"{', '.join(NEURONS)}: a kind from elsewhere must be imported before a network with it is read"
        require(isinstance(kind, str) and kind in NEURONS, f"the kind of a neuron must be one of {known}; got {kind!r}")
    try:
        return NEURONS[kind].parse(rest)
    except ScError as error:
        raise ScError(f"{what}: {error}") from None
