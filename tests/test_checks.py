"""What users pass: arrays and numbers of every kind are taken for what they are, or refused by the parameter's name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from networks import random_conv_network
from sc_neurocore import (
    BitstreamEncoder,
    BitstreamSynapse,
    SCConv2DLayer,
    StochasticAttention,
    VectorizedSCLayer,
    artifact,
    backends,
    checks,
    golden,
    lookup,
    packed,
)
from sc_neurocore.errors import ScError
from sc_neurocore.network import ConvLayer, DenseLayer, InputSpec, Network, PoolLayer
from sc_neurocore.neurons import LifParams
from sc_neurocore.sources import source

W = [[1, -2, 7], [0, -7, 3]]
CODES = [[0, 3, 8], [5, 1, 2]]


def _read_only(values: Any) -> np.ndarray:
    a = np.array(values)
    a.setflags(write=False)
    return a


def _strided(values: Any) -> np.ndarray:
    return np.repeat(np.array(values), 2, axis=-1)[..., ::2]


def _scalars(values: Any) -> Any:
    return [_scalars(v) for v in values] if isinstance(values, list) else np.int16(values)


def _tensors(values: Any) -> Any:
    return [_tensors(v) for v in values] if isinstance(values, list) else torch.tensor(values)


#: Ways to say integers.
INTEGERS: dict[str, Callable[[Any], Any]] = {
    "list": lambda v: v,
    "tuple": lambda v: tuple(map(tuple, v)),
    "int8": lambda v: np.array(v, dtype=np.int8),
    "big-endian": lambda v: np.array(v, dtype=">i4"),
    "read-only": _read_only,
    "not contiguous": _strided,
    "Fortran order": np.asfortranarray,
    "objects": lambda v: np.array(v, dtype=object),
    "NumPy scalars": _scalars,
    "unmasked": lambda v: np.ma.MaskedArray(np.array(v)),
    "tensor": torch.tensor,
    "tensor of int16": lambda v: torch.tensor(v, dtype=torch.int16),
    "tensor, not contiguous": lambda v: torch.tensor(v).repeat_interleave(2, dim=-1)[..., ::2],
    "list of tensors": lambda v: [torch.tensor(row) for row in v],
    "lists of tensors": _tensors,
}
#: What is no integer, though it may be whole.
NO_INTEGERS: dict[str, Callable[[Any], Any]] = {
    "float64": lambda v: np.array(v, dtype=np.float64),
    "bfloat16": lambda v: torch.tensor(v, dtype=torch.bfloat16),
    "needs a gradient": lambda v: torch.tensor(v, dtype=torch.float32, requires_grad=True),
    "bool": lambda v: np.array(v, dtype=bool),
    "bool tensor": lambda v: torch.tensor(v).bool(),
    "text": lambda v: np.array(v).astype(str),
    "complex": lambda v: np.array(v, dtype=complex),
    "objects": lambda v: np.array([[None, *row[1:]] for row in v], dtype=object),
    "ragged": lambda v: [v[0], v[1][:-1]],
    "10**400": lambda v: [[10**400, *v[0][1:]], v[1]],
    "a string": lambda v: "1 2 3",
    "None": lambda v: None,
    "meta tensor": lambda v: torch.empty(2, 3, dtype=torch.int64, device="meta"),
    "sparse tensor": lambda v: torch.tensor(v).to_sparse(),
    "masked": lambda v: np.ma.MaskedArray(np.array(v), mask=np.eye(2, 3)),
    "dates": lambda v: np.array(v).astype("datetime64[s]"),
}


def _network() -> Network:
    layers = (DenseLayer(W, [5, -1], 40), DenseLayer([[3, -3], [-7, 0]], [0, 7], None))
    return Network(8, layers, InputSpec((3,), 16))


RUNS: dict[str, Callable[[Network, Any], Any]] = {
    "packed": packed.run,
    "golden": golden.run,
    "lookup": lookup.run,
    "backends": backends.run,
}


@pytest.mark.parametrize("kind", INTEGERS)
def test_integers_are_taken_in_every_form(kind: str) -> None:
    form, network = INTEGERS[kind], _network()
    wanted = golden.run(network, CODES)
    for run in RUNS.values():
        assert run(network, form(CODES)).mismatches(wanted) == 0
    assert DenseLayer(form(W), form([[5, -1]])[0], 40).weights.tolist() == W
    weights = form(W)
    if not isinstance(weights, (list, tuple)):
        conv = ConvLayer(weights.reshape(2, 1, 3, 1), [0, 0], None, (4, 4, 1))
        assert conv.weights.reshape(2, 3).tolist() == W
    scores, _ = golden.run_image(network, form(CODES)[0])
    assert scores.tolist() == wanted.scores[0].tolist()


@pytest.mark.parametrize("kind", NO_INTEGERS)
def test_what_is_no_integer_is_refused_by_name(kind: str) -> None:
    form, network = NO_INTEGERS[kind], _network()
    for run in RUNS.values():
        with pytest.raises(ScError, match=r"^input codes must "):
            run(network, form(CODES))
    with pytest.raises(ScError, match=r"^weights must "):
        DenseLayer(form(W), [5, -1], 40)
    if kind not in ("ragged", "a string"):
        with pytest.raises(ScError, match=r"^bias must "):
            DenseLayer([[1, 2, 3]] * 3, form(W), 40)


#: Parameters that are integers, by the name that a refusal gives them, and a right value.
WHOLE: dict[str, tuple[Callable[[Any], object], int]] = {
    "length": (lambda v: replace(_network(), length=v), 8),
    "theta_frac": (lambda v: replace(_network(), theta_frac=v), 4),
    "theta": (lambda v: DenseLayer(W, [5, -1], v), 40),
    "stride": (lambda v: ConvLayer(np.ones((1, 1, 1, 1), int), [0], None, (4, 4, 1), v), 2),
    "padding": (lambda v: ConvLayer(np.ones((1, 3, 3, 1), int), [0], None, (4, 4, 1), 1, v), 2),
    "size": (lambda v: PoolLayer("max", v, (4, 4, 1)), 2),
    "a size of input_shape": (lambda v: PoolLayer("max", 2, (v, 4, 1)), 4),
    "refractory": (lambda v: LifParams(theta=9, refractory=v), 3),
    "n_inputs": (lambda v: VectorizedSCLayer(v, 1, 16, seed=0), 4),
    "seed": (lambda v: VectorizedSCLayer(2, 1, 16, seed=v), 4),
    "kernel_size": (lambda v: SCConv2DLayer(1, 1, v, length=16, seed=0), 2),
    "dim_k": (lambda v: StochasticAttention(v, length=16, seed=0), 2),
    "length of a source": (lambda v: source("vdc", v), 16),
    "length of a layer": (lambda v: VectorizedSCLayer(2, 1, v, seed=0), 16),
    "length of an encoder": (lambda v: BitstreamEncoder(length=v, mode="vdc"), 16),
}


@pytest.mark.parametrize("name", WHOLE)
def test_one_rule_for_integers(name: str) -> None:
    make, value = WHOLE[name]
    for right in (value, np.int64(value), np.uint8(value), np.array(value), torch.tensor(value)):
        make(right)
    refused = [float(value), np.float32(value), value + 0.5, True, np.True_, torch.tensor(True), str(value), None]
    refused += [[value], np.array([value]), torch.tensor([value]), torch.tensor(float(value)), 10**400, -(10**5000)]
    refused += [complex(value), Fraction(value), float("nan"), {}, b"4"]
    for wrong in refused:
        if wrong is None and name in ("theta", "seed"):
            continue
        if name == "kernel_size" and isinstance(wrong, list):
            continue
        if wrong is refused[-7] and name == "seed":  # a seed has no upper end
            continue
        with pytest.raises(
            ScError, match=rf"^{name.partition(' of a')[0] if name.startswith('length') else name} must "
        ) as e:
            make(wrong)
        assert "\n" not in str(e.value)
        assert len(str(e.value)) < 250


def test_what_is_kept_is_a_plain_int() -> None:
    network = replace(_network(), length=np.int64(8), theta_frac=np.uint8(4))
    layer = DenseLayer(W, [5, -1], np.int32(40))
    pool = PoolLayer("max", np.int64(2), np.array([4, 4, 1]))
    lif = LifParams(theta=np.int64(9))
    for value in (
        network.length,
        network.theta_frac,
        layer.theta,
        pool.size,
        pool.stride,
        *pool.input_shape,
        lif.theta,
    ):
        assert type(value) is int
    assert network == _network()


def test_layers_and_inputs_must_be_what_they_are() -> None:
    for changes, message in (
        ({"layers": 3}, "layers must be a sequence of layers, got 3"),
        ({"layers": [3]}, "layer 0 must be a DenseLayer, ConvLayer or PoolLayer, got 3"),
        ({"input": (3,)}, r"input must be an InputSpec, got \(3,\)"),
        ({"name": 3}, "name must be printable text, got 3"),
        ({"name": "a\nb"}, r"name must be printable text, got 'a\\nb'"),
        ({"name": "\ud800"}, "name must be printable text"),
        ({"info": [1]}, r"info must be a mapping, got \[1\]"),
        ({"weight_source": np.array(["vdc", "vdc"])}, "source must be one of"),
    ):
        with pytest.raises(ScError, match=f"^{message}"):
            replace(_network(), **changes)
    with pytest.raises(ScError, match=r"^kind must be one of max, mean, got "):
        PoolLayer(["max"], 2, (4, 4, 1))  # type: ignore[arg-type]
    with pytest.raises(ScError, match=r"^adder must be one of apc, mux, got None"):
        DenseLayer(W, [5, -1], 40, None, None)  # type: ignore[arg-type]
    with pytest.raises(ScError, match=r"^input_shape must be \(height, width, channels\), got 4"):
        PoolLayer("max", 2, 4)  # type: ignore[arg-type]
    with pytest.raises(ScError, match=r"a layer has at most 2\^24 = 16777216 inputs, got 68719476736"):
        PoolLayer("max", 2, (4096, 4096, 4096))


# --- info -------------------------------------------------------------------------------------------------------------


def test_info_becomes_plain_json(tmp_path: Path) -> None:
    info = {
        "seed": np.int64(3),
        "accuracy": np.float32(0.5),
        "flag": np.True_,
        "excess": np.array([[1.5, 2.0]]),
        "shape": (2, 3),
        "tensor": torch.tensor([0.5, 2.0], dtype=torch.bfloat16, requires_grad=True),
        "from": Path("a") / "b",
        "kept": {"a": [None, True, 1, 2.5, "ä"]},
        "np.str": np.str_("x"),
    }
    network = replace(_network(), info=info)
    plain = {
        "seed": 3,
        "accuracy": 0.5,
        "flag": True,
        "excess": [[1.5, 2.0]],
        "shape": [2, 3],
        "tensor": [0.5, 2.0],
        "from": str(Path("a") / "b"),
        "kept": {"a": [None, True, 1, 2.5, "ä"]},
        "np.str": "x",
    }
    assert dict(network.info) == plain
    assert dict(artifact.load(artifact.save(network, tmp_path / "net")).info) == plain


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (float("nan"), "info.k"),
        (np.float64("inf"), "info.k"),
        (np.array([1.0, np.nan]), r"info.k\[1\]"),
        ({"a": [1, {2}]}, r"info.k.a\[1\]"),
        ({1: 2}, "info.k"),
        (object(), "info.k"),
        (b"bytes", "info.k"),
        (1j, "info.k"),
        (np.array(["a", None], dtype=object), "info.k"),
        (10**5000, "info.k"),
        ("\ud800", "info.k"),
        ({"\ud800": 1}, "info.k"),
        (torch.empty(2, device="meta"), "info.k"),
        (lambda: 0, "info.k"),
    ],
    ids=lambda v: type(v).__name__,
)
def test_info_that_json_does_not_hold_is_refused_by_its_key(value: object, place: str) -> None:
    with pytest.raises(ScError, match=f"^{place} must ") as refusal:
        replace(_network(), info={"k": value})
    assert "\n" not in str(refusal.value)


def test_info_without_end_is_refused() -> None:
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(ScError, match=r"^info.k\[0\].*… must not be nested more than 64 deep"):
        replace(_network(), info={"k": loop})


# --- classes of real numbers ------------------------------------------------------------------------------------------

REALS: dict[str, Callable[[Any], Any]] = {
    "float16": lambda v: np.array(v, dtype=np.float16),
    "big-endian": lambda v: np.array(v, dtype=">f8"),
    "objects": lambda v: np.array(v, dtype=object),
    "fractions": lambda v: [[Fraction(x) for x in row] for row in v],
    "bfloat16": lambda v: torch.tensor(v, dtype=torch.bfloat16),
    "float8": lambda v: torch.tensor(v).to(torch.float8_e4m3fn),
    "needs a gradient": lambda v: torch.tensor(v, requires_grad=True),
    "transposed": lambda v: torch.tensor(v).T.contiguous().T,
    "list of bfloat16": lambda v: [torch.tensor(row, dtype=torch.bfloat16) for row in v],
    "conjugate view": lambda v: torch.tensor(v).neg().neg(),
}


@pytest.mark.parametrize("kind", REALS)
def test_reals_are_taken_in_every_form(kind: str) -> None:
    x = [[0.5, 0.25], [1.0, 0.0]]
    form = REALS[kind]
    layer = VectorizedSCLayer(2, 1, 16, seed=0)
    assert np.array_equal(layer.forward(form(x)), layer.forward(x))
    layer.weights = form([[0.5, 0.25]])
    assert layer.weights.tolist() == [[0.5, 0.25]]
    image = form(x)
    conv = SCConv2DLayer(1, 1, 2, length=16, seed=0)
    images = image[None] if not isinstance(image, list) else [image]
    assert np.array_equal(conv.forward(images), conv.forward([x]))
    assert np.array_equal(
        BitstreamEncoder(length=16, mode="vdc").encode(form(x)), BitstreamEncoder(length=16, mode="vdc").encode(x)
    )
    attention = StochasticAttention(2, length=16, seed=0)
    assert np.array_equal(attention.forward(form(x), form(x), form(x)), attention.forward(x, x, x))


@pytest.mark.parametrize(
    "wrong", ["x", None, [["a", "b"]], [[1j, 0]], [[None, 1]], [[1], [1, 2]], np.array([["a", 1]], object)]
)
def test_what_is_no_real_is_refused_by_name(wrong: Any) -> None:
    for name, call in (
        ("x", VectorizedSCLayer(2, 1, 16, seed=0).forward),
        ("image", SCConv2DLayer(1, 1, 1, length=16, seed=0).forward),
        ("x", BitstreamEncoder(length=16).encode),
    ):
        with pytest.raises(ScError, match=f"^{name} must "):
            call(wrong)


def test_numbers() -> None:
    for right in (
        1,
        1.0,
        np.float16(1),
        np.array(1.0),
        torch.tensor(1.0),
        torch.tensor(1, dtype=torch.bfloat16),
        Fraction(1),
    ):
        assert checks.number("gain", right, 0.0) == 1.0
    for wrong in (
        True,
        np.True_,
        torch.tensor(True),
        "1",
        None,
        1j,
        [1.0],
        np.array([1.0]),
        10**400,
        10**5000,
        Decimal("nan"),
    ):
        with pytest.raises(ScError, match=r"^gain must be a finite number, got "):
            checks.number("gain", wrong, 0.0)


def test_a_convolution_takes_tensors_of_torch() -> None:
    network = random_conv_network(np.random.default_rng(5), 16, "cd", (5, 5, 2))
    codes = torch.randint(0, 17, (4, network.input.size), dtype=torch.uint8)
    wanted = golden.run(network, codes.numpy())
    for run in RUNS.values():
        assert run(network, codes).mismatches(wanted) == 0


ENCODER = BitstreamEncoder(length=16, seed=0)
LAYER = VectorizedSCLayer(3, 2, 16, seed=0)


def test_values_within_rounding_of_a_range_are_clipped() -> None:
    near = 1 + 2e-16 + 5e-10
    assert ENCODER.encode(near).tolist() == [1] * 16
    assert ENCODER.encode(-1e-10).tolist() == [0] * 16
    assert np.array_equal(LAYER.forward([near, -1e-10, 0.5]), LAYER.forward([1.0, 0.0, 0.5]))
    assert BitstreamSynapse(0.0, 1.0, w=near).w == 1.0
    with pytest.raises(ScError, match=r"got 1\.00000001"):
        ENCODER.encode(1 + 1e-8)
