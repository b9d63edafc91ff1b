// SPDX-License-Identifier: Apache-2.0
// Bench top: a streaming layer of 2 inputs and 3 neurons, L = 8, whose weights are a packed parameter.
`default_nettype none
module tb_stream_packed (
    input  wire        clk,
    input  wire        rst,
    input  wire        i_start,
    input  wire [1:0]  i_x,
    output wire        o_start,
    output wire [17:0] o_s,
    output wire [2:0]  o_x
);
    sc_stream_dense #(
        .INPUTS(2), .NEURONS(3), .LOG2L(3), .THETA(20), .WEIGHTS(36'h3c4402c4f)
    ) u_layer (
        .clk(clk), .rst(rst), .i_start(i_start), .i_x(i_x), .o_start(o_start), .o_s(o_s), .o_x(o_x)
    );
endmodule
`default_nettype wire
