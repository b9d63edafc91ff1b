// SPDX-License-Identifier: Apache-2.0
// Linear feedback shift register as number source: r(t) runs through 1 .. L-1 in pseudo-random order (A3).
//
// Update     o_r <- SEED on rst or i_restart; {o_r[LOG2L-2:0], parity(o_r & TAPS)} while i_en; else unchanged.
//            TAPS is a primitive polynomial for every width: bit k stands for the term x^(k+1); the constant 1 is implied.
// Latency    o_r is a register: r(0) = SEED in the clock after rst or i_restart.
// Format     o_r unsigned, LOG2L bits, never 0; period L - 1, so clock L-1 of a window repeats r(0).
// Model      sc_neurocore.sources.lfsr
// Proof      formal/sc_lfsr_fv.v; the full period by the order of every polynomial in tests/test_sources.py
`default_nettype none
module sc_lfsr_source #(
    parameter LOG2L = 4,                   // 3 .. 24
    parameter SEED  = 1                    // 1 .. L - 1, L = 2^LOG2L
) (
    input  wire             clk,
    input  wire             rst,
    input  wire             i_restart,     // begins a window: t = 0 in the next clock
    input  wire             i_en,          // advances t
    output reg  [LOG2L-1:0] o_r
);
    generate
        if (LOG2L < 3 || LOG2L > 24) begin : g_illegal_log2l
            ERROR_LOG2L_must_be_in_3_to_24 u_illegal ();
        end
        if (SEED < 1 || SEED >= (1 << LOG2L)) begin : g_illegal_seed
            ERROR_SEED_must_be_in_1_to_L_minus_1 u_illegal ();
        end
    endgenerate

    // As in sc_neurocore.sources; a test compares the two.
    function [23:0] taps(input integer width);
        case (width)
            3:       taps = 24'h000006;
            4:       taps = 24'h00000C;
            5:       taps = 24'h000014;
            6:       taps = 24'h000030;
            7:       taps = 24'h000060;
            8:       taps = 24'h0000B8;
            9:       taps = 24'h000110;
            10:      taps = 24'h000240;
            11:      taps = 24'h000500;
            12:      taps = 24'h000E08;
            13:      taps = 24'h001C80;
            14:      taps = 24'h003802;
            15:      taps = 24'h006000;
            16:      taps = 24'h00D008;
            17:      taps = 24'h012000;
            18:      taps = 24'h020400;
            19:      taps = 24'h072000;
            20:      taps = 24'h090000;
            21:      taps = 24'h140000;
            22:      taps = 24'h300000;
            23:      taps = 24'h420000;
            24:      taps = 24'hE10000;
            default: taps = 24'h000000;
        endcase
    endfunction
    localparam [23:0]      ALL_TAPS = taps(LOG2L);
    localparam [LOG2L-1:0] TAPS     = ALL_TAPS[LOG2L-1:0];
    localparam [31:0]      START    = SEED;

    always @(posedge clk)
        if (rst || i_restart) o_r <= START[LOG2L-1:0];
        else if (i_en)        o_r <= {o_r[LOG2L-2:0], ^(o_r & TAPS)};
endmodule
`default_nettype wire
