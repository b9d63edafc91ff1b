// SPDX-License-Identifier: Apache-2.0
// Bench top: parallel counters and multipliers of several N side by side, on the same inputs.
//
// Format     field k of o_n is the N of parallel counter k, 13 bits; of o_count its count, 13 bits. Field k of o_mul_n
//            is the N of multiplier k, 13 bits; of o_pos and o_neg its products, 256 bits.
`default_nettype none
module tb_gates #(
    parameter COUNTERS    = 20,
    parameter MULTIPLIERS = 4
) (
    input  wire [4095:0]                i_bits,
    output wire [COUNTERS*13-1:0]       o_n,
    output wire [COUNTERS*13-1:0]       o_count,
    input  wire [255:0]                 i_x,
    input  wire [255:0]                 i_w,
    input  wire                         i_w_neg,
    output wire [MULTIPLIERS*13-1:0]    o_mul_n,
    output wire [MULTIPLIERS*256-1:0]   o_pos,
    output wire [MULTIPLIERS*256-1:0]   o_neg
);
    // Every N up to 9, then both sides of the powers of two, odd sizes and the greatest.
    localparam [COUNTERS*13-1:0] NS = {
        13'd4096, 13'd1000, 13'd257, 13'd256, 13'd255, 13'd100, 13'd64, 13'd33, 13'd32, 13'd31, 13'd16,
        13'd9, 13'd8, 13'd7, 13'd6, 13'd5, 13'd4, 13'd3, 13'd2, 13'd1
    };
    localparam [MULTIPLIERS*13-1:0] MUL_NS = {13'd256, 13'd37, 13'd2, 13'd1};
    assign o_n     = NS;
    assign o_mul_n = MUL_NS;

    genvar k;
    generate
        for (k = 0; k < COUNTERS; k = k + 1) begin : g_counter
            localparam N = NS[k*13 +: 13];
            localparam W = $clog2(N + 1);
            wire [W-1:0] count;
            sc_apc #(.N(N)) u_apc (.i_bits(i_bits[N-1:0]), .o_count(count));
            assign o_count[k*13 +: 13] = {{(13-W){1'b0}}, count};
        end
        for (k = 0; k < MULTIPLIERS; k = k + 1) begin : g_multiplier
            localparam N = MUL_NS[k*13 +: 13];
            wire [N-1:0] pos, neg;
            sc_mul #(.N(N)) u_mul (.i_x(i_x[N-1:0]), .i_w(i_w[N-1:0]), .i_w_neg(i_w_neg), .o_pos(pos), .o_neg(neg));
            if (N == 256) begin : g_full
                assign o_pos[k*256 +: 256] = pos;
                assign o_neg[k*256 +: 256] = neg;
            end else begin : g_pad
                assign o_pos[k*256 +: 256] = {{(256-N){1'b0}}, pos};
                assign o_neg[k*256 +: 256] = {{(256-N){1'b0}}, neg};
            end
        end
    endgenerate
endmodule
`default_nettype wire
