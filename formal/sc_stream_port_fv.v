// SPDX-License-Identifier: Apache-2.0
// Host side of a streaming network, for every word, stall, gap, image too short or too long, every time that the network
// takes for an answer, and rst at any clock:
//   start     o_start comes in exactly the first clock in which an image is complete, PERIOD clocks have passed since the
//             last one, and fewer than 2^LOG2_ANSWERS answers are owed: so each whole image starts once, and no other;
//   codes     o_codes has the words of that image then, and in the HOLD clocks after;
//   ready     o_ready is low only while an image waits for its start or, with HOLD, while the codes must stay;
//   error     o_error comes after the word that makes an image too short or too long, once for each such image;
//   answers   the receiver gets every answer once and in order; none comes where there is no room;
//   hands     valid stays until ready, and the answer with it.
// The registers that the invariants speak of are the wires at `Registers`, which the script of the proof connects.
`default_nettype none
module sc_stream_port_fv #(
    parameter INPUTS       = 5,
    parameter CODE_W       = 4,
    parameter DATA_W       = 8,
    parameter PERIOD       = 4,
    parameter HOLD         = 0,
    parameter LOG2_ANSWERS = 1,
    parameter ANSWER_W     = 2
) (
    input wire                clk,
    input wire                rst,
    input wire                i_valid,
    input wire [DATA_W-1:0]   i_data,
    input wire                i_last,
    input wire                i_ready,
    input wire                i_answer_valid,
    input wire [ANSWER_W-1:0] i_answer
);
    localparam BITS  = INPUTS * CODE_W;
    localparam WORDS = (BITS + DATA_W - 1) / DATA_W;
    localparam ALL   = WORDS * DATA_W;
    localparam SLOTS = 1 << LOG2_ANSWERS;
    localparam PAUSE = HOLD > PERIOD ? HOLD - 1 : PERIOD - 1;

    wire                ready, error, valid, start;
    wire [ANSWER_W-1:0] answer;
    wire [BITS-1:0]     codes;
    sc_stream_port #(
        .INPUTS(INPUTS), .CODE_W(CODE_W), .DATA_W(DATA_W), .PERIOD(PERIOD), .HOLD(HOLD), .LOG2_ANSWERS(LOG2_ANSWERS),
        .ANSWER_W(ANSWER_W)
    ) u_port (
        .clk(clk), .rst(rst), .i_valid(i_valid), .o_ready(ready), .i_data(i_data), .i_last(i_last), .o_error(error),
        .o_valid(valid), .i_ready(i_ready), .o_answer(answer), .o_start(start), .o_codes(codes),
        .i_answer_valid(i_answer_valid), .i_answer(i_answer)
    );

    // Registers of u_port.
    localparam INDEX_W = WORDS > 1 ? $clog2(WORDS) : 1;
    localparam WAIT_W  = PAUSE > 0 ? $clog2(PAUSE + 1) : 1;
    localparam WORDS_W = WORDS > 1 ? ALL : BITS;
    (* keep *) wire [INDEX_W-1:0]        index;
    (* keep *) wire [WAIT_W-1:0]         wait_left;
    (* keep *) wire                      excess, full;
    (* keep *) wire [WORDS_W-1:0]        words;
    (* keep *) wire [LOG2_ANSWERS:0]     owed, oldest;
    (* keep *) wire [SLOTS*ANSWER_W-1:0] slots;

    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;
    always @* if (!past_valid) assume (rst);

    // Images: the words taken so far, by number, and how many; WORDS + 1 stands for any more.
    wire            take = i_valid && ready;
    reg [15:0]      taken;
    reg [ALL-1:0]   got;
    reg             pending;               // a whole image has not started
    reg             bad;                   // the last clock's word made an image bad
    always @(posedge clk)
        if (rst) begin
            taken   <= 0;
            pending <= 0;
            bad     <= 0;
        end else begin
            bad <= 0;
            if (start) pending <= 0;
            if (take) begin
                if (taken < WORDS) got[taken*DATA_W +: DATA_W] <= i_data;
                taken <= i_last ? 0 : taken > WORDS ? taken : taken + 1;
                if (i_last && taken == WORDS - 1) pending <= 1;
                if (i_last && taken < WORDS - 1)  bad <= 1;
                if (!i_last && taken == WORDS - 1) bad <= 1;
            end
        end

    // Clocks since the last start, as far as they matter, and the image that it was for.
    localparam FAR = PERIOD > HOLD ? PERIOD + 1 : HOLD + 1;
    reg [15:0]     since;                  // of this clock: 1 in the clock after a start
    reg [BITS-1:0] held;
    always @(posedge clk)
        if (rst)        since <= FAR;
        else if (start) since <= 1;
        else if (since < FAR) since <= since + 1;
    always @(posedge clk) if (start) held <= codes;

    // Answers: the network has `under_way` images; it answers any of them at any time. The others wait, the oldest first.
    reg [15:0]               under_way, waiting;
    reg [SLOTS*ANSWER_W-1:0] queue, after;
    wire                     give = valid && i_ready;
    wire [15:0]              left = waiting - give;
    always @* assume (!i_answer_valid || under_way != 0);
    always @* begin
        after = give ? queue >> ANSWER_W : queue;
        if (i_answer_valid) after[left*ANSWER_W +: ANSWER_W] = i_answer;
    end
    always @(posedge clk) queue <= after;
    always @(posedge clk)
        if (rst) begin
            under_way <= 0;
            waiting   <= 0;
        end else begin
            under_way <= under_way + start - i_answer_valid;
            waiting   <= left + i_answer_valid;
        end

    always @* if (past_valid) begin
        a_start: assert (start == (pending && since >= PERIOD && under_way + waiting < SLOTS));
        if (start) a_codes: assert (codes == got[BITS-1:0]);
        if (since <= HOLD && !start) a_hold: assert (codes == held);
        if (HOLD == 0) a_ready: assert (ready == (!pending || start));
        else           a_ready_hold: assert (ready == (!pending && since >= HOLD));
        a_error: assert (error == bad);
        a_valid: assert (valid == (waiting != 0));
        if (valid) a_answer: assert (answer == queue[ANSWER_W-1:0]);
        if (i_answer_valid) a_room: assert (waiting < SLOTS);
    end

    reg                past_wait = 0;      // an answer was offered and not taken
    reg [ANSWER_W-1:0] past_answer;
    always @(posedge clk) begin
        past_wait   <= valid && !i_ready && !rst;
        past_answer <= answer;
    end
    always @* if (past_wait) a_hands: assert (valid && answer == past_answer);

    // Invariants: the registers as functions of the above.
    always @* if (past_valid) begin
        i_taken:  assert (taken <= WORDS + 1 && index == (taken < WORDS ? taken : WORDS - 1) && excess == (taken >= WORDS));
        i_full:   assert (full == pending && (!pending || taken == 0));
        i_wait:   assert (wait_left == (since <= PAUSE ? PAUSE + 1 - since : 0));
        if (HOLD != 0 && pending) i_late: assert (since > HOLD);
        if (HOLD != 0 && taken != 0) i_begun: assert (since > HOLD);
        i_owed:   assert (owed == under_way + waiting && owed <= SLOTS && under_way <= SLOTS && waiting <= SLOTS);
        i_oldest: assert (oldest == ((waiting - 1) & (2 * SLOTS - 1)));
    end
    wire [WORDS-1:0] word_kept;
    wire [SLOTS-1:0] answer_kept;
    genvar j;
    generate
        for (j = 0; j < WORDS; j = j + 1) begin : g_word
            // Word j of an image under way lies as far from the top as there are words after it.
            wire [15:0] place = WORDS - taken + j;
            assign word_kept[j] = j >= taken || taken >= WORDS
                                  || words[place*DATA_W +: DATA_W] == got[j*DATA_W +: DATA_W];
        end
        for (j = 0; j < SLOTS; j = j + 1) begin : g_slot
            wire [15:0] place = waiting - 1 - j;
            assign answer_kept[j] = j >= waiting || slots[place*ANSWER_W +: ANSWER_W] == queue[j*ANSWER_W +: ANSWER_W];
        end
    endgenerate
    always @* if (past_valid) begin
        i_words: assert (&word_kept);
        i_queue: assert (&answer_kept);
    end
    always @* if (past_valid && pending) i_image: assert (words[BITS-1:0] == got[BITS-1:0]);
    always @* if (past_valid && since <= HOLD) i_held: assert (words[BITS-1:0] == held);

    always @(posedge clk)
        if (past_valid && !rst) begin
            c_start:  cover (start && since == (HOLD < PERIOD ? PERIOD : FAR));
            c_waits:  cover (pending && !start && since == FAR && under_way + waiting == SLOTS);
            c_error:  cover (error && valid);
            c_answer: cover (give && waiting == SLOTS && answer != 0);
        end
endmodule
`default_nettype wire
