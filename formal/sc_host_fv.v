// SPDX-License-Identifier: Apache-2.0
// Host interface, for every sequence of bytes and framing errors, every silence, engine and back-pressure, and rst at
// any clock (docs/protocol.md). A request ends with its last byte, a framing error, a time-out or a length that is too
// great; from then on the core owes a response.
//   answer    a request that ended is answered by exactly one response: one frame of as many bytes as its length field
//             says, with nothing sent before, between or after. Only rst, and a sync byte while the engine computes,
//             cancel it. o_busy is 1 from a request's sync byte to the last byte of its response, and only then;
//   end       a measure never grows while a response is owed, and shrinks at every clock at which the environment does
//             not stall, every second clock while a request is executed: so the response comes. Stalls are: no
//             i_tx_ready for a byte, no i_x_ready or i_x_none for the first code, no i_y_valid for a score, and, after an
//             error, a bit time that has not ended.
//             Only a byte received after an error lets it grow, since the core then waits for silence anew;
//   ready     an inference's first code is looked at only after the engine was ready for it or said that its table has no
//             inputs, and NOT_CONFIGURED is answered only if it said so;
//   whole     table and weights are written only while a response is owed to a request of which the CRC, computed here
//             bit by bit, was right.
//   status    a refusal is named as the line alone says it: 1 for a wrong CRC, 4 for an unknown command, 2 for a query
//             with a payload or a length too great, 3 for silence, 5 for a framing error; any other request gets 0, or, if
//             it is a write or an inference, 2 or 6. o_error is that of the last response;
//   frame     a response's CRC is right, computed here bit by bit; INFO and READ_TABLE answer with their length, a write
//             and a refusal with none;
//   engine    it runs from the begin of an inference's payload to the end of its execution, and at no other time: not
//             while table or weights are written, and these only for their own command. Addresses and data of the
//             writes, codes and scores are not claimed here: tb/test_host.py compares them with its model.
// Assumed: a byte or framing error comes at least 3 clocks after the one before (a UART's take 40 or more).
// The buffer is any memory: see sc_mem below. The registers that the invariants speak of are the wires at `Registers`.
`default_nettype none
module sc_host_fv #(
    parameter LOG2L        = 4,
    parameter LANES        = 2,
    parameter LOG2_ENTRIES = 8,
    parameter WEIGHT_AW    = 14,
    parameter TABLE_AW     = 5,
    parameter MAC          = 0,
    parameter LOG2_PAYLOAD = 9,
    parameter LOG2_TIMEOUT = 5,
    parameter WEIGHT_W     = LANES * (LOG2L + 1),
    parameter SUM_W        = LOG2_ENTRIES + LOG2L + 1 + (MAC != 0 ? LOG2L : 0)
) (
    input wire                    clk,
    input wire                    rst,
    input wire                    i_rx_valid,
    input wire                    i_rx_error,
    input wire [7:0]              i_rx_data,
    input wire                    i_tx_ready,
    input wire                    i_tick,
    input wire [1:0]              i_boot,
    input wire                    i_x_ready,
    input wire                    i_x_none,
    input wire                    i_y_valid,
    input wire [SUM_W-1:0]        i_y_score,
    input wire [LOG2_ENTRIES-1:0] i_y_class,
    input wire                    i_y_last,
    input wire [15:0]             i_table_rdata
);
    localparam LP = LOG2_PAYLOAD;
    localparam ADDR_W  = WEIGHT_AW > TABLE_AW ? WEIGHT_AW : TABLE_AW;
    localparam NB      = (WEIGHT_W + 7) / 8;
    localparam SB      = SUM_W > 16 ? 4 : 2;
    localparam INDEX_W = $clog2(NB > SB + 3 ? NB : SB + 3);

    wire       busy, tx_valid, table_we, weight_we, error, engine_rst;
    wire [7:0] tx_data;
    sc_host #(
        .LOG2L(LOG2L), .LANES(LANES), .LOG2_ENTRIES(LOG2_ENTRIES), .WEIGHT_AW(WEIGHT_AW), .TABLE_AW(TABLE_AW),
        .MAC(MAC), .LOG2_PAYLOAD(LP), .LOG2_TIMEOUT(LOG2_TIMEOUT)
    ) u_host (
        .clk(clk), .rst(rst), .o_busy(busy), .o_error(error), .i_boot(i_boot),
        .i_rx_valid(i_rx_valid), .i_rx_error(i_rx_error), .i_rx_data(i_rx_data),
        .o_tx_valid(tx_valid), .i_tx_ready(i_tx_ready), .o_tx_data(tx_data), .i_tick(i_tick),
        .o_engine_rst(engine_rst), .o_x_valid(), .i_x_ready(i_x_ready), .i_x_none(i_x_none), .o_x(),
        .i_y_valid(i_y_valid), .o_y_ready(), .i_y_score(i_y_score), .i_y_class(i_y_class), .i_y_last(i_y_last),
        .o_table_we(table_we), .o_table_addr(), .o_table_wdata(), .i_table_rdata(i_table_rdata),
        .o_weight_we(weight_we), .o_weight_addr(), .o_weight_wdata()
    );

    // Registers of u_host.
    localparam [1:0] RECEIVE = 0, EXECUTE = 1, RESPOND = 2, DISCARD = 3;
    localparam [2:0] SYNC = 0, HEAD = 1, LEN0 = 2, LEN1 = 3, BODY = 4, CRC0 = 5, CRC1 = 6;
    (* keep *) wire [1:0]            mode;
    (* keep *) wire [2:0]            step, cmd, status;
    (* keep *) wire                  cmd_high, beat, second, first;
    (* keep *) wire [LP-1:0]         len;
    (* keep *) wire [LP:0]           ptr;
    (* keep *) wire [INDEX_W-1:0]    index;
    (* keep *) wire [ADDR_W:0]       addr;
    (* keep *) wire [LOG2_TIMEOUT:0] silence;
    (* keep *) wire [15:0]           crc;
    (* keep *) wire                  crc_bad;

    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;
    always @* if (!past_valid) assume (rst);

    // Line.
    wire      event_ = i_rx_valid || i_rx_error;
    reg [1:0] quiet;                       // clocks since the last event, at most 2
    always @(posedge clk)
        if (rst || event_)   quiet <= 0;
        else if (quiet != 2) quiet <= quiet + 1;
    always @* if (event_) assume (quiet == 2 && !(i_rx_valid && i_rx_error));

`ifdef NARROW
    // Covers and hunts look in a narrower environment, where they find what they look for sooner: rst only at first,
    // requests without gaps, no back-pressure.
    always @* if (past_valid) assume (!rst && i_tick && i_tx_ready && (owed || event_ == (quiet == 2)));
