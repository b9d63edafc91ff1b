// SPDX-License-Identifier: Apache-2.0
// One step of a leaky integrate-and-fire neuron with a synaptic current that lasts (A21), with its parameters as words: a
// neuron of the spiking engine.
//
// Words      one a clock, i_left = WORDS - 1 .. 0: the leak of i, bits as in the leak of sc_lif_unit; then those of
//            sc_lif_unit. i_current is there from i_left = 1 on.
// Update     i = saturate(leaked i + i_current), also while the neuron is refractory; then sc_lif_unit with i as its current.
//            i is 0 before a sample.
// Latency    WORDS clocks.
// Format     i_state: v and i, WIDTH bits each, and with REFRACTORY = 1 the counter, 8 bits, above; else as sc_lif_unit
// Model      sc_neurocore.neurons.Synaptic
// Proof      formal/sc_synaptic_unit_fv.v
`default_nettype none
module sc_synaptic_unit #(
    parameter WIDTH      = 16,             // 4 .. 32
    parameter LEAK_MODE  = 0,              // 0: shift, 1: factor
    parameter RESET_MODE = 0,              // 0: subtract theta, 1: to v_reset
    parameter REFRACTORY = 0,              // 0: they do not, 1: neurons may rest after a spike
    parameter CURRENT_W  = 19,             // 2 .. 40
    parameter STATE_W    = 2 * WIDTH + (REFRACTORY != 0 ? 8 : 0)   // derived; do not override
) (
    input  wire                 clk,
    input  wire [2:0]           i_left,    // words that are still to come
    input  wire [15:0]          i_word,
    input  wire                 i_first,   // first step of a sample
    input  wire [STATE_W-1:0]   i_state,
    input  wire [CURRENT_W-1:0] i_current,
    output wire [STATE_W-1:0]   o_state,
    output wire                 o_spike,
    output wire [WIDTH-1:0]     o_u
);
    generate
        if (CURRENT_W < 2 || CURRENT_W > 40) begin : g_illegal_current_w
            ERROR_CURRENT_W_must_be_in_2_to_40 u_illegal ();
        end
    endgenerate

    localparam SUM_W = (CURRENT_W > WIDTH ? CURRENT_W : WIDTH) + 1;
    localparam HIGH  = SUM_W - WIDTH + 1;  // upper bits of the sum that are equal where it fits WIDTH
    localparam OWN_W = STATE_W - WIDTH;    // v and the counter

    wire [WIDTH-1:0] leaked_next;
    reg  [WIDTH-1:0] leaked, synaptic;
    sc_leak #(.WIDTH(WIDTH), .LEAK_MODE(LEAK_MODE)) u_leak (
        .i_x(i_state[WIDTH +: WIDTH]), .i_leak(i_word[7:0]), .o_x(leaked_next)
    );
    wire [SUM_W-1:0] sum = {{(SUM_W-WIDTH){leaked[WIDTH-1]}}, leaked} + {{(SUM_W-CURRENT_W){i_current[CURRENT_W-1]}}, i_current};
    wire [HIGH-1:0]  high     = sum[SUM_W-1 -: HIGH];
    wire             overflow = high != {HIGH{1'b0}} && high != {HIGH{1'b1}};
    always @(posedge clk) begin
        if ({29'd0, i_left} == 2 + RESET_MODE) leaked <= i_first ? {WIDTH{1'b0}} : leaked_next;
        synaptic <= overflow ? {sum[SUM_W-1], {(WIDTH-1){~sum[SUM_W-1]}}} : sum[WIDTH-1:0];
    end

    wire [OWN_W-1:0] own, own_next;
    sc_lif_unit #(
        .WIDTH(WIDTH), .LEAK_MODE(LEAK_MODE), .RESET_MODE(RESET_MODE), .REFRACTORY(REFRACTORY), .CURRENT_W(WIDTH)
    ) u_lif (
        .clk(clk), .i_left(i_left), .i_word(i_word), .i_first(i_first), .i_state(own), .i_current(synaptic),
        .i_raise({WIDTH{1'b0}}), .o_state(own_next), .o_spike(o_spike), .o_u(o_u)
    );
    generate
        if (REFRACTORY == 1) begin : g_rest
            assign own     = {i_state[2*WIDTH +: 8], i_state[WIDTH-1:0]};
            assign o_state = {own_next[WIDTH +: 8], synaptic, own_next[WIDTH-1:0]};
        end else begin : g_ready
            assign own     = i_state[WIDTH-1:0];
            assign o_state = {synaptic, own_next};
        end
    endgenerate
endmodule
`default_nettype wire
