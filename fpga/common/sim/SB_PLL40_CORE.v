// SPDX-License-Identifier: Apache-2.0
// Simulation stand-in for the iCE40 PLL fed from the fabric: the reference itself, locked after 16 of its edges. Its
// ratio is not modelled.
`default_nettype none
module SB_PLL40_CORE #(
    parameter       FEEDBACK_PATH = "SIMPLE",
    parameter [3:0] DIVR          = 4'd0,
    parameter [6:0] DIVF          = 7'd0,
    parameter [2:0] DIVQ          = 3'd0,
    parameter [2:0] FILTER_RANGE  = 3'd0
) (
    input  wire REFERENCECLK,
    output wire PLLOUTGLOBAL,
    output wire LOCK,
    input  wire RESETB,
    input  wire BYPASS
);
    wire unused = &{1'b0, FEEDBACK_PATH, DIVR, DIVF, DIVQ, FILTER_RANGE, BYPASS};
    reg [4:0] edges;
    initial edges = 5'd0;
    always @(posedge REFERENCECLK)
        if (!RESETB)        edges <= 5'd0;
        else if (!edges[4]) edges <= edges + 1'b1;
    assign LOCK         = edges[4];
    assign PLLOUTGLOBAL = REFERENCECLK;
endmodule
`default_nettype wire
