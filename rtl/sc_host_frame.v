// SPDX-License-Identifier: Apache-2.0
// Frame layer of the host interface: finds requests among the bytes of a UART, checks their length and CRC, shows the payload
// to an executor byte by byte, and sends the executor's answer as a frame. It knows no command.
//
// Protocol   docs/protocol.md. A request is stored whole and executed only when its length and CRC are right, so nothing is
//            ever half-written. Any error is answered after the line was silent for 2^LOG2_TIMEOUT bits.
// Update     RECEIVE - EXECUTE - RESPOND; an error leads over DISCARD (silence) to RESPOND. EXECUTE walks through the
//            payload twice, two clocks a byte. In the second of them, the byte phase, o_byte or o_end is valid, and so are
//            the executor's i_refuse, i_answer_valid and i_done:
//              check pass   shows the bytes, then o_end. i_refuse ends the request with the status i_code, as a wrong CRC
//                           does in the first byte phase;
//              write pass   shows them again; or, with i_answers, stores i_answer as the answer's next byte where
//                           i_answer_valid, in the place of the payload. i_done ends it. A sync byte ends it without a
//                           response while i_abandonable.
//            o_take: the pass goes on to the next byte. i_wait holds the next byte phase back.
//            With KEEP, i_done and i_again answer what was answered last, by an executor's bytes, once more.
// Latency    in clocks: from a request's last byte (i_rx_valid) to its first byte phase 2, from i_done to o_tx_valid 1
// Model      sc_neurocore.hardware.host: encode_request, decode_response
// Proof      formal/sc_host_frame_fv.v; formal/sc_host_fv.v, with the executor; tb/test_host.py
`default_nettype none
module sc_host_frame #(
    parameter LOG2_PAYLOAD = 9,            // 9 .. 15: a payload has at most 2^LOG2_PAYLOAD - 1 bytes
    parameter LOG2_TIMEOUT = 14,           // 5 .. 24: bit times of silence
    parameter KEEP         = 0             // 0: no answer is kept, 1: the last one is, in as much memory again
) (
    input  wire       clk,
    input  wire       rst,
    output wire       o_busy,
    output wire       o_error,             // the last status was not OK
    // UART.
    input  wire       i_rx_valid,
    input  wire       i_rx_error,
    input  wire [7:0] i_rx_data,
    output wire       o_tx_valid,
    input  wire       i_tx_ready,
    output reg  [7:0] o_tx_data,
    input  wire       i_tick,              // once in a bit time
    // Executor.
    output wire       o_command_valid,     // a request begins, with this command
    output wire [7:0] o_command,
    output wire       o_payload,           // from the first byte behind the length to the end of the execution
    output wire       o_executing,
    output reg        o_write_pass,
    output reg        o_byte_phase,
    output wire       o_right,             // in a byte phase of the check pass: the CRC is right
    output wire [7:0] o_byte,
    output wire       o_end,               // every byte of the payload was shown
    output wire       o_take,
    input  wire       i_wait,
    input  wire       i_refuse,
    input  wire [3:0] i_code,
    input  wire       i_answers,
    input  wire       i_answer_valid,
    input  wire [7:0] i_answer,
    input  wire       i_done,
    input  wire       i_again,             // with i_done: the answer is the last one that was stored
    input  wire       i_abandonable
);
    localparam [7:0] SYNC_REQUEST = 8'hA5, SYNC_RESPONSE = 8'h5A;
    localparam [3:0] OK = 0, BAD_CRC = 1, BAD_LENGTH = 2, TIMEOUT = 3, FRAMING = 5;     // the others are the executor's
    localparam LP = LOG2_PAYLOAD;

    generate
        if (LOG2_PAYLOAD < 9 || LOG2_PAYLOAD > 15) begin : g_illegal_payload
            ERROR_LOG2_PAYLOAD_must_be_in_9_to_15 u_illegal ();
        end
        if (LOG2_TIMEOUT < 5 || LOG2_TIMEOUT > 24) begin : g_illegal_timeout
            ERROR_LOG2_TIMEOUT_must_be_in_5_to_24 u_illegal ();
        end
        if (KEEP != 0 && KEEP != 1) begin : g_illegal_keep
            ERROR_KEEP_must_be_in_0_to_1 u_illegal ();
        end
    endgenerate

    localparam [1:0] RECEIVE = 0, EXECUTE = 1, RESPOND = 2, DISCARD = 3;
    localparam [2:0] SYNC = 0, HEAD = 1, LEN0 = 2, LEN1 = 3, BODY = 4, CRC0 = 5, CRC1 = 6;

    reg [1:0]    mode;
    reg [2:0]    step;                     // position in a frame, of either direction; CRC1 while executing
    reg [3:0]    status;
    reg [LP-1:0] len;
    reg [LP:0]   ptr;                      // byte of the payload or answer; top bit: the answer does not fit
    wire [15:0]  crc;
    wire [LP-1:0] kept_len;                // length of the answer that is kept
    wire         again;
    reg          crc_bad;                  // not before the first byte phase

    wire receiving  = mode == RECEIVE;
    wire executing  = mode == EXECUTE;
    wire responding = mode == RESPOND;
    wire in_frame   = receiving && step != SYNC;
    wire rx_sync    = i_rx_valid && i_rx_data == SYNC_REQUEST;
    wire at_end     = ptr[LP-1:0] == len;

    // Silence.
    reg [LOG2_TIMEOUT:0] silence;
    wire timeout = silence[LOG2_TIMEOUT];
    always @(posedge clk)
        if (i_rx_valid || i_rx_error) silence <= 0;
        else if (i_tick)              silence <= silence + 1'b1;

    // Execution.
    wire compose = executing && o_write_pass && i_answers;
    wire done    = o_byte_phase && o_write_pass && i_done;
    wire checked = o_byte_phase && !o_write_pass && at_end;
    wire abandoned = executing && i_abandonable && (o_write_pass || i_wait) && rx_sync;
    assign o_take = o_byte_phase && (!o_write_pass || !i_answers ? !at_end : i_answer_valid);
    always @(posedge clk) begin
        o_byte_phase <= !rst && executing && !o_byte_phase && !i_wait;
        o_write_pass <= !rst && executing && (o_write_pass || checked);
    end
    assign o_command_valid = i_rx_valid && receiving && step == HEAD;
    assign o_command       = i_rx_data;
    assign o_payload       = step[2] && !mode[1];         // BODY, CRC0, CRC1
    assign o_executing     = executing;
    assign o_end           = at_end;
    assign o_right         = !crc_bad;

    reg       fail;
    reg [3:0] code;
    always @(posedge clk) crc_bad <= crc != 0;
    always @* begin
        code = BAD_LENGTH;
        if (!executing) begin
            code = i_rx_error ? FRAMING : timeout ? TIMEOUT : BAD_LENGTH;
            fail = in_frame && (i_rx_error || timeout || (i_rx_valid && step == LEN1 && (i_rx_data >> (LP - 8)) != 0));
        end else if (!o_write_pass) begin
            code = crc_bad ? BAD_CRC : i_code;
            fail = o_byte_phase && (crc_bad || i_refuse);
        end else
            fail = ptr[LP];
    end

    always @(posedge clk)
        if (rst) begin
            mode   <= RECEIVE;
            step   <= SYNC;
            status <= OK;
        end else if (fail) begin
            mode   <= DISCARD;
            step   <= SYNC;
            status <= code;
        end else case (mode)
            DISCARD: if (timeout) mode <= RESPOND;
            EXECUTE:
                if (done) begin
                    mode   <= RESPOND;
                    step   <= SYNC;
                    status <= OK;
                end else if (abandoned) begin
                    mode <= RECEIVE;
                    step <= HEAD;
                end
            default:
                if (step == BODY) begin
                    if (at_end) step <= CRC0;
                end else if (responding ? i_tx_ready : i_rx_valid) begin
                    if (step == CRC1) begin
                        mode <= responding ? RECEIVE : EXECUTE;
                        if (responding) step <= SYNC;
                    end else if (responding || rx_sync || in_frame)
                        step <= step + 1'b1;
                end
        endcase

    always @(posedge clk)
        if (fail || (done && !i_answers)) len <= 0;
        else if (compose)                 len <= done && again ? kept_len : ptr[LP-1:0];
        else if (receiving && i_rx_valid) begin
            if (step == LEN0) len[7:0]    <= i_rx_data;
            if (step == LEN1) len[LP-1:8] <= i_rx_data[LP-9:0];
        end

    wire line_take = receiving ? i_rx_valid : o_tx_valid && i_tx_ready;
    always @(posedge clk)
        if ((!executing && step != BODY) || checked) ptr <= 0;
        else if (executing ? o_take : line_take)     ptr <= ptr + 1'b1;

    // Requests and answers share the buffer; with KEEP answers have a part of their own, which the next request leaves alone.
    wire [7:0] stored = executing ? i_answer : i_rx_data;
    wire       store  = executing ? compose && o_take && !done : in_frame && step == BODY && i_rx_valid;
    generate
        if (KEEP == 1) begin : g_keep
            reg [LP-1:0] last_len;
            always @(posedge clk) if (compose && done && !i_again) last_len <= ptr[LP-1:0];
            assign again    = i_again;
            assign kept_len = last_len;
            sc_mem #(.WIDTH(8), .DEPTH(2 << LP)) u_buffer (
                .clk(clk), .i_we(store), .i_waddr({executing, ptr[LP-1:0]}), .i_wdata(stored),
                .i_raddr({responding, ptr[LP-1:0]}), .o_rdata(o_byte)
            );
        end else begin : g_no_keep
            wire unused = &{1'b0, i_again};
            assign again    = 1'b0;
            assign kept_len = {LP{1'b0}};
            sc_mem #(.WIDTH(8), .DEPTH(1 << LP)) u_buffer (
                .clk(clk), .i_we(store), .i_waddr(ptr[LP-1:0]), .i_wdata(stored),
                .i_raddr(ptr[LP-1:0]), .o_rdata(o_byte)
            );
        end
    endgenerate

    // Line.
    always @*
        case (step)
            SYNC:    o_tx_data = SYNC_RESPONSE;
            HEAD:    o_tx_data = {4'b0000, status};
            LEN0:    o_tx_data = len[7:0];
            LEN1:    o_tx_data = {{(16-LP){1'b0}}, len[LP-1:8]};
            BODY:    o_tx_data = o_byte;
            default: o_tx_data = crc[15:8];
        endcase
    assign o_tx_valid = responding && !(step == BODY && at_end);

    sc_crc16 u_crc (
        .clk(clk), .rst(rst), .i_init(step == SYNC || o_write_pass || abandoned), .i_valid(line_take),
        .i_data(responding ? o_tx_data : i_rx_data), .o_crc(crc)
    );

    assign o_busy  = in_frame || !receiving;
    assign o_error = status != OK;
endmodule
`default_nettype wire
