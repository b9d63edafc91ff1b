// SPDX-License-Identifier: Apache-2.0
// Control of the time-unrolled engine: reads the layer table, lists the non-zero activations of a layer, visits them
// once for every LANES neurons of the next, drains the sums. It handles no data, so it is proven without memories.
//
// Order      HEAD (table word 2: inputs) - LOAD (inputs in) - BIAS (closes the list, A7) - then for each layer
//            NEURONS, WAIT, THETA (table) - RUN - BIAS; after the last layer's last score back to HEAD.
//            RUN has two sides. Visit: one list entry a clock, the whole list once for each group of LANES neurons.
//            Drain: a group's sums one neuron at a time, while the next group is visited; the last entry of a group
//            waits until the group before it is drained.
// Table      words 0, 1: network tag (ignored here); word 2: inputs; then for each layer: neurons, with bit 15 set in
//            the last layer; theta. 0 inputs = not configured: waits in HEAD.
// Handshake  valid/ready; a valid holds until its ready. rst may come at any clock, and abandons the inference.
// Latency    of a layer, in clocks: entries * groups + 2 or 3 a neuron of the last group + its ones + 8.
// Model      sc_neurocore.hardware.estimate.clocks
// Proof      formal/sc_engine_ctrl_fv.v
`default_nettype none
module sc_engine_ctrl #(
    parameter LOG2L        = 4,            // 2 .. 8
    parameter LANES        = 2,            // 1 .. 64 neurons visited at a time
    parameter LOG2_ENTRIES = 8,            // 2 .. 12: a layer has at most 2^LOG2_ENTRIES - 1 inputs or neurons
    parameter TABLE_AW     = 5             // 3 .. 8
) (
    input  wire                    clk,
    input  wire                    rst,
    output wire                    o_begin,       // no inference is under way
    // Layer table: the word at o_table_addr arrives one clock later.
    output reg  [TABLE_AW-1:0]     o_table_addr,
    input  wire [15:0]             i_table_data,
    output wire                    o_take_theta,  // i_table_data is the threshold of the layer about to run
    // Inputs.
    input  wire                    i_x_valid,
    output wire                    o_x_ready,
    input  wire                    i_x_nonzero,
    output wire [LOG2_ENTRIES-1:0] o_width,       // while o_x_ready: inputs of the network
    // List of non-zero activations: write side.
    output wire                    o_push,
    output wire [LOG2_ENTRIES-1:0] o_push_ptr,
    output reg  [LOG2_ENTRIES-1:0] o_push_index,
    output wire                    o_push_bias,   // the value is L
    output wire                    o_push_input,  // the value is the input word; else o_push_count
    output reg  [LOG2L:0]          o_push_count,
    // Read side, and the pipeline behind it.
    output reg                     o_bank,        // the bank written; the other one is read
    output reg  [LOG2_ENTRIES-1:0] o_visit_ptr,
    output reg                     o_addr_last,   // stage 1, the weight is addressed: the entry ends its group
    output reg                     o_lane_valid,  // stage 2: the weight is here
    output reg                     o_lane_last,   // ... and ends its group
    output reg                     o_sum_last,    // stage 3: the lanes' sums are complete
    // Drain.
    output wire                    o_drain_load,  // the neuron takes the front sum
    output wire                    o_drain_shift, // the next sum comes to the front
    input  wire                    i_spike,
    output wire                    o_y_valid,
    input  wire                    i_y_ready,
    output wire                    o_y_last
);
    generate
        if (LOG2L < 2 || LOG2L > 8) begin : g_illegal_log2l
            ERROR_LOG2L_must_be_in_2_to_8 u_illegal ();
        end
        if (LANES < 1 || LANES > 64) begin : g_illegal_lanes
            ERROR_LANES_must_be_in_1_to_64 u_illegal ();
        end
        if (LOG2_ENTRIES < 2 || LOG2_ENTRIES > 12) begin : g_illegal_entries
            ERROR_LOG2_ENTRIES_must_be_in_2_to_12 u_illegal ();
        end
        if (TABLE_AW < 3 || TABLE_AW > 8) begin : g_illegal_table_aw
            ERROR_TABLE_AW_must_be_in_3_to_8 u_illegal ();
        end
    endgenerate

    localparam LANE_W = LANES == 1 ? 1 : $clog2(LANES);
    localparam [2:0] HEAD = 0, HEAD_TAKE = 1, LOAD = 2, BIAS = 3, NEURONS = 4, WAIT = 5, THETA = 6, RUN = 7;
    localparam [1:0] EMPTY = 0, TAKE = 1, EMIT = 2, SCORE = 3;
    localparam [LOG2_ENTRIES-1:0] ONE = 1;
    localparam [31:0]           LAST_LANE = LANES - 1;

    reg [2:0]              state;
    reg [1:0]              drain;
    reg [LOG2_ENTRIES-1:0] width;        // entries that the list being written will see: inputs, then neurons
    reg                    last_layer;
    reg [LOG2_ENTRIES-1:0] push_ptr, list_end;
    reg [LOG2_ENTRIES-1:0] unvisited;    // neurons of this layer whose group has not been visited
    reg                    visiting;     // groups are left to visit
    reg                    reserved;     // the drain is promised to a group, from its last entry on
    reg [LANE_W-1:0]       lane;         // neuron of the group in the drain
    reg                    addr_valid;   // stage 1 holds an entry

    // Load and drain both write a list of `width` values in order, the bias after them.
    wire x_beat   = i_x_valid && o_x_ready;
    wire at_end   = o_push_index == width - ONE;
    wire counted  = drain == EMIT && (!i_spike || o_push_count[LOG2L]);
    wire scored   = o_y_valid && i_y_ready;
    wire neuron   = counted || scored;   // a neuron leaves the drain
    wire group_ends = neuron && (at_end || lane == LAST_LANE[LANE_W-1:0]);

    assign o_x_ready     = state == LOAD;
    assign o_width       = width;
    assign o_push_bias   = state == BIAS;
    assign o_push_input  = state == LOAD;
    assign o_push        = state == BIAS || (x_beat && i_x_nonzero) || (counted && o_push_count != 0);
    assign o_push_ptr    = push_ptr;
    assign o_take_theta  = state == THETA;
    assign o_drain_load  = drain == TAKE;
    assign o_drain_shift = neuron;
    assign o_y_valid     = drain == SCORE;
    assign o_y_last      = at_end;
    assign o_begin       = state == HEAD;

    // Table and phases.
    always @(posedge clk)
        if (rst) begin
            state        <= HEAD;
            o_table_addr <= 2;
            last_layer   <= 1'b0;
            width        <= 0;
        end else case (state)
            HEAD:    state <= HEAD_TAKE;
            HEAD_TAKE: begin
                width <= i_table_data[LOG2_ENTRIES-1:0];
                if (i_table_data[LOG2_ENTRIES-1:0] != 0) begin
                    state        <= LOAD;
                    o_table_addr <= o_table_addr + 1'b1;
                end
            end
            LOAD:    if (x_beat && at_end) state <= BIAS;
            BIAS:    state <= NEURONS;
            NEURONS: begin
                width        <= i_table_data[LOG2_ENTRIES-1:0];
                last_layer   <= i_table_data[15];
                o_table_addr <= o_table_addr + 1'b1;
                state        <= WAIT;
            end
            WAIT:    state <= THETA;
            THETA: begin
                o_table_addr <= o_table_addr + 1'b1;
                state        <= RUN;
            end
            default: if (neuron && at_end) begin
                state <= last_layer ? HEAD : BIAS;
                if (last_layer) o_table_addr <= 2;
            end
        endcase

    // List being written.
    always @(posedge clk)
        if (rst || state == HEAD || state == THETA) begin
            push_ptr     <= 0;
            o_push_index <= 0;
        end else begin
            if (o_push)           push_ptr     <= push_ptr + ONE;
            if (x_beat || neuron) o_push_index <= o_push_index + ONE;
        end

    always @(posedge clk)
        if (rst)                 o_bank <= 1'b0;
        else if (state == THETA) o_bank <= ~o_bank;

    // Visit.
    wire entry_last = o_visit_ptr == list_end;
    wire visit      = state == RUN && visiting && !(entry_last && reserved);
    wire [31:0] unvisited_x = {{(32-LOG2_ENTRIES){1'b0}}, unvisited};
    wire        group_last  = unvisited_x <= LANES;
    wire [31:0] rest        = unvisited_x - LANES;
    wire        unused      = &{1'b0, rest, i_table_data};       // their upper bits

    always @(posedge clk)
        if (rst || state == THETA) begin
            o_visit_ptr <= 0;
            list_end    <= push_ptr - ONE;
            unvisited   <= width;
            visiting    <= !rst;
        end else if (visit) begin
            o_visit_ptr <= entry_last ? {LOG2_ENTRIES{1'b0}} : o_visit_ptr + ONE;
            if (entry_last) begin
                unvisited <= rest[LOG2_ENTRIES-1:0];
                visiting  <= !group_last;
            end
        end

    always @(posedge clk)
        if (rst || group_ends)        reserved <= 1'b0;
        else if (visit && entry_last) reserved <= 1'b1;

    always @(posedge clk) begin
        addr_valid   <= !rst && visit;
        o_addr_last  <= !rst && visit && entry_last;
        o_lane_valid <= !rst && addr_valid;
        o_lane_last  <= !rst && o_addr_last;
        o_sum_last   <= !rst && o_lane_last;
    end

    // Drain.
    always @(posedge clk)
        if (rst) drain <= EMPTY;
        else case (drain)
            EMPTY:   if (o_sum_last) drain <= last_layer ? SCORE : TAKE;
            TAKE:    drain <= EMIT;
            EMIT:    if (counted) drain <= group_ends ? EMPTY : TAKE;
            default: if (group_ends) drain <= EMPTY;
        endcase

    always @(posedge clk)
        if (rst || drain == EMPTY) lane <= 0;
        else if (neuron)           lane <= lane + 1'b1;

    always @(posedge clk)
        if (rst || drain != EMIT) o_push_count <= 0;
        else if (!counted)        o_push_count <= o_push_count + 1'b1;
endmodule
`default_nettype wire
