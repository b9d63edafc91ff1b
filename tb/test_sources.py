"""sc_counter_source, sc_vdc_source, sc_sng and sc_window_sng against sources.py and streams.py, every stream length."""

from __future__ import annotations

import cocotb
import pytest
from bench import Bench, rng, settle
from runner import TB, run

from sc_neurocore.sources import counter, vdc
from sc_neurocore.streams import encode, sng

LOG2L = range(2, 13)
WINDOW_LOG2L = range(2, 9)


def field(bus: cocotb.handle.LogicArrayObject, index: int, width: int) -> int:
    """Return field `index` of a bus of fields of `width` bits, the first one at the low end."""
    return (int(bus.value) >> (index * width)) & ((1 << width) - 1)


@cocotb.test()
async def sources_follow_restart_and_enable(dut):
    bench, random = Bench(dut), rng()
    tables = {n: (counter(1 << n), vdc(1 << n)) for n in LOG2L}
    t = 0
    await bench.start(i_restart=0, i_en=0, i_x=0)
    for clock in range(12000):
        # Two windows of the longest stream without a restart, then a random life.
        steady = clock < 8500
        en = random.random() < (0.99 if steady else 0.7)
        restart = not steady and random.random() < 0.02
        rst = not steady and random.random() < 0.005
        counters, vdcs = int(dut.o_counter.value), int(dut.o_vdc.value)
        for k, n in enumerate(LOG2L):
            bench.expect(f"counter, L = {1 << n}", (counters >> 12 * k) & 0xFFF, tables[n][0][t % (1 << n)])
            bench.expect(f"vdc, L = {1 << n}", (vdcs >> 12 * k) & 0xFFF, tables[n][1][t % (1 << n)])
        dut.i_en.value, dut.i_restart.value, dut.rst.value = int(en), int(restart), int(rst)
        await bench.step()
        t = 0 if rst or restart else t + en


@cocotb.test()
async def sng_gives_exactly_x_ones_a_window(dut):
    bench, random = Bench(dut), rng()
    await bench.start(i_restart=0, i_en=1, i_x=0)
    for n in LOG2L:
        length, k = 1 << n, n - LOG2L[0]
        every = range(2 * length) if n <= 5 else [0, 1, length - 1, length, length + 1, 2 * length - 1]
        for x in [*every, random.randrange(2 * length)]:
            dut.i_x.value, dut.i_restart.value = x, 1
            await bench.step()
            dut.i_restart.value = 0
            for source, r in (("counter", counter(length)), ("vdc", vdc(length))):
                bits = []
                if source == "vdc":
                    dut.i_restart.value = 1
                    await bench.step()
                    dut.i_restart.value = 0
                for t in range(length):
                    bus = dut.o_counter_bit if source == "counter" else dut.o_vdc_bit
                    bits.append(field(bus, k, 1))
                    bench.expect(f"{source} bit {t}, L = {length}, X = {x}", bits[-1], int(sng(x, r)[t]))
                    await bench.step()
                bench.expect(f"ones of {source}, L = {length}, X = {x}", sum(bits), min(x, length))


@cocotb.test()
async def window_sng_equals_the_stream_of_every_code(dut):
    bench = Bench(dut)
    for k, n in enumerate(WINDOW_LOG2L):
        length = 1 << n
        for x in range(2 * length):
            dut.i_x.value = x
            await settle()
            for source, bus in (("counter", dut.o_counter_window), ("vdc", dut.o_vdc_window)):
                wanted = sum(int(b) << t for t, b in enumerate(encode(x, length, source)))
                bench.expect(f"{source} window, L = {length}, X = {x}", field(bus, k, 256), wanted)


@pytest.mark.parametrize("seed", [1, 2])
def test_sources(seed: int) -> None:
    assert run("test_sources", "tb_sources", sources=[TB / "tb_sources.v"], seed=seed) == 3
