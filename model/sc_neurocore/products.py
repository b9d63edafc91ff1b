"""Signed numbers as packed streams, multiplied by AND and summed by popcount, for whole batches.

The layers in `layers` are built on it: it is the matrix product of stochastic computing.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .encoding import fresh_seed, levels, probability_codes, source_pair, weight_codes
from .kernels import Words, expand
from .packed import SERIAL_WORDS, Weights, pack
from .streams import sng
from .threads import in_blocks

__all__ = ["StreamMatrix"]

# Stream bits that are formed at a time: bounds memory.
_BLOCK_BITS = 1 << 25


class StreamMatrix:
    """The streams of a matrix of weights, and its product with inputs: S = Σᵢ ±Σₜ xᵢ(t) ∧ wᵢ(t) (A6, add).

    With "bernoulli" every input has its own numbers from both sources. All neurons and all samples share them, so the
    same inputs always give the same sums.

    Args:
        inputs: Number of inputs, without the bias.
        length: L.
        x_mode: Mode of the inputs, as of `encoding.source_pair`.
        w_mode: Mode of the weights.
        seed: Seed of both; None draws one where a mode is "bernoulli". The attribute `seed` keeps it.
        bias: Whether there is a synapse for a bias, whose input is 1 (A7, bias).
    """

    def __init__(
        self, inputs: int, length: int, x_mode: str, w_mode: str, seed: int | None, *, bias: bool = False
    ) -> None:
        self.inputs, self.length, self.bias = inputs, length, bias
        self.x_mode, self.w_mode = x_mode, w_mode
        self.seed = fresh_seed() if seed is None and "bernoulli" in (x_mode, w_mode) else seed
        self._r_x, self._r_w = source_pair(x_mode, w_mode, length, self.seed, inputs + bias)
        self._x_streams, self._w_streams = (self._streams(r) for r in (self._r_x, self._r_w))
        if self._x_streams is not None:  # of each code
            self._ones = np.bitwise_count(self._x_streams).sum(axis=1, dtype=np.int64)

    def _streams(self, r: NDArray[np.int64]) -> Words | None:
        """Return the packed stream of each code where all lanes share one source, else None."""
        return pack(sng(np.arange(self.length + 1)[:, None], r)) if r.ndim == 1 else None

    def _by_lane(self, codes: NDArray[np.int64], r: NDArray[np.int64]) -> Iterator[NDArray[np.bool_]]:
        """Yield the streams of rows of codes, shape (rows, inputs, length), as many rows at a time as memory allows."""
        step = max(1, _BLOCK_BITS // (codes.shape[1] * self.length))
        for start in range(0, len(codes), step):
            yield sng(codes[start : start + step, :, None], r)

    def load(self, weights: NDArray[np.float64]) -> None:
        """Encode the weights.

        Args:
            weights: Values in [−1, 1], shape (neurons, inputs), with the bias as last column if there is one.
        """
        self.load_codes(weight_codes(weights, self.w_mode, self.length))

    def load_codes(self, codes: NDArray[np.int64]) -> None:
        """Encode signed codes, in the shape that `load` takes."""
        self.codes = codes
        if self._w_streams is not None:
            self._weights = Weights.of_codes(codes, self._w_streams, self.length)
        else:
            negative, first = codes < 0, 0

            def rows() -> Iterator[Words]:
                nonlocal first
                for bits in self._by_lane(np.abs(codes), self._r_w):
                    inverted = negative[first : first + len(bits), :, None]
                    first += len(bits)
                    yield pack((bits ^ inverted).reshape(len(bits), -1))

            self._weights = Weights.of_rows(rows(), negative, self.length)

    @property
    def neurons(self) -> int:
        """Number of rows of the matrix that is loaded."""
        return len(self.codes)

    def sums(self, x: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the sums S, int64, shape (n, neurons); a negative input reverses the direction of its counts.

        Args:
            x: Inputs in [−1, 1], shape (n, inputs).
        """
        codes = np.where(x < 0, -1, 1) * probability_codes(np.abs(x), self.x_mode, self.length)
        out = np.empty((len(x), self.neurons), dtype=np.int64)

        def work(part: slice) -> None:
            some = codes[part]
            out[part] = self._one_sign(np.maximum(some, 0), self.bias)
            if (some < 0).any():
                out[part] -= self._one_sign(np.maximum(-some, 0), False)

        block = max(1, _BLOCK_BITS // ((self.inputs + self.bias) * self.length))
        in_blocks(work, len(x), block, serial=len(x) * self._weights.words.size < SERIAL_WORDS)
        return out

    def _one_sign(self, codes: NDArray[np.int64], bias: bool) -> NDArray[np.int64]:
        """Return the sums for codes of at least 0; `bias` says whether the bias, if there is one, counts."""
        if self.bias:
            full = levels(self.x_mode, self.length) if bias else 0
            codes = np.concatenate([codes, np.full((len(codes), 1), full, dtype=np.int64)], axis=1)
        if self._x_streams is not None:
            return self._weights.sums(expand(codes, self._x_streams, self.length), self._ones[codes])
        blocks = list(self._by_lane(codes, self._r_x))
        x = np.concatenate([pack(bits.reshape(len(bits), -1)) for bits in blocks])
        return self._weights.sums(x, np.concatenate([bits.sum(axis=2) for bits in blocks]))
