"""Network, DenseLayer, InputSpec: every rule with its message, and that nothing can be changed afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc_neurocore.errors import ScError
from sc_neurocore.network import DenseLayer, InputSpec, Network

HIDDEN = DenseLayer([[1, -2, 7], [0, -7, 3]], [5, -1], theta=40)
READOUT = DenseLayer([[3, -3], [-7, 0]], [0, 7], theta=None)
SPEC = InputSpec((3,), full_scale=16)


def network(**changes: object) -> Network:
    values = {"length": 8, "layers": (HIDDEN, READOUT), "input": SPEC}
    return Network(**{**values, **changes})  # type: ignore[arg-type]


def layer(weights: object = ((1, 2),), bias: object = (0,), theta: object = 16) -> DenseLayer:
    return DenseLayer(weights, bias, theta)  # type: ignore[arg-type]


REFUSED: list[tuple[Callable[[], object], str]] = [
    (lambda: layer(weights=[1, 2]), r"weights must have 2 dimension\(s\), got shape \(2,\)"),
    (lambda: layer(weights=[[1.0, 2.0]]), "weights must be integers, got float64"),
    (lambda: layer(weights=np.ones((1, 2), dtype=np.float32)), "weights must be integers, got float32"),
    (lambda: layer(weights=[[True, False]]), "weights must be integers, got bool"),
    (lambda: layer(weights=np.zeros((0, 2), dtype=int)), r"weights must not be empty, got shape \(0, 2\)"),
    (lambda: layer(weights=[[1, 40000]]), "weights must fit 16 bits, got 1 … 40000"),
    (lambda: layer(bias=[[0]]), r"bias must have 1 dimension\(s\), got shape \(1, 1\)"),
    (lambda: layer(bias=[0.5]), "bias must be integers, got float64"),
    (lambda: layer(bias=[0, 1]), r"bias must have one code per neuron \(1\), got 2"),
    (lambda: layer(theta=0), r"theta must be an integer in \[1, 65535\], got 0"),
    (lambda: layer(theta=65536), r"theta must be an integer in \[1, 65535\], got 65536"),
    (lambda: layer(theta=-3), r"theta must be an integer in \[1, 65535\], got -3"),
    (lambda: layer(theta=16.0), r"theta must be an integer in \[1, 65535\], got 16\.0"),
    (lambda: layer(theta=True), r"theta must be an integer in \[1, 65535\], got True"),
    (lambda: InputSpec((), 16), r"input shape must have at least one size, got \(\)"),
    (lambda: InputSpec((4, 0), 16), "size 1 of the input shape must be an integer, at least 1, got 0"),
    (lambda: InputSpec((4,), 0), r"full_scale must be an integer in \[1, 16777216\], got 0"),
    (lambda: InputSpec((4,), (1 << 24) + 1), r"full_scale must be an integer in \[1, 16777216\], got 16777217"),
    (lambda: InputSpec((4,), 16, threshold=0), r"threshold must be an integer in \[1, 16\], got 0"),
    (lambda: InputSpec((4,), 16, threshold=17), r"threshold must be an integer in \[1, 16\], got 17"),
    (lambda: InputSpec((4,), 16, pool=0), "pool must be an integer, at least 1, got 0"),
    (lambda: InputSpec((4,), 15.5), r"full_scale must be an integer in \[1, 16777216\], got 15.5"),
    (lambda: InputSpec((4,), 16, order="chw"), r"order 'chw' is for samples with three axes, got the shape \(4,\)"),
    (lambda: InputSpec((3, 4, 5), 16, order="nchw"), "order must be None, 'hwc' or 'chw', got 'nchw'"),
    (lambda: InputSpec((4,), 16, shift=1001), r"shift must be an integer in \[-1000, 1000\], got 1001"),
    (lambda: InputSpec((4,), 16, pool=2), r"pool 2 needs a 2-D input shape that it divides, got \(4,\)"),
    (lambda: InputSpec((4, 6), 16, pool=4), r"pool 4 needs a 2-D input shape that it divides, got \(4, 6\)"),
    (lambda: network(length=2), r"length must be a power of two in \[4, 4096\], got 2"),
    (lambda: network(length=8192), r"length must be a power of two in \[4, 4096\], got 8192"),
    (lambda: network(length=24), r"length must be a power of two in \[4, 4096\], got 24"),
    (lambda: network(layers=()), "a network needs at least one layer"),
    (lambda: network(theta_frac=16), r"theta_frac must be an integer in \[0, 15\], got 16"),
    (lambda: network(theta_frac=-1), r"theta_frac must be an integer in \[0, 15\], got -1"),
    (lambda: network(weight_source="halton"), r"source must be one of counter, vdc, .*, got 'halton'"),
    (lambda: network(weight_source="lfsr:8"), "seed must be in 1 to L minus 1, got 8 at L = 8"),
    (lambda: network(weight_source="sobol:10"), "dim must be in 0 to 9, got 10"),
    (lambda: network(weight_source="counter"), r"must not share a source \(A5\), got 'counter' for both"),
    (
        lambda: network(activation_source="vdc", weight_source="counter"),
        "activation_source must be 'counter', got 'vdc'",
    ),
    (lambda: network(input=InputSpec((4,), 16)), "layer 0 takes 3 inputs but gets 4: shapes must chain"),
    (lambda: network(layers=(HIDDEN, HIDDEN)), "layer 1 takes 3 inputs but gets 2: shapes must chain"),
    (lambda: network(length=4), r"layer 0: weights must be in \[-3, 3\] at L = 4, got 7"),
    (
        lambda: network(layers=(replace(HIDDEN, weights=[[1, -2, -8], [0, -7, 3]]), READOUT)),
        r"layer 0: weights must be in \[-7, 7\] at L = 8, got -8",
    ),
    (
        lambda: network(layers=(HIDDEN, replace(READOUT, bias=[0, 8]))),
        r"layer 1: bias must be in \[-7, 7\] at L = 8, got 8",
    ),
    (
        lambda: network(layers=(HIDDEN, replace(READOUT, theta=9))),
        "layer 1 is the readout: theta must be None, got 9",
    ),
    (
        lambda: network(layers=(replace(HIDDEN, theta=None), READOUT)),
        r"layer 0 is hidden: it needs a theta in \[1, 65535\]",
    ),
]


@pytest.mark.parametrize(("make", "message"), REFUSED, ids=[m[:60] for _, m in REFUSED])
def test_a_broken_rule_is_refused_with_value_and_rule(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ScError, match=message):
        make()


def test_the_extremes_are_accepted() -> None:
    top = DenseLayer([[4095, -4095]], [-4095], theta=65535)
    wide = Network(4096, (top, DenseLayer([[-4095]], [0], None)), InputSpec((2,), 1 << 24), theta_frac=15)
    assert wide.shape == (2, 1, 1)
    Network(4, (DenseLayer([[0]], [0], 1), DenseLayer([[3]], [-3], None)), InputSpec((1,), 1), theta_frac=0)


def test_arrays_are_copies_and_read_only() -> None:
    weights, bias = np.array([[1, 2]]), np.array([3])
    made = DenseLayer(weights, bias, theta=np.int64(7))
    weights[:], bias[:] = 0, 0
    assert made.weights.tolist() == [[1, 2]]
    assert made.bias.tolist() == [3]
    assert type(made.theta) is int
    for array in (made.weights, made.bias):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    with pytest.raises(FrozenInstanceError):
        made.theta = 3  # type: ignore[misc]


def test_network_cannot_be_changed() -> None:
    made = network(layers=[HIDDEN, READOUT], info={"accuracy": 1})
    assert isinstance(made.layers, tuple)
    with pytest.raises(FrozenInstanceError):
        made.length = 16  # type: ignore[misc]
    with pytest.raises(TypeError):
        made.info["accuracy"] = 2  # type: ignore[index]
    with pytest.raises(FrozenInstanceError):
        made.input.pool = 2  # type: ignore[misc]


def test_shape_and_its_words() -> None:
    made = network()
    assert (made.shape, made.topology, made.classes) == ((3, 2, 2), "3-2-2", 2)
    assert HIDDEN.synapses.tolist() == [[1, -2, 7, 5], [0, -7, 3, -1]]


def test_equality_and_tag_follow_behaviour_only() -> None:
    made = network()
    same = network(name="other", info={"a": 1})
    assert made == same
    assert made.tag == same.tag
    assert hash(made) == hash(same)
    others = [
        network(length=16),
        network(theta_frac=3),
        network(input=InputSpec((3,), full_scale=17)),
        network(layers=(replace(HIDDEN, theta=41), READOUT)),
        network(layers=(HIDDEN, replace(READOUT, bias=[0, 6]))),
        network(layers=(replace(HIDDEN, weights=[[1, -2, 7], [0, -7, 2]]), READOUT)),
        network(layers=(READOUT,), input=InputSpec((2,), full_scale=16)),
    ]
    assert all(made != other for other in others)
    assert len({made.tag, *(o.tag for o in others)}) == len(others) + 1
    assert all(0 <= o.tag < 1 << 32 for o in others)
    assert made != "network"


@given(st.sampled_from([4, 16, 32, 4096]), st.integers(1, 1 << 24), st.data())
def test_encode_rounds_half_up_to_the_grid(length: int, full_scale: int, data: st.DataObject) -> None:
    samples = data.draw(st.lists(st.integers(0, full_scale), min_size=1, max_size=8))
    codes = InputSpec((len(samples),), full_scale).encode([samples], length)
    assert codes.dtype == np.uint16
    # A2, and with it the nearest code: |X - v·L / F| <= 1 / 2.
    assert codes[0].tolist() == [min(length, (v * length + full_scale // 2) // full_scale) for v in samples]
    assert all(
        abs(2 * x * full_scale - 2 * v * length) <= full_scale for x, v in zip(codes[0].tolist(), samples, strict=True)
    )


def test_encode_pools_square_blocks_first() -> None:
    spec = InputSpec((4, 6), full_scale=1024, pool=2)
    image = np.arange(24).reshape(1, 4, 6) * 10
    sums = [[image[0, 2 * r : 2 * r + 2, 2 * c : 2 * c + 2].sum() for c in range(3)] for r in range(2)]
    assert spec.size == 6
    assert spec.pooled(image).tolist() == [np.ravel(sums).tolist()]
    assert spec.encode(image, 16).tolist() == [[(int(v) * 16 + 512) // 1024 for v in np.ravel(sums)]]
    assert np.array_equal(spec.encode(image.reshape(1, 24), 16), spec.encode(image, 16))


def test_samples_say_their_order_and_no_other_is_taken() -> None:
    images = np.arange(2 * 60).reshape(2, 3, 4, 5) % 17
    moved = images.transpose(0, 2, 3, 1)
    chw, hwc = InputSpec((3, 4, 5), 16, order="chw"), InputSpec((4, 5, 3), 16, order="hwc")
    assert chw.output_shape == hwc.output_shape == (4, 5, 3)
    assert np.array_equal(chw.encode(images, 16), hwc.encode(moved, 16))
    assert np.array_equal(chw.encode(images.reshape(2, 60), 16), hwc.encode(moved.reshape(2, 60), 16))
    assert np.array_equal(InputSpec((60,), 16).encode(images, 16), images.reshape(2, 60))
    with pytest.raises(ScError, match=r"\(n, 4, 5, 3\) in the order hwc, got \(2, 3, 4, 5\): those are of .*'chw'"):
        hwc.encode(images, 16)
    with pytest.raises(ScError, match=r"\(n, 3, 4, 5\) in the order chw, got \(2, 4, 5, 3\): those are of .*'hwc'"):
        chw.encode(moved, 16)
    with pytest.raises(ScError, match=r"\(n, 4, 6\), got \(2, 6, 4\)"):
        InputSpec((4, 6), 16).encode(np.zeros((2, 6, 4), int), 16)
    grey = np.arange(24).reshape(1, 1, 4, 6) % 17
    assert np.array_equal(InputSpec((4, 6), 16).encode(grey, 16), grey.reshape(1, 24))


def test_signed_and_real_samples_have_integer_scales() -> None:
    spec = InputSpec((3,), full_scale=192, offset=-64, shift=6)
    assert (spec.top, spec.affine) == (128, (-1.0, 3.0))
    raw = spec.quantise([[-1.0, 0.5, 2.0 + 2e-16], [-9.0, 1e300, 1 / 128]])
    assert raw.tolist() == [[-64, 32, 128], [-64, 128, 0]]
    assert spec.encode(raw, 4).tolist() == [[0, 2, 4], [0, 4, 1]]
    assert InputSpec((2,), 255, offset=-128).quantise(np.int8([[-128, 127]])).tolist() == [[-128, 127]]
    assert InputSpec((2,), 1, shift=0).quantise([[True, False]]).tolist() == [[1, 0]]
    for values, message in (([[np.nan, 0, 0]], "must be finite"), ([["a", "b", "c"]], "must be numbers")):
        with pytest.raises(ScError, match=message):
            spec.quantise(values)
    with pytest.raises(ScError, match="samples must be at least -64, got -65"):
        spec.encode([[-65, 0, 0]], 4)
    pooled = InputSpec((2, 2), full_scale=64, pool=2, offset=-8, shift=3)
    assert pooled.pooled([[[-8, -8], [8, 0]]]).tolist() == [[24]]
    assert pooled.affine == (-1.0, 2.0)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        ([[0.5, 1.0, 0.0]], "samples must be integers, got float64"),
        ([[0, 1]], r"samples must have shape \(n, 3\), got \(1, 2\)"),
        ([0, 1, 2], r"samples must have shape \(n, 3\), got \(3,\)"),
        ([[0, -1, 2]], "samples must be at least 0, got -1"),
        ([[0, 17, 2]], "samples must be at most 16, got 17"),
    ],
)
def test_bad_samples_are_refused(samples: list, message: str) -> None:
    with pytest.raises(ScError, match=message):
        SPEC.encode(samples, 16)


def test_a_threshold_makes_binary_inputs() -> None:
    spec = InputSpec((2, 2), full_scale=64, pool=2, threshold=20)
    assert spec.binary
    images = [[[5, 5], [5, 4]], [[5, 5], [5, 5]], [[16, 16], [16, 16]]]
    assert spec.pooled(images).tolist() == [[0], [64], [64]]
    assert spec.encode(images, 8).tolist() == [[0], [8], [8]]
    assert not InputSpec((4,), 16).binary


def test_encode_refuses_a_bad_length_and_a_sample_above_its_share_of_a_pool() -> None:
    with pytest.raises(ScError, match=r"length must be a power of two in \[4, 4096\], got 5"):
        SPEC.encode([[1, 2, 3]], 5)
    with pytest.raises(ScError, match="samples must be at most 256, got 257"):
        InputSpec((2, 2), full_scale=1024, pool=2).encode([[[257, 0], [0, 0]]], 16)


def test_encode_takes_no_samples() -> None:
    assert SPEC.encode(np.zeros((0, 3), dtype=int), 16).shape == (0, 3)
