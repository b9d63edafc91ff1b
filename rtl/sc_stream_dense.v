// SPDX-License-Identifier: Apache-2.0
// Streaming dense layer: every synapse an AND gate with its own constant weight, one stream bit per clock (A17).
//
// Update     S of a neuron, over the window of L = 2^LOG2L clocks after i_start: the sum of (-1)^sign * (x(t) AND
//            [W > vdc(t)]) over t and its INPUTS + 1 synapses, the last one the bias, with x = 1 (A5 .. A7).
//            ADDER = 1: a MUX adds one synapse a clock, times the number of slots, 2^$clog2(INPUTS + 1) (A16, A17).
// Neuron     NEURON = 1: window_if (A8): S becomes the stream o_x of the next window, whose i_start is o_start.
//            NEURON = 0: none (A9): S are scores.
// Window     i_start comes in the clock before t = 0, in the last clock of a window (back to back) or any later; in
//            mid-window it abandons the window. rst at any clock forgets everything.
// Latency    o_start and o_s come L + PIPE clocks after i_start, for one clock; t = 0 of o_x is the clock after.
// Format     weights: neuron after neuron, each its INPUTS weights, then its bias, sign and magnitude: from INIT_FILE
//            (an artifact's layer<k>.mem) or, where that is empty, from WEIGHTS, the first in the lowest bits.
//            o_s: signed ACC_W bits a neuron, neuron 0 lowest, wide enough for every S: nothing wraps.
// Model      sc_neurocore.golden
// Proof      formal/sc_stream_dense_fv.v
`default_nettype none
module sc_stream_dense #(
    parameter INPUTS    = 4,               // 1 .. 4095
    parameter NEURONS   = 2,               // 1 .. 1024
    parameter LOG2L     = 4,               // 2 .. 12
    parameter NEURON    = 1,               // 0: none, 1: window_if
    parameter THETA     = 16,              // 1 .. 65535, FRAC fraction bits; for NEURON = 1
    parameter FRAC      = 4,               // 0 .. 15
    parameter PIPE      = 1,               // 0 or 1: a register behind the counters
    parameter ADDER     = 0,               // 0: parallel counter, 1: MUX
    parameter INIT_FILE = "",
    parameter [NEURONS*(INPUTS+1)*(LOG2L+1)-1:0] WEIGHTS = 0,
    parameter ACC_W     = LOG2L + $clog2(INPUTS + 2) + 1    // derived; do not override
) (
    input  wire                     clk,
    input  wire                     rst,
    input  wire                     i_start,
    input  wire [INPUTS-1:0]        i_x,
    output wire                     o_start,   // o_s holds S of the window
    output wire [NEURONS*ACC_W-1:0] o_s,
    output wire [NEURONS-1:0]       o_x        // 0 with NEURON = 0
);
    localparam COUNT_W = $clog2(INPUTS + 2);
    generate
        if (NEURON != 0 && NEURON != 1) begin : g_illegal_neuron
            ERROR_NEURON_must_be_0_none_or_1_window_if u_illegal ();
        end
        if (THETA < 1 || THETA > 65535) begin : g_illegal_theta
            ERROR_THETA_must_be_in_1_to_65535 u_illegal ();
        end
        if (FRAC < 0 || FRAC > 15) begin : g_illegal_frac
            ERROR_FRAC_must_be_in_0_to_15 u_illegal ();
        end
    endgenerate

    wire                       clear, en;
    wire [NEURONS*COUNT_W-1:0] counts, negs;
    sc_stream_synapses #(
        .INPUTS(INPUTS), .NEURONS(NEURONS), .LOG2L(LOG2L), .PIPE(PIPE), .ADDER(ADDER), .INIT_FILE(INIT_FILE),
        .WEIGHTS(WEIGHTS)
    ) u_synapses (
        .clk(clk), .rst(rst), .i_start(i_start), .i_x(i_x), .o_clear(clear), .o_en(en), .o_last(o_start),
        .o_counts(counts), .o_negs(negs)
    );

    localparam        SCALE      = ADDER == 1 ? $clog2(INPUTS + 1) : 0;
    localparam [31:0] THETA_BITS = THETA;
    genvar j;
    generate
        for (j = 0; j < NEURONS; j = j + 1) begin : g_neuron
            // The L clocks count L ones too many for each negative synapse: the sum starts below 0 by as many.
            reg  [ACC_W-1:0] acc;
            wire [ACC_W-1:0] start = -{1'b0, negs[j*COUNT_W +: COUNT_W], {LOG2L{1'b0}}};
            wire [ACC_W-1:0] sum   = acc + {{(ACC_W-COUNT_W){1'b0}}, counts[j*COUNT_W +: COUNT_W]};
            always @(posedge clk)
                if (rst || clear) acc <= start;
                else if (en)      acc <= sum;
            assign o_s[j*ACC_W +: ACC_W] = sum << SCALE;
            if (NEURON == 1) begin : g_window_if
                sc_window_if #(.ACC_W(ACC_W), .FRAC(FRAC), .THETA_W(16)) u_neuron (
                    .clk(clk), .rst(rst), .i_load(o_start), .i_en(1'b1), .i_s(o_s[j*ACC_W +: ACC_W]),
                    .i_theta(THETA_BITS[15:0]), .o_spike(o_x[j])
                );
            end else begin : g_none
                assign o_x[j] = 1'b0;
            end
        end
    endgenerate
endmodule
`default_nettype wire
