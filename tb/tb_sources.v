// SPDX-License-Identifier: Apache-2.0
// Bench top: the number sources and generators of every stream length side by side, on the same inputs.
//
// Format     field k of each output belongs to LOG2L = k + 2: 12 bits a source, 1 bit an SNG, 256 bits a window.
`default_nettype none
module tb_sources (
    input  wire             clk,
    input  wire             rst,
    input  wire             i_restart,
    input  wire             i_en,
    input  wire [12:0]      i_x,
    output wire [11*12-1:0] o_counter,
    output wire [11*12-1:0] o_vdc,
    output wire [10:0]      o_counter_bit,
    output wire [10:0]      o_vdc_bit,
    output wire [7*256-1:0] o_counter_window,
    output wire [7*256-1:0] o_vdc_window
);
    genvar n;
    generate
        for (n = 2; n <= 12; n = n + 1) begin : g_log2l
            wire [n-1:0] r_counter, r_vdc;
            sc_counter_source #(.LOG2L(n)) u_counter (
                .clk(clk), .rst(rst), .i_restart(i_restart), .i_en(i_en), .o_r(r_counter)
            );
            sc_vdc_source #(.LOG2L(n)) u_vdc (
                .clk(clk), .rst(rst), .i_restart(i_restart), .i_en(i_en), .o_r(r_vdc)
            );
            assign o_counter[(n-2)*12 +: 12] = {{(12-n){1'b0}}, r_counter};
            assign o_vdc[(n-2)*12 +: 12]     = {{(12-n){1'b0}}, r_vdc};
            sc_sng #(.LOG2L(n)) u_sng_counter (.i_x(i_x[n:0]), .i_r(r_counter), .o_bit(o_counter_bit[n-2]));
            sc_sng #(.LOG2L(n)) u_sng_vdc     (.i_x(i_x[n:0]), .i_r(r_vdc),     .o_bit(o_vdc_bit[n-2]));
        end
        for (n = 2; n <= 8; n = n + 1) begin : g_window
            wire [(1<<n)-1:0] counter_bits, vdc_bits;
            sc_window_sng #(.LOG2L(n), .SOURCE(0)) u_counter (.i_x(i_x[n:0]), .o_bits(counter_bits));
            sc_window_sng #(.LOG2L(n), .SOURCE(1)) u_vdc     (.i_x(i_x[n:0]), .o_bits(vdc_bits));
            if (n == 8) begin : g_full
                assign o_counter_window[(n-2)*256 +: 256] = counter_bits;
                assign o_vdc_window[(n-2)*256 +: 256]     = vdc_bits;
            end else begin : g_pad
                assign o_counter_window[(n-2)*256 +: 256] = {{(256-(1<<n)){1'b0}}, counter_bits};
                assign o_vdc_window[(n-2)*256 +: 256]     = {{(256-(1<<n)){1'b0}}, vdc_bits};
            end
        end
    endgenerate
endmodule
`default_nettype wire
