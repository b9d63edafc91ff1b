"""Networks with `lif` layers: golden = packed = streaming RTL = oracle in every spike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from networks import random_codes, random_network, random_temporal_network
from sc_neurocore import golden, packed
from sc_neurocore.hardware import stream_sim
from sc_neurocore.hardware.stream_builder import latency, period
from sc_neurocore.network import Network
from strategies import assert_answers, oracle_answers, with_codes

pytestmark = pytest.mark.usefixtures("kept_simulators")

CASES = [
    (8, (5, 4, 3), "l", 4, 1),
    (16, (12, 9, 7, 3), "ll", 4, 0),
    (16, (12, 9, 7, 6, 3), "lwl", 2, 1),
    (32, (6, 8, 5, 2), "wl", 0, 1),
]


@pytest.mark.parametrize(("length", "shape", "kinds", "theta_frac", "pipe"), CASES)
def test_streaming_rtl_golden_and_packed_equal_the_oracle(
    length: int, shape: tuple[int, ...], kinds: str, theta_frac: int, pipe: int
) -> None:
    """Back to back, one inference every L clocks, and with gaps; several sets of weights on one simulator."""
    first = random_temporal_network(np.random.default_rng(length), length, shape, kinds, theta_frac)
    assert period(first) == length
    fired = 0
    for seed in (0, 1, 2):
        random = np.random.default_rng([length, seed])
        weights = random_network(random, length, shape, theta_frac).layers
        layers = [replace(x, theta=y.theta, lif=y.lif) for x, y in zip(weights, first.layers, strict=True)]
        network = Network(length, tuple(layers), first.input, theta_frac)
        codes = random_codes(random, network, 12)
        result = stream_sim.run(network, codes, pipe=pipe, gap_seed=seed, spikes=True)
        answers = oracle_answers(with_codes(network, codes))
        for got in (result, golden.run(network, codes, spikes=True), packed.run(network, codes, spikes=True)):
            assert len(got.spikes) == len(kinds)
            assert_answers(got, answers)
        assert result.clocks is not None
        assert set(result.clocks.tolist()) == {latency(network, pipe)}
        fired += sum(int(c.sum()) for c in result.counts)
    assert fired > 0
