// SPDX-License-Identifier: Apache-2.0
// One clock of a leaky integrate-and-fire neuron, signed fixed point, saturating (A13): state in, state out, no register.
//
// Update     1. refractory: where i_left is not 0, o_left = i_left - 1, o_v = i_v, no spike, and the input is ignored;
//            2. leak:      u = i_v - (i_v >>> LEAK_SHIFT)  with LEAK_MODE = 0 (LEAK_SHIFT = 0: no leak)
//                          u = (i_v * i_beta) >>> 8        with LEAK_MODE = 1, i_beta unsigned Q0.8
//            3. integrate: u = saturate(u + i_current), once;
//            4. compare:   o_spike = [u >= i_theta];
//            5. reset:     o_v = u without a spike; u - i_theta (RESET_MODE = 0) or i_v_reset (1) with one, and then
//                          o_left = REFRACTORY.
// State      v and the refractory counter: whoever instantiates the step keeps them, in registers (sc_lif,
//            sc_stream_neurons) or in a memory. At the start v is i_v_reset if RESET_MODE = 1, else 0; the counter is 0.
// Latency    combinational.
// Format     v, i_theta, i_v_reset, i_current signed, WIDTH bits. i_theta >= 1. Shifts are arithmetic, towards minus
//            infinity. Saturates at +-2^(WIDTH-1), never wraps. With REFRACTORY = 0 i_left is ignored, o_left is 0.
// Model      sc_neurocore.neurons.lif_step
// Proof      formal/sc_lif_step_fv.v
`default_nettype none
module sc_lif_step #(
    parameter WIDTH      = 16,             // 4 .. 32
    parameter LEAK_MODE  = 0,              // 0: shift, 1: factor
    parameter LEAK_SHIFT = 4,              // 0 .. WIDTH - 1; 0: no leak
    parameter RESET_MODE = 0,              // 0: subtract theta, 1: to i_v_reset
    parameter REFRACTORY = 0               // 0 .. 255 clocks
) (
    input  wire [WIDTH-1:0] i_v,           // signed
    input  wire [7:0]       i_left,        // clocks of rest that are left
    input  wire [WIDTH-1:0] i_current,     // signed
    input  wire [7:0]       i_beta,        // for LEAK_MODE = 1
    input  wire [WIDTH-1:0] i_theta,       // signed, >= 1
    input  wire [WIDTH-1:0] i_v_reset,     // signed, below i_theta; for RESET_MODE = 1
    output wire [WIDTH-1:0] o_v,           // signed
    output wire [7:0]       o_left,
    output wire             o_spike
);
    generate
        if (WIDTH < 4 || WIDTH > 32) begin : g_illegal_width
            ERROR_WIDTH_must_be_in_4_to_32 u_illegal ();
        end
        if (LEAK_MODE != 0 && LEAK_MODE != 1) begin : g_illegal_leak_mode
            ERROR_LEAK_MODE_must_be_0_shift_or_1_factor u_illegal ();
        end
        if (LEAK_SHIFT < 0 || LEAK_SHIFT >= WIDTH) begin : g_illegal_leak_shift
            ERROR_LEAK_SHIFT_must_be_in_0_to_WIDTH_minus_1 u_illegal ();
        end
        if (RESET_MODE != 0 && RESET_MODE != 1) begin : g_illegal_reset_mode
            ERROR_RESET_MODE_must_be_0_subtract_or_1_to_value u_illegal ();
        end
        if (REFRACTORY < 0 || REFRACTORY > 255) begin : g_illegal_refractory
            ERROR_REFRACTORY_must_be_in_0_to_255 u_illegal ();
        end
    endgenerate

    // Leak. |v - (v >>> k)| <= |v|, and so is |v * beta / 256|: WIDTH bits hold it.
    wire [WIDTH-1:0] leaked;
    generate
        if (LEAK_MODE == 1) begin : g_factor
            wire [WIDTH+8:0] product = $signed({{9{i_v[WIDTH-1]}}, i_v}) * $signed({{(WIDTH+1){1'b0}}, i_beta});
            wire             unused  = &{1'b0, product};
            assign leaked = product[8 +: WIDTH];
        end else if (LEAK_SHIFT == 0) begin : g_none
            wire unused = &{1'b0, i_beta};
            assign leaked = i_v;
        end else begin : g_shift
            wire             unused = &{1'b0, i_beta};
            wire [WIDTH-1:0] decay  = {{LEAK_SHIFT{i_v[WIDTH-1]}}, i_v[WIDTH-1:LEAK_SHIFT]};
            assign leaked = i_v - decay;
        end
    endgenerate

    // Integrate, one bit wider, then saturate.
    wire [WIDTH:0]   sum      = {leaked[WIDTH-1], leaked} + {i_current[WIDTH-1], i_current};
    wire             overflow = sum[WIDTH] != sum[WIDTH-1];
    wire [WIDTH-1:0] u        = overflow ? {sum[WIDTH], {(WIDTH-1){~sum[WIDTH]}}} : sum[WIDTH-1:0];

    wire             fires    = $signed(u) >= $signed(i_theta);
    wire [WIDTH-1:0] after    = RESET_MODE == 0 ? u - i_theta : i_v_reset;
    wire             resting;

    assign o_spike = fires && !resting;
    assign o_v     = resting ? i_v : fires ? after : u;

    generate
        if (REFRACTORY == 0) begin : g_always_ready
            wire unused = &{1'b0, i_left};
            assign resting = 1'b0;
            assign o_left  = 8'd0;
        end else begin : g_refractory
            localparam [31:0] CLOCKS = REFRACTORY;
            assign resting = i_left != 8'd0;
            assign o_left  = resting ? i_left - 8'd1 : fires ? CLOCKS[7:0] : 8'd0;
        end
    endgenerate
endmodule
`default_nettype wire
