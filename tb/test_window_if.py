"""sc_window_if against neurons.py: the step in every clock, and the formula for every whole window."""

from __future__ import annotations

from dataclasses import dataclass

import cocotb
import numpy as np
import pytest

from bench import Bench, rng
from runner import TB, run
from sc_neurocore.neurons import window_if, window_if_step

SILENT = -1  # what rst leaves in v


@dataclass
class Neuron:
    """One neuron of the bench top: its parameters, what it is driven with, and the model's state."""

    acc_w: int
    frac: int
    theta_w: int
    s: int = 0
    theta: int = 1
    v: int = SILENT

    def draw(self, random) -> None:
        """Choose S and theta: extremes, near the threshold, or anything."""
        low, high = -(1 << self.acc_w - 1), (1 << self.acc_w - 1) - 1
        top = (1 << self.theta_w) - 1
        self.theta = random.choice([1, top, random.randint(1, top), min(top, 1 << random.randrange(32))])
        near = (random.randint(0, 40) * 2 + 1) * self.theta >> self.frac + 1
        s = random.choice([low, high, 0, -1, 1, random.randint(low, high), near, near - 1, near + 1])
        self.s = min(max(s, low), high)

    def load(self) -> None:
        self.v = (self.s << self.frac + 1) - self.theta

    def step(self) -> None:
        self.v = int(window_if_step(np.int64(self.v), self.theta)[0])


def neurons(dut) -> list[Neuron]:
    value = int(dut.o_parameters.value)
    sets = [[value >> 18 * k + 6 * j & 63 for j in range(3)] for k in range(len(dut.o_spike))]
    return [Neuron(*s) for s in sets]


def drive(dut, cells: list[Neuron]) -> None:
    dut.i_s.value = sum((c.s & 0xFFFFFFFF) << 32 * k for k, c in enumerate(cells))
    dut.i_theta.value = sum(c.theta << 32 * k for k, c in enumerate(cells))


@cocotb.test()
async def follows_the_step_in_every_clock(dut):
    """Loads at random, also in mid-window, gaps in the enable, resets at random."""
    bench, random = Bench(dut), rng()
    await bench.start(i_load=0, i_en=0, i_s=0, i_theta=0)
    cells = neurons(dut)
    drive(dut, cells)
    for _ in range(8000):
        wanted = sum(int(c.v >= 0) << k for k, c in enumerate(cells))
        bench.expect("o_spike of all neurons", int(dut.o_spike.value), wanted)
        loads = [random.random() < 0.05 for _ in cells]
        enables = [random.random() < 0.8 for _ in cells]
        rst = random.random() < 0.003
        for cell, load in zip(cells, loads, strict=True):
            if load:
                cell.draw(random)
        if any(loads):
            drive(dut, cells)
        dut.i_load.value = sum(b << k for k, b in enumerate(loads))
        dut.i_en.value = sum(b << k for k, b in enumerate(enables))
        dut.rst.value = int(rst)
        await bench.step()
        for cell, load, enable in zip(cells, loads, enables, strict=True):
            if rst:
                cell.v = SILENT
            elif load:
                cell.load()
            elif enable:
                cell.step()


@cocotb.test()
async def emits_the_count_of_the_formula_then_silence(dut):
    """c = clip(round(S / theta), 0, L), as c ones and then zeros (A8)."""
    bench, random = Bench(dut), rng()
    await bench.start(i_load=0, i_en=0, i_s=0, i_theta=0)
    cells = neurons(dut)
    for _ in range(120):
        length = random.choice([4, 8, 16, 32, 64])
        for cell in cells:
            cell.draw(random)
        drive(dut, cells)
        dut.i_load.value, dut.i_en.value = (1 << len(cells)) - 1, (1 << len(cells)) - 1
        await bench.step()
        dut.i_load.value = 0
        streams = [[] for _ in cells]
        for _ in range(length):
            spikes = int(dut.o_spike.value)
            for k, stream in enumerate(streams):
                stream.append(spikes >> k & 1)
            await bench.step()
        for cell, stream in zip(cells, streams, strict=True):
            c = int(window_if(cell.s, cell.theta, cell.frac, length))
            bench.expect(f"stream of {cell}, L = {length}", stream, [1] * c + [0] * (length - c))


@cocotb.test()
async def is_silent_from_reset_until_the_first_load(dut):
    bench = Bench(dut)
    await bench.start(i_load=0, i_en=(1 << len(dut.o_spike)) - 1, i_s=0, i_theta=0)
    drive(dut, neurons(dut))
    for _ in range(20):
        bench.expect("o_spike", int(dut.o_spike.value), 0)
        await bench.step()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_window_if(seed: int) -> None:
    assert run("test_window_if", "tb_window_if", sources=[TB / "tb_window_if.v"], public_depth=1, seed=seed) == 3
