"""`sc-neurocore import`: the layout of samples, falls of accuracy between stages, shapes that exporters write."""

import json
import os
from itertools import pairwise

import nir
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore import artifact, data, packed
from sc_neurocore.cli import main
from sc_neurocore.errors import ScError
from sc_neurocore.network import InputSpec
from sc_neurocore.nir_bridge import conversion, convert, falls, from_nir, hdf5, import_network, rate_model, support
from sc_neurocore.nir_bridge.layout import as_inputs, stated

RATE = {"reset": "subtract", "compare": ">="}


def chain(shape, out, *nodes):
    middle = {f"n{k}": node for k, node in enumerate(nodes)}
    made = {"input": nir.Input(np.array(shape)), **middle, "output": nir.Output(np.array(out))}
    return nir.NIRGraph(made, list(pairwise(made)), type_check=False)


def neurons(*shape, theta=1.0):
    return nir.IF(np.ones(shape), np.full(shape, theta))


def flatten(start=0):
    return nir.Flatten(None, start, -1)


# Layouts.

CHANNELS, HEIGHT, WIDTH, HIDDEN, CLASSES = 3, 4, 5, 7, 3


def images(n=60, seed=0):
    """Return images (n, channels, height, width) of full scale 256."""
    return np.random.default_rng(seed).integers(0, 256, (n, CHANNELS, HEIGHT, WIDTH))


def laid(x, layout):
    """Return images as samples of a layout, with what `InputSpec` knows of it."""
    samples = {"hwc": x.transpose(0, 2, 3, 1), "chw": x, "flat": x.reshape(len(x), -1)}[layout]
    return samples, InputSpec(samples.shape[1:], 256)


def dense(inputs, seed):
    random = np.random.default_rng(seed)
    return nir.Affine(random.normal(size=(HIDDEN, inputs)) / np.sqrt(inputs), random.uniform(0, 0.3, HIDDEN))


def readout(seed, inputs=HIDDEN):
    return nir.Affine(np.random.default_rng(seed + 1).normal(size=(CLASSES, inputs)), np.zeros(CLASSES))


def check_agreement(network, samples, spec, wanted_input, **options):
    """Demand that reference, rate model and Network see `wanted_input`, (n, *input_shape), in the samples.

    By NumPy alone: the first node's currents are computed from wanted_input, and so is what the rate model gives, with
    the lines that were measured; the Network, at L = 32, must rank the samples much alike.
    """
    made_spec = stated(network, spec, options.pop("order", None))
    x = as_inputs(network, made_spec, samples)
    assert np.array_equal(x, wanted_input.astype(x.dtype))
    rates = rate_model(network, samples, made_spec, steps=64)
    own = network.run(wanted_input.astype(x.dtype), 64).output.mean(axis=0).reshape(len(x), -1)
    scores = rates.scores(made_spec, samples).numpy()
    assert np.corrcoef(own.ravel(), scores.ravel())[0, 1] > 0.95
    made = convert(network, samples, length=32, input_spec=made_spec, rates=rates)
    assert made.input == made_spec
    exact = packed.run(made, made.input.encode(samples, 32)).scores
    assert np.corrcoef(exact.ravel(), scores.ravel())[0, 1] > 0.9
    return made, exact


