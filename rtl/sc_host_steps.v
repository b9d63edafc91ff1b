// SPDX-License-Identifier: Apache-2.0
// Samples that come step by step: the part of the host's executor that knows STEP (docs/protocol.md). It says whether a frame
// of steps is due, keeps the engine running between frames, and makes codes of events.
//
// Head       the first word of a STEP: bits 11:0 index of its first step; bit 12 its steps are events; bit 13 scores are
//            answered after its last step, too; bit 14 a sample begins, from step 0. A frame is carried out if it begins a
//            sample or has the index of the step that is due. One with the index of the last frame that was carried out is
//            answered as that was (o_again). Any other is refused by OUT_OF_STEP.
// Sample     it lives on between frames (alive). From the head of a frame to its answer it does not: whatever ends the frame
//            before ends the sample, too, as any other request does that is carried out.
// Events     words: the number of an input that spikes, counted from 1, in ascending order; 0 ends a step. Inputs that are
//            passed over get the code 0. The last input's code waits for the end of its step (last_spike), so that no step
//            is complete before its last word.
// Latency    0 clocks from a head to o_late, 1 from i_end to o_answer; events: a code in each clock in which the engine
//            takes one
// Model      sc_neurocore.hardware.host
// Proof      formal/sc_host_steps_fv.v; tests/test_host_steps.py, samples over a virtual board's line
`default_nettype none
module sc_host_steps #(
    parameter LOG2_ENTRIES = 8             // 2 .. 12: bits of an input's number
) (
    input  wire                    clk,
    input  wire                    rst,
    // Request.
    input  wire                    i_infer_begins, // its command is INFER, which takes the engine
    input  wire                    i_executing,
    input  wire                    i_other,        // a request of another kind is carried out: its CRC is right
    input  wire                    i_end,          // every byte of the payload was shown, or more: it is answered
    input  wire                    i_word,         // check pass: a word of a STEP is whole
    input  wire                    i_first,        // ... it is the head
    input  wire [15:0]             i_value,
    input  wire                    i_done,         // the request is answered
    output reg                     o_events,       // the words are events, or else codes
    output reg                     o_going,        // the frame is carried out
    output reg                     o_again,        // the answer is the last one
    output wire                    o_late,         // with a head: it is not due
    output reg                     o_bad_event,    // an event was out of range or out of order
    output wire                    o_part,         // a step is not whole, or there is none
    // Engine.
    output wire                    o_run,
    output wire                    o_restart,
    output wire                    o_filling,      // an event is being carried out: codes come from here
    output wire                    o_x_valid,
    output wire                    o_x_spike,      // ... the code is L, or else 0
    input  wire                    i_x_taken,      // it takes a code, from here or not
    input  wire                    i_x_ready,
    input  wire [LOG2_ENTRIES-1:0] i_x_at,         // number of the input that it waits for, from 1
    input  wire                    i_x_last,       // ... it is the last one of a step
    input  wire [11:0]             i_x_step,       // step that it is in, or waits for
    output reg                     o_answer        // the step under way is to answer its scores
);
    generate
        if (LOG2_ENTRIES < 2 || LOG2_ENTRIES > 12) begin : g_illegal_entries
            ERROR_LOG2_ENTRIES_must_be_in_2_to_12 u_illegal ();
        end
    endgenerate

    reg        alive, ask, fed, midway, last_spike, filling;
    reg [11:0] latest;                     // index of the last frame that was carried out
    reg [LOG2_ENTRIES:0] target;           // input that spikes; top bit: beyond every input

    // Head.
    wire        head   = i_word && i_first;
    wire        clear  = i_value[14];
    wire [11:0] index  = i_value[11:0];
    wire        due    = clear ? index == 0 : alive && index == i_x_step && index != 0;
    wire        same   = !clear && alive && index == latest;
    assign o_late    = head && !due && !same;
    assign o_restart = head && due && clear;
    always @(posedge clk)
        if (head) begin
            o_events <= i_value[12];
            ask      <= i_value[13];
            if (due) latest <= index;
        end
    always @(posedge clk) begin
        o_going <= !rst && i_executing && (o_going || (head && due));
        o_again <= !rst && i_executing && (o_again || (head && !due && same));
    end

    // Sample. The engine is reset in time for a request that reads its table.
    always @(posedge clk)
        if (rst || i_infer_begins || i_other || (head && due)) alive <= 1'b0;
        else if (i_done && o_going)                            alive <= 1'b1;
    assign o_run = (alive && !i_other) || o_going;
    always @(posedge clk) o_answer <= o_going && ask && i_end;   // a register: i_end is late, and the step takes longer

    // Codes.
    always @(posedge clk)
        if (head) begin
            fed    <= 1'b0;
            midway <= 1'b0;
        end else if (i_x_taken) begin
            fed    <= 1'b1;
            midway <= !i_x_last;
        end
    assign o_part = midway || last_spike || !fed;

    // Events.
    wire none = target == 0;
    wire hit  = target == {1'b0, i_x_at};
    wire stop = i_x_ready && (hit || i_x_last);
    assign o_filling = filling;
    assign o_x_valid = filling && (!i_x_last || none);
    assign o_x_spike = hit || (i_x_last && last_spike);
    always @(posedge clk) begin
        if (rst || !o_going) begin               // a frame that breaks off leaves nothing behind
            filling     <= 1'b0;
            last_spike  <= 1'b0;
            o_bad_event <= 1'b0;
        end else if (filling) begin
            if (stop) filling <= 1'b0;
            if (stop && i_x_last) begin
                last_spike <= !none && hit;
                if (!none && (!hit || last_spike)) o_bad_event <= 1'b1;
            end
        end else if (i_word && o_events) filling <= 1'b1;
        if (i_word && !filling) target <= {(i_value >> LOG2_ENTRIES) != 0, i_value[LOG2_ENTRIES-1:0]};
    end

    wire unused = &{1'b0, i_value[15]};
endmodule
`default_nettype wire
