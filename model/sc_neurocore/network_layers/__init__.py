"""Layers of a `Network`, one file a kind: immutable, validated, integers only.

A kind of layer is a class that `register` knows: how it stands in an artifact, its arithmetic, its float meaning and
how the engines see it. Back ends ask the layer and not its type, so a kind from outside this package runs on the
software back ends as soon as it is registered.
"""

from __future__ import annotations

from ..neurons import THETA_MAX
from .base import ADDERS, KINDS, Layer, WeightedLayer, Window, register
from .conv import ConvLayer
from .dense import DenseLayer
from .pool import POOLS, PoolLayer

__all__ = [
    "ADDERS",
    "KINDS",
    "POOLS",
    "THETA_MAX",
    "ConvLayer",
    "DenseLayer",
    "Layer",
    "PoolLayer",
    "WeightedLayer",
    "Window",
    "register",
]
