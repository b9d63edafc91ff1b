"""sc_lif against neurons.py: state and spike of every parameter set in every clock."""

from __future__ import annotations

from dataclasses import dataclass, field

import cocotb
import pytest

from bench import Bench, rng
from runner import TB, run
from sc_neurocore.neurons import LifParams, LifState, lif_step

NAMES = ("width", "leak_mode", "leak_shift", "reset_mode", "refractory")


@dataclass
class Neuron:
    """One neuron of the bench top: its fixed parameters, the model's, and the model's state."""

    fixed: dict[str, int]
    current: int = 0
    params: LifParams = field(init=False)
    state: LifState = field(init=False)
    spike: bool = False
    loud: float = 0.5  # how near to the limits its inputs are

    def draw_parameters(self, random) -> None:
        """Choose theta, v_reset and beta: extremes or anything."""
        top = (1 << self.fixed["width"] - 1) - 1
        theta = random.choice([1, top, random.randint(1, top), 1 << random.randrange(self.fixed["width"] - 1)])
        v_reset = random.choice([-top - 1, theta - 1, 0, random.randint(-top - 1, theta - 1)])
        beta = random.choice([0, 1, 128, 230, 254, 255, random.randrange(256)])
        self.params = LifParams(theta, v_reset=v_reset, beta=beta, **self.fixed)
        self.loud = random.choice([0.0, 0.1, 0.9])

    def draw_current(self, random) -> None:
        """Choose a current: the limits, one that just reaches theta or just does not, or anything."""
        p = self.params
        low, high = -p.v_max - 1, p.v_max
        if random.random() < self.loud:
            self.current = random.choice([low, high])
            return
        reach = p.theta - int(self.state.v)
        near = [reach - 1, reach, reach + 1, 0, -1, p.theta, random.randint(low, high), random.randint(0, p.theta)]
        self.current = min(max(random.choice(near), low), high)

    def reset(self) -> None:
        self.spike = False
        self.restart()

    def restart(self) -> None:
        self.state = LifState.start(self.params)

    def step(self) -> None:
        self.state, spike = lif_step(self.state, self.current, self.params)
        self.spike = bool(spike)


def neurons(dut) -> list[Neuron]:
    value = int(dut.o_parameters.value)
    return [
        Neuron({name: value >> 160 * k + 32 * j & 255 for j, name in enumerate(NAMES)}) for k in range(len(dut.o_spike))
    ]


def join(values: list[int], width: int) -> int:
    return sum((v % (1 << width)) << width * k for k, v in enumerate(values))


@cocotb.test()
async def follows_the_step_in_every_clock(dut):
    """Currents at and beyond both saturations, gaps in the enable, new thresholds, restarts and resets in mid-run."""
    bench, random = Bench(dut), rng()
    await bench.start(i_restart=0, i_en=0, i_current=0, i_theta=0, i_v_reset=0, i_beta=0)
    cells = neurons(dut)
    spikes, lows, kept = [0] * len(cells), [0] * len(cells), [0] * len(cells)
    for clock in range(3000):
        rst = clock % 60 == 0 or random.random() < 0.003
        if rst:
            for cell in cells:
                cell.draw_parameters(random)
            dut.i_theta.value = join([c.params.theta for c in cells], 32)
            dut.i_v_reset.value = join([c.params.v_reset for c in cells], 32)
            dut.i_beta.value = join([c.params.beta for c in cells], 8)
            for cell in cells:
                cell.reset()
        enables = [random.random() < 0.9 for _ in cells]
        restarts = [random.random() < 0.08 for _ in cells]
        for cell in cells:
            cell.draw_current(random)
        dut.i_current.value = join([c.current for c in cells], 32)
        dut.i_en.value = sum(e << k for k, e in enumerate(enables))
        dut.i_restart.value = sum(r << k for k, r in enumerate(restarts))
        dut.rst.value = int(rst)
        await bench.step()
        for k, (cell, enable, restart) in enumerate(zip(cells, enables, restarts, strict=True)):
            if not rst and enable:
                cell.step()
            if not rst and restart:
                cell.restart()
                kept[k] += enable and cell.spike
        v, spike = int(dut.o_v.value), int(dut.o_spike.value)
        for k, cell in enumerate(cells):
            what = f"{cell.params}, current {cell.current}"
            wanted = int(cell.state.v) % (1 << cell.params.width)
            bench.expect(f"o_v of {what}", v >> 32 * k & 0xFFFFFFFF, wanted)
            bench.expect(f"o_spike of {what}", spike >> k & 1, int(cell.spike))
            spikes[k] += cell.spike
            lows[k] += int(cell.state.v) == -cell.params.v_max - 1
    # Every neuron met what the comparison is for: spikes, also in the clock of a restart, and the lower saturation.
    # At the upper one it fires.
    assert min(spikes) >= 5, spikes
    assert sum(kept) >= 5, kept
    assert min(lows) >= 5, lows


@cocotb.test()
async def rests_exactly_as_long_as_told(dut):
    """With a threshold of 1 and a current of 1, a neuron that keeps nothing fires every REFRACTORY + 1 clocks."""
    bench = Bench(dut)
    await bench.start(i_restart=0, i_en=0, i_current=0, i_theta=0, i_v_reset=0, i_beta=0)
    cells = neurons(dut)
    dut.i_theta.value = dut.i_current.value = join([1] * len(cells), 32)
    dut.i_en.value = (1 << len(cells)) - 1
    for clock in range(600):
        await bench.step()
        wanted = sum(int(clock % (c.fixed["refractory"] + 1) == 0) << k for k, c in enumerate(cells))
        bench.expect("o_spike of all neurons", int(dut.o_spike.value), wanted)


@pytest.mark.parametrize("seed", [1, 2])
def test_lif(seed: int) -> None:
    assert run("test_lif", "tb_lif", sources=[TB / "tb_lif.v"], public_depth=1, seed=seed) == 2
