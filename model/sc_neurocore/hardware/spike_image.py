"""The memory image of the engine of networks in steps: a network in its weight memory and its layer table (A20, A21).

The engine (rtl/sc_spike_engine.v) runs dense and recurrent spiking networks; with BITS = 1 it runs networks of `lif`
layers without steps (A17, streaming), see `bit_steps`. It keeps the state of every neuron in a
memory, and in each step it visits only inputs that are not 0 and neurons that spiked. `SpikeConfig` says how large it
is, and which kind of neuron it has. Which network it runs is decided by the content of two memories:

* the weight memory holds, in each word, the codes (A2, codes) of one synapse of `lanes` neurons (`spike_weight_words`);
* the layer table holds 16-bit words: sizes, edges and the parameters of neurons (`spike_table_words`).

So one bitstream runs every network of its kind of neuron that fits. `core` chooses between this engine and the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..errors import require
from ..network import Network
from ..network_layers import DenseLayer
from ..neurons import NEVER, ClockNeuron
from ..sources import log2_length
from ..steps import Edge
from .bit_steps import ENGINE, check_bits, check_width, engine_width, steps_of
from .core_parameters import SPIKE, STEPS_FIELDS, check_range, pack_steps
from .image import group_words

__all__ = [
    "PARAMETER_WORDS",
    "SpikeConfig",
    "spike_check",
    "spike_config",
    "spike_table_words",
    "spike_weight_count",
    "spike_weight_words",
]

#: Flags of the header word with the steps, and where the code of the readout stands in it.
CONSTANT, READOUT_BIT = 1 << 15, 13
READOUT_CODES = {"sum": 0, "spikes": 1, "potentials": 2, "potential": 3}
#: Flag of the first word of an edge. Flags of a layer's first word, which has it not.
EDGE = 1 << 15
KEPT, LAST, SHARED = 1 << 14, 1 << 13, 1 << 12
#: Parameter words of a readout without neurons, as those of a neuron that never spikes: leak, theta.
NO_NEURON = (0, NEVER)
#: Parameter words of a neuron by NEURON, without the one of RESET_MODE = 1.
PARAMETER_WORDS = (2, 3, 4)
#: Names of the kinds by NEURON.
KINDS = ("lif", "synaptic", "alif")


@dataclass(frozen=True, slots=True)
class SpikeConfig:
    """Elaboration parameters of the engine of networks in steps: how large it is, and which neurons it has.

    The fields are the Verilog parameters of rtl/sc_spike_engine.v in lower case. `core_parameters` holds their ranges.
    Raises ScError, naming field, range and value, for a value out of range.

    Attributes:
        log2l: log2 of the stream length L, 2 … 8.
        lanes: neurons whose synapses are added in one clock, 1 … 64.
        frac: fraction bits of a current, 0 … 15; `theta_frac` of the network.
        log2_entries: address bits of a layer's synapses, 2 … 12. Inputs and sources of edges of a layer, and its
            neurons, are at most 2^log2_entries − 2.
        weight_aw: address bits of the weight memory, 1 … 24.
        table_aw: address bits of the layer table in 16-bit words, 4 … 12.
        state_aw: address bits of the memory of states, a word for each neuron of the network, 1 … 16.
        sum_w: bits of a score, signed, 4 … 32.
        neuron: kind of neuron: 0 for `lif` and `li`, 1 for `synaptic`, 2 for `alif`.
        width: bits of each state of a neuron, 4 … 32.
        leak_mode: 0, shift, or 1, factor.
        reset_mode: 0, subtract, or 1, to value.
        refractory: 1 where neurons may have a refractory period.
        constant: 1 where the input may be constant, so that it is summed once a sample.
        delay_aw: edges have delays up to 2^delay_aw − 1; 0 for an engine without edges.
        history_aw: address bits of the neurons whose spikes edges take, 1 … 12.
        bits: 1 where a step is one clock of the window (A17, streaming). constant and delay_aw are then 0.

    Example:
        >>> SpikeConfig(log2l=4, lanes=4, width=12).parameters()["STEPS"] >> 4 & 63
        12
    """

    log2l: int
    lanes: int
    frac: int = 4
    log2_entries: int = 8
    weight_aw: int = 14
    table_aw: int = 6
    state_aw: int = 8
    sum_w: int = 16
    neuron: int = 0
    width: int = 16
    leak_mode: int = 0
    reset_mode: int = 0
    refractory: int = 0
    constant: int = 1
    delay_aw: int = 0
    history_aw: int = 1
    bits: int = 0

    def __post_init__(self) -> None:
        check_range(self, SPIKE)
        require(
            not self.bits or (self.constant, self.delay_aw) == (0, 0),
            f"bits = 1 needs constant = 0 and delay_aw = 0, got {self.constant} and {self.delay_aw}",
        )

    @property
    def mac(self) -> int:
        """0: there is no integer peer of this engine, since its spikes are added as integers anyway."""
        return 0

    @property
    def word_bits(self) -> int:
        """Bits of a weight memory word: one synapse of each of `lanes` neurons, a sign and log2l bits each."""
        return self.lanes * (self.log2l + 1)

    @property
    def sum_bits(self) -> int:
        """Bits of a score, signed (SUM_W)."""
        return self.sum_w

    @property
    def parameter_words(self) -> int:
        """16-bit words that the table holds of a neuron's parameters."""
        return PARAMETER_WORDS[self.neuron] + self.reset_mode

    @property
    def state_bits(self) -> int:
        """Bits of the whole state of a neuron: its potential, where it may rest the steps that are left, and more."""
        return self.width * (1 if self.neuron == 0 else 2) + 8 * self.refractory

    @property
    def step_sum_bits(self) -> int:
        """Bits of the sum of a step, signed, in the engine's lanes; with `bits` a product is one bit."""
        return self.log2_entries + (2 if self.bits else self.log2l + 1)

    def memories(self) -> list[tuple[int, int]]:
        """Return (width in bits, words) of each of the engine's memories except that of the weights.

        They are the layer table, the list of codes that are not 0 in two banks, with `bits` in three, states, scores,
        the base currents of a constant input, and the spikes that edges take.
        """
        rows = [
            (16, 1 << self.table_aw),
            (self.log2_entries + self.log2l + 1, (3 if self.bits else 2) << self.log2_entries),
            (self.state_bits, 1 << self.state_aw),
            (self.sum_w, 1 << self.state_aw),
        ]
        if self.constant:
            rows.append((self.step_sum_bits, 1 << self.state_aw))
        if self.delay_aw:
            rows.append((1, 1 << self.delay_aw + self.history_aw))
        return rows

    def parameters(self) -> dict[str, int]:
        """Return the Verilog parameters of rtl/sc_core.v that make this engine, by name in capitals."""
        return {
            "ENGINE": SPIKE,
            "LOG2L": self.log2l,
            "LANES": self.lanes,
            "FRAC": self.frac,
            "LOG2_ENTRIES": self.log2_entries,
            "WEIGHT_AW": self.weight_aw,
            "TABLE_AW": self.table_aw,
            "MAC": 0,
            "ACC_AW": self.state_aw,
            "POOL": 0,
            "SUM_W": self.sum_w,
            "STEPS": pack_steps({each.name: getattr(self, each.name.lower()) for each in STEPS_FIELDS}),
        }


