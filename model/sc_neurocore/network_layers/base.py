"""What a kind of layer is: its place in an artifact, its arithmetic, its float meaning, how the engines see it.

Every layer takes codes, 0 … L, or their bits, and gives codes of its own. A `WeightedLayer` has synapses, and neurons
or none in a readout; any other layer computes its codes from its inputs alone, as pooling does. Values of a layer have
the order row, column, channel.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks
from ..errors import ScError, require
from ..neurons import THETA_MAX, CountIf, Lif, Neuron, WindowNeuron
from ..sources import source
from ..streams import multiply, mux_select, popcount, sng

if TYPE_CHECKING:
    from ..network import Network

__all__ = ["ADDERS", "KINDS", "UNSET", "Layer", "Shape", "WeightedLayer", "Window", "chosen_neuron", "register"]

ADDERS = ("apc", "mux")
VALUES_MAX = 1 << 24
#: Neurons, inputs, channels and sides of a layer in a file.
SIZE_MAX = 1 << 24
Shape = tuple[int, int, int]
Floats = NDArray[np.float64]

#: The kinds of layers by the name of their type.
KINDS: dict[str, type[Layer]] = {}
#: For a parameter that was not given, where None is a value.
UNSET: Any = type("Unset", (), {"__repr__": lambda self: "not given"})()

_Kind = TypeVar("_Kind", bound="type[Layer]")
_Weighted = TypeVar("_Weighted", bound="WeightedLayer")


def register(kind: _Kind) -> _Kind:
    """Make a class of layers known under its `type`, so that artifacts with it can be read; returns the class.

    To be used as a decorator. Raises ScError for a name that another class has.
    """
    name = checks.text("type", getattr(kind, "type", None))
    other = KINDS.get(name)
    # The same class once more, as after a reload, is no clash.
    same = other is None or (other.__module__, other.__qualname__) == (kind.__module__, kind.__qualname__)
    require(same, f"there is a type of layer {name!r} already: {other and other.__qualname__}")
    KINDS[name] = kind
    return kind


def check_size(what: str, shape: Shape) -> None:
    """Refuse a layer of more values than any index may hold."""
    size = prod(shape)
    require(size <= VALUES_MAX, f"a layer has at most 2^24 = {VALUES_MAX} {what}, got {size}")


def input_shape_of(shape: Any) -> Shape:
    """Return the checked (height, width, channels) of a layer's input."""
    sizes = checks.sequence("input_shape", shape, "(height, width, channels)", 3)
    height, width, channels = (checks.integer("a size of input_shape", s, 1, 4096) for s in sizes)
    return height, width, channels


def sizes_of(name: str, value: Any, count: int) -> tuple[int, ...]:
    """Return a list of `count` sizes that was read from a file."""
    return tuple(
        checks.integer(f"{name}[{k}]", v, 1, SIZE_MAX)
        for k, v in enumerate(checks.sequence(name, value, f"a list of {count} integers", count))
    )


def codes_of(name: str, values: Any, ndim: int) -> NDArray[np.int16]:
    """Return a read-only int16 copy; refuses anything but integers of the given dimension."""
    a = checks.array(name, values)
    require(a.ndim == ndim, f"{name} must have {ndim} dimension(s), got shape {a.shape}")
    require(a.size > 0, f"{name} must not be empty, got shape {a.shape}")
    a = checks.integers(name, a)
    low, high = int(a.min()), int(a.max())
    limit = np.iinfo(np.int16)
    require(low >= limit.min and high <= limit.max, f"{name} must fit 16 bits, got {low} … {high}")
    out = np.ascontiguousarray(a, dtype=np.int16).copy()
    out.setflags(write=False)
    return out


def chosen_neuron(theta: Any, lif: Any, neuron: Any) -> Neuron | None:
    """Return a layer's neuron, from `neuron` and the short forms theta, of a `CountIf`, and lif, a `Lif`.

    A short form that is not `UNSET` stands in the place of what it says of `neuron`, so that
    `dataclasses.replace(layer, theta=7)` is the layer with another threshold.
    """
    given = None if neuron is UNSET else neuron
    if given is not None and not isinstance(given, Neuron):
        raise ScError(f"neuron must be a Neuron or None, got {checks.shown(given)}")
    if theta is UNSET:
        theta = given.theta if isinstance(given, CountIf) else None
    if lif is UNSET:
        lif = given if isinstance(given, Lif) else None
    found = None if theta is None else CountIf(theta)
    if lif is not None:
        require(found is None, f"theta must be None where lif is given, got {checks.shown(theta)}")
        require(isinstance(lif, Lif), f"lif must be LifParams or None, got {checks.shown(lif)}")
        return lif  # type: ignore[no-any-return]
    if given is None or isinstance(given, (CountIf, Lif)):
        return found
    require(found is None, f"theta must be None where neuron is given, got {checks.shown(theta)}")
    return given


