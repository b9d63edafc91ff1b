"""The command line's streams: text for every terminal, and an end without a traceback.

Messages of this package use characters such as "…" and "≥". A terminal or a pipe whose encoding lacks them gets the
nearest text in ASCII, so that no message fails because of its characters. Colours appear on terminals only. If the
reader of the output goes away, as `| head` does, the program ends without an error message of Python.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
import warnings
from typing import Any

from .errors import ScWarning

__all__ = ["has_colours", "paint", "prepare", "printable", "silence"]

# What the messages use beyond ASCII, for terminals and pipes that lack it.
_PLAIN = {
    "…": "...",
    "–": "-",
    "—": "-",
    "−": "-",
    "·": "*",
    "×": "x",
    "±": "+/-",
    "²": "^2",
    "³": "^3",
    "µ": "u",
    "μ": "u",
    "≤": "<=",
    "≥": ">=",
    "≈": "~",
    "≠": "!=",
    "→": "->",
    "←": "<-",
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
    "√": "sqrt",
    "Σ": "sum",
    "∑": "sum",
    "∞": "inf",
    "∧": "&",
    "¬": "~",
    "°": " degrees",
    "β": "beta",
    "θ": "theta",
    "σ": "sigma",
    "Δ": "Delta",
    "α": "alpha",
    "τ": "tau",
}


def printable(text: str, keep: str = "") -> str:
    r"""Return a text with each character that a terminal would obey, such as Escape, written as an escape sequence.

    Names of classes, files and networks come from files of strangers; printed as they are, they could clear the screen
    or hide what stands before them.

    Args:
        text: What is to be printed.
        keep: Characters that stay as they are although they are not printable, such as a line feed.

    Example:
        >>> printable("cat\x1b[31m"), printable("a\nb"), printable("dög")
        ('cat\\x1b[31m', 'a\\nb', 'dög')
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else c.encode("unicode_escape").decode("ascii") for c in text)


def _readable(error: UnicodeError) -> tuple[str | bytes, int]:
    """Replace the characters that a stream's encoding lacks: by similar text in ASCII, or by their numbers.

    This is an error handler in the sense of `codecs.register_error`.

    Returns:
        The replacement, and the position in the text where encoding goes on.

    Raises:
        UnicodeError: The error is not one of encoding, and is passed on.
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    # A surrogate stands for a byte of a file's name that is no text.
    plain = "".join(_PLAIN.get(c) or c.encode("ascii", "backslashreplace").decode() for c in lacking)
    return plain, error.end


_COLOURS = {"bold": 1, "red": 31, "green": 32, "yellow": 33}


def has_colours(stream: Any) -> bool:
    """Return whether a stream is a terminal that shows colours, and its user wants them (https://no-color.org).

    The user turns colours off by the variable NO_COLOR with any value, or by TERM=dumb.

    Args:
        stream: A stream such as sys.stdout, or None.
    """
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    try:
        return bool(stream is not None and stream.isatty())
    except ValueError:  # it is closed
        return False


def paint(text: str, colour: str, stream: Any) -> str:
    """Return a text in "bold", "red", "green" or "yellow" where `stream` has colours, else unchanged.

    Args:
        text: The text.
        colour: Name of the look.
        stream: Where the text will be printed, such as sys.stdout.

    Example:
        >>> paint("warning:", "yellow", None)
        'warning:'
    """
    return f"\033[{_COLOURS[colour]}m{text}\033[0m" if has_colours(stream) else text


def _warning(message: Warning | str, category: type[Warning], *rest: Any) -> str:
    """Return a warning as it is printed: those of this package on one line, others as Python prints them.

    `prepare` puts this function in the place of `warnings.formatwarning`, which has the same arguments.
    """
    if issubclass(category, ScWarning):
        return f"{paint('warning:', 'yellow', sys.stderr)} {message}\n"
    return str(_format(message, category, *rest))


_format = warnings.formatwarning


def prepare() -> None:
    """Make standard output and error accept every character, and print this package's warnings as one line each.

    The command line calls it once, at its start.
    """
    codecs.register_error("sc_neurocore.readable", _readable)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="sc_neurocore.readable")
    warnings.formatwarning = _warning  # type: ignore[assignment]


def silence() -> None:
    """Drop what standard output and error cannot take, as after `| head` has ended.

    Otherwise the interpreter would try again at its end, and print an error.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)
