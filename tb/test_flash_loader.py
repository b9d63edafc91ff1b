"""sc_flash_loader before sc_system, with a model of an SPI NOR flash: networks, damage of every kind, resets."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable

import cocotb
import numpy as np
import pytest
from cocotb.triggers import Timer, ValueChange
from cocotb.utils import get_sim_time

from networks import random_conv_network
from runner import TB, run
from sc_neurocore.errors import ScError
from sc_neurocore.hardware.conv_image import ConvConfig
from sc_neurocore.hardware.core import check_fits, core_table_words, core_weight_words
from sc_neurocore.hardware.flash_image import FIELDS, encode_image, flash_image
from sc_neurocore.hardware.host import Boot, Command, Status, encode_request
from sc_neurocore.network import Network
from test_host import BUILDS, CONFIG, INFO, HostBench, random_network
from uart_line import CLOCK_NS

FLASH_ADDR = 0x0155AA  # of tb_flash_loader, as is the next
WAKE = 1 << 6
HEADER = 5 + len(FIELDS) - 1  # STEPS is there only where the engine is that of networks in steps


class Flash:
    """An SPI NOR flash, mode 0: asleep at first; knows AB (wake) and 03 (read). It answers garbage where it may."""

    def __init__(self, dut, draw: random.Random, *, wake: int = WAKE - 4) -> None:
        self.dut, self.draw, self.wake_ns = dut, draw, wake * CLOCK_NS
        self.image = b""
        self.awake_at = float("inf")
        self.commands: list[int] = []
        self.read_from: list[int] = []
        self.gaps: list[float] = []  # ns without selection before each command
        self._deselected = 0.0
        self._in: list[int] = []
        self._out: int | None = None  # next bit to hand out
        cocotb.start_soon(self._select())
        cocotb.start_soon(self._clock())

    def sleep(self) -> None:
        self.awake_at = float("inf")

    def _bit(self, index: int) -> int:
        at, bit = divmod(index, 8)
        at += self._address - FLASH_ADDR
        byte = self.image[at] if 0 <= at < len(self.image) else 0xFF
        return byte >> (7 - bit) & 1

    async def _select(self) -> None:
        dut = self.dut
        while True:
            await ValueChange(dut.o_spi_cs_n)
            if int(dut.o_spi_cs_n.value):
                self._deselected = get_sim_time("ns")
                self._end()
            else:
                assert not int(dut.o_spi_sck.value), "mode 0: the clock is low at selection"
                self.gaps.append(get_sim_time("ns") - self._deselected)
            self._in, self._out = [], None

    async def _clock(self) -> None:
        dut = self.dut
        while True:
            await ValueChange(dut.o_spi_sck)
            if int(dut.o_spi_cs_n.value):
                continue
            if self._out is None and int(dut.o_spi_sck.value):
                self._in.append(int(dut.o_spi_mosi.value))
                if len(self._in) == 32 and self._word(8) == 3:
                    self._begin_read()
            elif self._out is None:
                dut.i_spi_miso.value = self.draw.getrandbits(1)
            elif not int(dut.o_spi_sck.value):
                dut.i_spi_miso.value = self._bit(self._out) if self._awake else self.draw.getrandbits(1)
                self._out += 1

    def _word(self, bits: int) -> int:
        return int("".join(map(str, self._in[:bits])), 2)

    def _begin_read(self) -> None:
        self._address = self._word(32) & 0xFFFFFF
        self._awake = get_sim_time("ns") >= self.awake_at
        self._out = 0
        self.commands.append(3)
        self.read_from.append(self._address)

    def _end(self) -> None:
        """Obey what ended: a wake takes effect only if it was whole."""
        if len(self._in) == 8:
            self.commands.append(self._word(8))
            if self._word(8) == 0xAB:
                self.awake_at = min(self.awake_at, get_sim_time("ns") + self.wake_ns)


class FlashBench(HostBench):
    """A core with a flash beside it."""

    def __init__(self, dut, **options: int) -> None:
        super().__init__(dut)
        self.flash = Flash(dut, self.random, **options)

    async def begin(self) -> None:
        self.dut.i_spi_miso.value = 1
        await super().begin()

    def load_clocks(self) -> int:
        return 2 * WAKE + 80 + 24 * len(self.flash.image) + 64

    async def settled(self, limit: int | None = None, step: int = 32) -> Boot:
        """Wait until the loader is done, looking every `step` clocks; return how it went."""
        end = self.clock + (self.load_clocks() if limit is None else limit)
        while int(self.dut.o_load.value):
            self.expect("o_boot while loading", int(self.dut.o_boot.value), 0)
            assert self.clock < end, f"still loading at clock {self.clock}, seed {cocotb.RANDOM_SEED}"
            await self.step(step)
        return Boot(int(self.dut.o_boot.value))

    async def reset(self, image: bytes, clocks: int = 1) -> None:
        self.flash.image = image
        self.dut.rst.value = 1
        await self.step(clocks)
        self.dut.rst.value = 0
        await self.step()  # o_load is a register's

    async def holds(self, network: Network) -> None:
        """Both memories have the network's words, and the core computes with them."""
        table, weights = core_table_words(network, CONFIG), core_weight_words(network, CONFIG)
        found = (await self.call(self.link.read_table))[: len(table)]
        self.expect("table", found, table)
        memory = self.dut.u_weights.mem
        self.expect("weights", [int(memory[k].value) for k in range(len(weights))], weights)
        self.expect("boot", (await self.call(self.link.info)).boot, Boot.LOADED)
        await self.infers(network, 2)

    async def refuses(self, what: str, image: bytes) -> None:
        """The image is refused, and the table says so."""
        await self.reset(image)
        limit = 2 * WAKE + 80 + 24 * (len(image) + (INFO.word_bytes << CONFIG.weight_aw) + (2 << CONFIG.table_aw))
        self.expect(what, await self.settled(limit), Boot.REFUSED)
        self.expect(f"{what}: table", (await self.call(self.link.read_table))[:4], [0] * 4)
        self.expect(f"{what}: deselected", (int(self.dut.o_spi_cs_n.value), int(self.dut.o_spi_sck.value)), (1, 0))

    async def lives(self) -> None:
        """After a refusal the core says so, refuses to infer, and takes a network from the host."""
        self.expect("boot", (await self.call(self.link.info)).boot, Boot.REFUSED)
        answer = await self.exchange(Command.INFER, b"\0" * INFO.code_bytes)
        self.expect("INFER", answer, (Status.NOT_CONFIGURED, b""))
        await self.infers(await self.load())
        self.expect("boot stays", (await self.call(self.link.info)).boot, Boot.REFUSED)


