"""7-series FPGAs: a project folder for Vivado and for the open tools of openXC7, run with whichever is installed.

Neither comes as a wheel. Without both, the project is all that is written, beside what Yosys' synthesis says of its
area. `build` calls `placer`, `write_project`, `synthesise` and `place` in this
order.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ScError, require
from .boards import Board
from .families import xc7_figures
from .flow import SYSTEM, Progress, call, run_board
from .tools import OPENXC7, TOOLS, find, look

__all__ = ["CHIPDB", "PRJXRAY_DB", "Placer", "place", "placer", "synthesise", "write_project"]

#: Name of the project's makefile for openXC7.
MAKEFILE = "openxc7.mk"
#: Variables of the Makefile, and of the environment: the chip database of nextpnr-xilinx, and prjxray's.
CHIPDB = "XC7_CHIPDB"
PRJXRAY_DB = "PRJXRAY_DB_DIR"
#: The programs of openXC7 that a bitstream needs.
OPEN_TOOLS = ("nextpnr-xilinx", "fasm2frames", "xc7frames2bit")


@dataclass(frozen=True, slots=True)
class Placer:
    """The tools that place and route 7-series designs on this machine.

    Attributes:
        name: "vivado" or "openxc7"; "" if there are none.
        tools: name, version and origin of each tool.
        missing: where name is "", the tools and databases that are unavailable and how to get them, in words.
    """

    name: str
    tools: tuple[str, ...] = ()
    missing: str = ""


def placer() -> Placer:
    """Return the tools that place and route here: Vivado if it works, else openXC7 if it is complete, else none.

    openXC7 also needs two databases. The environment variables that `CHIPDB` and `PRJXRAY_DB` name give their paths.
    """
    vivado, remark = look("vivado")
    if vivado is not None:
        return Placer("vivado", (vivado.describe(),))
    open_tools = {name: look(name) for name in OPEN_TOOLS}
    absent = [why or name for name, (tool, why) in open_tools.items() if tool is None]
    unset = [
        f"{variable} ({what})"
        for variable, what, kind in (
            (CHIPDB, "the chip database of nextpnr-xilinx, a file", Path.is_file),
            (PRJXRAY_DB, "the database of prjxray, a folder", Path.is_dir),
        )
        if not kind(Path(os.environ.get(variable) or "/nowhere"))
    ]
    if not absent and not unset:
        return Placer("openxc7", tuple(tool.describe() for tool, _ in open_tools.values() if tool is not None))
    lacks = []
    if absent:
        lacks.append(f"{', '.join(absent)} on PATH")
    if unset:
        lacks.append(f"{' and '.join(unset)} in the environment")
    no_vivado = remark or "vivado was not found on PATH"
    return Placer(
        "",
        missing=f"no bitstream, for want of place and route for 7-series FPGAs: {no_vivado} "
        f"({TOOLS['vivado'].get}), and openXC7 lacks {', and '.join(lacks)} ({OPENXC7})",
    )


def _value(value: int | str) -> str:
    """Return a parameter as Yosys' command chparam takes it: text in quotes."""
    return f'"{value}"' if isinstance(value, str) else str(value)


def write_project(flow: Path, board: Board, parameters: Mapping[str, int | str], *, seed: int) -> Path:
    """Write the project of a design, and return its folder.

    The project has two ways to the bitstream: sc_neurocore.tcl and a Makefile for Vivado, by edalize; openxc7.mk and
    synth.ys for the open tools. Paths in it are relative.

    Args:
        flow: the work folder in which the design is staged; the project is its folder work.
        board: the board.
        parameters: parameters of its top.
        seed: seed of nextpnr-xilinx.
    """
    run_board(flow, board, parameters, build=False)
    work = flow / "work"
    files = sorted(str(p.relative_to(work)) for p in (work / "src").rglob("*.v"))
    (constraints,) = (work / "src").rglob(board.constraints)
    values = " ".join(f"-set {name} {_value(value)}" for name, value in parameters.items())
    (work / "synth.ys").write_text(
        f"read_verilog {' '.join(files)}\nchparam {values} {board.top}\n"
        f"synth_xilinx -family xc7 -flatten -abc9 -top {board.top}\n"
        f"write_json {SYSTEM}.json\ntee -q -o stat.json stat -json\n",
        encoding="utf-8",
    )
    part = f"{board.device}{board.package}-1"
    (work / MAKEFILE).write_text(
        f"""\
# Bitstream with openXC7: make -f {MAKEFILE} {CHIPDB}=... {PRJXRAY_DB}=...
# {CHIPDB}: chip database that nextpnr-xilinx reads for {board.device}, a .bin file.
# {PRJXRAY_DB}: prjxray's database, the folder that holds artix7.
{SYSTEM}.bit: {SYSTEM}.frames
\txc7frames2bit --part_file $({PRJXRAY_DB})/artix7/{part}/part.yaml --part_name {part} --frm_file $< --output_file $@

{SYSTEM}.frames: {SYSTEM}.fasm
\tfasm2frames --part {part} --db-root $({PRJXRAY_DB})/artix7 $< > $@.part
\tmv $@.part $@

{SYSTEM}.fasm: {SYSTEM}.json {constraints.relative_to(work)}
\tnextpnr-xilinx --chipdb $({CHIPDB}) --xdc {constraints.relative_to(work)} --json $< --fasm $@ \\
\t  --seed {seed} --timing-allow-fail --log next.log

{SYSTEM}.json: synth.ys
\tyosys -q -l yosys.log -s $<
""",
        encoding="utf-8",
    )
    return work


