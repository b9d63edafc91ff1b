"""NIR graphs: primitives against plain formulas and torch, graphs that are refused, round trips, conversion."""

import json
import math
from itertools import pairwise

import nir
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from sc_neurocore import artifact, backends, data, golden, packed
from sc_neurocore.cli import main
from sc_neurocore.errors import ScError
from sc_neurocore.network import ConvLayer, DenseLayer, InputSpec, Network, PoolLayer
from sc_neurocore.neurons import LifParams
from sc_neurocore.nir_bridge import (
    PRESETS,
    Discretisation,
    convert,
    from_nir,
    import_network,
    network_of,
    support,
    to_nir,
)
from sc_neurocore.training import SpikingNet, to_network

STEPS, BATCH = 20, 3


def full(*values):
    return np.array(values, dtype=np.float64)


def graph(edges=None, **nodes):
    """Return a graph of these nodes, a chain unless edges are given; nir does not check it."""
    names = list(nodes)
    return nir.NIRGraph(nodes, edges or list(pairwise(names)), type_check=False)


def chain(shape, out, *nodes):
    middle = {f"n{k}": node for k, node in enumerate(nodes)}
    return graph(input=nir.Input(np.array(shape)), **middle, output=nir.Output(np.array(out)))


def signal(*shape, low=-1.0, high=2.0, seed=0):
    return np.random.default_rng(seed).uniform(low, high, (STEPS, BATCH, *shape))


# Primitives.


def test_affine_linear_scale_and_several_axes():
    random = np.random.default_rng(1)
    w, b, s = random.normal(size=(2, 4, 3)), random.normal(size=(2, 4)), random.normal(size=(2, 3))
    x = signal(2, 3)
    got = from_nir(chain((2, 3), (2, 4), nir.Scale(s), nir.Affine(w, b))).run(x).output
    assert np.allclose(got, np.einsum("goi,tbgi->tbgo", w, x * s) + b)
    got = from_nir(chain((2, 3), (2, 4), nir.Linear(w))).run(x).output
    assert np.allclose(got, np.einsum("goi,tbgi->tbgo", w, x))


