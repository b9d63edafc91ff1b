"""sc_spike_engine on whole random networks in steps against the plain integer model of step_networks.py."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, fields

import cocotb
import pytest

from bench import Bench, rng
from runner import run
from step_networks import Answer, Config, StepNetwork, clocks, random_step_network, run_steps

# Partial last groups, whole ones, single neurons, one layer, four layers.
SHAPES = [(3, 4, 3), (7, 5, 2), (1, 1), (9, 1, 6, 4), (4, 8), (5, 6, 3, 7, 2), (12, 10, 1), (2, 3, 3)]


@dataclass
class Engine:
    """Drives sc_spike_engine and its weight memory, and checks the rules of its handshakes in every clock."""

    dut: object
    bench: Bench
    random: object
    config: Config
    network: StepNetwork | None = None
    weights: list[int] = field(default_factory=list)
    queue: list[int] = field(default_factory=list)  # codes not yet accepted, of all samples to come
    offering: bool = False
    held: tuple[int, int, int] | None = None  # score, last, class of a valid that was not taken
    scores: list[int] = field(default_factory=list)
    spikes: list[tuple[int, int, int]] = field(default_factory=list)
    step_now: int = 0
    layer: int = 0
    neuron: int = 0
    began: int = -1  # clock at which the sample's first code was taken

    async def reset(self, times: int = 1) -> None:
        """Hold rst; nothing is answered while it lasts, and what was under way is forgotten."""
        self.dut.rst.value = 1
        for _ in range(times):
            await self.bench.step()
            ports = int(self.dut.o_x_ready.value), int(self.dut.o_y_valid.value)
            self.bench.expect("o_x_ready, o_y_valid in rst", ports, (0, 0))
        self.queue, self.offering, self.held = [], False, None
        self.forget()

    def forget(self) -> None:
        self.scores, self.spikes, self.step_now, self.layer, self.neuron, self.began = [], [], 0, 0, 0, -1

    async def configure(self, network: StepNetwork) -> None:
        """Write the network's table while rst is held, read some of it back, and let go."""
        await self.reset()
        table = network.table()
        self.bench.expect("words of the table fit", len(table) <= 1 << self.config.table_aw, True)
        self.dut.i_table_we.value = 1
        for k, word in enumerate(table):
            self.dut.i_table_addr.value, self.dut.i_table_data.value = k, word
            await self.bench.step()
        self.dut.i_table_we.value = 0
        for k in self.random.sample(range(len(table)), 3):
            self.dut.i_table_addr.value = k
            await self.bench.step()
            self.bench.expect(f"table word {k} read back", int(self.dut.o_table_data.value), table[k])
        self.dut.rst.value = 0
        self.network, self.weights = network, network.weight_words()

    def observe(self) -> None:
        """Note, in every clock, the neurons that take their step, and which of them spike."""
        if not int(self.dut.step.value):
            return
        if int(self.dut.spike.value):
            self.spikes.append((self.step_now, self.layer, self.neuron))
        self.neuron += 1
        if self.neuron == len(self.network.layers[self.layer].weights):
            self.neuron, self.layer = 0, self.layer + 1
            if self.layer == len(self.network.layers):
                self.layer, self.step_now = 0, self.step_now + 1

    async def step(self, x_rate: float, y_rate: float) -> tuple[Answer, int] | None:
        """Advance one clock; return (answer, clocks) where it took the last score of a sample."""
        dut, bench = self.dut, self.bench
        if not self.offering:
            self.offering = bool(self.queue) and self.random.random() < x_rate
            dut.i_x_valid.value = int(self.offering)
            dut.i_x.value = self.queue[0] if self.offering else self.random.getrandbits(self.config.log2l + 1)
        y_ready = self.random.random() < y_rate
        dut.i_y_ready.value = int(y_ready)
        await bench.low()  # everything combinational has followed; the rising edge comes next

        x_ready, y_valid = int(dut.o_x_ready.value), int(dut.o_y_valid.value)
        bench.expect("o_x_ready and o_y_valid at once", x_ready & y_valid, 0)
        if x_ready:
            bench.expect("o_x_count", int(dut.o_x_count.value), self.network.inputs)
        elif self.began < 0:
            bench.expect("o_x_count is 0", int(dut.o_x_count.value) == 0, False)
        self.observe()
        answer = None
        if y_valid:
            raw, last, best = int(dut.o_y_score.value), int(dut.o_y_last.value), int(dut.o_y_class.value)
            if self.held is not None:
                bench.expect("score, last, class of a valid that waits", (raw, last, best), self.held)
            bench.expect("o_y_last", last, int(len(self.scores) == len(self.network.layers[-1].weights) - 1))
            self.held = None if y_ready else (raw, last, best)
            if y_ready:
                sum_w = len(dut.o_y_score)
                self.scores.append(raw - (raw >> sum_w - 1 << sum_w))
                if last:
                    answer = Answer(self.scores, best, self.spikes), bench.clock - self.began + 1
                    self.forget()
        else:
            bench.expect("o_y_valid withdrawn without ready", self.held, None)
        if self.offering and x_ready:
            self.queue.pop(0)
            self.offering = False
            if self.began < 0:
                self.began = bench.clock
        address = int(dut.o_weight_addr.value)
        await bench.step()
        dut.i_weight.value = self.weights[address] if address < len(self.weights) else self.random.getrandbits(3)
        return answer

    def draw(self, network: StepNetwork, above: bool = False) -> list[int]:
        """Return the codes of a sample of random density, with `above` some greater than L."""
        length, rate = 1 << self.config.log2l, self.random.choice([0, 0.1, 0.3, 0.6, 1])
        top = 2 * length - 1 if above else length
        number = network.inputs * (1 if network.constant else network.steps)
        return [self.random.choice([length, self.random.randint(1, top)]) * (self.random.random() < rate)
                for _ in range(number)]  # fmt: skip

    async def infer(self, samples: list[list[int]], x_rate: float = 1.0, y_rate: float = 1.0) -> None:
        """Send samples, the next one offered while the one before runs, and compare all that comes out."""
        self.queue += [code for codes in samples for code in codes]
        for n, codes in enumerate(samples):
            limit = self.bench.clock + 60_000
            while (found := await self.step(x_rate, y_rate)) is None:
                self.bench.expect(f"an answer to sample {n}", self.bench.clock < limit, True)
            answer, took = found
            wanted, network = run_steps(self.network, codes), self.network
            what = f"of sample {n}, {network}, valid rate {x_rate}, ready rate {y_rate}"
            self.bench.expect(f"spikes {what}", answer.spikes, wanted.spikes)
            self.bench.expect(f"scores {what}", answer.scores, wanted.scores)
            self.bench.expect(f"class {what}", answer.best, wanted.best)
            if x_rate == y_rate == 1.0:
                self.bench.expect(f"clocks {what}", took, clocks(network, wanted.entries))


