"""Ten spiking neuron cells as torch modules: one call is one time step, states go in and come out.

Common to all cells: v is the membrane potential, u[t] the potential of step t before the reset, I[t] the input current,
θ the threshold and s[t] the spike, 0 or 1. A neuron spikes where its potential is *above* θ, and a spike takes θ off
(subtract reset). Every state may be left out of a call; it is then at rest (0, or v_rest). All tensors of a call have
one shape, (B, n) in a layer of n neurons. A cell has no trainable parameter but those that `learn_beta`,
`learn_threshold` or recurrence ask for; constants are buffers, so a state_dict holds the whole cell.

The gradient of a spike is that of `surrogate_fn`. With detach_reset (the default) the reset passes no gradient to the
spike; otherwise a steep surrogate makes the gradient grow from step to step (Zenke and Vogels 2021).

Arguments that several cells have, and that are not repeated below:

    beta              leak factor of the potential in a step, 0 … 1; 1 is no leak
    threshold         θ, above 0
    surrogate_fn      makes spikes of u − θ and gives them a gradient, see `surrogates`
    learn_beta        make beta a trainable parameter; it is clamped to 0 … 1 where it is used
    learn_threshold   make the threshold a trainable parameter; it is kept at `THRESHOLD_MIN` or above
    detach_reset      leave the reset out of the gradient

An argument outside its range raises ScError.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ..errors import require
from .fused_lif import Scan, fused_lif
from .surrogates import SurrogateFn, atan_surrogate, surrogate_shape

__all__ = [
    "CELLS",
    "ALIFCell",
    "AdExCell",
    "AlphaCell",
    "ExpIFCell",
    "IFCell",
    "LIFCell",
    "LapicqueCell",
    "RecurrentLIFCell",
    "SecondOrderLIFCell",
    "SpikingCell",
    "SynapticCell",
]

# A learned threshold stays above this, so that a neuron cannot spike for ever at no input.
THRESHOLD_MIN = 1e-3


def _clamped(value: Tensor, low: float, high: float | None) -> Tensor:
    """Return the value inside its range; the gradient ignores the clamp, so a parameter can come back."""
    return value + (value.clamp(low, high) - value).detach()


def _decay(name: str, value: float) -> float:
    require(math.isfinite(value) and 0 <= value <= 1, f"{name} must be in [0, 1], got {value!r}")
    return float(value)


def _positive(name: str, value: float) -> float:
    require(math.isfinite(value) and value > 0, f"{name} must be finite and above 0, got {value!r}")
    return float(value)


def _finite(name: str, value: float) -> float:
    require(math.isfinite(value), f"{name} must be finite, got {value!r}")
    return float(value)


class SpikingCell(nn.Module):
    """Base of the cells: threshold, surrogate, reset, and the run over all steps.

    A subclass steps in `forward(current, *states) -> (spike, *states)` and names its states in `states`. Everything
    else, such as `scan`, then works by itself.

    Attributes:
        states: Names of the states, in the order in which `forward` takes them.
        threshold: θ, a scalar buffer or parameter.
        surrogate_fn: The function that makes spikes.
        detach_reset: Whether the reset passes no gradient to the spike.
    """

    states: ClassVar[tuple[str, ...]] = ("v",)
    threshold: Tensor

    def __init__(
        self,
        threshold: float = 1.0,
        surrogate_fn: SurrogateFn = atan_surrogate,
        learn_threshold: bool = False,
        detach_reset: bool = True,
    ) -> None:
        super().__init__()
        require(callable(surrogate_fn), f"surrogate_fn must be callable, got {surrogate_fn!r}")
        surrogate_shape(surrogate_fn)  # refuses a bad shape parameter now
        self.surrogate_fn = surrogate_fn
        self.detach_reset = detach_reset
        self._number("threshold", _positive("threshold", threshold), learn_threshold)

    def _number(self, name: str, value: float, learn: bool = False) -> None:
        """Keep a scalar in the module: as a parameter if it is learned, else as a buffer."""
        tensor = torch.tensor(float(value))
        if learn:
            self.register_parameter(name, nn.Parameter(tensor))
        else:
            self.register_buffer(name, tensor)

    def _theta(self) -> Tensor:
        """Return θ, at least THRESHOLD_MIN if it is learned."""
        learned = isinstance(self.threshold, nn.Parameter)
        return _clamped(self.threshold, THRESHOLD_MIN, None) if learned else self.threshold

    def _learned_beta(self) -> Tensor:
        """Return β, kept in 0 … 1 if it is learned."""
        beta: Tensor = self.beta  # type: ignore[assignment]
        return _clamped(beta, 0.0, 1.0) if isinstance(beta, nn.Parameter) else beta

    def _fire(self, u: Tensor, theta: Tensor, level: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return (spike, v after the reset) for the potential u.

        Args:
            u: Potential before the reset.
            theta: θ, which a spike takes off.
            level: The threshold of this step, where it differs from θ (adaptive cells).
        """
        spike = self.surrogate_fn(u - (theta if level is None else level))
        taken = spike.detach() if self.detach_reset else spike
        return spike, u - taken * theta

    def _state(self, value: Tensor | None, current: Tensor) -> Tensor:
        """Return a state of the call, or zeros where it was left out."""
        return torch.zeros_like(current) if value is None else value

    def _call(self, current: Tensor, states: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Run one step of a layer whose input is one signed current; return the spike and the new states.

        Cells whose `forward` takes or returns something else override this, so that `scan` can run any cell.
        """
        stepped: tuple[Tensor, ...] = self(current, *states)
        return stepped

    def scan(self, current: Tensor, steps: int | None = None) -> Tensor:
        """Run the cell from rest over all steps.

        Args:
            current: Input of every step, (T, …), or (1, …) for an input that is the same in every step.
            steps: T. It is needed only for a constant current; None takes the length of the current.

        Returns:
            The spikes, (T, …).

        Example:
            >>> SynapticCell(alpha=0.5, beta=0.5).scan(torch.tensor([[0.6]]), steps=4).flatten().tolist()
            [0.0, 1.0, 1.0, 1.0]
        """
        count = current.shape[0] if steps is None else steps
        states: tuple[Tensor, ...] = ()
        spikes = []
        for t in range(count):
            spike, *rest = self._call(current[t if len(current) > 1 else 0], states)
            states = tuple(rest)
            spikes.append(spike)
        return torch.stack(spikes)

    def extra_repr(self) -> str:
        """Return the constants and the surrogate, for the text that `print(cell)` shows."""
        numbers = {**dict(self.named_buffers(recurse=False)), **dict(self.named_parameters(recurse=False))}
        texts = [f"{k}={float(v.detach()):g}" for k, v in numbers.items() if v.ndim == 0]
        name = getattr(self.surrogate_fn, "__name__", repr(self.surrogate_fn))
        return ", ".join([*texts, f"surrogate_fn={name}"])


class _LeakyCell(SpikingCell):
    """Cells whose step is u = β·v + I: these run over all steps in one fused operation (`fused_lif`)."""

    def _leak(self) -> Tensor:
        raise NotImplementedError

    def _drive(self, current: Tensor) -> Tensor:
        """Return the current in units of the potential."""
        return current

    def _level(self) -> Tensor:
        """Return the threshold above rest, θ − v_rest."""
        return self._theta()

    def constants(self) -> tuple[Tensor, Tensor]:
        """Return the scalars β and θ − v_rest of a scan, each in its range."""
        return self._leak(), self._level()

    def scan_all(self, current: Tensor, steps: int | None = None, v: Tensor | None = None) -> Scan:
        """Run the cell over all steps and return more than the spikes.

        The seven surrogates of this package run in one fused operation. Any other surrogate runs step by step.

        Args:
            current: Input of every step, (T, …), or (1, …) for an input that is the same in every step.
            steps: T. It is needed only for a constant current; None takes the length of the current.
            v: State before the first step, measured from v_rest; None is rest.

        Returns:
            The spikes (T, …), the last v and Σₜ u[t], as a `Scan`; v and u are measured from v_rest.

        Raises:
            ScError: `steps` does not fit the current.
        """
        shape = surrogate_shape(self.surrogate_fn)
        drive, (beta, theta) = self._drive(current), self.constants()
        if shape is not None:
            return fused_lif(drive, beta, theta, shape, v=v, steps=steps, detach_reset=self.detach_reset)
        count = current.shape[0] if steps is None else steps
        v = self._state(v, drive[0])
        total = torch.zeros_like(drive[0])
        spikes = []
        for t in range(count):
            u = beta * v + drive[t if len(drive) > 1 else 0]
            total = total + u
            spike, v = self._fire(u, theta)
            spikes.append(spike)
        return Scan(torch.stack(spikes), v, total)

    def scan(self, current: Tensor, steps: int | None = None) -> Tensor:
        """Run the cell from rest over all steps; arguments and result as of `SpikingCell.scan`."""
        return self.scan_all(current, steps).spikes


class LIFCell(_LeakyCell):
    """Leaky integrate-and-fire neuron (Lapicque 1907), the one that the hardware has (A13, neuron `lif`).

        u[t] = β·v[t−1] + I[t],   s[t] = [u[t] > θ],   v[t] = u[t] − s[t]·θ

    Args:
        beta: β, 0 … 1. The time constant is −1 / ln β steps: 9.5 steps for 0.9.
        threshold: θ, above 0.
        surrogate_fn: Gradient of a spike.
        learn_beta: Train β.
        learn_threshold: Train θ.
        detach_reset: Leave the reset out of the gradient.

    Example:
        >>> cell = LIFCell(beta=0.5)
        >>> spike, v = cell(torch.tensor([0.75]))
        >>> spike, v = cell(torch.tensor([0.75]), v)
        >>> spike.item(), v.item()
        (1.0, 0.125)
    """

    beta: Tensor

    def __init__(
        self,
        beta: float = 0.9,
        threshold: float = 1.0,
        surrogate_fn: SurrogateFn = atan_surrogate,
        learn_beta: bool = False,
        learn_threshold: bool = False,
        detach_reset: bool = True,
    ) -> None:
        super().__init__(threshold, surrogate_fn, learn_threshold, detach_reset)
        self._number("beta", _decay("beta", beta), learn_beta)

    def _leak(self) -> Tensor:
        return self._learned_beta()

    def forward(self, current: Tensor, v: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run one step: (current, v) → (spike, v)."""
        return self._fire(self._learned_beta() * self._state(v, current) + current, self._theta())


class IFCell(_LeakyCell):
    """Integrate-and-fire neuron: LIFCell without leak, β = 1.

        u[t] = v[t−1] + I[t],   s[t] = [u[t] > θ],   v[t] = u[t] − s[t]·θ

    Args:
        threshold: θ, above 0.
        surrogate_fn: Gradient of a spike.
        learn_threshold: Train θ.
        detach_reset: Leave the reset out of the gradient.
    """

    def __init__(
        self,
        threshold: float = 1.0,
        surrogate_fn: SurrogateFn = atan_surrogate,
        learn_threshold: bool = False,
        detach_reset: bool = True,
    ) -> None:
        super().__init__(threshold, surrogate_fn, learn_threshold, detach_reset)

    def _leak(self) -> Tensor:
        return torch.ones_like(self.threshold.detach())

    def forward(self, current: Tensor, v: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run one step: (current, v) → (spike, v)."""
        return self._fire(self._state(v, current) + current, self._theta())


class LapicqueCell(_LeakyCell):
    """Leaky integrate-and-fire neuron by its circuit (Lapicque 1907): τ·dv/dt = −(v − v_rest) + R·I.

        u[t] = v_rest + e^(−dt/τ)·(v[t−1] − v_rest) + R·(1 − e^(−dt/τ))·I[t],   s[t] = [u[t] > θ]
        v[t] = u[t] − s[t]·(θ − v_rest)

    The step solves the equation exactly for a current that is constant within the step. Use it where time constant and
    resistance are known; LIFCell has the same dynamics with fewer numbers.

    Args:
        tau: τ, membrane time constant, above 0, in the unit of dt.
        r: R, membrane resistance, above 0.
        dt: Duration of a step, above 0.
        threshold: θ, above v_rest.
        v_rest: Potential at rest.
        surrogate_fn: Gradient of a spike.
        learn_threshold: Train θ.
        detach_reset: Leave the reset out of the gradient.
    """

    v_rest: Tensor
    tau: Tensor
    r: Tensor
    dt: Tensor

    def __init__(
        self,
        tau: float = 20.0,
        r: float = 1.0,
        dt: float = 1.0,
        threshold: float = 1.0,
        v_rest: float = 0.0,
        surrogate_fn: SurrogateFn = atan_surrogate,
        learn_threshold: bool = False,
        detach_reset: bool = True,
    ) -> None:
        super().__init__(threshold, surrogate_fn, learn_threshold, detach_reset)
        self._number("tau", _positive("tau", tau))
        self._number("r", _positive("r", r))
        self._number("dt", _positive("dt", dt))
        self._number("v_rest", _finite("v_rest", v_rest))
        require(v_rest < threshold, f"v_rest must be below the threshold of {threshold}, got {v_rest}")

    def _leak(self) -> Tensor:
        return torch.exp(-self.dt / self.tau)

    def _drive(self, current: Tensor) -> Tensor:
        """Return what the current adds to the potential in a step, R·(1 − e^(−dt/τ))·I."""
        # expm1 keeps the digits of 1 − e^(−dt/τ) where dt is small beside τ.
        return current * (-self.r * torch.expm1(-self.dt / self.tau))

    def _level(self) -> Tensor:
        return self._theta() - self.v_rest

    def forward(self, current: Tensor, v: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run one step: (current, v) → (spike, v); v is the potential itself, not measured from v_rest."""
        above = torch.zeros_like(current) if v is None else v - self.v_rest
        spike, above = self._fire(self._leak() * above + self._drive(current), self._level())
        return spike, above + self.v_rest


class SynapticCell(SpikingCell):
    """Leaky integrate-and-fire neuron behind an exponential synapse (Neftci, Mostafa and Zenke 2019).

        i[t] = α·i[t−1] + I[t],   u[t] = β·v[t−1] + i[t],   s[t] = [u[t] > θ],   v[t] = u[t] − s[t]·θ

    The synaptic current i outlasts an input spike, so the potential rises and falls smoothly: one input spike of size 1
    gives the potential (α^(n+1) − β^(n+1)) / (α − β) after n steps.

    Args:
        alpha: α, decay of the synaptic current in a step, 0 … 1.
        beta: β, decay of the potential in a step, 0 … 1.
        threshold: θ, above 0.
        surrogate_fn: Gradient of a spike.
        learn_beta: Train β.
        learn_threshold: Train θ.
        detach_reset: Leave the reset out of the gradient.
    """

    states: ClassVar[tuple[str, ...]] = ("i_syn", "v")
    alpha: Tensor
    beta: Tensor

    def __init__(
        self,
        alpha: float = 0.9,
        beta: float = 0.8,
        threshold: float = 1.0,
        surrogate_fn: SurrogateFn = atan_surrogate,
        learn_beta: bool = False,
        learn_threshold: bool = False,
        detach_reset: bool = True,
    ) -> None:
        super().__init__(threshold, surrogate_fn, learn_threshold, detach_reset)
        self._number("alpha", _decay("alpha", alpha))
        self._number("beta", _decay("beta", beta), learn_beta)

    def forward(
        self, current: Tensor, i_syn: Tensor | None = None, v: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Run one step: (current, i_syn, v) → (spike, i_syn, v)."""
        i_syn = self.alpha * self._state(i_syn, current) + current
        spike, v = self._fire(self._learned_beta() * self._state(v, current) + i_syn, self._theta())
        return spike, i_syn, v


class ALIFCell(SpikingCell):
    """Leaky integrate-and-fire neuron with an adaptive threshold (Bellec et al. 2018, 2020).

        u[t] = β·v[t−1] + I[t],   s[t] = [u[t] > θ + β_a·a[t−1]],   v[t] = u[t] − s[t]·θ
        a[t] = ρ·a[t−1] + (1 − ρ)·s[t]

    a is the recent rate of the neuron, 0 … 1. It changes slowly, so it remembers past activity much longer than v does.

    Args:
        beta: β, decay of the potential in a step, 0 … 1.
        rho: ρ, decay of the adaptation in a step, 0 … 1.
        beta_adapt: β_a, what the threshold gains at one spike every step. With this normalisation 1.8 is the value of
            the 2018 paper.
        threshold: θ, above 0.
        surrogate_fn: Gradient of a spike.
        learn_beta: Train β.
        learn_threshold: Train θ.
        detach_reset: Leave the reset out of the gradient.
    """

    states: ClassVar[tuple[str, ...]] = ("v", "a")
    beta: Tensor
    rho: Tensor
    beta_adapt: Tensor

    def __init__(
        self,
        beta: float = 0.9,
        rho: float = 0.99,
        beta_adapt: float = 1.8,
        threshold: float = 1.0,
        surrogate_fn: SurrogateFn = atan_surrogate,
        learn_beta: bool = False,
        learn_threshold: bool = False,
        detach_reset: bool = True,
    ) -> None:
        super().__init__(threshold, surrogate_fn, learn_threshold, detach_reset)
        self._number("beta", _decay("beta", beta), learn_beta)
        self._number("rho", _decay("rho", rho))
        self._number("beta_adapt", _finite("beta_adapt", beta_adapt))

    def forward(
        self, current: Tensor, v: Tensor | None = None, a: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Run one step: (current, v, a) → (spike, v, a)."""
        a, theta = self._state(a, current), self._theta()
        u = self._learned_beta() * self._state(v, current) + current
        spike, v = self._fire(u, theta, theta + self.beta_adapt * a)
        return spike, v, self.rho * a + (1 - self.rho) * spike


class _ExponentialCell(SpikingCell):
    """Cells with the exponential upstroke (1 − β)·Δ·e^((v − v_rh)/Δ)."""

    beta: Tensor
    delta_t: Tensor
    v_rh: Tensor

    def _upstroke(self, v: Tensor, theta: Tensor, beta: Tensor) -> Tensor:
        """Return the upstroke of a step from the potential v before it."""
        # Above the threshold the spike is decided; there the exponential would only overflow.
        inside = torch.minimum(v, theta)
        return (1 - beta) * self.delta_t * torch.exp((inside - self.v_rh) / self.delta_t)


class ExpIFCell(_ExponentialCell):
    """Exponential integrate-and-fire neuron (Fourcaud-Trocmé et al. 2003).

        u[t] = β·v[t−1] + (1 − β)·Δ·e^((min(v[t−1], θ) − v_rh) / Δ) + I[t]
        s[t] = [u[t] > θ],   v[t] = u[t] − s[t]·θ

    This is Euler's step of τ·dv/dt = −v + Δ·e^((v − v_rh)/Δ) + R·J with β = 1 − dt/τ, where J is the current of the
    circuit and I[t] = (1 − β)·R·J. Near v_rh the potential begins to drive itself upwards. So a constant current I
    above the rheobase (1 − β)·(v_rh − Δ) makes the neuron spike sooner or later.

    Args:
        beta: β, 0 … 1.
        delta_t: Δ, sharpness of the upstroke, above 0, in the unit of v.
        v_rh: Rheobase potential, from which on the upstroke takes over.
        threshold: θ, above 0.
        surrogate_fn: Gradient of a spike.
        learn_beta: Train β.
        learn_threshold: Train θ.
        detach_reset: Leave the reset out of the gradient.
    """

    def __init__(
        self,
        beta: float = 0.9,
        delta_t: float = 0.5,
        v_rh: float = 0.8,
        threshold: float = 1.0,
        surrogate_fn: SurrogateFn = atan_surrogate,
        learn_beta: bool = False,
        learn_threshold: bool = False,
        detach_reset: bool = True,
    ) -> None:
        super().__init__(threshold, surrogate_fn, learn_threshold, detach_reset)
        self._number("beta", _decay("beta", beta), learn_beta)
        self._number("delta_t", _positive("delta_t", delta_t))
        self._number("v_rh", _finite("v_rh", v_rh))

    def forward(self, current: Tensor, v: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run one step: (current, v) → (spike, v)."""
        v, beta, theta = self._state(v, current), self._learned_beta(), self._theta()
        return self._fire(beta * v + self._upstroke(v, theta, beta) + current, theta)


class AdExCell(_ExponentialCell):
    """Adaptive exponential integrate-and-fire neuron (Brette and Gerstner 2005).

        u[t] = v_rest + β·(v[t−1] − v_rest) + (1 − β)·(Δ·e^((min(v[t−1], θ) − v_rh) / Δ) − w[t−1]) + I[t]
        s[t] = [u[t] > θ],   v[t] = u[t] − s[t]·(θ − v_rest)
        w[t] = ρ·w[t−1] + (1 − ρ)·a·(v[t−1] − v_rest) + b·s[t]

    These are Euler's steps of the paper's equations (1) and (2) with β = 1 − dt/τ_m and ρ = 1 − dt/τ_w, where τ_m and
    τ_w are the time constants of potential and adaptation. The adaptation w works against the current; it gives firing
    patterns such as bursts and slowing trains. w, a and b are in units of the leak conductance.

    Args:
        beta: β, 0 … 1.
        delta_t: Δ, sharpness of the upstroke, above 0.
        v_rh: Rheobase potential, from which on the upstroke takes over.
        a: How strongly the potential drives w.
        b: What a spike adds to w.
        rho: ρ, decay of w in a step, 0 … 1.
        v_rest: Potential at rest, below the threshold.
        threshold: θ, above 0.
        surrogate_fn: Gradient of a spike.
        learn_beta: Train β.
        learn_threshold: Train θ.
        detach_reset: Leave the reset out of the gradient.
    """

    states: ClassVar[tuple[str, ...]] = ("v", "w")
    rho: Tensor
    a: Tensor
    b: Tensor
    v_rest: Tensor

    def __init__(
        self,
        beta: float = 0.9,
        delta_t: float = 0.5,
        v_rh: float = 0.8,
        a: float = 0.01,
        b: float = 0.1,
        rho: float = 0.99,
        v_rest: float = 0.0,
        threshold: float = 1.0,
        surrogate_fn: SurrogateFn = atan_surrogate,
        learn_beta: bool = False,
        learn_threshold: bool = False,
        detach_reset: bool = True,
    ) -> None:
        super().__init__(threshold, surrogate_fn, learn_threshold, detach_reset)
        self._number("beta", _decay("beta", beta), learn_beta)
        self._number("rho", _decay("rho", rho))
        self._number("delta_t", _positive("delta_t", delta_t))
        for name, value in {"v_rh": v_rh, "a": a, "b": b, "v_rest": v_rest}.items():
            self._number(name, _finite(name, value))
        require(v_rest < threshold, f"v_rest must be below the threshold of {threshold}, got {v_rest}")

    def forward(
        self, current: Tensor, v: Tensor | None = None, w: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Run one step: (current, v, w) → (spike, v, w)."""
        above = torch.zeros_like(current) if v is None else v - self.v_rest
        w, beta, theta = self._state(w, current), self._learned_beta(), self._theta()
        u = beta * above + self._upstroke(above + self.v_rest, theta, beta) - (1 - beta) * w + current
        w = self.rho * w + (1 - self.rho) * self.a * above
        spike, above = self._fire(u, theta - self.v_rest)
        return spike, above + self.v_rest, w + self.b * spike


class AlphaCell(SpikingCell):
    """Leaky integrate-and-fire neuron with separate excitatory and inhibitory alpha synapses (Rall 1967).

        e[t] = α_e·e[t−1] + exc[t],   i[t] = α_i·i[t−1] + inh[t]
        u[t] = β·v[t−1] + e[t] − i[t],   s[t] = [u[t] > θ],   v[t] = u[t] − s[t]·θ

    exc and inh are the inputs of either kind, usually not below 0. Where α_e = β (the default), one excitatory spike
    gives the potential (n + 1)·β^n after n steps: Rall's alpha function t·e^(−t/τ). In a layer with one signed current
    the positive part excites and the negative part inhibits.

    Args:
        alpha_exc: α_e, decay of the excitatory current in a step, 0 … 1.
        alpha_inh: α_i, decay of the inhibitory current in a step, 0 … 1.
        beta: β, decay of the potential in a step, 0 … 1.
        threshold: θ, above 0.
        surrogate_fn: Gradient of a spike.
        learn_beta: Train β.
        learn_threshold: Train θ.
        detach_reset: Leave the reset out of the gradient.
    """

    states: ClassVar[tuple[str, ...]] = ("i_exc", "i_inh", "v")
    alpha_exc: Tensor
    alpha_inh: Tensor
    beta: Tensor

    def __init__(
        self,
        alpha_exc: float = 0.9,
        alpha_inh: float = 0.85,
        beta: float = 0.9,
        threshold: float = 1.0,
        surrogate_fn: SurrogateFn = atan_surrogate,
        learn_beta: bool = False,
        learn_threshold: bool = False,
        detach_reset: bool = True,
    ) -> None:
        super().__init__(threshold, surrogate_fn, learn_threshold, detach_reset)
        self._number("alpha_exc", _decay("alpha_exc", alpha_exc))
        self._number("alpha_inh", _decay("alpha_inh", alpha_inh))
        self._number("beta", _decay("beta", beta), learn_beta)

    def forward(
        self,
        exc: Tensor,
        inh: Tensor,
        i_exc: Tensor | None = None,
        i_inh: Tensor | None = None,
        v: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Run one step: (exc, inh, i_exc, i_inh, v) → (spike, i_exc, i_inh, v)."""
        i_exc = self.alpha_exc * self._state(i_exc, exc) + exc
        i_inh = self.alpha_inh * self._state(i_inh, inh) + inh
        u = self._learned_beta() * self._state(v, exc) + i_exc - i_inh
        spike, v = self._fire(u, self._theta())
        return spike, i_exc, i_inh, v

    def _call(self, current: Tensor, states: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Run one step with a signed current, split into its positive and its negative part."""
        stepped: tuple[Tensor, ...] = self(current.relu(), (-current).relu(), *states)
        return stepped


class SecondOrderLIFCell(SpikingCell):
    """Leaky integrate-and-fire neuron with inertia: the current moves the rate of change (Dayan and Abbott 2001).

        a[t] = α·a[t−1] + (1 − α)·(I[t] − (1 − β)·v[t−1])
        u[t] = v[t−1] + a[t],   s[t] = [u[t] > θ],   v[t] = u[t] − s[t]·θ

    a is what the potential changes by in a step. Below the threshold the neuron is a linear second-order system about
    the LIF neuron's own steady state I / (1 − β), with poles at the roots of z² − (1 + α − (1 − α)·(1 − β))·z + α;
    where these are complex it oscillates, damped. With α = 0 it is LIFCell.

    Args:
        alpha: α, inertia, 0 … 1.
        beta: β, 0 … 1.
        threshold: θ, above 0.
        surrogate_fn: Gradient of a spike.
        learn_beta: Train β.
        learn_threshold: Train θ.
        detach_reset: Leave the reset out of the gradient.
    """

    states: ClassVar[tuple[str, ...]] = ("a", "v")
    alpha: Tensor
    beta: Tensor

    def __init__(
        self,
        alpha: float = 0.95,
        beta: float = 0.9,
        threshold: float = 1.0,
        surrogate_fn: SurrogateFn = atan_surrogate,
        learn_beta: bool = False,
        learn_threshold: bool = False,
        detach_reset: bool = True,
    ) -> None:
        super().__init__(threshold, surrogate_fn, learn_threshold, detach_reset)
        self._number("alpha", _decay("alpha", alpha))
        self._number("beta", _decay("beta", beta), learn_beta)

    def forward(
        self, current: Tensor, a: Tensor | None = None, v: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Run one step: (current, a, v) → (spike, a, v)."""
        v = self._state(v, current)
        pull = current - (1 - self._learned_beta()) * v
        a = self.alpha * self._state(a, current) + (1 - self.alpha) * pull
        spike, v = self._fire(v + a, self._theta())
        return spike, a, v


class RecurrentLIFCell(SpikingCell):
    """A layer of leaky integrate-and-fire neurons that see each other's last spikes (Neftci, Mostafa and Zenke 2019).

        u[t] = β·v[t−1] + I[t] + V·s[t−1],   s[t] = [u[t] > θ],   v[t] = u[t] − s[t]·θ

    Args:
        n_neurons: Number of neurons, which is the last axis of every tensor, at least 1.
        beta: β, 0 … 1.
        threshold: θ, above 0.
        surrogate_fn: Gradient of a spike.
        learn_beta: Train β.
        learn_threshold: Train θ.
        detach_reset: Leave the reset out of the gradient.

    Attributes:
        recurrent: V, a Linear without bias, trained. It starts with small weights.
    """

    states: ClassVar[tuple[str, ...]] = ("v", "spike_prev")
    beta: Tensor

    def __init__(
        self,
        n_neurons: int,
        beta: float = 0.9,
        threshold: float = 1.0,
        surrogate_fn: SurrogateFn = atan_surrogate,
        learn_beta: bool = False,
        learn_threshold: bool = False,
        detach_reset: bool = True,
    ) -> None:
        super().__init__(threshold, surrogate_fn, learn_threshold, detach_reset)
        require(n_neurons >= 1, f"n_neurons must be at least 1, got {n_neurons}")
        self.n_neurons = n_neurons
        self._number("beta", _decay("beta", beta), learn_beta)
        self.recurrent = nn.Linear(n_neurons, n_neurons, bias=False)
        # Small against the feed-forward current, so that training starts from the network without recurrence.
        nn.init.normal_(self.recurrent.weight, std=0.1 / math.sqrt(n_neurons))

    def forward(
        self, current: Tensor, v: Tensor | None = None, spike_prev: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Run one step: (current, v, spike_prev) → (spike, v).

        The caller passes the spike back as `spike_prev` in the next step; None means that there were no spikes.

        Raises:
            ScError: The last axis of the current is not that of the cell's neurons.
        """
        require(
            current.shape[-1] == self.n_neurons,
            f"the current's last axis must have {self.n_neurons} neurons, got shape {tuple(current.shape)}",
        )
        u = self._learned_beta() * self._state(v, current) + current
        if spike_prev is not None:
            u = u + self.recurrent(spike_prev)
        return self._fire(u, self._theta())

    def _call(self, current: Tensor, states: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Run one step; the spike is also the second state of the next step."""
        spike, v = self(current, *states)
        return spike, v, spike


CELLS: dict[str, Any] = {
    cell.__name__: cell
    for cell in (
        LIFCell,
        IFCell,
        SynapticCell,
        ALIFCell,
        ExpIFCell,
        AdExCell,
        LapicqueCell,
        AlphaCell,
        SecondOrderLIFCell,
        RecurrentLIFCell,
    )
}
"""The ten cells by name."""
