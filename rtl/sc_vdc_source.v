// SPDX-License-Identifier: Apache-2.0
// Van der Corput number source: r(t) = t with its bits reversed, in a window of L = 2^LOG2L clocks (A3).
//
// Update     t <- 0 on rst or i_restart; t + 1 modulo L while i_en; o_r[k] = t[LOG2L-1-k].
// Latency    r(0) in the clock after rst or i_restart.
// Format     o_r unsigned, LOG2L bits.
// Model      sc_neurocore.sources.vdc
// Proof      formal/sc_sources_fv.v
`default_nettype none
module sc_vdc_source #(
    parameter LOG2L = 4                    // 2 .. 12
) (
    input  wire             clk,
    input  wire             rst,
    input  wire             i_restart,     // begins a window: t = 0 in the next clock
    input  wire             i_en,          // advances t
    output wire [LOG2L-1:0] o_r
);
    wire [LOG2L-1:0] t;

    // The counter checks LOG2L for both.
    sc_counter_source #(.LOG2L(LOG2L)) u_t (
        .clk(clk), .rst(rst), .i_restart(i_restart), .i_en(i_en), .o_r(t)
    );

    genvar k;
    generate
        for (k = 0; k < LOG2L; k = k + 1) begin : g_reverse
            assign o_r[k] = t[LOG2L-1-k];
        end
    endgenerate
endmodule
`default_nettype wire
