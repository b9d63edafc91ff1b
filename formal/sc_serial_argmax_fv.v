// SPDX-License-Identifier: Apache-2.0
// Serial argmax, for any scores that stay from the clock after i_start until o_valid:
//   class    with o_valid, o_class is the index of the greatest score, the lowest such index;
//   once     o_valid comes WIDTH + 1 clocks after an i_start that no other one and no rst followed, and never else.
// No invariant: all that an answer depends on lies within the depth of the induction.
`default_nettype none
module sc_serial_argmax_fv #(
    parameter N       = 3,
    parameter WIDTH   = 4,
    parameter CLASS_W = N > 1 ? $clog2(N) : 1
) (
    input wire               clk,
    input wire               rst,
    input wire               i_start,
    input wire [N*WIDTH-1:0] i_s
);
    wire               valid;
    wire [CLASS_W-1:0] index;
    sc_serial_argmax #(.N(N), .WIDTH(WIDTH)) u_argmax (
        .clk(clk), .rst(rst), .i_start(i_start), .i_s(i_s), .o_valid(valid), .o_class(index)
    );

    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;
    always @* if (!past_valid) assume (rst);

    localparam [7:0] DONE = WIDTH + 1, NEVER = 255;
    reg [7:0]         age = NEVER;         // clocks since the last start that counts
    reg [N*WIDTH-1:0] held;
    always @(posedge clk) begin
        if (rst)                age <= NEVER;
        else if (i_start)       age <= 1;
        else if (age == DONE)   age <= NEVER;
        else if (age != NEVER)  age <= age + 1;
        held <= i_s;
    end
    always @* if (age != NEVER && age > 1) assume (i_s == held);

    integer k;
    reg [CLASS_W-1:0] best;
    always @* begin
        best = 0;
        for (k = 1; k < N; k = k + 1)
            if ($signed(i_s[k*WIDTH +: WIDTH]) > $signed(i_s[best*WIDTH +: WIDTH])) best = k;
    end
    always @* if (past_valid) begin
        a_once: assert (valid == (age == DONE));
        if (valid) a_class: assert (index == best);
    end
    always @(posedge clk) if (past_valid && valid) begin
        c_first: cover (index == 0 && i_s[WIDTH-1]);
        c_last:  cover (index == N - 1);
        c_tie:   cover (index == 0 && i_s[WIDTH-1:0] == i_s[2*WIDTH-1:WIDTH]);
    end
endmodule
`default_nettype wire
