"""The learning rate over a phase of training."""

from __future__ import annotations

import math

import torch

__all__ = ["warm_cosine"]

# Share of a phase in which the learning rate rises; then it falls along a cosine.
_RISE_SHARE = 0.2


def warm_cosine(optimizer: torch.optim.Optimizer, steps: int) -> torch.optim.lr_scheduler.LRScheduler:
    """Return a schedule of so many steps: up to the optimizer's rate along a line, down to 0 along a cosine."""
    rise = max(1, round(_RISE_SHARE * steps))

    def factor(step: int) -> float:
        if step < rise:
            return (step + 1) / rise
        return 0.5 + 0.5 * math.cos(math.pi * (step - rise) / max(1, steps - rise))

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
