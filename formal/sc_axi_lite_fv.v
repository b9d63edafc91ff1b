// SPDX-License-Identifier: Apache-2.0
// The AXI4-Lite slave against queues of what was taken on each channel; master, registers and rst are free.
//
// Assumed    nothing: also a master that withdraws its valids breaks no rule here
// Claims     a_… below. A write is a pair of an AW and a W, in the order of each; every one is requested once, with what
//            its two beats carried, and gives one B; a read likewise. Progress: once its parts are here and its
//            response register is free, a write is carried out within 2 clocks, a read within 3; so only a master that does not take a response holds
//            back that channel, and never the other one.
`default_nettype none
module sc_axi_lite_fv #(
    parameter ADDR_W = 5
) (
    input wire              clk,
    input wire              rst,
    input wire              i_awvalid,
    input wire [ADDR_W-1:0] i_awaddr,
    input wire              i_wvalid,
    input wire [31:0]       i_wdata,
    input wire [3:0]        i_wstrb,
    input wire              i_bready,
    input wire              i_arvalid,
    input wire [ADDR_W-1:0] i_araddr,
    input wire              i_rready,
    input wire [31:0]       i_rdata,
    input wire              i_error
);
    wire              awready, wready, bvalid, arready, rvalid, req, write;
    wire [1:0]        bresp, rresp;
    wire [31:0]       rdata, wdata;
    wire [ADDR_W-3:0] addr;
    sc_axi_lite #(.ADDR_W(ADDR_W)) u_lite (
        .clk(clk), .rst(rst), .i_awvalid(i_awvalid), .o_awready(awready), .i_awaddr(i_awaddr), .i_wvalid(i_wvalid),
        .o_wready(wready), .i_wdata(i_wdata), .i_wstrb(i_wstrb), .o_bvalid(bvalid), .i_bready(i_bready), .o_bresp(bresp),
        .i_arvalid(i_arvalid), .o_arready(arready), .i_araddr(i_araddr), .o_rvalid(rvalid), .i_rready(i_rready),
        .o_rdata(rdata), .o_rresp(rresp), .o_req(req), .o_write(write), .o_addr(addr), .o_wdata(wdata),
        .i_rdata(i_rdata), .i_error(i_error)
    );

    // Registers of u_lite.
    (* keep *) wire              aw_full, w_full, ar_full, whole, act;
    (* keep *) wire [ADDR_W-3:0] aw_word, ar_word;

    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;
    always @* if (!past_valid) assume (rst);

    // What was taken and not yet answered by a valid response: a queue of one is room enough, which a_room says.
    reg              aw_here, w_here, ar_here;
    reg [ADDR_W-1:0] aw_addr, ar_addr;
    reg [31:0]       w_data;
    reg [3:0]        w_strb;
    // Responses due: wanted now, and what they must say.
    reg              b_due, r_due, b_bad, r_bad;
    reg [31:0]       r_data;
    reg [3:0]        b_wait, r_wait;       // clocks in which a request could have been answered
    wire             aw_take = i_awvalid && awready, w_take = i_wvalid && wready, ar_take = i_arvalid && arready;
    wire             refused = act && write && !(&w_strb);    // answered without a request
    wire             w_done = (req && write) || refused;
    wire             r_done = req && !write;
    always @(posedge clk)
        if (rst) begin
            {aw_here, w_here, ar_here} <= 0;
            {b_due, r_due}             <= 0;
            {b_wait, r_wait}           <= 0;
        end else begin
            if (aw_take) aw_here <= 1; else if (w_done) aw_here <= 0;
            if (w_take)  w_here  <= 1; else if (w_done) w_here  <= 0;
            if (ar_take) ar_here <= 1; else if (r_done) ar_here <= 0;
            if (w_done) b_due <= 1; else if (i_bready) b_due <= 0;
            if (r_done) r_due <= 1; else if (i_rready) r_due <= 0;
            b_wait <= aw_here && w_here && !b_due && !w_done ? b_wait + 1 : 0;
            r_wait <= ar_here && !r_due && !r_done ? r_wait + 1 : 0;
        end
    always @(posedge clk) begin
        if (aw_take) aw_addr <= i_awaddr;
        if (ar_take) ar_addr <= i_araddr;
        if (w_take)  {w_data, w_strb} <= {i_wdata, i_wstrb};
        if (w_done)  b_bad <= i_error || refused;
        if (r_done)  {r_bad, r_data} <= {i_error, i_error ? 32'd0 : i_rdata};
    end

    reg        was_b, was_r, was_req;      // a response was offered and not taken; a request was made
    reg [1:0]  was_bresp, was_rresp;
    reg [31:0] was_rdata;
    always @(posedge clk) begin
        was_b     <= bvalid && !i_bready && !rst;
        was_r     <= rvalid && !i_rready && !rst;
        was_req   <= req && !rst;
        was_bresp <= bresp;
        was_rresp <= rresp;
        was_rdata <= rdata;
    end

    always @* if (past_valid) begin
        if (was_b) a_b_holds: assert (bvalid && bresp == was_bresp);
        if (was_r) a_r_holds: assert (rvalid && rresp == was_rresp && rdata == was_rdata);
        a_b_due: assert (bvalid == b_due);
        a_r_due: assert (rvalid == r_due);
        if (bvalid) a_b_says: assert (bresp == (b_bad ? 2'b10 : 2'b00));
        if (rvalid) a_r_says: assert (rresp == (r_bad ? 2'b10 : 2'b00) && rdata == r_data);
        a_room: assert (!(aw_here && awready) && !(w_here && wready) && !(ar_here && arready));
        a_ready: assert (awready || aw_here);
        a_ready_w: assert (wready || w_here);
        a_ready_r: assert (arready || ar_here);
        if (req && write) a_write: assert (aw_here && w_here && !b_due && &w_strb && addr == aw_addr[ADDR_W-1:2]
                                           && wdata == w_data);
        if (refused) a_refused: assert (aw_here && w_here && !b_due && !req);
        if (req && !write) a_read: assert (ar_here && !r_due && addr == ar_addr[ADDR_W-1:2]);
        if (req) a_apart: assert (!was_req);
        a_progress_b: assert (b_wait <= 2);
        a_progress_r: assert (r_wait <= 3);
    end

    // Invariants.
    reg was_act, was_write;
    always @(posedge clk) begin
        was_act   <= act && !rst;
        was_write <= write;
    end
    always @* if (past_valid) begin
        i_here: assert (aw_full == aw_here && w_full == w_here && ar_full == ar_here);
        if (aw_here) i_aw: assert (aw_word == aw_addr[ADDR_W-1:2]);
        if (ar_here) i_ar: assert (ar_word == ar_addr[ADDR_W-1:2]);
        if (w_here)  i_w:  assert (whole == &w_strb && wdata == w_data);
        if (act) i_act: assert (!was_act && (write ? aw_here && w_here && !b_due : ar_here && !r_due));
        if (was_act) i_was: assert (was_write ? !aw_here && !w_here : !ar_here);
        if (was_req) i_was_req: assert (was_act);
        if (b_wait == 1) i_b_1: assert (act ? write : was_act);
        if (b_wait >= 2) i_b_2: assert (act && write);
        if (r_wait == 1) i_r_1: assert (act || was_act);
        if (r_wait == 2) i_r_2: assert (act ? !write : was_act);
        if (r_wait >= 3) i_r_3: assert (act && !write);
    end

    reg [1:0] answered;                    // responses that came with an error: bit 0 B, bit 1 R
    always @(posedge clk)
        if (rst) answered <= 0;
        else answered <= answered | {rvalid && i_rready && rresp != 0, bvalid && i_bready && bresp != 0};
    always @(posedge clk)
        if (past_valid && !rst) begin
            c_both:   cover (bvalid && rvalid && aw_here && w_here && ar_here);
            c_w_first: cover (w_here && !aw_here && aw_take);
            c_errors: cover (answered == 3 && bvalid && bresp == 0 && rvalid && rresp == 0);
        end
endmodule
`default_nettype wire
