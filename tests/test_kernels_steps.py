"""The compiled kernels of networks in steps, each against plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from sc_neurocore import kernels_steps


@pytest.mark.parametrize("n", [1, 31, 32, 63, 64, 65, 100, 128, 257])
@pytest.mark.parametrize("rate", [0.0, 0.1, 1.0])
def test_every_number_that_is_not_0_is_found_in_order(n: int, rate: float) -> None:
    random = np.random.default_rng(n)
    x = ((random.random(n + 70) < rate) * random.integers(1, 1 << 16, n + 70)).astype(np.uint16)
    live = np.full(n + 10, -1, dtype=np.int32)
    for at in (0, 3):
        count = kernels_steps.find(x, at, n, live, 4)
        assert live[4 : 4 + count].tolist() == np.flatnonzero(x[at : at + n]).tolist()


@pytest.mark.parametrize("dtype", [np.int16, np.int32])
@pytest.mark.parametrize("lanes", [32, 64, 96, 128, 160, 224])
def test_rows_are_added_at_any_width(dtype: type, lanes: int) -> None:
    random = np.random.default_rng(lanes)
    w = random.integers(-99, 100, (7, lanes)).astype(dtype)
    flat = np.concatenate([np.full(5, 1000, dtype=dtype), w.reshape(-1)])
    live = np.array([9, 6, 0, 0, 3, 9], dtype=np.int32)
    sums = random.integers(-99, 100, lanes).astype(dtype)
    wanted = sums + w[[6, 0, 0, 3]].sum(axis=0)
    kernels_steps.add_rows(sums, flat, 5, lanes, live, 1, 4)
    assert sums.tolist() == wanted.tolist()
    kernels_steps.add_rows(sums, flat, 5, lanes, live, 1, 0)
    assert sums.tolist() == wanted.tolist()