@pytest.mark.parametrize(
    ("stride", "padding", "dilation", "groups"),
    [
        ((1, 1), (0, 0), (1, 1), 1),
        ((2, 1), (1, 2), (1, 2), 1),
        ((1, 2), (2, 0), (2, 1), 2),
        ((3, 3), (1, 1), (1, 1), 4),
    ],
)
def test_conv2d_is_torchs(stride, padding, dilation, groups):
    random = np.random.default_rng(2)
    w, b = random.normal(size=(8, 4 // groups, 3, 2)), random.normal(size=8)
    x = signal(4, 7, 6)
    flat = torch.from_numpy(x.reshape(-1, 4, 7, 6))
    wanted = functional.conv2d(
        flat, torch.from_numpy(w), torch.from_numpy(b), stride, padding, dilation, groups
    ).numpy()
    node = nir.Conv2d(None, w, stride, padding, dilation, groups, b)
    got = from_nir(chain((4, 7, 6), wanted.shape[1:], node)).run(x).output
    assert np.allclose(got.reshape(wanted.shape), wanted)


@pytest.mark.parametrize("padding", [0, 2, "same", "valid"])
def test_conv1d_is_torchs(padding):
    random = np.random.default_rng(3)
    w, b = random.normal(size=(3, 2, 4)), random.normal(size=3)
    x = signal(2, 9)
    flat = torch.from_numpy(x.reshape(-1, 2, 9))
    wanted = functional.conv1d(flat, torch.from_numpy(w), torch.from_numpy(b), 1, padding, 2).numpy()
    got = from_nir(chain((2, 9), wanted.shape[1:], nir.Conv1d(None, w, 1, padding, 2, 1, b))).run(x).output
    assert np.allclose(got.reshape(wanted.shape), wanted)


def test_pooling_and_flatten_are_torchs():
    x = signal(2, 6, 5)
    flat = torch.from_numpy(x.reshape(-1, 2, 6, 5))
    sizes = np.array([3, 2]), np.array([2, 1]), np.array([1, 0])
    wanted = functional.avg_pool2d(flat, (3, 2), (2, 1), (1, 0)).numpy()
    nodes = [nir.Flatten(None, 1, 2)]
    shape = (2, int(np.prod(wanted.shape[2:])))
    got = from_nir(chain((2, 6, 5), shape, nir.AvgPool2d(*sizes), *nodes), dtype=np.float64).run(x).output
    assert np.allclose(got.reshape(wanted.shape), wanted)
    got = from_nir(chain((2, 6, 5), shape, nir.SumPool2d(*sizes), *nodes), dtype=np.float64).run(x).output
    assert np.allclose(got.reshape(wanted.shape), wanted * 6)


def neuron_loop(x, rule, tau=None, r=1.0, leak=0.0, theta=None, v_reset=0.0, tau_syn=None, w_in=1.0):
    """The docstring of Discretisation for one neuron, as plain Python floats."""
    units = None if rule.fraction_bits is None else 2**rule.fraction_bits

    def decay(t):
        ratio = rule.dt / (t * rule.tau_scale)
        d = 1 - ratio if rule.method == "euler" else float(np.exp(-ratio))
        return d if units is None else round(d * units) / units

    def cut(value):
        return value if units is None else math.trunc(value * units) / units

    v = {"zero": 0.0, "v_reset": v_reset, "v_leak": leak}[rule.v_start]
    current, last, spikes, voltages = 0.0, 0, [], []
    for value in x:
        drive = value
        if tau_syn is not None:
            e = decay(tau_syn)
            before = current
            if rule.synapse == "decayed":
                current = cut(e * (current + cut(w_in * value)))
            else:
                current = cut(e * current) + cut((1.0 if rule.synapse == "unit" else 1 - e) * w_in * value)
            drive = current if rule.current == "new" else before
        if rule.reset_late and last and rule.reset == "value":
            v = v_reset
        if tau is None:
            u = v + cut(drive if rule.integrator == "unit" else rule.dt * r * drive)
        else:
            d = decay(tau)
            gain = 1.0 if rule.membrane == "unit" else (1 - d) * r
            if rule.li == "decayed" and theta is None and tau_syn is None:
                gain = d
            u = cut(d * v) + cut(gain * drive) + cut((1 - d) * leak)
        if theta is None:
            v = u
        else:
            if rule.reset_late and rule.reset == "subtract":
                u -= last * theta
            count = int(u > theta if rule.compare == ">" else u >= theta)
            if rule.spikes == "many" and count:
                count = int(u // theta)
            if count and not rule.reset_late and rule.reset != "none":
                u = v_reset if rule.reset == "value" else u - count * theta
            v, last = u if rule.v_min is None else max(u, rule.v_min), count
            spikes.append(count)
        voltages.append(v)
    return spikes, voltages


RULES = {
    "plain": {},
    "exponential": {"method": "exponential", "dt": 0.7},
    "subtract": {"reset": "subtract", "compare": ">="},
    "late": {"reset": "subtract", "reset_late": True, "v_start": "v_leak"},
    "late value": {"reset": "value", "reset_late": True, "v_start": "v_reset"},
    "many": {"reset": "subtract", "spikes": "many", "compare": ">=", "v_min": -0.2},
    "none": {"reset": "none", "tau_scale": 1.5},
    "unit": {"membrane": "unit", "integrator": "unit", "synapse": "unit", "current": "old", "dt": 0.5},
    "decayed": {"method": "exponential", "membrane": "unit", "synapse": "decayed", "li": "decayed"},
    "fixed": {"fraction_bits": 6, "dt": 0.9},
    "fixed decayed": {"fraction_bits": 16, "synapse": "decayed", "li": "decayed", "reset": "subtract"},
}
NEURONS = {
    "IF": (nir.IF, {"r": 0.9, "v_threshold": 0.8, "v_reset": -0.1}, ("r", "theta", "v_reset")),
    "LIF": (
        nir.LIF,
        {"tau": 3.0, "r": 2.0, "v_leak": 0.1, "v_threshold": 0.7, "v_reset": -0.1},
        ("tau", "r", "leak", "theta", "v_reset"),
    ),
    "CubaLIF": (
        nir.CubaLIF,
        {"tau_syn": 2.0, "tau_mem": 4.0, "r": 3.0, "v_leak": 0.1, "v_threshold": 0.6, "v_reset": 0.05, "w_in": 1.3},
        ("tau_syn", "tau", "r", "leak", "theta", "v_reset", "w_in"),
    ),
    "I": (nir.I, {"r": 0.4}, ("r",)),
    "LI": (nir.LI, {"tau": 3.0, "r": 2.0, "v_leak": -0.3}, ("tau", "r", "leak")),
    "CubaLI": (
        nir.CubaLI,
        {"tau_syn": 2.0, "tau_mem": 4.0, "r": 3.0, "v_leak": 0.1, "w_in": 1.3},
        ("tau_syn", "tau", "r", "leak", "w_in"),
    ),
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("kind", NEURONS)
def test_neurons_follow_the_equations(kind, rule):
    make, values, names = NEURONS[kind]
    network = from_nir(chain((2,), (2,), make(**{k: full(v, v) for k, v in values.items()})), **RULES[rule])
    x = signal(2)
    run = network.run(x, record=["n0"])
    for sample in range(BATCH):
        for j in range(2):
            plain = dict(zip(names, values.values(), strict=True))
            spikes, voltages = neuron_loop(x[:, sample, j], network.rule, **plain)
            assert np.allclose(run.voltages["n0"][:, sample, j], voltages, atol=1e-12)
            assert run.output[:, sample, j].tolist() == pytest.approx(spikes or voltages)


def test_threshold_compares_as_asked():
    x = np.array([0.5, 0.75, 1.0]).reshape(1, 1, 3)
    node = chain((3,), (3,), nir.Threshold(full(0.75, 0.75, 0.75)))
    assert from_nir(node).run(x).output.ravel().tolist() == [0, 0, 1]
    assert from_nir(node, compare=">=").run(x).output.ravel().tolist() == [0, 1, 1]


def test_delay_waits_whole_steps():
    network = from_nir(chain((3,), (3,), nir.Delay(full(0.0, 0.2, 1e9))), dt=0.1)
    x = signal(3)
    y = network.run(x).output
    assert np.array_equal(y[..., 0], x[..., 0])
    assert np.array_equal(y[2:, :, 1], x[:-2, :, 1])
    assert not y[:2, :, 1].any()
    assert not y[..., 2].any()
    with pytest.raises(ScError, match=r"delay must be a multiple of dt = 0.3, got 0.2"):
        from_nir(chain((3,), (3,), nir.Delay(full(0.0, 0.2, 0.3))), dt=0.3)


def test_constant_current_needs_no_copies():
    network = from_nir(chain((2,), (2,), nir.Linear(np.eye(2)), nir.IF(full(1, 1), full(1, 1))))
    x = signal(2)[0]
    repeated = np.repeat(x[None], STEPS, axis=0)
    assert np.array_equal(network.run(x, STEPS).output, network.run(repeated).output)


# Graphs.


def recurrent(**more):
    return graph(
        [("input", "n"), ("n", "w"), ("w", "n"), ("n", "output")],
        input=nir.Input(np.array([1])),
        n=nir.IF(full(1), full(1.0)),
        w=nir.Affine(full(0.25)[:, None], full(0.5)),
        output=nir.Output(np.array([1])),
        **more,
    )


def test_recurrent_edges_wait_one_step():
    x = np.zeros((4, 1, 1))
    source = from_nir(recurrent()).run(x, record=True)
    target = from_nir(recurrent(), recurrence="target").run(x, record=True)
    # The bias of 0.5 acts from t = 0, or from t = 1; a spike adds 0.25 one step later.
    assert source.voltages["n"].ravel().tolist() == [0.5, 1.0, 0.0, 0.75]
    assert target.voltages["n"].ravel().tolist() == [0.0, 0.5, 1.0, 0.0]
    assert source.spikes["n"].ravel().tolist() == [0, 0, 1, 0]
    assert from_nir(recurrent()).delayed_edges == (("n", "w"),)
    assert from_nir(recurrent(), recurrence="target").delayed_edges == (("w", "n"),)


def test_a_delay_closes_a_cycle_by_itself():
    """y(t) = x(t) + y(t − 2): nothing waits beyond the two steps of the Delay."""
    loop = graph(
        [("input", "sum"), ("sum", "delay"), ("delay", "sum"), ("sum", "output")],
        input=nir.Input(np.array([2])),
        sum=nir.Scale(full(1, 1)),
        delay=nir.Delay(full(2, 2)),
        output=nir.Output(np.array([2])),
    )
    network, x = from_nir(loop), signal(2)
    wanted = x.copy()
    for t in range(2, STEPS):
        wanted[t] += wanted[t - 2]
    assert np.allclose(network.run(x).output, wanted)
    assert network.delayed_edges == ()


def test_feedback_between_layers_leaves_the_way_forward_alone():
    """Two neurons in a ring: only the edge that leads back waits."""
    ring = graph(
        [("input", "a"), ("a", "b"), ("b", "back"), ("back", "a"), ("b", "output")],
        input=nir.Input(np.array([1])),
        a=nir.IF(full(1), full(0.5)),
        b=nir.IF(full(1), full(0.5)),
        back=nir.Linear(full(-0.4)[:, None]),
        output=nir.Output(np.array([1])),
    )
    network = from_nir(ring)
    assert network.delayed_edges == (("b", "back"),)
    run = network.run(np.full((3, 1, 1), 1.0), record=True)
    assert run.spikes["b"].ravel().tolist() == [1, 1, 1]  # in the same step as a
    assert run.voltages["a"].ravel().tolist() == [0, 0, 0]


def test_subgraphs_are_taken_apart():
    inner = graph(input=nir.Input(np.array([2])), fc=nir.Linear(np.eye(2) * 2), output=nir.Output(np.array([2])))
    outer = chain((2,), (2,), inner, nir.Scale(full(1, 3)))
    network, x = from_nir(outer), signal(2)
    assert "n0.fc" in network.graph.nodes
    assert np.allclose(network.run(x).output, x * [2, 6])


def test_several_inputs_and_outputs_go_by_name():
    two = graph(
        [("a", "sum"), ("b", "sum"), ("sum", "o"), ("a", "p")],
        a=nir.Input(np.array([2])),
        b=nir.Input(np.array([2])),
        sum=nir.Scale(full(1, 1)),
        o=nir.Output(np.array([2])),
        p=nir.Output(np.array([2])),
    )
    x, y = signal(2), signal(2, seed=5)
    run = from_nir(two).run({"a": x, "b": y})
    assert np.allclose(run.outputs["o"], x + y)
    assert np.allclose(run.outputs["p"], x)
    with pytest.raises(ScError, match=r"2 outputs"):
        _ = run.output
    with pytest.raises(ScError, match=r"x must have exactly a, b, got a"):
        from_nir(two).run({"a": x})


def ends(**nodes):
    return {"input": nir.Input(np.array([2])), **nodes, "output": nir.Output(np.array([2]))}


LIF = nir.LIF(full(2, 2), full(1, 1), full(0, 0), full(1, 1))


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (graph(n=LIF, output=nir.Output(np.array([2]))), "the graph has no Input node"),
        (graph(input=nir.Input(np.array([2])), n=LIF), "the graph has no Output node"),
        (graph([("input", "x")], **ends()), "an edge names 'x', but there is no such node"),
        (graph([("input", "output")] * 2, **ends()), "the edge input → output is there twice"),
        (graph([("input", "output")], **ends(n=LIF)), "node 'n' is reached from no Input"),
        (
            graph([("input", "output"), ("output", "n"), ("n", "output")], **ends(n=LIF)),
            "'output' .Output.*no edge may leave",
        ),
        (chain((3,), (2,), LIF), "node 'n0' .LIF., behind 'input',: .* has shape .2,., which does not spread"),
        (chain((2,), (3,), LIF), "'output' .Output., behind 'n0', says shape .3,. but gets .2,.: shapes must chain"),
        (
            graph(
                [("input", "a"), ("a", "b"), ("b", "a"), ("b", "output")],
                **ends(a=nir.Scale(full(1, 1)), b=nir.Linear(np.eye(2))),
            ),
            "a cycle without state or delay: (a → b → a|b → a → b)",
        ),
        (
            chain((2,), (2,), nir.Linear(full(np.nan, 1, 1, 1).reshape(2, 2))),
            r"node 'n0' .Linear.: weight must be finite, got nan at index .0, 0.",
        ),
        (chain((2,), (2,), nir.LIF(full(0, 1), full(1, 1), full(0, 0), full(1, 1))), "tau must be above 0, got 0"),
        (
            chain((2,), (2,), nir.LIF(full(0.5, 1), full(1, 1), full(0, 0), full(1, 1))),
            "dt must be at most tau, which is 0.5, got 1",
        ),
        (chain((2,), (2,), nir.Delay(full(-1, 1))), "delay must be at least 0, got -1"),
        (chain((2,), (2,), nir.Scale(np.array(["a", "b"]))), "scale must be real numbers, got dtype"),
        (chain((2,), (2,), nir.Scale(np.array([1, 1j]))), "scale must be real numbers, got dtype complex128"),
        (
            chain((1, 4, 4), (1,), nir.Conv2d(None, np.ones((1, 1, 9, 9)), 1, 0, 1, 1, np.zeros(1))),
            "does not fit 4 values",
        ),
        (
            chain((1, 4, 4), (1,), nir.Conv2d(None, np.ones((3, 1, 2, 2)), 1, 0, 1, 2, np.zeros(3))),
            "groups must divide the 3 channels, got 2",
        ),
        (
            chain((1, 4, 4), (1,), nir.Conv2d(None, np.ones((1, 1, 2, 2)), 0, 0, 1, 1, np.zeros(1))),
            r"stride must be in \[1",
        ),
        (
            chain((1, 4, 4), (1,), nir.Conv2d(None, np.ones((1, 1, 2, 2)), 1, 60000, 1, 1, np.zeros(1))),
            "would hold .* values, at most",
        ),
        (chain((1 << 30,), (2,), LIF), r"shape must be in \[1, 16777216\]"),
    ],
)
def test_bad_graphs_are_refused_by_name(made, message):
    with pytest.raises(ScError, match=message):
        from_nir(made)


def test_unknown_types_are_refused_with_what_could_replace_them():
    class MaxPool2d(nir.NIRNode):
        def __init__(self):
            self.input_type = self.output_type = {}

    with pytest.raises(
        ScError, match=r"'n0' is of type 'MaxPool2d', which is not supported: .* AvgPool2d or SumPool2d"
    ):
        from_nir(chain((1, 4, 4), (1, 2, 2), MaxPool2d()))
    inner = graph(input=nir.Input(np.array([2])), output=nir.Output(np.array([2])))
    inner.nodes["self"] = inner
    with pytest.raises(ScError, match=r"a graph must not contain itself"):
        from_nir(inner)
    with pytest.raises(ScError, match=r"must be a path or a nir.NIRGraph, got int"):
        from_nir(3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"framework": "brian"}, "framework must be one of nir, snntorch, norse, .*, rockpool, lava-dl, got 'brian'"),
        ({"reset": "soft"}, "reset must be one of value, subtract, none, got 'soft'"),
        ({"dt": 0}, "dt must be above 0, got 0"),
        ({"dt": float("nan")}, "dt must be a finite number"),
        ({"leak": 1}, "the discretisation has no 'leak', only dt, method"),
        ({"nodes": {"x": {}}}, "nodes names 'x', the graph has input, n0, output"),
        ({"nodes": {"n0": {"recurrence": "target"}}}, "recurrence is of the whole graph"),
        ({"dtype": "int8"}, "dtype must be float32 or float64, got int8"),
        ({"spikes": "many", "reset_late": True}, "reset_late must be False where spikes is 'many'"),
        ({"dt_in_r": 1}, "dt_in_r must be True or False, got 1"),
        ({"fraction_bits": 17}, r"fraction_bits must be an integer in \[1, 16\], got 17"),
    ],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(ScError, match=message):
        from_nir(chain((2,), (2,), LIF), **options)


