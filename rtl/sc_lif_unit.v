// SPDX-License-Identifier: Apache-2.0
// One step of a leaky integrate-and-fire or leaky integrating neuron (A13, A21) with its parameters as words: the neuron of
// the spiking engine, and the potential of its other neurons. Its exact current may have more bits than its state.
//
// Words      one a clock, in the clocks i_left = WORDS - 1 .. 0, the same in all of which i_state and i_first are; i_current
//            is there at i_left = 0, and so are o_state, o_spike and o_u then:
//              RESET_MODE = 1: v_reset, signed;
//              leak: bits 7:0 beta (LEAK_MODE = 1), or 4:0 the shift (LEAK_MODE = 0); 15:8 refractory;
//              bits 14:0 theta, bit 15: it never fires, and theta is not read.
// Update     v = i_first ? (RESET_MODE = 0 ? 0 : v_reset) : that of i_state;
//            1. refractory: where its counter is not 0 it counts down, v stays, there is no spike, o_u = v;
//            2. leak:      v - (v >>> shift), v with a shift of 0; or (v * beta) >>> 8;
//            3. integrate: o_u = saturate(leaked v + i_current), once, the sum being exact;
//            4. compare:   o_spike = [o_u >= theta + i_raise], the sum being exact;
//            5. reset:     v = o_u without a spike; o_u - theta or v_reset with one, and the counter takes `refractory`.
// Latency    WORDS clocks: the leaked v is registered before the last, so no path is longer than three adders.
// Format     i_state: v, WIDTH bits, and with REFRACTORY = 1 the counter, 8 bits, above; i_current signed; o_u signed. Theta
//            at most 2^(WIDTH-1) - 1; v_reset below theta and within WIDTH bits; a shift below WIDTH.
// Model      sc_neurocore.neurons.Lif, sc_neurocore.neurons.Li
// Proof      formal/sc_lif_unit_fv.v
`default_nettype none
module sc_lif_unit #(
    parameter WIDTH      = 16,             // 4 .. 32
    parameter LEAK_MODE  = 0,              // 0: shift, 1: factor
    parameter RESET_MODE = 0,              // 0: subtract theta, 1: to v_reset
    parameter REFRACTORY = 0,              // 0: they do not, 1: neurons may rest after a spike
    parameter CURRENT_W  = 19,             // 2 .. 40
    parameter STATE_W    = WIDTH + (REFRACTORY != 0 ? 8 : 0)   // derived; do not override
) (
    input  wire                 clk,
    input  wire [2:0]           i_left,    // words that are still to come
    input  wire [15:0]          i_word,
    input  wire                 i_first,   // first step of a sample
    input  wire [STATE_W-1:0]   i_state,
    input  wire [CURRENT_W-1:0] i_current,
    input  wire [WIDTH-1:0]     i_raise,   // signed: the threshold is so much higher
    output wire [STATE_W-1:0]   o_state,
    output wire                 o_spike,
    output wire [WIDTH-1:0]     o_u
);
    generate
        if (WIDTH < 4 || WIDTH > 32) begin : g_illegal_width
            ERROR_WIDTH_must_be_in_4_to_32 u_illegal ();
        end
        if (LEAK_MODE != 0 && LEAK_MODE != 1) begin : g_illegal_leak_mode
            ERROR_LEAK_MODE_must_be_0_shift_or_1_factor u_illegal ();
        end
        if (RESET_MODE != 0 && RESET_MODE != 1) begin : g_illegal_reset_mode
            ERROR_RESET_MODE_must_be_0_subtract_or_1_to_value u_illegal ();
        end
        if (REFRACTORY != 0 && REFRACTORY != 1) begin : g_illegal_refractory
            ERROR_REFRACTORY_must_be_in_0_to_1 u_illegal ();
        end
        if (CURRENT_W < 2 || CURRENT_W > 40) begin : g_illegal_current_w
            ERROR_CURRENT_W_must_be_in_2_to_40 u_illegal ();
        end
    endgenerate

    localparam SUM_W = (CURRENT_W > WIDTH ? CURRENT_W : WIDTH) + 1;
    localparam HIGH  = SUM_W - WIDTH + 1;  // upper bits of the sum that are equal where it fits WIDTH

    // v before the step. Where it starts at 0 only what becomes of it, `leaked`, needs to be 0.
    wire [WIDTH-1:0] v_kept = i_state[WIDTH-1:0];
    wire [WIDTH-1:0] v, v_reset;
    wire             zero;
    generate
        if (RESET_MODE == 1) begin : g_to_value
            reg [15:0] word;
            always @(posedge clk) if (i_left == 2) word <= i_word;
            if (WIDTH > 16) begin : g_wide
                assign v_reset = {{(WIDTH-16){word[15]}}, word};
            end else begin : g_narrow
                wire unused = &{1'b0, word};
                assign v_reset = word[WIDTH-1:0];
            end
            assign v    = i_first ? v_reset : v_kept;
            assign zero = 1'b0;
        end else begin : g_subtract
            wire unused = &{1'b0, i_left};
            assign v_reset = {WIDTH{1'b0}};
            assign v       = v_kept;
            assign zero    = i_first;
        end
    endgenerate

    // Leak, at i_left = 1.
    reg  [WIDTH-1:0] leaked;
    wire [WIDTH-1:0] leaked_next;
    sc_leak #(.WIDTH(WIDTH), .LEAK_MODE(LEAK_MODE)) u_leak (.i_x(v), .i_leak(i_word[7:0]), .o_x(leaked_next));
    always @(posedge clk) leaked <= zero ? {WIDTH{1'b0}} : leaked_next;

    // Step, at i_left = 0.
    wire [SUM_W-1:0] sum = {{(SUM_W-WIDTH){leaked[WIDTH-1]}}, leaked} + {{(SUM_W-CURRENT_W){i_current[CURRENT_W-1]}}, i_current};
    wire [HIGH-1:0]  high     = sum[SUM_W-1 -: HIGH];
    wire             overflow = high != {HIGH{1'b0}} && high != {HIGH{1'b1}};
    wire [WIDTH-1:0] u        = overflow ? {sum[SUM_W-1], {(WIDTH-1){~sum[SUM_W-1]}}} : sum[WIDTH-1:0];

    wire [31:0]      theta  = {17'd0, i_word[14:0]};
    wire [WIDTH:0]   over   = {u[WIDTH-1], u} - {1'b0, theta[WIDTH-1:0]};
    wire             fires  = $signed(over) >= $signed({i_raise[WIDTH-1], i_raise}) && !i_word[15];
    wire [WIDTH-1:0] paid   = over[WIDTH-1:0];
    wire [WIDTH-1:0] v_next = fires ? (RESET_MODE == 1 ? v_reset : paid) : u;
    wire             unused_words = &{1'b0, theta, i_word};
    wire             resting;

    assign o_spike = fires && !resting;
    assign o_u     = resting ? v_kept : u;
    generate
        if (REFRACTORY == 1) begin : g_rest
            wire [7:0] left = i_state[WIDTH +: 8];
            reg  [7:0] rest;
            always @(posedge clk) rest <= i_word[15:8];
            assign resting = !i_first && left != 8'd0;
            assign o_state = {resting ? left - 8'd1 : fires ? rest : 8'd0, resting ? v_kept : v_next};
        end else begin : g_ready
            assign resting = 1'b0;
            assign o_state = v_next;
        end
    endgenerate
endmodule
`default_nettype wire
