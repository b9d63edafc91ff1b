// SPDX-License-Identifier: Apache-2.0
// Stochastic-to-binary converter: counts the ones of a window (A14).
//
// Update     o_count <- 0 on rst; else, with one = i_en and i_bit: one on i_first, o_count + one otherwise.
// Latency    o_count has the ones of the window's bits before this clock: all of them at the i_first of the next window.
// Format     o_count unsigned, 0 .. L = 2^LOG2L; a window longer than L keeps it at L, it never wraps.
// Model      sc_neurocore.streams.to_binary
// Proof      formal/sc_counter_fv.v
`default_nettype none
module sc_counter #(
    parameter LOG2L = 4                    // 2 .. 24
) (
    input  wire           clk,
    input  wire           rst,
    input  wire           i_first,         // a window begins in this clock: in the one after a source's i_restart
    input  wire           i_en,
    input  wire           i_bit,
    output reg  [LOG2L:0] o_count
);
    generate
        if (LOG2L < 2 || LOG2L > 24) begin : g_illegal
            ERROR_LOG2L_must_be_in_2_to_24 u_illegal ();
        end
    endgenerate

    wire one = i_en && i_bit;
    always @(posedge clk)
        if (rst)                         o_count <= {(LOG2L+1){1'b0}};
        else if (i_first)                o_count <= {{LOG2L{1'b0}}, one};
        else if (one && !o_count[LOG2L]) o_count <= o_count + 1'b1;
endmodule
`default_nettype wire
