"""Neurons: one file for each kind, in integer arithmetic, with names as in the RTL.

A layer of a network holds one `Neuron`, which stands for all neurons of that layer. A readout has none. A kind of
neuron is a class that `register` knows: its name in an artifact, its arithmetic, and its RTL. The simulators and the
builders ask this object and never its type, so a new kind needs no change elsewhere. A kind from outside this package
registers itself in the same way ([how](../../../docs/adding_a_neuron.md)).

| class | kind in artifacts | family | rule |
|---|---|---|---|
| `CountIf` | window_if | `WindowNeuron` | A8, neuron `window_if` |
| `Lif` | lif | `ClockNeuron` | A13, neuron `lif` |
| `Li` | li | `ClockNeuron` | A21, networks in steps |
| `Synaptic` | synaptic | `ClockNeuron` | A21 |
| `Alif` | alif | `ClockNeuron` | A21 |
| `Groups` | groups | `ClockNeuron` | A21 |
| `compiler.network_neuron.EquationNeuron` | equations | `ClockNeuron` | docs/equations.md |
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks
from .alif import Alif
from .base import NEURONS, ClockNeuron, Neuron, WindowNeuron, neuron_of, register
from .count_if import THETA_MAX, CountIf, window_if, window_if_step
from .groups import Groups
from .li import Li
from .lif import NEVER, Lif, LifParams, LifState, fire, lif_leak, lif_step
from .rtl import RtlStep, StreamLayer
from .synaptic import Synaptic

__all__ = [
    "NEURONS",
    "NEVER",
    "THETA_MAX",
    "Alif",
    "ClockNeuron",
    "CountIf",
    "Groups",
    "Li",
    "Lif",
    "LifParams",
    "LifState",
    "Neuron",
    "RtlStep",
    "StreamLayer",
    "Synaptic",
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
    """Return the class of each sample: the index of its greatest score, the lowest such index on a tie (A9, readout).

    Args:
        scores: sums S of the last layer; the classes are along the last axis. Any number of axes before it.

    Returns:
        Indices from 0, int64, in the shape of `scores` without its last axis.

    Example:
        >>> classify([[3, 7, 7], [-2, -9, -5]]).tolist()
        [1, 0]
    """
    best: NDArray[np.int64] = np.argmax(checks.array("scores", scores), axis=-1).astype(np.int64)
    return best
