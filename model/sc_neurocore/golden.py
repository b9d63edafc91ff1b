"""The golden model: a network, clock by clock, written to be read. Every other back end must equal it.

It forms every bit of every stream, so it is slow: use it to understand or to check, on a few images. What a layer adds
at each clock is in `network_layers.base.WeightedLayer.clock_sums` and in `network_layers.pool`. What a neuron makes of
these sums is in `neurons`. This module puts the two together: for a network of one window in `run_image`, for one in
steps in `run_sample`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import checks
from .errors import ScError
from .network import Network, WeightedLayer
from .neurons import ClockNeuron, CountIf
from .result import Result, sample_result
from .streams import encode

__all__ = ["clock_sums", "emit", "run", "run_image", "run_sample", "window"]


def clock_sums(layer: WeightedLayer, bits: NDArray[np.bool_], network: Network) -> Iterator[NDArray[np.int64]]:
    """Yield what each neuron adds at each clock of a window (A5 … A7, A17, streaming; A19, convolution).

    Args:
        layer: A layer with weights.
        bits: Bits of the layer's inputs, shape (L, inputs).
        network: The network that the layer belongs to.

    Yields:
        Signed sums of the product bits, shape (neurons,).
    """
    return layer.clock_sums(bits, network)


def window(layer: WeightedLayer, x: NDArray[np.int64], network: Network) -> NDArray[np.int64]:
    """Return the sum S of each neuron after one window (A1, A4 … A7), int64, shape (neurons,).

    Args:
        layer: A layer with weights.
        x: Codes of the layer's inputs, 0 … L, shape (inputs,).
        network: The network that the layer belongs to.
    """
    bits = encode(x, network.length, network.activation_source).T
    s: NDArray[np.int64] = np.array(list(layer.clock_sums(bits, network))).sum(axis=0)
    return s


def emit(s: NDArray[np.int64], theta: int, network: Network) -> Iterator[NDArray[np.bool_]]:
    """Yield the spikes of `window_if` neurons for each clock of the window that follows their sums (A8, window neuron).

    Args:
        s: The sums S of the window before, shape (neurons,).
        theta: The layer's threshold, in LSB.
        network: The network, for L and theta_frac.

    Yields:
        Bits, shape (neurons,); a neuron's ones come first.
    """
    return CountIf(theta).emit(s, network.theta_frac, network.length)


def run_image(network: Network, codes: ArrayLike) -> tuple[NDArray[np.int64], list[NDArray[np.bool_]]]:
    """Run a network of one window on one image.

    Args:
        network: The network.
        codes: Input codes, 0 … L, shape (inputs,).

    Returns:
        (scores, spikes): the sums of the readout, shape (classes,), and for each hidden layer its bits, shape (L,
        neurons).
    """
    network.one_window("run_image")
    image = network.check_codes(checks.array("codes", codes)[None])[0].astype(np.int64)
    bits = encode(image, network.length, network.activation_source).T
    spikes: list[NDArray[np.bool_]] = []
    for layer in network.layers[:-1]:
        bits = np.array(list(layer.spikes(bits, network)))
        spikes.append(bits)
    scores: NDArray[np.int64] = np.array(list(network.readout.clock_sums(bits, network))).sum(axis=0)
    return scores, spikes


def run_sample(
    network: Network, codes: ArrayLike
) -> tuple[NDArray[np.int64], list[NDArray[np.bool_]], list[NDArray[np.int64]]]:
    """Run a network in steps on one sample, clock by clock in every step (A20, networks in steps).

    Args:
        network: The network.
        codes: Input codes, 0 … L, shape (T, inputs); (inputs,) where the input is constant.

    Returns:
        (scores, spikes, potentials): the scores, shape (classes,); and for each layer the spikes of every step, shape
        (T, neurons), and the potentials u(t), both all 0 where the layer has no neurons, or no potentials.
    """
    steps = network.steps
    if steps is None:
        raise ScError("run_sample runs networks in steps: this one has a single window, which run_image runs")
    sample = network.check_codes(checks.array("codes", codes)[None])[0].astype(np.int64)
    spikes = [np.zeros((steps.count, layer.neurons), dtype=bool) for layer in network.layers]
    potentials = [np.zeros((steps.count, layer.neurons), dtype=np.int64) for layer in network.layers]
    scores = np.zeros(network.classes, dtype=np.int64)
    state = [layer.neuron.start((layer.neurons,)) for layer in network.layers if isinstance(layer.neuron, ClockNeuron)]
    for t in range(steps.count):
        x = sample if steps.constant else sample[t]
        for k, layer in enumerate(network.layers):
            assert isinstance(layer, WeightedLayer)
            # S(t): one window of the layer's own synapses, and one of each edge into it.
            s = window(layer, x, network)
            for edge in steps.into(k):
                if t >= edge.delay:
                    s = s + window(edge.layer, spikes[edge.source][t - edge.delay] * network.length, network)
            if isinstance(layer.neuron, ClockNeuron):
                state[k], spikes[k][t], u = layer.neuron.step_of_sample(state[k], s << network.theta_frac)
                potentials[k][t] = 0 if u is None else u
                x = spikes[k][t] * network.length  # a spike is the code L
            else:
                scores += s  # the last layer, readout "sum"
    if steps.readout == "spikes":
        scores = spikes[-1].sum(axis=0, dtype=np.int64)
    elif steps.readout == "potentials":
        scores = potentials[-1].sum(axis=0)
    elif steps.readout == "potential":
        scores = potentials[-1][-1]
    return scores, spikes, potentials


def run(network: Network, codes: ArrayLike, *, spikes: bool = False) -> Result:
    """Run the network on n images or samples, one after the other.

    Args:
        network: The network.
        codes: Input codes, 0 … L, shape (n, inputs); (n, T, inputs) of a network in steps that is not constant.
        spikes: Whether the result keeps every bit of the hidden layers, and not only their counts; in steps every
            spike.

    Returns:
        Scores and counts, and spikes where asked for.

    Raises:
        ScError: If the codes have a wrong shape or are out of range.

    Example:
        >>> from sc_neurocore.network import DenseLayer, InputSpec
        >>> network = Network(4, (DenseLayer([[3, -2]], [1]),), InputSpec((2,), full_scale=4))
        >>> run(network, [[4, 2]]).scores.tolist()
        [[3]]
    """
    images = network.check_codes(codes)
    if network.steps is not None:
        return _run_steps(network, images, spikes=spikes)
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


def _run_steps(network: Network, samples: NDArray[np.uint16], *, spikes: bool) -> Result:
    """Do the work of `run` for a network in steps."""
    result = sample_result(network, len(samples), spikes=spikes)
    for n, sample in enumerate(samples):
        result.scores[n], found, _ = run_sample(network, sample)
        for k, counts in enumerate(result.counts):
            counts[n] = found[k].sum(axis=0)
        for k, kept in enumerate(result.spikes):
            kept[n] = found[k]
    return result
