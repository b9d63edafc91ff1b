"""One epoch of training, and the accuracy on a data set, for spiking networks over T steps."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import ScError, require
from .encoders import unit_interval
from .losses import check_targets, spike_count_loss

__all__ = ["auto_device", "evaluate", "named_device", "over_time", "train_epoch"]

# What gives pairs (inputs, targets), such as a DataLoader; a loss; where tensors lie.
Batches = Iterable[Any]
Loss = Callable[..., Tensor]
Device = torch.device | str

# Where a run may train.
DEVICES = ("cpu", "cuda")


def auto_device() -> torch.device:
    """Return the first of CUDA, Apple's MPS and the CPU that is available."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def named_device(name: str) -> torch.device:
    """Return the device of a name.

    Args:
        name: "cpu" or "cuda".

    Raises:
        ScError: The name is another, or CUDA is not available.

    Example:
        >>> named_device("cpu")
        device(type='cpu')
    """
    require(name in DEVICES, f"device must be {' or '.join(DEVICES)}, got {name!r}")
    if name == "cuda" and not torch.cuda.is_available():
        why = "sees no CUDA device" if torch.version.cuda else "is built without CUDA"
        raise ScError(f"device 'cuda' is not available, this PyTorch ({torch.__version__}) {why}: use 'cpu'")
    return torch.device(name)


def over_time(x: Tensor, T: int, batch: int, n_input: int | None, flatten_input: bool) -> Tensor:
    """Return one batch with time as its first axis, (T, batch, …).

    Samples are repeated in every step, without a copy (stride 0), so that networks can see that they are constant.
    Input that has a time axis already passes through.

    Args:
        x: (batch, …) values, or (T, batch, …) encoded before; all in [0, 1].
        T: Number of steps.
        batch: Number of samples.
        n_input: Number of features that the model takes; None if it does not say (no attribute `n_input`).
        flatten_input: Whether to flatten all axes behind the batch.

    Raises:
        ScError: The axes fit neither form, or both, or values are outside [0, 1].

    Example:
        >>> over_time(torch.zeros(5, 28, 28), T=8, batch=5, n_input=784, flatten_input=True).shape
        torch.Size([8, 5, 784])
    """
    x = unit_interval(x, "inputs")

    def fits(axes: int) -> bool:
        return n_input is None or not flatten_input or x.shape[axes:].numel() == n_input

    shape = tuple(x.shape)
    samples = x.ndim >= 2 and shape[0] == batch and fits(1)
    encoded = x.ndim >= 3 and shape[:2] == (T, batch) and fits(2)
    if samples == encoded:
        known = "features" if n_input is None or not flatten_input else f"{n_input} features"
        why = "this is both" if samples else "this is neither"
        raise ScError(
            f"inputs must be (batch, {known}) or (T, batch, {known}) with T = {T}, batch = {batch}; {why}: got {shape}"
        )
    if samples:
        x = x.flatten(1) if flatten_input else x
        # The stride of 0 along T tells the network that all steps are the same.
        return x.expand(T, *x.shape)
    return x.flatten(2) if flatten_input else x


def _loss_caller(loss_fn: Loss, T: int) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """Return f(counts, membrane, targets) that calls a loss with what it asks for.

    A loss gets the membrane if its first parameter is called mem…, else the counts. It gets T if it has a parameter T.
    """
    try:
        names = list(inspect.signature(loss_fn).parameters)
    except (TypeError, ValueError):
        names = []
    wants_membrane = bool(names) and names[0].startswith("mem")
    extra = {"T": T} if "T" in names else {}
    return lambda counts, membrane, targets: loss_fn(membrane if wants_membrane else counts, targets, **extra)


def _run(
    model: nn.Module,
    loader: Batches,
    T: int,
    loss_fn: Loss,
    device: Device,
    flatten_input: bool,
    step: Callable[[Tensor], None] | None,
) -> tuple[float, float]:
    """Go through all batches once; return (mean loss, accuracy). `step` gets each loss; None only evaluates."""
    require(isinstance(T, int) and not isinstance(T, bool) and T >= 1, f"T must be an integer of at least 1, got {T!r}")
    call = _loss_caller(loss_fn, T)
    total, correct, seen = 0.0, 0, 0
    n_input = getattr(model, "n_input", None)
    for inputs, targets in loader:
        x, y = inputs.to(device), targets.to(device)
        require(y.ndim == 1, f"targets must have shape (batch,), got {tuple(y.shape)}")
        counts, membrane = model(over_time(x, T, len(y), n_input, flatten_input))
        y = check_targets(counts, y)
        loss = call(counts, membrane, y)
        if step is not None:
            step(loss)
        total += float(loss.detach()) * len(y)
        correct += int((counts.argmax(dim=1) == y).sum())
        seen += len(y)
    require(seen > 0, "the loader must give at least one sample, got none")
    return total / seen, correct / seen


def train_epoch(
    model: nn.Module,
    loader: Batches,
    optimizer: torch.optim.Optimizer,
    T: int,
    loss_fn: Loss = spike_count_loss,
    device: Device = "cpu",
    max_grad_norm: float | None = None,
    flatten_input: bool = True,
) -> tuple[float, float]:
    """Train on every batch once.

    Args:
        model: Returns (spike_counts, membrane) for an input (T, batch, …), as `SpikingNet` does.
        loader: Gives (inputs, targets). Inputs are (batch, features…) in [0, 1], which are fed in every one of the T
            steps, or spikes (T, batch, features…) encoded before. Targets are class indices, (batch,).
        optimizer: Holds the model's parameters.
        T: Number of steps, at least 1.
        loss_fn: Called with (counts, targets), or with (membrane, targets) if its first parameter's name starts with
            "mem". It also gets T if it has a parameter T.
        device: Where inputs and targets are moved to; the model must be there.
        max_grad_norm: Clips the norm of the whole gradient; None does not.
        flatten_input: Whether to flatten each sample; False for ConvSpikingNet.

    Returns:
        (mean loss, accuracy by spike counts) over the epoch, measured while the weights change.

    Raises:
        ScError: Inputs have another order of axes or are outside [0, 1], targets are no classes of the model, or the
            loader gives nothing.
    """
    require(max_grad_norm is None or max_grad_norm > 0, f"max_grad_norm must be above 0, got {max_grad_norm!r}")
    model.train()

    def step(loss: Tensor) -> None:
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        if max_grad_norm is not None:
            nn.utils.clip_grad_norm_(model.parameters(), max_grad_norm)
        optimizer.step()

    return _run(model, loader, T, loss_fn, device, flatten_input, step)


def evaluate(
    model: nn.Module,
    loader: Batches,
    T: int,
    loss_fn: Loss = spike_count_loss,
    device: Device = "cpu",
    flatten_input: bool = True,
) -> tuple[float, float]:
    """Return (mean loss, accuracy by spike counts) without training; arguments and errors are those of `train_epoch`.

    The model runs in eval mode, and is then put back into the mode in which it was.
    """
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            return _run(model, loader, T, loss_fn, device, flatten_input, None)
    finally:
        model.train(training)
