"""The virtual board: a board's own top in Verilator behind a pseudo-terminal, which is a serial port for any program.

It lets everything that speaks to a board be tried without one: the host's protocol, loading, start from flash, and a
bad line (`Faults`). The program is fpga/common/sim/virtual_board.h with the board's sim/main.cpp. It is compiled once
for each engine and content of the sources, and kept in the cache.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from numpy.typing import ArrayLike

from ..errors import ScError, require
from ..network import Network
from ..packages import require_packages
from ..paths import hdl_root
from ..result import Result
from .boards import Board
from .boards import board as board_called
from .build import top_parameters
from .core import write_core_image
from .estimate import Plan, plan
from .host import HostLink
from .verilated import verilated

__all__ = ["DEFAULT_BOARD", "Faults", "VirtualBoard", "run", "simulator"]

#: The board whose double is run unless another is named.
DEFAULT_BOARD = "icebreaker"
COMMON = "fpga/common"
#: Seconds for which `run` waits for an answer: a simulated core computes far more slowly than a real one.
PATIENCE = 600.0
#: Limit in seconds for the program's end. It ends at once, unless it hangs or the machine is very busy.
CLOSE_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Faults:
    """Faults of a virtual board's serial line. Bytes are counted from when the faults are set.

    Raises ScError, naming the field, for a value out of range.

    Attributes:
        flip: probability, for each bit on either wire, that it is inverted.
        noise: probability, for each byte of an answer, that a random byte comes before it.
        before: number of random bytes before each answer.
        stall: bytes of answers after which no more come; None for no such fault.
        unplug: bytes of answers after which the port is gone; None for no such fault.
        seed: seed of all that is random.

    Example:
        >>> Faults(flip=0.1).line()
        'flip=0.1 noise=0.0 before=0 seed=1'
    """

    flip: float = 0.0
    noise: float = 0.0
    before: int = 0
    stall: int | None = None
    unplug: int | None = None
    seed: int = 1

    def __post_init__(self) -> None:
        for name in ("flip", "noise"):
            require(0 <= getattr(self, name) <= 1, f"{name} must be in [0, 1], got {getattr(self, name)}")
        for name, low in (("before", 0), ("stall", 0), ("unplug", 1), ("seed", 0)):
            value = getattr(self, name)
            require(value is None or low <= value < 1 << 31, f"{name} must be in [{low}, 2^31), got {value}")

    def line(self) -> str:
        """Return the line of text that sets these faults on the standard input of the program."""
        return " ".join(f"{name}={value}" for name, value in asdict(self).items() if value is not None)


@dataclass(frozen=True, slots=True)
class Traffic:
    """What has passed since a virtual board was started.

    Attributes:
        clocks: clocks simulated.
        received: bytes that the board has received.
        sent: bytes that it has sent.
        refused: whether the light is on that tells of a refused frame, or of a refused image in the flash.
    """

    clocks: int
    received: int
    sent: int
    refused: bool


def simulator(board: Board, placed: Plan, clocks_per_bit: int, *, boot_flash: bool = False) -> Path:
    """Return the program of a virtual board, compiling it if the cache has none.

    Args:
        board: the board.
        placed: how the network lies on it, which decides the engine.
        clocks_per_bit: clocks of a bit on the serial line.
        boot_flash: whether the board starts from its flash.

    Returns:
        Path of the program. It expects to run in a folder with weights.mem and table.mem, and with flash.bin if it
        starts from flash.

    Raises:
        ScError: the board has no simulation of its pins (sim/main.cpp), or the compilation fails.
    """
    root = hdl_root()
    main = root / board.folder / "sim" / "main.cpp"
    headers = sorted((root / COMMON / "sim").glob("*.h"))
    require(main.is_file(), f"{board.name} has no virtual board: {board.folder}/sim/main.cpp, its pins, is missing")
    folders = [root / COMMON, root / COMMON / "sim", root / board.folder, main.parent]
    texts = {path.name: path.read_text(encoding="utf-8") for folder in folders for path in sorted(folder.glob("*.v"))}
    values = top_parameters(placed, board, board.clocks[0], boot_flash=boot_flash)
    values["CLOCKS_PER_BIT"] = clocks_per_bit
    parameters = {name: f'"{value}"' if isinstance(value, str) else value for name, value in values.items()}
    # A board from outside has the headers elsewhere; ../../common/sim/ leads to them from there too.
    include = [root / COMMON / "sim"] if board.outside else []
    return verilated(
        board.top, main, texts, defines={}, parameters=parameters, optimise="-O2", headers=headers, include=include
    )


class VirtualBoard:
    """A board in simulation, which runs from its creation until `close`.

    Attributes:
        board: the board that is simulated.
        plan: how the network lies on it.
        loaded: whether its memories hold the network from the start.
        baud: baud rate to open the port with.
        port: name of its serial port.

    Use it as a context manager, which closes it:

        with VirtualBoard(network) as board, HostLink.open(board.port, board.baud) as link:
            link.prepare(network)
            scores = link.run(network, codes).scores
    """

    def __init__(
        self,
        network: Network,
        board: Board | str = DEFAULT_BOARD,
        *,
        lanes: int | None = None,
        mac: bool = False,
        empty: bool = False,
        flash: bytes | None = None,
        clocks_per_bit: int = 4,
        faults: Faults | None = None,
    ) -> None:
        """Start the board with the engine that `build` would give a network.

        Its memories hold what the bitstream would bring: the network, where block RAM holds the weights, else nothing.

        Args:
            network: the network.
            board: the board, or its name or path.
            lanes: lanes of the engine, by default those of a build.
            mac: whether the engine is the integer peer.
            empty: leave the memories at 0 in any case.
            flash: start from flash, with these bytes where the image belongs (`flash_image`); the rest of it is erased.
                `port` is known once the board has started.
            clocks_per_bit: clocks of a bit on the line, 4 … 65535. Fewer than a board has make the line fast; the core
                computes the same.
            faults: faults of the line from the start.

        Raises:
            ScError: the board is unknown, cannot start from flash or does not hold the network, a value is out of
                range, or the simulator cannot be compiled.
        """
        self.board = board_called(board) if isinstance(board, str) else board
        require(4 <= clocks_per_bit <= 65535, f"clocks per bit must be in [4, 65535], got {clocks_per_bit}")
        self.plan = plan(network, self.board, lanes=lanes, mac=mac)
        offset = self.board.image_offset
        require(flash is None or offset is not None, f"{self.board.name} does not start from its flash")
        self.loaded = not self.plan.large_rams and not empty and flash is None
        self.baud = self.board.baud
        binary = simulator(self.board, self.plan, clocks_per_bit, boot_flash=flash is not None)
        self._folder = tempfile.TemporaryDirectory(prefix="sc-neurocore-")
        folder = Path(self._folder.name)
        self._errors = (folder / "errors").open("w+", encoding="utf-8", errors="replace")
        try:
            for path in write_core_image(network, self.plan.config, folder):
                if empty:
                    zeros = (f"{'0' * len(line)}\n" for line in path.read_text(encoding="utf-8").splitlines())
                    path.write_text("".join(zeros), encoding="utf-8")
            if flash is not None:
                (folder / "flash.bin").write_bytes(b"\xff" * (offset or 0) + flash)
            # A session of its own: Ctrl-C is for the program that holds this board, which then closes it.
            self._process = subprocess.Popen(
                [str(binary), str(clocks_per_bit), str(self.baud)],
                cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True,
                encoding="utf-8", errors="replace", start_new_session=True,
            )  # fmt: skip
        except BaseException:
            self._errors.close()
            self._folder.cleanup()
            raise
        try:
            self.port = self._read()
            if faults is not None:
                self.set_faults(faults)
        except BaseException:
            self.close()
            raise

    def _read(self) -> str:
        """Return the next line that the program prints; raises ScError if it has ended."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line:
            self._errors.seek(0)
            raise ScError(f"the virtual board has ended: {self._errors.read().strip() or 'it was unplugged'}")
        return line

    def _tell(self, line: str) -> Traffic:
        """Send a line to the program and return its answer: the traffic up to then."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except (OSError, ValueError):
            raise ScError("the virtual board has ended: it was unplugged") from None
        words = self._read().split()
        return Traffic(clocks=int(words[1]), received=int(words[3]), sent=int(words[5]), refused=words[7] == "1")

    def set_faults(self, faults: Faults | None = None) -> Traffic:
        """Replace the line's faults, by none unless they are given; return what has passed before.

        Raises ScError if the board has ended.
        """
        return self._tell((faults or Faults()).line())

    def unplug(self) -> None:
        """Take the board away at once, whatever it is doing; its port is gone."""
        self._process.kill()
        self._process.wait()

    def wait(self) -> int:
        """Return the program's exit code, once the board has ended by itself: 0 if a fault unplugged it."""
        return self._process.wait()

    def close(self) -> None:
        """End the board and remove its files; one that does not end within `CLOSE_SECONDS` is killed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(OSError):  # it has ended already
            self._process.stdin.close()
        try:
            self._process.wait(CLOSE_SECONDS)
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise
        finally:
            self._process.stdout.close()
            self._errors.close()
            self._folder.cleanup()

    def __enter__(self) -> VirtualBoard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def run(
    network: Network,
    codes: ArrayLike,
    *,
    board: Board | str = DEFAULT_BOARD,
    lanes: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Result:
    """Run n images on a virtual board of their own, through its serial port.

    Args:
        network: the network.
        codes: input codes in 0 … L, shape (n, inputs).
        board: the board, or its name or path.
        lanes: lanes of the engine, by default those of a build.
        progress: called with (done, total) after each image.

    Returns:
        The scores alone: a board answers nothing else.

    Raises:
        ScError: pyserial is missing, or for the reasons of `VirtualBoard` and `HostLink.run`.
    """
    require_packages("a serial port", "serial")  # before the simulator is compiled
    with (
        VirtualBoard(network, board, lanes=lanes) as virtual,
        HostLink.open(virtual.port, virtual.baud, timeout=PATIENCE) as link,
    ):
        if link.tag() != network.tag:
            link.load_network(network)
        return link.run(network, codes, progress)