def test_numbers_beyond_the_precision_are_named():
    made = chain((2,), (2,), nir.LIF(full(2, 2), full(1, 1), full(0, 0), full(1, 1e300)))
    assert from_nir(made).run(np.ones((1, 1, 2))).output.shape == (1, 1, 2)
    with pytest.raises(ScError, match=r"node 'n0' .LIF.: v_threshold is too great for float32, got 1e\+300"):
        from_nir(made, dtype="float32")
    with pytest.raises(ScError, match=r"weight is too great for float32"):
        from_nir(chain((2,), (1,), nir.Linear(full(1, -1e40)[None])), dtype="float32")


def test_bad_inputs_are_named():
    network = from_nir(chain((2,), (2,), LIF))
    for x, message in (
        (np.zeros((4, 1, 3)), r"must have shape \(T, batch, 2\), got \(4, 1, 3\)"),
        (np.full((4, 1, 2), np.inf), "must be finite"),
        (np.zeros((4, 1, 2), complex), "must be real numbers, got dtype complex128"),
    ):
        with pytest.raises(ScError, match=message):
            network.run(x)
    with pytest.raises(ScError, match=r"steps must be an integer, at least 1, got 0"):
        network.run(np.zeros((1, 2)), 0)
    with pytest.raises(ScError, match=r"record must name nodes of the network, got \['y'\]: they are input, "):
        network.run(np.zeros((1, 1, 2)), record=["y"])
    for record in (5, [None], {"y": 1}):
        with pytest.raises(ScError, match="record must name nodes of the network"):
            network.run(np.zeros((1, 1, 2)), record=record)


