"""Layers as training sees them: torch modules that work on flat values in the order row, column, channel (A19).

A stage knows its layer in three forms: the float product, the exact window sums with the product's gradient, and the
layer of a `Network`. So the loops over stages need not ask of what kind one is, except for pooling, which has no
weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import ScError, require
from ..lookup import taps
from ..network_layers import ConvLayer, DenseLayer, Layer, PoolLayer, Window
from .bit_true_layers import LayerScale, bias_codes, weight_codes, window_counts, window_sum
from .recipes import parse_hidden

__all__ = [
    "PoolStage",
    "Stage",
    "WeightedStage",
    "build_stages",
    "float_forward",
    "grid_forward",
    "stages_of",
    "stream_forward",
    "weighted",
]

# (height, width, channels).
Shape = tuple[int, int, int]


class WeightedStage:
    """A Linear, whose columns have the order row, column, channel, or a Conv2d.

    Args:
        module: Holds weights and biases. A Conv2d must have the same stride and padding in both directions.
        shape: (height, width, channels) of the input.
        top: If given, the activation is clipped there, as by ReLU6.

    Attributes:
        input_shape: (height, width, channels) of the input.
        output_shape: (height, width, channels) of the output; of a Linear (1, 1, neurons).
        taps: Which outputs an input reaches, for `lookup`.
        fields: For each output position the indices of the inputs that its synapses see, −1 outside the image.

    Raises:
        ScError: The convolution does not fit its input.
    """

    def __init__(self, module: nn.Linear | nn.Conv2d, shape: Shape, top: float | None = None) -> None:
        self.module = module
        self.input_shape = shape
        self.top = top
        if isinstance(module, nn.Conv2d):
            stride, padding = int(module.stride[0]), int(module.padding[0])
            high, wide = module.kernel_size
            # The geometry is checked, and the shape of the output known, by the layer itself.
            empty = np.zeros((module.out_channels, high, wide, module.in_channels), dtype=np.int16)
            layer = ConvLayer(empty, empty[:, 0, 0, 0], 1, shape, stride, padding)
            self.output_shape, window = layer.output_shape, layer.window
        else:
            self.output_shape = (1, 1, module.out_features)
            window = Window((1, 1, module.in_features), (1, 1), 1, 0)
        fields = window.fields()
        self.taps, self.fields = taps(window), fields.reshape(len(fields), -1)

    @property
    def channels(self) -> int:
        """Output channels, which is the number of biases and of rows of weights."""
        return self.output_shape[2]

    @property
    def neurons(self) -> int:
        """Number of values of the output."""
        return prod(self.output_shape)

    @property
    def weight(self) -> Tensor:
        """The module's weight."""
        return self.module.weight

    @property
    def bias(self) -> Tensor | None:
        """The module's bias."""
        return self.module.bias

    def activate(self, sums: Tensor) -> Tensor:
        """Return the ReLU of sums: max(0, sums), at most `top`."""
        return sums.relu() if self.top is None else sums.clamp(0.0, self.top)

    def spread(self, values: Tensor) -> Tensor:
        """Return a value for each neuron from one for each channel; all positions of an image share theirs."""
        return values if self.neurons == self.channels else values.repeat(self.neurons // self.channels)

    def _image(self, x: Tensor, shape: Shape) -> Tensor:
        """Return flat values as images of torch's order, (n, channels, height, width)."""
        return x.reshape(len(x), *shape).permute(0, 3, 1, 2)

    def product(self, x: Tensor, w: Tensor, b: Tensor | None = None) -> Tensor:
        """Return w · x + b in floats.

        Args:
            x: Values of the inputs, (n, inputs).
            w: Weights, in the shape of `weight`.
            b: Biases, (channels,), or None.

        Returns:
            (n, neurons).
        """
        if not isinstance(self.module, nn.Conv2d):
            return functional.linear(x, w, b)
        image = self._image(x, self.input_shape)
        y = functional.conv2d(image, w, b, self.module.stride, self.module.padding)
        return y.permute(0, 2, 3, 1).reshape(len(x), -1)

    def window_sum(self, codes: Tensor, w: Tensor, length: int) -> Tensor:
        """Return the window sums S without the bias (A6, accumulation; A11, exact table).

        Args:
            codes: Codes of the inputs, (n, inputs).
            w: Signed codes of the weights, in the shape of `weight`.
            length: L.

        Returns:
            (n, neurons).
        """
        return window_sum(codes, w, length, self)

    def synapses(self, w: Tensor) -> Tensor:
        """Return weights w as (kernel taps · channels in, channels out), taps row by row."""
        return w.T if w.ndim == 2 else w.permute(2, 3, 1, 0).flatten(0, 2)

    def rows(self, x: Tensor, which: Tensor) -> Tensor:
        """Return what the synapses of some outputs see, in the order of `synapses`.

        Args:
            x: Values of the inputs, (n, inputs).
            which: Indices of outputs: sample · positions of the output + position.

        Returns:
            (len(which), synapses); 0 outside the image.
        """
        padded = functional.pad(x, (0, 1))  # what lies outside an image has index −1
        positions = len(self.fields)
        return padded[(which // positions)[:, None], torch.from_numpy(self.fields)[which % positions]]

    def put(self, synapses: Tensor, bias: Tensor) -> None:
        """Give the module real weights and biases.

        Args:
            synapses: Weights, shaped and ordered as by `synapses`.
            bias: Biases, (channels,).
        """
        weight = self.module.weight
        with torch.no_grad():
            if isinstance(self.module, nn.Conv2d):
                out, inner, high, wide = weight.shape
                weight.copy_(synapses.reshape(high, wide, inner, out).permute(3, 2, 0, 1))
            else:
                weight.copy_(synapses.T)
            self.module.bias = nn.Parameter(bias.to(weight.dtype))

    def gradients(self, g: Tensor, x: Tensor, w: Tensor, need_x: bool, need_w: bool) -> tuple[Tensor | None, ...]:
        """Return the gradients of x and w for the gradient g of the product; see `bit_true_layers.Geometry`."""
        if not isinstance(self.module, nn.Conv2d):
            return (g @ w if need_x else None), (g.T @ x if need_w else None)
        module = self.module
        g_x, g_w, _ = torch.ops.aten.convolution_backward(
            self._image(g, self.output_shape),
            self._image(x, self.input_shape),
            w,
            None,
            module.stride,
            module.padding,
            module.dilation,
            False,
            [0, 0],
            1,
            [need_x, need_w, False],
        )
        return (g_x.permute(0, 2, 3, 1).reshape(len(x), -1) if need_x else None), g_w

    def layer(self, weights: Tensor, bias: Tensor, theta: int | None) -> Layer:
        """Return the layer of a Network with these codes.

        Args:
            weights: Signed codes, in the shape of `weight`.
            bias: Signed codes, (channels,).
            theta: Threshold in LSB, or None for the readout.
        """
        w, b = (np.asarray(t.detach().round().numpy(), dtype=np.int16) for t in (weights, bias))
        if not isinstance(self.module, nn.Conv2d):
            return DenseLayer(w, b, theta)
        stride, padding = int(self.module.stride[0]), int(self.module.padding[0])
        return ConvLayer(w.transpose(0, 2, 3, 1), b, theta, self.input_shape, stride, padding)


class _MeanPool(torch.autograd.Function):
    """Mean pooling of codes (A19, convolution and pooling); the gradient is that of the float mean."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, stage: PoolStage) -> Tensor:
        """Return the rounded means, ⌊(2·ΣX + size²) / (2·size²)⌋."""
        ctx.stage = stage
        ctx.shape = x.shape
        window = stage.pool.size**2
        # Codes and their sums are integers that floats hold exactly; the division by a whole number is floored.
        sums = stage.apply_pool(x) * window
        return torch.div(2 * sums.round() + window, 2 * window, rounding_mode="floor")

    @staticmethod
    def backward(ctx: Any, *grad: Tensor) -> tuple[Tensor, None]:
        """Return the gradient of the codes."""
        with torch.enable_grad():
            x = torch.zeros(ctx.shape, dtype=grad[0].dtype, requires_grad=True)
            (g,) = torch.autograd.grad(ctx.stage.apply_pool(x), x, grad[0])
        return g, None


class PoolStage:
    """Pooling, as a stage.

    Attributes:
        pool: The layer of a `Network`, see `PoolLayer`.
        input_shape: (height, width, channels) of the input.
        output_shape: (height, width, channels) of the output.
    """

    def __init__(self, pool: PoolLayer) -> None:
        self.pool = pool
        self.input_shape = pool.input_shape
        self.output_shape = pool.output_shape

    def apply_pool(self, x: Tensor) -> Tensor:
        """Return the pooled floats, not rounded: (n, inputs) → (n, neurons)."""
        image = x.reshape(len(x), *self.input_shape).permute(0, 3, 1, 2)
        pool = functional.max_pool2d if self.pool.kind == "max" else functional.avg_pool2d
        return pool(image, self.pool.size, self.pool.stride).permute(0, 2, 3, 1).reshape(len(x), -1)

    def codes(self, x: Tensor) -> Tensor:
        """Return the codes that pooling gives (A19, pooling), with the gradient of the pooled floats."""
        if self.pool.kind == "max":
            return self.apply_pool(x)
        pooled: Tensor = _MeanPool.apply(x, self)  # type: ignore[no-untyped-call]
        return pooled


Stage = WeightedStage | PoolStage


def float_forward(stages: Sequence[Stage], x: Tensor) -> Tensor:
    """Return the float network's scores.

    A ReLU follows every weighted stage but the last.

    Args:
        stages: The network.
        x: Inputs, (n, inputs).

    Returns:
        (n, classes).

    Example:
        >>> stages = build_stages((1, 1, 3), (4,), 2)
        >>> float_forward(stages, torch.zeros(5, 3)).shape
        torch.Size([5, 2])
    """
    for k, stage in enumerate(stages):
        if isinstance(stage, PoolStage):
            x = stage.apply_pool(x)
        else:
            x = stage.product(x, stage.weight, stage.bias)
            x = x if k == len(stages) - 1 else stage.activate(x)
    return x


def stream_forward(
    stages: Sequence[Stage], scales: Sequence[LayerScale], codes: Tensor, length: int, theta_frac: int
) -> tuple[Tensor, list[Tensor]]:
    """Return scores and counts as the hardware computes them, with gradients.

    Args:
        stages: The network.
        scales: One for each weighted stage.
        codes: Codes of the inputs, (n, inputs).
        length: L.
        theta_frac: Fraction bits of the thresholds.

    Returns:
        (scores S (n, classes), the counts of each hidden stage, (n, neurons)).
    """
    hidden: list[Tensor] = []
    x = s = codes
    left = iter(scales)
    for stage in stages:
        if isinstance(stage, PoolStage):
            x = stage.codes(x)
            hidden.append(x)
            continue
        scale = next(left)
        s = stage.window_sum(x, weight_codes(stage.weight, scale.weight, length), length)
        s = s + stage.spread(bias_codes(stage.bias, scale, length))
        if scale.theta is not None:
            x = window_counts(s, scale.theta, theta_frac, length)
            hidden.append(x)
    return s, hidden


def grid_forward(stages: Sequence[Stage], scales: Sequence[LayerScale], x: Tensor, length: int) -> Tensor:
    """Return the scores of the float network whose weights are those that the codes stand for.

    Inputs and activations are floats. Compared with `stream_forward`, it shows what the streams alone change.

    Args:
        stages: The network.
        scales: One for each weighted stage.
        x: Inputs, (n, inputs).
        length: L.
    """
    left = iter(scales)
    for k, stage in enumerate(stages):
        if isinstance(stage, PoolStage):
            x = stage.apply_pool(x)
            continue
        scale = next(left)
        w = weight_codes(stage.weight, scale.weight, length) * (scale.weight / length)
        b = (bias_codes(stage.bias, scale, length) + scale.product_bias) * (scale.sum / length)
        x = stage.product(x, w, b)
        x = x if k == len(stages) - 1 else stage.activate(x)
    return x


def weighted(stages: Sequence[Stage]) -> list[WeightedStage]:
    """Return the stages that have weights."""
    return [stage for stage in stages if isinstance(stage, WeightedStage)]


def build_stages(shape: Shape, hidden: Sequence[str | int], classes: int) -> list[Stage]:
    """Return new stages, with random weights.

    Args:
        shape: (height, width, channels) of the input.
        hidden: The hidden layers, as of `Recipe.hidden`.
        classes: Number of classes.

    Raises:
        ScError: A layer does not fit its input; the message names it.
    """
    stages: list[Stage] = []
    for text in (*hidden, classes):
        try:
            stages.append(_built(text, shape))
        except ScError as error:
            raise ScError(f"hidden layer {text!r} behind (height, width, channels) = {shape}: {error}") from None
        shape = stages[-1].output_shape
    return stages


def _built(text: str | int, shape: Shape) -> Stage:
    """Return a new stage for one layer of a recipe."""
    kind, value = parse_hidden(text)
    if kind == "pool":
        return PoolStage(PoolLayer(str(value["kind"]), int(value["size"]), shape, int(value["stride"])))
    if kind == "conv":
        sizes = {k: int(v) for k, v in value.items()}
        room = min(shape[:2]) + 2 * sizes["padding"]  # before torch asks for the memory of its weights
        require(sizes["kernel"] <= room, f"a kernel of {sizes['kernel']} must be at most the padded image's {room}")
        module = nn.Conv2d(shape[2], sizes["channels"], sizes["kernel"], sizes["stride"], sizes["padding"])
        return WeightedStage(module, shape)
    return WeightedStage(nn.Linear(prod(shape), int(value["neurons"])), shape)


def stages_of(model: nn.Module, shape: Shape) -> list[Stage]:
    """Return the stages that compute what `model` computes in eval mode, without samples; see `extract.extract`.

    Args:
        model: The model.
        shape: (height, width, channels) of the values. Images go to the model as torch has them, (n, channels, height,
            width).

    Raises:
        ScError: Something has no counterpart; the message has name and type of the module.
    """
    from .extract import extract_shape  # it builds stages itself

    return extract_shape(model, shape)
