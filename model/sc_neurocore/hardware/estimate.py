"""What a network costs on a board before any tool runs: exact clocks and memories, cells and Fmax from fitted models.

* Clocks an inference: `clocks` follows the engines' control clock by clock, so the numbers are exact.
* Memories: `plan` places the engine's memories in the block RAMs and large memories of a board.
* Cells: `area` is a sum of terms (`area_terms`), each linear in what it counts, with coefficients fitted to real
  builds.
* Fmax: `fmax`, by the model of `timing`.

`estimate` puts them together. The fitted models come from area_model.json; with them stand their errors on builds that
the fit did not see.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks, data, packed
from ..errors import ScError, require
from ..network import Network, WeightedLayer
from ..neurons import window_if
from .bit_steps import in_steps
from .boards import BOARDS, CLOCK_MARGIN, Board
from .boards import board as board_called
from .conv_image import ConvConfig, layout
from .core import CoreConfig, core_config, frame_bytes
from .families import FAMILIES, LUT_RAM_BLOCKS, Family
from .spike_clocks import spike_clocks, worst_clocks
from .spike_image import SpikeConfig
from .timing import Timing, timing

__all__ = [
    "AREA_MODEL",
    "Estimate",
    "Plan",
    "area_kind",
    "area_terms",
    "clocks",
    "clocks_mhz",
    "clocks_of",
    "conv_clocks",
    "conv_visits",
    "counts_mac",
    "default_lanes",
    "estimate",
    "fmax",
    "plan",
]

#: The coefficients of both models, with the builds they were fitted to; bench/estimate_fit.py writes the file.
AREA_MODEL = Path(__file__).with_name("area_model.json")

#: Terms of the area model for either engine, in the order of their coefficients. Each is linear in what it counts.
DENSE_TERMS = (
    "shell",  # UART, host, reset: always there
    "entries_bits",  # counters over inputs and neurons: log2_entries
    "weight_address_bits",  # address adder, base register, host counter: weight_aw
    "lane_window",  # SNG and parallel counter of the lanes: lanes * L; with MAC none
    "lane_product",  # multipliers of the lanes: lanes * log2l^2 with MAC, where they are of LUTs; else none
    "lane_sum_bits",  # accumulator and drain register of the lanes: lanes * sum_bits
    "window",  # the input's SNG, shared by the lanes: L; with MAC none
    "neuron_bits",  # the neuron's state
    "lut_ram_blocks",  # of memories that are too small for block RAM
    "lane_dsp",  # what is around the multipliers of the lanes where these are DSP blocks: lanes, with MAC
)
CONV_TERMS = (
    "shell",
    "value_address_bits",  # scan, write address, class, counts: act_aw
    "sum_address_bits",  # steps, positions: acc_aw
    "weight_address_bits",
    "lane_window",
    "lane_product",
    "lane_sum_bits",  # adder, forwarding, drain register: lanes * sum_bits
    "window",
    "neuron_bits",  # a stage of the division for each bit of a code: (log2l + 1) * bits of the remainder
    "lane_pool_bits",  # with POOL the choice between sum and value: lanes * sum_bits
    "lut_ram_blocks",
    "lane_dsp",
)
SPIKE_TERMS = (
    "shell",
    "address_bits",  # counters, pointers, address adder: log2_entries + state_aw + weight_aw
    "lane_window",  # SNG and parallel counter of the lanes, and the input's SNG: (lanes + 1) * L
    "lane_sum_bits",  # accumulator and drain register of the lanes: lanes * bits of a step's sum
    "neuron_bits",  # adders and comparisons of the neuron's step: width
    "second_bits",  # what a second state adds, i of `synaptic` and a of `alif` neurons: width, else none
    "factor_bits",  # multipliers of leaks by a factor, where they are of LUTs: 8 * width for each state; else none
    "lut_ram_blocks",
)


# Lanes that a plan that fails tries, to tell the user what would fit.
_LANES = range(1, 33)
# Images that the integer peer computes together, so that its intermediate values take little memory.
_BLOCK = 512


def default_lanes(network: Network, board: Board) -> int:
    """Return the lanes that a build takes unless it is told otherwise.

    They fill the width of the memory that holds the weights: a large one where the board has it, two side by side for
    the convolution engine and for networks of `lif` layers without steps, else a block RAM at its widest. There are
    never more lanes than the widest layer has channels. For the convolution engine, lanes that would save no group of
    output channels in any layer are left out.
    """
    bits = network.length.bit_length()  # log2 L + 1
    beside = 1 if network.dense and not network.temporal else 2
    width = board.large_ram_width * beside if board.large_rams else max(board.ram_widths)
    most = max(1, min(width // bits, max(x.output_shape[2] for x in network.layers)))
    if network.dense:
        return most

    def groups(lanes: int) -> int:
        return sum(-(-layer.output_shape[2] // lanes) for layer in network.layers)

    return next(lanes for lanes in range(1, most + 1) if groups(lanes) == groups(most))


def _values(
    network: Network, codes: ArrayLike, counts: Sequence[ArrayLike], lanes: int
) -> list[NDArray[np.integer[Any]]]:
    """Return the values that each layer takes: the inputs, then the counts of each hidden layer, all checked.

    Args:
        network: the network.
        codes: input codes, shape (n, inputs).
        counts: of each hidden layer, shape (n, neurons).
        lanes: lanes of the engine, checked for their range only.

    Raises:
        ScError: lanes, codes or the shapes of the counts are wrong.
    """
    require(1 <= lanes <= 64, f"lanes must be in [1, 64], got {lanes}")
    inputs = network.check_codes(codes)
    hidden = [np.asarray(c) for c in counts]
    require(
        [c.shape for c in hidden] == [(len(inputs), x.neurons) for x in network.layers[:-1]],
        f"counts must have shapes {[(len(inputs), x.neurons) for x in network.layers[:-1]]}, "
        f"got {[c.shape for c in hidden]}",
    )
    return [inputs, *hidden]


def conv_visits(network: Network, codes: ArrayLike, counts: Sequence[ArrayLike], lanes: int) -> NDArray[np.int64]:
    """Return the visits that each layer makes on the convolution engine: a bound that its clocks cannot go below.

    A visit takes one clock. A value that is not 0 makes as many as its taps times the groups of `lanes` output channels
    (`conv_image.Layout.visits`).

    Args:
        network: the network, of any layers that the engine has.
        codes: input codes in 0 … L, shape (n, inputs).
        counts: counts of each hidden layer, shape (n, neurons).
        lanes: lanes of the engine, 1 … 64.

    Returns:
        Visits of each image and layer, int64 of shape (n, layers).
    """
    values = _values(network, codes, counts, lanes)
    each = [(x != 0) @ layout(layer, lanes).visits for layer, x in zip(network.layers, values, strict=True)]
    return np.stack(each, axis=1)


def conv_clocks(network: Network, codes: ArrayLike, counts: Sequence[ArrayLike], lanes: int) -> NDArray[np.int64]:
    """Return the convolution engine's clocks for n images, exactly, for networks of any of its layers.

    RTL: rtl/sc_conv_scan.v, sc_conv_visit.v, sc_conv_ctrl.v. A layer passes through these steps:

    * Scan: its first value is looked at 11 clocks after the last value came, then one in each clock, with one clock
      more at the end of a row.
    * Visit: a value that visits waits until the one before it has begun its visits. It begins 1 clock later, or with
      the last visit of the one before.
    * Drain: the first word of sums is visited 2 clocks after a clock in which nothing is under way. It brings its sums
      3 clocks later, and these leave one a clock. The next word is visited when 3 sums are left, in the readout when
      none is.
    * Neuron: the last count is written log2 L + 2 clocks after its sum left.

    Args:
        network: the network.
        codes: input codes in 0 … L, shape (n, inputs).
        counts: counts of each hidden layer, shape (n, neurons).
        lanes: lanes of the engine, 1 … 64.

    Returns:
        Clocks of each image, int64 of shape (n,), counted as in `clocks`.
    """
    values = _values(network, codes, counts, lanes)
    end = np.zeros(len(values[0]), dtype=np.int64)
    for layer, x in zip(network.layers, values, strict=True):
        seen = layout(layer, lanes)
        row = layer.inputs // seen.input_shape[0]
        look, taken, free = end + 11, end, end  # taken: when the value before began; free: its last visit
        for i, visits in enumerate(seen.visits):
            if visits:
                wanted = x[:, i] != 0
                look = np.where(wanted, np.maximum(look, taken), look)
                taken = np.where(wanted, np.maximum(look + 1, free), taken)
                free = np.where(wanted, taken + visits, free)
            look = look + (2 if (i + 1) % row == 0 else 1)
        begun = np.maximum(look - 1, free + 1) + 2  # look has one more for a row that there is not
        sizes = np.full((seen.positions, seen.groups), lanes)
        sizes[:, -1] = seen.last_lanes
        last = layer is network.layers[-1]
        each = sizes + 3 if last else np.maximum(sizes, 3)
        end = begun + int(each.sum()) - int(each[-1, -1]) + 3 + seen.last_lanes - 1
        if not last:
            end = end + network.length.bit_length() + 1
    return end + 1


def clocks(network: Network, codes: ArrayLike, counts: Sequence[ArrayLike], lanes: int) -> NDArray[np.int64]:
    """Return the engine's clocks for n images, exactly, with a reader that is always ready.

    They are counted from the last input word accepted to the last score, both included. Networks of dense layers run on
    the dense engine; for all others this is `conv_clocks`.

    RTL: rtl/sc_engine_ctrl.v. A layer's visits begin 5 clocks after the last value of its list came, for the states
    BIAS, NEURONS, WAIT and THETA in between. The list holds the non-zero X and the bias. It is visited once for every
    group of `lanes` neurons, an entry in each clock. A group is drained from 4 clocks after its last entry on: c + 2
    clocks for a hidden neuron of c ones, 1 for a score. The last entry of the next group waits until that is done.

    Args:
        network: the network.
        codes: input codes in 0 … L, shape (n, inputs).
        counts: counts of each hidden layer, shape (n, neurons), such as those of a `Result`.
        lanes: lanes of the engine, 1 … 64.

    Returns:
        Clocks of each image, int64 of shape (n,).

    Raises:
        ScError: lanes, codes or the shapes of the counts are wrong.

    Example:
        >>> from sc_neurocore.network import DenseLayer, InputSpec, Network
        >>> layers = (DenseLayer([[3, -2], [5, 7]], [1, 0], theta=40), DenseLayer([[9, -9]], [0]))
        >>> net = Network(16, layers, InputSpec((2,), full_scale=16))
        >>> clocks(net, [[1, 2], [0, 0]], [[[1, 2], [0, 0]]], lanes=2).tolist()
        [29, 22]
    """
    if not network.dense:
        return conv_clocks(network, codes, counts, lanes)
    values = _values(network, codes, counts, lanes)
    end = np.zeros(len(values[0]), dtype=np.int64)
    for k, (layer, x) in enumerate(zip(network.layers, values, strict=True)):
        entries = np.count_nonzero(x, axis=1) + 1
        visited = end + 4  # clock before the first entry
        drained = visited  # the first group waits for nobody
        for group in range(0, layer.neurons, lanes):
            visited = np.maximum(visited + entries, drained + 1)
            size = min(lanes, layer.neurons - group)
            drain: Any = size
            if layer.theta is not None:
                drain = 2 * size + values[k + 1][:, group : group + size].sum(1, dtype=np.int64)
            drained = visited + 3 + drain
        end = drained
    return end + 1


def counts_mac(network: Network, codes: ArrayLike) -> tuple[NDArray[np.int64], ...]:
    """Return counts of the hidden layers on the integer peer, with X·W in place of F[X, W] (MAC = 1; A12, training).

    Args:
        network: the network.
        codes: input codes in 0 … L, shape (n, inputs).

    Returns:
        For each hidden layer, pooling included, an int64 array of shape (n, neurons).
    """
    images = network.check_codes(codes).astype(np.int64)
    blocks = [_counts_mac(network, images[k : k + _BLOCK]) for k in range(0, len(images), _BLOCK)]
    return tuple(np.concatenate(c) for c in zip(*blocks, strict=True))


def _counts_mac(network: Network, x: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return the counts of the hidden layers for one block of images x, int64 of shape (n, inputs)."""
    out = []
    for layer in network.layers[:-1]:
        if isinstance(layer, WeightedLayer):
            assert layer.theta is not None
            sums = layer.mac_sums(x, network.length)
            # Products are L times as large as those of streams, and so is the threshold.
            x = window_if(sums, layer.theta * network.length, network.theta_frac, network.length)
        else:
            x = layer.codes(x)
        out.append(x)
    return out


