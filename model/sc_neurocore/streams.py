"""Streams of bits and the gates on them (A4 … A6), one function for each RTL module."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import require
from .sources import source

__all__ = ["encode", "multiply", "pack_codes", "popcount", "product_table", "sng", "unpack_codes"]


def sng(x: ArrayLike, r: ArrayLike) -> NDArray[np.bool_]:
    """Return [x > r], elementwise (A4). RTL: rtl/sc_sng.v."""
    return np.asarray(np.greater(x, r))


def encode(x: ArrayLike, length: int, kind: str = "counter") -> NDArray[np.bool_]:
    """Return the window of each code, shape x.shape + (length,). RTL: rtl/sc_window_sng.v.

    >>> encode(3, 4).astype(int).tolist()
    [1, 1, 1, 0]
    """
    return sng(np.asarray(x)[..., None], source(kind, length))


def multiply(
    x: NDArray[np.bool_], w: NDArray[np.bool_], negative: ArrayLike
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the product bits that count +1 and those that count −1 (A5). RTL: rtl/sc_mul.v."""
    product = x & w
    down = np.asarray(product & np.asarray(negative, dtype=bool))
    up: NDArray[np.bool_] = product & ~down
    return up, down


def popcount(bits: NDArray[np.bool_], axis: int = -1) -> NDArray[np.int64]:
    """Return the number of ones along `axis` (A6). RTL: rtl/sc_apc.v."""
    ones: NDArray[np.int64] = np.sum(bits, axis=axis, dtype=np.int64)
    return ones


@lru_cache(maxsize=64)
def product_table(
    length: int, activation_source: str = "counter", weight_source: str = "vdc"
) -> NDArray[np.int64]:
    """Return F[X, W] = popcount of x ∧ w over a window, shape (length + 1, length), read-only (A11).

    >>> int(product_table(16)[8, 8])
    4
    """
    x = encode(np.arange(length + 1), length, activation_source).astype(np.int64)
    w = encode(np.arange(length), length, weight_source).astype(np.int64)
    table = x @ w.T
    table.setflags(write=False)
    return table


def pack_codes(codes: ArrayLike, length: int) -> NDArray[np.int64]:
    """Return signed weight codes as sign and magnitude, the sign in bit n (A2).

    >>> pack_codes([3, -3, 0], 4).tolist()
    [3, 7, 0]
    """
    c = np.asarray(codes, dtype=np.int64)
    worst = int(c.flat[np.abs(c).argmax()]) if c.size else 0
    require(abs(worst) < length, f"weight codes must be in [{1 - length}, {length - 1}], got {worst}")
    return np.where(c < 0, length - c, c)


def unpack_codes(words: ArrayLike, length: int) -> NDArray[np.int64]:
    """Return the signed codes of sign-magnitude words; the inverse of `pack_codes`."""
    w = np.asarray(words, dtype=np.int64)
    return np.where(w & length, -(w & (length - 1)), w)
