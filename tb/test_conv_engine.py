"""sc_network, and with it every module of the convolution engine, on whole random networks against golden.py."""

from __future__ import annotations

from dataclasses import dataclass

import cocotb
import numpy as np
import pytest

from bench import Bench, rng
from networks import random_conv_network
from runner import run
from sc_neurocore.hardware.conv_image import ConvConfig, conv_check, conv_table_words, conv_weight_words
from sc_neurocore.network import Network
from test_engine import Engine, reference

# Layers of each network, and the shape of its input.
NETWORKS = [
    ("c", (5, 4, 2)), ("d", (1, 1, 9)), ("cd", (6, 6, 1)), ("mcd", (6, 5, 3)), ("ccad", (5, 6, 2)), ("dd", (3, 3, 2)),
    ("cc", (4, 7, 4)), ("cdc", (1, 8, 3)),
]  # fmt: skip


@dataclass
class ConvEngine(Engine):
    """Drives sc_network with the convolution engine; see Engine."""

    config: ConvConfig | None = None
    index: int = 0  # of the next count of the layer

    def draw_network(self, shape=None) -> Network:
        kinds, size = shape or self.random.choice(NETWORKS)
        generator = np.random.default_rng(self.random.getrandbits(32))
        network = random_conv_network(generator, 1 << self.log2l, kinds, size, self.frac)
        conv_check(network, self.config)
        return network

    def image(self, network: Network) -> tuple[list[int], list[int]]:
        return conv_weight_words(network, self.lanes), conv_table_words(network, self.config)

    async def write(self, port: str, words: list[int]) -> None:
        """Write words from address 0; the halves of a table word one after the other."""
        await super().write(port, words + [0] * (len(words) % 2))

    def observe(self) -> None:
        inside = self.dut.u_core.g_conv.u_engine
        if int(inside.code_valid.value):
            code = int(inside.code.value)
            if code:
                self.counts.append((self.layer, self.index, code))
            self.index += 1
            if int(inside.code_last.value):
                self.layer, self.index = self.layer + 1, 0

    async def reset(self, clocks: int = 1) -> None:
        await super().reset(clocks)
        self.index = 0


async def engine(dut) -> ConvEngine:
    bench = Bench(dut)
    names = ("LOG2L", "LANES", "FRAC", "MAC")
    values = [int(getattr(dut, name).value) for name in names]
    e = ConvEngine(dut, bench, rng(), *values)
    e.config = ConvConfig(*values[:3], **SIZES, mac=values[3])
    await bench.start(
        i_x_valid=0, i_x=0, i_y_ready=0, i_weight_we=0, i_weight_addr=0, i_weight_data=0, i_table_we=0,
        i_table_addr=0, i_table_data=0,
    )  # fmt: skip
    return e


@cocotb.test()
async def runs_whole_networks(dut):
    """Every kind, each network loaded over the ports after the one before; full speed and back-pressure."""
    e = await engine(dut)
    for shape in NETWORKS:
        network = e.draw_network(shape)
        await e.configure(network)
        x_rate, y_rate = e.random.choice([(1.0, 1.0), (0.3, 1.0), (1.0, 0.2), (0.5, 0.5)])
        await e.check(network, 3, x_rate, y_rate)


@cocotb.test()
async def runs_the_inference_after_a_reset_at_any_clock(dut):
    """The same network, or another one that is loaded while the reset lasts; sums of the one before are gone."""
    e = await engine(dut)
    network = e.draw_network(("cd", (5, 5, 2)))
    await e.configure(network)
    start = e.bench.clock
    await e.check(network, 2)
    longest = (e.bench.clock - start) // 2
    for k in range(20):
        e.queue += [int(x) for x in e.draw_codes(network, 2)[1]]
        for _ in range(e.random.randrange(longest)):
            await e.step(1.0, 0.7)
        if k % 5 == 4:
            network = e.draw_network(("mcd", (5, 5, 2)))
            await e.configure(network)
        else:
            await e.reset(e.random.choice([1, 1, 2, 5]))
            dut.rst.value = 0
        codes = e.draw_codes(network, 4)[e.random.randrange(4)][None, :]
        await e.infer(codes, reference(network, codes, e.mac))


@cocotb.test()
async def takes_a_code_above_l_as_l(dut):
    """Also in pooling, whose terms are codes and no streams."""
    e = await engine(dut)
    for kinds in ("cd", "acd", "mcd"):
        network = e.draw_network((kinds, (4, 4, 2)))
        await e.configure(network)
        length = network.length
        # A product has no comparator to saturate: with MAC = 1 the codes above L are the host's mistake.
        top = length if e.mac else 2 * length - 1
        codes = np.array([[e.random.randint(0, top) for _ in range(32)] for _ in range(3)])
        await e.infer(codes, reference(network, np.minimum(codes, length), e.mac))


@cocotb.test()
async def accepts_nothing_until_it_is_configured(dut):
    e = await engine(dut)
    for _ in range(2):
        await e.reset()
        await e.write("table", [e.random.getrandbits(16), e.random.getrandbits(16), 0, 0, 0xFFFF, 0xFFFF])
        dut.rst.value = 0
        dut.i_x_valid.value, dut.i_y_ready.value = 1, 1
        for _ in range((1 << e.config.acc_aw) + 100):
            await e.bench.step()
            e.bench.expect("o_x_ready, o_y_valid with an empty table", e.ports(), (0, 0))
        dut.i_x_valid.value = 0
        network = e.draw_network()
        await e.configure(network)
        await e.check(network, 2)


SIZES = {"act_aw": 10, "acc_aw": 9, "weight_aw": 12, "table_aw": 8, "sum_w": 20, "pool": 1}
# LOG2L, LANES, FRAC, MAC
ENGINES = [(2, 1, 4, 0), (4, 3, 4, 0), (5, 5, 0, 0), (4, 2, 8, 1)]


@pytest.mark.parametrize(("log2l", "lanes", "frac", "mac"), ENGINES)
def test_conv_engine(log2l: int, lanes: int, frac: int, mac: int) -> None:
    parameters = ConvConfig(log2l, lanes, frac, **SIZES, mac=mac).parameters()
    seed = log2l * 100 + lanes * 10 + mac
    assert run("test_conv_engine", "sc_network", parameters, public_depth=3, seed=seed) == 4
