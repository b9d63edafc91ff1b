"""Surrogates against their formulas, cells against closed forms, the fused scan against the loop."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from sc_neurocore.errors import ScError
from sc_neurocore.training import (
    AdExCell,
    ALIFCell,
    AlphaCell,
    ExpIFCell,
    IFCell,
    LapicqueCell,
    LIFCell,
    RecurrentLIFCell,
    SecondOrderLIFCell,
    SynapticCell,
    atan_surrogate,
    fast_sigmoid,
    triangular,
)
from sc_neurocore.training.cells import CELLS
from sc_neurocore.training.fused_lif import fused_lif
from sc_neurocore.training.surrogates import SURROGATES, surrogate_shape

pi = math.pi


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: atan_surrogate(torch.ones(1), alpha=0.0), "alpha must be finite and above 0, got 0.0"),
        (lambda: triangular(torch.ones(1), width=-1.0), "width must be finite and above 0, got -1.0"),
        (lambda: LIFCell(surrogate_fn=functools.partial(fast_sigmoid, slope=-2.0)), "slope must be .* got -2.0"),
        (lambda: LIFCell(beta=1.5), r"beta must be in \[0, 1\], got 1.5"),
        (lambda: LIFCell(threshold=0.0), "threshold must be finite and above 0, got 0.0"),
        (lambda: LIFCell(surrogate_fn="atan"), "surrogate_fn must be callable, got 'atan'"),
        (lambda: LapicqueCell(tau=0.0), "tau must be finite and above 0, got 0.0"),
        (lambda: LapicqueCell(v_rest=2.0), "v_rest must be below the threshold of 1.0, got 2.0"),
        (lambda: ExpIFCell(delta_t=0.0), "delta_t must be finite and above 0, got 0.0"),
        (lambda: AdExCell(rho=-0.1), r"rho must be in \[0, 1\], got -0.1"),
        (lambda: RecurrentLIFCell(0), "n_neurons must be at least 1, got 0"),
        (lambda: RecurrentLIFCell(3)(torch.ones(2, 4)), r"must have 3 neurons, got shape \(2, 4\)"),
        (
            lambda: fused_lif(torch.ones(3, 2), *[torch.ones(())] * 2, surrogate_shape(triangular), steps=4),
            "says, 4, got 3",
        ),
    ],
)
def test_bad_parameters_are_named(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ScError, match=message):
        call()


# --- the fused scan ---------------------------------------------------------------------------------------------------


def run_by_steps(cell: LIFCell, current: Tensor, steps: int) -> tuple[Tensor, Tensor, Tensor]:
    """u = β·v + I, spike, v = u − s·θ, on the tape of autograd."""
    v, total, spikes = torch.zeros_like(current[0]), torch.zeros_like(current[0]), []
    for t in range(steps):
        i = current[t if len(current) > 1 else 0]
        total = total + cell.beta * v + i
        spike, v = cell(i, v)
        spikes.append(spike)
    return torch.stack(spikes), v, total


@pytest.mark.numeric
@pytest.mark.parametrize("name", SURROGATES)
@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("detach", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_fused_scan_equals_the_loop_forward_bit_for_bit_and_backward(
    name: str, constant: bool, detach: bool, dtype: torch.dtype
) -> None:
    torch.manual_seed(len(name))
    steps = 7
    source = torch.randn(1 if constant else steps, 3, 700, dtype=dtype)  # more than one block of neurons
    g_spikes, g_v, g_total = (torch.randn(s, 3, 700, dtype=dtype) for s in (steps, 1, 1))
    results = []
    for fused in (False, True):
        cell = LIFCell(0.8, 0.7, SURROGATES[name], learn_beta=True, learn_threshold=True, detach_reset=detach)
        cell = cell.to(dtype)
        current = source.clone().requires_grad_()
        spikes, v, total = cell.scan_all(current, steps) if fused else run_by_steps(cell, current, steps)
        ((spikes * g_spikes).sum() + (v * g_v[0]).sum() + (total * g_total[0]).sum()).backward()
        grads = [current.grad, cell.beta.grad, cell.threshold.grad]
        results.append(([spikes, v, total], grads))
    (forward, grads), (fused_forward, fused_grads) = results
    assert forward[0].mean() > 0.1
    for a, b in zip(forward[:2], fused_forward[:2], strict=True):
        assert torch.equal(a, b)
    close = {"rtol": 1e-10, "atol": 1e-10} if dtype == torch.float64 else {"rtol": 1e-3, "atol": 1e-3}
    for a, b in zip([forward[2], *grads], [fused_forward[2], *fused_grads], strict=True):
        assert b is not None
        scale = a.abs().max()
        torch.testing.assert_close(b / scale, a / scale, **close)


def test_two_steps_of_gradient_by_hand() -> None:
    """L = Σ c[t]·s[t]: ∂L/∂I[1] = c[1]·σ'(x[1]); ∂L/∂I[0] = c[0]·σ'(x[0]) + β·that (reset detached)."""
    current = torch.tensor([[1.3], [0.4]], dtype=torch.float64, requires_grad=True)
    cell = LIFCell(beta=0.5).double()
    spikes, v, _ = cell.scan_all(current)
    assert spikes.flatten().tolist() == [1.0, 0.0]  # u = 1.3; v = 0.3; u = 0.15 + 0.4
    assert float(v.detach()) == pytest.approx(0.55)
    (3 * spikes[0] + 5 * spikes[1]).sum().backward()

    def slope(x: float) -> float:
        return 1 / (1 + (pi * x) ** 2)

    last = 5 * slope(0.55 - 1)
    assert current.grad is not None
    assert current.grad.flatten().tolist() == pytest.approx([3 * slope(0.3) + 0.5 * last, last], rel=1e-12)


@pytest.mark.numeric
def test_the_state_of_a_scan_continues_in_the_next() -> None:
    cell, current = LIFCell(), torch.rand(9, 4, 5)
    whole = cell.scan_all(current)
    first = cell.scan_all(current[:4])
    second = cell.scan_all(current[4:], v=first.v)
    assert torch.equal(torch.cat([first.spikes, second.spikes]), whole.spikes)
    assert torch.equal(second.v, whole.v)


# --- cells ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def double() -> Iterator[None]:
    """Constants of cells made now are double precision from the start."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def drive(cell: Any, current: list[float], state: int = -1) -> tuple[list[float], list[float]]:
    """Return (spikes, trace of one state) of a cell in double precision under these currents."""
    assert cell.threshold.dtype == torch.float64
    states: tuple[Tensor, ...] = ()
    spikes, trace = [], []
    for value in current:
        spike, *rest = cell(torch.tensor([value], dtype=torch.float64), *states)
        states = tuple(rest)
        spikes.append(float(spike))
        trace.append(float(states[state]))
    return spikes, trace


