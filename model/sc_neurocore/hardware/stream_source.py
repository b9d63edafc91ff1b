"""Streaming layers whose weights take another number source than `vdc`: Verilog text beside the top.

The modules of rtl/ have `vdc` built in: it is what the engines have, what is proven and what the areas were measured
on, so they stay as they are. For another source a design gets modules of its own, each the one of rtl/ under a new name
with one difference: the comparators of `sc_stream_synapses` compare with the numbers of <top>_<source>_source. `vdc` is
still the window's clock there, which costs the counter that any source has. That module is an instance of the source's
own RTL (`sources.Module`) or, of a source without any, a table of its numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..errors import require
from ..network import Network
from ..paths import hdl_root
from ..sources import NUMBERS, log2_length, parse, source

__all__ = ["BUILT_IN", "family", "renamed", "source_module", "source_text"]

#: The source of rtl/sc_stream_synapses.v.
BUILT_IN = "vdc"

# Ports that every source has, connected to wires of the same names.
_PORTS = ".clk(clk), .rst(rst), .i_restart(i_restart), .i_en(i_en)"


def family(network: Network, top: str) -> str:
    """Return what the names of the streaming modules begin with.

    That is "sc_stream" for the modules of rtl/, else a name made of the top's and the source's.

    Args:
        network: the network, whose weight source decides.
        top: name of the top.
    """
    if network.weight_source == BUILT_IN:
        return "sc_stream"
    return f"{top}_{re.sub(r'[^a-z0-9]+', '_', network.weight_source.partition(',')[0])}"


def _rtl(name: str) -> str:
    """Return the text of a module of rtl/."""
    return (hdl_root() / "rtl" / f"{name}.v").read_text(encoding="utf-8")


def _once(text: str, old: str, new: str) -> str:
    """Return the text with its one `old` replaced; a change of rtl/ that takes the place away is noticed here."""
    count = text.count(old)
    require(count == 1, f"the streaming modules of rtl/ must have {old!r} once, they have it {count} times")
    return text.replace(old, new)


def renamed(text: str, name: str) -> str:
    """Return a streaming layer's text with the synapses, or the frame around them, of the family `name`."""
    return re.sub(r"\bsc_stream_(synapses|neurons) #\(", rf"{name}_\1 #(", text)


def source_module(spelling: str, length: int, name: str) -> str:
    """Return the Verilog of a module that gives the numbers of a source, with the ports of rtl/sc_vdc_source.v.

    Before it stand the source's own files, those that are not in rtl/.

    Args:
        spelling: the source, as in `Network.weight_source`.
        length: L.
        name: name of the module.

    Raises:
        ScError: the source has no such length, or its module is neither in its own files nor in rtl/, or in both.
    """
    n, numbers = log2_length(length), source(spelling, length)
    known, argument = (None, None) if spelling.startswith(f"{NUMBERS}:") else parse(spelling)
    module = known.module if known else None
    own = ""
    if known and module:
        own = "".join(file.read_text(encoding="utf-8").rstrip() + "\n\n" for file in module.files)
        within = (hdl_root() / "rtl" / f"{module.name}.v").is_file()
        require(
            within != bool(re.search(rf"^\s*module\s+{re.escape(module.name)}\b", own, re.MULTILINE)),
            f"source {known.name}: module {module.name} must be in one of its own files, or in rtl/",
        )
        if argument is None:
            argument = known.argument.default if known.argument else 0
        assert argument is not None
        words = {"LOG2L": "LOG2L", **module.parameters(length, argument)}
        settings = ", ".join(f".{key}({value})" for key, value in words.items())
        body = f"    {module.name} #({settings}) u_source (\n        {_PORTS}, .o_r(o_r)\n    );\n"
    else:
        rows = "".join(f"            {n}'d{t}: r = {n}'d{value};\n" for t, value in enumerate(numbers.tolist()))
        body = (
            f"    wire [LOG2L-1:0] t;\n    reg  [LOG2L-1:0] r;\n"
            f"    sc_counter_source #(.LOG2L(LOG2L)) u_t (\n        {_PORTS}, .o_r(t)\n    );\n"
            f"    always @*\n        case (t)\n{rows}            default: r = {n}'d0;\n        endcase\n"
            "    assign o_r = r;\n"
        )
    title = spelling if len(spelling) <= 60 else f"{spelling[:59]}…"
    return (
        f"{own}// Number source {title}, L = {length} (A3).\n`default_nettype none\n"
        f"module {name} #(\n    parameter LOG2L = {n}\n) (\n"
        "    input  wire             clk,\n    input  wire             rst,\n"
        "    input  wire             i_restart,\n    input  wire             i_en,\n"
        f"    output wire [LOG2L-1:0] o_r\n);\n{body}endmodule\n`default_nettype wire\n"
    )


def source_text(network: Network, top: str, layers: Iterable[str]) -> str:
    """Return the modules that a design needs for its weight source beside those of rtl/; "" for `vdc`.

    They are <family>_source, <family>_synapses, and a module for each of the layers and for the frame that they need,
    with <family> in the place of sc_stream in its name.

    Args:
        network: the network.
        top: name of the design's top.
        layers: names of the streaming layers of rtl/ that it uses.

    Raises:
        ScError: as `source_module`.
    """
    name = family(network, top)
    if network.weight_source == BUILT_IN:
        return ""
    synapses = _once(_rtl("sc_stream_synapses"), "module sc_stream_synapses #(", f"module {name}_synapses #(")
    synapses = _once(synapses, ".i_r(r)", ".i_r(number)")
    synapses = _once(
        synapses,
        "    wire [L-1:0] level;\n",
        f"    wire [LOG2L-1:0] number;\n"
        f"    {name}_source #(.LOG2L(LOG2L)) u_number (\n"
        "        .clk(clk), .rst(rst), .i_restart(i_start), .i_en(active), .o_r(number)\n    );\n"
        "    wire [L-1:0] level;\n",
    )
    texts = {layer: _rtl(layer) for layer in layers}
    if any("sc_stream_neurons #(" in text for text in texts.values()):
        texts["sc_stream_neurons"] = _rtl("sc_stream_neurons")
    own = []
    for layer, text in texts.items():
        outer = _once(text, f"module {layer} #(", f"module {layer.replace('sc_stream', name, 1)} #(")
        own.append(renamed(outer, name))
        require(own[-1] != outer, f"{layer} of rtl/ must instantiate sc_stream_synapses or sc_stream_neurons")
    number = source_module(network.weight_source, network.length, f"{name}_source")
    note = (
        f"// The module of rtl/ with another name, and the weights' numbers of {name}_source; written, do not edit.\n"
    )
    return "\n".join([number, *(note + text for text in (synapses, *own))])
