// SPDX-License-Identifier: Apache-2.0
// Neuron of a folded layer against the formula of A8, for every sequence of counts:
//   sum     after any number of additions the accumulator holds 2^SHIFT * S - HALF, HALF the rounded-up half threshold,
//           S the bias less the inverted gates' offset plus all counts, in far wider arithmetic;
//   order   after m further steps o_spike = [2 * 2^FRAC * S - (2m + 1) * THETA >= 0]: spike m of window_if;
//   hold    a clock without i_start, i_add and i_step changes nothing; i_add goes before i_step.
// So SHIFT, HALF and STEP, which leave out the low bits of THETA that never decide, are right for this THETA and FRAC.
// i_start, i_add, i_step and i_count are free; the sum stays within TOTAL, as a network's gates make sure.
`default_nettype none
module sc_fold_if_fv #(
    parameter WIDTH   = 8,
    parameter COUNT_W = 2,
    parameter THETA   = 16,
    parameter FRAC    = 4,
    parameter SHIFT   = 0,
    parameter HALF    = 1,
    parameter STEP    = 1,
    parameter PLUS    = 0,
    parameter MINUS   = 7,     // PLUS - MINUS: the bias less the inverted gates
    parameter TOTAL   = 20,    // greatest sum of counts
    parameter STEPS   = 8      // of one window
) (
    input wire               clk,
    input wire               i_start,
    input wire               i_add,
    input wire               i_step,
    input wire [COUNT_W-1:0] i_count
);
    localparam W = 40;
    localparam OFFSET = PLUS - MINUS;
    wire                    spike;
    wire signed [WIDTH-1:0] acc;
    sc_fold_if #(
        .WIDTH(WIDTH), .COUNT_W(COUNT_W), .SHIFT(SHIFT), .START(OFFSET * (1 << SHIFT) - HALF), .STEP(STEP)
    ) u_neuron (
        .clk(clk), .i_start(i_start), .i_add(i_add), .i_step(i_step), .i_count(i_count), .o_spike(spike), .o_acc(acc)
    );

    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;
    always @* if (!past_valid) assume (i_start);

    reg        [15:0] sum, steps;
    wire              adds = i_add && !i_start;
    wire              pays = i_step && !i_add && !i_start;
    always @(posedge clk)
        if (i_start) begin
            sum   <= 0;
            steps <= 0;
        end else if (i_add) sum <= sum + i_count;
        else if (i_step) steps <= steps + 1;
    always @* if (past_valid) begin
        if (adds) assume (sum + i_count <= TOTAL);
        if (pays) assume (steps < STEPS);
    end

    wire signed [W-1:0] s     = OFFSET + $signed({{(W-16){1'b0}}, sum});
    wire signed [W-1:0] m     = $signed({{(W-16){1'b0}}, steps});
    wire signed [W-1:0] left  = (s <<< (FRAC + 1)) - (2 * m + 1) * THETA;
    wire signed [W-1:0] value = (s <<< SHIFT) - HALF - m * STEP;
    always @* if (past_valid) begin
        a_order: assert (spike == (left >= 0));
        a_value: assert (acc == value);
    end
    always @(posedge clk) if (past_valid && !i_start) begin
        c_all:  cover (steps == STEPS && spike);
        c_some: cover (steps == 2 && !spike && m > 0 && sum > 3);
        c_none: cover (sum == TOTAL);
        c_both: cover (i_add && i_step);
    end
endmodule
`default_nettype wire
