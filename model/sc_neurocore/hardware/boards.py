"""The boards that `build` knows: each a folder with a description, board.toml, a top and constraints.

Those of the package lie in fpga/; a board of a user's own is given by the path of its folder, wherever that lies
(docs/adding_a_board.md).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import ScError, os_errors, require, require_one_of
from ..paths import hdl_root
from .families import FAMILIES

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["BOARDS", "DESCRIPTION", "Board", "Clock", "board", "is_board_path", "read_boards", "register_boards"]

#: The file of a board's folder that describes it.
DESCRIPTION = "board.toml"

#: Post-route Fmax must exceed the clock by this factor: the PLL's jitter, and some air.
CLOCK_MARGIN = 1.05
#: A UART's bit may be longer or shorter than the baud rate says by this factor: half a bit in the last of ten is 5 %,
#: and the other end has its own error.
BAUD_ERROR = 0.02


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock that the board's PLL gives, with the parameters of the board's top that set it."""

    mhz: float
    parameters: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Board:
    """A board with its FPGA.

    family: of FAMILIES. grade: whose delays place and route takes; boards of one grade share them. cells: logic cells
    of an iCE40, LUTs of the others. rams: block RAMs, each in any of ram_shapes (width, words). large_rams: memories of
    large_ram_words × large_ram_width. clocks: what the PLL can give, fastest first. untimed_mhz: the one of them for a
    design that no tool here places; None where nextpnr does. serial: how the host reaches the UART. target: of
    fusesoc.core; folder: its own in fpga/, or the absolute path of one elsewhere. programmers: commands that load a
    bitstream, by preference, with their arguments. image_offset: where a network's image lies in the flash, behind the
    bitstream, of a board whose top has FLASH_BOOT; else None. flow: options of the flow's tools, as `flow_options` of a
    FuseSoC target; those of a board in fpga/ stand in fusesoc.core as well.
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
            error = clock.mhz * 1e6 / (bit * self.baud) - 1 if bit else 1.0
            require(
                4 <= bit <= 65535 and abs(error) <= BAUD_ERROR,
                f"{self.name}: {clock.mhz} MHz with {bit} clocks a bit is {error:.1%} off {self.baud} baud",
            )

    @property
    def outside(self) -> bool:
        """Whether its folder is not in fpga/ of the package."""
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
        """Return the clocks of one UART bit."""
        return round(clock.mhz * 1e6 / self.baud)

    def clock_below(self, fmax_mhz: float) -> Clock | None:
        """Return the fastest clock that a design of this post-route Fmax can take, or None."""
        return next((c for c in self.clocks if c.mhz * CLOCK_MARGIN <= fmax_mhz), None)

    def rams_for(self, width: int, depth: int) -> int:
        """Return the block RAMs of a memory, with one shape throughout: synthesis may mix shapes and save one."""
        return min(-(-width // w) * -(-depth // words) for w, words in self.ram_shapes)

    def large_rams_for(self, width: int, address_bits: int) -> int:
        """Return the large memories of a memory with 2^address_bits words."""
        return -(-width // self.large_ram_width) * -(-(1 << address_bits) // self.large_ram_words)


def _ice40_pll(oscillator: int, mhz: int) -> Clock:
    """Return the iCE40 PLL's setting: VCO = oscillator · (DIVF + 1) in 533 … 1066 MHz, clock = VCO / 2^DIVQ."""
    for divq in range(1, 7):
        divf, rest = divmod(mhz << divq, oscillator)
        if rest == 0 and 533 <= oscillator * divf <= 1066 and divf <= 128:
            return Clock(float(mhz), (("PLL_DIVF", divf - 1), ("PLL_DIVQ", divq)))
    raise ScError(f"the iCE40 PLL makes no {mhz} MHz from {oscillator} MHz")


def _pll(oscillator: int, mhz: int, low: int, high: int) -> Clock:
    """Return the setting of a PLL whose VCO runs at oscillator · MULT in low … high MHz, and the clock at VCO / DIV.

    Of several the one nearest the middle. MULT and DIV are at most 64, which both families take.
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
    """Return the setting of a family's PLL, as the tops in fpga/ take it."""
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

# Entries of a description, by their type. Those after `flow` may be left out.
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
    """Return the board that one set of entries describes."""
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
    """Return the boards of a description, and their place in lists."""
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

    Raises ScError naming file and entry where something is missing, unknown or of another type, and for a clock that
    the PLL does not make or that no UART can do with.
    """
    path = Path(folder).absolute()
    return tuple(_read(path / DESCRIPTION, str(path))[1])


def _own_boards() -> dict[str, Board]:
    root = hdl_root()
    found = [_read(path, path.parent.relative_to(root).as_posix()) for path in (root / "fpga").glob(f"*/{DESCRIPTION}")]
    return {b.name: b for _, boards in sorted(found, key=lambda one: one[0]) for b in boards}


#: The boards by name: those in fpga/, and those registered since.
BOARDS: dict[str, Board] = _own_boards()


def register_boards(folder: str | os.PathLike[str]) -> tuple[Board, ...]:
    """Make the boards of a folder known by their names to all that takes a board in this process, and return them.

    Raises ScError for a name that another folder's board has, and as `read_boards`.
    """
    boards = read_boards(folder)
    for new in boards:
        known = BOARDS.get(new.name)
        require(
            known is None or known.folder == new.folder, f"a board is called {new.name!r} already: choose another name"
        )
    BOARDS.update({new.name: new for new in boards})
    return boards


def is_board_path(name: str) -> bool:
    """Whether a name is the path of a folder with a board's description, or of one board in it."""
    path = Path(name)
    return (path / DESCRIPTION).is_file() or (path.name != name and (path.parent / DESCRIPTION).is_file())


def board(name: str) -> Board:
    """Return a board by its name, or by the path of its folder; raises ScError listing the known ones.

    Of a folder with several boards the path goes on with the name of one: path/to/folder/name.
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
