// SPDX-License-Identifier: Apache-2.0
// One clock of a leaky counter (examples/plug_ins/leaky_counter.py): combinational, state in, state out.
//
// Update     u = i_v + i_current - 1, limited to 0 .. 2^15 - 1; a spike where u >= THETA; o_v is 0 with one, u without.
// State      v, 0 after rst: the registers are those of the layer around it, rtl/sc_stream_neurons.v.
`default_nettype none
module leaky_counter_step #(
    parameter THETA = 100                  // 1 .. 2^15 - 1
) (
    input  wire [14:0] i_v,
    input  wire [15:0] i_current,          // signed
    output wire [14:0] o_v,
    output wire        o_spike
);
    localparam [31:0] THETA_BITS = THETA;
    wire        unused = &{1'b0, THETA_BITS[31:15]};
    wire [17:0] sum    = {3'b0, i_v} + {{2{i_current[15]}}, i_current} - 18'd1;
    wire [14:0] u      = sum[17] ? 15'd0 : sum[17:15] != 0 ? 15'h7FFF : sum[14:0];
    assign o_spike = u >= THETA_BITS[14:0];
    assign o_v     = o_spike ? 15'd0 : u;
endmodule
`default_nettype wire
