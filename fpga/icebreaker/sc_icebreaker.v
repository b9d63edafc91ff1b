// SPDX-License-Identifier: Apache-2.0
// Top for the iCEBreaker (iCE40 UP5K): PLL, weight memory, and sc_board behind the board's USB serial port.
//
// Clock      12 MHz * (PLL_DIVF + 1) / 2^PLL_DIVQ from the PLL.
// Reset      while the button is pressed or the PLL is not locked.
// Weights    USE_SPRAM = 1: SPRAM blocks of 16 k x 16 bits, as many as words and width need (at most 4), loaded over the
//            link; they keep their content through a reset. USE_SPRAM = 0: block RAM, initialised from WEIGHT_FILE.
// Flash      FLASH_BOOT = 1: after reset sc_flash_loader loads table and weights from the board's flash, which is woken
//            first: configuration leaves it asleep. FLASH_BOOT = 0: the flash stays deselected.
// LEDs       green: an inference is under way; red: the last frame, or the image in the flash, was refused. Both low active.
// Model      sc_neurocore.hardware.build chooses the parameters
`default_nettype none
module sc_icebreaker #(
    parameter ENGINE         = 0,          // these as in sc_system
    parameter LOG2L          = 4,
    parameter LANES          = 3,
    parameter FRAC           = 4,
    parameter LOG2_ENTRIES   = 8,
    parameter WEIGHT_AW      = 14,
    parameter TABLE_AW       = 5,
    parameter MAC            = 0,
    parameter ACC_AW         = 8,
    parameter POOL           = 0,
    parameter SUM_W          = LOG2_ENTRIES + LOG2L + 1 + (MAC != 0 ? LOG2L : 0),
    parameter STEPS          = 0,
    parameter CLOCKS_PER_BIT = 18,
    parameter LOG2_PAYLOAD   = 9,
    parameter WEIGHT_FILE    = "",
    parameter TABLE_FILE     = "",
    parameter USE_SPRAM      = 1,          // 0: block RAM, 1: SPRAM
    parameter FLASH_BOOT     = 0,          // 0: the host loads the network, 1: from flash after reset
    parameter PLL_DIVF       = 47,         // 44 .. 88: the VCO runs at 12 MHz * (PLL_DIVF + 1), 533 .. 1066 MHz
    parameter PLL_DIVQ       = 5           // 1 .. 6
) (
    input  wire CLK,
    input  wire BTN_N,
    input  wire RX,
    output wire TX,
    output wire LEDR_N,
    output wire LEDG_N,
    output wire FLASH_SCK,
    output wire FLASH_SSB,
    output wire FLASH_IO0,
    input  wire FLASH_IO1
);
    localparam [23:0] FLASH_ADDR = 24'h020000;       // behind the bitstream of 104,090 bytes
    localparam WORD_W = LANES * (LOG2L + 1);
    localparam WIDE   = (WORD_W + 15) / 16;                               // SPRAM blocks side by side
    localparam DEEP   = WEIGHT_AW > 14 ? 1 << (WEIGHT_AW - 14) : 1;       // ... and one after the other
    generate
        if (USE_SPRAM != 0 && WIDE * DEEP > 4) begin : g_illegal_spram
            ERROR_weights_must_fit_4_SPRAM_blocks u_illegal ();
        end
    endgenerate

    wire clk, locked;
    SB_PLL40_PAD #(
        .FEEDBACK_PATH("SIMPLE"), .DIVR(4'd0), .DIVF(PLL_DIVF[6:0]), .DIVQ(PLL_DIVQ[2:0]), .FILTER_RANGE(3'd1)
    ) u_pll (
        .PACKAGEPIN(CLK), .PLLOUTGLOBAL(clk), .LOCK(locked), .RESETB(1'b1), .BYPASS(1'b0)
    );

    wire                 rst, busy, error, load, host_we, load_we, table_we;
    wire [1:0]           boot;
    wire [TABLE_AW-1:0]  table_addr;
    wire [15:0]          table_wdata;
    wire [WEIGHT_AW-1:0] host_addr, load_addr;
    wire [WORD_W-1:0]    host_wdata, load_wdata, weight_rdata;
    sc_board #(
        .ENGINE(ENGINE), .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .LOG2_ENTRIES(LOG2_ENTRIES),
        .WEIGHT_AW(WEIGHT_AW), .TABLE_AW(TABLE_AW), .TABLE_FILE(TABLE_FILE), .MAC(MAC), .ACC_AW(ACC_AW), .POOL(POOL),
        .SUM_W(SUM_W), .STEPS(STEPS), .CLOCKS_PER_BIT(CLOCKS_PER_BIT), .LOG2_PAYLOAD(LOG2_PAYLOAD)
    ) u_board (
        .clk(clk), .i_ready(locked && BTN_N), .o_rst(rst), .i_rx(RX), .o_tx(TX), .o_busy(busy), .o_error(error),
        .o_weight_we(host_we), .o_weight_addr(host_addr), .o_weight_wdata(host_wdata),
        .i_weight_rdata(weight_rdata), .i_load(load), .i_boot(boot), .i_table_we(table_we),
        .i_table_addr(table_addr), .i_table_wdata(table_wdata)
    );
    assign LEDG_N = !busy;
    assign LEDR_N = !(error || boot == 2'd3);

    generate
        if (FLASH_BOOT != 0) begin : g_flash
            sc_flash_loader #(
                .FLASH_ADDR(FLASH_ADDR), .LOG2_WAKE(10), .ENGINE(ENGINE), .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC),
                .LOG2_ENTRIES(LOG2_ENTRIES), .WEIGHT_AW(WEIGHT_AW), .TABLE_AW(TABLE_AW), .MAC(MAC), .ACC_AW(ACC_AW),
                .POOL(POOL), .SUM_W(SUM_W), .STEPS(STEPS)
            ) u_loader (
                .clk(clk), .rst(rst), .o_spi_cs_n(FLASH_SSB), .o_spi_sck(FLASH_SCK), .o_spi_mosi(FLASH_IO0),
                .i_spi_miso(FLASH_IO1), .o_load(load), .o_boot(boot), .o_table_we(table_we), .o_table_addr(table_addr),
                .o_table_wdata(table_wdata), .o_weight_we(load_we), .o_weight_addr(load_addr),
                .o_weight_wdata(load_wdata)
            );
        end else begin : g_host
            assign {FLASH_SSB, FLASH_SCK, FLASH_IO0} = 3'b100;
            assign {load, boot, table_we, load_we}   = 5'd0;
            assign table_addr  = {TABLE_AW{1'b0}};
            assign table_wdata = 16'd0;
            assign load_addr   = {WEIGHT_AW{1'b0}};
            assign load_wdata  = {WORD_W{1'b0}};
            wire unused = &{1'b0, rst, FLASH_IO1, FLASH_ADDR};
        end
    endgenerate

    wire                 weight_we    = load ? load_we : host_we;
    wire [WEIGHT_AW-1:0] weight_addr  = load ? load_addr : host_addr;
    wire [WORD_W-1:0]    weight_wdata = load ? load_wdata : host_wdata;
    generate
        if (USE_SPRAM != 0) begin : g_spram
            sc_ice40_spram #(.WIDTH(WORD_W), .ADDR_W(WEIGHT_AW)) u_weights (
                .clk(clk), .i_we(weight_we), .i_addr(weight_addr), .i_wdata(weight_wdata), .o_rdata(weight_rdata)
            );
        end else begin : g_bram
            sc_mem #(.WIDTH(WORD_W), .DEPTH(1 << WEIGHT_AW), .INIT_FILE(WEIGHT_FILE)) u_weights (
                .clk(clk), .i_we(weight_we), .i_waddr(weight_addr), .i_wdata(weight_wdata),
                .i_raddr(weight_addr), .o_rdata(weight_rdata)
            );
        end
    endgenerate
endmodule
`default_nettype wire
