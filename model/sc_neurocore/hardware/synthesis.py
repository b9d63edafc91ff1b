"""LUTs and flip-flops of single modules by Yosys, without place and route."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from pathlib import Path

from ..errors import require
from ..paths import rtl_files
from . import yosys
from .tools import environment

__all__ = ["FAMILIES", "synthesise"]

# Multiplier blocks stay out: they are no measure of logic, and only the binary side could use them.
FAMILIES = {
    "iCE40": ("synth_ice40", r"SB_LUT4", r"SB_DFF\w*"),
    "ECP5": ("synth_ecp5 -nodsp -nobram -nolutram -nowidelut", r"LUT4|CCU2C", r"TRELLIS_FF"),
    "Xilinx 7": ("synth_xilinx -family xc7 -flatten -nodsp -nobram -nolutram -nosrl", r"LUT[1-6]", r"FD[RSCP]E\w*"),
}
PLACES = {"CCU2C": 2}  # a CCU2C takes two LUTs' places


def synthesise(texts: dict[str, str], family: str) -> dict[str, tuple[int, int]]:
    """Return (LUTs, flip-flops) of each module, name → text, in one run of Yosys; family: of FAMILIES.

    Modules of rtl/ that a text instantiates are read. Raises ScError with Yosys' words.
    """
    require(family in FAMILIES, f"family must be one of {', '.join(FAMILIES)}, got {family!r}")
    command, luts, ffs = FAMILIES[family]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        script = []
        for top, text in texts.items():
            (folder / f"{top}.v").write_text(text)
            uses = [str(p) for p in rtl_files()] if "sc_" in text else []
            script += [
                "design -reset",
                f"read_verilog -defer {' '.join(uses)} {folder / top}.v",
                f"hierarchy -check -top {top}",
                f"{command} -top {top}",
                f"tee -q -o {folder / top}.json stat -json",
            ]
        (folder / "all.ys").write_text("\n".join(script) + "\n")
        done = subprocess.run(
            [*yosys.command(), "-q", "-s", str(folder / "all.ys")],
            env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
        require(done.returncode == 0, f"{command} failed: {(done.stdout + done.stderr)[-2000:]}")
        out = {}
        for top in texts:
            cells = json.loads((folder / f"{top}.json").read_text())["design"]["num_cells_by_type"]

            def count(pattern: str, found: dict[str, int] = cells) -> int:
                return sum(number * PLACES.get(c, 1) for c, number in found.items() if re.fullmatch(pattern, c))

            out[top] = (count(luts), count(ffs))
    return out
