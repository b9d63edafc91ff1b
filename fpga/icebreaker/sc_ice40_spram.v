// SPDX-License-Identifier: Apache-2.0
// Single-port memory of SB_SPRAM256KA blocks (16 k x 16 bits each, four in an iCE40 UP5K).
//
// Update     mem[i_addr] <- i_wdata while i_we; o_rdata <- mem[i_addr] in clocks without i_we, else unspecified.
// Latency    1 clock. No initial content; survives rst.
// Model      sc_neurocore.hardware.image
`default_nettype none
module sc_ice40_spram #(
    parameter WIDTH  = 15,                 // 1 .. 64
    parameter ADDR_W = 14                  // 1 .. 16; ceil(WIDTH / 16) * 2^(ADDR_W - 14) blocks
) (
    input  wire              clk,
    input  wire              i_we,
    input  wire [ADDR_W-1:0] i_addr,
    input  wire [WIDTH-1:0]  i_wdata,
    output wire [WIDTH-1:0]  o_rdata
);
    localparam WIDE = (WIDTH + 15) / 16;
    localparam DEEP = ADDR_W > 14 ? 1 << (ADDR_W - 14) : 1;
    generate
        if (WIDTH < 1 || ADDR_W < 1 || WIDE * DEEP > 4) begin : g_illegal
            ERROR_memory_must_fit_4_SPRAM_blocks u_illegal ();
        end
    endgenerate

    wire [16:0]        addr  = {{(17-ADDR_W){1'b0}}, i_addr};
    wire [16*WIDE-1:0] wdata = {{(16*WIDE-WIDTH){1'b0}}, i_wdata};
    wire [16*WIDE-1:0] rdata [0:DEEP-1];

    genvar w, d;
    generate
        for (d = 0; d < DEEP; d = d + 1) begin : g_deep
            wire selected = DEEP == 1 || addr[16:14] == d;
            for (w = 0; w < WIDE; w = w + 1) begin : g_wide
                SB_SPRAM256KA u_block (
                    .ADDRESS(addr[13:0]), .DATAIN(wdata[16*w +: 16]), .MASKWREN(4'b1111),
                    .WREN(i_we && selected), .CHIPSELECT(1'b1), .CLOCK(clk),
                    .STANDBY(1'b0), .SLEEP(1'b0), .POWEROFF(1'b1), .DATAOUT(rdata[d][16*w +: 16])
                );
            end
        end
        if (DEEP == 1) begin : g_one
            assign o_rdata = rdata[0][WIDTH-1:0];
        end else begin : g_mux
            reg [$clog2(DEEP)-1:0] block;
            always @(posedge clk) block <= addr[14 +: $clog2(DEEP)];
            assign o_rdata = rdata[block][WIDTH-1:0];
        end
    endgenerate
endmodule
`default_nettype wire
