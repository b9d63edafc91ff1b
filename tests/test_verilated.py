"""Simulators that Verilator compiles: on a bare machine, and kept."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from sc_neurocore.hardware import rtl_sim
from strategies import DENSE_ENGINE

pytestmark = pytest.mark.usefixtures("kept_simulators")


def test_a_simulator_is_built_on_a_bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A Debian with an environment that is not activated, so no `python`, and without Perl's library.
    named = tmp_path / "bin"
    named.mkdir()
    for folder in map(Path, os.environ["PATH"].split(os.pathsep)):
        for tool in folder.iterdir() if folder.is_dir() else ():
            if not tool.name.startswith(("python", "perl", "verilator")) and not (named / tool.name).exists():
                (named / tool.name).symlink_to(tool)
    monkeypatch.setenv("PATH", str(named))
    monkeypatch.setenv("SC_NEUROCORE_CACHE", str(tmp_path))
    assert shutil.which("python") is shutil.which("perl") is shutil.which("verilator") is None
    assert rtl_sim.simulator(DENSE_ENGINE).is_file()


def test_the_simulator_is_kept() -> None:
    first = rtl_sim.simulator(DENSE_ENGINE)
    stamp = first.stat().st_mtime_ns
    assert rtl_sim.simulator(DENSE_ENGINE) == first
    assert first.stat().st_mtime_ns == stamp
