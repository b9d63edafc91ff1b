// SPDX-License-Identifier: Apache-2.0
// Decorrelator (A15), for a symbolic address A:
//   bit       at A the bit goes out that last came in at A since the last restart, 0 if none did;
//   keep      since the last restart at most 2^LOG2_DEPTH ones fewer went out than came in, and never more.
// rst, i_restart, i_en, i_addr and i_bit are free at every clock. `held` is the module's buffer, which the script of the
// proof connects.
`default_nettype none
module sc_decorrelator_fv #(
    parameter LOG2_DEPTH = 2
) (
    input wire                  clk,
    input wire                  rst,
    input wire                  i_restart,
    input wire                  i_en,
    input wire [LOG2_DEPTH-1:0] i_addr,
    input wire                  i_bit
);
    localparam DEPTH = 1 << LOG2_DEPTH;

    (* anyconst *) reg [LOG2_DEPTH-1:0] a;

    wire out;
    sc_decorrelator #(.LOG2_DEPTH(LOG2_DEPTH)) u_decorrelator (
        .clk(clk), .rst(rst), .i_restart(i_restart), .i_en(i_en), .i_addr(i_addr), .i_bit(i_bit), .o_bit(out)
    );
    (* keep *) wire [DEPTH-1:0] held;

    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;
    always @* if (!past_valid) assume (rst);

    reg               last;                // bit that last came in at A
    reg signed [15:0] short;               // ones that came less ones that went
    always @(posedge clk)
        if (rst || i_restart) begin
            last  <= 0;
            short <= 0;
        end else if (i_en) begin
            if (i_addr == a) last <= i_bit;
            short <= short + $signed({1'b0, i_bit}) - $signed({1'b0, out});
        end

    integer          i;
    reg signed [15:0] ones;
    always @* begin
        ones = 0;
        for (i = 0; i < DEPTH; i = i + 1) ones = ones + $signed({1'b0, held[i]});
    end

    always @* if (past_valid) begin
        if (i_addr == a) a_bit: assert (out == last);
        a_keep: assert (short >= 0 && short <= DEPTH);
        i_last: assert (held[a] == last);
        i_ones: assert (short == ones);
    end

    always @(posedge clk)
        if (past_valid && !rst && i_en) begin
            c_full:     cover (short == DEPTH);
            c_out:      cover (out && !i_bit && short == 2);
            c_restarts: cover (i_restart && short == 1);
        end
endmodule
`default_nettype wire
