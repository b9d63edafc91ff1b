"""The virtual board: a board's own top in Verilator behind a pseudo-terminal, a serial port for `HostLink` or anyone.

The program is fpga/common/sim/virtual_board.h with the board's sim/main.cpp; it is compiled once for each engine and
content of the sources, and kept in the cache.
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

DEFAULT_BOARD = "icebreaker"
COMMON = "fpga/common"
#: A simulated core answers late, not after the seconds of a real one.
PATIENCE = 600.0
#: A guard against a program that hangs; it ends at once, unless the machine is very busy.
CLOSE_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong with a virtual board's line. Counts of bytes begin when the faults are set.

    flip: probability that a bit on either wire is inverted. noise: probability that a random byte comes before a byte
    of an answer. before: random bytes that come before each answer. stall: bytes of answers after which nothing more
    comes. unplug: bytes of answers after which the port is gone. seed: of all that is random.
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
        """Return the line of text that sets them."""
        return " ".join(f"{name}={value}" for name, value in asdict(self).items() if value is not None)


@dataclass(frozen=True, slots=True)
class Traffic:
    """Clocks simulated and bytes over the line since a virtual board's start.

    refused: whether the light is on that tells of a refused frame, or of a refused image in the flash.
    """

    clocks: int
    received: int
    sent: int
    refused: bool


def simulator(board: Board, placed: Plan, clocks_per_bit: int, *, boot_flash: bool = False) -> Path:
    """Return the program of the virtual board, compiling it if the cache has none.

    It expects to run in a folder with weights.mem and table.mem, and flash.bin if it starts from there. Raises ScError
    for a board without stand-ins.
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
    """A board that runs until `close`; `port` is its serial port's name, `baud` the rate at which it answers.

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
        """Start the board with the engine that `build` would give `network`; raises ScError if it does not fit.

        Its memories hold what the bitstream would bring: `network`, where block RAM holds it, else nothing. empty:
        nothing in any case. flash: the board starts from its flash, which has these bytes where the image belongs, as
        of `flash_image`, and is erased elsewhere; `port` is there once it has. clocks_per_bit: fewer than a board has
        make the line fast; the core computes the same.
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
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line:
            self._errors.seek(0)
            raise ScError(f"the virtual board has ended: {self._errors.read().strip() or 'it was unplugged'}")
        return line

    def _tell(self, line: str) -> Traffic:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except (OSError, ValueError):
            raise ScError("the virtual board has ended: it was unplugged") from None
        words = self._read().split()
        return Traffic(clocks=int(words[1]), received=int(words[3]), sent=int(words[5]), refused=words[7] == "1")

    def set_faults(self, faults: Faults | None = None) -> Traffic:
        """Replace the line's faults, by none unless given; return what passed before."""
        return self._tell((faults or Faults()).line())

    def unplug(self) -> None:
        """Take the board away at once, whatever it is doing; its port is gone."""
        self._process.kill()
        self._process.wait()

    def wait(self) -> int:
        """Return the program's exit code, once the board has ended by itself: 0 if a fault unplugged it."""
        return self._process.wait()

    def close(self) -> None:
        """End the board."""
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
    """Run n images, codes of shape (n, inputs) in 0 … L, on a virtual board of their own, through its serial port.

    The result has scores only: that is all that a board answers.
    """
    require_packages("a serial port", "serial")  # before the simulator is compiled
    with (
        VirtualBoard(network, board, lanes=lanes) as virtual,
        HostLink.open(virtual.port, virtual.baud, timeout=PATIENCE) as link,
    ):
        if link.tag() != network.tag:
            link.load_network(network)
        return link.run(network, codes, progress)
