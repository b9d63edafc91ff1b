"""`synaptic`: a `lif` neuron whose synapses have a current that decays (A21), the neuron with two time constants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .base import register
from .lif import LifState, lif_advance, saturate
from .two_state import TwoStateNeuron

__all__ = ["Synaptic", "SynapticState"]


@dataclass(frozen=True, slots=True, eq=False)
class SynapticState:
    """State of `synaptic` neurons.

    Attributes:
        i: synaptic currents in LSB, int64.
        membrane: potential and clocks of rest, as of a `lif` neuron.
    """

    i: NDArray[np.int64]
    membrane: LifState


@register
@dataclass(frozen=True, slots=True)
class Synaptic(TwoStateNeuron):
    """The neuron of networks in steps with a synaptic current, `synaptic` (A21).

    In each step i ← sat(leak_i(i) + I); then comes the step of `lif` (A13) with i in the place of I. So an input acts
    for some steps after it came. In floats it is i ← α·i + I, v ← λ·v + i, as in the synaptic neurons (CuBa-LIF) of
    other frameworks. While the neuron is refractory v stands still, and i goes on.

    Attributes:
        theta, width, leak_mode, leak_shift, beta, reset_mode, v_reset, refractory: see `TwoStateNeuron`.
        leak_shift_i: leak of i with leak_mode 0, 0 … width − 1, where 0 means no leak.
        beta_i: leak of i with leak_mode 1, 0 … 255.

    Raises:
        ScError: a parameter is no integer or out of its range. A parameter that is not read is checked all the same.

    Example:
        >>> neuron = Synaptic(theta=200, leak_shift=0, leak_shift_i=1)
        >>> state, spikes = neuron.start(), []
        >>> for current in (100, 0, 0, 0):
        ...     state, spike, u = neuron.step_of_sample(state, np.array(current))
        ...     spikes.append((int(state.i), int(u), bool(spike)))
        >>> spikes
        [(100, 100, False), (50, 150, False), (25, 175, False), (13, 188, False)]
    """

    leak_shift_i: int = 1
    beta_i: int = 0

    kind: ClassVar[str] = "synaptic"
    engine_kind: ClassVar[int | None] = 1
    second: ClassVar[str] = "i"

    def start(self, shape: tuple[int, ...] = ()) -> SynapticState:
        """Return the state at the start of a sample: i is 0, v is 0 or v_reset, nothing is refractory."""
        return SynapticState(np.zeros(shape, dtype=np.int64), self.membrane.start(shape))

    def step_of_sample(
        self, state: Any, current: NDArray[np.int64]
    ) -> tuple[SynapticState, NDArray[np.bool_], NDArray[np.int64]]:
        """Advance by one step: (state, current) → (state, spike, u)."""
        i = saturate(self.leak_second(state.i) + current, self.width)
        membrane, spike, u = lif_advance(state.membrane, i, self.membrane)
        return SynapticState(i, membrane), spike, u
