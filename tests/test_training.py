"""Training: the torch forward pass is the hardware's, conversion is exact, runs repeat, bad input is refused."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from little_recipes import RECIPE, SPARSE, silent, written
from sc_neurocore import artifact, data, golden, packed
from sc_neurocore.errors import ScError
from sc_neurocore.network import InputSpec
from sc_neurocore.neurons import window_if
from sc_neurocore.streams import product_table
from sc_neurocore.training import bit_true_layers, load_recipe, to_network, train
from sc_neurocore.training.code_search import fit_layer
from sc_neurocore.training.convert import calibrate, rewrite
from sc_neurocore.training.stages import WeightedStage, stages_of, stream_forward, weighted

ROOT = Path(__file__).parents[1]
SPEC = InputSpec((6,), full_scale=16)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """These tensors are small: threads would only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def samples(n: int = 200, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 17, (n, 6))


def model(*hidden: int, inputs: int = 6, classes: int = 3, seed: int = 1, bias: bool = True) -> nn.Sequential:
    torch.manual_seed(seed)
    sizes = (inputs, *hidden, classes)
    modules: list[nn.Module] = []
    for a, b in pairwise(sizes):
        modules += [nn.Linear(a, b, bias=bias), nn.ReLU()]
    return nn.Sequential(*modules[:-1])


# --- the arithmetic in torch ---


def dense(inputs: int, neurons: int) -> WeightedStage:
    return WeightedStage(nn.Linear(inputs, neurons), (1, 1, inputs))


@pytest.mark.numeric
@pytest.mark.parametrize("length", [4, 8, 32, 256])
def test_window_sum_is_the_table(length: int) -> None:
    rng = np.random.default_rng(length)
    x = rng.integers(0, length + 1, (9, 7))
    w = rng.integers(1 - length, length, (5, 7))
    table = product_table(length)
    wanted = (table[x[:, None, :], np.abs(w)[None]] * np.sign(w)[None]).sum(axis=2)
    got = dense(7, 5).window_sum(torch.from_numpy(x).float(), torch.from_numpy(w).float(), length)
    assert np.array_equal(got.numpy(), wanted)


def test_window_sum_refuses_what_it_cannot_count() -> None:
    x, w = torch.full((1, 4100), 4096.0), torch.full((1, 4100), 4095.0)
    with pytest.raises(ScError, match=r"fan-in times length must be below 2\^24 .* got 4100 · 4096"):
        dense(4100, 1).window_sum(x, w, 4096)
    assert float(dense(4100, 1).window_sum(x.double(), w.double(), 4096)) == 4100 * 4095


@pytest.mark.numeric
def test_window_sum_has_the_gradient_of_the_product() -> None:
    x = torch.randint(0, 17, (4, 5)).float().requires_grad_()
    w = torch.randint(-15, 16, (3, 5)).float().requires_grad_()
    g = torch.randn(4, 3)
    got = torch.autograd.grad(dense(5, 3).window_sum(x, w, 16), (x, w), g)
    wanted = torch.autograd.grad(x @ w.T / 16, (x, w), g)
    for a, b in zip(got, wanted, strict=True):
        torch.testing.assert_close(a, b)


def test_window_counts_are_the_neuron_with_a_clipped_gradient() -> None:
    s = torch.arange(-20.0, 120.0).requires_grad_()
    c = bit_true_layers.window_counts(s, 90, 4, 16)
    assert np.array_equal(c.detach().numpy(), window_if(np.arange(-20, 120), 90, 4, 16))
    (grad,) = torch.autograd.grad(c.sum(), s)
    slope = 16 / 90
    exact = np.arange(-20, 120) * slope
    torch.testing.assert_close(grad, torch.tensor(np.where((exact > -0.5) & (exact < 16.5), slope, 0)).float())


@pytest.mark.numeric
@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
@pytest.mark.parametrize(("theta", "frac", "length"), [(3, 4, 4), (90, 0, 16), (513, 15, 8), (65_535, 8, 256)])
def test_window_counts_are_exact_in_every_precision(theta: int, frac: int, length: int, kind: torch.dtype) -> None:
    """The last case needs quotients in double precision; sums may lie in any order in memory."""
    ints = np.concatenate([np.arange(-500, 500), np.random.default_rng(theta).integers(-200_000, 200_000, 5000)])
    s = torch.from_numpy(ints.reshape(60, 100)).to(kind).T
    c = bit_true_layers.window_counts(s, theta, frac, length)
    assert c.dtype == kind
    assert np.array_equal(c.numpy(), window_if(ints.reshape(60, 100).T, theta, frac, length))


