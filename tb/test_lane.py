"""sc_lane against the sums of golden.py, and with MAC = 1 against integer products, in every clock."""

from __future__ import annotations

from dataclasses import dataclass, field

import cocotb
import pytest

from bench import Bench, rng
from runner import TB, run
from sc_neurocore.streams import encode, pack_codes, product_table


@dataclass
class Lane:
    """One lane of the bench top, what it is driven with, and the exact sum that it must show."""

    log2l: int
    mac: int
    acc_w: int
    total: int = 0
    ended: bool = False  # the synapse before ended its neuron
    valid: bool = False
    last: bool = False
    x: int = 0
    code: int = 0
    windows: list[int] = field(default_factory=list)  # code → the window's bits as a word

    @property
    def length(self) -> int:
        return 1 << self.log2l

    def term(self) -> int:
        if self.mac:
            return self.x * self.code
        product = int(product_table(self.length)[self.x, abs(self.code)])
        return product if self.code > 0 else -product

    def draw(self, random) -> None:
        self.valid, top = random.random() < 0.8, self.length - 1
        self.x = random.choice([0, self.length, random.randint(0, self.length)])
        self.code = random.choice([0, top, -top, random.randint(-top, top)])
        # A sum that could not hold one more term must end: sc_lane leaves its width to the user.
        room = (1 << self.acc_w - 1) - 1
        total = (0 if self.ended else self.total) + self.term()
        if abs(total) > room:
            self.valid = False
        full = abs(total) + top * (self.length if self.mac else 1) > room
        self.last = full or random.random() < random.choice([0.02, 0.3])

    def step(self) -> None:
        if self.ended:
            self.total = 0
        self.ended = self.valid and self.last
        if self.valid:
            self.total += self.term()


def lanes(dut) -> list[Lane]:
    out = []
    for k in range(len(dut.i_valid)):
        log2l, mac = 2 + k // 4, k % 2
        narrow = 2 * log2l + 2 if mac else log2l + 2
        bits = encode(range((1 << log2l) + 1), 1 << log2l).astype(int)
        words = [int("".join(map(str, row[::-1])), 2) for row in bits]
        out.append(Lane(log2l, mac, 32 if k // 2 % 2 else narrow, windows=words))
    return out


@cocotb.test()
async def sums_every_synapse_exactly(dut):
    """Gaps, runs of any length, -0, resets in the middle of a sum."""
    bench, random = Bench(dut), rng()
    await bench.start(i_valid=0, i_last=0, i_x=0, i_x_bits=0, i_weight=0)
    cells = lanes(dut)
    for _ in range(3000):
        rst = random.random() < 0.01
        for cell in cells:
            cell.draw(random)
        minus_zero = random.random() < 0.5
        weights = [int(pack_codes(c.code, c.length)) or c.length * minus_zero for c in cells]
        dut.i_valid.value = sum(c.valid << k for k, c in enumerate(cells))
        dut.i_last.value = sum(c.last << k for k, c in enumerate(cells))
        dut.i_x.value = sum(c.x << 9 * k for k, c in enumerate(cells))
        dut.i_x_bits.value = sum(c.windows[c.x] << 256 * k for k, c in enumerate(cells))
        dut.i_weight.value = sum(w << 9 * k for k, w in enumerate(weights))
        dut.rst.value = int(rst)
        await bench.step()
        sums = int(dut.o_sum.value)
        for k, cell in enumerate(cells):
            if rst:
                cell.total, cell.ended = 0, False
            else:
                cell.step()
            got = sums >> 32 * k & 0xFFFFFFFF
            bench.expect(
                f"o_sum of L = {cell.length}, MAC = {cell.mac}, ACC_W = {cell.acc_w}",
                got - (got >> 31 << 32),
                cell.total,
            )


@cocotb.test()
async def adds_any_product_of_the_table(dut):
    """Every X with a random W, L = 4 ... 256, each synapse a neuron of its own."""
    bench, random = Bench(dut), rng()
    await bench.start(i_valid=(1 << len(dut.i_valid)) - 1, i_last=(1 << len(dut.i_valid)) - 1)
    cells = lanes(dut)
    for x in range(257):
        for cell in cells:
            cell.x, cell.code = x % (cell.length + 1), random.randint(1 - cell.length, cell.length - 1)
        dut.i_x.value = sum(c.x << 9 * k for k, c in enumerate(cells))
        dut.i_x_bits.value = sum(c.windows[c.x] << 256 * k for k, c in enumerate(cells))
        dut.i_weight.value = sum(int(pack_codes(c.code, c.length)) << 9 * k for k, c in enumerate(cells))
        await bench.step()
        sums = int(dut.o_sum.value)
        got = [(f := sums >> 32 * k & 0xFFFFFFFF) - (f >> 31 << 32) for k in range(len(cells))]
        bench.expect(f"o_sum of each lane, X = {x} modulo L + 1", got, [c.term() for c in cells])


@pytest.mark.parametrize("seed", [1, 2])
def test_lane(seed: int) -> None:
    assert run("test_lane", "tb_lane", sources=[TB / "tb_lane.v"], public_depth=1, seed=seed) == 2
