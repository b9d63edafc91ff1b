"""A two-dimensional convolution on packed bitstreams: rates in, rates out."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks
from ..encoding import as_mode, fresh_seed
from ..errors import require
from ..network import THETA_FRAC
from ..network_layers import Window
from ..neurons import window_if
from ..products import StreamMatrix
from ..sources import SourceLike
from .rate_layer import RateLayer
from .vectorized_sc_layer import threshold

__all__ = ["SCConv2DLayer"]

# Codes that are gathered for the positions at a time: bounds memory.
_FIELD_CODES = 1 << 23


@lru_cache(maxsize=32)
def _fields(shape: tuple[int, int, int], kernel: tuple[int, int], stride: int, padding: int) -> NDArray[np.int64]:
    """Return the input of each tap at each position, (positions, fan-in), −1 for padding; kept for repeated calls."""
    spots = Window(shape, kernel, stride, padding).fields()
    return spots.reshape(len(spots), -1)


class SCConv2DLayer(RateLayer):
    """A convolution (A19): every position is a `VectorizedSCLayer` with the same weights; rates in [0, 1] in and out.

    `weights` is float64 in [−1, 1], shape (out_channels, in_channels, height, width), at first uniform in (0, 1).
    Weights that are assigned or changed in place take effect at the next `forward`.

    Args:
        in_channels: At least 1.
        out_channels: At least 1.
        kernel_size: An integer, or (height, width).
        stride: 1 … 255.
        padding: 0 … the smaller side of the kernel less 1. Outside the image x is 0.
        length: L.
        gain: Slope of a rate by Σ w·x, as of `VectorizedSCLayer`; by default 2 / fan-in.
        bias: None, or values in [−1, 1], shape (out_channels,).
        x_mode: As of `VectorizedSCLayer`; with "bernoulli" each tap of the kernel has its own numbers.
        w_mode: As of `VectorizedSCLayer`.
        seed: As of `VectorizedSCLayer`.

    Raises:
        ScError: For bad values.

    Example:
        >>> layer = SCConv2DLayer(1, 1, kernel_size=2, length=16, gain=0.25, seed=0)
        >>> layer.weights = np.ones((1, 1, 2, 2))
        >>> layer.forward(np.full((1, 2, 3), 0.5)).tolist()
        [[[0.5, 0.5]]]
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int = 1,
        padding: int = 0,
        length: int = 256,
        *,
        gain: float | None = None,
        bias: ArrayLike | None = None,
        x_mode: SourceLike = "counter",
        w_mode: SourceLike = "vdc",
        seed: int | None = None,
    ) -> None:
        self.in_channels = checks.integer("in_channels", in_channels, 1, 4096)
        self.out_channels = checks.integer("out_channels", out_channels, 1, 4096)
        sides: tuple[int, ...] = (kernel_size, kernel_size)  # type: ignore[assignment]
        if isinstance(kernel_size, (tuple, list)):
            sides = checks.sequence("kernel_size", kernel_size, "an integer or (height, width)", 2)
        high, wide = (checks.integer("kernel_size", side, 1, 255) for side in sides)
        self.kernel_size = (high, wide)
        self.stride = checks.integer("stride", stride, 1, 255)
        self.padding = checks.integer("padding", padding, 0, min(self.kernel_size) - 1)
        x_mode, self.length = as_mode(x_mode, length, "x_mode")
        w_mode, _ = as_mode(w_mode, length, "w_mode")
        kept = checks.seed(seed)
        self.seed = fresh_seed() if kept is None else kept
        fan_in = self.in_channels * high * wide
        self.theta = threshold(2 / fan_in if gain is None else checks.number("gain", gain, 0.0, open_low=True))
        self._bias: NDArray[np.float64] | None = None
        if bias is not None:
            values = checks.floats("bias", bias, (self.out_channels,))
            self._bias = checks.in_range("bias", values, -1.0, 1.0)
        self._matrix = StreamMatrix(fan_in, self.length, x_mode, w_mode, self.seed, bias=self._bias is not None)
        shape = (self.out_channels, self.in_channels, high, wide)
        self._weights = np.random.default_rng([self.seed, 2]).uniform(0.0, 1.0, shape)
        self._refresh_packed_weights()

    def _rows(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (out_channels, fan-in), in the order kernel row, kernel column, channel (A19, convolution)."""
        return weights.transpose(0, 2, 3, 1).reshape(self.out_channels, -1)

    def _sums(self, image: ArrayLike) -> tuple[NDArray[np.int64], bool]:
        """Return the sums S, shape (B, rows, columns, out_channels), and whether it was a single image."""
        self._refresh_packed_weights()
        values = checks.floats("image", image)
        require(
            values.ndim in (3, 4) and values.shape[-3] == self.in_channels,
            f"image must have shape ({self.in_channels}, H, W) or (B, {self.in_channels}, H, W), got {values.shape}",
        )
        single = values.ndim == 3
        x = checks.in_range("image", values[None] if single else values, 0.0, 1.0)
        sides = x.shape[2:]
        for side, k in zip(sides, self.kernel_size, strict=True):
            require(
                side + 2 * self.padding >= k,
                f"image must be at least as large as the kernel, {self.kernel_size}, got {sides} with padding "
                f"{self.padding}",
            )
        high, wide = (
            (n + 2 * self.padding - k) // self.stride + 1 for n, k in zip(sides, self.kernel_size, strict=True)
        )
        spots = _fields((*sides, self.in_channels), self.kernel_size, self.stride, self.padding)
        flat = x.transpose(0, 2, 3, 1).reshape(len(x), -1)
        flat = np.concatenate([flat, np.zeros((len(x), 1))], axis=1)  # −1, the padding, is the last
        step = max(1, _FIELD_CODES // spots.size)
        parts = [
            self._matrix.sums(flat[k : k + step][:, spots].reshape(-1, spots.shape[1])) for k in range(0, len(x), step)
        ]
        empty = np.zeros((0, self.out_channels), dtype=np.int64)
        return np.concatenate([empty, *parts]).reshape(len(x), high, wide, self.out_channels), single

    def forward(self, image: ArrayLike) -> NDArray[np.float64]:
        """Return the rates of an image or of a batch.

        Args:
            image: Values in [0, 1], shape (in_channels, H, W) or (B, in_channels, H, W); raises ScError for others.

        Returns:
            float64 in [0, 1], shape (out_channels, H', W') or (B, out_channels, H', W'), with
            H' = ⌊(H + 2·padding − kernel height) / stride⌋ + 1, and W' alike.
        """
        sums, single = self._sums(image)
        rates = window_if(sums, self.theta, THETA_FRAC, self.length).transpose(0, 3, 1, 2) / self.length
        return rates[0] if single else rates

    def scores(self, image: ArrayLike) -> NDArray[np.float64]:
        """Return S/L in place of rates, in the shape of `forward`: signed and not clipped, as a readout needs (A9)."""
        sums, single = self._sums(image)
        scores = sums.transpose(0, 3, 1, 2) / self.length
        return scores[0] if single else scores
