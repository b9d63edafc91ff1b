"""Compiled passes of `lif_scan`: forward and backward over all steps, block by block of neurons.

Each call does the neurons first … end − 1 and holds no lock of Python, so that threads can share the work. Numba's own
threads are not used: their pool and torch's would keep each other's cores busy with waiting.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["backward", "forward"]

Array = NDArray[Any]
# Neurons of one block: its state and one row of each array stay in the first-level cache.
_BLOCK = 1024


@njit(cache=True, nogil=True)
def forward(
    current: Array, spikes: Array, x: Array, last: Array, total: Array, beta: Any, theta: Any, first: int, end: int
) -> None:
    """Fill spikes, x = u − θ (steps, M); advance last = v and add to total = Σ u (M,)."""
    steps = spikes.shape[0]
    stride = 1 if current.shape[0] == steps else 0
    one, zero = x.dtype.type(1), x.dtype.type(0)
    for low in range(first, end, _BLOCK):
        high = min(end, low + _BLOCK)
        v, sums = last[low:high], total[low:high]
        for t in range(steps):
            i_t, s_t, x_t = current[t * stride, low:high], spikes[t, low:high], x[t, low:high]
            for k in range(high - low):
                u = beta * v[k] + i_t[k]
                over = u - theta
                sums[k] += u
                x_t[k] = over
                fires = over > zero
                s_t[k] = one if fires else zero
                v[k] = over if fires else u


@njit(cache=True, nogil=True)
def backward(
    g_spikes: Array,
    g_total: Array,
    x: Array,
    slope: Array,
    v: Array,
    g_current: Array,
    carry: Array,
    g_beta: Array,
    g_theta: Array,
    beta: Any,
    theta: Any,
    parameter: Any,
    kind: int,
    detach_reset: bool,
    learn: bool,
    first: int,
    end: int,
) -> None:
    """Fill g_current (steps, M) or add to it if (1, M); add to g_beta, g_theta (M,).

    carry: gradient of the last v in, of the first v out.
    """
    steps = x.shape[0]
    constant = g_current.shape[0] != steps
    number = x.dtype.type
    one, two, zero = number(1), number(2), number(0)
    half_pi = number(np.pi / 2)
    back = zero if detach_reset else theta
    for low in range(first, end, _BLOCK):
        high = min(end, low + _BLOCK)
        n = high - low
        d = np.empty(n, x.dtype)
        g_v, g_u = carry[low:high], g_total[low:high]
        for t in range(steps - 1, -1, -1):
            x_t, g_t, out = x[t, low:high], g_spikes[t, low:high], g_current[0 if constant else t, low:high]
            # Derivatives of surrogates.derivative, by the same numbers.
            if kind == 0:
                for k in range(n):
                    d[k] = slope[t, low + k]
            elif kind == 1:
                for k in range(n):
                    y = half_pi * parameter * x_t[k]
                    d[k] = parameter / (two * (one + y * y))
            elif kind == 2:
                for k in range(n):
                    y = one + parameter * abs(x_t[k])
                    d[k] = parameter / (y * y)
            elif kind == 3:
                for k in range(n):
                    y = one + parameter * abs(x_t[k])
                    d[k] = one / (y * y)
            elif kind == 4:
                for k in range(n):
                    d[k] = max(zero, one - abs(x_t[k]) / parameter) / parameter
            else:
                for k in range(n):
                    d[k] = one
            if learn:
                before = x[t - 1, low:high] if t > 0 else v[low:high]
                for k in range(n):
                    g = (g_t[k] - back * g_v[k]) * d[k]
                    g_theta[low + k] -= g + (g_v[k] if x_t[k] > zero else zero)
                    u = g_v[k] + g + g_u[k]
                    out[k] = u + (out[k] if constant else zero)
                    # v[t − 1] is x[t − 1] after a spike, which took θ off, else x[t − 1] + θ.
                    past = before[k] + theta if t > 0 and before[k] <= zero else before[k]
                    g_beta[low + k] += u * past
                    g_v[k] = beta * u
            elif constant:
                for k in range(n):
                    u = g_v[k] + (g_t[k] - back * g_v[k]) * d[k] + g_u[k]
                    out[k] += u
                    g_v[k] = beta * u
            else:
                for k in range(n):
                    u = g_v[k] + (g_t[k] - back * g_v[k]) * d[k] + g_u[k]
                    out[k] = u
                    g_v[k] = beta * u
