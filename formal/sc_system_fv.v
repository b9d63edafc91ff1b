// SPDX-License-Identifier: Apache-2.0
// UART, host and core together, for any such parts (their outputs are free, see the end of the file):
//   line      the receiver hears i_uart_rx, the transmitter speaks on o_uart_tx; the host gets the one's bytes and errors
//             and the other's ready and tick, and gives it its bytes;
//   core      it is reset by the host, gets codes from it and gives it scores and class; it has no inputs where its
//             number of inputs is 0; it tells the host where in a sample it is, and the host it what to answer;
//   memories  table and weights are written by the host; weights are read at the core's address;
//   loading   while i_load the host is held in reset, and the table is written over i_table_*.
// Every part has the parameters of the system, each its own. Nothing is assumed.
`default_nettype none
module sc_system_fv #(
    parameter ENGINE       = 0,
    parameter LOG2L        = 3,
    parameter LANES        = 5,
    parameter FRAC         = 9,
    parameter LOG2_ENTRIES = 7,
    parameter WEIGHT_AW    = 11,
    parameter TABLE_AW     = 6,
    parameter MAC          = 0,
    parameter ACC_AW       = 4,
    parameter POOL         = 1,
    parameter CLOCKS_PER_BIT = 104,
    parameter LOG2_PAYLOAD = 9,
    parameter LOG2_TIMEOUT = 14,
    parameter SUM_W        = LOG2_ENTRIES + LOG2L + 1 + (MAC != 0 ? LOG2L : 0),
    parameter STEPS        = 24'h2A5473,
    parameter WORD_W       = LANES * (LOG2L + 1)
) (
    input wire                clk,
    input wire                rst,
    input wire                i_uart_rx,
    input wire [WORD_W-1:0]   i_weight_rdata,
    input wire                i_load,
    input wire [1:0]          i_boot,
    input wire                i_table_we,
    input wire [TABLE_AW-1:0] i_table_addr,
    input wire [15:0]         i_table_wdata
);
    wire                 uart_tx, busy, error, weight_we;
    wire [WEIGHT_AW-1:0] weight_addr;
    wire [WORD_W-1:0]    weight_wdata;
    sc_system #(
        .ENGINE(ENGINE), .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .LOG2_ENTRIES(LOG2_ENTRIES), .WEIGHT_AW(WEIGHT_AW),
        .TABLE_AW(TABLE_AW), .TABLE_FILE("t.mem"), .MAC(MAC), .ACC_AW(ACC_AW), .POOL(POOL), .SUM_W(SUM_W), .STEPS(STEPS),
        .CLOCKS_PER_BIT(CLOCKS_PER_BIT), .LOG2_PAYLOAD(LOG2_PAYLOAD), .LOG2_TIMEOUT(LOG2_TIMEOUT)
    ) u_system (
        .clk(clk), .rst(rst), .i_uart_rx(i_uart_rx), .o_uart_tx(uart_tx), .o_busy(busy), .o_error(error),
        .o_weight_we(weight_we), .o_weight_addr(weight_addr), .o_weight_wdata(weight_wdata),
        .i_weight_rdata(i_weight_rdata), .i_load(i_load), .i_boot(i_boot), .i_table_we(i_table_we),
        .i_table_addr(i_table_addr), .i_table_wdata(i_table_wdata)
    );

    // What the parts are given, what they give.
    (* keep *) wire [511:0] rx_seen, rx_given, rx_values, tx_seen, tx_given, tx_values;
    (* keep *) wire [511:0] host_seen, host_given, host_values, core_seen, core_given, core_values;
    (* keep *) wire         table_file;
    wire                    rx_valid, rx_error, tx_ready, tx_line, tick, host_busy, host_error, tx_valid, engine_rst;
    wire                    x_valid, answer_now, y_ready, table_we, host_weight_we, x_ready, x_last, y_valid, y_last;
    wire [7:0]              rx_data, tx_data;
    wire [LOG2L:0]          x;
    wire [TABLE_AW-1:0]     table_addr;
    wire [15:0]             table_wdata, table_data;
    wire [WEIGHT_AW-1:0]    host_weight_addr, core_weight_addr;
    wire [WORD_W-1:0]       host_weight_wdata;
    wire [LOG2_ENTRIES-1:0] x_count, x_at, y_class;
    wire [11:0]             x_step;
    wire [SUM_W-1:0]        y_score;
    wire                    x_none = x_count == 0;
    assign {rx_valid, rx_error, rx_data} = rx_given;
    assign {tx_ready, tx_line, tick} = tx_given;
    assign {host_busy, host_error, tx_valid, tx_data, engine_rst, x_valid, x, answer_now, y_ready, table_we, table_addr,
            table_wdata, host_weight_we, host_weight_addr, host_weight_wdata} = host_given;
    assign {x_ready, x_count, x_at, x_last, x_step, y_valid, y_score, y_class, y_last, core_weight_addr, table_data} = core_given;

    wire rst_or_load = rst || i_load;
    always @* begin
        a_rx:   assert (rx_seen == {rst, i_uart_rx} && rx_values == CLOCKS_PER_BIT);
        a_tx:   assert (tx_seen == {rst, tx_valid, tx_data} && tx_values == CLOCKS_PER_BIT);
        a_host: assert (host_seen == {rst_or_load, i_boot, rx_valid, rx_error, rx_data, tx_ready, tick, x_ready, x_none,
                                      x_at, x_last, x_step, y_valid, y_score, y_class, y_last, table_data});
        if (i_load) a_core_load: assert (core_seen == {engine_rst, x_valid, x, answer_now, y_ready, i_weight_rdata, i_table_we,
                                                       i_table_addr, i_table_wdata});
        else        a_core:      assert (core_seen == {engine_rst, x_valid, x, answer_now, y_ready, i_weight_rdata, table_we,
                                                       table_addr, table_wdata});
        a_outputs: assert ({uart_tx, busy, error, weight_we, weight_wdata}
                           == {tx_line, host_busy, host_error, host_weight_we, host_weight_wdata});
        a_weights: assert (weight_addr == (weight_we ? host_weight_addr : core_weight_addr));
        a_host_parameters: assert (host_values == {ENGINE, LOG2L, LANES, FRAC, LOG2_ENTRIES, WEIGHT_AW, TABLE_AW, MAC, ACC_AW,
                                                   POOL, SUM_W, STEPS, LOG2_PAYLOAD, LOG2_TIMEOUT});
        a_core_parameters: assert (table_file && core_values == {ENGINE, LOG2L, LANES, FRAC, LOG2_ENTRIES, WEIGHT_AW, TABLE_AW,
                                                                 MAC, ACC_AW, POOL, SUM_W, STEPS});
    end
    always @(posedge clk) begin
        c_score: cover (y_valid && y_ready && !i_load);
        c_load:  cover (i_load && i_table_we && i_table_addr == 3);
        c_write: cover (weight_we && weight_addr != core_weight_addr);
    end
endmodule

// ---- Any parts: their outputs are free; `seen` is what they are given, `values` their parameters.
module sc_uart_rx #(
    parameter CLOCKS_PER_BIT = 104
) (
    input  wire clk,
    input  wire rst,
    input  wire i_rx,
    output wire o_valid,
    output wire o_error,
    output wire [7:0] o_data
);
    (* keep *) wire [511:0] seen = {rst, i_rx};
    (* anyseq *) wire [511:0] given;
    assign {o_valid, o_error, o_data} = given;
    (* keep *) wire [511:0] values = {CLOCKS_PER_BIT};
endmodule

module sc_uart_tx #(
    parameter CLOCKS_PER_BIT = 104
) (
    input  wire clk,
    input  wire rst,
    input  wire i_valid,
    output wire o_ready,
    input  wire [7:0] i_data,
    output wire o_tx,
    output wire o_tick
);
    (* keep *) wire [511:0] seen = {rst, i_valid, i_data};
    (* anyseq *) wire [511:0] given;
    assign {o_ready, o_tx, o_tick} = given;
    (* keep *) wire [511:0] values = {CLOCKS_PER_BIT};
endmodule

module sc_host #(
    parameter ENGINE = 0,
    parameter LOG2L = 4,
    parameter LANES = 2,
    parameter FRAC = 4,
    parameter LOG2_ENTRIES = 8,
    parameter WEIGHT_AW = 14,
    parameter TABLE_AW = 5,
    parameter MAC = 0,
    parameter ACC_AW = 8,
    parameter POOL = 0,
    parameter SUM_W = LOG2_ENTRIES + LOG2L + 1 + (MAC != 0 ? LOG2L : 0),
    parameter STEPS = 0,
    parameter LOG2_PAYLOAD = 9,
    parameter LOG2_TIMEOUT = 14,
    parameter WEIGHT_W = LANES * (LOG2L + 1)
) (
    input  wire clk,
    input  wire rst,
    output wire o_busy,
    output wire o_error,
    input  wire [1:0] i_boot,
    input  wire i_rx_valid,
    input  wire i_rx_error,
    input  wire [7:0] i_rx_data,
    output wire o_tx_valid,
    input  wire i_tx_ready,
    output wire [7:0] o_tx_data,
    input  wire i_tick,
    output wire o_engine_rst,
    output wire o_x_valid,
    input  wire i_x_ready,
    input  wire i_x_none,
    output wire [LOG2L:0] o_x,
    input  wire [LOG2_ENTRIES-1:0] i_x_at,
    input  wire i_x_last,
    input  wire [11:0] i_x_step,
    output wire o_answer_now,
    input  wire i_y_valid,
    output wire o_y_ready,
    input  wire [SUM_W-1:0] i_y_score,
    input  wire [LOG2_ENTRIES-1:0] i_y_class,
    input  wire i_y_last,
    output wire o_table_we,
    output wire [TABLE_AW-1:0] o_table_addr,
    output wire [15:0] o_table_wdata,
    input  wire [15:0] i_table_rdata,
    output wire o_weight_we,
    output wire [WEIGHT_AW-1:0] o_weight_addr,
    output wire [WEIGHT_W-1:0] o_weight_wdata
);
    (* keep *) wire [511:0] seen = {rst, i_boot, i_rx_valid, i_rx_error, i_rx_data, i_tx_ready, i_tick, i_x_ready,
        i_x_none, i_x_at, i_x_last, i_x_step, i_y_valid, i_y_score, i_y_class, i_y_last, i_table_rdata};
    (* anyseq *) wire [511:0] given;
    assign {o_busy, o_error, o_tx_valid, o_tx_data, o_engine_rst, o_x_valid, o_x, o_answer_now, o_y_ready, o_table_we,
        o_table_addr, o_table_wdata, o_weight_we, o_weight_addr, o_weight_wdata} = given;
    (* keep *) wire [511:0] values = {ENGINE, LOG2L, LANES, FRAC, LOG2_ENTRIES, WEIGHT_AW, TABLE_AW, MAC, ACC_AW,
        POOL, SUM_W, STEPS, LOG2_PAYLOAD, LOG2_TIMEOUT};
endmodule

module sc_core #(
    parameter ENGINE = 0,
    parameter LOG2L = 4,
    parameter LANES = 2,
    parameter FRAC = 4,
    parameter LOG2_ENTRIES = 8,
    parameter WEIGHT_AW = 14,
    parameter TABLE_AW = 5,
    parameter TABLE_FILE = "",
    parameter MAC = 0,
    parameter ACC_AW = 8,
    parameter POOL = 0,
    parameter SUM_W = LOG2_ENTRIES + LOG2L + 1 + (MAC != 0 ? LOG2L : 0),
    parameter STEPS = 0
) (
    input  wire clk,
    input  wire rst,
    input  wire i_x_valid,
    output wire o_x_ready,
    input  wire [LOG2L:0] i_x,
    output wire [LOG2_ENTRIES-1:0] o_x_count,
    output wire [LOG2_ENTRIES-1:0] o_x_at,
    output wire o_x_last,
    output wire [11:0] o_x_step,
    input  wire i_answer,
    output wire o_y_valid,
    input  wire i_y_ready,
    output wire [SUM_W-1:0] o_y_score,
    output wire [LOG2_ENTRIES-1:0] o_y_class,
    output wire o_y_last,
    output wire [WEIGHT_AW-1:0] o_weight_addr,
    input  wire [LANES*(LOG2L+1)-1:0] i_weight,
    input  wire i_table_we,
    input  wire [TABLE_AW-1:0] i_table_addr,
    input  wire [15:0] i_table_data,
    output wire [15:0] o_table_data
);
    (* keep *) wire [511:0] seen = {rst, i_x_valid, i_x, i_answer, i_y_ready, i_weight, i_table_we, i_table_addr, i_table_data};
    (* anyseq *) wire [511:0] given;
    assign {o_x_ready, o_x_count, o_x_at, o_x_last, o_x_step, o_y_valid, o_y_score, o_y_class, o_y_last, o_weight_addr,
        o_table_data} = given;
    (* keep *) wire [511:0] values = {ENGINE, LOG2L, LANES, FRAC, LOG2_ENTRIES, WEIGHT_AW, TABLE_AW, MAC, ACC_AW,
        POOL, SUM_W, STEPS};
    (* keep *) wire table_file = TABLE_FILE == "t.mem";
endmodule
`default_nettype wire
