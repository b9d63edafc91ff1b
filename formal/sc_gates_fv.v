// SPDX-License-Identifier: Apache-2.0
// Bipolar multiplier and MUX adder, for every input (A16):
//   product   bit i of sc_mul_bipolar, read as +1 or -1, is the product of the streams' bits i, read so;
//   select    sc_mux_add gives exactly the input that i_sel names.
`default_nettype none
module sc_gates_fv #(
    parameter N     = 8,
    parameter LOG2N = 3
) (
    input wire                  clk,
    input wire [N-1:0]          i_x,
    input wire [N-1:0]          i_w,
    input wire [(1<<LOG2N)-1:0] i_bits,
    input wire [LOG2N-1:0]      i_sel
);
    wire [N-1:0] product;
    wire         sum;
    sc_mul_bipolar #(.N(N)) u_mul (.i_x(i_x), .i_w(i_w), .o_bits(product));
    sc_mux_add #(.LOG2N(LOG2N)) u_mux (.i_bits(i_bits), .i_sel(i_sel), .o_bit(sum));

    function signed [3:0] value(input bit_);
        value = bit_ ? 4'sd1 : -4'sd1;
    endfunction

    integer i;
    reg     products_hold, selected;
    always @* begin
        products_hold = 1;
        for (i = 0; i < N; i = i + 1)
            if (value(product[i]) != value(i_x[i]) * value(i_w[i])) products_hold = 0;
        selected = 0;
        for (i = 0; i < (1 << LOG2N); i = i + 1)
            if (i_sel == i && i_bits[i]) selected = 1;
        a_product: assert (products_hold);
        a_select:  assert (sum == selected);
    end

    always @(posedge clk) begin
        c_product: cover (i_x == 0 && product == {N{1'b1}});
        c_last:    cover (&i_sel && sum && i_bits == 1 << ((1 << LOG2N) - 1));
    end
endmodule
`default_nettype wire
