// SPDX-License-Identifier: Apache-2.0
// Executor of the host interface, for every request that the frame layer may show it, every engine, and rst at any clock
// (docs/protocol.md, the commands).
//   refusals  a request is refused exactly at the byte at which it turns out to be wrong, in the check pass: an unknown
//             command by 4; by 2 a query with a payload, a write whose last word is not whole or which goes beyond the memory,
//             an inference with too few or too many codes for the engine, or half of one; by 6 an inference whose table has
//             no inputs;
//   writes    the k-th word is written once, in the write pass, to the payload's address + k, and is the payload's k-th word;
//             every one of them, all within the memory, and none otherwise;
//   codes     the k-th code that the engine is offered is the payload's k-th, in the check pass; the first byte waits until
//             the engine takes a code or says that its table has no inputs;
//   answer    INFO, READ_TABLE and INFER give the bytes that docs/protocol.md lists, each at its place, and are done after
//             the last; a score is taken with its last byte;
//   steps     with ENGINE 2, STEP: the part that knows samples, sc_host_steps, is shown the head and then each word of the
//             payload, once, in the check pass, and whatever else it must know; what it says of the frame is obeyed: late
//             frames are refused by 7, bad events by 8, those that are not whole or too long by 2; codes come from the payload
//             or, while an event is carried out, from there; the answer is the last one, none, or the scores of the engine,
//             all of which are taken;
//   engine    it runs exactly while an inference's payload is on the line or executed, and while sc_host_steps wants it to.
// The frame layer is a driver here that does as formal/sc_host_frame_fv.v proves of it: the command comes first, then the
// payload is on the line, then there is a check pass and a write pass, two clocks a byte; at any clock before them the request
// may break off, the CRC may be wrong, and the answer may be abandoned. Bytes are free, but an address is the same in both
// passes. Of sc_host_steps it is assumed what formal/sc_host_steps_fv.v proves: nothing is going before the head of a frame,
// a frame is late only at its head, and what it is does not change behind it. Beside this nothing is assumed but rst in the
// first clock.
// The registers that the invariants speak of are the wires at `Registers`.
`default_nettype none
module sc_host_exec_fv #(
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
    parameter WEIGHT_W     = LANES * (LOG2L + 1),
    parameter SUM_W        = LOG2_ENTRIES + LOG2L + 1 + (MAC != 0 ? LOG2L : 0),
    parameter STEPS        = 24'h2A5473
) (
    input wire                    clk,
    input wire                    rst,
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
    input wire [15:0]             i_table_rdata,
    // What the frame layer does: the next step of a request, where it breaks off, its bytes.
    input wire                    i_go,
    input wire                    i_stop,
    input wire                    i_wrong_crc,
    input wire [7:0]              i_data,
    input wire                    i_any,
    input wire [23:0]             i_new_low,
    input wire [15:0]             i_new_words,
    input wire [7:0]              i_new_rest,
    input wire                    i_new_events
);
    localparam LP = LOG2_PAYLOAD;
    localparam ADDR_W  = WEIGHT_AW > TABLE_AW ? WEIGHT_AW : TABLE_AW;
    localparam AB      = WEIGHT_AW > 16 ? 3 : 2;        // bytes of an address, a weight word, a code, a score
    localparam NB      = (WEIGHT_W + 7) / 8;
    localparam XB      = LOG2L > 7 ? 2 : 1;
    localparam ABOUT   = ENGINE == 2 ? 18 : 14;      // bytes that INFO answers
    localparam SB      = SUM_W > 16 ? 4 : 2;
    localparam SHIFT_B = NB > AB ? NB - 1 : AB - 1;
    localparam INDEX_W = $clog2(NB > SB + 3 ? NB : SB + 3);

    // ---- The frame layer.
    localparam [1:0] IDLE = 0, HEAD = 1, LINE = 2, RUN = 3;
    reg [1:0]  state;
    reg        pass, phase;
    reg [7:0]  asked;                      // command byte
    reg [LP:0] shown;                      // bytes in this pass
    reg [23:0] low;                        // the payload's first bytes
    reg [LP-1:0] length;
    reg        wrong_crc;
    wire       wait_, refuse, answers, answer_valid, done, abandonable;
    wire [3:0] code;
    wire [7:0] answer;
    wire       again, answer_now;
    wire running = state == RUN;
    wire reading = !(pass && answers);
    wire all     = shown == length;
    wire take    = phase && (reading ? !all : answer_valid);
    wire full    = running && !reading && shown == 1 << LP;
    wire refused = running && !pass && phase && (wrong_crc || refuse);
    wire ended   = refused || full || (running && (pass && phase && done || (pass || wait_) && i_stop && abandonable));
    wire [7:0] byte_ = shown < (asked == 6 ? 2 : AB) ? low >> (8 * shown[1:0]) : i_data;
    wire       end_  = phase && reading ? all : i_any;
    wire [31:0] new_length;
    always @(posedge clk)
        if (rst) begin
            state <= IDLE;
            {pass, phase} <= 0;
        end else begin
            pass  <= running && (pass || (phase && all));
            phase <= running && !phase && !wait_;
            if (take) shown <= shown + 1;
            case (state)
                IDLE: if (i_go) begin
                    state <= HEAD;
                    asked <= i_data;
                end
                HEAD: if (i_go || i_stop) begin
                    state     <= i_stop ? IDLE : LINE;
                    low       <= i_new_low;
                    wrong_crc <= i_wrong_crc;
                    length    <= new_length;
                end
                LINE: if (i_go || i_stop) begin
                    state <= i_stop ? IDLE : RUN;
                    shown <= 0;
                end
                default: begin
                    if (ended) state <= IDLE;
                    if (phase && !pass && all) shown <= 0;
                end
            endcase
        end

    wire                 engine_rst, x_valid, y_ready, table_we, weight_we;
    wire [LOG2L:0]       x;
    wire [TABLE_AW-1:0]  table_addr;
    wire [15:0]          table_wdata;
    wire [WEIGHT_AW-1:0] weight_addr;
    wire [WEIGHT_W-1:0]  weight_wdata;
    sc_host_exec #(
        .ENGINE(ENGINE), .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .LOG2_ENTRIES(LOG2_ENTRIES), .WEIGHT_AW(WEIGHT_AW),
        .TABLE_AW(TABLE_AW), .MAC(MAC), .ACC_AW(ACC_AW), .POOL(POOL), .STEPS(STEPS), .LOG2_PAYLOAD(LP)
    ) u_exec (
        .clk(clk), .rst(rst), .i_boot(i_boot),
        .i_command_valid(state == IDLE && i_go), .i_command(i_data), .i_payload(state == LINE || running),
        .i_executing(running), .i_write_pass(pass), .i_byte_phase(phase), .i_right(!wrong_crc), .i_byte(byte_), .i_end(end_), .i_take(take),
        .o_wait(wait_), .o_refuse(refuse), .o_code(code), .o_answers(answers), .o_answer_valid(answer_valid),
        .o_answer(answer), .o_done(done), .o_again(again), .o_abandonable(abandonable),
        .o_engine_rst(engine_rst), .o_x_valid(x_valid), .i_x_ready(i_x_ready), .i_x_none(i_x_none), .o_x(x),
        .i_x_at(i_x_at), .i_x_last(i_x_last), .i_x_step(i_x_step), .o_answer_now(answer_now),
        .i_y_valid(i_y_valid), .o_y_ready(y_ready), .i_y_score(i_y_score), .i_y_class(i_y_class), .i_y_last(i_y_last),
        .o_table_we(table_we), .o_table_addr(table_addr), .o_table_wdata(table_wdata), .i_table_rdata(i_table_rdata),
        .o_weight_we(weight_we), .o_weight_addr(weight_addr), .o_weight_wdata(weight_wdata)
    );

    // Registers of u_exec.
    (* keep *) wire [2:0]           cmd;
    (* keep *) wire                 cmd_high, unknown, first;
    (* keep *) wire [INDEX_W-1:0]   index;
    (* keep *) wire [ADDR_W:0]      addr;
    (* keep *) wire [8*SHIFT_B-1:0] shift_in;

    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;
    always @* if (!past_valid) assume (rst);

    // ---- The naive side: a payload is an address of AB bytes and words, or codes; the last may not be whole.
    wire steps      = ENGINE == 2 && asked == 6;
    wire known      = (asked >= 1 && asked <= 5) || steps;
    wire query      = asked == 1 || asked == 5;
    wire writing    = asked == 2 || asked == 3;
    wire infers     = asked[2:0] == 4 || (asked[2:0] == 6 && ENGINE != 2);      // what an engine may run for
    wire headed     = writing || steps;    // an address, or the head of a STEP, comes first
    wire [7:0] head_bytes = steps ? 2 : AB;
    reg        is_events;
    wire [7:0] word_bytes = asked == 3 ? NB : asked == 2 || (steps && is_events) ? 2 : XB;
    wire [7:0] new_word_bytes = asked == 3 ? NB : asked == 2 || (steps && i_new_events) ? 2 : XB;
    reg [15:0] words;                      // whole words, or codes, of the payload
    reg [7:0]  rest;                       // bytes behind them
    reg        address_whole;
    wire       new_rest_fits = i_new_rest < new_word_bytes;
    wire       new_whole     = !headed || i_new_words != 16'hFFFF; // else even the address is not whole
    wire [31:0] new_words    = new_whole ? i_new_words : 0;
    wire [31:0] new_rest     = new_whole ? (new_rest_fits ? i_new_rest : 0) : i_new_rest < head_bytes ? i_new_rest : 0;
    wire [31:0] new_bytes    = (headed && new_whole ? head_bytes : 0) + new_word_bytes * new_words + new_rest;
    assign new_length = new_bytes < 1 << LP ? new_bytes : 0;
    always @(posedge clk)
        if (state == HEAD && !rst) begin
            words <= new_bytes < 1 << LP ? new_words[15:0] : 0;
            rest  <= new_bytes < 1 << LP ? new_rest[7:0] : 0;
            address_whole <= new_whole && new_bytes < 1 << LP;
            is_events <= i_new_events;
        end
    wire [31:0] address = AB == 3 ? low : low[15:0];
    wire [31:0] memory  = asked == 3 ? 1 << WEIGHT_AW : 1 << TABLE_AW;
    wire        clipped = address >> ADDR_W != 0;
    wire        whole   = address_whole && rest == 0;
    wire        fits    = words == 0 || address + words <= memory;

    // What was shown of it in this pass, and the last bytes.
    reg         at_address;
    reg [15:0]  p_words;
    reg [7:0]   p_index;
    reg [8*NB+23:0] bytes;
    wire [8*NB+31:0] last = {byte_, bytes};
    wire        word_ends = p_index + 1 == (at_address ? head_bytes : word_bytes);
    reg [15:0]  y_at;                      // byte of this score and the class behind it
    reg         y_end;                     // it is the last one
    always @(posedge clk)
        if (!running || (phase && !pass && all)) begin
            at_address <= headed;
            {p_words, p_index, y_at, y_end} <= 0;
        end else if (take && reading) begin
            bytes <= last >> 8;
            p_index <= word_ends ? 0 : p_index + 1;
            if (word_ends) begin
                at_address <= 0;
                p_words    <= p_words + !at_address;
            end
        end else if (take) begin
            y_at <= y_at + 1 == SB && !i_y_last ? 0 : y_at + 1;
            if (y_at + 1 == SB && i_y_last) y_end <= 1;
        end

    reg [31:0] about;
    always @*
        case (shown)
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
    wire [31:0] y_wide  = {{(32-SUM_W){i_y_score[SUM_W-1]}}, i_y_score};
    wire [15:0] y_named = i_y_class;

    // Whether the byte, or the end, shows that the request is wrong.
    reg wrong;
    always @* begin
        wrong = !known || (query && length != 0);
        if (writing) wrong = all ? !whole : word_ends && !at_address && (clipped || address + p_words >= memory);
        if (asked == 4) wrong = all ? words == 0 || rest != 0 || i_x_ready : !i_x_ready;
        if (steps) wrong = all ? !whole || (s_going && (s_part || s_bad)) : at_address ? word_ends && s_late
                                                                        : s_going && (s_bad || !i_x_ready);
    end

    // ---- What sc_host_steps is shown, and what it says: anything within its own proof. See the end of the file.
    localparam E = LOG2_ENTRIES;
    (* keep *) wire [E+38:0] steps_seen;
    (* keep *) wire [11:0]   steps_given;
    (* keep *) wire [31:0]   steps_entries;
    wire         k_rst, k_infer, k_executing, k_other, k_end, k_word, k_first, k_done, k_taken, k_ready, k_last;
    wire [15:0]  k_value;
    wire [E-1:0] k_at;
    wire [11:0]  k_step;
    assign {k_rst, k_infer, k_executing, k_other, k_end, k_word, k_first, k_value, k_done, k_taken, k_ready, k_at, k_last, k_step}
        = steps_seen;
    wire [11:0]  said = ENGINE == 2 ? steps_given : 12'd0;
    wire         s_events, s_going, s_again, s_late, s_bad, s_part, s_run, s_restart, s_filling, s_valid, s_spike, s_answer;
    assign {s_events, s_going, s_again, s_late, s_bad, s_part, s_run, s_restart, s_filling, s_valid, s_spike, s_answer} = said;
    wire         s_word   = steps && phase && !pass && !all && word_ends;
    wire         s_behind = steps && running && (pass || !at_address);           // the head is behind us
    reg          was_behind, was_going, was_run, was_restart, was_filling, was_engine_rst, scores;
    always @(posedge clk) begin
        was_behind     <= s_behind && !rst;
        {was_going, was_filling} <= {s_going, s_filling};
        {was_run, was_restart} <= rst ? 2'b00 : {s_run, s_restart};
        was_engine_rst <= engine_rst;
        if (running && !pass) scores <= i_y_valid;               // the engine answers after the last step
    end
    always @* begin
        if (!s_behind) assume (was_behind || (!s_going && !s_again && !s_filling));
        else assume (s_going != s_again && s_events == is_events && (!was_behind || s_going == was_going));
        assume (!s_late || (s_word && at_address));
        assume (!s_filling || (s_going && is_events && !pass));
    end
    wire asks_scores = asked == 4 || (steps && s_going && scores);

    reg was_infer, was_ready;
    reg [TABLE_AW-1:0] was_table_addr;
    always @(posedge clk) begin
        was_infer      <= !rst && infers && (state == LINE || running);
        was_ready      <= i_x_ready || i_x_none || (ENGINE == 2 && i_y_valid);
        was_table_addr <= table_addr;
    end

    // ---- Claims.
    always @* if (past_valid) begin
        if (running && phase && !pass) begin
            a_refuse: assert (refuse == wrong);
            if (wrong) a_code: assert (code == (!known ? 4 : s_late ? 7 : s_going && s_bad ? 8
                                                : (s_going || (asked == 4 && p_words == 0)) && i_x_none && !all ? 6 : 2));
            if ((infers || s_going) && (ENGINE == 2 || p_words == 0)) a_waits: assert (was_ready);
            if (s_going && !at_address) a_waits_too: assert (!was_filling && !was_engine_rst);
        end
        if (running && !phase) a_wait: assert (wait_ == ((infers || s_going) && !pass && (ENGINE == 2
            ? engine_rst || s_filling || !(i_x_ready || i_x_none || i_y_valid) : p_words == 0 && !i_x_ready && !i_x_none)));
        if (running && pass) begin
            a_right: assert (known && !wrong_crc && (writing ? whole && fits : steps ? whole : asked == 4 ? words != 0 && rest == 0 : length == 0));
            a_answers: assert (answers == !writing);
            a_abandonable: assert (abandonable == (asked == 4 || steps));
            a_again: assert (again == s_again);
        end
        // Codes.
        if (x_valid && !s_filling) a_codes: assert (running && phase && !pass && (infers || (s_going && !is_events)) && p_words < words);
        if (s_filling) a_events: assert (x_valid == s_valid && x == {s_spike, {LOG2L{1'b0}}});
        if (running && phase && !pass && s_going && !is_events && !all) a_whole_step_code: assert (x_valid == (p_index + 1 == XB));
        if (running && phase && !pass && asked[2:0] == 4 && !all) a_whole_code: assert (x_valid == (p_index + 1 == XB));
        if (x_valid && !s_filling) a_x: assert (x == last[8*NB+32-8*XB +: LOG2L+1]);
        // Writes.
        if (table_we || weight_we) a_write: assert (running && phase && pass && asked == (table_we ? 2 : 3));
        if (running && phase && pass && writing && !all)
            a_all_words: assert ((table_we || weight_we) == (!at_address && p_index + 1 == word_bytes));
        if (table_we)  a_table:  assert (address + p_words < memory && table_addr == address + p_words && table_wdata == last[8*NB+16 +: 16]);
        if (weight_we) a_weight: assert (address + p_words < memory && weight_addr == address + p_words && weight_wdata == last[32 +: WEIGHT_W]);
        // Answers.
        if (running && phase && pass) begin
            a_done: assert (done == (writing ? all : asked == 1 ? shown == ABOUT : asked == 5 ? shown == 2 << TABLE_AW
                                     : steps && !(s_going && scores) ? 1 : y_at == SB + 2));
            if (answers && !done) a_gives: assert (answer_valid == (!asks_scores || i_y_valid));
            if (asked == 1 && shown < ABOUT) a_info: assert (answer == about[7:0]);
            if (asked == 5 && shown < 2 << TABLE_AW) begin
                a_read:      assert (answer == (i_table_rdata >> (8 * shown[0]) & 255));
                a_read_addr: assert (was_table_addr == shown >> 1);
            end
            if (asks_scores && y_at < SB)       a_score: assert (answer == (y_wide >> (8 * y_at) & 255));
            else if (asks_scores && y_at < SB + 2) a_class: assert (answer == (y_named >> (8 * (y_at - SB)) & 255) && y_end);
        end
        if (y_ready) a_scores: assert (pass && phase && (asked == 4 || steps) && (!running || (asks_scores && (!i_y_last || (steps && done)))));
        if (running && phase && pass && asks_scores)
            a_taken: assert (y_ready == ((i_y_valid && y_at + 1 == SB && !i_y_last) || (steps && y_at == SB + 2)));
        a_engine: assert (engine_rst == (was_restart || !(was_infer || (ENGINE == 2 && was_run))));
        if (ENGINE == 2) begin
            a_shown: assert (k_rst == rst && k_infer == (state == IDLE && i_go && i_data == 4) && k_executing == running
                             && k_end == (end_ || pass) && k_done == (phase && pass && done));
            a_engine_shown: assert (k_taken == (x_valid && i_x_ready) && k_ready == i_x_ready && k_at == i_x_at
                                    && k_last == i_x_last && k_step == i_x_step && steps_entries == E);
            a_word: assert (k_word == (running && s_word));
            if (k_word) a_value: assert (k_first == at_address && k_value == last[8*NB+31 -: 16]);
            if (k_other) a_other: assert (phase && !wrong_crc && !steps);
            if (running && phase && known && !steps && !wrong_crc) a_others: assert (k_other);
            a_answer_now: assert (answer_now == s_answer);
        end else a_no_steps: assert (!answer_now && !again);
    end

    // ---- Invariants.
    integer n;
    reg shift_right;
    always @* begin
        shift_right = 1;
        for (n = 0; n < SHIFT_B; n = n + 1) begin
            if (n < shown && shift_in[8*(SHIFT_B-1-n) +: 8] != bytes[8*(NB+2-n) +: 8]) shift_right = 0;
            if (n < shown && shown <= head_bytes && shift_in[8*(SHIFT_B-1-n) +: 8] != (low >> (8 * (shown - 1 - n)) & 255)) shift_right = 0;
        end
    end
    always @* if (past_valid) begin
        if (state != IDLE) i_cmd: assert (cmd == asked[2:0] && cmd_high == (asked[7:3] != 0));
        if (state == LINE || running) begin
            i_unknown: assert (unknown == !known);
            i_length:  assert (length == (headed && address_whole ? head_bytes : 0) + word_bytes * words + rest);
            i_rest:    assert (rest < (headed && !address_whole ? head_bytes : word_bytes) && (address_whole || words == 0));
        end
        if (state == LINE) i_first: assert (at_address == headed && p_words == 0 && p_index == 0 && first && index == 0 && addr == 0);
        if (running && !known) i_start: assert (!pass && shown == 0 && p_words == 0 && p_index == 0 && first && index == 0);
        if (running && known && reading) begin
            i_shown: assert (shown == (headed && !at_address ? head_bytes : 0) + word_bytes * p_words + p_index && shown <= length);
            i_part:  assert (p_index < (at_address ? head_bytes : word_bytes) && (!at_address || (headed && p_words == 0)));
            i_words: assert (p_words <= words && (at_address || !headed || address_whole));
            i_shift: assert (shift_right);
            if (query) i_query: assert (shown == 0 && index == 0 && addr == 0);
            else i_index: assert (index == p_index && first == (at_address || (!headed && p_words == 0)));
            if (writing && !at_address)
                i_addr: assert (clipped ? p_words == 0 && addr[ADDR_W] && addr[ADDR_W-1:0] == address[ADDR_W-1:0]
                                        : addr == address + p_words && (p_words == 0 || address + p_words <= memory));
        end
        if (running && pass && query) i_place: assert (shown == 2 * addr + index && index <= 1 && shown <= (asked == 1 ? ABOUT : 2 << TABLE_AW));
        if (running && steps && pass && !asks_scores) i_no_score: assert (index == 0 && y_at == 0);
        if (running && pass && asks_scores) i_score: assert (index == y_at && y_at <= SB + 2 && y_end == (y_at >= SB));
    end

    // ---- Covers.
    always @(posedge clk)
        if (past_valid && !rst) begin
            c_table:    cover (table_we && p_words == 1);
            c_weights:  cover (weight_we);
            c_refused:  cover (running && phase && !pass && code == 6 && refuse && x_valid);
            c_event:    cover (x_valid && s_filling);
            c_again:    cover (running && pass && phase && done && s_again);
            c_step:     cover (running && pass && phase && done && steps && shown > SB + 2);
            c_scores:   cover (running && pass && phase && done && asked == 4 && shown > SB + 2);
        end
endmodule

// ---- What knows samples in steps: its outputs are free; `seen` is what it is given.
module sc_host_steps #(
    parameter LOG2_ENTRIES = 8
) (
    input  wire                    clk,
    input  wire                    rst,
    input  wire                    i_infer_begins,
    input  wire                    i_executing,
    input  wire                    i_other,
    input  wire                    i_end,
    input  wire                    i_word,
    input  wire                    i_first,
    input  wire [15:0]             i_value,
    input  wire                    i_done,
    output wire                    o_events,
    output wire                    o_going,
    output wire                    o_again,
    output wire                    o_late,
    output wire                    o_bad_event,
    output wire                    o_part,
    output wire                    o_run,
    output wire                    o_restart,
    output wire                    o_filling,
    output wire                    o_x_valid,
    output wire                    o_x_spike,
    input  wire                    i_x_taken,
    input  wire                    i_x_ready,
    input  wire [LOG2_ENTRIES-1:0] i_x_at,
    input  wire                    i_x_last,
    input  wire [11:0]             i_x_step,
    output wire                    o_answer
);
    (* keep *) wire [LOG2_ENTRIES+38:0] seen = {rst, i_infer_begins, i_executing, i_other, i_end, i_word, i_first, i_value, i_done,
        i_x_taken, i_x_ready, i_x_at, i_x_last, i_x_step};
    (* anyseq *) wire [11:0] given;
    assign {o_events, o_going, o_again, o_late, o_bad_event, o_part, o_run, o_restart, o_filling, o_x_valid, o_x_spike, o_answer}
        = given;
    (* keep *) wire [31:0] entries = LOG2_ENTRIES;
endmodule
`default_nettype wire
