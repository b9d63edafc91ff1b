"""From a network to a folded streaming design (A18): every synapse in space, a few adder inputs a neuron in turns.

A streaming layer (stream_builder) gives each synapse an input of its neuron's parallel counter, most of which are idle
in most clocks. Here each bit of the stream lasts `fold` clocks; a synapse's AND gate is enabled in one of them, and the
gates that are enabled in different clocks share an input of the counter by an OR. The neuron counts through one window
and fires through the next with one adder (sc_fold_if). So a synapse costs a little more than its AND gate, and a neuron
its adder. The text that is written holds the network: a weight of 0 is nowhere in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..errors import require
from ..network import DenseLayer, Network
from ..sources import log2_length, source
from .stream_builder import class_bits, sum_bits

__all__ = ["FOLDS", "FoldedLayer", "code_bits", "default_fold", "fold_layers", "folded_text"]
__all__ += ["folds", "hold", "latency", "period"]

#: Clocks that a bit of a layer's input stream may last.
FOLDS = (1, 2, 4, 8, 16)
# From a layer's start to the next one's, beside the clocks of the window: the selects' register and the slots'.
_PIPE = 2


@dataclass(frozen=True, slots=True)
class Gate:
    """An enabled AND gate: one synapse, or the part of one that lies in one counter input.

    Attributes:
        input: index of the layer's input bit.
        inverted: whether the bit is inverted, for a negative weight.
        select: index into `FoldedLayer.selects`, the clocks in which the gate is enabled.
    """

    input: int
    inverted: bool
    select: int


@dataclass(frozen=True, slots=True)
class FoldedNeuron:
    """One neuron: the gates that share each counter input, and what its accumulator starts from.

    Attributes:
        slots: for each input of the parallel counter, the gates that an OR joins there.
        start: START of rtl/sc_fold_if.v, from bias, negative weights and half the threshold.
        low: lower bound of the accumulator.
        high: upper bound of it.
    """

    slots: tuple[tuple[Gate, ...], ...]
    start: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class FoldedLayer:
    """The schedule of one layer: which gate is enabled in which clock of the window.

    Attributes:
        clocks: clocks of its window, fold · L.
        fold: clocks that a bit of its input lasts.
        constant: whether its inputs do not change in the window: true of binary inputs of the network.
        selects: the sets of clocks in which gates are enabled; gates with equal sets share one select signal.
        neurons: the neurons.
        step: STEP of rtl/sc_fold_if.v, the threshold without the low bits that never decide; 0 in a readout.
        shift: its SHIFT, the fraction bits that the threshold really has.
    """

    clocks: int
    fold: int
    constant: bool
    selects: tuple[frozenset[int], ...]
    neurons: tuple[FoldedNeuron, ...]
    step: int
    shift: int

    @property
    def duration(self) -> int:
        """Clocks from this layer's start to the next one's."""
        return self.clocks + _PIPE

    @property
    def gates(self) -> int:
        """Number of AND gates: one a synapse that is not 0, more where its clocks are split over two counter inputs."""
        return sum(len(slot) for neuron in self.neurons for slot in neuron.slots)

    def width(self, neuron: FoldedNeuron) -> int:
        """Bits of the neuron's accumulator: they hold every sum, and its counter's output with a sign before it."""
        low, high = neuron.low, neuron.high
        return max(
            high.bit_length() + 1, (-low - 1).bit_length() + 1, len(neuron.slots).bit_length() + self.shift + 1, 2
        )

    @property
    def score_width(self) -> int:
        """Bits of the widest neuron's accumulator."""
        return max(map(self.width, self.neurons))


def default_fold(network: Network) -> tuple[int, ...]:
    """Return the fold of every layer that is taken unless one is given.

    It is 2 for a first layer with binary inputs, whose gates are the most, else 4.
    """
    return tuple(2 if k == 0 and network.input.binary else 4 for k in range(len(network.layers)))