def _layers(network: Network) -> Iterator[tuple[DenseLayer, tuple[Edge, ...]]]:
    """Yield each layer with the edges into it."""
    steps = steps_of(network)
    for k, layer in enumerate(network.dense_layers(ENGINE)):
        yield layer, steps.into(k)


def _neurons(network: Network) -> list[tuple[int, ClockNeuron]]:
    """Return (number of neurons, neuron) of all layers that have neurons, a pair for each run of equal neurons."""
    found: list[tuple[int, ClockNeuron]] = []
    for layer in network.layers:
        if isinstance(layer.neuron, ClockNeuron):
            found += layer.neuron.members(layer.neurons)
    return found


def _agree(network: Network) -> dict[str, int]:
    """Return what all neurons of a network have in common: the fields of a `SpikeConfig` that describe them.

    Raises:
        ScError: the engine has no such neurons, or two layers differ in what an engine has once.
    """
    common = {"neuron": 0, "width": 4, "leak_mode": 0, "reset_mode": 0, "refractory": 0}
    of_clocks = network.steps is None  # the width of these is that of `engine_width`
    first: ClockNeuron | None = None
    kinds = {}
    for _, neuron in _neurons(network):
        kind = neuron.engine_kind
        require(kind is not None, f"{ENGINE} has {', '.join(KINDS)} and li neurons, the network has {neuron.kind}")
        assert kind is not None
        kinds[kind] = neuron.kind
        names = [*(() if of_clocks else ("width",)), "leak_mode", *(("reset_mode",) if neuron.fires else ())]
        for name in names:
            mine = getattr(neuron, name)
            if first is None or (name == "reset_mode" and not first.fires):
                common[name] = mine
            require(
                common[name] == mine,
                f"{ENGINE} has one {name} for all neurons, those of the network have {common[name]} and {mine}",
            )
        first = neuron if first is None or neuron.fires else first
        common["refractory"] |= int(getattr(neuron, "refractory", 0) > 0)
    # An alif neuron that nothing is added to is a lif neuron; a synaptic one is never one.
    require(
        len(kinds) < 2 or set(kinds) == {0, 2},
        f"{ENGINE} has one kind of neuron, the network has {' and '.join(kinds.values())}",
    )
    common["neuron"] = max(kinds, default=0)
    return common