@dataclass(frozen=True, slots=True)
class Window:
    """Which inputs reach which outputs: a window that moves over the rows and columns of an input, all channels alike.

    input_shape: (height, width, channels). kernel: rows and columns of the window. stride: its step in both directions.
    padding: zeros around the input. Raises ScError for a window that does not fit.

    >>> Window((4, 4, 1), kernel=(2, 2), stride=2, padding=0).positions
    (2, 2)
    """

    input_shape: Shape
    kernel: tuple[int, int]
    stride: int
    padding: int

    def __post_init__(self) -> None:
        for name, size, k in zip(("height", "width"), self.input_shape, self.kernel, strict=False):
            require(
                self.padding < k <= size + 2 * self.padding,
                f"a kernel of {name} {k} must be above the padding, {self.padding}, and at most the padded {name}, "
                f"{size + 2 * self.padding}",
            )

    @property
    def positions(self) -> tuple[int, int]:
        """Rows and columns of the output."""
        high, wide = (
            (size + 2 * self.padding - k) // self.stride + 1
            for size, k in zip(self.input_shape, self.kernel, strict=False)
        )
        return high, wide

    def fields(self) -> NDArray[np.int64]:
        """Return the input that each tap reads at each position, shape (positions, rows, columns, channels).

        Entries are indices of inputs, in the order row, column, channel; −1 is padding.
        """
        (height, width, channels), padding, stride = self.input_shape, self.padding, self.stride
        index = np.full((height + 2 * padding, width + 2 * padding, channels), -1, dtype=np.int64)
        index[padding : padding + height, padding : padding + width] = np.arange(prod(self.input_shape)).reshape(
            self.input_shape
        )
        windows = np.lib.stride_tricks.sliding_window_view(index, self.kernel, axis=(0, 1))
        windows = windows[::stride, ::stride].transpose(0, 1, 3, 4, 2)
        return np.array(windows).reshape(-1, *self.kernel, channels)  # a copy, which may be written


