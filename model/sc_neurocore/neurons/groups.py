"""`groups`: a layer whose neurons differ in their parameters (A21, neurons in steps), as a list of parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .. import checks
from ..errors import ScError, require
from .base import ClockNeuron, neuron_of, register
from .sample import SampleNeuron

__all__ = ["Groups"]

# Greatest number of neurons of one part.
_COUNT_MAX = 1 << 24


@register
@dataclass(frozen=True, slots=True)
class Groups(SampleNeuron):
    """Neurons of one kind with different parameters, in a layer of a network in steps, `groups` (A21).

    The first n₁ neurons of the layer are of the first part, the next n₂ of the second, and so on. Different leaks from
    neuron to neuron give a network different memories.

    Attributes:
        parts: (number of neurons, neuron) of each part. All are `lif`, all `li`, all `synaptic` or all `alif`, with
            equal `width`, `leak_mode` and `reset_mode`.

    Raises:
        ScError: a part is no such pair, or the parts differ in kind, `width`, `leak_mode` or `reset_mode`.

    Example:
        >>> from sc_neurocore.neurons import Lif
        >>> neuron = Groups(((2, Lif(theta=100, leak_shift=1)), (1, Lif(theta=100, leak_shift=5))))
        >>> state = neuron.start((3,))
        >>> for _ in range(2):
        ...     state, spike, u = neuron.step_of_sample(state, np.full(3, 60))
        >>> u.tolist(), spike.tolist()
        ([90, 90, 119], [False, False, True])
    """

    parts: tuple[tuple[int, ClockNeuron], ...]

    kind: ClassVar[str] = "groups"

    def __post_init__(self) -> None:
        given = checks.sequence("parts", self.parts, "a sequence of (number of neurons, neuron)")
        require(given, "parts must have at least one (number of neurons, neuron), got none")
        parts = []
        for k, part in enumerate(given):
            count, neuron = checks.sequence(f"parts[{k}]", part, "(number of neurons, neuron)", 2)
            count = checks.integer(f"the number of neurons of parts[{k}]", count, 1, _COUNT_MAX)
            if not isinstance(neuron, ClockNeuron) or neuron.engine_kind is None:
                what = f"{neuron.kind} neurons" if isinstance(neuron, ClockNeuron) else checks.shown(neuron)
                raise ScError(f"parts[{k}] must be lif, li, synaptic or alif neurons, got {what}")
            parts.append((count, neuron))
        first: Any = parts[0][1]
        for k, (_, neuron) in enumerate(parts):
            for name in ("kind", "width", "leak_mode", "reset_mode"):
                mine, others = getattr(neuron, name), getattr(first, name)
                require(
                    mine == others, f"the parts must be alike in {name}: parts[0] has {others!r}, parts[{k}] {mine!r}"
                )
        object.__setattr__(self, "parts", tuple(parts))

    @classmethod
    def parse(cls, entry: Any) -> Groups:
        """Return the neurons of a list of parts, each with its number of neurons and its neuron, as in an artifact.

        Raises:
            ScError: an entry is missing, unknown or refused.
        """
        parts = []
        for k, part in enumerate(
            checks.sequence("parts", checks.entries("neuron", entry, {"parts"})["parts"], "a list")
        ):
            found = checks.entries(f"parts[{k}]", part, {"neurons", "neuron"})
            one = found["neuron"]
            # A group in a group would be refused anyway: this way it is refused before it is read, however deep.
            if isinstance(one, dict) and one.get("kind") == cls.kind:
                raise ScError(f"parts[{k}] must be lif, li, synaptic or alif neurons, got {cls.kind} neurons")
            parts.append((found["neurons"], neuron_of({"neuron": one})))
        return cls(tuple(parts))  # type: ignore[arg-type]  # checked there

    def parameters(self) -> dict[str, Any]:
        """Return the parts as plain JSON values."""
        return {
            "parts": [
                {"neurons": count, "neuron": {"kind": neuron.kind, **neuron.parameters()}}
                for count, neuron in self.parts
            ]
        }

    @property
    def first(self) -> Any:
        """The neuron of the first part, which has the kind and the modes of all."""
        return self.parts[0][1]

    @property
    def width(self) -> int:  # type: ignore[override]
        """Bits of each state, which all parts share."""
        width: int = self.first.width
        return width

    @property
    def leak_mode(self) -> int:
        """The leak mode of all parts."""
        mode: int = self.first.leak_mode
        return mode

    @property
    def reset_mode(self) -> int:
        """The reset mode of all parts."""
        mode: int = self.first.reset_mode
        return mode

    @property
    def refractory(self) -> int:
        """The longest refractory period of the parts."""
        neurons: list[Any] = [neuron for _, neuron in self.parts]
        return max(int(neuron.refractory) for neuron in neurons)

    @property
    def neurons(self) -> int:
        """Number of neurons of all parts."""
        return sum(count for count, _ in self.parts)

    @property
    def fires(self) -> bool:
        """Whether such neurons ever spike, which those of one kind do alike."""
        fires: bool = self.first.fires
        return fires

    def check_neurons(self, neurons: int) -> None:
        """Raise ScError unless the parts have as many neurons as the layer."""
        require(self.neurons == neurons, f"the parts of its groups have {self.neurons} neurons, the layer {neurons}")

    def members(self, neurons: int) -> tuple[tuple[int, ClockNeuron], ...]:
        """Return the parts."""
        return self.parts

    def split(self, values: NDArray[Any]) -> list[NDArray[Any]]:
        """Return the values of each part; the neurons are along the last axis."""
        return np.split(values, np.cumsum([count for count, _ in self.parts])[:-1], axis=-1)

    def start(self, shape: tuple[int, ...] = ()) -> tuple[Any, ...]:
        """Return the states of the parts at the start of a sample; the last size of `shape` is that of the layer."""
        return tuple(neuron.start((*shape[:-1], count)) for count, neuron in self.parts)

    def step_of_sample(
        self, state: Any, current: NDArray[np.int64]
    ) -> tuple[tuple[Any, ...], NDArray[np.bool_], NDArray[np.int64]]:
        """Advance each part by its own step: (states, current) → (states, spike, u)."""
        done = [
            neuron.step_of_sample(own, some)
            for (_, neuron), own, some in zip(self.parts, state, self.split(current), strict=True)
        ]
        states, spikes, potentials = zip(*done, strict=True)
        return states, np.concatenate(spikes, axis=-1), np.concatenate(potentials, axis=-1)
