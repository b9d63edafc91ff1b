// SPDX-License-Identifier: Apache-2.0
// Simulates a netlist of iCE40 cells, a clock at a time without delays, and counts what switches. Made and called by
// bench/energy.py, whose netlist() writes NETLIST.
//
// Usage:  netlist NETLIST clock CLOCKS
//         netlist NETLIST core WEIGHTS CODES IMAGES INPUTS CLASSES [FLOPS]
// clock:  a design that has a clock only; prints toggles of LUT outputs, of flip-flops and of carries in that many clocks.
// core:   sc_core with its weights in a memory here (WEIGHTS: hexadecimal words); CODES: uint16, IMAGES * INPUTS. Prints a
//         line an image: the clocks from the first input word to the last score (both included), toggles of LUT outputs, of
//         flip-flops and of carries in them, flip-flops enabled, reads and writes of block RAMs, clocks in which the weight
//         address is another than before (each summed over the clocks), then CLASSES scores. FLOPS: a file for the
//         flip-flops' values before the first image and after each of its clocks, a line of 0 and 1 each.
// A net is looked at once a clock, settled: nothing that happens within a clock (a glitch) is seen. RAMs hold 0 at the start
// where the netlist gives nothing; a word read while it is written is the old one.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

[[noreturn]] static void die(const std::string &what) {
    std::cerr << "netlist: " << what << "\n";
    std::exit(2);
}

struct Gate { int out, in[4]; unsigned table; bool carry; };
struct Flop { int q, d, enable, reset; bool set; };
struct Ram {
    int read_mode, write_mode, read_enable, write_enable[2], read_enable2;
    int read_address[11], write_address[11], data[16], mask[16], out[16];
    uint16_t word[256];
};
struct Count { int64_t lut = 0, ff = 0, carry = 0, enabled = 0, reads = 0, writes = 0; };

struct Netlist {
    std::vector<uint8_t> v;
    std::vector<Gate> gates;
    std::vector<Flop> flops;
    std::vector<Ram> rams;
    std::map<std::string, std::vector<int>> ports;
    Count n;

    explicit Netlist(const char *path) {
        std::ifstream in(path);
        std::string line, kind;
        while (std::getline(in, line)) {
            std::istringstream s(line);
            s >> kind;
            if (kind == "nets") {
                size_t size;
                s >> size;
                v.assign(size, 0);
                v[1] = 1;
            } else if (kind == "lut" || kind == "carry") {
                Gate g{};
                g.carry = kind == "carry";
                s >> g.out;
                for (int k = 0; k < (g.carry ? 3 : 4); k++) s >> g.in[k];
                if (!g.carry) s >> g.table;
                else g.table = 0;
                gates.push_back(g);
            } else if (kind == "ff") {
                Flop f{};
                s >> f.q >> f.d >> f.enable >> f.reset >> f.set;
                flops.push_back(f);
            } else if (kind == "ram") {
                Ram r{};
                s >> r.read_mode >> r.write_mode >> r.read_enable >> r.read_enable2 >> r.write_enable[0] >> r.write_enable[1];
                for (int *row : {r.read_address, r.write_address})
                    for (int k = 0; k < 11; k++) s >> row[k];
                for (int *row : {r.data, r.mask, r.out})
                    for (int k = 0; k < 16; k++) s >> row[k];
                for (auto &w : r.word) s >> w;
                rams.push_back(r);
            } else if (kind == "port") {
                std::string name;
                s >> name;
                for (int net; s >> net;) ports[name].push_back(net);
                s.clear();
            } else {
                die("unknown line " + kind);
            }
            if (!s) die("a line is short: " + line);
        }
        if (v.empty()) die("no netlist");
        settle();
        n = Count();
    }

