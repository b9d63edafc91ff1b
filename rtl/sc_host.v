// SPDX-License-Identifier: Apache-2.0
// Host interface: takes framed requests from a UART, loads table and weights, runs inferences, answers each request.
//
// Protocol   docs/protocol.md. sc_host_frame knows frames and bytes, sc_host_exec knows commands; their headers describe both.
// Engine     held in reset except for an inference, from its first code on the line, and for a sample that comes step by step,
//            so it reads its table anew each time.
//            The first code waits until the engine takes one or i_x_none says that its table has no inputs. A sync byte
//            while the engine is at work abandons the inference.
// Latency    clocks from a request's last byte (i_rx_valid) to the answer's first (o_tx_valid): INFO and READ_TABLE
//            5 + 2 * bytes of the answer; writes 5 + 4 * bytes of the payload; INFER gives the last code after
//            2 * bytes of the payload (counted from when the engine is ready, if that is later), and answers 1 or 2, and
//            2 * bytes of score and class, after the engine offers its last score.
// Model      sc_neurocore.hardware.host
// Proof      formal/sc_host_fv.v, with both parts; tb/test_host.py: payloads, damage, resets
`default_nettype none
module sc_host #(
    parameter ENGINE       = 0,            // ENGINE to SUM_W: as in sc_core, which validates them
    parameter LOG2L        = 4,
    parameter LANES        = 2,
    parameter FRAC         = 4,
    parameter LOG2_ENTRIES = 8,
    parameter WEIGHT_AW    = 14,
    parameter TABLE_AW     = 5,
    parameter MAC          = 0,
    parameter ACC_AW       = 8,
    parameter POOL         = 0,
    parameter SUM_W        = LOG2_ENTRIES + LOG2L + 1 + (MAC != 0 ? LOG2L : 0),
    parameter STEPS        = 0,
    parameter LOG2_PAYLOAD = 9,            // 9 .. 15: a payload has at most 2^LOG2_PAYLOAD - 1 bytes
    parameter LOG2_TIMEOUT = 14,           // 5 .. 24: bit times of silence
    parameter WEIGHT_W     = LANES * (LOG2L + 1)     // derived; do not override
) (
    input  wire                    clk,
    input  wire                    rst,
    output wire                    o_busy,
    output wire                    o_error,        // the last status was not OK
    input  wire [1:0]              i_boot,         // for INFO
    // UART.
    input  wire                    i_rx_valid,
    input  wire                    i_rx_error,
    input  wire [7:0]              i_rx_data,
    output wire                    o_tx_valid,
    input  wire                    i_tx_ready,
    output wire [7:0]              o_tx_data,
    input  wire                    i_tick,         // once in a bit time
    // Engine.
    output wire                    o_engine_rst,
    output wire                    o_x_valid,
    input  wire                    i_x_ready,
    input  wire                    i_x_none,       // the table has no inputs: i_x_ready will not come
    output wire [LOG2L:0]          o_x,
    input  wire [LOG2_ENTRIES-1:0] i_x_at,         // i_x_at to o_answer_now: with ENGINE 2, as in sc_spike_engine
    input  wire                    i_x_last,
    input  wire [11:0]             i_x_step,
    output wire                    o_answer_now,
    input  wire                    i_y_valid,
    output wire                    o_y_ready,
    input  wire [SUM_W-1:0]        i_y_score,
    input  wire [LOG2_ENTRIES-1:0] i_y_class,
    input  wire                    i_y_last,
    // Memories.
    output wire                    o_table_we,
    output wire [TABLE_AW-1:0]     o_table_addr,
    output wire [15:0]             o_table_wdata,
    input  wire [15:0]             i_table_rdata,
    output wire                    o_weight_we,
    output wire [WEIGHT_AW-1:0]    o_weight_addr,
    output wire [WEIGHT_W-1:0]     o_weight_wdata
);
    wire       command_valid, payload, executing, write_pass, byte_phase, at_end, take;
    wire [7:0] command, payload_byte, answer;
    wire       right, wait_, refuse, answers, answer_valid, done, again, abandonable;
    wire [3:0] code;
    sc_host_frame #(.LOG2_PAYLOAD(LOG2_PAYLOAD), .LOG2_TIMEOUT(LOG2_TIMEOUT), .KEEP(ENGINE == 2 ? 1 : 0)) u_frame (
        .clk(clk), .rst(rst), .o_busy(o_busy), .o_error(o_error),
        .i_rx_valid(i_rx_valid), .i_rx_error(i_rx_error), .i_rx_data(i_rx_data),
        .o_tx_valid(o_tx_valid), .i_tx_ready(i_tx_ready), .o_tx_data(o_tx_data), .i_tick(i_tick),
        .o_command_valid(command_valid), .o_command(command), .o_payload(payload), .o_executing(executing),
        .o_write_pass(write_pass), .o_byte_phase(byte_phase), .o_right(right), .o_byte(payload_byte), .o_end(at_end), .o_take(take),
        .i_wait(wait_), .i_refuse(refuse), .i_code(code), .i_answers(answers), .i_answer_valid(answer_valid),
        .i_answer(answer), .i_done(done), .i_again(again), .i_abandonable(abandonable)
    );
    sc_host_exec #(
        .ENGINE(ENGINE), .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .LOG2_ENTRIES(LOG2_ENTRIES),
        .WEIGHT_AW(WEIGHT_AW), .TABLE_AW(TABLE_AW), .MAC(MAC), .ACC_AW(ACC_AW), .POOL(POOL), .SUM_W(SUM_W), .STEPS(STEPS),
        .LOG2_PAYLOAD(LOG2_PAYLOAD)
    ) u_exec (
        .clk(clk), .rst(rst), .i_boot(i_boot),
        .i_command_valid(command_valid), .i_command(command), .i_payload(payload), .i_executing(executing),
        .i_write_pass(write_pass), .i_byte_phase(byte_phase), .i_right(right), .i_byte(payload_byte), .i_end(at_end), .i_take(take),
        .o_wait(wait_), .o_refuse(refuse), .o_code(code), .o_answers(answers), .o_answer_valid(answer_valid),
        .o_answer(answer), .o_done(done), .o_again(again), .o_abandonable(abandonable),
        .o_engine_rst(o_engine_rst), .o_x_valid(o_x_valid), .i_x_ready(i_x_ready), .i_x_none(i_x_none), .o_x(o_x),
        .i_x_at(i_x_at), .i_x_last(i_x_last), .i_x_step(i_x_step), .o_answer_now(o_answer_now),
        .i_y_valid(i_y_valid), .o_y_ready(o_y_ready), .i_y_score(i_y_score), .i_y_class(i_y_class), .i_y_last(i_y_last),
        .o_table_we(o_table_we), .o_table_addr(o_table_addr), .o_table_wdata(o_table_wdata), .i_table_rdata(i_table_rdata),
        .o_weight_we(o_weight_we), .o_weight_addr(o_weight_addr), .o_weight_wdata(o_weight_wdata)
    );
endmodule
`default_nettype wire
