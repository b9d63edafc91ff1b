"""The registry of number sources: what a source is, how it is spelled, and how a new one is added.

A source is registered under a name, either by `register` or, from an installed package, by an entry point of the group
"sc_neurocore.sources". Everything in the package that needs a source accepts any of three forms:

* a spelling: the name, or the name, a colon and an argument: "vdc", "lfsr:5";
* L integers in 0 … L − 1, as an array or a list;
* a function that returns those integers for a given length.

The last two forms become a spelling as well (`as_source`): "numbers:0,4,2,6,…", which an artifact can hold.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks
from ..checks import shown
from ..errors import ScError, ScWarning, require
from .lengths import LOG2L_MAX, LOG2L_MIN, log2_in

__all__ = [
    "GROUP",
    "NUMBERS",
    "Argument",
    "Module",
    "Source",
    "SourceLike",
    "as_source",
    "is_row",
    "parse",
    "register",
    "registered",
    "seeded",
    "source",
    "spellings",
    "takes_seed",
    "unregister",
    "with_seed",
]

#: Group of entry points by which installed packages register sources. They are loaded at the first look-up.
GROUP = "sc_neurocore.sources"
#: What the spelling of given numbers begins with.
NUMBERS = "numbers"
#: What the package accepts as a source: a spelling, L integers, or a function that returns them for a length.
SourceLike = str | ArrayLike | Callable[[int], ArrayLike]
# Greatest log2 of a number of values: the longest LFSR has 2^24.
_GIVEN_LOG2L_MAX = 24
_NAME = re.compile(r"[a-z][a-z0-9_]*")
# A name, and behind a colon an optional decimal argument without leading zeros.
_SPELLING = re.compile(rf"({_NAME.pattern})(?::(0|[1-9][0-9]{{0,8}}))?")


@dataclass(frozen=True, slots=True)
class Argument:
    """The integer behind the colon of a spelling, such as the 5 of "lfsr:5".

    Attributes:
        name: What lists of sources call it, such as "seed".
        legal: Function of L that returns the range of legal values.
        default: The value that the bare name of the source means; None if an argument must be given.
        from_seed: Function (seed, L) → argument. Classes that take a seed, such as `BitstreamEncoder`, use it to choose
            the argument where only the bare name is given. None if a seed has no effect on this source.
        rule: How errors state the legal values, where these depend on L.
    """

    name: str
    legal: Callable[[int], range]
    default: int | None = None
    from_seed: Callable[[int, int], int] | None = None
    rule: str = ""

    def check(self, value: int, length: int) -> None:
        """Raise ScError if the value is not legal at this length."""
        legal = self.legal(length)
        text = f"{self.rule}, got {value} at L = {length}" if self.rule else f"{legal[0]} to {legal[-1]}, got {value}"
        require(value in legal, f"{self.name} must be in {text}")


def _no_parameters(length: int, argument: int) -> Mapping[str, int]:
    """Return no parameters: the default of a module that has none but LOG2L."""
    return {}


@dataclass(frozen=True, slots=True)
class Module:
    """The Verilog module of a source. Its ports, and its parameter LOG2L, are those of rtl/sc_vdc_source.v.

    Attributes:
        name: Name of the module.
        parameters: Function (L, argument) → the module's other parameters. The argument is 0 for a source without one.
        files: The Verilog files, in a fixed order, of a module that is not in rtl/. Each module in them needs a name of
            its own. They may instantiate any module of rtl/.
    """

    name: str
    parameters: Callable[[int, int], Mapping[str, int]] = _no_parameters
    files: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A number source: everything that the package has to know about one.

    Attributes:
        name: Lower-case letters, digits and underscores, beginning with a letter.
        description: One line of text for lists.
        numbers: Function L → r(0) … r(L − 1), integers in 0 … L − 1. With an argument the function is (L, argument) →
            the same.
        argument: The argument of the spelling, or None.
        log2_lengths: The least and the greatest log2 of a length, within 1 … 24.
        noun: What errors about the length call the source, where its lengths differ from those of A1 (window).
        once: Whether each value occurs exactly once in a window, so that a stream of code X has exactly X ones.
        module: Its RTL. None if there is none; a streaming design then holds the numbers as a table.

    Raises:
        ScError: If the name or the lengths are not legal, or a Verilog file does not exist.

    Example:
        >>> backwards = Source("backwards", "L - 1 - t", lambda length: np.arange(length)[::-1])
        >>> backwards.sequence(4).tolist()
        [3, 2, 1, 0]
    """

    name: str
    description: str
    numbers: Callable[..., ArrayLike]
    argument: Argument | None = None
    log2_lengths: tuple[int, int] = (LOG2L_MIN, LOG2L_MAX)
    noun: str = ""
    once: bool = True
    module: Module | None = None

    def __post_init__(self) -> None:
        require(
            isinstance(self.name, str) and _NAME.fullmatch(self.name) and self.name not in (NUMBERS, "bernoulli"),
            f"the name of a source must be small letters, digits and _, and not {NUMBERS!r} or 'bernoulli', got "
            f"{self.name!r}",
        )
        low, high = self.log2_lengths
        require(0 < low <= high <= _GIVEN_LOG2L_MAX, f"source {self.name}: log2_lengths must be in 1 … 24 and rise")
        for file in self.module.files if self.module else ():
            require(Path(file).is_file(), f"source {self.name}: there is no file {file}")

    @property
    def spelling(self) -> str:
        """The name with its argument, in brackets where that may be left out: "lfsr[:seed]"."""
        if self.argument is None:
            return self.name
        behind = f":{self.argument.name}"
        return self.name + (behind if self.argument.default is None else f"[{behind}]")

    def takes(self, length: int) -> bool:
        """Return whether the source has windows of this length."""
        low, high = self.log2_lengths
        return length in [1 << n for n in range(low, high + 1)]

    def every(self, length: int) -> Iterator[str]:
        """Yield each legal spelling at this length; none if the source has no such window."""
        if not self.takes(length):
            return
        if self.argument is None or self.argument.default is not None:
            yield self.name
        if self.argument is not None:
            yield from (f"{self.name}:{value}" for value in self.argument.legal(length))

    def sequence(self, length: int, argument: int | None = None) -> NDArray[np.int64]:
        """Return the numbers r(t) of one window, int64, shape (length,).

        Args:
            length: L.
            argument: The argument; None for the default, or for a source without one.

        Raises:
            ScError: If the length or the argument is not legal, or `numbers` returns anything but L integers in 0 … L −
                1, each of them once where `once` says so.
        """
        usual = self.log2_lengths == (LOG2L_MIN, LOG2L_MAX)
        # What Python counts as an integer is one from here on: NumPy's integers and tensors as well.
        length = 1 << log2_in(length, *self.log2_lengths, "length" if usual else f"length of {self.noun or self.name}")
        if self.argument is None:
            return _checked(self.numbers(length), length, self.once, f"source {self.name}")
        if argument is None:
            argument = self.argument.default
        require(argument is not None, f"source {self.name} needs its {self.argument.name}: {self.spelling}")
        assert argument is not None
        self.argument.check(argument, length)
        return _checked(self.numbers(length, argument), length, self.once, f"source {self.name}:{argument}")


