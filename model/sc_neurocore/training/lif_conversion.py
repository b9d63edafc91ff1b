"""From a SpikingNet to a `Network` of `lif` neurons on streams (A13, neuron `lif`; A17, streaming).

One clock is one time step, so a window of L clocks is a run of T = L steps. The input of step t is bit t of the input's
stream (`stream_encode`), which is what a network that is to be exported should be trained on.

Two things differ from the float network. A weight is a stream as well: in each clock it is one bit, whose mean is
w / w_s. And β and the membrane are integers. `StreamSpikingNet` has both in its forward pass, so what is trained is
what runs.
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


def weight_scale(weight: Tensor, bias: Tensor, length: int) -> float:
    """Return the w_s for which the codes of weights and biases come closest to them in mean square."""
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
    """A layer of leaky integrate-and-fire neurons in real numbers, u = β·v + W·x + b.

    It is what `lif_network` takes, so that models of other frameworks can use the same conversion as a `SpikingNet`.

    Attributes:
        weight: W, (out, in).
        bias: b, (out,).
        theta: θ, the threshold.
        beta: β, the leak factor, 0 … 1.
        strict: Whether a spike needs u > θ, or else u ≥ θ.
        v_reset: None for subtract reset, v = u − θ. Otherwise the value that v takes after a spike, and starts from.
    """

    weight: Tensor
    bias: Tensor
    theta: float
    beta: float
    strict: bool = True
    v_reset: float | None = None


def clip_weights(net: SpikingNet, scales: Sequence[float], length: int) -> None:
    """Bring weights and biases back to the range of their codes, |w| ≤ w_s·(L − 1)/L, in place.

    Args:
        net: The model whose weights are clipped.
        scales: w_s of each of its layers.
        length: L.
    """
    with torch.no_grad():
        for (linear, _), w_s in zip(net.layers(), scales, strict=True):
            top = w_s * (length - 1) / length
            linear.weight.clamp_(-top, top)
            linear.bias.clamp_(-top, top)


def layer_floats(k: int, linear: nn.Linear, cell: SpikingCell) -> LifFloats:
    """Return layer k in real numbers; ScError for other cells than LIFCell and IFCell, and for NaN or infinity."""
    require(
        type(cell) in (LIFCell, IFCell),
        f"layer {k} has {type(cell).__name__}s: only LIFCell and IFCell have a lif neuron as counterpart",
    )
    for name, value in linear.named_parameters():
        require(bool(torch.isfinite(value).all()), f"layer {k} has a {name} that is not finite")
    bias = linear.bias if linear.bias is not None else torch.zeros(linear.out_features)
    return LifFloats(linear.weight.detach(), bias.detach(), *cell_values(cell))


def _layer(layer: LifFloats, length: int, f: int, scale: float | None) -> tuple[DenseLayer, dict[str, float]]:
    """Return the integer layer and what its codes stand for.

    The potential gets 16 to 32 bits: as many as it needs not to saturate at the greatest current, applied for ever.

    Args:
        layer: The layer in real numbers.
        length: L.
        f: `theta_frac`, fraction bits of potential and threshold.
        scale: w_s, or None to choose the best.
    """
    w_s = weight_scale(layer.weight, layer.bias, length) if scale is None else scale
    level, factor = lif_codes(layer.theta, layer.beta, w_s, f, strict=layer.strict)
    weights, biases = _codes(layer.weight, w_s, length), _codes(layer.bias, w_s, length)
    synapses = np.concatenate([weights, biases[:, None]], axis=1)
    # The greatest current: all synapses of one sign give their bit in one clock.
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
    """Return the Network of `lif` layers for layers in real numbers; see `to_lif_network` for how they are rounded.

    Args:
        layers: The layers in order, the output layer last.
        length: L, equal to the number of steps.
        input_spec: How samples become codes.
        theta_frac: f, 0 … 15; the LSB of a layer's potentials is w_s / 2^f.
        weight_scales: w_s of each layer; None chooses them.
        name: Name of the network.
        info: More entries of `Network.info`.

    Raises:
        ScError: theta_frac or the number of weight scales is wrong, the length is not allowed, or numbers do not fit.
    """
    log2_length(length)
    require(0 <= theta_frac <= 15, f"theta_frac must be in [0, 15], got {theta_frac}")
    scales: Sequence[float | None] = [None] * len(layers) if weight_scales is None else weight_scales
    require(len(scales) == len(layers), f"weight_scales must have {len(layers)} entries, got {len(scales)}")
    parts = [_layer(layer, length, theta_frac, scale) for layer, scale in zip(layers, scales, strict=True)]
    classes = len(layers[-1].bias)
    # The readout counts the spikes of each output neuron.
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
    """Return the Network of `lif` layers that runs a model on streams of `length` bits, one clock for each step.

    Thresholds and currents are in LSBs of w_s / 2^theta_frac. The threshold is one LSB above θ, because the cells fire
    at u > θ and the neuron of A13 at u ≥ θ. β is rounded to 1 / 256. A readout behind the output layer counts the
    spikes of each of its neurons: it has the weight L − 1 from each neuron to its score, and that stream is 1 in every
    clock but the last.

    Args:
        model: A SpikingNet of LIFCells (or IFCells in hidden layers) with n_input = input_spec.size. It is not changed.
        length: L, equal to the number of steps T for which the model was trained.
        input_spec: How samples become codes.
        theta_frac: f, 0 … 15. More bits keep small values of a decaying potential.
        weight_scales: w_s of each layer; None chooses those that keep codes closest to weights.
        name: Name of the network.
        info: More entries of `Network.info`.

    Raises:
        ScError: The model has other cells or another input size, numbers that are not finite, or currents that do not
            fit 32 bits.
    """
    require(isinstance(model, SpikingNet), f"the model must be a SpikingNet, got {type(model).__name__}")
    require(
        input_spec.size == model.n_input,
        f"the network takes {model.n_input} inputs, the samples have {input_spec.size}",
    )
    return lif_network(
        [layer_floats(k, linear, cell) for k, (linear, cell) in enumerate(model.layers())],
        length=length,
        input_spec=input_spec,
        theta_frac=theta_frac,
        weight_scales=weight_scales,
        name=name,
        info=info,
    )


class _StreamProduct(torch.autograd.Function):
    """y[t] = x[t]·bits[t]ᵀ with the weights' bits of clock t.

    The gradient of x is that product's. The gradient of a code c is that of its mean, c / L.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, codes: Tensor, r: Tensor) -> Tensor:
        """Return y, (L, B, out), for x (L, B, in), codes (out, in) and the number source r (L,)."""
        bits = torch.where(codes.abs() > r[:, None, None], codes.sign(), codes.new_zeros(()))
        ctx.save_for_backward(x, bits)
        return torch.bmm(x, bits.transpose(1, 2))

    @staticmethod
    def backward(ctx: Any, *grad: Tensor) -> tuple[Tensor | None, Tensor, None]:
        """Return the gradients of x and of the codes."""
        x, bits = ctx.saved_tensors
        g = grad[0]
        g_x = torch.bmm(g, bits) if ctx.needs_input_grad[0] else None
        return g_x, g.flatten(0, 1).T @ x.flatten(0, 1) / len(x), None


