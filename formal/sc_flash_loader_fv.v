// SPDX-License-Identifier: Apache-2.0
// The loader put together, for any reader of a flash and any reader of an image (their outputs are free, see the end):
//   flash     the SPI's ports are the reader's, which reads from FLASH_ADDR and is held in reset by rst and once loading
//             has ended; its bits go on to the image's reader;
//   head      what the image must begin with is what docs/flash.md lists: magic, format and the core's parameters;
//   words     table and weights get the image's words and addresses, cut to their widths.
// Nothing is assumed.
`default_nettype none
module sc_flash_loader_fv #(
    parameter LOG2_WAKE    = 7,
    parameter ENGINE       = 0,
    parameter LOG2L        = 3,
    parameter LANES        = 5,
    parameter FRAC         = 9,
    parameter LOG2_ENTRIES = 7,
    parameter WEIGHT_AW    = 11,
    parameter TABLE_AW     = 6,
    parameter MAC          = 0,
    parameter ACC_AW       = 4,
    parameter POOL         = 1,
    parameter SUM_W        = LOG2_ENTRIES + LOG2L + 1 + (MAC != 0 ? LOG2L : 0),
    parameter STEPS        = 24'h2A5473,
    parameter WORD_W       = LANES * (LOG2L + 1)
) (
    input wire clk,
    input wire rst,
    input wire i_spi_miso
);
    localparam ADDR_W = WEIGHT_AW > TABLE_AW ? WEIGHT_AW : TABLE_AW;
    localparam DATA_W = WORD_W > 16 ? WORD_W : 16;

    wire                 cs_n, sck, mosi, load, table_we, weight_we;
    wire [1:0]           boot;
    wire [TABLE_AW-1:0]  table_addr;
    wire [15:0]          table_wdata;
    wire [WEIGHT_AW-1:0] weight_addr;
    wire [WORD_W-1:0]    weight_wdata;
    sc_flash_loader #(
        .FLASH_ADDR(24'hA51234), .LOG2_WAKE(LOG2_WAKE), .ENGINE(ENGINE), .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC),
        .LOG2_ENTRIES(LOG2_ENTRIES), .WEIGHT_AW(WEIGHT_AW), .TABLE_AW(TABLE_AW), .MAC(MAC), .ACC_AW(ACC_AW), .POOL(POOL),
        .SUM_W(SUM_W), .STEPS(STEPS)
    ) u_loader (
        .clk(clk), .rst(rst), .o_spi_cs_n(cs_n), .o_spi_sck(sck), .o_spi_mosi(mosi), .i_spi_miso(i_spi_miso),
        .o_load(load), .o_boot(boot), .o_table_we(table_we), .o_table_addr(table_addr), .o_table_wdata(table_wdata),
        .o_weight_we(weight_we), .o_weight_addr(weight_addr), .o_weight_wdata(weight_wdata)
    );

    // What the parts are given, what they give.
    (* keep *) wire [511:0] spi_seen, spi_given, spi_values, image_seen, image_given, image_values;
    wire              spi_cs_n, spi_sck, spi_mosi, valid, bit_, image_load, image_table_we, image_weight_we;
    wire [2:0]        index;
    wire [1:0]        image_boot;
    wire [ADDR_W-1:0] addr;
    wire [DATA_W-1:0] wdata;
    assign {spi_cs_n, spi_sck, spi_mosi, valid, bit_, index} = spi_given;
    assign {image_load, image_boot, image_table_we, image_weight_we, addr, wdata} = image_given;

    // The image's first 16 bytes, with ENGINE 2 the first 19, the first one lowest.
    wire [7:0]   acc_aw = ENGINE != 0 ? ACC_AW : 0, pool = ENGINE == 1 ? POOL : 0;
    wire [7:0]   engine = ENGINE, log2l = LOG2L, lanes = LANES, frac = FRAC, entries = LOG2_ENTRIES, weight_aw = WEIGHT_AW;
    wire [7:0]   table_aw = TABLE_AW, mac = MAC, sum_w = SUM_W;
    wire [23:0]  steps = STEPS;
    wire [159:0] head = {8'd0, steps, sum_w, pool, acc_aw, mac, table_aw, weight_aw, entries, frac, lanes, log2l, engine, 8'd1, "I", "N", "C", "S"};

    wire spi_rst = rst || !load;
    always @* begin
        a_spi:    assert (spi_seen == {spi_rst, i_spi_miso} && spi_values == {24'hA51234, LOG2_WAKE});
        a_image:  assert (image_seen == {rst, valid, bit_, index});
        a_head:   assert (image_values == {ENGINE == 2 ? 32'd19 : 32'd16, head, WORD_W, WEIGHT_AW, TABLE_AW});
        a_line:   assert ({cs_n, sck, mosi} == {spi_cs_n, spi_sck, spi_mosi});
        a_state:  assert ({load, boot, table_we, weight_we} == {image_load, image_boot, image_table_we, image_weight_we});
        a_table:  assert (table_addr == addr[TABLE_AW-1:0] && table_wdata == wdata[15:0]);
        a_weight: assert (weight_addr == addr[WEIGHT_AW-1:0] && weight_wdata == wdata[WORD_W-1:0]);
    end
    always @(posedge clk) begin
        c_table:  cover (table_we && table_addr == 3 && load);
        c_weight: cover (weight_we && weight_wdata != 0 && load);
    end
endmodule

// ---- Any parts: their outputs are free; `seen` is what they are given, `values` their parameters.
module sc_spi_read #(
    parameter [23:0] ADDR = 24'h020000,
    parameter LOG2_WAKE = 10
) (
    input  wire clk,
    input  wire rst,
    output wire o_spi_cs_n,
    output wire o_spi_sck,
    output wire o_spi_mosi,
    input  wire i_spi_miso,
    output wire o_valid,
    output wire o_bit,
    output wire [2:0] o_index
);
    (* keep *) wire [511:0] seen = {rst, i_spi_miso};
    (* anyseq *) wire [511:0] given;
    assign {o_spi_cs_n, o_spi_sck, o_spi_mosi, o_valid, o_bit, o_index} = given;
    (* keep *) wire [511:0] values = {ADDR, LOG2_WAKE};
endmodule

module sc_flash_image #(
    parameter HEAD_BYTES = 16,
    parameter [159:0] HEAD = 0,
    parameter WORD_W = 15,
    parameter WEIGHT_AW = 14,
    parameter TABLE_AW = 5,
    parameter ADDR_W = WEIGHT_AW > TABLE_AW ? WEIGHT_AW : TABLE_AW,
    parameter DATA_W = WORD_W > 16 ? WORD_W : 16
) (
    input  wire clk,
    input  wire rst,
    input  wire i_valid,
    input  wire i_bit,
    input  wire [2:0] i_index,
    output wire o_load,
    output wire [1:0] o_boot,
    output wire o_table_we,
    output wire o_weight_we,
    output wire [ADDR_W-1:0] o_addr,
    output wire [DATA_W-1:0] o_wdata
);
    (* keep *) wire [511:0] seen = {rst, i_valid, i_bit, i_index};
    (* anyseq *) wire [511:0] given;
    assign {o_load, o_boot, o_table_we, o_weight_we, o_addr, o_wdata} = given;
    (* keep *) wire [511:0] values = {HEAD_BYTES, HEAD, WORD_W, WEIGHT_AW, TABLE_AW};
endmodule
`default_nettype wire
