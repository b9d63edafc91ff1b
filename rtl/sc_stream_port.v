// SPDX-License-Identifier: Apache-2.0
// Host or sensor side of a streaming network (A17): takes images in words, starts the network, hands its answers out.
//
// Image      words of DATA_W bits, the last one marked by i_last: code 0 in the lowest bits of the first word, the codes
//            packed without gaps, also across words; bits above the last code are ignored. An image with fewer or more
//            than WORDS = ceil(INPUTS * CODE_W / DATA_W) words gives o_error for one clock and is dropped whole: one that
//            is too long up to its i_last.
// Start      o_start for one clock, once the image is complete, PERIOD clocks have passed since the last o_start and the
//            answer is sure to find room. o_codes has the image in that clock and the HOLD clocks after it: HOLD = 0 for a
//            network that takes the codes with i_start, L for one that reads them throughout its window. Then the next
//            image comes in.
// Answer     one i_answer_valid for each o_start, in order, at least a clock later, at any time; never stalled. 2^LOG2_ANSWERS
//            images can be under way or wait for the receiver; then o_start waits: nothing is lost or overwritten.
// Handshake  a word, an answer passes where valid and ready are both 1. o_valid, once 1, stays, and o_answer with it, until
//            i_ready; o_ready depends on no input. rst, together with the network's, at any clock forgets everything;
//            the rest of an image that it cut is then too short, and dropped.
// Latency    o_start: 1 clock after the last word; o_valid: 1 clock after i_answer_valid; o_error: 1 clock after its word.
//            An image every max(PERIOD, HOLD + WORDS) clocks.
// Model      sc_neurocore.hardware.stream_system
// Proof      formal/sc_stream_port_fv.v
`default_nettype none
module sc_stream_port #(
    parameter INPUTS       = 16,           // 1 .. 4095
    parameter CODE_W       = 5,            // 1 .. 13
    parameter DATA_W       = 32,           // 8 .. 64: 8, 16, 32 or 64
    parameter PERIOD       = 16,           // 1 .. 8192 clocks
    parameter HOLD         = 0,            // 0 .. 8192 clocks
    parameter LOG2_ANSWERS = 2,            // 1 .. 6
    parameter ANSWER_W     = 4             // 1 .. 65535
) (
    input  wire                     clk,
    input  wire                     rst,
    input  wire                     i_valid,         // image words
    output wire                     o_ready,
    input  wire [DATA_W-1:0]        i_data,
    input  wire                     i_last,
    output reg                      o_error,
    output wire                     o_valid,         // answers
    input  wire                     i_ready,
    output wire [ANSWER_W-1:0]      o_answer,
    output wire                     o_start,         // the network
    output wire [INPUTS*CODE_W-1:0] o_codes,
    input  wire                     i_answer_valid,
    input  wire [ANSWER_W-1:0]      i_answer
);
    generate
        if (INPUTS < 1 || INPUTS > 4095) begin : g_illegal_inputs
            ERROR_INPUTS_must_be_in_1_to_4095 u_illegal ();
        end
        if (CODE_W < 1 || CODE_W > 13) begin : g_illegal_code_w
            ERROR_CODE_W_must_be_in_1_to_13 u_illegal ();
        end
        if (DATA_W != 8 && DATA_W != 16 && DATA_W != 32 && DATA_W != 64) begin : g_illegal_data_w
            ERROR_DATA_W_must_be_8_16_32_or_64 u_illegal ();
        end
        if (PERIOD < 1 || PERIOD > 8192) begin : g_illegal_period
            ERROR_PERIOD_must_be_in_1_to_8192 u_illegal ();
        end
        if (HOLD < 0 || HOLD > 8192) begin : g_illegal_hold
            ERROR_HOLD_must_be_in_0_to_8192 u_illegal ();
        end
        if (LOG2_ANSWERS < 1 || LOG2_ANSWERS > 6) begin : g_illegal_answers
            ERROR_LOG2_ANSWERS_must_be_in_1_to_6 u_illegal ();
        end
        if (ANSWER_W < 1 || ANSWER_W > 65535) begin : g_illegal_answer_w
            ERROR_ANSWER_W_must_be_in_1_to_65535 u_illegal ();
        end
    endgenerate

    localparam BITS    = INPUTS * CODE_W;
    localparam WORDS   = (BITS + DATA_W - 1) / DATA_W;
    localparam INDEX_W = WORDS > 1 ? $clog2(WORDS) : 1;
    localparam [31:0] LAST = WORDS - 1;

    // Image: the words shift down, so that flip-flops with an enable are all they need.
    reg [INDEX_W-1:0] index;               // of the word that is due; stays at the last one in an image too long
    reg               excess;              // in the words of an image too long
    reg               full;                // the image waits for o_start
    wire              take    = i_valid && o_ready;
    wire              at_last = WORDS == 1 || index == LAST[INDEX_W-1:0];

    always @(posedge clk)
        if (rst) begin
            index  <= 0;
            excess <= 1'b0;
            full   <= 1'b0;
        end else begin
            if (o_start) full <= 1'b0;
            if (take) begin
                if (i_last)        index <= 0;
                else if (!at_last) index <= index + 1'b1;
                excess <= at_last && !i_last;
                if (at_last && i_last && !excess) full <= 1'b1;
            end
        end

    always @(posedge clk) o_error <= !rst && take && !excess && at_last != i_last;

    generate
        if (WORDS == 1) begin : g_word
            reg [BITS-1:0] word;
            always @(posedge clk) if (take) word <= i_data[BITS-1:0];
            assign o_codes = word;
            if (BITS < DATA_W) begin : g_rest
                wire unused = &{1'b0, i_data[DATA_W-1:BITS]};
            end
        end else begin : g_words
            reg [WORDS*DATA_W-1:0] words;
            always @(posedge clk) if (take) words <= {i_data, words[WORDS*DATA_W-1:DATA_W]};
            assign o_codes = words[BITS-1:0];
        end
    endgenerate

    // Start: `wait_left` holds back the next o_start, and as long as it is above EARLY the words that change o_codes.
    localparam        PAUSE  = HOLD > PERIOD ? HOLD - 1 : PERIOD - 1;
    localparam        WAIT_W = PAUSE > 0 ? $clog2(PAUSE + 1) : 1;
    localparam [31:0] PAUSE_BITS = PAUSE;
    localparam [31:0] EARLY      = HOLD == 0 ? PAUSE : PAUSE + 1 - HOLD;
    reg [WAIT_W-1:0] wait_left;
    always @(posedge clk)
        if (rst)                 wait_left <= 0;
        else if (o_start)        wait_left <= PAUSE_BITS[WAIT_W-1:0];
        else if (wait_left != 0) wait_left <= wait_left - 1'b1;

    reg [LOG2_ANSWERS:0] owed;             // images under way and answers that wait; the top bit: no room for another
    assign o_start = full && !owed[LOG2_ANSWERS] && wait_left == 0;
    assign o_ready = HOLD == 0 ? !full || o_start : !full && wait_left <= EARLY[WAIT_W-1:0];

    // Answers: a shift register, the newest in slot 0.
    localparam SLOTS = 1 << LOG2_ANSWERS;
    reg  [SLOTS*ANSWER_W-1:0] slots;
    reg  [LOG2_ANSWERS:0]     oldest;      // index of the oldest answer, all ones where there is none
    wire                      give = o_valid && i_ready;
    assign o_valid  = !oldest[LOG2_ANSWERS];
    assign o_answer = slots[oldest[LOG2_ANSWERS-1:0]*ANSWER_W +: ANSWER_W];

    always @(posedge clk) if (i_answer_valid) slots <= {slots[(SLOTS-1)*ANSWER_W-1:0], i_answer};

    always @(posedge clk)
        if (rst) begin
            owed   <= 0;
            oldest <= {(LOG2_ANSWERS+1){1'b1}};
        end else begin
            if (o_start != give)        owed   <= o_start ? owed + 1'b1 : owed - 1'b1;
            if (i_answer_valid != give) oldest <= i_answer_valid ? oldest + 1'b1 : oldest - 1'b1;
        end
endmodule
`default_nettype wire
