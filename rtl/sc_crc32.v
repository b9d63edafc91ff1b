// SPDX-License-Identifier: Apache-2.0
// CRC-32 (IEEE 802.3, as zlib's), a bit a clock, the lowest bit of a byte first.
//
// Update     the register <- all ones on rst; with i_valid it takes i_bit, or, while i_out, moves up without one.
// Latency    1 clock.
// Format     while i_out, o_bit gives the CRC of the bits before, lowest bit first, one at every i_valid: what has to
//            follow a message is compared bit by bit, and no comparator is needed.
// Model      sc_neurocore.hardware.flash_image (zlib.crc32)
// Proof      formal/sc_crc32_fv.v
`default_nettype none
module sc_crc32 (
    input  wire clk,
    input  wire rst,
    input  wire i_valid,
    input  wire i_bit,
    input  wire i_out,
    output wire o_bit
);
    localparam [31:0] POLY = 32'hEDB88320;               // 04C11DB7, mirrored
    reg  [31:0] crc;
    wire        back = !i_out && crc[0] != i_bit;
    always @(posedge clk)
        if (rst)          crc <= 32'hFFFFFFFF;
        else if (i_valid) crc <= {1'b0, crc[31:1]} ^ ({32{back}} & POLY);
    assign o_bit = !crc[0];
endmodule
`default_nettype wire
