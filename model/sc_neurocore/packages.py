"""The Python packages that single commands need: asked for before the work begins, and named where they are missing."""

from __future__ import annotations

import sys

from .errors import ScError

__all__ = ["is_here", "missing_package", "require_packages"]

#: Packages by the name they are installed under, where it is not the name that is imported.
_DISTRIBUTIONS = {"sklearn": "scikit-learn", "serial": "pyserial", "yaml": "pyyaml"}
#: All that this package and its studies import of others.
_KNOWN = (
    "amaranth",
    "argcomplete",
    "edalize",
    "fusesoc",
    "h5py",
    "jinja2",
    "llvmlite",
    "matplotlib",
    "nir",
    "numba",
    "numpy",
    "pyosys",
    "scipy",
    "serial",
    "sklearn",
    "tensorboard",
    "tomli",
    "torch",
    "yaml",
)


def is_here(module: str) -> bool:
    """Return whether a module can be imported, without importing it."""
    if module in sys.modules:
        return sys.modules[module] is not None  # None: imports of it are refused
    from importlib.util import find_spec

    return find_spec(module) is not None


def _line(what: str, modules: list[str]) -> str:
    """Return the message that `what` needs these modules, with the command that installs them."""
    names = [_DISTRIBUTIONS.get(module, module) for module in modules]
    return f"{what} needs {' and '.join(names)}: pip install {' '.join(names)}"


def require_packages(what: str, *modules: str) -> None:
    """Raise ScError with the command that installs them unless all modules can be found; nothing is imported.

    Long work asks at its beginning for what it needs at its end.

    Args:
        what: What needs the modules, for the message.
        modules: Their names, as they are imported.

    Example:
        >>> require_packages("the study", "numpy")
    """
    missing = [module for module in modules if not is_here(module)]
    if missing:
        raise ScError(_line(what, missing))


def missing_package(error: BaseException) -> str:
    """Return the message about a package of `_KNOWN` that an import did not find, or "" for any other error.

    Example:
        >>> missing_package(ModuleNotFoundError("No module named 'numba'", name="numba"))
        'this needs numba: pip install numba'
    """
    module = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    return _line("this", [module]) if module in _KNOWN else ""
