"""Surrogate gradients: a spike is H(x) forward, and backward it has the derivative of something smooth.

x = v − threshold. Every function returns (x > 0) in x's dtype; only the derivative that the backward pass uses differs
(Neftci, Mostafa and Zenke 2019). The fused scan of `fused_lif` evaluates the same derivatives.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..errors import ScError, require

__all__ = [
    "SURROGATES",
    "Shape",
    "SurrogateFn",
    "atan_surrogate",
    "derivative",
    "fast_sigmoid",
    "gaussian_surrogate",
    "sigmoid_surrogate",
    "straight_through",
    "superspike",
    "surrogate_named",
    "surrogate_shape",
    "triangular",
]

SurrogateFn = Callable[[Tensor], Tensor]

# Numbers, not names, for the compiled kernels of fused_lif, which list the same ones.
GIVEN, ATAN, FAST_SIGMOID, SUPERSPIKE, TRIANGULAR, STRAIGHT, SIGMOID, GAUSSIAN = range(8)


@dataclass(frozen=True, slots=True)
class Shape:
    """Which derivative a surrogate has: its kind (one of the constants above) and its shape parameter."""

    kind: int
    parameter: float


def derivative(x: Tensor, shape: Shape) -> Tensor:
    """Return the derivative that the backward pass of the surrogate of this shape uses at x = v − threshold."""
    p = shape.parameter
    if shape.kind == ATAN:
        return p / (2 * (1 + (math.pi / 2 * p * x).square()))
    if shape.kind == FAST_SIGMOID:
        return p / (1 + p * x.abs()).square()
    if shape.kind == SUPERSPIKE:
        return 1 / (1 + p * x.abs()).square()
    if shape.kind == TRIANGULAR:
        return (1 - x.abs() / p).clamp(min=0) / p
    if shape.kind == STRAIGHT:
        return torch.ones_like(x)
    if shape.kind == SIGMOID:
        return p * torch.sigmoid(p * x) * torch.sigmoid(-p * x)
    if shape.kind == GAUSSIAN:
        return torch.exp(-0.5 * (x / p).square()) / (p * math.sqrt(2 * math.pi))
    raise ScError(f"surrogate kind must be in [{ATAN}, {GAUSSIAN}], got {shape.kind}")


class _Spike(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, kind: int, parameter: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.kind, ctx.parameter = kind, parameter
        return (x > 0).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, *grad: Tensor) -> tuple[Tensor, None, None]:
        (x,) = ctx.saved_tensors
        return grad[0] * derivative(x, Shape(ctx.kind, ctx.parameter)), None, None


def _spike(x: Tensor, kind: int, name: str, parameter: float) -> Tensor:
    require(math.isfinite(parameter) and parameter > 0, f"{name} must be finite and above 0, got {parameter!r}")
    spikes: Tensor = _Spike.apply(x, kind, float(parameter))  # type: ignore[no-untyped-call]
    return spikes


def atan_surrogate(x: Tensor, alpha: float = 2.0) -> Tensor:
    """Spikes; derivative α / (2·(1 + (π·α·x / 2)²)), that of an arc tangent (Fang et al. 2021).

    x: v − threshold, any shape. alpha: above 0; raises ScError otherwise.

    >>> x = torch.tensor([-1.0, 0.0, 0.5], requires_grad=True)
    >>> y = atan_surrogate(x)
    >>> y.sum().backward()
    >>> y.tolist(), [round(g, 4) for g in x.grad.tolist()]
    ([0.0, 0.0, 1.0], [0.092, 1.0, 0.2884])
    """
    return _spike(x, ATAN, "alpha", alpha)


def fast_sigmoid(x: Tensor, slope: float = 25.0) -> Tensor:
    """Spikes; derivative slope / (1 + slope·|x|)² (Zenke and Ganguli 2018). slope: above 0."""
    return _spike(x, FAST_SIGMOID, "slope", slope)


def superspike(x: Tensor, beta: float = 10.0) -> Tensor:
    """Spikes; derivative 1 / (1 + β·|x|)², 1 at the threshold whatever β (Zenke and Vogels 2021). beta: above 0."""
    return _spike(x, SUPERSPIKE, "beta", beta)


def sigmoid_surrogate(x: Tensor, slope: float = 5.0) -> Tensor:
    """Spikes; derivative slope·s·(1 − s) with s = 1 / (1 + e^(−slope·x)). slope: above 0."""
    return _spike(x, SIGMOID, "slope", slope)


def straight_through(x: Tensor) -> Tensor:
    """Spikes; derivative 1 everywhere, the straight-through estimator (Bengio, Léonard and Courville 2013)."""
    return _spike(x, STRAIGHT, "scale", 1.0)


def triangular(x: Tensor, width: float = 1.0) -> Tensor:
    """Spikes; derivative max(0, 1 − |x| / width) / width, of area 1 (Bellec et al. 2018). width: above 0.

    Where |x| ≥ width nothing is learned; `width` should cover the potentials that occur.
    """
    return _spike(x, TRIANGULAR, "width", width)


def gaussian_surrogate(x: Tensor, sigma: float = 0.5) -> Tensor:
    """Spikes; derivative e^(−x² / 2σ²) / (σ·√(2π)), that of the normal distribution function. sigma: above 0.

    It is the exact gradient of the expected spike where the threshold has normal noise of deviation σ.
    """
    return _spike(x, GAUSSIAN, "sigma", sigma)


# Function → kind, name of the shape parameter, its default.
_KNOWN: dict[Any, tuple[int, str, float]] = {
    atan_surrogate: (ATAN, "alpha", 2.0),
    fast_sigmoid: (FAST_SIGMOID, "slope", 25.0),
    superspike: (SUPERSPIKE, "beta", 10.0),
    sigmoid_surrogate: (SIGMOID, "slope", 5.0),
    straight_through: (STRAIGHT, "scale", 1.0),
    triangular: (TRIANGULAR, "width", 1.0),
    gaussian_surrogate: (GAUSSIAN, "sigma", 0.5),
}

SURROGATES: dict[str, SurrogateFn] = {
    "atan": atan_surrogate,
    "fast_sigmoid": fast_sigmoid,
    "superspike": superspike,
    "sigmoid": sigmoid_surrogate,
    "straight_through": straight_through,
    "triangular": triangular,
    "gaussian": gaussian_surrogate,
}
"""The seven surrogates by name; `surrogate_named` also takes the function names and "arctangent"."""


def surrogate_named(name: str) -> SurrogateFn:
    """Return the surrogate of that name; raises ScError for one that there is not."""
    aliases = {"arctangent": "atan", "ste": "straight_through"}
    key = aliases.get(name, name.removesuffix("_surrogate"))
    require(key in SURROGATES, f"surrogate must be one of {', '.join([*SURROGATES, *aliases])}, got {name!r}")
    return SURROGATES[key]


def surrogate_shape(surrogate_fn: SurrogateFn) -> Shape | None:
    """Return the shape of one of the seven, or of a `functools.partial` of one (parameter by name), else None."""
    function, keywords = surrogate_fn, {}
    if isinstance(surrogate_fn, functools.partial) and not surrogate_fn.args:
        function, keywords = surrogate_fn.func, surrogate_fn.keywords
    try:
        known = _KNOWN.get(function)
    except TypeError:  # a callable that cannot be hashed
        return None
    if known is None:
        return None
    kind, name, default = known
    if set(keywords) - {name}:
        return None
    parameter = float(keywords.get(name, default))
    require(math.isfinite(parameter) and parameter > 0, f"{name} must be finite and above 0, got {parameter!r}")
    return Shape(kind, parameter)