def test_single_nodes_have_their_own_rule():
    two = chain((1,), (1,), nir.IF(full(1), full(1.0)), nir.IF(full(1), full(1.0)))
    x = np.full((4, 1, 1), 0.6)
    run = from_nir(two, nodes={"n1": {"reset": "none"}}, compare=">=").run(x, record=True)
    assert run.voltages["n1"].ravel().tolist() == [0, 1, 1, 2]
    assert run.spikes["n1"].ravel().tolist() == [0, 1, 1, 1]


# Files and round trips.


def same(a, b):
    if isinstance(a, dict):
        return set(a) == set(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, str):
        return a == b
    return np.asarray(a).dtype.kind == np.asarray(b).dtype.kind and np.array_equal(a, b) and np.shape(a) == np.shape(b)


def test_round_trip_is_exact(tmp_path):
    inner = graph(
        input=nir.Input(np.array([4])),
        n=nir.CubaLIF(*(full(*[v] * 4) for v in (2, 3, 1, 0, 1, 0.25)), w_in=full(1, 2, 3, 4)),
        output=nir.Output(np.array([4])),
    )
    random = np.random.default_rng(4)
    made = chain(
        (2, 6, 6),
        (4,),
        nir.Conv2d(
            (6, 6), random.normal(size=(4, 1, 3, 2)).astype(np.float32), (1, 2), (1, 0), 1, 2, np.zeros(4, np.float32)
        ),
        nir.IF(np.ones((4, 6, 3)), np.ones((4, 6, 3))),
        nir.AvgPool2d(np.array([2, 3]), np.array([2, 3]), np.array([0, 0])),
        nir.Flatten({"input": np.array([4, 3, 1])}, 0, 2),
        nir.Affine(random.normal(size=(4, 12)), random.normal(size=4)),
        inner,
    )
    made.metadata = {"note": "a", "more": {"k": np.arange(3)}}
    first = from_nir(made)
    to_nir(first, tmp_path / "a.nir")
    second = from_nir(tmp_path / "a.nir")
    to_nir(second, tmp_path / "b.nir")
    third = from_nir(tmp_path / "b.nir")
    assert same(second.tree, third.tree)
    assert set(first.tree["nodes"]) == set(second.tree["nodes"])
    assert first.graph.edges == second.graph.edges
    for name, node in first.graph.nodes.items():
        assert same(dict(node.params), dict(second.graph.nodes[name].params)), name
    x = signal(2, 6, 6)
    assert np.array_equal(first.run(x).output, third.run(x).output)
    assert [p.name for p in tmp_path.iterdir() if p.name not in ("a.nir", "b.nir")] == []


