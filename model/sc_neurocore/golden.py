"""The golden model: a network, clock by clock, written to be read. Every other back end must equal it.

What a layer adds at each clock is in `network_layers.base.WeightedLayer.clock_sums` and `network_layers.pool`, what a
neuron makes of it in `neurons`: here they are put together.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import checks
from .network import Network, WeightedLayer
from .neurons import CountIf
from .result import Result
from .streams import encode

__all__ = ["clock_sums", "emit", "run", "run_image", "window"]


def clock_sums(layer: WeightedLayer, bits: NDArray[np.bool_], network: Network) -> Iterator[NDArray[np.int64]]:
    """Yield what each neuron adds at each clock of a window (A5 … A7, A17, A19); bits: of the inputs, (L, inputs)."""
    return layer.clock_sums(bits, network)


def window(layer: WeightedLayer, x: NDArray[np.int64], network: Network) -> NDArray[np.int64]:
    """Return S of each neuron after one window (A1, A4 … A7); x: codes of the layer's inputs, shape (inputs,)."""
    bits = encode(x, network.length, network.activation_source).T
    s: NDArray[np.int64] = np.array(list(layer.clock_sums(bits, network))).sum(axis=0)
    return s


def emit(s: NDArray[np.int64], theta: int, network: Network) -> Iterator[NDArray[np.bool_]]:
    """Yield the spikes of `window_if` neurons, shape (neurons,), for each clock of the window after S (A8)."""
    return CountIf(theta).emit(s, network.theta_frac, network.length)


def run_image(network: Network, codes: ArrayLike) -> tuple[NDArray[np.int64], list[NDArray[np.bool_]]]:
    """Return (scores, spikes of each hidden layer, shape (L, neurons)) for one image; codes: shape (inputs,)."""
    image = network.check_codes(checks.array("codes", codes)[None])[0].astype(np.int64)
    bits = encode(image, network.length, network.activation_source).T
    spikes: list[NDArray[np.bool_]] = []
    for layer in network.layers[:-1]:
        bits = np.array(list(layer.spikes(bits, network)))
        spikes.append(bits)
    scores: NDArray[np.int64] = np.array(list(network.readout.clock_sums(bits, network))).sum(axis=0)
    return scores, spikes


def run(network: Network, codes: ArrayLike, *, spikes: bool = False) -> Result:
    """Run n images, codes of shape (n, inputs) in 0 … L, one after the other; spikes: keep those of hidden layers."""
    images = network.check_codes(codes)
    hidden = network.layers[:-1]
    scores = np.zeros((len(images), network.classes), dtype=np.int32)
    counts = tuple(np.zeros((len(images), x.neurons), dtype=np.int16) for x in hidden)
    kept = tuple(np.zeros((len(images), network.length, x.neurons), dtype=bool) for x in hidden if spikes)
    for n, image in enumerate(images):
        scores[n], layers = run_image(network, image)
        for k, bits in enumerate(layers):
            counts[k][n] = bits.sum(axis=0)
            if spikes:
                kept[k][n] = bits
    return Result(scores=scores, counts=counts, spikes=kept)
