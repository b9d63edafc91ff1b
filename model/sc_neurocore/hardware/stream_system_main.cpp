// SPDX-License-Identifier: Apache-2.0
// Drives a complete streaming design (stream_system) in Verilator through its two ports. Called by stream_system_sim.py, in a
// folder that holds the layer<k>.mem.
//
// Usage:  Vsc_stream_system WORDS OUT IMAGES SEED
// WORDS:  uint64, IMAGES * WORDS of an image. OUT: for each image its class, CLASSES scores (0 where the design gives
//         none), and the clocks in which its first and its last word were taken and its answer left, all int64.
// SEED 0: neither side stalls; else both do, at random, and images that are too short or too long come in between.
// Compiled with WORDS, DATA_W, CLASSES, CLASS_W, SCORE_W, SCORES (0 or 1).
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "defines.h"  // by verilated.py
#include "Vsc_stream_system.h"
#include "verilated.h"

static void die(const char *what) {
    std::fprintf(stderr, "stream_system_main: %s\n", what);
    std::exit(2);
}

// Ports are integers up to 64 bits and arrays of 32-bit words above.
template <class T> bool bit(const T &p, size_t k) { return (uint64_t(p) >> k) & 1; }
template <size_t N> bool bit(const VlWide<N> &p, size_t k) { return (p[k / 32] >> (k % 32)) & 1; }

int main(int argc, char **argv) {
    auto context = std::make_unique<VerilatedContext>();
    context->commandArgs(argc, argv);
    if (argc != 5) die("usage: WORDS OUT IMAGES SEED");
    const long images = std::atol(argv[3]);
    uint64_t state = std::strtoull(argv[4], nullptr, 10);
    const bool stalls = state != 0;
    auto next_random = [&state] {  // xorshift64*
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        return static_cast<uint32_t>((state * 2685821657736338717ULL) >> 32);
    };
    std::vector<uint64_t> data(static_cast<size_t>(images) * WORDS);
    FILE *in = std::fopen(argv[1], "rb");
    if (!in || std::fread(data.data(), 8, data.size(), in) != data.size()) die("words file is missing or short");
    std::fclose(in);
    FILE *out = std::fopen(argv[2], "wb");
    if (!out) die("output file cannot be written");

    auto top = std::make_unique<Vsc_stream_system>(context.get());
    top->clk = 0;
    top->rst = 1;
    top->i_valid = 0;
    top->i_ready = 0;
    for (int k = 0; k < 4; k++) {
        top->eval();
        top->clk = 1;
        top->eval();
        top->clk = 0;
    }
    top->rst = 0;

    constexpr long FIELDS = CLASSES + 4;
    std::vector<int64_t> answers(static_cast<size_t>(images) * FIELDS);
    long image = 0, got = 0, word = 0, count = WORDS, idle = 0, errors = 0, bad = 0;
    bool offered = false, patient = true;
    for (int64_t clock = 0; got < images; clock++) {
        if (!offered && image < images && (!stalls || next_random() % 3)) {
            if (stalls && word == 0 && next_random() % 4 == 0) {  // an image of a wrong number of words goes first
                count = 1 + next_random() % (2 * WORDS + 1);
                bad += count != WORDS;
            }
            offered = true;
        }
        if (stalls && clock % 64 == 0) patient = next_random() % 2;
        top->i_valid = offered;
        const bool good = count == WORDS;
        top->i_data = offered && good ? data[static_cast<size_t>(image) * WORDS + word] : next_random();
        top->i_last = offered ? word == count - 1 : next_random() & 1;
        top->i_ready = !stalls || (patient ? next_random() % 2 : next_random() % 64 == 0);
        top->eval();
        errors += top->o_error;
        idle = top->o_valid && top->i_ready ? 0 : idle + 1;
        if (idle > 10000000L) die("the design does not answer");
        if (top->o_valid && top->i_ready) {
            if (got >= image) die("an answer without an image");
            int64_t *a = &answers[got * FIELDS];
            a[0] = static_cast<int64_t>(top->o_class);
#if SCORES
            for (size_t c = 0; c < CLASSES; c++) {
                uint32_t raw = 0;
                for (size_t b = 0; b < SCORE_W; b++) raw |= uint32_t(bit(top->o_scores, c * SCORE_W + b)) << b;
                a[1 + c] = static_cast<int32_t>(raw << (32 - SCORE_W)) >> (32 - SCORE_W);
            }
#endif
            a[FIELDS - 1] = clock;
            got++;
            if (got % 64 == 0 || got == images) {
                std::printf("%ld\n", got);
                std::fflush(stdout);
            }
        }
        if (offered && top->o_ready) {
            offered = false;
            if (good && word == 0) answers[image * FIELDS + FIELDS - 3] = clock;
            if (good && word == WORDS - 1) answers[image * FIELDS + FIELDS - 2] = clock;
            if (++word == count) {
                image += good;
                word = 0;
                count = WORDS;
            }
        }
        top->clk = 1;
        top->eval();
        top->clk = 0;
    }
    top->i_valid = 0;
    for (int k = 0; k < 4; k++) {
        top->eval();
        errors += top->o_error;
        if (k > 0 && top->o_valid) die("an answer without an image");
        top->clk = 1;
        top->eval();
        top->clk = 0;
    }
    if (errors != bad) die("a bad image was not reported once");
    std::fwrite(answers.data(), 8, answers.size(), out);
    if (std::fclose(out) != 0) die("output file cannot be written");
    top->final();
    return 0;
}
