"""From a network to a complete streaming design: host interface and network in one top, the answer behind a handshake.

The top is rtl/sc_stream_port.v in front of a network as `stream_builder` or `stream_fold` writes it. Images come in as
words over an AXI4-Stream-like port, and the class (and, if wanted, the scores) leaves over another. Whatever writes a
network with the ports i_start, i_codes, o_valid, o_class and o_scores can stand behind the port: it is described by a
`Design`. `write` writes the design, `stream_system_sim` simulates it, `stream_system_build` places it on a part.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import require, require_one_of
from ..names import DATA_WIDTHS
from ..network import Network
from . import stream_builder, stream_fold
from .parts import PARTS
from .stream_builder import class_bits, sum_bits

__all__ = ["CORE", "DATA_WIDTHS", "DESIGNS", "TOP", "Design", "StreamSystem", "core_text", "pack", "top_text", "write"]

#: Name of the top module.
TOP = "sc_stream_system"
#: Name of the FuseSoC core that `write` puts beside the top.
CORE = f"::{TOP}"
#: Limits of rtl/sc_stream_port.v: log2 of the answers that it holds, and the clocks that it waits.
SLOTS_MAX = 6
CLOCKS_MAX = 8192


@dataclass(frozen=True, slots=True)
class Design:
    """How a network is laid out, as far as its surroundings can tell.

    Attributes:
        name: name of the network's module.
        period: least number of clocks from one i_start to the next.
        latency: clocks from i_start to o_valid, both included.
        hold: clocks after that of i_start for which i_codes must stay; 0 if they are taken with i_start.
        code_bits: bits of a code in i_codes; 1 where every code is 0 or L.
        write: a function that writes <name>.v and the memory files that it reads to a folder.
    """

    name: str
    period: int
    latency: int
    hold: int
    code_bits: int
    write: Callable[[Path], object]


def _streaming(network: Network) -> Design:
    """Return the network's streaming design (A17, streaming)."""
    name = stream_builder.TOP

    def write(folder: Path) -> None:
        text = stream_builder.top_text(network, name=name)
        stream_builder.write_weights(network, folder)
        (folder / f"{name}.v").write_text(text, encoding="utf-8")

    return Design(
        name,
        stream_builder.period(network),
        stream_builder.latency(network),
        stream_builder.hold(network),
        stream_builder.code_bits(network),
        write,
    )


def _folded(network: Network) -> Design:
    """Return the network's folded streaming design (A18, folded streaming)."""
    name = "sc_folded_network"

    def write(folder: Path) -> None:
        (folder / f"{name}.v").write_text(stream_fold.folded_text(network, name=name), encoding="utf-8")

    return Design(
        name,
        stream_fold.period(network),
        stream_fold.latency(network),
        stream_fold.hold(network),
        stream_fold.code_bits(network),
        write,
    )


#: Ways to lay a network out in space, by name.
DESIGNS: Mapping[str, Callable[[Network], Design]] = {"stream": _streaming, "folded": _folded}


