"""Compiled passes of `fused_lif` and `fused_network`: forward and backward over all steps, block by block of neurons.

A pass is described by a task, an int64 array of addresses and sizes, and is cut into parts of some neurons each. The
parts run on the threads that torch itself uses in its products (OpenMP), where these can be reached: another pool would
compete for the cores with threads that still spin after a product. Elsewhere they run on Python threads; no kernel
holds Python's lock.

The entries of a task, where an address of 0 means that the tensor is absent:

    entry   forward                       backward
    0-2     steps, neurons, parts         steps, neurons, parts
    3       current                       gradient of the spikes
    4       x = u − θ                     gradient of Σ u
    5       spikes                        x
    6       v                             slopes of the surrogate
    7       Σ u                           v before the first step
    8       Σ s                           gradient of the current
    9       β, θ                          sum of that gradient over the steps
    10      stride of the current         gradient of v, carried from step to step
    11-12                                 gradients of β and θ
    13                                    β, θ, parameter of the surrogate
    14-15                                 strides of the gradients of spikes and current
    16-18                                 kind of the surrogate, detach_reset, whether β and θ learn
"""

from __future__ import annotations

import ctypes
import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from typing import Any

import llvmlite.binding
import numba
import numpy as np
import torch
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray
from torch import Tensor

from .. import jit
from .surrogates import GIVEN, Shape

__all__ = ["backward", "forward"]

Array = NDArray[Any]

# Neurons of one block: its state and one row of each array stay in the first-level cache.
_BLOCK = 1024
# Work below this many neuron-steps is not worth a second thread.
_SHARE = 1 << 15


carray: Any = numba.carray  # type: ignore[attr-defined]


