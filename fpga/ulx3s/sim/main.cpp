// SPDX-License-Identifier: Apache-2.0
// The pins of the ULX3S's top, for the virtual board (fpga/common/sim/virtual_board.h: usage, what it prints).
#include "Vsc_ulx3s.h"

#include "../../common/sim/virtual_board.h"

struct Pins : Vsc_ulx3s {
    using Vsc_ulx3s::Vsc_ulx3s;
    void rest() { BTN_FIRE1 = 0; }
    void beside() {}
    bool busy() const { return LED_BUSY; }
    bool refused() const { return LED_ERROR; }
};

int main(int argc, char **argv) { return virtual_board<Pins>(argc, argv); }
