"""Proofs of number sources: what the harness claims of them; a source from outside is in test_plugin_source.py."""

from __future__ import annotations

import re

import pytest

from sc_neurocore.errors import ScError
from sc_neurocore.hardware.source_proof import harness, prove
from sc_neurocore.sources import source


@pytest.mark.parametrize("spelling", ["vdc", "sobol:3", "lfsr:5"])
def test_the_harness_has_the_numbers_of_the_model(spelling: str) -> None:
    text = harness(spelling, 16)
    table = text[text.index("NUMBERS = {") : text.index("};")]
    assert [int(v) for v in re.findall(r"4'd(\d+)", table)] == source(spelling, 16).tolist()[::-1]
    # Only a source that gives every number once a window has a code's ones exactly.
    assert ("a_once" in text) == (spelling != "lfsr:5")
    assert ("(x > L ? L : x)" in text) == (spelling != "lfsr:5")


def test_claims_and_covers_of_a_source_of_ours_hold() -> None:
    assert prove("vdc", 8) == ("a_restart", "a_order", "a_ones", "a_once", "c_restarts_mid", "c_window_ends")


def test_what_is_no_source_is_refused_before_any_tool_runs() -> None:
    with pytest.raises(ScError, match="noise"):
        prove("noise", 8)
    with pytest.raises(ScError, match="12"):
        prove("vdc", 12)
