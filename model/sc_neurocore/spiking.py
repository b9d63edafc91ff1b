"""Leaky integrate-and-fire (LIF) neurons in physical units, and a recorder of spikes.

These neurons compute in floating point, for work in Python. The integer neuron of the hardware is `neurons.Lif` (A13);
`LifEquation.lif_params` converts to it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import checks
from .encoding import fresh_seed
from .errors import require
from .neurons import LifParams, fire

__all__ = ["BitstreamSpikeRecorder", "LifEquation", "LifPopulation", "StochasticLIFNeuron"]


@dataclass(frozen=True, slots=True)
class LifEquation:
    """Leaky integrate-and-fire in floats, by forward Euler (Gerstner, Kistler, Naud and Paninski 2014, chapter 1.3).

        u = v − (v − v_rest)·dt/tau_mem + resistance·I·dt + N(0, noise_std²)

    Here v is the membrane voltage, I the input current and N a normal random number. Comparison, reset and refractory
    period then follow A13: the neuron spikes where u ≥ v_threshold; after a spike v = v_reset, and refractory_period
    steps ignore the input. The noise is that of one step, whatever dt is.

    Attributes:
        v_rest: Voltage to which the neuron decays.
        v_reset: Voltage after a spike; below v_threshold.
        v_threshold: Voltage of a spike.
        tau_mem: Time constant of the leak, at least dt, so that the leak never overshoots. Infinity means no leak.
        dt: Duration of a step, above 0, in the unit of tau_mem.
        noise_std: Standard deviation of the noise, at least 0.
        resistance: Factor of the current.
        refractory_period: Steps without input after a spike, an integer of at least 0.

    Raises:
        ScError: For any other value.

    Example:
        >>> LifEquation(tau_mem=20.0).steady_state(0.05)
        1.0
    """

    v_rest: float = 0.0
    v_reset: float = 0.0
    v_threshold: float = 1.0
    tau_mem: float = 20.0
    dt: float = 1.0
    noise_std: float = 0.0
    resistance: float = 1.0
    refractory_period: int = 0

    def __post_init__(self) -> None:
        for name in ("v_rest", "v_reset", "v_threshold", "resistance"):
            object.__setattr__(self, name, checks.number(name, getattr(self, name)))
        object.__setattr__(self, "noise_std", checks.number("noise_std", self.noise_std, 0.0))
        object.__setattr__(self, "dt", checks.number("dt", self.dt, 0.0, open_low=True))
        if self.tau_mem != float("inf"):
            object.__setattr__(self, "tau_mem", checks.number("tau_mem", self.tau_mem, 0.0, open_low=True))
        require(self.dt <= self.tau_mem, f"dt must be at most tau_mem, {self.tau_mem!r}, got {self.dt!r}")
        require(
            self.v_reset < self.v_threshold,
            f"v_reset must be below v_threshold, {self.v_threshold!r}, got {self.v_reset!r}",
        )
        checks.integer("refractory_period", self.refractory_period, 0)

    def steady_state(self, current: float) -> float:
        """Return the voltage to which a constant current leads without spikes: v_rest + resistance·tau_mem·I."""
        return self.v_rest + (self.resistance * self.tau_mem * current if current else 0.0)

    def lif_params(self, frac_bits: int = 8, width: int = 16) -> LifParams:
        """Return the hardware's neuron (A13) that is nearest to this one.

        Its v is counted from v_rest, in units of 2^−frac_bits. Its leak factor is round(256·(1 − dt/tau_mem)) / 256,
        and its current is round(resistance·I·dt·2^frac_bits), which the caller computes.

        Args:
            frac_bits: Fraction bits of voltages, 0 … 31.
            width: Bits of v.

        Raises:
            ScError: If A13 has no such neuron: one with noise, or with a voltage that does not fit the width.
        """
        require(self.noise_std == 0, f"noise_std must be 0 in hardware, got {self.noise_std!r}")
        unit = 1 << checks.integer("frac_bits", frac_bits, 0, 31)
        beta = round(256 * (1 - self.dt / self.tau_mem))
        leak = {"leak_mode": 0, "leak_shift": 0} if beta == 256 else {"leak_mode": 1, "beta": beta}
        return LifParams(
            theta=round((self.v_threshold - self.v_rest) * unit),
            width=width,
            reset_mode=1,
            v_reset=round((self.v_reset - self.v_rest) * unit),
            refractory=self.refractory_period,
            **leak,
        )


class LifPopulation:
    """n neurons with the same equation and independent noise, advanced together.

    Attributes:
        equation: The equation.
        n: Number of neurons.
        v: Voltages, float64, shape (n,).
        rest: Steps of the refractory period that are left, int64, shape (n,).
    """

    def __init__(self, n: int, equation: LifEquation, seed: Any = None) -> None:
        self.equation = equation
        self.n = n
        self._seed = seed
        self.reset()

    def reset(self) -> None:
        """Set all voltages to v_rest, end refractory periods, and start the noise again from the seed."""
        self.v = np.full(self.n, self.equation.v_rest)
        self.rest = np.zeros(self.n, dtype=np.int64)
        self._generator = np.random.default_rng(self._seed)

    def run(self, currents: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Advance one step for each row of currents, and return the spikes, uint8, shape (T, n).

        Args:
            currents: Input currents, shape (T, n), or (T, 1) for a current that all neurons share.
        """
        e = self.equation
        steps = len(currents)
        drive = np.broadcast_to(currents * (e.resistance * e.dt), (steps, self.n))
        if e.noise_std:
            drive = drive + self._generator.normal(0.0, e.noise_std, (steps, self.n))
        leak = e.dt / e.tau_mem
        spikes = np.zeros((steps, self.n), dtype=np.uint8)
        for t in range(steps):
            u = self.v - (self.v - e.v_rest) * leak + drive[t]
            self.v, self.rest, spikes[t] = fire(self.v, u, self.rest, e.v_threshold, e.v_reset, e.refractory_period)
        return spikes


