// SPDX-License-Identifier: Apache-2.0
// Readout of a streaming network: the index of the greatest of N scores, the lowest such index on a tie (A9).
//
// Update     where i_valid: o_class <- the index, o_s <- i_s; o_valid <- i_valid.
// Latency    1 clock, behind a tree of $clog2(N) comparators; o_class and o_s hold until the next o_valid.
// Format     score k signed, at bits k*WIDTH upward.
// Model      sc_neurocore.neurons.classify
// Proof      formal/sc_stream_argmax_fv.v; tb/test_stream_dense.py
`default_nettype none
module sc_stream_argmax #(
    parameter N       = 10,                // 1 .. 1024
    parameter WIDTH   = 12,                // 2 .. 32
    parameter CLASS_W = N > 1 ? $clog2(N) : 1    // derived; do not override
) (
    input  wire               clk,
    input  wire               rst,
    input  wire               i_valid,
    input  wire [N*WIDTH-1:0] i_s,
    output reg                o_valid,
    output reg  [CLASS_W-1:0] o_class,
    output reg  [N*WIDTH-1:0] o_s
);
    generate
        if (N < 1 || N > 1024) begin : g_illegal_n
            ERROR_N_must_be_in_1_to_1024 u_illegal ();
        end
        if (WIDTH < 2 || WIDTH > 32) begin : g_illegal_width
            ERROR_WIDTH_must_be_in_2_to_32 u_illegal ();
        end
    endgenerate

    // Node k stands above nodes 2k and 2k+1. The later one wins only where it is greater, so the lowest index wins a
    // tie; leaves past N repeat the last score, and so never win.
    // A loop in one block, so that no vector is seen to feed itself.
    localparam LEAVES = 1 << $clog2(N);
    wire [LEAVES*WIDTH-1:0]     leaf;
    reg  [2*LEAVES*WIDTH-1:0]   best;
    reg  [2*LEAVES*CLASS_W-1:0] index;
    genvar j;
    generate
        for (j = 0; j < LEAVES; j = j + 1) begin : g_leaf
            assign leaf[j*WIDTH +: WIDTH] = i_s[(j < N ? j : N - 1)*WIDTH +: WIDTH];
        end
    endgenerate

    integer k;
    always @* begin
        best  = 0;
        index = 0;
        best[LEAVES*WIDTH +: LEAVES*WIDTH] = leaf;
        for (k = 0; k < LEAVES; k = k + 1)
            index[(LEAVES+k)*CLASS_W +: CLASS_W] = k[CLASS_W-1:0];
        for (k = LEAVES - 1; k > 0; k = k - 1)
            if ($signed(best[(2*k+1)*WIDTH +: WIDTH]) > $signed(best[2*k*WIDTH +: WIDTH])) begin
                best[k*WIDTH +: WIDTH]      = best[(2*k+1)*WIDTH +: WIDTH];
                index[k*CLASS_W +: CLASS_W] = index[(2*k+1)*CLASS_W +: CLASS_W];
            end else begin
                best[k*WIDTH +: WIDTH]      = best[2*k*WIDTH +: WIDTH];
                index[k*CLASS_W +: CLASS_W] = index[2*k*CLASS_W +: CLASS_W];
            end
    end

    always @(posedge clk) begin
        o_valid <= i_valid && !rst;
        if (i_valid) begin
            o_class <= index[CLASS_W +: CLASS_W];
            o_s     <= i_s;
        end
    end
endmodule
`default_nettype wire
