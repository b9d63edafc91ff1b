"""Build every row of fpga/README.md's table of boards and networks, and write it.

    python bench/board_table.py build [BOARD …]     into build/table; rows that are up to date are kept (1 to 2 minutes
                                                    a row)
    python bench/board_table.py write               the table, and docs/plots/boards.csv
    python bench/board_table.py estimates           the same, but of the builds as the CSV has them: after
                                                    bench/estimate_fit.py only what is estimated changes

Area and Fmax are those of the tools after place and route (Arty A7: after synthesis). Clocks are exact, over the whole
test part; accuracy is that of docs/plots/rtl_counts.csv, counted on the RTL by bench/rtl_counts.py.
"""

from __future__ import annotations

import argparse
import csv
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from document import put_table, table, write_csv
from rtl_counts import INTEGER, read
from sc_neurocore import artifact, data, packed
from sc_neurocore.errors import require
from sc_neurocore.hardware import estimate
from sc_neurocore.hardware.boards import BOARDS, Board
from sc_neurocore.hardware.build import BuildResult, build, load
from sc_neurocore.network import Network

ROOT = Path(__file__).resolve().parents[1]
NETWORKS = ROOT / "train" / "networks"
WORK = ROOT / "build" / "table"
CSV = ROOT / "docs" / "plots" / "boards.csv"
DOCUMENT = ROOT / "fpga" / "README.md"
# Board, network, integer peer, lanes.
ROWS: list[tuple[str, str, bool, int]] = [
    *[("icebreaker", "mnist-small", False, lanes) for lanes in (1, 2, 3, 6, 12)],
    *[("icebreaker", "mnist-small", True, lanes) for lanes in (1, 2, 3, 6)],
    ("icebreaker", "digits", False, 2),
    ("icebreaker", "mnist-conv", False, 5),
    ("icebreaker", "mnist-conv", False, 10),
    ("icebreaker", "mnist-conv", True, 4),  # 5 and 6 lanes of its wider sums do not fit the block RAM
    ("icebreaker", "mnist-conv", True, 7),
    ("hx8k", "digits", False, 2),
    ("orangecrab", "mnist-small", False, 6),
    ("orangecrab", "mnist-small", True, 6),
    ("orangecrab", "mnist-small-32", False, 6),
    ("orangecrab", "mnist-conv", False, 10),
    ("ulx3s-12f", "mnist-small", False, 6),
    ("ulx3s-85f", "mnist-small", False, 12),
    ("arty-a7", "mnist-small", False, 6),
    ("arty-a7", "mnist-conv", False, 10),
]
FIELDS = (
    "board", "network", "length", "integer", "lanes", "accuracy", "lcs", "lut", "ff", "bram", "spram", "fmax_mhz",
    "clock_mhz", "clocks_mean", "clocks_worst", "bound", "us_mean", "us_worst", "link_ms", "estimate", "error_percent",
    "fitted", "fmax_estimate", "fmax_low", "fmax_high", "fmax_error_percent", "clock_estimate", "clock_low",
    "clock_high", "tag",
)  # fmt: skip
TEXT = ("board", "network", "accuracy", "tag")


@dataclass(frozen=True)
class Work:
    """What an inference of one network takes.

    Attributes:
        clocks: Clocks of each image, (n,).
        bound: The bound of these by the number of visits, (n,).
    """

    clocks: np.ndarray
    bound: np.ndarray


def folder(row: tuple[str, str, bool, int]) -> Path:
    """Return the folder of the build of a row."""
    board, network, mac, lanes = row
    return WORK / f"{board}-{network}-{'mac' if mac else 'sc'}-{lanes}"


def work(network: Network, mac: bool, lanes: int) -> Work:
    """Return the clocks over the network's test part. Bound: non-zero values times taps times groups of lanes."""
    part = data.load_part(network.input.dataset)
    codes = network.input.encode(part.x, network.length)
    counts = estimate.counts_mac(network, codes) if mac else packed.run(network, codes).counts
    visits = estimate.conv_visits(network, codes, counts, lanes).sum(axis=1)
    return Work(estimate.clocks(network, codes, counts, lanes), visits)


def link_ms(network: Network, board: Board, result: BuildResult) -> float:
    """Return how many milliseconds one image and its answer take on the serial line (docs/protocol.md)."""
    code = 2 if network.length > 128 else 1
    score = 4 if int(result.parameters["SUM_W"]) > 16 else 2
    frames = 6 + network.input.size * code + 6 + network.classes * score + 2
    return 1e3 * 10 * frames / board.baud


def measured(row: tuple[str, str, bool, int], counts: dict[tuple[str, str], str]) -> dict[str, Any]:
    """Return a row of the CSV."""
    name, which, mac, lanes = row
    board, network = BOARDS[name], artifact.load(NETWORKS / which)
    result = load(folder(row))
    require(result.tag == network.tag, f"{folder(row)} is of other weights: build it anew")
    done = work(network, mac, lanes)
    return {
        "board": name,
        "network": which,
        "length": network.length,
        "integer": int(mac),
        "lanes": lanes,
        "accuracy": counts.get((which, INTEGER if mac else "rtl"), "not counted"),
        "lcs": result.lcs,
        "lut": result.lut,
        "ff": result.ff,
        "bram": result.bram,
        "spram": result.spram,
        "fmax_mhz": result.fmax_mhz,
        "clock_mhz": result.clock_mhz,
        "clocks_mean": round(float(done.clocks.mean()), 1),
        "clocks_worst": int(done.clocks.max()),
        "bound": round(float(done.bound.mean()), 1),
        "us_mean": round(float(done.clocks.mean()) / result.clock_mhz, 1),
        "us_worst": round(int(done.clocks.max()) / result.clock_mhz, 1),
        "link_ms": round(link_ms(network, board, result), 2),
        "tag": f"{network.tag:08x}",
    }


