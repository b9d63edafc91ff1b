// SPDX-License-Identifier: Apache-2.0
// Drives a streaming network in Verilator: one inference every PERIOD clocks, or later. Called by stream_sim.py, in a
// folder that holds the layer<k>.mem.
//
// Usage:  Vsc_stream_network CODES OUT IMAGES SEED
// CODES:  uint16, IMAGES * INPUTS. OUT: for each image CLASSES scores, the class, the clocks from i_start to o_valid, both
//         included, all int32; then, layer by layer, image by image, clock by clock, a byte for each hidden neuron's bit.
// SEED 0: back to back; else a random number of clocks between inferences.
// Compiled with INPUTS, CODE_W (1: the bit is [code > 0]), CLASSES, SCORE_W, PERIOD, LENGTH, HIDDEN ("{96, 10}" say, or
// "{}"); for a folded network with FOLDED: a bit is there with its o_steps; and HOLD: codes stay as many clocks after
// i_start, then they change.
#define PROGRAM "stream_main"
#include <deque>
#include <memory>

#include "defines.h"  // by verilated.py
#include "Vsc_stream_network.h"
#include "driver.h"

int main(int argc, char **argv) {
    auto context = std::make_unique<VerilatedContext>();
    context->commandArgs(argc, argv);
    if (argc != 5) die("usage: CODES OUT IMAGES SEED");
    const long images = std::atol(argv[3]);
    Random random{std::strtoull(argv[4], nullptr, 10)};
    const bool gaps = random.state != 0;
    const std::vector<uint16_t> codes = read_file<uint16_t>(argv[1], static_cast<size_t>(images) * INPUTS);
    FILE *out = create(argv[2]);

    const std::vector<size_t> hidden = HIDDEN;
    struct Watch {
        long image = -1;
        int t = LENGTH;
        std::vector<uint8_t> bits;
    };
    std::vector<Watch> watch(hidden.size());
    std::deque<long> started;
    std::vector<int32_t> answers;

    auto top = std::make_unique<Vsc_stream_network>(context.get());
    top->i_start = 0;
    port(top->i_codes).clear();
    reset(*top);
    long sent = 0, got = 0, clock = 0, wait = 0, idle = 0, newest = 0;
    uint32_t noise = 1;
    auto next_noise = [&noise] { return (noise = noise * 1664525U + 1013904223U) >> 16; };
    while (got < images) {
        top->i_start = sent < images && wait == 0;
        if (top->i_start) {
            auto x = port(top->i_codes);
            x.clear();
            for (size_t k = 0; k < INPUTS; k++) {
                const uint16_t code = codes[static_cast<size_t>(sent) * INPUTS + k];
                for (size_t b = 0; b < CODE_W; b++)
                    if (CODE_W == 1 ? code != 0 : (code >> b) & 1) x.set(k * CODE_W + b);
            }
            started.push_back(clock);
            newest = clock;
            sent++;
            wait = PERIOD + (gaps && random() % 2 ? random() % (2 * PERIOD) : 0);
        }
        if (wait) wait--;
#ifdef HOLD
        if (!started.empty() && clock == newest + HOLD + 1) {
            auto x = port(top->i_codes);
            x.clear();
            for (size_t k = 0; k < INPUTS * CODE_W; k++)
                if (next_noise() & 1) x.set(k);
        }
#endif
        top->eval();
        size_t at = 0;
#ifdef OBSERVED
        for (size_t h = 0; h < hidden.size(); h++) {
            Watch &w = watch[h];
#ifdef FOLDED
            const bool there = port(top->o_steps).get(h);
#else
            const bool there = true;
#endif
            if (there && w.t < LENGTH) {
                for (size_t k = 0; k < hidden[h]; k++) w.bits.push_back(port(top->o_spikes).get(at + k));
                w.t++;
            }
            at += hidden[h];
            if (port(top->o_starts).get(h)) {
                if (w.t != LENGTH) die("a layer begins a window before the last one ended");
                w.image++;
                w.t = 0;
            }
        }
#endif
        (void)at;
        (void)newest;
        (void)next_noise;
        idle = top->o_valid ? 0 : idle + 1;
        if (idle > 1000000L) die("the network does not answer");
        if (top->o_valid) {
            if (started.empty()) die("an answer without an inference");
            for (size_t c = 0; c < CLASSES; c++) answers.push_back(signed_field(top->o_scores, c * SCORE_W, SCORE_W));
            answers.push_back(static_cast<int32_t>(top->o_class));
            answers.push_back(static_cast<int32_t>(clock - started.front() + 1));
            started.pop_front();
            got++;
            if (got % 64 == 0 || got == images) report(got);
        }
        top->clk = 1;
        top->eval();
        top->clk = 0;
        clock++;
    }
    std::fwrite(answers.data(), 4, answers.size(), out);
    for (const Watch &w : watch) {
        if (w.bits.size() < static_cast<size_t>(images) * LENGTH * hidden[&w - watch.data()]) die("spikes are missing");
        std::fwrite(w.bits.data(), 1, static_cast<size_t>(images) * LENGTH * hidden[&w - watch.data()], out);
    }
    finish(out);
    top->final();
    return 0;
}
