// SPDX-License-Identifier: Apache-2.0
// Sums of the convolution engine, for every sequence of visits, at every spacing, with rst at any clock (A6, A10, A19).
// One word and one lane of it, free but constant, stand for all; the lanes are copies of one another, of which each takes
// the sums of the next when they shift, so that 3 of them have a first, an inner and a last one as 64 have; any one of 64
// lanes of narrow sums without pooling is proven as well:
//   sum       once no visit of it is under way, the memory holds the sum of the naive products of its visits since the
//             last clearing one: (-1)^sign * F[X, W], counted clock by clock from its definition, or X * W with MAC = 1;
//             in pooling X, or the greatest X, of the visits of its lane's channel;
//   front     a clearing visit brings that sum, its own product included, to o_front, lane 0 first, the next lane with
//             each i_shift, until the next visit; the word is 0 after it;
//   loaded    o_loaded says so 2 clocks after a clearing visit, unless rst came, and at no other time.
// Assumed of the user: the word of a clearing visit is not visited in the very next clock; i_pool and i_max are held
// (they change only while every sum is 0). After rst a sum is unknown until a clearing visit. A word that is read while it
// is written answers anything, as in a block RAM. The memory's words are the wires `word0` to `word3`, the sums at the front
// `sums`, those being written `next`, which the script of the proof connects. With ONES, for a window of 256 clocks, so are the
// bits that each lane counts, `ones`: they are 1 exactly at the clocks of F[X, W]'s definition, and due is counted of them.
`default_nettype none
module sc_conv_sums_fv #(
    parameter LOG2L = 2,
    parameter LANES = 2,
    parameter ACC_AW = 1,                  // 1, or 2
    parameter SUM_W = 6,
    parameter POOL  = 0,
    parameter MAC   = 0,
    parameter ONES  = 0                    // 1: with MAC = 0 what is counted are the ones of the RTL's lanes
) (
    input wire                       clk,
    input wire                       rst,
    input wire                       i_valid,
    input wire                       i_clear,
    input wire [ACC_AW-1:0]          i_addr,
    input wire [LOG2L:0]             i_x,
    input wire [LANES-1:0]           i_lanes,
    input wire [LANES*(LOG2L+1)-1:0] i_weight,
    input wire                       i_shift
);
    localparam L = 1 << LOG2L, LANE_W = LANES < 4 ? 2 : $clog2(LANES + 1);
    (* anyconst *) wire [ACC_AW-1:0] word;
    (* anyconst *) wire              pool, max;
    (* anyconst *) wire [LANE_W-1:0] lane;
    always @* begin
        assume (lane < LANES);
        assume (!max || pool);
        assume (!pool || POOL);
        assume (i_x <= L);
    end

    wire             loaded;
    wire [SUM_W-1:0] front;
    sc_conv_sums #(.LOG2L(LOG2L), .LANES(LANES), .ACC_AW(ACC_AW), .SUM_W(SUM_W), .POOL(POOL), .MAC(MAC)) u_sums (
        .clk(clk), .rst(rst), .i_pool(pool), .i_max(max), .i_valid(i_valid), .i_clear(i_clear), .i_addr(i_addr),
        .i_x(i_x), .i_lanes(i_lanes), .i_weight(i_weight), .o_loaded(loaded), .i_shift(i_shift), .o_front(front)
    );
    (* keep *) wire [LANES*SUM_W-1:0] word0, word1, sums, next;
    wire [LANES*SUM_W-1:0]            stored;
    generate
        if (ACC_AW > 1) begin : g_four
            (* keep *) wire [LANES*SUM_W-1:0] word2, word3;
            assign stored = word[1] ? (word[0] ? word3 : word2) : word[0] ? word1 : word0;
        end else begin : g_two
            assign stored = word[0] ? word1 : word0;
        end
    endgenerate

    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;
    always @* if (!past_valid) assume (rst);

    // The visit whose weight is here.
    reg             valid1, clear1;
    reg [ACC_AW-1:0] addr1;
    reg [LOG2L:0]   x1;
    reg [LANES-1:0] lanes1;
    always @(posedge clk) begin
        valid1 <= i_valid && !rst;
        clear1 <= i_clear;
        addr1  <= i_addr;
        x1     <= i_x;
        lanes1 <= i_lanes;
    end
    always @* if (valid1 && clear1 && i_valid) assume (i_addr != addr1);

    // Its naive contribution, of every lane: X * W, or the number of clocks at which both streams are 1.
    wire [LOG2L:0]         weight = i_weight >> (lane * (LOG2L + 1));
    wire [LANES*SUM_W-1:0] products;
    wire [SUM_W-1:0]       product = products >> (lane * SUM_W);
    reg  [SUM_W-1:0]       total, due;
    wire [SUM_W-1:0]       value = MAC ? x1 << LOG2L : x1;
    wire [LANES-1:0]       ones_right;
    genvar n;
    generate
        for (n = 0; n < LANES; n = n + 1) begin : g_lane
            wire [LOG2L-1:0] magnitude = i_weight[n*(LOG2L+1) +: LOG2L];
            if (MAC) begin : g_mac
                assign products[n*SUM_W +: SUM_W] = x1 * magnitude;
                assign ones_right[n] = 1;
            end else begin : g_sc
                wire [L-1:0]    counted;
                reg [L-1:0]     both;
                reg [LOG2L-1:0] reversed;
                reg [LOG2L:0]   count;
                integer         t, k;
                always @* begin
                    count    = 0;
                    reversed = 0;
                    for (t = 0; t < L; t = t + 1) begin
                        for (k = 0; k < LOG2L; k = k + 1) reversed[k] = (t >> (LOG2L - 1 - k)) & 1;
                        both[t] = t < x1 && magnitude > reversed;
                        count   = count + counted[t];
                    end
                end
                assign products[n*SUM_W +: SUM_W] = count;
                if (ONES) begin : g_ones
                    (* keep *) wire [L-1:0] ones;
                    assign counted       = ones;
                    assign ones_right[n] = ones == both;
                end else begin : g_own
                    assign counted       = both;
                    assign ones_right[n] = 1;
                end
            end
        end
    endgenerate
    always @* begin
        if (!pool)            total = weight[LOG2L] ? due - product : due + product;
        else if (!lanes1[lane]) total = due;
        else if (max)         total = due > value ? due : value;
        else                  total = due + value;
    end

    // The word's sum with every visit up to the one that is being written; what the last clearing visit read.
    reg             known, pending, clears, fresh;
    reg [SUM_W-1:0] read, shown;
    reg [LANE_W-1:0] shifts;               // since the sums came, up to the greatest number that it holds
    reg             valid2, clear2;
    reg [2:0]       visits;                // since the last clearing one, for the covers
    wire            mine = valid1 && addr1 == word;
    always @(posedge clk) begin
        valid2  <= valid1 && !rst;
        clear2  <= clear1;
        pending <= mine && !rst;
        clears  <= clear1;
        if (rst) known <= 0;
        else if (mine) begin
            known  <= known || clear1;
            read   <= total;
            due    <= clear1 ? 0 : total;
            visits <= clear1 ? 0 : visits + (visits != 7);
        end
        if (rst || valid2) begin
            fresh  <= !rst && pending && clears && was_known;
            shown  <= read;
            shifts <= 0;
        end else if (i_shift) shifts <= shifts + !(&shifts);
    end
    reg was_known;                         // before the visit that is being written
    always @(posedge clk) was_known <= known && !rst;

    always @* if (past_valid) begin
        a_ones:   assert (&ones_right);
        a_loaded: assert (loaded == (valid2 && clear2));
        if (known && !pending)         a_sum:   assert (stored[lane*SUM_W +: SUM_W] == due);
        if (fresh && shifts == lane)   a_front: assert (front == shown);
        if (pending && was_known)      i_next:  assert (next[lane*SUM_W +: SUM_W] == read);
        if (fresh && shifts <= lane)   i_front: assert (sums[(lane-shifts)*SUM_W +: SUM_W] == shown);
        if (known && max)              i_max:   assert (due <= (MAC ? L << LOG2L : L));
    end

    always @(posedge clk)
        if (past_valid && !rst) begin
            c_forwarded: cover (known && !pool && visits == 3 && pending && $past(pending) && due == 3);
            c_front:     cover (fresh && shifts == lane && lane == LANES - 1 && !pool && shown == 5);
            if (POOL) begin
                c_mean: cover (fresh && shifts == lane && pool && !max && shown == (MAC ? 3 << LOG2L : 3));
                c_max:  cover (known && max && visits == 3 && due == (MAC ? 2 << LOG2L : 2));
            end
        end
endmodule
`default_nettype wire
