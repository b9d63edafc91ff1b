// SPDX-License-Identifier: Apache-2.0
// Drives sc_network in Verilator (CONV defined: with the convolution engine; SPIKE: with that of networks in steps): streams
// images in, writes what comes out. Called by rtl_sim.py, in a folder that holds weights.mem and table.mem.
//
// Usage:  Vsc_network CODES OUT IMAGES INPUTS CLASSES SEED
// CODES:  uint16, IMAGES * INPUTS. OUT, for each image, int32: CLASSES scores, the class, the clocks from the last input
//         word to the last score (both included; with several steps, each step's from its last input word), then each count
//         but 0 of a hidden layer as layer, neuron, count, ended by -1. With SPIKE each spike stands by itself, as layer +
//         256 * step, neuron, 1. SEED 0: valid and ready are always 1; else both stall at random.
#define PROGRAM "engine_main"
#include <memory>

#include "defines.h"  // by verilated.py
#include "Vsc_network.h"
#include "Vsc_network___024root.h"
#include "driver.h"
using Top = Vsc_network;
#ifdef CONV
#define ENGINE(signal) (top->rootp->sc_network__DOT__u_core__DOT__g_conv__DOT__u_engine__DOT__##signal)
#elif defined(SPIKE)
#define ENGINE(signal) (top->rootp->sc_network__DOT__u_core__DOT__g_spike__DOT__u_engine__DOT__##signal)
#else
#define ENGINE(signal) (top->rootp->sc_network__DOT__u_core__DOT__g_dense__DOT__u_engine__DOT__##signal)
#endif

int main(int argc, char **argv) {
    auto context = std::make_unique<VerilatedContext>();
    context->commandArgs(argc, argv);
    if (argc != 7) die("usage: CODES OUT IMAGES INPUTS CLASSES SEED");
    const long images = std::atol(argv[3]), inputs = std::atol(argv[4]), classes = std::atol(argv[5]);
    Random random{std::strtoull(argv[6], nullptr, 10)};
    const bool stalls = random.state != 0;
    const std::vector<uint16_t> codes = read_file<uint16_t>(argv[1], static_cast<size_t>(images * inputs));
    FILE *out = create(argv[2]);
    auto put = [out](int32_t v) { std::fwrite(&v, 4, 1, out); };

    auto top = std::make_unique<Top>(context.get());
    top->i_weight_we = top->i_table_we = 0;
    top->i_x_valid = top->i_y_ready = 0;
    reset(*top);

    for (long n = 0; n < images; n++) {
        long sent = 0, got = 0, idle = 0;
        int32_t layer = 0, clocks = 0;
#ifdef CONV
        int32_t index = 0;
#endif
        std::vector<int32_t> counts;
        std::vector<int32_t> scores;
        while (got < classes) {
            top->i_x_valid = sent < inputs && !(stalls && random() % 4 == 0);
            top->i_x = sent < inputs ? codes[static_cast<size_t>(n * inputs + sent)] : 0;
            top->i_y_ready = !(stalls && random() % 2 == 0);
            top->eval();
            const bool x_beat = top->i_x_valid && top->o_x_ready;
            const bool y_beat = top->o_y_valid && top->i_y_ready;
#ifdef SPIKE
            // Clocks in which the inputs of a step are awaited are not the engine's.
            if (sent != 0 && !top->o_x_ready) clocks++;
            if (x_beat && (sent + 1) % top->o_x_count == 0) clocks++;
#else
            if (sent == inputs || (x_beat && sent == inputs - 1)) clocks++;
#endif
#if defined(SPIKE)
            if (ENGINE(begins) || top->o_x_ready) layer = -1;
            if (ENGINE(u_ctrl__DOT__state) == CTRL_GROUPS) layer++;
            if (ENGINE(step) && ENGINE(spike)) {
                counts.push_back(layer + 256 * ENGINE(u_ctrl__DOT__step));
                counts.push_back(ENGINE(push_index) - (ENGINE(u_ctrl__DOT__last_layer) ? 0 : 1));
                counts.push_back(1);
            }
#elif defined(CONV)
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
                scores.push_back(signed_field(top->o_y_score, 0, SUM_W));
                got++;
                if (static_cast<bool>(top->o_y_last) != (got == classes)) die("o_y_last is not on the last score");
            }
            const int32_t answer = top->o_y_class;
            if (x_beat) sent++;
            idle = x_beat || y_beat ? 0 : idle + 1;
            if (idle > 100000000L) die("the engine does not answer");
            top->clk = 1;
            top->eval();
            top->clk = 0;
            if (got == classes) {
                for (int32_t s : scores) put(s);
                put(answer);
                put(clocks);
            }
        }
        for (int32_t v : counts) put(v);
        put(-1);
        if (n % 64 == 63 || n == images - 1) report(n + 1);
    }
    finish(out);
    top->final();
    return 0;
}
