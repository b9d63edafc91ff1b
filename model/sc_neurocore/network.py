"""`Network`: the intermediate representation between training and hardware. Validated, immutable, integers only.

A `Network` holds everything that determines the output of the hardware: the stream length, the layers with their
signed weight codes, the thresholds, the number sources, and an `InputSpec`, which says how raw samples become input
codes. Training and conversion produce a `Network`. Simulators, artifacts and hardware builds consume it. No
floating-point value takes part in its behaviour, so all back ends compute the same spikes.

Everything is checked when the object is made. A `Network` that exists can therefore be run; back ends need no checks
of their own, except for what only some of them support.
"""

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
from .steps import READOUTS, Edge, Steps

__all__ = [
    "ADDERS",
    "ORDERS",
    "POOLS",
    "READOUTS",
    "THETA_FRAC",
    "THETA_MAX",
    "ConvLayer",
    "DenseLayer",
    "Edge",
    "InputSpec",
    "Layer",
    "Network",
    "PoolLayer",
    "Steps",
    "WeightedLayer",
]

#: Fraction bits of the thresholds where a network states no others (A2): a theta of 16 then stands for 1.0.
THETA_FRAC = 4
# Bounds of an InputSpec: v·L fits a 64-bit integer, and a float64 holds every offset and 2^shift exactly.
FULL_SCALE_MAX, OFFSET_MAX, SHIFT_MAX = 1 << 24, 1 << 53, 1000


