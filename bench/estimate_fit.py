"""Fits the area model of sc_neurocore.hardware.estimate to real builds, and states its error on builds left out.

    python bench/estimate_fit.py [--sweep [BOARD ...]]       # --sweep measures the points anew (15 to 60 s each)

Each point is a core with its host interface on a board, post-route (Arty A7: after synthesis). The error is that of
leave-one-out: every point is predicted by a fit to all the others of its family and kind. Points, coefficients and
errors are written to model/sc_neurocore/hardware/area_model.json.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import replace
from itertools import groupby
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from sc_neurocore.hardware import estimate
from sc_neurocore.hardware.boards import board
from sc_neurocore.hardware.build import build
from sc_neurocore.hardware.conv_image import ConvConfig
from sc_neurocore.hardware.core import CoreConfig
from sc_neurocore.hardware.image import EngineConfig
from sc_neurocore.network import ConvLayer, DenseLayer, InputSpec, Layer, Network, PoolLayer
from sc_neurocore.training.recipes import parse_hidden

CONV_SMALL = ((28, 28, 1), ("10c5s2p2", "20c3s2p1", "20c3", 10))
CONV_TINY = ((12, 12, 1), ("4c3s2", "8c3", 5))
CONV_POOL = ((28, 28, 1), ("8c5", "max2", "16c3s2", 10))
CONV_WIDE = ((28, 28, 1), ("12c5s2", "24c3", "24c3s2", 10))
MLP = ((14, 14, 1), (128, 10))
# Input shape and layers, L, lanes: spread over what the model's terms count, and over kinds of memory.
DENSE = [
    (((16, 1, 1), (8, 4)), 4, 1),
    (MLP, 4, 5),
    (((28, 28, 1), (64, 10)), 8, 4),
    (((16, 1, 1), (8, 4)), 16, 2),
    (MLP, 16, 1),
    (MLP, 16, 3),
    (MLP, 16, 6),
    (((28, 28, 1), (128, 10)), 16, 3),
    (MLP, 16, 12),
    (((8, 8, 1), (48, 10)), 32, 4),
    (((14, 14, 1), (100, 10)), 32, 2),
    (((8, 8, 1), (32, 10)), 64, 2),
    (MLP, 64, 4),
    (((30, 1, 1), (20, 5)), 256, 1),
]
# theta_frac must be at least log2 L.
DENSE_MAC = [
    (((16, 1, 1), (8, 4)), 4, 2),
    (((28, 28, 1), (64, 10)), 8, 2),
    (MLP, 8, 4),
    (((16, 1, 1), (8, 4)), 16, 2),
    (MLP, 16, 1),
    (MLP, 16, 3),
    (MLP, 16, 6),
    (((14, 14, 1), (100, 10)), 32, 3),
    (((8, 8, 1), (32, 10)), 64, 2),
    (((16, 1, 1), (8, 4)), 64, 1),
    (MLP, 128, 2),
]
CONV = [
    (CONV_TINY, 4, 2),
    (CONV_SMALL, 4, 10),
    (CONV_TINY, 8, 1),
    (CONV_POOL, 8, 8),
    (CONV_TINY, 16, 4),
    (CONV_SMALL, 16, 5),
    (CONV_SMALL, 16, 10),
    (CONV_WIDE, 16, 6),
    (CONV_SMALL, 32, 5),
    (CONV_TINY, 64, 2),
]
CONV_MAC = [
    (CONV_TINY, 4, 2),
    (CONV_SMALL, 8, 5),
    (CONV_TINY, 8, 1),
    (CONV_TINY, 16, 4),
    (CONV_SMALL, 16, 5),
    (CONV_SMALL, 16, 2),
    (CONV_SMALL, 16, 10),
    (CONV_WIDE, 16, 6),
    (CONV_SMALL, 32, 5),
    (CONV_TINY, 64, 2),
]
KINDS = {"dense": DENSE, "dense mac": DENSE_MAC, "conv": CONV, "conv mac": CONV_MAC}
# Of each family, the board that its points are built for, and the kinds that are measured there.
BOARDS = {"icebreaker": tuple(KINDS), "orangecrab": ("dense", "conv"), "arty-a7": ("dense", "conv")}
WHAT = ("lcs", "lut", "ff")

Shape = tuple[tuple[int, int, int], tuple[int | str, ...]]


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


def measure(where: str, kind: str, shape: Shape, length: int, lanes: int) -> dict[str, Any]:
    """Build one point; return what the model needs and what the tools reported."""
    mac = kind.endswith("mac")
    network = random_network(shape, length, max(4, length.bit_length() - 1) if mac else 4)
    started = time.monotonic()
    # The area does not depend on the clock: the slowest one is met at once.
    b = board(where)
    slow = replace(b, clocks=b.clocks[-1:], untimed_mhz=b.untimed_mhz and b.clocks[-1].mhz)
    with tempfile.TemporaryDirectory() as folder:
        result = build(network, slow, Path(folder) / "build", lanes=lanes, mac=mac)
    config = estimate.plan(network, slow, lanes=lanes, mac=mac).config
    fields = {name: getattr(config, name) for name in type(config).__dataclass_fields__}
    point = {"board": where, "kind": kind, "shape": list(shape[0]), "layers": list(shape[1])}
    point |= {"length": length, "lanes": lanes, "config": fields}
    point |= {k: getattr(result, k) for k in (*WHAT, "bram", "spram", "fmax_mhz")}
    print(
        f"{where} {kind} {network.topology} L = {length} lanes = {lanes}: {point['lcs']} cells, "
        f"Fmax {point['fmax_mhz']} MHz, {time.monotonic() - started:.0f} s",
        flush=True,
    )
    return point


def config_of(point: dict[str, Any]) -> CoreConfig:
    """Return the core of a point."""
    made = ConvConfig if point["kind"].startswith("conv") else EngineConfig
    return made(**point["config"])


def fit(terms: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return non-negative coefficients that minimise the sum of squared relative errors."""
    return np.asarray(nnls(terms / values[:, None], np.ones_like(values))[0])


