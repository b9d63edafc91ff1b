"""The trainer of existing layers: real bitstreams forward, surrogate backward; and torch modules."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from sc_neurocore.errors import ScError
from sc_neurocore.learning import SurrogateGradientTrainer
from sc_neurocore.streams import product_table
from sc_neurocore.training import IFCell, LIFCell, SpikingNet, fast_sigmoid


class BitLayer:
    """A dense layer on streams of 64 bits: rate = 1/2 + gain·Σ ±F[X, W] / L, clipped to [0, 1] (A6, A11)."""

    length = 64

    def __init__(self, n_inputs: int, n_neurons: int, low: float, seed: int) -> None:
        self.weights: NDArray[np.float64] = np.random.default_rng(seed).uniform(low, 1, (n_neurons, n_inputs)) / 2
        self.gain = 4 / n_inputs
        self.refreshed = 0
        self._refresh_packed_weights()

    def _refresh_packed_weights(self) -> None:
        self.codes = np.rint(self.weights * (self.length - 1)).astype(np.int64)
        self.refreshed += 1

    def forward(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        table = product_table(self.length)
        inputs = np.rint(x * self.length).astype(np.int64)
        products = table[inputs[:, None, :], np.abs(self.codes)[None]] * np.sign(self.codes)[None]
        centre = 0.5 if (self.weights < 0).any() else 0.0
        return np.clip(centre + self.gain * products.sum(axis=2) / self.length, 0, 1)


def toy() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    random = np.random.default_rng(0)
    y = np.arange(60) % 3
    x = 0.3 * random.random((60, 6))
    for k in (0, 1):
        x[np.arange(60), 2 * y + k] += 0.6
    return x, y


@pytest.mark.parametrize("surrogate", ["fast_sigmoid", "triangular", "arctangent"])
def test_the_guides_loop_trains_layers_on_bitstreams(surrogate: str) -> None:
    layer1, layer2 = BitLayer(6, 12, -1.0, 1), BitLayer(12, 3, -1.0, 2)
    x, y = toy()
    trainer = SurrogateGradientTrainer(network=[layer1, layer2], surrogate=surrogate, lr=0.01)
    before = (trainer.predict(x) == y).mean()
    losses = []
    for _ in range(6):
        for k in range(0, 60, 10):
            losses.append(trainer.train_step(x[k : k + 10], y[k : k + 10]))
    assert isinstance(losses[0], float)
    assert np.mean(losses[-6:]) < 0.5 * np.mean(losses[:6])
    assert (trainer.predict(x) == y).mean() > max(0.9, before)
    assert layer1.refreshed == layer2.refreshed == 37
    assert np.abs(layer1.weights).max() <= 1
    # The trained network is the layers themselves.
    assert (layer2.forward(layer1.forward(x)).argmax(axis=1) == trainer.predict(x)).all()


def test_unsigned_layers_stay_probabilities_and_single_samples_work() -> None:
    layer = BitLayer(6, 3, 0.0, 3)
    x, y = toy()
    trainer = SurrogateGradientTrainer([layer], lr=0.05)
    for k in range(60):
        trainer.train_step(x[k], int(y[k]))
    assert layer.weights.min() >= 0.01
    assert layer.weights.max() <= 0.99
    assert (trainer.predict(x) == y).mean() > 0.9


def test_weights_assigned_between_steps_are_the_ones_trained() -> None:
    layer = BitLayer(6, 3, -1.0, 3)
    trainer = SurrogateGradientTrainer([layer], lr=1e-6)
    x, y = toy()
    trainer.train_step(x, y)
    layer.weights = np.full((3, 6), 0.25)
    layer._refresh_packed_weights()
    trainer.train_step(x, y)
    assert np.abs(layer.weights - 0.25).max() < 1e-4


def test_gradient_of_a_stream_layer_is_the_formula() -> None:
    layer = BitLayer(6, 3, -1.0, 4)
    trainer = SurrogateGradientTrainer([layer], "fast_sigmoid", lr=1e-3, T=7)
    x, y = toy()
    w = layer.weights.copy()
    rates = layer.forward(x)
    logits = 7 * rates
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    p[np.arange(60), y] -= 1
    slope = 1 / (1 + 25 * np.abs(rates - 0.5)) ** 2  # slope / (1 + slope·|x|)², 1 at x = 0
    wanted = (7 * p / 60 * slope * layer.gain).T @ x
    trainer.train_step(x, y)
    grad = trainer.optimizer.param_groups[0]["params"][0].grad
    np.testing.assert_allclose(grad.numpy(), wanted, rtol=1e-10, atol=1e-15)
    np.testing.assert_allclose(w - layer.weights, 1e-3 * np.sign(wanted), rtol=1e-3)  # Adam's first step


def test_torch_modules_learn_over_time() -> None:
    x, y = toy()
    torch.manual_seed(0)
    for network in (
        [nn.Linear(6, 16), nn.Linear(16, 3)],
        [nn.Linear(6, 16), IFCell(surrogate_fn=fast_sigmoid), nn.Dropout(0.0), nn.Linear(16, 3), LIFCell()],
        [SpikingNet(6, 16, 3)],
    ):
        trainer = SurrogateGradientTrainer(network, surrogate="arctangent", lr=0.02, T=10)
        losses = [trainer.train_step(torch.tensor(x), torch.tensor(y)) for _ in range(40)]
        assert losses[-1] < losses[0] / 2
        assert (trainer.predict(x) == y).mean() > 0.9
    assert losses[0] != losses[-1]


X, Y = toy()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: SurrogateGradientTrainer([]), "network must hold at least one layer, got none"),
        (lambda: SurrogateGradientTrainer([nn.Linear(2, 2)], "relu"), "surrogate must be one of .* got 'relu'"),
        (lambda: SurrogateGradientTrainer([nn.Linear(2, 2)], lr=0.0), "lr must be finite and above 0, got 0.0"),
        (lambda: SurrogateGradientTrainer([7]), "layer 0 must be a torch module or have weights, .* got int"),
        (lambda: SurrogateGradientTrainer([BitLayer(6, 3, 0, 0), nn.Linear(3, 3)]), "all torch modules or all stream"),
        (lambda: SurrogateGradientTrainer([BitLayer(6, 3, 0, 0), BitLayer(4, 3, 0, 0)]), "takes 4 inputs but gets 3"),
        (lambda: SurrogateGradientTrainer([nn.Linear(6, 3), nn.ReLU()]), "the last layer must spike, got ReLU"),
        (lambda: SurrogateGradientTrainer([BitLayer(6, 3, 0, 0)]).train_step(X + 1, Y), r"x must be in \[0, 1\]"),
        (lambda: SurrogateGradientTrainer([BitLayer(6, 3, 0, 0)]).train_step(X[:, :4], Y), "takes 6 inputs"),
        (lambda: SurrogateGradientTrainer([BitLayer(6, 3, 0, 0)]).train_step(X, Y + 1), r"in \[0, 2\], got 3"),
        (lambda: SurrogateGradientTrainer([nn.Linear(6, 3)]).train_step(X[:, :4], Y), "do not take inputs of shape"),
    ],
)
def test_bad_input_is_named(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ScError, match=message):
        call()


def test_torch_is_imported_only_on_use() -> None:
    code = "import sys, sc_neurocore, sc_neurocore.training, sc_neurocore.learning; print('torch' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert answer.strip() == "False"
