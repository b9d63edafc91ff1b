"""What `synaptic` and `alif` have in common (A21): a `lif` neuron with a second state, which leaks as well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ..errors import require
from .lif import Lif, engine_word, leak, whole_fields
from .sample import SampleNeuron

__all__ = ["TwoStateNeuron"]


@dataclass(frozen=True, slots=True)
class TwoStateNeuron(SampleNeuron):
    """The membrane of a `lif` neuron, and a second state of the same width with a leak of its own.

    A subclass sets `second`, adds the fields leak_shift_<second> and beta_<second>, and writes `start` and
    `step_of_sample`.

    Attributes:
        theta: threshold, 1 … 2^(width − 1) − 1, in LSB.
        width: bits of both states, signed, 4 … 32.
        leak_mode: 0, shift, or 1, factor, of both states; see `Lif`.
        leak_shift: leak of v with leak_mode 0, 0 … width − 1, where 0 means no leak.
        beta: leak of v with leak_mode 1, 0 … 255.
        reset_mode: 0, subtract, or 1, to value; see `Lif`.
        v_reset: −2^(width − 1) … theta − 1. It is not read with reset_mode 0.
        refractory: steps in which v stands still after a spike, 0 … 255. The second state goes on.
        second: name of the second state.

    Raises:
        ScError: a parameter is no integer or out of its range. A parameter that is not read is checked all the same.
    """

    theta: int
    width: int = 16
    leak_mode: int = 0
    leak_shift: int = 4
    beta: int = 0
    reset_mode: int = 0
    v_reset: int = 0
    refractory: int = 0

    second: ClassVar[str]

    def __post_init__(self) -> None:
        whole_fields(self)
        width = self.membrane.width  # the checks of a lif neuron
        shift, beta = self._second_leak
        require(0 <= shift < width, f"leak_shift_{self.second} must be in 0 to WIDTH minus 1, got {shift}")
        require(0 <= beta <= 255, f"beta_{self.second} must be in 0 to 255, got {beta}")

    @property
    def membrane(self) -> Lif:
        """The `lif` neuron whose potential v is the first state."""
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

    @property
    def _second_leak(self) -> tuple[int, int]:
        """Shift and factor of the second state's leak."""
        return getattr(self, f"leak_shift_{self.second}"), getattr(self, f"beta_{self.second}")

    def leak_second(self, x: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the second state after its leak, which is of the kind that `leak_mode` says."""
        return leak(x, self.leak_mode, *self._second_leak)

    def second_words(self) -> list[int]:
        """Return the parameters of the second state as words of the engine; by default its leak alone."""
        return [engine_word(f"leak of {self.second}", self._second_leak[1 if self.leak_mode else 0])]

    def engine_words(self, reset_mode: int | None = None) -> list[int]:
        """Return the words of the second state, and then those of the `lif` neuron."""
        return [*self.second_words(), *self.membrane.engine_words(reset_mode)]
