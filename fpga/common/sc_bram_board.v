// SPDX-License-Identifier: Apache-2.0
// What the tops share of boards whose only memory is block RAM: sc_board with its weights there.
//
// Weights    2^WEIGHT_AW words, initialised from WEIGHT_FILE by the bitstream; the host may write others over the link.
//            They keep their content through a reset.
// Model      sc_neurocore.hardware.build chooses the parameters
`default_nettype none
module sc_bram_board #(
    parameter ENGINE         = 0,          // ENGINE to LOG2_PAYLOAD: as in sc_system, which checks them
    parameter LOG2L          = 4,
    parameter LANES          = 3,
    parameter FRAC           = 4,
    parameter LOG2_ENTRIES   = 8,
    parameter WEIGHT_AW      = 14,
    parameter TABLE_AW       = 5,
    parameter TABLE_FILE     = "",
    parameter MAC            = 0,
    parameter ACC_AW         = 8,
    parameter POOL           = 0,
    parameter SUM_W          = LOG2_ENTRIES + LOG2L + 1 + (MAC != 0 ? LOG2L : 0),
    parameter STEPS          = 0,
    parameter CLOCKS_PER_BIT = 18,
    parameter LOG2_PAYLOAD   = 9,
    parameter WEIGHT_FILE    = ""          // empty: no initial content
) (
    input  wire clk,
    input  wire i_ready,                   // as in sc_board
    input  wire i_rx,
    output wire o_tx,
    output wire o_busy,
    output wire o_error
);
    localparam WORD_W = LANES * (LOG2L + 1);

    wire                 rst, weight_we;
    wire [WEIGHT_AW-1:0] weight_addr;
    wire [WORD_W-1:0]    weight_wdata, weight_rdata;
    sc_board #(
        .ENGINE(ENGINE), .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .LOG2_ENTRIES(LOG2_ENTRIES),
        .WEIGHT_AW(WEIGHT_AW), .TABLE_AW(TABLE_AW), .TABLE_FILE(TABLE_FILE), .MAC(MAC), .ACC_AW(ACC_AW), .POOL(POOL),
        .SUM_W(SUM_W), .STEPS(STEPS), .CLOCKS_PER_BIT(CLOCKS_PER_BIT), .LOG2_PAYLOAD(LOG2_PAYLOAD),
        .LOG2_SETTLE(10)                   // 8 us at 120 MHz
    ) u_board (
        .clk(clk), .i_ready(i_ready), .o_rst(rst), .i_rx(i_rx), .o_tx(o_tx), .o_busy(o_busy), .o_error(o_error),
        .o_weight_we(weight_we), .o_weight_addr(weight_addr), .o_weight_wdata(weight_wdata),
        .i_weight_rdata(weight_rdata),
        .i_load(1'b0), .i_boot(2'd0), .i_table_we(1'b0), .i_table_addr({TABLE_AW{1'b0}}), .i_table_wdata(16'd0)
    );
    sc_mem #(.WIDTH(WORD_W), .DEPTH(1 << WEIGHT_AW), .INIT_FILE(WEIGHT_FILE)) u_weights (
        .clk(clk), .i_we(weight_we), .i_waddr(weight_addr), .i_wdata(weight_wdata),
        .i_raddr(weight_addr), .o_rdata(weight_rdata)
    );
    wire unused = &{1'b0, rst};
endmodule
`default_nettype wire