class StreamSpikingNet(nn.Module):
    """A SpikingNet as the hardware runs it, to be trained: weights are streams of bits, membranes are integers, T = L.

    Training it after a float training lets the weights adapt to what streams and integers change. Its spike counts
    leave out the last clock, as the hardware's readout does; they are the scores of `to_network()` on every back end,
    bit for bit. The gradient of a weight is that of its mean, the gradient of a spike is the surrogate's.

    Args:
        model: A SpikingNet of LIFCells (or IFCells). It is copied, and its weight scales are chosen now and kept.
        length: L, the number of clocks, a power of two from 4 to 4096.
        theta_frac: f, 0 … 15; the LSB of a layer's potentials is w_s / 2^f.

    Attributes:
        net: The copy that is trained.
        weight_scales: w_s of each layer.

    Raises:
        ScError: The model has no counterpart in hardware, or length or theta_frac is not allowed.
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
            layer_floats(k, linear, cell)  # refuses what has no counterpart
            self.weight_scales.append(weight_scale(linear.weight.detach(), linear.bias.detach(), length))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Run all L clocks.

        Args:
            x: Bits of the input streams as `stream_encode` gives them, (L, B, n_input).

        Returns:
            (spike_counts, membrane_acc), each (B, n_output), as of SpikingNet. The last clock is not counted.

        Raises:
            ScError: x has another shape.
        """
        wanted = (self.length, self.n_input)
        fits = x.ndim == 3 and (x.shape[0], x.shape[2]) == wanted
        require(fits, f"x must have shape ({wanted[0]}, batch, {wanted[1]}), time first, got {tuple(x.shape)}")
        membrane = x
        for k, ((_, cell), w_s) in enumerate(zip(self.net.layers(), self.weight_scales, strict=True)):
            x, membrane = integer_lif(self.sums(k, x), cell, w_s, self.theta_frac)
        return x[:-1].sum(dim=0), membrane

    def sums(self, k: int, x: Tensor) -> Tensor:
        """Return what the counters of layer k give in each clock: Σ over its synapses of signed product bits.

        Args:
            k: Number of the layer, from 0.
            x: Input bits of the layer, (L, B, inputs).

        Returns:
            Whole numbers, (L, B, neurons); times w_s they are the currents.
        """
        linear, w_s = self.net.layers()[k][0], self.weight_scales[k]
        synapses = weight_codes(torch.cat([linear.weight, linear.bias[:, None]], dim=1), w_s, self.length)
        with_bias = torch.cat([x, x.new_ones(*x.shape[:2], 1)], dim=2)
        sums: Tensor = _StreamProduct.apply(with_bias, synapses, self.r)  # type: ignore[no-untyped-call]
        return sums

    def clip(self) -> None:
        """Bring weights and biases back to the range of their codes, in place, after a step of the optimizer.

        A weight beyond the range has no gradient, so nothing else would bring it back.
        """
        clip_weights(self.net, self.weight_scales, self.length)

    def to_network(
        self, input_spec: InputSpec, *, name: str = "network", info: Mapping[str, Any] | None = None
    ) -> Network:
        """Return the Network that computes this forward pass; see `to_lif_network`.

        Args:
            input_spec: How samples become codes.
            name: Name of the network.
            info: More entries of `Network.info`.
        """
        return to_lif_network(
            self.net,
            length=self.length,
            input_spec=input_spec,
            theta_frac=self.theta_frac,
            weight_scales=self.weight_scales,
            name=name,
            info=info,
        )