def random_network(kind):
    random = np.random.default_rng(7)

    def codes(*shape):
        return random.integers(-15, 16, shape).astype(np.int16)

    if kind == "conv":
        layers = (
            ConvLayer(codes(3, 3, 3, 1), codes(3), 40, (8, 8, 1), 1, 1),
            PoolLayer("mean", 2, (8, 8, 3)),
            DenseLayer(codes(5, 48), codes(5), 60),
            DenseLayer(codes(4, 5), codes(4), None),
        )
        return Network(16, layers, InputSpec((8, 8), 256))
    neurons = (
        {"theta": 90}
        if kind == "dense"
        else {"theta": None, "lif": LifParams(60, 16, leak_mode=1, beta=200, reset_mode=1, v_reset=-20)}
    )
    layers = (DenseLayer(codes(6, 10), codes(6), **neurons), DenseLayer(codes(3, 6), codes(3), None))
    return Network(16, layers, InputSpec((10,), 16), info={"x": 1})


@pytest.mark.parametrize("kind", ["dense", "conv", "lif"])
def test_a_network_comes_back_to_the_last_bit(kind, tmp_path):
    network = random_network(kind)
    to_nir(network, tmp_path / "n.nir")
    assert nir.read(tmp_path / "n.nir").edges == to_nir(network).edges  # nir itself takes it, with all its checks
    back = network_of(from_nir(tmp_path / "n.nir"))
    assert back == network
    assert back.tag == network.tag
    if kind == "dense":  # rates of the graph are the counts of the hardware, but for what streams add
        x = np.random.default_rng(1).integers(0, 17, (40, 10))
        run = from_nir(tmp_path / "n.nir", reset="subtract", compare=">=").run(x / 16, 400, record=True)
        rates, counts = run.spikes["neurons0"].mean(axis=0), packed.run(network, x).counts[0] / 16
        assert np.abs(np.minimum(rates, 1) - counts).mean() < 0.05
    graph_ = to_nir(network)
    name = next(n for n in graph_.nodes if n.startswith("fc"))
    graph_.nodes[name].weight = graph_.nodes[name].weight.copy()
    graph_.nodes[name].weight.flat[0] += 1 / 16 if graph_.nodes[name].weight.flat[0] <= 0 else -1 / 16
    with pytest.raises(ScError, match=r"its tag differs"):
        network_of(from_nir(graph_))


