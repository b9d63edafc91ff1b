// SPDX-License-Identifier: Apache-2.0
// Simulation stand-in for the ECP5 PLL, with the ports and parameters that sc_ecp5_pll sets: both outputs are the input
// clock itself, locked after 16 of its edges. Ratios are not modelled; settings other than that module's are refused.
`default_nettype none
module EHXPLLL #(
    parameter CLKI_DIV        = 1,
    parameter CLKFB_DIV       = 1,
    parameter FEEDBK_PATH     = "CLKOP",
    parameter CLKOP_ENABLE    = "ENABLED",
    parameter CLKOP_DIV       = 8,
    parameter CLKOP_CPHASE    = 7,
    parameter CLKOP_FPHASE    = 0,
    parameter CLKOS_ENABLE    = "ENABLED",
    parameter CLKOS_DIV       = 8,
    parameter CLKOS_CPHASE    = 7,
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
    generate
        if (CLKI_DIV != 1 || CLKFB_DIV != 1 || FEEDBK_PATH != "CLKOP" || CLKOP_ENABLE != "ENABLED" || CLKOP_DIV < 1
            || CLKOP_DIV > 128 || CLKOP_CPHASE != CLKOP_DIV - 1 || CLKOP_FPHASE != 0 || OUTDIVIDER_MUXA != "DIVA"
        ) begin : g_illegal_clkop
            ERROR_CLKOP_must_close_the_loop_at_the_input_clock u_illegal ();
        end
        if (CLKOS_ENABLE != "ENABLED" || CLKOS_DIV < 1 || CLKOS_DIV > 128 || CLKOS_CPHASE != CLKOS_DIV - 1
            || CLKOS_FPHASE != 0 || OUTDIVIDER_MUXB != "DIVB") begin : g_illegal_clkos
            ERROR_CLKOS_must_divide_by_1_to_128 u_illegal ();
        end
    endgenerate

    wire unused = &{1'b0, CLKFB, STDBY, PHASESEL0, PHASESEL1, PHASEDIR, PHASESTEP, PHASELOADREG, PLLWAKESYNC, ENCLKOP,
                    ENCLKOS};
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
