"""Accuracy of every recipe at every stream length on MNIST: docs/results.md's table.

    python bench/results.py train [ROW …]   into build/results, resumed where stopped; rows that are there are kept
    python bench/results.py run [ROW …]     each on all 10,000 test images, packed and RTL, compared score by score;
                                            with --packed without the RTL, where that is not there yet
    python bench/results.py write           docs/results.md's table, docs/plots/results.{csv,svg}
    python bench/results.py draw            docs/plots/results.svg anew, from the rows that are there
    python bench/results.py distorted DIR … each network on its validation images and on four distorted copies of each,
                                            which tell recipes apart where 5,000 images do not

A row is RECIPE-LENGTH-SEED, e.g. mnist-conv-8-0, and its training is `sc-neurocore train RECIPE --length LENGTH --seed
SEED`: one recipe for all lengths. Epochs are chosen on the validation part, the test part is used once, at the end.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from document import put_table, read_results, write_csv
from pays.common import ask_for, figure, read, save
from sc_neurocore import artifact, backends, data, figures
from sc_neurocore.errors import ScError, require
from sc_neurocore.hardware.tools import verilator_env
from sc_neurocore.progress import Progress

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build" / "results"
DOCUMENT = ROOT / "docs" / "results.md"
PLOTS = ROOT / "docs" / "plots"
#: Lengths of each recipe, and the seeds of each length.
LENGTHS = {"mnist-small": (4, 8, 16, 32), "mnist-mlp": (8, 16, 32), "mnist-conv": (4, 8, 16, 32)}
SPREAD = ("mnist-small", 16)
ROWS = tuple(
    f"{recipe}-{length}-{seed}"
    for recipe, lengths in LENGTHS.items()
    for length in lengths
    for seed in ((0, 1, 2) if (recipe, length) == SPREAD else (0,))
)
FIELDS = (
    "recipe", "topology", "synapses", "length", "seed", "validation", "float", "bit_true", "differing", "tag",
    "rtl", "rtl_mismatches",
)  # fmt: skip


def parts(row: str) -> tuple[str, int, int]:
    """Return recipe, length and seed of a row."""
    recipe, length, seed = row.rsplit("-", 2)
    return recipe, int(length), int(seed)


def train_all(rows: list[str]) -> None:
    """Train the networks that have not been trained yet."""
    from sc_neurocore.training import train

    for row in rows:
        recipe, length, seed = parts(row)
        if not (WORK / row / "network.json").is_file():
            train(recipe, WORK / row, length=length, seed=seed)


def run_all(rows: list[str], *, rtl: bool) -> None:
    """Run every network on all test images, packed and, if asked for, on the RTL; what was run on it stays."""
    if rtl:
        verilator_env()  # its absence is told before the packed simulator's work
    mnist = data.load("mnist")
    for row in rows:
        network = artifact.load(WORK / row)
        codes = network.input.encode(mnist.x_test, network.length)
        packed = backends.run(network, codes, "packed")
        hardware = backends.run(network, codes, "rtl", Progress(f"{row}, rtl")) if rtl else None
        recipe, length, seed = parts(row)
        accuracy = float((packed.classes == mnist.y_test).mean())
        require(
            accuracy == network.info["bit_true_test_accuracy"],
            f"{row}: training printed {network.info['bit_true_test_accuracy']}, the packed simulator gives {accuracy}",
        )
        values: dict[str, Any] = {
            "recipe": recipe,
            "topology": network.topology,
            "synapses": sum(layer.synapses.size for layer in network.weighted),
            "length": length,
            "seed": seed,
            "validation": _percent(network.info["validation_accuracy"]),
            "float": _percent(network.info["float_test_accuracy"]),
            "bit_true": _percent(accuracy),
            "differing": network.info["differing_test_predictions"],
            "tag": network.tag,
            "rtl": None if hardware is None else _percent(float((hardware.classes == mnist.y_test).mean())),
            "rtl_mismatches": None if hardware is None else hardware.mismatches(packed),
        }
        path = WORK / f"{row}.json"
        old = json.loads(path.read_text()) if path.is_file() else {}
        if hardware is None and old.get("tag") == network.tag:
            values |= {key: old[key] for key in ("rtl", "rtl_mismatches")}
        path.write_text(json.dumps(values) + "\n")
        print(json.dumps(values), flush=True)


def distorted(folders: list[str], copies: int = 4) -> None:
    """Print accuracy on the validation part, as it is and distorted as the network's own training images were."""
    import torch

    from sc_neurocore.reference import float_classes
    from sc_neurocore.training.augment import distort
    from sc_neurocore.training.recipes import load_recipe

    mnist = data.load("mnist")
    images = torch.from_numpy(np.array(mnist.x_val))
    for folder in folders:
        network = artifact.load(folder)
        how = load_recipe(Path(folder) / "config.toml").augment
        random = torch.Generator().manual_seed(99)
        parts = {"validation": [mnist.x_val]}
        parts["distorted"] = [distort(images, how, random).numpy().astype(np.int64) for _ in range(copies)]
        for part, several in parts.items():
            right = np.zeros(3)
            for x in several:
                floats = float_classes(network, network.input.pooled(x) / network.input.full_scale)
                streams = backends.run(network, network.input.encode(x, network.length), "packed").classes
                right += [(floats == mnist.y_val).sum(), (streams == mnist.y_val).sum(), (floats != streams).sum()]
            a, b, differ = 100 * right / (len(several) * len(images))
            print(
                f"{folder}: {part}, {len(several) * len(images):,}: float {a:.2f}, bit-true {b:.2f}, drop "
                f"{a - b:+.2f}, {differ:.2f} % of the predictions differ",
                flush=True,
            )


