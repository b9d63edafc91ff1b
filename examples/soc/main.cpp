// Runs the system and prints a line a score: "SCORE value", with the last of an image "CLASS n" after it; then BOOT ok
// or BOOT failed, as the boot master found. Stalls now and then, as a bus would.
#include <cstdio>
#include "Vsoc.h"
#include "verilated.h"

int main(int argc, char **argv) {
    VerilatedContext context;
    context.commandArgs(argc, argv);
    Vsoc top{&context};
    auto clock = [&] { top.clk = 1; top.eval(); top.clk = 0; top.eval(); };
    top.clk = 0; top.rst = 1; top.i_ready = 0; top.eval();
    clock(); clock();
    top.rst = 0;
    for (long n = 0, quiet = 0; quiet < 1000000; n++, quiet++) {
        top.i_ready = n % 3 != 0;
        top.eval();
        if (top.o_valid && top.i_ready) {
            std::printf("SCORE %d\n", int(top.o_score));
            quiet = 0;
            if (top.o_last) std::printf("CLASS %u\n", unsigned(top.o_class));
        }
        if ((top.o_ok && !top.o_valid) || top.o_fail) {
            std::printf("BOOT %s\n", top.o_ok ? "ok" : "failed");
            return top.o_ok ? 0 : 1;
        }
        clock();
    }
    std::printf("BOOT never ended\n");
    return 2;
}
