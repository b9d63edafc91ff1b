// SPDX-License-Identifier: Apache-2.0
// Control of the spiking engine, for every legal layer table, every pattern of zero inputs and spikes, and rst at any clock.
// A naive reader walks through the table word by word, and says for every clock what control must do:
//   sample    steps t = 0 .. T - 1, the layers of the table in each, the last one of all steps marked for its scores, those of
//             the last step for its answer, and while i_answer those of any step, unless the input is constant; then the
//             next sample, with step 0;
//   inputs    `inputs` codes are taken in every step, of a constant input in the first one only, and nothing else is; while
//             one is awaited o_x_at is its number from 1 on, and o_x_last says whether it is the step's last; o_x_step is t;
//   list      a layer's list takes the indices of exactly its values that are not 0, from 1 on, at addresses 0, 1, ...: inputs
//             or the spikes of the layer before, then of each edge the sources that spiked `delay` steps ago, none where that
//             is before the sample; and the bias, once, at its end, with the value 0 where only edges are visited again;
//   history   the spikes of a layer that is kept go to its places in the row of this step; an edge reads its source's places
//             in the row of step t - delay;
//   bits      with BITS a step is a clock, so the input is the same in all: it is taken in the first step only, as a constant
//             one, but its list has its bias in each; its entries have a memory of their own, which nothing else is pushed to,
//             and are there in later steps;
//   layer     it starts with its groups, lanes, flags and last entry, when its list is closed; the table's address then stands
//             where the layer, by itself, expects its first parameter word.
// Assumed of the layer, sc_spike_layer: what sc_spike_layer_fv proves, that its neurons take their step and leave one after
// the other, as many as it was told, and that it leaves the table's address behind its last parameter word.
// The registers that the invariants speak of are the wires at `Registers`, which the script of the proof connects.
`default_nettype none
module sc_spike_ctrl_fv #(
    parameter LANES        = 2,
    parameter LOG2_ENTRIES = 3,
    parameter TABLE_AW     = 4,
    parameter HISTORY_AW   = 2,
    parameter DELAY_AW     = 1,
    parameter CONSTANT     = 1,
    parameter BITS         = 0,
    parameter WORDS        = 2
) (
    input wire clk,
    input wire rst,
    input wire i_x_valid,
    input wire i_x_nonzero,
    input wire i_kept,
    input wire i_spike,
    input wire i_answer,
    input wire i_y_ready
);
    localparam E = LOG2_ENTRIES, A = TABLE_AW, H = HISTORY_AW, R = DELAY_AW == 0 ? 1 : DELAY_AW, S = 5;
    localparam LANE_W = LANES == 1 ? 1 : $clog2(LANES);
    localparam N_W    = E + 8;

    wire         begins, x_ready, push, push_input, push_none, bank, list_inputs, keep, first, step, score, neuron, later, first_layer, rest;
    wire         addr_last, lane_valid, lane_last, sum_last, y_valid, y_last;
    wire [A-1:0] table_addr;
    wire         x_last;
    wire [11:0]  x_step;
    wire [E-1:0] x_width, x_at, push_addr, push_index, visit_ptr;
    wire [H-1:0] history;
    wire [R-1:0] row, row_now;
    wire [2:0]   words_left;
    wire [S-1:0] state_at, state_was;
    wire [1:0]   readout;
    reg  [15:0]  table_data;
    sc_spike_ctrl #(
        .LANES(LANES), .LOG2_ENTRIES(E), .TABLE_AW(A), .STATE_AW(S), .HISTORY_AW(H), .DELAY_AW(DELAY_AW),
        .CONSTANT(CONSTANT), .BITS(BITS), .WORDS(WORDS)
    ) u_ctrl (
        .clk(clk), .rst(rst), .o_begin(begins), .o_table_addr(table_addr), .i_table_data(table_data),
        .i_x_valid(i_x_valid), .o_x_ready(x_ready), .i_x_nonzero(i_x_nonzero), .o_width(x_width),
        .o_x_at(x_at), .o_x_last(x_last), .o_x_step(x_step), .i_answer(i_answer),
        .o_push(push), .o_push_ptr(push_addr), .o_push_index(push_index), .o_push_input(push_input), .o_push_none(push_none),
        .o_bank(bank), .o_list_inputs(list_inputs), .o_visit_ptr(visit_ptr), .o_addr_last(addr_last), .o_lane_valid(lane_valid), .o_lane_last(lane_last),
        .o_sum_last(sum_last), .o_keep(keep), .o_history(history), .o_row(row), .o_row_now(row_now), .i_kept(i_kept),
        .o_first(first), .o_left(words_left), .o_step(step), .o_score(score), .o_state(state_at), .o_state_was(state_was),
        .i_spike(i_spike), .o_neuron(neuron), .o_later(later), .o_first_layer(first_layer), .o_rest(rest),
        .o_readout(readout), .o_y_valid(y_valid), .i_y_ready(i_y_ready), .o_y_last(y_last)
    );

    // Registers of u_ctrl; what the layer is given, gives, and has as parameters.
    (* keep *) wire [3:0]        state;
    (* keep *) wire [11:0]       step_now;
    (* keep *) wire              last_step, constant, last_layer, once, kept, mute;
    (* keep *) wire [LANE_W-1:0] last_lane;
    (* keep *) wire [E-1:0]      list_last, listed_once;
    (* keep *) wire [99:0]       layer_seen, layer_given;
    (* keep *) wire [127:0]      layer_values;
    wire              l_rst, l_begin, l_start, l_once, l_scored, l_answer, l_ready;
    wire [E-1:0]      l_list, l_groups;
    wire [LANE_W-1:0] l_lane;
    assign {l_rst, l_begin, l_start, l_list, l_groups, l_lane, l_once, l_scored, l_answer, l_ready} = layer_seen;
    wire [E-1:0]      g_ptr;
    wire              g_addr, g_valid, g_last, g_sum, g_next, g_rewind, g_first, g_step, g_score, g_y, g_neuron, g_at_end, g_end;
    wire [2:0]        g_left;
    wire [S-1:0]      g_state, g_was;
    assign {g_ptr, g_addr, g_valid, g_last, g_sum, g_next, g_rewind, g_first, g_left, g_step, g_score, g_state, g_was, g_y,
            g_neuron, g_at_end, g_end} = layer_given;

    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;
    always @* if (!past_valid) assume (rst);

    // Layer table: any constant memory, behind one clock.
    (* anyconst *) wire [16*(1<<A)-1:0] words;
    always @(posedge clk) table_data <= words[16*table_addr +: 16];

    // ---- The reader. `at` is the word that a clock looks at; an item is an edge or a layer.
    localparam [3:0] BEGIN = 0, SIZE = 1, TAKE = 2, PAUSE = 3, STEPS = 4, ITEM = 5, COUNT = 6, PLACE_OF_LAYER = 7, UNDERWAY = 8,
                     PLACE_OF_EDGE = 9, FETCH = 10, SOURCES = 11, GAP = 12;
    reg  [3:0]   stage;
    reg  [A-1:0] item, params;             // the item's first word; the layer's first parameter word
    reg  [11:0]  t;
    reg  [E:0]   listed, pushed, entries;  // indices of the list so far, entries of it, entries of the list that is read
    reg  [E:0]   inputs_pushed;            // entries of the first step's inputs
    reg          first_of_step, read_bank;
    wire [A-1:0] item_1 = item + 1, item_2 = item + 2, item_3 = item + 3;
    wire [15:0]  sizes = words[16*2 +: 16], times = words[16*3 +: 16], head = words[16*item +: 16];
    wire [15:0]  word_1 = words[16*item_1 +: 16], word_2 = words[16*item_2 +: 16];
    wire [E-1:0] inputs   = sizes[E-1:0];
    wire         is_constant = BITS || (CONSTANT && times[15]);
    wire         again    = is_constant && t != 0;             // a constant input is not taken again
    wire         is_edge  = DELAY_AW != 0 && head[15];
    wire [11:0]  delay    = head[7:0];
    wire [E:0]   sources  = word_2[E-1:0];                     // the list's indices with this edge's
    wire         is_kept  = DELAY_AW != 0 && head[14];
    wire         is_last  = head[13], is_once = head[12];
    wire [N_W-1:0] neurons = word_1[E-1:0] * LANES + head[LANE_W-1:0] + 1;
    wire         x_beat = i_x_valid && x_ready;

    // The layer under way, and the table's address as it moves it.
    reg  [N_W-1:0] gone;
    reg            stepped;
    reg  [A-1:0]   place;
    wire [A-1:0]   place_next = g_next ? (g_rewind ? place - (WORDS - 1) : place + 1) : place;
    wire [N_W+3:0] parameters = is_once ? WORDS : neurons * WORDS;
    wire           running = stage == UNDERWAY || stage == PLACE_OF_LAYER;
    wire           ends    = stage == UNDERWAY && g_end;
    always @(posedge clk)
        if (rst) begin
            stage         <= BEGIN;
            t             <= 0;
        end else begin
            case (stage)
                BEGIN:   stage <= SIZE;
                SIZE:    if (inputs != 0) stage <= again ? PAUSE : TAKE;
                TAKE:    if (x_beat && listed + 1 == inputs) stage <= PAUSE;
                PAUSE:   stage <= STEPS;
                STEPS:   stage <= ITEM;
                ITEM:    stage <= is_edge ? PLACE_OF_EDGE : COUNT;
                PLACE_OF_EDGE: stage <= FETCH;
                FETCH:   stage <= SOURCES;
                SOURCES: if (listed + 1 == sources) stage <= GAP;
                GAP:     stage <= ITEM;
                COUNT:   stage <= is_kept ? PLACE_OF_LAYER : UNDERWAY;
                PLACE_OF_LAYER: stage <= UNDERWAY;
                default: if (g_end) begin
                    stage <= is_last ? BEGIN : ITEM;
                    if (is_last) t <= t == times[11:0] ? 0 : t + 1;
                end
            endcase
            if (stage == STEPS)                    item <= 4;
            if (stage == GAP)                      item <= item_3;
            if (ends)                              item <= params + parameters;
            if (stage == COUNT)                    params <= is_kept ? item_3 : item_2;
            if (stage == BEGIN)                    first_of_step <= 1;
            else if (ends)                         first_of_step <= 0;
            // The list.
            if (stage == BEGIN || stage == COUNT)                              {listed, pushed} <= 0;
            else begin
                if (x_beat || stage == SOURCES || (running && g_neuron))       listed <= listed + 1;
                if (stage == SIZE && again)                                    listed <= inputs;
                if (push)                                                      pushed <= pushed + 1;
                if (BITS && stage == SIZE && again)                            pushed <= inputs_pushed;
            end
            if (stage == COUNT && first_of_step && t == 0) inputs_pushed <= pushed - 1;
            if (stage == COUNT) {entries, read_bank} <= {pushed, bank};
        end
    always @(posedge clk)
        if (stage == COUNT) begin
            gone    <= 0;
            stepped <= 0;
            place   <= 0;
        end else if (running) begin
            if (g_neuron) gone    <= gone + 1;
            if (g_step)   stepped <= 1;
            if (g_neuron) stepped <= 0;
            place <= place_next;
        end

    // ---- Assumed: a legal table, where it is read; and the layer's own claims.
    always @* begin
        if (stage == ITEM && is_edge) assume (delay < (1 << DELAY_AW) && sources > listed);
        if (stage == ITEM && !is_edge) assume ((DELAY_AW != 0 || !head[14]) && head[5:0] < LANES);
        if (stage == COUNT) assume (neurons < (1 << E));
        if (!running) assume (!g_next && !g_rewind && !g_step && !g_neuron && !g_end && !g_y && !g_score);
        if (stage == PLACE_OF_LAYER) assume (!g_next && !g_rewind && !g_step && !g_neuron && !g_end && !g_y);
        assume (!g_rewind || g_next);
        if (running) begin
            assume (g_end == (g_neuron && gone + 1 == neurons));
            assume (!g_neuron || (g_step && !is_last && !stepped) || (stepped && is_last && !g_step));
            assume (!g_step || (!stepped && gone < neurons && (is_last || g_neuron)));
            assume (!g_end || (!g_next && place == parameters[A-1:0]));
        end
    end

    // ---- Claims.
    reg          was_count, was_bank, was_rst;
    reg [R-1:0]  row_was;
    reg [H-1:0]  history_was;
    always @(posedge clk) begin
        {was_count, was_bank, was_rst} <= {stage == COUNT, bank, rst};
        {row_was, history_was}         <= {row, history};
    end
    wire [E-1:0]  index     = listed + (running && is_last ? 0 : 1);
    wire [11:0]   then      = t - delay;
    wire [H-1:0]  edge_at   = word_1 + (listed - began);       // place of the source that is looked at
    wire [H-1:0]  edge_here = word_1;
    wire [H-1:0]  layer_at  = word_2 + gone;
    reg  [E:0]    began;                   // the list's indices before the edge
    always @(posedge clk) if (stage == FETCH) began <= listed;
    wire          must_push = (stage == TAKE && x_beat && i_x_nonzero) || (stage == SOURCES && i_kept && delay <= t)
                           || (stage == ITEM && !is_edge) || (running && g_step && i_spike && !is_last);
    always @* if (past_valid && !rst) begin
        a_begin: assert (begins == (stage == BEGIN));
        a_ready: assert (x_ready == (stage == TAKE));
        if (stage == TAKE) a_width: assert (x_width == inputs && inputs != 0 && listed < inputs && !again);
        if (stage == TAKE) a_where: assert (x_at == listed + 1 && x_last == (listed + 1 == inputs));
        a_t: assert (x_step == t);
        if (stage < TAKE)  a_none:  assert ((x_width == 0) == (stage == SIZE && inputs == 0));

        a_push: assert (push == must_push);
        if (push) begin
            a_push_address: assert (push_addr == pushed && pushed < (1 << E));
            a_push_index:   assert (push_index == index);
            a_push_value:   assert (push_input == (stage == TAKE) && (push_none == (stage == ITEM && again && first_of_step && !BITS)));
            a_push_memory:  assert (list_inputs == (BITS && first_of_step && !running));
        end
        if (!was_rst)  a_bank: assert (bank == (was_count ? !was_bank : was_bank));
        if (running)   a_read_bank: assert (bank != read_bank);

        a_start: assert (l_start == (stage == COUNT));
        a_given: assert (l_begin == (stage == BEGIN) && l_rst == rst && l_ready == i_y_ready);
        if (stage == COUNT) a_groups: assert (l_groups == word_1[E-1:0]);
        if (running) begin
            a_list:     assert (l_list == entries - 1 && entries != 0);
            a_layer:    assert (l_lane == head[LANE_W-1:0] && l_once == is_once && l_scored == is_last
                                && l_answer == (t == times[11:0] || (i_answer && !is_constant)));
            a_words:    assert (table_addr == params + place);
            a_index:    assert (push_index == index);
            a_sample:   assert (later == (t != 0) && first_layer == first_of_step && rest == again && readout == times[14:13]);
        end
        a_keep: assert (keep == (running && g_step && is_kept));
        if (keep) a_keep_at: assert (row_now == t[R-1:0] && history == layer_at);
        if (stage == SOURCES && delay <= t) a_read: assert (row_was == then[R-1:0] && history_was == edge_at);
        a_outputs: assert ({visit_ptr, addr_last, lane_valid, lane_last, sum_last, first, words_left, step, score, state_at,
            state_was, neuron, y_valid, y_last} == {g_ptr, g_addr, g_valid, g_last, g_sum, g_first, g_left, g_step, g_score,
            g_state, g_was, g_neuron, g_y, g_at_end});
        a_parameters: assert (layer_values == {LANES, LOG2_ENTRIES, 32'd5, WORDS});
    end

    // ---- Invariants: they make the claims inductive.
    wire [A-1:0] params_next = params + place;
    wire [H-1:0] edge_next   = edge_at + 1;
    always @* if (past_valid) begin
        i_state: assert (state == stage && stage <= GAP);
        i_t:     assert (t == step_now && (t == 0 || (inputs != 0 && t <= times[11:0])));
        i_later: assert (later == (t != 0));
        case (stage)
            BEGIN:   i_begin_at:  assert (table_addr == 2);
            SIZE:    i_size:      assert (table_addr == 2 && table_data == sizes && listed == 0 && pushed == 0);
            TAKE:    i_take:      assert (table_addr == 2 && table_data == sizes && listed < inputs && !again);
            PAUSE:   i_pause:     assert (table_addr == 3);
            STEPS:   i_steps:     assert (table_addr == 4 && table_data == times);
            ITEM:    i_item:      assert (table_addr == item_1 && table_data == head);
            COUNT:   i_count:     assert (table_addr == item_2 && table_data == word_1);
            PLACE_OF_LAYER: i_kept_at: assert (table_addr == item_3 && table_data == word_2 && params == item_3 && is_kept && gone == 0 && place == 0);
            PLACE_OF_EDGE:  i_edge_at: assert (table_addr == item_2 && table_data == word_1);
            FETCH:   i_fetch:     assert (table_addr == item_2 && table_data == word_2 && history == edge_here);
            SOURCES: i_sources:   assert (table_addr == item_2 && table_data == word_2 && history == edge_next
                                          && history_was == edge_at && row_was == row && began <= listed);
            GAP:     i_gap:       assert (table_addr == item_3);
            default: i_underway:  assert (table_addr == params_next && params == (is_kept ? item_3 : item_2));
        endcase
        if (stage >= PAUSE || stage == TAKE) i_inputs: assert (inputs != 0);
        if (stage >= PAUSE && !running && stage != COUNT) i_pushed: assert (pushed <= listed && push_addr == pushed[E-1:0]);
        if (stage == TAKE)  i_pushed_in: assert (pushed <= listed && push_addr == pushed[E-1:0]);
        if (stage == SIZE)  i_pushed_0:  assert (push_addr == 0);
        if (running)        i_pushed_n:  assert (pushed <= gone && push_addr == pushed[E-1:0] && listed == gone && gone < neurons && neurons < (1 << E));
        if (stage != BEGIN && !(stage == PAUSE && again)) i_index: assert (stage == COUNT || push_index == index);
        if (stage == PAUSE && again) i_index_again: assert (push_index == inputs && listed == inputs);
        if (stage == PAUSE) i_listed: assert (listed == inputs);
        if (stage != BEGIN && stage != SIZE) i_bound: assert (listed < (1 << E));
        if (stage == SOURCES || stage == FETCH || stage == PLACE_OF_EDGE)
            i_edge: assert (is_edge && listed < sources && delay < (1 << DELAY_AW) && row == then[R-1:0] && mute == (delay > t));
        if (stage >= ITEM) i_step: assert (last_step == (t == times[11:0]) && readout == times[14:13] && constant == times[15] && t <= times[11:0]);
        if (t != 0)        i_constant: assert (constant == times[15]);
        if (stage != BEGIN) i_first: assert (first_layer == first_of_step);
        if (running || stage == COUNT) begin
            i_head: assert (!is_edge && kept == head[14] && (DELAY_AW != 0 || !kept) && last_layer == is_last && once == is_once
                            && last_lane == head[LANE_W-1:0] && head[5:0] < LANES);
        end
        if (BITS && (t != 0 || running || (stage != BEGIN && !first_of_step)))
            i_once: assert (listed_once == inputs_pushed && inputs_pushed <= inputs);
        if (BITS && stage == COUNT && first_of_step) i_once_at: assert (listed_once == pushed - 1);
        if (BITS && first_of_step && (stage == PAUSE || stage == STEPS || stage == ITEM || stage == COUNT))
            i_once_listed: assert (listed == inputs);
        if (BITS && again && first_of_step && (stage == PAUSE || stage == STEPS || stage == ITEM))
            i_once_pushed: assert (pushed == inputs_pushed);
        if (BITS && again && first_of_step && stage == COUNT) i_once_count: assert (pushed == inputs_pushed + 1);
        if (stage == COUNT) i_list: assert (pushed >= 1 && pushed <= listed + 1 && list_last == pushed - 1);
        if (running) i_entries: assert (entries >= 1 && list_last == entries - 1 && bank != read_bank);
        if (stage == UNDERWAY && is_kept) i_history: assert (history == layer_at_1);
        if (running) i_stepped: assert (!stepped || is_last);
    end
    wire [H-1:0] layer_at_1 = layer_at + stepped;

    // ---- Covers.
    reg seen_edge, seen_mute;
    always @(posedge clk)
        if (rst) {seen_edge, seen_mute} <= 0;
        else if (stage == SOURCES && i_kept) begin
            if (delay <= t) seen_edge <= 1;
            else            seen_mute <= 1;
        end
    always @(posedge clk) if (past_valid && !rst) begin
        // With edges one reaches back, and one behind the sample; with BITS an input of 0 is not listed, and the second clock ends.
        c_sample: cover (ends && is_last && t == 1 && times[11:0] == 1
                         && (BITS ? !first_of_step && inputs == 2 && inputs_pushed == 1 : seen_edge && seen_mute && is_kept));
        c_layers: cover (ends && is_last && !first_of_step && t == 1);
        c_again:  cover (stage == TAKE && was_end);
        c_wait:   cover (stage == SIZE && inputs == 0 && !was_rst);
    end
    reg was_end;
    always @(posedge clk) was_end <= !rst && (was_end || (ends && is_last && t == times[11:0] && t != 0));
endmodule

// ---- Any layer: its outputs are free; `seen` is what it is given, `values` its parameters.
module sc_spike_layer #(
    parameter LANES = 2,
    parameter LOG2_ENTRIES = 8,
    parameter STATE_AW = 8,
    parameter WORDS = 2,
    parameter LANE_W = LANES == 1 ? 1 : $clog2(LANES)
) (
    input  wire clk,
    input  wire rst,
    input  wire i_begin,
    input  wire i_start,
    input  wire [LOG2_ENTRIES-1:0] i_list_last,
    input  wire [LOG2_ENTRIES-1:0] i_groups,
    input  wire [LANE_W-1:0] i_last_lane,
    input  wire i_once,
    input  wire i_scored,
    input  wire i_answer,
    output wire [LOG2_ENTRIES-1:0] o_visit_ptr,
    output wire o_addr_last,
    output wire o_lane_valid,
    output wire o_lane_last,
    output wire o_sum_last,
    output wire o_next,
    output wire o_rewind,
    output wire o_first,
    output wire [2:0] o_left,
    output wire o_step,
    output wire o_score,
    output wire [STATE_AW-1:0] o_state,
    output wire [STATE_AW-1:0] o_state_was,
    output wire o_y_valid,
    input  wire i_y_ready,
    output wire o_neuron,
    output wire o_at_end,
    output wire o_end
);
    (* keep *) wire [99:0] seen = {rst, i_begin, i_start, i_list_last, i_groups, i_last_lane, i_once, i_scored, i_answer, i_y_ready};
    (* anyseq *) wire [99:0] given;
    assign {o_visit_ptr, o_addr_last, o_lane_valid, o_lane_last, o_sum_last, o_next, o_rewind, o_first, o_left, o_step, o_score,
        o_state, o_state_was, o_y_valid, o_neuron, o_at_end, o_end} = given;
    (* keep *) wire [127:0] values = {LANES, LOG2_ENTRIES, STATE_AW, WORDS};
endmodule
`default_nettype wire