def test_what_nir_cannot_say_is_refused(tmp_path):
    layers = (
        ConvLayer(np.ones((1, 3, 3, 1), np.int16), np.zeros(1, np.int16), 4, (8, 8, 1)),
        PoolLayer("max", 2, (6, 6, 1)),
        DenseLayer(np.ones((2, 9), np.int16), np.zeros(2, np.int16), None),
    )
    with pytest.raises(ScError, match=r"layer 1 takes maxima"):
        to_nir(Network(8, layers, InputSpec((8, 8), 256)))
    with pytest.raises(ScError, match=r"must be a NirNetwork, a Network or a SpikingNet, got dict"):
        to_nir({})
    with pytest.raises(ScError, match=r"not a folder"):
        to_nir(random_network("dense"), tmp_path / "no" / "n.nir")
    with pytest.raises(ScError, match=r"was not written by to_nir from a Network"):
        network_of(from_nir(chain((2,), (2,), LIF)))


def test_a_spiking_net_runs_alike_in_nir():
    torch.manual_seed(0)
    model = SpikingNet(6, 9, 4, n_layers=2, beta=0.875)
    network = from_nir(to_nir(model), reset="subtract")
    x = torch.rand(STEPS, 5, 6)
    with torch.no_grad():
        counts, _ = model(x)
    assert np.array_equal(network.run(x.numpy()).output.sum(axis=0), counts.numpy())
    assert counts.sum() > 0


# Conversion.


@pytest.fixture(scope="module")
def digits():
    return data.load("digits")


@pytest.fixture(scope="module")
def relu_net(digits):
    """A ReLU network for digits, whose weights make a network of IF neurons with the subtract reset."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    x = torch.from_numpy(np.array(digits.x_train)).reshape(-1, 64).float() / digits.full_scale
    y = torch.from_numpy(np.array(digits.y_train))
    for _ in range(150):
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    return model


def spiking(model, theta=4.0):
    first, _, last = model
    w1, b1, w2, b2 = (p.detach().numpy() for p in (first.weight, first.bias, last.weight, last.bias))
    neurons = nir.IF(np.ones(32), np.full(32, theta))
    return chain(
        (64,),
        (10,),
        nir.Affine(w1, b1),
        neurons,
        nir.Affine(w2, b2),
        nir.LI(*(np.full(10, v) for v in (5.0, 1.0, 0.0))),
    )


RATE = {"reset": "subtract", "compare": ">="}


def test_rates_become_a_network(digits, relu_net):
    """IF neurons give the ReLU's rates, so the fit must find its weights: the same codes as without NIR."""
    network = from_nir(spiking(relu_net), **RATE)
    spec = digits.input_spec()
    made = convert(network, digits.x_train, length=32, input_spec=spec, steps=256)
    direct = to_network(relu_net, digits.x_train, length=32, input_spec=spec)
    codes = spec.encode(digits.x_val, 32)
    a, b = (backends.run(n, codes).classes for n in (made, direct))
    assert (a == b).mean() > 0.97
    reference = network.run((spec.pooled(digits.x_val) / spec.full_scale), 32).output.mean(axis=0).argmax(axis=-1)
    assert (a == digits.y_val).mean() > (reference == digits.y_val).mean() - 0.02
    assert made.info["nir"]["discretisation"].startswith("dt 1, method euler, compare >=, reset subtract")
    assert golden.run(made, codes[:4]).mismatches(packed.run(made, codes[:4])) == 0
    assert all(why is None for why in support(made).values())


def test_scale_and_offset_of_the_input_are_folded(digits, relu_net):
    spec = digits.input_spec()
    first = relu_net[0]
    shifted = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), relu_net[2])
    with torch.no_grad():  # takes 2 v − 1 for v
        shifted[0].weight.copy_(first.weight / 2)
        shifted[0].bias.copy_(first.bias + first.weight.sum(dim=1) / 2)
    plain = convert(from_nir(spiking(relu_net), **RATE), digits.x_train, length=16, input_spec=spec)
    made = convert(
        from_nir(spiking(shifted), **RATE), digits.x_train, length=16, input_spec=spec, scale=2.0, offset=-1.0
    )
    codes = spec.encode(digits.x_val, 16)
    assert (packed.run(made, codes).classes == packed.run(plain, codes).classes).mean() > 0.98


