// SPDX-License-Identifier: Apache-2.0
// Neuron of a folded streaming layer: one adder counts through a window and then fires through the next (A8, A18).
//
// Update     i_start: acc <- START. Else i_add: acc <- acc + (i_count << SHIFT); else i_step: acc <- acc - STEP.
//            o_spike = [acc >= 0]. With START = SHIFT-scaled bias and offset, less the half threshold, and STEP the
//            threshold, the bits before the L steps of a window are window_if's stream; STEP = 0 leaves a sum, a score.
// Latency    one clock: o_acc and o_spike follow the clock of i_start, i_add or i_step.
// Format     acc, START: signed, WIDTH bits. The instance chooses WIDTH so that no sum and no step leaves it.
// Model      sc_neurocore.hardware.stream_fold, which derives START, STEP, SHIFT and WIDTH
// Proof      formal/sc_fold_if_fv.v
`default_nettype none
module sc_fold_if #(
    parameter WIDTH   = 8,                 // 2 .. 32
    parameter COUNT_W = 3,                 // 1 .. WIDTH - 1 - SHIFT
    parameter SHIFT   = 0,                 // 0 .. 16
    parameter START   = -1,                // -M .. M - 1, M = 2^(WIDTH-1)
    parameter STEP    = 1                  // 0 .. M - 1
) (
    input  wire               clk,
    input  wire               i_start,
    input  wire               i_add,
    input  wire               i_step,
    input  wire [COUNT_W-1:0] i_count,     // unsigned
    output wire               o_spike,
    output reg  [WIDTH-1:0]   o_acc        // signed
);
    generate
        if (WIDTH < 2 || WIDTH > 32) begin : g_illegal_width
            ERROR_WIDTH_must_be_in_2_to_32 u_illegal ();
        end
        if (SHIFT < 0 || SHIFT > 16) begin : g_illegal_shift
            ERROR_SHIFT_must_be_in_0_to_16 u_illegal ();
        end
        if (COUNT_W < 1 || COUNT_W + SHIFT >= WIDTH) begin : g_illegal_count_w
            ERROR_COUNT_W_must_be_in_1_to_WIDTH_minus_1_minus_SHIFT u_illegal ();
        end
        if (WIDTH < 32 && (START >= (1 << (WIDTH-1)) || START < -(1 << (WIDTH-1)))) begin : g_illegal_start
            ERROR_START_must_fit_WIDTH_signed_bits u_illegal ();
        end
        if (STEP < 0 || (WIDTH < 32 && STEP >= (1 << (WIDTH-1)))) begin : g_illegal_step
            ERROR_STEP_must_be_in_0_to_2pow_WIDTH_minus_1_minus_1 u_illegal ();
        end
    endgenerate

    localparam [31:0] START_BITS = START;
    localparam [31:0] MINUS_STEP = -STEP;
    wire [WIDTH-1:0] count   = {{(WIDTH-COUNT_W){1'b0}}, i_count} << SHIFT;
    wire [WIDTH-1:0] operand = i_add ? count : MINUS_STEP[WIDTH-1:0];

    always @(posedge clk)
        if (i_start)              o_acc <= START_BITS[WIDTH-1:0];
        else if (i_add || i_step) o_acc <= o_acc + operand;

    assign o_spike = ~o_acc[WIDTH-1];
endmodule
`default_nettype wire