    void set(const std::string &name, uint64_t value) {
        const auto &nets = ports.at(name);
        for (size_t k = 0; k < nets.size(); k++) v[static_cast<size_t>(nets[k])] = value >> k & 1;
    }
    uint64_t get(const std::string &name) const {
        uint64_t value = 0;
        const auto &nets = ports.at(name);
        for (size_t k = 0; k < nets.size(); k++) value |= static_cast<uint64_t>(v[static_cast<size_t>(nets[k])]) << k;
        return value;
    }
    // Let the gates settle, without counting. They are in an order in which one pass settles them.
    void settle() {
        for (const Gate &g : gates) v[static_cast<size_t>(g.out)] = value(g);
    }
    uint8_t value(const Gate &g) const {
        auto at = [&](int k) { return static_cast<unsigned>(v[static_cast<size_t>(g.in[k])]); };
        if (g.carry) return at(0) + at(1) + at(2) > 1;
        return g.table >> (at(0) | at(1) << 1 | at(2) << 2 | at(3) << 3) & 1;
    }
    // A clock edge: the inputs stand, the gates have settled.
    void edge() {
        next.resize(flops.size());
        for (size_t k = 0; k < flops.size(); k++) {
            const Flop &f = flops[k];
            const bool enable = v[static_cast<size_t>(f.enable)], reset = v[static_cast<size_t>(f.reset)];
            n.enabled += enable;
            next[k] = !enable ? v[static_cast<size_t>(f.q)] : reset ? f.set : v[static_cast<size_t>(f.d)];
        }
        for (Ram &r : rams) {
            auto number = [&](const int *nets, int bits) {
                unsigned w = 0;
                for (int k = 0; k < bits; k++) w |= static_cast<unsigned>(v[static_cast<size_t>(nets[k])]) << k;
                return w;
            };
            const bool reads = v[static_cast<size_t>(r.read_enable)] && v[static_cast<size_t>(r.read_enable2)];
            const bool writes = v[static_cast<size_t>(r.write_enable[0])] && v[static_cast<size_t>(r.write_enable[1])];
            n.reads += reads;
            n.writes += writes;
            r_out = 0;
            if (reads) {
                const unsigned a = number(r.read_address, 11), word = r.word[a & 255], part = a >> 8;
                const int step = 1 << r.read_mode, first[4] = {0, 0, 1, 3};
                for (int lane = 0; lane < 16 / step; lane++) {
                    const unsigned bit = word >> (lane * step + static_cast<int>(part & static_cast<unsigned>(step - 1))) & 1;
                    r_out |= bit << (lane * step + first[r.read_mode]);
                }
            }
            if (writes) {
                const unsigned a = number(r.write_address, 11), data = number(r.data, 16), part = a >> 8;
                const unsigned mask = number(r.mask, 16);
                const int step = 1 << r.write_mode, first[4] = {0, 0, 1, 3};
                for (int lane = 0; lane < 16 / step; lane++) {
                    const int bit = lane * step + static_cast<int>(part & static_cast<unsigned>(step - 1));
                    if (r.write_mode == 0 && (mask >> bit & 1)) continue;
                    const unsigned set = data >> (lane * step + first[r.write_mode]) & 1;
                    r.word[a & 255] = static_cast<uint16_t>((r.word[a & 255] & ~(1u << bit)) | set << bit);
                }
            }
            if (reads) pending.push_back({&r, r_out});
        }
        for (size_t k = 0; k < flops.size(); k++) {
            uint8_t &q = v[static_cast<size_t>(flops[k].q)];
            n.ff += q != next[k];
            q = next[k];
        }
        for (const auto &[r, word] : pending)
            for (int k = 0; k < 16; k++)
                if (r->out[k] > 1) v[static_cast<size_t>(r->out[k])] = word >> k & 1;
        pending.clear();
    }
    // The gates after an edge and with the inputs of the next; counts each gate whose value is another.
    void count() {
        for (const Gate &g : gates) {
            uint8_t &out = v[static_cast<size_t>(g.out)];
            const uint8_t now = value(g);
            (g.carry ? n.carry : n.lut) += out != now;
            out = now;
        }
    }

