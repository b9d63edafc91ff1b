"""Samples that come step by step over a virtual board's line: lost, repeated, reordered, damaged and wrong frames."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from networks import random_network
from networks_in_steps import samples, steps_network
from sc_neurocore import golden
from sc_neurocore.errors import ScError
from sc_neurocore.hardware.board_run import run_on_board
from sc_neurocore.hardware.host import (
    STEP_ANSWER,
    STEP_BEGIN,
    STEP_EVENTS,
    SYNC_RESPONSE,
    Command,
    HostError,
    HostLink,
    Status,
    crc16,
    decode_response,
    encode_request,
)
from sc_neurocore.hardware.virtual_board import Faults, VirtualBoard
from sc_neurocore.network import InputSpec, Network
from sc_neurocore.neurons import Li

RNG = np.random.default_rng(12)
EDGES = ((0, 0, 1), (1, 0, 3), (0, 1, 2))
NETWORK = steps_network(RNG, sizes=(12, 7, 5, 3), count=9, readout="potentials", last=Li(width=12), edges=EDGES)
CODES = samples(RNG, NETWORK, 6)
SPIKES = NETWORK.length * (RNG.random((6, 9, 12)) < 0.15)


@pytest.fixture(scope="module")
def shared() -> Iterator[VirtualBoard]:
    with VirtualBoard(NETWORK, lanes=2) as board:
        with opened(board) as link:
            link.prepare(NETWORK)
        yield board


@contextmanager
def opened(board: VirtualBoard, retries: int = 2) -> Iterator[HostLink]:
    with HostLink.open(board.port, board.baud, timeout=10, retries=retries) as link:
        yield link


@pytest.fixture
def link(shared: VirtualBoard) -> Iterator[HostLink]:
    """A link that answers right after the test, whatever the test did."""
    shared.set_faults()
    with opened(shared) as link:
        link.info()  # is asked once, and like any request but STEP it ends a sample
        yield link
        shared.set_faults()
        assert np.array_equal(link.run(NETWORK, CODES[:2]).scores, scores(CODES[:2]))


def scores(codes: NDArray[np.int64], network: Network = NETWORK) -> NDArray[np.int32]:
    """The scores after as many steps as the codes have."""
    assert network.steps is not None
    shorter = replace(network, steps=replace(network.steps, count=codes.shape[1]))
    return golden.run(shorter, codes).scores


def frame(start: int, codes: NDArray[np.int64], flags: int = 0) -> bytes:
    """The payload of a STEP with codes."""
    return (start | flags).to_bytes(2, "little") + codes.astype(np.uint8).tobytes()


def events(start: int, steps: list[list[int]], flags: int = 0) -> bytes:
    """The payload of a STEP with events, as they are given."""
    words = [start | flags | STEP_EVENTS, *(word for step in steps for word in [*step, 0])]
    return np.array(words, dtype="<u2").tobytes()


def refused(link: HostLink, payload: bytes) -> Status | None:
    with pytest.raises(HostError) as caught:
        link.request(Command.STEP, payload)
    return caught.value.status


def test_whole_samples_of_codes_and_of_events(link: HostLink) -> None:
    assert np.array_equal(link.run(NETWORK, CODES).scores, scores(CODES))
    shorter = [fewer_bytes(codes) for codes in (CODES, SPIKES)]
    assert link.event_steps == shorter[0]
    assert np.array_equal(link.run(NETWORK, SPIKES).scores, scores(SPIKES))
    assert link.event_steps == shorter[0] + shorter[1]
    assert 0 < shorter[1] < SPIKES.shape[0] * SPIKES.shape[1]  # both forms stand in one sample
    assert link.repeated == link.restarted == 0


def test_run_says_how_many_steps_went_as_events(shared: VirtualBoard, tmp_path: Path) -> None:
    shared.set_faults()
    scaled = replace(NETWORK, input=InputSpec((12,), full_scale=NETWORK.length, dataset="custom"))
    np.savez(tmp_path / "samples.npz", x=SPIKES)
    row = run_on_board(scaled, tmp_path / "samples.npz", "icebreaker", shared.port, timeout=30)
    assert (row.mismatches, row.images) == (0, 6)
    assert row.event_steps == pytest.approx(fewer_bytes(SPIKES) / 6, abs=0.01)
    assert row.link_ms == pytest.approx(1e4 * row.bytes_per_inference / 1e6, rel=0.01)


def fewer_bytes(codes: NDArray[np.int64]) -> int:
    """The steps that take fewer bytes as events, of two bytes each and two for the end, than as codes of one byte."""
    plain = (codes % NETWORK.length == 0).all(axis=2)
    return int((plain & (2 * (codes > 0).sum(axis=2) + 2 < codes.shape[2])).sum())


def test_a_sample_that_the_core_lost_begins_anew(link: HostLink, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = np.concatenate([CODES[4][:5], SPIKES[4][5:]])  # more than one frame
    asked, lost = link.request, []

    def request(command: Command, payload: bytes = b"") -> bytes:
        if command is Command.STEP and payload[:2] != bytes([0, 64]) and not lost:
            lost.append(asked(Command.READ_TABLE))  # any other request ends the sample
        return asked(command, payload)

    monkeypatch.setattr(link, "request", request)
    assert np.array_equal(link.infer_steps(sample)[1], scores(sample[None])[0])
    assert (len(lost), link.restarted) == (1, 1)


def test_step_by_step_with_an_answer_whenever_it_is_wanted(link: HostLink) -> None:
    sample, start = SPIKES[0], 0
    for size, wanted in ((1, True), (2, False), (3, True), (1, True), (2, False)):
        found = link.step(sample[start : start + size], start, answer=wanted)
        start += size
        if wanted or start == 9:
            assert found is not None
            assert np.array_equal(found[1], scores(sample[None, :start])[0])
        else:
            assert found is None
    assert start == 9


def test_every_input_may_spike_and_none(link: HostLink) -> None:
    every = list(range(1, 13))
    link.request(Command.STEP, events(0, [every, [], [12], [1], [1, 12]], STEP_BEGIN))
    answer = link.request(Command.STEP, events(5, [[], [], [2, 11], every]))
    codes = np.zeros((1, 9, 12), dtype=int)
    codes[0, 0] = codes[0, 8] = codes[0, 2, 11] = codes[0, 3, 0] = codes[0, 4, [0, 11]] = codes[0, 7, [1, 10]] = 16
    assert np.array_equal(link._scores(Command.STEP, answer)[1], scores(codes)[0])


def test_a_frame_that_is_repeated_gets_the_same_answer_and_changes_nothing(link: HostLink) -> None:
    sample, found = CODES[1], []
    for start in range(0, 9, 3):
        flags = STEP_ANSWER | (STEP_BEGIN if start == 0 else 0)
        payload = frame(start, sample[start : start + 3], flags)
        first = link.request(Command.STEP, payload)
        assert [link.request(Command.STEP, payload) for _ in range(3)] == [first] * 3
        found.append(link._scores(Command.STEP, first)[1])
    wanted = [scores(sample[None, : k + 3])[0] for k in range(0, 9, 3)]
    assert np.array_equal(found, wanted)
    assert len({row.tobytes() for row in wanted}) > 1


def test_an_answer_that_is_empty_is_repeated_as_empty(link: HostLink) -> None:
    assert link.request(Command.STEP, frame(0, CODES[1][:4], STEP_BEGIN | STEP_ANSWER))
    silent = frame(4, CODES[1][4:6])
    assert [link.request(Command.STEP, silent) for _ in range(2)] == [b"", b""]
    rest = frame(6, CODES[1][6:])
    first = link.request(Command.STEP, rest)
    assert link.request(Command.STEP, rest) == first
    assert np.array_equal(link._scores(Command.STEP, first)[1], scores(CODES[1:2])[0])


def test_lost_and_reordered_frames_are_refused_and_the_sample_goes_on(link: HostLink) -> None:
    sample = CODES[2]
    link.request(Command.STEP, frame(0, sample[:3], STEP_BEGIN))
    assert refused(link, frame(6, sample[6:])) is Status.OUT_OF_STEP  # the one before was lost
    link.request(Command.STEP, frame(3, sample[3:5]))
    assert refused(link, frame(0, sample[:3])) is Status.OUT_OF_STEP  # older than the last one
    assert refused(link, frame(4, sample[4:5])) is Status.OUT_OF_STEP  # inside the last one
    assert refused(link, frame(2, sample[2:3], STEP_BEGIN)) is Status.OUT_OF_STEP  # a sample begins with step 0
    answer = link.request(Command.STEP, frame(5, sample[5:]))
    assert np.array_equal(link._scores(Command.STEP, answer)[1], scores(sample[None])[0])
    assert refused(link, frame(9, sample[:1])) is Status.OUT_OF_STEP  # it is over
    assert refused(link, frame(0, sample)) is Status.OUT_OF_STEP  # a new one has to say so


def test_a_damaged_frame_leaves_the_sample_as_it_is(link: HostLink) -> None:
    sample = CODES[3]
    link.request(Command.STEP, frame(0, sample[:4], STEP_BEGIN))
    good = encode_request(Command.STEP, frame(4, sample[4:]))
    for at in (1, 4, 5, 7, len(good) - 2):
        for bit in (0, 3):
            bad = bytearray(good)
            bad[at] ^= 1 << bit
            if bad[1] == Command.INFER:
                continue  # a damaged INFER takes the engine before its end is known
            link._drain()
            status, answer = link._exchange(bytes(bad), Command.STEP, 1)
            assert (status, answer) == (Status.BAD_CRC, b"")
    answer = link.request(Command.STEP, frame(4, sample[4:]))
    assert np.array_equal(link._scores(Command.STEP, answer)[1], scores(sample[None])[0])


@pytest.mark.parametrize(
    ("command", "payload"), [(Command.INFO, b""), (Command.READ_TABLE, b""), (Command.WRITE_TABLE, b"\0\0")]
)
def test_any_other_request_ends_the_sample(link: HostLink, command: Command, payload: bytes) -> None:
    link.request(Command.STEP, frame(0, CODES[0][:4], STEP_BEGIN))
    link.request(command, payload)
    assert refused(link, frame(4, CODES[0][4:])) is Status.OUT_OF_STEP
    assert refused(link, frame(0, CODES[0][:4])) is Status.OUT_OF_STEP


BEGIN = STEP_BEGIN
WRONG = {
    "half a code row": (frame(0, CODES[0][:2], BEGIN)[:-1], Status.BAD_LENGTH),
    "a step more than the sample has": (frame(0, np.zeros((10, 12)), BEGIN), Status.BAD_LENGTH),
    "no step": (frame(0, np.zeros((0, 12)), BEGIN), Status.BAD_LENGTH),
    "half a head": (b"\0", Status.BAD_LENGTH),
    "nothing": (b"", Status.BAD_LENGTH),
    "input 13 of 12": (events(0, [[13]], BEGIN), Status.BAD_EVENT),
    "input 4109, which is 13 modulo 2^12": (events(0, [[4109]], BEGIN), Status.BAD_EVENT),
    "input 65535": (events(0, [[3], [65535]], BEGIN), Status.BAD_EVENT),
    "descending": (events(0, [[5, 4]], BEGIN), Status.BAD_EVENT),
    "twice": (events(0, [[5, 5]], BEGIN), Status.BAD_EVENT),
    "the last one twice": (events(0, [[12, 12]], BEGIN), Status.BAD_EVENT),
    "one behind the last one": (events(0, [[12, 3]], BEGIN), Status.BAD_EVENT),
    "events without an end": (events(0, [[5, 7]], BEGIN)[:-2], Status.BAD_LENGTH),
    "the last one without an end": (events(0, [[12]], BEGIN)[:-2], Status.BAD_LENGTH),
    "half an event": (events(0, [[5, 7]], BEGIN)[:-1], Status.BAD_LENGTH),
    "events of too many steps": (events(0, [[]] * 10, BEGIN), Status.BAD_LENGTH),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_refused_and_the_sample_has_to_begin_anew(link: HostLink, what: str) -> None:
    payload, wanted = WRONG[what]
    link._retries = 0
    link.request(Command.STEP, frame(0, CODES[0][:4], STEP_BEGIN))
    assert refused(link, payload) is wanted
    goes_on = len(payload) < 2  # nothing of it was carried out
    rest = frame(4, CODES[0][4:])
    if goes_on:
        assert link.request(Command.STEP, rest)
    else:
        assert refused(link, rest) is Status.OUT_OF_STEP


def test_a_frame_that_breaks_off_inside_a_step_ends_the_sample(shared: VirtualBoard, link: HostLink) -> None:
    """A sync byte while the engine computes abandons the frame, and begins another request."""
    link._retries = 0
    link.request(Command.STEP, frame(0, CODES[0][:4], STEP_BEGIN))
    # INFO arrives while the frame is carried out: ten bits a byte are fewer clocks than the steps take.
    both = encode_request(Command.STEP, frame(4, CODES[0][4:])) + encode_request(Command.INFO)
    status, answer = link._exchange(both, Command.INFO, 1)
    assert (status, len(answer)) == (Status.OK, 18)  # INFO was answered, and nothing else
    assert refused(link, frame(4, CODES[0][4:])) is Status.OUT_OF_STEP


@pytest.mark.parametrize("seed", range(3))
def test_a_bad_line_costs_time_and_no_answer(shared: VirtualBoard, link: HostLink, seed: int) -> None:
    shared.set_faults(Faults(flip=0.0004, noise=0.002, seed=seed + 1))
    link._retries = 12
    got = np.concatenate([link.run(NETWORK, np.concatenate([CODES, SPIKES])).scores for _ in range(3)])
    assert np.array_equal(got, np.tile(scores(np.concatenate([CODES, SPIKES])), (3, 1)))
    assert link.repeated > 0


def test_wrong_arguments_are_named(link: HostLink) -> None:
    row = np.zeros((1, 12), dtype=int)
    with pytest.raises(ScError, match=r"codes must have shape \(steps, inputs\), got \(12,\)"):
        link.step(row[0])
    with pytest.raises(ScError, match=r"codes must be in \[0, 16\], got 0 … 17"):
        link.step(row + np.arange(12) // 11 * 17)
    with pytest.raises(ScError, match=r"start must be in \[0, 4095\], got 4096"):
        link.step(row, 4096)
    with pytest.raises(ScError, match=r"a sample has at most 4096 steps, got 4095 … 4096"):
        link.step(np.zeros((2, 12), dtype=int), 4095)
    with pytest.raises(ScError, match="the core takes at most 509 bytes of codes or events in a frame, a step has 600"):
        link.step(np.ones((1, 600), dtype=int))
    with pytest.raises(ScError, match="the network has more steps than the sample, which has 4"):
        link.infer_steps(CODES[0][:4])


def test_an_engine_of_another_kind_knows_no_steps() -> None:
    network = random_network(np.random.default_rng(5), 16, (8, 4))
    with VirtualBoard(network, lanes=1) as board, opened(board) as link, pytest.raises(HostError) as caught:
        link.request(Command.STEP, b"\0\0")
    assert caught.value.status is Status.BAD_COMMAND


def test_a_response_of_the_new_kinds_can_be_read() -> None:
    for status in (Status.OUT_OF_STEP, Status.BAD_EVENT):
        body = bytes([status, 0, 0])
        assert decode_response(bytes([SYNC_RESPONSE]) + body + crc16(body).to_bytes(2, "big")) == (status, b"")
