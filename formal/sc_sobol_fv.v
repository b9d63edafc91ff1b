// SPDX-License-Identifier: Apache-2.0
// Sobol sources of all ten dimensions side by side (A3):
//   restart   in the clock after rst or i_restart each gives 0;
//   apart     two sources of a dimension that are at different clocks of their windows give different values. A window has
//             L clocks and there are L values, so each is given exactly once;
//   order     with COUNT = 1, LOG2L <= 8: at clock t each gives the XOR of the published numbers at the set bits of t;
//   once      with COUNT = 1: in a window of L enabled clocks each takes a symbolic value V exactly once, as counted.
// rst, i_restart and i_en are free at every clock, of both sources. at_a and at_b are their counters, which the script
// of the proof connects.
`default_nettype none
module sc_sobol_fv #(
    parameter LOG2L = 4,
    parameter COUNT = 0
) (
    input wire clk,
    input wire rst,
    input wire i_restart,
    input wire i_en,
    input wire i_restart_b,
    input wire i_en_b
);
    localparam L = 1 << LOG2L;

    // m_1 .. m_8 of Joe and Kuo's first ten dimensions, m_1 last, as SciPy's scipy.stats.qmc.Sobol has them.
    function [63:0] numbers(input integer dim);
        case (dim)
            0:       numbers = {8'd1, 8'd1, 8'd1, 8'd1, 8'd1, 8'd1, 8'd1, 8'd1};
            1:       numbers = {8'd255, 8'd85, 8'd51, 8'd17, 8'd15, 8'd5, 8'd3, 8'd1};
            2:       numbers = {8'd197, 8'd71, 8'd23, 8'd29, 8'd9, 8'd3, 8'd3, 8'd1};
            3:       numbers = {8'd147, 8'd81, 8'd29, 8'd31, 8'd5, 8'd1, 8'd3, 8'd1};
            4:       numbers = {8'd157, 8'd61, 8'd55, 8'd31, 8'd11, 8'd1, 8'd1, 8'd1};
            5:       numbers = {8'd251, 8'd43, 8'd9, 8'd25, 8'd3, 8'd3, 8'd1, 8'd1};
            6:       numbers = {8'd227, 8'd31, 8'd37, 8'd11, 8'd13, 8'd5, 8'd3, 8'd1};
            7:       numbers = {8'd45, 8'd9, 8'd9, 8'd17, 8'd5, 8'd5, 8'd1, 8'd1};
            8:       numbers = {8'd113, 8'd53, 8'd53, 8'd5, 8'd5, 8'd5, 8'd1, 8'd1};
            9:       numbers = {8'd91, 8'd69, 8'd37, 8'd19, 8'd11, 8'd7, 8'd1, 8'd1};
            default: numbers = 64'd0;
        endcase
    endfunction

    reg past_valid = 0;
    reg past_start, past_start_b;
    always @(posedge clk) begin
        past_valid   <= 1;
        past_start   <= rst || i_restart;
        past_start_b <= rst || i_restart_b;
    end
    always @* if (!past_valid) assume (rst);

    (* anyconst *) reg [LOG2L-1:0] v;
    reg [LOG2L-1:0] t, t_b;
    always @(posedge clk) begin
        if (rst || i_restart) t <= 0;
        else if (i_en)        t <= t + 1;
        if (rst || i_restart_b) t_b <= 0;
        else if (i_en_b)        t_b <= t_b + 1;
    end
    wire ends = t == L - 1;

    wire [9:0] zero, zero_b, linked, apart, in_order, counted, once;
    genvar d;
    generate
        for (d = 0; d < 10; d = d + 1) begin : g_dim
            wire [LOG2L-1:0] r, r_b;
            sc_sobol_source #(.LOG2L(LOG2L), .DIM(d)) u_a (
                .clk(clk), .rst(rst), .i_restart(i_restart), .i_en(i_en), .o_r(r)
            );
            sc_sobol_source #(.LOG2L(LOG2L), .DIM(d)) u_b (
                .clk(clk), .rst(rst), .i_restart(i_restart_b), .i_en(i_en_b), .o_r(r_b)
            );
            (* keep *) wire [LOG2L-1:0] at_a, at_b;
            assign linked[d] = at_a == t && at_b == t_b;
            assign zero[d]   = r == 0;
            assign zero_b[d] = r_b == 0;
            assign apart[d]  = r != r_b;

            if (COUNT) begin : g_count
                localparam [63:0] M = numbers(d);
                reg [LOG2L:0]   hits, hits_due;          // of v in this window, before this clock
                wire [LOG2L:0]  hits_now = hits + (r == v);
                always @(posedge clk)
                    if (rst || i_restart) hits <= 0;
                    else if (i_en)        hits <= ends ? 0 : hits_now;

                integer i, k;
                reg [LOG2L-1:0] value, r_due;
                always @* begin
                    hits_due = 0;
                    r_due    = 0;
                    for (i = 0; i < L; i = i + 1) begin
                        value = 0;
                        for (k = 0; k < LOG2L; k = k + 1)
                            if ((i >> k) & 1) value = value ^ (M[8*k +: 8] << (LOG2L - 1 - k));
                        if (i == t) r_due = value;
                        if (i < t)  hits_due = hits_due + (value == v);
                    end
                end
                assign in_order[d] = r == r_due;
                assign counted[d]  = hits == hits_due;
                assign once[d]     = hits_now == 1;
            end else begin : g_no_count
                assign in_order[d] = 1;
                assign counted[d]  = 1;
                assign once[d]     = 1;
            end
        end
    endgenerate

    always @* if (past_valid) begin
        a_restart: assert ((!past_start || &zero) && (!past_start_b || &zero_b));
        i_t:       assert (&linked);
        a_apart:   assert (t == t_b || &apart);
        a_order:   assert (&in_order);
        i_hits:    assert (&counted);
        a_once:    assert (!ends || &once);
    end

    always @(posedge clk)
        if (past_valid && !rst) begin
            c_window_ends:  cover (ends && i_en);
            c_restarts_mid: cover (i_restart && t == L / 2);
            c_apart:        cover (t == 3 && t_b == 1 && !(|zero));
        end
endmodule
`default_nettype wire
