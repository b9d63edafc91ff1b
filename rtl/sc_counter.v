// SPDX-License-Identifier: Apache-2.0
// Stochastic-to-binary converter: counts the ones of a window (A14).
//
// Update     o_count <- 0 on rst; i_bit on i_restart (the window's first bit, or 0 without i_en); o_count + i_bit while
//            i_en.
// Latency    o_count holds the ones of the bits before this clock.
// Format     o_count unsigned, 0 .. L = 2^LOG2L; a window longer than L keeps it at L instead of wrapping.
// Model      sc_neurocore.streams.to_binary
// Proof      formal/sc_gates_fv.v
`default_nettype none
module sc_counter #(
    parameter LOG2L = 4                    // 2 .. 24
) (
    input  wire           clk,
    input  wire           rst,
    input  wire           i_restart,       // this clock opens a window
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
        if (rst)                           o_count <= {(LOG2L+1){1'b0}};
        else if (i_restart)                o_count <= {{LOG2L{1'b0}}, one};
        else if (one && !o_count[LOG2L])   o_count <= o_count + 1'b1;
endmodule
`default_nettype wire
