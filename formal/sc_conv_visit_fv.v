// SPDX-License-Identifier: Apache-2.0
// Visits of one input, for every number of taps and groups, every step between addresses, every stall and rst:
//   visit     an input with (rows + 1) * (cols + 1) taps makes each visit (row i, column j, group g) exactly once, in that
//             order, g fastest, and no other; its x and lanes stay with it;
//   address   sums: first - i * row step - j * (tap step - groups) + g, groups less 1 as the port has them;
//             weights: first + i * row weights + j * (groups + 1) + g; the products by repeated addition, which with
//             PRODUCTS, at narrow addresses, is compared with multiplication;
//   hold      a visit stands until i_step; the next input is taken in the clock of the last visit, or when there is none.
// Layer parameters are held while an input is visited. The registers that the invariants speak of are the wires `group`,
// `rows`, `cols`, `all_cols`, `row_acc` and `row_weight`, which the script of the proof connects.
`default_nettype none
module sc_conv_visit_fv #(
    parameter LOG2L     = 2,
    parameter LANES     = 2,
    parameter ACC_AW    = 4,
    parameter WEIGHT_AW = 5,
    parameter PRODUCTS  = 1
) (
    input wire                 clk,
    input wire                 rst,
    input wire [11:0]          i_groups,
    input wire [ACC_AW-1:0]    i_tap_step,
    input wire [ACC_AW-1:0]    i_row_step,
    input wire [15:0]          i_row_weights,
    input wire                 i_valid,
    input wire [LOG2L:0]       i_x,
    input wire [LANES-1:0]     i_lanes,
    input wire [ACC_AW-1:0]    i_acc,
    input wire [WEIGHT_AW-1:0] i_weight,
    input wire [5:0]           i_rows,
    input wire [5:0]           i_cols,
    input wire                 i_step
);
    wire                 take, valid;
    wire [LOG2L:0]       x;
    wire [LANES-1:0]     lanes;
    wire [ACC_AW-1:0]    acc;
    wire [WEIGHT_AW-1:0] weight;
    sc_conv_visit #(.LOG2L(LOG2L), .LANES(LANES), .ACC_AW(ACC_AW), .WEIGHT_AW(WEIGHT_AW)) u_visit (
        .clk(clk), .rst(rst), .i_groups(i_groups), .i_tap_step(i_tap_step), .i_row_step(i_row_step),
        .i_row_weights(i_row_weights), .i_valid(i_valid), .o_take(take), .i_x(i_x), .i_lanes(i_lanes), .i_acc(i_acc),
        .i_weight(i_weight), .i_rows(i_rows), .i_cols(i_cols), .i_step(i_step), .o_valid(valid), .o_x(x),
        .o_lanes(lanes), .o_acc(acc), .o_weight(weight)
    );
    (* keep *) wire [11:0]          group;
    (* keep *) wire [5:0]           rows, cols, all_cols;
    (* keep *) wire [ACC_AW-1:0]    row_acc;
    (* keep *) wire [WEIGHT_AW-1:0] row_weight;

    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;
    always @* if (!past_valid) assume (rst);

    reg [11:0]       groups;
    reg [ACC_AW-1:0] tap_step, row_step;
    reg [15:0]       row_weights;
    always @(posedge clk) {groups, tap_step, row_step, row_weights} <= {i_groups, i_tap_step, i_row_step, i_row_weights};
    always @*
        if (valid)
            assume ({groups, tap_step, row_step, row_weights} == {i_groups, i_tap_step, i_row_step, i_row_weights});

    // The input, and the visit that is due.
    reg                 busy;
    reg [LOG2L:0]       the_x;
    reg [LANES-1:0]     the_lanes;
    reg [5:0]           all_rows, columns, i, j;
    reg [11:0]          g;
    reg [ACC_AW-1:0]    first_acc;
    reg [WEIGHT_AW-1:0] first_weight;
    // What rows and taps so far come to, by repeated addition.
    reg [ACC_AW-1:0]    rows_acc, taps_acc;
    reg [WEIGHT_AW-1:0] rows_weight, taps_weight;
    wire [ACC_AW-1:0]    tap  = i_tap_step - i_groups;
    wire [WEIGHT_AW-1:0] size = i_groups + 1;
    wire                last = g == i_groups && j == columns && i == all_rows;
    always @(posedge clk)
        if (rst) busy <= 0;
        else if (take) begin
            busy <= 1;
            {the_x, the_lanes, all_rows, columns} <= {i_x, i_lanes, i_rows, i_cols};
            {first_acc, first_weight} <= {i_acc, i_weight};
            {i, j, g} <= 0;
            {rows_acc, rows_weight, taps_acc, taps_weight} <= 0;
        end else if (busy && i_step) begin
            busy <= !last;
            if (g != i_groups) g <= g + 1;
            else begin
                g <= 0;
                if (j != columns) begin
                    j           <= j + 1;
                    taps_acc    <= taps_acc + tap;
                    taps_weight <= taps_weight + size;
                end else begin
                    j <= 0;
                    i <= i + 1;
                    {taps_acc, taps_weight} <= 0;
                    rows_acc    <= rows_acc + i_row_step;
                    rows_weight <= rows_weight + i_row_weights;
                end
            end
        end

    wire [ACC_AW-1:0]    row_acc_due    = first_acc - rows_acc;
    wire [WEIGHT_AW-1:0] row_weight_due = first_weight + rows_weight;
    wire [ACC_AW-1:0]    acc_due        = row_acc_due - taps_acc + g;
    wire [WEIGHT_AW-1:0] weight_due     = row_weight_due + taps_weight + g;

    // The same by multiplication.
    wire [ACC_AW-1:0]    rows_acc_product    = i * i_row_step, taps_acc_product = j * tap;
    wire [WEIGHT_AW-1:0] rows_weight_product = i * i_row_weights, taps_weight_product = j * size;

    always @* if (past_valid) begin
        a_visit: assert (valid == busy);
        a_take:  assert (take == (i_valid && (!busy || (i_step && last))));
        if (busy) begin
            a_data:       assert (x == the_x && lanes == the_lanes);
            a_acc:        assert (acc == acc_due);
            a_weight:     assert (weight == weight_due);
            i_order:      assert (i <= all_rows && j <= columns && g <= i_groups);
            i_left:       assert (rows == all_rows - i && cols == columns - j && all_cols == columns && group == g);
            i_row_acc:    assert (row_acc == row_acc_due);
            i_row_weight: assert (row_weight == row_weight_due);
            if (PRODUCTS) begin
                i_product_acc:    assert (rows_acc == rows_acc_product && taps_acc == taps_acc_product);
                i_product_weight: assert (rows_weight == rows_weight_product && taps_weight == taps_weight_product);
            end
        end
    end

    reg [3:0] visits;                      // for the covers
    always @(posedge clk) visits <= take || rst ? 0 : visits + (busy && i_step);
    always @(posedge clk)
        if (past_valid && !rst) begin
            c_taps: cover (busy && last && i_step && visits == 7 && all_rows == 1 && columns == 1 && take);
            c_row:  cover (busy && last && i_step && columns == 2 && all_rows == 0 && i_groups == 0 && !i_valid);
        end
endmodule
`default_nettype wire
