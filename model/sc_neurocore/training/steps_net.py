"""A SpikingNet as a network in steps (A20), to be trained: its forward pass is the hardware's, its gradient a real one.

A sample is one vector of input codes, shown in each of T steps. The first layer's sums of graded codes come from the
exact table (A11), once for all steps; from there on everything is spikes, and a spike adds its weight. Potentials are
integers, leak by a shift or a factor, and saturate (A13, neuron `lif`). `to_network` gives the `Network` that computes
the same.

`StreamSpikingNet` is its sister for networks of one window, where one clock is one step (A17, streaming).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..errors import require, require_one_of
from ..network import DenseLayer, InputSpec, Network, Steps
from ..neurons import ClockNeuron, Groups, Lif
from ..sources import log2_length
from . import fused_steps, losses
from .bit_true_layers import LayerScale, bias_codes, weight_codes
from .bit_true_lif import cell_values, lif_codes
from .cells import SpikingCell
from .lif_conversion import clip_weights, layer_floats, weight_scale
from .recipes import STEPS_LEAKS, STEPS_READOUTS
from .snn import SpikingNet
from .stages import WeightedStage
from .surrogates import derivative, surrogate_shape

__all__ = ["StepsRun", "StepsSpikingNet", "nearest_leak", "steps_lif"]


def nearest_leak(beta: float, leak: str, width: int = 16) -> int:
    """Return the leak of the hardware's grid that is nearest to β.

    Args:
        beta: β, 0 … 1.
        leak: "shift": the k whose 1 − 2⁻ᵏ is nearest, where 0 stands for no leak, β = 1; of equally near ones the
            smallest. "factor": β in units of 1 / 256, at most 255.
        width: Bits of the potential; a shift is below it.

    Example:
        >>> nearest_leak(0.9, "shift"), nearest_leak(1.0, "shift"), nearest_leak(0.9, "factor")
        (3, 0, 230)
    """
    require_one_of("leak", leak, STEPS_LEAKS)
    if leak == "factor":
        return min(255, round(256 * beta))
    return min(range(width), key=lambda k: (abs(leak_factor(k, leak) - beta), k))


def leak_factor(code: int, leak: str) -> float:
    """Return the β that a leak of the hardware's grid stands for: 1 − 2⁻ᵏ of a shift k, 1 of the shift 0, or c / 256.

    Example:
        >>> leak_factor(3, "shift"), leak_factor(0, "shift"), leak_factor(64, "factor")
        (0.875, 1.0, 0.25)
    """
    if leak == "factor":
        return code / 256
    return 1 - 0.5**code if code else 1.0


class _StepsLif(torch.autograd.Function):
    """Spikes, Σₜ u(t) in real units and in LSB; the backward pass is that of LIFCell with a leak of each neuron."""

    @staticmethod
    def forward(
        ctx: Any, sums: Tensor, theta: Tensor, cell: SpikingCell, neuron: _Neuron, steps: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return spikes (T, B, N), Σₜ u(t) in real units (B, N), float64, and the same in LSB, int64."""
        spikes = sums.new_empty(steps, *sums.shape[1:])
        over = torch.empty_like(spikes)
        totals = torch.empty(sums.shape[1:], dtype=torch.int64)
        fused_steps.forward(
            sums.contiguous().numpy(),
            spikes.numpy(),
            over.numpy(),
            totals.numpy(),
            neuron.leaks,
            neuron.leak == "factor",
            neuron.level,
            neuron.frac,
            neuron.width,
            neuron.unit,
            float(theta),
        )
        ctx.save_for_backward(over, spikes, theta)
        ctx.cell, ctx.neuron, ctx.rows = cell, neuron, len(sums)
        ctx.mark_non_differentiable(totals)
        return spikes, totals * neuron.unit, totals

    @staticmethod
    def backward(ctx: Any, *grad: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of the sums and of θ."""
        over, spikes, theta = ctx.saved_tensors
        cell, neuron = ctx.cell, ctx.neuron
        shape = surrogate_shape(cell.surrogate_fn)
        if shape is None:
            with torch.enable_grad():
                x = over.detach().requires_grad_()
                (slopes,) = torch.autograd.grad(cell.surrogate_fn(x).sum(), x)
        else:
            slopes = derivative(over, shape)
        g_sums = over.new_empty(ctx.rows, *over.shape[1:])
        g_theta = fused_steps.backward(
            grad[0].contiguous().numpy(),
            grad[1].contiguous().numpy(),
            slopes.numpy(),
            spikes.numpy(),
            neuron.decay,
            0.0 if cell.detach_reset else float(theta),
            neuron.unit * 2**neuron.frac,
            g_sums.numpy(),
        )
        return g_sums, theta.new_tensor(g_theta) if ctx.needs_input_grad[1] else None, None, None, None


class _Neuron(NamedTuple):
    """The integers of a layer's neurons.

    Attributes:
        leaks: Leak of each neuron, as `nearest_leak` gives it, (N,).
        leak: "shift" or "factor".
        level: θ in LSB.
        frac: f.
        width: Bits of the potential.
        unit: What an LSB stands for, w_s / (L · 2^f).
    """

    leaks: NDArray[np.int64]
    leak: str
    level: int
    frac: int
    width: int
    unit: float

    @property
    def decay(self) -> NDArray[np.float64]:
        """β of each neuron, (N,)."""
        return np.array([leak_factor(int(code), self.leak) for code in self.leaks])

    def neuron(self) -> ClockNeuron:
        """Return the neuron of a `Network`: `Lif`, or `Groups` where the leaks differ."""
        mode = STEPS_LEAKS.index(self.leak)
        runs = [(len(list(same)), int(code)) for code, same in groupby(self.leaks)]
        parts = [
            (count, Lif(self.level, self.width, mode, *((4, code) if mode else (code, 0)))) for count, code in runs
        ]
        return parts[0][1] if len(parts) == 1 else Groups(tuple(parts))


def steps_lif(sums: Tensor, cell: SpikingCell, neuron: _Neuron, steps: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return what a layer of `lif` neurons computes in T steps (A13, A20).

    Args:
        sums: S of every step, whole numbers, (T, B, N), or (1, B, N) where it is the same in every step.
        cell: The cell for which the neurons stand: its θ learns, and its surrogate gives the gradient.
        neuron: The integers of the neurons.
        steps: T.

    Returns:
        (spikes, membrane, potentials). spikes: 0 or 1, (T, B, N). membrane: Σₜ u(t) in real units, float64, (B, N).
        potentials: the same in LSB, int64. Gradients flow to the sums and to θ as in LIFCell; rounding and saturation
        are left out there.
    """
    found: tuple[Tensor, Tensor, Tensor] = _StepsLif.apply(  # type: ignore[no-untyped-call]
        sums, cell._theta(), cell, neuron, steps
    )
    return found


class StepsRun(NamedTuple):
    """What a forward pass gives.

    Attributes:
        spikes: Spikes of the last layer over the sample, (B, n_output).
        membrane: Σₜ u(t) of the last layer in real units, float64, (B, n_output).
        potentials: The same in LSB, int64.
        hidden: Spikes of each hidden layer over the sample, (B, neurons).
    """

    spikes: Tensor
    membrane: Tensor
    potentials: Tensor
    hidden: list[Tensor]


class StepsSpikingNet(nn.Module):
    """A SpikingNet as a network in steps with a constant input (A20), to be trained: what is trained is what runs.

    Weights are codes of L levels and a sign, potentials are integers, leaks are those that the hardware has. The scores
    are those of `to_network()` on every back end, bit for bit. Rounding passes the gradient on as if it were not there,
    a spike has that of the surrogate, and the leaks are not trained.

    Args:
        model: A SpikingNet of LIFCells (or IFCells). It is copied, and its weight scales are chosen now and kept.
        length: L, a power of two from 4 to 4096.
        steps: T, 1 … 4096.
        theta_frac: f, 0 … 15; the LSB of a layer's potentials is w_s / (L · 2^f).
        leak: "shift", v − ⌊v / 2ᵏ⌋, or "factor", ⌊v · β / 256⌋.
        readout: "spikes", the spikes of each neuron of the last layer, or "potentials", Σₜ u(t).
        width: Bits of a potential, 4 … 32.
        leaks: For each layer the leak of all its neurons, or a leak for each neuron: shifts k, where 0 is none, or
            factors in units of 1 / 256. None takes those nearest to the cells' β.

    Attributes:
        net: The copy that is trained.
        weight_scales: w_s of each layer.
        leaks: Leak of each neuron of each layer, int64.
        rate: Mean spikes a hidden neuron and step of the last forward pass, to be priced in a loss.

    Raises:
        ScError: The model has no counterpart in hardware, or an argument is outside its range.

    Example:
        >>> net = StepsSpikingNet(SpikingNet(4, 8, 2, beta=0.9), length=16, steps=5)
        >>> scores, membrane = net(torch.full((3, 4), 0.5).expand(5, 3, 4))
        >>> network = net.to_network(InputSpec((4,), full_scale=16))
        >>> network.topology, network.steps.count, network.layers[0].neuron.leak_shift
        ('4-8-8-2', 5, 3)
    """

    rate: Tensor

    def __init__(
        self,
        model: SpikingNet,
        length: int,
        steps: int,
        *,
        theta_frac: int = 4,
        leak: str = "shift",
        readout: str = "spikes",
        width: int = 16,
        leaks: Sequence[int | Sequence[int]] | None = None,
    ) -> None:
        super().__init__()
        require(isinstance(model, SpikingNet), f"the model must be a SpikingNet, got {type(model).__name__}")
        log2_length(length)
        require(0 <= theta_frac <= 15, f"theta_frac must be in [0, 15], got {theta_frac}")
        require(4 <= width <= 32, f"width must be in [4, 32], got {width}")
        require_one_of("leak", leak, STEPS_LEAKS)
        require_one_of("readout", readout, STEPS_READOUTS)
        # `Steps` checks T, and names it.
        self.steps = Steps(steps, constant=True, readout=readout)
        self.net, self.length, self.n_input = copy.deepcopy(model), length, model.n_input
        self.theta_frac, self.leak, self.width = theta_frac, leak, width
        layers = self.net.layers()
        given = [None] * len(layers) if leaks is None else list(leaks)
        require(len(given) == len(layers), f"leaks must have {len(layers)} entries, one a layer, got {len(given)}")
        self.weight_scales: list[float] = []
        self.leaks: list[NDArray[np.int64]] = []
        for k, ((linear, cell), own) in enumerate(zip(layers, given, strict=True)):
            floats = layer_floats(k, linear, cell)  # refuses what has no counterpart
            self.weight_scales.append(weight_scale(floats.weight, floats.bias, length))
            self.leaks.append(self._codes_of_leaks(k, nearest_leak(floats.beta, leak, width) if own is None else own))
        self.stage = WeightedStage(layers[0][0], (1, 1, self.n_input))
        widest = max(linear.in_features for linear, _ in layers)
        require(
            (widest + 1) * length < 1 << 24 or layers[0][0].weight.dtype == torch.float64,
            f"inputs of a layer times length must be below 2^24 for exact sums in single precision, got {widest} · "
            f"{length}; a model in double precision has no such limit",
        )
        self.rate = torch.zeros(())

    def _codes_of_leaks(self, k: int, given: int | Sequence[int]) -> NDArray[np.int64]:
        """Return the leak of each neuron of layer k; ScError for one that the hardware has not."""
        neurons = self.net.layers()[k][0].out_features
        top = 255 if self.leak == "factor" else self.width - 1
        codes = np.array(given)
        fits = codes.dtype.kind in "iu" and codes.shape in ((), (neurons,))
        require(
            fits and (codes >= 0).all() and (codes <= top).all(),
            f"leaks of layer {k} must be a whole number in [0, {top}], or one for each of its {neurons} neurons, got "
            f"{given!r}",
        )
        return np.broadcast_to(codes.astype(np.int64), (neurons,)).copy()

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy needs: without the rate, which hangs on a graph."""
        return {**self.__dict__, "rate": torch.zeros(())}

    def neuron(self, k: int) -> _Neuron:
        """Return the integers of the neurons of layer k, as they are now."""
        cell, w_s = self.net.layers()[k][1], self.weight_scales[k]
        level, _ = lif_codes(*cell_values(cell), w_s / self.length, self.theta_frac)
        level = min(level, (1 << self.width - 1) - 1)
        unit = w_s / (self.length * 2**self.theta_frac)
        return _Neuron(self.leaks[k], self.leak, level, self.theta_frac, self.width, unit)

    def codes(self, k: int) -> tuple[Tensor, Tensor]:
        """Return the codes of the weights and biases of layer k, with gradients."""
        linear, w_s = self.net.layers()[k][0], self.weight_scales[k]
        scale = LayerScale(w_s, 1.0, linear.weight.new_zeros(linear.out_features))
        return weight_codes(linear.weight, w_s, self.length), bias_codes(linear.bias, scale, self.length)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Run all T steps.

        Args:
            x: Input codes as shares of L, X / L, the same in every step, (T, B, n_input); `expand` makes them so
                without a copy.

        Returns:
            (scores, membrane_acc), each (B, n_output). membrane_acc is Σₜ u(t) in real units, float64, so that no two
            potentials become one. scores are the spike counts with the readout "spikes", as of SpikingNet, and
            membrane_acc with "potentials": their argmax is the class that the hardware gives.

        Raises:
            ScError: x has another shape, is not the same in every step, or is no share of L.
        """
        count, wanted = self.steps.count, (self.steps.count, self.n_input)
        fits = x.ndim == 3 and (x.shape[0], x.shape[2]) == wanted
        require(fits, f"x must have shape ({count}, batch, {self.n_input}), time first, got {tuple(x.shape)}")
        same = count == 1 or x.stride(0) == 0 or bool((x == x[:1]).all())
        require(same, "x must be the same in every step: the input is constant (A20)")
        run = self.run(x[0] * self.length)
        self.rate = losses.spike_l1_loss(torch.cat(run.hidden, dim=1), count)
        return run.membrane if self.steps.readout == "potentials" else run.spikes, run.membrane

    def run(self, codes: Tensor) -> StepsRun:
        """Run all T steps from input codes.

        Args:
            codes: Whole numbers in 0 … L, (B, n_input), of the dtype of the weights, on the CPU.

        Raises:
            ScError: Values are no codes.
        """
        whole = bool(((codes >= 0) & (codes <= self.length) & (codes == codes.round())).all())
        require(
            whole,
            f"inputs must be whole numbers of 1 / L in [0, 1] with L = {self.length}: round x · L first, and divide "
            "by L",
        )
        hidden: list[Tensor] = []
        spikes = membrane = potentials = codes
        for k, (_, cell) in enumerate(self.net.layers()):
            w, b = self.codes(k)
            if k == 0:
                sums = (self.stage.window_sum(codes, w, self.length) + b)[None]
            else:
                hidden.append(spikes.sum(dim=0))
                sums = torch.addmm(b, spikes.flatten(0, 1), w.T).view(*spikes.shape[:2], -1)
            spikes, membrane, potentials = steps_lif(sums, cell, self.neuron(k), self.steps.count)
        return StepsRun(spikes.sum(dim=0), membrane, potentials, hidden)

    def scores(self, codes: Tensor) -> Tensor:
        """Return the scores of `to_network()`, int64, (B, n_output), for input codes as `run` takes them."""
        with torch.no_grad():
            run = self.run(codes)
        return run.potentials if self.steps.readout == "potentials" else run.spikes.long()

    def clip(self) -> None:
        """Bring weights and biases back to the range of their codes, in place, after a step of the optimizer.

        A weight beyond the range has no gradient, so nothing else would bring it back.
        """
        clip_weights(self.net, self.weight_scales, self.length)

    def to_network(
        self, input_spec: InputSpec, *, name: str = "network", info: Mapping[str, Any] | None = None
    ) -> Network:
        """Return the Network in steps that computes this forward pass.

        Args:
            input_spec: How samples become codes.
            name: Name of the network.
            info: More entries of `Network.info`.

        Raises:
            ScError: The samples have another size than the model's input.
        """
        require(
            input_spec.size == self.n_input,
            f"the network takes {self.n_input} inputs, the samples have {input_spec.size}",
        )
        layers, scales = [], []
        for k, (_, cell) in enumerate(self.net.layers()):
            weights, biases = (c.detach().round().numpy().astype(np.int16) for c in self.codes(k))
            layers.append(DenseLayer(weights, biases, neuron=self.neuron(k).neuron()))
            scales.append({"weight": self.weight_scales[k], "theta": cell_values(cell)[0]})
        return Network(
            length=self.length,
            layers=tuple(layers),
            input=input_spec,
            theta_frac=self.theta_frac,
            name=name,
            info={"scales": scales, **(info or {})},
            steps=self.steps,
        )
