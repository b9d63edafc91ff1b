"""The scale of samples: from numbers as a file holds them to raw integers, and its description in words.

An `InputSpec` tells three kinds of scale apart. Without a shift, a full scale of 65536 means floats in [0, 1], and any
other full scale means whole numbers from the offset on, such as the bytes of images with 256. With a shift, a raw value
v is the real number v / 2^shift.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import CLIP
from ..errors import DataWarning, ScError, require
from ..network import OFFSET_MAX, SHIFT_MAX, InputSpec

__all__ = ["BYTES", "UNIT", "Scale", "check_codes", "choose", "describe", "given", "raw_samples", "warn"]

UNIT = 1 << 16  # floats in [0, 1], and the most steps that a scale is given
BYTES = 256  # of uint8
_BITS = 16
_ROWS = 1 << 16  # values that are looked at for a warning, and so many that are converted at a time
_CLIPPED = 0.01
_COLLAPSED = 0.9
_TAIL = 0.01


def warn(text: str) -> None:
    """Give a DataWarning: what the user does is legal, and will disappoint."""
    warnings.warn(text, DataWarning, stacklevel=2)


@dataclass(frozen=True, slots=True)
class Scale:
    """Range and step of raw samples, which are integers in offset … offset + full_scale.

    Attributes:
        full_scale: Number of steps of the range.
        offset: Least raw value.
        shift: Where given, the raw value v stands for v / 2^shift.
    """

    full_scale: int
    offset: int = 0
    shift: int | None = None

    def spec(self, shape: Sequence[int]) -> InputSpec:
        """Return the InputSpec, without pooling, for samples of this shape."""
        return InputSpec(tuple(shape), self.full_scale, offset=self.offset, shift=self.shift)


def _rounding(x: NDArray[Any]) -> float:
    """Return how far outside of [0, 1] a value of this dtype may lie and still be a rounding error."""
    return max(CLIP, 4 * float(np.finfo(x.dtype).eps)) if x.dtype.kind == "f" else CLIP


def _first(a: NDArray[Any], wrong: NDArray[np.bool_]) -> str:
    """Return "VALUE in row N" for the first wrong value."""
    where = tuple(int(i) for i in np.argwhere(wrong)[0])
    return f"{a[where]} in row {where[0]}"


def check_numbers(x: NDArray[Any], where: str) -> None:
    """Raise ScError for samples that are not numbers, not finite, empty, or have no axis of features.

    Args:
        x: The samples.
        where: The file and the array, for errors.
    """
    remedy = ": for one feature a sample use x.reshape(-1, 1)" if x.ndim == 1 and x.size else ""
    require(x.ndim >= 2 and x.size > 0, f"{where} must have shape (n, features…), got {x.shape}{remedy}")
    require(
        x.dtype.kind in "buif",
        f"{where} must be numbers, got texts ({x.dtype}): give each category a column of 0 and 1",
    )
    if x.dtype.kind == "f":
        wrong = ~np.isfinite(x)
        if wrong.any():
            raise ScError(
                f"{where} must be finite, got NaN or infinity, first {_first(x, wrong)}: fill in or leave out such rows"
            )


def _affine(low: Fraction, high: Fraction, whole: bool, where: str) -> Scale:
    """Return the finest scale from low to high that has at most 65536 steps, each a power of two.

    Args:
        low: Least value, exactly.
        high: Greatest value.
        whole: Whether the samples are whole numbers, for which a step finer than 1 is useless.
        where: The file and the array, for errors.
    """
    span = high - low
    # 2^(bits − 1) < span ≤ 2^bits, by exact integers: no logarithm decides.
    bits = span.numerator.bit_length() - span.denominator.bit_length()
    bits += span > Fraction(2) ** bits
    shift = _BITS - bits
    if whole:
        shift = min(shift, 0)
    while True:
        step = Fraction(2) ** shift
        offset, top = floor(low * step), ceil(high * step)
        if top - offset <= UNIT:
            break
        shift -= 1
    require(
        abs(shift) <= SHIFT_MAX,
        f"{where} spans {float(span):g}: multiply it by a constant, so that it spans about 1",
    )
    require(
        max(abs(offset), abs(top)) <= OFFSET_MAX,
        f"{where} spans only {float(span):g} around {float(low):g}: subtract that from it, a common constant",
    )
    return Scale(top - offset, offset, shift)


def choose(x: NDArray[Any], where: str) -> Scale:
    """Return the scale for training samples, which alone decide, by their dtype and range.

    * uint8: 0 … 256, unless all values are 0 and 1.
    * Floats in [0, 1]: 65536 steps.
    * Anything else: at most 65536 steps, each a power of two, from the least value to the greatest. The range begins at
      0 if no value is negative and the least is at most half of the greatest. Whole numbers get no step finer than 1.

    Args:
        x: The samples, checked by `check_numbers`.
        where: The file and the array, for errors.

    Raises:
        ScError: If all samples are alike, or the scale cannot have their range.

    Example:
        >>> choose(np.array([[0.0], [0.5], [1.0]]), "x")
        Scale(full_scale=65536, offset=0, shift=None)
    """
    low, high = x.min(), x.max()
    require(low != high, f"{where} is constant, {low} in every place: there is nothing to learn from it")
    require(not (x == x[:1]).all(), f"{where} has {len(x)} samples that are all alike: nothing to learn from them")
    if x.dtype.kind == "f":
        near = _rounding(x)
        if float(low) >= -near and float(high) <= 1 + near:
            return Scale(UNIT)
        least, most = Fraction(float(low)), Fraction(float(high))
    else:
        least, most = Fraction(int(low)), Fraction(int(high))
        if x.dtype == np.uint8 and most > 1:
            return Scale(BYTES)
    if least > 0 and 2 * least <= most:
        least = Fraction(0)
    return _affine(least, most, x.dtype.kind != "f", where)


def given(x: NDArray[Any], limits: Sequence[float], where: str) -> Scale:
    """Return the scale that the user asks for, from limits[0] to limits[1].

    Args:
        x: The samples; their dtype decides whether steps may be finer than 1.
        limits: The least and the greatest value that are told apart.
        where: The file and the array, for errors.

    Raises:
        ScError: If the limits are not two finite numbers, the lower one first.
    """
    require(
        len(limits) == 2 and all(isfinite(v) for v in limits) and limits[0] < limits[1],
        f"input range must be two finite numbers, the lower first, got {', '.join(f'{v:g}' for v in limits)}",
    )
    if x.dtype.kind == "f" and tuple(limits) == (0, 1):
        return Scale(UNIT)
    return _affine(Fraction(limits[0]), Fraction(limits[1]), x.dtype.kind != "f", f"input range of {where}")


def _unit(spec: InputSpec) -> bool:
    """Return whether an input takes floats in [0, 1]."""
    return spec.shift is None and spec.offset == 0 and spec.top == UNIT


def _number(value: Fraction) -> str:
    """Return a fraction as text: exactly if it is whole, else with ten digits."""
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.10g}"


def _ends(spec: InputSpec) -> tuple[Fraction, Fraction]:
    """Return the least and the greatest number that an input can tell apart."""
    step = Fraction(2) ** -(spec.shift if spec.shift is not None else _BITS if _unit(spec) else 0)
    return spec.offset * step, spec.top * step


def describe(spec: InputSpec) -> str:
    """Return which numbers an input takes, in the words that commands print.

    Example:
        >>> describe(InputSpec((4,), full_scale=1006, offset=-206, shift=6))
        'real values -3.21875 … 12.5 in steps of 1/64, clipped outside'
    """
    if spec.shift is None:
        if _unit(spec):
            return f"floats 0 … 1 in steps of 1/{UNIT}, clipped outside"
        return f"whole numbers {spec.offset} … {spec.top}"
    step = Fraction(2) ** -spec.shift
    low, high = _ends(spec)
    text = f"{_number(low)} … {_number(high)} in steps of "
    if spec.shift > 0:
        return (
            f"real values {text}{f'1/{1 << spec.shift}' if spec.shift <= 20 else f'2^-{spec.shift}'}, clipped outside"
        )
    return f"real values {text}{_number(step) if spec.shift >= -20 else f'2^{-spec.shift}'}, clipped outside"


def _takes(spec: InputSpec) -> str:
    return f"the network takes {describe(spec)}"


def _check_kind(x: NDArray[Any], spec: InputSpec, where: str, trained_on: str | None) -> None:
    """Raise ScError for samples of another kind than the network was trained on, since it would misread them."""
    kind, high = x.dtype.kind, x.max()
    if _unit(spec):
        require(
            kind == "f" or high <= 1,
            f"{where} is {x.dtype} up to {high}, {_takes(spec)}: scale it as the training samples were, e.g. x / 255",
        )
    elif kind == "b":
        require(
            spec.top - spec.offset == 1 or (spec.shift or 0) > 0,
            f"{where} is bool, {_takes(spec)}: give the numbers that true and false stand for",
        )
    elif kind == "f" and (spec.shift is None or (spec.shift == 0 and trained_on and "float" not in trained_on)):
        broken = x != np.rint(x)
        remedy = "scale it as the training samples were, e.g. np.rint(255 * x).astype(np.uint8)"
        if broken.any():
            raise ScError(f"{where} has fractions such as {_first(x, broken)}, {_takes(spec)}: {remedy}")
        require(
            spec.top - spec.offset == 1 or high > 1,
            f"{where} is {x.dtype} in [0, 1], {_takes(spec)}: {remedy}; or, if it is right as it is, .astype(np.uint8)",
        )


def raw_samples(
    x: NDArray[Any], spec: InputSpec, where: str, trained_on: str | None = None
) -> tuple[NDArray[Any], float]:
    """Return samples as raw integers of an input, and the share of values that were clipped.

    A value counts as clipped if it lies outside of the range by more than rounding. If these are more than 1 % of the
    values, a DataWarning says so.

    Args:
        x: Numbers, shape (n, …).
        spec: The input.
        where: The file and the array, for errors.
        trained_on: The dtype of the network's training samples, where it is known. Whole numbers can then be told from
            real ones.

    Raises:
        ScError: For samples of another kind than the network takes; the message names both.
    """
    check_numbers(x, where)
    _check_kind(x, spec, where, trained_on)
    low, high = x.min(), x.max()
    if spec.shift is None and not _unit(spec):
        low, high = int(low), int(high)
        require(
            spec.offset <= low and high <= spec.top,
            f"{where} holds {low} … {high}, {_takes(spec)}: scale it as the training samples were",
        )
        return (x.astype(np.int64) if x.dtype.kind in "fb" or x.dtype == np.uint64 else x), 0.0
    low, high = float(low), float(high)
    real = spec if spec.shift is not None else InputSpec(spec.shape, UNIT, shift=_BITS)
    assert real.shift is not None
    small = real.offset >= -(1 << 31) and real.top < 1 << 31
    flat = x.reshape(-1)
    raw = np.empty(flat.shape, dtype=np.int32 if small else np.int64)
    bottom, top = map(float, _ends(real))
    tolerance = _rounding(x) * max(top - bottom, abs(bottom), abs(top))
    clipped = 0
    for start in range(0, len(flat), _ROWS):
        part = flat[start : start + _ROWS]
        raw[start : start + _ROWS] = real.quantise(part)
        if low < bottom or high > top:
            wide = part.astype(np.float64)
            clipped += int(((wide < bottom - tolerance) | (wide > top + tolerance)).sum())
    share = clipped / len(flat)
    whole_file = x.dtype.kind != "f"
    require(
        not (share > 0.5 and whole_file and trained_on and "float" in trained_on),
        f"{where} is {x.dtype} in {low:g} … {high:g}, {_takes(spec)}: scale it as the training samples were",
    )
    if share > _CLIPPED:
        warn(
            f"{where}: {share:.1%} of the values lie outside of the network's input range and are clipped: they are "
            f"{low:g} … {high:g}, {_takes(spec)}. Scale them as the training samples were, or train with another "
            "--input-range"
        )
    return raw.reshape(x.shape), share


def check_codes(x: NDArray[Any], spec: InputSpec, length: int, where: str, *, training: bool = True) -> None:
    """Give a DataWarning if the codes say next to nothing about the samples; it names the cause and a remedy.

    It looks for two faults. In the first, nine of ten values that differ from the most frequent one get the same code
    as it: the range is far wider than the values, or a threshold does not lie between them. In the second, some columns
    vary by less than one code while others vary by more, so they are probably in other units.

    Args:
        x: Samples as the file holds them.
        spec: The input.
        length: L.
        where: The file and the array, for the warning.
        training: Whether a network is about to be trained. False looks for the first fault only.
    """
    bottom, top = map(float, _ends(spec))
    table = x.reshape(len(x), -1).astype(np.float64)
    kinds, count = np.unique(table, return_counts=True)
    if len(kinds) < 2 or (spec.threshold is not None and spec.pool > 1):  # after pooling other values are compared
        return
    if spec.threshold is not None:
        codes = ((kinds - bottom) / (top - bottom) * spec.full_scale >= spec.threshold) * length
    else:
        codes = np.clip(np.floor((kinds - bottom) / (top - bottom) * length + 0.5), 0, length).astype(np.int64)
    most = int(np.argmax(count))
    other = np.arange(len(kinds)) != most
    lost = int(count[other & (codes == codes[most])].sum()) / int(count[other].sum())
    low, high = float(kinds[0]), float(kinds[-1])
    said = "0" if codes[most] == 0 else f"L = {length}" if codes[most] == length else str(int(codes[most]))
    alike = f"{where}: nearly every input code is {said} (L = {length})"
    if spec.threshold is not None:
        if lost > _COLLAPSED:
            warn(f"{alike}: values are {low:g} … {high:g}, the threshold is {spec.threshold}: choose one between them")
        return
    if lost > _COLLAPSED and (high - low) * 4 < top - bottom:
        warn(
            f"{alike}: the input range is {describe(spec)}, the values are {low:.9g} … {high:.9g}: train with their "
            f"range, --input-range={low:.9g},{high:.9g}"
        )
        return
    if not training:
        return
    span = table.max(axis=0) - table.min(axis=0)
    narrow = (span > 0) & (span * length < top - bottom)
    # What a column spans but for its extreme values: an outlier makes no column wide.
    some = np.sort(table, axis=0)
    cut = max(1, int(_TAIL * len(some))) if len(some) > 4 else 0
    inner = (some[len(some) - 1 - cut] - some[cut]) * length >= top - bottom
    inside = f"{some[cut].min():g}", f"{some[len(some) - 1 - cut].max():g}"
    remedy = f"leave them out, or give the range, --input-range={','.join(inside)}"
    if len(some) > 4 and not inner.any() and (lost > _COLLAPSED or narrow.any()):
        most_alike = alike if lost > _COLLAPSED else f"{where}: most input codes are alike (L = {length})"
        warn(
            f"{most_alike}: a few values set the input range, {describe(spec)}; nearly all others lie in "
            f"{' … '.join(inside)}: {remedy}"
        )
        return
    # Pixels and values that were scaled already have one unit: there some dim columns are no fault.
    common = x.ndim > 2 or spec.shift is None
    if narrow.sum() > (len(span) // 2 if common else 0):
        which = int(np.flatnonzero(narrow)[0])
        warn(
            f"{where}: {int(narrow.sum())} of {len(span)} columns vary by less than one input code (L = {length}), "
            f"first column {which}: it spans {span[which]:g}, the whole range {top - bottom:g}. One scale serves all "
            "columns: standardise each, e.g. (x - mean) / std with mean and std of the training part"
        )
    elif lost > _COLLAPSED:
        warn(f"{alike}: the input range is {describe(spec)}, the values between are rare: {remedy}")
