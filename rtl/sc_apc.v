// SPDX-License-Identifier: Apache-2.0
// Parallel counter: the exact number of ones among N bits (A6).
//
// Latency    combinational.
// Format     o_count unsigned, 0 .. N.
// Model      sc_neurocore.streams.popcount
// Proof      formal/sc_apc_fv.v
`default_nettype none
module sc_apc #(
    parameter N = 16,                      // 1 .. 4096
    parameter COUNT_W = $clog2(N + 1)      // derived; do not override
) (
    input  wire [N-1:0]       i_bits,
    output reg  [COUNT_W-1:0] o_count
);
    generate
        if (N < 1 || N > 4096) begin : g_illegal
            ERROR_N_must_be_in_1_to_4096 u_illegal ();
        end
    endgenerate

    // Synthesis merges this sum into a compressor tree (23 iCE40 LUTs for N = 16, as a tree of adders by hand).
    integer k;
    always @* begin
        o_count = {COUNT_W{1'b0}};
        for (k = 0; k < N; k = k + 1)
            o_count = o_count + {{(COUNT_W-1){1'b0}}, i_bits[k]};
    end
endmodule
`default_nettype wire