def test_convolution_pooling_and_scale_become_layers():
    random = np.random.default_rng(3)
    network = from_nir(
        chain(
            (1, 8, 8),
            (3,),
            nir.Scale(np.full((1, 8, 8), 0.5)),
            nir.Conv2d(None, random.uniform(-0.5, 1, (4, 1, 3, 3)), 1, 1, 1, 1, np.zeros(4)),
            nir.IF(np.ones((4, 8, 8)), np.ones((4, 8, 8))),
            nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0])),
            nir.Flatten(None, 0, -1),
            nir.Affine(random.normal(size=(3, 64)) / 16, np.zeros(3)),
            nir.IF(np.ones(3), np.ones(3)),
        ),
        **RATE,
    )
    spec = InputSpec((8, 8), 256)
    samples = random.integers(0, 256, (300, 8, 8))
    made = convert(network, samples, length=64, input_spec=spec)
    assert made.topology == "64-4c3p1-mean2-3"
    counts = packed.run(made, spec.encode(samples[:60], 64)).counts[0]
    x = (samples[:60] / 256)[:, None]
    rates = network.run(x, 64, record=["n2"]).spikes["n2"].mean(axis=0).transpose(0, 2, 3, 1).reshape(60, -1)
    scale = made.info["scales"][0]["output"]
    assert np.abs(np.minimum(rates, scale) - counts * (scale / 64)).mean() < 0.05
    assert support(made)["stream"].startswith("a streaming design runs dense layers only")


@pytest.mark.parametrize(("compare", "reset"), [(">", "value"), (">=", "subtract")])
def test_lif_neurons_keep_their_dynamics(compare, reset):
    """With weights that are exact as streams, hardware's spikes are those of the float reference."""
    random = np.random.default_rng(5)
    w = random.choice([-0.5, 0.0, 1.0], (8, 6))
    tau = np.full(8, 4.0)
    neurons = nir.LIF(tau, tau, np.zeros(8), np.full(8, 1.5))
    network = from_nir(chain((6,), (8,), nir.Linear(w), neurons), compare=compare, reset=reset)
    spec = InputSpec((6,), 16)
    made = convert(network, None, length=16, input_spec=spec, neurons="lif")
    codes = random.integers(0, 17, (20, 6))
    result = packed.run(made, codes, spikes=True)
    assert golden.run(made, codes).mismatches(result) == 0
    bits = (codes[None] > np.arange(16)[:, None, None]).astype(float)
    wanted = network.run(bits).output.sum(axis=0)
    assert np.abs(result.spikes[0].sum(axis=1) - wanted).mean() < 1.0
    assert wanted.sum() > 50
    assert made.temporal
    found = support(made)
    assert (found["engine"], found["stream"]) == (None, None)


@pytest.mark.parametrize(
    ("nodes", "options", "message"),
    [
        ([nir.Delay(full(1, 1)), LIF], {}, "node 'n0' .Delay. has no counterpart: a rate has no time"),
        ([LIF, nir.Linear(np.eye(2))], {}, "node 'n0' .LIF. needs weights before it"),
        ([nir.Linear(np.eye(2)), nir.Threshold(full(1, 1)), nir.Linear(np.eye(2))], {}, "'n1' .Threshold. has no rate"),
        (
            [nir.Linear(np.eye(2)), nir.LI(full(2, 2), full(1, 1), full(0, 0)), nir.Linear(np.eye(2))],
            {},
            "node 'n1' .LI. can only be the last node",
        ),
        ([nir.Linear(np.eye(2)), LIF, nir.Linear(np.eye(2)), LIF], {"reset": "none"}, "'n1' .LIF. is never reset"),
        ([nir.Linear(np.eye(2)), LIF, nir.Scale(full(1, 1))], {}, "node 'n2' .Scale. ends the chain"),
    ],
)
def test_rates_are_refused_by_node(nodes, options, message):
    network = from_nir(chain((2,), (2,), *nodes), **options)
    found = support(network)
    assert found["float reference"] is None
    with pytest.raises(ScError, match=message):
        raise ScError(found["rate"])
    with pytest.raises(ScError, match=message):
        convert(network, np.ones((4, 2), int), length=16, input_spec=InputSpec((2,), 16))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"framework": "snntorch", "dt": 1.0}, "subtracts its threshold a step late"),
        ({"spikes": "many", "reset": "subtract", "compare": ">="}, "spikes several times in a step"),
        ({"v_min": 0.0}, "has a lower bound v_min"),
        ({"fraction_bits": 8}, "cuts its potential to fraction_bits"),
        ({"reset": "none"}, "is never reset"),
    ],
)
def test_lif_neurons_are_refused_by_node(options, message):
    network = from_nir(chain((2,), (2,), nir.Linear(np.eye(2)), LIF), **options)
    with pytest.raises(ScError, match=f"node 'n1' .LIF. {message}"):
        convert(network, None, length=16, input_spec=InputSpec((2,), 16), neurons="lif")


def test_recurrent_and_branching_networks_are_refused():
    assert "form a cycle" in support(from_nir(recurrent()))["rate"]
    branch = graph(
        [("input", "a"), ("input", "b"), ("a", "output"), ("b", "output")],
        **ends(a=nir.Linear(np.eye(2)), b=nir.Linear(np.eye(2))),
    )
    assert support(from_nir(branch))["rate"] == (
        "node 'input' (Input) has 2 edges to other nodes: hardware takes a single chain of nodes"
    )


