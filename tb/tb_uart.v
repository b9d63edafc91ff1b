// SPDX-License-Identifier: Apache-2.0
// Bench top: receivers and transmitters of several bit times side by side; instance k has CLOCKS_PER_BIT = 4, 5, 8, 13
// and 104 for k = 0 .. 4.
`default_nettype none
module tb_uart (
    input  wire        clk,
    input  wire        rst,
    input  wire [4:0]  i_rx,
    output wire [4:0]  o_valid,
    output wire [4:0]  o_error,
    output wire [39:0] o_data,
    input  wire [4:0]  i_valid,
    output wire [4:0]  o_ready,
    input  wire [39:0] i_data,
    output wire [4:0]  o_tx,
    output wire [4:0]  o_tick
);
    genvar k;
    generate
        for (k = 0; k < 5; k = k + 1) begin : g_rate
            localparam CLOCKS = k == 0 ? 4 : k == 1 ? 5 : k == 2 ? 8 : k == 3 ? 13 : 104;
            sc_uart_rx #(.CLOCKS_PER_BIT(CLOCKS)) u_rx (
                .clk(clk), .rst(rst), .i_rx(i_rx[k]),
                .o_valid(o_valid[k]), .o_error(o_error[k]), .o_data(o_data[8*k +: 8])
            );
            sc_uart_tx #(.CLOCKS_PER_BIT(CLOCKS)) u_tx (
                .clk(clk), .rst(rst), .i_valid(i_valid[k]), .o_ready(o_ready[k]), .i_data(i_data[8*k +: 8]),
                .o_tx(o_tx[k]), .o_tick(o_tick[k])
            );
        end
    endgenerate
endmodule
`default_nettype wire
