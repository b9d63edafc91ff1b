"""Layers as training sees them: torch modules that work on flat values in the order row, column, channel (A19).

A stage knows its layer three ways: the float product, the exact window sums with the product's gradient, and the layer
of a `Network`. So the loops over stages need not ask what kind one is, except for pooling, which has no weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import ScError, require
from ..network_layers import ConvLayer, DenseLayer, Layer, PoolLayer, conv_fields
from ..table import Taps, conv_taps, dense_taps
from .recipes import parse_hidden
from .streams import LayerScale, bias_codes, weight_codes, window_counts, window_sum

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

Shape = tuple[int, int, int]


class WeightedStage:
    """A Linear or a Conv2d.

    order: for a Linear behind a Flatten of (channel, row, column), the column of each value in our order.
    """

    def __init__(self, module: nn.Linear | nn.Conv2d, shape: Shape, order: Tensor | None = None) -> None:
        self.module = module
        self.input_shape = shape
        self.order = order
        self.taps: Taps
        if isinstance(module, nn.Conv2d):
            stride, padding = int(module.stride[0]), int(module.padding[0])  # a name is refused by stages_of
            high, wide = module.kernel_size
            # The geometry is checked, and the shape of the output known, by the layer itself.
            empty = np.zeros((module.out_channels, high, wide, module.in_channels), dtype=np.int16)
            layer = ConvLayer(empty, empty[:, 0, 0, 0], 1, shape, stride, padding)
            self.output_shape = layer.output_shape
            fields = conv_fields(shape, (high, wide), stride, padding)
            self.taps = conv_taps(fields, prod(shape[:2]))
            self.fields = fields.reshape(len(fields), -1)
        else:
            self.output_shape = (1, 1, module.out_features)
            self.fields = np.arange(module.in_features)[None]
            self.taps = dense_taps()

    @property
    def channels(self) -> int:
        """Output channels: biases, and rows of weights."""
        return self.output_shape[2]

    @property
    def neurons(self) -> int:
        """Values of the output."""
        return prod(self.output_shape)

    @property
    def weight(self) -> Tensor:
        """The module's weight, with the columns of a Linear in our order."""
        weight = self.module.weight
        return weight if self.order is None else weight[:, self.order]

    @property
    def bias(self) -> Tensor | None:
        """The module's bias."""
        return self.module.bias

    def spread(self, values: Tensor) -> Tensor:
        """Return a value for each neuron from one for each channel."""
        return values if self.neurons == self.channels else values.repeat(self.neurons // self.channels)

    def mean(self, values: Tensor) -> Tensor:
        """Return the mean of (n, neurons) for each channel."""
        return values.reshape(-1, self.channels).mean(dim=0)

    def _image(self, x: Tensor, shape: Shape) -> Tensor:
        return x.reshape(len(x), *shape).permute(0, 3, 1, 2)

    def product(self, x: Tensor, w: Tensor, b: Tensor | None = None) -> Tensor:
        """Return w · x + b in floats: x (n, inputs), w in the shape of `weight`, b (channels,) → (n, neurons)."""
        if not isinstance(self.module, nn.Conv2d):
            return functional.linear(x, w, b)
        image = self._image(x, self.input_shape)
        y = functional.conv2d(image, w, b, self.module.stride, self.module.padding)
        return y.permute(0, 2, 3, 1).reshape(len(x), -1)

    def window_sum(self, codes: Tensor, w: Tensor, length: int) -> Tensor:
        """Return S without the bias, (n, neurons), for codes (n, inputs) and signed codes w, shaped as `weight`."""
        return window_sum(codes, w, length, self)

    def synapses(self, w: Tensor) -> Tensor:
        """Return w as (kernel taps · channels in, channels out), taps row by row."""
        return w.T if w.ndim == 2 else w.permute(2, 3, 1, 0).flatten(0, 2)

    def rows(self, x: Tensor, which: Tensor) -> Tensor:
        """Return what the synapses of some outputs see, in the order of `synapses`: (len(which), synapses).

        which: sample · positions of the output + position, for x (n, inputs).
        """
        padded = functional.pad(x, (0, 1))  # what lies outside an image has index −1
        positions = len(self.fields)
        return padded[(which // positions)[:, None], torch.from_numpy(self.fields)[which % positions]]

    def put(self, synapses: Tensor, bias: Tensor) -> None:
        """Give the module weights, shaped and ordered as by `synapses`, and biases (channels,), both real."""
        weight = self.module.weight
        with torch.no_grad():
            if isinstance(self.module, nn.Conv2d):
                out, inner, high, wide = weight.shape
                weight.copy_(synapses.reshape(high, wide, inner, out).permute(3, 2, 0, 1))
            else:
                weight[:, slice(None) if self.order is None else self.order] = synapses.T.to(weight.dtype)
            self.module.bias = nn.Parameter(bias.to(weight.dtype))

    def gradients(self, g: Tensor, x: Tensor, w: Tensor, need_x: bool, need_w: bool) -> tuple[Tensor | None, ...]:
        """Return the gradients of x and w for the product's g (n, neurons)."""
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
        """Return the layer of a Network with these codes."""
        w, b = (np.asarray(t.detach().round().numpy(), dtype=np.int16) for t in (weights, bias))
        if not isinstance(self.module, nn.Conv2d):
            return DenseLayer(w, b, theta)
        stride, padding = int(self.module.stride[0]), int(self.module.padding[0])
        return ConvLayer(w.transpose(0, 2, 3, 1), b, theta, self.input_shape, stride, padding)


class _MeanPool(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, stage: PoolStage) -> Tensor:
        ctx.stage = stage
        ctx.shape = x.shape
        window = stage.pool.size**2
        # Codes and their sums are integers that floats hold exactly; the division by a whole number is floored.
        sums = stage.apply_pool(x) * window
        return torch.div(2 * sums.round() + window, 2 * window, rounding_mode="floor")

    @staticmethod
    def backward(ctx: Any, *grad: Tensor) -> tuple[Tensor, None]:
        with torch.enable_grad():
            x = torch.zeros(ctx.shape, dtype=grad[0].dtype, requires_grad=True)
            (g,) = torch.autograd.grad(ctx.stage.apply_pool(x), x, grad[0])
        return g, None


class PoolStage:
    """Pooling; see `PoolLayer`."""

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
        """Return the codes that pooling gives (A19), with the gradient of the pooled floats."""
        if self.pool.kind == "max":
            return self.apply_pool(x)
        pooled: Tensor = _MeanPool.apply(x, self)  # type: ignore[no-untyped-call]
        return pooled


Stage = WeightedStage | PoolStage


def float_forward(stages: Sequence[Stage], x: Tensor) -> Tensor:
    """Return the float network's scores for x (n, inputs); a ReLU follows every weighted stage but the last."""
    for k, stage in enumerate(stages):
        if isinstance(stage, PoolStage):
            x = stage.apply_pool(x)
        else:
            x = stage.product(x, stage.weight, stage.bias)
            x = x if k == len(stages) - 1 else x.relu()
    return x


def stream_forward(
    stages: Sequence[Stage], scales: Sequence[LayerScale], codes: Tensor, length: int, theta_frac: int
) -> tuple[Tensor, list[Tensor]]:
    """Return the scores S (n, classes) and the counts of each hidden layer, as the hardware computes them.

    scales: one for each weighted stage.
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
    """Return the scores of the float network that has the weights of the grid: float inputs and activations."""
    left = iter(scales)
    for k, stage in enumerate(stages):
        if isinstance(stage, PoolStage):
            x = stage.apply_pool(x)
            continue
        scale = next(left)
        w = weight_codes(stage.weight, scale.weight, length) * (scale.weight / length)
        b = (bias_codes(stage.bias, scale, length) + scale.excess) * (scale.sum / length)
        x = stage.product(x, w, b)
        x = x if k == len(stages) - 1 else x.relu()
    return x


def weighted(stages: Sequence[Stage]) -> list[WeightedStage]:
    """Return the stages that have weights."""
    return [stage for stage in stages if isinstance(stage, WeightedStage)]


def build_stages(shape: Shape, hidden: Sequence[str | int], classes: int) -> list[Stage]:
    """Return new stages from the input's (height, width, channels) through the hidden layers to the classes."""
    stages: list[Stage] = []
    for text in (*hidden, classes):
        try:
            stages.append(_built(text, shape))
        except ScError as error:
            raise ScError(f"hidden layer {text!r} behind (height, width, channels) = {shape}: {error}") from None
        shape = stages[-1].output_shape
    return stages


def _built(text: str | int, shape: Shape) -> Stage:
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


def _flat(model: nn.Sequential, path: str = "") -> Iterator[tuple[str, nn.Module]]:
    for name, module in model.named_children():
        if isinstance(module, nn.Sequential):
            yield from _flat(module, f"{path}{name}.")
        else:
            yield f"{path}{name}", module


def _pair(here: str, name: str, value: Any) -> int:
    """Return the one number that stands for both directions."""
    pair = (value, value) if isinstance(value, int) else tuple(value) if not isinstance(value, str) else (value,)
    require(
        len(pair) == 2 and pair[0] == pair[1] and isinstance(pair[0], int),
        f"{here} must have one {name} for both directions, as a number, got {value!r}",
    )
    return int(pair[0])


def _conv(here: str, module: nn.Conv2d, shape: Shape) -> WeightedStage:
    require(
        module.in_channels == shape[2],
        f"{here} takes {module.in_channels} channels but gets {shape[2]}: shapes must chain",
    )
    _pair(here, "stride", module.stride)
    _pair(here, "padding", module.padding)
    require(_pair(here, "dilation", module.dilation) == 1, f"{here} must have dilation 1, got {module.dilation}")
    require(module.groups == 1, f"{here} must have groups = 1, got {module.groups}")
    require(module.padding_mode == "zeros", f"{here} must pad with zeros, got {module.padding_mode!r}")
    return WeightedStage(module, shape)


def _pooling(here: str, module: nn.MaxPool2d | nn.AvgPool2d, shape: Shape) -> PoolStage:
    size, stride = _pair(here, "kernel_size", module.kernel_size), _pair(here, "stride", module.stride)
    require(_pair(here, "padding", module.padding) == 0, f"{here} must have padding 0, got {module.padding}")
    require(not module.ceil_mode, f"{here} must have ceil_mode False")
    if isinstance(module, nn.MaxPool2d):
        require(_pair(here, "dilation", module.dilation) == 1, f"{here} must have dilation 1, got {module.dilation}")
        return PoolStage(PoolLayer("max", size, shape, stride))
    require(module.divisor_override is None, f"{here} must have no divisor_override, got {module.divisor_override}")
    return PoolStage(PoolLayer("mean", size, shape, stride))


def stages_of(model: nn.Sequential, shape: Shape) -> list[Stage]:
    """Return the stages of a Sequential from values of the shape (height, width, channels) to class scores.

    Linear, Conv2d, ReLU, MaxPool2d, AvgPool2d and Flatten have a counterpart; a weighted layer is followed by a ReLU,
    the last one, which gives the scores, by nothing. Dropout and Identity, which do nothing at inference, are skipped.
    Anything else raises ScError with the position and the type of the module.
    """
    require(
        isinstance(model, nn.Sequential),
        f"the model must be a torch.nn.Sequential of Linear and ReLU, got {type(model).__name__}",
    )
    stages: list[Stage] = []
    active, flat = True, False
    for position, module in _flat(model):
        here = f"module {position} ({type(module).__name__})"
        if isinstance(module, (nn.Identity, nn.Dropout)):
            continue
        if isinstance(module, nn.Flatten):
            behind_linear = bool(stages) and shape[:2] == (1, 1) and not _holds_images(stages)
            require(not flat and not behind_linear, f"{here} must come before the first Linear")
            require(
                module.start_dim == 1 and module.end_dim == -1,
                f"{here} must flatten the whole sample (start_dim 1, end_dim −1), "
                f"got {module.start_dim}, {module.end_dim}",
            )
            flat = True
        elif type(module) is nn.Linear:
            require(active, f"{here} must be separated from the Linear before it by a ReLU")
            require(
                not _holds_images(stages) or flat or _after_linear(stages),
                f"{here} must be separated from the images before it by a Flatten",
            )
            require(
                module.in_features == prod(shape),
                f"{here} takes {module.in_features} inputs but gets {prod(shape)}: shapes must chain",
            )
            _check_finite(here, module)
            order = None
            if shape[2] > 1 and shape[:2] != (1, 1):
                chw = torch.arange(prod(shape)).reshape(shape[2], *shape[:2])
                order = chw.permute(1, 2, 0).reshape(-1)
            stages.append(WeightedStage(module, shape, order))
            active = False
        elif type(module) is nn.Conv2d:
            require(active, f"{here} must be separated from the layer before it by a ReLU")
            require(not flat and not _after_linear(stages), f"{here} must come before Flatten and Linear")
            _check_finite(here, module)
            stages.append(_conv(here, module, shape))
            active = False
        elif type(module) in (nn.MaxPool2d, nn.AvgPool2d):
            assert isinstance(module, (nn.MaxPool2d, nn.AvgPool2d))
            require(active, f"{here} must follow a ReLU")
            require(not flat and not _after_linear(stages), f"{here} must come before Flatten and Linear")
            stages.append(_pooling(here, module, shape))
        elif type(module) is nn.ReLU:
            require(not active, f"{here} must follow a Linear")
            active = True
        else:
            raise ScError(
                f"{here} has no counterpart: the model must consist of Linear and ReLU, and for images Conv2d, "
                "MaxPool2d, AvgPool2d and Flatten"
            )
        shape = stages[-1].output_shape if stages else shape
    require(stages, "the model must hold at least one Linear, got none")
    require(not active, "the model must end with a Linear, whose sums are the class scores, got a ReLU at the end")
    return stages


def _after_linear(stages: Sequence[Stage]) -> bool:
    return any(isinstance(s, WeightedStage) and isinstance(s.module, nn.Linear) for s in stages)


def _holds_images(stages: Sequence[Stage]) -> bool:
    """Whether what the last stage gives still has rows and columns for torch."""
    return bool(stages) and not _after_linear(stages)


def _check_finite(here: str, module: nn.Module) -> None:
    for name, values in module.named_parameters():
        require(bool(torch.isfinite(values).all()), f"{here} has a {name} that is not finite")
