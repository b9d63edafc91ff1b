// SPDX-License-Identifier: Apache-2.0
// Top for the OrangeCrab r0.2 (ECP5 LFE5U-25F): PLL, and sc_bram_board behind two pins of the header.
//
// Clock      48 MHz * PLL_MULT / PLL_DIV.
// Serial     the board has no USB serial chip: RX and TX are header pins 0 and 1, for a 3.3 V adapter.
// Reset      while the button is pressed or the PLL is not locked.
// LEDs       green: an inference is under way; red: the last frame was refused. Both low active.
// Model      sc_neurocore.hardware.build chooses the parameters
`default_nettype none
module sc_orangecrab #(
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
    parameter CLOCKS_PER_BIT = 72,
    parameter LOG2_PAYLOAD   = 9,
    parameter WEIGHT_FILE    = "",
    parameter TABLE_FILE     = "",
    parameter PLL_MULT       = 12,         // as MULT and DIV in sc_ecp5_pll
    parameter PLL_DIV        = 8
) (
    input  wire CLK,
    input  wire BTN_N,
    input  wire RX,
    output wire TX,
    output wire LEDR_N,
    output wire LEDG_N
);
    wire clk, locked, busy, error;
    sc_ecp5_pll #(.MULT(PLL_MULT), .DIV(PLL_DIV)) u_pll (.i_clk(CLK), .o_clk(clk), .o_locked(locked));
    sc_bram_board #(
        .ENGINE(ENGINE), .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .LOG2_ENTRIES(LOG2_ENTRIES),
        .WEIGHT_AW(WEIGHT_AW), .TABLE_AW(TABLE_AW), .TABLE_FILE(TABLE_FILE), .MAC(MAC), .ACC_AW(ACC_AW), .POOL(POOL),
        .SUM_W(SUM_W), .STEPS(STEPS), .CLOCKS_PER_BIT(CLOCKS_PER_BIT), .LOG2_PAYLOAD(LOG2_PAYLOAD), .WEIGHT_FILE(WEIGHT_FILE)
    ) u_board (
        .clk(clk), .i_ready(locked && BTN_N), .i_rx(RX), .o_tx(TX), .o_busy(busy), .o_error(error)
    );
    assign LEDG_N = !busy;
    assign LEDR_N = !error;
endmodule
`default_nettype wire
