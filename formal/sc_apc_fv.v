// SPDX-License-Identifier: Apache-2.0
// Parallel counter and multiplier, for every input (A5, A6):
//   popcount  sc_apc gives the number of ones among its N bits;
//   steer     bit i of sc_mul counts +1 exactly if both streams are 1 there and the weight is positive, -1 exactly if
//             both are 1 and it is negative.
`default_nettype none
module sc_apc_fv #(
    parameter N = 16
) (
    input wire         clk,
    input wire [N-1:0] i_bits,
    input wire [N-1:0] i_w,
    input wire         i_w_neg
);
    localparam COUNT_W = $clog2(N + 1);

    wire [COUNT_W-1:0] count;
    sc_apc #(.N(N)) u_apc (.i_bits(i_bits), .o_count(count));

    wire [N-1:0] pos, neg;
    sc_mul #(.N(N)) u_mul (.i_x(i_bits), .i_w(i_w), .i_w_neg(i_w_neg), .o_pos(pos), .o_neg(neg));

    integer i;
    reg [COUNT_W-1:0] popcount;
    reg [N-1:0]       counts_up, counts_down;
    always @* begin
        popcount = 0;
        for (i = 0; i < N; i = i + 1) begin
            popcount       = popcount + i_bits[i];
            counts_up[i]   = i_bits[i] && i_w[i] && !i_w_neg;
            counts_down[i] = i_bits[i] && i_w[i] && i_w_neg;
        end
        a_popcount: assert (count == popcount);
        a_steer:    assert (pos == counts_up && neg == counts_down);
    end

    always @(posedge clk) begin
        c_all_ones: cover (count == N);
        c_negative: cover (neg == {N{1'b1}});
    end
endmodule
`default_nettype wire
