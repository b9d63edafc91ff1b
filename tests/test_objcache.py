"""Verilator's own libraries are compiled once."""

from __future__ import annotations

import os
import shutil
from functools import cache
from pathlib import Path

import pytest

from sc_neurocore.errors import ScError
from sc_neurocore.hardware import rtl_sim, tools
from sc_neurocore.hardware.image import EngineConfig


def test_verilator_s_libraries_are_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SC_NEUROCORE_CACHE", str(tmp_path))
    monkeypatch.delenv("OBJCACHE", raising=False)
    small, other = (EngineConfig(2, lanes, 6, 10, 4) for lanes in (1, 2))
    first = rtl_sim.simulator(small)
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "verilated" / "objects").iterdir()}
    assert kept
    assert all(path.suffix == ".o" for path in kept)
    assert rtl_sim.simulator(other) != first
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert set((tmp_path / "verilated" / "objects").iterdir()) == set(kept)
    # A compiler that fails leaves nothing there.
    monkeypatch.setenv("SC_NEUROCORE_CACHE", str(tmp_path / "other"))
    broken = tmp_path / "bin" / "g++"
    broken.parent.mkdir()
    broken.write_text(f'#!/bin/sh\ncase "$*" in *--version*) exec {shutil.which("g++")} --version ;; esac\nexit 1\n')
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{broken.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(tools, "find", cache(tools.find.__wrapped__))  # which looks at PATH once in a process
    with pytest.raises(ScError, match="Verilator could not build the simulator"):
        rtl_sim.simulator(small)
    assert not list((tmp_path / "other" / "verilated").glob("objects/*"))
    assert not list((tmp_path / "other" / "verilated").glob("build-*"))