@settings(max_examples=9, deadline=None, derandomize=True)
@given(st.sampled_from(["flat", "image", "conv"]), st.sampled_from(["hwc", "chw", "flat"]), st.integers(0, 99))
def test_reference_rates_and_network_see_the_same_values(kind, layout, seed):
    x = images(seed=seed)
    samples, spec = laid(x, layout)
    size = CHANNELS * HEIGHT * WIDTH
    options = {}
    if kind == "flat":  # as they lie, whatever the axes mean
        graph = chain((size,), (CLASSES,), dense(size, seed), neurons(HIDDEN), readout(seed))
        wanted = samples.reshape(len(x), -1) / 256
    else:
        wanted = x / 256
        if kind == "image":
            nodes = [flatten(), dense(size, seed), neurons(HIDDEN), readout(seed)]
        else:
            weight = np.random.default_rng(seed).normal(0.1, 0.4, (2, CHANNELS, 2, 3))
            conv = nir.Conv2d(None, weight, 1, 0, 1, 1, np.zeros(2))
            nodes = [conv, neurons(2, 3, 3), flatten(), readout(seed, 18)]
        graph = chain((CHANNELS, HEIGHT, WIDTH), (CLASSES,), *nodes)
        if layout == "flat":
            with pytest.raises(ScError, match=r"node 'input' .Input. takes images, .* flat samples .*--order"):
                rate_model(from_nir(graph, **RATE), samples, spec, steps=8)
            options["order"] = "chw"
    made, _ = check_agreement(from_nir(graph, **RATE), samples, spec, wanted, **options)
    if len(made.input.shape) == 3:
        assert made.input.order == ("hwc" if kind == "flat" else options.get("order", layout))


@pytest.mark.parametrize("layout", ["hwc", "chw"])
def test_a_colour_image_through_a_flat_input_is_the_flat_sample(layout):
    """The same Network scores as with the samples flattened beforehand, to the last bit; stated chw as well."""
    samples, spec = laid(images(), layout)
    flat = samples.reshape(len(samples), -1)
    size = flat.shape[1]
    network = from_nir(chain((size,), (CLASSES,), dense(size, 1), neurons(HIDDEN), readout(1)), **RATE)
    plain = convert(network, flat, length=64, input_spec=InputSpec((size,), 256))
    wanted = packed.run(plain, plain.input.encode(flat, 64)).scores
    for order in (None, "hwc", "chw"):
        made = convert(network, samples, length=64, input_spec=spec, order=order)
        assert made.input.order == (order or "hwc")
        got = packed.run(made, made.input.encode(samples, 64)).scores
        assert np.corrcoef(got.ravel(), wanted.ravel())[0, 1] > (0.999999 if order != "chw" else 0.99)


@pytest.mark.parametrize("neuron", ["rate", "lif"])
@pytest.mark.parametrize("layout", ["hwc", "chw"])
def test_images_reach_the_weights_by_their_axes(neuron, layout):
    """Of an image Input one pixel decides: with it alone set, its class wins, wherever the layout has put it."""
    size = CHANNELS * HEIGHT * WIDTH
    pixels = [7, 23, 58]  # in NIR's order, (channels, height, width)
    weight = np.full((CLASSES, size), -0.01)
    weight[range(CLASSES), pixels] = 0.9
    nodes = [flatten(), nir.Linear(weight), neurons(CLASSES, theta=1.0)]
    if neuron == "rate":
        nodes += [nir.Linear(np.eye(CLASSES)), neurons(CLASSES)]
    network = from_nir(chain((CHANNELS, HEIGHT, WIDTH), (CLASSES,), *nodes), **RATE)
    x = np.zeros((8 * CLASSES, size), int)
    x[range(len(x)), pixels * 8] = np.random.default_rng(0).integers(120, 257, len(x))
    samples, spec = laid(x.reshape(-1, CHANNELS, HEIGHT, WIDTH), layout)
    made = convert(network, samples, length=64, input_spec=spec, neurons=neuron)
    assert made.input.order == layout
    assert packed.run(made, made.input.encode(samples, 64)).classes.tolist() == list(range(CLASSES)) * 8


