"""The network's integer arithmetic in torch: the hardware's forward pass, with a gradient straight through it.

Codes are float tensors that hold integers, so that gradients can flow; they are exact as long as |S| stays below 2²⁴
(float32) or 2⁵³ (float64). Sums are those of `lookup`, whose work does not grow with L and leaves out zero inputs.
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

__all__ = ["Geometry", "LayerScale", "bias_codes", "weight_codes", "window_counts", "window_sum"]

_FLOAT32_EXACT = 1 << 24
# The most entries of a table that is made at once. Of a greater one, parts are made, used and left: of a dense layer
# some channels of a few synapses, which stay in a second-level cache while all samples pass; of a convolution channels.
_TABLE_ENTRIES, _PART_ENTRIES, _PART_CHANNELS = 1 << 24, 1 << 16, 64


@dataclass(frozen=True, slots=True)
class LayerScale:
    """What one layer's codes stand for (A12).

    weight: w_s, the weight of code L. input: x_s, the activation of code L at the input (1 for the network input).
    product_bias: mean of S − Σ X · W / L over training samples, shape (channels out,). F of A11 is rarely below the
    product, which moves each sum by an amount of its own; the bias code takes it off again.
    theta: threshold in LSB, None for the readout. output: y_s, the activation of code L at the output, derived from
    the integer threshold: y_s = θ · w_s · x_s / 2^f; None for the readout.
    """

    weight: float
    input: float
    product_bias: Tensor
    theta: int | None = None
    output: float | None = None

    @property
    def sum(self) -> float:
        """Value of S = L: w_s · x_s."""
        return self.weight * self.input


class Geometry(Protocol):
    """What the sums of a layer need to know of it; see `stages.WeightedStage`."""

    taps: Taps

    def synapses(self, w: Tensor) -> Tensor:
        """Return w as (synapses, channels out)."""

    def gradients(self, g: Tensor, x: Tensor, w: Tensor, need_x: bool, need_w: bool) -> tuple[Tensor | None, ...]:
        """Return the gradients of x and w for that of the product."""


def _fill(out: NDArray[Any], x: NDArray[Any], w: NDArray[np.int16], length: int, taps: Taps) -> None:
    """Fill out (n, positions, channels) with the sums; a great table is made a part at a time, on all cores."""
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
    """S of A6 without bias: exact forward by the table of A11, backward that of X · W / L."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor, length: int, layer: Geometry) -> Tensor:
        ctx.save_for_backward(x, w)
        ctx.length, ctx.layer = length, layer
        synapses = layer.synapses(w)
        count, channels = synapses.shape
        require(
            x.dtype == torch.float64 or count * length < _FLOAT32_EXACT,
            f"fan-in times length must be below 2^24 for exact sums in single precision, got {count} · {length}; "
            f"a model in double precision has no such limit",
        )
        s = x.new_empty(len(x), layer.taps.positions, channels)
        _fill(s.numpy(), x.contiguous().numpy(), synapses.numpy().astype(np.int16), length, layer.taps)
        return s.view(len(x), -1)

    @staticmethod
    def backward(ctx: Any, *grad: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        x, w = ctx.saved_tensors
        g = grad[0] / ctx.length
        g_x, g_w = ctx.layer.gradients(g, x, w, *ctx.needs_input_grad[:2])
        return g_x, g_w, None, None


def window_sum(x: Tensor, w: Tensor, length: int, layer: Geometry) -> Tensor:
    """Return S = Σᵢ sign(wᵢ) · F[xᵢ, |wᵢ|] (A6, A11) for codes x (n, inputs) and signed codes w of `layer`."""
    total: Tensor = _WindowSum.apply(x, w, length, layer)  # type: ignore[no-untyped-call]
    return total


@njit(nogil=True)
def _counts(
    s: NDArray[Any], counts: NDArray[Any], slopes: NDArray[Any], theta: float, factor: float, slope: float, length: int
) -> None:
    """Fill counts and slopes (n,) for s, which may be wider; one pass, as each of torch's goes through the memory."""
    kind = s.dtype.type
    add, scale, divisor, top, zero = kind(theta), kind(factor), kind(2 * theta), kind(length), kind(0)
    one, step, flat = kind(1), slopes.dtype.type(slope), slopes.dtype.type(0)
    for i in range(len(s)):
        exact = (s[i] * scale + add) / divisor
        counts[i] = min(max(np.floor(exact), zero), top)
        slopes[i] = step if zero < exact < top + one else flat


class _WindowIf(torch.autograd.Function):
    """A8 forward; backward the slope 2^f / θ wherever the count is neither clipped at 0 nor at L.

    A quotient is floored in a precision that tells every two quotients up to L + 1 apart: the count is exact.
    """

    @staticmethod
    def forward(ctx: Any, s: Tensor, theta: int, theta_frac: int, length: int) -> Tensor:
        narrow = 2 * theta * (length + 1) < _FLOAT32_EXACT >> 1
        sums = s.contiguous() if narrow else s.double().contiguous()
        counts, slopes = s.new_empty(s.shape), s.new_empty(s.shape)
        flat, filled, slope = sums.view(-1).numpy(), counts.view(-1).numpy(), slopes.view(-1).numpy()
        _counts(flat, filled, slope, float(theta), 2.0 ** (theta_frac + 1), 2.0**theta_frac / theta, length)
        ctx.save_for_backward(slopes)
        return counts

    @staticmethod
    def backward(ctx: Any, *grad: Tensor) -> tuple[Tensor, None, None, None]:
        (slopes,) = ctx.saved_tensors
        return grad[0] * slopes, None, None, None


def window_counts(s: Tensor, theta: int, theta_frac: int, length: int) -> Tensor:
    """Return the counts c of A8."""
    counts: Tensor = _WindowIf.apply(s, theta, theta_frac, length)  # type: ignore[no-untyped-call]
    return counts


def weight_codes(values: Tensor, scale: float, length: int) -> Tensor:
    """Return clip(round(L · values / scale), −(L−1), L−1); gradient: that of L · values / scale inside the clip."""
    scaled = (values * (length / scale)).clamp(1 - length, length - 1)
    return scaled + (scaled.round() - scaled).detach()


def bias_codes(bias: Tensor | None, scale: LayerScale, length: int) -> Tensor:
    """Return clip(round(L · b / (w_s · x_s) − product_bias), −(L−1), L−1): a bias is a weight whose X is L (A7)."""
    wanted = -scale.product_bias * (scale.sum / length)
    return weight_codes(wanted if bias is None else bias + wanted, scale.sum, length)
