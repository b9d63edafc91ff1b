// SPDX-License-Identifier: Apache-2.0
// Number sources and stochastic number generators, for a symbolic code X and value V (A3, A4):
//   restart   in the clock after rst or i_restart the source gives r(0) = 0;
//   order     t enabled clocks into a window, counter gives t and vdc gives t with its bits reversed;
//   once      in a window of L enabled clocks the source takes the value V exactly once;
//   ones      in a window sc_sng gives exactly min(X, L) ones;
//   window    bit t of sc_window_sng is the bit that sc_sng gives at clock t.
// rst, i_restart and i_en are free at every clock.
`default_nettype none
module sc_sources_fv #(
    parameter LOG2L  = 4,
    parameter SOURCE = 0                   // 0: counter, 1: vdc
) (
    input wire clk,
    input wire rst,
    input wire i_restart,
    input wire i_en
);
    localparam L = 1 << LOG2L;

    (* anyconst *) reg [LOG2L:0]   x;
    (* anyconst *) reg [LOG2L-1:0] v;

    wire [LOG2L-1:0] r;
    wire             sng;
    wire [L-1:0]     window;
    generate
        if (SOURCE == 0) begin : g_counter
            sc_counter_source #(.LOG2L(LOG2L)) u_source (
                .clk(clk), .rst(rst), .i_restart(i_restart), .i_en(i_en), .o_r(r)
            );
        end else begin : g_vdc
            sc_vdc_source #(.LOG2L(LOG2L)) u_source (
                .clk(clk), .rst(rst), .i_restart(i_restart), .i_en(i_en), .o_r(r)
            );
        end
    endgenerate
    sc_sng #(.LOG2L(LOG2L)) u_sng (.i_x(x), .i_r(r), .o_bit(sng));
    sc_window_sng #(.LOG2L(LOG2L), .SOURCE(SOURCE)) u_window (.i_x(x), .o_bits(window));

    reg past_valid = 0;
    reg past_start;
    always @(posedge clk) begin
        past_valid <= 1;
        past_start <= rst || i_restart;
    end
    always @* if (!past_valid) assume (rst);

    // The naive side: t, ones and hits by counting, r(t) by its definition.
    function [LOG2L-1:0] r_of(input [LOG2L-1:0] at);
        integer k;
        for (k = 0; k < LOG2L; k = k + 1)
            r_of[k] = SOURCE == 0 ? at[k] : at[LOG2L-1-k];
    endfunction

    reg [LOG2L-1:0] t;
    reg [LOG2L:0]   ones, hits;            // in this window, before this clock
    wire [LOG2L:0]  ones_now = ones + sng;
    wire [LOG2L:0]  hits_now = hits + (r == v);
    wire            ends = t == L - 1;
    always @(posedge clk)
        if (rst || i_restart) begin
            t    <= 0;
            ones <= 0;
            hits <= 0;
        end else if (i_en) begin
            t    <= ends ? 0 : t + 1;
            ones <= ends ? 0 : ones_now;
            hits <= ends ? 0 : hits_now;
        end

    // What the counts are in mid-window: with it the claims at the window's end are inductive.
    integer i;
    reg [LOG2L:0] ones_due, hits_due;
    always @* begin
        ones_due = 0;
        hits_due = 0;
        for (i = 0; i < L; i = i + 1)
            if (i < t) begin
                ones_due = ones_due + (x > r_of(i));
                hits_due = hits_due + (r_of(i) == v);
            end
    end

    always @* if (past_valid) begin
        if (past_start) a_restart: assert (r == 0);
        a_order:        assert (r == r_of(t));
        a_window:       assert (window[t] == sng);
        i_ones:         assert (ones == ones_due);
        i_hits:         assert (hits == hits_due);
        if (ends) begin
            a_ones: assert (ones_now == (x > L ? L : x));
            a_once: assert (hits_now == 1);
        end
    end

    always @(posedge clk)
        if (past_valid && !rst) begin
            c_window_ends:  cover (ends && i_en && x == L / 2 + 1 && ones_now == L / 2 + 1);
            c_restarts_mid: cover (i_restart && t == L / 2);
        end
endmodule
`default_nettype wire
