// SPDX-License-Identifier: Apache-2.0
// Control of the convolution engine, for every content of the table, every back-pressure, every duration of scan and
// visits, and rst at any clock, against a walk through the table that takes every figure from the words themselves:
//   order     after rst CLEAR, then for every inference HEAD, LOAD, and for each layer TABLE, SCAN and DRAIN, each as long
//             as it must be: CLEAR until all 2^ACC_AW words were given to the visits and visited, DRAIN until the last
//             score or code;
//   table     each word is read at its address: the head at 1, a layer's 8 words one after the other from the word after
//             the head, then from the word after the last column's coordinate of the layer before;
//   layer     once its word is in, each output that describes the layer is that field of the word, until the next layer;
//   inputs    an inference takes exactly as many inputs as the table says, at addresses 0, 1, ...;
//   values    codes and scores count from the address that the layer's table gives;
//   answer    between the last input accepted and the next one there is exactly one beat with o_y_last, it is the last
//             sum of the last visit, and every score beat lies between them; o_y_valid holds until i_y_ready;
//   front     sums arrive only where the ones before have left, or leave the last of them in that very clock; of every
//             group as many leave as it has lanes, and each is a score, or goes to the neuron;
//   source    a layer's drain, and the clearing after rst, give the visits each position once: inputs 0, 1, ... of as many
//             as the layer has, at the sums k * (groups visited);
//   step      a visit waits only for sums that would not be gone.
// Scan and visits may take any time. Of the rest of the engine this is assumed: an input given to the visits makes
// (groups visited) visits (sc_conv_visit_fv); a visit that clears brings its sums 2 clocks later (sc_conv_sums_fv); a code
// marked last comes once for each sum that went to the neuron marked so, at any time after it (sc_window_code_fv).
// The registers that the invariants speak of are the wires at `Registers`, which the script of the proof connects.
`default_nettype none
module sc_conv_ctrl_fv #(
    parameter LANES     = 2,
    parameter ACT_AW    = 3,
    parameter ACC_AW    = 2,
    parameter WEIGHT_AW = 5,
    parameter COORD_AW  = 4
) (
    input wire                clk,
    input wire                rst,
    input wire [31:0]         i_table_data,
    input wire                i_x_valid,
    input wire                i_y_ready,
    input wire                i_code_valid,
    input wire                i_code_last,
    input wire                i_scanning,
    input wire [COORD_AW-1:0] i_col_addr,
    input wire                i_take,
    input wire                i_visiting
);
    wire                 x_ready, y_valid, y_last, write, start, clear, source_valid, step, shift;
    wire                 neuron_valid, neuron_last, pool, max;
    wire [COORD_AW-1:0]  table_addr, rows, cols, cols_at;
    wire [ACT_AW-1:0]    x_count, write_addr, first, channels;
    wire [15:0]          theta, channel_weights, row_weights;
    wire [WEIGHT_AW-1:0] weights_at;
    wire [11:0]          groups;
    wire [ACC_AW-1:0]    tap_step, row_step, source_acc;
    wire                 source_take, visiting;
    reg                  visit1, visit2;   // visits that clear, 1 and 2 clocks ago

    sc_conv_ctrl #(
        .LANES(LANES), .ACT_AW(ACT_AW), .ACC_AW(ACC_AW), .WEIGHT_AW(WEIGHT_AW), .COORD_AW(COORD_AW)
    ) u_ctrl (
        .clk(clk), .rst(rst), .o_table_addr(table_addr), .i_table_data(i_table_data),
        .i_x_valid(i_x_valid), .o_x_ready(x_ready), .o_x_count(x_count),
        .o_y_valid(y_valid), .i_y_ready(i_y_ready), .o_y_last(y_last),
        .o_write(write), .o_write_addr(write_addr), .i_code_valid(i_code_valid), .i_code_last(i_code_last),
        .o_theta(theta), .o_pool(pool), .o_max(max), .o_first(first), .o_rows(rows), .o_cols(cols),
        .o_channels(channels), .o_cols_at(cols_at), .o_weights_at(weights_at), .o_channel_weights(channel_weights),
        .o_groups(groups), .o_tap_step(tap_step), .o_row_step(row_step), .o_row_weights(row_weights),
        .o_start(start), .i_scanning(i_scanning), .i_col_addr(i_col_addr), .o_clear(clear),
        .o_source_valid(source_valid), .i_source_take(source_take), .o_source_acc(source_acc),
        .i_visiting(visiting), .o_step(step),
        .i_loaded(visit2), .o_shift(shift), .o_neuron_valid(neuron_valid), .o_neuron_last(neuron_last)
    );
    // Registers.
    (* keep *) wire [2:0]        state, word;
    (* keep *) wire [6:0]        left, last_lanes;
    (* keep *) wire [11:0]       all_groups, group;
    (* keep *) wire              coming, last_layer, final_sums;
    (* keep *) wire [ACC_AW-1:0] positions, source_left;
    (* keep *) wire [ACT_AW-1:0] region;

    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;
    always @* if (!past_valid) assume (rst);

    // ---- The walk through the table. `t` is the clock within HEAD (0: the address, 1: the word) and within TABLE (the
    // number of the word that is in).
    localparam [2:0] CLEAR = 0, HEAD = 1, LOAD = 2, TABLE = 3, SCAN = 4, DRAIN = 5;
    reg  [2:0]          phase, t;
    reg  [31:0]         head;
    reg  [255:0]        words;             // those of the layer, as they come in
    reg                 known;             // `head` was read since rst
    reg  [COORD_AW-1:0] layer_at;          // address of the layer's first word
    reg  [ACT_AW-1:0]   layer_first;       // of its inputs
    reg  [ACC_AW:0]     given;             // to the visits, in CLEAR or DRAIN
    reg  [ACC_AW-1:0]   given_at;          // ... times the groups visited
    reg  [12:0]         visits_left;       // of the input that was given
    reg  [ACT_AW:0]     beats;             // inputs taken, codes or scores given, in this phase
    reg  [11:0]         nth;               // of the groups of a position, that which comes to the front next
    reg  [6:0]          front;             // sums at the front that have not left
    reg                 the_end;             // ... and none comes after them
    reg                 code_due;          // the code of a sum that went to the neuron as the last one

    wire [31:0] word0 = words[31:0],    word1 = words[63:32],   word2 = words[95:64],   word3 = words[127:96];
    wire [31:0] word4 = words[159:128], word5 = words[191:160], word6 = words[223:192], word7 = words[255:224];
    wire [COORD_AW-1:0] word_at = layer_at + t + 1, coords_at = layer_at + 8;
    wire        draining  = phase == DRAIN;
    wire        last      = word0[15];
    wire [12:0] visits    = phase == CLEAR ? 1 : word3[11:0] + 1;
    wire [ACC_AW:0] every = phase == CLEAR ? 1 << ACC_AW : word2[ACC_AW-1:0] + 1;
    wire [ACT_AW-1:0] inputs = head[ACT_AW-1:0];
    wire        x_beat    = i_x_valid && x_ready, y_beat = y_valid && i_y_ready;
    wire        code_beat = i_code_valid && i_code_last;
    wire        gone      = given == every && visits_left == 0;
    wire        scanned   = phase == SCAN && t != 0 && !i_scanning && !i_visiting;

    assign source_take = clear && source_valid && i_take && (visits_left == 0 || (visits_left == 1 && step));
    assign visiting    = clear ? visits_left != 0 : i_visiting;
    always @* begin
        if (!draining || last)         assume (!i_code_valid);
        if (code_beat)                 assume (code_due);
    end

`ifdef NARROW
    // Covers and hunts look where nothing but rst and the receiver of the scores stalls, hunts without a second rst.
    always @* if (past_valid) assume (i_x_valid && i_take && !i_scanning && !i_visiting);
