"""Writes a built bitstream, and a network's image behind it, to a board's flash, with a programmer found on PATH.

A board loads the bitstream from its flash when it is switched on. A build with `--boot-flash` also loads the network
from there (docs/flash.md), so that new weights can be written without a new build.
"""

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

#: Limit in seconds. Erasing and writing 100 KiB takes a few; a programmer that waits for a board is ended after it.
TIMEOUT = 900


def programmer(board: Board) -> list[str]:
    """Return the command of the first of the board's programmers that works on this machine, with its arguments.

    openFPGALoader must also list the board, since its versions know different ones.

    Raises:
        ScError: none of them can be used; the message says for each what is wrong and how to get it.
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
    """Return whether this openFPGALoader lists the board called `name`."""
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
    """Write the bitstream of a build to a board's flash.

    If the build starts from flash, its network's image is written behind the bitstream.

    Args:
        folder: the folder of the build.
        board: the board, or its name or path; the build must be for it.
        image_only: write the network's image alone, which is enough for new weights.
        network: folder of an artifact whose image is written in place of the build's own. The build's core must hold
            it.
        progress: called with each command before it is run.

    Returns:
        What was done, as text: "board", "programmer", "output" of the programmer, and of what was written the paths
        "bitstream" and "image" (the artifact's folder where `network` is given).

    Raises:
        ScError: the build is for another board, was altered or has no bitstream; it does not start from flash and an
            image was asked for; the network does not fit its core; no programmer works here; or the programmer finds no
            board or fails, in which case its own words are in the message.
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
    """Return an address as the programmer takes it: iceprog in KiB, openFPGALoader in bytes."""
    return f"{at // 1024}k" if Path(loader[0]).name == "iceprog" else str(at)


def _program(command: list[str], where: Board, progress: Callable[[str], None] | None) -> str:
    """Run a programmer and return what it printed; raises ScError, with its words, if it fails or exceeds `TIMEOUT`."""
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
