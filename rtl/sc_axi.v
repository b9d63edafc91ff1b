// SPDX-License-Identifier: Apache-2.0
// A whole network on a standard bus: sc_network with AXI4-Stream for images and scores, AXI4-Lite for control.
//
// Interface  docs/interfaces.md: registers, frames, timing. The ports have the names that bus tools look for.
// Use        with ENABLE = 0 write table and weights over AXI4-Lite, or build them in by TABLE_FILE and WEIGHT_FILE; set
//            ENABLE; send images, one code a beat; each is answered by one frame, a score a beat. Between their checks
//            images and scores are not buffered: a receiver that stalls stalls the core, and so the sender.
// Reset      aresetn low at any clock; it is sampled, so it needs no more than a clock, and must be synchronous to aclk.
// Latency    sc_neurocore.hardware.estimate.clocks, and 1 clock a frame
// Format     s_axis_tdata: a code 0 .. L in the low bits, the rest is ignored; m_axis_tdata: a score, sign-extended;
//            m_axis_tuser: bits 15:0 the index of the greatest score so far, bit 16 the frame was given up.
// Model      sc_neurocore.golden
// Proof      formal/sc_axi_fv.v, that it joins its parts; formal/sc_axi_lite_fv.v and others: theirs; tb/test_axi.py
`default_nettype none
module sc_axi #(
    parameter ENGINE       = 0,            // 0: dense, 1: convolution, 2: in steps
    parameter LOG2L        = 4,            // 2 .. 8: L = 2^LOG2L
    parameter LANES        = 2,            // 1 .. 64
    parameter FRAC         = 4,            // 0 .. 15: fraction bits of theta
    parameter LOG2_ENTRIES = 8,            // 2 .. 12, as in sc_engine; ENGINE 1: to 16, its ACT_AW
    parameter WEIGHT_AW    = 14,           // 1 .. 24: address bits of the weight memory
    parameter TABLE_AW     = 5,            // 3 .. 8: address bits of the layer table; ENGINE 1: 5 to 12
    parameter WEIGHT_FILE  = "",           // empty: the weights are written over the bus
    parameter TABLE_FILE   = "",           // empty: so is the table
    parameter MAC          = 0,            // 0: stochastic, 1: integer multiply-accumulate
    parameter ACC_AW       = 8,            // ENGINE 1, 2: address bits of sums, states
    parameter POOL         = 0,            // for ENGINE 1, 0 or 1
    parameter SUM_W        = LOG2_ENTRIES + LOG2L + 1 + (MAC != 0 ? LOG2L : 0),   // with ENGINE 0 this, not another
    parameter STEPS        = 0,            // for ENGINE 2, see sc_core
    parameter S_DATA_W     = LOG2L > 7 ? 16 : 8                                   // derived; do not override
) (
    input  wire                aclk,
    input  wire                aresetn,
    // Control: registers.
    input  wire                s_axil_awvalid,
    output wire                s_axil_awready,
    input  wire [11:0]         s_axil_awaddr,
    input  wire [2:0]          s_axil_awprot,        // ignored, as is arprot
    input  wire                s_axil_wvalid,
    output wire                s_axil_wready,
    input  wire [31:0]         s_axil_wdata,
    input  wire [3:0]          s_axil_wstrb,
    output wire                s_axil_bvalid,
    input  wire                s_axil_bready,
    output wire [1:0]          s_axil_bresp,
    input  wire                s_axil_arvalid,
    output wire                s_axil_arready,
    input  wire [11:0]         s_axil_araddr,
    input  wire [2:0]          s_axil_arprot,
    output wire                s_axil_rvalid,
    input  wire                s_axil_rready,
    output wire [31:0]         s_axil_rdata,
    output wire [1:0]          s_axil_rresp,
    // Images.
    input  wire                s_axis_tvalid,
    output wire                s_axis_tready,
    input  wire [S_DATA_W-1:0] s_axis_tdata,
    input  wire                s_axis_tlast,
    // Scores.
    output wire                m_axis_tvalid,
    input  wire                m_axis_tready,
    output wire [31:0]         m_axis_tdata,
    output wire [16:0]         m_axis_tuser,
    output wire                m_axis_tlast
);
    localparam WEIGHT_W = LANES * (LOG2L + 1);

    wire                    rst = !aresetn;
    wire                    req, write, error, enable, restart, busy, done, too_short, too_long, cut, abort;
    wire [9:0]              addr;
    wire [31:0]             wdata, rdata;
    wire                    core_rst, x_valid, x_ready, y_valid, y_ready, y_last, table_we, weight_we;
    wire [LOG2L:0]          x;
    wire [LOG2_ENTRIES-1:0] x_count, y_class;
    wire [SUM_W-1:0]        y_score;
    wire [TABLE_AW-1:0]     table_addr;
    wire [15:0]             table_wdata, table_rdata;
    wire [WEIGHT_AW-1:0]    weight_addr;
    wire [WEIGHT_W-1:0]     weight_wdata;

    sc_axi_lite #(.ADDR_W(12)) u_lite (
        .clk(aclk), .rst(rst), .i_awvalid(s_axil_awvalid), .o_awready(s_axil_awready), .i_awaddr(s_axil_awaddr),
        .i_wvalid(s_axil_wvalid), .o_wready(s_axil_wready), .i_wdata(s_axil_wdata), .i_wstrb(s_axil_wstrb),
        .o_bvalid(s_axil_bvalid), .i_bready(s_axil_bready), .o_bresp(s_axil_bresp),
        .i_arvalid(s_axil_arvalid), .o_arready(s_axil_arready), .i_araddr(s_axil_araddr),
        .o_rvalid(s_axil_rvalid), .i_rready(s_axil_rready), .o_rdata(s_axil_rdata), .o_rresp(s_axil_rresp),
        .o_req(req), .o_write(write), .o_addr(addr), .o_wdata(wdata), .i_rdata(rdata), .i_error(error)
    );
    sc_axi_regs #(
        .ENGINE(ENGINE), .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .LOG2_ENTRIES(LOG2_ENTRIES),
        .WEIGHT_AW(WEIGHT_AW), .TABLE_AW(TABLE_AW), .MAC(MAC), .ACC_AW(ACC_AW), .POOL(POOL), .SUM_W(SUM_W), .STEPS(STEPS)
    ) u_regs (
        .clk(aclk), .rst(rst), .i_req(req), .i_write(write), .i_addr(addr), .i_wdata(wdata), .o_rdata(rdata),
        .o_error(error), .o_enable(enable), .o_restart(restart), .i_busy(busy), .i_x_ready(x_ready), .i_done(done),
        .i_class(y_class), .i_short(too_short), .i_long(too_long), .i_cut(cut), .i_abort(abort),
        .o_table_we(table_we), .o_table_addr(table_addr), .o_table_wdata(table_wdata), .i_table_rdata(table_rdata),
        .o_weight_we(weight_we), .o_weight_addr(weight_addr), .o_weight_wdata(weight_wdata)
    );
    sc_axi_stream #(.CODE_W(LOG2L + 1), .COUNT_W(LOG2_ENTRIES), .SUM_W(SUM_W)) u_stream (
        .clk(aclk), .rst(rst), .i_enable(enable), .i_restart(restart),
        .i_s_valid(s_axis_tvalid), .o_s_ready(s_axis_tready), .i_s_data(s_axis_tdata[LOG2L:0]),
        .i_s_last(s_axis_tlast), .o_m_valid(m_axis_tvalid), .i_m_ready(m_axis_tready), .o_m_data(m_axis_tdata),
        .o_m_class(m_axis_tuser[15:0]), .o_m_abort(m_axis_tuser[16]), .o_m_last(m_axis_tlast),
        .o_core_rst(core_rst), .o_x_valid(x_valid), .i_x_ready(x_ready), .o_x(x), .i_x_count(x_count),
        .i_y_valid(y_valid), .o_y_ready(y_ready), .i_y_score(y_score), .i_y_class(y_class), .i_y_last(y_last),
        .o_busy(busy), .o_done(done), .o_short(too_short), .o_long(too_long), .o_cut(cut), .o_abort(abort)
    );
    sc_network #(
        .ENGINE(ENGINE), .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .LOG2_ENTRIES(LOG2_ENTRIES),
        .WEIGHT_AW(WEIGHT_AW), .TABLE_AW(TABLE_AW), .WEIGHT_FILE(WEIGHT_FILE), .TABLE_FILE(TABLE_FILE), .MAC(MAC),
        .ACC_AW(ACC_AW), .POOL(POOL), .SUM_W(SUM_W), .STEPS(STEPS)
    ) u_network (
        .clk(aclk), .rst(core_rst), .i_x_valid(x_valid), .o_x_ready(x_ready), .i_x(x), .o_x_count(x_count),
        .o_y_valid(y_valid), .i_y_ready(y_ready), .o_y_score(y_score), .o_y_class(y_class), .o_y_last(y_last),
        .i_weight_we(weight_we), .i_weight_addr(weight_addr), .i_weight_data(weight_wdata),
        .i_table_we(table_we), .i_table_addr(table_addr), .i_table_data(table_wdata), .o_table_data(table_rdata)
    );
    wire unused = &{1'b0, s_axil_awprot, s_axil_arprot, s_axis_tdata};
endmodule
`default_nettype wire
