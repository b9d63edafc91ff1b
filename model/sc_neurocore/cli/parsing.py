"""The parser of the command line: argparse, with messages that say what is allowed, and with words that Tab completes.

A type of argument here checks one word and names in its message what is allowed: `Words` and its subclasses, and
functions such as `positive`. `add` connects it with completion.

argparse stays, because click, on which typer is built, takes as long to be imported as this whole command takes to
start, and argcomplete completes from argparse's parsers as they are.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

from ..errors import ScError, one_of
from ..names import DATASETS, network_folder, networks, not_a_data_set

__all__ = [
    "NETWORK",
    "Numbers",
    "Parser",
    "UsageError",
    "Words",
    "add",
    "artifact_dir",
    "data_set",
    "limits",
    "number",
    "positive",
    "sizes",
    "whole",
]


class UsageError(ScError):
    """Arguments that do not fit together.

    Attributes:
        usage: Some lines that say how the command is called.
    """

    def __init__(self, message: str, usage: str) -> None:
        super().__init__(message)
        self.usage = usage


class _Wrong(argparse.ArgumentTypeError):
    """A word that is not allowed.

    Attributes:
        whole: The message names what the word is, so the name of the option is not put before it.
    """

    def __init__(self, message: str, *, whole: bool = False) -> None:
        super().__init__(message)
        self.whole = whole


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that raises errors instead of ending the process.

    A word that is not allowed raises ScError, another mistake UsageError. The latter carries the usage of the
    subcommand that is meant, not of the whole program.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"formatter_class": _Formatter, "exit_on_error": False, **options})

    def parse_known_args(  # type: ignore[override]
        self, args: Iterable[str] | None = None, namespace: Any = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse as ArgumentParser does, but accept no argument that is left over.

        Args:
            args: The words.
            namespace: Where the values go; default a new Namespace.

        Returns:
            The values, and an empty list.

        Raises:
            ScError: A word is not one of those allowed.
            UsageError: An option is unknown or an argument is missing or left over.
        """
        words = list(args or ())
        self._check_options(words)
        try:
            found, rest = super().parse_known_args(words, namespace)
        except argparse.ArgumentError as error:
            self._refuse(error)
        if rest:
            self.error(f"there is no place for {' '.join(map(repr, rest))}")
        return found, rest

    def _options(self) -> list[str]:
        """Return the long options of this parser."""
        return [name for action in self._actions for name in action.option_strings if name.startswith("--")]

    def _check_options(self, words: Sequence[str]) -> None:
        """Refuse an unknown option first: argparse would rather complain of arguments that are missing."""
        known = self._options()
        for word in words:
            if word == "--" or (self._subparsers is not None and not word.startswith("-")):
                return
            name = word.partition("=")[0]
            if name.startswith("--") and not any(option.startswith(name) for option in known):
                self.error(one_of("option", name, known))

    def error(self, message: str) -> NoReturn:
        """Raise UsageError with argparse's message; one about missing arguments is made shorter."""
        required = message.removeprefix("the following arguments are required: ")
        raise UsageError(f"{required} must be given" if required != message else message, self.format_usage())

    def _refuse(self, error: argparse.ArgumentError) -> NoReturn:
        """Raise ScError or UsageError for an error of argparse, with the name of the argument where it helps."""
        cause, name = error.__context__, error.argument_name
        if isinstance(cause, _Wrong):
            raise ScError(error.message if cause.whole or not name else f"{name} {error.message}") from None
        self.error(f"{name} {error.message}" if name else error.message)