def _typed_pointer(typing_context: Any, address: Any, number: Any) -> Any:
    """Return the address as a pointer to numbers of the type of `number`, inside compiled code."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

    pointer: Any = types.CPointer
    return pointer(number)(types.int64, number), generate


_pointer: Any = intrinsic(_typed_pointer)


@njit(nogil=True, error_model="numpy")
def _step(current: Any, x: Array, spikes: Array, v: Array, total: Any, counts: Any, beta: Any, theta: Any) -> None:
    """Run one step of one block. Without a current, x holds it, and becomes u − θ.

    Args:
        current: I[t] of the block, or None.
        x: Result, u − θ.
        spikes: Result, 0 or 1.
        v: State, advanced by the step.
        total: Σ u, to which u is added, or None.
        counts: Σ s, to which the spikes are added; used only with `total`.
        beta: β.
        theta: θ.
    """
    one, zero = x.dtype.type(1), x.dtype.type(0)
    for k in range(v.size):
        u = beta * v[k] + (x[k] if current is None else current[k])
        over = u - theta
        x[k] = over
        fires = over > zero
        s = one if fires else zero
        spikes[k] = s
        if total is not None:
            total[k] += u
            counts[k] += s
        v[k] = over if fires else u


@njit(nogil=True, error_model="numpy")
def _forward(task: Array, number: Any, part: int) -> None:
    """Run the forward pass of one part of the neurons; `number` converts to the dtype of the tensors."""
    steps, size, parts = task[:3]
    at_current, at_x, at_spikes, at_v, at_total, at_counts, at_numbers, stride = task[3:11]
    numbers = carray(_pointer(at_numbers, 0.0), (2,))
    beta, theta = number(numbers[0]), number(numbers[1])
    rows = steps * size
    x, spikes = carray(_pointer(at_x, beta), (rows,)), carray(_pointer(at_spikes, beta), (rows,))
    current = carray(_pointer(at_current, beta), (rows,))
    last, rest = carray(_pointer(at_v, beta), (size,)), np.empty(_BLOCK, x.dtype)
    totals, all_counts = carray(_pointer(at_total, beta), (size,)), carray(_pointer(at_counts, beta), (size,))
    end = size * (part + 1) // parts
    for low in range(size * part // parts, end, _BLOCK):
        n = min(end - low, _BLOCK)
        rest[:] = 0
        v = last[low : low + n] if at_v != 0 else rest[:n]
        total, counts = totals[low : low + n], all_counts[low : low + n]
        for t in range(steps):
            a, c = t * size + low, t * stride + low
            c_t, x_t, s_t = current[c : c + n], x[a : a + n], spikes[a : a + n]
            # Numba compiles a version of `_step` for each combination of tensors that are absent.
            if at_current != 0 and at_total != 0:
                _step(c_t, x_t, s_t, v, total, counts, beta, theta)
            elif at_current != 0:
                _step(c_t, x_t, s_t, v, None, None, beta, theta)
            elif at_total != 0:
                _step(None, x_t, s_t, v, total, counts, beta, theta)
            else:
                _step(None, x_t, s_t, v, None, None, beta, theta)


@njit(nogil=True, error_model="numpy")
def _slopes(d: Array, x: Array, kind: int, parameter: Any) -> None:
    """Fill d with the derivatives of `surrogates.derivative`; `kind` numbers are those of `surrogates`."""
    one, two, zero = x.dtype.type(1), x.dtype.type(2), x.dtype.type(0)
    if kind == 1:
        half_pi = x.dtype.type(np.pi / 2)
        for k in range(d.size):
            y = half_pi * parameter * x[k]
            d[k] = parameter / (two * (one + y * y))
    elif kind == 2:
        for k in range(d.size):
            y = one + parameter * abs(x[k])
            d[k] = parameter / (y * y)
    elif kind == 3:
        for k in range(d.size):
            y = one + parameter * abs(x[k])
            d[k] = one / (y * y)
    elif kind == 4:
        for k in range(d.size):
            d[k] = max(zero, one - abs(x[k]) / parameter) / parameter
    else:
        for k in range(d.size):
            d[k] = one


@njit(nogil=True, error_model="numpy")
def _step_back(g: Any, d: Array, out: Array, added: Any, g_v: Array, g_u: Array, beta: Any, back: Any) -> None:
    """Run one step of one block backward. Without g, `out` holds the spikes' gradient, and becomes the current's.

    Args:
        g: Gradient of the spikes of this step, or None.
        d: Derivative of the surrogate.
        out: Result, gradient of the current of this step.
        added: Sum of that gradient over the steps, or None.
        g_v: Gradient of v, carried back by one step.
        g_u: Gradient of Σ u.
        beta: β.
        back: What the reset passes back to the spike: θ, or 0 with detach_reset.
    """
    for k in range(d.size):
        u = g_v[k] + ((out[k] if g is None else g[k]) - back * g_v[k]) * d[k] + g_u[k]
        out[k] = u
        if added is not None:
            added[k] += u
        g_v[k] = beta * u


@njit(nogil=True, error_model="numpy")
def _step_back_constant(g: Array, d: Array, out: Array, g_v: Array, g_u: Array, beta: Any, back: Any) -> None:
    """As `_step_back` for a current that is the same in every step: its gradient is summed over the steps."""
    for k in range(d.size):
        u = g_v[k] + (g[k] - back * g_v[k]) * d[k] + g_u[k]
        out[k] += u
        g_v[k] = beta * u


@njit(nogil=True, error_model="numpy")
def _step_back_learning(
    g: Any,
    d: Array,
    out: Array,
    g_v: Array,
    g_u: Array,
    x: Array,
    before: Array,
    g_beta: Array,
    g_theta: Array,
    beta: Any,
    theta: Any,
    back: Any,
    constant: bool,
    start: bool,
) -> None:
    """As `_step_back`, and add up the gradients of β and θ.

    Args:
        g: Gradient of the spikes of this step, or None.
        d: Derivative of the surrogate.
        out: Gradient of the current.
        g_v: Gradient of v, carried back by one step.
        g_u: Gradient of Σ u.
        x: u − θ of this step.
        before: x of the step before, or v before the first step.
        g_beta: Gradient of β, a sum for each neuron.
        g_theta: Gradient of θ, a sum for each neuron.
        beta: β.
        theta: θ.
        back: What the reset passes back to the spike: θ, or 0.
        constant: Whether the current is the same in every step.
        start: Whether this is the first step, before which there is v instead of x.
    """
    zero = x.dtype.type(0)
    for k in range(d.size):
        above = ((out[k] if g is None else g[k]) - back * g_v[k]) * d[k]
        g_theta[k] -= above + (g_v[k] if x[k] > zero else zero)
        u = g_v[k] + above + g_u[k]
        out[k] = u + (out[k] if constant else zero)
        # v[t − 1] is x[t − 1] after a spike, which took θ off, else x[t − 1] + θ.
        past = before[k] + theta if not start and before[k] <= zero else before[k]
        g_beta[k] += u * past
        g_v[k] = beta * u


@njit(nogil=True, error_model="numpy")
def _backward(task: Array, number: Any, part: int) -> None:
    """Run the backward pass of one part of the neurons; `number` converts to the dtype of the tensors."""
    steps, size, parts = task[:3]
    at_g, at_total, at_x, at_slope, at_v, at_out, at_added, at_carry, at_beta, at_theta, at_numbers = task[3:14]
    g_stride, out_stride, kind, detach_reset, learn = task[14:19]
    numbers = carray(_pointer(at_numbers, 0.0), (3,))
    beta, theta, parameter = number(numbers[0]), number(numbers[1]), number(numbers[2])
    back = number(0) if detach_reset != 0 else theta
    rows = steps * size
    g, x = carray(_pointer(at_g, beta), (rows,)), carray(_pointer(at_x, beta), (rows,))
    out, slope = carray(_pointer(at_out, beta), (rows,)), carray(_pointer(at_slope, beta), (rows,))
    v, totals = carray(_pointer(at_v, beta), (size,)), carray(_pointer(at_total, beta), (size,))
    carry, sums = carray(_pointer(at_carry, beta), (size,)), carray(_pointer(at_added, beta), (size,))
    betas, thetas = carray(_pointer(at_beta, beta), (size,)), carray(_pointer(at_theta, beta), (size,))
    scratch, zeros, rest = np.empty(_BLOCK, x.dtype), np.zeros(_BLOCK, x.dtype), np.empty(_BLOCK, x.dtype)
    constant = out_stride == 0
    end = size * (part + 1) // parts
    for low in range(size * part // parts, end, _BLOCK):
        n = min(end - low, _BLOCK)
        rest[:] = 0
        g_v = carry[low : low + n] if at_carry != 0 else rest[:n]
        g_u = totals[low : low + n] if at_total != 0 else zeros[:n]
        added = sums[low : low + n]
        for t in range(steps - 1, -1, -1):
            a, b, c = t * size + low, t * g_stride + low, t * out_stride + low
            x_t, g_t, out_t = x[a : a + n], g[b : b + n], out[c : c + n]
            d = slope[a : a + n] if kind == 0 else scratch[:n]
            if kind != 0:
                _slopes(d, x_t, kind, parameter)
            if learn != 0:
                before = x[a - size : a - size + n] if t > 0 else v[low : low + n] if at_v != 0 else zeros[:n]
                g_beta, g_theta = betas[low : low + n], thetas[low : low + n]
                scalars = (beta, theta, back, constant, t == 0)
                if at_g == at_out:
                    _step_back_learning(None, d, out_t, g_v, g_u, x_t, before, g_beta, g_theta, *scalars)
                else:
                    _step_back_learning(g_t, d, out_t, g_v, g_u, x_t, before, g_beta, g_theta, *scalars)
            elif constant:
                _step_back_constant(g_t, d, out_t, g_v, g_u, beta, back)
            elif at_g == at_out and at_added != 0:
                _step_back(None, d, out_t, added, g_v, g_u, beta, back)
            elif at_g == at_out:
                _step_back(None, d, out_t, None, g_v, g_u, beta, back)
            elif at_added != 0:
                _step_back(g_t, d, out_t, added, g_v, g_u, beta, back)
            else:
                _step_back(g_t, d, out_t, None, g_v, g_u, beta, back)
            # `_step_back_learning` does not add up the gradient of the current itself.
            if learn != 0 and at_added != 0 and not constant:
                added += out_t


@jit.njit(nogil=True, error_model="numpy")
def _forward_single(task: Array, part: int) -> None:
    _forward(task, np.float32, part)


@jit.njit(nogil=True, error_model="numpy")
def _forward_double(task: Array, part: int) -> None:
    _forward(task, np.float64, part)


@jit.njit(nogil=True, error_model="numpy")
def _backward_single(task: Array, part: int) -> None:
    _backward(task, np.float32, part)


@jit.njit(nogil=True, error_model="numpy")
def _backward_double(task: Array, part: int) -> None:
    _backward(task, np.float64, part)


_PASSES = {
    (True, torch.float32): _forward_single,
    (True, torch.float64): _forward_double,
    (False, torch.float32): _backward_single,
    (False, torch.float64): _backward_double,
}
_FIELDS = 19


@lru_cache(maxsize=1)
def _openmp() -> Any:
    """Return the library of torch's own OpenMP threads, or None where they cannot be reached."""
    library = ctypes.CDLL(torch._C.__file__)  # a name is looked up in what torch was linked against
    names = ("omp_get_thread_num", "omp_get_num_threads", "GOMP_parallel")
    if not all(hasattr(library, name) for name in names):
        return None
    for name in names[:2]:
        llvmlite.binding.add_symbol(name, ctypes.cast(getattr(library, name), ctypes.c_void_p).value)
    library.GOMP_parallel.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint]
    library.GOMP_parallel.restype = None
    return library


