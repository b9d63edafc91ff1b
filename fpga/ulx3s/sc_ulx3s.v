// SPDX-License-Identifier: Apache-2.0
// Top for the ULX3S (ECP5 LFE5U-12F or -85F): PLL, and sc_bram_board behind the USB serial port.
//
// Clock      25 MHz * PLL_MULT / PLL_DIV.
// Reset      while button FIRE1 is pressed or the PLL is not locked.
// LEDs       0: an inference is under way; 1: the last frame was refused.
// WiFi       WIFI_GPIO0 is held high: low, the ESP32 would start its own loader and may take the board over.
// Model      sc_neurocore.hardware.build chooses the parameters
`default_nettype none
module sc_ulx3s #(
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
    parameter CLOCKS_PER_BIT = 75,
    parameter LOG2_PAYLOAD   = 9,
    parameter WEIGHT_FILE    = "",
    parameter TABLE_FILE     = "",
    parameter PLL_MULT       = 24,         // as MULT and DIV in sc_ecp5_pll
    parameter PLL_DIV        = 8
) (
    input  wire CLK,
    input  wire BTN_FIRE1,
    input  wire RX,
    output wire TX,
    output wire LED_BUSY,
    output wire LED_ERROR,
    output wire WIFI_GPIO0
);
    wire clk, locked, busy, error;
    sc_ecp5_pll #(.MULT(PLL_MULT), .DIV(PLL_DIV)) u_pll (.i_clk(CLK), .o_clk(clk), .o_locked(locked));
    sc_bram_board #(
        .ENGINE(ENGINE), .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .LOG2_ENTRIES(LOG2_ENTRIES),
        .WEIGHT_AW(WEIGHT_AW), .TABLE_AW(TABLE_AW), .TABLE_FILE(TABLE_FILE), .MAC(MAC), .ACC_AW(ACC_AW), .POOL(POOL),
        .SUM_W(SUM_W), .STEPS(STEPS), .CLOCKS_PER_BIT(CLOCKS_PER_BIT), .LOG2_PAYLOAD(LOG2_PAYLOAD), .WEIGHT_FILE(WEIGHT_FILE)
    ) u_board (
        .clk(clk), .i_ready(locked && !BTN_FIRE1), .i_rx(RX), .o_tx(TX), .o_busy(busy), .o_error(error)
    );
    assign LED_BUSY   = busy;
    assign LED_ERROR  = error;
    assign WIFI_GPIO0 = 1'b1;
endmodule
`default_nettype wire
