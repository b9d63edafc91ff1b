"""Fixtures of the benches."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(scope="session")
def worker_id() -> str:
    """Name of this pytest-xdist worker, so that workers do not build in the same folder; "main" without xdist."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")
