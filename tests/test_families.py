"""Families of devices: what their block RAM holds, and the words that figures use."""

from __future__ import annotations

from sc_neurocore.hardware.boards import BOARDS
from sc_neurocore.hardware.families import FAMILIES


def test_block_rams_of_each_family() -> None:
    ice, ecp = BOARDS["hx8k"], BOARDS["orangecrab"]
    assert ice.ram_widths == (1, 2, 4, 8, 16)
    assert [ice.rams_for(*x) for x in ((16, 256), (17, 256), (2, 2049), (5, 4096))] == [1, 2, 2, 5]
    assert ecp.ram_widths == (1, 2, 4, 9, 18, 36)
    assert [ecp.rams_for(*x) for x in ((36, 512), (9, 2048), (8, 2049), (1, 16384), (35, 4096))] == [1, 1, 2, 1, 8]
    assert ecp.large_rams == 0


def test_families_name_their_cells() -> None:
    assert {b.cell for b in BOARDS.values() if b.family == "ice40"} == {"logic cells"}
    assert {FAMILIES[b.family].suffix for b in BOARDS.values()} == {".bin", ".bit"}