@pytest.mark.usefixtures("double")
def test_lif_charges_to_the_geometric_sum_and_fires_only_above_its_rheobase() -> None:
    beta, current = 0.9, 0.0999
    spikes, v = drive(LIFCell(beta), [current] * 200)
    assert sum(spikes) == 0
    assert v == pytest.approx([current * (1 - beta**n) / (1 - beta) for n in range(1, 201)])
    spikes, v = drive(LIFCell(beta), [0.15] * 11 + [0.0] * 3)
    # 0.15·(1 − 0.9ⁿ) / 0.1 > 1 first at n = 11, and the reset takes 1 off.
    after = 1.5 * (1 - 0.9**11) - 1
    assert spikes == [0.0] * 10 + [1.0] + [0.0] * 3
    assert v[10:] == pytest.approx([after * 0.9**k for k in range(4)])


@pytest.mark.usefixtures("double")
def test_if_counts_the_charge_and_is_silent_at_the_threshold_itself() -> None:
    spikes, v = drive(IFCell(), [0.25] * 40)
    assert np.cumsum(spikes).tolist() == [math.ceil(n / 4) - 1 for n in range(1, 41)]
    assert v[:5] == [0.25, 0.5, 0.75, 1.0, 0.25]
    assert drive(LIFCell(beta=1.0), [0.25] * 40) == (spikes, v)


@pytest.mark.usefixtures("double")
def test_lapicque_follows_the_rc_circuit() -> None:
    tau, r, dt, current = 13.0, 2.5, 0.5, 0.3
    spikes, v = drive(LapicqueCell(tau, r, dt, v_rest=0.2), [current] * 300)
    assert sum(spikes) == 0  # 0.2 + R·I = 0.95
    assert v == pytest.approx([0.2 + r * current * (1 - math.exp(-n * dt / tau)) for n in range(1, 301)])
    # From rest to θ takes −τ·ln(1 − θ / (R·I)), rounded up to whole steps.
    spikes, _ = drive(LapicqueCell(tau=20.0), [1.6] * 50)
    assert spikes.index(1.0) + 1 == math.ceil(-20 * math.log(1 - 1 / 1.6))


@pytest.mark.usefixtures("double")
def test_synaptic_cell_answers_a_spike_with_two_exponentials() -> None:
    a, b = 0.9, 0.8
    spikes, v = drive(SynapticCell(a, b), [0.2] + [0.0] * 30)
    assert sum(spikes) == 0
    assert v == pytest.approx([0.2 * (a ** (n + 1) - b ** (n + 1)) / (a - b) for n in range(31)])


