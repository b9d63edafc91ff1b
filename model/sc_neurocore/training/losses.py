"""Losses on what a spiking network gives: spike counts or accumulated potentials, (B, classes)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ..errors import require

__all__ = ["check_targets", "membrane_loss", "spike_count_loss", "spike_l1_loss", "spike_l2_loss", "spike_rate_loss"]


def check_targets(scores: Tensor, targets: Tensor) -> Tensor:
    """Return the targets as int64; raises ScError unless they are class indices (B,) for scores (B, classes)."""
    require(scores.ndim == 2, f"scores must have shape (B, classes), got {tuple(scores.shape)}")
    kinds = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
    require(targets.dtype in kinds, f"targets must be integer class indices, got {targets.dtype}")
    wanted = (scores.shape[0],)
    require(tuple(targets.shape) == wanted, f"targets must have shape {wanted}, got {tuple(targets.shape)}")
    if targets.numel():
        low, high = int(targets.min()), int(targets.max())
        worst = low if low < 0 else high
        require(0 <= worst < scores.shape[1], f"targets must be in [0, {scores.shape[1] - 1}], got {worst}")
    return targets.long()


def _steps(counts: Tensor, T: int) -> Tensor:
    require(isinstance(T, int) and T >= 1, f"T must be an integer of at least 1, got {T!r}")
    return counts / T


def spike_count_loss(counts: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy with the spike counts as logits. counts: (B, classes), targets: class indices (B,)."""
    return functional.cross_entropy(counts, check_targets(counts, targets))


def membrane_loss(mem: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy with the accumulated potentials Σₜ u[t] as logits. mem: (B, classes), targets: (B,)."""
    return functional.cross_entropy(mem, check_targets(mem, targets))


def spike_rate_loss(counts: Tensor, targets: Tensor, T: int, target_rate: float = 0.8) -> Tensor:
    """Mean squared error of the rates counts / T against target_rate for the class and 0 for the others.

    target_rate: in (0, 1]. T: steps.
    """
    require(0 < target_rate <= 1, f"target_rate must be in (0, 1], got {target_rate!r}")
    wanted = functional.one_hot(check_targets(counts, targets), counts.shape[1]).to(counts.dtype) * target_rate
    return functional.mse_loss(_steps(counts, T), wanted)


def spike_l1_loss(counts: Tensor, T: int) -> Tensor:
    """Mean rate, mean of |counts| / T: a price for every spike alike. To be weighted and added to another loss."""
    return _steps(counts, T).abs().mean()


def spike_l2_loss(counts: Tensor, T: int) -> Tensor:
    """Mean squared rate, mean of (counts / T)²: a price for rates that are high. To be weighted and added."""
    return _steps(counts, T).square().mean()
