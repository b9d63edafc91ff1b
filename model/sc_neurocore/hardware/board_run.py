"""`sc-neurocore run`: data through a board's serial port, with where the time went."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import backends, packed
from ..data import class_names
from ..errors import os_errors, require
from ..evaluate import Evaluation, evaluate, part_for
from ..network import Network
from ..paths import whole_file
from ..result import Result
from .boards import Board
from .boards import board as board_called
from .conv_image import ConvConfig
from .estimate import clocks, conv_clocks
from .host import HostLink, Progress

__all__ = ["BoardRun", "run_on_board"]


@dataclass(frozen=True, slots=True)
class BoardRun(Evaluation):
    """What `sc-neurocore run --json` prints: an `Evaluation`, and where the time of an image went, each a mean.

    loaded: whether the network had to be loaded, and in how many seconds. round_trip_ms: measured, from request to
    answer. link_ms: computed, the bytes of both at the board's baud rate. engine_ms: computed, the clocks of these
    images, exact, at clock_mhz. What the round trip has beyond both is the host interface, the USB adapter and the
    operating system. repeated: requests that the line damaged.
    """

    board: str
    port: str
    loaded: bool
    load_seconds: float
    images_per_second: float
    round_trip_ms: float
    link_ms: float
    engine_ms: float
    clocks_per_inference: float
    clock_mhz: float
    repeated: int


def _write_csv(path: Path, result: Result, names: Sequence[str] | None) -> None:
    """Write image, class, its name where classes have names, and scores, a row an image."""
    with os_errors(path), whole_file(path, newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        scores = [f"score{k}" for k in range(result.scores.shape[1])]
        out.writerow(["image", "class", *([] if names is None else ["name"]), *scores])
        for k, (found, row) in enumerate(zip(result.classes.tolist(), result.scores.tolist(), strict=True)):
            out.writerow([k, found, *([] if names is None else [names[found]]), *row])


def run_on_board(
    network: Network,
    dataset: str | os.PathLike[str],
    board: Board | str,
    port: str,
    *,
    load: bool | None = None,
    limit: int | None = None,
    split: str | None = None,
    check: str = "golden",
    out: str | os.PathLike[str] | None = None,
    clock_mhz: float | None = None,
    timeout: float = 2.0,
    progress: Progress | None = None,
    loading: Progress | None = None,
    checking: Progress | None = None,
) -> BoardRun:
    """Classify the samples of `dataset` on the board at `port`, as `evaluate` does, labels or not.

    load: see `HostLink.prepare`. out: a CSV file to write, with class (and its name, if it has one) and scores of
    every image. clock_mhz: the board's clock as built, default its fastest. timeout: seconds of silence after which an
    answer is given up. progress, loading, checking: called with (done, total) in images, in words of the network while
    it is loaded, and in images while the model runs that the answers are compared with. Raises HostError naming the
    port if link or core fail.
    """
    where = board_called(board) if isinstance(board, str) else board
    mhz = where.clocks[0].mhz if clock_mhz is None else clock_mhz
    require(mhz > 0, f"clock must be positive, got {mhz} MHz")
    target = None if out is None else Path(out)
    if target is not None:
        require(target.parent.is_dir(), f"{target}: there is no folder {target.parent}")  # before the work
    names = class_names(network.info, network.classes, network.name)
    part_for(network, dataset, split, labelled=False)  # wrong data are told before the network is loaded
    seen: dict[str, Any] = {}

    with HostLink.open(port, where.baud, timeout=timeout) as link:
        start = perf_counter()
        loaded = link.prepare(network, load=load, progress=loading)
        load_seconds = perf_counter() - start if loaded else 0.0

        def runner(net: Network, codes: ArrayLike, report: backends.Progress | None) -> Result:
            before, began = link.sent + link.received, perf_counter()
            seen["result"] = link.run(net, codes, report)
            seen["seconds"] = perf_counter() - began
            seen["bytes"] = link.sent + link.received - before
            seen["codes"] = np.asarray(codes)
            return seen["result"]  # type: ignore[no-any-return]

        found = evaluate(
            network,
            dataset,
            backend="board",
            limit=limit,
            split=split,
            check=check,
            runner=runner,
            labelled=False,
            progress=progress,
            checking=checking,
        )
        engine, repeated = link.info().engine, link.repeated
    result: Result = seen["result"]
    images = len(result.scores)
    if target is not None:
        _write_csv(target, result, names)
    counts = packed.run(network, seen["codes"]).counts
    count = conv_clocks if isinstance(engine, ConvConfig) else clocks
    mean = float(count(network, seen["codes"], counts, engine.lanes).mean())
    base = {f.name: getattr(found, f.name) for f in fields(Evaluation)}
    return BoardRun(
        **base,
        board=where.name,
        port=port,
        loaded=loaded,
        load_seconds=round(load_seconds, 4),
        images_per_second=round(images / seen["seconds"], 1),
        round_trip_ms=round(1e3 * seen["seconds"] / images, 4),
        link_ms=round(1e4 * seen["bytes"] / images / where.baud, 4),
        engine_ms=round(mean / mhz / 1e3, 4),
        clocks_per_inference=round(mean, 1),
        clock_mhz=mhz,
        repeated=repeated,
    )
