"""The time loop of leaky integrate-and-fire neurons as one differentiable operation.

    u[t] = β·v[t−1] + I[t],   s[t] = [u[t] > θ],   v[t] = u[t] − s[t]·θ

One pass forward and one backward over all T steps; no graph per step. Spikes equal those of the step by step loop
bit for bit. On a CPU the passes are compiled (Numba) and run block by block, so that the state stays in the cache; on
other devices they are tensor operations in place. `torch.compile` sees one opaque operation.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import Tensor, library

from ..errors import require
from .surrogates import GIVEN, SIGMOID, Shape, derivative

__all__ = ["Scan", "lif_scan"]


class Scan(NamedTuple):
    """What a scan gives: spikes (T, …), the state v after the last step (…), and Σₜ u[t] (…)."""

    spikes: Tensor
    v: Tensor
    membrane: Tensor


# Work below this many neuron-steps is not worth a second thread.
_SHARE = 1 << 17


@lru_cache(maxsize=4)
def _pool(process: int, threads: int) -> ThreadPoolExecutor:
    # A pool does not survive a fork: each process has its own.
    return ThreadPoolExecutor(threads, thread_name_prefix="lif-scan")


def _run_shared(kernel: Callable[..., None], arguments: Sequence[Any], steps: int, size: int) -> None:
    """Run a compiled pass over all neurons, on as many threads as torch has."""
    parts = max(1, min(torch.get_num_threads(), steps * size // _SHARE))
    if parts == 1:
        kernel(*arguments, 0, size)
        return
    cuts = [size * k // parts for k in range(parts + 1)]
    pool = _pool(os.getpid(), parts)
    jobs = [pool.submit(kernel, *arguments, a, b) for a, b in pairwise(cuts[1:])]
    kernel(*arguments, 0, cuts[1])
    for job in jobs:
        job.result()


def _kernels() -> Any:
    # Numba takes long to import; nobody pays who does not scan on a CPU.
    from . import lif_kernels

    return lif_kernels


def _compiled(tensor: Tensor) -> bool:
    return tensor.device.type == "cpu"


def _scan(current: Tensor, v: Tensor, beta: Tensor, theta: Tensor, steps: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return spikes (steps, M), x = u − θ (steps, M), v (M,), Σ u (M,); current: (steps, M), or (1, M) if constant."""
    spikes = current.new_empty(steps, current.shape[1])
    x = torch.empty_like(spikes)
    last, total = v.clone(), torch.zeros_like(v)
    if _compiled(current):
        arrays = [a.numpy() for a in (current, spikes, x, last, total)]
        number = arrays[0].dtype.type
        arguments = [*arrays, number(beta.item()), number(theta.item())]
        _run_shared(_kernels().forward, arguments, steps, current.shape[1])
        return spikes, x, last, total
    for t in range(steps):
        last.mul_(beta).add_(current[t if len(current) > 1 else 0])
        total.add_(last)
        torch.sub(last, theta, out=x[t])
        spikes[t] = x[t] > 0
        last.sub_(spikes[t] * theta)
    return spikes, x, last, total


# What `torch.compile` puts into its graph; an eager call goes to the functions themselves, which is quicker.
_SCAN = library.custom_op("sc_neurocore::lif_scan", _scan, mutates_args=())


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
    if _compiled(x):
        # Those that need an exponential are evaluated here, where it is vectorised.
        slope = derivative(x, Shape(kind, parameter)) if kind >= SIGMOID else x
        numbers = [x.numpy().dtype.type(float(a)) for a in (beta, theta, parameter)]
        arrays = [a.contiguous().numpy() for a in (g_spikes, g_total, x, slope, v)]
        results = [a.numpy() for a in (g_current, carry, g_beta, g_theta)]
        flags = [GIVEN if kind >= SIGMOID else kind, detach_reset, learn]
        _run_shared(_kernels().backward, [*arrays, *results, *numbers, *flags], steps, size)
    else:
        slope = derivative(x, Shape(kind, parameter))
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


_SCAN_BACKWARD = library.custom_op("sc_neurocore::lif_scan_backward", _scan_backward, mutates_args=())


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


def lif_scan(
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
