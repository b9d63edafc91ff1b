// SPDX-License-Identifier: Apache-2.0
// The pins of the iCE40-HX8K breakout board's top, for the virtual board (fpga/common/sim/virtual_board.h: usage, what it prints).
#include "Vsc_hx8k.h"

#include "../../common/sim/virtual_board.h"

struct Pins : Vsc_hx8k {
    using Vsc_hx8k::Vsc_hx8k;
    void rest() {}
    void beside() {}
    bool busy() const { return LED_BUSY; }
    bool refused() const { return LED_ERROR; }
};

int main(int argc, char **argv) { return virtual_board<Pins>(argc, argv); }
