// SPDX-License-Identifier: Apache-2.0
// Address generator of the convolution engine: visits, for one input, every tap of the kernel that reaches an output
// position, and for each tap every group of LANES output channels. A visit takes a clock.
//
// Update     an input (i_valid, o_take) comes with the addresses of its first tap. Then, innermost first: groups
//            (sums + 1, weights + 1), columns of the kernel (sums - i_tap_step, weights + 1), rows of the kernel (sums of
//            the row's first column - i_row_step, weights of it + i_row_weights).
// Handshake  a visit takes place in a clock with o_valid and i_step. An input is taken in the clock of the last visit of
//            the one before, or when there is none, so that visits follow without a gap.
// Latency    the first visit stands at the output in the clock after o_take.
// Format     i_rows, i_cols: taps less 1; i_groups: groups less 1.
// Model      sc_neurocore.hardware.conv_image
// Proof      formal/sc_conv_visit_fv.v
`default_nettype none
module sc_conv_visit #(
    parameter LOG2L     = 4,               // 2 .. 8
    parameter LANES     = 2,               // 1 .. 64
    parameter ACC_AW    = 8,               // 1 .. 14
    parameter WEIGHT_AW = 14               // 1 .. 24
) (
    input  wire                 clk,
    input  wire                 rst,
    // Layer, held while its inputs come.
    input  wire [11:0]          i_groups,
    input  wire [ACC_AW-1:0]    i_tap_step,
    input  wire [ACC_AW-1:0]    i_row_step,
    input  wire [15:0]          i_row_weights,
    // Inputs.
    input  wire                 i_valid,
    output wire                 o_take,
    input  wire [LOG2L:0]       i_x,
    input  wire [LANES-1:0]     i_lanes,
    input  wire [ACC_AW-1:0]    i_acc,
    input  wire [WEIGHT_AW-1:0] i_weight,
    input  wire [5:0]           i_rows,
    input  wire [5:0]           i_cols,
    // Visits.
    input  wire                 i_step,
    output reg                  o_valid,
    output reg  [LOG2L:0]       o_x,
    output reg  [LANES-1:0]     o_lanes,
    output reg  [ACC_AW-1:0]    o_acc,
    output reg  [WEIGHT_AW-1:0] o_weight
);
    generate
        if (LOG2L < 2 || LOG2L > 8) begin : g_illegal_log2l
            ERROR_LOG2L_must_be_in_2_to_8 u_illegal ();
        end
        if (LANES < 1 || LANES > 64) begin : g_illegal_lanes
            ERROR_LANES_must_be_in_1_to_64 u_illegal ();
        end
        if (ACC_AW < 1 || ACC_AW > 14) begin : g_illegal_acc_aw
            ERROR_ACC_AW_must_be_in_1_to_14 u_illegal ();
        end
        if (WEIGHT_AW < 1 || WEIGHT_AW > 24) begin : g_illegal_weight_aw
            ERROR_WEIGHT_AW_must_be_in_1_to_24 u_illegal ();
        end
    endgenerate

    localparam [ACC_AW-1:0]    ONE_ACC    = 1;
    localparam [WEIGHT_AW-1:0] ONE_WEIGHT = 1;
    reg  [11:0]          group;
    reg  [5:0]           rows, cols, all_cols;         // taps left after this one
    reg  [ACC_AW-1:0]    row_acc;
    reg  [WEIGHT_AW-1:0] row_weight;
    wire                 group_ends = group == i_groups;
    wire                 row_ends   = group_ends && cols == 0;
    wire                 ends       = row_ends && rows == 0;
    wire [31:0]          row_weights = {16'd0, i_row_weights};
    wire                 unused     = &{1'b0, row_weights};

    assign o_take = i_valid && (!o_valid || (i_step && ends));

    // One adder for each address.
    wire [ACC_AW-1:0]    acc_next    = (row_ends ? row_acc : o_acc)
                                     + (row_ends ? ~i_row_step : group_ends ? ~i_tap_step : {ACC_AW{1'b0}}) + ONE_ACC;
    wire [WEIGHT_AW-1:0] weight_next = (row_ends ? row_weight : o_weight)
                                     + (row_ends ? row_weights[WEIGHT_AW-1:0] : ONE_WEIGHT);

    always @(posedge clk)
        if (rst)         o_valid <= 1'b0;
        else if (o_take) o_valid <= 1'b1;
        else if (i_step && ends) o_valid <= 1'b0;

    always @(posedge clk)
        if (o_take) begin
            o_x        <= i_x;
            o_lanes    <= i_lanes;
            o_acc      <= i_acc;
            o_weight   <= i_weight;
            row_acc    <= i_acc;
            row_weight <= i_weight;
            group      <= 12'd0;
            rows       <= i_rows;
            cols       <= i_cols;
            all_cols   <= i_cols;
        end else if (i_step) begin
            o_acc      <= acc_next;
            o_weight   <= weight_next;
            group      <= group_ends ? 12'd0 : group + 12'd1;
            if (group_ends) cols <= row_ends ? all_cols : cols - 6'd1;
            if (row_ends) begin
                rows       <= rows - 6'd1;
                row_acc    <= acc_next;
                row_weight <= weight_next;
            end
        end
endmodule
`default_nettype wire
