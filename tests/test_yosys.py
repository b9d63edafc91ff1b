"""The `yosys` command over pyosys: what sby and edalize rely on."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sc_neurocore.errors import ScError
from sc_neurocore.hardware import yosys

Run = Callable[..., "subprocess.CompletedProcess[str]"]

DESIGN = "module top(input a, input b, output y); assign y = a & b; endmodule\n"
COMMAND = [sys.executable, "-m", "sc_neurocore.hardware.yosys"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "top.v").write_text(DESIGN)

    def call(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([*COMMAND, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)

    return call


@pytest.mark.parametrize("option", ["-V", "--version"])
def test_prints_the_version_alone(run: Run, option: str) -> None:
    result = run(option)
    assert result.returncode == 0
    assert re.fullmatch(r"Yosys \d+\.\d+.*\n", result.stdout)


def test_runs_files_then_scripts_then_commands(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.ys").write_text("log from-script\n")
    result = run(
        "-Q",
        "-T",
        "-p",
        "log from-p; log and-more",
        "-s",
        "a.ys",
        "-p",
        "hierarchy -top top; select -count top/y",
        "top.v",
    )
    assert result.returncode == 0, result.stderr
    order = [result.stdout.index(text) for text in ("top.v", "\nfrom-script", "\nfrom-p", "\nand-more", "1 objects.")]
    assert order == sorted(order)


def test_synthesises_as_edalize_does(run: Run, tmp_path: Path) -> None:
    result = run("-l", "yosys.log", "-p", "read_verilog top.v; synth_ice40 -top top", "-p", "write_json top.json")
    assert result.returncode == 0, result.stderr
    cells = json.loads((tmp_path / "top.json").read_text())["modules"]["top"]["cells"]
    assert [cell["type"] for cell in cells.values()] == ["SB_LUT4"]
    assert (tmp_path / "yosys.log").read_text() == result.stdout


def test_quiet_leaves_warnings_and_errors_and_a_whole_log(run: Run, tmp_path: Path) -> None:
    (tmp_path / "w.v").write_text("module top(output y); wire n; assign y = n; endmodule\n")
    result = run("-ql", "w.log", "-p", "read_verilog w.v; log said; prep; check; nonsense")
    assert result.returncode == 1
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert all(line.startswith(("Warning: ", "ERROR: ")) for line in lines)
    assert any("used but has no driver" in line for line in lines)
    assert lines[-1].startswith("ERROR: No such command: nonsense")
    log = (tmp_path / "w.log").read_text()
    assert "\nsaid\n" in log
    assert lines[-1] in log
    twice = run("-q", "-q", "-p", "read_verilog w.v; prep; check; nonsense")
    assert twice.stderr.splitlines() == lines[-1:]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-p", "nonsense"], "ERROR: No such command: nonsense"),
        (["-s", "none.ys"], "ERROR: yosys: file none.ys not found"),
        (["none.v"], "ERROR: yosys: file none.v not found"),
        (["top.txt"], "suffix must be one of .ys, .v"),
        (["-p", "tcl run.tcl"], "ERROR: yosys: pyosys has no Tcl, cannot run run.tcl"),
        (["-c", "run.tcl"], "ERROR: yosys: pyosys has no Tcl, cannot run run.tcl"),
        (["-l", "no/such/folder/log", "-p", "stat"], "log file no/such/folder/log: No such file or directory"),
        (["-z"], "option -z not recognized"),
        ([], "nothing to do"),
    ],
)
def test_errors_are_on_stderr_with_exit_code_1(run: Run, tmp_path: Path, arguments: list[str], message: str) -> None:
    (tmp_path / "top.txt").write_text(DESIGN)
    result = run(*arguments)
    assert result.returncode == 1
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_a_syntax_error_names_file_and_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.v").write_text("module top(\n  input a;\nendmodule\n")
    result = run("-q", "-p", "read_verilog bad.v")
    assert result.returncode == 1
    assert re.search(r"^bad\.v:2: ERROR: ", result.stderr, re.MULTILINE)


def test_names_with_spaces(run: Run, tmp_path: Path) -> None:
    (tmp_path / "my top.v").write_text(DESIGN)
    (tmp_path / "my script.ys").write_text("hierarchy -top top\nlog reached\n")
    result = run("my top.v", "-s", "my script.ys")
    assert result.returncode == 0, result.stderr
    assert "\nreached\n" in result.stdout


def test_expansion_replaces_a_command_in_place(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    asked = []

    def expand(arguments: str) -> Iterator[str]:
        # Runs in the child, so what it saw comes back over the log.
        asked.append(arguments)
        yield f"log [{arguments}]"
        yield 'log "a; b"'

    assert (
        yosys.main(["-Q", "-T", "-p", 'log before; tcl run.tcl; log "tcl; within"', "-c", "other.tcl"], {"tcl": expand})
        == 0
    )
    out = capfdbinary.readouterr().out.decode()
    order = [out.index(text) for text in ("\n[other.tcl]", "\nbefore", "\n[run.tcl]", '\n"tcl; within"')]
    assert order == sorted(order)
    assert out.count('\n"a; b"\n') == 2
    assert asked == []


def test_an_expansion_that_fails_is_an_error(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    def expand(arguments: str) -> Iterator[str]:
        raise ScError(f"cannot read {arguments}")

    assert yosys.main(["-q", "-p", "tcl run.tcl"], {"tcl": expand}) == 1
    assert capfdbinary.readouterr().err == b"ERROR: cannot read run.tcl\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_both_processes(tmp_path: Path, number: signal.Signals) -> None:
    command = [*COMMAND, "-p", "log going; exec -- echo $PPID; exec -- sleep 60"]
    # Where the tests run in the background the shell has them ignore SIGINT, and that would be inherited.
    before = signal.signal(number, signal.SIG_DFL)
    try:
        process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    finally:
        signal.signal(number, before)
    assert process.stdout is not None
    child = 0
    for line in process.stdout:
        if re.fullmatch(r"\d+\n", line):
            child = int(line)
            break
    assert child not in (0, process.pid)
    process.send_signal(number)
    _, error = process.communicate()
    assert process.returncode == 128 + number
    assert "Traceback" not in error
    for _ in range(100):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("the child is still there")


def _fake(folder: Path, version: str) -> Path:
    path = folder / "yosys"
    path.write_text(f"#!/bin/sh\necho '{version}'\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("version", "taken"),
    [
        ("Yosys 0.60 (git sha1 1, x)", True),
        ("Yosys 1.0", True),
        ("Yosys 0.23 (git sha1 7ce5011c24b)", False),
        ("Yosys 0.9 (git sha1 1979e0b)", False),
        ("something else", False),
    ],
)
def test_path_comes_first_if_new_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, taken: bool
) -> None:
    path = _fake(tmp_path, version)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert yosys.command() == ([str(path)] if taken else COMMAND)


def test_neither_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ScError, match=r"no yosys 0\.60 or newer on PATH, and the package pyosys is not here: pip "):
        yosys.command()
