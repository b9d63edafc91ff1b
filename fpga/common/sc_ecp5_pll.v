// SPDX-License-Identifier: Apache-2.0
// Clock of an ECP5 board: o_clk = i_clk * MULT / DIV from an EHXPLLL.
//
// Feedback   CLKOP runs at i_clk and closes the loop, so the phase detector does as well and the VCO at i_clk * MULT;
//            CLKOS divides that again. The attributes are those that the maker's wizard sets for the loop filter.
// Model      sc_neurocore.hardware.boards computes MULT and DIV
`default_nettype none
module sc_ecp5_pll #(
    parameter MULT = 24,                   // 1 .. 128; i_clk * MULT in 400 .. 800 MHz
    parameter DIV  = 10                    // 1 .. 128
) (
    input  wire i_clk,                     // 10 .. 400 MHz
    output wire o_clk,
    output wire o_locked
);
    wire feedback;
    (* ICP_CURRENT="12" *) (* LPF_RESISTOR="8" *) (* MFG_ENABLE_FILTEROPAMP="1" *) (* MFG_GMCREF_SEL="2" *)
    EHXPLLL #(
        .CLKI_DIV(1), .CLKFB_DIV(1), .FEEDBK_PATH("CLKOP"),
        .CLKOP_ENABLE("ENABLED"), .CLKOP_DIV(MULT), .CLKOP_CPHASE(MULT - 1), .CLKOP_FPHASE(0),
        .CLKOS_ENABLE("ENABLED"), .CLKOS_DIV(DIV), .CLKOS_CPHASE(DIV - 1), .CLKOS_FPHASE(0),
        .OUTDIVIDER_MUXA("DIVA"), .OUTDIVIDER_MUXB("DIVB")
    ) u_pll (
        .CLKI(i_clk), .CLKFB(feedback), .CLKOP(feedback), .CLKOS(o_clk), .LOCK(o_locked),
        .RST(1'b0), .STDBY(1'b0), .PHASESEL0(1'b0), .PHASESEL1(1'b0), .PHASEDIR(1'b0), .PHASESTEP(1'b0),
        .PHASELOADREG(1'b0), .PLLWAKESYNC(1'b0), .ENCLKOP(1'b0), .ENCLKOS(1'b0)
    );
endmodule
`default_nettype wire
