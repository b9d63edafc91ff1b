"""A whole network of fully connected layers of leaky integrate-and-fire neurons as one differentiable operation.

What `lif_scan` does for the neurons, for all layers together, on a CPU: the products write where the scans then work in
place, forward and backward, and the large buffers of one step of training serve the next. A fresh buffer of a mebibyte
costs more in page faults than the scan that fills it.
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

__all__ = ["Layer", "lif_network"]


class Layer(NamedTuple):
    """weight (out, in), bias (out,) or None, scalars β and θ, the surrogate's shape, and `lif_scan`'s detach_reset."""

    weight: Tensor
    bias: Tensor | None
    beta: Tensor
    theta: Tensor
    shape: Shape
    detach_reset: bool


class _Buffers:
    """Memory that comes back when the last tensor in it is gone, so views and retained graphs are safe."""

    # Smaller ones are not worth it; what is kept beyond this is given back to the system.
    LEAST, MOST = 1 << 17, 1 << 27

    def __init__(self) -> None:
        self._free: dict[int, list[Tensor]] = {}
        self._held = 0
        self._lock = threading.RLock()  # a memory may come back while another is asked for

    def empty(self, rows: int, columns: int, like: Tensor) -> Tensor:
        """Return an uninitialised (rows, columns) on the CPU, of the type of `like`."""
        size = rows * columns * like.element_size()
        if size < self.LEAST:
            return torch.empty(rows, columns, dtype=like.dtype)
        with self._lock:
            free = self._free.get(size)
            memory = free.pop() if free else None
            if memory is not None:
                self._held -= size
        if memory is None:
            memory = torch.empty(size, dtype=torch.uint8)
        # Tensors made of this array keep it alive, whatever becomes of them; the array keeps nothing but the memory.
        array = memory.numpy()
        weakref.finalize(array, self._take_back, memory, size).atexit = False
        return torch.from_numpy(array).view(like.dtype).view(rows, columns)

    def _take_back(self, memory: Tensor, size: int) -> None:
        with self._lock:
            if self._held + size <= self.MOST:
                self._free.setdefault(size, []).append(memory)
                self._held += size


_BUFFERS = _Buffers()


def _kernels() -> Any:
    # Numba takes long to import; nobody pays who does not train on a CPU.
    from . import lif_kernels

    return lif_kernels


class _Network(torch.autograd.Function):
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
        """x: (T·B, in), or (B, in) if constant. parameters: weight, bias, β, θ of every layer."""
        rows = x.shape[0] * (steps if constant else 1)
        batch = rows // steps
        saved: list[Tensor] = [x]
        numbers = []
        spikes, totals = x, None
        for k in range(len(shapes)):
            weight, bias, beta, theta = parameters[4 * k : 4 * k + 4]
            assert weight is not None and beta is not None and theta is not None
            width = weight.shape[0]
            current, potential = None, _BUFFERS.empty(rows, width, x)
            if k == 0 and constant:
                current = torch.nn.functional.linear(x, weight, bias)
            elif bias is None:
                torch.mm(spikes, weight.t(), out=potential)
            else:
                torch.addmm(bias, spikes, weight.t(), out=potential)
            spikes, v = _BUFFERS.empty(rows, width, x), x.new_zeros(batch, width)
            totals = (torch.zeros_like(v), torch.zeros_like(v)) if k == len(shapes) - 1 else None
            numbers.append((beta.item(), theta.item()))
            _kernels().forward(current, potential, spikes, v, totals, *numbers[k], steps)
            if keep:
                saved += [weight, potential, spikes]
        if keep:
            ctx.save_for_backward(*saved[:-1])
            ctx.steps, ctx.constant, ctx.shapes, ctx.numbers = steps, constant, shapes, numbers
        assert totals is not None
        return totals[1], totals[0]

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, *grad: Tensor) -> tuple[Tensor | None, ...]:
        saved, needs = ctx.saved_tensors, ctx.needs_input_grad[5:]
        gradients: list[Tensor | None] = [None] * len(needs)
        g, g_total = (a.contiguous() for a in grad)
        last = len(ctx.shapes) - 1
        for k in range(last, -1, -1):
            below = saved[3 * k]  # the input, or the spikes of the layer below
            weight, potential = saved[3 * k + 1 : 3 * k + 3]
            (shape, detach_reset), wanted = ctx.shapes[k], needs[4 * k : 4 * k + 4]
            rows, width = potential.shape
            v = potential.new_zeros(rows // ctx.steps, width)
            carry = torch.zeros_like(v)
            if k == 0 and ctx.constant:
                current = torch.zeros_like(v)
            else:
                current = _BUFFERS.empty(rows, width, v) if k == last else g
            slope = derivative(potential, shape) if shape.kind >= SIGMOID else None
            learned = (torch.zeros_like(v), torch.zeros_like(v)) if wanted[2] or wanted[3] else None
            given = (g, g_total if k == last else v, potential, slope, v)
            _kernels().backward(*given, current, carry, learned, *ctx.numbers[k], shape, detach_reset, ctx.steps)
            if wanted[0]:
                gradients[4 * k] = current.t() @ below
            if wanted[1]:
                gradients[4 * k + 1] = current.sum(dim=0)
            if learned is not None:
                gradients[4 * k + 2 : 4 * k + 4] = [a.sum() for a in learned]
            if not any(needs[: 4 * k]):
                break
            g = torch.mm(current, weight, out=_BUFFERS.empty(rows, weight.shape[1], v))
        return (None,) * 5 + tuple(gradients)


def lif_network(x: Tensor, layers: Sequence[Layer]) -> tuple[Tensor, Tensor]:
    """Return (Σₜ s[t], Σₜ u[t]) of the last layer, each (B, out), for a run of all layers from rest over x (T, B, in).

    x and all parameters are on the CPU and of one type, float32 or float64; the parameters get gradients, x does not.
    If x is the same in every step (stride 0 along T), it goes through the first product once.
    """
    steps = x.shape[0]
    constant = steps > 1 and x.stride(0) == 0
    flat = x[0] if constant else x.flatten(0, 1)
    parameters = [p for layer in layers for p in layer[:4]]
    shapes = [(layer.shape, layer.detach_reset) for layer in layers]
    keep = torch.is_grad_enabled()
    return _Network.apply(flat, steps, constant, keep, shapes, *parameters)  # type: ignore[no-untyped-call, no-any-return]
