// SPDX-License-Identifier: Apache-2.0
// One step of a leaky integrate-and-fire neuron with a synaptic current that lasts (A21), for every state, current and
// parameter word:
//   states, spike, u   are what the rule gives in arithmetic so wide that nothing in it can wrap, where saturation is two
//                      comparisons: so the bits of o_state and o_u hold all that the rule gives.
// In both leak modes, both reset modes, with and without rest, with currents wider and narrower than the state. The states are
// free, reached or not. Assumed is what the user promises: the words come one a clock, while state, first and, in the last two
// clocks, the current stand still; theta at most 2^(WIDTH-1) - 1, unless the neuron never fires, v_reset within WIDTH bits.
`default_nettype none
module sc_synaptic_unit_fv #(
    parameter WIDTH      = 8,
    parameter LEAK_MODE  = 0,
    parameter RESET_MODE = 0,
    parameter REFRACTORY = 0,
    parameter CURRENT_W  = 11,
    parameter STATE_W    = 2 * WIDTH + 8 * REFRACTORY
) (
    input wire                 clk,
    input wire [2:0]           i_left,
    input wire [15:0]          i_word,
    input wire                 i_first,
    input wire [STATE_W-1:0]   i_state,
    input wire [CURRENT_W-1:0] i_current
);
    localparam W = (CURRENT_W > WIDTH ? CURRENT_W : WIDTH) + 18;   // no sum or difference wraps in it
    localparam signed [W-1:0] MAX = (1 << (WIDTH - 1)) - 1;
    localparam signed [W-1:0] MIN = -MAX - 1;

    wire [STATE_W-1:0] o_state;
    wire               o_spike;
    wire [WIDTH-1:0]   o_u;
    sc_synaptic_unit #(
        .WIDTH(WIDTH), .LEAK_MODE(LEAK_MODE), .RESET_MODE(RESET_MODE), .REFRACTORY(REFRACTORY), .CURRENT_W(CURRENT_W)
    ) u_unit (
        .clk(clk), .i_left(i_left), .i_word(i_word), .i_first(i_first), .i_state(i_state), .i_current(i_current),
        .o_state(o_state), .o_spike(o_spike), .o_u(o_u)
    );

    // The words and the current of the clocks before, and for how many clocks they came in order while the neuron stood still.
    reg [15:0]          word_1, word_2, word_3;
    reg [CURRENT_W-1:0] current_1;
    reg [2:0]           left_was;
    reg                 first_was, past_valid = 0;
    reg [STATE_W-1:0]   state_was;
    reg [2:0]           age = 0;
    wire                same = past_valid && i_first == first_was && i_state == state_was && i_left + 1 == left_was;
    wire [2:0]          now  = !same ? 0 : age == 4 ? 4 : age + 1;
    always @(posedge clk) begin
        {word_1, word_2, word_3} <= {i_word, word_1, word_2};
        current_1  <= i_current;
        left_was   <= i_left;
        first_was  <= i_first;
        state_was  <= i_state;
        age        <= now;
        past_valid <= 1;
    end
    wire ready = i_left == 0 && now >= 2 + RESET_MODE;

    wire signed [15:0] reset_16 = word_2;
    wire               never    = i_word[15];
    always @* if (ready) begin
        assume (never || (i_word[14:0] <= MAX && i_word[14:0] != 0));
        assume (RESET_MODE == 0 || (reset_16 <= MAX && reset_16 >= MIN));
    end

    // A step on the way, so that the solver need not prove two leaks equal that have their operands from different places: what
    // leaks in the unit, and that what comes of it is a leak.
    (* keep *) wire signed [WIDTH-1:0] unit_v, unit_leaked, own_leaked;
    wire signed [WIDTH-1:0] own_x  = i_state >> WIDTH;
    wire signed [WIDTH+8:0] v_9    = unit_v;
    wire signed [WIDTH+8:0] x_9    = own_x;
    wire signed [WIDTH+8:0] beta   = $signed({1'b0, i_word[7:0]});
    wire signed [WIDTH+8:0] v_beta = v_9 * beta;
    wire signed [WIDTH+8:0] x_beta = x_9 * beta;
    wire [4:0]              by     = i_word[4:0];
    wire signed [WIDTH-1:0] v_leak = LEAK_MODE ? v_beta >>> 8 : by == 0 ? unit_v : unit_v - (unit_v >>> by);
    wire signed [WIDTH-1:0] own    = LEAK_MODE ? x_beta >>> 8 : by == 0 ? own_x : own_x - (own_x >>> by);
    reg  signed [WIDTH-1:0] leak_was;
    reg  [4*WIDTH-1:0]      own_was;       // of the clock before, and of those before it
    always @(posedge clk) {leak_was, own_was} <= {unit_leaked, own_was[3*WIDTH-1:0], own_leaked};

    // The rule, in wide integers.
    // i first, then the potential with i as its current.
    wire signed [WIDTH-1:0] x_word   = i_first ? 0 : i_state >> WIDTH;
    wire [7:0]              x_leak   = RESET_MODE ? word_3[7:0] : word_2[7:0];
    wire signed [WIDTH-1:0] x_was    = i_first ? 0 : RESET_MODE ? own_was[2*WIDTH +: WIDTH] : own_was[WIDTH +: WIDTH];
    wire signed [W-1:0]     x_leaked = x_was;
    wire signed [W-1:0]     x_sum    = x_leaked + $signed(current_1);
    wire signed [W-1:0]     x_due    = x_sum > MAX ? MAX : x_sum < MIN ? MIN : x_sum;
    wire signed [W-1:0]     current  = x_due;
    wire signed [W-1:0]     raise    = 0;
    wire                    legal    = 1;

    wire signed [WIDTH-1:0] v_word    = i_state[WIDTH-1:0];
    wire [7:0]              left      = REFRACTORY && !i_first ? i_state >> (2 * WIDTH) : 0;
    wire signed [W-1:0]     v_reset   = reset_16;
    wire signed [W-1:0]     v         = !i_first ? v_word : RESET_MODE ? v_reset : 0;
    wire signed [W-1:0]     theta     = i_word[14:0];
    wire [4:0]              shift     = word_1[4:0];
    wire signed [15:0]      reset_now = word_1;              // in the clock of the leak word
    wire signed [W-1:0]     v_now     = i_first && RESET_MODE ? reset_now : v_word;
    wire                    zero      = i_first && !RESET_MODE;
    wire signed [W-1:0]     leaked    = zero ? 0 : leak_was;
    wire signed [W-1:0]     sum       = leaked + current;
    wire signed [W-1:0]     u         = sum > MAX ? MAX : sum < MIN ? MIN : sum;
    wire                    rests     = left != 0;
    wire                    fires     = !rests && !never && u >= theta + raise;
    wire signed [W-1:0]     v_due     = rests ? v : fires ? (RESET_MODE ? v_reset : u - theta) : u;
    wire [7:0]              left_due  = rests ? left - 1 : fires && REFRACTORY ? word_1[15:8] : 0;

    wire signed [WIDTH-1:0] v_after    = o_state[WIDTH-1:0];
    wire signed [WIDTH-1:0] x_after    = o_state >> WIDTH;
    wire signed [WIDTH-1:0] u_after    = o_u;
    wire [7:0]              left_after = REFRACTORY ? o_state >> (2 * WIDTH) : 0;
    always @* begin
        if (i_left == 1 && now >= RESET_MODE && reset_now <= MAX && reset_now >= MIN) i_operand: assert (unit_v == v_now);
        if (LEAK_MODE || by < WIDTH) a_leak: assert (unit_leaked == v_leak && own_leaked == own);
        // A shift of the state's width or more is none that a network has. The spike's sum must fit v where it is kept.
        if (ready && legal && (LEAK_MODE || (shift < WIDTH && x_leak[4:0] < WIDTH))) begin
            a_v:      assert (v_after == v_due);
            a_spike:  assert (o_spike == fires);
            a_left:   assert (left_after == left_due);
            a_u:      assert (u_after == (rests ? v : u));
            a_second: assert (x_after == x_due);
        end
    end

    always @(posedge clk) if (ready && legal) begin
        c_lasts:  cover (current > 0 && $signed(current_1) == 0 && x_leak != 0 && v_after != v);
        c_clips:  cover (x_sum < MIN && v_after < 0);
        c_rests:  cover (rests && x_after != x_word && left > 3);
    end
endmodule
`default_nettype wire
