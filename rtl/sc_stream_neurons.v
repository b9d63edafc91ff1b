// SPDX-License-Identifier: Apache-2.0
// The frame of a streaming dense layer of any neurons that take a current: synapses, registers, windows (A17).
//
// Use        around one step module a neuron, combinational, such as sc_lif_step (sc_stream_lif): it takes the neuron's
//            fields of o_states and o_currents, and gives those of i_states and i_spikes, in the same clock.
// Update     at each clock t of a window the current of a neuron is
//            (sum of (-1)^sign * (x(t) AND [W > vdc(t)]) over its INPUTS + 1 synapses) << SHIFT;
//            o_states <- i_states and o_x <- i_spikes. Between windows both stay.
//            ADDER = 1: a MUX adds one synapse a clock, times the number of slots, 2^$clog2(INPUTS + 1).
// Window     each begins with START in every neuron's state. As sc_stream_dense: i_start comes in the clock before t = 0,
//            in the last clock of a window (back to back) or any later; in mid-window it abandons the window, and o_x
//            goes on with the one that it begins. rst: state START, no spike, no window.
// Latency    o_start comes 1 + PIPE clocks after i_start; t = 0 of o_x is the clock after.
// Format     neuron 0 has the lowest field of each vector; o_currents signed. Weights as sc_stream_dense. The current
//            must fit CURRENT_W bits for every input: (synapses of one sign, or with ADDER = 1 the slots) << SHIFT.
// Model      sc_neurocore.golden, sc_neurocore.neurons.RtlStep
// Proof      formal/sc_stream_neurons_fv.v
`default_nettype none
module sc_stream_neurons #(
    parameter INPUTS    = 4,               // 1 .. 4095
    parameter NEURONS   = 2,               // 1 .. 1024
    parameter LOG2L     = 4,               // 2 .. 12
    parameter SHIFT     = 4,               // 0 .. 39
    parameter CURRENT_W = 16,              // 1 .. 64
    parameter STATE_W   = 16,              // 1 .. 1024
    parameter [STATE_W-1:0] START = 0,
    parameter PIPE      = 1,               // 0 or 1: a register behind the counters
    parameter ADDER     = 0,               // 0: parallel counter, 1: MUX
    parameter INIT_FILE = "",
    parameter [NEURONS*(INPUTS+1)*(LOG2L+1)-1:0] WEIGHTS = 0
) (
    input  wire                         clk,
    input  wire                         rst,
    input  wire                         i_start,
    input  wire [INPUTS-1:0]            i_x,
    output reg                          o_start,
    output reg  [NEURONS-1:0]           o_x,
    output wire [NEURONS*CURRENT_W-1:0] o_currents,
    output reg  [NEURONS*STATE_W-1:0]   o_states,
    input  wire [NEURONS*STATE_W-1:0]   i_states,
    input  wire [NEURONS-1:0]           i_spikes
);
    localparam COUNT_W = $clog2(INPUTS + 2);
    localparam SCALE   = SHIFT + (ADDER == 1 ? $clog2(INPUTS + 1) : 0);
    generate
        if (SHIFT < 0 || SHIFT > 39) begin : g_illegal_shift
            ERROR_SHIFT_must_be_in_0_to_39 u_illegal ();
        end
        if (CURRENT_W < 1 || CURRENT_W > 64) begin : g_illegal_current_w
            ERROR_CURRENT_W_must_be_in_1_to_64 u_illegal ();
        end
        if (STATE_W < 1 || STATE_W > 1024) begin : g_illegal_state_w
            ERROR_STATE_W_must_be_in_1_to_1024 u_illegal ();
        end
    endgenerate

    wire                       restart, en, last;
    wire [NEURONS*COUNT_W-1:0] counts, negs;
    wire                       unused = &{1'b0, last};
    sc_stream_synapses #(
        .INPUTS(INPUTS), .NEURONS(NEURONS), .LOG2L(LOG2L), .PIPE(PIPE), .ADDER(ADDER), .INIT_FILE(INIT_FILE),
        .WEIGHTS(WEIGHTS)
    ) u_synapses (
        .clk(clk), .rst(rst), .i_start(i_start), .i_x(i_x), .o_clear(restart), .o_en(en), .o_last(last),
        .o_counts(counts), .o_negs(negs)
    );

    genvar j;
    generate
        for (j = 0; j < NEURONS; j = j + 1) begin : g_neuron
            wire [COUNT_W:0]           delta = {1'b0, counts[j*COUNT_W +: COUNT_W]} - {1'b0, negs[j*COUNT_W +: COUNT_W]};
            wire [CURRENT_W+COUNT_W:0] full  = {{CURRENT_W{delta[COUNT_W]}}, delta} << SCALE;
            wire                       unused_bits = &{1'b0, full};
            assign o_currents[j*CURRENT_W +: CURRENT_W] = full[CURRENT_W-1:0];
        end
    endgenerate

    // The clock of a restart is the last of the window before, where one runs: its spikes stay, its states do not.
    always @(posedge clk) begin
        o_start <= restart && !rst;
        if (rst)            o_x <= {NEURONS{1'b0}};
        else if (en)        o_x <= i_spikes;
        if (rst || restart) o_states <= {NEURONS{START}};
        else if (en)        o_states <= i_states;
    end
endmodule
`default_nettype wire
