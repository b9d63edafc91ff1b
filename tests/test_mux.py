"""Networks that add by a MUX: golden = packed = streaming RTL; the engine refuses them; what a MUX costs."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from networks import random_codes, random_temporal_network
from sc_neurocore import artifact, data, golden, packed
from sc_neurocore.backends import run
from sc_neurocore.errors import ScError
from sc_neurocore.hardware import stream_sim
from sc_neurocore.hardware.estimate import estimate
from sc_neurocore.hardware.image import engine_config
from sc_neurocore.hardware.stream_builder import latency
from sc_neurocore.network import DenseLayer, InputSpec, Network
from sc_neurocore.neurons import LifParams
from sc_neurocore.sources import vdc
from sc_neurocore.streams import mux_add, mux_select
from strategies import assert_answers, oracle_answers, with_codes


@pytest.fixture(scope="module", autouse=True)
def _cache() -> None:
    """Simulators built by these tests are kept in build/, not in the user's cache."""
    if "SC_NEUROCORE_CACHE" not in os.environ:
        os.environ["SC_NEUROCORE_CACHE"] = str(Path(__file__).resolve().parents[1] / "build" / "cache")


def mux_network(random: np.random.Generator, length: int, shape: tuple[int, ...], kinds: str, adders: str) -> Network:
    """Return a network whose layers are lif or window_if by `kinds` and add by a MUX ("m") or not, by `adders`."""
    plain = random_temporal_network(random, length, shape, kinds)
    layers = []
    for layer, letter in zip(plain.layers, adders, strict=True):
        adder = "mux" if letter == "m" else "apc"
        # A clock's current is one synapse times the slots, which the parameters of a counter need not hold.
        lif = layer.lif and replace(layer.lif, width=max(layer.lif.width, 4 + 2 + layer.inputs.bit_length()))
        layers.append(replace(layer, lif=lif, adder=adder))
    return replace(plain, layers=tuple(layers))


@pytest.mark.parametrize(
    ("length", "shape", "kinds", "adders", "pipe"),
    [
        (16, (6, 5, 3), "w", "mm", 1),
        (8, (20, 9, 4, 2), "wl", "amm", 0),  # more slots than clocks
        (32, (12, 7, 3), "l", "ma", 1),
        (64, (3, 2), "", "m", 1),
    ],
)
def test_streaming_rtl_golden_and_packed_equal_the_oracle(
    length: int, shape: tuple[int, ...], kinds: str, adders: str, pipe: int
) -> None:
    """Back to back and with gaps; several sets of weights on one simulator."""
    first = mux_network(np.random.default_rng(length), length, shape, kinds, adders)
    seen = 0
    for seed in (0, 1, 2):
        random = np.random.default_rng([length, seed])
        other = mux_network(random, length, shape, kinds, adders)
        layers = [replace(x, theta=y.theta, lif=y.lif) for x, y in zip(other.layers, first.layers, strict=True)]
        network = replace(first, layers=tuple(layers))
        codes = random_codes(random, network, 12)
        result = stream_sim.run(network, codes, pipe=pipe, gap_seed=seed)
        answers = oracle_answers(with_codes(network, codes))
        for got in (result, golden.run(network, codes), packed.run(network, codes)):
            assert_answers(got, answers)
        assert result.clocks is not None
        assert set(result.clocks.tolist()) == {latency(network, pipe)}
        seen += int(np.abs(result.scores).sum())
    assert seen > 0


def sum_by_hand(layer: DenseLayer, x: np.ndarray, length: int) -> list[int]:
    """A17 in plain Python; the selection from Pascal's triangle modulo 2, Sobol's second generator matrix."""
    n_synapses, n = layer.inputs + 1, length.bit_length() - 1
    k = (n_synapses - 1).bit_length()
    sums = [0] * layer.neurons
    for t in range(length):
        slot = 0
        for b in range(k):
            bits = [t >> j & 1 for j in range(n) if j & b == b]
            slot |= (sum(bits) & 1) << (k - 1 - b)
        if slot >= n_synapses or not (slot == layer.inputs or x[slot] > t):
            continue
        for j, row in enumerate(layer.synapses.astype(int).tolist()):
            if abs(row[slot]) > vdc(length)[t]:
                sums[j] += (1 if row[slot] > 0 else -1) << k
    return sums


@pytest.mark.parametrize(("length", "inputs"), [(4, 1), (4, 12), (16, 3), (16, 15), (16, 16), (64, 40), (256, 5)])
def test_the_sum_by_hand(length: int, inputs: int) -> None:
    random = np.random.default_rng([length, inputs])
    weights = random.integers(1 - length, length, (3, inputs))
    layer = DenseLayer(weights, random.integers(1 - length, length, 3), None, adder="mux")
    network = Network(length, (layer,), InputSpec((inputs,), length))
    codes = random_codes(random, network, 5)
    wanted = [sum_by_hand(layer, x, length) for x in codes.astype(int)]
    assert golden.run(network, codes).scores.tolist() == wanted
    assert any(map(any, wanted))


