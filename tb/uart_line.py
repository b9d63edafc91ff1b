"""A serial line in simulated time: sends bytes at any rate, with faults, and decodes the bytes that come back."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, Timer, ValueChange

from bench import Bench

__all__ = ["CLOCK_NS", "LineBench", "Receiver", "Sender"]

CLOCK_NS = 2


class LineBench(Bench):
    """A bench whose clock has the period that the line's bit times are made of."""

    async def start(self, **inputs: int) -> None:
        """Start the clock, give the inputs their first values, and hold rst for two clocks."""
        for name, value in inputs.items():
            getattr(self.dut, name).value = value
        self.dut.rst.value = 1
        cocotb.start_soon(Clock(self.dut.clk, CLOCK_NS, unit="ns").start(start_high=False))
        await FallingEdge(self.dut.clk)
        await self.step(2)
        self.dut.rst.value = 0


class Sender:
    """Drives a line through `put(level)`. The line idles high."""

    def __init__(self, put: Callable[[int], None], clocks_per_bit: int) -> None:
        self._put = put
        self._bit_ps = clocks_per_bit * CLOCK_NS * 1000
        put(1)

    async def level(self, level: int, bits: float) -> None:
        """Hold the line at `level` for some bit times."""
        self._put(level)
        await Timer(max(1, round(bits * self._bit_ps)), "ps")

    async def byte(self, value: int, *, rate: float = 1.0, stop: int = 1) -> None:
        """Send one byte, 8N1, at `rate` times the nominal rate; stop=0 breaks the stop bit."""
        for bit in [0, *((value >> k & 1) for k in range(8)), stop]:
            await self.level(bit, 1 / rate)
        self._put(1)

    async def send(self, data: Iterable[int], *, rate: float = 1.0, gap: float = 0) -> None:
        """Send bytes with `gap` bit times of silence after each."""
        for value in data:
            await self.byte(value, rate=rate)
            if gap:
                await self.level(1, gap)


class Receiver:
    """Decodes a one-bit output at its nominal rate, sampling mid-bit; a low stop bit fails the bench."""

    def __init__(self, signal: cocotb.handle.LogicObject, clocks_per_bit: int) -> None:
        self.data = bytearray()
        self._signal = signal
        self._bit_ps = clocks_per_bit * CLOCK_NS * 1000
        cocotb.start_soon(self._decode())

    async def _decode(self) -> None:
        while True:
            if int(self._signal.value) == 1:
                await ValueChange(self._signal)
                continue
            await Timer(self._bit_ps // 2, "ps")
            bits = []
            for _ in range(9):
                await Timer(self._bit_ps, "ps")
                bits.append(int(self._signal.value))
            assert bits[8] == 1, f"no stop bit after {len(self.data)} bytes"
            self.data.append(sum(b << k for k, b in enumerate(bits[:8])))
