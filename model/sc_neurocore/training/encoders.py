"""From values in [0, 1] to spikes over T steps: time is the first axis of the result, (T, *batch).

A spiking network needs an input for every step. `rate_encode` draws spikes at random, `latency_encode` codes a value by
the time of one spike, `delta_encode` marks changes of a signal, and `stream_encode` gives the bits that the hardware
itself would feed in (use it for networks that are to be exported).
"""

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
    """Return x clipped to [0, 1] after a check that it was there already, but for rounding.

    Args:
        x: A floating point tensor of any shape.
        what: What the error message calls it.

    Raises:
        ScError: x is no floating point tensor, is not finite, or has a value outside [0, 1] by more than 1e-9.

    Example:
        >>> unit_interval(torch.tensor([0.25, 1 + 1e-10], dtype=torch.float64)).tolist()
        [0.25, 1.0]
    """
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
    """Return the number of steps T after a check that it is an integer of at least 1."""
    require(isinstance(T, int) and not isinstance(T, bool) and T >= 1, f"T must be an integer of at least 1, got {T!r}")
    return T


def rate_encode(x: Tensor, T: int, generator: torch.Generator | None = None) -> Tensor:
    """Return random spikes whose probability in every step is the value: P(spike) = x.

    Steps and values are independent of each other, so the count of spikes has mean T·x and variance T·x·(1 − x).

    Args:
        x: Values in [0, 1], any shape.
        T: Number of steps, at least 1.
        generator: Source of the random numbers; None is torch's own.

    Returns:
        Spikes 0 or 1, shape (T, *x.shape), dtype of x.

    Raises:
        ScError: x is outside [0, 1] or T below 1.

    Example:
        >>> rate_encode(torch.tensor([0.0, 1.0]), T=3).sum(dim=0).tolist()
        [0.0, 3.0]
    """
    p = unit_interval(x)
    noise = torch.rand((_steps(T), *p.shape), generator=generator, device=p.device, dtype=p.dtype)
    return (noise < p).to(p.dtype)


def latency_encode(x: Tensor, T: int, tau: float = 5.0) -> Tensor:
    """Return at most one spike for each value; the greater the value, the earlier its spike.

    The spike comes at step t = ⌈−τ·ln x⌉, the first at which a threshold that decays as e^(−t/τ) is not above x. So x =
    1 fires at once, and x < e^(−(T−1)/τ) never.

    Args:
        x: Values in [0, 1], any shape.
        T: Number of steps, at least 1.
        tau: τ, time constant of the threshold in steps, above 0.

    Returns:
        Spikes 0 or 1, shape (T, *x.shape), dtype of x.

    Raises:
        ScError: x is outside [0, 1], T below 1 or tau not above 0.

    Example:
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
    """Return a spike wherever a signal changes: [|x[t] − x[t−1]| > threshold], and none at t = 0.

    Rises and falls give the same spike.

    Args:
        x: A signal over time in [0, 1], shape (T, *batch).
        threshold: The change that is not yet marked, in [0, 1).

    Returns:
        Spikes 0 or 1, shape and dtype of x.

    Raises:
        ScError: x has no time axis or is outside [0, 1], or the threshold is outside [0, 1).

    Example:
        >>> delta_encode(torch.tensor([0.0, 0.5, 0.55, 0.1])).tolist()
        [0.0, 1.0, 0.0, 1.0]
    """
    p = unit_interval(x)
    require(p.ndim >= 1 and p.shape[0] >= 1, f"x must have shape (T, *batch), got {tuple(p.shape)}")
    require(0 <= threshold < 1, f"threshold must be in [0, 1), got {threshold!r}")
    return (torch.diff(p, dim=0, prepend=p[:1]).abs() > threshold).to(p.dtype)


def stream_encode(x: Tensor, length: int) -> Tensor:
    """Return the bits that the hardware's input has in a window (A2, codes; A3, number source `counter`; A4, SNG).

    A value becomes X = min(L, ⌊x·L + 1/2⌋) ones, followed by zeros. A network that is trained on these bits meets the
    same input when it runs on streams.

    Args:
        x: Values in [0, 1], any shape.
        length: L, the number of bits, a power of two from 4 to 4096.

    Returns:
        Bits 0 or 1, shape (length, *x.shape), dtype of x.

    Raises:
        ScError: x is outside [0, 1] or the length is not allowed.

    Example:
        >>> stream_encode(torch.tensor([0.5]), 4).flatten().tolist()
        [1.0, 1.0, 0.0, 0.0]
    """
    p = unit_interval(x)
    log2_length(length)
    code = torch.floor(p.double() * length + 0.5).clamp(max=length)
    t = torch.arange(length, device=p.device, dtype=torch.float64).view(-1, *([1] * p.ndim))
    return (code > t).to(p.dtype)