`endif

    // ---- The naive side: requests and responses as a reader of docs/protocol.md counts them.
    wire timeout = silence[LOG2_TIMEOUT];
    wire infer   = cmd[2] && !cmd[0];
    wire sync    = i_rx_valid && i_rx_data == 8'hA5;
    wire cancel  = sync && mode == EXECUTE && second && infer;    // the engine computes

    function [15:0] crc_of(input [15:0] from, input [7:0] byte_);
        integer k;
        reg [16:0] dividend;
        begin
            crc_of = from;
            for (k = 7; k >= 0; k = k - 1) begin
                dividend = {crc_of, 1'b0} ^ {byte_[k], 16'h0000};
                crc_of   = dividend[16] ? dividend[15:0] ^ 16'h1021 : dividend[15:0];
            end
        end
    endfunction

    reg         owed;
    reg [2:0]   q, r;                      // position in the request, in the response
    reg [15:0]  q_left, q_crc;             // bytes of the payload to come, CRC of the frame so far
    reg [15:0]  r_left;
    reg [15:0]  r_crc;                     // of the response so far
    reg [2:0]   due;                       // status: of the request that ended, as far as it is known from the line alone
    reg [7:0]   asked;                     // command byte
    reg [15:0]  asked_length;
    wire        asked_infer = asked[2:0] == 4 || asked[2:0] == 6;      // what an engine may run for
    wire        known       = asked >= 1 && asked <= 5;
    wire        asked_query = asked == 1 || asked == 5;
    wire [15:0] q_length = {i_rx_data, q_left[7:0]};
    wire [15:0] r_length = {tx_data, r_left[7:0]};
    wire        tx_beat  = tx_valid && i_tx_ready;
    wire        answered = owed && tx_beat && r == CRC1;
    wire        broken   = !owed && q != SYNC
                         && (i_rx_error || timeout || (i_rx_valid && q == LEN1 && q_length >= (1 << LP)));
    wire        complete = !owed && i_rx_valid && q == CRC1 && !timeout;
    always @(posedge clk)
        if (rst) begin
            owed <= 0;
            q    <= SYNC;
            r    <= SYNC;
        end else if (broken || complete) begin
            owed <= 1;
            q    <= SYNC;
            r    <= SYNC;
            if (complete) q_crc <= crc_of(q_crc, i_rx_data);
            due  <= complete ? (crc_of(q_crc, i_rx_data) != 0 ? 1 : !known ? 4 : asked_query && asked_length != 0 ? 2 : 0)
                             : i_rx_error ? 5 : timeout ? 3 : 2;
        end else if (answered)
            owed <= 0;
        else if (owed && cancelled) begin
            owed  <= 0;
            q     <= HEAD;
            q_crc <= 16'hFFFF;
        end else if (!owed && i_rx_valid) begin
            q_crc <= q == SYNC ? 16'hFFFF : crc_of(q_crc, i_rx_data);
            case (q)
                SYNC:    if (sync) q <= HEAD;
                HEAD:    q <= LEN0;
                LEN0:    q <= LEN1;
                LEN1:    q <= q_length == 0 ? CRC0 : BODY;
                BODY:    if (q_left == 1) q <= CRC0;
                default: q <= CRC1;
            endcase
            if (q == HEAD) asked        <= i_rx_data;
            if (q == LEN1) asked_length <= q_length;
            q_left <= q == LEN0 ? i_rx_data : q == LEN1 ? q_length : q_left - 1;
        end else if (owed && tx_beat) begin
            case (r)
                LEN1:    r <= r_length == 0 ? CRC0 : BODY;
                BODY:    if (r_left == 1) r <= CRC0;
                default: r <= r + 1;
            endcase
            r_crc  <= r == SYNC ? 16'hFFFF : crc_of(r_crc, tx_data);
            r_left <= r == LEN0 ? tx_data : r == LEN1 ? r_length : r_left - 1;
        end

    // ---- Measure: phase, then what is left of it.
    reg [2:0]   phase;
    reg [LP+1:0] left;
    wire [LOG2_TIMEOUT:0] silence_left = timeout ? 0 : (1 << LOG2_TIMEOUT) - silence;
    always @* begin
        phase = 0;
        left  = 0;
        case (mode)
            EXECUTE: begin
                phase = second ? 6 : 7;
                left  = (2 << LP) - ptr;
            end
            DISCARD: begin
                phase = 5;
                left  = silence_left;
            end
            RESPOND: begin
                phase = step <= LEN1 ? 4 : step == BODY ? 3 : 2;
                left  = step == BODY ? len - ptr : 7 - step;
            end
            default: ;
        endcase
    end
    wire [LP+4:0] measure = {phase, left};

    // A request may be refused at the clock of a sync byte, and an answer be complete then: neither is cancelled.
    reg was_rst, was_end, was_owed, was_stalled, was_half, was_event, was_valid;
    reg [LP+4:0] was_measure;
    (* keep *) wire fail, done;
    wire cancelled = cancel && !fail && !done;
    always @(posedge clk) begin
        was_rst     <= rst;
        was_end     <= rst || answered || cancelled;
        was_owed    <= owed;
        was_measure <= measure;
        was_half    <= mode == EXECUTE && !beat;
        was_event   <= mode == DISCARD && event_;
        was_valid   <= tx_valid && !i_tx_ready;
        was_stalled <= (tx_valid && !i_tx_ready) || (mode == EXECUTE && second && infer && beat && !i_y_valid)
                    || (mode == EXECUTE && !second && infer && first && !beat && !i_x_ready && !i_x_none)
                    || (mode == DISCARD && !timeout && (!i_tick || event_));
    end

    // An engine runs from the clock after an inference's first code is due on the line to the end of its execution.
    reg       was_infer;
    reg [2:0] r_status, last_status;       // of this response; of the last one since rst
    always @(posedge clk) begin
        was_infer <= !rst && asked_infer && (owed ? mode == EXECUTE : q >= BODY);
        if (tx_valid && i_tx_ready && r == HEAD) r_status <= tx_data[2:0];
        if (rst) last_status <= 0;
        else if (tx_valid && i_tx_ready && r == HEAD) last_status <= tx_data[2:0];
    end

    reg was_ready, none;                   // none: said since the request ended
    always @(posedge clk) begin
        was_ready <= i_x_ready || i_x_none;
        none      <= owed && (none || i_x_none);
    end

    // ---- Claims.
    always @* if (past_valid) begin
        if (tx_valid) begin
            a_owed: assert (owed);
            if (r == SYNC) a_sync:   assert (tx_data == 8'h5A);
            if (r == HEAD) a_status: assert (tx_data <= 6);
            if (r == HEAD && tx_data == 6) a_none: assert (none);
            if (r == HEAD && due != 0)  a_refused: assert (tx_data == due);
            if (r == HEAD && due == 0)  a_executed: assert (tx_data == 0 || (!asked_query && (tx_data == 2 || tx_data == 6)));
            if (r == HEAD && tx_data == 6) a_none_infer: assert (asked == 4);
            if (r == LEN1) a_length: assert (r_length < (1 << LP));
            if (r == LEN1) a_answer_length: assert (r_status == 0 && (asked == 1 || asked == 4 || asked == 5)
                                                    ? asked == 4 || r_length == (asked == 1 ? 14 : 2 << TABLE_AW) : r_length == 0);
            if (r == CRC1) a_crc: assert (crc_of(r_crc, tx_data) == 0);
        end
        if (mode == EXECUTE && infer && !second && first && beat) a_waits: assert (was_ready);
        a_busy: assert (busy == (owed || q != SYNC));
        if (table_we || weight_we) a_write: assert (owed && q_crc == 0 && r == SYNC && due == 0);
        if (table_we)  a_table:   assert (asked == 2 && engine_rst);
        if (weight_we) a_weights: assert (asked == 3 && engine_rst);
        if (!engine_rst) a_engine: assert (was_infer);
        if (was_infer)   a_runs:   assert (!engine_rst);
        if (!busy) a_error: assert (error == (last_status != 0));
        if (owed && was_owed && !was_end) begin
            if (!was_event) a_measure_never_grows: assert (measure <= was_measure);
            if (!was_stalled && !was_half) a_measure_shrinks: assert (measure < was_measure);
            if (was_half && !was_stalled) a_every_second: assert (measure < was_measure || (mode == EXECUTE && beat));
            if (was_valid) a_hold: assert (tx_valid);
        end
    end

    // ---- Invariants.
    wire unknown = cmd_high || cmd == 0 || cmd > 5;
    always @* if (past_valid) begin
        if (mode == EXECUTE || (mode == RECEIVE && q > HEAD)) i_cmd: assert (cmd == asked[2:0] && cmd_high == (asked[7:3] != 0));
        if (mode == RECEIVE && q > LEN1)   i_len:  assert (len == asked_length);
        if (mode == EXECUTE && !second)    i_len_kept: assert (len == asked_length);
        if (mode == EXECUTE)
            i_due: assert (due == (q_crc != 0 ? 1 : !known ? 4 : asked_query && asked_length != 0 ? 2 : 0));
        if (mode == EXECUTE && second)     i_due_0: assert (due == 0);
        if (mode[1]) i_due_known: assert (due <= 5 && (due != 0 || known));
        if (mode[1]) i_due_status: assert (due != 0 ? status == due : status == 0
                                           || (!asked_query && (status == 2 || (status == 6 && asked == 4))));
        if (mode == RESPOND && r != SYNC)  i_r_crc: assert (crc == r_crc);
        if (mode == RESPOND && r == HEAD)  i_r_crc_0: assert (r_crc == 16'hFFFF);
        if (mode == RESPOND && r == CRC1)  i_r_crc_1: assert (r_crc[7:0] == 0);
        if (mode == RESPOND) i_r_len: assert (status != 0 ? len == 0 : asked == 1 ? len == 14 : asked == 5 ? len == 2 << TABLE_AW
                                              : asked == 4 || len == 0);
        if (mode == RESPOND && r > HEAD) i_r_status: assert (r_status == status);
        if (!mode[1] || (mode == RESPOND && r > HEAD)) i_last: assert (last_status == status);
        i_status: assert (status <= 6);
        if (mode[1] && status == 6) i_none: assert (none);
        i_owed: assert (owed == (mode != RECEIVE) && (!owed || q == SYNC));
        i_step: assert (step <= CRC1 && q <= CRC1 && r <= CRC1);
        if (mode == RECEIVE) begin
            i_q: assert (step == q || (step == BODY && q == CRC0 && ptr == len && quiet < 2));
            if (second || beat) i_left: assert (was_rst || (q == HEAD && quiet == 0));
            if (q != SYNC) i_crc: assert (crc == q_crc);
            if (q == HEAD) i_crc_head: assert (crc == 16'hFFFF);
            if (step == LEN0 || step == LEN1) i_ptr_0: assert (ptr == 0);
            if (step == LEN1) i_len_low: assert (q_left == len[7:0]);
            if (step == BODY) i_body: assert (ptr <= len && (q == CRC0 ? ptr == len : q_left == len - ptr && q_left != 0));
            if (step == CRC0) i_crc0: assert (ptr == 0 || quiet < 2);
            if (step == CRC1) i_crc1: assert (ptr == 0);
        end
        if (mode == EXECUTE) begin
            i_execute: assert (step == CRC1 && r == SYNC && ptr <= (1 << LP));
            if (!second) begin
                i_first: assert (ptr <= len && (ptr == 0 || !unknown));
                i_first_crc: assert (ptr == 0 && !beat ? 1 : crc_bad == (q_crc != 0));
                i_first_crc_kept: assert (crc == q_crc && (ptr == 0 || q_crc == 0));
            end else begin
                i_second: assert (!unknown && q_crc == 0);
                if (cmd[1]) i_write: assert (ptr <= len);
                if (cmd == 1) i_info: assert (ptr <= 14);
                if (cmd == 5) i_read: assert (ptr == 2 * addr + index[0] && index <= 1 && addr <= (1 << TABLE_AW)
                                              && (addr < (1 << TABLE_AW) || index == 0));
            end
            if (cmd[0] && !cmd[1] && !second) i_query: assert (addr == 0 && index == 0 && ptr == 0);
        end else
            i_not_beat: assert (mode == RECEIVE || r == SYNC || !beat);
        if (mode == DISCARD) i_discard: assert (status != 0 && step == SYNC && r == SYNC && len == 0);
        if (mode == RESPOND) begin
            i_r: assert (step == r || (step == BODY && r == CRC0 && ptr == len));
            if (step >= LEN0 && step <= LEN1) i_r_ptr: assert (ptr == 0);
            if (step == LEN1) i_r_low: assert (r_left == len[7:0]);
            if (step == BODY) i_r_body: assert (ptr <= len && (r == CRC0 || (r_left == len - ptr && r_left != 0)));
        end
    end

    // ---- Covers.
    reg seen_cancel, seen_error;
    always @(posedge clk)
        if (rst) begin
            seen_cancel <= 0;
            seen_error  <= 0;
        end else begin
            if (cancelled) seen_cancel <= 1;
            if (broken)    seen_error  <= 1;
        end
    always @(posedge clk)
        if (past_valid && !rst) begin
            c_error_answered: cover (answered && seen_error);
            c_write:          cover (table_we);
            c_cancel:         cover (seen_cancel && q == LEN0);
        end
endmodule

// Any memory: every word read is free, so what holds with it holds with every content.
module sc_mem #(
    parameter WIDTH     = 16,
    parameter DEPTH     = 256,
    parameter INIT_FILE = "",
    parameter ADDR_W    = $clog2(DEPTH)
) (
    input  wire              clk,
    input  wire              i_we,
    input  wire [ADDR_W-1:0] i_waddr,
    input  wire [WIDTH-1:0]  i_wdata,
    input  wire [ADDR_W-1:0] i_raddr,
    output wire [WIDTH-1:0]  o_rdata
);
    (* anyseq *) wire [WIDTH-1:0] any;
    assign o_rdata = any;
endmodule
`default_nettype wire
