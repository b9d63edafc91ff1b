// SPDX-License-Identifier: Apache-2.0
// Decorrelator: a shuffle buffer that delays each bit of a stream by a random number of clocks, SCC towards 0 (A15).
//
// Update     o_bit = buffer[i_addr], the bit that last came at this address; while i_en buffer[i_addr] <- i_bit.
//            buffer <- 0 on rst or i_restart.
// Latency    o_bit is combinational; a bit waits until its address comes again, 2^LOG2_DEPTH clocks in the mean.
// Format     i_addr from a number source that is independent of the other stream, best an sc_lfsr_source of its own.
//            The stream keeps its ones but the at most 2^LOG2_DEPTH that are held when the window ends.
// Source     V. T. Lee, A. Alaghi, L. Ceze, "Correlation manipulating circuits for stochastic computing", DATE 2018.
// Model      sc_neurocore.streams.decorrelate
// Proof      formal/sc_decorrelator_fv.v
`default_nettype none
module sc_decorrelator #(
    parameter LOG2_DEPTH = 2               // 1 .. 8
) (
    input  wire                  clk,
    input  wire                  rst,
    input  wire                  i_restart, // begins a window: t = 0 in the next clock
    input  wire                  i_en,      // a stream clock
    input  wire [LOG2_DEPTH-1:0] i_addr,
    input  wire                  i_bit,
    output wire                  o_bit
);
    generate
        if (LOG2_DEPTH < 1 || LOG2_DEPTH > 8) begin : g_illegal
            ERROR_LOG2_DEPTH_must_be_in_1_to_8 u_illegal ();
        end
    endgenerate

    reg [(1<<LOG2_DEPTH)-1:0] held;
    assign o_bit = held[i_addr];
    always @(posedge clk)
        if (rst || i_restart) held <= {(1<<LOG2_DEPTH){1'b0}};
        else if (i_en)        held[i_addr] <= i_bit;
endmodule
`default_nettype wire
