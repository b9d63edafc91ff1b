// SPDX-License-Identifier: Apache-2.0
// Convolution engine (A19): runs networks of dense, convolution and pooling layers in any order, driven by the values
// that are not 0, from a layer table and weights in memory.
//
// Use        takes the network's inputs, one code a beat; answers with one score a value of the last layer; o_y_last
//            marks the last, and o_y_class is then the class (A9). A new inference starts only after that.
// Order      each value of a layer that is not 0 visits the output positions that the kernel reaches from it; a visit
//            adds one synapse of LANES output channels to the sums of one position. When all are done the sums leave, in
//            order, through the neuron. A dense layer is a convolution with one position.
// Weights    the memory is outside, so that a board may choose it: the word at o_weight_addr arrives one clock later.
//            A word holds one synapse of LANES channels, lane k at bits k*(LOG2L+1) upward; words lie in the order layer,
//            biases before the rest, channel in, kernel row, kernel column, group of LANES channels out; kernel rows and
//            columns by their remainder modulo the stride.
// Table      16-bit words, a pair of which is a word of sc_conv_ctrl, the even one its low half; written over i_table_*,
//            or initialised from TABLE_FILE (32-bit words). The odd word of a pair is written after the even one, and
//            writes both. The host holds rst while it writes table or weights.
// Latency    sc_neurocore.hardware.estimate.conv_clocks; after rst 2^ACC_AW + 4 clocks more, to clear the sums
// Format     i_x unsigned 0 .. L; o_y_score signed SUM_W bits: S, or S * L with MAC = 1. SUM_W holds every layer's sums.
// MAC = 1    the integer peer of the tables; needs FRAC >= LOG2L.
// Model      sc_neurocore.golden
// Proof      formal/sc_conv_engine_fv.v, for any parts; tb/test_conv_engine.py runs whole networks
`default_nettype none
module sc_conv_engine #(
    parameter LOG2L      = 4,              // 2 .. 8: L = 2^LOG2L
    parameter LANES      = 2,              // 1 .. 64
    parameter FRAC       = 4,              // 0 .. 15: fraction bits of theta
    parameter ACT_AW     = 10,             // 2 .. 16: a layer's inputs and outputs are at most 2^ACT_AW values
    parameter ACC_AW     = 8,              // 1 .. 14: positions * groups of LANES channels of a layer, at most 2^ACC_AW
    parameter WEIGHT_AW  = 14,             // 1 .. 24: address bits of the weight memory
    parameter TABLE_AW   = 8,              // 5 .. 12: address bits of the layer table
    parameter SUM_W      = 13,             // LOG2L + 2 .. 32; with MAC = 1 at least 2 * LOG2L + 2
    parameter POOL       = 0,              // 0: no pooling layers, 1: with pooling layers
    parameter TABLE_FILE = "",             // empty: the table is written by the host
    parameter MAC        = 0               // 0: stochastic, 1: integer multiply-accumulate
) (
    input  wire                         clk,
    input  wire                         rst,
    input  wire                         i_x_valid,
    output wire                         o_x_ready,
    input  wire [LOG2L:0]               i_x,
    output wire [ACT_AW-1:0]            o_x_count,     // while o_x_ready: inputs of the network
    output wire                         o_y_valid,
    input  wire                         i_y_ready,
    output wire [SUM_W-1:0]             o_y_score,
    output wire [ACT_AW-1:0]            o_y_class,     // index of the greatest score so far
    output wire                         o_y_last,
    output wire [WEIGHT_AW-1:0]         o_weight_addr,
    input  wire [LANES*(LOG2L+1)-1:0]   i_weight,
    input  wire                         i_table_we,
    input  wire [TABLE_AW-1:0]          i_table_addr,  // also the address read while rst is held
    input  wire [15:0]                  i_table_data,
    output wire [15:0]                  o_table_data
);
    localparam X_W      = LOG2L + 1;
    localparam COORD_AW = TABLE_AW - 1;
    localparam [X_W-1:0] FULL = 1 << LOG2L;
    generate
        if (MAC != 0 && FRAC < LOG2L) begin : g_illegal_mac
            ERROR_MAC_needs_FRAC_of_at_least_LOG2L u_illegal ();
        end
        if (FRAC < 0 || FRAC > 15) begin : g_illegal_frac
            ERROR_FRAC_must_be_in_0_to_15 u_illegal ();
        end
        if (TABLE_AW < 5 || TABLE_AW > 12) begin : g_illegal_table_aw
            ERROR_TABLE_AW_must_be_in_5_to_12 u_illegal ();
        end
    endgenerate

    // Layer table.
    wire [COORD_AW-1:0] table_addr, coord_addr;
    wire [31:0]         table_word;
    reg  [15:0]         even;
    reg                 odd;
    always @(posedge clk) begin
        if (i_table_we && !i_table_addr[0]) even <= i_table_data;
        odd <= i_table_addr[0];
    end
    sc_mem #(.WIDTH(32), .DEPTH(1 << COORD_AW), .INIT_FILE(TABLE_FILE)) u_table (
        .clk(clk), .i_we(i_table_we && i_table_addr[0]), .i_waddr(i_table_addr[TABLE_AW-1:1]),
        .i_wdata({i_table_data, even}), .i_raddr(rst ? i_table_addr[TABLE_AW-1:1] : coord_addr), .o_rdata(table_word)
    );
    assign o_table_data = odd ? table_word[31:16] : table_word[15:0];

    // Control.
    wire                 write, code_valid, code_last, pool, max, start, scanning, clear, shift, loaded;
    wire                 neuron_valid, neuron_last, source_valid, visit_take, visiting, step;
    wire [ACT_AW-1:0]    write_addr, first, channels;
    wire [15:0]          theta, channel_weights, row_weights;
    wire [COORD_AW-1:0]  rows, cols, cols_at, col_addr;
    wire [WEIGHT_AW-1:0] weights_at;
    wire [11:0]          groups;
    wire [ACC_AW-1:0]    tap_step, row_step, source_acc;
    wire                 scan_active, scan_valid;

    sc_conv_ctrl #(
        .LANES(LANES), .ACT_AW(ACT_AW), .ACC_AW(ACC_AW), .WEIGHT_AW(WEIGHT_AW), .COORD_AW(COORD_AW)
    ) u_ctrl (
        .clk(clk), .rst(rst), .o_table_addr(table_addr), .i_table_data(table_word),
        .i_x_valid(i_x_valid), .o_x_ready(o_x_ready), .o_x_count(o_x_count),
        .o_y_valid(o_y_valid), .i_y_ready(i_y_ready), .o_y_last(o_y_last),
        .o_write(write), .o_write_addr(write_addr), .i_code_valid(code_valid), .i_code_last(code_last),
        .o_theta(theta), .o_pool(pool), .o_max(max), .o_first(first), .o_rows(rows), .o_cols(cols),
        .o_channels(channels), .o_cols_at(cols_at), .o_weights_at(weights_at), .o_channel_weights(channel_weights),
        .o_groups(groups), .o_tap_step(tap_step), .o_row_step(row_step), .o_row_weights(row_weights),
        .o_start(start), .i_scanning(scanning), .i_col_addr(col_addr), .o_clear(clear),
        .o_source_valid(source_valid), .i_source_take(visit_take && clear), .o_source_acc(source_acc),
        .i_visiting(visiting), .o_step(step),
        .i_loaded(loaded), .o_shift(shift), .o_neuron_valid(neuron_valid), .o_neuron_last(neuron_last)
    );

    // Values: a layer's inputs and outputs. An input above L acts as L (A2); the integer peer takes it as it is.
    wire [X_W-1:0]    x, code;
    wire [X_W-1:0]    x_in = MAC == 0 && i_x[LOG2L] ? FULL : i_x;
    wire [ACT_AW-1:0] scan_addr;
    sc_mem #(.WIDTH(X_W), .DEPTH(1 << ACT_AW)) u_values (
        .clk(clk), .i_we(write), .i_waddr(write_addr), .i_wdata(o_x_ready ? x_in : code),
        .i_raddr(scan_addr), .o_rdata(x)
    );

    // From values to visits.
    wire [X_W-1:0]       scan_x, visit_x;
    wire [LANES-1:0]     scan_lanes, visit_lanes;
    wire [ACC_AW-1:0]    scan_acc, visit_acc;
    wire [WEIGHT_AW-1:0] scan_weight;
    wire [5:0]           scan_rows, scan_cols;
    assign scanning = scan_active || scan_valid;

    sc_conv_scan #(
        .LOG2L(LOG2L), .LANES(LANES), .ACT_AW(ACT_AW), .ACC_AW(ACC_AW), .WEIGHT_AW(WEIGHT_AW), .COORD_AW(COORD_AW),
        .POOL(POOL)
    ) u_scan (
        .clk(clk), .rst(rst), .i_start(start), .i_first(first), .i_rows(rows), .i_cols(cols), .i_channels(channels),
        .i_rows_at(table_addr), .i_cols_at(cols_at), .i_weights_at(weights_at), .i_channel_weights(channel_weights),
        .i_pool(pool), .o_active(scan_active), .o_col_addr(col_addr),
        .o_addr(scan_addr), .i_x(x), .o_coord_addr(coord_addr), .i_coord(table_word),
        .o_valid(scan_valid), .i_take(visit_take && !clear), .o_x(scan_x), .o_lanes(scan_lanes), .o_acc(scan_acc),
        .o_weight(scan_weight), .o_rows(scan_rows), .o_cols(scan_cols)
    );

    sc_conv_visit #(.LOG2L(LOG2L), .LANES(LANES), .ACC_AW(ACC_AW), .WEIGHT_AW(WEIGHT_AW)) u_visit (
        .clk(clk), .rst(rst), .i_groups(groups), .i_tap_step(tap_step), .i_row_step(row_step),
        .i_row_weights(row_weights),
        .i_valid(clear ? source_valid : scan_valid), .o_take(visit_take), .i_x(clear ? FULL : scan_x),
        .i_lanes(clear ? {LANES{1'b0}} : scan_lanes), .i_acc(clear ? source_acc : scan_acc),
        .i_weight(clear ? weights_at : scan_weight), .i_rows(clear ? 6'd0 : scan_rows),
        .i_cols(clear ? 6'd0 : scan_cols),
        .i_step(step), .o_valid(visiting), .o_x(visit_x), .o_lanes(visit_lanes), .o_acc(visit_acc),
        .o_weight(o_weight_addr)
    );

    // Sums, neuron.
    wire [SUM_W-1:0] front;
    sc_conv_sums #(
        .LOG2L(LOG2L), .LANES(LANES), .ACC_AW(ACC_AW), .SUM_W(SUM_W), .POOL(POOL), .MAC(MAC)
    ) u_sums (
        .clk(clk), .rst(rst), .i_pool(pool), .i_max(max), .i_valid(visiting && step), .i_clear(clear),
        .i_addr(visit_acc), .i_x(visit_x), .i_lanes(visit_lanes), .i_weight(i_weight),
        .o_loaded(loaded), .i_shift(shift), .o_front(front)
    );
    sc_window_code #(.LOG2L(LOG2L), .ACC_W(SUM_W), .FRAC(MAC != 0 ? FRAC - LOG2L : FRAC), .THETA_W(16)) u_neuron (
        .clk(clk), .rst(rst), .i_valid(neuron_valid), .i_last(neuron_last), .i_s(front), .i_theta(theta),
        .o_valid(code_valid), .o_last(code_last), .o_code(code)
    );

    // Readout.
    reg  [SUM_W-1:0]  best;
    reg  [ACT_AW-1:0] best_index;
    wire greater = write_addr == 0 || $signed(front) > $signed(best);
    assign o_y_score = front;
    assign o_y_class = greater ? write_addr : best_index;
    always @(posedge clk)
        if (o_y_valid && i_y_ready && greater) begin
            best       <= front;
            best_index <= write_addr;
        end
endmodule
`default_nettype wire
