"""Layers of a `Network`: immutable, validated, integers only.

Values of a layer have the order row, column, channel, from which a dense layer takes its inputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import checks
from .errors import require
from .neurons import LifParams

__all__ = ["ADDERS", "POOLS", "THETA_MAX", "ConvLayer", "DenseLayer", "Layer", "PoolLayer", "conv_fields"]

THETA_MAX = 65535
ADDERS = ("apc", "mux")
POOLS = ("max", "mean")
SLOTS_MAX = 4096
VALUES_MAX = 1 << 24
Shape = tuple[int, int, int]


def _integers(name: str, values: Any, ndim: int) -> NDArray[np.int16]:
    """Return a read-only int16 copy; refuses anything but integers of the given dimension."""
    a = checks.array(name, values)
    require(a.ndim == ndim, f"{name} must have {ndim} dimension(s), got shape {a.shape}")
    require(a.size > 0, f"{name} must not be empty, got shape {a.shape}")
    a = checks.integers(name, a)
    low, high = int(a.min()), int(a.max())
    limit = np.iinfo(np.int16)
    require(low >= limit.min and high <= limit.max, f"{name} must fit 16 bits, got {low} … {high}")
    out = np.ascontiguousarray(a, dtype=np.int16).copy()
    out.setflags(write=False)
    return out


def _theta(value: Any) -> int | None:
    return None if value is None else checks.integer("theta", value, 1, THETA_MAX)


def _input_shape(shape: Shape) -> Shape:
    sizes = checks.sequence("input_shape", shape, "(height, width, channels)", 3)
    height, width, channels = (checks.integer("a size of input_shape", s, 1, 4096) for s in sizes)
    return height, width, channels


def _check_size(what: str, shape: Shape) -> None:
    size = prod(shape)
    require(size <= VALUES_MAX, f"a layer has at most 2^24 = {VALUES_MAX} {what}, got {size}")


@dataclass(frozen=True, slots=True, eq=False)
class DenseLayer:
    """A fully connected layer.

    weights: signed codes, shape (neurons, inputs), in [−(L−1), L−1]. bias: signed codes, shape (neurons,) (A7).
    theta: threshold in LSB, 1 … 65535, of `window_if` neurons (A8). lif: parameters of `lif` neurons (A13), in theta's
    place (A17). Both None: no neuron, the readout layer (A9). adder: "apc", the parallel counter (A6), or "mux", one
    synapse a clock, which only streaming runs (A17); its neurons have at most 4095 inputs.
    """

    weights: NDArray[np.int16]
    bias: NDArray[np.int16]
    theta: int | None
    lif: LifParams | None = None
    adder: str = "apc"

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", _integers("weights", self.weights, 2))
        object.__setattr__(self, "bias", _integers("bias", self.bias, 1))
        require(
            self.bias.shape[0] == self.weights.shape[0],
            f"bias must have one code per neuron ({self.weights.shape[0]}), got {self.bias.shape[0]}",
        )
        object.__setattr__(self, "theta", _theta(self.theta))
        if self.lif is not None:
            require(self.theta is None, f"theta must be None where lif is given, got {self.theta}")
            require(isinstance(self.lif, LifParams), f"lif must be LifParams or None, got {checks.shown(self.lif)}")
        object.__setattr__(self, "adder", checks.choice("adder", self.adder, ADDERS))
        require(
            self.adder == "apc" or self.inputs < SLOTS_MAX,
            f"a MUX adder has at most {SLOTS_MAX - 1} inputs, got {self.inputs}",
        )

    @property
    def inputs(self) -> int:
        """Fan-in, the bias not counted."""
        return int(self.weights.shape[1])

    @property
    def neurons(self) -> int:
        """Number of neurons."""
        return int(self.weights.shape[0])

    @property
    def synapses(self) -> NDArray[np.int16]:
        """Weights with the bias as last column (A7), shape (neurons, inputs + 1)."""
        return np.concatenate([self.weights, self.bias[:, None]], axis=1)

    @property
    def output_shape(self) -> Shape:
        """One position with a channel for each neuron."""
        return (1, 1, self.neurons)

    def describe(self) -> dict[str, Any]:
        """Return what determines the layer's behaviour but the weights, as plain JSON values."""
        return {"type": "dense", "inputs": self.inputs, "neurons": self.neurons, "theta": self.theta}

    @property
    def label(self) -> str:
        """How a topology prints it."""
        return str(self.neurons)


