"""Neurons (A8, A9): integer step functions, named as the RTL."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["classify", "window_if", "window_if_step"]


def window_if(s: ArrayLike, theta: int, theta_frac: int, length: int) -> NDArray[np.int64]:
    """Return c = clip(⌊(2·2^f·S + θ) / (2θ)⌋, 0, L), the count that a window's sum S becomes (A8).

    RTL: rtl/sc_window_if.v; proof: formal/sc_window_if_fv.v.

    >>> window_if([-5, 0, 4, 5, 400], theta=160, theta_frac=4, length=16).tolist()
    [0, 0, 0, 1, 16]
    """
    v = (np.asarray(s, dtype=np.int64) << (theta_frac + 1)) + theta
    count: NDArray[np.int64] = np.clip(v // (2 * theta), 0, length)
    return count


def window_if_step(v: NDArray[np.int64], theta: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Advance one clock of the emitting window: (v, theta) → (v, spike). v starts as 2·2^f·S − θ."""
    spike: NDArray[np.bool_] = np.asarray(v >= 0)
    after: NDArray[np.int64] = v - np.where(spike, 2 * theta, 0)
    return after, spike


def classify(scores: ArrayLike) -> NDArray[np.int64]:
    """Return the index of the greatest score along the last axis, the lowest one on a tie (A9)."""
    best: NDArray[np.int64] = np.argmax(np.asarray(scores), axis=-1).astype(np.int64)
    return best
