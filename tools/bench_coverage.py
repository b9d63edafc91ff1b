"""Line and toggle coverage of the benches by module, rtl/coverage.json: `make coverage`.

Every bench of tb/ runs on designs that Verilator builds anew, with counters, so it takes its time; what all runs
together reached is written, and tools/catalogue.py takes two columns of its table from it.
A *block* is a run of statements, or a branch, that is executed as a whole (Verilator's line coverage); a *toggle* is a
bit of a port, register or net that went up, or down. A point counts once for all instances, sizes and benches, and is
there if any of them has it.

It can be stopped: files of benches that are done are not run again while RTL and benches stay as they are. Further
arguments are pytest's (`-n 2`). `--check` fails if a module is missing or was changed since it was measured, comments
and spaces apart. `--report` lists what was not reached, the modules with most of it first.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from checkout import ROOT, digest, verilog_code
from sc_neurocore.errors import ScError, require
from sc_neurocore.paths import rtl_files

FILE = ROOT / "rtl" / "coverage.json"
COUNTS = ROOT / "build" / "coverage"
KINDS = {"line": "blocks", "branch": "blocks", "toggle": "toggles"}


def module_hash(path: Path) -> str:
    """Return a hash of a module's text without comments and spaces."""
    return digest(verilog_code(path.read_text(encoding="utf-8")))


def points(files: Iterable[Path]) -> dict[str, dict[tuple[str, int, str], bool]]:
    """Return for each file of rtl/ the points that Verilator's counts speak of, and whether one was reached.

    A point is (blocks or toggles, line, what).
    """
    names = {str(path): path.stem for path in rtl_files()}
    found: dict[str, dict[tuple[str, int, str], bool]] = defaultdict(dict)
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            if not line.startswith("C "):
                continue
            text, _, count = line[3:].rpartition("' ")
            fields = dict(field.split("\x02", 1) for field in text.split("\x01") if field)
            if fields["f"] not in names:
                continue
            what = fields["o"] if fields["t"] == "toggle" else f"{fields['n']} {fields['o']}"
            point = KINDS[fields["t"]], int(fields["l"]), what
            module = found[names[fields["f"]]]
            module[point] = module.get(point, False) or int(count) > 0
    return found


def measured(path: Path, module: dict[tuple[str, int, str], bool]) -> dict[str, Any]:
    """Return what rtl/coverage.json records of a module."""
    row: dict[str, Any] = {"hash": module_hash(path)}
    for kind in ("blocks", "toggles"):
        reached = [hit for (k, _, _), hit in module.items() if k == kind]
        row[kind] = [sum(reached), len(reached)]
    row["lines"] = sorted({line for (kind, line, _), hit in module.items() if kind == "blocks" and not hit})
    missed = Counter(
        re.sub(r"\[\d+\]|:.*", "", what) for (kind, _, what), hit in module.items() if kind == "toggles" and not hit
    )
    row["signals"] = dict(sorted(missed.items()))
    return row


def load() -> dict[str, Any]:
    """Return the content of rtl/coverage.json."""
    require(FILE.is_file(), "rtl/coverage.json is missing; run tools/bench_coverage.py")
    content: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return content


def percent(reached: int, of: int) -> str:
    """Return a share in per cent, rounded down, so that 100 is all of them."""
    return "none" if of == 0 else f"{100 * reached // of} %"


def columns(path: Path, content: dict[str, Any]) -> list[str]:
    """Return the catalogue's two columns of a module: blocks and toggles that the benches reach."""
    row = content.get(path.stem)
    if row is None:
        return ["not measured"] * 2
    earlier = "" if row["hash"] == module_hash(path) else ", of an earlier version"
    return [percent(*row[kind]) + earlier for kind in ("blocks", "toggles")]


def check() -> None:
    """Raise ScError unless each module is in the file as it is now."""
    content = load()
    stale = [path.stem for path in rtl_files() if content.get(path.stem, {}).get("hash") != module_hash(path)]
    stale += sorted(set(content) - {path.stem for path in rtl_files()})
    require(not stale, f"rtl/coverage.json is not up to date for {', '.join(stale)}; run tools/bench_coverage.py")
    print(f"rtl/coverage.json: {len(content)} modules, up to date")


def report() -> None:
    """Print what was not reached."""
    content = load()

    def missing(name: str) -> int:
        return sum(of - reached for reached, of in (content[name]["blocks"], content[name]["toggles"]))

    for name in sorted(content, key=missing, reverse=True):
        row = content[name]
        if missing(name):
            print(f"{name}: blocks {percent(*row['blocks'])}, toggles {percent(*row['toggles'])}")
            print(f"  lines {', '.join(map(str, row['lines']))}" if row["lines"] else "  every block")
            worst = sorted(row["signals"].items(), key=lambda item: -item[1])
            print(
                f"  toggles of {', '.join(f'{signal} {count}' for signal, count in worst)}"
                if worst
                else "  every toggle"
            )


def sources_hash() -> str:
    """Return a hash of all that decides what the benches count: RTL and benches."""
    h = hashlib.sha256()
    for path in [*rtl_files(), *sorted(p for p in (ROOT / "tb").iterdir() if p.is_file())]:
        h.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return h.hexdigest()


def campaign(arguments: list[str]) -> None:
    """Run the benches with counters, file by file, and write what they reached. Files that are done are kept."""
    benches, now = sorted((ROOT / "tb").glob("test_*.py")), sources_hash()
    for k, bench in enumerate(benches, start=1):
        folder = COUNTS / bench.stem
        done = folder / "done"
        if done.is_file() and done.read_text() == now:
            continue
        print(f"{k} of {len(benches)}: {bench.name}", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        command = [sys.executable, "-m", "pytest", "-q", str(bench), *arguments]
        ran = subprocess.run(command, cwd=ROOT, env=os.environ | {"SC_TB_COVERAGE": str(folder)}, check=False)
        require(ran.returncode == 0, f"{bench.name} failed: nothing was written")
        done.write_text(now)
    found = points(file for bench in benches for file in sorted((COUNTS / bench.stem).glob("*.dat")))
    silent = [path.stem for path in rtl_files() if path.stem not in found]
    require(not silent, f"no bench reaches {', '.join(silent)}")
    rows = [f" {json.dumps(path.stem)}: {json.dumps(measured(path, found[path.stem]))}" for path in rtl_files()]
    FILE.write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")
    print(f"rtl/coverage.json: {len(rows)} modules; now run tools/catalogue.py")


def main(argv: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Measure the coverage of the benches by module.")
    parser.add_argument("--check", action="store_true", help="only compare rtl/coverage.json with the modules")
    parser.add_argument("--report", action="store_true", help="only print what was not reached")
    options, arguments = parser.parse_known_args(argv)
    try:
        if options.check:
            check()
        elif options.report:
            report()
        else:
            campaign(arguments)
    except ScError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
