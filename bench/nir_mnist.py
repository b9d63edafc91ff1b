"""One foreign network from its framework to an iCE40: accuracy after every step, docs/nir.md's second table.

  python bench/nir_mnist.py train      trains 196-128-10 in snnTorch (pip install snntorch nirtorch, into an environment
                                       of their own), writes bench/nir_cases/mnist-snntorch.nir; 6 minutes on one core
  python bench/nir_mnist.py count      runs that file's weights in snnTorch on all validation and test images, keeps the
                                       spike counts
  python bench/nir_mnist.py measure    imports, converts, fine-tunes, checks on the RTL, builds for the iCEBreaker, and
                                       writes the table; 8 minutes on one core

The network: Leaky neurons (beta 0.9, snnTorch's own reset: subtract, one step late), T = 32 steps, the image as a
constant current in each of them, 2 x 2 pixels averaged; cross-entropy on spike counts. Everything is chosen on the
validation part; the test part is used once, for the table.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from document import put_table, table
from sc_neurocore import data

HERE = Path(__file__).resolve().parent
FILE = HERE / "nir_cases" / "mnist-snntorch.nir"
DOCUMENT = HERE.parent / "docs" / "nir.md"
COUNTS = FILE.with_suffix(".npz")
POOL, HIDDEN, BETA, STEPS = 2, 128, 0.9, 32
LENGTHS, EPOCHS = (16, 32, 64), 10
# (length, epochs of fine-tuning) that go on to the RTL and the board.
BUILT = ((64, 0), (32, EPOCHS))


def train(epochs: int = 15, batch: int = 128) -> None:
    """Train in snnTorch and export by its own exporter; the best epoch on the validation part is kept."""
    import nir
    import snntorch as snn
    import torch
    from snntorch.export_nir import export_to_nir
    from torch import nn

    torch.set_num_threads(1)
    torch.manual_seed(0)
    mnist = data.load("mnist")
    spec = mnist.input_spec(POOL)

    def floats(samples: Any) -> torch.Tensor:
        return torch.from_numpy((spec.pooled(samples) / spec.full_scale).astype(np.float32))

    x, y = floats(mnist.x_train), torch.from_numpy(np.array(mnist.y_train))
    x_val, y_val = floats(mnist.x_val), torch.from_numpy(np.array(mnist.y_val))
    fc1, fc2 = nn.Linear(spec.size, HIDDEN), nn.Linear(HIDDEN, 10)
    lif1, lif2 = snn.Leaky(beta=BETA), snn.Leaky(beta=BETA)
    parameters = [*fc1.parameters(), *fc2.parameters()]

    def counts(images: torch.Tensor) -> torch.Tensor:
        mem1, mem2 = lif1.reset_mem(), lif2.reset_mem()
        total: Any = 0
        current = fc1(images)
        for _ in range(STEPS):
            spikes, mem1 = lif1(current, mem1)
            out, mem2 = lif2(fc2(spikes), mem2)
            total = total + out
        return total

    optimizer = torch.optim.Adam(parameters, lr=2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * -(-len(x) // batch))
    best, kept = 0.0, [p.detach().clone() for p in parameters]
    for epoch in range(epochs):
        for part in torch.randperm(len(x)).split(batch):
            optimizer.zero_grad()
            nn.functional.cross_entropy(counts(x[part]) * 0.5, y[part]).backward()
            optimizer.step()
            schedule.step()
        with torch.no_grad():
            batches = zip(x_val.split(1000), y_val.split(1000), strict=True)
            right = sum(int((counts(a).argmax(1) == b).sum()) for a, b in batches)
        print(f"epoch {epoch + 1} of {epochs}: validation {right / len(y_val):.2%}", file=sys.stderr, flush=True)
        if right / len(y_val) > best:
            best, kept = right / len(y_val), [p.detach().clone() for p in parameters]
    with torch.no_grad():
        for p, value in zip(parameters, kept, strict=True):
            p.copy_(value)
    hidden = [snn.Leaky(beta=torch.full((n,), BETA), threshold=torch.ones(n), init_hidden=True) for n in (HIDDEN, 10)]
    graph = export_to_nir(nn.Sequential(fc1, hidden[0], fc2, hidden[1]), x[:1], ignore_dims=[0])
    FILE.parent.mkdir(exist_ok=True)
    nir.write(FILE, graph)
    print(f"{FILE}: validation {best:.2%}", file=sys.stderr)


def count() -> None:
    """Keep the spike counts of snnTorch, with the weights of the NIR file, for every validation and test image."""
    import snntorch as snn
    import torch
    from nir import read

    torch.set_num_threads(1)
    nodes = read(FILE).nodes
    layers = [torch.nn.Linear(*nodes[k].weight.shape[::-1]) for k in "02"]
    mnist = data.load("mnist")
    spec = mnist.input_spec(POOL)
    kept = {}
    with torch.no_grad():
        for layer, k in zip(layers, "02", strict=True):
            layer.weight.copy_(torch.from_numpy(nodes[k].weight))
            layer.bias.copy_(torch.from_numpy(nodes[k].bias))
        for part, images in (("validation", mnist.x_val), ("test", mnist.x_test)):
            x = torch.from_numpy((spec.pooled(images) / spec.full_scale).astype(np.float32))
            lifs = [snn.Leaky(beta=BETA), snn.Leaky(beta=BETA)]
            mems = [lif.reset_mem() for lif in lifs]
            total = torch.zeros(len(x), 10)
            for _ in range(STEPS):
                h = x
                for k in range(2):
                    h, mems[k] = lifs[k](layers[k](h), mems[k])
                total += h
            kept[part] = total.numpy().astype(np.uint8)
    np.savez_compressed(COUNTS, **kept)


def percent(share: float) -> str:
    """Return a share as the table has it."""
    return f"{100 * share:.2f} %"


def measure() -> None:
    """Write the table of docs/nir.md; work goes to a folder that is gone afterwards."""
    from sc_neurocore import artifact
    from sc_neurocore.evaluate import evaluate
    from sc_neurocore.hardware.build import build
    from sc_neurocore.hardware.flow import flow_tools
    from sc_neurocore.hardware.tools import verilator_env
    from sc_neurocore.nir_bridge import from_nir, import_network, rate_model
    from sc_neurocore.nir_bridge.conversion import as_inputs, rate_counts

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    verilator_env()  # what comes after the training
    flow_tools("ice40")
    mnist = data.load("mnist")
    spec = mnist.input_spec(POOL)
    network = from_nir(FILE, framework="snntorch")
    parts = {"validation": (mnist.x_val, mnist.y_val), "test": (mnist.x_test, mnist.y_test)}
    rows: list[list[object]] = []

    def row(stage: str, shares: list[float], note: str = "") -> None:
        rows.append([stage, *map(percent, shares), note])
        say(f"{stage}: {rows[-1][1:]}")

    with np.load(COUNTS) as theirs:
        row("snnTorch", [float((theirs[p].argmax(1) == y).mean()) for p, (_, y) in parts.items()], "its own run")
        ours = {
            p: rate_counts(network, as_inputs(network, spec, x), STEPS, [])[""] * STEPS for p, (x, _) in parts.items()
        }
        differ = sum(int((np.round(ours[p]) != theirs[p]).any(axis=1).sum()) for p in parts)
    images = sum(len(y) for _, y in parts.values())
    shares = [float((ours[p].argmax(1) == y).mean()) for p, (_, y) in parts.items()]
    row("float reference, from the NIR file", shares, f"spike counts differ on {differ} of {images:,} images")
    rates = rate_model(network, mnist.x_train, spec, steps=STEPS)
    row("as rates, in floats", [float((rates.classes(spec, x) == y).mean()) for x, y in parts.values()])
    with tempfile.TemporaryDirectory() as folder:
        for length in LENGTHS:
            for epochs in (0, EPOCHS):
                out = Path(folder) / f"{length}-{epochs}"
                import_network(network, "mnist", out, length=length, steps=STEPS, fine_tune=epochs, progress=say)
                made = artifact.load(out)
                shares = [
                    evaluate(made, "mnist", split=part, check="none").accuracy or 0.0 for part in ("validation", "test")
                ]
                note = ""
                if (length, epochs) in BUILT:
                    rtl = evaluate(made, "mnist", backend="rtl", check="packed")
                    built = build(out, "icebreaker", Path(folder) / "build", progress=say)
                    note = (
                        f"RTL: {rtl.mismatches} of {rtl.images:,} images differ; iCE40 UP5K: {built.lcs:,} LCs, "
                        f"{built.bram} + {built.spram} RAM blocks, {built.clock_mhz:g} MHz, {built.latency_us:.0f} µs"
                    )
                row(f"bit-true, L = {length}" + (f", fine-tuned {epochs} epochs" if epochs else ""), shares, note)
    put_table(DOCUMENT, table(["stage", "validation", "test", ""], rows), "mnist")


def main() -> None:
    """Run one command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("train", "count", "measure"))
    {"train": train, "count": count, "measure": measure}[parser.parse_args().command]()


if __name__ == "__main__":
    main()
