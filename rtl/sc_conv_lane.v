// SPDX-License-Identifier: Apache-2.0
// One lane of the convolution engine: adds one synapse's whole window to a sum that is kept in a memory (A5, A6, A10).
//
// Update     clock 1: term <- (-1)^sign * popcount(i_x_bits AND bits of the weight's magnitude), if i_valid, else 0;
//            clock 2: o_sum_next = i_stored + term, to be written back, which o_sum takes if the synapse was valid. With
//            i_forward the sum before, o_sum, takes the place of i_stored.
// Pooling    with i_pool the term is X where i_lane, else 0; i_max takes the greater of sum and X in place of adding.
// Latency    2 clocks to o_sum. i_shift: o_sum takes i_shift_in, for reading sums lane by lane.
// Format     i_weight: bit LOG2L sign (1 = negative), magnitude below; sums signed SUM_W bits, which the user chooses
//            wide enough: they never wrap then.
// MAC = 1    the integer peer: the product X * W in place of the popcount, X * L in place of X in pooling.
// Model      sc_neurocore.golden
// Proof      formal/sc_conv_sums_fv.v
`default_nettype none
module sc_conv_lane #(
    parameter LOG2L = 4,                   // 2 .. 8
    parameter SUM_W = 13,                  // LOG2L + 2 .. 32; with MAC = 1 at least 2 * LOG2L + 2
    parameter POOL  = 0,                   // 0: no pooling, 1: i_pool and i_max work
    parameter MAC   = 0                    // 0: stochastic, 1: integer multiply-accumulate
) (
    input  wire                  clk,
    input  wire                  i_valid,
    input  wire [LOG2L:0]        i_x,      // the input's code
    input  wire [(1<<LOG2L)-1:0] i_x_bits, // the same as a window of bits, for MAC = 0
    input  wire [LOG2L:0]        i_weight,
    input  wire                  i_pool,   // held in a layer
    input  wire                  i_max,    // held in a layer, only with i_pool
    input  wire                  i_lane,   // pooling: the input is of this lane's channel
    input  wire [SUM_W-1:0]      i_stored, // one clock after i_valid
    input  wire                  i_forward,
    output wire [SUM_W-1:0]      o_sum_next,
    input  wire                  i_shift,
    input  wire [SUM_W-1:0]      i_shift_in,
    output reg  [SUM_W-1:0]      o_sum
);
    localparam L      = 1 << LOG2L;
    localparam TERM_W = MAC != 0 ? 2 * LOG2L + 1 : LOG2L + 1;
    generate
        if (LOG2L < 2 || LOG2L > 8) begin : g_illegal_log2l
            ERROR_LOG2L_must_be_in_2_to_8 u_illegal ();
        end
        if (POOL != 0 && POOL != 1) begin : g_illegal_pool
            ERROR_POOL_must_be_0_or_1 u_illegal ();
        end
        if (MAC != 0 && MAC != 1) begin : g_illegal_mac
            ERROR_MAC_must_be_0_or_1 u_illegal ();
        end
        if (SUM_W < TERM_W + 1 || SUM_W > 32) begin : g_illegal_sum_w
            ERROR_SUM_W_must_hold_one_term_and_be_at_most_32 u_illegal ();
        end
    endgenerate

    wire [TERM_W-1:0] product, value;
    generate
        if (MAC != 0) begin : g_mac
            wire unused = &{1'b0, i_x_bits};
            assign product = {{LOG2L{1'b0}}, i_x} * {{(LOG2L+1){1'b0}}, i_weight[LOG2L-1:0]};
            assign value   = {i_x, {LOG2L{1'b0}}};
        end else begin : g_sc
            wire [L-1:0] w_bits, pos, neg;
            sc_window_sng #(.LOG2L(LOG2L), .SOURCE(1)) u_sng (
                .i_x({1'b0, i_weight[LOG2L-1:0]}), .o_bits(w_bits)
            );
            sc_mul #(.N(L)) u_mul (
                .i_x(i_x_bits), .i_w(w_bits), .i_w_neg(i_weight[LOG2L]), .o_pos(pos), .o_neg(neg)
            );
            // One parallel counter serves both signs, since a synapse has only one.
            sc_apc #(.N(L)) u_apc (.i_bits(pos | neg), .o_count(product));
            assign value = i_x;
        end
    endgenerate

    reg                term_valid, term_neg;
    reg  [TERM_W-1:0]  term;
    wire [SUM_W-1:0]   term_x = {{(SUM_W-TERM_W){1'b0}}, term};
    wire [SUM_W-1:0]   present = i_forward ? o_sum : i_stored;
    wire [SUM_W-1:0]   total  = term_neg ? present - term_x : present + term_x;
    generate
        if (POOL != 0) begin : g_pool
            // Of a maximum the adder gives sum - X, whose sign chooses.
            always @(posedge clk) begin
                term     <= i_pool ? value & {TERM_W{i_lane}} : product;
                term_neg <= i_pool ? i_max : i_weight[LOG2L];
            end
            reg greatest;
            always @(posedge clk) greatest <= i_pool && i_max;
            assign o_sum_next = !greatest ? total : total[SUM_W-1] ? term_x : present;
        end else begin : g_plain
            wire unused = &{1'b0, i_pool, i_max, i_lane, value};
            always @(posedge clk) begin
                term     <= product;
                term_neg <= i_weight[LOG2L];
            end
            assign o_sum_next = total;
        end
    endgenerate
    always @(posedge clk) begin
        term_valid <= i_valid;
        if (term_valid)   o_sum <= o_sum_next;
        else if (i_shift) o_sum <= i_shift_in;
    end
endmodule
`default_nettype wire