def folds(network: Network, fold: int | Sequence[int] | None) -> tuple[int, ...]:
    """Return the fold of every layer.

    Args:
        network: the network.
        fold: one number for all layers, one for each, or None for `default_fold`.

    Raises:
        ScError: a number is none of `FOLDS`, or there is not one for each layer.
    """
    if fold is None:
        return default_fold(network)
    chosen = (fold,) * len(network.layers) if isinstance(fold, int) else tuple(fold)
    require(
        len(chosen) == len(network.layers) and all(f in FOLDS for f in chosen),
        f"fold must be one of {', '.join(map(str, FOLDS))} for each of {len(network.layers)} layers, got {fold!r}",
    )
    return chosen


def fold_layers(network: Network, fold: int | Sequence[int] | None = None) -> tuple[FoldedLayer, ...]:
    """Return the schedule of every layer.

    Args:
        network: a network of dense layers with window_if neurons, parallel counters and the weight source `vdc`.
        fold: clocks that a bit of the input stream lasts, as in `folds`.

    Raises:
        ScError: no folded layer holds the network, or there is no such fold.
    """
    network.one_window("a folded design")
    require(
        network.weight_source == "vdc",
        f"the folded layer's weights take the source 'vdc', the network's take {network.weight_source!r}",
    )
    require(not network.mux, "a folded layer adds by a parallel counter, the network has MUX adders")
    other = network.other_neurons
    require(other is None, f"a folded layer has window_if neurons or none, the network has {other} neurons")
    chosen = folds(network, fold)
    return tuple(
        _schedule(layer, network, chosen[k], constant=k == 0 and network.input.binary)
        for k, layer in enumerate(network.dense_layers("a folded design"))
    )


