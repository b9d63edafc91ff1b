"""The virtual board through its serial port: right answers, every failure of a line told and survived, the commands."""

from __future__ import annotations

import csv
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import serial

from networks import random_codes, random_conv_network, random_network
from sc_neurocore import artifact, packed
from sc_neurocore.cli import main
from sc_neurocore.errors import ScError
from sc_neurocore.hardware import virtual_board
from sc_neurocore.hardware.boards import BOARDS
from sc_neurocore.hardware.conv_image import ConvConfig
from sc_neurocore.hardware.estimate import plan
from sc_neurocore.hardware.flash_image import flash_image
from sc_neurocore.hardware.host import (
    Boot,
    Command,
    HostError,
    HostLink,
    Status,
    crc16,
    decode_response,
    encode_request,
)
from sc_neurocore.hardware.virtual_board import Faults, VirtualBoard
from sc_neurocore.network import Network

NETWORKS = Path(__file__).parents[1] / "train" / "networks"
# One engine for nearly all tests: a simulator takes as long to compile as they take together.
DIGITS = artifact.load(NETWORKS / "digits")
OTHER = replace(DIGITS, layers=random_network(np.random.default_rng(3), 32, (64, 96, 10)).layers, name="other")
CODES = random_codes(np.random.default_rng(4), DIGITS, 12)


@pytest.fixture(scope="module")
def shared() -> Iterator[VirtualBoard]:
    with VirtualBoard(DIGITS) as board:
        yield board


@pytest.fixture
def board(shared: VirtualBoard) -> Iterator[VirtualBoard]:
    """A board that answers right before a test and after it, whatever the test did to it."""
    yield shared
    shared.set_faults()
    with opened(shared) as link:
        link.prepare(DIGITS)
        right(link)


@contextmanager
def opened(
    board: VirtualBoard, *, baud: int | None = None, timeout: float = 120.0, retries: int = 2
) -> Iterator[HostLink]:
    with HostLink.open(board.port, baud or board.baud, timeout=timeout, retries=retries) as link:
        yield link


def right(link: HostLink, network: Network = DIGITS, codes: np.ndarray = CODES) -> None:
    assert link.run(network, codes).mismatches(packed.run(network, codes)) == 0


# Right answers.


def test_the_port_is_a_raw_serial_port(board: VirtualBoard) -> None:
    """No driver, no settings: what is written is what the core gets."""
    port = os.open(board.port, os.O_RDWR | os.O_NOCTTY)
    try:
        assert os.isatty(port)
        # Bytes that a terminal in any other mode would take for itself: Ctrl-C, Ctrl-D, CR, XOFF, Ctrl-Z.
        for payload in (b"\x03\x04\x0d\x13\x1a", b"\x0a\x11\x7f\xff\x00"):
            os.write(port, encode_request(Command.INFO, payload))
            assert answer(port) == (Status.BAD_LENGTH, b"")
        os.write(port, encode_request(Command.INFO))
        status, info = answer(port)
        assert (status, info[:2], len(info)) == (Status.OK, b"\2\0", 14)
    finally:
        os.close(port)


def answer(port: int, seconds: float = 10.0) -> tuple[Status, bytes]:
    """Return one response, and see that nothing comes after it."""
    data, limit = b"", time.monotonic() + seconds
    while len(data) < 6 or len(data) < 6 + int.from_bytes(data[2:4], "little"):
        assert select.select([port], [], [], max(0.0, limit - time.monotonic()))[0], f"no answer but {data.hex(' ')}"
        data += os.read(port, 4096)
    assert not select.select([port], [], [], 0.02)[0]
    return decode_response(data)


def test_block_ram_brings_the_network_and_others_take_its_place(board: VirtualBoard) -> None:
    assert board.loaded
    with opened(board) as link:
        assert link.tag() == DIGITS.tag
        right(link)
        assert link.prepare(OTHER)
        right(link, OTHER)
        assert not link.prepare(OTHER)
    with opened(board) as link:  # of another program, later
        assert link.tag() == OTHER.tag
        right(link, OTHER)


