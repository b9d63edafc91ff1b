// SPDX-License-Identifier: Apache-2.0
// Counts switching in the mapped netlist of a reference design, which has a clock only. Made and called by bench/energy.py.
//
// Usage:  Vwatched_reference CLOCKS      prints: toggles of LUT outputs, of flip-flops and of carries in that many clocks.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "Vwatched_reference.h"
#include "verilated.h"

template <typename T>
static uint32_t word(const T &value, int k) {
    if constexpr (std::is_integral_v<T>) return static_cast<uint32_t>(static_cast<uint64_t>(value) >> (32 * k));
    else return value[static_cast<size_t>(k)];
}

template <typename T>
static int64_t changed(std::vector<uint32_t> &old, const T &value, int bits) {
    int64_t n = 0;
    for (int k = 0; 32 * k < bits; k++) {
        n += __builtin_popcount(old[static_cast<size_t>(k)] ^ word(value, k));
        old[static_cast<size_t>(k)] = word(value, k);
    }
    return n;
}

int main(int argc, char **argv) {
    const long clocks = argc == 2 ? std::atol(argv[1]) : 0;
    if (clocks <= 0) return 2;
    auto context = std::make_unique<VerilatedContext>();
    auto top = std::make_unique<Vwatched_reference>(context.get());
    std::vector<uint32_t> lut(LUTS / 32 + 1), ff(FFS / 32 + 1), carry(CARRIES / 32 + 1);
    int64_t n[3] = {0, 0, 0};
    top->clk = 0;
    top->eval();
    for (long k = -1; k < clocks; k++) {
        if (k >= 0) {
            top->clk = 1;
            top->eval();
            top->clk = 0;
            top->eval();
        }
        const int64_t now[3] = {
            changed(lut, top->t_lut, LUTS), changed(ff, top->t_ff, FFS), changed(carry, top->t_carry, CARRIES)};
        for (int i = 0; i < 3 && k >= 0; i++) n[i] += now[i];
    }
    std::printf("%lld %lld %lld\n", static_cast<long long>(n[0]), static_cast<long long>(n[1]),
                static_cast<long long>(n[2]));
    top->final();
    return 0;
}
