// SPDX-License-Identifier: Apache-2.0
// The stream sides of the bus interface between a free sender, a free receiver, free halts and any core.
//
// Assumed    the core keeps its contract (below): after a reset, at some time, it is ready for some number of codes, takes
//            that many, then gives scores at any times, each until taken, the last one marked.
// Claims     a_… below, from counts of what passed on each side. Of an image: the core has its codes in order, and all of
//            them only if there were as many as the core asked for, the last one marked, and no halt since the first;
//            every other image is reported once, by its kind. Of an answer: each score becomes one beat; a frame is
//            ended by its last score, or by one abort beat after a halt that came before; beats hold until taken.
`default_nettype none
module sc_axi_stream_fv #(
    parameter CODE_W  = 3,
    parameter COUNT_W = 2,
    parameter SUM_W   = 5
) (
    input wire               clk,
    input wire               rst,
    input wire               i_enable,
    input wire               i_restart,
    input wire               i_s_valid,
    input wire [CODE_W-1:0]  i_s_data,
    input wire               i_s_last,
    input wire               i_m_ready,
    input wire               i_go,         // the core becomes ready
    input wire [COUNT_W-1:0] i_count,      // for so many
    input wire               i_offer,      // it has a score
    input wire [SUM_W-1:0]   i_score,
    input wire [COUNT_W-1:0] i_class,
    input wire               i_last
);
    wire              s_ready, m_valid, m_abort, m_last, core_rst, x_valid, y_ready;
    wire              busy, done, too_short, too_long, cut, aborted;
    wire [31:0]       m_data;
    wire [15:0]       m_class;
    wire [CODE_W-1:0] x;

    // The core.
    reg               loading, full, y_valid, y_last;
    reg [COUNT_W-1:0] count, got, y_class;
    reg [SUM_W-1:0]   y_score;
    wire              y_beat = y_valid && y_ready;
    always @(posedge clk)
        if (core_rst) {loading, full, y_valid} <= 0;
        else begin
            if (!loading && !full && i_go && i_count != 0) begin
                loading <= 1;
                count   <= i_count;
                got     <= 0;
            end
            if (x_valid && loading) begin
                got <= got + 1;
                if (got == count - 1) {loading, full} <= 2'b01;
            end
            if (full && (!y_valid || y_ready)) begin
                y_valid <= i_offer && !(y_beat && y_last);
                {y_score, y_class, y_last} <= {i_score, i_class, i_last};
                if (y_beat && y_last) full <= 0;
            end
        end

    sc_axi_stream #(.CODE_W(CODE_W), .COUNT_W(COUNT_W), .SUM_W(SUM_W)) u_stream (
        .clk(clk), .rst(rst), .i_enable(i_enable), .i_restart(i_restart),
        .i_s_valid(i_s_valid), .o_s_ready(s_ready), .i_s_data(i_s_data), .i_s_last(i_s_last),
        .o_m_valid(m_valid), .i_m_ready(i_m_ready), .o_m_data(m_data), .o_m_class(m_class), .o_m_abort(m_abort),
        .o_m_last(m_last), .o_core_rst(core_rst), .o_x_valid(x_valid), .i_x_ready(loading), .o_x(x), .i_x_count(count),
        .i_y_valid(y_valid), .o_y_ready(y_ready), .i_y_score(y_score), .i_y_class(y_class), .i_y_last(y_last),
        .o_busy(busy), .o_done(done), .o_short(too_short), .o_long(too_long), .o_cut(cut), .o_abort(aborted)
    );

    // Registers of u_stream.
    (* keep *) wire [COUNT_W-1:0] index;
    (* keep *) wire               drop, again, computing, open, broken;

    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;
    always @* if (!past_valid) assume (rst);

    wire halt   = !i_enable || i_restart;
    wire s_take = i_s_valid && s_ready;
    wire m_take = m_valid && i_m_ready;

    // Images: beats of this one so far, up to more than the core can ask for; whether it is known to be bad, or was cut.
    reg [COUNT_W:0] beats;
    reg             bad, was_cut;
    wire            sound  = !bad && !was_cut;
    wire            ends   = beats == count - 1;
    always @(posedge clk)
        if (rst) {beats, bad, was_cut} <= 0;
        else begin
            if (s_take) begin
                beats <= i_s_last ? 0 : beats[COUNT_W] ? beats : beats + 1;
                bad   <= !i_s_last && (bad || (sound && ends));
            end
            was_cut <= (was_cut || (halt && beats != 0 && !bad)) && !(s_take && i_s_last);
        end

    // Answers: the score that has not left, the frame that has begun, the end that is owed.
    reg              here, begun, owed;
    reg [31:0]       data;
    reg [15:0]       class_;
    reg              last;
    always @(posedge clk)
        if (rst) {here, begun, owed} <= 0;
        else begin
            if (y_beat) {here, begun} <= {1'b1, !y_last};
            else begin
                if (m_take && !m_abort) here <= 0;
                if (halt) begun <= 0;
            end
            if (halt && begun) owed <= 1; else if (m_take && m_abort) owed <= 0;
        end
    always @(posedge clk)
        if (y_beat) begin
            data   <= {{32{y_score[SUM_W-1]}}, y_score};
            class_ <= y_class;
            last   <= y_last;
        end

    reg        was_bad, was_held, was_free;
    reg [49:0] was_beat;
    always @(posedge clk) begin
        was_bad  <= (too_short || too_long) && !rst;
        was_held <= m_valid && !i_m_ready && !rst;
        was_free <= owed && !(m_valid && m_abort) && (!m_valid || i_m_ready) && !rst;
        was_beat <= {m_data, m_class, m_abort, m_last};
    end

    always @* if (past_valid && !rst) begin
        if (x_valid) a_code: assert (s_take && loading && sound && x == i_s_data && got == beats);
        if (x_valid && got == count - 1) a_whole: assert (i_s_last);
        if (s_take && sound && i_s_last == ends) a_taken: assert (x_valid);
        if (s_take && sound) a_loading: assert (loading && !halt);
        a_short: assert (too_short == (s_take && sound && i_s_last && !ends));
        a_long:  assert (too_long == (s_take && sound && !i_s_last && ends));
        a_cut:   assert (cut == (halt && sound && beats != 0));
        a_aborted: assert (aborted == (halt && full));
        a_done:  assert (done == (y_beat && y_last));
        if (halt || was_bad) a_reset: assert (core_rst && !y_beat);
        if (!halt && !was_bad) a_no_reset: assert (!core_rst);
        if (!sound) a_drains: assert (s_ready);
        if (loading && !halt && !was_bad) a_takes: assert (s_ready);
        if (y_valid && !halt && !owed && (!m_valid || i_m_ready)) a_gives: assert (y_ready);
        if (y_beat) a_room: assert ((!here || m_take) && !(owed && !(m_take && m_abort)));
        a_valid: assert (m_valid == (here || (owed && !broken)));
        if (m_valid && here) a_score: assert (m_data == data && m_class == class_ && m_last == last && !m_abort);
        if (m_valid && !here) a_end: assert (owed && m_abort && m_last);
        if (was_held) a_holds: assert (m_valid && {m_data, m_class, m_abort, m_last} == was_beat);
        if (was_free) a_end_comes: assert (m_valid && m_abort);
        if (full || beats != 0 || m_valid || owed) a_busy: assert (busy || !sound);
    end

    // Invariants: the registers as functions of the above.
    always @* if (past_valid) begin
        i_drop:  assert (drop == !sound);
        i_one:   assert (!(bad && was_cut));
        if (!sound) i_beats_0: assert (beats != 0 && index == 0);
        if (sound) i_index: assert (index == beats);
        if (sound && beats != 0) i_got: assert (loading && got == beats);
        if (loading) i_asked: assert (count != 0 && got < count && !full && !y_valid && (got == index || again));
        i_full:  assert (computing == full && (!y_valid || full));
        i_again: assert (again == was_bad && (!again || (index == 0 && loading)));
        i_open:  assert (open == (begun || broken) && (!begun || (full && !broken && !owed)));
        i_broken: assert (!broken || owed);
        i_owed:  assert (!(owed && !broken) || !here);
        if (again) i_again_y: assert (!begun);
    end

    reg seen_abort;
    always @(posedge clk)
        if (rst) seen_abort <= 0;
        else if (m_take && m_abort) seen_abort <= 1;
    always @(posedge clk)
        if (past_valid && !rst) begin
            c_answer:  cover (m_take && m_last && !m_abort && seen_abort);
            c_long:    cover (bad && s_take && i_s_last && here);
            c_short:   cover (too_short && beats == 1);
            c_waits:   cover (owed && here && m_valid && !i_m_ready);
            c_cut:     cover (was_cut && x_valid == 0 && s_take && i_s_last);
        end
endmodule
`default_nettype wire
