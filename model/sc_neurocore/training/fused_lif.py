"""The time loop of leaky integrate-and-fire neurons as one differentiable operation.

    u[t] = β·v[t−1] + I[t],   s[t] = [u[t] > θ],   v[t] = u[t] − s[t]·θ

Here I is the current, v the potential, u the potential before the reset, s the spike, β the leak factor and θ the
threshold. A Python loop over T steps would build a graph of T steps; this is one pass forward and one backward over all
of them. Spikes equal those of the loop bit for bit. On a CPU the passes are compiled (Numba) and run block by block, so
that the state stays in the cache. On other devices they are tensor operations in place. `torch.compile` sees one opaque
operation.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, library

from ..errors import require
from .surrogates import SIGMOID, Shape, derivative

__all__ = ["Scan", "fused_lif"]


class Scan(NamedTuple):
    """What a scan gives.

    Attributes:
        spikes: s[t], 0 or 1, (T, …).
        v: The state after the last step, (…).
        membrane: Σₜ u[t], (…).
    """

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
    """Run the forward pass.

    Args:
        current: I, (steps, M), or (1, M) if it is the same in every step; M neurons, contiguous.
        v: State before the first step, (M,).
        beta: β, a scalar.
        theta: θ, a scalar.
        steps: T.

    Returns:
        Spikes (steps, M); x = u − θ (steps, M), which the backward pass needs; the last v (M,); Σ u (M,).
    """
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
    """Return empty tensors of the shapes that `_scan` returns, for `torch.compile`."""
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
    """Run the backward pass.

    Args:
        g_spikes: Gradient of the spikes, (steps, M).
        g_v: Gradient of the last v, (M,).
        g_total: Gradient of Σ u, (M,).
        x: u − θ from the forward pass, (steps, M).
        v: State before the first step, (M,).
        beta: β.
        theta: θ.
        constant: Whether the current was one row for all steps.
        kind: Kind of the surrogate, see `surrogates.Shape`.
        parameter: Parameter of the surrogate.
        detach_reset: Whether the reset passes no gradient to the spike.
        learn: Whether the gradients of β and θ are wanted.

    Returns:
        The gradients of current, v, β and θ; the last two are 0 unless `learn`.
    """
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
    """Return empty tensors of the shapes that `_scan_backward` returns, for `torch.compile`."""
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

    Args:
        current: I, (T, …); or (1, …) with `steps` = T for a current that is the same in every step. It is then neither
            copied nor stored T times.
        beta: β, a scalar tensor; it gets a gradient.
        theta: θ, a scalar tensor; it gets a gradient.
        shape: Kind and parameter of the surrogate gradient.
        v: State before the first step, (…); None is 0.
        steps: T; None takes the length of the current.
        detach_reset: Whether the gradient leaves out the path through the reset's spike.

    Returns:
        Spikes, last state and Σₜ u[t], in the dtype of the current. Half precision is computed in float32 and converted
        back.

    Raises:
        ScError: `steps` contradicts the current.
    """
    count = current.shape[0] if steps is None else steps
    require(
        count >= 1 and current.shape[0] in (1, count),
        f"the current must have one step, which is then held, or as many as steps says, {count}, got "
        f"{current.shape[0]}",
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
