"""Convolution and pooling (A19): golden agrees with the definition, artifacts keep the layers, errors are named."""

import re
from dataclasses import replace
from math import prod

import numpy as np
import pytest
from numpy.typing import NDArray

from sc_neurocore import artifact, golden, lookup, packed
from sc_neurocore.errors import ScError
from sc_neurocore.faults import run as run_with_faults
from sc_neurocore.hardware.stream_builder import check_stream
from sc_neurocore.hardware.stream_fold import fold_layers
from sc_neurocore.network import ConvLayer, DenseLayer, InputSpec, Layer, Network, PoolLayer
from sc_neurocore.neurons import LifParams, window_if
from sc_neurocore.streams import product_table

Shape = tuple[int, int, int]


def codes_of(random: np.random.Generator, length: int, shape: tuple[int, ...]) -> NDArray[np.int64]:
    return random.integers(1 - length, length, shape)


def random_layer(random: np.random.Generator, length: int, shape: Shape, kind: str) -> Layer:
    theta = int(random.integers(1, 20 * length))
    if kind == "conv":
        high, wide = (int(random.integers(1, min(4, size) + 1)) for size in shape[:2])
        channels = int(random.integers(1, 6))
        return ConvLayer(
            codes_of(random, length, (channels, high, wide, shape[2])),
            codes_of(random, length, (channels,)),
            theta,
            shape,
            stride=int(random.integers(1, 4)),
            padding=int(random.integers(0, min(high, wide))),
        )
    if kind in ("max", "mean"):
        size = int(random.integers(1, min(3, *shape[:2]) + 1))
        return PoolLayer(kind, size, shape, int(random.integers(0, 3)))
    neurons = int(random.integers(1, 20))
    return DenseLayer(codes_of(random, length, (neurons, prod(shape))), codes_of(random, length, (neurons,)), theta)


def random_network(seed: int, length: int, kinds: list[str]) -> Network:
    random = np.random.default_rng(seed)
    height, width = (int(s) for s in random.integers(3, 10, 2))
    layers: list[Layer] = []
    shape: Shape = (height, width, 1)
    for kind in kinds:
        layers.append(random_layer(random, length, shape, kind))
        shape = layers[-1].output_shape
    readout = random_layer(random, length, shape, str(random.choice(["conv", "dense"])))
    assert not isinstance(readout, PoolLayer)
    layers.append(replace(readout, theta=None))
    return Network(length, tuple(layers), InputSpec((height, width), 255))


def test_a_convolution_is_the_sum_of_the_definition() -> None:
    random = np.random.default_rng(5)
    length = 16
    f = product_table(length)
    layer = ConvLayer(
        codes_of(random, length, (3, 3, 2, 2)), codes_of(random, length, (3,)), 50, (5, 4, 2), stride=2, padding=1
    )
    network = Network(
        length, (layer, DenseLayer(codes_of(random, length, (2, 27)), np.zeros(2, int), None)), InputSpec((5, 4, 2), 9)
    )
    assert layer.output_shape == (3, 3, 3)
    codes = random.integers(0, length + 1, (1, 40))
    x = codes.reshape(5, 4, 2)
    wanted = np.zeros(layer.output_shape, dtype=np.int64)
    for i, j, o in np.ndindex(*layer.output_shape):
        total = int(layer.bias[o])
        for a, b, c in np.ndindex(3, 2, 2):
            row, column = 2 * i + a - 1, 2 * j + b - 1
            if 0 <= row < 5 and 0 <= column < 4:
                w = int(layer.weights[o, a, b, c])
                total += int(np.sign(w)) * int(f[x[row, column, c], abs(w)])
        wanted[i, j, o] = total
    counts = window_if(wanted, 50, 4, length)
    np.testing.assert_array_equal(golden.run(network, codes).counts[0], counts.reshape(1, -1))


def test_pooling_takes_the_greatest_or_the_rounded_mean() -> None:
    x = np.array([[3, 5, 0, 1], [4, 2, 1, 1], [7, 7, 8, 0]])  # the last row is reached by no window
    one = DenseLayer(np.ones((1, 2), int), np.zeros(1, int), None)
    for kind, wanted in (("max", [5, 1]), ("mean", [4, 1])):  # 14 / 4 = 3.5 is rounded up, 3 / 4 as well
        pool = PoolLayer(kind, 2, (3, 4, 1))
        network = Network(8, (pool, one), InputSpec((3, 4), 8))
        for run in (golden.run, packed.run, lookup.run):
            assert run(network, x.reshape(1, -1)).counts[0].tolist() == [wanted]


