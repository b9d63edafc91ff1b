"""The memory image of the engine of networks in steps: sizes, words, and what it refuses."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from networks_in_steps import LIF, steps_network
from sc_neurocore.errors import ScError
from sc_neurocore.hardware.core import check_fits, config_of, core_config, sample_codes
from sc_neurocore.hardware.image import EngineConfig
from sc_neurocore.hardware.spike_image import (
    SpikeConfig,
    spike_check,
    spike_config,
    spike_table_words,
    spike_weight_count,
    spike_weight_words,
)
from sc_neurocore.network import DenseLayer, Edge, InputSpec, Network, Steps
from sc_neurocore.neurons import Alif, Groups, Li, Lif, Synaptic


def little(**changes: object) -> Network:
    """Return a network of 2 inputs, 3 neurons with an edge onto themselves, and 1 score."""
    hidden = DenseLayer([[1, -2], [3, 0], [-1, 2]], [1, 2, 3], neuron=Lif(theta=5, width=8, leak_shift=1))
    readout = DenseLayer([[3, -3, 1]], [-1])
    edge = Edge(0, 0, delay=2, weights=[[0, 1, 2], [3, 0, -1], [-2, -3, 0]])
    fields = {"layers": (hidden, readout), "steps": Steps(6, False, "sum", (edge,))} | changes
    return Network(4, input=InputSpec((2,), full_scale=4), **fields)  # type: ignore[arg-type]


def test_words_lie_in_the_order_in_which_the_engine_reads_them() -> None:
    network = little()
    config = spike_config(network, lanes=2)
    assert config.parameter_words == 2
    table = spike_table_words(network, config)
    assert table[:4] == [network.tag & 0xFFFF, network.tag >> 16, 2, 5]
    # The edge: delay 2, its source at the start of a row, 5 synapses with the 2 inputs. The layer: kept, equal
    # parameters, one neuron in the last of two groups, at the start of a row; leak and theta.
    assert table[4:12] == [0x8002, 0, 5, 0x5000, 1, 0, 1, 5]
    # The readout: the last layer, one neuron in one group; a neuron that never spikes.
    assert table[12:] == [0x3000, 0, 0, 0x8000]
    words = spike_weight_words(network, 2)
    assert len(words) == spike_weight_count(network, 2) == 2 * 6 + 4
    # A word has lane 0 low: sign and magnitude in 3 bits. The bias is the last of a group.
    assert words[:6] == [1 | 3 << 3, 6, 0 | 3 << 3, 1, 2 | 5 << 3, 1 | 2 << 3]
    assert words[6:12] == [5, 2, 6, 7, 0, 3]
    assert words[12:] == [3, 7, 1, 5]


def test_parameters_of_groups_stand_for_each_neuron() -> None:
    one, two = (Lif(theta=t, width=8, leak_shift=s, reset_mode=1, v_reset=v) for t, s, v in ((5, 1, -1), (9, 3, 2)))
    hidden = DenseLayer([[1, -2], [3, 0], [-1, 2]], [1, 2, 3], neuron=Groups(((2, one), (1, two))))
    network = little(layers=(hidden, DenseLayer([[3, -3, 1]], [-1])), steps=Steps(3))
    config = spike_config(network, lanes=4)
    assert (config.reset_mode, config.parameter_words, config.delay_aw) == (1, 3, 0)
    assert spike_table_words(network, config)[4:] == [
        *(0x0002, 0), *(0xFFFF, 1, 5) * 2, *(2, 3, 9),
        *(0x3000, 0), *(0, 0, 0x8000),
    ]  # fmt: skip


def test_the_smallest_engine_holds_the_network_and_nothing_less_does() -> None:
    network = steps_network(np.random.default_rng(1), edges=((0, 0, 1), (1, 0, 3)), constant=True)
    config = spike_config(network, lanes=3)
    assert config == core_config(network, 3)
    assert (config.delay_aw, config.history_aw, config.state_aw, config.constant) == (2, 4, 4, 1)
    spike_check(network, config)
    check_fits(network, replace(config, table_aw=8, state_aw=9, delay_aw=4, sum_w=32, history_aw=9, refractory=1))
    for name, words in (
        ("log2_entries", "synapses of a neuron or neurons of a layer"),
        ("weight_aw", "weight words"),
        ("table_aw", "words of layer table"),
        ("state_aw", r"states \(15 of 8\)"),
        ("history_aw", r"4 neurons whose spikes edges take \(12 of 8\)"),
        ("delay_aw", r"2 steps of delay \(3 of 1\)"),
        ("sum_w", "1 bits of a score"),
    ):
        with pytest.raises(ScError, match=f"12-7-5-3 with 3 lanes does not fit the engine: short of .*{words}"):
            spike_check(network, replace(config, **{name: getattr(config, name) - 1}))
    with pytest.raises(ScError, match="built without a constant input, which the network has"):
        spike_check(network, replace(config, constant=0))


def test_an_engine_of_other_neurons_is_refused() -> None:
    network = steps_network(np.random.default_rng(2), neuron=replace(LIF, refractory=3))
    config = spike_config(network, lanes=1)
    for changes, words in (
        ({"width": 16}, "width 16, the network needs 12"),
        ({"leak_mode": 1}, "leak_mode 1, the network needs 0"),
        ({"reset_mode": 1}, "reset_mode 1, the network needs 0"),
        ({"refractory": 0}, "without a refractory period"),
        ({"neuron": 1}, "has synaptic neurons, the network lif neurons"),
        ({"frac": 3}, "L = 16 and 3 fraction bits, the network L = 16 and 4"),
    ):
        with pytest.raises(ScError, match=words):
            spike_check(network, replace(config, **changes))
    # Lif neurons are alif neurons whose threshold never rises.
    spike_check(network, replace(config, neuron=2, table_aw=6))
    assert spike_table_words(network, replace(config, neuron=2))[6:10] == [0, 0, 2 | 3 << 8, 120]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"last": Li(width=10), "readout": "potential"}, "one width for all neurons, .* 12 and 10"),
        ({"neuron": Synaptic(theta=9, width=12), "last": Li(width=12), "readout": "potential"}, "has synaptic and li"),
        ({"neuron": Lif(theta=40000, width=20)}, "takes a theta of 1 … 32767, got 40000"),
        ({"sizes": (12, 3), "constant": True}, "a single layer without neurons for one step only"),
        ({"sizes": (4090, 5, 3)}, None),
        ({"sizes": (4095, 5, 3)}, "at most 4094 synapses of a neuron or neurons of a layer, the network needs 4095"),
        ({"length": 512}, "at most 256 bits at once, got L = 512"),
    ],
)
def test_networks_that_no_engine_runs_are_refused(changes: dict[str, object], words: str | None) -> None:
    network = steps_network(np.random.default_rng(3), **changes)  # type: ignore[arg-type]
    if words is None:
        spike_config(network, 1)
        return
    with pytest.raises(ScError, match=words):
        spike_config(network, 1)


def test_alif_and_lif_layers_share_an_engine() -> None:
    network = steps_network(
        np.random.default_rng(4), neuron=Alif(theta=90, width=12, b=7, leak_shift_a=5), last=LIF, readout="spikes"
    )
    config = spike_config(network, 2)
    assert config.neuron == 2
    # The readout's neurons: nothing leaks from the rise of their threshold, and nothing is added to it.
    assert spike_table_words(network, config)[-4:] == [0, 0, 2, 120]


def test_a_network_and_a_core_of_different_kinds_do_not_fit() -> None:
    network = little()
    with pytest.raises(ScError, match="has the engine dense, which does not run networks in steps"):
        check_fits(network, EngineConfig(2, 2))
    plain = Network(4, (DenseLayer([[3, -2]], [1]),), InputSpec((2,), full_scale=4))
    with pytest.raises(ScError, match="has the engine steps, which does not run networks of one window"):
        check_fits(plain, SpikeConfig(2, 2))
    with pytest.raises(ScError, match="no integer peer"):
        core_config(network, 2, mac=True)
    with pytest.raises(ScError, match="leave out conv"):
        core_config(network, 2, conv=True)
    assert (sample_codes(network), sample_codes(plain)) == (12, 2)


def test_a_core_is_known_by_its_parameters_and_a_wrong_one_is_refused() -> None:
    config = spike_config(little(), lanes=2)
    values = config.parameters()
    assert config_of(values) == config
    for changes, words in (
        ({"STEPS": values["STEPS"] | 1 << 23}, "STEPS must have at most 23 bits"),
        ({"STEPS": values["STEPS"] | 7}, r"neuron must be in \[0, 2\], got 7"),
        ({"ENGINE": 3}, "ENGINE must be one of 0"),
    ):
        with pytest.raises(ScError, match=words):
            config_of(values | changes)


NEURON = Lif(theta=9, width=8)
#: The networks of formal/sc_spike_whole_fv.v.
WHOLE = [
    Network(
        4,
        (DenseLayer([[1]], [3], neuron=NEURON), DenseLayer([[3], [-3]], [3, -2])),
        InputSpec((1,), full_scale=4),
        theta_frac=1,
        steps=Steps(2, edges=(Edge(0, 0, 1, [[-3]]),)),
    ),
    Network(
        4,
        (DenseLayer([[1]], [2], neuron=NEURON), DenseLayer([[3], [-1]], [-2, -3], neuron=NEURON)),
        InputSpec((1,), full_scale=4),
        theta_frac=1,
        steps=Steps(2, constant=True, readout="potentials"),
    ),
]


@pytest.mark.parametrize("net", [0, 1])
def test_the_proof_of_the_whole_engine_has_the_table_of_its_network(net: int) -> None:
    """The files of formal/sc_spike_whole_fv.v, its parameters, and the order in which it takes the weights."""
    formal = Path(__file__).resolve().parent.parent / "formal"
    script = (formal / "sc_spike_whole_fv.sby").read_text()
    (found,) = re.findall(rf"chparam -set NET {net} (.*) sc_spike_whole_fv", script)
    chosen = {name: int(value) for name, value in re.findall(r"-set (\w+) (\d+)", found)}
    config = spike_config(WHOLE[net], chosen["LANES"])
    assert (config.weight_aw, config.table_aw, config.sum_w) == tuple(
        chosen[name] for name in ("WEIGHT_AW", "TABLE_AW", "SUM_W")
    )
    assert (config.width, config.frac, config.log2l, config.state_aw, config.history_aw) == (8, 1, 2, 2, 1)
    assert (config.log2_entries, config.delay_aw, config.constant) == ((2, 1, 0), (2, 0, 1))[net]
    assert (config.neuron, config.leak_mode, config.reset_mode, config.refractory) == (0, 0, 0, 0)
    words = [0, 0, *spike_table_words(WHOLE[net], config)[2:]]  # the tag is left out: the engine ignores it
    words += [0] * ((1 << config.table_aw) - len(words))
    assert [int(line, 16) for line in (formal / f"sc_spike_whole_{net}.mem").read_text().split()] == words
    # Input, edge, bias, and each score's neuron and bias; with two lanes a word for both scores.
    minus, high = 4, 3  # the sign, and where lane 1 begins
    expected = (
        [1, 3 | minus, 3, 3, 3, 3 | minus, 2 | minus],
        [1, 2, 3 | (1 | minus) << high, (2 | minus) | (3 | minus) << high],
    )
    assert spike_weight_words(WHOLE[net], config.lanes) == expected[net]
