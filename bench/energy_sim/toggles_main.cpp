// SPDX-License-Identifier: Apache-2.0
// Counts switching in the mapped netlist of sc_core: streams images in, holds the weights, writes counts. Made and called by
// bench/energy.py.
//
// Usage:  Vwatched_sc_core WEIGHTS CODES OUT IMAGES INPUTS CLASSES [FLOPS]
// WEIGHTS: hexadecimal words. CODES: uint16, IMAGES * INPUTS. OUT, int64, for each image: the clocks from the first input
//          word to the last score (both included), toggles of LUT outputs, of flip-flops and of carries, clocks in which a
//          flip-flop is enabled, summed over all, reads and writes of the netlist's block RAMs, clocks in which the weight
//          address differs from the one before, then CLASSES scores. FLOPS: a file for the flip-flops' values after
//          reset and after each clock of the first image, a text line each.
// A net's value is looked at once a clock, settled: nothing within a clock (no glitch) is seen.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "Vwatched_sc_core.h"
#include "verilated.h"

static void die(const char *what) {
    std::fprintf(stderr, "toggles_main: %s\n", what);
    std::exit(2);
}

template <typename T>
static void words(std::vector<uint32_t> &to, const T &value, int bits) {
    if constexpr (std::is_integral_v<T>) {
        to.assign({static_cast<uint32_t>(value), static_cast<uint32_t>(static_cast<uint64_t>(value) >> 32)});
    } else {
        to.resize(static_cast<size_t>((bits + 31) / 32));
        for (size_t k = 0; k < to.size(); k++) to[k] = value[k];
    }
}

static int64_t ones(const std::vector<uint32_t> &v) {
    int64_t n = 0;
    for (uint32_t w : v) n += __builtin_popcount(w);
    return n;
}

struct Watch {
    std::vector<uint32_t> before, now;
    int64_t toggles = 0;
    template <typename T>
    void look(const T &value, int bits) {
        before.swap(now);
        words(now, value, bits);
        if (before.size() != now.size()) return;
        for (size_t k = 0; k < now.size(); k++) toggles += __builtin_popcount(before[k] ^ now[k]);
    }
};

int main(int argc, char **argv) {
    if (argc != 7 && argc != 8) die("usage: WEIGHTS CODES OUT IMAGES INPUTS CLASSES [FLOPS]");
    const long images = std::atol(argv[4]), inputs = std::atol(argv[5]), classes = std::atol(argv[6]);
    FILE *in = std::fopen(argv[1], "r");
    if (!in) die("weights file is missing");
    std::vector<uint64_t> weights;
    for (unsigned long long w; std::fscanf(in, "%llx", &w) == 1;) weights.push_back(w);
    std::fclose(in);
    std::vector<uint16_t> codes(static_cast<size_t>(images * inputs));
    in = std::fopen(argv[2], "rb");
    if (!in || std::fread(codes.data(), 2, codes.size(), in) != codes.size()) die("codes file is missing or short");
    std::fclose(in);
    FILE *out = std::fopen(argv[3], "wb");
    FILE *flops = argc == 8 ? std::fopen(argv[7], "w") : nullptr;
    if (!out || (argc == 8 && !flops)) die("output file cannot be written");

    auto context = std::make_unique<VerilatedContext>();
    auto top = std::make_unique<Vwatched_sc_core>(context.get());
    top->i_table_we = 0;
    top->i_table_addr = 0;
    top->i_table_data = 0;
    top->i_x_valid = top->i_y_ready = 0;
    top->i_x = 0;
    top->i_weight = 0;
    Watch lut, ff, carry;
    std::vector<uint32_t> scratch;
    uint32_t address = 0;
    auto tick = [&] {
        const uint32_t at = top->o_weight_addr;
        if (at >= weights.size()) die("weight address out of the memory");
        top->clk = 1;
        top->eval();
        top->i_weight = static_cast<decltype(top->i_weight)>(weights[at]);
        top->clk = 0;
        top->eval();
        address = at;
    };
    auto look = [&] {
        lut.look(top->t_lut, LUTS);
        ff.look(top->t_ff, FFS);
        carry.look(top->t_carry, CARRIES);
    };
    auto dump = [&] {
        if (!flops) return;
        words(scratch, top->t_ff, FFS);
        for (int k = 0; k < FFS; k++) std::fputc('0' + (scratch[static_cast<size_t>(k / 32)] >> (k % 32) & 1), flops);
        std::fputc('\n', flops);
    };
    top->clk = 0;
    top->rst = 1;
    for (int k = 0; k < 4; k++) tick();
    top->rst = 0;
    top->i_y_ready = 1;
    top->eval();
    for (long k = 0; !top->o_x_ready; k++) {  // the convolution engine clears its sums
        if (k > 1000000) die("the engine never takes an input");
        tick();
    }
    look();
    for (long n = 0; n < images; n++) {
        long sent = 0, idle = 0;
        int64_t clocks = 0, enabled = 0, reads = 0, writes = 0, moved = 0;
        std::vector<int64_t> scores;
        lut.toggles = ff.toggles = carry.toggles = 0;
        if (n == 0) dump();
        while (static_cast<long>(scores.size()) < classes) {
            top->i_x_valid = sent < inputs;
            top->i_x = sent < inputs ? codes[static_cast<size_t>(n * inputs + sent)] : 0;
            top->eval();
            const bool x_beat = top->i_x_valid && top->o_x_ready;
            if (top->o_y_valid) {
                const uint32_t raw = static_cast<uint32_t>(top->o_y_score);
                scores.push_back(static_cast<int32_t>(raw << (32 - SUM_W)) >> (32 - SUM_W));
            }
            if (x_beat) sent++;
            idle = x_beat ? 0 : idle + 1;
            if (idle > 100000000L) die("the engine does not answer");
            if (sent > 0) {
                clocks++;
                words(scratch, top->t_enable, FFS);
                enabled += ones(scratch);
                words(scratch, top->t_read, RAMS);
                reads += ones(scratch);
                words(scratch, top->t_write, RAMS);
                writes += ones(scratch);
                moved += top->o_weight_addr != address;
            }
            tick();
            look();
            if (sent == 0) lut.toggles = ff.toggles = carry.toggles = 0;
            if (n == 0 && sent > 0) dump();
        }
        for (int64_t v : {clocks, lut.toggles, ff.toggles, carry.toggles, enabled, reads, writes, moved})
            std::fwrite(&v, sizeof v, 1, out);
        for (int64_t v : scores) std::fwrite(&v, sizeof v, 1, out);
    }
    if (flops) std::fclose(flops);
    if (std::fclose(out) != 0) die("output file cannot be written");
    top->final();
    return 0;
}
