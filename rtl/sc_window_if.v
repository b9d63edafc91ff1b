// SPDX-License-Identifier: Apache-2.0
// Window integrate-and-fire neuron: turns a window's sum S into the stream of c = clip(round(S / theta), 0, L) (A8).
//
// Update     the register around sc_window_if_step. On i_load: v <- 2 * 2^FRAC * i_s - i_theta; else while i_en and
//            o_spike: v <- v - 2 * i_theta. o_spike = [v >= 0]: c ones, then zeros. The clip at L is the window's end,
//            which the user of the module keeps.
// Latency    first bit in the clock after i_load.
// Format     i_s signed ACC_W bits; i_theta unsigned THETA_W bits with FRAC fraction bits, >= 1, held while the
//            window lasts.
// Model      sc_neurocore.neurons.window_if
// Proof      formal/sc_window_if_fv.v
`default_nettype none
module sc_window_if #(
    parameter ACC_W   = 13,                // 2 .. 32
    parameter FRAC    = 4,                 // 0 .. 16
    parameter THETA_W = 16                 // 1 .. 32
) (
    input  wire               clk,
    input  wire               rst,
    input  wire               i_load,      // takes i_s; has priority over i_en
    input  wire               i_en,        // one stream clock
    input  wire [ACC_W-1:0]   i_s,         // signed
    input  wire [THETA_W-1:0] i_theta,
    output wire               o_spike
);
    localparam V_W = (ACC_W + FRAC > THETA_W ? ACC_W + FRAC : THETA_W) + 2;   // as sc_window_if_step derives it
    reg  [V_W-1:0] v;
    wire [V_W-1:0] v_next;
    sc_window_if_step #(.ACC_W(ACC_W), .FRAC(FRAC), .THETA_W(THETA_W)) u_step (
        .i_v(v), .i_load(i_load), .i_s(i_s), .i_theta(i_theta), .o_v(v_next), .o_spike(o_spike)
    );

    always @(posedge clk)
        if (rst)                 v <= {V_W{1'b1}};       // negative: silent
        else if (i_load || i_en) v <= v_next;
endmodule
`default_nettype wire
