"""A proof that a number source's RTL gives the numbers of its model, and so its streams their ones.

A source is called by its spelling, such as "lfsr:5", and proven at one length L. For any code X, any value V, and
whatever rst, i_restart and i_en do (see `harness`), SymbiYosys proves by induction:

| claim | meaning |
|---|---|
| a_restart | in the clock after rst or i_restart the source gives r(0) |
| a_order | t enabled clocks later it gives r(t) of the model |
| a_ones | in a window, sc_sng gives as many ones as there are r(t) below X: min(X, L) if each value occurs once |
| a_once | where the source promises it (`Source.once`), a window has the value V exactly once |

The claims hold of the RTL itself, so they also find a module that has the right numbers in a simulation from reset, but
goes wrong after a restart in mid-window.

formal/sc_sources_fv.v proves more of `counter` and `vdc`; this is for any source, one from outside the package too.
docs/adding_a_source.md shows the use.
"""

from __future__ import annotations

import re

from ..errors import require
from ..paths import hdl_root
from ..sources import NUMBERS, log2_length, parse, source
from .formal_tools import run_task
from .stream_source import source_module

__all__ = ["harness", "prove"]

# Names of the source and of the harness around it, whatever source is proven.
_MODULE = "sc_any_source"
_TOP = "sc_any_source_fv"
_SBY = f"""\
[tasks]
prove
cover

[options]
prove: mode prove
prove: depth DEPTH
cover: mode cover
cover: depth DEPTH

[engines]
smtbmc yices

[script]
read -formal FILES
prep -top {_TOP}
memory_map -rom-only

[files]
FILES
"""
# RTL that a source may be built on. A source's own module, where it is in rtl/, is added to these.
_RTL = ("sc_counter_source", "sc_vdc_source", "sc_lfsr_source", "sc_sobol_source", "sc_sng")


def harness(spelling: str, length: int) -> str:
    """Return the Verilog of the proof: the source, an SNG behind it, and the numbers of the model as a table.

    The environment is that of A1 (window): a window is the L enabled clocks after a restart, so i_en is 0 from its end
    to the next restart. Within that all inputs are free.

    Beside the claims it has invariants (i_t, i_ones, i_hits), which tie its counters of ones and hits to the table. The
    induction needs them: it begins in any state, also in one that no reset leads to.

    Args:
        spelling: the source, as `sources.source` takes it.
        length: L.

    Raises:
        ScError: the spelling is unknown, or the source has no such length.
    """
    n, numbers = log2_length(length), source(spelling, length)
    once = not spelling.startswith(f"{NUMBERS}:") and parse(spelling)[0].once
    table = ", ".join(f"{n}'d{value}" for value in reversed(numbers.tolist()))
    ones = "(x > L ? L : x)" if once else "ones_all"
    claim_once = "            a_once: assert (hits_now == 1);\n" if once else ""
    return f"""\
// Proof of number source {spelling[:80]} at L = {length}; written by source_proof, do not edit.
`default_nettype none
module {_TOP} (
    input wire clk,
    input wire rst,
    input wire i_restart,
    input wire i_en
);
    localparam LOG2L = {n};
    localparam L     = {length};

    (* anyconst *) reg [LOG2L:0]   x;
    (* anyconst *) reg [LOG2L-1:0] v;

    wire [LOG2L-1:0] r;
    wire             sng;
    {_MODULE} #(.LOG2L(LOG2L)) u_source (
        .clk(clk), .rst(rst), .i_restart(i_restart), .i_en(i_en), .o_r(r)
    );
    sc_sng #(.LOG2L(LOG2L)) u_sng (.i_x(x), .i_r(r), .o_bit(sng));

    // r(t) of the model, r(0) lowest.
    localparam [L*LOG2L-1:0] NUMBERS = {{
        {table}
    }};
    function [LOG2L-1:0] r_of(input [LOG2L-1:0] at);
        r_of = NUMBERS[at*LOG2L +: LOG2L];
    endfunction

    reg           past_valid = 0;
    reg           past_start;
    reg [LOG2L:0] t;                       // enabled clocks since the restart; L: the window is over
    reg [LOG2L:0] ones, hits;              // in this window, before this clock
    wire          over     = t == L;
    wire          ends     = t == L - 1;
    wire [LOG2L:0] ones_now = ones + sng;
    wire [LOG2L:0] hits_now = hits + (r == v);
    always @(posedge clk) begin
        past_valid <= 1;
        past_start <= rst || i_restart;
        if (rst || i_restart) begin
            t    <= 0;
            ones <= 0;
            hits <= 0;
        end else if (i_en) begin
            t    <= t + 1;
            ones <= ones_now;
            hits <= hits_now;
        end
    end
    always @* begin
        if (!past_valid) assume (rst);
        if (over) assume (!i_en);
    end

    integer i;
    reg [LOG2L:0] ones_due, hits_due, ones_all;
    always @* begin
        ones_due = 0;
        hits_due = 0;
        ones_all = 0;
        for (i = 0; i < L; i = i + 1) begin
            ones_all = ones_all + (x > r_of(i));
            if (i < t) begin
                ones_due = ones_due + (x > r_of(i));
                hits_due = hits_due + (r_of(i) == v);
            end
        end
    end

    always @* if (past_valid) begin
        if (past_start) a_restart: assert (r == r_of(0));
        i_t: assert (t <= L);
        if (!over) begin
            a_order: assert (r == r_of(t));
            i_ones:  assert (ones == ones_due);
            i_hits:  assert (hits == hits_due);
        end
        if (ends) begin
            a_ones: assert (ones_now == {ones});
{claim_once}        end
    end

    always @(posedge clk)
        if (past_valid && !rst) begin
            c_window_ends:  cover (ends && i_en && x == L / 2);
            c_restarts_mid: cover (i_restart && t == L / 2);
        end
endmodule
`default_nettype wire
"""


