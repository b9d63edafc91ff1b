"""Host side of the serial link (docs/protocol.md): frames as pure functions; `HostLink` drives rtl/sc_host.v.

The host sends a request and the core answers it with one response; then comes the next request. Both are frames: a
sync byte, a command or status, the length of the payload, the payload, and a CRC. `HostLink` finds out what the core
is, loads a network into it and runs images. It works over any byte stream, such as a serial port.
"""

from __future__ import annotations

import binascii
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from types import TracebackType
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ScError, require
from ..network import Network
from ..neurons import classify
from ..result import Result
from .conv_image import ConvConfig
from .core import CoreConfig, check_fits, config_of, core_table_words, core_weight_words, frame_bytes
from .core_parameters import CORE_PARAMETERS, SPIKE
from .serial_ports import why_not_opened

__all__ = [
    "PROTOCOL_VERSION",
    "SYNC_REQUEST",
    "SYNC_RESPONSE",
    "Boot",
    "ByteStream",
    "Command",
    "HostError",
    "HostInfo",
    "HostLink",
    "Status",
    "crc16",
    "decode_response",
    "encode_request",
]

#: Version of the protocol, the first byte that INFO answers.
PROTOCOL_VERSION = 2
#: First byte of every request.
SYNC_REQUEST = 0xA5
#: First byte of every response.
SYNC_RESPONSE = 0x5A
#: Greatest number of bytes in a payload that any core takes.
MAX_LENGTH = (1 << 15) - 1
#: Bytes that INFO answers by ENGINE: the engine of networks in steps adds STEPS, in three bytes and an empty one.
INFO_BYTES = (14, 14, 18)
OVERHEAD = 6  # sync, command or status, two bytes of length, two of CRC
READ_PAUSE = 0.05  # seconds for which a port opened by name waits for a byte
#: Slowest line, in bits a second, for which a request is given time to leave.
WORST_BIT_RATE = 9600

Progress = Callable[[int, int], None]


class Command(IntEnum):
    """What a request asks for.

    * INFO: what the core is (`HostInfo`).
    * WRITE_TABLE: write words of the layer table.
    * WRITE_WEIGHTS: write words of the weight memory.
    * INFER: classify the input codes of the payload.
    * READ_TABLE: return the whole layer table.
    * STEP: take a network in steps one or more steps on.
    """

    INFO = 1
    WRITE_TABLE = 2
    WRITE_WEIGHTS = 3
    INFER = 4
    READ_TABLE = 5
    STEP = 6


#: Bits of the first word of a STEP, above the index of its first step.
STEP_EVENTS, STEP_ANSWER, STEP_BEGIN = 1 << 12, 1 << 13, 1 << 14


class Status(IntEnum):
    """How a request ended: OK, or why the core refused it (`MEANING` has it in words)."""

    OK = 0
    BAD_CRC = 1
    BAD_LENGTH = 2
    TIMEOUT = 3
    BAD_COMMAND = 4
    FRAMING = 5
    NOT_CONFIGURED = 6
    OUT_OF_STEP = 7
    BAD_EVENT = 8


class Boot(IntEnum):
    """How the start from the board's flash went (rtl/sc_flash_loader.v).

    * NONE: the bitstream was built without it.
    * LOADED: a network was loaded.
    * REFUSED: the image was damaged, or made for another core.
    """

    NONE = 0
    LOADED = 2
    REFUSED = 3


#: What each status but OK tells the user.
MEANING = {
    Status.BAD_CRC: "the request arrived damaged",
    Status.BAD_LENGTH: "the request's length does not fit its command or the memory",
    Status.TIMEOUT: "the request stopped half way",
    Status.BAD_COMMAND: "the core does not know the command",
    Status.FRAMING: "a byte without stop bit arrived: is the baud rate right?",
    Status.NOT_CONFIGURED: "no network is loaded",
    Status.OUT_OF_STEP: "the core is at another step of the sample, or in none: begin it anew, from step 0",
    Status.BAD_EVENT: "an event names no input of the network, or the events of a step are not in ascending order",
}
# Every request may be repeated: writes name their address, steps their place in the sample, the others change nothing.
# These answers may come from a damaged line, so repeating can help.
RETRIED = frozenset({Status.BAD_CRC, Status.BAD_LENGTH, Status.TIMEOUT, Status.FRAMING})


