"""Runs cocotb benches in Verilator: `run()` is the one way in for every test under tb/.

Builds lie in build/tb/ and are reused while the sources, the parameters and the tools are the same. Where the variable
SC_TB_COVERAGE names a folder, designs are built to count which lines run and which bits toggle, and each run leaves its
counts there (tools/bench_coverage.py).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from unittest import mock
from xml.etree import ElementTree

from cocotb_tools.runner import get_runner

from sc_neurocore.hardware.tools import verilator_command
from sc_neurocore.hardware.verilated import build_env
from sc_neurocore.paths import rtl_files

__all__ = ["BUILD", "COVERAGE", "TB", "BenchFailure", "build", "run", "tool_env"]

TB = Path(__file__).resolve().parent
BUILD = TB.parent / "build" / "tb"

# Registers without a reset and x start at random, so that a design which needs them to be 0 fails.
ARGUMENTS = [
    "--language",
    "1364-2005",
    "--x-initial",
    "unique",
    "--x-assign",
    "unique",
    "--output-split",
    "0",
]
# Most benches are as fast as their Python: the model is compiled quickly, and the libraries, which are kept, to run
# quickly.
MAKEFLAGS = "OPT_FAST={} OPT_SLOW=-O0 OPT_GLOBAL=-O1"
COVERAGE = "SC_TB_COVERAGE"


class BenchFailure(AssertionError):
    """A bench that failed, crashed, or ran no test."""


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _digest(*parts: object) -> str:
    h = hashlib.sha256()
    for part in parts:
        h.update(part if isinstance(part, bytes) else repr(part).encode())
        h.update(b"\0")
    return h.hexdigest()


def tool_env(optimise: str = "-O0") -> dict[str, str]:
    """Return the environment in which Verilator builds for a bench, the model with the compiler's flag `optimise`."""
    env = build_env(BUILD / "objects")
    env["MAKEFLAGS"] = MAKEFLAGS.format(optimise)
    return env


def _tail(path: Path, characters: int = 6000) -> str:
    return path.read_text(errors="replace")[-characters:] if path.is_file() else f"(no {path.name})"


def build(
    toplevel: str,
    parameters: Mapping[str, int | str] | None = None,
    *,
    sources: Sequence[Path] = (),
    defines: Mapping[str, str] | None = None,
    public_depth: int | None = None,
    optimise: str = "-O0",
) -> Path:
    """Compile `toplevel` from rtl/ and `sources` for cocotb, if that has not been done; return the build folder.

    A string parameter is given without quotes. public_depth: levels of the hierarchy, from the top, whose signals
    the bench can see; default all, which makes a large design slow to compile. optimise: of the C++ compiler, for the
    model; -O1 pays where a bench runs for many clocks in which its Python does nothing. Raises BenchFailure with the
    compiler's output.
    """
    values = {k: f'"{v}"' if isinstance(v, str) else v for k, v in (parameters or {}).items()}
    files = [*rtl_files(), *map(Path, sources)]
    identity = (
        sorted(values.items()),
        sorted((defines or {}).items()),
        [str(p) for p in sources],
        public_depth,
        optimise,
    )
    # cocotb's runner asks for every signal; the last word counts.
    seen = [] if public_depth is None else ["--no-public-flat-rw", "--public-depth", str(public_depth)]
    counted = ["--coverage-line", "--coverage-toggle"] if COVERAGE in os.environ else []
    folder = BUILD / f"{toplevel}-{_digest(*identity)[:12]}{'-coverage' if counted else ''}"
    stamp, log = folder / "built", folder / "build.log"
    tools = (verilator_command(), version("cocotb"), ARGUMENTS, MAKEFLAGS)
    content = _digest(identity, tools, *(p.read_bytes() for p in files))
    with _locked(BUILD / f"{folder.name}.lock"):
        if stamp.is_file() and stamp.read_text() == content and (folder / toplevel).is_file():
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        runner = get_runner("verilator")
        try:
            with mock.patch.dict(os.environ, tool_env(optimise)):
                runner.build(
                    hdl_toplevel=toplevel,
                    sources=files,
                    parameters=values,
                    defines=dict(defines or {}),
                    build_args=[*ARGUMENTS, *seen, *counted],
                    build_dir=folder,
                    timescale=("1ns", "1ps"),
                    log_file=log,
                )
        except (RuntimeError, SystemExit) as error:
            raise BenchFailure(f"{toplevel} {dict(values)}: build failed ({error})\n{_tail(log)}") from None
        stamp.write_text(content)
    return folder


def run(
    module: str,
    toplevel: str,
    parameters: Mapping[str, int | str] | None = None,
    *,
    sources: Sequence[Path] = (),
    defines: Mapping[str, str] | None = None,
    public_depth: int | None = None,
    optimise: str = "-O0",
    testcase: str | Sequence[str] | None = None,
    seed: int = 1,
    files: Mapping[str, str] | None = None,
    env: Mapping[str, str] | None = None,
    plusargs: Sequence[str] = (),
) -> int:
    """Run the cocotb tests of the Python module `module` on `toplevel`; return how many passed.

    sources: Verilog files beside rtl/. public_depth, optimise: as in `build`. testcase: names of tests, default all.
    seed: of Python's `random`, of cocotb's RANDOM_SEED and of the registers' initial values; the variable SC_TB_SEED
    overrides it. files: name → text of files in the folder in which the simulation runs. env: further variables for
    the bench.
    Raises BenchFailure if a test failed, if the simulation crashed or exited non-zero, or if no test ran; the
    message has the end of the log, and the folder is kept.
    """
    seed = int(os.environ.get("SC_TB_SEED", seed))
    folder = build(toplevel, parameters, sources=sources, defines=defines, public_depth=public_depth, optimise=optimise)
    here = Path(tempfile.mkdtemp(prefix="run-", dir=folder))
    for name, text in (files or {}).items():
        (here / name).write_text(text)
    log, results = here / "sim.log", here / "results.xml"
    what = f"{module} on {toplevel} {dict(parameters or {})}, seed {seed}"
    crash = ""
    runner = get_runner("verilator")
    try:
        runner.test(
            test_module=module,
            hdl_toplevel=toplevel,
            hdl_toplevel_lang="verilog",
            build_dir=folder,
            test_dir=here,
            results_xml=str(results),
            testcase=testcase,
            seed=seed,
            extra_env={**(env or {}), "COCOTB_ANSI_OUTPUT": "0"},
            plusargs=["+verilator+rand+reset+2", f"+verilator+seed+{seed % 2**31 or 1}", *plusargs],
            log_file=log,
        )
    except (RuntimeError, SystemExit) as error:
        crash = str(error) or "failed"
    passed, bad = _outcome(results)
    if bad or crash or not passed:
        reason = f"failed: {', '.join(bad)}" if bad else crash or "no test ran"
        raise BenchFailure(f"{what}: {reason}; in {here}\n{_tail(log)}")
    print(f"{what}: {passed} passed")
    if kept := os.environ.get(COVERAGE):
        shutil.move(here / "coverage.dat", Path(kept) / f"{folder.name}-{here.name}.dat")
    shutil.rmtree(here)
    return passed


def _outcome(results: Path) -> tuple[int, list[str]]:
    """Return the number of tests that passed and the names of those that did not; a skipped one counts as neither."""
    if not results.is_file():
        return 0, []
    passed, bad = 0, []
    for case in ElementTree.parse(results).getroot().iter("testcase"):
        tags = {child.tag for child in case}
        if tags & {"failure", "error"}:
            bad.append(str(case.get("name")))
        elif "skipped" not in tags:
            passed += 1
    return passed, bad
