"""Programmers of boards: the first that works is taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from machine import GLIBC, program
from sc_neurocore.errors import ScError
from sc_neurocore.hardware import flash as flash_module
from sc_neurocore.hardware import tools
from sc_neurocore.hardware.boards import BOARDS

pytestmark = pytest.mark.usefixtures("fresh_tools")


def test_a_programmer_that_is_broken_gives_way_to_the_next(first: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(first))
    program(first, "openFPGALoader", f'echo "{GLIBC}" >&2; exit 1')
    with pytest.raises(ScError, match=r"openFPGALoader does not work on this machine .*iceprog was not found"):
        flash_module.programmer(BOARDS["icebreaker"])
    good = program(first, "iceprog", "echo usage; exit 1")
    assert flash_module.programmer(BOARDS["icebreaker"]) == [str(good)]


def test_flash_refuses_a_folder_that_is_no_build(tmp_path: Path) -> None:
    with pytest.raises(ScError, match=r"build\.json: cannot be read"):
        flash_module.flash(tmp_path, "icebreaker")


COMMANDS = {
    "icebreaker": [("ice40_generic", "-b ice40_generic -f"), ("iceprog", "")],
    "hx8k": [("ice40_generic", "-b ice40_generic -f"), ("iceprog", "")],
    "ulx3s-85f": [("ulx3s", "-b ulx3s -f"), ("fujprog", "-j flash")],
    "ulx3s-12f": [("ulx3s", "-b ulx3s -f"), ("fujprog", "-j flash")],
    "orangecrab": [("orangeCrab", "-b orangeCrab"), ("dfu-util", "-d 1209:5af0 -a 0 -D")],
    "arty-a7": [("arty_a7_35t", "-b arty_a7_35t -f")],
}


@pytest.mark.parametrize("name", sorted(BOARDS))
def test_programmers_of_every_board(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    board = BOARDS[name]
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ScError, match=f"no programmer for {name}: .* was not found on PATH; to get it: ") as caught:
        flash_module.programmer(board)
    for tool, *_ in board.programmers:
        assert tool in str(caught.value)
    (listed, arguments), *others = COMMANDS[name]
    program(tmp_path, "openFPGALoader", f'case "$1" in --list-boards) echo "{listed} x";; *) echo v0.12.0;; esac')
    loader = [str(tmp_path / "openFPGALoader"), *arguments.split()]
    assert flash_module.programmer(board) == loader
    for tool, options in others:
        tools.find.cache_clear()
        (tmp_path / "openFPGALoader").unlink()
        program(tmp_path, tool, "echo 1.0")
        assert flash_module.programmer(board) == [str(tmp_path / tool), *options.split()]
