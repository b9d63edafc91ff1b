// SPDX-License-Identifier: Apache-2.0
// LFSR source (A3):
//   restart   in the clock after rst or i_restart it gives SEED;
//   step      an enabled clock shifts in the sum modulo 2 of the bits at the exponents of the recurrence; without i_en it
//             stands still;
//   nonzero   it never gives 0;
//   bijective two of them in different states are in different states after a step of both, whatever the states.
// With EVERY = 1 the first two hold of a source of every width from 3 to 24, beside each other.
// With WINDOW = 1, at widths where a window can be counted, for a symbolic code X and value V:
//   order     t enabled clocks into a window it is where t steps from SEED lead;
//   once      in the L - 1 clocks of a period it takes V exactly once, unless V is 0;
//   ones      in a window of L clocks [X > r] is 1 exactly max(X - 1, 0) times, and once more if X > SEED; X > L acts as L.
// rst, i_restart and i_en are free at every clock, of both sources.
`default_nettype none
module sc_lfsr_fv #(
    parameter LOG2L  = 4,
    parameter SEED   = 1,
    parameter WINDOW = 0,
    parameter EVERY  = 0
) (
    input wire clk,
    input wire rst,
    input wire i_restart,
    input wire i_en,
    input wire i_restart_b,
    input wire i_en_b
);
    localparam L = 1 << LOG2L;

    wire [LOG2L-1:0] r, r_b;
    sc_lfsr_source #(.LOG2L(LOG2L), .SEED(SEED)) u_a (
        .clk(clk), .rst(rst), .i_restart(i_restart), .i_en(i_en), .o_r(r)
    );
    sc_lfsr_source #(.LOG2L(LOG2L), .SEED(SEED)) u_b (
        .clk(clk), .rst(rst), .i_restart(i_restart_b), .i_en(i_en_b), .o_r(r_b)
    );

    // The exponents of the recurrence, as docs/arithmetic.md has its polynomials; 0 is none.
    function [19:0] exponents(input integer width);
        case (width)
            3:       exponents = {5'd3, 5'd2, 5'd0, 5'd0};
            4:       exponents = {5'd4, 5'd3, 5'd0, 5'd0};
            5:       exponents = {5'd5, 5'd3, 5'd0, 5'd0};
            6:       exponents = {5'd6, 5'd5, 5'd0, 5'd0};
            7:       exponents = {5'd7, 5'd6, 5'd0, 5'd0};
            8:       exponents = {5'd8, 5'd6, 5'd5, 5'd4};
            9:       exponents = {5'd9, 5'd5, 5'd0, 5'd0};
            10:      exponents = {5'd10, 5'd7, 5'd0, 5'd0};
            11:      exponents = {5'd11, 5'd9, 5'd0, 5'd0};
            12:      exponents = {5'd12, 5'd11, 5'd10, 5'd4};
            13:      exponents = {5'd13, 5'd12, 5'd11, 5'd8};
            14:      exponents = {5'd14, 5'd13, 5'd12, 5'd2};
            15:      exponents = {5'd15, 5'd14, 5'd0, 5'd0};
            16:      exponents = {5'd16, 5'd15, 5'd13, 5'd4};
            17:      exponents = {5'd17, 5'd14, 5'd0, 5'd0};
            18:      exponents = {5'd18, 5'd11, 5'd0, 5'd0};
            19:      exponents = {5'd19, 5'd18, 5'd17, 5'd14};
            20:      exponents = {5'd20, 5'd17, 5'd0, 5'd0};
            21:      exponents = {5'd21, 5'd19, 5'd0, 5'd0};
            22:      exponents = {5'd22, 5'd21, 5'd0, 5'd0};
            23:      exponents = {5'd23, 5'd18, 5'd0, 5'd0};
            24:      exponents = {5'd24, 5'd23, 5'd22, 5'd17};
            default: exponents = 20'd0;
        endcase
    endfunction
    localparam [19:0] E = exponents(LOG2L);
    function parity(input [24:0] x, input [19:0] at);    // bit k of x is the state's bit k - 1; bit 0 is 0
        parity = x[at[19:15]] ^ x[at[14:10]] ^ x[at[9:5]] ^ x[at[4:0]];
    endfunction
    function [LOG2L-1:0] step(input [LOG2L-1:0] from);
        step = {from, parity({from, 1'b0}, E)};
    endfunction

    reg             past_valid = 0;
    reg             past_rst, past_restart, past_en, past_restart_b, past_en_b;
    reg [LOG2L-1:0] past_r, past_r_b;
    always @(posedge clk) begin
        past_valid     <= 1;
        past_rst       <= rst;
        past_restart   <= i_restart;
        past_en        <= i_en;
        past_restart_b <= i_restart_b;
        past_en_b      <= i_en_b;
        past_r         <= r;
        past_r_b       <= r_b;
    end
    always @* if (!past_valid) assume (rst);

    wire past_starts  = past_rst || past_restart;
    wire both_stepped = !past_rst && !past_restart && !past_restart_b && past_en && past_en_b;
    always @* if (past_valid) begin
        a_nonzero: assert (r != 0 && r_b != 0);
        a_restart: assert (!past_starts || r == SEED);
        a_step:    assert (past_starts || r == (past_en ? step(past_r) : past_r));
        a_bijective: assert (!both_stepped || past_r == past_r_b || r != r_b);
    end

    wire [24:3] every_holds;
    genvar w;
    generate
        for (w = 3; w <= 24; w = w + 1) begin : g_width
            if (EVERY) begin : g_source
                wire [w-1:0] r_w;
                reg  [w-1:0] past_r_w;
                sc_lfsr_source #(.LOG2L(w), .SEED(w - 2)) u_w (
                    .clk(clk), .rst(rst), .i_restart(i_restart), .i_en(i_en), .o_r(r_w)
                );
                always @(posedge clk) past_r_w <= r_w;
                wire [w-1:0] stepped = {past_r_w, parity({past_r_w, 1'b0}, exponents(w))};
                assign every_holds[w] = r_w == (past_starts ? w - 2 : past_en ? stepped : past_r_w);
            end else begin : g_no_source
                assign every_holds[w] = 1;
            end
        end
    endgenerate
    always @* if (past_valid) a_every: assert (&every_holds);

    generate
        if (WINDOW) begin : g_window
            (* anyconst *) reg [LOG2L:0]   x;
            (* anyconst *) reg [LOG2L-1:0] v;
            reg [LOG2L:0]  t, ones, hits;  // clocks of this window, L once it is over; counts before this clock
            wire [LOG2L:0] ones_now = ones + (x > r);
            wire [LOG2L:0] hits_now = hits + (r == v);
            always @(posedge clk)
                if (rst || i_restart) begin
                    t    <= 0;
                    ones <= 0;
                    hits <= 0;
                end else if (i_en && t != L) begin
                    t    <= t + 1;
                    ones <= ones_now;
                    hits <= hits_now;
                end

            integer i;
            reg [LOG2L-1:0] value, r_due;
            reg [LOG2L:0]   ones_due, hits_due;
            always @* begin
                value    = SEED;
                r_due    = SEED;
                ones_due = 0;
                hits_due = 0;
                for (i = 0; i < L; i = i + 1) begin
                    if (i == t) r_due = value;
                    if (i < t) begin
                        ones_due = ones_due + (x > value);
                        hits_due = hits_due + (value == v);
                    end
                    value = step(value);
                end
            end
        end
    endgenerate

    wire [LOG2L:0] t, ones_now, hits_now, x;
    wire           order_holds, counts_hold, v_is_0;
    generate
        if (WINDOW) begin : g_claims
            assign t           = g_window.t;
            assign x           = g_window.x > L ? L : g_window.x;
            assign ones_now    = g_window.ones_now;
            assign hits_now    = g_window.hits_now;
            assign v_is_0      = g_window.v == 0;
            assign order_holds = g_window.t == L || r == g_window.r_due;
            assign counts_hold = g_window.ones == g_window.ones_due && g_window.hits == g_window.hits_due
                                 && g_window.t <= L;
        end else begin : g_no_claims
            assign t           = 0;
            assign x           = 0;
            assign ones_now    = 0;
            assign hits_now    = 0;
            assign v_is_0      = 0;
            assign order_holds = 1;
            assign counts_hold = 1;
        end
    endgenerate
    always @* if (past_valid) begin
        a_order:  assert (order_holds);
        i_counts: assert (counts_hold);
        if (WINDOW && t == L - 2) a_once: assert (hits_now == !v_is_0);
        if (WINDOW && t == L - 1) a_ones: assert (ones_now == (x == 0 ? 0 : x - 1) + (x > SEED));
    end

    always @(posedge clk)
        if (past_valid && !rst) begin
            c_window_ends:  cover (t == L - 1 && i_en && x == L / 2 && ones_now == L / 2);
            c_restarts_mid: cover (i_restart && t == L / 2);
            c_apart:        cover (both_stepped && r != r_b);
        end
endmodule
`default_nettype wire
