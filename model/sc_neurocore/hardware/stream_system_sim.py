"""A complete streaming design (stream_system) in Verilator: images in by words, answers out, clocks counted.

A simulator is compiled once for each text of the design and RTL content, and kept in the cache.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ScError, require
from ..processes import PIPE
from ..processes import run as run_process
from .stream_builder import class_bits, sum_bits
from .stream_system import TOP, StreamSystem, pack, write
from .verilated import DRIVER, verilated

__all__ = ["SystemRun", "run", "simulator"]

MAIN = Path(__file__).with_name("stream_system_main.cpp")


@dataclass(frozen=True, slots=True)
class SystemRun:
    """What came out of a streaming design for n images.

    Attributes:
        classes: class of each image, int64 of shape (n,).
        scores: scores, int64 of shape (n, classes); None where the design gives none.
        first_word: clock in which the first word of each image was taken, shape (n,).
        last_word: clock in which the last word was taken, shape (n,).
        answer: clock in which the answer left, shape (n,).
    """

    classes: NDArray[np.int64]
    scores: NDArray[np.int64] | None
    first_word: NDArray[np.int64]
    last_word: NDArray[np.int64]
    answer: NDArray[np.int64]

    @property
    def from_first_word(self) -> NDArray[np.int64]:
        """Clocks from the first word to the answer, both included."""
        return self.answer - self.first_word + 1

    @property
    def from_last_word(self) -> NDArray[np.int64]:
        """Clocks from the last word to the answer, both included."""
        return self.answer - self.last_word + 1

    @property
    def clocks_per_image(self) -> float:
        """Mean clocks from one answer to the next; NaN for a single image."""
        return float(np.diff(self.answer).mean()) if len(self.answer) > 1 else float("nan")


def simulator(system: StreamSystem, folder: Path) -> Path:
    """Return the Verilator executable of the design that lies in `folder`, compiling it if the cache has none."""
    network = system.network
    defines = {
        "WORDS": system.words,
        "DATA_W": system.data_width,
        "CLASSES": network.classes,
        "CLASS_W": class_bits(network),
        "SCORE_W": sum_bits(network),
        "SCORES": int(system.scores),
    }
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.v"))}
    return verilated(TOP, MAIN, texts, defines=defines, headers=[DRIVER])


def run(
    system: StreamSystem,
    codes: ArrayLike,
    *,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> SystemRun:
    """Send n images through a design in Verilator.

    Args:
        system: the design.
        codes: input codes in 0 … L, shape (n, inputs).
        seed: 0 lets neither side stall. Any other number makes both stall at random, and sends images of a wrong number
            of words in between, which must be reported and leave no trace.
        progress: called with (done, total) at the end.

    Raises:
        ScError: the codes are wrong, the compilation fails, or the design breaks a rule of its port.
    """
    images = system.network.check_codes(codes)
    require(len(images) > 0, "at least one image is needed, got 0")
    classes = system.network.classes
    words = pack(images, system.inner.code_bits, system.data_width, system.network.length)
    with tempfile.TemporaryDirectory(prefix="sc-neurocore-") as temporary:
        folder = Path(temporary)
        write(system, folder)
        binary = simulator(system, folder)
        (folder / "words").write_bytes(words.astype("<u8").tobytes())
        done = run_process([binary, "words", "out", str(len(images)), str(seed)], cwd=folder, stderr=PIPE)
        if done.returncode != 0 or done.stdout.split()[-1:] != [str(len(images))]:
            raise ScError(f"the simulation of the streaming design failed:\n{(done.stdout + done.stderr)[-2000:]}")
        fields = np.fromfile(folder / "out", dtype="<i8")
    require(fields.size == len(images) * (classes + 4), f"the simulation wrote {fields.size} numbers")
    rows = fields.reshape(len(images), classes + 4)
    if progress:
        progress(len(images), len(images))
    return SystemRun(
        classes=rows[:, 0],
        scores=rows[:, 1 : classes + 1] if system.scores else None,
        first_word=rows[:, -3],
        last_word=rows[:, -2],
        answer=rows[:, -1],
    )
