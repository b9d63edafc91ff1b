"""Values to bitstreams and back, through any number source (A1 … A4).

Every stream is bit(t) = [X > r(t)], as `streams.sng` computes it, where X is the code of the value. What differs is
r(t), which a *mode* names:

* "counter", "vdc", "sobol:d", "lfsr[:seed]": the sources of A3 (number sources). r restarts in every window, and
  X = ⌊p·L + 1/2⌋ for a probability p. So the error of a stream is at most 1/(2L) ("lfsr": 3/(2L)). L is a power of
  two, 4 … 4096 ("lfsr": 8 … 2²⁴).
* A source that a program has registered (`sources.register`), L integers in 0 … L − 1, or a function that returns them
  for a length: r and X are as above.
* "bernoulli": r(t) is a new 16-bit number for every stream and clock, from NumPy's PCG64 generator. So a stream of p is
  L independent draws, with a standard error of √(p·(1 − p)/L). X = ⌊p·2¹⁶ + 1/2⌋. L may be any length.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import checks
from .errors import ScError, SharedSourceWarning, require
from .sources import (
    NUMBERS,
    SOURCES,
    SourceLike,
    as_source,
    is_row,
    registered,
    seeded,
    source,
    spellings,
    takes_seed,
    with_seed,
)
from .streams import sng

__all__ = [
    "MODES",
    "BitstreamEncoder",
    "as_mode",
    "as_seeded_mode",
    "bitstream_to_probability",
    "check_mode",
    "drawn_modes",
    "draws",
    "fresh_seed",
    "levels",
    "probability_codes",
    "shares_source",
    "source_numbers",
    "source_pair",
    "warn_if_shared",
    "weight_codes",
]

#: How the modes of the package itself are spelled; a registered source is a mode too.
MODES = ("bernoulli", *SOURCES)
# Bits of the random numbers of "bernoulli".
_BERNOULLI_BITS = 16
#: Greatest length of a stream.
LENGTH_MAX = 1 << 24


def as_mode(mode: SourceLike, length: int, name: str = "mode") -> tuple[str, int]:
    """Return a mode as text, which can be stored and compared, and the checked length.

    Args:
        mode: "bernoulli", or a source in any form that `sources.source` takes.
        length: Bits of a stream.
        name: Name of the caller's parameter, for errors.

    Raises:
        ScError: If there is no such mode, or it does not have this length.

    Example:
        >>> as_mode([0, 2, 1, 3], 4)
        ('numbers:0,2,1,3', 4)
    """
    n = checks.integer("length", length, 1, LENGTH_MAX)
    if isinstance(mode, str):
        if mode == "bernoulli":
            return mode, n
        kind, colon, argument = mode.partition(":")
        known = kind in {known.name for known in registered()} and (not colon or argument.isdecimal())
        known = known or kind == NUMBERS
    else:
        known = callable(mode) or is_row(mode)
    require(known, f"{name} must be one of {', '.join(('bernoulli', *spellings()))}, got {checks.shown(mode)}")
    try:
        return as_source(mode, n), n
    except ScError as error:
        raise ScError(f"{name} {checks.shown(mode)}: {error}") from None


def check_mode(mode: SourceLike, length: int, name: str = "mode") -> int:
    """Return the checked length; raises ScError if there is no such mode, or it does not have this length."""
    return as_mode(mode, length, name)[1]


def draws(mode: str) -> bool:
    """Return whether a seed changes the streams of a mode.

    It does for "bernoulli", and for the bare name of a source that takes a seed, such as "lfsr".
    """
    return mode == "bernoulli" or takes_seed(mode)


def drawn_modes() -> tuple[str, ...]:
    """Return the modes whose streams a seed changes."""
    return ("bernoulli", *seeded())


def levels(mode: str, length: int) -> int:
    """Return the code that stands for probability 1: L, or 2¹⁶ for "bernoulli"."""
    return 1 << _BERNOULLI_BITS if mode == "bernoulli" else length


def probability_codes(p: ArrayLike, mode: str, length: int) -> NDArray[np.int64]:
    """Return the codes X = ⌊p·levels + 1/2⌋ of probabilities (A2).

    Args:
        p: Probabilities in [0, 1], any shape.
        mode: The mode, on which `levels` depends.
        length: L.

    Example:
        >>> probability_codes([0.0, 0.6, 1.0], "vdc", 16).tolist()
        [0, 10, 16]
    """
    return np.floor(np.asarray(p, dtype=np.float64) * levels(mode, length) + 0.5).astype(np.int64)


def weight_codes(w: ArrayLike, mode: str, length: int) -> NDArray[np.int64]:
    """Return the signed codes of weights (A2): magnitudes as `probability_codes`, with a source of A3 at most L − 1.

    Args:
        w: Weights in [−1, 1], any shape.
        mode: The mode, on which `levels` depends.
        length: L.

    Example:
        >>> weight_codes([-1.0, 0.25, 1.0], "vdc", 16).tolist()
        [-15, 4, 15]
    """
    v = np.asarray(w, dtype=np.float64)
    top = levels(mode, length) - (mode != "bernoulli")
    return np.where(v < 0, -1, 1) * np.minimum(probability_codes(np.abs(v), mode, length), top)


def source_numbers(
    mode: str, length: int, seed: int | None = None, lanes: int | None = None, generator: Any = None
) -> NDArray[np.int64]:
    """Return the numbers r(t) with which codes are compared, shape (length,).

    Args:
        mode: The mode.
        length: L.
        seed: Seed of the generator of "bernoulli". For "lfsr" it sets r(0) = 1 + seed mod (L − 1). The others ignore
            it.
        lanes: For "bernoulli", the number of rows of the result: (lanes, length), each row a source of its own.
        generator: A NumPy generator to continue with, in place of a seed.
    """
    if mode == "bernoulli":
        random = np.random.default_rng(seed) if generator is None else generator
        shape = (length,) if lanes is None else (lanes, length)
        numbers: NDArray[np.int64] = random.integers(0, 1 << _BERNOULLI_BITS, shape, dtype=np.uint16).astype(np.int64)
        return numbers
    return source(with_seed(mode, length, seed), length)


def source_pair(
    x_mode: str, w_mode: str, length: int, seed: int | None, lanes: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the sources of the activations and of the weights of a layer.

    All neurons share them, as in hardware. "bernoulli" draws both from independent children of the seed. An "lfsr" of
    the weights runs half a period ahead of one of the activations. A pair with equal numbers gives a
    SharedSourceWarning, because its streams would be correlated (A5, multiply).

    Args:
        x_mode: Mode of the activations.
        w_mode: Mode of the weights.
        length: L.
        seed: The seed, or None.
        lanes: Number of inputs, each of which has its own numbers with "bernoulli".

    Returns:
        Two arrays, each of shape (length,) or, with "bernoulli", (lanes, length).
    """
    check_mode(x_mode, length, "x_mode")
    check_mode(w_mode, length, "w_mode")
    for_x, for_w = (np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(2))
    # Half a period apart, so that two registers with the same seed do not share their phase.
    ahead = None if seed is None else seed + (length - 1) // 2
    r_x = source_numbers(x_mode, length, seed, lanes, for_x)
    r_w = source_numbers(w_mode, length, ahead, lanes, for_w)
    if np.array_equal(r_x, r_w):
        _warn(f"activations ({x_mode!r}) and weights ({w_mode!r})", "take another source or phase for one of them")
    return r_x, r_w


