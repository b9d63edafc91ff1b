"""Planted bugs: each is put into a copy of the RTL, and its proof must then fail with a counterexample."""

from dataclasses import dataclass

__all__ = ["BUGS", "Bug"]


@dataclass(frozen=True, slots=True)
class Bug:
    """One edit of the RTL that a proof must notice: a mistake that somebody could really make.

    `formal/run.py` hunts it by `task` and expects a counterexample to a claim (a_...). `sby_files.read_proofs` refuses
    a bug that cannot be planted.

    Attributes:
        proof: Name of the harness, such as "sc_apc_fv".
        task: The hunt task of its .sby file that must find the bug. Choose the one with the smallest parameters at
            which the bug shows.
        file: The RTL file, as a path from the root of the repository.
        old: Text that occurs exactly once in the file.
        new: The text that takes its place.
        what: The mistake in words, as formal/README.md lists it.
    """

    proof: str
    task: str
    file: str
    old: str
    new: str
    what: str


BUGS: tuple[Bug, ...] = (
    # Sources and generators.
    Bug(
        "sc_sources_fv", "hunt_counter_l8", "rtl/sc_counter_source.v",
        "if (rst || i_restart) o_r", "if (rst) o_r",
        "a restart does not restart the counter",
    ),
    Bug(
        "sc_sources_fv", "hunt_vdc_l8", "rtl/sc_counter_source.v",
        "else if (i_en)        o_r", "else                  o_r",
        "the count goes on while it is not enabled",
    ),
    Bug(
        "sc_sources_fv", "hunt_vdc_l8", "rtl/sc_vdc_source.v",
        "assign o_r[k] = t[LOG2L-1-k]", "assign o_r[k] = t[k]",
        "the bits are not reversed",
    ),
    Bug(
        "sc_sources_fv", "hunt_counter_l8", "rtl/sc_sng.v",
        "greater = 1'b0;", "greater = 1'b1;",
        ">= in place of >: a code of 0 gives a one",
    ),
    Bug(
        "sc_sources_fv", "hunt_vdc_l8", "rtl/sc_sng.v",
        "i_x[LOG2L] || greater;", "greater;",
        "the comparator drops the top bit of X, so X = L gives no ones",
    ),
    Bug(
        "sc_sources_fv", "hunt_vdc_l8", "rtl/sc_window_sng.v",
        "SOURCE == 0 ? k : LOG2L - 1 - k", "k",
        "the window generator ignores its source",
    ),
    # Parallel counter and multiplier.
    Bug(
        "sc_apc_fv", "hunt_n4", "rtl/sc_apc.v",
        "k < N;", "k < N - 1;",
        "the last bit is not counted",
    ),
    Bug(
        "sc_apc_fv", "hunt_n3", "rtl/sc_apc.v",
        "o_count + {{(COUNT_W-1){1'b0}}, i_bits[k]}", "o_count | {{(COUNT_W-1){1'b0}}, i_bits[k]}",
        "an OR in place of the adder",
    ),
    Bug(
        "sc_apc_fv", "hunt_n8", "rtl/sc_mul.v",
        "product & {N{i_w_neg}}", "product",
        "a positive product counts down as well",
    ),
    Bug(
        "sc_apc_fv", "hunt_n8", "rtl/sc_mul.v",
        "i_x & i_w;", "i_x | i_w;",
        "an OR in place of the AND",
    ),
    # Lane.
    Bug(
        "sc_lane_fv", "hunt_l4", "rtl/sc_lane.v",
        "if (rst || term_last) acc", "if (rst) acc",
        "the sum goes on into the next neuron",
    ),
    Bug(
        "sc_lane_fv", "hunt_l4", "rtl/sc_lane.v",
        ".SOURCE(1)", ".SOURCE(0)",
        "weights and inputs share a source, so the AND gives the minimum",
    ),
    Bug(
        "sc_lane_fv", "hunt_l4", "rtl/sc_lane.v",
        "if (rst || !i_valid) begin", "if (rst) begin",
        "a clock without a synapse counts as one",
    ),
    Bug(
        "sc_lane_fv", "hunt_l4", "rtl/sc_lane.v",
        "term_neg  <= negative;", "term_neg  <= negative && i_last;",
        "only the last synapse keeps its sign",
    ),
    Bug(
        "sc_lane_fv", "hunt_mac_l4", "rtl/sc_lane.v",
        "{{(LOG2L+1){1'b0}}, i_weight[LOG2L-1:0]}", "{{LOG2L{1'b0}}, i_weight}",
        "the multiplier takes the sign bit for magnitude",
    ),
    # Window neuron.
    Bug(
        "sc_window_if_step_fv", "hunt_small", "rtl/sc_window_if_step.v",
        "assign o_spike = ~i_v[V_W-1];", "assign o_spike = ~i_v[V_W-1] && i_v != 0;",
        "> in place of >=: a half rounds down",
    ),
    Bug(
        "sc_window_if_step_fv", "hunt_small", "rtl/sc_window_if_step.v",
        "i_load ? theta : {theta[V_W-2:0], 1'b0}", "theta",
        "a spike subtracts theta, not 2 theta",
    ),
    Bug(
        "sc_window_if_step_fv", "hunt_small", "rtl/sc_window_if_step.v",
        "{(V_W-ACC_W-FRAC-1){i_s[ACC_W-1]}}", "{(V_W-ACC_W-FRAC-1){1'b0}}",
        "a negative sum is extended without its sign",
    ),
    Bug(
        "sc_window_if_step_fv", "hunt_wide", "rtl/sc_window_if_step.v",
        "i_load || o_spike ? minuend", "o_spike ? minuend",
        "a silent neuron does not load",
    ),
    Bug(
        "sc_window_if_fv", "hunt_small", "rtl/sc_window_if_step.v",
        "assign o_spike = ~i_v[V_W-1];", "assign o_spike = ~i_v[V_W-1] && i_v != 0;",
        "> in place of >=: a half rounds down, and the count of the window with it",
    ),
    Bug(
        "sc_window_if_fv", "hunt_small", "rtl/sc_window_if.v",
        "v <= {V_W{1'b1}};", "v <= {V_W{1'b0}};",
        "after rst the neuron spikes before its first load",
    ),
    Bug(
        "sc_window_if_fv", "hunt_small", "rtl/sc_window_if.v",
        "else if (i_load || i_en) v", "else v",
        "a spike is paid for while the stream stands still",
    ),
    Bug(
        "sc_window_if_fv", "hunt_small", "rtl/sc_window_if.v",
        ".i_load(i_load)", ".i_load(i_load && i_en)",
        "a load without an enabled clock is lost",
    ),
    # Folded layers.
    Bug(
        "sc_fold_if_fv", "hunt_one", "rtl/sc_fold_if.v",
        "i_add ? count : MINUS_STEP[WIDTH-1:0]", "i_step ? MINUS_STEP[WIDTH-1:0] : count",
        "a step goes before a count, which is lost",
    ),
    Bug(
        "sc_fold_if_fv", "hunt_one", "rtl/sc_fold_if.v",
        "else if (i_add || i_step) o_acc", "else o_acc",
        "the neuron goes on paying while nothing is asked of it",
    ),
    Bug(
        "sc_fold_if_fv", "hunt_odd", "rtl/sc_fold_if.v",
        "i_count} << SHIFT;", "i_count};",
        "counts are added without the threshold's fraction bits",
    ),
    Bug(
        "sc_serial_argmax_fv", "hunt_n3", "rtl/sc_serial_argmax.v",
        "^ {1'b1, {(WIDTH-1){1'b0}}}", "^ {1'b0, {(WIDTH-1){1'b0}}}",
        "negative scores count as greater than positive ones",
    ),
    Bug(
        "sc_serial_argmax_fv", "hunt_n3", "rtl/sc_serial_argmax.v",
        "active && |leads", "active",
        "where no score in the race has a 1, all of them drop out",
    ),
    Bug(
        "sc_serial_argmax_fv", "hunt_n3", "rtl/sc_serial_argmax.v",
        "k = N - 1; k >= 0; k = k - 1", "k = 0; k < N; k = k + 1",
        "the highest index wins a tie",
    ),
    Bug(
        "sc_serial_argmax_fv", "hunt_n3", "rtl/sc_serial_argmax.v",
        "active && position == 0 && !i_start && !rst", "active && position == 0",
        "an answer comes though a new start, or rst, took its place",
    ),
    # Serial line and its check.
    Bug(
        "sc_uart_rx_fv", "hunt_4", "rtl/sc_uart_rx.v",
        "IDLE:    if (!line)  state <= START;", "IDLE:    if (!line)  state <= DATA;",
        "a glitch counts as a start bit, and the next byte is sampled by its clocks",
    ),
    Bug(
        "sc_uart_rx_fv", "hunt_4", "rtl/sc_uart_rx.v",
        "state <= line ? IDLE : DATA;", "state <= DATA;",
        "a start bit that is high in its middle is taken",
    ),
    Bug(
        "sc_uart_rx_fv", "hunt_5", "rtl/sc_uart_rx.v",
        "HALF = (1 << W) - CLOCKS_PER_BIT / 2;", "HALF = (1 << W) - CLOCKS_PER_BIT / 2 + 1;",
        "bits are sampled a clock before their middle",
    ),
    Bug(
        "sc_uart_fv", "hunt_4", "rtl/sc_uart_rx.v",
        "HALF = (1 << W) - CLOCKS_PER_BIT / 2", "HALF = (1 << W) - CLOCKS_PER_BIT",
        "bits are sampled at their end",
    ),
    Bug(
        "sc_uart_fv", "hunt_5", "rtl/sc_uart_rx.v",
        "else if (sample)   phase <= FULL[W-1:0];", "else if (sample)   phase <= HALF[W-1:0];",
        "bits are sampled twice",
    ),
    Bug(
        "sc_uart_fv", "hunt_4", "rtl/sc_uart_tx.v",
        "assign o_ready = bits[10:1] == 0", "assign o_ready = bits[10:2] == 0",
        "the next byte is taken over the last bit of the one before",
    ),
    Bug(
        "sc_uart_fv", "hunt_4", "rtl/sc_uart_tx.v",
        "{1'b1, i_data, 2'b01}", "{1'b1, i_data, 2'b00}",
        "the start bit begins when the byte is taken, not with the tick",
    ),
    Bug(
        "sc_crc16_fv", "hunt_all", "rtl/sc_crc16.v",
        "s[3:0] ^ s[7:4]", "s[3:0]",
        "the low half of the byte misses what the high half returns",
    ),
    Bug(
        "sc_crc16_fv", "hunt_all", "rtl/sc_crc16.v",
        "if (rst || i_init) o_crc", "if (rst) o_crc",
        "a message does not start afresh",
    ),
    Bug(
        "sc_crc16_fv", "hunt_all", "rtl/sc_crc16.v",
        "{3'b000, x, 5'b00000}", "{4'b0000, x, 4'b0000}",
        "a tap is off by one",
    ),
    # Host interface.
    Bug(
        "sc_host_fv", "hunt_board", "rtl/sc_host_frame.v",
        "fail = in_frame && (i_rx_error", "fail = (i_rx_error",
        "noise outside a request is answered",
    ),
    Bug(
        "sc_host_fv", "hunt_board", "rtl/sc_host_frame.v",
        "(i_rx_data >> (LP - 8)) != 0", "(i_rx_data >> (LP - 7)) != 0",
        "a length one bit too great is taken",
    ),
    Bug(
        "sc_host_fv", "hunt_board", "rtl/sc_host_frame.v",
        "o_byte_phase && (crc_bad || i_refuse)", "o_byte_phase && i_refuse",
        "a request with a wrong CRC is executed",
    ),
    Bug(
        "sc_host_fv", "hunt_board", "rtl/sc_host_frame.v",
        "i_abandonable && (o_write_pass || i_wait) && rx_sync;", "i_abandonable && rx_sync;",
        "a sync byte cancels a request before the engine computes",
    ),
    Bug(
        "sc_host_fv", "hunt_board", "rtl/sc_host_frame.v",
        "if (i_rx_valid || i_rx_error) silence", "if (i_rx_valid || i_rx_error || !in_frame) silence",
        "after an error silence is not counted, so the response never comes",
    ),
    Bug(
        "sc_host_fv", "hunt_board", "rtl/sc_host_frame.v",
        "DISCARD: if (timeout) mode", "DISCARD: if (i_tick) mode",
        "an error is answered after a bit time, while the other side may still send",
    ),
    Bug(
        "sc_host_fv", "hunt_board", "rtl/sc_host_frame.v",
        "mode   <= RECEIVE;\n            step   <= SYNC;", "mode   <= RECEIVE;",
        "rst leaves the position in the frame as it was",
    ),
    Bug(
        "sc_host_fv", "hunt_board", "rtl/sc_host_frame.v",
        "executing && !o_byte_phase && !i_wait;", "executing && !o_byte_phase;",
        "an inference does not wait for the engine to clear its sums",
    ),
    Bug(
        "sc_host_fv", "hunt_board", "rtl/sc_host_exec.v",
        "!((infer && !step && i_payload) || run)", "!i_payload",
        "the engine runs while table and weights are written",
    ),
    Bug(
        "sc_host_fv", "hunt_right", "rtl/sc_host_exec.v",
        "(write && word_last && !first && over)", "1'b0",
        "nothing keeps a write within the memory",
    ),
    Bug(
        "sc_host_fv", "hunt_right", "rtl/sc_host_exec.v",
        "word[SHIFT_W+8-8*XB +: LOG2L+1]", "word[SHIFT_W-8*XB +: LOG2L+1]",
        "the engine gets the code before",
    ),
    # Its frame layer.
    Bug(
        "sc_host_frame_fv", "hunt_board", "rtl/sc_host_frame.v",
        "(i_rx_data >> (LP - 8)) != 0", "(i_rx_data >> (LP - 7)) != 0",
        "a length one bit too great is taken",
    ),
    Bug(
        "sc_host_frame_fv", "hunt_board", "rtl/sc_host_frame.v",
        "o_byte_phase && (crc_bad || i_refuse)", "o_byte_phase && i_refuse",
        "a wrong CRC does not end the check pass",
    ),
    Bug(
        "sc_host_frame_fv", "hunt_right", "rtl/sc_host_frame.v",
        "!o_write_pass || !i_answers ? !at_end", "!i_answers ? !at_end",
        "the payload of a request that is answered is not shown to its end",
    ),
    Bug(
        "sc_host_frame_fv", "hunt_right", "rtl/sc_host_frame.v",
        "i_init(step == SYNC || o_write_pass || abandoned)", "i_init(step == SYNC)",
        "the CRC of the request that abandons another goes on from the other's",
    ),
    Bug(
        "sc_host_frame_fv", "hunt_right", "rtl/sc_host_frame.v",
        "if (fail || (done && !i_answers)) len", "if (fail) len",
        "a write is answered by its own payload",
    ),
    Bug(
        "sc_host_frame_fv", "hunt_right", "rtl/sc_host_frame.v",
        "stored = executing ? i_answer : i_rx_data", "stored = i_rx_data",
        "the answer's bytes are those of the line",
    ),
    # Its part that knows samples which come step by step.
    Bug(
        "sc_host_steps_fv", "hunt_board", "rtl/sc_host_steps.v",
        "alive && index == i_x_step && index != 0", "index == i_x_step && index != 0",
        "a sample that broke off goes on",
    ),
    Bug(
        "sc_host_steps_fv", "hunt_board", "rtl/sc_host_steps.v",
        "index == i_x_step && index != 0", "index == i_x_step",
        "a sample begins by a frame that does not say so",
    ),
    Bug(
        "sc_host_steps_fv", "hunt_board", "rtl/sc_host_steps.v",
        "if (due) latest <= index;", "latest <= index;",
        "a frame that is refused counts as the last one",
    ),
    Bug(
        "sc_host_steps_fv", "hunt_board", "rtl/sc_host_steps.v",
        "i_infer_begins || i_other || (head && due)", "i_infer_begins || (head && due)",
        "a sample lives on while its table is written",
    ),
    Bug(
        "sc_host_steps_fv", "hunt_board", "rtl/sc_host_steps.v",
        "i_other || (head && due)) alive", "i_other) alive",
        "a sample lives on when its frame breaks off",
    ),
    Bug(
        "sc_host_steps_fv", "hunt_board", "rtl/sc_host_steps.v",
        "o_restart = head && due && clear", "o_restart = head && clear",
        "a frame that is refused restarts the sample",
    ),
    Bug(
        "sc_host_steps_fv", "hunt_board", "rtl/sc_host_steps.v",
        "(!hit || last_spike)", "!hit",
        "the last input may spike twice",
    ),
    Bug(
        "sc_host_steps_fv", "hunt_board", "rtl/sc_host_steps.v",
        "target <= {(i_value >> LOG2_ENTRIES) != 0,", "target <= {1'b0,",
        "an event far out of range names an input",
    ),
    Bug(
        "sc_host_steps_fv", "hunt_board", "rtl/sc_host_steps.v",
        "o_x_spike = hit || (i_x_last && last_spike)", "o_x_spike = hit",
        "the last input never spikes",
    ),
    Bug(
        "sc_host_steps_fv", "hunt_board", "rtl/sc_host_steps.v",
        "o_part = midway || last_spike || !fed", "o_part = midway || !fed",
        "a step ends without its last word",
    ),
    Bug(
        "sc_host_steps_fv", "hunt_board", "rtl/sc_host_steps.v",
        "o_answer <= o_going && ask && i_end", "o_answer <= o_going && ask",
        "every step of a frame is answered",
    ),
    Bug(
        "sc_host_steps_fv", "hunt_board", "rtl/sc_host_steps.v",
        "if (rst || !o_going) begin", "if (rst || head) begin",
        "an event that broke off goes on in the next inference",
    ),
    # Its executor.
    Bug(
        "sc_host_exec_fv", "hunt_board", "rtl/sc_host_exec.v",
        "(write && word_last && !first && over)", "1'b0",
        "nothing keeps a write within the memory",
    ),
    Bug(
        "sc_host_exec_fv", "hunt_mac", "rtl/sc_host_exec.v",
        "word_take && i_write_pass && write && !first", "word_take && write && !first",
        "words are written while they are checked",
    ),
    Bug(
        "sc_host_exec_fv", "hunt_board", "rtl/sc_host_exec.v",
        "taking     = i_x_ready || i_x_none ||", "taking     = i_x_ready ||",
        "an inference without inputs waits for an engine that takes none",
    ),
    Bug(
        "sc_host_exec_fv", "hunt_board", "rtl/sc_host_exec.v",
        "{{(8*SB-SUM_W){i_y_score[SUM_W-1]}}", "{{(8*SB-SUM_W){1'b0}}",
        "negative scores lose their sign",
    ),
    Bug(
        "sc_host_exec_fv", "hunt_board", "rtl/sc_host_exec.v",
        "3:       info = LANES;", "3:       info = LOG2L;",
        "INFO says another parameter in the place of LANES",
    ),
    Bug(
        "sc_host_exec_fv", "hunt_mac", "rtl/sc_host_exec.v",
        "!((infer && !step && i_payload) || run)", "!(infer && i_executing)",
        "the engine is let go only when the payload is there",
    ),
    Bug(
        "sc_host_exec_fv", "hunt_one", "rtl/sc_host_exec.v",
        "o_refuse = unknown || late ||", "o_refuse = unknown ||",
        "a frame of steps that is not due is carried out",
    ),
    Bug(
        "sc_host_exec_fv", "hunt_one", "rtl/sc_host_exec.v",
        "o_code = BAD_EVENT", "o_code = BAD_LENGTH",
        "a bad event is told as a wrong length",
    ),
    Bug(
        "sc_host_exec_fv", "hunt_one", "rtl/sc_host_exec.v",
        "(step ? going && part : infer && i_x_ready)", "(!step && infer && i_x_ready)",
        "a frame that ends inside a step is taken",
    ),
    Bug(
        "sc_host_exec_fv", "hunt_one", "rtl/sc_host_exec.v",
        "o_engine_rst || filling || !taking", "o_engine_rst || !taking",
        "the next event comes while one is carried out",
    ),
    Bug(
        "sc_host_exec_fv", "hunt_one", "rtl/sc_host_exec.v",
        "o_engine_rst || filling || !taking", "filling || !taking",
        "a code is offered while the engine is restarted",
    ),
    Bug(
        "sc_host_exec_fv", "hunt_one", "rtl/sc_host_exec.v",
        "(word_take || (going && scored && i_byte_phase && o_done))", "word_take",
        "the last score of a step is never taken",
    ),
    Bug(
        "sc_host_exec_fv", "hunt_one", "rtl/sc_host_exec.v",
        "|| (step && !(going && scored))", "|| (step && !going)",
        "a frame without scores waits for them",
    ),
    Bug(
        "sc_host_exec_fv", "hunt_one", "rtl/sc_host_exec.v",
        "rst || restart || !((infer", "rst || !((infer",
        "a sample begins in the state of the one before",
    ),
    Bug(
        "sc_host_exec_fv", "hunt_one", "rtl/sc_host_exec.v",
        "filling ? {fill_spike, {LOG2L{1'b0}}}", "filling ? {1'b0, {LOG2L{1'b0}}}",
        "events have no effect",
    ),
    Bug(
        "sc_host_exec_fv", "hunt_one", "rtl/sc_host_exec.v",
        "i_other(i_byte_phase && i_right && !step)", "i_other(i_byte_phase && !step)",
        "a damaged request ends the sample",
    ),
    Bug(
        "sc_host_exec_fv", "hunt_one", "rtl/sc_host_exec.v",
        ".i_value(word[SHIFT_W+7 -: 16])", ".i_value({word[SHIFT_W-1 -: 8], i_byte})",
        "the bytes of a head are taken the other way round",
    ),
    Bug(
        "sc_host_exec_fv", "hunt_one", "rtl/sc_host_exec.v",
        ".o_answer(o_answer_now)\n            );",
        ".o_answer()\n            );\n            assign o_answer_now = i_end;",
        "every step is answered",
    ),
    Bug(
        "sc_host_exec_fv", "hunt_board", "rtl/sc_host_exec.v",
        "assign o_answer_now = 1'b0;", "assign o_answer_now = i_end;",
        "an engine without steps is asked for their answers",
    ),
    Bug(
        "sc_host_exec_fv", "hunt_board", "rtl/sc_host_exec.v",
        "assign o_again      = 1'b0;", "assign o_again      = i_write_pass;",
        "every answer is the one before",
    ),
    # Start from flash.
    Bug(
        "sc_crc32_fv", "hunt_all", "rtl/sc_crc32.v",
        "!i_out && crc[0] != i_bit", "crc[0] != i_bit",
        "what follows the message changes the CRC that it is compared with",
    ),
    Bug(
        "sc_crc32_fv", "hunt_all", "rtl/sc_crc32.v",
        "32'hEDB88320", "32'h82F63B78",
        "the polynomial of another CRC-32",
    ),
    Bug(
        "sc_crc32_fv", "hunt_all", "rtl/sc_crc32.v",
        "assign o_bit = !crc[0]", "assign o_bit = crc[0]",
        "the CRC is not inverted",
    ),
    Bug(
        "sc_spi_read_fv", "hunt_short", "rtl/sc_spi_read.v",
        "bits       <= 5'd24;", "bits       <= 5'd0;",
        "the flash is woken by 32 bits, which it ignores",
    ),
    Bug(
        "sc_spi_read_fv", "hunt_short", "rtl/sc_spi_read.v",
        "else if (last && !second)               o_spi_cs_n <= 1'b1;", "",
        "the read command follows without a pause",
    ),
    Bug(
        "sc_spi_read_fv", "hunt_short", "rtl/sc_spi_read.v",
        "if (rst || !o_spi_cs_n) pause <=", "if (!o_spi_cs_n) pause <=",
        "rst does not begin the wait anew",
    ),
    Bug(
        "sc_spi_read_fv", "hunt_line", "rtl/sc_spi_read.v",
        "!o_spi_sck && !out;", "!o_spi_sck;",
        "the line goes on while a byte is handed out",
    ),
    Bug(
        "sc_spi_read_fv", "hunt_line", "rtl/sc_spi_read.v",
        "data <= {1'b0, data[7:1]}", "data <= {data[6:0], 1'b0}",
        "bytes are handed out highest bit first",
    ),
    Bug(
        "sc_flash_image_fv", "hunt_small", "rtl/sc_flash_image.v",
        "HEADER:      wrong = i_bit != head_bit;", "HEADER:      wrong = 1'b0;",
        "an image made for another core is taken",
    ),
    Bug(
        "sc_flash_image_fv", "hunt_small", "rtl/sc_flash_image.v",
        "{27'd0, place} >= TABLE_AW;", "{27'd0, place} > TABLE_AW;",
        "twice as many words of table are taken as there are",
    ),
    Bug(
        "sc_flash_image_fv", "hunt_small", "rtl/sc_flash_image.v",
        "if (rst || refuse || clear) word <= 0;", "if (rst) word <= 0;",
        "a refusal writes what came last, not 0",
    ),
    Bug(
        "sc_flash_image_fv", "hunt_small", "rtl/sc_flash_image.v",
        "if (&o_addr[1:0]) phase", "if (o_addr[0]) phase",
        "a refusal leaves the number of inputs",
    ),
    Bug(
        "sc_flash_image_fv", "hunt_small", "rtl/sc_flash_image.v",
        "end_of_item && phase < CLEAR;", "end_of_item;",
        "after a refusal loading begins again",
    ),
    Bug(
        "sc_flash_image_fv", "hunt_late", "rtl/sc_flash_image.v",
        "CHECK:       wrong = i_bit != crc_bit;", "CHECK:       wrong = 1'b0;",
        "the CRC is not compared",
    ),
    # Engine control.
    Bug(
        "sc_engine_ctrl_fv", "hunt_2_lanes", "rtl/sc_engine_ctrl.v",
        "o_push_index == width - ONE", "o_push_index == width",
        "a layer ends one value late",
    ),
    Bug(
        "sc_engine_ctrl_fv", "hunt_2_lanes", "rtl/sc_engine_ctrl.v",
        "visiting && !(entry_last && reserved)", "visiting",
        "a group does not wait for the drain: sums are overwritten",
    ),
    Bug(
        "sc_engine_ctrl_fv", "hunt_2_lanes", "rtl/sc_engine_ctrl.v",
        "unvisited_x <= LANES", "unvisited_x < LANES",
        "a full last group is followed by an empty one",
    ),
    Bug(
        "sc_engine_ctrl_fv", "hunt_1_lane", "rtl/sc_engine_ctrl.v",
        "(!i_spike || o_push_count[LOG2L])", "!i_spike",
        "the count of a neuron is not clipped at L",
    ),
    Bug(
        "sc_engine_ctrl_fv", "hunt_2_lanes", "rtl/sc_engine_ctrl.v",
        "else if (state == THETA) o_bank <= ~o_bank;", "else if (state == THETA && !last_layer) o_bank <= ~o_bank;",
        "the last layer reads the bank that it writes",
    ),
    Bug(
        "sc_engine_ctrl_fv", "hunt_2_lanes", "rtl/sc_engine_ctrl.v",
        "default: if (group_ends) drain <= EMPTY;", "default: if (neuron) drain <= EMPTY;",
        "the scores of a group after its first are lost, and the answer never ends",
    ),
    Bug(
        "sc_engine_ctrl_fv", "hunt_2_lanes", "rtl/sc_engine_ctrl.v",
        "if (rst || group_ends)        reserved", "if (group_ends)               reserved",
        "rst in mid-run leaves the drain reserved for ever",
    ),
    Bug(
        "sc_engine_ctrl_fv", "hunt_2_lanes", "rtl/sc_engine_ctrl.v",
        "(at_end || lane == LAST_LANE[LANE_W-1:0])", "lane == LAST_LANE[LANE_W-1:0]",
        "a last group that is not full does not end",
    ),
    Bug(
        "sc_engine_ctrl_fv", "hunt_1_lane", "rtl/sc_engine_ctrl.v",
        "list_end    <= push_ptr - ONE", "list_end    <= push_ptr",
        "a visit runs one entry past the list",
    ),
    Bug(
        "sc_engine_ctrl_fv", "hunt_1_lane", "rtl/sc_engine_ctrl.v",
        "if (last_layer) o_table_addr <= 2;", "",
        "the next inference does not go back to the head of the table",
    ),
    Bug(
        "sc_engine_ctrl_fv", "hunt_1_lane", "rtl/sc_engine_ctrl.v",
        "wire scored   = o_y_valid && i_y_ready;", "wire scored   = o_y_valid;",
        "a score does not wait for i_y_ready",
    ),
    # Primitives.
    Bug(
        "sc_lfsr_fv", "hunt_w4", "rtl/sc_lfsr_source.v",
        " 4:       taps = 24'h00000C", " 4:       taps = 24'h00000A",
        "a polynomial that is not primitive",
    ),
    Bug(
        "sc_lfsr_fv", "hunt_w4", "rtl/sc_lfsr_source.v",
        "o_r <= START[LOG2L-1:0]", "o_r <= {LOG2L{1'b0}}",
        "rst and restart lead to the state that is never left",
    ),
    Bug(
        "sc_lfsr_fv", "hunt_w4", "rtl/sc_lfsr_source.v",
        " 4:       taps = 24'h00000C", " 4:       taps = 24'h000004",
        "the oldest bit takes no part: two states have one successor",
    ),
    Bug(
        "sc_lfsr_fv", "hunt_every", "rtl/sc_lfsr_source.v",
        "12:      taps = 24'h000E08;", "12:      taps = 24'h000E04;",
        "one tap of the source of 12 bits is off by one",
    ),
    Bug(
        "sc_sobol_fv", "hunt_l8", "rtl/sc_sobol_source.v",
        "& {LOG2L{t[k]}}", "& {LOG2L{t[LOG2L-1-k]}}",
        "the bits of t meet the direction numbers in reverse",
    ),
    Bug(
        "sc_sobol_fv", "hunt_l8", "rtl/sc_sobol_source.v",
        "next = next << (LOG2L - i);", "next = next << (LOG2L - i - (i > 2));",
        "a direction number loses its leading one: values repeat",
    ),
    Bug(
        "sc_sobol_fv", "hunt_l32", "rtl/sc_sobol_source.v",
        "if (entry[25 + s - 1 - j])", "if (entry[25 + j - 1])",
        "the coefficients of the polynomial in reverse: every value once, but in no Sobol order",
    ),
    Bug(
        "sc_gates_fv", "hunt_mid", "rtl/sc_mul_bipolar.v",
        "~(i_x ^ i_w)", "i_x & i_w",
        "AND in place of XNOR",
    ),
    Bug(
        "sc_gates_fv", "hunt_mid", "rtl/sc_mux_add.v",
        "assign o_bit = i_bits[i_sel]", "assign o_bit = i_bits[i_sel] && i_sel != 0",
        "the first input is lost",
    ),
    Bug(
        "sc_counter_fv", "hunt_l4", "rtl/sc_counter.v",
        "one && !o_count[LOG2L]", "one",
        "the count goes beyond L and wraps",
    ),
    Bug(
        "sc_counter_fv", "hunt_l4", "rtl/sc_counter.v",
        "{{LOG2L{1'b0}}, one}", "{(LOG2L+1){1'b0}}",
        "a window's first bit is lost",
    ),
    Bug(
        "sc_lif_step_fv", "hunt_shift_sub_8", "rtl/sc_lif_step.v",
        "overflow ? {sum[WIDTH], {(WIDTH-1){~sum[WIDTH]}}} : sum[WIDTH-1:0]", "sum[WIDTH-1:0]",
        "the sum wraps in place of saturating",
    ),
    Bug(
        "sc_lif_step_fv", "hunt_shift_sub_8", "rtl/sc_lif_step.v",
        "$signed(u) >= $signed(i_theta)", "$signed(u) > $signed(i_theta)",
        "> in place of >=: v at the threshold does not fire",
    ),
    Bug(
        "sc_lif_step_fv", "hunt_shift_sub_8", "rtl/sc_lif_step.v",
        "{{LEAK_SHIFT{i_v[WIDTH-1]}}", "{{LEAK_SHIFT{1'b0}}",
        "a logical shift: a negative v leaks away from 0",
    ),
    Bug(
        "sc_lif_step_fv", "hunt_factor_sub_8", "rtl/sc_lif_step.v",
        "$signed({{(WIDTH+1){1'b0}}, i_beta})", "$signed({{(WIDTH+1){i_beta[7]}}, i_beta})",
        "the leak factor is taken for signed",
    ),
    Bug(
        "sc_lif_step_fv", "hunt_shift_hard_8_rest", "rtl/sc_lif_step.v",
        "resting ? i_v : fires", "fires",
        "a resting neuron integrates",
    ),
    Bug(
        "sc_lif_step_fv", "hunt_none_sub_8_rest", "rtl/sc_lif_step.v",
        "fires && !resting", "fires",
        "a resting neuron fires",
    ),
    Bug(
        "sc_lif_step_fv", "hunt_none_sub_8_rest", "rtl/sc_lif_step.v",
        "fires ? CLOCKS[7:0] : 8'd0", "fires ? CLOCKS[7:0] - 8'd1 : 8'd0",
        "the rest is a clock short",
    ),
    Bug(
        "sc_lif_fv", "hunt_shift_sub_8", "rtl/sc_lif.v",
        "if (rst)              o_spike", "if (rst || i_restart) o_spike",
        "a restart swallows the spike of its clock",
    ),
    Bug(
        "sc_lif_fv", "hunt_none_sub_8_rest", "rtl/sc_lif.v",
        "if (rst || i_restart) left", "if (rst) left",
        "a restarted neuron still rests",
    ),
    Bug(
        "sc_lif_fv", "hunt_shift_hard_8_rest", "rtl/sc_lif.v",
        "else if (i_en)        o_v", "else                  o_v",
        "v goes on while the neuron is not enabled",
    ),
    Bug(
        "sc_lif_fv", "hunt_shift_hard_8_rest", "rtl/sc_lif.v",
        "RESET_MODE == 0 ? {WIDTH{1'b0}} : i_v_reset", "{WIDTH{1'b0}}",
        "after rst v is 0, whatever it is reset to",
    ),
    Bug(
        "sc_correlator_fv", "hunt_1", "rtl/sc_correlator.v",
        "of_y != i_y", "of_y == i_y",
        "a one pairs with one of its own stream: ones are invented",
    ),
    Bug(
        "sc_correlator_fv", "hunt_2", "rtl/sc_correlator.v",
        "held != FULL[W-1:0]", "empty",
        "only one is held, whatever DEPTH",
    ),
    Bug(
        "sc_correlator_fv", "hunt_1", "rtl/sc_correlator.v",
        "if (rst || i_restart) begin", "if (rst) begin",
        "a one of the last window goes out in this one",
    ),
    Bug(
        "sc_decorrelator_fv", "hunt_4", "rtl/sc_decorrelator.v",
        "held <= {(1<<LOG2_DEPTH){1'b0}};", "held <= {(1<<LOG2_DEPTH){1'b1}};",
        "the buffer begins with ones that no stream had",
    ),
    Bug(
        "sc_decorrelator_fv", "hunt_4", "rtl/sc_decorrelator.v",
        "held[i_addr] <= i_bit;", "held[i_addr] <= held[i_addr] | i_bit;",
        "a one stays in the buffer and goes out again",
    ),
    # Streaming layer.
    Bug(
        "sc_stream_dense_fv", "hunt_small", "rtl/sc_stream_synapses.v",
        "^ signs[s];", "&& !signs[s];",
        "a negative synapse is not counted, but still taken off",
    ),
    Bug(
        "sc_stream_dense_fv", "hunt_small", "rtl/sc_stream_synapses.v",
        "{1'b1, i_x}", "{1'b0, i_x}",
        "the bias is never on",
    ),
    Bug(
        "sc_stream_dense_fv", "hunt_small", "rtl/sc_stream_synapses.v",
        "sc_vdc_source #(", "sc_counter_source #(",
        "weights take the source of the inputs",
    ),
    Bug(
        "sc_stream_dense_fv", "hunt_small", "rtl/sc_stream_synapses.v",
        ".i_restart(i_start), .i_en(active), .o_r(r)", ".i_restart(1'b0), .i_en(active), .o_r(r)",
        "a window that follows an abandoned one does not begin at t = 0",
    ),
    Bug(
        "sc_stream_dense_fv", "hunt_small", "rtl/sc_stream_dense.v",
        "if (rst || clear) acc", "if (rst || o_start) acc",
        "an abandoned window's sum goes into the next",
    ),
    Bug(
        "sc_stream_dense_fv", "hunt_direct", "rtl/sc_stream_dense.v",
        "start = -{1'b0", "start = {1'b0",
        "the ones of negative synapses are added where they must be taken off",
    ),
    # Host side of a streaming network.
    Bug(
        "sc_stream_port_fv", "hunt_words", "rtl/sc_stream_port.v",
        "if (at_last && i_last && !excess) full", "if (i_last && !excess) full",
        "an image too short starts the network",
    ),
    Bug(
        "sc_stream_port_fv", "hunt_held", "rtl/sc_stream_port.v",
        "if (at_last && i_last && !excess) full", "if (at_last && i_last) full",
        "the end of an image too long counts as an image",
    ),
    Bug(
        "sc_stream_port_fv", "hunt_word", "rtl/sc_stream_port.v",
        "take && !excess && at_last != i_last", "take && at_last != i_last",
        "an image too long is reported once for each word too many",
    ),
    Bug(
        "sc_stream_port_fv", "hunt_words", "rtl/sc_stream_port.v",
        "if (i_last)        index <= 0;", "if (i_last && at_last) index <= 0;",
        "after an image too short the next one is cut",
    ),
    Bug(
        "sc_stream_port_fv", "hunt_words", "rtl/sc_stream_port.v",
        "if (o_start) full <= 1'b0;", "if (o_start && !take) full <= 1'b0;",
        "an image starts twice if a word comes at its start",
    ),
    Bug(
        "sc_stream_port_fv", "hunt_words", "rtl/sc_stream_port.v",
        "HOLD == 0 ? !full || o_start", "HOLD == 0 ? !full || !owed[LOG2_ANSWERS]",
        "the next image comes in over one that waits",
    ),
    Bug(
        "sc_stream_port_fv", "hunt_early", "rtl/sc_stream_port.v",
        "PAUSE + 1 - HOLD;", "PAUSE + 2 - HOLD;",
        "the codes change in the last clock in which they must stay",
    ),
    Bug(
        "sc_stream_port_fv", "hunt_early", "rtl/sc_stream_port.v",
        "HOLD > PERIOD ? HOLD - 1 : PERIOD - 1", "HOLD > PERIOD ? HOLD - 1 : PERIOD - 2",
        "an image starts a clock before the network can take it",
    ),
    Bug(
        "sc_stream_port_fv", "hunt_words", "rtl/sc_stream_port.v",
        "words <= {i_data, words[WORDS*DATA_W-1:DATA_W]}", "words <= {words[(WORDS-1)*DATA_W-1:0], i_data}",
        "the words come to lie in the opposite order",
    ),
    Bug(
        "sc_stream_port_fv", "hunt_word", "rtl/sc_stream_port.v",
        "full && !owed[LOG2_ANSWERS] && wait", "full && wait",
        "the network starts although no room is left for its answer",
    ),
    Bug(
        "sc_stream_port_fv", "hunt_word", "rtl/sc_stream_port.v",
        "if (o_start != give)        owed", "if (o_start || give)        owed",
        "an answer handed out in the clock of a start is forgotten as room",
    ),
    Bug(
        "sc_stream_port_fv", "hunt_word", "rtl/sc_stream_port.v",
        "give = o_valid && i_ready;", "give = o_valid && i_ready && !i_answer_valid;",
        "an answer that leaves while another comes is given twice",
    ),
    Bug(
        "sc_stream_port_fv", "hunt_held", "rtl/sc_stream_port.v",
        "slots[oldest[LOG2_ANSWERS-1:0]*ANSWER_W +: ANSWER_W]", "slots[ANSWER_W-1:0]",
        "the newest answer overtakes those that wait",
    ),
    Bug(
        "sc_stream_port_fv", "hunt_full", "rtl/sc_stream_port.v",
        "word <= i_data[BITS-1:0];",
        "word <= {1'b0, i_data[BITS-2:0]};",
        "the highest bit of a word that the codes fill is lost",
    ),
    Bug(
        "sc_stream_dense_fv", "hunt_mux", "rtl/sc_stream_synapses.v",
        "sc_sobol_source #(.LOG2L(SEL_W), .DIM(1))", "sc_sobol_source #(.LOG2L(SEL_W), .DIM(0))",
        "the MUX selects by the source of the weights",
    ),
    Bug(
        "sc_stream_dense_fv", "hunt_mux", "rtl/sc_stream_synapses.v",
        ".i_restart(i_start), .i_en(active), .o_r(point)", ".i_restart(1'b0), .i_en(active), .o_r(point)",
        "the selection goes on from an abandoned window",
    ),
    Bug(
        "sc_stream_dense_fv", "hunt_mux8", "rtl/sc_stream_synapses.v",
        "point[SEL_W-1 -: K]", "point[K-1:0]",
        "the lower bits of the source select",
    ),
    Bug(
        "sc_stream_dense_fv", "hunt_mux_more", "rtl/sc_stream_synapses.v",
        "x_sel && down ? {COUNT_W{1'b0}}", "down ? {COUNT_W{1'b0}}",
        "a negative synapse counts whatever its input",
    ),
    Bug(
        "sc_stream_dense_fv", "hunt_mux", "rtl/sc_stream_dense.v",
        "= sum << SCALE;", "= sum;",
        "the MUX's sum is left scaled down by the slots",
    ),
    Bug(
        "sc_stream_dense_fv", "hunt_small", "rtl/sc_stream_dense.v",
        ".clk(clk), .rst(rst), .i_load(o_start)", ".clk(clk), .rst(1'b0), .i_load(o_start)",
        "a neuron fires on after rst",
    ),
    Bug(
        "sc_stream_dense_fv", "hunt_small", "rtl/sc_stream_dense.v",
        ".ACC_W(ACC_W), .FRAC(FRAC),", ".ACC_W(ACC_W),",
        "thresholds have as many fraction bits as by default",
    ),
    # Streaming layer of any neurons, and of lif neurons.
    Bug(
        "sc_stream_neurons_fv", "hunt_pipe", "rtl/sc_stream_neurons.v",
        "if (rst || restart) o_states", "if (rst) o_states",
        "a window goes on from the states of the one before",
    ),
    Bug(
        "sc_stream_neurons_fv", "hunt_pipe", "rtl/sc_stream_neurons.v",
        "if (rst)            o_x", "if (rst || restart) o_x",
        "back to back, the spike of a window's last clock is lost",
    ),
    Bug(
        "sc_stream_neurons_fv", "hunt_pipe", "rtl/sc_stream_neurons.v",
        "{{CURRENT_W{delta[COUNT_W]}}", "{{CURRENT_W{1'b0}}",
        "a negative current is extended without its sign",
    ),
    Bug(
        "sc_stream_neurons_fv", "hunt_direct", "rtl/sc_stream_neurons.v",
        "delta} << SCALE;", "delta};",
        "the current is taken for LSB of the neuron's input",
    ),
    Bug(
        "sc_stream_neurons_fv", "hunt_direct", "rtl/sc_stream_neurons.v",
        "o_start <= restart && !rst", "o_start <= restart",
        "rst does not take the start away",
    ),
    Bug(
        "sc_stream_neurons_fv", "hunt_mux", "rtl/sc_stream_neurons.v",
        "SHIFT + (ADDER == 1 ? $clog2(INPUTS + 1) : 0)", "SHIFT",
        "the current of a MUX is left scaled down by the slots",
    ),
    Bug(
        "sc_stream_neurons_fv", "hunt_direct", "rtl/sc_stream_neurons.v",
        "else if (en)        o_states", "else                o_states",
        "states go on between windows",
    ),
    Bug(
        "sc_stream_lif_fv", "hunt_sub", "rtl/sc_stream_neurons.v",
        "if (rst || restart) o_states", "if (rst) o_states",
        "a window goes on from the state of the one before",
    ),
    Bug(
        "sc_stream_lif_fv", "hunt_hard", "rtl/sc_stream_lif.v",
        "RESET_MODE == 0 ? 0 : V_RESET", "0",
        "a window begins with v = 0, whatever v is reset to",
    ),
    Bug(
        "sc_stream_lif_fv", "hunt_hard", "rtl/sc_stream_lif.v",
        ".i_left(states[j*STATE_W+WIDTH +: 8])", ".i_left(8'd0)",
        "no neuron rests",
    ),
    Bug(
        "sc_stream_lif_fv", "hunt_sub", "rtl/sc_stream_lif.v",
        ".SHIFT(FRAC)", ".SHIFT(0)",
        "the current is taken for LSB of v",
    ),
    Bug(
        "sc_stream_lif_fv", "hunt_hard", "rtl/sc_stream_lif.v",
        "START({8'd0, START_BITS", "START({8'd1, START_BITS",
        "each window begins with a clock of rest",
    ),
    # Neuron that gives its count at once.
    Bug(
        "sc_window_code_fv", "hunt_small", "rtl/sc_window_code.v",
        "bit_before ? g_bit[j-1].r - step", "bit_before ? g_bit[j-1].r",
        "a bit of 1 does not reduce the remainder",
    ),
    Bug(
        "sc_window_code_fv", "hunt_small", "rtl/sc_window_code.v",
        "bits[LOG2L-1:0] & {LOG2L{~bits[LOG2L]}}", "bits[LOG2L-1:0]",
        "the count is not clipped at L",
    ),
    Bug(
        "sc_window_code_fv", "hunt_small", "rtl/sc_window_code.v",
        "first <= s2 + theta;", "first <= s2 + theta - 1;",
        "a half rounds down",
    ),
    Bug(
        "sc_window_code_fv", "hunt_small", "rtl/sc_window_code.v",
        "(ACC_W + FRAC > D_W ? ACC_W + FRAC : D_W) + 2", "ACC_W + FRAC + 2",
        "the remainder is too narrow for great thresholds",
    ),
    # Sums of the convolution engine.
    Bug(
        "sc_conv_sums_fv", "hunt_plain", "rtl/sc_conv_sums.v",
        "forward2 <= valid2 && addr1 == addr2;", "forward2 <= 1'b0;",
        "a word visited twice in a row is not forwarded",
    ),
    Bug(
        "sc_conv_sums_fv", "hunt_plain", "rtl/sc_conv_sums.v",
        "valid2 && addr1 == addr2", "addr1 == addr2",
        "the sum is forwarded from a clock without a visit",
    ),
    Bug(
        "sc_conv_sums_fv", "hunt_plain", "rtl/sc_conv_sums.v",
        "sums_next & {(LANES*SUM_W){~clear2}}", "sums_next",
        "a clearing visit leaves its sum",
    ),
    Bug(
        "sc_conv_sums_fv", "hunt_plain", "rtl/sc_conv_sums.v",
        "valid1   <= i_valid && !rst;", "valid1   <= i_valid;",
        "a visit in the clock of rst is carried out",
    ),
    Bug(
        "sc_conv_sums_fv", "hunt_pool", "rtl/sc_conv_lane.v",
        "value & {TERM_W{i_lane}}", "value",
        "pooling adds a value to every channel's sum",
    ),
    Bug(
        "sc_conv_sums_fv", "hunt_pool", "rtl/sc_conv_lane.v",
        "total[SUM_W-1] ? term_x : present", "total[SUM_W-1] ? present : term_x",
        "a maximum takes the smaller value",
    ),
    Bug(
        "sc_conv_sums_fv", "hunt_int", "rtl/sc_conv_lane.v",
        "term_neg <= i_weight[LOG2L];",
        "term_neg <= MAC == 0 && i_weight[LOG2L];",
        "without pooling the integer peer ignores the sign",
    ),
    # Visits of the convolution engine.
    Bug(
        "sc_conv_visit_fv", "hunt_small", "rtl/sc_conv_visit.v",
        "group_ends ? ~i_tap_step", "group_ends ? i_tap_step",
        "the sums of the next tap lie on the wrong side",
    ),
    Bug(
        "sc_conv_visit_fv", "hunt_small", "rtl/sc_conv_visit.v",
        "row_acc    <= acc_next;", "row_acc    <= row_acc;",
        "the third kernel row visits the sums of the second",
    ),
    Bug(
        "sc_conv_visit_fv", "hunt_small", "rtl/sc_conv_visit.v",
        "cols <= row_ends ? all_cols : cols - 6'd1", "cols <= cols - 6'd1",
        "the second kernel row has too many columns",
    ),
    Bug(
        "sc_conv_visit_fv", "hunt_small", "rtl/sc_conv_visit.v",
        "(!o_valid || (i_step && ends))", "(!o_valid || ends)",
        "an input is taken before the last visit of the one before was made",
    ),
    # Scanner of the convolution engine.
    Bug(
        "sc_conv_scan_fv", "hunt_lanes2", "rtl/sc_conv_scan.v",
        "wire advance  = looking && (!wanted || room);", "wire advance  = looking;",
        "a value that has to wait is lost",
    ),
    Bug(
        "sc_conv_scan_fv", "hunt_lanes2", "rtl/sc_conv_scan.v",
        "&& coord_taps != 0 &&", "&&",
        "a value that reaches no output column is passed on",
    ),
    Bug(
        "sc_conv_scan_fv", "hunt_lanes2", "rtl/sc_conv_scan.v",
        "weight        <= col_ends ? row_weight :", "weight        <=",
        "the channel's offset stays at the next column",
    ),
    Bug(
        "sc_conv_scan_fv", "hunt_lanes2", "rtl/sc_conv_scan.v",
        "if (ends) state <= IDLE; else if (row_ends)", "if (row_ends)",
        "the walk goes on after the last row",
    ),
    Bug(
        "sc_conv_scan_fv", "hunt_lanes2", "rtl/sc_conv_scan.v",
        "i_pool && ring[LANES-1]", "i_pool",
        "pooling takes a new word of sums for every channel",
    ),
    Bug(
        "sc_conv_scan_fv", "hunt_plain", "rtl/sc_conv_scan.v",
        "assign acc   = row_acc;",
        "assign acc   = {ACC_AW{1'b0}};",
        "without pooling the row's sum is taken for 0",
    ),
    Bug(
        "sc_conv_scan_fv", "hunt_plain", "rtl/sc_conv_scan.v",
        "assign lanes = {LANES{1'b0}};",
        "assign lanes = {LANES{1'b1}};",
        "without pooling a lane is named",
    ),
    # Control of the convolution engine.
    Bug(
        "sc_conv_ctrl_fv", "hunt_lanes2", "rtl/sc_conv_ctrl.v",
        "(!coming && left <=", "(left <=",
        "a visit is made while the sums of the one before are on their way",
    ),
    Bug(
        "sc_conv_ctrl_fv", "hunt_lanes2", "rtl/sc_conv_ctrl.v",
        "(last_layer ? 7'd0 : 7'd3)", "7'd3",
        "scores that wait are overwritten",
    ),
    Bug(
        "sc_conv_ctrl_fv", "hunt_lanes2", "rtl/sc_conv_ctrl.v",
        "o_x_count - ONE_ACT)", "o_x_count)",
        "one input too many is taken",
    ),
    Bug(
        "sc_conv_ctrl_fv", "hunt_lanes2", "rtl/sc_conv_ctrl.v",
        "o_source_valid <= source_left != 0;", "o_source_valid <= source_left > 1;",
        "the last word is not cleared",
    ),
    Bug(
        "sc_conv_ctrl_fv", "hunt_lanes2", "rtl/sc_conv_ctrl.v",
        "final_sums <= !o_source_valid && !i_visiting;",
        "final_sums <= 1'b1;",
        "the answer ends with the first sums",
    ),
    Bug(
        "sc_conv_ctrl_fv", "hunt_lanes2", "rtl/sc_conv_ctrl.v",
        "if (!o_source_valid && !i_visiting) state <= HEAD;",
        "state <= HEAD;",
        "an inference begins before the sums are cleared",
    ),
    Bug(
        "sc_conv_ctrl_fv", "hunt_lanes2", "rtl/sc_conv_ctrl.v",
        "else if (state == HEAD_TAKE) o_x_count <= low[ACT_AW-1:0];",
        "else if (state == HEAD_TAKE) o_x_count <= {low[0], low[ACT_AW-1:1]};",
        "the number of inputs comes with its bits rotated",
    ),
    Bug(
        "sc_conv_ctrl_fv", "hunt_lanes2", "rtl/sc_conv_ctrl.v",
        "word <= word + 3'd1;",
        "word <= word - 3'd1;",
        "a layer's words are taken in the opposite order",
    ),
    Bug(
        "sc_conv_ctrl_fv", "hunt_lanes2", "rtl/sc_conv_ctrl.v",
        "region  <= high[ACT_AW-1:0];",
        "region  <= low[ACT_AW-1:0];",
        "a layer's outputs go to the wrong address",
    ),
    Bug(
        "sc_conv_ctrl_fv", "hunt_lanes2", "rtl/sc_conv_ctrl.v",
        "{o_tap_step, o_groups} <= {high[ACC_AW-1:0], low[11:0]}",
        "{o_tap_step, o_groups} <= {high[ACC_AW-1:0], 1'b0, low[10:0]}",
        "the highest bit of the groups is lost",
    ),
    Bug(
        "sc_conv_ctrl_fv", "hunt_lanes2", "rtl/sc_conv_ctrl.v",
        "o_table_addr <= i_col_addr + ONE_COORD;",
        "o_table_addr <= i_col_addr;",
        "the next layer is read from the word before it",
    ),
    Bug(
        "sc_conv_ctrl_fv", "hunt_lanes2", "rtl/sc_conv_ctrl.v",
        "group == all_groups ? last_lanes : ALL_LANES[6:0]",
        "ALL_LANES[6:0]",
        "lanes of the last group that have no channel leave as well",
    ),
    # AXI4-Lite slave.
    Bug(
        "sc_axi_lite_fv", "hunt_a5", "rtl/sc_axi_lite.v",
        "o_bvalid <= o_bvalid ? !i_bready : ends_w;", "o_bvalid <= ends_w;",
        "B is offered for one clock only",
    ),
    Bug(
        "sc_axi_lite_fv", "hunt_a5", "rtl/sc_axi_lite.v",
        "wire can_write = aw_full && w_full && !o_bvalid;", "wire can_write = aw_full && !o_bvalid;",
        "a write is carried out before its data came",
    ),
    Bug(
        "sc_axi_lite_fv", "hunt_a5", "rtl/sc_axi_lite.v",
        "wire can_read  = ar_full && !o_rvalid;", "wire can_read  = ar_full;",
        "a read overwrites the response before it",
    ),
    Bug(
        "sc_axi_lite_fv", "hunt_a5", "rtl/sc_axi_lite.v",
        "wire can_write = aw_full && w_full && !o_bvalid;",
        "wire can_write = aw_full && w_full && !o_bvalid && !o_rvalid;",
        "a read that is not taken blocks the writes",
    ),
    Bug(
        "sc_axi_lite_fv", "hunt_a5", "rtl/sc_axi_lite.v",
        "assign o_req     = act && (!write || whole);", "assign o_req     = act;",
        "a write of some bytes is carried out",
    ),
    Bug(
        "sc_axi_lite_fv", "hunt_a5", "rtl/sc_axi_lite.v",
        "if (!aw_full) aw_addr", "if (i_awvalid) aw_addr",
        "the address changes under a write that waits",
    ),
    Bug(
        "sc_axi_lite_fv", "hunt_a5", "rtl/sc_axi_lite.v",
        "act      <= !act && (can_write || can_read);", "act      <= can_write || can_read;",
        "a request is carried out twice",
    ),
    # Stream sides of the bus interface.
    Bug(
        "sc_axi_stream_fv", "hunt_small", "rtl/sc_axi_stream.v",
        "assign o_x_valid  = take && !drop && !bad;", "assign o_x_valid  = take && !drop;",
        "an image too long is computed up to the length that is right",
    ),
    Bug(
        "sc_axi_stream_fv", "hunt_small", "rtl/sc_axi_stream.v",
        "drop <= !i_s_last && (drop || bad);", "drop <= !i_s_last && bad;",
        "of an image too long one beat only is dropped",
    ),
    Bug(
        "sc_axi_stream_fv", "hunt_small", "rtl/sc_axi_stream.v",
        "else if (halt && coming) drop <= 1'b1;", "",
        "the rest of an image that a halt cut is taken for an image",
    ),
    Bug(
        "sc_axi_stream_fv", "hunt_small", "rtl/sc_axi_stream.v",
        "again <= bad;", "again <= 1'b0;",
        "the core keeps the codes of an image too short",
    ),
    Bug(
        "sc_axi_stream_fv", "hunt_small", "rtl/sc_axi_stream.v",
        "if (halt || bad)    index <= 0;", "if (halt)           index <= 0;",
        "the codes of a bad image count for the next",
    ),
    Bug(
        "sc_axi_stream_fv", "hunt_small", "rtl/sc_axi_stream.v",
        "broken <= broken ? !free : halt && open;", "broken <= 1'b0;",
        "a frame cut by a halt never ends",
    ),
    Bug(
        "sc_axi_stream_fv", "hunt_small", "rtl/sc_axi_stream.v",
        "assign o_y_ready = free && !halt && !again && !broken;", "assign o_y_ready = !halt && !again && !broken;",
        "a score overwrites the one that waits",
    ),
    Bug(
        "sc_axi_stream_fv", "hunt_small", "rtl/sc_axi_stream.v",
        "if (free) o_m_valid <= y_beat || broken;", "if (free || halt) o_m_valid <= y_beat || broken;",
        "a halt withdraws a score that waits",
    ),
    Bug(
        "sc_axi_stream_fv", "hunt_small", "rtl/sc_axi_stream.v",
        "open <= !i_y_last;", "open <= 1'b1;",
        "a halt after a whole frame sends an end too many",
    ),
    # Registers of the bus interface.
    Bug(
        "sc_axi_regs_fv", "hunt_three", "rtl/sc_axi_regs.v",
        "o_error = o_enable || table_addr[TABLE_AW];", "o_error = table_addr[TABLE_AW];",
        "the table is written while the engine runs",
    ),
    Bug(
        "sc_axi_regs_fv", "hunt_three", "rtl/sc_axi_regs.v",
        "o_error = !i_write || o_enable || weight_addr[WEIGHT_AW];", "o_error = !i_write || o_enable;",
        "weights beyond the end wrap to the first",
    ),
    Bug(
        "sc_axi_regs_fv", "hunt_three", "rtl/sc_axi_regs.v",
        "(errors & ~(write && i_addr == R_STATUS ? i_wdata[11:8] : 4'd0)) | events;",
        "(errors | events) & ~(write && i_addr == R_STATUS ? i_wdata[11:8] : 4'd0);",
        "an event in the clock of a clearing write is lost",
    ),
    Bug(
        "sc_axi_regs_fv", "hunt_three", "rtl/sc_axi_regs.v",
        "if (o_weight_we || (write && i_addr == R_WEIGHT_ADDR)) piece <= 0;", "if (o_weight_we) piece <= 0;",
        "a new address does not begin the word anew",
    ),
    Bug(
        "sc_axi_regs_fv", "hunt_three", "rtl/sc_axi_regs.v",
        "if (to_table)                              table_addr",
        "if (o_table_we)                            table_addr",
        "reading the table does not advance",
    ),
    Bug(
        "sc_axi_regs_fv", "hunt_three", "rtl/sc_axi_regs.v",
        "hold <= word[HOLD_W+31:32];", "hold <= word[HOLD_W-1:0];",
        "the first piece of a word stays for good",
    ),
    # Small parts.
    Bug(
        "sc_stream_argmax_fv", "hunt_n3", "rtl/sc_stream_argmax.v",
        "if ($signed(best[(2*k+1)*WIDTH +: WIDTH]) > $signed(best[2*k*WIDTH +: WIDTH]))",
        "if (best[(2*k+1)*WIDTH +: WIDTH] > best[2*k*WIDTH +: WIDTH])",
        "negative scores count as greater than positive ones",
    ),
    Bug(
        "sc_stream_argmax_fv", "hunt_n3", "rtl/sc_stream_argmax.v",
        "WIDTH]) > $signed(", "WIDTH]) >= $signed(",
        "the highest index wins a tie",
    ),
    Bug(
        "sc_stream_argmax_fv", "hunt_n3", "rtl/sc_stream_argmax.v",
        "o_s     <= i_s;", "o_s     <= {i_s[WIDTH-1:0], i_s[N*WIDTH-1:WIDTH]};",
        "the scores come out at the wrong places",
    ),
    Bug(
        "sc_stream_encode_fv", "hunt_l4", "rtl/sc_stream_encode.v",
        "if (i_start) x <= i_codes;", "x <= i_codes;",
        "the codes are not held",
    ),
    Bug(
        "sc_stream_encode_fv", "hunt_l4", "rtl/sc_stream_encode.v",
        ".i_restart(i_start)", ".i_restart(1'b0)",
        "a window does not begin at t = 0",
    ),
    Bug(
        "sc_stream_encode_fv", "hunt_l4", "rtl/sc_stream_encode.v",
        "x[k*W +: W]", "x[(INPUTS-1-k)*W +: W]",
        "the streams come in the opposite order",
    ),
    Bug(
        "sc_stream_weights_fv", "hunt_l4", "rtl/sc_stream_weights.v",
        "                    assign o_weights[k*W +: W] = mem[k];",
        "                    assign o_weights[k*W +: W] = mem[WORDS-1-k];",
        "the words of a file come in the opposite order",
    ),
    Bug(
        "sc_stream_weights_fv", "hunt_l4", "rtl/sc_stream_weights.v",
        "assign o_weights = WEIGHTS;", "assign o_weights = WEIGHTS >> 1;",
        "the parameter is taken a bit off",
    ),
    Bug(
        "sc_mem_fv", "hunt_d4", "rtl/sc_mem.v",
        "if (i_we) mem[i_waddr]", "if (i_we) mem[i_raddr]",
        "a write goes to the address that is read",
    ),
    Bug(
        "sc_mem_fv", "hunt_d4", "rtl/sc_mem.v",
        "mem[i_waddr] <= i_wdata;", "mem[i_waddr] <= i_wdata & {WIDTH{!i_wdata[0]}} | i_wdata[0];",
        "odd words are stored as 1",
    ),
    Bug(
        "sc_mem_fv", "hunt_file", "rtl/sc_mem.v",
        "o_rdata <= mem[i_raddr];", "o_rdata <= mem[i_raddr & ~1];",
        "every odd address answers with the word before it",
    ),
    # Parts put together.
    Bug(
        "sc_core_fv", "hunt_dense", "rtl/sc_core.v",
        ".TABLE_AW(TABLE_AW), .TABLE_FILE(TABLE_FILE), .MAC(MAC)\n",
        ".TABLE_AW(TABLE_AW), .TABLE_FILE(TABLE_FILE)\n",
        "the dense engine always computes by streams",
    ),
    Bug(
        "sc_core_fv", "hunt_conv", "rtl/sc_core.v",
        ".ACT_AW(LOG2_ENTRIES), .ACC_AW(ACC_AW),", ".ACT_AW(LOG2_ENTRIES),",
        "the convolution engine has as many sums as by default",
    ),
    Bug(
        "sc_core_fv", "hunt_conv", "rtl/sc_core.v",
        ".SUM_W(SUM_W), .POOL(POOL)", ".SUM_W(SUM_W), .POOL(MAC)",
        "pooling is there only for the integer peer",
    ),
    Bug(
        "sc_core_fv", "hunt_dense", "rtl/sc_core.v",
        ".TABLE_FILE(TABLE_FILE), .MAC(MAC)\n            ) u_engine (\n                .clk(clk), .rst(rst),",
        ".TABLE_FILE(TABLE_FILE), .MAC(MAC)\n            ) u_engine (\n                .clk(clk), .rst(1'b0),",
        "rst does not reach the dense engine",
    ),
    Bug(
        "sc_core_fv", "hunt_conv", "rtl/sc_core.v",
        "                .MAC(MAC)\n            ) u_engine (\n"
        "                .clk(clk), .rst(rst), .i_x_valid(i_x_valid), .o_x_ready(o_x_ready), .i_x(i_x),"
        " .o_x_count(o_x_count),\n"
        "                .o_y_valid(o_y_valid), .i_y_ready(i_y_ready), .o_y_score(o_y_score), .o_y_class(o_y_class),",
        "                .MAC(MAC)\n            ) u_engine (\n"
        "                .clk(clk), .rst(rst), .i_x_valid(i_x_valid), .o_x_ready(o_x_ready), .i_x(i_x),"
        " .o_x_count(o_y_class),\n"
        "                .o_y_valid(o_y_valid), .i_y_ready(i_y_ready), .o_y_score(o_y_score), .o_y_class(o_x_count),",
        "the convolution engine's class is given as the number of inputs, and this as the class",
    ),
    Bug(
        "sc_network_fv", "hunt_dense", "rtl/sc_network.v",
        ".i_raddr(weight_addr)", ".i_raddr(i_weight_addr)",
        "weights are read at the host's address",
    ),
    Bug(
        "sc_network_fv", "hunt_dense", "rtl/sc_network.v",
        ".i_wdata(i_weight_data)", ".i_wdata(~i_weight_data)",
        "weights are stored inverted",
    ),
    Bug(
        "sc_network_fv", "hunt_dense", "rtl/sc_network.v",
        ".i_weight(weight)", ".i_weight(i_weight_data)",
        "the engine gets the word that is being written, not the one that it asked for",
    ),
    Bug(
        "sc_network_fv", "hunt_dense", "rtl/sc_network.v",
        ".o_x_count(o_x_count),\n        .o_x_at(x_at), .o_x_last(x_last), .o_x_step(x_step), .i_answer(1'b0),\n"
        "        .o_y_valid(o_y_valid), .i_y_ready(i_y_ready), .o_y_score(o_y_score), .o_y_class(o_y_class),",
        ".o_x_count(o_y_class),\n        .o_x_at(x_at), .o_x_last(x_last), .o_x_step(x_step), .i_answer(1'b0),\n"
        "        .o_y_valid(o_y_valid), .i_y_ready(i_y_ready), .o_y_score(o_y_score), .o_y_class(o_x_count),",
        "class and number of inputs are given as each other",
    ),
    Bug(
        "sc_network_fv", "hunt_dense", "rtl/sc_network.v",
        ".LANES(LANES), .FRAC(FRAC),", ".LANES(LANES),",
        "thresholds have as many fraction bits as by default",
    ),
    Bug(
        "sc_network_fv", "hunt_dense", "rtl/sc_network.v",
        ".INIT_FILE(WEIGHT_FILE)", ".INIT_FILE(TABLE_FILE)",
        "the weights are filled from the table's file",
    ),
    Bug(
        "sc_system_fv", "hunt_dense", "rtl/sc_system.v",
        ".rst(rst || i_load)", ".rst(rst)",
        "the host runs while the memories are loaded",
    ),
    Bug(
        "sc_system_fv", "hunt_dense", "rtl/sc_system.v",
        "i_load ? i_table_wdata : table_wdata", "table_wdata",
        "the loader's table is lost",
    ),
    Bug(
        "sc_system_fv", "hunt_dense", "rtl/sc_system.v",
        "o_weight_we ? host_weight_addr : engine_weight_addr", "engine_weight_addr",
        "weights are written at the engine's address",
    ),
    Bug(
        "sc_system_fv", "hunt_conv", "rtl/sc_system.v",
        ".i_x_none(x_count == 0)", ".i_x_none(1'b0)",
        "an inference without a network waits for ever",
    ),
    Bug(
        "sc_system_fv", "hunt_conv", "rtl/sc_system.v",
        "sc_uart_rx #(.CLOCKS_PER_BIT(CLOCKS_PER_BIT)) u_rx", "sc_uart_rx u_rx",
        "the receiver takes bits as long as by default",
    ),
    Bug(
        "sc_system_fv", "hunt_dense", "rtl/sc_system.v",
        ".i_data(tx_data)", ".i_data(rx_data)",
        "the transmitter sends back what was received",
    ),
    Bug(
        "sc_system_fv", "hunt_dense", "rtl/sc_system.v",
        ".o_busy(o_busy), .o_error(o_error)", ".o_busy(o_error), .o_error(o_busy)",
        "busy and error are given as each other",
    ),
    Bug(
        "sc_system_fv", "hunt_conv", "rtl/sc_system.v",
        ".LOG2_PAYLOAD(LOG2_PAYLOAD), .LOG2_TIMEOUT(LOG2_TIMEOUT)", ".LOG2_PAYLOAD(LOG2_PAYLOAD)",
        "the host waits for silence as long as by default",
    ),
    Bug(
        "sc_system_fv", "hunt_conv", "rtl/sc_system.v",
        ".TABLE_FILE(TABLE_FILE), ", "",
        "the table that is built in is left out",
    ),
    Bug(
        "sc_axi_fv", "hunt_dense", "rtl/sc_axi.v",
        ".i_short(too_short), .i_long(too_long)", ".i_short(too_long), .i_long(too_short)",
        "short and long images are reported as each other",
    ),
    Bug(
        "sc_axi_fv", "hunt_dense", "rtl/sc_axi.v",
        ".o_m_class(m_axis_tuser[15:0]), .o_m_abort(m_axis_tuser[16])",
        ".o_m_class(m_axis_tuser[16:1]), .o_m_abort(m_axis_tuser[0])",
        "class and abort lie at other bits of tuser",
    ),
    Bug(
        "sc_axi_fv", "hunt_dense", "rtl/sc_axi.v",
        ".o_awready(s_axil_awready), .i_awaddr(s_axil_awaddr),\n"
        "        .i_wvalid(s_axil_wvalid), .o_wready(s_axil_wready),",
        ".o_awready(s_axil_wready), .i_awaddr(s_axil_awaddr),\n"
        "        .i_wvalid(s_axil_wvalid), .o_wready(s_axil_awready),",
        "write addresses and write data are taken when the other one is",
    ),
    Bug(
        "sc_axi_fv", "hunt_dense", "rtl/sc_axi.v",
        ".TABLE_AW(TABLE_AW), .MAC(MAC),", ".TABLE_AW(TABLE_AW),",
        "the registers say that the integer peer computes by streams",
    ),
    Bug(
        "sc_axi_fv", "hunt_dense", "rtl/sc_axi.v",
        ".COUNT_W(LOG2_ENTRIES), .SUM_W(SUM_W)) u_stream", ".COUNT_W(LOG2_ENTRIES)) u_stream",
        "scores are cut to as many bits as by default",
    ),
    Bug(
        "sc_axi_fv", "hunt_conv", "rtl/sc_axi.v",
        ".WEIGHT_FILE(WEIGHT_FILE), .TABLE_FILE(TABLE_FILE)", ".WEIGHT_FILE(TABLE_FILE), .TABLE_FILE(WEIGHT_FILE)",
        "weights and table are filled from each other's files",
    ),
    Bug(
        "sc_axi_fv", "hunt_conv", "rtl/sc_axi.v",
        ".rst(core_rst)", ".rst(rst)",
        "a halt does not reset the network",
    ),
    Bug(
        "sc_flash_loader_fv", "hunt_conv", "rtl/sc_flash_loader.v",
        "ENGINE == 1 ? POOL[7:0] : 8'd0", "8'd0",
        "an image of a core without pooling is taken for one with it",
    ),
    Bug(
        "sc_flash_loader_fv", "hunt_steps", "rtl/sc_flash_loader.v",
        "8'd0, STEPS[23:0], SUM_W[7:0]", "32'd0, SUM_W[7:0]",
        "an image of a core with other neurons is taken",
    ),
    Bug(
        "sc_core_fv", "hunt_spike", "rtl/sc_core.v",
        ".RESET_MODE((STEPS >> 11) % 2)", ".RESET_MODE((STEPS >> 10) % 2)",
        "the neurons reset as the leak mode says",
    ),
    Bug(
        "sc_flash_loader_fv", "hunt_dense", "rtl/sc_flash_loader.v",
        ".rst(rst || !o_load)", ".rst(rst)",
        "the flash stays selected after loading",
    ),
    Bug(
        "sc_flash_loader_fv", "hunt_dense", "rtl/sc_flash_loader.v",
        "= wdata[WORD_W-1:0];", "= wdata[DATA_W-1 -: WORD_W];",
        "a narrow weight word is taken from the wrong end",
    ),
    Bug(
        "sc_flash_loader_fv", "hunt_dense", "rtl/sc_flash_loader.v",
        ".i_bit(data)", ".i_bit(i_spi_miso)",
        "the image gets the bit on the line in place of its reader's",
    ),
    Bug(
        "sc_flash_loader_fv", "hunt_dense", "rtl/sc_flash_loader.v",
        ".o_spi_sck(o_spi_sck), .o_spi_mosi(o_spi_mosi)", ".o_spi_sck(o_spi_mosi), .o_spi_mosi(o_spi_sck)",
        "clock and data of the flash are given as each other",
    ),
    Bug(
        "sc_flash_loader_fv", "hunt_dense", "rtl/sc_flash_loader.v",
        ".o_table_we(o_table_we), .o_weight_we(o_weight_we)", ".o_table_we(o_weight_we), .o_weight_we(o_table_we)",
        "words of the table are written to the weights",
    ),
    Bug(
        "sc_flash_loader_fv", "hunt_conv", "rtl/sc_flash_loader.v",
        "= wdata[15:0];", "= wdata[DATA_W-1 -: 16];",
        "beside a wide weight word the table gets its upper bits",
    ),
    # The convolution engine put together.
    Bug(
        "sc_conv_engine_fv", "hunt_pool", "rtl/sc_conv_engine.v",
        "if (i_table_we && !i_table_addr[0]) even", "if (i_table_we) even",
        "the odd word of a pair becomes the next one's low half",
    ),
    Bug(
        "sc_conv_engine_fv", "hunt_pool", "rtl/sc_conv_engine.v",
        "odd ? table_word[31:16] : table_word[15:0]", "i_table_addr[0] ? table_word[31:16] : table_word[15:0]",
        "the host reads the half that its present address names",
    ),
    Bug(
        "sc_conv_engine_fv", "hunt_pool", "rtl/sc_conv_engine.v",
        ".i_raddr(rst ? i_table_addr[TABLE_AW-1:1] : coord_addr)",
        ".i_raddr(i_table_we ? i_table_addr[TABLE_AW-1:1] : coord_addr)",
        "the table is read at the host's address only while it is written",
    ),
    Bug(
        "sc_conv_engine_fv", "hunt_pool", "rtl/sc_conv_engine.v",
        "MAC == 0 && i_x[LOG2L] ? FULL : i_x", "i_x",
        "an input above L is not clipped",
    ),
    Bug(
        "sc_conv_engine_fv", "hunt_mac", "rtl/sc_conv_engine.v",
        "MAC == 0 && i_x[LOG2L] ? FULL : i_x", "i_x[LOG2L] ? FULL : i_x",
        "the integer peer clips its inputs",
    ),
    Bug(
        "sc_conv_engine_fv", "hunt_pool", "rtl/sc_conv_engine.v",
        "o_x_ready ? x_in : code", "i_x_valid ? x_in : code",
        "an offered input is written in place of a code",
    ),
    Bug(
        "sc_conv_engine_fv", "hunt_pool", "rtl/sc_conv_engine.v",
        ".i_weight(clear ? weights_at : scan_weight)", ".i_weight(scan_weight)",
        "the bias is read where the scanner stands",
    ),
    Bug(
        "sc_conv_engine_fv", "hunt_pool", "rtl/sc_conv_engine.v",
        ".i_take(visit_take && !clear)", ".i_take(visit_take)",
        "a clearing visit takes the scanner's input",
    ),
    Bug(
        "sc_conv_engine_fv", "hunt_pool", "rtl/sc_conv_engine.v",
        "scan_active || scan_valid", "scan_active",
        "the layer drains while the scanner's last input waits",
    ),
    Bug(
        "sc_conv_engine_fv", "hunt_pool", "rtl/sc_conv_engine.v",
        ".i_valid(visiting && step)", ".i_valid(visiting)",
        "a visit that stands is added in every clock",
    ),
    Bug(
        "sc_conv_engine_fv", "hunt_mac", "rtl/sc_conv_engine.v",
        ".FRAC(MAC != 0 ? FRAC - LOG2L : FRAC)", ".FRAC(FRAC)",
        "the integer peer's threshold is as fine as that of the streams",
    ),
    Bug(
        "sc_conv_engine_fv", "hunt_pool", "rtl/sc_conv_engine.v",
        ".i_last(neuron_last)", ".i_last(o_y_last)",
        "the neuron takes another mark for a layer's last sum",
    ),
    Bug(
        "sc_conv_engine_fv", "hunt_pool", "rtl/sc_conv_engine.v",
        "assign o_y_score = front;", "assign o_y_score = best;",
        "the score that is given is the greatest before",
    ),
    Bug(
        "sc_conv_engine_fv", "hunt_pool", "rtl/sc_conv_engine.v",
        "write_addr == 0 || $signed(front) > $signed(best)", "write_addr == 0 || front > best",
        "scores are compared without their signs",
    ),
    Bug(
        "sc_conv_engine_fv", "hunt_mac", "rtl/sc_conv_engine.v",
        "if (o_y_valid && i_y_ready && greater)", "if (o_y_valid && i_y_ready)",
        "the class is that of the last score",
    ),
    # The dense engine put together.
    Bug(
        "sc_engine_join_fv", "hunt_three", "rtl/sc_engine.v",
        ".i_raddr(rst ? i_table_addr : ctrl_table_addr)", ".i_raddr(ctrl_table_addr)",
        "the host cannot read the table",
    ),
    Bug(
        "sc_engine_join_fv", "hunt_three", "rtl/sc_engine.v",
        "if (take_theta) theta <= o_table_data;", "theta <= o_table_data;",
        "the threshold changes with every word of the table",
    ),
    Bug(
        "sc_engine_join_fv", "hunt_three", "rtl/sc_engine.v",
        "push_bias ? {1'b1, {LOG2L{1'b0}}} :", "push_bias ? {1'b0, {LOG2L{1'b1}}} :",
        "the bias's input is L - 1",
    ),
    Bug(
        "sc_engine_join_fv", "hunt_three", "rtl/sc_engine.v",
        ".i_raddr({~bank, visit_ptr})", ".i_raddr({bank, visit_ptr})",
        "the list that is being written is read",
    ),
    Bug(
        "sc_engine_join_fv", "hunt_three", "rtl/sc_engine.v",
        ".i_x_nonzero(i_x != 0)", ".i_x_nonzero(i_x[LOG2L-1:0] != 0)",
        "an input of L is taken for 0",
    ),
    Bug(
        "sc_engine_join_fv", "hunt_three", "rtl/sc_engine.v",
        "if (rst || begins)   base <=", "if (rst)   base <=",
        "the second inference's weights begin where the first one's end",
    ),
    Bug(
        "sc_engine_join_fv", "hunt_mac", "rtl/sc_engine.v",
        "else if (addr_last)  base <= o_weight_addr;", "else if (addr_last)  base <= base + index_x[WEIGHT_AW-1:0];",
        "the next group's weights begin a word early",
    ),
    Bug(
        "sc_engine_join_fv", "hunt_three", "rtl/sc_engine.v",
        "always @(posedge clk) lane_x <= x;", "always @* lane_x = x;",
        "the lanes get the next entry's value",
    ),
    Bug(
        "sc_engine_join_fv", "hunt_three", "rtl/sc_engine.v",
        ".i_weight(i_weight[k*X_W +: X_W])", ".i_weight(i_weight[0 +: X_W])",
        "all lanes share one weight",
    ),
    Bug(
        "sc_engine_join_fv", "hunt_mac", "rtl/sc_engine.v",
        "(.LOG2L(LOG2L), .ACC_W(SUM_W), .MAC(MAC)) u_lane", "(.LOG2L(LOG2L), .ACC_W(SUM_W)) u_lane",
        "the integer peer's lanes compute by streams",
    ),
    Bug(
        "sc_engine_join_fv", "hunt_three", "rtl/sc_engine.v",
        "if (sum_last)         drained <=", "if (lane_last)        drained <=",
        "the sums are taken before the last weight is added",
    ),
    Bug(
        "sc_engine_join_fv", "hunt_three", "rtl/sc_engine.v",
        "front   = shifted[0 +: SUM_W];", "front   = shifted[(LANES-1)*SUM_W +: SUM_W];",
        "the last lane's sum leaves first",
    ),
    Bug(
        "sc_engine_join_fv", "hunt_three", "rtl/sc_engine.v",
        ".i_en(1'b1)", ".i_en(drain_shift)",
        "the neuron steps only when a sum leaves",
    ),
    Bug(
        "sc_engine_join_fv", "hunt_three", "rtl/sc_engine.v",
        ".SOURCE(0)) u_x_sng", ".SOURCE(1)) u_x_sng",
        "input and weight have the same source",
    ),
    Bug(
        "sc_engine_join_fv", "hunt_three", "rtl/sc_engine.v",
        "best_index <= push_index;", "best_index <= push_ptr;",
        "the class is an address of the list",
    ),
    Bug(
        "sc_engine_join_fv", "hunt_three", "rtl/sc_engine.v",
        "assign o_y_score = front;", "assign o_y_score = best;",
        "the score that is given is the greatest before",
    ),
    Bug(
        "sc_engine_join_fv", "hunt_three", "rtl/sc_engine.v",
        ".o_y_valid(o_y_valid), .i_y_ready(i_y_ready), .o_y_last(o_y_last)",
        ".o_y_valid(o_y_last), .i_y_ready(i_y_ready), .o_y_last(o_y_valid)",
        "every score is marked as the last, and only the last one is valid",
    ),
    # The dense engine as a whole.
    Bug(
        "sc_engine_fv", "hunt_sc", "rtl/sc_engine.v",
        "drained <= shifted[SUM_W +: LANES*SUM_W];", "drained <= drained;",
        "every neuron of a group has the first one's sum",
    ),
    Bug(
        "sc_engine_fv", "hunt_sc", "rtl/sc_engine.v",
        "push_index == 0 || $signed(front) > $signed(best)", "push_index == 0 || $signed(front) >= $signed(best)",
        "the highest index wins a tie",
    ),
    Bug(
        "sc_engine_fv", "hunt_sc", "rtl/sc_engine.v",
        "else if (addr_last)  base <= o_weight_addr;", "else if (addr_last)  base <= o_weight_addr + 1'b1;",
        "the next group's weights begin a word late",
    ),
    # The convolution engine as a whole.
    Bug(
        "sc_conv_whole_fv", "hunt_conv", "rtl/sc_conv_engine.v",
        ".i_x(clear ? FULL : scan_x)", ".i_x(scan_x)",
        "the bias is added as often as the last input has ones",
    ),
    Bug(
        "sc_conv_whole_fv", "hunt_conv", "rtl/sc_conv_scan.v",
        "o_weight <= weight + coord_weight[WEIGHT_AW-1:0];", "o_weight <= weight;",
        "a column's first tap has the kernel's first weight",
    ),
    Bug(
        "sc_conv_whole_fv", "hunt_conv", "rtl/sc_conv_lane.v",
        "term_neg <= i_weight[LOG2L];", "term_neg <= 1'b0;",
        "negative weights add",
    ),
    # The spiking engine as a whole.
    Bug(
        "sc_spike_whole_fv", "hunt_constant", "rtl/sc_spike_score.v",
        "wire take_base  = !i_step && i_rest;", "wire take_base  = 1'b0;",
        "a constant input counts in the first step only",
    ),
    Bug(
        "sc_spike_whole_fv", "hunt_constant", "rtl/sc_spike_layer.v",
        "end else if (to_step) begin\n            o_state     <= o_state + 1'b1;",
        "end else if (to_step) begin\n            o_state     <= o_state + !i_scored;",
        "the last layer's neurons share a state",
    ),
    Bug(
        "sc_spike_whole_fv", "hunt_edge", "rtl/sc_spike_ctrl.v",
        "(scan && i_kept && !mute)", "(scan && i_kept)",
        "an edge takes a spike of the sample before",
    ),
    Bug(
        "sc_spike_whole_fv", "hunt_edge", "rtl/sc_spike_engine.v",
        "push_input ? i_x : {!push_none, {LOG2L{1'b0}}}", "push_input ? i_x : {{LOG2L{1'b0}}, !push_none}",
        "a spike counts as one bit of its window",
    ),
    # Neuron of the spiking engine.
    Bug(
        "sc_lif_unit_fv", "hunt_shift_sub_8", "rtl/sc_lif_unit.v",
        "wire [WIDTH-1:0] u        = overflow ? {sum[SUM_W-1], {(WIDTH-1){~sum[SUM_W-1]}}} : sum[WIDTH-1:0];",
        "wire [WIDTH-1:0] u        = sum[WIDTH-1:0];",
        "the sum wraps in place of saturating",
    ),
    Bug(
        "sc_lif_unit_fv", "hunt_shift_sub_8", "rtl/sc_lif_unit.v",
        "{(SUM_W-CURRENT_W){i_current[CURRENT_W-1]}}", "{(SUM_W-CURRENT_W){1'b0}}",
        "a negative current is taken as a great one",
    ),
    Bug(
        "sc_lif_unit_fv", "hunt_shift_sub_8", "rtl/sc_leak.v",
        "shift == 0 ? {WIDTH{1'b0}} : i_x", "i_x",
        "a shift of 0 takes all of v away",
    ),
    Bug(
        "sc_lif_unit_fv", "hunt_shift_sub_8", "rtl/sc_lif_unit.v",
        "i_raise}) && !i_word[15]", "i_raise})",
        "a neuron that never fires does",
    ),
    Bug(
        "sc_lif_unit_fv", "hunt_shift_sub_8", "rtl/sc_lif_unit.v",
        "leaked <= zero ? {WIDTH{1'b0}} : leaked_next", "leaked <= leaked_next",
        "a sample begins with the state of the one before",
    ),
    Bug(
        "sc_lif_unit_fv", "hunt_factor_sub_8", "rtl/sc_leak.v",
        "{{9{i_x[WIDTH-1]}}, i_x}", "{9'd0, i_x}",
        "a negative state leaks as a great one",
    ),
    Bug(
        "sc_lif_unit_fv", "hunt_shift_hard_8_rest", "rtl/sc_lif_unit.v",
        "if (i_left == 2) word", "if (i_left == 1) word",
        "the leak word is taken for v_reset",
    ),
    Bug(
        "sc_lif_unit_fv", "hunt_shift_hard_8_rest", "rtl/sc_lif_unit.v",
        "resting = !i_first && left", "resting = left",
        "a neuron rests from the sample before",
    ),
    Bug(
        "sc_lif_unit_fv", "hunt_shift_hard_8_rest", "rtl/sc_lif_unit.v",
        "resting ? v_kept : v_next}", "v_next}",
        "the potential moves while the neuron rests",
    ),
    Bug(
        "sc_lif_unit_fv", "hunt_shift_hard_8_rest", "rtl/sc_lif_unit.v",
        "o_u     = resting ? v_kept : u", "o_u     = u",
        "the readout takes a potential that there is not while the neuron rests",
    ),
    # One layer of the spiking engine.
    Bug(
        "sc_spike_layer_fv", "hunt_2_lanes", "rtl/sc_spike_layer.v",
        "visiting && !(entry_last && reserved)", "visiting",
        "the last entry of a group does not wait for the drain",
    ),
    Bug(
        "sc_spike_layer_fv", "hunt_2_lanes", "rtl/sc_spike_layer.v",
        "visiting <= groups != 0", "visiting <= groups != 1",
        "the last group is not visited",
    ),
    Bug(
        "sc_spike_layer_fv", "hunt_3_lanes", "rtl/sc_spike_layer.v",
        "4 / WORDS < LANES ? 4 / WORDS : LANES - 1", "LANES - 1",
        "the drain is promised again a neuron too early",
    ),
    Bug(
        "sc_spike_layer_fv", "hunt_2_lanes", "rtl/sc_spike_layer.v",
        "(i_scored ? {LANE_W{1'b0}} : EARLY[LANE_W-1:0])", "EARLY[LANE_W-1:0]",
        "sums come while scores wait in the drain",
    ),
    Bug(
        "sc_spike_layer_fv", "hunt_2_lanes", "rtl/sc_spike_layer.v",
        "visiting ? LAST_LANE[LANE_W-1:0] : i_last_lane", "LAST_LANE[LANE_W-1:0]",
        "the last group has all its lanes",
    ),
    Bug(
        "sc_spike_layer_fv", "hunt_2_lanes", "rtl/sc_spike_layer.v",
        "is_last && lanes == 0", "is_last",
        "the last group ends with its first neuron",
    ),
    Bug(
        "sc_spike_layer_fv", "hunt_2_lanes", "rtl/sc_spike_layer.v",
        "to_step && i_once && !o_at_end", "to_step && i_once",
        "the table's address goes back behind the last neuron too",
    ),
    Bug(
        "sc_spike_layer_fv", "hunt_3_lanes", "rtl/sc_spike_layer.v",
        "o_sum_last || (in_word && o_left != 0) || (o_neuron && lanes != 0)", "o_sum_last || (in_word && o_left != 0)",
        "the second neuron of a group has the first word of the first one",
    ),
    Bug(
        "sc_spike_layer_fv", "hunt_2_lanes", "rtl/sc_spike_layer.v",
        "else if (i_y_ready) drain <= GIVEN;", "else drain <= GIVEN;",
        "a score does not wait until it is taken",
    ),
    Bug(
        "sc_spike_layer_fv", "hunt_2_lanes", "rtl/sc_spike_layer.v",
        "if (rst || i_begin) begin", "if (rst) begin",
        "states are not addressed from 0 in the next step",
    ),
    Bug(
        "sc_spike_layer_fv", "hunt_4_words", "rtl/sc_spike_layer.v",
        "lanes != 0 || o_sum_last ? NEURON : EMPTY", "lanes != 0 ? NEURON : EMPTY",
        "sums that come with the last neuron of the group before them are lost",
    ),
    Bug(
        "sc_spike_layer_fv", "hunt_2_lanes", "rtl/sc_spike_layer.v",
        "if (rst || i_start)           reserved <= 1'b0;", "if (rst)                      reserved <= 1'b0;",
        "the next layer never gets the drain",
    ),
    # Control of the spiking engine.
    Bug(
        "sc_spike_ctrl_fv", "hunt_2_lanes", "rtl/sc_spike_ctrl.v",
        "(scan && i_kept && !mute)", "(scan && i_kept)",
        "an edge takes spikes from before the sample",
    ),
    Bug(
        "sc_spike_ctrl_fv", "hunt_2_lanes", "rtl/sc_spike_ctrl.v",
        "(o_step && i_spike && !last_layer)", "(o_step && i_spike)",
        "the scores' spikes get into the next step's list",
    ),
    Bug(
        "sc_spike_ctrl_fv", "hunt_2_lanes", "rtl/sc_spike_ctrl.v",
        "state == LAYER && o_rest && o_first_layer", "state == LAYER && o_first_layer",
        "the first layer has no bias",
    ),
    Bug(
        "sc_spike_ctrl_fv", "hunt_2_lanes", "rtl/sc_spike_ctrl.v",
        "assign o_rest       = same && o_later;", "assign o_rest       = same;",
        "a constant input is not taken for the next sample",
    ),
    Bug(
        "sc_spike_ctrl_fv", "hunt_2_lanes", "rtl/sc_spike_ctrl.v",
        "{{(LOG2_ENTRIES-1){1'b0}}, !last_layer}", "ONE",
        "scores are numbered from 1",
    ),
    Bug(
        "sc_spike_ctrl_fv", "hunt_2_lanes", "rtl/sc_spike_ctrl.v",
        "list_last  <= o_push_ptr;", "list_last  <= o_push_ptr - ONE;",
        "the bias is not visited",
    ),
    Bug(
        "sc_spike_ctrl_fv", "hunt_2_lanes", "rtl/sc_spike_ctrl.v",
        "wire [12:0] then  = {1'b0, step} - {1'b0, delay};",
        "wire [12:0] then  = {1'b0, step} - {1'b0, delay} - 13'd1;",
        "an edge takes the spikes of a step too early",
    ),
    Bug(
        "sc_spike_ctrl_fv", "hunt_2_lanes", "rtl/sc_spike_ctrl.v",
        "else if (state == FILL || scan || o_step)", "else if (scan || o_step)",
        "an edge takes its first source twice",
    ),
    Bug(
        "sc_spike_ctrl_fv", "hunt_2_lanes", "rtl/sc_spike_ctrl.v",
        "o_keep       = DELAY_AW != 0 && o_step && kept", "o_keep       = DELAY_AW != 0 && o_step",
        "layers that are no sources write the history",
    ),
    Bug(
        "sc_spike_ctrl_fv", "hunt_no_edges", "rtl/sc_spike_ctrl.v",
        "else if (layer_end) o_first_layer <= 1'b0;", "",
        "the base is added in every layer",
    ),
    Bug(
        "sc_spike_ctrl_fv", "hunt_3_lanes", "rtl/sc_spike_ctrl.v",
        "rewind ? BACK[TABLE_AW-1:0] :", "rewind ? {TABLE_AW{1'b1}} :",
        "a neuron's third parameter word is not read again",
    ),
    # Scores of the spiking engine.
    Bug(
        "sc_spike_score_fv", "hunt_small", "rtl/sc_spike_score.v",
        "take_base  = !i_step && i_rest", "take_base  = i_rest",
        "the base is added to the score too",
    ),
    Bug(
        "sc_spike_score_fv", "hunt_small", "rtl/sc_spike_score.v",
        "take_score = i_step && !i_fresh && i_readout != 3", "take_score = i_step && !i_fresh",
        "the last potential is added to those before it",
    ),
    Bug(
        "sc_spike_score_fv", "hunt_small", "rtl/sc_spike_score.v",
        "i_readout == 1 && i_spike", "i_spike",
        "a spike counts besides the sum or the potential",
    ),
    Bug(
        "sc_spike_score_fv", "hunt_small", "rtl/sc_spike_score.v",
        "if (i_first || i_step) total", "if (i_first || i_step || i_score) total",
        "a score changes while it waits",
    ),
    Bug(
        "sc_spike_score_fv", "hunt_small", "rtl/sc_spike_score.v",
        ".i_we(i_step && i_keep_base)", ".i_we(i_step)",
        "the base is written over in later steps",
    ),
    Bug(
        "sc_spike_score_fv", "hunt_small", "rtl/sc_spike_score.v",
        "{(R_W-WIDTH+1){i_u[WIDTH-1]}}", "{(R_W-WIDTH+1){1'b0}}",
        "a negative potential counts as a great one",
    ),
    Bug(
        "sc_spike_score_fv", "hunt_narrow", "rtl/sc_spike_score.v",
        "$signed(o_score) > $signed(best)", "$signed(o_score) >= $signed(best)",
        "of equal scores the last one's class is given",
    ),
    # The spiking engine put together.
    Bug(
        "sc_spike_engine_fv", "hunt_three", "rtl/sc_spike_engine.v",
        "assign o_weight_addr = base + index_x[WEIGHT_AW-1:0];",
        "assign o_weight_addr = base + index_x[WEIGHT_AW-1:0] + 1'b1;",
        "weights are addressed one too far",
    ),
    Bug(
        "sc_spike_engine_fv", "hunt_three", "rtl/sc_spike_engine.v",
        "if (rst || begins)   base", "if (rst)             base",
        "the next step's weights begin after the last one's",
    ),
    Bug(
        "sc_spike_engine_fv", "hunt_three", "rtl/sc_spike_engine.v",
        "assign list_raddr = {~bank, visit_ptr};", "assign list_raddr = {bank, visit_ptr};",
        "the list is read that is being written",
    ),
    Bug(
        "sc_spike_engine_fv", "hunt_three", "rtl/sc_spike_engine.v",
        ".i_waddr(state_was), .i_wdata(state_next)", ".i_waddr(state_at), .i_wdata(state_next)",
        "a neuron's state is written to the next one's place",
    ),
    Bug(
        "sc_spike_engine_fv", "hunt_three", "rtl/sc_spike_engine.v",
        ".i_rest(rest && first_layer)", ".i_rest(rest)",
        "the base is added in every layer",
    ),
    Bug(
        "sc_spike_engine_fv", "hunt_three", "rtl/sc_spike_engine.v",
        ".i_waddr({row_now, history})", ".i_waddr({row, history})",
        "spikes are kept in the row that is read",
    ),
    Bug(
        "sc_spike_engine_fv", "hunt_three", "rtl/sc_spike_engine.v",
        "if (sum_last)    drained <= sums;\n        else if (neuron)",
        "if (sum_last && !neuron) drained <= sums;\n        else if (neuron)",
        "sums that come with the last neuron of a group are lost",
    ),
    Bug(
        "sc_spike_engine_fv", "hunt_three", "rtl/sc_spike_engine.v",
        "wire [S_W+FRAC:0] current_x = {current, {(FRAC+1){1'b0}}};",
        "wire [S_W+FRAC:0] current_x = {1'b0, current, {FRAC{1'b0}}};",
        "the current is half of what it should be",
    ),
    # Other neurons of the spiking engine.
    Bug(
        "sc_synaptic_unit_fv", "hunt_shift_sub_8_rest", "rtl/sc_synaptic_unit.v",
        "i_first ? {WIDTH{1'b0}} : leaked_next", "leaked_next",
        "the synaptic current of the sample before goes on",
    ),
    Bug(
        "sc_synaptic_unit_fv", "hunt_shift_sub_8_rest", "rtl/sc_synaptic_unit.v",
        "{(SUM_W-CURRENT_W){i_current[CURRENT_W-1]}}", "{(SUM_W-CURRENT_W){1'b0}}",
        "a negative current is taken as a great one",
    ),
    Bug(
        "sc_synaptic_unit_fv", "hunt_shift_sub_8_rest", "rtl/sc_synaptic_unit.v",
        "overflow ? {sum[SUM_W-1], {(WIDTH-1){~sum[SUM_W-1]}}} : sum[WIDTH-1:0]", "sum[WIDTH-1:0]",
        "the synaptic current wraps in place of saturating",
    ),
    Bug(
        "sc_synaptic_unit_fv", "hunt_shift_hard_8_rest", "rtl/sc_synaptic_unit.v",
        "i_left} == 2 + RESET_MODE", "i_left} == 2",
        "v_reset is taken for the leak",
    ),
    Bug(
        "sc_alif_unit_fv", "hunt_shift_sub_8_rest", "rtl/sc_alif_unit.v",
        "wire [WIDTH-1:0] a = i_first ? {WIDTH{1'b0}} : i_state", "wire [WIDTH-1:0] a = i_state",
        "the threshold of the sample before goes on",
    ),
    Bug(
        "sc_alif_unit_fv", "hunt_shift_sub_8_rest", "rtl/sc_alif_unit.v",
        ".i_raise(a)", ".i_raise(leaked)",
        "the threshold leaks before it is compared with",
    ),
    Bug(
        "sc_alif_unit_fv", "hunt_shift_sub_8_rest", "rtl/sc_alif_unit.v",
        "!sum[WIDTH] && sum[WIDTH-1] ?", "1'b0 ?",
        "the threshold's rise wraps in place of saturating",
    ),
    Bug(
        "sc_alif_unit_fv", "hunt_shift_hard_8_rest", "rtl/sc_alif_unit.v",
        "i_left} == 3 + RESET_MODE", "i_left} == 3",
        "b is taken for the leak",
    ),
    # Joints of the spiking engine.
    Bug(
        "sc_spike_score_fv", "hunt_small", "rtl/sc_spike_score.v",
        ".i_we(i_score), .i_waddr(i_write_addr)", ".i_we(i_score), .i_waddr(i_read_addr)",
        "a score is written to the next neuron's place",
    ),
    Bug(
        "sc_spike_score_fv", "hunt_small", "rtl/sc_spike_score.v",
        "sc_mem #(.WIDTH(SUM_W), .DEPTH(1 << STATE_AW)) u_score",
        "sc_mem #(.WIDTH(SUM_W), .DEPTH(2 << STATE_AW)) u_score",
        "the scores' memory has twice the words that are addressed",
    ),
    Bug(
        "sc_spike_engine_fv", "hunt_three", "rtl/sc_spike_engine.v",
        ".i_x_nonzero(i_x != 0)", ".i_x_nonzero(1'b1)",
        "codes of 0 are listed too",
    ),
    Bug(
        "sc_spike_engine_fv", "hunt_three", "rtl/sc_spike_engine.v",
        ".i_raddr(rst ? i_table_addr : ctrl_table_addr)", ".i_raddr(ctrl_table_addr)",
        "the host cannot read the table",
    ),
    Bug(
        "sc_spike_engine_fv", "hunt_three", "rtl/sc_spike_engine.v",
        ".SOURCE(0)) u_x_sng (.i_x(lane_x)", ".SOURCE(0)) u_x_sng (.i_x(x)",
        "the input's bits come a clock too early",
    ),
    Bug(
        "sc_spike_engine_fv", "hunt_three", "rtl/sc_spike_engine.v",
        ".i_valid(lane_valid), .i_last(lane_last)", ".i_valid(1'b1), .i_last(lane_last)",
        "lanes add where nothing is visited",
    ),
    Bug(
        "sc_spike_engine_fv", "hunt_three", "rtl/sc_spike_engine.v",
        ".o_y_valid(o_y_valid), .i_y_ready(i_y_ready), .o_y_last(o_y_last)",
        ".o_y_valid(o_y_last), .i_y_ready(i_y_ready), .o_y_last(o_y_valid)",
        "valid and last are exchanged",
    ),
    Bug(
        "sc_spike_engine_fv", "hunt_three", "rtl/sc_spike_engine.v",
        ".BITS(BITS), .WORDS(WORDS)", ".BITS(BITS), .WORDS(2)",
        "control does not know of v_reset's word",
    ),
    Bug(
        "sc_spike_ctrl_fv", "hunt_2_lanes", "rtl/sc_spike_ctrl.v",
        ".rst(rst), .i_begin(o_begin),", ".rst(rst), .i_begin(1'b0),",
        "states are not addressed from 0 in the next step",
    ),
    Bug(
        "sc_spike_ctrl_fv", "hunt_2_lanes", "rtl/sc_spike_ctrl.v",
        ".i_start(state == GROUPS)", ".i_start(state == RUN)",
        "a layer starts again in every clock",
    ),
    Bug(
        "sc_spike_ctrl_fv", "hunt_2_lanes", "rtl/sc_spike_ctrl.v",
        ".i_groups(i_table_data[LOG2_ENTRIES-1:0])", ".i_groups({LOG2_ENTRIES{1'b0}})",
        "every layer has one group",
    ),
    Bug(
        "sc_spike_ctrl_fv", "hunt_2_lanes", "rtl/sc_spike_ctrl.v",
        ".i_answer(last_step || (i_answer && !same))", ".i_answer(1'b1)",
        "scores go out in every step",
    ),
    Bug(
        "sc_spike_ctrl_fv", "hunt_2_lanes", "rtl/sc_spike_ctrl.v",
        ".o_lane_valid(o_lane_valid), .o_lane_last(o_lane_last)",
        ".o_lane_valid(o_lane_last), .o_lane_last(o_lane_valid)",
        "the lanes' valid and last are exchanged",
    ),
    Bug(
        "sc_spike_ctrl_fv", "hunt_3_lanes", "rtl/sc_spike_ctrl.v",
        ".STATE_AW(STATE_AW), .WORDS(WORDS)) u_layer", ".STATE_AW(STATE_AW), .WORDS(2)) u_layer",
        "a neuron's third word is never reached",
    ),
    # Samples that come step by step: where the engine is, and which steps are answered.
    Bug(
        "sc_spike_ctrl_fv", "hunt_2_lanes", "rtl/sc_spike_ctrl.v",
        "(i_answer && !same)", "1'b0",
        "scores that are asked for before the last step stay away",
    ),
    Bug(
        "sc_spike_ctrl_fv", "hunt_2_lanes", "rtl/sc_spike_ctrl.v",
        "(i_answer && !same)", "i_answer",
        "a constant input is answered in steps before the last",
    ),
    Bug(
        "sc_spike_ctrl_fv", "hunt_2_lanes", "rtl/sc_spike_ctrl.v",
        "assign o_x_at       = o_push_index;",
        "assign o_x_at       = {{(LOG2_ENTRIES-1){1'b0}}, 1'b1} + o_push_ptr;",
        "inputs of 0 are not counted in the number of the input to come",
    ),
    Bug(
        "sc_spike_ctrl_fv", "hunt_no_edges", "rtl/sc_spike_ctrl.v",
        "assign o_x_last     = at_end;", "assign o_x_last     = 1'b0;",
        "no input is said to be a step's last",
    ),
    Bug(
        "sc_spike_ctrl_fv", "hunt_no_edges", "rtl/sc_spike_ctrl.v",
        "assign o_x_step     = step;", "assign o_x_step     = {11'd0, o_later};",
        "every step after the second is said to be the second",
    ),
    Bug(
        "sc_spike_engine_fv", "hunt_three", "rtl/sc_spike_engine.v",
        ".o_x_step(o_x_step), .i_answer(i_answer)", ".o_x_step(o_x_step), .i_answer(1'b0)",
        "only the last step is answered",
    ),
    Bug(
        "sc_spike_engine_fv", "hunt_three", "rtl/sc_spike_engine.v",
        ".o_width(o_x_count),\n        .o_x_at(o_x_at)", ".o_width(o_x_at),\n        .o_x_at(o_x_count)",
        "the number of inputs and the number of the input to come are given as each other",
    ),
    # Windows whose clocks are steps.
    Bug(
        "sc_spike_ctrl_fv", "hunt_bits", "rtl/sc_spike_ctrl.v",
        "state == INPUTS && o_rest) o_push_ptr <= inputs_listed", "state == INPUTS && o_rest) o_push_ptr <= 0",
        "the bias takes the place of the first input in later clocks",
    ),
    Bug(
        "sc_spike_ctrl_fv", "hunt_bits", "rtl/sc_spike_ctrl.v",
        "if (state == LAYER && o_first_layer) listed_once <= o_push_ptr;",
        "if (state == LAYER) listed_once <= o_push_ptr;",
        "the next clock visits as many inputs as the last layer had spikes",
    ),
    Bug(
        "sc_spike_ctrl_fv", "hunt_bits", "rtl/sc_spike_ctrl.v",
        "BITS == 0 && state == LAYER && o_rest", "state == LAYER && o_rest",
        "the first layer has its bias in the first clock only",
    ),
    Bug(
        "sc_spike_ctrl_fv", "hunt_bits", "rtl/sc_spike_ctrl.v",
        "BITS != 0 && o_first_layer && state != RUN", "BITS != 0 && o_first_layer",
        "the first layer's spikes overwrite the list of the inputs",
    ),
    Bug(
        "sc_spike_ctrl_fv", "hunt_bits", "rtl/sc_spike_ctrl.v",
        "same         = BITS != 0 ||", "same         = 1'b0 ||",
        "the inputs are awaited again in every clock",
    ),
    Bug(
        "sc_spike_engine_fv", "hunt_bits", "rtl/sc_spike_engine.v",
        "list_raddr = {first_layer, !bank && !first_layer, visit_ptr}", "list_raddr = {1'b0, !bank, visit_ptr}",
        "the first layer visits the spikes of the layer after it",
    ),
    Bug(
        "sc_spike_engine_fv", "hunt_bits", "rtl/sc_spike_engine.v",
        "list_waddr = {list_inputs, bank && !list_inputs, push_ptr}",
        "list_waddr = {list_inputs, bank, push_ptr}",
        "the inputs are listed where nothing reads them",
    ),
    Bug(
        "sc_spike_engine_fv", "hunt_bits", "rtl/sc_spike_engine.v",
        "assign reversed[k] = clock[LOG2L-1-k];", "assign reversed[k] = clock[k];",
        "the weights' ones come first in the window, as those of the inputs",
    ),
    Bug(
        "sc_spike_engine_fv", "hunt_bits", "rtl/sc_spike_engine.v",
        "u_x_sng (.i_x(lane_x), .i_r(clock)", "u_x_sng (.i_x(x), .i_r(clock)",
        "the input's bit comes a clock too early",
    ),
    Bug(
        "sc_spike_engine_fv", "hunt_bits", "rtl/sc_spike_engine.v",
        "{i_weight[k*X_W + LOG2L], {(LANE_L-1){1'b0}}, w_bit}", "{1'b0, {(LANE_L-1){1'b0}}, w_bit}",
        "negative weights add as positive ones",
    ),
    Bug(
        "sc_core_fv", "hunt_spike", "rtl/sc_core.v",
        ".BITS((STEPS >> 22) % 2)", ".BITS(0)",
        "an engine for windows whose clocks are steps is not made",
    ),
    Bug(
        "sc_core_fv", "hunt_dense", "rtl/sc_core.v",
        "            assign o_x_step = 12'd0;\n            sc_engine",
        "            assign o_x_step = 12'hABC;\n            sc_engine",
        "a dense network is in some step",
    ),
    Bug(
        "sc_core_fv", "hunt_conv", "rtl/sc_core.v",
        "            assign o_x_last = 1'b0;\n            assign o_x_step = 12'd0;\n            sc_conv_engine",
        "            assign o_x_last = o_x_ready;\n            assign o_x_step = 12'd0;\n            sc_conv_engine",
        "every input of a convolutional network is said to be a step's last",
    ),
    Bug(
        "sc_core_fv", "hunt_spike", "rtl/sc_core.v",
        ".o_x_step(o_x_step), .i_answer(i_answer)", ".o_x_step(o_x_step), .i_answer(o_x_last)",
        "the spiking engine answers by itself in every step",
    ),
    Bug(
        "sc_network_fv", "hunt_dense", "rtl/sc_network.v",
        ".o_x_step(x_step), .i_answer(1'b0)", ".o_x_step(x_step), .i_answer(i_y_ready)",
        "every step is answered where scores are taken at once",
    ),
    Bug(
        "sc_system_fv", "hunt_dense", "rtl/sc_system.v",
        ".o_x_step(x_step), .i_answer(answer_now)", ".o_x_step(x_step), .i_answer(1'b0)",
        "the host's wish for scores does not reach the core",
    ),
    Bug(
        "sc_system_fv", "hunt_conv", "rtl/sc_system.v",
        ".i_x_at(x_at)", ".i_x_at(x_count)",
        "the host gets the number of inputs for that of the input to come",
    ),
    Bug(
        "sc_host_frame_fv", "hunt_again", "rtl/sc_host_frame.v",
        "{4'b0000, status}", "{5'b00000, status[2:0]}",
        "a status above 7 is cut to 3 bits",
    ),
    Bug(
        "sc_host_frame_fv", "hunt_board", "rtl/sc_host_frame.v",
        "assign o_right         = !crc_bad;", "assign o_right         = 1'b1;",
        "a CRC is said to be right before it was looked at",
    ),
    Bug(
        "sc_host_frame_fv", "hunt_right", "rtl/sc_host_frame.v",
        "assign again    = 1'b0;", "assign again    = i_again;",
        "without a kept answer the wish for one empties the answer",
    ),
    Bug(
        "sc_host_frame_fv", "hunt_again", "rtl/sc_host_frame.v",
        "if (compose && done && !i_again) last_len", "if (compose && !i_again) last_len",
        "the length that is kept is overwritten before the executor says that the answer is the last one",
    ),
    Bug(
        "sc_host_frame_fv", "hunt_again", "rtl/sc_host_frame.v",
        "done && again ? kept_len :", "1'b0 ? kept_len :",
        "a repeated answer is empty",
    ),
    Bug(
        "sc_host_frame_fv", "hunt_again", "rtl/sc_host_frame.v",
        ".i_raddr({responding, ptr[LP-1:0]})", ".i_raddr({1'b0, ptr[LP-1:0]})",
        "answers are read from the request's half",
    ),
    Bug(
        "sc_host_frame_fv", "hunt_keep", "rtl/sc_host_frame.v",
        ".i_waddr({executing, ptr[LP-1:0]})", ".i_waddr({1'b1, ptr[LP-1:0]})",
        "a request is stored over the kept answer",
    ),
    Bug(
        "sc_host_frame_fv", "hunt_again", "rtl/sc_host_frame.v",
        "sc_mem #(.WIDTH(8), .DEPTH(2 << LP)) u_buffer (\n"
        "                .clk(clk), .i_we(store), .i_waddr({executing, ptr[LP-1:0]}),",
        "sc_mem #(.WIDTH(8), .DEPTH(2 << LP)) u_buffer (\n"
        "                .clk(clk), .i_we(store || (compose && done)), .i_waddr({executing, ptr[LP-1:0]}),",
        "the end of a repeated answer writes over its first byte",
    ),
)  # fmt: skip
