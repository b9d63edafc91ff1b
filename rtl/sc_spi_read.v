// SPDX-License-Identifier: Apache-2.0
// Reads an SPI NOR flash from ADDR on, without end: wakes it, sends the read command, hands the bytes out bit by bit.
//
// Update     2^LOG2_WAKE clocks with o_spi_cs_n high; the command AB (release from power-down); as many clocks high
//            again, for the flash to wake; 03 and ADDR; then bytes. rst at any clock begins anew: the first wait also
//            keeps the flash deselected for as long as it asks between two commands.
// SPI        mode 0, two clocks a bit. i_spi_miso is taken at the clock at which o_spi_sck falls: the flash, which
//            changes it after the fall before, has two clocks for its answer.
// Output     between two bytes the line rests for 8 clocks, in which the byte goes out over o_bit, lowest bit first, with
//            o_valid and its number o_index. At least 16 clocks without o_valid follow. There is no back pressure.
// Latency    2^(LOG2_WAKE+1) + 80 clocks from rst to the first byte's first read bit; 24 clocks a byte
// Model      sc_neurocore.hardware.flash_image
// Proof      formal/sc_spi_read_fv.v
`default_nettype none
module sc_spi_read #(
    parameter [23:0] ADDR = 24'h020000,
    parameter LOG2_WAKE = 10               // 2 .. 20: 2^10 clocks are 34 us at 30 MHz; flashes ask for 3 to 30 us
) (
    input  wire       clk,
    input  wire       rst,
    output reg        o_spi_cs_n,
    output reg        o_spi_sck,
    output wire       o_spi_mosi,
    input  wire       i_spi_miso,
    output wire       o_valid,
    output wire       o_bit,
    output wire [2:0] o_index
);
    generate
        if (LOG2_WAKE < 2 || LOG2_WAKE > 20) begin : g_illegal_wake
            ERROR_LOG2_WAKE_must_be_in_2_to_20 u_illegal ();
        end
    endgenerate

    localparam [63:0] COMMANDS = {8'h03, ADDR, 24'd0, 8'hAB};    // second and first; sent from the top down

    reg [LOG2_WAKE-1:0] pause;
    reg                 second;            // the second command, or its bytes
    reg                 reading;
    reg                 out;               // a byte goes out
    reg [4:0]           bits;              // position in a command, 0 its first bit of 32; in a byte
    reg [7:0]           data;

    wire beat = o_spi_sck || out;
    wire last = beat && (&bits[2:0]) && (reading || (&bits[4:3]));

    always @(posedge clk)
        if (rst || !o_spi_cs_n) pause <= {LOG2_WAKE{1'b0}};
        else                    pause <= pause + 1'b1;

    always @(posedge clk)
        if (rst) begin
            o_spi_cs_n <= 1'b1;
            o_spi_sck  <= 1'b0;
            second     <= 1'b0;
            reading    <= 1'b0;
            out        <= 1'b0;
            bits       <= 5'd24;                         // the first command has 8 bits only
        end else begin
            if (o_spi_cs_n && (&pause))             o_spi_cs_n <= 1'b0;
            else if (last && !second)               o_spi_cs_n <= 1'b1;
            o_spi_sck <= !o_spi_cs_n && !o_spi_sck && !out;
            if (beat) bits <= bits + 1'b1;
            if (last) begin
                second  <= 1'b1;
                reading <= second;
                out     <= reading && !out;
            end
        end

    always @(posedge clk)
        if (o_spi_sck) data <= {data[6:0], i_spi_miso};
        else if (out)  data <= {1'b0, data[7:1]};

    assign o_spi_mosi = COMMANDS[{second, ~bits}];
    assign o_valid    = out;
    assign o_bit      = data[0];
    assign o_index    = bits[2:0];
endmodule
`default_nettype wire
