// SPDX-License-Identifier: Apache-2.0
// Takes an image of a network, bit by bit, writes layer table and weights as they come, and accepts or refuses it.
//
// Image      docs/flash.md: HEAD; the table's last address, the table; the weights' last address, the weights; CRC-32.
// Update     o_load is 1 from rst on. The first wrong bit of HEAD or CRC, or an address beyond its memory, ends it: then
//            the table's words 0 to 3 (tag and inputs) are written with 0, o_load falls, o_boot is 3 and the core is not
//            configured. With the CRC's last bit right, o_load falls and o_boot is 2. Then nothing but rst changes it.
// Writes     o_wdata's low bits go to o_addr of the memory whose write enable is 1; weights of WORD_W bits, table 16.
// Latency    a word is written a clock after its last bit; after a wrong bit 5 clocks to the end of o_load
// Use        i_index counts the bits of each byte, 0 the lowest. After a byte's last bit one clock goes by without i_valid.
// Model      sc_neurocore.hardware.flash_image
// Proof      formal/sc_flash_image_fv.v
`default_nettype none
module sc_flash_image #(
    parameter HEAD_BYTES = 16,             // 1 .. 20
    parameter [159:0] HEAD = 0,            // what the image must begin with, the first byte lowest
    parameter WORD_W     = 15,             // 3 .. 576
    parameter WEIGHT_AW  = 14,             // 1 .. 24
    parameter TABLE_AW   = 5,              // 3 .. 12
    parameter ADDR_W     = WEIGHT_AW > TABLE_AW ? WEIGHT_AW : TABLE_AW,      // derived; do not override
    parameter DATA_W     = WORD_W > 16 ? WORD_W : 16                         // derived; do not override
) (
    input  wire              clk,
    input  wire              rst,
    input  wire              i_valid,
    input  wire              i_bit,
    input  wire [2:0]        i_index,
    output wire              o_load,
    output wire [1:0]        o_boot,       // 0 while o_load, 2 loaded, 3 refused
    output wire              o_table_we,
    output wire              o_weight_we,
    output reg  [ADDR_W-1:0] o_addr,
    output wire [DATA_W-1:0] o_wdata
);
    generate
        if (HEAD_BYTES < 1 || HEAD_BYTES > 20) begin : g_illegal_head
            ERROR_HEAD_BYTES_must_be_in_1_to_20 u_illegal ();
        end
        if (WORD_W < 3 || WORD_W > 576) begin : g_illegal_word
            ERROR_WORD_W_must_be_in_3_to_576 u_illegal ();
        end
        if (WEIGHT_AW < 1 || WEIGHT_AW > 24) begin : g_illegal_weight_aw
            ERROR_WEIGHT_AW_must_be_in_1_to_24 u_illegal ();
        end
        if (TABLE_AW < 3 || TABLE_AW > 12) begin : g_illegal_table_aw
            ERROR_TABLE_AW_must_be_in_3_to_12 u_illegal ();
        end
    endgenerate

    localparam NB      = (WORD_W + 7) / 8;               // bytes of a weight word
    localparam WORD_B  = NB > 2 ? NB : 2;
    localparam LONGEST = HEAD_BYTES > 16 ? HEAD_BYTES : 16;
    localparam INDEX_W = $clog2(NB > LONGEST ? NB : LONGEST);
    localparam [2:0] HEADER = 0, TABLE_LAST = 1, TABLE = 2, WEIGHT_LAST = 3, WEIGHTS = 4, CHECK = 5, CLEAR = 6, DONE = 7;

    reg [2:0]          phase;
    reg                refused;
    reg [INDEX_W-1:0]  index;              // byte of header, address, word or CRC
    reg                ended;              // its last bit came in the clock before
    reg [ADDR_W-1:0]   left;               // words after this one
    reg [8*WORD_B-1:0] word;

    wire        words   = phase == TABLE || phase == WEIGHTS;
    wire        numbers = phase == TABLE_LAST || phase == WEIGHT_LAST;
    wire        clear   = phase == CLEAR;
    wire [31:0] index_x = {{(32-INDEX_W){1'b0}}, index};
    wire [4:0]  place   = {index[1:0], i_index};         // of a bit in a number
    wire        end_of_byte = i_valid && (&i_index);
    wire        end_of_item = index_x == (phase == HEADER ? HEAD_BYTES - 1 : phase == TABLE ? 1
                                        : phase == WEIGHTS ? NB - 1 : 3);
    wire        none_left, crc_bit;

    // Only as many bits of the index as the header needs, so that a short one costs no more.
    wire [4:0] head_at  = HEAD_BYTES > 16 ? index_x[4:0] : {1'b0, index_x[3:0]};
    wire       head_bit = HEAD[{head_at, i_index}];
    reg wrong;
    always @*
        case (phase)
            HEADER:      wrong = i_bit != head_bit;
            TABLE_LAST:  wrong = i_bit && {27'd0, place} >= TABLE_AW;
            WEIGHT_LAST: wrong = i_bit && {27'd0, place} >= WEIGHT_AW;
            CHECK:       wrong = i_bit != crc_bit;
            default:     wrong = 1'b0;
        endcase
    wire refuse = i_valid && wrong;

    always @(posedge clk)
        if (rst) begin
            phase   <= HEADER;
            refused <= 1'b0;
        end else if (refuse) begin
            phase   <= CLEAR;
            refused <= 1'b1;
        end else if (clear) begin
            if (&o_addr[1:0]) phase <= DONE;
        end else if (ended && (!words || none_left))
            phase <= phase == CHECK ? DONE : phase + 1'b1;

    always @(posedge clk) begin
        ended <= !rst && !refuse && end_of_byte && end_of_item && phase < CLEAR;
        if (rst)              index <= 0;
        else if (end_of_byte) index <= end_of_item ? {INDEX_W{1'b0}} : index + 1'b1;
    end

    // The load signal takes part in the sum so that both fit one logic cell a bit.
    wire [ADDR_W:0] fewer = {1'b0, left} + {(ADDR_W+1){words}};
    assign none_left = fewer[ADDR_W];
    always @(posedge clk)
        if (words ? ended : numbers && i_valid && {27'd0, place} < ADDR_W)
            left <= words ? fewer[ADDR_W-1:0] : {i_bit, left[ADDR_W-1:1]};

    always @(posedge clk)
        if (rst || refuse || numbers)       o_addr <= 0;
        else if (clear || (words && ended)) o_addr <= o_addr + 1'b1;

    always @(posedge clk)
        if (rst || refuse || clear) word <= 0;
        else if (i_valid)           word <= {i_bit, word[8*WORD_B-1:1]};

    assign o_table_we  = clear || (ended && phase == TABLE);
    assign o_weight_we = ended && phase == WEIGHTS;
    generate
        if (NB < 2) begin : g_narrow       // a weight is in the top byte, a word of the table in all 16 bits
            assign o_wdata = phase == WEIGHTS ? {8'd0, word[15:8]} : word;
        end else if (NB > 2) begin : g_wide
            wire [DATA_W-1:0] top = {{(DATA_W-16){1'b0}}, word[8*WORD_B-1 -: 16]};
            assign o_wdata = phase == WEIGHTS ? word[DATA_W-1:0] : top;
        end else begin : g_two
            assign o_wdata = word;
        end
    endgenerate
    assign o_load = phase != DONE;
    assign o_boot = {!o_load, !o_load && refused};

    sc_crc32 u_crc (
        .clk(clk), .rst(rst), .i_valid(i_valid), .i_bit(i_bit), .i_out(phase == CHECK), .o_bit(crc_bit)
    );
endmodule
`default_nettype wire
