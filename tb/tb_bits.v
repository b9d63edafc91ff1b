// SPDX-License-Identifier: Apache-2.0
// Bench top: the gates and registers that work on single streams, with several parameters each, side by side.
//
// Format     multiplier k of o_product (256 bits each) has N of 1, 2, 37, 256; MUX k LOG2N of 1, 2, 5, 10; counter k of
//            o_count (25 bits each) LOG2L of 2, 3, 6, 24; correlator k DEPTH of 1, 2, 3, 4, 7, 64; decorrelator k
//            LOG2_DEPTH of 1, 2, 3, 8.
`default_nettype none
module tb_bits (
    input  wire             clk,
    input  wire             rst,
    input  wire             i_restart,
    input  wire             i_first,
    input  wire             i_en,
    input  wire [1023:0]    i_wide_x,
    input  wire [255:0]     i_wide_w,
    input  wire [9:0]       i_sel,
    input  wire             i_x,
    input  wire             i_y,
    output wire [4*256-1:0] o_product,
    output wire [3:0]       o_mux,
    output wire [4*25-1:0]  o_count,
    output wire [5:0]       o_x,
    output wire [5:0]       o_y,
    output wire [3:0]       o_shuffled
);
    localparam [4*32-1:0] NS     = {32'd256, 32'd37, 32'd2, 32'd1};
    localparam [4*32-1:0] LOG2NS = {32'd10, 32'd5, 32'd2, 32'd1};
    localparam [4*32-1:0] LOG2LS = {32'd24, 32'd6, 32'd3, 32'd2};
    localparam [6*32-1:0] DEPTHS = {32'd64, 32'd7, 32'd4, 32'd3, 32'd2, 32'd1};
    localparam [4*32-1:0] LOG2DS = {32'd8, 32'd3, 32'd2, 32'd1};
    genvar k;
    generate
        for (k = 0; k < 4; k = k + 1) begin : g_four
            localparam integer N = NS[k*32 +: 32];
            wire [N-1:0] product;
            sc_mul_bipolar #(.N(N)) u_mul (.i_x(i_wide_x[N-1:0]), .i_w(i_wide_w[N-1:0]), .o_bits(product));
            if (N == 256) begin : g_full
                assign o_product[k*256 +: 256] = product;
            end else begin : g_pad
                assign o_product[k*256 +: 256] = {{(256-N){1'b0}}, product};
            end

            localparam integer LOG2N = LOG2NS[k*32 +: 32];
            sc_mux_add #(.LOG2N(LOG2N)) u_mux (
                .i_bits(i_wide_x[(1<<LOG2N)-1:0]), .i_sel(i_sel[LOG2N-1:0]), .o_bit(o_mux[k])
            );

            localparam integer LOG2L = LOG2LS[k*32 +: 32];
            wire [LOG2L:0] count;
            sc_counter #(.LOG2L(LOG2L)) u_counter (
                .clk(clk), .rst(rst), .i_first(i_first), .i_en(i_en), .i_bit(i_x), .o_count(count)
            );
            if (LOG2L == 24) begin : g_full_count
                assign o_count[k*25 +: 25] = count;
            end else begin : g_pad_count
                assign o_count[k*25 +: 25] = {{(24-LOG2L){1'b0}}, count};
            end

            localparam integer LOG2D = LOG2DS[k*32 +: 32];
            sc_decorrelator #(.LOG2_DEPTH(LOG2D)) u_decorrelator (
                .clk(clk), .rst(rst), .i_restart(i_restart), .i_en(i_en), .i_addr(i_sel[LOG2D-1:0]), .i_bit(i_x),
                .o_bit(o_shuffled[k])
            );
        end
        for (k = 0; k < 6; k = k + 1) begin : g_correlator
            localparam integer DEPTH = DEPTHS[k*32 +: 32];
            sc_correlator #(.DEPTH(DEPTH)) u_correlator (
                .clk(clk), .rst(rst), .i_restart(i_restart), .i_en(i_en), .i_x(i_x), .i_y(i_y),
                .o_x(o_x[k]), .o_y(o_y[k])
            );
        end
    endgenerate
endmodule
`default_nettype wire