def clocks_of(network: Network, codes: ArrayLike, lanes: int, *, mac: bool = False) -> NDArray[np.int64]:
    """Return the clocks of an inference for n samples, exactly, on the engine that the network takes.

    The packed simulator says what the neurons do, which decides the clocks.

    Args:
        network: the network.
        codes: input codes as the network takes them.
        lanes: lanes of the engine.
        mac: whether the engine is the integer peer.

    Returns:
        Clocks of each sample, int64 of shape (n,), counted as in `clocks` and `spike_clocks.spike_clocks`.
    """
    if in_steps(network):
        images = network.check_codes(codes)
        blocks = [images[k : k + _BLOCK] for k in range(0, len(images), _BLOCK)]
        found = [spike_clocks(network, b, packed.run(network, b, spikes=True).spikes, lanes) for b in blocks]
        return np.concatenate(found)
    counts: Sequence[ArrayLike] = counts_mac(network, codes) if mac else packed.run(network, codes).counts
    return clocks(network, codes, counts, lanes)


def mean_clocks(
    network: Network, lanes: int, *, mac: bool = False, samples: ArrayLike | None = None
) -> tuple[float, str]:
    """Return the mean clocks of an inference, and a phrase that says over which data the mean was taken.

    The first of these that is at hand decides:

    1. `samples`;
    2. the test part of the network's data set, if that is one of the package's and can be loaded (if it cannot be
       loaded, the phrase says so);
    3. info["mean_active"] of the network, the mean number of non-zero inputs of each layer that training noted;
    4. every input and every neuron fully active. That is an upper estimate, and the phrase says so.

    Args:
        network: the network.
        lanes: lanes of the engine.
        mac: whether the engine is the integer peer, whose counts differ.
        samples: raw samples, as the network's InputSpec takes them.

    Raises:
        ScError: the samples do not fit the network, or info["mean_active"] is not a number for each layer.
    """
    source, unloaded = "the given samples", ""
    if samples is None and network.input.dataset in data.DATASETS:
        try:
            samples = data.load(network.input.dataset).x_test
            source = f"{network.input.dataset}, test part"
        except ScError:
            unloaded = f"; {network.input.dataset} could not be loaded"
    if samples is not None:
        codes = network.encode(samples)
        what = "images" if network.steps is None else "samples"
        return float(clocks_of(network, codes, lanes, mac=mac).mean()), f"{len(codes)} {what} of {source}"
    if in_steps(network):
        return float(worst_clocks(network, lanes)), (
            f"every input not 0 and every neuron spiking, an upper estimate: no data at hand{unloaded}"
        )
    active = network.info.get("mean_active")
    if active is not None:
        rule = f"a list of {len(network.layers)} numbers, one a layer"
        listed = checks.sequence(f"info.mean_active of {network.name}", active, rule, len(network.layers))
        means = [
            checks.number(f"info.mean_active[{k}] of {network.name}", a, 0, layer.inputs)
            for k, (a, layer) in enumerate(zip(listed, network.layers, strict=True))
        ]
        return _clocks_of_means(
            network, means, network.length / 2, lanes
        ), f"the mean activity noted in training{unloaded}"
    return (
        _clocks_of_means(network, [float(x.inputs) for x in network.layers], network.length, lanes),
        f"every input active, an upper estimate: no data at hand{unloaded}",
    )