def test_shapes_that_fit_both_orders_are_refused_until_one_is_given():
    graph = chain((3, 3, 3), (CLASSES,), flatten(), dense(27, 0), neurons(HIDDEN), readout(0))
    network, x = from_nir(graph, **RATE), np.random.default_rng(0).integers(0, 256, (40, 3, 3, 3))
    spec = InputSpec((3, 3, 3), 256)
    with pytest.raises(
        ScError, match=r"node 'input' .Input. takes .* fit both orders: give order='hwc' or 'chw' .--or"
    ):
        convert(network, x, length=16, input_spec=spec)
    for order, axes in (("hwc", (0, 3, 1, 2)), ("chw", (0, 1, 2, 3))):
        check_agreement(network, x, spec, x.transpose(axes) / 256, order=order)
    with pytest.raises(ScError, match=r"order must be 'hwc' or 'chw', got 'whc'"):
        convert(network, x, length=16, input_spec=spec, order="whc")
    with pytest.raises(ScError, match=r"order must be that of the samples, 'hwc', got 'chw'"):
        convert(network, x, length=16, input_spec=InputSpec((3, 3, 3), 256, order="hwc"), order="chw")


@pytest.mark.parametrize("sample", [(6, 5), (6, 5, 1), (1, 6, 5), (30,)])
@pytest.mark.parametrize("takes", [(6, 5), (1, 6, 5), (30,), (1, 1, 6, 5), (1, 30)])
def test_grey_images_lie_in_one_way(takes, sample):
    random = np.random.default_rng(2)
    nodes = [flatten()] if len(takes) > 1 else []
    network = from_nir(chain(takes, (CLASSES,), *nodes, dense(30, 2), neurons(HIDDEN), readout(2)), **RATE)
    x = random.integers(0, 256, (40, *sample))
    check_agreement(network, x, InputSpec(sample, 256), x.reshape(-1, *network.input_shape) / 256)


@pytest.mark.parametrize("sample", [(2, 9), (1, 9, 2), (2, 1, 9)])
def test_conv1d_takes_channels_and_width(sample):
    """Samples (channels, width) as they lie, or images of one row."""
    random = np.random.default_rng(3)
    conv = nir.Conv1d(None, random.normal(0.2, 0.4, (4, 2, 3)), 2, 1, 1, 1, np.zeros(4))
    network = from_nir(chain((2, 9), (CLASSES,), conv, neurons(4, 5), flatten(), readout(3, 20)), **RATE)
    x = random.integers(0, 256, (60, 2, 9))
    samples = {(2, 9): x, (1, 9, 2): x.transpose(0, 2, 1)[:, None], (2, 1, 9): x[:, :, None]}[sample]
    made, _ = check_agreement(network, samples, InputSpec(sample, 256), x / 256)
    assert made.topology.startswith("18-4c")
    with pytest.raises(ScError, match=r"samples must have shape .n, 1, 9, 2. in the order 'hwc', or .n, 2, 1, 9."):
        stated(network, InputSpec((9, 2), 256))


@pytest.mark.parametrize("neuron", ["rate", "lif"])
def test_real_values_reach_the_network(neuron):
    """Raw 0 … 512 that stand for −1 … 1: the network sees these, unless scale or offset say otherwise."""
    random = np.random.default_rng(4)
    spec = InputSpec((6,), full_scale=512, offset=-256, shift=8)
    raw = random.integers(-256, 257, (80, 6))
    weight = random.normal(size=(HIDDEN, 6))
    nodes = [nir.Affine(weight, np.full(HIDDEN, 0.5)), neurons(HIDDEN)]
    if neuron == "rate":
        nodes.append(readout(4))
    network = from_nir(chain((6,), (HIDDEN if neuron == "lif" else CLASSES,), *nodes), **RATE)
    assert np.array_equal(as_inputs(network, spec, raw), raw / 256)
    assert np.allclose(as_inputs(network, spec, raw, 3.0), (raw + 256) / 512 * 3)
    made = convert(network, raw, length=256, input_spec=spec, neurons=neuron)
    assert made.input == spec
    own = network.run(raw / 256, 256).output.mean(axis=0)
    got = packed.run(made, spec.encode(raw, 256)).scores
    assert np.corrcoef(own.ravel(), got.ravel())[0, 1] > (0.95 if neuron == "rate" else 0.75)
    other = convert(network, raw, length=256, input_spec=spec, neurons=neuron, scale=1.0)
    assert not np.array_equal(packed.run(other, spec.encode(raw, 256)).scores, got)


