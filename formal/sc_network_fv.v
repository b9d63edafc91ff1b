// SPDX-License-Identifier: Apache-2.0
// An engine with its weights, for any engine and any memory (their outputs are free, see the end of the file):
//   core      it gets the network's inputs and parameters, each at its own port, and gives the network's outputs; i_answer
//             is 0: only the last step of a sample is answered;
//   weights   the memory is written over i_weight_*, read at the engine's address, and answers the engine; it has
//             2^WEIGHT_AW words of LANES weights and the content of WEIGHT_FILE.
// Nothing is assumed.
`default_nettype none
module sc_network_fv #(
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
    parameter SUM_W        = LOG2_ENTRIES + LOG2L + 1 + (MAC != 0 ? LOG2L : 0),
    parameter STEPS        = 24'h2A5473,
    parameter WORD_W       = LANES * (LOG2L + 1)
) (
    input wire                 clk,
    input wire                 rst,
    input wire                 i_x_valid,
    input wire [LOG2L:0]       i_x,
    input wire                 i_y_ready,
    input wire                 i_weight_we,
    input wire [WEIGHT_AW-1:0] i_weight_addr,
    input wire [WORD_W-1:0]    i_weight_data,
    input wire                 i_table_we,
    input wire [TABLE_AW-1:0]  i_table_addr,
    input wire [15:0]          i_table_data
);
    wire                    x_ready, y_valid, y_last;
    wire [LOG2_ENTRIES-1:0] x_count, y_class;
    wire [SUM_W-1:0]        y_score;
    wire [15:0]             table_data;
    sc_network #(
        .ENGINE(ENGINE), .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .LOG2_ENTRIES(LOG2_ENTRIES), .WEIGHT_AW(WEIGHT_AW),
        .TABLE_AW(TABLE_AW), .WEIGHT_FILE("i.mem"), .TABLE_FILE("t.mem"), .MAC(MAC), .ACC_AW(ACC_AW), .POOL(POOL),
        .SUM_W(SUM_W), .STEPS(STEPS)
    ) u_network (
        .clk(clk), .rst(rst), .i_x_valid(i_x_valid), .o_x_ready(x_ready), .i_x(i_x), .o_x_count(x_count),
        .o_y_valid(y_valid), .i_y_ready(i_y_ready), .o_y_score(y_score), .o_y_class(y_class), .o_y_last(y_last),
        .i_weight_we(i_weight_we), .i_weight_addr(i_weight_addr), .i_weight_data(i_weight_data),
        .i_table_we(i_table_we), .i_table_addr(i_table_addr), .i_table_data(i_table_data), .o_table_data(table_data)
    );

    // What the parts are given, what they give.
    (* keep *) wire [511:0] core_seen, core_given, core_values, mem_seen, mem_given, mem_values;
    (* keep *) wire         table_file, init_file;
    wire                    core_x_ready, core_y_valid, core_y_last;
    wire [LOG2_ENTRIES-1:0] core_x_count, core_y_class;
    wire [SUM_W-1:0]        core_y_score;
    wire [WEIGHT_AW-1:0]    core_weight_addr;
    wire [15:0]             core_table_data;
    wire [WORD_W-1:0]       word = mem_given[WORD_W-1:0];
    assign {core_x_ready, core_x_count, core_y_valid, core_y_score, core_y_class, core_y_last, core_weight_addr,
            core_table_data} = core_given;

    always @* begin
        a_core:    assert (core_seen == {rst, i_x_valid, i_x, 1'b0, i_y_ready, word, i_table_we, i_table_addr, i_table_data});
        a_weights: assert (mem_seen == {i_weight_we, i_weight_addr, i_weight_data, core_weight_addr});
        a_outputs: assert ({x_ready, x_count, y_valid, y_score, y_class, y_last, table_data}
                           == {core_x_ready, core_x_count, core_y_valid, core_y_score, core_y_class, core_y_last, core_table_data});
        a_parameters: assert (table_file && core_values == {ENGINE, LOG2L, LANES, FRAC, LOG2_ENTRIES, WEIGHT_AW, TABLE_AW, MAC,
                                                            ACC_AW, POOL, SUM_W, STEPS});
        a_memory:     assert (init_file && mem_values == {WORD_W, 32'd1 << WEIGHT_AW});
    end
    always @(posedge clk) begin
        c_score:  cover (y_valid && i_y_ready && y_score != 0);
        c_weight: cover (i_weight_we && i_weight_addr == 5);
    end
endmodule

// ---- Any parts: their outputs are free; `seen` is what they are given, `values` their parameters.
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
    assign {o_x_at, o_x_last, o_x_step, o_x_ready, o_x_count, o_y_valid, o_y_score, o_y_class, o_y_last, o_weight_addr,
        o_table_data} = given;
    (* keep *) wire [511:0] values = {ENGINE, LOG2L, LANES, FRAC, LOG2_ENTRIES, WEIGHT_AW, TABLE_AW, MAC, ACC_AW,
        POOL, SUM_W, STEPS};
    (* keep *) wire table_file = TABLE_FILE == "t.mem";
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
    (* keep *) wire [511:0] seen = {i_we, i_waddr, i_wdata, i_raddr};
    (* anyseq *) wire [511:0] given;
    assign {o_rdata} = given;
    (* keep *) wire [511:0] values = {WIDTH, DEPTH};
    (* keep *) wire init_file = INIT_FILE == "i.mem";
endmodule
`default_nettype wire
