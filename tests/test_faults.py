"""Faults: none changes nothing, each is where it is said to be, as often as it is said, and the same for one seed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from networks import integer_network, random_codes, random_network, random_temporal_network
from networks_in_steps import LIF, samples, steps_network
from sc_neurocore import artifact, data, faults, golden, packed
from sc_neurocore.compiler.network_neuron import EquationNeuron
from sc_neurocore.errors import ScError
from sc_neurocore.faults import SITES, STEPS_SITES, FaultModel, exposure, flip_bits, flip_words, run, stuck_at
from sc_neurocore.network import DenseLayer, Edge, InputSpec, Network, Steps
from sc_neurocore.neurons import Alif, ClockNeuron, Groups, Li, Lif, Synaptic, window_if
from sc_neurocore.result import Result
from sc_neurocore.streams import encode

DIGITS = Path(__file__).resolve().parents[1] / "train" / "networks" / "digits"
EQUATIONS = {"equations": "dv/dt = I - v/8", "threshold": "v > 0.5", "reset": "v = 0"}
SOME = FaultModel(0.02, 0.03, 0.01, 0.004, 0.02, 0.01, seed=5)


def assert_equal(a: Result, b: Result) -> None:
    assert np.array_equal(a.scores, b.scores)
    for x, y in zip(a.counts, b.counts, strict=True):
        assert np.array_equal(x, y)


@settings(max_examples=40)
@given(
    st.sampled_from([4, 8, 16, 64, 128]),
    st.lists(st.integers(1, 70), min_size=2, max_size=4),
    st.integers(0, 2**32 - 1),
)
def test_without_faults_the_datapaths_are_golden_and_the_integer_network(
    length: int, shape: list[int], seed: int
) -> None:
    random = np.random.default_rng(seed)
    network = random_network(random, length, shape)
    codes = random_codes(random, network, 3)
    assert_equal(run(network, codes), golden.run(network, codes))
    assert_equal(run(network, codes, FaultModel(seed=9), "binary"), integer_network(network, codes))


def test_without_faults_lif_networks_are_golden() -> None:
    random = np.random.default_rng(7)
    for kinds in ("l", "lw", "wl"):
        network = random_temporal_network(random, 16, (20, 9, 8, 4)[3 - len(kinds) - 1 :], kinds)
        codes = random_codes(random, network, 5)
        assert_equal(run(network, codes), golden.run(network, codes))
        # A flip of every product bit of every clock is no small thing.
        assert run(network, codes, FaultModel(product_ber=1.0)).mismatches(golden.run(network, codes)) > 0


def test_without_faults_every_digit_is_that_of_the_packed_simulator() -> None:
    network = artifact.load(DIGITS)
    codes = network.input.encode(data.load_part("digits").x, network.length)
    assert_equal(run(network, codes), packed.run(network, codes))


@pytest.mark.parametrize("datapath", faults.DATAPATHS)
def test_the_seed_alone_places_the_faults(datapath: str, generator: np.random.Generator) -> None:
    network = random_network(generator, 16, (70, 9, 4))
    codes = random_codes(generator, network, 23)
    whole = run(network, codes, SOME, datapath)
    for block in (1, 7, 22, 1000):
        assert_equal(run(network, codes, SOME, datapath, block=block), whole)
    other = FaultModel(0.02, 0.03, 0.01, 0.004, 0.02, 0.01, seed=6)
    assert run(network, codes, other, datapath).mismatches(whole) > 0


def _bits(key: tuple[int, ...], first: int, lanes: np.ndarray, rate: float) -> np.ndarray:
    """Random words of the module, as bits: shape lanes.shape + (64,). Their statistics are tested below."""
    words = faults._flips(faults._key(*key), first, lanes.astype(np.uint64), rate)
    return np.unpackbits(words.astype("<u8")[..., None].view(np.uint8), axis=-1, bitorder="little").astype(bool)


def _side_by_side(bits: np.ndarray, n: int) -> np.ndarray:
    return bits.reshape(*bits.shape[:-2], -1)[..., :n]


def _naive_stochastic(network: Network, codes: np.ndarray, f: FaultModel) -> tuple[list[int], list[list[int]]]:
    """One image, bit by bit in plain Python, with the module's random bits."""
    length, x = network.length, codes.astype(int)
    counts: list[list[int]] = []
    for place, layer in enumerate(network.layers):
        n, m = layer.synapses.shape
        synapses, words = layer.synapses.astype(int), -(-m // 64)
        full = np.full((length, words), 2**64 - 1, dtype=np.uint64)
        a = _side_by_side(_bits((f.seed, 0, place), 0, full, f.activation_ber), m)
        each = np.full((length, n, words), 2**64 - 1, dtype=np.uint64)
        w = _side_by_side(_bits((f.seed, 1, place), 0, each, f.weight_ber), m)
        p = _side_by_side(_bits((f.seed, 2, place), 0, each, f.product_ber), m)
        gates = each[0]
        zero = _side_by_side(_bits((f.seed, 4, place), 0, gates, f.stuck_at_0), m)
        one = _side_by_side(_bits((f.seed, 5, place), 0, gates, f.stuck_at_1 / (1 - f.stuck_at_0)), m)
        width = int(np.log2(length)) + int(np.ceil(np.log2(m + 1))) + 1
        register_bits = _bits((f.seed, 3, place), 0, np.full((length, n), (1 << width) - 1), f.accumulator_ber)
        x_bits = encode(np.append(x, length), length, "counter")
        w_bits = encode(np.abs(synapses), length, "vdc")
        sums = []
        for j in range(n):
            negatives = int((synapses[j] < 0).sum())
            register = -length * negatives
            for t in range(length):
                register ^= sum(1 << b for b in range(64) if register_bits[t, j, b])
                for k in range(m):
                    if synapses[j, k] == 0:
                        continue
                    stream = bool(x_bits[k, t]) ^ (k < m - 1 and bool(a[t, k]))
                    product = (stream and bool(w_bits[j, k, t]) ^ bool(w[t, j, k])) ^ bool(p[t, j, k])
                    product = False if zero[j, k] else True if one[j, k] else product
                    register += int(product ^ bool(synapses[j, k] < 0))  # as the RTL: negative products inverted
                register = (register + (1 << width - 1)) % (1 << width) - (1 << width - 1)
            sums.append(register)
        if layer.theta is None:
            return sums, counts
        x = window_if(sums, layer.theta, network.theta_frac, length)
        counts.append(x.tolist())
    raise AssertionError


@pytest.mark.parametrize(("length", "shape"), [(8, (5, 4, 3)), (4, (70, 3)), (32, (3, 66, 2))])
def test_the_stochastic_datapath_is_the_rtl_with_gates_and_registers_that_fail(
    length: int, shape: tuple[int, ...]
) -> None:
    """The register as in rtl/sc_stream_dense.v; all kinds of fault at once; spread over several words of synapses."""
    random = np.random.default_rng([length, 1])
    network = random_network(random, length, shape)
    codes = random.integers(0, length + 1, (1, shape[0]))
    got = run(network, codes, SOME)
    scores, counts = _naive_stochastic(network, codes[0], SOME)
    assert got.scores[0].tolist() == scores
    assert [c[0].tolist() for c in got.counts] == counts
    assert got.mismatches(run(network, codes)) == 1


def _one_synapse(length: int, weight: int, bias: int = 0) -> Network:
    return Network(length, (DenseLayer([[weight]], [bias], None),), InputSpec((1,), full_scale=length))


def test_every_flip_of_one_synapse_has_the_effect_that_its_place_says() -> None:
    """Rates of 1: all bits flip, so the answer is known without random numbers."""
    length, x, w = 16, 6, 5
    network = _one_synapse(length, w)

    def score(datapath: str, **rates: Any) -> int:
        return int(run(network, [[x]], FaultModel(**rates), datapath).scores[0, 0])

    x_bits, w_bits = encode(x, length), encode(w, length, "vdc")
    assert score("stochastic", activation_ber=1.0) == int((~x_bits & w_bits).sum())
    assert score("stochastic", weight_ber=1.0) == int((x_bits & ~w_bits).sum())
    assert score("stochastic", product_ber=1.0) == int((~(x_bits & w_bits)).sum())
    assert score("stochastic", stuck_at_0=1.0) == 0
    assert score("stochastic", stuck_at_1=1.0) == length
    assert score("binary") == x * w
    assert score("binary", activation_ber=1.0) == (31 - x) * w
    assert score("binary", weight_ber=1.0) == -x * (15 - w)  # the sign flips as well
    assert score("binary", product_ber=1.0) == 511 - x * w
    assert score("binary", accumulator_ber=1.0) == -1 - x * w
    assert score("binary", stuck_at_0=1.0) == 0
    assert score("binary", stuck_at_1=1.0) == 511


def test_a_stuck_synapse_is_its_whole_product() -> None:
    """Products of 1·1: a synapse stuck at 0 takes one away, at 1 it gives the greatest word, and none is in between."""
    length, inputs = 16, 400
    network = Network(length, (DenseLayer(np.ones((1, inputs), int), [0], None),), InputSpec((inputs,), length))
    codes = np.ones((1, inputs), int)

    def score(datapath: str, at_0: float, at_1: float) -> int:
        broken = FaultModel(stuck_at_0=at_0, stuck_at_1=at_1, seed=3, stuck_synapses=True)
        return int(run(network, codes, broken, datapath).scores[0, 0])

    for rate in (0.0, 0.1, 1.0):
        lost = inputs - score("binary", rate, 0.0)
        assert abs(lost - rate * inputs) <= 6 * np.sqrt(rate * (1 - rate) * inputs)
        added, rest = divmod(score("binary", 0.0, rate) - inputs, 2**9 - 1 - 1)
        assert rest == 0
        assert abs(added - rate * inputs) <= 6 * np.sqrt(rate * (1 - rate) * inputs)
    gates = FaultModel(stuck_at_0=0.2, stuck_at_1=0.1, seed=3)
    assert score("stochastic", 0.2, 0.1) == int(run(network, codes, gates).scores[0, 0])


def test_no_fault_where_there_is_no_gate_and_no_line() -> None:
    nothing = _one_synapse(16, 0)
    broken = FaultModel(weight_ber=1.0, product_ber=1.0, activation_ber=1.0)
    for datapath in faults.DATAPATHS:
        assert run(nothing, [[9]], broken, datapath).scores.tolist() == [[0]]
    bias = _one_synapse(16, 0, bias=7)
    assert run(bias, [[9]], FaultModel(activation_ber=1.0)).scores.tolist() == [[7]]
    assert run(bias, [[9]], FaultModel(activation_ber=1.0), "binary").scores.tolist() == [[7 * 16]]


@pytest.mark.parametrize("ber", [0.0, 0.001, 0.05, 0.3, 0.5, 0.9, 1.0])
def test_flips_are_as_frequent_as_said_in_every_lane_and_independent(ber: float) -> None:
    n = 64 * 20_000
    flips = flip_bits(np.zeros(n, dtype=bool), ber, seed=3).reshape(-1, 64)
    deviation = np.sqrt(ber * (1 - ber))
    # The mean of n bits has the standard deviation √(p(1 − p)/n): 6 of them; for 64 lanes the same.
    assert abs(flips.mean() - ber) <= 6 * deviation / np.sqrt(n)
    assert np.abs(flips.mean(axis=0) - ber).max() <= 6 * deviation / np.sqrt(len(flips))
    # Covariance of neighbouring lanes and of successive words: products of two independent bits, p(1 − p)/√n.
    centred = flips - ber
    for a, b in ((centred[:, 1:], centred[:, :-1]), (centred[1:], centred[:-1])):
        assert abs((a * b).mean()) <= 6 * deviation**2 / np.sqrt(a.size)
    words = flip_words(np.zeros(50_000, dtype=int), 9, ber, seed=3)
    rate = sum(int(((words >> k) & 1).sum()) for k in range(9)) / (9 * len(words))
    assert abs(rate - ber) <= 6 * deviation / np.sqrt(9 * len(words))
    assert int(words.max(initial=0)) < 512


def test_flips_and_stuck_gates_on_streams_of_any_shape(generator: np.random.Generator) -> None:
    bits = generator.random((4, 5, 33)) < 0.5
    assert np.array_equal(flip_bits(bits, 0.0), bits)
    assert np.array_equal(flip_bits(bits, 1.0), ~bits)
    assert np.array_equal(flip_bits(bits, 0.3, 1), flip_bits(bits, 0.3, 1))
    assert not np.array_equal(flip_bits(bits, 0.3, 1), flip_bits(bits, 0.3, 2))
    streams = generator.random((5000, 12)) < 0.5
    broken = stuck_at(streams, 0.2, 0.3, seed=4)
    kept = (broken == streams).all(axis=1)
    zeros, ones = ~broken.any(axis=1) & ~kept, broken.all(axis=1) & ~kept
    assert (kept | zeros | ones).all()
    for share, rate in ((zeros.mean(), 0.2), (ones.mean(), 0.3)):
        # A stream of 12 bits is constant by itself with probability 2⁻¹¹, which the slack holds as well.
        assert abs(share - rate) <= 6 * np.sqrt(rate * (1 - rate) / 5000) + 2**-11
    assert stuck_at(streams, 0.5, 0.5).sum(axis=1).tolist().count(0) > 2000
    assert not stuck_at(streams, 1.0, 0.0).any()


def test_a_stuck_gate_is_stuck_for_all_images_and_a_flip_is_not(generator: np.random.Generator) -> None:
    network = random_network(generator, 16, (40, 8))
    codes = np.repeat(random_codes(generator, network, 3)[2:], 50, axis=0)
    stuck = run(network, codes, FaultModel(stuck_at_0=0.1, stuck_at_1=0.1)).scores
    assert (stuck == stuck[0]).all()
    for site in SITES:
        for datapath in faults.DATAPATHS:
            flipped = run(network, codes, FaultModel(**{f"{site}_ber": 0.1}), datapath).scores
            assert len(np.unique(flipped, axis=0)) > 1, (site, datapath)


def test_exposure_counts_bits_and_clocks() -> None:
    network = Network(
        8,
        (DenseLayer([[1, 0, 7], [0, -7, 3]], [5, 0], theta=40), DenseLayer([[3, -3]], [0], None)),
        InputSpec((3,), full_scale=8),
    )
    # Synapses: 3 + 2 in the first layer, 2 in the second. Registers: 3 + ⌈log₂ 5⌉ + 1 and 3 + ⌈log₂ 4⌉ + 1 bits.
    assert exposure(network) == {"activation": 40, "weight": 56, "product": 56, "accumulator": 8 * (2 * 7 + 6)}
    assert exposure(network, "binary") == {
        "activation": 5 * 4, "weight": 7 * 4, "product": 7 * 7, "accumulator": 2 * (8 + 3) + (8 + 2),
    }  # fmt: skip


def test_flips_are_as_many_as_the_exposure_says() -> None:
    """Layers that show each flip: x = L, W = 0 or greatest, so that every flipped product bit changes the sum by 1."""
    network = Network(16, (DenseLayer(np.full((20, 50), 15), np.zeros(20, int), None),), InputSpec((50,), 16))
    images, ber = 200, 0.01
    codes = np.zeros((images, 50), dtype=int)
    ones = run(network, codes, FaultModel(product_ber=ber)).scores.sum()
    expected = exposure(network)["product"] * ber * images
    assert abs(int(ones) - expected) <= 6 * np.sqrt(expected)


def test_the_binary_sum_holds_every_fault() -> None:
    wide = Network(256, (DenseLayer(np.full((1, 300), 255), [255], None),), InputSpec((300,), 256))
    full = np.full((1, 300), 256)
    assert run(wide, full, None, "binary").scores.tolist() == [[300 * 255 * 256 + 255 * 256]]
    assert run(wide, full, FaultModel(stuck_at_1=1.0), "binary").scores.tolist() == [[301 * (2**17 - 1)]]


# --- networks in steps ------------------------------------------------------------------------------------------------

IN_STEPS = FaultModel(0.02, 0.03, 0.01, 0.004, 0.02, 0.01, seed=5, state_ber=0.02)
#: Readout, hidden neuron, the readout's neuron, whether the input is constant.
KINDS: list[tuple[str, ClockNeuron, ClockNeuron | None, bool]] = [
    ("sum", LIF, None, False),
    ("sum", Lif(theta=90, width=10, leak_mode=1, beta=200, reset_mode=1, v_reset=-7, refractory=2), None, True),
    ("spikes", Synaptic(theta=150, width=12), Synaptic(theta=90, width=12), False),
    ("potentials", Alif(theta=100, width=12, b=30, refractory=1), Alif(theta=90, width=12), True),
    ("potential", Groups(((4, LIF), (3, Lif(theta=60, width=12, leak_shift=1)))), Li(width=12), False),
]


def network_in_steps(kind: tuple[str, ClockNeuron, ClockNeuron | None, bool], **more: Any) -> Network:
    readout, neuron, last, constant = kind
    return steps_network(
        np.random.default_rng(3),
        sizes=(12, 7, 3),
        readout=readout,
        neuron=neuron,
        last=last,
        constant=constant,
        edges=((0, 0, 1), (0, 1, 2)),
        **more,
    )


@pytest.mark.parametrize("kind", KINDS)
def test_without_faults_networks_in_steps_are_those_of_the_packed_simulator(
    kind: tuple[str, ClockNeuron, ClockNeuron | None, bool], generator: np.random.Generator
) -> None:
    network = network_in_steps(kind)
    codes = samples(generator, network, 20)
    assert_equal(run(network, codes), packed.run(network, codes))


def _bits_of(state: Any, neuron: Any, name: str = "v") -> list[tuple[str, Any, int]]:
    """The arrays of a state in order, each with its name and its bits, by the kinds' own fields."""
    if isinstance(state, np.ndarray):
        return [(name, state, neuron.width)]
    if isinstance(state, tuple):
        return [entry for one, each in zip(neuron.parts, state, strict=True) for entry in _bits_of(each, one[1])]
    membrane = getattr(state, "membrane", state)
    inner = [(x, getattr(state, x), neuron.width) for x in ("i", "a") if hasattr(state, x)]
    return [*inner, ("v", membrane.v, neuron.width), ("rest", membrane.rest, 8 if neuron.refractory else 0)]


def _naive_steps(network: Network, sample: np.ndarray, f: FaultModel) -> tuple[list[int], list[list[int]]]:
    """One sample, bit by bit in plain Python, with the module's random bits."""
    steps, length, layers = network.steps, network.length, network.layers
    assert steps is not None
    states = [x.neuron.start((1, x.neurons)) if x.neuron else None for x in layers]
    past: list[list[list[bool]]] = []
    counts = [[0] * x.neurons for x in layers[:-1]]
    scores = [0] * network.classes
    for t in range(steps.count):
        past.append([])
        for k, layer in enumerate(layers):
            codes = [int(x) for x in (sample if steps.constant else sample[t])]
            if k:
                codes = [length * int(x) for x in past[t][k - 1]]
            weights = layer.weights.astype(int)
            for edge in steps.edges:
                if edge.target == k:
                    before = past[t - edge.delay][edge.source] if t >= edge.delay else [False] * edge.weights.shape[1]
                    codes += [length * int(x) for x in before]
                    weights = np.concatenate([weights, edge.weights.astype(int)], axis=1)
            alone = DenseLayer(weights, layer.bias, None)
            single = Network(length, (alone,), InputSpec((len(codes),), length), theta_frac=network.theta_frac)
            sums = _sums_with_faults(single, np.array(codes), f, k, t)
            if layer.neuron is None:
                scores = [a + b for a, b in zip(scores, sums, strict=True)]
                continue
            if t:
                for j, (name, values, bits) in enumerate(_bits_of(states[k], layer.neuron)):
                    width = values.shape[1]
                    flips = _bits((f.seed, 8, k, t, j + 1), 0, np.full((1, width), (1 << bits) - 1), f.state_ber)
                    for i in range(width):
                        word = int(values[0, i]) % (1 << max(bits, 1)) if bits else int(values[0, i])
                        word ^= sum(1 << b for b in range(bits) if flips[0, i, b])
                        signed = name != "rest" and word >= 1 << bits - 1
                        values[0, i] = word - (1 << bits) if signed else word
            current = np.array([sums]) << network.theta_frac
            states[k], spike, u = layer.neuron.step_of_sample(states[k], current)
            past[t].append(spike[0].tolist())
            if k < len(counts):
                counts[k] = [n + int(s) for n, s in zip(counts[k], spike[0], strict=True)]
            else:
                new = spike[0].astype(int).tolist() if steps.readout == "spikes" else u[0].tolist()
                scores = new if steps.readout == "potential" else [a + b for a, b in zip(scores, new, strict=True)]
    return scores, counts


def _sums_with_faults(single: Network, codes: np.ndarray, f: FaultModel, k: int, t: int) -> list[int]:
    """The sums of one layer in one step, by the reference for networks of one window with other keys."""
    taken: list[tuple[int, ...]] = []

    def key(seed: int, *place: int) -> np.uint64:
        taken.append(place)
        site = place[0]
        return true(seed, site, k) if site in (4, 5) else true(seed, site, k, t)

    true = faults._key
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(faults, "_key", key)
        scores, _ = _naive_stochastic(single, codes, f)
    assert {site for site, _ in taken} == {0, 1, 2, 3, 4, 5}
    return scores


@pytest.mark.parametrize("kind", KINDS)
def test_each_fault_of_a_network_in_steps_is_where_it_is_said_to_be(
    kind: tuple[str, ClockNeuron, ClockNeuron | None, bool], generator: np.random.Generator
) -> None:
    network = network_in_steps(kind, count=3, length=4)
    codes = samples(generator, network, 1, active=0.8)
    got = run(network, codes, IN_STEPS)
    scores, counts = _naive_steps(network, codes[0], IN_STEPS)
    assert got.scores[0].tolist() == scores
    assert [c[0].tolist() for c in got.counts] == counts
    assert not np.array_equal(got.scores, run(network, codes).scores)


def test_the_seed_alone_places_the_faults_of_networks_in_steps(generator: np.random.Generator) -> None:
    network = network_in_steps(KINDS[1])
    codes = samples(generator, network, 11)
    whole = run(network, codes, IN_STEPS)
    for block in (1, 4, 10):
        assert_equal(run(network, codes, IN_STEPS, block=block), whole)
    assert run(network, codes, replace(IN_STEPS, seed=6)).mismatches(whole) > 0


def test_every_site_of_a_network_in_steps_matters(generator: np.random.Generator) -> None:
    network = network_in_steps(KINDS[3])
    codes = np.repeat(samples(generator, network, 1), 40, axis=0)
    for site in STEPS_SITES:
        flipped = run(network, codes, FaultModel(**{f"{site}_ber": 0.1})).scores
        assert len(np.unique(flipped, axis=0)) > 1, site


def test_a_state_whose_bits_all_flip_is_its_complement() -> None:
    # One neuron without a leak, a bias of 3 in units of 1: 3, then ~3 + 3 = −1, then ~−1 + 3 = 3.
    layer = DenseLayer([[0]], [3], neuron=Li(width=8, leak_shift=0))
    for count, last in ((1, 3), (2, -1), (3, 3)):
        network = Network(
            16, (layer,), InputSpec((1,), 16), theta_frac=0, steps=Steps(count, readout="potential", constant=True)
        )
        assert run(network, [[0]], FaultModel(state_ber=1.0)).scores.tolist() == [[last]]
    # A rest whose bits all flip is 255 steps long: the neuron never fires again.
    resting = DenseLayer([[0]], [7], neuron=Lif(theta=5, width=8, leak_shift=0, reset_mode=1, refractory=1))
    network = Network(16, (resting,), InputSpec((1,), 16), theta_frac=0, steps=Steps(6, readout="spikes"))
    codes = np.zeros((1, 6, 1), dtype=int)
    assert run(network, codes).scores.tolist() == [[3]]
    assert run(network, codes, FaultModel(state_ber=1.0)).scores.tolist() == [[1]]


def test_exposure_of_a_network_in_steps_counts_steps_too() -> None:
    lif = Lif(theta=40, width=10, refractory=2)
    layers = (DenseLayer([[1, 0, 7], [0, -7, 3]], [5, 0], neuron=lif), DenseLayer([[3, -3]], [0], None))
    steps = Steps(5, edges=(Edge(0, 0, 1, [[2, 0], [0, 0]]),))
    network = Network(8, layers, InputSpec((3,), full_scale=8), steps=steps)
    # Lines: 3 + 2 and 2. Synapses: 3 + 2 + 1 and 2. Registers: 3 + ⌈log₂ 7⌉ + 1 and 3 + ⌈log₂ 4⌉ + 1 bits.
    assert exposure(network) == {
        "activation": 7 * 8 * 5,
        "weight": 8 * 8 * 5,
        "product": 8 * 8 * 5,
        "accumulator": (2 * 7 + 6) * 8 * 5,
        "state": 2 * (10 + 8) * 4,
    }


def test_what_networks_in_steps_do_not_have_is_refused(small: Network) -> None:
    network = network_in_steps(KINDS[0])
    codes = samples(np.random.default_rng(0), network, 2)
    with pytest.raises(ScError, match="networks in steps have no binary datapath"):
        run(network, codes, datapath="binary")
    with pytest.raises(ScError, match="networks in steps have no binary datapath"):
        exposure(network, "binary")
    with pytest.raises(ScError, match=r"only networks in steps have a state that lasts: state_ber must be 0, got 0\.5"):
        run(small, [[1, 2, 3]], FaultModel(state_ber=0.5))
    equations = steps_network(np.random.default_rng(0), neuron=EquationNeuron(EQUATIONS))
    codes = samples(np.random.default_rng(0), equations, 2)
    assert_equal(run(equations, codes), packed.run(equations, codes))
    for call in (lambda: run(equations, codes, FaultModel(state_ber=0.5)), lambda: exposure(equations)):
        with pytest.raises(ScError, match="states of equations neurons have formats of their own: state_ber must be 0"):
            call()


@pytest.mark.parametrize(
    ("rates", "message"),
    [
        ({"state_ber": 2}, r"state_ber must be a probability in \[0, 1\], got 2"),
        ({"activation_ber": -0.1}, r"activation_ber must be a probability in \[0, 1\], got -0.1"),
        ({"weight_ber": 1.01}, r"weight_ber must be a probability in \[0, 1\], got 1.01"),
        ({"product_ber": float("nan")}, r"product_ber must be a probability in \[0, 1\], got nan"),
        ({"accumulator_ber": "1"}, r"accumulator_ber must be a probability in \[0, 1\], got '1'"),
        ({"stuck_at_0": True}, r"stuck_at_0 must be a probability in \[0, 1\], got True"),
        ({"stuck_at_0": 0.7, "stuck_at_1": 0.7}, r"stuck_at_0 \+ stuck_at_1 must be at most 1, got 1.4"),
        ({"stuck_synapses": 1}, "stuck_synapses must be True or False, got 1"),
        ({"seed": -1}, r"seed must be an integer in \[0, 2\^63 - 1\], got -1"),
        ({"seed": 0.5}, r"seed must be an integer in \[0, 2\^63 - 1\], got 0.5"),
    ],
)
def test_bad_fault_models_are_refused(rates: dict[str, Any], message: str) -> None:
    with pytest.raises(ScError, match=message):
        FaultModel(**rates)


def test_bad_calls_are_refused(small: Network) -> None:
    codes = [[1, 2, 3]]
    with pytest.raises(ScError, match="datapath must be one of stochastic, binary, got 'mac'"):
        run(small, codes, datapath="mac")
    with pytest.raises(ScError, match="datapath must be one of"):
        exposure(small, "mac")
    with pytest.raises(
        ScError, match="site must be one of activation, weight, product, accumulator, state, got 'bias'"
    ):
        FaultModel().ber("bias")
    with pytest.raises(ScError, match=r"input codes must be in \[0, 8\], got 1 … 9"):
        run(small, [[1, 2, 9]])
    with pytest.raises(ScError, match="block must be at least 1, got 0"):
        run(small, codes, block=0)
    lif = random_temporal_network(np.random.default_rng(0), 16, (5, 4, 2), "l")
    with pytest.raises(ScError, match="are not in the binary datapath, which has window_if layers only"):
        run(lif, [[1, 2, 3, 4, 5]], datapath="binary")
    with pytest.raises(ScError, match=r"lif neurons have no accumulator of S: accumulator_ber must be 0, got 0.1"):
        run(lif, [[1, 2, 3, 4, 5]], FaultModel(accumulator_ber=0.1))
    huge = Network(4096, (DenseLayer(np.ones((1, 300), int), [0], None),), InputSpec((300,), 4096))
    with pytest.raises(ScError, match="sums of the binary datapath must fit 32 bits, got 35"):
        run(huge, np.zeros((1, 300), int), datapath="binary")
    with pytest.raises(ScError, match=r"words must be in \[0, 7\], got 0 … 8"):
        flip_words([0, 8], 3, 0.1)
    with pytest.raises(ScError, match="words must be integers, got float64"):
        flip_words([0.5], 3, 0.1)
    with pytest.raises(ScError, match=r"width must be in \[1, 62\], got 63"):
        flip_words([0], 63, 0.1)
    with pytest.raises(ScError, match=r"ber must be a probability in \[0, 1\], got 2"):
        flip_bits([True], 2)
    with pytest.raises(ScError, match="bits must have a last axis"):
        stuck_at(True, 0.1, 0.1)