def test_a_graph_that_is_not_the_networks_is_refused_by_node(monkeypatch):
    samples, spec = laid(images(), "hwc")
    graph = chain((60,), (CLASSES,), dense(60, 5), neurons(HIDDEN), readout(5))
    monkeypatch.setattr(conversion, "_in_torch_order", lambda modules, network, spec: [torch.nn.Flatten(), *modules])
    with pytest.raises(ScError, match=r"node 'n1' .IF. is where the converted graph begins to differ .* --order"):
        rate_model(from_nir(graph, **RATE), samples, spec, steps=16)


# Falls.


@pytest.fixture(scope="module")
def blobs(tmp_path_factory):
    """Three classes of which one of three pixels of six is the brightest, and a network that tells them apart."""
    folder = tmp_path_factory.mktemp("blobs")
    random = np.random.default_rng(6)
    y = np.repeat(np.arange(3), 100)
    x = random.integers(0, 60, (300, 6)).astype(np.uint8)
    x[np.arange(300), 2 * y] += random.integers(60, 190, 300).astype(np.uint8)
    np.savez(folder / "blobs.npz", x=x, y=y)
    weight = np.zeros((6, 6))
    weight[range(6), range(6)] = 1.0
    last = np.zeros((3, 6))
    last[range(3), [0, 2, 4]] = 1.0
    good = chain((6,), (3,), nir.Linear(weight), neurons(6), nir.Linear(last), neurons(3))
    nir.write(folder / "good.nir", good)
    # Pixels of 126 … 129 are one code at L = 64: what the network tells apart is lost.
    x = random.integers(126, 128, (300, 3)).astype(np.uint8)
    x[np.arange(300), y] += 2
    np.savez(folder / "close.npz", x=x, y=y)
    apart = 100 * (np.eye(3) - 0.5 * (1 - np.eye(3)))
    close = chain((3,), (3,), nir.Linear(apart), neurons(3), nir.Linear(np.eye(3)), neurons(3))
    nir.write(folder / "close.nir", close)
    return folder


def line(folder, name, *more):
    file = folder / ("close.npz" if name == "close" else "blobs.npz")
    settings_ = ("--set", "reset=subtract", "--set", "compare=>=", "--data", str(file))
    return ["import", str(folder / f"{name}.nir"), *settings_, *more]


def test_a_large_fall_stops_names_its_stages_and_writes_nothing(blobs, tmp_path, capsys):
    assert main(line(blobs, "good", "--out", str(tmp_path / "good"), "--json")) == 0
    assert json.loads(capsys.readouterr().out)["bit_true"] > 0.95
    out = tmp_path / "close"
    assert main(line(blobs, "close", "--out", str(out))) == 2
    said = capsys.readouterr().err
    assert "accuracy falls from relu (" in said
    assert "to bit_true (" in said
    assert "the difference begins at node 'n1'" in said
    assert f"--force (force=True) writes it all the same, and `sc-neurocore explain {out}" in said
    assert not out.exists()
    assert list(tmp_path.iterdir()) == [tmp_path / "good"]
    assert main(line(blobs, "close", "--out", str(out), "--force", "--json")) == 0
    captured = capsys.readouterr()
    assert "warning: accuracy falls from relu" in captured.err
    assert json.loads(captured.out)["bit_true"] < 0.6
    assert artifact.load(out).input.shape == (3,)


def test_fine_tuning_that_ruins_a_network_writes_nothing(blobs, tmp_path, monkeypatch):
    network = from_nir(blobs / "good.nir", **RATE)
    from sc_neurocore.nir_bridge import importing

    monkeypatch.setattr(importing, "_bit_true", _once(importing._bit_true))
    with pytest.raises(ScError, match=r"accuracy falls from bit_true .* to fine_tuned .* explain"):
        import_network(network, blobs / "blobs.npz", tmp_path / "n", length=16, fine_tune=1)
    assert not (tmp_path / "n").exists()


