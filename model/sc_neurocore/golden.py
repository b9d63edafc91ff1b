"""The golden model: a network, clock by clock, written to be read. Every other back end must equal it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .network import DenseLayer, Network
from .neurons import window_if_step
from .result import Result
from .sources import source
from .streams import multiply, popcount, sng

__all__ = ["emit", "run", "run_image", "window"]


def window(layer: DenseLayer, x: NDArray[np.int64], network: Network) -> NDArray[np.int64]:
    """Return S of each neuron after one window (A1, A4 … A7); x: codes of the layer's inputs, shape (inputs,)."""
    length = network.length
    r_x = source(network.activation_source, length)
    r_w = source(network.weight_source, length)
    codes = np.append(x, length)  # the bias is a synapse with X = L
    synapses = layer.synapses.astype(np.int64)
    magnitude, negative = np.abs(synapses), synapses < 0

    s = np.zeros(layer.neurons, dtype=np.int64)
    for t in range(length):
        pos, neg = multiply(sng(codes, r_x[t])[None, :], sng(magnitude, r_w[t]), negative)
        s += popcount(pos) - popcount(neg)
    return s


def emit(s: NDArray[np.int64], theta: int, network: Network) -> Iterator[NDArray[np.bool_]]:
    """Yield the spikes of `window_if` neurons, shape (neurons,), for each clock of the window after S (A8)."""
    v = (s << (network.theta_frac + 1)) - theta
    for _ in range(network.length):
        v, spike = window_if_step(v, theta)
        yield spike


def run_image(network: Network, codes: ArrayLike) -> tuple[NDArray[np.int64], list[NDArray[np.int64]]]:
    """Return (scores, counts of each hidden layer) for one image; codes: shape (inputs,)."""
    x = np.asarray(codes, dtype=np.int64)
    counts: list[NDArray[np.int64]] = []
    for layer in network.layers:
        s = window(layer, x, network)
        if layer.theta is None:
            return s, counts
        # c ones, then zeros, is the counter stream of c: the next layer's code is the number of spikes.
        x = np.sum(list(emit(s, layer.theta, network)), axis=0, dtype=np.int64)
        counts.append(x)
    raise AssertionError("Network guarantees a readout layer")


def run(network: Network, codes: ArrayLike) -> Result:
    """Run n images, codes of shape (n, inputs) in 0 … L, one after the other."""
    images = network.check_codes(codes)
    scores = np.zeros((len(images), network.classes), dtype=np.int32)
    counts = tuple(np.zeros((len(images), x.neurons), dtype=np.int16) for x in network.layers[:-1])
    for n, image in enumerate(images):
        scores[n], hidden = run_image(network, image)
        for k, c in enumerate(hidden):
            counts[k][n] = c
    return Result(scores=scores, counts=counts)
