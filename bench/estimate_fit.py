"""Fits the area model of sc_neurocore.hardware.estimate to real builds, and states its error on builds left out.

    python bench/estimate_fit.py [--sweep]        # --sweep measures the points anew (about 15 s each)

Each point is an engine with its host interface on the iCEBreaker, post-route. The error is that of leave-one-out: every
point is predicted by a fit to all the others. Points, coefficients and errors are written to
model/sc_neurocore/hardware/area_model.json.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from sc_neurocore.hardware import estimate
from sc_neurocore.hardware.build import build
from sc_neurocore.hardware.image import EngineConfig
from sc_neurocore.network import DenseLayer, InputSpec, Network

# Shape, L, lanes: spread over what the model's terms count, and over weights in block RAM and in SPRAM.
STOCHASTIC = [
    ((16, 8, 4), 4, 1),
    ((196, 128, 10), 4, 5),
    ((784, 64, 10), 8, 4),
    ((16, 8, 4), 16, 2),
    ((196, 128, 10), 16, 1),
    ((196, 128, 10), 16, 3),
    ((196, 128, 10), 16, 6),
    ((784, 128, 10), 16, 3),
    ((196, 128, 10), 16, 12),
    ((64, 48, 10), 32, 4),
    ((196, 100, 10), 32, 2),
    ((64, 32, 10), 64, 2),
    ((196, 128, 10), 64, 4),
    ((30, 20, 5), 256, 1),
]
# theta_frac must be at least log2 L.
MAC = [
    ((16, 8, 4), 4, 2),
    ((784, 64, 10), 8, 2),
    ((196, 128, 10), 8, 4),
    ((16, 8, 4), 16, 2),
    ((196, 128, 10), 16, 1),
    ((196, 128, 10), 16, 3),
    ((196, 128, 10), 16, 6),
    ((196, 100, 10), 32, 3),
    ((64, 32, 10), 64, 2),
    ((16, 8, 4), 64, 1),
    ((196, 128, 10), 128, 2),
]
WHAT = ("lcs", "lut", "ff")


def random_network(shape: tuple[int, ...], length: int, theta_frac: int) -> Network:
    """Return a network of random weights: area does not depend on them."""
    rng = np.random.default_rng(0)
    top = length - 1
    layers = [
        DenseLayer(
            rng.integers(-top, top + 1, (n, m)), rng.integers(-top, top + 1, n), 1000 if k < len(shape) - 2 else None
        )
        for k, (m, n) in enumerate(pairwise(shape))
    ]
    return Network(length, tuple(layers), InputSpec((shape[0],), full_scale=length), theta_frac=theta_frac)


def measure(shape: tuple[int, ...], length: int, lanes: int, mac: bool) -> dict[str, Any]:
    """Build one point; return what the model needs and what nextpnr reported."""
    network = random_network(shape, length, max(4, length.bit_length() - 1) if mac else 4)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        result = build(network, "icebreaker", Path(folder) / "build", lanes=lanes, mac=mac)
    config = {k.lower(): v for k, v in result.parameters.items() if k.lower() in EngineConfig.__dataclass_fields__}
    point = {"network": network.topology, "length": length, "lanes": lanes, "mac": mac, "config": config}
    point |= {k: getattr(result, k) for k in (*WHAT, "bram", "spram", "fmax_mhz", "clock_mhz")}
    print(
        f"{network.topology:>12} L = {length:3} lanes = {lanes:2}: {point['lcs']} LCs, Fmax {point['fmax_mhz']} MHz, "
        f"{time.monotonic() - started:.0f} s"
    )
    return point


def fit(terms: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return non-negative coefficients that minimise the sum of squared relative errors."""
    return np.asarray(nnls(terms / values[:, None], np.ones_like(values))[0])


def model(points: list[dict[str, Any]]) -> dict[str, Any]:
    """Return coefficients for each of WHAT, with the errors of the fit and of leave-one-out in percent."""
    terms = np.stack([estimate.area_terms(EngineConfig(**p["config"])) for p in points])
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
            "fit_mean_percent": round(float(inside.mean()), 1),
            "fit_worst_percent": round(float(inside.max()), 1),
            "left_out_mean_percent": round(float(outside.mean()), 1),
            "left_out_worst_percent": round(float(outside.max()), 1),
        }
    return out


def main() -> None:
    """Measure if asked to, fit, write, and print the errors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sweep", action="store_true", help="build every point anew")
    if parser.parse_args().sweep:
        points = [measure(*p, mac=False) for p in STOCHASTIC] + [measure(*p, mac=True) for p in MAC]
    else:
        points = json.loads(estimate.AREA_MODEL.read_text())["points"]
    content = {
        "terms": list(estimate.AREA_TERM_NAMES),
        "stochastic": model([p for p in points if not p["mac"]]),
        "mac": model([p for p in points if p["mac"]]),
        "points": points,
    }
    lines = json.dumps(content, indent=1)
    estimate.AREA_MODEL.write_text(lines + "\n")
    for kind in ("stochastic", "mac"):
        for what in WHAT:
            m = content[kind][what]
            print(
                f"{kind} {what}: fit mean {m['fit_mean_percent']} %, worst {m['fit_worst_percent']} %; "
                f"left out mean {m['left_out_mean_percent']} %, worst {m['left_out_worst_percent']} %"
            )


if __name__ == "__main__":
    main()
