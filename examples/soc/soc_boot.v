// SPDX-License-Identifier: Apache-2.0
// Stands for a CPU: an AXI4-Lite master that walks a list of accesses, each to be answered as the list says.
//
// Steps      read ID, must be the core's; write ENABLE; read IMAGES until it is the number of images; read STATUS, which
//            must show no error; stop, with o_ok or o_fail.
`default_nettype none
module soc_boot #(
    parameter IMAGES = 4                   // 1 .. 65535
) (
    input  wire        clk,
    input  wire        rst,
    output wire        o_ok,
    output wire        o_fail,
    output reg         o_awvalid,
    input  wire        i_awready,
    output wire [11:0] o_awaddr,
    output reg         o_wvalid,
    input  wire        i_wready,
    output wire [31:0] o_wdata,
    input  wire        i_bvalid,
    output wire        o_bready,
    input  wire [1:0]  i_bresp,
    output reg         o_arvalid,
    input  wire        i_arready,
    output wire [11:0] o_araddr,
    input  wire        i_rvalid,
    output wire        o_rready,
    input  wire [31:0] i_rdata,
    input  wire [1:0]  i_rresp
);
    localparam [2:0] STEPS = 4, FAILED = 7;
    reg [2:0]  step;
    reg        asked;                      // the step's access is under way

    // The list: write or read, address, data to write or to expect, the bits that count, try again until they agree.
    reg        write, again;
    reg [11:0] addr;
    reg [31:0] data, mask;
    always @*
        case (step)
            0:       {write, again, addr, data, mask} = {2'b00, 12'h000, 32'h53434E43, 32'hFFFFFFFF};
            1:       {write, again, addr, data, mask} = {2'b10, 12'h008, 32'd1, 32'd0};
            2:       {write, again, addr, data, mask} = {2'b01, 12'h010, IMAGES, 32'hFFFFFFFF};
            default: {write, again, addr, data, mask} = {2'b00, 12'h00C, 32'd0, 32'h00000F00};
        endcase

    assign o_ok     = step == STEPS;
    assign o_fail   = step == FAILED;
    assign o_awaddr = addr;
    assign o_araddr = addr;
    assign o_wdata  = data;
    assign o_bready = asked;
    assign o_rready = asked;

    wire ended  = asked && (write ? i_bvalid : i_rvalid);
    wire wrong  = (write ? i_bresp : i_rresp) != 2'b00;
    wire agrees = write || ((i_rdata ^ data) & mask) == 0;
    always @(posedge clk)
        if (rst) begin
            step      <= 0;
            asked     <= 1'b0;
            {o_awvalid, o_wvalid, o_arvalid} <= 3'b000;
        end else begin
            if (i_awready) o_awvalid <= 1'b0;
            if (i_wready)  o_wvalid  <= 1'b0;
            if (i_arready) o_arvalid <= 1'b0;
            if (!asked && !o_ok && !o_fail) begin
                asked     <= 1'b1;
                o_awvalid <= write;
                o_wvalid  <= write;
                o_arvalid <= !write;
            end else if (ended) begin
                asked <= 1'b0;
                if (wrong || (!agrees && !again)) step <= FAILED;
                else if (agrees)                  step <= step + 1'b1;
            end
        end
endmodule
`default_nettype wire
