// SPDX-License-Identifier: Apache-2.0
// Time-unrolled engine (A10): runs a multi-layer dense window_if network from a layer table and weights in memory.
//
// Use        takes the network's inputs, one code a beat; answers with one score a neuron of the last layer; o_y_last
//            marks the last, and o_y_class is then the class (A9). A new inference starts only after that.
// Weights    the memory is outside, so that a board may choose it: the word at o_weight_addr arrives one clock later.
//            A word holds one synapse of LANES neurons, lane k at bits k*(LOG2L+1) upward; words lie in the order in
//            which they are visited: layer, group of LANES neurons, input 0 .. fan-in - 1, bias.
// Table      16-bit words, see sc_engine_ctrl; written over i_table_*, or initialised from TABLE_FILE. The host holds
//            rst while it writes table or weights.
// Latency    sc_neurocore.hardware.estimate.clocks
// Format     i_x unsigned 0 .. L; o_y_score signed SUM_W bits: S, or S * L with MAC = 1.
// MAC = 1    the integer peer of the tables; needs FRAC >= LOG2L.
// Model      sc_neurocore.golden
// Proof      formal/sc_engine_join_fv.v, for any parts; formal/sc_engine_fv.v, the whole, bounded; tb/test_engine.py
`default_nettype none
module sc_engine #(
    parameter LOG2L        = 4,            // 2 .. 8: L = 2^LOG2L
    parameter LANES        = 2,            // 1 .. 64
    parameter FRAC         = 4,            // 0 .. 15: fraction bits of theta
    parameter LOG2_ENTRIES = 8,            // 2 .. 12: at most 2^LOG2_ENTRIES - 1 inputs or neurons in a layer
    parameter WEIGHT_AW    = 14,           // 1 .. 24: address bits of the weight memory
    parameter TABLE_AW     = 5,            // 3 .. 8: address bits of the layer table
    parameter TABLE_FILE   = "",           // empty: the table is written by the host
    parameter MAC          = 0,            // 0: stochastic, 1: integer multiply-accumulate
    parameter SUM_W        = LOG2_ENTRIES + LOG2L + 1 + (MAC != 0 ? LOG2L : 0)   // derived; do not override
) (
    input  wire                         clk,
    input  wire                         rst,
    input  wire                         i_x_valid,
    output wire                         o_x_ready,
    input  wire [LOG2L:0]               i_x,
    output wire [LOG2_ENTRIES-1:0]      o_x_count,     // while o_x_ready: inputs of the network
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
    localparam THETA_W = 16;
    localparam X_W     = LOG2L + 1;
    generate
        if (MAC != 0 && FRAC < LOG2L) begin : g_illegal_mac
            ERROR_MAC_needs_FRAC_of_at_least_LOG2L u_illegal ();
        end
        if (FRAC < 0 || FRAC > 15) begin : g_illegal_frac
            ERROR_FRAC_must_be_in_0_to_15 u_illegal ();
        end
        if (WEIGHT_AW < 1 || WEIGHT_AW > 24) begin : g_illegal_weight_aw
            ERROR_WEIGHT_AW_must_be_in_1_to_24 u_illegal ();
        end
    endgenerate

    // Control.
    wire [TABLE_AW-1:0]     ctrl_table_addr;
    wire                    take_theta, push, push_bias, push_input, bank;
    wire                    begins, addr_last, lane_valid, lane_last, sum_last;
    wire                    drain_load, drain_shift, spike;
    wire [LOG2_ENTRIES-1:0] push_ptr, push_index, visit_ptr;
    wire [LOG2L:0]          push_count;

    sc_engine_ctrl #(
        .LOG2L(LOG2L), .LANES(LANES), .LOG2_ENTRIES(LOG2_ENTRIES), .TABLE_AW(TABLE_AW)
    ) u_ctrl (
        .clk(clk), .rst(rst), .o_begin(begins),
        .o_table_addr(ctrl_table_addr), .i_table_data(o_table_data), .o_take_theta(take_theta),
        .i_x_valid(i_x_valid), .o_x_ready(o_x_ready), .i_x_nonzero(i_x != 0), .o_width(o_x_count),
        .o_push(push), .o_push_ptr(push_ptr), .o_push_index(push_index), .o_push_bias(push_bias),
        .o_push_input(push_input), .o_push_count(push_count),
        .o_bank(bank), .o_visit_ptr(visit_ptr), .o_addr_last(addr_last),
        .o_lane_valid(lane_valid), .o_lane_last(lane_last), .o_sum_last(sum_last),
        .o_drain_load(drain_load), .o_drain_shift(drain_shift), .i_spike(spike),
        .o_y_valid(o_y_valid), .i_y_ready(i_y_ready), .o_y_last(o_y_last)
    );

    // Layer table.
    sc_mem #(.WIDTH(16), .DEPTH(1 << TABLE_AW), .INIT_FILE(TABLE_FILE)) u_table (
        .clk(clk), .i_we(i_table_we), .i_waddr(i_table_addr), .i_wdata(i_table_data),
        .i_raddr(rst ? i_table_addr : ctrl_table_addr), .o_rdata(o_table_data)
    );
    reg [THETA_W-1:0] theta;
    always @(posedge clk)
        if (take_theta) theta <= o_table_data;

    // Lists of non-zero activations, one bank written while the other is read.
    wire [X_W-1:0]          push_value = push_bias ? {1'b1, {LOG2L{1'b0}}} : push_input ? i_x : push_count;
    wire [LOG2_ENTRIES-1:0] index;
    wire [X_W-1:0]          x;
    sc_mem #(.WIDTH(LOG2_ENTRIES + X_W), .DEPTH(2 << LOG2_ENTRIES)) u_list (
        .clk(clk), .i_we(push), .i_waddr({bank, push_ptr}), .i_wdata({push_index, push_value}),
        .i_raddr({~bank, visit_ptr}), .o_rdata({index, x})
    );

    // Weight address. A group's words begin after its predecessor's last one, which is that of the bias entry: its
    // address is the only base needed, for groups and layers alike.
    reg  [WEIGHT_AW-1:0] base;
    wire [31:0]          index_x = {{(32-LOG2_ENTRIES){1'b0}}, index};
    assign o_weight_addr = base - ~index_x[WEIGHT_AW-1:0];       // base + 1 + index on one carry chain
    wire unused = &{1'b0, index_x};
    always @(posedge clk)
        if (rst || begins)   base <= {WEIGHT_AW{1'b1}};
        else if (addr_last)  base <= o_weight_addr;

    // Lanes, which share the input's bits.
    reg [X_W-1:0] lane_x;
    always @(posedge clk) lane_x <= x;
    wire [(1<<LOG2L)-1:0] x_bits;
    generate
        if (MAC != 0) begin : g_no_window                        // a simulator would work it out in every clock
            assign x_bits = {(1<<LOG2L){1'b0}};
        end else begin : g_window
            sc_window_sng #(.LOG2L(LOG2L), .SOURCE(0)) u_x_sng (.i_x(lane_x), .o_bits(x_bits));
        end
    endgenerate

    wire [LANES*SUM_W-1:0] sums;
    genvar k;
    generate
        for (k = 0; k < LANES; k = k + 1) begin : g_lane
            sc_lane #(.LOG2L(LOG2L), .ACC_W(SUM_W), .MAC(MAC)) u_lane (
                .clk(clk), .rst(rst), .i_valid(lane_valid), .i_last(lane_last), .i_x(lane_x), .i_x_bits(x_bits),
                .i_weight(i_weight[k*X_W +: X_W]), .o_sum(sums[k*SUM_W +: SUM_W])
            );
        end
    endgenerate

    // Drain: the sums of a group, the front one at the low end.
    reg  [LANES*SUM_W-1:0]     drained;
    wire [(LANES+1)*SUM_W-1:0] shifted = {{SUM_W{1'b0}}, drained};
    always @(posedge clk)
        if (sum_last)         drained <= sums;
        else if (drain_shift) drained <= shifted[SUM_W +: LANES*SUM_W];
    wire [SUM_W-1:0]           front   = shifted[0 +: SUM_W];

    sc_window_if #(.ACC_W(SUM_W), .FRAC(MAC != 0 ? FRAC - LOG2L : FRAC), .THETA_W(THETA_W)) u_neuron (
        .clk(clk), .rst(rst), .i_load(drain_load), .i_en(1'b1), .i_s(front), .i_theta(theta), .o_spike(spike)
    );

    // Readout.
    reg  [SUM_W-1:0]        best;
    reg  [LOG2_ENTRIES-1:0] best_index;
    wire greater = push_index == 0 || $signed(front) > $signed(best);
    assign o_y_score = front;
    assign o_y_class = greater ? push_index : best_index;
    always @(posedge clk)
        if (o_y_valid && i_y_ready && greater) begin
            best       <= front;
            best_index <= push_index;
        end
endmodule
`default_nettype wire
