"""The launcher of tools: edalize's Tcl becomes commands of Yosys, and what a tool says and returns is handed on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from machine import program
from sc_neurocore.errors import ScError
from sc_neurocore.hardware import launcher

pytestmark = pytest.mark.usefixtures("fresh_tools")


def expand(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "script.tcl"
    path.write_text(text)
    return launcher.expand_tcl(path)


def test_tcl_of_edalize_is_expanded(tmp_path: Path) -> None:
    (tmp_path / "procs.tcl").write_text(
        "proc read_files {} {\nread_verilog {a.v}\nread_verilog -sv {dir with space/b.sv}\n}\n"
        "proc set_defines {} {\nset defines {{A 1} {B two}}\n\nforeach d ${defines} {\n  set key [lindex $d 0]\n"
        '  set val [lindex $d 1]\n  verilog_defines "-D$key=$val"\n}}\n'
        'proc set_params {} {\nchparam -set N 3 top\nchparam -set FILE {"table.mem"} top}\n'
        "proc synth {top} {\nsynth_ice40 -abc9 -top $top\n}\nset top top\nset name x\n"
    )
    found = expand(
        tmp_path,
        "yosys -import\nsource procs.tcl\n\nverilog_defaults -push\nset_defines\nread_files\nset_params\n"
        "synth $top\n# done\nwrite_json $name.json\n",
    )
    assert found == [
        "verilog_defaults -push",
        "verilog_defines -DA=1",
        "verilog_defines -DB=two",
        "read_verilog a.v",
        'read_verilog -sv "dir with space/b.sv"',
        "chparam -set N 3 top",
        'chparam -set FILE "table.mem" top',
        "synth_ice40 -abc9 -top top",
        "write_json x.json",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("plugin -i uhdm", "unknown Tcl command 'plugin'"),
        ("if {1} {synth_ice40}", "unknown Tcl command 'if'"),
        ("set a [exec ls]", r"only \[lindex LIST INDEX\] is supported"),
        ("synth_ice40 -top $nothing", "Tcl variable nothing is not set"),
        ("read_verilog a\\ b.v", "backslash substitution is not supported"),
        ("proc f {a} {synth_ice40}\nf", "Tcl proc f takes 1 arguments, got 0"),
        ("read_verilog {a.v", "missing closing brace"),
        ("source none.tcl", r"none.tcl not found"),
        ("set a 1", "runs no Yosys command"),
    ],
)
def test_tcl_that_is_not_understood_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ScError, match=message):
        expand(tmp_path, text)


def test_launcher_refuses_an_unknown_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert launcher.main(["quartus_sh", "--flow"]) == 2
    assert "command must be one of" in capsys.readouterr().err


def test_launcher_hands_on_exit_status_and_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "icetime", 'echo "$COLOUR $1" > said; exit 7')
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    assert launcher.main(["env", "COLOUR=red", "icetime", "-r"]) == 7
    assert (tmp_path / "said").read_text() == "red -r\n"
