"""The FPGA families that a build can end in: their tools, and where the tools' reports say what a design takes.

Each board (`boards`) and each bare part (`parts`) belongs to a family. What differs from family to family, and not from
board to board, is in `FAMILIES`. The functions read a report of the tools and return its figures under common names:

| key | figure |
|---|---|
| lcs | what the family counts as its cells (`Family.cell`) |
| lut, ff | LUTs and flip-flops |
| bram, spram, dsp | block RAMs, large single-port RAMs, multiplier blocks |
| fmax_mhz | greatest clock frequency after routing, in MHz; None before placing |
"""

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
    """One FPGA family: the tools of its flow, and what nextpnr's report calls its cells.

    Attributes:
        tools: names of the tools that the flow runs, keys of `tools.TOOLS`. After make: synthesis, then where the
            family has them place and route, and packing.
        suffix: suffix of the bitstream's file.
        cell: word for what `lcs` counts, for messages.
        lut: name of the cells with LUTs in nextpnr's report; as the next four "" where there is none.
        ff: name of the cells with flip-flops.
        bram: name of the block RAMs.
        spram: name of the large single-port RAMs.
        dsp: name of the multiplier blocks.
        lut_ram: bits and words of one memory block made of LUTs; None where synthesis makes none. Synthesis takes at
            most `LUT_RAM_BLOCKS` of them for a memory.
        product: least number of bits of a product for which synthesis takes a DSP block; None where it takes none.
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


#: Greatest number of LUT blocks that synthesis gives a memory; a larger memory becomes block RAM. Found by trying what
#: Yosys 0.70 makes of memories of sizes around this limit.
LUT_RAM_BLOCKS = 16

#: The families by name: the Lattice iCE40 and ECP5, and the AMD (Xilinx) 7 series.
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
    """Return cells, memories and Fmax from the JSON report that nextpnr writes after routing.

    Args:
        family: name of a family that nextpnr places, "ice40" or "ecp5".
        report: path of the report (nextpnr's option --report).
        netlist: path of the routed netlist (option --write). It is of use for the iCE40, whose logic cell has one LUT
            and one flip-flop: the netlist says which of the two a cell really uses.

    Returns:
        The figures, by the keys in the module's table.

    Raises:
        ScError: the design has not exactly one clock, or report and netlist disagree.
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
        # A used LUT has a table that is not 0; a used flip-flop is enabled.
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
    """Return what a design takes of a 7-series FPGA by synthesis alone, before any placing.

    An inverter counts as a LUT, although placing may absorb it into its neighbour.

    Args:
        stat: path of the JSON that Yosys' command `stat -json` wrote after `synth_xilinx`.

    Returns:
        The figures, by the keys in the module's table. bram counts halves of a RAMB36, of 18 kbit each; spram is 0 and
        fmax_mhz None.
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
