"""The two engines behind one interface: which one a network takes, and the files of its memories."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from networks import random_conv_network, random_network
from sc_neurocore.errors import ScError
from sc_neurocore.hardware.conv_image import ConvConfig, conv_table_words
from sc_neurocore.hardware.core import check_fits, core_config, core_table_words, core_weight_words, write_core_image
from sc_neurocore.hardware.image import EngineConfig, table_words
from sc_neurocore.network import Network

DENSE = random_network(np.random.default_rng(1), 16, (9, 5, 3))
CONV = random_conv_network(np.random.default_rng(2), 16, "cd", (5, 5, 2))


def test_a_network_takes_the_engine_that_it_needs_or_the_one_that_is_asked_for() -> None:
    assert isinstance(core_config(DENSE, 2), EngineConfig)
    assert isinstance(core_config(CONV, 2), ConvConfig)
    assert isinstance(core_config(DENSE, 2, conv=True), ConvConfig)
    with pytest.raises(ScError, match="the dense engine runs dense layers only: layer 0 is 3c5x3p1"):
        core_config(CONV, 2, conv=False)


@pytest.mark.parametrize(("network", "conv"), [(DENSE, False), (DENSE, True), (CONV, True)])
def test_files_fill_the_memories_with_the_words_in_their_order(network: Network, conv: bool, tmp_path: Path) -> None:
    config = core_config(network, 2, conv=conv)
    weights, table = (p.read_text().split() for p in write_core_image(network, config, tmp_path))
    assert len(weights) == 1 << config.weight_aw
    words = core_weight_words(network, config)
    assert [int(w, 16) for w in weights] == words + [0] * (len(weights) - len(words))
    found = [int(w, 16) for w in table]
    if conv:
        found = [half for word in found for half in (word & 0xFFFF, word >> 16)]
    wanted = core_table_words(network, config)
    assert len(found) == 1 << config.table_aw
    assert len(wanted) % 2 == 0
    assert found == wanted + [0] * (len(found) - len(wanted))
    assert wanted[:2] == [network.tag & 0xFFFF, network.tag >> 16]


def test_the_table_is_that_of_the_engine() -> None:
    dense, conv = core_config(DENSE, 2), core_config(DENSE, 2, conv=True)
    assert isinstance(conv, ConvConfig)
    words = table_words(DENSE)
    assert core_table_words(DENSE, dense)[: len(words)] == words
    assert core_table_words(DENSE, conv) == conv_table_words(DENSE, conv)
    assert core_table_words(DENSE, dense) != core_table_words(DENSE, conv)


@pytest.mark.parametrize("conv", [False, True])
def test_a_network_that_does_not_fit_writes_no_file(conv: bool, tmp_path: Path) -> None:
    config = core_config(DENSE, 2, conv=conv)
    check_fits(DENSE, config)
    large = random_network(np.random.default_rng(1), 16, (90, 50, 3))
    with pytest.raises(ScError, match="short of"):
        check_fits(large, config)
    with pytest.raises(ScError, match="short of"):
        write_core_image(large, config, tmp_path)
    assert not list(tmp_path.iterdir())
