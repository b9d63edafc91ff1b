// SPDX-License-Identifier: Apache-2.0
// The convolution engine put together, for any parts (their outputs are free, see the end of the file):
//   parts     control, scanner, visits, sums, neuron and both memories get what must be at each of their ports, and each
//             the engine's parameters that are its own; so what is proven of a part holds in its place;
//   table     a word is written with the odd one of its two addresses: that one's data above the last data written to an
//             even address. It is read at the host's address while rst is held, else at the scanner's; o_table_data is
//             the half that the address of the clock before names;
//   values    inputs while they are taken, of which one above L counts as L unless MAC = 1, else the neuron's codes;
//   clear     a clearing visit's input is one of code L, in no lane, of one tap, at control's address and the layer's
//             first weight, and control learns that it was taken; else it is the scanner's, which learns the same;
//   readout   the score is the front sum, the class the first of those with the greatest score since the one of index 0.
// Nothing is assumed. `best` and `best_index` are the engine's registers, `even` too; the script of the proof connects
// them, and what the parts are given (`seen`), give (`given`) and have as parameters (`values`).
`default_nettype none
module sc_conv_engine_fv #(
    parameter LOG2L     = 4,
    parameter LANES     = 3,
    parameter FRAC      = 9,
    parameter ACT_AW    = 6,
    parameter ACC_AW    = 5,
    parameter WEIGHT_AW = 11,
    parameter TABLE_AW  = 8,
    parameter SUM_W     = 13,
    parameter POOL      = 1,
    parameter MAC       = 0
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
    localparam COORD_AW = TABLE_AW - 1;
    localparam [LOG2L:0] L = 1 << LOG2L;

    wire                 x_ready, y_valid, y_last;
    wire [ACT_AW-1:0]    x_count, y_class;
    wire [SUM_W-1:0]     y_score;
    wire [WEIGHT_AW-1:0] weight_addr;
    wire [15:0]          table_data;
    sc_conv_engine #(
        .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .ACT_AW(ACT_AW), .ACC_AW(ACC_AW), .WEIGHT_AW(WEIGHT_AW),
        .TABLE_AW(TABLE_AW), .SUM_W(SUM_W), .POOL(POOL), .TABLE_FILE("t.mem"), .MAC(MAC)
    ) u_engine (
        .clk(clk), .rst(rst), .i_x_valid(i_x_valid), .o_x_ready(x_ready), .i_x(i_x), .o_x_count(x_count),
        .o_y_valid(y_valid), .i_y_ready(i_y_ready), .o_y_score(y_score), .o_y_class(y_class), .o_y_last(y_last),
        .o_weight_addr(weight_addr), .i_weight(i_weight), .i_table_we(i_table_we), .i_table_addr(i_table_addr),
        .i_table_data(i_table_data), .o_table_data(table_data)
    );

    // What the parts are given, what they give.
    (* keep *) wire [767:0] table_seen, table_given, table_values, data_seen, data_given, data_values;
    (* keep *) wire [767:0] ctrl_seen, ctrl_given, ctrl_values, scan_seen, scan_given, scan_values;
    (* keep *) wire [767:0] visit_seen, visit_given, visit_values, sums_seen, sums_given, sums_values;
    (* keep *) wire [767:0] neuron_seen, neuron_given, neuron_values;
    (* keep *) wire         table_file, data_none;

    wire [31:0]          word = table_given[31:0];
    wire [LOG2L:0]       value = data_given[LOG2L:0];
    wire [COORD_AW-1:0]  table_at, rows, cols, cols_at;
    wire                 ctrl_x_ready, ctrl_y_valid, ctrl_y_last, write, pool, max, start, clear, source, step, shift;
    wire                 to_neuron, to_neuron_last;
    wire [ACT_AW-1:0]    count, write_at, first, channels;
    wire [15:0]          theta, channel_weights, row_weights;
    wire [WEIGHT_AW-1:0] weights_at;
    wire [11:0]          groups;
    wire [ACC_AW-1:0]    tap_step, row_step, source_acc;
    assign {table_at, ctrl_x_ready, count, ctrl_y_valid, ctrl_y_last, write, write_at, theta, pool, max, first, rows, cols,
            channels, cols_at, weights_at, channel_weights, groups, tap_step, row_step, row_weights, start, clear, source,
            source_acc, step, shift, to_neuron, to_neuron_last} = ctrl_given;
    wire                 active, found;
    wire [COORD_AW-1:0]  col_addr, coord_addr;
    wire [ACT_AW-1:0]    scan_addr;
    wire [LOG2L:0]       scan_x;
    wire [LANES-1:0]     scan_lanes;
    wire [ACC_AW-1:0]    scan_acc;
    wire [WEIGHT_AW-1:0] scan_weight;
    wire [5:0]           scan_rows, scan_cols;
    assign {active, col_addr, scan_addr, coord_addr, found, scan_x, scan_lanes, scan_acc, scan_weight, scan_rows, scan_cols}
        = scan_given;
    wire                 take, visiting;
    wire [LOG2L:0]       visit_x;
    wire [LANES-1:0]     visit_lanes;
    wire [ACC_AW-1:0]    visit_acc;
    wire [WEIGHT_AW-1:0] visit_weight;
    assign {take, visiting, visit_x, visit_lanes, visit_acc, visit_weight} = visit_given;
    wire                 loaded;
    wire [SUM_W-1:0]     front;
    assign {loaded, front} = sums_given;
    wire                 code_valid, code_last;
    wire [LOG2L:0]       code;
    assign {code_valid, code_last, code} = neuron_given;

    // The table's two halves.
    reg        low_known = 0;
    reg [15:0] low;
    reg        past_valid = 0, high;
    always @(posedge clk) begin
        past_valid <= 1;
        high       <= i_table_addr % 2 == 1;
        if (i_table_we && i_table_addr % 2 == 0) begin
            low_known <= 1;
            low       <= i_table_data;
        end
    end
    wire                odd_write  = i_table_we && i_table_addr % 2 == 1;
    wire [COORD_AW-1:0] pair       = i_table_addr / 2;
    wire [COORD_AW-1:0] table_read = rst ? pair : coord_addr;

    // What is written as a value, what is visited.
    wire [LOG2L:0] input_value = MAC == 0 && i_x > L ? L : i_x;
    wire [LOG2L:0] new_value   = ctrl_x_ready ? input_value : code;
    wire           busy        = active | found;
    wire           scan_take   = clear ? 1'b0 : take;
    wire           source_take = clear ? take : 1'b0;
    wire           add         = visiting && step;
    wire [LANES-1:0] no_lane   = 0;

    // The greatest score so far, as an unsigned number, and the first index that had it.
    reg              top_known = 0;
    reg [SUM_W-1:0]  top;
    reg [ACT_AW-1:0] top_at;
    wire [SUM_W-1:0] level  = {~front[SUM_W-1], front[SUM_W-2:0]};
    wire             anew   = write_at == 0;
    wire             better = anew || level > top;
    always @(posedge clk)
        if (ctrl_y_valid && i_y_ready) begin
            if (anew) top_known <= 1;
            if (better) {top, top_at} <= {level, write_at};
        end

    // The parts' parameters, by the engine's.
    localparam NEURON_FRAC = FRAC - MAC * LOG2L;
    localparam X_W         = LOG2L + 1;
    (* keep *) wire [15:0]       even;
    (* keep *) wire [SUM_W-1:0]  best;
    (* keep *) wire [ACT_AW-1:0] best_index;
    wire [31:0] table_wdata = table_seen[COORD_AW +: 32];
    always @* begin
        a_ctrl:   assert (ctrl_seen == {rst, word, i_x_valid, i_y_ready, code_valid, code_last, busy, col_addr, source_take,
                                        visiting, loaded});
        a_table:  assert ({table_seen[767:COORD_AW+32], table_seen[COORD_AW-1:0]} == {odd_write, pair, table_read});
        a_word:   assert (table_wdata[31:16] == i_table_data && (!low_known || table_wdata[15:0] == low));
        a_values: assert (data_seen == {write, write_at, new_value, scan_addr});
        a_scan:   assert (scan_seen == {rst, start, first, rows, cols, channels, table_at, cols_at, weights_at, channel_weights,
                                        pool, value, word, scan_take});
        if (clear) a_visit_clear: assert (visit_seen == {rst, groups, tap_step, row_step, row_weights, source, L, no_lane,
                                                         source_acc, weights_at, 12'd0, step});
        else       a_visit:       assert (visit_seen == {rst, groups, tap_step, row_step, row_weights, found, scan_x,
                                                         scan_lanes, scan_acc, scan_weight, scan_rows, scan_cols, step});
        a_sums:   assert (sums_seen == {rst, pool, max, add, clear, visit_acc, visit_x, visit_lanes, i_weight, shift});
        a_neuron: assert (neuron_seen == {rst, to_neuron, to_neuron_last, front, theta});
        a_outputs: assert ({x_ready, x_count, y_valid, y_last, y_score, weight_addr}
                           == {ctrl_x_ready, count, ctrl_y_valid, ctrl_y_last, front, visit_weight});
        if (past_valid) a_half: assert (table_data == (high ? word[31:16] : word[15:0]));
        if (y_valid && (anew || top_known)) a_class: assert (y_class == (better ? write_at : top_at));
        i_even: assert (!low_known || even == low);
        i_best: assert (!top_known || (best_index == top_at && best == {~top[SUM_W-1], top[SUM_W-2:0]}));
        a_parameters: assert (
            ctrl_values == {LANES, ACT_AW, ACC_AW, WEIGHT_AW, COORD_AW}
            && table_file && table_values == {32'd32, 32'd1 << COORD_AW}
            && data_none && data_values == {X_W, 32'd1 << ACT_AW}
            && scan_values == {LOG2L, LANES, ACT_AW, ACC_AW, WEIGHT_AW, COORD_AW, POOL}
            && visit_values == {LOG2L, LANES, ACC_AW, WEIGHT_AW}
            && sums_values == {LOG2L, LANES, ACC_AW, SUM_W, POOL, MAC}
            && neuron_values == {LOG2L, SUM_W, NEURON_FRAC, 32'd16});
    end

    always @(posedge clk) if (past_valid) begin
        c_table: cover (odd_write && low_known && table_wdata == 32'hABCD_0123);
        c_clear: cover (clear && take && source && found);
        c_input: cover (x_ready && write && i_x > L);
        c_class: cover (y_valid && top_known && !anew && y_class != write_at && y_class != 0);
    end
endmodule

// ---- Any parts: their outputs are free; `seen` is what they are given, `values` their parameters.
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
    (* keep *) wire [767:0] seen = {i_we, i_waddr, i_wdata, i_raddr};
    (* anyseq *) wire [767:0] given;
    assign {o_rdata} = given;
    (* keep *) wire [767:0] values = {WIDTH, DEPTH};
    (* keep *) wire init_file = INIT_FILE == "t.mem";
    (* keep *) wire no_file = INIT_FILE == "";
endmodule

module sc_conv_ctrl #(
    parameter LANES = 2,
    parameter ACT_AW = 10,
    parameter ACC_AW = 8,
    parameter WEIGHT_AW = 14,
    parameter COORD_AW = 7
) (
    input  wire clk,
    input  wire rst,
    output wire [COORD_AW-1:0] o_table_addr,
    input  wire [31:0] i_table_data,
    input  wire i_x_valid,
    output wire o_x_ready,
    output wire [ACT_AW-1:0] o_x_count,
    output wire o_y_valid,
    input  wire i_y_ready,
    output wire o_y_last,
    output wire o_write,
    output wire [ACT_AW-1:0] o_write_addr,
    input  wire i_code_valid,
    input  wire i_code_last,
    output wire [15:0] o_theta,
    output wire o_pool,
    output wire o_max,
    output wire [ACT_AW-1:0] o_first,
    output wire [COORD_AW-1:0] o_rows,
    output wire [COORD_AW-1:0] o_cols,
    output wire [ACT_AW-1:0] o_channels,
    output wire [COORD_AW-1:0] o_cols_at,
    output wire [WEIGHT_AW-1:0] o_weights_at,
    output wire [15:0] o_channel_weights,
    output wire [11:0] o_groups,
    output wire [ACC_AW-1:0] o_tap_step,
    output wire [ACC_AW-1:0] o_row_step,
    output wire [15:0] o_row_weights,
    output wire o_start,
    input  wire i_scanning,
    input  wire [COORD_AW-1:0] i_col_addr,
    output wire o_clear,
    output wire o_source_valid,
    input  wire i_source_take,
    output wire [ACC_AW-1:0] o_source_acc,
    input  wire i_visiting,
    output wire o_step,
    input  wire i_loaded,
    output wire o_shift,
    output wire o_neuron_valid,
    output wire o_neuron_last
);
    (* keep *) wire [767:0] seen = {rst, i_table_data, i_x_valid, i_y_ready, i_code_valid, i_code_last, i_scanning,
        i_col_addr, i_source_take, i_visiting, i_loaded};
    (* anyseq *) wire [767:0] given;
    assign {o_table_addr, o_x_ready, o_x_count, o_y_valid, o_y_last, o_write, o_write_addr, o_theta, o_pool, o_max,
        o_first, o_rows, o_cols, o_channels, o_cols_at, o_weights_at, o_channel_weights, o_groups, o_tap_step,
        o_row_step, o_row_weights, o_start, o_clear, o_source_valid, o_source_acc, o_step, o_shift, o_neuron_valid,
        o_neuron_last} = given;
    (* keep *) wire [767:0] values = {LANES, ACT_AW, ACC_AW, WEIGHT_AW, COORD_AW};
endmodule

module sc_conv_scan #(
    parameter LOG2L = 4,
    parameter LANES = 2,
    parameter ACT_AW = 10,
    parameter ACC_AW = 8,
    parameter WEIGHT_AW = 14,
    parameter COORD_AW = 7,
    parameter POOL = 0
) (
    input  wire clk,
    input  wire rst,
    input  wire i_start,
    input  wire [ACT_AW-1:0] i_first,
    input  wire [COORD_AW-1:0] i_rows,
    input  wire [COORD_AW-1:0] i_cols,
    input  wire [ACT_AW-1:0] i_channels,
    input  wire [COORD_AW-1:0] i_rows_at,
    input  wire [COORD_AW-1:0] i_cols_at,
    input  wire [WEIGHT_AW-1:0] i_weights_at,
    input  wire [15:0] i_channel_weights,
    input  wire i_pool,
    output wire o_active,
    output wire [COORD_AW-1:0] o_col_addr,
    output wire [ACT_AW-1:0] o_addr,
    input  wire [LOG2L:0] i_x,
    output wire [COORD_AW-1:0] o_coord_addr,
    input  wire [31:0] i_coord,
    output wire o_valid,
    input  wire i_take,
    output wire [LOG2L:0] o_x,
    output wire [LANES-1:0] o_lanes,
    output wire [ACC_AW-1:0] o_acc,
    output wire [WEIGHT_AW-1:0] o_weight,
    output wire [5:0] o_rows,
    output wire [5:0] o_cols
);
    (* keep *) wire [767:0] seen = {rst, i_start, i_first, i_rows, i_cols, i_channels, i_rows_at, i_cols_at,
        i_weights_at, i_channel_weights, i_pool, i_x, i_coord, i_take};
    (* anyseq *) wire [767:0] given;
    assign {o_active, o_col_addr, o_addr, o_coord_addr, o_valid, o_x, o_lanes, o_acc, o_weight, o_rows,
        o_cols} = given;
    (* keep *) wire [767:0] values = {LOG2L, LANES, ACT_AW, ACC_AW, WEIGHT_AW, COORD_AW, POOL};
endmodule

module sc_conv_visit #(
    parameter LOG2L = 4,
    parameter LANES = 2,
    parameter ACC_AW = 8,
    parameter WEIGHT_AW = 14
) (
    input  wire clk,
    input  wire rst,
    input  wire [11:0] i_groups,
    input  wire [ACC_AW-1:0] i_tap_step,
    input  wire [ACC_AW-1:0] i_row_step,
    input  wire [15:0] i_row_weights,
    input  wire i_valid,
    output wire o_take,
    input  wire [LOG2L:0] i_x,
    input  wire [LANES-1:0] i_lanes,
    input  wire [ACC_AW-1:0] i_acc,
    input  wire [WEIGHT_AW-1:0] i_weight,
    input  wire [5:0] i_rows,
    input  wire [5:0] i_cols,
    input  wire i_step,
    output wire o_valid,
    output wire [LOG2L:0] o_x,
    output wire [LANES-1:0] o_lanes,
    output wire [ACC_AW-1:0] o_acc,
    output wire [WEIGHT_AW-1:0] o_weight
);
    (* keep *) wire [767:0] seen = {rst, i_groups, i_tap_step, i_row_step, i_row_weights, i_valid, i_x, i_lanes,
        i_acc, i_weight, i_rows, i_cols, i_step};
    (* anyseq *) wire [767:0] given;
    assign {o_take, o_valid, o_x, o_lanes, o_acc, o_weight} = given;
    (* keep *) wire [767:0] values = {LOG2L, LANES, ACC_AW, WEIGHT_AW};
endmodule

module sc_conv_sums #(
    parameter LOG2L = 4,
    parameter LANES = 2,
    parameter ACC_AW = 8,
    parameter SUM_W = 13,
    parameter POOL = 0,
    parameter MAC = 0
) (
    input  wire clk,
    input  wire rst,
    input  wire i_pool,
    input  wire i_max,
    input  wire i_valid,
    input  wire i_clear,
    input  wire [ACC_AW-1:0] i_addr,
    input  wire [LOG2L:0] i_x,
    input  wire [LANES-1:0] i_lanes,
    input  wire [LANES*(LOG2L+1)-1:0] i_weight,
    output wire o_loaded,
    input  wire i_shift,
    output wire [SUM_W-1:0] o_front
);
    (* keep *) wire [767:0] seen = {rst, i_pool, i_max, i_valid, i_clear, i_addr, i_x, i_lanes, i_weight, i_shift};
    (* anyseq *) wire [767:0] given;
    assign {o_loaded, o_front} = given;
    (* keep *) wire [767:0] values = {LOG2L, LANES, ACC_AW, SUM_W, POOL, MAC};
endmodule

module sc_window_code #(
    parameter LOG2L = 4,
    parameter ACC_W = 13,
    parameter FRAC = 4,
    parameter THETA_W = 16
) (
    input  wire clk,
    input  wire rst,
    input  wire i_valid,
    input  wire i_last,
    input  wire [ACC_W-1:0] i_s,
    input  wire [THETA_W-1:0] i_theta,
    output wire o_valid,
    output wire o_last,
    output wire [LOG2L:0] o_code
);
    (* keep *) wire [767:0] seen = {rst, i_valid, i_last, i_s, i_theta};
    (* anyseq *) wire [767:0] given;
    assign {o_valid, o_last, o_code} = given;
    (* keep *) wire [767:0] values = {LOG2L, ACC_W, FRAC, THETA_W};
endmodule
`default_nettype wire
