"""The bare FPGAs that a design can be placed on, with free pins: to measure it before there is a board.

A new one is a record here; what a family's flow needs beyond it is in `FAMILIES` of `families`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import require_one_of

__all__ = ["PARTS", "Part", "part"]


@dataclass(frozen=True, slots=True)
class Part:
    """An FPGA in its package. luts, rams, pins: how many there are. flow: of edalize.

    synth_options: of Yosys, by the name of the design (stream_system.DESIGNS). nextpnr_options: for every design.
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


PARTS: dict[str, Part] = {p.name: p for p in (_ecp5(25, 24288, 56, 197),)}


def part(name: str) -> Part:
    """Return the part called `name`; raises ScError listing the known ones."""
    require_one_of("part", name, sorted(PARTS))
    return PARTS[name]
