"""The fully connected layer: every neuron has a weight for every input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks
from ..errors import require
from ..neurons import ClockNeuron, Lif, Neuron, neuron_of
from .base import ADDERS, SIZE_MAX, UNSET, Floats, Shape, WeightedLayer, Window, chosen_neuron, codes_of, register

if TYPE_CHECKING:
    from ..network import Network

__all__ = ["DenseLayer"]

#: Slots of the largest MUX adder. One of them belongs to the bias, so a layer may have one input less.
SLOTS_MAX = 4096


@register
@dataclass(frozen=True, eq=False, init=False)
class DenseLayer(WeightedLayer):
    """A fully connected layer: every neuron has a synapse for each input, and a bias.

    Attributes:
        weights: Signed codes in [−(L−1), L−1], shape (neurons, inputs).
        bias: Signed codes, shape (neurons,) (A7, bias).
        neuron: `CountIf` (A8, window neuron), `Lif` (A13, A17) or another kind; None in the readout layer (A9). The
            constructor also takes theta, short for neuron=CountIf(theta), and lif, short for neuron=lif.
        adder: "apc", the parallel counter (A6, add), or "mux", which counts one synapse a clock and which only
            streaming runs (A17). With "mux" the layer has at most 4095 inputs.

    Raises:
        ScError: If shapes do not fit each other, or a value is not legal.

    Example:
        >>> DenseLayer([[3, -2]], [1], theta=40).neuron
        CountIf(theta=40)
    """

    weights: NDArray[np.int16]
    bias: NDArray[np.int16]
    neuron: Neuron | None
    adder: str
    type: ClassVar[str] = "dense"
    entries: ClassVar[frozenset[str]] = frozenset({"inputs", "neurons", "theta"})
    optional: ClassVar[frozenset[str]] = frozenset({"lif", "neuron", "adder"})
    takes_spikes: ClassVar[bool] = True
    takes_vectors: ClassVar[bool] = True

    def __init__(
        self,
        weights: ArrayLike,
        bias: ArrayLike,
        theta: int | None = UNSET,
        lif: Lif | None = UNSET,
        adder: str = "apc",
        *,
        neuron: Neuron | None = UNSET,
    ) -> None:
        put = object.__setattr__
        put(self, "weights", codes_of("weights", weights, 2))
        put(self, "bias", codes_of("bias", bias, 1))
        require(
            self.bias.shape[0] == self.weights.shape[0],
            f"bias must have one code per neuron ({self.weights.shape[0]}), got {self.bias.shape[0]}",
        )
        put(self, "neuron", chosen_neuron(theta, lif, neuron))
        put(self, "adder", checks.choice("adder", adder, ADDERS))
        require(
            self.adder == "apc" or self.inputs < SLOTS_MAX,
            f"a MUX adder has at most {SLOTS_MAX - 1} inputs, got {self.inputs}",
        )

    @property
    def inputs(self) -> int:
        """Number of inputs, which is the number of synapses of a neuron without its bias."""
        return int(self.weights.shape[1])

    @property
    def output_shape(self) -> Shape:
        """(1, 1, neurons): one position, with a channel for each neuron."""
        return (1, 1, int(self.weights.shape[0]))

    @property
    def label(self) -> str:
        """The number of neurons, as a topology prints it."""
        return str(self.neurons)

    def describe(self) -> dict[str, Any]:
        """Return what determines the layer's behaviour, without the weights, as plain JSON values."""
        neuron = {"theta": None} if self.neuron is None else self.neuron.describe()
        adder = {} if self.adder == "apc" else {"adder": self.adder}
        return {"type": "dense", "inputs": self.inputs, "neurons": self.neurons, **neuron, **adder}

    @classmethod
    def memory(cls, entry: Mapping[str, Any]) -> tuple[int, int]:
        """Return a line for each neuron: its weights, then its bias."""
        rows, inputs = (checks.integer(key, entry[key], 1, SIZE_MAX) for key in ("neurons", "inputs"))
        return rows, inputs + 1

    @classmethod
    def parse(cls, entry: Mapping[str, Any], codes: NDArray[np.int16] | None) -> DenseLayer:
        """Return the layer of a description and of the codes of its memory file, a row for each neuron."""
        assert codes is not None
        return cls(codes[:, :-1], codes[:, -1], neuron=neuron_of(entry), adder=entry.get("adder", "apc"))

    def check_shape(self, where: str, shape: Shape) -> None:
        """Accept any shape, because a dense layer takes its inputs in their order."""

    def check_place(self, where: str, network: Network, *, last: bool) -> None:
        """Raise ScError as for any layer with weights, and for currents that the neurons cannot take.

        Neurons such as `lif` take a current at each clock (A17): the sum of the clock times 2^theta_frac. For the worst
        input, all synapses of one sign count at once. With a MUX one synapse counts, times the number of slots. Either
        must fit the range of the neuron.

        Args:
            where: What errors call the layer.
            network: The network that the layer belongs to.
            last: Whether the layer is the readout.
        """
        WeightedLayer.check_place(self, where, network, last=last)
        if network.steps is not None or not isinstance(self.neuron, ClockNeuron):
            return  # in steps a current may exceed the neuron's width (A20, networks in steps)
        low, high = self.neuron.current_range
        for sign, limit in ((1, high), (-1, -low)):
            most = int((np.sign(self.synapses) == sign).sum(axis=1).max())
            what = f"{most} synapses of one sign"
            if self.adder == "mux" and most:
                most = 1 << self.inputs.bit_length()
                what = f"one synapse times the {most} slots of a MUX"
            require(
                most << network.theta_frac <= limit,
                f"{where}: a current of {what} at theta_frac {network.theta_frac}, {most << network.theta_frac}, does "
                f"not fit {self.neuron.current_rule}",
            )

    def narrowed(self, stays: NDArray[np.bool_], inputs: NDArray[np.bool_]) -> DenseLayer:
        """Return the layer with only some of its neurons, and without the inputs of removed channels.

        Args:
            stays: Which neurons stay, one bool each.
            inputs: Which channels of the layer's input are left, one bool a channel.
        """
        # Values lie in the order row, column, channel.
        taken = np.tile(inputs, self.inputs // inputs.size)
        return DenseLayer(self.weights[stays][:, taken], self.bias[stays], neuron=self.neuron, adder=self.adder)

    def nir_node(self, length: int, before: Shape) -> tuple[str, dict[str, Any]]:
        """Return a NIR Affine, whose columns have the order channel, row, column; see `Layer.nir_node`."""
        weights = self.weights.reshape(-1, *before).transpose(0, 3, 1, 2).reshape(self.neurons, -1)
        return "fc", {"type": "Affine", "weight": weights / length, "bias": self.bias / length}

    @classmethod
    def of_nir(
        cls, entry: Mapping[str, Any], weights: NDArray[np.int16] | None, bias: NDArray[np.int16] | None, before: Shape
    ) -> DenseLayer:
        """Return the layer of a description and of the codes of a NIR Affine; see `Layer.of_nir`."""
        assert weights is not None
        assert bias is not None
        height, width, channels = before
        taken = weights.reshape(-1, channels, height, width).transpose(0, 2, 3, 1).reshape(len(weights), -1)
        return cls(taken, bias, neuron=neuron_of(entry), adder=entry.get("adder", "apc"))

    def float_sums(self, weights: ArrayLike, x: ArrayLike) -> Floats:
        """Return weights · x, float64 (n, neurons), as one matrix product, which is faster than the general method."""
        sums: Floats = np.asarray(x, dtype=np.float64) @ np.asarray(weights, dtype=np.float64).T
        return sums

    @property
    def window(self) -> Window:
        """A window with one position, which reads all inputs as channels."""
        return Window((1, 1, self.inputs), (1, 1), 1, 0)

    @property
    def kernels(self) -> NDArray[np.int16]:
        """The weights with axes (output channel, 1, 1, input channel)."""
        return self.weights[:, None, None, :]
