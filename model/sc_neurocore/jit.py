"""Numba for this package: the one place that decides where compiled code is stored.

That is the folder `numba` in the package's cache folder, unless the user has set NUMBA_CACHE_DIR. Numba's own choice,
beside the sources or in the home folder, makes the import fail where neither can be written. Where no folder can be
written, or the disk is full, each process compiles the code again, and one warning says so.

`njit` and `cfunc` take the place of the decorators of the same names in Numba.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar, cast

import numba

from .errors import ScError, ScWarning, os_error_text
from .paths import cache_folder

__all__ = ["cfunc", "njit"]

_config: Any = numba.config
Compiled = TypeVar("Compiled", bound=Callable[..., Any])

# A folder that does not take so many bytes takes no compiled function either.
_PROBE = 1 << 18


@cache
def _folder() -> str | None:
    """Return the folder for compiled code, or None if no folder takes it.

    A file is written there for a try, since a full disk shows only then. The answer is found once in a process. None
    comes with an `ScWarning` that says why.
    """
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    try:
        folder = chosen or str(cache_folder("numba"))
        os.makedirs(folder, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0" * _PROBE)
        return folder
    except OSError as error:
        why = os_error_text(error, what=folder)
    except ScError as error:
        why = str(error)
    warnings.warn(f"compiled code is not kept, so each start compiles it anew: {why}", ScWarning, stacklevel=2)
    return None


def _kept(decorator: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Return Numba's decorator, which sees our cache folder only while it decorates one of our functions.

    Args:
        decorator: numba.njit or numba.cfunc.
        arguments: Its positional arguments.
        options: Its keyword arguments, without `cache`, which this function sets.
    """

    def decorate(function: Any) -> Any:
        folder = _folder()
        before = _config.CACHE_DIR
        # Numba looks for the folder while it decorates; code of the user's own is not ours to place.
        _config.CACHE_DIR = folder or ""
        try:
            return decorator(*arguments, cache=folder is not None, **options)(function)
        finally:
            _config.CACHE_DIR = before

    return decorate


def njit(**options: Any) -> Callable[[Compiled], Compiled]:
    """Return the decorator numba.njit with these options, for code that is stored in the cache folder.

    Args:
        **options: Options of numba.njit, except `cache`.

    Example:
        @njit(nogil=True)
        def total(a): ...
    """
    return cast("Callable[[Compiled], Compiled]", _kept(numba.njit, (), options))


def cfunc(signature: Any, **options: Any) -> Any:
    """Return the decorator numba.cfunc for a signature, for code that is stored in the cache folder.

    Args:
        signature: Types of the C function, as numba.cfunc takes them.
        **options: Other options of numba.cfunc, except `cache`.
    """
    return _kept(numba.cfunc, (signature,), options)
