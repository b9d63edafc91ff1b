"""What a kind of neuron is: its entry in an artifact, its arithmetic, and its RTL.

There are two families, by what a neuron takes:

* A `WindowNeuron` takes the sum of a whole window and gives a count, whose ones come in the next window. Its count
  alone says all, so the fast back ends need not run clock by clock.
* A `ClockNeuron` takes a current at each clock and says at that clock whether it spikes. Its spikes come in any order.

A new kind is a subclass of one of them with the decorator `register`. See docs/adding_a_neuron.md.
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

#: The arguments of the packed simulator's loops over clocks: input bits, weight bits, signs and bias, in the layout of
#: `kernels.clock_sums`.
PackedClocks = tuple["Words", "Words", "Words", "NDArray[np.int8]"]

#: The registered classes of neurons, by their `kind`. `register` fills it; do not write to it.
NEURONS: dict[str, type[Neuron]] = {}

_Kind = TypeVar("_Kind", bound="type[Neuron]")


def register(kind: _Kind) -> _Kind:
    """Make a class of neurons known under its `kind`, so that artifacts with it can be read.

    Use it as a decorator. An artifact holds only the name of a kind and its parameters, so the module with the class
    must be imported before such an artifact is read. The same class may be registered once more, as when its module is
    reloaded.

    Args:
        kind: the class. Its attribute `kind` is the name.

    Returns:
        The class itself, unchanged.

    Raises:
        ScError: `kind` is missing, is no ASCII identifier in lower case, or is the name of another class already.
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
    """One kind of neuron with its parameters: what all neurons of a layer have in common.

    Two neurons are equal if their parameters are equal. A neuron is immutable: the state of a run is never in it. A
    subclass sets the class attributes, writes `spikes` or lets one of the two families do so, and is decorated with
    `register`.

    Attributes:
        kind: its name in artifacts and messages, an identifier in lower case.
        temporal: whether spikes come in any order within the window of their input. False: they come in the next
            window, the ones first, so that a count says all.
        step_module: name of the module of rtl/ that computes one clock of such a neuron; "" where rtl/ has none.
        steps_only: whether only networks in steps have such neurons (A21).
    """

    __slots__ = ()
    kind: ClassVar[str]
    #: Whether spikes come in any order within the window of their input, and not in the next one as a count.
    temporal: ClassVar[bool]
    #: The module of rtl/ that is one clock of such a neuron, state in and state out; "" where it is not in rtl/.
    step_module: ClassVar[str] = ""
    #: Whether such neurons are for networks in steps only (A20, A21).
    steps_only: ClassVar[bool] = False

    def parameters(self) -> dict[str, Any]:
        """Return what `parse` takes to make an equal neuron, as plain JSON values.

        For a dataclass these are its fields. Override it where the fields are no JSON values.
        """
        return asdict(self) if is_dataclass(self) else {}

    @classmethod
    def parse(cls, entry: Any) -> Neuron:
        """Return the neuron of the given `parameters`, as they were read from a file.

        Args:
            entry: the parameters by name. Nothing about it is known yet, so any type is checked.

        Raises:
            ScError: `entry` is no object, lacks a parameter, has an unknown one, or has a value that the kind refuses.
        """
        wanted: list[str] = [each.name for each in fields(cls)] if is_dataclass(cls) else []
        return cls(**checks.entries("neuron", entry, wanted))

    def describe(self) -> dict[str, Any]:
        """Return the entries that the neurons add to the description of their layer in network.json.

        The `theta` of None makes readers that know only `window_if` refuse the layer, in place of misreading it.
        """
        return {"theta": None, "neuron": {"kind": self.kind, **self.parameters()}}

    @abstractmethod
    def spikes(self, sums: Iterable[NDArray[np.int64]], theta_frac: int, length: int) -> Iterator[NDArray[np.bool_]]:
        """Yield the spikes of a window, clock by clock.

        Args:
            sums: for each clock of a window what the layer's synapses add, Σᵢ (−1)^sᵢ · pᵢ(t) (A17, streaming); int64,
                shape (neurons,).
            theta_frac: fraction bits f of thresholds and currents (A2, codes).
            length: L, the clocks of a window.

        Yields:
            For each clock the spikes, bool, shape (neurons,).
        """

    def nir_node(self, theta_frac: int) -> dict[str, Any]:
        """Return the node of such neurons in a graph of NIR, the neuromorphic intermediate representation.

        Args:
            theta_frac: fraction bits f of thresholds and currents: one unit of NIR is 2^f LSB.

        Returns:
            The node's `type`, and each of its parameters as one number that holds for every neuron of the layer.

        Raises:
            ScError: NIR cannot express such neurons. The base class always raises it.
        """
        raise ScError(f"NIR has no {self.kind} neurons")

    def stream_layer(self, theta_frac: int) -> StreamLayer:
        """Return the streaming layer of such neurons (A17, streaming).

        Args:
            theta_frac: fraction bits f of thresholds and currents.

        Raises:
            ScError: there is no streaming layer of this kind. The base class always raises it.
        """
        raise ScError(f"there is no streaming layer of {self.kind} neurons")