def estimated(row: dict[str, Any]) -> dict[str, Any]:
    """Return what `sc-neurocore estimate` says of a row before synthesis, and by how much it is wrong."""
    board, network = BOARDS[row["board"]], artifact.load(NETWORKS / row["network"])
    placed = estimate.plan(network, board, lanes=row["lanes"], mac=bool(row["integer"]))
    cells = estimate.area(placed.config, board.family)["lcs"]
    timed = estimate.fmax(placed, board)
    clock, low, high = estimate.clocks_mhz(timed, board)
    routed = row["fmax_mhz"] is not None and timed.fmax_mhz is not None
    return {
        "estimate": round(cells),
        "error_percent": round(100 * (cells / row["lcs"] - 1), 1),
        "fitted": int(estimate.is_point(placed.config, board.family)),
        "fmax_estimate": timed.fmax_mhz,
        "fmax_low": timed.low_mhz,
        "fmax_high": timed.high_mhz,
        "fmax_error_percent": round(100 * (timed.fmax_mhz / row["fmax_mhz"] - 1), 1) if routed else None,
        "clock_estimate": clock,
        "clock_low": low,
        "clock_high": high,
    }


def read_rows() -> list[dict[str, Any]]:
    """Return the rows of the CSV, numbers as numbers and what is empty as None."""
    with CSV.open(newline="") as file:
        return [
            {k: v if k in TEXT else None if v == "" else float(v) if "." in v else int(v) for k, v in row.items()}
            for row in csv.DictReader(file)
        ]


def build_all(only: list[str]) -> None:
    """Build the rows of these boards, default all."""
    for row in ROWS:
        board, network, mac, lanes = row
        if not only or board in only:
            result = build(NETWORKS / network, board, folder(row), lanes=lanes, mac=mac)
            print(f"{folder(row).name}: {result.lcs} at {result.clock_mhz:g} MHz", file=sys.stderr, flush=True)


def write(rows: list[dict[str, Any]]) -> None:
    """Write the CSV and the table, with the estimates of these rows."""
    rows = [row | estimated(row) for row in rows]
    write_csv(CSV, FIELDS, rows)
    titles = ["board", "network", "arithmetic", "L", "lanes", "accuracy %", "cells", "FFs", "RAM", "Fmax MHz"]
    titles += ["clock MHz", "clocks, mean", "worst", "bound", "µs, mean", "worst", "link ms", "cells estimated"]
    titles += ["Fmax estimated"]
    lines = []
    for r in rows:
        ram = f"{r['bram']} + {r['spram']} SPRAM" if r["spram"] else r["bram"]
        cells = f"{r['estimate']:,} ({r['error_percent']:+.1f} %)"
        fmax = f"{r['fmax_estimate']} ({r['fmax_error_percent']:+.1f} %)" if r["fmax_estimate"] else "not timed"
        lines.append(
            [
                r["board"], r["network"], "integer" if r["integer"] else "streams", r["length"], r["lanes"],
                r["accuracy"], f"{r['lcs']:,}", f"{r['ff']:,}", ram, r["fmax_mhz"] or "not routed",
                f"{r['clock_mhz']:g}", f"{r['clocks_mean']:,.0f}", f"{r['clocks_worst']:,}", f"{r['bound']:,.0f}",
                f"{r['us_mean']:,.1f}", f"{r['us_worst']:,.1f}", r["link_ms"], cells, fmax,
            ]
        )  # fmt: skip
    known, new = (np.abs([r["error_percent"] for r in rows if r["fitted"] == fitted]) for fitted in (1, 0))
    timed = [r for r in rows if r["fmax_error_percent"] is not None]
    errors = np.abs([r["fmax_error_percent"] for r in timed])
    inside = sum(r["fmax_low"] <= r["fmax_mhz"] <= r["fmax_high"] for r in timed)
    same = sum(r["clock_mhz"] == r["clock_estimate"] for r in timed)
    near = sum((r["clock_low"] or 0) <= r["clock_mhz"] <= r["clock_high"] for r in timed)
    words = (
        f"Estimate against the tools: cells of the {len(known)} rows whose cores the model was fitted to, mean error "
        f"{known.mean():.1f} %, worst {known.max():.1f} %; of the {len(new)} others {new.mean():.1f} % and "
        f"{new.max():.1f} %. Fmax of the {len(timed)} routed rows: mean error {errors.mean():.1f} %, worst "
        f"{errors.max():.1f} %; {inside} lie in the stated band. The clock is the estimated one in {same} of them, and "
        f"between those for the ends of the band in {near}."
    )
    put_table(DOCUMENT, [*table(titles, lines, 3), "", words], "boards")


def main() -> None:
    """Build or write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("build", "write", "estimates"))
    parser.add_argument("board", nargs="*", help="default all")
    arguments = parser.parse_args()
    if arguments.what == "build":
        build_all(arguments.board)
    elif arguments.what == "write":
        counts = {(r["network"], r["engine"]): r["accuracy"] for r in read()}
        write([measured(row, counts) for row in ROWS])
    else:
        write(read_rows())


if __name__ == "__main__":
    main()
