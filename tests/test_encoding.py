"""Encoding of numbers as streams: what is encoded, its statistics, and multipliers that share a source."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc_neurocore import (
    BitstreamCurrentSource,
    BitstreamEncoder,
    BitstreamSynapse,
    ScError,
    SharedSourceWarning,
    VectorizedSCLayer,
    bitstream_to_probability,
    scc,
    streams,
)
from sc_neurocore.encoding import shares_source, source_numbers


@pytest.mark.parametrize("mode", ["counter", "vdc", "sobol:3", "lfsr:5"])
@pytest.mark.parametrize("x", [0.0, 0.3, 0.5, 1.0])
def test_encoders_give_the_streams_of_the_arithmetic(mode: str, x: float) -> None:
    encoder = BitstreamEncoder(length=64, mode=mode)
    bits = encoder.encode(x)
    assert bits.dtype == np.uint8
    assert np.array_equal(bits, streams.encode(math.floor(x * 64 + 0.5), 64, mode))
    assert np.array_equal(bits, encoder.encode(x))
    assert abs(bits.mean() - x) <= 1.5 / 64


def test_bernoulli_streams_are_unbiased_independent_and_repeatable() -> None:
    encoder = BitstreamEncoder(x_min=-2.0, x_max=2.0, length=4096, seed=3)
    streams_of_one = encoder.encode(np.full(200, 0.4))
    p = 0.6
    error = math.sqrt(p * (1 - p) / 4096)
    means = streams_of_one.mean(axis=1)
    assert abs(means.mean() - p) < 5 * error / math.sqrt(200)
    assert means.std() == pytest.approx(error, rel=0.25)  # of 200: five standard errors of a standard deviation
    # SCC of independent streams of p = 0.6: numerator of standard error p(1 − p)/√L, over p − p² or p² − (2p − 1).
    assert abs(scc(streams_of_one[0], streams_of_one[1])) < 5 * p * (1 - p) / 64 / 0.16
    encoder.reset()
    assert np.array_equal(encoder.encode(np.full(200, 0.4)), streams_of_one)
    assert encoder.decode(streams_of_one[0]) == pytest.approx(-2 + 4 * means[0])
    assert BitstreamEncoder(length=1000).encode(0.5).shape == (1000,)


def test_seeds_of_an_lfsr_and_of_none() -> None:
    assert np.array_equal(BitstreamEncoder(length=16, mode="lfsr", seed=4).encode(0.5), streams.encode(8, 16, "lfsr:5"))
    assert np.array_equal(BitstreamEncoder(length=16, mode="lfsr").encode(0.5), streams.encode(8, 16, "lfsr"))
    one = BitstreamEncoder()
    assert np.array_equal(BitstreamEncoder(seed=one.seed).encode(0.5), one.encode(0.5))
    assert not np.array_equal(BitstreamEncoder().encode(0.5), BitstreamEncoder().encode(0.5))


@given(p=st.floats(0.02, 0.98), seed=st.integers(0, 99))
def test_a_stream_of_the_same_numbers_is_recognised(p: float, seed: int) -> None:
    r = source_numbers("bernoulli", 1024, seed)
    bits = streams.sng(round(p * 65536), r)
    assert shares_source(bits, r)
    assert not shares_source(bits, np.roll(r, 1))
    assert not shares_source(bits, source_numbers("bernoulli", 1024, seed + 1000))
    assert not shares_source(np.ones(1024), r)  # a constant tells nothing


def test_multipliers_that_share_their_source_warn() -> None:
    for mode, seed in (("bernoulli", 5), ("vdc", None), ("lfsr", 9)):
        pre = BitstreamEncoder(length=256, seed=seed, mode=mode).encode(0.5)
        synapse = BitstreamSynapse(0.0, 1.0, 256, 0.5, seed, mode=mode)
        with pytest.warns(SharedSourceWarning, match="pre_bits and the weight share"):
            product = synapse.apply(pre)
        assert scc(pre, synapse.weight_bits) == 1.0
        assert bitstream_to_probability(product) == min(pre.mean(), synapse.weight_bits.mean())
    with pytest.warns(SharedSourceWarning, match="'vdc'.*'sobol:0'"):
        VectorizedSCLayer(3, 2, 16, x_mode="vdc", w_mode="sobol:0")
    with pytest.warns(SharedSourceWarning, match="'counter'"):
        BitstreamCurrentSource([0.5], 0, 1, [0.5], 0, 1, 16, x_mode="counter", w_mode="counter")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for x_mode, w_mode in (
            ("counter", "vdc"),
            ("lfsr", "lfsr"),
            ("bernoulli", "bernoulli"),
            ("sobol:1", "sobol:2"),
        ):
            VectorizedSCLayer(3, 2, 16, seed=1, x_mode=x_mode, w_mode=w_mode)
        for seed in range(20):
            pre = BitstreamEncoder(length=256, seed=seed).encode(0.5)
            BitstreamSynapse(0.0, 1.0, 256, 0.5, seed + 100).apply(pre)


ENCODER = BitstreamEncoder(length=16, seed=0)
BAD = [
    (lambda: BitstreamEncoder(1.0, 1.0), "x_min must be below x_max, got 1.0 and 1.0"),
    (lambda: BitstreamEncoder(length=0), r"length must be an integer in \[1, 16777216\], got 0"),
    (lambda: BitstreamEncoder(length=100, mode="vdc"), "mode 'vdc': length must be a power of two in .*, got 100"),
    (lambda: BitstreamEncoder(mode="noise"), "mode must be one of bernoulli, counter, .*, got 'noise'"),
    (lambda: BitstreamEncoder(mode="sobol:10"), "mode 'sobol:10': dim must be in 0 to 9, got 10"),
    (lambda: BitstreamEncoder(mode="vdc", seed=1), "seed must be None with mode 'vdc', which has none, got 1"),
    (lambda: BitstreamEncoder(seed=-1), "seed must be an integer, at least 0, got -1"),
    (lambda: BitstreamEncoder(seed=1.5), "seed must be an integer, at least 0, got 1.5"),  # type: ignore[arg-type]
    (lambda: ENCODER.encode(1.1), r"x must be in \[0, 1\], got 1\.1"),
    (lambda: ENCODER.encode(float("nan")), "x must be finite, got nan"),
    (lambda: ENCODER.encode("a"), "x must be real numbers, got dtype <U1"),
    (lambda: bitstream_to_probability([]), r"bits must be a stream of shape \(length,\), got \(0,\)"),
    (lambda: bitstream_to_probability([0, 2]), "bits must be 0 and 1, got 2"),
]


@pytest.mark.parametrize(("call", "message"), BAD, ids=[message[:40] for _, message in BAD])
def test_bad_input_names_parameter_value_and_rule(call: Any, message: str) -> None:
    with pytest.raises(ScError, match=message):
        call()
