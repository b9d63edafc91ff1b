// SPDX-License-Identifier: Apache-2.0
// Leak of a neuron's state by an amount that is known at run time (A13, A21).
//
// Update     LEAK_MODE = 0: o_x = i_x - (i_x >>> i_leak), i_x where i_leak is 0; LEAK_MODE = 1: o_x = (i_x * i_leak) >>> 8.
// Latency    combinational.
// Format     i_x, o_x signed; shifts towards minus infinity. i_leak unsigned: the factor in 1/256, or the shift, 0 .. WIDTH - 1,
//            of which upper bits are not read.
// Model      sc_neurocore.neurons.lif_step
// Proof      formal/sc_lif_unit_fv.v
`default_nettype none
module sc_leak #(
    parameter WIDTH     = 16,              // 4 .. 32
    parameter LEAK_MODE = 0                // 0: shift, 1: factor
) (
    input  wire [WIDTH-1:0] i_x,
    input  wire [7:0]       i_leak,
    output wire [WIDTH-1:0] o_x
);
    generate
        if (WIDTH < 4 || WIDTH > 32) begin : g_illegal_width
            ERROR_WIDTH_must_be_in_4_to_32 u_illegal ();
        end
        if (LEAK_MODE != 0 && LEAK_MODE != 1) begin : g_illegal_leak_mode
            ERROR_LEAK_MODE_must_be_0_shift_or_1_factor u_illegal ();
        end

        if (LEAK_MODE == 1) begin : g_factor
            wire [WIDTH+8:0] product = $signed({{9{i_x[WIDTH-1]}}, i_x}) * $signed({{(WIDTH+1){1'b0}}, i_leak});
            wire             unused  = &{1'b0, product};
            assign o_x = product[8 +: WIDTH];
        end else begin : g_shift
            localparam SHIFT_W = $clog2(WIDTH);
            wire [SHIFT_W-1:0] shift  = i_leak[SHIFT_W-1:0];
            wire               unused = &{1'b0, i_leak};
            wire [WIDTH-1:0]   some   = shift == 0 ? {WIDTH{1'b0}} : i_x;
            wire [WIDTH-1:0]   decay  = $signed(some) >>> shift;
            assign o_x = i_x - decay;
        end
    endgenerate
endmodule
`default_nettype wire
