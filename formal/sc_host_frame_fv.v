// SPDX-License-Identifier: Apache-2.0
// Frame layer of the host interface, for every sequence of bytes and framing errors, every executor, every silence and
// back-pressure, and rst at any clock (docs/protocol.md).
//   command   the executor is told each request's command byte when it comes, and no other byte; o_payload is 1 from the end
//             of the length to the end of the execution, and only then;
//   whole     every request that ends with its last byte is executed once, and a broken one never: execution begins in the
//             clock after the last byte. It ends in its first byte phase if the CRC, computed here bit by bit, is wrong, and
//             at no other time before the executor refuses, is done, or lets a sync byte abandon it, or the answer is as
//             long as the buffer;
//   bytes     each reading pass shows the payload's bytes, all of them, in their order, two clocks a byte unless i_wait
//             holds one back, and then o_end; the write pass follows the check pass, and only if nothing was refused;
//   answer    an execution that ends is answered by one frame: the status, the executor's bytes if it was done, none
//             otherwise, in their order, and the right CRC, computed here bit by bit. Nothing else is sent. After an error
//             it begins only when the line was silent for 2^LOG2_TIMEOUT bit times; after i_done in the next clock;
//   again     with KEEP an execution that is done with i_again is answered by exactly the bytes that the last one had that was
//             done with i_answers and without i_again, however many requests were received, refused, broken, repeated or
//             carried out without a byte of their own since. rst leaves them as they are, unless it comes while an answer is
//             composed; nothing is kept from before the first. Without KEEP i_again says nothing.
// o_busy is 1 from a request's sync byte to the last byte of its response; o_error is that of the last response. That each
// response comes is proven for the whole, in sc_host_fv.
// A byte is watched at one position, `spot`, which may be any; so what is proven of it holds of all.
// o_right says in the byte phases of the check pass whether the CRC is right.
// Assumed: a byte or framing error comes at least 3 clocks after the one before (a UART's take 40 or more); i_answers stays
// while a request is executed; i_again comes only while an answer is kept: since that was done no execution took a byte of an
// answer of its own. The answer's bytes are compared where they stood a clock before they are taken, as for a UART.
// The buffer is any memory that keeps the word at `spot`, with KEEP that of each half: see sc_mem below. The registers that
// the invariants speak of are the wires at `Registers`.
`default_nettype none
module sc_host_frame_fv #(
    parameter LOG2_PAYLOAD = 9,
    parameter LOG2_TIMEOUT = 5,
    parameter KEEP         = 0
) (
    input wire       clk,
    input wire       rst,
    input wire       i_rx_valid,
    input wire       i_rx_error,
    input wire [7:0] i_rx_data,
    input wire       i_tx_ready,
    input wire       i_tick,
    input wire       i_wait,
    input wire       i_refuse,
    input wire [3:0] i_code,
    input wire       i_answers,
    input wire       i_answer_valid,
    input wire [7:0] i_answer,
    input wire       i_done,
    input wire       i_again,
    input wire       i_abandonable
);
    localparam LP = LOG2_PAYLOAD;
    wire       busy, error, tx_valid, command_valid, payload, executing, write_pass, byte_phase, right, at_end, take;
    wire [7:0] tx_data, command, byte_;
    sc_host_frame #(.LOG2_PAYLOAD(LP), .LOG2_TIMEOUT(LOG2_TIMEOUT), .KEEP(KEEP)) u_frame (
        .clk(clk), .rst(rst), .o_busy(busy), .o_error(error),
        .i_rx_valid(i_rx_valid), .i_rx_error(i_rx_error), .i_rx_data(i_rx_data),
        .o_tx_valid(tx_valid), .i_tx_ready(i_tx_ready), .o_tx_data(tx_data), .i_tick(i_tick),
        .o_command_valid(command_valid), .o_command(command), .o_payload(payload), .o_executing(executing),
        .o_write_pass(write_pass), .o_byte_phase(byte_phase), .o_right(right), .o_byte(byte_), .o_end(at_end),
        .o_take(take), .i_wait(i_wait), .i_refuse(i_refuse), .i_code(i_code), .i_answers(i_answers),
        .i_answer_valid(i_answer_valid), .i_answer(i_answer), .i_done(i_done), .i_again(i_again),
        .i_abandonable(i_abandonable)
    );

    // Registers of u_frame.
    localparam [1:0] RECEIVE = 0, EXECUTE = 1, RESPOND = 2, DISCARD = 3;
    localparam [2:0] SYNC = 0, HEAD = 1, LEN0 = 2, LEN1 = 3, BODY = 4, CRC0 = 5, CRC1 = 6;
    (* keep *) wire [1:0]            mode;
    (* keep *) wire [2:0]            step;
    (* keep *) wire [3:0]            status;
    (* keep *) wire [LP-1:0]         len, kept_len;
    (* keep *) wire [LP:0]           ptr;
    (* keep *) wire [LOG2_TIMEOUT:0] silence;
    (* keep *) wire [15:0]           crc;
    (* keep *) wire [LP+KEEP-1:0]    place, read_from; // of the buffer: the place watched, what is there and at the same place
    (* keep *) wire [7:0]            kept, twin, read; // of the other half, what was read
    (* keep *) wire                  read_known;
    wire [LP-1:0] spot   = place[LP-1:0];
    wire          higher = KEEP == 1 && place >> LP != 0;
    wire [7:0]    stored = higher ? twin : kept;       // at spot: the request's byte, the answer's
    wire [7:0]    composed = KEEP == 1 && !higher ? twin : kept;

    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;
    always @* if (!past_valid) assume (rst);

    // ---- Line, and the bit times since its last event, 2^LOG2_TIMEOUT standing for more.
    wire      event_ = i_rx_valid || i_rx_error;
    wire      sync   = i_rx_valid && i_rx_data == 8'hA5;
    reg [1:0] quiet;                       // clocks since the last event, at most 2
    reg [LOG2_TIMEOUT:0] idle = 1 << LOG2_TIMEOUT;
    wire      timeout = idle[LOG2_TIMEOUT];
    reg       was_taken;                   // the line took a byte of the response
    always @(posedge clk) begin
        if (rst || event_)          quiet <= 0;
        else if (quiet != 2)        quiet <= quiet + 1;
        if (event_)                 idle <= 0;
        else if (i_tick && !timeout) idle <= idle + 1;
        was_taken <= tx_valid && i_tx_ready;
    end
    always @* if (event_) assume (quiet == 2 && !(i_rx_valid && i_rx_error));

    // ---- The naive side.
    function [15:0] crc_of(input [15:0] from, input [7:0] data);
        integer k;
        reg [16:0] dividend;
        begin
            crc_of = from;
            for (k = 7; k >= 0; k = k - 1) begin
                dividend = {crc_of, 1'b0} ^ {data[k], 16'h0000};
                crc_of   = dividend[16] ? dividend[15:0] ^ 16'h1021 : dividend[15:0];
            end
        end
    endfunction

    reg         owed, running;             // a response is owed; its request is executed
    reg         pass, phase;               // the write pass; the byte phase
    reg [LP:0]  shown;                     // bytes in this pass
    reg [2:0]   q, r;                      // position in the request, in the response
    reg [15:0]  q_left, q_crc;             // bytes of the payload to come, CRC of the frame so far
    reg [15:0]  got, asked_length;         // bytes of the payload that came, that must come
    reg [7:0]   at_spot, answer_spot, due_spot;
    reg [3:0]   due, last_status;          // status of this response, of the last one since rst
    reg [LP:0]  due_length;                // bytes of the answer
    reg [15:0]  r_at, r_crc;               // bytes of the answer gone, CRC of the response without its last two bytes
    wire [15:0] q_length = {i_rx_data, q_left[7:0]};
    wire        tx_take  = tx_valid && i_tx_ready;
    wire        answered = owed && tx_take && r == CRC1;
    wire        too_long = i_rx_valid && q == LEN1 && q_length >= 1 << LP;
    wire        broken   = !owed && q != SYNC && (i_rx_error || timeout || too_long);
    wire        complete = !owed && i_rx_valid && q == CRC1 && !timeout;

    wire reading   = !(pass && i_answers);
    wire all       = shown == asked_length;
    wire taken     = running && phase && (reading ? !all : i_answer_valid);
    wire refused   = running && !pass && phase && (q_crc != 0 || i_refuse);
    wire full      = running && pass && shown == 1 << LP;
    wire done      = running && pass && phase && i_done && !full;
    wire abandoned = running && (pass || i_wait) && i_abandonable && sync && !full && !done && !refused;
    wire ended     = refused || full || done || abandoned;
    wire composing = running && pass && i_answers;
    wire repeats   = KEEP == 1 && composing && done && i_again;

    // The answer that is kept, and whether it is.
    reg        whole = 0;
    reg [LP:0] whole_length;
    reg [7:0]  whole_spot;
    always @(posedge clk)
        if (composing) begin
            if (rst)                    whole <= 0;
            else if (done && !i_again)  {whole, whole_length, whole_spot} <= {1'b1, shown, answer_spot};
            else if (taken && !done)    whole <= 0;
        end
    always @* if (repeats) assume (whole);
    always @(posedge clk)
        if (rst) begin
            {owed, running, pass, phase} <= 0;
            {q, r, last_status}          <= 0;
        end else if (broken || complete) begin
            owed    <= 1;
            running <= complete;
            {pass, phase, shown} <= 0;
            {q, r}  <= 0;
            due     <= i_rx_error ? 5 : timeout ? 3 : 2;
            due_length <= 0;
            q_crc   <= crc_of(q_crc, i_rx_data);
        end else if (answered)
            owed <= 0;
        else if (running) begin
            phase <= !phase && !i_wait && !ended;
            if (taken) shown <= shown + 1;
            if (taken && !reading && !done && shown == spot) answer_spot <= i_answer;
            if (phase && !pass && all && !ended) begin
                pass  <= 1;
                shown <= 0;
            end
            if (ended) begin
                running    <= 0;
                pass       <= 0;
                due        <= refused ? (q_crc != 0 ? 1 : i_code) : full ? 2 : 0;
                due_length <= repeats ? whole_length : done && i_answers ? shown : 0;
                due_spot   <= repeats ? whole_spot : answer_spot;
            end
            if (abandoned) begin
                owed  <= 0;
                q     <= HEAD;
                q_crc <= 16'hFFFF;
            end
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
            if (q == LEN1) asked_length <= q_length;
            got <= q == BODY ? got + 1 : q < BODY ? 0 : got;
            if (q == BODY && got == spot) at_spot <= i_rx_data;
            q_left <= q == LEN0 ? i_rx_data : q == LEN1 ? q_length : q_left - 1;
        end else if (owed && tx_take) begin
            case (r)
                LEN1:    r <= due_length == 0 ? CRC0 : BODY;
                BODY:    if (r_at + 1 == due_length) r <= CRC0;
                default: r <= r + 1;
            endcase
            r_at  <= r == BODY ? r_at + 1 : 0;
            if (r <= BODY) r_crc <= r == SYNC ? 16'hFFFF : crc_of(r_crc, tx_data);
            if (r == HEAD) last_status <= due;
        end

    reg hush, was_answers, was_running, was_done, was_waiting, was_ended;
    always @(posedge clk) begin
        if (!tx_valid && r == SYNC) hush <= timeout;
        was_running <= running && !rst;
        was_answers <= i_answers;
        was_done    <= done && !rst;
        was_waiting <= tx_valid && !i_tx_ready && !rst;
        was_ended   <= (abandoned || full) && !rst;
    end
    always @* if (running && was_running) assume (i_answers == was_answers);

`ifdef NARROW
    // Covers and hunts look in a narrower environment, where they find what they look for sooner: rst only at first,
    // requests without gaps, no back-pressure.
    always @* if (past_valid) assume (!rst && i_tick && i_tx_ready != (was_taken && r == BODY) && (owed || event_ == (quiet == 2)));
    always @* assume (!i_wait);
