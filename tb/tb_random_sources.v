// SPDX-License-Identifier: Apache-2.0
// Bench top: LFSRs of every width and Sobol sources of every dimension and length side by side, on the same inputs.
//
// Format     field k (24 bits) of o_lfsr belongs to LOG2L = k + 3 and SEED = 1, of o_lfsr_top to SEED = L - 1. Field
//            10 k + d (12 bits) of o_sobol belongs to LOG2L = k + 2 and DIM = d.
`default_nettype none
module tb_random_sources (
    input  wire               clk,
    input  wire               rst,
    input  wire               i_restart,
    input  wire               i_en,
    output wire [22*24-1:0]   o_lfsr,
    output wire [22*24-1:0]   o_lfsr_top,
    output wire [11*10*12-1:0] o_sobol
);
    genvar n, d;
    generate
        for (n = 3; n <= 24; n = n + 1) begin : g_lfsr
            wire [n-1:0] r, r_top;
            sc_lfsr_source #(.LOG2L(n)) u_lfsr (
                .clk(clk), .rst(rst), .i_restart(i_restart), .i_en(i_en), .o_r(r)
            );
            sc_lfsr_source #(.LOG2L(n), .SEED((1 << n) - 1)) u_top (
                .clk(clk), .rst(rst), .i_restart(i_restart), .i_en(i_en), .o_r(r_top)
            );
            if (n == 24) begin : g_full
                assign o_lfsr[(n-3)*24 +: 24]     = r;
                assign o_lfsr_top[(n-3)*24 +: 24] = r_top;
            end else begin : g_pad
                assign o_lfsr[(n-3)*24 +: 24]     = {{(24-n){1'b0}}, r};
                assign o_lfsr_top[(n-3)*24 +: 24] = {{(24-n){1'b0}}, r_top};
            end
        end
        for (n = 2; n <= 12; n = n + 1) begin : g_sobol
            for (d = 0; d < 10; d = d + 1) begin : g_dim
                wire [n-1:0] r;
                sc_sobol_source #(.LOG2L(n), .DIM(d)) u_sobol (
                    .clk(clk), .rst(rst), .i_restart(i_restart), .i_en(i_en), .o_r(r)
                );
                if (n == 12) begin : g_full
                    assign o_sobol[((n-2)*10+d)*12 +: 12] = r;
                end else begin : g_pad
                    assign o_sobol[((n-2)*10+d)*12 +: 12] = {{(12-n){1'b0}}, r};
                end
            end
        end
    endgenerate
endmodule
`default_nettype wire
