"""The boards that `build` knows. A new one is a record here, a folder in fpga/ and a target in fusesoc.core."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import ScError, require, require_one_of
from .families import FAMILIES

__all__ = ["BOARDS", "Board", "Clock", "board"]

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
    fusesoc.core; folder: its own in fpga/. programmers: commands that load a bitstream, by preference, with their
    arguments. image_offset: where a network's image lies in the flash, behind the bitstream, of a board whose top has
    FLASH_BOOT; else None.
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


def _ice40_pll(mhz: int) -> Clock:
    """Return the iCE40 PLL's setting for a 12 MHz reference: VCO = 12 MHz · (DIVF + 1) in 533 … 1066 MHz, / 2^DIVQ."""
    for divq in range(1, 7):
        divf, rest = divmod(mhz << divq, 12)
        if rest == 0 and 533 <= 12 * divf <= 1066:
            return Clock(float(mhz), (("PLL_DIVF", divf - 1), ("PLL_DIVQ", divq)))
    raise ScError(f"the iCE40 PLL makes no {mhz} MHz from 12 MHz")


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


def _ecp5_clocks(oscillator: int, rates: Iterable[int]) -> tuple[Clock, ...]:
    # The phase detector runs at the oscillator's clock (fpga/common/sc_ecp5_pll.v), within 10 … 400 MHz on any board.
    return tuple(_pll(oscillator, mhz, 400, 800) for mhz in rates)


# Block RAM of 4 kbit (iCE40; one bit wide is what synthesis makes of the 2-bit shape); of 18 kbit, the ECP5's DP16KD
# and half of a 7-series RAMB36: parity from 9 bits on.
_RAM4 = ((1, 4096), (2, 2048), (4, 1024), (8, 512), (16, 256))
_RAM18 = ((1, 16384), (2, 8192), (4, 4096), (9, 2048), (18, 1024), (36, 512))

# openFPGALoader's name for boards wired as the iCEBreaker; -f writes the flash, as iceprog does.
_ICE40_PROGRAMMERS = (("openFPGALoader", "-b", "ice40_generic", "-f"), ("iceprog",))


def _ulx3s(size: int, luts: int, rams: int) -> Board:
    return Board(
        name=f"ulx3s-{size}f",
        title=f"ULX3S (Lattice ECP5 LFE5U-{size}F)",
        family="ecp5",
        device=f"lfe5u-{size}f",
        package="CABGA381",
        grade="LFE5U-6",
        cells=luts,
        rams=rams,
        ram_shapes=_RAM18,
        oscillator_mhz=25.0,
        clocks=_ecp5_clocks(25, range(100, 20, -5)),
        target=f"ulx3s-{size}f",
        folder="fpga/ulx3s",
        top="sc_ulx3s",
        constraints="ulx3s.lpf",
        serial="USB, FT231X",
        programmers=(("openFPGALoader", "-b", "ulx3s", "-f"), ("fujprog", "-j", "flash")),
    )


BOARDS: dict[str, Board] = {
    b.name: b
    for b in (
        Board(
            name="icebreaker",
            title="iCEBreaker (Lattice iCE40 UP5K)",
            family="ice40",
            device="up5k",
            package="sg48",
            grade="UP5K",
            cells=5280,
            rams=30,
            ram_shapes=_RAM4,
            large_rams=4,
            oscillator_mhz=12.0,
            clocks=tuple(_ice40_pll(mhz) for mhz in (30, 27, 24, 21, 18, 15, 12)),
            target="icebreaker",
            folder="fpga/icebreaker",
            top="sc_icebreaker",
            constraints="icebreaker.pcf",
            serial="USB, FT2232H",
            programmers=_ICE40_PROGRAMMERS,
            image_offset=0x020000,
        ),
        Board(
            name="hx8k",
            title="iCE40-HX8K breakout board (Lattice iCE40HX8K-B-EVN)",
            family="ice40",
            device="hx8k",
            package="ct256",
            grade="HX8K",
            cells=7680,
            rams=32,
            ram_shapes=_RAM4,
            oscillator_mhz=12.0,
            clocks=tuple(_ice40_pll(mhz) for mhz in range(96, 21, -6)),
            target="hx8k",
            folder="fpga/hx8k",
            top="sc_hx8k",
            constraints="hx8k.pcf",
            serial="USB, FT2232H",
            programmers=_ICE40_PROGRAMMERS,
        ),
        _ulx3s(85, 83640, 208),
        # nextpnr takes it for a 25F; the maker sells it with 12 k LUTs and 32 block RAMs, which is kept to.
        _ulx3s(12, 12000, 32),
        Board(
            name="orangecrab",
            title="OrangeCrab r0.2 (Lattice ECP5 LFE5U-25F)",
            family="ecp5",
            device="lfe5u-25f",
            package="CSFBGA285",
            grade="LFE5U-8",
            cells=24288,
            rams=56,
            ram_shapes=_RAM18,
            oscillator_mhz=48.0,
            clocks=_ecp5_clocks(48, (96, 90, 84, 80, 78, 72, 66, 60, 56, 52, 48, 44, 40, 36, 32, 24)),
            target="orangecrab",
            folder="fpga/orangecrab",
            top="sc_orangecrab",
            constraints="orangecrab.lpf",
            serial="header pins 0 (RX) and 1 (TX), 3.3 V adapter",
            programmers=(("dfu-util", "-d", "1209:5af0", "-a", "0", "-D"), ("openFPGALoader", "-b", "orangeCrab")),
        ),
        Board(
            name="arty-a7",
            title="Arty A7-35T (Xilinx Artix-7 XC7A35T)",
            family="xc7",
            device="xc7a35t",
            package="csg324",
            grade="XC7A-1L",
            cells=20800,
            rams=100,
            ram_shapes=_RAM18,
            oscillator_mhz=100.0,
            clocks=tuple(_pll(100, mhz, 800, 1600) for mhz in (100, 90, 80, 75, 70, 60, 50, 40, 30, 25)),
            untimed_mhz=50.0,
            target="arty-a7",
            folder="fpga/arty_a7",
            top="sc_arty_a7",
            constraints="arty_a7.xdc",
            serial="USB, FT2232H",
            programmers=(("openFPGALoader", "-b", "arty_a7_35t", "-f"),),
        ),
    )
}


def board(name: str) -> Board:
    """Return the board called `name`; raises ScError listing the known ones."""
    require_one_of("board", name, sorted(BOARDS))
    return BOARDS[name]
