"""Surrogate-gradient training of a list of layers, one call for each batch.

Spikes have no useful derivative. A surrogate gradient puts the slope of a smooth function in its place in the backward
pass, while the forward pass keeps the true spikes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from ..errors import ScError, require
from ..training.cells import LIFCell, SpikingCell
from ..training.encoders import unit_interval
from ..training.losses import spike_count_loss
from ..training.snn import SpikingNet
from ..training.surrogates import Shape, SurrogateFn, derivative, surrogate_named, surrogate_shape

__all__ = ["StreamLayer", "SurrogateGradientTrainer"]


@runtime_checkable
class StreamLayer(Protocol):
    """What the trainer needs of a dense layer on bitstreams, such as `VectorizedSCLayer`.

    Its weights can be assigned, are encoded again on request, and its answer is rates.
    """

    weights: NDArray[np.float64]
    """Shape (n_neurons, n_inputs)."""

    def forward(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the firing rates, in [0, 1], shape (B, n_neurons), for inputs in [0, 1], shape (B, n_inputs)."""
        ...

    def _refresh_packed_weights(self) -> None: ...


class _Rates(torch.autograd.Function):
    """A stream layer as a function of PyTorch.

    Forward gives the layer's measured rates. Backward takes the slope of the surrogate at rate − 1/2, relative to that
    at 0, times gain·W.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, layer: StreamLayer, shape: Shape, gain: float) -> Tensor:
        measured = np.asarray(layer.forward(x.detach().numpy()), dtype=np.float64)
        wanted = (x.shape[0], weight.shape[0])
        require(measured.shape == wanted, f"the layer must give rates of shape {wanted}, got {measured.shape}")
        rates = torch.from_numpy(measured.copy())
        slope = derivative(rates - 0.5, shape) / derivative(torch.zeros(1, dtype=torch.float64), shape)
        ctx.save_for_backward(x, weight, slope * gain)
        return rates

    @staticmethod
    def backward(ctx: Any, *grad: Tensor) -> tuple[Tensor, Tensor, None, None, None]:
        x, weight, slope = ctx.saved_tensors
        drive = grad[0] * slope
        return drive @ weight, drive.T @ x, None, None, None


class SurrogateGradientTrainer:
    """Train layers in place with Adam, cross-entropy and a surrogate gradient.

    The layers are all of one of two kinds:

    * Stream layers (`StreamLayer`). The forward pass is the layers' own, on their bitstreams. A rate is the
      probability of a spike, and the surrogate gives its derivative by the drive gain·W·x: σ'(rate − 1/2) / σ'(0),
      which is 1 in mid-range and less towards rates of 0 and 1. Here σ' is the slope of the surrogate. The gain is the
      layer's attribute `gain`, or 1 / n_inputs if it has none. Logits are the rates times T. After every step the
      weights are clipped to weight_range and encoded again.
    * Torch modules: `nn.Linear` and other modules with weights, `SpikingCell`s, or one SpikingNet. The input is
      applied for T steps. A `Linear` that no cell follows gets an LIFCell with the surrogate. Logits are the spike
      counts of the output.

    Args:
        network: The layers, in order.
        surrogate: Name of the surrogate: "fast_sigmoid", "triangular", "arctangent", … (see `surrogate_named`).
        lr: Learning rate of Adam, above 0.
        T: Number of time steps, at least 1.
        weight_range: Bounds of the weights of stream layers. The default is (0.01, 0.99) if all weights are at least 0,
            else (−1, 1).

    Raises:
        ScError: For layers of neither kind or of both, for shapes that do not chain, and for other bad values.
    """

    def __init__(
        self,
        network: Sequence[Any],
        surrogate: str = "fast_sigmoid",
        lr: float = 0.001,
        *,
        T: int = 25,
        weight_range: tuple[float, float] | None = None,
    ) -> None:
        self.network = list(network)
        require(self.network, "network must hold at least one layer, got none")
        require(np.isfinite(lr) and lr > 0, f"lr must be finite and above 0, got {lr!r}")
        require(isinstance(T, int) and not isinstance(T, bool) and T >= 1, f"T must be at least 1, got {T!r}")
        self.T = T
        self.surrogate: SurrogateFn = surrogate_named(surrogate)
        self._streams = not isinstance(self.network[0], nn.Module)
        for k, layer in enumerate(self.network):
            known = isinstance(layer, (nn.Module, StreamLayer))
            require(
                known,
                f"layer {k} must be a torch module or have weights, forward and _refresh_packed_weights, "
                f"got {type(layer).__name__}",
            )
            require(
                isinstance(layer, nn.Module) != self._streams,
                "the layers must be all torch modules or all stream layers, got both",
            )
        if self._streams:
            self._weights = [nn.Parameter(torch.from_numpy(self._read(k))) for k in range(len(self.network))]
            for k in range(1, len(self.network)):
                inputs, before = self._weights[k].shape[1], self._weights[k - 1].shape[0]
                require(inputs == before, f"layer {k} takes {inputs} inputs but gets {before}: shapes must chain")
            signed = any(bool((w < 0).any()) for w in self._weights)
            self.weight_range = weight_range or ((-1.0, 1.0) if signed else (0.01, 0.99))
            low, high = self.weight_range
            require(low < high, f"weight_range must be (low, high) with low < high, got {self.weight_range}")
            parameters: list[nn.Parameter] = self._weights
        else:
            self.model = self._module()
            parameters = list(self.model.parameters())
        require(parameters, "network must hold at least one layer with weights")
        self.optimizer = torch.optim.Adam(parameters, lr=lr)

    def _read(self, k: int) -> NDArray[np.float64]:
        """Return the weights of layer k as float64, after checking them."""
        w = np.array(self.network[k].weights, dtype=np.float64)
        require(w.ndim == 2, f"layer {k} must have weights of shape (n_neurons, n_inputs), got {w.shape}")
        require(np.isfinite(w).all(), f"layer {k} has weights that are not finite")
        return w

    def _module(self) -> nn.Module:
        """Return the torch layers as one module, with a cell behind each Linear that has none."""
        if len(self.network) == 1 and isinstance(self.network[0], SpikingNet):
            return self.network[0]
        parts: list[nn.Module] = []
        for k, layer in enumerate(self.network):
            parts.append(layer)
            after = self.network[k + 1] if k + 1 < len(self.network) else None
            if isinstance(layer, nn.Linear) and not isinstance(after, SpikingCell):
                parts.append(LIFCell(surrogate_fn=self.surrogate))
        require(isinstance(parts[-1], SpikingCell), f"the last layer must spike, got {type(parts[-1]).__name__}")
        return nn.ModuleList(parts)

    def logits(self, x: ArrayLike | Tensor) -> Tensor:
        """Return the class scores, shape (B, classes); gradients flow through them.

        Args:
            x: Inputs in [0, 1], shape (B, n_inputs), or (n_inputs,) for a single sample.

        Raises:
            ScError: For inputs out of range or of another shape.
        """
        values = x.detach() if isinstance(x, Tensor) else torch.from_numpy(np.array(x, dtype=np.float64))
        values = unit_interval(values, "x")
        require(values.ndim in (1, 2), f"x must have shape (n_inputs,) or (B, n_inputs), got {tuple(values.shape)}")
        values = values[None] if values.ndim == 1 else values
        return self._stream_logits(values.double()) if self._streams else self._module_logits(values)

    def _stream_logits(self, x: Tensor) -> Tensor:
        """Return the logits of stream layers; weights that somebody else has assigned are read first."""
        shape = surrogate_shape(self.surrogate)
        assert shape is not None
        for k, (layer, weight) in enumerate(zip(self.network, self._weights, strict=True)):
            require(
                x.shape[1] == weight.shape[1], f"layer {k} takes {weight.shape[1]} inputs, got shape {tuple(x.shape)}"
            )
            with torch.no_grad():
                weight.copy_(torch.from_numpy(self._read(k)))  # whoever else assigned them
            gain = float(getattr(layer, "gain", 1 / weight.shape[1]))
            x = _Rates.apply(x, weight, layer, shape, gain)  # type: ignore[no-untyped-call]
        return x * self.T

    def _module_logits(self, x: Tensor) -> Tensor:
        """Return the logits of torch modules: the spikes of the output, summed over T steps."""
        first = next(self.model.parameters())
        spikes = x.to(device=first.device, dtype=first.dtype).expand(self.T, *x.shape)
        if isinstance(self.model, SpikingNet):
            counts: Tensor = self.model(spikes)[0]
            return counts
        try:
            for part in self.model.children():
                spikes = part.scan(spikes) if isinstance(part, SpikingCell) else part(spikes)
        except RuntimeError as error:
            raise ScError(f"the layers do not take inputs of shape {tuple(x.shape)}: {error}") from error
        return spikes.sum(dim=0)

    def train_step(self, x: ArrayLike | Tensor, y: ArrayLike | Tensor) -> float:
        """Take one step of training on a sample or a batch, and return the loss from before the step.

        Args:
            x: Inputs in [0, 1], shape (n_inputs,) or (B, n_inputs).
            y: Class index, or class indices of shape (B,).

        Raises:
            ScError: For anything else.
        """
        scores = self.logits(x)
        targets = torch.from_numpy(np.array(y)) if not isinstance(y, Tensor) else y
        loss = spike_count_loss(scores, targets.reshape(-1).to(scores.device))
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        if self._streams:
            for layer, weight in zip(self.network, self._weights, strict=True):
                layer.weights = weight.detach().clamp(*self.weight_range).numpy().copy()
                layer._refresh_packed_weights()
        return float(loss.detach())

    def predict(self, x: ArrayLike | Tensor) -> NDArray[np.int64]:
        """Return the classes, int64, shape (B,), of inputs of shape (B, n_inputs), without training."""
        with torch.no_grad():
            return self.logits(x).argmax(dim=1).cpu().numpy().astype(np.int64)
