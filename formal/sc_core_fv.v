// SPDX-License-Identifier: Apache-2.0
// The choice of an engine: for any engine at all (its outputs are free, see the end of the file)
//   inputs    the engine of the parameter ENGINE gets the core's inputs, each at its own port, and the core's parameters;
//   outputs   the core's outputs are that engine's; those that say where in a sample the engine is, and i_answer, are of
//             ENGINE 2 alone: with the others they are 0, and nothing reads i_answer.
// So whatever is proven of an engine holds of the core. Nothing is assumed. `seen` is what the engine is given.
`default_nettype none
module sc_core_fv #(
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
    parameter STEPS        = 24'h6A5473
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
    localparam GIVEN = 3 + 2 * LOG2_ENTRIES + SUM_W + WEIGHT_AW + 16;
    localparam SEEN  = 5 + LOG2L + 1 + LANES * (LOG2L + 1) + TABLE_AW + 16;

    wire                    x_ready, x_last, y_valid, y_last;
    wire [LOG2_ENTRIES-1:0] x_count, x_at, y_class;
    wire [11:0]             x_step;
    wire [SUM_W-1:0]        y_score;
    wire [WEIGHT_AW-1:0]    weight_addr;
    wire [15:0]             table_data;
    sc_core #(
        .ENGINE(ENGINE), .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .LOG2_ENTRIES(LOG2_ENTRIES), .WEIGHT_AW(WEIGHT_AW),
        .TABLE_AW(TABLE_AW), .TABLE_FILE("t.mem"), .MAC(MAC), .ACC_AW(ACC_AW), .POOL(POOL), .SUM_W(SUM_W), .STEPS(STEPS)
    ) u_core (
        .clk(clk), .rst(rst), .i_x_valid(i_x_valid), .o_x_ready(x_ready), .i_x(i_x), .o_x_count(x_count),
        .o_x_at(x_at), .o_x_last(x_last), .o_x_step(x_step), .i_answer(i_answer),
        .o_y_valid(y_valid), .i_y_ready(i_y_ready), .o_y_score(y_score), .o_y_class(y_class), .o_y_last(y_last),
        .o_weight_addr(weight_addr), .i_weight(i_weight), .i_table_we(i_table_we), .i_table_addr(i_table_addr),
        .i_table_data(i_table_data), .o_table_data(table_data)
    );

    (* keep *) wire [SEEN-1:0] seen;
    (* keep *) wire [511:0]    given;
    (* keep *) wire [415:0]    values;
    wire [LOG2_ENTRIES+12:0]   where = given[GIVEN +: LOG2_ENTRIES+13];
    always @* begin
        a_inputs:     assert (seen == {ENGINE == 2 && i_answer, rst, i_x_valid, i_x, i_y_ready, i_weight, i_table_we, i_table_addr,
                                       i_table_data});
        a_outputs:    assert (given[GIVEN-1:0] == {x_ready, x_count, y_valid, y_score, y_class, y_last, weight_addr, table_data});
        a_where:      assert ({x_at, x_last, x_step} == (ENGINE == 2 ? where : 0));
        a_parameters: assert (values == {LOG2L, LANES, FRAC, LOG2_ENTRIES, WEIGHT_AW, TABLE_AW, ENGINE == 2 ? 0 : MAC, 32'd1,
                                         ENGINE != 0 ? ACC_AW : 0, ENGINE == 1 ? POOL : 0, SUM_W,
                                         ENGINE == 2 ? STEPS : 0, ENGINE});
    end
    always @(posedge clk) begin
        c_score: cover (y_valid && i_y_ready && y_score != 0);
        c_table: cover (i_table_we && i_table_addr == 3);
        c_where: cover (x_ready && i_answer && (ENGINE != 2 || (x_last && x_at == 2 && x_step == 3)));
    end
endmodule

// Any engine of each kind.
module sc_engine #(
    parameter LOG2L        = 4,
    parameter LANES        = 2,
    parameter FRAC         = 4,
    parameter LOG2_ENTRIES = 8,
    parameter WEIGHT_AW    = 14,
    parameter TABLE_AW     = 5,
    parameter TABLE_FILE   = "",
    parameter MAC          = 0,
    parameter SUM_W        = LOG2_ENTRIES + LOG2L + 1 + (MAC != 0 ? LOG2L : 0)
) (
    input  wire                       clk,
    input  wire                       rst,
    input  wire                       i_x_valid,
    output wire                       o_x_ready,
    input  wire [LOG2L:0]             i_x,
    output wire [LOG2_ENTRIES-1:0]    o_x_count,
    output wire                       o_y_valid,
    input  wire                       i_y_ready,
    output wire [SUM_W-1:0]           o_y_score,
    output wire [LOG2_ENTRIES-1:0]    o_y_class,
    output wire                       o_y_last,
    output wire [WEIGHT_AW-1:0]       o_weight_addr,
    input  wire [LANES*(LOG2L+1)-1:0] i_weight,
    input  wire                       i_table_we,
    input  wire [TABLE_AW-1:0]        i_table_addr,
    input  wire [15:0]                i_table_data,
    output wire [15:0]                o_table_data
);
    localparam SEEN  = 5 + LOG2L + 1 + LANES * (LOG2L + 1) + TABLE_AW + 16;
    wire is_file = TABLE_FILE == "t.mem";
    (* keep *) wire [SEEN-1:0] seen =
        {1'b0, rst, i_x_valid, i_x, i_y_ready, i_weight, i_table_we, i_table_addr, i_table_data};
    (* keep *) wire [415:0] values =
        {LOG2L, LANES, FRAC, LOG2_ENTRIES, WEIGHT_AW, TABLE_AW, MAC, 31'd0, is_file, 64'd0, SUM_W, 64'd0};
    (* anyseq *) wire [511:0] given;
    assign {o_x_ready, o_x_count, o_y_valid, o_y_score, o_y_class, o_y_last, o_weight_addr, o_table_data} = given;
endmodule

module sc_conv_engine #(
    parameter LOG2L      = 4,
    parameter LANES      = 2,
    parameter FRAC       = 4,
    parameter ACT_AW     = 10,
    parameter ACC_AW     = 8,
    parameter WEIGHT_AW  = 14,
    parameter TABLE_AW   = 8,
    parameter SUM_W      = 13,
    parameter POOL       = 0,
    parameter TABLE_FILE = "",
    parameter MAC        = 0
) (
    input  wire                       clk,
    input  wire                       rst,
    input  wire                       i_x_valid,
    output wire                       o_x_ready,
    input  wire [LOG2L:0]             i_x,
    output wire [ACT_AW-1:0]          o_x_count,
    output wire                       o_y_valid,
    input  wire                       i_y_ready,
    output wire [SUM_W-1:0]           o_y_score,
    output wire [ACT_AW-1:0]          o_y_class,
    output wire                       o_y_last,
    output wire [WEIGHT_AW-1:0]       o_weight_addr,
    input  wire [LANES*(LOG2L+1)-1:0] i_weight,
    input  wire                       i_table_we,
    input  wire [TABLE_AW-1:0]        i_table_addr,
    input  wire [15:0]                i_table_data,
    output wire [15:0]                o_table_data
);
    localparam SEEN  = 5 + LOG2L + 1 + LANES * (LOG2L + 1) + TABLE_AW + 16;
    wire is_file = TABLE_FILE == "t.mem";
    (* keep *) wire [SEEN-1:0] seen =
        {1'b0, rst, i_x_valid, i_x, i_y_ready, i_weight, i_table_we, i_table_addr, i_table_data};
    (* keep *) wire [415:0] values =
        {LOG2L, LANES, FRAC, ACT_AW, WEIGHT_AW, TABLE_AW, MAC, 31'd0, is_file, ACC_AW, POOL, SUM_W, 64'd1};
    (* anyseq *) wire [511:0] given;
    assign {o_x_ready, o_x_count, o_y_valid, o_y_score, o_y_class, o_y_last, o_weight_addr, o_table_data} = given;
endmodule
module sc_spike_engine #(
    parameter LOG2L        = 4,
    parameter LANES        = 2,
    parameter FRAC         = 4,
    parameter LOG2_ENTRIES = 8,
    parameter WEIGHT_AW    = 14,
    parameter TABLE_AW     = 6,
    parameter TABLE_FILE   = "",
    parameter STATE_AW     = 8,
    parameter SUM_W        = 16,
    parameter NEURON       = 0,
    parameter WIDTH        = 16,
    parameter LEAK_MODE    = 0,
    parameter RESET_MODE   = 0,
    parameter REFRACTORY   = 0,
    parameter CONSTANT     = 1,
    parameter DELAY_AW     = 0,
    parameter HISTORY_AW   = 1,
    parameter BITS         = 0
) (
    input  wire                       clk,
    input  wire                       rst,
    input  wire                       i_x_valid,
    output wire                       o_x_ready,
    input  wire [LOG2L:0]             i_x,
    output wire [LOG2_ENTRIES-1:0]    o_x_count,
    output wire [LOG2_ENTRIES-1:0]    o_x_at,
    output wire                       o_x_last,
    output wire [11:0]                o_x_step,
    input  wire                       i_answer,
    output wire                       o_y_valid,
    input  wire                       i_y_ready,
    output wire [SUM_W-1:0]           o_y_score,
    output wire [LOG2_ENTRIES-1:0]    o_y_class,
    output wire                       o_y_last,
    output wire [WEIGHT_AW-1:0]       o_weight_addr,
    input  wire [LANES*(LOG2L+1)-1:0] i_weight,
    input  wire                       i_table_we,
    input  wire [TABLE_AW-1:0]        i_table_addr,
    input  wire [15:0]                i_table_data,
    output wire [15:0]                o_table_data
);
    localparam SEEN  = 5 + LOG2L + 1 + LANES * (LOG2L + 1) + TABLE_AW + 16;
    wire is_file = TABLE_FILE == "t.mem";
    (* keep *) wire [SEEN-1:0] seen =
        {i_answer, rst, i_x_valid, i_x, i_y_ready, i_weight, i_table_we, i_table_addr, i_table_data};
    // What STEPS has in its fields, put together again.
    wire [3:0]  kind = NEURON, delay = DELAY_AW, history = HISTORY_AW;
    wire [5:0]  width = WIDTH;
    wire [3:0]  flags = {CONSTANT[0], REFRACTORY[0], RESET_MODE[0], LEAK_MODE[0]};
    wire [31:0] steps = {9'd0, BITS[0], history, delay, flags, width, kind};
    (* keep *) wire [415:0] values =
        {LOG2L, LANES, FRAC, LOG2_ENTRIES, WEIGHT_AW, TABLE_AW, 63'd0, is_file, STATE_AW, 32'd0, SUM_W, steps, 32'd2};
    (* anyseq *) wire [511:0] given;
    assign {o_x_at, o_x_last, o_x_step, o_x_ready, o_x_count, o_y_valid, o_y_score, o_y_class, o_y_last, o_weight_addr,
            o_table_data} = given;
endmodule
`default_nettype wire
