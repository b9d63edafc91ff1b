"""The float reference of every primitive, in NumPy: one step, or all steps at once where a node has no state.

The equations are those of `Discretisation`. They are written out here and call no framework, so that a conversion can
be compared with what the framework computes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import require
from .discretisation import Discretisation
from .graph import SPIKING, STATEFUL, Node

__all__ = ["Floats", "Memory", "delay_steps", "leak_and_gain", "make_memory", "pure"]

Floats = NDArray[np.floating[Any]]

# Relative tolerance of an R that tells dt. Rounding to single precision makes a difference of some 1e-7.
_R_TOLERANCE = 1e-5
# A product this little below a whole number of units counts as whole: only the rounding of a gain made it less. A decay
# cannot come that close, since it is a multiple of 2^-16 or more.
_CUT_ABOVE = 1e-6


# Without state: (n, *input_shape) → (n, *output_shape).


def _fields(
    x: Floats, kernel: tuple[int, ...], stride: tuple[int, ...], pads: Any, dilation: tuple[int, ...]
) -> Floats:
    """Return the windows of (n, channels, *sizes) that a kernel sees: (n, channels, *positions, *kernel); outside is 0.

    Args:
        x: Values, (n, channels, *sizes).
        kernel: Size of the kernel on each axis.
        stride: Distance of neighbouring windows on each axis.
        pads: Zeros before and behind each axis, pairs.
        dilation: Distance of neighbouring taps on each axis.
    """
    x = np.pad(x, [(0, 0), (0, 0), *pads])
    spans = tuple(d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True))
    axes = tuple(range(2, x.ndim))
    windows = np.lib.stride_tricks.sliding_window_view(x, spans, axis=axes)
    steps = [
        slice(None),
        slice(None),
        *(slice(None, None, s) for s in stride),
        *(slice(None, None, d) for d in dilation),
    ]
    found: Floats = windows[tuple(steps)]
    return found


def _conv(node: Node, weight: Floats, bias: Floats) -> Callable[[Floats], Floats]:
    """Return the function of a convolution, (n, channels in, *sizes) → (n, channels out, *positions)."""
    p, groups = node.params, int(node.params["groups"])
    axes = weight.ndim - 2
    last = tuple(range(-axes, 0))

    def apply(x: Floats) -> Floats:
        windows = _fields(x, weight.shape[2:], p["stride"], p["pads"], p["dilation"])
        size_in, size_out = weight.shape[1], weight.shape[0] // groups
        parts = []
        for g in range(groups):
            w = weight[g * size_out : (g + 1) * size_out]
            part = windows[:, g * size_in : (g + 1) * size_in]
            y = np.tensordot(part, w, axes=((1, *last), (1, *range(2, 2 + axes))))
            parts.append(np.moveaxis(y, -1, 1))
        out: Floats = np.concatenate(parts, axis=1) + bias.reshape(-1, *(1,) * axes)
        return out

    return apply


def _pool(node: Node) -> Callable[[Floats], Floats]:
    """Return the function of a pooling, (n, channels, height, width) → the same with fewer positions."""
    p = node.params

    def apply(x: Floats) -> Floats:
        windows = _fields(x, p["kernel"], p["stride"], p["pads"], (1, 1))
        # As torch by default, the padding counts.
        out: Floats = windows.sum(axis=(-2, -1)) if node.kind == "SumPool2d" else windows.mean(axis=(-2, -1))
        return out

    return apply


def cast(node: Node, field: str, values: Any, dtype: Any) -> Floats:
    """Return values in the dtype of the run; raise ScError, by node and field, where they are too great for it."""
    with np.errstate(over="ignore"):
        found: Floats = np.asarray(values).astype(dtype)
    require(
        np.isfinite(found).all(),
        f"node {node.name!r} ({node.kind}): {field} is too great for {np.dtype(dtype)}, got "
        f"{float(np.abs(np.asarray(values, np.float64)).max()):g}",
    )
    return found


def pure(node: Node, rule: Discretisation, dtype: Any) -> Callable[[Floats], Floats] | None:
    """Return the function of a node without state, or None for a node with one.

    Args:
        node: The node.
        rule: Its discretisation, for the comparator of a Threshold.
        dtype: The dtype in which the run computes.

    Returns:
        A function (n, *input_shape) → (n, *output_shape). It may be applied to all steps at once, as further samples.

    Raises:
        ScError: A parameter is too great for the dtype.
    """
    p, kind = node.params, node.kind
    if kind in ("Input", "Output"):
        return lambda x: x
    if kind in ("Affine", "Linear"):
        weight = cast(node, "weight", p["weight"], dtype)
        bias = cast(node, "bias", p["bias"], dtype) if kind == "Affine" else None

        def affine(x: Floats) -> Floats:
            y = x @ weight.T if weight.ndim == 2 else (weight @ x[..., None])[..., 0]
            return y if bias is None else y + bias

        return affine
    if kind == "Scale":
        scale = cast(node, "scale", p["scale"], dtype)
        return lambda x: x * scale
    if kind in ("Conv1d", "Conv2d"):
        return _conv(node, cast(node, "weight", p["weight"], dtype), cast(node, "bias", p["bias"], dtype))
    if kind in ("SumPool2d", "AvgPool2d"):
        return _pool(node)
    if kind == "Flatten":
        return lambda x: x.reshape(len(x), *node.output_shape)
    if kind == "Threshold":
        level = cast(node, "threshold", p["threshold"], dtype)
        if rule.compare == ">":
            return lambda x: (x > level).astype(dtype)
        return lambda x: (x >= level).astype(dtype)
    return None


# With state.


class Memory:
    """A node with a state, over one run. `step` takes (batch, *input_shape) and returns (batch, *output_shape)."""

    v: Floats
    """The potential after the last step, as the framework holds it: before a late reset, after any other."""

    def step(self, x: Floats) -> Floats:
        """Advance by one step, and return the output of this step."""
        raise NotImplementedError


def _decay(
    here: str, field: str, tau: NDArray[Any], rule: Discretisation
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (d, 1 − d) of a time constant τ, for one step.

    Method "exponential" has d = e^(−dt/τ), "euler" d = 1 − dt/τ. 1 − d is computed apart, because it would lose its
    digits where d is within rounding of 1.

    Args:
        here: How a message begins.
        field: The name of the time, for messages.
        tau: The times, in the unit of dt once they are multiplied by tau_scale.
        rule: The discretisation.

    Raises:
        ScError: dt is above the least time and the method is "euler".
    """
    with np.errstate(over="ignore", divide="ignore"):
        ratio = rule.dt / (tau.astype(np.float64) * rule.tau_scale)
    if rule.method == "exponential":
        return _shares(np.exp(-ratio), -np.expm1(-ratio), rule)
    least = float(tau.min()) * rule.tau_scale
    require(
        float(ratio.max()) <= 1 + 1e-6,
        f"{here}: dt must be at most {field}, which is {least:g}, got {rule.dt:g}: forward Euler would "
        "overshoot; give the dt of the framework (framework=…), or method 'exponential'",
    )
    return _shares(np.maximum(1 - ratio, 0.0), np.minimum(ratio, 1.0), rule)


