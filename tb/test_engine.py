"""sc_network, and with it sc_engine and sc_engine_ctrl, on whole random networks against golden.py."""

from __future__ import annotations

from dataclasses import dataclass, field

import cocotb
import numpy as np
import pytest

from bench import Bench, rng
from networks import integer_network, random_codes, random_network
from runner import run
from sc_neurocore import golden
from sc_neurocore.hardware.image import table_words, weight_words
from sc_neurocore.network import Network
from sc_neurocore.result import Result

LOG2_ENTRIES, WEIGHT_AW, TABLE_AW = 5, 11, 4
# Partial last groups, whole ones, single neurons, one layer, five layers, the widest layer that LOG2_ENTRIES allows.
SHAPES = [(3, 4, 3), (7, 5, 2), (1, 1), (9, 1, 6, 4), (4, 8), (5, 6, 3, 7, 2, 3), (31, 31, 31), (12, 10, 1)]


def reference(network: Network, codes: np.ndarray, mac: int) -> Result:
    return integer_network(network, codes) if mac else golden.run(network, codes)


@dataclass
class Engine:
    """Drives sc_network over its ports, and checks the rules of its handshakes in every clock."""

    dut: object
    bench: Bench
    random: object
    log2l: int
    lanes: int
    frac: int
    mac: int
    network: Network | None = None
    queue: list[int] = field(default_factory=list)  # codes not yet accepted, of all images to come
    offering: bool = False
    y_ready: bool = False
    held: tuple[int, int, int] | None = None  # score, last, class of a valid that was not taken
    scores: list[int] = field(default_factory=list)
    counts: list[tuple[int, int, int]] = field(default_factory=list)
    layer: int = 0
    taken: int = 0  # inputs accepted since the last inference ended

    @property
    def sum_w(self) -> int:
        return len(self.dut.o_y_score)

    def ports(self) -> tuple[int, int]:
        return int(self.dut.o_x_ready.value), int(self.dut.o_y_valid.value)

    def draw_network(self, shape: tuple[int, ...] | None = None) -> Network:
        generator = np.random.default_rng(self.random.getrandbits(32))
        return random_network(generator, 1 << self.log2l, shape or self.random.choice(SHAPES), self.frac)

    def draw_codes(self, network: Network, images: int) -> np.ndarray:
        return random_codes(np.random.default_rng(self.random.getrandbits(32)), network, images)

    async def write(self, port: str, words: list[int]) -> None:
        """Write words from address 0 over i_weight_* or i_table_*, with gaps."""
        data, address = getattr(self.dut, f"i_{port}_data"), getattr(self.dut, f"i_{port}_addr")
        enable = getattr(self.dut, f"i_{port}_we")
        for k, word in enumerate(words):
            data.value, address.value, enable.value = word, k, 1
            await self.bench.step()
            if self.random.random() < 0.02:
                data.value, address.value, enable.value = 0, self.random.getrandbits(3), 0
                await self.bench.step()
        enable.value = 0

    async def reset(self, clocks: int = 1) -> None:
        """Hold rst; nothing is answered while it lasts, and what was under way is forgotten."""
        self.dut.rst.value = 1
        for _ in range(clocks):
            await self.bench.step()
            self.bench.expect("o_x_ready, o_y_valid in rst", self.ports(), (0, 0))
        self.scores, self.counts, self.layer, self.taken = [], [], 0, 0
        self.queue, self.offering, self.held, self.y_ready = [], False, None, False

    def image(self, network: Network) -> tuple[list[int], list[int]]:
        """Return the words of the weight memory and of the table."""
        return weight_words(network, self.lanes), table_words(network)

    def observe(self) -> None:
        """Note, in every clock, the counts of hidden layers that the engine writes."""
        inside = self.dut.u_core.g_dense.u_engine
        if int(inside.push.value):
            if int(inside.push_bias.value):
                self.layer += 1
            elif not int(inside.push_input.value):
                self.counts.append((self.layer - 1, int(inside.push_index.value), int(inside.push_count.value)))

    async def configure(self, network: Network) -> None:
        """Write the network's image while rst is held, read some of the table back, and let go."""
        await self.reset()
        weights, table = self.image(network)
        await self.write("weight", weights)
        await self.write("table", table)
        for k in self.random.sample(range(len(table)), 3):
            self.dut.i_table_addr.value = k
            await self.bench.step()
            self.bench.expect(f"table word {k} read back", int(self.dut.o_table_data.value), table[k])
        self.dut.rst.value = 0
        self.network = network

    async def step(self, x_rate: float, y_rate: float) -> tuple[list[int], int, list[tuple[int, int, int]]] | None:
        """Advance one clock; return (scores, class, counts) where it took the last score of an inference."""
        dut, bench = self.dut, self.bench
        # Valid, once given, stays with its data until it is taken; before that the data is noise.
        if not self.offering:
            self.offering = bool(self.queue) and self.random.random() < x_rate
            dut.i_x_valid.value = int(self.offering)
            dut.i_x.value = self.queue[0] if self.offering else self.random.getrandbits(self.log2l + 1)
        self.y_ready = self.random.random() < y_rate
        dut.i_y_ready.value = int(self.y_ready)
        await bench.low()  # everything combinational has followed; the rising edge comes next

        x_ready, y_valid = int(dut.o_x_ready.value), int(dut.o_y_valid.value)
        bench.expect("o_x_ready and o_y_valid at once", x_ready & y_valid, 0)
        if x_ready:
            inputs = self.network.shape[0]
            bench.expect("o_x_count", int(dut.o_x_count.value), inputs)
            bench.expect("o_x_ready after the last input", self.taken < inputs, True)
        self.observe()
        answer = None
        if y_valid:
            raw, last, best = int(dut.o_y_score.value), int(dut.o_y_last.value), int(dut.o_y_class.value)
            if self.held is not None:
                bench.expect("score, last, class of a valid that waits", (raw, last, best), self.held)
            bench.expect("o_y_last", last, int(len(self.scores) == self.network.classes - 1))
            self.held = None if self.y_ready else (raw, last, best)
            if self.y_ready:
                self.scores.append(raw - (raw >> self.sum_w - 1 << self.sum_w))
                if last:
                    answer = (self.scores, best, self.counts)
                    self.scores, self.counts, self.layer, self.taken = [], [], 0, 0
        else:
            bench.expect("o_y_valid withdrawn without ready", self.held, None)
        if self.offering and x_ready:
            self.queue.pop(0)
            self.taken += 1
            self.offering = False
        await bench.step()
        return answer

    async def infer(self, codes: np.ndarray, wanted: Result, x_rate: float = 1.0, y_rate: float = 1.0) -> None:
        """Send every image, the next one offered while the one before runs, and compare all that comes out."""
        self.queue += [int(x) for x in codes.ravel()]
        for n in range(len(codes)):
            limit = self.bench.clock + 30_000
            while (answer := await self.step(x_rate, y_rate)) is None:
                self.bench.expect(f"an answer to image {n}", self.bench.clock < limit, True)
            scores, best, counts = answer
            what = f"of image {n}, network {self.network.topology}, valid rate {x_rate}, ready rate {y_rate}"
            self.bench.expect(f"scores {what}", scores, wanted.scores[n].tolist())
            self.bench.expect(f"class {what}", best, int(wanted.classes[n]))
            for k, c in enumerate(wanted.counts):
                # Only counts that are not 0 are pushed, in the order of the neurons.
                sent = [(j, v) for layer, j, v in counts if layer == k]
                self.bench.expect(f"counts of layer {k} {what}", sent, [(j, int(v)) for j, v in enumerate(c[n]) if v])

    async def check(self, network: Network, images: int, x_rate: float = 1.0, y_rate: float = 1.0) -> None:
        codes = self.draw_codes(network, images)
        await self.infer(codes, reference(network, codes, self.mac), x_rate, y_rate)


