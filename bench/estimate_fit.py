"""Fits the area model of sc_neurocore.hardware.estimate to real builds, and states its error on builds left out.

    python bench/estimate_fit.py [--sweep [BOARD ...]]   --sweep measures points that are not there (a minute each)

Each point is a core with its host interface on a board, post-route (Arty A7: after synthesis). The error is that of
leave-one-out: every point is predicted by a fit to all the others of its family and engine. Points, coefficients and
errors are written to model/sc_neurocore/hardware/area_model.json, tables of both to fpga/README.md.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import replace
from itertools import groupby, product
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from document import put_table, table
from sc_neurocore import artifact
from sc_neurocore.hardware import estimate
from sc_neurocore.hardware.boards import board
from sc_neurocore.hardware.build import build
from sc_neurocore.hardware.conv_image import ConvConfig
from sc_neurocore.hardware.core import CoreConfig, core_config
from sc_neurocore.hardware.image import EngineConfig
from sc_neurocore.network import ConvLayer, DenseLayer, InputSpec, Layer, Network, PoolLayer
from sc_neurocore.training.recipes import parse_hidden

Shape = tuple[tuple[int, int, int], tuple[int | str, ...]]


class Case(NamedTuple):
    """A point to be built: input shape and layers, L, lanes, FRAC, integer peer."""

    shape: Shape
    length: int
    lanes: int
    frac: int = 4
    mac: bool = False


CONV_SMALL = ((28, 28, 1), ("10c5s2p2", "20c3s2p1", "20c3", 10))
CONV_TINY = ((12, 12, 1), ("4c3s2", "8c3", 5))
CONV_POOL = ((20, 20, 1), ("6c5s2", "max2", "8c3", 10))
CONV_WIDE = ((28, 28, 1), ("12c5s2", "24c3", "24c3s2", 10))
MLP = ((14, 14, 1), (128, 10))
TINY = ((16, 1, 1), (8, 4))
LARGE = ((28, 28, 1), (64, 10))
# Spread over what the model's terms count, and over kinds of memory. FRAC of the integer peer is at least log2 L.
DENSE = [
    Case(MLP, 16, 3),
    Case(MLP, 16, 1),
    Case(MLP, 64, 4),
    Case(((8, 8, 1), (48, 10)), 32, 4),
    Case(LARGE, 8, 4),
    Case(TINY, 4, 1),
    Case(MLP, 16, 3, frac=12),
    Case(MLP, 4, 5),
    Case(TINY, 16, 2),
    Case(((14, 14, 1), (100, 10)), 32, 2),
    Case(((8, 8, 1), (32, 10)), 64, 2),
    Case(((30, 1, 1), (20, 5)), 256, 1),
    Case(MLP, 16, 3, mac=True),
    Case(MLP, 8, 4, mac=True),
    Case(LARGE, 8, 2, mac=True),
    Case(MLP, 16, 1, mac=True),
    Case(TINY, 4, 2, mac=True),
    Case(((14, 14, 1), (100, 10)), 32, 3, 5, mac=True),
]
CONV = [
    Case(CONV_SMALL, 16, 5),
    Case(CONV_TINY, 4, 2),
    Case(CONV_SMALL, 16, 10),
    Case(CONV_TINY, 8, 1),
    Case(CONV_WIDE, 16, 6),
    Case(CONV_POOL, 8, 4),
    Case(CONV_SMALL, 32, 5),
    Case(CONV_TINY, 64, 2),
    Case(CONV_POOL, 16, 3, frac=10),
    Case(CONV_TINY, 16, 4),
    Case(CONV_TINY, 8, 3, frac=8, mac=True),
    Case(CONV_SMALL, 16, 5, mac=True),
    Case(CONV_SMALL, 16, 2, mac=True),
]
# More of the small chip, where each cell counts, and of the large ones, whose memories of LUTs need terms of their own.
DENSE_SMALL_CHIP = [
    Case(((28, 28, 1), (128, 10)), 16, 3),
    Case(MLP, 16, 6),
    Case(MLP, 16, 12),
    Case(TINY, 16, 2, mac=True),
    Case(MLP, 16, 6, mac=True),
    Case(((8, 8, 1), (32, 10)), 64, 2, 6, mac=True),
    Case(TINY, 64, 1, 6, mac=True),
    Case(MLP, 128, 2, 7, mac=True),
]
DENSE_LARGE_CHIP = [Case(MLP, 16, 9)]
CONV_LARGE_CHIP = [Case(CONV_POOL, 64, 2), Case(CONV_WIDE, 8, 8)]
# Of each family, the board that its points are built for.
BOARDS = {
    "icebreaker": {"conv": CONV, "dense": DENSE + DENSE_SMALL_CHIP},
    "orangecrab": {"conv": CONV + CONV_LARGE_CHIP, "dense": DENSE + DENSE_LARGE_CHIP},
    "arty-a7": {"conv": CONV + CONV_LARGE_CHIP, "dense": DENSE + DENSE_LARGE_CHIP},
}
WHAT = ("lcs", "lut", "ff")
ROOT = Path(__file__).resolve().parents[1]
NETWORKS = ROOT / "train" / "networks"
DOCUMENT = ROOT / "fpga" / "README.md"
FAMILY = {"ice40": "iCE40", "ecp5": "ECP5", "xc7": "Artix-7"}
ENGINE = {"dense": "dense", "conv": "convolution"}

def random_network(shape: Shape, length: int, theta_frac: int) -> Network:
    """Return a network of random weights: area does not depend on them."""
    rng = np.random.default_rng(0)
    top = length - 1
    size, texts = shape
    spec = InputSpec(size if size[1:] != (1, 1) else (size[0],), full_scale=length)
    layers: list[Layer] = []
    for k, text in enumerate(texts):
        kind, value = parse_hidden(text)
        theta = 1000 if k < len(texts) - 1 else None
        if kind == "pool":
            layers.append(PoolLayer(str(value["kind"]), int(value["size"]), size, int(value["stride"])))
        elif kind == "conv":
            n, kernel = int(value["channels"]), int(value["kernel"])
            weights = rng.integers(-top, top + 1, (n, kernel, kernel, size[2]))
            bias = rng.integers(-top, top + 1, n)
            layers.append(ConvLayer(weights, bias, theta, size, int(value["stride"]), int(value["padding"])))
        else:
            n = int(value["neurons"])
            weights = rng.integers(-top, top + 1, (n, prod(size)))
            layers.append(DenseLayer(weights, rng.integers(-top, top + 1, n), theta))
        size = layers[-1].output_shape
    return Network(length, tuple(layers), spec, theta_frac=theta_frac)


def measure(where: str, engine: str, case: Case) -> dict[str, Any]:
    """Build one point; return what the model needs and what the tools reported."""
    network = random_network(case.shape, case.length, case.frac)
    started = time.monotonic()
    # The area does not depend on the clock: the slowest one is met at once.
    b = board(where)
    slow = replace(b, clocks=b.clocks[-1:], untimed_mhz=b.untimed_mhz and b.clocks[-1].mhz)
    config = estimate.plan(network, slow, lanes=case.lanes, mac=case.mac).config
    assert estimate.area_kind(config) == engine
    with tempfile.TemporaryDirectory() as folder:
        result = build(network, slow, Path(folder) / "build", lanes=case.lanes, mac=case.mac)
    fields = {name: getattr(config, name) for name in type(config).__dataclass_fields__}
    point = {"board": where, "engine": engine, "shape": list(case.shape[0]), "layers": list(case.shape[1])}
    point |= {"length": case.length, "config": fields}
    point |= {k: getattr(result, k) for k in (*WHAT, "dsp", "bram", "spram", "fmax_mhz")}
    print(
        f"{where} {engine}{' integer' if case.mac else ''} {network.topology} L = {case.length} lanes = {case.lanes}: "
        f"{point['lcs']} cells, Fmax {point['fmax_mhz']} MHz, {time.monotonic() - started:.0f} s",
        flush=True,
    )
    return point


def case_of(point: dict[str, Any]) -> Case:
    """Return what a point was built from."""
    config = point["config"]
    shape = tuple(point["shape"]), tuple(point["layers"])
    return Case(shape, point["length"], config["lanes"], config["frac"], bool(config["mac"]))


def config_of(point: dict[str, Any]) -> CoreConfig:
    """Return the core of a point."""
    return (ConvConfig if point["engine"] == "conv" else EngineConfig)(**point["config"])


def fit(terms: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return non-negative coefficients that minimise the sum of squared relative errors."""
    return np.asarray(nnls(terms / values[:, None], np.ones_like(values))[0])