def _percent(share: float) -> float:
    return round(100 * share, 2)


def write() -> None:
    """Write table, CSV and plot from what was run."""
    rows = read_results(WORK, ROWS, "train and run")
    PLOTS.mkdir(exist_ok=True)
    write_csv(PLOTS / "results.csv", FIELDS, rows)
    titles = (
        "recipe", "network", "synapses", "L", "seed", "validation %", "float %", "**bit-true %**", "drop",
        "predictions that differ", "RTL %", "images where RTL differs",
    )  # fmt: skip
    lines = ["| " + " | ".join(titles) + " |", "|---|---|" + "---:|" * (len(titles) - 2)]
    for r in rows:
        values = (
            r["recipe"], r["topology"], f"{r['synapses']:,}", r["length"], r["seed"], f"{r['validation']:.2f}",
            f"{r['float']:.2f}", f"**{r['bit_true']:.2f}**", f"{r['float'] - r['bit_true']:+.2f}", r["differing"],
            *(("not run", "not run") if r["rtl"] is None else (f"{r['rtl']:.2f}", r["rtl_mismatches"])),
        )  # fmt: skip
        lines.append("| " + " | ".join(map(str, values)) + " |")
    several = [r for r in rows if (r["recipe"], r["length"]) == SPREAD]
    right, drops = [r["bit_true"] for r in several], [r["float"] - r["bit_true"] for r in several]
    lines += [
        "",
        f"{SPREAD[0]} at L = {SPREAD[1]} over {len(several)} seeds: mean {statistics.mean(right):.2f} %, standard "
        f"deviation {statistics.stdev(right):.2f}; drop {statistics.mean(drops):+.2f}, {statistics.stdev(drops):.2f}.",
    ]
    put_table(DOCUMENT, lines)
    draw(rows)


def draw(rows: Sequence[Mapping[str, Any]]) -> None:
    """Draw accuracy against length, from rows as results.csv has them."""
    fig, (axes,) = figure(1, height=4.2)
    looks = ((figures.BLUE, "o"), (figures.RED, "s"), (figures.GREEN, "^"))
    for (recipe, lengths), (colour, marker) in zip(LENGTHS.items(), looks, strict=True):
        mine = {int(r["length"]): r for r in rows if (r["recipe"], int(r["seed"])) == (recipe, 0)}
        axes.plot(lengths, [float(mine[n]["bit_true"]) for n in lengths], "-" + marker, color=colour, label=recipe)
        axes.plot(lengths, [float(mine[n]["float"]) for n in lengths], ":", color=colour)
    axes.plot([], [], "-", color=figures.GREY, label="on streams, bit-true")
    axes.plot([], [], ":", color=figures.GREY, label="the same network in floats")
    axes.set_xscale("log", base=2)
    figures.plain_ticks(axes.xaxis, [4, 8, 16, 32])
    axes.set(xlabel="stream length L", ylabel="MNIST test accuracy, %")
    figures.legend_below(fig, [axes], 3)
    save(fig, PLOTS / "results.svg")


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=("train", "run", "write", "draw", "distorted"))
    parser.add_argument("row", nargs="*", help=f"of {', '.join(ROWS)}; default all; of distorted, folders")
    parser.add_argument("--packed", action="store_true", help="run: leave the RTL out")
    options = parser.parse_intermixed_args()
    if options.step in ("write", "draw"):
        ask_for()
    try:
        if options.step == "distorted":
            distorted(options.row)
            return 0
        if options.step == "draw":
            draw(read(PLOTS / "results.csv"))
            return 0
        unknown = sorted(set(options.row) - set(ROWS))
        require(not unknown, f"row must be of {', '.join(ROWS)}, got {', '.join(unknown)}")
        rows = options.row or list(ROWS)
        if options.step == "write":
            write()
        elif options.step == "run":
            run_all(rows, rtl=not options.packed)
        else:
            train_all(rows)
    except ScError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
