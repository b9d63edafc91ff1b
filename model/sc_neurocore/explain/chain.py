"""The stages of a network from float to hardware, layer by layer, and networks that differ from it in one respect.

`explain` asks what one source of error costs. So each layer can be computed here in floats, in codes with exact
products, and in streams, from any layer on and with any one error taken out. Everything is in codes: activations X and
counts (1 of L), sums in units of S. What depends on the type of a layer is in the layer itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import lookup, packed, reference
from ..network import THETA_MAX, InputSpec, Layer, Network, WeightedLayer
from ..neurons import CountIf, window_if
from ..reference import Floats

__all__ = ["Chain", "alone", "without_channels"]

Parameters = Sequence[tuple[Floats, Floats]]

# `rebuilt` measures the errors of streams on at most this many samples, evenly spaced, as training does.
_CALIBRATION_SAMPLES = 1024
# Greatest size of a layer's exact table for the lookup simulator, in entries of up to four bytes.
_TABLE_ENTRIES = 1 << 26


def alone(network: Network, layer: WeightedLayer, length: int | None = None) -> Network:
    """Return the network whose scores are the sums S of that one layer (A6, add; A19, convolution): it is the readout.

    Args:
        network: The network that the layer belongs to, for L, theta_frac and the weights' source.
        layer: The layer.
        length: Another L, for a layer whose codes are of that length.
    """
    chosen = length or network.length
    single = layer.replaced(neuron=None)
    return Network(
        length=chosen,
        layers=(single,),
        input=InputSpec(layer.window.input_shape, full_scale=chosen),
        theta_frac=network.theta_frac,
        weight_source=network.weight_source,
    )


def _sums(single: Network, x: ArrayLike) -> NDArray[np.int64]:
    """Return S of the only layer of `single`, (n, neurons), for input codes (n, inputs), by the faster simulator."""
    # The table is the faster where it holds; `explain` compares its counts with the packed simulator's.
    entries = single.weighted[0].synapses.size * (single.length + 1)
    run = packed.run if single.mux or entries > _TABLE_ENTRIES else lookup.run
    return run(single, np.asarray(x, dtype=np.uint16)).scores.astype(np.int64)


def without_channels(network: Network, gone: Mapping[int, Sequence[int]]) -> Network:
    """Return the network without some channels, and without the weights that read them.

    Scores stay the same on every sample on which no neuron of these channels is above 0 (A10, orders). A neuron of a
    dense layer is a channel.

    Args:
        network: The network.
        gone: Indices of channels by index of their hidden layer.
    """
    layers: list[Layer] = []
    inputs = np.ones(network.input.output_shape[2], dtype=bool)
    for k, layer in enumerate(network.layers):
        # A layer without weights has the channels of its inputs.
        stays = inputs
        if isinstance(layer, WeightedLayer):
            stays = np.ones(layer.output_shape[2], dtype=bool)
            stays[list(gone.get(k, ()))] = False
        layers.append(layer.narrowed(stays, inputs))
        inputs = stays
    return replace(network, layers=tuple(layers), info={})


class Chain:
    """A network of `window_if` layers in floats, in codes with exact products, and in streams.

    Args:
        network: The network.
        model: The float weights and biases that were converted, one pair a layer, where they are known. Without them
            the codes stand for themselves.

    Attributes:
        scales: What the codes of each layer stand for (A12).
        grid: Weights and biases that the codes stand for, one pair a layer.

    Raises:
        ScError: A layer has `lif` neurons, or the scales do not fit.
    """

    def __init__(self, network: Network, model: Parameters | None = None) -> None:
        self.network = network
        self.scales = reference.scales(network)
        self.grid = reference.parameters(network)
        self.model = model
        self._alone = [alone(network, x) if isinstance(x, WeightedLayer) else None for x in network.layers]

    @property
    def hidden(self) -> range:
        """Indices of the layers before the readout."""
        return range(len(self.network.layers) - 1)

    @property
    def spiking(self) -> tuple[int, ...]:
        """Indices of the layers with neurons (A8)."""
        return tuple(k for k, layer in enumerate(self.network.layers) if layer.theta is not None)

    def pooling(self, k: int) -> Layer | None:
        """Return layer k if it is one without weights, such as pooling, else None."""
        layer = self.network.layers[k]
        return None if isinstance(layer, WeightedLayer) else layer

    def unit(self, k: int) -> float:
        """Return the number of codes of layer k's output that stand for the value 1."""
        scale = self.scales[k]
        return self.network.length / (scale.output or scale.sum)

    def floats(self, x: Floats, parameters: Parameters) -> list[Floats]:
        """Return each layer's output in floats, stated in its codes; hidden layers after the ReLU.

        Args:
            x: Inputs as fractions of the full scale, (n, inputs).
            parameters: Weights and biases, one pair a layer.

        Returns:
            An array (n, neurons) for each layer.
        """
        outputs = []
        for k, sums in enumerate(reference.float_sums(self.network, x, parameters)):
            y = sums * self.unit(k)
            outputs.append(np.maximum(y, 0) if k in self.hidden else y)
        return outputs

    def exact(self, k: int, x: ArrayLike) -> Floats:
        """Return S of layer k with exact products Σ X·W / L in place of streams, so without the product bias either.

        Args:
            k: Index of a layer with weights.
            x: Its inputs in codes, which may be fractions, (n, inputs).
        """
        layer = self.network.layers[k]
        assert isinstance(layer, WeightedLayer)
        bias = reference.per_neuron(layer, layer.bias) + self.scales[k].product_bias
        return reference.weighted_sums(layer, layer.weights, x) / self.network.length + bias

    def stream(self, k: int, x: ArrayLike) -> NDArray[np.int64]:
        """Return S of layer k as the hardware sums it; x: codes (n, inputs)."""
        single = self._alone[k]
        assert single is not None
        return _sums(single, x)

    def _bounded(self, k: int, counts: Floats) -> Floats:
        """Return counts clipped where the float network clips, if it does (ReLU6)."""
        clip = self.scales[k].clip
        return counts if clip is None else np.minimum(counts, clip * self.unit(k))

    def ideal(self, k: int, s: Floats) -> Floats:
        """Return S / θ as a count, neither rounded nor clipped at L, but clipped where the float network clips."""
        theta = self.network.layers[k].theta
        assert theta is not None
        return self._bounded(k, np.asarray(np.maximum(s * (2.0**self.network.theta_frac / theta), 0)))

    def counts(self, k: int, s: Floats, *, clip: bool = True, rounded: bool = True) -> Floats:
        """Return the counts of A8 (window neuron) of layer k.

        Args:
            k: Index of a layer with neurons.
            s: Its sums, which may be fractions, (n, neurons).
            clip: Whether counts are clipped at L; else only where the float network clips.
            rounded: Whether counts are rounded.
        """
        theta = self.network.layers[k].theta
        assert theta is not None
        c = self.ideal(k, s)
        if rounded:
            c = np.maximum(np.floor_divide(s * 2.0 ** (self.network.theta_frac + 1) + theta, 2.0 * theta), 0)
        return np.minimum(c, self.network.length) if clip else self._bounded(k, c)

    def open_counts(self, k: int, s: NDArray[np.int64], top: int) -> NDArray[np.int64]:
        """Return the counts of A8 with the clip at `top` instead of L."""
        theta = self.network.layers[k].theta
        assert theta is not None
        return window_if(s, theta, self.network.theta_frac, top)

    def pooled(self, k: int, x: ArrayLike, *, rounded: bool = True) -> Floats:
        """Return the codes of pooling layer k, of inputs that may be fractions or above L; without its rounding."""
        return self.network.layers[k].real(x, rounded=rounded)

    def scores_exact(self, k: int, x: ArrayLike) -> Floats:
        """Return the scores with exact products from layer k on.

        Args:
            k: Index of the first layer that is computed.
            x: Its inputs in codes, which may be fractions, (n, inputs).
        """
        for j in range(k, len(self.network.layers) - 1):
            x = self.pooled(j, x) if self.pooling(j) else self.counts(j, self.exact(j, x))
        return self.exact(len(self.network.layers) - 1, x)

    def scores_stream(self, k: int, x: ArrayLike) -> NDArray[np.int64]:
        """Return the scores that the hardware gives from layer k on, for its input codes x, (n, inputs)."""
        for j in range(k, len(self.network.layers) - 1):
            layer = self.pooling(j)
            if layer is not None:
                x = layer.codes(np.asarray(x, dtype=np.int64))
            else:
                x = self.open_counts(j, self.stream(j, x), self.network.length)
        return self.stream(len(self.network.layers) - 1, x)

    def rebuilt(
        self,
        raw: NDArray[Any],
        *,
        length: int | None = None,
        narrower: Mapping[int, int] | None = None,
        theta: Mapping[int, float] | None = None,
    ) -> Network | None:
        """Return the same float network on other codes, by A12; so a suggestion can be tried.

        Args:
            raw: Samples, on which the product bias is measured that the biases take off.
            length: Another L.
            narrower: Factors by index of a layer, by which its scale w_s shrinks, so that its codes grow.
            theta: Factors by index of a hidden layer, of its full scale y_s.

        Returns:
            The network, or None where a θ would be above its greatest value.
        """
        old = self.network
        l_new = length or old.length
        picked = raw[np.linspace(0, len(raw) - 1, min(len(raw), _CALIBRATION_SAMPLES)).astype(np.int64)]
        x: NDArray[Any] = old.input.encode(picked, l_new)
        layers: list[Layer] = []
        x_s = 1.0
        for k, (layer, scale) in enumerate(zip(old.layers, self.scales, strict=True)):
            if not isinstance(layer, WeightedLayer):
                layers.append(layer)
                x = layer.codes(x.astype(np.int64))
                continue
            weights, bias = (self.model or self.grid)[k]
            w_s = scale.weight / (narrower or {}).get(k, 1)
            level = None
            if scale.output is not None:
                level = max(1, round(2.0**old.theta_frac * scale.output * (theta or {}).get(k, 1.0) / (w_s * x_s)))
                if level > THETA_MAX:
                    return None
            codes = _codes(weights * (l_new / w_s), l_new)
            wanted = bias * (l_new / (w_s * x_s))
            first = _codes(reference.per_bias(layer, wanted), l_new)
            trial = layer.replaced(weights=codes, bias=first, neuron=None if level is None else CountIf(level))
            plain = reference.weighted_sums(trial, codes, x) / l_new + reference.per_neuron(trial, first)
            product_bias = (_sums(alone(old, trial, l_new), x) - plain).mean(axis=0)
            trial = trial.replaced(bias=_codes(reference.per_bias(layer, wanted - product_bias), l_new))
            layers.append(trial)
            if level is not None:
                x = window_if(_sums(alone(old, trial, l_new), x), level, old.theta_frac, l_new)
                x_s *= w_s * level / 2.0**old.theta_frac
        return replace(old, length=l_new, layers=tuple(layers), info={})


def _codes(values: Floats, length: int) -> NDArray[np.int16]:
    """Return real numbers as codes: rounded and clipped to ±(L − 1), int16."""
    return np.clip(np.rint(values), 1 - length, length - 1).astype(np.int16)


def entropy_codes(codes: NDArray[Any]) -> float:
    """Return 2^H of codes, with H the entropy of their distribution in bits.

    It is the number of codes that, used equally often, would carry as much information.

    Example:
        >>> entropy_codes(np.array([0, 0, 1, 1])), entropy_codes(np.array([3, 3]))
        (2.0, 1.0)
    """
    p = np.unique(codes, return_counts=True)[1] / codes.size
    return float(2.0 ** -math.fsum(p * np.log2(p)))
