// SPDX-License-Identifier: Apache-2.0
// Top for the iCEBreaker (iCE40 UP5K): PLL, weight memory, and sc_board behind the board's USB serial port.
//
// Clock      12 MHz * (PLL_DIVF + 1) / 2^PLL_DIVQ from the PLL.
// Reset      while the button is pressed or the PLL is not locked.
// Weights    USE_SPRAM = 1: SPRAM blocks of 16 k x 16 bits, as many as words and width need (at most 4), loaded over the
//            link; they keep their content through a reset. USE_SPRAM = 0: block RAM, initialised from WEIGHT_FILE.
// LEDs       green: an inference is under way; red: the last frame was refused. Both low active.
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
    parameter CLOCKS_PER_BIT = 18,
    parameter LOG2_PAYLOAD   = 9,
    parameter WEIGHT_FILE    = "",
    parameter TABLE_FILE     = "",
    parameter USE_SPRAM      = 1,          // 0: block RAM, 1: SPRAM
    parameter PLL_DIVF       = 47,         // 44 .. 88: the VCO runs at 12 MHz * (PLL_DIVF + 1), 533 .. 1066 MHz
    parameter PLL_DIVQ       = 5           // 1 .. 6
) (
    input  wire CLK,
    input  wire BTN_N,
    input  wire RX,
    output wire TX,
    output wire LEDR_N,
    output wire LEDG_N
);
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

    wire                 rst, busy, error, weight_we;
    wire [WEIGHT_AW-1:0] weight_addr;
    wire [WORD_W-1:0]    weight_wdata, weight_rdata;
    sc_board #(
        .ENGINE(ENGINE), .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .LOG2_ENTRIES(LOG2_ENTRIES),
        .WEIGHT_AW(WEIGHT_AW), .TABLE_AW(TABLE_AW), .TABLE_FILE(TABLE_FILE), .MAC(MAC), .ACC_AW(ACC_AW), .POOL(POOL),
        .SUM_W(SUM_W), .CLOCKS_PER_BIT(CLOCKS_PER_BIT), .LOG2_PAYLOAD(LOG2_PAYLOAD)
    ) u_board (
        .clk(clk), .i_ready(locked && BTN_N), .o_rst(rst), .i_rx(RX), .o_tx(TX), .o_busy(busy), .o_error(error),
        .o_weight_we(weight_we), .o_weight_addr(weight_addr), .o_weight_wdata(weight_wdata),
        .i_weight_rdata(weight_rdata),
        .i_load(1'b0), .i_boot(2'd0), .i_table_we(1'b0), .i_table_addr({TABLE_AW{1'b0}}), .i_table_wdata(16'd0)
    );
    wire unused = &{1'b0, rst};
    assign LEDG_N = !busy;
    assign LEDR_N = !error;

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
