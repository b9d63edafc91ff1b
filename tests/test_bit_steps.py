"""Networks of lif layers without steps (A17) on the engine of networks in steps: image, widths, refusals, RTL, host."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest
from numpy.typing import NDArray

from networks import random_codes, random_network, random_temporal_network
from sc_neurocore import golden, packed
from sc_neurocore.errors import ScError
from sc_neurocore.hardware import estimate, rtl_sim
from sc_neurocore.hardware.bit_steps import check_width, engine_width, potential_range, steps_of
from sc_neurocore.hardware.core import check_fits, config_of, core_config, frame_bytes, sample_codes
from sc_neurocore.hardware.host import HostLink
from sc_neurocore.hardware.image import EngineConfig
from sc_neurocore.hardware.spike_clocks import entries, spike_clocks, worst_clocks
from sc_neurocore.hardware.spike_image import SpikeConfig, spike_check, spike_config, spike_table_words
from sc_neurocore.hardware.virtual_board import VirtualBoard
from sc_neurocore.network import ConvLayer, DenseLayer, InputSpec, Network, Steps
from sc_neurocore.neurons import Lif
from sc_neurocore.neurons.lif import leak
from strategies import mux_network

LIF = Lif(theta=40, width=12, leak_shift=2)
CASES: dict[str, tuple[Lif, ...]] = {
    "shift": (LIF, Lif(theta=55, width=10, leak_shift=3)),
    "no leak": (Lif(theta=70, width=12, leak_shift=0),),
    "factor": (Lif(theta=40, width=14, leak_mode=1, beta=219), Lif(theta=12, width=11, leak_mode=1, beta=130)),
    "to value, rests": (
        Lif(theta=40, width=10, leak_shift=1, reset_mode=1, v_reset=-20, refractory=2),
        Lif(theta=25, width=10, leak_shift=4, reset_mode=1, v_reset=5),
    ),
    "saturates": (Lif(theta=20, width=8, leak_shift=0), Lif(theta=10, width=8, leak_shift=0)),
}


def lif_network(
    rng: np.random.Generator, neurons: tuple[Lif, ...] = (LIF, LIF), *, length: int = 16, inputs: int = 11
) -> Network:
    """Return a network of random weights with a hidden layer for each of the neurons."""
    sizes = (*(inputs, 7, 5)[: len(neurons) + 1], 3)
    layers = []
    for k, (before, after) in enumerate(pairwise(sizes)):
        synapses = rng.integers(1 - length, length, (after, before + 1))
        neuron = neurons[k] if k < len(neurons) else None
        layers.append(DenseLayer(synapses[:, :-1], synapses[:, -1], neuron=neuron))
    return Network(length, tuple(layers), InputSpec((inputs,), full_scale=length), theta_frac=3)


@pytest.mark.parametrize("case", CASES)
def test_the_rtl_gives_every_spike_score_and_clock(case: str) -> None:
    rng = np.random.default_rng(21 if case == "saturates" else 11)
    network = lif_network(rng, CASES[case])
    codes = random_codes(rng, network, 7)
    wanted = golden.run(network, codes, spikes=True)
    if case == "saturates":  # with room for every potential the spikes are others
        dense = [layer for layer in network.layers if isinstance(layer, DenseLayer)]
        wide = [replace(x.neuron, width=24) if isinstance(x.neuron, Lif) else None for x in dense]
        layers = tuple(DenseLayer(x.weights, x.bias, neuron=n) for x, n in zip(dense, wide, strict=True))
        others = golden.run(replace(network, layers=layers), codes, spikes=True)
        assert not all(np.array_equal(a, b) for a, b in zip(others.spikes, wanted.spikes, strict=True))
    fired = [int(spikes.sum()) for spikes in wanted.spikes]
    assert all(fired), fired
    assert np.array_equal(packed.run(network, codes).scores, wanted.scores)
    for lanes, stall in ((1, 0), (4, 3)):
        got = rtl_sim.run(network, codes, lanes=lanes, stall_seed=stall, jobs=1)
        assert np.array_equal(got.scores, wanted.scores)
        for a, b in zip((*got.spikes, *got.counts), (*wanted.spikes, *wanted.counts), strict=True):
            assert np.array_equal(a, b)
        if stall == 0:
            predicted = spike_clocks(network, codes, wanted.spikes, lanes)
            assert got.clocks is not None
            assert np.array_equal(got.clocks, predicted)
            assert len(set(predicted.tolist())) > 1
            assert predicted.max() <= worst_clocks(network, lanes)
            assert np.array_equal(estimate.clocks_of(network, codes, lanes), predicted)


def test_a_larger_engine_runs_the_network_too() -> None:
    rng = np.random.default_rng(8)
    network = lif_network(rng)
    config = spike_config(network, 3)
    larger = replace(config, log2_entries=6, state_aw=6, width=config.width + 3, refractory=1, sum_w=20)
    codes = random_codes(rng, network, 5)
    assert np.array_equal(rtl_sim.run(network, codes, config=larger, jobs=1).scores, golden.run(network, codes).scores)


def test_the_image_has_a_step_for_each_clock() -> None:
    network = lif_network(np.random.default_rng(1))
    config = spike_config(network, lanes=2)
    assert config == core_config(network, 2)
    assert (config.bits, config.constant, config.delay_aw, config.neuron) == (1, 0, 0, 0)
    assert config_of(config.parameters()) == config
    table = spike_table_words(network, config)
    assert table[2:4] == [11, 1 << 15 | 15]
    # Seven neurons, in the last of four groups one; they share their words: leak and threshold.
    assert table[4:8] == [0x1000, 3, 2, 40]
    # The list of the inputs stays while the others are written, and a product is a bit.
    assert (config.log2_entries + 5, 3 << config.log2_entries) in config.memories()
    assert config.step_sum_bits == config.log2_entries + 2
    assert len(config.memories()) == 4
    assert (sample_codes(network), frame_bytes(network)) == (11, 11)
    assert steps_of(network).content() == Steps(16, constant=True).content()


def test_the_inputs_are_listed_in_every_clock() -> None:
    network = lif_network(np.random.default_rng(2), (LIF,))
    codes = [[0, 3] + [0] * 9, [1] * 11]
    spikes = np.zeros((2, 16, 7), dtype=bool)
    spikes[0, 4, :2] = True
    listed = entries(network, codes, [spikes])
    assert listed[:, :, 0].tolist() == [[2] * 16, [12] * 16]
    assert listed[:, :, 1].tolist() == [[1] * 4 + [3] + [1] * 11, [1] * 16]


# --- widths


@pytest.mark.parametrize("case", CASES)
def test_no_input_takes_a_potential_out_of_its_range(case: str) -> None:
    """Every input of two synapses is tried, on neurons in plain integers."""
    rng = np.random.default_rng(3)
    for _ in range(6):
        network = lif_network(rng, (replace(CASES[case][0], width=24),), length=4, inputs=2)
        neuron, layer = network.layers[0].neuron, network.layers[0]
        assert isinstance(neuron, Lif)
        assert isinstance(layer, DenseLayer)
        low, high = potential_range(0, network)
        found = []
        for codes in product(range(5), repeat=2):
            found += [u for u, _ in potentials(layer, neuron, codes, network)]
        assert low <= min(found)
        assert max(found) <= high


def potentials(
    layer: DenseLayer, neuron: Lif, codes: tuple[int, ...], network: Network
) -> list[tuple[int, NDArray[np.bool_]]]:
    """Return (u, spike) of every neuron in every clock, by A13 and A17 in plain integers without a width."""
    van_der_corput = [0, 2, 1, 3]
    out = []
    for weights, bias in zip(layer.weights.tolist(), layer.bias.tolist(), strict=True):
        v, rest = neuron.v_reset if neuron.reset_mode else 0, 0
        for t in range(4):
            seen = [*(w for w, x in zip(weights, codes, strict=True) if x > t), bias]
            current = sum(np.sign(w) * (abs(w) > van_der_corput[t]) for w in seen) << network.theta_frac
            if rest:
                rest -= 1
                continue
            u = int(leak(np.array(v), neuron.leak_mode, neuron.leak_shift, neuron.beta)) + current
            spike = u >= neuron.theta
            v = (neuron.v_reset if neuron.reset_mode else u - neuron.theta) if spike else u
            rest = neuron.refractory if spike else 0
            out.append((u, spike))
    return out


def test_a_layer_that_cannot_saturate_has_any_width_that_holds_it() -> None:
    layers = (
        DenseLayer([[3, -2]], [1], neuron=Lif(theta=9, width=20, leak_shift=0)),
        DenseLayer([[3]], [-1], neuron=Lif(theta=30, width=6, leak_shift=0)),
        DenseLayer([[1]], [0]),
    )
    network = Network(4, layers, InputSpec((2,), full_scale=4), theta_frac=1)
    # Bits of 3, 2 and 1 by t: 1 1 1 0, 1 0 1 0, 1 0 0 0. So S is at most 2, 1, 1, 0, at least 0, 0, -1, 0, with f = 1.
    assert potential_range(0, network) == (-2, 8)
    assert engine_width(network) == 6  # of the second threshold
    for width in (6, 7, 32):
        check_width(network, width)
    with pytest.raises(ScError, match=r"one width for all neurons, 5: layer 1 needs 6; a streaming design \(back end"):
        check_width(network, 5)


def test_layers_that_saturate_need_their_own_width() -> None:
    rng = np.random.default_rng(4)
    narrow = Lif(theta=60, width=8, leak_shift=7)
    network = lif_network(rng, (narrow, replace(LIF, theta=1000, width=16)))
    message = r"one width for all neurons, \d+: layer 0 needs just 8, since its potentials may saturate there"
    with pytest.raises(ScError, match=message):
        spike_config(network, 2)
    same = lif_network(rng, (narrow, narrow))
    config = spike_config(same, 2)
    assert config.width == 8
    with pytest.raises(ScError, match="layer 0 needs just 8"):
        spike_check(same, replace(config, width=9))


# --- what is refused


def test_networks_that_the_engine_lacks_are_refused_with_what_runs_them() -> None:
    rng = np.random.default_rng(5)
    stream = r"needs a streaming design \(back end 'stream'\)"
    for kinds, k in (("lw", 1), ("wl", 0)):
        with pytest.raises(ScError, match=rf"layer {k} has window_if neurons, so it {stream}"):
            core_config(random_temporal_network(rng, 8, (4, 3, 3, 2), kinds), 2)
    with pytest.raises(ScError, match=f"layer 0 has a MUX adder, which {stream}"):
        core_config(mux_network(rng, 8, (4, 3, 2), "l", "ma"), 2)
    with pytest.raises(ScError, match="at most 256 bits at once, got L = 512"):
        core_config(lif_network(rng, length=512), 2)
    with pytest.raises(ScError, match="a theta of 1 … 32767, got 40000"):
        core_config(lif_network(rng, (replace(LIF, theta=40000, width=20),)), 2)
    with pytest.raises(ScError, match="one leak_mode for all neurons"):
        core_config(lif_network(rng, (LIF, replace(LIF, leak_mode=1, beta=200))), 2)
    with pytest.raises(ScError, match="a network with lif neurons has no integer peer"):
        core_config(lif_network(rng), 2, mac=True)
    with pytest.raises(ScError, match="a network with lif neurons runs on the engine of networks in steps only"):
        core_config(lif_network(rng), 2, conv=True)
    image = InputSpec((4, 4), full_scale=8)
    conv = ConvLayer(rng.integers(-7, 8, (2, 3, 3, 1)), [0, 0], 20, (4, 4, 1))
    dense = DenseLayer(rng.integers(-7, 8, (3, 8)), [0, 0, 0], neuron=LIF)
    network = Network(8, (conv, dense, DenseLayer([[1, 1, 1]], [0])), image)
    with pytest.raises(ScError, match=f"runs dense layers only: layer 0 is .*and a lif network with it {stream}"):
        core_config(network, 2)
    other = replace(lif_network(rng), weight_source="lfsr")
    with pytest.raises(ScError, match="take the source 'vdc'"):
        core_config(other, 2)


def test_cores_of_the_other_kind_are_refused() -> None:
    rng = np.random.default_rng(6)
    network = lif_network(rng)
    config = spike_config(network, 2)
    with pytest.raises(ScError, match="has the engine dense, which does not run networks with lif neurons"):
        check_fits(network, EngineConfig(4, 2))
    plain = random_network(rng, 16, (4, 3, 2))
    with pytest.raises(ScError, match="has the engine steps, which does not run networks of one window"):
        check_fits(plain, config)
    with pytest.raises(ScError, match="built for networks in steps, not for networks of lif neurons without steps"):
        spike_check(network, replace(config, bits=0))
    in_steps = replace(network, steps=Steps(4))
    with pytest.raises(ScError, match="built for networks of lif neurons without steps, not for networks in steps"):
        spike_check(in_steps, config)
    with pytest.raises(ScError, match="bits = 1 needs constant = 0 and delay_aw = 0, got 1 and 2"):
        SpikeConfig(4, 2, bits=1, delay_aw=2)


# --- estimate and host


def test_an_estimate_says_that_nothing_was_fitted_to_it() -> None:
    rng = np.random.default_rng(9)
    network = lif_network(rng)
    samples = rng.integers(0, 17, (5, 11))
    found = estimate.estimate(network, "icebreaker", samples=samples)
    assert (found.lcs, found.fmax_mhz, found.clock_mhz) == (None, None, None)
    assert "no build of the bits engine was timed" in found.fmax_over
    assert found.clocks_per_inference == round(float(estimate.clocks_of(network, samples, found.lanes).mean()), 1)
    # Two SPRAM blocks side by side hold six codes of five bits and a sign.
    assert found.lanes == 6
    worst = estimate.estimate(network, "icebreaker")
    assert worst.clocks_per_inference == worst_clocks(network, 6)
    assert "upper estimate" in worst.clocks_over


def test_a_virtual_board_answers_with_the_scores_of_the_golden_model() -> None:
    rng = np.random.default_rng(10)
    network = lif_network(rng, CASES["factor"])
    dense = [layer for layer in network.layers if isinstance(layer, DenseLayer)]
    other = replace(network, layers=tuple(DenseLayer(x.weights, -x.bias, neuron=x.neuron) for x in dense))
    codes = random_codes(rng, network, 6)
    with VirtualBoard(network, lanes=2) as board, HostLink.open(board.port, board.baud, timeout=10) as link:
        for each in (network, other):
            link.prepare(each)
            assert np.array_equal(link.run(each, codes).scores, golden.run(each, codes).scores)
