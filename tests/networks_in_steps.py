"""Small networks in steps (A20), for tests of the hardware that runs them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.network import DenseLayer, Edge, InputSpec, Network, Steps
from sc_neurocore.neurons import ClockNeuron, Lif

LIF = Lif(theta=120, width=12, leak_shift=2)


def steps_network(
    rng: np.random.Generator,
    *,
    sizes: tuple[int, ...] = (12, 7, 5, 3),
    length: int = 16,
    count: int = 4,
    constant: bool = False,
    readout: str = "sum",
    neuron: ClockNeuron = LIF,
    last: ClockNeuron | None = None,
    edges: tuple[tuple[int, int, int], ...] = (),
) -> Network:
    """Return a network with random weights; edges are (source, target, delay), `last` the readout's neuron."""

    def codes(rows: int, columns: int) -> NDArray[np.int64]:
        return rng.integers(1 - length, length, (rows, columns))

    layers = []
    for k, (inputs, neurons) in enumerate(pairwise(sizes)):
        own = neuron if k < len(sizes) - 2 else last
        layers.append(DenseLayer(codes(neurons, inputs), codes(neurons, 1)[:, 0], neuron=own))
    joined = tuple(Edge(s, t, d, codes(sizes[t + 1], sizes[s + 1])) for s, t, d in edges)
    steps = Steps(count, constant, readout, joined)
    return Network(length, tuple(layers), InputSpec((sizes[0],), full_scale=length), steps=steps)


def samples(rng: np.random.Generator, network: Network, n: int, active: float = 0.4) -> NDArray[np.int64]:
    """Return codes of n samples, of which a part is not 0."""
    assert network.steps is not None
    shape = (network.input.size,) if network.steps.constant else (network.steps.count, network.input.size)
    return rng.integers(0, network.length + 1, (n, *shape)) * (rng.random((n, *shape)) < active)
