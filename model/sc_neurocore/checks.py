"""Checks of what users pass: each returns the clean value, or raises `ScError` naming parameter, value and rule.

The functions take the parameter's name first, so that every message has the same form: "length must be an integer in
[4, 4096], got 3.5".

The same rules hold for all parameters. An integer is what Python accepts as one (`operator.index`): NumPy's integers
and tensors of one integer are accepted, 16.0 and True are not. An array is anything of which NumPy makes one, and torch
tensors of any dtype and device. Where integers are meant, arrays of floats and booleans are refused, even if they are
whole.
"""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Collection, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import ScError, one_of, require

__all__ = [
    "CLIP",
    "array",
    "as_integer",
    "bits",
    "choice",
    "class_names",
    "entries",
    "floats",
    "in_range",
    "integer",
    "integers",
    "interval",
    "json_value",
    "number",
    "seed",
    "sequence",
    "shown",
    "text",
]

# How far outside its range a value is still rounding, as of 1 + 2e-16 from a min-max scaler: it is clipped.
CLIP = 1e-9
#: Greatest depth of lists and objects in each other in a JSON value.
DEPTH_MAX = 64
# Characters of a value that a message shows.
_SHOWN = 80


def shown(value: object) -> str:
    """Return a value as a message prints it: its repr, on one line, shortened to 80 characters.

    Example:
        >>> shown([1, "a"])
        "[1, 'a']"
    """
    try:
        line = " ".join(repr(value).split())
    except (ValueError, RecursionError):  # an integer of more digits than Python prints; lists without end
        return f"a value of type {type(value).__name__} that is too great to print"
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool) or str(getattr(value, "dtype", "")).endswith("bool")


def as_integer(value: Any) -> int | None:
    """Return the integer that a value is, by the rule of this module, or None if it is not one.

    Example:
        >>> as_integer(np.int16(3)), as_integer(3.0), as_integer(True)
        (3, None, None)
    """
    if _is_bool(value) or getattr(value, "ndim", 0) != 0:
        return None
    try:
        return operator.index(value)
    except (TypeError, ValueError, RuntimeError):  # the last two: tensors that hold no value
        return None


def _real(value: Any) -> float:
    """Return the real number that `value` is, NaN where it is none or beyond floats."""
    if _is_bool(value) or getattr(value, "ndim", 0) != 0:
        return math.nan
    if not isinstance(value, Real) and not hasattr(value, "dtype"):
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return math.nan


def number(name: str, value: Any, low: float = -np.inf, high: float = np.inf, *, open_low: bool = False) -> float:
    """Return a value as a finite float within bounds. A value within 1e-9 of a closed bound is clipped to it.

    Args:
        name: Name of the parameter, for errors.
        value: The value.
        low: Least value.
        high: Greatest value.
        open_low: Whether `low` itself is excluded; then nothing is clipped.

    Raises:
        ScError: If the value is not a finite number, or is out of bounds.
    """
    v = _real(value)
    if not math.isfinite(v):
        raise ScError(f"{name} must be a finite number, got {shown(value)}")
    if open_low:
        require(low < v, f"{name} must be above {low:g}, got {v!r}")
        require(v <= high, f"{name} must be at most {high:g}, got {v!r}")
        return v
    rule = f"in [{low:g}, {high:g}]" if np.isfinite([low, high]).all() else f"at least {low:g}"
    require(low - CLIP <= v <= high + CLIP, f"{name} must be {rule}, got {v!r}")
    return min(max(v, low), high)


def integer(name: str, value: Any, low: int, high: int | None = None) -> int:
    """Return a value as an int within bounds.

    Args:
        name: Name of the parameter, for errors.
        value: The value.
        low: Least value.
        high: Greatest value; None for no bound.

    Raises:
        ScError: If the value is not an integer, by the rule of this module, or is out of bounds.

    Example:
        >>> integer("length", np.int16(16), 4, 4096)
        16
    """
    n = as_integer(value)
    if n is None or n < low or (high is not None and n > high):
        rule = f", at least {low}" if high is None else f" in [{low}, {high}]"
        raise ScError(f"{name} must be an integer{rule}, got {shown(value)}")
    return n


def seed(value: Any, name: str = "seed") -> int | None:
    """Return a seed: None, or an int of at least 0. Raises ScError for anything else."""
    return None if value is None else integer(name, value, 0)


def interval(low_name: str, low: Any, high_name: str, high: Any) -> tuple[float, float]:
    """Return the two ends of an interval as finite numbers; raises ScError unless the first is below the second."""
    a, b = number(low_name, low), number(high_name, high)
    require(a < b, f"{low_name} must be below {high_name}, got {a!r} and {b!r}")
    return a, b