def _shares(
    decay: NDArray[np.float64], rest: NDArray[np.float64], rule: Discretisation
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (d, 1 − d), with d rounded to fraction_bits where the rule has these."""
    if rule.fraction_bits is None:
        return decay, rest
    found: NDArray[np.float64] = np.round(decay * 2**rule.fraction_bits) / 2**rule.fraction_bits
    return found, 1 - found


def _dt_of(r: float, tau: float) -> float:
    """Return the dt for which r = τ·e^(−dt/τ)/dt.

    With y = dt/τ the equation is y·e^y = 1/r. It is solved by Newton's method, from a start above the solution.

    Example:
        >>> round(_dt_of(10 * float(np.exp(-0.1)), 0.01), 9)
        0.001
    """
    y = np.log1p(1 / r)
    for _ in range(30):
        y -= (y - np.exp(-y) / r) / (1 + y)
    return float(y * tau)


def _check_dt_in_r(here: str, r: NDArray[np.float64], tau: NDArray[Any], rule: Discretisation) -> None:
    """Refuse a resistance that tells another dt than the rule has; see `Discretisation.dt_in_r`.

    Args:
        here: How the message begins.
        r: The file's R.
        tau: The time constants of the membranes.
        rule: The discretisation.
    """
    times = np.broadcast_to(tau.astype(np.float64) * rule.tau_scale, np.broadcast_shapes(r.shape, tau.shape))
    wanted = times * np.exp(-rule.dt / times) / rule.dt
    with np.errstate(divide="ignore", invalid="ignore"):  # where it is 0: far, or no number
        far = np.where(np.isinf(wanted) & np.isinf(r), 0.0, np.abs(r / wanted - 1))
    k = int(far.argmax())
    found, time = float(np.broadcast_to(r, times.shape).flat[k]), float(times.flat[k])
    instead = f", which is that of dt = {_dt_of(found, time):.6g}" if found > 0 else ""
    require(
        float(far.flat[k]) <= _R_TOLERANCE,
        f"{here}: r must be τ·e^(−dt/τ)/dt = {wanted.flat[k]:.6g} for τ = {time:g} and dt = {rule.dt:g}, "
        f"got {found:.6g}{instead}: give the dt of the framework, or dt_in_r=False",
    )


def _reaching(node: Node, field: str, share: NDArray[np.float64], factor: NDArray[Any], time: str) -> Any:
    """Return share · factor, the part of an input that arrives at a state.

    Where both the time and the factor are infinite, share · factor would be 0 · ∞. It counts as 1, see
    `Discretisation`.

    Args:
        node: The node, for its times and for messages.
        field: The name of the factor: "r" or "w_in".
        share: 1 − d of the time.
        factor: The values of the field.
        time: The name of the time.

    Raises:
        ScError: Only the time is infinite, so that nothing would ever arrive, or only the factor.
    """
    p, here = node.params, f"node {node.name!r} ({node.kind})"
    endless, wide = np.broadcast_arrays(np.isinf(p[time]), np.isinf(factor))
    unit = {"tau_syn": "synapse"}.get(time, "membrane")
    require(
        not (wide & ~endless).any(),
        f"{here}: {field} must be finite where {time} is, got inf",
    )
    require(
        not (endless & ~wide).any(),
        f"{here}: {time} must be finite where {field} is, got inf: nothing that arrives would change the neuron; "
        f"{unit}='unit' adds the input as it is, and an IF is a neuron without a leak",
    )
    return np.where(endless, 1.0, share * np.where(wide, 0.0, factor))


def leak_and_gain(node: Node, rule: Discretisation) -> tuple[NDArray[np.float64] | None, NDArray[np.float64], Any]:
    """Return (d, g, l) of the step of a membrane, u = d·v + g·x + l.

    Args:
        node: A node with a membrane: IF, I, LI, LIF, CubaLI or CubaLIF.
        rule: Its discretisation.

    Returns:
        The decay d, or None where nothing leaks; the gain g of the input x; and the constant l that the leak adds. For
        an LI with li "decayed", g is d.

    Raises:
        ScError: A time is below dt for method "euler", R tells another dt, or a time or R alone is infinite.
    """
    p = node.params
    r = p["r"].astype(np.float64)
    if node.kind in ("IF", "I"):
        with np.errstate(over="ignore"):  # `cast` finds what is no longer finite
            return None, np.ones_like(r) if rule.integrator == "unit" else rule.dt * r, np.zeros(1)
    tau = "tau" if "tau" in p else "tau_mem"
    decay, rest = _decay(f"node {node.name!r} ({node.kind})", tau, p[tau], rule)
    if rule.dt_in_r:
        _check_dt_in_r(f"node {node.name!r} ({node.kind})", r, p[tau], rule)
    if node.kind == "LI" and rule.li == "decayed":
        gain = decay
    else:
        gain = np.ones_like(r) if rule.membrane == "unit" else _reaching(node, "r", rest, r, tau)
    return decay, gain, rest * p["v_leak"]


class _Neuron(Memory):
    """IF, LIF, CubaLIF, I, LI and CubaLI by the equations of `Discretisation`; a kind leaves out what it does not have.

    Attributes:
        decay: d of the membrane, or None.
        gain: g of the input, or None where it is 1.
        leak: What the leak adds in each step, or None where that is 0.
        current: J of the synapse, or None where there is none.
        theta: The threshold, or None for a node that does not spike.
        v: See `Memory`.
        fired: Spikes of the step before, or None before the first step.
    """

    def __init__(self, node: Node, rule: Discretisation, dtype: Any, batch: int) -> None:
        p, here = node.params, f"node {node.name!r} ({node.kind})"
        decay, gain, leak = leak_and_gain(node, rule)
        self.rule, self.dtype = rule, dtype
        exact = dtype if rule.fraction_bits is None else np.float64  # so that a product is exact before it is cut
        self.decay = None if decay is None else decay.astype(exact)
        self.gain = cast(node, "r", gain, dtype) if (gain != 1).any() else None
        self.leak = self.cut(cast(node, "v_leak", leak, dtype)) if leak.any() else None
        self.current: Any = None
        if "tau_syn" in p:
            decay, rest = _decay(here, "tau_syn", p["tau_syn"], rule)
            w_in = p["w_in"]
            if rule.synapse == "equation":
                w_in = _reaching(node, "w_in", rest, w_in, "tau_syn")
            self.syn_decay, self.w_in = decay.astype(exact), cast(node, "w_in", w_in, dtype)
            self.current = np.zeros((batch, *node.input_shape), dtype)
        self.theta = cast(node, "v_threshold", p["v_threshold"], dtype) if node.kind in SPIKING else None
        if self.theta is not None and rule.spikes == "many":
            least = float(self.theta.min())
            require(
                least > 0,
                f"{here}: v_threshold must be above 0 where spikes is 'many', as many as thresholds fit into the "
                f"potential, got {least:g}: spikes='one' takes at most one spike a step",
            )
        self.v_reset = cast(node, "v_reset", p.get("v_reset", 0), dtype)
        start = {"zero": 0, "v_reset": p.get("v_reset", 0), "v_leak": p.get("v_leak", 0)}[rule.v_start]
        self.v = np.array(np.broadcast_to(np.asarray(start, dtype), (batch, *node.input_shape)))
        self.fired: Any = None

    def cut(self, x: Floats) -> Floats:
        """Return what is added to a state, cut towards zero to fraction_bits; see `_CUT_ABOVE` for the exception."""
        bits = self.rule.fraction_bits
        if bits is None:
            return x
        units = x.astype(np.float64, copy=False) * 2**bits
        found: Floats = (np.trunc(units + np.copysign(_CUT_ABOVE, units)) / 2**bits).astype(self.dtype)
        return found

    def step(self, x: Floats) -> Floats:
        """Advance synapse, membrane, spikes and reset; return the spikes, or of I, LI and CubaLI the potential."""
        rule, v, cut = self.rule, self.v, self.cut
        if self.current is not None:
            before = self.current
            if rule.synapse == "decayed":  # in this order, as the framework rounds
                self.current = cut((before + cut(x * self.w_in)) * self.syn_decay)
            else:
                self.current = cut(before * self.syn_decay) + cut(x * self.w_in)
            x = self.current if rule.current == "new" else before
        late = rule.reset_late and self.fired is not None
        if late and rule.reset == "value":
            v = np.where(self.fired > 0, self.v_reset, v)
        u = v if self.decay is None else cut(v * self.decay)
        u = u + cut(x if self.gain is None else x * self.gain)
        if self.leak is not None:
            u = u + self.leak
        if self.theta is None:
            self.v = u
            return u
        if late and rule.reset == "subtract":
            u = u - self.fired * self.theta
        again: Any = (v > self.theta).astype(self.dtype) if rule.resets_again else None
        if again is not None:
            u = u - again * self.theta
        if rule.spikes == "many":
            whole = np.floor(u / self.theta) if rule.compare == ">=" else np.ceil(u / self.theta) - 1
            spikes = np.maximum(whole, 0).astype(self.dtype)
        else:
            spikes = (u > self.theta if rule.compare == ">" else u >= self.theta).astype(self.dtype)
        if not rule.reset_late and rule.reset != "none":
            if rule.reset == "subtract":
                u = u - (spikes if again is None else spikes - again) * self.theta
            else:
                u = np.where(spikes > 0, self.v_reset, u)
        self.v = u if rule.v_min is None else np.maximum(u, self.dtype(rule.v_min))
        self.fired = spikes
        fired: Floats = spikes
        return fired


def delay_steps(node: Node, rule: Discretisation) -> NDArray[np.int64]:
    """Return the whole number of steps of each delay of a Delay, int64; 2^40 at most.

    Raises:
        ScError: A delay is no multiple of dt, to 1e-3 of a step.
    """
    exact = node.params["delay"].astype(np.float64) / rule.dt
    steps = np.round(exact)
    far = np.abs(exact - steps)
    require(
        float(far.max()) <= 1e-3,
        f"node {node.name!r} (Delay): delay must be a multiple of dt = {rule.dt:g}, "
        f"got {float(node.params['delay'].flat[int(far.argmax())]):g}",
    )
    whole: NDArray[np.int64] = np.minimum(steps, 1 << 40).astype(np.int64)
    return whole


class _Delay(Memory):
    """The last inputs of a Delay, in a ring buffer: as many as the longest delay needs and the run has steps.

    In a cycle, the output of a step is needed before its input is known. So `step` is also there in its parts: `read`,
    `write` and `advance`.
    """

    def __init__(self, node: Node, rule: Discretisation, dtype: Any, batch: int, steps: int) -> None:
        shape = node.input_shape
        wanted = np.broadcast_to(delay_steps(node, rule), shape).reshape(-1)
        self.delay = np.minimum(wanted, steps)
        self.rows = int(self.delay.max()) + 1
        self.buffer = np.zeros((self.rows, batch, self.delay.size), dtype)
        self.columns = np.arange(self.delay.size)
        self.now, self.shape = 0, shape
        self.v = np.zeros((batch, *shape), dtype)

    def read(self) -> Floats:
        """Return the output of this step, for delays of at least one step."""
        rows = (self.now - self.delay) % self.rows
        out: Floats = self.buffer[rows, :, self.columns].T.reshape(-1, *self.shape)
        return out

    def write(self, x: Floats) -> None:
        """Take the input of this step, (batch, *input_shape)."""
        self.buffer[self.now % self.rows] = x.reshape(len(x), -1)

    def step(self, x: Floats) -> Floats:
        """Take the input of this step and return the output; these may be the same where the delay is 0."""
        self.write(x)
        out = self.read()
        self.advance()
        return out

    def advance(self) -> None:
        """Go on to the next step."""
        self.now += 1


def make_memory(node: Node, rule: Discretisation, dtype: Any, batch: int, steps: int) -> Memory:
    """Return the state of a node at the start of a run.

    Args:
        node: A Delay or a node with a membrane.
        rule: Its discretisation.
        dtype: The dtype in which the run computes.
        batch: Number of samples.
        steps: Number of steps, T.
    """
    if node.kind == "Delay":
        return _Delay(node, rule, dtype, batch, steps)
    assert node.kind in STATEFUL
    return _Neuron(node, rule, dtype, batch)
