// SPDX-License-Identifier: Apache-2.0
// CRC-32 (IEEE), for every sequence of bits, pauses between them, and rst and i_out at any clock:
//   message   after rst and any number of bits the register is that of the definition: the division by the polynomial,
//             highest power first, of a register that begins with all ones; its mirror image, inverted, is the CRC;
//   out       from i_out on o_bit gives the 32 bits of that CRC, lowest first, one at every i_valid.
// Assumed: i_out stays until rst.
`default_nettype none
module sc_crc32_fv (
    input wire clk,
    input wire rst,
    input wire i_valid,
    input wire i_bit,
    input wire i_out
);
    wire due;
    sc_crc32 u_crc (.clk(clk), .rst(rst), .i_valid(i_valid), .i_bit(i_bit), .i_out(i_out), .o_bit(due));
    (* keep *) wire [31:0] crc;            // of u_crc

    reg past_valid = 0;
    reg out = 0;                           // i_out was 1 since rst
    always @(posedge clk) begin
        past_valid <= 1;
        out <= !rst && i_out;
    end
    always @* begin
        if (!past_valid) assume (rst);
        if (out) assume (i_out);
    end

    // x^32 + x^26 + x^23 + x^22 + x^16 + x^12 + x^11 + x^10 + x^8 + x^7 + x^5 + x^4 + x^2 + x + 1, one bit at a time.
    reg  [31:0] rest;
    wire [32:0] dividend = {rest, 1'b0} ^ {i_bit, 32'd0};
    wire [31:0] next     = dividend[32] ? dividend[31:0] ^ 32'h04C11DB7 : dividend[31:0];
    always @(posedge clk)
        if (rst)                     rest <= 32'hFFFFFFFF;
        else if (i_valid && !i_out)  rest <= next;

    // Mirrored and inverted: what has to follow the message.
    integer k;
    reg [31:0] whole;
    always @* for (k = 0; k < 32; k = k + 1) whole[k] = !rest[31-k];
    reg [5:0] sent;
    always @(posedge clk)
        if (rst || !i_out)                sent <= 0;
        else if (i_valid && sent != 6'd32) sent <= sent + 1;

    always @* if (past_valid) begin
        if (sent < 32) a_bit: assert (due == whole[sent[4:0]]);
        i_register: assert (sent <= 32 && (!sent || out) && (sent == 32 || crc == (~whole >> sent)));
    end

    // "1" is 31h; its CRC-32 is 83DCEFB7h.
    reg [7:0] message;
    reg [3:0] count;
    always @(posedge clk)
        if (rst) count <= 0;
        else if (i_valid && !i_out && count != 15) begin
            count   <= count + 1;
            message <= {i_bit, message[7:1]};
        end
    always @(posedge clk)
        if (past_valid && !rst) begin
            c_known: cover (count == 8 && message == 8'h31 && whole == 32'h83DCEFB7);
            c_out:   cover (sent == 4 && count == 8);
        end
endmodule
`default_nettype wire
