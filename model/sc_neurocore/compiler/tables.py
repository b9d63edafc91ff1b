"""Piecewise-linear tables: made for a wanted error, and measured over every code of their argument.

A table replaces a function such as tanh by straight segments of equal length. A segment is an entry of two small
tables, a base and a slope, and costs one multiplication (`program.Table`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .errors import Place, UnboundedError

__all__ = ["Segments", "make_table"]

#: The greatest number of segments. More would cost too many LUTs.
MAX_SEGMENTS = 256


@dataclass(frozen=True, slots=True)
class Segments:
    """The content of a table (`program.Table`), and its greatest error.

    Attributes:
        segment_bits: a segment has 2^segment_bits codes of the argument.
        bases: value at the start of each segment, in units of `resolution` (`make_table`).
        slopes: rise for one code in each segment, in units of resolution / 2^slope_shift.
        slope_shift: fraction bits of the slopes.
        error: greatest distance from the function over all codes, in units of the function's value.
    """

    segment_bits: int
    bases: tuple[int, ...]
    slopes: tuple[int, ...]
    slope_shift: int
    error: float


def make_table(
    function: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    codes: int,
    argument: Callable[[NDArray[np.int64]], NDArray[np.float64]],
    resolution: float,
    tolerance: float,
    place: Place | None,
    name: str,
) -> Segments:
    """Return the table of fewest equal segments whose greatest error is at most `tolerance`.

    A segment has a power of two of codes, so that the upper bits of the argument choose it. The longest segments are
    tried first, then each time half as long ones. The error is measured at every index, not estimated.

    Args:
        function: the function, of a float64 array.
        codes: number of codes of the argument; an index is 0 … codes − 1.
        argument: what indices stand for, as arguments of `function`.
        resolution: what 1 of the table's value stands for, in units of the function's value.
        tolerance: the greatest error allowed, in units of the function's value.
        place: where the function stands in the equations, for the error.
        name: what the error calls the function.

    Raises:
        UnboundedError: more than MAX_SEGMENTS segments would be needed.

    Example:
        >>> table = make_table(np.sqrt, 64, lambda index: index / 64, 1 / 256, 1 / 64, None, "sqrt")
        >>> len(table.bases), table.error <= 1 / 64
        (32, True)
    """
    index = np.arange(codes, dtype=np.int64)
    wanted = function(argument(index)) / resolution
    best = np.inf
    for segment_bits in range(max(0, (codes - 1).bit_length()), -1, -1):
        size = 1 << segment_bits
        count = -(-codes // size)
        if count > MAX_SEGMENTS:
            break
        # A slope's error, half of its last place over a whole segment, is 1/16 of the value's last place.
        slope_shift = segment_bits + 3
        bases, slopes = [], []
        got = np.empty(codes)
        for k in range(count):
            piece = wanted[k * size : (k + 1) * size]
            steps = len(piece) - 1
            # The slope is that of the chord. The base puts the remaining errors evenly on both sides.
            slope = int(np.rint((piece[-1] - piece[0]) / steps * 2**slope_shift)) if steps else 0
            rise = slope * np.arange(len(piece), dtype=np.int64) + (1 << slope_shift - 1) >> slope_shift
            rest = piece - rise
            base = int(np.rint((rest.max() + rest.min()) / 2))
            bases.append(base)
            slopes.append(slope)
            got[k * size : (k + 1) * size] = base + rise
        error = float(np.abs(got - wanted).max()) * resolution
        best = min(best, error)
        if error <= tolerance:
            # Common factors of two leave the slopes: the products get narrower, the values stay the same.
            if not any(slopes):
                slope_shift = 0
            while slope_shift and all(s % 2 == 0 for s in slopes):
                slopes, slope_shift = [s // 2 for s in slopes], slope_shift - 1
            return Segments(segment_bits, tuple(bases), tuple(slopes), slope_shift, error)
    raise UnboundedError(
        f"{name}: a table of {MAX_SEGMENTS} segments errs by {best:.3g}, more than {tolerance:.3g}: "
        "narrow its argument by clip(x, low, high), or allow a greater table_error",
        place,
    )