@pytest.mark.usefixtures("double")
def test_alpha_cell_answers_with_ralls_alpha_function_and_inhibition_is_negative() -> None:
    cell = AlphaCell(alpha_exc=0.9, alpha_inh=0.85, beta=0.9)
    zero, one = (torch.tensor([x], dtype=torch.float64) for x in (0.0, 0.2))
    for inhibit in (False, True):
        states: tuple[Tensor, ...] = ()
        v = []
        for n in range(25):
            exc, inh = (zero, one) if inhibit else (one, zero)
            spike, *rest = cell(exc if n == 0 else zero, inh if n == 0 else zero, *states)
            assert float(spike) == 0
            states = tuple(rest)
            v.append(float(states[2]))
        if inhibit:
            assert v == pytest.approx([-0.2 * (0.9 ** (n + 1) - 0.85 ** (n + 1)) / 0.05 for n in range(25)])
        else:
            assert v == pytest.approx([0.2 * (n + 1) * 0.9**n for n in range(25)])
            assert v.index(max(v)) in (8, 9)  # at the time constant, −1 / ln 0.9 = 9.5


@pytest.mark.usefixtures("double")
def test_alif_threshold_rises_with_every_spike_and_intervals_grow() -> None:
    rho, beta_adapt, current = 0.99, 1.8, 0.4
    spikes, a = drive(ALIFCell(0.9, rho, beta_adapt), [current] * 400)
    times = np.flatnonzero(spikes)
    assert a == pytest.approx([(1 - rho) * sum(rho ** (t - s) for s in times if s <= t) for t in range(400)])
    # The potential between spikes is a geometric series; it crosses θ + β_a·a at the recorded times and not before.
    v = 0.0
    for t in range(400):
        u = 0.9 * v + current
        level = 1 + beta_adapt * (a[t - 1] if t else 0)
        assert (u > level) == bool(spikes[t])
        v = u - spikes[t]
    assert sum(spikes[:100]) > sum(spikes[100:200]) > 0
    plain = sum(drive(LIFCell(0.9), [current] * 400)[0])
    assert sum(spikes) < plain


@pytest.mark.usefixtures("double")
def test_expif_rests_below_and_fires_above_its_rheobase() -> None:
    beta, delta, v_rh = 0.9, 0.5, 0.8
    rheobase = (1 - beta) * (v_rh - delta)
    current = rheobase - 1e-3
    spikes, v = drive(ExpIFCell(beta, delta, v_rh), [current] * 1500)
    assert sum(spikes) == 0

    def excess(x: float) -> float:
        return (1 - beta) * (-x + delta * math.exp((x - v_rh) / delta)) + current

    low, high = -1.0, v_rh  # the stable one of the two fixed points lies below v_rh
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    assert v[-1] == pytest.approx(low, abs=1e-9)
    spikes, _ = drive(ExpIFCell(beta, delta, v_rh), [rheobase + 1e-3] * 1500)
    assert sum(spikes) > 3
    # Subthreshold, one step is exactly Euler's.
    assert drive(ExpIFCell(beta, delta, v_rh), [0.1])[1][0] == pytest.approx(0.1 + 0.05 * math.exp(-1.6))


@pytest.mark.usefixtures("double")
def test_adex_follows_eulers_steps_of_the_paper_and_adapts() -> None:
    """C·dV/dt = −g(V − E) + g·Δ·exp((V − V_T)/Δ) − w + I;  τ_w·dw/dt = a(V − E) − w;  a spike adds b to w."""
    tau_m, tau_w, rest, v_t, delta, a, b = 10.0, 100.0, 0.1, 0.8, 0.5, 0.3, 0.2
    injected = 1.2  # I / g
    cell = AdExCell(1 - 1 / tau_m, delta, v_t, a=a, b=b, rho=1 - 1 / tau_w, v_rest=rest)
    spikes, w = drive(cell, [injected / tau_m] * 600)
    v_ref, w_ref = rest, 0.0
    for t in range(600):
        dv = (-(v_ref - rest) + delta * math.exp((min(v_ref, 1.0) - v_t) / delta) - w_ref + injected) / tau_m
        dw = (a * (v_ref - rest) - w_ref) / tau_w
        v_ref, w_ref = v_ref + dv, w_ref + dw
        assert (v_ref > 1.0) == bool(spikes[t])
        if v_ref > 1.0:
            v_ref, w_ref = v_ref - (1.0 - rest), w_ref + b
        assert w[t] == pytest.approx(w_ref, abs=1e-9)
    gaps = np.diff(np.flatnonzero(spikes))
    assert len(gaps) > 5
    assert gaps[0] < gaps[-1]  # spike-frequency adaptation


