// SPDX-License-Identifier: Apache-2.0
// A streaming layer of leaky counters (examples/plug_ins/leaky_counter.py), as rtl/sc_stream_lif.v is one of lif neurons.
//
// Update     at each clock of a window u = v + current - 1, limited to 0 .. 2^15 - 1, where the current is
//            (sum of the synapses) << FRAC; a spike where u >= THETA, and v becomes 0 with one, u without.
// Window     starts from v = 0; i_start and o_start as in sc_stream_lif.
`default_nettype none
module leaky_counter #(
    parameter INPUTS    = 4,
    parameter NEURONS   = 2,
    parameter LOG2L     = 4,
    parameter FRAC      = 4,
    parameter THETA     = 100,             // 1 .. 2^15 - 1
    parameter PIPE      = 1,
    parameter ADDER     = 0,
    parameter INIT_FILE = "",
    parameter [NEURONS*(INPUTS+1)*(LOG2L+1)-1:0] WEIGHTS = 0
) (
    input  wire               clk,
    input  wire               rst,
    input  wire               i_start,
    input  wire [INPUTS-1:0]  i_x,
    output reg                o_start,
    output reg  [NEURONS-1:0] o_x
);
    localparam COUNT_W = $clog2(INPUTS + 2);
    localparam SCALE   = FRAC + (ADDER == 1 ? $clog2(INPUTS + 1) : 0);
    localparam FULL_W  = 18 + SCALE + COUNT_W;
    localparam [31:0] THETA_BITS = THETA;
    wire                       clear, en, last;
    wire [NEURONS*COUNT_W-1:0] counts, negs;
    wire                       unused = &{1'b0, last, THETA_BITS[31:15]};
    sc_stream_synapses #(
        .INPUTS(INPUTS), .NEURONS(NEURONS), .LOG2L(LOG2L), .PIPE(PIPE), .ADDER(ADDER), .INIT_FILE(INIT_FILE),
        .WEIGHTS(WEIGHTS)
    ) u_synapses (
        .clk(clk), .rst(rst), .i_start(i_start), .i_x(i_x), .o_clear(clear), .o_en(en), .o_last(last),
        .o_counts(counts), .o_negs(negs)
    );
    always @(posedge clk) o_start <= clear && !rst;
    genvar j;
    generate
        for (j = 0; j < NEURONS; j = j + 1) begin : g_neuron
            wire [COUNT_W:0]  delta = {1'b0, counts[j*COUNT_W +: COUNT_W]} - {1'b0, negs[j*COUNT_W +: COUNT_W]};
            wire [FULL_W-1:0] full  = {{(FULL_W-COUNT_W-1){delta[COUNT_W]}}, delta} << SCALE;
            wire              unused_bits = &{1'b0, full};
            reg  [14:0]       v;
            wire [17:0]       sum   = {3'b0, v} + {{2{full[15]}}, full[15:0]} - 18'd1;
            wire [14:0]       u     = sum[17] ? 15'd0 : sum[17:15] != 0 ? 15'h7FFF : sum[14:0];
            wire              fires = u >= THETA_BITS[14:0];
            always @(posedge clk) begin
                if (rst)          o_x[j] <= 1'b0;
                else if (en)      o_x[j] <= fires;
                if (rst || clear) v <= 15'd0;
                else if (en)      v <= fires ? 15'd0 : u;
            end
        end
    endgenerate
endmodule
`default_nettype wire
