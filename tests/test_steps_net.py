"""A SpikingNet as a network in steps: training's forward pass is golden and packed, bit for bit, and it learns."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore import data, golden, packed
from sc_neurocore.errors import ScError
from sc_neurocore.network import InputSpec
from sc_neurocore.neurons import Groups, Lif
from sc_neurocore.training import (
    ALIFCell,
    LIFCell,
    SpikingNet,
    StepsSpikingNet,
    fast_sigmoid,
    membrane_loss,
    spike_count_loss,
    train_epoch,
)
from sc_neurocore.training.cells import SpikingCell
from sc_neurocore.training.steps_net import leak_factor, nearest_leak, steps_lif

STEPS = 6


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def lively(seed: int, *sizes: int, beta: float = 0.875, gain: float = 3.0) -> SpikingNet:
    """Return a SpikingNet of inputs, hidden neurons, classes and hidden layers whose neurons do spike."""
    torch.manual_seed(seed)
    model = SpikingNet(*sizes, beta=beta, learn_threshold=True)
    with torch.no_grad():
        for linear, cell in model.layers():
            linear.weight.mul_(gain)
            cell.threshold.copy_(0.3 + torch.rand(()))
    return model


def shown(net: StepsSpikingNet, codes: Any) -> torch.Tensor:
    """Return codes as the input of every step."""
    x = torch.as_tensor(np.asarray(codes), dtype=net.net.linears[0].weight.dtype) / net.length
    return x.expand(net.steps.count, *x.shape)


# --- the same numbers


@settings(max_examples=40)
@given(
    seed=st.integers(0, 1 << 30),
    sizes=st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 5), st.integers(1, 3)),
    length=st.sampled_from([4, 8, 16, 64]),
    count=st.integers(1, 9),
    frac=st.integers(0, 9),
    width=st.sampled_from([8, 12, 16, 24, 32]),
    leak=st.sampled_from(["shift", "factor"]),
    readout=st.sampled_from(["spikes", "potentials"]),
    beta=st.sampled_from([0.0, 0.3, 0.875, 0.97, 1.0]),
    mixed=st.booleans(),
)
def test_scores_and_counts_are_those_of_golden_and_packed(
    seed: int,
    sizes: tuple[int, int, int, int],
    length: int,
    count: int,
    frac: int,
    width: int,
    leak: str,
    readout: str,
    beta: float,
    mixed: bool,
) -> None:
    rng = np.random.default_rng(seed)
    model = lively(seed, *sizes, beta=beta)
    leaks = None
    if mixed:  # a leak for each neuron
        top = 256 if leak == "factor" else width
        leaks = [rng.integers(0, top, linear.out_features).tolist() for linear, _ in model.layers()]
    options: dict[str, Any] = {"theta_frac": frac, "leak": leak, "readout": readout, "width": width, "leaks": leaks}
    net = StepsSpikingNet(model, length, count, **options)
    network = net.to_network(InputSpec((sizes[0],), full_scale=length))
    codes = rng.integers(0, length + 1, (7, sizes[0]))
    with torch.no_grad():
        run = net.run(torch.tensor(codes, dtype=torch.float32))
    scores = net.scores(torch.tensor(codes, dtype=torch.float32)).numpy()
    for backend in (golden, packed):
        result = backend.run(network, codes)
        assert np.array_equal(result.scores, scores)
        for spikes, wanted in zip(run.hidden, result.counts, strict=True):
            assert np.array_equal(spikes.numpy(), wanted)


def test_what_forward_gives_leads_to_the_class_of_the_hardware() -> None:
    codes = np.random.default_rng(0).integers(0, 17, (50, 8))
    for readout in ("spikes", "potentials"):
        net = StepsSpikingNet(lively(3, 8, 12, 5, 2), 16, STEPS, readout=readout)
        with torch.no_grad():
            scores, membrane = net(shown(net, codes))
        result = packed.run(net.to_network(InputSpec((8,), full_scale=16)), codes)
        assert np.array_equal(result.classes, scores.argmax(dim=1).numpy())
        assert torch.equal(scores, membrane) == (readout == "potentials")
        hidden = np.concatenate(result.counts, axis=1)
        assert float(net.rate) == pytest.approx(hidden.mean() / STEPS, rel=1e-6)
        assert hidden.any()


def test_a_model_in_double_precision_gives_the_same() -> None:
    codes = torch.randint(0, 17, (9, 8), generator=torch.Generator().manual_seed(0))
    single = StepsSpikingNet(lively(1, 8, 6, 3, 2), 16, STEPS)
    double = copy.deepcopy(single).double()
    assert torch.equal(single.scores(codes.float()), double.scores(codes.double()))


def test_potentials_saturate_as_the_hardware_does() -> None:
    """Currents beyond 8 bits: the sum of many weights is far outside the potential's range."""
    net = StepsSpikingNet(lively(2, 40, 20, 4, 2, gain=20), 16, STEPS, width=8, theta_frac=4, readout="potentials")
    codes = np.full((3, 40), 16)
    network = net.to_network(InputSpec((40,), full_scale=16))
    result = golden.run(network, codes)
    assert np.array_equal(result.scores, net.scores(torch.tensor(codes).float()).numpy())
    assert (np.abs(result.scores) >= 127 * STEPS - 127).any()