def model(points: list[dict[str, Any]]) -> dict[str, Any]:
    """Return coefficients for each of WHAT, with the errors of the fit and of leave-one-out in percent."""
    terms = np.stack([estimate.area_terms(config_of(p), board(p["board"]).family) for p in points])
    out: dict[str, Any] = {}
    for what in WHAT:
        values = np.array([p[what] for p in points], dtype=np.float64)
        coefficients = fit(terms, values)
        inside = 100 * np.abs(terms @ coefficients / values - 1)
        others = [np.arange(len(points)) != k for k in range(len(points))]
        outside = np.array(
            [100 * abs(terms[k] @ fit(terms[o], values[o]) / values[k] - 1) for k, o in enumerate(others)]
        )
        out[what] = {
            "coefficients": [round(float(c), 4) for c in coefficients],
            "points": len(points),
            "fit_mean_percent": round(float(inside.mean()), 1),
            "fit_worst_percent": round(float(inside.max()), 1),
            "left_out_mean_percent": round(float(outside.mean()), 1),
            "left_out_worst_percent": round(float(outside.max()), 1),
        }
    return out


def group(point: dict[str, Any]) -> tuple[str, str]:
    """Return family and engine of a point: those that share a fit."""
    return board(point["board"]).family, point["engine"]


def save(points: list[dict[str, Any]], fits: dict[str, Any]) -> None:
    """Write the file of the model."""
    terms = {"dense": list(estimate.DENSE_TERMS), "conv": list(estimate.CONV_TERMS)}
    content = {"terms": terms, "fits": fits, "points": points}
    estimate.AREA_MODEL.write_text(json.dumps(content, indent=1) + "\n")


