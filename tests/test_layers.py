"""Dense, convolutional and attention layers against the arithmetic of networks and of floats."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

from sc_neurocore import (
    BitstreamCurrentSource,
    SCConv2DLayer,
    SCDenseLayer,
    ScError,
    SilentNetworkWarning,
    StochasticAttention,
    StochasticLIFNeuron,
    VectorizedSCLayer,
    golden,
)
from sc_neurocore.network import ConvLayer, DenseLayer, InputSpec, Network
from sc_neurocore.neurons import window_if


def test_two_dimensional_weights_are_a_dense_layer(generator: np.random.Generator) -> None:
    x, w = generator.random(6), generator.random((3, 6))
    options: dict[str, Any] = {"length": 64, "y_max": 0.5, "x_mode": "counter", "w_mode": "vdc"}
    layer = SCDenseLayer(3, x, w, 0, 1, 0, 1, base_seed=1, **options)
    layer.run(150)
    layer.run(50)
    trains = layer.get_spike_trains()
    assert trains.shape == (3, 200)
    for k in range(3):
        source = BitstreamCurrentSource(x, 0, 1, w[k], 0, 1, **options)
        neuron = StochasticLIFNeuron(seed=0)
        assert trains[k].tolist() == [neuron.step(source.step()) for _ in range(200)]
    summary = layer.summary()
    assert summary["n_neurons"] == 3
    assert [s["total_spikes"] for s in summary["stats"]] == trains.sum(axis=1).tolist()
    assert summary["stats"][1]["firing_rate_hz"] == pytest.approx(1000 * trains[1].sum() / 200)
    assert summary["avg_firing_rate_hz"] == pytest.approx(1000 * trains.mean())
    layer.reset()
    assert layer.get_spike_trains().shape == (3, 0)
    layer.run(200)
    assert np.array_equal(layer.get_spike_trains(), trains)


def test_neurons_of_one_current_differ_by_their_noise() -> None:
    layer = SCDenseLayer(5, [0.9] * 4, [0.9] * 4, 0, 1, 0, 1, dt_ms=0.5, neuron_params={"noise_std": 0.05}, base_seed=3)
    assert layer.equation.dt == 0.5
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layer.run(3000)
    trains = layer.get_spike_trains()
    assert len({row.tobytes() for row in trains}) == 5
    rates = [s["firing_rate_hz"] for s in layer.summary()["stats"]]
    # Mean current 0.081, tau 20: steady state 1.62, ISI 20·ln(1/(1 − 1/1.62)) = 19.2 ms, earlier by the noise.
    assert 45 < min(rates) < max(rates) < 65


def test_a_silent_layer_says_why() -> None:
    layer = SCDenseLayer(2, [1.0], [[1.0], [0.1]], 0, 1, 0, 1, neuron_params={"v_rest": 0.1}, base_seed=0)
    with pytest.warns(SilentNetworkWarning, match=r"1 of 2 neurons gave no spike in 300 steps.*above 0\.045"):
        layer.run(300)


@pytest.mark.parametrize("modes", [("counter", "vdc"), ("bernoulli", "bernoulli"), ("bernoulli", "vdc")])
def test_a_batch_is_its_samples_and_forward_repeats(modes: tuple[str, str], generator: np.random.Generator) -> None:
    layer = VectorizedSCLayer(11, 5, 64, seed=3, bias=[0.5, -0.5, 0, 1, -1], x_mode=modes[0], w_mode=modes[1])
    layer.weights = generator.uniform(-1, 1, (5, 11))
    x = generator.random((9, 11))
    rates = layer.forward(x)
    assert rates.shape == (9, 5)
    assert np.array_equal(rates, [layer.forward(one) for one in x])
    assert np.array_equal(rates, layer.forward(x))
    assert layer.forward(x[:0]).shape == (0, 5)
    assert layer.scores(x).min() < 0  # scores keep the sign that rates clip
    assert rates.min() == 0.0


@pytest.mark.parametrize(("mode", "falls"), [("bernoulli", 0.5), ("vdc", 0.8)])
def test_errors_fall_with_the_length(mode: str, falls: float, generator: np.random.Generator) -> None:
    x, w = generator.random((40, 16)), generator.uniform(-1, 1, (30, 16))
    errors = []
    for length in (64, 1024):
        layer = VectorizedSCLayer(
            16, 30, length, seed=1, x_mode="bernoulli" if mode == "bernoulli" else "counter", w_mode=mode
        )
        layer.weights = w
        errors.append(np.sqrt(np.mean((layer.scores(x) - x @ w.T) ** 2)))
    slope = -math.log(errors[1] / errors[0]) / math.log(16)
    assert slope > falls - 0.1
    assert mode == "vdc" or slope < 0.6


def test_weights_take_effect_by_themselves() -> None:
    layer = VectorizedSCLayer(3, 2, 16, seed=0)
    assert layer.weights.shape == (2, 3)
    assert 0 < layer.weights.min() < layer.weights.max() < 1
    assert np.array_equal(VectorizedSCLayer(3, 2, 16, seed=0).weights, layer.weights)
    layer.weights -= 5.0  # a gradient step may leave the range
    for use in (layer._refresh_packed_weights, lambda: layer.forward([1.0] * 3), lambda: layer.codes):
        with pytest.raises(ScError, match=r"weights must be in \[-1, 1\], got -4\."):
            use()
    layer.weights = np.full((2, 3), 0.5)
    assert layer.codes.tolist() == [[8] * 3] * 2
    layer.weights[1] = -0.5  # in place: no setter is called
    assert layer.scores([1.0] * 3).tolist() == [1.5, -1.5]
    layer.weights[:] = np.nan
    with pytest.raises(ScError, match="weights must be finite, got nan"):
        layer.forward([1.0] * 3)
    layer.weights = np.ones((2, 3))
    layer._refresh_packed_weights()  # the documents' call
    assert layer.codes.tolist() == [[15] * 3] * 2
    assert layer.gain == pytest.approx(2 / 3)
    assert layer.forward([0.5, 0.5, 0.5]).tolist() == [1.0] * 2
    assert layer.forward([0.25, 0.25, 0.25]).tolist() == [0.5] * 2


def test_weights_of_a_convolution_take_effect_by_themselves() -> None:
    layer, image = SCConv2DLayer(1, 2, 2, length=16, gain=0.25, seed=0), np.full((1, 2, 2), 0.5)
    layer.weights = np.ones((2, 1, 2, 2))
    assert layer.forward(image).ravel().tolist() == [0.5, 0.5]
    layer.weights[1] = 0.0
    assert layer.forward(image).ravel().tolist() == [0.5, 0.0]
    assert layer.codes.tolist() == [[15] * 4, [0] * 4]
    layer.weights[1] = 2.0
    with pytest.raises(ScError, match=r"weights must be in \[-1, 1\], got 2\."):
        layer.forward(image)


@pytest.mark.parametrize(("kernel", "stride", "padding"), [(3, 1, 0), ((2, 3), 2, 1), (1, 1, 0)])
def test_a_convolution_is_exactly_its_network(
    kernel: int | tuple[int, int], stride: int, padding: int, generator: np.random.Generator
) -> None:
    length = 32
    layer = SCConv2DLayer(2, 3, kernel, stride, padding, length, gain=0.4, bias=[0.25, -0.5, 0.0], seed=1)
    layer.weights = generator.integers(1 - length, length, layer.weights.shape) / length
    codes = generator.integers(0, length + 1, (4, 2, 6, 7))
    rates = layer.forward(codes / length)
    taps = np.moveaxis(layer.weights * length, 1, 3).astype(int)
    conv = ConvLayer(taps, [8, -16, 0], layer.theta, (6, 7, 2), stride, padding)
    readout = DenseLayer(np.zeros((2, 84), dtype=int), [0, 0], None)
    network = Network(length, (readout,), InputSpec((84,), length))  # whose length and sources count here
    flat = codes.transpose(0, 2, 3, 1).reshape(4, -1)
    high, wide, _ = conv.output_shape
    for image, rate in zip(flat, rates, strict=True):
        s = golden.window(conv, image, network)
        counts = window_if(s, layer.theta, 4, length)
        assert np.array_equal(rate.transpose(1, 2, 0).reshape(-1) * length, counts)
        assert rate.shape == (3, high, wide)
    assert np.array_equal(layer.forward(codes[0] / length), rates[0])


def test_attention_tends_to_that_of_floats(generator: np.random.Generator) -> None:
    q, k, v = generator.uniform(-2, 2, (4, 8)), generator.uniform(-2, 2, (6, 8)), generator.uniform(-2, 2, (6, 3))
    scores = q @ k.T
    weights = np.exp(scores / (math.sqrt(8) * 1.5))
    soft = weights / weights.sum(axis=1, keepdims=True) @ v
    positive = np.maximum(scores, 0)
    plain = positive / positive.sum(axis=1, keepdims=True) @ v
    for modes in ({}, {"x_mode": "bernoulli", "w_mode": "bernoulli", "seed": 3}):
        errors = []
        for length in (64, 4096):
            attention = StochasticAttention(8, 1.5, length, full_scale=2.0, **modes)  # type: ignore[arg-type]
            errors.append(
                (
                    np.abs(attention.forward_softmax(q, k, v) - soft).max(),
                    np.abs(attention.forward(q, k, v) - plain).max(),
                )
            )
        assert max(errors[1]) < 0.35
        assert errors[1][0] < errors[0][0] / 2
        assert errors[1][1] < errors[0][1] / 2
    batch = attention.forward(np.stack([q, q]), np.stack([k, k]), np.stack([v, v]))
    assert np.array_equal(batch, [attention.forward(q, k, v)] * 2)
    assert np.allclose(StochasticAttention(2).forward([[0.0, 0.0]], [[1.0, 1.0]] * 2, [[0.0], [0.5]]), 0.25, atol=0.01)


LAYER = VectorizedSCLayer(3, 2, 16, seed=0)
BAD = [
    (
        lambda: SCDenseLayer(3, [1.0], [[0.5], [0.5]], 0, 1, 0, 1),
        r"weight_values must have shape \(n_inputs,\) or \(3, n_inputs\), got \(2, 1\)",
    ),
    (
        lambda: SCDenseLayer(1, [1.0], [0.5], 0, 1, 0, 1, neuron_params={"tau": 3}),
        "neuron_params must be of v_rest, .*, got 'tau'",
    ),
    (lambda: SCDenseLayer(1, [1.0], [0.5], 0, 1, 0, 1).run(0), "T must be an integer, at least 1, got 0"),
    (lambda: VectorizedSCLayer(0, 1), "n_inputs must be an integer .*, got 0"),
    (lambda: VectorizedSCLayer(2, 1, 100), "x_mode 'counter': length must be a power of two .*, got 100"),
    (lambda: VectorizedSCLayer(2, 1, gain=100.0), r"gain must be in \[0\.000244, 16\], got 100\.0"),
    (lambda: VectorizedSCLayer(2, 1, bias=[2.0]), r"bias must be in \[-1, 1\], got 2\.0"),
    (lambda: LAYER.forward([0.5, 0.5]), r"x must have shape \(3,\) or \(B, 3\), got \(2,\)"),
    (lambda: LAYER.forward([0.5, 0.5, -0.1]), r"x must be in \[0, 1\], got -0\.1"),
    (lambda: setattr(LAYER, "weights", np.zeros((3, 2))), r"weights must have shape \(2, 3\), got \(3, 2\)"),
    (lambda: setattr(LAYER, "weights", np.full((2, 3), np.nan)), "weights must be finite, got nan at index"),
    (lambda: LAYER.replace(n_inputs=3), "replace takes length, .*, got 'n_inputs'"),
    (lambda: SCConv2DLayer(1, 1, 3, padding=3), r"padding must be an integer in \[0, 2\], got 3"),
    (lambda: SCConv2DLayer(1, 1, 3).forward(np.zeros((1, 2, 2))), "image must be at least as large as the kernel"),
    (lambda: SCConv2DLayer(2, 1, 3).forward(np.zeros((1, 5, 5))), r"image must have shape \(2, H, W\) or"),
    (lambda: StochasticAttention(2, temperature=0), "temperature must be above 0, got 0"),
    (lambda: StochasticAttention(2).forward([[1.0]], [[1.0]], [[1.0]]), r"Q must have shape \(n, 2\) or"),
    (lambda: StochasticAttention(1).forward([[3.0]], [[1.0]], [[1.0]]), r"Q must be in \[-1, 1\], got 3\.0"),
    (lambda: StochasticAttention(1).forward([[1.0]], [[1.0]], [[1.0]] * 2), "V must have a row for each of the 1 keys"),
]


@pytest.mark.parametrize(("call", "message"), BAD, ids=[message[:40] for _, message in BAD])
def test_bad_input_names_parameter_value_and_rule(call: Any, message: str) -> None:
    with pytest.raises(ScError, match=message):
        call()