class StochasticLIFNeuron:
    """One leaky integrate-and-fire neuron in physical units; `LifEquation` has the equation, the ranges and the errors.

    The other arguments are those of `LifEquation`. The voltage starts at v_rest.

    Args:
        seed: Seed of the noise, an integer of at least 0; None draws one, kept as `seed`.

    Example:
        >>> neuron = StochasticLIFNeuron(tau_mem=20.0)
        >>> sum(neuron.step(0.08) for _ in range(200))
        10
    """

    def __init__(
        self,
        v_rest: float = 0.0,
        v_reset: float = 0.0,
        v_threshold: float = 1.0,
        tau_mem: float = 20.0,
        dt: float = 1.0,
        noise_std: float = 0.0,
        resistance: float = 1.0,
        refractory_period: int = 0,
        seed: int | None = None,
    ) -> None:
        self.equation = LifEquation(v_rest, v_reset, v_threshold, tau_mem, dt, noise_std, resistance, refractory_period)
        kept = checks.seed(seed)
        self.seed = fresh_seed() if kept is None else kept
        self._population = LifPopulation(1, self.equation, self.seed)

    def step(self, input_current: float) -> int:
        """Advance by dt with this input current; return 1 for a spike, else 0."""
        current = checks.number("input_current", input_current)
        return int(self._population.run(np.array([[current]]))[0, 0])

    def process_bitstream(self, bits: ArrayLike, input_scale: float = 1.0) -> NDArray[np.uint8]:
        """Return the spikes, uint8, shape (T,), for a stream whose ones are current pulses.

        Args:
            bits: The stream, 0 and 1, shape (T,).
            input_scale: The current where the bit is 1; it is 0 elsewhere.
        """
        scale = checks.number("input_scale", input_scale)
        currents = checks.bits("bits", bits).astype(np.float64) * scale
        return self._population.run(currents[:, None])[:, 0]

    def reset_state(self) -> None:
        """Return to the state after construction; the noise starts again too."""
        self._population.reset()

    def get_state(self) -> dict[str, float]:
        """Return {"v": membrane voltage, "refractory": steps of the refractory period that are left}."""
        return {"v": float(self._population.v[0]), "refractory": int(self._population.rest[0])}

    def __repr__(self) -> str:
        return (
            f"StochasticLIFNeuron({', '.join(f'{k}={v}' for k, v in asdict(self.equation).items())}, seed={self.seed})"
        )


class BitstreamSpikeRecorder:
    """A recorder of the spikes of one neuron, with statistics in physical time.

    Args:
        dt_ms: Duration of a step in milliseconds, above 0.

    Example:
        >>> recorder = BitstreamSpikeRecorder(dt_ms=2.0)
        >>> for spike in (1, 0, 0, 1):
        ...     recorder.record(spike)
        >>> recorder.total_spikes(), recorder.firing_rate_hz(), recorder.intervals_ms().tolist()
        (2, 250.0, [6.0])
    """

    def __init__(self, dt_ms: float = 1.0) -> None:
        self.dt_ms = checks.number("dt_ms", dt_ms, 0.0, open_low=True)
        self.reset()

    def reset(self) -> None:
        """Forget all spikes."""
        self._spikes = bytearray()

    def record(self, spike: int) -> None:
        """Append one step; spike is 0 or 1, and raises ScError otherwise."""
        require(spike in (0, 1), f"spike must be 0 or 1, got {spike!r}")
        self._spikes.append(int(spike))

    def as_array(self) -> NDArray[np.uint8]:
        """Return all steps so far, uint8, shape (T,)."""
        return np.frombuffer(bytes(self._spikes), dtype=np.uint8).copy()

    def total_spikes(self) -> int:
        """Return the number of spikes."""
        return sum(self._spikes)

    def firing_rate_hz(self) -> float:
        """Return the spikes per second, 1000·spikes / (T·dt_ms), where T is the number of steps; 0 before the first."""
        return 1000.0 * self.total_spikes() / (len(self._spikes) * self.dt_ms) if self._spikes else 0.0

    def intervals_ms(self) -> NDArray[np.float64]:
        """Return the times between successive spikes in milliseconds, one fewer than there are spikes."""
        intervals: NDArray[np.float64] = np.diff(np.flatnonzero(self.as_array())) * self.dt_ms
        return intervals

    def isi_histogram(self, bins: int = 10) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return a histogram of the inter-spike intervals (ISI).

        Args:
            bins: Number of bins, at least 1.

        Returns:
            (hist, edges): counts, shape (bins,), and edges of the bins in milliseconds, shape (bins + 1,). All counts
            are 0 if there are fewer than two spikes.
        """
        hist, edges = np.histogram(self.intervals_ms(), bins=checks.integer("bins", bins, 1))
        return hist.astype(np.int64), edges
