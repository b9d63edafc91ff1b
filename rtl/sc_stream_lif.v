// SPDX-License-Identifier: Apache-2.0
// Streaming dense layer of lif neurons: every synapse an AND gate with its own constant weight, one bit per clock (A17).
//
// Update     at each clock t of a window every neuron (sc_lif, A13) takes the current
//            (sum of (-1)^sign * (x(t) AND [W > vdc(t)]) over its INPUTS + 1 synapses) << FRAC
//            and o_x is its spike. A window starts from the neuron's state after rst. ADDER = 1: a MUX adds one synapse a
//            clock, times the number of slots, 2^$clog2(INPUTS + 1).
// Window     as sc_stream_dense: i_start comes in the clock before t = 0, in the last clock of a window (back to back) or
//            any later; in mid-window it abandons the window, and o_x goes on with the one that it begins.
// Latency    o_start comes 1 + PIPE clocks after i_start; t = 0 of o_x is the clock after.
// Format     weights as sc_stream_dense. The current must fit WIDTH bits for every input: (synapses of one sign, or
//            with ADDER = 1 the slots) << FRAC.
// Model      sc_neurocore.golden, sc_neurocore.neurons.lif_step
// Proof      formal/sc_stream_lif_fv.v
`default_nettype none
module sc_stream_lif #(
    parameter INPUTS     = 4,              // 1 .. 4095
    parameter NEURONS    = 2,              // 1 .. 1024
    parameter LOG2L      = 4,              // 2 .. 12
    parameter FRAC       = 4,              // 0 .. 15
    parameter WIDTH      = 16,             // 4 .. 32, of v, THETA and V_RESET, signed
    parameter THETA      = 256,            // 1 or more, and below 2^(WIDTH-1)
    parameter LEAK_MODE  = 0,              // which sc_lif checks, as the next three
    parameter LEAK_SHIFT = 4,
    parameter RESET_MODE = 0,
    parameter REFRACTORY = 0,
    parameter BETA       = 0,              // 0 .. 255
    parameter V_RESET    = 0,              // signed, below THETA
    parameter PIPE       = 1,              // 0 or 1: a register behind the counters
    parameter ADDER      = 0,              // 0: parallel counter, 1: MUX
    parameter INIT_FILE  = "",
    parameter [NEURONS*(INPUTS+1)*(LOG2L+1)-1:0] WEIGHTS = 0
) (
    input  wire               clk,
    input  wire               rst,
    input  wire               i_start,
    input  wire [INPUTS-1:0]  i_x,
    output reg                o_start,
    output wire [NEURONS-1:0] o_x
);
    localparam COUNT_W = $clog2(INPUTS + 2);
    generate
        if (FRAC < 0 || FRAC > 15) begin : g_illegal_frac
            ERROR_FRAC_must_be_in_0_to_15 u_illegal ();
        end
        if (WIDTH < 4 || WIDTH > 32) begin : g_illegal_width
            ERROR_WIDTH_must_be_in_4_to_32 u_illegal ();
        end
        if (THETA < 1 || (WIDTH < 32 && (THETA >> (WIDTH - 1)) != 0)) begin : g_illegal_theta
            ERROR_THETA_must_be_at_least_1_and_below_2pow_WIDTH_minus_1 u_illegal ();
        end
        if (BETA < 0 || BETA > 255) begin : g_illegal_beta
            ERROR_BETA_must_be_in_0_to_255 u_illegal ();
        end
        if (V_RESET >= THETA || (V_RESET >>> (WIDTH - 1)) < -1) begin : g_illegal_v_reset
            ERROR_V_RESET_must_fit_WIDTH_and_be_below_THETA u_illegal ();
        end
    endgenerate

    wire                       clear, en, last;
    wire [NEURONS*COUNT_W-1:0] counts, negs;
    wire                       unused = &{1'b0, last};
    sc_stream_synapses #(
        .INPUTS(INPUTS), .NEURONS(NEURONS), .LOG2L(LOG2L), .PIPE(PIPE), .ADDER(ADDER), .INIT_FILE(INIT_FILE),
        .WEIGHTS(WEIGHTS)
    ) u_synapses (
        .clk(clk), .rst(rst), .i_start(i_start), .i_x(i_x), .o_clear(clear), .o_en(en), .o_last(last),
        .o_counts(counts), .o_negs(negs)
    );
    always @(posedge clk) o_start <= clear && !rst;

    localparam        SCALE        = FRAC + (ADDER == 1 ? $clog2(INPUTS + 1) : 0);
    localparam        FULL_W       = WIDTH + FRAC + COUNT_W + 1;
    localparam [31:0] THETA_BITS   = THETA;
    localparam [31:0] V_RESET_BITS = V_RESET;
    localparam [31:0] BETA_BITS    = BETA;
    genvar j;
    generate
        for (j = 0; j < NEURONS; j = j + 1) begin : g_neuron
            wire [COUNT_W:0]  delta = {1'b0, counts[j*COUNT_W +: COUNT_W]} - {1'b0, negs[j*COUNT_W +: COUNT_W]};
            wire [FULL_W-1:0] full  = {{(WIDTH+FRAC){delta[COUNT_W]}}, delta} << SCALE;
            wire [WIDTH-1:0]  v;
            wire              unused_bits = &{1'b0, full, v};
            sc_lif #(
                .WIDTH(WIDTH), .LEAK_MODE(LEAK_MODE), .LEAK_SHIFT(LEAK_SHIFT), .RESET_MODE(RESET_MODE),
                .REFRACTORY(REFRACTORY)
            ) u_neuron (
                .clk(clk), .rst(rst), .i_restart(clear), .i_en(en), .i_current(full[WIDTH-1:0]),
                .i_beta(BETA_BITS[7:0]), .i_theta(THETA_BITS[WIDTH-1:0]), .i_v_reset(V_RESET_BITS[WIDTH-1:0]),
                .o_spike(o_x[j]), .o_v(v)
            );
        end
    endgenerate
endmodule
`default_nettype wire
