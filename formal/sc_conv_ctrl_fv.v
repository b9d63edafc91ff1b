// SPDX-License-Identifier: Apache-2.0
// Control of the convolution engine, for every content of the table, every back-pressure, every duration of scan and
// visits, and rst at any clock:
//   inputs    an inference takes exactly as many inputs as the table says, at addresses 0, 1, ...;
//   answer    between the last input accepted and the next one there is exactly one beat with o_y_last, and every score
//             beat lies between them; o_y_valid holds, with o_y_last, until i_y_ready;
//   front     sums arrive only where the ones before have left, or leave the last of them in that very clock;
//   source    a layer's drain, and the clearing after rst, give the visits each position once: inputs 0, 1, ... of as many
//             as the layer has, at the sums k * (groups visited).
// Here visits and scan may take any time; a visit that clears brings its sums 2 clocks later, as sc_conv_sums does. The
// last count of a layer comes at any time after its last sums have left. The registers that the invariants speak of are the wires at
// `Registers`, which the script of the proof connects.
`default_nettype none
module sc_conv_ctrl_fv #(
    parameter LANES  = 2,
    parameter ACT_AW = 3,
    parameter ACC_AW = 2
) (
    input wire        clk,
    input wire        rst,
    input wire [31:0] i_table_data,
    input wire        i_x_valid,
    input wire        i_y_ready,
    input wire        i_code_valid,
    input wire        i_code_last,
    input wire        i_scanning,
    input wire [3:0]  i_col_addr,
    input wire        i_source_take,
    input wire        i_visiting
);
    wire              x_ready, y_valid, y_last, write, start, clear, source_valid, step, shift, neuron_valid, neuron_last;
    wire              pool, max;
    wire [3:0]        table_addr, rows, cols, cols_at;
    wire [ACT_AW-1:0] x_count, write_addr, first, channels;
    wire [15:0]       theta, channel_weights, row_weights;
    wire [4:0]        weights_at;
    wire [11:0]       groups;
    wire [ACC_AW-1:0] tap_step, row_step, source_acc;
    reg               visit1, visit2;      // visits that clear, 1 and 2 clocks ago

    sc_conv_ctrl #(.LANES(LANES), .ACT_AW(ACT_AW), .ACC_AW(ACC_AW), .WEIGHT_AW(5), .COORD_AW(4)) u_ctrl (
        .clk(clk), .rst(rst), .o_table_addr(table_addr), .i_table_data(i_table_data),
        .i_x_valid(i_x_valid), .o_x_ready(x_ready), .o_x_count(x_count),
        .o_y_valid(y_valid), .i_y_ready(i_y_ready), .o_y_last(y_last),
        .o_write(write), .o_write_addr(write_addr), .i_code_valid(i_code_valid), .i_code_last(i_code_last),
        .o_theta(theta), .o_pool(pool), .o_max(max), .o_first(first), .o_rows(rows), .o_cols(cols),
        .o_channels(channels), .o_cols_at(cols_at), .o_weights_at(weights_at), .o_channel_weights(channel_weights),
        .o_groups(groups), .o_tap_step(tap_step), .o_row_step(row_step), .o_row_weights(row_weights),
        .o_start(start), .i_scanning(i_scanning), .i_col_addr(i_col_addr), .o_clear(clear),
        .o_source_valid(source_valid), .i_source_take(i_source_take), .o_source_acc(source_acc),
        .i_visiting(i_visiting), .o_step(step),
        .i_loaded(visit2), .o_shift(shift), .o_neuron_valid(neuron_valid), .o_neuron_last(neuron_last)
    );
    // Registers.
    (* keep *) wire [2:0]        state;
    (* keep *) wire [6:0]        left;
    (* keep *) wire              coming, last_layer;
    (* keep *) wire [ACC_AW-1:0] positions, source_left;
    localparam [2:0] CLEAR = 0, HEAD = 1, HEAD_TAKE = 2, LOAD = 3, TABLE = 4, SCAN = 5, DRAIN = 6;
    wire draining = state == DRAIN;

    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;
    always @* begin
        if (!past_valid) assume (rst);
        if (!source_valid || !clear) assume (!i_source_take);
        if (!draining || last_layer) assume (!i_code_valid);
        if (left != 0 || coming || i_visiting) assume (!i_code_last);
    end

    always @(posedge clk) begin
        visit1 <= !rst && clear && i_visiting && step;
        visit2 <= visit1 && !rst;
    end

    // The inference, and the positions given to the visits.
    wire               x_beat = i_x_valid && x_ready, y_beat = y_valid && i_y_ready;
    reg                running, cleared;
    reg [ACT_AW:0]     taken;
    reg [ACC_AW-1:0]   given;
    always @(posedge clk)
        if (rst) {running, taken, cleared, given} <= 0;
        else begin
            if (x_beat) begin
                taken <= taken + 1 == x_count ? 0 : taken + 1;
                if (taken + 1 == x_count) running <= 1;
            end
            if (y_beat && y_last) running <= 0;
            if (!clear) cleared <= 1;
            given <= !clear ? 0 : given + i_source_take;
        end
    wire [ACC_AW-1:0] every  = cleared ? positions : {ACC_AW{1'b1}};
    wire [ACC_AW-1:0] acc    = given * (groups + 1);

    reg held, held_last;
    always @(posedge clk) begin
        held      <= !rst && y_valid && !i_y_ready;
        held_last <= y_last;
    end

    always @* if (past_valid) begin
        if (x_ready) begin
            a_inputs: assert (taken < x_count && !running && write_addr == taken);
            a_one:    assert (!y_valid);
        end
        if (y_valid) a_answer: assert (running);
        if (held)    a_hold:   assert (y_valid && y_last == held_last);
        if (visit2 && draining) a_front: assert (left == 0 || (left == 1 && shift));
        if (source_valid && clear) begin
            a_source: assert (source_acc == acc && source_left == every - given);
        end
        i_state:   assert (state <= DRAIN && running == (state == TABLE || state == SCAN || draining));
        i_clear:   assert (cleared == (state != CLEAR) || (!cleared && state == HEAD));
        if (!cleared && clear) i_first: assert (groups == 0);
        if (!draining) i_empty: assert (left == 0 && !coming);
        if (draining)  i_coming: assert (coming == (visit1 || visit2) && !(visit1 && visit2));
        if (draining && visit1) i_room: assert (left <= (last_layer ? 0 : 2));
        if (draining && visit2) i_gone: assert (left <= (last_layer ? 0 : 1));
        if (state != LOAD) i_taken: assert (taken == 0);
        if (state == LOAD) i_some:  assert (x_count != 0);
    end
    always @(posedge clk)
        if (past_valid && !$past(rst) && $past(source_valid && clear && i_source_take))
            a_ends: assert (source_valid == ($past(source_left) != 0));

    reg dropped, layer;                    // for the covers: rst came while a layer was drained; a layer ended
    always @(posedge clk) begin
        dropped <= dropped ? past_valid : past_valid && rst && draining;
        layer   <= !rst && (layer || (i_code_valid && i_code_last));
        if (!past_valid) dropped <= 0;
    end
    always @(posedge clk)
        if (past_valid && !rst) begin
            c_answer: cover (y_beat && y_last && $past(held));
            c_layer:  cover (layer && state == TABLE);
            c_again:  cover (dropped && x_beat && taken == 1 && x_count == 2);
        end
endmodule
`default_nettype wire