def _check_window(shape: Shape, kernel: tuple[int, int], padding: int) -> None:
    for name, size, k in zip(("height", "width"), shape, kernel, strict=False):
        require(
            padding < k <= size + 2 * padding,
            f"a kernel of {name} {k} must be above the padding, {padding}, and at most the padded {name}, "
            f"{size + 2 * padding}",
        )


def _positions(shape: Shape, kernel: tuple[int, int], stride: int, padding: int) -> tuple[int, int]:
    """Return rows and columns of the output."""
    height, width, _ = shape
    return (height + 2 * padding - kernel[0]) // stride + 1, (width + 2 * padding - kernel[1]) // stride + 1


def conv_fields(shape: Shape, kernel: tuple[int, int], stride: int, padding: int) -> NDArray[np.int64]:
    """Return the index of each synapse's input at each position, shape (positions, kh, kw, channels); −1: padding."""
    height, width, channels = shape
    index = np.full((height + 2 * padding, width + 2 * padding, channels), -1, dtype=np.int64)
    index[padding : padding + height, padding : padding + width] = np.arange(prod(shape)).reshape(shape)
    windows = np.lib.stride_tricks.sliding_window_view(index, kernel, axis=(0, 1))
    windows = windows[::stride, ::stride].transpose(0, 1, 3, 4, 2)
    return np.ascontiguousarray(windows).reshape(-1, *kernel, channels)


@dataclass(frozen=True, slots=True, eq=False)
class ConvLayer:
    """A two-dimensional convolution (A19): the same weights at every position of the output.

    weights: signed codes, shape (channels out, kernel height, kernel width, channels in), in [−(L−1), L−1]. bias:
    signed codes, shape (channels out,). theta: threshold in LSB, 1 … 65535, of `window_if` neurons; None in a readout.
    input_shape: (height, width, channels). stride: step of the kernel in both directions, padding: zeros around the
    input, both as torch's Conv2d.
    """

    weights: NDArray[np.int16]
    bias: NDArray[np.int16]
    theta: int | None
    input_shape: Shape
    stride: int = 1
    padding: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", _integers("weights", self.weights, 4))
        object.__setattr__(self, "bias", _integers("bias", self.bias, 1))
        object.__setattr__(self, "theta", _theta(self.theta))
        object.__setattr__(self, "input_shape", _input_shape(self.input_shape))
        object.__setattr__(self, "stride", checks.integer("stride", self.stride, 1, 255))
        object.__setattr__(self, "padding", checks.integer("padding", self.padding, 0, 255))
        require(
            self.bias.shape[0] == self.weights.shape[0],
            f"bias must have one code per output channel ({self.weights.shape[0]}), got {self.bias.shape[0]}",
        )
        require(
            self.weights.shape[3] == self.input_shape[2],
            f"weights take {self.weights.shape[3]} input channels, input_shape has {self.input_shape[2]}",
        )
        _check_window(self.input_shape, self.kernel, self.padding)
        _check_size("inputs", self.input_shape)
        _check_size("outputs", self.output_shape)

    @property
    def kernel(self) -> tuple[int, int]:
        """Height and width."""
        return int(self.weights.shape[1]), int(self.weights.shape[2])

    @property
    def channels(self) -> int:
        """Channels of the output."""
        return int(self.weights.shape[0])

    @property
    def inputs(self) -> int:
        """Values that the layer takes: height · width · channels."""
        return prod(self.input_shape)

    @property
    def output_shape(self) -> Shape:
        """(height, width, channels) of the output."""
        return (*_positions(self.input_shape, self.kernel, self.stride, self.padding), self.channels)

    @property
    def neurons(self) -> int:
        """Values that the layer gives."""
        return prod(self.output_shape)

    def fields(self) -> NDArray[np.int64]:
        """Return the index of each synapse's input at each position, shape (positions, kh · kw · channels in).

        Synapses in the order kernel row, kernel column, channel; −1 where the kernel reaches into the padding.
        """
        spots = conv_fields(self.input_shape, self.kernel, self.stride, self.padding)
        return spots.reshape(len(spots), -1)

    @property
    def synapses(self) -> NDArray[np.int16]:
        """Weights of each channel in the order kernel row, kernel column, channel in, then its bias (A7)."""
        return np.concatenate([self.weights.reshape(self.channels, -1), self.bias[:, None]], axis=1)

    @property
    def lif(self) -> None:
        """None: neurons are `window_if`."""
        return None

    @property
    def adder(self) -> str:
        """A parallel counter (A6)."""
        return "apc"

    def describe(self) -> dict[str, Any]:
        """Return what determines the layer's behaviour but the weights, as plain JSON values."""
        return {
            "type": "conv",
            "input": list(self.input_shape),
            "channels": self.channels,
            "kernel": list(self.kernel),
            "stride": self.stride,
            "padding": self.padding,
            "theta": self.theta,
        }

    @property
    def label(self) -> str:
        """How a topology prints it, e.g. 10c5s2p1: 10 channels, kernel 5, stride 2, padding 1."""
        high, wide = self.kernel
        size = str(high) if high == wide else f"{high}x{wide}"
        return (
            f"{self.channels}c{size}"
            + (f"s{self.stride}" if self.stride > 1 else "")
            + (f"p{self.padding}" if self.padding else "")
        )