def test_no_clock_passes_while_nothing_happens(board: VirtualBoard) -> None:
    with opened(board) as link:
        right(link)
    time.sleep(0.2)
    before = board.set_faults()
    time.sleep(0.2)
    assert board.set_faults() == before
    assert before.clocks > before.received > 0


def test_spram_is_loaded_over_the_line() -> None:
    network = artifact.load(NETWORKS / "mnist-small")
    codes = random_codes(np.random.default_rng(5), network, 6)
    with VirtualBoard(network) as board, opened(board) as link:
        assert not board.loaded
        with pytest.raises(HostError, match=rf"{board.port}: no network is loaded, mnist-small with tag 0x"):
            link.prepare(network, load=False)
        assert link.prepare(network)
        right(link, network, codes)


def test_a_convolution_network_waits_for_its_engine() -> None:
    """Fewer inputs than sums to clear: on a fast line the request is there before the engine is ready."""
    network = random_conv_network(np.random.default_rng(6), 8, "cmd", (5, 5, 1), 3)
    codes = random_codes(np.random.default_rng(7), network, 8)
    with VirtualBoard(network, lanes=2) as board, opened(board) as link:
        config = link.info().engine
        assert isinstance(config, ConvConfig)
        assert config.pool == 1
        assert link.prepare(network) != board.loaded
        right(link, network, codes)
        link.write_table([0, 0, 0, 0])
        with pytest.raises(HostError, match="INFER refused, NOT_CONFIGURED"):
            link.infer(codes[0])
        link.load_network(network)
        right(link, network, codes)


