"""7-series FPGAs: a project folder for Vivado and for the open tools of openXC7, run with whichever is on PATH.

Neither comes as a wheel. Without both, the project is all that is written, beside what Yosys' synthesis says of its
area.
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

MAKEFILE = "openxc7.mk"
#: Variables of the Makefile, and of the environment: the chip database of nextpnr-xilinx, and prjxray's.
CHIPDB = "XC7_CHIPDB"
PRJXRAY_DB = "PRJXRAY_DB_DIR"
OPEN_TOOLS = ("nextpnr-xilinx", "fasm2frames", "xc7frames2bit")


@dataclass(frozen=True, slots=True)
class Placer:
    """The tools that place and route here. name: "vivado", "openxc7" or "", then `missing` says what there is not."""

    name: str
    tools: tuple[str, ...] = ()
    missing: str = ""


def placer() -> Placer:
    """Return Vivado if it works here, else the open tools if they and their databases are here, else what is not."""
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
    return f'"{value}"' if isinstance(value, str) else str(value)


def write_project(flow: Path, board: Board, parameters: Mapping[str, int | str], *, seed: int) -> Path:
    """Write the project into flow/work, for a design staged in `flow`, and return that folder.

    Vivado's: sc_neurocore.tcl and its Makefile, by edalize. The open tools': openxc7.mk, synth.ys. Paths are relative.
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
    """Run synth.ys in a project and return what the design takes, before any placing."""
    tool = find("yosys")
    say(f"synthesis: {tool.describe()}")
    call([*tool.command, "-q", "-l", "yosys.log", "-s", "synth.ys"], work, tool.environment(), "synthesis")
    return xc7_figures(work / "stat.json")


def place(work: Path, which: Placer, mhz: float, say: Progress) -> dict[str, Any]:
    """Make the bitstream of a project, sc_neurocore.bit, and return what the tools report, Fmax at least.

    mhz: the clock that the project asks for.
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
    found = sorted(work.glob(f"{SYSTEM}.runs/impl_1/*{ending}"))
    require(found, f"Vivado left no {SYSTEM}.runs/impl_1/*{ending} in {work}")
    return found[-1].read_text(encoding="utf-8", errors="replace")


def _vivado_figures(work: Path, mhz: float) -> dict[str, Any]:
    """Return Fmax, from the worst slack of the routed design, and its resources, from Vivado's reports."""
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
    """Return the last Fmax that nextpnr-xilinx says in its log: the routed one, of the slowest clock."""
    text = log.read_text(encoding="utf-8", errors="replace")
    last: dict[str, float] = {}
    for clock, value in re.findall(r"Max frequency for clock\s+'([^']+)': ([\d.]+) MHz", text):
        last[clock] = float(value)
    require(last, f"{log} has no maximum frequency")
    return round(min(last.values()), 2)
