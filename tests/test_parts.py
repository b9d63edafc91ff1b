"""Bare FPGAs: what a part has is what its device has, and an unknown one is refused with the list."""

from __future__ import annotations

import pytest

from sc_neurocore.errors import ScError
from sc_neurocore.hardware.families import FAMILIES
from sc_neurocore.hardware.parts import PARTS, part
from sc_neurocore.hardware.stream_system import DESIGNS


def test_a_part_is_found_by_its_name_alone() -> None:
    assert part("lfe5u-25f") is PARTS["lfe5u-25f"]
    with pytest.raises(ScError, match="part must be one of lfe5u-25f, got 'lfe5u-25': did you mean lfe5u-25f"):
        part("lfe5u-25")


@pytest.mark.parametrize("name", sorted(PARTS))
def test_a_part_is_of_a_family_and_takes_every_design(name: str) -> None:
    found = PARTS[name]
    assert found.name == name
    assert found.family in FAMILIES
    assert set(found.synth_options) == set(DESIGNS)
