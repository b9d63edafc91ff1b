"""Inference speed of networks in steps beside snnTorch, SpikingJelly and Norse, in one run on the same cores.

784-128-128-10, leaky integrate-and-fire, T = 25, batch 1,024: (a) one image for all steps, with MNIST's share of ink;
(b) spikes at a rate of 0.1. The peers run as their own documentation has it (`training_speed`), in inference mode, on
float inputs that are there already; this project's packed simulator runs from input codes that are there already to
scores, exact in every bit (L = 16), with thresholds by which hidden neurons spike at a rate of about 0.1. Rounds go
through all of them in turn, so that what else the machine does meets all.

Two limits of the machine stand beside them: the dense products of the float network alone, which any simulator that
multiplies everything must do; and the weights of all spikes, added by the kernel with everything in the innermost
cache, which this one must do.

Usage: python bench/steps.py [--rounds N] [--threads N]
The peers are no dependencies of the project: pip install snntorch spikingjelly norse, into an environment of their own.
What is missing is named and left out.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import pairwise

import numba
import numpy as np
import torch

from sc_neurocore import kernels_steps, packed
from sc_neurocore.network import DenseLayer, InputSpec, Network, Steps
from sc_neurocore.neurons import Lif
from training_speed import FRAMEWORKS, SIZES, T, present

LENGTH, BATCH, RATE, INK = 16, 1024, 0.1, 0.19
PEERS = ("snnTorch", "SpikingJelly", "Norse")
OURS, BOUND = "sc-neurocore, packed", "dense products alone"


def network(constant: bool, codes: np.ndarray) -> Network:
    """Return a network of random codes whose hidden neurons spike at about RATE, by thresholds found layer by layer."""
    random = np.random.default_rng(2)
    layers = []
    for inputs, neurons in pairwise(SIZES):
        weights = np.clip(np.rint(random.normal(0, 4, (neurons, inputs))), 1 - LENGTH, LENGTH - 1).astype(int)
        layers.append(DenseLayer(weights, np.zeros(neurons, dtype=int), neuron=Lif(theta=1, leak_shift=3)))
    layers[-1] = replace(layers[-1], neuron=None)
    steps, spec = Steps(T, constant), InputSpec((SIZES[0],), LENGTH)
    for k in range(len(layers) - 1):
        low, high = 1, 30000
        while high - low > 1:  # the rate falls as theta grows
            layers[k] = replace(layers[k], neuron=Lif(theta=(low + high) // 2, leak_shift=3))
            counts = packed.run(Network(LENGTH, tuple(layers), spec, 0, steps=steps), codes[:32]).counts[k]
            low, high = (low, (low + high) // 2) if counts.mean() / T < RATE else ((low + high) // 2, high)
    return Network(LENGTH, tuple(layers), spec, 0, steps=steps)


def codes_of(constant: bool) -> np.ndarray:
    """Return the input codes of the batch: images, or spikes of every step."""
    random = np.random.default_rng(1)
    if constant:
        image = random.integers(1, LENGTH + 1, (BATCH, SIZES[0])) * (random.random((BATCH, SIZES[0])) < INK)
        return image.astype(np.uint16)
    return (random.random((BATCH, T, SIZES[0])) < RATE).astype(np.uint16) * np.uint16(LENGTH)


def products(x: torch.Tensor) -> Callable[[], object]:
    """Return the dense products of the float network alone, into outputs that are there already."""
    weights = [torch.rand(a, b) for a, b in pairwise(SIZES)]
    inputs = [x.reshape(-1, SIZES[0]), *(torch.rand(T * BATCH, n) for n in SIZES[1:-1])]
    outputs = [torch.empty(len(a), w.shape[1]) for a, w in zip(inputs, weights, strict=True)]

    def run() -> None:
        for a, w, out in zip(inputs, weights, outputs, strict=True):
            torch.mm(a, w, out=out)

    return run


@numba.njit(nogil=True)
def _added(sums, w, lanes, live, loops):  # type: ignore[no-untyped-def]
    for _ in range(loops):
        kernels_steps.add_rows(sums, w, 0, lanes, live, 0, len(live))


def adding(visits: float, threads: int) -> float:
    """Return the seconds for so many visits of 128 neurons, by the kernel, with all in the innermost cache."""
    lanes, rows, loops = 128, 64, 20_000
    sums, w = np.zeros(lanes, dtype=np.int16), np.zeros(lanes * rows, dtype=np.int16)
    live = np.arange(rows, dtype=np.int32)
    _added(sums, w, lanes, live, 1)
    best = float("inf")
    for _ in range(9):
        start = time.perf_counter()
        _added(sums, w, lanes, live, loops)
        best = min(best, time.perf_counter() - start)
    return visits / (loops * rows / best) / threads


def visits_of(net: Network, codes: np.ndarray) -> float:
    """Return how often the packed simulator adds a row of 128 weights, on average over the layers' widths."""
    counts = packed.run(net, codes).counts
    first = 0 if codes.ndim == 2 else int((codes != 0).sum())
    rows = [first, *(int(c.sum()) for c in counts)]
    return sum(n * width / 128 for n, width in zip(rows, SIZES[1:], strict=True))


def main() -> None:
    """Print a table for each kind of input."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=numba.config.NUMBA_NUM_THREADS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    numba.set_num_threads(options.threads)
    names = [name for name in PEERS if present(name)]
    for constant in (True, False):
        compare(constant, names, options.rounds, options.threads)


def compare(constant: bool, names: list[str], rounds: int, threads: int) -> None:
    """Print the table of one kind of input."""
    codes = codes_of(constant)
    net = network(constant, codes)
    ready = packed.prepare(net)
    image = torch.from_numpy(codes.astype(np.float32)) / LENGTH
    x = image if constant else image.transpose(0, 1).contiguous()
    calls: dict[str, Callable[[], object]] = {OURS: partial(packed.run, net, codes, prepared=ready)}
    for name in names:
        calls[name] = partial(FRAMEWORKS[name]()[1], x)
    calls[BOUND] = products(x.expand(T, *x.shape).contiguous() if constant else x)
    times: dict[str, list[float]] = {name: [] for name in calls}
    with torch.inference_mode():
        for call in calls.values():
            call()
        for _ in range(rounds):
            for name, call in calls.items():
                start = time.perf_counter()
                call()
                times[name].append(time.perf_counter() - start)
    ours = np.array(times[OURS])
    rates = ", ".join(f"{c.mean() / T:.2f}" for c in packed.run(net, codes).counts)
    kind = "(a) one image for all steps" if constant else f"(b) spikes at a rate of {RATE}"
    print(f"\n{kind}; {threads} thread(s), {rounds} rounds, hidden rates {rates}")
    print("| | least ms | median ms | ratio of the least | median ratio |")
    print("|---|---|---|---|---|")
    for name, found in times.items():
        mine = np.array(found)
        ratios = f"{mine.min() / ours.min():.1f} | {np.median(mine / ours):.1f}"
        print(f"| {name} | {1000 * mine.min():.1f} | {1000 * np.median(mine):.1f} | {ratios} |", flush=True)
    limit = adding(visits_of(net, codes), threads)
    print(f"adding the weights of all spikes alone: {1000 * limit:.1f} ms, {limit / ours.min():.0%} of the least")


if __name__ == "__main__":
    main()
