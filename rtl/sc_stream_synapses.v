// SPDX-License-Identifier: Apache-2.0
// All synapses of a layer in space, one stream bit per clock: ANDs, signs, and a parallel counter or MUX a neuron (A17).
//
// Update     in the L = 2^LOG2L clocks after i_start, t = 0 .. L-1: o_counts of a neuron <- the number of its synapses
//            with (x(t) AND [W > r(t)]) XOR sign, r the vdc source, the bias with x = 1. So the sum that the neuron
//            adds is o_counts - o_negs, o_negs (constant) the number of its negative synapses.
// Adder      ADDER = 0: as above. ADDER = 1: a MUX of 2^K slots, K = $clog2(INPUTS + 1): of each clock one synapse counts,
//            the one that the upper K bits of sobol:1 select (the bias is slot INPUTS, those above are empty), and the
//            neuron adds (o_counts - o_negs) << K, with o_negs = 1 and o_counts = 0, 1 or 2.
// Window     i_start comes in the clock before t = 0; in the last clock of a window it begins the next back to back, in
//            mid-window it abandons the window. o_clear: sums start; o_en: o_counts belong to a window; o_last: to its
//            last clock.
// Latency    PIPE clocks from i_start to o_clear and from i_x to o_counts.
// Sharing    one comparator per distinct magnitude serves the whole layer: level[W] = [W > r]. Weights are constants,
//            so a comparator that no weight names, a weight of 0 and its adder input vanish in synthesis.
// Format     weights as sc_stream_weights: neuron after neuron, each its INPUTS weights, then its bias.
// Model      sc_neurocore.golden
// Proof      formal/sc_stream_dense_fv.v
`default_nettype none
module sc_stream_synapses #(
    parameter INPUTS    = 4,               // 1 .. 4095
    parameter NEURONS   = 2,               // 1 .. 1024
    parameter LOG2L     = 4,               // 2 .. 12
    parameter PIPE      = 1,               // 0 or 1: a register behind the counters
    parameter ADDER     = 0,               // 0: parallel counter, 1: MUX
    parameter INIT_FILE = "",
    parameter [NEURONS*(INPUTS+1)*(LOG2L+1)-1:0] WEIGHTS = 0,
    parameter COUNT_W   = $clog2(INPUTS + 2)   // derived; do not override
) (
    input  wire                       clk,
    input  wire                       rst,
    input  wire                       i_start,
    input  wire [INPUTS-1:0]          i_x,
    output wire                       o_clear,
    output wire                       o_en,
    output wire                       o_last,
    output wire [NEURONS*COUNT_W-1:0] o_counts,
    output wire [NEURONS*COUNT_W-1:0] o_negs
);
    localparam N = INPUTS + 1;
    localparam W = LOG2L + 1;
    localparam L = 1 << LOG2L;
    generate
        if (INPUTS < 1 || INPUTS > 4095) begin : g_illegal_inputs
            ERROR_INPUTS_must_be_in_1_to_4095 u_illegal ();
        end
        if (NEURONS < 1 || NEURONS > 1024) begin : g_illegal_neurons
            ERROR_NEURONS_must_be_in_1_to_1024 u_illegal ();
        end
        if (PIPE != 0 && PIPE != 1) begin : g_illegal_pipe
            ERROR_PIPE_must_be_0_or_1 u_illegal ();
        end
        if (ADDER != 0 && ADDER != 1) begin : g_illegal_adder
            ERROR_ADDER_must_be_0_counter_or_1_mux u_illegal ();
        end
    endgenerate

    // The window: the source is its clock, and ends with the value whose bits are all 1. The source checks LOG2L.
    reg              active;
    wire [LOG2L-1:0] r;
    wire             last = active && (&r);
    sc_vdc_source #(.LOG2L(LOG2L)) u_r (.clk(clk), .rst(rst), .i_restart(i_start), .i_en(active), .o_r(r));
    always @(posedge clk)
        if (rst)          active <= 1'b0;
        else if (i_start) active <= 1'b1;
        else if (last)    active <= 1'b0;

    wire [NEURONS*N*W-1:0] weights;
    sc_stream_weights #(
        .LOG2L(LOG2L), .WORDS(NEURONS * N), .INIT_FILE(INIT_FILE), .WEIGHTS(WEIGHTS)
    ) u_weights (.o_weights(weights));

    wire [L-1:0] level;
    wire [N-1:0] x = {1'b1, i_x};
    genvar k, j, i;
    generate
        assign level[0] = 1'b0;
        for (k = 1; k < L; k = k + 1) begin : g_level
            localparam [31:0] MAGNITUDE = k;
            sc_sng #(.LOG2L(LOG2L)) u_sng (.i_x(MAGNITUDE[LOG2L:0]), .i_r(r), .o_bit(level[k]));
        end
    endgenerate

    // The MUX of the inputs serves the whole layer, since all neurons select alike: MUX(x AND w) = MUX(x) AND MUX(w), and
    // what is left of a neuron's constant weights is a function of t alone.
    localparam K     = $clog2(N);
    localparam SLOTS = 1 << K;
    localparam SEL_W = K > LOG2L ? K : LOG2L;
    wire [K-1:0] sel;
    wire         x_sel;
    generate
        if (ADDER == 1) begin : g_select
            wire [SEL_W-1:0] point;
            wire [SLOTS-1:0] slots;
            wire             unused = &{1'b0, point};
            sc_sobol_source #(.LOG2L(SEL_W), .DIM(1)) u_sel (
                .clk(clk), .rst(rst), .i_restart(i_start), .i_en(active), .o_r(point)
            );
            assign sel = point[SEL_W-1 -: K];
            for (i = 0; i < SLOTS; i = i + 1) begin : g_slot
                if (i < N) begin : g_input
                    assign slots[i] = x[i];
                end else begin : g_empty
                    assign slots[i] = 1'b0;
                end
            end
            sc_mux_add #(.LOG2N(K)) u_x (.i_bits(slots), .i_sel(sel), .o_bit(x_sel));
        end else begin : g_all
            wire unused = &{1'b0, sel, x_sel};
            assign sel   = {K{1'b0}};
            assign x_sel = 1'b0;
        end
    endgenerate

    generate
        for (j = 0; j < NEURONS; j = j + 1) begin : g_neuron
            wire [COUNT_W-1:0] count;
            // Loops within blocks: of a generate block for each synapse a simulator makes code of its own.
            integer            s;
            if (ADDER == 0) begin : g_counter
                reg [N-1:0] bits, signs;
                integer     c;
                always @*
                    for (c = 0; c < N; c = c + 1)
                        signs[c] = weights[(j*N+c)*W + LOG2L];
                always @*
                    for (s = 0; s < N; s = s + 1)
                        bits[s] = (x[s] && level[weights[(j*N+s)*W +: LOG2L]]) ^ signs[s];
                sc_apc #(.N(N)) u_count (.i_bits(bits), .o_count(count));
                sc_apc #(.N(N)) u_negs (.i_bits(signs), .o_count(o_negs[j*COUNT_W +: COUNT_W]));
            end else begin : g_mux
                localparam [31:0] ONE = 1, TWO = 2;
                reg [SLOTS-1:0] ups, downs;
                wire            up, down;
                always @* begin
                    {ups, downs} = {2*SLOTS{1'b0}};
                    for (s = 0; s < N; s = s + 1) begin
                        ups[s]   = level[weights[(j*N+s)*W +: LOG2L]] && !weights[(j*N+s)*W + LOG2L];
                        downs[s] = level[weights[(j*N+s)*W +: LOG2L]] && weights[(j*N+s)*W + LOG2L];
                    end
                end
                sc_mux_add #(.LOG2N(K)) u_up (.i_bits(ups), .i_sel(sel), .o_bit(up));
                sc_mux_add #(.LOG2N(K)) u_down (.i_bits(downs), .i_sel(sel), .o_bit(down));
                assign count = x_sel && up ? TWO[COUNT_W-1:0] : x_sel && down ? {COUNT_W{1'b0}} : ONE[COUNT_W-1:0];
                assign o_negs[j*COUNT_W +: COUNT_W] = ONE[COUNT_W-1:0];
            end
            if (PIPE == 1) begin : g_pipe
                reg [COUNT_W-1:0] count_q;
                always @(posedge clk) count_q <= count;
                assign o_counts[j*COUNT_W +: COUNT_W] = count_q;
            end else begin : g_direct
                assign o_counts[j*COUNT_W +: COUNT_W] = count;
            end
        end
        if (PIPE == 1) begin : g_pipe
            reg [2:0] control;
            always @(posedge clk)
                if (rst) control <= 3'b000;
                else     control <= {i_start, active, last};
            assign {o_clear, o_en, o_last} = control;
        end else begin : g_direct
            assign {o_clear, o_en, o_last} = {i_start, active, last};
        end
    endgenerate
endmodule
`default_nettype wire
