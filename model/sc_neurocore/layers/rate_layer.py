"""What the layers with rates in and rates out have in common: weights that are encoded when they have changed."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks
from ..network import THETA_FRAC
from ..products import StreamMatrix

__all__ = ["RateLayer"]


class RateLayer:
    """A layer of `window_if` neurons (A8) whose weights a program may change at any time.

    The constructor of a subclass sets the attributes below and then calls `_refresh_packed_weights` once.

    Attributes:
        theta: Threshold in LSB.
    """

    theta: int
    _bias: NDArray[np.float64] | None
    _matrix: StreamMatrix
    _weights: NDArray[np.float64]
    _encoded: NDArray[np.float64] | None = None  # the weights of which the streams are made

    @property
    def gain(self) -> float:
        """Slope of a rate by Σ w·x: 2⁴ / theta. It may differ from the gain asked for, because theta is an integer."""
        return (1 << THETA_FRAC) / self.theta

    @property
    def weights(self) -> NDArray[np.float64]:
        """The weights themselves, float64, one row for each output; they may be changed in place."""
        return self._weights

    @weights.setter
    def weights(self, values: ArrayLike) -> None:
        self._weights = checks.floats("weights", values, self._weights.shape)

    def _rows(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the weights as a matrix, one row for each output, in the order of an output's inputs."""
        return weights

    def _refresh_packed_weights(self) -> None:
        """Encode the weights if they changed since the last time.

        `forward` and everything that depends on the weights call it.

        Raises:
            ScError: For a weight that is not finite or not in [−1, 1].
        """
        if self._encoded is not None and np.array_equal(self._encoded, self._weights):
            return
        rows = self._rows(checks.in_range("weights", checks.floats("weights", self._weights), -1.0, 1.0))
        if self._bias is not None:
            rows = np.concatenate([rows, self._bias[:, None]], axis=1)
        self._matrix.load(rows)
        self._encoded = self._weights.copy()

    @property
    def codes(self) -> NDArray[np.int64]:
        """The signed codes of the weights, a row for each output; the bias is the last column if there is one (A7)."""
        self._refresh_packed_weights()
        return self._matrix.codes.copy()