def model(points: list[dict[str, Any]]) -> dict[str, Any]:
    """Return coefficients for each of WHAT, with the errors of the fit and of leave-one-out in percent."""
    terms = np.stack([estimate.area_terms(config_of(p)) for p in points])
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
    """Return family and kind of a point: those that share a fit."""
    return board(point["board"]).family, point["kind"]


def save(points: list[dict[str, Any]], fits: dict[str, Any]) -> None:
    """Write the file of the model."""
    terms = {"dense": list(estimate.DENSE_TERMS), "conv": list(estimate.CONV_TERMS)}
    content = {"terms": terms, "fits": fits, "points": points}
    estimate.AREA_MODEL.write_text(json.dumps(content, indent=1) + "\n")


def write(points: list[dict[str, Any]]) -> None:
    """Fit all points, write the model, print the errors."""
    fits: dict[str, dict[str, Any]] = {}
    for (family, kind), mine in groupby(sorted(points, key=group), key=group):
        fits.setdefault(family, {})[kind] = model(list(mine))
    save(points, fits)
    for family, kinds in fits.items():
        for kind, found in kinds.items():
            for what in WHAT:
                m = found[what]
                print(
                    f"{family} {kind} {what}: fit mean {m['fit_mean_percent']} %, worst {m['fit_worst_percent']} %; "
                    f"left out mean {m['left_out_mean_percent']} %, worst {m['left_out_worst_percent']} %"
                )


def main() -> None:
    """Measure if asked to, fit, write, and print the errors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sweep", nargs="*", metavar="BOARD", help=f"build points anew; of {', '.join(BOARDS)}")
    parser.add_argument("--kind", nargs="*", choices=KINDS, default=list(KINDS), help="of these kinds, default all")
    arguments = parser.parse_args()
    chosen = arguments.sweep
    points = json.loads(estimate.AREA_MODEL.read_text())["points"]
    if chosen is not None:
        for where in chosen or BOARDS:
            for kind in BOARDS[where]:
                if kind not in arguments.kind:
                    continue
                points = [p for p in points if (p["board"], p["kind"]) != (where, kind)]
                for case in KINDS[kind]:
                    points.append(measure(where, kind, *case))
                    # What was measured stays, whatever happens next.
                    save(points, json.loads(estimate.AREA_MODEL.read_text())["fits"])
    write(points)


if __name__ == "__main__":
    main()
