// SPDX-License-Identifier: Apache-2.0
// Constant weights of a streaming layer, all at once: from a memory-init file, or from a packed parameter (A2).
//
// Latency    none: o_weights never changes. Synthesis folds it into what uses it; no memory remains.
// Format     word k at bits k*(LOG2L+1) upward: sign and magnitude, the sign on top (1 = negative).
// Init       INIT_FILE holds exactly WORDS hexadecimal words, without addresses: the layer<k>.mem of an artifact. In
//            simulation a missing, short, long or malformed file ends the run with an error. Empty: WEIGHTS.
// Model      sc_neurocore.streams.pack_codes
// Proof      formal/sc_stream_weights_fv.v; tb/test_stream_dense.py runs layers from files and from parameters
`default_nettype none
module sc_stream_weights #(
    parameter LOG2L     = 4,               // 2 .. 12
    parameter WORDS     = 10,              // 1 .. 2^20
    parameter INIT_FILE = "",              // empty: the weights are those of WEIGHTS
    parameter [WORDS*(LOG2L+1)-1:0] WEIGHTS = 0
) (
    output wire [WORDS*(LOG2L+1)-1:0] o_weights
);
    localparam W = LOG2L + 1;
    generate
        if (LOG2L < 2 || LOG2L > 12) begin : g_illegal_log2l
            ERROR_LOG2L_must_be_in_2_to_12 u_illegal ();
        end
        if (WORDS < 1 || WORDS > (1 << 20)) begin : g_illegal_words
            ERROR_WORDS_must_be_in_1_to_2pow20 u_illegal ();
        end
    endgenerate

`ifdef SYNTHESIS
    // Two loops, since tools bound the turns of one.
    localparam BLOCK = 1024;
    genvar b, k;
`endif
    generate
        if (INIT_FILE == "") begin : g_parameter
            assign o_weights = WEIGHTS;
        end else begin : g_file
            reg [W-1:0] mem [0:WORDS-1];
`ifdef SYNTHESIS
            // Only constant addresses read this memory, so that it is WORDS constants.
            initial $readmemh(INIT_FILE, mem);
            for (b = 0; b < WORDS; b = b + BLOCK) begin : g_block
                for (k = b; k < WORDS && k < b + BLOCK; k = k + 1) begin : g_word
                    assign o_weights[k*W +: W] = mem[k];
                end
            end
`else
            // The same by one loop at the start: as many assignments as a layer has synapses, 10^5 and more, take a
            // simulator's compiler minutes and gigabytes.
            reg [WORDS*W-1:0] words_q;
            integer           k;
            initial begin
                $readmemh(INIT_FILE, mem);
                for (k = 0; k < WORDS; k = k + 1)
                    words_q[k*W +: W] = mem[k];
            end
            assign o_weights = words_q;
`endif
`ifndef SYNTHESIS
`ifndef FORMAL
            // $readmemh only warns where the file is missing or short, and cuts a word that is too wide, so the words
            // are counted and measured here.
            integer file, found, words, wide;
            reg [W+63:0] word;
            initial begin
                file  = $fopen(INIT_FILE, "r");
                words = 0;
                wide  = 0;
                if (file == 0) begin
                    $display("ERROR: sc_stream_weights: memory file %0s cannot be opened", INIT_FILE);
                    $stop;
                end else begin
                    found = $fscanf(file, "%h", word);
                    while (found == 1) begin
                        words = words + 1;
                        if ((word >> W) != 0) wide = wide + 1;
                        found = $fscanf(file, "%h", word);
                    end
                    if (words != WORDS || !$feof(file)) begin
                        $display("ERROR: sc_stream_weights: memory file %0s has %0d words, needs %0d", INIT_FILE, words,
                                 WORDS);
                        $stop;
                    end
                    if (wide != 0) begin
                        $display("ERROR: sc_stream_weights: memory file %0s has %0d words above %0d bits", INIT_FILE,
                                 wide, W);
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
