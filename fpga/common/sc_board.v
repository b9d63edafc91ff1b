// SPDX-License-Identifier: Apache-2.0
// What the tops of all boards share, but for the weight memory: reset, and rtl/sc_system.v behind the serial port.
//
// Reset      while i_ready is low, and 2^LOG2_SETTLE clocks longer: block RAM may not be read in the first microseconds
//            after configuration. i_ready may come from anywhere: PLL lock, reset button.
// Weights    the memory is outside, with one port: i_weight_rdata answers o_weight_addr one clock later.
// Loading    as in sc_system: tie i_load, i_boot and i_table_* to 0 where nothing but the host loads a network.
// Model      sc_neurocore.hardware.build chooses the parameters
`default_nettype none
module sc_board #(
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
    parameter LOG2_SETTLE    = 8           // 2 .. 16
) (
    input  wire                       clk,
    input  wire                       i_ready,
    output wire                       o_rst,
    input  wire                       i_rx,
    output wire                       o_tx,
    output wire                       o_busy,          // an inference is under way
    output wire                       o_error,         // the last frame was refused
    output wire                       o_weight_we,
    output wire [WEIGHT_AW-1:0]       o_weight_addr,
    output wire [LANES*(LOG2L+1)-1:0] o_weight_wdata,
    input  wire [LANES*(LOG2L+1)-1:0] i_weight_rdata,
    input  wire                       i_load,
    input  wire [1:0]                 i_boot,
    input  wire                       i_table_we,
    input  wire [TABLE_AW-1:0]        i_table_addr,
    input  wire [15:0]                i_table_wdata
);
    reg [2:0]             ready;
    reg [LOG2_SETTLE-1:0] settle;
    reg                   rst_n;
    initial begin                          // as the flip-flops start
        ready  = 3'b000;
        settle = {LOG2_SETTLE{1'b0}};
        rst_n  = 1'b0;
    end
    always @(posedge clk) begin
        ready <= {ready[1:0], i_ready};
        if (!ready[2])       settle <= {LOG2_SETTLE{1'b0}};
        else if (!(&settle)) settle <= settle + 1'b1;
        rst_n <= &settle;
    end
    assign o_rst = !rst_n;

    sc_system #(
        .ENGINE(ENGINE), .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .LOG2_ENTRIES(LOG2_ENTRIES),
        .WEIGHT_AW(WEIGHT_AW), .TABLE_AW(TABLE_AW), .TABLE_FILE(TABLE_FILE), .MAC(MAC), .ACC_AW(ACC_AW), .POOL(POOL),
        .SUM_W(SUM_W), .STEPS(STEPS), .CLOCKS_PER_BIT(CLOCKS_PER_BIT), .LOG2_PAYLOAD(LOG2_PAYLOAD)
    ) u_system (
        .clk(clk), .rst(o_rst), .i_uart_rx(i_rx), .o_uart_tx(o_tx), .o_busy(o_busy), .o_error(o_error),
        .o_weight_we(o_weight_we), .o_weight_addr(o_weight_addr), .o_weight_wdata(o_weight_wdata),
        .i_weight_rdata(i_weight_rdata), .i_load(i_load), .i_boot(i_boot), .i_table_we(i_table_we),
        .i_table_addr(i_table_addr), .i_table_wdata(i_table_wdata)
    );
endmodule
`default_nettype wire
