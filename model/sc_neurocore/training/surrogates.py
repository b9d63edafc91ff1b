"""Surrogate gradients: a spike is a step function forward, and has the derivative of something smooth backward.

A spike is H(x) with x = v − threshold, H(x) = 1 where x > 0, else 0. Its true derivative is 0 almost everywhere, so
nothing could be learned through it. Every function here returns the same spikes, (x > 0) in x's dtype; only the
derivative that the backward pass uses differs (Neftci, Mostafa and Zenke 2019). The shape parameter sets how far from
the threshold the derivative reaches. The fused scan of `fused_lif` evaluates the same derivatives.
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

# Makes spikes of x = v − threshold, with a gradient.
SurrogateFn = Callable[[Tensor], Tensor]

# Numbers, not names, for the compiled kernels of fused_lif, which list the same ones.
GIVEN, ATAN, FAST_SIGMOID, SUPERSPIKE, TRIANGULAR, STRAIGHT, SIGMOID, GAUSSIAN = range(8)


@dataclass(frozen=True, slots=True)
class Shape:
    """Which derivative a surrogate has.

    Attributes:
        kind: Number of the kind, one of the constants ATAN … GAUSSIAN of this module.
        parameter: Its shape parameter (alpha, slope, beta, width or sigma), above 0.
    """

    kind: int
    parameter: float


def derivative(x: Tensor, shape: Shape) -> Tensor:
    """Return the derivative that the backward pass of a surrogate uses.

    Args:
        x: v − threshold, any shape.
        shape: Kind and parameter of the surrogate.

    Returns:
        The derivative at each x, in the shape of x.

    Raises:
        ScError: The kind is unknown.

    Example:
        >>> derivative(torch.tensor([0.0, 0.5]), Shape(TRIANGULAR, 1.0)).tolist()
        [1.0, 0.5]
    """
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
    """The step function with the surrogate's derivative, as an operation of autograd."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, kind: int, parameter: float) -> Tensor:
        """Return 1 where x > 0, else 0."""
        ctx.save_for_backward(x)
        ctx.kind, ctx.parameter = kind, parameter
        return (x > 0).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, *grad: Tensor) -> tuple[Tensor, None, None]:
        """Return the gradient of x."""
        (x,) = ctx.saved_tensors
        return grad[0] * derivative(x, Shape(ctx.kind, ctx.parameter)), None, None


def _spike(x: Tensor, kind: int, name: str, parameter: float) -> Tensor:
    """Return spikes with the given derivative; raises ScError, with the parameter's `name`, unless it is above 0."""
    require(math.isfinite(parameter) and parameter > 0, f"{name} must be finite and above 0, got {parameter!r}")
    spikes: Tensor = _Spike.apply(x, kind, float(parameter))  # type: ignore[no-untyped-call]
    return spikes


def atan_surrogate(x: Tensor, alpha: float = 2.0) -> Tensor:
    """Return spikes; the derivative is α / (2·(1 + (π·α·x / 2)²)), that of an arc tangent (Fang et al. 2021).

    It has long tails, so potentials far from the threshold learn as well. It is the default of all cells.

    Args:
        x: v − threshold, any shape.
        alpha: α, above 0; greater values make the derivative narrower and steeper.

    Raises:
        ScError: alpha is not above 0.

    Example:
        >>> x = torch.tensor([-1.0, 0.0, 0.5], requires_grad=True)
        >>> y = atan_surrogate(x)
        >>> y.sum().backward()
        >>> y.tolist(), [round(g, 4) for g in x.grad.tolist()]
        ([0.0, 0.0, 1.0], [0.092, 1.0, 0.2884])
    """
    return _spike(x, ATAN, "alpha", alpha)


def fast_sigmoid(x: Tensor, slope: float = 25.0) -> Tensor:
    """Return spikes; the derivative is slope / (1 + slope·|x|)² (Zenke and Ganguli 2018).

    Args:
        x: v − threshold, any shape.
        slope: Above 0; it is also the derivative at the threshold. Raises ScError otherwise.
    """
    return _spike(x, FAST_SIGMOID, "slope", slope)


def superspike(x: Tensor, beta: float = 10.0) -> Tensor:
    """Return spikes; the derivative is 1 / (1 + β·|x|)² (Zenke and Vogels 2021).

    Args:
        x: v − threshold, any shape.
        beta: β, above 0. The derivative at the threshold is 1 whatever β. Raises ScError otherwise.
    """
    return _spike(x, SUPERSPIKE, "beta", beta)


def sigmoid_surrogate(x: Tensor, slope: float = 5.0) -> Tensor:
    """Return spikes; the derivative is slope·s·(1 − s) with s = 1 / (1 + e^(−slope·x)), that of a sigmoid.

    Args:
        x: v − threshold, any shape.
        slope: Above 0; the derivative at the threshold is slope / 4. Raises ScError otherwise.
    """
    return _spike(x, SIGMOID, "slope", slope)


def straight_through(x: Tensor) -> Tensor:
    """Return spikes; the derivative is 1 everywhere: straight-through (Bengio, Léonard and Courville 2013)."""
    return _spike(x, STRAIGHT, "scale", 1.0)


def triangular(x: Tensor, width: float = 1.0) -> Tensor:
    """Return spikes; the derivative is max(0, 1 − |x| / width) / width, a triangle of area 1 (Bellec et al. 2018).

    Where |x| ≥ width nothing is learned, so `width` should cover the potentials that occur.

    Args:
        x: v − threshold, any shape.
        width: Half the base of the triangle, above 0. Raises ScError otherwise.
    """
    return _spike(x, TRIANGULAR, "width", width)


def gaussian_surrogate(x: Tensor, sigma: float = 0.5) -> Tensor:
    """Return spikes; the derivative is e^(−x² / 2σ²) / (σ·√(2π)), that of the normal distribution function.

    It is the exact gradient of the expected spike where the threshold has normal noise of standard deviation σ.

    Args:
        x: v − threshold, any shape.
        sigma: σ, above 0. Raises ScError otherwise.
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
    """Return the surrogate of a name, as recipes write it.

    Args:
        name: A key of `SURROGATES`, with or without "_surrogate" at its end, or "arctangent" or "ste".

    Raises:
        ScError: There is no surrogate of that name.

    Example:
        >>> surrogate_named("ste") is straight_through
        True
    """
    aliases = {"arctangent": "atan", "ste": "straight_through"}
    key = aliases.get(name, name.removesuffix("_surrogate"))
    require(key in SURROGATES, f"surrogate must be one of {', '.join([*SURROGATES, *aliases])}, got {name!r}")
    return SURROGATES[key]


def surrogate_shape(surrogate_fn: SurrogateFn) -> Shape | None:
    """Return kind and parameter of a surrogate, so that compiled code can evaluate its derivative.

    Args:
        surrogate_fn: One of the seven functions, a `functools.partial` of one with its parameter by name, or any
            callable.

    Returns:
        The shape, or None for a callable that is none of the seven.

    Raises:
        ScError: The parameter is not finite and above 0.

    Example:
        >>> surrogate_shape(functools.partial(triangular, width=2.0))
        Shape(kind=4, parameter=2.0)
    """
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