# --- leaks


def test_the_nearest_leaks() -> None:
    assert [nearest_leak(beta, "shift") for beta in (0.0, 0.5, 0.7, 0.9, 0.97, 1.0)] == [1, 1, 2, 3, 5, 0]
    assert [nearest_leak(beta, "factor") for beta in (0.0, 0.5, 0.9, 1.0)] == [0, 128, 230, 255]
    # Below the middle of 1 − 2⁻⁴ and 1 no shift of 5 bits is nearer than 4; above it no leak is.
    assert [nearest_leak(beta, "shift", width=5) for beta in (0.96, 0.98)] == [4, 0]
    for leak, code in (("shift", 5), ("shift", 0), ("factor", 77)):
        assert nearest_leak(leak_factor(code, leak), leak) == code


def test_leaks_that_differ_make_groups() -> None:
    model = lively(0, 4, 6, 3, 1)
    net = StepsSpikingNet(model, 16, STEPS, leaks=[[1, 1, 3, 3, 3, 5], 2])
    hidden, last = (layer.neuron for layer in net.to_network(InputSpec((4,), 16)).layers)
    assert isinstance(hidden, Groups)
    assert [(n, neuron.leak_shift) for n, neuron in hidden.parts] == [(2, 1), (3, 3), (1, 5)]  # type: ignore[attr-defined]
    assert isinstance(last, Lif)
    assert (last.leak_shift, last.leak_mode) == (2, 0)
    factors = StepsSpikingNet(model, 16, STEPS, leak="factor").to_network(InputSpec((4,), 16))
    assert factors.layers[0].neuron == Lif(factors.layers[0].neuron.theta, leak_mode=1, leak_shift=4, beta=224)  # type: ignore[union-attr]


# --- gradients


def by_autograd(sums: torch.Tensor, cell: SpikingCell, decay: torch.Tensor, unit: float) -> Any:
    """Return spikes and Σ u of LIF neurons in real numbers, step by step on autograd's tape."""
    v, spikes, membrane = torch.zeros_like(sums[0]), [], torch.zeros_like(sums[0])
    for t in range(STEPS):
        u = decay * v + sums[t if len(sums) > 1 else 0] * unit
        spike, v = cell._fire(u, cell._theta())
        spikes.append(spike)
        membrane = membrane + u
    return torch.stack(spikes), membrane


@pytest.mark.parametrize("rows", [1, STEPS])
@pytest.mark.parametrize("detach", [True, False])
@pytest.mark.parametrize("surrogate", [fast_sigmoid, partial(fast_sigmoid, slope=4.0), lambda x: fast_sigmoid(x, 4.0)])
def test_gradients_are_those_of_the_cells_where_nothing_is_rounded(rows: int, detach: bool, surrogate: Any) -> None:
    """Leaks of powers of two, a potential of 32 bits and 15 fraction bits: what rounds is below 1e-4."""
    generator = torch.Generator().manual_seed(rows)
    cell = LIFCell(0.5, threshold=1.0, surrogate_fn=surrogate, learn_threshold=True, detach_reset=detach)
    sums = torch.randint(-9, 20, (rows, 5, 4), generator=generator).double().requires_grad_()
    model = SpikingNet(3, 4, 4, 1, learn_threshold=True)
    model.cells[0] = cell
    net = StepsSpikingNet(model, 16, STEPS, theta_frac=15, width=32, leaks=[[1, 2, 0, 3], 1])
    neuron = net.neuron(0)
    unit = neuron.unit * 2**15
    weights = torch.randn(STEPS, 5, 4, generator=generator).double()
    found = []
    for spikes, membrane in (
        steps_lif(sums, cell, neuron, STEPS)[:2],
        by_autograd(sums, cell, torch.tensor(neuron.decay), unit),
    ):
        loss = (spikes * weights).sum() + 0.3 * membrane.square().sum()
        found.append([spikes.detach(), *torch.autograd.grad(loss, [sums, cell.threshold])])
    assert torch.equal(found[0][0], found[1][0])
    assert found[0][0].any()
    for mine, wanted in zip(found[0][1:], found[1][1:], strict=True):
        assert torch.allclose(mine, wanted, rtol=1e-3, atol=1e-3)


