"""The tables of docs/training.md: accuracy of the spiking networks, each row over several seeds.

Usage: python bench/training_tables.py digits|cells|losses|delays|mnist|mnist-conv|export [--seeds N] [--epochs N] …
One thread, CPU. The network, its seed and the split are in the code below; nothing is chosen by the test part.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from sc_neurocore import data, training
from sc_neurocore.training.cells import CELLS
from sc_neurocore.training.surrogates import SURROGATES

T = 25
Split = tuple[Tensor, Tensor]


def digits() -> tuple[Split, Split]:
    """Return (x, y) of training and test: 1437 and 360 images of scikit-learn's digits, values in [0, 1]."""
    d = data.load("digits")
    x = np.concatenate([d.x_train, d.x_val]).reshape(-1, 64) / 16
    train = torch.tensor(x, dtype=torch.float32), torch.tensor(np.concatenate([d.y_train, d.y_val]))
    test = torch.tensor(d.x_test.reshape(-1, 64) / 16, dtype=torch.float32), torch.tensor(np.array(d.y_test))
    return train, test


def fit(
    model: nn.Module, train: Split, test: Split, *, epochs: int = 10, rate: float = 2e-3, **options: Any
) -> tuple[float, float]:
    """Train with Adam; return (test accuracy in percent, seconds of an epoch). options: of train_epoch."""
    loader = DataLoader(TensorDataset(*train), batch_size=64, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    start = time.perf_counter()
    for _ in range(epochs):
        training.train_epoch(model, loader, optimizer, T, **options)
    seconds = (time.perf_counter() - start) / epochs
    return 100 * training.evaluate(model, DataLoader(TensorDataset(*test), batch_size=512), T)[1], seconds


def row(name: str, accuracies: Sequence[float], *more: object) -> None:
    """Print one row: mean, least and greatest over the seeds."""
    a = np.array(accuracies)
    cells = [name, f"{a.mean():.2f}", f"{a.min():.2f} … {a.max():.2f}", *map(str, more)]
    print("| " + " | ".join(cells) + " |", flush=True)


def head(*titles: str) -> None:
    """Print the first two lines of a table."""
    print("| " + " | ".join(titles) + " |")
    print("|" + "---|" * len(titles), flush=True)


def table_digits(seeds: int) -> None:
    """The document's snippet, 64-128-128-10, for every surrogate at its default shape."""
    train, test = digits()
    head("surrogate", "accuracy, %", f"over {seeds} seeds")
    for name, function in SURROGATES.items():
        found = []
        for seed in range(seeds):
            torch.manual_seed(seed)
            found.append(fit(training.SpikingNet(64, 128, 10, surrogate_fn=function), train, test)[0])
        row(name, found)


def table_losses(seeds: int) -> None:
    """The same network under each loss; class by spike counts in every row."""
    train, test = digits()
    head("loss", "accuracy, %", f"over {seeds} seeds", "mean hidden rate")
    sparse = "spike_count_loss + spike_l2_loss"
    losses: dict[str, Callable[..., Tensor]] = {
        "spike_count_loss": training.spike_count_loss,
        "membrane_loss": training.membrane_loss,
        "spike_rate_loss": training.spike_rate_loss,
        sparse: lambda counts, y, T: training.spike_count_loss(counts, y) + training.spike_l2_loss(counts, T),
    }
    for name, loss in losses.items():
        found, rates = [], []
        for seed in range(seeds):
            torch.manual_seed(seed)
            model = training.SpikingNet(64, 128, 10)
            found.append(fit(model, train, test, loss_fn=loss)[0])
            with torch.no_grad():
                rates.append(float(torch.stack(model.hidden_spikes(test[0].expand(T, -1, -1))).mean()))
        row(name, found, f"{np.mean(rates):.3f}")


# What differs from a cell's defaults, and why: a Lapicque cell's gain is R·(1 − e^(−dt/τ)) = R / 20.5, LIFCell's is 1.
_CELL_OPTIONS: dict[str, dict[str, float]] = {"LapicqueCell": {"r": 20.0}}


def table_cells(seeds: int) -> None:
    """64-128-10 with each cell in the hidden layer; times as ratios to LIFCell's in the same run."""
    train, test = digits()
    head("hidden cell", "accuracy, %", f"over {seeds} seeds", "states", "time", "arguments")
    base = 0.0
    for name, cell in CELLS.items():
        options = _CELL_OPTIONS.get(name, {})
        found, times = [], []
        for seed in range(seeds):
            torch.manual_seed(seed)

            def make(n: int, cell: Any = cell, options: dict[str, float] = options) -> training.SpikingCell:
                return cell(n) if cell is training.RecurrentLIFCell else cell(**options)  # type: ignore[no-any-return]

            accuracy, seconds = fit(training.SpikingNet(64, 128, 10, n_layers=1, hidden_cell=make), train, test)
            found.append(accuracy)
            times.append(seconds)
        base = base or min(times)
        text = ", ".join(f"{k}={v:g}" for k, v in options.items()) or "defaults"
        row(name, found, ", ".join(cell.states), f"{min(times) / base:.1f}×", text)


def mnist() -> tuple[Split, Split]:
    """Return (x, y) of training and test: MNIST's 60,000 and 10,000 images, (n, 1, 28, 28) in [0, 1]."""
    d = data.load("mnist")
    x, y = np.concatenate([d.x_train, d.x_val]), np.concatenate([d.y_train, d.y_val])

    def images(a: Any) -> Tensor:
        return torch.tensor(a[:, None] / 255, dtype=torch.float32)

    return (images(x), torch.tensor(y)), (images(d.x_test), torch.tensor(np.array(d.y_test)))


def fit_mnist(model: nn.Module, epochs: int, steps: int, flatten: bool) -> None:
    """Train with Adam under one cosine of the rate; print loss and accuracy of each epoch, the test part at the end."""
    train, test = mnist()
    loader = DataLoader(TensorDataset(*train), batch_size=64, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    start = time.perf_counter()
    for epoch in range(epochs):
        loss, accuracy = training.train_epoch(model, loader, optimizer, steps, flatten_input=flatten)
        schedule.step()
        passed = time.perf_counter() - start
        print(f"epoch {epoch + 1}: loss {loss:.4f}, training {100 * accuracy:.2f} %, {passed:.0f} s", flush=True)
    result = training.evaluate(model, DataLoader(TensorDataset(*test), batch_size=250), steps, flatten_input=flatten)
    print(f"test, 10,000 images: {100 * result[1]:.2f} % (T = {steps}, {epochs} epochs)", flush=True)


def table_mnist_conv(seeds: int, epochs: int = 2, steps: int = 4) -> None:
    """ConvSpikingNet with learned β and θ, one seed."""
    torch.manual_seed(0)
    fit_mnist(training.ConvSpikingNet(learn_beta=True, learn_threshold=True), epochs, steps, flatten=False)


def table_mnist(seeds: int, epochs: int = 5, steps: int = 10) -> None:
    """SpikingNet 784-128-128-10 with learned β, one seed."""
    torch.manual_seed(0)
    fit_mnist(training.SpikingNet(784, 128, 10, learn_beta=True), epochs, steps, flatten=True)


def main() -> None:
    """Print one table."""
    tables = {
        name.removeprefix("table_").replace("_", "-"): f for name, f in globals().items() if name.startswith("table_")
    }
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=tables)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, help="of the MNIST networks")
    parser.add_argument("--steps", type=int, help="T of the MNIST networks")
    options = parser.parse_args()
    torch.set_num_threads(1)
    chosen = {k: v for k, v in vars(options).items() if k in ("epochs", "steps") and v is not None}
    tables[options.table](options.seeds, **chosen)


if __name__ == "__main__":
    main()
