// SPDX-License-Identifier: Apache-2.0
// Sign-magnitude stochastic multiplier: the AND of two streams, steered by the weight's sign (A5).
//
// Latency    combinational, lane by lane.
// Format     o_pos[i] = product counts +1, o_neg[i] = product counts -1, never both.
// Model      sc_neurocore.streams.multiply
// Proof      formal/sc_apc_fv.v
`default_nettype none
module sc_mul #(
    parameter N = 1                        // 1 .. 4096 streams that share one weight sign
) (
    input  wire [N-1:0] i_x,
    input  wire [N-1:0] i_w,
    input  wire         i_w_neg,           // 1: the weight is negative
    output wire [N-1:0] o_pos,
    output wire [N-1:0] o_neg
);
    generate
        if (N < 1 || N > 4096) begin : g_illegal
            ERROR_N_must_be_in_1_to_4096 u_illegal ();
        end
    endgenerate

    wire [N-1:0] product = i_x & i_w;
    assign o_pos = product & {N{~i_w_neg}};
    assign o_neg = product & {N{i_w_neg}};
endmodule
`default_nettype wire