def test_the_board_starts_from_its_flash_or_says_that_it_cannot() -> None:
    """The bitstream with FLASH_BOOT = 1: PLL, SPRAM and flash beside it, one program for every content of the flash."""
    network = artifact.load(NETWORKS / "mnist-small")
    layers = random_network(np.random.default_rng(9), network.length, network.shape).layers
    other = replace(network, layers=layers, name="other")
    codes = random_codes(np.random.default_rng(10), network, 6)
    config = plan(network, BOARDS["icebreaker"]).config
    for wanted in (network, other):  # new weights, same bitstream
        with VirtualBoard(network, flash=flash_image(wanted, config)) as board, opened(board) as link:
            assert (link.info().boot, link.tag()) == (Boot.LOADED, wanted.tag)
            right(link, wanted, codes)
            assert not board.loaded
            assert not board.set_faults().refused
    damaged = bytearray(flash_image(network, config))
    damaged[len(damaged) // 2] ^= 8
    for content in (bytes(damaged), b""):
        with VirtualBoard(network, flash=content) as board, opened(board, retries=0) as link:
            assert link.info().boot is Boot.REFUSED
            assert board.set_faults().refused
            with pytest.raises(HostError, match="INFER refused, NOT_CONFIGURED"):
                link.infer(codes[0])
            with pytest.raises(HostError, match="no network is loaded"):
                link.prepare(network, load=False)
            link.load_network(network)
            right(link, network, codes)


# Failures of the line.


@pytest.mark.parametrize("where", ["before", "inside"])
def test_a_port_that_goes_away_is_named(where: str) -> None:
    with VirtualBoard(DIGITS) as board, opened(board) as link:
        link.tag()

        def progress(done: int, total: int) -> None:
            if done == 3 and where == "before":
                board.unplug()

        if where == "inside":
            board.set_faults(Faults(unplug=3 * 28 + 9))
        with pytest.raises(HostError, match=f"^{board.port}: the port failed, is it still plugged in") as caught:
            link.run(DIGITS, CODES, progress)
        assert caught.value.status is None
        with pytest.raises(HostError, match="the port failed"):
            link.infer(CODES[0])
        with pytest.raises(ScError, match="the virtual board has ended"):
            board.set_faults()
    with pytest.raises(HostError, match=f"port {board.port} cannot be opened"):
        HostLink.open(board.port, board.baud)


def test_noise_before_answers_changes_nothing(board: VirtualBoard) -> None:
    board.set_faults(Faults(before=7, seed=2))
    with opened(board) as link:
        right(link)
        assert link.repeated == 0


@pytest.mark.parametrize("faults", [Faults(noise=0.01, seed=3), Faults(flip=2e-4, seed=4)], ids=["noise", "flip"])
def test_what_the_line_damages_is_repeated(board: VirtualBoard, faults: Faults) -> None:
    with opened(board, timeout=0.2, retries=8) as link:
        link.info()
        board.set_faults(faults)
        right(link, codes=np.tile(CODES, (2, 1)))
        assert link.repeated > 0


def test_a_line_of_noise_is_told_apart_from_silence(board: VirtualBoard) -> None:
    board.set_faults(Faults(noise=1.0))
    with (
        opened(board, timeout=0.2, retries=1) as link,
        pytest.raises(HostError, match=rf"{board.port}: \d+ bytes but no valid answer to INFO \(asked 2 times\)"),
    ):
        link.info()


@pytest.mark.parametrize("retries", [0, 2])
def test_a_stall_ends_after_the_stated_time(board: VirtualBoard, retries: int) -> None:
    with opened(board, timeout=0.3, retries=retries) as link:
        link.tag()
        board.set_faults(Faults(stall=2 * 28 + 50))
        times = " (asked 3 times)" if retries else ""
        start = time.monotonic()
        with pytest.raises(HostError) as caught:
            link.run(DIGITS, CODES)
        seconds = time.monotonic() - start
        board.set_faults()
        assert board.port in str(caught.value)
        # The stall begins inside the tag or an answer, so the last try is silent in any case.
        assert "bytes but no valid answer" in str(caught.value) or str(caught.value).endswith(f"within 0.3 s{times}")
        assert seconds >= 0.3 * (retries + 1)
        right(link)  # the same link goes on


def test_an_engine_that_never_answers_is_abandoned(board: VirtualBoard) -> None:
    with opened(board, timeout=0.3, retries=1) as link:
        # One input, then layers of no neurons without end.
        link.write_table([0, 0, 1] + [0] * ((1 << link.info().engine.table_aw) - 3))
        with pytest.raises(HostError, match=r"no answer to INFER within 0\.3 s \(asked 2 times\)"):
            link.infer([1])
        link.load_network(DIGITS)
        right(link)


def test_a_late_answer_is_not_taken_for_the_next_one(board: VirtualBoard) -> None:
    """An interrupt between request and answer leaves the answer in the port."""
    with opened(board) as link:
        link.info()
        stream = link._stream
        reads = stream.read

        def interrupted(size: int) -> bytes:
            stream.read = reads
            raise KeyboardInterrupt

        stream.read = interrupted
        link.tag = lambda: DIGITS.tag  # type: ignore[method-assign]  # not interrupted
        with pytest.raises(KeyboardInterrupt, match=f"interrupted after 0 of 2 images on {board.port}"):
            link.run(DIGITS, CODES[:2])
        right(link, codes=CODES[3:6])


@pytest.mark.parametrize("baud", [115_200, 500_000, 2_000_000])
def test_a_wrong_baud_rate_is_suspected(board: VirtualBoard, baud: int) -> None:
    with opened(board, baud=baud, timeout=0.3, retries=0) as link, pytest.raises(HostError) as caught:
        link.info()
    assert board.port in str(caught.value)
    assert "baud rate" in str(caught.value) or "no answer to INFO within 0.3 s" in str(caught.value)


# Frames and noise sent raw.

WORD = bytes(3)  # of weights, more than an address


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (encode_request(Command.INFO)[:1], Status.TIMEOUT),
        (encode_request(Command.INFER, bytes(64))[:40], Status.TIMEOUT),
        (encode_request(Command.WRITE_TABLE, b"\0\0" + b"\xff" * 8)[:-1], Status.TIMEOUT),
        (encode_request(Command.INFER, bytes(63)), Status.BAD_LENGTH),
        (encode_request(Command.INFER, bytes(65)), Status.BAD_LENGTH),
        (encode_request(Command.INFER, bytes(511)), Status.BAD_LENGTH),
        (encode_request(Command.INFER, bytes(512)), Status.BAD_LENGTH),
        (encode_request(Command.WRITE_WEIGHTS, bytes(4000)), Status.BAD_LENGTH),
        (encode_request(Command.WRITE_TABLE, b"\xff\xff\0\0"), Status.BAD_LENGTH),
        (encode_request(Command.INFO)[:-1] + b"\0", Status.BAD_CRC),
        (b"\xa5\x01\0\0\0\0" + encode_request(Command.INFO), Status.BAD_CRC),
        (encode_request(9, b"abc"), Status.BAD_COMMAND),
        (b"\x00\x5a\xff" * 50, None),
        (b"\x00\x5a\xff" * 5 + encode_request(Command.READ_TABLE), Status.OK),
    ],
    ids=[
        "sync", "truncated", "truncated_crc", "one_code_less", "one_code_more", "full", "oversized", "far_oversized",
        "address", "crc", "crc_and_more", "command", "noise", "noise_before",
    ],
)  # fmt: skip
def test_what_is_sent_raw_is_answered_as_documented(board: VirtualBoard, sent: bytes, status: Status | None) -> None:
    with serial.Serial(board.port, board.baud, timeout=0.0) as port:
        port.write(sent)
        if status is None:
            assert not select.select([port.fileno()], [], [], 0.3)[0]
        else:
            got, payload = answer(port.fileno())
            assert got is status
            assert bool(payload) == (status is Status.OK)
    with opened(board, retries=0) as link:
        assert link.tag() == DIGITS.tag  # nothing was written
        right(link, codes=CODES[:3])


