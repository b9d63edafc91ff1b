"""The front of sparse streaming networks on MNIST: accuracy against LUTs and latency, for several sizes.

    python bench/sparse_front.py train    six networks into build/sparse_front, some minutes each; old ones are kept
    python bench/sparse_front.py build    each built for an ECP5, post-route, and run on all test images
    python bench/sparse_front.py write    docs/sparse_front.md's table, docs/plots/sparse_front.{csv,svg}
    python bench/sparse_front.py draw     docs/plots/sparse_front.svg anew, from the rows that are there

Every size is the recipe mnist-sparse but for the number of hidden neurons, the weight of the L1 norm and the weights
that each layer keeps. The test part is used once a network, at the end. Others' figures are as they state them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from document import put_table, read_results, write_csv
from pays.common import ask_for, figure, read, save
from sc_neurocore import artifact, data, figures
from sc_neurocore.errors import ScError, require
from sc_neurocore.training.recipes import Recipe, load_recipe

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build" / "sparse_front"
DOCUMENT = ROOT / "docs" / "sparse_front.md"
PLOTS = ROOT / "docs" / "plots"
PART = "lfe5u-25f"
FIELDS = (
    "size", "hidden", "synapses", "validation", "test", "mismatches", "ecp5_luts", "ecp5_ffs", "fmax_mhz", "clocks",
    "latency_us", "xc7_luts",
)  # fmt: skip
#: Hidden neurons, weight of the L1 norm, weights that each layer keeps; the recipe's own is one of them.
SIZES: dict[str, tuple[int, float, tuple[int, int]]] = {
    "24": (24, 1.6e-4, (1500, 240)),
    "32": (32, 1.0e-4, (2200, 320)),
    "48": (48, 6.0e-5, (3000, 400)),
    "64": (64, 4.0e-5, (4000, 400)),
    "80": (80, 2.5e-5, (5500, 600)),
    "112": (112, 1.5e-5, (8000, 900)),
}
#: LUT-based networks on MNIST: name, test accuracy in %, LUTs of a 7-series FPGA.
PEERS = (("DWN", 96.77, 1597), ("DWN", 97.70, 2246))


def recipe(size: str) -> Recipe:
    """Return the recipe of a size."""
    hidden, l1, keep = SIZES[size]
    return replace(load_recipe("mnist-sparse"), hidden=(hidden,), l1=l1, keep=keep)


def train_all(sizes: list[str]) -> None:
    """Train the networks that have not been trained yet."""
    from sc_neurocore.training import train

    for size in sizes:
        if not (WORK / size / "network.json").is_file():
            train(recipe(size), WORK / size)


def build_all(sizes: list[str]) -> None:
    """Build each network and run it on the whole test part as its own RTL."""
    from sc_neurocore import golden
    from sc_neurocore.hardware import stream_fold, stream_sim
    from sc_neurocore.hardware.stream_system_build import build_system
    from sc_neurocore.hardware.tools import verilator_env

    verilator_env()  # what runs after the first build
    mnist = data.load("mnist")
    for size in sizes:
        network = artifact.load(WORK / size)
        built = build_system(network, PART, WORK / f"{size}-{PART}", design="folded", progress=print)
        codes = network.input.encode(mnist.x_test, network.length)
        got = stream_sim.run(network, codes, fold=stream_fold.default_fold(network))
        wanted = golden.run(network, codes)
        values: dict[str, Any] = {
            "size": size,
            "hidden": network.layers[0].neurons,
            "synapses": built.synapses,
            "validation": round(100 * network.info["validation_accuracy"], 2),
            "test": round(100 * float((got.classes == mnist.y_test).mean()), 2),
            "mismatches": int((got.scores != wanted.scores).any(axis=1).sum()),
            "ecp5_luts": built.lut,
            "ecp5_ffs": built.ff,
            "fmax_mhz": built.fmax_mhz,
            "clocks": built.latency_clocks,
            "latency_us": built.latency_us,
            "xc7_luts": built.xc7_luts,
        }
        require(bool(np.array_equal(got.classes, wanted.classes)), f"{size}: RTL and golden model disagree")
        (WORK / f"{size}.json").write_text(json.dumps(values) + "\n")


def write() -> None:
    """Write table, CSV and plot from what was built."""
    rows = read_results(WORK, map(str, SIZES), "train and build")
    PLOTS.mkdir(exist_ok=True)
    write_csv(PLOTS / "sparse_front.csv", FIELDS, rows)
    titles = ("hidden neurons", "synapses", "validation %", "test %", "ECP5 LUTs", "FFs", "Fmax MHz", "clocks", "µs")
    names = ("hidden", "synapses", "validation", "test", "ecp5_luts", "ecp5_ffs", "fmax_mhz", "clocks", "latency_us")
    lines = ["| " + " | ".join((*titles, "7-series LUTs")) + " |", "|" + "---:|" * (len(titles) + 1)]
    lines += ["| " + " | ".join(f"{row[name]:,}" for name in (*names, "xc7_luts")) + " |" for row in rows]
    put_table(DOCUMENT, lines)
    draw(rows)


def draw(rows: Sequence[Mapping[str, Any]]) -> None:
    """Draw accuracy against LUTs, from rows as sparse_front.csv has them."""
    fig, (axes,) = figure(1, height=4.2)
    test = [float(row["test"]) for row in rows]
    for target, look, colour, label in (
        ("xc7_luts", "o-", figures.BLUE, "this project, 7-series LUTs (after synthesis)"),
        ("ecp5_luts", "s--", figures.RED, "this project, ECP5 LUT4 (after routing)"),
    ):
        axes.plot([int(row[target]) for row in rows], test, look, color=colour, label=label)
    luts, accuracy = [p[2] for p in PEERS], [p[1] for p in PEERS]
    axes.plot(luts, accuracy, "^:", color=figures.BLACK, label="DWN, 7-series LUTs (as published)")
    axes.set(xlabel="LUTs, host interface included", ylabel="MNIST test accuracy, %")
    figures.legend_below(fig, [axes], 2)
    save(fig, PLOTS / "sparse_front.svg")


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=("train", "build", "write", "draw"))
    parser.add_argument("--size", action="append", choices=tuple(SIZES), help="only this one; may be repeated")
    options = parser.parse_args()
    sizes = options.size or list(SIZES)
    if options.step in ("write", "draw"):
        ask_for()
    try:
        if options.step == "draw":
            draw(read(PLOTS / "sparse_front.csv"))
        elif options.step == "write":
            write()
        else:
            {"train": train_all, "build": build_all}[options.step](sizes)
    except ScError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
