"""The number source "r2:1" and "r2:2": the two dimensions of the R2 sequence (Roberts 2018), in whole numbers.

R2 is the sequence t·α modulo 1 with α = 1/ρ and 1/ρ², ρ the real root of x³ = x + 1. Here r(t) = t·STEP modulo L, STEP
the odd number nearest to α·L: odd, so that each value occurs once in a window.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.sources import Argument, Module, Source, register

RHO = 1.324717957244746


def step(length: int, dim: int) -> int:
    """Return the odd number nearest to L / ρ^dim."""
    return 2 * int(length / RHO**dim / 2) + 1


def r2(length: int, dim: int) -> NDArray[np.int64]:
    """Return r(t) for t = 0 … L − 1. RTL: sc_r2_source.v."""
    return np.arange(length, dtype=np.int64) * step(length, dim) % length


register(
    Source(
        "r2",
        "a dimension of the R2 sequence (Roberts 2018)",
        r2,
        argument=Argument("dim", lambda length: range(1, 3)),
        module=Module(
            "sc_r2_source",
            lambda length, dim: {"STEP": step(length, dim)},
            files=(Path(__file__).with_name("sc_r2_source.v"),),
        ),
    )
)
