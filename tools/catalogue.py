"""Write the table of modules in rtl/README.md from their headers and from synthesis: `python tools/catalogue.py`.

Cells are counted anew where a module's sources changed (a hash in the row's comment). Two columns say what the benches
reach, once that has been measured (tools/bench_coverage.py). `--check` fails if the table is not what would be written;
it synthesises nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import bench_coverage
from sc_neurocore.errors import ScError, require
from sc_neurocore.paths import rtl_files

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "rtl" / "README.md"
MARKS = ("<!-- made by tools/catalogue.py -->\n", "<!-- end of what tools/catalogue.py made -->")

# Family → synthesis command, cells that are LUTs, cells that are flip-flops, other cells worth a word.
FAMILIES: dict[str, tuple[str, str, str, dict[str, str]]] = {
    "iCE40": (
        "synth_ice40",
        r"SB_LUT4",
        r"SB_DFF\w*",
        {r"SB_RAM40\w*": "RAM", r"SB_MAC16": "DSP"},
    ),
    "ECP5": (
        "synth_ecp5",
        r"LUT4|CCU2C|TRELLIS_DPR16X4",  # a CCU2C takes two LUTs' places, a TRELLIS_DPR16X4 four
        r"TRELLIS_FF",
        {r"DP16KD": "RAM", r"MULT18X18D": "DSP"},
    ),
    "Xilinx 7": (
        "synth_xilinx -family xc7 -flatten",
        r"LUT[1-6]|RAM\d+\w*D|RAM32M|RAM64M|SRL\w+",
        r"FD[RSCP]E\w*",
        {r"RAMB18E1|RAMB36E1": "RAM", r"DSP48E1": "DSP"},
    ),
}
WEIGHT = {"CCU2C": 2, "TRELLIS_DPR16X4": 4, "RAM32M": 4, "RAM64M": 4}

# One module a process: a run of Yosys cannot be undone.
SYNTHESIS = """
import json, os, sys
from pyosys import libyosys as ys
top, command, *files = sys.argv[1:]
ys.run_pass("tee -q -o /dev/null read_verilog -defer " + " ".join(files))
ys.run_pass(f"tee -q -o /dev/null hierarchy -check -top {top}")
ys.run_pass(f"tee -q -o /dev/null {command} -top {top}")
ys.run_pass(f"tee -q -o {os.environ['SC_STAT']} stat -json")
"""


def header(path: Path) -> dict[str, str]:
    """Return what the header and the parameter list of a module say.

    Args:
        path: The file of the module, with the header that CONTRIBUTING.md describes.

    Returns:
        purpose (the first sentence), latency, proof, and parameters with default and note.
    """
    text = path.read_text()
    comment = text.partition("`default_nettype")[0]
    lines = [line.removeprefix("//").rstrip() for line in comment.splitlines()][1:]  # without SPDX
    prose = " ".join(line.strip() for line in lines[: next(i for i, line in enumerate(lines) if not line)])
    facts = {"purpose": re.split(r"(?<=[^.]\.) (?=[A-Z])", prose)[0]}
    for name in ("Latency", "Proof"):
        found = re.search(rf"^ {name} +(.*(?:\n {{12}}.*)*)", "\n".join(lines), re.MULTILINE)
        # Only what depends on data and links, a whole protocol say, has no latency to state.
        facts[name.lower()] = re.sub(r"\s+", " ", found[1]).strip() if found else "not constant"
    parameters = re.findall(r"^ +parameter (\w+) += ([^/\n]*?),? *(?://+ *(.*))?$", text, re.MULTILINE)
    facts["parameters"] = "<br>".join(f"`{n} = {v}`" + (f" {note}" if note else "") for n, v, note in parameters)
    return facts


def source_hash(path: Path) -> str:
    """Return a hash of the module and of all that it instantiates, without comments and spaces."""
    seen: dict[str, str] = {}
    names = {p.stem: p for p in rtl_files()}
    todo = [path.stem]
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen[name] = " ".join(re.sub(r"//[^\n]*|/\*.*?\*/", " ", names[name].read_text(), flags=re.DOTALL).split())
        todo += [n for n in re.findall(r"\b(sc_\w+) (?:#\(|u_)", seen[name]) if n in names]
    joined = "\0".join(f"{name}\0{seen[name]}" for name in sorted(seen))
    return hashlib.sha256(joined.encode()).hexdigest()[:12]


def cells(top: str, command: str) -> dict[str, int]:
    """Synthesise a module at its default parameters, and return the number of its cells by type.

    It runs in a process of its own, because Yosys keeps the design of one run for the next.

    Args:
        top: Name of the module.
        command: The synthesis command of Yosys, such as "synth_ice40".

    Raises:
        ScError: Yosys fails; the message ends with what it printed last.
    """
    target = ROOT / "build" / "catalogue" / f"{top}-{command.split(maxsplit=1)[0]}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        target.unlink()
    done = subprocess.run(
        [sys.executable, "-c", SYNTHESIS, top, command, *map(str, rtl_files())],
        env=os.environ | {"SC_STAT": str(target)},
        capture_output=True,
        text=True,
        check=False,
    )
    require(done.returncode == 0 and target.is_file(), f"{top}: {command} failed: {(done.stdout + done.stderr)[-800:]}")
    found: dict[str, int] = json.loads(target.read_text())["design"]["num_cells_by_type"]
    return found


def area(top: str, family: str) -> str:
    """Return "LUTs / FFs" of a module and, where there are any, its memory and multiplier blocks.

    Args:
        top: Name of the module.
        family: A key of `FAMILIES`.
    """
    command, luts, ffs, others = FAMILIES[family]
    found = cells(top, command)

    def count(pattern: str) -> int:
        return sum(n * WEIGHT.get(cell, 1) for cell, n in found.items() if re.fullmatch(pattern, cell))

    blocks = [f"{count(pattern)} {word}" for pattern, word in others.items() if count(pattern)]
    return ", ".join([f"{count(luts)} / {count(ffs)}", *blocks])


def linked(proof: str) -> str:
    """Return the proof with its harnesses as links."""
    return re.sub(r"formal/(\w+)\.v", r"[\1](../formal/\1.v)", proof)


def row(path: Path, areas: list[str], covered: dict[str, Any] | None) -> str:
    """Return a module's row.

    Args:
        path: The file of the module.
        areas: What `area` says of it, for each family in the order of `FAMILIES`.
        covered: What the benches reach (`bench_coverage.load`); None if that was not measured.
    """
    facts = header(path)
    made = f" <!-- {source_hash(path)} -->"
    columns = [f"[`{path.stem}`]({path.name}){made}", facts["purpose"], facts["parameters"] or "none"]
    reached = [] if covered is None else bench_coverage.columns(path, covered)
    columns += [facts["latency"], linked(facts["proof"]), *reached, *areas]
    return "| " + " | ".join(c.replace("|", r"\|") for c in columns) + " |"


def table() -> tuple[str, list[str]]:
    """Return the text between the marks of rtl/README.md, and the rows of its table."""
    text = README.read_text()
    require(all(text.count(mark) == 1 for mark in MARKS), f"{README.name} must have the two marks of this table once")
    inside = text.partition(MARKS[0])[2].partition(MARKS[1])[0]
    return inside, [line for line in inside.splitlines() if line.startswith("| [`")]


def main(argv: list[str] | None = None) -> int:
    """Write the table, or compare it; 1 if it is not up to date or a synthesis fails."""
    parser = argparse.ArgumentParser(description="Write the table of modules in rtl/README.md.")
    parser.add_argument("--check", action="store_true", help="only compare the table with the headers and sources")
    options = parser.parse_args(argv)
    try:
        inside, rows = table()
        old = {found[1]: line for line in rows if (found := re.match(r"\| \[`(\w+)`\]", line))}
        width, covered = len(FAMILIES), bench_coverage.load() if bench_coverage.FILE.is_file() else None
        lines, stale = {}, []
        for path in rtl_files():
            line = old.get(path.stem, "")
            if f"<!-- {source_hash(path)} -->" in line:
                kept = [c.strip() for c in re.split(r"(?<!\\)\|", line)[-1 - width : -1]]
                lines[path.stem] = row(path, kept, covered)
            else:
                stale.append(path.stem)
        if options.check:
            stale = sorted({*stale, *(name for name, line in old.items() if line != lines.get(name))})
            require(not stale, f"rtl/README.md is not up to date for {', '.join(stale)}; run tools/catalogue.py")
            print(f"rtl/README.md: {len(rows)} modules, up to date")
            return 0
        with ThreadPoolExecutor(2) as pool:
            made = pool.map(lambda name: [area(name, family) for family in FAMILIES], stale)
            for name, areas in zip(stale, made, strict=True):
                print(f"{name}: {'; '.join(areas)}", flush=True)
                lines[name] = row(ROOT / "rtl" / f"{name}.v", areas, covered)
        reached = [] if covered is None else ["blocks", "toggles"]
        titles = ["module", "purpose", "parameters", "latency", "proof", *reached, *FAMILIES]
        head = ["| " + " | ".join(titles) + " |", "|" + "---|" * len(titles)]
        new = "\n".join([*head, *(lines[name] for name in sorted(lines))]) + "\n"
        README.write_text(README.read_text().replace(MARKS[0] + inside, MARKS[0] + new))
    except ScError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
