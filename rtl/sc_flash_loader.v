// SPDX-License-Identifier: Apache-2.0
// Loads a network from SPI flash into weight memory and layer table after reset, so that a board needs no host.
//
// Image      docs/flash.md: checked by its CRC-32 and against the core's parameters; it lies at FLASH_ADDR, behind the
//            bitstream: that of an iCE40 UP5K has 104,090 bytes.
// Use        host and engine are held in reset while o_load (sc_system's i_load); o_boot is sc_system's i_boot: 2 loaded,
//            3 refused, then the table says not configured, and the host may load. rst at any clock loads anew.
// Latency    2^(LOG2_WAKE+1) + 80 clocks and 24 a byte of the image: 25 ms for 32 kB at 30 MHz
// Model      sc_neurocore.hardware.flash_image
// Proof      formal/sc_flash_loader_fv.v, that it joins its parts; tb/test_flash_loader.py: a flash, damage
`default_nettype none
module sc_flash_loader #(
    parameter [23:0] FLASH_ADDR = 24'h020000,
    parameter LOG2_WAKE    = 10,           // as in sc_spi_read, which checks them
    parameter ENGINE       = 0,            // ENGINE to SUM_W: as in sc_core, which validates them
    parameter LOG2L        = 4,
    parameter LANES        = 3,
    parameter FRAC         = 4,
    parameter LOG2_ENTRIES = 8,
    parameter WEIGHT_AW    = 14,
    parameter TABLE_AW     = 5,
    parameter MAC          = 0,
    parameter ACC_AW       = 8,
    parameter POOL         = 0,
    parameter SUM_W        = LOG2_ENTRIES + LOG2L + 1 + (MAC != 0 ? LOG2L : 0),
    parameter STEPS        = 0
) (
    input  wire                       clk,
    input  wire                       rst,
    output wire                       o_spi_cs_n,
    output wire                       o_spi_sck,
    output wire                       o_spi_mosi,
    input  wire                       i_spi_miso,
    output wire                       o_load,
    output wire [1:0]                 o_boot,          // 0 while o_load, 2 loaded, 3 refused
    output wire                       o_table_we,
    output wire [TABLE_AW-1:0]        o_table_addr,
    output wire [15:0]                o_table_wdata,
    output wire                       o_weight_we,
    output wire [WEIGHT_AW-1:0]       o_weight_addr,
    output wire [LANES*(LOG2L+1)-1:0] o_weight_wdata
);
    localparam WORD_W = LANES * (LOG2L + 1);
    localparam ADDR_W = WEIGHT_AW > TABLE_AW ? WEIGHT_AW : TABLE_AW;
    localparam DATA_W = WORD_W > 16 ? WORD_W : 16;
    localparam [31:0] MAGIC  = 32'h494E4353;            // "SCNI"
    localparam [7:0]  FORMAT = 8'd1;
    localparam [7:0]  SUMS   = ENGINE != 0 ? ACC_AW[7:0] : 8'd0;
    localparam [7:0]  POOLS  = ENGINE == 1 ? POOL[7:0] : 8'd0;
    localparam HEAD_BYTES = ENGINE == 2 ? 19 : 16;
    localparam [159:0] HEAD = {
        8'd0, STEPS[23:0], SUM_W[7:0], POOLS, SUMS, MAC[7:0], TABLE_AW[7:0], WEIGHT_AW[7:0], LOG2_ENTRIES[7:0],
        FRAC[7:0], LANES[7:0], LOG2L[7:0], ENGINE[7:0], FORMAT, MAGIC
    };

    wire              valid, data;
    wire [2:0]        index;
    wire [ADDR_W-1:0] addr;
    wire [DATA_W-1:0] wdata;
    sc_spi_read #(.ADDR(FLASH_ADDR), .LOG2_WAKE(LOG2_WAKE)) u_spi (
        .clk(clk), .rst(rst || !o_load), .o_spi_cs_n(o_spi_cs_n), .o_spi_sck(o_spi_sck), .o_spi_mosi(o_spi_mosi),
        .i_spi_miso(i_spi_miso), .o_valid(valid), .o_bit(data), .o_index(index)
    );
    sc_flash_image #(
        .HEAD_BYTES(HEAD_BYTES), .HEAD(HEAD), .WORD_W(WORD_W), .WEIGHT_AW(WEIGHT_AW), .TABLE_AW(TABLE_AW)
    ) u_image (
        .clk(clk), .rst(rst), .i_valid(valid), .i_bit(data), .i_index(index), .o_load(o_load), .o_boot(o_boot),
        .o_table_we(o_table_we), .o_weight_we(o_weight_we), .o_addr(addr), .o_wdata(wdata)
    );
    assign o_table_addr   = addr[TABLE_AW-1:0];
    assign o_table_wdata  = wdata[15:0];
    assign o_weight_addr  = addr[WEIGHT_AW-1:0];
    assign o_weight_wdata = wdata[WORD_W-1:0];
    wire unused = &{1'b0, addr, wdata};
endmodule
`default_nettype wire
