"""The learning rate over a phase of training: a linear rise, then a cosine down to 0."""

from __future__ import annotations

import math

import torch

__all__ = ["warm_cosine"]

# Share of a phase in which the learning rate rises; then it falls along a cosine.
_RISE_SHARE = 0.2


def warm_cosine(optimizer: torch.optim.Optimizer, steps: int) -> torch.optim.lr_scheduler.LRScheduler:
    """Return a schedule of the learning rate over a phase, to be stepped after every step of the optimizer.

    The rate rises along a line to the optimizer's own rate in the first fifth of the steps, so that the first, large
    gradients do little harm. Then it falls along half a cosine towards 0, which lets the weights settle.

    Args:
        optimizer: Its learning rate is the greatest of the schedule.
        steps: Number of steps of the phase.

    Example:
        >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        >>> warm_cosine(optimizer, 10).lr_lambdas[0](0), warm_cosine(optimizer, 10).lr_lambdas[0](6)
        (0.5, 0.5)
    """
    rise = max(1, round(_RISE_SHARE * steps))

    def factor(step: int) -> float:
        """Return the share of the greatest rate at a step, counted from 0."""
        if step < rise:
            return (step + 1) / rise
        return 0.5 + 0.5 * math.cos(math.pi * (step - rise) / max(1, steps - rise))

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
