"""Accuracy of a network on data, on any back end, checked image by image against the golden model."""

from __future__ import annotations

import os
import time
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import backends, data
from .errors import require, require_one_of
from .names import CHECKS
from .network import Network

__all__ = ["CHECKS", "Evaluation", "evaluate", "part_for"]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What `sc-neurocore evaluate --json` prints.

    `mismatches` is None where nothing was compared, `correct` and `accuracy` where the data has no labels. input: what
    numbers the network takes, where they are real; clipped: share of the data's values outside of them. classes: where
    the network's classes have names, by name how many images were answered by it and, with labels, how many are of it
    and how many of these are right.
    """

    network: str
    backend: str
    length: int
    images: int
    correct: int | None
    accuracy: float | None
    mismatches: int | None
    seconds: float
    data: str
    split: str
    input: str | None
    clipped: float | None
    classes: dict[str, dict[str, int]] | None

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain JSON values, in their order; those on own data only where they say something."""
        optional = ("input", "clipped", "classes")
        return {name: value for name, value in asdict(self).items() if name not in optional or value is not None}


def part_for(
    network: Network, dataset: str | os.PathLike[str], split: str | None, *, labelled: bool = True
) -> data.Part:
    """Return the part `split` of `dataset`, see `data.load_part`; ScError unless the network takes such samples."""
    trained_on = network.info.get("data_sha256")
    part = data.load_part(dataset, split, trained_on=trained_on, labelled=labelled, network=network)
    if os.fspath(dataset) not in data.DATASETS:
        return part
    spec = network.input
    require(
        part.full_scale * spec.pool**2 == spec.full_scale and spec.takes(part.x.shape[1:]) and spec.shift is None,
        f"{os.fspath(dataset)} has samples of shape {part.x.shape[1:]} with full scale {part.full_scale}; "
        f"{network.name} takes shape {spec.shape}, {data.describe(spec)}",
    )
    classes = int(part.y.max()) + 1
    require(
        classes <= network.classes,
        f"{os.fspath(dataset)} has labels up to {classes - 1}, {network.name} answers 0 … {network.classes - 1}",
    )
    return part


def _by_class(
    network: Network, found: NDArray[np.int64], labels: NDArray[np.int64] | None
) -> dict[str, dict[str, int]] | None:
    """Return answers, images and right answers by class name; None where classes have no names."""
    names = data.class_names(network.info, network.classes, network.name)
    if names is None:
        return None
    rows: dict[str, dict[str, int]] = {}
    for k, name in enumerate(names):
        rows[name] = {"answers": int((found == k).sum())}
        if labels is not None:
            rows[name] |= {"images": int((labels == k).sum()), "correct": int(((found == k) & (labels == k)).sum())}
    return rows


def evaluate(
    network: Network,
    dataset: str | os.PathLike[str],
    *,
    backend: str = "packed",
    limit: int | None = None,
    split: str | None = None,
    check: str = "golden",
    runner: backends.Backend | None = None,
    labelled: bool = True,
    progress: backends.Progress | None = None,
    checking: backends.Progress | None = None,
) -> Evaluation:
    """Classify the samples of `dataset` ("digits", "mnist" or an .npz file) and count the right answers.

    split: "train", "validation", "test" or "all"; default the test part, and for an .npz file that the network was not
    trained on all of it. limit: at most that many samples, from the front. check: "golden" compares every score of
    every image with the golden model, "packed" with the packed simulator, which is faster, "none" does not. runner: a
    back end that needs more than a name, e.g. the link to a board; `backend` then only names it. labelled:
    False takes an .npz file without y too. progress, checking: called with (done, total) while the back end runs, and
    while the model runs that it is compared with, which takes longer than most back ends. seconds: of the back end
    alone. Samples of an .npz file are put on the scale that the network was trained with, labels are met by the names
    of its classes; many values outside of the scale, or codes that are nearly all alike, are a `DataWarning`, data of
    another kind an ScError (docs/data.md).
    """
    if runner is None:
        backend = backends.current_name(backend)
        require_one_of("backend", backend, [*backends.BACKENDS, "board"])
    require(runner or backend != "board", "the back end board needs a runner: the link to one, HostLink.run")
    require_one_of("check", check, CHECKS)
    require(limit is None or limit >= 1, f"limit must be at least 1, got {limit}")
    part = part_for(network, dataset, split, labelled=labelled)
    spec = network.input
    codes = spec.encode(part.x[:limit], network.length)
    labels = part.y[:limit]
    if runner is None and backend != "golden":
        backends.run(network, codes[:1], backend)  # compile before the clock starts
    start = time.perf_counter()
    result = runner(network, codes, progress) if runner else backends.run(network, codes, backend, progress)
    seconds = time.perf_counter() - start
    mismatches = None
    if check != "none":
        reference = result if backend == check else backends.run(network, codes, check, checking)
        mismatches = result.mismatches(reference)
    correct = int((result.classes == labels).sum()) if part.labelled else None
    return Evaluation(
        network=network.name,
        backend=backend,
        length=network.length,
        images=len(labels),
        correct=correct,
        accuracy=None if correct is None else correct / len(labels),
        mismatches=mismatches,
        seconds=round(seconds, 4),
        data=os.fspath(dataset),
        split=part.split,
        input=data.describe(spec) if part.clipped is not None else None,
        clipped=part.clipped,
        classes=_by_class(network, result.classes, labels if part.labelled else None),
    )
