"""Settings, and fixtures that several test files use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from sc_neurocore import artifact
from sc_neurocore.hardware import tools
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


@pytest.fixture
def fresh_tools() -> Iterator[None]:
    """Look for every tool anew, and forget afterwards which ones this test found."""
    tools.find.cache_clear()
    yield
    tools.find.cache_clear()


@pytest.fixture
def first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that comes first on PATH."""
    folder = tmp_path / "first"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a folder that is all of PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    tools.find.cache_clear()
    yield folder
    tools.find.cache_clear()


@pytest.fixture(scope="module")
def kept_simulators() -> None:
    """Keep the simulators that tests build in build/, not in the user's cache."""
    if "SC_NEUROCORE_CACHE" not in os.environ:
        os.environ["SC_NEUROCORE_CACHE"] = str(Path(__file__).resolve().parents[1] / "build" / "cache")


@pytest.fixture(scope="module")
def digits() -> Network:
    """The committed network for the digits data."""
    return artifact.load(Path(__file__).resolve().parents[1] / "train" / "networks" / "digits")
