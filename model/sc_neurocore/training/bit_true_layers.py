"""The network's integer arithmetic in torch: the hardware's forward pass, with a straight-through gradient.

Training through these functions sees the very numbers that the hardware computes, so nothing is lost when the trained
network is exported. Rounding and clipping have no useful gradient; the backward pass uses the gradient of the real
function that is rounded (a straight-through estimator).

Codes are float tensors that hold integers, because torch computes gradients for floats only. They are exact as long as
|S| stays below 2²⁴ (float32) or 2⁵³ (float64). Sums are taken from the exact table by `lookup` (A11, exact table): its
work does not grow with L, and inputs that are 0 cost nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import require
from ..jit import njit
from ..lookup import Taps, rows, sums
from ..threads import in_blocks

__all__ = ["Geometry", "LayerScale", "bias_codes", "holds_sums", "weight_codes", "window_counts", "window_sum"]

_FLOAT32_EXACT = 1 << 24
# The most entries of a table that is made at once. Of a greater one, parts are made, used and left: of a dense layer
# some channels of a few synapses, which stay in a second-level cache while all samples pass; of a convolution channels.
_TABLE_ENTRIES, _PART_ENTRIES, _PART_CHANNELS = 1 << 24, 1 << 16, 64


@dataclass(frozen=True, slots=True)
class LayerScale:
    """What the codes of one layer stand for in real numbers (A12, what training may assume).

    Training and conversion choose these scales once. After that a weight code W stands for W·w_s / L, and an activation
    code X at the output for X·y_s / L.

    Attributes:
        weight: w_s, the real weight that code L stands for.
        input: x_s, the activation that code L stands for at the layer's input. It is 1 for the network's input.
        product_bias: Mean of S − Σ X · W / L over training samples, shape (channels out,). F of A11 is rarely below the
            product X · W / L, so each sum is too great by an amount of its own on average; the bias code takes it off
            again.
        theta: The threshold in LSB, or None for the readout.
        output: y_s, the activation that code L stands for at the output, or None for the readout. It follows from the
            integer threshold: y_s = θ · w_s · x_s / 2^f with f = `theta_frac`.
    """

    weight: float
    input: float
    product_bias: Tensor
    theta: int | None = None
    output: float | None = None

    @property
    def sum(self) -> float:
        """Value that a window sum of S = L stands for: w_s · x_s."""
        return self.weight * self.input


class Geometry(Protocol):
    """What the functions of this module need to know of a layer; `stages.WeightedStage` implements it.

    A protocol keeps this module independent of how layers are built.

    Attributes:
        taps: Which outputs an input reaches and through which synapses, as `lookup` needs it.
    """

    taps: Taps

    def synapses(self, w: Tensor) -> Tensor:
        """Return the weights w, shaped as the layer stores them, as (synapses, channels out)."""

    def gradients(self, g: Tensor, x: Tensor, w: Tensor, need_x: bool, need_w: bool) -> tuple[Tensor | None, ...]:
        """Return the gradients of x and w, given the gradient g of the real product of both.

        Args:
            g: Gradient of the product, (n, neurons).
            x: Codes of the inputs, (n, inputs).
            w: Codes of the weights, in the layer's own shape.
            need_x: Whether the gradient of x is wanted; else None is returned in its place.
            need_w: The same for w.
        """


def holds_sums(dtype: torch.dtype, synapses: int, length: int) -> bool:
    """Return whether numbers of this type hold every window sum of a neuron with so many synapses exactly."""
    return dtype == torch.float64 or synapses * length < _FLOAT32_EXACT


def _fill(out: NDArray[Any], x: NDArray[Any], w: NDArray[np.int16], length: int, taps: Taps) -> None:
    """Fill `out` with window sums, and keep the memory for the table small.

    A table of all synapses has synapses · (L + 1) · channels entries. A large one is made a part at a time, on all
    cores: each part is used for all samples and then dropped.

    Args:
        out: Result, (n, positions, channels), of any type that holds the sums.
        x: Codes of the inputs, (n, inputs).
        w: Signed codes of the weights, (synapses, channels).
        length: L.
        taps: Which outputs an input reaches; see `lookup.Taps`.
    """
    count, channels = w.shape
    if count * (length + 1) * channels <= _TABLE_ENTRIES:
        sums(out, x, rows(w, length), taps)
        return
    dense = x.shape[1] == count and len(taps.kernel) == 1
    synapses = max(1, _PART_ENTRIES // ((length + 1) * _PART_CHANNELS)) if dense else count
    width = _PART_CHANNELS if dense else max(_PART_CHANNELS, _TABLE_ENTRIES // (count * (length + 1)))

    def work(part: slice) -> None:
        total = np.zeros_like(out[:, :, part], order="C")
        mine = np.empty_like(total)
        for start in range(0, count, synapses):
            some = slice(start, start + synapses)
            sums(mine, np.ascontiguousarray(x[:, some]) if dense else x, rows(w[some, part], length), taps)
            total += mine
        out[:, :, part] = total

    in_blocks(work, channels, width)


class _WindowSum(torch.autograd.Function):
    """S of A6 (sum) without the bias: the forward pass is exact by A11, the backward pass is that of Σ X · W / L."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor, length: int, layer: Geometry) -> Tensor:
        """Return S, (n, neurons), for codes x (n, inputs) and signed codes w; ScError where float32 would round S."""
        ctx.save_for_backward(x, w)
        ctx.length, ctx.layer = length, layer
        synapses = layer.synapses(w)
        count, channels = synapses.shape
        require(
            holds_sums(x.dtype, count, length),
            f"fan-in times length must be below 2^24 for exact sums in single precision, got {count} · {length}: take "
            "a shorter length, or the model in double precision (model.double()), which has no such limit",
        )
        s = x.new_empty(len(x), layer.taps.positions, channels)
        _fill(s.numpy(), x.contiguous().numpy(), synapses.numpy().astype(np.int16), length, layer.taps)
        return s.view(len(x), -1)

    @staticmethod
    def backward(ctx: Any, *grad: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        """Return the gradients of x and w as if S were the real product Σ X · W / L."""
        x, w = ctx.saved_tensors
        g = grad[0] / ctx.length
        g_x, g_w = ctx.layer.gradients(g, x, w, *ctx.needs_input_grad[:2])
        return g_x, g_w, None, None


def window_sum(x: Tensor, w: Tensor, length: int, layer: Geometry) -> Tensor:
    """Return the window sums of a layer, S = Σᵢ sign(wᵢ) · F[xᵢ, |wᵢ|] (A6, accumulation; A11, exact table).

    Args:
        x: Codes of the inputs, whole numbers in 0 … L, (n, inputs), float32 or float64, on the CPU.
        w: Signed codes of the weights, whole numbers in −(L−1) … L−1, in the layer's own shape.
        length: L, the number of bits of a stream.
        layer: The layer's geometry: which input meets which weight.

    Returns:
        S without the bias, whole numbers, (n, neurons), dtype of x. Gradients flow to x and w as if S were the real
        product Σ x · w / L.

    Raises:
        ScError: x is float32 and synapses times L reaches 2²⁴, so that float32 could not hold each sum exactly.
    """
    total: Tensor = _WindowSum.apply(x, w, length, layer)  # type: ignore[no-untyped-call]
    return total


@njit(nogil=True)
def _counts(
    s: NDArray[Any], counts: NDArray[Any], slopes: NDArray[Any], theta: float, factor: float, slope: float, length: int
) -> None:
    """Fill `counts` and `slopes` in one pass over `s`; separate torch operations would each go through the memory.

    Args:
        s: Window sums, (n,). Its type may be wider than that of the results, for an exact quotient.
        counts: Result, the counts c of A8, (n,).
        slopes: Result, dc / dS, (n,): `slope` where the count is not clipped, else 0.
        theta: θ, the threshold in LSB.
        factor: 2 · 2^f with f = `theta_frac`.
        slope: 2^f / θ.
        length: L.
    """
    kind = s.dtype.type
    add, scale, divisor, top, zero = kind(theta), kind(factor), kind(2 * theta), kind(length), kind(0)
    one, step, flat = kind(1), slopes.dtype.type(slope), slopes.dtype.type(0)
    for i in range(len(s)):
        exact = (s[i] * scale + add) / divisor
        counts[i] = min(max(np.floor(exact), zero), top)
        slopes[i] = step if zero < exact < top + one else flat


class _WindowIf(torch.autograd.Function):
    """A8 (neuron `window_if`) forward; backward the slope 2^f / θ wherever the count is clipped neither at 0 nor at L.

    The quotient is floored in a precision that tells any two quotients up to L + 1 apart, so the count is exact.
    """

    @staticmethod
    def forward(ctx: Any, s: Tensor, theta: int, theta_frac: int, length: int) -> Tensor:
        """Return the counts of A8 for the sums s, and keep the slopes for the backward pass."""
        narrow = 2 * theta * (length + 1) < _FLOAT32_EXACT >> 1
        sums = s.contiguous() if narrow else s.double().contiguous()
        counts, slopes = s.new_empty(s.shape), s.new_empty(s.shape)
        flat, filled, slope = sums.view(-1).numpy(), counts.view(-1).numpy(), slopes.view(-1).numpy()
        _counts(flat, filled, slope, float(theta), 2.0 ** (theta_frac + 1), 2.0**theta_frac / theta, length)
        ctx.save_for_backward(slopes)
        return counts

    @staticmethod
    def backward(ctx: Any, *grad: Tensor) -> tuple[Tensor, None, None, None]:
        """Return the gradient of s."""
        (slopes,) = ctx.saved_tensors
        return grad[0] * slopes, None, None, None


def window_counts(s: Tensor, theta: int, theta_frac: int, length: int) -> Tensor:
    """Return the counts that neurons emit for window sums (A8, neuron `window_if`).

        c = clip(⌊(2·2^f·S + θ) / (2θ)⌋, 0, L),   f = theta_frac

    Args:
        s: Window sums S with the bias, whole numbers, any shape, on the CPU.
        theta: θ, the threshold in LSB.
        theta_frac: f, the number of fraction bits of θ.
        length: L, the greatest count.

    Returns:
        The counts, whole numbers in 0 … L, shape and dtype of s. The gradient of s is 2^f / θ where the count is not
        clipped and 0 elsewhere.
    """
    counts: Tensor = _WindowIf.apply(s, theta, theta_frac, length)  # type: ignore[no-untyped-call]
    return counts


def weight_codes(values: Tensor, scale: float, length: int) -> Tensor:
    """Return the signed codes of real weights: clip(round(L · values / scale), −(L−1), L−1) (A2, codes; A12).

    Args:
        values: Real weights, any shape.
        scale: w_s, the weight that code L stands for.
        length: L.

    Returns:
        Whole numbers, shape and dtype of `values`. The gradient is that of L · values / scale inside the clip, 0
        outside.

    Example:
        >>> weight_codes(torch.tensor([0.5, -1.0, 0.03]), 1.0, 16).tolist()
        [8.0, -15.0, 0.0]
    """
    scaled = (values * (length / scale)).clamp_(1 - length, length - 1)
    if not scaled.requires_grad:
        return scaled.round_()  # the same numbers in half the time, which is most of a conversion's
    return scaled + (scaled.round() - scaled).detach()


def bias_codes(bias: Tensor | None, scale: LayerScale, length: int) -> Tensor:
    """Return the signed codes of biases: clip(round(L · b / (w_s · x_s) − product_bias), −(L−1), L−1).

    A bias is one more weight whose input code is always L (A7, bias), so its full scale is w_s · x_s. The product bias
    is taken off because it is what the layer's products give too much on average (A12).

    Args:
        bias: Real biases b, (channels,), or None for a layer without biases. The codes then only take off the product
            bias.
        scale: The layer's w_s, x_s and product bias.
        length: L.

    Returns:
        Whole numbers, (channels,).

    Example:
        >>> bias_codes(torch.tensor([0.25]), LayerScale(1.0, 1.0, torch.tensor([0.6])), 16).tolist()
        [3.0]
    """
    wanted = -scale.product_bias * (scale.sum / length)
    return weight_codes(wanted if bias is None else bias + wanted, scale.sum, length)
