"""The convolution engine's memory image: coordinates reach the kernel's taps, words decode back to the network."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks import random_conv_network
from sc_neurocore import golden, lookup, packed
from sc_neurocore.errors import ScError
from sc_neurocore.hardware import rtl_sim
from sc_neurocore.hardware.conv_image import (
    ConvConfig,
    axis,
    conv_config,
    conv_table_words,
    conv_weight_words,
    layout,
)
from sc_neurocore.hardware.core import write_core_image
from sc_neurocore.network import ConvLayer, DenseLayer, InputSpec, Network, PoolLayer


@given(st.integers(1, 30), st.integers(1, 9), st.integers(1, 6), st.integers(0, 8))
def test_an_axis_lists_each_tap_of_each_output_once(size: int, kernel: int, stride: int, padding: int) -> None:
    padding = min(padding, kernel - 1)
    if kernel > size + 2 * padding:
        return
    found = axis(size, kernel, stride, padding)
    assert sorted(found.order) == list(range(kernel))
    reached = [
        (found.first[r] - k, found.order[found.tap[r] + k], r) for r in range(size) for k in range(found.taps[r])
    ]
    outputs = (size + 2 * padding - kernel) // stride + 1
    wanted = [
        (i, a, i * stride + a - padding)
        for i in range(outputs)
        for a in range(kernel)
        if 0 <= i * stride + a - padding < size
    ]
    assert sorted(reached) == sorted(wanted)


def signed(word: int, lane: int, length: int) -> int:
    code = word >> lane * length.bit_length() & (2 * length - 1)
    return length - code if code >= length else code


@given(st.sampled_from(["c", "cd", "ccd", "mcd", "cacd", "d"]), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_the_engine_s_walk_gives_the_sums_of_the_network(kinds: str, lanes: int, seed: int) -> None:
    """Read the two memories as the RTL does; the weights met at each sum are the layer's."""
    random = np.random.default_rng(seed)
    length = 16
    network = random_conv_network(random, length, kinds, (int(random.integers(1, 7)), int(random.integers(1, 7)), 3))
    config = conv_config(network, lanes)
    halves, weights = conv_table_words(network, config), conv_weight_words(network, lanes)
    assert all(0 <= h < 1 << 16 for h in halves)
    table = [low | high << 16 for low, high in zip(halves[0::2], halves[1::2], strict=True)]
    assert table[0] == network.tag
    assert table[1] == network.input.size
    at, region = 2, 0
    for layer in network.layers:
        low, high = [w & 0xFFFF for w in table[at : at + 8]], [w >> 16 for w in table[at : at + 8]]
        rows, columns, channels = (low[0] & 0x1FFF) + 1, high[0] + 1, low[1] + 1
        assert rows * columns * channels == layer.inputs
        assert low[0] >> 15 == (layer is network.layers[-1])
        base, cols_at = table[at + 6], low[7]
        # (output, input) → signed weight, as a dense matrix.
        met = np.zeros((layer.neurons, layer.inputs), dtype=int)
        width = layer.output_shape[2]
        pooling = isinstance(layer, PoolLayer)

        def neurons(word: int, width: int = width) -> list[tuple[int, int]]:
            position, group = divmod(word, -(-width // lanes))
            return [(k, position * width + group * lanes + k) for k in range(lanes) if group * lanes + k < width]

        for index in range(layer.inputs):
            r, rest = divmod(index, columns * channels)
            c, channel = divmod(rest, channels)
            row, column = table[at + 8 + r], table[cols_at + c]
            acc = (row & 0x3FFF) + (column & 0x3FFF) + (channel // lanes if pooling else 0)
            weight = base + (row >> 14 & 0xFFF) + (column >> 14 & 0xFFF) + channel * low[5]
            for i in range(row >> 26):
                for j in range(column >> 26):
                    for g in range(low[3] + 1):
                        sums = acc - i * low[4] - j * (high[3] - low[3]) + g
                        word = weight + i * high[4] + j * (low[3] + 1) + g
                        for lane, neuron in neurons(sums):
                            if pooling:
                                met[neuron, index] += lane == channel % lanes
                            else:
                                met[neuron, index] += signed(weights[word], lane, length)
        wanted = np.zeros_like(met)
        if isinstance(layer, PoolLayer):
            for neuron, inputs in enumerate(layer.groups()):
                wanted[neuron, inputs] += 1
        elif isinstance(layer, ConvLayer):
            for position, inputs in enumerate(layer.fields()):
                flat = layer.weights.reshape(layer.channels, -1)
                inside = inputs >= 0
                wanted[position * width : (position + 1) * width, inputs[inside]] = flat[:, inside]
        else:
            wanted[:] = layer.weights
        assert np.array_equal(met, wanted)
        if not isinstance(layer, PoolLayer):
            biases = [signed(weights[base + g], k, length) for g in range(high[2] + 1) for k in range(lanes)]
            assert biases[:width] == layer.bias.tolist()
        seen = layout(layer, lanes)
        assert (low[2] + 1) * (low[3] + 1) == seen.sum_words <= 1 << config.acc_aw
        assert seen.visits.sum() == sum(
            (table[at + 8 + r] >> 26) * (table[cols_at + c] >> 26) * (low[3] + 1) * channels
            for r in range(rows)
            for c in range(columns)
        )
        # What is written never covers what is read.
        if layer is not network.layers[-1]:
            mine, theirs = range(region, region + layer.inputs), range(high[5], high[5] + layer.neurons)
            assert set(mine).isdisjoint(theirs)
            assert theirs.stop <= 1 << config.act_aw
        region, at = high[5], cols_at + columns
    assert at == len(table)


def test_the_smallest_engine_holds_the_network_and_no_smaller_one_does(tmp_path: Path) -> None:
    network = random_conv_network(np.random.default_rng(2), 16, "ccmd", (13, 11, 2))
    config = conv_config(network, 3)
    weights, table = write_core_image(network, config, tmp_path)
    assert len(weights.read_text().split()) == 1 << config.weight_aw
    assert len(table.read_text().split()) == 1 << config.table_aw - 1
    for name in ("act_aw", "acc_aw", "weight_aw", "table_aw", "sum_w"):
        with pytest.raises(ScError, match="does not fit the engine: short of"):
            write_core_image(network, replace(config, **{name: getattr(config, name) - 1}), tmp_path)


RANGES = {"log2l": (2, 8), "lanes": (1, 64), "frac": (0, 15), "act_aw": (2, 16), "acc_aw": (1, 14)}
RANGES |= {"weight_aw": (1, 24), "table_aw": (5, 12), "pool": (0, 1), "mac": (0, 1), "sum_w": (6, 32)}


@pytest.mark.parametrize(("name", "low", "high"), [(name, *limits) for name, limits in RANGES.items()])
def test_config_has_the_ranges_of_the_rtl(name: str, low: int, high: int) -> None:
    for value in (low - 1, high + 1):
        with pytest.raises(ScError, match=rf"^{name} must be in \[{low}, {high}\], got {value}$"):
            ConvConfig(**{"log2l": 4, "lanes": 2, name: value})
    for value in (low, high):
        assert getattr(ConvConfig(**{"log2l": 4, "lanes": 2, name: value}), name) == value


def test_mac_needs_fraction_bits_and_wider_sums() -> None:
    with pytest.raises(ScError, match="mac needs frac >= log2l, got 3 < 4"):
        ConvConfig(log2l=4, lanes=1, frac=3, mac=1)
    with pytest.raises(ScError, match=r"sum_w must be in \[10, 32\], got 9"):
        ConvConfig(log2l=4, lanes=1, sum_w=9, mac=1)


def test_networks_beyond_the_table_s_fields_are_refused() -> None:
    def conv(kernel: int, shape: tuple[int, int, int], channels: int = 1) -> Network:
        zeros = np.zeros((channels, kernel, kernel, shape[2]), dtype=int)
        return Network(16, (ConvLayer(zeros, [0] * channels, None, shape),), InputSpec(shape, 1))

    def dense(inputs: int, neurons: int, length: int = 16) -> Network:
        layer = DenseLayer(np.zeros((neurons, inputs), dtype=int), [0] * neurons, None)
        return Network(length, (layer,), InputSpec((inputs,), 1))

    for network, message in (
        (conv(65, (130, 130, 1)), "has 4161 weight words before a channel's last kernel row, .* at most 4095"),
        (conv(64, (127, 127, 1)), "has 64 taps of a kernel row or column, the engine takes at most 63"),
        (dense(1, 4097), "has 4097 groups of channels, the engine takes at most 4096"),
        (conv(1, (130, 130, 1)), "has 16900 sum words, the engine takes at most 16384"),
        (dense(70000, 1), "has 70000 channels, the engine takes at most 65536"),
        (dense(65536, 1), r"the engine has at most 2\^16 values, .* needs 65537"),
        (dense(1, 1, 512), "at most 256 bits at once, got L = 512"),
        (conv(1, (2049, 1, 1)), "has 2049 rows or columns, the engine takes at most 2048"),
        (conv(1, (2040, 30, 1)), "has 61200 sum words"),
        (conv(1, (2000, 2, 1)), None),
    ):
        if message is None:
            assert conv_config(network, 1).table_aw == 12
        else:
            with pytest.raises(ScError, match=message):
                conv_config(network, 1)
    with pytest.raises(ScError, match=r"lanes must be in \[1, 64\], got 65"):
        conv_config(dense(1, 1), 65)
    with pytest.raises(ScError, match="weights take the source 'vdc'"):
        conv_config(replace(dense(1, 1), weight_source="sobol:1"), 1)


def test_the_threshold_of_a_mean_is_one_that_the_engine_holds_or_the_network_is_refused() -> None:
    """Of A19 the threshold is size² · 2^f, of A2 at most 65535: at the edge all back ends agree, beyond none."""
    random = np.random.default_rng(3)
    for size, theta_frac in ((1, 15), (3, 12), (15, 8)):
        pool = PoolLayer("mean", size, (size, size, 2))
        readout = DenseLayer([[3, -5], [-7, 2]], [1, -1], None)
        spec = InputSpec((size, size, 2), 8)
        network = Network(8, (pool, readout), spec, theta_frac=theta_frac)
        codes = random.integers(0, 9, (6, network.input.size))
        wanted = golden.run(network, codes)
        for run in (packed.run, lookup.run):
            got = run(network, codes)
            assert np.array_equal(got.scores, wanted.scores)
            assert np.array_equal(got.counts[0], wanted.counts[0])
        config = conv_config(network, 2)
        words = conv_table_words(network, config)
        assert size**2 << theta_frac in words
        if size < 15:
            shape, message = (size + 1, size + 1, 2), rf"layer 0 \(mean{size + 1}\): the threshold of a mean, .* 65535"
            with pytest.raises(ScError, match=message):
                Network(8, (PoolLayer("mean", size + 1, shape), readout), InputSpec(shape, 8), theta_frac=theta_frac)
        else:
            assert rtl_sim.run(network, codes, config=config, jobs=1).mismatches(wanted) == 0
            with pytest.raises(ScError, match=r"got 15\^2 \* 2\^9 = 115200: take a smaller theta_frac"):
                replace(network, theta_frac=9)


WHOLE = [
    (ConvLayer(np.array([[[[1], [2]]]]), np.array([3]), None, (1, 3, 1)),),
    (
        ConvLayer(np.array([[[[1], [2]]]]), np.array([3]), 1, (1, 2, 1)),
        DenseLayer(np.array([[1], [2]]), np.array([2, 3]), None),
    ),
]


@pytest.mark.parametrize("net", [0, 1])
def test_the_proof_of_the_whole_engine_has_the_table_of_its_network(net: int) -> None:
    """The files of formal/sc_conv_whole_fv.v, its parameters, and the order in which it takes the weights."""
    formal = Path(__file__).resolve().parent.parent / "formal"
    network = Network(4, WHOLE[net], InputSpec((1, 3 - net, 1), full_scale=4), theta_frac=2)
    script = (formal / "sc_conv_whole_fv.sby").read_text()
    (found,) = re.findall(rf"chparam -set NET {net} (.*) sc_conv_whole_fv", script)
    chosen = {name: int(value) for name, value in re.findall(r"-set (\w+) (\d+)", found)}
    config = conv_config(network, chosen["LANES"])
    assert (config.weight_aw, config.table_aw) == (chosen["WEIGHT_AW"], chosen["TABLE_AW"])
    assert (config.act_aw, config.acc_aw, config.pool) == (2, 1, 0)
    assert config.sum_w <= 5
    halves = [0, 0, *conv_table_words(network, config)[2:]]  # the tag is left out: the engine ignores it
    words = [low | high << 16 for low, high in zip(halves[0::2], halves[1::2], strict=True)]
    words += [0] * ((1 << config.table_aw - 1) - len(words))
    assert [int(line, 16) for line in (formal / f"sc_conv_whole_{net}.mem").read_text().split()] == words
    # The convolution's bias, its taps; the dense layer's bias, inputs, a lane each.
    dense = [2 | 3 << 3, 1 | 2 << 3] if net else []
    assert conv_weight_words(network, config.lanes) == [3, 1, 2, *dense]
