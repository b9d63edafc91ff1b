// SPDX-License-Identifier: Apache-2.0
// The bus interface put together, for any parts (their outputs are free, see the end of the file):
//   reset     every part but the network is reset by aresetn low, the network by the streams' side;
//   control   the AXI4-Lite ports are the slave's; its requests go to the registers, their answers come back;
//   events    the registers get the streams' busy, done, short, long, cut and abort and the core's ready and class, and
//             give it enable and restart;
//   streams   images go to the streams' side, codes from there to the network; scores come back the same way;
//   memories  the registers write table and weights and read the table.
// Every part has the parameters of the interface, each its own. Nothing is assumed.
`default_nettype none
module sc_axi_fv #(
    parameter ENGINE       = 0,
    parameter LOG2L        = 3,
    parameter LANES        = 5,
    parameter FRAC         = 9,
    parameter LOG2_ENTRIES = 7,
    parameter WEIGHT_AW    = 11,
    parameter TABLE_AW     = 6,
    parameter MAC          = 0,
    parameter ACC_AW       = 4,
    parameter POOL         = 1,
    parameter SUM_W        = LOG2_ENTRIES + LOG2L + 1 + (MAC != 0 ? LOG2L : 0),
    parameter STEPS        = 24'h2A5473,
    parameter S_DATA_W     = LOG2L > 7 ? 16 : 8,
    parameter WORD_W       = LANES * (LOG2L + 1)
) (
    input wire                aclk,
    input wire                aresetn,
    input wire                awvalid,
    input wire [11:0]         awaddr,
    input wire [2:0]          awprot,
    input wire                wvalid,
    input wire [31:0]         wdata,
    input wire [3:0]          wstrb,
    input wire                bready,
    input wire                arvalid,
    input wire [11:0]         araddr,
    input wire [2:0]          arprot,
    input wire                rready,
    input wire                s_tvalid,
    input wire [S_DATA_W-1:0] s_tdata,
    input wire                s_tlast,
    input wire                m_tready
);
    wire        awready, wready, bvalid, arready, rvalid, s_tready, m_tvalid, m_tlast;
    wire [1:0]  bresp, rresp;
    wire [31:0] rdata, m_tdata;
    wire [16:0] m_tuser;
    sc_axi #(
        .ENGINE(ENGINE), .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .LOG2_ENTRIES(LOG2_ENTRIES), .WEIGHT_AW(WEIGHT_AW),
        .TABLE_AW(TABLE_AW), .WEIGHT_FILE("w.mem"), .TABLE_FILE("t.mem"), .MAC(MAC), .ACC_AW(ACC_AW), .POOL(POOL),
        .SUM_W(SUM_W), .STEPS(STEPS)
    ) u_axi (
        .aclk(aclk), .aresetn(aresetn),
        .s_axil_awvalid(awvalid), .s_axil_awready(awready), .s_axil_awaddr(awaddr), .s_axil_awprot(awprot),
        .s_axil_wvalid(wvalid), .s_axil_wready(wready), .s_axil_wdata(wdata), .s_axil_wstrb(wstrb),
        .s_axil_bvalid(bvalid), .s_axil_bready(bready), .s_axil_bresp(bresp),
        .s_axil_arvalid(arvalid), .s_axil_arready(arready), .s_axil_araddr(araddr), .s_axil_arprot(arprot),
        .s_axil_rvalid(rvalid), .s_axil_rready(rready), .s_axil_rdata(rdata), .s_axil_rresp(rresp),
        .s_axis_tvalid(s_tvalid), .s_axis_tready(s_tready), .s_axis_tdata(s_tdata), .s_axis_tlast(s_tlast),
        .m_axis_tvalid(m_tvalid), .m_axis_tready(m_tready), .m_axis_tdata(m_tdata), .m_axis_tuser(m_tuser),
        .m_axis_tlast(m_tlast)
    );

    // What the parts are given, what they give.
    (* keep *) wire [511:0] lite_seen, lite_given, lite_values, regs_seen, regs_given, regs_values;
    (* keep *) wire [511:0] stream_seen, stream_given, stream_values, network_seen, network_given, network_values;
    (* keep *) wire         table_file, weight_file;
    wire                    l_awready, l_wready, l_bvalid, l_arready, l_rvalid, req, write;
    wire [1:0]              l_bresp, l_rresp;
    wire [31:0]             l_rdata, l_wdata;
    wire [9:0]              addr;
    wire [31:0]             r_rdata;
    wire                    r_error, enable, restart, table_we, weight_we;
    wire [TABLE_AW-1:0]     table_addr;
    wire [15:0]             table_wdata, table_data, s_class;
    wire [WEIGHT_AW-1:0]    weight_addr;
    wire [WORD_W-1:0]       weight_wdata;
    wire                    s_ready, s_valid, s_abort, s_last, core_rst, x_valid, y_ready, busy, done, short, long, cut, abort;
    wire [31:0]             s_data;
    wire [LOG2L:0]          x;
    wire                    x_ready, y_valid, y_last;
    wire [LOG2_ENTRIES-1:0] x_count, y_class;
    wire [SUM_W-1:0]        y_score;
    assign {l_awready, l_wready, l_bvalid, l_bresp, l_arready, l_rvalid, l_rdata, l_rresp, req, write, addr, l_wdata}
        = lite_given;
    assign {r_rdata, r_error, enable, restart, table_we, table_addr, table_wdata, weight_we, weight_addr, weight_wdata}
        = regs_given;
    assign {s_ready, s_valid, s_data, s_class, s_abort, s_last, core_rst, x_valid, x, y_ready, busy, done, short, long, cut,
            abort} = stream_given;
    assign {x_ready, x_count, y_valid, y_score, y_class, y_last, table_data} = network_given;

    wire rst = !aresetn;
    always @* begin
        a_lite:    assert (lite_seen == {rst, awvalid, awaddr, wvalid, wdata, wstrb, bready, arvalid, araddr, rready, r_rdata,
                                         r_error} && lite_values == 12);
        a_regs:    assert (regs_seen == {rst, req, write, addr, l_wdata, busy, x_ready, done, y_class, short, long, cut, abort,
                                         table_data});
        a_stream:  assert (stream_seen == {rst, enable, restart, s_tvalid, s_tdata[LOG2L:0], s_tlast, m_tready, x_ready, x_count,
                                           y_valid, y_score, y_class, y_last});
        a_network: assert (network_seen == {core_rst, x_valid, x, y_ready, weight_we, weight_addr, weight_wdata, table_we,
                                            table_addr, table_wdata});
        a_control: assert ({awready, wready, bvalid, bresp, arready, rvalid, rdata, rresp}
                           == {l_awready, l_wready, l_bvalid, l_bresp, l_arready, l_rvalid, l_rdata, l_rresp});
        a_streams: assert ({s_tready, m_tvalid, m_tdata, m_tuser, m_tlast} == {s_ready, s_valid, s_data, s_abort, s_class, s_last});
        a_regs_parameters:    assert (regs_values == {ENGINE, LOG2L, LANES, FRAC, LOG2_ENTRIES, WEIGHT_AW, TABLE_AW, MAC, ACC_AW,
                                                      POOL, SUM_W, STEPS});
        a_stream_parameters:  assert (stream_values == {LOG2L + 1, LOG2_ENTRIES, SUM_W});
        a_network_parameters: assert (table_file && weight_file
                                      && network_values == {ENGINE, LOG2L, LANES, FRAC, LOG2_ENTRIES, WEIGHT_AW, TABLE_AW, MAC,
                                                            ACC_AW, POOL, SUM_W, STEPS});
    end
    always @(posedge aclk) begin
        c_score: cover (aresetn && m_tvalid && m_tready && m_tdata != 0);
        c_image: cover (aresetn && s_tvalid && s_tready && s_tlast);
        c_table: cover (table_we && table_addr == 3);
    end
endmodule

// ---- Any parts: their outputs are free; `seen` is what they are given, `values` their parameters.
module sc_axi_lite #(
    parameter ADDR_W = 12
) (
    input  wire clk,
    input  wire rst,
    input  wire i_awvalid,
    output wire o_awready,
    input  wire [ADDR_W-1:0] i_awaddr,
    input  wire i_wvalid,
    output wire o_wready,
    input  wire [31:0] i_wdata,
    input  wire [3:0] i_wstrb,
    output wire o_bvalid,
    input  wire i_bready,
    output wire [1:0] o_bresp,
    input  wire i_arvalid,
    output wire o_arready,
    input  wire [ADDR_W-1:0] i_araddr,
    output wire o_rvalid,
    input  wire i_rready,
    output wire [31:0] o_rdata,
    output wire [1:0] o_rresp,
    output wire o_req,
    output wire o_write,
    output wire [ADDR_W-3:0] o_addr,
    output wire [31:0] o_wdata,
    input  wire [31:0] i_rdata,
    input  wire i_error
);
    (* keep *) wire [511:0] seen = {rst, i_awvalid, i_awaddr, i_wvalid, i_wdata, i_wstrb, i_bready, i_arvalid,
        i_araddr, i_rready, i_rdata, i_error};
    (* anyseq *) wire [511:0] given;
    assign {o_awready, o_wready, o_bvalid, o_bresp, o_arready, o_rvalid, o_rdata, o_rresp, o_req, o_write, o_addr,
        o_wdata} = given;
    (* keep *) wire [511:0] values = {ADDR_W};
endmodule

module sc_axi_regs #(
    parameter ENGINE = 0,
    parameter LOG2L = 4,
    parameter LANES = 2,
    parameter FRAC = 4,
    parameter LOG2_ENTRIES = 8,
    parameter WEIGHT_AW = 14,
    parameter TABLE_AW = 5,
    parameter MAC = 0,
    parameter ACC_AW = 8,
    parameter POOL = 0,
    parameter SUM_W = LOG2_ENTRIES + LOG2L + 1 + (MAC != 0 ? LOG2L : 0),
    parameter STEPS = 0,
    parameter WEIGHT_W = LANES * (LOG2L + 1)
) (
    input  wire clk,
    input  wire rst,
    input  wire i_req,
    input  wire i_write,
    input  wire [9:0] i_addr,
    input  wire [31:0] i_wdata,
    output wire [31:0] o_rdata,
    output wire o_error,
    output wire o_enable,
    output wire o_restart,
    input  wire i_busy,
    input  wire i_x_ready,
    input  wire i_done,
    input  wire [LOG2_ENTRIES-1:0] i_class,
    input  wire i_short,
    input  wire i_long,
    input  wire i_cut,
    input  wire i_abort,
    output wire o_table_we,
    output wire [TABLE_AW-1:0] o_table_addr,
    output wire [15:0] o_table_wdata,
    input  wire [15:0] i_table_rdata,
    output wire o_weight_we,
    output wire [WEIGHT_AW-1:0] o_weight_addr,
    output wire [WEIGHT_W-1:0] o_weight_wdata
);
    (* keep *) wire [511:0] seen = {rst, i_req, i_write, i_addr, i_wdata, i_busy, i_x_ready, i_done, i_class,
        i_short, i_long, i_cut, i_abort, i_table_rdata};
    (* anyseq *) wire [511:0] given;
    assign {o_rdata, o_error, o_enable, o_restart, o_table_we, o_table_addr, o_table_wdata, o_weight_we,
        o_weight_addr, o_weight_wdata} = given;
    (* keep *) wire [511:0] values = {ENGINE, LOG2L, LANES, FRAC, LOG2_ENTRIES, WEIGHT_AW, TABLE_AW, MAC, ACC_AW,
        POOL, SUM_W, STEPS};
endmodule

module sc_axi_stream #(
    parameter CODE_W = 5,
    parameter COUNT_W = 8,
    parameter SUM_W = 13
) (
    input  wire clk,
    input  wire rst,
    input  wire i_enable,
    input  wire i_restart,
    input  wire i_s_valid,
    output wire o_s_ready,
    input  wire [CODE_W-1:0] i_s_data,
    input  wire i_s_last,
    output wire o_m_valid,
    input  wire i_m_ready,
    output wire [31:0] o_m_data,
    output wire [15:0] o_m_class,
    output wire o_m_abort,
    output wire o_m_last,
    output wire o_core_rst,
    output wire o_x_valid,
    input  wire i_x_ready,
    output wire [CODE_W-1:0] o_x,
    input  wire [COUNT_W-1:0] i_x_count,
    input  wire i_y_valid,
    output wire o_y_ready,
    input  wire [SUM_W-1:0] i_y_score,
    input  wire [COUNT_W-1:0] i_y_class,
    input  wire i_y_last,
    output wire o_busy,
    output wire o_done,
    output wire o_short,
    output wire o_long,
    output wire o_cut,
    output wire o_abort
);
    (* keep *) wire [511:0] seen = {rst, i_enable, i_restart, i_s_valid, i_s_data, i_s_last, i_m_ready, i_x_ready,
        i_x_count, i_y_valid, i_y_score, i_y_class, i_y_last};
    (* anyseq *) wire [511:0] given;
    assign {o_s_ready, o_m_valid, o_m_data, o_m_class, o_m_abort, o_m_last, o_core_rst, o_x_valid, o_x, o_y_ready,
        o_busy, o_done, o_short, o_long, o_cut, o_abort} = given;
    (* keep *) wire [511:0] values = {CODE_W, COUNT_W, SUM_W};
endmodule

module sc_network #(
    parameter ENGINE = 0,
    parameter LOG2L = 4,
    parameter LANES = 2,
    parameter FRAC = 4,
    parameter LOG2_ENTRIES = 8,
    parameter WEIGHT_AW = 14,
    parameter TABLE_AW = 5,
    parameter WEIGHT_FILE = "",
    parameter TABLE_FILE = "",
    parameter MAC = 0,
    parameter ACC_AW = 8,
    parameter POOL = 0,
    parameter SUM_W = LOG2_ENTRIES + LOG2L + 1 + (MAC != 0 ? LOG2L : 0),
    parameter STEPS = 0,
    parameter WORD_W = LANES * (LOG2L + 1)
) (
    input  wire clk,
    input  wire rst,
    input  wire i_x_valid,
    output wire o_x_ready,
    input  wire [LOG2L:0] i_x,
    output wire [LOG2_ENTRIES-1:0] o_x_count,
    output wire o_y_valid,
    input  wire i_y_ready,
    output wire [SUM_W-1:0] o_y_score,
    output wire [LOG2_ENTRIES-1:0] o_y_class,
    output wire o_y_last,
    input  wire i_weight_we,
    input  wire [WEIGHT_AW-1:0] i_weight_addr,
    input  wire [WORD_W-1:0] i_weight_data,
    input  wire i_table_we,
    input  wire [TABLE_AW-1:0] i_table_addr,
    input  wire [15:0] i_table_data,
    output wire [15:0] o_table_data
);
    (* keep *) wire [511:0] seen = {rst, i_x_valid, i_x, i_y_ready, i_weight_we, i_weight_addr, i_weight_data,
        i_table_we, i_table_addr, i_table_data};
    (* anyseq *) wire [511:0] given;
    assign {o_x_ready, o_x_count, o_y_valid, o_y_score, o_y_class, o_y_last, o_table_data} = given;
    (* keep *) wire [511:0] values = {ENGINE, LOG2L, LANES, FRAC, LOG2_ENTRIES, WEIGHT_AW, TABLE_AW, MAC, ACC_AW,
        POOL, SUM_W, STEPS};
    (* keep *) wire weight_file = WEIGHT_FILE == "w.mem";
    (* keep *) wire table_file = TABLE_FILE == "t.mem";
endmodule
`default_nettype wire
