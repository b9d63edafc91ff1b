"""The `lif` neuron of the hardware (docs/arithmetic.md, A13) in torch: integers forward, a surrogate backward.

Everything that the hardware rounds is rounded in the forward pass: the threshold, the leak in each clock. Integers are
kept in double precision, which holds 32-bit potentials times β exactly.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from .cells import IFCell, LIFCell, SpikingCell

__all__ = ["cell_values", "integer_lif", "lif_codes", "lif_integers"]


def lif_integers(cell: SpikingCell, w_s: float, theta_frac: int) -> tuple[int, int]:
    """Return (θ, β) of the neuron that stands for `cell`: θ in LSB of w_s / 2^theta_frac, β in 1 / 256.

    The cell fires at u > θ, the neuron at u ≥ ⌊θ / LSB⌋ + 1, which is the same in LSBs. β = 256: no leak.
    """
    return lif_codes(*cell_values(cell), w_s, theta_frac)


def cell_values(cell: SpikingCell) -> tuple[float, float]:
    """Return θ and β of a LIFCell or an IFCell."""
    with torch.no_grad():
        return float(cell._theta()), float(cell._learned_beta()) if isinstance(cell, LIFCell) else 1.0


def lif_codes(theta: float, beta: float, w_s: float, theta_frac: int, *, strict: bool = True) -> tuple[int, int]:
    """Return (θ in LSB of w_s / 2^theta_frac, β in 1 / 256); it fires at u > theta, if not strict at u ≥ theta."""
    steps = theta / (w_s / 2**theta_frac)
    return math.floor(steps) + 1 if strict else max(1, math.ceil(steps)), round(256 * beta)


class _IntegerLif(torch.autograd.Function):
    """Spikes and Σₜ u[t] of A13; backward that of LIFCell: u = β·v + I, s = [u > θ], v = u − θ·s."""

    @staticmethod
    def forward(
        ctx: Any, sums: Tensor, theta: Tensor, beta: Tensor, cell: SpikingCell, w_s: float, theta_frac: int
    ) -> tuple[Tensor, Tensor]:
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
        potentials, spikes, theta, beta, *before = ctx.saved_tensors
        g_spikes, g_membrane = grad
        cell: SpikingCell = ctx.cell
        with torch.enable_grad():
            x = (potentials - theta).requires_grad_()
            (slope,) = torch.autograd.grad(cell.surrogate_fn(x).sum(), x)
        g_u, g_v = torch.empty_like(potentials), torch.zeros_like(g_membrane)
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
    """Return (spikes, membrane) of a layer of `lif` neurons that stand for `cell`, a LIFCell or IFCell.

    sums: Σ over the synapses of a clock's product bits, integers, (T, B, N); the current is w_s times that. spikes:
    (T, B, N), those of the hardware bit for bit. membrane: Σₜ u[t], (B, N). Gradients go to sums and to what the cell
    learns, as LIFCell's do: rounding has none.
    """
    assert isinstance(cell, (LIFCell, IFCell))
    beta = cell._learned_beta() if isinstance(cell, LIFCell) else sums.new_ones(())
    spikes, membrane = _IntegerLif.apply(sums, cell._theta(), beta, cell, w_s, theta_frac)  # type: ignore[no-untyped-call]
    return spikes, membrane
