"""From a SpikingNet to a `Network` of `lif` neurons on streams (docs/arithmetic.md, A13 and A17).

One clock is one time step, so a window of L clocks is a run of T = L steps; the input of step t is bit t of the input's
stream (`stream_encode`), which is what a network that is to be exported should be trained on. What differs from the
float network is that a weight is a stream as well, in each clock one bit whose mean is w / w_s, and that β and the
membrane are integers. `StreamSpikingNet` has all of it in its forward pass: what is trained is what runs.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import require
from ..network import DenseLayer, InputSpec, Network
from ..neurons import LifParams
from ..sources import log2_length, source
from .bit_true_layers import weight_codes
from .bit_true_lif import cell_values, integer_lif, lif_codes
from .cells import IFCell, LIFCell, SpikingCell
from .snn import SpikingNet

__all__ = ["LifFloats", "StreamSpikingNet", "lif_network", "to_lif_network"]

# Fraction bits of a membrane that is to keep β's decay of small values.
_THETA_FRAC = 8
_WEIGHT_SHARES = np.linspace(0.3, 1.0, 29)


def _weight_scale(weight: Tensor, bias: Tensor, length: int) -> float:
    """Return the w_s for which the codes of weights and biases are closest to them in mean square."""
    values = torch.cat([weight, bias[:, None]], dim=1).double()
    top = float(values.abs().max())
    if top == 0:
        return 1.0
    tried = []
    for share in _WEIGHT_SHARES:
        w_s = float(share) * top * length / (length - 1)
        codes = (values * (length / w_s)).round().clamp(1 - length, length - 1)
        tried.append((float((codes * (w_s / length) - values).square().sum()), w_s))
    return min(tried)[1]


def _codes(values: Tensor, w_s: float, length: int) -> Any:
    return weight_codes(values.detach(), w_s, length).cpu().numpy().astype(np.int16)


@dataclass(frozen=True, slots=True, eq=False)
class LifFloats:
    """A layer of leaky integrate-and-fire neurons in floats, u = β·v + W·x + b.

    weight: (out, in). A spike at u > theta (strict) or u ≥ theta; then v = u − theta, or v = v_reset where that is
    given, from which v starts as well.
    """

    weight: Tensor
    bias: Tensor
    theta: float
    beta: float
    strict: bool = True
    v_reset: float | None = None


def _floats(k: int, linear: nn.Linear, cell: SpikingCell) -> LifFloats:
    require(
        type(cell) in (LIFCell, IFCell),
        f"layer {k} has {type(cell).__name__}s: only LIFCell and IFCell have a lif neuron as counterpart",
    )
    for name, value in linear.named_parameters():
        require(bool(torch.isfinite(value).all()), f"layer {k} has a {name} that is not finite")
    bias = linear.bias if linear.bias is not None else torch.zeros(linear.out_features)
    return LifFloats(linear.weight.detach(), bias.detach(), *cell_values(cell))


def _layer(layer: LifFloats, length: int, f: int, scale: float | None) -> tuple[DenseLayer, dict[str, float]]:
    w_s = _weight_scale(layer.weight, layer.bias, length) if scale is None else scale
    level, factor = lif_codes(layer.theta, layer.beta, w_s, f, strict=layer.strict)
    weights, biases = _codes(layer.weight, w_s, length), _codes(layer.bias, w_s, length)
    synapses = np.concatenate([weights, biases[:, None]], axis=1)
    current = max(int((np.sign(synapses) == sign).sum(axis=1).max()) for sign in (1, -1)) << f
    # Wide enough for the potential that the greatest current for ever would give, so that nothing saturates.
    greatest = max(level, current * 256 / (256 - factor) if factor < 256 else current * length)
    hard: dict[str, int] = {}
    if layer.v_reset is not None:
        hard = {"reset_mode": 1, "v_reset": round(layer.v_reset * 2**f / w_s)}
    greatest = max(greatest, abs(hard.get("v_reset", 0)))
    width = min(32, max(16, math.ceil(math.log2(greatest + 1)) + 1))
    leak = {"leak_mode": 1, "beta": factor} if factor < 256 else {"leak_mode": 0, "leak_shift": 0}
    lif = LifParams(level, width, **leak, **hard)
    return DenseLayer(weights, biases, None, lif), {"weight": w_s, "theta": layer.theta, "beta": layer.beta}


def lif_network(
    layers: Sequence[LifFloats],
    *,
    length: int,
    input_spec: InputSpec,
    theta_frac: int = _THETA_FRAC,
    weight_scales: Sequence[float] | None = None,
    name: str = "network",
    info: Mapping[str, Any] | None = None,
) -> Network:
    """Return the Network of `lif` layers for layers in floats, see `to_lif_network`, which takes them from a model."""
    log2_length(length)
    require(0 <= theta_frac <= 15, f"theta_frac must be in [0, 15], got {theta_frac}")
    scales: Sequence[float | None] = [None] * len(layers) if weight_scales is None else weight_scales
    require(len(scales) == len(layers), f"weight_scales must have {len(layers)} entries, got {len(scales)}")
    parts = [_layer(layer, length, theta_frac, scale) for layer, scale in zip(layers, scales, strict=True)]
    classes = len(layers[-1].bias)
    count = DenseLayer((length - 1) * np.eye(classes, dtype=np.int16), np.zeros(classes, dtype=np.int16), None)
    return Network(
        length=length,
        layers=(*(layer for layer, _ in parts), count),
        input=input_spec,
        theta_frac=theta_frac,
        name=name,
        info={"scales": [scale for _, scale in parts], **(info or {})},
    )


def to_lif_network(
    model: SpikingNet,
    *,
    length: int,
    input_spec: InputSpec,
    theta_frac: int = _THETA_FRAC,
    weight_scales: Sequence[float] | None = None,
    name: str = "network",
    info: Mapping[str, Any] | None = None,
) -> Network:
    """Return the Network of `lif` layers that runs `model` on streams of `length` bits, one clock for each step.

    model: SpikingNet of LIFCells (or IFCells in hidden layers), with n_input = input_spec.size; it is not changed. Each
    layer gets the weight scale w_s that keeps its codes closest to its weights, or its own of weight_scales. Thresholds
    and currents are in LSBs of w_s / 2^theta_frac, the threshold one LSB above θ because the cells fire at u > θ (A13);
    β is rounded to 1 / 256. The output layer's neurons are followed by a readout that counts their spikes: weight L − 1
    from each to its score, a stream whose bit is 1 in every clock but the last. Raises ScError for other cells, other
    shapes, numbers that are not finite, and where currents do not fit 32 bits.
    """
    require(isinstance(model, SpikingNet), f"the model must be a SpikingNet, got {type(model).__name__}")
    require(
        input_spec.size == model.n_input,
        f"the network takes {model.n_input} inputs, the samples have {input_spec.size}",
    )
    return lif_network(
        [_floats(k, linear, cell) for k, (linear, cell) in enumerate(model.layers())],
        length=length,
        input_spec=input_spec,
        theta_frac=theta_frac,
        weight_scales=weight_scales,
        name=name,
        info=info,
    )


class _StreamProduct(torch.autograd.Function):
    """y[t] = x[t]·bits[t]ᵀ with the weights' bits of clock t; backward for x the same, for the codes x·g / L."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, codes: Tensor, r: Tensor) -> Tensor:
        bits = torch.where(codes.abs() > r[:, None, None], codes.sign(), codes.new_zeros(()))
        ctx.save_for_backward(x, bits)
        return torch.bmm(x, bits.transpose(1, 2))

    @staticmethod
    def backward(ctx: Any, *grad: Tensor) -> tuple[Tensor | None, Tensor, None]:
        x, bits = ctx.saved_tensors
        g = grad[0]
        g_x = torch.bmm(g, bits) if ctx.needs_input_grad[0] else None
        return g_x, g.flatten(0, 1).T @ x.flatten(0, 1) / len(x), None


