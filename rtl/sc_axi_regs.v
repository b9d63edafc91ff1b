// SPDX-License-Identifier: Apache-2.0
// Registers of the bus interface: identity, parameters, control, status, counters, windows to table and weights.
//
// Map        docs/interfaces.md. A register that is not there, a write to one that is only read, a read of one that is
//            only written, an address beyond the memory, table and weights while ENABLE is 1: refused (i_req's clock has
//            o_error) and without effect.
// Windows    an access to TABLE_DATA, the last piece of a word to WEIGHT_DATA, advances the address; a word of WEIGHT_W
//            bits is ceil(WEIGHT_W / 32) pieces, the low one first; writing WEIGHT_ADDR begins a word anew.
// Latency    o_rdata, o_error and the memories' strobes with i_req, everything else 1 clock after it; a read of TABLE_DATA
//            needs the address 1 clock before
// Model      tb/test_axi.py
// Proof      formal/sc_axi_regs_fv.v
`default_nettype none
module sc_axi_regs #(
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
    parameter WEIGHT_W     = LANES * (LOG2L + 1)     // derived; do not override
) (
    input  wire                    clk,
    input  wire                    rst,
    input  wire                    i_req,  // sc_axi_lite
    input  wire                    i_write,
    input  wire [9:0]              i_addr,
    input  wire [31:0]             i_wdata,
    output reg  [31:0]             o_rdata,
    output reg                     o_error,
    output reg                     o_enable,
    output reg                     o_restart,        // for one clock
    input  wire                    i_busy, // sc_axi_stream
    input  wire                    i_x_ready,
    input  wire                    i_done,
    input  wire [LOG2_ENTRIES-1:0] i_class,
    input  wire                    i_short,
    input  wire                    i_long,
    input  wire                    i_cut,
    input  wire                    i_abort,
    output wire                    o_table_we,       // memories
    output wire [TABLE_AW-1:0]     o_table_addr,
    output wire [15:0]             o_table_wdata,
    input  wire [15:0]             i_table_rdata,
    output wire                    o_weight_we,
    output wire [WEIGHT_AW-1:0]    o_weight_addr,
    output wire [WEIGHT_W-1:0]     o_weight_wdata
);
    localparam [31:0] ID = 32'h53434E43, VERSION = 1;          // "SCNC"
    // Word addresses; the parameters from PARAMETERS on.
    localparam [9:0] R_ID = 0, R_VERSION = 1, R_CONTROL = 2, R_STATUS = 3, R_IMAGES = 4, R_DROPPED = 5, R_CLASS = 6,
                     R_TABLE_ADDR = 8, R_TABLE_DATA = 9, R_WEIGHT_ADDR = 10, R_WEIGHT_DATA = 11, PARAMETERS = 16;

    localparam PIECES  = (WEIGHT_W + 31) / 32;
    localparam HOLD_W  = PIECES > 1 ? 32 * (PIECES - 1) : 1;
    localparam PIECE_W = PIECES > 1 ? $clog2(PIECES) : 1;
    localparam [31:0] LAST_PIECE = PIECES - 1;

    reg  [3:0]          errors;            // SHORT, LONG, CUT, ABORT from bit 0
    reg  [31:0]         images, dropped;
    reg  [LOG2_ENTRIES-1:0] last_class;
    reg  [TABLE_AW:0]   table_addr;        // top bit: beyond the end
    reg  [WEIGHT_AW:0]  weight_addr;
    reg  [PIECE_W-1:0]  piece;             // of a weight word, the next to come
    wire                at_last = piece == LAST_PIECE[PIECE_W-1:0];

    wire act       = i_req && !o_error;
    wire write     = act && i_write;
    wire to_table  = act && i_addr == R_TABLE_DATA;
    wire to_weight = write && i_addr == R_WEIGHT_DATA;

    always @* begin
        o_rdata = 32'd0;
        o_error = i_write;
        case (i_addr)
            R_ID:      o_rdata = ID;
            R_VERSION: o_rdata = VERSION;
            R_CONTROL: {o_error, o_rdata[0]} = {1'b0, o_enable};
            R_STATUS: begin
                o_error = 1'b0;
                o_rdata = {20'd0, errors, 6'd0, i_x_ready && o_enable, i_busy};
            end
            R_IMAGES:      o_rdata = images;
            R_DROPPED:     o_rdata = dropped;
            R_CLASS:       o_rdata[LOG2_ENTRIES-1:0] = last_class;
            R_TABLE_ADDR: begin
                o_error = i_write && (i_wdata >> TABLE_AW) != 0;
                o_rdata[TABLE_AW:0] = table_addr;
            end
            R_TABLE_DATA: begin
                o_error = o_enable || table_addr[TABLE_AW];
                o_rdata[15:0] = i_table_rdata;
            end
            R_WEIGHT_ADDR: begin
                o_error = i_write && (i_wdata >> WEIGHT_AW) != 0;
                o_rdata[WEIGHT_AW:0] = weight_addr;
            end
            R_WEIGHT_DATA: o_error = !i_write || o_enable || weight_addr[WEIGHT_AW];
            PARAMETERS:      o_rdata = ENGINE;
            PARAMETERS + 1:  o_rdata = LOG2L;
            PARAMETERS + 2:  o_rdata = LANES;
            PARAMETERS + 3:  o_rdata = FRAC;
            PARAMETERS + 4:  o_rdata = LOG2_ENTRIES;
            PARAMETERS + 5:  o_rdata = WEIGHT_AW;
            PARAMETERS + 6:  o_rdata = TABLE_AW;
            PARAMETERS + 7:  o_rdata = MAC;
            PARAMETERS + 8:  o_rdata = ENGINE != 0 ? ACC_AW : 0;
            PARAMETERS + 9:  o_rdata = ENGINE == 1 ? POOL : 0;
            PARAMETERS + 10: o_rdata = SUM_W;
            PARAMETERS + 11: o_rdata = ENGINE == 2 ? STEPS : 0;
            default:         o_error = 1'b1;
        endcase
    end

    // Control, status, counters. What is reported in the clock of a clearing write stays.
    wire [3:0] events = {i_abort, i_cut, i_long, i_short};
    always @(posedge clk)
        if (rst) begin
            o_enable  <= 1'b0;
            o_restart <= 1'b0;
            errors    <= 4'd0;
            images    <= 32'd0;
            dropped   <= 32'd0;
        end else begin
            if (write && i_addr == R_CONTROL) o_enable <= i_wdata[0];
            o_restart <= write && i_addr == R_CONTROL && i_wdata[1];
            errors    <= (errors & ~(write && i_addr == R_STATUS ? i_wdata[11:8] : 4'd0)) | events;
            images    <= images + {31'd0, i_done};
            dropped   <= dropped + {31'd0, i_short || i_long || i_cut};
        end
    always @(posedge clk)
        if (rst)         last_class <= 0;
        else if (i_done) last_class <= i_class;

    // Windows.
    always @(posedge clk)
        if (rst) begin
            table_addr  <= 0;
            weight_addr <= 0;
            piece       <= 0;
        end else begin
            if (to_table)                              table_addr <= table_addr + 1'b1;
            else if (write && i_addr == R_TABLE_ADDR)  table_addr <= {1'b0, i_wdata[TABLE_AW-1:0]};
            if (o_weight_we)                           weight_addr <= weight_addr + 1'b1;
            else if (write && i_addr == R_WEIGHT_ADDR) weight_addr <= {1'b0, i_wdata[WEIGHT_AW-1:0]};
            if (o_weight_we || (write && i_addr == R_WEIGHT_ADDR)) piece <= 0;
            else if (to_weight)                                    piece <= piece + 1'b1;
        end

    generate
        if (PIECES == 1) begin : g_piece
            assign o_weight_wdata = i_wdata[WEIGHT_W-1:0];
        end else begin : g_pieces
            reg  [HOLD_W-1:0]  hold;       // the pieces before, the latest at the top
            wire [HOLD_W+31:0] word = {i_wdata, hold};
            always @(posedge clk) if (to_weight) hold <= word[HOLD_W+31:32];
            assign o_weight_wdata = word[WEIGHT_W-1:0];
            wire unused_word = &{1'b0, word};
        end
    endgenerate
    assign o_weight_we   = to_weight && at_last;
    assign o_weight_addr = weight_addr[WEIGHT_AW-1:0];
    assign o_table_we    = to_table && i_write;
    assign o_table_addr  = table_addr[TABLE_AW-1:0];
    assign o_table_wdata = i_wdata[15:0];
endmodule
`default_nettype wire
