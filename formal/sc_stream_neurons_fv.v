// SPDX-License-Identifier: Apache-2.0
// The frame of a streaming layer, around any neurons, for every set of weights and every input, at every i_start and rst
// (A17):
//   when      o_start comes 1 + PIPE clocks after every i_start, unless rst comes in between, and at no other time;
//   currents  in each clock of a window the CURRENT_W bits of each neuron's current are the wide sum of its synapses times
//             2^SHIFT, with its sign: at the parameters tried here it fits them, as the module asks;
//   spikes    o_x is what the neurons said in the window's last clock that passed, and 0 after rst;
//   states    o_states is what the neurons said in that clock, and START after rst and for the first clock of each window,
//             back to back, late, or in place of one that it abandons.
// What the neurons say, i_states and i_spikes, is free at every clock, and so are the input bits and rst; the weights are
// free constants (formal/sc_stream_weights_any.v). Nothing is assumed but rst in the first clock.
`default_nettype none
module sc_stream_neurons_fv #(
    parameter INPUTS    = 2,
    parameter NEURONS   = 1,
    parameter LOG2L     = 2,
    parameter SHIFT     = 1,
    parameter CURRENT_W = 4,
    parameter STATE_W   = 3,
    parameter [STATE_W-1:0] START = 5,
    parameter PIPE      = 1,
    parameter ADDER     = 0
) (
    input wire                       clk,
    input wire                       rst,
    input wire                       i_start,
    input wire [INPUTS-1:0]          i_x,
    input wire [NEURONS*STATE_W-1:0] i_states,
    input wire [NEURONS-1:0]         i_spikes
);
    localparam L       = 1 << LOG2L;
    localparam M       = LOG2L + 1;                      // bits of a weight
    localparam N       = INPUTS + 1;
    localparam COUNT_W = $clog2(INPUTS + 2);
    localparam W       = CURRENT_W + SHIFT + 10;         // nothing below wraps in it

    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;
    always @* if (!past_valid) assume (rst);

    wire                         o_start;
    wire [NEURONS-1:0]           o_x;
    wire [NEURONS*CURRENT_W-1:0] o_currents;
    wire [NEURONS*STATE_W-1:0]   o_states;
    sc_stream_neurons #(
        .INPUTS(INPUTS), .NEURONS(NEURONS), .LOG2L(LOG2L), .SHIFT(SHIFT), .CURRENT_W(CURRENT_W), .STATE_W(STATE_W),
        .START(START), .PIPE(PIPE), .ADDER(ADDER)
    ) u_frame (
        .clk(clk), .rst(rst), .i_start(i_start), .i_x(i_x), .o_start(o_start), .o_x(o_x), .o_currents(o_currents),
        .o_states(o_states), .i_states(i_states), .i_spikes(i_spikes)
    );

    // Joined to the frame by the script.
    wire [NEURONS*N*M-1:0]     weights;
    wire [LOG2L-1:0]           layer_r;
    wire                       layer_active;
    wire                       layer_clear, layer_en;
    wire [NEURONS*COUNT_W-1:0] layer_counts, layer_negs;

    // Naive: the window, and what the clock adds, one synapse after the other. t = L where no window runs.
    function [LOG2L-1:0] reversed(input [LOG2L:0] clock);
        integer k;
        for (k = 0; k < LOG2L; k = k + 1) reversed[k] = clock[LOG2L-1-k];
    endfunction
    // Of a MUX's slot the upper bits of sobol:1, as formal/sc_stream_dense_fv.v has it.
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
    reg [LOG2L:0]      t;
    integer            i, j;
    reg [NEURONS*W-1:0] adds;
    reg [M-1:0]        word;
    reg signed [W-1:0] sum;
    always @(posedge clk)
        if (rst)          t <= L;
        else if (i_start) t <= 0;
        else if (t < L)   t <= t + 1;
    always @* begin
        word = 0;
        for (j = 0; j < NEURONS; j = j + 1) begin
            sum = 0;
            for (i = 0; i < N; i = i + 1) begin
                word = weights[(j*N+i)*M +: M];
                if ((ADDER == 0 || selected(t) == i) && (i == INPUTS || i_x[i % INPUTS]) && word[LOG2L-1:0] > reversed(t))
                    sum = word[LOG2L] ? sum - 1 : sum + 1;
            end
            adds[j*W +: W] = sum;
        end
    end

    // What the neurons take: at once, or with PIPE a clock later.
    reg                  began_q, runs_q;
    reg [NEURONS*W-1:0]  adds_q;
    always @(posedge clk) begin
        began_q <= i_start && !rst;
        runs_q  <= t < L && !rst;
        adds_q  <= adds;
    end
    wire                 began = PIPE != 0 ? began_q : i_start;
    wire                 runs  = PIPE != 0 ? runs_q : t < L;
    wire [NEURONS*W-1:0] taken = PIPE != 0 ? adds_q : adds;

    reg start_due;
    always @(posedge clk) start_due <= began && !rst;
    always @* if (past_valid) a_when: assert (o_start == start_due);

    // Each neuron's current, and its registers as the windows leave them.
    wire [NEURONS-1:0] fits, same_count, same_spike, same_state;
    genvar n;
    generate
        for (n = 0; n < NEURONS; n = n + 1) begin : g_reference
            wire signed [W-1:0]     delta      = taken[n*W +: W];
            wire signed [W-1:0]     current    = delta * (SLOTS << SHIFT);
            wire signed [COUNT_W:0] difference = layer_counts[n*COUNT_W +: COUNT_W] - layer_negs[n*COUNT_W +: COUNT_W];
            assign fits[n]       = $signed(o_currents[n*CURRENT_W +: CURRENT_W]) == current;
            assign same_count[n] = difference == delta;

            reg               spike;
            reg [STATE_W-1:0] state;
            always @(posedge clk)
                if (rst) begin
                    spike <= 0;
                    state <= START;
                end else begin
                    if (runs)  spike <= i_spikes[n];
                    if (began) state <= START;
                    else if (runs) state <= i_states[n*STATE_W +: STATE_W];
                end
            assign same_spike[n] = o_x[n] == spike;
            assign same_state[n] = o_states[n*STATE_W +: STATE_W] == state;
        end
    endgenerate
    always @* if (past_valid) begin
        a_currents: assert (!runs || &fits);
        a_spikes:   assert (&same_spike);
        a_states:   assert (&same_state);
    end

    // What makes it inductive: the frame's registers are the reference's.
    generate
        if (ADDER == 1) begin : g_mux
            (* keep *) wire [(K > LOG2L ? K : LOG2L)-1:0] clock;
            always @* if (past_valid) i_select: assert (t == L || clock == t);
        end
    endgenerate
    always @* if (past_valid) begin
        i_window: assert (layer_active == (t < L) && t <= L && (t == L || layer_r == reversed(t)));
        i_pipe:   assert (layer_clear == began && layer_en == runs);
        i_count:  assert (!runs || &same_count);
    end

    reg back;                                            // the window began in the last clock of the one before
    always @(posedge clk) if (i_start) back <= t == L - 1 && !rst;
    always @(posedge clk)
        if (past_valid && !rst) begin
            c_back:      cover (back && o_start && o_x[0] && o_states[STATE_W-1:0] == START);
            c_kept:      cover (!runs && t == L && o_x[0] && o_states[STATE_W-1:0] != START);
            c_abandoned: cover (o_start && $past(o_start, 2) && t < L);
            c_negative:  cover (runs && o_currents[CURRENT_W-1] && t == 2);
        end
endmodule
`default_nettype wire
