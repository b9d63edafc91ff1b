// SPDX-License-Identifier: Apache-2.0
// UART, host interface and engine: everything of an accelerator but its weight memory.
//
// Protocol   docs/protocol.md
// Weights    the memory is outside, with one port, so that a board may choose it: i_weight_rdata answers o_weight_addr
//            one clock later; a word is written while o_weight_we.
// Loading    while i_load, another writer (sc_flash_loader) owns the memories: host and engine are held in reset, and
//            the layer table is written over i_table_*. Tie all of them to 0 where there is none.
// Latency    see sc_core; the link adds 10 bit times a byte.
// Model      sc_neurocore.golden, sc_neurocore.hardware.host
// Proof      formal/sc_system_fv.v, that it joins its parts; tb/test_host.py runs networks over the line
`default_nettype none
module sc_system #(
    parameter ENGINE         = 0,          // 0: dense, 1: convolution, 2: in steps
    parameter LOG2L          = 4,          // 2 .. 8: L = 2^LOG2L
    parameter LANES          = 2,          // 1 .. 64
    parameter FRAC           = 4,          // 0 .. 15: fraction bits of theta
    parameter LOG2_ENTRIES   = 8,          // 2 .. 12, as in sc_engine; ENGINE 1: to 16, its ACT_AW
    parameter WEIGHT_AW      = 14,         // 1 .. 24: address bits of the weight memory
    parameter TABLE_AW       = 5,          // 3 .. 8: address bits of the layer table; ENGINE 1: 5 to 12
    parameter TABLE_FILE     = "",         // empty: the table is written by the host
    parameter MAC            = 0,          // 0: stochastic, 1: integer multiply-accumulate
    parameter ACC_AW         = 8,          // ENGINE 1, 2: address bits of sums, states
    parameter POOL           = 0,          // for ENGINE 1, 0 or 1
    parameter SUM_W          = LOG2_ENTRIES + LOG2L + 1 + (MAC != 0 ? LOG2L : 0),   // with ENGINE 0 this, not another
    parameter STEPS          = 0,          // for ENGINE 2, see sc_core
    parameter CLOCKS_PER_BIT = 104,        // 4 .. 65535
    parameter LOG2_PAYLOAD   = 9,          // 9 .. 15, at least TABLE_AW + 2
    parameter LOG2_TIMEOUT   = 14          // 5 .. 24: bit times of silence
) (
    input  wire                       clk,
    input  wire                       rst,
    input  wire                       i_uart_rx,
    output wire                       o_uart_tx,
    output wire                       o_busy,
    output wire                       o_error,         // the last answer was not OK
    output wire                       o_weight_we,
    output wire [WEIGHT_AW-1:0]       o_weight_addr,
    output wire [LANES*(LOG2L+1)-1:0] o_weight_wdata,
    input  wire [LANES*(LOG2L+1)-1:0] i_weight_rdata,
    input  wire                       i_load,
    input  wire [1:0]                 i_boot,          // for INFO: 0 no image asked for, 2 loaded, 3 refused
    input  wire                       i_table_we,
    input  wire [TABLE_AW-1:0]        i_table_addr,
    input  wire [15:0]                i_table_wdata
);
    wire                    rx_valid, rx_error, tx_valid, tx_ready, tick;
    wire [7:0]              rx_data, tx_data;
    wire                    engine_rst, x_valid, x_ready, y_valid, y_ready, y_last, table_we;
    wire [LOG2L:0]          x;
    wire [SUM_W-1:0]        y_score;
    wire [LOG2_ENTRIES-1:0] y_class, x_count, x_at;
    wire                    x_last, answer_now;
    wire [11:0]             x_step;
    wire [TABLE_AW-1:0]     table_addr;
    wire [15:0]             table_wdata, table_rdata;
    wire [WEIGHT_AW-1:0]    host_weight_addr, engine_weight_addr;

    sc_uart_rx #(.CLOCKS_PER_BIT(CLOCKS_PER_BIT)) u_rx (
        .clk(clk), .rst(rst), .i_rx(i_uart_rx), .o_valid(rx_valid), .o_error(rx_error), .o_data(rx_data)
    );
    sc_uart_tx #(.CLOCKS_PER_BIT(CLOCKS_PER_BIT)) u_tx (
        .clk(clk), .rst(rst), .i_valid(tx_valid), .o_ready(tx_ready), .i_data(tx_data), .o_tx(o_uart_tx), .o_tick(tick)
    );
    sc_host #(
        .ENGINE(ENGINE), .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .LOG2_ENTRIES(LOG2_ENTRIES),
        .WEIGHT_AW(WEIGHT_AW), .TABLE_AW(TABLE_AW), .MAC(MAC), .ACC_AW(ACC_AW), .POOL(POOL), .SUM_W(SUM_W), .STEPS(STEPS),
        .LOG2_PAYLOAD(LOG2_PAYLOAD), .LOG2_TIMEOUT(LOG2_TIMEOUT)
    ) u_host (
        .clk(clk), .rst(rst || i_load), .o_busy(o_busy), .o_error(o_error), .i_boot(i_boot),
        .i_rx_valid(rx_valid), .i_rx_error(rx_error), .i_rx_data(rx_data),
        .o_tx_valid(tx_valid), .i_tx_ready(tx_ready), .o_tx_data(tx_data), .i_tick(tick),
        .o_engine_rst(engine_rst), .o_x_valid(x_valid), .i_x_ready(x_ready),
        .i_x_none(x_count == 0), .o_x(x),
        .i_x_at(x_at), .i_x_last(x_last), .i_x_step(x_step), .o_answer_now(answer_now), .i_y_valid(y_valid), .o_y_ready(y_ready), .i_y_score(y_score), .i_y_class(y_class), .i_y_last(y_last),
        .o_table_we(table_we), .o_table_addr(table_addr), .o_table_wdata(table_wdata), .i_table_rdata(table_rdata),
        .o_weight_we(o_weight_we), .o_weight_addr(host_weight_addr), .o_weight_wdata(o_weight_wdata)
    );
    sc_core #(
        .ENGINE(ENGINE), .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .LOG2_ENTRIES(LOG2_ENTRIES),
        .WEIGHT_AW(WEIGHT_AW), .TABLE_AW(TABLE_AW), .TABLE_FILE(TABLE_FILE), .MAC(MAC), .ACC_AW(ACC_AW), .POOL(POOL),
        .SUM_W(SUM_W), .STEPS(STEPS)
    ) u_core (
        .clk(clk), .rst(engine_rst), .i_x_valid(x_valid), .o_x_ready(x_ready), .i_x(x), .o_x_count(x_count),
        .o_x_at(x_at), .o_x_last(x_last), .o_x_step(x_step), .i_answer(answer_now),
        .o_y_valid(y_valid), .i_y_ready(y_ready), .o_y_score(y_score), .o_y_class(y_class), .o_y_last(y_last),
        .o_weight_addr(engine_weight_addr), .i_weight(i_weight_rdata),
        .i_table_we(i_load ? i_table_we : table_we), .i_table_addr(i_load ? i_table_addr : table_addr),
        .i_table_data(i_load ? i_table_wdata : table_wdata), .o_table_data(table_rdata)
    );
    assign o_weight_addr = o_weight_we ? host_weight_addr : engine_weight_addr;
endmodule
`default_nettype wire