def test_classes_at_several_positions_are_refused():
    conv = nir.Conv2d(None, np.ones((3, 1, 2, 2)), 1, 0, 1, 1, np.zeros(3))
    why = support(from_nir(chain((1, 4, 4), (3, 3, 3), conv)))["rate"]
    assert why.startswith("node 'n0' (Conv2d) gives classes at several positions, (3, 3, 3)")


def test_silent_neurons_cannot_be_calibrated(digits, relu_net):
    with pytest.raises(ScError, match=r"node 'n1' .IF. never spikes on the calibration samples"):
        convert(from_nir(spiking(relu_net, 1e6), **RATE), digits.x_train, length=16, input_spec=digits.input_spec())
    with pytest.raises(ScError, match=r"samples have 16 values .after pooling by 2., the network takes 64"):
        convert(from_nir(spiking(relu_net)), digits.x_train, length=16, input_spec=digits.input_spec(2))


def test_import_by_one_line(digits, relu_net, tmp_path, capsys):
    file, out = tmp_path / "digits.nir", tmp_path / "made"
    nir.write(file, spiking(relu_net))
    line = ["import", str(file), "--set", "reset=subtract", "--set", "compare=>=", "--json"]
    assert main([*line]) == 0
    described = json.loads(capsys.readouterr().out)
    assert described["targets"]["rate"] == "yes"
    assert described["nodes"]["n1"] == "IF (32,) → (32,)"
    assert main([*line, "--data", "digits", "--out", str(out), "--length", "16", "--fine-tune", "3"]) == 0
    found = json.loads(capsys.readouterr().out)
    network = artifact.load(out)
    assert network.info["nir"]["file"] == "digits.nir"
    codes = network.input.encode(digits.x_val, 16)
    assert found["fine_tuned"] == pytest.approx((packed.run(network, codes).classes == digits.y_val).mean())
    assert found["fine_tuned"] >= found["bit_true"] >= found["reference"] - 0.05
    assert found["targets"]["engine"] == "yes"
    assert main(["import", str(file), "--set", "reset=soft"]) == 2
    assert "reset must be one of value, subtract, none, got 'soft'" in capsys.readouterr().err
    values = ("v_min=-0.5", "fraction_bits=8", "n1.v_min=none", "n1.fraction_bits=none", "n1.reset_late=true", "dt=1")
    assert main(["import", str(file), "--json", *(part for value in values for part in ("--set", value))]) == 0
    described = json.loads(capsys.readouterr().out)
    plain = "dt 1, method euler, compare >, reset value"
    assert described["discretisation"] == f"{plain}, fraction_bits 8, v_min -0.5"
    assert described["of single nodes"]["n1"] == f"{plain}, reset_late True"
    assert main(["import", str(file), "--set", "dt=soon"]) == 2
    assert "dt must be a finite number, got 'soon'" in capsys.readouterr().err
    assert main(["import", str(file), "--data", "digits"]) == 2
    assert "import needs both --data and --out" in capsys.readouterr().err


def test_import_of_lif_neurons(digits, relu_net, tmp_path):
    first, _, last = relu_net
    parts = [p.detach().numpy() for p in (first.weight, first.bias, last.weight, last.bias)]
    lif = [nir.IF(np.ones(n), np.full(n, theta)) for n, theta in ((32, 4.0), (10, 3.0))]
    made = chain((64,), (10,), nir.Affine(*parts[:2]), lif[0], nir.Affine(*parts[2:]), lif[1])
    found = import_network(from_nir(made, **RATE), "digits", tmp_path / "n", length=64, neurons="lif")
    assert found.reference_on_streams > 0.8
    assert found.bit_true > 0.7
    assert (found.targets["engine"], found.targets["stream"]) == ("yes", "yes")


def test_presets_are_discretisations(capsys):
    assert all(isinstance(rule, Discretisation) for rule in PRESETS.values())
    assert PRESETS["nir"] == Discretisation()
    with pytest.raises(SystemExit):
        main(["import", "--help"])
    text = capsys.readouterr().out
    assert all(name in text for name in PRESETS)


@pytest.mark.parametrize("dt", [1e-4, 0.02, 3.0])
def test_r_that_tells_dt_is_checked(dt):
    """τ·e^(−dt/τ)/dt of several τ: taken for its own dt, and for another one refused with its own."""
    tau = full(0.01, 0.5, 2.0)
    r = tau * np.exp(-dt / tau) / dt
    made = chain((3,), (3,), nir.LIF(tau, r, full(0, 0, 0), full(1, 1, 1)))
    rule = {"method": "exponential", "dt_in_r": True}
    assert from_nir(made, dt, **rule).rule.dt == dt
    with pytest.raises(ScError, match=rf"node 'n0' .LIF.: r must be .* for τ = .* that of dt = {dt:g}: give the dt"):
        from_nir(made, dt * 1.001, **rule)
    assert from_nir(made, dt * 1.001, **{**rule, "dt_in_r": False}).rule.dt == dt * 1.001
    made.nodes["n0"].r = full(0, 0, 0)
    with pytest.raises(ScError, match=r"for τ = .* got 0: give the dt"):
        from_nir(made, dt, **rule)
