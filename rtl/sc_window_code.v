// SPDX-License-Identifier: Apache-2.0
// Window integrate-and-fire neuron that gives its count at once: c = clip(round(S / theta), 0, L) (A8).
//
// Update     r = 2 * 2^FRAC * S + theta - 2 * theta * L; the top bit of c is [r >= 0]. Then for k = LOG2L-1 .. 0:
//            r <- r - 2 * theta * 2^k where the bit before was 1, r + 2 * theta * 2^k where it was 0, and bit k of c
//            is [r >= 0]: a division by one adder a stage, without restoring. Below a top bit of 1 the others are 0.
// Latency    LOG2L + 2 clocks; one neuron a clock. i_last goes with i_valid.
// Format     i_s signed ACC_W bits; i_theta unsigned THETA_W bits with FRAC fraction bits, >= 1, held while neurons are
//            under way; o_code 0 .. L. r is signed and wide enough for every S and theta, so nothing wraps.
// Model      sc_neurocore.neurons.window_if
// Proof      formal/sc_window_code_fv.v
`default_nettype none
module sc_window_code #(
    parameter LOG2L   = 4,                 // 2 .. 8
    parameter ACC_W   = 13,                // 2 .. 32
    parameter FRAC    = 4,                 // 0 .. 16
    parameter THETA_W = 16                 // 1 .. 32
) (
    input  wire               clk,
    input  wire               rst,
    input  wire               i_valid,
    input  wire               i_last,      // any mark that the neuron carries through
    input  wire [ACC_W-1:0]   i_s,         // signed
    input  wire [THETA_W-1:0] i_theta,
    output wire               o_valid,
    output wire               o_last,
    output wire [LOG2L:0]     o_code
);
    generate
        if (LOG2L < 2 || LOG2L > 8) begin : g_illegal_log2l
            ERROR_LOG2L_must_be_in_2_to_8 u_illegal ();
        end
        if (ACC_W < 2 || ACC_W > 32) begin : g_illegal_acc_w
            ERROR_ACC_W_must_be_in_2_to_32 u_illegal ();
        end
        if (FRAC < 0 || FRAC > 16) begin : g_illegal_frac
            ERROR_FRAC_must_be_in_0_to_16 u_illegal ();
        end
        if (THETA_W < 1 || THETA_W > 32) begin : g_illegal_theta_w
            ERROR_THETA_W_must_be_in_1_to_32 u_illegal ();
        end
    endgenerate

    // |2 * 2^FRAC * S| <= 2^(ACC_W + FRAC) and 2 * theta * L < 2^(THETA_W + LOG2L + 1): their sum, and the sign.
    localparam D_W    = THETA_W + LOG2L + 1;
    localparam V_W    = (ACC_W + FRAC > D_W ? ACC_W + FRAC : D_W) + 2;
    localparam STAGES = LOG2L + 2;

    wire [V_W-1:0] theta = {{(V_W-THETA_W){1'b0}}, i_theta};
    wire [V_W-1:0] s2    = {{(V_W-ACC_W-FRAC-1){i_s[ACC_W-1]}}, i_s, {(FRAC+1){1'b0}}};

    reg [STAGES-1:0] valid, last;
    always @(posedge clk)
        if (rst) begin
            valid <= {STAGES{1'b0}};
            last  <= {STAGES{1'b0}};
        end else begin
            valid <= {valid[STAGES-2:0], i_valid};
            last  <= {last[STAGES-2:0], i_last};
        end

    reg [V_W-1:0] first;                   // 2 * 2^FRAC * S + theta
    always @(posedge clk) first <= s2 + theta;

    genvar j;
    generate
        for (j = 0; j <= LOG2L; j = j + 1) begin : g_bit           // decides bit LOG2L - j
            wire [V_W-1:0] step = theta << (LOG2L - j + 1);
            reg  [V_W-1:0] r;
            if (j == 0) begin : g_top
                always @(posedge clk) r <= first - step;
            end else begin : g_next
                wire         bit_before = ~g_bit[j-1].r[V_W-1];
                reg  [j-1:0] decided;      // the bits above this one
                always @(posedge clk) r <= bit_before ? g_bit[j-1].r - step : g_bit[j-1].r + step;
                if (j == 1) begin : g_one
                    always @(posedge clk) decided <= bit_before;
                end else begin : g_more
                    always @(posedge clk) decided <= {g_bit[j-1].g_next.decided, bit_before};
                end
            end
        end
    endgenerate

    wire [LOG2L:0] bits = {g_bit[LOG2L].g_next.decided, ~g_bit[LOG2L].r[V_W-1]};
    wire unused = &{1'b0, g_bit[LOG2L].r[V_W-2:0]};
    assign o_code  = {bits[LOG2L], bits[LOG2L-1:0] & {LOG2L{~bits[LOG2L]}}};
    assign o_valid = valid[STAGES-1];
    assign o_last  = last[STAGES-1];
endmodule
`default_nettype wire