# Cores that are not the one wanted.


def test_another_network_is_named_with_both_tags_or_replaced(board: VirtualBoard) -> None:
    both = rf"network with tag 0x{DIGITS.tag:08X} is loaded, other with tag 0x{OTHER.tag:08X} is wanted"
    with opened(board) as link:
        for call in (lambda: link.prepare(OTHER, load=False), lambda: link.run(OTHER, CODES)):
            with pytest.raises(HostError, match=rf"{board.port}: the {both}"):
                call()
        assert link.tag() == DIGITS.tag
        assert link.prepare(OTHER)
        right(link, OTHER)


def test_an_engine_too_small_says_what_is_short_and_is_left_alone(board: VirtualBoard) -> None:
    large = random_network(np.random.default_rng(8), 32, (64, 200, 10))
    with opened(board) as link:
        link.tag()
        before = board.set_faults()
        with pytest.raises(
            ScError, match=rf"{board.port}: 64-200-10 with 2 lanes.*short of .* weight words \(\d+ of 4096\)"
        ):
            link.prepare(large, load=True)
        assert board.set_faults().received == before.received
        right(link)


def test_a_core_of_another_version_is_refused() -> None:
    """A fake one, with the nine bytes of version 1."""
    master, slave = os.openpty()
    body = bytes([0, 9, 0, 1, 4, 2, 4, 8, 10, 5, 9, 0])

    def core() -> None:
        os.read(master, 64)
        os.write(master, b"\x5a" + body + crc16(body).to_bytes(2, "big"))

    thread = threading.Thread(target=core)
    try:
        import tty

        tty.setraw(slave)
        thread.start()
        name = os.ttyname(slave)
        message = f"^{name}: protocol version must be 2, the core has 1$"
        with HostLink.open(name, 1_000_000, timeout=5.0) as link, pytest.raises(HostError, match=message):
            link.info()
    finally:
        thread.join(5)
        os.close(master)
        os.close(slave)


# What is refused before a board starts.


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"flip": 1.5}, r"flip must be in \[0, 1\], got 1\.5"),
        ({"noise": -0.1}, r"noise must be in \[0, 1\], got -0\.1"),
        ({"before": -1}, r"before must be in \[0, 2\^31\), got -1"),
        ({"unplug": 0}, r"unplug must be in \[1, 2\^31\), got 0"),
    ],
)
def test_impossible_faults_are_refused(values: dict[str, float], message: str) -> None:
    with pytest.raises(ScError, match=message):
        Faults(**values)  # type: ignore[arg-type]


def test_boards_and_lines_that_cannot_be_simulated() -> None:
    bare = replace(BOARDS["icebreaker"], name="bare", folder="fpga/parts")
    with pytest.raises(ScError, match=r"bare has no virtual board: fpga/parts/sim/main\.cpp, its pins, is missing"):
        VirtualBoard(DIGITS, bare)
    with pytest.raises(ScError, match=r"clocks per bit must be in \[4, 65535\], got 3"):
        VirtualBoard(DIGITS, clocks_per_bit=3)
    with pytest.raises(ScError, match="hx8k does not start from its flash"):
        VirtualBoard(DIGITS, "hx8k", flash=b"")
    with pytest.raises(ScError, match="board must be one of"):
        VirtualBoard(DIGITS, "de10")


