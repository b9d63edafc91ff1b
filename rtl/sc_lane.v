// SPDX-License-Identifier: Apache-2.0
// One lane of the time-unrolled engine: adds one synapse's whole window to the sum of one neuron (A5, A6, A10).
//
// Update     clock 1: term <- (-1)^sign * popcount(i_x_bits AND bits of the weight's magnitude), if i_valid;
//            clock 2: o_sum = acc + term, which acc takes; where i_last accompanied the synapse acc takes 0 instead,
//            and o_sum is that neuron's S.
// Latency    o_sum is valid in the clock after i_valid.
// Format     i_weight: bit LOG2L sign (1 = negative), magnitude below; o_sum signed ACC_W bits, which the user chooses
//            wide enough for fan-in * (L-1): it never wraps then.
// MAC = 1    the integer peer of the tables: the product X * W in place of the popcount; o_sum LOG2L bits wider.
// Model      sc_neurocore.golden
// Proof      formal/sc_lane_fv.v
`default_nettype none
module sc_lane #(
    parameter LOG2L = 4,                   // 2 .. 8
    parameter ACC_W = 13,                  // LOG2L + 2 .. 32; with MAC = 1 at least 2 * LOG2L + 2
    parameter MAC   = 0                    // 0: stochastic, 1: integer multiply-accumulate
) (
    input  wire                  clk,
    input  wire                  rst,
    input  wire                  i_valid,
    input  wire                  i_last,   // this synapse ends its neuron
    input  wire [LOG2L:0]        i_x,      // the input's code, for MAC = 1
    input  wire [(1<<LOG2L)-1:0] i_x_bits, // the same code as a window of bits, for MAC = 0
    input  wire [LOG2L:0]        i_weight,
    output wire [ACC_W-1:0]      o_sum
);
    localparam L      = 1 << LOG2L;
    localparam TERM_W = MAC != 0 ? 2 * LOG2L + 1 : LOG2L + 1;
    generate
        if (LOG2L < 2 || LOG2L > 8) begin : g_illegal_log2l
            ERROR_LOG2L_must_be_in_2_to_8 u_illegal ();
        end
        if (MAC != 0 && MAC != 1) begin : g_illegal_mac
            ERROR_MAC_must_be_0_or_1 u_illegal ();
        end
        if (ACC_W < TERM_W + 1 || ACC_W > 32) begin : g_illegal_acc_w
            ERROR_ACC_W_must_hold_one_term_and_be_at_most_32 u_illegal ();
        end
    endgenerate

    wire              negative = i_weight[LOG2L];
    wire [TERM_W-1:0] term_next;

    generate
        if (MAC != 0) begin : g_mac
            wire unused = &{1'b0, i_x_bits};
            assign term_next = {{LOG2L{1'b0}}, i_x} * {{(LOG2L+1){1'b0}}, i_weight[LOG2L-1:0]};
        end else begin : g_sc
            wire         unused = &{1'b0, i_x};
            wire [L-1:0] w_bits, pos, neg;
            sc_window_sng #(.LOG2L(LOG2L), .SOURCE(1)) u_sng (
                .i_x({1'b0, i_weight[LOG2L-1:0]}), .o_bits(w_bits)
            );
            sc_mul #(.N(L)) u_mul (
                .i_x(i_x_bits), .i_w(w_bits), .i_w_neg(negative), .o_pos(pos), .o_neg(neg)
            );
            // One parallel counter serves both signs, since a synapse has only one.
            sc_apc #(.N(L)) u_apc (.i_bits(pos | neg), .o_count(term_next));
        end
    endgenerate

    reg [TERM_W-1:0] term;
    reg              term_neg, term_last;
    always @(posedge clk)
        if (rst || !i_valid) begin
            term      <= {TERM_W{1'b0}};
            term_neg  <= 1'b0;
            term_last <= 1'b0;
        end else begin
            term      <= term_next;
            term_neg  <= negative;
            term_last <= i_last;
        end

    reg  [ACC_W-1:0] acc;
    wire [ACC_W-1:0] term_x = {{(ACC_W-TERM_W){1'b0}}, term};
    assign o_sum = term_neg ? acc - term_x : acc + term_x;
    always @(posedge clk)
        if (rst || term_last) acc <= {ACC_W{1'b0}};
        else                  acc <= o_sum;
endmodule
`default_nettype wire
