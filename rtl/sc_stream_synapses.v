// SPDX-License-Identifier: Apache-2.0
// All synapses of a layer in space, one stream bit per clock: ANDs, signs and one parallel counter a neuron (A17).
//
// Update     in the L = 2^LOG2L clocks after i_start, t = 0 .. L-1: o_counts of a neuron <- the number of its synapses
//            with (x(t) AND [W > r(t)]) XOR sign, r the vdc source, the bias with x = 1. So the sum that the neuron
//            adds is o_counts - o_negs, o_negs (constant) the number of its negative synapses.
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
        for (j = 0; j < NEURONS; j = j + 1) begin : g_neuron
            wire [N*W-1:0]     row = weights[j*N*W +: N*W];
            wire [N-1:0]       bits, signs;
            wire [COUNT_W-1:0] count;
            for (i = 0; i < N; i = i + 1) begin : g_synapse
                assign signs[i] = row[i*W + LOG2L];
                assign bits[i]  = (x[i] && level[row[i*W +: LOG2L]]) ^ signs[i];
            end
            sc_apc #(.N(N)) u_count (.i_bits(bits), .o_count(count));
            sc_apc #(.N(N)) u_negs (.i_bits(signs), .o_count(o_negs[j*COUNT_W +: COUNT_W]));
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
