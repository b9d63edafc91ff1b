"""How fast a core will run on a board, before any tool runs: the slower of two paths, fitted to routed builds.

The delay between two registers, in ns, is the larger of two sums:

* control: the host interface, the engine's control and the adders of the sums. It grows with the bits of a sum; in the
  engine of networks in steps with those of the neuron's step (`_sum_bits`).
* lane: from the weight memory through the window of L bits and its parallel counter. It grows with log2 L, and with
  every doubling of the weight memory beyond what one block holds. The integer peer has no such path.

So Fmax in MHz is 1000 / max(control, lane). Each family and engine has one fit, to the grade of its devices with the
most builds. Another grade has the same delays times a factor, one for each path. The coefficients, with the builds
behind them, are in area_model.json, which bench/estimate_fit.py writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .boards import Board
from .core import CoreConfig
from .spike_image import SpikeConfig

__all__ = ["CONTROL_TERMS", "LANE_TERMS", "Timing", "delay", "sizes", "terms", "timing"]

#: Terms of the two paths, in the order of their coefficients. Each term is linear in what it counts (`terms`).
CONTROL_TERMS = ("shell", "sum_bits")
LANE_TERMS = ("window", "log2l", "memory_levels")

#: NEURON of `alif` neurons.
ALIF = 2
#: What the terms of the control path and of the lane path count, two float64 arrays.
Paths = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Timing:
    """Fmax of a core before place and route, with a band for the model's error.

    The three frequencies are all None where no such core was timed.

    Attributes:
        fmax_mhz: the Fmax that the model gives, in MHz.
        low_mhz: lower end of the band in which a build's Fmax lies if the model errs by no more than its worst error.
        high_mhz: upper end of that band.
        over: in words, the builds that the model was fitted to and its error, or what was not timed.
    """

    fmax_mhz: float | None
    low_mhz: float | None
    high_mhz: float | None
    over: str


def _memory_levels(config: CoreConfig, board: Board, large_rams: int) -> int:
    """Return how often the weight memory doubles the words of one block.

    Each doubling is one more level of the multiplexer behind the blocks, and so adds delay.
    """
    words = board.large_ram_words if large_rams else max(words for _, words in board.ram_shapes)
    return max(0, config.weight_aw - (words.bit_length() - 1))


def _sum_bits(config: CoreConfig) -> int:
    """Return the bits of the longest chain of carries in the control path.

    It is that of a sum. In the engine of networks in steps it is that of the current with its fraction, added to the
    state, and of `alif` neurons compared with a sum once more.
    """
    if not isinstance(config, SpikeConfig):
        return config.sum_bits
    current = max(config.width, config.step_sum_bits + config.frac)
    return current + (config.width if config.neuron == ALIF else 0)


def terms(config: CoreConfig, board: Board, large_rams: int) -> Paths:
    """Return what the terms of the two paths count for a core on a board.

    Args:
        config: the core.
        board: the board, whose memory blocks decide the levels behind the weight memory.
        large_rams: number of large memories that hold the weights, as in `estimate.Plan`; 0 where they lie in block
            RAM.

    Returns:
        Two float64 arrays in the order of CONTROL_TERMS and LANE_TERMS. The second is all 0 for the integer peer (mac).
    """
    lane = [0, 0, 0] if config.mac else [1, config.log2l, _memory_levels(config, board, large_rams)]
    return np.array([1, _sum_bits(config)], dtype=np.float64), np.array(lane, dtype=np.float64)


def delay(fit: Mapping[str, Any], grade: str, paths: Paths) -> float:
    """Return the delay of the slower path in ns.

    Args:
        fit: the fit of a family and engine, an entry of "timing" in area_model.json.
        grade: the devices' grade, whose factors apply.
        paths: what `terms` returns.
    """
    sums = (terms @ np.array(fit[name]) for name, terms in zip(("control", "lane"), paths, strict=True))
    return float(max(f * x for f, x in zip(fit["grades"][grade], sums, strict=True)))


def sizes(config: CoreConfig, board: Board, large_rams: int) -> dict[str, int]:
    """Return the sizes, by name, that must not exceed those of every build behind a fit: beyond, nothing is known."""
    return {
        "log2l": config.log2l,
        "lanes": config.lanes,
        "sum_bits": _sum_bits(config),
        "memory_levels": _memory_levels(config, board, large_rams),
    }


def timing(fits: Mapping[str, Any], engine: str, config: CoreConfig, board: Board, large_rams: int) -> Timing:
    """Return the Fmax of a core on a board, or which part of it was never timed.

    Args:
        fits: the fits of all families, "timing" in area_model.json.
        engine: "dense", "conv" or "spike".
        config: the core.
        board: the board, whose family and grade choose the fit.
        large_rams: as in `terms`.

    Returns:
        Frequencies rounded to 0.1 MHz; all None if no such engine was timed on the grade, or if the core is larger in
        any of `sizes` than every build that was timed.
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
