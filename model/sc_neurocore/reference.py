"""The float network behind a network's codes (A12): the same weights, inputs and activations in floating point.

It answers what the codes stand for, and what streams and rounding change. Training reports its accuracy beside that of
the hardware, and `explain` starts from it. What depends on the kind of a layer is in the layer itself. This module
needs NumPy only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import checks
from .errors import ScError, require
from .network import Network, WeightedLayer
from .neurons import classify

__all__ = [
    "Floats",
    "Scale",
    "float_classes",
    "float_sums",
    "parameters",
    "per_bias",
    "per_neuron",
    "scales",
    "weighted_sums",
]

Floats = NDArray[np.float64]


# Scales beyond these are damage; within them no float that is computed with them overflows. A product errs by less than
# 5 (A11, exact table), so the excess of a neuron is below that times its synapses.
_SCALE_MAX, _EXCESS_MAX = 1e100, 1e9


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """What a layer's codes stand for in the float network (A12, what training may assume).

    Attributes:
        weight: w_s, the weight for which the code L stands.
        input: x_s, the activation for which the code L of an input stands.
        output: y_s, the same for the outputs; None for the readout, whose sums are not codes.
        product_bias: Mean of S − Σ X · W / L, shape (neurons,). Products of streams err to one side (A11), and the
            codes of the biases take the mean of this error off.
        clip: Upper bound of the float network's activation, as of ReLU6; None without a bound.
    """

    weight: float
    input: float
    output: float | None
    product_bias: Floats
    clip: float | None = None

    @property
    def sum(self) -> float:
        """The value for which a sum S = L stands: w_s · x_s."""
        return self.weight * self.input


def weighted_sums(layer: WeightedLayer, weights: ArrayLike, x: ArrayLike) -> Floats:
    """Return Σ weights · x of each neuron (A6, add; A19, convolution), without the bias, float64, shape (n, neurons).

    Args:
        layer: The layer.
        weights: Numbers of the shape of layer.weights, codes or reals.
        x: Values of the layer's inputs, shape (n, inputs).
    """
    return layer.float_sums(weights, x)


def per_neuron(layer: WeightedLayer, values: ArrayLike) -> Floats:
    """Return one number for each neuron, shape (neurons,), from one for each bias code.

    Neurons at different positions of a convolution share a bias; the two functions translate between both countings.
    """
    a = np.asarray(values, dtype=np.float64).reshape(layer.bias.shape)
    return np.tile(a, layer.neurons // a.size)


def per_bias(layer: WeightedLayer, values: ArrayLike) -> Floats:
    """Return one number for each bias code, the mean over its neurons, from one for each neuron."""
    means: Floats = np.asarray(values, dtype=np.float64).reshape(-1, layer.bias.size).mean(axis=0)
    return means


def scales(network: Network) -> tuple[Scale, ...]:
    """Return the scale of every layer, from network.info["scales"], which has an entry for each layer but pooling.

    Pooling keeps the scale of its input. If info has no scales, the code L of a weight stands for 1, y_s follows from θ
    (A12), and there is no product bias.

    Raises:
        ScError: For networks with `lif` layers, to which A12 does not apply, and for scales that do not fit the
            network.
    """
    network.one_window("the float network of A12")
    other = network.other_neurons
    require(
        other is None,
        f"{network.name} has {other} layers, and a float network (A12) is only defined for layers of window_if "
        "neurons: compare it with the network that it was trained or imported from",
    )
    given = network.info.get("scales")
    if given is not None:
        rule = f"a list of {len(network.weighted)} entries, one a layer that has weights"
        given = checks.sequence(f"info.scales of {network.name}", given, rule, len(network.weighted))
    result: list[Scale] = []
    # `value` is the scale of the current layer's input; `entry` counts the layers that have weights.
    value, entry = 1.0, 0
    for layer in network.layers:
        if not isinstance(layer, WeightedLayer):
            result.append(Scale(1.0, value, value, np.zeros(layer.neurons)))
            continue
        if given is None:
            output = None if layer.theta is None else layer.theta * value / 2.0**network.theta_frac
            result.append(Scale(1.0, value, output, np.zeros(layer.neurons)))
        else:
            where = f"info.scales[{entry}] of {network.name}"
            result.append(_scale(layer, given[entry], value, network.theta_frac, where))
            entry += 1
        value = result[-1].output or value
    return tuple(result)


def _scale(layer: WeightedLayer, entry: Any, before: float, theta_frac: int, where: str) -> Scale:
    """Return the scale of one layer.

    Args:
        layer: The layer.
        entry: Its entry of info["scales"].
        before: The output scale of the layer before, which the entry's input scale must equal.
        theta_frac: Fraction bits of the threshold.
        where: What errors call the entry.

    Raises:
        ScError: If an entry is missing, or contradicts the layer before or the threshold.
    """
    if not isinstance(entry, Mapping):
        raise ScError(f"{where} must hold weight, input, output and excess, got {checks.shown(entry)}")
    weight, value = _number(entry, "weight", where), _number(entry, "input", where)
    require(
        math.isclose(value, before, rel_tol=1e-6),
        f"{where}: input must be {before:g}, the output of the layer before (1 for the first), got {value:g}: correct "
        "the entry, or leave info.scales out",
    )
    output = None
    if layer.theta is not None:
        output = _number(entry, "output", where)
        wanted = layer.theta * weight * value / 2.0**theta_frac
        require(
            math.isclose(output, wanted, rel_tol=1e-6),
            f"{where}: output must be theta · weight · input / 2^theta_frac = {wanted:g} (A12), got {output:g}: "
            "correct the entry, or leave info.scales out",
        )
    given = entry.get("excess", np.zeros(layer.bias.shape))  # the artifact's word for the product bias
    product_bias = checks.floats(f"{where}: excess", given, layer.bias.shape)
    most = float(np.abs(product_bias).max(initial=0.0))
    require(
        most <= _EXCESS_MAX,
        f"{where}: excess, the mean error of a neuron's products, must be in [-{_EXCESS_MAX:g}, {_EXCESS_MAX:g}], got "
        f"a magnitude of {most:g}",
    )
    clip = None if entry.get("clip") is None or layer.theta is None else _number(entry, "clip", where)
    return Scale(weight, value, output, per_neuron(layer, product_bias), clip)


def _number(entry: Mapping[str, Any], name: str, where: str) -> float:
    """Return an entry that must be a number above 0."""
    return checks.number(f"{where}: {name}", entry.get(name), 0.0, _SCALE_MAX, open_low=True)


def parameters(network: Network) -> tuple[tuple[Floats, Floats], ...]:
    """Return the real weights and biases for which each layer's codes stand.

    Without streams there is no product bias, so the part of the bias codes that takes it off is added back.

    Returns:
        For each layer (weights, biases): weights of the shape of the codes, biases of shape (neurons,). Pooling has
        neither, so its arrays are empty.
    """
    length = network.length
    found: list[tuple[Floats, Floats]] = []
    for layer, scale in zip(network.layers, scales(network), strict=True):
        if not isinstance(layer, WeightedLayer):
            found.append((np.zeros(0), np.zeros(0)))
            continue
        weights = layer.weights.astype(np.float64) * (scale.weight / length)
        found.append((weights, (per_neuron(layer, layer.bias) + scale.product_bias) * (scale.sum / length)))
    return tuple(found)


def float_sums(network: Network, x: ArrayLike, values: Sequence[tuple[Floats, Floats]] | None = None) -> list[Floats]:
    """Return what every layer of the float network computes, one array of shape (n, neurons) for each layer.

    For a layer with weights W, bias b and input y this is W·y + b, before the ReLU, and clipped at the upper bound of
    the activation if there is one. For pooling it is the pooled values.

    Args:
        network: The network.
        x: Inputs as fractions of the full scale, shape (n, inputs).
        values: Weights and biases to use instead of `parameters(network)`.
    """
    sums: list[Floats] = []
    y = np.asarray(x, dtype=np.float64)
    for layer, scale, (weights, bias) in zip(
        network.layers, scales(network), values or parameters(network), strict=True
    ):
        if not isinstance(layer, WeightedLayer):
            y = layer.real(y)
            sums.append(y)
            continue
        found = layer.float_sums(weights, y) + bias
        sums.append(found if scale.clip is None else np.minimum(found, scale.clip))
        y = np.maximum(sums[-1], 0)
    return sums


def float_classes(network: Network, x: ArrayLike) -> NDArray[np.int64]:
    """Return the class of each sample by the float network, shape (n,): no codes of inputs and activations, no streams.

    Args:
        network: The network.
        x: Inputs as fractions of the full scale, shape (n, inputs).
    """
    return classify(float_sums(network, x)[-1])
