"""sc_apc and sc_mul against streams.py."""

from __future__ import annotations

import cocotb
import numpy as np
import pytest

from bench import Bench, rng, settle
from runner import TB, run
from sc_neurocore.streams import multiply, popcount


def fields(value: int, width: int, count: int) -> list[int]:
    return [value >> k * width & ((1 << width) - 1) for k in range(count)]


def bits(value: int, count: int) -> np.ndarray:
    return np.array([value >> k & 1 for k in range(count)], dtype=bool)


def word(stream: np.ndarray) -> int:
    return sum(int(b) << k for k, b in enumerate(stream))


def vector(random, width: int) -> int:
    """Return `width` random bits of a random density: none, few, half, most or all of them ones."""
    a, b = random.getrandbits(width), random.getrandbits(width)
    return random.choice([0, a & b & random.getrandbits(width), a, a | b | random.getrandbits(width), (1 << width) - 1])


@cocotb.test()
async def apc_counts_the_ones(dut):
    bench, random = Bench(dut), rng()
    await settle()
    sizes = fields(int(dut.o_n.value), 13, len(dut.o_n) // 13)
    assert (min(sizes), max(sizes)) == (1, 4096)
    assert len(set(sizes)) == len(sizes)
    small = [x for n in range(1, 10) for x in range(1 << n)]
    walking = [1 << k for k in range(0, 4096, 41)]
    for x in [*small, *walking, *(vector(random, 4096) for _ in range(300))]:
        dut.i_bits.value = x
        await settle()
        counts = fields(int(dut.o_count.value), 13, len(sizes))
        stream = bits(x, 4096)
        wanted = [int(popcount(stream[:n])) for n in sizes]
        bench.expect(f"counts of {x:x} for N = {sizes}", counts, wanted)


@cocotb.test()
async def mul_ands_and_steers_by_the_sign(dut):
    bench, random = Bench(dut), rng()
    await settle()
    sizes = fields(int(dut.o_mul_n.value), 13, len(dut.o_mul_n) // 13)
    exhaustive = [(x, w, s) for x in range(4) for w in range(4) for s in (0, 1)]
    drawn = [(vector(random, 256), vector(random, 256), random.getrandbits(1)) for _ in range(300)]
    for x, w, negative in [*exhaustive, *drawn]:
        dut.i_x.value, dut.i_w.value, dut.i_w_neg.value = x, w, negative
        await settle()
        pos, neg = (fields(int(bus.value), 256, len(sizes)) for bus in (dut.o_pos, dut.o_neg))
        up, down = multiply(bits(x, 256), bits(w, 256), negative)
        for k, n in enumerate(sizes):
            bench.expect(f"o_pos, N = {n}", pos[k], word(up[:n]))
            bench.expect(f"o_neg, N = {n}", neg[k], word(down[:n]))


@pytest.mark.parametrize("seed", [1, 2])
def test_gates(seed: int) -> None:
    assert run("test_gates", "tb_gates", sources=[TB / "tb_gates.v"], public_depth=1, seed=seed) == 2
