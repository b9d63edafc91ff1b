"""One foreign network from its framework to an iCE40: accuracy after every step, docs/nir.md's second table.

  python bench/nir_mnist.py train      trains 196-128-10 in snnTorch (pip install snntorch nirtorch, into an environment
                                       of their own) and writes bench/nir/mnist-snntorch.nir; 3 minutes on one core
  python bench/nir_mnist.py measure    imports, converts, fine-tunes, builds, and writes the table

The network: Leaky neurons (beta 0.9, snnTorch's own reset: subtract, one step late), T = 32 steps, the image as a
constant current in each of them, 2 x 2 pixels averaged; cross-entropy on spike counts. Everything is chosen on the
validation part; the test part is used once, for the table.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from sc_neurocore import data

HERE = Path(__file__).resolve().parent
FILE = HERE / "nir" / "mnist-snntorch.nir"
DOCUMENT = HERE.parent / "docs" / "nir.md"
POOL, HIDDEN, BETA, STEPS = 2, 128, 0.9, 32


def train(epochs: int = 15, batch: int = 128) -> None:
    """Train in snnTorch and export by its own exporter; the best epoch on the validation part is kept."""
    import snntorch as snn
    import torch
    from snntorch.export_nir import export_to_nir
    from torch import nn

    import nir

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


def main() -> None:
    """Run one command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("train", "measure"))
    {"train": train}[parser.parse_args().command]()


if __name__ == "__main__":
    main()
