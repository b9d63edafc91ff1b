"""From values in [0, 1] to spikes over T steps: time is the first axis of what comes out, (T, *batch)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..errors import require
from ..sources import log2_length

__all__ = ["delta_encode", "latency_encode", "rate_encode", "stream_encode", "unit_interval"]

# Values this far outside the range are rounding; further out they are an error.
_TOLERANCE = 1e-9


def unit_interval(x: Tensor, what: str = "x") -> Tensor:
    """Return x clipped to [0, 1]; raises ScError for values further outside than 1e-9, for NaN and for integers."""
    require(isinstance(x, Tensor), f"{what} must be a tensor, got {type(x).__name__}")
    require(x.is_floating_point(), f"{what} must be floating point, got {x.dtype}")
    if not x.numel():
        return x
    low, high = (float(value) for value in torch.aminmax(x.detach()))
    require(math.isfinite(low) and math.isfinite(high), f"{what} must be finite, got NaN or infinity")
    if low >= 0 and high <= 1:
        return x
    worst = low if low < 0 and -low > high - 1 else high
    require(low >= -_TOLERANCE and high <= 1 + _TOLERANCE, f"{what} must be in [0, 1], got {worst:g}")
    return x.clamp(0, 1)


def _steps(T: int) -> int:
    require(isinstance(T, int) and not isinstance(T, bool) and T >= 1, f"T must be an integer of at least 1, got {T!r}")
    return T


def rate_encode(x: Tensor, T: int, generator: torch.Generator | None = None) -> Tensor:
    """Return spikes that are independent in every step, P(spike) = x: shape (T, *x.shape), x's dtype.

    Their count has mean T·x and variance T·x·(1 − x). generator: of random numbers, torch's own if None.
    Raises ScError for x outside [0, 1] and T below 1.
    """
    p = unit_interval(x)
    noise = torch.rand((_steps(T), *p.shape), generator=generator, device=p.device, dtype=p.dtype)
    return (noise < p).to(p.dtype)


def latency_encode(x: Tensor, T: int, tau: float = 5.0) -> Tensor:
    """Return at most one spike for each value, the earlier the greater: shape (T, *x.shape), x's dtype.

    The spike comes at t = ⌈−τ·ln x⌉, the first step at which a threshold e^(−t/τ) is not above x: at once for 1, never
    for x < e^(−(T−1)/τ). tau: in steps, above 0. Raises ScError for x outside [0, 1], T below 1 and tau not above 0.

    >>> latency_encode(torch.tensor([1.0, 0.5, 0.0]), T=5).argmax(dim=0).tolist()
    [0, 4, 0]
    """
    p = unit_interval(x)
    require(math.isfinite(tau) and tau > 0, f"tau must be finite and above 0, got {tau!r}")
    t = torch.arange(_steps(T), device=p.device, dtype=torch.float64).view(-1, *([1] * p.ndim))
    # In double precision, so that ⌈·⌉ is that of the value given.
    first = torch.ceil(-tau * torch.log(p.double()))
    return (t == first).to(p.dtype)


def delta_encode(x: Tensor, threshold: float = 0.1) -> Tensor:
    """Return spikes where a signal changes: [|x[t] − x[t−1]| > threshold], none at t = 0; shape and dtype of x.

    x: (T, *batch), a signal over time in [0, 1]. threshold: in [0, 1). Raises ScError for anything else.

    >>> delta_encode(torch.tensor([0.0, 0.5, 0.55, 0.1])).tolist()
    [0.0, 1.0, 0.0, 1.0]
    """
    p = unit_interval(x)
    require(p.ndim >= 1 and p.shape[0] >= 1, f"x must have shape (T, *batch), got {tuple(p.shape)}")
    require(0 <= threshold < 1, f"threshold must be in [0, 1), got {threshold!r}")
    return (torch.diff(p, dim=0, prepend=p[:1]).abs() > threshold).to(p.dtype)


def stream_encode(x: Tensor, length: int) -> Tensor:
    """Return the bits that the hardware's input has in a window (docs/arithmetic.md, A2 to A4): (length, *x.shape).

    X = min(L, ⌊x·L + 1/2⌋) ones, then zeros. A network trained on these runs on streams with the input it was trained
    on. length: L, a power of two from 4 to 4096.

    >>> stream_encode(torch.tensor([0.5]), 4).flatten().tolist()
    [1.0, 1.0, 0.0, 0.0]
    """
    p = unit_interval(x)
    log2_length(length)
    code = torch.floor(p.double() * length + 0.5).clamp(max=length)
    t = torch.arange(length, device=p.device, dtype=torch.float64).view(-1, *([1] * p.ndim))
    return (code > t).to(p.dtype)
