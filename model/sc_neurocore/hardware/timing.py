"""How fast a core will run on a board, before any tool runs: the slower of two paths, fitted to routed builds.

The delay between two registers, in ns, is the larger of two sums:

* control: the host interface, the engine's control and the adders of the sums. It grows with the bits of a sum.
* lane: from the weight memory through the window of L bits and its parallel counter. It grows with log2 L, and with
  every doubling of the weight memory beyond what one block holds. The integer peer has no such path.

Each family and engine has one fit, to the grade of its devices with the most builds; another grade has the same delays
times a factor, one for each path. Coefficients, with the builds behind them: area_model.json, written by
bench/estimate_fit.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .boards import Board
from .core import CoreConfig

__all__ = ["CONTROL_TERMS", "LANE_TERMS", "Timing", "delay", "sizes", "terms", "timing"]

#: Terms of the two paths, in order. Each is linear in what it counts.
CONTROL_TERMS = ("shell", "sum_bits")
LANE_TERMS = ("window", "log2l", "memory_levels")

Paths = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Timing:
    """Fmax of a core before place and route, in MHz.

    low_mhz, high_mhz: where the Fmax of a build lies if the model is wrong by no more than its worst error. All three
    are None where no such core was timed. over: in words, which builds the model was fitted to and its error, or what
    was not timed.
    """

    fmax_mhz: float | None
    low_mhz: float | None
    high_mhz: float | None
    over: str


def _memory_levels(config: CoreConfig, board: Board, large_rams: int) -> int:
    """Return the doublings of the weight memory beyond the words of one block: levels of the choice behind it."""
    words = board.large_ram_words if large_rams else max(words for _, words in board.ram_shapes)
    return max(0, config.weight_aw - (words.bit_length() - 1))


def terms(config: CoreConfig, board: Board, large_rams: int) -> Paths:
    """Return what the terms of the two paths count, in the order of CONTROL_TERMS and LANE_TERMS.

    large_rams: large memories that hold the weights, as in a `Plan`. The second is zero throughout with MAC.
    """
    lane = [0, 0, 0] if config.mac else [1, config.log2l, _memory_levels(config, board, large_rams)]
    return np.array([1, config.sum_bits], dtype=np.float64), np.array(lane, dtype=np.float64)


def delay(fit: Mapping[str, Any], grade: str, paths: Paths) -> float:
    """Return the delay in ns that a fit gives for `paths`, of `terms`, on devices of `grade`."""
    sums = (terms @ np.array(fit[name]) for name, terms in zip(("control", "lane"), paths, strict=True))
    return float(max(f * x for f, x in zip(fit["grades"][grade], sums, strict=True)))


def sizes(config: CoreConfig, board: Board, large_rams: int) -> dict[str, int]:
    """Return, by name, what may not exceed that of every build behind a fit: beyond, nothing is known."""
    return {
        "log2l": config.log2l,
        "lanes": config.lanes,
        "sum_bits": config.sum_bits,
        "memory_levels": _memory_levels(config, board, large_rams),
    }


def timing(fits: Mapping[str, Any], engine: str, config: CoreConfig, board: Board, large_rams: int) -> Timing:
    """Return Fmax of a core on a board by the fits of all families, or what of it was not timed.

    engine: "dense" or "conv". large_rams: as in `terms`.
    """
    fit = fits.get(board.family, {}).get(engine)
    if fit is None or board.grade not in fit["grades"]:
        return Timing(None, None, None, f"no build of the {engine} engine was timed on {board.grade}")
    for name, value in sizes(config, board, large_rams).items():
        if value > fit["most"][name]:
            words = (
                f"{name} = {value}: the builds of the {engine} engine that were timed have at most {fit['most'][name]}"
            )
            return Timing(None, None, None, words)
    stated = fit["errors"][board.grade]
    fmax, worst = (
        1000 / delay(fit, board.grade, terms(config, board, large_rams)),
        stated["left_out_worst_percent"] / 100,
    )
    words = (
        f"{stated['builds']} builds of the {engine} engine on {board.grade}: error of those left out of the fit "
        f"{stated['left_out_mean_percent']} % mean, {stated['left_out_worst_percent']} % worst"
    )
    return Timing(round(fmax, 1), round(fmax / (1 + worst), 1), round(fmax / (1 - worst), 1), words)
