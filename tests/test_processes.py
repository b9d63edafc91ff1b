"""Processes that we start end with us: by signals, by a limit, and killed where they do not listen."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from machine import environment, gone, wait_for
from sc_neurocore import processes
from sc_neurocore.errors import ScError

#: What a job in the background or under nohup ignores, its children would ignore too.
AS_ON_A_TERMINAL = """
import signal
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
"""
LIBRARY = f"""{AS_ON_A_TERMINAL}
import sys
from sc_neurocore.processes import run
try:
    run(["sh", "-c", "sleep 1000 & echo $! > " + sys.argv[1] + "; wait"])
finally:
    print("tidied up", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_children_of_a_program_that_uses_the_library(tmp_path: Path, number: signal.Signals) -> None:
    mark = tmp_path / "child"
    process = subprocess.Popen(
        [sys.executable, "-c", LIBRARY, str(mark)], env=environment(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    child = int(wait_for(mark, process))
    process.send_signal(number)
    out, said = process.communicate()
    assert (process.returncode, out, said) == (128 + number, "tidied up\n", "")
    assert gone(child)


def test_a_child_that_ignores_the_signal_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "GRACE", 0.2)
    mark = tmp_path / "child"
    with pytest.raises(subprocess.TimeoutExpired):
        processes.run(["sh", "-c", f"trap '' TERM; echo $$ > {mark}; while :; do sleep 1; done"], limit=1)
    assert gone(int(mark.read_text(encoding="utf-8")))


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with processes.ending():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGHUP, before)


SWALLOWS = f"""{AS_ON_A_TERMINAL}
import ctypes, os, sys
from sc_neurocore.errors import ScError
from sc_neurocore.processes import Ended, ending
callback = ctypes.CFUNCTYPE(None)(lambda: [os.kill(os.getpid(), int(sys.argv[1])), range(1000)])
try:
    with ending():
        callback()
        raise {{"late": ScError, "none": RuntimeError}}[sys.argv[2]]("no compiled object yet")
except (Ended, KeyboardInterrupt, ScError) as error:
    print(type(error).__name__)
"""


@pytest.mark.parametrize(
    ("number", "kind", "wanted"),
    [
        (signal.SIGTERM, "none", "Ended"),
        (signal.SIGHUP, "none", "Ended"),
        (signal.SIGINT, "none", "KeyboardInterrupt"),
        (signal.SIGTERM, "late", "ScError"),
    ],
)
def test_what_fails_since_a_compiler_swallowed_a_signal_is_that_signal(
    number: signal.Signals, kind: str, wanted: str
) -> None:
    words = [sys.executable, "-c", SWALLOWS, str(int(number)), kind]
    done = subprocess.run(words, env=environment(), text=True, capture_output=True, check=False)
    assert (done.stdout, done.stderr) == (f"{wanted}\n", "")


def test_output_that_is_no_text_is_taken() -> None:
    assert processes.run(["printf", r"a\377b"]).stdout == "a\ufffdb"
    with pytest.raises(ScError, match="/nonexistent/tool cannot be run: /nonexistent/tool: no such file"):
        processes.run(["/nonexistent/tool"])
