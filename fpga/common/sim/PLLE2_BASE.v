// SPDX-License-Identifier: Apache-2.0
// Simulation stand-in for the 7-series PLL: both outputs are the input clock itself, locked after 16 of its edges. Its
// ratio is not modelled. Only the ports and parameters that sc_arty_a7 sets.
`default_nettype none
module PLLE2_BASE #(
    parameter BANDWIDTH      = "OPTIMIZED",
    parameter CLKIN1_PERIOD  = 0.0,
    parameter DIVCLK_DIVIDE  = 1,
    parameter CLKFBOUT_MULT  = 5,
    parameter CLKOUT0_DIVIDE = 1
) (
    input  wire CLKIN1,
    input  wire CLKFBIN,
    output wire CLKFBOUT,
    output wire CLKOUT0,
    output wire LOCKED,
    input  wire PWRDWN,
    input  wire RST
);
    wire unused = &{1'b0, BANDWIDTH, CLKIN1_PERIOD > 0.0, DIVCLK_DIVIDE, CLKFBOUT_MULT, CLKOUT0_DIVIDE, CLKFBIN,
                    PWRDWN};
    reg [4:0] edges;
    initial edges = 5'd0;
    always @(posedge CLKIN1)
        if (RST)            edges <= 5'd0;
        else if (!edges[4]) edges <= edges + 1'b1;
    assign LOCKED   = edges[4];
    assign CLKFBOUT = CLKIN1;
    assign CLKOUT0  = CLKIN1;
endmodule
`default_nettype wire
