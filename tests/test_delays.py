"""Learned delays: whole and fractional steps, gradients, and their range."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from sc_neurocore.training import DelayLinear, LIFCell


def test_delays_shift_whole_and_interpolate_fractional_steps() -> None:
    layer = DelayLinear(2, 1, max_delay=4)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, 10.0]]))
        layer.delay.copy_(torch.tensor([[3.0, 1.25]]))
    x = torch.zeros(7, 1, 2)
    x[1, 0, 0] = x[2, 0, 1] = 1.0
    assert layer(x)[:, 0, 0].tolist() == [0, 0, 0, 7.5, 3.5, 0, 0]  # 10·(0.75, 0.25) at 3, 4; 1 at 1 + 3


def test_delay_layer_equals_its_formula_and_its_gradient_that_of_differences() -> None:
    torch.manual_seed(4)
    layer = DelayLinear(3, 2, max_delay=5, bias=True).double()
    x = torch.rand(11, 4, 3, dtype=torch.float64)
    y = layer(x)
    weight, delay, bias = (p.detach() for p in layer.parameters())
    for t, b, o in itertools.product(range(11), range(4), range(2)):
        total = float(bias[o])
        for i in range(3):
            d = float(delay[o, i])
            k = math.floor(d)
            past = [float(x[t - j, b, i]) if t >= j else 0.0 for j in (k, k + 1)]
            total += float(weight[o, i]) * ((1 - d + k) * past[0] + (d - k) * past[1])
        assert float(y[t, b, o].detach()) == pytest.approx(total)
    assert torch.autograd.gradcheck(
        lambda w, d: torch.func.functional_call(layer, {"weight": w, "delay": d}, (x,)),
        (layer.weight, layer.delay),
        eps=1e-7,
    )
    layer.round_delays_()
    assert torch.equal(layer.delay, layer.delay.round())


def test_delays_are_learned_and_kept_in_range() -> None:
    """One synapse of weight 1: the delay must become 5 for the output to be the target. The input is smooth."""
    torch.manual_seed(0)
    layer = DelayLinear(1, 1, max_delay=8)
    with torch.no_grad():
        layer.weight.fill_(1.0)
        layer.delay.fill_(1.0)
    t = torch.arange(40.0)
    x = torch.exp(-((t - 12) ** 2) / 32)[:, None, None]
    wanted = torch.exp(-((t - 17) ** 2) / 32)[:, None, None]
    optimizer = torch.optim.Adam([layer.delay], lr=0.1)
    for _ in range(150):
        optimizer.zero_grad()
        (layer(x) - wanted).square().sum().backward()
        optimizer.step()
    assert float(layer.delay.detach()) == pytest.approx(5, abs=0.02)
    with torch.no_grad():
        layer.delay.fill_(9.5)
    assert float(layer.delays().detach()) == 8.0
    (layer(x) - wanted).square().sum().backward()
    assert layer.delay.grad is not None
    assert float(layer.delay.grad) > 0  # it can come back


def test_delay_layer_trains_inside_a_network() -> None:
    torch.manual_seed(0)
    delays, cell = DelayLinear(2, 2, max_delay=6), LIFCell(0.5)
    spikes = cell.scan(delays((torch.rand(12, 3, 2) < 0.3).float()) * 4)
    spikes.sum().backward()
    assert delays.delay.grad is not None
    assert delays.delay.grad.abs().sum() > 0