`endif
`ifdef RIGHT
    // ... and with requests that are right, of a few bytes.
    always @* if (i_rx_valid && !owed)
        case (q)
            LEN0:    assume (i_rx_data <= 2);
            LEN1:    assume (i_rx_data == 0);
            CRC0:    assume (i_rx_data == q_crc[15:8]);
            CRC1:    assume (i_rx_data == q_crc[15:8]);
            default: assume (q != SYNC || sync);
        endcase
    always @* if (past_valid) assume (!i_rx_error);
`endif
`ifdef SHORT
    // ... and with requests without a payload, all refused or all answered, by one byte at most: several of them, one after
    // the other, take few clocks then.
    (* anyconst *) wire refuses;
    always @* begin
        if (i_rx_valid && q == LEN0) assume (i_rx_data == 0);
        if (i_rx_valid && q == HEAD) assume (i_rx_data == 1);
        if (owed)                    assume (!i_rx_valid);
        assume (!i_abandonable && i_answers && i_answer_valid && i_answer <= 1 && i_refuse == refuses);
        assume (i_done || shown == 0);
    end
`endif

    // ---- Claims.
    always @* if (past_valid) begin
        a_command: assert (command_valid == (!owed && i_rx_valid && q == HEAD) && (!command_valid || command == i_rx_data));
        a_payload: assert (payload == (running || (!owed && q >= BODY)));
        a_executes: assert (executing == running);
        if (running) begin
            a_pass:  assert (write_pass == pass);
            a_phase: assert (byte_phase == phase);
            a_take:  assert (take == taken);
            if (phase && !pass) a_right: assert (right == (q_crc == 0));
            if (phase && reading) a_end: assert (at_end == all);
            if (phase && reading && !all && shown == spot) a_byte: assert (byte_ == at_spot);
        end else if (take) a_after: assert (was_ended);
        a_busy: assert (busy == (owed || q != SYNC));
        if (!busy) a_error: assert (error == (last_status != 0));
        if (was_done || was_waiting) a_valid: assert (tx_valid);
        if (tx_valid) begin
            a_owed: assert (owed && !running);
            if (r == SYNC) a_sync: assert (tx_data == 8'h5A);
            if (r == SYNC && due != 0) a_silence: assert (hush);
            if (r == HEAD) a_status: assert (tx_data == {4'd0, due});
            if (r == LEN0) a_length_low: assert (tx_data == due_length[7:0]);
            if (r == LEN1) a_length: assert (tx_data == due_length[LP:8]);
            if (r == BODY && r_at == spot && !was_taken) a_answer: assert (tx_data == due_spot);
            if (r == CRC0) a_crc_high: assert (tx_data == r_crc[15:8]);
            if (r == CRC1) a_crc_low: assert (tx_data == r_crc[7:0]);
        end
    end

    // ---- Invariants.
    always @* if (past_valid) begin
        i_mode: assert (owed == (mode != RECEIVE) && running == (mode == EXECUTE) && (!owed || q == SYNC));
        i_step: assert (step <= CRC1 && q <= CRC1 && r <= CRC1);
        i_idle: assert (idle <= (1 << LOG2_TIMEOUT) && (timeout || silence == idle));
        if (mode == RECEIVE) begin
            i_q: assert (step == q || (step == BODY && q == CRC0 && ptr == len && quiet < 2));
            if (q != SYNC) i_quick: assert (silence <= 1 << LOG2_TIMEOUT);
            if (q > LEN1)  i_len: assert (len == asked_length);
            if (q != SYNC) i_crc: assert (crc == q_crc);
            if (q == HEAD) i_crc_head: assert (crc == 16'hFFFF);
            if (step == LEN0 || step == LEN1) i_ptr_0: assert (ptr == 0);
            if (step == LEN1) i_len_low: assert (q_left == len[7:0]);
            if (step == BODY) i_body: assert (ptr == got && got <= len && (q == CRC0 || (q_left == len - got && q_left != 0)));
            if (q >= CRC0)    i_got: assert (got == asked_length);
            if (step == CRC0) i_crc0: assert (ptr == 0 || quiet < 2);
            if (step == CRC1) i_crc1: assert (ptr == 0);
            if (write_pass || byte_phase) i_left: assert (q == HEAD && quiet == 0);
            if (q >= BODY && spot < got) i_kept: assert (stored == at_spot);
        end
        if (running) begin
            i_ptr: assert (step == CRC1 && ptr == shown && shown <= 1 << LP && got == asked_length && r == SYNC);
            if (reading) i_shown: assert (len == asked_length && shown <= asked_length && (spot >= got || stored == at_spot));
            else if (spot < shown) i_composed: assert (composed == answer_spot);
            if (!pass) i_crc_kept: assert (crc == q_crc);
            if (phase) i_read: assert (read_from == ptr[LP-1:0] && (ptr[LP-1:0] != spot || (read_known && read == stored)));
        end
        if (owed && !running) begin
            i_due: assert (status == due && len == due_length && due_length < 1 << LP);
            if (spot < due_length) i_answered: assert (composed == due_spot);
        end
        if (KEEP == 1 && whole) i_whole: assert (kept_len == whole_length && whole_length < 1 << LP
                                                 && (spot >= whole_length || composed == whole_spot));
        if (mode == DISCARD) i_discard: assert (step == SYNC && r == SYNC && due_length == 0);
        if (mode == RESPOND) begin
            i_r: assert (step == r || (step == BODY && r == CRC0 && ptr == len));
            if (r == SYNC && due != 0) i_hush: assert (timeout || hush);
            if (r != SYNC && r <= CRC0) i_r_crc: assert (crc == r_crc);
            if (r == CRC1) i_r_crc_low: assert (crc[15:8] == r_crc[7:0]);
            if (r == LEN0 || r == LEN1) i_r_ptr: assert (ptr == 0);
            if (r == BODY) i_r_at: assert (ptr == r_at && r_at < due_length);
        end
        if (!owed || running || (mode == RESPOND && r > HEAD)) i_last: assert (last_status == status);
    end

    // ---- Covers.
    always @(posedge clk)
        if (past_valid && !rst) begin
            c_written:   cover (running && pass && !i_answers && shown == 2 && phase && i_done);
            c_answered:  cover (answered && due_length == 2);
            c_refused:   cover (refused && q_crc == 0 && shown == 1);
            c_abandoned: cover (abandoned);
            c_again:     cover (answered && due_length == 1 && (KEEP == 0 || repeated));
        end
    reg repeated;
    always @(posedge clk) if (ended) repeated <= repeats;
endmodule

// Any memory that keeps the word at `spot`, and that at the same place of the other half; every other word read is free, and
// so is a word read while it is written.
module sc_mem #(
    parameter WIDTH  = 16,
    parameter DEPTH  = 256,
    parameter ADDR_W = $clog2(DEPTH)
) (
    input  wire              clk,
    input  wire              i_we,
    input  wire [ADDR_W-1:0] i_waddr,
    input  wire [WIDTH-1:0]  i_wdata,
    input  wire [ADDR_W-1:0] i_raddr,
    output wire [WIDTH-1:0]  o_rdata
);
    (* anyconst *) wire [ADDR_W-1:0] spot;
    (* anyseq *) wire [WIDTH-1:0] any;
    wire [ADDR_W-1:0] other = {~spot[ADDR_W-1], spot[ADDR_W-2:0]};
    reg [WIDTH-1:0]  kept, twin, read;
    reg [ADDR_W-1:0] read_from;
    reg              read_known;
    always @(posedge clk) begin
        if (i_we && i_waddr == spot)  kept <= i_wdata;
        if (i_we && i_waddr == other) twin <= i_wdata;
        read_from  <= i_raddr;
        read_known <= (i_raddr == spot || i_raddr == other) && !(i_we && i_waddr == i_raddr);
        read       <= i_raddr == spot ? kept : twin;
    end
    assign o_rdata = read_known ? read : any;
endmodule
`default_nettype wire
