"""The back end `rtl`: a network on a time-unrolled engine in Verilator, through the engine's stream ports.

Networks in steps run on the engine that is made for them, other networks of dense layers on the dense engine, and all
others on the convolution engine; all are in rtl/sc_network.v. A C++ program, engine_main.cpp, streams the images in and
records scores, clocks and the counts of hidden layers.

A simulator is compiled once for each set of engine parameters and content of the RTL, and kept in the cache. Networks
come in as memory-init files, so another network of the same size compiles nothing.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import require
from ..network import Network
from ..neurons import ClockNeuron
from ..processes import ending, started
from ..result import Result
from .bit_steps import in_steps, steps_of
from .conv_image import ConvConfig
from .core import CoreConfig, core_config, sample_codes, write_core_image
from .image import TABLE_FILE, WEIGHT_FILE
from .spike_image import SpikeConfig
from .verilated import DRIVER, verilated

__all__ = ["DEFAULT_LANES", "run", "simulator"]

#: Lanes of the simulated engine, unless they are given.
DEFAULT_LANES = 3
MAIN = Path(__file__).with_name("engine_main.cpp")
# Signals inside the engine that engine_main.cpp reads, for the counts of hidden layers.
VISIBLE = ("push", "push_bias", "push_input", "push_index", "push_count")
CONV_VISIBLE = ("code_valid", "code_last", "code")
SPIKE_VISIBLE = ("begins", "step", "spike", "push_index")
SPIKE_CTRL_VISIBLE = ("state", "step", "last_layer")
#: State of rtl/sc_spike_ctrl.v in which a layer begins to run.
CTRL_GROUPS = 6


def simulator(config: CoreConfig) -> Path:
    """Return the Verilator executable for an engine, compiling it if the cache has none.

    Args:
        config: the engine.

    Returns:
        Path of the program. It expects to run in a folder with weights.mem and table.mem.

    Raises:
        ScError: Verilator is missing, or cannot build the simulator.
    """
    seen: dict[str, tuple[str, ...]] = {"sc_engine": VISIBLE}
    defines = {"SUM_W": config.sum_bits}
    if isinstance(config, ConvConfig):
        seen, defines = {"sc_conv_engine": CONV_VISIBLE}, defines | {"CONV": 1}
    elif isinstance(config, SpikeConfig):
        seen = {"sc_spike_engine": SPIKE_VISIBLE, "sc_spike_ctrl": SPIKE_CTRL_VISIBLE}
        defines |= {"SPIKE": 1, "CTRL_GROUPS": CTRL_GROUPS}
    visible = "`verilator_config\n" + "".join(
        f'public_flat_rd -module "{module}" -var "{name}"\n' for module, names in seen.items() for name in names
    )
    parameters = config.parameters() | {"WEIGHT_FILE": f'"{WEIGHT_FILE}"', "TABLE_FILE": f'"{TABLE_FILE}"'}
    texts = {"visible.vlt": visible}
    return verilated(
        "sc_network", MAIN, texts, defines=defines, parameters=parameters, optimise="-O3", headers=[DRIVER]
    )


def _run_part(
    binary: Path,
    folder: Path,
    name: str,
    codes: NDArray[np.uint16],
    network: Network,
    seed: int,
    report: Callable[[int], None],
    running: list[subprocess.Popen[str]],
) -> NDArray[np.int32]:
    """Simulate some images in one process, and return the int32 words that engine_main.cpp wrote.

    Args:
        binary: the simulator.
        folder: the folder with the memory files, shared by all parts.
        name: name of this part's files.
        codes: input codes, shape (n, inputs).
        network: the network.
        seed: seed of the stalls, 0 for none.
        report: called with the number of images that were finished since the last call.
        running: list to which the process is added, so that the caller can end it.

    Raises:
        ScError: the simulation failed; its last output is in the message.
    """
    source, target = folder / f"{name}.codes", folder / f"{name}.out"
    source.write_bytes(codes.astype("<u2").tobytes())
    arguments = [binary, source, target, len(codes), sample_codes(network), network.classes, seed]
    printed, done = [], 0
    # Its messages are few; they stand in the output among the counts.
    with started(list(map(str, arguments)), cwd=folder) as process:
        running.append(process)
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip().isdigit():
                report(int(line) - done)
                done = int(line)
            else:
                printed.append(line)
    require(process.returncode == 0 and done == len(codes), f"the RTL simulation failed:\n{''.join(printed)[-2000:]}")
    return np.fromfile(target, dtype="<i4")


def _no_spikes(network: Network, images: int) -> tuple[NDArray[np.bool_], ...]:
    """Return room for the spikes of each layer that spikes, bool (n, T, neurons); () where layers count windows."""
    if not in_steps(network):
        return ()
    layers = [x for x in network.layers if isinstance(x.neuron, ClockNeuron) and x.neuron.fires]
    return tuple(np.zeros((images, steps_of(network).count, x.neurons), dtype=bool) for x in layers)


def _parse(words: NDArray[np.int32], images: int, network: Network) -> Result:
    """Return the results of n images from the words of engine_main.cpp, which are checked.

    An image has: a score for each class; the class; its clocks; then layer, neuron and count for each hidden count that
    is not 0; and −1 as the end mark. Raises ScError if there are words too many, or if the engine's class is not that
    of its own scores (A9, readout).
    """
    classes = network.classes
    scores = np.zeros((images, classes), dtype=np.int32)
    clocks = np.zeros(images, dtype=np.int64)
    counts = tuple(np.zeros((images, x.neurons), dtype=np.int16) for x in network.layers[:-1])
    spikes = _no_spikes(network, images)
    answers = np.zeros(images, dtype=np.int64)
    at = 0
    for n in range(images):
        scores[n] = words[at : at + classes]
        answers[n], clocks[n] = words[at + classes], words[at + classes + 1]
        at += classes + 2
        end = at
        while words[end] != -1:
            end += 3
        triples = words[at:end].reshape(-1, 3)
        for k in range(len(counts) if not spikes else 0):
            mine = triples[triples[:, 0] == k]
            counts[k][n, mine[:, 1]] = mine[:, 2]
        for k, of_layer in enumerate(spikes):
            mine = triples[triples[:, 0] % 256 == k]
            of_layer[n, mine[:, 0] // 256, mine[:, 1]] = True
            if k < len(counts):
                counts[k][n] = of_layer[n].sum(axis=0)
        at = end + 1
    require(at == len(words), f"the RTL simulation wrote {len(words)} words, {at} were expected")
    result = Result(scores=scores, counts=counts, clocks=clocks, spikes=spikes)
    wrong = np.flatnonzero(answers != result.classes)
    require(
        wrong.size == 0,
        f"the engine's class differs from the greatest of its own scores for image {wrong[0] if wrong.size else ''}",
    )
    return result


def run(
    network: Network,
    codes: ArrayLike,
    *,
    lanes: int = DEFAULT_LANES,
    mac: bool = False,
    config: CoreConfig | None = None,
    stall_seed: int = 0,
    jobs: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Result:
    """Run n images, image by image, on the RTL.

    The images are divided among several processes; scores and counts do not depend on their number.

    Args:
        network: the network.
        codes: input codes in 0 … L, shape (n, inputs).
        lanes: lanes of the engine.
        mac: whether the engine is the integer peer.
        config: the engine, in place of `lanes` and `mac`. It may be larger than the network; a ConvConfig runs dense
            networks on the convolution engine.
        stall_seed: 0 keeps valid and ready at 1. Any other number makes both stall at random.
        jobs: number of processes, by default one for each processor core.
        progress: called with (done, total) as images finish, from several threads in turn.

    Returns:
        Scores, counts of every hidden layer, and the clocks of each image.

    Raises:
        ScError: no engine holds the network, the codes are wrong, or compilation or simulation fails.
    """
    images = network.check_codes(codes)
    chosen = config or core_config(network, lanes, mac=mac)
    binary = simulator(chosen)
    workers = max(1, min(jobs or os.cpu_count() or 1, len(images)))
    finished, lock = 0, Lock()

    def report(count: int) -> None:
        nonlocal finished
        with lock:
            finished += count
            if progress:
                progress(finished, len(images))

    with (
        ending(),
        tempfile.TemporaryDirectory(prefix="sc-neurocore-") as temporary,
        ThreadPoolExecutor(workers) as pool,
    ):
        folder = Path(temporary)
        write_core_image(network, chosen, folder)
        # Images are independent of each other (A1, window), so each process takes a share of them.
        parts = np.array_split(images, workers)
        running: list[subprocess.Popen[str]] = []
        seeds = [stall_seed + k if stall_seed else 0 for k in range(workers)]
        futures = [
            pool.submit(_run_part, binary, folder, f"part{k}", part, network, seeds[k], report, running)
            for k, part in enumerate(parts)
        ]
        try:
            results = [_parse(f.result(), len(p), network) for f, p in zip(futures, parts, strict=True)]
        except BaseException:
            for process in running:  # else the pool waits for them
                process.terminate()
            raise
    return Result(
        scores=np.concatenate([r.scores for r in results]),
        counts=tuple(np.concatenate(c) for c in zip(*(r.counts for r in results), strict=True)),
        clocks=np.concatenate([r.clocks for r in results if r.clocks is not None]),
        spikes=tuple(np.concatenate(c) for c in zip(*(r.spikes for r in results), strict=True)),
    )
