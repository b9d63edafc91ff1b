"""The `lif` neuron of the hardware (A13, neuron `lif`) in torch: integers forward, a surrogate gradient backward.

Everything that the hardware rounds is rounded in the forward pass: the threshold once, the leak in every clock. So
spikes in training are the spikes of the hardware. Integers are kept in double precision, which holds the product of a
32-bit potential and β exactly.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from .cells import IFCell, LIFCell, SpikingCell

__all__ = ["cell_values", "integer_lif", "lif_codes", "lif_integers"]


def lif_integers(cell: SpikingCell, w_s: float, theta_frac: int) -> tuple[int, int]:
    """Return the integer threshold and leak of the `lif` neuron that stands for a cell.

    Args:
        cell: A LIFCell or an IFCell.
        w_s: Full scale of the layer's weights.
        theta_frac: f; the LSB of potential and threshold is w_s / 2^f.

    Returns:
        (θ, β): θ in LSB; β in units of 1 / 256, where 256 means no leak. The cell fires at u > θ, the neuron at
        u ≥ ⌊θ / LSB⌋ + 1; for potentials that are whole numbers of LSBs both conditions are the same.
    """
    return lif_codes(*cell_values(cell), w_s, theta_frac)


def cell_values(cell: SpikingCell) -> tuple[float, float]:
    """Return the real θ and β of a LIFCell or an IFCell, learned ones clamped to their range; β of an IFCell is 1."""
    with torch.no_grad():
        return float(cell._theta()), float(cell._learned_beta()) if isinstance(cell, LIFCell) else 1.0


def lif_codes(theta: float, beta: float, w_s: float, theta_frac: int, *, strict: bool = True) -> tuple[int, int]:
    """Return a neuron's threshold and leak as the integers of A13 (neuron `lif`).

    Args:
        theta: Real threshold.
        beta: Real leak factor, 0 … 1.
        w_s: Full scale of the layer's weights.
        theta_frac: f; the LSB is w_s / 2^f.
        strict: Whether the real neuron fires at u > theta, as the cells here do, or else at u ≥ theta.

    Returns:
        (θ in LSB, at least 1; β in units of 1 / 256, rounded).

    Example:
        >>> lif_codes(1.0, 0.9, 1.0, 8), lif_codes(1.0, 0.9, 1.0, 8, strict=False)
        ((257, 230), (256, 230))
    """
    steps = theta / (w_s / 2**theta_frac)
    return math.floor(steps) + 1 if strict else max(1, math.ceil(steps)), round(256 * beta)


class _IntegerLif(torch.autograd.Function):
    """Spikes and Σₜ u[t] of A13; the backward pass is that of LIFCell: u = β·v + I, s = [u > θ], v = u − θ·s."""

    @staticmethod
    def forward(
        ctx: Any, sums: Tensor, theta: Tensor, beta: Tensor, cell: SpikingCell, w_s: float, theta_frac: int
    ) -> tuple[Tensor, Tensor]:
        """Return spikes (T, B, N) and Σₜ u[t] (B, N) for the sums of a clock's product bits (T, B, N).

        θ and β are arguments only so that autograd gives them gradients; the numbers come from the cell, as integers.
        """
        level, factor = lif_integers(cell, w_s, theta_frac)
        current = sums.double() * 2.0**theta_frac
        u, v = torch.empty_like(current), torch.zeros_like(current[0])
        before = torch.empty_like(sums) if beta.requires_grad else None
        unit = w_s / 2**theta_frac
        for t in range(len(current)):
            if before is not None:
                before[t] = v * unit
            if factor < 256:
                v.mul_(factor / 256).floor_()  # exact: a product of less than 53 bits, scaled by a power of two
            v.add_(current[t])
            u[t] = v
            v.sub_((v >= level) * float(level))
        spikes = (u >= level).to(sums.dtype)
        potentials = (u * unit).to(sums.dtype)
        ctx.save_for_backward(potentials, spikes, theta, beta, *([] if before is None else [before]))
        ctx.cell, ctx.w_s = cell, w_s
        return spikes, potentials.sum(dim=0)

    @staticmethod
    def backward(ctx: Any, *grad: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of the sums, θ and β: the steps of LIFCell in reverse, rounding left out."""
        potentials, spikes, theta, beta, *before = ctx.saved_tensors
        g_spikes, g_membrane = grad
        cell: SpikingCell = ctx.cell
        with torch.enable_grad():
            # The surrogate's derivative at u − θ of every step, whatever function it is.
            x = (potentials - theta).requires_grad_()
            (slope,) = torch.autograd.grad(cell.surrogate_fn(x).sum(), x)
        g_u, g_v = torch.empty_like(potentials), torch.zeros_like(g_membrane)
        # Backwards through time: g_v is the gradient of v[t], which reaches u[t] directly and by way of the reset.
        g_theta = potentials.new_zeros(())
        factor = float(beta)
        for t in range(len(potentials) - 1, -1, -1):
            g_s = g_spikes[t] if cell.detach_reset else g_spikes[t] - theta * g_v
            torch.addcmul(g_v + g_membrane, g_s, slope[t], out=g_u[t])
            if ctx.needs_input_grad[1]:
                g_theta -= (g_s * slope[t]).sum() + (g_v * spikes[t]).sum()
            g_v = g_u[t] * factor
        g_beta = (g_u * before[0]).sum() if before else None
        return g_u * ctx.w_s, g_theta if ctx.needs_input_grad[1] else None, g_beta, None, None, None


def integer_lif(sums: Tensor, cell: SpikingCell, w_s: float, theta_frac: int) -> tuple[Tensor, Tensor]:
    """Return what a layer of `lif` neurons computes that stand for `cell` (A13, neuron `lif`).

    Args:
        sums: Σ over the synapses of a clock's product bits, whole numbers, (T, B, N): T clocks, B samples, N neurons.
            The real current is w_s times that.
        cell: A LIFCell or an IFCell; its threshold and leak are rounded as `lif_integers` does.
        w_s: Full scale of the layer's weights.
        theta_frac: f; the LSB of the potential is w_s / 2^f.

    Returns:
        (spikes, membrane). spikes: 0 or 1, (T, B, N), bit for bit those of the hardware. membrane: Σₜ u[t] in real
        units, (B, N). Gradients flow to the sums and to what the cell learns as in LIFCell; rounding is ignored there.

    Example:
        >>> spikes, _ = integer_lif(torch.ones(4, 1, 1), IFCell(), w_s=1.0, theta_frac=8)
        >>> spikes.flatten().tolist()
        [0.0, 1.0, 1.0, 1.0]
    """
    assert isinstance(cell, (LIFCell, IFCell))
    beta = cell._learned_beta() if isinstance(cell, LIFCell) else sums.new_ones(())
    spikes, membrane = _IntegerLif.apply(sums, cell._theta(), beta, cell, w_s, theta_frac)  # type: ignore[no-untyped-call]
    return spikes, membrane
