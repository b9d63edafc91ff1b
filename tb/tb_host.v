// SPDX-License-Identifier: Apache-2.0
// Bench top: sc_system with a weight memory, as a board would have it. Four clocks a bit keep the simulation short.
`default_nettype none
module tb_host #(
    parameter ENGINE       = 0,
    parameter LOG2L        = 4,
    parameter LANES        = 2,
    parameter FRAC         = 4,
    parameter LOG2_ENTRIES = 5,
    parameter WEIGHT_AW    = 8,
    parameter TABLE_AW     = 4,
    parameter MAC          = 0,
    parameter ACC_AW       = 1,
    parameter POOL         = 0,
    parameter SUM_W        = 10,
    parameter STEPS        = 0
) (
    input  wire clk,
    input  wire rst,
    input  wire i_uart_rx,
    output wire o_uart_tx,
    output wire o_busy,
    output wire o_error
);
    localparam WORD_W = LANES * (LOG2L + 1);
    wire                 we;
    wire [WEIGHT_AW-1:0] addr;
    wire [WORD_W-1:0]    wdata, rdata;
    sc_system #(
        .ENGINE(ENGINE), .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .LOG2_ENTRIES(LOG2_ENTRIES), .WEIGHT_AW(WEIGHT_AW),
        .TABLE_AW(TABLE_AW), .MAC(MAC), .ACC_AW(ACC_AW), .POOL(POOL), .SUM_W(SUM_W), .STEPS(STEPS), .CLOCKS_PER_BIT(4), .LOG2_PAYLOAD(9), .LOG2_TIMEOUT(6)
    ) u_system (
        .clk(clk), .rst(rst), .i_uart_rx(i_uart_rx), .o_uart_tx(o_uart_tx), .o_busy(o_busy), .o_error(o_error),
        .o_weight_we(we), .o_weight_addr(addr), .o_weight_wdata(wdata), .i_weight_rdata(rdata),
        .i_load(1'b0), .i_boot(2'd0), .i_table_we(1'b0), .i_table_addr({TABLE_AW{1'b0}}), .i_table_wdata(16'd0)
    );
    sc_mem #(.WIDTH(WORD_W), .DEPTH(1 << WEIGHT_AW)) u_weights (
        .clk(clk), .i_we(we), .i_waddr(addr), .i_wdata(wdata), .i_raddr(addr), .o_rdata(rdata)
    );
endmodule
`default_nettype wire
