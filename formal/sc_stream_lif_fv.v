// SPDX-License-Identifier: Apache-2.0
// The streaming layer of lif neurons, for every set of weights and every input, at every i_start and rst (A13, A17):
//   when      o_start comes 1 + PIPE clocks after every i_start, unless rst comes in between, and at no other time;
//   spikes    o_x, from the clock after o_start for the L clocks of the window, is what the rule gives in wide integers
//             for neurons that begin this window in the state after rst, whatever came before it: a window that ended,
//             just now or long ago, or one that this i_start abandons; between windows it keeps the last bit;
//   fits      the WIDTH bits of the current that each neuron of the layer takes are the wide sum, with its sign: at the
//             parameters tried here it fits them, as the module asks.
// The weights are free constants (formal/sc_stream_weights_any.v), the input bits and rst are free at every clock. Nothing
// is assumed but rst in the first clock.
`default_nettype none
module sc_stream_lif_fv #(
    parameter INPUTS     = 2,
    parameter NEURONS    = 1,
    parameter LOG2L      = 2,
    parameter FRAC       = 1,
    parameter WIDTH      = 6,
    parameter THETA      = 5,
    parameter LEAK_MODE  = 0,
    parameter LEAK_SHIFT = 1,
    parameter RESET_MODE = 0,
    parameter REFRACTORY = 0,
    parameter BETA       = 0,
    parameter V_RESET    = 0,
    parameter PIPE       = 1,
    parameter ADDER      = 0
) (
    input wire              clk,
    input wire              rst,
    input wire              i_start,
    input wire [INPUTS-1:0] i_x
);
    localparam L       = 1 << LOG2L;
    localparam M       = LOG2L + 1;                      // bits of a weight
    localparam N       = INPUTS + 1;
    localparam COUNT_W = $clog2(INPUTS + 2);
    localparam W       = WIDTH + 10;                     // nothing below wraps in it
    localparam signed [W-1:0] MAX   = (1 << (WIDTH - 1)) - 1;
    localparam signed [W-1:0] MIN   = -MAX - 1;
    localparam signed [W-1:0] START = RESET_MODE == 1 ? V_RESET : 0;
    localparam signed [W-1:0] FACTOR = BETA;
    localparam signed [W-1:0] TH    = THETA;

    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;
    always @* if (!past_valid) assume (rst);

    wire               o_start;
    wire [NEURONS-1:0] o_x;
    sc_stream_lif #(
        .INPUTS(INPUTS), .NEURONS(NEURONS), .LOG2L(LOG2L), .FRAC(FRAC), .WIDTH(WIDTH), .THETA(THETA),
        .LEAK_MODE(LEAK_MODE), .LEAK_SHIFT(LEAK_SHIFT), .RESET_MODE(RESET_MODE), .REFRACTORY(REFRACTORY), .BETA(BETA),
        .V_RESET(V_RESET), .PIPE(PIPE), .ADDER(ADDER)
    ) u_layer (
        .clk(clk), .rst(rst), .i_start(i_start), .i_x(i_x), .o_start(o_start), .o_x(o_x)
    );

    // Joined to the layer by the script.
    wire [NEURONS*N*M-1:0]     weights;
    wire [LOG2L-1:0]           layer_r;
    wire                       layer_active;
    wire                       layer_clear, layer_en;
    wire [NEURONS*COUNT_W-1:0] layer_counts, layer_negs;
    wire [NEURONS*(WIDTH+8)-1:0] layer_states;           // of each neuron v, and the refractory counter above it
    wire [NEURONS*WIDTH-1:0]   layer_current;

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

    // Each neuron by the rule, in wide integers.
    wire [NEURONS-1:0]   spikes, fits, same_v, same_count, same_rest;
    genvar n;
    generate
        for (n = 0; n < NEURONS; n = n + 1) begin : g_reference
            reg signed [W-1:0]  v;
            reg        [8:0]    left;
            reg                 spike;
            wire signed [W-1:0] delta   = taken[n*W +: W];
            wire signed [W-1:0] current = delta * (SLOTS << FRAC);
            wire signed [W+8:0] scaled  = v * FACTOR;
            wire signed [W-1:0] leaked  = LEAK_MODE == 1 ? scaled >>> 8 : LEAK_SHIFT == 0 ? v : v - (v >>> LEAK_SHIFT);
            wire signed [W-1:0] total   = leaked + current;
            wire signed [W-1:0] u       = total > MAX ? MAX : total < MIN ? MIN : total;
            wire                fires   = left == 0 && u >= TH;
            wire signed [W-1:0] after   = RESET_MODE == 1 ? START : u - TH;
            always @(posedge clk)
                if (rst) begin
                    v     <= START;
                    left  <= 0;
                    spike <= 0;
                end else begin
                    if (runs) begin
                        spike <= fires;
                        v     <= left != 0 ? v : fires ? after : u;
                        left  <= left != 0 ? left - 1 : fires ? REFRACTORY : 0;
                    end
                    if (began) begin
                        v    <= START;
                        left <= 0;
                    end
                end
            assign spikes[n] = spike;
            assign fits[n]   = $signed(layer_current[n*WIDTH +: WIDTH]) == current;

            wire signed [W-1:0]     layer_now  = $signed(layer_states[n*(WIDTH+8) +: WIDTH]);
            wire signed [COUNT_W:0] difference = layer_counts[n*COUNT_W +: COUNT_W] - layer_negs[n*COUNT_W +: COUNT_W];
            assign same_v[n]         = layer_now == v;
            assign same_count[n]     = difference == delta;
            assign same_rest[n]      = left == layer_states[n*(WIDTH+8)+WIDTH +: 8] && (REFRACTORY != 0 || left == 0);
        end
    endgenerate
    always @* if (past_valid) begin
        a_spikes: assert (o_x == spikes);
        a_fits:   assert (!runs || &fits);
    end

    // What makes it inductive: the layer's registers are the reference's.
    generate
        if (ADDER == 1) begin : g_mux
            (* keep *) wire [(K > LOG2L ? K : LOG2L)-1:0] clock;
            always @* if (past_valid) i_select: assert (t == L || clock == t);
        end
    endgenerate
    always @* if (past_valid) begin
        i_window: assert (layer_active == (t < L) && t <= L && (t == L || layer_r == reversed(t)));
        i_pipe:   assert (layer_clear == began && layer_en == runs);
        i_v:      assert (&same_v && &same_rest);
        i_count:  assert (!runs || &same_count);
    end

    reg               back;                              // the window began in the last clock of the one before
    reg [LOG2L:0]     t_q;
    always @(posedge clk) begin
        t_q <= t;
        if (i_start) back <= t == L - 1 && !rst;
    end
    always @(posedge clk)
        if (past_valid && !rst) begin
            c_back:      cover (back && t == 1 + PIPE && o_x[0] && $past(o_x[0]) && t_q == PIPE);
            c_last:      cover (o_start && o_x[0]);                      // the spike of the clock of a restart
            c_abandoned: cover (o_start && $past(o_start, 2) && t < L);
            c_negative:  cover (runs && layer_states[WIDTH-1] && t == 2);
        end
endmodule
`default_nettype wire
