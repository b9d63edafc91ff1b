// SPDX-License-Identifier: Apache-2.0
// Reader of a flash, for every answer of the flash and rst at any clock, from the pins, as a flash sees them:
//   wait      before a command the flash is deselected for 2^LOG2_WAKE clocks at least, and, if rst does not come, at most;
//   command   the first is the 8 bits AB and nothing else; the second is 03 and ADDR, 32 bits, and then it stays selected;
//   clock     o_spi_sck is high for one clock at a time, only while selected; o_spi_mosi stands from the clock before;
//   data      what the flash shows while o_spi_sck is high is handed out byte by byte, lowest bit first, numbered, once and
//             in order, a byte in 8 clocks in a row; the clock stands still meanwhile;
//   live      while selected, o_spi_sck or o_valid is 1 in one of two clocks: so the bytes come.
// The registers that the invariants speak of are the wires at `Registers`, which the script of the proof connects.
`default_nettype none
module sc_spi_read_fv #(
    parameter LOG2_WAKE = 2,
    parameter HIGH      = 2                // of ADDR, its low part is fixed
) (
    input wire clk,
    input wire rst,
    input wire i_spi_miso
);
    localparam [23:0] ADDR = {HIGH[7:0], 16'h5AC3};
    localparam [31:0] READ = {8'h03, ADDR};
    wire       cs_n, sck, mosi, valid, data;
    wire [2:0] index;
    sc_spi_read #(.ADDR(ADDR), .LOG2_WAKE(LOG2_WAKE)) u_read (
        .clk(clk), .rst(rst), .o_spi_cs_n(cs_n), .o_spi_sck(sck), .o_spi_mosi(mosi), .i_spi_miso(i_spi_miso),
        .o_valid(valid), .o_bit(data), .o_index(index)
    );

    // Registers of u_read.
    (* keep *) wire [LOG2_WAKE-1:0] pause;
    (* keep *) wire                 second, reading;
    (* keep *) wire [4:0]           bits;
    (* keep *) wire [7:0]           shift;

    reg past_valid = 0, past_rst = 1, past_sck = 0, past_mosi = 0, past_cs_n = 1, past_idle = 0;
    wire idle = !cs_n && !sck && !valid;
    always @(posedge clk) {past_valid, past_rst, past_sck, past_mosi, past_cs_n, past_idle} <= {1'b1, rst, sck, mosi, cs_n, idle};
    always @* if (!past_valid) assume (rst);
`ifdef NARROW
    always @* if (past_valid) assume (!rst);
`endif

    // The flash's side.
    reg                 ended;             // the first command has ended
    reg [5:0]           got;               // bits of a command; 32: it is read from
    reg [31:0]          word;
    reg [7:0]           taken;              // out of the flash, first bit highest
    reg [3:0]           full, handed;      // bits in it, bits of it handed out
    reg [LOG2_WAKE:0]   away = 0;          // clocks deselected, up to 2^LOG2_WAKE
    reg [LOG2_WAKE:0]   stay;              // the same since rst
    wire answers = got == 32;
    always @(posedge clk) begin
        if (!cs_n)                away <= 0;
        else if (!away[LOG2_WAKE]) away <= away + 1;
        stay <= rst || !cs_n ? 0 : stay + 1;
        if (rst) begin
            ended  <= 0;
            got    <= 0;
            word   <= 0;
            full   <= 0;
            handed <= 0;
        end else begin
            if (sck && !answers) begin
                got  <= got + 1;
                word <= {word[30:0], mosi};
            end
            if (sck && answers) begin
                full <= full + 1;
                taken <= {taken[6:0], i_spi_miso};
            end
            if (valid) begin
                handed <= handed == 7 ? 0 : handed + 1;
                if (handed == 7) full <= 0;
            end
            if (cs_n && got != 0) begin
                ended <= 1;
                got   <= 0;
                word  <= 0;
            end
        end
    end

    always @* if (past_valid && !past_rst) begin
        if (!cs_n && past_cs_n) a_wait: assert (away[LOG2_WAKE]);
        if (cs_n) a_ends: assert (!stay[LOG2_WAKE]);
        a_clock: assert (!sck || (!cs_n && !past_sck && mosi == past_mosi) || (answers && !cs_n && !past_sck));
        if (cs_n && got != 0) a_first: assert (!ended && got == 8 && word == 32'hAB);
        if (answers) a_read: assert (ended && !cs_n && word == READ);
        if (valid)   a_data: assert (full == 8 && index == handed && data == taken[handed[2:0]] && !sck);
        if (full == 8)                    a_due: assert (valid);
        if (sck && full == 7 && answers)  a_byte: assert (handed == 0);
        a_live:  assert (!past_idle || !idle);
    end

    wire [31:0] part = ended ? READ >> (32 - got) : 32'hAB >> (8 - got);
    always @* if (past_valid) begin
        i_wait:    assert (cs_n ? away >= stay && stay == {1'b0, pause} && !sck && !valid : 1);
        i_second:  assert (second == (ended || (cs_n && got == 8)));
        i_reading: assert (reading == answers && (!reading || (second && !cs_n)) && (!valid || reading) && (!sck || !valid));
        i_got:     assert (got <= (ended ? 32 : 8) && (!cs_n || got == 0 || !ended) && (cs_n || ended || got < 8));
        i_bits:    assert (reading ? bits[2:0] == (valid ? handed : full) : second ? bits == (cs_n ? 0 : got) : bits == 24 + got);
        i_word:    assert (word == part);
        i_full:    assert (reading ? (valid ? full == 8 && handed < 8 : full < 8 && handed == 0) : full == 0 && handed == 0);
        if (reading) i_shift: assert (valid ? shift == taken >> handed : ((shift ^ taken) & ((8'd1 << full) - 8'd1)) == 0);
        i_idle:    assert (past_rst || !past_idle || sck || cs_n);
        i_mosi:    assert (past_rst || !sck || (!past_sck && past_mosi == mosi));
        if (past_rst) i_rst: assert (cs_n && !ended && got == 0);
        else if (!cs_n && past_cs_n) i_away: assert (away[LOG2_WAKE]);
    end

    always @(posedge clk)
        if (past_valid && !rst) begin
            c_wake: cover (ended && got == 0 && cs_n);
            c_byte: cover (valid && index == 7 && data && taken == 8'hA6);
        end
endmodule
`default_nettype wire
