"""A linear layer whose every synapse has a trainable delay."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import ScError, require

__all__ = ["DelayLinear"]


class DelayLinear(nn.Module):
    """Linear layer with a delay for each synapse, trained by differentiable interpolation.

        y[t, b, o] = Σᵢ w[o, i]·x(t − d[o, i], b, i) + bias[o],   x(t − d) = (1 − f)·x[t − k] + f·x[t − k − 1]

    with k = ⌊d⌋ and f = d − k, and x = 0 before the first step: linear interpolation between the two steps about
    t − d, whose slope is the gradient of d (Hammouamri, Khalfaoui-Hassani and Masquelier 2023 for delays as positions
    in a kernel). Computed as a causal convolution over time, for all steps at once.

    in_features, out_features: at least 1. max_delay: of d, in steps, at least 1; d is kept in [0, max_delay] and
    starts uniformly spread over it. weight, delay: (out_features, in_features).
    """

    def __init__(self, in_features: int, out_features: int, max_delay: int = 16, bias: bool = False) -> None:
        super().__init__()
        sizes = {"in_features": in_features, "out_features": out_features, "max_delay": max_delay}
        for name, value in sizes.items():
            whole = isinstance(value, int) and not isinstance(value, bool)
            require(whole and value >= 1, f"{name} must be an integer of at least 1, got {value!r}")
        self.in_features, self.out_features, self.max_delay = in_features, out_features, max_delay
        self.weight = nn.Parameter(torch.empty(out_features, in_features))
        self.delay = nn.Parameter(torch.empty(out_features, in_features))
        self.bias = nn.Parameter(torch.empty(out_features)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights and bias as `nn.Linear` does, and delays uniformly from [0, max_delay]."""
        bound = 1 / math.sqrt(self.in_features)
        nn.init.uniform_(self.weight, -bound, bound)
        nn.init.uniform_(self.delay, 0.0, float(self.max_delay))
        if self.bias is not None:
            nn.init.uniform_(self.bias, -bound, bound)

    def delays(self) -> Tensor:
        """Return d inside [0, max_delay], (out_features, in_features); its gradient passes the clamp."""
        return self.delay + (self.delay.clamp(0, self.max_delay) - self.delay).detach()

    def round_delays_(self) -> None:
        """Round the delays to whole steps, which is what a shift register gives."""
        with torch.no_grad():
            self.delay.copy_(self.delay.clamp(0, self.max_delay).round())

    def forward(self, x: Tensor) -> Tensor:
        """Return y (T, B, out_features) for x (T, B, in_features); raises ScError for another shape."""
        if x.ndim != 3 or x.shape[2] != self.in_features:
            raise ScError(f"x must have shape (T, batch, {self.in_features}), time first, got {tuple(x.shape)}")
        d = self.delays()
        # The last step interpolates as well, so that a delay at the end of its range has a gradient.
        whole = d.detach().floor().clamp(max=self.max_delay - 1)
        part = (d - whole)[..., None]
        # Tap k of the kernel looks max_delay − k steps back.
        tap = self.max_delay - whole.long()[..., None]
        share = torch.zeros(*d.shape, self.max_delay + 1, device=d.device, dtype=d.dtype)
        share = share.scatter(2, tap, 1 - part).scatter(2, tap - 1, part)
        kernel = self.weight[..., None] * share
        past = functional.pad(x.permute(1, 2, 0), (self.max_delay, 0))
        return functional.conv1d(past, kernel, self.bias).permute(2, 0, 1)

    def extra_repr(self) -> str:
        """Show the sizes."""
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, max_delay={self.max_delay}, "
            f"bias={self.bias is not None}"
        )
