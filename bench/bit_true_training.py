"""What a training step through the exact streams costs, beside the step of the same network in floats.

Both take the same distorted batches, a forward and a backward pass and AdamW, on one thread, in turn, so that what
else the machine does meets both. The ratio is that of an epoch: batches, distortion included. Least and median of the
rounds.

Usage: python bench/bit_true_training.py [--rounds N] [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional

from sc_neurocore import data
from sc_neurocore.errors import ScError, require
from sc_neurocore.training.augment import distort
from sc_neurocore.training.convert import calibrate
from sc_neurocore.training.recipes import load_recipe
from sc_neurocore.training.stages import build_stages, float_forward, stream_forward, weighted

RECIPES = ("mnist-small", "mnist-mlp", "mnist-conv")
LENGTHS = (4, 8, 16, 32)
STEPS = 10


def steppers(name: str, length: int) -> tuple[str, Callable[[], None], Callable[[], None]]:
    """Return the topology, and the functions that do STEPS float steps and as many through the streams."""
    recipe = load_recipe(name).changed(length=length)
    mnist = data.load(recipe.data)
    spec = mnist.input_spec(recipe.pool, recipe.threshold)
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    stages = build_stages(spec.output_shape, recipe.hidden, mnist.classes)
    scales = calibrate(stages, mnist.x_train[:1024], spec, length, recipe.theta_frac)
    parameters = [p for stage in weighted(stages) for p in stage.module.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=1e-6)
    images = torch.from_numpy(np.array(mnist.x_train[: STEPS * recipe.batch]))
    labels = torch.from_numpy(np.array(mnist.y_train[: STEPS * recipe.batch]))
    unit = scales[-1].sum / length

    def steps(streams: bool) -> None:
        for part in torch.split(torch.arange(len(labels)), recipe.batch):
            moved = distort(images[part], recipe.augment, generator).numpy().astype(np.int64)
            if streams:
                codes = torch.from_numpy(spec.encode(moved, length).astype(np.float32))
                scores = stream_forward(stages, scales, codes, length, recipe.theta_frac)[0] * unit
            else:
                scores = float_forward(stages, torch.from_numpy(spec.pooled(moved) / spec.full_scale).float())
            loss = functional.cross_entropy(scores, labels[part])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()

    topology = "-".join(map(str, (spec.size, *recipe.hidden, mnist.classes)))
    return topology, lambda: steps(False), lambda: steps(True)


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true", help="one object a row on standard output")
    options = parser.parse_args()
    try:
        require(options.rounds >= 1, f"rounds must be at least 1, got {options.rounds}")
        torch.set_num_threads(1)
        if not options.json:
            titles = ("network", "L", "float, ms a step", "bit-true, ms a step", "ratio", "median ratio")
            print("| " + " | ".join(titles) + " |\n" + "|---" * len(titles) + "|")
        for name in RECIPES:
            for length in LENGTHS:
                topology, *both = steppers(name, length)
                times: list[tuple[float, ...]] = []
                for step in both:
                    step()  # compile
                for _ in range(options.rounds):
                    row = []
                    for step in both:
                        start = time.perf_counter()
                        step()
                        row.append((time.perf_counter() - start) / STEPS * 1e3)
                    times.append(tuple(row))
                least = [min(column) for column in zip(*times, strict=True)]
                median = statistics.median(b / a for a, b in times)
                if options.json:
                    keys = ("network", "length", "float_ms", "bit_true_ms", "ratio", "median_ratio")
                    values = (topology, length, *least, least[1] / least[0], median)
                    print(json.dumps(dict(zip(keys, values, strict=True))), flush=True)
                else:
                    a, b = least
                    print(f"| {topology} | {length} | {a:.2f} | {b:.2f} | {b / a:.2f}× | {median:.2f}× |", flush=True)
    except ScError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
