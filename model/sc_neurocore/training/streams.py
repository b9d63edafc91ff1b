"""The network's integer arithmetic in torch: the hardware's forward pass, with a gradient straight through it.

Codes are float tensors that hold integers, so that matrix products are fast and gradients can flow; they are exact as
long as |S| stays below 2²⁴ (float32) or 2⁵³ (float64). The work is that of L binary products, so it grows with L.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import require
from ..neurons import window_if
from ..sources import source

__all__ = ["LayerScale", "bias_codes", "forward", "weight_codes", "window_counts", "window_sum"]

# Floats of one expansion of the activations: bounds memory, and keeps a chunk inside the last-level cache.
_CHUNK = 1 << 21
_FLOAT32_EXACT = 1 << 24


@dataclass(frozen=True, slots=True)
class LayerScale:
    """What one layer's codes stand for (A12).

    weight: w_s, the weight of code L. input: x_s, the activation of code L at the input (1 for the network input).
    excess: mean of S − Σ X · W / L over training samples, shape (neurons,): F of A11 is rarely below the product, which
    moves each sum by an amount of its own; the bias code takes it off again.
    theta: threshold in LSB, None for the readout. output: y_s, the activation of code L at the output, derived from
    the integer threshold: y_s = θ · w_s · x_s / 2^f; None for the readout.
    """

    weight: float
    input: float
    excess: Tensor
    theta: int | None = None
    output: float | None = None

    @property
    def sum(self) -> float:
        """Value of S = L: w_s · x_s."""
        return self.weight * self.input


class _WindowSum(torch.autograd.Function):
    """S of A6 without bias: exact forward by expansion to bits, backward that of X · W / L."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor, length: int) -> Tensor:
        ctx.save_for_backward(x, w)
        ctx.length = length
        n, fan_in = x.shape
        dtype = x.dtype
        require(
            dtype == torch.float64 or fan_in * length < _FLOAT32_EXACT,
            f"fan-in times length must be below 2^24 for exact sums in single precision, got {fan_in} · {length}; "
            f"a model in double precision has no such limit",
        )
        if bool(((x == 0) | (x == length)).all()):
            return functional.linear(x / length, w)  # F[L, W] = W: binary inputs need no streams
        r_x = torch.from_numpy(source("counter", length)).to(x.dtype)
        r_w = torch.from_numpy(source("vdc", length)).to(x.dtype)
        sign, magnitude = w.sign().to(dtype), w.abs()
        total = torch.zeros(n, w.shape[0], dtype=dtype)
        step = max(1, min(length, _CHUNK // max(1, max(n, w.shape[0]) * fan_in)))
        for t in range(0, length, step):
            x_bits = (x[:, None, :] > r_x[t : t + step, None]).to(dtype)
            w_bits = (magnitude[:, None, :] > r_w[t : t + step, None]).to(dtype) * sign[:, None, :]
            total.addmm_(x_bits.flatten(1), w_bits.flatten(1).T)
        return total

    @staticmethod
    def backward(ctx: Any, *grad: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x, w = ctx.saved_tensors
        g = grad[0] / ctx.length
        return (
            g @ w if ctx.needs_input_grad[0] else None,
            g.T @ x if ctx.needs_input_grad[1] else None,
            None,
        )


def window_sum(x: Tensor, w: Tensor, length: int) -> Tensor:
    """Return S = Σᵢ sign(wᵢ) · F[xᵢ, |wᵢ|] (A6, A11) for codes x (n, inputs) and signed codes w (neurons, inputs)."""
    total: Tensor = _WindowSum.apply(x, w, length)  # type: ignore[no-untyped-call]
    return total


class _WindowIf(torch.autograd.Function):
    """`neurons.window_if` forward; backward the slope 2^f / θ wherever the count is neither clipped at 0 nor at L."""

    @staticmethod
    def forward(ctx: Any, s: Tensor, theta: int, theta_frac: int, length: int) -> Tensor:
        ctx.slope = 2.0**theta_frac / theta
        exact = s * ctx.slope
        ctx.save_for_backward((exact > -0.5) & (exact < length + 0.5))
        return torch.from_numpy(window_if(s.detach().numpy(), theta, theta_frac, length)).to(s.dtype)

    @staticmethod
    def backward(ctx: Any, *grad: Tensor) -> tuple[Tensor, None, None, None]:
        (inside,) = ctx.saved_tensors
        return grad[0] * inside * ctx.slope, None, None, None


def window_counts(s: Tensor, theta: int, theta_frac: int, length: int) -> Tensor:
    """Return the counts c of A8."""
    counts: Tensor = _WindowIf.apply(s, theta, theta_frac, length)  # type: ignore[no-untyped-call]
    return counts


def weight_codes(values: Tensor, scale: float, length: int) -> Tensor:
    """Return clip(round(L · values / scale), −(L−1), L−1); gradient: that of L · values / scale inside the clip."""
    scaled = (values * (length / scale)).clamp(1 - length, length - 1)
    return scaled + (scaled.round() - scaled).detach()


def bias_codes(bias: Tensor | None, scale: LayerScale, length: int) -> Tensor:
    """Return clip(round(L · b / (w_s · x_s) − excess), −(L−1), L−1): a bias is a weight whose X is L (A7)."""
    wanted = -scale.excess * (scale.sum / length)
    return weight_codes(wanted if bias is None else bias + wanted, scale.sum, length)


def forward(
    layers: Sequence[nn.Linear], scales: Sequence[LayerScale], codes: Tensor, length: int, theta_frac: int
) -> tuple[Tensor, list[Tensor]]:
    """Return the scores S (n, classes) and the counts of each hidden layer, as the hardware computes them."""
    hidden: list[Tensor] = []
    x = codes
    s = codes
    for layer, scale in zip(layers, scales, strict=True):
        s = window_sum(x, weight_codes(layer.weight, scale.weight, length), length)
        s = s + bias_codes(layer.bias, scale, length)
        if scale.theta is not None:
            x = window_counts(s, scale.theta, theta_frac, length)
            hidden.append(x)
    return s, hidden
