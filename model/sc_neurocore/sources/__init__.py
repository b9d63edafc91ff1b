"""Number sources (A3, number sources): r(t) for t = 0 … L − 1, by name, as numbers or by a function.

A stochastic number generator compares a code with r(t) at each clock (A4, SNG), so the source decides in which order
the ones of a stream come. Two operands of an AND gate need different sources; otherwise their streams are correlated,
and the gate gives the minimum instead of the product (A5, multiply).

Each source is one file that registers itself. docs/adding_a_source.md says how to add one from outside the package.

The functions that are used most:

* `source(name, length)` returns the numbers of a source. Wherever a source is expected, L integers or a function that
  returns them will do as well (`as_source`).
* `spellings()` returns how the known sources are spelled, such as "lfsr[:seed]". What is in brackets is optional.
* `register(Source(…))` makes a source of one's own known.

Example:
    >>> source("vdc", 8).tolist()
    [0, 4, 2, 6, 1, 5, 3, 7]
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

#: The spellings of the package's own sources, whose files are imported above. `spellings()` returns those registered
#: since as well.
SOURCES = tuple(known.spelling for known in registered(installed=False))
