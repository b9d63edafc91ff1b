"""The memory image of the dense engine: what a network looks like in its weight memory and its layer table.

The dense engine (rtl/sc_engine.v, A10, two hardware orders) is built once for a size, given by an `EngineConfig`. Which
network it runs is decided by the content of two memories:

* the weight memory holds, in each word, the codes (A2, codes) of one synapse of `lanes` neurons (`weight_words`);
* the layer table holds 16-bit words: the network's tag, its inputs, and size and threshold of each layer
  (`table_words`; rtl/sc_engine_ctrl.v reads it).

So another network of a size that fits needs no new bitstream. `core` chooses between this engine and the convolution
engine, whose image is in `conv_image`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import require
from ..network import Network
from ..sources import log2_length
from ..streams import pack_codes
from .core_parameters import DENSE, check_range

__all__ = [
    "LAST_LAYER",
    "TABLE_FILE",
    "WEIGHT_FILE",
    "EngineConfig",
    "check_sources",
    "engine_check",
    "engine_config",
    "group_words",
    "table_words",
    "weight_count",
    "weight_words",
]

#: Names of the memory-init files that $readmemh reads, for both engines.
WEIGHT_FILE = "weights.mem"
TABLE_FILE = "table.mem"
#: Bit of a layer's first word in the layer table: this layer is the last one.
LAST_LAYER = 1 << 15
#: How `Network.dense_layers` names this engine in an error message.
ENGINE = "the dense engine"
HEADER_WORDS = 3  # tag low, tag high, inputs


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """Elaboration parameters of the dense engine: how large it is, and which arithmetic it has.

    The fields are the Verilog parameters of rtl/sc_engine.v in lower case. `core_parameters` holds their ranges. Raises
    ScError, naming field, range and value, for a value out of range.

    Attributes:
        log2l: log2 of the stream length L, 2 … 8.
        lanes: neurons whose synapses are added in one clock, 1 … 64.
        frac: fraction bits of a threshold, 0 … 15; `theta_frac` of the network. With mac at least log2l.
        log2_entries: address bits of a layer's values, 2 … 12. A layer has at most 2^log2_entries − 1 inputs or
            neurons.
        weight_aw: address bits of the weight memory, 1 … 24.
        table_aw: address bits of the layer table, 3 … 8.
        mac: 0 for streams, 1 for the integer multiply-accumulate peer (A12, what training may assume).

    Example:
        >>> EngineConfig(log2l=4, lanes=3).word_bits
        15
    """

    log2l: int
    lanes: int
    frac: int = 4
    log2_entries: int = 8
    weight_aw: int = 14
    table_aw: int = 5
    mac: int = 0

    def __post_init__(self) -> None:
        check_range(self, DENSE)

    @property
    def word_bits(self) -> int:
        """Bits of a weight memory word: one synapse of each of `lanes` neurons, a sign and log2l bits each."""
        return self.lanes * (self.log2l + 1)

    @property
    def sum_bits(self) -> int:
        """Bits of a score, signed: SUM_W of the RTL.

        They hold every sum of 2^log2_entries synapses, so nothing saturates.
        """
        return self.log2_entries + self.log2l + 1 + (self.log2l if self.mac else 0)

    def parameters(self) -> dict[str, int]:
        """Return the Verilog parameters of rtl/sc_core.v that make this engine, by name in capitals.

        The keys are all of `core_parameters.CORE_PARAMETERS`. Those that only the convolution engine reads have their
        least value.
        """
        return {
            "ENGINE": DENSE,
            "LOG2L": self.log2l,
            "LANES": self.lanes,
            "FRAC": self.frac,
            "LOG2_ENTRIES": self.log2_entries,
            "WEIGHT_AW": self.weight_aw,
            "TABLE_AW": self.table_aw,
            "MAC": self.mac,
            "ACC_AW": 1,  # of the other engines, as the next
            "POOL": 0,
            "SUM_W": self.sum_bits,
            "STEPS": 0,
        }


def weight_count(network: Network, lanes: int) -> int:
    """Return the number of words that the network takes in the weight memory of the dense engine.

    Args:
        network: a network of dense layers. Its size counts, not its weights.
        lanes: neurons of a group; each word holds one synapse of a group.

    Returns:
        Sum over layers of ⌈neurons / lanes⌉ · (inputs + 1). The one more is the bias (A7, bias).
    """
    return sum(-(-layer.neurons // lanes) * (layer.inputs + 1) for layer in network.layers)


def check_sources(network: Network) -> None:
    """Refuse a network whose neurons, adders or weight source no time-unrolled engine has.

    Both engines have parallel counters (A6, add), window_if neurons (A8) and the weight source `vdc` (A3, number
    sources), and no others. Raises ScError that names what else the network has. The messages about adders and neurons
    point to the streaming design, which has them.
    """
    network.one_window("the engine of window_if neurons")
    require(
        not network.mux,
        "the engine adds all synapses of a neuron: a network with MUX adders needs a streaming design (back end "
        "'stream')",
    )
    other = network.other_neurons
    require(
        other is None,
        f"the engine runs window_if neurons only: a network with {other} neurons needs a streaming design (back end "
        "'stream')",
    )
    require(
        network.weight_source == "vdc",
        f"the engine's weights take the source 'vdc' (rtl/sc_lane.v), the network's take {network.weight_source!r}",
    )


def engine_config(network: Network, lanes: int, *, mac: bool = False) -> EngineConfig:
    """Return the smallest dense engine that holds a network.

    Args:
        network: a network of dense layers with L ≤ 256.
        lanes: neurons whose synapses are added in one clock, 1 … 64. More lanes are faster and larger.
        mac: whether the engine multiplies integers in place of streams.

    Returns:
        The configuration with the fewest address bits that suffice.

    Raises:
        ScError: the engine lacks what the network needs (`check_sources`), a layer is not dense, L exceeds 256, or a
            memory would be larger than the greatest that the engine has.
    """
    n = log2_length(network.length)
    require(n <= 8, f"the engine holds a window of at most 256 bits at once, got L = {network.length}")
    check_sources(network)
    network.dense_layers(ENGINE)
    widest = max(network.shape)
    words = weight_count(network, lanes)
    table = HEADER_WORDS + 2 * len(network.layers)
    require(widest <= 4095, f"the engine takes at most 4095 inputs or neurons a layer, got {widest}")
    require(words <= 1 << 24, f"the engine addresses at most 2^24 weight words, the network needs {words}")
    require(table <= 256, f"the layer table holds at most 126 layers, got {len(network.layers)}")
    return EngineConfig(
        log2l=n,
        lanes=lanes,
        frac=network.theta_frac,
        log2_entries=max(2, widest.bit_length()),
        weight_aw=max(1, (words - 1).bit_length()),
        table_aw=max(3, (table - 1).bit_length()),
        mac=int(mac),
    )


def weight_words(network: Network, lanes: int) -> list[int]:
    """Return the words of the dense engine's weight memory in address order.

    The order is the one in which the engine visits them: layer; group of `lanes` neurons; input; the bias last. In a
    word lane k holds bits k·(n+1) … k·(n+1) + n, with n = log2 L: the sign-magnitude code of A2 (codes). Lanes past the
    last neuron of a layer hold 0.

    Args:
        network: a network of dense layers with window_if neurons.
        lanes: neurons of a group, LANES of the RTL.

    Returns:
        `weight_count(network, lanes)` unsigned integers of lanes·(n+1) bits.

    Raises:
        ScError: the network needs what no engine has (`check_sources`), or a layer is not dense.
    """
    check_sources(network)
    words: list[int] = []
    for layer in network.dense_layers(ENGINE):
        words += group_words(layer.synapses, lanes, network.length)
    return words


def group_words(synapses: NDArray[np.integer[Any]], lanes: int, length: int) -> list[int]:
    """Return the weight memory's words of one layer: group of `lanes` neurons after group, a word for each synapse.

    Args:
        synapses: signed codes, shape (neurons, synapses).
        lanes: neurons of a group.
        length: L.

    Example:
        >>> [hex(word) for word in group_words(np.array([[1, -1], [2, 3], [0, 1]]), lanes=2, length=4)]
        ['0x11', '0x1d', '0x0', '0x1']
    """
    codes, bits = pack_codes(synapses, length), log2_length(length) + 1
    groups = -(-len(codes) // lanes)
    padded = np.zeros((groups * lanes, codes.shape[1]), dtype=np.int64)
    padded[: len(codes)] = codes
    words: list[int] = []
    for group in padded.reshape(groups, lanes, -1):
        words += [sum(int(w) << (k * bits) for k, w in enumerate(column)) for column in group.T]
    return words


def table_words(network: Network) -> list[int]:
    """Return the 16-bit words of the dense engine's layer table, in address order.

    | word | content |
    |---|---|
    | 0, 1 | the network's tag, low half first, by which the host knows it |
    | 2 | number of inputs |
    | 3 + 2k | neurons of layer k; bit 15 (`LAST_LAYER`) is set in the last layer |
    | 4 + 2k | threshold θ of layer k (A8, window neuron) |

    The last layer has no neurons of its own (A9, readout); its θ is written as 1 and no hardware reads it.
    """
    words = [network.tag & 0xFFFF, network.tag >> 16, network.shape[0]]
    for k, layer in enumerate(network.dense_layers(ENGINE)):
        last = LAST_LAYER if k == len(network.layers) - 1 else 0
        words += [layer.neurons | last, layer.theta or 1]
    return words


def engine_check(network: Network, config: EngineConfig) -> None:
    """Raise ScError unless the dense engine of a given configuration holds a network.

    Args:
        network: the network that is to be loaded.
        config: the engine that is there, which may be larger than the network needs.

    Raises:
        ScError: the engine lacks what the network needs (`check_sources`), stream length or fraction bits differ, or a
            memory is too small. For memories the message says how much of each is missing.
    """
    require(
        log2_length(network.length) == config.log2l and network.theta_frac == config.frac,
        f"the engine has L = {1 << config.log2l} and {config.frac} fraction bits, "
        f"the network L = {network.length} and {network.theta_frac}",
    )
    check_sources(network)
    network.dense_layers(ENGINE)
    short = [
        f"{need - have} {what} ({need} of {have})"
        for what, need, have in (
            ("inputs or neurons in a layer", max(network.shape), (1 << config.log2_entries) - 1),
            ("weight words", weight_count(network, config.lanes), 1 << config.weight_aw),
            ("words of layer table", len(table_words(network)), 1 << config.table_aw),
        )
        if need > have
    ]
    require(
        not short, f"{network.topology} with {config.lanes} lanes does not fit the engine: short of {', '.join(short)}"
    )
