// SPDX-License-Identifier: Apache-2.0
// Loading an image, for every sequence of bits, pauses between them, and rst at any clock. A reference reads the same bits
// by the format's text: whole numbers, the words' bits by position, the CRC by division.
//   verdict   o_boot is 2 only after an image of which HEAD, both last addresses and the CRC were right, and 3 only after
//             a bit that made it wrong; o_load falls with one of them, and only rst raises it and changes o_boot;
//   write     each word is written once, at its address, with its value, one clock after its last bit; nothing else is
//             but zeros on a refusal; nothing while o_load is 0; addresses are within the memories;
//   clear     when o_load falls on a refusal, the last that was written to words 0 to 3 of the table was 0;
//   progress  every bit, and every clock of what follows a word's last bit or a wrong bit, brings the module's registers on
//             in the order phase, address, byte, bit, which has an end.
// Assumed: i_index counts the bits of a byte; after a byte's last bit one clock goes by without i_valid.
// The registers that the invariants speak of are the wires at `Registers`, which the script of the proof connects.
`default_nettype none
module sc_flash_image_fv #(
    parameter HEAD_BYTES = 1,
    parameter WORD_W     = 3,
    parameter WEIGHT_AW  = 2,
    parameter TABLE_AW   = 3
) (
    input wire clk,
    input wire rst,
    input wire i_valid,
    input wire i_bit
);
    localparam ADDR_W = WEIGHT_AW > TABLE_AW ? WEIGHT_AW : TABLE_AW;
    localparam DATA_W = WORD_W > 16 ? WORD_W : 16;
    localparam NB     = (WORD_W + 7) / 8;
    localparam WORD_B = NB > 2 ? NB : 2;
    localparam LONGEST = HEAD_BYTES > 16 ? HEAD_BYTES : 16;
    localparam INDEX_W = $clog2(NB > LONGEST ? NB : LONGEST);
    localparam [159:0] HEAD = 160'hC3965A1E_0123456789ABCDEF_FEDCBA9876543253;

    reg  [2:0] n;                          // bits of the byte so far
    wire              load, table_we, weight_we;
    wire [1:0]        boot;
    wire [ADDR_W-1:0] addr;
    wire [DATA_W-1:0] wdata;
    sc_flash_image #(
        .HEAD_BYTES(HEAD_BYTES), .HEAD(HEAD), .WORD_W(WORD_W), .WEIGHT_AW(WEIGHT_AW), .TABLE_AW(TABLE_AW)
    ) u_image (
        .clk(clk), .rst(rst), .i_valid(i_valid), .i_bit(i_bit), .i_index(n), .o_load(load), .o_boot(boot),
        .o_table_we(table_we), .o_weight_we(weight_we), .o_addr(addr), .o_wdata(wdata)
    );

    // Registers of u_image.
    (* keep *) wire [2:0]          phase;
    (* keep *) wire                refused, ended;
    (* keep *) wire [INDEX_W-1:0]  index;
    (* keep *) wire [ADDR_W-1:0]   left;
    (* keep *) wire [8*WORD_B-1:0] word;
    (* keep *) wire [31:0]         crc;

    reg past_valid = 0, past_rst = 1, pause = 0, past_load = 1;
    reg [1:0] past_boot = 0;
    always @(posedge clk) begin
        {past_valid, past_rst, past_load, past_boot} <= {1'b1, rst, load, boot};
        pause <= !rst && i_valid && n == 7;
        n     <= rst ? 0 : n + i_valid;
    end
    always @* begin
        if (!past_valid) assume (rst);
        if (pause)       assume (!i_valid);
`ifdef NARROW
        if (past_valid)  assume (!rst);
        if (!pause)      assume (i_valid);
`endif
    end

    // The reference.
    localparam [2:0] HEADER = 0, TABLE_LAST = 1, TABLE = 2, WEIGHT_LAST = 3, WEIGHTS = 4, CHECK = 5;
    reg [2:0]          part;
    reg [9:0]          at;                 // bits of the item so far
    reg [31:0]         number;
    reg [8*WORD_B-1:0] item;
    reg [ADDR_W:0]     done;               // words of this memory
    reg [31:0]         rest;
    reg [1:0]          verdict;            // as o_boot, but at once
    reg [2:0]          since;              // clocks since a refusal, at most 4
    integer k;
    reg [31:0] whole;
    always @* for (k = 0; k < 32; k = k + 1) whole[k] = !rest[31-k];
    wire        words = part == TABLE || part == WEIGHTS;
    wire        takes_number = part == TABLE_LAST || part == WEIGHT_LAST;
    wire [9:0]  size  = part == HEADER ? 8 * HEAD_BYTES : part == TABLE ? 16 : part == WEIGHTS ? 8 * NB : 32;
    wire        full  = at == size;        // the clock after an item's last bit
    wire [31:0] grown = number | ({31'd0, i_bit} << at);
    wire        bad   = part == HEADER ? i_bit != HEAD[at[7:0]]
                      : part == TABLE_LAST ? (grown >> TABLE_AW) != 0 : part == WEIGHT_LAST ? (grown >> WEIGHT_AW) != 0
                      : part == CHECK ? i_bit != whole[at[4:0]] : 1'b0;
    wire [31:0] turned = {rest[30:0], 1'b0} ^ (rest[31] != i_bit ? 32'h04C11DB7 : 32'd0);
    wire        take  = i_valid && verdict == 0;
    always @(posedge clk)
        if (rst) begin
            part    <= HEADER;
            at      <= 0;
            number  <= 0;
            item    <= 0;
            done    <= 0;
            rest    <= 32'hFFFFFFFF;
            verdict <= 0;
            since   <= 0;
        end else if (verdict == 3)
            since <= since == 4 ? 4 : since + 1;
        else if (verdict == 0) begin
            if (take) begin
                at   <= at + 1;
                item <= item | ({{(8*WORD_B-1){1'b0}}, i_bit} << at);
                if (takes_number)  number <= grown;
                if (part != CHECK) rest   <= turned;
                if (bad) verdict <= 3;
            end else if (full) begin
                at   <= 0;
                item <= 0;
                if (words && done != number) done <= done + 1;
                else begin
                    done <= 0;
                    if (!takes_number) number <= 0;
                    if (part == CHECK) verdict <= 2;
                    else               part    <= part + 1;
                end
            end
        end

`ifdef FIXED
    // One image up to its CRC, a word of table and two of weights; of the CRC only the first bit may be wrong.
    always @* if (past_valid && part != CHECK)
        assume (i_bit == (part == HEADER ? HEAD[at[7:0]] : part == WEIGHT_LAST ? at == 0 : part == WEIGHTS && done[0]));
    always @* if (past_valid && part == CHECK && at != 0 && verdict == 0) assume (i_bit == whole[at[4:0]]);
