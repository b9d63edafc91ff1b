"""The fit of codes: what a search without any short cut finds, whatever the number of threads, in bounded memory."""

from __future__ import annotations

import io
import sys
import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import nn

from sc_neurocore.network import InputSpec
from sc_neurocore.streams import product_table
from sc_neurocore.training import bit_true_layers, to_network
from sc_neurocore.training.code_search import fit_layer
from sc_neurocore.training.stages import WeightedStage


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """These tensors are small: threads would only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def a_layer(
    rows: int, inputs: int, neurons: int, length: int, density: float = 1.0, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Codes of the inputs, weights, and sums of a random layer; each input is 0 in all but `density` of the rows."""
    rng = np.random.default_rng([seed, rows, inputs, neurons, length])
    x = rng.integers(0, length + 1, (rows, inputs)) * (rng.random((rows, inputs)) < density)
    weights = rng.normal(size=(neurons, inputs)) / np.sqrt(inputs)
    return x, weights, x @ weights.T / length + rng.normal(size=neurons) * 0.2


def searched(
    x: np.ndarray, weights: np.ndarray, sums: np.ndarray, scale: float, length: int
) -> tuple[float, np.ndarray, np.ndarray]:
    """The search as A12 has it: for every code that is tried, S of all rows and the loss are computed anew."""
    rows, inputs = x.shape
    top, table = length - 1, product_table(length).astype(np.float64)
    few = np.linspace(0, rows - 1, min(rows, 256)).astype(np.int64)

    def fitted(x: np.ndarray, sums: np.ndarray, w_s: float, sweeps: int) -> tuple[float, list[np.ndarray], list[float]]:
        typical = np.sort(x, axis=None)[(2 * np.arange(16) + 1) * x.size // 32]
        p = np.concatenate([np.ones(len(x)), np.full(16, 1 / 16)]) / (len(x) + 1)
        both = [np.concatenate([column, typical]) for column in x.T]

        def products(x: np.ndarray, w: int) -> np.ndarray:
            return table[x, abs(w)] * np.sign(w)

        def loss(w: np.ndarray, real: np.ndarray, target: np.ndarray) -> tuple[float, float]:
            s = sum((products(x[:, i], w[i]) for i in range(inputs)), np.zeros(len(x)))
            bias = float(np.clip(np.floor((target - s).mean() + 0.5), -top, top))
            total = ((s + bias - target) ** 2).sum()
            for i in range(inputs):
                error = products(both[i], w[i]) - both[i] * real[i]
                total += 4 * inputs * (p @ error**2 - (p @ error) ** 2)
            return float(total), bias

        losses, codes, biases = 0.0, [], []
        for j in range(len(weights)):
            real, target = weights[j] / w_s, sums[:, j] * length / w_s
            w = np.clip(np.rint(real * length), -top, top).astype(np.int64)
            best, bias = loss(w, real, target)
            for _ in range(sweeps):
                before = w.copy()
                for i in range(inputs):
                    code = w[i]
                    for new in range(max(code - 3, -top), min(code + 3, top) + 1):
                        tried = w.copy()
                        tried[i] = new
                        got, follows = loss(tried, real, target)
                        if got < best - 1e-9 * len(x):
                            best, bias, code = got, follows, new
                    w[i] = code
                if (w == before).all():
                    break
            losses, codes, biases = losses + best, [*codes, w], [*biases, bias]
        return losses * w_s**2, codes, biases

    tried = [scale * 2.0**k for k in np.arange(0.25, -2.25, -0.25)]
    best = tried[int(np.argmin([fitted(x[few], sums[few], w_s, 1)[0] for w_s in tried]))]
    _, codes, biases = fitted(x, sums, best, 4)
    return best, np.stack(codes), np.array(biases)


@pytest.mark.parametrize(
    ("rows", "inputs", "neurons", "length", "density"),
    [(40, 5, 18, 16, 1.0), (60, 6, 9, 64, 0.3), (300, 3, 4, 8, 0.7), (1, 4, 3, 8, 1.0), (30, 4, 3, 256, 1.0)],
)
def test_codes_are_those_of_a_search_without_short_cuts(
    rows: int, inputs: int, neurons: int, length: int, density: float
) -> None:
    """More neurons than lanes, sparse inputs, more rows than the trials read, one row, a long stream."""
    x, weights, sums = a_layer(rows, inputs, neurons, length, density)
    scale = float(np.abs(weights).max())
    w_s, codes, bias = fit_layer(x, weights, sums, scale, length)
    expected = searched(x, weights, sums, scale, length)
    assert w_s == expected[0]
    assert np.array_equal(codes, expected[1])
    assert np.array_equal(bias, expected[2])
    assert (codes != np.clip(np.rint(weights * length / w_s), 1 - length, length - 1)).any()


def test_equal_steps_take_the_lowest_code_though_sums_round() -> None:
    """Where an input is never 0, code 1 of its weight does what the bias does: 0 and −1, or 1, are equally good."""
    x, weights, sums = a_layer(10, 4, 10, 32)
    x = np.maximum(x, 1)
    weights[:, 0] = np.linspace(-0.02, 0.02, 10)
    expected = searched(x, weights, sums, 0.5, 32)
    got = fit_layer(x, weights, sums, 0.5, 32)
    assert all(np.array_equal(a, b) for a, b in zip(got, expected, strict=True))


def test_the_sums_that_the_fit_ends_with_are_those_of_its_codes() -> None:
    x, weights, sums = a_layer(60, 12, 20, 32, 0.7)
    got = np.full((60, 20), np.nan)
    _, codes, _ = fit_layer(x, weights, sums, 0.5, 32, got=got)
    products = product_table(32)[x[:, None, :], np.abs(codes)[None]] * np.sign(codes)[None]
    assert np.array_equal(got, products.sum(axis=2))


def test_codes_do_not_depend_on_the_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = a_layer(500, 40, 45, 32, 0.6)
    results = []
    for threads in (1, 2, 3, 7):
        monkeypatch.setattr("sc_neurocore.threads.get_num_threads", lambda threads=threads: threads)
        results.append(fit_layer(*layer, 0.5, 32))
    for other in results[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(results[0], other, strict=True))


def test_codes_of_a_neuron_do_not_depend_on_those_beside_it() -> None:
    """Nor on the order of the rows, since every sum is exact; but for the scale, which one layer shares."""
    x, weights, sums = a_layer(200, 30, 20, 32, 0.8)
    w_s, codes, bias = fit_layer(x, weights, sums, 0.5, 32)
    order = np.random.default_rng(1).permutation(20)
    again = fit_layer(x, weights[order], sums[:, order], 0.5, 32)
    assert again[0] == w_s
    assert np.array_equal(again[1], codes[order])
    assert np.array_equal(again[2], bias[order])
    rows = np.random.default_rng(2).permutation(200)
    assert all(
        np.array_equal(a, b)
        for a, b in zip(fit_layer(x[rows], weights, sums[rows], 0.5, 32), (w_s, codes, bias), strict=True)
    )


@pytest.mark.parametrize("conv", [False, True])
def test_sums_that_are_made_in_parts_are_the_same(conv: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    stage = (
        WeightedStage(nn.Conv2d(3, 70, 3, padding=1), (5, 4, 3))
        if conv
        else WeightedStage(nn.Linear(60, 70), (5, 4, 3))
    )
    codes = torch.randint(0, 17, (9, 60)).float()
    w = torch.randint(-15, 16, stage.weight.shape).float()
    expected = stage.window_sum(codes, w, 16)
    monkeypatch.setattr(bit_true_layers, "_TABLE_ENTRIES", 1000)
    monkeypatch.setattr(bit_true_layers, "_PART_ENTRIES", 17 * 64 * 7)
    assert torch.equal(stage.window_sum(codes, w, 16), expected)


def test_the_memory_of_a_conversion_is_a_few_times_that_of_the_weights_and_samples() -> None:
    """A table of all products, as inference makes it, would take 98 MiB alone."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(1536, 256), nn.ReLU(), nn.Linear(256, 10))
    samples = np.random.default_rng(0).integers(0, 256, (128, 1536)).astype(np.uint8)
    spec = InputSpec((1536,), full_scale=255)
    small = nn.Sequential(nn.Linear(1536, 2))
    to_network(small, samples[:4], length=64, input_spec=spec)  # compiles
    tracemalloc.start()
    try:
        to_network(net, samples, length=64, input_spec=spec)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 32 << 20


def test_progress_counts_all_weights(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    net = nn.Sequential(nn.Linear(6, 40), nn.ReLU(), nn.Linear(40, 3))
    x = np.random.default_rng(0).integers(0, 17, (50, 6))
    spec = InputSpec((6,), full_scale=16)
    seen: list[tuple[int, int]] = []
    expected = to_network(net, x, length=16, input_spec=spec, progress=lambda *pair: seen.append(pair))
    assert seen == sorted(seen)
    assert {total for _, total in seen} == {360}
    assert seen[-1] == (360, 360)
    assert len({done for done, _ in seen}) > 20
    assert to_network(net, x, length=16, input_spec=spec) == expected
    assert capsys.readouterr().err == ""  # no terminal

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    to_network(net, x, length=16, input_spec=spec)
    assert "converting: 360 of 360 weights" in sys.stderr.getvalue()  # type: ignore[attr-defined]
