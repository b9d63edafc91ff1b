// SPDX-License-Identifier: Apache-2.0
// Synchronous memory, one read and one write port, optionally initialised from a $readmemh file.
//
// Update     mem[i_waddr] <- i_wdata while i_we; o_rdata <- mem[i_raddr] in every clock, undefined where that very word
//            is being written: block RAMs differ there, and to emulate one answer costs 60 logic cells.
// Latency    1 clock. No reset: block RAM has none.
// Init       INIT_FILE holds exactly DEPTH hexadecimal words, without addresses. In simulation a missing, short, long
//            or malformed file ends the run with an error instead of leaving words undefined.
// Model      sc_neurocore.hardware.image
// Proof      formal/sc_mem_fv.v; tb/test_mem.py shows each refusal of a file
`default_nettype none
module sc_mem #(
    parameter WIDTH     = 16,              // 1 .. 4096
    parameter DEPTH     = 256,             // 2 .. 2^24 words
    parameter INIT_FILE = "",              // empty: no initial content
    parameter ADDR_W    = $clog2(DEPTH)    // derived; do not override
) (
    input  wire              clk,
    input  wire              i_we,
    input  wire [ADDR_W-1:0] i_waddr,
    input  wire [WIDTH-1:0]  i_wdata,
    input  wire [ADDR_W-1:0] i_raddr,
    output reg  [WIDTH-1:0]  o_rdata
);
    generate
        if (WIDTH < 1 || WIDTH > 4096) begin : g_illegal_width
            ERROR_WIDTH_must_be_in_1_to_4096 u_illegal ();
        end
        if (DEPTH < 2 || DEPTH > (1 << 24)) begin : g_illegal_depth
            ERROR_DEPTH_must_be_in_2_to_2pow24 u_illegal ();
        end
    endgenerate

    reg [WIDTH-1:0] mem [0:DEPTH-1];

    always @(posedge clk) begin
        if (i_we) mem[i_waddr] <= i_wdata;
        o_rdata <= mem[i_raddr];
        if (i_we && i_waddr == i_raddr) o_rdata <= {WIDTH{1'bx}};
    end

    generate
        if (INIT_FILE != "") begin : g_init
            initial $readmemh(INIT_FILE, mem);
`ifndef SYNTHESIS
`ifndef FORMAL
            // $readmemh only warns where the file is missing or short, and cuts a word that is too wide, so the words
            // are counted and measured here.
            integer file, found, words, wide;
            reg [WIDTH+63:0] word;
            initial begin
                file  = $fopen(INIT_FILE, "r");
                words = 0;
                wide  = 0;
                if (file == 0) begin
                    $display("ERROR: sc_mem: memory file %0s cannot be opened", INIT_FILE);
                    $stop;
                end else begin
                    found = $fscanf(file, "%h", word);
                    while (found == 1) begin
                        words = words + 1;
                        if ((word >> WIDTH) != 0) wide = wide + 1;
                        found = $fscanf(file, "%h", word);
                    end
                    if (words != DEPTH || !$feof(file)) begin
                        $display("ERROR: sc_mem: memory file %0s has %0d words, needs %0d", INIT_FILE, words, DEPTH);
                        $stop;
                    end
                    if (wide != 0) begin
                        $display("ERROR: sc_mem: memory file %0s has %0d words above %0d bits", INIT_FILE, wide, WIDTH);
                        $stop;
                    end
                    $fclose(file);
                end
            end
`endif
`endif
        end
    endgenerate
endmodule
`default_nettype wire
