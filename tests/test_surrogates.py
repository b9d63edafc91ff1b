"""Surrogates of the spike's gradient: each against its formula, by name, and one of the user's own."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from sc_neurocore.errors import ScError
from sc_neurocore.training import (
    LIFCell,
    atan_surrogate,
    fast_sigmoid,
    gaussian_surrogate,
    sigmoid_surrogate,
    straight_through,
    superspike,
    triangular,
)
from sc_neurocore.training.surrogates import SURROGATES, surrogate_named

# Written from the documents' table and the papers, not from the code.
FORMULAS: list[tuple[Callable[..., Tensor], dict[str, float], Callable[[float], float], float]] = [
    (atan_surrogate, {}, lambda x: 2.0 / (2 * (1 + (math.pi * 2.0 * x / 2) ** 2)), 1.0),
    (atan_surrogate, {"alpha": 0.7}, lambda x: 0.7 / (2 * (1 + (math.pi * 0.7 * x / 2) ** 2)), 1.0),
    (fast_sigmoid, {}, lambda x: 25 / (1 + 25 * abs(x)) ** 2, 2.0),
    (fast_sigmoid, {"slope": 4.0}, lambda x: 4 / (1 + 4 * abs(x)) ** 2, 2.0),
    (superspike, {}, lambda x: 1 / (1 + 10 * abs(x)) ** 2, 0.2),
    (superspike, {"beta": 3.0}, lambda x: 1 / (1 + 3 * abs(x)) ** 2, 2 / 3),
    (sigmoid_surrogate, {}, lambda x: 5 * math.exp(-5 * x) / (1 + math.exp(-5 * x)) ** 2, 1.0),
    (straight_through, {}, lambda x: 1.0, math.nan),
    (triangular, {}, lambda x: max(0.0, 1 - abs(x)), 1.0),
    (triangular, {"width": 2.0}, lambda x: max(0.0, 1 - abs(x) / 2) / 2, 1.0),
    (gaussian_surrogate, {}, lambda x: math.exp(-(x**2) / (2 * 0.25)) / (0.5 * math.sqrt(2 * math.pi)), 1.0),
    (gaussian_surrogate, {"sigma": 2.0}, lambda x: math.exp(-(x**2) / 8) / (2 * math.sqrt(2 * math.pi)), 1.0),
]


@pytest.mark.parametrize(("function", "keywords", "formula", "area"), FORMULAS)
def test_surrogate_spikes_forward_and_has_its_formula_backward(
    function: Callable[..., Tensor], keywords: dict[str, float], formula: Callable[[float], float], area: float
) -> None:
    x = torch.linspace(-4, 4, 161, dtype=torch.float64, requires_grad=True)
    y = function(x, **keywords)
    assert torch.equal(y, (x > 0).double())
    assert float(function(torch.zeros(1))) == 0.0  # at the threshold there is no spike
    weight = torch.arange(161, dtype=torch.float64)
    (y * weight).sum().backward()
    wanted = weight * torch.tensor([formula(v) for v in x.tolist()], dtype=torch.float64)
    assert x.grad is not None
    torch.testing.assert_close(x.grad, wanted, rtol=1e-12, atol=1e-14)
    if not math.isnan(area):  # ∫ over the line, with the tails beyond 10⁴ below 1e-4
        grid = torch.tensor(np.sinh(np.linspace(-11, 11, 400001)), requires_grad=True)
        function(grid, **keywords).sum().backward()
        assert float(torch.trapezoid(grid.grad, grid.detach())) == pytest.approx(area, abs=2e-4)


def test_there_are_seven_surrogates_and_names_for_them() -> None:
    assert len(SURROGATES) == 7
    assert surrogate_named("arctangent") is surrogate_named("atan_surrogate") is atan_surrogate
    assert surrogate_named("triangular") is triangular
    with pytest.raises(ScError, match=r"surrogate must be one of atan, .*, got 'relu'"):
        surrogate_named("relu")


def test_a_surrogate_of_the_users_own_runs_and_learns() -> None:
    calls = []

    def own(x: Tensor) -> Tensor:
        calls.append(x.shape)
        return triangular(x, width=3.0)

    current = torch.randn(5, 2, 4, requires_grad=True)
    fused = LIFCell(surrogate_fn=functools.partial(triangular, width=3.0)).scan_all(current)
    stepped = LIFCell(surrogate_fn=own).scan_all(current)
    assert len(calls) == 5
    for a, b in zip(fused, stepped, strict=True):
        assert torch.equal(a, b)
    a, b = (torch.autograd.grad(s.spikes.sum(), current, retain_graph=True)[0] for s in (fused, stepped))
    torch.testing.assert_close(a, b)
