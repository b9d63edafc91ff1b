"""`Network`: the intermediate representation between training and hardware. Validated, immutable, integers only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ldexp, prod
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import checks
from .checks import integer, shown
from .errors import ScError, require
from .names import ORDERS
from .network_layers import ADDERS, POOLS, THETA_MAX, ConvLayer, DenseLayer, Layer, PoolLayer, WeightedLayer
from .neurons import CountIf
from .sources import NUMBERS, as_source, log2_length, source

__all__ = [
    "ADDERS",
    "ORDERS",
    "POOLS",
    "THETA_FRAC",
    "THETA_MAX",
    "ConvLayer",
    "DenseLayer",
    "InputSpec",
    "Layer",
    "Network",
    "PoolLayer",
    "WeightedLayer",
]

THETA_FRAC = 4
FULL_SCALE_MAX, OFFSET_MAX, SHIFT_MAX = 1 << 24, 1 << 53, 1000


@dataclass(frozen=True, slots=True)
class InputSpec:
    """How raw integer samples become the network's input codes (A2).

    shape: of one sample, e.g. (28, 28), (64,), or with three axes of a colour image.
    full_scale: F of A2, the value (after pooling) that stands for 1.0.
    pool: side of the square blocks that are summed first (1 = none; only for 2-D shapes, whose sides it must divide).
    dataset: the name under which `evaluate --data` finds such samples, or "custom".
    threshold: where given, inputs are binary: a value (after pooling) of at least it counts as full_scale, any other as
    0, so that a code is L or 0.
    order: of the axes of a sample with three: "hwc" (height, width, channels), as image files have them, or "chw"
    (channels, height, width), as torch has them. None is "hwc" that nobody stated: a conversion that cannot see from
    the model that it is right refuses it. The network's codes have the order row, column, channel in any case.
    offset: the raw value that becomes 0, so raw samples are in offset … offset + full_scale / pool².
    shift: where given, a raw value v stands for the real number v / 2^shift, and `quantise` makes raw samples of reals.

    >>> InputSpec((2,), full_scale=512, offset=-256, shift=8).quantise([[-0.5, 1.0]]).tolist()
    [[-128, 256]]
    """

    shape: tuple[int, ...]
    full_scale: int
    pool: int = 1
    dataset: str = "custom"
    threshold: int | None = None
    order: str | None = None
    offset: int = 0
    shift: int | None = None

    def __post_init__(self) -> None:
        sizes = self.shape
        require(isinstance(sizes, Sequence) and not isinstance(sizes, str), f"input shape must be sizes, got {sizes!r}")
        require(sizes, "input shape must have at least one size, got ()")
        shape = tuple(integer(f"size {k} of the input shape", size, 1) for k, size in enumerate(sizes))
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "full_scale", integer("full_scale", self.full_scale, 1, FULL_SCALE_MAX))
        object.__setattr__(self, "pool", integer("pool", self.pool, 1))
        object.__setattr__(self, "offset", integer("offset", self.offset, -OFFSET_MAX, OFFSET_MAX))
        require(isinstance(self.dataset, str), f"dataset must be a name, got {self.dataset!r}")
        for name, low, high in (("threshold", 1, self.full_scale), ("shift", -SHIFT_MAX, SHIFT_MAX)):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, integer(name, value, low, high))
        if self.pool > 1:
            require(
                len(shape) == 2 and all(s % self.pool == 0 for s in shape),
                f"pool {self.pool} needs a 2-D input shape that it divides, got {shape}",
            )
        require(self.order in (None, *ORDERS), f"order must be None, 'hwc' or 'chw', got {self.order!r}")
        require(
            self.order is None or len(shape) == 3,
            f"order {self.order!r} is for samples with three axes, got the shape {shape}",
        )

    @property
    def size(self) -> int:
        """Number of input codes."""
        return prod(self.shape) // self.pool**2

    @property
    def output_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of the codes: of samples with two or three axes the image, else one position.

        Codes lie in that order.
        """
        if len(self.shape) == 2:
            return (self.shape[0] // self.pool, self.shape[1] // self.pool, 1)
        if len(self.shape) == 3:
            if self.order == "chw":
                return (self.shape[1], self.shape[2], self.shape[0])
            return (self.shape[0], self.shape[1], self.shape[2])
        return (1, 1, self.size)

    @property
    def binary(self) -> bool:
        """Whether every input code is 0 or L."""
        return self.threshold is not None

    @property
    def top(self) -> int:
        """The greatest raw value of a sample."""
        return self.offset + self.full_scale // self.pool**2

    @property
    def affine(self) -> tuple[float, float]:
        """(low, span): a float model sees low + span · u where the network's input is the fraction u of full scale.

        Without a shift a model sees u itself: (0, 1). With one it sees the real numbers that the samples stand for (of
        pooled blocks the mean).
        """
        if self.shift is None:
            return 0.0, 1.0
        return ldexp(self.offset, -self.shift), ldexp(self.full_scale / self.pool**2, -self.shift)

    def quantise(self, values: ArrayLike) -> NDArray[np.int64]:
        """Return raw samples: real values times 2^shift, rounded half to even, clipped to the range of raw samples.

        values: finite numbers or booleans, any shape. Without a shift they must be integers, and are only clipped.
        Raises ScError for values that are no numbers, or not finite. The result has no rounding but the one stated, so
        it is the same on every machine.
        """
        a = np.asarray(values)
        require(a.dtype.kind in "buif", f"samples must be numbers, got {a.dtype}")
        if a.dtype.kind in "bui" and not self.shift:
            if a.dtype == np.uint64:
                a = np.minimum(a, np.uint64(max(self.top, 0)))
            return np.clip(a.astype(np.int64), self.offset, self.top)
        if self.shift is None:
            raise ScError(f"samples must be integers, got {a.dtype}: this input has no shift")
        real = a.astype(np.float64)
        require(bool(np.isfinite(real).all()), "samples must be finite, got NaN or infinity")
        with np.errstate(over="ignore"):  # what is beyond every range is clipped
            scaled = np.rint(np.ldexp(real, np.int32(self.shift)))
        return np.clip(scaled, self.offset, self.top).astype(np.int64)

    def pooled(self, samples: ArrayLike) -> NDArray[np.int64]:
        """Return raw samples as (n, size) integers in the order of the codes, less the offset, pooled, not quantised.

        samples: integers (n, *shape), or flat ones (n, values), which lie in the order of the shape; axes of size 1
        more or less, as of grey images, are no difference. A flat shape takes samples of any axes as they lie.
        Values of the result are in 0 … full_scale; with a threshold they are 0 and full_scale. Raises ScError for any
        other shape: nothing is permuted but as `order` says.
        """
        a = np.asarray(samples)
        require(np.issubdtype(a.dtype, np.integer), f"samples must be integers, got {a.dtype}")
        require(a.ndim >= 2 and self.takes(a.shape[1:]), self._wrong_shape(a.shape))
        if a.size:
            low, high = int(a.min()), int(a.max())
            require(low >= self.offset, f"samples must be at least {self.offset}, got {low}")
            require(high <= self.top, f"samples must be at most {self.top}, got {high}")
        a = a.astype(np.int64).reshape((len(a), *self.shape)) - self.offset
        if self.order == "chw":
            a = a.transpose(0, 2, 3, 1)
        if self.pool > 1:
            h, w, p = *self.shape, self.pool
            a = a.reshape(len(a), h // p, p, w // p, p).sum(axis=(2, 4))
        if self.threshold is not None:
            a = (a >= self.threshold) * np.int64(self.full_scale)
        return a.reshape(len(a), self.size)

    def takes(self, shape: tuple[int, ...]) -> bool:
        """Return whether a sample of this shape is one: of the same shape, or flat, or with other axes of size 1."""
        if len(self.shape) == 1 or len(shape) == 1:
            return prod(shape) == prod(self.shape)
        if len(self.shape) == 3:
            return shape == self.shape
        return [s for s in shape if s != 1] == [s for s in self.shape if s != 1]

    def _wrong_shape(self, shape: tuple[int, ...]) -> str:
        text = f"samples must have shape (n, {', '.join(map(str, self.shape))})"
        if len(self.shape) == 3:
            h, w, c = self.output_shape
            other, name = ((h, w, c), "hwc") if self.order == "chw" else ((c, h, w), "chw")
            text += f" in the order {self.order or 'hwc'}, got {shape}"
            return text + (f": those are of InputSpec({other}, …, order={name!r})" if shape[1:] == other else "")
        return f"{text}, got {shape}"

    def encode(self, samples: ArrayLike, length: int) -> NDArray[np.uint16]:
        """Return the input codes X = min(L, ⌊(v·L + ⌊F/2⌋) / F⌋) of A2, shape (n, size).

        >>> InputSpec((2,), full_scale=16).encode([[8, 16]], length=4).tolist()
        [[2, 4]]
        """
        log2_length(length)
        v = self.pooled(samples)
        codes = (v * length + self.full_scale // 2) // self.full_scale
        return np.minimum(codes, length).astype(np.uint16)

    def content(self) -> dict[str, Any]:
        """Return the fields as plain JSON values, those that were added later only where they say something."""
        row: dict[str, Any] = {
            "dataset": self.dataset,
            "shape": list(self.shape),
            "pool": self.pool,
            "full_scale": self.full_scale,
        }
        later = {"threshold": self.threshold, "order": self.order, "offset": self.offset or None, "shift": self.shift}
        return row | {name: value for name, value in later.items() if value is not None}


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A feed-forward network, complete enough to run in hardware.

    length: L. layers: hidden layers and pooling, then exactly one readout, dense or convolution. weight_source: its
    name, L integers or a function that returns them (`sources.source`), kept as text (`sources.as_source`). info: facts
    on the origin (data, accuracy, scales); it takes no part in equality or in the tag. It is kept as plain JSON: NumPy
    numbers, arrays, tuples and paths are converted, what JSON does not hold is refused by its key. Raises ScError for
    anything that no back end runs.
    """

    length: int
    layers: tuple[Layer, ...]
    input: InputSpec
    theta_frac: int = THETA_FRAC
    activation_source: str = "counter"
    weight_source: str = "vdc"
    name: str = "network"
    info: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "length", 1 << log2_length(self.length))
        layers = checks.sequence("layers", self.layers, "a sequence of layers")
        object.__setattr__(self, "layers", layers)
        require(layers, "a network needs at least one layer")
        for k, layer in enumerate(layers):
            if not isinstance(layer, Layer):
                raise ScError(f"layer {k} must be a DenseLayer, ConvLayer or PoolLayer, got {shown(layer)}")
        require(isinstance(self.input, InputSpec), f"input must be an InputSpec, got {shown(self.input)}")
        object.__setattr__(self, "theta_frac", checks.integer("theta_frac", self.theta_frac, 0, 15))
        object.__setattr__(self, "name", checks.text("name", self.name))
        if not isinstance(self.info, Mapping):
            raise ScError(f"info must be a mapping, got {shown(self.info)}")
        object.__setattr__(self, "info", MappingProxyType(checks.json_value("info", self.info)))
        for what in ("activation_source", "weight_source"):
            # Refuses a name, a seed or a dimension that there is not, and spells numbers and functions.
            object.__setattr__(self, what, as_source(getattr(self, what), self.length))
        require(
            self.activation_source != self.weight_source and not self._weights_take("counter"),
            f"activations and weights must not share a source (A5), got {self.weight_source!r} for both",
        )
        require(
            self.activation_source == "counter",
            f"window_if neurons emit the counter stream (A8): activation_source must be 'counter', "
            f"got {self.activation_source!r}",
        )
        require(
            not (self.mux and (self.weight_source == "sobol:1" or self._weights_take("sobol:1"))),
            "MUX adders select by 'sobol:1' (A17): the weights must take another source, got 'sobol:1' for both",
        )
        shape = self.input.output_shape
        for k, layer in enumerate(self.layers):
            layer.check(f"layer {k}", self, shape, last=k == len(self.layers) - 1)
            shape = layer.output_shape
        before = self.layers[0]
        for k, layer in enumerate(self.layers[1:], start=1):
            require(
                not before.temporal or (isinstance(layer, WeightedLayer) and layer.takes_spikes),
                f"layer {k} takes counts: it cannot follow {before.neuron and before.neuron.kind} neurons, whose "
                "spikes come in any order (A17)",
            )
            before = layer

    def _weights_take(self, name: str) -> bool:
        """Whether the weight source is given as numbers, and they are those of the source `name`."""
        given = self.weight_source.startswith(NUMBERS)
        return given and np.array_equal(source(self.weight_source, self.length), source(name, self.length))

    @property
    def temporal(self) -> bool:
        """Whether any layer has neurons, as `lif`, whose spikes come in any order: only streaming runs it (A17)."""
        return any(layer.temporal for layer in self.layers)

    @property
    def other_neurons(self) -> str | None:
        """The first kind of neurons that are not `window_if` (A8), which is all that most of the hardware has."""
        kinds = (layer.neuron.kind for layer in self.layers if layer.neuron is not None)
        return next((kind for kind in kinds if kind != CountIf.kind), None)

    @property
    def mux(self) -> bool:
        """Whether any layer adds by a MUX: only streaming runs it (A17)."""
        return any(layer.adder == "mux" for layer in self.layers)

    @property
    def dense(self) -> bool:
        """Whether all layers are dense."""
        return all(isinstance(layer, DenseLayer) for layer in self.layers)

    @property
    def weighted(self) -> tuple[WeightedLayer, ...]:
        """The layers that have synapses: all but pooling."""
        return tuple(layer for layer in self.layers if isinstance(layer, WeightedLayer))

    def dense_layers(self, who: str) -> tuple[DenseLayer, ...]:
        """Return the layers for `who`, which runs dense layers only; raises ScError naming the first other one."""
        for k, layer in enumerate(self.layers):
            require(isinstance(layer, DenseLayer), f"{who} runs dense layers only: layer {k} is {layer.label}")
        return tuple(layer for layer in self.layers if isinstance(layer, DenseLayer))

    @property
    def shape(self) -> tuple[int, ...]:
        """Inputs, then the neurons of each layer, e.g. (196, 128, 10)."""
        return (self.input.size, *(layer.neurons for layer in self.layers))

    @property
    def topology(self) -> str:
        """The layers as tables print them, e.g. 196-128-10 or 784-10c5s2-max2-10."""
        return "-".join([str(self.input.size), *(layer.label for layer in self.layers)])

    @property
    def readout(self) -> WeightedLayer:
        """The last layer, which has synapses and no neurons."""
        last = self.layers[-1]
        assert isinstance(last, WeightedLayer)  # `__post_init__` refuses any other
        return last

    @property
    def classes(self) -> int:
        """Neurons of the readout."""
        return self.layers[-1].neurons

    def content(self) -> dict[str, Any]:
        """Return what determines the network's behaviour, as plain JSON values without the weights."""
        return {
            "length": self.length,
            "theta_frac": self.theta_frac,
            "sources": {"activation": self.activation_source, "weight": self.weight_source},
            "input": self.input.content(),
            "layers": [layer.describe() for layer in self.layers],
        }

    @property
    def tag(self) -> int:
        """32 bits of the sha256 over behaviour and weights; a board reports it, so that a wrong network is noticed."""
        h = hashlib.sha256(json.dumps(self.content(), sort_keys=True).encode())
        for layer in self.weighted:
            h.update(layer.synapses.astype("<i2").tobytes())
        return int.from_bytes(h.digest()[:4], "little")

    def check_codes(self, codes: ArrayLike) -> NDArray[np.uint16]:
        """Return `codes` as (n, inputs) uint16, refusing wrong shapes and values above L."""
        a = checks.array("input codes", codes)
        require(
            a.ndim == 2 and a.shape[1] == self.input.size,
            f"input codes must have shape (n, {self.input.size}), got {a.shape}",
        )
        a = checks.integers("input codes", a)
        if a.size:
            require(
                int(a.min()) >= 0 and int(a.max()) <= self.length,
                f"input codes must be in [0, {self.length}], got {int(a.min())} … {int(a.max())}",
            )
        return np.ascontiguousarray(a, dtype=np.uint16)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Network):
            return NotImplemented
        return self.content() == other.content() and all(
            np.array_equal(a.synapses, b.synapses) for a, b in zip(self.weighted, other.weighted, strict=True)
        )

    def __hash__(self) -> int:
        return self.tag
