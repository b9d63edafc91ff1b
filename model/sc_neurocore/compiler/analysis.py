"""How far a fixed-point neuron is from its equations: spike rates over a current sweep, and drift by rounding.

Three solutions are compared: the equations in continuous time (`exact`), Euler steps in float64 (`euler`), and the
integers (`CompiledNeuron.run`). The first two differ by the size of dt, the last two by rounding and tables. `exact`
needs SciPy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ScError, require
from .model import CompiledNeuron, compile_neuron
from .reference import condition_value, float_value

__all__ = ["Drift", "Sweep", "drift", "euler", "exact", "sweep"]


def _base(neuron: CompiledNeuron, name: str, codes: Any) -> Any:
    """Return the values, in base units, that codes of a state or an input stand for."""
    return np.asarray(codes, np.float64) * float(neuron.variable(name).scale)


def euler(
    neuron: CompiledNeuron,
    inputs: Mapping[str, ArrayLike],
    steps: int,
    shape: tuple[int, ...] = (),
    *,
    substeps: int = 1,
) -> tuple[NDArray[np.int64], dict[str, NDArray[np.float64]]]:
    """Solve the equations by Euler steps in float64. Nothing saturates, and nothing is rounded to codes.

    With one substep these are the numbers that the integers approximate.

    Args:
        neuron: the neuron.
        inputs: constant codes of every input, by name; numbers, or arrays that broadcast to `shape`.
        steps: T, the number of steps of dt.
        shape: shape of the array of neurons; () is a single one.
        substeps: equal steps into which each dt is divided.

    Returns:
        The number of spikes in each step, int64, shape (T, *shape); and each state after each step, in base units,
        float64, shape (T, *shape), by name.
    """
    values: dict[str, Any] = {k: _base(neuron, k, v) for k, v in inputs.items()}
    names = [v.name for v in neuron.program.states]
    for v in neuron.program.states:
        values[v.name] = np.full(shape, float(v.initial * v.scale))
    left, rest = np.zeros(shape, np.int64), neuron.program.refractory * substeps
    spikes, out = [], []
    for _ in range(steps):
        count = np.zeros(shape, np.int64)
        for _ in range(substeps):
            resting = left > 0
            moved = {n: values[n] + float_value(neuron.dynamics.changes[n], values) / substeps for n in names}
            for v in neuron.program.states:
                values[v.name] = np.where(resting, values[v.name], moved[v.name]) if v.frozen else moved[v.name]
            fires = np.zeros(shape, bool)
            if neuron.dynamics.threshold is not None:
                fires = np.asarray(condition_value(neuron.dynamics.threshold, neuron.scope, values)) & ~resting
            written = dict(values)
            for name, value in neuron.dynamics.reset:
                written[name] = float_value(value, written)
            for n in names:
                values[n] = np.where(fires, written[n], values[n])
            left = np.where(resting, left - 1, np.where(fires, rest, 0))
            count += fires
        spikes.append(count)
        out.append({n: values[n] for n in names})
    return np.array(spikes), {n: np.array([o[n] for o in out]) for n in names}


def exact(neuron: CompiledNeuron, inputs: Mapping[str, float], steps: int) -> NDArray[np.float64]:
    """Return the times of spikes of the equations in continuous time, solved by scipy's solve_ivp (RK45, rtol 1e-8).

    A spike comes where the two sides of the threshold meet, with the left side rising against the right one for > and
    >=. After it the reset is applied, and no spike is looked for during the refractory time.

    Args:
        neuron: the neuron. Its threshold must be one comparison.
        inputs: constant codes of every input, by name.
        steps: duration, in dt.

    Returns:
        Times in dt, rising, float64.

    Raises:
        ScError: the threshold is absent or more than one comparison, or the solver fails.
    """
    from scipy.integrate import solve_ivp

    from .language import Comparison

    condition = neuron.dynamics.threshold
    require(isinstance(condition, Comparison), "the exact solution needs a threshold of one comparison")
    assert isinstance(condition, Comparison)
    scope, names = neuron.scope, [v.name for v in neuron.program.states]
    sides = scope.quantity(condition.left).value - scope.quantity(condition.right).value
    gap = sides if condition.operator[0] == ">" else sides.scaled(Fraction(-1))
    values = {k: float(_base(neuron, k, v)) for k, v in inputs.items()}
    frozen = {v.name for v in neuron.program.states if v.frozen}

    def at(y: NDArray[np.float64]) -> dict[str, Any]:
        return values | dict(zip(names, y, strict=True))

    # Time is counted in dt: `changes` are those of one step.
    def moving(_: float, y: NDArray[np.float64]) -> list[float]:
        now = at(y)
        return [float(float_value(neuron.dynamics.changes[n], now)) for n in names]

    def resting(t: float, y: NDArray[np.float64]) -> list[float]:
        return [0.0 if n in frozen else d for n, d in zip(names, moving(t, y), strict=True)]

    def meets(_: float, y: NDArray[np.float64]) -> float:
        return float(float_value(gap, at(y)))

    meets.terminal, meets.direction = True, 1.0  # type: ignore[attr-defined]
    y = np.array([float(v.initial * v.scale) for v in neuron.program.states])
    size = np.array([float(v.scale) for v in neuron.program.states])
    tolerance: dict[str, Any] = {"rtol": 1e-8, "atol": size * 1e-4}
    now, spikes = 0.0, []
    while now < steps:
        found = solve_ivp(moving, (now, steps), y, events=meets, **tolerance)
        if found.status == -1:
            raise ScError(f"the equations could not be integrated: {found.message}")
        if found.status == 0:
            break
        now, y = float(found.t[-1]), found.y[:, -1]
        spikes.append(now)
        written = at(y)
        for name, value in neuron.dynamics.reset:
            written[name] = float_value(value, written)
        y = np.array([float(written[n]) for n in names])
        rest = min(now + neuron.program.refractory, steps)
        if rest > now:
            y = solve_ivp(resting, (now, rest), y, **tolerance).y[:, -1]
            now = rest
    return np.array(spikes)


@dataclass(frozen=True, slots=True)
class Sweep:
    """Spike counts of a neuron at constant inputs, by three solutions; the result of `sweep`.

    All arrays have the shape (values of the input,).

    Attributes:
        name: the input that was swept.
        values: its values, in its unit.
        steps: duration of each run, in dt.
        exact: spikes in continuous time (function `exact`).
        euler: spikes by Euler steps in float64 (function `euler`).
        fixed: spikes in fixed point.
        below: greatest distance of the first state between fixed point and float64 Euler before the first spike of
            either, in the state's unit.
    """

    name: str
    values: NDArray[np.float64]
    steps: int
    exact: NDArray[np.int64]
    euler: NDArray[np.int64]
    fixed: NDArray[np.int64]
    below: NDArray[np.float64]

    def error(self, got: NDArray[np.int64], wanted: NDArray[np.int64]) -> tuple[float, float]:
        """Return the mean and the greatest difference of spike counts, in % of the greatest count of `wanted`.

        Args:
            got: counts to judge, such as `fixed`.
            wanted: counts that they are compared with, such as `exact`.
        """
        difference = np.abs(got - wanted) / max(int(wanted.max()), 1) * 100
        return float(difference.mean()), float(difference.max())


def sweep(neuron: CompiledNeuron, name: str, values: ArrayLike, steps: int) -> Sweep:
    """Return the spike counts of a neuron at constant values of one input; the other inputs have the code 0.

    Args:
        neuron: the neuron.
        name: the input to sweep.
        values: its values, in its unit.
        steps: duration of each run, in dt.

    Raises:
        ScError: a value is outside of the input's range, or the threshold is no single comparison.
    """
    x = np.atleast_1d(np.asarray(values, np.float64))
    codes = neuron.encode(name, x)
    inputs: dict[str, Any] = {v.name: 0 for v in neuron.program.inputs} | {name: codes}
    fixed = neuron.run(inputs, steps, x.shape)
    spikes, states = euler(neuron, inputs, steps, x.shape)
    counts = [
        len(exact(neuron, {k: float(np.broadcast_to(v, x.shape)[i]) for k, v in inputs.items()}, steps))
        for i in range(len(x))
    ]
    first = neuron.program.states[0]
    unit = float(first.scale) * 2.0**first.fraction
    distance = np.abs(neuron.decode(first.name, fixed.states[first.name]) - states[first.name] / unit)
    quiet = (np.cumsum(fixed.spikes, axis=0) == 0) & (np.cumsum(spikes, axis=0) == 0)
    below = np.where(quiet, distance, 0.0).max(axis=0)
    return Sweep(name, x, steps, np.array(counts), spikes.sum(axis=0), fixed.spikes.sum(axis=0), below)


@dataclass(frozen=True, slots=True)
class Drift:
    """What rounding does to one state over a run.

    Attributes:
        state: the state.
        rounding: "nearest" or "floor".
        bias: mean error that rounding adds to a step, in LSB.
        final: the state at the end less that of float64 Euler steps at the same inputs, in LSB. Where the neuron fires,
            it is mostly a shift of phase.
    """

    state: str
    rounding: str
    bias: float
    final: float


def drift(neuron: CompiledNeuron, inputs: Mapping[str, ArrayLike], steps: int) -> list[Drift]:
    """Return the drift of each state by rounding to nearest and by truncation (floor), over constant inputs.

    The bias of a step is measured along the fixed-point run: it is the state's move, less the exact change that the
    equations ask for at the state before it. Steps with a spike, in the refractory period, or at a limit do not count.

    Args:
        neuron: the neuron. It is compiled once more with the other rounding.
        inputs: constant codes of every input, by name, numbers.
        steps: duration, in dt.

    Returns:
        One `Drift` for each rounding and state, those of "nearest" first.
    """
    out = []
    _, wanted = euler(neuron, inputs, steps)
    for rounding in ("nearest", "floor"):
        other = compile_neuron(neuron.model, rounding=rounding) if rounding != neuron.model.rounding else neuron
        trace = other.run(inputs, steps)
        values: dict[str, Any] = {k: _base(other, k, v) for k, v in inputs.items()}
        first = other.initial()
        before = {
            v.name: np.concatenate([[int(first.codes[v.name])], trace.states[v.name][:-1]])
            for v in other.program.states
        }
        values |= {n: _base(other, n, c) for n, c in before.items()}
        # Above 0 at a spike, and at the refractory steps after it.
        recent = np.convolve(trace.spikes.astype(int), np.ones(other.program.refractory + 1, int))[: len(trace.spikes)]
        for v in other.program.states:
            moved = trace.states[v.name] - before[v.name]
            asked = np.broadcast_to(float_value(other.dynamics.changes[v.name], values), moved.shape) / float(v.scale)
            free = (recent == 0) & (trace.states[v.name] > v.low) & (trace.states[v.name] < v.high)
            bias = float((moved - asked)[free].mean()) if free.any() else 0.0
            final = float(trace.states[v.name][-1] - wanted[v.name][-1] / float(v.scale))
            out.append(Drift(v.name, rounding, bias, final))
    return out
