// SPDX-License-Identifier: Apache-2.0
// Stands for a sensor: sends the images of images.mem over AXI4-Stream, a code a beat, tlast with the last of each.
`default_nettype none
module soc_camera #(
    parameter INPUTS = 64,                 // codes of an image
    parameter IMAGES = 4,
    parameter DATA_W = 8
) (
    input  wire              clk,
    input  wire              rst,
    output reg               o_valid,
    input  wire              i_ready,
    output wire [DATA_W-1:0] o_data,
    output wire              o_last
);
    localparam CODES = INPUTS * IMAGES;
    localparam [31:0] LAST = INPUTS - 1, END = CODES - 1;
    reg [DATA_W-1:0] codes [0:CODES-1];
    initial $readmemh("images.mem", codes);

    reg [31:0] at, column;
    assign o_data = codes[at];
    assign o_last = column == LAST;
    always @(posedge clk)
        if (rst) begin
            o_valid <= 1'b1;
            at      <= 32'd0;
            column  <= 32'd0;
        end else if (o_valid && i_ready) begin
            o_valid <= at != END;
            at      <= at != END ? at + 32'd1 : at;
            column  <= o_last ? 32'd0 : column + 32'd1;
        end
endmodule
`default_nettype wire
