// SPDX-License-Identifier: Apache-2.0
// UART transmitter, 8N1, on a bit clock that runs freely.
//
// Update     a byte is taken while i_valid and o_ready; its start bit begins with the next o_tick. Back to back, bytes
//            follow each other without a gap.
// Latency    start bit within CLOCKS_PER_BIT clocks, then 10 bits; o_ready again at the begin of the stop bit.
// Format     bit 0 of i_data is the first on the line; o_tx idles high and comes from a flip-flop.
// Model      sc_neurocore.hardware.host
// Proof      formal/sc_uart_fv.v
`default_nettype none
module sc_uart_tx #(
    parameter CLOCKS_PER_BIT = 104         // 4 .. 65535
) (
    input  wire       clk,
    input  wire       rst,
    input  wire       i_valid,
    output wire       o_ready,
    input  wire [7:0] i_data,
    output wire       o_tx,
    output wire       o_tick               // one clock in every bit time, busy or not
);
    generate
        if (CLOCKS_PER_BIT < 4 || CLOCKS_PER_BIT > 65535) begin : g_illegal
            ERROR_CLOCKS_PER_BIT_must_be_in_4_to_65535 u_illegal ();
        end
    endgenerate

    localparam        W    = $clog2(CLOCKS_PER_BIT);
    localparam [31:0] FULL = (1 << W) - CLOCKS_PER_BIT;

    reg [W-1:0] phase;
    wire [W:0]  phase_next = {1'b0, phase} + 1'b1;
    assign o_tick = phase_next[W];
    always @(posedge clk)
        if (rst || o_tick) phase <= FULL[W-1:0];
        else               phase <= phase_next[W-1:0];

    // The bit on the line at the bottom, the stop bit as the highest one: alone, it is the line's idle state. A new
    // byte enters above a 1, which keeps the line high for what is left of the bit time.
    reg [10:0] bits;
    wire       take = i_valid && o_ready;
    assign o_tx    = bits[0];
    assign o_ready = bits[10:1] == 0;
    always @(posedge clk)
        if (rst)                     bits <= 11'd1;
        else if (take)               bits <= {1'b1, i_data, 2'b01};
        else if (o_tick && !o_ready) bits <= {1'b0, bits[10:1]};

endmodule
`default_nettype wire
