"""Reading files that others wrote: no more than they may hold, and without waiting for what is not a file.

A network or a data set may come from a stranger. An open call on a FIFO would wait for ever, a device may never end,
and a huge file would fill the memory. Here all of these are refused by name.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from .errors import ScError, require

__all__ = ["read_limited"]

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


def _check(path: Path, mode: int) -> None:
    """Raise ScError unless the mode, from `os.stat`, is that of a regular file."""
    kind = next((name for is_kind, name in _KINDS if is_kind(mode)), "of another kind")
    require(stat.S_ISREG(mode), f"{path}: cannot be read: not a regular file but {kind}")


def read_limited(path: str | os.PathLike[str], most: int, what: str) -> bytes:
    """Return the content of a regular file of at most `most` bytes; links are followed.

    Args:
        path: The file.
        most: Greatest size in bytes.
        what: What the file is, as in "a layer of 8 words", for the message about a larger one.

    Raises:
        ScError: If the file cannot be read, is a folder, a FIFO, a device or a socket, or is larger. A larger file is
            not read whole. The message names the file.
    """
    name = Path(path)
    require("\0" not in str(name), f"{str(name)!r}: no file has a name with NUL in it")
    try:
        _check(name, os.stat(name).st_mode)  # before it is opened: to open some devices does something
        descriptor = os.open(name, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            _check(name, status.st_mode)
            size, data = status.st_size, b""
            if size <= most:
                data = file.read(most + 1)  # some files, as those of /proc, do not state their size
                size = max(size, len(data))
    except OSError as error:
        raise ScError(f"{name}: cannot be read ({error.strerror})") from None
    require(
        size <= most, f"{name}: larger than {what}: at most {most} bytes, got {size}{' or more' * (len(data) > most)}"
    )
    return data
