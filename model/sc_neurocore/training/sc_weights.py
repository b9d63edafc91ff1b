"""Weights as bitstream probabilities: min-max scaled to [0, 1], with the range that brings their sign back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import overload

import torch
from torch import Tensor

from ..errors import require
from .encoders import unit_interval

__all__ = ["ScLayer", "ScWeights"]


@dataclass(frozen=True, slots=True, eq=False)
class ScLayer:
    """One layer's weights as probabilities: w = w_min + (w_max − w_min)·w01.

    w01: in [0, 1], of the weight's own shape. bias: floats in the unit of w, or None.
    """

    w01: Tensor
    w_min: float
    w_max: float
    bias: Tensor | None = None

    def __post_init__(self) -> None:
        require(self.w_min <= self.w_max, f"w_min must not exceed w_max, got {self.w_min} and {self.w_max}")
        object.__setattr__(self, "w01", unit_interval(self.w01, "w01"))

    @classmethod
    def encode(cls, weight: Tensor, bias: Tensor | None = None) -> ScLayer:
        """Return the layer of float weights; raises ScError for weights that are not finite."""
        w = weight.detach()
        require(bool(torch.isfinite(w).all()), "weights must be finite, got NaN or infinity")
        low, high = (float(value) for value in torch.aminmax(w))
        w01 = ((w - low) / (high - low)).clamp(0, 1) if high > low else torch.zeros_like(w)
        return cls(w01, low, high, None if bias is None else bias.detach().clone())

    def decode(self, w01: Tensor | None = None) -> Tensor:
        """Return the float weights of w01, by default the layer's own; of a measured stream's rates as well."""
        p = self.w01 if w01 is None else w01
        return self.w_min + (self.w_max - self.w_min) * p

    def linear(self, x: Tensor, w01: Tensor | None = None) -> Tensor:
        """Return W·x + b of a dense layer from unipolar products only; x: (…, inputs), in [0, 1].

        Σ w·x = (w_max − w_min)·Σ w01·x + w_min·Σ x: the first sum is what AND gates and a counter give, the second is
        one popcount that all neurons share.
        """
        p = self.w01 if w01 is None else w01
        require(p.ndim == 2, f"linear needs a dense layer's weights (neurons, inputs), got shape {tuple(p.shape)}")
        y = (self.w_max - self.w_min) * (x @ p.T) + self.w_min * x.sum(dim=-1, keepdim=True)
        return y if self.bias is None else y + self.bias

    def quantised(self, length: int) -> Tensor:
        """Return w01 on the grid that streams of `length` bits have, multiples of 1 / length."""
        require(length >= 1, f"length must be at least 1, got {length}")
        return (self.w01 * length).round() / length


class ScWeights(Sequence[Tensor]):
    """What `to_sc_weights()` returns: a sequence of the layers' weights, tensors in [0, 1], that knows the way back.

    Iteration and indexing give tensors (`w.shape`, `w.min()`, `w.cpu().numpy()`); `layers` holds ranges and biases.
    """

    encoding = "min-max"

    def __init__(self, layers: Iterable[ScLayer]) -> None:
        self.layers = tuple(layers)

    def __len__(self) -> int:
        return len(self.layers)

    @overload
    def __getitem__(self, index: int) -> Tensor: ...
    @overload
    def __getitem__(self, index: slice) -> list[Tensor]: ...
    def __getitem__(self, index: int | slice) -> Tensor | list[Tensor]:
        if isinstance(index, slice):
            return [layer.w01 for layer in self.layers[index]]
        return self.layers[index].w01

    @property
    def ranges(self) -> list[tuple[float, float]]:
        """(w_min, w_max) of every layer."""
        return [(layer.w_min, layer.w_max) for layer in self.layers]

    def decode(self) -> list[Tensor]:
        """Return the float weights of every layer."""
        return [layer.decode() for layer in self.layers]

    def __repr__(self) -> str:
        shapes = ", ".join("x".join(map(str, w.shape)) for w in self)
        return f"ScWeights({shapes})"
