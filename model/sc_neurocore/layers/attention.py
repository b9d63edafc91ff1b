"""Scaled dot-product attention whose two products are AND gates and counters."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks
from ..encoding import as_mode, fresh_seed
from ..errors import require
from ..products import StreamMatrix
from ..sources import SourceLike

__all__ = ["StochasticAttention"]


class StochasticAttention:
    """Attention on bitstreams; for L → ∞ it becomes the attention of floats (Vaswani et al. 2017, equation 1).

        s = Q·Kᵀ,   A = softmax(s / (√dim_k·temperature))   or   A = max(s, 0) / Σ max(s, 0) in each row,   out = A·V

    Both products are counted on streams, with signs as up and down counts (A5, multiply; A6, add). Q and A are encoded
    by x_mode, K and V by w_mode. What lies between the products, an exponential or a division, is computed on the
    counts in binary. In the second form a row without a positive s attends to all keys alike, and the temperature has
    no effect.

    Args:
        dim_k: Number of columns of Q and K.
        temperature: Above 0; a greater one makes the softmax flatter.
        length: L.
        full_scale: Q, K and V lie in [−full_scale, full_scale]; the streams carry them divided by it.
        x_mode: As of `VectorizedSCLayer`.
        w_mode: As of `VectorizedSCLayer`.
        seed: As of `VectorizedSCLayer`.

    Raises:
        ScError: For bad values.

    Example:
        >>> attention = StochasticAttention(dim_k=2, length=64)
        >>> q, k, v = [[1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]], [[0.5], [1.0]]
        >>> attention.forward(q, k, v).tolist()
        [[0.5]]
    """

    def __init__(
        self,
        dim_k: int,
        temperature: float = 1.0,
        length: int = 1024,
        *,
        full_scale: float = 1.0,
        x_mode: SourceLike = "counter",
        w_mode: SourceLike = "vdc",
        seed: int | None = None,
    ) -> None:
        self.dim_k = checks.integer("dim_k", dim_k, 1, 1 << 20)
        self.temperature = checks.number("temperature", temperature, 0.0, open_low=True)
        self.full_scale = checks.number("full_scale", full_scale, 0.0, open_low=True)
        self.x_mode, self.length = as_mode(x_mode, length, "x_mode")
        self.w_mode, _ = as_mode(w_mode, length, "w_mode")
        kept = checks.seed(seed)
        self.seed = fresh_seed() if kept is None else kept

    def _product(self, a: NDArray[np.float64], b: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
        """Return a·bᵀ computed on streams; a has the shape (n, k), b (m, k), both with values in [−1, 1]."""
        matrix = StreamMatrix(a.shape[1], self.length, self.x_mode, self.w_mode, seed)
        matrix.load(b)
        return matrix.sums(a) / self.length

    def _take(self, name: str, values: ArrayLike, columns: int | None) -> NDArray[np.float64]:
        """Return one of Q, K and V, checked and divided by full_scale; `columns` is the width that it must have."""
        a = checks.floats(name, values)
        wanted = "any" if columns is None else columns
        require(
            a.ndim in (2, 3) and a.size and (columns is None or a.shape[-1] == columns),
            f"{name} must have shape (n, {wanted}) or (B, n, {wanted}), got {a.shape}",
        )
        return checks.in_range(name, a, -self.full_scale, self.full_scale) / self.full_scale

    def _attend(self, Q: ArrayLike, K: ArrayLike, V: ArrayLike, softmax: bool) -> NDArray[np.float64]:
        q, k, v = self._take("Q", Q, self.dim_k), self._take("K", K, self.dim_k), self._take("V", V, None)
        require(
            q.ndim == k.ndim == v.ndim and q.shape[:-2] == k.shape[:-2] == v.shape[:-2],
            f"Q, K and V must have the same batch, got shapes {q.shape}, {k.shape}, {v.shape}",
        )
        require(k.shape[-2] == v.shape[-2], f"V must have a row for each of the {k.shape[-2]} keys, got {v.shape[-2]}")
        if q.ndim == 3:
            return np.stack([self._one(*three, softmax) for three in zip(q, k, v, strict=True)])
        return self._one(q, k, v, softmax)

    def _one(
        self, q: NDArray[np.float64], k: NDArray[np.float64], v: NDArray[np.float64], softmax: bool
    ) -> NDArray[np.float64]:
        """Return the attention of one sample of a batch."""
        scores = self._product(q, k, self.seed) * self.full_scale**2
        if softmax:
            logits = scores / (np.sqrt(self.dim_k) * self.temperature)
            weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        else:
            weights = np.maximum(scores, 0.0)
            weights[weights.sum(axis=1) == 0] = 1.0
        weights /= weights.sum(axis=1, keepdims=True)
        return self._product(weights, v.T, self.seed + 1) * self.full_scale

    def forward(self, Q: ArrayLike, K: ArrayLike, V: ArrayLike) -> NDArray[np.float64]:
        """Return the attention with rows normalised by their sum, float64, shape (n, d).

        All three arguments may have a batch axis in front; the result then has it too.

        Args:
            Q: Queries, shape (n, dim_k).
            K: Keys, shape (m, dim_k).
            V: Values, shape (m, d).

        Raises:
            ScError: If shapes do not fit each other, or a value is outside [−full_scale, full_scale].
        """
        return self._attend(Q, K, V, softmax=False)

    def forward_softmax(self, Q: ArrayLike, K: ArrayLike, V: ArrayLike) -> NDArray[np.float64]:
        """Return the softmax attention; arguments, shapes and errors are those of `forward`."""
        return self._attend(Q, K, V, softmax=True)
