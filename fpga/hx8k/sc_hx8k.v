// SPDX-License-Identifier: Apache-2.0
// Top for Lattice's iCE40-HX8K breakout board (iCE40HX8K-B-EVN): PLL, and sc_bram_board behind the USB serial port.
//
// Clock      12 MHz * (PLL_DIVF + 1) / 2^PLL_DIVQ. The oscillator's pin is no PLL pad, so the PLL is fed from the fabric.
// Reset      until the PLL is locked; the board has no button.
// LEDs       D9: an inference is under way; D8: the last frame was refused.
// Model      sc_neurocore.hardware.build chooses the parameters
`default_nettype none
module sc_hx8k #(
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
    parameter CLOCKS_PER_BIT = 60,
    parameter LOG2_PAYLOAD   = 9,
    parameter WEIGHT_FILE    = "",
    parameter TABLE_FILE     = "",
    parameter PLL_DIVF       = 79,         // 44 .. 88: the VCO runs at 12 MHz * (PLL_DIVF + 1), 533 .. 1066 MHz
    parameter PLL_DIVQ       = 4           // 1 .. 6
) (
    input  wire CLK,
    input  wire RX,
    output wire TX,
    output wire LED_BUSY,
    output wire LED_ERROR
);
    wire clk, locked, busy, error;
    SB_PLL40_CORE #(
        .FEEDBACK_PATH("SIMPLE"), .DIVR(4'd0), .DIVF(PLL_DIVF[6:0]), .DIVQ(PLL_DIVQ[2:0]), .FILTER_RANGE(3'd1)
    ) u_pll (
        .REFERENCECLK(CLK), .PLLOUTGLOBAL(clk), .LOCK(locked), .RESETB(1'b1), .BYPASS(1'b0)
    );
    sc_bram_board #(
        .ENGINE(ENGINE), .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .LOG2_ENTRIES(LOG2_ENTRIES),
        .WEIGHT_AW(WEIGHT_AW), .TABLE_AW(TABLE_AW), .TABLE_FILE(TABLE_FILE), .MAC(MAC), .ACC_AW(ACC_AW), .POOL(POOL),
        .SUM_W(SUM_W), .STEPS(STEPS), .CLOCKS_PER_BIT(CLOCKS_PER_BIT), .LOG2_PAYLOAD(LOG2_PAYLOAD), .WEIGHT_FILE(WEIGHT_FILE)
    ) u_board (
        .clk(clk), .i_ready(locked), .i_rx(RX), .o_tx(TX), .o_busy(busy), .o_error(error)
    );
    assign LED_BUSY  = busy;
    assign LED_ERROR = error;
endmodule
`default_nettype wire
