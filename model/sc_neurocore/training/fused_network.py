"""A whole network of fully connected leaky integrate-and-fire layers as one differentiable operation, on a CPU.

It does for all layers together what `fused_lif` does for the neurons of one. The products write into buffers in which
the scans then work in place, forward and backward, and the large buffers of one training step serve the next. That
matters because a fresh buffer of a mebibyte costs more in page faults than the scan that fills it.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .surrogates import SIGMOID, Shape, derivative

__all__ = ["Layer", "fused_network"]


class Layer(NamedTuple):
    """One layer of the network: a linear map and its neurons.

    Attributes:
        weight: (out, in).
        bias: (out,), or None.
        beta: β, a scalar.
        theta: θ, a scalar.
        shape: Kind and parameter of the surrogate gradient.
        detach_reset: As of `fused_lif`.
    """

    weight: Tensor
    bias: Tensor | None
    beta: Tensor
    theta: Tensor
    shape: Shape
    detach_reset: bool


class _Buffers:
    """A pool of memory that is safe for views and retained graphs.

    A piece returns to the pool when the last tensor in it is gone.
    """

    # Smaller ones are not worth it; what is kept beyond this is given back to the system.
    LEAST, MOST = 1 << 17, 1 << 27

    def __init__(self) -> None:
        self._free: dict[int, list[Tensor]] = {}  # by size in bytes, those in use least lately first
        self._held = 0
        self._lock = threading.RLock()  # a memory may come back while another is asked for

    def empty(self, rows: int, widths: Sequence[int], like: Tensor) -> list[Tensor]:
        """Return uninitialised CPU tensors that share one piece of memory.

        Args:
            rows: Rows of each tensor.
            widths: Columns of each; there is one tensor for each entry.
            like: A tensor whose dtype they get.
        """
        count = rows * sum(widths)
        size = count * like.element_size()
        if size < self.LEAST:
            whole = torch.empty(count, dtype=like.dtype)
        else:
            with self._lock:
                memory = None
                if size in self._free:
                    memory = self._free[size].pop()
                    self._held -= size
                    if not self._free[size]:
                        del self._free[size]
            if memory is None:
                memory = torch.empty(size, dtype=torch.uint8)
            # Tensors made of this array keep it alive, whatever becomes of them; it keeps nothing but the memory.
            array = memory.numpy()
            weakref.finalize(array, self._take_back, memory, size).atexit = False
            whole = torch.from_numpy(array).view(like.dtype)
        parts = whole.split([rows * width for width in widths])  # type: ignore[no-untyped-call]
        return [part.view(rows, width) for part, width in zip(parts, widths, strict=True)]

    def _take_back(self, memory: Tensor, size: int) -> None:
        """Keep a piece of memory for the next request of its size, or free it if too much is held."""
        if size > self.MOST:
            return
        with self._lock:
            # The sizes of an earlier network make room for those of this one, which are asked for again.
            for other in [other for other in self._free if other != size]:
                while self._held + size > self.MOST and self._free.get(other):
                    self._free[other].pop(0)
                    self._held -= other
                if not self._free.get(other):
                    self._free.pop(other, None)
            if self._held + size <= self.MOST:
                self._free.setdefault(size, []).append(memory)
                self._held += size


_BUFFERS = _Buffers()


def _memory(tensor: Tensor) -> tuple[int, int]:
    """Return the first address of a contiguous tensor's numbers, and the first address behind them."""
    start = tensor.data_ptr()
    return start, start + tensor.numel() * tensor.element_size()


def _product(a: Tensor, b: Tensor, out: Tensor, bias: Tensor | None = None) -> Tensor:
    """Write a · b (+ bias) into `out`, and return it.

    torch resizes an `out` of another shape, over whatever lies behind it in its memory. A product that reads what it
    writes gives an undefined result. Both are therefore errors here, of this module and never of its user.
    """
    assert out.shape == (a.shape[0], b.shape[1]), f"a product of shape {(a.shape[0], b.shape[1])} into {out.shape}"
    assert out.is_contiguous()
    start, end = _memory(out)
    for read in (a, b):
        low, high = _memory(read)
        assert high <= start or end <= low, "a product would write over what it reads"
    return torch.mm(a, b, out=out) if bias is None else torch.addmm(bias, a, b, out=out)


def _kernels() -> Any:
    # Numba takes long to import; nobody pays who does not train on a CPU.
    from . import fused_kernels

    return fused_kernels


