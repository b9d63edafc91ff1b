"""Every committed network on its RTL, the whole test set: docs/plots/rtl_counts.csv and the table in fpga/README.md.

    python bench/rtl_counts.py run [NETWORK …]      all that changed since, or those named (minutes each)
    python bench/rtl_counts.py write

Each image is compared with the packed simulator, score by score and hidden count by hidden count; the integer peer with
plain products and the thresholds of A12.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import Any

import numpy as np

from document import put_table, table, write_csv
from sc_neurocore import artifact, backends, data
from sc_neurocore.errors import require
from sc_neurocore.hardware import estimate, rtl_sim
from sc_neurocore.network import Network
from sc_neurocore.progress import Progress

ROOT = Path(__file__).resolve().parents[1]
NETWORKS = ROOT / "train" / "networks"
CSV = ROOT / "docs" / "plots" / "rtl_counts.csv"
DOCUMENT = ROOT / "fpga" / "README.md"
FIELDS = ("network", "topology", "length", "engine", "images", "correct", "accuracy", "mismatches", "tag")
INTEGER = "integer peer"


def engines(network: Network) -> list[str]:
    """Return the engines that a network is run on: names of back ends, and the integer peer where it fits."""
    if network.temporal:
        return []
    if network.input.binary:
        return ["rtl", "folded"]
    # The integer datapath needs as many fraction bits as a code has.
    return ["rtl", *([INTEGER] if 1 << network.theta_frac >= network.length else [])]


def named(network: Network, engine: str) -> str:
    """Return the name of an engine in the table."""
    return (
        "folded, in space"
        if engine == "folded"
        else f"{'dense' if network.dense else 'convolution'} engine" + (", integer" if engine == INTEGER else "")
    )


def measure(folder: Path, network: Network, engine: str) -> dict[str, Any]:
    """Run one network on one engine over the whole test part."""
    part = data.load_part(network.input.dataset)
    codes = network.input.encode(part.x, network.length)
    report = Progress(f"{folder.name}, {engine}")
    if engine == INTEGER:
        found = rtl_sim.run(network, codes, mac=True, progress=report)
        counts = estimate.counts_mac(network, codes)
        same = [(a == b).all(axis=1) for a, b in zip(found.counts, counts, strict=True)]
        mismatches = int((~np.logical_and.reduce(same)).sum())
    else:
        found = backends.run(network, codes, engine, report)
        mismatches = found.mismatches(backends.run(network, codes, "packed"))
    correct = int((found.classes == part.y).sum())
    return {
        "network": folder.name,
        "topology": network.topology,
        "length": network.length,
        "engine": engine,
        "images": len(codes),
        "correct": correct,
        "accuracy": f"{100 * correct / len(codes):.2f}",
        "mismatches": mismatches,
        "tag": f"{network.tag:08x}",
    }


def read() -> list[dict[str, str]]:
    """Return the rows that were measured."""
    if not CSV.is_file():
        return []
    with CSV.open(newline="") as file:
        return list(csv.DictReader(file))


def run(only: list[str]) -> None:
    """Measure the rows that are missing or belong to other weights; write the file after each."""
    rows: list[dict[str, Any]] = list(read())
    for folder in sorted(NETWORKS.iterdir()):
        if not (folder / "network.json").is_file() or (only and folder.name not in only):
            continue
        network = artifact.load(folder)
        for engine in engines(network):
            key = (folder.name, engine)
            old = [r for r in rows if (r["network"], r["engine"]) == key]
            if not only and old and old[0]["tag"] == f"{network.tag:08x}":
                continue
            rows = [r for r in rows if (r["network"], r["engine"]) != key] + [measure(folder, network, engine)]
            rows.sort(key=lambda r: (r["network"], r["engine"] == INTEGER, r["engine"]))
            write_csv(CSV, FIELDS, rows)


def write() -> None:
    """Write the document's table from what was measured."""
    rows = []
    for r in read():
        network = artifact.load(NETWORKS / r["network"])
        require(r["tag"] == f"{network.tag:08x}", f"{r['network']} has other weights than were measured: run it anew")
        rows.append(
            [
                f"{r['network']}, {r['topology']}",
                named(network, r["engine"]),
                r["length"],
                f"{int(r['images']):,}",
                f"{int(r['correct']):,}",
                f"{r['accuracy']} %",
                r["mismatches"],
            ]
        )
    put_table(DOCUMENT, table(["network", "RTL", "L", "images", "right", "accuracy", "mismatches"], rows, 2), "counts")


def main() -> None:
    """Run or write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("run", "write"))
    parser.add_argument("network", nargs="*")
    arguments = parser.parse_args()
    if arguments.what == "run":
        run(arguments.network)
    write()


if __name__ == "__main__":
    main()
