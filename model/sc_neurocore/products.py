"""Signed numbers as packed streams, multiplied by AND and summed by popcount, for whole batches."""

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
    """The streams of a matrix of weights (neurons, inputs), and the sums S = Σᵢ ±Σₜ xᵢ(t) ∧ wᵢ(t) with inputs (A6).

    length, x_mode, w_mode, seed: as encoding.source_pair. Every input has its lane of both sources, which all neurons
    and all samples share, so the same inputs always give the same sums. bias: whether a synapse of A7 is there.
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
        """Return the packed stream of each code, where all lanes share a source; else None."""
        return pack(sng(np.arange(self.length + 1)[:, None], r)) if r.ndim == 1 else None

    def _by_lane(self, codes: NDArray[np.int64], r: NDArray[np.int64]) -> Iterator[NDArray[np.bool_]]:
        """Yield the streams of rows of codes, (rows, inputs, length), some rows at a time."""
        step = max(1, _BLOCK_BITS // (codes.shape[1] * self.length))
        for start in range(0, len(codes), step):
            yield sng(codes[start : start + step, :, None], r)

    def load(self, weights: NDArray[np.float64]) -> None:
        """Encode weights in [−1, 1], shape (neurons, inputs), the bias as last column if there is one."""
        self.load_codes(weight_codes(weights, self.w_mode, self.length))

    def load_codes(self, codes: NDArray[np.int64]) -> None:
        """Encode signed codes, of that shape."""
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
        """Rows of the matrix."""
        return len(self.codes)

    def sums(self, x: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return S, shape (n, neurons), for x (n, inputs) in [−1, 1]; a negative x turns the count's direction."""
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
        if self.bias:
            full = levels(self.x_mode, self.length) if bias else 0
            codes = np.concatenate([codes, np.full((len(codes), 1), full, dtype=np.int64)], axis=1)
        if self._x_streams is not None:
            return self._weights.sums(expand(codes, self._x_streams, self.length), self._ones[codes])
        blocks = list(self._by_lane(codes, self._r_x))
        x = np.concatenate([pack(bits.reshape(len(bits), -1)) for bits in blocks])
        return self._weights.sums(x, np.concatenate([bits.sum(axis=2) for bits in blocks]))
