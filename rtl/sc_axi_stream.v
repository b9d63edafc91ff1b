// SPDX-License-Identifier: Apache-2.0
// AXI4-Stream sides of a core: checks the frames of the images that go in, frames the scores that come out.
//
// Image      one code a beat, i_s_last with the last. The code that would complete an image reaches the core only if it
//            has i_s_last, so an image too short or too long is never computed: the core is reset, and the rest of one
//            too long is taken and dropped.
// Answer     one frame an image: a beat a score, sign-extended; o_m_class is the index of the greatest score so far, so
//            in the last beat, that with o_m_last, the class.
// Halt       while i_enable is 0, and in a clock of i_restart, the core is reset and what is under way is given up: the
//            rest of an image is taken and dropped; a frame of scores that has begun is ended by a beat with o_m_last and
//            o_m_abort, one that has not is never sent.
// Handshake  o_m_valid, once 1, stays with its beat until i_m_ready, through a halt as well; only rst withdraws it.
//            o_s_ready depends on registers only.
// Latency    a code reaches the core at once; o_m_valid comes 1 clock after the core's score, pulses with their event
// Format     i_s_data unsigned 0 .. L; i_score signed SUM_W bits
// Model      sc_neurocore.golden
// Proof      formal/sc_axi_stream_fv.v
`default_nettype none
module sc_axi_stream #(
    parameter CODE_W  = 5,                 // 1 .. 16
    parameter COUNT_W = 8,                 // 1 .. 16: bits of a number of inputs and of a class
    parameter SUM_W   = 13                 // 2 .. 32
) (
    input  wire               clk,
    input  wire               rst,
    input  wire               i_enable,
    input  wire               i_restart,
    input  wire               i_s_valid,   // images
    output wire               o_s_ready,
    input  wire [CODE_W-1:0]  i_s_data,
    input  wire               i_s_last,
    output reg                o_m_valid,   // answers
    input  wire               i_m_ready,
    output reg  [31:0]        o_m_data,
    output reg  [15:0]        o_m_class,
    output reg                o_m_abort,
    output reg                o_m_last,
    output wire               o_core_rst,  // core: sc_core's ports
    output wire               o_x_valid,
    input  wire               i_x_ready,
    output wire [CODE_W-1:0]  o_x,
    input  wire [COUNT_W-1:0] i_x_count,
    input  wire               i_y_valid,
    output wire               o_y_ready,
    input  wire [SUM_W-1:0]   i_y_score,
    input  wire [COUNT_W-1:0] i_y_class,
    input  wire               i_y_last,
    output wire               o_busy,      // an image, its inference or its answer is under way
    output wire               o_done,      // of one clock each: the core gave an image's last score
    output wire               o_short,     // an image was too short,
    output wire               o_long,      // or too long,
    output wire               o_cut,       // or cut by a halt while it came in
    output wire               o_abort      // a halt gave up an inference, or its answer half way
);
    generate
        if (CODE_W < 1 || CODE_W > 16) begin : g_illegal_code_w
            ERROR_CODE_W_must_be_in_1_to_16 u_illegal ();
        end
        if (COUNT_W < 1 || COUNT_W > 16) begin : g_illegal_count_w
            ERROR_COUNT_W_must_be_in_1_to_16 u_illegal ();
        end
        if (SUM_W < 2 || SUM_W > 32) begin : g_illegal_sum_w
            ERROR_SUM_W_must_be_in_2_to_32 u_illegal ();
        end
    endgenerate

    // Images.
    localparam [COUNT_W-1:0] ONE = 1;
    reg  [COUNT_W-1:0] index;              // codes of this image that the core has
    reg                drop;               // what comes, up to its last beat, is dropped
    reg                again;              // the clock after a bad beat: the core is reset
    reg                computing;          // the core has a whole image and has not given its last score
    wire halt    = !i_enable || i_restart;
    wire take    = i_s_valid && o_s_ready;
    wire at_last = index == i_x_count - ONE;
    wire bad     = take && !drop && at_last != i_s_last;
    wire coming  = index != 0;

    assign o_core_rst = rst || halt || again;
    assign o_s_ready  = drop || (i_x_ready && !halt && !again);
    assign o_x_valid  = take && !drop && !bad;
    assign o_x        = i_s_data;

    always @(posedge clk)
        if (rst) begin
            index     <= 0;
            drop      <= 1'b0;
            again     <= 1'b0;
            computing <= 1'b0;
        end else begin
            if (halt || bad)    index <= 0;
            else if (o_x_valid) index <= at_last ? {COUNT_W{1'b0}} : index + ONE;
            if (take)                drop <= !i_s_last && (drop || bad);
            else if (halt && coming) drop <= 1'b1;
            again <= bad;
            if (halt || o_done)            computing <= 1'b0;
            else if (o_x_valid && at_last) computing <= 1'b1;
        end

    // Answers.
    reg  open;                             // a frame has begun: its last beat has not come into the register
    reg  broken;                           // and never will
    wire free   = !o_m_valid || i_m_ready;
    wire y_beat = i_y_valid && o_y_ready;
    assign o_y_ready = free && !halt && !again && !broken;
    assign o_done    = y_beat && i_y_last;

    always @(posedge clk)
        if (rst) begin
            o_m_valid <= 1'b0;
            open      <= 1'b0;
            broken    <= 1'b0;
        end else begin
            if (free) o_m_valid <= y_beat || broken;
            if (y_beat)              open <= !i_y_last;
            else if (free && broken) open <= 1'b0;
            broken <= broken ? !free : halt && open;
        end

    wire [16+COUNT_W-1:0] class_wide = {16'd0, i_y_class};
    wire [32+SUM_W-1:0]   score_wide = {{32{i_y_score[SUM_W-1]}}, i_y_score};
    always @(posedge clk)
        if (free) begin
            o_m_data  <= broken ? 32'd0 : score_wide[31:0];
            o_m_class <= broken ? 16'd0 : class_wide[15:0];
            o_m_abort <= broken;
            o_m_last  <= broken || i_y_last;
        end

    wire unused = &{1'b0, class_wide, score_wide};
    assign o_busy  = coming || computing || open || o_m_valid;
    assign o_short = bad && i_s_last;
    assign o_long  = bad && !i_s_last;
    assign o_cut   = halt && coming;
    assign o_abort = halt && computing;
endmodule
`default_nettype wire
