// SPDX-License-Identifier: Apache-2.0
// Simulation stand-in for the 7-series PLL at 100 MHz, with the ports and parameters that sc_arty_a7 sets: both outputs
// are the input clock itself, locked after 16 of its edges. The ratio is not modelled; settings that the slowest speed
// grade does not take are refused.
`default_nettype none
module PLLE2_BASE #(
    parameter CLKIN1_PERIOD  = 10.0,
    parameter DIVCLK_DIVIDE  = 1,
    parameter CLKFBOUT_MULT  = 8,
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
    generate
        if (CLKIN1_PERIOD < 9.99 || CLKIN1_PERIOD > 10.01 || DIVCLK_DIVIDE != 1 || CLKFBOUT_MULT < 8 || CLKFBOUT_MULT > 16)
        begin : g_illegal_vco
            ERROR_VCO_must_run_at_800_to_1600_MHz u_illegal ();
        end
        if (CLKOUT0_DIVIDE < 1 || CLKOUT0_DIVIDE > 128) begin : g_illegal_divide
            ERROR_CLKOUT0_DIVIDE_must_be_in_1_to_128 u_illegal ();
        end
    endgenerate

    wire unused = &{1'b0, CLKFBIN, PWRDWN};
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
