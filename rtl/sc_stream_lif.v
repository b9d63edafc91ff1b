// SPDX-License-Identifier: Apache-2.0
// Streaming dense layer of lif neurons: every synapse an AND gate with its own constant weight, one bit per clock (A17).
//
// Update     at each clock t of a window every neuron (sc_lif_step, A13) takes the current
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
    parameter LEAK_MODE  = 0,              // which sc_lif_step checks, as the next three
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
    output wire               o_start,
    output wire [NEURONS-1:0] o_x
);
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

    localparam        STATE_W      = WIDTH + 8;             // v, and the refractory counter above it
    localparam [31:0] THETA_BITS   = THETA;
    localparam [31:0] V_RESET_BITS = V_RESET;
    localparam [31:0] BETA_BITS    = BETA;
    localparam [31:0] START_BITS   = RESET_MODE == 0 ? 0 : V_RESET;
    wire [NEURONS*WIDTH-1:0]   currents;
    wire [NEURONS*STATE_W-1:0] states, next;
    wire [NEURONS-1:0]         spikes;
    sc_stream_neurons #(
        .INPUTS(INPUTS), .NEURONS(NEURONS), .LOG2L(LOG2L), .SHIFT(FRAC), .CURRENT_W(WIDTH), .STATE_W(STATE_W),
        .START({8'd0, START_BITS[WIDTH-1:0]}), .PIPE(PIPE), .ADDER(ADDER), .INIT_FILE(INIT_FILE), .WEIGHTS(WEIGHTS)
    ) u_neurons (
        .clk(clk), .rst(rst), .i_start(i_start), .i_x(i_x), .o_start(o_start), .o_x(o_x), .o_currents(currents),
        .o_states(states), .i_states(next), .i_spikes(spikes)
    );

    genvar j;
    generate
        for (j = 0; j < NEURONS; j = j + 1) begin : g_neuron
            sc_lif_step #(
                .WIDTH(WIDTH), .LEAK_MODE(LEAK_MODE), .LEAK_SHIFT(LEAK_SHIFT), .RESET_MODE(RESET_MODE),
                .REFRACTORY(REFRACTORY)
            ) u_step (
                .i_v(states[j*STATE_W +: WIDTH]), .i_left(states[j*STATE_W+WIDTH +: 8]),
                .i_current(currents[j*WIDTH +: WIDTH]), .i_beta(BETA_BITS[7:0]), .i_theta(THETA_BITS[WIDTH-1:0]),
                .i_v_reset(V_RESET_BITS[WIDTH-1:0]),
                .o_v(next[j*STATE_W +: WIDTH]), .o_left(next[j*STATE_W+WIDTH +: 8]), .o_spike(spikes[j])
            );
        end
    endgenerate
endmodule
`default_nettype wire
