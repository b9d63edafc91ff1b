"""The engine's memory image decodes back to the network, and a network that does not fit is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks import random_network, random_temporal_network
from sc_neurocore.backends import run
from sc_neurocore.errors import ScError
from sc_neurocore.hardware.core import core_table_words, write_core_image
from sc_neurocore.hardware.estimate import estimate
from sc_neurocore.hardware.image import (
    LAST_LAYER,
    EngineConfig,
    engine_config,
    table_words,
    weight_count,
    weight_words,
)
from sc_neurocore.network import DenseLayer, InputSpec, Network
from strategies import mux_network


def decode(table: list[int], weights: list[int], length: int, lanes: int) -> list[tuple[list[list[int]], int]]:
    """Return (synapses, theta) of each layer, read as rtl/sc_engine.v reads the two memories."""
    bits, at, inputs, layers, entry = length.bit_length(), 0, table[2], [], 3
    while True:
        neurons, theta = table[entry] & (LAST_LAYER - 1), table[entry + 1]
        rows: list[list[int]] = []
        while len(rows) < neurons:
            group = weights[at : at + inputs + 1]
            at += inputs + 1
            for lane in range(lanes):
                row = [word >> lane * bits & (2 * length - 1) for word in group]
                codes = [-(w - length) if w >= length else w for w in row]
                if len(rows) < neurons:
                    rows.append(codes)
                else:
                    assert not any(row)  # a lane without a neuron
        layers.append((rows, theta))
        if table[entry] & LAST_LAYER:
            assert at == len(weights)
            assert entry + 2 == len(table)
            return layers
        inputs, entry = neurons, entry + 2


@given(
    st.sampled_from([4, 16, 32, 256]),
    st.lists(st.integers(1, 14), min_size=2, max_size=5),
    st.sampled_from([1, 2, 3, 5, 16, 64]),
    st.integers(0, 2**32 - 1),
)
def test_words_decode_back_to_the_network(length: int, shape: list[int], lanes: int, seed: int) -> None:
    network = random_network(np.random.default_rng(seed), length, shape)
    table, weights = table_words(network), weight_words(network, lanes)
    assert table[0] | table[1] << 16 == network.tag
    assert table[2] == shape[0]
    assert len(weights) == weight_count(network, lanes)
    layers = decode(table, weights, length, lanes)
    assert [rows for rows, _ in layers] == [x.synapses.tolist() for x in network.layers]
    assert [theta for _, theta in layers] == [x.theta or 1 for x in network.layers]
    assert all(0 <= word < 1 << 16 for word in table)
    assert all(0 <= word < 1 << lanes * length.bit_length() for word in weights)


@pytest.mark.parametrize("lanes", [1, 3, 16])
def test_the_smallest_engine_holds_the_network_and_no_smaller_one_does(lanes: int, tmp_path: Path) -> None:
    network = random_network(np.random.default_rng(lanes), 16, (31, 9, 5, 3))
    config = engine_config(network, lanes)
    weights, table = write_core_image(network, config, tmp_path)
    for path, words, depth in (
        (weights, weight_words(network, lanes), 1 << config.weight_aw),
        (table, core_table_words(network, config), 1 << config.table_aw),
    ):
        assert path.parent == tmp_path
        assert depth // 2 < len(words) <= depth
        assert [int(w, 16) for w in path.read_text().split()] == words + [0] * (depth - len(words))
    assert config.log2_entries == 5


def config(**changes: int) -> EngineConfig:
    return EngineConfig(**{"log2l": 4, "lanes": 2, "log2_entries": 5, "weight_aw": 8, "table_aw": 4, **changes})


RANGES = {"log2l": (2, 8), "lanes": (1, 64), "frac": (0, 15), "log2_entries": (2, 12), "weight_aw": (1, 24)}
RANGES |= {"table_aw": (3, 8), "mac": (0, 1)}


@pytest.mark.parametrize(("name", "low", "high"), [(name, *limits) for name, limits in RANGES.items()])
def test_config_has_the_ranges_of_the_rtl(name: str, low: int, high: int) -> None:
    for value in (low - 1, high + 1):
        with pytest.raises(ScError, match=rf"^{name} must be in \[{low}, {high}\], got {value}$"):
            config(**{name: value})
    for value in (low, high):
        frac = 15 if name != "frac" else value
        assert getattr(config(**{"frac": frac, name: value}), name) == value


def test_mac_needs_fraction_bits() -> None:
    with pytest.raises(ScError, match="mac needs frac >= log2l, got 3 < 4"):
        config(mac=1, frac=3)
    assert config(mac=1, frac=4).sum_bits == 5 + 4 + 1 + 4


def dense(neurons: int, inputs: int, theta: int | None = None) -> DenseLayer:
    return DenseLayer(np.zeros((neurons, inputs), dtype=int), np.zeros(neurons, dtype=int), theta)


def test_a_network_that_no_engine_holds_is_refused() -> None:
    long = Network(512, (dense(1, 1),), InputSpec((1,), 1))
    wide = Network(16, (dense(1, 4096),), InputSpec((4096,), 1))
    deep = Network(16, (*[dense(1, 1, 1)] * 126, dense(1, 1)), InputSpec((1,), 1))
    large = Network(16, (dense(4095, 4095, 1), dense(4095, 4095)), InputSpec((4095,), 1))
    with pytest.raises(ScError, match="at most 256 bits at once, got L = 512"):
        engine_config(long, 1)
    with pytest.raises(ScError, match="at most 4095 inputs or neurons a layer, got 4096"):
        engine_config(wide, 1)
    with pytest.raises(ScError, match="at most 126 layers, got 127"):
        engine_config(deep, 1)
    with pytest.raises(ScError, match=r"at most 2\^24 weight words, the network needs 33546240"):
        engine_config(large, 1)


def test_the_engine_takes_weights_from_vdc_only() -> None:
    network = replace(random_network(np.random.default_rng(0), 16, (20, 9, 3)), weight_source="sobol:1")
    with pytest.raises(ScError, match=r"weights take the source 'vdc' .*, the network's take 'sobol:1'"):
        engine_config(network, 1)
    with pytest.raises(ScError, match=r"weights take the source 'vdc' .*, the network's take 'sobol:1'"):
        weight_words(network, 1)


def test_an_image_for_an_engine_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    network = random_network(np.random.default_rng(0), 16, (20, 9, 3))
    for changes, message in (
        ({"log2l": 5}, "the engine has L = 32 and 4 fraction bits, the network L = 16 and 4"),
        ({"frac": 3}, "the engine has L = 16 and 3 fraction bits, the network L = 16 and 4"),
        ({"log2_entries": 4}, r"short of 5 inputs or neurons in a layer \(20 of 15\)"),
        ({"weight_aw": 6}, r"short of 61 weight words \(125 of 64\)"),
    ):
        with pytest.raises(ScError, match=message):
            write_core_image(network, config(**changes), tmp_path)
    deep = random_network(np.random.default_rng(0), 16, (2, 2, 2, 2))
    with pytest.raises(ScError, match=r"short of 1 words of layer table \(9 of 8\)"):
        write_core_image(deep, config(table_aw=3), tmp_path)


def test_the_dense_engine_refuses_lif_networks() -> None:
    network = random_temporal_network(np.random.default_rng(5), 8, (4, 3, 2), "l")
    with pytest.raises(ScError, match="window_if neurons only: a network with lif neurons needs a streaming design"):
        engine_config(network, 2)


def test_the_engine_refuses_mux_networks() -> None:
    network = mux_network(np.random.default_rng(3), 8, (4, 3, 2), "w", "ma")
    message = "the engine adds all synapses of a neuron: a network with MUX adders needs a streaming design"
    with pytest.raises(ScError, match=message):
        engine_config(network, 2)
    with pytest.raises(ScError, match=message):
        run(network, [[0, 1, 2, 3]], "rtl")
    with pytest.raises(ScError, match=message):
        estimate(network, "icebreaker")