@dataclass(frozen=True, slots=True)
class StreamSystem:
    """A complete streaming design of a network.

    Raises ScError when it is made, if the design does not hold the network or the port cannot serve it.

    Attributes:
        network: the network.
        design: a key of `DESIGNS`.
        data_width: bits of an image word, one of `DATA_WIDTHS`.
        scores: whether an answer has the scores beside the class, and so is as wide as all of them.
        inner: the network's part of the design; it follows from the others.
    """

    network: Network
    design: str = "stream"
    data_width: int = 32
    scores: bool = False
    inner: Design = field(init=False, compare=False)

    def __post_init__(self) -> None:
        require_one_of("design", self.design, DESIGNS)
        require(
            self.data_width in DATA_WIDTHS,
            f"data width must be one of {', '.join(map(str, DATA_WIDTHS))}, got {self.data_width}",
        )
        if self.design == "stream":
            stream_builder.check_stream(self.network)
        object.__setattr__(self, "inner", DESIGNS[self.design](self.network))
        waits = max(self.inner.period, self.inner.hold)
        require(waits <= CLOCKS_MAX, f"the port waits for at most {CLOCKS_MAX} clocks, the design needs {waits}")
        depth = len(self.network.layers)
        require(self.log2_answers <= SLOTS_MAX, f"the port has room for the answers of no network of {depth} layers")

    @property
    def words(self) -> int:
        """Words of an image: its codes without gaps, filled up to whole words."""
        return -(-self.network.input.size * self.inner.code_bits // self.data_width)

    @property
    def answer_bits(self) -> int:
        """Bits of an answer: the class lowest, then the scores if they are given."""
        scores = self.network.classes * sum_bits(self.network) if self.scores else 0
        return class_bits(self.network) + scores

    @property
    def clocks_per_image(self) -> int:
        """Clocks from one image to the next where neither side stalls."""
        return max(self.inner.period, self.inner.hold + self.words)

    @property
    def log2_answers(self) -> int:
        """LOG2_ANSWERS of sc_stream_port: enough that a receiver that never stalls never slows an image."""
        # A start is owed from the next clock to the one in which its answer leaves, `latency` clocks after it.
        return max(1, (self.inner.latency // self.clocks_per_image).bit_length())

    @property
    def latency_from_last_word(self) -> int:
        """Clocks from the last word taken to the answer offered, both included, where no image or answer waits."""
        return self.inner.latency + 2

    @property
    def latency_from_first_word(self) -> int:
        """Clocks from the first word taken to the answer offered, both included, at a word a clock."""
        return self.words - 1 + self.latency_from_last_word

    @property
    def pins(self) -> int:
        """Pins of the top, clock and reset included."""
        return 2 + (3 + self.data_width) + 1 + (2 + self.answer_bits)


def pack(codes: ArrayLike, code_bits: int, data_width: int, length: int) -> NDArray[np.uint64]:
    """Return images as words for the design's port.

    Code 0 lies lowest in the first word, and the codes follow without gaps, also across words.

    Args:
        codes: input codes in 0 … length, shape (n, inputs).
        code_bits: bits of a code. With 1 a code must be 0 or length.
        data_width: bits of a word, a multiple of 8, at most 64.
        length: L.

    Returns:
        Words as uint64 of shape (n, words).

    Raises:
        ScError: code_bits is 1 and a code is neither 0 nor length.

    Example:
        >>> pack([[1, 2, 16]], code_bits=5, data_width=8, length=16).tolist()
        [[65, 64]]
    """
    values = np.asarray(codes, dtype=np.int64)
    if code_bits == 1:
        require(
            bool(np.isin(values, (0, length)).all()), f"the design takes one bit a code: codes must be 0 or {length}"
        )
        values = values // length
    # The bits of each code, lowest first; then all codes of an image, filled up to whole words.
    bits = (values[:, :, None] >> np.arange(code_bits)) & 1
    flat = bits.reshape(len(values), -1)
    words = -(-flat.shape[1] // data_width)
    padded = np.zeros((len(values), words * data_width), dtype=np.uint8)
    padded[:, : flat.shape[1]] = flat
    packed = np.packbits(padded.reshape(len(values), words, data_width), axis=2, bitorder="little")
    # A word of any width becomes the low bytes of a 64-bit one.
    wide = np.zeros((len(values), words, 8), dtype=np.uint8)
    wide[:, :, : data_width // 8] = packed
    return wide.view("<u8")[:, :, 0].astype(np.uint64)


def top_text(system: StreamSystem) -> str:
    """Return the Verilog of the top: the port in front of the network, which is a module of its own."""
    network, inner = system.network, system.inner
    class_w, score_w = class_bits(network), sum_bits(network)
    scores_w = network.classes * score_w
    size, code_w = network.input.size, inner.code_bits
    header = [
        f"Streaming network {network.topology}, L = {network.length}, behind a host interface.",
        "Written by stream_system, do not edit.",
        "",
        f"Image      {system.words} words of {system.data_width} bits, the last one with i_last: {size} codes of "
        f"{code_w} bits",
        "           without gaps, the first one in the lowest bits of the first word. Another number of words:",
        "           o_error for a clock, and no answer.",
        "Answer     " + (f"o_class, and score k, signed, at k*{score_w} upward." if system.scores else "o_class."),
        "Handshake  a word, an answer passes where valid and ready are both 1; see sc_stream_port.",
        f"Latency    {system.latency_from_last_word} clocks from the last word to o_valid, both included.",
        f"Rate       an image every {system.clocks_per_image} clocks.",
    ]
    ports = [
        "input  wire clk",
        "input  wire rst",
        "input  wire i_valid",
        "output wire o_ready",
        f"input  wire [{system.data_width - 1}:0] i_data",
        "input  wire i_last",
        "output wire o_error",
        "output wire o_valid",
        "input  wire i_ready",
        f"output wire [{class_w - 1}:0] o_class",
    ]
    if system.scores:
        ports.append(f"output wire [{scores_w - 1}:0] o_scores")
        given, taken = "{scores, answer}", "{o_scores, o_class}"
    else:
        given, taken = "answer", "o_class"
    unused = "" if system.scores else "    wire unused_scores = &{1'b0, scores};\n"
    return (
        "".join(f"// {line}".rstrip() + "\n" for line in header) + "`default_nettype none\n"
        f"module {TOP} (\n    " + ",\n    ".join(ports) + "\n);\n"
        "    wire start, done;\n"
        f"    wire [{size * code_w - 1}:0] codes;\n"
        f"    wire [{class_w - 1}:0] answer;\n"
        f"    wire [{scores_w - 1}:0] scores;\n{unused}"
        "    sc_stream_port #(\n"
        f"        .INPUTS({size}), .CODE_W({code_w}), .DATA_W({system.data_width}), .PERIOD({inner.period}), "
        f".HOLD({inner.hold}),\n"
        f"        .LOG2_ANSWERS({system.log2_answers}), .ANSWER_W({system.answer_bits})\n"
        "    ) u_port (\n"
        "        .clk(clk), .rst(rst), .i_valid(i_valid), .o_ready(o_ready), .i_data(i_data), .i_last(i_last),\n"
        "        .o_error(o_error), .o_valid(o_valid), .i_ready(i_ready), "
        f".o_answer({taken}),\n"
        f"        .o_start(start), .o_codes(codes), .i_answer_valid(done), .i_answer({given})\n"
        "    );\n"
        f"    {inner.name} u_network (\n"
        "        .clk(clk), .rst(rst), .i_start(start), .i_codes(codes), .o_valid(done), .o_class(answer),\n"
        "        .o_scores(scores)\n    );\n"
        "endmodule\n`default_nettype wire\n"
    )


def core_text(files: list[str], design: str) -> str:
    """Return the FuseSoC core of a design, with the target `lint` and one for each part.

    Args:
        files: names of the design's files.
        design: a key of `DESIGNS`, which decides the options of synthesis.
    """
    sources = "".join(
        f"      - {name}: {{file_type: verilogSource-2005}}\n"
        if name.endswith(".v")
        else f"      - {name}: {{file_type: user, copyto: {name}}}\n"
        for name in files
    )
    head = (
        f"CAPI=2:\n\nname: {CORE}:0\ndescription: A streaming network with its host interface\n\n"
        f'filesets:\n  rtl:\n    depend: ["::sc_neurocore"]\n    files:\n{sources}\n'
        f"targets:\n  default: &default\n    filesets: [rtl]\n    toplevel: {TOP}\n\n"
        "  lint:\n    <<: *default\n    flow: lint\n    flow_options:\n      tool: verilator\n"
        "      verilator_options: [-Wall, --language, 1364-2005]\n"
    )
    parts = "".join(
        f"\n  {part.name}:\n    <<: *default\n    description: {part.title}\n    flow: {part.flow}\n    flow_options:\n"
        f"      yosys_synth_options: {json.dumps(part.synth_options.get(design, ()))}\n"
        f"      nextpnr_options: {json.dumps(part.nextpnr_options)}\n"
        for part in PARTS.values()
    )
    return head + parts


def write(system: StreamSystem, folder: str | os.PathLike[str]) -> Path:
    """Write top, network, memory files and a FuseSoC core to a folder.

    Args:
        system: the design.
        folder: the folder: new, empty, or one that such a design was written to.

    Returns:
        Path of the top.

    Raises:
        ScError: the folder holds anything else.
    """
    target = Path(folder).absolute()
    require(not target.exists() or target.is_dir(), f"{target} is not a folder")
    if target.is_dir() and any(target.iterdir()):
        require((target / f"{TOP}.v").is_file(), f"{target} holds other files: choose an empty or new folder")
    target.mkdir(parents=True, exist_ok=True)
    for stale in (
        *target.glob("layer*.mem"),
        *target.glob("sc_stream_*.v"),
        *target.glob("sc_folded_*.v"),
        *target.glob("*.core"),
    ):
        stale.unlink()
    system.inner.write(target)
    top = target / f"{TOP}.v"
    top.write_text(top_text(system), encoding="utf-8")
    files = sorted(path.name for path in target.iterdir() if path.suffix in {".v", ".mem"})
    (target / f"{TOP}.core").write_text(core_text(files, system.design), encoding="utf-8")
    return top
