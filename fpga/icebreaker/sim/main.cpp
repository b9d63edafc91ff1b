// SPDX-License-Identifier: Apache-2.0
// The iCEBreaker top's pins, for the virtual board (fpga/common/sim/virtual_board.h: usage, what it prints), and its flash,
// whose content is the file flash.bin.
#include "Vsc_icebreaker.h"

#include "../../common/sim/spi_flash.h"
#include "../../common/sim/virtual_board.h"

struct Pins : Vsc_icebreaker {
    using Vsc_icebreaker::Vsc_icebreaker;
    SpiFlash flash{"flash.bin"};
    void rest() { BTN_N = 1; }
    void beside() { FLASH_IO1 = flash.pins(FLASH_SSB, FLASH_SCK, FLASH_IO0); }
    bool busy() const { return !LEDG_N || !FLASH_SSB; }
    bool refused() const { return !LEDR_N; }
};

int main(int argc, char **argv) { return virtual_board<Pins>(argc, argv); }