`endif

    // What was written last to each of the table's first words.
    reg [3:0] zero;
    always @(posedge clk)
        if (table_we && addr < 4) zero[addr[1:0]] <= wdata[15:0] == 0;

    always @* if (past_valid && !past_rst) begin
        a_verdict: assert (boot == (load ? 0 : verdict) && boot != 1 && (load || verdict != 0));
        a_refused: assert (verdict != 3 || load == (since < 4));
        a_loaded:  assert (verdict != 2 || !load);
        a_stays:   assert (past_load || (!load && boot == past_boot));
        if (table_we && verdict == 0)
            a_table: assert (full && part == TABLE && addr == done && wdata[15:0] == item[15:0]);
        if (weight_we) a_weight: assert (verdict == 0 && full && part == WEIGHTS && addr == done && wdata[WORD_W-1:0] == item[WORD_W-1:0]);
        if (full && verdict == 0) a_every: assert (table_we == (part == TABLE) && weight_we == (part == WEIGHTS));
        if (table_we || weight_we) a_load: assert (load && !(table_we && weight_we));
        a_within:  assert ((!table_we || (addr >> TABLE_AW) == 0) && (!weight_we || (addr >> WEIGHT_AW) == 0));
        if (table_we && verdict != 0) a_zero: assert (verdict == 3 && addr < 4 && wdata[15:0] == 0);
        if (boot == 3) a_clear: assert (zero == 4'b1111);
    end

    // Progress, as one number. The address counts only while words are written or cleared.
    localparam [2:0] CLEAR = 6, DONE = 7;
    wire           counts = phase == TABLE || phase == WEIGHTS || phase == CLEAR;
    localparam M_W = ADDR_W + INDEX_W + 7;
    wire [M_W-1:0] measure = {phase, counts ? addr : {ADDR_W{1'b0}}, ended, index, n};
    reg  [M_W-1:0] past_measure = 0;
    reg                moved = 0;
    always @(posedge clk) begin
        past_measure <= measure;
        moved        <= !rst && phase != DONE && (i_valid || ended || phase == CLEAR);
    end
    always @* if (past_valid && moved) a_progress: assert (measure > past_measure);

    wire [5:0]  seen = at > ADDR_W ? ADDR_W : at;
    always @* if (past_valid) begin
        i_n:     assert (verdict != 0 || n == at[2:0]);
        i_at:    assert (at <= size && part <= CHECK && done <= number && (words || done == 0));
        i_phase: assert (verdict == 0 ? phase == part : verdict == 2 || since == 4 ? phase == 7 : phase == 6 && addr == since);
        i_flags: assert (since <= 4 && verdict != 1 && refused == (verdict == 3) && (verdict == 3 || since == 0));
        if (verdict == 0) begin
            i_ended: assert (ended == full);
            i_index: assert (full ? index == 0 : index == at[9:3]);
            i_addr:  assert (words ? addr == done : part == HEADER || takes_number || addr == 0 || part == CHECK);
            i_number: assert ((number >> (part == TABLE_LAST || part == TABLE ? TABLE_AW : WEIGHT_AW)) == 0
                              && (words || takes_number || number == 0));
            if (takes_number) i_left: assert ((left >> (ADDR_W - seen)) == number[ADDR_W-1:0]);
            if (words)        i_fewer: assert (left == number - done);
            i_item:  assert ((at >= 8 * WORD_B || (item >> at) == 0)
                             && (!words || (at == 0) || (word >> (8 * WORD_B - at)) == item));
            i_crc:   assert (part == CHECK ? crc == (~whole >> at) : crc == ~whole);
        end else begin
            i_over: assert (!ended || phase == 6);
            if (verdict == 3 && since < 4) i_word: assert (word == 0);
        end
        if (verdict == 3) i_zero: assert (since == 0 || (zero | (4'b1111 << since)) == 4'b1111);
        if (past_rst) i_rst: assert (verdict == 0 && part == HEADER && at == 0 && !pause && n == 0 && load);
        i_past:  assert (past_rst || past_load || (!load && boot == past_boot));
        i_load:  assert (load == (phase != 7));
    end

    always @(posedge clk)
        if (past_valid && !rst) begin
            c_loaded:  cover (boot == 2);
            c_words:   cover (part == WEIGHTS && done == 1 && weight_we);
            c_refused: cover (boot == 3);
            c_crc:     cover (boot == 3 && part == CHECK);
        end
endmodule
`default_nettype wire
