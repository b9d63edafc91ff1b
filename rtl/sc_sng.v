// SPDX-License-Identifier: Apache-2.0
// Stochastic number generator: one comparator, bit = [X > r] (A4).
//
// Latency    combinational.
// Format     i_x unsigned 0 .. L (LOG2L + 1 bits; above L acts as L); i_r unsigned 0 .. L-1, L = 2^LOG2L.
// Model      sc_neurocore.streams.sng
// Proof      formal/sc_sources_fv.v
`default_nettype none
module sc_sng #(
    parameter LOG2L = 4                    // 2 .. 12
) (
    input  wire [LOG2L:0]   i_x,
    input  wire [LOG2L-1:0] i_r,
    output wire             o_bit
);
    generate
        if (LOG2L < 2 || LOG2L > 12) begin : g_illegal
            ERROR_LOG2L_must_be_in_2_to_12 u_illegal ();
        end
    endgenerate

    // The comparison bit by bit, from the low end: where i_r is a constant, as in sc_window_sng, it shrinks to a LUT or
    // two, while a synthesiser would spend a carry chain on `>`.
    reg     greater;                       // the bits of i_x so far exceed those of i_r
    integer k;
    always @* begin
        greater = 1'b0;
        for (k = 0; k < LOG2L; k = k + 1)
            greater = (i_x[k] && !i_r[k]) || ((i_x[k] || !i_r[k]) && greater);
    end
    assign o_bit = i_x[LOG2L] || greater;
endmodule
`default_nettype wire