def _history(network: Network) -> dict[int, int]:
    """Return, for each layer whose spikes edges take, its offset in a row of the history."""
    steps, offsets, at = steps_of(network), {}, 0
    for k in sorted({edge.source for edge in steps.edges}):
        offsets[k] = at
        at += network.layers[k].neurons
    return offsets


def _sizes(network: Network, lanes: int) -> dict[str, int]:
    """Return what a network needs of each memory, in its own unit."""
    widest = max(
        max(layer.inputs + sum(edge.weights.shape[1] for edge in edges), layer.neurons)
        for layer, edges in _layers(network)
    )
    return {
        "widest": widest,
        "words": spike_weight_count(network, lanes),
        "states": sum(layer.neurons for layer in network.layers),
        "history": sum(network.layers[k].neurons for k in _history(network)),
        "delay": steps_of(network).longest,
    }


def _score_bits(network: Network) -> int:
    """Return the bits of a score that no input exceeds, at least 4."""
    steps = steps_of(network)
    last = len(network.layers) - 1
    # Without steps the score is the sum of one window, whatever its clocks give.
    low, high = steps.score_range(network) if network.steps is not None else steps.sum_range(last, network)
    return max(4, high.bit_length() + 1, (-low - 1).bit_length() + 1 if low < 0 else 1)


