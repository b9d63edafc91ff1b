// SPDX-License-Identifier: Apache-2.0
// A whole network as one core: an engine with its weights in block RAM.
//
// Use        codes in, scores out (see sc_engine and sc_conv_engine); weights and table come from WEIGHT_FILE and
//            TABLE_FILE, or are written while rst is held. One set of parameters runs every network that fits.
// Latency    sc_neurocore.hardware.estimate.clocks
// Format     WEIGHT_FILE: 2^WEIGHT_AW words; TABLE_FILE: 2^TABLE_AW words of 16 bits, with ENGINE 1 half as many of 32
//            bits; $readmemh, in the order of the engine.
// Model      sc_neurocore.golden, sc_neurocore.hardware.core
// Proof      formal/sc_network_fv.v, that it joins its parts; tb/test_engine.py, tb/test_conv_engine.py run networks
`default_nettype none
module sc_network #(
    parameter ENGINE       = 0,            // 0: dense, 1: convolution, 2: in steps
    parameter LOG2L        = 4,            // 2 .. 8: L = 2^LOG2L
    parameter LANES        = 2,            // 1 .. 64
    parameter FRAC         = 4,            // 0 .. 15: fraction bits of theta
    parameter LOG2_ENTRIES = 8,            // 2 .. 12, as in sc_engine; ENGINE 1: to 16, its ACT_AW
    parameter WEIGHT_AW    = 14,           // 1 .. 24: address bits of the weight memory
    parameter TABLE_AW     = 5,            // 3 .. 8: address bits of the layer table; ENGINE 1: 5 to 12
    parameter WEIGHT_FILE  = "",           // empty: the weights are written by the host
    parameter TABLE_FILE   = "",
    parameter MAC          = 0,            // 0: stochastic, 1: integer multiply-accumulate
    parameter ACC_AW       = 8,            // ENGINE 1, 2: address bits of sums, states
    parameter POOL         = 0,            // for ENGINE 1, 0 or 1
    parameter SUM_W        = LOG2_ENTRIES + LOG2L + 1 + (MAC != 0 ? LOG2L : 0),   // with ENGINE 0 this, not another
    parameter STEPS        = 0,            // for ENGINE 2, see sc_core
    parameter WORD_W       = LANES * (LOG2L + 1)                                 // derived; do not override
) (
    input  wire                    clk,
    input  wire                    rst,
    input  wire                    i_x_valid,
    output wire                    o_x_ready,
    input  wire [LOG2L:0]          i_x,
    output wire [LOG2_ENTRIES-1:0] o_x_count,
    output wire                    o_y_valid,
    input  wire                    i_y_ready,
    output wire [SUM_W-1:0]        o_y_score,
    output wire [LOG2_ENTRIES-1:0] o_y_class,
    output wire                    o_y_last,
    input  wire                    i_weight_we,
    input  wire [WEIGHT_AW-1:0]    i_weight_addr,
    input  wire [WORD_W-1:0]       i_weight_data,
    input  wire                    i_table_we,
    input  wire [TABLE_AW-1:0]     i_table_addr,
    input  wire [15:0]             i_table_data,
    output wire [15:0]             o_table_data
);
    wire [WEIGHT_AW-1:0] weight_addr;
    wire [WORD_W-1:0]    weight;
    wire [LOG2_ENTRIES-1:0] x_at;          // where the engine is in a sample: a host interface asks
    wire                    x_last;
    wire [11:0]             x_step;
    wire                    unused = &{1'b0, x_at, x_last, x_step};

    sc_core #(
        .ENGINE(ENGINE), .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .LOG2_ENTRIES(LOG2_ENTRIES),
        .WEIGHT_AW(WEIGHT_AW), .TABLE_AW(TABLE_AW), .TABLE_FILE(TABLE_FILE), .MAC(MAC), .ACC_AW(ACC_AW), .POOL(POOL),
        .SUM_W(SUM_W), .STEPS(STEPS)
    ) u_core (
        .clk(clk), .rst(rst),
        .i_x_valid(i_x_valid), .o_x_ready(o_x_ready), .i_x(i_x), .o_x_count(o_x_count),
        .o_x_at(x_at), .o_x_last(x_last), .o_x_step(x_step), .i_answer(1'b0),
        .o_y_valid(o_y_valid), .i_y_ready(i_y_ready), .o_y_score(o_y_score), .o_y_class(o_y_class),
        .o_y_last(o_y_last), .o_weight_addr(weight_addr), .i_weight(weight),
        .i_table_we(i_table_we), .i_table_addr(i_table_addr), .i_table_data(i_table_data),
        .o_table_data(o_table_data)
    );

    sc_mem #(.WIDTH(WORD_W), .DEPTH(1 << WEIGHT_AW), .INIT_FILE(WEIGHT_FILE)) u_weights (
        .clk(clk), .i_we(i_weight_we), .i_waddr(i_weight_addr), .i_wdata(i_weight_data),
        .i_raddr(weight_addr), .o_rdata(weight)
    );
endmodule
`default_nettype wire
