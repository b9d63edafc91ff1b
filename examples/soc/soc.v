// SPDX-License-Identifier: Apache-2.0
// A small system on chip: a boot master on AXI4-Lite, a camera on AXI4-Stream, a network of sc_neurocore between them.
//
// Use        what a real system would replace: soc_boot by its CPU, soc_camera by its sensor, the ports o_… and i_ready by
//            whatever takes scores.
`default_nettype none
module soc #(
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
    parameter INPUTS       = 64,           // codes of an image
    parameter IMAGES       = 4             // in images.mem
) (
    input  wire        clk,
    input  wire        rst,
    output wire        o_valid,            // scores
    input  wire        i_ready,
    output wire [31:0] o_score,
    output wire [15:0] o_class,
    output wire        o_last,
    output wire        o_ok,               // the boot master found the core, and it counted every image
    output wire        o_fail              // or not
);
    localparam DATA_W = LOG2L > 7 ? 16 : 8;

    wire              awvalid, awready, wvalid, wready, bvalid, bready, arvalid, arready, rvalid, rready;
    wire [11:0]       awaddr, araddr;
    wire [31:0]       wdata, rdata;
    wire [1:0]        bresp, rresp;
    wire              tvalid, tready, tlast, abort;
    wire [DATA_W-1:0] tdata;

    soc_boot #(.IMAGES(IMAGES)) u_boot (
        .clk(clk), .rst(rst), .o_ok(o_ok), .o_fail(o_fail),
        .o_awvalid(awvalid), .i_awready(awready), .o_awaddr(awaddr), .o_wvalid(wvalid), .i_wready(wready), .o_wdata(wdata),
        .i_bvalid(bvalid), .o_bready(bready), .i_bresp(bresp), .o_arvalid(arvalid), .i_arready(arready),
        .o_araddr(araddr), .i_rvalid(rvalid), .o_rready(rready), .i_rdata(rdata), .i_rresp(rresp)
    );
    soc_camera #(.INPUTS(INPUTS), .IMAGES(IMAGES), .DATA_W(DATA_W)) u_camera (
        .clk(clk), .rst(rst), .o_valid(tvalid), .i_ready(tready), .o_data(tdata), .o_last(tlast)
    );
    sc_axi #(
        .ENGINE(ENGINE), .LOG2L(LOG2L), .LANES(LANES), .FRAC(FRAC), .LOG2_ENTRIES(LOG2_ENTRIES),
        .WEIGHT_AW(WEIGHT_AW), .TABLE_AW(TABLE_AW), .WEIGHT_FILE("weights.mem"), .TABLE_FILE("table.mem"), .MAC(MAC),
        .ACC_AW(ACC_AW), .POOL(POOL), .SUM_W(SUM_W), .STEPS(STEPS)
    ) u_network (
        .aclk(clk), .aresetn(!rst),
        .s_axil_awvalid(awvalid), .s_axil_awready(awready), .s_axil_awaddr(awaddr), .s_axil_awprot(3'd0),
        .s_axil_wvalid(wvalid), .s_axil_wready(wready), .s_axil_wdata(wdata), .s_axil_wstrb(4'b1111),
        .s_axil_bvalid(bvalid), .s_axil_bready(bready), .s_axil_bresp(bresp),
        .s_axil_arvalid(arvalid), .s_axil_arready(arready), .s_axil_araddr(araddr), .s_axil_arprot(3'd0),
        .s_axil_rvalid(rvalid), .s_axil_rready(rready), .s_axil_rdata(rdata), .s_axil_rresp(rresp),
        .s_axis_tvalid(tvalid), .s_axis_tready(tready), .s_axis_tdata(tdata), .s_axis_tlast(tlast),
        .m_axis_tvalid(o_valid), .m_axis_tready(i_ready), .m_axis_tdata(o_score), .m_axis_tuser({abort, o_class}),
        .m_axis_tlast(o_last)
    );
    wire unused = &{1'b0, abort};
endmodule
`default_nettype wire
