"""LUTs and flip-flops of single modules by Yosys, without place and route.

It measures what one module, such as a neuron or a source costs on several FPGA families. Figures of whole
designs, after place and route, come from `build`.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

from ..errors import require
from ..paths import hdl_root, rtl_files
from ..processes import run
from . import yosys
from .tools import environment

__all__ = ["FAMILIES", "synthesise"]

#: The families by name: Yosys' synthesis command, and regular expressions for the cells that are LUTs and flip-flops.
# Multiplier blocks stay out: they are no measure of logic, and only the binary side could use them.
FAMILIES = {
    "iCE40": ("synth_ice40", r"SB_LUT4", r"SB_DFF\w*"),
    "ECP5": ("synth_ecp5 -nodsp -nobram -nolutram -nowidelut", r"LUT4|CCU2C", r"TRELLIS_FF"),
    "Xilinx 7": ("synth_xilinx -family xc7 -flatten -nodsp -nobram -nolutram -nosrl", r"LUT[1-6]", r"FD[RSCP]E\w*"),
}
#: LUTs that a cell takes the place of, where it is not one.
PLACES = {"CCU2C": 2}  # a CCU2C takes two LUTs' places


def synthesise(texts: dict[str, str], family: str) -> dict[str, tuple[int, int]]:
    """Return LUTs and flip-flops of modules, in one run of Yosys.

    Args:
        texts: Verilog text of each module by its name. Modules of rtl/ that a text instantiates are read too.
        family: a key of `FAMILIES`.

    Returns:
        (LUTs, flip-flops) by the module's name.

    Raises:
        ScError: the family is unknown, or Yosys is missing or fails, in which case its words are in the message.
    """
    require(family in FAMILIES, f"family must be one of {', '.join(FAMILIES)}, got {family!r}")
    command, luts, ffs = FAMILIES[family]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # By a link: Yosys takes no path with a space.
        (folder / "rtl").symlink_to(hdl_root() / "rtl")
        script = []
        for top, text in texts.items():
            (folder / f"{top}.v").write_text(text, encoding="utf-8")
            uses = [f"rtl/{p.name}" for p in rtl_files()] if "sc_" in text else []
            script += [
                "design -reset",
                f"read_verilog -defer {' '.join(uses)} {top}.v",
                f"hierarchy -check -top {top}",
                f"{command} -top {top}",
                f"tee -q -o {top}.json stat -json",
            ]
        (folder / "all.ys").write_text("\n".join(script) + "\n", encoding="utf-8")
        done = run([*yosys.command(), "-q", "-s", "all.ys"], cwd=folder, env=environment())
        require(done.returncode == 0, f"{command} failed: {done.stdout[-2000:]}")
        out = {}
        for top in texts:
            cells = json.loads((folder / f"{top}.json").read_text(encoding="utf-8"))["design"]["num_cells_by_type"]

            def count(pattern: str, found: dict[str, int] = cells) -> int:
                return sum(number * PLACES.get(c, 1) for c, number in found.items() if re.fullmatch(pattern, c))

            out[top] = (count(luts), count(ffs))
    return out