@pytest.mark.numeric
def test_weight_codes_round_clip_and_pass_the_gradient() -> None:
    v = torch.tensor([-3.0, -0.5, 0.02, 0.9, 1.0, 2.0], requires_grad=True)
    codes = bit_true_layers.weight_codes(v, 1.0, 16)
    assert codes.tolist() == [-15, -8, 0, 14, 15, 15]
    (grad,) = torch.autograd.grad(codes.sum(), v)
    assert grad.tolist() == [0, 16, 16, 16, 0, 0]


# --- to_network ---


@pytest.mark.numeric
@pytest.mark.parametrize("length", [4, 16, 64])
@pytest.mark.parametrize("hidden", [(), (8,), (8, 5)])
def test_forward_of_training_is_golden_and_packed(length: int, hidden: tuple[int, ...]) -> None:
    net = model(*hidden)
    layers = stages_of(net, (1, 1, 6))
    scales = calibrate(layers, samples(), SPEC, length)
    network = rewrite(layers, scales, length=length, input_spec=SPEC)
    codes = SPEC.encode(samples(40, seed=9), length)
    with torch.no_grad():
        scores, counts = stream_forward(layers, scales, torch.from_numpy(codes.astype(np.float32)), length, 4)
    for run in (golden.run, packed.run):
        result = run(network, codes)
        assert np.array_equal(result.scores, scores.numpy())
        for a, b in zip(result.counts, counts, strict=True):
            assert np.array_equal(a, b.numpy())


@pytest.mark.parametrize("fit", [False, True])
def test_scales_obey_the_contract(fit: bool) -> None:
    """Codes of w: round(L · w / w_s), of b: round(L · b / (w_s · x_s) − excess); y_s = θ · w_s · x_s / 2^f (A12).

    A fit leaves weights and biases that their codes stand for exactly.
    """
    net, length = model(8, 5), 64
    stages = stages_of(net, (1, 1, 6))
    scales = calibrate(stages, samples(), SPEC, length, 6, fit=fit)
    network = rewrite(stages, scales, length=length, input_spec=SPEC, theta_frac=6)
    assert network.theta_frac == 6
    x_s = 1.0
    linears = [stage.module for stage in weighted(stages)]
    for layer, linear, scale in zip(network.layers, linears, network.info["scales"], strict=True):
        assert scale["input"] == x_s
        w_s = scale["weight"]
        w = linear.weight.detach().numpy() * length / w_s
        b = linear.bias.detach().numpy() * length / (w_s * x_s) - np.array(scale["excess"])
        for codes, wanted in ((layer.weights, w), (layer.bias, b)):
            assert np.abs(codes - np.clip(wanted, 1 - length, length - 1)).max() <= (0 if fit else 0.5) + 1e-3
        if layer.theta is None:
            assert scale["output"] is None
        else:
            assert scale["output"] == pytest.approx(layer.theta * w_s * x_s / 2**6)
            x_s = scale["output"]
    assert not fit or network == to_network(model(8, 5), samples(), length=length, input_spec=SPEC, theta_frac=6)


def window_sums(x: np.ndarray, w: np.ndarray, length: int) -> np.ndarray:
    """S without bias of codes x (n, inputs) and w (neurons, inputs), entry by entry of the table."""
    return (product_table(length)[x[:, None, :], np.abs(w)[None]] * np.sign(w)[None]).sum(axis=2)


