"""Number sources (A3 of docs/arithmetic.md): r(t) for t = 0 … L − 1, by name, as numbers or by a function.

Each source is one file that registers itself; docs/adding_a_source.md says how one from outside the package does.
"""

from __future__ import annotations

from .counter import counter
from .lengths import LOG2L_MAX, LOG2L_MIN, log2_length
from .lfsr import LFSR_TAPS, lfsr
from .registry import (
    NUMBERS,
    Argument,
    Module,
    Source,
    SourceLike,
    as_source,
    is_row,
    parse,
    register,
    registered,
    seeded,
    source,
    spellings,
    takes_seed,
    unregister,
    with_seed,
)
from .sobol import SOBOL_DIMENSIONS, sobol
from .vdc import vdc

__all__ = [
    "LFSR_TAPS",
    "LOG2L_MAX",
    "LOG2L_MIN",
    "NUMBERS",
    "SOBOL_DIMENSIONS",
    "SOURCES",
    "Argument",
    "Module",
    "Source",
    "SourceLike",
    "as_source",
    "counter",
    "is_row",
    "lfsr",
    "log2_length",
    "parse",
    "register",
    "registered",
    "seeded",
    "sobol",
    "source",
    "spellings",
    "takes_seed",
    "unregister",
    "vdc",
    "with_seed",
]

#: The spellings of the package's own sources; `spellings()` has those registered since as well.
SOURCES = ("counter", "vdc", "lfsr[:seed]", "sobol:dim")
