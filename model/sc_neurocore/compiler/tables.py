"""Piecewise-linear tables: made for an error, and measured over every code of their argument."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .errors import Place, UnboundedError

__all__ = ["Segments", "make_table"]

MAX_SEGMENTS = 256


@dataclass(frozen=True, slots=True)
class Segments:
    """A table's content (program.Table) and its greatest error, in units of the function's value."""

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
    """Return the table of fewest segments, a power of two of codes each, whose greatest error is at most `tolerance`.

    codes: the argument's index is 0 … codes − 1; `argument` gives what an index stands for. resolution: what 1 of the
    table's value stands for. The error is measured at every index. Raises UnboundedError beyond MAX_SEGMENTS.
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
