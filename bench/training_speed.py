"""Training speed beside snnTorch, SpikingJelly and Norse, in one run: forward, backward and Adam's step on the CPU.

784-128-128-10, leaky integrate-and-fire with β = 0.9, T = 25, batch 128, cross-entropy on spike counts. Every framework
is written as its own documentation does it. Rounds go through all frameworks in turn, a few steps of each, so that what
else the machine does meets all of them; the first step of a turn, which finds another's data in the caches, is not
timed. Beside them a bound: the matrix products of a step alone, dense, into outputs that are there already, and Adam's
step. Peak memory is that of a process of its own during three steps, above what it held before them (Linux).

Usage: python bench/training_speed.py [--rounds N] [--steps N] [--threads N]
The peers are no dependencies of the project: pip install snntorch spikingjelly norse, into an environment of their own.
What is missing is named and left out.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

SIZES = (784, 128, 128, 10)
T, BATCH, BETA = 25, 128, 0.9
BOUND = "matrix products and Adam alone"
Forward = Callable[[Tensor], Tensor]
"""Spike counts (B, 10) from an image (B, 784), the same in every step, or from spikes (T, B, 784)."""


def at(x: Tensor, t: int) -> Tensor:
    """Return the input of step t."""
    return x if x.ndim == 2 else x[t]


def ours() -> tuple[nn.Module, Forward]:
    """This project's SpikingNet."""
    from sc_neurocore.training import SpikingNet

    model = SpikingNet(784, 128, 10, beta=BETA)
    return model, lambda x: model(x.expand(T, *x.shape) if x.ndim == 2 else x)[0]


def plain() -> tuple[nn.Module, Forward]:
    """A loop over the layers in plain PyTorch: products of all steps at once, the neurons step by step on the tape."""
    from sc_neurocore.training import LIFCell

    linears = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(SIZES))
    cell = LIFCell(BETA)

    def forward(x: Tensor) -> Tensor:
        for linear in linears:
            current = linear(x)
            v = torch.zeros_like(at(current, 0))
            spikes = []
            for t in range(T):
                s, v = cell(at(current, t), v)
                spikes.append(s)
            x = torch.stack(spikes)
        return x.sum(dim=0)

    return linears, forward


def snntorch() -> tuple[nn.Module, Forward]:
    """As in snnTorch's tutorial 5: a module for each layer, a loop over the steps."""
    import snntorch as snn

    fcs = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(SIZES))
    lifs = nn.ModuleList(snn.Leaky(beta=BETA) for _ in fcs)

    def forward(x: Tensor) -> Tensor:
        mems = [lif.init_leaky() for lif in lifs]
        out = []
        for t in range(T):
            h = at(x, t)
            for k, (fc, lif) in enumerate(zip(fcs, lifs, strict=True)):
                h, mems[k] = lif(fc(h), mems[k])
            out.append(h)
        return torch.stack(out).sum(dim=0)

    return nn.ModuleList([fcs, lifs]), forward


def spikingjelly() -> tuple[nn.Module, Forward]:
    """As in SpikingJelly's documentation: step mode m, layers over all steps, its torch back end (the one of a CPU)."""
    from spikingjelly.activation_based import functional as sj
    from spikingjelly.activation_based import layer, neuron, surrogate

    parts: list[nn.Module] = []
    for a, b in pairwise(SIZES):
        node = neuron.LIFNode(
            tau=1 / (1 - BETA), decay_input=False, v_reset=None, surrogate_function=surrogate.ATan(), detach_reset=True
        )
        parts += [layer.Linear(a, b), node]
    model = nn.Sequential(*parts)
    sj.set_step_mode(model, "m")

    def forward(x: Tensor) -> Tensor:
        sj.reset_net(model)
        out: Tensor = model(x.expand(T, *x.shape) if x.ndim == 2 else x)
        return out.sum(dim=0)

    return model, forward


def norse() -> tuple[nn.Module, Forward]:
    """As in Norse's documentation: SequentialState of Linear and LIFBoxCell, its smallest LIF, and a loop."""
    import norse.torch as nt

    parts: list[nn.Module] = []
    for a, b in pairwise(SIZES):
        parts += [nn.Linear(a, b), nt.LIFBoxCell()]
    model = nt.SequentialState(*parts)

    def forward(x: Tensor) -> Tensor:
        state = None
        out = []
        for t in range(T):
            h, state = model(at(x, t), state)
            out.append(h)
        return torch.stack(out).sum(dim=0)

    return model, forward


