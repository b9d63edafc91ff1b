"""sc_mul_bipolar, sc_mux_add, sc_counter, sc_correlator and sc_decorrelator against streams.py, every clock."""

from __future__ import annotations

from dataclasses import dataclass, field

import cocotb
import numpy as np
import pytest

from bench import Bench, rng, settle
from runner import TB, run
from sc_neurocore.streams import correlate, decorrelate, multiply_bipolar, mux_add, to_binary

SIZES = [1, 2, 37, 256]
LOG2N = [1, 2, 5, 10]
LOG2L = [2, 3, 6, 24]
DEPTHS = [1, 2, 3, 4, 7, 64]
LOG2_DEPTHS = [1, 2, 3, 8]


def bits(value: int, count: int) -> np.ndarray:
    return np.array([value >> k & 1 for k in range(count)], dtype=bool)


def word(stream: np.ndarray) -> int:
    return sum(int(b) << k for k, b in enumerate(stream))


@cocotb.test()
async def gates_equal_the_model(dut):
    bench, random = Bench(dut), rng()
    await bench.start(i_restart=0, i_first=0, i_en=0, i_wide_x=0, i_wide_w=0, i_sel=0, i_x=0, i_y=0)
    every = [(x, w, s) for x in range(4) for w in range(4) for s in range(4)]
    wide = [(random.getrandbits(1024), random.getrandbits(256), random.getrandbits(10)) for _ in range(300)]
    # A one, or a zero, that only the input chosen has.
    wide += [(1 << s, 0, s) for s in range(0, 1024, 31)] + [(~(1 << s) % 2**1024, 0, s) for s in range(7, 1024, 61)]
    for x, w, sel in every + wide:
        dut.i_wide_x.value, dut.i_wide_w.value, dut.i_sel.value = x, w, sel
        await settle()
        product, mux = int(dut.o_product.value), int(dut.o_mux.value)
        for k, n in enumerate(SIZES):
            wanted = word(multiply_bipolar(bits(x, n), bits(w, n)))
            bench.expect(f"o_bits, N = {n}", product >> 256 * k & ((1 << 256) - 1), wanted)
        for k, log2n in enumerate(LOG2N):
            inputs = bits(x, 1 << log2n)[:, None]
            wanted = int(mux_add(inputs, [sel % (1 << log2n)])[0])
            bench.expect(f"o_bit, LOG2N = {log2n}, sel {sel}", mux >> k & 1, wanted)


@dataclass
class Window:
    """What came since the last restart in enabled clocks, and what went out in them."""

    x: list[int] = field(default_factory=list)
    y: list[int] = field(default_factory=list)
    addresses: list[int] = field(default_factory=list)
    out: list[tuple[int, int, int]] = field(default_factory=list)  # o_x, o_y, o_shuffled

    def check(self, bench: Bench) -> None:
        """Compare every bit with the model; the last entry may be of a clock that was not enabled."""
        x, y = np.array(self.x, dtype=bool), np.array(self.y, dtype=bool)
        for k, depth in enumerate(DEPTHS):
            a, b = correlate(x, y, depth)
            got = [(o[0] >> k & 1, o[1] >> k & 1) for o in self.out]
            bench.expect(f"correlator, DEPTH = {depth}", got, list(zip(a.astype(int), b.astype(int), strict=True)))
        for k, log2_depth in enumerate(LOG2_DEPTHS):
            wanted = decorrelate(x, np.array(self.addresses) % (1 << log2_depth), log2_depth).astype(int)
            bench.expect(f"decorrelator, LOG2_DEPTH = {log2_depth}", [o[2] >> k & 1 for o in self.out], wanted.tolist())


@cocotb.test()
async def registers_equal_the_model_in_every_clock(dut):
    """Streams of changing density and correlation, gaps in the enable, restarts, a counter's windows longer than L."""
    bench, random = Bench(dut), rng()
    await bench.start(i_restart=0, i_first=0, i_en=0, i_wide_x=0, i_wide_w=0, i_sel=0, i_x=0, i_y=0)
    window, counted = Window(), []
    p = q = 0.5
    same = 0.0
    for clock in range(9000):
        if clock % 50 == 0:
            p, q, same = random.choice([0.05, 0.5, 0.95, 1.0]), random.random(), random.choice([0, 0, 0.9])
        en, rst = random.random() < 0.85, random.random() < 0.003
        restart = random.random() < (0.02 if clock < 4000 else 0.002)
        x = int(random.random() < p)
        y = x if random.random() < same else int(random.random() < q)
        address, first = random.getrandbits(10), random.random() < 0.03
        dut.i_x.value, dut.i_y.value, dut.i_sel.value, dut.i_en.value = x, y, address, int(en)
        dut.i_restart.value, dut.i_first.value, dut.rst.value = int(restart), int(first), int(rst)
        await bench.low()
        out = tuple(int(o.value) for o in (dut.o_x, dut.o_y, dut.o_shuffled))
        count = int(dut.o_count.value)
        for k, log2l in enumerate(LOG2L):
            wanted = int(to_binary(np.array(counted, dtype=bool), 1 << log2l))
            bench.expect(f"o_count, LOG2L = {log2l}", count >> 25 * k & ((1 << 25) - 1), wanted)
        # The outputs are combinational: right whether the clock is enabled or not.
        window.x.append(x)
        window.y.append(y)
        window.addresses.append(address)
        window.out.append(out)
        if not en or restart or rst:
            if restart or rst or random.random() < 0.1:
                window.check(bench)
            for column in (window.x, window.y, window.addresses, window.out):
                column.pop()
        await bench.step()
        if restart or rst:
            window = Window()
        counted = [] if rst else ([] if first else counted) + ([x] if en else [])
    window.check(bench)


@pytest.mark.parametrize("seed", [1, 2])
def test_bits(seed: int) -> None:
    assert run("test_bits", "tb_bits", sources=[TB / "tb_bits.v"], public_depth=1, seed=seed) == 2
