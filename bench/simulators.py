"""Speed of the back ends beside the plain NumPy formulation, on the same network and images, in one run.

Ratios, not seconds, are the result: machines differ and are shared. Usage: python bench/simulators.py [--images N]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sc_neurocore import backends, packed
from sc_neurocore.network import DenseLayer, InputSpec, Network
from sc_neurocore.neurons import window_if
from sc_neurocore.streams import encode

SHAPE = (196, 128, 10)


def network(length: int) -> Network:
    """Return a random network whose hidden activity is near that of a trained one."""
    rng = np.random.default_rng(0)
    layers = []
    for k, (inputs, neurons) in enumerate(pairwise(SHAPE)):
        layers.append(
            DenseLayer(
                weights=rng.integers(1 - length, length, (neurons, inputs)),
                bias=rng.integers(1 - length, length, neurons),
                theta=160 if k < len(SHAPE) - 2 else None,
            )
        )
    return Network(length, tuple(layers), InputSpec((SHAPE[0],), 256))


def numpy_packbits(net: Network, codes: NDArray[np.uint16]) -> NDArray[np.int64]:
    """Return the scores by packbits, AND and bitwise_count, one image at a time: what one would write in NumPy."""
    weights = []
    for layer in net.layers:
        synapses = layer.synapses.astype(np.int64)
        bits = encode(np.abs(synapses), net.length, net.weight_source).reshape(layer.neurons, -1)
        weights.append((np.packbits(bits, axis=1), np.repeat(synapses < 0, net.length, axis=1)))
    signs = [np.packbits(negative, axis=1) for _, negative in weights]
    scores = np.zeros((len(codes), net.classes), dtype=np.int64)
    for n, image in enumerate(codes):
        x = image.astype(np.int64)
        for layer, (w, _), sign in zip(net.layers, weights, signs, strict=True):
            bits = np.packbits(encode(np.append(x, net.length), net.length).ravel())
            product = bits & w
            s = np.bitwise_count(product & ~sign).sum(axis=1, dtype=np.int64)
            s -= np.bitwise_count(product & sign).sum(axis=1, dtype=np.int64)
            if layer.theta is None:
                scores[n] = s
            else:
                x = window_if(s, layer.theta, net.theta_frac, net.length)
    return scores


def best(call: Callable[[], object], repeats: int = 3) -> float:
    """Return the shortest time of several, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Print one row a stream length."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=2000)
    images = parser.parse_args().images
    rng = np.random.default_rng(1)
    print(f"{'-'.join(map(str, SHAPE))}, {images} images; images a second, and the ratio to NumPy in the same run")
    for length in (16, 64, 256):
        net = network(length)
        codes = (rng.integers(0, length + 1, (images, SHAPE[0])) * (rng.random((images, SHAPE[0])) < 0.25)).astype("u2")
        few = codes[: max(1, images // 20)]
        reference = numpy_packbits(net, few)
        assert np.array_equal(packed.run(net, few).scores, reference)
        base = len(few) / best(lambda: numpy_packbits(net, few))  # noqa: B023
        row = {"numpy": base}
        row["golden"] = len(few) / best(lambda: backends.run(net, few, "golden"))  # noqa: B023
        row["packed"] = images / best(lambda: backends.run(net, codes, "packed"))  # noqa: B023
        if length == 16:
            assert np.array_equal(backends.run(net, few, "rtl").scores, reference)
            row["rtl"] = images / best(lambda: backends.run(net, codes, "rtl"), 1)  # noqa: B023
        text = "   ".join(f"{name} {rate:,.0f} ({rate / base:.2f}x)" for name, rate in row.items())
        print(f"L = {length:4}   {text}", flush=True)


if __name__ == "__main__":
    main()
