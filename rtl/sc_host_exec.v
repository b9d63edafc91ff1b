// SPDX-License-Identifier: Apache-2.0
// Executor of the host interface: carries out the requests that the frame layer shows it byte by byte. It writes table and
// weights, runs inferences and gives the answers. A further kind of request is added here alone.
//
// Protocol   docs/protocol.md, its commands. The passes and byte phases of an execution: rtl/sc_host_frame.v.
// Update     Check pass: an unknown command, a payload that does not fit its command and an address beyond the memory are
//            refused, so the write pass finds nothing wrong; INFER and STEP feed the engine. Write pass: every word is
//            written to its address, or the answer is given.
// Engine     held in reset except for an inference, from its first code on the line, and, with ENGINE 2, for a sample that comes
//            step by step (sc_host_steps), so it reads its table anew each time. The first code waits until the engine takes one
//            or i_x_none says that its table has no inputs; with ENGINE 2 each code, and the end, until the engine takes one
//            or answers.
// Latency    of the memories' ports, o_x and o_y_ready: 0 clocks from the byte phase of a word's last byte
// Model      sc_neurocore.hardware.host
// Proof      formal/sc_host_exec_fv.v; formal/sc_host_fv.v, with the frame layer; tb/test_host.py
`default_nettype none
module sc_host_exec #(
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
    parameter LOG2_PAYLOAD = 9,            // that of sc_host_frame, which checks it
    parameter WEIGHT_W     = LANES * (LOG2L + 1)     // derived; do not override
) (
    input  wire                    clk,
    input  wire                    rst,
    input  wire [1:0]              i_boot,         // for INFO
    // Frame layer.
    input  wire                    i_command_valid,
    input  wire [7:0]              i_command,
    input  wire                    i_payload,
    input  wire                    i_executing,
    input  wire                    i_write_pass,
    input  wire                    i_byte_phase,
    input  wire                    i_right,        // in a byte phase of the check pass: the CRC is right
    input  wire [7:0]              i_byte,
    input  wire                    i_end,
    input  wire                    i_take,
    output wire                    o_wait,
    output wire                    o_refuse,
    output reg  [3:0]              o_code,
    output wire                    o_answers,
    output wire                    o_answer_valid,
    output wire [7:0]              o_answer,
    output wire                    o_done,
    output wire                    o_again,        // the answer is the last one
    output wire                    o_abandonable,
    // Engine.
    output reg                     o_engine_rst,
    output wire                    o_x_valid,
    input  wire                    i_x_ready,
    input  wire                    i_x_none,       // the table has no inputs: i_x_ready will not come
    output wire [LOG2L:0]          o_x,
    // With ENGINE 2 only: where it is in a sample, as in sc_spike_engine.
    input  wire [LOG2_ENTRIES-1:0] i_x_at,
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
    localparam VERSION = 2;
    localparam [3:0] BAD_LENGTH = 2, BAD_COMMAND = 4, NOT_CONFIGURED = 6, OUT_OF_STEP = 7, BAD_EVENT = 8;

    // Bytes of an address, a weight word, an input code, a score.
    localparam AB = WEIGHT_AW > 16 ? 3 : 2;
    localparam NB = (WEIGHT_W + 7) / 8;
    localparam XB = LOG2L > 7 ? 2 : 1;
    localparam SB = SUM_W > 16 ? 4 : 2;
    localparam YI = SUM_W > 16 ? 3 : 2;                  // 2^YI bytes hold a score and the class
    localparam INFO_WORDS = ENGINE == 2 ? 9 : 7;         // of two bytes

    localparam ADDR_W  = WEIGHT_AW > TABLE_AW ? WEIGHT_AW : TABLE_AW;
    localparam SHIFT_W = 8 * (NB > AB ? NB - 1 : AB - 1);
    localparam INDEX_W = $clog2(NB > SB + 3 ? NB : SB + 3);

    generate
        if (LOG2_PAYLOAD < TABLE_AW + 2) begin : g_illegal_table
            ERROR_LOG2_PAYLOAD_must_be_at_least_TABLE_AW_plus_2 u_illegal ();
        end
    endgenerate

    // 1 INFO, 2 WRITE_TABLE, 3 WRITE_WEIGHTS, 4 INFER, 5 READ_TABLE; with ENGINE 2 also 6 STEP
    reg [2:0] cmd;
    reg       cmd_high;                    // the command byte is above 7
    reg       unknown;
    always @(posedge clk) begin
        if (i_command_valid) begin
            cmd      <= i_command[2:0];
            cmd_high <= i_command[7:3] != 0;
        end
        unknown <= cmd_high || cmd == 0 || (cmd[2] && cmd[1] && (ENGINE != 2 || cmd[0]));
    end
    wire query = cmd[0] && !cmd[1];
    wire write = cmd[1] && !(ENGINE == 2 && cmd[2]);
    wire infer = cmd[2] && !cmd[0];        // or STEP
    wire step  = ENGINE == 2 && cmd[2] && cmd[1];

    // Of sc_host_steps.
    wire events, going, late, bad_event, part, run, restart, filling, fill_valid, fill_spike;
    reg  scored;                           // the engine answers after the frame's last step

    // A pass, word by word. The first word of a write is its address; the words of INFO's and READ_TABLE's answers have two
    // bytes and are counted by addr from 0.
    reg               first;               // first word of a pass
    reg [INDEX_W-1:0] index;               // byte of a word
    reg [ADDR_W:0]    addr;                // top bit: beyond every memory
    wire [31:0] index_x = {{(32-INDEX_W){1'b0}}, index};
    wire rewind    = i_byte_phase && !i_write_pass && i_end;
    // The last byte of a code, an event or a head.
    wire code_last = index_x == (step && (first || events) ? 1 : XB - 1);
    wire word_last = write ? index_x == (first ? AB - 1 : cmd[0] ? NB - 1 : 1)
                   : infer ? (i_write_pass ? index_x == SB - 1 && !i_y_last : code_last)
                   : index[0];
    wire word_take = i_take && word_last;
    always @(posedge clk) begin
        if (!i_executing || rewind) first <= 1'b1;
        else if (word_take)         first <= 1'b0;
        if (!i_executing || rewind) index <= 0;
        else if (i_take)            index <= word_last ? {INDEX_W{1'b0}} : index + 1'b1;
    end

    // Words out of bytes, low byte first.
    reg  [SHIFT_W-1:0] shift_in;           // earlier bytes of the word, the latest at the top
    wire [SHIFT_W+7:0] word = {i_byte, shift_in};
    wire [31:0]        base = {{(32-8*AB){1'b0}}, word[SHIFT_W+7 -: 8*AB]};
    always @(posedge clk)
        if (i_byte_phase) shift_in <= word[SHIFT_W+7:8];

    // Loaded or incremented; the load signal takes part in the sum so that both fit one logic cell a bit.
    wire            load = write && first;
    wire [ADDR_W:0] sum  = addr + {(ADDR_W+1){load}} + 1'b1;
    always @(posedge clk)
        if (!i_executing)   addr <= 0;
        else if (word_take) addr <= load ? {(base >> ADDR_W) != 0, base[ADDR_W-1:0]} : sum;

    // Samples that come step by step.
    wire steps_word = i_take && code_last && !i_write_pass && step;    // without i_y_last, which comes late
    always @(posedge clk) if (!i_write_pass) scored <= i_y_valid;
    generate
        if (ENGINE == 2) begin : g_steps
            sc_host_steps #(.LOG2_ENTRIES(LOG2_ENTRIES)) u_steps (
                .clk(clk), .rst(rst), .i_infer_begins(i_command_valid && i_command == 4),
                .i_executing(i_executing), .i_other(i_byte_phase && i_right && !step), .i_end(i_end || i_write_pass),
                .i_word(steps_word), .i_first(first), .i_value(word[SHIFT_W+7 -: 16]),
                .i_done(i_byte_phase && i_write_pass && o_done), .o_events(events), .o_going(going), .o_again(o_again), .o_late(late), .o_bad_event(bad_event), .o_part(part), .o_run(run),
                .o_restart(restart), .o_filling(filling), .o_x_valid(fill_valid), .o_x_spike(fill_spike),
                .i_x_taken(o_x_valid && i_x_ready), .i_x_ready(i_x_ready), .i_x_at(i_x_at), .i_x_last(i_x_last),
                .i_x_step(i_x_step), .o_answer(o_answer_now)
            );
        end else begin : g_no_steps
            wire unused = &{1'b0, steps_word, i_x_at, i_x_last, i_x_step, scored, i_right};
            assign {events, going, late, bad_event, part, run, restart, filling, fill_valid, fill_spike} = 10'd0;
            assign o_again      = 1'b0;
            assign o_answer_now = 1'b0;
        end
    endgenerate

    // Check pass.
    wire over     = ((WEIGHT_AW >= TABLE_AW || cmd[0]) && (addr >> WEIGHT_AW) != 0)
                 || (!cmd[0] && (addr >> TABLE_AW) != 0);
    wire feeding  = step ? going : infer;  // the engine takes this request's codes
    wire bad_end  = !query && (first || index != 0 || (step ? going && part : infer && i_x_ready));
    wire bad_byte = query || (feeding && !i_x_ready) || (write && word_last && !first && over);
    // The engine of networks in steps computes between the codes of two steps; its answer says that it wants no more.
    wire taking     = i_x_ready || i_x_none || (ENGINE == 2 && i_y_valid);
    assign o_wait   = feeding && !i_write_pass && (ENGINE == 2 ? o_engine_rst || filling || !taking : first && !taking);
    assign o_refuse = unknown || late || (going && bad_event) || (i_end ? bad_end : bad_byte);
    always @* begin
        o_code = BAD_LENGTH;
        if (unknown)                   o_code = BAD_COMMAND;
        else if (late)                 o_code = OUT_OF_STEP;
        else if (going && bad_event)   o_code = BAD_EVENT;
        else if (feeding && (first || step) && i_x_none && !i_end) o_code = NOT_CONFIGURED;
    end

    // Engine.
    assign o_x_valid     = filling ? fill_valid : word_take && !i_write_pass && feeding && !(step && events);
    assign o_x           = filling ? {fill_spike, {LOG2L{1'b0}}} : word[SHIFT_W+8-8*XB +: LOG2L+1];
    // The last score of a sample's step is taken, too, so that the sample can go on.
    assign o_y_ready     = i_write_pass && infer && (word_take || (going && scored && i_byte_phase && o_done));
    assign o_abandonable = infer;
    always @(posedge clk) o_engine_rst <= rst || restart || !((infer && !step && i_payload) || run);

    // Memories.
    wire store = word_take && i_write_pass && write && !first;
    assign o_table_we     = store && !cmd[0];
    assign o_table_addr   = addr[TABLE_AW-1:0];
    assign o_table_wdata  = word[SHIFT_W+7 -: 16];
    assign o_weight_we    = store && cmd[0];
    assign o_weight_addr  = addr[WEIGHT_AW-1:0];
    assign o_weight_wdata = word[SHIFT_W+8-8*NB +: WEIGHT_W];

    // Answer.
    wire [8*SB-1:0]     score   = {{(8*SB-SUM_W){i_y_score[SUM_W-1]}}, i_y_score};
    wire [16:0]         y_class = {{(17-LOG2_ENTRIES){1'b0}}, i_y_class};
    wire [(8<<YI)+1:0]  y_wide  = {{((8<<YI)-8*SB-15){1'b0}}, y_class, score};
    wire [(8<<YI)-1:0]  y_bytes = y_wide[(8<<YI)-1:0];
    reg  [31:0]         info;
    wire [3:0]          info_at = {ENGINE == 2 && addr[3], addr[2:0]};
    always @*
        case ({info_at, index[0]})
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
            11:      info = ENGINE == 1 ? POOL : 0;
            12:      info = SUM_W;
            13:      info = {30'd0, i_boot};
            14:      info = STEPS;
            15:      info = STEPS >> 8;
            16:      info = STEPS >> 16;
            default: info = 32'd0;
        endcase
    assign o_answers      = !write;
    assign o_answer_valid = infer ? i_y_valid : 1'b1;
    assign o_answer       = infer   ? y_bytes[{index[YI-1:0], 3'b000} +: 8]
                          : !cmd[2] ? info[7:0] : i_table_rdata[{index[0], 3'b000} +: 8];
    assign o_done         = write ? i_end : infer ? index_x == SB + 2 || (step && !(going && scored))
                          : cmd[2] ? addr[TABLE_AW] : info_at == INFO_WORDS;

    wire unused = &{1'b0, info, y_wide[(8<<YI)+1:8<<YI]};
endmodule
`default_nettype wire
