// SPDX-License-Identifier: Apache-2.0
// The dense engine put together, for any parts (their outputs are free, see the end of the file), without a bound:
//   parts     control, table, list, neuron, the input's window and every lane get what must be at each of their ports, and
//             each the engine's parameters that are its own; so what is proven of a part holds in its place;
//   table     it is read at the host's address while rst is held, else at control's; the threshold is the word that control
//             took last;
//   list      the bank that control names takes index and value, which is L for the bias, the input, or the neuron's count;
//             the other bank is read;
//   weights   a group's words begin after the last one that the group before it addressed, those of an inference at 0: the
//             address is that beginning plus the index that the list gives;
//   lanes     each gets its own weight, and all get the value that the list gave a clock before, and with MAC = 0 its bits;
//   drain     the lanes' sums leave one by one, lane 0 first, 0 after the last;
//   readout   the score is the front sum, the class the first of those with the greatest score since the one of index 0.
// Nothing is assumed. What the parts are given (`seen`), give (`given`) and have as parameters (`values`), and the engine's
// registers, are connected by the script of the proof; those of the lanes by the names that they have after flattening.
`default_nettype none
module sc_engine_join_fv #(
    parameter LOG2L        = 4,
    parameter LANES        = 3,
    parameter FRAC         = 9,
    parameter LOG2_ENTRIES = 7,
    parameter WEIGHT_AW    = 11,
    parameter TABLE_AW     = 6,
    parameter MAC          = 0
) (
    input wire                       clk,
    input wire                       rst,
    input wire                       i_x_valid,
    input wire [LOG2L:0]             i_x,
    input wire                       i_y_ready,
    input wire [LANES*(LOG2L+1)-1:0] i_weight,
    input wire                       i_table_we,
    input wire [TABLE_AW-1:0]        i_table_addr,
    input wire [15:0]                i_table_data
);
    localparam E = LOG2_ENTRIES, X_W = LOG2L + 1, SUM_W = E + X_W + MAC * LOG2L;
    localparam [LOG2L:0] L = 1 << LOG2L;

    wire                 x_ready, y_valid, y_last;
    wire [E-1:0]         x_count, y_class;
    wire [SUM_W-1:0]     y_score;
    wire [WEIGHT_AW-1:0] weight_addr;
    wire [15:0]          table_data;
    sc_engine #(
        .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .LOG2_ENTRIES(LOG2_ENTRIES), .WEIGHT_AW(WEIGHT_AW), .TABLE_AW(TABLE_AW),
        .TABLE_FILE("t.mem"), .MAC(MAC)
    ) u_engine (
        .clk(clk), .rst(rst), .i_x_valid(i_x_valid), .o_x_ready(x_ready), .i_x(i_x), .o_x_count(x_count),
        .o_y_valid(y_valid), .i_y_ready(i_y_ready), .o_y_score(y_score), .o_y_class(y_class), .o_y_last(y_last),
        .o_weight_addr(weight_addr), .i_weight(i_weight), .i_table_we(i_table_we), .i_table_addr(i_table_addr),
        .i_table_data(i_table_data), .o_table_data(table_data)
    );

    // What the parts are given, what they give.
    (* keep *) wire [319:0] ctrl_seen, ctrl_given, ctrl_values, table_seen, table_given, table_values;
    (* keep *) wire [319:0] list_seen, list_given, list_values, window_seen, window_given, window_values;
    (* keep *) wire [319:0] neuron_seen, neuron_given, neuron_values;
    (* keep *) wire         table_file, list_none;

    wire                begins, take_theta, ctrl_x_ready, push, push_bias, push_input, bank, addr_last, lane_valid, lane_last;
    wire                sum_last, load, shift, ctrl_y_valid, ctrl_y_last;
    wire [TABLE_AW-1:0] table_at;
    wire [E-1:0]        count, push_at, push_index, visit_at;
    wire [LOG2L:0]      push_count;
    assign {begins, table_at, take_theta, ctrl_x_ready, count, push, push_at, push_index, push_bias, push_input, push_count,
            bank, visit_at, addr_last, lane_valid, lane_last, sum_last, load, shift, ctrl_y_valid, ctrl_y_last} = ctrl_given;
    wire [15:0]         word = table_given[15:0];
    wire [E-1:0]        index;
    wire [LOG2L:0]      x;
    assign {index, x} = list_given;
    wire                spike = neuron_given[0];

    // The lanes: generated like the engine's own, so that each wire here is one of a lane.
    wire [LANES*320-1:0]   lane_seen, lane_values;
    wire [LANES*SUM_W-1:0] sums;
    genvar k;
    generate
        for (k = 0; k < LANES; k = k + 1) begin : \u_engine.g_lane
            (* keep, hierconn *) wire [319:0] \u_lane.seen , \u_lane.given , \u_lane.values ;
            assign lane_seen[320*k +: 320]   = \u_lane.seen ;
            assign lane_values[320*k +: 320] = \u_lane.values ;
            assign sums[SUM_W*k +: SUM_W]    = \u_lane.given [SUM_W-1:0];
        end
    endgenerate

    // Threshold, beginning of a group's weights, value for the lanes.
    reg                 past_valid = 0, theta_known = 0, base_known = 0;
    reg [15:0]          threshold;
    reg [WEIGHT_AW-1:0] begin_at;
    reg [LOG2L:0]       past_x;
    wire [WEIGHT_AW-1:0] weight_at = begin_at + index;
    always @(posedge clk) begin
        past_valid <= 1;
        past_x     <= x;
        if (take_theta) {theta_known, threshold} <= {1'b1, word};
        if (rst || begins) {base_known, begin_at} <= 1 << WEIGHT_AW;
        else if (addr_last) begin_at <= weight_addr + 1;
    end

    // Of the group whose sums came last the one that leaves as number `lane`, which is free but constant, or the 0 that
    // follows; how many have left.
    (* anyconst *) wire [6:0] lane;
    reg                       sum_known = 0;
    reg  [SUM_W-1:0]          sum;
    reg  [6:0]                gone;
    wire [6:0]                place = lane - gone;
    (* keep *) wire [LANES*SUM_W-1:0] drained;
    reg  [SUM_W-1:0]          came, stays;             // that lane's sum, as it comes and where it must be
    integer j;
    always @* begin
        came  = 0;
        stays = 0;
        for (j = 0; j < LANES; j = j + 1) begin
            if (lane == j)  came  = sums[j*SUM_W +: SUM_W];
            if (place == j) stays = drained[j*SUM_W +: SUM_W];
        end
    end
    always @(posedge clk)
        if (sum_last) begin
            sum_known <= 1;
            sum       <= came;
            gone      <= 0;
        end else if (shift && gone != 127) gone <= gone + 1;

    // The greatest score so far, as an unsigned number, and the first index that had it.
    reg              top_known = 0;
    reg [SUM_W-1:0]  top;
    reg [E-1:0]      top_at;
    wire [SUM_W-1:0] front  = y_score;
    wire [SUM_W-1:0] level  = {~front[SUM_W-1], front[SUM_W-2:0]};
    wire             anew   = push_index == 0;
    wire             better = anew || level > top;
    always @(posedge clk)
        if (ctrl_y_valid && i_y_ready) begin
            if (anew) top_known <= 1;
            if (better) {top, top_at} <= {level, push_index};
        end

    // What the parts must be given.
    wire [TABLE_AW-1:0]  table_read = rst ? i_table_addr : table_at;
    wire                 nonzero    = |i_x;
    wire [LOG2L:0]       push_value = push_bias ? L : push_input ? i_x : push_count;
    wire                 other      = bank == 0;
    wire [L-1:0]         bits;
    wire [LANES*320-1:0] lane_due, lane_values_due;
    localparam NEURON_FRAC = FRAC - MAC * LOG2L;
    localparam LIST_W = E + X_W;
    generate
        if (MAC == 0) begin : g_window
            assign bits = window_given[L-1:0];
        end else begin : g_none
            assign bits = 0;
        end
        for (k = 0; k < LANES; k = k + 1) begin : g_due
            wire [LOG2L:0] weight = i_weight >> (k * X_W);
            wire [319:0]   due    = {rst, lane_valid, lane_last, past_x, bits, weight};
            wire [319:0]   values = {LOG2L, SUM_W, MAC};
            assign lane_due[320*k +: 320]        = due;
            assign lane_values_due[320*k +: 320] = values;
        end
    endgenerate

    (* keep *) wire [15:0]          theta;
    (* keep *) wire [WEIGHT_AW-1:0] base;
    (* keep *) wire [SUM_W-1:0]     best;
    (* keep *) wire [E-1:0]         best_index;
    wire [15:0]          neuron_theta = neuron_seen[15:0];
    wire [WEIGHT_AW-1:0] base_due     = begin_at - 1;
    always @* begin
        a_ctrl:    assert (ctrl_seen == {rst, word, i_x_valid, nonzero, spike, i_y_ready});
        a_table:   assert (table_seen == {i_table_we, i_table_addr, i_table_data, table_read});
        a_list:    assert (list_seen == {push, bank, push_at, push_index, push_value, other, visit_at});
        if (base_known) a_weights: assert (weight_addr == weight_at);
        if (past_valid) begin
            a_lanes: assert (lane_seen == lane_due);
            if (MAC == 0) a_window: assert (window_seen == past_x && window_values == {LOG2L, 32'd0});
        end
        a_neuron:  assert (neuron_seen[319:16] == {rst, load, 1'b1, front});
        if (theta_known) a_theta: assert (neuron_theta == threshold);
        if (sum_known && gone == lane && lane != 127) a_drain: assert (front == sum);
        a_outputs: assert ({x_ready, x_count, y_valid, y_last, table_data} == {ctrl_x_ready, count, ctrl_y_valid, ctrl_y_last, word});
        if (y_valid && (anew || top_known)) a_class: assert (y_class == (better ? push_index : top_at));
        i_theta:   assert (!theta_known || theta == threshold);
        i_base:    assert (!base_known || base == base_due);
        if (sum_known && lane >= LANES) i_zero: assert (sum == 0);
        if (sum_known && gone <= lane && place < LANES && lane != 127) i_drained: assert (stays == sum);
        i_best:    assert (!top_known || (best_index == top_at && best == {~top[SUM_W-1], top[SUM_W-2:0]}));
        a_parameters: assert (
            ctrl_values == {LOG2L, LANES, LOG2_ENTRIES, TABLE_AW}
            && table_file && table_values == {32'd16, 32'd1 << TABLE_AW}
            && list_none && list_values == {LIST_W, 32'd2 << E}
            && lane_values == lane_values_due
            && neuron_values == {SUM_W, NEURON_FRAC, 32'd16});
    end

    always @(posedge clk) if (past_valid) begin
        c_weights: cover (base_known && begin_at == 2 && index != 0);
        c_list:    cover (push && push_input && bank && push_value == L);
        c_drain:   cover (sum_known && lane == LANES - 1 && gone == lane && front != 0 && load && theta_known);
        c_class:   cover (y_valid && top_known && !anew && y_class != push_index && y_class != 0);
    end
endmodule

// ---- Any parts: their outputs are free; `seen` is what they are given, `values` their parameters.
module sc_engine_ctrl #(
    parameter LOG2L = 4,
    parameter LANES = 2,
    parameter LOG2_ENTRIES = 8,
    parameter TABLE_AW = 5
) (
    input  wire clk,
    input  wire rst,
    output wire o_begin,
    output wire [TABLE_AW-1:0] o_table_addr,
    input  wire [15:0] i_table_data,
    output wire o_take_theta,
    input  wire i_x_valid,
    output wire o_x_ready,
    input  wire i_x_nonzero,
    output wire [LOG2_ENTRIES-1:0] o_width,
    output wire o_push,
    output wire [LOG2_ENTRIES-1:0] o_push_ptr,
    output wire [LOG2_ENTRIES-1:0] o_push_index,
    output wire o_push_bias,
    output wire o_push_input,
    output wire [LOG2L:0] o_push_count,
    output wire o_bank,
    output wire [LOG2_ENTRIES-1:0] o_visit_ptr,
    output wire o_addr_last,
    output wire o_lane_valid,
    output wire o_lane_last,
    output wire o_sum_last,
    output wire o_drain_load,
    output wire o_drain_shift,
    input  wire i_spike,
    output wire o_y_valid,
    input  wire i_y_ready,
    output wire o_y_last
);
    (* keep *) wire [319:0] seen = {rst, i_table_data, i_x_valid, i_x_nonzero, i_spike, i_y_ready};
    (* anyseq *) wire [319:0] given;
    assign {o_begin, o_table_addr, o_take_theta, o_x_ready, o_width, o_push, o_push_ptr, o_push_index, o_push_bias,
        o_push_input, o_push_count, o_bank, o_visit_ptr, o_addr_last, o_lane_valid, o_lane_last, o_sum_last,
        o_drain_load, o_drain_shift, o_y_valid, o_y_last} = given;
    (* keep *) wire [319:0] values = {LOG2L, LANES, LOG2_ENTRIES, TABLE_AW};
endmodule

module sc_mem #(
    parameter WIDTH = 16,
    parameter DEPTH = 256,
    parameter INIT_FILE = "",
    parameter ADDR_W = $clog2(DEPTH)
) (
    input  wire clk,
    input  wire i_we,
    input  wire [ADDR_W-1:0] i_waddr,
    input  wire [WIDTH-1:0] i_wdata,
    input  wire [ADDR_W-1:0] i_raddr,
    output wire [WIDTH-1:0] o_rdata
);
    (* keep *) wire [319:0] seen = {i_we, i_waddr, i_wdata, i_raddr};
    (* anyseq *) wire [319:0] given;
    assign {o_rdata} = given;
    (* keep *) wire [319:0] values = {WIDTH, DEPTH};
    (* keep *) wire init_file = INIT_FILE == "t.mem";
    (* keep *) wire no_file = INIT_FILE == "";
endmodule

module sc_lane #(
    parameter LOG2L = 4,
    parameter ACC_W = 13,
    parameter MAC = 0
) (
    input  wire clk,
    input  wire rst,
    input  wire i_valid,
    input  wire i_last,
    input  wire [LOG2L:0] i_x,
    input  wire [(1<<LOG2L)-1:0] i_x_bits,
    input  wire [LOG2L:0] i_weight,
    output wire [ACC_W-1:0] o_sum
);
    (* keep *) wire [319:0] seen = {rst, i_valid, i_last, i_x, i_x_bits, i_weight};
    (* anyseq *) wire [319:0] given;
    assign {o_sum} = given;
    (* keep *) wire [319:0] values = {LOG2L, ACC_W, MAC};
endmodule

module sc_window_sng #(
    parameter LOG2L = 4,
    parameter SOURCE = 0
) (
    input  wire [LOG2L:0] i_x,
    output wire [(1<<LOG2L)-1:0] o_bits
);
    (* keep *) wire [319:0] seen = {i_x};
    (* anyseq *) wire [319:0] given;
    assign {o_bits} = given;
    (* keep *) wire [319:0] values = {LOG2L, SOURCE};
endmodule

module sc_window_if #(
    parameter ACC_W = 13,
    parameter FRAC = 4,
    parameter THETA_W = 16
) (
    input  wire clk,
    input  wire rst,
    input  wire i_load,
    input  wire i_en,
    input  wire [ACC_W-1:0] i_s,
    input  wire [THETA_W-1:0] i_theta,
    output wire o_spike
);
    (* keep *) wire [319:0] seen = {rst, i_load, i_en, i_s, i_theta};
    (* anyseq *) wire [319:0] given;
    assign {o_spike} = given;
    (* keep *) wire [319:0] values = {ACC_W, FRAC, THETA_W};
endmodule
`default_nettype wire
