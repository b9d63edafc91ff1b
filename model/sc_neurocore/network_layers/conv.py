"""The two-dimensional convolution (A19, convolution and pooling).

The weights are stored as (output channel, kernel row, kernel column, input channel). This is the order of a memory file
(A2, codes). It differs from torch, whose Conv2d has the input channel second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks
from ..errors import require
from ..neurons import Neuron, neuron_of
from .base import (
    SIZE_MAX,
    UNSET,
    Shape,
    WeightedLayer,
    Window,
    check_neuron,
    check_size,
    chosen_neuron,
    codes_of,
    input_shape_of,
    register,
    sizes_of,
)

__all__ = ["ConvLayer"]


@register
@dataclass(frozen=True, eq=False, init=False)
class ConvLayer(WeightedLayer):
    """A two-dimensional convolution (A19): the same weights at every position of the output.

    Attributes:
        weights: Signed codes in [−(L−1), L−1], shape (channels out, kernel height, kernel width, channels in).
        bias: Signed codes, shape (channels out,).
        neuron: `CountIf`, or another kind that takes the sum of a window; None in a readout. The constructor also takes
            theta, which is short for neuron=CountIf(theta).
        input_shape: (height, width, channels) of the input.
        stride: Step of the kernel in both directions, 1 … 255, as of torch's Conv2d.
        padding: Rows and columns of zeros on each side of the input, as of torch's Conv2d; smaller than the kernel.

    Raises:
        ScError: If a shape or a value does not fit the others, or the neuron takes a current at each clock.

    Example:
        >>> layer = ConvLayer([[[[1], [0]], [[0], [-1]]]], [0], theta=16, input_shape=(4, 4, 1), stride=2)
        >>> layer.output_shape, layer.label
        ((2, 2, 1), '1c2s2')
    """

    weights: NDArray[np.int16]
    bias: NDArray[np.int16]
    neuron: Neuron | None
    input_shape: Shape
    stride: int
    padding: int
    type: ClassVar[str] = "conv"
    entries: ClassVar[frozenset[str]] = frozenset({"input", "channels", "kernel", "stride", "padding", "theta"})
    optional: ClassVar[frozenset[str]] = frozenset({"neuron"})

    def __init__(
        self,
        weights: ArrayLike,
        bias: ArrayLike,
        theta: int | None = UNSET,
        input_shape: Shape = UNSET,
        stride: int = 1,
        padding: int = 0,
        *,
        neuron: Neuron | None = UNSET,
    ) -> None:
        put = object.__setattr__
        put(self, "weights", codes_of("weights", weights, 4))
        put(self, "bias", codes_of("bias", bias, 1))
        put(self, "neuron", chosen_neuron(theta, None, neuron))
        check_neuron(self.neuron, "a convolution")
        put(self, "input_shape", input_shape_of(input_shape))
        put(self, "stride", checks.integer("stride", stride, 1, 255))
        put(self, "padding", checks.integer("padding", padding, 0, 255))
        require(
            self.bias.shape[0] == self.weights.shape[0],
            f"bias must have one code per output channel ({self.weights.shape[0]}), got {self.bias.shape[0]}",
        )
        require(
            self.weights.shape[3] == self.input_shape[2],
            f"weights take {self.weights.shape[3]} input channels, input_shape has {self.input_shape[2]}",
        )
        check_size("inputs", self.input_shape)
        check_size("outputs", self.output_shape)

    @property
    def kernel(self) -> tuple[int, int]:
        """Height and width of the kernel."""
        return int(self.weights.shape[1]), int(self.weights.shape[2])

    @property
    def channels(self) -> int:
        """Number of channels of the output."""
        return int(self.weights.shape[0])

    @property
    def inputs(self) -> int:
        """Values that the layer takes: height · width · channels."""
        return prod(self.input_shape)

    @property
    def output_shape(self) -> Shape:
        """(height, width, channels) of the output."""
        return (*self.window.positions, self.channels)

    @property
    def label(self) -> str:
        """Channels, kernel, stride and padding as a topology prints them.

        10c5s2p1 means 10 channels, kernel 5, stride 2, padding 1. A stride of 1 and a padding of 0 are left out, and a
        kernel that is not square is written as 3x5.
        """
        high, wide = self.kernel
        size = str(high) if high == wide else f"{high}x{wide}"
        return (
            f"{self.channels}c{size}"
            + (f"s{self.stride}" if self.stride > 1 else "")
            + (f"p{self.padding}" if self.padding else "")
        )

    def describe(self) -> dict[str, Any]:
        """Return what determines the layer's behaviour, without the weights, as plain JSON values."""
        return {
            "type": "conv",
            "input": list(self.input_shape),
            "channels": self.channels,
            "kernel": list(self.kernel),
            "stride": self.stride,
            "padding": self.padding,
            **({"theta": None} if self.neuron is None else self.neuron.describe()),
        }

    @classmethod
    def memory(cls, entry: Mapping[str, Any]) -> tuple[int, int]:
        """Return (lines, words) of the memory file of a description.

        There is a line for each output channel: its weights in the order row, column, input channel, and its bias.

        Args:
            entry: The description, see `describe`.

        Raises:
            ScError: A size in it is no integer in its range.
        """
        rows = checks.integer("channels", entry["channels"], 1, SIZE_MAX)
        return rows, prod(sizes_of("kernel", entry["kernel"], 2)) * sizes_of("input", entry["input"], 3)[2] + 1

    @classmethod
    def parse(cls, entry: Mapping[str, Any], codes: NDArray[np.int16] | None) -> ConvLayer:
        """Return the layer of a description and of the codes of its memory file.

        Args:
            entry: The description, see `describe`.
            codes: Codes of the memory file, a row for each output channel.
        """
        assert codes is not None
        height, width, channels = sizes_of("input", entry["input"], 3)
        weights = codes[:, :-1].reshape(len(codes), *entry["kernel"], channels)
        shape, stride, padding = (height, width, channels), entry["stride"], entry["padding"]
        return cls(weights, codes[:, -1], input_shape=shape, stride=stride, padding=padding, neuron=neuron_of(entry))

    def nir_node(self, length: int, before: Shape) -> tuple[str, dict[str, Any]]:
        """Return a NIR Conv2d, whose weights have the axes of torch; see `Layer.nir_node`."""
        return "conv", {
            "type": "Conv2d",
            "input_shape": np.array(self.input_shape[:2]),
            "weight": self.weights.transpose(0, 3, 1, 2) / length,
            "bias": self.bias / length,
            "stride": np.array([self.stride] * 2),
            "padding": np.array([self.padding] * 2),
            "dilation": np.array([1, 1]),
            "groups": np.array(1),
        }

    @classmethod
    def of_nir(
        cls, entry: Mapping[str, Any], weights: NDArray[np.int16] | None, bias: NDArray[np.int16] | None, before: Shape
    ) -> ConvLayer:
        """Return the layer of a description and of the codes of a NIR Conv2d; see `Layer.of_nir`."""
        assert weights is not None
        assert bias is not None
        shape, stride, padding = tuple(entry["input"]), entry["stride"], entry["padding"]
        taken = weights.transpose(0, 2, 3, 1)
        return cls(taken, bias, input_shape=shape, stride=stride, padding=padding, neuron=neuron_of(entry))

    def narrowed(self, stays: NDArray[np.bool_], inputs: NDArray[np.bool_]) -> ConvLayer:
        """Return the layer with only some of its output channels (`stays`) and of its input channels (`inputs`)."""
        shape = (*self.input_shape[:2], int(inputs.sum()))
        return replace(self, weights=self.weights[stays][..., inputs], bias=self.bias[stays], input_shape=shape)

    @property
    def window(self) -> Window:
        """The kernel as a window that moves over the input."""
        return Window(self.input_shape, self.kernel, self.stride, self.padding)

    @property
    def kernels(self) -> NDArray[np.int16]:
        """The weights, which have the axes (output channel, kernel row, kernel column, input channel) already."""
        return self.weights
