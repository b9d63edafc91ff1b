"""Weights as bitstream probabilities: scaled to [0, 1] by their least and greatest value, with the way back.

A unipolar stream can only stand for a number in [0, 1]. So a layer's weights are mapped linearly onto this range
(min-max scaling), and the range is kept to bring scale and sign back.
"""

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
    """The weights of one layer as probabilities: w = w_min + (w_max − w_min)·w01.

    Attributes:
        w01: Probabilities in [0, 1], in the shape of the layer's weight.
        w_min: The weight that probability 0 stands for.
        w_max: The weight that probability 1 stands for, not below w_min.
        bias: Real biases in the unit of w, or None.

    Raises:
        ScError: w_min exceeds w_max, or w01 is no floating point tensor in [0, 1].

    Example:
        >>> layer = ScLayer.encode(torch.tensor([[-1.0, 0.0, 3.0]]))
        >>> layer.w01.tolist(), layer.decode().tolist()
        ([[0.0, 0.25, 1.0]], [[-1.0, 0.0, 3.0]])
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
        """Return the layer for real weights; equal weights all become probability 0.

        Args:
            weight: Real weights, any shape.
            bias: Real biases, copied as they are, or None.

        Raises:
            ScError: A weight is not finite.
        """
        w = weight.detach()
        require(bool(torch.isfinite(w).all()), "weights must be finite, got NaN or infinity")
        low, high = (float(value) for value in torch.aminmax(w))
        w01 = ((w - low) / (high - low)).clamp(0, 1) if high > low else torch.zeros_like(w)
        return cls(w01, low, high, None if bias is None else bias.detach().clone())

    def decode(self, w01: Tensor | None = None) -> Tensor:
        """Return the real weights that probabilities stand for.

        Args:
            w01: The probabilities, for example rates measured on streams; None takes the layer's own.
        """
        p = self.w01 if w01 is None else w01
        return self.w_min + (self.w_max - self.w_min) * p

    def linear(self, x: Tensor, w01: Tensor | None = None) -> Tensor:
        """Return W·x + b of a dense layer, computed from unipolar products only.

            Σ w·x = (w_max − w_min)·Σ w01·x + w_min·Σ x

        The first sum is what AND gates and a counter give. The second is one count of ones that all neurons share.

        Args:
            x: Inputs in [0, 1], (…, inputs).
            w01: Probabilities to use in place of the layer's own, (neurons, inputs).

        Returns:
            (…, neurons).

        Raises:
            ScError: The weights are not those of a dense layer.
        """
        p = self.w01 if w01 is None else w01
        require(p.ndim == 2, f"linear needs a dense layer's weights (neurons, inputs), got shape {tuple(p.shape)}")
        y = (self.w_max - self.w_min) * (x @ p.T) + self.w_min * x.sum(dim=-1, keepdim=True)
        return y if self.bias is None else y + self.bias

    def quantised(self, length: int) -> Tensor:
        """Return w01 rounded to what streams of `length` bits can show: multiples of 1 / length.

        Raises:
            ScError: The length is below 1.
        """
        require(length >= 1, f"length must be at least 1, got {length}")
        return (self.w01 * length).round() / length


class ScWeights(Sequence[Tensor]):
    """The weights of a network as probabilities, as `to_sc_weights()` of the spiking networks returns them.

    It is a sequence of tensors in [0, 1], one for each layer, so iterating and indexing give tensors (`w.shape`,
    `w.min()`, `w.cpu().numpy()`). It also knows the way back to real weights.

    Attributes:
        layers: The `ScLayer` of every layer, with ranges and biases.
        encoding: "min-max", the name of the scaling.

    Args:
        layers: The layers, first layer first.
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
        """Return the real weights of every layer."""
        return [layer.decode() for layer in self.layers]

    def __repr__(self) -> str:
        shapes = ", ".join("x".join(map(str, w.shape)) for w in self)
        return f"ScWeights({shapes})"
