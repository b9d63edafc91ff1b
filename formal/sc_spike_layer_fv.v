// SPDX-License-Identifier: Apache-2.0
// One layer of the spiking engine, for every list, number of neurons, back-pressure, and rst at any clock:
//   visit     for every group of LANES neurons each entry of the list is visited exactly once: 0, 1, ... in order, the last
//             one marked; there are as many groups as the layer has;
//   reserve   sums arrive only where the drain is empty, or its last neuron leaves in that clock;
//   drain     every neuron of the layer leaves exactly once, after a clock for each of its words, its step in the last, then
//             its score where it has one; o_end comes with the last one;
//   words     in the clock of word k of neuron n the table's output, which is one clock behind its address, is word
//             n * WORDS + k of the layer, or k where all have the same; with o_end the address is behind the layer's last;
//   state     all clocks of a neuron read its own state address, and its step and score have it to write;
//   answer    o_y_valid holds until i_y_ready, once a neuron where scores go out, and is 0 elsewhere;
//   end       a measure shrinks at every clock in which no score waits, so the layer's end comes.
// Assumed: what sc_spike_ctrl_fv proves of the user, a layer begins after the one before it has ended, and stands still.
// The registers that the invariants speak of are the wires at `Registers`, which the script of the proof connects.
`default_nettype none
module sc_spike_layer_fv #(
    parameter LANES        = 2,
    parameter LOG2_ENTRIES = 3,
    parameter STATE_AW     = 4,
    parameter WORDS        = 2
) (
    input wire clk,
    input wire rst,
    input wire i_begin,
    input wire i_start,
    input wire i_y_ready
);
    localparam E      = LOG2_ENTRIES;
    localparam LANE_W = LANES == 1 ? 1 : $clog2(LANES);
    localparam EARLY  = 4 / WORDS < LANES ? 4 / WORDS : LANES - 1;
    localparam GROUP_W = E - $clog2(LANES + 1) + 1 < 1 ? 1 : E - $clog2(LANES + 1) + 1;
    localparam N_W    = E + 8, P_W = E + 4;

    // The layer under way.
    (* anyseq *) wire [E-1:0]      any_list, any_groups;
    (* anyseq *) wire [LANE_W-1:0] any_lane;
    (* anyseq *) wire              any_once, any_scored, any_answer;
    reg              busy = 0, past_valid = 0;
    reg [E-1:0]      list_last, last_group;
    reg [LANE_W-1:0] last_lane;
    reg              once, scored, answer;
    wire             end_comes;
    always @(posedge clk) begin
        past_valid <= 1;
        if (rst || end_comes) busy <= 0;
        else if (i_start)     busy <= 1;
        if (i_start) {list_last, last_group, last_lane, once, scored, answer}
                  <= {any_list, any_groups, any_lane, any_once, any_scored, any_answer};
    end
    wire [N_W-1:0] neurons = last_group * LANES + last_lane + 1;
    always @* begin
        if (!past_valid) assume (rst);
        if (busy) assume (!i_start && !i_begin);
        assume (any_lane < LANES);
        assume (any_groups * LANES + any_lane + 1 <= (1 << E));
    end

    wire [E-1:0]        visit_ptr;
    wire                addr_last, lane_valid, lane_last, sum_last, next, rewind, first, step, score, y_valid, neuron, at_end;
    wire [2:0]          words_left;
    wire [STATE_AW-1:0] state_at, state_was;
    sc_spike_layer #(.LANES(LANES), .LOG2_ENTRIES(E), .STATE_AW(STATE_AW), .WORDS(WORDS)) u_layer (
        .clk(clk), .rst(rst), .i_begin(i_begin), .i_start(i_start), .i_list_last(busy ? list_last : any_list),
        .i_groups(any_groups), .i_last_lane(busy ? last_lane : any_lane), .i_once(busy ? once : any_once),
        .i_scored(busy ? scored : any_scored), .i_answer(busy ? answer : any_answer),
        .o_visit_ptr(visit_ptr), .o_addr_last(addr_last), .o_lane_valid(lane_valid), .o_lane_last(lane_last),
        .o_sum_last(sum_last), .o_next(next), .o_rewind(rewind), .o_first(first), .o_left(words_left), .o_step(step),
        .o_score(score), .o_state(state_at), .o_state_was(state_was), .o_y_valid(y_valid), .i_y_ready(i_y_ready),
        .o_neuron(neuron), .o_at_end(at_end), .o_end(end_comes)
    );

    // Registers of u_layer.
    localparam [1:0] EMPTY = 0, NEURON = 1, SCORE = 2, GIVEN = 3;
    (* keep *) wire [1:0]         drain;
    (* keep *) wire [LANE_W-1:0]  lanes;
    (* keep *) wire [GROUP_W-1:0] groups;
    (* keep *) wire               is_last, visiting, reserved, addr_valid;

    // ---- The naive side, made from the ports alone.

    // Visits, two clocks behind their address, and the groups that they completed.
    reg [E-1:0] visit_1, visit_2, next_entry;
    reg [E:0]   covered;
    always @(posedge clk) begin
        visit_1 <= visit_ptr;
        visit_2 <= visit_1;
        if (rst || i_start) begin
            next_entry <= 0;
            covered    <= 0;
        end else if (lane_valid) begin
            next_entry <= lane_last ? 0 : next_entry + 1;
            if (lane_last) covered <= covered + 1;
        end
    end

    // Neurons that are in the drain, that have left it, and what the one in front does: word, score, or going after it.
    reg [6:0]     in_drain;
    reg [N_W-1:0] gone;
    reg [2:0]     word;                    // WORDS: none
    reg           scoring, going;
    wire [N_W-1:0] to_come = neurons - gone - (neuron ? 1 : 0);
    wire          leaves  = in_drain != 0 && (going || (scoring && !answer) || (word == WORDS - 1 && !scoring && !going && !scored));
    wire          wording = in_drain != 0 && !scoring && !going;
    always @(posedge clk)
        if (rst || i_start) begin
            in_drain <= 0;
            gone     <= 0;
            word     <= 0;
            scoring  <= 0;
            going    <= 0;
        end else begin
            in_drain <= sum_last ? (to_come < LANES ? to_come : LANES) : in_drain - leaves;
            gone     <= gone + leaves;
            word     <= !wording || word == WORDS - 1 ? 0 : word + 1;
            scoring  <= wording && word == WORDS - 1 ? scored : scoring && answer && !i_y_ready;
            going    <= scoring && answer && i_y_ready;
        end

    // The table's address, from the layer's first word on, and its output.
    reg [P_W-1:0] place, place_was, begin_at;
    always @(posedge clk) begin
        place_was <= place;
        if (rst || i_start) begin
            place    <= 0;
            begin_at <= 0;
        end else begin
            if (next)            place    <= rewind ? place - (WORDS - 1) : place + 1;
            if (leaves && !once) begin_at <= begin_at + WORDS;
        end
    end

    wire [P_W-1:0] at_word  = begin_at + word;
    wire [P_W-1:0] at_next  = begin_at + word + 1;
    wire [P_W-1:0] at_after = begin_at + (once && gone + 1 != neurons ? 0 : WORDS);

    // The network's neurons.
    reg  [STATE_AW-1:0] number, state_read;
    wire [STATE_AW-1:0] number_1 = number + 1;
    always @(posedge clk) begin
        state_read <= state_at;
        if (rst || i_begin) number <= 0;
        else if (leaves)    number <= number + 1;
    end

    // ---- Claims.
    reg was_hold, was_start;
    always @(posedge clk) begin
        was_hold  <= !rst && y_valid && !i_y_ready;
        was_start <= i_start;
    end
    always @* if (past_valid) begin
        if (lane_valid) begin
            a_visit:       assert (busy && visit_2 == next_entry);
            a_visit_last:  assert (lane_last == (next_entry == list_last));
            a_visit_group: assert (covered <= last_group);
        end else
            a_visit_none: assert (!lane_last);
        if (end_comes) a_groups: assert (covered == last_group + 1 && next_entry == 0 && !lane_valid && !sum_last);
        if (sum_last)  a_reserve: assert (busy && (in_drain == 0 || (in_drain == 1 && leaves)));

        a_neuron: assert (neuron == leaves);
        a_step:   assert (step == (wording && word == WORDS - 1));
        a_first:  assert (first == (wording && word == 0));
        a_left:   assert (!wording || words_left == WORDS - 1 - word);
        a_score:  assert (score == (in_drain != 0 && scoring));
        a_end:    assert (end_comes == (leaves && gone + 1 == neurons));
        if (end_comes || !busy || was_start) a_quiet: assert (!next && !rewind && (end_comes || (!step && !neuron && !y_valid)));
        a_rewind: assert (!rewind || next);
        if (in_drain != 0) a_at_end: assert (at_end == (gone + 1 == neurons) && gone < neurons && busy);

        if (wording) a_word: assert (place_was == at_word);
        if (busy && !wording && !scoring && !going) a_place: assert (place == begin_at);
        if (leaves)  a_place_after: assert (place == at_after);
        if (in_drain != 0 && !scoring && !going) a_state_read: assert (state_read == number);
        if (step || score) a_state: assert (state_was == number);

        a_valid: assert (y_valid == (in_drain != 0 && scoring && answer));
        if (was_hold) a_hold: assert (y_valid);
    end

    // ---- Measure, most significant part first: neurons left, state of the drain, way of the next group to the drain.
    wire [N_W-1:0] to_go = neurons - gone;
    wire [3:0]     rank  = drain == EMPTY ? 15 : drain == NEURON ? 3 + words_left : drain == SCORE ? 2 : 1;
    wire [E+2:0]   way   = sum_last ? 0 : lane_last ? 1 : addr_last ? 2 : 3 + (list_last - visit_ptr);
    wire [N_W+E+6:0] measure = {to_go, rank, way};
    reg  [N_W+E+6:0] was_measure;
    reg              was_going;
    always @(posedge clk) begin
        was_measure <= measure;
        was_going   <= busy && !rst && !end_comes;
    end
    always @* if (past_valid && was_going) begin
        a_measure_never_grows: assert (measure[N_W+E+6:E+3] <= was_measure[N_W+E+6:E+3]);
        if (!was_hold) a_measure_shrinks: assert (measure < was_measure);
    end

    // ---- Invariants: they make the claims inductive.
    wire [1:0]     tokens = addr_last + lane_last + sum_last;
    wire [9:0]     remain = in_drain == 0 ? 0 : (in_drain - 1) * WORDS + words_left + 1;    // clocks, without scores
    wire [E:0]     seen   = covered + addr_last + (lane_last ? 1 : 0);                       // groups visited
    wire [E-1:0]   succ_1 = visit_1 == list_last ? 0 : visit_1 + 1;
    wire [E-1:0]   succ_2 = visit_2 == list_last ? 0 : visit_2 + 1;
    wire           in_last = last_group * LANES < gone + in_drain;                           // the last group has come
    always @* if (past_valid) begin
        if (busy) i_bounds: assert (neurons <= (1 << E) && last_lane < LANES && gone <= neurons);
        if (was_start && busy) i_starts: assert (tokens == 0 && !addr_valid && !lane_valid && in_drain == 0);
        if (!busy) i_idle: assert (!visiting && tokens == 0 && !addr_valid && !lane_valid && in_drain == 0 && drain == EMPTY);
        i_drain:   assert ((drain == NEURON) == wording && (drain == SCORE) == (in_drain != 0 && scoring)
                           && (drain == GIVEN) == (in_drain != 0 && going) && !(scoring && going));
        i_none:    assert (in_drain != 0 || (!scoring && !going && word == 0));
        i_word:    assert (words_left == WORDS - 1 - word && word < WORDS && (word == 0 || wording));
        if (busy) begin
            i_scored:  assert (!(scoring || going) || scored);
            i_going:   assert (!going || answer);
            i_lanes:   assert (in_drain == 0 || (lanes == in_drain - 1 && in_drain <= LANES));
            i_final:   assert (in_drain == 0 || is_last == in_last);
            i_tokens:  assert (tokens <= 1 && (tokens == 0 || reserved));
            i_empty:   assert (in_drain != 0 || tokens != 0 || !reserved || in_last);
            i_scores:  assert (!scored || in_drain == 0 || (reserved && tokens == 0));
            i_full:    assert (in_drain <= EARLY || (reserved && tokens == 0));
            if (!scored && !in_last && in_drain <= EARLY) i_released: assert (reserved == (tokens != 0));
            i_close:   assert (scored || ((!sum_last || remain <= 1) && (!lane_last || remain <= 2) && (!addr_last || remain <= 3)
                               && (reserved || remain <= 4)));
            i_seen:    assert (seen + (visiting ? groups : 0) == last_group + (visiting ? 0 : 1));
            i_whole:   assert (in_last ? gone + in_drain == neurons && seen == last_group + 1 && tokens == 0
                               : (seen - tokens + sum_last) * LANES == gone + in_drain + (sum_last ? LANES : 0));
            i_sums:    assert (!sum_last || covered != 0);
            i_gone:    assert (gone < neurons);
            i_ptr:     assert (visit_ptr <= list_last && (visiting || visit_ptr == 0));
            if (!visiting) i_last: assert ((!addr_valid || addr_last) && (!lane_valid || lane_last || addr_last || addr_valid));
        end
        if (addr_valid) i_stage_1: assert (visit_ptr == succ_1 && visit_1 <= list_last && addr_last == (visit_1 == list_last));
        else            i_stage_1_none: assert (!addr_last);
        if (lane_valid) i_stage_2: assert (succ_2 == (addr_valid ? visit_1 : visit_ptr) && visit_2 <= list_last
                                           && lane_last == (visit_2 == list_last));
        if (busy) i_next: assert (next_entry == (lane_valid ? visit_2 : addr_valid ? visit_1 : visit_ptr));
        // Table and states.
        if (wording) i_place: assert (place == (word == WORDS - 1 ? at_after : at_next));
        if (in_drain != 0 && (scoring || going)) i_place_score: assert (place == at_after);
        if (busy && in_drain == 0) i_place_was: assert (place == begin_at);
        i_state: assert (state_at == (wording && word != WORDS - 1 || in_drain == 0 ? number : number_1));
        if (in_drain != 0 && !(wording && word != WORDS - 1)) i_state_was: assert (state_was == number);
        if (wording) i_state_read: assert (state_read == number);
    end

    // ---- Covers.
    reg seen_stall, seen_overlap, seen_early;
    always @(posedge clk)
        if (rst || i_start) {seen_stall, seen_overlap, seen_early} <= 0;
        else begin
            if (was_hold)                                       seen_stall   <= 1;
            if (lane_valid && in_drain != 0)                    seen_overlap <= 1;
            if (addr_last && in_drain != 0)                     seen_early   <= 1;
        end
    always @(posedge clk) if (past_valid && !rst) begin
        c_overlap: cover (end_comes && seen_overlap && !scored && once && list_last == 2);
        c_early:   cover (end_comes && seen_early && neurons == 2 * LANES && !once);
        c_stall:   cover (end_comes && seen_stall && neurons == LANES + 1);
        c_number:  cover (end_comes && number == LANES + 1 && last_group == 0);
    end
endmodule
`default_nettype wire
