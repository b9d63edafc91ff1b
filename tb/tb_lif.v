// SPDX-License-Identifier: Apache-2.0
// Bench top: lif neurons of several parameters side by side.
//
// Format     neuron k has bit k of i_restart, i_en and o_spike, field k (32 bits) of i_current, i_theta, i_v_reset and o_v (padded
//            with zeros), field k (8 bits) of i_beta; o_parameters gives its WIDTH, LEAK_MODE, LEAK_SHIFT, RESET_MODE
//            and REFRACTORY, 32 bits each, WIDTH at the low end.
`default_nettype none
module tb_lif #(
    parameter NEURONS = 14
) (
    input  wire                  clk,
    input  wire                  rst,
    input  wire [NEURONS-1:0]    i_restart,
    input  wire [NEURONS-1:0]    i_en,
    input  wire [NEURONS*32-1:0] i_current,
    input  wire [NEURONS*32-1:0] i_theta,
    input  wire [NEURONS*32-1:0] i_v_reset,
    input  wire [NEURONS*8-1:0]  i_beta,
    output wire [NEURONS-1:0]    o_spike,
    output wire [NEURONS*32-1:0] o_v,
    output wire [NEURONS*160-1:0] o_parameters
);
    // REFRACTORY, RESET_MODE, LEAK_SHIFT, LEAK_MODE, WIDTH: the default, each mode, the extremes of each.
    localparam [NEURONS*160-1:0] SETS = {
        32'd0,   32'd1, 32'd0,  32'd1, 32'd8,     32'd7,   32'd0, 32'd7,  32'd0, 32'd8,
        32'd255, 32'd0, 32'd2,  32'd0, 32'd16,    32'd1,   32'd1, 32'd31, 32'd1, 32'd32,
        32'd1,   32'd0, 32'd0,  32'd1, 32'd4,     32'd0,   32'd1, 32'd3,  32'd0, 32'd4,
        32'd0,   32'd0, 32'd0,  32'd1, 32'd32,    32'd0,   32'd1, 32'd31, 32'd0, 32'd32,
        32'd2,   32'd1, 32'd15, 32'd0, 32'd16,    32'd3,   32'd0, 32'd0,  32'd1, 32'd16,
        32'd0,   32'd1, 32'd4,  32'd1, 32'd16,    32'd0,   32'd0, 32'd0,  32'd0, 32'd16,
        32'd0,   32'd0, 32'd1,  32'd0, 32'd16,    32'd0,   32'd0, 32'd4,  32'd0, 32'd16
    };
    assign o_parameters = SETS;

    wire unused = &{1'b0, i_current, i_theta, i_v_reset, i_beta};   // the upper bits of narrow fields
    genvar k;
    generate
        for (k = 0; k < NEURONS; k = k + 1) begin : g_neuron
            localparam integer WIDTH      = SETS[k*160 +: 32];
            localparam integer LEAK_MODE  = SETS[k*160+32 +: 32];
            localparam integer LEAK_SHIFT = SETS[k*160+64 +: 32];
            localparam integer RESET_MODE = SETS[k*160+96 +: 32];
            localparam integer REFRACTORY = SETS[k*160+128 +: 32];
            wire [WIDTH-1:0] v;
            sc_lif #(
                .WIDTH(WIDTH), .LEAK_MODE(LEAK_MODE), .LEAK_SHIFT(LEAK_SHIFT), .RESET_MODE(RESET_MODE),
                .REFRACTORY(REFRACTORY)
            ) u_neuron (
                .clk(clk), .rst(rst), .i_restart(i_restart[k]), .i_en(i_en[k]),
                .i_current(i_current[k*32 +: WIDTH]), .i_beta(i_beta[k*8 +: 8]), .i_theta(i_theta[k*32 +: WIDTH]),
                .i_v_reset(i_v_reset[k*32 +: WIDTH]), .o_spike(o_spike[k]), .o_v(v)
            );
            if (WIDTH == 32) begin : g_full
                assign o_v[k*32 +: 32] = v;
            end else begin : g_pad
                assign o_v[k*32 +: 32] = {{(32-WIDTH){1'b0}}, v};
            end
        end
    endgenerate
endmodule
`default_nettype wire