def _clocks_of_means(network: Network, active: list[float], ones: float, lanes: int) -> float:
    """Return the approximate clocks of an inference from mean activities, in place of data.

    On the dense engine each group takes the longer of its visits and the drain of the group before. On the convolution
    engine each layer takes the longer of scan and visits, and then the drain.

    Args:
        network: the network.
        active: mean number of non-zero inputs of each layer.
        ones: mean ones that a hidden neuron emits (dense engine).
        lanes: lanes of the engine.
    """
    total = 1.0
    if not network.dense:
        for layer, entries in zip(network.layers, active, strict=True):
            seen = layout(layer, lanes)
            visits = float(seen.visits.mean()) * entries
            total += 11 + max(visits, layer.inputs + seen.input_shape[0]) + 3
            total += seen.positions * (max(lanes, 3) * (seen.groups - 1) + max(seen.last_lanes, 3)) + 3
        return total
    for layer, entries in zip(network.layers, active, strict=True):
        groups = -(-layer.neurons // lanes)
        each = 1.0 if layer.theta is None else 2.0 + ones
        rest = layer.neurons - (groups - 1) * lanes
        total += 4 + entries + 1 + (groups - 1) * max(entries + 1, 4 + lanes * each) + 3 + rest * each
    return total


@dataclass(frozen=True, slots=True)
class Plan:
    """A network placed on a board: the core that it needs, and the memories that it takes.

    Attributes:
        config: parameters of the core.
        log2_payload: log2 of the bytes of the host interface's buffer.
        rams: block RAMs of the whole design.
        large_rams: large memories that hold the weights. 0 if the weights lie in block RAM, which the bitstream
            initialises.
    """

    config: CoreConfig
    log2_payload: int
    rams: int
    large_rams: int

    @property
    def weights(self) -> str:
        """Kind of memory that holds the weights, "SPRAM" or "block RAM"."""
        return "SPRAM" if self.large_rams else "block RAM"


def _log2_payload(network: Network, config: CoreConfig) -> int:
    """Return LOG2_PAYLOAD of rtl/sc_host.v: log2 of the bytes of the longest request or answer, rounded up.

    Args:
        network: its inputs and classes decide the length of a request of codes and of its answer.
        config: the core, whose table has to fit one frame too.

    Raises:
        ScError: a frame would exceed the 32767 bytes that the protocol has.
    """
    inputs = frame_bytes(network)
    scores = network.classes * (4 if config.sum_bits > 16 else 2) + 2
    bits = max(9, max(inputs, scores).bit_length(), config.table_aw + 2)
    require(bits <= 15, f"a request has at most 32767 bytes, {network.topology} needs {max(inputs, scores)}")
    return bits


def plan(network: Network, board: Board, *, lanes: int | None = None, mac: bool = False) -> Plan:
    """Return how a network lies on a board.

    Args:
        network: the network.
        board: the board.
        lanes: lanes of the engine, by default `default_lanes`.
        mac: whether the engine is the integer peer.

    Raises:
        ScError: no engine holds the network, or the board is too small. For the board the message names the resource
            that is short, by how much, and which lanes or which other boards would do.
    """
    chosen = default_lanes(network, board) if lanes is None else lanes
    config = core_config(network, chosen, mac=mac)
    try:
        return _placed(network, board, config)
    except ScError as short:
        raise ScError(f"{short}; {_what_fits(network, board, mac)}") from None


def _what_fits(network: Network, board: Board, mac: bool) -> str:
    """Return a phrase that says with which lanes a network fits a board, or else which other boards hold it."""

    def fits(where: Board, lanes: int) -> bool:
        """Return whether the network fits the board `where` with that many lanes."""
        try:
            _placed(network, where, core_config(network, lanes, mac=mac))
        except ScError:
            return False
        return True

    lanes = [n for n in _LANES if fits(board, n)]
    if lanes:
        return f"would fit: {_ranges(lanes)} lanes"
    others = [b.name for b in BOARDS.values() if b != board and any(fits(b, n) for n in _LANES)]
    return f"no number of lanes fits {board.name}; {', '.join(others) or 'no other board'} would hold the network"


def _ranges(numbers: Sequence[int]) -> str:
    """Return ascending numbers in words.

    Example:
        >>> _ranges([1, 2, 3, 4, 7, 9, 10])
        '1 to 4, 7, 9 to 10'
    """
    runs: list[list[int]] = []
    for n in numbers:
        if runs and n == runs[-1][-1] + 1:
            runs[-1] = [runs[-1][0], n]
        else:
            runs.append([n])
    return ", ".join(" to ".join(map(str, run)) for run in runs)


def _memories(config: CoreConfig) -> list[tuple[int, int]]:
    """Return (width in bits, words) of each of the engine's memories except that of the weights."""
    if isinstance(config, SpikeConfig):
        return config.memories()
    if isinstance(config, ConvConfig):
        # Layer table in pairs, values, sums.
        sums = config.lanes * config.sum_w, 1 << config.acc_aw
        return [(32, 1 << config.table_aw - 1), (config.log2l + 1, 1 << config.act_aw), sums]
    # Layer table, list of activations (two banks).
    return [(16, 1 << config.table_aw), (config.log2_entries + config.log2l + 1, 2 << config.log2_entries)]


def _lut_ram_blocks(config: CoreConfig, family: Family) -> int:
    """Return the memory blocks of LUTs that synthesis makes of a core's small memories; 0 where a family has none."""
    if family.lut_ram is None:
        return 0
    wide, deep = family.lut_ram
    memories = [*_memories(config), (config.word_bits, 1 << config.weight_aw)]
    blocks = [-(-width // wide) * -(-words // deep) for width, words in memories]
    return sum(n for n in blocks if n <= LUT_RAM_BLOCKS)


def _placed(network: Network, board: Board, config: CoreConfig) -> Plan:
    """Return how a network lies on a board with a core that is given.

    Weights go to block RAM if all memories fit there, else to the board's large memories. Raises ScError if memories
    or, by the area model, cells do not suffice. A core that is too large by less than the model's worst error is let
    through.
    """
    chosen = config.lanes
    payload = _log2_payload(network, config)
    # The host's buffer, and the engine's own.
    # With networks in steps the last answer has a half of the host interface's buffer to itself.
    buffer = (8, (2 if isinstance(config, SpikeConfig) else 1) << payload)
    rams = sum(board.rams_for(*memory) for memory in (buffer, *_memories(config)))
    require(
        rams <= board.rams,
        f"{board.name} has {board.rams} block RAMs, the engine for {network.topology} needs {rams}: "
        f"{rams - board.rams} short",
    )
    weights = board.rams_for(config.word_bits, 1 << config.weight_aw)
    if rams + weights <= board.rams:
        out = Plan(config, payload, rams + weights, 0)
    else:
        large = board.large_rams_for(config.word_bits, config.weight_aw)
        instead = f" or {large} SPRAM blocks ({large - board.large_rams} short)" if board.large_rams else ""
        require(
            large <= board.large_rams,
            f"{network.topology} at L = {network.length} with {chosen} lanes needs {1 << config.weight_aw} weight "
            f"words of {config.word_bits} bits, in {weights} block RAMs ({rams + weights - board.rams} short on "
            f"{board.name}){instead}",
        )
        out = Plan(config, payload, rams, large)
    # The model may be wrong by its error: then place and route has the last word, as where nothing was measured.
    fitted = area_fit(config, board.family)
    if fitted is not None:
        cells, error = area(config, board.family)["lcs"], fitted["lcs"]["left_out_worst_percent"]
        require(
            cells * (1 - error / 100) <= board.cells,
            f"{network.topology} at L = {network.length} with {chosen} lanes needs about {cells:.0f} {board.cell}, "
            f"{board.name} has {board.cells}: {cells - board.cells:.0f} short",
        )
    return out


def area_terms(config: CoreConfig, family: str) -> NDArray[np.float64]:
    """Return what the area model's terms count for a core.

    Args:
        config: the core.
        family: the FPGA family, which decides whether multipliers and small memories are made of LUTs.

    Returns:
        A float64 array, in the order of DENSE_TERMS, CONV_TERMS or SPIKE_TERMS.
    """
    if isinstance(config, SpikeConfig):
        return _spike_terms(config, FAMILIES[family])
    length, cells = 1 << config.log2l, FAMILIES[family]
    in_dsp = config.mac and cells.product is not None and 2 * config.log2l + 1 >= cells.product
    frac = config.frac - config.log2l if config.mac else config.frac
    lanes = [
        0 if config.mac else config.lanes * length,
        config.lanes * config.log2l**2 if config.mac and not in_dsp else 0,
        config.lanes * config.sum_bits,
        0 if config.mac else length,
    ]
    if isinstance(config, ConvConfig):
        remainder = max(config.sum_bits + frac, 16 + config.log2l + 1) + 2  # V_W of rtl/sc_window_code.v
        addresses = [config.act_aw, config.acc_aw, config.weight_aw]
        rest = [(config.log2l + 1) * remainder, config.lanes * config.sum_bits * config.pool]
    else:
        addresses = [config.log2_entries, config.weight_aw]
        rest = [max(config.sum_bits + frac, 16) + 2]  # V_W of rtl/sc_window_if.v
    rest += [_lut_ram_blocks(config, cells), config.lanes if in_dsp else 0]
    return np.array([1, *addresses, *lanes, *rest], dtype=np.float64)


def _spike_terms(config: SpikeConfig, family: Family) -> NDArray[np.float64]:
    """Return what the terms of SPIKE_TERMS count."""
    sums = config.step_sum_bits
    second = config.width if config.neuron else 0
    factor = config.leak_mode == 1 and family.product is None
    return np.array(
        [
            1,
            config.log2_entries + config.state_aw + config.weight_aw,
            (config.lanes + 1) << config.log2l,
            config.lanes * sums,
            config.width,
            second,
            8 * (config.width + second) if factor else 0,
            _lut_ram_blocks(config, family),
        ],
        dtype=np.float64,
    )


def area_kind(config: CoreConfig) -> str:
    """Return which fits of both models are for a core: "dense", "conv" or "spike", its engine.

    "bits" is that of networks in steps with BITS = 1, to which nothing was fitted.
    """
    if isinstance(config, SpikeConfig):
        return "bits" if config.bits else "spike"
    return "conv" if isinstance(config, ConvConfig) else "dense"


@lru_cache(maxsize=1)
def area_model() -> dict[str, Any]:
    """Return the content of area_model.json, as bench/estimate_fit.py wrote it; it is read once."""
    model: dict[str, Any] = json.loads(AREA_MODEL.read_text(encoding="utf-8"))
    return model


def area_fit(config: CoreConfig, family: str) -> dict[str, Any] | None:
    """Return the area model's fit for a core on a family, or None where no such core was measured.

    For each of "lcs", "lut" and "ff" it has the coefficients, the number of builds, and mean and worst error in
    percent, of the fit itself and of builds left out of it.
    """
    fit: dict[str, Any] | None = area_model()["fits"].get(family, {}).get(area_kind(config))
    return fit


def is_point(config: CoreConfig, family: str) -> bool:
    """Return whether the area model was fitted to this very core on a board of this family."""
    return any(
        p["config"] == asdict(config) and p["engine"] == area_kind(config) and board_called(p["board"]).family == family
        for p in area_model()["points"]
    )


def area(config: CoreConfig, family: str) -> dict[str, float]:
    """Return the logic cells, LUTs and flip-flops that the model gives for a core with its host interface.

    Args:
        config: the core.
        family: "ice40", "ecp5" or "xc7".

    Returns:
        Numbers for "lcs" (cells, as the family counts them), "lut" and "ff", not rounded.

    Raises:
        ScError: no such core was measured on the family.
    """
    fitted = area_fit(config, family)
    require(fitted is not None, f"no {area_kind(config)} core was measured on {family} yet: build the network instead")
    assert fitted is not None
    terms = area_terms(config, family)
    return {what: float(terms @ np.array(fitted[what]["coefficients"])) for what in ("lcs", "lut", "ff")}


def fmax(placed: Plan, board: Board) -> Timing:
    """Return the Fmax that the timing model gives for a placed network, with its band, or what was not timed.

    Args:
        placed: the network's place on the board, from `plan`.
        board: that board.
    """
    return timing(area_model()["timing"], area_kind(placed.config), placed.config, board, placed.large_rams)


@dataclass(frozen=True, slots=True)
class Estimate:
    """Cost of a network on a board before synthesis.

    Where no such core was timed, fmax_over says so and the three Fmax are None. So are clocks and latencies, except on
    a board whose builds take one clock untimed. Where no network in steps was measured on the board's family, lcs, lut,
    ff and their errors are None.

    Attributes:
        network: its topology, such as 196-128-10.
        board: name of the board.
        lanes: lanes of the engine.
        weights: kind of memory that holds the weights.
        lcs: cells by the area model, as the board's family counts them.
        lut: LUTs by the area model.
        ff: flip-flops by the area model.
        bram: block RAMs.
        spram: large memories.
        clocks_per_inference: mean clocks of an inference (`mean_clocks`).
        clocks_over: the data over which the mean was taken, in words.
        fmax_mhz: Fmax by the timing model, in MHz.
        fmax_low_mhz: the least Fmax of a build if the model errs by no more than its worst error on unseen builds.
        fmax_high_mhz: the greatest, likewise.
        fmax_over: the timing model's error, in words.
        clock_mhz: the board's fastest clock that fmax_mhz exceeds by 5 %, which is the one that a build takes.
        clock_low_mhz: the same for fmax_low_mhz. None where no clock is slow enough: such a build is refused.
        clock_high_mhz: the same for fmax_high_mhz.
        latency_us: mean time of an inference at clock_mhz, in microseconds.
        latency_low_us: the same at clock_high_mhz.
        latency_high_us: the same at clock_low_mhz; None where that is None.
        error_percent: mean error of lcs on builds that the area model's fit did not see.
        worst_error_percent: its worst error on them.
        steps: T of a network in steps (A20); None, as the four that follow, for a network of one window.
        clocks_per_step: mean clocks of a step, clocks_per_inference / T.
        clocks_worst: clocks of a sample in which no input is 0 and every neuron spikes in every step: none takes more.
        clocks_per_step_worst: clocks_worst / T.
        latency_worst_us: time of clocks_worst at clock_mhz, in microseconds.
    """

    network: str
    board: str
    lanes: int
    weights: str
    lcs: int | None
    lut: int | None
    ff: int | None
    bram: int
    spram: int
    clocks_per_inference: float
    clocks_over: str
    fmax_mhz: float | None
    fmax_low_mhz: float | None
    fmax_high_mhz: float | None
    fmax_over: str
    clock_mhz: float | None
    clock_low_mhz: float | None
    clock_high_mhz: float | None
    latency_us: float | None
    latency_low_us: float | None
    latency_high_us: float | None
    error_percent: float | None
    worst_error_percent: float | None
    steps: int | None = None
    clocks_per_step: float | None = None
    clocks_worst: int | None = None
    clocks_per_step_worst: float | None = None
    latency_worst_us: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain JSON values, in their order."""
        return asdict(self)

    def to_table(self) -> dict[str, Any]:
        """Return the fields for people: those of networks in steps only where there are steps."""
        names = [name for name in self.__dataclass_fields__ if self.steps is not None or name not in _STEPS_FIELDS]
        return {name: getattr(self, name) for name in names}


#: Fields of an `Estimate` that only networks in steps have.
_STEPS_FIELDS = ("steps", "clocks_per_step", "clocks_worst", "clocks_per_step_worst", "latency_worst_us")


def estimate(
    network: Network,
    board: Board | str,
    lanes: int | None = None,
    *,
    mac: bool = False,
    samples: ArrayLike | None = None,
) -> Estimate:
    """Return the cost of a network on a board.

    Args:
        network: the network.
        board: the board, or its name or path.
        lanes: lanes of the engine, by default `default_lanes`.
        mac: whether the engine is the integer peer.
        samples: raw samples over which clocks are averaged, see `mean_clocks`.

    Raises:
        ScError: the board is unknown, the network does not fit it, no such core was measured (of networks in steps the
            cells are then None), or even the high end of Fmax is too low for every clock.
    """
    where = board_called(board) if isinstance(board, str) else board
    placed = plan(network, where, lanes=lanes, mac=mac)
    error = area_fit(placed.config, where.family)
    cells = None if error is None and in_steps(network) else area(placed.config, where.family)
    timed = fmax(placed, where)
    middle, low, high = clocks_mhz(timed, where)
    untimed = timed.fmax_mhz is None and middle is not None
    mean, over = mean_clocks(network, placed.config.lanes, mac=mac, samples=samples)
    of_steps: dict[str, Any] = {}
    if network.steps is not None:
        count, worst = network.steps.count, worst_clocks(network, placed.config.lanes)
        of_steps = {
            "steps": count,
            "clocks_per_step": round(mean / count, 1),
            "clocks_worst": worst,
            "clocks_per_step_worst": round(worst / count, 1),
            "latency_worst_us": middle and round(worst / middle, 2),
        }
    return Estimate(
        network=network.topology,
        board=where.name,
        lanes=placed.config.lanes,
        weights=placed.weights,
        lcs=None if cells is None else round(cells["lcs"]),
        lut=None if cells is None else round(cells["lut"]),
        ff=None if cells is None else round(cells["ff"]),
        bram=placed.rams,
        spram=placed.large_rams,
        clocks_per_inference=round(mean, 1),
        clocks_over=over,
        fmax_mhz=timed.fmax_mhz,
        fmax_low_mhz=timed.low_mhz,
        fmax_high_mhz=timed.high_mhz,
        fmax_over=timed.over + (f"; a build takes the clock of {middle:g} MHz untimed" if untimed else ""),
        clock_mhz=middle,
        clock_low_mhz=low,
        clock_high_mhz=high,
        latency_us=middle and round(mean / middle, 2),
        latency_low_us=high and round(mean / high, 2),
        latency_high_us=low and round(mean / low, 2),
        error_percent=None if error is None else error["lcs"]["left_out_mean_percent"],
        worst_error_percent=None if error is None else error["lcs"]["left_out_worst_percent"],
        **of_steps,
    )


def clocks_mhz(timed: Timing, board: Board) -> tuple[float | None, float | None, float | None]:
    """Return the clocks, in MHz, that a build takes for a core's Fmax and for the low and the high end of its band.

    Without a Fmax all three are the board's untimed_mhz, which may be None. If only the high end allows a clock, the
    first is the slowest clock, and the second None.

    Args:
        timed: the core's Fmax by the timing model.
        board: the board with its clocks.

    Raises:
        ScError: even the high end of Fmax is too low for every clock.
    """
    if timed.fmax_mhz is None or timed.low_mhz is None or timed.high_mhz is None:
        return (board.untimed_mhz,) * 3
    slowest = board.clocks[-1]
    high = board.clock_below(timed.high_mhz)
    require(
        high is not None,
        f"Fmax is about {timed.fmax_mhz} MHz, at most {timed.high_mhz} ({timed.over}): the slowest clock of "
        f"{board.name} is {slowest.mhz:g} MHz and needs {CLOCK_MARGIN} times that; a shorter stream makes it faster",
    )
    assert high is not None
    low = board.clock_below(timed.low_mhz)
    return (board.clock_below(timed.fmax_mhz) or slowest).mhz, None if low is None else low.mhz, high.mhz
