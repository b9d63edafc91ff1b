"""The golden model: a network, clock by clock, written to be read. Every other back end must equal it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import checks
from .network import ConvLayer, DenseLayer, Layer, Network, PoolLayer
from .neurons import LifState, lif_step, window_if_step
from .result import Result
from .sources import source
from .streams import encode, multiply, mux_select, popcount, sng

__all__ = ["clock_sums", "emit", "run", "run_image", "run_lif", "window"]


def clock_sums(layer: Layer, bits: NDArray[np.bool_], network: Network) -> Iterator[NDArray[np.int64]]:
    """Yield what each neuron adds at each clock of a window (A5 … A7, A17, A19); bits: of the inputs, (L, inputs)."""
    if isinstance(layer, PoolLayer):
        for now in bits:
            yield popcount(now[layer.groups()])
        return
    # The inputs of each position: a dense layer has one. Index −1, outside the input, is the 0 that is put at the end.
    fields = layer.fields() if isinstance(layer, ConvLayer) else np.arange(layer.inputs)[None, :]
    r_w = source(network.weight_source, network.length)
    synapses = layer.synapses.astype(np.int64)
    magnitude, negative = np.abs(synapses), synapses < 0
    slots, sel = mux_select(synapses.shape[1], network.length) if layer.adder == "mux" else (1, None)
    for t in range(network.length):
        x = np.append(bits[t], False)[fields]
        x = np.append(x, np.ones((len(x), 1), dtype=bool), axis=1)  # the bias is a synapse whose bit is always 1
        pos, neg = multiply(x[:, None, :], sng(magnitude, r_w[t]), negative)
        if sel is not None:  # one slot of the MUX, times their number; a slot beyond the bias is empty
            pos, neg = pos[..., sel[t] : sel[t] + 1], neg[..., sel[t] : sel[t] + 1]
        yield slots * (popcount(pos) - popcount(neg)).reshape(-1)


def window(layer: Layer, x: NDArray[np.int64], network: Network) -> NDArray[np.int64]:
    """Return S of each neuron after one window (A1, A4 … A7); x: codes of the layer's inputs, shape (inputs,)."""
    bits = encode(x, network.length, network.activation_source).T
    s: NDArray[np.int64] = np.array(list(clock_sums(layer, bits, network))).sum(axis=0)
    return s


def emit(s: NDArray[np.int64], theta: int, network: Network) -> Iterator[NDArray[np.bool_]]:
    """Yield the spikes of `window_if` neurons, shape (neurons,), for each clock of the window after S (A8)."""
    v = (s << (network.theta_frac + 1)) - theta
    for _ in range(network.length):
        v, spike = window_if_step(v, theta)
        yield spike


def run_lif(layer: DenseLayer, bits: NDArray[np.bool_], network: Network) -> Iterator[NDArray[np.bool_]]:
    """Yield the spikes of `lif` neurons, shape (neurons,), for each clock of the window itself (A13, A17)."""
    assert layer.lif is not None
    state = LifState.start(layer.lif, layer.neurons)
    for delta in clock_sums(layer, bits, network):
        state, spike = lif_step(state, delta << network.theta_frac, layer.lif)
        yield spike


def run_image(network: Network, codes: ArrayLike) -> tuple[NDArray[np.int64], list[NDArray[np.bool_]]]:
    """Return (scores, spikes of each hidden layer, shape (L, neurons)) for one image; codes: shape (inputs,)."""
    image = network.check_codes(checks.array("codes", codes)[None])[0].astype(np.int64)
    bits = encode(image, network.length, network.activation_source).T
    spikes: list[NDArray[np.bool_]] = []
    for layer in network.layers:
        if isinstance(layer, DenseLayer) and layer.lif is not None:
            bits = np.array(list(run_lif(layer, bits, network)))
        elif isinstance(layer, PoolLayer) and layer.kind == "max":
            bits = np.any(bits[:, layer.groups()], axis=2)
        else:
            s: NDArray[np.int64] = np.array(list(clock_sums(layer, bits, network))).sum(axis=0)
            theta = layer.window_theta(network.theta_frac) if isinstance(layer, PoolLayer) else layer.theta
            if theta is None:
                return s, spikes
            bits = np.array(list(emit(s, theta, network)))
        spikes.append(bits)
    raise AssertionError("Network guarantees a readout layer")


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
