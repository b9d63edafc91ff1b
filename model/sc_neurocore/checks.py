"""Checks of what users pass: each returns the clean value, or raises `ScError` naming parameter, value and rule."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import ScError, require

__all__ = ["CLIP", "bits", "floats", "in_range", "integer", "interval", "number", "seed"]

# How far outside its range a value is still rounding, as of 1 + 2e-16 from a min-max scaler: it is clipped.
CLIP = 1e-9


def number(name: str, value: Any, low: float = -np.inf, high: float = np.inf, *, open_low: bool = False) -> float:
    """Return a finite float in [low, high], or in (low, high] with open_low."""
    real = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, (bool, np.bool_))
    if not real and isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind in "iuf":
        real = True
    require(real and np.isfinite(value), f"{name} must be a finite number, got {value!r}")
    v = float(value)
    if open_low:
        require(low < v <= high, f"{name} must be above {low:g}, got {v!r}")
        return v
    rule = f"in [{low:g}, {high:g}]" if np.isfinite([low, high]).all() else f"at least {low:g}"
    require(low - CLIP <= v <= high + CLIP, f"{name} must be {rule}, got {v!r}")
    return min(max(v, low), high)


def integer(name: str, value: Any, low: int, high: int | None = None) -> int:
    """Return an int in [low, high]."""
    rule = f"at least {low}" if high is None else f"in [{low}, {high}]"
    require(
        isinstance(value, (int, np.integer)) and not isinstance(value, bool) and low <= value,
        f"{name} must be an integer, {rule}, got {value!r}",
    )
    require(high is None or value <= high, f"{name} must be an integer, {rule}, got {value!r}")
    return int(value)


def seed(value: Any, name: str = "seed") -> int | None:
    """Return None or an int of at least 0."""
    return None if value is None else integer(name, value, 0)


def interval(low_name: str, low: Any, high_name: str, high: Any) -> tuple[float, float]:
    """Return two finite numbers, the first below the second."""
    a, b = number(low_name, low), number(high_name, high)
    require(a < b, f"{low_name} must be below {high_name}, got {a!r} and {b!r}")
    return a, b


def floats(name: str, values: ArrayLike, shape: tuple[int | None, ...] | None = None) -> NDArray[np.float64]:
    """Return finite float64 values; shape: what it must be, None for any size of at least 1."""
    try:
        raw = np.asarray(values)
    except (ValueError, RuntimeError) as error:  # ragged lists; tensors that require a gradient
        raise ScError(f"{name} must be an array of numbers: {error}") from None
    require(raw.dtype.kind in "buif", f"{name} must be real numbers, got dtype {raw.dtype}")
    if shape is not None:
        fits = raw.ndim == len(shape) and all(
            n == (m if m is not None else max(n, 1)) for n, m in zip(raw.shape, shape, strict=True)
        )
        wanted = ", ".join("any" if m is None else str(m) for m in shape) + ("," if len(shape) == 1 else "")
        require(fits, f"{name} must have shape ({wanted}), got {raw.shape}")
    a = np.array(raw, dtype=np.float64)
    if not np.isfinite(a).all():
        where = np.argwhere(~np.isfinite(a))[0]
        raise ScError(f"{name} must be finite, got {a[tuple(where)]} at index {tuple(map(int, where))}")
    return a


def in_range(name: str, values: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """Return the values clipped to [low, high]; raises where one lies further than 1e-9 outside."""
    if values.size:
        far = np.maximum(low - values, values - high)
        worst = int(np.argmax(far))
        require(far.flat[worst] <= CLIP, f"{name} must be in [{low:g}, {high:g}], got {float(values.flat[worst])!r}")
    return np.clip(values, low, high)


def bits(name: str, values: ArrayLike, length: int | None = None) -> NDArray[np.bool_]:
    """Return one stream of zeros and ones, shape (length,)."""
    raw = np.asarray(values)
    require(raw.ndim == 1 and raw.size > 0, f"{name} must be a stream of shape (length,), got {raw.shape}")
    require(length is None or len(raw) == length, f"{name} must have length {length}, the synapse's, got {len(raw)}")
    require(raw.dtype.kind in "buif", f"{name} must be 0 and 1, got dtype {raw.dtype}")
    wrong = raw[(raw != 0) & (raw != 1)]
    require(not wrong.size, f"{name} must be 0 and 1, got {wrong[0] if wrong.size else 0}")
    return raw.astype(bool)
