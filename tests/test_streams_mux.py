"""Addition by a MUX (A17): the selection, the sum by hand, and what it costs in accuracy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from networks import random_codes
from sc_neurocore import artifact, data, golden, packed
from sc_neurocore.errors import ScError
from sc_neurocore.network import DenseLayer, InputSpec, Network
from sc_neurocore.sources import vdc
from sc_neurocore.streams import mux_add, mux_select


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