_thread: Any = types.ExternalFunction("omp_get_thread_num", types.int32())
_threads: Any = types.ExternalFunction("omp_get_num_threads", types.int32())


# What every thread of a team runs: thread k of n does the parts k, k + n, … Functions without a closure, so
# that Numba finds them in its cache.
def _team_forward_single(address: Any) -> None:
    task = carray(address, (_FIELDS,), types.int64)
    for part in range(_thread(), task[2], _threads()):
        _forward_single(task, part)


def _team_forward_double(address: Any) -> None:
    task = carray(address, (_FIELDS,), types.int64)
    for part in range(_thread(), task[2], _threads()):
        _forward_double(task, part)


def _team_backward_single(address: Any) -> None:
    task = carray(address, (_FIELDS,), types.int64)
    for part in range(_thread(), task[2], _threads()):
        _backward_single(task, part)


def _team_backward_double(address: Any) -> None:
    task = carray(address, (_FIELDS,), types.int64)
    for part in range(_thread(), task[2], _threads()):
        _backward_double(task, part)


_TEAM_PASSES = {
    (True, torch.float32): _team_forward_single,
    (True, torch.float64): _team_forward_double,
    (False, torch.float32): _team_backward_single,
    (False, torch.float64): _team_backward_double,
}


@cache
def _callback(is_forward: bool, dtype: torch.dtype) -> Any:
    """Return the pass as OpenMP calls it, compiled now."""
    compiled = jit.cfunc(types.void(types.voidptr), error_model="numpy")
    return compiled(_TEAM_PASSES[is_forward, dtype])


