"""The convolution engine's memory image: a network in its weight memory and its layer table (rtl/sc_conv_engine.v)."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from ..errors import require
from ..network import Layer, Network, WeightedLayer
from ..sources import log2_length
from ..streams import pack_codes
from .core_parameters import check_range
from .image import check_sources

__all__ = [
    "Axis",
    "ConvConfig",
    "Place",
    "axis",
    "conv_check",
    "conv_config",
    "conv_table_words",
    "conv_weight_words",
    "place",
]

HEADER_PAIRS = 2  # network tag; inputs
LAYER_PAIRS = 8
LAST_LAYER, POOLING, MAXIMUM = 1 << 15, 1 << 14, 1 << 13
# Fields of a coordinate word: sum offset, weight offset, taps.
SUM_BITS, WEIGHT_BITS, TAP_BITS = 14, 12, 6


@dataclass(frozen=True, slots=True)
class ConvConfig:
    """Elaboration parameters of sc_conv_engine, with its names in lower case and its ranges."""

    log2l: int
    lanes: int
    frac: int = 4
    act_aw: int = 10
    acc_aw: int = 8
    weight_aw: int = 14
    table_aw: int = 8
    sum_w: int = 13
    pool: int = 0
    mac: int = 0

    def __post_init__(self) -> None:
        check_range(self, conv=True)

    @property
    def word_bits(self) -> int:
        """Bits of a weight memory word: one synapse of `lanes` channels."""
        return self.lanes * (self.log2l + 1)

    @property
    def sum_bits(self) -> int:
        """Bits of a score, signed (SUM_W)."""
        return self.sum_w

    @property
    def log2_entries(self) -> int:
        """LOG2_ENTRIES of sc_core: bits of the index of a value."""
        return self.act_aw

    def parameters(self) -> dict[str, int]:
        """Return the Verilog parameters of sc_core."""
        return {
            "ENGINE": 1,
            "LOG2L": self.log2l,
            "LANES": self.lanes,
            "FRAC": self.frac,
            "LOG2_ENTRIES": self.act_aw,
            "WEIGHT_AW": self.weight_aw,
            "TABLE_AW": self.table_aw,
            "MAC": self.mac,
            "ACC_AW": self.acc_aw,
            "POOL": self.pool,
            "SUM_W": self.sum_w,
        }


@dataclass(frozen=True, slots=True)
class Axis:
    """Rows or columns of a convolution, seen from the input.

    order: the kernel's indices as they lie in memory, by remainder modulo the stride. first: for each input position,
    the output position that its first tap reaches; tap: where that tap lies in `order`; taps: how many there are. From
    one tap to the next the output position falls by one and the place in memory grows by one.
    """

    order: tuple[int, ...]
    first: tuple[int, ...]
    tap: tuple[int, ...]
    taps: tuple[int, ...]


def axis(size: int, kernel: int, stride: int, padding: int) -> Axis:
    """Return the taps that reach an output from each of `size` input positions.

    >>> axis(5, 3, 2, 0)
    Axis(order=(0, 2, 1), first=(0, 0, 1, 1, 1), tap=(0, 2, 0, 2, 1), taps=(1, 1, 2, 1, 1))
    """
    outputs = (size + 2 * padding - kernel) // stride + 1
    order = tuple(sorted(range(kernel), key=lambda a: (a % stride, a)))
    first, tap, count = [], [], []
    for r in range(size):
        reached = [
            a for a in range(kernel) if (r + padding - a) % stride == 0 and 0 <= (r + padding - a) // stride < outputs
        ]
        first.append((r + padding - reached[0]) // stride if reached else 0)
        tap.append(order.index(reached[0]) if reached else 0)
        count.append(len(reached))
    return Axis(order, tuple(first), tuple(tap), tuple(count))


@dataclass(frozen=True, slots=True)
class Place:
    """A layer as the engine with some number of lanes sees it.

    input_shape: rows, columns, channels. kernel: rows, columns. channels: of the output. positions: of the output.
    groups: of `lanes` channels of the output; visited: those that a tap visits, 1 in pooling. rows, columns: see Axis.
    """

    input_shape: tuple[int, int, int]
    kernel: tuple[int, int]
    channels: int
    positions: int
    output_columns: int
    groups: int
    visited: int
    last_lanes: int
    rows: Axis
    columns: Axis

    @property
    def sum_words(self) -> int:
        """Words of LANES sums."""
        return self.positions * self.groups

    @property
    def visits(self) -> NDArray[np.int64]:
        """Visits that a value other than 0 makes, for each value of the input, shape (inputs,)."""
        taps = np.outer(self.rows.taps, self.columns.taps)[:, :, None] * self.visited
        return np.broadcast_to(taps, self.input_shape).reshape(-1).astype(np.int64)


def place(layer: Layer, lanes: int) -> Place:
    """Return how the engine sees a layer: a dense one as one position of many channels."""
    window, (*output, channels) = layer.window, layer.output_shape
    groups = -(-channels // lanes)
    return Place(
        input_shape=window.input_shape,
        kernel=window.kernel,
        channels=channels,
        positions=prod(output),
        output_columns=output[1],
        groups=groups,
        visited=groups if isinstance(layer, WeightedLayer) else 1,
        last_lanes=channels - (groups - 1) * lanes,
        rows=axis(window.input_shape[0], window.kernel[0], window.stride, window.padding),
        columns=axis(window.input_shape[1], window.kernel[1], window.stride, window.padding),
    )


def _weights_of(layer: Layer, seen: Place, length: int, lanes: int) -> NDArray[np.int64]:
    """Return the layer's sign-magnitude codes by memory word and lane: biases, then weights; none for pooling."""
    if not isinstance(layer, WeightedLayer):
        return np.zeros((0, lanes), dtype=np.int64)
    weights = layer.kernels[:, seen.rows.order][:, :, seen.columns.order]
    # Channel in, kernel row, kernel column, channel out.
    each = np.concatenate([layer.bias[None], weights.transpose(3, 1, 2, 0).reshape(-1, seen.channels)])
    padded = np.zeros((len(each), seen.groups * lanes), dtype=np.int64)
    padded[:, : seen.channels] = pack_codes(each, length)
    return padded.reshape(-1, lanes)


