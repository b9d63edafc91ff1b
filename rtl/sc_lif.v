// SPDX-License-Identifier: Apache-2.0
// Leaky integrate-and-fire neuron, signed fixed point, saturating (A13): the registers around sc_lif_step.
//
// Update     at each clock with i_en the state, v and the refractory counter, and o_spike become what sc_lif_step gives.
//            rst sets v to i_v_reset if RESET_MODE = 1, else to 0; no spike; not refractory.
// Restart    i_restart in a clock: its step, if i_en, gives o_spike as ever, but v and the counter become what rst makes
//            them, so the next step starts afresh and no clock is lost between windows (A17).
// Latency    o_spike and o_v are registers: the answer to a clock's input is there one clock later.
// Format     as sc_lif_step: Q8.8 by default; where the point is, only the user says.
// Model      sc_neurocore.neurons.lif_step
// Proof      formal/sc_lif_fv.v
`default_nettype none
module sc_lif #(
    parameter WIDTH      = 16,             // 4 .. 32
    parameter LEAK_MODE  = 0,              // 0: shift, 1: factor
    parameter LEAK_SHIFT = 4,              // 0 .. WIDTH - 1; 0: no leak
    parameter RESET_MODE = 0,              // 0: subtract theta, 1: to i_v_reset
    parameter REFRACTORY = 0               // 0 .. 255 clocks
) (
    input  wire             clk,
    input  wire             rst,
    input  wire             i_restart,     // the next step starts from the state after rst
    input  wire             i_en,
    input  wire [WIDTH-1:0] i_current,     // signed
    input  wire [7:0]       i_beta,        // for LEAK_MODE = 1
    input  wire [WIDTH-1:0] i_theta,       // signed, >= 1
    input  wire [WIDTH-1:0] i_v_reset,     // signed, below i_theta; for RESET_MODE = 1
    output reg              o_spike,
    output reg  [WIDTH-1:0] o_v            // signed
);
    reg  [7:0]       left;
    wire [WIDTH-1:0] v_next;
    wire [7:0]       left_next;
    wire             spike;
    sc_lif_step #(
        .WIDTH(WIDTH), .LEAK_MODE(LEAK_MODE), .LEAK_SHIFT(LEAK_SHIFT), .RESET_MODE(RESET_MODE), .REFRACTORY(REFRACTORY)
    ) u_step (
        .i_v(o_v), .i_left(left), .i_current(i_current), .i_beta(i_beta), .i_theta(i_theta), .i_v_reset(i_v_reset),
        .o_v(v_next), .o_left(left_next), .o_spike(spike)
    );

    // A restart acts on registers only, as rst does: in the path of v it would cost a gate a bit.
    always @(posedge clk) begin
        if (rst)              o_spike <= 1'b0;
        else if (i_en)        o_spike <= spike;
        if (rst || i_restart) o_v <= RESET_MODE == 0 ? {WIDTH{1'b0}} : i_v_reset;
        else if (i_en)        o_v <= v_next;
        if (rst || i_restart) left <= 8'd0;
        else if (i_en)        left <= left_next;
    end
endmodule
`default_nettype wire
