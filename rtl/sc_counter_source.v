// SPDX-License-Identifier: Apache-2.0
// Counter number source: r(t) = t within a window of L = 2^LOG2L clocks (A3).
//
// Update     o_r <- 0 on rst or i_restart; o_r + 1 modulo L while i_en; else unchanged.
// Latency    o_r is a register: r(0) in the clock after rst or i_restart.
// Format     o_r unsigned, LOG2L bits.
// Model      sc_neurocore.sources.counter
// Proof      formal/sc_sources_fv.v
`default_nettype none
module sc_counter_source #(
    parameter LOG2L = 4                    // 2 .. 12
) (
    input  wire             clk,
    input  wire             rst,
    input  wire             i_restart,     // begins a window: t = 0 in the next clock
    input  wire             i_en,          // advances t
    output reg  [LOG2L-1:0] o_r
);
    generate
        if (LOG2L < 2 || LOG2L > 12) begin : g_illegal
            ERROR_LOG2L_must_be_in_2_to_12 u_illegal ();
        end
    endgenerate

    always @(posedge clk)
        if (rst || i_restart) o_r <= {LOG2L{1'b0}};
        else if (i_en)        o_r <= o_r + 1'b1;
endmodule
`default_nettype wire
