// SPDX-License-Identifier: Apache-2.0
// Window integrate-and-fire neuron: turns a window's sum S into the stream of c = clip(round(S / theta), 0, L) (A8).
//
// Update     on i_load: v <- 2 * 2^FRAC * i_s - i_theta; else while i_en and o_spike: v <- v - 2 * i_theta.
//            o_spike = [v >= 0]: c ones, then zeros. The clip at L is the window's end, which the user of the module keeps.
// Latency    first bit in the clock after i_load.
// Format     i_s signed ACC_W bits; i_theta unsigned THETA_W bits with FRAC fraction bits, >= 1, held while the
//            window lasts; v signed, wide enough for every S and theta, so nothing wraps.
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
    generate
        if (ACC_W < 2 || ACC_W > 32) begin : g_illegal_acc_w
            ERROR_ACC_W_must_be_in_2_to_32 u_illegal ();
        end
        if (FRAC < 0 || FRAC > 16) begin : g_illegal_frac
            ERROR_FRAC_must_be_in_0_to_16 u_illegal ();
        end
        if (THETA_W < 1 || THETA_W > 32) begin : g_illegal_theta_w
            ERROR_THETA_W_must_be_in_1_to_32 u_illegal ();
        end
    endgenerate

    // |2 * 2^FRAC * S| <= 2^(ACC_W + FRAC) and theta < 2^THETA_W: one bit more than the wider, and the sign.
    localparam V_W = (ACC_W + FRAC > THETA_W ? ACC_W + FRAC : THETA_W) + 2;

    reg  [V_W-1:0] v;
    wire [V_W-1:0] s2    = {{(V_W-ACC_W-FRAC-1){i_s[ACC_W-1]}}, i_s, {(FRAC+1){1'b0}}};
    wire [V_W-1:0] theta = {{(V_W-THETA_W){1'b0}}, i_theta};

    // One subtractor serves both the load (- theta) and the spike (- 2 theta).
    wire [V_W-1:0] minuend    = i_load ? s2 : v;
    wire [V_W-1:0] subtrahend = i_load ? theta : {theta[V_W-2:0], 1'b0};

    assign o_spike = ~v[V_W-1];

    always @(posedge clk)
        if (rst)                             v <= {V_W{1'b1}};       // negative: silent
        else if (i_load || (i_en && o_spike)) v <= minuend - subtrahend;
endmodule
`default_nettype wire
