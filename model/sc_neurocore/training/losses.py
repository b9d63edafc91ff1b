"""Losses on the output of a spiking network: spike counts or accumulated potentials, shape (B, classes).

B is the number of samples of the batch, T the number of steps. The first three losses compare with the labels. The
last two are prices for activity, to be weighted and added to one of them: fewer spikes cost less energy.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ..errors import require

__all__ = ["check_targets", "membrane_loss", "spike_count_loss", "spike_l1_loss", "spike_l2_loss", "spike_rate_loss"]


def check_targets(scores: Tensor, targets: Tensor) -> Tensor:
    """Return the targets as int64 after a check.

    Args:
        scores: Output of the network, (B, classes).
        targets: Class indices in 0 … classes − 1, integers of any width, (B,).

    Raises:
        ScError: The shapes do not match, or the targets are no class indices.
    """
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
    """Return the rates counts / T, after a check that T is an integer of at least 1."""
    require(isinstance(T, int) and T >= 1, f"T must be an integer of at least 1, got {T!r}")
    return counts / T


def spike_count_loss(counts: Tensor, targets: Tensor) -> Tensor:
    """Return the cross-entropy with the spike counts as logits: the correct class should spike most.

    Args:
        counts: Spikes of each output neuron, (B, classes).
        targets: Class indices, (B,).
    """
    return functional.cross_entropy(counts, check_targets(counts, targets))


def membrane_loss(mem: Tensor, targets: Tensor) -> Tensor:
    """Return the cross-entropy with the accumulated potentials as logits.

    Potentials have a gradient also where no neuron spikes, which helps at the start of a training.

    Args:
        mem: Σₜ u[t] of each output neuron, (B, classes).
        targets: Class indices, (B,).
    """
    return functional.cross_entropy(mem, check_targets(mem, targets))


def spike_rate_loss(counts: Tensor, targets: Tensor, T: int, target_rate: float = 0.8) -> Tensor:
    """Return the mean squared error of the rates counts / T; the correct class should reach `target_rate`, others 0.

    Args:
        counts: Spikes of each output neuron, (B, classes).
        targets: Class indices, (B,).
        T: Number of steps, at least 1.
        target_rate: Wanted spikes per step of the correct class, in (0, 1].

    Raises:
        ScError: target_rate, T or the targets are outside their range.

    Example:
        >>> float(spike_rate_loss(torch.tensor([[8.0, 0.0]]), torch.tensor([0]), T=10))
        0.0
    """
    require(0 < target_rate <= 1, f"target_rate must be in (0, 1], got {target_rate!r}")
    wanted = functional.one_hot(check_targets(counts, targets), counts.shape[1]).to(counts.dtype) * target_rate
    return functional.mse_loss(_steps(counts, T), wanted)


def spike_l1_loss(counts: Tensor, T: int) -> Tensor:
    """Return the mean rate, the mean of |counts| / T: every spike costs the same."""
    return _steps(counts, T).abs().mean()


def spike_l2_loss(counts: Tensor, T: int) -> Tensor:
    """Return the mean squared rate, the mean of (counts / T)²: high rates cost most."""
    return _steps(counts, T).square().mean()
