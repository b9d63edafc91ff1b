"""`alif`: a `lif` neuron whose threshold rises with its own spikes (A21), the neuron that adapts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..errors import require
from .base import register
from .lif import LifState, engine_word, lif_advance, saturate
from .two_state import TwoStateNeuron

__all__ = ["Alif", "AlifState"]


@dataclass(frozen=True, slots=True, eq=False)
class AlifState:
    """State of `alif` neurons.

    Attributes:
        a: what the thresholds are above theta, in LSB, int64.
        membrane: potential and clocks of rest, as of a `lif` neuron.
    """

    a: NDArray[np.int64]
    membrane: LifState


@register
@dataclass(frozen=True, slots=True)
class Alif(TwoStateNeuron):
    """The adaptive neuron of networks in steps, `alif` (A21): each spike raises its threshold, which then falls again.

    It makes the step of `lif` (A13), but spikes where u ≥ θ + a. Then a ← leak_a(a), and sat(leak_a(a) + b) after a
    spike. The reset takes off θ, not a. While the neuron is refractory v stands still, and a leaks. In floats a ← ρ·a +
    b·s, as in the adaptive neurons of long short-term spiking networks.

    Attributes:
        theta: threshold at rest, 1 … 2^(width − 1) − 1, in LSB.
        width, leak_mode, leak_shift, beta, reset_mode, v_reset, refractory: see `TwoStateNeuron`.
        leak_shift_a: leak of a with leak_mode 0, 0 … width − 1, where 0 means no leak.
        beta_a: leak of a with leak_mode 1, 0 … 255.
        b: what a spike adds to a, 0 … 2^(width − 1) − 1.

    Raises:
        ScError: a parameter is no integer or out of its range. A parameter that is not read is checked all the same.

    Example:
        >>> neuron = Alif(theta=100, leak_shift=0, leak_shift_a=2, b=60)
        >>> state, spikes = neuron.start(), []
        >>> for _ in range(4):
        ...     state, spike, u = neuron.step_of_sample(state, np.array(110))
        ...     spikes.append((int(u), bool(spike), int(state.a)))
        >>> spikes
        [(110, True, 60), (120, False, 45), (230, True, 94), (240, True, 131)]
    """

    leak_shift_a: int = 4
    beta_a: int = 0
    b: int = 0

    kind: ClassVar[str] = "alif"
    engine_kind: ClassVar[int | None] = 2
    second: ClassVar[str] = "a"

    def __post_init__(self) -> None:
        TwoStateNeuron.__post_init__(self)  # super() does not know a class with slots
        require(0 <= self.b <= self.membrane.v_max, f"b must be in 0 to {self.membrane.v_max}, got {self.b}")

    def start(self, shape: tuple[int, ...] = ()) -> AlifState:
        """Return the state at the start of a sample: a is 0, v is 0 or v_reset, nothing is refractory."""
        return AlifState(np.zeros(shape, dtype=np.int64), self.membrane.start(shape))

    def step_of_sample(
        self, state: Any, current: NDArray[np.int64]
    ) -> tuple[AlifState, NDArray[np.bool_], NDArray[np.int64]]:
        """Advance by one step: (state, current) → (state, spike, u)."""
        membrane, spike, u = lif_advance(state.membrane, current, self.membrane, raised=state.a)
        a = self.leak_second(state.a)
        return AlifState(np.where(spike, saturate(a + self.b, self.width), a), membrane), spike, u

    def second_words(self) -> list[int]:
        """Return the leak of a, and b."""
        return [*TwoStateNeuron.second_words(self), engine_word("b", self.b)]
