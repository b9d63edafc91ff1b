// SPDX-License-Identifier: Apache-2.0
// Reads every word of an initialised sc_mem (16 bits, 8 words) and prints it. Called by test_mem.py.
#include <cstdio>
#include <memory>

#include "Vsc_mem.h"
#include "verilated.h"

int main(int argc, char **argv) {
    auto context = std::make_unique<VerilatedContext>();
    context->commandArgs(argc, argv);
    auto top = std::make_unique<Vsc_mem>(context.get());
    top->i_we = 0;
    for (int address = 0; address < 8; address++) {
        top->i_raddr = address;
        top->clk = 0;
        top->eval();
        top->clk = 1;
        top->eval();
        std::printf("%04x\n", top->o_rdata);
    }
    top->final();
    return 0;
}
