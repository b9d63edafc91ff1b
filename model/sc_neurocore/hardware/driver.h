// SPDX-License-Identifier: Apache-2.0
// What the programs that drive a design in Verilator share: errors, random numbers, files, wide ports.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "verilated.h"

// Ends the program; PROGRAM, which each program defines, says which one it is.
[[noreturn]] static void die(const char *what) {
    std::fprintf(stderr, "%s: %s\n", PROGRAM, what);
    std::exit(2);
}

// xorshift64*. A seed of 0, with which a program stalls nothing, gives zeros.
struct Random {
    uint64_t state;
    uint32_t operator()() {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        return static_cast<uint32_t>((state * 2685821657736338717ULL) >> 32);
    }
};

template <class T> std::vector<T> read_file(const char *path, size_t count) {
    std::vector<T> values(count);
    FILE *in = std::fopen(path, "rb");
    if (!in || std::fread(values.data(), sizeof(T), count, in) != count) die("the input file is missing or short");
    std::fclose(in);
    return values;
}

static FILE *create(const char *path) {
    FILE *out = std::fopen(path, "wb");
    if (!out) die("the output file cannot be written");
    return out;
}

static void finish(FILE *out) {
    if (std::fclose(out) != 0) die("the output file cannot be written");
}

static void report(long done) {
    std::printf("%ld\n", done);
    std::fflush(stdout);
}

// Verilator has ports of up to 64 bits as integers, and wider ones as arrays of words of 32 bits.
template <class T> struct Port {
    T &p;
    void clear() { p = 0; }
    void set(size_t bit) { p |= T(1) << bit; }
    bool get(size_t bit) const { return (uint64_t(p) >> bit) & 1; }
};
template <size_t N> struct Port<VlWide<N>> {
    VlWide<N> &p;
    void clear() {
        for (size_t k = 0; k < N; k++) p[k] = 0;
    }
    void set(size_t bit) { p[bit / 32] |= 1U << (bit % 32); }
    bool get(size_t bit) const { return (p[bit / 32] >> (bit % 32)) & 1; }
};
template <class T> Port<T> port(T &p) { return Port<T>{p}; }

// The signed number of `width` bits that begins at bit `first` of a port.
template <class T> int32_t signed_field(T &p, size_t first, size_t width) {
    uint32_t raw = 0;
    for (size_t b = 0; b < width; b++) raw |= uint32_t(port(p).get(first + b)) << b;
    return static_cast<int32_t>(raw << (32 - width)) >> (32 - width);
}

// Four clocks of reset.
template <class Top> void reset(Top &top) {
    top.clk = 0;
    top.rst = 1;
    for (int k = 0; k < 4; k++) {
        top.eval();
        top.clk = 1;
        top.eval();
        top.clk = 0;
    }
    top.rst = 0;
}
