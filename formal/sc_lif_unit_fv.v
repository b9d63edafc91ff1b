// SPDX-License-Identifier: Apache-2.0
// One step of the spiking engine's LIF neuron (A13, A21), for every state, current and parameter word:
//   state, spike, u   are what the rule gives in arithmetic so wide that nothing in it can wrap, where saturation is two
//                     comparisons: so the bits of o_state and o_u hold all that the rule gives.
// In both leak modes, both reset modes, with and without rest, with currents wider and narrower than the state. The state is
// free, reached or not. Assumed is what the user promises: the words come one a clock, while state and first stand still;
// theta at most 2^(WIDTH-1) - 1, unless the neuron never fires, and v_reset within WIDTH bits.
`default_nettype none
module sc_lif_unit_fv #(
    parameter WIDTH      = 8,
    parameter LEAK_MODE  = 0,
    parameter RESET_MODE = 0,
    parameter REFRACTORY = 0,
    parameter CURRENT_W  = 11,
    parameter STATE_W    = WIDTH + 8 * REFRACTORY
) (
    input wire                 clk,
    input wire [2:0]           i_left,
    input wire [15:0]          i_word,
    input wire                 i_first,
    input wire [STATE_W-1:0]   i_state,
    input wire [CURRENT_W-1:0] i_current,
    input wire [WIDTH-1:0]     i_raise
);
    localparam W = (CURRENT_W > WIDTH ? CURRENT_W : WIDTH) + 18;   // no sum or difference wraps in it
    localparam signed [W-1:0] MAX = (1 << (WIDTH - 1)) - 1;
    localparam signed [W-1:0] MIN = -MAX - 1;

    wire [STATE_W-1:0] o_state;
    wire               o_spike;
    wire [WIDTH-1:0]   o_u;
    sc_lif_unit #(
        .WIDTH(WIDTH), .LEAK_MODE(LEAK_MODE), .RESET_MODE(RESET_MODE), .REFRACTORY(REFRACTORY), .CURRENT_W(CURRENT_W)
    ) u_unit (
        .clk(clk), .i_left(i_left), .i_word(i_word), .i_first(i_first), .i_state(i_state), .i_current(i_current), .i_raise(i_raise),
        .o_state(o_state), .o_spike(o_spike), .o_u(o_u)
    );

    // The words of the clocks before, and for how many clocks they came in order while the neuron stood still.
    reg [15:0]        leak_word, reset_word;
    reg [2:0]         left_was;
    reg               first_was;
    reg [STATE_W-1:0] state_was;
    reg [1:0]         age = 0;
    reg               past_valid = 0;
    wire              same = past_valid && i_first == first_was && i_state == state_was && i_left + 1 == left_was;
    wire [1:0]        now  = !same ? 0 : age == 2 ? 2 : age + 1;
    always @(posedge clk) begin
        leak_word  <= i_word;
        reset_word <= leak_word;
        left_was   <= i_left;
        first_was  <= i_first;
        state_was  <= i_state;
        age        <= now;
        past_valid <= 1;
    end
    wire ready = i_left == 0 && now >= 1 + RESET_MODE;

    wire signed [15:0] reset_16 = reset_word;
    wire               never    = i_word[15];
    always @* if (ready) begin
        assume (never || i_word[14:0] <= MAX);
        assume (RESET_MODE == 0 || (reset_16 <= MAX && reset_16 >= MIN));
    end

    // A step on the way, so that the solver need not prove two leaks equal that have their operands from different places: what
    // leaks in the unit, and that what comes of it is a leak.
    (* keep *) wire signed [WIDTH-1:0] unit_v, unit_leaked;
    wire signed [WIDTH+8:0] v_9    = unit_v;
    wire signed [WIDTH+8:0] beta   = $signed({1'b0, i_word[7:0]});
    wire signed [WIDTH+8:0] scaled = v_9 * beta;
    wire [4:0]              by     = i_word[4:0];
    wire signed [WIDTH-1:0] leak   = LEAK_MODE ? scaled >>> 8 : by == 0 ? unit_v : unit_v - (unit_v >>> by);
    reg  signed [WIDTH-1:0] leak_was;
    always @(posedge clk) leak_was <= unit_leaked;

    // The rule, in wide integers.
    wire signed [WIDTH-1:0] v_word  = i_state[WIDTH-1:0];
    wire [7:0]              left    = REFRACTORY && !i_first ? i_state >> WIDTH : 0;
    wire signed [W-1:0]     v_reset = reset_16;
    wire signed [W-1:0]     v       = !i_first ? v_word : RESET_MODE ? v_reset : 0;
    wire signed [W-1:0]     theta   = i_word[14:0];
    wire signed [W-1:0]     current = $signed(i_current);
    wire signed [W-1:0]     raise   = $signed(i_raise);
    wire [4:0]              shift   = leak_word[4:0];
    wire signed [15:0]      reset_now = leak_word;           // in the clock of the leak word
    wire signed [W-1:0]     v_now   = i_first && RESET_MODE ? reset_now : v_word;
    wire                    zero    = i_first && !RESET_MODE;
    wire signed [W-1:0]     leaked  = zero ? 0 : leak_was;
    wire signed [W-1:0]     sum     = leaked + current;
    wire signed [W-1:0]     u       = sum > MAX ? MAX : sum < MIN ? MIN : sum;
    wire                    rests   = left != 0;
    wire                    fires   = !rests && !never && u >= theta + raise;
    wire signed [W-1:0]     v_due   = rests ? v : fires ? (RESET_MODE ? v_reset : u - theta) : u;
    wire [7:0]              left_due = rests ? left - 1 : fires && REFRACTORY ? leak_word[15:8] : 0;

    wire signed [WIDTH-1:0] v_after = o_state[WIDTH-1:0];
    wire signed [WIDTH-1:0] u_after = o_u;
    wire [7:0]              left_after = REFRACTORY ? o_state >> WIDTH : 0;
    always @* begin
        if (i_left == 1 && now >= RESET_MODE && reset_now <= MAX && reset_now >= MIN) i_operand: assert (unit_v == v_now);
        if (LEAK_MODE || by < WIDTH) a_leak: assert (unit_leaked == leak);
        // A shift of the state's width or more is none that a network has; theta is at least 1.
        if (ready && (LEAK_MODE || shift < WIDTH)) begin
            if (never || theta >= 1) begin
                a_v:     assert (v_after == v_due);
                a_spike: assert (o_spike == fires);
                a_left:  assert (left_after == left_due);
            end
            a_u: assert (u_after == (rests ? v : u));
        end
    end

    always @(posedge clk) if (ready) begin
        c_saturates_high: cover (sum > MAX && v != 0 && o_spike);
        c_saturates_low:  cover (sum < MIN && v_after == MIN && v != 0);
        c_exactly:        cover (u == theta + raise && raise > 0 && o_spike && v != 0 && shift != 0);
        c_never:          cover (u > 3 && never && !o_spike);
        c_leaks:          cover (v < 0 && v_after > v && current == 0 && shift != 0);
    end
endmodule
`default_nettype wire
