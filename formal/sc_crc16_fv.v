// SPDX-License-Identifier: Apache-2.0
// CRC-16/CCITT-FALSE, for every byte after every register value:
//   step      a byte advances the register as eight single steps of the polynomial's definition do, highest bit first;
//   start     rst and i_init give 0xFFFF; without i_valid nothing changes;
//   check     a message followed by its own CRC, high byte first, gives 0, and the first of the two bytes moves the
//             second to the top.
`default_nettype none
module sc_crc16_fv (
    input wire       clk,
    input wire       rst,
    input wire       i_init,
    input wire       i_valid,
    input wire [7:0] i_data
);
    wire [15:0] crc;
    sc_crc16 u_crc (.clk(clk), .rst(rst), .i_init(i_init), .i_valid(i_valid), .i_data(i_data), .o_crc(crc));

    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;
    always @* if (!past_valid) assume (rst);

    // One bit of the message at a time, as a division by x^16 + x^12 + x^5 + 1.
    integer k;
    reg [15:0] due;
    reg [16:0] dividend;
    always @* begin
        due = crc;
        for (k = 7; k >= 0; k = k - 1) begin
            dividend = {due, 1'b0} ^ {i_data[k], 16'h0000};
            due = dividend[16] ? dividend[15:0] ^ 16'h1021 : dividend[15:0];
        end
    end

    // Clocks in a row at which the register's own high byte was appended.
    reg [1:0] own;
    wire      idle = rst || i_init || !i_valid;
    always @(posedge clk) own <= idle || i_data != crc[15:8] ? 0 : own == 2 ? 2 : own + 1;

    always @(posedge clk)
        if (past_valid) begin
            if ($past(rst || i_init))  a_start: assert (crc == 16'hFFFF);
            else if ($past(i_valid))   a_step:  assert (crc == $past(due));
            else                       a_keep:  assert (crc == $past(crc));
            if (own == 1 && !$past(own == 2)) a_moves: assert (crc == {$past(crc[7:0]), 8'h00});
            if (own == 2)                     a_check: assert (crc == 0);

            if (!rst && !i_init) begin
                c_check: cover (own == 2);
                c_byte:  cover ($past(i_valid) && crc == 16'h29B1 && $past(i_data) == 8'h39);
            end
        end
endmodule
`default_nettype wire
