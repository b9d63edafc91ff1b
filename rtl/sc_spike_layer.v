// SPDX-License-Identifier: Apache-2.0
// One layer of the spiking engine under way: visits its list once for every LANES neurons, and drains their sums neuron by
// neuron. A part of the engine's control: it handles no data, so it is proven without memories.
//
// Visit      after i_start one list entry a clock, entries 0 .. i_list_last, the whole list once for each group of LANES
//            neurons; the last entry of a group waits until the group before it is drained.
// Drain      a group's sums one neuron at a time, while the next group is visited. A neuron takes a clock for each of its
//            WORDS parameter words, the last of which is its step (o_step), and one more where it has a score (o_score).
//            Where that goes out it waits for i_y_ready, and leaves a clock later: i_y_ready ends in one register.
// Words      while it is drained, a neuron's word k stands at the table's output in its clock k: o_next moves the table's
//            address on by one, o_rewind takes it back by WORDS - 1, where all neurons of the layer have the same words.
// State      neuron n of the whole network has the address n.
// Latency    of a layer: sc_spike_engine
// Model      sc_neurocore.golden
// Proof      formal/sc_spike_layer_fv.v
`default_nettype none
module sc_spike_layer #(
    parameter LANES        = 2,            // 1 .. 64 neurons visited at a time
    parameter LOG2_ENTRIES = 8,            // 2 .. 12
    parameter STATE_AW     = 8,            // 1 .. 16: address bits of the states
    parameter WORDS        = 2,            // 2 .. 8: parameter words of a neuron
    parameter LANE_W       = LANES == 1 ? 1 : $clog2(LANES)    // derived; do not override
) (
    input  wire                    clk,
    input  wire                    rst,
    input  wire                    i_begin,       // a step begins: state addresses restart
    // Layer, from i_start on.
    input  wire                    i_start,       // the list is complete; i_groups counts with it
    input  wire [LOG2_ENTRIES-1:0] i_list_last,   // entries, less 1
    input  wire [LOG2_ENTRIES-1:0] i_groups,      // groups, less 1
    input  wire [LANE_W-1:0]       i_last_lane,   // neurons of the last group, less 1
    input  wire                    i_once,        // all neurons have the same parameter words
    input  wire                    i_scored,      // every neuron has a score
    input  wire                    i_answer,      // ... which goes out
    // Read side of the list, and the pipeline behind it.
    output reg  [LOG2_ENTRIES-1:0] o_visit_ptr,
    output reg                     o_addr_last,   // stage 1, the weight is addressed: the entry ends its group
    output reg                     o_lane_valid,  // stage 2: the weight is here
    output reg                     o_lane_last,   // ... and ends its group
    output reg                     o_sum_last,    // stage 3: the lanes' sums are complete
    // Drain, of the neuron whose sum is in front.
    output wire                    o_next,        // the table's address moves on
    output wire                    o_rewind,      // the table's address goes back to the first word
    output wire                    o_first,       // first clock of a neuron
    output reg  [2:0]              o_left,        // words that are still to come for it
    output wire                    o_step,        // the neuron's step
    output wire                    o_score,       // its score is there
    output reg  [STATE_AW-1:0]     o_state,       // address read: the neuron to come, or the one before its step
    output reg  [STATE_AW-1:0]     o_state_was,   // address written: the neuron of o_step and o_score
    output wire                    o_y_valid,
    input  wire                    i_y_ready,
    output wire                    o_neuron,      // it leaves the drain
    output wire                    o_at_end,      // while a neuron is in the drain: it is the last of its layer
    output wire                    o_end          // the last neuron leaves
);
    generate
        if (LANES < 1 || LANES > 64) begin : g_illegal_lanes
            ERROR_LANES_must_be_in_1_to_64 u_illegal ();
        end
        if (LOG2_ENTRIES < 2 || LOG2_ENTRIES > 12) begin : g_illegal_entries
            ERROR_LOG2_ENTRIES_must_be_in_2_to_12 u_illegal ();
        end
        if (STATE_AW < 1 || STATE_AW > 16) begin : g_illegal_state_aw
            ERROR_STATE_AW_must_be_in_1_to_16 u_illegal ();
        end
        if (WORDS < 2 || WORDS > 8) begin : g_illegal_words
            ERROR_WORDS_must_be_in_2_to_8 u_illegal ();
        end
    endgenerate

    localparam [1:0]  EMPTY = 0, NEURON = 1, SCORE = 2, GIVEN = 3;
    localparam [31:0] LAST_LANE = LANES - 1, LAST_WORD = WORDS - 1;
    // Sums come 3 clocks after their last entry was visited, which is late enough 4 clocks before the drain is empty.
    localparam [31:0] EARLY = 4 / WORDS < LANES ? 4 / WORDS : LANES - 1;
    localparam GROUP_W = LOG2_ENTRIES - $clog2(LANES + 1) + 1 < 1 ? 1 : LOG2_ENTRIES - $clog2(LANES + 1) + 1;
    localparam [LOG2_ENTRIES-1:0] ONE = 1;

    reg [1:0]         drain;
    reg [LANE_W-1:0]  lanes;               // neurons of the group in the drain, less 1
    reg               is_last;               // that group is the layer's last
    reg [GROUP_W-1:0] groups;              // still to visit, less 1
    reg               visiting;            // groups are left to visit
    reg               reserved;            // the drain is promised to a group, from its last entry on
    reg               addr_valid;          // stage 1 holds an entry

    wire in_word    = drain == NEURON;
    wire to_step    = in_word && o_left == 1;

    // Visit.
    wire entry_last = o_visit_ptr == i_list_last;
    wire visit      = visiting && !(entry_last && reserved);
    wire unused     = &{1'b0, i_groups};   // its upper bits
    always @(posedge clk)
        if (rst || i_start) begin
            o_visit_ptr <= 0;
            groups      <= i_groups[GROUP_W-1:0];
            visiting    <= !rst;
        end else if (visit) begin
            o_visit_ptr <= entry_last ? {LOG2_ENTRIES{1'b0}} : o_visit_ptr + ONE;
            if (entry_last) begin
                groups   <= groups - 1'b1;
                visiting <= groups != 0;
            end
        end

    always @(posedge clk)
        if (rst || i_start)           reserved <= 1'b0;
        else if (visit && entry_last) reserved <= 1'b1;
        else if (o_neuron && lanes == (i_scored ? {LANE_W{1'b0}} : EARLY[LANE_W-1:0])) reserved <= 1'b0;

    always @(posedge clk) begin
        addr_valid   <= !rst && visit;
        o_addr_last  <= !rst && visit && entry_last;
        o_lane_valid <= !rst && addr_valid;
        o_lane_last  <= !rst && o_addr_last;
        o_sum_last   <= !rst && o_lane_last;
    end

    // Drain. Sums may come in the last clock of the group before them. Those are the layer's last after which no group is
    // left to visit: the last entry of another one would still wait.
    assign o_first   = in_word && o_left == LAST_WORD[2:0];
    assign o_step    = in_word && o_left == 0;
    assign o_score   = drain == SCORE;
    assign o_y_valid = o_score && i_answer;
    assign o_neuron  = (o_step && !i_scored) || (o_score && !i_answer) || drain == GIVEN;
    assign o_at_end  = is_last && lanes == 0;
    assign o_end     = o_neuron && o_at_end;
    assign o_rewind  = to_step && i_once && !o_at_end;
    assign o_next    = o_sum_last || (in_word && o_left != 0) || (o_neuron && lanes != 0);

    always @(posedge clk)
        if (rst) drain <= EMPTY;
        else case (drain)
            EMPTY:   if (o_sum_last) drain <= NEURON;
            NEURON:  if (o_step) drain <= i_scored ? SCORE : lanes != 0 || o_sum_last ? NEURON : EMPTY;
            SCORE:   if (!i_answer) drain <= lanes != 0 ? NEURON : EMPTY;
                     else if (i_y_ready) drain <= GIVEN;
            default: drain <= lanes != 0 ? NEURON : EMPTY;
        endcase

    always @(posedge clk)
        if (rst || !in_word || o_left == 0) o_left <= LAST_WORD[2:0];
        else                                o_left <= o_left - 1'b1;

    always @(posedge clk)
        if (o_sum_last) begin
            lanes <= visiting ? LAST_LANE[LANE_W-1:0] : i_last_lane;
            is_last <= !visiting;
        end else if (o_neuron) lanes <= lanes - 1'b1;

    always @(posedge clk)
        if (rst || i_begin) begin
            o_state <= 0;
        end else if (to_step) begin
            o_state     <= o_state + 1'b1;
            o_state_was <= o_state;
        end
endmodule
`default_nettype wire