class StreamSpikingNet(nn.Module):
    """A SpikingNet as the hardware runs it, to be trained: weights are streams of bits, membranes integers; T = L.

    model: SpikingNet of LIFCells (or IFCells), copied; its weight scales are chosen now and kept. length: L.
    theta_frac: f, a membrane's LSB is w_s / 2^f. forward takes (L, B, n_input), `stream_encode`'s bits, and returns
    (spike_counts, membrane_acc) as SpikingNet does; the counts leave out the last clock, as the hardware's readout
    does, and are the scores of `to_network()` on every back end, bit for bit. The gradient of a weight is that of its
    mean, that of a spike the surrogate's.
    """

    def __init__(self, model: SpikingNet, length: int, theta_frac: int = 12) -> None:
        super().__init__()
        require(isinstance(model, SpikingNet), f"the model must be a SpikingNet, got {type(model).__name__}")
        log2_length(length)
        require(0 <= theta_frac <= 15, f"theta_frac must be in [0, 15], got {theta_frac}")
        self.net, self.length, self.n_input = copy.deepcopy(model), length, model.n_input
        self.theta_frac = theta_frac
        self.weight_scales: list[float] = []
        self.register_buffer("r", torch.tensor(source("vdc", length), dtype=torch.float32), persistent=False)
        for k, (linear, cell) in enumerate(self.net.layers()):
            _floats(k, linear, cell)  # refuses what has no counterpart
            self.weight_scales.append(_weight_scale(linear.weight.detach(), linear.bias.detach(), length))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return (spike_counts, membrane_acc), each (B, n_output), for bits x (L, B, n_input)."""
        wanted = (self.length, self.n_input)
        fits = x.ndim == 3 and (x.shape[0], x.shape[2]) == wanted
        require(fits, f"x must have shape ({wanted[0]}, batch, {wanted[1]}), time first, got {tuple(x.shape)}")
        membrane = x
        for k, ((_, cell), w_s) in enumerate(zip(self.net.layers(), self.weight_scales, strict=True)):
            x, membrane = integer_lif(self.sums(k, x), cell, w_s, self.theta_frac)
        return x[:-1].sum(dim=0), membrane

    def sums(self, k: int, x: Tensor) -> Tensor:
        """Return Σ over the synapses of layer k of the product bits of each clock: integers, (L, B, neurons)."""
        linear, w_s = self.net.layers()[k][0], self.weight_scales[k]
        synapses = weight_codes(torch.cat([linear.weight, linear.bias[:, None]], dim=1), w_s, self.length)
        with_bias = torch.cat([x, x.new_ones(*x.shape[:2], 1)], dim=2)
        sums: Tensor = _StreamProduct.apply(with_bias, synapses, self.r)  # type: ignore[no-untyped-call]
        return sums

    def clip(self) -> None:
        """Bring weights and biases back to the range of their codes, from beyond which no gradient brings them."""
        with torch.no_grad():
            for (linear, _), w_s in zip(self.net.layers(), self.weight_scales, strict=True):
                top = w_s * (self.length - 1) / self.length
                linear.weight.clamp_(-top, top)
                linear.bias.clamp_(-top, top)

    def to_network(
        self, input_spec: InputSpec, *, name: str = "network", info: Mapping[str, Any] | None = None
    ) -> Network:
        """Return the Network that computes this forward pass, see `to_lif_network`."""
        return to_lif_network(
            self.net,
            length=self.length,
            input_spec=input_spec,
            theta_frac=self.theta_frac,
            weight_scales=self.weight_scales,
            name=name,
            info=info,
        )
