// SPDX-License-Identifier: Apache-2.0
// Bipolar stochastic multiplier: XNOR of two streams, where a stream of p ones in L stands for 2p/L - 1 (A16).
//
// Latency    combinational.
// Format     o_bits = [i_x = i_w], bit by bit: the product of the values where the streams are uncorrelated.
// Model      sc_neurocore.streams.multiply_bipolar
// Proof      formal/sc_gates_fv.v
`default_nettype none
module sc_mul_bipolar #(
    parameter N = 1                        // 1 .. 4096 streams
) (
    input  wire [N-1:0] i_x,
    input  wire [N-1:0] i_w,
    output wire [N-1:0] o_bits
);
    generate
        if (N < 1 || N > 4096) begin : g_illegal
            ERROR_N_must_be_in_1_to_4096 u_illegal ();
        end
    endgenerate
    assign o_bits = ~(i_x ^ i_w);
endmodule
`default_nettype wire
