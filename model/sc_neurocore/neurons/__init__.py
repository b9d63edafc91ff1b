"""Neurons: one file a kind, integer arithmetic, named as the RTL.

A layer of a network holds a `Neuron`, or none in a readout. A kind of neuron is a class that `register` knows: what it
is called in an artifact, its arithmetic, and its RTL. `CountIf` is `window_if` (A8), `Lif` is `lif` (A13). A kind from
outside this package registers itself in the same way ([how](../../../docs/adding_a_neuron.md)).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks
from .base import NEURONS, ClockNeuron, Neuron, WindowNeuron, neuron_of, register
from .count_if import THETA_MAX, CountIf, window_if, window_if_step
from .lif import Lif, LifParams, LifState, fire, lif_leak, lif_step
from .rtl import RtlStep, StreamLayer

__all__ = [
    "NEURONS",
    "THETA_MAX",
    "ClockNeuron",
    "CountIf",
    "Lif",
    "LifParams",
    "LifState",
    "Neuron",
    "RtlStep",
    "StreamLayer",
    "WindowNeuron",
    "classify",
    "fire",
    "lif_leak",
    "lif_step",
    "neuron_of",
    "register",
    "window_if",
    "window_if_step",
]


def classify(scores: ArrayLike) -> NDArray[np.int64]:
    """Return the index of the greatest score along the last axis, the lowest one on a tie (A9)."""
    best: NDArray[np.int64] = np.argmax(checks.array("scores", scores), axis=-1).astype(np.int64)
    return best
