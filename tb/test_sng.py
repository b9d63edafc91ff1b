"""sc_counter_source, sc_vdc_source, sc_sng and sc_window_sng against sources.py and streams.py, every stream length."""

from __future__ import annotations

import cocotb
import pytest

from bench import Bench, rng, settle
from runner import TB, run
from sc_neurocore.sources import source
from sc_neurocore.streams import encode, sng

LOG2L = range(2, 13)
WINDOW_LOG2L = range(2, 9)


@cocotb.test()
async def sources_follow_restart_and_enable(dut):
    bench, random = Bench(dut), rng()
    outputs = {"counter": dut.o_counter, "vdc": dut.o_vdc}
    wanted = {}
    for name in outputs:
        tables = [source(name, 1 << n).tolist() for n in LOG2L]
        wanted[name] = [sum(r[t % len(r)] << 12 * k for k, r in enumerate(tables)) for t in range(4096)]
    t = 0
    await bench.start(i_restart=0, i_en=0, i_x=0)
    for clock in range(12000):
        # Two windows of the longest stream without a restart, then a random life.
        steady = clock < 8500
        en = random.random() < (0.99 if steady else 0.7)
        restart = not steady and random.random() < 0.02
        rst = not steady and random.random() < 0.005
        for name, bus in outputs.items():
            bench.expect(f"{name}, 12 bits for each L from 4 to 4096", int(bus.value), wanted[name][t % 4096])
        dut.i_en.value, dut.i_restart.value, dut.rst.value = int(en), int(restart), int(rst)
        await bench.step()
        t = 0 if rst or restart else t + en


@cocotb.test()
async def sng_gives_exactly_x_ones_a_window(dut):
    bench, random = Bench(dut), rng()
    await bench.start(i_restart=0, i_en=1, i_x=0)
    outputs = {"counter": dut.o_counter_bit, "vdc": dut.o_vdc_bit}
    for k, n in enumerate(LOG2L):
        length = 1 << n
        edges = [0, 1, length - 1, length, length + 1, 2 * length - 1]
        codes = range(2 * length) if n <= 5 else [*edges, random.randrange(2 * length)]
        if n > 9:
            codes = random.sample(codes, 2)
        for x in codes:
            dut.i_x.value, dut.i_restart.value = x, 1
            await bench.step()
            dut.i_restart.value = 0
            await settle()
            ones = dict.fromkeys(outputs, 0)
            streams = {name: sng(x, source(name, length)) for name in outputs}
            for t in range(length):
                for name, bus in outputs.items():
                    bit = int(bus.value) >> k & 1
                    bench.expect(f"{name} bit {t}, L = {length}, X = {x}", bit, int(streams[name][t]))
                    ones[name] += bit
                await bench.step()
            bench.expect(f"ones, L = {length}, X = {x}", ones, dict.fromkeys(outputs, min(x, length)))


@cocotb.test()
async def window_sng_equals_the_stream_of_every_code(dut):
    bench = Bench(dut)
    outputs = {"counter": dut.o_counter_window, "vdc": dut.o_vdc_window}
    windows = {
        (name, n): encode(range(2 << n), 1 << n, name).astype(int).astype(str) for name in outputs for n in WINDOW_LOG2L
    }
    for x in range(512):
        dut.i_x.value = x
        await settle()
        for name, bus in outputs.items():
            bits = int(bus.value)
            for k, n in enumerate(WINDOW_LOG2L):
                # The low n + 1 bits of i_x are this generator's code.
                wanted = int("".join(windows[name, n][x % (2 << n)][::-1]), 2)
                got = bits >> 256 * k & ((1 << 256) - 1)
                bench.expect(f"{name} window, L = {1 << n}, X = {x % (2 << n)}", got, wanted)


@pytest.mark.parametrize("seed", [1, 2])
def test_sng(seed: int) -> None:
    cases = ["sources_follow_restart_and_enable", "sng_gives_exactly_x_ones_a_window"]
    assert (
        run(
            "test_sng",
            "tb_sources",
            sources=[TB / "tb_sources.v"],
            public_depth=1,
            testcase=cases,
            seed=seed,
        )
        == 2
    )


def test_window_sng() -> None:
    case = "window_sng_equals_the_stream_of_every_code"
    assert run("test_sng", "tb_sources", sources=[TB / "tb_sources.v"], public_depth=1, testcase=case) == 1
