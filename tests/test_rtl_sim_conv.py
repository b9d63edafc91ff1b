"""The convolution engine in Verilator equals golden and packed: scores, and the counts of every hidden layer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from networks import integer_network, random_codes, random_conv_network, random_network
from sc_neurocore import backends, golden, packed
from sc_neurocore.errors import ScError
from sc_neurocore.hardware import rtl_sim
from sc_neurocore.hardware.conv_image import conv_config
from sc_neurocore.hardware.estimate import clocks, conv_clocks, conv_visits
from sc_neurocore.network import ConvLayer, DenseLayer, InputSpec, Network, PoolLayer
from sc_neurocore.result import Result
from strategies import CONV_ENGINES

pytestmark = pytest.mark.usefixtures("kept_simulators")


def assert_equal(got: Result, wanted: Result) -> None:
    assert np.array_equal(got.scores, wanted.scores)
    assert len(got.counts) == len(wanted.counts)
    for x, y in zip(got.counts, wanted.counts, strict=True):
        assert np.array_equal(x, y)


ROOMY = CONV_ENGINES[16]
SMALL = replace(ROOMY, act_aw=9, acc_aw=8, weight_aw=10, table_aw=7)
KINDS = ("c", "d", "cd", "cc", "cmd", "acd", "ccccd", "dd", "dc", "cdcac", "mc", "amccd")


@pytest.mark.parametrize("length", CONV_ENGINES)
def test_random_networks_equal_packed_and_golden(length: int) -> None:
    random = np.random.default_rng(length)
    reached = 0
    for n, kinds in enumerate(KINDS * (2 if length == 16 else 1)):
        network = random_conv_network(random, length, kinds)
        codes = random_codes(random, network, 6)
        result = rtl_sim.run(network, codes, config=CONV_ENGINES[length], stall_seed=n % 3, jobs=1)
        wanted = packed.run(network, codes)
        assert_equal(result, wanted)
        if not n % 3:
            assert result.clocks is not None
            expected = conv_clocks(network, codes, result.counts, CONV_ENGINES[length].lanes)
            assert np.array_equal(result.clocks, expected)
            assert (conv_visits(network, codes, result.counts, CONV_ENGINES[length].lanes).sum(axis=1) < expected).all()
        if network.input.size * length < 4000:
            assert_equal(golden.run(network, codes[:2]), Result(wanted.scores[:2], tuple(c[:2] for c in wanted.counts)))
        reached += sum(int(np.any((c > 0) & (c < length))) for c in result.counts)
    assert reached > len(KINDS) // 2  # counts between nothing and saturation were there to be compared


@pytest.mark.parametrize(
    ("kernel", "stride", "padding"), [(k, s, p) for k in (1, 2, 3, 5) for s in (1, 2, 3) for p in (0, 2) if p < k]
)
def test_every_kernel_stride_and_padding_with_channels_around_the_lanes(kernel: int, stride: int, padding: int) -> None:
    random = np.random.default_rng([kernel, stride, padding])
    channels = 2 + (kernel + stride) % 3
    shape = (7, 6, 2)
    weights = random.integers(-15, 16, (channels, kernel, kernel, 2))
    hidden = ConvLayer(weights, random.integers(-15, 16, channels), 40, shape, stride, padding)
    readout = DenseLayer(random.integers(-15, 16, (3, hidden.neurons)), [0, 1, -1], None)
    network = Network(16, (hidden, readout), InputSpec(shape, 16))
    codes = random_codes(random, network, 4)
    assert_equal(rtl_sim.run(network, codes, config=SMALL, jobs=1), packed.run(network, codes))


def test_the_smallest_engine_and_the_back_end_by_name() -> None:
    random = np.random.default_rng(5)
    network = random_conv_network(random, 16, "ccmd", (12, 12, 1))
    codes = random_codes(random, network, 8)
    wanted = packed.run(network, codes)
    result = backends.run(network, codes, "rtl")
    assert_equal(result, wanted)
    assert result.clocks is not None
    assert np.array_equal(result.clocks, clocks(network, codes, result.counts, rtl_sim.DEFAULT_LANES))
    assert_equal(rtl_sim.run(network, codes, lanes=5, stall_seed=7), wanted)


def test_dense_networks_run_on_it_on_request() -> None:
    random = np.random.default_rng(6)
    for shape in ((40, 12, 5), (3, 1), (9, 10, 1, 7, 2), (300, 4)):
        network = random_network(random, 16, shape)
        codes = random_codes(random, network, 8)
        assert_equal(rtl_sim.run(network, codes, config=ROOMY), golden.run(network, codes))


def test_mac_equals_the_plain_integer_network() -> None:
    random = np.random.default_rng(3)
    for kinds in ("cd", "ccd", "cmac", "dd"):
        network = random_conv_network(random, 16, kinds)
        codes = random_codes(random, network, 6)
        wanted = integer_network(network, codes)
        assert_equal(rtl_sim.run(network, codes, config=replace(ROOMY, mac=1, sum_w=20)), wanted)


def test_a_dense_layer_after_pooling_of_another_stride() -> None:
    """Windows that overlap, windows with gaps, and rows and columns that no window reaches."""
    random = np.random.default_rng(8)
    shape = (8, 7, 4)
    for kind in ("max", "mean"):
        for size, stride in ((3, 1), (2, 3), (3, 2), (1, 2)):
            pool = PoolLayer(kind, size, shape, stride)
            readout = DenseLayer(random.integers(-15, 16, (4, pool.neurons)), [0] * 4, None)
            network = Network(16, (pool, readout), InputSpec(shape, 16))
            codes = random_codes(random, network, 5)
            assert_equal(rtl_sim.run(network, codes, config=ROOMY, jobs=1), packed.run(network, codes))


def test_a_network_that_does_not_fit_is_refused_with_every_memory_that_is_short() -> None:
    network = random_conv_network(np.random.default_rng(1), 16, "cmd", (12, 12, 3))
    fits = conv_config(network, 3)
    codes = np.zeros((1, network.input.size), dtype=int)
    small = replace(fits, act_aw=fits.act_aw - 1, weight_aw=fits.weight_aw - 1)
    with pytest.raises(ScError, match=r"does not fit the engine: short of \d+ values \(\d+ of \d+\), \d+ weight words"):
        rtl_sim.run(network, codes, config=small)
    for changes, message in (
        ({"acc_aw": fits.acc_aw - 1}, r"short of \d+ sum words"),
        ({"table_aw": fits.table_aw - 1}, r"short of \d+ table words"),
        ({"sum_w": fits.sum_w - 1}, r"short of 1 bits of a sum"),
        ({"pool": 0}, "has pooling layers, the engine was made without"),
        ({"frac": 3}, "the engine has L = 16 and 3 fraction bits, the network L = 16 and 4"),
    ):
        with pytest.raises(ScError, match=message):
            rtl_sim.run(network, codes, config=replace(fits, **changes))