def spike_weight_count(network: Network, lanes: int) -> int:
    """Return the number of words that the network takes in the weight memory.

    Args:
        network: a network in steps. Its sizes count, not its weights.
        lanes: neurons of a group; each word holds one synapse of a group.

    Returns:
        Sum over layers of ⌈neurons / lanes⌉ · (inputs + sources of edges + 1). The one more is the bias (A7, bias).
    """
    return sum(
        -(-layer.neurons // lanes) * (layer.inputs + sum(edge.weights.shape[1] for edge in edges) + 1)
        for layer, edges in _layers(network)
    )


def spike_config(network: Network, lanes: int) -> SpikeConfig:
    """Return the smallest engine of networks in steps that holds a network.

    Args:
        network: a network in steps, L ≤ 256, with `lif`, `li`, `synaptic` or `alif` neurons; or one without steps whose
            hidden layers are `lif`.
        lanes: neurons whose synapses are added in one clock, 1 … 64. More lanes are faster and larger.

    Raises:
        ScError: the engine lacks what the network needs, or a memory would be larger than the greatest that the engine
            has. The message says which.
    """
    n, steps = log2_length(network.length), steps_of(network)
    require(n <= 8, f"{ENGINE} holds a window of at most 256 bits at once, got L = {network.length}")
    _check_network(network)
    common, need = _agree(network), _sizes(network, lanes)
    if network.steps is None:
        common["width"] = engine_width(network)
    words = PARAMETER_WORDS[common["neuron"]] + common["reset_mode"]
    table = len(_table(network, lanes, words, common["reset_mode"]))
    for what, got, most in (
        ("synapses of a neuron or neurons of a layer", need["widest"], 4094),
        ("weight words", need["words"], 1 << 24),
        ("words of layer table", table, 1 << 12),
        ("neurons", need["states"], 1 << 16),
        ("neurons whose spikes edges take", need["history"], 1 << 12),
        ("steps of delay", need["delay"], 255),
    ):
        require(got <= most, f"{ENGINE} has at most {most} {what}, the network needs {got}")
    return SpikeConfig(
        log2l=n,
        lanes=lanes,
        frac=network.theta_frac,
        log2_entries=max(2, (need["widest"] + 1).bit_length()),
        weight_aw=max(1, (need["words"] - 1).bit_length()),
        table_aw=max(4, (table - 1).bit_length()),
        state_aw=max(1, (need["states"] - 1).bit_length()),
        sum_w=_score_bits(network),
        constant=int(steps.constant and network.steps is not None),
        delay_aw=need["delay"].bit_length(),
        history_aw=max(1, (need["history"] - 1).bit_length()) if need["history"] else 1,
        bits=int(network.steps is None),
        **common,
    )


def _check_network(network: Network) -> None:
    """Raise ScError for a network that no engine of this kind runs, whatever its size."""
    steps = steps_of(network)
    if network.steps is None:
        check_bits(network)
    require(
        network.weight_source == "vdc",
        f"the engine's weights take the source 'vdc' (rtl/sc_lane.v), the network's take {network.weight_source!r}",
    )
    require(
        len(network.layers) > 1 or not steps.constant or steps.count == 1 or steps.readout != "sum",
        f"{ENGINE} runs a single layer without neurons for one step only, since its score would be the same "
        f"in each: got {steps.count} steps of a constant input",
    )


def spike_weight_words(network: Network, lanes: int) -> list[int]:
    """Return the words of the weight memory in address order.

    The order is: layer; group of `lanes` neurons; the layer's inputs; the sources of the edges into it, edge by edge;
    the bias last. In a word lane k holds bits k·(n+1) … k·(n+1) + n, with n = log2 L: the sign-magnitude code of A2
    (codes). Lanes past the last neuron of a layer hold 0.

    Args:
        network: a network in steps.
        lanes: neurons of a group, LANES of the RTL.

    Returns:
        `spike_weight_count(network, lanes)` unsigned integers of lanes·(n+1) bits.
    """
    words: list[int] = []
    for layer, edges in _layers(network):
        synapses = np.concatenate([layer.weights, *(edge.weights for edge in edges), layer.bias[:, None]], axis=1)
        words += group_words(synapses, lanes, network.length)
    return words


def _table(network: Network, lanes: int, parameter_words: int, reset_mode: int) -> list[int]:
    """Return the words of the layer table; the arguments behind `network` are those of the engine."""
    steps, offsets = steps_of(network), _history(network)
    mode = (CONSTANT if steps.constant else 0) | READOUT_CODES[steps.readout] << READOUT_BIT
    words = [network.tag & 0xFFFF, network.tag >> 16, network.input.size, mode | steps.count - 1]
    for k, (layer, edges) in enumerate(_layers(network)):
        end = layer.inputs
        for edge in edges:
            end += edge.weights.shape[1]
            words += [EDGE | edge.delay, offsets[edge.source], end]
        neuron = layer.neuron
        members = neuron.members(layer.neurons) if isinstance(neuron, ClockNeuron) else ((layer.neurons, None),)
        flags = KEPT if k in offsets else 0
        flags |= LAST if k == len(network.layers) - 1 else 0
        flags |= SHARED if len(members) == 1 else 0
        words += [flags | (layer.neurons - 1) % lanes, (layer.neurons - 1) // lanes]
        words += [offsets[k]] if k in offsets else []
        for count, one in members:
            mine = list(NO_NEURON) if one is None else one.engine_words(reset_mode)
            # A lif neuron, or none, in an engine of alif neurons: nothing is added to its threshold.
            mine = [0] * (parameter_words - len(mine)) + mine
            words += mine * (1 if len(members) == 1 else count)
    return words


def spike_table_words(network: Network, config: SpikeConfig) -> list[int]:
    """Return the 16-bit words of the layer table, in address order.

    | word | content |
    |---|---|
    | 0, 1 | the network's tag, low half first, by which the host knows it |
    | 2 | number of inputs of a step |
    | 3 | bits 11:0 steps of a sample less 1; bits 14:13 readout, 0 sum, 1 spikes, 2 potentials, 3 potential; bit 15 \
          the input is constant. With BITS = 1 the steps are L, and bit 15 is not read |

    Then follow, for each layer:

    | words | content |
    |---|---|
    | three for each edge into it | 2^15 + delay; the place of its source in a row of the history; the number of \
                                    synapses of a neuron up to this edge, inputs included |
    | one | bit 14 its spikes are kept for edges; bit 13 it is the last layer; bit 12 its neurons have equal \
            parameters, which stand once; bits 5:0 neurons of its last group of lanes, less 1 |
    | one | groups of lanes, less 1 |
    | one, if its spikes are kept | its place in a row of the history |
    | once, or for each neuron | its parameters, `SpikeConfig.parameter_words` words |

    The parameters, in this order: of `synaptic` neurons the leak of i, of `alif` neurons the leak of a, and b; with
    RESET_MODE = 1 v_reset; the leak of v (bits 4:0 the shift, or bits 7:0 beta) with the refractory period in bits
    15:8; theta, or 2^15 for a neuron that never spikes.

    Args:
        network: a network in steps.
        config: the engine, which decides the groups and how many words of parameters a neuron has.
    """
    return _table(network, config.lanes, config.parameter_words, config.reset_mode)


def spike_check(network: Network, config: SpikeConfig) -> None:
    """Raise ScError unless the engine of a given configuration holds a network.

    Args:
        network: the network that is to be loaded.
        config: the engine that is there, which may be larger than the network needs.

    Raises:
        ScError: the engine lacks what the network needs, stream length or fraction bits differ, or a memory is too
            small. For memories the message says how much of each is missing.
    """
    steps, of_clocks = steps_of(network), network.steps is None
    built = ("networks in steps", "networks of lif neurons without steps")
    require(config.bits == of_clocks, f"the engine was built for {built[config.bits]}, not for {built[of_clocks]}")
    require(
        log2_length(network.length) == config.log2l and network.theta_frac == config.frac,
        f"the engine has L = {1 << config.log2l} and {config.frac} fraction bits, "
        f"the network L = {network.length} and {network.theta_frac}",
    )
    _check_network(network)
    common = _agree(network)
    if of_clocks:
        check_width(network, config.width)
    for name in ("leak_mode", "reset_mode") if of_clocks else ("width", "leak_mode", "reset_mode"):
        if _neurons(network):
            require(
                getattr(config, name) == common[name],
                f"the engine has neurons with {name} {getattr(config, name)}, the network needs {common[name]}",
            )
    require(
        config.neuron == common["neuron"] or (config.neuron, common["neuron"]) == (2, 0),
        f"the engine has {KINDS[config.neuron]} neurons, the network {KINDS[common['neuron']]} neurons",
    )
    for name, wanted, what in (
        ("refractory", common["refractory"], "a refractory period"),
        ("constant", int(steps.constant and not of_clocks), "a constant input"),
    ):
        require(getattr(config, name) >= wanted, f"the engine was built without {what}, which the network has")
    need = _sizes(network, config.lanes)
    short = [
        f"{wanted - have} {what} ({wanted} of {have})"
        for what, wanted, have in (
            ("synapses of a neuron or neurons of a layer", need["widest"], (1 << config.log2_entries) - 2),
            ("weight words", need["words"], 1 << config.weight_aw),
            ("words of layer table", len(spike_table_words(network, config)), 1 << config.table_aw),
            ("states", need["states"], 1 << config.state_aw),
            ("neurons whose spikes edges take", need["history"], 1 << config.history_aw if config.delay_aw else 0),
            ("steps of delay", need["delay"], (1 << config.delay_aw) - 1),
            ("bits of a score", _score_bits(network), config.sum_w),
        )
        if wanted > have
    ]
    require(
        not short, f"{network.topology} with {config.lanes} lanes does not fit the engine: short of {', '.join(short)}"
    )
