// SPDX-License-Identifier: Apache-2.0
// Simulation stand-in for the iCE40 UP5K's single-port RAM of 16 k x 16 bits, after its documented behaviour: a write
// leaves DATAOUT unspecified (here: all ones, so that nobody relies on it), nibbles are written under MASKWREN.
`default_nettype none
module SB_SPRAM256KA (
    input  wire [13:0] ADDRESS,
    input  wire [15:0] DATAIN,
    input  wire [3:0]  MASKWREN,
    input  wire        WREN,
    input  wire        CHIPSELECT,
    input  wire        CLOCK,
    input  wire        STANDBY,
    input  wire        SLEEP,
    input  wire        POWEROFF,           // active low
    output reg  [15:0] DATAOUT
);
    reg [15:0] mem [0:16383];
    wire on = CHIPSELECT && !STANDBY && !SLEEP && POWEROFF;
    wire [15:0] mask = {{4{MASKWREN[3]}}, {4{MASKWREN[2]}}, {4{MASKWREN[1]}}, {4{MASKWREN[0]}}};
    always @(posedge CLOCK)
        if (on) begin
            if (WREN) begin
                mem[ADDRESS] <= (DATAIN & mask) | (mem[ADDRESS] & ~mask);
                DATAOUT      <= 16'hffff;
            end else begin
                DATAOUT      <= mem[ADDRESS];
            end
        end
endmodule
`default_nettype wire