def prove(spelling: str, length: int, *, timeout: float = 600) -> tuple[str, ...]:
    """Prove the claims of the module for one source and length, with SymbiYosys (`formal_tools.sby_tools`).

    Args:
        spelling: the source, as `sources.source` takes it.
        length: L. Time grows with it, so take a small one, 8 or 16: RTL that counts in LOG2L bits is the same at any.
        timeout: seconds for each of two runs, proof and cover.

    Returns:
        Labels of the claims that were proven, then those of the covers that were reached.

    Raises:
        ScError: a claim fails within a window from reset; the message names it. Or none fails but no proof by induction
            is found: then the source holds state that its number does not tell, and needs a proof of its own. Or a
            cover is not reached, a run exceeds its time, or a tool is missing.
    """
    text = harness(spelling, length)
    module = None if spelling.startswith(f"{NUMBERS}:") else parse(spelling)[0].module
    own = () if module is None or module.files else (module.name,)
    modules = dict.fromkeys((*_RTL, *own))
    files = {f"{name}.v": (hdl_root() / "rtl" / f"{name}.v").read_text(encoding="utf-8") for name in modules}
    files |= {f"{_MODULE}.v": source_module(spelling, length, _MODULE), f"{_TOP}.v": text}
    listed = _SBY.replace("DEPTH", str(length + 4)).replace("read -formal FILES", f"read -formal {' '.join(files)}")
    files[f"{_TOP}.sby"] = listed.replace("FILES", "\n".join(files))
    log = ""
    # The covers show that the proven situations occur at all, so that no claim holds for want of cases.
    for task in ("prove", "cover"):
        done = run_task(files, f"{_TOP}.sby", task, timeout=timeout)
        names, about = ", ".join(done.failed), f"{spelling} at L = {length}"
        require(done.status != "FAIL", f"{about}: {names or task} fails")
        require(done.status != "UNKNOWN", f"{about}: {names} holds from reset, but no proof by induction was found")
        require(done.status == "PASS", f"{about}: {task} gives {done.status}\n{done.log[-2000:]}")
        log += done.log
    reached = set(re.findall(r"Reached cover statement in step \d+ at \w+: (\w+)", log))
    wanted = set(re.findall(r"(\w+):\s*cover\b", text))
    require(reached == wanted, f"{spelling} at L = {length}: not reached: {', '.join(sorted(wanted - reached))}")
    return (*re.findall(r"(a_\w+):\s*assert\b", text), *sorted(reached))
