// SPDX-License-Identifier: Apache-2.0
// Correlator: lines two streams up so that their ones fall on the same clocks, SCC towards +1 (A15).
//
// Update     where i_x = i_y both pass. A lone one pairs with a one held of the other stream and both go out; else it is
//            held back while fewer than DEPTH are; else it goes out alone. Never are ones of both streams held.
// Latency    o_x and o_y are combinational; a one that is held goes out when the other stream's next lone one comes.
// Format     every stream keeps its ones but the at most DEPTH that are held when the window ends, which i_restart drops.
// Source     V. T. Lee, A. Alaghi, L. Ceze, "Correlation manipulating circuits for stochastic computing", DATE 2018:
//            the synchronizer.
// Model      sc_neurocore.streams.correlate
// Proof      formal/sc_correlator_fv.v
`default_nettype none
module sc_correlator #(
    parameter DEPTH = 1                    // 1 .. 64 ones held
) (
    input  wire clk,
    input  wire rst,
    input  wire i_restart,                 // begins a window: t = 0 in the next clock
    input  wire i_en,                      // a stream clock
    input  wire i_x,
    input  wire i_y,
    output wire o_x,
    output wire o_y
);
    generate
        if (DEPTH < 1 || DEPTH > 64) begin : g_illegal
            ERROR_DEPTH_must_be_in_1_to_64 u_illegal ();
        end
    endgenerate

    localparam        W    = $clog2(DEPTH + 1);
    localparam [31:0] FULL = DEPTH;

    reg  [W-1:0] held;                     // ones held back
    reg          of_y;                     // of which stream, if held is not 0
    wire         empty = held == {W{1'b0}};
    wire         lone  = i_x ^ i_y;
    wire         pairs = lone && !empty && of_y != i_y;
    wire         waits = lone && !pairs && held != FULL[W-1:0];

    assign o_x = pairs || (i_x && !waits);
    assign o_y = pairs || (i_y && !waits);

    always @(posedge clk)
        if (rst || i_restart) begin
            held <= {W{1'b0}};
            of_y <= 1'b0;
        end else if (i_en) begin
            if (pairs) held <= held - 1'b1;
            if (waits) begin
                held <= held + 1'b1;
                of_y <= i_y;
            end
        end
endmodule
`default_nettype wire
