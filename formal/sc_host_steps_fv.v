// SPDX-License-Identifier: Apache-2.0
// Samples that come step by step, for every sequence of requests, every number of inputs and steps, every engine that takes
// codes when it likes, and rst at any clock (docs/protocol.md, STEP).
//   due       a frame is carried out if it says that a sample begins, with step 0, or if the sample lives and it has the
//             index of the step that is due; it is answered as the last one if the sample lives and it has that one's index;
//             else, and only then, it is late. A sample lives from the answer to a frame of it until another request is
//             carried out, INFER begins, rst comes, or a frame begins, which has to be answered for it to live on;
//   engine    it runs exactly while a sample lives or a frame is carried out, and not in the clock after another request turned
//             out to be right; it is restarted by the head of a sample, and by nothing else;
//   events    codes come from here only for words of a frame of events. The code of an input is L exactly if a word of this
//             step has its number; a word is bad exactly if it is not greater than the one before it in its step, or
//             greater than the number of inputs. The input watched, `spot`, may be any, so this holds of all;
//   end       a frame is in part exactly if no code was taken, or the last step is not whole or has no end;
//   progress  while an event is carried out, each clock in which the engine takes a code brings it nearer to its end;
//   answer    scores are asked for exactly when the frame wants them and, a clock before, nothing of it was left.
// Assumed: what sc_host_exec and sc_host_frame do: words come while a request is executed, the head first, none while an
// event is carried out; codes are taken from elsewhere only for a frame of codes; an answered request is over, one of a part is not answered,
// and between two requests there are two clocks or more.
// The registers that the invariants speak of are the wires at `Registers`.
`default_nettype none
module sc_host_steps_fv #(
    parameter LOG2_ENTRIES = 8
) (
    input wire                    clk,
    input wire                    rst,
    input wire                    i_infer_begins,
    input wire                    i_executing,
    input wire                    i_other,
    input wire                    i_end,
    input wire                    i_word,
    input wire                    i_first,
    input wire [15:0]             i_value,
    input wire                    i_done,
    input wire                    i_code,          // a code from elsewhere
    input wire                    i_x_ready,
    input wire                    i_go_on          // the engine has computed the step
);
    localparam E = LOG2_ENTRIES;

    wire         events, going, again, late, bad_event, part, run, restart, filling, x_valid, x_spike, answer;
    reg  [E-1:0] at;                       // the engine: input that it waits for, from 1; step
    reg  [11:0]  step;
    reg          computing, was_reset;
    wire         ready = i_x_ready && !computing && !was_reset;
    wire         taken = ready && (filling ? x_valid : i_code);
    (* anyconst *) wire [E-1:0]  any_inputs;
    wire         [E-1:0]  inputs = any_inputs == 0 ? 1 : any_inputs;
    (* anyconst *) wire [11:0]   last_step;
    sc_host_steps #(.LOG2_ENTRIES(E)) u_steps (
        .clk(clk), .rst(rst), .i_infer_begins(i_infer_begins), .i_executing(i_executing), .i_other(i_other), .i_end(i_end),
        .i_word(i_word), .i_first(i_first), .i_value(i_value), .i_done(i_done), .o_events(events), .o_going(going),
        .o_again(again), .o_late(late), .o_bad_event(bad_event), .o_part(part), .o_run(run), .o_restart(restart),
        .o_filling(filling), .o_x_valid(x_valid), .o_x_spike(x_spike), .i_x_taken(taken), .i_x_ready(ready),
        .i_x_at(at), .i_x_last(at == inputs), .i_x_step(step), .o_answer(answer)
    );
    // Registers.
    (* keep *) wire        alive, ask, fed, midway, last_spike;
    (* keep *) wire [11:0] latest;
    (* keep *) wire [E:0]  target;

    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;
    always @* if (!past_valid) assume (rst);

    // ---- The engine.
    always @(posedge clk) begin
        was_reset <= rst || restart || !run;
        if (rst || restart || !run) begin
            at        <= 1;
            step      <= 0;
            computing <= 0;
        end else if (taken) begin
            at        <= at == inputs ? 1 : at + 1;
            computing <= at == inputs;
        end else if (computing && i_go_on) begin
            computing <= 0;
            step      <= step == last_step ? 0 : step + 1;
        end
    end

    // ---- Requests.
    reg was_executing, was_over, headed, was_done, was_rst = 0;
    always @(posedge clk) begin
        was_over      <= was_executing && !rst;
        was_rst       <= rst;
        was_executing <= i_executing && !rst;
        was_done      <= i_done && !rst;
        headed        <= i_executing && !rst && (headed || i_word);
    end
    always @* begin
        assume (!i_word || (i_executing && !filling && i_first == !headed && !i_done));
        assume (!i_done || (i_executing && !filling && headed));
        assume (!(was_done || was_rst || (was_over && !was_executing)) || !i_executing);
        assume (!i_code || (going && !events && i_executing && !i_done));
        assume (!i_done || !carried || (!part && !bad_event));
    end

    // ---- The naive side.
    wire        head   = i_word && i_first;
    wire        begins = i_value[14];
    wire [11:0] index  = i_value[11:0];
    reg         lives, carried, repeated, is_events, asks, some;
    reg  [11:0] last_index;
    wire        is_next = lives && !begins && index == step && step != 0;
    wire        is_last = lives && !begins && index == last_index;
    wire        accept  = head && ((begins && index == 0) || is_next);
    (* anyconst *) wire [E-1:0] any_spot;
    wire [E-1:0] spot = any_spot == 0 ? 1 : any_spot;
    reg  [15:0] earlier;                   // the word before in this step, 0 at its beginning
    reg         named, wrong;
    wire        word = i_word && !i_first && carried && is_events;
    always @(posedge clk)
        if (rst) begin
            {lives, carried, repeated} <= 0;
        end else begin
            if (accept || i_other || i_infer_begins) lives <= 0;
            else if (i_done && carried)              lives <= 1;
            carried  <= i_executing && (carried || accept);
            repeated <= i_executing && (repeated || (head && !accept && is_last));
            if (head) begin
                is_events <= i_value[12];
                asks      <= i_value[13];
                some      <= 0;
                earlier    <= 0;
                {named, wrong} <= 0;
                if (accept) last_index <= index;
            end
            if (taken) some <= 1;
            if (word) begin
                earlier <= i_value;
                if (i_value == spot) named <= 1;
                if (i_value != 0 && (i_value <= earlier || i_value > inputs)) wrong <= 1;
            end
            if (taken && at == inputs) named <= 0;
        end

    reg          was_filling, was_ready, was_asked, was_valid = 0;
    reg  [E-1:0] was_at;
    always @(posedge clk) begin
        was_filling <= filling && i_executing && !rst;
        was_ready   <= ready;
        was_asked   <= carried && asks && i_end;
        was_valid   <= past_valid && !rst;
        was_at      <= at;
    end

    // ---- Claims.
    always @* if (past_valid && !rst) begin
        a_late: assert (late == (head && !accept && !is_last));
        a_going: assert (going == carried);
        a_again: assert (again == repeated);
        a_restart: assert (restart == (head && begins && index == 0));
        a_run: assert (run == ((lives && !i_other) || carried));
        if (was_valid) a_answer: assert (answer == was_asked);
        if (carried) a_events: assert (events == is_events);
        if (filling && carried) a_filling: assert (is_events);
        if (x_valid && i_executing) a_offers: assert (filling && carried);
        if (carried && filling && taken && !wrong && at == spot) a_code: assert (x_spike == named);
        if (carried && !filling) a_bad: assert (bad_event == wrong);
        if (carried && !filling && !wrong) a_part: assert (part == (!some || at != 1 || (is_events && earlier != 0)));
        if (was_filling && was_ready && carried) a_progress: assert (!filling || at == was_at + 1);
    end

    // ---- Invariants.
    wire in_order = earlier < inputs ? at == earlier + 1 && !last_spike : at == inputs && last_spike;
    always @* if (past_valid) begin
        i_alive: assert (alive == lives && (!lives || at == 1));
        if (carried || lives) i_latest: assert (latest == last_index);
        if (!carried) i_idle: assert (!filling || (!was_executing && was_over));
        if (lives)    i_lives: assert (!filling);
        i_carried: assert (!carried || (headed && was_executing && !repeated && (!lives || was_done)));
        i_headed:  assert ((!headed || was_executing) && (!repeated || headed));
        i_at: assert (at >= 1 && at <= inputs && (!computing || at == 1) && step <= last_step && (!was_reset || (at == 1 && step == 0)));
        if (carried) begin
            i_ask: assert (ask == asks && events == is_events);
            i_fed: assert (fed == some && midway == (at != 1));
            if (!is_events) i_plain: assert (!filling && !bad_event && !last_spike && !wrong && earlier == 0 && !named);
            if (filling) begin
                i_target: assert (target[E-1:0] == earlier[E-1:0] && target[E] == (earlier >> E != 0));
                if (!wrong) i_right: assert (!bad_event && (target == 0 || (target <= inputs && at <= target && !last_spike)));
                if (wrong && !bad_event) i_wrong: assert (target != 0 && (target > inputs || target < at || last_spike));
            end else if (!wrong && is_events) i_between: assert (earlier == 0 ? at == 1 && !last_spike : in_order);
            if (last_spike) i_last: assert (at == inputs);
            if (!wrong && is_events) i_named: assert (named == ((filling && target == spot) || (spot == inputs ? last_spike : named && at > spot)));
        end
    end

    // ---- Covers.
    always @(posedge clk)
        if (past_valid && !rst) begin
            c_next:  cover (head && is_next && !filling && inputs == 3);
            c_last:  cover (head && is_last && !is_next);
            c_spike: cover (taken && filling && x_spike && at == inputs && inputs == 3);
            c_bad:   cover (bad_event);
        end
endmodule
`default_nettype wire
