"""Convolution and pooling in training: what the forward pass gives is what the network gives, to the last count."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from sc_neurocore import artifact, golden, packed
from sc_neurocore.errors import ScError
from sc_neurocore.network import ConvLayer, InputSpec
from sc_neurocore.training import to_network, train
from sc_neurocore.training.convert import calibrate, rewrite
from sc_neurocore.training.recipes import load_recipe, parse_hidden
from sc_neurocore.training.stages import build_stages, float_forward, stages_of, stream_forward

SPEC = InputSpec((8, 6), 255)


def samples(n: int = 64, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, 8, 6))


def a_model() -> nn.Sequential:
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(3, 5, (2, 2), stride=1, bias=False),
        nn.ReLU(),
        nn.AvgPool2d(2, stride=1),
        nn.Dropout(0.5),
        nn.Flatten(),
        nn.Linear(2 * 1 * 5, 7),
        nn.ReLU(),
        nn.Linear(7, 4),
    ).eval()


@pytest.mark.numeric
def test_stages_compute_what_the_model_computes() -> None:
    model = a_model()
    x = torch.rand(9, 8, 6)
    wanted = model(x[:, None])
    got = float_forward(stages_of(model, SPEC.output_shape), x.flatten(1))
    torch.testing.assert_close(got, wanted)


@pytest.mark.numeric
@pytest.mark.parametrize("length", [4, 16, 64])
@pytest.mark.parametrize("hidden", [("3c3p1", "max2", "5c2s2"), ("4c3", "mean2s1", 6), ("2c2s3",), ("max3s2", 5)])
def test_forward_of_training_is_golden_and_packed(length: int, hidden: tuple[str | int, ...]) -> None:
    torch.manual_seed(1)
    stages = build_stages(SPEC.output_shape, hidden, 4)
    scales = calibrate(stages, samples(), SPEC, length)
    network = rewrite(stages, scales, length=length, input_spec=SPEC)
    codes = SPEC.encode(samples(12, seed=9), length)
    with torch.no_grad():
        scores, counts = stream_forward(stages, scales, torch.from_numpy(codes.astype(np.float32)), length, 4)
    for run in (golden.run, packed.run):
        result = run(network, codes)
        assert np.array_equal(result.scores, scores.numpy())
        for a, b in zip(result.counts, counts, strict=True):
            assert np.array_equal(a, b.numpy())


@pytest.mark.numeric
def test_gradients_are_those_of_the_float_product() -> None:
    torch.manual_seed(2)
    (stage, _) = build_stages((5, 4, 2), ("3c2s2p1",), 2)
    x = torch.randint(0, 17, (6, 40)).float().requires_grad_()
    w = torch.randint(-15, 16, (3, 2, 2, 2)).float().requires_grad_()
    g = torch.randn(6, stage.neurons)
    got = torch.autograd.grad(stage.window_sum(x, w, 16), (x, w), g)
    wanted = torch.autograd.grad(stage.product(x, w) / 16, (x, w), g)
    for a, b in zip(got, wanted, strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.numeric
def test_mean_pooling_rounds_and_passes_the_gradient_of_the_mean() -> None:
    (stage, _) = build_stages((2, 2, 1), ("mean2",), 2)
    x = torch.tensor([[1.0, 2.0, 3.0, 4.0]], requires_grad=True)
    c = stage.codes(x)
    assert c.tolist() == [[3.0]]  # 2.5 is rounded up
    (grad,) = torch.autograd.grad(c.sum(), x)
    assert grad.tolist() == [[0.25] * 4]


def test_a_model_with_images_becomes_a_network() -> None:
    network = to_network(a_model(), samples(), length=256, input_spec=SPEC)
    assert network.topology == "48-3c3p1-max2-5c2-mean2s1-7-4"
    first = network.layers[0]
    assert isinstance(first, ConvLayer)
    model = a_model()
    weight = next(m for m in model if isinstance(m, nn.Conv2d)).weight
    codes = first.weights.transpose(0, 3, 1, 2) / np.abs(first.weights).max()
    np.testing.assert_allclose(codes, (weight / weight.abs().max()).detach().numpy(), atol=0.02)
    test = samples(200, seed=5)
    wanted = model(torch.from_numpy(test / 255).float()[:, None]).argmax(1).numpy()
    got = packed.run(network, SPEC.encode(test, 256)).classes
    assert (got == wanted).mean() > 0.9


def test_a_fit_of_convolutions_is_nearer_to_the_float_model_than_rounding() -> None:
    """On images it has not seen, at 16 bits; every layer of A19 is in the model."""
    test = samples(200, seed=5)
    with torch.no_grad():
        wanted = a_model()(torch.from_numpy(test / 255).float()[:, None]).numpy()
    errors = []
    for fit in (False, True):
        stages = stages_of(a_model(), SPEC.output_shape)
        scales = calibrate(stages, samples(200), SPEC, 16, fit=fit)
        scores = packed.run(rewrite(stages, scales, length=16, input_spec=SPEC), SPEC.encode(test, 16)).scores
        errors.append(float(np.square(scores * (scales[-1].sum / 16) - wanted).mean()))
    assert errors[1] < 0.5 * errors[0]


def test_what_synapses_see_is_what_the_product_sums() -> None:
    torch.manual_seed(4)
    for stage in build_stages((5, 4, 2), ("3c3s2p1",), 2):
        x = torch.randint(0, 17, (6, np.prod(stage.input_shape))).float()
        which = torch.arange(6 * stage.neurons // stage.channels)
        got = stage.rows(x, which) @ stage.synapses(stage.weight)
        torch.testing.assert_close(got.reshape(6, -1), stage.product(x, stage.weight))
        synapses, wanted = stage.synapses(stage.weight).clone(), stage.product(x, 2 * stage.weight, stage.bias + 1)
        stage.put(2 * synapses, stage.bias.detach() + 1)
        torch.testing.assert_close(stage.product(x, stage.weight, stage.bias), wanted)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ((nn.Conv2d(2, 3, 3),), "module 0 (Conv2d) takes 2 channels but gets 1"),
        ((nn.Conv2d(1, 3, 3, stride=(1, 2)),), "module 0 (Conv2d) must have one stride for both directions"),
        ((nn.Conv2d(1, 3, 3, padding="same"), nn.ReLU()), "must end with a Linear"),
        ((nn.Conv2d(1, 3, 3, dilation=2),), "module 0 (Conv2d) must have dilation 1, got (2, 2)"),
        *(
            ((nn.Conv2d(1, 3, 3, padding=1, padding_mode=mode),), f"must pad with zeros, got '{mode}'")
            for mode in ("reflect", "replicate", "circular")
        ),
        ((nn.Conv2d(1, 3, 9),), "module 0 (Conv2d) cannot take values of shape (1, 8, 6): Calculated"),
        ((nn.Conv2d(1, 3, 3), nn.Conv2d(3, 3, 3)), "module 1 (Conv2d) must be separated from the Conv2d before it"),
        ((nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Linear(72, 2)), "module 2 (Linear) must be separated from the images"),
        ((nn.Conv2d(1, 3, 3), nn.MaxPool2d(2)), "module 1 (MaxPool2d) must follow a ReLU"),
        ((nn.MaxPool2d(2, padding=1), nn.Flatten(), nn.Linear(20, 2)), "module 0 (MaxPool2d) must have padding 0"),
        ((nn.Flatten(), nn.Linear(48, 9), nn.ReLU(), nn.Conv2d(1, 1, 1)), "must come before Flatten and Linear"),
        ((nn.Conv2d(1, 3, 3), nn.GroupNorm(1, 3)), "module 1 (GroupNorm) has no counterpart"),
        ((nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(70, 2)), "takes 70 inputs but gets 72"),
    ],
)
def test_models_without_a_counterpart_are_refused_by_name(layers: tuple[nn.Module, ...], message: str) -> None:
    with pytest.raises(ScError, match=re.escape(message)):
        to_network(nn.Sequential(*layers), samples(), length=16, input_spec=SPEC)


def test_hidden_layers_are_written_as_in_a_topology() -> None:
    assert parse_hidden(5) == ("dense", {"neurons": 5})
    assert parse_hidden("4c3p1") == ("conv", {"channels": 4, "kernel": 3, "stride": 1, "padding": 1})
    assert parse_hidden("mean3s2") == ("pool", {"kind": "mean", "size": 3, "stride": 2})
    for wrong in ("4x3", "c3", "max", "0c3", "3c0", "12"):
        with pytest.raises(ScError, match="convolution"):
            parse_hidden(wrong)
    with pytest.raises(ScError, match="keep must list the weights that each of the 2 layers"):
        replace(load_recipe("digits"), hidden=("2c3", "max2"), keep=(4, 4, 4))


@pytest.mark.parametrize("hidden", [("6c3", "max2", "8c2"), ("6c3s2", "mean2s1")])
def test_a_recipe_with_convolutions_trains(hidden: tuple[str, ...], tmp_path: Path) -> None:
    recipe = replace(load_recipe("digits"), hidden=hidden, length=16, epochs=10, float_epochs=4, batch=64)
    done = train(recipe, tmp_path / "net", progress=lambda line: None)
    network = artifact.load(tmp_path / "net")
    assert network.topology == f"64-{'-'.join(hidden)}-10"
    assert done.bit_true_test_accuracy > 0.6
    assert done.bit_true_test_accuracy == network.info["bit_true_test_accuracy"]


def test_every_shipped_recipe_names_layers_that_chain() -> None:
    make: Callable[..., object] = build_stages
    for name, shape in (("mnist-conv", (28, 28, 1)), ("mnist-mlp", (28, 28, 1)), ("mnist-small", (14, 14, 1))):
        stages = make(shape, load_recipe(name).hidden, 10)
        assert isinstance(stages, list)
        assert stages[-1].output_shape == (1, 1, 10)
