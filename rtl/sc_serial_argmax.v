// SPDX-License-Identifier: Apache-2.0
// Index of the greatest of N signed scores, one bit of all of them per clock, highest bit first (A9).
//
// Update     a score stays in the race while no other one in it has a 1 where it has a 0 (the sign bit counts inverted).
//            After WIDTH clocks those that are left are equal; the lowest index of them is the class.
// Use        i_start for one clock; i_s stays the same in the WIDTH clocks after it. Another i_start before the end
//            begins anew, and then only the second one has an answer.
// Latency    o_valid comes WIDTH + 1 clocks after i_start, for one clock; o_class stays until the next i_start.
// Model      sc_neurocore.neurons.classify
// Proof      formal/sc_serial_argmax_fv.v
`default_nettype none
module sc_serial_argmax #(
    parameter N       = 10,                // 1 .. 1024
    parameter WIDTH   = 12,                // 2 .. 32
    parameter CLASS_W = N > 1 ? $clog2(N) : 1    // derived; do not override
) (
    input  wire               clk,
    input  wire               rst,
    input  wire               i_start,
    input  wire [N*WIDTH-1:0] i_s,         // score k at k*WIDTH upward
    output reg                o_valid,
    output reg  [CLASS_W-1:0] o_class
);
    generate
        if (N < 1 || N > 1024) begin : g_illegal_n
            ERROR_N_must_be_in_1_to_1024 u_illegal ();
        end
        if (WIDTH < 2 || WIDTH > 32) begin : g_illegal_width
            ERROR_WIDTH_must_be_in_2_to_32 u_illegal ();
        end
    endgenerate

    localparam       POS_W = $clog2(WIDTH);
    localparam [31:0] TOP  = WIDTH - 1;
    reg              active;
    reg  [POS_W-1:0] position;             // of the bit that this clock looks at
    reg  [N-1:0]     in_race;
    wire [N-1:0]     bits;
    wire [N-1:0]     leads = in_race & bits;

    genvar j;
    generate
        for (j = 0; j < N; j = j + 1) begin : g_bit
            wire [WIDTH-1:0] score = i_s[j*WIDTH +: WIDTH] ^ {1'b1, {(WIDTH-1){1'b0}}};
            assign bits[j] = score[position];
        end
    endgenerate

    always @(posedge clk) begin
        if (i_start) in_race <= {N{1'b1}};
        else if (active && |leads) in_race <= leads;
        if (i_start) position <= TOP[POS_W-1:0];
        else if (active) position <= position - 1'b1;
        if (rst) active <= 1'b0;
        else if (i_start) active <= 1'b1;
        else if (position == 0) active <= 1'b0;
        o_valid <= active && position == 0 && !i_start && !rst;
    end

    // Lowest index in the race; one is always there.
    integer k;
    always @* begin
        o_class = {CLASS_W{1'b0}};
        for (k = N - 1; k >= 0; k = k - 1)
            if (in_race[k]) o_class = k[CLASS_W-1:0];
    end
endmodule
`default_nettype wire