def _warn(what: str, advice: str) -> None:
    warnings.warn(
        f"{what} share number source and phase: their streams are correlated (SCC = +1), so the AND gate gives the "
        f"minimum instead of the product; {advice}",
        SharedSourceWarning,
        stacklevel=4,
    )


def shares_source(bits: ArrayLike, numbers: ArrayLike) -> bool:
    """Return whether a stream is [X > r(t)] for these very numbers: the same source in the same phase.

    That is so where the numbers at the ones of the stream are all below those at its zeros. The result is False where
    an unrelated stream with as many ones would pass more often than once in a thousand. So nothing is claimed about
    constant and very short streams.

    Args:
        bits: The stream, 0 and 1, shape (T,).
        numbers: Numbers of the source, shape (T,).

    Example:
        >>> shares_source([1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], range(16))
        True
    """
    b, r = checks.bits("bits", bits), np.asarray(numbers)
    require(r.shape == b.shape, f"numbers must have shape {b.shape}, got {r.shape}")
    ones = int(b.sum())
    few = min(ones, len(b) - ones, 64)
    if math.comb(len(b), few) < 1000:
        return False
    return bool(r[b].max() < r[~b].min())


def warn_if_shared(bits: NDArray[np.bool_], numbers: NDArray[np.int64], what: str, advice: str) -> None:
    """Give a SharedSourceWarning if the stream comes from these very numbers.

    Args:
        bits: The stream.
        numbers: Numbers of a source.
        what: What the warning calls the two.
        advice: What the warning tells the user to change.
    """
    if shares_source(bits, numbers):
        _warn(what, advice)


