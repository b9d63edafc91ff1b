"""A kind of neuron from outside the package: it leaks by one a clock, and spikes at a threshold.

Importing this file makes it known: `Network`, artifacts, the golden model, the packed simulator and the streaming
builder then take it as any other. Its Verilog is in leaky_counter.v; docs/adding_a_neuron.md goes through both.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.checks import integer
from sc_neurocore.neurons import ClockNeuron, RtlStep, register

__all__ = ["LeakyCounter"]

#: Bits of v, signed, which the Verilog has too.
WIDTH = 16


@register
@dataclass(frozen=True)
class LeakyCounter(ClockNeuron):
    """v ← clip(v + current − 1, 0, 2^15 − 1); a spike where v ≥ theta, which sets v to 0. theta: 1 … 2^15 − 1."""

    theta: int
    kind: ClassVar[str] = "leaky_counter"

    def __post_init__(self) -> None:
        integer("theta", self.theta, 1, (1 << WIDTH - 1) - 1)

    @property
    def current_range(self) -> tuple[int, int]:
        """What 16 bits hold."""
        return -(1 << WIDTH - 1), (1 << WIDTH - 1) - 1

    def start(self, shape: tuple[int, ...] = ()) -> NDArray[np.int64]:
        """Return v after rst: 0."""
        return np.zeros(shape, dtype=np.int64)

    def step(self, state: Any, current: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Advance by one clock: (v, current) → (v, spike)."""
        v = np.clip(state + current - 1, 0, (1 << WIDTH - 1) - 1)
        spike = v >= self.theta
        return np.where(spike, 0, v), spike

    def rtl_step(self) -> RtlStep:
        """Return the Verilog beside this file: one clock of one neuron. The streaming layer is made around it."""
        text = Path(__file__).with_suffix(".v").read_text(encoding="utf-8")
        return RtlStep(
            "leaky_counter_step", {"v": (WIDTH - 1, 0)}, ("current", WIDTH), parameters={"THETA": self.theta}, text=text
        )
