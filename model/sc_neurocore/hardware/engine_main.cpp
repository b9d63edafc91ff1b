// SPDX-License-Identifier: Apache-2.0
// Drives sc_network in Verilator (CONV defined: with the convolution engine): streams images in, writes what comes out. Called
// by rtl_sim.py, in a folder that holds weights.mem and table.mem.
//
// Usage:  Vsc_network CODES OUT IMAGES INPUTS CLASSES SEED
// CODES:  uint16, IMAGES * INPUTS. OUT, for each image, int32: CLASSES scores, the class, the clocks from the last input
//         word to the last score (both included), then each count but 0 of a hidden layer as layer, neuron, count, ended
//         by -1. SEED 0: valid and ready are always 1; else both stall at random.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "defines.h"  // by verilated.py
#include "Vsc_network.h"
#include "Vsc_network___024root.h"
#include "verilated.h"
using Top = Vsc_network;
#ifdef CONV
#define ENGINE(signal) (top->rootp->sc_network__DOT__u_core__DOT__g_conv__DOT__u_engine__DOT__##signal)
#else
#define ENGINE(signal) (top->rootp->sc_network__DOT__u_core__DOT__g_dense__DOT__u_engine__DOT__##signal)
#endif

static uint64_t random_state;

static uint32_t next_random() {  // xorshift64*
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return static_cast<uint32_t>((random_state * 2685821657736338717ULL) >> 32);
}

static void die(const char *what) {
    std::fprintf(stderr, "engine_main: %s\n", what);
    std::exit(2);
}

int main(int argc, char **argv) {
    auto context = std::make_unique<VerilatedContext>();
    context->commandArgs(argc, argv);
    if (argc != 7) die("usage: CODES OUT IMAGES INPUTS CLASSES SEED");
    const long images = std::atol(argv[3]), inputs = std::atol(argv[4]), classes = std::atol(argv[5]);
    random_state = std::strtoull(argv[6], nullptr, 10);
    const bool stalls = random_state != 0;

    std::vector<uint16_t> codes(static_cast<size_t>(images * inputs));
    FILE *in = std::fopen(argv[1], "rb");
    if (!in || std::fread(codes.data(), 2, codes.size(), in) != codes.size()) die("codes file is missing or short");
    std::fclose(in);
    FILE *out = std::fopen(argv[2], "wb");
    if (!out) die("output file cannot be written");
    auto put = [out](int32_t v) { std::fwrite(&v, 4, 1, out); };

    auto top = std::make_unique<Top>(context.get());
    const int sum_w = SUM_W;
    top->i_weight_we = top->i_table_we = 0;
    top->i_x_valid = top->i_y_ready = 0;
    auto tick = [&] {
        top->clk = 1;
        top->eval();
        top->clk = 0;
    };
    top->clk = 0;
    top->rst = 1;
    for (int k = 0; k < 4; k++) {
        top->eval();
        tick();
    }
    top->rst = 0;

    for (long n = 0; n < images; n++) {
        long sent = 0, got = 0, idle = 0;
        int32_t layer = 0, clocks = 0;
#ifdef CONV
        int32_t index = 0;
#endif
        std::vector<int32_t> counts;
        std::vector<int32_t> scores;
        while (got < classes) {
            top->i_x_valid = sent < inputs && !(stalls && next_random() % 4 == 0);
            top->i_x = sent < inputs ? codes[static_cast<size_t>(n * inputs + sent)] : 0;
            top->i_y_ready = !(stalls && next_random() % 2 == 0);
            top->eval();
            const bool x_beat = top->i_x_valid && top->o_x_ready;
            const bool y_beat = top->o_y_valid && top->i_y_ready;
            if (sent == inputs || (x_beat && sent == inputs - 1)) clocks++;
#ifdef CONV
            if (ENGINE(code_valid)) {
                if (ENGINE(code)) {
                    counts.push_back(layer);
                    counts.push_back(index);
                    counts.push_back(ENGINE(code));
                }
                index++;
                if (ENGINE(code_last)) {
                    layer++;
                    index = 0;
                }
            }
#else
            if (ENGINE(push)) {
                if (ENGINE(push_bias)) {
                    layer++;
                } else if (!ENGINE(push_input)) {
                    counts.push_back(layer - 1);
                    counts.push_back(ENGINE(push_index));
                    counts.push_back(ENGINE(push_count));
                }
            }
#endif
            if (y_beat) {
                const int32_t raw = static_cast<int32_t>(top->o_y_score);
                scores.push_back((raw << (32 - sum_w)) >> (32 - sum_w));
                got++;
                if (static_cast<bool>(top->o_y_last) != (got == classes)) die("o_y_last is not on the last score");
            }
            const int32_t answer = top->o_y_class;
            if (x_beat) sent++;
            idle = x_beat || y_beat ? 0 : idle + 1;
            if (idle > 100000000L) die("the engine does not answer");
            tick();
            if (got == classes) {
                for (int32_t s : scores) put(s);
                put(answer);
                put(clocks);
            }
        }
        for (int32_t v : counts) put(v);
        put(-1);
        if (n % 64 == 63 || n == images - 1) {
            std::printf("%ld\n", n + 1);
            std::fflush(stdout);
        }
    }
    if (std::fclose(out) != 0) die("output file cannot be written");
    top->final();
    return 0;
}
