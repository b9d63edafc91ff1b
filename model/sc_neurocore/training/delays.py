"""A linear layer in which every synapse has a trainable delay, for spiking networks that use the timing of spikes."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import ScError, require

__all__ = ["DelayLinear"]


class DelayLinear(nn.Module):
    """Linear layer with a trainable delay for each synapse.

        y[t, b, o] = Σᵢ w[o, i]·x(t − d[o, i], b, i) + bias[o],   x(t − d) = (1 − f)·x[t − k] + f·x[t − k − 1]

    Here t is the time step, b the sample of the batch, i the input, o the output, w the weight, d the delay in steps,
    k = ⌊d⌋ and f = d − k. x is 0 before the first step. A fractional delay interpolates linearly between two steps; the
    slope of that line is the gradient of d. Hammouamri, Khalfaoui-Hassani and Masquelier (2023) use delays as positions
    in a kernel in the same way. The layer is computed as one causal convolution over time, for all steps at once.

    Args:
        in_features: Number of inputs, at least 1.
        out_features: Number of outputs, at least 1.
        max_delay: Greatest delay in steps, at least 1. Delays are kept in [0, max_delay] and start uniformly spread
            over it.
        bias: Whether each output has a bias.

    Attributes:
        weight: Trainable weights, (out_features, in_features).
        delay: Trainable delays as stored, (out_features, in_features); `delays()` clamps them to their range.
        bias: Trainable biases, (out_features,), or None.

    Raises:
        ScError: A size is no integer of at least 1.

    Example:
        >>> layer = DelayLinear(1, 1, max_delay=2)
        >>> _ = nn.init.ones_(layer.weight), nn.init.ones_(layer.delay)
        >>> layer(torch.tensor([1.0, 0.0, 0.0]).view(3, 1, 1)).flatten().tolist()
        [0.0, 1.0, 0.0]
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
        """Draw weights and bias uniformly as `nn.Linear` does, and delays uniformly from [0, max_delay]."""
        bound = 1 / math.sqrt(self.in_features)
        nn.init.uniform_(self.weight, -bound, bound)
        nn.init.uniform_(self.delay, 0.0, float(self.max_delay))
        if self.bias is not None:
            nn.init.uniform_(self.bias, -bound, bound)

    def delays(self) -> Tensor:
        """Return the delays clamped to [0, max_delay], (out_features, in_features).

        The gradient ignores the clamp, so a stored delay that left the range can come back.
        """
        return self.delay + (self.delay.clamp(0, self.max_delay) - self.delay).detach()

    def round_delays_(self) -> None:
        """Round the delays to whole steps, in place: a shift register in hardware delays by whole steps only."""
        with torch.no_grad():
            self.delay.copy_(self.delay.clamp(0, self.max_delay).round())

    def forward(self, x: Tensor) -> Tensor:
        """Return y, (T, B, out_features), for x of shape (T, B, in_features), time first.

        Raises:
            ScError: x has another shape.
        """
        if x.ndim != 3 or x.shape[2] != self.in_features:
            raise ScError(f"x must have shape (T, batch, {self.in_features}), time first, got {tuple(x.shape)}")
        d = self.delays()
        # The last step interpolates as well, so that a delay at the end of its range has a gradient.
        whole = d.detach().floor().clamp(max=self.max_delay - 1)
        part = (d - whole)[..., None]
        # Tap k of the kernel looks max_delay − k steps back.
        tap = self.max_delay - whole.long()[..., None]
        # Each synapse's kernel over time holds 1 − f at k steps back, and f one step further back.
        share = torch.zeros(*d.shape, self.max_delay + 1, device=d.device, dtype=d.dtype)
        share = share.scatter(2, tap, 1 - part).scatter(2, tap - 1, part)
        kernel = self.weight[..., None] * share
        past = functional.pad(x.permute(1, 2, 0), (self.max_delay, 0))
        return functional.conv1d(past, kernel, self.bias).permute(2, 0, 1)

    def extra_repr(self) -> str:
        """Return the sizes, for the text that `print(layer)` shows."""
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, max_delay={self.max_delay}, "
            f"bias={self.bias is not None}"
        )
