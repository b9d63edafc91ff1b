// SPDX-License-Identifier: Apache-2.0
// The convolution engine as a whole, with all its parts, against the arithmetic (A2, A5 to A9, A19), for one inference of
// each of two networks of L = 4, bounded and complete: with every weight, bias, threshold and input that there can be, from
// any state of registers and of the memories of values and sums before rst.
//   scores    the engine takes the inputs and gives as many scores as the network has, each the sum that the arithmetic's
//             formulas give for the whole network, computed here at once, without an order of clocks; o_y_class is the
//             lowest index of the greatest so far, o_y_last marks the last;
//   end       it has given them by clock END, whatever the codes do to its timing: those that are 0 are not visited.
// The networks:
//   NET 0     1 x 3 inputs, a convolution of 1 x 2, 1 channel: 2 scores of two inputs each, the middle one in both
//   NET 1     1 x 2 inputs, a convolution of 1 x 2, 1 channel: 1 hidden value; a dense layer: 2 scores, one a lane
// The table comes from the file sc_conv_whole_<NET>.mem, which tests/test_conv_image.py compares with what
// sc_neurocore.hardware.conv_image writes for this network; the first layer's threshold is written over the port while rst
// is held (in NET 0 a readout's, which nothing reads). Codes and scores are not stalled: that control waits in any case is
// proven without bounds in sc_conv_ctrl_fv. Words of weights past the network are free. Nothing is assumed: a threshold of
// 0 gives L ones for every sum that is not negative. Pooling, MAC = 1, rows and more groups than one are not in it.
`default_nettype none
module sc_conv_whole_fv #(
    parameter NET       = 0,
    parameter LANES     = 1,
    parameter WEIGHT_AW = 2,
    parameter TABLE_AW  = 5,
    parameter END       = 44
) (
    input wire clk
);
    localparam LOG2L = 2, L = 4, FRAC = 2, ACT_AW = 2, ACC_AW = 1, SUM_W = 5;
    localparam N0 = NET == 0 ? 3 : 2, TAPS = 2, N1 = N0 - TAPS + 1;       // inputs, of a sum; sums of the convolution
    localparam N2 = NET == 0 ? 0 : 2, SCORES = NET == 0 ? N1 : N2;        // of the dense layer
    localparam BASE = 1 + TAPS, WORDS = NET == 0 ? BASE : BASE + 1 + N1;  // of weights: those before the dense layer, all
    localparam WORD_W = 3 * LANES;

    // Chosen in clock 0, and kept.
    (* anyseq *) wire [WORDS*WORD_W-1:0] any_weights;
    (* anyseq *) wire [3*N0-1:0]         any_codes;
    (* anyseq *) wire [15:0]             any_theta;
    (* anyseq *) wire [2:0]              x_any;
    (* anyseq *) wire [WORD_W-1:0]       word_any;
    reg [7:0]              age = 0;
    reg [WORDS*WORD_W-1:0] weights;
    reg [3*N0-1:0]         codes;
    reg [15:0]             theta;
    always @(posedge clk) begin
        age <= age + 1;
        if (age == 0) {weights, codes, theta} <= {any_weights, any_codes, any_theta};
    end

    // Clocks 1 and 2 write the table's word of theta and the channels, which are one.
    wire        rst = age < 3;
    wire [15:0] table_data = age == 1 ? 16'd0 : theta;

    wire                 x_ready, y_valid, y_last;
    wire [ACT_AW-1:0]    x_count, y_class;
    wire [SUM_W-1:0]     y_score;
    wire [WEIGHT_AW-1:0] weight_addr;
    reg  [WEIGHT_AW-1:0] weight_at;
    reg  [2:0]           taken, given;     // codes, scores
    wire                 x_valid = taken < N0;
    wire [2:0]           x       = x_valid ? codes[3*taken +: 3] : x_any;
    wire [WORD_W-1:0]    word    = weight_at < WORDS ? weights[weight_at*WORD_W +: WORD_W] : word_any;
    sc_conv_engine #(
        .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .ACT_AW(ACT_AW), .ACC_AW(ACC_AW), .WEIGHT_AW(WEIGHT_AW),
        .TABLE_AW(TABLE_AW), .SUM_W(SUM_W), .POOL(0), .MAC(0),
        .TABLE_FILE(NET == 0 ? "sc_conv_whole_0.mem" : "sc_conv_whole_1.mem")
    ) u_engine (
        .clk(clk), .rst(rst), .i_x_valid(x_valid), .o_x_ready(x_ready), .i_x(x), .o_x_count(x_count),
        .o_y_valid(y_valid), .i_y_ready(1'b1), .o_y_score(y_score), .o_y_class(y_class), .o_y_last(y_last),
        .o_weight_addr(weight_addr), .i_weight(word),
        .i_table_we(rst && age != 0), .i_table_addr({{(TABLE_AW-3){1'b0}}, 2'd3, age == 2}),
        .i_table_data(table_data), .o_table_data()
    );

    // The arithmetic.
    function signed [9:0] product(input [2:0] code, input [2:0] w);   // +-F[X, W]
        reg [2:0] f;
        begin
            f = (code > 0 && w[1:0] > 0) + (code > 1 && w[1:0] > 2) + (code > 2 && w[1:0] > 1) + (code > 3 && w[1:0] > 3);
            product = w[2] ? -$signed({7'd0, f}) : $signed({7'd0, f});
        end
    endfunction
    // A word of weights holds a synapse of every lane: the convolution's bias, its taps; the dense layer's bias, inputs.
    integer i, o, b, k;
    reg signed [9:0]  s, t, term;
    reg signed [24:0] scaled, twice;
    reg [2:0]         count;
    // What it gives, kept: sums of the convolution, their counts; scores; the terms of each tap.
    reg [N1*SUM_W-1:0]     sums, sums_now;
    reg [N1*3-1:0]         hidden, hidden_now;
    reg [SCORES*SUM_W-1:0] scores, scores_now;
    reg [N1*TAPS*4-1:0]    terms_0, terms_0_now;
    reg [SCORES*N1*4-1:0]  terms_1, terms_1_now;
    always @* begin
        {terms_0_now, terms_1_now} = 0;
        twice = {9'd0, theta};
        for (i = 0; i < N1; i = i + 1) begin
            s = product(3'd4, weights[0 +: 3]);
            for (b = 0; b < TAPS; b = b + 1) begin
                term = product(codes[3*(i + b) +: 3], weights[(1 + b) * WORD_W +: 3]);
                s    = s + term;
                terms_0_now[(i * TAPS + b) * 4 +: 4] = term[3:0];
            end
            scaled = s * (2 << FRAC) + twice;
            count  = 0;
            for (k = 1; k <= L; k = k + 1)
                if (scaled >= 2 * k * twice) count = k;
            sums_now[i*SUM_W +: SUM_W] = s[SUM_W-1:0];
            hidden_now[i*3 +: 3]       = count;
        end
        for (o = 0; o < SCORES; o = o + 1) begin
            t = product(3'd4, weights[(BASE % WORDS) * WORD_W + (o % LANES) * 3 +: 3]);
            for (i = 0; i < N1; i = i + 1) begin
                term = product(hidden_now[i*3 +: 3], weights[((BASE + 1 + i) % WORDS) * WORD_W + (o % LANES) * 3 +: 3]);
                t    = t + term;
                terms_1_now[(o * N1 + i) * 4 +: 4] = term[3:0];
            end
            scores_now[o*SUM_W +: SUM_W] = NET == 0 ? sums_now[o % N1 * SUM_W +: SUM_W] : t[SUM_W-1:0];
        end
    end
    always @(posedge clk)
        if (age == 1)
            {sums, hidden, scores, terms_0, terms_1} <= {sums_now, hidden_now, scores_now, terms_0_now, terms_1_now};

    // What the engine gave.
    reg  [ACT_AW-1:0] best;
    wire signed [SUM_W-1:0] score = y_score;
    wire signed [SUM_W-1:0] due = scores[given*SUM_W +: SUM_W], due_best = scores[best*SUM_W +: SUM_W];
    wire [ACT_AW-1:0] greatest = given == 0 || due > due_best ? given : best;
    always @(posedge clk) begin
        weight_at <= weight_addr;
        if (rst) begin
            {taken, given} <= 0;
            best <= 0;
        end else begin
            if (x_ready && x_valid) taken <= taken + 1;
            if (y_valid) begin
                given <= given + 1;
                best  <= greatest;
            end
        end
    end
    always @* if (!rst && age <= END) begin
        if (x_ready) a_codes: assert ((taken < N0 || given == SCORES) && x_count == N0);
        if (y_valid) begin
            a_given: assert (taken == N0 && given < SCORES);
            a_score: assert (score == due);
            a_class: assert (y_class == greatest);
            a_last:  assert (y_last == (given == SCORES - 1));
        end
        if (age == END) a_end: assert (given == SCORES);
    end

    // Steps on the way, which the solver takes one at a time. A visit: its tap, known by its word of sums and its weight, has
    // the input that the arithmetic gives it. A word of sums: the terms of the taps that were added, `done`, since it was
    // cleared. The sums that a clearing visit brings; a hidden value's sum as it leaves, and its count.
    (* keep *) wire [SUM_W-1:0]       front;
    (* keep *) wire [2:0]             code, visit_x;
    (* keep *) wire                   neuron_valid, code_valid, clear, visiting, step, valid2, clear2;
    (* keep *) wire [ACC_AW-1:0]      visit_acc, addr2;
    (* keep *) wire [LANES*SUM_W-1:0] sums_next, word0, word1;
    localparam PAIRS = 1 << (ACC_AW + WEIGHT_AW);
    reg                  seen, second;     // the sums are cleared; layer
    reg  [WEIGHT_AW-1:0] weight2;
    reg  [PAIRS-1:0]     done, after;
    wire [ACC_AW+WEIGHT_AW-1:0] pair_now = {visit_acc, weight_addr}, pair2 = {addr2, weight2};
    integer m;
    always @* begin
        after = done;
        for (m = 0; m < PAIRS; m = m + 1)
            if (valid2) after[m] = clear2 ? done[m] && m >> WEIGHT_AW != addr2 : done[m] || m == pair2;
    end
    always @(posedge clk) begin
        weight2 <= weight_at;
        done    <= rst ? 0 : after;
        second  <= !rst && (second || code_valid);
        seen    <= !rst && (seen || x_ready);
    end

    integer y, p, q, c, d, at;
    reg signed [SUM_W-1:0] stored, next, part, part_next, all;
    reg signed [3:0]       one;
    reg [2:0]              value;
    reg                    right_x, right_words, right_next, right_sums, right_done;
    always @* begin
        {right_x, right_words, right_next, right_sums, right_done} = 5'h1f;
        for (y = 0; y < (NET == 0 ? 1 : 2); y = y + 1)                        // layer
            for (p = 0; p < (y != 0 ? N2 : N1); p = p + 1) begin              // sum
                d         = y != 0 ? 0 : p;                                   // its word, lane
                c         = y != 0 ? p : 0;
                stored    = (d != 0 ? word1 : word0) >> (c * SUM_W);
                next      = sums_next >> (c * SUM_W);
                all       = y != 0 ? scores[p % SCORES * SUM_W +: SUM_W] : sums[p % N1 * SUM_W +: SUM_W];
                part      = 0;
                part_next = 0;
                for (q = 0; q < (y != 0 ? N1 : TAPS); q = q + 1) begin        // tap
                    at    = (d << WEIGHT_AW) + (y != 0 ? BASE : 0) + 1 + q;
                    value = y != 0 ? hidden[q % N1 * 3 +: 3] : codes[(p + q) % N0 * 3 +: 3];
                    if (value > L) value = L;
                    one   = y != 0 ? terms_1[(p * N1 + q) % (SCORES * N1) * 4 +: 4]
                                   : terms_0[(p * TAPS + q) % (N1 * TAPS) * 4 +: 4];
                    if (done[at])  part      = part + one;
                    if (after[at]) part_next = part_next + one;
                    if (second == y && pair_now == at && value != visit_x)             right_x    = 0;
                    if (second == y && addr2 == d && value != 0 && !done[at])          right_done = 0;
                end
                if (second == y) begin
                    if (stored != part)                             right_words = 0;
                    if (addr2 == d && !clear2 && next != part_next) right_next  = 0;
                    if (addr2 == d && clear2 && next != all)        right_sums  = 0;
                end
            end
    end
    wire signed [SUM_W-1:0] sum = front;
    always @* if (!rst && age < END) begin
        if (seen)                       i_words: assert (right_words);
        if (visiting && step && !clear) i_visit: assert (right_x);
        if (valid2)                     i_next:  assert (right_next);
        if (valid2 && seen && clear2)   i_done:  assert (right_done);
        if (valid2 && seen)             i_sums:  assert (right_sums);
        if (neuron_valid)               i_sum:   assert (sum == $signed(sums[SUM_W-1:0]));
        if (code_valid)                 i_count: assert (code == hidden[2:0]);
    end
    always @(posedge clk) begin
        c_middle: cover (!rst && given == SCORES && $signed(scores[SUM_W-1:0]) > 2 && codes[2:0] == 2);
        c_least:  cover (!rst && given == SCORES && $signed(scores[SUM_W-1:0]) < -2 && codes[2:0] != 0);
    end
endmodule
`default_nettype wire
