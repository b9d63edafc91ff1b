// SPDX-License-Identifier: Apache-2.0
// LIF neuron (A13), for every input and every state:
//   step      from any state o_v and o_spike become what the rule gives in arithmetic so wide that nothing in it can wrap,
//             where saturation is two comparisons: so the WIDTH bits of o_v hold all that the rule gives;
//   restart   after a clock with i_restart the state is that after rst, o_spike that of the clock's step all the same;
//   rest      for REFRACTORY enabled clocks after a spike v stands and no spike comes, unless rst or a restart ends it;
// In every leak mode (LEAK_MODE 0 with LEAK_SHIFT 0, none, or more, shift; LEAK_MODE 1, factor), both reset modes, without
// and with REFRACTORY. All inputs are free at every clock, i_theta, i_v_reset, i_beta, i_restart and rst included; assumed
// is i_theta >= 1 only.
`default_nettype none
module sc_lif_fv #(
    parameter WIDTH      = 8,
    parameter LEAK_MODE  = 0,
    parameter LEAK_SHIFT = 3,
    parameter RESET_MODE = 0,
    parameter REFRACTORY = 0
) (
    input wire             clk,
    input wire             rst,
    input wire             i_restart,
    input wire             i_en,
    input wire [WIDTH-1:0] i_current,
    input wire [7:0]       i_beta,
    input wire [WIDTH-1:0] i_theta,
    input wire [WIDTH-1:0] i_v_reset
);
    localparam W = WIDTH + 4;                            // no sum or difference of four WIDTH-bit numbers wraps in it
    localparam signed [W-1:0] MAX = (1 << (WIDTH - 1)) - 1;
    localparam signed [W-1:0] MIN = -MAX - 1;

    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;
    always @* if (!past_valid) assume (rst);
    always @* assume ($signed(i_theta) >= 1);

    wire signed [W-1:0] current = $signed(i_current);
    wire signed [W-1:0] theta   = $signed(i_theta);
    wire signed [W-1:0] v_reset = $signed(i_v_reset);

    wire [WIDTH-1:0] o_v;
    wire             o_spike;
    sc_lif #(
        .WIDTH(WIDTH), .LEAK_MODE(LEAK_MODE), .LEAK_SHIFT(LEAK_SHIFT), .RESET_MODE(RESET_MODE), .REFRACTORY(REFRACTORY)
    ) u_lif (
        .clk(clk), .rst(rst), .i_restart(i_restart), .i_en(i_en), .i_current(i_current), .i_beta(i_beta),
        .i_theta(i_theta), .i_v_reset(i_v_reset), .o_spike(o_spike), .o_v(o_v)
    );

    // The rule, in wide integers. The product of WIDTH and 9 bits is exact in their sum; it is as wide as the RTL's, so
    // that the solver need not prove two multipliers of different widths equal.
    reg signed [W-1:0]      v_due;
    reg                     spike_due;
    reg [8:0]               left;
    wire signed [W-1:0]     v      = $signed(o_v);
    wire signed [WIDTH+8:0] v_9    = $signed(o_v);
    wire signed [WIDTH+8:0] beta   = $signed({1'b0, i_beta});
    wire signed [WIDTH+8:0] scaled = v_9 * beta;
    wire signed [W-1:0]     leaked = LEAK_MODE == 1 ? scaled >>> 8 : LEAK_SHIFT == 0 ? v : v - (v >>> LEAK_SHIFT);
    wire signed [W-1:0]     sum    = leaked + current;
    wire signed [W-1:0]     u      = sum > MAX ? MAX : sum < MIN ? MIN : sum;
    wire                    fires  = left == 0 && u >= theta;
    wire signed [W-1:0]     after  = RESET_MODE == 1 ? v_reset : u - theta;
    always @(posedge clk) begin
        if (rst) begin
            v_due     <= RESET_MODE == 1 ? v_reset : 0;
            spike_due <= 0;
            left      <= 0;
        end else if (!i_en) begin
            v_due     <= v;
        end else begin
            spike_due <= fires;
            v_due     <= left != 0 ? v : fires ? after : u;
            left      <= left != 0 ? left - 1 : fires ? REFRACTORY : 0;
        end
        if (i_restart) begin                             // the step's spike stays, its state does not
            v_due     <= RESET_MODE == 1 ? v_reset : 0;
            left      <= 0;
        end
    end

    // The refractory counter, which the script of the proof connects where there is one.
    generate
        if (REFRACTORY != 0) begin : g_rest
            (* keep *) wire [7:0] rest;
            always @* if (past_valid) i_rest: assert (left == rest);
        end else begin : g_no_rest
            always @* if (past_valid) i_no_rest: assert (left == 0);
        end
    endgenerate

    reg past_resting, past_step;
    always @(posedge clk) begin
        past_resting <= left != 0;
        past_step    <= i_en && !rst;
    end

    always @* if (past_valid) begin
        a_v:     assert (v == v_due);
        a_spike: assert (o_spike == spike_due);
        if (past_step && past_resting) a_rest: assert (!o_spike);
    end

    always @(posedge clk)
        if (past_valid && !rst && i_en) begin
            c_saturates_high: cover (sum > MAX && v != 0);
            c_saturates_low:  cover (sum < MIN);
            c_keeps_the_rest: cover (o_spike && v > 0);
            c_fires_again:    cover (o_spike && fires && i_current == 1);
            c_restarts:       cover (o_spike && $past(i_restart) && !$past(rst));
            c_leaks:          cover (v < 0 && sum > v && i_current == 0);
        end
endmodule
`default_nettype wire
