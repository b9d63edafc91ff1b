"""Compiled passes of `steps_net`: neurons of a network in steps over all T steps, forward in integers and backward.

They run sample by sample, so that the states of a layer stay in the cache, and each neuron has its own leak.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..jit import njit

__all__ = ["backward", "forward"]

Array = NDArray[Any]


@njit(nogil=True)
def forward(
    sums: Array,
    spikes: Array,
    over: Array,
    totals: NDArray[np.int64],
    leaks: NDArray[np.int64],
    factor: bool,
    theta: int,
    frac: int,
    width: int,
    unit: float,
    real_theta: float,
) -> None:
    """Run `lif` neurons with subtract reset over all steps (A13, neuron `lif`; A20: the current is exact, only u
    saturates).

    Args:
        sums: S of every step, whole numbers, (T, B, N), or (1, B, N) where it is the same in every step.
        spikes: Where the spikes are put, 0 or 1, (T, B, N).
        over: Where u − θ in real units is put, (T, B, N).
        totals: Where Σₜ u(t) in LSB is put, (B, N).
        leaks: Leak of each neuron, (N,): the shift, 0 for none, or the factor in units of 1 / 256.
        factor: Whether the leaks are factors.
        theta: θ in LSB.
        frac: f.
        width: Bits of the potential.
        unit: What an LSB stands for.
        real_theta: θ in real units.
    """
    steps, samples, neurons = spikes.shape
    low, high = -(1 << width - 1), (1 << width - 1) - 1
    v = np.zeros(neurons, dtype=np.int64)
    constant = sums.shape[0] == 1
    for b in range(samples):
        for n in range(neurons):
            v[n] = 0
            totals[b, n] = 0
        for t in range(steps):
            row = 0 if constant else t
            for n in range(neurons):
                current = np.int64(sums[row, b, n]) << frac
                kept = v[n]
                if factor:
                    kept = v[n] * leaks[n] >> 8
                elif leaks[n] > 0:
                    kept = v[n] - (v[n] >> leaks[n])
                u = min(max(kept + current, low), high)
                fires = u >= theta
                totals[b, n] += u
                over[t, b, n] = u * unit - real_theta
                spikes[t, b, n] = fires
                v[n] = u - theta if fires else u


@njit(nogil=True)
def backward(
    g_spikes: Array,
    g_totals: Array,
    slopes: Array,
    spikes: Array,
    decay: NDArray[np.float64],
    back: float,
    scale: float,
    g_sums: Array,
) -> float:
    """Run the steps of `forward` in reverse, with the surrogate's slope for the compare and rounding left out.

    Args:
        g_spikes: Gradient of the spikes, (T, B, N).
        g_totals: Gradient of Σₜ u(t) in real units, (B, N).
        slopes: Derivative of the surrogate at u − θ, (T, B, N).
        spikes: The spikes, (T, B, N).
        decay: β of each neuron, (N,).
        back: What the reset passes back to the spike: θ in real units, or 0.
        scale: What S = 1 stands for.
        g_sums: Where the gradient of the sums is put, (T, B, N) or (1, B, N).

    Returns:
        The gradient of θ in real units.
    """
    steps, samples, neurons = slopes.shape
    constant = g_sums.shape[0] == 1
    g_v = np.zeros(neurons)
    g_theta = 0.0
    for b in range(samples):
        for n in range(neurons):
            g_v[n] = 0.0
            if constant:
                g_sums[0, b, n] = 0
        for t in range(steps - 1, -1, -1):
            for n in range(neurons):
                fired = (g_spikes[t, b, n] - back * g_v[n]) * slopes[t, b, n]
                g_theta -= fired + g_v[n] * spikes[t, b, n]
                u = g_v[n] + g_totals[b, n] + fired
                if constant:
                    g_sums[0, b, n] += u * scale
                else:
                    g_sums[t, b, n] = u * scale
                g_v[n] = decay[n] * u
    return g_theta