`endif
`ifdef ONCE
    always @* if (past_valid) assume (!rst);
    always @* if (phase == HEAD && t == 1) assume (i_table_data[ACT_AW-1:0] <= 2);
`endif

    always @(posedge clk) begin
        visit1 <= !rst && clear && visiting && step;
        visit2 <= visit1 && !rst;
    end

    always @(posedge clk)
        if (rst) begin
            phase       <= CLEAR;
            t           <= 0;
            known       <= 0;
            given       <= 0;
            given_at    <= 0;
            visits_left <= 0;
            code_due    <= 0;
        end else begin
            if (neuron_valid && neuron_last) code_due <= 1;
            else if (code_beat)              code_due <= 0;
            if (source_take) begin
                given       <= given + 1;
                given_at    <= given_at + visits;
                visits_left <= visits;
            end else if (clear && visits_left != 0 && step)
                visits_left <= visits_left - 1;
            if (phase == CLEAR) begin
                if (gone) begin
                    phase <= HEAD;
                    t     <= 0;
                end
            end else if (phase == HEAD) begin
                t     <= t == 0;
                beats <= 0;
                if (t == 1) begin
                    head        <= i_table_data;
                    known       <= 1;
                    layer_at    <= 2;
                    layer_first <= 0;
                    if (i_table_data[ACT_AW-1:0] != 0) phase <= LOAD;
                end
            end else if (phase == LOAD) begin
                if (x_beat) beats <= beats + 1;
                if (x_beat && beats + 1 == inputs) begin
                    phase <= TABLE;
                    t     <= 0;
                end
            end else if (phase == TABLE) begin
                words[32*t +: 32] <= i_table_data;
                t                 <= t + 1;
                if (t == 7) phase <= SCAN;
            end else if (phase == SCAN) begin
                t <= 1;
                if (scanned) begin
                    phase    <= DRAIN;
                    layer_at <= i_col_addr + 1;
                    given    <= 0;
                    given_at <= 0;
                    beats    <= 0;
                    nth      <= 0;
                    front    <= 0;
                    the_end  <= 0;
                end
            end else begin
                if (i_code_valid || y_beat) beats <= beats + 1;
                if (visit2) begin
                    nth   <= nth == word2[27:16] ? 0 : nth + 1;
                    front <= nth == word2[27:16] ? word7[22:16] : LANES;
                    the_end <= gone;
                end else if (shift)
                    front <= front - 1;
                if (y_beat && y_last) begin
                    phase <= HEAD;
                    t     <= 0;
                end else if (code_beat) begin
                    phase       <= TABLE;
                    t           <= 0;
                    layer_first <= word5[16 +: ACT_AW];
                end
            end
        end

    reg held, held_last;
    always @(posedge clk) begin
        held      <= !rst && y_valid && !i_y_ready;
        held_last <= y_last;
    end

    // ---- Claims.
    wire         here   = phase == SCAN || draining;
    wire [7:0]   in     = here ? 8'hFF : phase == TABLE ? (8'd1 << t) - 8'd1 : 8'd0;    // words of the layer that are in
    wire [ACT_AW-1:0] layer_last = word5[16 +: ACT_AW];                                 // where its outputs begin
    always @* if (past_valid) begin
        // Order.
        a_ready: assert (x_ready == (phase == LOAD));
        a_start: assert (start == (phase == SCAN && t == 0));
        a_clear: assert (clear == (phase == CLEAR || draining));
        a_write: assert (write == (x_beat || i_code_valid));
        if (phase == LOAD) a_inputs: assert (beats < inputs && write_addr == beats);
        if (draining)      a_values: assert (write_addr == layer_last + beats[ACT_AW-1:0]);
        a_count: assert (x_count == (known ? inputs : 1));
        // Table.
        if (phase == HEAD && t == 0) a_head:  assert (table_addr == 1);
        if (phase == LOAD)           a_first: assert (table_addr == layer_at);
        if (phase == TABLE)          a_words: assert (table_addr == word_at);
        if (phase == SCAN)           a_rows:  assert (table_addr == coords_at);
        if (draining)                a_next:  assert (table_addr == layer_at);
        // Layer.
        if (in[0]) a_word0: assert (pool == word0[14] && max == word0[13] && rows == word0[COORD_AW-1:0]
                                    && cols == word0[16 +: COORD_AW]);
        if (in[1]) a_word1: assert (channels == word1[ACT_AW-1:0] && theta == word1[31:16]);
        if (in[3]) a_word3: assert (groups == word3[11:0] && tap_step == word3[16 +: ACC_AW]);
        if (in[4]) a_word4: assert (row_step == word4[ACC_AW-1:0] && row_weights == word4[31:16]);
        if (in[5]) a_word5: assert (channel_weights == word5[15:0] && first == layer_first);
        if (in[6]) a_word6: assert (weights_at == word6[WEIGHT_AW-1:0]);
        if (in[7]) a_word7: assert (cols_at == word7[COORD_AW-1:0]);
        if (phase == CLEAR) a_groups: assert (groups == 0);
        if (phase == CLEAR) i_clear:  assert (table_addr == 1);
        // Source.
        if (clear) a_source: assert (source_valid == (given != every));
        if (clear && source_valid) a_source_acc: assert (source_acc == given_at);
        // Sums.
        a_step:   assert (step == (!draining || (!visit1 && !visit2 && front <= (last ? 0 : 3))));
        a_score:  assert (y_valid == (draining && last && front != 0));
        a_neuron: assert (neuron_valid == (draining && !last && front != 0));
        a_shift:  assert (shift == (neuron_valid || y_beat));
        if (y_valid)      a_y_last:      assert (y_last == (the_end && front == 1));
        if (neuron_valid) a_neuron_last: assert (neuron_last == (the_end && front == 1));
        if (visit2 && draining) a_front: assert (front == 0 || (front == 1 && shift));
        if (held) a_hold: assert (y_valid && y_last == held_last);

        // ---- Invariants: the registers as functions of the walk.
        i_phase: assert (phase <= DRAIN && (phase == TABLE || t <= 1) && (!clear || given <= every));
        i_state: assert (state == (phase == CLEAR ? 0 : phase == HEAD ? 1 + t : phase + 1));
        i_word:  assert (word == (phase == TABLE ? t : 0));
        i_known: assert (known == (phase >= LOAD) || (phase == HEAD && (!known || inputs == 0 || t <= 1)));
        if (phase == HEAD && t == 1) i_head: assert (table_addr == 1 && write_addr == 0 && region == 0 && beats == 0);
        if (phase == LOAD || (phase == TABLE && !in[5])) i_region: assert (region == layer_first);
        if (in[5]) i_region_next: assert (region == layer_last);
        if (in[0]) i_last:  assert (last_layer == last);
        if (in[2]) i_word2: assert (positions == word2[ACC_AW-1:0] && all_groups == word2[27:16]);
        if (in[7]) i_lanes: assert (last_lanes == word7[22:16]);
        if (!clear) i_idle: assert (visits_left == 0);
        if (!draining) i_empty: assert (left == 0 && !coming && !code_due);
        i_left_visits: assert (visits_left <= visits);
        if (clear && given != every) i_left: assert (source_left == every - 1 - given);
        if (phase == SCAN) i_scan: assert (!visit1 && !visit2 && !final_sums && group == 0);
        if (draining) begin
            i_front:  assert (left == front && final_sums == the_end && group == nth);
            i_coming: assert (coming == (visit1 || visit2) && !(visit1 && visit2));
            if (the_end) i_final: assert (gone && !visit1 && !visit2);
            if (visit1) i_room: assert (front <= (last ? 0 : 2));
            if (code_due) i_code: assert (the_end && front == 0 && !last);
        end
        if (last) i_no_code: assert (!draining || !code_due);
    end

    reg dropped, layer;                    // for the covers: rst came while a layer was drained; a layer ended
    always @(posedge clk) begin
        dropped <= dropped ? past_valid : past_valid && rst && draining;
        layer   <= !rst && (layer || code_beat);
        if (!past_valid) dropped <= 0;
    end
    always @(posedge clk)
        if (past_valid && !rst) begin
            c_answer: cover (y_beat && y_last && $past(held));
            c_layer:  cover (layer && phase == TABLE);
            c_again:  cover (dropped && x_beat && beats == 1 && x_count == 2);
        end
endmodule
`default_nettype wire
