"""sc_system over its serial line: frames of every kind, damage, stalls, resets, and whole networks by `HostLink`."""

from __future__ import annotations

import os

import cocotb
import numpy as np
import pytest
from cocotb.task import bridge, resume
from cocotb.triggers import Timer

from bench import rng
from runner import TB, BenchFailure, build, run
from sc_neurocore import golden
from sc_neurocore.hardware.conv_image import ConvConfig
from sc_neurocore.hardware.core import core_weight_words
from sc_neurocore.hardware.host import (
    Boot,
    Command,
    HostError,
    HostInfo,
    HostLink,
    Status,
    decode_response,
    encode_request,
)
from sc_neurocore.hardware.image import EngineConfig
from sc_neurocore.network import DenseLayer, InputSpec, Network
from uart_line import CLOCK_NS, LineBench, Receiver, Sender

CLOCKS_PER_BIT = 4  # of tb_host
BYTE = 10 * CLOCKS_PER_BIT
SILENCE = 64 * CLOCKS_PER_BIT
MAX_PAYLOAD = 511
SYNC = 0xA5

# Words of 1, 2 and 4 bytes, codes of 1 and 2, scores of 2 and 4, addresses of 2 and 3. The widest one is an integer
# engine, since windows of 256 bits simulate slowly.
BUILDS = {
    "small": EngineConfig(log2l=4, lanes=2, frac=4, log2_entries=5, weight_aw=8, table_aw=4),
    "narrow": EngineConfig(log2l=3, lanes=1, frac=2, log2_entries=4, weight_aw=9, table_aw=5),
    "wide": EngineConfig(log2l=8, lanes=3, frac=8, log2_entries=8, weight_aw=17, table_aw=3, mac=1),
    # It clears 2^9 sums before it takes the first input, which the host must wait for; its table is the greater memory.
    "conv": ConvConfig(log2l=4, lanes=4, frac=4, act_aw=5, acc_aw=9, weight_aw=6, table_aw=7, sum_w=11, pool=1),
}
CONFIG = BUILDS[os.environ.get("SC_BUILD", "small")]
INFO = HostInfo(CONFIG, 9, Boot.NONE)


