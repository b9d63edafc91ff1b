"""From a float network of `Linear` and `ReLU` to a `Network`: scales from calibration data, then a rewrite (A12)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from ..errors import ScError, require
from ..network import THETA_FRAC, THETA_MAX, DenseLayer, InputSpec, Network
from ..sources import log2_length
from .streams import LayerScale, bias_codes, weight_codes, window_counts, window_sum

__all__ = ["calibrate", "linear_layers", "measure_excess", "rewrite", "to_network"]

# Calibration reads this many samples at most, evenly spaced: scales settle with far fewer.
_CALIBRATION_SAMPLES = 1024
# Shares of the largest magnitude that are tried as full scale.
_WEIGHT_SHARES = np.linspace(0.2, 1.0, 33)
_ACTIVATION_SHARES = np.linspace(0.05, 1.0, 77)


def _flat(model: nn.Sequential, path: str = "") -> Iterator[tuple[str, nn.Module]]:
    for name, module in model.named_children():
        if isinstance(module, nn.Sequential):
            yield from _flat(module, f"{path}{name}.")
        else:
            yield f"{path}{name}", module


def linear_layers(model: nn.Sequential, inputs: int) -> list[nn.Linear]:
    """Return the Linear layers of a Sequential that computes Linear, ReLU, …, Linear from `inputs` values.

    Dropout and Identity, which do nothing at inference, and a Flatten of the whole sample in front of the first Linear
    are allowed and skipped. Anything else raises ScError with the position and the type of the module.
    """
    require(
        isinstance(model, nn.Sequential),
        f"the model must be a torch.nn.Sequential of Linear and ReLU, got {type(model).__name__}",
    )
    layers: list[nn.Linear] = []
    width, active = inputs, True
    for position, module in _flat(model):
        here = f"module {position} ({type(module).__name__})"
        if isinstance(module, (nn.Identity, nn.Dropout)):
            continue
        if isinstance(module, nn.Flatten):
            require(not layers, f"{here} must come before the first Linear")
            require(
                module.start_dim == 1 and module.end_dim == -1,
                f"{here} must flatten the whole sample (start_dim 1, end_dim −1), "
                f"got {module.start_dim}, {module.end_dim}",
            )
        elif type(module) is nn.Linear:
            require(active, f"{here} must be separated from the Linear before it by a ReLU")
            require(
                module.in_features == width,
                f"{here} takes {module.in_features} inputs but gets {width}: shapes must chain",
            )
            for name, values in module.named_parameters():
                require(bool(torch.isfinite(values).all()), f"{here} has a {name} that is not finite")
            layers.append(module)
            width, active = module.out_features, False
        elif type(module) is nn.ReLU:
            require(not active, f"{here} must follow a Linear")
            active = True
        else:
            raise ScError(f"{here} has no counterpart: the model must consist of Linear and ReLU")
    require(layers, "the model must hold at least one Linear, got none")
    require(not active, "the model must end with a Linear, whose sums are the class scores, got a ReLU at the end")
    return layers


def _best(errors: Sequence[float]) -> int:
    return int(np.argmin(errors))


def _weight_scale(layer: nn.Linear, x_s: float, values: Tensor, wanted: Tensor, hidden: bool, length: int) -> float:
    """Return the w_s for which quantised weights and bias come closest to the float layer's output."""
    bias = torch.zeros(layer.out_features) if layer.bias is None else layer.bias
    top = max(float(layer.weight.abs().max()), float(bias.abs().max()) / x_s)
    if top == 0:
        return 1.0
    # Code L − 1 is the greatest, so a full scale a little above `top` loses nothing.
    candidates = [float(share) * top * length / (length - 1) for share in _WEIGHT_SHARES]
    errors = []
    for w_s in candidates:
        w = weight_codes(layer.weight, w_s, length) * (w_s / length)
        b = weight_codes(bias, w_s * x_s, length) * (w_s * x_s / length)
        got = values @ w.T + b
        errors.append(float(((got.relu() if hidden else got) - wanted).square().mean()))
    return candidates[_best(errors)]


def _threshold(s: Tensor, scale: LayerScale, wanted: Tensor, theta_frac: int, length: int) -> LayerScale:
    """Return `scale` with the θ for which the counts come closest to the float layer's activations."""
    unit = scale.sum / 2.0**theta_frac
    top = float(wanted.max())
    tried: dict[int, float] = {}
    for share in _ACTIVATION_SHARES:
        theta = max(1, round(float(share) * top / unit)) if top > 0 else 1 << theta_frac
        require(
            theta <= THETA_MAX,
            f"theta must be in [1, {THETA_MAX}], got {theta}: the weights are too small for their activations at "
            f"theta_frac = {theta_frac}",
        )
        if theta not in tried:
            c = window_counts(s, theta, theta_frac, length)
            tried[theta] = float((c * (theta * unit / length) - wanted).square().mean())
    theta = min(tried, key=lambda t: (tried[t], t))
    return replace(scale, theta=theta, output=theta * unit)


def _some(samples: ArrayLike) -> NDArray[Any]:
    raw = np.asarray(samples)
    require(raw.ndim >= 2 and len(raw) > 0, f"calibration samples must have shape (n, features…), got {raw.shape}")
    if len(raw) > _CALIBRATION_SAMPLES:
        raw = raw[np.linspace(0, len(raw) - 1, _CALIBRATION_SAMPLES).astype(np.int64)]
    return raw


