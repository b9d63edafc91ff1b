// SPDX-License-Identifier: Apache-2.0
// Bench top: memories of several shapes on the same ports; memory 0 is initialised from tb_mem.mem.
//
// Format     memory k has bit k of i_we, and its o_rdata is field k of o_rdata (80 bits). Each takes the low bits of
//            the addresses and of the data.
`default_nettype none
module tb_mem (
    input  wire           clk,
    input  wire           rst,     // unused: the memory has no reset
    input  wire [3:0]     i_we,
    input  wire [5:0]     i_waddr,
    input  wire [79:0]    i_wdata,
    input  wire [5:0]     i_raddr,
    output wire [319:0]   o_rdata
);
    wire unused = &{1'b0, rst};
    assign o_rdata[79:16]   = 64'd0;
    assign o_rdata[159:81]  = 79'd0;
    assign o_rdata[239:165] = 75'd0;

    sc_mem #(.WIDTH(16), .DEPTH(64), .INIT_FILE("tb_mem.mem")) u_init (
        .clk(clk), .i_we(i_we[0]), .i_waddr(i_waddr), .i_wdata(i_wdata[15:0]), .i_raddr(i_raddr),
        .o_rdata(o_rdata[15:0])
    );
    sc_mem #(.WIDTH(1), .DEPTH(2)) u_least (
        .clk(clk), .i_we(i_we[1]), .i_waddr(i_waddr[0]), .i_wdata(i_wdata[0]), .i_raddr(i_raddr[0]),
        .o_rdata(o_rdata[80])
    );
    sc_mem #(.WIDTH(5), .DEPTH(11)) u_odd (
        .clk(clk), .i_we(i_we[2]), .i_waddr(i_waddr[3:0]), .i_wdata(i_wdata[4:0]), .i_raddr(i_raddr[3:0]),
        .o_rdata(o_rdata[164:160])
    );
    sc_mem #(.WIDTH(80), .DEPTH(64)) u_wide (
        .clk(clk), .i_we(i_we[3]), .i_waddr(i_waddr), .i_wdata(i_wdata), .i_raddr(i_raddr), .o_rdata(o_rdata[319:240])
    );
endmodule
`default_nettype wire
