// SPDX-License-Identifier: Apache-2.0
// Bench top: lanes of every window length, stochastic and MAC, with narrow and wide sums, side by side.
//
// Format     lane k has LOG2L = 2 + k / 4; bit 0 of k is MAC, bit 1 selects ACC_W: the narrowest legal one, or 32.
//            i_x: its fields are 9 bits, i_x_bits: 256 bits, i_weight: 9 bits, o_sum: 32 bits (sign-extended).
`default_nettype none
module tb_lane #(
    parameter LANES = 28
) (
    input  wire                 clk,
    input  wire                 rst,
    input  wire [LANES-1:0]     i_valid,
    input  wire [LANES-1:0]     i_last,
    input  wire [LANES*9-1:0]   i_x,
    input  wire [LANES*256-1:0] i_x_bits,
    input  wire [LANES*9-1:0]   i_weight,
    output wire [LANES*32-1:0]  o_sum
);
    wire unused = &{1'b0, i_x, i_x_bits, i_weight};   // the upper bits of narrow fields
    genvar k;
    generate
        for (k = 0; k < LANES; k = k + 1) begin : g_lane
            localparam LOG2L = 2 + k / 4;
            localparam MAC   = k % 2;
            localparam ACC_W = (k / 2) % 2 == 1 ? 32 : MAC != 0 ? 2 * LOG2L + 2 : LOG2L + 2;
            wire [ACC_W-1:0] sum;
            sc_lane #(.LOG2L(LOG2L), .ACC_W(ACC_W), .MAC(MAC)) u_lane (
                .clk(clk), .rst(rst), .i_valid(i_valid[k]), .i_last(i_last[k]), .i_x(i_x[k*9 +: LOG2L+1]),
                .i_x_bits(i_x_bits[k*256 +: 1<<LOG2L]), .i_weight(i_weight[k*9 +: LOG2L+1]), .o_sum(sum)
            );
            if (ACC_W == 32) begin : g_full
                assign o_sum[k*32 +: 32] = sum;
            end else begin : g_extend
                assign o_sum[k*32 +: 32] = {{(32-ACC_W){sum[ACC_W-1]}}, sum};
            end
        end
    endgenerate
endmodule
`default_nettype wire