def _sums(layer: nn.Linear, w_s: float, codes: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """Return S without bias, and its mean excess over the plain product."""
    w = weight_codes(layer.weight, w_s, length)
    s = window_sum(codes, w, length)
    return s, (s - codes @ w.T / length).mean(dim=0)


def measure_excess(
    layers: Sequence[nn.Linear],
    scales: Sequence[LayerScale],
    samples: ArrayLike,
    input_spec: InputSpec,
    length: int,
    theta_frac: int,
) -> tuple[LayerScale, ...]:
    """Return the scales with the excess that the present weights have; scales and thresholds stay."""
    x = torch.from_numpy(input_spec.encode(_some(samples), length).astype(np.float32)).to(layers[0].weight.dtype)
    measured: list[LayerScale] = []
    with torch.no_grad():
        for layer, old in zip(layers, scales, strict=True):
            s, excess = _sums(layer, old.weight, x, length)
            scale = replace(old, excess=excess)
            if scale.theta is not None:
                x = window_counts(s + bias_codes(layer.bias, scale, length), scale.theta, theta_frac, length)
            measured.append(scale)
    return tuple(measured)


def calibrate(
    layers: Sequence[nn.Linear], samples: ArrayLike, input_spec: InputSpec, length: int, theta_frac: int = THETA_FRAC
) -> tuple[LayerScale, ...]:
    """Return the scale of every layer that keeps the quantised outputs closest to the float ones, in mean square.

    samples: raw integers as `InputSpec.encode` takes them, (n, *shape); training data, never test data. Layer by layer,
    w_s is chosen with the activations that the quantised layers before give, then θ with the exact window sums.
    """
    raw = _some(samples)
    dtype = layers[0].weight.dtype
    codes = torch.from_numpy(input_spec.encode(raw, length).astype(np.float32)).to(dtype)
    floats = torch.from_numpy(input_spec.pooled(raw) / input_spec.full_scale).to(dtype)
    scales: list[LayerScale] = []
    x_s = 1.0
    with torch.no_grad():
        for k, layer in enumerate(layers):
            hidden = k < len(layers) - 1
            wanted = layer(floats)
            wanted = wanted.relu() if hidden else wanted
            w_s = _weight_scale(layer, x_s, codes * (x_s / length), wanted, hidden, length)
            s, excess = _sums(layer, w_s, codes, length)
            scale = LayerScale(w_s, x_s, excess)
            if hidden:
                s = s + bias_codes(layer.bias, scale, length)
                scale = _threshold(s, scale, wanted, theta_frac, length)
                assert scale.theta is not None
                assert scale.output is not None
                codes = window_counts(s, scale.theta, theta_frac, length)
                x_s = scale.output
            floats = wanted
            scales.append(scale)
    return tuple(scales)


def _int16(codes: Tensor) -> NDArray[np.int16]:
    return codes.detach().round().numpy().astype(np.int16)


def rewrite(
    layers: Sequence[nn.Linear],
    scales: Sequence[LayerScale],
    *,
    length: int,
    input_spec: InputSpec,
    theta_frac: int = THETA_FRAC,
    name: str = "network",
    info: Mapping[str, Any] | None = None,
) -> Network:
    """Return the Network whose codes are those of `streams.forward` with these scales; nothing is chosen here."""
    facts: dict[str, Any] = {
        "scales": [
            {
                "weight": scale.weight,
                "input": scale.input,
                "output": scale.output,
                "excess": [round(float(e), 4) for e in scale.excess],
            }
            for scale in scales
        ]
    }
    return Network(
        length=length,
        layers=tuple(
            DenseLayer(
                _int16(weight_codes(layer.weight, scale.weight, length)),
                _int16(bias_codes(layer.bias, scale, length)),
                scale.theta,
            )
            for layer, scale in zip(layers, scales, strict=True)
        ),
        input=input_spec,
        theta_frac=theta_frac,
        name=name,
        info={**facts, **(info or {})},
    )


def to_network(
    model: nn.Sequential,
    samples: ArrayLike,
    *,
    length: int,
    input_spec: InputSpec,
    theta_frac: int = THETA_FRAC,
    name: str = "network",
    info: Mapping[str, Any] | None = None,
) -> Network:
    """Return the Network that computes what `model` computes, on the grid of A2.

    model: Sequential of Linear and ReLU, ending with a Linear (see `linear_layers`); it maps `input_spec.size` floats,
    the pooled samples divided by `input_spec.full_scale`, to class scores, and is not changed.
    samples: raw integers, shape (n, *input_spec.shape), from the training data; they set the scales, best with some
    hundred. length: L. info: plain JSON facts that the artifact keeps.
    Raises ScError for any other module, for shapes that do not chain and for parameters that are not finite.
    """
    log2_length(length)
    require(0 <= theta_frac <= 15, f"theta_frac must be in [0, 15], got {theta_frac}")
    layers = linear_layers(model, input_spec.size)
    scales = calibrate(layers, samples, input_spec, length, theta_frac)
    return rewrite(layers, scales, length=length, input_spec=input_spec, theta_frac=theta_frac, name=name, info=info)
