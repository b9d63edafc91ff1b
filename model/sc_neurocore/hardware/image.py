"""The engine's memory image: what a network looks like in its weight memory and its layer table (rtl/sc_engine.v)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import require
from ..network import Network
from ..sources import log2_length
from ..streams import pack_codes
from .core_parameters import check_range

__all__ = [
    "LAST_LAYER",
    "TABLE_FILE",
    "WEIGHT_FILE",
    "EngineConfig",
    "check_sources",
    "engine_check",
    "engine_config",
    "table_words",
    "weight_count",
    "weight_words",
]

WEIGHT_FILE = "weights.mem"
TABLE_FILE = "table.mem"
LAST_LAYER = 1 << 15
DENSE = "the dense engine"
HEADER_WORDS = 3  # tag low, tag high, inputs


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """Elaboration parameters of sc_engine, with its names in lower case and its ranges."""

    log2l: int
    lanes: int
    frac: int = 4
    log2_entries: int = 8
    weight_aw: int = 14
    table_aw: int = 5
    mac: int = 0

    def __post_init__(self) -> None:
        check_range(self, conv=False)

    @property
    def word_bits(self) -> int:
        """Bits of a weight memory word: one synapse of `lanes` neurons."""
        return self.lanes * (self.log2l + 1)

    @property
    def sum_bits(self) -> int:
        """Bits of a score, signed (SUM_W)."""
        return self.log2_entries + self.log2l + 1 + (self.log2l if self.mac else 0)

    def parameters(self) -> dict[str, int]:
        """Return the Verilog parameters of sc_core."""
        return {
            "ENGINE": 0,
            "LOG2L": self.log2l,
            "LANES": self.lanes,
            "FRAC": self.frac,
            "LOG2_ENTRIES": self.log2_entries,
            "WEIGHT_AW": self.weight_aw,
            "TABLE_AW": self.table_aw,
            "MAC": self.mac,
            "ACC_AW": 1,  # of the other engine, as the next
            "POOL": 0,
            "SUM_W": self.sum_bits,
        }


def weight_count(network: Network, lanes: int) -> int:
    """Return the number of words that the network takes in the weight memory."""
    return sum(-(-layer.neurons // lanes) * (layer.inputs + 1) for layer in network.layers)


def check_sources(network: Network) -> None:
    """Refuse a network whose neurons, adders or weight source no time-unrolled engine has."""
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
    """Return the smallest engine with `lanes` lanes that holds `network`; raises ScError where none does."""
    n = log2_length(network.length)
    require(n <= 8, f"the engine holds a window of at most 256 bits at once, got L = {network.length}")
    check_sources(network)
    network.dense_layers(DENSE)
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
    """Return the weight memory's words in address order: layer, group of `lanes` neurons, input, the bias last.

    Lane k holds bits k·(n+1) upward; lanes past the last neuron hold 0.
    """
    check_sources(network)
    bits = log2_length(network.length) + 1
    words: list[int] = []
    for layer in network.dense_layers(DENSE):
        codes = pack_codes(layer.synapses, network.length)
        groups = -(-layer.neurons // lanes)
        padded = np.zeros((groups * lanes, codes.shape[1]), dtype=np.int64)
        padded[: layer.neurons] = codes
        for group in padded.reshape(groups, lanes, -1):
            words += [sum(int(w) << (k * bits) for k, w in enumerate(column)) for column in group.T]
    return words


def table_words(network: Network) -> list[int]:
    """Return the layer table's 16-bit words: tag low, tag high, inputs, then neurons and theta of each layer.

    Theta of the readout is written as 1; no hardware reads it.
    """
    words = [network.tag & 0xFFFF, network.tag >> 16, network.shape[0]]
    for k, layer in enumerate(network.dense_layers(DENSE)):
        last = LAST_LAYER if k == len(network.layers) - 1 else 0
        words += [layer.neurons | last, layer.theta or 1]
    return words


def engine_check(network: Network, config: EngineConfig) -> None:
    """Raise ScError, naming what is short and by how much, unless `config` holds `network`."""
    require(
        log2_length(network.length) == config.log2l and network.theta_frac == config.frac,
        f"the engine has L = {1 << config.log2l} and {config.frac} fraction bits, "
        f"the network L = {network.length} and {network.theta_frac}",
    )
    check_sources(network)
    network.dense_layers(DENSE)
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
