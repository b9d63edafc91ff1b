"""Loads a built bitstream into a board's configuration flash, with the programmer found on PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable

from ..errors import ScError, require
from .boards import Board
from .boards import board as board_called
from .build import load
from .tools import TOOLS, find

__all__ = ["flash", "programmer"]

#: Seconds: erasing and writing 100 KiB takes a few; a programmer that waits for a board must not wait for ever.
TIMEOUT = 120


def programmer(board: Board) -> list[str]:
    """Return the command of the first of the board's programmers that is on PATH; raises ScError naming all of them.

    openFPGALoader must know the board: versions differ in that.
    """
    remarks = []
    for name, *arguments in board.programmers:
        if shutil.which(name) is None:
            remarks.append(f"{name} was not found on PATH; to get it: {TOOLS[name].get}")
            continue
        command = [*find(name).command, *arguments]
        if name == "openFPGALoader" and not _lists(command[0], arguments[1]):
            remarks.append(f"{command[0]} does not know the board {arguments[1]}")
            continue
        return command
    raise ScError(f"no programmer for {board.name}: " + "; ".join(remarks))


def _lists(program: str, name: str) -> bool:
    """Tell if this openFPGALoader knows the board called `name`."""
    done = subprocess.run([program, "--list-boards"], capture_output=True, text=True, check=False, timeout=TIMEOUT)
    return any(line.split()[:1] == [name] for line in done.stdout.splitlines())


def flash(
    folder: str | os.PathLike[str], board: Board | str, *, progress: Callable[[str], None] | None = None
) -> dict[str, str]:
    """Write the bitstream of the build in `folder` to the board's flash; return what was done as plain values.

    Raises ScError if the build is for another board or was altered, if no programmer is on PATH, and with the
    programmer's own words if it finds no board or fails.
    """
    where = board_called(board) if isinstance(board, str) else board
    result = load(folder)
    require(result.board == where.name, f"{folder} was built for {result.board}, not for {where.name}")
    if result.bitstream is None:
        raise ScError(f"{folder} has nothing to flash: {result.missing}")
    command = [*programmer(where), result.bitstream]
    if progress:
        progress(" ".join(command))
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            timeout=TIMEOUT,
        )
    except subprocess.TimeoutExpired:
        raise ScError(f"{command[0]} did not end within {TIMEOUT} s: is the board connected?") from None
    words = done.stdout.strip()
    if done.returncode != 0:
        raise ScError(
            f"{command[0]} could not program {where.name} (status {done.returncode}); is it connected, and may you "
            f"access it? It said:\n{words}"
        )
    return {"board": where.name, "bitstream": result.bitstream, "programmer": command[0], "output": words}
