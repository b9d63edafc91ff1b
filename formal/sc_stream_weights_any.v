// SPDX-License-Identifier: Apache-2.0
// Stand-in for rtl/sc_stream_weights.v in a proof: weights of any value, the same in every clock.
`default_nettype none
module sc_stream_weights #(
    parameter LOG2L     = 4,
    parameter WORDS     = 10,
    parameter INIT_FILE = "",
    parameter [WORDS*(LOG2L+1)-1:0] WEIGHTS = 0
) (
    output wire [WORDS*(LOG2L+1)-1:0] o_weights
);
    (* anyconst *) reg [WORDS*(LOG2L+1)-1:0] weights;
    assign o_weights = weights;
endmodule
`default_nettype wire
