"""The bare FPGAs that a streaming design can be placed on, to measure it before there is a board for it.

Pins are placed freely, since nothing is soldered to them. A new part is a record in this module; what a family's flow
needs beyond it is in `families.FAMILIES`. Builds for a part are made by `stream_system_build`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import require_one_of

__all__ = ["PARTS", "Part", "part"]


@dataclass(frozen=True, slots=True)
class Part:
    """An FPGA in its package, with the options of the tools that place a design on it.

    Attributes:
        name: the name by which commands know the part.
        title: the part in words.
        family: a key of `families.FAMILIES`.
        flow: name of edalize's flow.
        luts: LUTs of the part.
        rams: block RAMs of the part.
        pins: pins that a design may use.
        synth_options: options of Yosys' synthesis by the name of the design (a key of `stream_system.DESIGNS`).
        nextpnr_options: options of place and route, for every design.
    """

    name: str
    title: str
    family: str
    flow: str
    luts: int
    rams: int
    pins: int
    synth_options: Mapping[str, tuple[str, ...]]
    nextpnr_options: tuple[str, ...]


def _ecp5(size: int, luts: int, rams: int, pins: int) -> Part:
    """Return the ECP5 part LFE5U-<size>F in the package with 381 balls and speed grade 6."""
    return Part(
        name=f"lfe5u-{size}f",
        title=f"Lattice ECP5 LFE5U-{size}F-6BG381C, pins placed freely",
        family="ecp5",
        flow="trellis",
        luts=luts,
        rams=rams,
        pins=pins,
        synth_options={
            # The adders are a few bits wide: a carry chain costs more in its ends than it saves (fpga/parts/README.md).
            "stream": ("-noccu2",),
            # Wide functions of several LUT4 save a level and cost LUTs.
            "folded": ("-nowidelut",),
        },
        nextpnr_options=(f"--{size}k", "--package", "CABGA381", "--speed", "6", "--lpf-allow-unconstrained"),
    )


#: The parts by name.
PARTS: dict[str, Part] = {p.name: p for p in (_ecp5(25, 24288, 56, 197),)}


def part(name: str) -> Part:
    """Return the part called `name`; raises ScError listing the known ones.

    Example:
        >>> part("lfe5u-25f").luts
        24288
    """
    require_one_of("part", name, sorted(PARTS))
    return PARTS[name]
