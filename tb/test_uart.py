"""sc_uart_rx and sc_uart_tx at several bit times: off-rate, with glitches, broken stop bits and resets."""

from __future__ import annotations

import cocotb
import pytest
from cocotb.triggers import gather

from bench import rng
from runner import TB, BenchFailure, build, run
from uart_line import LineBench, Sender

CLOCKS = (4, 5, 8, 13, 104)


class UartBench(LineBench):
    """All receivers and transmitters of tb_uart: what they say is collected at every clock."""

    def __init__(self, dut) -> None:
        super().__init__(dut)
        self.levels = (1 << len(CLOCKS)) - 1
        self.got: list[list[int]] = [[] for _ in CLOCKS]
        self.errors = [0] * len(CLOCKS)
        self.senders = [Sender(self._put(k), n) for k, n in enumerate(CLOCKS)]

    def _put(self, k: int):
        def put(level: int) -> None:
            self.levels = self.levels & ~(1 << k) | level << k
            self.dut.i_rx.value = self.levels

        return put

    async def begin(self) -> None:
        await self.start(i_rx=self.levels, i_valid=0, i_data=0)
        cocotb.start_soon(self._collect())

    async def _collect(self) -> None:
        while True:
            await self.step()
            valid, error = int(self.dut.o_valid.value), int(self.dut.o_error.value)
            if not valid | error:
                continue
            assert not valid & error
            data = int(self.dut.o_data.value)
            for k in range(len(CLOCKS)):
                if valid >> k & 1:
                    self.got[k].append(data >> 8 * k & 0xFF)
                self.errors[k] += error >> k & 1

    async def all(self, life) -> None:
        """Run `life(k)` for every bit time at once, then let the receivers finish."""
        await gather(*(life(k) for k in range(len(CLOCKS))))
        await self.step(2 * max(CLOCKS))


@cocotb.test()
async def rx_takes_every_byte_two_percent_off_rate(dut):
    bench, random = UartBench(dut), rng()
    await bench.begin()
    sent: list[list[int]] = [[] for _ in CLOCKS]

    async def life(k: int) -> None:
        for rate in (0.98, 1.0, 1.02):
            data = [0x00, 0xFF, 0x55, 0xAA, *(random.randrange(256) for _ in range(8 if k == 4 else 100))]
            for value in data:
                await bench.senders[k].byte(value, rate=rate)
                if random.random() < 0.3:
                    await bench.senders[k].level(1, 3 * random.random())
            sent[k] += data

    await bench.all(life)
    bench.expect("bytes", bench.got, sent)
    bench.expect("errors", bench.errors, [0] * len(CLOCKS))


@cocotb.test()
async def rx_drops_glitches(dut):
    bench, random = UartBench(dut), rng()
    await bench.begin()
    sent: list[list[int]] = [[] for _ in CLOCKS]

    async def life(k: int) -> None:
        for _ in range(3 if k == 4 else 30):
            # Up to a whole clock is lost between the edge and its sampling.
            width = (CLOCKS[k] / 2 - 1) * random.uniform(0.1, 0.95)
            await bench.senders[k].level(0, width / CLOCKS[k])
            await bench.senders[k].level(1, 1 + random.random())
            # Off rate, so that a byte sampled at the glitch's clocks, and not at its own, comes out wrong.
            sent[k].append(random.randrange(256))
            await bench.senders[k].byte(sent[k][-1], rate=random.choice((0.98, 1.02)))

    await bench.all(life)
    bench.expect("bytes", bench.got, sent)
    bench.expect("errors", bench.errors, [0] * len(CLOCKS))