def _checked(values: ArrayLike, length: int, once: bool, what: str) -> NDArray[np.int64]:
    """Return the numbers of a source as int64; refuse those that no window can have.

    Args:
        values: What the source returned.
        length: L, the number of values that are needed, and the bound that they stay below.
        once: Whether each value must occur exactly once.
        what: What the error calls the source.
    """
    times = "each of them exactly once" if once else "each of them any number of times"
    rule = f"{what} must give L = {length} integers in [0, {length - 1}], {times}"
    r = checks.array(what, values)
    require(r.dtype.kind in "iu", f"{rule}, got {r.dtype}")
    require(r.shape == (length,), f"{rule}, got an array of shape {r.shape}")
    wrong = np.flatnonzero((r < 0) | (r >= length))
    require(not wrong.size, f"{rule}, got r({wrong[:1].sum()}) = {r[wrong[:1].sum()]}")
    r = r.astype(np.int64)
    if once:
        seen = np.bincount(r, minlength=length)
        require(seen.max() == 1, f"{rule}, got {int(seen.argmax())} {int(seen.max())} times")
    return r


_REGISTRY: dict[str, Source] = {}


def register(new: Source, *, replace: bool = False) -> Source:
    """Make a source known under its name to everything that takes one, and return it.

    A network names its source and does not hold it. So a name should always mean the same sequence.

    Args:
        new: The source.
        replace: Whether it replaces a source of the same name that was registered before, as when a notebook cell is
            run again.

    Raises:
        ScError: If the name is taken and `replace` is false.
    """
    require(isinstance(new, Source), f"register takes a Source, got {shown(new)}")
    taken = new.name in _REGISTRY and not replace
    require(not taken, f"a source is called {new.name!r} already: choose another name, or register with replace=True")
    _REGISTRY[new.name] = new
    return new