def test_a_price_lowers_the_rate() -> None:
    dataset = data.load("digits")
    spec = dataset.input_spec()
    x = torch.from_numpy(spec.encode(dataset.x_train, 16).astype(np.float32)) / 16
    y = torch.from_numpy(np.array(dataset.y_train))
    rates = []
    for cost in (0.0, 3.0):
        torch.manual_seed(0)
        net = StepsSpikingNet(SpikingNet(64, 24, 10, 1, 0.875), 16, STEPS)
        optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)

        def loss(counts: torch.Tensor, targets: torch.Tensor, net: Any = net, cost: float = cost) -> torch.Tensor:
            return spike_count_loss(counts, targets) + cost * net.rate

        for _ in range(4):
            order = torch.randperm(len(y)).split(64)
            accuracy = train_epoch(net, [(x[i], y[i]) for i in order], optimizer, STEPS, loss)[1]
            net.clip()
        assert accuracy > 0.85
        rates.append(float(net.rate.detach()))
    assert rates[1] < 0.7 * rates[0]


def test_it_trains_on_potentials() -> None:
    dataset = data.load("digits")
    spec = dataset.input_spec()
    x = torch.from_numpy(spec.encode(dataset.x_train, 16).astype(np.float32)) / 16
    y = torch.from_numpy(np.array(dataset.y_train))
    torch.manual_seed(0)
    net = StepsSpikingNet(SpikingNet(64, 24, 10, 1, 0.875), 16, STEPS, readout="potentials", leak="factor")
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    for _ in range(4):
        train_epoch(net, [(x[i], y[i]) for i in torch.randperm(len(y)).split(64)], optimizer, STEPS, membrane_loss)
        net.clip()
    network = net.to_network(spec, name="net", info={"a": 1})
    result = packed.run(network, network.encode(dataset.x_val))
    assert (result.classes == dataset.y_val).mean() > 0.85
    assert (network.name, network.info["a"], len(network.info["scales"])) == ("net", 1, 2)
    assert network.steps is not None
    assert (network.steps.readout, network.steps.constant) == ("potentials", True)


def test_clip_brings_weights_back_into_range() -> None:
    net = StepsSpikingNet(lively(0, 4, 6, 3, 1), 16, STEPS)
    with torch.no_grad():
        net.net.linears[0].weight.fill_(100.0)
        net.net.linears[0].bias.fill_(-100.0)
    net.clip()
    top = net.weight_scales[0] * 15 / 16
    assert net.net.linears[0].weight.flatten().tolist() == pytest.approx([top] * 24)
    weights, biases = net.codes(0)
    assert (weights == 15).all()
    assert (biases == -15).all()


# --- what is refused


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"length": 12}, "length"),
        ({"steps": 0}, "count of steps must be"),
        ({"theta_frac": 16}, "theta_frac must be in"),
        ({"width": 3}, "width must be in"),
        ({"leak": "none"}, "leak"),
        ({"readout": "sum"}, "readout"),
        ({"leaks": [1]}, "leaks must have 2 entries, one a layer, got 1"),
        (
            {"leaks": [[1, 2], 1]},
            "leaks of layer 0 must be a whole number in .0, 15., or one for each of its 6",
        ),
        ({"leaks": [16, 1]}, "leaks of layer 0 must be"),
        ({"leaks": [0.5, 1]}, "leaks of layer 0 must be"),
        ({"leaks": [1, -1]}, "leaks of layer 1 must be"),
        ({"model": torch.nn.Linear(2, 2)}, "the model must be a SpikingNet, got Linear"),
        ({"model": SpikingNet(2, 3, 2, hidden_cell=lambda _: ALIFCell())}, "layer 0 has ALIFCells"),
        ({"model": SpikingNet(1 << 13, 2, 2, 1), "length": 4096}, "below 2.24"),
    ],
)
def test_nonsense_is_refused_by_name(change: dict[str, Any], words: str) -> None:
    given_ = {"model": lively(0, 4, 6, 3, 1), "length": 16, "steps": 5} | change
    with pytest.raises(ScError, match=words):
        StepsSpikingNet(**given_)


def test_inputs_that_are_no_codes_are_refused() -> None:
    net = StepsSpikingNet(lively(0, 4, 6, 3, 1), 16, 2)
    good = torch.full((2, 3, 4), 0.5)
    assert net(good)[0].shape == (3, 3)  # the same in every step, though not expanded
    for x, words in (
        (good[:1], "x must have shape .2, batch, 4."),
        (good * 1.01, "whole numbers of 1 / L"),
        (good * 4, "whole numbers of 1 / L"),
        (torch.stack([good[0], good[0] / 2]), "the same in every step"),
    ):
        with pytest.raises(ScError, match=words):
            net(x)
    with pytest.raises(ScError, match="takes 4 inputs, the samples have 5"):
        net.to_network(InputSpec((5,), 16))
