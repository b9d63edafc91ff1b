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
    """Train with Adam; return (test accuracy in percent, CPU seconds of an epoch). options: of train_epoch."""
    loader = DataLoader(TensorDataset(*train), batch_size=64, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    start = time.process_time()
    for _ in range(epochs):
        training.train_epoch(model, loader, optimizer, T, **options)
    seconds = (time.process_time() - start) / epochs
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
    """64-128-10 with each cell in the hidden layer; CPU times as ratios to LIFCell's in the same run."""
    train, test = digits()
    head("hidden cell", "accuracy, %", f"over {seeds} seeds", "states", "CPU time", "arguments")
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


# --- delays ---------------------------------------------------------------------------------------------------------

_PAIRS, _LAGS, _DELAY_STEPS, _NOISE = 8, (3, 6, 9, 12), 36, 0.02


def lags(n: int, seed: int) -> Split:
    """Return (spikes (T, n, 16), classes): in each of 8 channel pairs the second spikes a lag after the first.

    The lag, 3, 6, 9 or 12 steps, is the class; when a pair starts is random, apart for each pair, and every channel has
    one spike of this kind and 2 % of noise in every class. So neither counts nor what coincides tell the class.
    """
    g = torch.Generator().manual_seed(seed)
    y = torch.randint(len(_LAGS), (n,), generator=g)
    lag = torch.tensor(_LAGS)[y][:, None]
    start = (torch.rand(n, _PAIRS, generator=g) * (_DELAY_STEPS - lag)).long()
    x = torch.zeros(n, _DELAY_STEPS, 2 * _PAIRS).scatter_(1, torch.cat([start, start + lag], 1)[:, None], 1.0)
    noise = torch.rand(x.shape, generator=g) < _NOISE
    return torch.maximum(x, noise.float()).transpose(0, 1).contiguous(), y


class DelayNet(nn.Module):
    """First layer (with delays or not) → LIF → Linear → LIF; spikes (T, B, 16) in, counts and membranes out."""

    def __init__(self, first: nn.Module, hidden: int, beta: float) -> None:
        super().__init__()
        self.first, self.second = first, nn.Linear(hidden, len(_LAGS))
        self.cell, self.output = training.LIFCell(beta, learn_beta=True), training.LIFCell(0.9)
        nn.init.constant_(self.second.bias, 0.1)
        nn.init.uniform_(first.weight, -0.5, 0.5)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return (spike counts, accumulated potentials)."""
        out = self.output.scan_all(self.second(self.cell.scan(self.first(x))))
        return out.spikes.sum(dim=0), out.membrane


def fit_delays(make: Callable[[], nn.Module], hidden: int, beta: float, trained: bool, seed: int) -> tuple[float, int]:
    """Train on 3000 samples for 12 epochs; return (accuracy on 1000 others in percent, number of parameters)."""
    torch.manual_seed(seed)
    model = DelayNet(make(), hidden, beta)
    x, y = lags(3000, 2 * seed + 1)
    delays = [p for name, p in model.named_parameters() if name.endswith("delay")]
    rest = [p for name, p in model.named_parameters() if not name.endswith("delay")]
    # Delays are in steps, weights around 1: their rates differ by as much.
    groups = [{"params": rest, "lr": 5e-3}]
    if trained and delays:
        groups.append({"params": delays, "lr": 5e-2})
    optimizer = torch.optim.Adam(groups)
    for _ in range(12):
        batches = [(x[:, i], y[i]) for i in torch.randperm(len(y)).split(64)]
        training.train_epoch(model, batches, optimizer, _DELAY_STEPS)
    accuracy = training.evaluate(model, [lags(1000, 2 * seed + 2)], _DELAY_STEPS)[1]
    return 100 * accuracy, sum(p.numel() for g in groups for p in g["params"])


def table_delays(seeds: int) -> None:
    """The lags task, with and without delays; chance is 25 %."""
    inputs = 2 * _PAIRS
    head("first layer", "accuracy, %", f"over {seeds} seeds", "hidden β at first", "trained parameters")

    def plain(hidden: int) -> Callable[[], nn.Module]:
        return lambda: nn.Linear(inputs, hidden, bias=False)

    def delayed(most: int) -> Callable[[], nn.Module]:
        return lambda: training.DelayLinear(inputs, 64, max_delay=most)

    rows: list[tuple[str, Callable[[], nn.Module], int, float, bool]] = [
        ("Linear, 64 hidden", plain(64), 64, 0.5, True),
        ("Linear, 128 hidden", plain(128), 128, 0.5, True),
        ("Linear, 128 hidden", plain(128), 128, 0.9, True),
        ("DelayLinear, max_delay 16, delays not trained", delayed(16), 64, 0.5, False),
        ("DelayLinear, max_delay 4", delayed(4), 64, 0.5, True),
        ("DelayLinear, max_delay 8", delayed(8), 64, 0.5, True),
        ("DelayLinear, max_delay 16", delayed(16), 64, 0.5, True),
    ]
    for name, make, hidden, beta, trained in rows:
        found = [fit_delays(make, hidden, beta, trained, seed) for seed in range(seeds)]
        row(name, [a for a, _ in found], beta, f"{found[0][1]:,}")


# --- export ---------------------------------------------------------------------------------------------------------


def table_export(seeds: int) -> None:
    """SpikingNet 64-96-10 on digits as the hardware's input gives them, T = L, and what becomes of it on streams."""
    from sc_neurocore import packed

    train, test = digits()
    spec, labels = data.load("digits").input_spec(), test[1].numpy()
    samples = (16 * test[0]).round().long().numpy().reshape(-1, 8, 8)
    spread = f"over {seeds} seeds"
    head("L = T", "float, %", spread, "exported, %", "then trained through the streams, %", spread, "same class, %")
    for length in (16, 32, 64):
        x, bits = (training.stream_encode(part[0], length) for part in (train, test))

        def fit_bits(model: nn.Module, rate: float, length: int = length, x: Tensor = x) -> None:
            optimizer = torch.optim.Adam(model.parameters(), lr=rate)
            schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)
            for _ in range(10):
                batches = [(x[:, i], train[1][i]) for i in torch.randperm(len(train[1])).split(64)]
                training.train_epoch(model, batches, optimizer, length)
                schedule.step()

        floats, exported, tuned, same = [], [], [], []
        for seed in range(seeds):
            torch.manual_seed(seed)
            model = training.SpikingNet(64, 96, 10, n_layers=1)
            fit_bits(model, 2e-3)
            codes = spec.encode(samples, length)
            plain = packed.run(training.to_lif_network(model, length=length, input_spec=spec), codes).classes
            streams = training.StreamSpikingNet(model, length)
            fit_bits(streams, 1e-3)
            got = packed.run(streams.to_network(spec), codes).classes
            with torch.no_grad():
                floats.append(100 * float((model(bits)[0].argmax(dim=1) == test[1]).float().mean()))
                same.append(100 * float((streams(bits)[0].argmax(dim=1).numpy() == got).mean()))
            exported.append(100 * float((plain == labels).mean()))
            tuned.append(100 * float((got == labels).mean()))
        last = [f"{np.mean(exported):.2f}", f"{np.mean(tuned):.2f}", f"{min(tuned):.2f} … {max(tuned):.2f}"]
        row(str(length), floats, *last, f"{np.mean(same):.2f}")


# --- MNIST ----------------------------------------------------------------------------------------------------------


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
