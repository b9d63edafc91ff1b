// SPDX-License-Identifier: Apache-2.0
// MUX adder: passes one of N = 2^LOG2N streams on, chosen by a number source: the mean of the inputs, scaled by 1/N (A16).
//
// Latency    combinational.
// Format     o_bit = i_bits[i_sel]; i_sel uniform and independent of i_bits, else the mean is biased.
//            One bit of N survives a clock, so the error grows with N: for reference and tiny fan-in.
// Model      sc_neurocore.streams.mux_add
// Proof      formal/sc_gates_fv.v
`default_nettype none
module sc_mux_add #(
    parameter LOG2N = 1                    // 1 .. 12
) (
    input  wire [(1<<LOG2N)-1:0] i_bits,
    input  wire [LOG2N-1:0]      i_sel,
    output wire                  o_bit
);
    generate
        if (LOG2N < 1 || LOG2N > 12) begin : g_illegal
            ERROR_LOG2N_must_be_in_1_to_12 u_illegal ();
        end
    endgenerate
    assign o_bit = i_bits[i_sel];
endmodule
`default_nettype wire