@dataclass(frozen=True, slots=True, eq=False)
class PoolLayer:
    """Pooling of counts, channel by channel (A19): the greatest, or the mean rounded to nearest.

    kind: "max" or "mean". size: side of the window, stride: its step, size where 0. input_shape: (height, width,
    channels). Rows and columns that no window reaches are left out, as torch does.
    """

    kind: str
    size: int
    input_shape: Shape
    stride: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", checks.choice("kind", self.kind, POOLS))
        object.__setattr__(self, "input_shape", _input_shape(self.input_shape))
        object.__setattr__(self, "size", checks.integer("size", self.size, 1, 15))
        object.__setattr__(self, "stride", checks.integer("stride", self.stride, 0, 255) or self.size)
        _check_window(self.input_shape, self.kernel, 0)
        _check_size("inputs", self.input_shape)
        _check_size("outputs", self.output_shape)

    @property
    def kernel(self) -> tuple[int, int]:
        """Height and width of the window."""
        return self.size, self.size

    @property
    def inputs(self) -> int:
        """Values that the layer takes."""
        return prod(self.input_shape)

    @property
    def output_shape(self) -> Shape:
        """(height, width, channels) of the output."""
        return (*_positions(self.input_shape, self.kernel, self.stride, 0), self.input_shape[2])

    @property
    def neurons(self) -> int:
        """Values that the layer gives."""
        return prod(self.output_shape)

    @property
    def theta(self) -> None:
        """None: what a mean is divided by is no parameter, see `window_theta`."""
        return None

    def window_theta(self, theta_frac: int) -> int:
        """Return θ of the neuron that a mean is, size² · 2^theta_frac (A19); 2^theta_frac for a maximum."""
        return (self.size**2 if self.kind == "mean" else 1) << theta_frac

    @property
    def lif(self) -> None:
        """None."""
        return None

    @property
    def adder(self) -> str:
        """A parallel counter (A6)."""
        return "apc"

    def groups(self) -> NDArray[np.int64]:
        """Return the inputs of each output, shape (neurons, size²)."""
        fields = conv_fields(self.input_shape, self.kernel, self.stride, 0)
        spots = fields.reshape(len(fields), -1, self.input_shape[2])
        return np.ascontiguousarray(spots.transpose(0, 2, 1)).reshape(self.neurons, self.size**2)

    def describe(self) -> dict[str, Any]:
        """Return what determines the layer's behaviour, as plain JSON values."""
        return {
            "type": "pool",
            "input": list(self.input_shape),
            "kind": self.kind,
            "size": self.size,
            "stride": self.stride,
        }

    @property
    def label(self) -> str:
        """How a topology prints it, e.g. max2."""
        return f"{self.kind}{self.size}" + (f"s{self.stride}" if self.stride != self.size else "")


Layer = DenseLayer | ConvLayer | PoolLayer
