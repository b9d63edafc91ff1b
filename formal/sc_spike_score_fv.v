// SPDX-License-Identifier: Apache-2.0
// Currents, scores and class of the spiking engine, for any memories (their outputs are free, see the end of the file):
//   current   after i_first it is the front sum, and in a rest step the base that was read added, exactly;
//   score     after i_step it is what the readout adds, A20's table, to the score that was read, or to 0 in a sample's first
//             step and where only the last potential counts; it is exact as long as it fits SUM_W bits;
//   memories  base and score are read at the address to read and written, with current and score, at the address to write, in
//             the clocks that say so, and nothing else is;
//   class     the first index of those with the greatest score since the one of index 0.
// Nothing is assumed but that i_first and i_step do not come at once.
`default_nettype none
module sc_spike_score_fv #(
    parameter LOG2_ENTRIES = 3,
    parameter S_W          = 6,
    parameter WIDTH        = 4,
    parameter SUM_W        = 8,
    parameter STATE_AW     = 2,
    parameter CONSTANT     = 1
) (
    input wire                    clk,
    input wire [STATE_AW-1:0]     i_read_addr,
    input wire [STATE_AW-1:0]     i_write_addr,
    input wire                    i_first,
    input wire                    i_step,
    input wire                    i_score,
    input wire                    i_rest,
    input wire                    i_keep_base,
    input wire                    i_fresh,
    input wire [1:0]              i_readout,
    input wire [S_W-1:0]          i_front,
    input wire [WIDTH-1:0]        i_u,
    input wire                    i_spike,
    input wire                    i_taken,
    input wire [LOG2_ENTRIES-1:0] i_index
);
    localparam W = S_W + SUM_W + WIDTH + 2;            // no sum wraps in it
    always @* assume (!(i_first && i_step));

    wire [S_W-1:0]          o_current;
    wire [SUM_W-1:0]        o_score;
    wire [LOG2_ENTRIES-1:0] o_class;
    sc_spike_score #(
        .LOG2_ENTRIES(LOG2_ENTRIES), .S_W(S_W), .WIDTH(WIDTH), .SUM_W(SUM_W), .STATE_AW(STATE_AW), .CONSTANT(CONSTANT)
    ) u_score (
        .clk(clk), .i_read_addr(i_read_addr), .i_write_addr(i_write_addr), .i_first(i_first), .i_step(i_step),
        .i_score(i_score), .i_rest(i_rest), .i_keep_base(i_keep_base), .i_fresh(i_fresh), .i_readout(i_readout),
        .i_front(i_front), .i_u(i_u), .i_spike(i_spike), .i_taken(i_taken), .i_index(i_index),
        .o_current(o_current), .o_score(o_score), .o_class(o_class)
    );

    // What the memories are given, give, and have as parameters.
    (* keep *) wire [99:0] base_seen, base_given, base_values, score_seen, score_given, score_values;
    (* keep *) wire        base_none, score_none;

    // What comes of a clock: the sum of numbers so wide that nothing wraps.
    wire signed [S_W-1:0]   front = i_front;
    wire signed [S_W-1:0]   base;
    generate
        if (CONSTANT) begin : g_base
            assign base = i_rest ? base_given[S_W-1:0] : 0;
        end else begin : g_none
            assign base = 0;
        end
    endgenerate
    wire signed [WIDTH-1:0] u     = i_u;
    wire signed [SUM_W-1:0] so_far = i_fresh || i_readout == 3 ? 0 : score_given[SUM_W-1:0];
    reg  signed [W-1:0]     part, current, score;
    always @* begin
        case (i_readout)
            0:       part = front;
            1:       part = i_spike ? 1 : 0;
            default: part = u;
        endcase
    end
    reg past_valid = 0, was_first = 0, was_step = 0, was_base = 0, held = 0;
    reg [SUM_W-1:0] score_was;
    always @(posedge clk) begin
        past_valid <= 1;
        was_first  <= i_first;
        was_step   <= i_step;
        was_base   <= base != 0;
        score_was  <= o_score;
        held       <= !i_first && !i_step;
        current    <= front + base;
        score      <= so_far + part;
    end

    // The greatest score so far, as an unsigned number, and the first index that had it.
    reg                     known = 0;
    reg  [SUM_W-1:0]        top;
    reg  [LOG2_ENTRIES-1:0] top_at;
    wire [SUM_W-1:0]        level  = {~o_score[SUM_W-1], o_score[SUM_W-2:0]};
    wire                    anew   = i_index == 0;
    wire                    better = anew || level > top;
    always @(posedge clk)
        if (i_taken) begin
            if (anew) known <= 1;
            if (better) {top, top_at} <= {level, i_index};
        end

    (* keep *) wire [SUM_W-1:0]        best;
    (* keep *) wire [LOG2_ENTRIES-1:0] best_index;
    wire           keeps       = i_step && i_keep_base;
    wire [S_W-1:0]   current_due = current;
    wire [SUM_W-1:0] score_due   = score;
    always @* if (past_valid) begin
        if (was_first) a_current: assert (o_current == current_due);
        if (was_step)  a_score:   assert (o_score == score_due);
        if (held)      a_held:    assert (o_score == score_was);
        if (CONSTANT)  a_base:    assert (base_seen == {keeps, i_write_addr, o_current, i_read_addr}
                                          && base_none && base_values == {S_W, 32'd1 << STATE_AW});
        a_memory: assert (score_seen == {i_score, i_write_addr, o_score, i_read_addr});
        if (anew || known) a_class: assert (o_class == (better ? i_index : top_at));
        a_parameters: assert (score_none && score_values == {SUM_W, 32'd1 << STATE_AW});
        i_best: assert (!known || (best_index == top_at && best == {~top[SUM_W-1], top[SUM_W-2:0]}));
    end

    always @(posedge clk) if (past_valid) begin
        c_base:   cover (was_first && was_base && current < -2);
        c_spikes: cover (was_step && score == 3);
        c_class:  cover (i_taken && known && !anew && o_class != i_index && o_class != 0);
    end
endmodule

// ---- Any memory: its output is free; `seen` is what it is given, `values` its parameters.
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
    (* keep *) wire [99:0] seen = {i_we, i_waddr, i_wdata, i_raddr};
    (* anyseq *) wire [99:0] given;
    assign {o_rdata} = given;
    (* keep *) wire [99:0] values = {WIDTH, DEPTH};
    (* keep *) wire no_file = INIT_FILE == "";
endmodule
`default_nettype wire