def unregister(name: str) -> None:
    """Remove the source called `name` from the registry; raises ScError if there is none."""
    require(name in _REGISTRY, f"no source is called {name!r}")
    del _REGISTRY[name]


@cache
def _load_installed() -> None:
    """Load the sources of installed packages, once in a process; one that cannot be loaded gives a warning."""
    for found in entry_points(group=GROUP):
        try:
            loaded = found.load()  # of a module: its import registers
        except Exception as error:  # whatever somebody else's package does, it must not take the other sources away
            name = found.dist.name if found.dist else found.value
            warnings.warn(
                f"the number source {found.name} of {name} cannot be loaded: {error}", ScWarning, stacklevel=3
            )
            continue
        if isinstance(loaded, Source) and loaded.name not in _REGISTRY:
            register(loaded)


def registered(*, installed: bool = True) -> tuple[Source, ...]:
    """Return every known source, those without an argument first.

    Args:
        installed: Whether to look for the sources of installed packages first, which takes time at the first call.
    """
    if installed:
        _load_installed()
    return tuple(sorted(_REGISTRY.values(), key=lambda known: known.argument is not None))


def spellings() -> tuple[str, ...]:
    """Return how each known source is spelled; an argument is shown by its name.

    Example:
        >>> spellings()[:2], "lfsr[:seed]" in spellings()
        (('counter', 'vdc'), True)
    """
    return tuple(known.spelling for known in registered())


def parse(spelling: object) -> tuple[Source, int | None]:
    """Return the source that a spelling names, and its argument, or None where none is given.

    The argument is not checked against a length, because there is none yet; `Source.sequence` does that.

    Raises:
        ScError: If no source has this name, or an argument is missing or not expected.

    Example:
        >>> known, argument = parse("lfsr:5")
        >>> known.name, argument
        ('lfsr', 5)
    """
    found = _SPELLING.fullmatch(spelling) if isinstance(spelling, str) else None
    if found and found[1] not in _REGISTRY:
        _load_installed()
    known = _REGISTRY.get(found[1]) if found else None
    if found and known:
        given = None if found[2] is None else int(found[2])
        takes = known.argument
        if given is None and (takes is None or takes.default is not None):
            return known, None
        if given is not None and takes is not None:
            return known, given
    raise _unknown(spelling)


def _unknown(spec: object) -> ScError:
    """Return the error for something that is no source; it lists the spellings that exist."""
    return ScError(f"source must be one of {', '.join(spellings())}, got {shown(spec)}")


class _Numbers(str):
    """The spelling of numbers that were given. Messages show only its beginning, since it may be long."""

    __slots__ = ()

    def __repr__(self) -> str:
        return shown(str(self))


@lru_cache(maxsize=16)
def _read_numbers(text: str) -> NDArray[np.int64]:
    """Return the numbers of a spelling "numbers:…" from the text behind the colon, as a read-only array."""
    require(
        re.fullmatch(r"\d{1,8}(,\d{1,8})*", text, re.ASCII),
        f"the spelling of given numbers must be {NUMBERS}:r(0),r(1),…, got {shown(f'{NUMBERS}:{text}')}",
    )
    values = np.array(text.split(","), dtype=np.int64)
    values.setflags(write=False)
    return values


