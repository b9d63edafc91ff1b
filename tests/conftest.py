"""Settings and fixtures of the unit tests."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from sc_neurocore.network import DenseLayer, InputSpec, Network

# Numba compiles inside the first example; examples are the same in every run, so that a red test is red again.
settings.register_profile("sc_neurocore", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("sc_neurocore")


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(20)


@pytest.fixture
def small() -> Network:
    """A 3-2-2 network of L = 8 with each kind of code: positive, negative, 0, greatest."""
    return Network(
        length=8,
        layers=(
            DenseLayer([[1, -2, 7], [0, -7, 3]], [5, -1], theta=40),
            DenseLayer([[3, -3], [-7, 0]], [0, 7], theta=None),
        ),
        input=InputSpec((3,), full_scale=16, dataset="custom"),
        name="small",
        info={"accuracy": 0.5, "note": "für Tests"},
    )
