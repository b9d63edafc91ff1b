"""Errors say the parameter, its value and the rule; those of the system say path, reason and remedy."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from sc_neurocore.errors import ScError, one_of, os_error_text, os_errors, require, require_one_of


def test_errors_say_path_reason_and_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    for path in (tmp_path / "file" / "below", tmp_path / "none", tmp_path, tmp_path / ("x" * 300)):
        with pytest.raises(OSError) as caught:  # noqa: PT011  # each another one
            path.read_text(encoding="utf-8")
        text = os_error_text(caught.value)
        assert str(path) in text
        assert text.count(": ") >= 2
        assert "Errno" not in text


def test_a_condition_that_does_not_hold_raises_its_message() -> None:
    require([0], "never")
    with pytest.raises(ScError, match=r"^width must be in \[4, 16\], got 3$"):
        require(False, "width must be in [4, 16], got 3")
    assert issubclass(ScError, ValueError)  # callers may catch the usual kind


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("icebraker", ": did you mean icebreaker?"),
        ("ULX3S", ": did you mean ulx3s-12f or ulx3s-85f?"),  # what begins with it, in either case
        ("quartz", ""),
        (7, ""),
        (None, ""),
    ],
)
def test_a_word_that_is_close_is_proposed(value: object, meant: str) -> None:
    boards = ["hx8k", "icebreaker", "ulx3s-12f", "ulx3s-85f"]
    assert one_of("board", value, boards) == f"board must be one of {', '.join(boards)}, got {value!r}{meant}"
    with pytest.raises(ScError, match=r"^board must be one of hx8k"):
        require_one_of("board", value, boards)
    require_one_of("board", "hx8k", boards)


def test_a_long_value_is_shown_in_one_short_line() -> None:
    text = one_of("board", "x\n" * 1000, ["hx8k"], " or a path")
    assert "\n" not in text
    assert len(text) < 150
    assert text.startswith("board must be one of hx8k or a path, got 'x")


def test_an_error_of_the_system_becomes_ours_with_the_remedy() -> None:
    with pytest.raises(ScError, match=r"^/somewhere/net: no space left on device: free some space"), os_errors():
        raise OSError(errno.ENOSPC, "No space left on device", "/somewhere/net")
    missing = FileNotFoundError(errno.ENOENT, "No such file or directory", "/none")
    wanted = r"^/none: no such file or directory: check the name.*; run it again$"
    with pytest.raises(ScError, match=wanted), os_errors(remedy="run it again"):
        raise missing
    with pytest.raises(KeyError), os_errors():
        raise KeyError("other errors pass")
