// SPDX-License-Identifier: Apache-2.0
// The virtual board: a board's top in Verilator behind a pseudo-terminal, which looks to a program like the board's
// serial port. Linux. A board's sim/main.cpp names the top's pins and calls virtual_board().
//
// Usage   Vsc_BOARD CLOCKS_PER_BIT BAUD
// stdout  the port's name, once the board has started; then, for each line of stdin, `clocks N received N sent N`, all
//         since the start, and `refused N`: 1 while the light of a refused frame or image is on.
// stdin   a line sets the faults, `name=value` of struct Faults by spaces, what is not named is off. Its end ends the board.
//
// What a program writes to the port goes over RX bit by bit; what comes over TX, sampled in the middle of each bit, is what
// it reads. A bit of the core lasts CLOCKS_PER_BIT clocks, one of the line as much longer or shorter as the rate that the
// program has set differs from BAUD. No clock passes while core and line are idle; the core's time-out needs none then.
#pragma once
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "verilated.h"

namespace virtual_board_program {

constexpr long RESET_CLOCKS = 4096;   // longer than any board's reset
constexpr long IDLE_BITS = 24;        // silence after which the board is left alone: more than a byte is in no flip-flop
constexpr long SLICE_BITS = 64;       // simulated between two looks at the port
constexpr size_t QUEUE_BYTES = 4096;  // read ahead of the line; what is more waits in the port

struct Faults {
    double flip = 0;    // probability that a bit on RX or TX is inverted
    double noise = 0;   // probability that a random byte comes before a byte of an answer
    long before = 0;    // random bytes that come before each answer
    long stall = -1;    // bytes after which nothing more comes; -1: never
    long unplug = -1;   // bytes after which the port is gone; -1: never
    unsigned long seed = 1;
};

[[noreturn]] inline void fail(const char *what) {
    std::fprintf(stderr, "virtual board: %s: %s\n", what, std::strerror(errno));
    std::exit(1);
}

inline bool parse(const std::string &line, Faults &faults) {
    size_t at = 0;
    while ((at = line.find_first_not_of(' ', at)) != std::string::npos) {
        const size_t end = std::min(line.find(' ', at), line.size());
        const size_t equal = line.find('=', at);
        if (equal >= end) return false;
        const std::string name = line.substr(at, equal - at), text = line.substr(equal + 1, end - equal - 1);
        char *rest = nullptr;
        const double value = std::strtod(text.c_str(), &rest);
        if (text.empty() || *rest) return false;
        if (name == "flip") faults.flip = value;
        else if (name == "noise") faults.noise = value;
        else if (name == "before") faults.before = static_cast<long>(value);
        else if (name == "stall") faults.stall = static_cast<long>(value);
        else if (name == "unplug") faults.unplug = static_cast<long>(value);
        else if (name == "seed") faults.seed = static_cast<unsigned long>(value);
        else return false;
        at = end;
    }
    return true;
}

template <class Pins>
class Program {
public:
    Program(Pins &top, int clocks_per_bit, long baud)
        : top(top), cpb(clocks_per_bit), baud(baud), bit(clocks_per_bit * baud), rate(baud) {
        master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
        if (master < 0 || grantpt(master) || unlockpt(master)) fail("no pseudo-terminal");
        name = ptsname(master);
        // Kept open: the port must not hang up when a program closes it.
        slave = open(name.c_str(), O_RDWR | O_NOCTTY);
        if (slave < 0) fail(name.c_str());
        termios2 raw{};
        if (ioctl(slave, TCGETS2, &raw)) fail("TCGETS2");
        raw.c_iflag = raw.c_oflag = raw.c_lflag = 0;
        raw.c_cflag = CS8 | CREAD | CLOCAL | BOTHER;
        raw.c_ispeed = raw.c_ospeed = static_cast<unsigned>(baud);
        raw.c_cc[VMIN] = 1;
        raw.c_cc[VTIME] = 0;
        if (ioctl(slave, TCSETS2, &raw)) fail("TCSETS2");
    }

    int run() {
        top.CLK = 0;
        top.RX = 1;
        top.rest();
        top.eval();
        for (long n = 0; n < RESET_CLOCKS || top.busy(); n++) tick();
        std::printf("%s\n", name.c_str());
        std::fflush(stdout);
        while (!gone && attend(idle() ? -1 : 0)) {
            for (long n = 0; n < SLICE_BITS * cpb && !gone && !idle(); n++) {
                tick();
                if (!out.empty() && heard < 0 && since_byte == 2 * cpb) break;
            }
            flush();
        }
        top.final();
        return 0;
    }

private:
    Pins &top;
    const long cpb, baud, bit;  // bit: one bit of the core, in clocks times baud
    long rate;                  // baud rate of the line
    int master, slave;
    std::string name;
    std::deque<uint8_t> queue;  // to send over RX
    std::vector<uint8_t> out;   // came over TX
    std::string typed;          // of a line of stdin
    Faults faults;
    std::mt19937_64 random{1};
    long delivered = 0;         // under these faults
    bool gone = false;
    uint64_t clocks = 0, received = 0, sent = 0;

    long quiet = 0;             // clocks since the line or the core did something
    int driven = -1;            // bit on RX; -1: idle
    unsigned frame = 0;
    long drive_phase = 0;
    int heard = -1;             // bit on TX that is sampled next; -1: waits for a start bit, -2: for the line to be high
    unsigned shift = 0;
    long hear_phase = 0;
    long since_byte = 0;        // clocks since the last byte came over TX