def drawn_network(draw: random.Random) -> Network:
    """A network that the core holds; of convolutions and pooling where it can."""
    if not isinstance(CONFIG, ConvConfig):
        return random_network(draw)
    numbers = np.random.default_rng(draw.getrandbits(32))
    for _ in range(1000):
        network = random_conv_network(numbers, 1 << CONFIG.log2l, "cmd", (3, 3, 2), CONFIG.frac)
        try:
            check_fits(network, CONFIG)
        except ScError:
            continue
        return network
    raise AssertionError("no convolution network fits the core")


def sealed(image: bytes, edit: Callable[[bytearray], object]) -> bytes:
    """An edited image with a CRC that is right."""
    body = bytearray(image[:-4])
    edit(body)
    return bytes(body) + zlib.crc32(bytes(body)).to_bytes(4, "little")


def flip(at: int, bit: int) -> Callable[[bytearray], object]:
    def edit(body: bytearray) -> None:
        body[at] ^= 1 << bit

    return edit


@cocotb.test()
async def networks_in_flash_equal_the_model(dut):
    bench = FlashBench(dut)
    network = drawn_network(bench.random)
    bench.flash.image = flash_image(network, CONFIG)
    await bench.begin()
    # The host is not heard while the loader works.
    await bench.sender.send(encode_request(Command.INFO))
    bench.expect("answers", bytes(bench.receiver.data), b"")
    start = bench.clock - 10 * 6 * 4
    bench.expect("boot", await bench.settled(step=1), Boot.LOADED)
    stated = 2 * WAKE + 80 + 24 * len(bench.flash.image)
    bench.expect("clocks", abs(bench.clock - start - stated) <= 8, True)
    bench.expect("commands", bench.flash.commands, [0xAB, 3])
    bench.expect("address", bench.flash.read_from, [FLASH_ADDR])
    bench.expect("gap", min(bench.flash.gaps[-1:]) >= WAKE * CLOCK_NS, True)
    await bench.holds(network)
    # The button loads again, be the flash awake or asleep, and what the host wrote is gone.
    for asleep in (False, True):
        await bench.load()
        network = drawn_network(bench.random)
        if asleep:
            bench.flash.sleep()
        await bench.reset(flash_image(network, CONFIG))
        bench.expect("boot", await bench.settled(), Boot.LOADED)
        await bench.holds(network)