def conv_weight_words(network: Network, lanes: int) -> list[int]:
    """Return the weight memory's words in address order.

    Layer; bias of each group of `lanes` channels; then channel in, kernel row, kernel column, group. Kernel rows and
    columns lie in the order of `axis`. Lane k holds bits k·(n+1) upward; lanes past the last channel hold 0.
    """
    check_sources(network)
    bits = log2_length(network.length) + 1
    words: list[int] = []
    for layer in network.layers:
        for row in _weights_of(layer, place(layer, lanes), network.length, lanes):
            words += [sum(int(w) << (k * bits) for k, w in enumerate(row))]
    return words


def weight_counts(network: Network, lanes: int) -> list[int]:
    """Return the words of each layer in the weight memory."""
    counts = []
    for layer in network.layers:
        seen = place(layer, lanes)
        synapses = prod(seen.kernel) * seen.input_shape[2] + 1
        counts.append(synapses * seen.groups if isinstance(layer, WeightedLayer) else 0)
    return counts


def conv_table_words(network: Network, config: ConvConfig) -> list[int]:
    """Return the layer table as 16-bit words: pairs as rtl/sc_conv_ctrl.v lists them, the low half first."""
    words = [network.tag & 0xFFFF, network.tag >> 16, network.input.size, 0]
    base, region = 0, 0
    counts = weight_counts(network, config.lanes)
    for k, layer in enumerate(network.layers):
        seen = place(layer, config.lanes)
        last = k == len(network.layers) - 1
        pooling = 0 if isinstance(layer, WeightedLayer) else POOLING
        greatest = MAXIMUM * layer.greatest
        rows, columns, channels = seen.input_shape
        row_words = seen.output_columns * seen.groups
        kernel_row = seen.kernel[1] * seen.visited
        # Values lie at one end of the memory, those of the next layer at the other.
        region = 0 if last or region else (1 << config.act_aw) - layer.neurons
        words += [rows - 1 | LAST_LAYER * last | pooling | greatest, columns - 1]
        words += [channels - 1, layer.threshold(network.theta_frac)]
        words += [seen.sum_words // seen.visited - 1, seen.groups - 1]
        words += [seen.visited - 1, seen.visited - 1 + seen.groups]
        words += [row_words, kernel_row]
        words += [0 if pooling else seen.kernel[0] * kernel_row, region]
        words += [base & 0xFFFF, base >> 16]
        words += [len(words) // 2 + 1 + rows, seen.last_lanes]
        for each, step, weight, bias in (
            (seen.rows, row_words, kernel_row, seen.visited),
            (seen.columns, seen.groups, seen.visited, 0),
        ):
            for first, tap, taps in zip(each.first, each.tap, each.taps, strict=True):
                coordinate = first * step | (bias + tap * weight) << SUM_BITS | taps << SUM_BITS + WEIGHT_BITS
                words += [coordinate & 0xFFFF, coordinate >> 16]
        base += counts[k]
    return words


def sum_bits(network: Network, *, mac: bool = False) -> int:
    """Return the bits that hold every sum of the network, signed, whatever the order in which it is taken."""
    unit = network.length if mac else 1  # of W in a sum: F[X, W] ≤ W, X·W ≤ L·W
    most = max(layer.most(network.length, unit) for layer in network.layers)
    n = log2_length(network.length)
    return max(most.bit_length() + 1, 2 * n + 2 if mac else n + 2)


def _needs(network: Network, lanes: int) -> dict[str, int]:
    """Return what the network takes of each memory, by what an error calls it."""
    seen = [place(layer, lanes) for layer in network.layers]
    sizes = [network.input.size, *(layer.neurons for layer in network.layers[:-1])]
    together = [a + b for a, b in zip(sizes, [*sizes[1:], 0], strict=True)]
    return {
        # One value less than the memory holds, so that a count of inputs fits its address.
        "values": max(*together, network.input.size + 1, network.classes),
        "sum words": max(x.sum_words for x in seen),
        "weight words": max(1, sum(weight_counts(network, lanes))),
        "table words": 2 * (HEADER_PAIRS + sum(LAYER_PAIRS + sum(x.input_shape[:2]) for x in seen)),
    }


def _check_fields(network: Network, lanes: int) -> None:
    """Refuse a layer that the fields of the table cannot describe."""
    check_sources(network)
    for k, layer in enumerate(network.layers):
        seen = place(layer, lanes)
        high, wide = seen.kernel
        offset = (1 << WEIGHT_BITS) - 1
        for what, value, most in (
            ("channels", seen.input_shape[2], 1 << 16),
            ("groups of channels", seen.groups, 1 << 12),
            ("weight words before a channel's last kernel row", seen.visited * (1 + (high - 1) * wide), offset),
            ("weight words before a kernel row's last column", seen.visited * (wide - 1), offset),
            ("weight words a channel", seen.visited * high * wide, (1 << 16) - 1),
            ("sum words", seen.sum_words, 1 << SUM_BITS),
            ("taps of a kernel row or column", max(*seen.rows.taps, *seen.columns.taps), (1 << TAP_BITS) - 1),
            ("rows or columns", max(seen.input_shape[:2]), 2048),
            ("LSB of theta", layer.threshold(network.theta_frac), 65535),
        ):
            require(
                value <= most,
                f"layer {k} ({layer.label}) with {lanes} lanes has {value} {what}, the engine takes at most {most}",
            )


def conv_config(network: Network, lanes: int, *, mac: bool = False) -> ConvConfig:
    """Return the smallest convolution engine with `lanes` lanes that holds `network`; ScError where none does."""
    require(1 <= lanes <= 64, f"lanes must be in [1, 64], got {lanes}")
    n = log2_length(network.length)
    require(n <= 8, f"the engine holds a window of at most 256 bits at once, got L = {network.length}")
    _check_fields(network, lanes)
    bits = {}
    for (what, need), least, most in zip(_needs(network, lanes).items(), (2, 1, 1, 5), (16, 14, 24, 12), strict=True):
        require(
            need <= 1 << most,
            f"the engine has at most 2^{most} {what}, {network.topology} with {lanes} lanes needs {need}",
        )
        bits[what] = max(least, (need - 1).bit_length())
    width = sum_bits(network, mac=mac)
    require(width <= 32, f"sums of {network.topology} need {width} bits, the engine has at most 32")
    return ConvConfig(
        log2l=n,
        lanes=lanes,
        frac=network.theta_frac,
        act_aw=bits["values"],
        acc_aw=bits["sum words"],
        weight_aw=bits["weight words"],
        table_aw=bits["table words"],
        sum_w=width,
        pool=int(len(network.weighted) < len(network.layers)),
        mac=int(mac),
    )


def conv_check(network: Network, config: ConvConfig) -> None:
    """Raise ScError, naming each memory that is short and by how much, unless `config` holds `network`."""
    require(
        log2_length(network.length) == config.log2l and network.theta_frac == config.frac,
        f"the engine has L = {1 << config.log2l} and {config.frac} fraction bits, "
        f"the network L = {network.length} and {network.theta_frac}",
    )
    _check_fields(network, config.lanes)
    require(
        config.pool or len(network.weighted) == len(network.layers),
        f"{network.topology} has pooling layers, the engine was made without (pool = 0)",
    )
    short = [
        f"{need - (1 << have)} {what} ({need} of {1 << have})"
        for (what, need), have in zip(
            _needs(network, config.lanes).items(),
            (config.act_aw, config.acc_aw, config.weight_aw, config.table_aw),
            strict=True,
        )
        if need > 1 << have
    ]
    width = sum_bits(network, mac=bool(config.mac))
    if width > config.sum_w:
        short.append(f"{width - config.sum_w} bits of a sum ({width} of {config.sum_w})")
    require(
        not short, f"{network.topology} with {config.lanes} lanes does not fit the engine: short of {', '.join(short)}"
    )
