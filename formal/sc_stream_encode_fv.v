// SPDX-License-Identifier: Apache-2.0
// Input stage of a streaming network (A4, A17), for any codes and starts at any clocks: in clock t of the window after an
// i_start, t = 0 .. L - 1, stream k has the bit [X > t] of the code X that stood at its place at the start, whatever
// i_codes shows since. A start in mid-window begins anew; after rst the bits have no meaning until the next start.
// Nothing is assumed. The registers that the invariants speak of are the wires `codes` and `clock`.
`default_nettype none
module sc_stream_encode_fv #(
    parameter INPUTS = 2,
    parameter LOG2L  = 2
) (
    input wire                        clk,
    input wire                        rst,
    input wire                        i_start,
    input wire [INPUTS*(LOG2L+1)-1:0] i_codes
);
    localparam L = 1 << LOG2L;
    wire [INPUTS-1:0] x;
    sc_stream_encode #(.INPUTS(INPUTS), .LOG2L(LOG2L)) u_encode (
        .clk(clk), .rst(rst), .i_start(i_start), .i_codes(i_codes), .o_x(x)
    );
    (* keep *) wire [INPUTS*(LOG2L+1)-1:0] codes;
    (* keep *) wire [LOG2L-1:0]            clock;

    reg                        window = 0;
    reg [INPUTS*(LOG2L+1)-1:0] began;      // the codes at the start
    reg [LOG2L:0]              t;
    always @(posedge clk) begin
        if (rst)          window <= 0;
        else if (i_start) window <= 1;
        else if (window && t == L - 1) window <= 0;
        if (i_start) began <= i_codes;
        t <= i_start ? 0 : t + 1;
    end

    integer k;
    reg right;
    reg [LOG2L:0] code;
    always @* begin
        right = 1;
        for (k = 0; k < INPUTS; k = k + 1) begin
            code = began[k*(LOG2L+1) +: LOG2L+1];
            if (x[k] != (code > t)) right = 0;
        end
    end
    always @* if (window) begin
        a_bits:  assert (right);
        i_held: assert (codes == began);
        i_clock: assert (t < L && clock == t);
    end
    reg [3:0] windows = 0;
    always @(posedge clk) begin
        if (window && t == L - 1 && i_start) windows <= windows + 1;
        c_back_to_back: cover (windows == 2 && window && t == 1 && x != 0);
        c_full:         cover (window && t == L - 1 && x[0] && code == L);
    end
endmodule
`default_nettype wire
