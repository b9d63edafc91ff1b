// SPDX-License-Identifier: Apache-2.0
// The spiking engine as a whole, with all its parts, against the arithmetic (A5 to A7, A9, A13, A20), for one sample of each of
// two networks in steps of L = 4, bounded and complete: with every weight, bias, input, leak and threshold that there can be,
// from any state of registers and of the memories of states, spikes, sums and scores before rst.
//   scores    the engine takes the codes and gives as many scores as the network has, each the one that the arithmetic's
//             formulas give for all steps, computed here at once, without an order of clocks; o_y_class is the lowest
//             index of the greatest so far, o_y_last marks the last;
//   end       it has given them by clock END, whatever the codes and spikes do to its timing.
// The networks, of two steps each:
//   NET 0     1 input of its own in each step, 1 lif neuron with an edge to itself of one step, 2 sums without neurons:
//             what a neuron keeps, and what comes back to it
//   NET 1     1 constant input, 1 lif neuron, 2 lif neurons in one word of two lanes, whose potentials are summed: the
//             current that is summed once, and states of neurons side by side, which must not touch each other
// The table comes from the file sc_spike_whole_<NET>.mem, which tests/test_spike_image.py compares with what
// sc_neurocore.hardware.spike_image writes for this network; leaks and thresholds are written over the port while rst is
// held. Codes and scores are not stalled: that control waits in any case is proven without bounds in sc_spike_ctrl_fv. Words
// of weights past the network are free. The only limit is that of the words: a leak's shift is below WIDTH, a threshold has
// its bits. Refractory periods, other leaks and resets are not in it (sc_lif_unit_fv), nor more groups than two.
`default_nettype none
module sc_spike_whole_fv #(
    parameter NET       = 0,
    parameter LANES     = 1,
    parameter WEIGHT_AW = 3,
    parameter TABLE_AW  = 4,
    parameter SUM_W     = 5,
    parameter END       = 80
) (
    input wire clk
);
    localparam LOG2L = 2, FRAC = 1, WIDTH = 8, T = 2, LOG2_ENTRIES = 2, STATE_AW = 2;
    localparam N0 = 1, CODES = NET == 0 ? T * N0 : N0;  // inputs; codes of a sample
    localparam SCORES = 2, WORDS = NET == 0 ? 7 : 4, WORD_W = 3 * LANES, S_W = LOG2_ENTRIES + LOG2L + 1;

    // Chosen in clock 0, and kept. Two words of leak and threshold: those of NET 0's last layer, which has no neurons, are
    // read by nothing.
    (* anyseq *) wire [WORDS*WORD_W-1:0] any_weights;
    (* anyseq *) wire [3*CODES-1:0]      any_codes;
    (* anyseq *) wire [5:0]              any_leaks;
    (* anyseq *) wire [13:0]             any_thetas;
    (* anyseq *) wire [2:0]              x_any;
    (* anyseq *) wire [WORD_W-1:0]       word_any;
    reg [7:0]              age = 0;
    reg [WORDS*WORD_W-1:0] weights;
    reg [3*CODES-1:0]      codes;
    reg [5:0]              leaks;
    reg [13:0]             thetas;
    always @(posedge clk) begin
        age <= age + 1;
        if (age == 0) {weights, codes, leaks, thetas} <= {any_weights, any_codes, any_leaks, any_thetas};
    end

    // Clocks 1 to 4 write leak and threshold of the first layer, and of the second.
    localparam [TABLE_AW-1:0] LEAK_0 = NET == 0 ? 10 : 6, LEAK_1 = NET == 0 ? 14 : 10;
    wire                rst = age < 5;
    wire                second = age > 2;
    wire                is_theta = age == 2 || age == 4;
    wire [TABLE_AW-1:0] table_addr = (second ? LEAK_1 : LEAK_0) + {{(TABLE_AW-1){1'b0}}, is_theta};
    wire [15:0]         table_data = is_theta ? {9'd0, thetas[7*second +: 7]} : {13'd0, leaks[3*second +: 3]};

    wire                    x_ready, y_valid, y_last;
    wire [LOG2_ENTRIES-1:0] x_count, y_class;
    wire [SUM_W-1:0]        y_score;
    wire [WEIGHT_AW-1:0]    weight_addr;
    reg  [WEIGHT_AW-1:0]    weight_at;
    reg  [2:0]              taken, given;  // codes, scores
    wire                    x_valid = taken < CODES;
    wire [2:0]              x       = x_valid ? codes[3*taken +: 3] : x_any;
    wire [WORD_W-1:0]       word    = weight_at < WORDS ? weights[weight_at*WORD_W +: WORD_W] : word_any;
    sc_spike_engine #(
        .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .LOG2_ENTRIES(LOG2_ENTRIES), .WEIGHT_AW(WEIGHT_AW),
        .TABLE_AW(TABLE_AW), .TABLE_FILE(NET == 0 ? "sc_spike_whole_0.mem" : "sc_spike_whole_1.mem"), .NEURON(0),
        .WIDTH(WIDTH), .LEAK_MODE(0), .RESET_MODE(0), .REFRACTORY(0), .STATE_AW(STATE_AW), .HISTORY_AW(1),
        .DELAY_AW(NET == 0 ? 1 : 0), .CONSTANT(NET == 0 ? 0 : 1), .SUM_W(SUM_W)
    ) u_engine (
        .clk(clk), .rst(rst), .i_x_valid(x_valid), .o_x_ready(x_ready), .i_x(x), .o_x_count(x_count),
        .o_x_at(), .o_x_last(), .o_x_step(), .i_answer(1'b0),
        .o_y_valid(y_valid), .i_y_ready(1'b1), .o_y_score(y_score), .o_y_class(y_class), .o_y_last(y_last),
        .o_weight_addr(weight_addr), .i_weight(word),
        .i_table_we(rst && age != 0), .i_table_addr(table_addr), .i_table_data(table_data), .o_table_data()
    );

    // The arithmetic.
    function signed [15:0] product(input [2:0] code, input [2:0] w);  // +-F[X, W]
        reg [2:0] f;
        begin
            f = (code > 0 && w[1:0] > 0) + (code > 1 && w[1:0] > 2) + (code > 2 && w[1:0] > 1) + (code > 3 && w[1:0] > 3);
            product = w[2] ? -$signed({13'd0, f}) : $signed({13'd0, f});
        end
    endfunction
    function signed [15:0] plain(input [2:0] w);  // of a spike, or of a bias
        plain = product(3'd4, w);
    endfunction
    function signed [15:0] potential(input signed [15:0] v, input [2:0] shift, input signed [15:0] s);  // A13: u
        reg signed [15:0] all;
        begin
            all = (shift == 0 ? v : v - (v >>> shift)) + s * (1 << FRAC);
            potential = all > 127 ? 127 : all < -128 ? -128 : all;
        end
    endfunction
    // What it gives, kept: S(t), u(t) and spike of each neuron in each step, v after the step; the scores. Neuron 0 is the first
    // layer's; neurons 1 and 2 are the last one's, whose S(t) count in NET 0 too.
    integer t, n, i;
    reg signed [15:0]   s, u, theta, total;
    reg signed [15:0]   v [0:2];
    reg                 fired;
    reg [2:0]           w_in, w_bias;
    reg [6*S_W-1:0]     sums, sums_now;       // of neuron n in step t at (3 * t + n)
    reg [6*WIDTH-1:0]   after, after_now;     // v
    reg [5:0]           spikes, spikes_now;
    reg [16*4-1:0]      terms, terms_now;     // NET 0: of the synapse at address i in step t at (8 * t + i)
    reg signed [15:0]   term [0:2];
    reg [2*16-1:0]      totals;
    reg [2*SUM_W-1:0]   scores, scores_now;
    reg [2*SUM_W-1:0]   so_far, so_far_now;   // the scores after the first step
    always @* begin
        {after_now, spikes_now, totals, terms_now} = 0;
        fired = 0;
        for (n = 0; n < 3; n = n + 1) v[n] = 0;
        for (t = 0; t < T; t = t + 1)
            for (n = 0; n < 3; n = n + 1) begin
                // Sum: of the first layer over inputs, edge and bias; of the last over a spike and the bias.
                for (i = 0; i < 3; i = i + 1) term[i] = 0;
                if (n == 0 && NET == 0) begin
                    term[0] = product(codes[3*t % (3*CODES) +: 3], weights[0 +: 3]);
                    term[1] = fired ? plain(weights[3 +: 3]) : 0;
                    term[2] = plain(weights[6 +: 3]);
                end else if (n == 0) begin
                    term[0] = product(codes[0 +: 3], weights[0 +: 3]);
                    term[1] = plain(weights[WORD_W +: 3]);
                end else begin
                    w_in    = NET == 0 ? weights[(3 + 2*(n-1))*3 +: 3] : weights[2*WORD_W + 3*(n-1) +: 3];
                    w_bias  = NET == 0 ? weights[(4 + 2*(n-1))*3 +: 3] : weights[3*WORD_W + 3*(n-1) +: 3];
                    term[0] = fired ? plain(w_in) : 0;
                    term[1] = plain(w_bias);
                end
                s = term[0] + term[1] + term[2];
                for (i = 0; i < (n == 0 ? 3 : 2); i = i + 1)
                    terms_now[4 * (8*t + (n == 0 ? 0 : 1 + 2*n) + i) +: 4] = term[i][3:0];
                // Neuron. In NET 0 the last layer has none, so its u is not used.
                u     = potential(v[n], leaks[3*(n != 0) +: 3], s);
                theta = {9'd0, thetas[7*(n != 0) +: 7]};
                v[n]  = u >= theta ? u - theta : u;
                sums_now[(3*t + n)*S_W +: S_W]      = s[S_W-1:0];
                after_now[(3*t + n)*WIDTH +: WIDTH] = v[n];
                spikes_now[3*t + n]                 = u >= theta;
                if (n == 0) fired = u >= theta;
                else begin
                    total = $signed(totals[16*(n-1) +: 16]) + (NET == 0 ? s : u);
                    totals[16*(n-1) +: 16] = total;
                    if (t == 0) so_far_now[(n-1)*SUM_W +: SUM_W] = total[SUM_W-1:0];
                    scores_now[(n-1)*SUM_W +: SUM_W] = total[SUM_W-1:0];
                end
            end
    end
    always @(posedge clk)
        if (age == 1) begin
            {sums, after, spikes} <= {sums_now, after_now, spikes_now};
            terms                 <= terms_now;
            {scores, so_far}      <= {scores_now, so_far_now};
        end

    // What the engine gave.
    wire signed [SUM_W-1:0] score = y_score;
    wire signed [SUM_W-1:0] due = scores[(given != 0)*SUM_W +: SUM_W], due_first = scores[0 +: SUM_W];
    wire greatest = given != 0 && due > due_first;
    always @(posedge clk) begin
        weight_at <= weight_addr;
        if (rst) {taken, given} <= 0;
        else begin
            if (x_ready && x_valid) taken <= taken + 1;
            if (y_valid) given <= given + 1;
        end
    end
    always @* if (!rst && age <= END) begin
        if (x_ready) a_codes: assert ((taken < CODES || given == SCORES) && x_count == N0);
        if (y_valid) begin
            a_given: assert (taken == CODES && given < SCORES);
            a_score: assert (score == due);
            a_class: assert (y_class == greatest);
            a_last:  assert (y_last == (given == SCORES - 1));
        end
        if (age == END) a_end: assert (given == SCORES);
    end

    // Steps on the way, which the solver takes one at a time: the sum of each neuron in each step, its potential after it and
    // its spike; the scores so far.
    (* keep *) wire [S_W-1:0]     current;
    (* keep *) wire               step, spike;
    (* keep *) wire [WIDTH-1:0]   state_next, word0, word1, word2;
    (* keep *) wire [SUM_W-1:0]   score1, score2;
    reg [2:0] done;                        // neurons that had a step
    reg       stepped;
    wire      first_layer = done == 0 || done == 3;
    always @(posedge clk) begin
        stepped <= step;
        if (rst)       done <= 0;
        else if (step) done <= done + 1;
    end
    always @* if (!rst && age < END) begin
        if (step && done < 6) begin
            i_current: assert (current == sums[done*S_W +: S_W]);
            if (NET != 0 || first_layer) begin
                i_state: assert (state_next == after[done*WIDTH +: WIDTH]);
                i_spike: assert (spike == spikes[done]);
            end
        end
        i_done: assert (done <= 6);
        if (done > 0) i_word0: assert (word0 == after[(done > 3 ? 3 : 0)*WIDTH +: WIDTH]);
        if (NET != 0 && done > 1) i_word1: assert (word1 == after[(done > 4 ? 4 : 1)*WIDTH +: WIDTH]);
        if (NET != 0 && done > 2) i_word2: assert (word2 == after[(done > 5 ? 5 : 2)*WIDTH +: WIDTH]);
    end
    // NET 0: what the lane has added, `added`, are the terms of these synapses; those that it left out are 0.
    (* keep *) wire           lane_valid, lane_last;
    (* keep *) wire [S_W-1:0] lane_sum;
    reg  [7:0] added;
    reg        complete;                   // with the term that came last
    always @(posedge clk) begin
        complete <= !rst && lane_valid && lane_last;
        added    <= rst ? 8'd0 : (complete ? 8'd0 : added) | {7'd0, lane_valid} << weight_at;
    end
    wire       late  = done > 2;
    wire [7:0] whole = first_layer ? 8'h07 : added[5] || added[6] ? 8'h60 : 8'h18;
    reg signed [S_W-1:0] part;
    reg signed [3:0]     one;
    reg                  left_out;
    always @* begin
        part     = 0;
        left_out = 1;
        for (i = 0; i < 8; i = i + 1) begin
            one = terms[4 * (8*late + i) +: 4];
            if (added[i]) part = part + one;
            else if (whole[i] && one != 0) left_out = 0;
        end
    end
    always @* if (NET == 0 && !rst && age < END && added != 0) begin
        i_part: assert (lane_sum == part);
        if (complete) i_left_out: assert (left_out);
    end

    // The last layer's scores, once they are written: a clock after the last neuron's step.
    always @* if (!rst && age < END && ((done == 3 && !stepped) || done == 4)) begin
        i_score1: assert (score1 == so_far[0 +: SUM_W]);
        i_score2: assert (score2 == so_far[SUM_W +: SUM_W]);
    end
    always @(posedge clk) begin
        c_fires: cover (!rst && given == SCORES && spikes[0] && !spikes[3] && $signed(scores[SUM_W-1:0]) > 2);
        c_later: cover (!rst && given == SCORES && !spikes[0] && spikes[3] && $signed(scores[SUM_W-1:0]) < -2);
    end
endmodule
`default_nettype wire
