"""Spiking networks as torch modules: layers run one after the other, each over all T steps at once.

A feed-forward layer needs nothing of a later step. So its matrix product takes all T·B rows together (B is the number
of samples), and its neurons run in one fused operation (`fused_lif`). An input that is the same in every step, a tensor
that was expanded along T (stride 0), goes through the first layer's product once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.modules.module import _has_any_global_hook

from ..errors import ScError, require
from .cells import LIFCell, SpikingCell
from .fused_network import Layer, fused_network
from .sc_weights import ScLayer, ScWeights
from .surrogates import SurrogateFn, atan_surrogate, surrogate_shape

__all__ = ["CheckpointError", "ConvSpikingNet", "SpikingNet"]

# Layers that have weights.
Weighted = (nn.Linear, nn.Conv2d)


class CheckpointError(ScError, RuntimeError):
    """A checkpoint that cannot be used, or does not fit the model. It is also a RuntimeError, as torch's own."""


def _count(name: str, value: int, least: int = 1) -> int:
    require(
        isinstance(value, int) and not isinstance(value, bool) and value >= least,
        f"{name} must be an integer of at least {least}, got {value!r}",
    )
    return value


def _over_steps(layer: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Apply a layer that takes (N, …) to x of shape (T, B, …), all steps in one call.

    If all steps are the same (stride 0), only one is computed, and the result has the shape (1, B, …).
    """
    if x.shape[0] > 1 and x.stride(0) == 0:
        return layer(x[0])[None]
    y = layer(x.flatten(0, 1))
    return y.view(x.shape[0], x.shape[1], *y.shape[1:])


def _is_special(linear: nn.Linear) -> bool:
    """Return whether calling the layer may do more than its product: a subclass, or hooks."""
    hooks = (linear._forward_hooks, linear._forward_pre_hooks, linear._backward_hooks, linear._backward_pre_hooks)
    return type(linear) is not nn.Linear or any(hooks) or bool(_has_any_global_hook())  # type: ignore[no-untyped-call]


def _wake(readout: nn.Linear, cell: LIFCell) -> None:
    """Start every output neuron at twice its rheobase, the current at which it just begins to spike.

    A class that is silent from the start may never learn: where the potential stays far below the threshold, a
    surrogate of finite width passes no gradient.
    """
    nn.init.constant_(readout.bias, 2 * float((1 - cell.beta.detach()) * cell.threshold.detach()))


class _Net(nn.Module):
    """What both networks share: weights as probabilities, and errors of checkpoints."""

    def architecture(self) -> dict[str, int | str]:
        """Return what a checkpoint must agree in, as plain values."""
        raise NotImplementedError

    def _weighted(self) -> Iterator[nn.Linear | nn.Conv2d]:
        """Yield the layers that have weights, first layer first."""
        for module in self.modules():
            if isinstance(module, Weighted):
                yield module

    def to_sc_weights(self) -> ScWeights:
        """Return the layers' weights scaled to [0, 1], with what decodes them, first layer first.

        The biases go along as real numbers: a bias is a synapse whose input is always 1.
        """
        return ScWeights(ScLayer.encode(m.weight, m.bias) for m in self._weighted())

    def load_sc_weights(self, weights: ScWeights) -> None:
        """Take weights and biases from `to_sc_weights()` of a network of the same shape.

        Raises:
            ScError: Number or shapes of the layers differ; nothing is changed then.
        """
        mine = list(self._weighted())
        require(len(weights) == len(mine), f"the network has {len(mine)} layers, the weights are of {len(weights)}")
        for k, (module, layer) in enumerate(zip(mine, weights.layers, strict=True)):
            got, wanted = tuple(layer.w01.shape), tuple(module.weight.shape)
            require(got == wanted, f"layer {k} has weights of shape {wanted}, got {got}")
            require(
                (layer.bias is None) == (module.bias is None),
                f"layer {k}: only one of the two has a bias, the network or the weights that it is given",
            )
        with torch.no_grad():
            for module, layer in zip(mine, weights.layers, strict=True):
                module.weight.copy_(layer.decode())
                if module.bias is not None and layer.bias is not None:
                    module.bias.copy_(layer.bias)

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any:
        """Load a state as torch does; a state of another architecture raises CheckpointError, which is an ScError."""
        try:
            return super().load_state_dict(state_dict, strict=strict, assign=assign)
        except RuntimeError as error:
            text = " ".join(str(error).split())
            raise CheckpointError(
                f"the state does not fit {type(self).__name__} {self.architecture()}: {text}"
            ) from error


class SpikingNet(_Net):
    """Fully connected classifier: [Linear → LIFCell] · (n_layers + 1); the last layer spikes as well.

    The class is the output neuron with the most spikes. Output biases start at twice the current that makes a neuron
    spike at all, so that every class is active from the start.

    Args:
        n_input: Number of inputs.
        n_hidden: Neurons of each hidden layer.
        n_output: Number of classes.
        n_layers: Number of hidden layers, at least 1.
        beta: Leak factor of every LIFCell, 0 … 1.
        surrogate_fn: Gradient of their spikes.
        learn_beta: Train β of every LIFCell.
        learn_threshold: Train θ of every LIFCell.
        hidden_cell: Makes the cell of a hidden layer from its width, e.g. `RecurrentLIFCell` or
            `lambda n: SynapticCell(alpha=0.8)`; None makes a LIFCell.

    Attributes:
        linears: The Linear of every layer.
        cells: The cell of every layer.

    Raises:
        ScError: A size is no integer of at least 1, or hidden_cell makes no SpikingCell.

    Example:
        >>> SpikingNet(64, 32, 10).architecture()["cells"]
        'LIFCell, LIFCell, LIFCell'
    """

    def __init__(
        self,
        n_input: int,
        n_hidden: int,
        n_output: int,
        n_layers: int = 2,
        beta: float = 0.9,
        surrogate_fn: SurrogateFn = atan_surrogate,
        learn_beta: bool = False,
        learn_threshold: bool = False,
        *,
        hidden_cell: Callable[[int], SpikingCell] | None = None,
    ) -> None:
        super().__init__()
        self.n_input, self.n_hidden = _count("n_input", n_input), _count("n_hidden", n_hidden)
        self.n_output, self.n_layers = _count("n_output", n_output), _count("n_layers", n_layers)

        def lif() -> LIFCell:
            return LIFCell(beta, surrogate_fn=surrogate_fn, learn_beta=learn_beta, learn_threshold=learn_threshold)

        widths = [n_input, *[n_hidden] * n_layers, n_output]
        self.linears = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        hidden = [lif() if hidden_cell is None else hidden_cell(n_hidden) for _ in range(n_layers)]
        for cell in hidden:
            require(isinstance(cell, SpikingCell), f"hidden_cell must make a SpikingCell, got {type(cell).__name__}")
        self.cells = nn.ModuleList([*hidden, lif()])
        _wake(self.layers()[-1][0], cast(LIFCell, self.cells[-1]))

    def architecture(self) -> dict[str, int | str]:
        """Return class, widths and cells: what a checkpoint must agree in."""
        return {
            "class": type(self).__name__,
            "n_input": self.n_input,
            "n_hidden": self.n_hidden,
            "n_output": self.n_output,
            "n_layers": self.n_layers,
            "cells": ", ".join(type(c).__name__ for c in self.cells),
        }

    def layers(self) -> list[tuple[nn.Linear, SpikingCell]]:
        """Return (Linear, cell) of every layer, the output layer last."""
        return [(cast(nn.Linear, a), cast(SpikingCell, b)) for a, b in zip(self.linears, self.cells, strict=True)]

    def hidden_spikes(self, x: Tensor) -> list[Tensor]:
        """Return the spikes of every hidden layer, each (T, B, n_hidden); x is as for `forward`."""
        steps, spikes = self._check(x), []
        for linear, cell in self.layers()[:-1]:
            x = cell.scan(_over_steps(linear, x), steps)
            spikes.append(x)
        return spikes

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Run the network from rest over all steps.

        Args:
            x: Currents or spikes, (T, B, n_input), time first.

        Returns:
            (spike_counts, membrane_acc), each (B, n_output). spike_counts is Σₜ s[t] of the output layer, whose argmax
            is the class. membrane_acc is Σₜ u[t], the potentials before the reset, so that it also grows with the drive
            of a neuron that fires.

        Raises:
            ScError: x has another shape.
        """
        steps = self._check(x)
        fused = self._fused(x)
        if fused is not None:
            return fused_network(x, fused)
        *hidden, (readout, last) = self.layers()
        for linear, cell in hidden:
            x = cell.scan(_over_steps(linear, x), steps)
        output = cast(LIFCell, last).scan_all(_over_steps(readout, x), steps)
        return output.spikes.sum(dim=0), output.membrane

    def _fused(self, x: Tensor) -> list[Layer] | None:
        """Return the layers for `fused_network`, or None where that would not do what they do one by one.

        That is so on other devices than the CPU, for other cells and surrogates, and where hooks or `torch.compile`
        must see each layer.
        """
        if x.device.type != "cpu" or x.dtype not in (torch.float32, torch.float64) or x.requires_grad:
            return None
        if torch.compiler.is_compiling() or torch.is_autocast_enabled("cpu"):
            return None
        layers = []
        for linear, cell in self.layers():
            shape = surrogate_shape(cell.surrogate_fn)
            if shape is None or type(cell) is not LIFCell or _is_special(linear):
                return None
            layers.append(Layer(linear.weight, linear.bias, *cell.constants(), shape, cell.detach_reset))
        same = all(p is None or (p.dtype, p.device) == (x.dtype, x.device) for layer in layers for p in layer[:4])
        return layers if same else None

    def _check(self, x: Tensor) -> int:
        """Return T after a check of the shape of x."""
        if x.ndim != 3 or x.shape[2] != self.n_input or x.shape[0] < 1:
            raise ScError(f"x must have shape (T, batch, {self.n_input}), time first, got {tuple(x.shape)}")
        return x.shape[0]


class ConvSpikingNet(_Net):
    """Convolutional classifier of images of 28 × 28.

    Its layers are Conv(1, 32, 5) LIF Pool, Conv(32, 64, 5) LIF Pool, FC(1024, 128) LIF, FC(128, n_output) LIF. Pool
    takes the maximum of 2 × 2 spikes, so spikes stay spikes.

    Args:
        n_output: Number of classes.
        beta: Leak factor of every cell, 0 … 1.
        surrogate_fn: Gradient of a spike.
        learn_beta: Train β of every cell.
        learn_threshold: Train θ of every cell.

    Raises:
        ScError: n_output is no integer of at least 1, or beta is outside 0 … 1.
    """

    def __init__(
        self,
        n_output: int = 10,
        beta: float = 0.9,
        surrogate_fn: SurrogateFn = atan_surrogate,
        learn_beta: bool = False,
        learn_threshold: bool = False,
    ) -> None:
        super().__init__()
        self.n_output = _count("n_output", n_output)
        self.conv1, self.conv2 = nn.Conv2d(1, 32, 5), nn.Conv2d(32, 64, 5)
        self.fc1, self.fc2 = nn.Linear(1024, 128), nn.Linear(128, n_output)
        self.pool = nn.MaxPool2d(2)
        self.lif1, self.lif2, self.lif3, self.lif4 = (
            LIFCell(beta, surrogate_fn=surrogate_fn, learn_beta=learn_beta, learn_threshold=learn_threshold)
            for _ in range(4)
        )
        _wake(self.fc2, self.lif4)

    def architecture(self) -> dict[str, int | str]:
        """Return class and width: what a checkpoint must agree in."""
        return {"class": type(self).__name__, "n_output": self.n_output}

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Run the network from rest over all steps.

        Args:
            x: Images in every step, (T, B, 1, 28, 28), time first.

        Returns:
            (spike_counts, membrane_acc), each (B, n_output), as of SpikingNet.

        Raises:
            ScError: x has another shape.
        """
        if x.ndim != 5 or tuple(x.shape[2:]) != (1, 28, 28) or x.shape[0] < 1:
            raise ScError(f"x must have shape (T, batch, 1, 28, 28), time first, got {tuple(x.shape)}")
        steps = x.shape[0]
        for conv, lif in ((self.conv1, self.lif1), (self.conv2, self.lif2)):
            x = _over_steps(self.pool, lif.scan(_over_steps(conv, x), steps))
        x = self.lif3.scan(_over_steps(self.fc1, x.flatten(2)), steps)
        output = self.lif4.scan_all(_over_steps(self.fc2, x), steps)
        return output.spikes.sum(dim=0), output.membrane
