// SPDX-License-Identifier: Apache-2.0
// An engine by choice, behind the ports that all have: what a host interface, a bus or a system holds.
//
// ENGINE     0: sc_engine, for dense networks, the smallest one; 1: sc_conv_engine, for dense, convolution and pooling
//            layers in any order; 2: sc_spike_engine, for networks in steps (A20), with BITS for those of lif
//            layers (A17). Their headers describe use, order of the weights, layer table and formats.
// STEPS      what ENGINE 2 alone has, in fields from bit 0: NEURON, 4 bits; WIDTH, 6; LEAK_MODE, RESET_MODE, REFRACTORY,
//            CONSTANT, 1 each; DELAY_AW, 4; HISTORY_AW, 4; BITS, 1.
// Latency    sc_neurocore.hardware.estimate.clocks
// Model      sc_neurocore.golden
// Proof      formal/sc_core_fv.v, that it joins its parts; tb/test_engine.py and tb/test_conv_engine.py run networks
`default_nettype none
module sc_core #(
    parameter ENGINE       = 0,            // 0: dense, 1: convolution, 2: in steps
    parameter LOG2L        = 4,            // 2 .. 8: L = 2^LOG2L
    parameter LANES        = 2,            // 1 .. 64
    parameter FRAC         = 4,            // 0 .. 15: fraction bits of theta
    parameter LOG2_ENTRIES = 8,            // 2 .. 12, as in sc_engine; ENGINE 1: to 16, its ACT_AW
    parameter WEIGHT_AW    = 14,           // 1 .. 24: address bits of the weight memory
    parameter TABLE_AW     = 5,            // 3 .. 8: address bits of the layer table; ENGINE 1: 5 to 12; 2: 4 to 12
    parameter TABLE_FILE   = "",           // empty: the table is written by the host
    parameter MAC          = 0,            // 0: stochastic, 1: integer multiply-accumulate
    parameter ACC_AW       = 8,            // ENGINE 1, 2: address bits of sums, states
    parameter POOL         = 0,            // for ENGINE 1, 0 or 1
    parameter SUM_W        = LOG2_ENTRIES + LOG2L + 1 + (MAC != 0 ? LOG2L : 0),  // with ENGINE 0 this, not another
    parameter STEPS        = 0             // for ENGINE 2, see above
) (
    input  wire                         clk,
    input  wire                         rst,
    input  wire                         i_x_valid,
    output wire                         o_x_ready,
    input  wire [LOG2L:0]               i_x,
    output wire [LOG2_ENTRIES-1:0]      o_x_count,     // while o_x_ready: inputs of the network
    output wire [LOG2_ENTRIES-1:0]      o_x_at,        // o_x_at to i_answer: with ENGINE 2, as in sc_spike_engine
    output wire                         o_x_last,
    output wire [11:0]                  o_x_step,
    input  wire                         i_answer,
    output wire                         o_y_valid,
    input  wire                         i_y_ready,
    output wire [SUM_W-1:0]             o_y_score,
    output wire [LOG2_ENTRIES-1:0]      o_y_class,     // index of the greatest score so far
    output wire                         o_y_last,
    output wire [WEIGHT_AW-1:0]         o_weight_addr,
    input  wire [LANES*(LOG2L+1)-1:0]   i_weight,      // one clock after its address
    input  wire                         i_table_we,
    input  wire [TABLE_AW-1:0]          i_table_addr,  // also the address read while rst is held
    input  wire [15:0]                  i_table_data,
    output wire [15:0]                  o_table_data
);
    generate
        if (ENGINE == 0) begin : g_dense
            if (SUM_W != LOG2_ENTRIES + LOG2L + 1 + (MAC != 0 ? LOG2L : 0)) begin : g_illegal_sum_w
                ERROR_SUM_W_is_derived_with_ENGINE_0 u_illegal ();
            end
            wire unused = &{1'b0, i_answer};
            assign o_x_at   = {LOG2_ENTRIES{1'b0}};
            assign o_x_last = 1'b0;
            assign o_x_step = 12'd0;
            sc_engine #(
                .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .LOG2_ENTRIES(LOG2_ENTRIES), .WEIGHT_AW(WEIGHT_AW),
                .TABLE_AW(TABLE_AW), .TABLE_FILE(TABLE_FILE), .MAC(MAC)
            ) u_engine (
                .clk(clk), .rst(rst), .i_x_valid(i_x_valid), .o_x_ready(o_x_ready), .i_x(i_x), .o_x_count(o_x_count),
                .o_y_valid(o_y_valid), .i_y_ready(i_y_ready), .o_y_score(o_y_score), .o_y_class(o_y_class),
                .o_y_last(o_y_last), .o_weight_addr(o_weight_addr), .i_weight(i_weight), .i_table_we(i_table_we),
                .i_table_addr(i_table_addr), .i_table_data(i_table_data), .o_table_data(o_table_data)
            );
        end else if (ENGINE == 1) begin : g_conv
            wire unused = &{1'b0, i_answer};
            assign o_x_at   = {LOG2_ENTRIES{1'b0}};
            assign o_x_last = 1'b0;
            assign o_x_step = 12'd0;
            sc_conv_engine #(
                .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .ACT_AW(LOG2_ENTRIES), .ACC_AW(ACC_AW),
                .WEIGHT_AW(WEIGHT_AW), .TABLE_AW(TABLE_AW), .SUM_W(SUM_W), .POOL(POOL), .TABLE_FILE(TABLE_FILE),
                .MAC(MAC)
            ) u_engine (
                .clk(clk), .rst(rst), .i_x_valid(i_x_valid), .o_x_ready(o_x_ready), .i_x(i_x), .o_x_count(o_x_count),
                .o_y_valid(o_y_valid), .i_y_ready(i_y_ready), .o_y_score(o_y_score), .o_y_class(o_y_class),
                .o_y_last(o_y_last), .o_weight_addr(o_weight_addr), .i_weight(i_weight), .i_table_we(i_table_we),
                .i_table_addr(i_table_addr), .i_table_data(i_table_data), .o_table_data(o_table_data)
            );
        end else if (ENGINE == 2) begin : g_spike
            sc_spike_engine #(
                .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .LOG2_ENTRIES(LOG2_ENTRIES), .WEIGHT_AW(WEIGHT_AW),
                .TABLE_AW(TABLE_AW), .TABLE_FILE(TABLE_FILE), .STATE_AW(ACC_AW), .SUM_W(SUM_W),
                .NEURON(STEPS % 16), .WIDTH((STEPS >> 4) % 64), .LEAK_MODE((STEPS >> 10) % 2),
                .RESET_MODE((STEPS >> 11) % 2), .REFRACTORY((STEPS >> 12) % 2), .CONSTANT((STEPS >> 13) % 2),
                .DELAY_AW((STEPS >> 14) % 16), .HISTORY_AW((STEPS >> 18) % 16), .BITS((STEPS >> 22) % 2)
            ) u_engine (
                .clk(clk), .rst(rst), .i_x_valid(i_x_valid), .o_x_ready(o_x_ready), .i_x(i_x), .o_x_count(o_x_count),
                .o_x_at(o_x_at), .o_x_last(o_x_last), .o_x_step(o_x_step), .i_answer(i_answer),
                .o_y_valid(o_y_valid), .i_y_ready(i_y_ready), .o_y_score(o_y_score), .o_y_class(o_y_class),
                .o_y_last(o_y_last), .o_weight_addr(o_weight_addr), .i_weight(i_weight), .i_table_we(i_table_we),
                .i_table_addr(i_table_addr), .i_table_data(i_table_data), .o_table_data(o_table_data)
            );
        end else begin : g_illegal_engine
            ERROR_ENGINE_must_be_0_to_2 u_illegal ();
        end
    endgenerate
endmodule
`default_nettype wire
