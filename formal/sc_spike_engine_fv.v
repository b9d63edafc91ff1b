// SPDX-License-Identifier: Apache-2.0
// The spiking engine put together, for any parts (their outputs are free, see the end of the file), without a bound:
//   parts     control, table, list, history, states, neuron, scores, the input's window and every lane get what must be at each
//             of their ports, and each the engine's parameters that are its own; so what is proven of a part holds in its
//             place;
//   table     it is read at the host's address while rst is held, else at control's;
//   list      the bank that control names takes index and value, which is the input, L or 0; the other bank is read;
//             with BITS the inputs have a third one, which is written where control says so, and read in the first layer;
//   weights   a group's words begin after the last one that the group before it addressed, those of a step at 0: the address
//             is the one before that beginning plus the index that the list gives, which counts from 1;
//   lanes     each gets its own weight, and all get the value that the list gave a clock before, and its bits;
//             with BITS each gets the bit of that value, and the bit of its weight's magnitude, that belong to the step's clock
//             t: value > t, magnitude > t with its bits reversed;
//   drain     the lanes' sums leave one by one, lane 0 first, 0 after the last.
// Nothing is assumed. What the parts are given (`seen`), give (`given`) and have as parameters (`values`), and the engine's
// registers, are connected by the script of the proof; those of the lanes by the names that they have after flattening.
`default_nettype none
module sc_spike_engine_fv #(
    parameter LOG2L        = 4,
    parameter LANES        = 3,
    parameter FRAC         = 9,
    parameter LOG2_ENTRIES = 7,
    parameter WEIGHT_AW    = 11,
    parameter TABLE_AW     = 6,
    parameter NEURON       = 0,
    parameter WIDTH        = 16,
    parameter LEAK_MODE    = 0,
    parameter RESET_MODE   = 0,
    parameter REFRACTORY   = 0,
    parameter STATE_AW     = 8,
    parameter HISTORY_AW   = 5,
    parameter DELAY_AW     = 2,
    parameter CONSTANT     = 1,
    parameter BITS         = 0,
    parameter SUM_W        = 20
) (
    input wire                       clk,
    input wire                       rst,
    input wire                       i_x_valid,
    input wire [LOG2L:0]             i_x,
    input wire                       i_answer,
    input wire                       i_y_ready,
    input wire [LANES*(LOG2L+1)-1:0] i_weight,
    input wire                       i_table_we,
    input wire [TABLE_AW-1:0]        i_table_addr,
    input wire [15:0]                i_table_data
);
    localparam E = LOG2_ENTRIES, X_W = LOG2L + 1, S_W = BITS ? E + 2 : E + X_W, R = DELAY_AW == 0 ? 1 : DELAY_AW;
    localparam WORDS = 2 + NEURON + RESET_MODE, STATES = NEURON == 0 ? 1 : 2;
    localparam STATE_W = STATES * WIDTH + 8 * REFRACTORY, CURRENT_W = S_W + FRAC;
    localparam [LOG2L:0] L = 1 << LOG2L;

    wire                 x_ready, x_last, y_valid, y_last;
    wire [E-1:0]         x_count, x_at, y_class;
    wire [11:0]          x_step;
    wire [SUM_W-1:0]     y_score;
    wire [WEIGHT_AW-1:0] weight_addr;
    wire [15:0]          table_data;
    sc_spike_engine #(
        .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .LOG2_ENTRIES(LOG2_ENTRIES), .WEIGHT_AW(WEIGHT_AW), .TABLE_AW(TABLE_AW),
        .TABLE_FILE("t.mem"), .NEURON(NEURON), .WIDTH(WIDTH), .LEAK_MODE(LEAK_MODE), .RESET_MODE(RESET_MODE),
        .REFRACTORY(REFRACTORY), .STATE_AW(STATE_AW), .HISTORY_AW(HISTORY_AW), .DELAY_AW(DELAY_AW), .CONSTANT(CONSTANT),
        .BITS(BITS), .SUM_W(SUM_W)
    ) u_engine (
        .clk(clk), .rst(rst), .i_x_valid(i_x_valid), .o_x_ready(x_ready), .i_x(i_x), .o_x_count(x_count),
        .o_x_at(x_at), .o_x_last(x_last), .o_x_step(x_step), .i_answer(i_answer),
        .o_y_valid(y_valid), .i_y_ready(i_y_ready), .o_y_score(y_score), .o_y_class(y_class), .o_y_last(y_last),
        .o_weight_addr(weight_addr), .i_weight(i_weight), .i_table_we(i_table_we), .i_table_addr(i_table_addr),
        .i_table_data(i_table_data), .o_table_data(table_data)
    );

    // What the parts are given, what they give.
    (* keep *) wire [319:0] ctrl_seen, ctrl_given, ctrl_values, table_seen, table_given, table_values;
    (* keep *) wire [319:0] list_seen, list_given, list_values, window_seen, window_given, window_values;
    (* keep *) wire [319:0] history_seen, history_given, history_values, state_seen, state_given, state_values;
    (* keep *) wire [319:0] neuron_seen, neuron_given, neuron_values, score_seen, score_given, score_values;
    (* keep *) wire         table_file, list_none, history_none, state_none;

    wire                  begins, ctrl_x_ready, push, push_input, push_none, bank, addr_last, lane_valid, lane_last, sum_last, keep;
    wire                  list_inputs;
    wire                  ctrl_x_last, first, step, scored, neuron, later, first_layer, rest, ctrl_y_valid, ctrl_y_last;
    wire [TABLE_AW-1:0]   table_at;
    wire [11:0]           ctrl_x_step;
    wire [E-1:0]          count, ctrl_x_at, push_at, push_index, visit_at;
    wire [HISTORY_AW-1:0] place;
    wire [R-1:0]          row, row_now;
    wire [2:0]            left;
    wire [STATE_AW-1:0]   state_at, state_was;
    wire [1:0]            readout;
    assign {begins, table_at, ctrl_x_ready, count, ctrl_x_at, ctrl_x_last, ctrl_x_step, push, push_at, push_index, push_input, push_none, bank, list_inputs, visit_at, addr_last,
            lane_valid, lane_last, sum_last, keep, place, row, row_now, first, left, step, scored, state_at, state_was, neuron,
            later, first_layer, rest, readout, ctrl_y_valid, ctrl_y_last} = ctrl_given;
    wire [15:0]          word = table_given[15:0];
    wire [E-1:0]         index;
    wire [LOG2L:0]       x;
    assign {index, x} = list_given;
    wire                 kept;
    generate
        if (DELAY_AW != 0) begin : g_kept
            assign kept = history_given[0];
        end else begin : g_none_kept
            assign kept = 1'b0;
        end
    endgenerate
    wire [STATE_W-1:0]   state = state_given[STATE_W-1:0];
    wire [STATE_W-1:0]   state_next;
    wire                 spike;
    wire [WIDTH-1:0]     u;
    assign {state_next, spike, u} = neuron_given;
    wire [S_W-1:0]       current;
    wire [SUM_W-1:0]     score;
    wire [E-1:0]         best_at;
    assign {current, score, best_at} = score_given;

    // The lanes: generated like the engine's own, so that each wire here is one of a lane.
    wire [LANES*320-1:0] lane_seen, lane_values;
    wire [LANES*S_W-1:0] sums;
    genvar k;
    generate
        for (k = 0; k < LANES; k = k + 1) begin : \u_engine.g_lane
            (* keep, hierconn *) wire [319:0] \u_lane.seen , \u_lane.given , \u_lane.values ;
            assign lane_seen[320*k +: 320]   = \u_lane.seen ;
            assign lane_values[320*k +: 320] = \u_lane.values ;
            assign sums[S_W*k +: S_W]        = \u_lane.given [S_W-1:0];
        end
    endgenerate

    // Beginning of a group's weights, value for the lanes.
    reg                  past_valid = 0, base_known = 0;
    reg  [WEIGHT_AW-1:0] begin_at;
    reg  [LOG2L:0]       past_x;
    wire [WEIGHT_AW-1:0] weight_at = begin_at + index - 1;
    always @(posedge clk) begin
        past_valid <= 1;
        past_x     <= x;
        if (rst || begins) {base_known, begin_at} <= 1 << WEIGHT_AW;
        else if (addr_last) begin_at <= weight_addr + 1;
    end

    // Of the group whose sums came last the one that leaves as number `lane`, which is free but constant, or the 0 that
    // follows; how many have left.
    (* anyconst *) wire [6:0] lane;
    reg                     sum_known = 0;
    reg  [S_W-1:0]          sum;
    reg  [6:0]              gone;
    wire [6:0]              at = lane - gone;
    (* keep *) wire [LANES*S_W-1:0] drained;
    reg  [S_W-1:0]          came, stays;   // that lane's sum, as it comes and where it must be
    integer j;
    always @* begin
        came  = 0;
        stays = 0;
        for (j = 0; j < LANES; j = j + 1) begin
            if (lane == j) came  = sums[j*S_W +: S_W];
            if (at == j)   stays = drained[j*S_W +: S_W];
        end
    end
    always @(posedge clk)
        if (sum_last) begin
            sum_known <= 1;
            sum       <= came;
            gone      <= 0;
        end else if (neuron && gone != 127) gone <= gone + 1;

    // What the parts must be given.
    wire [TABLE_AW-1:0]  table_read = rst ? i_table_addr : table_at;
    wire                 nonzero    = |i_x;
    wire [LOG2L:0]       push_value = push_input ? i_x : push_none ? 0 : L;
    wire                 other      = bank == 0;
    wire                 early      = !later;
    wire                 base_on    = rest && first_layer;
    wire                 base_kept  = !later && first_layer;
    wire                 taken      = y_valid && i_y_ready;
    wire signed [CURRENT_W-1:0] current_s = $signed(current);
    wire [CURRENT_W-1:0] exact      = current_s * (1 << FRAC);
    wire [WIDTH-1:0]     no_raise   = 0;
    wire [S_W-1:0]       front;
    wire [(1<<LOG2L)-1:0] bits      = window_given;
    wire [LANES*320-1:0] lane_due, lane_values_due;
    localparam LIST_W = E + X_W;
    wire [LOG2L-1:0] now = ctrl_x_step;    // the clock of the window that this step is, and its bits in reverse
    reg  [LOG2L-1:0] mirrored;
    integer b;
    always @* for (b = 0; b < LOG2L; b = b + 1) mirrored[b] = now[LOG2L-1-b];
    wire [1:0]       written = list_inputs ? 2 : bank, read = first_layer ? 2 : other;
    generate
        for (k = 0; k < LANES; k = k + 1) begin : g_due
            wire [LOG2L:0] weight = i_weight >> (k * X_W);
            wire [31:0]    length = BITS ? 32'd2 : LOG2L;      // log2 of the lanes' window
            wire           w_bit  = weight[LOG2L-1:0] > mirrored;
            wire [2:0]     one    = {weight[LOG2L], 1'b0, w_bit};
            wire [3:0]     first_bit = past_x > now;
            wire [319:0]   due    = BITS ? {rst, lane_valid, lane_last, past_x[2:0], first_bit, one}
                                         : {rst, lane_valid, lane_last, past_x, bits, weight};
            wire [319:0]   values = {length, S_W, 32'd0};
            assign lane_due[320*k +: 320]        = due;
            assign lane_values_due[320*k +: 320] = values;
        end
    endgenerate

    (* keep *) wire [WEIGHT_AW-1:0] base;
    wire [WEIGHT_AW-1:0] base_due = begin_at - 1;
    assign front = drained[S_W-1:0];
    always @* begin
        a_ctrl:    assert (ctrl_seen == {rst, word, i_x_valid, nonzero, i_answer, kept, spike, i_y_ready});
        a_table:   assert (table_seen == {i_table_we, i_table_addr, i_table_data, table_read});
        if (BITS) a_lists: assert (list_seen == {push, written, push_at, push_index, push_value, read, visit_at});
        else      a_list:  assert (list_seen == {push, bank, push_at, push_index, push_value, other, visit_at});
        if (DELAY_AW != 0) a_history: assert (history_seen == {keep, row_now, place, spike, row, place}
            && history_none && history_values == {32'd1, 32'd1 << (DELAY_AW + HISTORY_AW)});
        a_state:   assert (state_seen == {step, state_was, state_next, state_at});
        a_neuron:  assert (neuron_seen == (NEURON == 0 ? {left, word, early, state, exact, no_raise} : {left, word, early, state, exact}));
        a_score:   assert (score_seen == {state_at, state_was, first, step, scored, base_on, base_kept, early, readout, front, u,
                           spike, taken, push_index});
        if (base_known) a_weights: assert (weight_addr == weight_at);
        if (past_valid) begin
            a_lanes:  assert (lane_seen == lane_due);
            if (!BITS) a_window: assert (window_seen == past_x && window_values == {LOG2L, 32'd0});
        end
        if (sum_known && gone == lane && lane != 127) a_drain: assert (score_seen[E+WIDTH+2 +: S_W] == sum);
        a_outputs: assert ({x_ready, x_count, x_at, x_last, x_step, y_valid, y_score, y_class, y_last, table_data}
                           == {ctrl_x_ready, count, ctrl_x_at, ctrl_x_last, ctrl_x_step, ctrl_y_valid, score, best_at, ctrl_y_last, word});
        i_base:    assert (!base_known || base == base_due);
        if (sum_known && lane >= LANES) i_zero: assert (sum == 0);
        if (sum_known && gone <= lane && at < LANES && lane != 127) i_drained: assert (stays == sum);
        a_parameters: assert (
            ctrl_values == {LANES, LOG2_ENTRIES, TABLE_AW, STATE_AW, HISTORY_AW, DELAY_AW, CONSTANT, BITS, WORDS}
            && table_file && table_values == {32'd16, 32'd1 << TABLE_AW}
            && list_none && list_values == {LIST_W, (BITS ? 32'd3 : 32'd2) << E}
            && state_none && state_values == {STATE_W, 32'd1 << STATE_AW}
            && lane_values == lane_values_due
            && neuron_values == {WIDTH, LEAK_MODE, RESET_MODE, REFRACTORY, CURRENT_W}
            && score_values == {LOG2_ENTRIES, S_W, WIDTH, SUM_W, STATE_AW, CONSTANT});
    end

    always @(posedge clk) if (past_valid) begin
        c_weights: cover (base_known && begin_at == 2 && index != 0);
        c_list:    cover (push && push_input && bank && push_value == L);
        c_drain:   cover (sum_known && lane == LANES - 1 && gone == lane && front != 0 && first);
        c_step:    cover (step && spike && u != 0 && exact != 0);
    end
endmodule

// ---- Any parts: their outputs are free; `seen` is what they are given, `values` their parameters.
module sc_spike_ctrl #(
    parameter LANES = 2,
    parameter LOG2_ENTRIES = 8,
    parameter TABLE_AW = 6,
    parameter STATE_AW = 8,
    parameter HISTORY_AW = 8,
    parameter DELAY_AW = 1,
    parameter CONSTANT = 1,
    parameter BITS = 0,
    parameter WORDS = 2,
    parameter ROW_W = DELAY_AW == 0 ? 1 : DELAY_AW
) (
    input wire clk,
    input wire rst,
    output wire o_begin,
    output wire [TABLE_AW-1:0] o_table_addr,
    input wire [15:0] i_table_data,
    input wire i_x_valid,
    output wire o_x_ready,
    input wire i_x_nonzero,
    output wire [LOG2_ENTRIES-1:0] o_width,
    output wire [LOG2_ENTRIES-1:0] o_x_at,
    output wire o_x_last,
    output wire [11:0] o_x_step,
    input wire i_answer,
    output wire o_push,
    output wire [LOG2_ENTRIES-1:0] o_push_ptr,
    output wire [LOG2_ENTRIES-1:0] o_push_index,
    output wire o_push_input,
    output wire o_push_none,
    output wire o_bank,
    output wire o_list_inputs,
    output wire [LOG2_ENTRIES-1:0] o_visit_ptr,
    output wire o_addr_last,
    output wire o_lane_valid,
    output wire o_lane_last,
    output wire o_sum_last,
    output wire o_keep,
    output wire [HISTORY_AW-1:0] o_history,
    output wire [ROW_W-1:0] o_row,
    output wire [ROW_W-1:0] o_row_now,
    input wire i_kept,
    output wire o_first,
    output wire [2:0] o_left,
    output wire o_step,
    output wire o_score,
    output wire [STATE_AW-1:0] o_state,
    output wire [STATE_AW-1:0] o_state_was,
    input wire i_spike,
    output wire o_neuron,
    output wire o_later,
    output wire o_first_layer,
    output wire o_rest,
    output wire [1:0] o_readout,
    output wire o_y_valid,
    input wire i_y_ready,
    output wire o_y_last
);
    (* keep *) wire [319:0] seen = {rst, i_table_data, i_x_valid, i_x_nonzero, i_answer, i_kept, i_spike, i_y_ready};
    (* anyseq *) wire [319:0] given;
    assign {o_begin, o_table_addr, o_x_ready, o_width, o_x_at, o_x_last, o_x_step, o_push, o_push_ptr, o_push_index, o_push_input, o_push_none, o_bank, o_list_inputs, o_visit_ptr, o_addr_last, o_lane_valid, o_lane_last, o_sum_last, o_keep, o_history, o_row, o_row_now, o_first, o_left, o_step, o_score, o_state, o_state_was, o_neuron, o_later, o_first_layer, o_rest, o_readout, o_y_valid, o_y_last} = given;
    (* keep *) wire [319:0] values = {LANES, LOG2_ENTRIES, TABLE_AW, STATE_AW, HISTORY_AW, DELAY_AW, CONSTANT, BITS, WORDS};
endmodule

module sc_mem #(
    parameter WIDTH = 16,
    parameter DEPTH = 256,
    parameter INIT_FILE = "",
    parameter ADDR_W = $clog2(DEPTH)
) (
    input wire clk,
    input wire i_we,
    input wire [ADDR_W-1:0] i_waddr,
    input wire [WIDTH-1:0] i_wdata,
    input wire [ADDR_W-1:0] i_raddr,
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
    input wire clk,
    input wire rst,
    input wire i_valid,
    input wire i_last,
    input wire [LOG2L:0] i_x,
    input wire [(1<<LOG2L)-1:0] i_x_bits,
    input wire [LOG2L:0] i_weight,
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
    input wire [LOG2L:0] i_x,
    output wire [(1<<LOG2L)-1:0] o_bits
);
    (* keep *) wire [319:0] seen = {i_x};
    (* anyseq *) wire [319:0] given;
    assign {o_bits} = given;
    (* keep *) wire [319:0] values = {LOG2L, SOURCE};
endmodule

module sc_lif_unit #(
    parameter WIDTH = 16,
    parameter LEAK_MODE = 0,
    parameter RESET_MODE = 0,
    parameter REFRACTORY = 0,
    parameter CURRENT_W = 19,
    parameter STATE_W = WIDTH + (REFRACTORY != 0 ? 8 : 0)
) (
    input wire clk,
    input wire [2:0] i_left,
    input wire [15:0] i_word,
    input wire i_first,
    input wire [STATE_W-1:0] i_state,
    input wire [CURRENT_W-1:0] i_current,
    input wire [WIDTH-1:0] i_raise,
    output wire [STATE_W-1:0] o_state,
    output wire o_spike,
    output wire [WIDTH-1:0] o_u
);
    (* keep *) wire [319:0] seen = {i_left, i_word, i_first, i_state, i_current, i_raise};
    (* anyseq *) wire [319:0] given;
    assign {o_state, o_spike, o_u} = given;
    (* keep *) wire [319:0] values = {WIDTH, LEAK_MODE, RESET_MODE, REFRACTORY, CURRENT_W};
endmodule

module sc_synaptic_unit #(
    parameter WIDTH = 16,
    parameter LEAK_MODE = 0,
    parameter RESET_MODE = 0,
    parameter REFRACTORY = 0,
    parameter CURRENT_W = 19,
    parameter STATE_W = 2 * WIDTH + (REFRACTORY != 0 ? 8 : 0)
) (
    input wire clk,
    input wire [2:0] i_left,
    input wire [15:0] i_word,
    input wire i_first,
    input wire [STATE_W-1:0] i_state,
    input wire [CURRENT_W-1:0] i_current,
    output wire [STATE_W-1:0] o_state,
    output wire o_spike,
    output wire [WIDTH-1:0] o_u
);
    (* keep *) wire [319:0] seen = {i_left, i_word, i_first, i_state, i_current};
    (* anyseq *) wire [319:0] given;
    assign {o_state, o_spike, o_u} = given;
    (* keep *) wire [319:0] values = {WIDTH, LEAK_MODE, RESET_MODE, REFRACTORY, CURRENT_W};
endmodule

module sc_alif_unit #(
    parameter WIDTH = 16,
    parameter LEAK_MODE = 0,
    parameter RESET_MODE = 0,
    parameter REFRACTORY = 0,
    parameter CURRENT_W = 19,
    parameter STATE_W = 2 * WIDTH + (REFRACTORY != 0 ? 8 : 0)
) (
    input wire clk,
    input wire [2:0] i_left,
    input wire [15:0] i_word,
    input wire i_first,
    input wire [STATE_W-1:0] i_state,
    input wire [CURRENT_W-1:0] i_current,
    output wire [STATE_W-1:0] o_state,
    output wire o_spike,
    output wire [WIDTH-1:0] o_u
);
    (* keep *) wire [319:0] seen = {i_left, i_word, i_first, i_state, i_current};
    (* anyseq *) wire [319:0] given;
    assign {o_state, o_spike, o_u} = given;
    (* keep *) wire [319:0] values = {WIDTH, LEAK_MODE, RESET_MODE, REFRACTORY, CURRENT_W};
endmodule

module sc_spike_score #(
    parameter LOG2_ENTRIES = 8,
    parameter S_W = 13,
    parameter WIDTH = 16,
    parameter SUM_W = 20,
    parameter STATE_AW = 8,
    parameter CONSTANT = 1
) (
    input wire clk,
    input wire [STATE_AW-1:0] i_read_addr,
    input wire [STATE_AW-1:0] i_write_addr,
    input wire i_first,
    input wire i_step,
    input wire i_score,
    input wire i_rest,
    input wire i_keep_base,
    input wire i_fresh,
    input wire [1:0] i_readout,
    input wire [S_W-1:0] i_front,
    input wire [WIDTH-1:0] i_u,
    input wire i_spike,
    input wire i_taken,
    input wire [LOG2_ENTRIES-1:0] i_index,
    output wire [S_W-1:0] o_current,
    output wire [SUM_W-1:0] o_score,
    output wire [LOG2_ENTRIES-1:0] o_class
);
    (* keep *) wire [319:0] seen = {i_read_addr, i_write_addr, i_first, i_step, i_score, i_rest, i_keep_base, i_fresh, i_readout, i_front, i_u, i_spike, i_taken, i_index};
    (* anyseq *) wire [319:0] given;
    assign {o_current, o_score, o_class} = given;
    (* keep *) wire [319:0] values = {LOG2_ENTRIES, S_W, WIDTH, SUM_W, STATE_AW, CONSTANT};
endmodule
`default_nettype wire
