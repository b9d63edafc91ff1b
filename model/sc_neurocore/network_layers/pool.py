"""Pooling of counts (A19, convolution and pooling).

Pooling has no weights and no memory file. Max pooling is an OR of streams in hardware and takes no window of its own.
Mean pooling is a `window_if` neuron with a fixed threshold, and answers one window later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks
from ..errors import require
from ..neurons import THETA_MAX, CountIf
from ..streams import popcount
from .base import Floats, Layer, Shape, Window, check_size, input_shape_of, register, sizes_of

if TYPE_CHECKING:
    from ..network import Network

__all__ = ["POOLS", "PoolLayer"]

#: The kinds of pooling.
POOLS = ("max", "mean")


@register
@dataclass(frozen=True, eq=False)
class PoolLayer(Layer):
    """Pooling of counts, channel by channel (A19): the greatest, or the mean rounded to nearest, half up.

    Rows and columns that no window reaches are left out, as in torch.

    Attributes:
        kind: "max" or "mean".
        size: Side of the square window, 1 … 15.
        input_shape: (height, width, channels) of the input.
        stride: Step of the window, 1 … 255; 0, the default, means `size`.

    Raises:
        ScError: If a value is not legal, or the window is larger than the input.

    Example:
        >>> PoolLayer("mean", 2, (2, 2, 1)).codes(np.array([[1, 2, 2, 4]])).tolist()
        [[2]]
    """

    kind: str
    size: int
    input_shape: Shape
    stride: int = 0
    type: ClassVar[str] = "pool"
    entries: ClassVar[frozenset[str]] = frozenset({"input", "kind", "size", "stride"})

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", checks.choice("kind", self.kind, POOLS))
        object.__setattr__(self, "input_shape", input_shape_of(self.input_shape))
        object.__setattr__(self, "size", checks.integer("size", self.size, 1, 15))
        object.__setattr__(self, "stride", checks.integer("stride", self.stride, 0, 255) or self.size)
        Window(self.input_shape, self.kernel, self.stride, 0)  # refuses one that does not fit
        check_size("inputs", self.input_shape)
        check_size("outputs", self.output_shape)

    @property
    def kernel(self) -> tuple[int, int]:
        """Height and width of the window."""
        return self.size, self.size

    @property
    def inputs(self) -> int:
        """Number of values that the layer takes: height · width · channels."""
        return prod(self.input_shape)

    @property
    def output_shape(self) -> Shape:
        """(height, width, channels) of the output."""
        return (*self.window.positions, self.input_shape[2])

    @property
    def label(self) -> str:
        """Kind and size, and the stride where it differs, as a topology prints them: max2, mean3s2."""
        return f"{self.kind}{self.size}" + (f"s{self.stride}" if self.stride != self.size else "")

    @property
    def noun(self) -> str:
        """What an error calls such a layer."""
        return "pooling"

    def describe(self) -> dict[str, Any]:
        """Return what determines the layer's behaviour, as plain JSON values."""
        return {
            "type": "pool",
            "input": list(self.input_shape),
            "kind": self.kind,
            "size": self.size,
            "stride": self.stride,
        }

    @classmethod
    def parse(cls, entry: Mapping[str, Any], codes: NDArray[np.int16] | None) -> PoolLayer:
        """Return the layer of a description; `codes` is None, since pooling has no memory file."""
        height, width, channels = sizes_of("input", entry["input"], 3)
        return cls(entry["kind"], entry["size"], (height, width, channels), entry["stride"])

    def check_place(self, where: str, network: Network, *, last: bool) -> None:
        """Raise ScError for pooling as readout, and for a mean with size² · 2^theta_frac above 65535 (A19)."""
        Layer.check_place(self, where, network, last=last)
        theta = self.threshold(network.theta_frac)
        require(
            theta <= THETA_MAX,
            f"{where} ({self.label}): the threshold of a mean, size^2 * 2^theta_frac (A19), must be at most "
            f"{THETA_MAX} (A2), got {self.size}^2 * 2^{network.theta_frac} = {theta}: take a smaller theta_frac",
        )

    def narrowed(self, stays: NDArray[np.bool_], inputs: NDArray[np.bool_]) -> PoolLayer:
        """Return the layer with only some channels: those that are left of its input (`inputs`)."""
        return replace(self, input_shape=(*self.input_shape[:2], int(inputs.sum())))

    def nir_node(self, length: int, before: Shape) -> tuple[str, dict[str, Any]]:
        """Return a NIR AvgPool2d; raises ScError for max pooling, which NIR does not have."""
        require(not self.greatest, "takes maxima: NIR has average and sum pooling only")
        size, stride, padding = np.array([self.size] * 2), np.array([self.stride] * 2), np.array([0, 0])
        return "pool", {"type": "AvgPool2d", "kernel_size": size, "stride": stride, "padding": padding}

    @classmethod
    def of_nir(
        cls, entry: Mapping[str, Any], weights: NDArray[np.int16] | None, bias: NDArray[np.int16] | None, before: Shape
    ) -> PoolLayer:
        """Return the layer of a description; the node holds nothing more."""
        return cls.parse(entry, None)

    def groups(self) -> NDArray[np.int64]:
        """Return the indices of the inputs of each output, shape (neurons, size²)."""
        fields = self.window.fields()
        spots = fields.reshape(len(fields), -1, self.input_shape[2])
        return np.ascontiguousarray(spots.transpose(0, 2, 1)).reshape(self.neurons, self.size**2)

    def codes(self, x: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the codes that pooling gives (A19).

        A mean is c = ⌊(2·Σ X + size²) / (2·size²)⌋, where X are the codes in the window.

        Args:
            x: Codes of the inputs, shape (n, inputs).

        Returns:
            Codes of the outputs, shape (n, neurons).
        """
        groups = x[:, self.groups()]
        if self.greatest:
            best: NDArray[np.int64] = groups.max(axis=2)
            return best
        window = self.size**2
        mean: NDArray[np.int64] = (2 * groups.sum(axis=2) + window) // (2 * window)
        return mean

    def spikes(self, bits: NDArray[np.bool_], network: Network) -> Iterator[NDArray[np.bool_]]:
        """Yield the output bits at each clock: the OR of a window's bits, or spikes of a `window_if` neuron (A19)."""
        groups = self.groups()
        if self.greatest:
            yield from (np.any(now[groups], axis=1) for now in bits)
            return
        neuron = CountIf(self.threshold(network.theta_frac))
        yield from neuron.spikes((popcount(now[groups]) for now in bits), network.theta_frac, network.length)

    def real(self, x: ArrayLike, *, rounded: bool = False) -> Floats:
        """Return the greatest value or the mean of each window, for values that may be fractions.

        Args:
            x: Values of the inputs, shape (n, inputs).
            rounded: Whether a mean is rounded to the nearest integer, half up; a maximum is never rounded.

        Returns:
            float64, shape (n, neurons).
        """
        taken = np.asarray(x, dtype=np.float64)[:, self.groups()]
        if self.greatest:
            return np.asarray(taken.max(axis=2))
        if not rounded:
            return np.asarray(taken.mean(axis=2))
        # Of the sum, which is exact where the mean is not: half up, as A19 has it.
        return np.asarray(np.floor_divide(2 * taken.sum(axis=2) + self.size**2, 2 * self.size**2))

    @property
    def window(self) -> Window:
        """The pooling window as it moves over the input; it never has padding."""
        return Window(self.input_shape, self.kernel, self.stride, 0)

    @property
    def greatest(self) -> bool:
        """Whether the layer takes the greatest value of a window, and not the mean."""
        return self.kind == "max"

    @property
    def rounds(self) -> bool:
        """Whether `codes` may differ from `real`, which is so for means only."""
        return not self.greatest

    def threshold(self, theta_frac: int) -> int:
        """Return the threshold in LSB with which a `window_if` neuron computes this layer (A19).

        It is size² · 2^theta_frac for a mean, and 2^theta_frac for a maximum, whose value passes unchanged.
        """
        return (1 if self.greatest else self.size**2) << theta_frac

    def most(self, length: int, unit: int) -> int:
        """Return a bound on the layer's sums: a sum of size² codes for a mean, one code for a maximum.

        Args:
            length: L, the greatest code.
            unit: 1 for streams; L for the integer peer, whose sums are of X · L.
        """
        return (1 if self.greatest else self.size**2) * length * unit
