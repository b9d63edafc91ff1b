"""The boards that `build` knows: each a folder with a description, board.toml, a top and constraints.

The boards of the package lie in fpga/. A board of a user's own is given by the path of its folder, wherever that lies
(docs/adding_a_board.md), or is made known by name with `register_boards`. A `Board` says what estimates and
builds need: how large the FPGA is, which clocks its PLL can make, which tools place the design and which program
the board. `board` finds one by name or path.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import ScError, os_errors, require, require_one_of
from ..names import BOARD_FILE as DESCRIPTION
from ..names import is_board_path
from ..paths import hdl_root
from .families import FAMILIES

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["BOARDS", "DESCRIPTION", "Board", "Clock", "board", "is_board_path", "read_boards", "register_boards"]

#: Post-route Fmax must exceed the clock by this factor, as a margin for the jitter of the PLL.
CLOCK_MARGIN = 1.05
#: Greatest relative error of a UART's bit time. The receiver samples the last of ten bits in its middle, so an error of
#: half a bit in ten, 5 %, is too much; and the other end of the line has an error of its own.
BAUD_ERROR = 0.02


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock that the board's PLL can make.

    Attributes:
        mhz: its frequency in MHz.
        parameters: name and value of each parameter of the board's top that sets the PLL to it.
    """

    mhz: float
    parameters: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Board:
    """A board with its FPGA, as board.toml describes it.

    Raises ScError when it is made: if the family is unknown, the clocks do not fall, untimed_mhz is none of them, or no
    whole number of clocks makes a UART bit within `BAUD_ERROR` of the baud rate.

    Attributes:
        name: the name by which commands know the board.
        title: the board and its FPGA in words.
        family: a key of `families.FAMILIES`.
        device: the FPGA, as the family's tools call it.
        package: its package, likewise.
        grade: the devices whose delays place and route takes. Boards of one grade share them, so they share a timing
            model.
        cells: logic cells of an iCE40, LUTs of the other families.
        rams: number of block RAMs.
        ram_shapes: the shapes (width in bits, words) that a block RAM may have.
        oscillator_mhz: the clock that comes in, in MHz.
        clocks: clocks that the PLL can make, fastest first.
        target: the board's target in fusesoc.core.
        folder: its folder, below the root for one in fpga/ (such as fpga/icebreaker), else an absolute path.
        top: the Verilog module of the whole design.
        constraints: name of the file that assigns the pins.
        serial: how the host reaches the UART, in words.
        programmers: commands that load a bitstream, each with its arguments, the preferred one first.
        large_rams: large single-port memories (SPRAM) beside the block RAMs.
        large_ram_words: words of one of them.
        large_ram_width: bits of such a word.
        untimed_mhz: the clock for a design that no tool on this machine places. None where nextpnr places every design.
        image_offset: address in the flash, in bytes, of a network's image, behind the bitstream. None for a board whose
            top cannot start from flash (it has no parameter FLASH_BOOT).
        baud: bits a second of the UART.
        flow: options of the flow's tools, as `flow_options` of a FuseSoC target. Those of a board in fpga/ stand in
            fusesoc.core as well.

    Example:
        >>> board("icebreaker").clock_below(29.0).mhz
        27.0
    """

    name: str
    title: str
    family: str
    device: str
    package: str
    grade: str
    cells: int
    rams: int
    ram_shapes: tuple[tuple[int, int], ...]
    oscillator_mhz: float
    clocks: tuple[Clock, ...]
    target: str
    folder: str
    top: str
    constraints: str
    serial: str
    programmers: tuple[tuple[str, ...], ...]
    large_rams: int = 0
    large_ram_words: int = 1 << 14
    large_ram_width: int = 16
    untimed_mhz: float | None = None
    image_offset: int | None = None
    baud: int = 1_000_000
    flow: Mapping[str, str | list[str]] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        require(self.family in FAMILIES, f"{self.name}: no family is called {self.family!r}")
        rates = [clock.mhz for clock in self.clocks]
        require(rates == sorted(set(rates), reverse=True), f"{self.name}: clocks must fall, got {rates}")
        require(
            self.untimed_mhz is None or self.untimed_mhz in rates,
            f"{self.name}: untimed_mhz must be one of {rates}, got {self.untimed_mhz}",
        )
        for clock in self.clocks:
            bit = self.clocks_per_bit(clock)
            # Relative error of the bit rate that a whole number of clocks gives.
            error = clock.mhz * 1e6 / (bit * self.baud) - 1 if bit else 1.0
            require(
                4 <= bit <= 65535 and abs(error) <= BAUD_ERROR,
                f"{self.name}: {clock.mhz} MHz with {bit} clocks a bit is {error:.1%} off {self.baud} baud",
            )

    @property
    def outside(self) -> bool:
        """Whether the board's folder is not in fpga/ of the package, so that fusesoc.core does not name its files."""
        return os.path.isabs(self.folder)

    @property
    def cell(self) -> str:
        """What `cells` counts, in words."""
        return FAMILIES[self.family].cell

    @property
    def ram_widths(self) -> tuple[int, ...]:
        """Widths that a block RAM may have, ascending."""
        return tuple(width for width, _ in self.ram_shapes)

    def clocks_per_bit(self, clock: Clock) -> int:
        """Return the clocks of one UART bit, rounded: CLOCKS_PER_BIT of the board's top."""
        return round(clock.mhz * 1e6 / self.baud)

    def clock_below(self, fmax_mhz: float) -> Clock | None:
        """Return the fastest clock that a design of this post-route Fmax can take, None if there is none.

        Args:
            fmax_mhz: the Fmax, in MHz. It must exceed the clock by the factor `CLOCK_MARGIN`.
        """
        return next((c for c in self.clocks if c.mhz * CLOCK_MARGIN <= fmax_mhz), None)

    def rams_for(self, width: int, depth: int) -> int:
        """Return the block RAMs that a memory takes.

        All of them have the same shape here, the one that needs fewest blocks. Synthesis may mix shapes and save one.

        Args:
            width: bits of a word.
            depth: number of words.

        Example:
            >>> board("icebreaker").rams_for(10, 1024)
            3
        """
        return min(-(-width // w) * -(-depth // words) for w, words in self.ram_shapes)

    def large_rams_for(self, width: int, address_bits: int) -> int:
        """Return the large memories that a memory of 2^address_bits words of `width` bits takes."""
        return -(-width // self.large_ram_width) * -(-(1 << address_bits) // self.large_ram_words)


def _ice40_pll(oscillator: int, mhz: int) -> Clock:
    """Return the setting of the iCE40's PLL for a clock.

    VCO = oscillator · (DIVF + 1), within 533 … 1066 MHz, and clock = VCO / 2^DIVQ; all in MHz. Raises ScError where no
    DIVF and DIVQ give the clock exactly.
    """
    for divq in range(1, 7):
        divf, rest = divmod(mhz << divq, oscillator)
        if rest == 0 and 533 <= oscillator * divf <= 1066 and divf <= 128:
            return Clock(float(mhz), (("PLL_DIVF", divf - 1), ("PLL_DIVQ", divq)))
    raise ScError(f"the iCE40 PLL makes no {mhz} MHz from {oscillator} MHz")


def _pll(oscillator: int, mhz: int, low: int, high: int) -> Clock:
    """Return the setting of a PLL with a multiplier and a divider.

    The VCO runs at oscillator · MULT, and the clock is VCO / DIV. MULT and DIV are at most 64, which both families
    take. Of several settings the one whose VCO is nearest the middle of its range is chosen.

    Args:
        oscillator: the clock that comes in, in MHz.
        mhz: the clock that is wanted.
        low: least frequency of the VCO, in MHz.
        high: its greatest.

    Raises:
        ScError: no setting makes the clock exactly.

    Example:
        >>> _pll(25, 50, 400, 800).parameters
        (('PLL_MULT', 24), ('PLL_DIV', 12))
    """
    found = [
        (abs(2 * oscillator * mult - low - high), mult, oscillator * mult // mhz)
        for mult in range(-(-low // oscillator), min(64, high // oscillator) + 1)
        if oscillator * mult % mhz == 0 and oscillator * mult // mhz <= 64
    ]
    require(found, f"no VCO from {low} to {high} MHz makes {mhz} MHz from {oscillator} MHz")
    _, mult, div = min(found)
    return Clock(float(mhz), (("PLL_MULT", mult), ("PLL_DIV", div)))


def _clock(family: str, oscillator: int, mhz: int) -> Clock:
    """Return the setting of a family's PLL for a clock of `mhz`, as parameters of the tops in fpga/."""
    if family == "ice40":
        return _ice40_pll(oscillator, mhz)
    # Of the ECP5 the phase detector runs at the oscillator's clock (fpga/common/sc_ecp5_pll.v), within 10 … 400 MHz.
    low, high = (400, 800) if family == "ecp5" else (800, 1600)
    return _pll(oscillator, mhz, low, high)


# Block RAM of 4 kbit (iCE40; one bit wide is what synthesis makes of the 2-bit shape); of 18 kbit, the ECP5's DP16KD
# and half of a 7-series RAMB36: parity from 9 bits on.
_RAM4 = ((1, 4096), (2, 2048), (4, 1024), (8, 512), (16, 256))
_RAM18 = ((1, 16384), (2, 8192), (4, 4096), (9, 2048), (18, 1024), (36, 512))

_RAM_SHAPES = {"ice40": _RAM4, "ecp5": _RAM18, "xc7": _RAM18}

# The entries of a board.toml and the type of each. Those after `flow` may be left out.
_ENTRIES: Mapping[str, type] = {
    "name": str,
    "title": str,
    "family": str,
    "device": str,
    "package": str,
    "grade": str,
    "cells": int,
    "rams": int,
    "oscillator_mhz": int,
    "clocks_mhz": list,
    "top": str,
    "constraints": str,
    "serial": str,
    "programmers": list,
    "flow": dict,
    "large_rams": int,
    "large_ram_words": int,
    "large_ram_width": int,
    "untimed_mhz": int,
    "image_offset": int,
    "baud": int,
}
# Without the options of its flow nextpnr takes a device of its own choice.
_NEEDED = tuple(_ENTRIES)[: tuple(_ENTRIES).index("flow") + 1]


def _board(entries: Mapping[str, Any], folder: str, where: Path) -> Board:
    """Return the board that one set of entries of a board.toml describes.

    Args:
        entries: the entries by name, those common to the file and those of one board put together.
        folder: `Board.folder`.
        where: path of the board.toml, for error messages.

    Raises:
        ScError: an entry is unknown, missing or of another type, or `Board` or the PLL refuses its value.
    """
    for name, value in entries.items():
        require_one_of(f"{where}: an entry", name, _ENTRIES)
        kind = _ENTRIES[name]
        fits = isinstance(value, kind) and not isinstance(value, bool)
        require(fits, f"{where}: {name} must be of type {kind.__name__}, got {value!r}")
    missing = [name for name in _NEEDED if name not in entries]
    require(not missing, f"{where}: {', '.join(missing)} missing")
    family, rates, oscillator = entries["family"], entries["clocks_mhz"], entries["oscillator_mhz"]
    require_one_of(f"{where}: family", family, FAMILIES)
    require(rates and all(type(mhz) is int for mhz in rates), f"{where}: clocks_mhz must be integers, got {rates}")
    words = [tuple(map(str, command)) for command in entries["programmers"] if isinstance(command, list)]
    require(len(words) == len(entries["programmers"]), f"{where}: programmers must be lists of words")
    values = {name: value for name, value in entries.items() if name != "clocks_mhz"}
    values |= {
        "programmers": tuple(words),
        "oscillator_mhz": float(oscillator),
        "clocks": tuple(_clock(family, oscillator, mhz) for mhz in rates),
        "ram_shapes": _RAM_SHAPES[family],
        "target": entries["name"],
        "folder": folder,
    }
    if "untimed_mhz" in values:
        values["untimed_mhz"] = float(values["untimed_mhz"])
    return Board(**values)


def _read(path: Path, folder: str) -> tuple[int, list[Board]]:
    """Return the boards of a description, and the number by which lists of boards are sorted.

    A file may describe several boards: its list `boards` has the entries in which they differ. The number is the entry
    `order`; a board without one comes last.
    """
    with os_errors(path):
        text = path.read_bytes()
    try:
        content = tomllib.loads(text.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScError(f"{path}: no valid TOML: {error}") from None
    order = content.pop("order", 1 << 30)
    require(type(order) is int, f"{path}: order must be an integer, got {order!r}")
    variants = content.pop("boards", [{}])
    require(isinstance(variants, list) and variants, f"{path}: boards must be a list of tables")
    boards = []
    for variant in variants:
        require(isinstance(variant, dict), f"{path}: boards must be a list of tables")
        boards.append(_board(content | variant, folder, path))
    for found in boards:
        for name in (f"{found.top}.v", found.constraints):
            require((path.parent / name).is_file(), f"{path}: there is no file {name} beside it")
    return order, boards


def read_boards(folder: str | os.PathLike[str]) -> tuple[Board, ...]:
    """Return the boards that a folder describes, in the order of its board.toml.

    Args:
        folder: path of the folder; it need not be in fpga/.

    Raises:
        ScError: an entry is missing, unknown or of another type, a file that the description names is not there, the
            PLL cannot make a clock, or the UART's baud rate does not go with it. The message names file and entry.
    """
    path = Path(folder).absolute()
    return tuple(_read(path / DESCRIPTION, str(path))[1])


def _own_boards() -> dict[str, Board]:
    """Return the boards of the package by name, sorted by the entry `order` of their descriptions."""
    root = hdl_root()
    found = [_read(path, path.parent.relative_to(root).as_posix()) for path in (root / "fpga").glob(f"*/{DESCRIPTION}")]
    return {b.name: b for _, boards in sorted(found, key=lambda one: one[0]) for b in boards}


#: The boards by name: those in fpga/, and those that `register_boards` has added since.
BOARDS: dict[str, Board] = _own_boards()


def register_boards(folder: str | os.PathLike[str]) -> tuple[Board, ...]:
    """Make the boards of a folder known by their names in this process.

    Afterwards all functions that take a board's name find them.

    Args:
        folder: path of a folder with a board.toml.

    Returns:
        The boards, as `read_boards` gives them.

    Raises:
        ScError: another folder's board has the name already, or the folder is refused by `read_boards`.
    """
    boards = read_boards(folder)
    for new in boards:
        known = BOARDS.get(new.name)
        require(
            known is None or known.folder == new.folder, f"a board is called {new.name!r} already: choose another name"
        )
    BOARDS.update({new.name: new for new in boards})
    return boards


def board(name: str) -> Board:
    """Return a board by its name or by the path of its folder.

    Args:
        name: a name such as "icebreaker", or the path of a folder with a board.toml. If the folder describes several
            boards, the path goes on with the name of one: path/to/folder/name.

    Raises:
        ScError: no such board is known; the message lists the known ones. Also if the path leaves open which of several
            boards is meant, and if `read_boards` refuses the folder.
    """
    if name in BOARDS:
        return BOARDS[name]
    path = Path(name)
    if (path / DESCRIPTION).is_file():
        boards = read_boards(path)
        names = [f"{path / b.name}" for b in boards]
        require(len(boards) == 1, f"{path} describes several boards: choose one of {', '.join(names)}")
        return boards[0]
    if is_board_path(name):
        found = {b.name: b for b in read_boards(path.parent)}
        require_one_of(f"the board of {path.parent}", path.name, found)
        return found[path.name]
    require_one_of("board", name, sorted(BOARDS))
    raise AssertionError("require_one_of raises for a name that is not known")
