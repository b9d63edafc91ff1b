// SPDX-License-Identifier: Apache-2.0
// Designs whose core current is published for the iCE40 UP5K (bench/energy.py names the measurement): binary counters, or two
// 8-bit counters that step by 3 and 5 and are multiplied in LUTs, beside one binary counter. Not the author's source: what
// the published description says, so that the netlist's switching can be counted.
`default_nettype none
module reference #(
    parameter COUNTERS = 1,                // 0 .. 16
    parameter WIDTH    = 28,               // 2 .. 32
    parameter PRODUCT  = 0                 // 1: with the product
) (
    input  wire clk,
    output wire o_any
);
    wire [COUNTERS:0] high;
    assign high[COUNTERS] = 1'b0;
    genvar i;
    generate
        for (i = 0; i < COUNTERS; i = i + 1) begin : g_counter
            (* keep *) reg [WIDTH-1:0] count = 0;
            always @(posedge clk) count <= count + 1'b1;
            assign high[i] = count[WIDTH-1];
        end
        if (PRODUCT != 0) begin : g_product
            reg [7:0] a = 0, b = 0;
            always @(posedge clk) begin
                a <= a + 8'd3;
                b <= b + 8'd5;
            end
            (* keep *) wire [15:0] product = a * b;       // never 0xFFFF: without keep a clever synthesis drops it
            assign o_any = |high | &a | &b | &product;
        end else begin : g_plain
            assign o_any = |high;
        end
    endgenerate
endmodule
`default_nettype wire
