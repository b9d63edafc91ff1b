"""sc_axi with the bus models of cocotbext-axi, every channel stalled at random: networks of both engines loaded and run
over the bus against golden.py; images of a wrong length, illegal accesses, halts and resets at any time."""

from __future__ import annotations

import itertools
import logging
import os
from collections.abc import Iterator, Sequence

import cocotb
import numpy as np
import pytest
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, FallingEdge, with_timeout
from cocotbext.axi import (
    AxiLiteBus,
    AxiLiteMaster,
    AxiResp,
    AxiStreamBus,
    AxiStreamFrame,
    AxiStreamSink,
    AxiStreamSource,
)

from bench import rng
from networks import integer_network, random_codes, random_conv_network, random_network
from runner import run
from sc_neurocore import golden
from sc_neurocore.hardware.conv_image import ConvConfig
from sc_neurocore.hardware.core import CoreConfig, check_fits, core_table_words, core_weight_words
from sc_neurocore.hardware.image import EngineConfig
from sc_neurocore.network import Network
from sc_neurocore.result import Result

CLOCK_NS = 4
# Weight words of one piece, of two and of three; codes of one byte and of two.
BUILDS: dict[str, CoreConfig] = {
    "dense": EngineConfig(log2l=4, lanes=3, frac=4, log2_entries=5, weight_aw=8, table_aw=4),
    "wide": EngineConfig(log2l=8, lanes=8, frac=8, log2_entries=6, weight_aw=7, table_aw=3, mac=1),
    "conv": ConvConfig(log2l=4, lanes=7, frac=4, act_aw=8, acc_aw=6, weight_aw=8, table_aw=7, sum_w=16, pool=1),
}
CONFIG = BUILDS[os.environ.get("SC_BUILD", "dense")]
PIECES = -(-CONFIG.word_bits // 32)

ID, VERSION, CONTROL, STATUS, IMAGES, DROPPED, CLASS = range(0, 28, 4)
TABLE_ADDR, TABLE_DATA, WEIGHT_ADDR, WEIGHT_DATA, PARAMETERS = 0x20, 0x24, 0x28, 0x2C, 0x40
ENABLE, RESTART = 1, 2
BUSY, READY, SHORT, LONG, CUT, ABORT = 1, 2, 0x100, 0x200, 0x400, 0x800
NAMES = [
    "ENGINE", "LOG2L", "LANES", "FRAC", "LOG2_ENTRIES", "WEIGHT_AW", "TABLE_AW", "MAC", "ACC_AW", "POOL", "SUM_W",
    "STEPS",
]  # fmt: skip
PARAMETERS_END = PARAMETERS + 4 * len(NAMES)


class Axi:
    """The core with a master, a sender and a receiver."""

    def __init__(self, dut) -> None:
        self.dut = dut
        self.random = rng()
        self.length = 1 << CONFIG.log2l
        for name in ("s_axil", "s_axis", "m_axis"):
            logging.getLogger(f"cocotb.{dut._name}.{name}").setLevel(logging.ERROR)
        reset = {"reset": dut.aresetn, "reset_active_level": False}
        dut.aresetn.value = 0
        self.bus = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil"), dut.aclk, **reset)
        self.source = AxiStreamSource(AxiStreamBus.from_prefix(dut, "s_axis"), dut.aclk, byte_lanes=1, **reset)
        self.sink = AxiStreamSink(AxiStreamBus.from_prefix(dut, "m_axis"), dut.aclk, byte_lanes=1, **reset)
        write, read = self.bus.write_if, self.bus.read_if
        self.control = [write.aw_channel, write.w_channel, write.b_channel, read.ar_channel, read.r_channel]

    async def begin(self, control: float | None = None, data: float | None = None) -> None:
        """Reset; from then on channels stall at random, so often each (None: drawn for each)."""
        for channels, rate in ((self.control, control), ((self.source, self.sink), data)):
            for channel in channels:
                share = self.random.choice([0.0, 0.3, 0.7]) if rate is None else rate
                channel.set_pause_generator(self.stalls(share))
        cocotb.start_soon(Clock(self.dut.aclk, CLOCK_NS, unit="ns").start(start_high=False))
        await self.reset()

    def stalls(self, share: float) -> Iterator[bool]:
        random = rng(self.random.getrandbits(32))
        return (random.random() < share for _ in itertools.count())

    async def step(self, clocks: int = 1) -> None:
        await ClockCycles(self.dut.aclk, clocks)

    async def reset(self, clocks: int = 2) -> None:
        """Lower aresetn; no valid survives it."""
        self.dut.aresetn.value = 0
        await self.step(clocks)
        self.source.clear()  # what the models have queued
        self.sink.clear()
        await FallingEdge(self.dut.aclk)
        valids = [getattr(self.dut, n).value for n in ("m_axis_tvalid", "s_axil_bvalid", "s_axil_rvalid")]
        self.expect("valids in reset", [int(v) for v in valids], [0, 0, 0])
        self.dut.aresetn.value = 1
        await self.step()

    def expect(self, what: str, got: object, wanted: object) -> None:
        seed = os.environ["COCOTB_RANDOM_SEED"]
        assert got == wanted, f"{what}: got {got}, expected {wanted}, seed {seed}"

    # Registers.
    async def try_write(self, address: int, value: int) -> AxiResp:
        done = await with_timeout(self.bus.write(address, value.to_bytes(4, "little")), 400 * CLOCK_NS, "ns")
        return done.resp

    async def try_read(self, address: int) -> tuple[AxiResp, int]:
        done = await with_timeout(self.bus.read(address, 4), 400 * CLOCK_NS, "ns")
        return done.resp, int.from_bytes(done.data, "little")

    async def write(self, address: int, *values: int) -> None:
        for value in values:
            self.expect(f"write of {value:#x} to {address:#x}", await self.try_write(address, value), AxiResp.OKAY)

    async def read(self, address: int) -> int:
        resp, value = await self.try_read(address)
        self.expect(f"read of {address:#x}", resp, AxiResp.OKAY)
        return value

    async def refused(self, *accesses: tuple[int, int | None]) -> None:
        """Expect SLVERR to each (address, value to write, or None: read), which then says 0."""
        for address, value in accesses:
            if value is None:
                self.expect(f"read of {address:#x}", await self.try_read(address), (AxiResp.SLVERR, 0))
            else:
                self.expect(f"write of {address:#x}", await self.try_write(address, value), AxiResp.SLVERR)

    async def events(self) -> int:
        """Return the sticky bits of STATUS, and clear those."""
        bits = await self.read(STATUS) & 0xF00
        await self.write(STATUS, bits)
        self.expect("STATUS, cleared", await self.read(STATUS) & 0xF00, 0)
        return bits

    # Networks.
    def draw_network(self, inputs: int | None = None) -> Network:
        draw = np.random.default_rng(self.random.getrandbits(32))
        if isinstance(CONFIG, ConvConfig):
            size = (inputs, 1, 1) if inputs else self.random.choice([(4, 3, 2), (5, 5, 1), (1, 6, 3)])
            kinds = "dd" if inputs else self.random.choice(["cd", "mcd", "d", "cc"])
            network = random_conv_network(draw, self.length, kinds, size, CONFIG.frac)
        else:
            shape = (inputs or self.random.randint(1, 9), *self.random.choice([(4,), (6, 3), (7, 1)]))
            network = random_network(draw, self.length, shape, CONFIG.frac)
        check_fits(network, CONFIG)
        return network

    async def load(self, network: Network) -> None:
        """Halt the core, write the network's image, let it go."""
        await self.write(CONTROL, 0)
        table, weights = core_table_words(network, CONFIG), core_weight_words(network, CONFIG)
        await self.write(WEIGHT_ADDR, 0)
        for word in weights:
            await self.write(WEIGHT_DATA, *(word >> 32 * k & 0xFFFFFFFF for k in range(PIECES)))
        self.expect("WEIGHT_ADDR", await self.read(WEIGHT_ADDR), len(weights))
        await self.write(TABLE_ADDR, 0)
        await self.write(TABLE_DATA, *table)
        await self.write(TABLE_ADDR, 0)
        for k, word in enumerate(table[: 2 + self.random.randrange(len(table))]):
            self.expect(f"table word {k}", await self.read(TABLE_DATA), word)
        await self.write(CONTROL, ENABLE)

    def draw_codes(self, network: Network, images: int) -> np.ndarray:
        return random_codes(np.random.default_rng(self.random.getrandbits(32)), network, images + 2)[2:]

    def noise(self, codes: Sequence[int]) -> list[int]:
        """Add bits that the core ignores."""
        width = CONFIG.log2l + 1
        spare = len(self.dut.s_axis_tdata) - width
        return [int(x) | self.random.getrandbits(spare) << width if spare else int(x) for x in codes]

    async def send(self, codes: Sequence[int]) -> None:
        await self.source.send(AxiStreamFrame(self.noise(codes)))

    async def answer(self) -> tuple[list[int], list[int]]:
        """Return data, signed, and user of a frame's beats."""
        frame = await with_timeout(self.sink.recv(compact=False), 40_000 * CLOCK_NS, "ns")
        users = frame.tuser if isinstance(frame.tuser, list) else [frame.tuser] * len(frame.tdata)
        return [x - (x >> 31 << 32) for x in frame.tdata], users

    def check(self, got: tuple[list[int], list[int]], wanted: Result, n: int) -> None:
        scores = wanted.scores[n].tolist()
        self.expect("scores", got[0], scores)
        # The first of the greatest so far.
        self.expect("class of each beat", got[1], [int(np.argmax(scores[: k + 1])) for k in range(len(scores))])

    async def infers(self, network: Network, images: int = 2) -> None:
        """Send images back to back; expect what the model says, and nothing more."""
        codes = self.draw_codes(network, images)
        wanted = reference(network, codes)
        before = await self.read(IMAGES)
        for image in codes:
            await self.send(image)
        for n in range(images):
            self.check(await self.answer(), wanted, n)
        self.expect("IMAGES", await self.read(IMAGES) - before, images)
        self.expect("CLASS", await self.read(CLASS), int(wanted.classes[-1]))
        await self.quiet()
        self.expect("BUSY", await self.read(STATUS) & BUSY, 0)

    async def quiet(self, clocks: int = 100) -> None:
        await self.step(clocks)
        self.expect("frames without an image", self.sink.count(), 0)


def reference(network: Network, codes: np.ndarray) -> Result:
    return integer_network(network, codes) if CONFIG.mac else golden.run(network, codes)


@cocotb.test()
async def networks_loaded_over_the_bus_equal_the_model(dut):
    axi = Axi(dut)
    await axi.begin()
    for _ in range(3):
        network = axi.draw_network()
        await axi.load(network)
        await axi.infers(network, 3)
    await axi.write(CONTROL, 0)
    await axi.write(TABLE_ADDR, 0)
    axi.expect("tag", await axi.read(TABLE_DATA) | await axi.read(TABLE_DATA) << 16, network.tag)
    axi.expect("errors", await axi.events(), 0)


@cocotb.test()
async def says_what_it_is(dut):
    axi = Axi(dut)
    await axi.begin()
    axi.expect("ID", (await axi.read(ID)).to_bytes(4, "big"), b"SCNC")
    axi.expect("VERSION", await axi.read(VERSION), 1)
    wanted = CONFIG.parameters() | ({} if isinstance(CONFIG, ConvConfig) else {"ACC_AW": 0, "POOL": 0})
    axi.expect("parameters", {n: await axi.read(PARAMETERS + 4 * k) for k, n in enumerate(NAMES)}, wanted)
    for address in (CONTROL, STATUS, IMAGES, DROPPED, CLASS, TABLE_ADDR, WEIGHT_ADDR):
        axi.expect(f"{address:#x} after reset", await axi.read(address), 0)


@cocotb.test()
async def refuses_illegal_accesses_and_changes_nothing(dut):
    axi = Axi(dut)
    await axi.begin()
    network = axi.draw_network()
    await axi.load(network)
    await axi.write(TABLE_ADDR, 0)
    await axi.write(WEIGHT_ADDR, 0)
    # While it is enabled, the memories are the engine's.
    await axi.refused((TABLE_DATA, 0xFFFF), (TABLE_DATA, None), (WEIGHT_DATA, 0xFFFF_FFFF), (WEIGHT_DATA, None))
    axi.expect("addresses", [await axi.read(TABLE_ADDR), await axi.read(WEIGHT_ADDR)], [0, 0])
    await axi.infers(network)
    # What is only read, only written, or not there.
    known = {*range(0, 28, 4), *range(0x20, 0x30, 4), *range(PARAMETERS, PARAMETERS_END, 4)}
    holes = sorted({*range(0, 0x80, 4), 0x100, 0x400, 0x424, 0x82C, 0xFFC} - known)
    constant = [ID, VERSION, IMAGES, DROPPED, CLASS, *range(PARAMETERS, PARAMETERS_END, 4)]
    await axi.refused(*((x, None) for x in holes), *((x, 0xFFFF_FFFF) for x in holes + constant))
    table, weights = 1 << CONFIG.table_aw, 1 << CONFIG.weight_aw
    await axi.refused((TABLE_ADDR, table), (WEIGHT_ADDR, weights), (TABLE_ADDR, 1 << 31), (WEIGHT_ADDR, 1 << 31))
    # Parts of a word, at any place of it.
    for address in (CONTROL, CONTROL + 1, CONTROL + 2, CONTROL + 3, TABLE_ADDR, WEIGHT_DATA, WEIGHT_DATA + 2):
        length = axi.random.randint(1, 4 - address % 4 if address % 4 else 3)
        done = await axi.bus.write(address, bytes(length))
        axi.expect(f"write of {length} bytes to {address:#x}", done.resp, AxiResp.SLVERR)
    axi.expect("CONTROL", await axi.read(CONTROL), ENABLE)
    done = await axi.bus.read(CONTROL + 2, 1)
    axi.expect("read of a byte", (done.resp, done.data), (AxiResp.OKAY, b"\0"))
    # The ends of the memories; the write beyond them must not wrap to the first word.
    await axi.write(CONTROL, 0)
    for address, port, end in ((TABLE_ADDR, TABLE_DATA, table), (WEIGHT_ADDR, WEIGHT_DATA, weights)):
        pieces = 1 if port == TABLE_DATA else PIECES
        await axi.write(address, end - 1)
        await axi.write(port, *[0] * pieces)
        axi.expect("address beyond the end", await axi.read(address), end)
        await axi.refused(*[(port, 0xFFFF_FFFF)] * pieces, (port, None))
        axi.expect("address beyond the end", await axi.read(address), end)
    # A word begun is forgotten where an address is written.
    await axi.write(WEIGHT_ADDR, 0)
    if PIECES > 1:
        await axi.write(WEIGHT_DATA, 0xFFFF_FFFF)
        axi.expect("WEIGHT_ADDR within a word", await axi.read(WEIGHT_ADDR), 0)
    word = core_weight_words(network, CONFIG)[0]
    await axi.write(WEIGHT_ADDR, 0)
    await axi.write(WEIGHT_DATA, *(word >> 32 * k & 0xFFFFFFFF for k in range(PIECES)))
    axi.expect("WEIGHT_ADDR after a word", await axi.read(WEIGHT_ADDR), 1)
    await axi.write(CONTROL, ENABLE)
    await axi.infers(network)
    axi.expect("errors", await axi.events(), 0)


@cocotb.test()
async def drops_images_of_a_wrong_length_whole(dut):
    axi = Axi(dut)
    await axi.begin(control=0.0)
    for inputs in (1, 6):
        network = axi.draw_network(inputs)
        await axi.load(network)
        wanted, wrong, before = [], {SHORT: 0, LONG: 0}, await axi.read(DROPPED)
        codes = axi.draw_codes(network, 25)
        for n, image in enumerate(codes):
            size = axi.random.choice([inputs, inputs, inputs + 1, inputs + 1, *range(1, 3 * inputs + 2)])
            if size == inputs:
                wanted.append(n)
            else:
                wrong[SHORT if size < inputs else LONG] += 1
            await axi.send(list(itertools.islice(itertools.cycle(image), size)))
        result = reference(network, codes)
        for n in wanted:
            axi.check(await axi.answer(), result, n)
        await axi.source.wait()
        await axi.quiet()
        axi.expect("DROPPED", await axi.read(DROPPED) - before, sum(wrong.values()))
        axi.expect("errors", await axi.events(), sum(bit for bit, number in wrong.items() if number))
        await axi.infers(network)


@cocotb.test()
async def halts_at_any_clock(dut):
    """By ENABLE or by RESTART: every frame still ends, the rest of an image goes, the next image is computed."""
    axi = Axi(dut)
    await axi.begin(control=0.0)
    while (network := axi.draw_network(5)).classes < 3:
        pass
    await axi.load(network)
    seen, ends = 0, 0
    for k in range(40):
        # The longest of the three times differs: images come in, are computed, are answered.
        axi.source.set_pause_generator(axi.stalls(axi.random.choice([0.0, 0.9])))
        axi.sink.set_pause_generator(axi.stalls(axi.random.choice([0.0, 0.9])))
        codes = axi.draw_codes(network, 2)
        result = reference(network, codes)
        dropped, images = await axi.read(DROPPED), await axi.read(IMAGES)
        for image in codes:
            await axi.send(image)
        await axi.step(axi.random.randrange(250))
        slow = axi.random.random() < 0.3  # the receiver holds a beat throughout the halt
        if slow:
            axi.sink.clear_pause_generator()
            axi.sink.pause = True
        await axi.write(CONTROL, *([ENABLE | RESTART] if k % 2 else [0, ENABLE]))
        if slow:
            await axi.step(20)
        axi.source.set_pause_generator(axi.stalls(0.0))
        axi.sink.set_pause_generator(axi.stalls(0.3))
        await axi.source.wait()
        for _ in range(400):
            await axi.step(10)
            if not await axi.read(STATUS) & BUSY:
                break
        await axi.step(20)  # what the model of the receiver has not given yet
        bits = await axi.events()
        seen |= bits
        gone = await axi.read(DROPPED) - dropped
        frames = [await axi.answer() for _ in range(axi.sink.count())]
        broken = [f for f in frames if f[1][-1] >> 16]
        ends += len(broken)
        axi.expect("CUT", bits & (SHORT | LONG | CUT), CUT if gone else 0)
        axi.expect("frames given up", (len(broken) <= 1, bits & ABORT >= len(broken)), (True, True))
        axi.expect("images answered, dropped or given up", len(frames) - len(broken) + gone + bool(bits & ABORT), 2)
        axi.expect("IMAGES", await axi.read(IMAGES) - images, len(frames) - len(broken))
        scores = [x.tolist() for x in result.scores]
        for data, users in frames:
            if (data, users) in broken:
                axi.expect("abort beat", (data[-1], users[-1]), (0, 1 << 16))
                assert data[:-1] in [x[: len(data) - 1] for x in scores], (data, scores)
                assert len(data) <= network.classes, data
            else:
                assert data in scores, (data, scores)
                axi.check((data, users), result, scores.index(data))
    axi.expect("kinds of halts", seen & (CUT | ABORT), CUT | ABORT)
    assert ends, "no frame was given up half way"
    await axi.infers(network)


@cocotb.test()
async def runs_after_a_reset_at_any_clock(dut):
    """What was loaded is still there; everything else is as after power-on."""
    axi = Axi(dut)
    await axi.begin()
    network = axi.draw_network()
    for k in range(12):
        if k % 4 == 0:
            network = axi.draw_network()
            await axi.load(network)
        for image in axi.draw_codes(network, 2):
            await axi.send(image)
        # Accesses under way, of both kinds.
        cocotb.start_soon(axi.bus.read(ID, 32))
        cocotb.start_soon(axi.bus.write(TABLE_ADDR, bytes(4)))
        await axi.step(axi.random.randrange(150))
        await axi.reset(axi.random.choice([1, 1, 3]))
        state = [await axi.read(x) for x in (CONTROL, STATUS, IMAGES, DROPPED, CLASS, TABLE_ADDR, WEIGHT_ADDR)]
        axi.expect("registers after reset", state, [0] * 7)
        await axi.write(CONTROL, ENABLE)
        await axi.infers(network, 1)


@cocotb.test()
async def takes_nothing_until_it_is_enabled_and_configured(dut):
    axi = Axi(dut)
    await axi.begin(0.0, 0.0)
    network = axi.draw_network()
    await axi.load(network)
    await axi.write(CONTROL, 0)
    image = axi.draw_codes(network, 1)
    await axi.send(image[0])
    await axi.step(100)
    axi.expect("tready while disabled", int(dut.s_axis_tready.value), 0)
    # A table of 0 inputs.
    await axi.write(TABLE_ADDR, 2)
    await axi.write(TABLE_DATA, 0, 0)
    await axi.write(CONTROL, ENABLE)
    await axi.step(400)
    axi.expect("tready without a network", int(dut.s_axis_tready.value), 0)
    axi.expect("STATUS", await axi.read(STATUS), 0)
    await axi.load(network)
    axi.check(await axi.answer(), reference(network, image), 0)
    for _ in range(100):
        if await axi.read(STATUS) == READY:
            break
    axi.expect("STATUS", await axi.read(STATUS), READY)


@cocotb.test()
async def reads_and_writes_at_once_stay_apart(dut):
    """Every response belongs to its request, however the channels stall; the table is the scratch pad."""
    axi = Axi(dut)
    await axi.begin()
    values: list[int] = []
    for _ in range(60):
        channel = axi.random.choice(axi.control)
        channel.set_pause_generator(axi.stalls(axi.random.choice([0.0, 0.5, 0.9])))
        value = axi.random.randrange(1 << CONFIG.weight_aw)
        reading = [cocotb.start_soon(axi.try_read(x)) for x in (ID, WEIGHT_ADDR, 0x30)]
        writing = [cocotb.start_soon(axi.try_write(WEIGHT_ADDR, x)) for x in (value ^ 1, value)]
        writing.append(cocotb.start_soon(axi.try_write(IMAGES, 5)))
        got = [await task for task in reading]
        axi.expect("reads", [got[0], got[2]], [(AxiResp.OKAY, 0x53434E43), (AxiResp.SLVERR, 0)])
        resp, old = got[1]
        assert resp == AxiResp.OKAY
        assert old in (values[-1] if values else 0, value ^ 1, value), (old, values[-1:], value)
        axi.expect("writes", [await t for t in writing], [AxiResp.OKAY, AxiResp.OKAY, AxiResp.SLVERR])
        axi.expect("WEIGHT_ADDR", await axi.read(WEIGHT_ADDR), value)
        values.append(value)


@pytest.mark.parametrize("name", BUILDS)
def test_axi(name: str) -> None:
    parameters = BUILDS[name].parameters()
    env = {"SC_BUILD": name}
    seed = 1 + list(BUILDS).index(name)
    assert run("test_axi", "sc_axi", parameters, public_depth=1, seed=seed, env=env) == 8
