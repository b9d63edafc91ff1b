// SPDX-License-Identifier: Apache-2.0
// Runs the iCEBreaker top in Verilator with its serial line on stdin and stdout.
//
// Usage:  Vsc_icebreaker CLOCKS_PER_BIT
// stdin:  blocks of a little-endian uint32 length and so many bytes, which are sent over RX. After each block the
//         simulation runs until the core is not busy and the line has been silent for 24 bit times;
// stdout: then what came over TX in the meantime, in the same form.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "Vsc_icebreaker.h"
#include "verilated.h"

static std::unique_ptr<VerilatedContext> context;
static std::unique_ptr<Vsc_icebreaker> top;
static int clocks_per_bit;

// UART receiver on the TX pin: samples the middle of each bit.
static int rx_clock = -1;  // -1: waits for a start bit
static unsigned rx_shift;
static long silent;
static std::vector<uint8_t> received;

static void tick() {
    top->CLK = 1;
    top->eval();
    top->CLK = 0;
    top->eval();
    silent++;
    if (rx_clock < 0) {
        if (!top->TX) {
            rx_clock = 0;
            rx_shift = 0;
        }
    } else {
        rx_clock++;
    }
    if (rx_clock >= 0) {
        silent = 0;
        const int bit = rx_clock / clocks_per_bit;
        if (rx_clock % clocks_per_bit == clocks_per_bit / 2) {
            if (bit >= 1 && bit <= 8) rx_shift |= static_cast<unsigned>(top->TX) << (bit - 1);
            if (bit == 9) {
                if (!top->TX) {
                    std::fprintf(stderr, "main: a byte without stop bit came over TX\n");
                    std::exit(2);
                }
                received.push_back(static_cast<uint8_t>(rx_shift));
                rx_clock = -1;
            }
        }
    }
}

static void send(uint8_t byte) {
    const unsigned frame = (1u << 9) | (static_cast<unsigned>(byte) << 1);
    for (int bit = 0; bit < 10; bit++) {
        top->RX = (frame >> bit) & 1;
        for (int k = 0; k < clocks_per_bit; k++) tick();
    }
}

int main(int argc, char **argv) {
    context = std::make_unique<VerilatedContext>();
    context->commandArgs(argc, argv);
    if (argc < 2 || (clocks_per_bit = std::atoi(argv[1])) < 4) {
        std::fprintf(stderr, "usage: %s CLOCKS_PER_BIT\n", argv[0]);
        return 2;
    }
    top = std::make_unique<Vsc_icebreaker>(context.get());
    top->CLK = 0;
    top->BTN_N = 1;
    top->RX = 1;
    top->eval();
    for (int k = 0; k < 1000; k++) tick();
    uint32_t length;
    while (std::fread(&length, 4, 1, stdin) == 1) {
        std::vector<uint8_t> data(length);
        if (length && std::fread(data.data(), 1, length, stdin) != length) return 2;
        for (uint8_t byte : data) send(byte);
        silent = 0;
        for (long n = 0; silent < 24L * clocks_per_bit || !top->LEDG_N; n++) {
            if (n > 50000000L) {
                std::fprintf(stderr, "main: the core stays busy\n");
                return 2;
            }
            tick();
        }
        const uint32_t count = static_cast<uint32_t>(received.size());
        std::fwrite(&count, 4, 1, stdout);
        std::fwrite(received.data(), 1, received.size(), stdout);
        std::fflush(stdout);
        received.clear();
    }
    top->final();
    return 0;
}
