"""`sc-neurocore run`: data through a board's serial port, with where the time went.

The round trip of an image is measured. What the line and the engine take of it is computed: the bytes at the baud rate,
and the exact clocks of these images at the board's clock. The rest is the host interface, the USB adapter and the
operating system.
"""

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
from .estimate import clocks_of, conv_clocks
from .host import HostLink, Progress

__all__ = ["BoardRun", "run_on_board"]


@dataclass(frozen=True, slots=True)
class BoardRun(Evaluation):
    """What `sc-neurocore run --json` prints: an `Evaluation`, and where the time of an image went.

    The times of an image are means over all images.

    Attributes:
        board: name of the board.
        port: name of its serial port.
        loaded: whether the network had to be loaded.
        load_seconds: seconds that loading took; 0 if it was not needed.
        images_per_second: images by the measured time.
        round_trip_ms: measured, from request to answer, in milliseconds.
        bytes_per_inference: bytes of requests and answers of an image, counted, frames included.
        event_steps: steps of an image that were sent as events, since that took fewer bytes than their codes
            (`HostLink.step`); None for a network without steps or with a constant input.
        link_ms: computed, these bytes at the board's baud rate.
        engine_ms: computed, the clocks of these images at clock_mhz.
        clocks_per_inference: mean clocks of these images, exact.
        clock_mhz: the board's clock that engine_ms was computed with.
        repeated: requests that had to be repeated (`HostLink.repeated`).
    """

    board: str
    port: str
    loaded: bool
    load_seconds: float
    images_per_second: float
    round_trip_ms: float
    bytes_per_inference: float
    event_steps: float | None
    link_ms: float
    engine_ms: float
    clocks_per_inference: float
    clock_mhz: float
    repeated: int


def _write_csv(path: Path, result: Result, names: Sequence[str] | None) -> None:
    """Write a CSV file with a row an image: its number, class, name of the class where it has one, and scores.

    Args:
        path: the file, which appears whole or not at all.
        result: the board's answers.
        names: names of the classes, or None.

    Raises:
        ScError: the file cannot be written.
    """
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
    """Classify the samples of a data set on a board, and compare the answers with the model.

    The samples are read and chosen as by `evaluate`, but need no labels.

    Args:
        network: the network.
        dataset: name of a data set of the package, or path of an .npz file.
        board: the board, or its name or path.
        port: name of its serial port.
        load: whether the network is loaded, see `HostLink.prepare`.
        limit: at most that many samples, from the front.
        split: the part of the data, see `evaluate`.
        check: the model that the answers are compared with: "golden", "packed" or "none".
        out: a CSV file to write, with class, its name if it has one, and scores of every image.
        clock_mhz: the board's clock as built; by default its fastest.
        timeout: seconds of silence after which an answer is given up.
        progress: called with (done, total) in images while the board runs.
        loading: called likewise in words of the network while it is loaded.
        checking: called likewise in images while the model runs.

    Raises:
        ScError: the board or the data are unknown or do not fit the network, or the CSV file cannot be written.
        HostError: the port cannot be opened, or link or core fail; the message names the port.
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
            """Run the images over the link, and note seconds, bytes and codes in `seen`."""
            before, events, began = link.sent + link.received, link.event_steps, perf_counter()
            seen["result"] = link.run(net, codes, report)
            seen["seconds"] = perf_counter() - began
            seen["bytes"] = link.sent + link.received - before
            seen["events"] = link.event_steps - events
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
    if isinstance(engine, ConvConfig):  # it may run a dense network too
        found_counts = packed.run(network, seen["codes"]).counts
        each = conv_clocks(network, seen["codes"], found_counts, engine.lanes)
    else:
        each = clocks_of(network, seen["codes"], engine.lanes)
    mean = float(each.mean())
    base = {f.name: getattr(found, f.name) for f in fields(Evaluation)}
    return BoardRun(
        **base,
        board=where.name,
        port=port,
        loaded=loaded,
        load_seconds=round(load_seconds, 4),
        images_per_second=round(images / seen["seconds"], 1),
        round_trip_ms=round(1e3 * seen["seconds"] / images, 4),
        bytes_per_inference=round(seen["bytes"] / images, 1),
        event_steps=None if network.steps is None or network.steps.constant else round(seen["events"] / images, 2),
        # Ten bits a byte on the line: start bit, eight data bits, stop bit.
        link_ms=round(1e4 * seen["bytes"] / images / where.baud, 4),
        engine_ms=round(mean / mhz / 1e3, 4),
        clocks_per_inference=round(mean, 1),
        clock_mhz=mhz,
        repeated=repeated,
    )
