"""`window_if`, the integrate-and-fire neuron that turns the sum of a window into a count (A8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks
from .base import WindowNeuron, register
from .rtl import StreamLayer

__all__ = ["THETA_MAX", "CountIf", "window_if", "window_if_step"]

#: The greatest threshold, in LSB (A2).
THETA_MAX = 65535


@register
@dataclass(frozen=True, slots=True)
class CountIf(WindowNeuron):
    """An integrate-and-fire neuron over a window, `window_if` (A8): it fires once for each theta of the window's sum.

    theta: threshold in LSB, 1 … 65535, of which 2^theta_frac are a unit of the sum. The count is
    c = clip(⌊(2·2^f·S + θ) / (2θ)⌋, 0, L), where S is the sum of the window, f is theta_frac and L the length: S / θ,
    rounded to nearest. Its ones come first in the next window. Raises ScError for a theta out of range.

    >>> CountIf(160).counts(np.array([-5, 4, 5, 400]), theta_frac=4, length=16).tolist()
    [0, 0, 1, 16]
    """

    theta: int
    kind: ClassVar[str] = "window_if"
    step_module: ClassVar[str] = "sc_window_if_step"

    def __post_init__(self) -> None:
        object.__setattr__(self, "theta", checks.integer("theta", self.theta, 1, THETA_MAX))

    def describe(self) -> dict[str, Any]:
        """Return the entry of a layer's description."""
        return {"theta": self.theta}

    @classmethod
    def parse(cls, entry: Any) -> CountIf:
        """Return the neuron of the number under "theta"."""
        return cls(entry)

    def counts(self, s: NDArray[np.int64], theta_frac: int, length: int) -> NDArray[np.int64]:
        """Return c of A8: `window_if`."""
        return window_if(s, self.theta, theta_frac, length)

    def emit(self, s: NDArray[np.int64], theta_frac: int, length: int) -> Iterator[NDArray[np.bool_]]:
        """Yield the spikes of each clock as rtl/sc_window_if_step.v makes them, a subtraction of 2·theta a spike."""
        v = (s << (theta_frac + 1)) - self.theta
        for _ in range(length):
            v, spike = window_if_step(v, self.theta)
            yield spike

    def nir_node(self, theta_frac: int) -> dict[str, Any]:
        """Return an IF: of the current S / L, its rate is c / L at a threshold of θ / 2^f."""
        return {"type": "IF", "r": 1.0, "v_threshold": self.theta / 2.0**theta_frac, "v_reset": 0.0}

    def stream_layer(self, theta_frac: int) -> StreamLayer:
        """Return rtl/sc_stream_dense.v and its parameters."""
        return StreamLayer("sc_stream_dense", {}, ({"NEURON": 1, "THETA": self.theta, "FRAC": theta_frac},))


def window_if(s: ArrayLike, theta: int, theta_frac: int, length: int) -> NDArray[np.int64]:
    """Return c = clip(⌊(2·2^f·S + θ) / (2θ)⌋, 0, L), the count that a window's sum S becomes (A8).

    RTL: rtl/sc_window_if.v; proof: formal/sc_window_if_fv.v.

    >>> window_if([-5, 0, 4, 5, 400], theta=160, theta_frac=4, length=16).tolist()
    [0, 0, 0, 1, 16]
    """
    v = (checks.integers("s", s).astype(np.int64) << (theta_frac + 1)) + theta
    count: NDArray[np.int64] = np.clip(v // (2 * theta), 0, length)
    return count


def window_if_step(v: NDArray[np.int64], theta: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Advance one clock of the emitting window: (v, theta) → (v, spike). v starts as 2·2^f·S − θ.

    RTL: rtl/sc_window_if_step.v; proof: formal/sc_window_if_step_fv.v.
    """
    spike: NDArray[np.bool_] = np.asarray(v >= 0)
    after: NDArray[np.int64] = v - np.where(spike, 2 * theta, 0)
    return after, spike
