"""A layer of leaky integrate-and-fire (LIF) neurons in physical units, driven by currents from bitstreams, in time."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks
from ..encoding import fresh_seed
from ..errors import SilentNetworkWarning, require
from ..sources import SourceLike
from ..spiking import LifEquation, LifPopulation
from ..synapses import CurrentStreams

__all__ = ["SCDenseLayer"]


class SCDenseLayer:
    """n_neurons LIF neurons (`spiking.LifEquation`), driven by currents as of `BitstreamCurrentSource`.

    With one-dimensional weights all neurons share one current, so they differ by their noise only. With two-dimensional
    weights this is a dense layer: each neuron has its own weights and current, from the same input streams. The
    arguments x_min … y_max, length, x_mode and w_mode are those of `BitstreamCurrentSource`.

    Args:
        n_neurons: At least 1.
        x_inputs: Values of the inputs, in [x_min, x_max].
        weight_values: Weights in [w_min, w_max], shape (n_inputs,) or (n_neurons, n_inputs).
        dt_ms: Milliseconds of a clock, used for rates and as the neurons' dt.
        neuron_params: Parameters of `LifEquation` by name; a dt among them replaces dt_ms for the neurons.
        base_seed: Seed of streams and noise, an integer of at least 0; None draws one, kept as `base_seed`.

    Raises:
        ScError: For bad values.

    Example:
        >>> layer = SCDenseLayer(
        ...     2, [1.0], [[1.0], [0.75]], 0.0, 1.0, 0.0, 1.0, length=16, x_mode="counter", w_mode="vdc"
        ... )
        >>> layer.run(100)
        >>> [stat["total_spikes"] for stat in layer.summary()["stats"]]
        [6, 4]
    """

    def __init__(
        self,
        n_neurons: int,
        x_inputs: Sequence[float] | NDArray[np.float64],
        weight_values: ArrayLike,
        x_min: float,
        x_max: float,
        w_min: float,
        w_max: float,
        length: int = 2048,
        y_min: float = 0.0,
        y_max: float = 0.1,
        dt_ms: float = 1.0,
        neuron_params: Mapping[str, Any] | None = None,
        base_seed: int | None = None,
        *,
        x_mode: SourceLike = "bernoulli",
        w_mode: SourceLike = "bernoulli",
    ) -> None:
        self.n_neurons = checks.integer("n_neurons", n_neurons, 1)
        weights = checks.floats("weight_values", weight_values)
        require(
            weights.ndim == 1 or (weights.ndim == 2 and len(weights) == self.n_neurons),
            f"weight_values must have shape (n_inputs,) or ({self.n_neurons}, n_inputs), got {weights.shape}",
        )
        self.dt_ms = checks.number("dt_ms", dt_ms, 0.0, open_low=True)
        given = dict(neuron_params or {})
        names = [f.name for f in fields(LifEquation)]
        for name in given:
            require(name in names, f"neuron_params must be of {', '.join(names)}, got {name!r}")
        self.equation = LifEquation(**{"dt": self.dt_ms, **given})
        kept = checks.seed(base_seed, "base_seed")
        self.base_seed = fresh_seed() if kept is None else kept
        shared = np.atleast_2d(weights)
        self._streams = CurrentStreams(
            x_inputs, x_min, x_max, shared, w_min, w_max, length, y_min, y_max, self.base_seed, x_mode, w_mode
        )
        self.length = self._streams.length
        self._population = LifPopulation(self.n_neurons, self.equation, [self.base_seed, 1])
        self.reset()

    def reset(self) -> None:
        """Return to the state after construction: clock 0, potentials at rest, noise from its start, no spikes."""
        self._population.reset()
        self._clock = 0
        self._spikes: list[NDArray[np.uint8]] = []

    def run(self, T: int) -> None:
        """Advance T clocks from the current one, and append the spikes to those of earlier runs.

        It gives a SilentNetworkWarning if neurons did not spike and their mean current cannot bring them to the
        threshold. The warning states both voltages.

        Args:
            T: Number of clocks, at least 1; raises ScError for another.
        """
        steps = checks.integer("T", T, 1)
        clocks = (self._clock + np.arange(steps)) % self.length
        spikes = self._population.run(self._streams.currents[:, clocks].T)
        self._clock += steps
        self._spikes.append(spikes)
        self._warn_if_silent(spikes)

    def _warn_if_silent(self, spikes: NDArray[np.uint8]) -> None:
        e = self.equation
        means = np.broadcast_to(self._streams.currents.mean(axis=1), self.n_neurons)
        steady = np.array([e.steady_state(float(mean)) for mean in means])
        silent = np.flatnonzero(~spikes.any(axis=0) & (steady < e.v_threshold))
        if not silent.size:
            return
        best = int(silent[np.argmax(steady[silent])])
        needed = (e.v_threshold - e.v_rest) / (e.resistance * e.tau_mem) if e.resistance > 0 else float("nan")
        warnings.warn(
            f"{silent.size} of {self.n_neurons} neurons gave no spike in {len(spikes)} steps: their steady-state "
            f"voltage v_rest + resistance*tau_mem*I is at most {steady[best]:.3g}, below v_threshold "
            f"{e.v_threshold:.3g} (mean current {means[best]:.3g}, tau_mem {e.tau_mem:g}). It takes a mean current "
            f"above {needed:.3g}: raise y_max, the weights or tau_mem, or lower v_threshold",
            SilentNetworkWarning,
            stacklevel=3,
        )

    def get_spike_trains(self) -> NDArray[np.uint8]:
        """Return the spikes of all runs since the last reset, uint8, shape (n_neurons, T)."""
        if not self._spikes:
            return np.zeros((self.n_neurons, 0), dtype=np.uint8)
        return np.ascontiguousarray(np.concatenate(self._spikes).T)

    def summary(self) -> dict[str, Any]:
        """Return counts and rates of the spikes since the last reset.

        Returns:
            {"n_neurons", "stats": [{"neuron", "total_spikes", "firing_rate_hz"}, …], "avg_firing_rate_hz"}. Rates are
            spikes a second, where the time is T·dt_ms; they are 0 before the first run.
        """
        trains = self.get_spike_trains()
        totals = trains.sum(axis=1, dtype=np.int64)
        rates = 1000.0 * totals / (max(1, trains.shape[1]) * self.dt_ms)
        stats = [
            {"neuron": k, "total_spikes": int(total), "firing_rate_hz": float(rate)}
            for k, (total, rate) in enumerate(zip(totals, rates, strict=True))
        ]
        return {"n_neurons": self.n_neurons, "stats": stats, "avg_firing_rate_hz": float(rates.mean())}
