"""Fits the models of sc_neurocore.hardware.estimate, of area and of Fmax, to real builds, and states their errors.

    python bench/estimate_fit.py [--sweep [BOARD ...]]   --sweep measures points that are not there (a minute each)

Each point is a core with its host interface on a board, post-route (Arty A7: after synthesis). The error is that of
leave-one-out: every core is predicted by a fit to all the others of its family and engine. Fmax has more points than
area: longer streams, other grades of the same family, and more seeds of place and route, which show how much of the
error no model can take away. Points, coefficients and errors are written to
model/sc_neurocore/hardware/area_model.json, tables of both to fpga/README.md.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from document import put_table, table
from sc_neurocore import artifact
from sc_neurocore.hardware import estimate, timing
from sc_neurocore.hardware.boards import board
from sc_neurocore.hardware.build import build
from sc_neurocore.hardware.conv_image import ConvConfig
from sc_neurocore.hardware.core import CoreConfig, core_config
from sc_neurocore.hardware.image import EngineConfig
from sc_neurocore.hardware.spike_image import SpikeConfig
from sc_neurocore.network import ConvLayer, DenseLayer, Edge, InputSpec, Layer, Network, PoolLayer, Steps
from sc_neurocore.neurons import Alif, Lif, Synaptic
from sc_neurocore.training.recipes import parse_hidden

Shape = tuple[tuple[int, int, int], tuple[int | str, ...]]


class Case(NamedTuple):
    """A core to be built, as one point of the fit.

    Attributes:
        shape: Shape of the input, and the layers.
        length: L.
        lanes: Number of lanes.
        frac: The Verilog parameter FRAC.
        mac: The integer peer in place of the stochastic engine.
        seed: Seed of place and route.
    """

    shape: Shape
    length: int
    lanes: int
    frac: int = 4
    mac: bool = False
    seed: int = 1


class StepsCase(NamedTuple):
    """A core of the engine of networks in steps to be built, as one point of the fit.

    Attributes:
        sizes: Inputs of a step, and neurons of each layer.
        length: L.
        lanes: Number of lanes.
        neuron: Kind of the hidden neurons, "lif", "synaptic" or "alif".
        width: Bits of their states.
        leak_mode: 0, shift, or 1, factor.
        reset_mode: 0, subtract, or 1, to value.
        refractory: Their refractory period, in steps.
        constant: Whether a sample is one vector for all steps.
        readout: What the scores are.
        edges: (source, target, delay) of each edge.
        frac: The Verilog parameter FRAC.
        count: T.
        seed: Seed of place and route.
    """

    sizes: tuple[int, ...]
    length: int
    lanes: int
    neuron: str = "lif"
    width: int = 16
    leak_mode: int = 0
    reset_mode: int = 0
    refractory: int = 0
    constant: bool = False
    readout: str = "sum"
    edges: tuple[tuple[int, int, int], ...] = ()
    frac: int = 4
    count: int = 8
    seed: int = 1


AnyCase = Case | StepsCase

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
# Networks in steps: every kind of neuron, mode of leak and of reset, with and without edges, rest and a constant input,
# narrow and wide states, few and many lanes. The first one is the core of mnist-spiking. Other families than the iCE40
# have no such points yet: add SPIKE to their boards below and run --sweep BOARD --engine spike.
RECURRENT = ((0, 0, 1),)
SPIKE = [
    StepsCase((784, 128, 128, 10), 16, 4, constant=True),
    StepsCase((32, 96, 96, 10), 16, 4, edges=RECURRENT, count=62),
    StepsCase((16, 12, 4), 4, 1, width=8),
    StepsCase((32, 64, 10), 8, 8, leak_mode=1, refractory=3),
    StepsCase((30, 40, 6), 32, 2, "synaptic", width=12, leak_mode=1, constant=True),
    StepsCase((20, 32, 5), 16, 6, "alif", edges=RECURRENT),
    StepsCase((64, 48, 48, 10), 8, 4, "alif", width=10, leak_mode=1, reset_mode=1, refractory=2),
    StepsCase((64, 32, 10), 64, 2, width=20, refractory=4, constant=True),
    StepsCase((12, 10, 3), 4, 12, width=8, reset_mode=1, refractory=1, edges=((0, 0, 1), (0, 1, 3))),
    StepsCase((24, 16, 4), 8, 3, "synaptic", width=18, reset_mode=1, refractory=2, readout="spikes"),
    StepsCase((10, 30, 3), 16, 2, "alif", width=12, refractory=5, constant=True, readout="potential"),
    StepsCase((32, 96, 10), 16, 3, width=12, reset_mode=1, edges=RECURRENT, count=40),
    StepsCase((16, 24, 5), 16, 2, "synaptic", width=14, edges=((0, 0, 3),)),
]
# Of each family, the board that its points are built for.
BOARDS: dict[str, dict[str, Sequence[AnyCase]]] = {
    "icebreaker": {"conv": CONV, "dense": DENSE + DENSE_SMALL_CHIP, "spike": SPIKE},
    "orangecrab": {"conv": CONV + CONV_LARGE_CHIP, "dense": DENSE + DENSE_LARGE_CHIP},
    "arty-a7": {"conv": CONV + CONV_LARGE_CHIP, "dense": DENSE + DENSE_LARGE_CHIP},
}
# More for Fmax alone: long streams, whose lanes are the slower path, deep memories, many lanes, ...
DIGITS = ((8, 8, 1), (96, 10))
MNIST = ((28, 28, 1), (128, 10))
DENSE_TIMED = [
    Case(MLP, 64, 1),
    Case(LARGE, 64, 2),
    Case(TINY, 128, 1),
    Case(MLP, 128, 2),
    Case(LARGE, 128, 2),
    Case(MLP, 256, 1),
    Case(MNIST, 32, 2),
    Case(DIGITS, 32, 2),
    Case(DIGITS, 8, 4),
    Case(MNIST, 8, 4),
    Case(MLP, 32, 3),
    Case(LARGE, 16, 3, mac=True),
]
# ... seeds, whose spread is no error of the model, and of the other grades of each family a few builds of both paths.
TIMED: dict[str, dict[str, Sequence[AnyCase]]] = {
    "icebreaker": {
        "conv": [Case(CONV_TINY, 128, 1)],
        "dense": [*DENSE_TIMED, Case(MLP, 16, 3, seed=2), Case(TINY, 16, 2, seed=2)],
    },
    "orangecrab": {
        "conv": [Case(CONV_TINY, 4, 16)],
        "dense": [Case(MLP, 4, 16), Case(TINY, 4, 1, seed=2)],
    },
    "hx8k": {
        "conv": [Case(CONV_TINY, 4, 2), Case(CONV_POOL, 8, 4), Case(CONV_TINY, 64, 2)],
        "dense": [
            Case(DIGITS, 32, 2),
            Case(((8, 8, 1), (32, 10)), 64, 2),
            Case(TINY, 4, 1),
            Case(TINY, 16, 2, mac=True),
        ],
    },
    "ulx3s-12f": {
        "conv": [Case(CONV_TINY, 4, 2), Case(CONV_TINY, 16, 4), Case(CONV_TINY, 64, 2)],
        "dense": [Case(TINY, 4, 1), Case(MLP, 16, 3), Case(MLP, 64, 4)],
    },
}
#: Kinds of hidden neurons of a network in steps.
NEURONS: dict[str, Any] = {"lif": Lif, "synaptic": Synaptic, "alif": Alif}
#: Factors of a grade are made of no fewer.
LEAST_CORES = 3
WHAT = ("lcs", "lut", "ff")
ROOT = Path(__file__).resolve().parents[1]
NETWORKS = ROOT / "train" / "networks"
DOCUMENT = ROOT / "fpga" / "README.md"
FAMILY = {"ice40": "iCE40", "ecp5": "ECP5", "xc7": "Artix-7"}
ENGINE = {"dense": "dense engine", "conv": "convolution engine", "spike": "engine of networks in steps"}


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


def random_steps_network(case: StepsCase) -> Network:
    """Return a network in steps of random weights: area does not depend on them."""
    rng = np.random.default_rng(0)
    top = case.length - 1
    given: dict[str, Any] = {"width": case.width, "leak_mode": case.leak_mode, "leak_shift": 3, "beta": 200}
    fires = {
        "theta": min(1000, (1 << case.width - 1) // 2),
        "reset_mode": case.reset_mode,
        "refractory": case.refractory,
    }
    more = {
        "lif": {},
        "synaptic": {"leak_shift_i": 2, "beta_i": 100},
        "alif": {"leak_shift_a": 4, "beta_a": 240, "b": 9},
    }
    hidden = NEURONS[case.neuron](**given, **fires, **more[case.neuron])
    # The readout's potentials are those of the same kind, since an engine has one.
    last = None if case.readout == "sum" else hidden
    sizes = case.sizes
    layers = tuple(
        DenseLayer(
            rng.integers(-top, top + 1, (n, inputs)),
            rng.integers(-top, top + 1, n),
            neuron=last if k == len(sizes) - 2 else hidden,
        )
        for k, (inputs, n) in enumerate(pairwise(sizes))
    )
    edges = tuple(Edge(a, b, d, rng.integers(-top, top + 1, (sizes[b + 1], sizes[a + 1]))) for a, b, d in case.edges)
    steps = Steps(case.count, case.constant, case.readout, edges)
    return Network(case.length, layers, InputSpec((sizes[0],), case.length), theta_frac=case.frac, steps=steps)


def network_of(case: AnyCase) -> Network:
    """Return the network of a case."""
    if isinstance(case, StepsCase):
        return random_steps_network(case)
    return random_network(case.shape, case.length, case.frac)


def measure(where: str, engine: str, case: AnyCase) -> dict[str, Any]:
    """Build one point; return what the model needs and what the tools reported."""
    network, mac = network_of(case), isinstance(case, Case) and case.mac
    started = time.monotonic()
    # The area does not depend on the clock: the slowest one is met at once.
    b = board(where)
    slow = replace(b, clocks=b.clocks[-1:], untimed_mhz=b.untimed_mhz and b.clocks[-1].mhz)
    config = estimate.plan(network, slow, lanes=case.lanes, mac=mac).config
    assert estimate.area_kind(config) == engine
    with tempfile.TemporaryDirectory() as folder:
        result = build(network, slow, Path(folder) / "build", lanes=case.lanes, mac=mac, seed=case.seed)
    fields = {name: getattr(config, name) for name in type(config).__dataclass_fields__}
    point: dict[str, Any] = {"board": where, "engine": engine}
    if isinstance(case, StepsCase):
        point |= {"steps": case._asdict(), "config": fields}
    else:
        point |= {"shape": list(case.shape[0]), "layers": list(case.shape[1])}
        point |= {"length": case.length, "seed": case.seed, "config": fields}
    point |= {k: getattr(result, k) for k in (*WHAT, "dsp", "bram", "spram", "fmax_mhz")}
    print(
        f"{where} {engine}{' integer' if mac else ''} {network.topology} L = {case.length} lanes = {case.lanes}: "
        f"{point['lcs']} cells, Fmax {point['fmax_mhz']} MHz, {time.monotonic() - started:.0f} s",
        flush=True,
    )
    return point


def case_of(point: dict[str, Any]) -> AnyCase:
    """Return what a point was built from."""
    if "steps" in point:
        given = point["steps"] | {"sizes": tuple(point["steps"]["sizes"])}
        return StepsCase(**given | {"edges": tuple(tuple(edge) for edge in given["edges"])})
    config = point["config"]
    shape = tuple(point["shape"]), tuple(point["layers"])
    return Case(shape, point["length"], config["lanes"], config["frac"], bool(config["mac"]), point["seed"])


def config_of(point: dict[str, Any]) -> CoreConfig:
    """Return the core of a point."""
    kind = {"conv": ConvConfig, "dense": EngineConfig, "spike": SpikeConfig}[point["engine"]]
    return kind(**point["config"])


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


def core(point: dict[str, Any]) -> str:
    """Return the name of a point's core on its board: points with equal names differ only in the seed."""
    return repr((point["board"], point["engine"], case_of(point)._replace(seed=1)))