def _once(function):
    """Return the function, whose second call is wrong: what a training that diverged would give."""
    calls = []

    def call(network, x):
        calls.append(1)
        return function(network, x) if len(calls) == 1 else np.full(len(x), 1)

    return call


def test_what_a_fall_may_be():
    y = np.zeros(1000, int)

    def with_wrong(n):
        return np.array([1] * n + [0] * (1000 - n))

    for resolution, most in ((16, 0.2), (64, 0.09), (256, 0.06)):
        lost = next(n for n in range(1000) if falls.fall(y, with_wrong(n), y, resolution, 2).large) / 1000
        assert 0.02 + 2 / resolution < lost < most
    few = falls.fall(y[:10], with_wrong(2)[:10], y[:10], 64, 2)  # 2 of 10 is chance
    assert not few.large
    assert not falls.fall(with_wrong(500), y, y, 64, 2).large


def test_fewer_outputs_than_labels_are_refused_before_the_work(blobs, tmp_path):
    two = from_nir(chain((6,), (2,), nir.Linear(np.ones((2, 6))), neurons(2)), **RATE)
    with pytest.raises(
        ScError, match=r"node 'output' .Output. has 2 values, but .*blobs.npz has 3 classes, labels 0 … 2"
    ):
        import_network(two, blobs / "blobs.npz", tmp_path / "n")
    five = from_nir(chain((6,), (5,), nir.Linear(np.ones((5, 6))), neurons(5)), **RATE)
    with pytest.raises(ScError, match=r"fine_tune needs a network with an output for each class: node 'output'"):
        import_network(five, blobs / "blobs.npz", tmp_path / "n", fine_tune=2)
    wrong = from_nir(chain((7,), (3,), nir.Linear(np.ones((3, 7))), neurons(3)), **RATE)
    with pytest.raises(ScError, match=r"samples have 6 values, the network takes 7, .7,. at its node 'input' .Input."):
        import_network(wrong, blobs / "blobs.npz", tmp_path / "n")
    assert list(tmp_path.iterdir()) == []


