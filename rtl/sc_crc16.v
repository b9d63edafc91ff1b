// SPDX-License-Identifier: Apache-2.0
// CRC-16/CCITT-FALSE: polynomial x^16 + x^12 + x^5 + 1, from 0xFFFF, highest bit first, a byte a clock.
//
// Update     o_crc <- 0xFFFF on rst or i_init; the CRC with i_data appended while i_valid; else unchanged.
// Latency    1 clock.
// Format     a message followed by its own CRC, high byte first, gives 0. Where i_data is o_crc's own high byte, o_crc
//            moves up by one byte: so a sender needs no multiplexer for the second CRC byte.
// Model      sc_neurocore.hardware.host.crc16
// Proof      formal/sc_crc16_fv.v
`default_nettype none
module sc_crc16 (
    input  wire        clk,
    input  wire        rst,
    input  wire        i_init,
    input  wire        i_valid,
    input  wire [7:0]  i_data,
    output reg  [15:0] o_crc
);
    // Eight steps of the serial register at once: every bit that leaves, x, returns through the three taps.
    wire [7:0] s = o_crc[15:8] ^ i_data;
    wire [7:0] x = {s[7:4], s[3:0] ^ s[7:4]};
    always @(posedge clk)
        if (rst || i_init) o_crc <= 16'hFFFF;
        else if (i_valid)  o_crc <= {o_crc[7:0], 8'h00} ^ {x[3:0], 12'h000} ^ {3'b000, x, 5'b00000} ^ {8'h00, x};
endmodule
`default_nettype wire
