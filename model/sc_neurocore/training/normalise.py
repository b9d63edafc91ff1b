"""From the operations of a model to stages: linear ones are folded into the weights beside them, others are refused.

Torch's layouts end here. Every value is known by its place in the order row, column, channel of the stage that made it.
What only moves values (flatten, view, permute, a slice) is carried out on a tensor of these places, so a weight's
column always belongs to the value that the model multiplies it with.

BatchNorm, factors and constants are affine maps. They are kept apart until the next weighted layer takes them in, or
are multiplied into the layer before. Both are done in double precision.

The rules for the order of operations follow from what a stage is. A stage is a weighted layer with its ReLU and clip,
or a pooling:

* A weighted layer stays open until its ReLU. Affine maps in between are folded into it, and max poolings are kept with
  it, since a maximum and a ReLU may be exchanged.
* An affine map behind a ReLU, or at the input, waits for the next weighted layer.
* A mean pooling must come behind a ReLU, since the hardware pools counts.
* The last operation must leave an open layer: its sums are the scores.

docs/conversion.md has a table of models, with the message of each refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, NoReturn

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map

from ..errors import ScError, require
from ..network_layers import PoolLayer
from .graph import Operation, Source, Where
from .stages import PoolStage, Shape, Stage, WeightedStage

__all__ = ["Extracted", "image_places", "normalise"]

# Operations that only move values.
_MOVES = {
    "alias",
    "clone",
    "detach",
    "expand",
    "flip",
    "index",
    "index_select",
    "movedim",
    "narrow",
    "permute",
    "pixel_shuffle",
    "pixel_unshuffle",
    "reshape",
    "roll",
    "select",
    "slice",
    "squeeze",
    "t",
    "transpose",
    "_unsafe_view",
    "unsqueeze",
    "view",
}
# Those of them that may rely on how values lie in memory.
_VIEWS = {"view", "_unsafe_view", "reshape"}
# Remedies, as error messages name them.
_RELU = "ReLU, ReLU6 or Hardtanh(0, a) could stand in its place"
_NORM = "BatchNorm could stand in its place, which is folded into the weights"
_DROP = "leave it out: the class is the index of the greatest score with and without it"
_DENSE = "a Linear could stand in its place"
_POOL = "MaxPool2d or AvgPool2d could stand in its place"
_CONV = "a Conv2d could stand in its place"
# What could stand in the place of a module, else of an operation, that has no counterpart.
_INSTEAD_OF_MODULE: dict[type[nn.Module], str] = {
    **dict.fromkeys(
        (
            nn.GELU,
            nn.Sigmoid,
            nn.Tanh,
            nn.LeakyReLU,
            nn.PReLU,
            nn.ELU,
            nn.SELU,
            nn.CELU,
            nn.SiLU,
            nn.Mish,
            nn.Hardswish,
        ),
        _RELU,
    ),
    **dict.fromkeys((nn.Hardsigmoid, nn.Softplus, nn.Softsign, nn.LogSigmoid, nn.Tanhshrink, nn.Threshold), _RELU),
    **dict.fromkeys((nn.Hardshrink, nn.Softshrink, nn.RReLU, nn.GLU, nn.Hardtanh), _RELU),
    **dict.fromkeys((nn.LayerNorm, nn.GroupNorm, nn.InstanceNorm1d, nn.InstanceNorm2d, nn.LocalResponseNorm), _NORM),
    **dict.fromkeys((nn.Softmax, nn.LogSoftmax, nn.Softmin, nn.Softmax2d), _DROP),
    **dict.fromkeys((nn.LSTM, nn.GRU, nn.RNN, nn.LSTMCell, nn.GRUCell, nn.RNNCell), f"it has a memory; {_DENSE}"),
    **dict.fromkeys((nn.MultiheadAttention, nn.TransformerEncoderLayer, nn.Embedding, nn.Bilinear), _DENSE),
    **dict.fromkeys((nn.Conv1d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d), _CONV),
    **dict.fromkeys((nn.MaxPool1d, nn.AvgPool1d, nn.MaxPool3d, nn.AvgPool3d, nn.LPPool2d), _POOL),
    **dict.fromkeys((nn.Upsample, nn.UpsamplingNearest2d, nn.UpsamplingBilinear2d), "train without it"),
    nn.ZeroPad2d: "Conv2d(…, padding=…) pads with zeros itself",
}
_INSTEAD_OF_OPERATION: dict[str, str] = {
    **dict.fromkeys(
        ("gelu", "sigmoid", "tanh", "leaky_relu", "_prelu_kernel", "elu", "silu", "mish", "hardswish", "softplus"),
        _RELU,
    ),
    **dict.fromkeys(("hardsigmoid", "threshold", "where", "abs", "exp", "log", "sqrt", "pow", "sin", "cos"), _RELU),
    **dict.fromkeys(("native_layer_norm", "native_group_norm"), _NORM),
    **dict.fromkeys(("_softmax", "_log_softmax"), _DROP),
    **dict.fromkeys(("bmm", "baddbmm", "_scaled_dot_product_flash_attention_for_cpu"), _DENSE),
    "constant_pad_nd": "Conv2d(…, padding=…) pads with zeros itself, as much on every side",
    **dict.fromkeys(
        (
            "linear_dynamic",
            "quantize_per_tensor",
            "fake_quantize_per_tensor_affine_cachemask",
            "_fake_quantize_per_tensor_affine_cachemask_tensor_qparams",
            "_fused_moving_avg_obs_fq_helper",
        ),
        "give the float model, the conversion rounds where the hardware does",
    ),
    "sum": "AvgPool2d or a Linear could stand in its place",
}


@dataclass(eq=False)
class Extracted:
    """The stages of a model.

    Attributes:
        stages: The stages, in order.
        terms: For each stage the magnitudes that folding has added up in each sum, (neurons,). They bound its rounding.
        where: The module from which each stage came, for error messages.
    """

    stages: list[Stage]
    terms: list[Tensor]
    where: list[Where]


@dataclass(eq=False)
class _Affine:
    """An affine map of every value, y = scale · x + shift, that waits to be folded into a layer.

    Attributes:
        scale: Factor of each value, in the order of the stage.
        shift: Constant of each value.
        terms: Sum of the magnitudes of what shift was added up from.
    """

    scale: Tensor
    shift: Tensor
    terms: Tensor


@dataclass(eq=False)
class _Open:
    """A weighted layer whose ReLU has not come yet, so that affine maps can still be folded into it.

    Attributes:
        where: The module of the layer.
        convolution: Whether it is a convolution, else it is dense.
        weight: Real weights, as torch orders them.
        bias: Real biases, or None.
        terms: Magnitudes that folding has added up, for each output channel.
        input_shape: (height, width, channels) of its input.
        stride: Step of the kernel.
        padding: Zeros on every side.
        pools: Max poolings that came before the ReLU; they commute with it.
    """

    where: Where
    convolution: bool
    weight: Tensor
    bias: Tensor | None
    terms: Tensor
    input_shape: Shape
    stride: int = 1
    padding: int = 0
    pools: list[tuple[Where, PoolLayer]] = field(default_factory=list)


def image_places(shape: Shape) -> Tensor:
    """Return the place of each value of an image as torch has it, in the order row, column, channel.

    Args:
        shape: (height, width, channels).

    Returns:
        Places, (channels, height, width).

    Example:
        >>> image_places((1, 2, 3)).tolist()
        [[[0, 3]], [[1, 4]], [[2, 5]]]
    """
    return torch.arange(prod(shape)).reshape(shape).permute(2, 0, 1)


def _pair(here: Where | str, name: str, value: Sequence[int]) -> int:
    """Return the one number that stands for both directions."""
    pair = tuple(value) if len(value) > 1 else (*value, *value)
    require(pair[0] == pair[1], f"{here} must have one {name} for both directions, as a number, got {pair}")
    return int(pair[0])


def _require_zeros(where: Where) -> None:
    """Raise ScError if a module is a convolution whose padding is not of zeros."""
    if isinstance(where.module, nn.Conv2d) and where.module.padding_mode != "zeros":
        raise ScError(f"{where} must pad with zeros, got {where.module.padding_mode!r}")


class _Builder:
    """Builds the stages, one operation after the other.

    `take` calls the method `_on_<name>` of an operation, where <name> is its name in ATen. An operation without one is
    refused, with a remedy if one is known.

    Args:
        shape: (height, width, channels) of the network's input.
        places: Places of the values of the model's input; see `normalise`.
        affine: (low, span): the model sees low + span · u.
        dtype: Dtype of the weights of the stages.

    Attributes:
        shape: Shape of the values at this point.
        places: Where each value that the model holds lies in that shape.
        found: The stages so far.
        open: The weighted layer that waits for its ReLU, or None.
        pending: The affine map that waits for the next weighted layer, or None.
        pending_where: The module from which it came.
    """

    def __init__(self, shape: Shape, places: Tensor, affine: tuple[float, float], dtype: torch.dtype) -> None:
        self.shape, self.places, self.dtype = shape, places, dtype
        self.found = Extracted([], [], [])
        self.open: _Open | None = None
        self.pending: _Affine | None = None
        self.pending_where: Where | None = None
        if affine != (0.0, 1.0):
            low, span = (torch.full((prod(shape),), value, dtype=torch.float64) for value in affine)
            self.pending = _Affine(span, low, low.abs())

    # Operations.

    def take(self, op: Operation) -> None:
        """Add one operation; raises ScError with the name of the module if it has no counterpart."""
        self._check(op)
        method: Callable[[Operation], None] | None = getattr(self, f"_on_{op.name}", None)
        if op.name in _MOVES:
            self._move(op)
        elif method is None:
            self._refuse(op)
        else:
            method(op)

    def _check(self, op: Operation) -> None:
        """Refuse an operation that is random, stale, joins several values, or works on anything but floats."""
        if op.random:
            raise ScError(
                f"{op.where} draws random numbers in eval mode ({op.name}): a network gives one answer; use "
                "nn.Dropout, or dropout(…, training=self.training)"
            )
        _require_zeros(op.where)  # before what follows from it: other padding copies values in place
        require(
            not op.stale,
            f"{op.where} changes values in place that are used elsewhere, or uses a second result ({op.name}): write "
            "the results to new tensors",
        )
        kind = "a gate, or a ReLU written as h * (h > 0)," if op.name == "mul" else "a residual connection"
        remedy = "train one without" + (", or write torch.relu(h)" if op.name == "mul" else "")
        require(
            len(op.sources) == 1,
            f"{op.where} joins {len(op.sources)} values of the network ({op.name}), as {kind} does: a network is a "
            f"chain of layers, {remedy}",
        )
        require(
            op.taken is not None and op.taken.is_floating_point(),
            f"{op.where} works on values that are not floats ({op.name}): it has no counterpart",
        )

    def _refuse(self, op: Operation) -> NoReturn:
        """Raise the error of an operation without counterpart, with what could stand in its place.

        The modules around the operation are looked up first, from the innermost outwards, and then the operation
        itself.
        """
        for k in range(len(op.where.modules), 0, -1):
            where = Where(op.where.modules[:k], op.where.hook and k == len(op.where.modules))
            _require_zeros(where)
            instead = _INSTEAD_OF_MODULE.get(type(where.module))
            if instead is not None:
                raise ScError(f"{where} has no counterpart: {instead}")
        known = type(op.where.module).__module__.startswith("torch.nn.") and not op.where.hook
        what = "" if known and op.where.module is not op.where.modules[0][1] else f" computes {op.name}, which"
        instead = _INSTEAD_OF_OPERATION.get(
            op.name,
            "the model must consist of Linear and ReLU, and for images Conv2d, MaxPool2d, AvgPool2d and Flatten (see "
            "docs/conversion.md)",
        )
        raise ScError(f"{op.where}{what} has no counterpart: {instead}")

    def _move(self, op: Operation) -> None:
        """Carry out an operation that only moves values, on the places instead of the values.

        Each sample gets a copy of the places, offset by the number of values before it. The copies show whether values
        move between samples, which is refused.
        """
        assert op.taken is not None
        # An id tells sample and value: the place of the value + the number of the sample · size.
        count, size = len(op.taken), prod(self.shape)
        rows = torch.arange(count).reshape(-1, *[1] * self.places.ndim) * size
        ids = self.places + rows
        if op.name in _VIEWS:  # a view of memory in another order is the same reshape of values
            size_of = op.arguments.get("size")
            if size_of is None:
                self._refuse(op)
            moved = ids.reshape(size_of)
        else:
            args, kwargs = (tree_map(lambda v: ids if isinstance(v, Source) else v, a) for a in (op.args, op.kwargs))
            moved = op.function(*args, **kwargs)
        first = moved[0] if moved.ndim and len(moved) == count else None
        if first is None or not torch.equal(moved, first + torch.arange(count).reshape(-1, *[1] * first.ndim) * size):
            module = op.where.module
            if isinstance(module, nn.Linear):
                raise ScError(
                    f"{op.where} must be separated from the images before it by a Flatten: it gets values of shape "
                    f"{tuple(self.places.shape)}"
                )
            if type(module) in _INSTEAD_OF_MODULE:
                self._refuse(op)
            raise ScError(
                f"{op.where} moves values between samples ({op.name} from {tuple(op.taken.shape)} to "
                f"{tuple(moved.shape)}): the first axis must stay that of the samples, as in x.flatten(1)"
            )
        self.places = first

    def _on_lift_fresh(self, op: Operation) -> None:
        """Ignore an operation that does nothing to the values."""
        return

    def _on__to_copy(self, op: Operation) -> None:
        """Take a change of dtype between floats; refuse one to integers."""
        require(
            op.given is not None and op.given.is_floating_point(),
            f"{op.where} turns values into integers: leave it out, the conversion rounds where the hardware does",
        )

    def _on_addmm(self, op: Operation) -> None:
        """Take a Linear with bias, beta · self + alpha · (mat1 · mat2)."""
        a = op.arguments
        if not isinstance(a["mat1"], Source) or not isinstance(a["mat2"], Tensor):
            self._refuse(op)
        weight, bias = a["mat2"].T, a["self"]
        if a["alpha"] != 1:
            weight = weight * a["alpha"]
        if a["beta"] != 1:
            bias = bias * a["beta"]
        self._dense(op, weight, bias)

    def _on_mm(self, op: Operation) -> None:
        """Take a Linear without bias, self · mat2."""
        a = op.arguments
        if not isinstance(a["self"], Source) or not isinstance(a["mat2"], Tensor):
            self._refuse(op)
        self._dense(op, a["mat2"].T, None)

    def _on_linear(self, op: Operation) -> None:
        """Take a Linear that was not decomposed."""
        a = op.arguments
        if not isinstance(a["input"], Source) or not isinstance(a["weight"], Tensor):
            self._refuse(op)
        self._dense(op, a["weight"], a["bias"])

    def _on_convolution(self, op: Operation) -> None:
        """Take a two-dimensional convolution, and fold what is pending into it.

        A constant cannot be folded into a convolution with padding: the zeros around the image would get it too.
        """
        a, here = op.arguments, op.where
        if a["transposed"] or not isinstance(a["weight"], Tensor) or a["weight"].ndim != 4:
            if type(here.module) in _INSTEAD_OF_MODULE:
                self._refuse(op)
            kind = "transposed" if a["transposed"] else "not two-dimensional"
            raise ScError(f"{here} computes a convolution that is {kind}: {_CONV}")
        self._separated(here)
        stride, padding = _pair(here, "stride", a["stride"]), _pair(here, "padding", a["padding"])
        require(_pair(here, "dilation", a["dilation"]) == 1, f"{here} must have dilation 1, got {tuple(a['dilation'])}")
        require(a["groups"] == 1, f"{here} must have groups = 1, got {a['groups']}: {_CONV} without groups")
        self._images(here)
        weight, bias = a["weight"], a["bias"]
        _finite(here, weight, bias)
        terms = torch.zeros(len(weight), dtype=torch.float64)
        if self.pending is not None:
            scale, shift, sizes = (
                self._by_channel(here, v) for v in (self.pending.scale, self.pending.shift, self.pending.terms)
            )
            require(
                padding == 0 or not shift.any(),
                f"{here} has padding, whose zeros stand for 0, but a constant is added to its inputs by "
                f"{self.pending_where or 'the affine scale of the samples'}: use padding 0, or let the inputs' 0 be "
                "the model's 0",
            )
            w = weight.double()
            bias = (0 if bias is None else bias.double()) + (w * shift[:, None, None]).sum(dim=(1, 2, 3))
            terms = (w.abs() * sizes[:, None, None]).sum(dim=(1, 2, 3))
            weight = w * scale[:, None, None]
        self._opened(_Open(here, True, weight, bias, terms, self.shape, stride, padding), op)

    def _on_native_batch_norm(self, op: Operation) -> None:
        """Take a BatchNorm in eval mode as an affine map: (x − mean) / √(variance + eps) · weight + bias."""
        a, here = op.arguments, op.where
        mean, variance = a.get("running_mean"), a.get("running_var")
        if type(here.module) in _INSTEAD_OF_MODULE:
            self._refuse(op)
        require(
            not a.get("training", False) and mean is not None and variance is not None,
            f"{here} takes the mean of the batch in eval mode too: it needs running statistics "
            "(track_running_stats=True), so that a sample's scores do not depend on others",
        )
        assert mean is not None
        assert variance is not None
        scale = (variance.double() + a["eps"]).rsqrt()
        if a["weight"] is not None:
            scale = scale * a["weight"].double()
        bias = torch.zeros_like(scale) if a["bias"] is None else a["bias"].double()
        axes = [1] * (self.places.ndim - 1)
        offset = mean.double() * scale
        self._affine(op, *(v.reshape(-1, *axes) for v in (scale, bias - offset, bias.abs() + offset.abs())))

    _on__native_batch_norm_legit = _on__native_batch_norm_legit_no_training = _on_native_batch_norm
    _on__native_batch_norm_legit_no_stats = _on__batch_norm_no_update = _on_native_batch_norm
    _on_cudnn_batch_norm = _on_native_batch_norm

    def _on_mul(self, op: Operation) -> None:
        """Take a product with a constant."""
        constant = self._constant(op)
        zero = torch.zeros_like(constant)
        self._affine(op, constant, zero, zero)

    def _on_div(self, op: Operation) -> None:
        """Take a quotient by a constant; a constant divided by values has no counterpart."""
        a = op.arguments
        if not isinstance(a["self"], Source) or a.get("rounding_mode") is not None:
            self._refuse(op)
        constant = self._constant(op)
        require((constant != 0).all(), f"{op.where} divides by 0")
        zero = torch.zeros_like(constant)
        self._affine(op, 1 / constant, zero, zero)

    def _on_add(self, op: Operation) -> None:
        """Take a sum with a constant, self + alpha · other, where either of the two may be the constant."""
        alpha = op.arguments.get("alpha", 1)
        left = isinstance(op.arguments["self"], Source)
        constant = self._constant(op) * (alpha if left else 1)
        scale = torch.full_like(constant, 1 if left else alpha)
        self._affine(op, scale, constant, constant.abs())

    def _on_sub(self, op: Operation) -> None:
        """Take a difference with a constant, self − alpha · other, where either of the two may be the constant."""
        alpha = op.arguments.get("alpha", 1)
        left = isinstance(op.arguments["self"], Source)
        constant = self._constant(op) * (-alpha if left else 1)
        scale = torch.full_like(constant, 1 if left else -alpha)
        self._affine(op, scale, constant, constant.abs())

    def _on_rsub(self, op: Operation) -> None:
        """Take a reversed difference, other − alpha · self."""
        constant = self._constant(op)
        self._affine(op, torch.full_like(constant, -float(op.arguments["alpha"])), constant, constant.abs())

    def _on_neg(self, op: Operation) -> None:
        """Take a change of sign."""
        one = torch.ones((), dtype=torch.float64)
        self._affine(op, -one, 0 * one, 0 * one)

    def _on_relu(self, op: Operation) -> None:
        """Take a ReLU."""
        self._activation(op, None)

    def _on_clamp(self, op: Operation) -> None:
        """Take a clip with one or two bounds, which is a ReLU if the lower one is 0 (`_clip`)."""
        a = op.arguments
        self._clip(op, a.get("min"), a.get("max"))

    def _on_hardtanh(self, op: Operation) -> None:
        """Take a Hardtanh, of which ReLU6 is a case, as a clip."""
        self._clip(op, op.arguments["min_val"], op.arguments["max_val"])

    def _on_clamp_min(self, op: Operation) -> None:
        """Take a clip from below."""
        self._clip(op, op.arguments["min"], None)

    def _on_clamp_max(self, op: Operation) -> None:
        """Take a clip from above."""
        self._clip(op, None, op.arguments["max"])

    def _on_maximum(self, op: Operation) -> None:
        """Take the maximum with a constant as a clip from below."""
        constant = self._constant(op)
        self._clip(op, float(constant.flatten()[0]) if _uniform(constant) else constant, None)

    def _on_minimum(self, op: Operation) -> None:
        """Take the minimum with a constant as a clip from above."""
        constant = self._constant(op)
        self._clip(op, None, float(constant.flatten()[0]) if _uniform(constant) else constant)

    def _on_threshold(self, op: Operation) -> None:
        """Take a threshold that is a ReLU; others have no counterpart."""
        a = op.arguments
        if a["threshold"] != 0 or a["value"] != 0:
            self._refuse(op)
        self._activation(op, None)

    def _on_max_pool2d_with_indices(self, op: Operation) -> None:
        """Take a max pooling without dilation."""
        a = op.arguments
        require(
            _pair(op.where, "dilation", a["dilation"]) == 1,
            f"{op.where} must have dilation 1, got {tuple(a['dilation'])}",
        )
        self._window(op, "max")

    _on_max_pool2d = _on_max_pool2d_with_indices

    def _on_avg_pool2d(self, op: Operation) -> None:
        """Take a mean pooling that divides by the size of its window."""
        divisor = op.arguments["divisor_override"]
        require(divisor is None, f"{op.where} must have no divisor_override, got {divisor}")
        self._window(op, "mean")

    def _window(self, op: Operation, kind: str) -> None:
        """Take a pooling with window and stride; padding must be 0, and windows must lie inside the image.

        Args:
            op: The operation.
            kind: "max" or "mean".
        """
        a, here = op.arguments, op.where
        size = _pair(here, "kernel_size", a["kernel_size"])
        stride = _pair(here, "stride", a["stride"] or a["kernel_size"])
        require(_pair(here, "padding", a["padding"]) == 0, f"{here} must have padding 0, got {tuple(a['padding'])}")
        self._pool(op, kind, size, stride)
        require(
            op.given is None or tuple(op.given.shape[2:]) == self.shape[:2],
            f"{here} must have ceil_mode False: here it would pool windows that are cut off",
        )

    def _adaptive(self, op: Operation, kind: str) -> None:
        """Take a pooling to a given output size, if that divides the image into equal square windows.

        Args:
            op: The operation.
            kind: "max" or "mean".
        """
        assert op.taken is not None
        assert op.given is not None
        here, given = op.where, tuple(op.given.shape[2:])
        sizes = tuple(op.taken.shape[2:])
        require(
            all(size % out == 0 for size, out in zip(sizes, given, strict=True)),
            f"{here} must have an output size that divides {sizes}, got {given}: windows of one size are pooled",
        )
        self._pool(op, kind, *[_square(here, sizes[0] // given[0], sizes[1] // given[1])] * 2)

    def _on__adaptive_avg_pool2d(self, op: Operation) -> None:
        """Take a mean pooling to a given output size."""
        self._adaptive(op, "mean")

    _on_adaptive_avg_pool2d = _on__adaptive_avg_pool2d

    def _on_adaptive_max_pool2d(self, op: Operation) -> None:
        """Take a max pooling to a given output size."""
        self._adaptive(op, "max")

    def _over_image(self, op: Operation, kind: str) -> None:
        """Pool the whole image, as x.mean((2, 3)) and AdaptiveAvgPool2d(1) do.

        Args:
            op: The operation. Its axes must be those of height and width.
            kind: "max" or "mean".
        """
        assert op.taken is not None
        a, axes = op.arguments, op.taken.ndim
        dims = a["dim"] if isinstance(a["dim"], Sequence) else [a["dim"]]
        if axes != 4 or sorted(d % axes for d in dims) != [2, 3]:
            self._refuse(op)
        self._pool(op, kind, *[_square(op.where, *op.taken.shape[2:])] * 2)
        if not a["keepdim"]:
            self.places = self.places.reshape(-1)

    def _on_mean(self, op: Operation) -> None:
        """Take a mean over height and width."""
        if "dim" not in op.arguments or not op.arguments["dim"]:
            self._refuse(op)
        self._over_image(op, "mean")

    def _on_amax(self, op: Operation) -> None:
        """Take a maximum over height and width."""
        self._over_image(op, "max")

    # What they have in common.

    def _constant(self, op: Operation) -> Tensor:
        """Return the constant operand in float64, shaped so that it fits one sample.

        It must be finite and the same for all samples of the batch.
        """
        assert op.taken is not None
        a = op.arguments
        other = a["other"] if isinstance(a["self"], Source) else a["self"]
        value = torch.as_tensor(other).double()
        if isinstance(other, Tensor) and (other.is_complex() or op.given is None or op.given.shape != op.taken.shape):
            self._refuse(op)
        if value.ndim == op.taken.ndim:
            require(
                len(value) == 1 or bool((value == value[:1]).all()),
                f"{op.where} treats the samples of a batch differently ({op.name})",
            )
            value = value[0]
        require(bool(torch.isfinite(value).all()), f"{op.where} has a constant that is not finite")
        return value

    def _affine(self, op: Operation, scale: Tensor, shift: Tensor, terms: Tensor) -> None:
        """Take an affine map of the values.

        It is folded into the open layer, if there is one. Otherwise it waits for the next weighted layer.

        Args:
            op: The operation, for error messages.
            scale: Factor, broadcast to the places.
            shift: Constant, broadcast to the places.
            terms: Magnitudes of what shift was added up from, broadcast to the places.
        """
        places, size = self.places.reshape(-1), prod(self.shape)
        require(
            _distinct(places),
            f"{op.where} scales values that occur twice: it has no counterpart",
        )
        fresh = []
        for fill, value in ((1.0, scale), (0.0, shift), (0.0, terms)):
            require(bool(torch.isfinite(value).all()), f"{op.where} has a factor or constant that is not finite")
            vector = torch.full((size,), fill, dtype=torch.float64)
            vector[places] = value.expand(self.places.shape).reshape(-1)
            fresh.append(vector)
        scale, shift, terms = fresh
        if self.open is None:
            old = self.pending
            if old is not None:
                shift, terms = old.shift * scale + shift, old.terms * scale.abs() + terms
                scale = old.scale * scale
            self.pending, self.pending_where = _Affine(scale, shift, terms), op.where
            return
        layer = self.open
        if layer.convolution:
            scale, shift, terms = (self._by_channel(op.where, v) for v in (scale, shift, terms))
        require(
            not layer.pools or bool((scale > 0).all()),
            f"{op.where} scales by numbers that are not above 0, behind a pooling: put it before the pooling",
        )
        layer.weight = layer.weight.double() * scale.reshape(-1, *[1] * (layer.weight.ndim - 1))
        layer.bias = shift if layer.bias is None else layer.bias.double() * scale + shift
        layer.terms = layer.terms * scale.abs() + terms

    def _by_channel(self, here: Where, values: Tensor) -> Tensor:
        """Return one value for each channel; ScError where positions of an image differ."""
        rows = values.reshape(-1, self.shape[2])
        require(
            bool((rows == rows[:1]).all()),
            f"{here} meets a factor or constant that differs between the positions of an image: a convolution has one "
            "for each channel",
        )
        return rows[0]

    def _separated(self, here: Where) -> None:
        """Refuse a weighted layer right behind another one."""
        if self.open is None:
            return
        self._no_open_pools()
        raise ScError(
            f"{here} must be separated from the {_kind(self.open)} before it ({self.open.where}) by a ReLU: two linear "
            "layers in a row are one"
        )

    def _no_open_pools(self) -> None:
        """Refuse a max pooling that no ReLU follows."""
        if self.open is not None and self.open.pools:
            raise ScError(f"{self.open.pools[0][0]} must follow a ReLU, or be followed by one at once")

    def _images(self, here: Where) -> None:
        """Refuse what needs images where the values do not lie as images any more."""
        wanted = image_places(self.shape)
        if self.places.shape == wanted.shape and torch.equal(self.places, wanted):
            return
        if self.found.stages or self.open is not None:
            raise ScError(f"{here} must come before Flatten and Linear, on images as the layer before it gives them")
        raise ScError(
            f"{here} gets images of shape {tuple(self.places.shape)} that are not the samples' own: say in InputSpec "
            "what shape and order the samples have, and leave the rearrangement out"
        )

    def _dense(self, op: Operation, weight: Tensor, bias: Tensor | None) -> None:
        """Open a dense layer, with its columns in the order of the places, and fold what is pending into it.

        Args:
            op: The operation.
            weight: (out, in), columns in the model's order.
            bias: (out,) or (1, out), or None.
        """
        here = op.where
        self._separated(here)
        require(
            self.places.ndim == 1,
            f"{here} must be separated from the images before it by a Flatten: it gets values of shape "
            f"{tuple(self.places.shape)}",
        )
        if bias is not None and bias.ndim != 1:
            require(bias.ndim == 2 and len(bias) == 1, f"{here} adds values that are no bias (addmm)")
            bias = bias[0]
        _finite(here, weight, bias)
        size = prod(self.shape)
        places = self.places
        if not torch.equal(places, torch.arange(size)):
            # Columns go to the order of the stage. A value that the model takes twice gets the sum of its columns.
            if len(places) == size and _distinct(places):
                weight = weight[:, places.argsort()]
            else:
                weight = torch.zeros(len(weight), size, dtype=torch.float64).index_add(1, places, weight.double())
        terms = torch.zeros(len(weight), dtype=torch.float64)
        if self.pending is not None:
            w = weight.double()
            bias = (0 if bias is None else bias.double()) + w @ self.pending.shift
            terms = w.abs() @ self.pending.terms
            weight = w * self.pending.scale
        self._opened(_Open(here, False, weight, bias, terms, self.shape), op)

    def _opened(self, layer: _Open, op: Operation) -> None:
        """Make a layer the open one, and let shape and places be those of its output."""
        self.open, self.pending, self.pending_where = layer, None, None
        stage = self._stage(layer, None)  # checks the geometry
        self.shape = stage.output_shape
        self.places = image_places(self.shape)
        if not layer.convolution:
            self.places = self.places.reshape(-1)

    def _stage(self, layer: _Open, top: float | None) -> WeightedStage:
        """Return the stage of a layer, whose module has no values yet; the geometry is checked here."""
        module: nn.Linear | nn.Conv2d
        some = layer.bias is not None
        sizes = (layer.weight.shape[1], layer.weight.shape[0])
        if layer.convolution:
            kernel = (int(layer.weight.shape[2]), int(layer.weight.shape[3]))
            module = nn.Conv2d(*sizes, kernel, layer.stride, layer.padding, bias=some, device="meta", dtype=self.dtype)
        else:
            module = nn.Linear(*sizes, bias=some, device="meta", dtype=self.dtype)
        return WeightedStage(module, layer.input_shape, top)

    def _close(self, top: float | None) -> None:
        """Add the open layer with its weights to the stages, and then the poolings that waited for its ReLU.

        Args:
            top: The clip of its activations, or None.
        """
        layer = self.open
        assert layer is not None
        stage = self._stage(layer, top)
        # The record holds copies: nothing that training does to them reaches the model.
        weight = layer.weight.to(self.dtype).contiguous()
        bias = None if layer.bias is None else layer.bias.to(self.dtype).contiguous()
        _finite(layer.where, weight, bias)
        stage.module.weight = nn.Parameter(weight)
        if bias is not None:
            stage.module.bias = nn.Parameter(bias)
        self._add(stage, stage.spread(layer.terms), layer.where)
        for where, pool in layer.pools:
            self._add(PoolStage(pool), torch.zeros(pool.neurons), where)
        self.open = None

    def _add(self, stage: Stage, terms: Tensor, where: Where) -> None:
        """Append a stage to those that were found, with its magnitudes and the module that it came from."""
        self.found.stages.append(stage)
        self.found.terms.append(terms.double())
        self.found.where.append(where)

    def _clip(self, op: Operation, low: Any, high: Any) -> None:
        """Take a clip as an activation.

        Its lower bound must be 0. Where the values are at least 0 already, it may also be below 0, or absent.

        Args:
            op: The operation.
            low: The lower bound, a number, a tensor with one value, or None.
            high: The upper bound, likewise. It must be above 0.
        """
        for bound in (low, high):
            require(
                bound is None or isinstance(bound, (int, float)) or bound.numel() == 1,
                f"{op.where} must have one bound for all values",
            )
        low, high = (None if bound is None else float(bound) for bound in (low, high))
        require(
            high is None or high > 0,
            f"{op.where} must have an upper bound above 0, got {high}",
        )
        if low is None or low != 0:
            active = self.open is None and self.pending is None and bool(self.found.stages)
            require(
                active and (low is None or low <= 0),
                f"{op.where} must clip at 0 from below, got {low}: {_RELU}",
            )
        self._activation(op, high)

    def _activation(self, op: Operation, top: float | None) -> None:
        """Close the open layer with a ReLU that clips at `top`, or clip what has had its ReLU."""
        here = op.where
        if self.open is not None:
            self._close(top)
            return
        require(self.found.stages, f"{here} must follow a Linear or a Conv2d")
        require(
            self.pending is None,
            f"{here} must follow a Linear or a Conv2d, not {self.pending_where} behind a ReLU",
        )
        if top is None:
            return  # values are at least 0 already
        for stage in reversed(self.found.stages):  # a clip commutes with a maximum, not with a mean
            if isinstance(stage, WeightedStage):
                stage.top = top if stage.top is None else min(stage.top, top)
                return
            require(
                stage.pool.kind == "max",
                f"{here} must come before the AvgPool2d, where the neurons clip",
            )

    def _pool(self, op: Operation, kind: str, size: int, stride: int) -> None:
        """Add a pooling, or keep it with the open layer, whose ReLU may still come.

        An affine map that is pending moves behind the pooling. A mean allows this always, a maximum only if all factors
        are above 0, since a negative factor would make a minimum of it.

        Args:
            op: The operation.
            kind: "max" or "mean".
            size: Side of the window.
            stride: Step from one window to the next.
        """
        here = op.where
        self._images(here)
        try:
            pool = PoolLayer(kind, size, self.shape, stride)
        except ScError as error:
            raise ScError(f"{here}: {error}") from None
        if self.open is not None:
            require(kind == "max", f"{here} must follow a ReLU")
            self.open.pools.append((here, pool))
        else:
            if self.pending is not None:
                values = [
                    self._by_channel(here, v) for v in (self.pending.scale, self.pending.shift, self.pending.terms)
                ]
                require(
                    kind == "mean" or bool((values[0] > 0).all()),
                    f"{here} takes a maximum of values that {self.pending_where or 'the samples'} scale by numbers not "
                    "above 0: put it before that",
                )
                count = prod(pool.output_shape[:2])
                self.pending = _Affine(*(v.repeat(count) for v in values))
            self._add(PoolStage(pool), torch.zeros(pool.neurons), here)
        self.shape = pool.output_shape
        self.places = image_places(self.shape)

    def finish(self, last: Operation) -> Extracted:
        """Return the stages; the last operation must have left a weighted layer, whose values are the classes.

        Args:
            last: The last operation, for error messages.

        Raises:
            ScError: The model ends otherwise, or its scores are not (n, classes).
        """
        self._no_open_pools()
        if self.open is None:
            require(
                any(isinstance(stage, WeightedStage) for stage in self.found.stages),
                "the model must hold at least one Linear, got none",
            )
            name = type(last.where.module).__name__ if last.where.module is not last.where.modules[0][1] else last.name
            raise ScError(
                f"the model must end with a Linear, whose sums are the class scores, got a {name} at the end "
                f"({last.where})"
            )
        places = self.places.reshape(-1)
        shape = tuple(self.places.shape)
        require(
            len(places) == max(shape, default=1),
            f"the model must return scores (n, classes), got the shape (n, {', '.join(map(str, shape))}): a Flatten "
            "and a Linear could follow",
        )
        if not torch.equal(places, torch.arange(prod(self.shape))):
            layer = self.open
            require(self.shape[:2] == (1, 1), f"{last.where} rearranges the scores: leave it out")
            layer.weight, layer.terms = layer.weight[places], layer.terms[places]
            layer.bias = None if layer.bias is None else layer.bias[places]
        self._close(None)
        return self.found


def _kind(layer: _Open) -> str:
    """Return the name that torch has for a layer, for error messages."""
    return "Conv2d" if layer.convolution else "Linear"


def _distinct(places: Tensor) -> bool:
    """Return whether no place occurs twice."""
    return len(set(places.tolist())) == len(places)


def _uniform(values: Tensor) -> bool:
    """Return whether all values are equal."""
    return bool((values == values.flatten()[0]).all())


def _square(here: Where, high: int, wide: int) -> int:
    """Return the side of a window; raises ScError if it is not square."""
    require(high == wide, f"{here} must pool square windows, got {high} × {wide}")
    return int(high)


def _finite(here: Where, weight: Tensor, bias: Tensor | None) -> None:
    """Raise ScError if a weight or a bias is not a finite number."""
    for name, values in (("weight", weight), ("bias", bias)):
        require(values is None or torch.isfinite(values).all(), f"{here} has a {name} that is not finite")


def _without_detours(path: Sequence[Operation]) -> list[Operation]:
    """Return the operations without each axis that is added and taken away again at once.

    Dropout1d and Dropout3d add one in front where they see one sample without an axis of samples: that is what they
    take (n, features) and (n, channels, height, width) for. In eval mode they do nothing in between.
    """
    kept: list[Operation] = []
    for op in path:
        before = kept[-1] if kept else op
        pair = before.name == "unsqueeze" and op.name == "squeeze" and not (before.stale or op.stale)
        if pair and before.arguments["dim"] == op.arguments.get("dim"):
            kept.pop()
        else:
            kept.append(op)
    return kept


def normalise(path: Sequence[Operation], shape: Shape, places: Tensor, affine: tuple[float, float]) -> Extracted:
    """Return the stages of a chain of operations.

    Args:
        path: The operations, as `graph.record` returns them.
        shape: (height, width, channels) of the network's input.
        places: Place of each value of the model's input, without the axis of samples; see `image_places`.
        affine: (low, span): the model's input is low + span · u for the fraction u of full scale.

    Returns:
        The stages, in double precision if any of the model's weights is, else in single precision.

    Raises:
        ScError: Something has no counterpart; the message names the module and what could stand in its place.
    """
    path = _without_detours(path)
    tensors = [v for op in path for v in op.arguments.values() if isinstance(v, Tensor) and v.ndim > 1]
    double = any(v.dtype == torch.float64 for v in tensors)
    builder = _Builder(shape, places, affine, torch.float64 if double else torch.float32)
    require(path, "the model must hold at least one Linear, got none")
    for operation in path:
        builder.take(operation)
    return builder.finish(path[-1])
