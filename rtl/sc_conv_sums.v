// SPDX-License-Identifier: Apache-2.0
// Accumulator memory of the convolution engine: words of LANES sums, to which a visit adds one synapse of LANES neurons.
//
// Update     a visit (i_valid) of word i_addr with input code i_x: its weight word i_weight comes one clock later. Each
//            sum of the word gets its lane's product added (see sc_conv_lane). i_clear: the word is set to 0 instead,
//            and the sums, that visit's products included, go to the front for reading; o_loaded says so.
// Latency    visits come every clock. A word visited in the clock before is forwarded; two clocks later it is in memory.
//            o_loaded comes 2 clocks after the visit, the sums stand at the front (o_front) in the clock after it, lane 0
//            first; i_shift brings up the next. After a visit with i_clear a visit of the same word comes 2 clocks
//            later at the earliest.
// Reset      none, as block RAM has none: after rst the user clears every word by a visit.
// Format     as sc_conv_lane; lane k of a weight word at bits k*(LOG2L+1) upward.
// Model      sc_neurocore.golden
// Proof      formal/sc_conv_sums_fv.v
`default_nettype none
module sc_conv_sums #(
    parameter LOG2L  = 4,                  // 2 .. 8
    parameter LANES  = 2,                  // 1 .. 64
    parameter ACC_AW = 8,                  // 1 .. 14: 2^ACC_AW words
    parameter SUM_W  = 13,                 // LOG2L + 2 .. 32; with MAC = 1 at least 2 * LOG2L + 2
    parameter POOL   = 0,                  // 0: no pooling, 1: i_pool and i_max work
    parameter MAC    = 0                   // 0: stochastic, 1: integer multiply-accumulate
) (
    input  wire                       clk,
    input  wire                       rst,
    input  wire                       i_pool,          // held in a layer
    input  wire                       i_max,           // held in a layer
    input  wire                       i_valid,
    input  wire                       i_clear,
    input  wire [ACC_AW-1:0]          i_addr,
    input  wire [LOG2L:0]             i_x,
    input  wire [LANES-1:0]           i_lanes,         // pooling: the lane of the input's channel
    input  wire [LANES*(LOG2L+1)-1:0] i_weight,        // one clock after i_valid
    output reg                        o_loaded,
    input  wire                       i_shift,
    output wire [SUM_W-1:0]           o_front
);
    generate
        if (LANES < 1 || LANES > 64) begin : g_illegal_lanes
            ERROR_LANES_must_be_in_1_to_64 u_illegal ();
        end
        if (ACC_AW < 1 || ACC_AW > 14) begin : g_illegal_acc_aw
            ERROR_ACC_AW_must_be_in_1_to_14 u_illegal ();
        end
    endgenerate

    // Stage 1: the weight is here, the word is read. Stage 2: the terms are added, the word is written.
    reg              valid1, clear1, valid2, clear2, forward2;
    reg [ACC_AW-1:0] addr1, addr2;
    reg [LOG2L:0]    x1;
    reg [LANES-1:0]  lanes1;
    always @(posedge clk) begin
        valid1   <= i_valid && !rst;
        clear1   <= i_clear;
        addr1    <= i_addr;
        x1       <= i_x;
        lanes1   <= i_lanes;
        valid2   <= valid1 && !rst;
        clear2   <= clear1;
        addr2    <= addr1;
        forward2 <= valid2 && addr1 == addr2;
    end
    always @* o_loaded = valid2 && clear2;

    wire [(1<<LOG2L)-1:0]      x_bits;
    generate
        if (MAC != 0) begin : g_no_window                        // a simulator would work it out in every clock
            assign x_bits = {(1<<LOG2L){1'b0}};
        end else begin : g_window
            sc_window_sng #(.LOG2L(LOG2L), .SOURCE(0)) u_x_sng (.i_x(x1), .o_bits(x_bits));
        end
    endgenerate

    wire [LANES*SUM_W-1:0]     stored, sums_next, sums;
    wire [(LANES+1)*SUM_W-1:0] shifted = {{SUM_W{1'b0}}, sums};
    sc_mem #(.WIDTH(LANES * SUM_W), .DEPTH(1 << ACC_AW)) u_mem (
        .clk(clk), .i_we(valid2), .i_waddr(addr2), .i_wdata(sums_next & {(LANES*SUM_W){~clear2}}),
        .i_raddr(addr1), .o_rdata(stored)
    );

    genvar k;
    generate
        for (k = 0; k < LANES; k = k + 1) begin : g_lane
            sc_conv_lane #(.LOG2L(LOG2L), .SUM_W(SUM_W), .POOL(POOL), .MAC(MAC)) u_lane (
                .clk(clk), .i_valid(valid1 && !rst), .i_x(x1), .i_x_bits(x_bits),
                .i_weight(i_weight[k*(LOG2L+1) +: LOG2L+1]), .i_pool(i_pool), .i_max(i_max), .i_lane(lanes1[k]),
                .i_stored(stored[k*SUM_W +: SUM_W]), .i_forward(forward2),
                .o_sum_next(sums_next[k*SUM_W +: SUM_W]),
                .i_shift(i_shift), .i_shift_in(shifted[(k+1)*SUM_W +: SUM_W]), .o_sum(sums[k*SUM_W +: SUM_W])
            );
        end
    endgenerate
    assign o_front = shifted[0 +: SUM_W];
endmodule
`default_nettype wire
