"""A neuron's RTL: one step, a combinational module, and the streaming layer of such steps (A17).

State in, state out: a step holds no register. rtl/sc_stream_neurons.v keeps the states of a layer in registers, begins
windows, and makes currents from synapses; the layer around a step is that frame and an instance of the step a neuron.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

__all__ = ["RtlStep", "StreamLayer"]


@dataclass(frozen=True, slots=True)
class StreamLayer:
    """The module of rtl/ that is a streaming layer of such neurons (A17), and its parameters, a dictionary a line.

    first: parameters that stand behind the layer's sizes. rest: those in lines of their own, of which the builder's
    (PIPE, ADDER, INIT_FILE) follow the last. modules: the text of those that are not in rtl/, by name.
    """

    module: str
    first: Mapping[str, int]
    rest: tuple[Mapping[str, int], ...]
    modules: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RtlStep:
    """The module of one clock of a neuron that takes a current: combinational, state in, state out.

    Its ports are i_<state> and o_<state> for each state, i_<current>, o_spike, and i_<name> for each of `inputs`.

    module: its name. states: name → (bits, value after rst). current: name and bits, signed, of the current; `shift` is
    what one unit of a layer's sum is shifted left beside theta_frac. inputs: name → (bits, value) of constant inputs.
    parameters: those of the module. text: the module in Verilog; "" where it is in rtl/.

    >>> step = RtlStep("sc_lif_step", {"v": (16, 0), "left": (8, 0)}, ("current", 16))
    >>> step.state_bits, step.start
    (24, 0)
    """

    module: str
    states: Mapping[str, tuple[int, int]]
    current: tuple[str, int]
    shift: int = 0
    inputs: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    parameters: Mapping[str, int] = field(default_factory=dict)
    text: str = ""

    @property
    def state_bits(self) -> int:
        """Bits of the whole state; the first of `states` lies lowest."""
        return sum(bits for bits, _ in self.states.values())

    @property
    def start(self) -> int:
        """The whole state after rst, as a word of `state_bits`."""
        word, low = 0, 0
        for bits, value in self.states.values():
            word |= (value & (1 << bits) - 1) << low
            low += bits
        return word

    def stream_layer(self, theta_frac: int) -> StreamLayer:
        """Return the layer of such neurons, generated: rtl/sc_stream_neurons.v around the steps."""
        body = self._body()
        # Layers whose neurons differ in anything are different modules, of which one design may have several.
        name = f"sc_stream_{self.module}_{sha256(body.encode()).hexdigest()[:8]}"
        modules = {name: _HEAD.format(name=name, module=self.module, shift=self.shift) + body}
        return StreamLayer(name, {"FRAC": theta_frac}, ({},), modules | ({self.module: self.text} if self.text else {}))

    def _body(self) -> str:
        """Return the text of the layer behind its head."""
        (current, width), size = self.current, self.state_bits
        joins, low = [], 0
        for name, (bits, _) in self.states.items():
            field_ = f"[j*{size}+{low} +: {bits}]"
            joins += [f".i_{name}(states{field_})", f".o_{name}(next{field_})"]
            low += bits
        joins += [f".i_{current}(currents[j*{width} +: {width}])", ".o_spike(spikes[j])"]
        joins += [f".i_{name}({bits}'d{value & (1 << bits) - 1})" for name, (bits, value) in self.inputs.items()]
        settings = ", ".join(f".{name}({value})" for name, value in self.parameters.items())
        ports = ",\n                ".join(joins)
        return _BODY.format(
            width=width,
            size=size,
            start=f"{size}'h{self.start:x}",
            shift=f"FRAC + {self.shift}" if self.shift else "FRAC",
            step=f"{self.module} #({settings})" if settings else self.module,
            ports=ports,
        )


_HEAD = """// Streaming dense layer of {module} neurons (A17), as rtl/sc_stream_lif.v is one of lif neurons.
// Written by sc_neurocore, do not edit. At each clock of a window a neuron takes the current
// (sum of its synapses) << (FRAC + {shift}), and o_x is its spike. Windows, latency and weights as those of
// rtl/sc_stream_neurons.v, which holds all registers.
`default_nettype none
module {name} #(
"""

_BODY = """    parameter INPUTS    = 4,
    parameter NEURONS   = 2,
    parameter LOG2L     = 4,
    parameter FRAC      = 4,
    parameter PIPE      = 1,
    parameter ADDER     = 0,
    parameter INIT_FILE = "",
    parameter [NEURONS*(INPUTS+1)*(LOG2L+1)-1:0] WEIGHTS = 0
) (
    input  wire               clk,
    input  wire               rst,
    input  wire               i_start,
    input  wire [INPUTS-1:0]  i_x,
    output wire               o_start,
    output wire [NEURONS-1:0] o_x
);
    wire [NEURONS*{width}-1:0] currents;
    wire [NEURONS*{size}-1:0] states, next;
    wire [NEURONS-1:0] spikes;
    sc_stream_neurons #(
        .INPUTS(INPUTS), .NEURONS(NEURONS), .LOG2L(LOG2L), .SHIFT({shift}), .CURRENT_W({width}), .STATE_W({size}),
        .START({start}), .PIPE(PIPE), .ADDER(ADDER), .INIT_FILE(INIT_FILE), .WEIGHTS(WEIGHTS)
    ) u_neurons (
        .clk(clk), .rst(rst), .i_start(i_start), .i_x(i_x), .o_start(o_start), .o_x(o_x), .o_currents(currents),
        .o_states(states), .i_states(next), .i_spikes(spikes)
    );
    genvar j;
    generate
        for (j = 0; j < NEURONS; j = j + 1) begin : g_neuron
            {step} u_step (
                {ports}
            );
        end
    endgenerate
endmodule
`default_nettype wire
"""