async def engine(dut) -> Engine:
    bench = Bench(dut)
    names = ("LOG2L", "LANES", "FRAC", "MAC")
    e = Engine(dut, bench, rng(), *(int(getattr(dut, name).value) for name in names))
    await bench.start(
        i_x_valid=0, i_x=0, i_y_ready=0, i_weight_we=0, i_weight_addr=0, i_weight_data=0, i_table_we=0,
        i_table_addr=0, i_table_data=0,
    )  # fmt: skip
    return e


@cocotb.test()
async def runs_whole_networks(dut):
    """Every shape, each network loaded over the ports after the one before; full speed and back-pressure."""
    e = await engine(dut)
    for shape in SHAPES:
        network = e.draw_network(shape)
        await e.configure(network)
        x_rate, y_rate = e.random.choice([(1.0, 1.0), (0.3, 1.0), (1.0, 0.2), (0.5, 0.5)])
        await e.check(network, 4, x_rate, y_rate)


@cocotb.test()
async def runs_the_inference_after_a_reset_at_any_clock(dut):
    """The same network, or another one that is loaded while the reset lasts."""
    e = await engine(dut)
    network = e.draw_network((6, 7, 5, 3))
    await e.configure(network)
    start = e.bench.clock
    await e.check(network, 2)
    longest = (e.bench.clock - start) // 2
    for k in range(25):
        e.queue += [int(x) for x in e.draw_codes(network, 2)[1]]
        for _ in range(e.random.randrange(longest)):
            await e.step(1.0, 0.7)
        if k % 5 == 4:
            network = e.draw_network((6, 7, 5, 3))
            await e.configure(network)
        else:
            await e.reset(e.random.choice([1, 1, 2, 5]))
            dut.rst.value = 0
        codes = e.draw_codes(network, 4)[e.random.randrange(4)][None, :]
        await e.infer(codes, reference(network, codes, e.mac))