def bitstream_to_probability(bits: ArrayLike) -> float:
    """Return the fraction of ones of a stream, shape (T,) of 0 and 1, T ≥ 1 (A14, divided by T).

    >>> bitstream_to_probability([1, 0, 1, 1])
    0.75
    """
    return float(checks.bits("bits", bits).mean())


class BitstreamEncoder:
    """Values in [x_min, x_max] as streams of probability p = (x − x_min) / (x_max − x_min).

    The description of this module says what each mode costs and gives; docs/where_sc_pays.md has measured errors.
    "bernoulli" gives a new stream at each call, and `reset` starts its numbers again. All other modes give the same
    stream for the same value.

    Args:
        x_min: Least value.
        x_max: Greatest value.
        length: Bits of a stream.
        seed: For "bernoulli" and "lfsr", an integer of at least 0. None draws one for "bernoulli" (the attribute `seed`
            keeps it) and means 1 for "lfsr".
        mode: The number source: one of MODES, or any other that `sources.source` takes.

    Raises:
        ScError: For a bad value. A value within 1e-9 of the range is clipped instead.

    Example:
        >>> encoder = BitstreamEncoder(x_min=-1.0, x_max=1.0, length=16, mode="vdc")
        >>> encoder.encode(0.25).tolist()
        [1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0]
        >>> encoder.decode(encoder.encode(0.25))
        0.25
    """

    def __init__(
        self,
        x_min: float = 0.0,
        x_max: float = 1.0,
        length: int = 256,
        seed: int | None = None,
        mode: SourceLike = "bernoulli",
    ) -> None:
        self.x_min, self.x_max = checks.interval("x_min", x_min, "x_max", x_max)
        self.mode, self.length, self.seed = as_seeded_mode(mode, length, seed)
        self.reset()

    def reset(self) -> None:
        """Start the random numbers of "bernoulli" again from the seed. Other modes have no state."""
        self._generator = np.random.default_rng(self.seed)

    def encode(self, x: ArrayLike) -> NDArray[np.uint8]:
        """Return the stream of x, uint8 of shape (length,); for an array x of shape (*x.shape, length)."""
        values = checks.in_range("x", checks.floats("x", x), self.x_min, self.x_max)
        codes = probability_codes((values - self.x_min) / (self.x_max - self.x_min), self.mode, self.length)
        lanes = None if codes.ndim == 0 else codes.size
        r = source_numbers(self.mode, self.length, self.seed, lanes, self._generator)
        r = r.reshape(*codes.shape, self.length) if r.ndim == 2 else r
        return sng(codes[..., None], r).astype(np.uint8)

    def decode(self, bits: ArrayLike) -> float:
        """Return the value x_min + (x_max − x_min)·p for which a stream of any length stands."""
        return self.x_min + (self.x_max - self.x_min) * bitstream_to_probability(bits)


def as_seeded_mode(mode: SourceLike, length: int, seed: int | None) -> tuple[str, int, int | None]:
    """Return the checked (mode, L, seed) of one stream, with a drawn seed where "bernoulli" was given none.

    Raises:
        ScError: For a bad mode or length, or a seed where the mode draws nothing.
    """
    mode, length = as_mode(mode, length)
    checked = checks.seed(seed)
    require(checked is None or draws(mode), f"seed must be None with mode {mode!r}, which has none, got {seed!r}")
    return mode, length, fresh_seed() if checked is None and mode == "bernoulli" else checked


def fresh_seed() -> int:
    """Return a seed from the system's entropy. The caller keeps it, so that the run can be repeated."""
    return int(np.random.SeedSequence().generate_state(1, np.uint32)[0])
