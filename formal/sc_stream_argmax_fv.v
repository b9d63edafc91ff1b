// SPDX-License-Identifier: Apache-2.0
// Readout of a streaming network (A9), for any scores at any clocks:
//   class     a clock after i_valid o_class is the index of a score that no other exceeds, and no earlier one equals;
//   scores    o_s then holds the scores as they came, in their places;
//   valid     o_valid says so, for one clock a score, and not after rst; class and scores stay until the next i_valid.
// Nothing is assumed.
`default_nettype none
module sc_stream_argmax_fv #(
    parameter N     = 3,
    parameter WIDTH = 4
) (
    input wire               clk,
    input wire               rst,
    input wire               i_valid,
    input wire [N*WIDTH-1:0] i_s
);
    localparam CLASS_W = N > 1 ? $clog2(N) : 1;
    wire               valid;
    wire [CLASS_W-1:0] index;
    wire [N*WIDTH-1:0] s;
    sc_stream_argmax #(.N(N), .WIDTH(WIDTH)) u_argmax (
        .clk(clk), .rst(rst), .i_valid(i_valid), .i_s(i_s), .o_valid(valid), .o_class(index), .o_s(s)
    );

    // The last scores, and whether they came in the clock before.
    reg               known = 0, due = 0;
    reg [N*WIDTH-1:0] scores;
    always @(posedge clk) begin
        due <= i_valid && !rst;
        if (i_valid) begin
            known  <= 1;
            scores <= i_s;
        end
    end

    integer k;
    reg signed [WIDTH-1:0] best, other;
    reg greatest, first;
    always @* begin
        best     = scores[index*WIDTH +: WIDTH];
        greatest = index < N;
        first    = 1;
        for (k = 0; k < N; k = k + 1) begin
            other = scores[k*WIDTH +: WIDTH];
            if (other > best)                greatest = 0;
            if (k < index && other == best)  first = 0;
        end
    end

    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;
    always @* begin
        if (past_valid) a_valid: assert (valid == due);
        if (known) begin
            a_greatest: assert (greatest);
            a_first:    assert (first);
            a_scores:   assert (s == scores);
        end
    end
    always @(posedge clk) begin
        c_tie:      cover (valid && index == N / 2 && (N < 3 || scores[WIDTH*(N-1) +: WIDTH] == best) && best < 0);
        c_greatest: cover (known && !valid && index == N - 1 && i_valid);
    end
endmodule
`default_nettype wire
