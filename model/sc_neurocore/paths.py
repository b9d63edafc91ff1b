"""Where the hardware sources and the cache are, work folders with safe names, and files that appear as a whole."""

from __future__ import annotations

import os
import re
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO

from .errors import ScError, ScWarning, os_error_text, require

__all__ = [
    "cache_folder",
    "cache_root",
    "hdl_root",
    "is_plain",
    "plain_folder",
    "rtl_files",
    "whole_file",
]

#: Environment variable that chooses the cache folder.
CACHE = "SC_NEUROCORE_CACHE"
# What make, a shell, a compiler and Yosys all take as it is, within a word.
_PLAIN = re.compile(r"[A-Za-z0-9_./+=@%,:-]*")


def hdl_root() -> Path:
    """Return the folder with rtl/, fpga/ and fusesoc.core: in the installed package or in the source tree.

    Raises:
        FileNotFoundError: If they are in neither.
    """
    package = Path(__file__).resolve().parent
    for root in (package / "hdl", package.parents[1]):
        if (root / "rtl").is_dir() and (root / "fusesoc.core").is_file():
            return root
    raise FileNotFoundError(f"rtl/ and fusesoc.core are neither in {package / 'hdl'} nor in {package.parents[1]}")


def rtl_files() -> list[Path]:
    """Return every Verilog file of rtl/, in a fixed order; raises ScError if there is none."""
    files = sorted((hdl_root() / "rtl").glob("*.v"))
    require(files, f"{hdl_root() / 'rtl'} holds no Verilog file")
    return files


def _user_cache() -> Path | None:
    """Return the user's own cache folder; None where the user has no home, as in many containers."""
    base = os.environ.get("XDG_CACHE_HOME")
    if base and os.path.isabs(base):  # the specification has a relative one ignored
        return Path(base)
    home = os.environ.get("HOME")
    if not home:
        try:
            import pwd

            home = pwd.getpwuid(os.getuid()).pw_dir
        except (ImportError, KeyError):
            return None
    return Path(home) / ".cache" if os.path.isabs(home) else None


def _own_temporary() -> Path:
    """Return a folder among the temporary ones that belongs to this user alone; it is made if it is not there.

    Raises:
        ScError: If another user owns it or may write to it.
    """
    import tempfile  # on demand: a start of the command needs none

    folder = Path(tempfile.gettempdir()) / f"sc-neurocore-{os.getuid()}"
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    # Everyone may write there: what another user put in its place is not run.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise ScError(f"{folder} is not a folder of yours alone: remove it, or set {CACHE} to a folder of yours")
    return folder


@cache
def _fallback(root: Path | None, why: str) -> Path:
    """Return the cache folder among the temporary ones, after a warning that says why; once in a process."""
    folder = _own_temporary()
    where = f"{root} cannot be written ({why})" if root else "you have no home folder"
    warnings.warn(f"{where}: the cache is kept in {folder}; set {CACHE} to choose another", ScWarning, stacklevel=2)
    return folder


def cache_root() -> Path:
    """Return the cache folder, and make it if needed.

    It is the folder that SC_NEUROCORE_CACHE names, else `sc-neurocore` in the user's cache folder. If that cannot be
    written, it is a folder among the temporary ones, and one warning says so.

    Raises:
        ScError: If the folder of SC_NEUROCORE_CACHE cannot be made, or no folder at all can be written.
    """
    chosen = os.environ.get(CACHE)
    if chosen:
        root = Path(chosen).absolute()  # tools run in other folders
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ScError(
                f"cache folder {root} cannot be made ({error.strerror}): set {CACHE} to a folder that can be written"
            ) from None
        return root
    user = _user_cache()
    root_or_none = user / "sc-neurocore" if user else None
    why = ""
    if root_or_none is not None:
        try:
            root_or_none.mkdir(parents=True, exist_ok=True)
            if os.access(root_or_none, os.W_OK | os.X_OK):
                return root_or_none
            why = "permission denied or read-only"
        except OSError as error:
            why = str(error.strerror)
    try:
        return _fallback(root_or_none, why)
    except OSError as error:
        raise ScError(
            f"no folder for the cache can be written ({os_error_text(error)}): set {CACHE} to one that can"
        ) from None


def cache_folder(*parts: str) -> Path:
    """Return a folder in `cache_root`, and make it if needed; raises ScError if that fails.

    Args:
        parts: Names of the folders, one in the other.
    """
    folder = cache_root().joinpath(*parts)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ScError(
            f"cache folder {folder} cannot be made ({error.strerror}): set {CACHE} to a folder that can be written"
        ) from None
    return folder


def is_plain(path: str | os.PathLike[str]) -> bool:
    """Return whether a path has only characters that makefiles, shells and scripts of tools leave as they are.

    Example:
        >>> is_plain("/home/me/nets"), is_plain("/home/me/My Nets"), is_plain("-nets")
        (True, False, False)
    """
    text = os.fspath(path)
    return _PLAIN.fullmatch(text) is not None and not text.startswith("-")


@contextmanager
def plain_folder(wanted: str | os.PathLike[str], prefix: str) -> Iterator[Path]:
    """Make a work folder with a plain path (`is_plain`), and remove it at the end of the `with` block.

    make and Verilator do not accept paths with spaces.

    Args:
        wanted: The folder in which it is made if that has a plain path itself; else it is among the temporary folders.
        prefix: Beginning of its name.

    Raises:
        ScError: If no such folder can be made; the message gives the reason for each place.
    """
    import tempfile

    places = [os.path.abspath(wanted)]
    with suppress(FileNotFoundError):
        places.append(os.path.abspath(tempfile.gettempdir()))
    places += ["/tmp", "/var/tmp"]
    reasons = []
    for place in places:
        if not is_plain(place):
            reasons.append(f"{place}: it has a space or another character that make does not take")
            continue
        try:
            folder = tempfile.TemporaryDirectory(prefix=prefix, dir=place)
        except OSError as error:
            reasons.append(os_error_text(error, what=place))
            continue
        with folder:
            yield Path(folder.name)
        return
    raise ScError("no folder for a build: " + "; ".join(reasons) + "; set TMPDIR to a folder with a plain name")


@contextmanager
def whole_file(path: str | os.PathLike[str], newline: str | None = None) -> Iterator[IO[str]]:
    """Open a text file for writing, in UTF-8, that gets its name only when it is complete.

    Until then an old file of that name stays as it is. After an error in the `with` block no new file is left.

    Args:
        path: The file.
        newline: As of `open`.
    """
    import tempfile

    target = Path(path)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:100]}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline=newline) as file:
            yield file
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
