// SPDX-License-Identifier: Apache-2.0
// The registers of the bus interface against the register map, written as a list of rules; everything around is free.
//
// Assumed    nothing
// Claims     a_… below: what is refused, what is read, when and what the memories are written, and each register as a
//            function of what happened since rst.
`default_nettype none
module sc_axi_regs_fv #(
    parameter LOG2L        = 4,
    parameter LANES        = 2,
    parameter LOG2_ENTRIES = 4,
    parameter WEIGHT_AW    = 3,
    parameter TABLE_AW     = 3,
    parameter ENGINE       = 0,
    parameter FRAC         = 5,
    parameter MAC          = 1,
    parameter ACC_AW       = 9,
    parameter POOL         = 1,
    parameter SUM_W        = 27,
    parameter STEPS        = 24'h2A5473,
    parameter W            = LANES * (LOG2L + 1)
) (
    input wire                    clk,
    input wire                    rst,
    input wire                    i_req,
    input wire                    i_write,
    input wire [9:0]              i_addr,
    input wire [31:0]             i_wdata,
    input wire                    i_busy,
    input wire                    i_x_ready,
    input wire                    i_done,
    input wire [LOG2_ENTRIES-1:0] i_class,
    input wire [3:0]              i_events,
    input wire [15:0]             i_table
);
    localparam PIECES = (W + 31) / 32;
    localparam ALL    = 32 * PIECES;

    wire [31:0]          rdata;
    wire                 error, enable, restart, table_we, weight_we;
    wire [TABLE_AW-1:0]  table_addr;
    wire [15:0]          table_wdata;
    wire [WEIGHT_AW-1:0] weight_addr;
    wire [W-1:0]         weight_wdata;
    sc_axi_regs #(
        .ENGINE(ENGINE), .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .LOG2_ENTRIES(LOG2_ENTRIES), .WEIGHT_AW(WEIGHT_AW),
        .TABLE_AW(TABLE_AW), .MAC(MAC), .ACC_AW(ACC_AW), .POOL(POOL), .SUM_W(SUM_W), .STEPS(STEPS)
    ) u_regs (
        .clk(clk), .rst(rst), .i_req(i_req), .i_write(i_write), .i_addr(i_addr), .i_wdata(i_wdata), .o_rdata(rdata),
        .o_error(error), .o_enable(enable), .o_restart(restart), .i_busy(i_busy), .i_x_ready(i_x_ready),
        .i_done(i_done), .i_class(i_class), .i_short(i_events[0]), .i_long(i_events[1]), .i_cut(i_events[2]),
        .i_abort(i_events[3]), .o_table_we(table_we), .o_table_addr(table_addr), .o_table_wdata(table_wdata),
        .i_table_rdata(i_table), .o_weight_we(weight_we), .o_weight_addr(weight_addr), .o_weight_wdata(weight_wdata)
    );

    // Registers of u_regs.
    localparam PIECE_W = PIECES > 1 ? $clog2(PIECES) : 1;
    localparam HOLD_W  = PIECES > 1 ? 32 * (PIECES - 1) : 1;
    (* keep *) wire [3:0]              errors;
    (* keep *) wire [31:0]             images, dropped;
    (* keep *) wire [LOG2_ENTRIES-1:0] last_class;
    (* keep *) wire [TABLE_AW:0]       table_at;
    (* keep *) wire [WEIGHT_AW:0]      weight_at;
    (* keep *) wire [PIECE_W-1:0]      piece;
    (* keep *) wire [HOLD_W-1:0]       hold;

    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;
    always @* if (!past_valid) assume (rst);

    // What may be read and what may be written, by byte address.
    wire [11:0] at = {i_addr, 2'b00};
    reg         on;                        // ENABLE
    reg [31:0]  t, w;                      // addresses of table and weights
    wire        table_ok  = !on && t < (1 << TABLE_AW);
    wire        weight_ok = !on && w < (1 << WEIGHT_AW);
    wire readable = at <= 'h18 || at == 'h20 || (at == 'h24 && table_ok) || at == 'h28 || (at >= 'h40 && at <= 'h6C);
    wire writable = at == 'h08 || at == 'h0C || (at == 'h20 && i_wdata < (1 << TABLE_AW)) || (at == 'h24 && table_ok)
                 || (at == 'h28 && i_wdata < (1 << WEIGHT_AW)) || (at == 'h2C && weight_ok);
    wire reads    = i_req && !i_write && readable;
    wire writes   = i_req && i_write && writable;

    reg           again;
    reg [3:0]     sticky;
    reg [31:0]    done, gone;
    reg [15:0]    best;
    reg [7:0]     pieces;                  // of the word under way
    reg [ALL-1:0] word;
    reg [ALL-1:0] whole;                   // with the piece that is here
    always @* begin
        whole = word;
        whole[32*pieces +: 32] = i_wdata;
    end
    wire complete = writes && at == 'h2C && pieces == PIECES - 1;
    integer k;
    always @(posedge clk)
        if (rst) begin
            {on, again, sticky, done, gone, best} <= 0;
            t      <= 0;
            w      <= 0;
            pieces <= 0;
        end else begin
            if (writes && at == 'h08) on <= i_wdata[0];
            again <= writes && at == 'h08 && i_wdata[1];
            for (k = 0; k < 4; k = k + 1)
                if (i_events[k]) sticky[k] <= 1;
                else if (writes && at == 'h0C && i_wdata[8+k]) sticky[k] <= 0;
            if (i_done) {done, best} <= {done + 1, {16 - LOG2_ENTRIES{1'b0}}, i_class};
            if (i_events[2:0] != 0) gone <= gone + 1;
            if (writes && at == 'h20) t <= i_wdata;
            if ((writes || reads) && at == 'h24) t <= t + 1;
            if (writes && at == 'h28) w <= i_wdata;
            if (complete) w <= w + 1;
            if (writes && at == 'h28) pieces <= 0;
            if (writes && at == 'h2C) begin
                pieces <= complete ? 0 : pieces + 1;
                word   <= whole;
            end
        end

    // The parameters from 'h40 on, in the order of docs/interfaces.md.
    reg [31:0] parameter_at;
    always @*
        case (at)
            'h40:    parameter_at = ENGINE;
            'h44:    parameter_at = LOG2L;
            'h48:    parameter_at = LANES;
            'h4C:    parameter_at = FRAC;
            'h50:    parameter_at = LOG2_ENTRIES;
            'h54:    parameter_at = WEIGHT_AW;
            'h58:    parameter_at = TABLE_AW;
            'h5C:    parameter_at = MAC;
            'h60:    parameter_at = ENGINE ? ACC_AW : 0;
            'h64:    parameter_at = ENGINE == 1 ? POOL : 0;
            'h68:    parameter_at = SUM_W;
            default: parameter_at = ENGINE == 2 ? STEPS : 0;
        endcase

    always @* if (past_valid && !rst) begin
        if (i_req) a_refuses: assert (error == (i_write ? !writable : !readable));
        a_enable:  assert (enable == on && restart == again);
        a_table:   assert (table_we == (writes && at == 'h24));
        a_weights: assert (weight_we == complete);
        if (table_we || weight_we) a_while_halted: assert (!enable);
        if (table_we) a_table_word: assert (table_addr == t && table_wdata == i_wdata[15:0]);
        if (weight_we) a_weight_word: assert (weight_addr == w && weight_wdata == whole[W-1:0]);
        if (reads && at == 'h24) a_table_read: assert (table_addr == t && rdata == i_table);
        if (reads && at == 'h00) a_id: assert (rdata == "SCNC");
        if (reads && at == 'h08) a_control: assert (rdata == on);
        if (reads && at == 'h0C) a_status: assert (rdata == {sticky, 6'd0, on && i_x_ready, i_busy});
        if (reads && at == 'h10) a_images: assert (rdata == done);
        if (reads && at == 'h14) a_dropped: assert (rdata == gone);
        if (reads && at == 'h18) a_class: assert (rdata == best);
        if (reads && at == 'h20) a_table_addr: assert (rdata == t);
        if (reads && at == 'h28) a_weight_addr: assert (rdata == w);
        if (reads && at == 'h04) a_version: assert (rdata == 1);
        if (reads && at >= 'h40) a_parameters: assert (rdata == parameter_at);
    end

    // Invariants.
    always @* if (past_valid) begin
        i_counters: assert (errors == sticky && images == done && dropped == gone && last_class == best);
        i_table_at: assert (table_at == t && t <= (1 << TABLE_AW));
        i_weight_at: assert (weight_at == w && w <= (1 << WEIGHT_AW));
        i_pieces:   assert (piece == pieces && pieces < PIECES);
    end
    genvar j;
    wire [PIECES-1:0] held;                // piece j of a word under way lies as far from the top as there are pieces after it
    assign held[PIECES-1] = 1;
    generate
        for (j = 0; j < PIECES - 1; j = j + 1) begin : g_piece
            wire [7:0] place = PIECES - 1 - pieces + j;
            assign held[j] = j >= pieces || hold[32*place +: 32] == word[32*j +: 32];
        end
    endgenerate
    always @* if (past_valid) i_held: assert (&held);

    always @(posedge clk)
        if (past_valid && !rst) begin
            c_weight:  cover (weight_we && weight_addr == 1);
            c_end:     cover (i_req && at == 'h24 && error && !enable);
            c_refused: cover (i_req && i_write && at == 'h2C && enable);
            c_cleared: cover (reads && at == 'h0C && sticky == 0 && gone == 1);
        end
endmodule
`default_nettype wire
