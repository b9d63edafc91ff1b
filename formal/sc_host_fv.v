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
//   silence   a response with another status than 0 begins only after 2^LOG2_TIMEOUT bit times without a byte or error;
//   frame     a response's CRC is right, computed here bit by bit; INFO and READ_TABLE answer with their length, a write
//             and a refusal with none;
//   engine    it runs from the begin of an inference's payload to the end of its execution, and at no other time: not
//             while table or weights are written, and these only for their own command;
//   writes    the k-th word is written at the payload's address + k and is the payload's k-th word, every one of them
//             within the memory. A write is answered by 0 after its last word, or, if a word is not whole or would lie
//             beyond the memory, by 2 before its first;
//   codes     the k-th code that the engine takes is the payload's k-th (the first may be one of a request with a wrong CRC,
//             after which the engine is reset). An inference is answered by 0 only if the engine
//             took all of them and asked for no more, and by 2 only if a code was not whole or missing, the engine took
//             fewer or more, or its answer does not fit;
//   answer    INFO, READ_TABLE and INFER answer with the bytes that docs/protocol.md lists: parameters, table, or the
//             scores that the engine gave, in their order and with their sign, and the class beside the last.
// Bytes of payload and answer are watched at one position, `spot`, which may be any; so what is proven of it holds of all.
// Assumed: a byte or framing error comes at least 3 clocks after the one before (a UART's take 40 or more). A score that
// the engine offers stays until it is taken; i_boot changes only in the clock after rst; the table gives the word at the address
// of the clock before. The answer's bytes are compared where they stood a clock before they are taken, as for a UART.
// STEP is left out, and its part sc_host_steps is idle: formal/sc_host_frame_fv.v, sc_host_exec_fv.v and sc_host_steps_fv.v
// prove it. The buffer is any memory that keeps the word at `spot` and the address: see sc_mem below. The registers that the
// invariants speak of are the wires at `Registers`.
`default_nettype none
module sc_host_fv #(
    parameter ENGINE       = 0,
    parameter LOG2L        = 4,
    parameter LANES        = 2,
    parameter FRAC         = 4,
    parameter LOG2_ENTRIES = 8,
    parameter WEIGHT_AW    = 14,
    parameter TABLE_AW     = 5,
    parameter MAC          = 0,
    parameter ACC_AW       = 8,
    parameter POOL         = 0,
    parameter LOG2_PAYLOAD = 9,
    parameter LOG2_TIMEOUT = 5,
    parameter WEIGHT_W     = LANES * (LOG2L + 1),
    parameter SUM_W        = LOG2_ENTRIES + LOG2L + 1 + (MAC != 0 ? LOG2L : 0),
    parameter STEPS        = 24'h2A5473
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
    input wire [LOG2_ENTRIES-1:0] i_x_at,
    input wire                    i_x_last,
    input wire [11:0]             i_x_step,
    input wire                    i_y_valid,
    input wire [SUM_W-1:0]        i_y_score,
    input wire [LOG2_ENTRIES-1:0] i_y_class,
    input wire                    i_y_last,
    input wire [15:0]             i_table_rdata
);
    localparam LP = LOG2_PAYLOAD;
    localparam ADDR_W  = WEIGHT_AW > TABLE_AW ? WEIGHT_AW : TABLE_AW;
    localparam AB      = WEIGHT_AW > 16 ? 3 : 2;        // bytes of an address, a weight word, a code, a score
    localparam NB      = (WEIGHT_W + 7) / 8;
    localparam XB      = LOG2L > 7 ? 2 : 1;
    localparam ABOUT   = ENGINE == 2 ? 18 : 14;      // bytes that INFO answers
    localparam KEEP    = ENGINE == 2 ? 1 : 0;        // answers have a half of the buffer to themselves
    localparam SB      = SUM_W > 16 ? 4 : 2;
    localparam SHIFT_B = NB > AB ? NB - 1 : AB - 1;
    localparam INDEX_W = $clog2(NB > SB + 3 ? NB : SB + 3);

    wire                 busy, tx_valid, table_we, weight_we, error, engine_rst, x_valid, y_ready, answer_now;
    wire [7:0]           tx_data;
    wire [LOG2L:0]       x;
    wire [TABLE_AW-1:0]  table_addr;
    wire [15:0]          table_wdata;
    wire [WEIGHT_AW-1:0] weight_addr;
    wire [WEIGHT_W-1:0]  weight_wdata;
    sc_host #(
        .ENGINE(ENGINE), .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .LOG2_ENTRIES(LOG2_ENTRIES), .WEIGHT_AW(WEIGHT_AW),
        .TABLE_AW(TABLE_AW), .MAC(MAC), .ACC_AW(ACC_AW), .POOL(POOL), .STEPS(STEPS), .LOG2_PAYLOAD(LP), .LOG2_TIMEOUT(LOG2_TIMEOUT)
    ) u_host (
        .clk(clk), .rst(rst), .o_busy(busy), .o_error(error), .i_boot(i_boot),
        .i_rx_valid(i_rx_valid), .i_rx_error(i_rx_error), .i_rx_data(i_rx_data),
        .o_tx_valid(tx_valid), .i_tx_ready(i_tx_ready), .o_tx_data(tx_data), .i_tick(i_tick),
        .o_engine_rst(engine_rst), .o_x_valid(x_valid), .i_x_ready(i_x_ready), .i_x_none(i_x_none), .o_x(x),
        .i_x_at(i_x_at), .i_x_last(i_x_last), .i_x_step(i_x_step), .o_answer_now(answer_now),
        .i_y_valid(i_y_valid), .o_y_ready(y_ready), .i_y_score(i_y_score), .i_y_class(i_y_class), .i_y_last(i_y_last),
        .o_table_we(table_we), .o_table_addr(table_addr), .o_table_wdata(table_wdata), .i_table_rdata(i_table_rdata),
        .o_weight_we(weight_we), .o_weight_addr(weight_addr), .o_weight_wdata(weight_wdata)
    );

    // Registers of u_host.
    localparam [1:0] RECEIVE = 0, EXECUTE = 1, RESPOND = 2, DISCARD = 3;
    localparam [2:0] SYNC = 0, HEAD = 1, LEN0 = 2, LEN1 = 3, BODY = 4, CRC0 = 5, CRC1 = 6;
    (* keep *) wire [1:0]            mode;
    (* keep *) wire [2:0]            step, cmd;
    (* keep *) wire [3:0]            status;
    (* keep *) wire                  cmd_high, byte_phase, write_pass, first;
    (* keep *) wire [LP-1:0]         len;
    (* keep *) wire [LP:0]           ptr;
    (* keep *) wire [INDEX_W-1:0]    index;
    (* keep *) wire [ADDR_W:0]       addr;
    (* keep *) wire [LOG2_TIMEOUT:0] silence;
    (* keep *) wire [15:0]           crc;
    (* keep *) wire                  crc_bad;
    (* keep *) wire [8*SHIFT_B-1:0]  shift_in;
    (* keep *) wire [LP+KEEP-1:0]    place;            // of the buffer: the place watched
    (* keep *) wire [7:0]            held, twin;       // what is there, and at the same place of its other half
    (* keep *) wire [7:0]            read;
    (* keep *) wire                  s_alive, s_going, s_again, s_filling;
    (* keep *) wire [23:0]           kept_low;
    (* keep *) wire [LP+KEEP-1:0]    read_from;
    (* keep *) wire                  read_known;
    wire [LP-1:0] spot   = place[LP-1:0];
    wire          higher = KEEP == 1 && place >> LP != 0;
    wire [7:0]    kept        = higher ? twin : held;                       // of the request
    wire [7:0]    kept_answer = KEEP == 1 && !higher ? twin : held;         // of the answer

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
    always @* if (ENGINE == 2 && i_rx_valid && q == HEAD) assume (i_rx_data != 6);

    reg was_taken;                         // the line took a byte
    always @(posedge clk) was_taken <= tx_valid && i_tx_ready;

`ifdef NARROW
    // Covers and hunts look in a narrower environment, where they find what they look for sooner: rst only at first,
    // requests without gaps, no back-pressure.
    always @* if (past_valid) assume (!rst && i_tick && i_tx_ready != (was_taken && r == BODY) && (owed || event_ == (quiet == 2)));
