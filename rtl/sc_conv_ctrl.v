// SPDX-License-Identifier: Apache-2.0
// Control of the convolution engine: reads the layer table, takes the inputs, lets each layer be scanned, then drains
// its sums to the neuron or to the scores. It handles no data.
//
// Order      CLEAR (after rst: a clearing visit of every sum word) - HEAD (inputs) - LOAD (inputs in) - then for each
//            layer TABLE (8 words), SCAN (until every visit is done), DRAIN; after the last score back to HEAD.
// DRAIN      gives the visits an input of code L, the bias (A7), at every position in turn: one tap, all its groups. Such
//            a visit clears its sum word and brings the sums to the front, from which they leave lane by lane, to the
//            neuron one a clock. A visit is made when the sums before it will be gone by the time it brings its own.
// Table      words of 32 bits, the low 16 bits first: word 0 network tag (ignored here); word 1 inputs; then for each
//            layer: rows - 1 with bit 15 last layer, 14 pooling, 13 maximum | columns - 1; channels - 1 | theta; inputs
//            that DRAIN makes - 1 | groups - 1; groups visited a tap - 1 | sum step of a tap; sum step of a kernel row |
//            weights of a kernel row; weights of a channel | address of the layer's first output; weight address (two
//            halves) of the biases, from which weights count; address of the columns' coordinates | lanes in the last
//            group. Then a coordinate for each row and for each column (sc_conv_scan). 0 inputs = not configured.
// Handshake  valid/ready; a valid holds until its ready. rst may come at any clock, and abandons the inference.
// Model      sc_neurocore.hardware.estimate.conv_clocks
// Proof      formal/sc_conv_ctrl_fv.v
`default_nettype none
module sc_conv_ctrl #(
    parameter LANES     = 2,               // 1 .. 64
    parameter ACT_AW    = 10,              // 2 .. 16
    parameter ACC_AW    = 8,               // 1 .. 14
    parameter WEIGHT_AW = 14,              // 1 .. 24
    parameter COORD_AW  = 7                // 4 .. 11
) (
    input  wire                 clk,
    input  wire                 rst,
    output reg  [COORD_AW-1:0]  o_table_addr,      // while nothing is scanned
    input  wire [31:0]          i_table_data,      // one clock after its address
    // Inputs and outputs of the network.
    input  wire                 i_x_valid,
    output wire                 o_x_ready,
    output reg  [ACT_AW-1:0]    o_x_count,         // while o_x_ready: inputs of the network; 0: the table has none
    output wire                 o_y_valid,
    input  wire                 i_y_ready,
    output wire                 o_y_last,
    // Values being written: inputs, then codes; or scores being given.
    output wire                 o_write,
    output reg  [ACT_AW-1:0]    o_write_addr,
    input  wire                 i_code_valid,
    input  wire                 i_code_last,
    // The layer.
    output reg  [15:0]          o_theta,
    output reg                  o_pool,
    output reg                  o_max,
    output reg  [ACT_AW-1:0]    o_first,
    output reg  [COORD_AW-1:0]  o_rows,
    output reg  [COORD_AW-1:0]  o_cols,
    output reg  [ACT_AW-1:0]    o_channels,
    output reg  [COORD_AW-1:0]  o_cols_at,
    output reg  [WEIGHT_AW-1:0] o_weights_at,
    output reg  [15:0]          o_channel_weights,
    output reg  [11:0]          o_groups,
    output reg  [ACC_AW-1:0]    o_tap_step,
    output reg  [ACC_AW-1:0]    o_row_step,
    output reg  [15:0]          o_row_weights,
    // Scan and visits.
    output wire                 o_start,
    input  wire                 i_scanning,        // or an input waits to be visited
    input  wire [COORD_AW-1:0]  i_col_addr,
    output wire                 o_clear,           // visits clear, and take their inputs from here
    output reg                  o_source_valid,
    input  wire                 i_source_take,
    output reg  [ACC_AW-1:0]    o_source_acc,
    input  wire                 i_visiting,
    output wire                 o_step,
    // Sums.
    input  wire                 i_loaded,
    output wire                 o_shift,
    output wire                 o_neuron_valid,
    output wire                 o_neuron_last
);
    generate
        if (LANES < 1 || LANES > 64) begin : g_illegal_lanes
            ERROR_LANES_must_be_in_1_to_64 u_illegal ();
        end
        if (ACT_AW < 2 || ACT_AW > 16) begin : g_illegal_act_aw
            ERROR_ACT_AW_must_be_in_2_to_16 u_illegal ();
        end
        if (ACC_AW < 1 || ACC_AW > 14) begin : g_illegal_acc_aw
            ERROR_ACC_AW_must_be_in_1_to_14 u_illegal ();
        end
        if (WEIGHT_AW < 1 || WEIGHT_AW > 24) begin : g_illegal_weight_aw
            ERROR_WEIGHT_AW_must_be_in_1_to_24 u_illegal ();
        end
        if (COORD_AW < 4 || COORD_AW > 11) begin : g_illegal_coord_aw
            ERROR_COORD_AW_must_be_in_4_to_11 u_illegal ();
        end
    endgenerate

    localparam [2:0] CLEAR = 0, HEAD = 1, HEAD_TAKE = 2, LOAD = 3, TABLE = 4, SCAN = 5, DRAIN = 6;
    localparam [ACT_AW-1:0]   ONE_ACT   = 1;
    localparam [ACC_AW-1:0]   ONE_ACC   = 1;
    localparam [COORD_AW-1:0] ONE_COORD = 1;
    localparam [31:0]         ALL_LANES = LANES;

    wire [15:0] low = i_table_data[15:0], high = i_table_data[31:16];
    reg  [2:0]          state, word;
    reg                 last_layer;
    reg  [ACT_AW-1:0]   region;            // first output of the layer before, or of this one
    reg  [ACC_AW-1:0]   positions, source_left;
    reg  [11:0]         all_groups, group; // of the sums drained
    reg  [6:0]          last_lanes, left;  // sums at the front that have not left
    reg                 coming, final_sums;
    wire                unused = &{1'b0, i_table_data, ALL_LANES};

    wire draining  = state == DRAIN;
    wire x_beat    = i_x_valid && o_x_ready;
    wire y_beat    = o_y_valid && i_y_ready;
    wire scan_ends = state == SCAN && !o_start && !i_scanning && !i_visiting;
    wire loaded    = draining && i_loaded;
    wire at_end    = final_sums && left == 7'd1;
    wire code_ends = i_code_valid && i_code_last;

    assign o_x_ready      = state == LOAD;
    assign o_y_valid      = last_layer && left != 0;
    assign o_y_last       = at_end;
    assign o_write        = x_beat || i_code_valid;
    assign o_clear        = state == CLEAR || draining;
    assign o_shift        = left != 0 && (!last_layer || i_y_ready);
    assign o_neuron_valid = left != 0 && !last_layer;
    assign o_neuron_last  = at_end;
    // The sums that a visit brings come 3 clocks later.
    assign o_step         = !draining || (!coming && left <= (last_layer ? 7'd0 : 7'd3));

    // Phases.
    reg starting;                          // first clock of SCAN
    assign o_start = starting;
    always @(posedge clk) starting <= !rst && state == TABLE && word == 3'd7;

    always @(posedge clk)
        if (rst) begin
            state        <= CLEAR;
            word         <= 3'd0;
            o_table_addr <= ONE_COORD;
        end else case (state)
            CLEAR:     if (!o_source_valid && !i_visiting) state <= HEAD;
            HEAD:      state <= HEAD_TAKE;
            HEAD_TAKE: if (low[ACT_AW-1:0] != 0) begin
                state        <= LOAD;
                o_table_addr <= o_table_addr + ONE_COORD;
            end else state <= HEAD;
            LOAD:      if (x_beat && o_write_addr == o_x_count - ONE_ACT) begin
                state        <= TABLE;
                o_table_addr <= o_table_addr + ONE_COORD;
            end
            TABLE: begin
                word <= word + 3'd1;
                if (word == 3'd7) state <= SCAN;
                else o_table_addr <= o_table_addr + ONE_COORD;
            end
            SCAN:      if (scan_ends) begin
                state        <= DRAIN;
                o_table_addr <= i_col_addr + ONE_COORD;
            end
            default:   if (y_beat && at_end) begin
                state        <= HEAD;
                o_table_addr <= ONE_COORD;
            end else if (code_ends) begin
                state        <= TABLE;
                o_table_addr <= o_table_addr + ONE_COORD;
            end
        endcase

    // Parameters of the layer.
    always @(posedge clk) begin
        if (rst) o_x_count <= ONE_ACT;     // not known yet
        else if (state == HEAD_TAKE) o_x_count <= low[ACT_AW-1:0];
        if (state == HEAD) region <= {ACT_AW{1'b0}};
        else if (state == TABLE && word == 3'd5) begin
            o_first <= region;
            region  <= high[ACT_AW-1:0];
        end
        if (rst) begin
            last_layer <= 1'b0;
            o_groups   <= 12'd0;           // CLEAR steps by one
        end else if (state == TABLE)
            case (word)
                3'd0: begin
                    {last_layer, o_pool, o_max} <= low[15:13];
                    o_rows <= low[COORD_AW-1:0];
                    o_cols <= high[COORD_AW-1:0];
                end
                3'd1: {o_theta, o_channels} <= {high, low[ACT_AW-1:0]};
                3'd2: {all_groups, positions} <= {high[11:0], low[ACC_AW-1:0]};
                3'd3: {o_tap_step, o_groups} <= {high[ACC_AW-1:0], low[11:0]};
                3'd4: {o_row_weights, o_row_step} <= {high, low[ACC_AW-1:0]};
                3'd5: o_channel_weights <= low;
                3'd6: o_weights_at <= i_table_data[WEIGHT_AW-1:0];
                default: {last_lanes, o_cols_at} <= {high[6:0], low[COORD_AW-1:0]};
            endcase
    end

    // Values written, scores given.
    always @(posedge clk)
        if (state == HEAD)            o_write_addr <= {ACT_AW{1'b0}};
        else if (scan_ends)           o_write_addr <= region;
        else if (o_write || y_beat)   o_write_addr <= o_write_addr + ONE_ACT;

    // Inputs of the clearing visits: every word after rst, every position of a layer.
    wire [31:0] groups = {20'd0, o_groups};
    wire        unused_groups = &{1'b0, groups};
    always @(posedge clk)
        if (rst || scan_ends) begin
            o_source_valid <= 1'b1;
            o_source_acc   <= {ACC_AW{1'b0}};
            source_left    <= rst ? {ACC_AW{1'b1}} : positions;
        end else if (i_source_take) begin
            o_source_valid <= source_left != 0;
            o_source_acc   <= o_source_acc + groups[ACC_AW-1:0] + ONE_ACC;
            source_left    <= source_left - ONE_ACC;
        end

    // Drain.
    always @(posedge clk)
        if (rst || !draining) begin
            coming     <= 1'b0;
            left       <= 7'd0;
            group      <= 12'd0;
            final_sums <= 1'b0;
        end else begin
            if (loaded) coming <= 1'b0;
            else if (i_visiting && o_step) coming <= 1'b1;
            if (loaded) begin
                left       <= group == all_groups ? last_lanes : ALL_LANES[6:0];
                group      <= group == all_groups ? 12'd0 : group + 12'd1;
                final_sums <= !o_source_valid && !i_visiting;
            end else if (o_shift) left <= left - 7'd1;
        end
endmodule
`default_nettype wire