    double chance() { return std::uniform_real_distribution<double>(0, 1)(random); }
    bool flips() { return faults.flip > 0 && chance() < faults.flip; }
    long scaled(long clocks_) const { return rate < baud ? clocks_ * (baud / rate + 1) : clocks_; }
    bool idle() const { return queue.empty() && driven < 0 && quiet > scaled(IDLE_BITS * cpb); }

    void tick() {
        top.CLK = 1;
        top.eval();
        top.CLK = 0;
        top.beside();
        top.eval();
        clocks++;
        quiet++;
        since_byte++;
        drive();
        hear();
        if (driven >= 0 || heard != -1 || top.busy()) quiet = 0;
    }

    void drive() {
        if (driven < 0) {
            if (queue.empty()) return;
            drive_phase = 0;
        } else {
            drive_phase += rate;
            if (drive_phase < bit) return;
            drive_phase -= bit;
            if (++driven < 10) {
                top.RX = (frame >> driven & 1) ^ flips();
                return;
            }
            driven = -1;
            top.RX = 1;
            if (queue.empty()) return;
        }
        frame = 1u << 9 | static_cast<unsigned>(queue.front()) << 1;
        queue.pop_front();
        received++;
        driven = 0;
        top.RX = flips();
    }

    void hear() {
        if (heard == -2 && top.TX) heard = -1;
        if (heard == -1 && !top.TX) {
            heard = 0;
            shift = 0;
            hear_phase = bit / 2;
        } else if (heard >= 0) {
            hear_phase += rate;
        }
        if (heard < 0 || hear_phase < bit) return;
        hear_phase -= bit;
        const bool level = top.TX ^ (heard > 0 && flips());
        if (heard == 0) {
            heard = level ? -1 : 1;
        } else if (heard <= 8) {
            shift |= static_cast<unsigned>(level) << (heard - 1);
            heard++;
        } else {
            // As an operating system that is not asked to mark bytes without stop bit.
            deliver(static_cast<uint8_t>(shift));
            heard = top.TX ? -1 : -2;
        }
    }

    void deliver(uint8_t byte) {
        sent++;
        const bool first = since_byte > scaled(20 * cpb);
        since_byte = 0;
        if (gone || (faults.stall >= 0 && delivered >= faults.stall)) return;
        const long more = (first ? faults.before : 0) + (faults.noise > 0 && chance() < faults.noise);
        for (long n = 0; n < more; n++) out.push_back(static_cast<uint8_t>(random()));
        out.push_back(byte);
        delivered++;
        gone = faults.unplug >= 0 && delivered >= faults.unplug;
    }

    void flush() {
        // What does not fit is lost, as on a port that nobody reads.
        if (!out.empty() && write(master, out.data(), out.size()) < 0 && errno != EAGAIN) fail("the port");
        out.clear();
    }

    // Takes what came from the port and from stdin; false: stdin has ended.
    bool attend(int timeout) {
        if (gone) return false;
        pollfd polled[2] = {{STDIN_FILENO, POLLIN, 0}, {master, POLLIN, 0}};
        const bool room = queue.size() < QUEUE_BYTES;
        if (poll(polled, room ? 2 : 1, timeout) < 0 && errno != EINTR) fail("poll");
        if (room && polled[1].revents) {
            uint8_t data[QUEUE_BYTES];
            const ssize_t count = read(master, data, sizeof data);
            if (count < 0 && errno != EAGAIN && errno != EIO) fail("the port");
            if (count > 0) {
                termios2 set{};
                if (ioctl(master, TCGETS2, &set)) fail("TCGETS2");
                if (set.c_ospeed) rate = set.c_ospeed;
                queue.insert(queue.end(), data, data + count);
            }
        }
        if (!polled[0].revents) return true;
        char data[512];
        const ssize_t count = read(STDIN_FILENO, data, sizeof data);
        if (count < 0 && errno != EINTR) fail("stdin");
        if (count == 0) return false;
        typed.append(data, static_cast<size_t>(std::max<ssize_t>(count, 0)));
        for (size_t end; (end = typed.find('\n')) != std::string::npos; typed.erase(0, end + 1)) {
            Faults wanted;
            if (!parse(typed.substr(0, end), wanted)) {
                std::fprintf(stderr, "virtual board: no fault: %s\n", typed.substr(0, end).c_str());
                std::exit(1);
            }
            faults = wanted;
            random.seed(wanted.seed);
            delivered = 0;
            std::printf("clocks %llu received %llu sent %llu refused %d\n", static_cast<unsigned long long>(clocks),
                        static_cast<unsigned long long>(received), static_cast<unsigned long long>(sent),
                        top.refused() ? 1 : 0);
            std::fflush(stdout);
        }
        return true;
    }
};

}  // namespace virtual_board_program

// Pins: the Verilated top, with CLK, RX, TX and
//   void rest()          sets its other inputs to what they are while nobody touches the board;
//   void beside()        does after each clock what the board's other chips do;
//   bool busy() const    tells if the light of a busy core is on, or the board is starting;
//   bool refused() const tells if the light of a refused frame is on.
template <class Pins>
int virtual_board(int argc, char **argv) {
    const long clocks_per_bit = argc > 2 ? std::atol(argv[1]) : 0, baud = argc > 2 ? std::atol(argv[2]) : 0;
    if (clocks_per_bit < 4 || clocks_per_bit > 65535 || baud < 1) {
        std::fprintf(stderr, "usage: %s CLOCKS_PER_BIT BAUD, with 4 to 65535 clocks\n", argv[0]);
        return 2;
    }
    VerilatedContext context;
    context.commandArgs(argc, argv);
    auto top = std::make_unique<Pins>(&context);
    return virtual_board_program::Program<Pins>(*top, static_cast<int>(clocks_per_bit), baud).run();
}
