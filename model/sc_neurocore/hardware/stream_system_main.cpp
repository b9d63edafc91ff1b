// SPDX-License-Identifier: Apache-2.0
// Drives a complete streaming design (stream_system) in Verilator through its two ports. Called by stream_system_sim.py, in a
// folder that holds the layer<k>.mem.
//
// Usage:  Vsc_stream_system WORDS OUT IMAGES SEED
// WORDS:  uint64, IMAGES * WORDS of an image. OUT: for each image its class, CLASSES scores (0 where the design gives
//         none), and the clocks in which its first and its last word were taken and its answer left, all int64.
// SEED 0: neither side stalls; else both do, at random, and images that are too short or too long come in between.
// Compiled with WORDS, DATA_W, CLASSES, CLASS_W, SCORE_W, SCORES (0 or 1).
#define PROGRAM "stream_system_main"
#include <memory>

#include "defines.h"  // by verilated.py
#include "Vsc_stream_system.h"
#include "driver.h"

int main(int argc, char **argv) {
    auto context = std::make_unique<VerilatedContext>();
    context->commandArgs(argc, argv);
    if (argc != 5) die("usage: WORDS OUT IMAGES SEED");
    const long images = std::atol(argv[3]);
    Random random{std::strtoull(argv[4], nullptr, 10)};
    const bool stalls = random.state != 0;
    const std::vector<uint64_t> data = read_file<uint64_t>(argv[1], static_cast<size_t>(images) * WORDS);
    FILE *out = create(argv[2]);

    auto top = std::make_unique<Vsc_stream_system>(context.get());
    top->i_valid = 0;
    top->i_ready = 0;
    reset(*top);

    constexpr long FIELDS = CLASSES + 4;
    std::vector<int64_t> answers(static_cast<size_t>(images) * FIELDS);
    long image = 0, got = 0, word = 0, count = WORDS, idle = 0, errors = 0, bad = 0;
    bool offered = false, patient = true;
    for (int64_t clock = 0; got < images; clock++) {
        if (!offered && image < images && (!stalls || random() % 3)) {
            if (stalls && word == 0 && random() % 4 == 0) {  // an image of a wrong number of words goes first
                count = 1 + random() % (2 * WORDS + 1);
                bad += count != WORDS;
            }
            offered = true;
        }
        if (stalls && clock % 64 == 0) patient = random() % 2;
        top->i_valid = offered;
        const bool good = count == WORDS;
        top->i_data = offered && good ? data[static_cast<size_t>(image) * WORDS + word] : random();
        top->i_last = offered ? word == count - 1 : random() & 1;
        top->i_ready = !stalls || (patient ? random() % 2 : random() % 64 == 0);
        top->eval();
        errors += top->o_error;
        idle = top->o_valid && top->i_ready ? 0 : idle + 1;
        if (idle > 10000000L) die("the design does not answer");
        if (top->o_valid && top->i_ready) {
            if (got >= image) die("an answer without an image");
            int64_t *a = &answers[got * FIELDS];
            a[0] = static_cast<int64_t>(top->o_class);
#if SCORES
            for (size_t c = 0; c < CLASSES; c++) a[1 + c] = signed_field(top->o_scores, c * SCORE_W, SCORE_W);
#endif
            a[FIELDS - 1] = clock;
            got++;
            if (got % 64 == 0 || got == images) report(got);
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
    finish(out);
    top->final();
    return 0;
}
