"""Layers on bitstreams for work in Python, which take and give rates, spikes or real numbers.

* `SCDenseLayer`: leaky neurons in time, driven by random streams.
* `VectorizedSCLayer`: rates in and rates out, by the arithmetic of the hardware (A8, neuron `window_if`).
* `SCConv2DLayer`: the same at every position of an image (A19, convolution and pooling).
* `StochasticAttention`: attention whose products are computed on streams.

Importing this package imports none of them; the first use of a class does, so a program pays only for what it uses.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .attention import StochasticAttention
    from .sc_conv2d_layer import SCConv2DLayer
    from .sc_dense_layer import SCDenseLayer
    from .vectorized_sc_layer import VectorizedSCLayer

__all__ = ["SCConv2DLayer", "SCDenseLayer", "StochasticAttention", "VectorizedSCLayer"]

_HOME = {
    "SCConv2DLayer": "sc_conv2d_layer",
    "SCDenseLayer": "sc_dense_layer",
    "StochasticAttention": "attention",
    "VectorizedSCLayer": "vectorized_sc_layer",
}


def __getattr__(name: str) -> Any:
    """Return a class of this package, importing its module on first use (PEP 562).

    Raises:
        AttributeError: The package has no such name.
    """
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