@cocotb.test()
async def rx_reports_a_broken_stop_bit_once_and_waits_for_the_line(dut):
    bench, random = UartBench(dut), rng()
    await bench.begin()
    sent: list[list[int]] = [[] for _ in CLOCKS]
    rounds = 4

    async def life(k: int) -> None:
        for n in range(rounds):
            await bench.senders[k].byte(random.randrange(256), stop=0)
            if n:
                await bench.senders[k].level(0, 25 * random.random())
            await bench.senders[k].level(1, 1)
            sent[k].append(random.randrange(256))
            await bench.senders[k].byte(sent[k][-1])

    await bench.all(life)
    bench.expect("bytes", bench.got, sent)
    bench.expect("errors", bench.errors, [rounds] * len(CLOCKS))


@cocotb.test()
async def rx_forgets_half_a_byte_at_reset(dut):
    bench, random = UartBench(dut), rng()
    await bench.begin()
    for _ in range(12):
        # The longest bit time sees little of its byte, the shortest ones may have had several.
        for k in range(len(CLOCKS)):
            bench.senders[k]._put(0)
        await bench.step(random.randrange(1, 36))
        dut.rst.value = 1
        for k in range(len(CLOCKS)):
            bench.senders[k]._put(1)
        # Three clocks take the low level out of the synchroniser.
        await bench.step(random.randrange(1, 4))
        dut.rst.value = 0
        await bench.step(random.randrange(4, 60))
    bench.expect("bytes", bench.got, [[] for _ in CLOCKS])
    bench.expect("errors", bench.errors, [0] * len(CLOCKS))
    value = random.randrange(256)
    await bench.all(lambda k: bench.senders[k].byte(value))
    bench.expect("bytes after the resets", bench.got, [[value]] * len(CLOCKS))


@cocotb.test()
async def tx_sends_exact_bits_without_gaps(dut):
    bench, random = LineBench(dut), rng()
    await bench.start(i_rx=31, i_valid=0, i_data=0)
    # The line that is due, bit by bit from the next tick on; the bit on the line now.
    due: list[list[int]] = [[] for _ in CLOCKS]
    now, since, sent = [1] * len(CLOCKS), [0] * len(CLOCKS), [0] * len(CLOCKS)
    valid = data = 0
    for clock in range(9000):
        ready, tick, tx = int(dut.o_ready.value), int(dut.o_tick.value), int(dut.o_tx.value)
        rst = random.random() < 0.0005
        # Holding valid for long stretches gives bytes back to back.
        if clock % 16 == 0 or random.random() < 0.02:
            data = random.getrandbits(40)
            valid = 31 if clock % 2048 < 1024 else random.getrandbits(5) & random.getrandbits(5)
        for k, n in enumerate(CLOCKS):
            bench.expect(f"line, {n} clocks a bit", tx >> k & 1, now[k])
            bench.expect(f"ready, {n} clocks a bit", ready >> k & 1, int(len(due[k]) == 0))
            bench.expect(f"tick, {n} clocks a bit", tick >> k & 1, int(since[k] == n - 1))
            since[k] = (since[k] + 1) % n
            taken = valid >> k & ready >> k & 1
            if rst:
                due[k], now[k], since[k] = [], 1, 0
            elif taken:
                # A byte taken in the very clock of a tick begins with the next one.
                due[k] = [0, *((data >> 8 * k + b & 1) for b in range(8)), 1]
                sent[k] += 1
            elif tick >> k & 1 and due[k]:
                now[k] = due[k].pop(0)
        dut.rst.value, dut.i_valid.value, dut.i_data.value = int(rst), valid, data
        await bench.step()
    assert min(sent) >= 4, sent


@pytest.mark.parametrize("seed", [1, 2])
def test_uart(seed: int) -> None:
    assert run("test_uart", "tb_uart", sources=[TB / "tb_uart.v"], seed=seed) == 5


@pytest.mark.parametrize("module", ["sc_uart_rx", "sc_uart_tx"])
@pytest.mark.parametrize("clocks", [3, 65536])
def test_illegal_bit_time_fails_elaboration(module: str, clocks: int) -> None:
    with pytest.raises(BenchFailure, match="ERROR_CLOCKS_PER_BIT_must_be_in_4_to_65535"):
        build(module, {"CLOCKS_PER_BIT": clocks})