def changes(engine: str) -> list[tuple[str, CoreConfig, CoreConfig]]:
    """Return what a row of the table of costs changes, in words, and the core without and with it."""
    network = artifact.load(NETWORKS / ("mnist-conv" if engine == "conv" else "mnist-small"))
    one: Any = core_config(network, 5 if engine == "conv" else 3)
    rows = [
        ("a lane more", {"lanes": one.lanes + 1}),
        ("L = 8", {"log2l": 3}),
        ("L = 32", {"log2l": 5}),
        ("L = 64", {"log2l": 6}),
        ("a bit of FRAC more", {"frac": one.frac + 1}),
        ("weight memory twice as deep (WEIGHT_AW)", {"weight_aw": one.weight_aw + 1}),
    ]
    if engine == "conv":
        rows += [
            ("twice the values (LOG2_ENTRIES)", {"act_aw": one.act_aw + 1}),
            ("twice the words of sums (ACC_AW)", {"acc_aw": one.acc_aw + 1}),
            ("a bit of a sum more (SUM_W)", {"sum_w": one.sum_w + 1}),
            ("pooling (POOL)", {"pool": 1}),
            ("integers in place of streams (MAC), sums 4 bits wider", {"mac": 1, "sum_w": one.sum_w + 4}),
        ]
    else:
        rows += [
            ("twice the inputs and neurons (LOG2_ENTRIES)", {"log2_entries": one.log2_entries + 1}),
            ("integers in place of streams (MAC)", {"mac": 1}),
        ]
    out = [(words, one, replace(one, **values)) for words, values in rows]
    if engine == "dense":
        return out
    # Its sums are as wide as L and the weights ask for.
    return [(words, a, replace(b, sum_w=b.sum_w + b.log2l - a.log2l)) for words, a, b in out]