@cocotb.test()
async def memories_filled_to_the_last_word(dut):
    if CONFIG.weight_aw > 9:
        return
    bench = FlashBench(dut)
    await bench.begin()
    table = [bench.random.getrandbits(16) for _ in range(1 << CONFIG.table_aw)]
    weights = [bench.random.getrandbits(CONFIG.word_bits) for _ in range(1 << CONFIG.weight_aw)]
    await bench.reset(encode_image(CONFIG, table, weights))
    bench.expect("boot", await bench.settled(), Boot.LOADED)
    bench.expect("table", await bench.call(bench.link.read_table), table)
    memory = dut.u_weights.mem
    bench.expect("weights", [int(memory[k].value) for k in range(len(weights))], weights)


@cocotb.test()
async def every_field_of_the_header_counts(dut):
    bench = FlashBench(dut)
    await bench.begin()
    image = flash_image(drawn_network(bench.random), CONFIG)
    for at in range(HEADER):
        await bench.refuses(f"byte {at} of the header", sealed(image, flip(at, bench.random.randrange(8))))
    await bench.lives()


@cocotb.test()
async def counts_beyond_the_memories_are_refused(dut):
    bench = FlashBench(dut)
    await bench.begin()
    network = drawn_network(bench.random)
    image, behind = flash_image(network, CONFIG), HEADER + 4 + 2 * len(core_table_words(network, CONFIG))
    for at, width in ((HEADER, CONFIG.table_aw), (behind, CONFIG.weight_aw)):
        for bit in (width, width + 1, 23, 24, 31):
            await bench.refuses(f"bit {bit} at {at}", sealed(image, flip(at + bit // 8, bit % 8)))
    # A count that the memory has, but not the image's: the CRC is not where it has to be.
    for bit in range(2):
        await bench.refuses(f"table {bit}", sealed(image, flip(HEADER, bit)))
        await bench.refuses(f"weights {bit}", sealed(image, flip(behind, bit)))
    await bench.lives()


@cocotb.test()
async def damage_is_refused(dut):
    bench = FlashBench(dut)
    await bench.begin()
    image = flash_image(drawn_network(bench.random), CONFIG)
    for at in [*range(-4, 0), *bench.random.sample(range(HEADER, len(image) - 4), 6)]:
        damaged = bytearray(image)
        damaged[at] ^= 1 << bench.random.randrange(8)
        await bench.refuses(f"byte {at}", bytes(damaged))
    for length in [1, HEADER, HEADER + 4, len(image) - 4, len(image) - 1, bench.random.randrange(len(image))]:
        if image[length:].strip(b"\xff"):  # a flash that was erased ends in FF
            await bench.refuses(f"{length} bytes", image[:length])
    await bench.refuses("empty flash", b"")
    await bench.refuses("zeros", bytes(len(image)))
    await bench.lives()


@cocotb.test()
async def a_reset_at_any_time_loads_from_the_start(dut):
    bench = FlashBench(dut)
    await bench.begin()
    for _ in range(4):
        network = drawn_network(bench.random)
        other = flash_image(drawn_network(bench.random), CONFIG)
        for _ in range(3):
            await bench.reset(other, bench.random.randint(1, 3))
            await bench.step(
                bench.random.choice([bench.random.randrange(300), bench.random.randrange(24 * len(other))])
            )
        bench.flash.sleep()
        await bench.reset(flash_image(network, CONFIG), bench.random.randint(1, 3))
        bench.expect("boot", await bench.settled(), Boot.LOADED)
        await bench.holds(network)


@cocotb.test()
async def a_flash_that_wakes_later_than_the_loader_waits_is_refused(dut):
    bench = FlashBench(dut, wake=WAKE + 80)
    await bench.begin()
    await bench.refuses("garbage", flash_image(drawn_network(bench.random), CONFIG))
    await Timer(1, "us")
    bench.expect("commands", bench.flash.commands[-2:], [0xAB, 3])
    await bench.lives()


TESTS = 7
# What depends on the engine, the width of a word and the addresses.
OF_WIDTH = [
    "networks_in_flash_equal_the_model",
    "memories_filled_to_the_last_word",
    "every_field_of_the_header_counts",
]


def loader(name: str, seed: int, testcase: list[str] | None = None) -> int:
    return run(
        "test_flash_loader",
        "tb_flash_loader",
        BUILDS[name].parameters(),
        sources=[TB / "tb_flash_loader.v"],
        public_depth=2,
        optimise="-O1",
        testcase=testcase,
        seed=seed,
        env={"SC_BUILD": name},
    )


def test_flash_loader() -> None:
    assert loader("small", 1) == TESTS


@pytest.mark.parametrize("name", ["narrow", "conv", "wide"])
def test_flash_loader_before_other_cores(name: str) -> None:
    assert loader(name, 1, OF_WIDTH) == len(OF_WIDTH)
