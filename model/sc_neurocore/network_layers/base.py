"""What a kind of layer is: how an artifact stores it, its arithmetic, its float meaning, how the engines see it.

Every layer takes codes, 0 … L, or the bits of their streams, and produces codes or bits of its own. There are two
families. A `WeightedLayer` has synapses; it has neurons too, unless it is the readout. Any other `Layer` computes its
codes from its inputs alone, as pooling does. The values of a layer lie in the order row, column, channel (A19,
convolution).

Both families read their inputs through a `Window`. A dense layer is the special case of a window with one position,
which reads every input.
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

#: How a layer may add its product bits: by an accumulative parallel counter (A6, add) or by a multiplexer (A17,
#: streaming).
ADDERS = ("apc", "mux")
#: Greatest number of inputs or outputs of one layer.
VALUES_MAX = 1 << 24
#: Greatest number of neurons, inputs or channels, and greatest side, that a layer's description in a file may state.
SIZE_MAX = 1 << 24
#: (height, width, channels) of the values of a layer.
Shape = tuple[int, int, int]
Floats = NDArray[np.float64]

#: All registered kinds of layers, by `Layer.type`. Reading an artifact looks a layer's class up here.
KINDS: dict[str, type[Layer]] = {}
#: Default of parameters for which None is a value of its own: it marks "not given".
UNSET: Any = type("Unset", (), {"__repr__": lambda self: "not given"})()

_Kind = TypeVar("_Kind", bound="type[Layer]")
_Weighted = TypeVar("_Weighted", bound="WeightedLayer")


def register(kind: _Kind) -> _Kind:
    """Make a class of layers known under its `type`, and return the class; used as a decorator.

    Artifacts that contain such layers can be read from then on.

    Raises:
        ScError: If `type` is missing or empty, or another class has registered the same name.
    """
    name = checks.text("type", getattr(kind, "type", None))
    other = KINDS.get(name)
    # The same class once more, as after a reload, is no clash.
    same = other is None or (other.__module__, other.__qualname__) == (kind.__module__, kind.__qualname__)
    require(same, f"there is a type of layer {name!r} already: {other and other.__qualname__}")
    KINDS[name] = kind
    return kind


def check_size(what: str, shape: Shape) -> None:
    """Raise ScError if a layer has more than 2²⁴ values; `what` ("inputs" or "outputs") names them in the message."""
    size = prod(shape)
    require(size <= VALUES_MAX, f"a layer has at most 2^24 = {VALUES_MAX} {what}, got {size}")


def input_shape_of(shape: Any) -> Shape:
    """Return the checked (height, width, channels) of a layer's input, each 1 … 4096; raises ScError for others."""
    sizes = checks.sequence("input_shape", shape, "(height, width, channels)", 3)
    height, width, channels = (checks.integer("a size of input_shape", s, 1, 4096) for s in sizes)
    return height, width, channels


def sizes_of(name: str, value: Any, count: int) -> tuple[int, ...]:
    """Return a checked list of sizes that was read from a file.

    Args:
        name: Name of the entry, for errors.
        value: What the file has: it must be a list of integers, each 1 … 2²⁴.
        count: The number of sizes that the list must have.

    Raises:
        ScError: If the value is anything else.
    """
    return tuple(
        checks.integer(f"{name}[{k}]", v, 1, SIZE_MAX)
        for k, v in enumerate(checks.sequence(name, value, f"a list of {count} integers", count))
    )


