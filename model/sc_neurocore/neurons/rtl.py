"""A neuron's RTL: one step as a combinational module, and the streaming layer of such steps (A17, streaming).

A step has its state as an input and the next state as an output, and holds no register. rtl/sc_stream_neurons.v keeps
the states of a whole layer in registers, begins windows, and makes currents from synapses. A layer is that frame and
one instance of the step for each neuron, so a new kind of neuron needs only its step in Verilog.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

__all__ = ["RtlStep", "StreamLayer"]


@dataclass(frozen=True, slots=True)
class StreamLayer:
    """The Verilog module of a streaming layer (A17) and its parameters, for the builder that instantiates it.

    The parameters are grouped by the lines on which the builder writes them.

    Attributes:
        module: name of the module, in rtl/ or in `modules`.
        first: parameters on the first line, behind the layer's sizes.
        rest: parameters of the further lines, a dictionary for each. The builder's own (PIPE, ADDER, INIT_FILE) follow
            those of the last one.
        modules: Verilog text of each module that is not in rtl/, by name.
    """

    module: str
    first: Mapping[str, int]
    rest: tuple[Mapping[str, int], ...]
    modules: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RtlStep:
    """The module of one clock of a neuron that takes a current: combinational, with the state as input and output.

    Its ports are i_<state> and o_<state> for each state, i_<current>, o_spike, and i_<name> for each of `inputs`.

    Attributes:
        module: name of the module.
        states: (bits, value after reset) of each state, by name.
        current: name and bits of the current, which is signed.
        shift: how far one unit of a layer's sum is shifted left, in addition to theta_frac.
        inputs: (bits, value) of each constant input, by name.
        parameters: values of the module's parameters, by name.
        text: the module in Verilog; "" where it is in rtl/.

    Example:
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
        """Bits of the whole state. The states lie side by side, the first of `states` in the lowest bits."""
        return sum(bits for bits, _ in self.states.values())

    @property
    def start(self) -> int:
        """The whole state after reset as one word of `state_bits` bits, negative values in two's complement."""
        word, low = 0, 0
        for bits, value in self.states.values():
            word |= (value & (1 << bits) - 1) << low
            low += bits
        return word

    def stream_layer(self, theta_frac: int) -> StreamLayer:
        """Return a generated layer of such neurons: rtl/sc_stream_neurons.v around one step for each neuron.

        Its name ends with a hash of its text, since one design may hold layers whose neurons differ.

        Args:
            theta_frac: fraction bits f: the current is (sum of a clock) · 2^(f + `shift`).
        """
        body = self._body()
        # Layers whose neurons differ in anything are different modules, of which one design may have several.
        name = f"sc_stream_{self.module}_{sha256(body.encode()).hexdigest()[:8]}"
        modules = {name: _HEAD.format(name=name, module=self.module, shift=self.shift) + body}
        return StreamLayer(name, {"FRAC": theta_frac}, ({},), modules | ({self.module: self.text} if self.text else {}))

    def _body(self) -> str:
        """Return the Verilog of the layer behind its head: ports, the frame, and the instances of the step.

        Bits `[j*size+low +: bits]` of the layer's state vector are one state of neuron j, size being `state_bits`.
        """
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
