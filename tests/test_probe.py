"""Asking a tool for its version, though it hangs."""

from __future__ import annotations

from pathlib import Path

from machine import gone, program
from sc_neurocore.hardware import probe


def test_a_tool_that_hangs_is_ended_with_what_it_started(tmp_path: Path) -> None:
    path = program(tmp_path, "tool", f"sleep 1000 & echo $! > {tmp_path}/child; wait")
    text, wrong = probe.ask([str(path), "--version"], limit=1)
    assert (text, wrong) == ("", "does not answer --version within 1 s")
    assert gone(int((tmp_path / "child").read_text(encoding="utf-8")))