def tables() -> dict[str, list[str]]:
    """Return the lines of the document's tables: the errors of each fit, and what each parameter costs by it."""
    fits: dict[str, Any] = json.loads(estimate.AREA_MODEL.read_text())["fits"]
    errors, costs = [], []
    for where, engines in BOARDS.items():
        family = board(where).family
        against = "after synthesis" if family == "xc7" else "post-route"
        for engine in engines:
            lcs = fits[family][engine]["lcs"]
            names = f"{FAMILY[family]}, {board(where).cell}", f"{ENGINE[engine]} engine", f"{lcs['points']}, {against}"
            errors.append([*names, *(f"{lcs[f'left_out_{x}_percent']} %" for x in ("mean", "worst"))])
    for engine, name in ENGINE.items():
        rows = changes(engine)
        base = rows[0][1]
        whole = [f"{estimate.area(base, family)['lcs']:,.0f}" for family in FAMILY]
        costs.append([f"**{name} engine**, L = 16, {base.lanes} lanes, all of it", *whole])
        for words, before, after in rows:
            cells = [estimate.area(c, f)["lcs"] for f in FAMILY for c in (before, after)]
            costs.append([words, *(f"{b - a:+.0f}" for a, b in zip(cells[::2], cells[1::2], strict=True))])
    titles = [f"{FAMILY[f]}, {board(b).cell}" for f, b in ((board(b).family, b) for b in BOARDS)]
    return {
        "fits": table(["family", "core", "points", "mean error", "worst"], errors, 3),
        "costs": table(["parameter", *titles], costs),
    }


def write(points: list[dict[str, Any]]) -> None:
    """Fit all points, write the model and the document's tables, print the errors."""
    fits: dict[str, dict[str, Any]] = {}
    for (family, engine), mine in groupby(sorted(points, key=group), key=group):
        fits.setdefault(family, {})[engine] = model(list(mine))
    save(points, fits)
    estimate.area_model.cache_clear()
    for name, lines in tables().items():
        put_table(DOCUMENT, lines, name)
    for family, engines in fits.items():
        for engine, found in engines.items():
            for what in WHAT:
                m = found[what]
                print(
                    f"{family} {engine} {what}: fit mean {m['fit_mean_percent']} %, worst {m['fit_worst_percent']} %; "
                    f"left out mean {m['left_out_mean_percent']} %, worst {m['left_out_worst_percent']} %"
                )


def sweep(wanted: list[str], engines: list[str], anew: bool) -> None:
    """Measure the points of these boards and engines that are not there, or all of them; forget those of no case."""
    points = json.loads(estimate.AREA_MODEL.read_text())["points"]
    points = [p for p in points if case_of(p) in BOARDS[p["board"]][p["engine"]]]
    for where, engine in product(wanted, engines):
        for case in BOARDS[where][engine]:
            same = [p for p in points if (p["board"], p["engine"], case_of(p)) == (where, engine, case)]
            if same and not anew:
                continue
            points = [p for p in points if p not in same] + [measure(where, engine, case)]
            # What was measured stays, whatever happens next.
            save(points, json.loads(estimate.AREA_MODEL.read_text())["fits"])


def main() -> None:
    """Measure if asked to, fit, write, and print the errors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sweep", nargs="*", metavar="BOARD", help=f"build points; of {', '.join(BOARDS)}")
    parser.add_argument("--engine", nargs="*", choices=("conv", "dense"), default=["conv", "dense"])
    parser.add_argument("--anew", action="store_true", help="those that are there, too")
    arguments = parser.parse_args()
    if arguments.sweep is not None:
        sweep(arguments.sweep or list(BOARDS), arguments.engine, arguments.anew)
    write(json.loads(estimate.AREA_MODEL.read_text())["points"])


if __name__ == "__main__":
    main()
