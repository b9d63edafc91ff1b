// SPDX-License-Identifier: Apache-2.0
// The pins of the Arty A7's top, for the virtual board (fpga/common/sim/virtual_board.h: usage, what it prints).
#include "Vsc_arty_a7.h"

#include "../../common/sim/virtual_board.h"

struct Pins : Vsc_arty_a7 {
    using Vsc_arty_a7::Vsc_arty_a7;
    void rest() { RST_N = 1; }
    void beside() {}
    bool busy() const { return LED_BUSY; }
    bool refused() const { return LED_ERROR; }
};

int main(int argc, char **argv) { return virtual_board<Pins>(argc, argv); }
