"""The float reference of a network: the model that training had, and scales that must fit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sc_neurocore import data, reference
from sc_neurocore.errors import ScError
from sc_neurocore.network import Network
from sc_neurocore.neurons import classify


def test_the_float_reference_is_the_one_that_training_stated(digits: Network) -> None:
    samples = data.load("digits")
    x = digits.input.pooled(samples.x_test) / digits.input.full_scale
    classes = reference.float_classes(digits, x)
    assert (classes == samples.y_test).mean() == digits.info["float_test_accuracy"]
    y = np.asarray(x)
    for layer, scale in zip(digits.layers, digits.info["scales"], strict=True):
        w = layer.weights * scale["weight"] / 32
        b = (layer.bias + np.array(scale["excess"])) * scale["weight"] * scale["input"] / 32
        y = y @ w.T + b
        y = y if layer.theta is None else np.maximum(y, 0)
    np.testing.assert_allclose(reference.float_sums(digits, x)[-1], y, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(classes, classify(y))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda s: s[:1], r"must be a list of 2 entries"),
        (lambda s: [s[0], 3], r"info.scales\[1\] of digits must hold weight, input, output and excess, got 3"),
        (
            lambda s: [{**s[0], "weight": 0}, s[1]],
            r"info.scales\[0\] of digits: weight must be above 0, got 0",
        ),
        (lambda s: [{**s[0], "weight": "1"}, s[1]], "weight must be a finite number, got '1'"),
        (lambda s: [{**s[0], "output": 2.0}, s[1]], r"output must be theta · weight · input / 2\^theta_frac = 3.69"),
        (lambda s: [s[0], {**s[1], "input": 1.0}], "input must be 3.69034, the output of the layer before"),
        (lambda s: [{**s[0], "excess": [1.0]}, s[1]], r"excess must have shape \(96,\), got \(1,\)"),
        (lambda s: [{**s[0], "excess": [float("nan")] * 96}, s[1]], r"info\.scales\[0\]\.excess\[0\] must be"),
    ],
)
def test_scales_that_do_not_fit_are_refused(digits: Network, change: Any, expected: str) -> None:
    with pytest.raises(ScError, match=expected):
        reference.scales(replace(digits, info={"scales": change(digits.info["scales"])}))
