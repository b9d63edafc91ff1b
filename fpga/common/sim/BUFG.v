// SPDX-License-Identifier: Apache-2.0
// Simulation stand-in for the 7-series global clock buffer: a wire.
`default_nettype none
module BUFG (
    input  wire I,
    output wire O
);
    assign O = I;
endmodule
`default_nettype wire
