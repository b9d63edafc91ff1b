// SPDX-License-Identifier: Apache-2.0
// Bench top: sc_system, loader and weight memory, as a board that starts from its flash would have them.
`default_nettype none
module tb_flash_loader #(
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
    output wire o_error,
    output wire o_spi_cs_n,
    output wire o_spi_sck,
    output wire o_spi_mosi,
    input  wire i_spi_miso,
    output wire o_load,
    output wire [1:0] o_boot
);
    localparam WORD_W = LANES * (LOG2L + 1);
    wire                 table_we, load_we, host_we;
    wire [TABLE_AW-1:0]  table_addr;
    wire [15:0]          table_wdata;
    wire [WEIGHT_AW-1:0] load_addr, host_addr;
    wire [WORD_W-1:0]    load_wdata, host_wdata, rdata;
    sc_flash_loader #(
        .FLASH_ADDR(24'h0155AA), .LOG2_WAKE(6), .ENGINE(ENGINE), .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC),
        .LOG2_ENTRIES(LOG2_ENTRIES), .WEIGHT_AW(WEIGHT_AW), .TABLE_AW(TABLE_AW), .MAC(MAC), .ACC_AW(ACC_AW),
        .POOL(POOL), .SUM_W(SUM_W), .STEPS(STEPS)
    ) u_loader (
        .clk(clk), .rst(rst), .o_spi_cs_n(o_spi_cs_n), .o_spi_sck(o_spi_sck), .o_spi_mosi(o_spi_mosi),
        .i_spi_miso(i_spi_miso), .o_load(o_load), .o_boot(o_boot), .o_table_we(table_we), .o_table_addr(table_addr),
        .o_table_wdata(table_wdata), .o_weight_we(load_we), .o_weight_addr(load_addr), .o_weight_wdata(load_wdata)
    );
    sc_system #(
        .ENGINE(ENGINE), .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .LOG2_ENTRIES(LOG2_ENTRIES), .WEIGHT_AW(WEIGHT_AW),
        .TABLE_AW(TABLE_AW), .MAC(MAC), .ACC_AW(ACC_AW), .POOL(POOL), .SUM_W(SUM_W), .STEPS(STEPS), .CLOCKS_PER_BIT(4),
        .LOG2_PAYLOAD(9), .LOG2_TIMEOUT(6)
    ) u_system (
        .clk(clk), .rst(rst), .i_uart_rx(i_uart_rx), .o_uart_tx(o_uart_tx), .o_busy(o_busy), .o_error(o_error),
        .o_weight_we(host_we), .o_weight_addr(host_addr), .o_weight_wdata(host_wdata), .i_weight_rdata(rdata),
        .i_load(o_load), .i_boot(o_boot), .i_table_we(table_we), .i_table_addr(table_addr), .i_table_wdata(table_wdata)
    );
    sc_mem #(.WIDTH(WORD_W), .DEPTH(1 << WEIGHT_AW)) u_weights (
        .clk(clk), .i_we(o_load ? load_we : host_we), .i_waddr(o_load ? load_addr : host_addr),
        .i_wdata(o_load ? load_wdata : host_wdata), .i_raddr(host_addr), .o_rdata(rdata)
    );
endmodule
`default_nettype wire