def fit_timing(builds: list[dict[str, Any]]) -> dict[str, Any]:
    """Return coefficients of both paths and both factors of each grade, for builds of one family and engine.

    The paths are fitted to the grade with the most builds, the factors of others then to theirs. Squared relative
    errors are minimised, a core counting once however many seeds it has.
    """
    grades = np.array([board(p["board"]).grade for p in builds])
    cores = [core(p) for p in builds]
    weights = np.array([cores.count(c) ** -0.5 for c in cores])
    delays = np.array([1000 / p["fmax_mhz"] for p in builds])
    paths = [timing.terms(config_of(p), board(p["board"]), p["spram"]) for p in builds]
    control, lane = (np.stack([p[k] for p in paths]) for k in (0, 1))
    first = most_builds(builds)
    mine = grades == first
    # The lane decides first where streams have more than 16 bits.
    found = slower_of(control[mine], lane[mine], delays[mine], weights[mine], lane[mine, 1] > 4)
    factors = {first: [1.0, 1.0]}
    for grade in sorted(set(grades) - {first}):
        mine = grades == grade
        # Each path is one term now: what the fit gives for the other grade.
        a, b = ((terms[mine] @ c)[:, None] for terms, c in zip((control, lane), found, strict=True))
        (of_control,), (of_lane,) = slower_of(a, b, delays[mine], weights[mine], (b > a)[:, 0])
        # Of a path that no build of this grade shows, the other one's.
        factors[str(grade)] = [float(of_control or of_lane), float(of_lane or of_control)]
    return {"control": found[0].tolist(), "lane": found[1].tolist(), "grades": factors}