@pytest.mark.parametrize("fit", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_bias_takes_off_the_excess_of_the_streams(bias: bool, fit: bool) -> None:
    """On the calibration samples, each neuron's S with bias is on average that of products without streams."""
    length = 32
    stages = stages_of(model(8, bias=bias), (1, 1, 6))
    scales = calibrate(stages, samples(1000), SPEC, length, fit=fit)
    first = rewrite(stages, scales, length=length, input_spec=SPEC).layers[0]
    x = SPEC.encode(samples(1000), length).astype(np.int64)
    w = first.weights.astype(np.int64)
    excess = (window_sums(x, w, length) - x @ w.T / length).mean(axis=0)
    assert np.abs(excess).max() > 0.5
    assert scales[0].product_bias.numpy() == pytest.approx(excess, abs=1e-3)
    float_bias = model(8).get_parameter("0.bias").detach().numpy() * length / scales[0].weight if bias else 0
    if fit:  # the mean of the weights' rounding as well
        net = model(8, bias=bias)
        wanted = net[0](torch.from_numpy(samples(1000) / 16).float()).detach().numpy() * length / scales[0].weight
        mean = (wanted - window_sums(x, w, length)).mean(axis=0)
        assert np.array_equal(first.bias, np.clip(np.floor(mean + 0.5), 1 - length, length - 1))
    else:
        assert np.abs(first.bias - np.clip(float_bias - excess, 1 - length, length - 1)).max() <= 0.5 + 1e-3


def test_a_fit_leaves_no_code_that_another_would_better() -> None:
    """No step of a code lowers the error of S, the best bias after it, plus what independent errors would add."""
    rng, length, rows, inputs = np.random.default_rng(5), 16, 20, 4
    x = rng.integers(0, length + 1, (rows, inputs))
    weights = rng.uniform(-1, 1, (9, inputs))
    offset = np.append(rng.uniform(-0.5, 0.5, 8), 1.3)  # the last is beyond any code
    scale, codes, bias = fit_layer(x, weights, x @ weights.T / length + offset, 1.0, length)
    assert bias[8] == length - 1
    target = (x @ weights.T / length + offset) * length / scale
    typical = np.sort(x, axis=None)[(2 * np.arange(16) + 1) * x.size // 32]

    def loss(j: int, w: np.ndarray) -> float:
        s = window_sums(x, w[None], length)[:, 0]
        b = np.clip(np.floor((target[:, j] - s).mean() + 0.5), 1 - length, length - 1)
        total = ((s + b - target[:, j]) ** 2).sum()
        for i in range(inputs):
            both = np.concatenate([x[:, i], typical])
            p = np.concatenate([np.ones(rows), np.full(16, 1 / 16)]) / (rows + 1)
            error = window_sums(both[:, None], w[None, i : i + 1], length)[:, 0] - both * weights[j, i] / scale
            total += 4 * inputs * (p @ error**2 - (p @ error) ** 2)
        return float(total)

    tried = 0
    for j in range(9):
        least = loss(j, codes[j])
        for i in range(inputs):
            for step in (-3, -2, -1, 1, 2, 3):
                other = codes[j].copy()
                other[i] += step
                if abs(other[i]) < length:
                    tried += 1
                    assert loss(j, other) > least - 1e-6
    assert tried > 150


@pytest.mark.parametrize(("count", "share"), [(1000, 0.5), (10, 0.8)])
def test_a_fit_is_nearer_to_the_float_model_than_rounding(count: int, share: float) -> None:
    """On samples it has not seen; ten samples are few, but do no harm."""
    digits = data.load("digits")
    spec = digits.input_spec()
    codes = spec.encode(digits.x_val, 16)
    net = trained_on_digits()
    wanted = net(torch.from_numpy(spec.pooled(digits.x_val) / 16).float()).detach().numpy()
    errors = []
    for fit in (False, True):  # the fit, which changes the stages, last
        stages = stages_of(net, spec.output_shape)
        scales = calibrate(stages, digits.x_train[:count], spec, 16, fit=fit)
        scores = packed.run(rewrite(stages, scales, length=16, input_spec=spec), codes).scores
        error = scores * (scales[-1].sum / 16) - wanted
        errors.append(float(np.square(error).mean()))
    assert errors[1] < share * errors[0]


def test_network_approaches_the_float_model() -> None:
    """A trained model keeps its classes; the error of the scores falls with the length."""
    net = trained_on_digits()
    digits = data.load("digits")
    spec = digits.input_spec()
    floats = torch.from_numpy(spec.pooled(digits.x_val) / 16).float()
    with torch.no_grad():
        wanted = net(floats).numpy()
    errors, agreement = [], []
    for length in (8, 32, 128):
        network = to_network(net, digits.x_train, length=length, input_spec=spec)
        result = packed.run(network, spec.encode(digits.x_val, length))
        last = network.info["scales"][-1]
        errors.append(float(np.abs(result.scores * (last["weight"] * last["input"] / length) - wanted).mean()))
        agreement.append(float((result.classes == wanted.argmax(axis=1)).mean()))
    assert errors[0] > errors[1] > errors[2]
    assert agreement[0] >= 0.8
    assert agreement[2] >= 0.98


def trained_on_digits() -> nn.Sequential:
    digits = data.load("digits")
    net = model(24, inputs=64, classes=10)
    x = torch.from_numpy(digits.x_train.reshape(-1, 64) / 16).float()
    y = torch.from_numpy(np.array(digits.y_train))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
    for _ in range(120):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        optimizer.step()
    return net


def test_modules_that_do_nothing_at_inference_are_skipped() -> None:
    plain = model(8)
    first, relu, last = plain
    dressed = nn.Sequential(
        nn.Flatten(), nn.Sequential(nn.Identity(), first, relu, nn.Dropout(0.5)), nn.Sequential(nn.Sequential(last))
    )
    before = [p.detach().clone() for p in dressed.parameters()]
    got = to_network(dressed, samples(), length=16, input_spec=SPEC, name="dressed", info={"origin": "test"})
    assert got == to_network(plain, samples(), length=16, input_spec=SPEC)
    assert got.name == "dressed"
    assert got.info["origin"] == "test"
    assert all(torch.equal(a, b) for a, b in zip(before, dressed.parameters(), strict=True))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_models_without_bias_and_of_either_precision(dtype: torch.dtype) -> None:
    network = to_network(model(8, bias=False).to(dtype), samples(), length=16, input_spec=SPEC)
    x = SPEC.encode(samples(), 16).astype(np.int64)
    for layer in network.layers:
        assert layer.weights.any()
        assert layer.bias.any()  # without one of its own, what the streams ask for
    wanted = model(8, bias=False)[0](torch.from_numpy(samples() / 16).float()).detach().numpy()
    s = window_sums(x, network.layers[0].weights.astype(np.int64), 16) + network.layers[0].bias
    error = s * (network.info["scales"][0]["weight"] / 16) - wanted
    assert np.abs(error.mean(axis=0)).max() <= 0.5 * network.info["scales"][0]["weight"] / 16 + 1e-3


def test_a_model_of_zeros_and_a_dead_layer_convert() -> None:
    net = model(4)
    for p in net[0].parameters():
        nn.init.constant_(p, -0.5)
    network = to_network(net, samples(), length=16, input_spec=SPEC)
    assert not packed.run(network, SPEC.encode(samples(5), 16)).counts[0].any()
    for p in net.parameters():
        nn.init.zeros_(p)
    assert not to_network(net, samples(), length=16, input_spec=SPEC).layers[0].synapses.any()


def bad_weight() -> nn.Sequential:
    net = model(8)
    with torch.no_grad():
        net[2].weight[0, 0] = float("nan")
    return net


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: [nn.Linear(6, 3)], "the model must be a torch.nn.Module, got list"),
        (lambda: nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 3)), "module 1 (Tanh) has no counterpart"),
        (
            lambda: nn.Sequential(nn.Sequential(nn.Linear(6, 4), nn.LayerNorm(4)), nn.ReLU(), nn.Linear(4, 3)),
            "module 0.1 (LayerNorm) has no counterpart: BatchNorm could stand in its place",
        ),
        (lambda: nn.Sequential(nn.Linear(5, 3)), "module 0 (Linear) takes 5 inputs but gets 6: shapes must chain"),
        (
            lambda: nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(5, 3)),
            "module 2 (Linear) takes 5 inputs but gets 4: shapes must chain",
        ),
        (lambda: nn.Sequential(nn.Linear(6, 4), nn.Linear(4, 3)), "module 1 (Linear) must be separated"),
        (lambda: nn.Sequential(nn.ReLU(), nn.Linear(6, 3)), "module 0 (ReLU) must follow a Linear"),
        (lambda: nn.Sequential(nn.Linear(6, 3), nn.ReLU()), "must end with a Linear"),
        (lambda: nn.Sequential(nn.Dropout()), "at least one Linear, got none"),
        (lambda: nn.Sequential(nn.Flatten(2), nn.Linear(6, 3)), "module 0 (Flatten) cannot take values of shape (6,)"),
        (bad_weight, "module 2 (Linear) has a weight that is not finite"),
    ],
)
def test_refused_models(make: Any, message: str) -> None:
    with pytest.raises(ScError, match=re.escape(message)):
        to_network(make(), samples(), length=16, input_spec=SPEC)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"length": 12}, "length must be a power of two"),
        ({"theta_frac": 16}, "theta_frac must be in [0, 15], got 16"),
        ({"samples": samples()[:, :5]}, "samples must have shape (n, 6), got (200, 5)"),
        ({"samples": samples() * 2}, "samples must be at most 16, got 32"),
        ({"samples": samples() / 16}, "samples must be integers, got float64"),
        ({"samples": samples()[:0]}, "calibration samples must have shape (n, features…), got (0, 6)"),
    ],
)
def test_refused_conversions(change: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {"samples": samples(), "length": 16, "input_spec": SPEC} | change
    with pytest.raises(ScError, match=re.escape(message)):
        to_network(model(8), arguments.pop("samples"), **arguments)


def test_a_threshold_out_of_range_is_refused() -> None:
    net = model(8)
    with torch.no_grad():
        net[0].weight.mul_(1e-7)
        net[0].bias.fill_(0.5)
        net[2].weight.mul_(1e-3)
    # Far smaller weights than biases are fine (the scale covers the bias) …
    to_network(net, samples(), length=16, input_spec=SPEC)
    # … but an activation of thousands of full scales is not.
    wide = InputSpec((6000,), full_scale=16)
    big = nn.Sequential(nn.Linear(6000, 2, bias=False), nn.ReLU(), nn.Linear(2, 2))
    nn.init.ones_(big[0].weight)
    with pytest.raises(ScError, match=r"theta must be in \[1, 65535\], got \d+"):
        to_network(big, np.full((4, 6000), 16), length=4, input_spec=wide)


# --- train ---


def test_training_repeats_itself_exactly(tmp_path: Path) -> None:
    recipe = written(tmp_path, RECIPE)
    state, threads = torch.random.get_rng_state(), torch.get_num_threads()
    lines: list[str] = []
    first = train(recipe, tmp_path / "a", progress=lines.append)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.get_num_threads() == threads
    second = train(recipe, tmp_path / "b", progress=silent)
    for file in ("network.json", "layer0.mem", "layer1.mem"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    other = train(recipe, tmp_path / "c", seed=5, progress=silent)
    assert (tmp_path / "a" / "layer0.mem").read_bytes() != (tmp_path / "c" / "layer0.mem").read_bytes()
    assert other.seed == 5
    assert any("validation" in line for line in lines)
    assert dataclasses.replace(first, out="", seconds=0) == dataclasses.replace(second, out="", seconds=0)
    json.dumps(dataclasses.asdict(first))


def test_what_training_reports_is_what_the_artifact_does(tmp_path: Path) -> None:
    result = train(written(tmp_path, RECIPE), tmp_path / "a", epochs=6, length=16, progress=silent)
    network = artifact.load(tmp_path / "a")
    info = network.info
    digits = data.load("digits")
    test = packed.run(network, network.input.encode(digits.x_test, 16))
    assert result.bit_true_test_accuracy == info["bit_true_test_accuracy"] == (test.classes == digits.y_test).mean()
    assert result.test_images == 360
    codes = network.input.encode(digits.x_val, 16)
    val = golden.run(network, codes)
    assert result.validation_accuracy == info["validation_accuracy"] == (val.classes == digits.y_val).mean()
    active = [float((a > 0).sum(axis=1).mean()) for a in (codes, *val.counts)]
    assert list(result.mean_active) == info["mean_active"] == pytest.approx(active, abs=1e-4)
    # The float network, written anew: weights from the codes, nothing else rounded.
    x = digits.x_test.reshape(360, 64) / 16
    for k, (layer, scale) in enumerate(zip(network.layers, info["scales"], strict=True)):
        x = (
            x @ (layer.weights.T * scale["weight"] / 16)
            + (layer.bias + scale["excess"]) * scale["weight"] * scale["input"] / 16
        )
        x = np.maximum(x, 0) if k == 0 else x
    classes = x.argmax(axis=1)
    assert result.float_test_accuracy == info["float_test_accuracy"] == (classes == digits.y_test).mean()
    assert result.differing_predictions == info["differing_test_predictions"] == (classes != test.classes).sum()
    assert (info["recipe"], info["data"], info["epochs"], info["float_epochs"], info["seed"]) == (
        "little",
        "digits",
        6,
        3,
        4,
    )
    assert result.bit_true_test_accuracy > 0.6


def test_training_on_own_data(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    y = np.repeat(np.arange(3), 40)
    x = np.clip(rng.normal(0.2, 0.1, (120, 9)) + 0.5 * (np.arange(9)[None] % 3 == y[:, None]), 0, 1)
    path = tmp_path / "blobs.npz"
    np.savez(path, x=x, y=y)
    result = train(path, tmp_path / "net", epochs=20, progress=silent)
    network = artifact.load(tmp_path / "net")
    assert network.shape == (9, 64, 3)
    assert network.name == "blobs"
    assert network.input.dataset == "custom"
    assert network.info["data"] == "blobs.npz"
    assert network.info["data_sha256"] == data.file_sha256(path)
    assert result.bit_true_test_accuracy >= 0.95


def test_the_target_is_not_there_before_the_end(tmp_path: Path) -> None:
    recipe = written(tmp_path, RECIPE)

    def interrupt(line: str) -> None:
        if "epoch" in line:
            raise KeyboardInterrupt

    threads = torch.get_num_threads()
    with pytest.raises(KeyboardInterrupt):
        train(recipe, tmp_path / "net", progress=interrupt)
    assert torch.get_num_threads() == threads
    assert {p.name for p in tmp_path.iterdir()} == {"little.toml", "net.run"}


def test_a_bad_target_is_refused_before_training(tmp_path: Path) -> None:
    recipe = written(tmp_path, RECIPE)
    lines: list[str] = []
    with pytest.raises(ScError, match="exists and is not a network artifact"):
        train(recipe, tmp_path, progress=lines.append)
    with pytest.raises(ScError, match="not a network artifact"):
        train(recipe, recipe, progress=lines.append)
    with pytest.raises(ScError, match="cannot be created"):
        train(recipe, recipe / "below", progress=lines.append)
    assert not lines


def test_a_recipe_that_does_not_fit_the_data_is_refused(tmp_path: Path) -> None:
    x = np.arange(180, dtype=np.uint8).reshape(20, 9)
    np.savez(tmp_path / "flat.npz", x=x, y=np.repeat([0, 1], 10))
    text = RECIPE.replace('"digits"', '"flat.npz"')
    with pytest.raises(ScError, match=r"augment needs 2-D images, custom has samples of shape \(9,\)"):
        train(written(tmp_path, text), tmp_path / "net", progress=silent)
    with pytest.raises(ScError, match="pool 3 needs a 2-D input shape that it divides"):
        train(written(tmp_path, RECIPE.replace("hidden", "pool = 3\nhidden")), tmp_path / "net", progress=silent)


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
def test_divergence_is_an_error_not_a_network(tmp_path: Path) -> None:
    for name, epochs in (("float_learning_rate", 4), ("learning_rate", 1)):
        recipe = load_recipe(written(tmp_path, RECIPE)).changed(epochs=epochs)
        # No legal rate is sure to diverge.
        object.__setattr__(recipe, name, float("inf"))
        with pytest.raises(ScError, match=f"diverged at {name}"):
            train(recipe, tmp_path / "net", progress=silent)
        assert not (tmp_path / "net").exists()


def test_sparse_training_prunes_and_is_what_runs(tmp_path: Path) -> None:
    """Binary inputs, thresholds given, no calibration: the layers keep no more weights than they may."""
    said: list[str] = []
    result = train(written(tmp_path, SPARSE), tmp_path / "net", progress=said.append)
    network = artifact.load(tmp_path / "net")
    assert network.input.binary
    assert [layer.theta for layer in network.layers] == [16, None]
    kept = [int((layer.weights != 0).sum()) for layer in network.layers]
    assert kept[0] <= 200
    assert kept[1] <= 60
    assert any(f"{sum(kept)} synapses" in line for line in said)
    assert result.bit_true_test_accuracy > 0.6
    part = data.load_part("digits")
    codes = network.input.encode(part.x, network.length)
    assert float((golden.run(network, codes).classes == part.y).mean()) == result.bit_true_test_accuracy
    full = SPARSE.replace("l1 = 1e-4\nkeep = [200, 60]\n", "")
    dense = train(written(tmp_path, full), tmp_path / "dense", progress=silent)
    assert dense.bit_true_test_accuracy > 0.6
    assert (artifact.load(tmp_path / "dense").layers[0].weights != 0).sum() > 400


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("threshold = 8", "threshold = 0", r"threshold must be a whole number in \[1, 65535\], got 0"),
        ("theta = 16", "theta = 1.5", r"theta must be a whole number in \[1, 65535\], got 1.5"),
        ("float_epochs = 0", "float_epochs = 2", "float_epochs must be 0 where theta is given, got 2"),
        ("l1 = 1e-4", "l1 = -1", r"l1 must be in \[0, 1\], got -1"),
        ("keep = [200, 60]", "keep = [200]", r"keep must list the weights that each of the 2 layers keeps"),
        ("keep = [200, 60]", "keep = [200, 0]", "at least 1 each"),
    ],
)
def test_sparse_recipes_are_checked(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(ScError, match=message):
        load_recipe(written(tmp_path, SPARSE.replace(old, new)))


def test_committed_sparse_network() -> None:
    folder = ROOT / "train" / "networks" / "mnist-sparse"
    network = artifact.load(folder)
    assert network.shape == (784, 64, 10)
    assert network.length == 8
    assert network.input.binary
    assert network.info["recipe_sha256"] == load_recipe("mnist-sparse").sha256
    assert network.info["bit_true_test_accuracy"] >= 0.97
    assert sum(int((layer.weights != 0).sum()) for layer in network.layers) < 2400


def test_committed_mnist_network() -> None:
    folder = ROOT / "train" / "networks" / "mnist-small"
    network = artifact.load(folder)
    recipe = load_recipe("mnist-small")
    assert network.shape == (196, 128, 10)
    assert network.length == 16
    assert (network.input.dataset, network.input.pool, network.input.full_scale) == ("mnist", 2, 1024)
    assert network.info["recipe_sha256"] == recipe.sha256
    assert network.info["bit_true_test_accuracy"] >= 0.978
    assert sum(p.stat().st_size for p in folder.iterdir()) <= 1 << 20


def test_training_package_is_light_and_names_the_extra_without_torch() -> None:
    code = """
import sys
class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            raise ImportError(name)
sys.meta_path.insert(0, NoTorch())
import sc_neurocore.training as t
t.load_recipe("digits")
assert "torch" not in sys.modules
try:
    t.train
except t.ScError as error:
    print(error)
"""
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "training needs PyTorch: pip install torch scikit-learn tensorboard"


def test_a_run_starts_from_given_weights(tmp_path: Path) -> None:
    """One epoch at a rate of nearly 0 leaves the model's nearest codes, but for the re-measured excess."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 12), nn.ReLU(), nn.Linear(12, 10))
    before = [p.detach().clone() for p in model.parameters()]
    recipe = dataclasses.replace(
        load_recipe("digits"), hidden=(12,), float_epochs=0, epochs=1, learning_rate=1e-9, length=16, agreement=0.0
    )
    train(recipe, tmp_path / "a", start=model, facts={"from": "a model"}, progress=lambda line: None)
    made = artifact.load(tmp_path / "a")
    digits = data.load("digits")
    spec = digits.input_spec()
    stages = stages_of(model, spec.output_shape)
    scales = calibrate(stages, digits.x_train, spec, 16)
    direct = rewrite(stages, scales, length=16, input_spec=spec)
    for a, b in zip(made.weighted, direct.weighted, strict=True):
        assert np.abs(a.weights.astype(int) - b.weights).max() <= 1
        assert a.theta == b.theta
    assert made.info["from"] == "a model"
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), before, strict=True))
    for change, message in (
        ({"hidden": (13,)}, r"the model's layers give \[\(1, 1, 12\), \(1, 1, 10\)\], those of the recipe"),
        ({"epochs": 2, "float_epochs": 1}, "must have float_epochs 0 and no theta to start from a float model"),
    ):
        with pytest.raises(ScError, match=message):
            train(dataclasses.replace(recipe, **change), tmp_path / "b", start=model, progress=lambda line: None)
