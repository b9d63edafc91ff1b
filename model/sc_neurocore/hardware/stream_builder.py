"""From a network to a streaming design (A17): one Verilog top with every synapse in space, and its memory files.

The top is plain instances of rtl/: sc_stream_encode, one layer after the other, sc_stream_argmax. It takes all input
codes at once and starts an inference with i_start; o_valid marks the answer. Weights are constants read from the
memory files, so that synthesis shares comparators among equal magnitudes and drops weights of 0. Where the weights take
another number source than `vdc`, the layers' modules are the design's own (`stream_source`).

`build_stream` writes a design. `period`, `latency`, `hold`, `code_bits`, `sum_bits` and `class_bits` state its timing
and the widths of its ports.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ..artifact import memory_text
from ..errors import require
from ..network import DenseLayer, Network
from ..neurons import StreamLayer
from ..sources import log2_length
from . import stream_source

__all__ = ["TOP", "build_stream", "check_stream", "code_bits", "hold", "latency", "period", "top_text", "write_weights"]

#: Name of the top module, unless another is given.
TOP = "sc_stream_network"
#: Greatest numbers of inputs, neurons and synapses of a streaming layer.
INPUTS_MAX = 4095
NEURONS_MAX = 1024
WORDS_MAX = 1 << 20


def check_stream(network: Network) -> None:
    """Raise ScError, naming the rule, unless the streaming layers of rtl/ can hold a network.

    It must have dense layers only, none of them too large, no steps (A20), and a weight source that `stream_source` can
    write.
    """
    network.one_window("a streaming design")
    stream_source.source_text(network, TOP, ())
    for k, layer in enumerate(network.dense_layers("a streaming design")):
        require(
            layer.inputs <= INPUTS_MAX and layer.neurons <= NEURONS_MAX and layer.synapses.size <= WORDS_MAX,
            f"layer {k}: a streaming layer has at most {INPUTS_MAX} inputs, {NEURONS_MAX} neurons and {WORDS_MAX} "
            f"synapses, got {layer.inputs}, {layer.neurons} and {layer.synapses.size}",
        )


def period(network: Network) -> int:
    """Return the clocks from one inference to the next: L, since a layer takes a new window every L clocks."""
    return network.length


def code_bits(network: Network) -> int:
    """Return the bits of an input code in i_codes: log2 L + 1, for 0 … L."""
    return log2_length(network.length) + 1


def hold(network: Network) -> int:
    """Return for how many clocks after that of i_start i_codes must stay: 0, since they are taken with i_start."""
    return 0


def latency(network: Network, pipe: int = 1) -> int:
    """Return the clocks from i_start to o_valid, both included.

    A layer of window_if neurons, and the readout, adds a window of L clocks; a temporal layer (lif) adds one clock.

    Args:
        network: the network.
        pipe: 1 if there is a register behind the counters of each layer, which adds a clock a layer.
    """
    return sum((1 if layer.temporal else network.length) + pipe for layer in network.layers) + 2


def sum_bits(network: Network) -> int:
    """Return the bits of a score, signed, as the RTL derives it from the last layer: LOG2L + $clog2(INPUTS + 2) + 1."""
    return log2_length(network.length) + (network.layers[-1].inputs + 1).bit_length() + 1


def class_bits(network: Network) -> int:
    """Return the bits of the class, at least 1."""
    return max(1, (network.classes - 1).bit_length())


def _parameters(values: Mapping[str, int]) -> str:
    """Return Verilog parameters as they stand in an instance: .NAME(value), separated by commas."""
    return ", ".join(f".{name}({value})" for name, value in values.items())


def _made(layer: DenseLayer, network: Network) -> StreamLayer:
    """Return the module that is a layer of this kind, with its parameters; a readout has no neurons."""
    if layer.neuron is None:
        return StreamLayer("sc_stream_dense", {}, ({"NEURON": 0},))
    return layer.neuron.stream_layer(network.theta_frac)


def _modules(network: Network, name: str, modules: str) -> str:
    """Return the text of the modules that the layers need and rtl/ does not have, each once.

    Args:
        network: the network.
        name: name of the top.
        modules: what the names of streaming modules begin with (`stream_source.family`).
    """
    own: dict[str, str] = {}
    built_in: dict[str, None] = {}
    for layer in network.dense_layers("a streaming design"):
        made = _made(layer, network)
        own |= {k: stream_source.renamed(text, modules) for k, text in made.modules.items()}
        if made.module not in made.modules:
            built_in[made.module] = None
        elif any("sc_stream_neurons #(" in text for text in made.modules.values()):
            built_in["sc_stream_neurons"] = None
    return stream_source.source_text(network, name, built_in) + "".join(f"\n{text}" for text in own.values())


def _layer(k: int, layer: DenseLayer, network: Network, pipe: int, modules: str) -> str:
    """Return the text of one layer: its wires and its instance.

    Args:
        k: number of the layer. Its inputs are the wires start<k> and x<k>, its outputs those with k + 1.
        layer: the layer.
        network: the network.
        pipe: as in `latency`.
        modules: as in `_modules`.
    """
    n = log2_length(network.length)
    made = _made(layer, network)
    sizes = {"INPUTS": layer.inputs, "NEURONS": layer.neurons, "LOG2L": n, **made.first}
    ends = {"PIPE": pipe} | ({"ADDER": 1} if layer.adder == "mux" else {})
    *lines, last = map(dict, made.rest)
    rows = [*map(_parameters, (sizes, *lines, last | ends))]
    rows[-1] += f', .INIT_FILE("layer{k}.mem")'
    wires = f"    wire start{k + 1};\n    wire [{layer.neurons - 1}:0] x{k + 1};\n"
    ports = f".clk(clk), .rst(rst), .i_start(start{k}), .i_x(x{k}), .o_start(start{k + 1}), .o_x(x{k + 1})"
    if not layer.temporal:  # the sums of the window come out too: a readout's are the scores
        unused = f"s{k + 1}" if layer.neuron is not None else f"x{k + 1}"
        width = n + (layer.inputs + 1).bit_length() + 1
        wires += f"    wire [{layer.neurons * width - 1}:0] s{k + 1};\n"
        wires += f"    wire unused{k + 1} = &{{1'b0, {unused}}};\n"
        ports += f", .o_s(s{k + 1})"
    parameters = ",\n        ".join(rows)
    module = made.module if made.module in made.modules else made.module.replace("sc_stream", modules, 1)
    return f"{wires}    {module} #(\n        {parameters}\n    ) u_layer{k} (\n        {ports}\n    );\n\n"


def top_text(network: Network, *, name: str = TOP, pipe: int = 1, observe: bool = False) -> str:
    """Return the Verilog of the top, and of modules that are the design's own.

    It depends on the network's shape, neurons and thresholds; the weights are in the memory files.

    Args:
        network: the network.
        name: name of the top.
        pipe: 1 puts a register behind the counters of each layer, 0 does not.
        observe: whether the top has two more outputs for simulation. Bit k of o_starts: the window of hidden layer k's
            output begins in the next clock. o_spikes: the output bits of every hidden layer, the first layer lowest.

    Raises:
        ScError: no streaming layer holds the network, or name or pipe is not allowed.
    """
    check_stream(network)
    require(name.isidentifier() and name.isascii(), f"the top's name must be a Verilog identifier, got {name!r}")
    require(pipe in (0, 1), f"pipe must be 0 or 1, got {pipe}")
    n, depth, hidden = log2_length(network.length), len(network.layers), network.layers[:-1]
    modules = stream_source.family(network, name)
    score_w, class_w = sum_bits(network), class_bits(network)
    scores = network.classes * score_w
    observed = observe and len(hidden) > 0
    ports = [
        "input  wire clk",
        "input  wire rst",
        "input  wire i_start",
        f"input  wire [{network.input.size * (n + 1) - 1}:0] i_codes",
        "output wire o_valid",
        f"output wire [{class_w - 1}:0] o_class",
        f"output wire [{scores - 1}:0] o_scores",
    ]
    if observed:
        ports += [
            f"output wire [{len(hidden) - 1}:0] o_starts",
            f"output wire [{sum(x.neurons for x in hidden) - 1}:0] o_spikes",
        ]
    down = range(len(hidden), 0, -1)
    watch = (
        f"    assign o_starts = {{{', '.join(f'start{k}' for k in down)}}};\n"
        f"    assign o_spikes = {{{', '.join(f'x{k}' for k in down)}}};\n"
        if observed
        else ""
    )
    files = ", ".join(f"layer{k}.mem" for k in range(depth))
    header = [
        f"Streaming network {network.topology}, L = {network.length} (A17); written by stream_builder, do not edit.",
        "",
        f"Use        i_start with all input codes, 0 .. {network.length}, code k at bits k*{n + 1} upward;",
        f"           with o_valid, for one clock, comes the answer: class, and score k, signed, at k*{score_w} upward.",
        f"Rate       i_start every {period(network)} clocks or at any later one; an earlier one abandons the inference",
        "           before it.",
        f"Latency    {latency(network, pipe)} clocks, those of i_start and o_valid included.",
        f"Weights    {files}: $readmemh, relative to where the tool runs.",
    ]
    return (
        "".join(f"// {line}".rstrip() + "\n" for line in header) + "`default_nettype none\n"
        f"module {name} (\n    " + ",\n    ".join(ports) + "\n);\n"
        "    wire start0 = i_start;\n"
        f"    wire [{network.input.size - 1}:0] x0;\n"
        f"    sc_stream_encode #(.INPUTS({network.input.size}), .LOG2L({n})) u_input (\n"
        "        .clk(clk), .rst(rst), .i_start(i_start), .i_codes(i_codes), .o_x(x0)\n    );\n\n"
        + "".join(
            _layer(k, layer, network, pipe, modules)
            for k, layer in enumerate(network.dense_layers("a streaming design"))
        )
        + f"    sc_stream_argmax #(.N({network.classes}), .WIDTH({score_w})) u_readout (\n"
        f"        .clk(clk), .rst(rst), .i_valid(start{depth}), .i_s(s{depth}), .o_valid(o_valid), .o_class(o_class),\n"
        "        .o_s(o_scores)\n    );\n"
        + watch
        + "endmodule\n`default_nettype wire\n"
        + _modules(network, name, modules)
    )


def write_weights(network: Network, folder: Path) -> list[Path]:
    """Write layer<k>.mem of each layer to a folder, exactly as in an artifact, and return the paths."""
    layers = network.dense_layers("a streaming design")
    paths = [folder / f"layer{k}.mem" for k in range(len(layers))]
    for path, layer in zip(paths, layers, strict=True):
        path.write_text(memory_text(layer, network.length), encoding="utf-8")
    return paths


def build_stream(
    network: Network, folder: str | os.PathLike[str], *, name: str = TOP, pipe: int = 1, observe: bool = False
) -> Path:
    """Write the streaming design of a network to a folder.

    Beside the top lie the memory files that it names; the modules that it instantiates are those of rtl/. The input
    codes come in parallel, so a host interface or a sensor front end belongs in front of it (`stream_system` has one).

    Args:
        network: the network.
        folder: the folder: new, empty, or one that an earlier design of this name was written to.
        name: name of the top.
        pipe: as in `top_text`.
        observe: as in `top_text`.

    Returns:
        Path of the top, <name>.v.

    Raises:
        ScError: no streaming layer holds the network, or the folder holds anything else.
    """
    text = top_text(network, name=name, pipe=pipe, observe=observe)
    target = Path(folder).absolute()
    require(not target.exists() or target.is_dir(), f"{target} is not a folder")
    if target.is_dir() and any(target.iterdir()):
        require((target / f"{name}.v").is_file(), f"{target} holds other files: choose an empty or new folder")
    target.mkdir(parents=True, exist_ok=True)
    for stale in target.glob("layer*.mem"):
        stale.unlink()
    write_weights(network, target)
    top = target / f"{name}.v"
    top.write_text(text, encoding="utf-8")
    return top