def most_builds(builds: list[dict[str, Any]]) -> str:
    """Return the grade that the most builds have."""
    grades = [board(p["board"]).grade for p in builds]
    return max(sorted(set(grades)), key=grades.count)


def slower_of(
    control: NDArray[np.float64],
    lane: NDArray[np.float64],
    delays: NDArray[np.float64],
    weights: NDArray[np.float64],
    slower: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return non-negative coefficients of two paths, the slower of which gives the delay.

    Where the lane is the slower one, `slower` says at first, then the coefficients before, until nothing changes. Of
    all that were tried the best is taken.
    """
    best = np.zeros(control.shape[1]), np.zeros(lane.shape[1])
    least, tried = np.inf, set[bytes]()
    while slower.tobytes() not in tried:
        tried.add(slower.tobytes())
        found = []
        for terms, those in ((control, ~slower), (lane, slower)):
            rows = terms[those] * (weights[those] / delays[those])[:, None]
            found.append(np.asarray(nnls(rows, weights[those])[0]) if those.any() else np.zeros(terms.shape[1]))
        sums = control @ found[0], lane @ found[1]
        loss = float(((weights * (np.maximum(*sums) / delays - 1)) ** 2).sum())
        if loss < least:
            least, best = loss, (found[0], found[1])
        slower = sums[1] > sums[0]
    return best


def fmax_error(fit: dict[str, Any], point: dict[str, Any]) -> float:
    """Return by how many percent the Fmax that a fit gives differs from that of a build; positive: it is too high."""
    where = board(point["board"])
    paths = timing.terms(config_of(point), where, point["spram"])
    return 100 * (1000 / timing.delay(fit, where.grade, paths) / point["fmax_mhz"] - 1)


def timing_model(builds: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the fit for builds of one family and engine, their greatest sizes, and the errors in percent by grade.

    A grade with fewer than LEAST_CORES cores is left away, so that it stays one that was not timed. The worst error of
    a grade with factors is at least that of the fit which they multiply.
    """
    by_grade = defaultdict(list)
    for p in builds:
        by_grade[board(p["board"]).grade].append(p)
    by_grade = {g: mine for g, mine in by_grade.items() if len({core(p) for p in mine}) >= LEAST_CORES}
    builds = [p for mine in by_grade.values() for p in mine]
    fit = fit_timing(builds)
    errors = {}
    for grade, mine in by_grade.items():
        outside = []
        for one in sorted({core(p) for p in mine}):
            without = fit_timing([p for p in builds if core(p) != one])
            outside += [abs(fmax_error(without, p)) for p in mine if core(p) == one]
        errors[grade] = {
            "builds": len(mine),
            "fit_mean_percent": float(np.mean([abs(fmax_error(fit, p)) for p in mine])),
            "fit_worst_percent": max(abs(fmax_error(fit, p)) for p in mine),
            "left_out_mean_percent": float(np.mean(outside)),
            "left_out_worst_percent": max(outside),
        }
    first = most_builds(builds)
    for found in errors.values():
        found["left_out_worst_percent"] = max(found["left_out_worst_percent"], errors[first]["left_out_worst_percent"])
    measured = [timing.sizes(config_of(p), board(p["board"]), p["spram"]) for p in builds]
    return {
        "control": [round(c, 4) for c in fit["control"]],
        "lane": [round(c, 4) for c in fit["lane"]],
        "grades": {g: [round(f, 4) for f in both] for g, both in fit["grades"].items()},
        "most": {name: max(m[name] for m in measured) for name in measured[0]},
        "seeds_percent": seed_spread(builds),
        "errors": {g: {k: round(v, 1) for k, v in found.items()} for g, found in errors.items()},
    }


def seed_spread(builds: list[dict[str, Any]]) -> float | None:
    """Return the standard deviation of Fmax from seed to seed in percent, of the cores with several; None without."""
    by_core = defaultdict(list)
    for p in builds:
        by_core[core(p)].append(np.log(p["fmax_mhz"]))
    several = [v for v in by_core.values() if len(v) > 1]
    if not several:
        return None
    squares = sum(float(((np.array(v) - np.mean(v)) ** 2).sum()) for v in several)
    return round(100 * float(np.sqrt(squares / sum(len(v) - 1 for v in several))), 1)


def save(content: dict[str, Any]) -> None:
    """Write the file of the models."""
    terms = {
        "dense": list(estimate.DENSE_TERMS),
        "conv": list(estimate.CONV_TERMS),
        "spike": list(estimate.SPIKE_TERMS),
    }
    terms |= {"control": list(timing.CONTROL_TERMS), "lane": list(timing.LANE_TERMS)}
    names = "terms", "fits", "timing", "points", "timed"
    content = {"terms": terms, **{k: content[k] for k in names[1:]}}
    estimate.AREA_MODEL.write_text(json.dumps(content, indent=1) + "\n")


def changes_in_steps() -> list[tuple[str, CoreConfig, CoreConfig]]:
    """Return the same for the engine of networks in steps."""
    one: Any = core_config(artifact.load(NETWORKS / "mnist-spiking"), 6)
    rows: list[tuple[str, dict[str, Any]]] = [
        ("a lane more", {"lanes": one.lanes + 1}),
        ("L = 8", {"log2l": 3}),
        ("L = 32", {"log2l": 5}),
        ("two bits of state more (WIDTH)", {"width": one.width + 2}),
        ("twice the inputs of a layer (LOG2_ENTRIES)", {"log2_entries": one.log2_entries + 1}),
        ("weight memory twice as deep (WEIGHT_AW)", {"weight_aw": one.weight_aw + 1}),
        ("leaks by a factor (LEAK_MODE)", {"leak_mode": 1}),
        ("`synaptic` or `alif` neurons (NEURON)", {"neuron": 1}),
    ]
    return [(words, one, replace(one, **values)) for words, values in rows]


def changes(engine: str) -> list[tuple[str, CoreConfig, CoreConfig]]:
    """Return what a row of the table of costs changes, in words, and the core without and with it."""
    if engine == "spike":
        return changes_in_steps()
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


def terms_of(coefficients: list[float], letters: tuple[str, ...]) -> str:
    """Return a sum in words, without what is 0: 27.1 + 0.19 s."""
    parts = [f"{c:.2f}{letter}" for c, letter in zip(coefficients, letters, strict=True) if c >= 0.005]
    return " + ".join(parts) or "0"


def tables() -> dict[str, list[str]]:
    """Return the lines of the document's tables: the errors of each fit, and what each parameter costs by it."""
    content: dict[str, Any] = json.loads(estimate.AREA_MODEL.read_text())
    fits, errors, costs, speeds = content["fits"], [], [], []
    for where, engines in BOARDS.items():
        family = board(where).family
        against = "after synthesis" if family == "xc7" else "post-route"
        for engine in engines:
            lcs = fits[family][engine]["lcs"]
            names = f"{FAMILY[family]}, {board(where).cell}", f"{ENGINE[engine]}", f"{lcs['points']}, {against}"
            errors.append([*names, *(f"{lcs[f'left_out_{x}_percent']} %" for x in ("mean", "worst"))])
    for engine, name in ENGINE.items():
        rows = changes(engine)
        base = rows[0][1]
        measured = [engine in fits[family] for family in FAMILY]
        whole = [
            f"{estimate.area(base, family)['lcs']:,.0f}" if here else "not measured"
            for family, here in zip(FAMILY, measured, strict=True)
        ]
        costs.append([f"**{name}**, L = 16, {base.lanes} lanes, all of it", *whole])
        for words, before, after in rows:
            more = [
                f"{estimate.area(after, f)['lcs'] - estimate.area(before, f)['lcs']:+.0f}" if here else ""
                for f, here in zip(FAMILY, measured, strict=True)
            ]
            costs.append([words, *more])
    for family, engines in content["timing"].items():
        for engine, fit in engines.items():
            for grade, (of_control, of_lane) in fit["grades"].items():
                error = fit["errors"][grade]
                control = terms_of([of_control * c for c in fit["control"]], ("", " s"))
                lane = terms_of([of_lane * c for c in fit["lane"]], ("", " l", " m"))
                stated = [f"{error[f'left_out_{x}_percent']} %" for x in ("mean", "worst")]
                names = f"{FAMILY[family]}, {grade}", f"{ENGINE[engine]}", error["builds"]
                speeds.append([*names, control, lane, *stated])
    spreads = [
        f"{fit['seeds_percent']} % ({FAMILY[family]}, {ENGINE[engine]})"
        for family, engines in content["timing"].items()
        for engine, fit in engines.items()
        if fit["seeds_percent"] is not None
    ]
    seeds = (
        "Part of the error no model can take away: from seed to seed of place and route, Fmax of a core differs by "
        f"{', '.join(spreads)}, standard deviation of the cores that were routed several times."
    )
    titles = [f"{FAMILY[f]}, {board(b).cell}" for f, b in ((board(b).family, b) for b in BOARDS)]
    columns = ["devices", "core", "builds", "control path, ns", "lane path, ns", "mean error", "worst"]
    return {
        "fits": table(["family", "core", "points", "mean error", "worst"], errors, 3),
        "costs": table(["parameter", *titles], costs),
        "fmax": [*table(columns, speeds, 2), "", seeds],
    }


def write(content: dict[str, Any]) -> None:
    """Fit all points, write the models and the document's tables, print the errors."""
    fits: dict[str, dict[str, Any]] = {}
    for (family, engine), mine in groupby(sorted(content["points"], key=group), key=group):
        fits.setdefault(family, {})[engine] = model(list(mine))
    timed: dict[str, dict[str, Any]] = {}
    builds = [p for p in content["points"] + content["timed"] if p["fmax_mhz"] is not None]
    for (family, engine), mine in groupby(sorted(builds, key=group), key=group):
        timed.setdefault(family, {})[engine] = timing_model(list(mine))
    save(content | {"fits": fits, "timing": timed})
    estimate.area_model.cache_clear()
    for name, lines in tables().items():
        put_table(DOCUMENT, lines, name)
    said = [(f"{f} {e} {w}", engines[e][w]) for f, engines in fits.items() for e in engines for w in WHAT]
    said += [
        (f"{grade} {engine} Fmax", found)
        for engines in timed.values()
        for engine, fit in engines.items()
        for grade, found in fit["errors"].items()
    ]
    for what, m in said:
        print(
            f"{what}: fit mean {m['fit_mean_percent']} %, worst {m['fit_worst_percent']} %; "
            f"left out mean {m['left_out_mean_percent']} %, worst {m['left_out_worst_percent']} %"
        )


def sweep(wanted: list[str], engines: list[str], anew: bool) -> None:
    """Measure the points of these boards and engines that are not there, or all of them; forget those of no case."""
    content: dict[str, Any] = json.loads(estimate.AREA_MODEL.read_text())
    for name, cases in (("points", BOARDS), ("timed", TIMED)):
        asked = [(b, e, c) for b, by_engine in cases.items() for e, mine in by_engine.items() for c in mine]
        content[name] = [p for p in content[name] if (p["board"], p["engine"], case_of(p)) in asked]
        for where, engine, case in asked:
            if where not in wanted or engine not in engines:
                continue
            same = [p for p in content[name] if (p["board"], p["engine"], case_of(p)) == (where, engine, case)]
            if same and not anew:
                continue
            content[name] = [p for p in content[name] if p not in same] + [measure(where, engine, case)]
            # What was measured stays, whatever happens next.
            save(content)


def main() -> None:
    """Measure if asked to, fit, write, and print the errors."""
    boards = list(dict.fromkeys([*BOARDS, *TIMED]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sweep", nargs="*", metavar="BOARD", help=f"build points; of {', '.join(boards)}")
    parser.add_argument("--engine", nargs="*", choices=tuple(ENGINE), default=list(ENGINE))
    parser.add_argument("--anew", action="store_true", help="those that are there, too")
    arguments = parser.parse_args()
    if arguments.sweep is not None:
        sweep(arguments.sweep or boards, arguments.engine, arguments.anew)
    write(json.loads(estimate.AREA_MODEL.read_text()))


if __name__ == "__main__":
    main()
