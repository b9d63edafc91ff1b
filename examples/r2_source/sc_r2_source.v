// SPDX-License-Identifier: Apache-2.0
// Additive number source: r(t) = t * STEP modulo L, in a window of L = 2^LOG2L clocks.
//
// Update     o_r <- 0 on rst or i_restart; o_r + STEP modulo L while i_en; else unchanged.
// Latency    o_r is a register: r(0) in the clock after rst or i_restart.
// Format     o_r unsigned, LOG2L bits; with an odd STEP every value 0 .. L-1 occurs once in a window.
// Model      r2.py
`default_nettype none
module sc_r2_source #(
    parameter LOG2L = 4,                   // 2 .. 12
    parameter STEP  = 11                   // odd, 1 .. L - 1
) (
    input  wire             clk,
    input  wire             rst,
    input  wire             i_restart,     // begins a window: t = 0 in the next clock
    input  wire             i_en,          // advances t
    output reg  [LOG2L-1:0] o_r
);
    localparam [31:0] STEP_BITS = STEP;

    always @(posedge clk)
        if (rst || i_restart) o_r <= {LOG2L{1'b0}};
        else if (i_en)        o_r <= o_r + STEP_BITS[LOG2L-1:0];
endmodule
`default_nettype wire
