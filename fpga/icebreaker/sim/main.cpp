// SPDX-License-Identifier: Apache-2.0
// The iCEBreaker top's pins, for the virtual board (fpga/common/sim/virtual_board.h: usage, what it prints).
#include "Vsc_icebreaker.h"

#include "../../common/sim/virtual_board.h"

struct Pins : Vsc_icebreaker {
    using Vsc_icebreaker::Vsc_icebreaker;
    void rest() { BTN_N = 1; }
    bool busy() const { return !LEDG_N; }
};

int main(int argc, char **argv) { return virtual_board<Pins>(argc, argv); }
