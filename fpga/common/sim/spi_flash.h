// SPDX-License-Identifier: Apache-2.0
// An SPI NOR flash beside a board's top, for the virtual board: mode 0; asleep at first, as configuration leaves it; knows
// AB (wake) and 03 (read), ignores what else it is told. Asleep, and where a flash drives nothing, it answers ones.
#pragma once
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

class SpiFlash {
public:
    // file: the content from address 0 on; behind it, or without it, the flash is erased.
    explicit SpiFlash(const std::string &file) {
        std::ifstream stream(file, std::ios::binary);
        content.assign(std::istreambuf_iterator<char>(stream), {});
    }

    // Pins after a clock of the core, which moves at most one of them a clock; returns what the flash drives.
    bool pins(bool cs_n, bool sck, bool io0) {
        if (cs_n) {
            if (bits == 8 && word == WAKE) awake = true;
            bits = 0;
            word = 0;
            io1 = true;
        } else if (sck && !clock && bits < 32) {
            word = word << 1 | io0;
            bits++;
        } else if (!sck && clock && bits == 32 && word >> 24 == READ && awake) {
            const uint32_t at = word & 0xffffff, byte = at + read / 8;
            io1 = byte >= content.size() || (content[byte] >> (7 - read % 8) & 1);
            read++;
        }
        if (bits < 32) read = 0;
        clock = sck;
        return io1;
    }

private:
    static constexpr uint32_t WAKE = 0xab, READ = 0x03;
    std::vector<uint8_t> content;
    bool awake = false, clock = false, io1 = true;
    uint32_t word = 0, bits = 0, read = 0;  // received; bits of it; bits sent
};
