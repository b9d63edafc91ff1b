// SPDX-License-Identifier: Apache-2.0
// Constant weights of a streaming layer (A2): word k stands at bits k*(LOG2L+1) upward, from the parameter WEIGHTS and
// from the k-th word of a file alike, in every clock. What is read here is the form that synthesis reads (SYNTHESIS).
// Nothing is assumed.
`default_nettype none
module sc_stream_weights_fv #(
    parameter LOG2L = 2
) (
    input wire clk
);
    localparam W = LOG2L + 1, WORDS = 5;
    wire [W-1:0] w0 = 3'd1, w1 = 3'd7, w2 = 3'd0, w3 = 3'd4, w4 = 3'd6;      // the words of sc_stream_weights_fv.mem
    localparam [W-1:0] P0 = 3, P1 = 7, P2 = 0, P3 = 1 << LOG2L, P4 = 5;
    wire [WORDS*W-1:0] by_file, by_value;
    sc_stream_weights #(.LOG2L(LOG2L), .WORDS(WORDS), .INIT_FILE("sc_stream_weights_fv.mem")) u_file (.o_weights(by_file));
    sc_stream_weights #(.LOG2L(LOG2L), .WORDS(WORDS), .WEIGHTS({P4, P3, P2, P1, P0})) u_value (.o_weights(by_value));

    always @* begin
        a_file:  assert (by_file[0 +: W] == w0 && by_file[W +: W] == w1 && by_file[2*W +: W] == w2
                         && by_file[3*W +: W] == w3 && by_file[4*W +: W] == w4);
        a_value: assert (by_value[0 +: W] == P0 && by_value[W +: W] == P1 && by_value[2*W +: W] == P2
                         && by_value[3*W +: W] == P3 && by_value[4*W +: W] == P4);
    end
    always @(posedge clk) c_word: cover (by_file[W-1:0] != 0 && by_value[W-1:0] != by_file[W-1:0]);
endmodule
`default_nettype wire