def is_row(spec: Any) -> bool:
    """Return whether this is a list, a tuple, a range, or an array of numbers with one axis.

    Such a row may hold the numbers of a source.
    """
    if isinstance(spec, Sequence):
        return not isinstance(spec, (str, bytes))
    return getattr(spec, "ndim", 0) == 1 and getattr(spec.dtype, "kind", "i") in "biuf"


def _given(spec: Any, length: int) -> NDArray[np.int64]:
    """Return the checked numbers that an array, a list or a function gives for this length."""
    length = 1 << log2_in(length, LOG2L_MIN, _GIVEN_LOG2L_MAX, "length")
    what = "a source given as numbers"
    if callable(spec):
        spec, what = spec(length), f"the source {getattr(spec, '__name__', 'given as a function')}"
    elif not is_row(spec):
        raise _unknown(spec)
    return _checked(spec, length, False, what)


def source(name: SourceLike, length: int) -> NDArray[np.int64]:
    """Return the numbers r(t), t = 0 … L − 1, of a source: int64, shape (length,).

    Args:
        name: A spelling ("counter", "vdc", "lfsr", "lfsr:<seed>", "sobol:<dim>", or one registered since), or L
            integers in 0 … L − 1, of which each may occur any number of times, or a function that returns them for a
            length.
        length: L, a power of two in the range of the source.

    Raises:
        ScError: If there is no source of this name; if the source does not have this length, seed or dimension; or if
            given numbers are too few, too many or out of range.

    Example:
        >>> source("sobol:1", 4).tolist()
        [0, 2, 3, 1]
        >>> source(lambda length: np.arange(length)[::-1], 4).tolist()
        [3, 2, 1, 0]
    """
    if not isinstance(name, str):
        return _given(name, length)
    kind, _, text = name.partition(":")
    if kind == NUMBERS:
        return _given(_read_numbers(text), length)
    known, argument = parse(name)
    return known.sequence(length, argument)


def as_source(spec: SourceLike, length: int) -> str:
    """Return a source as a spelling, which can be stored, compared and written to a file.

    Args:
        spec: A source in any form that `source` takes. Numbers and functions become "numbers:r(0),r(1),…".
        length: L, for which a function is called.

    Raises:
        ScError: As `source`.

    Example:
        >>> as_source([0, 2, 1, 3], 4)
        'numbers:0,2,1,3'
    """
    numbers = source(spec, length)
    if isinstance(spec, str) and not spec.startswith(f"{NUMBERS}:"):
        return spec
    return _Numbers(f"{NUMBERS}:{','.join(map(str, numbers.tolist()))}")


def seeded() -> tuple[str, ...]:
    """Return the names of the sources that a seed can start, such as "lfsr"."""
    return tuple(known.name for known in registered() if known.argument and known.argument.from_seed)


def takes_seed(spelling: str) -> bool:
    """Return whether a spelling is the bare name of a source that a seed can start.

    Example:
        >>> takes_seed("lfsr"), takes_seed("lfsr:5"), takes_seed("vdc")
        (True, False, False)
    """
    return spelling in seeded()


def with_seed(spelling: str, length: int, seed: int | None) -> str:
    """Return the full spelling, with its argument, of a source that a seed starts; return any other spelling unchanged.

    Args:
        spelling: A spelling of a source.
        length: L, on which the argument depends.
        seed: Any integer of at least 0, or None for the source's default argument.

    Example:
        >>> with_seed("lfsr", 16, 4), with_seed("lfsr", 16, None), with_seed("vdc", 16, 4)
        ('lfsr:5', 'lfsr:1', 'vdc')
    """
    if not takes_seed(spelling):
        return spelling
    takes = parse(spelling)[0].argument
    assert takes is not None
    assert takes.from_seed is not None
    return f"{spelling}:{takes.default if seed is None else takes.from_seed(seed, length)}"
