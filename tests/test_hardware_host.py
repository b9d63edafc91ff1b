"""The serial protocol's frames as pure functions; `HostLink` on lines that lose, damage and invent bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc_neurocore.errors import ScError
from sc_neurocore.hardware.conv_image import ConvConfig
from sc_neurocore.hardware.host import (
    Boot,
    Command,
    HostError,
    HostInfo,
    HostLink,
    Status,
    crc16,
    decode_response,
    encode_request,
)
from sc_neurocore.hardware.image import EngineConfig, table_words, weight_words
from sc_neurocore.hardware.spike_image import SpikeConfig
from sc_neurocore.network import DenseLayer, InputSpec, Network

INFO = bytes([2, 0, 4, 2, 4, 8, 10, 5, 9, 0, 0, 0, 13, 0])
CONV_INFO = bytes([2, 1, 4, 2, 4, 7, 10, 7, 9, 0, 5, 1, 12, 2])
# STEPS: width 18 from bit 4, reset_mode 11, constant 13, delay_aw 2 from bit 14, history_aw 7 from bit 18.
STEPS_INFO = bytes([2, 2, 4, 2, 4, 8, 10, 6, 9, 0, 5, 0, 12, 0]) + (0x1CA920).to_bytes(4, "little")


def response(status: int, payload: bytes = b"") -> bytes:
    body = bytes([status, len(payload) & 255, len(payload) >> 8]) + payload
    return b"\x5a" + body + crc16(body).to_bytes(2, "big")


class FakeCore:
    """A line to a core that keeps what is written. script: what it sends next in place of its own answers."""

    def __init__(self, info: bytes = INFO) -> None:
        self.info = info
        self.requests: list[tuple[int, bytes]] = []
        self.script: list[bytes | Exception | None] = []
        self.table = [0] * (1 << info[7])
        self.weights: dict[int, int] = {}
        self.out = b""

    def write(self, data: bytes) -> int:
        assert data[0] == 0xA5
        assert crc16(data[1:]) == 0
        assert int.from_bytes(data[2:4], "little") == len(data) - 6
        command, payload = data[1], data[4:-2]
        self.requests.append((command, payload))
        answer = self.answer(command, payload)
        if self.script:
            instead = self.script.pop(0)
            if isinstance(instead, Exception):
                raise instead
            answer = answer if instead is None else instead
        self.out += answer
        return len(data)

    def answer(self, command: int, payload: bytes) -> bytes:
        if command == Command.INFO:
            return response(0, self.info)
        if command == Command.READ_TABLE:
            return response(0, b"".join(w.to_bytes(2, "little") for w in self.table))
        if command == Command.INFER:
            return response(0, np.array([3, -2, 7, 7], "<i2").tobytes() + b"\2\0")
        where, words = int.from_bytes(payload[:2], "little"), np.frombuffer(payload[2:], "<u2").tolist()
        for k, word in enumerate(words, where):
            if command == Command.WRITE_TABLE:
                self.table[k] = word
            else:
                self.weights[k] = word
        return response(0)

    def read(self, size: int) -> bytes:
        data, self.out = self.out[:size], self.out[size:]
        return data


def link(core: FakeCore, retries: int = 2) -> HostLink:
    return HostLink(core, timeout=0.02, retries=retries)


def network(inputs: int = 20, classes: int = 4, length: int = 16, theta_frac: int = 4) -> Network:
    draw = np.random.default_rng(inputs)
    hidden = DenseLayer(draw.integers(-3, 4, (30, inputs)), draw.integers(-3, 4, 30), 40)
    readout = DenseLayer(draw.integers(-3, 4, (classes, 30)), draw.integers(-3, 4, classes), None)
    return Network(length, (hidden, readout), InputSpec((inputs,), 255), theta_frac)


@given(st.binary(max_size=64))
def test_crc_of_a_message_with_its_crc_is_zero(data: bytes) -> None:
    assert crc16(data + crc16(data).to_bytes(2, "big")) == 0


@given(st.sampled_from(Command), st.binary(max_size=600))
def test_request_layout(command: Command, payload: bytes) -> None:
    frame = encode_request(command, payload)
    assert frame[:4] == bytes([0xA5, command, len(payload) & 255, len(payload) >> 8])
    assert frame[4:-2] == payload
    assert crc16(frame[1:]) == 0


@given(st.sampled_from(Status), st.binary(max_size=600))
def test_response_round_trip(status: Status, payload: bytes) -> None:
    assert decode_response(response(status, payload)) == (status, payload)


@given(st.binary(max_size=40), st.data())
def test_a_damaged_response_is_refused(payload: bytes, data: st.DataObject) -> None:
    frame = bytearray(response(0, payload))
    bits = data.draw(st.sets(st.integers(0, 8 * len(frame) - 1), min_size=1, max_size=3))
    for bit in bits:
        frame[bit // 8] ^= 1 << bit % 8
    with pytest.raises(HostError, match="response"):
        decode_response(bytes(frame))


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (b"", "too short: 0 bytes"),
        (response(0)[:-1], "too short: 5 bytes"),
        (b"\xa5" + response(0)[1:], "must begin with 0x5A, got 0xA5"),
        (response(0, b"xy")[:-1], "of 7 bytes, its length field says 8"),
        (response(0) + b"\0", "of 7 bytes, its length field says 6"),
        (response(0)[:-1] + b"\0", "with CRC"),
        (response(99), "unknown status 99"),
    ],
)
def test_response_errors_name_the_fault(frame: bytes, message: str) -> None:
    with pytest.raises(HostError, match=message):
        decode_response(frame)


def test_request_limits() -> None:
    with pytest.raises(ScError, match="payload must have at most 32767 bytes, got 32768"):
        encode_request(Command.INFER, bytes(32768))
    with pytest.raises(ScError, match=r"command must be in \[0, 255\], got 256"):
        encode_request(256)


def test_info_is_decoded_and_asked_once() -> None:
    core = FakeCore()
    host = link(core)
    assert host.info() == HostInfo(EngineConfig(4, 2, 4, 8, 10, 5, 0), 9, Boot.NONE)
    assert host.info().max_payload == 511
    assert len(core.requests) == 1
    conv = ConvConfig(4, 2, 4, act_aw=7, acc_aw=5, weight_aw=10, table_aw=7, sum_w=12, pool=1)
    assert link(FakeCore(CONV_INFO)).info() == HostInfo(conv, 9, Boot.LOADED)
    steps = SpikeConfig(4, 2, 4, 8, 10, 6, state_aw=5, sum_w=12, width=18, reset_mode=1, delay_aw=2, history_aw=7)
    assert link(FakeCore(STEPS_INFO)).info() == HostInfo(steps, 9, Boot.NONE)


@pytest.mark.parametrize(
    ("info", "message"),
    [
        (b"", "version must be 2, the core has none"),
        (b"\1" + INFO[1:], "version must be 2, the core has 1"),
        (INFO[:-1], "must answer 14 bytes, got 13"),
        (INFO[:1] + b"\3" + INFO[2:], r"impossible core: ENGINE must be one of 0 \(dense\), .*, 2 \(steps\), got 3"),
        (INFO[:1] + b"\2" + INFO[2:], "must answer 18 bytes, got 14"),
        (STEPS_INFO[:14] + b"\x0f" + STEPS_INFO[15:], r"impossible core: neuron must be in \[0, 2\], got 15"),
        (INFO[:2] + b"\x0c" + INFO[3:], r"impossible core: log2l must be in \[2, 8\], got 12"),
        (INFO[:8] + b"\x08" + INFO[9:], r"impossible core: log2_payload must be in \[9, 15\], got 8"),
        (INFO[:12] + b"\x0e" + INFO[13:], "impossible core: SUM_W must be 13, got 14"),
        (INFO[:13] + b"\1", "impossible core: boot must be one of 0, 2, 3, got 1"),
    ],
)
def test_a_foreign_core_is_refused(info: bytes, message: str) -> None:
    core = FakeCore()
    core.info = info
    with pytest.raises(HostError, match=message):
        link(core).info()


@pytest.mark.parametrize(
    "fault",
    [
        b"",
        b"\x00\xff\x5a",
        response(0, INFO)[:-3],
        response(0, INFO)[:-1] + b"\0",
        response(Status.BAD_CRC),
        response(Status.TIMEOUT),
        response(Status.FRAMING),
        response(Status.BAD_LENGTH),
    ],
)
def test_a_fault_of_the_line_is_repeated(fault: bytes) -> None:
    core = FakeCore()
    core.script = [fault, fault]
    assert link(core).info().length == 16
    assert core.requests == [(Command.INFO, b"")] * 3
    core = FakeCore()
    core.script = [fault] * 3
    with pytest.raises(HostError):
        link(core).info()
    assert len(core.requests) == 3


def test_an_answer_is_found_behind_noise() -> None:
    core = FakeCore()
    core.script = [b"\x00\x5a\x5a\x01" + response(0, INFO)]
    assert link(core, retries=0).info().length == 16


@pytest.mark.parametrize("status", [Status.BAD_COMMAND, Status.NOT_CONFIGURED])
def test_a_refusal_is_not_repeated_and_names_the_status(status: Status) -> None:
    core = FakeCore()
    core.script = [response(status)]
    with pytest.raises(HostError, match=f"INFO refused, {status.name}") as caught:
        link(core).info()
    assert caught.value.status is status
    assert len(core.requests) == 1


def test_silence_garbage_and_a_pulled_plug_are_told_apart() -> None:
    for fault, message in (
        (b"", "no answer to INFO within 0.02 s"),
        (b"garbage!", "8 bytes but no valid answer to INFO, the first ones 67 61 72"),
        (OSError("device reports readiness to read but returned no data"), "is it still plugged in"),
    ):
        core = FakeCore()
        core.script = [fault]
        with pytest.raises(HostError, match=message) as caught:
            link(core, retries=0).info()
        assert caught.value.status is None


def test_a_missing_port_is_named() -> None:
    with pytest.raises(HostError, match="port /dev/no-such-port cannot be opened"):
        HostLink.open("/dev/no-such-port", 115200)


@pytest.mark.parametrize(("timeout", "retries"), [(0.0, 1), (1.0, -1)])
def test_link_parameters(timeout: float, retries: int) -> None:
    with pytest.raises(ScError, match="must be"):
        HostLink(FakeCore(), timeout=timeout, retries=retries)


def test_load_writes_weights_in_chunks_and_the_table_last() -> None:
    core, net, seen = FakeCore(), network(), []
    link(core).load_network(net, progress=lambda done, total: seen.append((done, total)))
    words = weight_words(net, 2)
    assert [core.weights[k] for k in range(len(words))] == words
    assert core.table[: len(table_words(net))] == table_words(net)
    commands = [c for c, _ in core.requests]
    chunks = -(-len(words) // 254)
    assert commands == [
        Command.INFO,
        Command.WRITE_TABLE,
        *[Command.WRITE_WEIGHTS] * chunks,
        Command.WRITE_TABLE,
        Command.READ_TABLE,
    ]
    assert core.requests[1][1] == bytes(2 + 2 * 4)  # address and words, in pairs
    assert max(len(p) for _, p in core.requests) <= 511
    assert seen[-1] == (len(words), len(words))
    assert len(seen) == chunks > 1


def test_a_load_that_breaks_off_leaves_no_network() -> None:
    core = FakeCore()
    host = link(core)
    host.load_network(network())
    assert host.tag() == network().tag
    core.script = [None, response(Status.NOT_CONFIGURED)]
    with pytest.raises(HostError):
        host.load_network(network(inputs=21))
    assert core.table[:3] == [0, 0, 0]


def test_a_table_that_reads_back_otherwise_is_refused() -> None:
    core = FakeCore()
    host = link(core)
    host.info()
    net = network()
    chunks = -(-len(weight_words(net, 2)) // 254)
    core.script = [None] * (chunks + 2) + [response(0, bytes(64))]
    with pytest.raises(HostError, match="the layer table reads back 0x0000 at word 0"):
        host.load_network(net)


@pytest.mark.parametrize(
    ("net", "mac", "message"),
    [
        (network(), True, r"must have MAC = 1 \(1: integer datapath\), got 0"),
        (network(length=32), False, "the engine has L = 16 and 4 fraction bits, the network L = 32 and 4"),
        (network(theta_frac=3), False, "the engine has L = 16 and 4 fraction bits, the network L = 16 and 3"),
        (network(inputs=300), False, r"short of 45 inputs or neurons in a layer \(300 of 255\)"),
        (network(inputs=100), False, r"short of 553 weight words \(1577 of 1024\)"),
    ],
)
def test_a_network_that_does_not_fit_is_refused_before_anything_is_written(
    net: Network, mac: bool, message: str
) -> None:
    core = FakeCore()
    with pytest.raises(ScError, match=message):
        link(core).load_network(net, mac=mac)
    assert core.requests == [(Command.INFO, b"")]


def test_infer() -> None:
    core = FakeCore()
    found, scores = link(core).infer([0, 16, 5])
    assert (found, scores.tolist()) == (2, [3, -2, 7, 7])
    assert core.requests[-1] == (Command.INFER, b"\x00\x10\x05")


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        ([17], r"codes must be in \[0, 16\], got 17 … 17"),
        ([-1], r"codes must be in \[0, 16\], got -1 … -1"),
        ([[1]], r"codes must have shape \(inputs,\), got \(1, 1\)"),
        ([0.5], "codes must be integers, got float64"),
        (np.zeros(0, int), "codes must not be empty"),
        ([0] * 512, "the core takes at most 511 codes, got 512"),
    ],
)
def test_bad_codes_are_not_sent(codes: object, message: str) -> None:
    core = FakeCore()
    with pytest.raises(ScError, match=message):
        link(core).infer(codes)  # type: ignore[arg-type]
    assert core.requests == [(Command.INFO, b"")]


@pytest.mark.parametrize(
    ("payload", "message"),
    [(b"\0\0\0", "3 bytes, not scores and a class"), (b"\0\0\1\0\0\0", "answered class 0, its scores say 1")],
)
def test_an_impossible_inference_is_noticed(payload: bytes, message: str) -> None:
    core = FakeCore()
    core.script = [None, response(0, payload)]
    with pytest.raises(HostError, match=message):
        link(core).infer([1])


def test_words_out_of_range_are_refused() -> None:
    host = link(FakeCore())
    for call, message in (
        (lambda: host.write_table([65536]), "WRITE_TABLE: word 0 must fit 16 bits, got 65536"),
        (lambda: host.write_weights([0, 1024]), "WRITE_WEIGHTS: word 1 must fit 10 bits, got 1024"),
        (lambda: host.write_table([0, 0], 31), "words 31 … 32 exceed the memory of 32 words"),
        (lambda: host.write_table([0], -1), "address must be at least 0, got -1"),
    ):
        with pytest.raises(ScError, match=message):
            call()


def test_run_needs_the_network_and_its_number_of_scores() -> None:
    core, net = FakeCore(), network()
    host = link(core)
    codes = np.zeros((2, 20), dtype=np.uint16)
    with pytest.raises(HostError, match=rf"no network is loaded, {net.name} with tag 0x{net.tag:08X} is wanted"):
        host.run(net, codes)
    host.load_network(net)
    assert host.run(net, codes).scores.tolist() == [[3, -2, 7, 7]] * 2
    other = network(classes=3)
    host.load_network(other)
    with pytest.raises(HostError, match="answered 4 scores, 3 were due"):
        host.run(other, codes)
