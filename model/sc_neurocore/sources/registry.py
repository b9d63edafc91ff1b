"""The registry of number sources: what a source is, how it is spelled, and where a new one comes in.

A source is registered under a name, by `register` or, from an installed package, by an entry point of the group
"sc_neurocore.sources". Wherever the package takes a source it takes three things:

* a spelling: the name, or the name, a colon and an argument: "vdc", "lfsr:5";
* L integers in 0 … L − 1, as an array or a list;
* a function that returns those integers for a length.

The last two become a spelling as well (`as_source`): "numbers:0,4,2,6,…", which an artifact can hold.
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

#: Entry points of installed packages that register sources when they are loaded.
GROUP = "sc_neurocore.sources"
#: What the spelling of given numbers begins with.
NUMBERS = "numbers"
#: What the package takes for a source: a spelling, L integers, or a function that returns them for a length.
SourceLike = str | ArrayLike | Callable[[int], ArrayLike]
# Numbers that are given and not registered may be as many as the longest LFSR's.
_GIVEN_LOG2L_MAX = 24
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_SPELLING = re.compile(rf"({_NAME.pattern})(?::(0|[1-9][0-9]{{0,8}}))?")


@dataclass(frozen=True, slots=True)
class Argument:
    """The integer behind the colon of a spelling, such as the 5 of "lfsr:5".

    name: as lists of sources print it. legal: L → the values that it may have. default: what the bare name means; None
    where an argument must be given. from_seed: (seed, L) → argument, where the classes that take a seed
    (`BitstreamEncoder` …) may choose the argument of the bare name by it. rule: how errors state `legal`, where that
    depends on L.
    """

    name: str
    legal: Callable[[int], range]
    default: int | None = None
    from_seed: Callable[[int, int], int] | None = None
    rule: str = ""

    def check(self, value: int, length: int) -> None:
        """Raise ScError for a value that is not legal at this length."""
        legal = self.legal(length)
        text = f"{self.rule}, got {value} at L = {length}" if self.rule else f"{legal[0]} to {legal[-1]}, got {value}"
        require(value in legal, f"{self.name} must be in {text}")


def _no_parameters(length: int, argument: int) -> Mapping[str, int]:
    return {}


@dataclass(frozen=True, slots=True)
class Module:
    """The Verilog module of a source: parameter LOG2L and ports as rtl/sc_vdc_source.v.

    parameters: (L, argument) → the module's other parameters; the argument is 0 for a source that has none.
    files: the Verilog files, in a fixed order, of a module that is not in rtl/; each module of them has a name of its
    own, and they may instantiate any module of rtl/.
    """

    name: str
    parameters: Callable[[int, int], Mapping[str, int]] = _no_parameters
    files: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A number source: all that the package has to know of one.

    name: small letters, digits and _. description: one line. numbers: (L) → r(0) … r(L − 1), integers in 0 … L − 1, or
    (L, argument) → the same for a source with an argument. log2_lengths: the least and the greatest log2 L. noun: what
    errors about the length call it, where lengths differ from those of A1. once: whether each value occurs exactly once
    in a window, so that a stream of code X has exactly X ones. module: its RTL, None where there is none: a streaming
    design then takes a table of the numbers.

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
        """The name with its argument, in brackets where it may be left out: "lfsr[:seed]"."""
        if self.argument is None:
            return self.name
        behind = f":{self.argument.name}"
        return self.name + (behind if self.argument.default is None else f"[{behind}]")

    def takes(self, length: int) -> bool:
        """Whether there is a window of that length."""
        low, high = self.log2_lengths
        return length in [1 << n for n in range(low, high + 1)]

    def every(self, length: int) -> Iterator[str]:
        """Yield each legal spelling at a length, none where the source has no such window."""
        if not self.takes(length):
            return
        if self.argument is None or self.argument.default is not None:
            yield self.name
        if self.argument is not None:
            yield from (f"{self.name}:{value}" for value in self.argument.legal(length))

    def sequence(self, length: int, argument: int | None = None) -> NDArray[np.int64]:
        """Return r(t), shape (length,); argument: None for the default or a source that has none.

        Raises ScError for a length or an argument that there is not, and where `numbers` breaks its promise.
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
    """Return the numbers of a source as int64, refusing any that no window can have."""
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
    """Make a source known under its name to all that takes one, and return it.

    replace: whether a source of that name, registered before, gives way: for work in a notebook. A network names its
    source and does not hold it, so a name should mean one sequence for ever. Raises ScError for a name that is taken.
    """
    require(isinstance(new, Source), f"register takes a Source, got {shown(new)}")
    taken = new.name in _REGISTRY and not replace
    require(not taken, f"a source is called {new.name!r} already: choose another name, or register with replace=True")
    _REGISTRY[new.name] = new
    return new