def synthesise(work: Path, say: Progress) -> dict[str, Any]:
    """Run the synthesis of a project, and return what the design takes before any placing.

    Args:
        work: the project.
        say: called with a line that names the tool.

    Returns:
        The figures of `families.xc7_figures`.

    Raises:
        ScError: Yosys is missing or fails.
    """
    tool = find("yosys")
    say(f"synthesis: {tool.describe()}")
    call([*tool.command, "-q", "-l", "yosys.log", "-s", "synth.ys"], work, tool.environment(), "synthesis")
    return xc7_figures(work / "stat.json")


def place(work: Path, which: Placer, mhz: float, say: Progress) -> dict[str, Any]:
    """Make the bitstream of a project, sc_neurocore.bit.

    Args:
        work: the project.
        which: the tools, with a name other than "".
        mhz: clock that the project asks for, in MHz.
        say: called with a line that names the tool.

    Returns:
        Fmax as "fmax_mhz" and, from Vivado, also "lut", "ff", "bram", "dsp" and "lcs" after routing.

    Raises:
        ScError: a tool fails, or leaves no report.
    """
    say(f"place and route: {which.tools[0]}")
    env = dict(os.environ)
    env.pop("EDALIZE_LAUNCHER", None)  # it knows the tools of the other flows
    make = find("make").command
    if which.name == "vivado":
        call([*make, f"{SYSTEM}.bit"], work, env, "Vivado")
        return _vivado_figures(work, mhz)
    call([*make, "-f", MAKEFILE], work, env, "openXC7")
    return {"fmax_mhz": _nextpnr_fmax(work / "next.log")}


def _report(work: Path, ending: str) -> str:
    """Return the text of the report of Vivado's implementation whose name has this ending; ScError if there is none."""
    found = sorted(work.glob(f"{SYSTEM}.runs/impl_1/*{ending}"))
    require(found, f"Vivado left no {SYSTEM}.runs/impl_1/*{ending} in {work}")
    return found[-1].read_text(encoding="utf-8", errors="replace")


def _vivado_figures(work: Path, mhz: float) -> dict[str, Any]:
    """Return Fmax and resources of the routed design, from Vivado's reports.

    Fmax follows from the worst slack (WNS, in ns): the clock's period less the slack is the longest delay.

    Args:
        work: the project.
        mhz: clock that the project asks for, in MHz.
    """
    timing = _report(work, "_timing_summary_routed.rpt")
    found = re.search(r"WNS\(ns\)[^\n]*\n[ -]*\n\s*(-?\d+\.\d+)", timing)
    if found is None:
        raise ScError(f"the timing report of Vivado in {work} has no worst slack (WNS)")
    out: dict[str, Any] = {"fmax_mhz": round(1000 / (1000 / mhz - float(found[1])), 2)}
    used = _report(work, "_utilization_placed.rpt")
    for name, row, factor in (
        ("lut", "Slice LUTs", 1),
        ("ff", "Slice Registers", 1),
        ("bram", "Block RAM Tile", 2),
        ("dsp", "DSPs", 1),
    ):
        cell = re.search(rf"^\|\s*{row}\*?\s*\|\s*([\d.]+)\s*\|", used, re.MULTILINE)
        if cell is None:
            raise ScError(f"the utilization report of Vivado in {work} has no row {row!r}")
        out[name] = round(float(cell[1]) * factor)
    return out | {"lcs": out["lut"]}


def _nextpnr_fmax(log: Path) -> float:
    """Return the Fmax of the slowest clock, in MHz, from the log of nextpnr-xilinx.

    The log tells it several times; the last time is that of the routed design.
    """
    text = log.read_text(encoding="utf-8", errors="replace")
    last: dict[str, float] = {}
    for clock, value in re.findall(r"Max frequency for clock\s+'([^']+)': ([\d.]+) MHz", text):
        last[clock] = float(value)
    require(last, f"{log} has no maximum frequency")
    return round(min(last.values()), 2)
