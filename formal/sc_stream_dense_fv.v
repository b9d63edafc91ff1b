// SPDX-License-Identifier: Apache-2.0
// The streaming layer, for every set of weights and every input, at every i_start and rst (A6, A10, A11, A17):
//   when      o_start comes L + PIPE clocks after an i_start that no other one follows sooner than L clocks, and only
//             then; rst in between takes it away;
//   stream    with o_start, o_s is the sum of (-1)^sign * (x(t) AND [W > vdc(t)]) over the window's bits, whatever they are;
//   table     where the input bits are those of a code X (X ones, then zeros), that is the sum of (-1)^sign * F[X, W] with
//             F of A11, counted from its definition, and X = L for the bias: what formal/sc_lane_fv.v proves of the
//             time-unrolled lane, so both hardware orders give one result;
//   spikes    with NEURON = 1, m clocks into the window after o_start o_x is [2 * 2^FRAC * S >= (2m + 1) * theta], what A8
//             gives for that S, and 0 between rst and the first o_start; with NEURON = 0 it is always 0.
// With ADDER = 1 a MUX takes one synapse a clock, the one that a Sobol sequence of dimension 1 selects, and each counts as
// many as there are slots: the sums above are then over the synapses selected, times the slots.
// The weights are free constants (formal/sc_stream_weights_any.v); the codes are free, and change with each i_start.
`default_nettype none
module sc_stream_dense_fv #(
    parameter INPUTS  = 2,
    parameter NEURONS = 1,
    parameter LOG2L   = 2,
    parameter PIPE    = 1,
    parameter ADDER   = 0,
    parameter NEURON  = 0,
    parameter THETA   = 16,
    parameter FRAC    = 4,
    parameter ACC_W   = LOG2L + $clog2(INPUTS + 2) + 1
) (
    input wire                        clk,
    input wire                        rst,
    input wire                        i_start,
    input wire [INPUTS-1:0]           i_noise,   // input bits of a window that is not a code's
    input wire                        i_coded,   // the window that i_start begins is of codes
    input wire [INPUTS*(LOG2L+1)-1:0] i_codes
);
    localparam L = 1 << LOG2L;
    localparam W = LOG2L + 1;
    localparam N = INPUTS + 1;

    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;
    always @* if (!past_valid) assume (rst);

    // The window that the naive reference sees: t = L where none runs.
    reg [LOG2L:0]      t;
    reg                coded;
    reg [INPUTS*W-1:0] codes;
    always @(posedge clk)
        if (rst)          t <= L;
        else if (i_start) t <= 0;
        else if (t < L)   t <= t + 1;
    always @(posedge clk) if (i_start) {coded, codes} <= {i_coded, i_codes};

    integer i, j, u;
    reg [INPUTS-1:0] x;
    always @*
        for (i = 0; i < INPUTS; i = i + 1)
            x[i] = coded ? codes[i*W +: W] > t : i_noise[i];

    wire                     start;
    wire [NEURONS*ACC_W-1:0] s;
    wire [NEURONS-1:0]       spikes;
    sc_stream_dense #(
        .INPUTS(INPUTS), .NEURONS(NEURONS), .LOG2L(LOG2L), .NEURON(NEURON), .THETA(THETA), .FRAC(FRAC), .PIPE(PIPE),
        .ADDER(ADDER)
    ) u_dense (
        .clk(clk), .rst(rst), .i_start(i_start), .i_x(x), .o_start(start), .o_s(s), .o_x(spikes)
    );

    // Joined to the layer by the script.
    wire [NEURONS*N*W-1:0]     weights;
    wire [LOG2L-1:0]           layer_r;
    wire                       layer_active;
    wire [NEURONS*ACC_W-1:0]   layer_acc;

    // Naive: signed integers, one synapse after the other.
    function [LOG2L-1:0] reversed(input [LOG2L:0] clock);
        integer k;
        for (k = 0; k < LOG2L; k = k + 1) reversed[k] = clock[LOG2L-1-k];
    endfunction
    // The selection: of K slot bits the b-th from above is the parity over the set bits j of t of C(j, b), which is odd
    // where b's bits are among j's (Lucas): the generator matrix of Sobol's second dimension is Pascal's triangle modulo 2.
    localparam K     = $clog2(N);
    localparam SLOTS = ADDER == 1 ? 1 << K : 1;
    function [K-1:0] selected(input [LOG2L:0] clock);
        integer a, b;
        begin
            selected = 0;
            for (b = 0; b < K; b = b + 1)
                for (a = 0; a < LOG2L; a = a + 1)
                    if ((a & b) == b) selected[K-1-b] = selected[K-1-b] ^ clock[a];
        end
    endfunction
    reg [NEURONS*ACC_W-1:0] delta;          // of this clock
    reg [NEURONS*ACC_W-1:0] partial;        // sum F over the clocks before t, from the codes
    reg [W-1:0]             word;
    reg signed [ACC_W-1:0]  sum, fsum;
    always @* begin
        word = 0;
        for (j = 0; j < NEURONS; j = j + 1) begin
            sum  = 0;
            fsum = 0;
            for (i = 0; i < N; i = i + 1) begin
                word = weights[(j*N+i)*W +: W];
                if ((ADDER == 0 || selected(t) == i) && (i == INPUTS || x[i % INPUTS]) && word[LOG2L-1:0] > reversed(t))
                    sum = word[LOG2L] ? sum - 1 : sum + 1;
                for (u = 0; u < L; u = u + 1)
                    if (u < t && (ADDER == 0 || selected(u) == i) && (i == INPUTS || u < codes[(i % INPUTS)*W +: W]) && word[LOG2L-1:0] > reversed(u))
                        fsum = word[LOG2L] ? fsum - 1 : fsum + 1;
            end
            delta[j*ACC_W +: ACC_W]   = sum;
            partial[j*ACC_W +: ACC_W] = fsum;
        end
    end

    reg [NEURONS*ACC_W-1:0] total;          // of the clocks of the window before this one
    reg [NEURONS*ACC_W-1:0] through;        // and of this one
    always @*
        for (j = 0; j < NEURONS; j = j + 1)
            through[j*ACC_W +: ACC_W] = total[j*ACC_W +: ACC_W] + delta[j*ACC_W +: ACC_W];
    always @(posedge clk)
        if (rst || i_start) total <= 0;
        else if (t < L)     total <= through;

    // At the end of a window: the claims, PIPE clocks later.
    reg                     ended_q;
    reg                     coded_q;
    reg [NEURONS*ACC_W-1:0] through_q, full_q;
    wire                    ended = t == L - 1;
    reg [NEURONS*ACC_W-1:0] full;           // the table's sum: the clocks before t, and the last clock itself
    always @*
        for (j = 0; j < NEURONS; j = j + 1)
            full[j*ACC_W +: ACC_W] = partial[j*ACC_W +: ACC_W] + delta[j*ACC_W +: ACC_W];
    always @(posedge clk) begin
        ended_q   <= ended && !rst;
        coded_q   <= coded;
        through_q <= through;
        full_q    <= full;
    end
    wire                     due      = PIPE != 0 ? ended_q : ended;
    wire                     by_codes = PIPE != 0 ? coded_q : coded;
    wire [NEURONS*ACC_W-1:0] stream_s = PIPE != 0 ? through_q : through;
    wire [NEURONS*ACC_W-1:0] table_s  = PIPE != 0 ? full_q : full;

    reg [NEURONS*ACC_W-1:0]  stream_scaled, table_scaled;
    always @*
        for (j = 0; j < NEURONS; j = j + 1) begin
            stream_scaled[j*ACC_W +: ACC_W] = stream_s[j*ACC_W +: ACC_W] * SLOTS;
            table_scaled[j*ACC_W +: ACC_W]  = table_s[j*ACC_W +: ACC_W] * SLOTS;
        end

    always @* if (past_valid) begin
        a_when:   assert (start == due);
        a_stream: assert (!due || s == stream_scaled);
        a_table:  assert (!due || !by_codes || s == table_scaled);
    end

    // What makes the claims inductive: the layer's window is the reference's, its sum is the naive one less the ones
    // that negative synapses (with a MUX: a slot) have still to be counted, and the naive sum of a coded window is the
    // table's so far.
    reg  [NEURONS*ACC_W-1:0] owed, counted;
    reg  [NEURONS*ACC_W-1:0] total_q;
    reg  [LOG2L:0]           behind, behind_q;      // clocks of the window that are in total, in total_q
    reg  signed [ACC_W-1:0]  negative;
    always @(posedge clk) begin
        behind   <= rst || i_start ? 0 : t < L ? t + 1 : behind;
        behind_q <= rst ? 0 : behind;
        total_q  <= rst ? 0 : total;
    end
    wire [LOG2L:0]           clocks = PIPE != 0 ? behind_q : behind;
    wire [NEURONS*ACC_W-1:0] base   = PIPE != 0 ? total_q : total;
    always @* begin
        for (j = 0; j < NEURONS; j = j + 1) begin
            negative = 0;
            for (i = 0; i < N; i = i + 1)
                if (weights[(j*N+i)*W + LOG2L]) negative = negative + 1;
            if (ADDER == 1) negative = 1;
            owed[j*ACC_W +: ACC_W] = (L - clocks) * negative;
        end
        for (j = 0; j < NEURONS; j = j + 1)
            counted[j*ACC_W +: ACC_W] = base[j*ACC_W +: ACC_W] - owed[j*ACC_W +: ACC_W];
    end
    always @* if (past_valid) begin
        i_window: assert (layer_active == (t < L) && t <= L && (t == L || layer_r == reversed(t)));
        i_table:  assert (t == L || !coded || total == partial);
        i_sum:    assert (layer_acc == counted);
    end

    generate
        if (ADDER == 1) begin : g_mux                    // the selection has a clock of its own
            (* keep *) wire [(K > LOG2L ? K : LOG2L)-1:0] clock;
            always @* if (past_valid) i_select: assert (t == L || clock == t);
        end
    endgenerate

    // The neurons, by A8's formula in wide integers: m clocks after the load, 255 standing for all that come later.
    localparam V_W = (ACC_W + FRAC > 16 ? ACC_W + FRAC : 16) + 2;
    localparam W_M = ACC_W + FRAC + 28;
    reg                   loaded;                        // since rst
    reg [7:0]             m;
    wire [NEURONS-1:0]    spikes_due;
    always @(posedge clk)
        if (rst)           loaded <= 0;
        else if (due)      {loaded, m} <= {1'b1, 8'd0};
        else if (m != 255) m <= m + 1;
    genvar n;
    generate
        if (NEURON == 1) begin : g_fires
            (* keep *) wire [NEURONS*V_W-1:0] v;         // joined to the layer by the script
            wire signed [W_M-1:0] next_odd = 2 * $signed({1'b0, m}) + 1;
            wire [NEURONS-1:0]    same_v;
            for (n = 0; n < NEURONS; n = n + 1) begin : g_each
                reg  signed [ACC_W-1:0] sum_due;
                wire signed [W_M-1:0]   twice = $signed({sum_due, {(FRAC+1){1'b0}}});    // 2 * 2^FRAC * S
                wire signed [W_M-1:0]   here  = $signed(v[n*V_W +: V_W]);
                wire                    fired = m == 0 || twice >= (next_odd - 2) * THETA;
                always @(posedge clk) if (due) sum_due <= stream_scaled[n*ACC_W +: ACC_W];
                assign spikes_due[n] = loaded && twice >= next_odd * THETA;
                assign same_v[n]     = loaded && fired ? here == twice - next_odd * THETA : here < 0;
            end
            always @* if (past_valid) i_v: assert (&same_v);
        end else begin : g_no_neuron
            assign spikes_due = 0;
        end
    endgenerate
    always @* if (past_valid) a_spikes: assert (spikes == spikes_due);

    always @(posedge clk)
        if (past_valid && !rst) begin
            c_fires:    cover (loaded && m == 2 && spikes[0] && NEURON == 1);
            c_silent:   cover (loaded && m == 2 && !spikes[0] && $past(spikes[0]));
            c_negative: cover (start && by_codes && s[ACC_W-1] && weights[W-2:0] != 0);
            c_bits:     cover (start && !by_codes && s == (L - 1 - ADDER) * SLOTS);
            c_back:     cover (start && $past(start, L));
        end
endmodule
`default_nettype wire
