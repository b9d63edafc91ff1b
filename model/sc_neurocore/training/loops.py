"""One epoch of training, and the accuracy on a data set, over T steps."""

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

Batches = Iterable[Any]
Loss = Callable[..., Tensor]
Device = torch.device | str

# Where a run may train.
DEVICES = ("cpu", "cuda")


def auto_device() -> torch.device:
    """Return the first of CUDA, Apple's MPS and the CPU that is there."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def named_device(name: str) -> torch.device:
    """Return the device called "cpu" or "cuda"; raises ScError for another name, and for a CUDA that is not there.

    >>> named_device("cpu")
    device(type='cpu')
    """
    require(name in DEVICES, f"device must be {' or '.join(DEVICES)}, got {name!r}")
    if name == "cuda" and not torch.cuda.is_available():
        why = "sees no CUDA device" if torch.version.cuda else "is built without CUDA"
        raise ScError(f"device 'cuda' is not available, this PyTorch ({torch.__version__}) {why}: use 'cpu'")
    return torch.device(name)


def over_time(x: Tensor, T: int, batch: int, n_input: int | None, flatten_input: bool) -> Tensor:
    """Return one batch as (T, batch, …): samples are repeated in every step (without a copy), spikes pass.

    x: (batch, …) values, or (T, batch, …) already encoded; all in [0, 1]. n_input: features that the model takes, None
    if it does not say (no attribute `n_input`). flatten_input: whether to flatten all axes behind the batch.
    Raises ScError for any other order of the axes and for values out of range.
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
        return x.expand(T, *x.shape)
    return x.flatten(2) if flatten_input else x


def _loss_caller(loss_fn: Loss, T: int) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """Return f(counts, membrane, targets): a loss gets the membrane if it asks for mem…, and T if it takes one."""
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
    """Train on every batch once; return (mean loss, accuracy by spike counts) over the epoch.

    loader: gives (inputs, targets). inputs: (batch, features…) in [0, 1], fed in every one of the T steps, or spikes
    (T, batch, features…) encoded before; targets: class indices (batch,). loss_fn: called with (counts, targets), with
    (membrane, targets) if its first parameter's name starts with "mem", and with T if it has a parameter T.
    max_grad_norm: clips the norm of the whole gradient. flatten_input: flattens each sample; False for ConvSpikingNet.
    Raises ScError for inputs in another order or outside [0, 1], and for targets that are no classes of the model.
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
    """Return (mean loss, accuracy by spike counts) without training; arguments and errors as for `train_epoch`."""
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            return _run(model, loader, T, loss_fn, device, flatten_input, None)
    finally:
        model.train(training)
