"""`li`: the leaky integrator (A21), a `lif` neuron that never spikes. It is for readouts of potentials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..errors import require
from .base import register
from .lif import NEVER, leak, saturate, whole_fields
from .sample import SampleNeuron

__all__ = ["Li"]


@register
@dataclass(frozen=True, slots=True)
class Li(SampleNeuron):
    """The leaky integrator of networks in steps, `li` (A21): v ← u = sat(leak(v) + I), and it never spikes.

    In floats it is v ← λ·v + I with λ = 1 − 2^−leak_shift, or beta / 256: the leaky readout of most spiking networks.

    Attributes:
        width: bits of v, signed, 4 … 32.
        leak_mode: 0, shift: v loses v >> leak_shift in each step. 1, factor: v becomes (v · beta) >> 8.
        leak_shift: 0 … width − 1, where 0 means no leak. It is not read with leak_mode 1.
        beta: part of v that is kept, 0 … 255, in units of 1/256. It is not read with leak_mode 0.

    Raises:
        ScError: a parameter is no integer or out of its range. A parameter that is not read is checked all the same.

    Example:
        >>> neuron = Li(width=8, leak_shift=1)
        >>> v = neuron.start()
        >>> for current in (100, 100, -1000):
        ...     v, spike, u = neuron.step_of_sample(v, np.array(current))
        ...     print(int(u), bool(spike))
        100 False
        127 False
        -128 False
    """

    width: int = 16
    leak_mode: int = 0
    leak_shift: int = 4
    beta: int = 0

    kind: ClassVar[str] = "li"
    engine_kind: ClassVar[int | None] = 0

    def __post_init__(self) -> None:
        whole_fields(self)
        require(4 <= self.width <= 32, f"width must be in 4 to 32, got {self.width}")
        require(self.leak_mode in (0, 1), f"leak_mode must be 0 shift or 1 factor, got {self.leak_mode}")
        require(0 <= self.leak_shift < self.width, f"leak_shift must be in 0 to WIDTH minus 1, got {self.leak_shift}")
        require(0 <= self.beta <= 255, f"beta must be in 0 to 255, got {self.beta}")

    @property
    def reset_mode(self) -> int:
        """The reset mode, 0: a neuron that never spikes has no reset."""
        return 0

    @property
    def refractory(self) -> int:
        """The refractory period, 0."""
        return 0

    @property
    def fires(self) -> bool:
        """Whether such neurons ever spike: they do not."""
        return False

    def start(self, shape: tuple[int, ...] = ()) -> NDArray[np.int64]:
        """Return the potentials at the start of a sample: 0."""
        return np.zeros(shape, dtype=np.int64)

    def step_of_sample(
        self, state: Any, current: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64]]:
        """Advance by one step: (v, current) → (v, spike, u); no spike is ever set, and u is v."""
        v = saturate(leak(state, self.leak_mode, self.leak_shift, self.beta) + current, self.width)
        return v, np.zeros(v.shape, dtype=bool), v

    def engine_words(self, reset_mode: int | None = None) -> list[int]:
        """Return the words of a `lif` neuron that starts at 0, and whose theta says that it never fires."""
        words = [self.beta if self.leak_mode else self.leak_shift, NEVER]
        return [0, *words] if reset_mode else words
