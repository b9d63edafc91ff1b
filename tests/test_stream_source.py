"""Sources of the weights' numbers in streaming designs: names, modules and a table where a source has no RTL."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from networks import random_network
from sc_neurocore.errors import ScError
from sc_neurocore.hardware.stream_source import family, source_module, source_text
from sc_neurocore.sources import source

NETWORK = random_network(np.random.default_rng(0), 16, (4, 3, 2))


def test_vdc_is_that_of_the_modules_of_rtl() -> None:
    assert family(NETWORK, "top") == "sc_stream"
    assert source_text(NETWORK, "top", ["sc_stream_dense"]) == ""


def test_another_source_has_modules_of_the_designs_own() -> None:
    network = replace(NETWORK, weight_source="sobol:2")
    assert family(network, "top") == "top_sobol_2"
    text = source_text(network, "top", ["sc_stream_dense"])
    assert re.findall(r"^module (\w+)", text, re.MULTILINE) == [
        "top_sobol_2_source",
        "top_sobol_2_synapses",
        "top_sobol_2_dense",
    ]
    assert "sc_stream_synapses #(" not in text  # the layer has the design's own
    assert "sc_sobol_source #(" in text


def test_a_source_of_numbers_is_a_table_of_them() -> None:
    numbers = np.random.default_rng(1).permutation(8)
    spelling = f"numbers:{','.join(map(str, numbers))}"
    text = source_module(spelling, 8, "own")
    rows = re.findall(r"3'd(\d+): r = 3'd(\d+);", text)
    assert [(int(t), int(r)) for t, r in rows] == list(enumerate(source(spelling, 8).tolist()))


def test_a_length_that_a_source_does_not_have_is_refused() -> None:
    with pytest.raises(ScError, match="12"):
        source_module("vdc", 12, "own")
    with pytest.raises(ScError, match="noise"):
        source_module("noise", 16, "own")
