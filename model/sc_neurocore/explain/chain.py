"""The stages of a network from float to hardware, layer by layer, and networks that differ from it in one respect.

Everything is in codes: X and counts (L is 1), sums in units of S. What depends on the type of a layer is in the layer.
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

# Rebuilding measures stream errors on so many samples, evenly spaced, as training does.
_CALIBRATION_SAMPLES = 1024
# Of a layer's exact table, at up to four bytes each.
_TABLE_ENTRIES = 1 << 26


def alone(network: Network, layer: WeightedLayer, length: int | None = None) -> Network:
    """Return the network whose scores are the sums S of that one layer (A6, A19): the layer as a readout."""
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
    # The table is the faster where it holds; `explain` compares its counts with the packed simulator's.
    entries = single.weighted[0].synapses.size * (single.length + 1)
    run = packed.run if single.mux or entries > _TABLE_ENTRIES else lookup.run
    return run(single, np.asarray(x, dtype=np.uint16)).scores.astype(np.int64)


def without_channels(network: Network, gone: Mapping[int, Sequence[int]]) -> Network:
    """Return the network without those channels (indices, by hidden layer), and without the weights that read them.

    A neuron of a dense layer is a channel. Scores stay the same on every sample on which no neuron of these channels is
    above 0 (A10).
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

    model: the float weights and biases that were converted, one pair a layer, where they are known; else the codes
    stand for themselves. Raises ScError for a network with `lif` layers, and for scales that do not fit.
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
        """Return layer k if it is one without weights, as pooling."""
        layer = self.network.layers[k]
        return None if isinstance(layer, WeightedLayer) else layer

    def unit(self, k: int) -> float:
        """Codes of layer k's output that stand for the value 1."""
        scale = self.scales[k]
        return self.network.length / (scale.output or scale.sum)

    def floats(self, x: Floats, parameters: Parameters) -> list[Floats]:
        """Return each layer's float output in its codes, (n, neurons); x: fractions of the full scale, (n, inputs)."""
        outputs = []
        for k, sums in enumerate(reference.float_sums(self.network, x, parameters)):
            y = sums * self.unit(k)
            outputs.append(np.maximum(y, 0) if k in self.hidden else y)
        return outputs

    def exact(self, k: int, x: ArrayLike) -> Floats:
        """Return S of layer k with exact products Σ X·W / L in place of streams, so without the product bias either."""
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
        """Return S / θ as a count, neither rounded nor clipped at L."""
        theta = self.network.layers[k].theta
        assert theta is not None
        return self._bounded(k, np.asarray(np.maximum(s * (2.0**self.network.theta_frac / theta), 0)))

    def counts(self, k: int, s: Floats, *, clip: bool = True, rounded: bool = True) -> Floats:
        """Return A8 of layer k's sums, which may be fractions; without its clip at L or without its rounding."""
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
        """Return the scores with exact products from layer k on."""
        for j in range(k, len(self.network.layers) - 1):
            x = self.pooled(j, x) if self.pooling(j) else self.counts(j, self.exact(j, x))
        return self.exact(len(self.network.layers) - 1, x)

    def scores_stream(self, k: int, x: ArrayLike) -> NDArray[np.int64]:
        """Return the scores that the hardware gives from layer k on."""
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
        """Return the same float network on other codes, by A12; None where it has none (a θ out of range).

        raw: samples, on which the product bias that the biases take off is measured. length: L. narrower: factors by
        which the scale w_s of a layer shrinks, so that its codes grow. theta: factors of a hidden layer's full scale
        y_s.
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
    return np.clip(np.rint(values), 1 - length, length - 1).astype(np.int16)


def entropy_codes(codes: NDArray[Any]) -> float:
    """Return 2^entropy of the distribution of codes."""
    p = np.unique(codes, return_counts=True)[1] / codes.size
    return float(2.0 ** -math.fsum(p * np.log2(p)))
