// SPDX-License-Identifier: Apache-2.0
// Parallel counter: the exact number of ones among N bits (A6).
//
// Latency    combinational: a balanced tree of adders, each as wide as its count needs.
// Format     o_count unsigned, 0 .. N.
// Model      sc_neurocore.streams.popcount
// Proof      formal/sc_apc_fv.v
`default_nettype none
module sc_apc #(
    parameter N = 16,                      // 1 .. 4096
    parameter COUNT_W = $clog2(N + 1)      // derived; do not override
) (
    input  wire [N-1:0]       i_bits,
    output wire [COUNT_W-1:0] o_count
);
    generate
        if (N < 1 || N > 4096) begin : g_illegal
            ERROR_N_must_be_in_1_to_4096 u_illegal ();
        end else if (N == 1) begin : g_wire
            assign o_count = i_bits;
        end else if (N <= 3) begin : g_adder
            // A full adder (a half adder for N = 2).
            assign o_count = {1'b0, i_bits[0]} + {1'b0, i_bits[1]} + (N == 3 ? {1'b0, i_bits[N-1]} : 2'b00);
        end else begin : g_split
            // The low part takes the greatest 2^k - 1 below N, so that one more bit enters as a carry.
            localparam LO   = (1 << ($clog2(N + 1) - 1)) - 1;
            localparam HI   = N - LO - 1;
            localparam LO_W = $clog2(LO + 1);
            wire [LO_W-1:0] lo;
            sc_apc #(.N(LO)) u_lo (.i_bits(i_bits[LO-1:0]), .o_count(lo));
            if (HI == 0) begin : g_carry
                assign o_count = {{(COUNT_W-LO_W){1'b0}}, lo} + {{(COUNT_W-1){1'b0}}, i_bits[N-1]};
            end else begin : g_add
                localparam HI_W = $clog2(HI + 1);
                wire [HI_W-1:0] hi;
                sc_apc #(.N(HI)) u_hi (.i_bits(i_bits[LO +: HI]), .o_count(hi));
                assign o_count = {{(COUNT_W-LO_W){1'b0}}, lo} + {{(COUNT_W-HI_W){1'b0}}, hi}
                               + {{(COUNT_W-1){1'b0}}, i_bits[N-1]};
            end
        end
    endgenerate
endmodule
`default_nettype wire