def test_images_of_any_order_are_imported_and_evaluated(tmp_path, capsys):
    """A convolution on colour images, channels last and first: the same Network but for the order it states."""
    random = np.random.default_rng(8)
    y = np.repeat(np.arange(2), 60)
    x = random.integers(0, 80, (120, 2, 5, 6)).astype(np.uint8)
    x[np.arange(120), y] += 120
    weight = np.zeros((2, 2, 2, 2))
    weight[0, 0], weight[1, 1] = 0.3, 0.3
    last = np.kron(np.eye(2), np.full((1, 20), 0.1))
    conv = nir.Conv2d((5, 6), weight, 1, 0, 1, 1, np.zeros(2))
    flat = nir.Flatten({"input": np.array([2, 4, 5])}, 0, -1)
    nir.write(tmp_path / "c.nir", chain((2, 5, 6), (2,), conv, neurons(2, 4, 5), flat, nir.Linear(last)))
    made = []
    for order, samples in (("chw", x), ("hwc", x.transpose(0, 2, 3, 1))):
        file, out = tmp_path / f"{order}.npz", tmp_path / order
        np.savez(file, x=samples, y=y)
        options = ["--set", "reset=subtract", "--set", "compare=>=", "--data", str(file), "--out", str(out)]
        assert main(["import", str(tmp_path / "c.nir"), *options, "--fine-tune", "1", "--length", "16"]) == 0
        made.append(artifact.load(out))
        assert made[-1].input.order == order
        capsys.readouterr()
        assert main(["evaluate", str(out), "--data", str(file), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["accuracy"] == 1.0
    np.savez(tmp_path / "flat.npz", x=x.reshape(120, -1), y=y)
    assert main(["evaluate", str(tmp_path / "chw"), "--data", str(tmp_path / "flat.npz"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] == 1.0
    assert all(np.array_equal(a.synapses, b.synapses) for a, b in zip(made[0].weighted, made[1].weighted, strict=True))


# What exporters write.


@pytest.mark.parametrize(
    ("shape", "start", "takes"),
    [
        ((1, 60), None, (60,)),
        ((1, 1, 60), None, (60,)),
        ((3, 4, 5), 1, (3, 4, 5)),
        ((1, 3, 4, 5), 1, (3, 4, 5)),
        ((1, 4, 15), 1, (4, 15)),
        ((4, 15), 1, (4, 15)),
    ],
)
def test_batch_axes_are_understood_where_shapes_chain_only_so(shape, start, takes):
    nodes = [] if start is None else [flatten(start)]
    network = from_nir(chain(shape, (1, CLASSES), *nodes, dense(60, 0), neurons(HIDDEN), readout(0)), **RATE)
    assert network.input_shape == takes
    assert support(network)["rate"] is None
    x = np.random.default_rng(0).uniform(0, 1, (4, *takes))
    plain = from_nir(chain((60,), (CLASSES,), dense(60, 0), neurons(HIDDEN), readout(0)), **RATE)
    assert np.array_equal(network.run(x, 9).output, plain.run(x.reshape(4, 60), 9).output)
    assert network.summary()["taken for granted"]


def test_batch_axes_that_change_the_size_are_refused_with_the_option():
    graph = chain((16, 60), (16, CLASSES), dense(60, 0), neurons(HIDDEN), readout(0))
    with pytest.raises(ScError, match=r"node 'n0' .Affine., behind 'input', .*input_shape=.60,., or --input-shape 60"):
        from_nir(graph)
    assert from_nir(graph, input_shape=[60]).input_shape == (60,)
    for wrong in ([-1, 60], [0, 60], []):
        graph.nodes["input"] = nir.Input(np.array(wrong))
        with pytest.raises(ScError, match=r"node 'input' .Input.: shape must .* input_shape=… .--input-shape"):
            from_nir(graph)
        assert from_nir(graph, input_shape=[60]).input_shape == (60,)
    conv = nir.Conv2d(None, np.ones((1, 1, 2, 2)), 1, 0, 1, 1, np.zeros(1))
    with pytest.raises(ScError, match=r"node 'n0' .Conv2d., .* gets .36,.: .*--input-shape CHANNELS,HEIGHT,WIDTH"):
        from_nir(chain((36,), (1, 5, 5), conv))
    assert from_nir(chain((36,), (1, 5, 5), conv), input_shape=[1, 6, 6]).input_shape == (1, 6, 6)
    line = nir.Conv1d(None, np.ones((1, 1, 2)), 1, 0, 1, 1, np.zeros(1))
    with pytest.raises(ScError, match=r"node 'n0' .Conv1d., .* gets .9,.: .*--input-shape CHANNELS,WIDTH"):
        from_nir(chain((9,), (1, 8), line))
    assert from_nir(chain((9,), (1, 8), line), input_shape=[1, 9]).input_shape == (1, 9)


def test_thresholds_of_zero_are_refused_by_node():
    def lif(theta):
        return nir.LIF(*(np.full(HIDDEN, v) for v in (5.0, 1.0, 0.0, theta)))

    made = chain((6,), (CLASSES,), dense(6, 0), lif(0.0), readout(0))
    for framework in ("sinabs", "rockpool"):
        with pytest.raises(ScError, match=r"node 'n1' .LIF.: v_threshold must be above 0 .* got 0: spikes='one'"):
            from_nir(made, framework=framework, dt_in_r=False)
    one = from_nir(made, **RATE)
    assert np.isfinite(one.run(np.ones((2, 6)), 9).output).all()
    with pytest.raises(ScError, match=r"node 'n1' .LIF. must have v_threshold above what it is reset to, .* \+0 from"):
        raise ScError(support(one)["rate"])
    last = from_nir(chain((6,), (HIDDEN,), dense(6, 0), lif(0.0)), **RATE)
    with pytest.raises(ScError, match=r"node 'n1' .LIF. is the readout: .* got a v_threshold of 0"):
        raise ScError(support(last)["rate"])
    tiny = from_nir(chain((6,), (HIDDEN,), dense(6, 0), lif(1e-30)), framework="sinabs", dtype="float32")
    with pytest.raises(ScError, match=r"node 'n1' .LIF. gives values that are too great for float32"):
        tiny.run(np.full((1, 6), 1e20), 9)


def test_infinite_times_are_neurons_without_a_leak():
    """What snnTorch writes for beta = 1 adds up as an IF does; a finite R with it would let nothing in."""
    endless = nir.LIF(*(np.full(HIDDEN, v) for v in (np.inf, np.inf, 0.0, 1.0)))
    plain = nir.IF(np.full(HIDDEN, 1e4), np.ones(HIDDEN))
    x = np.random.default_rng(0).uniform(0, 1, (5, 6))
    runs = [
        from_nir(chain((6,), (HIDDEN,), dense(6, 0), node), framework="snntorch").run(x, 50).output
        for node in (endless, plain)
    ]
    assert np.array_equal(runs[0], runs[1])
    assert runs[0].sum() > 100
    huge = nir.LIF(*(np.full(HIDDEN, v) for v in (1e20, 1e24, 0.0, 1.0)))
    assert np.array_equal(
        from_nir(chain((6,), (HIDDEN,), dense(6, 0), huge), framework="snntorch").run(x, 50).output, runs[0]
    )
    dead = nir.LIF(*(np.full(HIDDEN, v) for v in (np.inf, 1.0, 0.0, 1.0)))
    with pytest.raises(ScError, match=r"node 'n1' .LIF.: tau must be finite where r is, got inf: .* membrane='unit'"):
        from_nir(chain((6,), (HIDDEN,), dense(6, 0), dead))
    assert from_nir(chain((6,), (HIDDEN,), dense(6, 0), dead), nodes={"n1": {"membrane": "unit"}})
    wild = nir.LIF(*(np.full(HIDDEN, v) for v in (5.0, np.inf, 0.0, 1.0)))
    with pytest.raises(ScError, match=r"node 'n1' .LIF.: r must be finite where tau is, got inf"):
        from_nir(chain((6,), (HIDDEN,), dense(6, 0), wild))


def test_resetting_again_is_the_plain_loop():
    """snnTorch with reset_delay=False: what is above the threshold after its reset is reset again."""
    node = nir.LIF(*(np.array([v]) for v in (4.0, 4.0, 0.0, 1.0)))
    network = from_nir(chain((1,), (1,), node), reset="subtract", reset_again=True)
    x = np.random.default_rng(1).uniform(-1, 4, 60)
    v, spikes = 0.0, []
    for value in x:
        again = float(v > 1)
        u = 0.75 * v + value - again
        spikes.append(float(u > 1))
        v = u - (spikes[-1] - again)
    run = network.run(x[:, None, None], record="n0")
    assert run.output.ravel().tolist() == spikes
    assert run.voltages["n0"][-1, 0, 0] == pytest.approx(v)
    once = from_nir(chain((1,), (1,), node), reset="subtract").run(x[:, None, None])
    assert (once.output != run.output).any()
    assert "reset_again" in str(network.rule)
    assert "reset_again" not in str(from_nir(chain((1,), (1,), node), framework="snntorch", dt=1.0).rule)


CYCLES = {
    "output from the weights": [("input", "lif"), ("lif", "w"), ("w", "lif"), ("w", "output")],
    "output from the neuron": [("input", "lif"), ("lif", "w"), ("w", "lif"), ("lif", "output")],
    "loop without end": [("input", "lif"), ("lif", "lif"), ("input", "output")],
    "loop to the output": [("input", "lif"), ("lif", "lif"), ("lif", "output")],
    "neuron without end": [("input", "lif"), ("input", "output")],
    "cycle without end": [("input", "lif"), ("lif", "w"), ("w", "lif"), ("input", "output")],
}


@pytest.mark.parametrize("edges", CYCLES.values(), ids=CYCLES)
def test_neurons_of_cycles_are_recorded(edges):
    """Every way of asking gives the spikes and voltages of the plain loop."""
    node = nir.LIF(*(np.full(2, v) for v in (5.0, 1.0, 0.0, 0.3)), v_reset=np.zeros(2))
    nodes = {"input": nir.Input(np.array([2])), "lif": node, "output": nir.Output(np.array([2]))}
    if any("w" in edge for edge in edges):
        nodes["w"] = nir.Linear(np.eye(2))
    network = from_nir(nir.NIRGraph(nodes, edges, type_check=False))
    cyclic = len(edges) == 4 or ("lif", "lif") in edges
    v, fired, spikes, voltages = 0.0, 0.0, [], []
    for _ in range(12):
        v = 0.8 * v + 0.2 * (1.0 + (fired if cyclic else 0.0))
        fired = float(v > 0.3)
        v = 0.0 if fired else v
        spikes.append(fired)
        voltages.append(v)
    plain = network.run(np.ones((12, 1, 2)))
    assert not plain.spikes
    for record in (True, ["lif"], ("lif", "output"), {"lif"}, "lif"):
        run = network.run(np.ones((12, 1, 2)), record=record)
        assert run.spikes["lif"][:, 0, 0].tolist() == spikes
        assert np.allclose(run.voltages["lif"][:, 0, 1], voltages)
        assert np.array_equal(run.output, plain.output)


def test_files_that_are_no_files_are_refused_by_name(tmp_path):
    os.mkfifo(tmp_path / "pipe.nir")
    (tmp_path / "zero.nir").symlink_to("/dev/zero")
    (tmp_path / "folder.nir").mkdir()
    (tmp_path / "broken.nir").symlink_to(tmp_path / "nowhere")
    with (tmp_path / "large.nir").open("wb") as file:
        file.truncate(3 * hdf5.MAX_BYTES)
    for name in ("pipe", "zero", "folder", "broken"):
        with pytest.raises(ScError, match=rf"{name}.nir: no such file: it is a folder, a device, a pipe or"):
            from_nir(tmp_path / f"{name}.nir")
    with pytest.raises(ScError, match=r"large.nir: must be at most .* bytes, got"):
        from_nir(tmp_path / "large.nir")


def test_long_runs_of_wide_networks_take_few_samples_at_a_time(monkeypatch):
    """The same rates, with memory for a part of the batch only."""
    network = from_nir(chain((6,), (CLASSES,), dense(6, 0), neurons(HIDDEN), readout(0)), **RATE)
    x = np.random.default_rng(0).uniform(0, 1, (30, 6))
    wanted = conversion.rate_counts(network, x, 40, ["n1"])
    sizes = []
    run = type(network).run
    monkeypatch.setattr(type(network), "run", lambda self, x, *a, **k: sizes.append(len(x)) or run(self, x, *a, **k))
    monkeypatch.setattr(conversion, "_RUN_VALUES", 4 * 40 * HIDDEN)
    found = conversion.rate_counts(network, x, 40, ["n1"])
    assert max(sizes) == 4
    assert all(np.allclose(wanted[k], found[k], atol=0.03) for k in wanted)


def test_spec_of_data_is_what_import_states(blobs):
    """Plain data keep the InputSpec that they had: nothing about order, offset or shift."""
    samples = data.load(blobs / "blobs.npz")
    network = from_nir(blobs / "good.nir", **RATE)
    assert stated(network, samples.input_spec()) == samples.input_spec()
    assert as_inputs(network, samples.input_spec(), samples.x_val).max() <= 1
