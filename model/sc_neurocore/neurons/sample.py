"""What the neurons of networks in steps (A21, neurons in steps) have in common, beside what every `ClockNeuron` has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .base import ClockNeuron

__all__ = ["SampleNeuron", "map_state"]


def map_state(state: Any, change: Callable[[str, NDArray[Any]], NDArray[Any]], name: str = "v") -> Any:
    """Return a state of neurons with `change(name, values)` in place of each array in it.

    A state is whatever a neuron's `start` returns: an array, or a record, tuple or mapping of states.

    Args:
        state: the state, which is not changed.
        change: what makes the new array of an array and its name, such as "v", "rest", "i" or "a".
        name: name of a state that is a plain array.

    Example:
        >>> from sc_neurocore.neurons import Alif
        >>> state = Alif(theta=100).start((2,))
        >>> map_state(state, lambda name, values: values + (5 if name == "a" else 0)).a.tolist()
        [5, 5]
    """
    if isinstance(state, np.ndarray):
        return change(name, state)
    if isinstance(state, tuple):
        return tuple(map_state(each, change, name) for each in state)
    if isinstance(state, Mapping):
        return {key: map_state(each, change, key) for key, each in state.items()}
    return replace(
        state, **{each.name: map_state(getattr(state, each.name), change, each.name) for each in fields(state)}
    )


class SampleNeuron(ClockNeuron):
    """A neuron that only networks in steps have: its state lasts from step to step, its current is exact (A20, networks
    in steps).

    A subclass writes `start` and `step_of_sample`, has `width`, and may have `engine_words`.

    Attributes:
        width: bits of each state, signed, 4 … 32.
    """

    __slots__ = ()
    steps_only: ClassVar[bool] = True
    width: int

    @property
    def potential_bits(self) -> int:
        """Bits of the potential: `width`."""
        return self.width

    @property
    def current_range(self) -> tuple[int, int]:
        """The range of a current that cannot saturate a potential of 0: the integers of `width` bits.

        In a network in steps currents are exact and may exceed it.
        """
        return -(1 << self.width - 1), (1 << self.width - 1) - 1

    def step(self, state: Any, current: NDArray[np.int64]) -> tuple[Any, NDArray[np.bool_]]:
        """Advance by one step, without the potential: (state, current) → (state, spike)."""
        state, spike, _ = self.step_of_sample(state, current)
        return state, spike
