"""The one exception for mistakes that a user can correct, the warnings, and what errors of the operating system mean.

`os_error_text` is the one place that turns an OSError into a line with its path and a remedy. `os_errors` raises that
line as a ScError where a caller knows more than the error does. The command line prints it for all other OSErrors.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager

__all__ = [
    "AgreementWarning",
    "DataWarning",
    "ScError",
    "ScWarning",
    "SharedSourceWarning",
    "SilentNetworkWarning",
    "one_of",
    "os_error_text",
    "os_errors",
    "require",
    "require_one_of",
]


class ScError(ValueError):
    """Bad input, which the user can correct: the message names the value and the rule.

    The command line prints it without a traceback. It is a ValueError, so code that knows only Python's exceptions
    catches it too.
    """


class ScWarning(UserWarning):
    """A call that is legal and runs as asked, but will hardly give what its caller wants; the message says why."""


class DataWarning(ScWarning):
    """Samples whose input codes say little about them, or many values of which are clipped; it names a remedy."""


class SharedSourceWarning(ScWarning):
    """Both inputs of a multiplier come from one number source in one phase: AND gives the minimum, not the product."""


class SilentNetworkWarning(ScWarning):
    """Neurons that cannot reach their threshold; the message states the steady-state voltage and the threshold."""


class AgreementWarning(ScWarning):
    """A converted network that gives most samples another class than its model does; the message says how many."""


def require(condition: object, message: str) -> None:
    """Raise ScError with this message unless the condition holds.

    Example:
        >>> require(2 > 1, "2 must be above 1")
    """
    if not condition:
        raise ScError(message)


def one_of(what: str, value: object, known: Iterable[object], more: str = "") -> str:
    """Return the message about a word that is none of `known`; it lists those that are, and proposes similar ones.

    Args:
        what: What the word names, such as "board".
        value: The word.
        known: The words that are allowed.
        more: What is allowed besides, such as " or the path of an .npz file".

    Example:
        >>> one_of("board", "icebraker", ["hx8k", "icebreaker"])
        "board must be one of hx8k, icebreaker, got 'icebraker': did you mean icebreaker?"
    """
    words = [str(word) for word in known]
    shown = " ".join(repr(value).split())
    shown = shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 1]}…"
    return f"{what} must be one of {', '.join(words)}{more}, got {shown}{_meant(value, words)}"


def require_one_of(what: str, value: object, known: Collection[object], more: str = "") -> None:
    """Raise ScError with the message of `one_of` unless the value is one of `known`; the arguments are the same."""
    if value not in known:
        raise ScError(one_of(what, value, known, more))


_SHOWN = 80


def _meant(value: object, words: Sequence[str]) -> str:
    """Return the question that proposes the words most similar to `value`, or "" if none is similar."""
    if not isinstance(value, str) or len(value) > _SHOWN:
        return ""
    text = value.strip().lower()
    near = [word for word in words if len(text) > 2 and word.lower().startswith(text)]
    if not near:
        from difflib import SequenceMatcher  # here: only a mistake needs it

        likeness = {word: SequenceMatcher(None, text, word.lower()).ratio() for word in words}
        best = max([0.6, *likeness.values()])
        near = [word for word, value in likeness.items() if value > best - 0.05]
    return f": did you mean {' or '.join(near[:3])}?" if near else ""


_WRITABLE = "choose a folder that you may write to, or change its permissions"
_REMEDIES = {
    errno.ENOSPC: "free some space, or choose a folder on another disk",
    errno.EDQUOT: "your quota is used up: delete files, or choose a folder on another disk",
    errno.EROFS: "choose a folder on a file system that can be written",
    errno.EACCES: _WRITABLE,
    errno.EPERM: _WRITABLE,
    errno.ENOENT: "check the name: each folder of the path must be there",
    errno.ENOTDIR: "a part of the path is a file: choose another path",
    errno.EEXIST: "choose another name, or move what is there away",
    errno.EISDIR: "it is a folder where a file is needed: choose another name",
    errno.ENOTEMPTY: "choose an empty or new folder",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ELOOP: "its links lead round in a circle: remove them",
    errno.EMFILE: "close other programs, or raise the limit of open files (ulimit -n)",
    errno.ENFILE: "close other programs: the system's table of open files is full",
    errno.ENOMEM: "close other programs, or use fewer samples at a time (--limit)",
    errno.EAGAIN: "too many processes or threads run: close some, or raise the limit (ulimit -u)",
    errno.EBUSY: "another program uses it: close that program",
    errno.ETXTBSY: "another program uses it: close that program",
    errno.EIO: "the disk or device failed: look at the system's log (dmesg)",
    errno.ENOEXEC: "it is not a program for this machine: install one of the right architecture",
    errno.EFBIG: "the file system or ulimit -f takes no larger file",
    errno.ESTALE: "the network file system lost it: mount it again",
    errno.EINVAL: "the file system does not take this name or operation: choose another folder",
}
# Below so many bytes a file system counts as full: no file of ours is larger than a few of these.
_FULL = 1 << 20


def _full(places: Iterable[str | os.PathLike[str]]) -> list[str]:
    """Return those of `places` whose file system is full, as folders that exist."""
    out = []
    for place in places:
        folder = os.path.abspath(os.fspath(place))
        while not os.path.isdir(folder) and folder != os.path.dirname(folder):
            folder = os.path.dirname(folder)
        try:
            found = os.statvfs(folder)
        except OSError:
            continue
        if found.f_bavail * found.f_frsize < _FULL and folder not in out:
            out.append(folder)
    return out


def os_error_text(error: OSError, places: Iterable[str | os.PathLike[str]] = (), what: str = "") -> str:
    """Return one line about an error of the operating system: the path, what is wrong, and what to do about it.

    Args:
        error: The error.
        places: Files or folders that were being written. The error of a full disk does not name the disk; those of
            `places` that are on a full file system are then named.
        what: The path to name if the error has none.

    Example:
        >>> os_error_text(PermissionError(13, "Permission denied", "/etc/shadow"))
        '/etc/shadow: permission denied: choose a folder that you may write to, or change its permissions'
    """
    names = [os.fsdecode(n) if isinstance(n, (str, bytes)) else "" for n in (error.filename, error.filename2)]
    path = " -> ".join(n for n in names if n)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        path = path or (what if what and _full([what]) else ", ".join(_full(places)))
    path = path or what
    reason = os.strerror(error.errno) if error.errno else " ".join(str(error).split()) or type(error).__name__
    text = reason[:1].lower() + reason[1:] if reason[1:2].islower() else reason
    remedy = _REMEDIES.get(error.errno or 0, "")
    return ": ".join(part for part in (path, text, remedy) if part)


@contextmanager
def os_errors(*places: str | os.PathLike[str], remedy: str = "") -> Iterator[None]:
    """Raise ScError in place of an OSError that occurs within the block.

    A BrokenPipeError is not replaced, because a reader that went away is not the fault of a file.

    Args:
        places: Files or folders that are being written; the first is named where the error names no file.
        remedy: What helps besides what `os_error_text` says.
    """
    try:
        yield
    except BrokenPipeError:
        raise  # a reader of ours that went away is no fault of a file
    except OSError as error:
        text = os_error_text(error, places, os.fspath(places[0]) if places else "")
        raise ScError(f"{text}; {remedy}" if remedy else text) from error