class _Network(torch.autograd.Function):
    """All layers, forward and backward, as an operation of autograd."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        steps: int,
        constant: bool,
        keep: bool,
        shapes: Sequence[tuple[Shape, bool]],
        *parameters: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        """Return Σₜ s[t] and Σₜ u[t] of the last layer, each (B, out).

        Args:
            x: Input, (T·B, in), or (B, in) if constant.
            steps: T.
            constant: Whether the input is the same in every step.
            keep: Whether a backward pass may follow, so that what it needs is kept.
            shapes: Surrogate and detach_reset of every layer.
            parameters: weight, bias, β, θ of every layer, one after the other.
        """
        rows = x.shape[0] * (steps if constant else 1)
        batch = rows // steps
        # The input, then weight, potential and spikes of each layer; the last spikes are not needed.
        saved: list[Tensor] = [x]
        numbers = []
        spikes, totals = x, None
        widths = [weight.shape[0] for weight in parameters[::4] if weight is not None]
        buffers = _BUFFERS.empty(rows, widths + widths, x)
        for k, width in enumerate(widths):
            weight, bias, beta, theta = parameters[4 * k : 4 * k + 4]
            assert weight is not None
            assert beta is not None
            assert theta is not None
            current, potential = None, buffers[k]
            if k == 0 and constant:
                current = torch.nn.functional.linear(x, weight, bias)
            else:
                _product(spikes, weight.t(), potential, bias)
            spikes = buffers[len(widths) + k]
            if k == len(widths) - 1:
                totals = (x.new_zeros(batch, width), x.new_zeros(batch, width))
            numbers.append((beta.item(), theta.item()))
            _kernels().forward(current, potential, spikes, None, totals, *numbers[k], steps)
            if keep:
                saved += [weight, potential, spikes]
        if keep:
            ctx.save_for_backward(*saved[:-1])
            ctx.steps, ctx.constant, ctx.shapes, ctx.numbers = steps, constant, shapes, numbers
        assert totals is not None
        return totals[1], totals[0]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grad: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of the parameters, from the last layer to the first that needs any."""
        saved, needs = ctx.saved_tensors, ctx.needs_input_grad[5:]
        gradients: list[Tensor | None] = [None] * len(needs)
        g, g_total = (a.contiguous() for a in grad)
        last = len(ctx.shapes) - 1
        # Layer by layer the gradient of its spikes, in place of which that of its current comes. (With a constant input
        # the first layer's current has one row, `added`, but its spikes have a gradient in every step all the same.)
        widths = [potential.shape[1] for potential in saved[2::3]]
        buffers = _BUFFERS.empty(saved[2].shape[0], widths, g)
        for k in range(last, -1, -1):
            below, weight, potential = saved[3 * k : 3 * k + 3]  # below: the input, or the spikes of the layer below
            (shape, detach_reset), wanted = ctx.shapes[k], needs[4 * k : 4 * k + 4]
            added = g.new_zeros(len(potential) // ctx.steps, widths[k])
            current = added if k == 0 and ctx.constant else buffers[k]
            slope = derivative(potential, shape) if shape.kind >= SIGMOID else None
            learned = (torch.zeros_like(added), torch.zeros_like(added)) if wanted[2] or wanted[3] else None
            given = (g, g_total if k == last else None, potential, slope, None, current)
            more = (None if current is added else added, None, learned)
            _kernels().backward(*given, *more, *ctx.numbers[k], shape, detach_reset, ctx.steps)
            if wanted[0]:
                gradients[4 * k] = current.t() @ below
            if wanted[1]:
                gradients[4 * k + 1] = added.sum(dim=0)
            if learned is not None:
                gradients[4 * k + 2 : 4 * k + 4] = [a.sum() for a in learned]
            if not any(needs[: 4 * k]):
                break
            g = _product(current, weight, buffers[k - 1])
        return (None,) * 5 + tuple(gradients)


def fused_network(x: Tensor, layers: Sequence[Layer]) -> tuple[Tensor, Tensor]:
    """Run all layers from rest over the steps of x.

    If x is the same in every step (stride 0 along T), it goes through the first product once.

    Args:
        x: Input, (T, B, in), float32 or float64, on the CPU; it gets no gradient.
        layers: The layers. Their parameters are on the CPU, of the type of x, and get gradients.

    Returns:
        (Σₜ s[t], Σₜ u[t]) of the last layer, each (B, out).
    """
    steps = x.shape[0]
    constant = steps > 1 and x.stride(0) == 0
    flat = x[0] if constant else x.flatten(0, 1)
    parameters = [p for layer in layers for p in layer[:4]]
    shapes = [(layer.shape, layer.detach_reset) for layer in layers]
    keep = torch.is_grad_enabled()
    return _Network.apply(flat, steps, constant, keep, shapes, *parameters)  # type: ignore[no-untyped-call, no-any-return]
