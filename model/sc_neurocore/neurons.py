"""Neurons (A8, A9, A13): integer step functions, named as the RTL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import checks
from .errors import require

__all__ = ["LifParams", "LifState", "classify", "fire", "lif_leak", "lif_step", "window_if", "window_if_step"]


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
    """Advance one clock of the emitting window: (v, theta) → (v, spike). v starts as 2·2^f·S − θ."""
    spike: NDArray[np.bool_] = np.asarray(v >= 0)
    after: NDArray[np.int64] = v - np.where(spike, 2 * theta, 0)
    return after, spike


def classify(scores: ArrayLike) -> NDArray[np.int64]:
    """Return the index of the greatest score along the last axis, the lowest one on a tie (A9)."""
    best: NDArray[np.int64] = np.argmax(checks.array("scores", scores), axis=-1).astype(np.int64)
    return best


@dataclass(frozen=True, slots=True)
class LifParams:
    """A `lif` neuron (A13): the parameters of rtl/sc_lif.v and its constant inputs, with their names in lower case.

    width: bits of v, theta, v_reset and the current, 4 … 32, signed; Q8.8 at the default of 16. theta: 1 …
    2^(width − 1) − 1. leak_mode 0: v loses v >> leak_shift, 0 … width − 1, where 0 is no leak; 1: v becomes
    (v · beta) >> 8, beta 0 … 255. reset_mode 0: a spike subtracts theta; 1: v becomes v_reset, which is below theta.
    refractory: clocks without a step after a spike, 0 … 255. Raises ScError for anything else.
    """

    theta: int
    width: int = 16
    leak_mode: int = 0
    leak_shift: int = 4
    beta: int = 0
    reset_mode: int = 0
    v_reset: int = 0
    refractory: int = 0

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            whole = checks.as_integer(value)
            require(
                whole is not None and whole.bit_length() <= 64,
                f"{name} must be an integer of at most 64 bits, got {checks.shown(value)}",
            )
            object.__setattr__(self, name, whole)
        # In the words of the RTL's error names.
        require(4 <= self.width <= 32, f"width must be in 4 to 32, got {self.width}")
        require(self.leak_mode in (0, 1), f"leak_mode must be 0 shift or 1 factor, got {self.leak_mode}")
        require(0 <= self.leak_shift < self.width, f"leak_shift must be in 0 to WIDTH minus 1, got {self.leak_shift}")
        require(self.reset_mode in (0, 1), f"reset_mode must be 0 subtract or 1 to value, got {self.reset_mode}")
        require(0 <= self.refractory <= 255, f"refractory must be in 0 to 255, got {self.refractory}")
        # The ports, of which the RTL trusts its user.
        require(0 <= self.beta <= 255, f"beta must be in 0 to 255, got {self.beta}")
        require(1 <= self.theta <= self.v_max, f"theta must be in 1 to {self.v_max}, got {self.theta}")
        require(
            -self.v_max - 1 <= self.v_reset < self.theta,
            f"v_reset must be in {-self.v_max - 1} to theta minus 1, got {self.v_reset}",
        )

    @property
    def v_max(self) -> int:
        """The greatest v, 2^(width − 1) − 1; the least is −v_max − 1."""
        return (1 << self.width - 1) - 1

    @property
    def v_start(self) -> int:
        """What v is after rst."""
        return self.v_reset if self.reset_mode else 0


@dataclass(frozen=True, slots=True, eq=False)
class LifState:
    """State of `lif` neurons: v and the clocks of rest that are left, int64 arrays of one shape."""

    v: NDArray[np.int64]
    rest: NDArray[np.int64]

    @classmethod
    def start(cls, params: LifParams, shape: int | tuple[int, ...] = ()) -> LifState:
        """Return the state after rst of neurons of that shape."""
        return cls(np.full(shape, params.v_start, dtype=np.int64), np.zeros(shape, dtype=np.int64))


def fire(
    v: NDArray[Any], u: NDArray[Any], rest: NDArray[np.int64], theta: float, after: ArrayLike, refractory: int
) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.bool_]]:
    """Return (v, rest, spike) after steps 1, 4 and 5 of A13, on integers or floats of one shape.

    u: v after leak and input. A resting neuron keeps v and counts down; another fires where u ≥ theta, and then has
    the potential `after` and `refractory` clocks of rest.
    """
    resting = rest > 0
    fires: NDArray[np.bool_] = (u >= theta) & ~resting
    v = np.where(resting, v, np.where(fires, after, u))
    rest = np.where(resting, rest - 1, np.where(fires, refractory, 0))
    return v, rest, fires


def lif_leak(v: NDArray[np.int64], params: LifParams) -> NDArray[np.int64]:
    """Return what the leak leaves of v (A13, step 2)."""
    if params.leak_mode:
        return v * params.beta >> 8
    return v - (v >> params.leak_shift) if params.leak_shift else v


def lif_step(state: LifState, current: ArrayLike, params: LifParams) -> tuple[LifState, NDArray[np.bool_]]:
    """Advance leaky integrate-and-fire neurons by one clock: (state, current, params) → (state, spike) (A13).

    current: integers of params.width bits, signed, of the state's shape or one that broadcasts to it; raises ScError
    for one out of range. RTL: rtl/sc_lif.v; proof: formal/sc_lif_fv.v.

    >>> params = LifParams(theta=256, leak_shift=1)
    >>> state, spikes = LifState.start(params), []
    >>> for _ in range(4):
    ...     state, spike = lif_step(state, 160, params)
    ...     spikes.append((int(state.v), bool(spike)))
    >>> spikes
    [(160, False), (240, False), (24, True), (172, False)]
    """
    i = checks.integers("current", current)
    low, high = -params.v_max - 1, params.v_max
    if i.size:
        least, greatest = int(i.min()), int(i.max())
        worst = least if least < low else greatest
        require(low <= worst <= high, f"current must be in {low} to {high}, got {worst}")
    v = state.v
    u = np.clip(lif_leak(v, params) + i.astype(np.int64), low, high)
    after = params.v_reset if params.reset_mode else u - params.theta
    v, rest, fires = fire(v, u, state.rest, params.theta, after, params.refractory)
    return LifState(v, rest), fires