@pytest.mark.parametrize(("synapses", "length"), [(2, 4), (4, 4), (9, 16), (16, 16), (17, 64), (4096, 4096)])
def test_every_slot_is_selected_equally_often(synapses: int, length: int) -> None:
    slots, sel = mux_select(synapses, length)
    assert slots // 2 < synapses <= slots
    assert np.bincount(sel, minlength=slots).tolist() == [length // slots] * slots


def test_with_fewer_clocks_than_slots_no_slot_is_selected_twice() -> None:
    slots, sel = mux_select(100, 16)
    assert slots == 128
    assert len(set((sel // 8).tolist())) == 16


def test_illegal_selections_are_refused() -> None:
    with pytest.raises(ScError, match="synapses must be in 2 to 4096, got 1"):
        mux_select(1, 16)
    with pytest.raises(ScError, match="synapses must be in 2 to 4096, got 4097"):
        mux_select(4097, 16)
    with pytest.raises(ScError, match=r"N must be a power of two in \[2, 4096\], got 3"):
        mux_add(np.zeros((3, 4), dtype=bool), [0, 0, 0, 0])


def rms(length: int, synapses: int) -> tuple[float, float]:
    """Return the RMS error, against the product of random codes, of S / L by counter and by MUX."""
    random = np.random.default_rng(0)
    x = random.integers(0, length + 1, (2000, synapses))
    w = random.integers(1 - length, length, (2000, synapses))
    t = np.arange(length)
    bits = (x[..., None] > t) & (np.abs(w)[..., None] > vdc(length)) & np.ones(1, dtype=bool)
    signed = bits * np.sign(w)[..., None]
    slots, sel = mux_select(synapses, length)
    exact = (x * w / length).sum(axis=1)
    found = [signed.sum(axis=(1, 2)), slots * signed[:, sel, t].sum(axis=1)]
    counter, mux = (float(np.sqrt(np.mean((s - exact) ** 2))) / length for s in found)
    return counter, mux


@pytest.mark.parametrize(
    ("length", "synapses", "counter", "mux"),
    [(16, 4, 0.074, 0.24), (16, 16, 0.15, 1.55), (256, 16, 0.017, 0.14), (256, 64, 0.035, 0.96)],
)
def test_the_error_of_a_mux_is_as_the_documents_say(length: int, synapses: int, counter: float, mux: float) -> None:
    """Within 5 % of the figures in A17: one draw of 2,000 sums, whose RMS has a standard error of 1.6 %."""
    assert rms(length, synapses) == pytest.approx((counter, mux), rel=0.05)


@pytest.mark.parametrize(("length", "right"), [(32, 48), (512, 312), (4096, 358)])
def test_the_digits_by_mux_are_as_the_documents_say(length: int, right: int) -> None:
    """The trained network, its codes carried over to longer streams: 357 of 360 with the counter, at every length."""
    network = artifact.load(Path(__file__).resolve().parents[1] / "train" / "networks" / "digits")
    factor, part = length // network.length, data.load_part("digits")

    def classified(adder: str) -> int:
        layers = [
            DenseLayer(factor * x.weights.astype(int), factor * x.bias.astype(int), x.theta, adder=adder)
            for x in network.layers
        ]
        longer = replace(network, length=length, layers=tuple(layers))
        return int((packed.run(longer, longer.input.encode(part.x, length)).classes == part.y).sum())

    assert (classified("apc"), classified("mux")) == (357, right)


def test_the_artifact_keeps_the_adder(tmp_path: Path) -> None:
    network = mux_network(np.random.default_rng(3), 8, (4, 3, 2), "w", "am")
    folder = artifact.save(network, tmp_path / "n")
    index = json.loads((folder / "network.json").read_text())
    assert index["version"] == 2
    assert ["adder" in entry for entry in index["layers"]] == [False, True]
    loaded = artifact.load(folder)
    assert loaded == network
    assert [layer.adder for layer in loaded.layers] == ["apc", "mux"]
    plain = replace(network, layers=tuple(replace(x, adder="apc") for x in network.layers))
    assert plain != network
    assert plain.tag != network.tag
    saved = artifact.save(plain, tmp_path / "p")
    assert json.loads((saved / "network.json").read_text())["version"] == 1  # as every reader knows it
    assert artifact.load(saved) == plain


def test_the_engine_refuses_mux_networks() -> None:
    network = mux_network(np.random.default_rng(3), 8, (4, 3, 2), "w", "ma")
    message = "the engine adds all synapses of a neuron: a network with MUX adders needs a streaming design"
    with pytest.raises(ScError, match=message):
        engine_config(network, 2)
    with pytest.raises(ScError, match=message):
        run(network, [[0, 1, 2, 3]], "rtl")
    with pytest.raises(ScError, match=message):
        estimate(network, "icebreaker")


def test_rules_of_mux_layers() -> None:
    with pytest.raises(ScError, match="adder must be one of apc, mux, got 'or'"):
        DenseLayer([[2]], [0], None, adder="or")
    with pytest.raises(ScError, match="a MUX adder has at most 4095 inputs, got 4096"):
        DenseLayer(np.ones((1, 4096), dtype=int), [0], None, adder="mux")
    mux = DenseLayer([[2]], [0], None, adder="mux")
    with pytest.raises(ScError, match=r"MUX adders select by 'sobol:1'.*got 'sobol:1' for both"):
        Network(4, (mux,), InputSpec((1,), 4), weight_source="sobol:1")
    lif = DenseLayer([[1] * 4], [1], None, LifParams(theta=24, width=8), adder="mux")
    readout = DenseLayer([[2]], [0], None)
    message = "a current of one synapse times the 8 slots of a MUX at theta_frac 4, 128, does not fit the 8 bits"
    with pytest.raises(ScError, match=message):
        Network(4, (lif, readout), InputSpec((4,), 4))
    counter = Network(4, (replace(lif, adder="apc"), readout), InputSpec((4,), 4))
    assert not counter.mux
    negative = replace(lif, weights=[[-1] * 4], bias=[-1])
    assert Network(4, (negative, readout), InputSpec((4,), 4)).mux  # -128 is the least of 8 bits
