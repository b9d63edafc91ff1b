"""The memory image of the convolution engine: a network in its weight memory and its layer table (A19, convolution).

The convolution engine (rtl/sc_conv_engine.v) takes one value after the other. A value that is not 0 visits the sums of
all output positions that the kernel reaches from it. Which positions these are, and which weights belong to them, does
not depend on the data. So it is computed here and stored in the layer table, as one coordinate word for each row and
one for each column of a layer's input (`axis`). The hardware then needs no division by the stride and no test at
the borders.

Words used below: a *tap* is one place of the kernel that reaches an output position from a given input. A *group* is
`lanes` output channels, which are added in the same clock. `conv_config` finds the smallest engine for a network.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from ..errors import require
from ..network import Layer, Network, WeightedLayer
from ..sources import log2_length
from ..streams import pack_codes
from .core_parameters import CONV, check_range
from .image import check_sources

__all__ = [
    "Axis",
    "ConvConfig",
    "Layout",
    "axis",
    "conv_check",
    "conv_config",
    "conv_table_words",
    "conv_weight_words",
    "layout",
]

#: 32-bit words of the table before the first layer, and of each layer before its coordinates.
HEADER_PAIRS = 2  # network tag; inputs
LAYER_PAIRS = 8
#: Flags in a layer's first 16-bit word.
LAST_LAYER, POOLING, MAXIMUM = 1 << 15, 1 << 14, 1 << 13
# Fields of a coordinate word: sum offset, weight offset, taps.
SUM_BITS, WEIGHT_BITS, TAP_BITS = 14, 12, 6


@dataclass(frozen=True, slots=True)
class ConvConfig:
    """Elaboration parameters of the convolution engine: how large it is, and which layers and arithmetic it has.

    The fields are the Verilog parameters of rtl/sc_conv_engine.v in lower case. `core_parameters` holds their ranges.
    Raises ScError, naming field, range and value, for a value out of range.

    Attributes:
        log2l: log2 of the stream length L, 2 … 8.
        lanes: output channels that are added in one clock, 1 … 64.
        frac: fraction bits of a threshold, 0 … 15; `theta_frac` of the network. With mac at least log2l.
        act_aw: address bits of the memory of values, 2 … 16. It holds the values of two layers that follow each other.
        acc_aw: address bits of the memory of sums, 1 … 14; a word has `lanes` sums.
        weight_aw: address bits of the weight memory, 1 … 24.
        table_aw: address bits of the layer table in 16-bit words, 5 … 12.
        sum_w: bits of a sum, signed, at most 32.
        pool: 1 for an engine that has pooling layers, else 0.
        mac: 0 for streams, 1 for the integer multiply-accumulate peer (A12, what training may assume).
    """

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
        check_range(self, CONV)

    @property
    def word_bits(self) -> int:
        """Bits of a weight memory word: one tap of `lanes` output channels, a sign and log2l bits of magnitude each."""
        return self.lanes * (self.log2l + 1)

    @property
    def sum_bits(self) -> int:
        """Bits of a score, signed (SUM_W): here a field, since it follows from the network's weights."""
        return self.sum_w

    @property
    def log2_entries(self) -> int:
        """LOG2_ENTRIES of sc_core: bits of the index of a value, the name that both engines have in common."""
        return self.act_aw

    def parameters(self) -> dict[str, int]:
        """Return the Verilog parameters of rtl/sc_core.v that make this engine, by name in capitals."""
        return {
            "ENGINE": CONV,
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
            "STEPS": 0,
        }


@dataclass(frozen=True, slots=True)
class Axis:
    """The rows, or the columns, of a convolution as seen from its input: which taps reach an output from each position.

    From one tap to the next the output position falls by one and the place in memory grows by one. This holds because
    the kernel's rows lie in memory ordered by their remainder modulo the stride.

    Attributes:
        order: the kernel's row (column) indices in the order in which they lie in memory.
        first: for each input position, the output position that its first tap reaches; 0 where no tap reaches any.
        tap: for each input position, the index of its first tap in `order`.
        taps: for each input position, the number of its taps; 0 where the kernel reaches no output from there.
    """

    order: tuple[int, ...]
    first: tuple[int, ...]
    tap: tuple[int, ...]
    taps: tuple[int, ...]


