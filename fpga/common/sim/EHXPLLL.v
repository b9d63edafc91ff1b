// SPDX-License-Identifier: Apache-2.0
// Simulation stand-in for the ECP5 PLL: both outputs are the input clock itself, locked after 16 of its edges. Its ratios
// are not modelled. Only the ports and parameters that sc_ecp5_pll sets.
`default_nettype none
module EHXPLLL #(
    parameter CLKI_DIV        = 1,
    parameter CLKFB_DIV       = 1,
    parameter FEEDBK_PATH     = "CLKOP",
    parameter CLKOP_ENABLE    = "ENABLED",
    parameter CLKOP_DIV       = 8,
    parameter CLKOP_CPHASE    = 0,
    parameter CLKOP_FPHASE    = 0,
    parameter CLKOS_ENABLE    = "DISABLED",
    parameter CLKOS_DIV       = 8,
    parameter CLKOS_CPHASE    = 0,
    parameter CLKOS_FPHASE    = 0,
    parameter OUTDIVIDER_MUXA = "DIVA",
    parameter OUTDIVIDER_MUXB = "DIVB"
) (
    input  wire CLKI,
    input  wire CLKFB,
    output wire CLKOP,
    output wire CLKOS,
    output wire LOCK,
    input  wire RST,
    input  wire STDBY,
    input  wire PHASESEL0,
    input  wire PHASESEL1,
    input  wire PHASEDIR,
    input  wire PHASESTEP,
    input  wire PHASELOADREG,
    input  wire PLLWAKESYNC,
    input  wire ENCLKOP,
    input  wire ENCLKOS
);
    wire unused = &{1'b0, CLKI_DIV, CLKFB_DIV, FEEDBK_PATH, CLKOP_ENABLE, CLKOP_DIV, CLKOP_CPHASE, CLKOP_FPHASE,
                    CLKOS_ENABLE, CLKOS_DIV, CLKOS_CPHASE, CLKOS_FPHASE, OUTDIVIDER_MUXA, OUTDIVIDER_MUXB, CLKFB, STDBY,
                    PHASESEL0, PHASESEL1, PHASEDIR, PHASESTEP, PHASELOADREG, PLLWAKESYNC, ENCLKOP, ENCLKOS};
    reg [4:0] edges;
    initial edges = 5'd0;
    always @(posedge CLKI)
        if (RST)            edges <= 5'd0;
        else if (!edges[4]) edges <= edges + 1'b1;
    assign LOCK  = edges[4];
    assign CLKOP = CLKI;
    assign CLKOS = CLKI;
endmodule
`default_nettype wire
