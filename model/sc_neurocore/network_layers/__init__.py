"""Layers of a `Network`, one file a kind: immutable, validated, integers only.

A kind of layer is a class that is registered with `register`. The class says how the layer is written in an artifact,
what it computes on codes and on bits, what it means in floating point, and how the engines see it. Back ends call
these methods and never test the type of a layer. So a kind from outside this package runs on the software back ends as
soon as it is registered; docs/adding_a_layer.md describes how.
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
