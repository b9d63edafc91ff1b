"""Checkpoints: files of tensors and plain values, replaced in one step and read without running code.

`save_checkpoint` and `load_checkpoint` are for the spiking networks of this package. `write_checkpoint` and
`read_checkpoint` below them take any content; training runs use them to resume (`run_folder`).
"""

from __future__ import annotations

import copy
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

# What a checkpoint says of itself; other files are refused.
_FORMAT = "sc-neurocore spiking network 1"


def write_checkpoint(path: str | os.PathLike[str], content: dict[str, Any]) -> Path:
    """Write a checkpoint to `path` so that readers see the old file or the new one, never a part.

    The content is written to a temporary file in the same folder, flushed to the disk and renamed. If anything fails,
    the temporary file is removed and the old file stays.

    Args:
        path: The file; its folder must exist.
        content: Tensors and plain values, possibly nested.

    Returns:
        The path.

    Raises:
        OSError: The file cannot be written, for example because the disk is full.
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
    """Return what `write_checkpoint` wrote; the file cannot run code (`weights_only=True`).

    Args:
        path: The file.
        map_location: The device to which the tensors go.

    Raises:
        CheckpointError: The path is no regular file, does not exist or cannot be read, is cut off, or holds anything
            besides tensors and plain values.
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
    """Return what `save_checkpoint` writes, for callers that write it by themselves; arguments as there."""
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
    """Write the state of a model, and of an optimizer if given, to a file.

    Readers never see a part of the file: it is written under another name and renamed.

    Args:
        path: The file; its folder must exist.
        model: The network. Its architecture (class, widths, cells) is stored beside its state.
        optimizer: Its state is stored too, so that training can go on.
        epoch: Number of finished epochs, which `load_checkpoint` returns.

    Returns:
        The path.
    """
    return write_checkpoint(path, checkpoint_content(model, optimizer, epoch))


def load_checkpoint(
    path: str | os.PathLike[str],
    model: SpikingNet | ConvSpikingNet,
    optimizer: torch.optim.Optimizer | None = None,
    map_location: torch.device | str = "cpu",
) -> int:
    """Bring a model, and an optimizer if given, to the state of a checkpoint.

    Only tensors and plain values are read (`weights_only=True`), so a file from somebody else cannot run code.

    Args:
        path: A file that `save_checkpoint` wrote.
        model: A network of the same architecture.
        optimizer: The optimizer to restore; None if it is not wanted.
        map_location: The device to which the tensors go.

    Returns:
        The checkpoint's number of finished epochs.

    Raises:
        ScError: There is no such file.
        CheckpointError: The file is no checkpoint of a spiking network, is of another architecture or damaged, or lacks
            the state of an optimizer although one was given. Model and optimizer are then as they were.
    """
    require(Path(path).is_file(), f"checkpoint {os.fspath(path)} does not exist")
    content = read_checkpoint(path, map_location)
    known = isinstance(content, dict) and content.get("format") == _FORMAT
    if not known or not {"architecture", "state", "optimizer", "epoch"} <= set(content):
        raise CheckpointError(f"{os.fspath(path)} is not a whole checkpoint of a spiking network ({_FORMAT!r})")
    wanted, got = model.architecture(), content["architecture"]
    if got != wanted:
        other = [
            f"{k} {got.get(k)!r} instead of {wanted.get(k)!r}" for k in {**wanted, **got} if got.get(k) != wanted.get(k)
        ]
        raise CheckpointError(f"{os.fspath(path)} is of another architecture: {', '.join(other)}")
    if optimizer is not None and content["optimizer"] is None:
        raise CheckpointError(f"{os.fspath(path)} holds no state of an optimizer")
    parts: list[tuple[str, Any]] = [("state", model), *([("optimizer", optimizer)] if optimizer is not None else [])]
    before = [(part, copy.deepcopy(part.state_dict())) for _, part in parts]
    try:
        epoch = int(content["epoch"])
        for name, part in parts:
            part.load_state_dict(content[name])
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        for part, state in before:
            part.load_state_dict(state)
        raise CheckpointError(f"{os.fspath(path)} does not fit the model or its optimizer: {error}") from error
    return epoch
