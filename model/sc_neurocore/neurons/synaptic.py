"""`synaptic`: a `lif` neuron whose synapses have a current that decays (A21), the neuron with two time constants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..errors import require
from .base import register
from .lif import Lif, LifState, engine_word, leak, lif_advance, saturate, whole_fields
from .sample import SampleNeuron

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
class Synaptic(SampleNeuron):
    """The neuron of networks in steps with a synaptic current, `synaptic` (A21).

    In each step i ← sat(leak_i(i) + I); then comes the step of `lif` (A13) with i in the place of I. So an input acts
    for some steps after it came. In floats it is i ← α·i + I, v ← λ·v + i, as in the synaptic neurons (CuBa-LIF) of
    other frameworks. While the neuron is refractory v stands still, and i goes on.

    Attributes:
        theta: threshold, 1 … 2^(width − 1) − 1, in LSB.
        width: bits of i and v, signed, 4 … 32.
        leak_mode: 0, shift, or 1, factor, of both states; see `Lif`.
        leak_shift: leak of v with leak_mode 0, 0 … width − 1.
        beta: leak of v with leak_mode 1, 0 … 255.
        reset_mode: 0, subtract, or 1, to value; see `Lif`.
        v_reset: −2^(width − 1) … theta − 1. It is not read with reset_mode 0.
        refractory: steps in which v stands still after a spike, 0 … 255.
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

    theta: int
    width: int = 16
    leak_mode: int = 0
    leak_shift: int = 4
    beta: int = 0
    reset_mode: int = 0
    v_reset: int = 0
    refractory: int = 0
    leak_shift_i: int = 1
    beta_i: int = 0

    kind: ClassVar[str] = "synaptic"
    engine_kind: ClassVar[int | None] = 1

    def __post_init__(self) -> None:
        whole_fields(self)
        width = self.membrane.width  # the checks of a lif neuron
        require(0 <= self.leak_shift_i < width, f"leak_shift_i must be in 0 to WIDTH minus 1, got {self.leak_shift_i}")
        require(0 <= self.beta_i <= 255, f"beta_i must be in 0 to 255, got {self.beta_i}")

    @property
    def membrane(self) -> Lif:
        """The `lif` neuron that takes the synaptic current."""
        return Lif(
            self.theta,
            self.width,
            self.leak_mode,
            self.leak_shift,
            self.beta,
            self.reset_mode,
            self.v_reset,
            self.refractory,
        )

    def start(self, shape: tuple[int, ...] = ()) -> SynapticState:
        """Return the state at the start of a sample: i is 0, v is 0 or v_reset, nothing is refractory."""
        return SynapticState(np.zeros(shape, dtype=np.int64), self.membrane.start(shape))

    def step_of_sample(
        self, state: Any, current: NDArray[np.int64]
    ) -> tuple[SynapticState, NDArray[np.bool_], NDArray[np.int64]]:
        """Advance by one step: (state, current) → (state, spike, u)."""
        i = saturate(leak(state.i, self.leak_mode, self.leak_shift_i, self.beta_i) + current, self.width)
        membrane, spike, u = lif_advance(state.membrane, i, self.membrane)
        return SynapticState(i, membrane), spike, u

    def engine_words(self, reset_mode: int | None = None) -> list[int]:
        """Return the leak of i, and then the words of the `lif` neuron."""
        leak_i = self.beta_i if self.leak_mode else self.leak_shift_i
        return [engine_word("leak of i", leak_i), *self.membrane.engine_words(reset_mode)]