def _width() -> int:
    """Return the columns of help texts: two less than the terminal has, or COLUMNS says, at least 40."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return max(40, int(columns) - 2)
    try:
        return max(40, os.get_terminal_size().columns - 2)
    except (OSError, ValueError):  # not a terminal
        return 78


class _Formatter(argparse.HelpFormatter):
    """The layout of help texts: as wide as the terminal, with a wide column for the options.

    No word is broken, and an epilog keeps its lines.
    """

    def __init__(self, prog: str, **options: Any) -> None:
        # Left to itself argparse imports shutil for the width, and with it all of Python's compression.
        super().__init__(prog, **{"max_help_position": 30, "width": _width(), **options})

    def _split_lines(self, text: str, width: int) -> list[str]:
        from textwrap import wrap

        return wrap(" ".join(text.split()), width, break_on_hyphens=False, break_long_words=False)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(indent + part for line in text.splitlines() for part in self._split_lines(line, width))


class Words:
    """The type of an argument that is one of some words, or a file with one of some endings.

    Args:
        what: What a word names, as the message says it.
        known: The words, or a function that returns them; it is called when they are needed.
        more: What the message says of files.
        endings: Endings of the files that are accepted, such as ".npz".
        also: Says of any other text whether it is accepted.
        renamed: Earlier words, which are still understood, and their present names.

    Example:
        >>> Words("fruit", ["apple", "pear"], renamed={"alma": "apple"})("alma")
        'apple'
    """

    def __init__(
        self,
        what: str,
        known: Iterable[object] | Callable[[], Iterable[object]],
        *,
        more: str = "",
        endings: tuple[str, ...] = (),
        also: Callable[[str], bool] = lambda text: False,
        renamed: Mapping[str, str] | None = None,
    ) -> None:
        self.what, self.more, self.endings, self.also = what, more, endings, also
        self.renamed = renamed or {}
        self._known = known

    @property
    def known(self) -> tuple[str, ...]:
        """The words, as text."""
        return tuple(map(str, self._known() if callable(self._known) else self._known))

    def __call__(self, text: str) -> str:
        """Return the word, by its present name; raise ArgumentTypeError for a text that is not accepted."""
        text = self.renamed.get(text, text)
        if text in self.known or (self.endings and text.endswith(self.endings)) or self.also(text):
            return text
        raise _Wrong(one_of(self.what, text, self.known, self.more), whole=True)

    def __str__(self) -> str:
        """Return the words as a help text lists them."""
        return ", ".join(self.known)

    def complete(self, prefix: str, **_: Any) -> list[str]:
        """Return the words that begin with `prefix`, and files with the endings, for argcomplete."""
        found = [word for word in self.known if word.startswith(prefix)]
        if self.endings:
            from argcomplete.completers import FilesCompleter

            found += FilesCompleter(tuple(ending.lstrip(".") for ending in self.endings))(prefix)
        return found


class Numbers(Words):
    """The type of an argument that is one of some whole numbers.

    Example:
        >>> Numbers("data width", (8, 16))("16")
        16
    """

    def __call__(self, text: str) -> Any:
        """Return the number; raise ArgumentTypeError for any other."""
        value = _whole(text)
        if str(value) in self.known:
            return value
        raise _Wrong(one_of(self.what, text if value is None else value, self.known), whole=True)


class _DataSets(Words):
    """The type of --data, with a message that says how to make a file of arrays."""

    def __call__(self, text: str) -> str:
        if text in self.known or text.endswith(self.endings):
            return text
        raise _Wrong(not_a_data_set(text), whole=True)


#: The type of --data.
data_set = _DataSets("data set", DATASETS, endings=(".npz",))


class _Networks(Words):
    """The type of an artifact: its folder, or the name of a network that comes with the package."""

    def __call__(self, text: str) -> Any:
        """Return the folder of the artifact, which may not exist; `check` and reading it say so."""
        return network_folder(text)

    def check(self, path: object) -> None:
        """Refuse a single word that is neither a folder nor a known name. Of a longer path, reading says what is wrong.

        This is asked after all other words are checked, since they are wrong whatever the network is.
        """
        if isinstance(path, os.PathLike) and os.path.basename(path) == os.fspath(path) and not os.path.exists(path):
            raise ScError(one_of("network", os.fspath(path), self.known, " or the folder of an artifact"))

    def complete(self, prefix: str, **_: Any) -> list[str]:
        """Return the names of networks and the folders that begin with `prefix`."""
        from argcomplete.completers import DirectoriesCompleter

        return [*super().complete(prefix), *DirectoriesCompleter()(prefix)]


#: The type of an artifact's argument, and what a help text says of it.
artifact_dir = _Networks("network", networks)
NETWORK = "artifact: its folder, or a network that comes with the package"


def add(parser: Any, *names: str, **options: Any) -> argparse.Action:
    """Add an argument to a parser or a group of one, and return it.

    Args:
        parser: The parser or group.
        *names: The name of the argument, or its options, as add_argument takes them.
        **options: The same as those of add_argument. If the type is `Words`, Tab completes the argument by it.
    """
    action: argparse.Action = parser.add_argument(*names, **options)
    if isinstance(options.get("type"), Words):
        action.completer = options["type"].complete  # type: ignore[attr-defined]
    return action


def positive(text: str) -> int:
    """Return the whole number that `text` is; raise ArgumentTypeError unless it is at least 1."""
    value = _whole(text)
    if value is None or value < 1:
        raise _Wrong(f"must be a whole number of at least 1, got {text!r}")
    return value


def whole(text: str) -> int:
    """Return the whole number that `text` is; raise ArgumentTypeError for any other text."""
    value = _whole(text)
    if value is None:
        raise _Wrong(f"must be a whole number, got {text!r}")
    return value


def _whole(text: str) -> int | None:
    """Return the whole number that `text` is, or None."""
    try:
        return int(text)
    except ValueError:
        return None


def number(text: str) -> float:
    """Return the number that `text` is, such as 1e-3; raise ArgumentTypeError for any other text."""
    try:
        return float(text)
    except ValueError:
        raise _Wrong(f"must be a number, got {text!r}") from None


def sizes(text: str) -> tuple[int, ...]:
    """Return whole numbers of at least 1, with commas between them in the text.

    Example:
        >>> sizes("1,28,28")
        (1, 28, 28)
    """
    found = [_whole(part) for part in text.split(",")]
    if any(value is None or value < 1 for value in found):
        raise _Wrong(f"must be whole numbers of at least 1 with commas between them, such as 1,28,28, got {text!r}")
    return tuple(value for value in found if value is not None)


def limits(text: str) -> tuple[float, float]:
    """Return the two numbers of a text LOW,HIGH; raise ArgumentTypeError for any other text.

    Example:
        >>> limits("-1,0.5")
        (-1.0, 0.5)
    """
    try:
        low, high = map(float, text.split(","))
    except ValueError:
        raise _Wrong(f"must be LOW,HIGH, two numbers, got {text!r}") from None
    return low, high