def unregister(name: str) -> None:
    """Forget the source called `name`."""
    require(name in _REGISTRY, f"no source is called {name!r}")
    del _REGISTRY[name]


@cache
def _load_installed() -> None:
    """Load the sources of installed packages, once."""
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


def registered() -> tuple[Source, ...]:
    """Return every source, those without an argument first."""
    _load_installed()
    return tuple(sorted(_REGISTRY.values(), key=lambda known: known.argument is not None))


def spellings() -> tuple[str, ...]:
    """Return how each source is spelled, its argument by name.

    >>> spellings()[:4]
    ('counter', 'vdc', 'lfsr[:seed]', 'sobol:dim')
    """
    return tuple(known.spelling for known in registered())


def parse(spelling: object) -> tuple[Source, int | None]:
    """Return the source that a spelling names, and its argument, None where none is given.

    Raises ScError for a name or an argument that no source has, whatever the length.

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
    return ScError(f"source must be one of {', '.join(spellings())}, got {shown(spec)}")


class _Numbers(str):
    """The spelling of numbers that were given: a message shows its beginning only."""

    __slots__ = ()

    def __repr__(self) -> str:
        return shown(str(self))


@lru_cache(maxsize=16)
def _read_numbers(text: str) -> NDArray[np.int64]:
    require(
        re.fullmatch(r"\d{1,8}(,\d{1,8})*", text, re.ASCII),
        f"the spelling of given numbers must be {NUMBERS}:r(0),r(1),…, got {shown(f'{NUMBERS}:{text}')}",
    )
    values = np.array(text.split(","), dtype=np.int64)
    values.setflags(write=False)
    return values


def is_row(spec: Any) -> bool:
    """Whether it is a list, a tuple, a range or an array of one axis, of numbers: what may be those of a source."""
    if isinstance(spec, Sequence):
        return not isinstance(spec, (str, bytes))
    return getattr(spec, "ndim", 0) == 1 and getattr(spec.dtype, "kind", "i") in "biuf"


def _given(spec: Any, length: int) -> NDArray[np.int64]:
    """Return the numbers that an array, a list or a function gives."""
    length = 1 << log2_in(length, LOG2L_MIN, _GIVEN_LOG2L_MAX, "length")
    what = "a source given as numbers"
    if callable(spec):
        spec, what = spec(length), f"the source {getattr(spec, '__name__', 'given as a function')}"
    elif not is_row(spec):
        raise _unknown(spec)
    return _checked(spec, length, False, what)


def source(name: SourceLike, length: int) -> NDArray[np.int64]:
    """Return r(t), t = 0 … L − 1, of a source: shape (length,), int64.

    name: a spelling ("counter", "vdc", "lfsr", "lfsr:<seed>", "sobol:<dim>", and those registered since), L integers in
    0 … L − 1, of which each may occur any number of times, or a function that returns them for a length.
    Raises ScError for another name, for a length, seed or dimension that the source does not have, and for numbers that
    are too few, too many or out of range.

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
    """Return a source as a spelling, which can be kept, compared and written to a file.

    spec: as of `source`; numbers and functions become "numbers:r(0),r(1),…". Raises ScError as `source`.

    >>> as_source([0, 2, 1, 3], 4)
    'numbers:0,2,1,3'
    """
    numbers = source(spec, length)
    if isinstance(spec, str) and not spec.startswith(f"{NUMBERS}:"):
        return spec
    return _Numbers(f"{NUMBERS}:{','.join(map(str, numbers.tolist()))}")


def seeded() -> tuple[str, ...]:
    """Return the names of the sources that a seed may start."""
    return tuple(known.name for known in registered() if known.argument and known.argument.from_seed)


def takes_seed(spelling: str) -> bool:
    """Whether it is the bare name of a source that a seed may start.

    >>> takes_seed("lfsr"), takes_seed("lfsr:5"), takes_seed("vdc")
    (True, False, False)
    """
    return spelling in seeded()


def with_seed(spelling: str, length: int, seed: int | None) -> str:
    """Return the whole spelling of a source that a seed starts, any other as it is; seed: None for the default.

    >>> with_seed("lfsr", 16, 4), with_seed("lfsr", 16, None), with_seed("vdc", 16, 4)
    ('lfsr:5', 'lfsr:1', 'vdc')
    """
    if not takes_seed(spelling):
        return spelling
    takes = parse(spelling)[0].argument
    assert takes is not None
    assert takes.from_seed is not None
    return f"{spelling}:{takes.default if seed is None else takes.from_seed(seed, length)}"
