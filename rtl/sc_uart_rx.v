// SPDX-License-Identifier: Apache-2.0
// UART receiver, 8N1: a falling edge starts a byte, every bit is sampled once, in its middle.
//
// Update     i_rx passes two flip-flops. A start bit that is high again in its middle is a glitch and is dropped. A low
//            stop bit gives o_error in place of o_valid; the next byte is awaited once the line is high again.
// Latency    o_valid or o_error, one clock each, CLOCKS_PER_BIT / 2 + 3 clocks after the stop bit's begin.
// Format     o_data is meaningful only while o_valid; the first bit on the line is bit 0.
// Model      sc_neurocore.hardware.host
// Proof      formal/sc_uart_fv.v; tb/test_uart.py drives it off-rate, with glitches and with broken stop bits
`default_nettype none
module sc_uart_rx #(
    parameter CLOCKS_PER_BIT = 104         // 4 .. 65535
) (
    input  wire       clk,
    input  wire       rst,
    input  wire       i_rx,                // asynchronous, idle high
    output reg        o_valid,
    output reg        o_error,
    output wire [7:0] o_data
);
    generate
        if (CLOCKS_PER_BIT < 4 || CLOCKS_PER_BIT > 65535) begin : g_illegal
            ERROR_CLOCKS_PER_BIT_must_be_in_4_to_65535 u_illegal ();
        end
    endgenerate

    // The counter ends at all ones, so that its carry is the sample pulse and needs no comparator.
    localparam         W    = $clog2(CLOCKS_PER_BIT);
    localparam [31:0]  FULL = (1 << W) - CLOCKS_PER_BIT;
    localparam [31:0]  HALF = (1 << W) - CLOCKS_PER_BIT / 2;
    localparam [1:0]   IDLE = 0, START = 1, DATA = 2, BROKEN = 3;

    reg         meta, line;
    reg [1:0]   state;
    reg [W-1:0] phase;
    reg [8:0]   bits;                      // from the top; the start bit's 0 at the bottom says that the byte is complete

    wire [W:0]  phase_next = {1'b0, phase} + 1'b1;
    wire        sample     = phase_next[W];
    wire        stop       = state == DATA && sample && !bits[0];
    assign o_data = bits[7:0];             // once the stop bit is in

    always @(posedge clk)
        if (rst) {line, meta} <= 2'b11;
        else     {line, meta} <= {meta, i_rx};

    always @(posedge clk)
        if (rst) state <= IDLE;
        else case (state)
            IDLE:    if (!line)  state <= START;
            START:   if (sample) state <= line ? IDLE : DATA;
            DATA:    if (stop)   state <= line ? IDLE : BROKEN;
            default: if (line)   state <= IDLE;
        endcase

    always @(posedge clk)
        if (state == IDLE) phase <= HALF[W-1:0];
        else if (sample)   phase <= FULL[W-1:0];
        else               phase <= phase_next[W-1:0];

    always @(posedge clk)
        if (state == IDLE) bits <= {9{1'b1}};
        else if (sample)   bits <= {line, bits[8:1]};

    always @(posedge clk) begin
        o_valid <= !rst && stop && line;
        o_error <= !rst && stop && !line;
    end

endmodule
`default_nettype wire