def choice(name: str, value: Any, known: Collection[str]) -> str:
    """Return a value that must be one of the names in `known`; the error proposes a similar name."""
    if not (isinstance(value, str) and value in known):
        raise ScError(one_of(name, value, known))
    return str(value)


def sequence(name: str, values: Any, rule: str, length: int | None = None) -> tuple[Any, ...]:
    """Return the items of a list, a tuple or an array with one axis.

    Args:
        name: Name of the parameter, for errors.
        values: The value.
        rule: What the message says that the value must be.
        length: Number of items that there must be; None for any.

    Raises:
        ScError: If the value is no such sequence, or has another length.
    """
    listed = isinstance(values, Sequence) and not isinstance(values, (str, bytes))
    found = tuple(values) if listed or getattr(values, "ndim", 0) == 1 else None
    if found is None or length not in (None, len(found)):
        raise ScError(f"{name} must be {rule}, got {shown(values)}")
    return found


def entries(name: str, value: Any, needed: Collection[str], optional: Collection[str] = ()) -> dict[str, Any]:
    """Return an object that was read from a file, after checking its keys.

    Args:
        name: What errors call the object.
        value: The value that was read.
        needed: Keys that it must have.
        optional: Keys that it may have.

    Raises:
        ScError: If it is not an object, lacks a key, or has any other key.
    """
    if not isinstance(value, dict):
        raise ScError(f"{name} must be an object, got {shown(value)}")
    missing = sorted(set(needed) - set(value))
    require(not missing, f"incomplete: {', '.join(map(repr, missing))} of {name} missing")
    unknown = sorted(set(value) - set(needed) - set(optional))
    require(not unknown, f"{name} has unknown entries: {shown(', '.join(unknown))[1:-1]}")
    found: dict[str, Any] = value
    return found


def text(name: str, value: Any) -> str:
    """Return a text that prints on one line; raises ScError for anything else."""
    if not (isinstance(value, str) and value.isprintable()):
        raise ScError(f"{name} must be printable text, got {shown(value)}")
    return str(value)