class WindowNeuron(Neuron):
    """A neuron that takes the sum S of a window and gives a count c, 0 … L, in the next window.

    A subclass writes `counts`. It may override `emit` to form the spikes as its hardware does.
    """

    __slots__ = ()
    temporal = False

    @abstractmethod
    def counts(self, s: NDArray[np.int64], theta_frac: int, length: int) -> NDArray[np.int64]:
        """Return the counts that the sums of a window become.

        Args:
            s: sums S, int64, of any shape, in units of one product bit. They are not scaled by 2^f.
            theta_frac: fraction bits f: a threshold counts in units of 2^−f of a product bit.
            length: L, the clocks of a window.

        Returns:
            Counts 0 … L, int64, in the shape of `s`.
        """

    def emit(self, s: NDArray[np.int64], theta_frac: int, length: int) -> Iterator[NDArray[np.bool_]]:
        """Yield the spikes of the L clocks after the window of S: c ones, then zeros, as the source `counter` (A8,
        window neuron).

        Args:
            s: sums S of the window before, int64, of any shape.
            theta_frac: fraction bits f.
            length: L, the clocks of a window.

        Yields:
            For each clock the spikes, bool, in the shape of `s`.
        """
        c = self.counts(s, theta_frac, length)
        for t in range(length):
            yield t < c

    def spikes(self, sums: Iterable[NDArray[np.int64]], theta_frac: int, length: int) -> Iterator[NDArray[np.bool_]]:
        """Yield the spikes of the window after that of the sums: the clocks are added first, then `emit` is called.

        The arguments and what is yielded are those of `Neuron.spikes`.
        """
        total: NDArray[np.int64] = np.array(list(sums)).sum(axis=0)
        return self.emit(total, theta_frac, length)


