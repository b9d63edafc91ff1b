"""A dense layer on packed bitstreams: rates in, rates out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks
from ..encoding import as_mode, fresh_seed
from ..errors import require
from ..network import THETA_FRAC, THETA_MAX
from ..neurons import window_if
from ..products import StreamMatrix
from ..sources import SourceLike
from .rate_layer import RateLayer

__all__ = ["VectorizedSCLayer", "threshold"]


def threshold(gain: float) -> int:
    """Return the threshold θ in LSB whose slope (A8, window neuron) is nearest to a gain: θ = 2⁴ / gain, rounded.

    Raises:
        ScError: For a gain outside [2⁴/65535, 2⁴].

    Example:
        >>> threshold(0.5)
        32
    """
    top = 1 << THETA_FRAC
    checks.number("gain", gain, 0.0, open_low=True)
    theta = round(top / gain)
    require(1 <= theta <= THETA_MAX, f"gain must be in [{top / THETA_MAX:.3g}, {top}], got {gain!r}")
    return theta


class VectorizedSCLayer(RateLayer):
    """n_neurons `window_if` neurons (A8) on n_inputs streams: rates in [0, 1] in, rates in [0, 1] out.

        rate = clip(⌊gain·S + 1/2⌋, 0, L) / L,     S = Σᵢ ±Σₜ xᵢ(t) ∧ |wᵢ|(t) + bias,     S/L ≈ Σᵢ wᵢ·xᵢ + bias

    `weights` is float64 in [−1, 1], shape (n_neurons, n_inputs), at first uniform in (0, 1), drawn from the seed. The
    sign of a weight steers its product bits up or down (A5, multiply). Weights may be assigned or changed in place: the
    next `forward` encodes them again. Only then is their range checked, since a gradient step may leave it for a
    moment.

    It gives a SharedSourceWarning if inputs and weights share source and phase.

    Args:
        n_inputs: Number of inputs.
        n_neurons: Number of neurons.
        length: L. With the default modes a power of two in 4 … 4096.
        seed: An integer of at least 0, for the first weights and for "bernoulli" and "lfsr"; None draws one, kept as
            `seed`.
        gain: Slope of a rate by Σ w·x, above 0. The default, 2 / n_inputs, maps inputs of 1/2 with weights of 1/2 to
            1/2; with a gain of 1 a sum of many inputs would always be at its limit. The gain is realised by θ =
            round(2⁴/gain) LSB, and the attribute `gain` is what this θ gives.
        bias: None, or values in [−1, 1], shape (n_neurons,): a synapse whose input is 1 (A7, bias).
        x_mode: Number source of the inputs (encoding.MODES). The default, "counter" with "vdc", is that of the
            hardware: its error is about (log L)/L, and a weight of ±1 acts as ±(L − 1)/L. With "bernoulli" each input
            has its own numbers for inputs and weights, fixed by the seed; the error is about 1/√L, and L may be any
            length.
        w_mode: Number source of the weights.

    Raises:
        ScError: For bad values.

    Example:
        >>> layer = VectorizedSCLayer(n_inputs=2, n_neurons=1, length=16, seed=0)
        >>> layer.weights = np.array([[0.5, 0.25]])
        >>> layer.forward([0.5, 1.0])
        array([0.5])
    """

    def __init__(
        self,
        n_inputs: int,
        n_neurons: int,
        length: int = 1024,
        seed: int | None = None,
        *,
        gain: float | None = None,
        bias: ArrayLike | None = None,
        x_mode: SourceLike = "counter",
        w_mode: SourceLike = "vdc",
    ) -> None:
        self.n_inputs = checks.integer("n_inputs", n_inputs, 1, 1 << 20)
        self.n_neurons = checks.integer("n_neurons", n_neurons, 1, 1 << 20)
        self.x_mode, self.length = as_mode(x_mode, length, "x_mode")
        self.w_mode, _ = as_mode(w_mode, length, "w_mode")
        kept = checks.seed(seed)
        self.seed = fresh_seed() if kept is None else kept
        self.theta = threshold(2 / self.n_inputs if gain is None else checks.number("gain", gain, 0.0, open_low=True))
        self._bias: NDArray[np.float64] | None = None
        if bias is not None:
            values = checks.floats("bias", bias, (self.n_neurons,))
            self._bias = checks.in_range("bias", values, -1.0, 1.0)
        self._matrix = StreamMatrix(
            self.n_inputs, self.length, self.x_mode, self.w_mode, self.seed, bias=self._bias is not None
        )
        self._weights = np.random.default_rng([self.seed, 2]).uniform(0.0, 1.0, (self.n_neurons, self.n_inputs))
        self._refresh_packed_weights()

    @property
    def bias(self) -> NDArray[np.float64] | None:
        """The bias of each neuron, or None. The array is a copy: a change to it has no effect."""
        return None if self._bias is None else self._bias.copy()

    def _inputs(self, x: ArrayLike) -> tuple[NDArray[np.float64], bool]:
        """Return the checked inputs as a batch, and whether they were a single sample."""
        self._refresh_packed_weights()
        values = checks.floats("x", x)
        require(
            values.ndim in (1, 2) and values.shape[-1] == self.n_inputs,
            f"x must have shape ({self.n_inputs},) or (B, {self.n_inputs}), got {values.shape}",
        )
        return checks.in_range("x", np.atleast_2d(values), 0.0, 1.0), values.ndim == 1

    def forward(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return the rates of a sample or of a batch. A batch gives what its samples give one by one.

        Args:
            x: Inputs in [0, 1], shape (n_inputs,) or (B, n_inputs); raises ScError for others.

        Returns:
            float64 in [0, 1], shape (n_neurons,) or (B, n_neurons).
        """
        values, single = self._inputs(x)
        counts = window_if(self._matrix.sums(values), self.theta, THETA_FRAC, self.length)
        rates = counts / self.length
        return rates[0] if single else rates

    def scores(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return S/L in place of rates, in the shape of `forward`: signed and not clipped, as a readout needs (A9)."""
        values, single = self._inputs(x)
        scores = self._matrix.sums(values) / self.length
        return scores[0] if single else scores

    def replace(self, **changes: Any) -> VectorizedSCLayer:
        """Return a layer with the same weights, but another length, seed, gain, bias, x_mode or w_mode.

        Raises:
            ScError: For any other name, or a bad value.
        """
        allowed = ("length", "seed", "gain", "bias", "x_mode", "w_mode")
        for name in changes:
            require(name in allowed, f"replace takes {', '.join(allowed)}, got {name!r}")
        kept = {name: getattr(self, name) for name in allowed}
        other = VectorizedSCLayer(self.n_inputs, self.n_neurons, **{**kept, **changes})
        other.weights = self._weights
        return other

    def __repr__(self) -> str:
        return (
            f"VectorizedSCLayer(n_inputs={self.n_inputs}, n_neurons={self.n_neurons}, length={self.length}, "
            f"seed={self.seed}, gain={self.gain:g}, x_mode={self.x_mode!r}, w_mode={self.w_mode!r})"
        )