class SimulatedPort:
    """The byte stream that a `HostLink` in a bridge thread talks to."""

    def __init__(self, host: HostBench) -> None:
        self._host = host
        self.damage = 0  # so many requests to come lose a bit

    def write(self, data: bytes) -> int:
        if self.damage:
            self.damage -= 1
            data = data[:3] + bytes([data[3] ^ 4]) + data[4:]
        resume(self._host.sender.send)(data)
        return len(data)

    def read(self, size: int) -> bytes:
        @resume
        async def wait() -> None:
            for _ in range(100):
                if len(self._host.receiver.data) >= size:
                    return
                await self._host.step(BYTE // 2)

        wait()
        data = bytes(self._host.receiver.data[:size])
        del self._host.receiver.data[:size]
        return data


class HostBench(LineBench):
    """A core at the end of a line."""

    def __init__(self, dut) -> None:
        super().__init__(dut)
        self.random = rng()
        self.sender = Sender(lambda level: setattr(dut.i_uart_rx, "value", level), CLOCKS_PER_BIT)
        self.port = SimulatedPort(self)
        self.link = HostLink(self.port, timeout=5)

    async def begin(self) -> None:
        await self.start(i_uart_rx=1)
        self.receiver = Receiver(self.dut.o_uart_tx, CLOCKS_PER_BIT)

    async def step(self, clocks: int = 1) -> None:
        # One timer in place of every edge: these benches wait long.
        await Timer(clocks * CLOCK_NS, "ns")
        self.clock += clocks

    async def quiet(self, clocks: int = 2 * SILENCE + 4 * BYTE) -> None:
        """Expect that nothing is answered."""
        await self.step(clocks)
        self.expect("bytes without a request", bytes(self.receiver.data).hex(" "), "")

    async def answer(self, limit: int = 4 * SILENCE + 6000) -> tuple[Status, bytes]:
        """Wait for one response, and for nothing after it."""
        data = self.receiver.data
        for _ in range((limit + (MAX_PAYLOAD + 6) * BYTE) // BYTE):
            await self.step(BYTE)
            if len(data) >= 6 and len(data) >= 6 + int.from_bytes(data[2:4], "little"):
                break
        else:
            raise AssertionError(f"no answer but {data.hex(' ')!r} at clock {self.clock}, seed {cocotb.RANDOM_SEED}")
        await self.step(2 * BYTE)
        frame = bytes(data)
        data.clear()
        status, payload = decode_response(frame)
        self.expect("o_error", int(self.dut.o_error.value), int(status is not Status.OK))
        self.expect("o_busy", int(self.dut.o_busy.value), 0)
        return status, payload

    async def exchange(self, command: int, payload: bytes = b"", gap: float = 0) -> tuple[Status, bytes]:
        await self.sender.send(encode_request(command, payload), gap=gap)
        return await self.answer()

    async def alive(self) -> None:
        """The core answers INFO."""
        self.expect("INFO", await self.exchange(Command.INFO), (Status.OK, info_payload()))

    def call(self, function, *args):
        """Run blocking driver code against the simulated line."""
        return bridge(function)(*args)

    async def load(self) -> Network:
        network = random_network(self.random)
        await self.call(lambda: self.link.load_network(network, mac=bool(CONFIG.mac)))
        return network

    async def infers(self, network: Network, images: int = 1) -> None:
        """The core computes what the model computes."""
        shape = (images, network.shape[0])
        draw = np.random.default_rng(self.random.getrandbits(32))
        codes = draw.integers(0, network.length + 1, shape) * draw.integers(0, 2, shape)
        for image, scores in zip(codes, expected(network, codes), strict=True):
            found, got = await self.call(self.link.infer, image)
            self.expect(f"scores of {image.tolist()}", got.tolist(), scores.tolist())
            self.expect("class", found, int(np.argmax(scores)))


def info_payload() -> bytes:
    c = CONFIG
    conv = isinstance(c, ConvConfig)
    sizes = [c.log2l, c.lanes, c.frac, c.log2_entries, c.weight_aw, c.table_aw, 9, c.mac]
    return bytes([2, int(conv), *sizes, c.acc_aw if conv else 0, c.pool if conv else 0, c.sum_bits, 0])


def random_network(random) -> Network:
    """A network of one hidden layer that fits every build."""
    inputs, hidden, classes = random.randint(1, 9), random.randint(1, 8), random.randint(1, 6)
    length, seed = 1 << CONFIG.log2l, random.getrandbits(32)
    draw = np.random.default_rng(seed)

    def layer(rows: int, columns: int, theta: int | None) -> DenseLayer:
        codes = draw.integers(1 - length, length, (rows, columns + 1))
        return DenseLayer(codes[:, :-1], codes[:, -1], theta)

    theta = random.randint(1, 4) << CONFIG.frac
    return Network(
        length, (layer(hidden, inputs, theta), layer(classes, hidden, None)), InputSpec((inputs,), 255), CONFIG.frac
    )


def expected(network: Network, codes: np.ndarray) -> np.ndarray:
    """Return the scores; with MAC those of the integer network (docs/arithmetic.md, A12)."""
    if not CONFIG.mac:
        return golden.run(network, codes).scores
    x = codes.astype(np.int64)
    for layer in network.layers:
        s = np.concatenate([x, np.full((len(x), 1), network.length)], axis=1) @ layer.synapses.astype(np.int64).T
        if layer.theta is None:
            return s
        theta = layer.theta * network.length
        x = np.clip(((s << (network.theta_frac + 1)) + theta) // (2 * theta), 0, network.length)
    raise AssertionError


@cocotb.test()
async def answers_info_at_any_pace(dut):
    host = HostBench(dut)
    await host.begin()
    host.expect("idle", (int(dut.o_busy.value), int(dut.o_error.value)), (0, 0))
    await host.alive()
    # Gaps below the time-out, and none at all.
    for gap in (0, 1.5, 40):
        host.expect("INFO", await host.exchange(Command.INFO, gap=gap), (Status.OK, info_payload()))
    host.expect("decoded", await host.call(host.link.info), INFO)


@cocotb.test()
async def networks_loaded_over_the_line_equal_the_model(dut):
    host = HostBench(dut)
    await host.begin()
    for _ in range(3):
        network = await host.load()
        host.expect("tag", await host.call(host.link.tag), network.tag)
        await host.infers(network, 3)


@cocotb.test()
async def words_go_where_the_address_says(dut):
    host = HostBench(dut)
    await host.begin()
    size = 1 << CONFIG.table_aw
    model = [host.random.getrandbits(16) for _ in range(size)]
    await host.call(host.link.write_table, model)
    pair = 2 if isinstance(CONFIG, ConvConfig) else 1  # words of the table that are written together
    for _ in range(6):
        start = host.random.randrange(0, size, pair)
        words = [host.random.getrandbits(16) for _ in range(host.random.randrange(0, size - start + 1, pair))]
        await host.call(host.link.write_table, words, start)
        model[start : start + len(words)] = words
        host.expect(f"table after {len(words)} words from {start}", await host.call(host.link.read_table), model)
    # A network's weights in random pieces, last ones first.
    network = await host.load()
    words = core_weight_words(network, CONFIG)
    await host.call(host.link.write_weights, [0] * len(words))
    end = len(words)
    while end:
        start = host.random.randrange(end)
        await host.call(host.link.write_weights, words[start:end], start)
        end = start
    await host.infers(network, 2)
    # The memory's last word is its last address.
    await host.call(host.link.write_weights, [0], (1 << CONFIG.weight_aw) - 1)
    await host.infers(network)


def address(value: int) -> bytes:
    return value.to_bytes(INFO.address_bytes, "little")


@cocotb.test()
async def refuses_bad_lengths_and_changes_nothing(dut):
    host = HostBench(dut)
    await host.begin()
    network = await host.load()
    before = await host.call(host.link.read_table)
    word = b"\xff" * INFO.word_bytes
    code = b"\x01" * INFO.code_bytes
    inputs = network.shape[0]
    table_end, weights_end = 1 << CONFIG.table_aw, 1 << CONFIG.weight_aw
    bad = [
        (Command.INFO, b"\0"),
        (Command.READ_TABLE, b"\0\0"),
        (Command.WRITE_TABLE, b""),
        (Command.WRITE_TABLE, address(0)[:-1]),
        (Command.WRITE_TABLE, address(0) + b"\xff"),
        (Command.WRITE_TABLE, address(0) + b"\xff" * 3),
        (Command.WRITE_TABLE, address(table_end - 1) + b"\xff" * 4),
        (Command.WRITE_TABLE, address(table_end) + b"\xff\xff"),
        (Command.WRITE_TABLE, b"\0" + b"\xff" * (INFO.address_bytes - 1) + b"\xff\xff"),
        (Command.WRITE_TABLE, address(0) + b"\xff\xff" * (table_end + 1)),
        (Command.WRITE_WEIGHTS, b""),
        (Command.WRITE_WEIGHTS, address(weights_end - 1) + 2 * word),
        (Command.WRITE_WEIGHTS, b"\xff" * INFO.address_bytes + word),
        (Command.INFER, b""),
        (Command.INFER, code * (inputs + 1)),
        (Command.INFER, code * MAX_PAYLOAD if INFO.code_bytes == 1 else code * 255),
    ]
    if weights_end < 1 << 16:
        bad.append((Command.WRITE_WEIGHTS, address(weights_end) + word))
    if INFO.word_bytes > 1:
        bad += [(Command.WRITE_WEIGHTS, address(0) + word[:-1]), (Command.WRITE_WEIGHTS, address(0) + 2 * word[:-1])]
    if inputs > 1:
        bad.append((Command.INFER, code * (inputs - 1)))
    if INFO.code_bytes == 2:
        bad.append((Command.INFER, (code * inputs)[:-1]))
    for command, payload in bad:
        what = f"{command.name} of {len(payload)} bytes, {payload[:6].hex(' ')}"
        if 2 * INFO.word_bytes - 2 == INFO.word_bytes and payload == address(0) + 2 * word[:-1]:
            continue
        host.expect(what, await host.exchange(command, payload), (Status.BAD_LENGTH, b""))
    # A length beyond the buffer is refused before its payload ends.
    for length in (MAX_PAYLOAD + 1, 0x8000, 0xFFFF):
        await host.sender.send(bytes([SYNC, Command.INFER]) + length.to_bytes(2, "little") + b"\xa5" * 600)
        host.expect(f"length {length}", await host.answer(), (Status.BAD_LENGTH, b""))
    host.expect("table", await host.call(host.link.read_table), before)
    await host.infers(network, 2)


@cocotb.test()
async def refuses_unknown_commands_and_damaged_frames(dut):
    host = HostBench(dut)
    await host.begin()
    network = await host.load()
    before = await host.call(host.link.read_table)
    for command in (0, 6, 7, 8, 8 + Command.INFO, 16 + Command.WRITE_TABLE, 128 + Command.INFER, 255):
        payload = bytes(host.random.randrange(8))
        host.expect(f"command {command}", await host.exchange(command, payload), (Status.BAD_COMMAND, b""))
    frame = encode_request(Command.WRITE_TABLE, address(0) + b"\xff" * 8)
    for k in (1, *range(4, len(frame))):
        damaged = bytearray(frame)
        damaged[k] ^= 1 << host.random.randrange(8)
        await host.sender.send(damaged)
        host.expect(f"damage in byte {k}", await host.answer(), (Status.BAD_CRC, b""))
    host.expect("table", await host.call(host.link.read_table), before)
    await host.infers(network)


@cocotb.test()
async def noise_inside_frames_costs_one_answer_at_most(dut):
    host = HostBench(dut)
    await host.begin()
    network = await host.load()
    before = await host.call(host.link.read_table)
    answers = set()
    for _ in range(30):
        words = bytes(host.random.randrange(256) for _ in range(2 * host.random.randint(1, 6)))
        frame = bytearray(encode_request(Command.WRITE_TABLE, address(0) + words))
        for _ in range(host.random.randint(1, 6)):
            frame[host.random.randrange(len(frame))] ^= 1 << host.random.randrange(8)
        if frame == encode_request(Command.WRITE_TABLE, address(0) + words):
            continue
        await host.sender.send(frame)
        if SYNC in frame:
            status, payload = await host.answer()
            host.expect("payload", payload, b"")
            answers.add(status)
        else:
            await host.quiet()
        await host.alive()
    assert Status.OK not in answers, answers
    assert {Status.BAD_CRC, Status.TIMEOUT} <= answers, answers
    host.expect("table", await host.call(host.link.read_table), before)
    await host.infers(network)


@cocotb.test()
async def noise_between_frames_is_ignored(dut):
    host = HostBench(dut)
    await host.begin()
    for _ in range(6):
        await host.sender.send(b for b in host.random.randbytes(host.random.randint(1, 20)) if b != SYNC)
        await host.sender.level(0, 0.2)  # a glitch
        await host.sender.level(1, 2)
        if host.random.random() < 0.5:
            await host.sender.byte(host.random.randrange(256), stop=0)
            await host.sender.level(1, 2)
        if host.random.random() < 0.5:
            await host.quiet()
        await host.alive()


async def clocks_to(host: HostBench, command: Command, payload: bytes = b"") -> dict[str, int]:
    """Send a request; return the clocks from its last byte to the last code, the last score and the answer."""
    inside, last = host.dut.u_system.u_host, 0
    seen: dict[str, int] = {}
    frame = encode_request(command, payload)
    left = len(frame)
    cocotb.start_soon(host.sender.send(frame))
    while "answer" not in seen:
        await host.step()
        if left and int(inside.i_rx_valid.value):
            left -= 1
            last = host.clock
        if left:
            continue
        if int(inside.o_x_valid.value):
            seen["code"] = host.clock - last
        if int(inside.i_y_valid.value) and int(inside.i_y_last.value):
            seen.setdefault("score", host.clock - last)
        if int(inside.o_tx_valid.value):
            seen["answer"] = host.clock - last
    status, _ = await host.answer()
    host.expect("status", status, Status.OK)
    return seen


@cocotb.test()
async def answers_after_the_clocks_that_the_header_states(dut):
    host = HostBench(dut)
    await host.begin()
    host.expect("INFO", (await clocks_to(host, Command.INFO))["answer"], 2 * len(info_payload()) + 5)
    size = 2 << CONFIG.table_aw
    host.expect("READ_TABLE", (await clocks_to(host, Command.READ_TABLE))["answer"], 2 * size + 5)
    for words in (0, 1, 5):
        payload = address(0) + words * b"\0\0"
        found = await clocks_to(host, Command.WRITE_TABLE, payload)
        host.expect(f"WRITE_TABLE of {words} words", found["answer"], 4 * len(payload) + 5)
        payload = address(0) + words * INFO.word_bytes * b"\0"
        found = await clocks_to(host, Command.WRITE_WEIGHTS, payload)
        host.expect(f"WRITE_WEIGHTS of {words} words", found["answer"], 4 * len(payload) + 5)
    waits = set()
    for _ in range(8):
        network = await host.load()
        codes = (b"\1".ljust(INFO.code_bytes, b"\0")) * network.shape[0]
        found = await clocks_to(host, Command.INFER, codes)
        if isinstance(CONFIG, ConvConfig):
            # The engine is let go with the payload's first byte.
            settled = (1 << CONFIG.acc_aw) + 8 - (len(codes) + 2) * BYTE
            host.expect("INFER, last code", 0 <= found["code"] - 2 * len(codes) <= max(settled, 0), True)
        else:
            host.expect("INFER, last code", found["code"], 2 * len(codes))
        waits.add(found["answer"] - found["score"] - 2 * (INFO.score_bytes + 2))
    host.expect("INFER, answer", waits <= {1, 2}, True)


@cocotb.test()
async def a_stall_at_any_byte_times_out(dut):
    host = HostBench(dut)
    await host.begin()
    frame = encode_request(Command.WRITE_TABLE, address(0) + b"\xa5" * 4)
    for k in range(1, len(frame)):
        await host.sender.send(frame[:k])
        stopped = host.clock
        host.expect(f"after {k} bytes", await host.answer(), (Status.TIMEOUT, b""))
        assert host.clock - stopped >= SILENCE
        await host.alive()


@cocotb.test()
async def errors_are_answered_only_after_silence(dut):
    host = HostBench(dut)
    await host.begin()
    bad = bytearray(encode_request(Command.INFO))
    bad[-1] ^= 1
    # What follows the bad frame within the time-out is dropped, be it a whole frame.
    await host.sender.send(bad)
    for _ in range(5):
        await host.sender.level(1, 40)
        await host.sender.send(encode_request(Command.INFO))
        host.expect("answers", len(host.receiver.data), 0)
    host.expect("the one answer", await host.answer(), (Status.BAD_CRC, b""))
    await host.alive()


@cocotb.test()
async def a_broken_stop_bit_inside_a_frame_is_answered(dut):
    host = HostBench(dut)
    await host.begin()
    frame = encode_request(Command.INFO)
    for k in range(1, len(frame)):
        await host.sender.send(frame[:k])
        # As long as the break lasts the line is not silent, but no byte either: it ends first.
        await host.sender.byte(frame[k], stop=0)
        await host.sender.level(1, 1)
        await host.sender.send(frame[k + 1 :])
        host.expect(f"byte {k}", await host.answer(), (Status.FRAMING, b""))
        await host.alive()


@cocotb.test()
async def an_unconfigured_core_refuses_to_infer(dut):
    host = HostBench(dut)
    await host.begin()
    await host.call(host.link.write_table, [0] * (1 << CONFIG.table_aw))
    for count in (1, 5):
        answer = await host.exchange(Command.INFER, b"\0" * (count * INFO.code_bytes))
        host.expect("INFER", answer, (Status.NOT_CONFIGURED, b""))
    host.expect("empty INFER", await host.exchange(Command.INFER), (Status.BAD_LENGTH, b""))
    await host.infers(await host.load())


@cocotb.test()
async def an_engine_that_never_answers_is_abandoned(dut):
    host = HostBench(dut)
    await host.begin()
    for _ in range(2):
        # One input, then layers of no neurons without end.
        await host.call(host.link.write_table, [0, 0, 1] + [0] * ((1 << CONFIG.table_aw) - 3))
        await host.sender.send(encode_request(Command.INFER, b"\1".ljust(INFO.code_bytes, b"\0")))
        await host.quiet(20 * SILENCE)
        host.expect("busy", int(dut.o_busy.value), 1)
        # Noise other than a sync byte does not end it, a frame does.
        await host.sender.send([0x5A, 0x00])
        await host.quiet()
        host.expect("busy", int(dut.o_busy.value), 1)
        await host.alive()
    await host.infers(await host.load())


@cocotb.test()
async def an_answer_beyond_the_buffer_is_refused(dut):
    host = HostBench(dut)
    await host.begin()
    fits = (MAX_PAYLOAD - 2) // INFO.score_bytes
    if fits + 1 >= 1 << CONFIG.log2_entries:
        return  # no readout can be that large
    for neurons, status in ((fits, Status.OK), (fits + 1, Status.BAD_LENGTH), (200, Status.BAD_LENGTH)):
        await host.call(host.link.write_table, [0, 0, 1, 0x8000 | neurons, 1])
        got, payload = await host.exchange(Command.INFER, b"\1".ljust(INFO.code_bytes, b"\0"))
        host.expect(f"{neurons} scores", (got, len(payload)), (status, 0 if status else neurons * INFO.score_bytes + 2))
    await host.infers(await host.load())


@cocotb.test()
async def reset_at_any_clock_leaves_the_core_ready(dut):
    host = HostBench(dut)
    await host.begin()
    network = await host.load()
    codes = [host.random.randint(0, network.length) for _ in range(network.shape[0])]
    payload = np.array(codes, dtype=f"<u{INFO.code_bytes}").tobytes()
    frame = encode_request(Command.INFER, payload)
    for _ in range(25):
        task = cocotb.start_soon(host.sender.send(frame))
        # During the request, the inference or the response.
        await host.step(host.random.randrange(1, len(frame) * BYTE + 1500))
        task.cancel()
        dut.rst.value, dut.i_uart_rx.value = 1, 1
        await host.step(host.random.randrange(1, 5))
        dut.rst.value = 0
        await host.step(2 * BYTE)
        host.receiver.data.clear()
        await host.quiet()
        await host.alive()
    await host.infers(network)


@cocotb.test()
async def the_driver_repeats_what_the_line_damaged(dut):
    host = HostBench(dut)
    await host.begin()
    network = await host.load()
    host.port.damage = 2
    await host.infers(network)
    host.expect("requests damaged", host.port.damage, 0)
    host.port.damage = 3
    try:
        await host.call(host.link.read_table)
    except HostError as error:
        host.expect("status", error.status in (Status.TIMEOUT, Status.BAD_LENGTH, Status.BAD_CRC), True)
    else:
        raise AssertionError("three damaged requests must fail")
    await host.infers(network)


TESTS = 16
# What depends on the widths of words, codes, scores and addresses: all that the slow build has to show.
OF_WIDTH = [
    "answers_info_at_any_pace",
    "answers_after_the_clocks_that_the_header_states",
    "networks_loaded_over_the_line_equal_the_model",
    "refuses_bad_lengths_and_changes_nothing",
    "an_answer_beyond_the_buffer_is_refused",
]


def host(name: str, seed: int, testcase: list[str] | None = None) -> int:
    env = {"SC_BUILD": name}
    parameters, sources = BUILDS[name].parameters(), [TB / "tb_host.v"]
    return run(
        "test_host", "tb_host", parameters, sources=sources, public_depth=3, optimise="-O1", testcase=testcase,
        seed=seed, env=env,
    )  # fmt: skip


@pytest.mark.parametrize(("name", "seed"), [("small", 1), ("small", 2), ("narrow", 1), ("conv", 1)])
def test_host(name: str, seed: int) -> None:
    assert host(name, seed) == TESTS


def test_host_with_wide_words() -> None:
    assert host("wide", 1, OF_WIDTH) == len(OF_WIDTH)


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"LOG2_PAYLOAD": 8}, "ERROR_LOG2_PAYLOAD_must_be_in_9_to_15"),
        ({"LOG2_PAYLOAD": 16}, "ERROR_LOG2_PAYLOAD_must_be_in_9_to_15"),
        ({"TABLE_AW": 8}, "ERROR_LOG2_PAYLOAD_must_be_at_least_TABLE_AW_plus_2"),
        ({"LOG2_TIMEOUT": 4}, "ERROR_LOG2_TIMEOUT_must_be_in_5_to_24"),
        ({"LOG2_TIMEOUT": 25}, "ERROR_LOG2_TIMEOUT_must_be_in_5_to_24"),
    ],
)
def test_illegal_parameters_fail_elaboration(parameters: dict[str, int], error: str) -> None:
    with pytest.raises(BenchFailure, match=error):
        build("sc_host", parameters)
