// SPDX-License-Identifier: Apache-2.0
// One clock of a LIF neuron (A13), for every state and every input:
//   v, left, spike   are what the rule gives in arithmetic so wide that nothing in it can wrap, where saturation is two
//                    comparisons: so the WIDTH bits of o_v hold all that the rule gives.
// In every leak mode (LEAK_MODE 0 with LEAK_SHIFT 0, none, or more, shift; LEAK_MODE 1, factor), both reset modes, without
// and with REFRACTORY. All inputs are free, the state too, reached or not; assumed is i_theta >= 1 only.
`default_nettype none
module sc_lif_step_fv #(
    parameter WIDTH      = 8,
    parameter LEAK_MODE  = 0,
    parameter LEAK_SHIFT = 3,
    parameter RESET_MODE = 0,
    parameter REFRACTORY = 0
) (
    input wire             clk,
    input wire [WIDTH-1:0] i_v,
    input wire [7:0]       i_left,
    input wire [WIDTH-1:0] i_current,
    input wire [7:0]       i_beta,
    input wire [WIDTH-1:0] i_theta,
    input wire [WIDTH-1:0] i_v_reset
);
    localparam W = WIDTH + 4;                            // no sum or difference of four WIDTH-bit numbers wraps in it
    localparam signed [W-1:0] MAX = (1 << (WIDTH - 1)) - 1;
    localparam signed [W-1:0] MIN = -MAX - 1;

    always @* assume ($signed(i_theta) >= 1);

    wire [WIDTH-1:0] o_v;
    wire [7:0]       o_left;
    wire             o_spike;
    sc_lif_step #(
        .WIDTH(WIDTH), .LEAK_MODE(LEAK_MODE), .LEAK_SHIFT(LEAK_SHIFT), .RESET_MODE(RESET_MODE), .REFRACTORY(REFRACTORY)
    ) u_step (
        .i_v(i_v), .i_left(i_left), .i_current(i_current), .i_beta(i_beta), .i_theta(i_theta), .i_v_reset(i_v_reset),
        .o_v(o_v), .o_left(o_left), .o_spike(o_spike)
    );

    // The rule, in wide integers. The product of WIDTH and 9 bits is exact in their sum; it is as wide as the RTL's, so
    // that the solver need not prove two multipliers of different widths equal.
    wire signed [W-1:0]     current = $signed(i_current);
    wire signed [W-1:0]     theta   = $signed(i_theta);
    wire signed [W-1:0]     v_reset = $signed(i_v_reset);
    wire signed [W-1:0]     v       = $signed(i_v);
    wire signed [WIDTH+8:0] v_9     = $signed(i_v);
    wire signed [WIDTH+8:0] beta    = $signed({1'b0, i_beta});
    wire signed [WIDTH+8:0] scaled  = v_9 * beta;
    wire signed [W-1:0]     leaked  = LEAK_MODE == 1 ? scaled >>> 8 : LEAK_SHIFT == 0 ? v : v - (v >>> LEAK_SHIFT);
    wire signed [W-1:0]     sum     = leaked + current;
    wire signed [W-1:0]     u       = sum > MAX ? MAX : sum < MIN ? MIN : sum;
    wire signed [W-1:0]     paid    = RESET_MODE == 1 ? v_reset : u - theta;
    integer                 left_due;
    reg signed [W-1:0]      v_due;
    reg                     spike_due;
    always @*
        if (REFRACTORY != 0 && i_left != 0) begin
            left_due  = i_left - 1;
            v_due     = v;
            spike_due = 0;
        end else begin
            spike_due = u >= theta;
            left_due  = spike_due ? REFRACTORY : 0;
            v_due     = spike_due ? paid : u;
        end

    wire signed [W-1:0] v_after = $signed(o_v);
    always @* begin
        a_v:     assert (v_after == v_due);
        a_left:  assert (o_left == left_due);
        a_spike: assert (o_spike == spike_due);
    end

    always @(posedge clk) begin
        c_saturates_high: cover (sum > MAX && v != 0 && o_spike);
        c_saturates_low:  cover (sum < MIN && v_after == MIN);
        c_exactly:        cover (u == theta && o_spike && v != 0);
        c_leaks:          cover (v < 0 && v_after > v && i_current == 0);
    end
endmodule
`default_nettype wire
