"""Networks that add by a MUX: golden = packed = streaming RTL = oracle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from networks import random_codes
from sc_neurocore import golden, packed
from sc_neurocore.hardware import stream_sim
from sc_neurocore.hardware.stream_builder import latency
from strategies import assert_answers, mux_network, oracle_answers, with_codes

pytestmark = pytest.mark.usefixtures("kept_simulators")


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
