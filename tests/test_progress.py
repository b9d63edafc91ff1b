"""Progress: a line a tenth in a file, one line that is rewritten on a terminal, and the rate since the first call."""

from __future__ import annotations

import io
import sys
import time

import pytest

from sc_neurocore.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time in seconds, which stands still unless a test changes it."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_a_file_gets_a_line_for_each_tenth(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    show = Progress("golden model", "weights")
    for done in range(1, 1001):
        clock[0] += 0.01
        show(done, 1000)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert lines[0] == "golden model: 100 of 1,000 weights, 100/s"
    assert lines[-1] == "golden model: 1,000 of 1,000 weights, 100/s"


def test_what_came_before_the_first_call_does_not_count(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    show = Progress("packed")
    clock[0] += 60  # compilation
    show(10, 100)
    clock[0] += 1
    show(50, 100)
    assert capsys.readouterr().err.splitlines() == ["packed: 10 of 100 images", "packed: 50 of 100 images, 40/s"]


def test_work_that_is_done_at_once_has_the_rate_of_the_whole(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    show = Progress("packed")
    clock[0] += 2
    show(50, 50)
    assert capsys.readouterr().err == "packed: 50 of 50 images, 25/s\n"


def test_a_terminal_has_one_line_that_is_rewritten_not_too_often(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    show = Progress("packed")
    for done in (1, 2, 3):
        clock[0] += 0.06
        show(done, 4)
    show(4, 4)
    said = sys.stderr.getvalue()  # type: ignore[attr-defined]
    assert [part.partition(" images")[0] for part in said.split("\r\033[K")[1:]] == [
        "packed: 1 of 4",
        "packed: 3 of 4",
        "packed: 4 of 4",
    ]
    assert said.count("\n") == 1
    assert said.endswith("\n")


def test_nothing_to_do_is_no_error(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    Progress("packed")(0, 0)
    assert capsys.readouterr().err == ""