def _schedule(layer: DenseLayer, network: Network, fold: int, *, constant: bool) -> FoldedLayer:
    """Return the schedule of one layer.

    Synapses are sorted by magnitude, greatest first, and then dealt out to the counter inputs.

    Args:
        layer: the layer.
        network: the network, for L and the fraction bits.
        fold: clocks of a bit.
        constant: whether the inputs do not change, so that ones of a weight may stand in any clocks.
    """
    length = network.length
    clocks = length * fold
    selects: dict[frozenset[int], int] = {}
    theta, frac = layer.theta, network.theta_frac
    step = shift = half = 0
    if theta is not None:
        # 2^(f+1) S - theta (2k + 1) >= 0 decides spike k (A8, window neuron). Without the low bits that never decide it
        # is 2^e S - ceil(theta / 2^(f+1-e)) - k theta / 2^(f-e) >= 0, e the fraction bits that theta really has.
        zeros = (theta & -theta).bit_length() - 1
        shift = max(0, frac - zeros)
        step = theta >> (frac - shift)
        half = -(-theta >> (frac + 1 - shift))
    r = source("vdc", length)
    neurons = []
    for weights, bias in zip(layer.weights.tolist(), layer.bias.tolist(), strict=True):
        synapses = sorted(((i, w) for i, w in enumerate(weights) if w), key=lambda s: (-abs(s[1]), s[0]))
        if constant:
            placed = _fill(synapses, clocks)
        else:
            # A counter input takes one synapse for each of the `fold` clocks of a bit.
            placed = [[] for _ in range(-(-len(synapses) // fold))]
            for n, (i, w) in enumerate(synapses):
                chosen = frozenset(t * fold + n % fold for t in range(length) if abs(w) > r[t])
                placed[n // fold].append((i, w < 0, chosen))
        slots = tuple(
            tuple(Gate(i, inverted, selects.setdefault(chosen, len(selects))) for i, inverted, chosen in slot)
            for slot in placed
        )
        # An inverted gate gives 1 - x where -x is meant, in each of its clocks.
        start = ((bias - sum(-w for _, w in synapses if w < 0)) << shift) - half
        events = sum(abs(w) for _, w in synapses)
        neurons.append(FoldedNeuron(slots, start, start - length * step, start + (events << shift)))
    return FoldedLayer(clocks, fold, constant, tuple(selects), tuple(neurons), step, shift)


def _fill(synapses: Sequence[tuple[int, int]], clocks: int) -> list[list[tuple[int, bool, frozenset[int]]]]:
    """Place |w| clocks of every synapse in as few counter inputs of `clocks` clocks as there can be.

    With a constant input any clocks will do (A18). Each weight goes where it leaves the least room; one that fits
    nowhere is split.

    Args:
        synapses: (input, signed weight) of each synapse, greatest magnitude first.
        clocks: clocks of the window.

    Returns:
        For each counter input, (input, whether negative, clocks) of what it holds.
    """
    count = -(-sum(abs(w) for _, w in synapses) // clocks)
    slots: list[list[tuple[int, bool, frozenset[int]]]] = [[] for _ in range(count)]
    used = [0] * count
    for i, w in synapses:
        left = abs(w)
        while left:
            fitting = [m for m in range(count) if used[m] + left <= clocks]
            m = max(fitting, key=lambda m: used[m]) if fitting else min(range(count), key=lambda m: used[m])
            take = min(left, clocks - used[m])
            slots[m].append((i, w < 0, frozenset(range(used[m], used[m] + take))))
            used[m] += take
            left -= take
    return slots


def period(network: Network, fold: int | Sequence[int] | None = None) -> int:
    """Return the clocks from one inference to the next: a layer's window and the one through which it fires.

    The slowest pair of neighbours decides; the serial search for the class counts as the last stage.
    """
    layers = fold_layers(network, fold)
    stages = [*(layer.duration for layer in layers), layers[-1].score_width + 1]
    return max(a + b for a, b in pairwise(stages))


def latency(network: Network, fold: int | Sequence[int] | None = None) -> int:
    """Return the clocks from i_start to o_valid, both included."""
    layers = fold_layers(network, fold)
    return sum(layer.duration for layer in layers) + layers[-1].score_width + 2


def code_bits(network: Network) -> int:
    """Return the bits of an input code in i_codes: 1 where the network's inputs are binary, else log2 L + 1."""
    return 1 if network.input.binary else log2_length(network.length) + 1


def hold(network: Network, fold: int | Sequence[int] | None = None) -> int:
    """Return for how many clocks after that of i_start the input codes must stay."""
    return fold_layers(network, fold)[0].clocks + 1


def folded_text(network: Network, *, name: str, fold: int | Sequence[int] | None = None, observe: bool = False) -> str:
    """Return the Verilog top with the network in it.

    Args:
        network: the network.
        name: name of the top.
        fold: as in `folds`.
        observe: adds o_starts and o_spikes, as in `stream_builder.top_text`, and o_steps. Bit k of o_steps: the bits of
            hidden layer k are to be read in this clock.

    Raises:
        ScError: no folded layer holds the network, there is no such fold, or the name is no Verilog identifier.
    """
    require(name.isidentifier() and name.isascii(), f"the top's name must be a Verilog identifier, got {name!r}")
    layers = fold_layers(network, fold)
    n, hidden = log2_length(network.length), network.layers[:-1]
    binary, code_w = network.input.binary, code_bits(network)
    score_w, class_w = sum_bits(network), class_bits(network)
    observed = observe and len(hidden) > 0
    ports = [
        "input  wire clk",
        "input  wire rst",
        "input  wire i_start",
        f"input  wire [{network.input.size * code_w - 1}:0] i_codes",
        "output wire o_valid",
        f"output wire [{class_w - 1}:0] o_class",
        f"output wire [{network.classes * score_w - 1}:0] o_scores",
    ]
    if observed:
        ports += [
            f"output wire [{len(hidden) - 1}:0] o_starts",
            f"output wire [{len(hidden) - 1}:0] o_steps",
            f"output wire [{sum(x.neurons for x in hidden) - 1}:0] o_spikes",
        ]
    codes = (
        "all inputs, one bit each"
        if binary
        else f"all input codes, 0 .. {network.length}, code k at bits k*{n + 1} upward"
    )
    header = [
        f"Folded streaming network {network.topology}, L = {network.length} (A18), made by stream_fold: do not edit.",
        "",
        f"Use        i_start with {codes},",
        f"           which stay for {hold(network, fold)} more clocks; with o_valid, for one clock, comes the answer:",
        f"           class, and score k, signed, at k*{score_w} upward.",
        f"Rate       i_start every {period(network, fold)} clocks or at any later one; an earlier one abandons the",
        "           inference before it.",
        f"Latency    {latency(network, fold)} clocks, those of i_start and o_valid included.",
        f"Synapses   {', '.join(str(x.gates) for x in layers)} AND gates at "
        f"{', '.join(str(sum(len(y.slots) for y in x.neurons)) for x in layers)} counter inputs, layer by layer.",
    ]
    lines = [f"// {line}".rstrip() for line in header]
    lines += ["`default_nettype none", f"module {name} (", "    " + ",\n    ".join(ports), ");"]
    lines += ["    wire start0 = i_start;", *_inputs(network, code_w)]
    for k, layer in enumerate(layers):
        lines += ["", *_layer(k, layer, last=k == len(layers) - 1)]
    end = len(layers)
    widths = layers[-1].score_width
    scores = ", ".join(f"acc{end - 1}_{j}" for j in reversed(range(network.classes)))
    lines += [
        "",
        f"    sc_serial_argmax #(.N({network.classes}), .WIDTH({widths})) u_readout (",
        f"        .clk(clk), .rst(rst || start{end - 1}), .i_start(start{end}), .i_s({{{scores}}}),",
        "        .o_valid(o_valid), .o_class(o_class)",
        "    );",
    ]
    extended = ", ".join(
        f"{{{{{score_w - widths}{{acc{end - 1}_{j}[{widths - 1}]}}}}, acc{end - 1}_{j}}}"
        if score_w > widths
        else f"acc{end - 1}_{j}[{score_w - 1}:0]"
        for j in reversed(range(network.classes))
    )
    lines.append(f"    assign o_scores = {{{extended}}};")
    if observed:
        down = range(len(hidden), 0, -1)
        lines += [
            f"    assign o_starts = {{{', '.join(f'start{k}' for k in down)}}};",
            f"    assign o_steps  = {{{', '.join(f'step{k}' for k in down)}}};",
            f"    assign o_spikes = {{{', '.join(f'x{k}' for k in down)}}};",
        ]
    lines += ["endmodule", "`default_nettype wire"]
    return "\n".join(lines) + "\n"


def _inputs(network: Network, code_w: int) -> list[str]:
    """Return the text that makes the first layer's input bits: the codes themselves, or an SNG (A4) for each code."""
    size = network.input.size
    if network.input.binary:
        return [f"    wire [{size - 1}:0] x0 = i_codes;", "    wire unused_x0 = &{1'b0, x0, step0};"]
    n = log2_length(network.length)
    return [
        f"    wire [{n - 1}:0] r0;",
        f"    sc_counter_source #(.LOG2L({n})) u_r0 (",
        "        .clk(clk), .rst(rst), .i_restart(start0), .i_en(step0), .o_r(r0)",
        "    );",
        f"    wire [{size - 1}:0] x0;",
        "    genvar i;",
        "    generate",
        f"        for (i = 0; i < {size}; i = i + 1) begin : g_input",
        f"            sc_sng #(.LOG2L({n})) u_sng (",
        f"                .i_x(i_codes[i*{code_w} +: {code_w}]), .i_r(r0), .o_bit(x0[i])",
        "            );",
        "        end",
        "    endgenerate",
        "    wire unused_x0 = &{1'b0, x0};",
    ]


def _layer(k: int, layer: FoldedLayer, *, last: bool) -> list[str]:
    """Return the text of one layer: window control, selects, and the neurons with their gates."""
    p_w = (layer.clocks - 1).bit_length()
    s_w = max(1, len(layer.selects))
    neurons = len(layer.neurons)
    # A start of the layer before takes this one's inputs away.
    kill = f"rst || start{k}" if k == 0 else f"rst || start{k} || start{k - 1}"
    end = f"last{k}" if k == 0 else f"last{k} || start{k - 1}"
    sub = (layer.fold - 1).bit_length()
    turn = f" && (&p{k}[{sub - 1}:0])" if sub else ""
    lines = [
        f"    // Layer {k}: {layer.clocks} clocks, {neurons} neurons.",
        f"    reg  [{p_w - 1}:0] p{k};",
        f"    reg  active{k}, add{k}_a, add{k}, last{k}_a, last{k}_b, step{k};",
        f"    reg  [{s_w - 1}:0] s{k};",
        f"    wire last{k} = active{k} && (&p{k});",
        f"    wire start{k + 1} = last{k}_b;",
        "    always @(posedge clk) begin",
        f"        if (rst) active{k} <= 1'b0;",
        f"        else if (start{k}) active{k} <= 1'b1;",
        f"        else if ({end}) active{k} <= 1'b0;",
        f"        if (start{k}) p{k} <= {p_w}'d0;",
        f"        else p{k} <= p{k} + {p_w}'d1;",
        f"        {{add{k}_a, add{k}, last{k}_a, last{k}_b}} <= ({kill}) ? 4'b0000",
        f"            : {{active{k}, add{k}_a, last{k}, last{k}_a}};",
        f"        step{k} <= active{k}{turn};",
        f"        case (p{k})",
    ]
    for clock in range(layer.clocks):
        word = "".join("1" if clock in chosen else "0" for chosen in reversed(layer.selects)) or "0"
        lines.append(f"            {p_w}'d{clock}: s{k} <= {s_w}'b{word} & {{{s_w}{{active{k}}}}};")
    lines += ["        endcase", "    end", f"    wire [{neurons - 1}:0] x{k + 1};"]
    if last:
        lines.append(f"    wire unused_x{k + 1} = &{{1'b0, x{k + 1}}};")
    for j, neuron in enumerate(layer.neurons):
        width = layer.score_width if last else layer.width(neuron)
        lines += _neuron(k, j, layer, neuron, width, last=last)
    return lines


def _neuron(k: int, j: int, layer: FoldedLayer, neuron: FoldedNeuron, width: int, *, last: bool) -> list[str]:
    """Return the text of one neuron: its gates, its parallel counter and its sc_fold_if."""
    slots = max(1, len(neuron.slots))
    count_w = slots.bit_length()
    ors = [
        " | ".join(f"({'~' if g.inverted else ''}x{k}[{g.input}] & s{k}[{g.select}])" for g in slot)
        for slot in neuron.slots
    ] or ["1'b0"]
    step = "1'b0" if last else f"step{k + 1}"
    lines = [f"    reg  [{slots - 1}:0] b{k}_{j};", "    always @(posedge clk) begin"]
    lines += [f"        b{k}_{j}[{m}] <= {text};" for m, text in enumerate(ors)]
    lines += [
        "    end",
        f"    wire [{count_w - 1}:0] c{k}_{j};",
        f"    wire [{width - 1}:0] acc{k}_{j};",
        f"    sc_apc #(.N({slots})) u_count{k}_{j} (.i_bits(b{k}_{j}), .o_count(c{k}_{j}));",
        "    sc_fold_if #(",
        f"        .WIDTH({width}), .COUNT_W({count_w}), .SHIFT({layer.shift}),",
        f"        .START({neuron.start}), .STEP({layer.step})",
        f"    ) u_neuron{k}_{j} (",
        f"        .clk(clk), .i_start(start{k}), .i_add(add{k}), .i_step({step}),",
        f"        .i_count(c{k}_{j}), .o_spike(x{k + 1}[{j}]), .o_acc(acc{k}_{j})",
        "    );",
    ]
    if not last:
        lines.append(f"    wire unused_acc{k}_{j} = &{{1'b0, acc{k}_{j}}};")
    return lines
