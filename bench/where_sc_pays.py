"""Where stochastic computing pays: the measurements behind docs/where_sc_pays.md.

    python bench/where_sc_pays.py error|area|faults|correlation|all [--quick] [--out FOLDER] [--redraw]

Each part writes <part>.csv and <part>.svg to docs/plots and its tables into the document. --quick measures a part of
the rows, the same ones, and writes to build/where_sc_pays. --redraw only draws anew, from the rows that are there.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from pathlib import Path
from types import ModuleType

from pays import area, common, correlation, error, faults
from sc_neurocore.errors import ScError, require
from sc_neurocore.hardware import yosys

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "where_sc_pays.md"
PLOTS = ROOT / "docs" / "plots"
PARTS: dict[str, ModuleType] = {"error": error, "area": area, "faults": faults, "correlation": correlation}


def with_table(document: str, part: str, table: str) -> str:
    """Return the document with what stands between the marks of `part` replaced by `table`."""
    pattern = rf"(<!-- table: {part} -->\n).*?(<!-- end: {part} -->)"
    require(len(re.findall(pattern, document, re.DOTALL)) == 1, f"the document must have the two marks of {part} once")
    return re.sub(pattern, lambda m: f"{m[1]}\n{table}\n{m[2]}", document, flags=re.DOTALL)


def main(argv: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=[*PARTS, "all"])
    parser.add_argument("--quick", action="store_true", help="a part of the rows, to build/where_sc_pays")
    parser.add_argument("--redraw", action="store_true", help="draw the rows that are there")
    parser.add_argument("--out", type=Path, help="folder for the files; the document is left alone")
    options = parser.parse_args(argv)
    common.ask_for(*([yosys.command] if options.part in ("area", "all") and not options.redraw else []))
    folder = options.out or (ROOT / "build" / "where_sc_pays" if options.quick else PLOTS)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        for name, part in PARTS.items():
            if options.part not in (name, "all"):
                continue
            start = time.perf_counter()
            path = folder / f"{name}.csv"
            if options.redraw:
                rows = common.read(path)
            else:
                rows = part.measure(options.quick)
                path.write_text(common.text(rows))
            part.draw(rows, folder / f"{name}.svg")
            if folder == PLOTS:
                DOCUMENT.write_text(with_table(DOCUMENT.read_text(), name, part.table(rows)))
            print(
                f"{name}: {len(rows)} rows in {time.perf_counter() - start:.0f} s, {folder / name}.csv, .svg",
                flush=True,
            )
    except ScError as mistake:
        print(f"error: {mistake}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
