// SPDX-License-Identifier: Apache-2.0
// Bench top: window_if neurons of several parameters side by side.
//
// Format     neuron k has bit k of i_load, i_en and o_spike, field k (32 bits) of i_s and i_theta; o_parameters gives
//            its THETA_W, FRAC and ACC_W, 6 bits each, ACC_W at the low end.
`default_nettype none
module tb_window_if #(
    parameter NEURONS = 10
) (
    input  wire                    clk,
    input  wire                    rst,
    input  wire [NEURONS-1:0]      i_load,
    input  wire [NEURONS-1:0]      i_en,
    input  wire [NEURONS*32-1:0]   i_s,
    input  wire [NEURONS*32-1:0]   i_theta,
    output wire [NEURONS-1:0]      o_spike,
    output wire [NEURONS*18-1:0]   o_parameters
);
    // The extremes of each parameter, the engine's default, and both cases of "the wider" in V_W.
    localparam [NEURONS*18-1:0] SETS = {
        6'd1,  6'd16, 6'd32,   6'd32, 6'd0,  6'd2,    6'd32, 6'd16, 6'd32,   6'd1,  6'd0,  6'd2,
        6'd16, 6'd4,  6'd13,   6'd16, 6'd15, 6'd17,   6'd16, 6'd0,  6'd13,   6'd16, 6'd0,  6'd16,
        6'd7,  6'd3,  6'd4,    6'd5,  6'd1,  6'd9
    };
    assign o_parameters = SETS;

    wire unused = &{1'b0, i_s, i_theta};   // the upper bits of narrow fields
    genvar k;
    generate
        for (k = 0; k < NEURONS; k = k + 1) begin : g_neuron
            localparam ACC_W   = SETS[k*18 +: 6];
            localparam FRAC    = SETS[k*18+6 +: 6];
            localparam THETA_W = SETS[k*18+12 +: 6];
            sc_window_if #(.ACC_W(ACC_W), .FRAC(FRAC), .THETA_W(THETA_W)) u_neuron (
                .clk(clk), .rst(rst), .i_load(i_load[k]), .i_en(i_en[k]), .i_s(i_s[k*32 +: ACC_W]),
                .i_theta(i_theta[k*32 +: THETA_W]), .o_spike(o_spike[k])
            );
        end
    endgenerate
endmodule
`default_nettype wire