async def engine(dut) -> Engine:
    bench = Bench(dut)
    config = Config(*(int(getattr(dut, f.name.upper()).value) for f in fields(Config)))
    e = Engine(dut, bench, rng(), config)
    await bench.start(
        i_x_valid=0, i_x=0, i_answer=0, i_y_ready=0, i_weight=0, i_table_we=0, i_table_addr=0, i_table_data=0,
    )  # fmt: skip
    return e


@cocotb.test()
async def runs_whole_networks(dut):
    """Every shape, each network loaded over the ports after the one before; full speed and back-pressure."""
    e = await engine(dut)
    rates = itertools.cycle([(1.0, 1.0), (0.3, 1.0), (1.0, 0.2), (0.5, 0.5)])
    for shape, readout in itertools.product(SHAPES, ("sum", "spikes", "potentials", "potential")):
        network = random_step_network(e.random, e.config, shape, readout)
        await e.configure(network)
        await e.infer([e.draw(network) for _ in range(2)], *next(rates))


@cocotb.test()
async def runs_the_sample_after_a_reset_at_any_clock(dut):
    """The same network, or another one that is loaded while the reset lasts."""
    e = await engine(dut)
    network = None
    for k in range(25):
        if k % 3 == 0:
            network = random_step_network(e.random, e.config, (4, 5, 3))
            await e.configure(network)
        else:
            await e.reset(e.random.choice([1, 1, 2, 5]))
            dut.rst.value = 0
        await e.infer([e.draw(network)], 1.0, e.random.choice([0.7, 1.0]))
        e.queue += e.draw(network)
        for _ in range(e.random.randrange(50 * network.steps)):
            await e.step(1.0, 0.7)


