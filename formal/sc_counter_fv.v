// SPDX-License-Identifier: Apache-2.0
// Stochastic-to-binary counter (A14):
//   count     o_count is the number of ones in the enabled clocks since i_first, its clock included, or since rst; of
//             more than L ones it is L.
// rst, i_first, i_en and i_bit are free at every clock. The naive count is 8 bits wider; it stands at its own top.
`default_nettype none
module sc_counter_fv #(
    parameter LOG2L = 4
) (
    input wire clk,
    input wire rst,
    input wire i_first,
    input wire i_en,
    input wire i_bit
);
    localparam         W   = LOG2L + 9;
    localparam [W-1:0] L   = 1 << LOG2L;
    localparam [W-1:0] TOP = {W{1'b1}};

    wire [LOG2L:0] count;
    sc_counter #(.LOG2L(LOG2L)) u_counter (
        .clk(clk), .rst(rst), .i_first(i_first), .i_en(i_en), .i_bit(i_bit), .o_count(count)
    );

    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;
    always @* if (!past_valid) assume (rst);

    reg [W-1:0] ones, clocks;
    always @(posedge clk)
        if (rst) begin
            ones   <= 0;
            clocks <= 0;
        end else begin
            if (i_first) begin
                ones   <= i_en && i_bit ? 1 : 0;
                clocks <= i_en ? 1 : 0;
            end else if (i_en) begin
                if (i_bit && ones != TOP) ones <= ones + 1;
                if (clocks != TOP)        clocks <= clocks + 1;
            end
        end

    always @* if (past_valid) begin
        a_count: assert (count == (ones > L ? L : ones));
        a_range: assert (count <= L);
    end

    always @(posedge clk)
        if (past_valid && !rst) begin
            c_full:   cover (clocks == L && count == L && i_first);
            c_beyond: cover (ones == L + 2);
            c_some:   cover (clocks == L && count == L - 1);
        end
endmodule
`default_nettype wire
