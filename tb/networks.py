"""Random networks, and the plain integer network that the MAC engines are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.network import ConvLayer, DenseLayer, InputSpec, Layer, Network, PoolLayer
from sc_neurocore.neurons import LifParams
from sc_neurocore.result import Result

__all__ = [
    "integer_network",
    "random_codes",
    "random_conv_network",
    "random_lif",
    "random_network",
    "random_temporal_network",
]


def random_network(random: np.random.Generator, length: int, shape: Sequence[int], theta_frac: int = 4) -> Network:
    """Return a network of the given shape (inputs, then the neurons of each layer).

    Each layer has weights of a random density up to the greatest code, and a threshold that is small, great, or such
    that counts spread over 0 ... L.
    """
    layers = []
    for k, (inputs, neurons) in enumerate(pairwise(shape)):
        top = int(random.integers(1, length))
        weights = random.integers(-top, top + 1, (neurons, inputs)) * (random.random((neurons, inputs)) < 0.8)
        bias = random.integers(1 - length, length, neurons)
        # The sum of a layer spreads by about top / L * sqrt(inputs) windows' worth of ones.
        spread = max(1, round((1 << theta_frac) * top / length * np.sqrt(inputs)))
        theta = int(random.choice([1, 65535, random.integers(1, 65536), spread, spread, spread, 2 * spread]))
        layers.append(DenseLayer(weights, bias, None if k == len(shape) - 2 else min(theta, 65535)))
    return Network(length, tuple(layers), InputSpec((shape[0],), full_scale=length), theta_frac)


def random_conv_network(
    random: np.random.Generator, length: int, kinds: str, shape: tuple[int, int, int] | None = None, theta_frac: int = 4
) -> Network:
    """Return a network of layers by the letters of `kinds`: "c"onvolution, "m"ax, "a"verage (mean) pooling, "d"ense.

    Kernels have 1 to 5 rows and columns each, strides 1 to 3, paddings 0 to 2, layers 1 to 8 channels; weights and
    thresholds are as in `random_network`. shape: of the input, else random.
    """
    drawn = (int(random.integers(1, 13)), int(random.integers(1, 13)), int(random.integers(1, 8)))
    first = size = shape or drawn
    layers: list[Layer] = []
    for k, kind in enumerate(kinds):
        if kind in "ma":
            side = int(random.integers(1, min(4, size[0] + 1, size[1] + 1)))
            layers.append(PoolLayer("max" if kind == "m" else "mean", side, size, int(random.integers(0, 4))))
        else:
            inputs: tuple[int, ...] = (int(np.prod(size)),)
            stride, padding = int(random.integers(1, 4)), int(random.integers(0, 3))
            if kind == "c":
                padding = min(padding, 4)
                kernel = [int(random.integers(1, min(5, s + 2 * padding) + 1)) for s in size[:2]]
                padding = min(padding, *(k - 1 for k in kernel))
                inputs = (*(min(k, s + 2 * padding) for k, s in zip(kernel, size[:2], strict=True)), size[2])
            top, fan_in = int(random.integers(1, length)), int(np.prod(inputs))
            neurons = int(random.integers(1, 9))
            weights = random.integers(-top, top + 1, (neurons, *inputs)) * (random.random((neurons, *inputs)) < 0.8)
            bias = random.integers(1 - length, length, neurons)
            spread = max(1, round((1 << theta_frac) * top / length * np.sqrt(fan_in)))
            chosen = min(65535, int(random.choice([1, 65535, random.integers(1, 65536), spread, spread, 2 * spread])))
            theta = None if k == len(kinds) - 1 else chosen
            if kind == "c":
                layers.append(ConvLayer(weights, bias, theta, size, stride, padding))
            else:
                layers.append(DenseLayer(weights, bias, theta))
        size = layers[-1].output_shape
    return Network(length, tuple(layers), InputSpec(first, full_scale=length), theta_frac)


def random_lif(random: np.random.Generator, inputs: int, theta_frac: int, width: int | None = None) -> LifParams:
    """Return parameters of `lif` neurons of any mode, whose width holds the current of `inputs` synapses and a bias."""
    least = ((inputs + 1) << theta_frac).bit_length() + 1
    chosen = width or int(random.integers(max(4, least), 33))
    top = (1 << chosen - 1) - 1
    # About the current of a few synapses, so that neurons fire now and then.
    theta = int(min(top, max(1, round((1 << theta_frac) * np.sqrt(inputs) * random.uniform(0.2, 2)))))
    return LifParams(
        theta=theta,
        width=chosen,
        leak_mode=int(random.integers(2)),
        leak_shift=int(random.integers(0, 5)) % chosen,
        beta=int(random.integers(100, 256)),
        reset_mode=int(random.integers(2)),
        v_reset=int(random.integers(-theta, theta)) if theta < top else 0,
        refractory=int(random.choice([0, 0, 1, 3])),
    )


def random_temporal_network(
    random: np.random.Generator, length: int, shape: Sequence[int], kinds: str, theta_frac: int = 4
) -> Network:
    """Return a network whose hidden layers are lif ("l") or window_if ("w"), by the letters of `kinds`."""
    plain = random_network(random, length, shape, theta_frac)
    layers = [
        DenseLayer(x.weights, x.bias, None, random_lif(random, x.inputs, theta_frac)) if kind == "l" else x
        for x, kind in zip(plain.layers, kinds + "r", strict=True)
    ]
    return Network(length, tuple(layers), plain.input, theta_frac)


def random_codes(random: np.random.Generator, network: Network, images: int) -> NDArray[np.uint16]:
    """Return input codes of random density; the first image is all 0, the second all L."""
    length, size = network.length, network.input.size
    codes = random.integers(0, length + 1, (images, size)) * (
        random.random((images, size)) < random.random((images, 1))
    )
    codes[:1], codes[1:2] = 0, length
    return codes.astype(np.uint16)


def integer_network(network: Network, codes: ArrayLike) -> Result:
    """Run the network with plain products: S = sum of +-X * W, thresholds theta * L, scores S; no streams.

    The last paragraph of docs/arithmetic.md, written with matrix products and Python's exact integers.
    """
    x = np.asarray(codes).astype(object)
    counts = []
    for layer in network.layers:
        if isinstance(layer, PoolLayer):
            x = layer.codes(x.astype(np.int64)).astype(object)
            counts.append(x.astype(np.int16))
            continue
        if isinstance(layer, ConvLayer):
            # An input more, 0, stands for the padding, index -1.
            x = np.concatenate([x, np.zeros((len(x), 1), dtype=object)], axis=1)[:, layer.fields()]
        else:
            x = x[:, None]
        with_bias = np.concatenate([x, np.full((*x.shape[:2], 1), network.length, dtype=object)], axis=2)
        s = (with_bias @ layer.synapses.astype(object).T).reshape(len(x), -1)
        if layer.theta is None:
            return Result(scores=s.astype(np.int32), counts=tuple(counts))
        threshold = layer.theta * network.length
        x = np.clip((2 * 2**network.theta_frac * s + threshold) // (2 * threshold), 0, network.length)
        counts.append(x.astype(np.int16))
    raise AssertionError("Network guarantees a readout layer")
