"""What every bench shares: clock and reset, seeded random numbers, comparisons that name clock and seed."""

from __future__ import annotations

import os
import random

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, Timer

__all__ = ["Bench", "rng", "settle"]


def rng(salt: object = "") -> random.Random:
    """Return a generator that depends on the bench's seed and on `salt` only."""
    return random.Random(f"{cocotb.RANDOM_SEED}{salt}")


async def settle() -> None:
    """Let combinational logic follow its inputs."""
    await Timer(1, "ns")


class Bench:
    """A clocked bench. Inputs change at the falling edge, so `step` shows registers that have taken them."""

    def __init__(self, dut: object) -> None:
        self.dut = dut
        self.clock = 0  # rising edges since the bench began

    async def start(self, **inputs: int) -> None:
        """Start the clock, give the inputs their first values, and hold rst, where there is one, for two clocks."""
        for name, value in inputs.items():
            getattr(self.dut, name).value = value
        resettable = hasattr(self.dut, "rst")
        if resettable:
            self.dut.rst.value = 1
        cocotb.start_soon(Clock(self.dut.clk, 4, unit="ns").start(start_high=False))
        await FallingEdge(self.dut.clk)
        await self.step(2)
        if resettable:
            self.dut.rst.value = 0

    async def step(self, clocks: int = 1) -> None:
        """Wait until the falling edge after `clocks` rising edges."""
        for _ in range(clocks):
            await FallingEdge(self.dut.clk)
            self.clock += 1

    async def low(self) -> None:
        """Wait, in the low half of the clock, until everything combinational has followed the inputs."""
        await settle()

    def expect(self, what: str, got: object, wanted: object) -> None:
        """Fail, naming clock and seed, unless `got` equals `wanted`."""
        # cocotb derives its RANDOM_SEED, one for each test, from the seed that the run was given.
        seed = os.environ["COCOTB_RANDOM_SEED"]
        assert got == wanted, f"{what}: got {got}, expected {wanted} at clock {self.clock}, seed {seed}"
