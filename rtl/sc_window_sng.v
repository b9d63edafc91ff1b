// SPDX-License-Identifier: Apache-2.0
// Stochastic number generator for a whole window at once: o_bits[t] = [X > r(t)], t = 0 .. L-1 (A4, A10).
//
// Latency    combinational; L comparators against constants.
// Format     i_x unsigned 0 .. L (LOG2L + 1 bits; above L acts as L); bit t of o_bits is the stream's bit at clock t.
// Model      sc_neurocore.streams.encode
// Proof      formal/sc_sources_fv.v
`default_nettype none
module sc_window_sng #(
    parameter LOG2L  = 4,                  // 2 .. 8: all 2^LOG2L bits exist at once
    parameter SOURCE = 0                   // 0: counter, 1: vdc
) (
    input  wire [LOG2L:0]        i_x,
    output wire [(1<<LOG2L)-1:0] o_bits
);
    generate
        if (LOG2L < 2 || LOG2L > 8) begin : g_illegal_log2l
            ERROR_LOG2L_must_be_in_2_to_8 u_illegal ();
        end
        if (SOURCE != 0 && SOURCE != 1) begin : g_illegal_source
            ERROR_SOURCE_must_be_0_counter_or_1_vdc u_illegal ();
        end
    endgenerate

    genvar t, k;
    generate
        for (t = 0; t < (1 << LOG2L); t = t + 1) begin : g_clock
            wire [LOG2L-1:0] r;
            for (k = 0; k < LOG2L; k = k + 1) begin : g_bit
                assign r[k] = ((t >> (SOURCE == 0 ? k : LOG2L - 1 - k)) & 1) != 0;
            end
            sc_sng #(.LOG2L(LOG2L)) u_sng (.i_x(i_x), .i_r(r), .o_bit(o_bits[t]));
        end
    endgenerate
endmodule
`default_nettype wire
