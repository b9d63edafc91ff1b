// SPDX-License-Identifier: Apache-2.0
// The pins of the OrangeCrab's top, for the virtual board (fpga/common/sim/virtual_board.h: usage, what it prints).
#include "Vsc_orangecrab.h"

#include "../../common/sim/virtual_board.h"

struct Pins : Vsc_orangecrab {
    using Vsc_orangecrab::Vsc_orangecrab;
    void rest() { BTN_N = 1; }
    void beside() {}
    bool busy() const { return !LEDG_N; }
    bool refused() const { return !LEDR_N; }
};

int main(int argc, char **argv) { return virtual_board<Pins>(argc, argv); }