class HostError(ScError):
    """The link or the core failed.

    Attributes:
        status: what the core answered, None if no valid answer came.
    """

    def __init__(self, message: str, status: Status | None = None) -> None:
        super().__init__(message)
        self.status = status


class ByteStream(Protocol):
    """What `HostLink` needs of a port. pyserial's `Serial` with a `timeout` has it."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, at least one unless none came in the stream's own time.

        That time should be short, at most some 0.1 s, since `HostLink` has its own limit.
        """
        ...

    def write(self, data: bytes, /) -> int | None:
        """Send all of `data`; what is returned is not used."""
        ...


def crc16(data: bytes) -> int:
    """Return CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xFFFF, highest bit first (rtl/sc_crc16.v).

    >>> hex(crc16(b"123456789"))
    '0x29b1'
    """
    return binascii.crc_hqx(data, 0xFFFF)


def _frame(sync: int, code: int, payload: bytes) -> bytes:
    """Return a frame: sync byte, code, length (low byte first), payload, CRC (high byte first)."""
    body = bytes([code]) + len(payload).to_bytes(2, "little") + payload
    return bytes([sync]) + body + crc16(body).to_bytes(2, "big")


def encode_request(command: int, payload: bytes = b"") -> bytes:
    """Return a request frame.

    Args:
        command: the command, 0 … 255.
        payload: its data, at most 32767 bytes.

    Raises:
        ScError: either is out of range.

    Example:
        >>> encode_request(Command.INFO).hex(" ")
        'a5 01 00 00 fb ac'
    """
    require(0 <= command <= 255, f"command must be in [0, 255], got {command}")
    require(len(payload) <= MAX_LENGTH, f"payload must have at most {MAX_LENGTH} bytes, got {len(payload)}")
    return _frame(SYNC_REQUEST, command, payload)


def decode_response(frame: bytes) -> tuple[Status, bytes]:
    """Return status and payload of exactly one response frame.

    Args:
        frame: the bytes of the frame, nothing before or after it.

    Raises:
        HostError: a length, the sync byte, the CRC or the status is wrong; the message says which.
    """
    if len(frame) < OVERHEAD:
        raise HostError(f"response too short: {len(frame)} bytes, at least {OVERHEAD} are needed")
    if frame[0] != SYNC_RESPONSE:
        raise HostError(f"response must begin with 0x{SYNC_RESPONSE:02X}, got 0x{frame[0]:02X}")
    wanted = OVERHEAD + int.from_bytes(frame[2:4], "little")
    if len(frame) != wanted:
        raise HostError(f"response of {len(frame)} bytes, its length field says {wanted}")
    crc, sent = crc16(frame[1:-2]), int.from_bytes(frame[-2:], "big")
    if crc != sent:
        raise HostError(f"response with CRC 0x{sent:04X}, its content has 0x{crc:04X}")
    try:
        return Status(frame[1]), frame[4:-2]
    except ValueError:
        raise HostError(f"response with unknown status {frame[1]}") from None


def _find_response(data: bytes) -> tuple[Status, bytes] | None:
    """Return status and payload of the first valid response anywhere in `data`, None if there is none yet.

    Noise on the line may come before it, or look like the sync byte of one.
    """
    start = data.find(SYNC_RESPONSE)
    while start >= 0:
        length = int.from_bytes(data[start + 2 : start + 4], "little")
        frame = data[start : start + OVERHEAD + length]
        # The CRC of a frame after its sync byte, its own two bytes included, is 0.
        if len(frame) == OVERHEAD + length and crc16(frame[1:]) == 0:
            return decode_response(frame)
        start = data.find(SYNC_RESPONSE, start + 1)
    return None


