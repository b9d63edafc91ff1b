// SPDX-License-Identifier: Apache-2.0
// Top for the Arty A7-35T (Artix-7 XC7A35T): PLL, and sc_bram_board behind the USB serial port.
//
// Clock      100 MHz * PLL_MULT / PLL_DIV.
// Reset      while button RESET is pressed or the PLL is not locked.
// LEDs       LD4: an inference is under way; LD5: the last frame was refused.
// Model      sc_neurocore.hardware.build chooses the parameters
`default_nettype none
module sc_arty_a7 #(
    parameter ENGINE         = 0,          // ENGINE to LOG2_PAYLOAD: as in sc_system, which checks them
    parameter LOG2L          = 4,
    parameter LANES          = 3,
    parameter FRAC           = 4,
    parameter LOG2_ENTRIES   = 8,
    parameter WEIGHT_AW      = 12,
    parameter TABLE_AW       = 5,
    parameter MAC            = 0,
    parameter ACC_AW         = 8,
    parameter POOL           = 0,
    parameter SUM_W          = LOG2_ENTRIES + LOG2L + 1 + (MAC != 0 ? LOG2L : 0),
    parameter STEPS          = 0,
    parameter CLOCKS_PER_BIT = 50,
    parameter LOG2_PAYLOAD   = 9,
    parameter WEIGHT_FILE    = "",
    parameter TABLE_FILE     = "",
    parameter PLL_MULT       = 10,         // 8 .. 16: the VCO runs at 100 MHz * PLL_MULT, 800 .. 1600 MHz
    parameter PLL_DIV        = 20          // 1 .. 128
) (
    input  wire CLK,
    input  wire RST_N,
    input  wire RX,
    output wire TX,
    output wire LED_BUSY,
    output wire LED_ERROR
);
    wire pll_clk, feedback, clk, locked, busy, error;
    PLLE2_BASE #(
        .CLKIN1_PERIOD(10.0), .DIVCLK_DIVIDE(1), .CLKFBOUT_MULT(PLL_MULT), .CLKOUT0_DIVIDE(PLL_DIV)
    ) u_pll (
        .CLKIN1(CLK), .CLKFBIN(feedback), .CLKFBOUT(feedback), .CLKOUT0(pll_clk), .LOCKED(locked),
        .PWRDWN(1'b0), .RST(1'b0)
    );
    BUFG u_global (.I(pll_clk), .O(clk));
    sc_bram_board #(
        .ENGINE(ENGINE), .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .LOG2_ENTRIES(LOG2_ENTRIES),
        .WEIGHT_AW(WEIGHT_AW), .TABLE_AW(TABLE_AW), .TABLE_FILE(TABLE_FILE), .MAC(MAC), .ACC_AW(ACC_AW), .POOL(POOL),
        .SUM_W(SUM_W), .STEPS(STEPS), .CLOCKS_PER_BIT(CLOCKS_PER_BIT), .LOG2_PAYLOAD(LOG2_PAYLOAD), .WEIGHT_FILE(WEIGHT_FILE)
    ) u_board (
        .clk(clk), .i_ready(locked && RST_N), .i_rx(RX), .o_tx(TX), .o_busy(busy), .o_error(error)
    );
    assign LED_BUSY  = busy;
    assign LED_ERROR = error;
endmodule
`default_nettype wire
