"""The time loop of leaky integrate-and-fire neurons as one differentiable operation.

    u[t] = β·v[t−1] + I[t],   s[t] = [u[t] > θ],   v[t] = u[t] − s[t]·θ

One pass forward and one backward over all T steps; no graph per step. Spikes equal those of the step by step loop
bit for bit. On a CPU the passes are compiled (Numba) and run block by block, so that the state stays in the cache; on
other devices they are tensor operations in place. `torch.compile` sees one opaque operation.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, library

from ..errors import require
from .surrogates import SIGMOID, Shape, derivative

__all__ = ["Scan", "fused_lif"]


class Scan(NamedTuple):
    """What a scan gives: spikes (T, …), the state v after the last step (…), and Σₜ u[t] (…)."""

    spikes: Tensor
    v: Tensor
    membrane: Tensor


def _kernels() -> Any:
    # Numba takes long to import; nobody pays who does not scan on a CPU.
    from . import fused_kernels

    return fused_kernels


def _compiled(tensor: Tensor) -> bool:
    return tensor.device.type == "cpu"


def _scan(current: Tensor, v: Tensor, beta: Tensor, theta: Tensor, steps: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return spikes (steps, M), x = u − θ (steps, M), v (M,), Σ u (M,); current: (steps, M), or (1, M) if constant."""
    spikes = current.new_empty(steps, current.shape[1])
    x = torch.empty_like(spikes)
    last, total = v.clone(), torch.zeros_like(v)
    if _compiled(current):
        totals = (total, torch.zeros_like(v))
        _kernels().forward(current, x, spikes, last, totals, beta.item(), theta.item(), steps)
        return spikes, x, last, total
    for t in range(steps):
        last.mul_(beta).add_(current[t if len(current) > 1 else 0])
        total.add_(last)
        torch.sub(last, theta, out=x[t])
        spikes[t] = x[t] > 0
        last.sub_(spikes[t] * theta)
    return spikes, x, last, total


# What `torch.compile` puts into its graph; an eager call goes to the functions themselves, which is quicker.
_SCAN = library.custom_op("sc_neurocore::fused_lif", _scan, mutates_args=())