@dataclass(frozen=True, slots=True)
class InputSpec:
    """How raw integer samples become the network's input codes (A2, codes).

    A raw sample is what a file or a sensor delivers, for example the grey values of an image. Its way to input codes
    has these steps, in this order: the offset is subtracted, the axes are brought into the order row, column, channel,
    blocks are summed, and the threshold is applied (`pooled`); then the values are scaled to 0 … L (`encode`).

    Attributes:
        shape: Sizes of the axes of one sample, such as (28, 28) or (64,), or three sizes for a colour image.
        full_scale: F of A2, 1 … 2²⁴: the value, after pooling, that stands for 1.0.
        pool: Side of the square blocks of pixels that are summed first. 1 means no pooling. It needs a shape of two
            axes, both of which it must divide.
        dataset: The name under which `sc-neurocore evaluate --data` finds such samples, or "custom".
        threshold: Where given, inputs are binary: a value (after pooling) of at least `threshold` counts as full_scale,
            any other as 0, so every code is L or 0. Range 1 … full_scale.
        order: Order of the axes of a sample with three: "hwc" (height, width, channels), as in image files, or "chw"
            (channels, height, width), as in torch. None means "hwc" that nobody has stated; a conversion that cannot
            see from the model that it is right refuses it. The codes have the order row, column, channel in any case.
        offset: The raw value that becomes 0. Raw samples are in offset … offset + full_scale / pool².
        shift: Where given, the raw value v stands for the real number v / 2^shift, and `quantise` turns real numbers
            into raw samples.

    Raises:
        ScError: If a field is out of its range, or fields contradict each other, such as a pool that does not divide
            the shape. The message names the field.

    Example:
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
        """Number of input codes of one sample: the product of the shape's sizes, divided by pool²."""
        return prod(self.shape) // self.pool**2

    @property
    def output_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of the codes, which lie in that order.

        Samples with two or three axes are images: two axes give one channel. A sample with any other number of axes has
        a single position, of which every value is a channel.
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
        """Whether every input code is 0 or L, because the specification has a threshold."""
        return self.threshold is not None

    @property
    def top(self) -> int:
        """The greatest raw value of a sample: offset + ⌊full_scale / pool²⌋. The least is `offset`."""
        return self.offset + self.full_scale // self.pool**2

    @property
    def affine(self) -> tuple[float, float]:
        """(low, span): a float model sees low + span · u where the network's input is the fraction u of full scale.

        A conversion needs it to fold the input range into the first layer's weights and biases. Without a shift the
        float model sees u itself, so the result is (0, 1). With a shift the model sees the real numbers that the
        samples stand for; of pooled blocks it sees the mean.
        """
        if self.shift is None:
            return 0.0, 1.0
        return ldexp(self.offset, -self.shift), ldexp(self.full_scale / self.pool**2, -self.shift)

    def quantise(self, values: ArrayLike) -> NDArray[np.int64]:
        """Return raw samples: real values times 2^shift, rounded half to even, clipped to the range of raw samples.

        This is the only rounding, and the result is the same on every machine.

        Args:
            values: Finite numbers or booleans, any shape. Without a shift they must be integers, and are only clipped.

        Returns:
            Integers in offset … `top`, of the same shape.

        Raises:
            ScError: If values are not numbers, not finite, or not integers although this input has no shift.
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
        """Return raw samples as rows of integers in the order of the codes: offset subtracted, pooled, not yet scaled.

        These are the v of A2. Nothing is permuted except as `order` says.

        Args:
            samples: Integers of shape (n, *shape), or flat ones, (n, values), whose values lie in the order of the
                shape. Axes of size 1 may be missing or added, as of grey images. A flat shape accepts samples with any
                axes, as they lie.

        Returns:
            Integers in 0 … full_scale, shape (n, size). With a threshold they are 0 or full_scale.

        Raises:
            ScError: If samples are not integers, have another shape, or lie outside offset … `top`.
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
        """Return whether one sample may have this shape.

        It may have the shape of the specification, or be flat with the same number of values, or differ by axes of size
        1. Samples with three axes must match exactly, because a missing axis would leave their order unclear.
        """
        if len(self.shape) == 1 or len(shape) == 1:
            return prod(shape) == prod(self.shape)
        if len(self.shape) == 3:
            return shape == self.shape
        return [s for s in shape if s != 1] == [s for s in self.shape if s != 1]

    def _wrong_shape(self, shape: tuple[int, ...]) -> str:
        """Return the error text for a wrong shape of samples; for swapped channels it names the InputSpec that fits."""
        text = f"samples must have shape (n, {', '.join(map(str, self.shape))})"
        if len(self.shape) == 3:
            h, w, c = self.output_shape
            other, name = ((h, w, c), "hwc") if self.order == "chw" else ((c, h, w), "chw")
            text += f" in the order {self.order or 'hwc'}, got {shape}"
            return text + (f": those are of InputSpec({other}, …, order={name!r})" if shape[1:] == other else "")
        return f"{text}, got {shape}"

    def encode(self, samples: ArrayLike, length: int) -> NDArray[np.uint16]:
        """Return the input codes X = min(L, ⌊(v·L + ⌊F/2⌋) / F⌋) of A2; v is the pooled value, F full_scale.

        Args:
            samples: Raw integers, as `pooled` takes them.
            length: L, a power of two in 4 … 4096.

        Returns:
            Codes in 0 … L, shape (n, size).

        Raises:
            ScError: As `pooled`, and for an illegal length.

        Example:
            >>> InputSpec((2,), full_scale=16).encode([[8, 16]], length=4).tolist()
            [[2, 4]]
        """
        log2_length(length)
        v = self.pooled(samples)
        codes = (v * length + self.full_scale // 2) // self.full_scale
        return np.minimum(codes, length).astype(np.uint16)

    def content(self) -> dict[str, Any]:
        """Return the fields as plain JSON values, as `network.json` holds them.

        Fields that were added to the format later appear only where they differ from the default. So the description,
        and with it the tag, of an older network does not change.
        """
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
    """A network, complete enough to run in hardware: feed-forward, or in steps with edges that lead back.

    Two networks are equal if they behave alike: if `content()` and all weights are equal. Name and info do not count.

    Attributes:
        length: L, the number of bits of a stream (A1, window): a power of two in 4 … 4096.
        layers: Hidden layers and pooling, then exactly one readout, which is a dense layer or a convolution without
            neurons; in steps it may have neurons.
        input: How samples become input codes; in steps, those of one step.
        theta_frac: Number of fraction bits of the thresholds, f of A8, 0 … 15.
        activation_source: The number source of the activations; only "counter" is legal (A8).
        weight_source: The number source of the weights (A3, number sources; A5, multiply): a name, L integers, or a
            function that returns them (see `sources.source`). It is stored as text (`sources.as_source`).
        name: A name for people; it has no effect on behaviour.
        info: Facts on the origin, such as data, accuracy and scales. It is stored as plain JSON: NumPy numbers, arrays,
            tuples and paths are converted, and what JSON cannot hold is refused with its key.
        steps: What makes it a network in steps (A20), whose samples have T steps; None for a network of one window.

    Raises:
        ScError: For anything that no back end could run: layers whose shapes do not chain, codes that L cannot hold, a
            missing readout, sources that the operands would share. The message names the layer or the field.

    Example:
        >>> readout = DenseLayer([[3, -2], [0, 1]], [1, 0])
        >>> network = Network(4, (readout,), InputSpec((2,), full_scale=4))
        >>> network.topology, network.classes
        ('2-2', 2)
    """

    length: int
    layers: tuple[Layer, ...]
    input: InputSpec
    theta_frac: int = THETA_FRAC
    activation_source: str = "counter"
    weight_source: str = "vdc"
    name: str = "network"
    info: Mapping[str, Any] = field(default_factory=dict)
    steps: Steps | None = None

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
        if self.steps is not None and not isinstance(self.steps, Steps):
            raise ScError(f"steps must be Steps or None, got {shown(self.steps)}")
        shape = self.input.output_shape
        for k, layer in enumerate(self.layers):
            layer.check(f"layer {k}", self, shape, last=k == len(self.layers) - 1)
            shape = layer.output_shape
        if self.steps is not None:
            self.steps.check(self)
            return
        # Neurons such as `lif` emit ones at any clock of a window. Only layers that add clock by clock can follow them.
        before = self.layers[0]
        for k, layer in enumerate(self.layers[1:], start=1):
            require(
                not before.temporal or (isinstance(layer, WeightedLayer) and layer.takes_spikes),
                f"layer {k} takes counts: it cannot follow {before.neuron and before.neuron.kind} neurons, whose "
                "spikes come in any order (A17)",
            )
            before = layer

    def _weights_take(self, name: str) -> bool:
        """Return whether the weight source is given as numbers that equal those of the source `name`.

        Numbers in the spelling "numbers:…" could repeat a named source and so escape a comparison of the names.
        """
        given = self.weight_source.startswith(NUMBERS)
        return given and np.array_equal(source(self.weight_source, self.length), source(name, self.length))

    @property
    def temporal(self) -> bool:
        """Whether any layer has neurons, such as `lif`, that spike in any order; only streaming runs those (A17).

        It is False of a network in steps (A20), whose neurons spike at most once a step, by a whole window of ones.
        """
        return self.steps is None and any(layer.temporal for layer in self.layers)

    def one_window(self, who: str) -> None:
        """Raise ScError if this is a network in steps (A20), for a caller that runs networks of one window only.

        Args:
            who: Name of the caller, with which the error text begins.
        """
        if self.steps is not None:
            raise ScError(f"{who} runs networks of one window: this one has steps (T = {self.steps.count}, A20)")

    @property
    def other_neurons(self) -> str | None:
        """The first kind of neurons in the network that is not `window_if` (A8, window neuron), or None.

        Most of the hardware has `window_if` neurons only; its refusals name this kind.
        """
        kinds = (layer.neuron.kind for layer in self.layers if layer.neuron is not None)
        return next((kind for kind in kinds if kind != CountIf.kind), None)

    @property
    def mux(self) -> bool:
        """Whether any layer adds by a MUX in place of a parallel counter; only streaming runs such layers (A17)."""
        return any(layer.adder == "mux" for layer in self.layers)

    @property
    def dense(self) -> bool:
        """Whether all layers are dense, which is what the time-unrolled dense engine needs."""
        return all(isinstance(layer, DenseLayer) for layer in self.layers)

    @property
    def weighted(self) -> tuple[WeightedLayer, ...]:
        """The layers that have synapses, in order: all but pooling."""
        return tuple(layer for layer in self.layers if isinstance(layer, WeightedLayer))

    def dense_layers(self, who: str) -> tuple[DenseLayer, ...]:
        """Return all layers, for a back end that runs dense layers only.

        Args:
            who: Name of the caller, with which the error text begins.

        Raises:
            ScError: If a layer is not dense; the message names the first such layer.
        """
        for k, layer in enumerate(self.layers):
            require(isinstance(layer, DenseLayer), f"{who} runs dense layers only: layer {k} is {layer.label}")
        return tuple(layer for layer in self.layers if isinstance(layer, DenseLayer))

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of inputs, then number of values of each layer, such as (196, 128, 10)."""
        return (self.input.size, *(layer.neurons for layer in self.layers))

    @property
    def topology(self) -> str:
        """The layers as tables print them, such as 196-128-10 or 784-10c5s2-max2-10.

        The first number is that of the inputs; then follows the `label` of each layer.
        """
        return "-".join([str(self.input.size), *(layer.label for layer in self.layers)])

    @property
    def readout(self) -> WeightedLayer:
        """The last layer, whose sums are the scores (A9, readout). It has synapses and no neurons."""
        last = self.layers[-1]
        assert isinstance(last, WeightedLayer)  # `__post_init__` refuses any other
        return last

    @property
    def classes(self) -> int:
        """Number of scores that the readout gives, one for each class."""
        return self.layers[-1].neurons

    def content(self) -> dict[str, Any]:
        """Return what determines the network's behaviour, without the weights, as plain JSON values.

        Artifacts store this, and `tag` and equality are computed from it together with the weights.
        """
        content = {
            "length": self.length,
            "theta_frac": self.theta_frac,
            "sources": {"activation": self.activation_source, "weight": self.weight_source},
            "input": self.input.content(),
            "layers": [layer.describe() for layer in self.layers],
        }
        return content if self.steps is None else content | {"steps": self.steps.content()}

    @property
    def _codes(self) -> list[NDArray[np.int16]]:
        """The codes of all synapses: an array for each layer that has some, then one for each edge."""
        edges = () if self.steps is None else self.steps.edges
        return [layer.synapses for layer in self.weighted] + [edge.weights for edge in edges]

    @property
    def tag(self) -> int:
        """The check value of the network: the first 32 bits of a SHA-256 over behaviour and weights.

        A board reports the tag of the network that it holds, so the host notices a wrong one.
        """
        h = hashlib.sha256(json.dumps(self.content(), sort_keys=True).encode())
        for codes in self._codes:
            h.update(codes.astype("<i2").tobytes())
        return int.from_bytes(h.digest()[:4], "little")

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """Shape of the input codes of one sample: (inputs,), or (T, inputs) of a network in steps that is not constant.

        Example:
            >>> from sc_neurocore.network import DenseLayer, InputSpec, Network, Steps
            >>> Network(4, (DenseLayer([[3, -2]], [1]),), InputSpec((2,), 4), steps=Steps(25)).sample_shape
            (25, 2)
        """
        if self.steps is None or self.steps.constant:
            return (self.input.size,)
        return (self.steps.count, self.input.size)

    def takes(self, shape: tuple[int, ...]) -> bool:
        """Return whether one raw sample may have this shape: as `InputSpec.takes`, in steps with T in front of it."""
        if len(self.sample_shape) == 1:
            return self.input.takes(shape)
        return len(shape) > 1 and shape[0] == self.sample_shape[0] and self.input.takes(shape[1:])

    @property
    def raw_shape(self) -> tuple[int, ...]:
        """Shape of one raw sample: that of the input, in steps with T in front of it, unless the input is constant."""
        return (*self.sample_shape[:-1], *self.input.shape)

    def encode(self, samples: ArrayLike) -> NDArray[np.uint16]:
        """Return the input codes of raw samples, by `InputSpec.encode` (A2), which see for values and errors.

        Args:
            samples: Raw integers, shape (n, *shape) with the shape of `input`; of a network in steps whose input is not
                constant (n, T, *shape).

        Returns:
            Codes in 0 … L, shape (n, *sample_shape).

        Example:
            >>> from sc_neurocore.network import DenseLayer, InputSpec, Network, Steps
            >>> network = Network(4, (DenseLayer([[3, -2]], [1]),), InputSpec((2,), full_scale=16), steps=Steps(2))
            >>> network.encode([[[8, 16], [0, 4]]]).tolist()
            [[[2, 4], [0, 1]]]
        """
        if len(self.sample_shape) == 1:
            return self.input.encode(samples, self.length)
        a, steps = np.asarray(samples), self.sample_shape[0]
        require(
            a.ndim > 1 and self.takes(a.shape[1:]),
            f"samples of a network in {steps} steps must have shape (n, {', '.join(map(str, self.raw_shape))}), "
            f"got {a.shape}",
        )
        codes = self.input.encode(a.reshape(len(a) * steps, *a.shape[2:]), self.length)
        return codes.reshape(len(a), steps, self.input.size)

    def check_codes(self, codes: ArrayLike) -> NDArray[np.uint16]:
        """Return input codes as a contiguous uint16 array, after checking them.

        Args:
            codes: Integers in 0 … L, shape (n, inputs), or (n, T, inputs) of a network in steps that is not constant.

        Raises:
            ScError: If the shape is wrong, or values are not integers or lie outside 0 … L.
        """
        a, shape = checks.array("input codes", codes), self.sample_shape
        require(
            a.ndim > 1 and a.shape[1:] == shape,
            f"input codes must have shape (n, {', '.join(map(str, shape))}), got {a.shape}",
        )
        # Whole floats, too: those from 0 to 1 could be meant as fractions of the full scale.
        require(
            a.dtype.kind != "f" or not a.size,
            f"input codes must be integers, got {a.dtype}: network.encode(x) makes codes of samples, and "
            "codes that are whole floats become integers by .astype(int), or .int() of a tensor",
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
            np.array_equal(a, b) for a, b in zip(self._codes, other._codes, strict=True)
        )

    def __hash__(self) -> int:
        return self.tag
