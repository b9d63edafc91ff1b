"""Golden = packed = lookup = RTL = oracle in every score, count and spike, over networks of every kind.

The oracle (oracle.py) shares no code with the others, so an error that they have in common shows too. On the RTL run
here both engines and a streaming design, each compiled once for all of its networks; test_stream_sim_lif,
test_stream_sim_mux and test_stream_fold compare further streaming and folded designs with the oracle.
`SC_EFFORT=20 pytest tests/test_differential.py` tries 20 times as many networks.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import oracle
from sc_neurocore import golden, lookup, packed
from sc_neurocore.errors import ScError
from sc_neurocore.hardware import rtl_sim, stream_sim
from sc_neurocore.hardware.core import check_fits
from sc_neurocore.network import ConvLayer, DenseLayer, InputSpec, Network, PoolLayer
from sc_neurocore.neurons import LifParams
from sc_neurocore.sources import registered, source
from strategies import (
    CONV_ENGINES,
    DENSE_ENGINE,
    EFFORT,
    LENGTHS,
    Case,
    assert_answers,
    cases,
    codes_of,
    input_specs,
    oracle_answers,
    samples_of,
)

pytestmark = pytest.mark.usefixtures("kept_simulators")


def dense(weights: list[list[int]], bias: list[int], theta: int | None = None, **fields: Any) -> DenseLayer:
    return DenseLayer(weights, bias, theta, **fields)


def case(length: int, layers: list[Any], samples: Any, spec: InputSpec | None = None, **fields: Any) -> Case:
    """Return a case whose samples are codes, unless it says how they are coded."""
    samples = np.array(samples)
    return Case(Network(length, tuple(layers), spec or InputSpec(samples.shape[1:], length), **fields), samples)


ONE = dense([[1]], [0])
FULL, EMPTY = {"weights": [[3] * 64], "bias": [3]}, {"weights": [[-3] * 64], "bias": [-3]}
# Sums that reach the ends of 4 bits; neurons that rest for longer than a window; a reset below everything.
SATURATED = LifParams(7, 4, 1, 0, beta=255, reset_mode=1, v_reset=-8, refractory=255)
CORNERS = [
    # A8: halves are rounded up: S / theta = 1/2, 3/2 and −1/2; theta at both of its ends.
    case(4, [dense([[1], [3], [-1]], [0, 0, 0], 32), dense([[1, 2, 3]], [0])], [[4], [3], [0]]),
    case(4, [dense([[3], [-3]], [3, 0], 1), dense([[1, 3]], [-1])], [[4], [1]], theta_frac=0),
    case(4, [dense([[3]], [0], 7), ONE], [[4], [3]], theta_frac=0),  # the least below a half: 3/7
    case(4, [dense([[3]], [0], 5), ONE], [[4], [3]], theta_frac=0),  # the least above: 3/5
    case(256, [dense([[255] * 3], [255], 65535), ONE], [[256] * 3, [255] * 3], theta_frac=15),
    # A9: equal scores, all negative.
    case(8, [dense([[-1], [-2], [-1]], [-1, 0, -1])], [[8], [0]]),
    # A2: the greatest codes, and 64 synapses beside the bias.
    case(4, [dense(**FULL)], [[4] * 64, [0] * 64]),
    case(4, [dense(**EMPTY)], [[4] * 64, [0] * 64]),
    # A13: v at its ends, the shift of a negative v, a rest longer than the window, a start below 0.
    case(8, [dense([[7], [-7]], [7, 0], lif=SATURATED), dense([[1, 7]], [0])], [[8], [5]], theta_frac=0),
    case(
        16, [dense([[15], [-15]], [15, -1], lif=LifParams(7, 4, 0, 1)), dense([[9, 3]], [1])], [[16], [7]], theta_frac=1
    ),
    case(16, [dense([[9]], [-9], lif=LifParams(1, 4, 0, 3, refractory=2)), ONE], [[16], [3]], theta_frac=1),
    # v waits at its least, −8, and climbs from there; it leaks while below 0; it is cut at 7 before 6 is taken off.
    case(32, [dense([[-31] * 3], [31], lif=LifParams(7, 4, 0, 0)), ONE], [[8] * 3, [12] * 3], theta_frac=0),
    case(32, [dense([[-31] * 3], [31], lif=LifParams(4, 5, 0, 2)), ONE], [[8] * 3, [12] * 3], theta_frac=0),
    case(16, [dense([[15] * 4], [15], lif=LifParams(6, 4, 0, 0)), ONE], [[16] * 4, [12] * 4], theta_frac=0),
    # A rest that ends within the window, before which v has leaked and after which it goes on from there.
    case(16, [dense([[15]], [9], lif=LifParams(3, 4, 0, 1, refractory=2)), ONE], [[16], [5]], theta_frac=0),
    case(16, [dense([[15]], [9], lif=LifParams(3, 4, 1, 0, 200, refractory=1)), ONE], [[16], [9]], theta_frac=1),
    # A17: as many synapses as slots, one more, and more slots than clocks; a lif neuron behind a MUX and before one.
    case(4, [dense([[3, -3, 3]], [-3], adder="mux")], [[4, 3, 2]]),
    case(4, [dense([[3, -3, 3, 1]], [-3], 5, adder="mux"), ONE], [[4, 3, 2, 4]]),
    case(4, [dense([[3] * 9], [-3], 16, adder="mux"), ONE], [[4, 3, 2, 1, 0, 4, 3, 2, 1]], weight_source="sobol:2"),
    case(
        16,
        [
            dense([[9, -4], [3, 3]], [5, 0], lif=LifParams(60, 10), adder="mux"),
            dense([[15, 8]], [2], 12, adder="mux"),
            dense([[7]], [-7], lif=LifParams(9, 12, 1, beta=200)),
            ONE,
        ],
        [[16, 3], [5, 11]],
        weight_source="lfsr:5",
    ),
    # A19: padding on all sides with a stride, a readout that is a convolution, rows and columns that nothing reaches.
    case(
        8,
        [
            ConvLayer(np.arange(-6, 6).reshape(1, 3, 2, 2), [1], 9, (4, 3, 2), 2, 1),
            ConvLayer(np.array([3, -5, 7, 7]).reshape(2, 2, 1, 1), [1, -1], None, (2, 2, 1)),
        ],
        np.arange(24).reshape(1, 4, 3, 2) % 9,
    ),
    # Halves of a mean, windows that overlap, a maximum of them.
    case(
        8,
        [PoolLayer("mean", 2, (3, 4, 1), 1), PoolLayer("max", 2, (2, 3, 1)), dense([[7]], [1])],
        [[[3, 5, 0, 1], [4, 2, 1, 1], [7, 7, 8, 0]]],
    ),
    # The ends of what a network may have: the longest window, the widest MUX and neuron, the largest mean.
    case(
        4096, [dense([[4095, -1]], [7], lif=LifParams(99, 32)), dense([[4095]], [-2048])], [[4096, 17]], theta_frac=15
    ),
    case(4, [dense([[1, -2, 3] * 1365], [3], adder="mux")], np.arange(2 * 4095).reshape(2, 4095) % 5),
    case(16, [PoolLayer("mean", 15, (15, 16, 1), 1), dense([[9, -4]], [1])], np.arange(240).reshape(1, 15, 16) % 17),
    # A2: channels first; an offset below 0; blocks that are summed, then compared.
    case(
        8,
        [dense([[1, 2, 3, 4, 5, 6, 7, 0, -1, -2, -3, -4]], [0])],
        np.arange(12).reshape(1, 2, 2, 3),
        InputSpec((2, 2, 3), 11, order="chw"),
    ),
    case(8, [dense([[7, 3]], [0])], [[-7, 5]], InputSpec((2,), 12, offset=-7)),
    case(8, [dense([[7, 3]], [0])], np.arange(8).reshape(1, 2, 4), InputSpec((2, 4), 28, pool=2, threshold=10)),
]


def agree(case: Case) -> None:
    answers, codes = oracle_answers(case), case.codes
    assert_answers(golden.run(case.network, codes, spikes=True), answers)
    assert_answers(packed.run(case.network, codes), answers)
    assert_answers(packed.run(case.network, codes, block=2, spikes=True), answers)
    if not (case.network.temporal or case.network.mux):
        assert_answers(lookup.run(case.network, codes), answers)


@pytest.mark.parametrize("k", range(len(CORNERS)))
def test_corners(k: int) -> None:
    agree(CORNERS[k])


@pytest.mark.numeric
@settings(max_examples=150 * EFFORT)
@given(cases())
def test_networks_of_every_kind(case: Case) -> None:
    agree(case)


@settings(max_examples=30 * EFFORT)
@given(cases(kinds="l", lengths=(8, 32)))
def test_networks_of_lif_layers(case: Case) -> None:
    agree(case)


@settings(max_examples=60 * EFFORT)
@given(st.data(), st.sampled_from(LENGTHS))
def test_samples_become_codes(data: st.DataObject, length: int) -> None:
    """Raw integers, and real numbers of a scale, of any axes."""
    spec = data.draw(input_specs(length))
    network = oracle.Oracle({"length": length, "input": spec.content()}, ())
    samples = data.draw(samples_of(spec))
    assert spec.encode(samples, length).tolist() == [network.encode(x.ravel().tolist()) for x in samples]
    if spec.shift is not None:
        low, high = np.ldexp([float(spec.offset), float(spec.top)], -spec.shift).tolist()
        half = st.integers(spec.offset, spec.top).map(lambda v: float(np.ldexp(v + 0.5, -spec.shift)))
        real = st.floats(low - 1, high + 1) | half | st.floats(allow_nan=False, allow_infinity=False)
        values = data.draw(st.lists(real, min_size=1, max_size=8))
        assert spec.quantise(values).tolist() == network.quantise(values)


@pytest.mark.parametrize("n", range(2, 13))
def test_sources(n: int) -> None:
    for known in registered():
        every = list(known.every(1 << n))
        some = every if len(every) <= 16 else [*every[:4], every[len(every) // 2], every[-1]]
        for name in some:
            assert source(name, 1 << n).tolist() == oracle.numbers(name, n), name


def fits(network: Network, config: Any) -> bool:
    try:
        check_fits(network, config)
    except ScError:
        return False
    return True


@settings(max_examples=20 * EFFORT)
@given(cases(lengths=(16,), fracs=(4,), kinds="w", mux=False, sources=("vdc",)), st.integers(0, 3))
def test_dense_engine(case: Case, stall_seed: int) -> None:
    assume(fits(case.network, DENSE_ENGINE))
    result = rtl_sim.run(case.network, case.codes, config=DENSE_ENGINE, stall_seed=stall_seed, jobs=1)
    assert_answers(result, oracle_answers(case))


@settings(max_examples=30 * EFFORT)
@given(cases(lengths=tuple(CONV_ENGINES), fracs=(4,), kinds="wcp", mux=False, sources=("vdc",)), st.integers(0, 3))
def test_convolution_engine(case: Case, stall_seed: int) -> None:
    config = CONV_ENGINES[case.network.length]
    assume(fits(case.network, config))
    result = rtl_sim.run(case.network, case.codes, config=config, stall_seed=stall_seed, jobs=1)
    assert_answers(result, oracle_answers(case))


# Both leaks, both resets, both neurons, both adders; the weights come in files.
STREAM = (
    dense([[0] * 3] * 4, [0] * 4, lif=LifParams(60, 9, 0, 2, refractory=1), adder="mux"),
    dense([[0] * 4] * 3, [0] * 3, lif=LifParams(20, 8, 1, 0, 200, 1, -7)),
    dense([[0] * 3] * 3, [0] * 3, 14),
    dense([[0] * 3] * 2, [0] * 2, adder="mux"),
)


@settings(max_examples=20 * EFFORT)
@given(st.data(), st.integers(0, 3))
def test_streaming_design(data: st.DataObject, gap_seed: int) -> None:
    layers = [
        replace(x, weights=data.draw(codes_of(x.weights.shape, 16)), bias=data.draw(codes_of(x.bias.shape, 16)))
        for x in STREAM
    ]
    network = Network(16, tuple(layers), InputSpec((3,), 16))
    case = Case(network, data.draw(samples_of(network.input)))
    result = stream_sim.run(network, case.codes, gap_seed=gap_seed, spikes=True)
    assert_answers(result, oracle_answers(case))