def codes_of(name: str, values: Any, ndim: int) -> NDArray[np.int16]:
    """Return codes as a read-only int16 copy, so that nobody can change a layer afterwards.

    Whether the codes are legal at the network's L is checked later, when the layer becomes part of a network.

    Args:
        name: Name of the parameter, for errors.
        values: Integers that fit 16 bits.
        ndim: The number of axes that the array must have.

    Raises:
        ScError: If the values are not integers, have other axes, are empty or do not fit 16 bits.
    """
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
    """Return a layer's neuron, from `neuron` or from the short forms `theta` and `lif`.

    A short form that is given replaces what it says of `neuron`. So `dataclasses.replace(layer, theta=7)`, which passes
    the old neuron along, is the same layer with another threshold.

    Args:
        theta: Threshold of a `CountIf` neuron, None for none, or `UNSET`.
        lif: A `Lif` neuron, None, or `UNSET`.
        neuron: Any neuron, None for a readout, or `UNSET`.

    Raises:
        ScError: If an argument has a wrong type, or two of them contradict each other.
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

    Attributes:
        input_shape: (height, width, channels) of the input.
        kernel: Rows and columns of the window.
        stride: Step of the window, in both directions.
        padding: Rows and columns of zeros on each side of the input; smaller than the kernel.

    Raises:
        ScError: If the kernel is not above the padding, or is larger than the padded input.

    Example:
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
        """Rows and columns of the output: ⌊(size + 2·padding − kernel) / stride⌋ + 1 for each (A19)."""
        high, wide = (
            (size + 2 * self.padding - k) // self.stride + 1
            for size, k in zip(self.input_shape, self.kernel, strict=False)
        )
        return high, wide

    def fields(self) -> NDArray[np.int64]:
        """Return the index of the input that each tap of the kernel reads at each position.

        Simulators gather inputs with it, so they need no loops over positions and borders.

        Returns:
            Indices in the order row, column, channel; −1 where the tap lies in the padding. Shape (positions, kernel
            rows, kernel columns, channels). The array is a copy and may be written.

        Example:
            >>> Window((1, 3, 1), kernel=(1, 2), stride=1, padding=0).fields().reshape(2, 2).tolist()
            [[0, 1], [1, 2]]
        """
        (height, width, channels), padding, stride = self.input_shape, self.padding, self.stride
        # A padded image of indices; sliding windows over it are the fields.
        index = np.full((height + 2 * padding, width + 2 * padding, channels), -1, dtype=np.int64)
        index[padding : padding + height, padding : padding + width] = np.arange(prod(self.input_shape)).reshape(
            self.input_shape
        )
        windows = np.lib.stride_tricks.sliding_window_view(index, self.kernel, axis=(0, 1))
        windows = windows[::stride, ::stride].transpose(0, 1, 3, 4, 2)
        return np.array(windows).reshape(-1, *self.kernel, channels)  # a copy, which may be written


class Layer(ABC):
    """One layer of a network: immutable, validated, integers only.

    A subclass sets `type`, its name in artifacts, and `entries`, the entries of its description there, and is decorated
    with `register`. The software back ends need `codes`, `spikes` and `real`. The convolution engine needs `window` and
    `threshold` too.

    Attributes:
        type: Name of the kind in artifacts, such as "dense".
        entries: What a description in an artifact must have beside the type.
        optional: What such a description may have.
        neuron: The layer's neurons; None in a readout, and in a layer without weights.
        adder: How synapses are added: "apc", a parallel counter (A6), or "mux", one synapse a clock (A17).
        takes_vectors: Whether frameworks flatten an image before such a layer, as before a dense one.
    """

    __slots__ = ()
    type: ClassVar[str]
    #: Whether frameworks flatten an image before such a layer: its inputs and outputs have no rows and columns.
    takes_vectors: ClassVar[bool] = False
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
        """Number of values that the layer takes."""

    @property
    @abstractmethod
    def output_shape(self) -> Shape:
        """(height, width, channels) of the output; (1, 1, values) of a layer without rows and columns."""

    @property
    @abstractmethod
    def label(self) -> str:
        """How a topology prints the layer, such as "128" or "10c5s2"."""

    @property
    def neurons(self) -> int:
        """Number of values that the layer gives: the product of `output_shape`."""
        return prod(self.output_shape)

    # --- in an artifact

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """Return what determines the layer's behaviour, without the weights, as plain JSON values.

        `network.json` holds it, and `parse` reads it back.
        """

    @classmethod
    @abstractmethod
    def parse(cls, entry: Mapping[str, Any], codes: NDArray[np.int16] | None) -> Layer:
        """Return the layer of a description and of the codes of its memory file.

        Args:
            entry: The layer's object in `network.json`, whose keys are checked already.
            codes: Signed codes, a row for each line of the memory file, with the bias last; None for a layer without
                weights.

        Raises:
            ScError: If a value of the description is not legal.
        """

    def check(self, where: str, network: Network, shape: Shape, *, last: bool) -> None:
        """Raise ScError unless the layer fits its place in a network.

        Args:
            where: What errors call the layer, such as "layer 2".
            network: The network that the layer belongs to.
            shape: (height, width, channels) of what the layer gets.
            last: Whether the layer is the last one, the readout.
        """
        require(
            self.inputs == prod(shape),
            f"{where} takes {self.inputs} inputs but gets {prod(shape)}: shapes must chain",
        )
        self.check_shape(where, shape)
        self.check_place(where, network, last=last)

    def check_shape(self, where: str, shape: Shape) -> None:
        """Raise ScError unless the layer's inputs have this (height, width, channels).

        A kind that takes its inputs in their order, whatever their shape, overrides this to accept any.
        """
        wanted = self.window.input_shape
        require(
            wanted == shape,
            f"{where} takes (height, width, channels) = {wanted} but gets {shape}: shapes must chain",
        )

    def check_place(self, where: str, network: Network, *, last: bool) -> None:
        """Raise ScError unless the layer can be where it is: a layer without weights cannot be the readout.

        Args:
            where: What errors call the layer.
            network: The network that the layer belongs to.
            last: Whether the layer is the last one.
        """
        require(not last, f"{where} is the readout: it must have weights, got {self.noun}")

    @property
    def noun(self) -> str:
        """What errors call such a layer, such as "pooling"."""
        return self.type

    def narrowed(self, stays: NDArray[np.bool_], inputs: NDArray[np.bool_]) -> Layer:
        """Return the layer with only some of its channels.

        Args:
            stays: Which of the layer's own output channels stay, one bool each.
            inputs: Which channels of its input are left, one bool each.

        Raises:
            ScError: If this kind of layer cannot be narrowed.
        """
        raise ScError(f"{self.noun} layers cannot be narrowed")

    # --- in a graph of NIR

    def nir_node(self, length: int, before: Shape) -> tuple[str, dict[str, Any]]:
        """Return the name and the content of the node that represents this layer in a NIR graph.

        Arrays of a node have their axes in the order of torch: channels first.

        Args:
            length: L; a code c becomes the float c / L.
            before: (height, width, channels) of the layer's input.

        Returns:
            A prefix for the node's name, to which the caller adds the layer's index, and the node.

        Raises:
            ScError: If NIR cannot express the layer.
        """
        raise ScError(f"{self.noun} layers cannot be written to NIR, which has no such node")

    @classmethod
    def of_nir(
        cls, entry: Mapping[str, Any], weights: NDArray[np.int16] | None, bias: NDArray[np.int16] | None, before: Shape
    ) -> Layer:
        """Return the layer that `nir_node` wrote.

        Args:
            entry: The layer's description, as `describe` returns it.
            weights: Signed codes with the axes of the node, None without weights.
            bias: Signed codes, None without weights.
            before: (height, width, channels) of the layer's input.

        Raises:
            ScError: If there are no NIR nodes of this kind.
        """
        raise ScError(f"{cls.type} layers cannot be read from NIR, which has no such node")

    # --- arithmetic

    @property
    def theta(self) -> int | None:
        """The threshold of `window_if` neurons in LSB (A8, window neuron); None if the layer has no such neurons."""
        return self.neuron.theta if isinstance(self.neuron, CountIf) else None

    @property
    def lif(self) -> Lif | None:
        """The layer's `lif` neurons (A13); None if it has others or none."""
        return self.neuron if isinstance(self.neuron, Lif) else None

    @property
    def temporal(self) -> bool:
        """Whether the layer's neurons spike in any order within a window, so that a count does not describe them."""
        return self.neuron is not None and self.neuron.temporal

    @abstractmethod
    def codes(self, x: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the codes that a layer without weights computes.

        Args:
            x: Codes of the inputs, shape (n, inputs).

        Returns:
            Codes of the outputs, shape (n, neurons).
        """

    @abstractmethod
    def spikes(self, bits: NDArray[np.bool_], network: Network) -> Iterator[NDArray[np.bool_]]:
        """Yield the layer's output bits, clock by clock: the definition that every back end must reproduce.

        Args:
            bits: Bits of the inputs in one window, shape (L, inputs).
            network: The network that the layer belongs to, for L, the number sources and theta_frac.

        Yields:
            Bits of the outputs at each clock, shape (neurons,).
        """

    @abstractmethod
    def real(self, x: ArrayLike, *, rounded: bool = False) -> Floats:
        """Return what `codes` means for real numbers: inputs may be fractions, or above L.

        Args:
            x: Values of the inputs, shape (n, inputs).
            rounded: Whether the result is rounded as codes are.

        Returns:
            Values of the outputs, float64, shape (n, neurons).
        """

    @property
    def rounds(self) -> bool:
        """Whether `codes` may differ from `real`, because codes are whole numbers."""
        return True

    # --- on the convolution engine

    @property
    @abstractmethod
    def window(self) -> Window:
        """The window through which the layer reads its inputs."""

    def threshold(self, theta_frac: int) -> int:
        """Return the threshold that the engine's neuron applies to this layer's sums, in LSB.

        Raises:
            ScError: If the engines do not support this kind of layer.
        """
        raise ScError(f"the engines have no {self.noun} layers")

    @property
    def greatest(self) -> bool:
        """Whether the engine takes the greatest value of a window instead of a sum, as max pooling does."""
        return False

    def most(self, length: int, unit: int) -> int:
        """Return a bound on the magnitude of the layer's sums; it sizes the accumulators in hardware.

        Args:
            length: L.
            unit: What one product counts at most for a weight code of 1: 1 for streams, L for the integer peer network.

        Raises:
            ScError: If the engines do not support this kind of layer.
        """
        raise ScError(f"the engines have no {self.noun} layers")


class WeightedLayer(Layer):
    """A layer with synapses: every position of its window has the same weights, a row for each output channel.

    A subclass has the fields `weights` and `bias`, signed codes in [−(L−1), L−1], and `neuron`.

    Attributes:
        weights: Signed codes; the first axis is the output channel.
        bias: Signed codes, one for each output channel (A7, bias).
        takes_spikes: Whether the layer accepts bits that come in any order, as `lif` neurons emit them, and not only
            codes. Such a layer has one position, which reads all inputs in their order.
    """

    __slots__ = ()
    #: Whether the layer accepts bits that come in any order, and not only codes.
    takes_spikes: ClassVar[bool] = False
    weights: NDArray[np.int16]
    bias: NDArray[np.int16]

    @classmethod
    @abstractmethod
    def memory(cls, entry: Mapping[str, Any]) -> tuple[int, int]:
        """Return how many lines the layer's memory file has, and how many words a line, the bias included (A2, codes).

        Reading an artifact needs these numbers before it reads the file, to refuse one that is too large.
        """

    @property
    @abstractmethod
    def kernels(self) -> NDArray[np.int16]:
        """The weights with axes (output channel, kernel row, kernel column, input channel)."""

    @property
    def synapses(self) -> NDArray[np.int16]:
        """Weights of each channel in the order row, column, input channel, then its bias; (channels, fan_in + 1)."""
        return np.concatenate([self.weights.reshape(len(self.weights), -1), self.bias[:, None]], axis=1)

    @property
    def fan_in(self) -> int:
        """Number of synapses of a neuron, without the bias."""
        return prod(self.weights.shape[1:])

    def fields(self) -> NDArray[np.int64]:
        """Return the index of the input that each synapse reads at each position, −1 where it lies in the padding.

        The shape is (positions, fan_in); the synapses are in the order of `synapses`.
        """
        spots = self.window.fields()
        return spots.reshape(len(spots), -1)

    def check_place(self, where: str, network: Network, *, last: bool) -> None:
        """Raise ScError for codes that L cannot hold, a readout with neurons, or a hidden layer without neurons.

        Which neurons the layers of a network in steps may have, `Steps.check` says.

        Args:
            where: What errors call the layer.
            network: The network that the layer belongs to.
            last: Whether the layer is the readout.
        """
        for what, codes in (("weights", self.weights), ("bias", self.bias)):
            worst = int(codes.flat[np.abs(codes.astype(np.int64)).argmax()])
            require(
                abs(worst) < network.length,
                f"{where}: {what} must be in [{1 - network.length}, {network.length - 1}] at L = {network.length}, "
                f"got {worst}",
            )
        if network.steps is not None:  # whose rules for neurons are in `steps`
            return
        if self.neuron is not None and self.neuron.steps_only:
            raise ScError(f"{where} has {self.neuron.kind} neurons, which are for networks in steps (A21)")
        if last and self.neuron is not None:
            what = {"window_if": "theta", "lif": "lif"}.get(self.neuron.kind, "neuron")
            shown = self.theta if what == "theta" else self.neuron
            raise ScError(f"{where} is the readout: {what} must be None, got {shown}")
        if not last and self.neuron is None:
            raise ScError(f"{where} is hidden: it needs a theta in [1, {THETA_MAX}] or lif parameters")

    def replaced(self: _Weighted, **changes: Any) -> _Weighted:
        """Return the layer with other values of some fields, as `dataclasses.replace` does."""
        return replace(self, **changes)  # type: ignore[type-var]

    # --- arithmetic

    def clock_sums(self, bits: NDArray[np.bool_], network: Network) -> Iterator[NDArray[np.int64]]:
        """Yield what each neuron adds at each clock of a window (A5 multiply, A6 add, A7 bias, A17, A19).

        This is written to be read, and is the definition that every back end must reproduce.

        Args:
            bits: Bits of the inputs, shape (L, inputs).
            network: The network that the layer belongs to, for L and the weight source.

        Yields:
            Signed sums of the product bits of one clock, shape (neurons,).
        """
        # Index −1, outside the input, is the 0 that is put at the end.
        fields = self.fields()
        r_w = source(network.weight_source, network.length)
        synapses = self.synapses.astype(np.int64)
        magnitude, negative = np.abs(synapses), synapses < 0
        # The MUX selects the same synapse in every neuron.
        slots, sel = mux_select(synapses.shape[1], network.length) if self.adder == "mux" else (1, None)
        for t in range(network.length):
            x = np.append(bits[t], False)[fields]
            x = np.append(x, np.ones((len(x), 1), dtype=bool), axis=1)  # the bias is a synapse whose bit is always 1
            pos, neg = multiply(x[:, None, :], sng(magnitude, r_w[t]), negative)
            if sel is not None:  # one slot of the MUX, times their number; a slot beyond the bias is empty
                pos, neg = pos[..., sel[t] : sel[t] + 1], neg[..., sel[t] : sel[t] + 1]
            yield slots * (popcount(pos) - popcount(neg)).reshape(-1)

    def spikes(self, bits: NDArray[np.bool_], network: Network) -> Iterator[NDArray[np.bool_]]:
        """Yield what the neurons make of `clock_sums`: their bits, shape (neurons,), at each clock of a window."""
        assert self.neuron is not None
        return self.neuron.spikes(self.clock_sums(bits, network), network.theta_frac, network.length)

    def codes(self, x: NDArray[np.int64]) -> NDArray[np.int64]:
        """Raise ScError: what a layer with weights gives depends on L and on the number sources too."""
        raise ScError("a layer with weights has no codes of its own")

    def real(self, x: ArrayLike, *, rounded: bool = False) -> Floats:
        """Raise ScError, for the same reason as `codes`; `float_sums` is the float meaning of such a layer."""
        raise ScError("a layer with weights has no codes of its own")

    def mac_sums(self, x: NDArray[np.int64], length: int) -> NDArray[np.int64]:
        """Return Σ X·W + L·B of each neuron: what the integer multiply-accumulate peer of the network adds (A12,
        training).

        X are the codes of the inputs, W those of the weights and B that of the bias. Hardware with the parameter MAC =
        1 computes these sums.

        Args:
            x: Codes of the inputs, shape (n, inputs).
            length: L.

        Returns:
            Exact sums, shape (n, neurons).
        """
        # An input more, 0, stands for the padding, index −1.
        fields = np.concatenate([x, np.zeros((len(x), 1), dtype=np.int64)], axis=1)[:, self.fields()]
        # Float matrices are exact here (sums below 2^53) and far faster than integer ones.
        weights = self.synapses.T.astype(np.float64)
        s = fields.astype(np.float64) @ weights[:-1] + length * weights[-1]
        sums: NDArray[np.int64] = s.reshape(len(x), -1).astype(np.int64)
        return sums

    # --- float meaning

    def float_sums(self, weights: ArrayLike, x: ArrayLike) -> Floats:
        """Return Σ weights · x of each neuron, in floating point, without the bias (A6, A19).

        Args:
            weights: Codes or real numbers, of the shape of the layer's `weights`.
            x: Values of the layer's inputs, shape (n, inputs).

        Returns:
            Sums, shape (n, neurons).
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
        """Return theta; 1 for a layer without one, such as a readout, where no hardware reads it."""
        return self.theta or 1

    def most(self, length: int, unit: int) -> int:
        """Return the greatest sum of the weights of one sign, over all neurons, times `unit`.

        A product of the engine is at most the magnitude of its weight: F[L, W] = W (A11, exact table). So no sum
        exceeds this.
        """
        synapses = self.synapses.astype(np.int64)
        return max(int(np.maximum(sign * synapses, 0).sum(axis=1).max()) * unit for sign in (1, -1))


def check_neuron(neuron: Neuron | None, what: str) -> None:
    """Raise ScError for a neuron that takes a current at each clock, in a layer whose sums are those of whole windows.

    Args:
        neuron: The layer's neuron, or None.
        what: What the error calls the layer, such as "a convolution".
    """
    require(
        neuron is None or isinstance(neuron, WindowNeuron),
        f"the neurons of {what} take the sum of a window: they cannot be {neuron and neuron.kind} neurons",
    )