@dataclass(frozen=True, slots=True)
class HostInfo:
    """What the core at the other end is, as its answer to INFO says.

    Attributes:
        engine: the core's parameters.
        log2_payload: log2 of the bytes of its buffer for a payload, 9 … 15.
        boot: how its start from flash went.
    """

    engine: CoreConfig
    log2_payload: int
    boot: Boot

    @classmethod
    def decode(cls, payload: bytes) -> HostInfo:
        """Return what the payload of an answer to INFO says.

        Args:
            payload: 14 bytes, or 18 with ENGINE 2, in the order of the tables in docs/protocol.md.

        Raises:
            HostError: the protocol has another version, the length is wrong, or a value is none that a core can have.

        Example:
            >>> HostInfo.decode(bytes([2, 0, 4, 3, 4, 8, 14, 5, 9, 0, 0, 0, 13, 0])).word_bytes
            2
        """
        if len(payload) < 1 or payload[0] != PROTOCOL_VERSION:
            version = payload[0] if payload else "none"
            raise HostError(f"protocol version must be {PROTOCOL_VERSION}, the core has {version}")
        engine = payload[1] if len(payload) > 1 else 0
        due = INFO_BYTES[engine] if engine < len(INFO_BYTES) else INFO_BYTES[0]
        if len(payload) != due:
            raise HostError(f"INFO must answer {due} bytes, got {len(payload)}")
        names = [each.name for each in CORE_PARAMETERS if each.name != "STEPS"]
        # LOG2_PAYLOAD stands among the parameters, behind TABLE_AW.
        at = names.index("TABLE_AW") + 1
        parameters = dict(zip(names, (*payload[1 : 1 + at], *payload[2 + at : 13]), strict=True))
        parameters["STEPS"] = int.from_bytes(payload[14:17], "little") if engine == SPIKE else 0
        log2_payload, boot = payload[1 + at], payload[13]
        try:
            config = config_of(parameters)
            require(9 <= log2_payload <= 15, f"log2_payload must be in [9, 15], got {log2_payload}")
            require(boot in tuple(Boot), f"boot must be one of {', '.join(map(str, map(int, Boot)))}, got {boot}")
        except ScError as error:
            raise HostError(f"INFO answered an impossible core: {error}") from None
        return cls(config, log2_payload, Boot(boot))

    @property
    def length(self) -> int:
        """Length of a stream in bits, L."""
        return 1 << self.engine.log2l

    @property
    def max_payload(self) -> int:
        """Greatest number of bytes in a payload that this core takes or sends."""
        return (1 << self.log2_payload) - 1

    @property
    def address_bytes(self) -> int:
        """Bytes of an address in WRITE_TABLE and WRITE_WEIGHTS."""
        return 3 if self.engine.weight_aw > 16 else 2

    @property
    def word_bytes(self) -> int:
        """Bytes of a weight word."""
        return -(-self.engine.word_bits // 8)

    @property
    def code_bytes(self) -> int:
        """Bytes of an input code."""
        return 2 if self.engine.log2l > 7 else 1

    @property
    def score_bytes(self) -> int:
        """Bytes of a score."""
        return 4 if self.engine.sum_bits > 16 else 2

    def check(self, network: Network, *, mac: bool = False) -> None:
        """Raise ScError unless the core can run a network.

        Args:
            network: the network.
            mac: whether the core must be the integer peer; it must not be unless this is set.
        """
        e = self.engine
        require(bool(e.mac) == mac, f"the core must have MAC = {int(mac)} (1: integer datapath), got {e.mac}")
        check_fits(network, e)
        for what, got, limit in (
            ("bytes of input codes", frame_bytes(network), self.max_payload),
            ("bytes of scores and class", network.classes * self.score_bytes + 2, self.max_payload),
        ):
            require(got <= limit, f"the core takes at most {limit} {what}, the network has {got}")


class HostLink:
    """A core behind a byte stream. Not thread-safe: one request is under way at a time.

    A request whose answer is missing or damaged, or says that the request was damaged, is repeated. This is safe:
    writes name their address, steps their place in the sample, and all other requests change nothing.

    Attributes:
        name: name of the stream, for messages.
        sent: bytes of requests that were answered.
        received: bytes of valid answers; anything else that comes over the line is not counted.
        repeated: number of requests that had to be repeated.
        restarted: number of samples in steps that had to begin anew.
        event_steps: number of steps that were sent as events, because that took fewer bytes than all codes.
    """

    def __init__(self, stream: ByteStream, *, timeout: float = 2.0, retries: int = 2, name: str = "stream") -> None:
        """Take a byte stream; nothing is sent yet.

        Args:
            stream: the stream.
            timeout: seconds without any byte after which an answer is given up. It must exceed the time after which the
                core gives up a request that stopped, and the core's longest inference.
            retries: how often a request is repeated at most.
            name: name of the stream, for messages.

        Raises:
            ScError: timeout is not positive, or retries is negative.
        """
        require(timeout > 0, f"timeout must be positive, got {timeout}")
        require(retries >= 0, f"retries must be at least 0, got {retries}")
        self.name = name
        self.sent = 0
        self.received = 0
        self.repeated = 0
        self.restarted = 0
        self.event_steps = 0
        self._stream = stream
        self._timeout = timeout
        self._retries = retries
        self._info: HostInfo | None = None
        self._stale = False  # an answer to an earlier request may still come

    @classmethod
    def open(cls, port: str, baud: int, *, timeout: float = 2.0, retries: int = 2) -> HostLink:
        """Open a serial port by name, for this program alone.

        Args:
            port: name of the port, such as /dev/ttyUSB0.
            baud: baud rate.
            timeout: see `HostLink`.
            retries: see `HostLink`.

        Raises:
            HostError: there is no such port (the message names those that there are), another program has it, the user
                may not open it (the message has the command that helps), or pyserial is not installed.
        """
        require(baud >= 1, f"baud must be positive, got {baud}")
        try:
            import serial
        except ImportError:
            raise HostError("a serial port needs the package pyserial: pip install pyserial") from None
        try:
            # The longest frame may take a while to leave.
            leaves = timeout + 10 * (MAX_LENGTH + OVERHEAD) / baud
            stream = serial.Serial(port, baud, timeout=READ_PAUSE, write_timeout=leaves, exclusive=True)
        except (OSError, ValueError) as error:  # serial.SerialException is an OSError
            raise HostError(f"port {port} cannot be opened: {why_not_opened(port, error)}") from None
        with suppress(ValueError, NotImplementedError):
            # An FTDI chip else keeps a short answer for 16 ms; ports without such a setting need none.
            stream.set_low_latency_mode(True)
        link = cls(stream, timeout=timeout, retries=retries, name=port)
        link._stale = True  # of whoever had the port before
        return link

    def close(self) -> None:
        """Close the stream, if it can be closed."""
        close = getattr(self._stream, "close", None)
        if close is not None:
            close()

    def __enter__(self) -> HostLink:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def request(self, command: Command, payload: bytes = b"") -> bytes:
        """Send a request and return the payload of its answer.

        Args:
            command: the command.
            payload: its data.

        Raises:
            HostError: after the retries there was no valid answer, or one with another status than OK.
        """
        frame = encode_request(command, payload)
        for attempt in range(self._retries + 1):
            try:
                if self._stale:
                    self._drain()
                self._stale = True
                status, answer = self._exchange(frame, command, attempt + 1)
            except HostError:
                if attempt >= self._retries:
                    raise
                self.repeated += 1
                continue
            self._stale = status is not Status.OK
            self.sent += len(frame)
            self.received += len(answer) + OVERHEAD
            if status is Status.OK:
                return answer
            if status not in RETRIED:
                break
            self.repeated += attempt < self._retries
        raise HostError(f"{self.name}: {command.name} refused, {status.name}: {MEANING[status]}", status)

    def _exchange(self, frame: bytes, command: Command, asked: int) -> tuple[Status, bytes]:
        """Send a frame and return the first valid response, with status and payload.

        Args:
            frame: the request.
            command: its command, for messages.
            asked: how often the request has been sent, this time included.

        Raises:
            HostError: no byte, or none that completes a valid response, came within the timeout; or the port failed.
        """
        data = b""
        times = f" (asked {asked} times)" if asked > 1 else ""
        try:
            self._stream.write(frame)
            quiet_since = time.monotonic()
            # What is written may still be on its way when write returns.
            patience = self._timeout + 10 * len(frame) / WORST_BIT_RATE
            while time.monotonic() - quiet_since < patience:
                more = self._stream.read(max(1, self._missing(data)))
                if not more:
                    continue
                data += more
                quiet_since = time.monotonic()
                found = _find_response(data)
                if found:
                    return found
        except OSError as error:
            raise self._unplugged(error) from None
        if data:
            raise HostError(
                f"{self.name}: {len(data)} bytes but no valid answer to {command.name}{times}, the first ones "
                f"{data[:8].hex(' ')}: wrong baud rate, or not this core?"
            )
        raise HostError(f"{self.name}: no answer to {command.name} within {self._timeout:g} s{times}")

    @staticmethod
    def _missing(data: bytes) -> int:
        """Return how many bytes the response that `data` begins still needs at least."""
        if len(data) < 4 or data[0] != SYNC_RESPONSE:
            return OVERHEAD - len(data)
        return OVERHEAD + int.from_bytes(data[2:4], "little") - len(data)

    def _drain(self) -> None:
        """Drop what is left of an earlier answer, until the line is silent; raises HostError if it never is."""
        limit = time.monotonic() + self._timeout
        try:
            while self._stream.read(4096):
                if time.monotonic() > limit:
                    raise HostError(f"{self.name}: the line never falls silent: not this core?")
        except OSError as error:
            raise self._unplugged(error) from None

    def _unplugged(self, error: OSError) -> HostError:
        """Return the error of a port that failed, and see to it that the request is not repeated."""
        self._retries = 0  # a port that is gone does not come back under the same handle
        return HostError(f"{self.name}: the port failed, is it still plugged in? ({error})")

    def info(self) -> HostInfo:
        """Return what the core is; it is asked the first time only."""
        if self._info is None:
            answer = self.request(Command.INFO)
            try:
                self._info = HostInfo.decode(answer)
            except HostError as error:
                raise HostError(f"{self.name}: {error}") from None
        return self._info

    def write_table(self, words: Sequence[int], address: int = 0) -> None:
        """Write words of the layer table.

        Args:
            words: 16-bit words. For the convolution engine their number is even.
            address: address of the first word; for the convolution engine even.

        Raises:
            ScError: words or addresses do not fit the table.
            HostError: the core did not take them.
        """
        require(
            not isinstance(self.info().engine, ConvConfig) or address % 2 == len(words) % 2 == 0,
            f"WRITE_TABLE: the convolution engine takes an even number of words from an even address, got {len(words)} "
            f"from {address}",
        )
        self._write(Command.WRITE_TABLE, words, address)

    def write_weights(self, words: Sequence[int], address: int = 0, progress: Progress | None = None) -> None:
        """Write words of the weight memory, in as many frames as they need.

        Args:
            words: words of `engine.word_bits` bits.
            address: address of the first word.
            progress: called with (done, total) in words after each frame.

        Raises:
            ScError: words or addresses do not fit the memory.
            HostError: the core did not take them.
        """
        self._write(Command.WRITE_WEIGHTS, words, address, progress)

    def _write(self, command: Command, words: Sequence[int], address: int, progress: Progress | None = None) -> None:
        """Write words of either memory in frames of the greatest length that the core takes."""
        info = self.info()
        e = info.engine
        bits, aw = (16, e.table_aw) if command is Command.WRITE_TABLE else (e.word_bits, e.weight_aw)
        require(address >= 0, f"address must be at least 0, got {address}")
        require(
            address + len(words) <= 1 << aw,
            f"{command.name}: words {address} … {address + len(words) - 1} exceed the memory of {1 << aw} words",
        )
        for k, word in enumerate(words):
            require(0 <= word < 1 << bits, f"{command.name}: word {k} must fit {bits} bits, got {word}")
        size = -(-bits // 8)
        chunk = (info.max_payload - info.address_bytes) // size & ~1  # even: see write_table
        for start in range(0, len(words), chunk):
            part = words[start : start + chunk]
            where = (address + start).to_bytes(info.address_bytes, "little")
            self.request(command, where + b"".join(int(w).to_bytes(size, "little") for w in part))
            if progress:
                progress(start + len(part), len(words))

    def read_table(self) -> list[int]:
        """Return all words of the layer table."""
        data = self.request(Command.READ_TABLE)
        wanted = 2 << self.info().engine.table_aw
        if len(data) != wanted:
            raise HostError(f"{self.name}: READ_TABLE must answer {wanted} bytes, got {len(data)}")
        return [int(w) for w in np.frombuffer(data, dtype="<u2")]

    def tag(self) -> int:
        """Return the tag (`Network.tag`) of the network that is loaded; 0 on a fresh core."""
        words = self.read_table()
        return words[0] | words[1] << 16

    def load_network(self, network: Network, *, mac: bool = False, progress: Progress | None = None) -> None:
        """Load a network into the core, and read its table back.

        The table is cleared first and written last: a load that breaks off leaves a core that says NOT_CONFIGURED, and
        not one that answers wrongly.

        Args:
            network: the network.
            mac: whether it is to run on the integer peer.
            progress: called with (done, total) in words of weights.

        Raises:
            ScError: the core cannot hold the network.
            HostError: the link failed, or the table reads back otherwise.
        """
        info = self.info()
        try:
            info.check(network, mac=mac)
        except ScError as error:
            raise ScError(f"{self.name}: {error}") from None
        words = core_table_words(network, info.engine)
        try:
            self.write_table([0, 0, 0, 0])
            self.write_weights(core_weight_words(network, info.engine), progress=progress)
            self.write_table(words)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"interrupted while {self.name} was loaded: the core may hold no network") from None
        found = self.read_table()[: len(words)]
        if found != words:
            wrong = next(k for k, (a, b) in enumerate(zip(found, words, strict=True)) if a != b)
            raise HostError(
                f"{self.name}: the layer table reads back 0x{found[wrong]:04X} at word {wrong}, "
                f"0x{words[wrong]:04X} was written"
            )

    def prepare(self, network: Network, *, load: bool | None = None, progress: Progress | None = None) -> bool:
        """See to it that the core holds a network.

        Args:
            network: the network.
            load: None loads it only if the core's tag differs, True loads it always, False never.
            progress: as in `load_network`.

        Returns:
            Whether the network was loaded now.

        Raises:
            ScError: as in `load_network`.
            HostError: likewise; also if another network is there and `load` is False, naming both tags.
        """
        if load is not True:
            found = self.tag()
            if found == network.tag:
                return False
            if load is False:
                raise self._other(found, network)
        self.load_network(network, progress=progress)
        return True

    def _other(self, found: int, network: Network) -> HostError:
        """Return the error for a core that holds another network, or none; `found` is the tag that it answered."""
        there = "no network is" if found == 0 else f"the network with tag 0x{found:08X} is"
        wanted = f"{network.name} with tag 0x{network.tag:08X} is wanted"
        return HostError(f"{self.name}: {there} loaded, {wanted}: load it first")

    def infer(self, codes: ArrayLike) -> tuple[int, NDArray[np.int32]]:
        """Run one inference on the network that is loaded.

        Args:
            codes: input codes, integers in 0 … L, shape (inputs,).

        Returns:
            The class, and the scores as int32 of shape (classes,).

        Raises:
            ScError: the codes have a wrong shape, type or range, or are too many for the core.
            HostError: the link failed, the core refused, or its class is not that of its scores.
        """
        info, x = self.info(), self._codes(codes, 1, "(inputs,)")
        limit = info.max_payload // info.code_bytes
        require(x.size <= limit, f"the core takes at most {limit} codes, got {x.size}")
        return self._scores(Command.INFER, self.request(Command.INFER, x.astype(f"<u{info.code_bytes}").tobytes()))

    def _scores(self, command: Command, data: bytes) -> tuple[int, NDArray[np.int32]]:
        """Return class and scores of an answer; raises HostError if it has none, or they do not belong together."""
        info = self.info()
        if len(data) < info.score_bytes + 2 or (len(data) - 2) % info.score_bytes:
            raise HostError(f"{self.name}: {command.name} answered {len(data)} bytes, not scores and a class")
        scores = np.frombuffer(data[:-2], dtype=f"<i{info.score_bytes}").astype(np.int32)
        found, wanted = int.from_bytes(data[-2:], "little"), int(classify(scores[None, :])[0])
        if found != wanted:
            raise HostError(f"{self.name}: the core answered class {found}, its scores say {wanted}")
        return found, scores

    def step(self, codes: ArrayLike, start: int = 0, *, answer: bool = False) -> tuple[int, NDArray[np.int32]] | None:
        """Take the network that is loaded some steps on in its sample.

        A network in steps (docs/steps.md) may get a sample piece by piece, as it comes. The core keeps the state of
        all neurons between two calls; any other request ends the sample. Steps whose codes are all 0 or L are sent as
        events where that is shorter. What does not fit one frame is sent in several.

        Args:
            codes: codes of the steps, integers in 0 … L, shape (steps, inputs).
            start: index of the first of these steps in the sample, counted from 0. 0 begins a sample: all neurons
                start afresh.
            answer: whether the scores so far are wanted after the last of these steps. After the last step of a sample
                they always come.

        Returns:
            Class and scores as `infer` returns them, or None if neither the sample ended nor `answer` was set.

        Raises:
            ScError: the codes have a wrong shape, type or range, or one step is too long for the core; or start is not
                in 0 … 4095.
            HostError: the link failed, or the core refused. The status OUT_OF_STEP says that the core is not at the
                step `start`: the sample has to begin anew.
        """
        info = self.info()
        x = self._codes(codes, 2, "(steps, inputs)")
        require(0 <= start < 4096, f"start must be in [0, 4095], got {start}")
        require(start + len(x) <= 4096, f"a sample has at most 4096 steps, got {start} … {start + len(x) - 1}")
        limit = info.max_payload - 2
        plain = [row.astype(f"<u{info.code_bytes}").tobytes() for row in x]
        # Numbers of the inputs that spike, from 1, and 0 for the end of the step.
        spikes = [np.append(np.flatnonzero(row) + 1, 0).astype("<u2").tobytes() for row in x]
        graded = ((x != 0) & (x != info.length)).any(axis=1)
        events = [not bool(g) and len(s) < len(p) for g, s, p in zip(graded, spikes, plain, strict=True)]
        bodies = [s if e else p for e, s, p in zip(events, spikes, plain, strict=True)]
        long = max(map(len, bodies))
        require(long <= limit, f"the core takes at most {limit} bytes of codes or events in a frame, a step has {long}")
        data, at = b"", 0
        while at < len(bodies):
            end, size = at, 0
            while end < len(bodies) and events[end] == events[at] and size + len(bodies[end]) <= limit:
                size += len(bodies[end])
                end += 1
            head = start + at
            head |= STEP_EVENTS * events[at] | STEP_BEGIN * (head == 0) | STEP_ANSWER * (answer and end == len(bodies))
            data = self.request(Command.STEP, head.to_bytes(2, "little") + b"".join(bodies[at:end]))
            require(
                not data or end == len(bodies),
                f"the sample has ended after step {start + end - 1}, {len(bodies) - end} steps are left",
            )
            self.event_steps += (end - at) * events[at]
            at = end
        return self._scores(Command.STEP, data) if data or answer else None

    def _codes(self, codes: ArrayLike, axes: int, shape: str) -> NDArray[np.integer]:
        """Return codes as an array after checking it; raises ScError naming what is wrong."""
        x = np.asarray(codes)
        require(x.ndim == axes, f"codes must have shape {shape}, got {x.shape}")
        require(np.issubdtype(x.dtype, np.integer), f"codes must be integers, got {x.dtype}")
        require(x.size > 0, "codes must not be empty")
        low, high, length = int(x.min()), int(x.max()), self.info().length
        require(low >= 0 and high <= length, f"codes must be in [0, {length}], got {low} … {high}")
        return x

    def infer_steps(self, codes: ArrayLike) -> tuple[int, NDArray[np.int32]]:
        """Run one sample on the network in steps that is loaded.

        A sample that breaks off, because the line was so bad that the core lost its place, begins anew, as often as a
        request is repeated.

        Args:
            codes: codes of all steps, integers in 0 … L, shape (T, inputs).

        Returns:
            The class, and the scores as int32 of shape (classes,).

        Raises:
            ScError: as in `step`; also if the sample has fewer steps than the network.
            HostError: the link failed, or the core refused.
        """
        left = self._retries
        while True:
            try:
                found = self.step(codes)
            except HostError as error:
                if error.status is not Status.OUT_OF_STEP or left == 0:
                    raise
                left -= 1
                self.restarted += 1
                continue
            if found is None:
                raise ScError(f"the network has more steps than the sample, which has {len(np.asarray(codes))}")
            return found

    def run(self, network: Network, codes: ArrayLike, progress: Progress | None = None) -> Result:
        """Run n images on the core, which must have the network loaded.

        Args:
            network: the network; its tag is compared with the core's first.
            codes: input codes in 0 … L, shape (n, inputs), or (n, T, inputs) of a network in steps that is not
                constant.
            progress: called with (done, total) after each image.

        Returns:
            The scores; a core answers neither counts nor clocks.

        Raises:
            ScError: the codes are wrong.
            HostError: the core holds another network, or the link or the core failed.
        """
        images = network.check_codes(codes)
        found = self.tag()
        if found != network.tag:
            raise self._other(found, network)
        scores = np.zeros((len(images), network.classes), dtype=np.int32)
        done = 0
        try:
            for image in images:
                got = (self.infer_steps if image.ndim == 2 else self.infer)(image)[1]
                if len(got) != network.classes:
                    raise HostError(f"{self.name}: the core answered {len(got)} scores, {network.classes} were due")
                scores[done] = got
                done += 1
                if progress:
                    progress(done, len(images))
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"interrupted after {done} of {len(images)} images on {self.name}") from None
        return Result(scores=scores)
