// SPDX-License-Identifier: Apache-2.0
// Sobol number source: dimension DIM of a Sobol sequence in natural binary order, the first point 0 kept (A3).
//
// Update     t as in sc_counter_source; o_r = XOR over the set bits k of t of the direction number V[k].
//            DIM = 0 is the van der Corput sequence.
// Latency    r(0) = 0 in the clock after rst or i_restart.
// Format     o_r unsigned, LOG2L bits; takes every value 0 .. L-1 once per window of L = 2^LOG2L clocks.
// Source     S. Joe and F. Y. Kuo, SIAM J. Sci. Comput. 30 (2008), direction numbers new-joe-kuo-6.21201.
// Model      sc_neurocore.sources.sobol
// Proof      formal/sc_sobol_fv.v
`default_nettype none
module sc_sobol_source #(
    parameter LOG2L = 4,                   // 2 .. 12
    parameter DIM   = 1                    // 0 .. 9
) (
    input  wire             clk,
    input  wire             rst,
    input  wire             i_restart,     // begins a window: t = 0 in the next clock
    input  wire             i_en,          // advances t
    output wire [LOG2L-1:0] o_r
);
    generate
        if (DIM < 0 || DIM > 9) begin : g_illegal
            ERROR_DIM_must_be_in_0_to_9 u_illegal ();
        end
    endgenerate

    // Per dimension: degree s of the primitive polynomial, its inner coefficients a, and m_1 .. m_s, 5 bits each, m_1 low.
    function [31:0] joe_kuo(input integer dim);          // {s[2:0], a[3:0], m[24:0]}
        case (dim)
            1:       joe_kuo = {3'd1, 4'd0, 5'd0, 5'd0, 5'd0, 5'd0, 5'd1};
            2:       joe_kuo = {3'd2, 4'd1, 5'd0, 5'd0, 5'd0, 5'd3, 5'd1};
            3:       joe_kuo = {3'd3, 4'd1, 5'd0, 5'd0, 5'd1, 5'd3, 5'd1};
            4:       joe_kuo = {3'd3, 4'd2, 5'd0, 5'd0, 5'd1, 5'd1, 5'd1};
            5:       joe_kuo = {3'd4, 4'd1, 5'd0, 5'd3, 5'd3, 5'd1, 5'd1};
            6:       joe_kuo = {3'd4, 4'd4, 5'd0, 5'd13, 5'd5, 5'd3, 5'd1};
            7:       joe_kuo = {3'd5, 4'd2, 5'd17, 5'd5, 5'd5, 5'd1, 5'd1};
            8:       joe_kuo = {3'd5, 4'd4, 5'd5, 5'd5, 5'd5, 5'd1, 5'd1};
            9:       joe_kuo = {3'd5, 4'd7, 5'd19, 5'd11, 5'd7, 5'd1, 5'd1};
            default: joe_kuo = 32'd0;
        endcase
    endfunction

    // V[k] = m_(k+1) * 2^(LOG2L-1-k), all of them side by side, V[k] at bit k * LOG2L. The recurrence for m_i, i > s:
    // m_i = 2 a_1 m_(i-1) ^ 4 a_2 m_(i-2) ^ ... ^ 2^(s-1) a_(s-1) m_(i-s+1) ^ 2^s m_(i-s) ^ m_(i-s).
    function [LOG2L*LOG2L-1:0] directions(input integer dim);
        integer                  s, i, j;
        reg [31:0]               entry;
        reg [16*(LOG2L+1)-1:0]   m;                       // m_i at bit 16 * i
        reg [15:0]               next;
        begin
            entry      = joe_kuo(dim);
            s          = {29'd0, entry[31:29]};
            m          = {16*(LOG2L+1){1'b0}};
            directions = {LOG2L*LOG2L{1'b0}};
            for (i = 1; i <= LOG2L; i = i + 1) begin
                if (dim == 0)    next = 16'd1;
                else if (i <= s) next = {11'd0, entry[5*(i-1) +: 5]};
                else begin
                    next = m[16*(i-s) +: 16] ^ (m[16*(i-s) +: 16] << s);
                    for (j = 1; j < s; j = j + 1)
                        if (entry[25 + s - 1 - j]) next = next ^ (m[16*(i-j) +: 16] << j);
                end
                m[16*i +: 16] = next;
                next = next << (LOG2L - i);
                directions[(i-1)*LOG2L +: LOG2L] = next[LOG2L-1:0];
            end
        end
    endfunction
    localparam [LOG2L*LOG2L-1:0] V = directions(DIM);

    wire [LOG2L-1:0] t;
    // The counter checks LOG2L for both.
    sc_counter_source #(.LOG2L(LOG2L)) u_t (
        .clk(clk), .rst(rst), .i_restart(i_restart), .i_en(i_en), .o_r(t)
    );

    wire [LOG2L*(LOG2L+1)-1:0] partial;                  // XOR of the first k direction numbers chosen by t
    assign partial[0 +: LOG2L] = {LOG2L{1'b0}};
    genvar k;
    generate
        for (k = 0; k < LOG2L; k = k + 1) begin : g_direction
            assign partial[(k+1)*LOG2L +: LOG2L] = partial[k*LOG2L +: LOG2L] ^ (V[k*LOG2L +: LOG2L] & {LOG2L{t[k]}});
        end
    endgenerate
    assign o_r = partial[LOG2L*LOG2L +: LOG2L];
endmodule
`default_nettype wire
