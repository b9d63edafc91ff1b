"""`window_if`: the integrate-and-fire neuron that turns the sum of a window into a count (A8, neuron `window_if`).

It is the neuron of all networks that were trained with activations: a clipped, rounded ReLU. `CountIf` is the object
that a layer holds; `window_if` is its arithmetic as one division; `window_if_step` is the same in subtractions, one
clock at a time, as the hardware does it.
"""

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

#: The greatest threshold, in LSB: it has 16 bits (A2, codes).
THETA_MAX = 65535


@register
@dataclass(frozen=True, slots=True)
class CountIf(WindowNeuron):
    """The integrate-and-fire neuron over a window, `window_if` (A8): it fires once for each theta of the window's sum.

    The count is c = clip(⌊(2·2^f·S + θ) / (2θ)⌋, 0, L), where S is the sum of the window, θ is theta, f is theta_frac
    and L the length of a window. It is S·2^f / θ, rounded to nearest, half up. The c ones come first in the next
    window.

    Attributes:
        theta: threshold in LSB, 1 … 65535. 2^theta_frac LSB are one unit of the sum.

    Raises:
        ScError: theta is no integer or out of range.

    Example:
        >>> CountIf(160).counts(np.array([-5, 4, 5, 400]), theta_frac=4, length=16).tolist()
        [0, 0, 1, 16]
    """

    theta: int
    kind: ClassVar[str] = "window_if"
    step_module: ClassVar[str] = "sc_window_if_step"

    def __post_init__(self) -> None:
        object.__setattr__(self, "theta", checks.integer("theta", self.theta, 1, THETA_MAX))

    def describe(self) -> dict[str, Any]:
        """Return the entry of a layer's description: the number `theta` alone, and no name of a kind."""
        return {"theta": self.theta}

    @classmethod
    def parse(cls, entry: Any) -> CountIf:
        """Return the neuron of the number under "theta"; raises ScError for any other value."""
        return cls(entry)

    def counts(self, s: NDArray[np.int64], theta_frac: int, length: int) -> NDArray[np.int64]:
        """Return the counts c of A8 by `window_if`; arguments and result are those of `WindowNeuron.counts`."""
        return window_if(s, self.theta, theta_frac, length)

    def emit(self, s: NDArray[np.int64], theta_frac: int, length: int) -> Iterator[NDArray[np.bool_]]:
        """Yield the spikes of each clock as rtl/sc_window_if_step.v makes them: each spike subtracts 2·theta.

        They are the same spikes as those of `WindowNeuron.emit`, so that a simulation by steps checks the closed
        formula.
        """
        v = (s << (theta_frac + 1)) - self.theta
        for _ in range(length):
            v, spike = window_if_step(v, self.theta)
            yield spike

    def nir_node(self, theta_frac: int) -> dict[str, Any]:
        """Return an IF node: for a current of S / L, its rate is c / L at a threshold of θ / 2^f."""
        return {"type": "IF", "r": 1.0, "v_threshold": self.theta / 2.0**theta_frac, "v_reset": 0.0}

    def stream_layer(self, theta_frac: int) -> StreamLayer:
        """Return the streaming layer rtl/sc_stream_dense.v and its parameters; f is `theta_frac`."""
        return StreamLayer("sc_stream_dense", {}, ({"NEURON": 1, "THETA": self.theta, "FRAC": theta_frac},))


def window_if(s: ArrayLike, theta: int, theta_frac: int, length: int) -> NDArray[np.int64]:
    """Return c = clip(⌊(2·2^f·S + θ) / (2θ)⌋, 0, L), the count that a window's sum S becomes (A8, neuron `window_if`).

    RTL: rtl/sc_window_if.v; proof: formal/sc_window_if_fv.v.

    Args:
        s: sums S of windows, integers of any shape, in units of one product bit.
        theta: threshold θ in LSB, 1 … 65535. It is not checked here.
        theta_frac: fraction bits f of the threshold.
        length: L, the clocks of a window.

    Returns:
        Counts c in 0 … L, int64, in the shape of `s`.

    Raises:
        ScError: `s` holds no integers.

    Example:
        >>> window_if([-5, 0, 4, 5, 400], theta=160, theta_frac=4, length=16).tolist()
        [0, 0, 0, 1, 16]
    """
    v = (checks.integers("s", s).astype(np.int64) << (theta_frac + 1)) + theta
    count: NDArray[np.int64] = np.clip(v // (2 * theta), 0, length)
    return count


def window_if_step(v: NDArray[np.int64], theta: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Advance one clock of the window that emits the count: (v, theta) → (v, spike).

    Before the first clock v is 2·2^f·S − θ, with the S, f and θ of `window_if`. A neuron spikes where v ≥ 0, and a
    spike takes 2θ off v. So the spikes of L clocks are as many as the count, without a division. RTL:
    rtl/sc_window_if_step.v; proof: formal/sc_window_if_step_fv.v.

    Args:
        v: potentials in units of half an LSB of theta, int64, of any shape.
        theta: threshold θ in LSB.

    Returns:
        The new potentials, int64, and the spikes, bool, in the shape of `v`.

    Example:
        >>> v, spike = window_if_step(np.array([320, -1]), 160)
        >>> v.tolist(), spike.tolist()
        ([0, -1], [True, False])
    """
    spike: NDArray[np.bool_] = np.asarray(v >= 0)
    after: NDArray[np.int64] = v - np.where(spike, 2 * theta, 0)
    return after, spike
