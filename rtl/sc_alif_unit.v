// SPDX-License-Identifier: Apache-2.0
// One step of a leaky integrate-and-fire neuron whose threshold rises with its spikes (A21), with its parameters as words: a
// neuron of the spiking engine.
//
// Words      one a clock, i_left = WORDS - 1 .. 0: the leak of a, bits as in the leak of sc_lif_unit; b, unsigned; then those
//            of sc_lif_unit.
// Update     sc_lif_unit with a threshold of theta + a, of which theta only is taken off after a spike; then a leaks, also
//            while the neuron is refractory, and after a spike saturate(leaked a + b) takes its place. a is 0 before a sample.
// Latency    WORDS clocks.
// Format     i_state: v and a, WIDTH bits each, and with REFRACTORY = 1 the counter, 8 bits, above; b at most
//            2^(WIDTH-1) - 1; else as sc_lif_unit
// Model      sc_neurocore.neurons.Alif
// Proof      formal/sc_alif_unit_fv.v
`default_nettype none
module sc_alif_unit #(
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
    localparam OWN_W = STATE_W - WIDTH;    // v and the counter

    wire [WIDTH-1:0] a = i_first ? {WIDTH{1'b0}} : i_state[WIDTH +: WIDTH];
    wire [WIDTH-1:0] leaked_next;
    reg  [WIDTH-1:0] leaked, raised;
    sc_leak #(.WIDTH(WIDTH), .LEAK_MODE(LEAK_MODE)) u_leak (.i_x(a), .i_leak(i_word[7:0]), .o_x(leaked_next));
    wire [31:0]      b        = {16'd0, i_word};
    wire [WIDTH:0]   sum      = {leaked[WIDTH-1], leaked} + {1'b0, b[WIDTH-1:0]};
    wire             unused   = &{1'b0, b};
    always @(posedge clk) begin
        if ({29'd0, i_left} == 3 + RESET_MODE) leaked <= leaked_next;
        if ({29'd0, i_left} == 2 + RESET_MODE) raised <= !sum[WIDTH] && sum[WIDTH-1] ? {1'b0, {(WIDTH-1){1'b1}}} : sum[WIDTH-1:0];
    end

    wire [WIDTH-1:0] a_next = o_spike ? raised : leaked;
    wire [OWN_W-1:0] own, own_next;
    sc_lif_unit #(
        .WIDTH(WIDTH), .LEAK_MODE(LEAK_MODE), .RESET_MODE(RESET_MODE), .REFRACTORY(REFRACTORY), .CURRENT_W(CURRENT_W)
    ) u_lif (
        .clk(clk), .i_left(i_left), .i_word(i_word), .i_first(i_first), .i_state(own), .i_current(i_current),
        .i_raise(a), .o_state(own_next), .o_spike(o_spike), .o_u(o_u)
    );
    generate
        if (REFRACTORY == 1) begin : g_rest
            assign own     = {i_state[2*WIDTH +: 8], i_state[WIDTH-1:0]};
            assign o_state = {own_next[WIDTH +: 8], a_next, own_next[WIDTH-1:0]};
        end else begin : g_ready
            assign own     = i_state[WIDTH-1:0];
            assign o_state = {a_next, own_next};
        end
    endgenerate
endmodule
`default_nettype wire