@lru_cache(maxsize=4)
def _pool(process: int, threads: int) -> ThreadPoolExecutor:
    # A pool does not survive a fork: each process has its own.
    return ThreadPoolExecutor(threads, thread_name_prefix="lif-scan")


def _run(is_forward: bool, dtype: torch.dtype, steps: int, size: int, fields: list[int]) -> None:
    """Run a pass over all neurons, on as many threads as torch has.

    Args:
        is_forward: Which pass.
        dtype: float32 or float64.
        steps: T.
        size: Number of neurons, M.
        fields: Entries of the task from entry 3 on; see the module.
    """
    threads = torch.get_num_threads()
    parts = max(1, min(threads, steps * size // _SHARE))
    task = np.zeros(_FIELDS, np.int64)
    task[:3] = steps, size, parts
    task[3 : 3 + len(fields)] = fields
    run = _PASSES[is_forward, dtype]
    if threads > 1 and _openmp() is not None:
        # A whole team, of which some may stay idle: a smaller one would end threads that the next product needs again.
        team = threads if parts > 1 else 1
        _openmp().GOMP_parallel(_callback(is_forward, dtype).address, task.ctypes.data, team, 0)
    elif parts == 1:
        run(task, 0)
    else:
        pool = _pool(os.getpid(), parts)
        jobs = [pool.submit(run, task, part) for part in range(1, parts)]
        run(task, 0)
        for job in jobs:
            job.result()


def _at(tensor: Tensor | None) -> int:
    return 0 if tensor is None else tensor.data_ptr()


def forward(
    current: Tensor | None,
    x: Tensor,
    spikes: Tensor,
    v: Tensor | None,
    totals: tuple[Tensor, Tensor] | None,
    beta: float,
    theta: float,
    steps: int,
) -> None:
    """Run the forward pass over all steps.

    Tensors are contiguous, time first, on the CPU, all of one type, float32 or float64. M is the number of neurons, T
    that of steps.

    Args:
        current: T·M numbers, or M that hold for every step, or None if x holds the current.
        x: Result, u − θ, T·M numbers.
        spikes: Result, T·M numbers.
        v: State before the first step, M numbers, replaced by the last one. None starts from rest and drops the last
            one.
        totals: Σ u and Σ s, M numbers each, to which this run is added; or None.
        beta: β.
        theta: θ.
        steps: T.
    """
    size = x.numel() // steps
    stride = 0 if current is None or current.numel() != x.numel() else size
    numbers = np.array([beta, theta], np.float64)
    fields = [_at(t) for t in (current, x, spikes, v, *(totals or (None, None)))]
    _run(True, x.dtype, steps, size, [*fields, numbers.ctypes.data, stride])


def backward(
    g_spikes: Tensor,
    g_total: Tensor | None,
    x: Tensor,
    slope: Tensor | None,
    v: Tensor | None,
    g_current: Tensor,
    g_added: Tensor | None,
    carry: Tensor | None,
    learned: tuple[Tensor, Tensor] | None,
    beta: float,
    theta: float,
    shape: Shape,
    detach_reset: bool,
    steps: int,
) -> None:
    """Run the backward pass over all steps.

    Tensors are as for `forward`.

    Args:
        g_spikes: Gradient of the spikes: T·M numbers, or M that hold for every step. With T·M numbers it may be the
            same tensor as g_current.
        g_total: Gradient of Σ u, M numbers; None is zero.
        x: u − θ from `forward`, T·M numbers.
        slope: Derivatives of the surrogate, T·M numbers, or None to compute them here (not for kinds from SIGMOID on).
        v: State before the first step, M numbers; None is zero.
        g_current: Result. T·M numbers are filled; M numbers, for a current that is constant, are added to.
        g_added: M numbers, to which the sum over the steps of a g_current of T·M numbers is added; or None.
        carry: Gradient of the last v, replaced by that of the first, M numbers; None is zero.
        learned: Gradients of β and θ, M numbers each, to which this run is added; or None.
        beta: β.
        theta: θ.
        shape: Kind and parameter of the surrogate.
        detach_reset: Whether the reset passes no gradient to the spike.
        steps: T.
    """
    size = x.numel() // steps
    strides = [size if t.numel() == x.numel() else 0 for t in (g_spikes, g_current)]
    numbers = np.array([beta, theta, shape.parameter], np.float64)
    tensors = (g_spikes, g_total, x, slope, v, g_current, g_added, carry, *(learned or (None, None)))
    flags = [GIVEN if slope is not None else shape.kind, detach_reset, learned is not None]
    fields = [_at(t) for t in tensors]
    _run(False, x.dtype, steps, size, [*fields, numbers.ctypes.data, *strides, *flags])
