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

__all__ = ["VectorizedSCLayer", "threshold"]


def threshold(gain: float) -> int:
    """Return θ = 2^f / gain in LSB, f = 4, for a gain in [2⁴/65535, 2⁴]: that of A8 whose slope is nearest."""
    top = 1 << THETA_FRAC
    checks.number("gain", gain, 0.0, open_low=True)
    theta = round(top / gain)
    require(1 <= theta <= THETA_MAX, f"gain must be in [{top / THETA_MAX:.3g}, {top}], got {gain!r}")
    return theta


class VectorizedSCLayer:
    """n_neurons `window_if` neurons (A8) on n_inputs streams: rates in [0, 1] in, rates in [0, 1] out.

        rate = clip(⌊gain·S + 1/2⌋, 0, L) / L,     S = Σᵢ ±Σₜ xᵢ(t) ∧ |wᵢ|(t) + bias,     S/L ≈ Σᵢ wᵢ·xᵢ + bias

    weights: float64 (n_neurons, n_inputs) in [−1, 1]; the sign of a weight steers its product bits up or down (A5). At
    first uniform in (0, 1), by the seed. Assign them, or change them in place: the next `forward` encodes them anew. It
    checks their range as well, since a gradient step may leave it for a moment.
    gain: finite, the slope of a rate by Σ w·x. The default, 2 / n_inputs, maps inputs of 1/2 with weights of 1/2 to
    1/2; without a gain (1) a sum of many inputs would be at its limit always. It is realised by θ = round(2⁴/gain) LSB;
    `gain` is what θ gives.
    bias: None, or n_neurons values in [−1, 1], a synapse of A7 whose input is 1.
    x_mode, w_mode: number sources (encoding.MODES). The default, "counter" and "vdc", is that of the hardware: error
    about (log L)/L, L a power of two in 4 … 4096, a weight of ±1 acts as ±(L − 1)/L. With "bernoulli" each input has
    its lane of both, fixed by the seed: error about 1/√L, any L.
    seed: an int of at least 0, of the first weights and of "bernoulli" and "lfsr"; None draws one, kept as `seed`.
    Raises ScError for bad values; warns (SharedSourceWarning) where inputs and weights share source and phase.

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
        self._encoded: NDArray[np.float64] | None = None
        self._refresh_packed_weights()

    @property
    def gain(self) -> float:
        """Slope of a rate by Σ w·x: 2⁴ / theta."""
        return (1 << THETA_FRAC) / self.theta

    @property
    def bias(self) -> NDArray[np.float64] | None:
        """The bias of each neuron, or None; read-only."""
        return None if self._bias is None else self._bias.copy()

    @property
    def weights(self) -> NDArray[np.float64]:
        """The weights themselves, float64 (n_neurons, n_inputs)."""
        return self._weights

    @weights.setter
    def weights(self, values: ArrayLike) -> None:
        self._weights = checks.floats("weights", values, (self.n_neurons, self.n_inputs))

    def _refresh_packed_weights(self) -> None:
        """Encode the weights if they changed. Raises ScError for one that is not finite or not in [−1, 1].

        `forward` and all that depends on the weights call it: nobody else has to.
        """
        if self._encoded is not None and np.array_equal(self._encoded, self._weights):
            return
        weights = checks.in_range("weights", checks.floats("weights", self._weights), -1.0, 1.0)
        if self._bias is not None:
            weights = np.concatenate([weights, self._bias[:, None]], axis=1)
        self._matrix.load(weights)
        self._encoded = self._weights.copy()

    @property
    def codes(self) -> NDArray[np.int64]:
        """The signed codes of the encoded weights, the bias as last column if there is one (A2, A7)."""
        self._refresh_packed_weights()
        return self._matrix.codes.copy()

    def _inputs(self, x: ArrayLike) -> tuple[NDArray[np.float64], bool]:
        self._refresh_packed_weights()
        values = checks.floats("x", x)
        require(
            values.ndim in (1, 2) and values.shape[-1] == self.n_inputs,
            f"x must have shape ({self.n_inputs},) or (B, {self.n_inputs}), got {values.shape}",
        )
        return checks.in_range("x", np.atleast_2d(values), 0.0, 1.0), values.ndim == 1

    def forward(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return the rates, float64 (n_neurons,) or (B, n_neurons), for x (n_inputs,) or (B, n_inputs) in [0, 1].

        A batch gives what its samples give one by one.
        """
        values, single = self._inputs(x)
        counts = window_if(self._matrix.sums(values), self.theta, THETA_FRAC, self.length)
        rates = counts / self.length
        return rates[0] if single else rates

    def scores(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return S/L in the place of rates, of the same shape: signed and unclipped, what a readout takes (A9)."""
        values, single = self._inputs(x)
        scores = self._matrix.sums(values) / self.length
        return scores[0] if single else scores

    def replace(self, **changes: Any) -> VectorizedSCLayer:
        """Return a layer with the same weights, but other length, seed, gain, bias, x_mode or w_mode."""
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