  private:
    std::vector<uint8_t> next;
    unsigned r_out = 0;
    std::vector<std::pair<Ram *, unsigned>> pending;
};

static void run_core(Netlist &net, char **argv, int argc) {
    std::vector<uint64_t> weights;
    std::ifstream in(argv[3]);
    for (std::string w; in >> w;) weights.push_back(std::stoull(w, nullptr, 16));
    const long images = std::atol(argv[5]), inputs = std::atol(argv[6]);
    const size_t classes = std::stoul(argv[7]);
    std::vector<uint16_t> codes(static_cast<size_t>(images * inputs));
    std::ifstream file(argv[4], std::ios::binary);
    if (!file.read(reinterpret_cast<char *>(codes.data()), static_cast<std::streamsize>(2 * codes.size())))
        die("the codes file is missing or short");
    std::ofstream flops;
    if (argc == 9) flops.open(argv[8]);
    auto dump = [&](long image) {
        if (image != 0 || !flops.is_open()) return;
        for (const Flop &f : net.flops) flops << static_cast<char>('0' + net.v[static_cast<size_t>(f.q)]);
        flops << "\n";
    };
    // Weights come one clock after their address. Between two calls inputs may be set; the gates' change is counted here.
    uint64_t old = 0;
    bool moved = false;
    auto clock = [&] {
        const uint64_t address = net.get("o_weight_addr");
        if (address >= weights.size()) die("weight address out of the memory");
        moved = address != old;
        old = address;
        net.edge();
        net.set("i_weight", weights[address]);
    };
    const int width = static_cast<int>(net.ports.at("o_y_score").size());
    net.set("rst", 1);
    net.set("i_y_ready", 1);
    net.settle();
    for (int k = 0; k < 4; k++) {
        clock();
        net.settle();
    }
    net.set("rst", 0);
    net.settle();
    for (long k = 0; !net.get("o_x_ready"); k++) {  // the convolution engine clears its sums
        if (k > 1000000) die("the engine takes no input");
        clock();
        net.settle();
    }
    for (long image = 0; image < images; image++) {
        long sent = 0, clocks = 0, left = 100000000;
        int64_t moves = 0;
        std::vector<int64_t> scores;
        net.n = Count();
        dump(image);
        while (scores.size() < classes) {
            net.set("i_x_valid", sent < inputs);
            net.set("i_x", sent < inputs ? codes[static_cast<size_t>(image * inputs + sent)] : 0);
            net.count();
            const bool taken = sent < inputs && net.get("o_x_ready");
            if (net.get("o_y_valid")) {
                const uint64_t raw = net.get("o_y_score") << (64 - width);
                scores.push_back(static_cast<int64_t>(raw) >> (64 - width));
            }
            sent += taken;
            if (--left == 0) die("the engine does not answer");
            clock();
            if (sent == 0) net.n = Count();
            if (sent > 0) {
                clocks++;
                moves += moved;
                dump(image);
            }
        }
        std::cout << clocks << ' ' << net.n.lut << ' ' << net.n.ff << ' ' << net.n.carry << ' ' << net.n.enabled << ' '
                  << net.n.reads << ' ' << net.n.writes << ' ' << moves;
        for (int64_t s : scores) std::cout << ' ' << s;
        std::cout << "\n";
    }
}

int main(int argc, char **argv) {
    const std::string what = argc > 2 ? argv[2] : "";
    if (!(what == "clock" && argc == 4) && !(what == "core" && (argc == 8 || argc == 9)))
        die("usage: NETLIST clock CLOCKS | NETLIST core WEIGHTS CODES IMAGES INPUTS CLASSES [FLOPS]");
    Netlist net(argv[1]);
    if (what == "core") {
        run_core(net, argv, argc);
        return 0;
    }
    for (long k = std::atol(argv[3]); k > 0; k--) {
        net.edge();
        net.count();
    }
    std::cout << net.n.lut << ' ' << net.n.ff << ' ' << net.n.carry << "\n";
}
