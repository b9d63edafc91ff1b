"""Writes a built bitstream, and a network's image behind it, to a board's flash, with the programmer found on PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from .. import artifact
from ..errors import ScError, require
from ..processes import run
from .boards import Board
from .boards import board as board_called
from .build import IMAGE, load
from .flash_image import config_of, read_flash_image, write_flash_image
from .probe import ask
from .tools import TOOLS, find

__all__ = ["flash", "programmer"]

#: Seconds: erasing and writing 100 KiB takes a few; a programmer that waits for a board must not wait for ever.
TIMEOUT = 900


def programmer(board: Board) -> list[str]:
    """Return the command of the first of the board's programmers that is on PATH; raises ScError naming all of them.

    openFPGALoader must know the board: versions differ in that.
    """
    remarks = []
    for name, *arguments in board.programmers:
        if shutil.which(name) is None:
            remarks.append(f"{name} was not found on PATH; to get it: {TOOLS[name].get}")
            continue
        try:
            command = [*find(name).command, *arguments]
        except ScError as error:
            remarks.append(str(error))
            continue
        if name == "openFPGALoader" and not _lists(command[0], arguments[1]):
            remarks.append(f"{command[0]} does not know the board {arguments[1]}")
            continue
        return command
    raise ScError(f"no programmer for {board.name}: " + "; ".join(remarks))


def _lists(program: str, name: str) -> bool:
    """Tell if this openFPGALoader knows the board called `name`."""
    text, wrong = ask([program, "--list-boards"])
    return not wrong and any(line.split()[:1] == [name] for line in text.splitlines())


def flash(
    folder: str | os.PathLike[str],
    board: Board | str,
    *,
    image_only: bool = False,
    network: str | os.PathLike[str] | None = None,
    progress: Callable[[str], None] | None = None,
) -> dict[str, str]:
    """Write the bitstream of the build in `folder` to the board's flash; return what was done as plain values.

    A build that starts from flash has its network's image written behind the bitstream. image_only: the image alone,
    as new weights need. network: an artifact whose image is written in place of the build's, if the core holds it.

    Raises ScError if the build is for another board or was altered, if the network does not fit its core, if no
    programmer is on PATH, and with the programmer's own words if it finds no board or fails.
    """
    where = board_called(board) if isinstance(board, str) else board
    result = load(folder)
    require(result.board == where.name, f"{folder} was built for {result.board}, not for {where.name}")
    if result.bitstream is None:
        raise ScError(f"{folder} has nothing to flash: {result.missing}")
    out = {"board": where.name, "bitstream": result.bitstream}
    if result.image is None:
        require(
            not image_only and network is None,
            f"{folder} does not start from flash: build it with --boot-flash for that",
        )
        command = [*programmer(where), result.bitstream]
        return out | {"programmer": command[0], "output": _program(command, where, progress)}
    config = config_of(result.parameters)
    at = where.image_offset
    if at is None:
        raise ScError(f"{where.name} does not start from its flash")
    with tempfile.TemporaryDirectory() as work:
        image = result.image
        if network is not None:
            image = str(write_flash_image(artifact.load(network), config, Path(work) / IMAGE))
        read_flash_image(image, config)
        size = Path(result.bitstream).stat().st_size
        require(size <= at, f"{result.bitstream}: {size} bytes reach into the image, which begins at {at}")
        loader = programmer(where)
        said = [] if image_only else [_program([*loader, result.bitstream], where, progress)]
        said.append(_program([*loader, "-o", _offset(loader, at), image], where, progress))
    if image_only:
        del out["bitstream"]
    return out | {"image": str(network or image), "programmer": loader[0], "output": "\n".join(said)}


def _offset(loader: list[str], at: int) -> str:
    """Return an address as the programmer takes it."""
    return f"{at // 1024}k" if Path(loader[0]).name == "iceprog" else str(at)


def _program(command: list[str], where: Board, progress: Callable[[str], None] | None) -> str:
    """Run a programmer and return what it said."""
    if progress:
        progress(" ".join(command))
    try:
        done = run(command, limit=TIMEOUT)
    except subprocess.TimeoutExpired:
        raise ScError(f"{command[0]} did not end within {TIMEOUT} s: is the board connected?") from None
    words = done.stdout.strip()
    if done.returncode != 0:
        raise ScError(
            f"{command[0]} could not program {where.name} (status {done.returncode}); is it connected, and may you "
            f"access it? It said:\n{words}"
        )
    return words
