"""What the neurons of networks in steps (A21, neurons in steps) have in common, beside what every `ClockNeuron` has."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .base import ClockNeuron

__all__ = ["SampleNeuron"]


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
