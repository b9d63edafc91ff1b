"""Networks in steps (A20): time, state that lasts from step to step, and edges with delays.

A network without steps sees its input for one window. With `Steps` it takes a sample of T steps, each of one window;
its neurons keep their state from step to step, spikes may come back by edges after a delay, and the readout is over all
steps. `Network.steps` holds the object, and everything is checked when the network is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import checks
from .errors import ScError, require
from .network_layers import DenseLayer
from .network_layers.base import codes_of
from .neurons import ClockNeuron
from .streams import encode

if TYPE_CHECKING:
    from .network import Network

__all__ = ["DELAY_MAX", "READOUTS", "STEPS_MAX", "Edge", "Steps"]

#: How the scores of a sample are read from the last layer (A20, readout).
READOUTS = ("sum", "spikes", "potentials", "potential")
#: Greatest number of steps of a sample, and greatest delay of an edge.
STEPS_MAX = 4096
DELAY_MAX = 255
# Greatest number of layers that an edge may name; a network's own number is checked with the network.
_LAYERS_MAX = 1 << 16
# A score has 32 bits.
_LOW, _HIGH = -(1 << 31), (1 << 31) - 1


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """A connection that takes the spikes of a layer to a layer, `delay` steps later (A20, edges).

    In step t it adds the products of its weights with the spikes of layer `source` in step t − delay to the sums of
    layer `target`, and nothing while t < delay. It has no bias. The source may lie before the target, behind it, or be
    the target itself, which makes the layer recurrent.

    Attributes:
        source: Number of the layer whose spikes it takes, 0 for the first layer.
        target: Number of the layer that it goes to.
        delay: Steps that a spike takes, 1 … 255.
        weights: Signed codes in [−(L−1), L−1], shape (neurons of the target, neurons of the source).

    Raises:
        ScError: If a field is out of its range.

    Example:
        >>> Edge(0, 0, delay=1, weights=[[0, -3], [-3, 0]]).describe()
        {'source': 0, 'target': 0, 'delay': 1}
    """

    source: int
    target: int
    delay: int
    weights: NDArray[np.int16]

    def __init__(self, source: int, target: int, delay: int, weights: ArrayLike) -> None:
        put = object.__setattr__
        put(self, "source", checks.integer("source of an edge", source, 0, _LAYERS_MAX))
        put(self, "target", checks.integer("target of an edge", target, 0, _LAYERS_MAX))
        put(self, "delay", checks.integer("delay of an edge", delay, 1, DELAY_MAX))
        put(self, "weights", codes_of("weights of an edge", weights, 2))

    def describe(self) -> dict[str, Any]:
        """Return the fields but the weights as plain JSON values."""
        return {"source": self.source, "target": self.target, "delay": self.delay}

    @property
    def layer(self) -> DenseLayer:
        """The edge as a dense layer without neurons and with biases of 0, which add nothing."""
        return DenseLayer(self.weights, np.zeros(len(self.weights), dtype=np.int16))


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """What makes a network one in steps (A20): how many, whether the input is constant, the readout, and edges.

    Attributes:
        count: T, the steps of a sample, 1 … 4096.
        constant: Whether a sample is one vector of codes, the same in every step, and not one for each step.
        readout: What the scores are: "sum", Σ S(t) of a last layer without neurons; "spikes", Σ s(t), the spikes of
            each neuron of the last layer; "potentials", Σ u(t); or "potential", u(T − 1).
        edges: Connections with delays, `Edge`, in any order.

    Raises:
        ScError: If a field is out of its range.

    Example:
        >>> Steps(25, constant=True, readout="spikes").content()
        {'count': 25, 'constant': True, 'readout': 'spikes', 'edges': []}
    """

    count: int
    constant: bool = False
    readout: str = "sum"
    edges: tuple[Edge, ...] = ()

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "count", checks.integer("count of steps", self.count, 1, STEPS_MAX))
        require(isinstance(self.constant, bool), f"constant must be True or False, got {checks.shown(self.constant)}")
        put(self, "readout", checks.choice("readout", self.readout, READOUTS))
        put(self, "edges", checks.sequence("edges", self.edges, "a sequence of Edge"))
        for k, edge in enumerate(self.edges):
            if not isinstance(edge, Edge):
                raise ScError(f"edge {k} must be an Edge, got {checks.shown(edge)}")

    def content(self) -> dict[str, Any]:
        """Return the fields but the weights of the edges as plain JSON values, as `network.json` holds them."""
        return {
            "count": self.count,
            "constant": self.constant,
            "readout": self.readout,
            "edges": [edge.describe() for edge in self.edges],
        }

    def into(self, layer: int) -> tuple[Edge, ...]:
        """Return the edges into the layer of this number, in their order."""
        return tuple(edge for edge in self.edges if edge.target == layer)

    @property
    def longest(self) -> int:
        """The longest delay of an edge; 0 without edges."""
        return max((edge.delay for edge in self.edges), default=0)

    # --- checks

    def check(self, network: Network) -> None:
        """Raise ScError unless the network can run in these steps (A20).

        Args:
            network: The network, whose layers chain and whose codes L can hold.
        """
        last = len(network.layers) - 1
        for k, layer in enumerate(network.layers):
            where = f"layer {k}"
            if not isinstance(layer, DenseLayer):
                raise ScError(f"{where} of a network in steps must be dense (A20), got {layer.label}")
            require(layer.adder == "apc", f"{where} of a network in steps adds by a counter (A20), got a MUX adder")
            if layer.neuron is not None:
                self._check_neuron(where, layer, last=k == last)
            elif k < last:
                raise ScError(f"{where} is hidden: it needs neurons that take a current, such as Lif")
            else:
                require(
                    self.readout == "sum",
                    f"readout {self.readout!r} needs neurons in the last layer, {where}, which has none",
                )
        for k, edge in enumerate(self.edges):
            self._check_edge(f"edge {k}", edge, network)
        self._check_scores(f"layer {last}", network)

    def _check_neuron(self, where: str, layer: DenseLayer, *, last: bool) -> None:
        """Raise ScError unless a layer may have its neurons where it is."""
        neuron = layer.neuron
        assert neuron is not None
        if not isinstance(neuron, ClockNeuron):
            raise ScError(
                f"{where} has {neuron.kind} neurons, which take the sum of one window: in steps (A20) neurons take a "
                "current, such as Lif"
            )
        try:
            neuron.check_neurons(layer.neurons)
        except ScError as error:
            raise ScError(f"{where}: {error}") from None
        if not last:
            require(neuron.fires, f"{where} is hidden, and {neuron.kind} neurons never spike: they are for the readout")
            return
        require(
            self.readout != "sum",
            f"readout 'sum' takes a last layer without neurons, {where} has {neuron.kind} neurons: take 'spikes', "
            "'potentials' or 'potential'",
        )
        if self.readout == "spikes":
            require(neuron.fires, f"readout 'spikes' needs neurons that spike, {where} has {neuron.kind} neurons")
        else:
            require(
                neuron.potential_bits is not None,
                f"readout {self.readout!r} needs neurons with a potential, {where} has {neuron.kind} neurons",
            )

    @staticmethod
    def _check_edge(where: str, edge: Edge, network: Network) -> None:
        """Raise ScError unless an edge connects layers of the network, with codes that L can hold."""
        most = len(network.layers) - 1
        for what, k in (("source", edge.source), ("target", edge.target)):
            require(k <= most, f"{where}: {what} must be a layer in [0, {most}], got {k}")
        source, target = network.layers[edge.source], network.layers[edge.target]
        require(
            isinstance(source.neuron, ClockNeuron) and source.neuron.fires,
            f"{where}: its source, layer {edge.source}, must have neurons that spike, got "
            f"{f'{source.neuron.kind} neurons' if source.neuron is not None else 'none'}",
        )
        shape = (target.neurons, source.neurons)
        require(
            edge.weights.shape == shape,
            f"{where}: weights must have shape {shape}, the neurons of layers {edge.target} and {edge.source}, got "
            f"{edge.weights.shape}",
        )
        worst = int(edge.weights.flat[np.abs(edge.weights.astype(np.int64)).argmax()])
        require(
            abs(worst) < network.length,
            f"{where}: weights must be in [{1 - network.length}, {network.length - 1}] at L = {network.length}, "
            f"got {worst}",
        )

    def _check_scores(self, where: str, network: Network) -> None:
        """Raise ScError if a score may not fit 32 bits for some input."""
        if self.readout in ("spikes", "potential"):
            return  # at most 4096, and at most 32 bits
        low, high = self.score_range(network)
        least, most = low // self.count, high // self.count
        what = f"a sum of {least} … {most}"
        if self.readout == "potentials":
            what = f"a potential of {most.bit_length() + 1} bits"
        if low < _LOW or high > _HIGH:
            fit = min(limit // end for limit, end in ((_LOW, min(least, -1)), (_HIGH, max(most, 1))))
            raise ScError(
                f"{where} adds {what} in each of {self.count} steps, which may not fit a score's 32 bits: "
                f"at most {fit} steps do"
            )

    def score_range(self, network: Network) -> tuple[int, int]:
        """Return the least and the greatest score that a neuron of the last layer may have, for any input.

        Args:
            network: The network.

        Example:
            >>> from sc_neurocore.network import DenseLayer, InputSpec, Network
            >>> layers = (DenseLayer([[3, -2]], [1]),)
            >>> network = Network(4, layers, InputSpec((2,), full_scale=4), steps=Steps(10))
            >>> network.steps.score_range(network)
            (-10, 40)
        """
        if self.readout == "spikes":
            return 0, self.count
        neuron = network.layers[-1].neuron
        if self.readout == "sum":
            low, high = self.sum_range(len(network.layers) - 1, network)
            return low * self.count, high * self.count
        assert isinstance(neuron, ClockNeuron)
        assert neuron.potential_bits is not None
        half, times = 1 << neuron.potential_bits - 1, self.count if self.readout == "potentials" else 1
        return -half * times, (half - 1) * times

    def sum_range(self, k: int, network: Network) -> tuple[int, int]:
        """Return the least and the greatest sum S(t) that a neuron of layer k may have in a step, for any input.

        Every input counts with the ones of its weight, as a spike does, or not at all; the bias always counts.

        Args:
            k: Number of the layer.
            network: The network.
        """
        layer = network.layers[k]
        assert isinstance(layer, DenseLayer)
        weights = np.concatenate([layer.weights, *(edge.weights for edge in self.into(k))], axis=1)
        sums, bias = spike_sums(weights, network), spike_sums(layer.bias, network)
        low = int((np.minimum(sums, 0).sum(axis=1) + bias).min())
        return low, int((np.maximum(sums, 0).sum(axis=1) + bias).max())


def spike_sums(codes: NDArray[np.int16], network: Network) -> NDArray[np.int64]:
    """Return what each synapse adds to S for a spike, which is the code L: its sign times the ones of its stream.

    For sources that take every number once, such as `vdc`, these are the codes themselves, since F[L, W] = W (A11,
    exact table).

    Args:
        codes: Signed codes, of any shape.
        network: The network, for L and the weight source.

    Example:
        >>> from sc_neurocore.network import InputSpec, Network
        >>> network = Network(4, (DenseLayer([[3, -2]], [1]),), InputSpec((2,), full_scale=4))
        >>> spike_sums(network.readout.weights, network).tolist()
        [[3, -2]]
    """
    ones = encode(np.arange(network.length), network.length, network.weight_source).sum(axis=1, dtype=np.int64)
    wide = codes.astype(np.int64)
    sums: NDArray[np.int64] = np.sign(wide) * ones[np.abs(wide)]
    return sums
