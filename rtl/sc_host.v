// SPDX-License-Identifier: Apache-2.0
// Host interface: takes framed requests from a UART, loads table and weights, runs inferences, answers each request.
//
// Protocol   docs/protocol.md. A request is stored whole and executed only once its length and CRC are right, so
//            nothing is ever half-written. Any error is answered after the line was silent for 2^LOG2_TIMEOUT bits.
// Update     RECEIVE - EXECUTE - RESPOND; an error leads over DISCARD (silence) to RESPOND. EXECUTE walks the payload
//            twice, two clocks a byte: the first time to check it (INFER: to feed it), then to write, or to compose
//            the answer in the same buffer.
// Engine     held in reset except for an inference, from its first code on the line, so it reads its table anew each time.
//            The first code waits until the engine takes one or i_x_none says that its table has no inputs. A sync byte
//            while the engine is at work abandons the inference.
// Latency    clocks from a request's last byte (i_rx_valid) to the answer's first (o_tx_valid): INFO and READ_TABLE 5 and
//            2 a byte of the answer; writes 5 and 4 a byte of the payload; INFER gives the last code after 2 a byte of the
//            payload (counted from when the engine is ready, if that is later), and answers 1 or 2, and 2 a byte of score
//            and class, after the engine offers its last score.
// Model      sc_neurocore.hardware.host
// Proof      formal/sc_host_fv.v; tb/test_host.py: payloads, damage, resets
`default_nettype none
module sc_host #(
    parameter ENGINE       = 0,            // this to SUM_W: those of sc_core, which checks them
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
    output reg  [7:0]              o_tx_data,
    input  wire                    i_tick,         // once in a bit time
    // Engine.
    output reg                     o_engine_rst,
    output wire                    o_x_valid,
    input  wire                    i_x_ready,
    input  wire                    i_x_none,       // the table has no inputs: i_x_ready will not come
    output wire [LOG2L:0]          o_x,
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
    localparam VERSION = 2;
    localparam [7:0] SYNC_REQUEST = 8'hA5, SYNC_RESPONSE = 8'h5A;
    localparam [2:0] OK = 0, BAD_CRC = 1, BAD_LENGTH = 2, TIMEOUT = 3, BAD_COMMAND = 4, FRAMING = 5, NOT_CONFIGURED = 6;

    // Bytes of an address, a weight word, an input code, a score.
    localparam AB = WEIGHT_AW > 16 ? 3 : 2;
    localparam NB = (WEIGHT_W + 7) / 8;
    localparam XB = LOG2L > 7 ? 2 : 1;
    localparam SB = SUM_W > 16 ? 4 : 2;
    localparam YI = SUM_W > 16 ? 3 : 2;                  // 2^YI bytes hold a score and the class
    localparam INFO_BYTES = 14;

    localparam ADDR_W = WEIGHT_AW > TABLE_AW ? WEIGHT_AW : TABLE_AW;
    localparam HOLD_B = NB > AB ? NB - 1 : AB - 1;
    localparam HOLD_W = 8 * HOLD_B;
    localparam LP     = LOG2_PAYLOAD;
    localparam INDEX_W = $clog2(NB > SB + 3 ? NB : SB + 3);

    generate
        if (LOG2_PAYLOAD < 9 || LOG2_PAYLOAD > 15) begin : g_illegal_payload
            ERROR_LOG2_PAYLOAD_must_be_in_9_to_15 u_illegal ();
        end
        if (LOG2_PAYLOAD < TABLE_AW + 2) begin : g_illegal_table
            ERROR_LOG2_PAYLOAD_must_be_at_least_TABLE_AW_plus_2 u_illegal ();
        end
        if (LOG2_TIMEOUT < 5 || LOG2_TIMEOUT > 24) begin : g_illegal_timeout
            ERROR_LOG2_TIMEOUT_must_be_in_5_to_24 u_illegal ();
        end
    endgenerate

    localparam [1:0] RECEIVE = 0, EXECUTE = 1, RESPOND = 2, DISCARD = 3;
    localparam [2:0] SYNC = 0, HEAD = 1, LEN0 = 2, LEN1 = 3, BODY = 4, CRC0 = 5, CRC1 = 6;

    reg [1:0]         mode;
    reg [2:0]         step;                // position in a frame, of either direction; CRC1 while executing
    reg [2:0]         status;
    reg [2:0]         cmd;
    reg               cmd_high;            // the command byte is above 7
    reg [LP-1:0]      len;
    reg [LP:0]        ptr;                 // top bit: the answer does not fit
    reg               beat;                // second clock of a byte: what ptr addresses has arrived
    reg               second;              // second walk
    reg               first;               // first word of a walk
    reg [INDEX_W-1:0] index;               // byte of a word
    reg [ADDR_W:0]    addr;                // top bit: beyond every memory
    reg [HOLD_W-1:0]  hold;                // earlier bytes of the word, the latest at the top
    wire [7:0]        rdata;
    wire [15:0]       crc;

    wire receiving  = mode == RECEIVE;
    wire executing  = mode == EXECUTE;
    wire responding = mode == RESPOND;
    wire in_frame   = receiving && step != SYNC;
    wire rx_sync    = i_rx_valid && i_rx_data == SYNC_REQUEST;
    wire at_end     = ptr[LP-1:0] == len;

    // 1 INFO, 2 WRITE_TABLE, 3 WRITE_WEIGHTS, 4 INFER, 5 READ_TABLE
    reg  unknown;
    always @(posedge clk) unknown <= cmd_high || cmd == 0 || (cmd[2] && cmd[1]);
    wire query   = cmd[0] && !cmd[1];
    wire write   = cmd[1];
    wire infer   = cmd[2] && !cmd[0];

    // Silence.
    reg [LOG2_TIMEOUT:0] silence;
    wire timeout = silence[LOG2_TIMEOUT];
    always @(posedge clk)
        if (i_rx_valid || i_rx_error) silence <= 0;
        else if (i_tick)              silence <= silence + 1'b1;

    // Execution.
    wire compose   = executing && second && !write;
    wire [31:0] index_x = {{(32-INDEX_W){1'b0}}, index};
    wire word_last = write ? index_x == (first ? AB - 1 : cmd[0] ? NB - 1 : 1)
                   : infer ? (second ? index_x == SB - 1 && !i_y_last : index_x == XB - 1)
                   : index[0];
    wire advance   = beat && (!second || write ? !at_end : infer ? i_y_valid : 1'b1);
    wire over      = ((WEIGHT_AW >= TABLE_AW || cmd[0]) && (addr >> WEIGHT_AW) != 0)
                  || (!cmd[0] && (addr >> TABLE_AW) != 0);
    wire store     = advance && second && write && word_last && !first;
    wire done      = beat && second && (write ? at_end : infer ? index_x == SB + 2
                                      : cmd[2] ? addr[TABLE_AW] : ptr[3:0] == INFO_BYTES);
    wire checked   = beat && !second && at_end;
    wire settling  = infer && !second && first && !i_x_ready && !i_x_none;
    wire bad_end   = !query && (first || index != 0 || (infer && i_x_ready));
    wire bad_byte  = query || (infer && !i_x_ready) || (write && word_last && !first && over);

    assign o_x_valid = advance && !second && infer && word_last;
    assign o_y_ready = advance && second && infer && word_last;

    reg       fail;
    reg [2:0] code;
    reg       crc_bad;
    always @(posedge clk) crc_bad <= crc != 0;
    always @* begin
        fail = 1'b1;
        code = BAD_LENGTH;
        if (!executing) begin
            code = i_rx_error ? FRAMING : timeout ? TIMEOUT : BAD_LENGTH;
            fail = in_frame && (i_rx_error || timeout || (i_rx_valid && step == LEN1 && (i_rx_data >> (LP - 8)) != 0));
        end else if (!second) begin
            if (crc_bad)                                     code = BAD_CRC;
            else if (unknown)                                code = BAD_COMMAND;
            else if (infer && first && i_x_none && !at_end) code = NOT_CONFIGURED;
            fail = beat && (crc_bad || unknown || (at_end ? bad_end : bad_byte));
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
                end else if (infer && second && rx_sync) begin
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
        if (i_rx_valid && receiving && step == HEAD) begin
            cmd      <= i_rx_data[2:0];
            cmd_high <= i_rx_data[7:3] != 0;
        end

    always @(posedge clk)
        if (fail || (done && write)) len <= 0;
        else if (compose)            len <= ptr[LP-1:0];
        else if (receiving && i_rx_valid) begin
            if (step == LEN0) len[7:0]    <= i_rx_data;
            if (step == LEN1) len[LP-1:8] <= i_rx_data[LP-9:0];
        end

    wire line_beat = receiving ? i_rx_valid : o_tx_valid && i_tx_ready;
    always @(posedge clk)
        if ((!executing && step != BODY) || checked)    ptr <= 0;
        else if (executing ? advance : line_beat) ptr <= ptr + 1'b1;

    always @(posedge clk) begin
        beat   <= !rst && executing && !beat && !settling;
        second <= !rst && executing && (second || checked);
        if (!executing || checked)     first <= 1'b1;
        else if (advance && word_last) first <= 1'b0;
        if (!executing || checked)     index <= 0;
        else if (advance)              index <= word_last ? {INDEX_W{1'b0}} : index + 1'b1;
    end

    // Words out of bytes, low byte first.
    wire [HOLD_W+7:0] word = {rdata, hold};
    wire [31:0]       base = {{(32-8*AB){1'b0}}, word[HOLD_W+7 -: 8*AB]};
    always @(posedge clk)
        if (beat) hold <= word[HOLD_W+7:8];

    // Loaded or incremented; the load signal takes part in the sum so that both fit one logic cell a bit.
    wire            load = write && first;
    wire [ADDR_W:0] sum  = addr + {(ADDR_W+1){load}} + 1'b1;
    always @(posedge clk)
        if (!executing)                addr <= 0;
        else if (advance && word_last) addr <= load ? {(base >> ADDR_W) != 0, base[ADDR_W-1:0]} : sum;

    assign o_table_we     = store && !cmd[0];
    assign o_table_addr   = addr[TABLE_AW-1:0];
    assign o_table_wdata  = word[HOLD_W+7 -: 16];
    assign o_weight_we    = store && cmd[0];
    assign o_weight_addr  = addr[WEIGHT_AW-1:0];
    assign o_weight_wdata = word[HOLD_W+8-8*NB +: WEIGHT_W];
    assign o_x            = word[HOLD_W+8-8*XB +: LOG2L+1];

    always @(posedge clk) o_engine_rst <= rst || !(infer && step[2] && !mode[1]);    // BODY, CRC0, CRC1

    // Answer.
    wire [8*SB-1:0]     score   = {{(8*SB-SUM_W){i_y_score[SUM_W-1]}}, i_y_score};
    wire [16:0]         y_class = {{(17-LOG2_ENTRIES){1'b0}}, i_y_class};
    wire [(8<<YI)+1:0]  y_wide  = {{((8<<YI)-8*SB-15){1'b0}}, y_class, score};
    wire [(8<<YI)-1:0]  y_bytes = y_wide[(8<<YI)-1:0];
    reg  [31:0]         info;
    always @*
        case (ptr[3:0])
            0:       info = VERSION;
            1:       info = ENGINE;
            2:       info = LOG2L;
            3:       info = LANES;
            4:       info = FRAC;
            5:       info = LOG2_ENTRIES;
            6:       info = WEIGHT_AW;
            7:       info = TABLE_AW;
            8:       info = LOG2_PAYLOAD;
            9:       info = MAC;
            10:      info = ENGINE != 0 ? ACC_AW : 0;
            11:      info = ENGINE != 0 ? POOL : 0;
            12:      info = SUM_W;
            default: info = {30'd0, i_boot};
        endcase
    wire [7:0] answer = infer   ? y_bytes[{index[YI-1:0], 3'b000} +: 8]
                      : !cmd[2] ? info[7:0] : i_table_rdata[{index[0], 3'b000} +: 8];

    sc_mem #(.WIDTH(8), .DEPTH(1 << LP)) u_buffer (
        .clk(clk), .i_we(executing ? compose && advance && !done : in_frame && step == BODY && i_rx_valid),
        .i_waddr(ptr[LP-1:0]), .i_wdata(executing ? answer : i_rx_data), .i_raddr(ptr[LP-1:0]), .o_rdata(rdata)
    );

    // Line.
    always @*
        case (step)
            SYNC:    o_tx_data = SYNC_RESPONSE;
            HEAD:    o_tx_data = {5'b00000, status};
            LEN0:    o_tx_data = len[7:0];
            LEN1:    o_tx_data = {{(16-LP){1'b0}}, len[LP-1:8]};
            BODY:    o_tx_data = rdata;
            default: o_tx_data = crc[15:8];
        endcase
    assign o_tx_valid = responding && !(step == BODY && at_end);

    sc_crc16 u_crc (
        .clk(clk), .rst(rst), .i_init(step == SYNC || second), .i_valid(line_beat),
        .i_data(responding ? o_tx_data : i_rx_data), .o_crc(crc)
    );

    wire unused = &{1'b0, info, y_wide[(8<<YI)+1:8<<YI]};
    assign o_busy  = in_frame || !receiving;
    assign o_error = status != OK;
endmodule
`default_nettype wire
