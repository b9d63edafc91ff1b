// SPDX-License-Identifier: Apache-2.0
// Control of the spiking engine: reads the layer table, lists the codes and spikes that are not 0, and runs the layers of
// every step of a sample (A20). It handles no data, so it is proven without memories.
//
// Order      of a step: HEAD, INPUTS (table word 2), LOAD (inputs in), WAIT, STEP (word 3) - then for each layer: edges, each
//            LAYER, OFFSET, FILL, SCAN, WAIT; LAYER (word A; the bias closes the list), GROUPS (B), with a history KEEP (C),
//            RUN. A constant input is loaded in the first step; later ones skip LOAD, and their first layer's closing
//            entry has the value 0.
// BITS = 1   a step is one clock of the window (A17), so the input is the same in each, but not its sum: later steps skip LOAD,
//            and visit the list of the inputs once more. It has a memory of its own (o_list_inputs, o_first_layer).
// Table      words 0, 1: network tag (ignored here); 2: inputs, 0 = not configured: waits in INPUTS; 3: bit 15 the input is
//            constant, 14:13 the readout, 11:0 steps less 1; then for each layer
//              for each edge: 0x8000 + delay; its offset in a row of the history; the list's last index of its sources;
//              A: bit 14 the spikes are kept, bit 13 last layer, bit 12 the neurons share their parameters, bits 5:0 neurons
//                 of the last group less 1;
//              B: groups less 1;   C, if they are kept: their offset in a row of the history;
//              a neuron's parameter words, once or for each neuron in order.
// List       indices count from 1: the layer's inputs, its edges' sources in the order of the table, the bias. Scores count
//            from 0.
// History    a bit for each neuron that is kept, in row t modulo 2^DELAY_AW for step t. A spike from before the sample is
//            none: the row is not read then, so nothing is ever cleared.
// Handshake  valid/ready; a valid holds until its ready. rst may come at any clock, and abandons the sample.
// Latency    sc_spike_engine
// Model      sc_neurocore.golden
// Proof      formal/sc_spike_ctrl_fv.v
`default_nettype none
module sc_spike_ctrl #(
    parameter LANES        = 2,            // 1 .. 64
    parameter LOG2_ENTRIES = 8,            // 2 .. 12: at most 2^LOG2_ENTRIES - 1 entries, the bias included
    parameter TABLE_AW     = 6,            // 4 .. 12
    parameter STATE_AW     = 8,            // 1 .. 16
    parameter HISTORY_AW   = 8,            // 1 .. 12: address bits of a row of the history
    parameter DELAY_AW     = 1,            // 0 .. 8: 2^DELAY_AW rows, delays of 2^DELAY_AW - 1 at most; 0: no edges
    parameter CONSTANT     = 1,            // 0: none, 1: constant inputs may be
    parameter BITS         = 0,            // 0: a step is a window; 1: a bit of it, with DELAY_AW and CONSTANT 0
    parameter WORDS        = 2,            // 2 .. 8: parameter words of a neuron
    parameter ROW_W        = DELAY_AW == 0 ? 1 : DELAY_AW      // derived; do not override
) (
    input  wire                    clk,
    input  wire                    rst,
    output wire                    o_begin,       // a step begins
    // Layer table: the word at o_table_addr arrives one clock later.
    output reg  [TABLE_AW-1:0]     o_table_addr,
    input  wire [15:0]             i_table_data,
    // Inputs.
    input  wire                    i_x_valid,
    output wire                    o_x_ready,
    input  wire                    i_x_nonzero,
    output wire [LOG2_ENTRIES-1:0] o_width,       // inputs of a step while o_x_ready; 0 only while there are none
    output wire [LOG2_ENTRIES-1:0] o_x_at,        // while o_x_ready: number of the input to come, from 1
    output wire                    o_x_last,      // ... it is the last one of a step
    output wire [11:0]             o_x_step,      // the step under way
    input  wire                    i_answer,      // its scores go out although it is not the last, unless inputs are constant
    // List of what is not 0: write side.
    output wire                    o_push,
    output reg  [LOG2_ENTRIES-1:0] o_push_ptr,
    output reg  [LOG2_ENTRIES-1:0] o_push_index,
    output wire                    o_push_input,  // the value is the input word,
    output wire                    o_push_none,   // ... or 0, or else L
    output reg                     o_bank,        // the bank written; the other one is read
    output wire                    o_list_inputs, // BITS: the list of the inputs is written; it is read in o_first_layer
    // Read side, and the pipeline behind it: sc_spike_layer.
    output wire [LOG2_ENTRIES-1:0] o_visit_ptr,
    output wire                    o_addr_last,
    output wire                    o_lane_valid,
    output wire                    o_lane_last,
    output wire                    o_sum_last,
    // History.
    output wire                    o_keep,        // the spike is written, at the same place in the row of this step
    output wire [HISTORY_AW-1:0]   o_history,     // place in a row
    output wire [ROW_W-1:0]        o_row,         // row that is read
    output wire [ROW_W-1:0]        o_row_now,     // row of this step
    input  wire                    i_kept,        // the bit read, one clock after its address
    // Drain: sc_spike_layer.
    output wire                    o_first,
    output wire [2:0]              o_left,
    output wire                    o_step,
    output wire                    o_score,
    output wire [STATE_AW-1:0]     o_state,
    output wire [STATE_AW-1:0]     o_state_was,
    input  wire                    i_spike,       // in o_step
    output wire                    o_neuron,
    // Where in the sample.
    output reg                     o_later,       // a step after the first
    output reg                     o_first_layer,
    output wire                    o_rest,        // a step after the first, of a constant input or with BITS
    output reg  [1:0]              o_readout,
    output wire                    o_y_valid,
    input  wire                    i_y_ready,
    output wire                    o_y_last
);
    generate
        if (TABLE_AW < 4 || TABLE_AW > 12) begin : g_illegal_table_aw
            ERROR_TABLE_AW_must_be_in_4_to_12 u_illegal ();
        end
        if (HISTORY_AW < 1 || HISTORY_AW > 12) begin : g_illegal_history_aw
            ERROR_HISTORY_AW_must_be_in_1_to_12 u_illegal ();
        end
        if (DELAY_AW < 0 || DELAY_AW > 8) begin : g_illegal_delay_aw
            ERROR_DELAY_AW_must_be_in_0_to_8 u_illegal ();
        end
        if (CONSTANT != 0 && CONSTANT != 1) begin : g_illegal_constant
            ERROR_CONSTANT_must_be_in_0_to_1 u_illegal ();
        end
        if (BITS != 0 && BITS != 1) begin : g_illegal_bits
            ERROR_BITS_must_be_in_0_to_1 u_illegal ();
        end
        if (BITS == 1 && (DELAY_AW != 0 || CONSTANT != 0)) begin : g_illegal_with_bits
            ERROR_BITS_has_no_edges_and_no_constant_inputs u_illegal ();
        end
    endgenerate

    localparam LANE_W = LANES == 1 ? 1 : $clog2(LANES);
    localparam [3:0] HEAD = 0, INPUTS = 1, LOAD = 2, WAIT_STEP = 3, STEP = 4, LAYER = 5, GROUPS = 6, KEEP = 7, RUN = 8,
                     OFFSET = 9, FILL = 10, SCAN = 11, WAIT_LAYER = 12;
    localparam [LOG2_ENTRIES-1:0] ONE = 1;
    localparam [31:0]             BACK = 1 - WORDS;

    reg [3:0]              state;
    reg [11:0]             step;
    reg                    last_step, constant, last_layer, once, kept;
    reg [LANE_W-1:0]       last_lane;
    reg [LOG2_ENTRIES-1:0] list_last;
    wire [LOG2_ENTRIES-1:0] inputs_listed; // where the list of the inputs goes on
    wire                   mute;           // the edge reaches back behind the sample's start

    wire edge_next = DELAY_AW != 0 && i_table_data[15];
    wire x_beat    = i_x_valid && o_x_ready;
    wire scan      = DELAY_AW != 0 && state == SCAN;
    wire at_end    = o_push_index == i_table_data[LOG2_ENTRIES-1:0];
    wire close     = state == LAYER && !edge_next;
    wire listed    = i_table_data[LOG2_ENTRIES-1:0] != 0;
    wire next, rewind, layer_end;

    assign o_begin      = state == HEAD;
    assign o_x_ready    = state == LOAD;
    assign o_width      = i_table_data[LOG2_ENTRIES-1:0] | {LOG2_ENTRIES{state != INPUTS && state != LOAD}};
    wire   same         = BITS != 0 || (CONSTANT != 0 && constant);
    assign o_rest       = same && o_later;
    assign o_list_inputs = BITS != 0 && o_first_layer && state != RUN;
    assign o_push_input = state == LOAD;
    assign o_x_at       = o_push_index;
    assign o_x_last     = at_end;
    assign o_x_step     = step;
    assign o_push_none  = BITS == 0 && state == LAYER && o_rest && o_first_layer;
    assign o_push       = close || (x_beat && i_x_nonzero) || (scan && i_kept && !mute) || (o_step && i_spike && !last_layer);
    assign o_keep       = DELAY_AW != 0 && o_step && kept;

    // Phases.
    always @(posedge clk)
        if (rst) state <= HEAD;
        else case (state)
            HEAD:       state <= INPUTS;
            INPUTS:     if (listed) state <= o_rest ? WAIT_STEP : LOAD;
            LOAD:       if (x_beat && at_end) state <= WAIT_STEP;
            WAIT_STEP:  state <= STEP;
            STEP:       state <= LAYER;
            LAYER:      state <= edge_next ? OFFSET : GROUPS;
            OFFSET:     state <= FILL;
            FILL:       state <= SCAN;
            SCAN:       if (at_end) state <= WAIT_LAYER;
            WAIT_LAYER: state <= LAYER;
            GROUPS:     state <= DELAY_AW != 0 && kept ? KEEP : RUN;
            KEEP:       state <= RUN;
            default:    if (layer_end) state <= last_layer ? HEAD : LAYER;
        endcase

    // Table. The address is one word ahead of the word that is looked at, except where words are waited for.
    wire ahead = (state == INPUTS && listed && o_rest) || (state == LOAD && x_beat && at_end) || state == WAIT_STEP
              || state == STEP || state == LAYER || (scan && at_end) || state == WAIT_LAYER || (DELAY_AW != 0 && state == GROUPS && kept)
              || next || layer_end;
    always @(posedge clk)
        if (rst || (layer_end && last_layer)) o_table_addr <= 2;
        else if (ahead) o_table_addr <= o_table_addr + (rewind ? BACK[TABLE_AW-1:0] : {{(TABLE_AW-1){1'b0}}, 1'b1});

    always @(posedge clk) begin
        if (state == STEP) begin
            last_step <= i_table_data[11:0] == step;
            o_readout <= i_table_data[14:13];
            constant  <= i_table_data[15];
        end
        if (state == LAYER) begin
            kept       <= i_table_data[14];
            last_layer <= i_table_data[13];
            once       <= i_table_data[12];
            last_lane  <= i_table_data[LANE_W-1:0];
            list_last  <= o_push_ptr;
        end
    end

    // Steps and layers.
    always @(posedge clk)
        if (rst || (layer_end && last_layer && last_step)) begin
            step    <= 0;
            o_later <= 1'b0;
        end else if (layer_end && last_layer) begin
            step    <= step + 1'b1;
            o_later <= 1'b1;
        end
    always @(posedge clk)
        if (state == HEAD)  o_first_layer <= 1'b1;
        else if (layer_end) o_first_layer <= 1'b0;

    // List being written.
    always @(posedge clk)
        if (rst || state == HEAD || state == GROUPS) o_push_ptr <= 0;
        else if (BITS != 0 && state == INPUTS && o_rest) o_push_ptr <= inputs_listed;
        else if (o_push)                             o_push_ptr <= o_push_ptr + ONE;
    always @(posedge clk)
        if (rst || state == HEAD)           o_push_index <= ONE;
        else if (state == GROUPS)           o_push_index <= {{(LOG2_ENTRIES-1){1'b0}}, !last_layer};
        else if (state == INPUTS && o_rest) o_push_index <= i_table_data[LOG2_ENTRIES-1:0];
        else if (x_beat || scan || o_neuron || (state == WAIT_STEP && o_rest)) o_push_index <= o_push_index + ONE;
    always @(posedge clk)
        if (rst)                  o_bank <= 1'b0;
        else if (state == GROUPS) o_bank <= ~o_bank;

    generate
        if (BITS == 0) begin : g_listed_anew
            assign inputs_listed = {LOG2_ENTRIES{1'b0}};
        end else begin : g_listed_once
            reg [LOG2_ENTRIES-1:0] listed_once;
            always @(posedge clk) if (state == LAYER && o_first_layer) listed_once <= o_push_ptr;
            assign inputs_listed = listed_once;
        end
    endgenerate

    // History.
    generate
        if (DELAY_AW == 0) begin : g_no_history
            wire unused = &{1'b0, i_kept};
            assign o_row_now = 1'b0;
            assign o_history = {HISTORY_AW{1'b0}};
            assign o_row     = 1'b0;
            assign mute      = 1'b1;
        end else begin : g_history
            wire [11:0] delay = {{(12-DELAY_AW){1'b0}}, i_table_data[DELAY_AW-1:0]};
            wire [12:0] then  = {1'b0, step} - {1'b0, delay};
            wire        unused = &{1'b0, then};
            reg [DELAY_AW-1:0]   row;
            reg [HISTORY_AW-1:0] place;
            reg                  early;
            always @(posedge clk) begin
                if (state == LAYER) begin
                    row    <= then[DELAY_AW-1:0];
                    early <= then[12];
                end
                if (state == OFFSET || state == KEEP)      place <= i_table_data[HISTORY_AW-1:0];
                else if (state == FILL || scan || o_step)  place <= place + 1'b1;
            end
            assign o_row_now = step[DELAY_AW-1:0];
            assign o_history = place;
            assign o_row     = row;
            assign mute      = early;
        end
    endgenerate

    sc_spike_layer #(.LANES(LANES), .LOG2_ENTRIES(LOG2_ENTRIES), .STATE_AW(STATE_AW), .WORDS(WORDS)) u_layer (
        .clk(clk), .rst(rst), .i_begin(o_begin),
        .i_start(state == GROUPS), .i_list_last(list_last), .i_groups(i_table_data[LOG2_ENTRIES-1:0]),
        .i_last_lane(last_lane), .i_once(once), .i_scored(last_layer), .i_answer(last_step || (i_answer && !same)),
        .o_visit_ptr(o_visit_ptr), .o_addr_last(o_addr_last), .o_lane_valid(o_lane_valid), .o_lane_last(o_lane_last),
        .o_sum_last(o_sum_last), .o_next(next), .o_rewind(rewind), .o_first(o_first), .o_left(o_left), .o_step(o_step),
        .o_score(o_score), .o_state(o_state), .o_state_was(o_state_was), .o_y_valid(o_y_valid), .i_y_ready(i_y_ready),
        .o_neuron(o_neuron), .o_at_end(o_y_last), .o_end(layer_end)
    );
endmodule
`default_nettype wire
