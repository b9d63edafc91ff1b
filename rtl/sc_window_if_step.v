// SPDX-License-Identifier: Apache-2.0
// One clock of a window integrate-and-fire neuron (A8): state in, state out, no register.
//
// Update     with i_load o_v = 2 * 2^FRAC * i_s - i_theta; else o_v = i_v - 2 * i_theta where o_spike, i_v where not.
//            o_spike = [i_v >= 0]: after a load, c = clip(round(i_s / i_theta), 0, L) of the next L clocks have a spike,
//            the first ones.
// State      v: whoever instantiates the step keeps it, in a register (sc_window_if) or in a memory. A v below 0 is
//            silent.
// Latency    combinational.
// Format     i_s signed ACC_W bits; i_theta unsigned THETA_W bits with FRAC fraction bits, >= 1, held from a load to the
//            last clock of its window; v signed V_W bits, wide enough for every S and theta, so nothing wraps.
// Model      sc_neurocore.neurons.window_if_step
// Proof      formal/sc_window_if_step_fv.v
`default_nettype none
module sc_window_if_step #(
    parameter ACC_W   = 13,                // 2 .. 32
    parameter FRAC    = 4,                 // 0 .. 16
    parameter THETA_W = 16,                // 1 .. 32
    parameter V_W     = (ACC_W + FRAC > THETA_W ? ACC_W + FRAC : THETA_W) + 2   // derived; do not override
) (
    input  wire [V_W-1:0]     i_v,         // signed
    input  wire               i_load,      // takes i_s
    input  wire [ACC_W-1:0]   i_s,         // signed
    input  wire [THETA_W-1:0] i_theta,
    output wire [V_W-1:0]     o_v,         // signed
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

    // |2 * 2^FRAC * S| <= 2^(ACC_W + FRAC) and theta < 2^THETA_W: V_W has one bit more than the wider, and the sign.
    wire [V_W-1:0] s2    = {{(V_W-ACC_W-FRAC-1){i_s[ACC_W-1]}}, i_s, {(FRAC+1){1'b0}}};
    wire [V_W-1:0] theta = {{(V_W-THETA_W){1'b0}}, i_theta};

    // One subtractor serves both the load (- theta) and the spike (- 2 theta).
    wire [V_W-1:0] minuend    = i_load ? s2 : i_v;
    wire [V_W-1:0] subtrahend = i_load ? theta : {theta[V_W-2:0], 1'b0};

    assign o_spike = ~i_v[V_W-1];
    assign o_v     = i_load || o_spike ? minuend - subtrahend : i_v;
endmodule
`default_nettype wire