@cocotb.test()
async def takes_a_code_above_l_as_l(dut):
    e = await engine(dut)
    network = e.draw_network((8, 6, 4))
    await e.configure(network)
    length = network.length
    # A product has no comparator to saturate: with MAC = 1 the codes above L are the host's mistake.
    top = length if e.mac else 2 * length - 1
    codes = np.array([[e.random.randint(0, top) for _ in range(8)] for _ in range(6)])
    await e.infer(codes, reference(network, np.minimum(codes, length), e.mac))


@cocotb.test()
async def accepts_nothing_until_it_is_configured(dut):
    e = await engine(dut)
    network = e.draw_network()
    for _ in range(3):
        await e.reset()
        await e.write("table", [e.random.getrandbits(16), e.random.getrandbits(16), 0, 0xFFFF, 0xFFFF])
        dut.rst.value = 0
        dut.i_x_valid.value, dut.i_y_ready.value = 1, 1
        for _ in range(100):
            await e.bench.step()
            e.bench.expect("o_x_ready, o_y_valid with an empty table", e.ports(), (0, 0))
        dut.i_x_valid.value = 0
        await e.configure(network)
        await e.check(network, 2)


# LOG2L, LANES, FRAC, MAC
ENGINES = [(2, 1, 4, 0), (2, 5, 0, 0), (4, 2, 4, 0), (4, 3, 8, 0), (5, 3, 15, 0), (5, 5, 4, 0), (4, 3, 6, 1)]


@pytest.mark.parametrize(("log2l", "lanes", "frac", "mac"), ENGINES)
def test_engine(log2l: int, lanes: int, frac: int, mac: int) -> None:
    parameters = {
        "LOG2L": log2l, "LANES": lanes, "FRAC": frac, "MAC": mac,
        "LOG2_ENTRIES": LOG2_ENTRIES, "WEIGHT_AW": WEIGHT_AW, "TABLE_AW": TABLE_AW,
    }  # fmt: skip
    assert run("test_engine", "sc_network", parameters, public_depth=3, seed=log2l * 100 + lanes * 10 + mac) == 4
