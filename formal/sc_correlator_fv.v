// SPDX-License-Identifier: Apache-2.0
// Correlator (A15), in every enabled clock, by nothing but the ones that came and went since the last restart:
//   keep      of each stream at most DEPTH ones fewer went out than came in, and never more; never are both streams short;
//   pass      where the inputs are equal both pass;
//   pair      a lone one goes out with one that the other stream is short of, if there is one;
//   hold      else it is held, if its stream is short of fewer than DEPTH;
//   alone     the outputs differ only in a clock whose stream is short of DEPTH ones already.
// rst, i_restart, i_en, i_x and i_y are free at every clock. `held` and `of_y` are the module's registers, which the
// script of the proof connects.
`default_nettype none
module sc_correlator_fv #(
    parameter DEPTH = 1
) (
    input wire clk,
    input wire rst,
    input wire i_restart,
    input wire i_en,
    input wire i_x,
    input wire i_y
);
    wire x, y;
    sc_correlator #(.DEPTH(DEPTH)) u_correlator (
        .clk(clk), .rst(rst), .i_restart(i_restart), .i_en(i_en), .i_x(i_x), .i_y(i_y), .o_x(x), .o_y(y)
    );
    (* keep *) wire [$clog2(DEPTH+1)-1:0] held;
    (* keep *) wire                       of_y;

    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;
    always @* if (!past_valid) assume (rst);

    reg signed [15:0] short_x, short_y;    // ones that came less ones that went
    always @(posedge clk)
        if (rst || i_restart) begin
            short_x <= 0;
            short_y <= 0;
        end else if (i_en) begin
            short_x <= short_x + $signed({1'b0, i_x}) - $signed({1'b0, x});
            short_y <= short_y + $signed({1'b0, i_y}) - $signed({1'b0, y});
        end

    always @* if (past_valid) begin
        a_keep:  assert (short_x >= 0 && short_x <= DEPTH && short_y >= 0 && short_y <= DEPTH);
        a_one:   assert (short_x == 0 || short_y == 0);
        if (i_x == i_y)               a_pass:   assert (x == i_x && y == i_y);
        if (i_x && !i_y && short_y > 0) a_pair_y: assert (x && y);
        if (i_y && !i_x && short_x > 0) a_pair_x: assert (x && y);
        if (i_x && !i_y && short_y == 0 && short_x < DEPTH) a_hold_x: assert (!x && !y);
        if (i_y && !i_x && short_x == 0 && short_y < DEPTH) a_hold_y: assert (!x && !y);
        if (x != y) a_alone: assert (x == i_x && y == i_y && (x ? short_x : short_y) == DEPTH);
        i_held:  assert (held == short_x + short_y && (held == 0 || of_y == (short_y != 0)));
    end

    always @(posedge clk)
        if (past_valid && !rst && i_en) begin
            c_full_x:  cover (short_x == DEPTH && x && !y);
            c_full_y:  cover (short_y == DEPTH && y && !x);
            c_pairs_x: cover (short_x == 1 && x && y && !i_x);
            c_pairs_y: cover (short_y == 1 && x && y && !i_y);
        end
endmodule
`default_nettype wire