class ClockNeuron(Neuron):
    """A neuron that takes a current at each clock, and spikes at that clock or not.

    A subclass writes `current_range`, `start` and `step`, and `rtl_step` where there is hardware. Its state is whatever
    `start` returns: an array, a tuple of arrays, or an object of its own.

    In a network in steps (A20) such a neuron makes one step in each step of the network, by `step_of_sample`.

    Attributes:
        engine_kind: number of the kind in the time-unrolled engine of networks in steps; None where it has none.
    """

    __slots__ = ()
    temporal = True
    #: Number of the kind in the engine of networks in steps; None where that has no such neurons.
    engine_kind: ClassVar[int | None] = None

    @property
    @abstractmethod
    def current_range(self) -> tuple[int, int]:
        """The least and the greatest current of one clock that the neuron takes, in LSB.

        A network whose synapses could give a current outside of this range is refused when it is made (A17, streaming).
        """

    @property
    def current_rule(self) -> str:
        """The words by which an error names what a current must fit."""
        low, high = self.current_range
        return f"the range {low} … {high} of its {self.kind} neurons"

    @abstractmethod
    def start(self, shape: tuple[int, ...] = ()) -> Any:
        """Return the state after reset, which is also the state at the start of every window.

        Args:
            shape: shape of the array of neurons; () is a single one.
        """

    @abstractmethod
    def step(self, state: Any, current: NDArray[np.int64]) -> tuple[Any, NDArray[np.bool_]]:
        """Advance by one clock: (state, current) → (state, spike).

        Args:
            state: a state that `start` or `step` returned. It is not changed.
            current: currents in LSB, int64, in the state's shape.

        Returns:
            The new state, and the spikes, bool, in the same shape.
        """

    def spikes(self, sums: Iterable[NDArray[np.int64]], theta_frac: int, length: int) -> Iterator[NDArray[np.bool_]]:
        """Yield the spikes of the window itself: the current of a clock is its sum times 2^f, f = theta_frac (A17).

        The window starts in the state of `start`. The arguments and what is yielded are those of `Neuron.spikes`;
        `length` is not read, since the number of sums says it.
        """
        state: Any = None
        for delta in sums:
            if state is None:
                state = self.start(delta.shape)
            state, spike = self.step(state, delta << theta_frac)
            yield spike

    # --- in a network in steps

    @property
    def fires(self) -> bool:
        """Whether such neurons ever spike. A layer that never does can only be a readout of potentials (A20)."""
        return True

    @property
    def potential_bits(self) -> int | None:
        """Bits of the potential u(t), with its sign (A20, readout); None if the kind has no potential."""
        return None

    def check_neurons(self, neurons: int) -> None:
        """Raise ScError unless a layer may have this number of such neurons; by default it may have any."""

    def members(self, neurons: int) -> tuple[tuple[int, ClockNeuron], ...]:
        """Return (number of neurons, neuron) for each run of equal neurons in a layer: by default one run of all."""
        return ((neurons, self),)

    def step_of_sample(
        self, state: Any, current: NDArray[np.int64]
    ) -> tuple[Any, NDArray[np.bool_], NDArray[np.int64] | None]:
        """Advance by one step of a network in steps: (state, current) → (state, spike, potential) (A20).

        By default the current is limited to `current_range`, and then `step` is called.

        Args:
            state: a state that `start` or this function returned. It is not changed.
            current: exact currents I(t) in LSB, int64, in the state's shape. They may exceed every width.

        Returns:
            The new state; the spikes, bool; and the potential u(t) before the reset, int64, or None if the kind has
            none.
        """
        state, spike = self.step(state, np.clip(current, *self.current_range))
        return state, spike, None

    def engine_words(self, reset_mode: int | None = None) -> list[int]:
        """Return the parameters as 16-bit words of the layer table of the engine of networks in steps.

        Args:
            reset_mode: the reset mode of the engine, where it is not that of the neuron: with 1 the words have a
                place for v_reset.

        Raises:
            ScError: the engine has no such neurons, as the base class says of every kind, or a parameter does not fit
                its word.
        """
        raise ScError(f"the engine of networks in steps has no {self.kind} neurons")

    # --- in hardware

    def rtl_step(self) -> RtlStep:
        """Return the Verilog module of one clock, around which the streaming layer is generated.

        Raises:
            ScError: there is no such module. The base class always raises it, and such a kind runs in software only.
        """
        raise ScError(f"there is no streaming layer of {self.kind} neurons")

    def stream_layer(self, theta_frac: int) -> StreamLayer:
        """Return the streaming layer of such neurons, generated around `rtl_step` (A17, streaming).

        Args:
            theta_frac: fraction bits f: the current is the sum of a clock times 2^f.

        Raises:
            ScError: the kind has no `rtl_step`.
        """
        return self.rtl_step().stream_layer(theta_frac)

    def packed_spikes(self, clocks: PackedClocks, scale: int) -> tuple[Words, NDArray[np.int64]] | None:
        """Return the spikes of one window, computed by a compiled loop of the kind's own, or None if it has none.

        For None the packed simulator calls `step` at each clock, which gives the same spikes more slowly.

        Args:
            clocks: bits of the inputs, bits of the weights, signs and bias, as `kernels.clock_sums` takes them.
            scale: the current of one unit of a sum, 2^theta_frac or, with a MUX adder, a multiple of it.

        Returns:
            Spikes packed into words of 64 neurons, and their counts, int64, shape (images, neurons).
        """
        return None


def neuron_of(entry: Mapping[str, Any]) -> Neuron | None:
    """Return the neuron that a layer's description has (`Neuron.describe`), or None for a readout.

    The module with the kind "equations" is imported when it is first needed. Other kinds must be registered before.

    Args:
        entry: the layer's object in network.json. Its keys `theta`, `lif` and `neuron` are read.

    Raises:
        ScError: the kind is not known, a parameter is missing, unknown or out of range, or `theta` is given beside
            `lif` or `neuron`.

    Example:
        >>> neuron_of({"theta": None}) is None
        True
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
        known = f"{', '.join(sorted(NEURONS))}: a kind from elsewhere must be imported before a network with it is read"
        require(isinstance(kind, str) and kind in NEURONS, f"the kind of a neuron must be one of {known}; got {kind!r}")
    try:
        return NEURONS[kind].parse(rest)
    except ScError as error:
        raise ScError(f"{what}: {error}") from None
