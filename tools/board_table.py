"""Write the table of fpga/icebreaker/README.md: builds every row, post-route, and measures its accuracy on the RTL."""

from __future__ import annotations

import sys
from pathlib import Path

from sc_neurocore import artifact, data
from sc_neurocore.hardware import rtl_sim
from sc_neurocore.hardware.build import build
from sc_neurocore.progress import Progress

ROOT = Path(__file__).resolve().parents[1]
BOARD = "icebreaker"
README = ROOT / "fpga" / BOARD / "README.md"
BEGIN, END = "<!-- made by tools/board_table.py -->\n", "<!-- end -->"
ROWS = [
    ("mnist-small", False, (1, 2, 3, 6, 12)),
    ("mnist-small", True, (1, 2, 3, 6)),
    ("digits", False, (2,)),
]
HEAD = ["network", "L", "arithmetic", "lanes", "accuracy", "LCs", "LUTs", "FFs", "BRAM"]
HEAD += ["SPRAM", "Fmax MHz", "clock MHz", "clocks", "µs"]


def accuracy(name: str, mac: bool) -> float:
    """Return the share of right answers on the test part, every image on the RTL."""
    network = artifact.load(ROOT / "train" / "networks" / name)
    part = data.load_part(network.input.dataset)
    codes = network.input.encode(part.x, network.length)
    result = rtl_sim.run(network, codes, mac=mac, progress=Progress(f"{name}, {'integer' if mac else 'stochastic'}"))
    return float((result.classes == part.y).mean())


def main() -> None:
    """Build all rows and replace the table."""
    lines = ["| " + " | ".join(HEAD) + " |", "|" + "---|" * len(HEAD)]
    for name, mac, all_lanes in ROWS:
        share = accuracy(name, mac)
        for lanes in all_lanes:
            out = ROOT / "build" / "table" / f"{name}-{'mac' if mac else 'sc'}-{lanes}"
            r = build(ROOT / "train" / "networks" / name, BOARD, out, lanes=lanes, mac=mac)
            cells = [f"{name}, {r.network}", r.length, "integer (`--mac`)" if mac else "stochastic", lanes]
            cells += [f"{100 * share:.2f} %", f"{r.lcs:,}", f"{r.lut:,}", r.ff, r.bram, r.spram]
            cells += [f"{r.fmax_mhz:.1f}", f"{r.clock_mhz:g}", f"{r.clocks_per_inference:,.0f}", f"{r.latency_us:.1f}"]
            lines.append("| " + " | ".join(map(str, cells)) + " |")
            print(lines[-1], file=sys.stderr, flush=True)
    text = README.read_text()
    before, rest = text.split(BEGIN)
    README.write_text(before + BEGIN + "\n".join(lines) + "\n" + END + rest.split(END, 1)[1])


if __name__ == "__main__":
    main()
