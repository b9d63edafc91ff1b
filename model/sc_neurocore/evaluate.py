"""Accuracy of a network on data, on any back end, checked image by image against the golden model."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from math import prod

from . import backends, data
from .errors import require
from .network import Network

__all__ = ["CHECKS", "Evaluation", "evaluate", "part_for"]

CHECKS = ("golden", "packed", "none")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What `sc-neurocore evaluate --json` prints.

    `mismatches` is None where nothing was compared, `correct` and `accuracy` where the data has no labels.
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


def part_for(
    network: Network, dataset: str | os.PathLike[str], split: str | None, *, labelled: bool = True
) -> data.Part:
    """Return the part `split` of `dataset`, see `data.load_part`; ScError unless the network takes such samples."""
    part = data.load_part(dataset, split, trained_on=network.info.get("data_sha256"), labelled=labelled)
    spec = network.input
    require(
        part.full_scale * spec.pool**2 == spec.full_scale
        and part.x.shape[1:] in (spec.shape, (prod(spec.shape),)),  # flat ones lie in the order of the shape
        f"{os.fspath(dataset)} has samples of shape {part.x.shape[1:]} with full scale {part.full_scale}; "
        f"{network.name} takes shape {spec.shape} with full scale {spec.full_scale // spec.pool**2}",
    )
    classes = int(part.y.max()) + 1
    require(
        classes <= network.classes,
        f"{os.fspath(dataset)} has labels up to {classes - 1}, {network.name} answers 0 … {network.classes - 1}",
    )
    return part


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
) -> Evaluation:
    """Classify the samples of `dataset` ("digits", "mnist" or an .npz file) and count the right answers.

    split: "train", "validation", "test" or "all"; default the test part, and for an .npz file that the network was not
    trained on all of it. limit: at most that many samples, from the front. check: "golden" compares every score of
    every image with the golden model, "packed" with the packed simulator, which is faster, "none" does not. runner: a
    back end that needs more than a name, e.g. the link to a board; `backend` then only names it. labelled:
    False takes an .npz file without y too. seconds: of the back end alone.
    """
    known = ", ".join([*backends.BACKENDS, "board"])
    require(runner or backend in [*backends.BACKENDS, "board"], f"backend must be one of {known}, got {backend!r}")
    require(runner or backend != "board", "the back end board needs a runner: the link to one, HostLink.run")
    require(check in CHECKS, f"check must be one of {', '.join(CHECKS)}, got {check!r}")
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
        reference = result if backend == check else backends.run(network, codes, check)
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
    )
