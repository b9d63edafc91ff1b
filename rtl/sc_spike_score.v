// SPDX-License-Identifier: Apache-2.0
// Sums of the spiking engine that outlive a group of neurons: the current of the neuron in the drain, with what a constant
// input adds to it (base), its score, and the class. One adder serves both.
//
// Update     i_first: o_current = i_front + base, base = the current of the sample's first step where i_rest, else 0;
//            i_step:  the score so far (0 where i_fresh) + S, the spike or u, by i_readout (A20); written at i_score.
//            i_keep_base with i_step keeps o_current as the neuron's base.
//            o_class is the lowest index of the greatest score since the one of index 0 (A9).
// Latency    1 clock.
// Format     i_front, o_current signed S_W bits; i_u signed WIDTH bits; o_score signed SUM_W bits, of which more than SUM_W
//            are lost: the user chooses enough.
// Model      sc_neurocore.golden
// Proof      formal/sc_spike_score_fv.v
`default_nettype none
module sc_spike_score #(
    parameter LOG2_ENTRIES = 8,            // LOG2_ENTRIES to WIDTH, STATE_AW: as in sc_spike_engine, which checks them
    parameter S_W          = 13,           // bits of a sum of the engine, which checks them
    parameter WIDTH        = 16,           // of the engine, which checks them
    parameter SUM_W        = 20,           // 4 .. 32
    parameter STATE_AW     = 8,            // of the engine, which checks them
    parameter CONSTANT     = 1             // 0: no base, 1: a base
) (
    input  wire                    clk,
    input  wire [STATE_AW-1:0]     i_read_addr,   // of base and score, which arrive one clock later
    input  wire [STATE_AW-1:0]     i_write_addr,
    input  wire                    i_first,
    input  wire                    i_step,
    input  wire                    i_score,
    input  wire                    i_rest,
    input  wire                    i_keep_base,
    input  wire                    i_fresh,
    input  wire [1:0]              i_readout,     // 0: sum, 1: spikes, 2: potentials, 3: potential
    input  wire [S_W-1:0]          i_front,
    input  wire [WIDTH-1:0]        i_u,
    input  wire                    i_spike,
    input  wire                    i_taken,       // o_score goes out
    input  wire [LOG2_ENTRIES-1:0] i_index,
    output wire [S_W-1:0]          o_current,
    output wire [SUM_W-1:0]        o_score,
    output wire [LOG2_ENTRIES-1:0] o_class
);
    localparam TOP_W = S_W > SUM_W ? S_W : SUM_W;
    localparam R_W   = TOP_W > WIDTH ? TOP_W : WIDTH;
    generate
        if (SUM_W < 4 || SUM_W > 32) begin : g_illegal_sum_w
            ERROR_SUM_W_must_be_in_4_to_32 u_illegal ();
        end
        if (CONSTANT != 0 && CONSTANT != 1) begin : g_illegal_constant
            ERROR_CONSTANT_must_be_in_0_to_1 u_illegal ();
        end
    endgenerate

    reg  [R_W-1:0]   total;
    wire [S_W-1:0]   base;
    wire [SUM_W-1:0] score;
    generate
        if (CONSTANT == 1) begin : g_base
            sc_mem #(.WIDTH(S_W), .DEPTH(1 << STATE_AW)) u_base (
                .clk(clk), .i_we(i_step && i_keep_base), .i_waddr(i_write_addr), .i_wdata(o_current),
                .i_raddr(i_read_addr), .o_rdata(base)
            );
        end else begin : g_no_base
            wire unused = &{1'b0, i_keep_base};
            assign base = {S_W{1'b0}};
        end
    endgenerate
    sc_mem #(.WIDTH(SUM_W), .DEPTH(1 << STATE_AW)) u_score (
        .clk(clk), .i_we(i_score), .i_waddr(i_write_addr), .i_wdata(o_score), .i_raddr(i_read_addr), .o_rdata(score)
    );

    wire take_front = !i_step || i_readout == 0;
    wire take_u     = i_step && i_readout[1];
    wire take_base  = !i_step && i_rest;
    wire take_score = i_step && !i_fresh && i_readout != 3;
    wire one        = i_step && i_readout == 1 && i_spike;

    function [R_W-1:0] from_s(input [S_W-1:0] s);
        from_s = {{(R_W-S_W+1){s[S_W-1]}}, s[S_W-2:0]};
    endfunction
    wire [R_W-1:0] u_x     = {{(R_W-WIDTH+1){i_u[WIDTH-1]}}, i_u[WIDTH-2:0]};
    wire [R_W-1:0] score_x = {{(R_W-SUM_W+1){score[SUM_W-1]}}, score[SUM_W-2:0]};
    wire [R_W-1:0] part    = (from_s(i_front) & {R_W{take_front}}) | (u_x & {R_W{take_u}});
    wire [R_W-1:0] more    = (from_s(base) & {R_W{take_base}}) | (score_x & {R_W{take_score}});
    wire [R_W:0]   added   = {part, 1'b1} + {more, one};         // `one` comes in as the carry
    always @(posedge clk) if (i_first || i_step) total <= added[R_W:1];

    wire unused_bits = &{1'b0, total, added};
    assign o_current = total[S_W-1:0];
    assign o_score   = total[SUM_W-1:0];

    // Class.
    reg  [SUM_W-1:0]        best;
    reg  [LOG2_ENTRIES-1:0] best_index;
    wire greater = i_index == 0 || $signed(o_score) > $signed(best);
    assign o_class = greater ? i_index : best_index;
    always @(posedge clk)
        if (i_taken && greater) begin
            best       <= o_score;
            best_index <= i_index;
        end
endmodule
`default_nettype wire
