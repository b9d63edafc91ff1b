"""The back ends `stream` and `folded`: a network as a streaming design in Verilator.

The design is that of `stream_builder`, with one inference every L clocks, or that of `stream_fold`. A C++ program,
stream_main.cpp, starts the inferences and records answers, clocks and the bits of hidden layers.

A simulator is compiled once for each text of the top and content of the RTL, and kept in the cache. The weights of a
streaming top come in as memory-init files; a folded top has them inside.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ScError, require
from ..network import Network
from ..processes import PIPE
from ..processes import run as run_process
from ..result import Result
from ..sources import log2_length
from . import stream_fold
from .stream_builder import TOP, latency, period, sum_bits, top_text, write_weights
from .verilated import DRIVER, verilated

__all__ = ["run", "simulator"]

MAIN = Path(__file__).with_name("stream_main.cpp")
#: Images of one run of the simulator. It bounds the memory that the bits of hidden layers take.
BLOCK = 1024


def simulator(network: Network, pipe: int = 1, fold: Sequence[int] | None = None) -> Path:
    """Return the Verilator executable of a network's design, compiling it if the cache has none.

    Args:
        network: the network.
        pipe: 1 puts a register behind the counters of each layer; not of a folded design.
        fold: the fold of each layer, for a folded design; None for a streaming design.

    Returns:
        Path of the program. It expects to run in a folder with the files layer<k>.mem; a folded design reads none.
    """
    if fold is None:
        text = top_text(network, pipe=pipe, observe=True)
    else:
        text = stream_fold.folded_text(network, name=TOP, fold=fold, observe=True)
    hidden = [layer.neurons for layer in network.layers[:-1]]
    defines = {
        "INPUTS": network.input.size,
        "CODE_W": log2_length(network.length) + 1,
        "CLASSES": network.classes,
        "SCORE_W": sum_bits(network),
        "PERIOD": period(network),
        "LENGTH": network.length,
        "HIDDEN": f"{{{','.join(map(str, hidden))}}}",
    }
    if hidden:
        defines["OBSERVED"] = 1
    if fold is not None:
        defines |= {
            "CODE_W": stream_fold.code_bits(network),
            "PERIOD": stream_fold.period(network, fold),
            "HOLD": stream_fold.hold(network, fold),
            "FOLDED": 1,
        }
    return verilated(TOP, MAIN, {f"{TOP}.v": text}, defines=defines, headers=[DRIVER])


def _run_block(
    binary: Path, folder: Path, codes: NDArray[np.uint16], network: Network, seed: int, spikes: bool
) -> Result:
    """Run one block of images in a process of its own and return their results, which are checked.

    Args:
        binary: the simulator.
        folder: the folder with the memory files.
        codes: input codes, shape (n, inputs).
        network: the network.
        seed: seed of the gaps between inferences, 0 for none.
        spikes: whether the bits of hidden layers are kept; counts are made of them in any case.

    Raises:
        ScError: the simulation failed or wrote too little, or the design's class is not that of its own scores.
    """
    source, target = folder / "codes", folder / "out"
    source.write_bytes(codes.astype("<u2").tobytes())
    done = run_process([binary, source, target, str(len(codes)), str(seed)], cwd=folder, stderr=PIPE)
    if done.returncode != 0 or not done.stdout.split() or done.stdout.split()[-1] != str(len(codes)):
        raise ScError(f"the streaming simulation failed:\n{(done.stdout + done.stderr)[-2000:]}")
    data = np.fromfile(target, dtype=np.uint8)
    images, classes, length = len(codes), network.classes, network.length
    size = images * (classes + 2) * 4
    # The file has the answers of all images first, then the bits of each hidden layer, a byte a bit.
    answers = data[:size].view("<i4").reshape(images, classes + 2)
    counts, kept = [], []
    for layer in network.layers[:-1]:
        bits = data[size : size + images * length * layer.neurons].reshape(images, length, layer.neurons)
        counts.append(bits.sum(axis=1).astype(np.int16))
        if spikes:
            kept.append(bits.astype(bool))
        size += bits.size
    require(size == len(data), f"the streaming simulation wrote {len(data)} bytes, {size} were expected")
    result = Result(
        scores=answers[:, :classes].astype(np.int32),
        counts=tuple(counts),
        clocks=answers[:, -1].astype(np.int64),
        spikes=tuple(kept),
    )
    wrong = np.flatnonzero(answers[:, classes] != result.classes)
    require(
        wrong.size == 0,
        f"the design's class differs from the greatest of its own scores for image {wrong[0] if wrong.size else ''}",
    )
    return result


def run(
    network: Network,
    codes: ArrayLike,
    *,
    pipe: int = 1,
    fold: int | Sequence[int] | None = None,
    gap_seed: int = 0,
    spikes: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Result:
    """Run n images through the streaming design of a network, or through the folded one.

    Args:
        network: the network, of dense layers.
        codes: input codes in 0 … L, shape (n, inputs); 0 or L where a folded design's network has binary inputs.
        pipe: 1 puts a register behind the counters of each layer.
        fold: None for the streaming design. Else the folded design, with the clocks that a bit lasts: one number, or
            one for each layer (`stream_fold.folds`).
        gap_seed: 0 lets inferences come back to back. Any other number puts random numbers of clocks between them.
        spikes: whether the result has the bits of every hidden layer too.
        progress: called with (done, total) as blocks of images finish.

    Returns:
        Scores, counts of every hidden layer, and the clocks of each image, from i_start to o_valid, both included.

    Raises:
        ScError: the design does not hold the network, the codes are wrong, compilation or simulation fails, or an
            inference did not take the clocks that `latency` promises.
    """
    images = network.check_codes(codes)
    require(len(images) > 0, "at least one image is needed, got 0")
    folds = None if fold is None else stream_fold.folds(network, fold)
    if folds is not None and network.input.binary:
        require(
            bool(np.isin(images, (0, network.length)).all()),
            f"the network's inputs are binary: codes must be 0 or {network.length}",
        )
    binary = simulator(network, pipe, folds)
    parts = []
    with tempfile.TemporaryDirectory(prefix="sc-neurocore-") as temporary:
        folder = Path(temporary)
        write_weights(network, folder)
        for first in range(0, len(images), BLOCK):
            parts.append(_run_block(binary, folder, images[first : first + BLOCK], network, gap_seed, spikes))
            if progress:
                progress(min(first + BLOCK, len(images)), len(images))
    clocks = np.concatenate([p.clocks for p in parts if p.clocks is not None])
    # A design that is right but late would break the formulas on which other parts rely.
    wanted = latency(network, pipe) if folds is None else stream_fold.latency(network, folds)
    require(bool(np.all(clocks == wanted)), f"an inference took {clocks.max()} clocks, it must take {wanted}")
    return Result(
        scores=np.concatenate([p.scores for p in parts]),
        counts=tuple(np.concatenate(c) for c in zip(*(p.counts for p in parts), strict=True)),
        clocks=clocks,
        spikes=tuple(np.concatenate(c) for c in zip(*(p.spikes for p in parts), strict=True)),
    )