def axis(size: int, kernel: int, stride: int, padding: int) -> Axis:
    """Return the taps that reach an output from each position of one dimension of a layer's input.

    With stride s and padding p, tap a joins input position r to output position (r + p − a) / s, where that is a whole
    number within the output.

    Args:
        size: rows (or columns) of the input.
        kernel: rows (or columns) of the kernel.
        stride: step of the kernel.
        padding: zeros before the first and after the last input position.

    Returns:
        The taps, as fields of an `Axis`, with entries for all `size` positions.

    Example:
        >>> axis(5, 3, 2, 0)
        Axis(order=(0, 2, 1), first=(0, 0, 1, 1, 1), tap=(0, 2, 0, 2, 1), taps=(1, 1, 2, 1, 1))
    """
    outputs = (size + 2 * padding - kernel) // stride + 1
    # Taps that serve the same input position have the same remainder, so they lie side by side.
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
class Layout:
    """A layer as an engine with some number of lanes sees it: its loops, in numbers.

    Dense layers are convolutions with one position. Pooling layers have no weights; each of their taps visits one
    group.

    Attributes:
        input_shape: rows, columns and channels of the input.
        kernel: rows and columns of the kernel.
        channels: channels of the output.
        positions: positions of the output, rows times columns.
        output_columns: columns of the output.
        groups: groups of `lanes` channels of the output.
        visited: groups that a tap visits: all of them, in pooling layers 1.
        last_lanes: channels in the last group, 1 … lanes.
        rows: taps of the rows, see `Axis`.
        columns: taps of the columns.
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
        """Words of the memory of sums that the layer takes; each word holds a sum for every lane."""
        return self.positions * self.groups

    @property
    def visits(self) -> NDArray[np.int64]:
        """Visits that a value other than 0 makes, for each value of the input in the order row, column, channel.

        An int64 array of shape (inputs,). A visit takes one clock, so this is the least that a value costs
        (`estimate.conv_clocks`).
        """
        taps = np.outer(self.rows.taps, self.columns.taps)[:, :, None] * self.visited
        return np.broadcast_to(taps, self.input_shape).reshape(-1).astype(np.int64)


def layout(layer: Layer, lanes: int) -> Layout:
    """Return how an engine with `lanes` lanes sees a layer; a dense layer is one position of many channels."""
    # Output rows and columns are in `output`.
    window, (*output, channels) = layer.window, layer.output_shape
    groups = -(-channels // lanes)
    return Layout(
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


def _weights_of(layer: Layer, seen: Layout, length: int, lanes: int) -> NDArray[np.int64]:
    """Return a layer's sign-magnitude codes (A2, codes) by memory word and lane, int64 of shape (words, lanes).

    Args:
        layer: the layer; one without weights (pooling) gives no words.
        seen: the same layer as the engine sees it.
        length: L.
        lanes: lanes of the engine.

    Returns:
        First the biases, a word for each group; then channel in, kernel row, kernel column, group.
    """
    if not isinstance(layer, WeightedLayer):
        return np.zeros((0, lanes), dtype=np.int64)
    weights = layer.kernels[:, seen.rows.order][:, :, seen.columns.order]
    # Channel in, kernel row, kernel column, channel out.
    each = np.concatenate([layer.bias[None], weights.transpose(3, 1, 2, 0).reshape(-1, seen.channels)])
    padded = np.zeros((len(each), seen.groups * lanes), dtype=np.int64)
    padded[:, : seen.channels] = pack_codes(each, length)
    return padded.reshape(-1, lanes)


def conv_weight_words(network: Network, lanes: int) -> list[int]:
    """Return the words of the convolution engine's weight memory in address order.

    The order is: layer; the bias of each group of `lanes` channels; then channel in, kernel row, kernel column, group.
    Kernel rows and columns lie in the order of `Axis.order`. In a word lane k holds bits k·(n+1) … k·(n+1) + n, with
    n = log2 L; lanes past the last channel hold 0.

    Args:
        network: the network, of dense, convolution and pooling layers.
        lanes: output channels in a word.

    Raises:
        ScError: the network needs what no engine has (`image.check_sources`).
    """
    check_sources(network)
    bits = log2_length(network.length) + 1
    words: list[int] = []
    for layer in network.layers:
        for row in _weights_of(layer, layout(layer, lanes), network.length, lanes):
            words += [sum(int(w) << (k * bits) for k, w in enumerate(row))]
    return words


def weight_counts(network: Network, lanes: int) -> list[int]:
    """Return the words that each layer takes in the weight memory: 0 for pooling layers, one integer a layer."""
    counts = []
    for layer in network.layers:
        seen = layout(layer, lanes)
        synapses = prod(seen.kernel) * seen.input_shape[2] + 1
        counts.append(synapses * seen.groups if isinstance(layer, WeightedLayer) else 0)
    return counts


def conv_table_words(network: Network, config: ConvConfig) -> list[int]:
    """Return the layer table of the convolution engine as 16-bit words in address order.

    Two words make one of the engine's 32-bit words, the low half first. First come the tag and the number of inputs.
    Each layer then has `LAYER_PAIRS` words that describe it, listed in the header of rtl/sc_conv_ctrl.v, and after
    these one coordinate word for each row and for each column of its input (rtl/sc_conv_scan.v):

    | bits | content |
    |---|---|
    | 0 … 13 | offset of the first sum word |
    | 14 … 25 | offset of the first weight word |
    | 26 … 31 | taps; 0 if the kernel reaches no output position |

    Args:
        network: a network that `config` holds (`conv_check`).
        config: the engine, whose lanes and address bits decide the addresses.
    """
    words = [network.tag & 0xFFFF, network.tag >> 16, network.input.size, 0]
    base, region = 0, 0
    counts = weight_counts(network, config.lanes)
    for k, layer in enumerate(network.layers):
        seen = layout(layer, config.lanes)
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
    """Return the bits that hold every sum of a network, signed, in whatever order the products are added.

    Args:
        network: the network.
        mac: whether products are X·W (at most L·W) instead of F[X, W] (at most W, A11, exact table).

    Returns:
        SUM_W, at least the least that the engine takes.
    """
    unit = network.length if mac else 1  # of W in a sum: F[X, W] ≤ W, X·W ≤ L·W
    most = max(layer.most(network.length, unit) for layer in network.layers)
    n = log2_length(network.length)
    return max(most.bit_length() + 1, 2 * n + 2 if mac else n + 2)


def _needs(network: Network, lanes: int) -> dict[str, int]:
    """Return how many words the network takes of each memory; the key is the memory's name in error messages.

    The order of the entries is that of act_aw, acc_aw, weight_aw and table_aw.
    """
    seen = [layout(layer, lanes) for layer in network.layers]
    sizes = [network.input.size, *(layer.neurons for layer in network.layers[:-1])]
    # While a layer is computed, its inputs and its outputs are both in the memory of values.
    together = [a + b for a, b in zip(sizes, [*sizes[1:], 0], strict=True)]
    return {
        # One value less than the memory holds, so that a count of inputs fits its address.
        "values": max(*together, network.input.size + 1, network.classes),
        "sum words": max(x.sum_words for x in seen),
        "weight words": max(1, sum(weight_counts(network, lanes))),
        "table words": 2 * (HEADER_PAIRS + sum(LAYER_PAIRS + sum(x.input_shape[:2]) for x in seen)),
    }


def _check_fields(network: Network, lanes: int) -> None:
    """Raise ScError for a layer whose numbers do not fit the fields of the layer table, whatever the memories hold."""
    check_sources(network)
    for k, layer in enumerate(network.layers):
        seen = layout(layer, lanes)
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
    """Return the smallest convolution engine that holds a network.

    Args:
        network: the network, with L ≤ 256.
        lanes: output channels that are added in one clock, 1 … 64.
        mac: whether the engine multiplies integers in place of streams.

    Returns:
        The configuration with the fewest address and sum bits that suffice.

    Raises:
        ScError: lanes is out of range, the engine lacks what the network needs (`image.check_sources`), L exceeds 256,
            or a number, a memory or a sum is greater than the engine allows.
    """
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
    """Raise ScError unless the convolution engine of a given configuration holds a network.

    Args:
        network: the network that is to be loaded.
        config: the engine that is there, which may be larger than the network needs.

    Raises:
        ScError: the engine lacks what the network needs, stream length or fraction bits differ, the network has pooling
            layers and the engine has none, or memories or sums are too small. The message says by how much.
    """
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