def products(encoded: bool) -> Callable[[], None]:
    """The products of one step of training of the same network, and Adam's step, which every framework has as well."""
    rows = T * BATCH
    widths = list(pairwise(SIZES))
    x, _ = batch(encoded)
    weights = [torch.rand(b, a, requires_grad=True) for a, b in widths]
    biases = [torch.rand(b, requires_grad=True) for _, b in widths]
    for p in (*weights, *biases):
        p.grad = torch.rand_like(p)
    optimizer = torch.optim.Adam([*weights, *biases], lr=1e-3)
    inputs = [x.reshape(-1, SIZES[0]), *((torch.rand(rows, a) < 0.2).float() for a, _ in widths[1:])]
    outputs = [torch.empty(len(h), b) for h, (_, b) in zip(inputs, widths, strict=True)]
    gradients = [torch.rand_like(y) for y in outputs]
    back = [torch.empty_like(h) for h in inputs]

    def step() -> None:
        with torch.no_grad():
            for h, w, y in zip(inputs, weights, outputs, strict=True):
                torch.mm(h, w.t(), out=y)
            for k in (2, 1, 0):
                torch.mm(gradients[k].t(), inputs[k], out=weights[k].grad)
                if k:
                    torch.mm(gradients[k], weights[k], out=back[k])
        optimizer.step()

    return step


FRAMEWORKS: dict[str, Callable[[], tuple[nn.Module, Forward]]] = {
    "sc-neurocore": ours,
    "plain PyTorch": plain,
    "snnTorch": snntorch,
    "SpikingJelly": spikingjelly,
    "Norse": norse,
}


def batch(encoded: bool) -> tuple[Tensor, Tensor]:
    """Return an input with MNIST's share of ink, as an image or as spikes that differ in every step; and labels."""
    torch.manual_seed(1)
    image = torch.rand(BATCH, 784) * (torch.rand(BATCH, 784) < 0.2)
    return (torch.rand(T, BATCH, 784) < image).float() if encoded else image, torch.randint(10, (BATCH,))


def stepper(name: str, encoded: bool, samples: int = BATCH) -> Callable[[], None]:
    """Return one step of training of the framework on so many samples."""
    torch.manual_seed(0)
    model, forward = FRAMEWORKS[name]()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    x, y = batch(encoded)
    x, y = (x[:, :samples] if encoded else x[:samples]).clone(), y[:samples]

    def step() -> None:
        optimizer.zero_grad()
        functional.cross_entropy(forward(x), y).backward()
        optimizer.step()

    return step


def peak_mebibytes(name: str, encoded: bool, threads: int) -> float:
    """Return what three steps add to the peak of a fresh process."""
    command = [sys.executable, __file__, "--memory-of", name, "--threads", str(threads)]
    command += ["--encoded"] if encoded else []
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


def memory_of(name: str, encoded: bool) -> None:
    """Print the growth of this process's peak over three steps, after one on two samples that compiles and loads."""
    stepper(name, encoded, 2)()
    step = stepper(name, encoded)
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # else the steps could take what the set-up freed, and would not be seen
    Path("/proc/self/clear_refs").write_text("5")  # the peak becomes what is held now
    before = resident("VmRSS")
    for _ in range(3):
        step()
    print((resident("VmHWM") - before) / 1024)


def resident(which: str) -> int:
    """Return VmRSS, what the process holds, or VmHWM, its peak, in KiB."""
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith(which))
    return int(line.split()[1])


def present(name: str) -> bool:
    """Return whether the framework can be imported, and say so if not."""
    try:
        FRAMEWORKS[name]()
    except ImportError as error:
        print(f"{name} is left out: {error} (pip install snntorch spikingjelly norse)")
        return False
    return True


def main() -> None:
    """Print one table for each kind of input."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--steps", type=int, default=4, help="of a framework in one round")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--memory-of", choices=FRAMEWORKS, help=argparse.SUPPRESS)
    parser.add_argument("--encoded", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.memory_of:
        memory_of(options.memory_of, options.encoded)
        return
    names = [name for name in FRAMEWORKS if present(name)]
    for encoded in (False, True):
        steps = {name: stepper(name, encoded) for name in names}
        steps[BOUND] = products(encoded)
        for step in steps.values():
            for _ in range(3):
                step()
        times: dict[str, list[float]] = {name: [] for name in steps}
        for _ in range(options.rounds):
            for name, step in steps.items():
                step()
                start = time.perf_counter()
                for _ in range(options.steps):
                    step()
                times[name].append((time.perf_counter() - start) / options.steps)
        kind = "spikes that differ in every step" if encoded else "one image for all steps"
        print(f"\ninput: {kind}; {options.threads} thread(s), {options.rounds} rounds of {options.steps} steps")
        print("| framework | least ms a step | median | ratio of the least | median ratio | memory, MiB |")
        print("|---|---|---|---|---|---|")
        base = np.array(times[names[0]])
        for name in steps:
            mine = np.array(times[name])
            least, ratio = mine.min(), float(np.median(mine / base))
            memory = "" if name == BOUND else f"{peak_mebibytes(name, encoded, options.threads):.0f}"
            row = f"{1000 * least:.2f} | {1000 * np.median(mine):.2f} | {least / base.min():.2f}× | {ratio:.2f}×"
            print(f"| {name} | {row} | {memory} |", flush=True)


if __name__ == "__main__":
    main()
