"""Chains of layers, ensembles, reservoirs and converted models: each is the network, or the sum, that it claims."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sc_neurocore
from sc_neurocore import (
    LinearReadout,
    SCEnsemble,
    ScError,
    SCReservoir,
    SCSequential,
    VectorizedSCLayer,
    backends,
    golden,
    lookup,
    packed,
)
from sc_neurocore.network import DenseLayer, InputSpec, Network


@given(
    length=st.sampled_from([4, 16, 64, 256]),
    sizes=st.tuples(st.integers(1, 9), st.integers(1, 7), st.integers(1, 5)),
    source=st.sampled_from(["vdc", "sobol:1", "sobol:4", "lfsr:3"]),
    theta=st.integers(1, 400),
    seed=st.integers(0, 10_000),
)
def test_a_chain_is_exactly_its_network(
    length: int, sizes: tuple[int, int, int], source: str, theta: int, seed: int
) -> None:
    if source.startswith("lfsr") and length < 8:
        source = "vdc"
    random = np.random.default_rng(seed)
    inputs, hidden, classes = sizes
    network = Network(
        length,
        (
            DenseLayer(
                random.integers(1 - length, length, (hidden, inputs)),
                random.integers(1 - length, length, hidden),
                theta,
            ),
            DenseLayer(
                random.integers(1 - length, length, (classes, hidden)),
                random.integers(1 - length, length, classes),
                None,
            ),
        ),
        InputSpec((inputs,), length),
        weight_source=source,
    )
    codes = random.integers(0, length + 1, (5, inputs))
    chain = SCSequential.from_network(network)
    exact = golden.run(network, codes)
    x = codes / length
    assert np.array_equal(chain.layers[0].forward(x) * length, exact.counts[0])
    assert np.array_equal(chain.scores(x) * length, exact.scores)
    assert np.array_equal(chain.predict(x), exact.classes)
    assert np.array_equal(chain.scores(x[0]) * length, exact.scores[0])
    assert chain.to_network() == network
    assert np.array_equal(lookup.run(network, codes).scores, packed.run(network, codes).scores)


def test_networks_with_a_bare_lfsr_start_at_one(generator: np.random.Generator) -> None:
    network = Network(
        16,
        (DenseLayer(generator.integers(-15, 16, (3, 4)), [1, -5, 9], None),),
        InputSpec((4,), 16),
        weight_source="lfsr",
    )
    codes = generator.integers(0, 17, (20, 4))
    chain = SCSequential.from_network(network)
    assert np.array_equal(chain.scores(codes / 16) * 16, golden.run(network, codes).scores)


def test_progressive_precision_has_a_length_for_each_layer(generator: np.random.Generator) -> None:
    first, second = VectorizedSCLayer(8, 6, 512, seed=0), VectorizedSCLayer(6, 3, 512, seed=1)
    chain = SCSequential([first, second])
    progressive = chain.with_lengths([64, 512])
    assert progressive.lengths == (64, 512)
    x = generator.random((20, 8))
    hidden = first.replace(length=64).forward(x)
    assert np.array_equal(progressive.forward(x), second.forward(hidden))
    assert np.array_equal(hidden * 64, np.round(hidden * 64))
    with pytest.raises(ScError, match="a Network has one length: layer 1 has 512, not 64"):
        progressive.to_network()


def test_an_ensembles_noise_falls_as_the_root_of_its_size(generator: np.random.Generator) -> None:
    layer = VectorizedSCLayer(20, 40, 128, seed=5, gain=0.1, x_mode="bernoulli", w_mode="bernoulli")
    x = generator.random((10, 20))
    exact = x @ layer.weights.T
    errors = []
    for count in (1, 16):
        groups = [SCEnsemble(layer, range(100 * g, 100 * g + count)).scores(x) for g in range(6)]
        errors.append(np.sqrt(np.mean([(scores - exact) ** 2 for scores in groups])))
    # Streams are shared within a layer, so the 6 · 400 errors are worth fewer: 4 within 25 %.
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.25)
    with pytest.raises(ScError, match="all members would be equal"):
        SCEnsemble(VectorizedSCLayer(2, 2, 16), [1, 2])
    with pytest.raises(ScError, match="seeds must differ"):
        SCEnsemble(layer, [1, 1])


def test_a_reservoir_remembers_and_a_linear_readout_reads_it() -> None:
    random = np.random.default_rng(2)
    u = random.random((600, 1))
    reservoir = SCReservoir(1, 60, length=1024, seed=1)
    states = reservoir.forward(u)
    assert states.shape == (600, 60)
    assert ((states == 0) | (states == 1)).mean() < 0.01
    scores = []
    for delay in (1, 3, 40):
        target = np.roll(u[:, 0], delay)
        readout = LinearReadout(1e-3).fit(states[50:450], target[50:450])
        residual = readout.predict(states[450:]) - target[450:]
        scores.append(1 - residual.var() / target[450:].var())
    assert scores[0] > 0.95
    assert scores[1] > 0.8
    assert scores[2] < 0.3  # a memory that fades
    batch = reservoir.forward(np.stack([u[:20], u[20:40]]))
    assert np.array_equal(batch[1], reservoir.forward(u[20:40]))
    assert np.array_equal(SCReservoir(1, 60, length=1024, seed=1).forward(u[:5]), states[:5])


def test_conversion_from_torch_keeps_signs_and_is_a_network() -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(3)
    model = torch.nn.Sequential(torch.nn.Linear(20, 30), torch.nn.ReLU(), torch.nn.Linear(30, 5))
    x = np.random.default_rng(1).random((400, 20))
    exact = model(torch.tensor(x, dtype=torch.float32)).detach().numpy()
    chain = sc_neurocore.convert_torch(model, x[:200], length=1024)
    assert min(layer.weights.min() for layer in chain.layers) < 0
    agree = (chain.predict(x[200:]) == exact[200:].argmax(axis=1)).mean()
    assert agree > 0.95
    network = chain.to_network()
    codes = np.floor(x[200:] * 1024 + 0.5).astype(int)
    assert np.array_equal(backends.run(network, codes, "packed").scores, chain.scores(x[200:]) * 1024)


LAYER = VectorizedSCLayer(3, 2, 16, seed=0)
BAD = [
    (lambda: SCSequential([]), "layers must hold at least one layer, got none"),
    (lambda: SCSequential([LAYER, LAYER]), "layer 1 takes 3 inputs but gets 2: shapes must chain"),
    (lambda: SCReservoir(1, 10, spectral_radius=1.5), r"spectral_radius must be in \[0, 1\], got 1\.5"),
    (lambda: SCReservoir(1, 10, seed=0).forward([[2.0]]), r"u must be in \[0, 1\], got 2\.0"),
    (lambda: LinearReadout().predict([[1.0]]), "LinearReadout must be fitted first"),
]


@pytest.mark.parametrize(("call", "message"), BAD, ids=[message[:40] for _, message in BAD])
def test_bad_input_names_parameter_value_and_rule(call: Any, message: str) -> None:
    with pytest.raises(ScError, match=message):
        call()
