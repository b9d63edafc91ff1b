// SPDX-License-Identifier: Apache-2.0
// Pipelined window neuron, for every S and every theta, at any spacing (A8):
//   code      the code that comes LOG2L + 2 clocks after i_valid is c = clip(floor((2 * 2^FRAC * S + theta) /
//             (2 * theta)), 0, L): the k in 0 .. L with (2k - 1) * theta <= 2 * 2^FRAC * S, unless k = 0, and
//             2 * 2^FRAC * S < (2k + 1) * theta, unless k = L, in far wider arithmetic;
//   valid     o_valid and o_last come with it, and at no other time; rst empties the pipeline.
// i_theta is held while neurons are under way. The induction is as deep as the pipeline: it needs no invariant.
`default_nettype none
module sc_window_code_fv #(
    parameter LOG2L   = 2,
    parameter ACC_W   = 5,
    parameter FRAC    = 1,
    parameter THETA_W = 4
) (
    input wire               clk,
    input wire               rst,
    input wire               i_valid,
    input wire               i_last,
    input wire [ACC_W-1:0]   i_s,
    input wire [THETA_W-1:0] i_theta
);
    localparam L      = 1 << LOG2L;
    localparam STAGES = LOG2L + 2;
    localparam W      = ACC_W + FRAC + THETA_W + LOG2L + 4;

    wire           valid, last;
    wire [LOG2L:0] code;
    sc_window_code #(.LOG2L(LOG2L), .ACC_W(ACC_W), .FRAC(FRAC), .THETA_W(THETA_W)) u_neuron (
        .clk(clk), .rst(rst), .i_valid(i_valid), .i_last(i_last), .i_s(i_s), .i_theta(i_theta),
        .o_valid(valid), .o_last(last), .o_code(code)
    );

    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;
    always @* if (!past_valid) assume (rst);

    // What came in the last clocks, the oldest at the high end.
    reg [STAGES-1:0]       valids, lasts;
    reg [STAGES*ACC_W-1:0] sums;
    reg [THETA_W-1:0]      theta;
    always @(posedge clk) begin
        valids <= rst ? 0 : {valids, i_valid};
        lasts  <= rst ? 0 : {lasts, i_last};
        sums   <= {sums, i_s};
        theta  <= i_theta;
    end
    always @* begin
        if (valids != 0) assume (i_theta == theta);
    end

    // The formula.
    wire signed [ACC_W-1:0] s       = sums[STAGES*ACC_W-1 -: ACC_W];
    wire signed [W-1:0]     s2      = $signed({{W-1{1'b0}}, 1'b1} << (FRAC + 1)) * s;
    wire signed [W-1:0]     theta_x = $signed({1'b0, theta});
    reg  signed [W-1:0]     twice;         // 2 * code * theta, by addition
    integer k;
    always @* begin
        twice = 0;
        for (k = 0; k <= LOG2L; k = k + 1)
            if (code[k]) twice = twice + (theta_x <<< (k + 1));
    end

    always @* if (past_valid) begin
        a_valid: assert (valid == valids[STAGES-1]);
        if (valid) begin
            a_last:     assert (last == lasts[STAGES-1]);
            a_range:    assert (code <= L);
            a_at_least: assert (code == 0 || twice - theta_x <= s2);
            a_at_most:  assert (code == L || s2 < twice + theta_x);
        end
    end

    always @(posedge clk)
        if (past_valid && !rst && valid) begin
            c_clipped:  cover (code == L && s2 > 2 * twice && last);
            c_negative: cover (code == 0 && s2 < -theta_x);
            c_between:  cover (code == L - 1 && &valids);
            c_half_up:  cover (code == 1 && s2 == theta_x);
        end
endmodule
`default_nettype wire
