// SPDX-License-Identifier: Apache-2.0
// The dense engine as a whole against the arithmetic (A2, A5 to A9, A11), for one inference of a network of two layers,
// bounded and complete: N0 inputs, N1 neurons, N2 scores, with every weight, bias, threshold and input that there can be,
// from any state of registers and memories before rst.
//   scores    the engine takes N0 codes and gives N2 scores, each the sum that the arithmetic's formulas give for the whole
//             network, computed here at once, without an order of clocks; o_y_class is the lowest index of the greatest so
//             far, o_y_last marks the last;
//   end       it has given them by clock END, whatever the codes do to its timing.
// The environment holds rst while it writes the table, and stalls codes and scores at most once each, at any clock: that
// control waits in any case is proven without bounds in sc_engine_ctrl_fv. Words of weights past the network are free.
// Nothing is assumed of them: a threshold of 0 gives L ones for every sum that is not negative, and the integer peer takes
// an input above L as it is.
`default_nettype none
module sc_engine_fv #(
    parameter LANES = 1,
    parameter MAC   = 0,
    parameter N0    = 2,
    parameter N1    = 2,
    parameter N2    = 2,
    parameter END   = 60
) (
    input wire clk
);
    localparam LOG2L = 2, L = 4, FRAC = 2, E = 2, AW = 4, SUM_W = E + LOG2L + 1 + (MAC != 0 ? LOG2L : 0);
    localparam G1 = (N1 + LANES - 1) / LANES, G2 = (N2 + LANES - 1) / LANES;  // groups of lanes
    localparam WORDS = G1 * (N0 + 1) + G2 * (N1 + 1), WORD_W = 3 * LANES;

    (* anyconst *) wire [WORDS*WORD_W-1:0] weights;
    (* anyconst *) wire [3*N0-1:0]         codes;
    (* anyconst *) wire [15:0]             theta;
    (* anyseq *)   wire                    x_stall, y_stall;
    (* anyseq *)   wire [2:0]              x_any;
    (* anyseq *)   wire [WORD_W-1:0]       word_any;

    // Clocks 0 to 5 write the table's words 2 to 6.
    reg [7:0] age = 0;
    always @(posedge clk) age <= age + 1;
    wire        rst = age < 6;
    wire [2:0]  table_addr = age + 2;
    wire [15:0] table_data = age == 0 ? N0 : age == 1 ? N1 : age == 2 ? theta : age == 3 ? 16'h8000 | N2 : 1;

    wire              x_ready, y_valid, y_last;
    wire [E-1:0]      x_count, y_class;
    wire [SUM_W-1:0]  y_score;
    wire [AW-1:0]     weight_addr;
    reg  [AW-1:0]     weight_at;
    reg  [2:0]        taken, given;        // codes, scores
    reg               x_stalled, y_stalled;
    wire              x_valid = taken < N0 && !(x_stall && !x_stalled);
    wire              y_ready = !(y_stall && !y_stalled);
    wire [2:0]        x       = x_valid ? codes[3*taken +: 3] : x_any;
    wire [WORD_W-1:0] word    = weight_at < WORDS ? weights[weight_at*WORD_W +: WORD_W] : word_any;
    sc_engine #(
        .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .LOG2_ENTRIES(E), .WEIGHT_AW(AW), .TABLE_AW(3), .MAC(MAC)
    ) u_engine (
        .clk(clk), .rst(rst), .i_x_valid(x_valid), .o_x_ready(x_ready), .i_x(x), .o_x_count(x_count),
        .o_y_valid(y_valid), .i_y_ready(y_ready), .o_y_score(y_score), .o_y_class(y_class), .o_y_last(y_last),
        .o_weight_addr(weight_addr), .i_weight(word), .i_table_we(rst), .i_table_addr(table_addr), .i_table_data(table_data),
        .o_table_data()
    );

    // The arithmetic.
    function [4:0] product(input [2:0] code, input [1:0] w);    // F[X, W], or X * W
        begin
            product = (code > 0 && w > 0) + (code > 1 && w > 2) + (code > 2 && w > 1) + (code > 3 && w > 3);
            if (MAC != 0) product = code * w;
        end
    endfunction
    integer i, j, k;
    reg signed [9:0]  s1, sums [0:N1-1], s2 [0:N2-1];
    reg signed [24:0] scaled, twice;
    reg [2:0]         hidden [0:N1-1];
    reg [2:0]         w;
    always @* begin
        twice = {1'b0, theta} * (MAC != 0 ? L : 1);
        for (j = 0; j < N1; j = j + 1) begin
            s1 = 0;
            for (i = 0; i <= N0; i = i + 1) begin
                w  = weights[((j / LANES) * (N0 + 1) + i) * WORD_W + (j % LANES) * 3 +: 3];
                if (w[2]) s1 = s1 - product(i == N0 ? 3'd4 : codes[3*i +: 3], w[1:0]);
                else      s1 = s1 + product(i == N0 ? 3'd4 : codes[3*i +: 3], w[1:0]);
            end
            sums[j]   = s1;
            scaled    = s1 * (2 << FRAC) + twice;
            hidden[j] = 0;
            for (k = 1; k <= L; k = k + 1)
                if (scaled >= 2 * k * twice) hidden[j] = k;
        end
        for (j = 0; j < N2; j = j + 1) begin
            s2[j] = 0;
            for (i = 0; i <= N1; i = i + 1) begin
                w = weights[(G1 * (N0 + 1) + (j / LANES) * (N1 + 1) + i) * WORD_W + (j % LANES) * 3 +: 3];
                if (w[2]) s2[j] = s2[j] - product(i == N1 ? 3'd4 : hidden[i], w[1:0]);
                else      s2[j] = s2[j] + product(i == N1 ? 3'd4 : hidden[i], w[1:0]);
            end
        end
    end

    // What the engine gave.
    reg  [E-1:0] best;
    wire signed [SUM_W-1:0] score = y_score;
    wire [E-1:0] greatest = given == 0 || s2[given] > s2[best] ? given : best;
    always @(posedge clk) begin
        weight_at <= weight_addr;
        if (rst) begin
            {taken, given, x_stalled, y_stalled} <= 0;
            best <= 0;
        end else begin
            if (x_stall && x_ready) x_stalled <= 1;
            if (y_stall && y_valid) y_stalled <= 1;
            if (x_ready && x_valid) taken <= taken + 1;
            if (y_valid && y_ready) begin
                given <= given + 1;
                best  <= greatest;
            end
        end
    end
    always @* if (!rst && age <= END) begin
        if (x_ready) a_codes: assert ((taken < N0 || given == N2) && x_count == N0);
        if (y_valid) begin
            a_given: assert (taken == N0 && given < N2);
            a_score: assert (score == s2[given]);
            a_class: assert (y_class == greatest);
            a_last:  assert (y_last == (given == N2 - 1));
        end
        if (age == END) a_end: assert (given == N2);
    end

    // Steps on the way, which the solver takes one at a time: a hidden neuron's sum, its count.
    (* keep *) wire [SUM_W-1:0] front;
    (* keep *) wire [E-1:0]     index;
    (* keep *) wire [2:0]       count;
    (* keep *) wire             drain_load, push, push_bias, push_input;
    wire signed [SUM_W-1:0] sum = front;
    always @* if (!rst && age < END) begin
        if (drain_load)                         i_sum:   assert (sum == sums[index]);
        if (push && !push_bias && !push_input)  i_count: assert (count == hidden[index]);
    end
    always @(posedge clk) begin
        c_middle: cover (!rst && given == N2 && s2[0] > 2 && hidden[0] == 2 && theta > 15);
        c_great:  cover (!rst && given == N2 && hidden[0] == L && s2[0] < -2 && codes != 0);
    end
endmodule
`default_nettype wire
