// SPDX-License-Identifier: Apache-2.0
// One lane of the engine, for every sequence of synapses (A5, A6, A10, A11):
//   ones      the bits that the lane counts are 1 exactly at the clocks of F[X, W]'s definition: [t < X] AND [W > r(t)];
//   sum       o_sum is the sum of (-1)^sign * F[X, W] over the synapses given since the last one with i_last, where
//             F[X, W] is the number of those ones; with MAC = 1 of (-1)^sign * X * W;
//   restart   the sum starts from 0 after rst and after a synapse with i_last.
// Both sides count modulo 2^ACC_W, so a sum that fits ACC_W bits is exact whatever came before.
// The lane's bits are the wire `g_sc.ones`, which the script of the proof connects: compared bit by bit, a window of 256
// clocks is as easily proven as one of 16.
`default_nettype none
module sc_lane_fv #(
    parameter LOG2L = 4,
    parameter ACC_W = 13,
    parameter MAC   = 0
) (
    input wire           clk,
    input wire           rst,
    input wire           i_valid,
    input wire           i_last,
    input wire [LOG2L:0] i_x,
    input wire [LOG2L:0] i_weight
);
    localparam L = 1 << LOG2L;

    // The input's window of bits: the counter stream of X.
    integer t;
    reg [L-1:0] x_bits;
    always @*
        for (t = 0; t < L; t = t + 1)
            x_bits[t] = i_x > t;

    wire [ACC_W-1:0] sum;
    sc_lane #(.LOG2L(LOG2L), .ACC_W(ACC_W), .MAC(MAC)) u_lane (
        .clk(clk), .rst(rst), .i_valid(i_valid), .i_last(i_last), .i_x(i_x), .i_x_bits(x_bits),
        .i_weight(i_weight), .o_sum(sum)
    );

    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;
    always @* if (!past_valid) assume (rst);

    // The naive product: X * W, or the number of clocks at which both streams are 1.
    wire [ACC_W-1:0] product;
    generate
        if (MAC != 0) begin : g_mac
            assign product = i_x * i_weight[LOG2L-1:0];
        end else begin : g_sc
            (* keep *) wire [L-1:0] ones;
            integer         k;
            reg [L-1:0]     both;
            reg [LOG2L-1:0] reversed;
            reg [LOG2L:0]   count;
            always @* begin
                count    = 0;
                reversed = 0;
                for (t = 0; t < L; t = t + 1) begin
                    for (k = 0; k < LOG2L; k = k + 1) reversed[k] = (t >> (LOG2L - 1 - k)) & 1;
                    both[t] = t < i_x && i_weight[LOG2L-1:0] > reversed;
                    count   = count + ones[t];
                end
            end
            assign product = count;
            always @* a_ones: assert (ones == both);
        end
    endgenerate

    reg [ACC_W-1:0] due;
    reg             ended;                 // the synapse before was its neuron's last
    reg [2:0]       synapses;              // of this neuron, for the covers
    wire [ACC_W-1:0] so_far = ended ? 0 : due;
    always @(posedge clk)
        if (rst) begin
            due      <= 0;
            ended    <= 1;
            synapses <= 0;
        end else begin
            due      <= !i_valid ? so_far : i_weight[LOG2L] ? so_far - product : so_far + product;
            ended    <= i_valid && i_last;
            synapses <= ended ? i_valid : synapses + i_valid;
        end

    always @* if (past_valid) a_sum: assert (sum == due);
    always @(posedge clk)
        if (past_valid && $past(rst)) a_reset: assert (sum == 0);

    always @(posedge clk)
        if (past_valid && !rst) begin
            c_negative: cover (ended && synapses == 3 && $signed(sum) < -L);
            c_two:      cover (ended && synapses == 2 && $signed(sum) == 3 && i_valid);
        end
endmodule
`default_nettype wire
