// SPDX-License-Identifier: Apache-2.0
// Synchronous memory, for any writes and reads at any clocks, watched at one address that may be any:
//   read      a clock after its address stands at i_raddr the word comes that was last written there, or that the file
//             gave it; where it is being written in that very clock, anything;
//   write     changes no word but its own.
// Assumed: addresses are below DEPTH. The memory's words are the wires m0 to m4, which the script of the proof connects.
`default_nettype none
module sc_mem_fv #(
    parameter WIDTH  = 3,
    parameter DEPTH  = 4,
    parameter LOADED = 0                   // 1: from sc_mem_fv.mem
) (
    input wire                     clk,
    input wire                     i_we,
    input wire [$clog2(DEPTH)-1:0] i_waddr,
    input wire [WIDTH-1:0]         i_wdata,
    input wire [$clog2(DEPTH)-1:0] i_raddr
);
    localparam ADDR_W = $clog2(DEPTH);
    wire [WIDTH-1:0] data;
    sc_mem #(.WIDTH(WIDTH), .DEPTH(DEPTH), .INIT_FILE(LOADED != 0 ? "sc_mem_fv.mem" : "")) u_mem (
        .clk(clk), .i_we(i_we), .i_waddr(i_waddr), .i_wdata(i_wdata), .i_raddr(i_raddr), .o_rdata(data)
    );
    (* keep *) wire [WIDTH-1:0] m0, m1, m2, m3, m4;
    (* anyconst *) wire [ADDR_W-1:0] spot;
    wire [WIDTH-1:0] stored = spot == 0 ? m0 : spot == 1 ? m1 : spot == 2 ? m2 : spot == 3 ? m3 : m4;
    always @* begin
        assume (i_waddr < DEPTH && i_raddr < DEPTH && spot < DEPTH);
    end

    reg             past_valid = 0, written = LOADED != 0, read = 0;
    reg [WIDTH-1:0] word, due;             // of spot: its content; what the read gave
    wire [WIDTH-1:0] first = 2 * spot + 1; // the file's words are 1, 3, 5, 7, 1
    wire [WIDTH-1:0] present = past_valid || LOADED == 0 ? word : first;
    always @(posedge clk) begin
        past_valid <= 1;
        read       <= written && i_raddr == spot && !(i_we && i_waddr == spot);
        due        <= present;
        word       <= i_we && i_waddr == spot ? i_wdata : present;
        if (i_we && i_waddr == spot) written <= 1;
    end
    always @* begin
        if (read)    a_read: assert (data == due);
        if (written) i_word: assert (stored == present);
    end
    always @(posedge clk) begin
        c_read:  cover (read && data == 5 && spot == DEPTH - 1);
        c_twice: cover (past_valid && read && i_we && i_waddr == spot && i_wdata != word);
    end
endmodule
`default_nettype wire
