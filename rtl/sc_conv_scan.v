// SPDX-License-Identifier: Apache-2.0
// Input scanner of the convolution engine: reads a layer's values in the order row, column, channel, a value a clock, and
// passes those on that are not 0 and reach an output position, each with the addresses of its first tap.
//
// Update     first sum = that of the row + that of the column; first weight likewise, + the layer's first weight + the
//            channel's offset. Both come from coordinate words in the table: bits 0 .. 13 sum, 14 .. 25 weight, 26 .. 31
//            taps (0: the kernel reaches no position from there). In pooling (i_pool) channel c goes to lane c mod LANES
//            of sum word c div LANES.
// Memories   both answer in the clock after their address: values at o_addr, coordinates at o_coord_addr.
// Handshake  i_start begins a layer, whose parameters hold while o_active or o_valid. valid/take: the next input stands
//            until it is taken, and the one after it is sought meanwhile.
// Latency    the first value is looked at 2 clocks after i_start; every further row takes one clock more.
// Format     i_rows, i_cols, i_channels: numbers less 1.
// Model      sc_neurocore.hardware.estimate.conv_clocks
// Proof      formal/sc_conv_scan_fv.v
`default_nettype none
module sc_conv_scan #(
    parameter LOG2L     = 4,               // 2 .. 8
    parameter LANES     = 2,               // 1 .. 64
    parameter ACT_AW    = 10,              // 2 .. 16
    parameter ACC_AW    = 8,               // 1 .. 14
    parameter WEIGHT_AW = 14,              // 1 .. 24
    parameter COORD_AW  = 7,               // 4 .. 11
    parameter POOL      = 0                // 0: no pooling, 1: i_pool works
) (
    input  wire                 clk,
    input  wire                 rst,
    // Layer.
    input  wire                 i_start,
    input  wire [ACT_AW-1:0]    i_first,           // address of the first value
    input  wire [COORD_AW-1:0]  i_rows,
    input  wire [COORD_AW-1:0]  i_cols,
    input  wire [ACT_AW-1:0]    i_channels,
    input  wire [COORD_AW-1:0]  i_rows_at,         // address of the first row's coordinate
    input  wire [COORD_AW-1:0]  i_cols_at,         // needed from the clock after i_start on
    input  wire [WEIGHT_AW-1:0] i_weights_at,
    input  wire [15:0]          i_channel_weights, // weights of a channel
    input  wire                 i_pool,
    output wire                 o_active,
    output reg  [COORD_AW-1:0]  o_col_addr,        // of the coordinate looked at; after a layer its last one
    // Memories.
    output wire [ACT_AW-1:0]    o_addr,
    input  wire [LOG2L:0]       i_x,
    output wire [COORD_AW-1:0]  o_coord_addr,
    input  wire [31:0]          i_coord,
    // Inputs for the visits; taps less 1.
    output reg                  o_valid,
    input  wire                 i_take,
    output reg  [LOG2L:0]       o_x,
    output reg  [LANES-1:0]     o_lanes,
    output reg  [ACC_AW-1:0]    o_acc,
    output reg  [WEIGHT_AW-1:0] o_weight,
    output reg  [5:0]           o_rows,
    output reg  [5:0]           o_cols
);
    generate
        if (LOG2L < 2 || LOG2L > 8) begin : g_illegal_log2l
            ERROR_LOG2L_must_be_in_2_to_8 u_illegal ();
        end
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
        if (POOL != 0 && POOL != 1) begin : g_illegal_pool
            ERROR_POOL_must_be_0_or_1 u_illegal ();
        end
    endgenerate

    localparam [1:0] IDLE = 0, ROW = 1, LOOK = 2;  // ROW: a row's coordinate is here; LOOK: a value and its column's
    localparam [COORD_AW-1:0] ONE = 1;

    reg  [1:0]           state;
    reg  [ACT_AW-1:0]    addr, channels_left;
    reg  [COORD_AW-1:0]  row_addr, rows_left, cols_left;
    reg  [ACC_AW-1:0]    row_acc;
    reg  [WEIGHT_AW-1:0] row_weight, weight;       // of the row's first channel; of this one
    reg  [5:0]           row_taps;

    wire [5:0]           coord_taps   = i_coord[31:26];
    wire [31:0]          coord_weight = {20'd0, i_coord[25:14]};
    wire [31:0]          step         = {16'd0, i_channel_weights};
    wire                 unused       = &{1'b0, coord_weight, step, i_coord};

    wire looking  = state == LOOK;
    wire wanted   = i_x != 0 && coord_taps != 0 && row_taps != 0;
    wire room     = !o_valid || i_take;
    wire advance  = looking && (!wanted || room);
    wire col_ends = advance && channels_left == 0;
    wire row_ends = col_ends && cols_left == 0;
    wire ends     = row_ends && rows_left == 0;

    assign o_active     = state != IDLE;
    assign o_addr       = addr + {{(ACT_AW-1){1'b0}}, advance};
    assign o_coord_addr = state == IDLE ? i_rows_at
                        : state == ROW  ? i_cols_at
                        : row_ends      ? row_addr
                        : o_col_addr + {{(COORD_AW-1){1'b0}}, col_ends};

    always @(posedge clk)
        if (rst) state <= IDLE;
        else case (state)
            IDLE:    if (i_start) state <= ROW;
            ROW:     state <= LOOK;
            default: if (ends) state <= IDLE; else if (row_ends) state <= ROW;
        endcase

    always @(posedge clk) begin
        if (i_start) begin
            addr       <= i_first;
            row_addr   <= i_rows_at + ONE;
            rows_left  <= i_rows;
        end
        if (state == ROW) begin
            row_acc       <= i_coord[ACC_AW-1:0];
            row_taps      <= coord_taps;
            row_weight    <= i_weights_at + coord_weight[WEIGHT_AW-1:0];
            weight        <= i_weights_at + coord_weight[WEIGHT_AW-1:0];
            o_col_addr    <= i_cols_at;
            cols_left     <= i_cols;
            channels_left <= i_channels;
        end
        if (advance) begin
            addr          <= o_addr;
            channels_left <= col_ends ? i_channels : channels_left - 1'b1;
            weight        <= col_ends ? row_weight : weight + step[WEIGHT_AW-1:0];
            if (col_ends && !row_ends) begin
                o_col_addr <= o_coord_addr;
                cols_left  <= cols_left - ONE;
            end
            if (row_ends) begin
                row_addr   <= row_addr + ONE;
                rows_left  <= rows_left - ONE;
            end
        end
    end

    // Lane and sum word of the channel, for pooling.
    wire [ACC_AW-1:0] acc;
    wire [LANES-1:0]  lanes;
    generate
        if (POOL != 0) begin : g_pool
            localparam [LANES-1:0] FIRST = 1;
            reg  [LANES-1:0]  ring;
            reg  [ACC_AW-1:0] word;
            wire [LANES:0]    turned = {ring, ring[LANES-1]};
            always @(posedge clk)
                if (state == ROW) begin
                    ring <= FIRST;
                    word <= i_coord[ACC_AW-1:0];
                end else if (col_ends) begin
                    ring <= FIRST;
                    word <= row_acc;
                end else if (advance) begin
                    ring <= turned[LANES-1:0];
                    word <= word + {{(ACC_AW-1){1'b0}}, i_pool && ring[LANES-1]};
                end
            assign acc   = word;
            assign lanes = ring;
            wire unused_turned = &{1'b0, turned[LANES]};
        end else begin : g_plain
            wire unused_pool = &{1'b0, i_pool};
            assign acc   = row_acc;
            assign lanes = {LANES{1'b0}};
        end
    endgenerate

    always @(posedge clk)
        if (rst)                                o_valid <= 1'b0;
        else if (looking && wanted && room)     o_valid <= 1'b1;
        else if (i_take)                        o_valid <= 1'b0;

    always @(posedge clk)
        if (looking && wanted && room) begin
            o_x      <= i_x;
            o_lanes  <= lanes;
            o_acc    <= acc + i_coord[ACC_AW-1:0];
            o_weight <= weight + coord_weight[WEIGHT_AW-1:0];
            o_rows   <= row_taps - 6'd1;
            o_cols   <= coord_taps - 6'd1;
        end
endmodule
`default_nettype wire