@_SCAN.register_fake
def _scan_shapes(
    current: Tensor, v: Tensor, beta: Tensor, theta: Tensor, steps: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    spikes = current.new_empty(steps, current.shape[1])
    return spikes, torch.empty_like(spikes), torch.empty_like(v), torch.empty_like(v)


def _scan_backward(
    g_spikes: Tensor,
    g_v: Tensor,
    g_total: Tensor,
    x: Tensor,
    v: Tensor,
    beta: Tensor,
    theta: Tensor,
    constant: bool,
    kind: int,
    parameter: float,
    detach_reset: bool,
    learn: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the gradients of current, v, β and θ; the last two are 0 unless `learn`."""
    steps, size = x.shape
    g_current = x.new_zeros(1, size) if constant else torch.empty_like(x)
    carry = g_v.clone()  # of v[t], later of v[t − 1]
    g_beta, g_theta = torch.zeros_like(v), torch.zeros_like(v)
    shape = Shape(kind, parameter)
    if _compiled(x):
        # Those that need an exponential are evaluated here, where it is vectorised.
        slope = derivative(x, shape) if kind >= SIGMOID else None
        given = (g_spikes.contiguous(), g_total.contiguous(), x, slope, v)
        learned = (g_beta, g_theta) if learn else None
        numbers = (beta.item(), theta.item(), shape, detach_reset, steps)
        _kernels().backward(*given, g_current, None, carry, learned, *numbers)
    else:
        slope = derivative(x, shape)
        for t in range(steps - 1, -1, -1):
            g = g_spikes[t] if detach_reset else g_spikes[t] - theta * carry
            g = g * slope[t]
            if learn:
                g_theta.sub_(g).sub_(carry * (x[t] > 0))
            carry.add_(g).add_(g_total)
            if constant:
                g_current.add_(carry)
            else:
                g_current[t] = carry
            if learn:
                before = x[t - 1] + theta * (x[t - 1] <= 0) if t else v
                g_beta.addcmul_(carry, before)
            carry.mul_(beta)
    return g_current, carry, g_beta.sum(), g_theta.sum()


_SCAN_BACKWARD = library.custom_op("sc_neurocore::fused_lif_backward", _scan_backward, mutates_args=())


@_SCAN_BACKWARD.register_fake
def _scan_backward_shapes(
    g_spikes: Tensor,
    g_v: Tensor,
    g_total: Tensor,
    x: Tensor,
    v: Tensor,
    beta: Tensor,
    theta: Tensor,
    constant: bool,
    kind: int,
    parameter: float,
    detach_reset: bool,
    learn: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    rows = 1 if constant else x.shape[0]
    return x.new_empty(rows, x.shape[1]), torch.empty_like(v), torch.empty_like(beta), torch.empty_like(theta)


class _Scanned(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        current: Tensor,
        v: Tensor,
        beta: Tensor,
        theta: Tensor,
        steps: int,
        kind: int,
        parameter: float,
        detach_reset: bool,
    ) -> tuple[Tensor, Tensor, Tensor]:
        run = _SCAN if torch.compiler.is_compiling() else _scan
        spikes, x, last, total = run(current, v, beta, theta, steps)
        ctx.save_for_backward(x, v, beta, theta)
        ctx.constant = current.shape[0] != steps
        ctx.shape = (kind, parameter, detach_reset)
        return spikes, last, total

    @staticmethod
    def backward(ctx: Any, *grad: Tensor) -> tuple[Tensor | None, ...]:
        x, v, beta, theta = ctx.saved_tensors
        learn = bool(ctx.needs_input_grad[2] or ctx.needs_input_grad[3])
        g_spikes, g_last, g_total = grad
        kind, parameter, detach_reset = ctx.shape
        run = _SCAN_BACKWARD if torch.compiler.is_compiling() else _scan_backward
        g_current, g_v, g_beta, g_theta = run(
            g_spikes, g_last, g_total, x, v, beta, theta, ctx.constant, kind, parameter, detach_reset, learn
        )
        return g_current, g_v, g_beta, g_theta, None, None, None, None


def fused_lif(
    current: Tensor,
    beta: Tensor,
    theta: Tensor,
    shape: Shape,
    *,
    v: Tensor | None = None,
    steps: int | None = None,
    detach_reset: bool = True,
) -> Scan:
    """Run leaky integrate-and-fire neurons over all steps.

    current: (T, …); or (1, …) with `steps` = T, one current for every step, which is neither copied nor stored T
    times. beta, theta: scalar tensors; they get gradients. v: state before the first step (…), 0 if None. shape: of
    the surrogate. detach_reset: whether the gradient leaves out the path through the reset's spike.
    Half precision is computed in float32 and returned as it came. Raises ScError if `steps` contradicts the current.
    """
    count = current.shape[0] if steps is None else steps
    require(
        count >= 1 and current.shape[0] in (1, count),
        f"a current of {current.shape[0]} step(s) does not make {count} steps",
    )
    sizes = current.shape[1:]
    given = current.dtype
    work = given if given in (torch.float32, torch.float64) else torch.float32
    flat = current.reshape(current.shape[0], -1).to(work).contiguous()
    start = flat.new_zeros(flat.shape[1]) if v is None else v.to(work).expand(sizes).reshape(-1).contiguous()
    numbers = [p.to(device=flat.device, dtype=work) for p in (beta, theta)]
    spikes, last, total = _Scanned.apply(  # type: ignore[no-untyped-call]
        flat, start, *numbers, count, shape.kind, shape.parameter, detach_reset
    )
    return Scan(spikes.view(count, *sizes).to(given), last.view(sizes).to(given), total.view(sizes).to(given))
