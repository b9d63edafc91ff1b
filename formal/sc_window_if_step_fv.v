// SPDX-License-Identifier: Apache-2.0
// One clock of a window neuron (A8), for every state, reached or not, every S and every theta, 0 included:
//   spike     exactly where v is 0 or more;
//   v         a load gives 2 * 2^FRAC * S - theta, a spike v - 2 * theta, no spike v, each in arithmetic so wide that
//             nothing wraps: so the bits of o_v hold all that the rule gives.
// What a whole window of such steps gives is the claim of formal/sc_window_if_fv.v.
`default_nettype none
module sc_window_if_step_fv #(
    parameter ACC_W   = 13,
    parameter FRAC    = 4,
    parameter THETA_W = 16,
    parameter V_W     = (ACC_W + FRAC > THETA_W ? ACC_W + FRAC : THETA_W) + 2
) (
    input wire               clk,
    input wire [V_W-1:0]     i_v,
    input wire               i_load,
    input wire [ACC_W-1:0]   i_s,
    input wire [THETA_W-1:0] i_theta
);
    localparam W = ACC_W + FRAC + THETA_W + 8;

    wire [V_W-1:0] o_v;
    wire           o_spike;
    sc_window_if_step #(.ACC_W(ACC_W), .FRAC(FRAC), .THETA_W(THETA_W)) u_step (
        .i_v(i_v), .i_load(i_load), .i_s(i_s), .i_theta(i_theta), .o_v(o_v), .o_spike(o_spike)
    );

    wire signed [W-1:0] v     = $signed(i_v);
    wire signed [W-1:0] s     = $signed(i_s);
    wire signed [W-1:0] theta = $signed({1'b0, i_theta});
    wire signed [W-1:0] after = $signed(o_v);
    wire signed [W-1:0] unit  = 2 << FRAC;
    reg signed [W-1:0]  due;
    always @* begin
        due = v;
        if (v >= 0) due = v - theta - theta;
        if (i_load) due = unit * s - theta;
        a_spike: assert (o_spike == (v >= 0));
        a_v:     assert (after == due);
    end

    always @(posedge clk) begin
        c_half:  cover (!i_load && o_spike && v == 0 && after < 0);
        c_again: cover (!i_load && o_spike && after > 0 && theta > 1);
        c_load:  cover (i_load && o_spike && after < 0 && s < 0);
        c_quiet: cover (!i_load && !o_spike && after == v);
    end
endmodule
`default_nettype wire
