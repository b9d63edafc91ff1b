// SPDX-License-Identifier: Apache-2.0
// Time-multiplexed spiking engine (A20, A21): runs dense networks in steps, with state in memory, delayed and recurrent edges
// and every readout, from a layer table and weights in memory.
//
// Use        as sc_engine: takes the codes of a sample, one a beat, all steps one after the other or, of a constant input,
//            once; answers with one score a neuron of the last layer after the last step, and after those with i_answer
//            (not of a constant input); o_y_last marks the last score, and o_y_class is then the class (A9). Between
//            samples nothing remains: no memory is ever cleared.
// BITS = 1   a sample is one window, and each of its clocks a step (A17): in step t a synapse adds the product of the two bits
//            that belong to clock t, so the table has L steps, and no flag of a constant input, which every sample has.
// Weights    as in sc_engine, outside: the word at o_weight_addr arrives one clock later. A word holds one synapse of LANES
//            neurons, lane k at bits k*(LOG2L+1) upward; words lie in the order in which they are visited: layer, group of
//            LANES neurons, the layer's inputs, the sources of its edges in the order of the table, bias.
// Table      16-bit words, see sc_spike_ctrl; parameter words: sc_lif_unit, sc_synaptic_unit, sc_alif_unit. The host holds rst while it writes.
// State      a memory of 2^STATE_AW words, one for each neuron of the network in order; with DELAY_AW a bit of history for
//            each of 2^DELAY_AW steps and 2^HISTORY_AW neurons that are sources of edges.
// Latency    in clocks, if nobody stalls. Of a sample: its steps, less 1. Of a step: inputs, where it takes any, + 2, + 2 from
//            the second step on, and its layers. Of a layer with e entries in its list, n neurons of W words in g groups of
//            LANES, r neurons in the last group: its edges' sources + 4 an edge, + 2
//            + e + (g - 1) * max(e, LANES * W + 4 - W * min(4 / W rounded down, LANES - 1)) + 3 + r * W.
//            The last layer has W + 1, in the last step W + 2, for W, and LANES * W + 4 in the max.
// Format     i_x unsigned 0 .. L; o_y_score signed SUM_W bits, which the user chooses wide enough.
// Model      sc_neurocore.golden
// Proof      formal/sc_spike_engine_fv.v, for any parts; tb/test_spike_engine.py runs networks
`default_nettype none
module sc_spike_engine #(
    parameter LOG2L        = 4,            // 2 .. 8: L = 2^LOG2L
    parameter LANES        = 2,            // 1 .. 64
    parameter FRAC         = 4,            // 0 .. 15: fraction bits of currents and thresholds
    parameter LOG2_ENTRIES = 8,            // 2 .. 12: at most 2^LOG2_ENTRIES - 1 inputs, edge sources and bias of a layer
    parameter WEIGHT_AW    = 14,           // 1 .. 24: address bits of the weight memory
    parameter TABLE_AW     = 6,            // 4 .. 12: address bits of the layer table
    parameter TABLE_FILE   = "",           // empty: the table is written by the host
    parameter NEURON       = 0,            // 0: lif and li, 1: synaptic, 2: alif
    parameter WIDTH        = 16,           // 4 .. 32: bits of a neuron's states
    parameter LEAK_MODE    = 0,            // 0: shift, 1: factor
    parameter RESET_MODE   = 0,            // 0: subtract theta, 1: to v_reset
    parameter REFRACTORY   = 0,            // 0: they do not, 1: neurons may rest after a spike
    parameter STATE_AW     = 8,            // 1 .. 16: address bits of the states
    parameter HISTORY_AW   = 8,            // 1 .. 12: address bits of a row of the history
    parameter DELAY_AW     = 0,            // 0 .. 8: delays of 1 to 2^DELAY_AW - 1; 0: no edges
    parameter CONSTANT     = 1,            // 0: none, 1: constant inputs may be
    parameter BITS         = 0,            // 0: a step is a window; 1: a bit of it, with DELAY_AW and CONSTANT 0
    parameter SUM_W        = 20            // 4 .. 32: bits of a score
) (
    input  wire                         clk,
    input  wire                         rst,
    input  wire                         i_x_valid,
    output wire                         o_x_ready,
    input  wire [LOG2L:0]               i_x,
    output wire [LOG2_ENTRIES-1:0]      o_x_count,     // while o_x_ready: inputs of a step
    output wire [LOG2_ENTRIES-1:0]      o_x_at,        // ... number of the input to come, from 1
    output wire                         o_x_last,      // ... it is the last one of a step
    output wire [11:0]                  o_x_step,      // the step under way, from 0
    input  wire                         i_answer,      // its scores go out, too; stays from 4 clocks after its last code to its last score
    output wire                         o_y_valid,
    input  wire                         i_y_ready,
    output wire [SUM_W-1:0]             o_y_score,
    output wire [LOG2_ENTRIES-1:0]      o_y_class,     // index of the greatest score so far
    output wire                         o_y_last,
    output wire [WEIGHT_AW-1:0]         o_weight_addr,
    input  wire [LANES*(LOG2L+1)-1:0]   i_weight,
    input  wire                         i_table_we,
    input  wire [TABLE_AW-1:0]          i_table_addr,  // also the address read while rst is held
    input  wire [15:0]                  i_table_data,
    output wire [15:0]                  o_table_data
);
    localparam X_W     = LOG2L + 1;
    localparam LANE_L  = BITS != 0 ? 2 : LOG2L;        // a single bit takes the shortest window that lanes have
    localparam S_W     = LOG2_ENTRIES + (BITS != 0 ? 2 : LOG2L + 1);    // a sum of a step
    localparam LISTS   = BITS != 0 ? 3 : 2;
    localparam LIST_AW = LOG2_ENTRIES + (BITS != 0 ? 2 : 1);
    localparam ROW_W   = DELAY_AW == 0 ? 1 : DELAY_AW;
    localparam WORDS   = 2 + NEURON + (RESET_MODE != 0 ? 1 : 0);
    localparam STATE_W = WIDTH * (NEURON == 0 ? 1 : 2) + (REFRACTORY != 0 ? 8 : 0);
    generate
        if (FRAC < 0 || FRAC > 15) begin : g_illegal_frac
            ERROR_FRAC_must_be_in_0_to_15 u_illegal ();
        end
        if (WEIGHT_AW < 1 || WEIGHT_AW > 24) begin : g_illegal_weight_aw
            ERROR_WEIGHT_AW_must_be_in_1_to_24 u_illegal ();
        end
        if (NEURON < 0 || NEURON > 2) begin : g_illegal_neuron
            ERROR_NEURON_must_be_0_lif_1_synaptic_or_2_alif u_illegal ();
        end
    endgenerate

    // Control.
    wire [TABLE_AW-1:0]     ctrl_table_addr;
    wire                    push, push_input, push_none, bank, list_inputs, begins, addr_last, lane_valid, lane_last, sum_last;
    wire                    keep, kept, first, step, scored, neuron, later, first_layer, rest, spike;
    wire [LOG2_ENTRIES-1:0] push_ptr, push_index, visit_ptr;
    wire [HISTORY_AW-1:0]   history;
    wire [ROW_W-1:0]        row, row_now;
    wire [2:0]              left;
    wire [STATE_AW-1:0]     state_at, state_was;
    wire [1:0]              readout;
    sc_spike_ctrl #(
        .LANES(LANES), .LOG2_ENTRIES(LOG2_ENTRIES), .TABLE_AW(TABLE_AW), .STATE_AW(STATE_AW), .HISTORY_AW(HISTORY_AW),
        .DELAY_AW(DELAY_AW), .CONSTANT(CONSTANT), .BITS(BITS), .WORDS(WORDS)
    ) u_ctrl (
        .clk(clk), .rst(rst), .o_begin(begins), .o_table_addr(ctrl_table_addr), .i_table_data(o_table_data),
        .i_x_valid(i_x_valid), .o_x_ready(o_x_ready), .i_x_nonzero(i_x != 0), .o_width(o_x_count),
        .o_x_at(o_x_at), .o_x_last(o_x_last), .o_x_step(o_x_step), .i_answer(i_answer),
        .o_push(push), .o_push_ptr(push_ptr), .o_push_index(push_index), .o_push_input(push_input), .o_push_none(push_none),
        .o_bank(bank), .o_list_inputs(list_inputs), .o_visit_ptr(visit_ptr), .o_addr_last(addr_last), .o_lane_valid(lane_valid), .o_lane_last(lane_last),
        .o_sum_last(sum_last), .o_keep(keep), .o_history(history), .o_row(row), .o_row_now(row_now), .i_kept(kept),
        .o_first(first), .o_left(left), .o_step(step), .o_score(scored), .o_state(state_at), .o_state_was(state_was),
        .i_spike(spike), .o_neuron(neuron), .o_later(later), .o_first_layer(first_layer), .o_rest(rest),
        .o_readout(readout), .o_y_valid(o_y_valid), .i_y_ready(i_y_ready), .o_y_last(o_y_last)
    );

    // Layer table.
    sc_mem #(.WIDTH(16), .DEPTH(1 << TABLE_AW), .INIT_FILE(TABLE_FILE)) u_table (
        .clk(clk), .i_we(i_table_we), .i_waddr(i_table_addr), .i_wdata(i_table_data),
        .i_raddr(rst ? i_table_addr : ctrl_table_addr), .o_rdata(o_table_data)
    );

    // Lists of codes that are not 0, one bank written while the other is read. With BITS a third one is that of the inputs.
    wire [X_W-1:0]          push_value = push_input ? i_x : {!push_none, {LOG2L{1'b0}}};
    wire [LOG2_ENTRIES-1:0] index;
    wire [X_W-1:0]          x;
    wire [LIST_AW-1:0]      list_waddr, list_raddr;
    generate
        if (BITS != 0) begin : g_three_lists
            assign list_waddr = {list_inputs, bank && !list_inputs, push_ptr};
            assign list_raddr = {first_layer, !bank && !first_layer, visit_ptr};
        end else begin : g_two_lists
            wire unused = &{1'b0, list_inputs};
            assign list_waddr = {bank, push_ptr};
            assign list_raddr = {~bank, visit_ptr};
        end
    endgenerate
    sc_mem #(.WIDTH(LOG2_ENTRIES + X_W), .DEPTH(LISTS << LOG2_ENTRIES)) u_list (
        .clk(clk), .i_we(push), .i_waddr(list_waddr), .i_wdata({push_index, push_value}),
        .i_raddr(list_raddr), .o_rdata({index, x})
    );

    // History of the spikes that edges take.
    generate
        if (DELAY_AW == 0) begin : g_no_history
            wire unused = &{1'b0, keep, history, row, row_now};
            assign kept = 1'b0;
        end else begin : g_history
            sc_mem #(.WIDTH(1), .DEPTH(1 << (DELAY_AW + HISTORY_AW))) u_history (
                .clk(clk), .i_we(keep), .i_waddr({row_now, history}), .i_wdata(spike), .i_raddr({row, history}), .o_rdata(kept)
            );
        end
    endgenerate

    wire [S_W-1:0]    current;
    wire [S_W+FRAC:0] current_x = {current, {(FRAC+1){1'b0}}};   // 2 * I: FRAC may be 0

    // Weight address. Indices count from 1, so a group's words begin after `base`, its predecessor's last one.
    reg  [WEIGHT_AW-1:0] base;
    wire [31:0]          index_x = {{(32-LOG2_ENTRIES){1'b0}}, index};
    wire                 unused  = &{1'b0, index_x, current_x};
    assign o_weight_addr = base + index_x[WEIGHT_AW-1:0];
    always @(posedge clk)
        if (rst || begins)   base <= {WEIGHT_AW{1'b1}};
        else if (addr_last)  base <= o_weight_addr;

    // Lanes, which share the input's bits.
    reg  [X_W-1:0]              lane_x;
    wire [(1<<LANE_L)-1:0]      x_bits;
    wire [LANES*(LANE_L+1)-1:0] lane_weight;
    wire [LANES*S_W-1:0]        sums;
    always @(posedge clk) lane_x <= x;
    genvar k;
    generate
        if (BITS != 0) begin : g_bit
            // Bit t of the input, by the source `counter`, and of each weight, by `vdc` (A3), whose numbers are t and t with
            // its bits reversed. A lane takes the weight's bit as a weight of 1, whose window is 1, 0, 0, 0.
            wire [LOG2L-1:0] clock = o_x_step[LOG2L-1:0];
            wire [LOG2L-1:0] reversed;
            for (k = 0; k < LOG2L; k = k + 1) begin : g_reversed
                assign reversed[k] = clock[LOG2L-1-k];
            end
            sc_sng #(.LOG2L(LOG2L)) u_x_sng (.i_x(lane_x), .i_r(clock), .o_bit(x_bits[0]));
            assign x_bits[(1<<LANE_L)-1:1] = 0;
            for (k = 0; k < LANES; k = k + 1) begin : g_weight
                wire w_bit;
                sc_sng #(.LOG2L(LOG2L)) u_w_sng (.i_x({1'b0, i_weight[k*X_W +: LOG2L]}), .i_r(reversed), .o_bit(w_bit));
                assign lane_weight[k*(LANE_L+1) +: LANE_L+1] = {i_weight[k*X_W + LOG2L], {(LANE_L-1){1'b0}}, w_bit};
            end
        end else begin : g_window
            sc_window_sng #(.LOG2L(LOG2L), .SOURCE(0)) u_x_sng (.i_x(lane_x), .o_bits(x_bits));
            assign lane_weight = i_weight;
        end
        for (k = 0; k < LANES; k = k + 1) begin : g_lane
            sc_lane #(.LOG2L(LANE_L), .ACC_W(S_W), .MAC(0)) u_lane (
                .clk(clk), .rst(rst), .i_valid(lane_valid), .i_last(lane_last), .i_x(lane_x[LANE_L:0]), .i_x_bits(x_bits),
                .i_weight(lane_weight[k*(LANE_L+1) +: LANE_L+1]), .o_sum(sums[k*S_W +: S_W])
            );
        end
    endgenerate

    // Drain: the sums of a group, the front one at the low end.
    reg  [LANES*S_W-1:0]     drained;
    wire [(LANES+1)*S_W-1:0] shifted = {{S_W{1'b0}}, drained};
    always @(posedge clk)
        if (sum_last)    drained <= sums;
        else if (neuron) drained <= shifted[S_W +: LANES*S_W];

    // Neurons, and their states.
    wire [STATE_W-1:0] state, state_next;
    wire [WIDTH-1:0]   u;
    sc_mem #(.WIDTH(STATE_W), .DEPTH(1 << STATE_AW)) u_state (
        .clk(clk), .i_we(step), .i_waddr(state_was), .i_wdata(state_next), .i_raddr(state_at), .o_rdata(state)
    );
    generate
        if (NEURON == 1) begin : g_synaptic
            sc_synaptic_unit #(
                .WIDTH(WIDTH), .LEAK_MODE(LEAK_MODE), .RESET_MODE(RESET_MODE), .REFRACTORY(REFRACTORY),
                .CURRENT_W(S_W + FRAC)
            ) u_neuron (
                .clk(clk), .i_left(left), .i_word(o_table_data), .i_first(!later), .i_state(state),
                .i_current(current_x[S_W+FRAC:1]), .o_state(state_next), .o_spike(spike), .o_u(u)
            );
        end
        if (NEURON == 2) begin : g_alif
            sc_alif_unit #(
                .WIDTH(WIDTH), .LEAK_MODE(LEAK_MODE), .RESET_MODE(RESET_MODE), .REFRACTORY(REFRACTORY),
                .CURRENT_W(S_W + FRAC)
            ) u_neuron (
                .clk(clk), .i_left(left), .i_word(o_table_data), .i_first(!later), .i_state(state),
                .i_current(current_x[S_W+FRAC:1]), .o_state(state_next), .o_spike(spike), .o_u(u)
            );
        end
        if (NEURON == 0) begin : g_lif
            sc_lif_unit #(
                .WIDTH(WIDTH), .LEAK_MODE(LEAK_MODE), .RESET_MODE(RESET_MODE), .REFRACTORY(REFRACTORY),
                .CURRENT_W(S_W + FRAC)
            ) u_neuron (
                .clk(clk), .i_left(left), .i_word(o_table_data), .i_first(!later), .i_state(state),
                .i_current(current_x[S_W+FRAC:1]), .i_raise({WIDTH{1'b0}}), .o_state(state_next), .o_spike(spike), .o_u(u)
            );
        end
    endgenerate

    // Currents, scores and class.
    sc_spike_score #(
        .LOG2_ENTRIES(LOG2_ENTRIES), .S_W(S_W), .WIDTH(WIDTH), .SUM_W(SUM_W), .STATE_AW(STATE_AW), .CONSTANT(CONSTANT)
    ) u_score (
        .clk(clk), .i_read_addr(state_at), .i_write_addr(state_was), .i_first(first), .i_step(step), .i_score(scored),
        .i_rest(rest && first_layer), .i_keep_base(!later && first_layer), .i_fresh(!later), .i_readout(readout),
        .i_front(shifted[0 +: S_W]), .i_u(u), .i_spike(spike), .i_taken(o_y_valid && i_y_ready), .i_index(push_index),
        .o_current(current), .o_score(o_y_score), .o_class(o_y_class)
    );
endmodule
`default_nettype wire