class Layer(ABC):
    """One layer of a network: immutable, validated, integers only.

    A subclass sets `type`, its name in artifacts, with the entries of its description, and is decorated with
    `register`. What the software back ends need is `codes`, `spikes` and `real`; the convolution engine needs `window`
    and `threshold` too.
    """

    __slots__ = ()
    type: ClassVar[str]
    #: What a description in an artifact must have beside the type, and what it may have.
    entries: ClassVar[frozenset[str]]
    optional: ClassVar[frozenset[str]] = frozenset()
    #: Its neurons; None of a readout, and of a layer without weights.
    neuron: Neuron | None = None
    #: How synapses are added: "apc", a parallel counter (A6), or "mux" (A17).
    adder: str = "apc"

    @property
    @abstractmethod
    def inputs(self) -> int:
        """Values that the layer takes."""

    @property
    @abstractmethod
    def output_shape(self) -> Shape:
        """(height, width, channels) of the output."""

    @property
    @abstractmethod
    def label(self) -> str:
        """How a topology prints it."""

    @property
    def neurons(self) -> int:
        """Values that the layer gives."""
        return prod(self.output_shape)

    # --- in an artifact

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """Return what determines the layer's behaviour but the weights, as plain JSON values."""

    @classmethod
    @abstractmethod
    def parse(cls, entry: Mapping[str, Any], codes: NDArray[np.int16] | None) -> Layer:
        """Return the layer of a description and of the codes of its file."""

    def check(self, where: str, network: Network, shape: Shape, *, last: bool) -> None:
        """Raise ScError unless the layer, called `where`, can take what has `shape` in that network."""
        require(
            self.inputs == prod(shape),
            f"{where} takes {self.inputs} inputs but gets {prod(shape)}: shapes must chain",
        )
        self.check_shape(where, shape)
        self.check_place(where, network, last=last)

    def check_shape(self, where: str, shape: Shape) -> None:
        """Raise ScError unless the layer's inputs have this shape; where the order alone counts, any will do."""
        wanted = self.window.input_shape
        require(
            wanted == shape,
            f"{where} takes (height, width, channels) = {wanted} but gets {shape}: shapes must chain",
        )

    def check_place(self, where: str, network: Network, *, last: bool) -> None:
        """Raise ScError unless the layer can stand where it does; without weights that is anywhere but last."""
        require(not last, f"{where} is the readout: it must have weights, got {self.noun}")

    @property
    def noun(self) -> str:
        """What an error calls such a layer."""
        return self.type

    def narrowed(self, stays: NDArray[np.bool_], inputs: NDArray[np.bool_]) -> Layer:
        """Return the layer with some channels only: of its own, and of its inputs."""
        raise ScError(f"{self.noun} layers cannot be narrowed")

    # --- in a graph of NIR

    def nir_node(self, length: int, before: Shape) -> tuple[str, dict[str, Any]]:
        """Return what a node is called, followed by the layer's index, and the node; before: shape of the input.

        Raises ScError for what NIR cannot say. A node's arrays have the axes of torch: channels first.
        """
        raise ScError(f"NIR has no {self.noun} layers")

    @classmethod
    def of_nir(
        cls, entry: Mapping[str, Any], weights: NDArray[np.int16] | None, bias: NDArray[np.int16] | None, before: Shape
    ) -> Layer:
        """Return the layer of a description, and of the codes in the node that `nir_node` wrote."""
        raise ScError(f"NIR has no {cls.type} layers")

    # --- arithmetic

    @property
    def theta(self) -> int | None:
        """The threshold of `window_if` neurons, in LSB; None of others."""
        return self.neuron.theta if isinstance(self.neuron, CountIf) else None

    @property
    def lif(self) -> Lif | None:
        """The layer's `lif` neurons; None of others."""
        return self.neuron if isinstance(self.neuron, Lif) else None

    @property
    def temporal(self) -> bool:
        """Whether its neurons give spikes in any order."""
        return self.neuron is not None and self.neuron.temporal

    @abstractmethod
    def codes(self, x: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the codes (n, neurons) of a layer without weights, from those of its inputs (n, inputs)."""

    @abstractmethod
    def spikes(self, bits: NDArray[np.bool_], network: Network) -> Iterator[NDArray[np.bool_]]:
        """Yield the layer's bits (neurons,) of each clock of a window; bits: of its inputs, (L, inputs)."""

    @abstractmethod
    def real(self, x: ArrayLike, *, rounded: bool = False) -> Floats:
        """Return `codes` of inputs that may be fractions, or above L; rounded as codes are, or not at all."""

    @property
    def rounds(self) -> bool:
        """Whether `codes` may differ from `real`, since codes are whole."""
        return True

    # --- on the convolution engine

    @property
    @abstractmethod
    def window(self) -> Window:
        """The window by which the layer reads its inputs."""

    def threshold(self, theta_frac: int) -> int:
        """Return the threshold of the layer's values on their way through the neuron, in LSB."""
        raise ScError(f"the engines have no {self.noun} layers")

    @property
    def greatest(self) -> bool:
        """Whether the engine takes the greatest value of a window instead of the sum."""
        return False

    def most(self, length: int, unit: int) -> int:
        """Return a bound on the magnitude of its sums; unit: of a product, 1 or L."""
        raise ScError(f"the engines have no {self.noun} layers")


class WeightedLayer(Layer):
    """A layer with synapses: the same weights at every position of its window, a channel a row.

    A subclass has the fields `weights` and `bias`, signed codes in [−(L−1), L−1], and `neuron`.
    """

    __slots__ = ()
    #: Whether it takes bits that come in any order, as `lif` neurons give them, and not only codes. Such a layer has
    #: one position, which reads all inputs in their order.
    takes_spikes: ClassVar[bool] = False
    weights: NDArray[np.int16]
    bias: NDArray[np.int16]

    @classmethod
    @abstractmethod
    def memory(cls, entry: Mapping[str, Any]) -> tuple[int, int]:
        """Return the lines, and the words a line, of the layer's file in an artifact: a line has its bias last."""

    @property
    @abstractmethod
    def kernels(self) -> NDArray[np.int16]:
        """The weights with axes (channel out, row, column, channel in)."""

    @property
    def synapses(self) -> NDArray[np.int16]:
        """Weights of each channel in the order row, column, channel in, then its bias (A7)."""
        return np.concatenate([self.weights.reshape(len(self.weights), -1), self.bias[:, None]], axis=1)

    @property
    def fan_in(self) -> int:
        """Synapses of a neuron, the bias not counted."""
        return prod(self.weights.shape[1:])

    def fields(self) -> NDArray[np.int64]:
        """Return the input of each synapse at each position, (positions, fan_in); −1 where it is padding.

        Synapses in the order of `synapses`.
        """
        spots = self.window.fields()
        return spots.reshape(len(spots), -1)

    def check_place(self, where: str, network: Network, *, last: bool) -> None:
        """Raise ScError for codes that L does not hold, a readout with neurons, or a hidden layer without."""
        for what, codes in (("weights", self.weights), ("bias", self.bias)):
            worst = int(codes.flat[np.abs(codes.astype(np.int64)).argmax()])
            require(
                abs(worst) < network.length,
                f"{where}: {what} must be in [{1 - network.length}, {network.length - 1}] at L = {network.length}, "
                f"got {worst}",
            )
        if last and self.neuron is not None:
            what = {"window_if": "theta", "lif": "lif"}.get(self.neuron.kind, "neuron")
            shown = self.theta if what == "theta" else self.neuron
            raise ScError(f"{where} is the readout: {what} must be None, got {shown}")
        if not last and self.neuron is None:
            raise ScError(f"{where} is hidden: it needs a theta in [1, {THETA_MAX}] or lif parameters")

    def replaced(self: _Weighted, **changes: Any) -> _Weighted:
        """Return the layer with other fields, as `dataclasses.replace`."""
        return replace(self, **changes)  # type: ignore[type-var]

    # --- arithmetic

    def clock_sums(self, bits: NDArray[np.bool_], network: Network) -> Iterator[NDArray[np.int64]]:
        """Yield what each neuron adds at each clock of a window (A5 … A7, A17, A19); bits: of the inputs, (L, inputs).

        Written to be read: every other back end must equal it.
        """
        # Index −1, outside the input, is the 0 that is put at the end.
        fields = self.fields()
        r_w = source(network.weight_source, network.length)
        synapses = self.synapses.astype(np.int64)
        magnitude, negative = np.abs(synapses), synapses < 0
        slots, sel = mux_select(synapses.shape[1], network.length) if self.adder == "mux" else (1, None)
        for t in range(network.length):
            x = np.append(bits[t], False)[fields]
            x = np.append(x, np.ones((len(x), 1), dtype=bool), axis=1)  # the bias is a synapse whose bit is always 1
            pos, neg = multiply(x[:, None, :], sng(magnitude, r_w[t]), negative)
            if sel is not None:  # one slot of the MUX, times their number; a slot beyond the bias is empty
                pos, neg = pos[..., sel[t] : sel[t] + 1], neg[..., sel[t] : sel[t] + 1]
            yield slots * (popcount(pos) - popcount(neg)).reshape(-1)

    def spikes(self, bits: NDArray[np.bool_], network: Network) -> Iterator[NDArray[np.bool_]]:
        """Yield what the layer's neurons make of `clock_sums`."""
        assert self.neuron is not None
        return self.neuron.spikes(self.clock_sums(bits, network), network.theta_frac, network.length)

    def codes(self, x: NDArray[np.int64]) -> NDArray[np.int64]:
        """Refuse: what a layer with weights gives depends on L and the sources too."""
        raise ScError("a layer with weights has no codes of its own")

    def real(self, x: ArrayLike, *, rounded: bool = False) -> Floats:
        """Refuse, as `codes`."""
        raise ScError("a layer with weights has no codes of its own")

    def mac_sums(self, x: NDArray[np.int64], length: int) -> NDArray[np.int64]:
        """Return Σ X·W + L·B of each neuron, (n, neurons): what the integer peer (MAC = 1) adds; x: (n, inputs)."""
        # An input more, 0, stands for the padding, index −1.
        fields = np.concatenate([x, np.zeros((len(x), 1), dtype=np.int64)], axis=1)[:, self.fields()]
        # Float matrices are exact here (sums below 2^53) and far faster than integer ones.
        weights = self.synapses.T.astype(np.float64)
        s = fields.astype(np.float64) @ weights[:-1] + length * weights[-1]
        sums: NDArray[np.int64] = s.reshape(len(x), -1).astype(np.int64)
        return sums

    # --- float meaning

    def float_sums(self, weights: ArrayLike, x: ArrayLike) -> Floats:
        """Return Σ weights · x of each neuron (A6, A19), bias not counted, float64 (n, neurons).

        weights: numbers of the shape of `weights`, codes or reals. x: of the layer's inputs, (n, inputs).
        """
        rows = np.asarray(weights, dtype=np.float64).reshape(len(self.weights), -1)
        values = np.asarray(x, dtype=np.float64)
        padded = np.concatenate([values, np.zeros((len(values), 1))], axis=1)
        fields = self.fields()
        found = np.empty((len(values), len(fields), len(rows)))
        for position, field in enumerate(fields):
            found[:, position] = padded[:, field] @ rows.T
        return found.reshape(len(values), -1)

    # --- on the convolution engine

    def threshold(self, theta_frac: int) -> int:
        """Return theta; 1 of a readout, which no hardware reads."""
        return self.theta or 1

    def most(self, length: int, unit: int) -> int:
        """Return the greatest sum of weights of one sign, of any neuron, times `unit`."""
        synapses = self.synapses.astype(np.int64)
        return max(int(np.maximum(sign * synapses, 0).sum(axis=1).max()) * unit for sign in (1, -1))


def check_neuron(neuron: Neuron | None, what: str) -> None:
    """Refuse a neuron that takes a current at each clock, in a layer whose sums are those of windows."""
    require(
        neuron is None or isinstance(neuron, WindowNeuron),
        f"the neurons of {what} take the sum of a window: they cannot be {neuron and neuron.kind} neurons",
    )