def json_value(name: str, value: Any, depth: int = 0) -> Any:
    """Return a value as plain JSON: what Python's json module writes, and reads back as the same.

    NumPy's numbers and arrays, and tensors, become numbers and lists; tuples become lists; paths become text.

    Args:
        name: What errors call the value; places in it are appended, as in info.scales[0].weight.
        value: The value.
        depth: How deep in the outermost value it lies.

    Raises:
        ScError: For a number that is not finite or is 2^1023 or more, text that is not Unicode (a lone surrogate), keys
            that are not text, lists more than 64 deep, and any other object.

    Example:
        >>> json_value("info", {"seed": np.int64(3), "means": np.array([0.5, 1.0])})
        {'seed': 3, 'means': [0.5, 1.0]}
    """
    require(depth <= DEPTH_MAX, f"{name[:_SHOWN]}… must not be nested more than {DEPTH_MAX} deep")
    if isinstance(value, os.PathLike) and not isinstance(value, str):
        value = os.fspath(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        if not _is_unicode(value):
            raise ScError(f"{name} must be Unicode text, got {shown(value)}")
        return str(value)
    if isinstance(value, Mapping):
        found = {}
        for key, item in value.items():
            if not (isinstance(key, str) and _is_unicode(key)):
                raise ScError(f"{name} must have keys of text, got {shown(key)}")
            found[str(key)] = json_value(f"{name}.{shown(key)[1:-1]}", item, depth + 1)
        return found
    if isinstance(value, (list, tuple)):
        return [json_value(f"{name}[{k}]", item, depth + 1) for k, item in enumerate(value)]
    if hasattr(value, "dtype"):
        return json_value(name, array(name, value).tolist(), depth)
    n = as_integer(value)
    if n is not None:
        if abs(n) >= 1 << 1023:
            raise ScError(f"{name} must be below 2^1023, got {shown(value)}")
        return n
    v = _real(value)
    if not math.isfinite(v):
        raise ScError(
            f"{name} must be what JSON holds: text, a finite number, true, false, null, a list or an object; got "
            f"{shown(value)}"
        )
    return v


def _is_unicode(value: str) -> bool:
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def array(name: str, values: Any) -> NDArray[Any]:
    """Return booleans, integers or real numbers as a NumPy array of native byte order; it may share the memory given.

    Torch tensors of bfloat16 and 8-bit floats are widened, which is exact, and a gradient is dropped. An array of
    objects is accepted if all of them are numbers.

    Raises:
        ScError: For anything else, and for a masked array that hides values.
    """
    hidden = isinstance(values, np.ma.MaskedArray) and bool(np.ma.getmaskarray(values).any())
    require(not hidden, f"{name} must not have masked values: fill them first")
    try:
        raw = _raw(values)
    except (ValueError, TypeError, RuntimeError, OverflowError) as error:
        why = str(error).strip().partition("\n")[0]
        raise ScError(f"{name} must be an array of numbers: {why}") from None
    if raw.dtype.kind == "O":
        raw = _of_objects(name, raw)
    require(raw.dtype.kind in "biuf", f"{name} must be real numbers, got dtype {raw.dtype}")
    return raw.astype(raw.dtype.newbyteorder("="), copy=False)


def _raw(values: Any) -> NDArray[Any]:
    """Return the NumPy array of any values, without checks; tensors are recognised without an import of torch."""
    if hasattr(values, "detach") and hasattr(values, "numpy"):  # a tensor, without importing torch
        narrow = any(kind in str(values.dtype) for kind in ("bfloat16", "float8"))
        tensor = values.detach().float() if narrow else values
        return np.asarray(tensor.numpy(force=True))
    try:
        raw = np.asarray(values)
    except (TypeError, RuntimeError):
        if not isinstance(values, (list, tuple)) or not any(
            hasattr(v, "detach") or isinstance(v, list) for v in values
        ):
            raise
        return np.asarray([_raw(v) for v in values])  # tensors of those kinds, in lists
    if raw.dtype.kind == "V" and raw.dtype.name.startswith(("bfloat16", "float8")):  # NumPy's own has no such type
        return raw.astype(np.float32)
    return raw


def _of_objects(name: str, raw: NDArray[Any]) -> NDArray[Any]:
    """Return an array of objects as int64 if all are integers, as float64 if all are numbers."""
    for item in raw.flat:
        number = isinstance(item, Real) or (hasattr(item, "dtype") and getattr(item, "ndim", 1) == 0)
        if not number or _is_bool(item):
            raise ScError(f"{name} must be an array of numbers, got {shown(item)} in it")
    whole = [as_integer(item) for item in raw.flat]
    if any(n is None for n in whole):
        return np.array([_real(item) for item in raw.flat], dtype=np.float64).reshape(raw.shape)
    try:
        return np.array(whole, dtype=np.int64).reshape(raw.shape)
    except OverflowError:
        raise ScError(f"{name} must hold integers of at most 64 bits, got {shown(raw.flat[0])} …") from None


def integers(name: str, values: Any) -> NDArray[Any]:
    """Return an array of integers in the dtype given; raises ScError for floats and booleans."""
    a = array(name, values)
    require(a.dtype.kind in "iu", f"{name} must be integers, got {a.dtype}")
    return a


def floats(name: str, values: ArrayLike, shape: tuple[int | None, ...] | None = None) -> NDArray[np.float64]:
    """Return values as finite float64; the result is always a copy.

    Args:
        name: Name of the parameter, for errors.
        values: The values.
        shape: The shape that they must have; None in it allows any size of at least 1. By default any shape.

    Raises:
        ScError: If they are not real numbers, are not finite, or have another shape.
    """
    raw = array(name, values)
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
    """Return the values clipped to [low, high]; raises ScError if one lies more than 1e-9 outside."""
    if values.size:
        far = np.maximum(low - values, values - high)
        worst = int(np.argmax(far))
        require(far.flat[worst] <= CLIP, f"{name} must be in [{low:g}, {high:g}], got {float(values.flat[worst])!r}")
    return np.clip(values, low, high)


def bits(name: str, values: ArrayLike, length: int | None = None) -> NDArray[np.bool_]:
    """Return one stream of zeros and ones as booleans.

    Args:
        name: Name of the parameter, for errors.
        values: The stream.
        length: Number of bits that it must have; by default any but 0.

    Raises:
        ScError: If it is not a stream of 0 and 1, or has another length.
    """
    raw = array(name, values)
    require(raw.ndim == 1 and raw.size > 0, f"{name} must be a stream of shape (length,), got {raw.shape}")
    require(length is None or len(raw) == length, f"{name} must have length {length}, the synapse's, got {len(raw)}")
    wrong = raw[(raw != 0) & (raw != 1)]
    require(not wrong.size, f"{name} must be 0 and 1, got {wrong[0] if wrong.size else 0}")
    return raw.astype(bool)


def class_names(info: Mapping[str, Any], classes: int, who: str) -> tuple[str, ...] | None:
    """Return the class names in a network's info, or None if it has none.

    Args:
        info: The network's info.
        classes: Number of classes of the network.
        who: Name of the network, for the error.

    Raises:
        ScError: If the entry "classes" is not one different name for each class.
    """
    names = info.get("classes")
    if names is None:
        return None
    require(
        isinstance(names, (list, tuple))
        and all(isinstance(name, str) for name in names)
        and len(set(names)) == len(names) == classes,
        f"info classes of {who} must be {classes} different names, one a class, got {names!r:.200}",
    )
    return tuple(names)
