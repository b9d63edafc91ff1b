// SPDX-License-Identifier: Apache-2.0
// UART transmitter and receiver on one line, for every byte, every gap between bytes and rst at any clock:
//   data      the receiver gives exactly the bytes that the transmitter took, each once and in order;
//   when      it gives a byte 9 bit times and CLOCKS_PER_BIT / 2 + 3 clocks after the start bit began, and a start bit
//             begins with the first tick after the byte was taken: so every byte arrives;
//   error     it never gives an error;
//   tick      o_tick comes once in CLOCKS_PER_BIT clocks;
//   idle      the line is high unless a byte is on it.
// The registers that the invariants speak of are the wires at `Registers`, which the script of the proof connects.
`default_nettype none
module sc_uart_fv #(
    parameter CLOCKS_PER_BIT = 4
) (
    input wire       clk,
    input wire       rst,
    input wire       i_valid,
    input wire [7:0] i_data
);
    localparam CPB  = CLOCKS_PER_BIT;
    localparam H    = CPB / 2;
    localparam W    = $clog2(CPB);
    localparam FULL = (1 << W) - CPB;      // first value of a phase counter in a bit time

    wire       ready, txd, tick, valid, error;
    wire [7:0] data;
    sc_uart_tx #(.CLOCKS_PER_BIT(CPB)) u_tx (
        .clk(clk), .rst(rst), .i_valid(i_valid), .o_ready(ready), .i_data(i_data), .o_tx(txd), .o_tick(tick)
    );
    sc_uart_rx #(.CLOCKS_PER_BIT(CPB)) u_rx (
        .clk(clk), .rst(rst), .i_rx(txd), .o_valid(valid), .o_error(error), .o_data(data)
    );

    // Registers of u_tx and u_rx.
    localparam [1:0] IDLE = 0, START = 1, DATA = 2;
    (* keep *) wire [W-1:0] tx_phase, rx_phase;
    (* keep *) wire [10:0]  tx_bits;
    (* keep *) wire [8:0]   rx_bits;
    (* keep *) wire [1:0]   rx_state;

    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;
    always @* if (!past_valid) assume (rst);

    // The line as it has to be: `slot` 0 start bit, 1 .. 8 data, 9 stop bit, 10 idle; clock `p` of a bit time.
    wire       take = i_valid && ready;
    reg        waiting;                    // a byte was taken and its start bit has not begun
    reg [7:0]  next, frame;
    reg [3:0]  slot;
    reg [W:0]  p;
    always @(posedge clk)
        if (rst) begin
            waiting <= 0;
            slot    <= 10;
            p       <= 0;
        end else begin
            p <= p == CPB - 1 ? 0 : p + 1;
            if (p == CPB - 1) slot <= waiting ? 0 : slot == 10 ? 10 : slot + 1;
            if (p == CPB - 1 && waiting) begin
                frame   <= next;
                waiting <= 0;
            end
            if (take) begin
                next    <= i_data;
                waiting <= 1;
            end
        end

    // The same, two clocks later: what the receiver sees behind its two flip-flops.
    reg [3:0] slot_1, slot_2;
    reg [W:0] p_1, p_2;
    reg [7:0] frame_1, frame_2;
    always @(posedge clk)
        if (rst) begin
            slot_1 <= 10;
            slot_2 <= 10;
            p_1    <= 0;
            p_2    <= 0;
        end else begin
            {slot_1, slot_2}   <= {slot, slot_1};
            {p_1, p_2}         <= {p, p_1};
            {frame_1, frame_2} <= {frame, frame_1};
        end

    // The bytes under way, the oldest first.
    reg [1:0] n;
    reg [7:0] oldest, other;
    always @(posedge clk)
        if (rst) n <= 0;
        else begin
            n <= n + take - valid;
            if (valid) oldest <= other;
            if (take) begin
                if (n == valid) oldest <= i_data;
                else            other  <= i_data;
            end
        end

    always @* if (past_valid) begin
        a_error: assert (!error);
        a_when:  assert (valid == (slot_2 == 9 && p_2 == H + 1));
        a_tick:  assert (tick == (p == CPB - 1));
        a_idle:  assert (txd || slot <= 8);
        if (valid) a_data: assert (n != 0 && data == oldest);
        if (take)  a_room: assert (n < 2 && !waiting);
    end

    // Invariants: the registers as functions of slot and clock.
    wire       begun   = slot == 0 && p < 2;                          // not yet seen by the receiver
    wire       seen    = slot_2 <= 8 || (slot_2 == 9 && p_2 <= H + 1);
    wire [8:0] whole   = {frame_2, 1'b0};
    wire [3:0] got     = slot_2 + (p_2 > H);                          // bits received
    wire [8:0] partial = (whole << (9 - got)) | ((9'd1 << (9 - got)) - 9'd1);
    always @* if (past_valid) begin
        i_slots: assert (p < CPB && slot <= 10 && slot_2 <= 10 && p_2 < CPB && (!waiting || slot >= 9));
        i_phase: assert (tx_phase == FULL + p);
        i_bits:  assert (tx_bits == (waiting ? {1'b1, next, 2'b01} : slot <= 8 ? {1'b0, {1'b1, frame, 1'b0}} >> slot : 1));
        i_count: assert (n == waiting + begun + seen);
        if (n != 0) i_oldest: assert (oldest == (seen ? frame_2 : begun ? frame : next));
        if (n == 2) i_other:  assert (other == (seen && begun ? frame : next));
        if (slot_2 == 0 && p_2 >= 1 && p_2 <= H)
            i_start: assert (rx_state == START && rx_phase == (1 << W) - H + p_2 - 1 && rx_bits == 9'h1FF);
        else if (slot_2 <= 8 && (slot_2 != 0 || p_2 > H))
            i_receive: assert (rx_state == DATA && rx_bits == partial
                               && rx_phase == FULL + (p_2 > H ? p_2 - H - 1 : p_2 + CPB - H - 1));
        else if (slot_2 == 9 && p_2 <= H)
            i_stop: assert (rx_state == DATA && rx_bits == whole && rx_phase == FULL + p_2 + CPB - H - 1);
        else
            i_idle: assert (rx_state == IDLE);
        if (valid) i_whole: assert (rx_bits == {1'b1, frame_2});
    end

    always @(posedge clk)
        if (past_valid && !rst) begin
            c_byte:         cover (valid && data == 8'hA5);
            c_back_to_back: cover (valid && n == 2);
        end
endmodule
`default_nettype wire
