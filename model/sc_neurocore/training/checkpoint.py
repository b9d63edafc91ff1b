"""Checkpoints of the spiking networks: what was trained, and of which architecture."""

from __future__ import annotations

import os
import pickle
import tempfile
from pathlib import Path
from typing import Any

import torch

from ..errors import require
from .snn import CheckpointError, ConvSpikingNet, SpikingNet

__all__ = ["load_checkpoint", "save_checkpoint"]

_FORMAT = "sc-neurocore spiking network 1"


def save_checkpoint(
    path: str | os.PathLike[str],
    model: SpikingNet | ConvSpikingNet,
    optimizer: torch.optim.Optimizer | None = None,
    epoch: int = 0,
) -> Path:
    """Write the model's state, the optimizer's if given, and the number of finished epochs; return the path.

    Readers never see a part of the file: it is written under another name and renamed.
    """
    target = Path(path)
    content = {
        "format": _FORMAT,
        "architecture": model.architecture(),
        "state": model.state_dict(),
        "optimizer": None if optimizer is None else optimizer.state_dict(),
        "epoch": epoch,
    }
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            torch.save(content, file)
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return target


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
    try:
        content: Any = torch.load(path, map_location=map_location, weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, ValueError, KeyError) as error:
        raise CheckpointError(f"{os.fspath(path)} is not a checkpoint that can be read safely: {error}") from error
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
