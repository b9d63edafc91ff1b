// SPDX-License-Identifier: Apache-2.0
// UART receiver on a line that does anything at any clock - glitches, bytes at any rate, broken stop bits - with rst at
// any clock:
//   start     a byte begins with the first low clock of an idle line; if the line is high in the middle of that bit, it was
//             a glitch, and the line is idle again: nothing of it is left, the next low clock begins a byte of its own;
//   bits      bit k is the line at clock CLOCKS_PER_BIT / 2 of the k-th bit time after the start bit's first clock;
//   end       o_valid comes exactly once for a byte with a high stop bit, with its eight bits, o_error exactly once for
//             one with a low stop bit, after which a byte begins only when the line has been high.
// So bytes that are off rate arrive as long as the line is stable at those clocks. The line is seen 2 clocks late, behind
// two flip-flops. The registers that the invariants speak of are the wires at `Registers`, which the script of the proof
// connects.
`default_nettype none
module sc_uart_rx_fv #(
    parameter CLOCKS_PER_BIT = 4
) (
    input wire clk,
    input wire rst,
    input wire i_rx
);
    localparam CPB = CLOCKS_PER_BIT;
    localparam H   = CPB / 2;
    localparam W   = $clog2(CPB);

    wire       valid, error;
    wire [7:0] data;
    sc_uart_rx #(.CLOCKS_PER_BIT(CPB)) u_rx (
        .clk(clk), .rst(rst), .i_rx(i_rx), .o_valid(valid), .o_error(error), .o_data(data)
    );

    // Registers.
    (* keep *) wire [1:0]   state;
    (* keep *) wire [W-1:0] phase;
    (* keep *) wire [8:0]   bits;
    (* keep *) wire         meta, rx_line;

    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;
    always @* if (!past_valid) assume (rst);

    // The line, 2 clocks late, and the byte on it: bit time `slot`, 0 start .. 9 stop, and clock `p` of it.
    localparam [1:0] IDLE = 0, BYTE = 1, BROKEN = 2;
    reg        line_1, line;
    reg [1:0]  mode;
    reg [3:0]  slot;
    reg [W:0]  p;
    reg [7:0]  received;
    reg        ended_high, ended_low;
    wire       middle = mode == BYTE && p == H;
    always @(posedge clk) begin
        {line, line_1} <= rst ? 2'b11 : {line_1, i_rx};
        ended_high     <= !rst && middle && slot == 9 && line;
        ended_low      <= !rst && middle && slot == 9 && !line;
        if (rst) mode <= IDLE;
        else if (mode == IDLE) begin
            if (!line) begin
                mode <= BYTE;
                slot <= 0;
                p    <= 1;
            end
        end else if (mode == BYTE) begin
            p <= p == CPB - 1 ? 0 : p + 1;
            if (p == CPB - 1) slot <= slot + 1;
            if (middle && slot == 0 && line)   mode <= IDLE;
            if (middle && slot == 9)           mode <= line ? IDLE : BROKEN;
            if (middle && slot >= 1 && slot <= 8) received[slot-1] <= line;
        end else if (line)
            mode <= IDLE;
    end

    always @* if (past_valid) begin
        a_valid: assert (valid == ended_high);
        a_error: assert (error == ended_low);
        if (valid) a_data: assert (data == received);
    end

    // Invariants: the registers as functions of bit time and clock.
    wire       begun = slot == 0 && p <= H;
    wire [3:0] got   = p > H ? slot + 4'd1 : slot;                   // bits sampled, the start bit included
    wire [8:0] whole = {received, 1'b0};
    always @* if (past_valid) begin
        i_line: assert (meta == line_1 && rx_line == line);
        i_mode: assert (mode <= BROKEN && state == (mode == IDLE ? 0 : mode == BROKEN ? 3 : begun ? 1 : 2));
        if (mode == BYTE) begin
            i_slot:  assert (p < CPB && slot <= 9 && got <= 9 && (slot != 0 || p != 0));
            i_phase: assert (phase == (1 << W) - 1 - (begun ? H - p : p > H ? CPB + H - p : H - p));
            i_bits:  assert (bits == ((whole << (9 - got)) | ((9'd1 << (9 - got)) - 9'd1)));
        end
        if (valid) i_whole: assert (bits == {1'b1, received});
    end

    reg seen_glitch;
    always @(posedge clk) seen_glitch <= !rst && (seen_glitch || (middle && slot == 0 && line));
    always @(posedge clk)
        if (past_valid && !rst) begin
            c_byte:   cover (valid && data == 8'hA5);
            c_glitch: cover (valid && data == 8'h3C && seen_glitch);
            c_broken: cover (error);
        end
endmodule
`default_nettype wire
