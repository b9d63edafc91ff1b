// SPDX-License-Identifier: Apache-2.0
// Scanner of the convolution engine, for every layer, every content of the two memories, every stall and rst:
//   walk      the values of a layer are looked at once each, in the order row, column, channel: the word on i_x is that of
//             first + (row * columns + column) * channels + channel, and the coordinate beside it that of its column;
//   wanted    exactly those that are not 0 and have taps in both directions are passed on, once each, in that order, with
//             x, taps, lane, and the addresses first sum = row's + column's (+ channel div LANES in pooling), first
//             weight = layer's + row's + column's + channel * weights of a channel, by multiplication and division;
//   hold      an input stands until it is taken, and none is lost: the walk waits at the next one;
//   end       after the last value nothing is looked at until the next i_start.
// In pooling the lane is one of a ring that turns by one, so that 1, 2 and 3 lanes, each turned round more than once, stand
// for 64, of whose ring the first 4 lanes are proven as well: a layer of 64 channels is too much.
// Wide addresses differ in nothing but their adders, which are proven at 14 and 24 bits.
// A layer of 2^16 values is too much to leave free: the address of a value is proven at 2 and 3 bits.
// The contents of the memories and the layer's parameters are free but constant; i_start comes while nothing is scanned.
// The registers that the invariants speak of are the wires at `Registers`, which the script of the proof connects.
`default_nettype none
module sc_conv_scan_fv #(
    parameter LANES     = 2,
    parameter ACT_AW    = 3,
    parameter ACC_AW    = 3,
    parameter WEIGHT_AW = 3,
    parameter POOL      = 1
) (
    input wire clk,
    input wire rst,
    input wire i_start,
    input wire i_take
);
    localparam COORD_AW = 4;
    (* anyconst *) wire [(3<<ACT_AW)-1:0]    values;
    (* anyconst *) wire [(32<<COORD_AW)-1:0] coordinates;
    (* anyconst *) wire [ACT_AW-1:0]         first, channels;
    (* anyconst *) wire [COORD_AW-1:0]       rows, cols, rows_at, cols_at;
    (* anyconst *) wire [WEIGHT_AW-1:0]      weights_at;
    (* anyconst *) wire [15:0]               channel_weights;
    (* anyconst *) wire                      pool;

    wire                 active, valid;
    wire [COORD_AW-1:0]  col_addr, coord_addr;
    wire [ACT_AW-1:0]    addr;
    wire [2:0]           x;
    wire [LANES-1:0]     lanes;
    wire [ACC_AW-1:0]    acc;
    wire [WEIGHT_AW-1:0] weight;
    wire [5:0]           row_taps, col_taps;

    reg  [ACT_AW-1:0]    addr_q;
    reg  [COORD_AW-1:0]  coord_q;
    always @(posedge clk) {addr_q, coord_q} <= {addr, coord_addr};
    wire [2:0]           i_x     = values >> (3 * addr_q);
    wire [31:0]          i_coord = coordinates >> (32 * coord_q);

    sc_conv_scan #(
        .LOG2L(2), .LANES(LANES), .ACT_AW(ACT_AW), .ACC_AW(ACC_AW), .WEIGHT_AW(WEIGHT_AW), .COORD_AW(COORD_AW), .POOL(POOL)
    ) u_scan (
        .clk(clk), .rst(rst), .i_start(i_start), .i_first(first), .i_rows(rows), .i_cols(cols), .i_channels(channels),
        .i_rows_at(rows_at), .i_cols_at(cols_at), .i_weights_at(weights_at), .i_channel_weights(channel_weights),
        .i_pool(pool), .o_active(active), .o_col_addr(col_addr), .o_addr(addr), .i_x(i_x), .o_coord_addr(coord_addr),
        .i_coord(i_coord), .o_valid(valid), .i_take(i_take), .o_x(x), .o_lanes(lanes), .o_acc(acc), .o_weight(weight),
        .o_rows(row_taps), .o_cols(col_taps)
    );
    // Registers.
    (* keep *) wire [1:0]           state;
    (* keep *) wire [ACT_AW-1:0]    scan_addr, channels_left;
    (* keep *) wire [COORD_AW-1:0]  row_addr, rows_left, cols_left;
    (* keep *) wire [ACC_AW-1:0]    row_acc, word;
    (* keep *) wire [WEIGHT_AW-1:0] row_weight, the_weight;
    (* keep *) wire [5:0]           the_row_taps;
    (* keep *) wire [LANES-1:0]     ring;

    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;
    always @* begin
        if (!past_valid) assume (rst);
        if (active) assume (!i_start);
        assume (!pool || POOL);
    end

    // The value that is looked at, and what it should become.
    reg [1:0]          phase;              // 0 idle, 1 a row begins, 2 looking
    reg [COORD_AW-1:0] r, c;
    reg [ACT_AW-1:0]   ch;
    wire [COORD_AW-1:0]  row_index = rows_at + r, col_index = cols_at + c;
    wire [31:0]          row    = coordinates >> (32 * row_index), col = coordinates >> (32 * col_index);
    wire [ACT_AW-1:0]    wide   = cols + 1, deep = channels + 1;
    wire [ACT_AW-1:0]    index  = first + (r * wide + c) * deep + ch;
    wire [ACT_AW-1:0]    row_at = first + r * wide * deep;
    wire [2:0]           value  = values >> (3 * index);
    wire                 wanted = value != 0 && row[31:26] != 0 && col[31:26] != 0;
    wire                 room   = !due || i_take;
    wire [WEIGHT_AW-1:0] row_weight_due = weights_at + row[25:14];
    wire [WEIGHT_AW-1:0] channel_due = weights_at + row[25:14] + ch * channel_weights;
    wire [ACC_AW-1:0]    word_due    = row[13:0] + (pool ? ch / LANES : 0);
    reg                  due;
    reg  [2:0]           due_x;
    reg  [LANES-1:0]     due_lanes;
    reg  [ACC_AW-1:0]    due_acc;
    reg  [WEIGHT_AW-1:0] due_weight;
    reg  [5:0]           due_rows, due_cols;
    always @(posedge clk)
        if (rst) {phase, due} <= 0;
        else begin
            if (i_take) due <= 0;
            if (phase == 0 && i_start) begin
                phase <= 1;
                r     <= 0;
            end else if (phase == 1) begin
                phase   <= 2;
                {c, ch} <= 0;
            end else if (phase == 2 && (!wanted || room)) begin
                if (ch != channels) ch <= ch + 1;
                else begin
                    ch <= 0;
                    if (c != cols) c <= c + 1;
                    else begin
                        phase <= r == rows ? 0 : 1;
                        r     <= r + 1;
                        c     <= 0;
                    end
                end
                if (wanted) begin
                    due        <= 1;
                    due_x      <= value;
                    due_lanes  <= POOL ? 1 << (ch % LANES) : 0;
                    due_acc    <= word_due + col[13:0];
                    due_weight <= channel_due + col[25:14];
                    due_rows   <= row[31:26] - 1;
                    due_cols   <= col[31:26] - 1;
                end
            end
        end

    always @* if (past_valid) begin
        a_active: assert (active == (phase != 0));
        a_valid:  assert (valid == due);
        if (due) begin
            a_data:    assert (x == due_x && lanes == due_lanes && row_taps == due_rows && col_taps == due_cols);
            a_address: assert (acc == due_acc && weight == due_weight);
        end
        if (phase == 1) a_row: assert (coord_q == row_index);
        if (phase == 2) a_walk: assert (addr_q == index && coord_q == col_index);
        i_phase: assert (phase != 3 && state == phase);
        if (phase == 1) begin
            i_next: assert (r <= rows && rows_left == rows - r && row_addr == row_index + 4'd1);
            i_here: assert (scan_addr == row_at);
        end
        if (phase == 2) begin
            i_order:  assert (r <= rows && c <= cols && ch <= channels);
            i_left:   assert (rows_left == rows - r && cols_left == cols - c && channels_left == channels - ch);
            i_at:     assert (scan_addr == index && row_addr == row_index + 4'd1 && col_addr == col_index);
            i_row:    assert (row_acc == row[ACC_AW-1:0] && the_row_taps == row[31:26]);
            i_weight: assert (row_weight == row_weight_due && the_weight == channel_due);
            if (POOL) i_lane: assert (ring == 1 << (ch % LANES) && word == word_due);
        end
    end

    reg [2:0] taken;                       // for the covers
    always @(posedge clk) taken <= rst || i_start ? 0 : taken + i_take;
    always @(posedge clk)
        if (past_valid && !rst) begin
            c_rows:  cover (phase == 2 && r == 1 && c == 1 && ch == 1 && rows == 1 && taken == 3);
            c_waits: cover (phase == 2 && due && wanted && !i_take && $past(due && wanted && phase == 2));
            c_ends:  cover (phase == 0 && $past(phase) == 2 && !due && taken == 1 && rows == 0 && cols == 1);
            if (POOL) c_pool: cover (due && pool && due_lanes == 1 && $past(ch) == LANES);
        end
endmodule
`default_nettype wire
