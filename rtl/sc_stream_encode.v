// SPDX-License-Identifier: Apache-2.0
// Input stage of a streaming network: takes all input codes at once and emits one stream bit of each per clock (A4, A17).
//
// Update     on i_start: x <- i_codes, t <- 0; else t <- t + 1 modulo L. o_x[k] = [x[k] > t].
// Latency    t = 0 of o_x is the clock after i_start; the codes are held, so i_codes may change at once.
// Format     code k at bits k*(LOG2L+1) upward, 0 .. L = 2^LOG2L (above L acts as L). The bits after a window, before
//            the next i_start, have no meaning: no layer listens then.
// Model      sc_neurocore.streams.encode
// Proof      formal/sc_stream_encode_fv.v; formal/sc_sources_fv.v, of its parts
`default_nettype none
module sc_stream_encode #(
    parameter INPUTS = 4,                  // 1 .. 4095
    parameter LOG2L  = 4                   // 2 .. 12
) (
    input  wire                        clk,
    input  wire                        rst,
    input  wire                        i_start,
    input  wire [INPUTS*(LOG2L+1)-1:0] i_codes,
    output wire [INPUTS-1:0]           o_x
);
    localparam W = LOG2L + 1;
    generate
        if (INPUTS < 1 || INPUTS > 4095) begin : g_illegal
            ERROR_INPUTS_must_be_in_1_to_4095 u_illegal ();
        end
    endgenerate

    reg [INPUTS*W-1:0] x;
    always @(posedge clk) if (i_start) x <= i_codes;

    wire [LOG2L-1:0] r;
    sc_counter_source #(.LOG2L(LOG2L)) u_r (.clk(clk), .rst(rst), .i_restart(i_start), .i_en(1'b1), .o_r(r));

    genvar k;
    generate
        for (k = 0; k < INPUTS; k = k + 1) begin : g_input
            sc_sng #(.LOG2L(LOG2L)) u_sng (.i_x(x[k*W +: W]), .i_r(r), .o_bit(o_x[k]));
        end
    endgenerate
endmodule
`default_nettype wire