@cocotb.test()
async def takes_a_code_above_l_as_l(dut):
    e = await engine(dut)
    network = random_step_network(e.random, e.config, (6, 5, 3))
    await e.configure(network)
    await e.infer([e.draw(network, above=True) for _ in range(4)])


@cocotb.test()
async def accepts_nothing_until_it_is_configured(dut):
    e = await engine(dut)
    network = random_step_network(e.random, e.config, (2, 3, 3))
    await e.configure(network)
    await e.reset()
    dut.i_table_we.value, dut.i_table_addr.value, dut.i_table_data.value = 1, 2, 0
    await e.bench.step()
    dut.i_table_we.value, dut.rst.value = 0, 0
    dut.i_x_valid.value, dut.i_y_ready.value = 1, 1
    for k in range(100):
        await e.bench.step()
        ports = int(dut.o_x_ready.value), int(dut.o_y_valid.value)
        e.bench.expect("o_x_ready, o_y_valid with an empty table", ports, (0, 0))
        if k > 3:
            e.bench.expect("o_x_count", int(dut.o_x_count.value), 0)
    dut.i_x_valid.value = 0
    await e.configure(network)
    await e.infer([e.draw(network)])


COMMON = {"LOG2_ENTRIES": 6, "WEIGHT_AW": 12, "TABLE_AW": 8, "STATE_AW": 5, "HISTORY_AW": 5, "SUM_W": 32}
ENGINES = [
    {"LOG2L": 4, "LANES": 4, "FRAC": 4, "DELAY_AW": 1},
    {"LOG2L": 2, "LANES": 1, "FRAC": 0, "WIDTH": 8, "DELAY_AW": 2, "REFRACTORY": 1},
    {"LOG2L": 4, "LANES": 3, "FRAC": 6, "WIDTH": 12, "DELAY_AW": 3, "RESET_MODE": 1, "REFRACTORY": 1},
    {"LOG2L": 5, "LANES": 4, "FRAC": 4, "LEAK_MODE": 1, "DELAY_AW": 0},
    {"LOG2L": 3, "LANES": 3, "FRAC": 2, "LEAK_MODE": 1, "RESET_MODE": 1, "WIDTH": 20, "DELAY_AW": 2, "CONSTANT": 0},
    {"LOG2L": 4, "LANES": 4, "FRAC": 4, "NEURON": 1, "WIDTH": 10, "DELAY_AW": 1, "REFRACTORY": 1},
    {"LOG2L": 3, "LANES": 2, "FRAC": 4, "NEURON": 1, "LEAK_MODE": 1, "RESET_MODE": 1, "DELAY_AW": 2},
    {"LOG2L": 4, "LANES": 4, "FRAC": 4, "NEURON": 2, "WIDTH": 14, "DELAY_AW": 1},
    {"LOG2L": 4, "LANES": 3, "FRAC": 3, "NEURON": 2, "LEAK_MODE": 1, "RESET_MODE": 1, "REFRACTORY": 1, "DELAY_AW": 2},
    {"LOG2L": 4, "LANES": 3, "FRAC": 15, "WIDTH": 32, "DELAY_AW": 1, "REFRACTORY": 1},
    {"LOG2L": 4, "LANES": 3, "FRAC": 4, "WIDTH": 12, "LEAK_MODE": 1, "CONSTANT": 0, "BITS": 1},
    {"LOG2L": 2, "LANES": 1, "FRAC": 0, "WIDTH": 5, "RESET_MODE": 1, "REFRACTORY": 1, "CONSTANT": 0, "BITS": 1},
    {"LOG2L": 3, "LANES": 5, "FRAC": 8, "WIDTH": 16, "REFRACTORY": 1, "CONSTANT": 0, "BITS": 1},
]


@pytest.mark.parametrize("number", range(len(ENGINES)))
def test_spike_engine(number: int) -> None:
    assert run("test_spike_engine", "sc_spike_engine", COMMON | ENGINES[number], public_depth=1, seed=40 + number) == 4
