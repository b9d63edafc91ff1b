// SPDX-License-Identifier: Apache-2.0
// Control of the time-unrolled engine, for every legal layer table, every pattern of zero inputs and spikes, every
// back-pressure on both sides and rst at any clock:
//   answer    between the last input accepted and the next one accepted there is exactly one beat with o_y_last, and
//             every score beat lies between them; the beats up to it number the neurons of the last layer; o_y_valid
//             holds until i_y_ready;
//   end       a measure, a natural number of bounded width, never grows within an inference and shrinks at every
//             clock at which the environment does not stall. So an environment that does not stall for ever gets its
//             last score. Stalls are: no input offered while o_x_ready, no i_y_ready while o_y_valid, a table without
//             inputs;
//   list      a layer's list takes the indices of exactly its non-zero values in order, at addresses 0, 1, ..., and the
//             bias, once, at its end; the count of a neuron is its spikes until the first clock without, at most L;
//   visit     for every group of LANES neurons each entry of the list is visited exactly once: 0, 1, ... in order, the
//             last one marked, in the bank that was written; there are ceil(neurons / LANES) groups;
//   reserve   sums arrive only while the drain is empty, and every neuron leaves the drain exactly once.
// The registers that the invariants and the measure speak of are the wires at `Registers`, which the script of the
// proof connects.
`default_nettype none
module sc_engine_ctrl_fv #(
    parameter LOG2L        = 2,
    parameter LANES        = 2,
    parameter LOG2_ENTRIES = 2,
    parameter TABLE_AW     = 3
) (
    input wire clk,
    input wire rst,
    input wire i_x_valid,
    input wire i_x_nonzero,
    input wire i_spike,
    input wire i_y_ready
);
    localparam L      = 1 << LOG2L;
    localparam E      = LOG2_ENTRIES;
    localparam WORDS  = 1 << TABLE_AW;
    localparam LAYERS = (WORDS - 3) / 2;   // that the table has room for
    localparam LANE_W = LANES == 1 ? 1 : $clog2(LANES);
    localparam C_W    = E + 8;             // neurons rounded up to a multiple of LANES

    wire                begins, take_theta, x_ready, push, push_bias, push_input, bank;
    wire                addr_last, lane_valid, lane_last, sum_last, drain_load, drain_shift, y_valid, y_last;
    wire [TABLE_AW-1:0] table_addr;
    wire [E-1:0]        x_width, push_addr, push_index, visit_ptr;
    wire [LOG2L:0]      push_count;
    reg  [15:0]         table_data;
    sc_engine_ctrl #(
        .LOG2L(LOG2L), .LANES(LANES), .LOG2_ENTRIES(LOG2_ENTRIES), .TABLE_AW(TABLE_AW)
    ) u_ctrl (
        .clk(clk), .rst(rst), .o_begin(begins),
        .o_table_addr(table_addr), .i_table_data(table_data), .o_take_theta(take_theta),
        .i_x_valid(i_x_valid), .o_x_ready(x_ready), .i_x_nonzero(i_x_nonzero), .o_width(x_width),
        .o_push(push), .o_push_ptr(push_addr), .o_push_index(push_index), .o_push_bias(push_bias),
        .o_push_input(push_input), .o_push_count(push_count),
        .o_bank(bank), .o_visit_ptr(visit_ptr), .o_addr_last(addr_last),
        .o_lane_valid(lane_valid), .o_lane_last(lane_last), .o_sum_last(sum_last),
        .o_drain_load(drain_load), .o_drain_shift(drain_shift), .i_spike(i_spike),
        .o_y_valid(y_valid), .i_y_ready(i_y_ready), .o_y_last(y_last)
    );

    // Registers of u_ctrl.
    localparam [2:0] HEAD = 0, HEAD_TAKE = 1, LOAD = 2, BIAS = 3, NEURONS = 4, WAIT = 5, THETA = 6, RUN = 7;
    localparam [1:0] EMPTY = 0, TAKE = 1, EMIT = 2, SCORE = 3;
    (* keep *) wire [2:0]        state;
    (* keep *) wire [1:0]        drain;
    (* keep *) wire [E-1:0]      width, list_end, unvisited;
    (* keep *) wire [LANE_W-1:0] lane;
    (* keep *) wire              last_layer, visiting, reserved, addr_valid;

    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;
    always @* if (!past_valid) assume (rst);

    // Layer table: any constant memory that is legal, behind one clock. `depth` is the index of the last layer. A table
    // without inputs is allowed: it must wait.
    (* anyconst *) reg [16*WORDS-1:0]  words;
    (* anyconst *) reg [TABLE_AW-1:0]  depth;
    always @(posedge clk) table_data <= words[16*table_addr +: 16];
    wire [E-1:0] inputs = words[16*2 +: E];

    integer l;
    reg           legal;
    always @* begin
        legal = depth < LAYERS;
        for (l = 0; l < LAYERS; l = l + 1)
            if (l <= depth) begin
                if (words[16*(3 + 2*l) +: E] == 0)              legal = 0;
                if (words[16*(3 + 2*l) + 15] != (l == depth))   legal = 0;
            end
        assume (legal);
    end

    // ---- The naive side, made from the ports alone.

    // Layer about to run or running, from 0.
    reg  [TABLE_AW-1:0] layer;
    wire [E-1:0]        neurons        = words[16*(3 + 2*layer) +: E];
    wire [E-1:0]        neurons_before = layer == 0 ? inputs : words[16*(1 + 2*layer) +: E];
    wire [E-1:0]        neurons_last   = words[16*(3 + 2*depth) +: E];

    // An inference: inputs in, then exactly one last score.
    wire x_beat = i_x_valid && x_ready;
    wire y_beat = y_valid && i_y_ready;
    wire done   = y_beat && y_last;
    reg         pending;                   // all inputs are in, the last score is not out
    reg [E-1:0] x_seen, y_seen;
    always @(posedge clk)
        if (rst || done) begin
            pending <= 0;
            x_seen  <= 0;
            y_seen  <= 0;
        end else begin
            if (x_beat) begin
                x_seen <= x_seen + 1;
                if (x_seen + 1 == inputs) pending <= 1;
            end
            if (y_beat) y_seen <= y_seen + 1;
        end

    // The list being written: items seen, entries pushed, closed by the bias. A layer runs from its threshold to the
    // bias that closes its list, or to its last score.
    reg         running, closed;
    reg [E:0]   pushed, entries;           // `entries`: of the list being read
    reg [E:0]   items;
    reg         read_bank;
    always @(posedge clk)
        if (rst || done) begin
            running <= 0;
            closed  <= 0;
            pushed  <= 0;
            items   <= 0;
            layer   <= 0;
        end else if (take_theta) begin
            running   <= 1;
            closed    <= 0;
            pushed    <= 0;
            items     <= 0;
            entries   <= pushed;
            read_bank <= bank;
        end else begin
            if (push)                  pushed <= pushed + 1;
            if (push && push_bias)     closed <= 1;
            if (x_beat || drain_shift) items  <= items + 1;
            if (running && drain_shift && items + 1 == neurons) begin
                running <= 0;
                layer   <= layer + 1;
            end
        end

    // Spikes of the neuron in the drain.
    reg [LOG2L:0] ones;
    reg           emitting;
    always @(posedge clk) begin
        if (drain_load)               ones <= 0;
        else if (emitting && i_spike) ones <= ones + 1;
        emitting <= !rst && (drain_load || (emitting && !drain_shift));
    end

    // Visits, two clocks behind their address, and the neurons whose sums they completed.
    reg [E-1:0]   visit_1, visit_2, next_entry;
    reg [C_W-1:0] covered;
    always @(posedge clk) begin
        visit_1 <= visit_ptr;
        visit_2 <= visit_1;
        if (rst || take_theta) begin
            next_entry <= 0;
            covered    <= 0;
        end else if (lane_valid) begin
            next_entry <= lane_last ? 0 : next_entry + 1;
            if (lane_last) covered <= covered + LANES;
        end
    end

    // Neurons in the drain.
    reg  [E-1:0] in_drain;
    wire [E-1:0] to_drain = neurons - items[E-1:0];
    always @(posedge clk)
        if (rst)              in_drain <= 0;
        else if (sum_last)    in_drain <= to_drain < LANES ? to_drain : LANES;
        else if (drain_shift) in_drain <= in_drain - 1;

    // ---- Claims.
    reg was_rst, was_hold, was_theta, was_lane_last, was_bank;
    reg [E-1:0] was_index;
    always @(posedge clk) begin
        was_rst       <= rst;
        was_hold      <= y_valid && !i_y_ready;
        was_theta     <= take_theta;
        was_lane_last <= lane_last;
        was_bank      <= bank;
        was_index     <= push_index;
    end

    always @* if (past_valid) begin
        if (x_ready) begin
            a_answer_before_input: assert (!pending);
            a_width:               assert (x_width == inputs && x_seen < inputs);
        end
        if (y_valid) begin
            a_answer_after_input: assert (pending);
            a_last_score:         assert (y_last == (y_seen + 1 == neurons_last) && y_seen < neurons_last);
            a_score_index:        assert (push_index == y_seen);
        end
        if (begins) a_begin: assert (!pending && x_seen == 0);
        if (was_hold && !was_rst) a_hold: assert (y_valid && push_index == was_index);

        if (push) begin
            a_push_open:    assert (!closed && pushed < (1 << E));
            a_push_address: assert (push_addr == pushed[E-1:0]);
        end
        if (push && !push_bias) a_push_index: assert (push_index == items);
        if (push && push_bias)  a_push_bias:  assert (items == neurons_before && !running);
        if (x_beat)             a_push_input: assert (push == i_x_nonzero && push_input && !push_bias);
        if (drain_shift && !y_valid)
            a_push_count: assert (push == (ones != 0) && push_count == ones && (ones == L || (!i_spike && ones < L)));
        if (push) a_push_reason: assert (push_bias || x_beat || drain_shift);
        if (take_theta)
            a_list_closed: assert (closed && items == neurons_before && pushed >= 1 && pushed <= (1 << E));
        if (!was_rst) a_bank: assert (bank == (was_theta ? !was_bank : was_bank));
        if (running)  a_read_bank: assert (bank != read_bank);

        if (lane_valid) begin
            a_visit:       assert (running && visit_2 == next_entry);
            a_visit_last:  assert (lane_last == (next_entry + 1 == entries));
            a_visit_group: assert (covered < neurons);
        end else
            a_visit_none: assert (!lane_last);
        if (running && drain_shift && items + 1 == neurons)
            a_groups: assert (covered >= neurons && covered < neurons + LANES && next_entry == 0 && !lane_valid);
        a_sum_last: assert (sum_last == (was_lane_last && !was_rst));

        if (sum_last)    a_reserve: assert (in_drain == 0 && !y_valid && !emitting && !drain_load);
        if (drain_shift) a_drain:   assert (in_drain != 0 && running);
    end

    // ---- Measure, most significant part first: layers left, phase, items left of the list, state of the drain, way
    // of the next group to the drain.
    localparam M_W = TABLE_AW + 3 + E + (LOG2L + 2) + (E + 2);
    reg [2:0]       phase;
    reg [E-1:0]     left;
    reg [LOG2L+1:0] drain_rank;
    reg [E+1:0]     way;
    always @* begin
        phase = 0;
        case (state)
            HEAD:      phase = 7;
            HEAD_TAKE: phase = 6;
            LOAD:      phase = 5;
            BIAS:      phase = 4;
            NEURONS:   phase = 3;
            WAIT:      phase = 2;
            THETA:     phase = 1;
            default:   phase = 0;
        endcase
        left = state == LOAD || state == RUN ? width - push_index : 0;
        case (drain)
            EMPTY:   drain_rank = L + 3;
            TAKE:    drain_rank = L + 2;
            EMIT:    drain_rank = L + 1 - push_count;
            default: drain_rank = 0;
        endcase
        way = sum_last ? 0 : lane_last ? 1 : addr_last ? 2 : 3 + (list_end - visit_ptr);
        if (state != RUN) way = 0;
    end
    wire [TABLE_AW-1:0] layers_left = depth - layer;
    wire [M_W-1:0]      measure     = {layers_left, phase, left, drain_rank, way};

    reg           was_stalled, was_end;
    reg [M_W-1:0] was_measure;
    always @(posedge clk) begin
        was_measure <= measure;
        was_end     <= rst || done;
        was_stalled <= (x_ready && !i_x_valid) || (y_valid && !i_y_ready) || inputs == 0;
    end
    always @* if (past_valid && !was_end) begin
        a_measure_never_grows: assert (measure <= was_measure);
        if (!was_stalled) a_measure_shrinks: assert (measure < was_measure);
    end
    // What the end of an inference leads to: the start, where the measure is at its greatest.
    always @* if (past_valid && was_end) a_measure_start: assert (state == HEAD && layers_left == depth);

    // ---- Invariants: they make the claims inductive.
    wire [E:0] unvisited_now = visiting ? unvisited : 0;
    wire [E:0] rest          = width - push_index;
    wire [E:0] group_left    = rest - unvisited_now;      // neurons of the group between its last visit and the drain's end
    wire       in_list       = state == LOAD || state == RUN;
    wire [2:0] tokens        = addr_last + lane_last + sum_last + (drain != EMPTY);
    wire [E-1:0] succ_2      = visit_2 == list_end ? 0 : visit_2 + 1;
    wire [E-1:0] succ_1      = visit_1 == list_end ? 0 : visit_1 + 1;

    always @* if (past_valid) begin
        // Table.
        i_depth: assert (layer <= depth);
        case (state)
            HEAD:      i_head:    assert (table_addr == 2);
            HEAD_TAKE: i_take:    assert (table_addr == 2 && table_data == words[16*2 +: 16]);
            LOAD:      i_load:    assert (table_addr == 3 && width == inputs);
            BIAS:      i_bias:    assert (table_addr == 3 + 2 * layer);
            NEURONS:   i_neurons: assert (table_addr == 3 + 2 * layer && table_data == words[16*(3 + 2*layer) +: 16]);
            WAIT:      i_wait:    assert (table_addr == 4 + 2 * layer);
            THETA:     i_theta:   assert (table_addr == 4 + 2 * layer);
            default:   i_run:     assert (table_addr == 5 + 2 * layer);
        endcase
        if (state <= LOAD) i_layer: assert (layer == 0);
        if (state == WAIT || state == THETA || state == RUN)
            i_width: assert (width == neurons && last_layer == (layer == depth));
        // Phases and the naive side.
        i_pending: assert (pending == (state > LOAD) && (pending || state == LOAD || x_seen == 0));
        i_running: assert (running == (state == RUN));
        i_closed:  assert (closed == (state == NEURONS || state == WAIT || state == THETA));
        i_y_seen:  assert (y_seen == (state == RUN && last_layer ? push_index : 0));
        if (in_list) begin
            i_items: assert (items == push_index && push_index < width && push_addr == pushed[E-1:0] && pushed <= items);
        end
        if (state == LOAD) i_x_seen: assert (x_seen == push_index);
        if (state == HEAD_TAKE) i_empty: assert (items == 0 && pushed == 0 && push_index == 0 && push_addr == 0);
        if (state == HEAD)      i_start: assert (items == 0 && pushed == 0);
        if (state == BIAS) i_full: assert (items == neurons_before && pushed <= items && push_addr == pushed[E-1:0]);
        if (state == NEURONS || state == WAIT || state == THETA)
            i_list: assert (items == neurons_before && pushed >= 1 && pushed <= (1 << E) && push_addr == pushed[E-1:0]);
        // Visits.
        if (state == RUN) begin
            i_entries: assert (entries >= 1 && entries <= (1 << E) && list_end == entries - 1 && visit_ptr <= list_end);
            i_unvisited: assert (!visiting || unvisited != 0);
            i_rest:      assert (unvisited_now <= rest);
            i_reserved:  assert (reserved == (group_left != 0) && group_left <= LANES);
            i_full_group: assert (unvisited_now == 0 || !reserved || group_left + (drain == EMPTY ? 0 : lane) == LANES);
            if (reserved) i_lane: assert (group_left + (drain == EMPTY ? 0 : lane) <= LANES);
            i_tokens:    assert (tokens == reserved);
            i_in_drain:  assert (in_drain == (drain != EMPTY ? group_left : 0));
            if (reserved && drain == EMPTY) i_lane_0: assert (lane == 0);
            i_covered:   assert (covered + (addr_last || lane_last ? LANES : 0) + unvisited_now >= width);
            i_covered_2: assert (covered + (addr_last || lane_last ? LANES : 0) + unvisited_now < width + LANES);
            if (visiting)
                i_covered_3: assert (covered + (addr_last || lane_last ? LANES : 0) + unvisited_now == width);
            if (!visiting && !addr_last && !lane_last) i_no_visit: assert (visit_ptr == 0);
            if (!visiting) i_idle: assert (visit_ptr == 0 && (!addr_valid || addr_last) && (!lane_valid || lane_last || addr_last));
        end else
            i_not_run: assert (!visiting && !reserved && tokens == 0 && !addr_valid && !lane_valid && in_drain == 0);
        if (addr_valid) i_stage_1: assert (visit_ptr == succ_1 && visit_1 <= list_end && addr_last == (visit_1 == list_end));
        else            i_stage_1_none: assert (!addr_last);
        if (lane_valid) i_stage_2: assert (succ_2 == (addr_valid ? visit_1 : visit_ptr) && visit_2 <= list_end
                                           && lane_last == (visit_2 == list_end));
        if (state == RUN)
            i_next: assert (next_entry == (lane_valid ? visit_2 : addr_valid ? visit_1 : visit_ptr));
        // Drain.
        i_score:    assert (drain != SCORE || last_layer);
        i_hidden:   assert ((drain != TAKE && drain != EMIT) || !last_layer);
        i_emitting: assert (emitting == (drain == EMIT));
        if (drain == EMIT) i_ones: assert (push_count == ones && ones <= L);
    end

    // ---- Covers.
    reg seen_stall, seen_overlap, seen_full, again;
    always @(posedge clk)
        if (rst) begin
            seen_stall   <= 0;
            seen_overlap <= 0;
            seen_full    <= 0;
            again        <= 0;
        end else begin
            if (y_valid && !i_y_ready)                     seen_stall   <= 1;
            if (lane_valid && drain != EMPTY)              seen_overlap <= 1;
            if (drain_shift && !y_valid && push_count == L) seen_full   <= 1;
            if (done)                                      again        <= 1;
        end
    always @(posedge clk)
        if (past_valid && !rst) begin
            c_two_layers: cover (done && depth == 1 && neurons_last == 1);
            c_overlap:    cover (done && depth == 0 && seen_overlap && seen_stall && neurons_last == LANES + 1);
            c_clipped:    cover (done && depth == 1 && seen_full);
            c_again:      cover (done && again);
            c_wait:       cover (state == HEAD_TAKE && inputs == 0 && !was_rst);
        end
endmodule
`default_nettype wire
