"""The boards that `build` knows. A new one is a record here, a folder in fpga/ and a target in fusesoc.core."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ScError, require

__all__ = ["BOARDS", "Board", "Clock", "board"]

#: Post-route Fmax must exceed the clock by this factor: the PLL's jitter, and some air.
CLOCK_MARGIN = 1.05


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock that the board's PLL gives, with the parameters of the board's top that set it."""

    mhz: float
    parameters: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Board:
    """A board with its FPGA.

    lcs, rams, large_rams: logic cells, block RAMs of ram_bits bits (shapes: ram_widths at depths ram_bits / width) and
    large memories of large_ram_words × large_ram_width. clocks: what the PLL can give, fastest first. target: of
    fusesoc.core; folder: its own in fpga/. programmers: commands that load a bitstream, by preference,
    with their arguments.
    """

    name: str
    title: str
    family: str
    device: str
    package: str
    lcs: int
    rams: int
    ram_bits: int
    ram_widths: tuple[int, ...]
    large_rams: int
    large_ram_words: int
    large_ram_width: int
    oscillator_mhz: float
    clocks: tuple[Clock, ...]
    baud: int
    target: str
    folder: str
    top: str
    constraints: str
    programmers: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        for clock in self.clocks:
            ratio = clock.mhz * 1e6 / self.baud
            require(ratio == int(ratio), f"{self.name}: {clock.mhz} MHz is no multiple of {self.baud} baud")

    def clocks_per_bit(self, clock: Clock) -> int:
        """Return the clocks of one UART bit."""
        return round(clock.mhz * 1e6 / self.baud)

    def clock_below(self, fmax_mhz: float) -> Clock | None:
        """Return the fastest clock that a design of this post-route Fmax can take, or None."""
        return next((c for c in self.clocks if c.mhz * CLOCK_MARGIN <= fmax_mhz), None)

    def rams_for(self, width: int, depth: int) -> int:
        """Return the block RAMs of a memory, with one shape throughout: synthesis may mix shapes and save a few."""
        count = []
        for w in self.ram_widths:
            rows = self.ram_bits // w
            count.append(-(-width // w) * -(-depth // rows))
        return min(count)

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


BOARDS: dict[str, Board] = {
    b.name: b
    for b in (
        Board(
            name="icebreaker",
            title="iCEBreaker (Lattice iCE40 UP5K)",
            family="ice40",
            device="up5k",
            package="sg48",
            lcs=5280,
            rams=30,
            ram_bits=4096,
            ram_widths=(2, 4, 8, 16),
            large_rams=4,
            large_ram_words=1 << 14,
            large_ram_width=16,
            oscillator_mhz=12.0,
            clocks=tuple(_ice40_pll(mhz) for mhz in (30, 27, 24, 21, 18, 15, 12)),
            baud=1_000_000,
            target="icebreaker",
            folder="fpga/icebreaker",
            top="sc_icebreaker",
            constraints="icebreaker.pcf",
            # ice40_generic is openFPGALoader's name for boards wired as this one; -f writes the flash, as iceprog does.
            programmers=(("openFPGALoader", "-b", "ice40_generic", "-f"), ("iceprog",)),
        ),
    )
}


def board(name: str) -> Board:
    """Return the board called `name`; raises ScError listing the known ones."""
    require(name in BOARDS, f"board must be one of {', '.join(sorted(BOARDS))}, got {name!r}")
    return BOARDS[name]
