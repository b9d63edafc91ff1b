"""Matrices of streams: their products are those of the gates, in blocks or as a whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sc_neurocore import SCConv2DLayer, SCDenseLayer, VectorizedSCLayer, streams


def test_bernoulli_lanes_are_the_gates_of_the_streams(generator: np.random.Generator) -> None:
    layer = VectorizedSCLayer(6, 4, 50, seed=8, x_mode="bernoulli", w_mode="bernoulli")
    layer.weights = generator.uniform(-1, 1, (4, 6))
    x = generator.random(6)
    matrix = layer._matrix
    x_bits = streams.sng(np.floor(x * 65536 + 0.5).astype(int)[:, None], matrix._r_x)
    w_bits = streams.sng(np.abs(layer.codes)[..., None], matrix._r_w)
    up, down = streams.multiply(x_bits, w_bits, (layer.codes < 0)[..., None])
    assert np.array_equal(np.rint(layer.scores(x) * 50), (streams.popcount(up) - streams.popcount(down)).sum(axis=1))


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch, generator: np.random.Generator) -> None:
    from sc_neurocore import products, synapses
    from sc_neurocore.layers import sc_conv2d_layer

    x, image, w = generator.random((7, 6)), generator.random((5, 2, 4, 4)), generator.random((9, 6))

    def all_of_them() -> list[Any]:
        rates = [
            VectorizedSCLayer(6, 4, 32, seed=1, x_mode=mode, w_mode=w_mode).forward(x)
            for mode, w_mode in (("counter", "vdc"), ("bernoulli", "bernoulli"))
        ]
        source = SCDenseLayer(9, x[0], w, 0, 1, 0, 1, 32, y_max=1.0, base_seed=2)
        source.run(64)
        return [*rates, SCConv2DLayer(2, 3, 2, length=32, seed=1).forward(image), source.get_spike_trains()]

    whole = all_of_them()
    monkeypatch.setattr(products, "_BLOCK_BITS", 6 * 32 * 2)
    monkeypatch.setattr(synapses, "_BLOCK_BITS", 6 * 32 * 2)
    monkeypatch.setattr(sc_conv2d_layer, "_FIELD_CODES", 150)
    for one, other in zip(whole, all_of_them(), strict=True):
        assert np.array_equal(one, other)
