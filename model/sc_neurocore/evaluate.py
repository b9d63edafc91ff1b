"""Accuracy of a network on data, on any back end, compared image by image with the golden model."""

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
from .result import Result

__all__ = ["CHECKS", "SCORES_DIFFER", "Evaluation", "evaluate", "part_for"]

#: Exit code of `sc-neurocore evaluate` and `run` where a back end or a board gives other scores than the model.
SCORES_DIFFER = 4

# What to do about scores that differ: of a simulator, and of a board.
_BROKEN = (
    "please report it, with the artifact",
    "build and flash its bitstream anew, load the network with `sc-neurocore run --load`, and look at cable and supply",
)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The result of `evaluate`, which `sc-neurocore evaluate --json` prints.

    Attributes:
        network: Name of the network.
        backend: Name of the back end.
        length: L.
        images: Number of samples.
        correct: Number of right answers; None if the data has no labels.
        accuracy: correct / images; None if the data has no labels.
        mismatches: Number of images whose scores differ from the model's; None if nothing was compared.
        seconds: Duration of the back end alone.
        data: The data set, as it was named.
        split: Part of the data set.
        input: What numbers the network takes, where it takes real ones.
        clipped: Share of the data's values that lay outside of the network's input range.
        classes: Where the network's classes have names, for each name how many images were answered by it ("answers")
            and, with labels, how many are of it ("images") and how many of these are right ("correct").
        spikes: Of a network in steps, the mean number of spikes of a sample in all hidden layers together, where the
            back end sees them.
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
    spikes: float | None

    @property
    def error(self) -> str:
        """How many images have other scores than the model gives them, in words; "" where none was found."""
        if not self.mismatches:
            return ""
        where = {"board": "the board", "virtual": "the virtual board"}.get(self.backend, f"the back end {self.backend}")
        return (
            f"scores differ: {where} gives {self.mismatches} of {self.images} images other scores than the model that "
            f"checks them. Both must agree in every bit, so something is broken: {_BROKEN[self.backend == 'board']}"
        )

    @property
    def exit_code(self) -> int:
        """Exit code of the command: 0, or `SCORES_DIFFER`."""
        return SCORES_DIFFER if self.mismatches else 0

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain JSON values, in their order; the last four only where they are not None."""
        optional = ("input", "clipped", "classes", "spikes")
        return {name: value for name, value in asdict(self).items() if name not in optional or value is not None}


def part_for(
    network: Network, dataset: str | os.PathLike[str], split: str | None, *, labelled: bool = True
) -> data.Part:
    """Return a part of a data set, after checking that the network takes such samples.

    Args:
        network: The network.
        dataset: Name of a data set or path of an .npz file, as in `data.load_part`.
        split: Part of the data set, as in `data.load_part`.
        labelled: Whether the samples must have labels.

    Raises:
        ScError: If samples or labels do not fit the network, or the data cannot be read.
    """
    trained_on = network.info.get("data_sha256")
    part = data.load_part(dataset, split, trained_on=trained_on, labelled=labelled, network=network)
    if os.fspath(dataset) not in data.DATASETS:
        return part
    spec = network.input
    require(
        part.full_scale * spec.pool**2 == spec.full_scale and network.takes(part.x.shape[1:]) and spec.shift is None,
        f"{os.fspath(dataset)} has samples of shape {part.x.shape[1:]} with full scale {part.full_scale}; "
        f"{network.name} takes shape {network.raw_shape}, {data.describe(spec)}",
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
    """Return for each class name the numbers of answers, images and right answers; None if classes have no names."""
    names = data.class_names(network.info, network.classes, network.name)
    if names is None:
        return None
    rows: dict[str, dict[str, int]] = {}
    for k, name in enumerate(names):
        rows[name] = {"answers": int((found == k).sum())}
        if labels is not None:
            rows[name] |= {"images": int((labels == k).sum()), "correct": int(((found == k) & (labels == k)).sum())}
    return rows


def _spikes(network: Network, result: Result) -> float | None:
    """Return the spikes of hidden layers a sample, on average; None for a network of one window, or if not seen."""
    if network.steps is None or not result.counts:
        return None
    return round(sum(int(counts.sum()) for counts in result.counts) / len(result.scores), 2)


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
    """Classify the samples of a data set and count the right answers.

    Samples of an .npz file are brought to the scale with which the network was trained, and its labels are matched by
    the names of the network's classes. Many values outside of the scale, or codes that are nearly all alike, give a
    DataWarning (docs/data.md).

    Args:
        network: The network.
        dataset: "digits", "mnist" or the path of an .npz file.
        backend: Name of a back end.
        limit: Greatest number of samples, taken from the front.
        split: "train", "validation", "test" or "all". The default is the test part; for an .npz file on which the
            network was not trained it is the whole file.
        check: "golden" compares every score of every image with the golden model, "packed" with the packed simulator,
            which is faster, and "none" compares nothing.
        runner: A back end that needs more than a name, such as the link to a board; `backend` then only names it.
        labelled: Whether the samples must have labels; False also accepts an .npz file without y.
        progress: Called with (done, total) while the back end runs.
        checking: Called with (done, total) while the model of the comparison runs, which takes longer than most back
            ends.

    Raises:
        ScError: If an argument is not legal, or the data is of another kind than the network takes.
    """
    if runner is None:
        backend = backends.current_name(backend)
        require_one_of("backend", backend, [*backends.BACKENDS, "board"])
    require(runner or backend != "board", "the back end board needs a runner: the link to one, HostLink.run")
    require_one_of("check", check, CHECKS)
    require(limit is None or limit >= 1, f"limit must be at least 1, got {limit}")
    part = part_for(network, dataset, split, labelled=labelled)
    spec = network.input
    codes = network.encode(part.x[:limit])
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
        spikes=_spikes(network, result),
    )
