"""Checkpoints: files of tensors and plain values, written in one step and read without running code."""

from __future__ import annotations

import io
import os
import pickle
import tempfile
from pathlib import Path
from typing import Any

import torch

from ..errors import require
from .snn import CheckpointError, ConvSpikingNet, SpikingNet

__all__ = ["checkpoint_content", "load_checkpoint", "read_checkpoint", "save_checkpoint", "write_checkpoint"]

_FORMAT = "sc-neurocore spiking network 1"


def write_checkpoint(path: str | os.PathLike[str], content: dict[str, Any]) -> Path:
    """Write tensors and plain values to `path` and return it; readers see the old file or the new, never a part.

    It is written under another name in the same folder, brought to the disk and renamed.
    """
    target = Path(path)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            # By way of memory: torch tells of a full disk as of a defect of its own.
            whole = io.BytesIO()
            torch.save(content, whole)
            file.write(whole.getbuffer())
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return target


def read_checkpoint(path: str | os.PathLike[str], map_location: torch.device | str = "cpu") -> Any:
    """Return what `write_checkpoint` wrote: tensors and plain values only (`weights_only=True`), no code is run.

    Raises CheckpointError for a file that holds anything else or is cut off.
    """
    if Path(path).exists() and not Path(path).is_file():  # a FIFO or device, which torch would wait for
        raise CheckpointError(f"{os.fspath(path)} is not a checkpoint: not a regular file")
    try:
        return torch.load(path, map_location=map_location, weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, ValueError, KeyError, OSError) as error:
        # torch's own text advises to load it unsafely.
        raise CheckpointError(
            f"{os.fspath(path)} is not a checkpoint that can be read safely: damaged, or more than tensors and plain "
            f"values ({type(error).__name__})"
        ) from error


def checkpoint_content(
    model: SpikingNet | ConvSpikingNet, optimizer: torch.optim.Optimizer | None = None, epoch: int = 0
) -> dict[str, Any]:
    """Return what `save_checkpoint` writes."""
    return {
        "format": _FORMAT,
        "architecture": model.architecture(),
        "state": model.state_dict(),
        "optimizer": None if optimizer is None else optimizer.state_dict(),
        "epoch": epoch,
    }


def save_checkpoint(
    path: str | os.PathLike[str],
    model: SpikingNet | ConvSpikingNet,
    optimizer: torch.optim.Optimizer | None = None,
    epoch: int = 0,
) -> Path:
    """Write the model's state, the optimizer's if given, and the number of finished epochs; return the path.

    Readers never see a part of the file: it is written under another name and renamed.
    """
    return write_checkpoint(path, checkpoint_content(model, optimizer, epoch))


def load_checkpoint(
    path: str | os.PathLike[str],
    model: SpikingNet | ConvSpikingNet,
    optimizer: torch.optim.Optimizer | None = None,
    map_location: torch.device | str = "cpu",
) -> int:
    """Bring model (and optimizer) to the state of a checkpoint; return its number of finished epochs.

    Reads tensors and plain values only (`weights_only=True`): a file cannot run code. Raises CheckpointError, an
    ScError, for a file that is not there or not a checkpoint, and for one of another architecture; the model is then
    as it was.
    """
    require(Path(path).is_file(), f"checkpoint {os.fspath(path)} does not exist")
    content = read_checkpoint(path, map_location)
    known = isinstance(content, dict) and content.get("format") == _FORMAT
    if not known:
        raise CheckpointError(f"{os.fspath(path)} is not a checkpoint of a spiking network (no {_FORMAT!r} in it)")
    wanted, got = model.architecture(), content["architecture"]
    if got != wanted:
        other = [
            f"{k} {got.get(k)!r} instead of {wanted.get(k)!r}" for k in {**wanted, **got} if got.get(k) != wanted.get(k)
        ]
        raise CheckpointError(f"{os.fspath(path)} is of another architecture: {', '.join(other)}")
    if optimizer is not None and content["optimizer"] is None:
        raise CheckpointError(f"{os.fspath(path)} holds no state of an optimizer")
    model.load_state_dict(content["state"])
    if optimizer is not None:
        optimizer.load_state_dict(content["optimizer"])
    return int(content["epoch"])
