"""The float network behind a network's codes (A12): the same weights, inputs and activations in floating point.

Training states its accuracy beside the hardware's, and `explain` starts from it. What depends on the type of a layer
is in three functions, `weighted_sums`, `per_neuron` and `per_bias`. NumPy only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import ScError, require
from .network import DenseLayer, Network
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


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """What a layer's codes stand for (A12): weight w_s, input x_s, output y_s (None for the readout).

    excess: mean of S − Σ X · W / L that the bias codes take off, shape (neurons,).
    """

    weight: float
    input: float
    output: float | None
    excess: Floats

    @property
    def sum(self) -> float:
        """Value of S = L."""
        return self.weight * self.input


def weighted_sums(layer: DenseLayer, weights: ArrayLike, x: ArrayLike) -> Floats:
    """Return Σ weights · x of each neuron, bias not counted, float64 (n, neurons).

    weights: numbers of the shape of layer.weights, codes or reals. x: of the layer's inputs, (n, inputs).
    """
    sums: Floats = np.asarray(x, dtype=np.float64) @ np.asarray(weights, dtype=np.float64).T
    return sums


def per_neuron(layer: DenseLayer, values: ArrayLike) -> Floats:
    """Return one number a neuron from one a bias code, shape (neurons,)."""
    return np.asarray(values, dtype=np.float64).reshape(layer.neurons)


def per_bias(layer: DenseLayer, values: ArrayLike) -> Floats:
    """Return one number a bias code, the mean over its neurons, from one a neuron; the inverse of `per_neuron`."""
    return np.asarray(values, dtype=np.float64).reshape(layer.bias.shape)


def scales(network: Network) -> tuple[Scale, ...]:
    """Return the scale of every layer from network.info["scales"].

    Without that entry a code of L stands for 1 in the weights, y_s follows from θ (A12), and there is no excess.
    Raises ScError for `lif` layers, which A12 does not speak of, and for scales that do not fit the network.
    """
    require(not network.temporal, f"{network.name} has lif layers: A12's scales are those of window_if networks")
    given = network.info.get("scales")
    unit = 2.0**network.theta_frac
    if given is None:
        found, value = [], 1.0
        for layer in network.layers:
            output = None if layer.theta is None else layer.theta * value / unit
            found.append(Scale(1.0, value, output, np.zeros(layer.neurons)))
            value = output or value
        return tuple(found)
    require(
        isinstance(given, Sequence) and not isinstance(given, str) and len(given) == len(network.layers),
        f"info.scales of {network.name} must be a list of {len(network.layers)} entries, one a layer",
    )
    result: list[Scale] = []
    for k, (layer, entry) in enumerate(zip(network.layers, given, strict=True)):
        where = f"info.scales[{k}] of {network.name}"
        require(isinstance(entry, Mapping), f"{where} must hold weight, input, output and excess, got {entry!r}")
        weight, value = _number(entry, "weight", where), _number(entry, "input", where)
        before = result[-1].output if result else 1.0
        require(
            before is not None and math.isclose(value, before, rel_tol=1e-6),
            f"{where}: input must be {before:g}, the output of the layer before (1 for the first), got {value:g}",
        )
        output = None
        if layer.theta is not None:
            output = _number(entry, "output", where)
            wanted = layer.theta * weight * value / unit
            require(
                math.isclose(output, wanted, rel_tol=1e-6),
                f"{where}: output must be theta · weight · input / 2^theta_frac = {wanted:g} (A12), got {output:g}",
            )
        try:
            excess = per_neuron(layer, entry.get("excess", np.zeros(layer.bias.shape)))
        except (TypeError, ValueError):
            raise ScError(f"{where}: excess must be {layer.bias.size} numbers") from None
        require(bool(np.isfinite(excess).all()), f"{where}: excess must be finite")
        result.append(Scale(weight, value, output, excess))
    return tuple(result)


def _number(entry: Mapping[str, Any], name: str, where: str) -> float:
    value = entry.get(name)
    require(
        isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value > 0,
        f"{where}: {name} must be a number above 0, got {value!r}",
    )
    return float(value)  # type: ignore[arg-type]


def parameters(network: Network) -> tuple[tuple[Floats, Floats], ...]:
    """Return each layer's weights, of the shape of its codes, and biases, (neurons,), as the reals they stand for.

    Without streams there is no excess, so the part of the bias that takes it off is not there either.
    """
    length = network.length
    return tuple(
        (
            layer.weights.astype(np.float64) * (scale.weight / length),
            (per_neuron(layer, layer.bias) + scale.excess) * (scale.weight * scale.input / length),
        )
        for layer, scale in zip(network.layers, scales(network), strict=True)
    )


def float_sums(network: Network, x: ArrayLike, values: Sequence[tuple[Floats, Floats]] | None = None) -> list[Floats]:
    """Return W·y + b of every layer of the float network, before the ReLU of hidden ones, (n, neurons) each.

    x: inputs as fractions of the full scale, (n, inputs). values: other weights and biases than `parameters`.
    """
    sums: list[Floats] = []
    y = np.asarray(x, dtype=np.float64)
    for layer, (weights, bias) in zip(network.layers, values or parameters(network), strict=True):
        sums.append(weighted_sums(layer, weights, y) + bias)
        y = np.maximum(sums[-1], 0)
    return sums


def float_classes(network: Network, x: ArrayLike) -> NDArray[np.int64]:
    """Classify with the network's weights in floating point: no codes of inputs and activations, no streams.

    x: inputs as fractions of the full scale, (n, inputs).
    """
    return classify(float_sums(network, x)[-1])
