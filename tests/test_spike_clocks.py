"""The clocks of the engine of networks in steps, as counted on its RTL."""

from __future__ import annotations

import numpy as np
import pytest

from networks_in_steps import LIF, samples, steps_network
from sc_neurocore import golden
from sc_neurocore.errors import ScError
from sc_neurocore.hardware import rtl_sim
from sc_neurocore.hardware.spike_clocks import entries, spike_clocks, worst_clocks
from sc_neurocore.network import DenseLayer, InputSpec, Network
from sc_neurocore.neurons import Alif, Li, Lif, Synaptic

CASES = {
    "constant": {"constant": True, "count": 5},
    "steps": {"count": 6, "readout": "potentials", "last": Li(width=12)},
    "edges": {"count": 7, "edges": ((0, 0, 1), (1, 1, 2), (0, 2, 3), (1, 0, 1))},
    "three words": {"neuron": Lif(theta=90, width=12, reset_mode=1, v_reset=-9, refractory=2), "constant": True},
    "alif": {
        "neuron": Alif(theta=120, width=12, leak_shift=2, leak_shift_a=3, b=40),
        "edges": ((0, 0, 1),),
        "count": 6,
    },
    "synaptic": {
        "neuron": Synaptic(theta=120, width=12, leak_shift=2, leak_shift_i=1, reset_mode=1, refractory=1),
        "count": 6,
    },
    "spikes": {"readout": "spikes", "last": LIF, "edges": ((2, 0, 1),), "constant": True, "count": 6},
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("lanes", [1, 4])
def test_the_rtl_takes_the_clocks_that_are_predicted_and_gives_every_spike(case: str, lanes: int) -> None:
    rng = np.random.default_rng(3)
    network = steps_network(rng, **CASES[case])  # type: ignore[arg-type]
    codes = samples(rng, network, 6)
    wanted = golden.run(network, codes, spikes=True)
    got = rtl_sim.run(network, codes, lanes=lanes, jobs=2)
    assert np.array_equal(got.scores, wanted.scores)
    assert len(got.spikes) == len(wanted.spikes)
    assert all(np.array_equal(a, b) for a, b in zip(got.spikes, wanted.spikes, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(got.counts, wanted.counts, strict=True))
    predicted = spike_clocks(network, codes, wanted.spikes, lanes)
    assert got.clocks is not None
    assert np.array_equal(got.clocks, predicted)
    assert len(set(predicted.tolist())) > 1
    assert predicted.max() <= worst_clocks(network, lanes)


def test_stalls_of_the_reader_and_the_writer_change_no_spike() -> None:
    rng = np.random.default_rng(4)
    network = steps_network(rng, count=5, edges=((0, 0, 1), (1, 0, 3)))
    codes = samples(rng, network, 4)
    wanted = golden.run(network, codes, spikes=True)
    got = rtl_sim.run(network, codes, lanes=3, stall_seed=11, jobs=1)
    assert np.array_equal(got.scores, wanted.scores)
    assert all(np.array_equal(a, b) for a, b in zip(got.spikes, wanted.spikes, strict=True))


def test_a_sample_in_which_all_is_active_takes_the_worst_clocks() -> None:
    network = steps_network(np.random.default_rng(5), count=3, edges=((0, 1, 1),))
    codes = np.full((1, 3, 12), 16)
    spikes = [np.ones((1, 3, n), dtype=bool) for n in (7, 5)]
    assert spike_clocks(network, codes, spikes, 2).tolist() == [worst_clocks(network, 2)]
    # 12 inputs, then 7 and 5 spikes; from the second step on 7 more into layer 1; the bias everywhere.
    assert entries(network, codes, spikes).tolist() == [[[13, 8, 6], [13, 15, 6], [13, 15, 6]]]


def test_networks_and_spikes_that_do_not_fit_are_refused() -> None:
    network = steps_network(np.random.default_rng(6))
    codes = np.zeros((2, 4, 12), dtype=int)
    with pytest.raises(ScError, match=r"spikes must have shapes \[\(2, 4, 7\), \(2, 4, 5\)\], got \[\]"):
        entries(network, codes, [])
    plain = Network(16, (DenseLayer([[1]], [0]),), InputSpec((1,), full_scale=16))
    for call in (lambda: entries(plain, [[1]], []), lambda: worst_clocks(plain, 2)):
        with pytest.raises(ScError, match=r"runs networks in steps \(A20\): this one runs for one window"):
            call()
