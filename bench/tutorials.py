"""The tutorials of docs/tutorials: run their code and their commands; keep what they draw and measure.

    python bench/tutorials.py [PAGE …]     docs/plots/<figure>.svg, and the tables of docs/tutorials/PAGE.md

A page's examples run as doctests, then its commands (lines that begin with "$ sc-neurocore"), in an empty folder.
Tables between <!-- name --> and <!-- /name --> are made of the names that the examples leave and of what the commands
say; the figures are the files that the examples write.
"""

from __future__ import annotations

import argparse
import contextlib
import doctest
import io
import json
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from document import put_table, table
from pays.common import ask_for, style
from sc_neurocore.cli import main as sc_neurocore
from sc_neurocore.errors import ScError, require
from sc_neurocore.hardware.flow import flow_tools
from sc_neurocore.hardware.tools import verilator_env
from sc_neurocore.packages import require_packages

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "tutorials"
PLOTS = ROOT / "docs" / "plots"

Names = dict[str, Any]
#: What each command said, by the command.
Said = dict[str, dict[str, Any]]


@contextlib.contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Work in a folder; a relative path of the data folder is made absolute, so that it still holds there."""
    home, given = Path.cwd(), os.environ.get("SC_NEUROCORE_DATA")
    try:
        if given:
            os.environ["SC_NEUROCORE_DATA"] = str(home / given)
        os.chdir(folder)
        yield
    finally:
        os.chdir(home)
        if given:
            os.environ["SC_NEUROCORE_DATA"] = given


def run_examples(page: Path) -> Names:
    """Run a page's examples in the present folder; return the names they leave. ScError tells what differs."""
    style()
    test = doctest.DocTestParser().get_doctest(page.read_text(encoding="utf-8"), {}, page.name, str(page), 0)
    require(test.examples, f"{page} has no examples")
    report = io.StringIO()
    # A figure's date, so that the same numbers give the same bytes.
    os.environ["SOURCE_DATE_EPOCH"] = "0"
    failed = doctest.DocTestRunner(verbose=False).run(test, out=report.write, clear_globs=False).failed
    require(not failed, f"{failed} examples of {page.name} give something else than it states:\n{report.getvalue()}")
    return test.globs


def commands(page: Path) -> list[str]:
    """Return the commands of a page in their order, without the prompt."""
    return re.findall(r"^    \$ (sc-neurocore .+)$", page.read_text(encoding="utf-8"), re.MULTILINE)


def run_command(command: str) -> dict[str, Any]:
    """Run a command in the present folder; return what it says as JSON. ScError where it fails."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = sc_neurocore([*shlex.split(command)[1:], "--json"])
    require(code == 0, f"{command} ended with exit code {code}")
    row = dict(json.loads(out.getvalue()))
    require(not row.get("mismatches"), f"{command} found {row.get('mismatches')} samples whose scores differ")
    return row


def _named(said: Said, name: str) -> list[dict[str, Any]]:
    """Return what the commands of that name said."""
    return [row for command, row in said.items() if shlex.split(command)[1] == name]


def hardware(names: Names, said: Said) -> list[str]:
    """Return a table of the builds."""
    titles = ["network", "L", "lanes", "logic cells", "block RAMs", "clock, MHz", "clocks", "of", "µs"]
    rows = [
        [
            row["network"], row["length"], row["lanes"], f"{row['lcs']:,}", row["bram"], f"{row['clock_mhz']:g}",
            f"{row['clocks_per_inference']:,.0f}", row["clocks_over"].partition(":")[0], f"{row['latency_us']:.1f}",
        ]
        for row in _named(said, "build")
    ]  # fmt: skip
    return table(titles, [list(row) for row in rows])


def lengths(names: Names, _: Said) -> list[str]:
    """Return MNIST's table of accuracy by length."""
    rows: list[list[object]] = [
        [
            n,
            f"{100 * names['CLAIMED'][n]:.0f}" if n in names["CLAIMED"] else "–",
            _percent(names["on_500"][n]),
            _percent(names["on_10000"][n]),
        ]
        for n in names["LENGTHS"]
    ]
    rows.append(["the same weights in floats", "–", _percent(names["float_500"]), _percent(names["float_10000"])])
    return table(["L", "claimed, %", "500 test images, %", "10,000 more images, %"], rows)


def training(names: Names, said: Said) -> list[str]:
    """Return the table of ways to train."""
    (streams,) = _named(said, "train")
    rows: list[list[object]] = [["floats", "64-96-10", "–", _percent(names["in_floats"])]]
    rows += [["floats, converted", "64-96-10", n, _percent(a)] for n, a in names["converted"].items()]
    rows += [
        ["through the streams", streams["topology"], streams["length"], _percent(streams["bit_true_test_accuracy"])],
        ["surrogate gradients, leaky neurons, through the streams", "64-96-10", 16, _percent(names["spiking_right"])],
    ]
    return table(["trained", "network", "L", "360 test images, %"], rows, 2)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


#: Tables of each page, by the name of their marks.
Table = Callable[[Names, Said], list[str]]
TABLES: Mapping[str, Mapping[str, Table]] = {
    "first_network": {"hardware": hardware},
    "mnist": {"lengths": lengths, "hardware": hardware},
    "ml_engineers": {"training": training, "hardware": hardware},
}
PAGES = tuple(TABLES)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", nargs="*", help=f"of {', '.join(PAGES)}; default all")
    options = parser.parse_args(argv)
    # What the pages' commands run after their examples have trained.
    ask_for(lambda: require_packages("the pages", "torch", "sklearn"), lambda: flow_tools("ice40"), verilator_env)
    try:
        unknown = sorted(set(options.page) - set(PAGES))
        require(not unknown, f"page must be of {', '.join(PAGES)}, got {', '.join(unknown)}")
        for name in options.page or PAGES:
            page = FOLDER / f"{name}.md"
            with tempfile.TemporaryDirectory() as folder:
                with inside(Path(folder)):
                    names = run_examples(page)
                    said = {command: run_command(command) for command in commands(page)}
                for mark, lines in TABLES[name].items():
                    put_table(page, lines(names, said), mark)
                figures = sorted(Path(folder).glob("*.svg"))
                for figure in figures:
                    (PLOTS / figure.name).write_bytes(figure.read_bytes())
            print(f"{name}: {len(said)} commands, {', '.join(figure.name for figure in figures)}", flush=True)
    except ScError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