def test_an_artifact_keeps_every_kind_of_layer(tmp_path: object) -> None:
    network = random_network(3, 16, ["conv", "max", "conv", "mean", "dense"])
    folder = artifact.save(network, f"{tmp_path}/net")
    again = artifact.load(folder)
    assert again == network
    assert again.tag == network.tag
    assert (folder / "layer0.mem").exists()
    assert not (folder / "layer1.mem").exists()
    changed = replace(network, layers=(replace(network.layers[0], theta=7), *network.layers[1:]))
    assert changed != network


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda w: ConvLayer(w, [0], 1, (2, 5, 1)), "height 3 must be above the padding, 0, and at most"),
        (lambda w: ConvLayer(w, [0], 1, (5, 5, 1), padding=3), "must be above the padding, 3"),
        (lambda w: ConvLayer(w, [0, 0], 1, (5, 5, 1)), "one code per output channel (1), got 2"),
        (lambda w: ConvLayer(w, [0], 1, (5, 5, 2)), "weights take 1 input channels, input_shape has 2"),
        (lambda w: ConvLayer(w, [0], 1, (5, 5)), "input_shape must be (height, width, channels), got (5, 5)"),
        (lambda w: ConvLayer(w, [0], 1, (5, 5, 1), stride=0), "stride must be an integer in [1, 255], got 0"),
        (lambda w: ConvLayer(w, [0], 0, (5, 5, 1)), "theta must be an integer in [1, 65535], got 0"),
        (lambda w: ConvLayer(w * 1.5, [0], 1, (5, 5, 1)), "weights must be integers, got float64"),
        (lambda w: PoolLayer("median", 2, (4, 4, 1)), "kind must be one of max, mean, got 'median'"),
        (lambda w: PoolLayer("max", 5, (4, 4, 1)), "height 5 must be above the padding, 0, and at most"),
    ],
)
def test_bad_layers_are_refused_by_name(make: object, message: str) -> None:
    with pytest.raises(ScError, match=re.escape(message)):
        make(np.ones((1, 3, 3, 1), dtype=int))  # type: ignore[operator]


def test_bad_networks_are_refused_by_name() -> None:
    conv = ConvLayer(np.ones((2, 3, 3, 1), dtype=int), [0, 0], 9, (6, 6, 1))
    pool = PoolLayer("max", 2, (4, 4, 2))
    readout = DenseLayer(np.ones((2, 8), dtype=int), [0, 0], None)
    spec = InputSpec((6, 6), 255)
    network = Network(8, (conv, pool, readout), spec)
    assert network.topology == "36-2c3-max2-2"
    assert network.shape == (36, 32, 8, 2)
    turned = PoolLayer("max", 2, (2, 8, 2))
    wide = DenseLayer(np.ones((2, 36), dtype=int), [0, 0], None, lif=LifParams(theta=5))
    for layers, message in (
        ((conv, readout), "layer 1 takes 8 inputs but gets 32"),
        ((conv, turned, readout), "layer 1 takes (height, width, channels) = (2, 8, 2) but gets (4, 4, 2)"),
        ((conv, pool), "layer 1 is the readout: it must have weights, got pooling"),
        ((replace(conv, theta=None), pool, readout), "layer 0 is hidden: it needs a theta"),
        ((replace(conv, bias=[8, 0]), pool, readout), "layer 0: bias must be in [-7, 7] at L = 8, got 8"),
        ((wide, PoolLayer("max", 1, (1, 1, 2)), replace(readout, weights=np.ones((2, 2), int))), "cannot follow lif"),
    ):
        with pytest.raises(ScError, match=re.escape(message)):
            Network(8, layers, spec)
    for call in (check_stream, fold_layers, lambda n: run_with_faults(n, np.zeros((1, 36), int))):
        with pytest.raises(ScError, match=r"runs dense layers only: layer 0 is 2c3"):
            call(network)  # type: ignore[operator]


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


def test_rules_of_lif_layers() -> None:
    lif = LifParams(theta=24)
    one = DenseLayer([[2]], [0], None)
    with pytest.raises(ScError, match="theta must be None where lif is given, got 3"):
        DenseLayer([[2]], [0], 3, lif)
    with pytest.raises(ScError, match="lif must be LifParams or None, got 24"):
        DenseLayer([[2]], [0], None, 24)  # type: ignore[arg-type]
    with pytest.raises(ScError, match="layer 0 is the readout: lif must be None"):
        Network(4, (DenseLayer([[2]], [0], None, lif),), InputSpec((1,), 4))
    with pytest.raises(ScError, match=r"layer 0 is hidden: it needs a theta in \[1, 65535\] or lif parameters"):
        Network(4, (one, one), InputSpec((1,), 4))
    narrow = DenseLayer([[1] * 8], [-1], None, LifParams(theta=24, width=8))
    with pytest.raises(ScError, match="a current of 8 synapses of one sign at theta_frac 4, 128, does not fit"):
        Network(4, (narrow, one), InputSpec((8,), 4))
    negative = DenseLayer([[-1] * 8], [1], None, LifParams(theta=24, width=8))
    assert Network(4, (negative, one), InputSpec((8,), 4)).temporal  # -128 is the least of 8 bits