`endif
`ifdef RIGHT
    // ... and with requests of a few bytes that are right, at one of two addresses: for bugs in what is written and answered.
    (* anyconst *) wire far;
    always @* if (i_rx_valid && !owed)
        case (q)
            HEAD:    assume (i_rx_data >= 1 && i_rx_data <= 4);
            LEN0:    assume (i_rx_data == (asked == 1 ? 0 : asked == 4 ? 2 : 4));
            LEN1:    assume (i_rx_data == 0);
            BODY:    assume (i_rx_data == (got == 0 ? (far ? 8'hC5 : 1) : got == 1 ? (far ? 8'hF6 : 0) : got == 2 ? 8'hB3 : 8'h5C));
            CRC0:    assume (i_rx_data == q_crc[15:8]);
            CRC1:    assume (i_rx_data == q_crc[15:8]);
            default: assume (sync);
        endcase
    always @* if (past_valid) assume (!i_rx_error && (owed || i_rx_valid == (quiet == 2)));
`endif

    // ---- The naive side: requests and responses as a reader of docs/protocol.md counts them.
    wire timeout = silence[LOG2_TIMEOUT];
    wire infer   = cmd[2] && !cmd[0] && !(ENGINE == 2 && cmd[1]);
    wire sync    = i_rx_valid && i_rx_data == 8'hA5;
    // The engine takes a code, has no inputs, or, with ENGINE 2, answers: else the host waits.
    wire taking  = i_x_ready || i_x_none || (ENGINE == 2 && i_y_valid);
    wire waits   = !write_pass && (first || ENGINE == 2) && !taking;
    wire cancel  = sync && mode == EXECUTE && infer && (write_pass || waits);    // the engine computes

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
    reg [15:0]  r_left, r_at;              // bytes of the answer to come, bytes gone
    reg [15:0]  r_crc;                     // of the response so far
    reg [2:0]   due;                       // status: of the request that ended, as far as it is known from the line alone
    reg [7:0]   asked;                     // command byte
    reg [15:0]  asked_length;
    wire        asked_infer = asked[2:0] == 4 || (asked[2:0] == 6 && ENGINE != 2);      // what an engine may run for
    wire        known       = asked >= 1 && asked <= 5;
    wire        asked_query = asked == 1 || asked == 5;
    wire [15:0] q_length = {i_rx_data, q_left[7:0]};
    wire [15:0] r_length = {tx_data, r_left[7:0]};
    wire        tx_take  = tx_valid && i_tx_ready;
    wire        answered = owed && tx_take && r == CRC1;
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
        end else if (owed && tx_take) begin
            case (r)
                LEN1:    r <= r_length == 0 ? CRC0 : BODY;
                BODY:    if (r_left == 1) r <= CRC0;
                default: r <= r + 1;
            endcase
            r_crc  <= r == SYNC ? 16'hFFFF : crc_of(r_crc, tx_data);
            r_left <= r == LEN0 ? tx_data : r == LEN1 ? r_length : r_left - 1;
            r_at   <= r == BODY ? r_at + 1 : 0;
        end

    // ---- The payload as it came: its first bytes, the byte at spot, its words, the last of which may not be whole.
    reg [15:0] got;                        // bytes
    reg [23:0] low;
    reg [7:0]  at_spot;
    reg        q_first;                    // no address yet
    wire [7:0] word_bytes = asked == 3 ? NB : 2;
    reg [LP:0] q_words;
    reg [15:0] q_index;
    wire [15:0] q_whole = word_bytes * q_words;                 // bytes of its words
    wire [31:0] address    = AB == 3 ? low : low[15:0];
    wire [31:0] memory     = asked == 3 ? 1 << WEIGHT_AW : 1 << TABLE_AW;
    wire        asked_write = asked == 2 || asked == 3;
    wire        clipped = address >> ADDR_W != 0;
    wire [31:0] walked = addr - address;   // words of this walk
    wire [15:0] walk   = word_bytes * walked[LP:0];
    wire        whole  = !q_first && q_index == 0;
    wire        fits   = q_words == 0 || address + q_words <= memory;
    always @(posedge clk)
        if (!owed && i_rx_valid && q == HEAD) begin
            got     <= 0;
            q_first <= 1;
            q_words <= 0;
            q_index <= 0;
        end else if (!owed && i_rx_valid && q == BODY) begin
            got <= got + 1;
            if (got == spot) at_spot    <= i_rx_data;
            if (got == 0)    low[7:0]   <= i_rx_data;
            if (got == 1)    low[15:8]  <= i_rx_data;
            if (got == 2)    low[23:16] <= i_rx_data;
            if (q_index + 1 == (q_first ? AB : word_bytes)) begin
                q_first <= 0;
                q_index <= 0;
                q_words <= q_words + !q_first;
            end else
                q_index <= q_index + 1;
        end

    reg was_ready, none;                   // none: said since the request ended
    // An engine that waits for a code goes on to wait until it comes.
    reg  x_kept, x_none_kept;
    always @(posedge clk) begin
        x_kept      <= ENGINE == 2 && i_x_ready && !x_valid && !engine_rst;
        x_none_kept <= ENGINE == 2 && i_x_none && !engine_rst;
    end
    always @* begin
        if (x_kept)      assume (i_x_ready);
        if (x_none_kept) assume (i_x_none);
    end

    // What was done of it: words written, codes taken; whether the engine asked for fewer or for more.
    reg [15:0] wrote, taken;
    reg        fewer, more, enough;
    wire [15:0] codes     = XB == 2 ? got[15:1] : got;
    wire        odd_code  = XB == 2 && got[0];
    always @(posedge clk)
        if (broken || complete || rst) begin
            wrote <= 0;
            taken <= 0;
            fewer <= 0;
            more  <= 0;
            enough <= 0;
        end else begin
            if (table_we || weight_we) wrote <= wrote + 1;
            if (x_valid && i_x_ready)  taken <= taken + 1;
            if (!i_x_ready && (ENGINE == 2 ? i_y_valid || i_x_none : was_ready) && taken < codes) fewer <= 1;
            if (i_x_ready && taken == codes) more <= 1;
            if (!i_x_ready && taken == codes) enough <= 1;
        end

    // The answer's byte at spot.
    reg              y_kept, y_ended;      // a score waits; the last was offered
    reg [SUM_W-1:0]  y_score;
    reg [LOG2_ENTRIES-1:0] y_class;
    reg              y_last;
    reg [15:0]       y_base;               // bytes of the scores taken
    reg [7:0]        y_spot;
    reg              began;                // the response
    wire             answers = tx_valid || began;
    wire [31:0]      y_wide = {{(32-SUM_W){i_y_score[SUM_W-1]}}, i_y_score};
    wire [15:0]      y_named = i_y_class;
    wire [15:0]      y_at = spot - y_base; // of spot in this score and the class behind it
    always @(posedge clk) begin
        y_kept  <= i_y_valid && !y_ready && !engine_rst;
        y_score <= i_y_score;
        y_class <= i_y_class;
        y_last  <= i_y_last;
        began   <= owed && answers && !rst;
        if (broken || complete || rst) begin
            y_base  <= 0;
            y_ended <= 0;
        end else begin
            if (i_y_valid && y_ready)  y_base  <= y_base + SB;
            if (i_y_valid && i_y_last && !answers) y_ended <= 1;
            if (i_y_valid && !answers && spot >= y_base) begin
                if (y_at < SB) y_spot <= y_wide >> (8 * y_at);
                else if (i_y_last && y_at < SB + 2) y_spot <= y_named >> (8 * (y_at - SB));
            end
        end
    end
    always @* if (y_kept) assume (i_y_valid && i_y_score == y_score && i_y_class == y_class && i_y_last == y_last);

    (* anyconst *) wire [15:0] table_word;                     // word spot / 2 of the table, where that is read
    reg [TABLE_AW-1:0] was_table_addr;
    always @(posedge clk) was_table_addr <= table_addr;
    always @* if (owed && asked == 5 && was_table_addr == spot[TABLE_AW:1]) assume (i_table_rdata == table_word);

    reg [1:0] was_boot;
    reg [31:0] about;
    reg after_rst;
    always @(posedge clk) begin
        was_boot  <= i_boot;
        after_rst <= rst;
    end
    always @* if (past_valid && !after_rst) assume (i_boot == was_boot);
    always @*
        case (spot)
            0:       about = 2;
            1:       about = ENGINE;
            2:       about = LOG2L;
            3:       about = LANES;
            4:       about = FRAC;
            5:       about = LOG2_ENTRIES;
            6:       about = WEIGHT_AW;
            7:       about = TABLE_AW;
            8:       about = LP;
            9:       about = MAC;
            10:      about = ENGINE != 0 ? ACC_AW : 0;
            11:      about = ENGINE == 1 ? POOL : 0;
            12:      about = SUM_W;
            13:      about = i_boot;
            14:      about = STEPS;
            15:      about = STEPS >> 8;
            16:      about = STEPS >> 16;
            default: about = 0;
        endcase
    wire [7:0] answer = asked == 1 ? about[7:0] : asked == 5 ? table_word >> (8 * spot[0]) : y_spot;
    // ---- Measure: phase, then what is left of it.
    reg [2:0]   phase;
    reg [LP+1:0] left;
    wire [LOG2_TIMEOUT:0] silence_left = timeout ? 0 : (1 << LOG2_TIMEOUT) - silence;
    always @* begin
        phase = 0;
        left  = 0;
        case (mode)
            EXECUTE: begin
                phase = write_pass ? 6 : 7;
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
        was_half    <= mode == EXECUTE && !byte_phase;
        was_event   <= mode == DISCARD && event_;
        was_valid   <= tx_valid && !i_tx_ready;
        was_stalled <= (tx_valid && !i_tx_ready) || (mode == EXECUTE && write_pass && infer && byte_phase && !i_y_valid)
                    || (mode == EXECUTE && infer && waits && !byte_phase)
                    || (mode == DISCARD && !timeout && (!i_tick || event_));
    end

    // An engine runs from the clock after an inference's first code is due on the line to the end of its execution.
    reg       was_infer;
    reg [3:0] r_status, last_status;       // of this response; of the last one since rst
    always @(posedge clk) begin
        was_infer <= !rst && asked_infer && (owed ? mode == EXECUTE : q >= BODY);
        if (tx_valid && i_tx_ready && r == HEAD) r_status <= tx_data[3:0];
        if (rst) last_status <= 0;
        else if (tx_valid && i_tx_ready && r == HEAD) last_status <= tx_data[3:0];
    end

    always @(posedge clk) begin
        was_ready <= taking;
        none      <= owed && (none || i_x_none);
    end

    // Bit times since the last event, 2^LOG2_TIMEOUT standing for more; whether there were as many before the response.
    reg [LOG2_TIMEOUT:0] idle = 1 << LOG2_TIMEOUT;
    reg                  hush;
    always @(posedge clk) begin
        if (event_)                             idle <= 0;
        else if (i_tick && !idle[LOG2_TIMEOUT]) idle <= idle + 1;
        if (!answers) hush <= idle[LOG2_TIMEOUT];
    end

    // ---- Claims.
    wire q_spot = r_at == spot && due == 0 && r_status == 0;    // the byte on the line is the one that is watched
    integer n;
    reg table_right, weight_right, code_right, low_right, read_right, shift_right;
    always @* begin
        {table_right, weight_right, code_right, low_right, read_right, shift_right} = 6'b111111;
        for (n = 0; n < 16; n = n + 1)
            if (spot == AB + 2 * wrote + n / 8 && table_wdata[n] != at_spot[n % 8]) table_right = 0;
        for (n = 0; n < WEIGHT_W; n = n + 1)
            if (spot == AB + NB * wrote + n / 8 && weight_wdata[n] != at_spot[n % 8]) weight_right = 0;
        for (n = 0; n <= LOG2L; n = n + 1)
            if (spot == XB * taken + n / 8 && x[n] != at_spot[n % 8]) code_right = 0;
        for (n = 0; n < 3; n = n + 1) begin
            if (n < got && (kept_low[8*n +: 8] != low[8*n +: 8] || (spot == n && low[8*n +: 8] != at_spot))) low_right = 0;
            if (ptr == n && n < got && !(read_known && read == low[8*n +: 8])) read_right = 0;
        end
        if (ptr == spot && spot < got && !(read_known && read == at_spot)) read_right = 0;
        for (n = 0; n < SHIFT_B; n = n + 1) begin
            if (ptr == spot + n + 1 && shift_in[8*(SHIFT_B-1-n) +: 8] != at_spot) shift_right = 0;
            if (ptr == n + 1 && shift_in[8*(SHIFT_B-1-n) +: 8] != low[7:0]) shift_right = 0;
            if (ptr == n + 2 && shift_in[8*(SHIFT_B-1-n) +: 8] != low[15:8]) shift_right = 0;
            if (ptr == n + 3 && shift_in[8*(SHIFT_B-1-n) +: 8] != low[23:16]) shift_right = 0;
        end
    end
    always @* if (past_valid) begin
        if (tx_valid) begin
            a_owed: assert (owed);
            if (r == SYNC) a_sync:   assert (tx_data == 8'h5A);
            if (r == HEAD) a_status: assert (tx_data <= 6);
            if (r == HEAD && tx_data == 6) a_none: assert (none);
            if (r == HEAD && tx_data != 0) a_silence: assert (hush);
            if (r == HEAD && due != 0)  a_refused: assert (tx_data == due);
            if (r == HEAD && due == 0)  a_executed: assert (tx_data == 0 || (!asked_query && (tx_data == 2 || tx_data == 6)));
            if (r == HEAD && due == 0 && asked_write) a_fits: assert (tx_data == (whole && fits ? 0 : 2));
            if (r == HEAD && due == 0 && asked_write) a_all_words: assert (wrote == (tx_data == 0 ? q_words : 0));
            if (r == HEAD && due == 0 && asked == 4 && tx_data == 0)
                a_all_codes: assert (taken == codes && !odd_code && codes != 0 && enough && y_ended);
            if (r == HEAD && due == 0 && asked == 4 && tx_data == 2)
                a_codes_refused: assert (odd_code || codes == 0 || fewer || more || y_base + SB + 2 >= 1 << LP);
            if (r == BODY && q_spot && !was_taken) a_answer: assert (tx_data == answer);
            if (r == HEAD && tx_data == 6) a_none_infer: assert (asked == 4);
            if (r == LEN1) a_length: assert (r_length < (1 << LP));
            if (r == LEN1) a_answer_length: assert (r_status == 0 && (asked == 1 || asked == 4 || asked == 5)
                                                    ? r_length == (asked == 4 ? y_base + SB + 2 : asked == 1 ? ABOUT : 2 << TABLE_AW)
                                                    : r_length == 0);
            if (r == CRC1) a_crc: assert (crc_of(r_crc, tx_data) == 0);
        end
        if (mode == EXECUTE && infer && !write_pass && (first || ENGINE == 2) && byte_phase) a_waits: assert (was_ready);
        a_busy: assert (busy == (owed || q != SYNC));
        if (table_we || weight_we) a_write: assert (owed && q_crc == 0 && r == SYNC && due == 0);
        if (table_we)  a_table:   assert (asked == 2 && engine_rst);
        if (weight_we) a_weights: assert (asked == 3 && engine_rst);
        if (table_we)  a_table_addr:  assert (address + wrote < memory && table_addr == address + wrote);
        if (weight_we) a_weight_addr: assert (address + wrote < memory && weight_addr == address + wrote);
        if (table_we)  a_table_data:  assert (table_right);
        if (weight_we) a_weight_data: assert (weight_right);
        if (x_valid) a_codes: assert (owed && asked_infer && taken < got && r == SYNC);
        if (x_valid && i_x_ready) a_code: assert (code_right);
        if (!after_rst) a_no_answer: assert (!answer_now);
        if (y_ready) a_scores: assert (owed ? asked == 4 && taken == codes && r == SYNC : q == HEAD && quiet == 0);
        if (!engine_rst) a_engine: assert (was_infer);
        if (was_infer)   a_runs:   assert (!engine_rst);
        if (!busy) a_error: assert (error == (last_status != 0));
        if (owed && was_owed && !was_end) begin
            if (!was_event) a_measure_never_grows: assert (measure <= was_measure);
            if (!was_stalled && !was_half) a_measure_shrinks: assert (measure < was_measure);
            if (was_half && !was_stalled) a_every_second: assert (measure < was_measure || (mode == EXECUTE && byte_phase));
            if (was_valid) a_hold: assert (tx_valid);
        end
    end

    // ---- Invariants.
    wire unknown = cmd_high || cmd == 0 || cmd > 5;
    always @* if (past_valid) begin
        if (mode == EXECUTE || (mode == RECEIVE && q > HEAD)) i_cmd: assert (cmd == asked[2:0] && cmd_high == (asked[7:3] != 0));
        if (mode == RECEIVE && q > LEN1)   i_len:  assert (len == asked_length);
        if (mode == EXECUTE && (!write_pass || cmd[1])) i_len_kept: assert (len == asked_length);
        if (mode == EXECUTE)
            i_due: assert (due == (q_crc != 0 ? 1 : !known ? 4 : asked_query && asked_length != 0 ? 2 : 0));
        if (mode == EXECUTE && write_pass) i_due_0: assert (due == 0);
        if (mode[1]) i_due_known: assert (due <= 5 && (due != 0 || known));
        if (mode[1]) i_due_status: assert (due != 0 ? status == due : status == 0
                                           || (!asked_query && (status == 2 || (status == 6 && asked == 4))));
        if (mode == RESPOND && r != SYNC)  i_r_crc: assert (crc == r_crc);
        if (mode == RESPOND && r == CRC1)  i_r_crc_1: assert (r_crc[7:0] == 0);
        if (mode == RESPOND) i_r_len: assert (status != 0 ? len == 0 : asked == 1 ? len == ABOUT : asked == 5 ? len == 2 << TABLE_AW
                                              : asked == 4 ? len == y_base + SB + 2 : len == 0);
        if (mode == RESPOND && r > HEAD) i_r_status: assert (r_status == status);
        if (!mode[1] || (mode == RESPOND && r > HEAD)) i_last: assert (last_status == status);
        // Payload and buffer.
        if (mode == RECEIVE && q == BODY)  i_got: assert (got + q_left == asked_length);
        if (mode == RECEIVE && q > LEN1 && q != BODY) i_got_all: assert (got == asked_length);
        if (mode == RECEIVE && q > HEAD && q < BODY)  i_got_0: assert (got == 0 && q_first);
        if (mode == RECEIVE && q > HEAD || mode == EXECUTE)
            i_words: assert (got == (q_first ? 0 : AB + q_whole) + q_index && q_words <= got && q_index < (q_first ? AB : word_bytes)
                             && (!q_first || q_words == 0));
        if (mode == RECEIVE && q == BODY) i_low_spot: assert (spot >= got || spot > 2 || low[8*spot +: 8] == at_spot);
        if (mode == EXECUTE) i_got_kept: assert (got == asked_length);
        if (((mode == RECEIVE && q > LEN1) || mode == EXECUTE) && (mode != EXECUTE || !write_pass || cmd[1])) begin
            if (spot < got) i_kept: assert (kept == at_spot);
            i_kept_low: assert (low_right);
        end
        if (mode == EXECUTE && (!write_pass || cmd[1])) begin
            i_shift_in: assert (shift_right);
            if (byte_phase) i_buffer: assert (read_from[LP-1:0] == ptr[LP-1:0] && read_right);
        end
        if (mode == EXECUTE && cmd[1] && !unknown) begin
            if (first) i_walk_first: assert (ptr == index && index < AB);
            else if (clipped) i_walk_clipped: assert (addr == {1'b1, address[ADDR_W-1:0]} && ptr == AB + index && index < word_bytes);
            else i_walk: assert (addr >= address && walked <= ptr && ptr == AB + walk + index && index < word_bytes
                                 && (walked == 0 || addr <= memory));
            if (write_pass) i_write_pass_fits: assert (whole && fits && wrote == (first || clipped ? 0 : walked));
        end
        if (mode == EXECUTE && !(cmd[1] && write_pass)) i_wrote_0: assert (wrote == 0);
        if (mode[1] && due == 0 && asked_write) i_fits: assert (status == (whole && fits ? 0 : 2) && wrote == (status == 0 ? q_words : 0));
        if (mode == EXECUTE && infer && !write_pass)
            i_codes: assert (ptr == XB * taken + index && index < XB && first == (taken == 0) && ptr <= got);
        if (mode == EXECUTE && !write_pass) i_score_0: assert (y_base == 0);
        if (mode == EXECUTE && infer && !write_pass && (ptr != 0 || byte_phase) && taken < codes && !was_ready && ENGINE != 2) i_fewer: assert (fewer);
        if (ENGINE == 2 && mode == EXECUTE && infer && !write_pass && byte_phase) i_taking: assert (taking);
        if (mode == EXECUTE && infer && write_pass) begin
            i_codes_all: assert (taken == codes && !odd_code && codes != 0 && enough);
            i_scores: assert (ptr == y_base + index && y_base <= ptr && index <= SB + 2);
            if (index != 0)  i_score_kept: assert (y_kept);
            if (index >= SB) i_score_last: assert (y_last && y_ended);
        end
        if (mode == EXECUTE && owed && was_owed && y_kept && spot >= y_base) begin
            if (y_at < SB) i_y_spot: assert (y_spot == ({{(32-SUM_W){y_score[SUM_W-1]}}, y_score} >> (8 * y_at) & 255));
            else if (y_last && y_at < SB + 2) i_y_named: assert (y_spot == (y_class >> (8 * (y_at - SB)) & 255));
        end
        if (mode == EXECUTE && owed && was_owed && y_kept && y_last) i_y_ended: assert (y_ended);
        if (mode == EXECUTE && write_pass && !cmd[1] && spot < ptr) i_composed: assert (kept_answer == answer);
        if (mode == EXECUTE && write_pass && cmd == 5 && byte_phase) i_table_addr: assert (was_table_addr == addr[TABLE_AW-1:0]);
        if (mode[1] && due == 0 && asked == 4 && status == 0)
            i_inferred: assert (taken == codes && !odd_code && codes != 0 && enough && y_ended);
        if (mode[1] && due == 0 && asked == 4 && status == 2)
            i_codes_refused: assert (odd_code || codes == 0 || fewer || more || y_base + SB + 2 >= 1 << LP);
        if (mode == RESPOND && r != SYNC) i_began: assert (began);
        if (mode == EXECUTE || mode == DISCARD) i_not_began: assert (!began);
        if (mode == RESPOND && r == BODY) i_r_at: assert (ptr == r_at || ptr == len);
        if (mode == RESPOND && spot < len) i_answer: assert (kept_answer == answer && due == 0 && status == 0);
        if (mode == RESPOND && r == BODY && !was_taken && ptr == spot) i_answer_read: assert (read_known && read == kept_answer);
        if (mode[1] && status == 6) i_none: assert (none);
        i_idle: assert (idle <= (1 << LOG2_TIMEOUT) && (idle[LOG2_TIMEOUT] || silence == idle));
        if (mode == RESPOND && status != 0) i_hush: assert (hush);
        if (ENGINE == 2) i_no_steps: assert (!s_alive && !s_going && !s_again && !s_filling);
        if (ENGINE == 2 && (mode == EXECUTE || q > HEAD)) i_not_step: assert (asked != 6);
        if (mode == EXECUTE && unknown) i_unknown_first: assert (index == 0);
        i_owed: assert (owed == (mode != RECEIVE) && (!owed || q == SYNC));
        i_step: assert (step <= CRC1 && q <= CRC1 && r <= CRC1);
        if (mode == RECEIVE) begin
            i_q: assert (step == q || (step == BODY && q == CRC0 && ptr == len && quiet < 2));
            if (write_pass || byte_phase) i_left: assert (was_rst || (q == HEAD && quiet == 0));
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
            if (!write_pass) begin
                i_first: assert (ptr <= len && (ptr == 0 || !unknown));
                i_first_crc: assert (ptr == 0 && !byte_phase ? 1 : crc_bad == (q_crc != 0));
                i_first_crc_kept: assert (crc == q_crc && (ptr == 0 || q_crc == 0));
            end else begin
                i_write_pass: assert (!unknown && q_crc == 0);
                if (cmd[1]) i_write: assert (ptr <= len);
                if (cmd == 1) i_info: assert (ptr <= ABOUT && ptr == 2 * addr + index[0] && index <= 1);
                if (cmd == 5) i_read: assert (ptr == 2 * addr + index[0] && index <= 1 && addr <= (1 << TABLE_AW)
                                              && (addr < (1 << TABLE_AW) || index == 0));
            end
            if (cmd[0] && !cmd[1] && !write_pass) i_query: assert (addr == 0 && index == 0 && ptr == 0);
        end else
            i_not_byte_phase: assert (mode == RECEIVE || r == SYNC || !byte_phase);
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
            c_scores:         cover (y_ended && y_base != 0 && tx_valid && r == BODY);
        end
endmodule

// Any memory that keeps the words at 0, 1, 2, at `spot` and at the same place of its other half; every other word read is free,
// and so is a word read while it is written. What holds with it holds with every content.
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
    reg [WIDTH-1:0]   kept, twin, read;
    reg [3*WIDTH-1:0] kept_low;
    reg [ADDR_W-1:0]  read_from;
    reg               read_known;
    always @(posedge clk) begin
        if (i_we && i_waddr == spot)  kept                            <= i_wdata;
        if (i_we && i_waddr == other) twin                            <= i_wdata;
        if (i_we && i_waddr < 3)      kept_low[i_waddr*WIDTH +: WIDTH] <= i_wdata;
        read_from  <= i_raddr;
        read_known <= (i_raddr == spot || i_raddr == other || i_raddr < 3) && !(i_we && i_waddr == i_raddr);
        read       <= i_raddr == spot ? kept : i_raddr < 3 ? kept_low[i_raddr*WIDTH +: WIDTH] : twin;
    end
    assign o_rdata = read_known ? read : any;
endmodule
`default_nettype wire
