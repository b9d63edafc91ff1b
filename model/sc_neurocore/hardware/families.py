"""The FPGA families that a flow ends in: their tools, and where a report says what a design takes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import require

__all__ = ["FAMILIES", "LUT_RAM_BLOCKS", "Family", "nextpnr_figures", "xc7_figures"]


@dataclass(frozen=True, slots=True)
class Family:
    """A family: tools that its flow runs, suffix of the bitstream, word for its cells, names in nextpnr's report.

    spram: empty where the family has no such memory. lut_ram: bits and words of a memory block of LUTs, of which Yosys
    takes at most LUT_RAM_BLOCKS for a memory. product: bits from which on it takes a DSP block for a product. Both None
    where the flow has no such cells.
    """

    tools: tuple[str, ...]
    suffix: str
    cell: str
    lut: str = ""
    ff: str = ""
    bram: str = ""
    spram: str = ""
    dsp: str = ""
    lut_ram: tuple[int, int] | None = None
    product: int | None = None


#: A memory that would take more blocks of LUTs becomes block RAM: seen in what Yosys 0.70 makes of memories around it.
LUT_RAM_BLOCKS = 16

FAMILIES: Mapping[str, Family] = {
    "ice40": Family(
        ("make", "yosys", "nextpnr-ice40", "icepack"),
        ".bin",
        "logic cells",
        "ICESTORM_LC",
        "ICESTORM_LC",
        "ICESTORM_RAM",
        "ICESTORM_SPRAM",
        "ICESTORM_DSP",
    ),
    "ecp5": Family(
        ("make", "yosys", "nextpnr-ecp5", "ecppack"),
        ".bit",
        "LUTs",
        "TRELLIS_COMB",
        "TRELLIS_FF",
        "DP16KD",
        "",
        "MULT18X18D",
        lut_ram=(4, 16),
        product=2,
    ),
    # Place and route is not among the tools: see xc7.
    "xc7": Family(("make", "yosys"), ".bit", "LUTs", lut_ram=(3, 64), product=9),
}

# LUTs of a 7-series netlist: a RAM32M and a RAM64M take four, an inverter one unless its neighbour absorbs it.
_XC7_LUT = re.compile(r"LUT[1-6]|INV|SRL\w+|RAM(?:32|64|128|256)X1[SD]")
_XC7_QUAD = re.compile(r"RAM(?:32|64)M")
_XC7_FF = re.compile(r"FD[RSCP]E(_1)?")


def nextpnr_figures(family: str, report: Path, netlist: Path | None = None) -> dict[str, Any]:
    """Return cells, memories and Fmax from the JSON report that nextpnr wrote after routing.

    netlist: the routed one; of the iCE40, whose cells have a LUT and a flip-flop, it says which of the two is used.
    """
    names, content = FAMILIES[family], json.loads(report.read_text(encoding="utf-8"))
    used = {name: int(entry["used"]) for name, entry in content["utilization"].items()}
    clocks = {name: float(entry["achieved"]) for name, entry in content["fmax"].items()}
    require(len(clocks) == 1, f"the design must have one clock, nextpnr reports {sorted(clocks)}")
    out = {
        "lcs": used[names.lut],
        "lut": used[names.lut],
        "ff": used[names.ff],
        "bram": used[names.bram],
        "spram": used.get(names.spram, 0),  # not every member of the family has these two
        "dsp": used.get(names.dsp, 0),
        "fmax_mhz": round(min(clocks.values()), 2),
    }
    if netlist is not None:
        (module,) = json.loads(netlist.read_text(encoding="utf-8"))["modules"].values()
        cells = [c["parameters"] for c in module["cells"].values() if c["type"] == names.lut]
        require(
            len(cells) == used[names.lut],
            f"nextpnr's report counts {used[names.lut]} logic cells, its netlist has {len(cells)}",
        )
        out["lut"] = sum(int(c["LUT_INIT"], 2) != 0 for c in cells)
        out["ff"] = sum(int(c["DFF_ENABLE"], 2) for c in cells)
    return out


def xc7_figures(stat: Path) -> dict[str, Any]:
    """Return what a design takes of a 7-series FPGA, from Yosys' `stat -json` after `synth_xilinx`, before any placing.

    lut: an inverter counts as one. bram: halves of a RAMB36, of 18 kbit.
    """
    cells: Mapping[str, int] = json.loads(stat.read_text(encoding="utf-8"))["design"]["num_cells_by_type"]
    lut = sum(n for cell, n in cells.items() if _XC7_LUT.fullmatch(cell))
    lut += 4 * sum(n for cell, n in cells.items() if _XC7_QUAD.fullmatch(cell))
    return {
        "lcs": lut,
        "lut": lut,
        "ff": sum(n for cell, n in cells.items() if _XC7_FF.fullmatch(cell)),
        "bram": cells.get("RAMB18E1", 0) + 2 * cells.get("RAMB36E1", 0),
        "spram": 0,
        "dsp": cells.get("DSP48E1", 0),
        "fmax_mhz": None,
    }
