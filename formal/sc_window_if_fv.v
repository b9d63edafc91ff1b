// SPDX-License-Identifier: Apache-2.0
// Window neuron, for every S and every theta >= 1 (A8):
//   count     in the L enabled clocks after i_load the neuron emits exactly
//                 c = clip(floor((2 * 2^FRAC * S + theta) / (2 * theta)), 0, L) ones;
//   order     ones first, then zeros: bit m of the stream is [c > m];
//   silent    no spike between rst and the first i_load;
//   wrap      the state is 2 * 2^FRAC * S - theta - 2 * theta * (ones so far), computed in far wider arithmetic.
// No division: c is the count k in 0 .. L with (2k - 1) * theta <= 2 * 2^FRAC * S, unless k = 0, and
// 2 * 2^FRAC * S < (2k + 1) * theta, unless k = L.
// i_load, i_en, i_s and theta at the load are free, 0 included; theta is held while the window lasts. `state` is the
// neuron's register v, which the script of the proof connects.
`default_nettype none
module sc_window_if_fv #(
    parameter ACC_W    = 13,
    parameter FRAC     = 4,
    parameter THETA_W  = 16,
    parameter LOG2L    = 4,
    parameter MULTIPLY = 0
) (
    input wire               clk,
    input wire               rst,
    input wire               i_load,
    input wire               i_en,
    input wire [ACC_W-1:0]   i_s,
    input wire [THETA_W-1:0] i_theta
);
    localparam L   = 1 << LOG2L;
    localparam V_W = (ACC_W + FRAC > THETA_W ? ACC_W + FRAC : THETA_W) + 2;
    localparam W   = ACC_W + FRAC + THETA_W + LOG2L + 4;     // holds every product below

    wire spike;
    sc_window_if #(.ACC_W(ACC_W), .FRAC(FRAC), .THETA_W(THETA_W)) u_neuron (
        .clk(clk), .rst(rst), .i_load(i_load), .i_en(i_en), .i_s(i_s), .i_theta(i_theta), .o_spike(spike)
    );
    (* keep *) wire [V_W-1:0] state;

    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;
    always @* if (!past_valid) assume (rst);

    // What was loaded; what came since.
    reg                    loaded;
    reg signed [ACC_W-1:0] s;
    reg [THETA_W-1:0]      theta;
    reg [LOG2L:0]          clocks, ones;   // enabled clocks, of at most L, and the spikes in them
    reg signed [W-1:0]     reach, above;   // (2 * clocks + 1) * theta, (2 * ones + 1) * theta
    wire signed [W-1:0]    i_theta_x = $signed({1'b0, i_theta});
    always @(posedge clk)
        if (rst) begin
            loaded <= 0;
        end else if (i_load) begin
            loaded <= 1;
            s      <= i_s;
            theta  <= i_theta;
            clocks <= 0;
            ones   <= 0;
            reach  <= i_theta_x;
            above  <= i_theta_x;
        end else if (i_en && clocks != L) begin
            clocks <= clocks + 1;
            ones   <= ones + spike;
            reach  <= reach + 2 * theta_x;
            if (spike) above <= above + 2 * theta_x;
        end

    always @* if (!i_load && loaded && clocks != L) assume (i_theta == theta);

    // The formula, in multiples of theta, which the harness makes by addition. Where MULTIPLY is set, at widths that
    // the solver can multiply, it compares them with products as well.
    wire signed [W-1:0] s2       = $signed({{W-1{1'b0}}, 1'b1} << (FRAC + 1)) * s;
    wire signed [W-1:0] theta_x  = $signed({1'b0, theta});
    wire signed [W-1:0] below    = above - 2 * theta_x;
    wire signed [W-1:0] ones_x   = $signed({1'b0, ones});
    wire signed [W-1:0] clocks_x = $signed({1'b0, clocks});

    always @* if (past_valid) begin
        if (!loaded) begin
            a_silent: assert (!spike);
            i_parked: assert (&state);
        end else if (clocks != L) begin
            a_order: assert (spike == (reach <= s2));       // [c > m], since c > m if and only if (2m + 1) theta <= s2
            a_wrap:  assert ($signed(state) == s2 - above);
            a_run:   assert (ones == clocks || (ones < clocks && !spike));
        end
        if (loaded) begin
            i_at_most:  assert (ones <= clocks && clocks <= L);
            i_same:     assert (ones == clocks ? reach == above : reach > s2);
            a_least:    assert (ones == 0 || below <= s2);
            if (clocks == L) a_count: assert (ones == L || s2 < above);
            i_range_above: assert (theta_x <= above && above <= ((2 * ones_x + 1) <<< THETA_W));
            i_range_reach: assert (theta_x <= reach && reach <= ((2 * clocks_x + 1) <<< THETA_W));
            if (MULTIPLY) i_product_above: assert (above == (2 * ones_x + 1) * theta_x);
        end
    end

    always @(posedge clk)
        if (past_valid && !rst && loaded && clocks == L) begin
            c_clipped: cover (ones == L && !(s2 < above));
            c_some:    cover (ones == 1);
            c_none:    cover (ones == 0 && s < 0);
            c_half_up: cover (ones == 1 && s2 == theta_x);
        end
endmodule
`default_nettype wire