@pytest.mark.usefixtures("double")
def test_second_order_cell_is_a_damped_oscillator() -> None:
    alpha, beta, current = 0.95, 0.9, 0.04
    spikes, v = drive(SecondOrderLIFCell(alpha, beta), [current] * 150)
    assert sum(spikes) == 0
    p = 1 + alpha - (1 - alpha) * (1 - beta)
    pole = (p + np.sqrt(complex(p * p - 4 * alpha))) / 2
    rest = current / (1 - beta)
    # v − rest = Re(c·zⁿ) through v[−1] = 0 and v[0] = (1 − α)·I.
    angle, radius = np.angle(pole), abs(pole)
    real = (1 - alpha) * current - rest
    matrix = np.array([[np.cos(-angle) / radius, -np.sin(-angle) / radius], [1.0, 0.0]])
    c = np.linalg.solve(matrix, np.array([-rest, real]))
    n = np.arange(150)
    wanted = rest + radius**n * (c[0] * np.cos(angle * n) - c[1] * np.sin(angle * n))
    assert v == pytest.approx(wanted.tolist(), abs=1e-10)
    assert max(v) > rest * 1.05  # it overshoots, which no first-order cell does
    assert drive(SecondOrderLIFCell(0.0, beta), [0.3] * 40)[0] == drive(LIFCell(beta), [0.3] * 40)[0]


def test_recurrent_cell_feeds_spikes_back_one_step_later() -> None:
    cell = RecurrentLIFCell(2, beta=0.5)
    with torch.no_grad():
        cell.recurrent.weight.copy_(torch.tensor([[0.0, 0.0], [0.75, 0.0]]))  # neuron 0 excites neuron 1
    spikes = cell.scan(torch.tensor([[[1.5, 0.5]], [[0.0, 0.25]], [[0.0, 0.0]]]))
    assert spikes[:, 0].tolist() == [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]  # 0.25 + 0.25 + 0.75 > 1
    spike, v = cell(torch.tensor([[0.0, 0.25]]), torch.tensor([[0.5, 0.5]]), torch.tensor([[1.0, 0.0]]))
    assert (spike.tolist(), v.tolist()) == ([[0.0, 1.0]], [[0.25, 0.25]])
    with torch.no_grad():
        cell.recurrent.weight.zero_()
    current = torch.rand(20, 3, 2)
    assert torch.equal(cell.scan(current), LIFCell(0.5).scan(current))


def make(name: str, **options: Any) -> Any:
    return CELLS[name](4, **options) if name == "RecurrentLIFCell" else CELLS[name](**options)


@pytest.mark.numeric
@pytest.mark.parametrize("name", CELLS)
def test_every_cell_learns_what_it_offers_and_scans_as_it_steps(name: str) -> None:
    torch.manual_seed(1)
    learned = {"threshold"} if name in ("IFCell", "LapicqueCell") else {"beta", "threshold"}
    assert {n for n, _ in make(name).named_parameters()} <= {"recurrent.weight"}
    cell = make(name, **{f"learn_{n}": True for n in learned})
    current = 4 * torch.rand(12, 3, 4) - 1
    current = 20 * current if name == "LapicqueCell" else current  # whose gain is 1 / 20.5
    spikes = cell.scan(current)
    states: tuple[Tensor, ...] = ()
    for t in range(12):
        spike, *rest = cell._call(current[t], states)
        states = tuple(rest)
        assert torch.equal(spike, spikes[t])
        assert len(states) == len(cell.states)
    assert 0 < spikes.mean() < 1
    (spikes * torch.rand(12, 3, 4)).sum().backward()
    for parameter in cell.parameters():
        assert parameter.grad is not None
        assert parameter.grad.abs().max() > 0
    constant = current[:1].clone()
    assert torch.equal(cell.scan(constant, 6), cell.scan(constant.repeat(6, 1, 1)))


def test_learned_numbers_stay_in_their_range_and_can_come_back() -> None:
    cell = LIFCell(learn_beta=True, learn_threshold=True)
    with torch.no_grad():
        cell.beta.fill_(1.2)
        cell.threshold.fill_(-0.5)
    _, v = cell(torch.full((1,), 0.5), torch.full((1,), 2.0))
    assert float(v.detach()) == pytest.approx(2.5 - 1e-3)  # β = 1, θ = 0.001
    v.backward()
    assert cell.beta.grad is not None
    assert float(cell.beta.grad) == pytest.approx(2.0)
    assert cell.threshold.grad is not None
    assert float(cell.threshold.grad) == -1.0