# Commands.


def test_evaluate_on_a_virtual_board_equals_the_model(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("sklearn")
    assert main(["evaluate", str(NETWORKS / "digits"), "--data", "digits", "--backend", "virtual", "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert (row["backend"], row["images"], row["correct"], row["mismatches"]) == ("virtual", 360, 357, 0)


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    path = tmp_path / "samples.npz"
    rng = np.random.default_rng(9)
    np.savez(path, x=rng.integers(0, 256, (20, 64), dtype=np.uint8), y=np.arange(20) % 10)
    return path


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The digits network for samples of 8 bits."""
    return artifact.save(replace(DIGITS, input=replace(DIGITS.input, shape=(64,), full_scale=256)), tmp_path / "own")


def test_run_says_where_the_time_goes(
    board: VirtualBoard, own: Path, samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = artifact.load(own)
    arguments = ["run", str(own), "--board", "icebreaker", "--port", board.port, "--data", str(samples), "--json"]
    arguments += ["--timeout", "120"]
    assert main([*arguments, "--out", str(tmp_path / "out.csv"), "--clock", "24"]) == 0
    captured = capsys.readouterr()
    row = json.loads(captured.out)
    assert (row["images"], row["mismatches"], row["board"], row["port"]) == (20, 0, "icebreaker", board.port)
    assert row["accuracy"] == row["correct"] / 20
    assert row["loaded"]
    assert row["load_seconds"] > 0
    # 64 codes and 20 bytes of scores and 2 of class, each with 6 bytes of frame, and the tag of 20 images once.
    bytes_ = 64 + 6 + 22 + 6 + (6 + 6 + (2 << 3)) / 20
    assert row["bytes_per_inference"] == pytest.approx(bytes_, abs=0.06)
    assert row["event_steps"] is None
    assert row["link_ms"] == pytest.approx(10 * bytes_ / 1e3, abs=1e-3)
    assert row["engine_ms"] == pytest.approx(row["clocks_per_inference"] / 24e3, abs=1e-4)
    assert row["round_trip_ms"] == pytest.approx(1e3 / row["images_per_second"], rel=0.05)
    assert "board: 20 of 20 images" in captured.err
    codes = network.input.encode(np.load(samples)["x"], network.length)
    expected = packed.run(network, codes)
    with (tmp_path / "out.csv").open() as file:
        head, *rows = csv.reader(file)
    assert head[:3] == ["image", "class", "score0"]
    assert [[int(v) for v in r[2:]] for r in rows] == expected.scores.tolist()
    assert [int(r[1]) for r in rows] == expected.classes.tolist()

    # It is there now; loading it once more can be asked for; another is not loaded with --no-load.
    assert main(arguments) == 0
    assert not json.loads(capsys.readouterr().out)["loaded"]
    assert main([*arguments, "--load", "--check", "none"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert row["loaded"]
    assert row["mismatches"] is None
    with opened(board) as link:
        link.load_network(OTHER)
    assert main([*arguments, "--no-load"]) == 2
    error = capsys.readouterr().err
    assert f"0x{OTHER.tag:08X}" in error
    assert f"0x{network.tag:08X}" in error

    # Without labels there is no accuracy; evaluate wants them.
    np.savez(samples, x=np.load(samples)["x"])
    assert main(arguments) == 0
    row = json.loads(capsys.readouterr().out)
    assert (row["correct"], row["accuracy"], row["mismatches"], row["split"]) == (None, None, 0, "all")
    assert main(["evaluate", str(own), "--data", str(samples)]) == 2
    assert "must hold arrays x and y; y missing" in capsys.readouterr().err
    assert main([*arguments, "--split", "test"]) == 2
    assert "has no labels y: split must be all, got 'test'" in capsys.readouterr().err


def test_evaluate_takes_a_board_as_any_other_back_end(
    board: VirtualBoard, own: Path, samples: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["evaluate", str(own), "--data", str(samples), "--json", "--backend", "board", "--check", "packed"]
    assert main([*arguments, "--board", "icebreaker", "--port", board.port]) == 0
    row = json.loads(capsys.readouterr().out)
    assert (row["backend"], row["images"], row["mismatches"]) == ("board", 20, 0)
    assert main(arguments) == 2
    assert "--backend board needs --board and --port" in capsys.readouterr().err
    assert main(["evaluate", str(own), "--data", str(samples), "--port", board.port]) == 2
    assert "--port is not for --backend packed" in capsys.readouterr().err
    assert main([*arguments, "--board", "icebreaker", "--port", "/dev/nowhere"]) == 2
    assert "port /dev/nowhere cannot be opened" in capsys.readouterr().err


@contextmanager
def program(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "sc_neurocore.cli", *arguments]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A background job's children ignore SIGINT, which would be inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_virtual_board_runs_until_ctrl_c() -> None:
    with program(
        "virtual-board", "--engine-of", str(NETWORKS / "digits"), "--board", "icebreaker", "--json"
    ) as process:
        assert process.stdout is not None
        row = json.loads(process.stdout.readline())
        assert (row["board"], row["baud"], row["network"], row["loaded"]) == ("icebreaker", 1_000_000, "digits", False)
        with HostLink.open(row["port"], row["baud"], timeout=120.0) as link:
            assert link.tag() == 0
            with pytest.raises(HostError, match="no network is loaded"):
                link.prepare(DIGITS, load=False)
            assert link.prepare(DIGITS)
            right(link)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert process.stdout.read() == ""
    assert not os.path.exists(row["port"])


def test_a_run_that_is_interrupted_leaves_the_board_ready(board: VirtualBoard, samples: Path, own: Path) -> None:
    np.savez(samples, x=np.tile(np.load(samples)["x"], (400, 1)))
    arguments = ["--board", "icebreaker", "--port", board.port, "--data", str(samples), "--timeout", "120"]
    with program("run", str(own), *arguments) as process:
        assert process.stderr is not None
        while not (line := process.stderr.readline()).startswith("board: "):
            assert line, "run has ended by itself"
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait(20) == 130
        assert f"of 8000 images on {board.port}" in rest
        assert "Traceback" not in rest
    network = artifact.load(own)
    with opened(board) as link:
        assert link.tag() == network.tag
        right(link, network)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "virtual-board needs either a network or --engine-of"),
        (["DIGITS", "--engine-of", "DIGITS"], "virtual-board needs either a network or --engine-of"),
        (["DIGITS", "--board", "de10"], "board must be one of"),
        (["DIGITS", "--flip", "2"], "flip must be in [0, 1], got 2.0"),
        (["DIGITS", "--clocks-per-bit", "3"], "clocks per bit must be in [4, 65535], got 3"),
        (["DIGITS", "--lanes", "65"], "lanes must be in [1, 64], got 65"),
    ],
)
def test_mistakes_are_one_line(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    names = {"DIGITS": str(NETWORKS / "digits")}
    assert main(["virtual-board", *(names.get(a, a) for a in arguments)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert captured.err.count("\n") == 1


def test_a_fault_of_the_command_line_reaches_the_board(capsys: pytest.CaptureFixture[str]) -> None:
    """The board unplugs itself: the command ends, well."""
    reached: list[str] = []

    def talk(port: str) -> None:
        try:
            with HostLink.open(port, 1_000_000, timeout=5.0, retries=0) as link:
                link.info()
        except HostError as error:
            reached.append(str(error))

    class Told(VirtualBoard):
        def wait(self) -> int:
            thread = threading.Thread(target=talk, args=(self.port,))
            thread.start()
            code = super().wait()
            thread.join(10)
            return code

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(virtual_board, "VirtualBoard", Told)
        assert main(["virtual-board", str(NETWORKS / "digits"), "--unplug", "5"]) == 0
    captured = capsys.readouterr()
    port = captured.out.strip()
    assert f"{port} was unplugged" in captured.err
    assert len(reached) == 1
    assert port in reached[0]
