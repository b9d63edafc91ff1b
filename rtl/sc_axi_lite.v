// SPDX-License-Identifier: Apache-2.0
// AXI4-Lite slave: turns reads and writes of 32-bit registers into requests of one clock on a plain port.
//
// Update     AW, W and AR are taken into a register each, in any order and without waiting for one another. A write is
//            requested once both its parts are here and its predecessor's B was taken, a read likewise. Where both could
//            be, the write goes first and the read is next; neither waits for the other's response.
// Port       in the clock of o_req the registers answer at once: i_rdata for a read, i_error to refuse either; they act at
//            its end, and not at all if they refuse. Requests are two clocks apart or more, so a memory addressed by a
//            register answers in time.
// Strobes    a write without all four is answered SLVERR and not requested. The two low address bits are ignored: an
//            access means the word that it lies in.
// Latency    B: 3 clocks after the later of AW and W, R: 3 after AR, where nothing else is under way
// Format     every response OKAY or SLVERR. Outputs are registers: no input reaches one in the same clock.
// Model      tb/test_axi.py, with the bus models of cocotbext-axi
// Proof      formal/sc_axi_lite_fv.v
`default_nettype none
module sc_axi_lite #(
    parameter ADDR_W = 12                  // 3 .. 32: address bits
) (
    input  wire              clk,
    input  wire              rst,
    input  wire              i_awvalid,
    output wire              o_awready,
    input  wire [ADDR_W-1:0] i_awaddr,
    input  wire              i_wvalid,
    output wire              o_wready,
    input  wire [31:0]       i_wdata,
    input  wire [3:0]        i_wstrb,
    output reg               o_bvalid,
    input  wire              i_bready,
    output wire [1:0]        o_bresp,
    input  wire              i_arvalid,
    output wire              o_arready,
    input  wire [ADDR_W-1:0] i_araddr,
    output reg               o_rvalid,
    input  wire              i_rready,
    output reg  [31:0]       o_rdata,
    output wire [1:0]        o_rresp,
    output wire              o_req,        // registers
    output wire              o_write,
    output wire [ADDR_W-3:0] o_addr,       // of a word
    output reg  [31:0]       o_wdata,
    input  wire [31:0]       i_rdata,
    input  wire              i_error
);
    generate
        if (ADDR_W < 3 || ADDR_W > 32) begin : g_illegal_addr_w
            ERROR_ADDR_W_must_be_in_3_to_32 u_illegal ();
        end
    endgenerate

    reg              aw_full, w_full, ar_full;   // a part is here
    reg [ADDR_W-3:0] aw_addr, ar_addr;
    reg              whole;                // all four strobes
    reg              act;                  // a request, of the kind `write`, is carried out
    reg              write;
    reg              b_error, r_error;
    wire             unused = &{1'b0, i_awaddr[1:0], i_araddr[1:0]};

    assign o_awready = !aw_full;
    assign o_wready  = !w_full;
    assign o_arready = !ar_full;
    assign o_req     = act && (!write || whole);
    assign o_write   = write;
    assign o_addr    = write ? aw_addr : ar_addr;
    assign o_bresp   = {b_error, 1'b0};
    assign o_rresp   = {r_error, 1'b0};

    wire can_write = aw_full && w_full && !o_bvalid;
    wire can_read  = ar_full && !o_rvalid;
    wire ends_w    = act && write;
    wire ends_r    = act && !write;

    always @(posedge clk)
        if (rst) begin
            {aw_full, w_full, ar_full} <= 3'b000;
            {act, write}               <= 2'b00;
            {o_bvalid, o_rvalid}       <= 2'b00;
        end else begin
            aw_full  <= aw_full ? !ends_w : i_awvalid;
            w_full   <= w_full ? !ends_w : i_wvalid;
            ar_full  <= ar_full ? !ends_r : i_arvalid;
            act      <= !act && (can_write || can_read);
            if (!act) write <= can_write;
            o_bvalid <= o_bvalid ? !i_bready : ends_w;
            o_rvalid <= o_rvalid ? !i_rready : ends_r;
        end

    always @(posedge clk) begin
        if (!aw_full) aw_addr <= i_awaddr[ADDR_W-1:2];
        if (!ar_full) ar_addr <= i_araddr[ADDR_W-1:2];
        if (!w_full)  {whole, o_wdata} <= {&i_wstrb, i_wdata};
        if (ends_w)   b_error <= i_error || !whole;
        if (ends_r)   {r_error, o_rdata} <= {i_error, i_error ? 32'd0 : i_rdata};
    end
endmodule
`default_nettype wire
